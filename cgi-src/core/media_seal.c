/*
 * media_seal.c -- objects of the store, sealed in segments (SECURITY.md S-36).
 * Owns: the format. Object: "FOYERM1\n" | salt, 8 bytes | segments. Segment: AES-256-GCM of 64 KiB of the content, the last of what is
 * left (of an empty object: nothing), then its tag. Nonce: salt, index as 32 bits, big-endian. Associated data:
 * "media|tenant|id|part|index|more" or "...|last". The salt is random, so that no nonce is used twice with a key.
 * Never: gives a byte of a segment whose tag is not right.
 */
#include <openssl/evp.h>
#include <stdlib.h>

#include "log.h"
#include "media.h"

static const char magic[] = "FOYERM1\n";
enum {
    MAGIC_BYTES = sizeof magic - 1,
    SALT_BYTES = 8,
    HEAD_BYTES = MAGIC_BYTES + SALT_BYTES,
    TAG_BYTES = 16,
    NONCE_BYTES = SALT_BYTES + 4
};

static void nonce_of(const unsigned char salt[SALT_BYTES], uint32_t index,
                     unsigned char nonce[NONCE_BYTES])
{
    memcpy(nonce, salt, SALT_BYTES);
    for (int i = 0; i < 4; i++)
        nonce[NONCE_BYTES - 1 - i] = (unsigned char)(index >> (8 * i));
}

static struct str aad_of(struct arena *a, const struct media_object *o, uint32_t index,
                         bool is_last)
{
    return arena_printf(a, "media|%.*s|%.*s|%d|%lu|%s", (int)o->tenant_id.n, o->tenant_id.p,
                        (int)o->id.n, o->id.p, (int)o->part, (unsigned long)index,
                        is_last ? "last" : "more");
}

static size_t segments_of(size_t total)
{
    return total == 0 ? 1 : (total + MEDIA_SEGMENT - 1) / MEDIA_SEGMENT;
}

static _Noreturn void broken(void)
{
    log_error("crypto.broken", "what", "a file of the store", NULL);
    abort();
}

/* One segment out of `in` to `out`: sealing, the tag goes behind it; opening, it is taken from there. False: not authentic. */
static bool segment(EVP_CIPHER_CTX *c, struct arena *a, const unsigned char key[KEY_BYTES],
                    const struct media_object *o, const unsigned char salt[SALT_BYTES],
                    uint32_t index, bool is_last, bool seals, const unsigned char *in, size_t n,
                    unsigned char *out)
{
    unsigned char nonce[NONCE_BYTES];
    struct str aad = aad_of(a, o, index, is_last);
    int part = 0, end = 0;
    nonce_of(salt, index, nonce);
    if (EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce, seals) != 1 ||
        EVP_CipherUpdate(c, NULL, &part, (const unsigned char *)aad.p, (int)aad.n) != 1 ||
        EVP_CipherUpdate(c, out, &part, in, (int)n) != 1)
        broken();
    if (!seals &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, (void *)(uintptr_t)(in + n)) != 1)
        broken();
    if (EVP_CipherFinal_ex(c, out + part, &end) != 1)
        return false;
    if (seals && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, out + n) != 1)
        broken();
    return true;
}

enum err media_put(const struct media_store *s, struct arena *a, const unsigned char key[KEY_BYTES],
                   const struct media_object *o, struct str plain)
{
    size_t count = segments_of(plain.n), size = HEAD_BYTES + plain.n + count * TAG_BYTES;
    unsigned char *bytes = arena_alloc(a, size), *salt = bytes + MAGIC_BYTES;
    unsigned char *at = bytes + HEAD_BYTES;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (!c)
        broken();
    memcpy(bytes, magic, MAGIC_BYTES);
    random_bytes(salt, SALT_BYTES);
    for (size_t i = 0; i < count; i++) {
        size_t from = i * MEDIA_SEGMENT;
        size_t n = plain.n - from < MEDIA_SEGMENT ? plain.n - from : MEDIA_SEGMENT;
        segment(c, a, key, o, salt, (uint32_t)i, i + 1 == count, true,
                (const unsigned char *)plain.p + from, n, at);
        at += n + TAG_BYTES;
    }
    EVP_CIPHER_CTX_free(c);
    return s->put(o, a, (struct str){(const char *)bytes, size});
}

enum err media_stored_hash(const struct media_store *s, struct arena *a,
                           const struct media_object *o, unsigned char hash[HASH_BYTES])
{
    enum { PART = 256 * 1024 };
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    struct str part;
    enum err e = OK;
    if (!c || EVP_DigestInit_ex(c, EVP_sha256(), NULL) != 1)
        broken();
    for (size_t at = 0; !e; at += part.n) {
        e = s->read(o, a, at, PART, &part);
        if (!e && EVP_DigestUpdate(c, part.p, part.n) != 1)
            broken();
        if (!e && part.n < PART)
            break;
    }
    if (!e && EVP_DigestFinal_ex(c, hash, NULL) != 1)
        broken();
    EVP_MD_CTX_free(c);
    return e;
}

enum err media_read(const struct media_store *s, struct arena *a,
                    const unsigned char key[KEY_BYTES], const struct media_object *o, size_t total,
                    size_t from, size_t n, struct str *plain)
{
    enum { SEALED = MEDIA_SEGMENT + TAG_BYTES };
    size_t count = segments_of(total);
    *plain = S("");
    if (from > total || n > total - from)
        return ERR_INVALID;
    size_t first = n == 0 && from == total ? count - 1 : from / MEDIA_SEGMENT;
    size_t last = n == 0 ? first : (from + n - 1) / MEDIA_SEGMENT;
    size_t last_n = last + 1 == count ? total - last * MEDIA_SEGMENT : MEDIA_SEGMENT;
    size_t wanted = (last - first) * SEALED + last_n + TAG_BYTES;

    /* With the last segment a byte more is asked for: there must be none. */
    struct str head, sealed;
    enum err e = s->read(o, a, 0, HEAD_BYTES, &head);
    if (!e)
        e = s->read(o, a, HEAD_BYTES + first * SEALED, wanted + (last + 1 == count), &sealed);
    if (e)
        return e;
    if (head.n != HEAD_BYTES || !str_starts(head, str_of(magic)) || sealed.n != wanted)
        return ERR_INVALID;

    unsigned char *out = arena_alloc(a, (last - first) * MEDIA_SEGMENT + last_n + 1);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (!c)
        broken();
    for (size_t i = first; i <= last && !e; i++) {
        size_t size = i == last ? last_n : MEDIA_SEGMENT;
        const unsigned char *in = (const unsigned char *)sealed.p + (i - first) * SEALED;
        if (!segment(c, a, key, o, (const unsigned char *)head.p + MAGIC_BYTES, (uint32_t)i,
                     i + 1 == count, false, in, size, out + (i - first) * MEDIA_SEGMENT))
            e = ERR_INVALID;
    }
    EVP_CIPHER_CTX_free(c);
    if (e)
        secret_wipe(out, (last - first) * MEDIA_SEGMENT + last_n);
    else
        *plain = (struct str){(const char *)out + (from - first * MEDIA_SEGMENT), n};
    return e;
}
