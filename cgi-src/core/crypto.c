/*
 * crypto.c -- randomness, hashes, MACs, sealing and passwords, over OpenSSL 3 and libargon2.
 * Owns: the envelope of sealed bytes and the parameters of password hashes.
 * Never: reads keys from anywhere (keystore.c does), logs a secret, goes on when the library fails.
 */
#include "crypto.h"

#include <argon2.h>
#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "log.h"

enum { ENVELOPE_VERSION = 1, NONCE_BYTES = 12, TAG_BYTES = 16 };
enum { HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES };

_Static_assert(SEAL_OVERHEAD == HEAD_BYTES + TAG_BYTES, "crypto.h describes this envelope");

/* Today's cost of a password (SECURITY.md S-01). */
enum { ARGON_KIB = 64 * 1024, ARGON_TIMES = 3, ARGON_LANES = 1, SALT_BYTES = 16, PHC_BYTES = 128 };
/* What a stored hash may ask of us at most; past it the row is damaged. */
enum { ARGON_KIB_MOST = 1024 * 1024, ARGON_TIMES_MOST = 32 };

static _Noreturn void broken(const char *what)
{
    log_error("crypto.broken", "what", what, NULL);
    abort();
}

static unsigned char *bytes(struct str s) { return (unsigned char *)(uintptr_t)s.p; }

static int length(size_t n)
{
    if (n > INT_MAX / 2) {
        broken("a text of more than 1 GiB");
    }
    return (int)n;
}

void random_bytes(void *out, size_t n)
{
    unsigned char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno != EINTR) {
            broken("getrandom");
        }
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
}

struct str token_new(struct arena *a)
{
    unsigned char raw[TOKEN_BYTES];
    random_bytes(raw, sizeof raw);
    struct buf b = buf_in(a, 48);
    esc_base64url(&b, (struct str){(const char *)raw, sizeof raw});
    secret_wipe(raw, sizeof raw);
    return buf_str(&b);
}

bool token_read(struct arena *a, struct str token, struct str *raw)
{
    if (!unesc_base64url(a, token, raw) && raw->n == TOKEN_BYTES)
        return true;
    *raw = S("");
    return false;
}

struct str uuid_new(struct arena *a)
{
    unsigned char r[16];
    random_bytes(r, sizeof r);
    r[6] = (unsigned char)((r[6] & 0x0F) | 0x40); /* version 4 */
    r[8] = (unsigned char)((r[8] & 0x3F) | 0x80); /* variant of RFC 4122 */
    return arena_printf(a, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                        r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11],
                        r[12], r[13], r[14], r[15]);
}

bool uuid_ok(struct str s)
{
    if (s.n != 36) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return true;
}

/* Algorithms are looked up once, contexts made once and reused: both are slow to make. */
void sha256(struct str s, unsigned char out[HASH_BYTES])
{
    static EVP_MD *md;
    static EVP_MD_CTX *context;
    if (!context) {
        md = EVP_MD_fetch(NULL, "SHA256", NULL);
        context = EVP_MD_CTX_new();
    }
    if (!md || !context || EVP_DigestInit_ex2(context, md, NULL) != 1 ||
        EVP_DigestUpdate(context, s.p, s.n) != 1 || EVP_DigestFinal_ex(context, out, NULL) != 1) {
        broken("SHA256");
    }
}

void hmac_sha256(struct str key, struct str s, unsigned char out[HASH_BYTES])
{
    static EVP_MAC_CTX *context;
    static const unsigned char none[1];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };
    if (!context) {
        EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
        context = mac ? EVP_MAC_CTX_new(mac) : NULL;
        EVP_MAC_free(mac);
        if (!context || EVP_MAC_CTX_set_params(context, params) != 1) {
            broken("HMAC");
        }
    }
    size_t n = 0;
    if (EVP_MAC_init(context, key.n ? bytes(key) : none, key.n, NULL) != 1 ||
        EVP_MAC_update(context, bytes(s), s.n) != 1 ||
        EVP_MAC_final(context, out, &n, HASH_BYTES) != 1 || n != HASH_BYTES) {
        broken("HMAC");
    }
}

bool secret_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void secret_wipe(void *p, size_t n) { OPENSSL_cleanse(p, n); }

/* ---- sealing ---- */

/* The cipher is looked up once; a context is made once and reused: both are slow to make. */
static EVP_CIPHER_CTX *gcm_context(const unsigned char key[KEY_BYTES],
                                   const unsigned char nonce[NONCE_BYTES], bool encrypt)
{
    static EVP_CIPHER *cipher;
    static EVP_CIPHER_CTX *context;
    if (!context) {
        cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
        context = EVP_CIPHER_CTX_new();
    }
    if (!cipher || !context || EVP_CIPHER_CTX_reset(context) != 1 ||
        EVP_CipherInit_ex2(context, cipher, key, nonce, encrypt, NULL) != 1) {
        broken("AES-256-GCM");
    }
    return context;
}

void sealing_key_id(const unsigned char key[KEY_BYTES], unsigned char id[KEY_ID_BYTES])
{
    unsigned char hash[HASH_BYTES];
    sha256((struct str){(const char *)key, KEY_BYTES}, hash);
    memcpy(id, hash, KEY_ID_BYTES);
    secret_wipe(hash, sizeof hash);
}

bool sealed_by(const unsigned char key[KEY_BYTES], struct str sealed)
{
    unsigned char id[KEY_ID_BYTES];
    sealing_key_id(key, id);
    return sealed.n >= SEAL_OVERHEAD && memcmp(sealed.p + 1, id, KEY_ID_BYTES) == 0;
}

struct str seal(struct arena *a, const unsigned char key[KEY_BYTES], struct str aad,
                struct str plain)
{
    unsigned char *out = arena_alloc(a, plain.n + SEAL_OVERHEAD);
    out[0] = ENVELOPE_VERSION;
    sealing_key_id(key, out + 1);
    unsigned char *nonce = out + 1 + KEY_ID_BYTES, *text = out + HEAD_BYTES;
    random_bytes(nonce, NONCE_BYTES);
    EVP_CIPHER_CTX *gcm = gcm_context(key, nonce, true);
    int n = 0, rest = 0;
    if ((aad.n > 0 && EVP_EncryptUpdate(gcm, NULL, &n, bytes(aad), length(aad.n)) != 1) ||
        (plain.n > 0 && EVP_EncryptUpdate(gcm, text, &n, bytes(plain), length(plain.n)) != 1) ||
        EVP_EncryptFinal_ex(gcm, text + plain.n, &rest) != 1 || rest != 0 ||
        EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + plain.n) != 1) {
        broken("seal");
    }
    EVP_CIPHER_CTX_reset(gcm);
    return (struct str){(const char *)out, plain.n + SEAL_OVERHEAD};
}

enum err open_sealed(struct arena *a, const unsigned char key[KEY_BYTES], struct str aad,
                     struct str sealed, struct str *plain)
{
    *plain = (struct str){"", 0};
    if (sealed.n < SEAL_OVERHEAD || sealed.n > INT_MAX / 2 || sealed.p[0] != ENVELOPE_VERSION) {
        return ERR_INVALID;
    }
    if (!sealed_by(key, sealed)) {
        return ERR_INVALID;
    }
    const unsigned char *in = bytes(sealed);
    size_t n_text = sealed.n - SEAL_OVERHEAD;
    unsigned char *out = arena_alloc(a, n_text + 1);
    unsigned char tag[TAG_BYTES];
    memcpy(tag, in + HEAD_BYTES + n_text, TAG_BYTES);
    EVP_CIPHER_CTX *gcm = gcm_context(key, in + 1 + KEY_ID_BYTES, false);
    int n = 0;
    bool good =
        (aad.n == 0 || EVP_DecryptUpdate(gcm, NULL, &n, bytes(aad), length(aad.n)) == 1) &&
        (n_text == 0 || EVP_DecryptUpdate(gcm, out, &n, in + HEAD_BYTES, length(n_text)) == 1) &&
        EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
        EVP_DecryptFinal_ex(gcm, out + n_text, &n) == 1;
    EVP_CIPHER_CTX_reset(gcm);
    if (!good) {
        secret_wipe(out, n_text); /* nothing of an altered text gets out */
        return ERR_INVALID;
    }
    *plain = (struct str){(const char *)out, n_text};
    return OK;
}

/* ---- passwords ---- */

/* What Argon2 sees: HMAC of the password under a key that is not in the database. */
static void pepper(struct str password, unsigned char out[HASH_BYTES])
{
    unsigned char key[KEY_BYTES];
    purpose_key("password-pepper", key);
    hmac_sha256((struct str){(const char *)key, sizeof key}, password, out);
    secret_wipe(key, sizeof key);
}

struct str password_hash(struct arena *a, struct str password)
{
    unsigned char peppered[HASH_BYTES], salt[SALT_BYTES];
    char *phc = arena_alloc(a, PHC_BYTES);
    pepper(password, peppered);
    random_bytes(salt, sizeof salt);
    int rc = argon2id_hash_encoded(ARGON_TIMES, ARGON_KIB, ARGON_LANES, peppered, sizeof peppered,
                                   salt, sizeof salt, HASH_BYTES, phc, PHC_BYTES);
    secret_wipe(peppered, sizeof peppered);
    if (rc != ARGON2_OK) {
        broken(argon2_error_message(rc));
    }
    return str_of(phc);
}

/* The costs written in a PHC string; false when it is no Argon2id hash that we would ever make. */
static bool phc_costs(const char *phc, unsigned *kib, unsigned *times, unsigned *lanes)
{
    unsigned version = 0;
    return sscanf(phc, "$argon2id$v=%u$m=%u,t=%u,p=%u$", &version, kib, times, lanes) == 4 &&
           version == ARGON2_VERSION_13 && *kib <= ARGON_KIB_MOST && *times <= ARGON_TIMES_MOST &&
           *lanes <= 16;
}

bool password_ok(struct str phc, struct str password, bool *weak)
{
    /* Of a random password; never matches, but costs what a real one costs. */
    static const char nobody[] = "$argon2id$v=19$m=65536,t=3,p=1$bm9ib2R5bm9ib2R5bm9ibw$"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    char stored[PHC_BYTES];
    unsigned kib = 0, times = 0, lanes = 0;
    bool known = phc.n > 0 && phc.n < sizeof stored;
    *weak = false;
    memcpy(stored, known ? phc.p : nobody, known ? phc.n : sizeof nobody - 1);
    stored[known ? phc.n : sizeof nobody - 1] = '\0';
    if (known && !phc_costs(stored, &kib, &times, &lanes)) {
        log_error("password.damaged", "why", "the stored hash is no Argon2id PHC string", NULL);
        known = false;
        memcpy(stored, nobody, sizeof nobody);
    }
    unsigned char peppered[HASH_BYTES];
    pepper(password, peppered);
    int rc = argon2id_verify(stored, peppered, sizeof peppered);
    secret_wipe(peppered, sizeof peppered);
    if (rc == ARGON2_MEMORY_ALLOCATION_ERROR || rc == ARGON2_THREAD_FAIL) {
        /* Nobody may be told that her password is wrong, nor have it counted. As arena_alloc. */
        log_error("password.memory", NULL);
        _Exit(70);
    }
    if (rc != ARGON2_OK && rc != ARGON2_VERIFY_MISMATCH) {
        log_error("password.failed", "why", argon2_error_message(rc), NULL);
    }
    bool good = known && rc == ARGON2_OK;
    *weak = good && (kib < ARGON_KIB || times < ARGON_TIMES);
    return good;
}

void crypto_warm(void)
{
    unsigned char key[KEY_BYTES], sum[HASH_BYTES];
    struct arena *a = arena_new(64 * 1024);
    struct str plain;
    purpose_key("warm", key);
    struct str sealed = seal(a, key, S("warm"), S("warm"));
    if (open_sealed(a, key, S("warm"), sealed, &plain) != OK) {
        broken("sealing");
    }
    sha256(sealed, sum);
    hmac_sha256(sealed, plain, sum);
    secret_wipe(key, sizeof key);
    arena_free(a);
}
