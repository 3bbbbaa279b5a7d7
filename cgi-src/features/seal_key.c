/*
 * seal_key.c -- the Ed25519 key that signs heads of the trail, and the public keys that check them.
 * Owns: sealer.key beside the master key; seal-KEY_ID.pub in the directory of keys.
 * Never: replaces or removes a key that is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "crypto.h"
#include "seal.h"

static struct {
    EVP_PKEY *pair;
    char id[SEAL_KEY_ID_CHARS + 1];
} signer;

static enum err complain(const char *path, const char *what)
{
    fprintf(stderr, "%s: the key that signs the audit trail %s\n", path, what);
    return ERR_INVALID;
}

/* First 8 bytes of SHA-256 of the public key. */
static bool key_id(EVP_PKEY *key, char id[SEAL_KEY_ID_CHARS + 1])
{
    unsigned char raw[32], hash[HASH_BYTES];
    size_t n = sizeof raw;
    if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1 || n != sizeof raw) {
        return false;
    }
    sha256((struct str){(const char *)raw, n}, hash);
    for (size_t i = 0; i < SEAL_KEY_ID_CHARS / 2; i++) {
        snprintf(id + i * 2, 3, "%02x", hash[i]);
    }
    return true;
}

/* Under another name first, so that the file is there whole or not at all. */
static bool write_pem(struct arena *a, const char *path, mode_t mode, EVP_PKEY *key, bool is_secret)
{
    const char *fresh = arena_cstr(a, arena_printf(a, "%s.%ld.new", path, (long)getpid()));
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f) {
        if (fd >= 0) {
            close(fd);
            unlink(fresh);
        }
        return false;
    }
    bool good = (is_secret ? PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL)
                           : PEM_write_PUBKEY(f, key)) == 1;
    good = fflush(f) == 0 && fsync(fd) == 0 && good;
    good = fclose(f) == 0 && good;
    good = good && (link(fresh, path) == 0 || errno == EEXIST);
    unlink(fresh);
    return good;
}

static enum err read_pair(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : complain(path, "cannot be read by this user");
    }
    FILE *f = fdopen(fd, "r");
    if (!f || fstat(fd, &st) != 0 || !keystore_is_private(&st)) {
        if (f) {
            fclose(f);
        } else {
            close(fd);
        }
        return complain(path, "is open to others; run chmod 600 on it");
    }
    signer.pair = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    if (!signer.pair || EVP_PKEY_get_id(signer.pair) != EVP_PKEY_ED25519 ||
        !key_id(signer.pair, signer.id)) {
        EVP_PKEY_free(signer.pair);
        signer.pair = NULL;
        return complain(path, "is damaged; restore it, or move it away and a new one is made");
    }
    return OK;
}

static const char *pair_path(struct arena *a)
{
    const char *master = config_text("master_key");
    const char *slash = strrchr(master, '/');
    int n = slash ? (int)(slash - master) + 1 : 0;
    return arena_cstr(a, arena_printf(a, "%.*ssealer.key", n, master));
}

static const char *public_path(struct arena *a, const char *id)
{
    return arena_cstr(a, arena_printf(a, "%s/seal-%s.pub", config_text("keys"), id));
}

static enum err open_pair(struct arena *a)
{
    const char *path = pair_path(a);
    enum err e = read_pair(path);
    if (e == ERR_NOT_FOUND) {
        EVP_PKEY *made = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        bool good = made && write_pem(a, path, 0600, made, true);
        EVP_PKEY_free(made);
        e = good ? read_pair(path) : complain(path, "cannot be made; may this user write there?");
    }
    if (e == OK && access(public_path(a, signer.id), F_OK) != 0 &&
        !write_pem(a, public_path(a, signer.id), 0644, signer.pair, false)) {
        EVP_PKEY_free(signer.pair);
        signer.pair = NULL;
        e = complain(public_path(a, signer.id), "has a public half that cannot be kept");
    }
    return e;
}

enum err seal_key_open(void)
{
    if (signer.pair) {
        return OK;
    }
    struct arena *a = arena_new(1 << 20);
    enum err e = open_pair(a);
    arena_free(a);
    return e == ERR_NOT_FOUND ? ERR_INVALID : e;
}

const char *seal_key_id(void) { return signer.id; }

void seal_sign(struct str text, unsigned char signature[SIGNATURE_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = SIGNATURE_BYTES;
    if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer.pair) != 1 ||
        EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text.p, text.n) != 1 ||
        n != SIGNATURE_BYTES) {
        abort();
    }
    EVP_MD_CTX_free(ctx);
}

/* The public key in a file, when it is the key of that id. */
static EVP_PKEY *read_public(const char *path, const char *id)
{
    FILE *f = fopen(path, "re");
    EVP_PKEY *key = f ? PEM_read_PUBKEY(f, NULL, NULL, NULL) : NULL;
    if (f) {
        fclose(f);
    }
    char its[SEAL_KEY_ID_CHARS + 1];
    if (!key || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 || !key_id(key, its) ||
        strcmp(its, id) != 0) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

/* The public key of an id; remembers the last one. NULL: unknown, or not the key of that id. */
static EVP_PKEY *public_key(const char *id)
{
    static EVP_PKEY *known;
    static char known_id[SEAL_KEY_ID_CHARS + 1];
    if (known && strcmp(id, known_id) == 0) {
        return known;
    }
    if (strlen(id) != SEAL_KEY_ID_CHARS || strspn(id, "0123456789abcdef") != SEAL_KEY_ID_CHARS) {
        return NULL;
    }
    struct arena *a = arena_new(1 << 16);
    EVP_PKEY *key = read_public(public_path(a, id), id);
    arena_free(a);
    if (!key) {
        return NULL;
    }
    EVP_PKEY_free(known);
    known = key;
    memcpy(known_id, id, sizeof known_id);
    return known;
}

static bool holds(EVP_PKEY *key, struct str text, struct str signature)
{
    EVP_MD_CTX *ctx = key ? EVP_MD_CTX_new() : NULL;
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n,
                                 (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

bool seal_signature_ok(const char *id, struct str text, struct str signature)
{
    return holds(public_key(id), text, signature);
}

bool seal_signature_ok_by(const char *pem, const char *id, struct str text, struct str signature)
{
    EVP_PKEY *key = read_public(pem, id);
    bool good = holds(key, text, signature);
    EVP_PKEY_free(key);
    return good;
}
