/*
 * crypto.h -- random tokens, hashes, MACs, sealing, passwords. OpenSSL 3 and libargon2 only.
 * Secrets are compared with secret_eq and wiped with secret_wipe.
 */
#ifndef FOYER_CRYPTO_H
#define FOYER_CRYPTO_H
#include "base.h"

enum { KEY_BYTES = 32, KEY_ID_BYTES = 8, TOKEN_BYTES = 32, HASH_BYTES = 32, SEAL_OVERHEAD = 1 + 8 + 12 + 16 };

void random_bytes(void *out, size_t n); /* aborts if the system has no randomness */
/* A fresh 256-bit token as base64url text (43 characters). */
struct str token_new(struct arena *a);
/* The TOKEN_BYTES bytes that such a text stands for, in the arena; false, and no bytes, when it is none. */
bool MUST_CHECK token_read(struct arena *a, struct str token, struct str *raw);
/* A fresh UUIDv4 as text (36 characters). */
struct str uuid_new(struct arena *a);
bool uuid_ok(struct str s);
void sha256(struct str s, unsigned char out[HASH_BYTES]);
void hmac_sha256(struct str key, struct str s, unsigned char out[HASH_BYTES]);
bool secret_eq(struct str a, struct str b);
void secret_wipe(void *p, size_t n);
/* Uses each part of the library once, so that what it reads and loads at first use is there before a
 * sandbox closes. After keystore_open. */
void crypto_warm(void);

/* AES-256-GCM. Envelope: version byte 1 | key id, first 8 bytes of SHA-256(key) | nonce 12 | ciphertext | tag 16.
 * aad: what the bytes belong to ("tenant|table|column|row"); opening with another aad fails.
 * seal cannot fail; open: ERR_INVALID on any altered byte, wrong key or wrong aad. */
struct str seal(struct arena *a, const unsigned char key[KEY_BYTES], struct str aad,
                struct str plain);
enum err MUST_CHECK open_sealed(struct arena *a, const unsigned char key[KEY_BYTES], struct str aad,
                                struct str sealed, struct str *plain);
/* Which key it is, as envelopes name it; and whether an envelope names this one. */
void sealing_key_id(const unsigned char key[KEY_BYTES], unsigned char id[KEY_ID_BYTES]);
bool sealed_by(const unsigned char key[KEY_BYTES], struct str sealed);

/* Argon2id, m = 64 MiB, t = 3, p = 1, PHC string. pepper is HMACed in first.
 * password_ok spends the same time when phc is empty (unknown account) and returns false;
 * *weak is set when the stored parameters are below today's. */
struct str password_hash(struct arena *a, struct str password);
bool password_ok(struct str phc, struct str password, bool *weak);

/* ---- key store: tenant keys wrapped by the master key, in files outside the database ---- */

/* Reads the master key file (32 bytes, hex or raw, mode 0600) and remembers the directory.
 * Errors: ERR_INVALID with a line on stderr saying what to do. */
enum err MUST_CHECK keystore_open(const char *dir, const char *master_key_file);
/* Whether a file or directory is open to nobody but its owner; where that is root or another user, as with
 * systemd's credentials and the key store of a host with a user for each pool, also to its group. */
struct stat;
bool keystore_is_private(const struct stat *st);
/* Keeps the keys of this process out of swap; locks are not inherited, so each worker asks. False: the
 * limit (RLIMIT_MEMLOCK) is too small. */
bool keystore_lock(void);
/* Makes a new tenant key file; ERR_CONFLICT when one exists. tenant_id: uuid text. */
enum err MUST_CHECK keystore_create_tenant(struct str tenant_id);
enum err MUST_CHECK keystore_destroy_tenant(struct str tenant_id);
/* A fresh client key, wrapped by the tenant's key; for app.client_key. */
enum err MUST_CHECK client_key_new(struct arena *a, struct str tenant_id, struct str client_id,
                                   struct str *wrapped);
/* Unwraps a client key that app.disclose handed out. ERR_NOT_FOUND: tenant key destroyed. */
enum err MUST_CHECK client_key_open(struct arena *a, struct str tenant_id, struct str client_id,
                                    struct str wrapped, unsigned char key[KEY_BYTES]);
/* Sealing under the tenant's own key, for what belongs to no client. aad as in seal; it must begin with the
 * tenant's id. Errors: ERR_NOT_FOUND tenant key destroyed, ERR_UNAVAILABLE it cannot be read now;
 * tenant_open also ERR_INVALID on any altered byte, another aad, or a key that the tenant has no more (which is logged). */
enum err MUST_CHECK tenant_seal(struct arena *a, struct str tenant_id, struct str aad,
                                struct str plain, struct str *sealed);
enum err MUST_CHECK tenant_open(struct arena *a, struct str tenant_id, struct str aad,
                                struct str sealed, struct str *plain);
/* A key of the installation derived from the master key (HKDF) for one named purpose, such as
 * "form-token"; for stateless signatures. It changes with the master key, but for what is kept for years
 * ("password-pepper", "suppression"). */
void purpose_key(const char *purpose, unsigned char key[KEY_BYTES]);

/* ---- changing keys (key_rotation.c). Each step may be done twice, and goes on where a killed one stopped ---- */

/* Makes a new master key, or finds the one that an earlier call made: from then on either opens everything. */
enum err MUST_CHECK keystore_master_begin(void);
/* Calls each with the id of every tenant that has a key, until one gives false. false: one did, or the directory
 * cannot be read. */
bool keystore_tenants(bool (*each)(void *self, struct str tenant_id), void *self);
/* Whether a tenant's keys are wrapped by another master key than the newest; and wraps them anew by that. */
enum err MUST_CHECK keystore_needs_wrapping(struct str tenant_id, bool *needs);
enum err MUST_CHECK keystore_wrap_anew(struct str tenant_id);
/* Puts the new master key into its file; the old one stays beside it as FILE.old until it is retired. */
enum err MUST_CHECK keystore_master_put(const char *master_key_file);
/* Destroys the old master key, or only asks whether it may be. ERR_NOT_FOUND: there is none. ERR_CONFLICT: something still
 * needs it. */
enum err MUST_CHECK keystore_master_retire(const char *master_key_file, bool only_asks);

/* Keys that a tenant had before. What they sealed opens as long as they are kept. */
enum { OLDER_KEYS_MOST = 7 };
struct older_key {
    unsigned char id[KEY_ID_BYTES];
    int64_t unused_since; /* seconds since 1970; 0: something may still be sealed by it */
};
/* A new key for a tenant: the one until now is its newest older one. ERR_CONFLICT: too many are kept. */
enum err MUST_CHECK keystore_rotate_tenant(struct str tenant_id);
enum err MUST_CHECK keystore_older(struct str tenant_id, struct older_key older[OLDER_KEYS_MOST], size_t *n);
/* Nothing is sealed by it any more, since then; and it is destroyed. ERR_NOT_FOUND: the tenant has no such key. */
enum err MUST_CHECK keystore_older_unused(struct str tenant_id, const unsigned char id[KEY_ID_BYTES], int64_t since);
enum err MUST_CHECK keystore_older_destroy(struct str tenant_id, const unsigned char id[KEY_ID_BYTES]);
/* A client's key under the tenant's newest one; the key itself stays. Errors as client_key_open. */
enum err MUST_CHECK client_key_wrap_anew(struct arena *a, struct str tenant_id, struct str client_id,
                                         struct str wrapped, struct str *again);
#endif
