/*
 * authority.c -- the keys and certificates that seal signed forms.
 * Owns: documents.key and documents-FINGERPRINT.pem in the directory of keys.
 * Never: replaces the authority; a file under another sealer.key is complained of, not written over.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "crypto.h"
#include "log.h"
#include "proof.h"
#include "seal.h"

enum {
    KEY_BITS = 3072,
    DAY = 86400,
    AUTHORITY_DAYS = 30 * 365,
    SIGNER_DAYS = 10 * 365,
    RENEW_DAYS = 365, /* before its end */
    MOST_BUNDLE = 64 << 10
};

#define AAD "foyer|documents.key"

static struct {
    struct pdf_signer signer;
    EVP_PKEY *authority_key;
} own;

static enum err failed(const char *what)
{
    log_error("proof.authority", "what", what, NULL);
    return ERR_INTERNAL;
}

/* Only who can sign the trail can open the file: an Ed25519 signature has one value, and nobody is given one of this text. */
static bool wrapping_key(unsigned char key[KEY_BYTES])
{
    unsigned char signature[SIGNATURE_BYTES];
    if (seal_key_open() != OK)
        return false;
    seal_sign(S("foyer-wrap-v1\ndocuments.key\n"), signature);
    sha256((struct str){(const char *)signature, sizeof signature}, key);
    secret_wipe(signature, sizeof signature);
    return true;
}

/* ---- certificates ---- */

static bool add_extension(X509 *x, X509 *by, int kind, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, by, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, kind, value);
    bool good = e && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return good;
}

/* by NULL: it vouches for itself. */
static X509 *certify(EVP_PKEY *key, struct str name, X509 *by, EVP_PKEY *by_key, long days)
{
    X509 *x = X509_new();
    unsigned char serial[16];
    random_bytes(serial, sizeof serial);
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    X509_NAME *subject = x ? X509_get_subject_name(x) : NULL;
    bool good =
        x && number && X509_set_version(x, 2) == 1 &&
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) &&
        X509_gmtime_adj(X509_getm_notBefore(x), -DAY) && /* clocks differ */
        X509_time_adj_ex(X509_getm_notAfter(x), (int)days, 0, NULL) &&
        X509_set_pubkey(x, key) == 1 &&
        X509_NAME_add_entry_by_NID(subject, NID_organizationName, MBSTRING_UTF8,
                                   (const unsigned char *)"Foyer", -1, -1, 0) == 1 &&
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)name.p, (int)name.n, -1, 0) == 1 &&
        X509_set_issuer_name(x, by ? X509_get_subject_name(by) : subject) == 1;
    X509 *issuer = by ? by : x;
    good = good &&
           add_extension(x, issuer, NID_basic_constraints,
                         by ? "critical,CA:FALSE" : "critical,CA:TRUE,pathlen:0") &&
           add_extension(x, issuer, NID_key_usage,
                         by ? "critical,digitalSignature,nonRepudiation"
                            : "critical,keyCertSign,cRLSign") &&
           add_extension(x, issuer, NID_subject_key_identifier, "hash") &&
           (!by || add_extension(x, issuer, NID_authority_key_identifier, "keyid:always")) &&
           X509_sign(x, by_key, EVP_sha256()) > 0;
    BN_free(number);
    if (good)
        return x;
    X509_free(x);
    return NULL;
}

/* A common name has room for 64 characters. */
static struct str name_of(struct arena *a, const char *what)
{
    struct str s = arena_printf(a, "%s of %s", what, config_text("domain"));
    return s.n > 64 ? str_part(s, 0, 64) : s;
}

static bool make_signer(struct arena *a)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEY_BITS);
    X509 *x = key ? certify(key, name_of(a, "Signed forms"), own.signer.authority,
                            own.authority_key, SIGNER_DAYS)
                  : NULL;
    if (!x) {
        EVP_PKEY_free(key);
        return false;
    }
    EVP_PKEY_free(own.signer.key);
    X509_free(own.signer.certificate);
    own.signer.key = key;
    own.signer.certificate = x;
    return true;
}

static bool make_authority(struct arena *a)
{
    own.authority_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEY_BITS);
    own.signer.authority = own.authority_key ? certify(own.authority_key, name_of(a, "Authority"),
                                                       NULL, own.authority_key, AUTHORITY_DAYS)
                                             : NULL;
    return own.signer.authority && make_signer(a);
}

static bool ends_soon(X509 *x)
{
    int days = 0, seconds = 0;
    return ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)) != 1 || days < RENEW_DAYS;
}

struct str proof_authority_hash(struct arena *a, X509 *authority)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (X509_digest(authority, EVP_sha256(), hash, &n) != 1)
        return S("");
    return seal_hex(a, hash, n);
}

/* ---- files ---- */

static const char *path_of(struct arena *a, const char *name)
{
    return arena_cstr(a, arena_printf(a, "%s/%s", config_text("keys"), name));
}

/* Under another name first, so that it is there whole or not at all; replaces only what may be replaced. */
static bool write_file(struct arena *a, const char *path, struct str bytes, bool replaces)
{
    const char *fresh = arena_cstr(a, arena_printf(a, "%s.%ld.new", path, (long)getpid()));
    struct stat st;
    unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0;
    for (size_t at = 0; good && at < bytes.n;) {
        ssize_t n = write(fd, bytes.p + at, bytes.n - at);
        good = n > 0 || (n < 0 && errno == EINTR);
        at += n > 0 ? (size_t)n : 0;
    }
    /* On a host the backups read this directory by its group, as they do the businesses' keys. */
    if (good && stat(config_text("keys"), &st) == 0 && (st.st_mode & S_ISGID))
        good = fchmod(fd, 0640) == 0;
    good = good && fsync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (good && replaces)
        return rename(fresh, path) == 0;
    good = good && (link(fresh, path) == 0 || errno == EEXIST);
    unlink(fresh);
    return good;
}

static bool save(struct arena *a, const unsigned char wrap[KEY_BYTES], bool replaces)
{
    BIO *b = BIO_new(BIO_s_secmem());
    char *text;
    bool good = b &&
                PEM_write_bio_PKCS8PrivateKey(b, own.authority_key, NULL, NULL, 0, NULL, NULL) &&
                PEM_write_bio_X509(b, own.signer.authority) &&
                PEM_write_bio_PKCS8PrivateKey(b, own.signer.key, NULL, NULL, 0, NULL, NULL) &&
                PEM_write_bio_X509(b, own.signer.certificate);
    long n = good ? BIO_get_mem_data(b, &text) : 0;
    if (n > 0)
        good = write_file(a, path_of(a, "documents.key"),
                          seal(a, wrap, S(AAD), (struct str){text, (size_t)n}), replaces);
    BIO_free(b);
    return good && n > 0;
}

static bool publish(struct arena *a)
{
    struct str hash = proof_authority_hash(a, own.signer.authority);
    const char *path = path_of(
        a, arena_cstr(a, arena_printf(a, "documents-%.*s.pem", hash.n > 16 ? 16 : 0, hash.p)));
    if (access(path, F_OK) == 0)
        return true;
    BIO *b = BIO_new(BIO_s_mem());
    char *text;
    bool good = b && PEM_write_bio_X509(b, own.signer.authority);
    long n = good ? BIO_get_mem_data(b, &text) : 0;
    good = n > 0 && write_file(a, path, (struct str){text, (size_t)n}, false);
    BIO_free(b);
    return good;
}

static bool read_bundle(struct str pem)
{
    BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    bool good = b && (own.authority_key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL)) &&
                (own.signer.authority = PEM_read_bio_X509(b, NULL, NULL, NULL)) &&
                (own.signer.key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL)) &&
                (own.signer.certificate = PEM_read_bio_X509(b, NULL, NULL, NULL));
    BIO_free(b);
    return good;
}

/* ERR_NOT_FOUND: there is none yet. */
static enum err load(struct arena *a, const unsigned char wrap[KEY_BYTES])
{
    int fd = open(path_of(a, "documents.key"), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : failed("documents.key cannot be read");
    char *bytes = arena_alloc(a, MOST_BUNDLE);
    ssize_t n = read(fd, bytes, MOST_BUNDLE);
    struct str pem;
    close(fd);
    if (n <= 0 || open_sealed(a, wrap, S(AAD), (struct str){bytes, (size_t)n}, &pem))
        return failed("documents.key does not open with this sealer.key; restore either, or move "
                      "documents.key away and a new authority is made");
    bool good = read_bundle(pem);
    secret_wipe((void *)(uintptr_t)pem.p, pem.n);
    return good ? OK : failed("documents.key is damaged");
}

void proof_authority_close(void)
{
    EVP_PKEY_free(own.authority_key);
    EVP_PKEY_free(own.signer.key);
    X509_free(own.signer.certificate);
    X509_free(own.signer.authority);
    memset(&own, 0, sizeof own);
}

static enum err open_or_make(struct arena *a)
{
    unsigned char wrap[KEY_BYTES];
    if (!wrapping_key(wrap))
        return failed("the key of the trail cannot be read");
    enum err e = load(a, wrap);
    if (e == ERR_NOT_FOUND) {
        e = make_authority(a) && save(a, wrap, false) ? OK : failed("no authority can be made");
        proof_authority_close(); /* somebody may have been first */
        if (!e)
            e = load(a, wrap);
    }
    if (!e && ends_soon(own.signer.certificate) && (!make_signer(a) || !save(a, wrap, true)))
        e = failed("the certificate cannot be renewed");
    if (!e && !publish(a))
        e = failed("the authority's certificate cannot be written");
    secret_wipe(wrap, sizeof wrap);
    return e == ERR_NOT_FOUND ? failed("documents.key is gone") : e;
}

enum err proof_authority_open(struct pdf_signer *signer)
{
    enum err e = OK;
    if (!own.signer.key || ends_soon(own.signer.certificate)) {
        struct arena *a = arena_new(1 << 20);
        proof_authority_close();
        e = open_or_make(a);
        if (e)
            proof_authority_close();
        arena_free(a);
    }
    *signer = own.signer;
    return e;
}
