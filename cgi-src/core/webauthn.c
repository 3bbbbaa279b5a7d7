/*
 * webauthn.c -- see webauthn.h. Source: Web Authentication level 2, sections 5.8.1, 6.1, 7.1 and 7.2.
 */
#include "webauthn.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <json-c/json.h>

#include "crypto.h"
#include "json_read.h"

enum { MAX_CLIENT_DATA = 4096, MAX_AUTH_DATA = 4096, MAX_NESTING = 4 };
/* authData: hash of the site's name, flags, counter; then, of a new passkey, its id and key. */
enum { AT_FLAGS = 32, AT_COUNT = 33, AUTH_DATA_LEAST = 37 };
enum {
    USER_PRESENT = 0x01,
    USER_VERIFIED = 0x04,
    MAY_SYNC = 0x08,
    IS_SYNCED = 0x10,
    HAS_KEY = 0x40
};

static const unsigned char *bytes(struct str s) { return (const unsigned char *)s.p; }

/* What the browser itself says of the act; libfido2 takes its hash as given. */
static const char *client_data_fault(struct arena *a, const struct webauthn_asked *asked,
                                     struct str client_data, const char *type)
{
    struct json_object *said, *value;
    struct str challenge;
    if (json_read(a, client_data, MAX_CLIENT_DATA, MAX_NESTING, &said))
        return "client data is no JSON object";
    if (!str_is(json_member(said, "type"), type))
        return "type";
    if (asked->challenge.n != CHALLENGE_BYTES ||
        unesc_base64url(a, json_member(said, "challenge"), &challenge) ||
        !secret_eq(challenge, asked->challenge))
        return "challenge";
    if (!str_eq(json_member(said, "origin"), asked->origin))
        return "origin";
    if (json_object_object_get_ex(said, "crossOrigin", &value) &&
        (!json_object_is_type(value, json_type_boolean) || json_object_get_boolean(value)))
        return "crossOrigin";
    if (json_object_object_get_ex(said, "topOrigin", NULL))
        return "topOrigin";
    return NULL;
}

enum { CBOR_DEPTH = 8 };

/* One item of CBOR, whose every length fits into what is left: libcbor takes memory for as many as are announced.
 * Neither lengths left open nor tags, which CTAP2 does not have. */
static bool cbor_item(const unsigned char **at, const unsigned char *end, int depth)
{
    if (*at == end || depth > CBOR_DEPTH)
        return false;
    unsigned first = *(*at)++, major = first >> 5, info = first & 31;
    uint64_t n = info;
    if (info > 27 || major == 6)
        return false;
    if (info > 23) {
        size_t more = (size_t)1 << (info - 24);
        if ((size_t)(end - *at) < more)
            return false;
        for (n = 0; more > 0; more--)
            n = n << 8 | *(*at)++;
    }
    if (major < 2 || major == 7) /* a number */
        return true;
    if (n > (size_t)(end - *at))
        return false;
    if (major < 4) { /* bytes, text */
        *at += n;
        return true;
    }
    for (n = major == 5 ? 2 * n : n; n > 0; n--) /* a map, a list */
        if (!cbor_item(at, end, depth + 1))
            return false;
    return true;
}

/* What follows the fixed part: a key and extensions, if its flags say so. */
static bool cbor_fits(struct str auth_data)
{
    enum { FIXED = 37, AAGUID = 16 };
    const unsigned char *at = bytes(auth_data) + FIXED, *end = bytes(auth_data) + auth_data.n;
    if (bytes(auth_data)[AT_FLAGS] & HAS_KEY) {
        if (end - at < AAGUID + 2)
            return false;
        size_t id = (size_t)at[AAGUID] << 8 | at[AAGUID + 1];
        at += AAGUID + 2;
        if ((size_t)(end - at) < id)
            return false;
        at += id;
    }
    while (at < end)
        if (!cbor_item(&at, end, 0))
            return false;
    return true;
}

/* What is wrong with what the device says, before a library reads it. */
static const char *auth_data_fault(const struct webauthn_asked *asked, struct str auth_data)
{
    unsigned char site[HASH_BYTES];
    if (auth_data.n < AUTH_DATA_LEAST || auth_data.n > MAX_AUTH_DATA)
        return "length";
    sha256(asked->rp_id, site);
    if (!secret_eq(str_part(auth_data, 0, HASH_BYTES), (struct str){(char *)site, sizeof site}))
        return "site";
    unsigned char flags = bytes(auth_data)[AT_FLAGS];
    if (!(flags & USER_PRESENT))
        return "user not present";
    if (!(flags & USER_VERIFIED))
        return "user not verified";
    if ((flags & IS_SYNCED) && !(flags & MAY_SYNC))
        return "flags";
    return cbor_fits(auth_data) ? NULL : "encoding";
}

static uint32_t count_of(struct str auth_data)
{
    const unsigned char *p = bytes(auth_data) + AT_COUNT;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void free_cred(void *what) { fido_cred_free((fido_cred_t **)&what); }
static void free_assert(void *what) { fido_assert_free((fido_assert_t **)&what); }
static void free_es256(void *what) { es256_pk_free((es256_pk_t **)&what); }
static void free_eddsa(void *what) { eddsa_pk_free((eddsa_pk_t **)&what); }
static void free_rs256(void *what) { rs256_pk_free((rs256_pk_t **)&what); }

/* The key as libfido2's functions want it; NULL when it is none. */
static const void *key_of(struct arena *a, const struct webauthn_key *key)
{
    void *pk = NULL;
    int rc = FIDO_ERR_INVALID_ARGUMENT;
    switch (key->algorithm) {
    case COSE_ES256:
        if ((pk = es256_pk_new())) {
            arena_defer(a, free_es256, pk);
            rc = es256_pk_from_ptr(pk, key->public_key.p, key->public_key.n);
        }
        break;
    case COSE_EDDSA:
        if ((pk = eddsa_pk_new())) {
            arena_defer(a, free_eddsa, pk);
            rc = eddsa_pk_from_ptr(pk, key->public_key.p, key->public_key.n);
        }
        break;
    case COSE_RS256:
        if ((pk = rs256_pk_new())) {
            arena_defer(a, free_rs256, pk);
            rc = rs256_pk_from_ptr(pk, key->public_key.p, key->public_key.n);
        }
        break;
    default:
        break;
    }
    return rc == FIDO_OK ? pk : NULL;
}

/* A credential read from what the device says, if its key is of this kind. */
static fido_cred_t *read_cred(struct arena *a, struct str auth_data, int algorithm)
{
    fido_cred_t *cred = fido_cred_new();
    if (!cred)
        return NULL;
    arena_defer(a, free_cred, cred);
    return fido_cred_set_type(cred, algorithm) == FIDO_OK &&
                   fido_cred_set_authdata_raw(cred, bytes(auth_data), auth_data.n) == FIDO_OK
               ? cred
               : NULL;
}

enum err webauthn_made_ok(struct arena *a, const struct webauthn_asked *asked,
                          const struct webauthn_answer *answer, struct webauthn_made *made,
                          const char **why)
{
    static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
    if ((*why = client_data_fault(a, asked, answer->client_data, "webauthn.create")) ||
        (*why = auth_data_fault(asked, answer->auth_data)))
        return ERR_INVALID;
    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        fido_cred_t *cred = read_cred(a, answer->auth_data, algorithms[i]);
        if (!cred)
            continue;
        struct str id = {(const char *)fido_cred_id_ptr(cred), fido_cred_id_len(cred)};
        struct str pk = {(const char *)fido_cred_pubkey_ptr(cred), fido_cred_pubkey_len(cred)};
        struct webauthn_key key = {algorithms[i], arena_str(a, pk)};
        if (id.n == 0 || pk.n == 0 || !key_of(a, &key))
            break;
        *made = (struct webauthn_made){
            .key = key,
            .credential_id = arena_str(a, id),
            .sign_count = count_of(answer->auth_data),
            .is_synced = bytes(answer->auth_data)[AT_FLAGS] & IS_SYNCED,
        };
        return OK;
    }
    *why = "key";
    return ERR_INVALID;
}

enum err webauthn_signed_ok(struct arena *a, const struct webauthn_asked *asked,
                            const struct webauthn_key *key, const struct webauthn_answer *answer,
                            uint32_t *sign_count, const char **why)
{
    if ((*why = client_data_fault(a, asked, answer->client_data, "webauthn.get")) ||
        (*why = auth_data_fault(asked, answer->auth_data)))
        return ERR_INVALID;
    /* A key is told once, when it is made. The library would read what follows the fixed part of an answer as extensions whatever
     * this flag says, and so not what cbor_fits looked at. */
    if (bytes(answer->auth_data)[AT_FLAGS] & HAS_KEY) {
        *why = "flags";
        return ERR_INVALID;
    }
    const void *pk = key_of(a, key);
    unsigned char hash[HASH_BYTES];
    sha256(answer->client_data, hash);
    fido_assert_t *assertion = fido_assert_new();
    if (!assertion)
        return ERR_INTERNAL;
    arena_defer(a, free_assert, assertion);
    *why = "signature";
    bool good = pk && fido_assert_set_clientdata_hash(assertion, hash, sizeof hash) == FIDO_OK &&
                fido_assert_set_rp(assertion, arena_cstr(a, asked->rp_id)) == FIDO_OK &&
                fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
                fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
                fido_assert_set_count(assertion, 1) == FIDO_OK &&
                fido_assert_set_authdata_raw(assertion, 0, bytes(answer->auth_data),
                                             answer->auth_data.n) == FIDO_OK &&
                fido_assert_set_sig(assertion, 0, bytes(answer->signature), answer->signature.n) ==
                    FIDO_OK &&
                fido_assert_verify(assertion, 0, key->algorithm, pk) == FIDO_OK;
    if (!good)
        return ERR_INVALID;
    *sign_count = count_of(answer->auth_data);
    *why = NULL;
    return OK;
}
