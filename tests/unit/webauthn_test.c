/*
 * webauthn_test.c -- B46 S-05: a passkey's answers, right and wrong, with keys of all three kinds made and used by OpenSSL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "crypto.h"
#include "webauthn.h"

enum { ES256 = -7, EDDSA = -8, RS256 = -257 };
static struct arena *a;
static char challenge[CHALLENGE_BYTES];
static struct webauthn_asked asked;

static int setup(void **state)
{
    (void)state;
    a = arena_new(64 * 1024 * 1024);
    random_bytes(challenge, sizeof challenge);
    asked = (struct webauthn_asked){{challenge, sizeof challenge},
                                    S("https://glow.foyer.example:8443"),
                                    S("glow.foyer.example")};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* What the device is told to answer with; what a test leaves out is as it should be. */
struct lie {
    const char *type, *origin, *rp_id, *client_data, *more;
    unsigned char flags;
    bool other_challenge;
    uint32_t count;
};

static struct str client_data(const struct lie *l, const char *type)
{
    char other[CHALLENGE_BYTES] = {1};
    struct buf b = buf_in(a, 512);
    if (l->client_data)
        return str_of(l->client_data);
    buf_printf(&b, "{\"type\":\"%s\",\"challenge\":\"", l->type ? l->type : type);
    esc_base64url(&b, l->other_challenge ? (struct str){other, sizeof other} : asked.challenge);
    buf_printf(&b, "\",\"origin\":\"%s\"%s}",
               l->origin ? l->origin : "https://glow.foyer.example:8443",
               l->more ? l->more : ",\"crossOrigin\":false");
    return buf_str(&b);
}

static struct str auth_data(const struct lie *l, unsigned char more_flags, struct str rest)
{
    unsigned char site[HASH_BYTES];
    struct buf b = buf_in(a, 512);
    sha256(l->rp_id ? str_of(l->rp_id) : asked.rp_id, site);
    buf_add(&b, (struct str){(char *)site, sizeof site});
    buf_addc(&b, (char)((l->flags ? l->flags : 0x05) | more_flags));
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_addc(&b, (char)(l->count >> shift & 0xFF));
    buf_add(&b, rest);
    return buf_str(&b);
}

/* ---- keys ---- */

static EVP_PKEY *make_key(int algorithm)
{
    EVP_PKEY *key = algorithm == ES256   ? EVP_EC_gen("P-256")
                    : algorithm == EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                         : EVP_RSA_gen(2048);
    assert_non_null(key);
    return key;
}

static void add_number(struct buf *b, EVP_PKEY *key, const char *name, size_t n)
{
    BIGNUM *number = NULL;
    unsigned char raw[512];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    assert_int_equal(BN_bn2binpad(number, raw, (int)n), n);
    buf_add(b, (struct str){(char *)raw, n});
    BN_free(number);
}

/* The key as COSE writes it (RFC 9053), in CBOR. */
static struct str cose(EVP_PKEY *key, int algorithm)
{
    struct buf b = buf_in(a, 512);
    unsigned char raw[32];
    size_t n = sizeof raw;
    if (algorithm == ES256) {
        buf_add(&b, S("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"));
        add_number(&b, key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
        buf_add(&b, S("\x22\x58\x20"));
        add_number(&b, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    } else if (algorithm == EDDSA) {
        buf_add(&b, S("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"));
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &n), 1);
        buf_add(&b, (struct str){(char *)raw, n});
    } else {
        buf_add(&b, S("\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00"));
        add_number(&b, key, OSSL_PKEY_PARAM_RSA_N, 256);
        buf_add(&b, S("\x21\x43\x01\x00\x01"));
    }
    return buf_str(&b);
}

static struct str sign(EVP_PKEY *key, int algorithm, struct str auth, struct str client)
{
    unsigned char hash[HASH_BYTES], out[512];
    size_t n = sizeof out;
    struct buf b = buf_in(a, 512);
    sha256(client, hash);
    buf_add(&b, auth);
    buf_add(&b, (struct str){(char *)hash, sizeof hash});
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    assert_int_equal(
        EVP_DigestSignInit(c, NULL, algorithm == EDDSA ? NULL : EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(c, out, &n, (const unsigned char *)b.p, b.n), 1);
    EVP_MD_CTX_free(c);
    return arena_str(a, (struct str){(char *)out, n});
}

static struct webauthn_answer made_answer(const struct lie *l, EVP_PKEY *key, int algorithm)
{
    struct buf b = buf_in(a, 512);
    buf_add(&b, S("0123456789abcdef")); /* kind of device */
    buf_add(&b, S("\x00\x10"
                  "credential-id-16"));
    buf_add(&b, cose(key, algorithm));
    return (struct webauthn_answer){client_data(l, "webauthn.create"),
                                    auth_data(l, 0x40, buf_str(&b)), S("")};
}

static struct webauthn_answer signed_answer(const struct lie *l, EVP_PKEY *key, int algorithm)
{
    struct str client = client_data(l, "webauthn.get"), auth = auth_data(l, 0, S(""));
    return (struct webauthn_answer){client, auth, sign(key, algorithm, auth, client)};
}

/* ---- right ---- */

static void a_passkey_of_each_kind_is_made_and_signs(void **state)
{
    static const int algorithms[] = {ES256, EDDSA, RS256};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        EVP_PKEY *key = make_key(algorithms[i]);
        struct webauthn_made made;
        uint32_t count;
        const char *why;
        struct webauthn_answer answer = made_answer(&(struct lie){.count = 3}, key, algorithms[i]);
        assert_int_equal(webauthn_made_ok(a, &asked, &answer, &made, &why), OK);
        assert_int_equal(made.key.algorithm, algorithms[i]);
        assert_true(str_is(made.credential_id, "credential-id-16"));
        assert_int_equal(made.sign_count, 3);
        assert_false(made.is_synced);
        answer = signed_answer(&(struct lie){.count = 0x01020304}, key, algorithms[i]);
        assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &answer, &count, &why), OK);
        assert_int_equal(count, 0x01020304);
        EVP_PKEY_free(key);
    }
}

static void one_that_is_synced_says_so(void **state)
{
    EVP_PKEY *key = make_key(ES256);
    struct webauthn_made made;
    const char *why;
    (void)state;
    struct webauthn_answer answer = made_answer(&(struct lie){.flags = 0x1d}, key, ES256);
    assert_int_equal(webauthn_made_ok(a, &asked, &answer, &made, &why), OK);
    assert_true(made.is_synced);
    EVP_PKEY_free(key);
}

/* ---- wrong ---- */

static const struct {
    struct lie lie;
    const char *why;
} lies[] = {
    {{.type = "webauthn.nothing"}, "type"},
    {{.other_challenge = true}, "challenge"},
    {{.origin = "https://evil.example"}, "origin"},
    {{.origin = "https://glow.foyer.example"}, "origin"},
    {{.origin = "http://glow.foyer.example:8443"}, "origin"},
    {{.origin = "https://glow.foyer.example:8443/"}, "origin"},
    {{.more = ",\"crossOrigin\":true"}, "crossOrigin"},
    {{.more = ",\"crossOrigin\":null"}, "crossOrigin"},
    {{.more = ",\"crossOrigin\":0"}, "crossOrigin"},
    {{.more = ",\"topOrigin\":\"https://evil.example\""}, "topOrigin"},
    {{.more = "} x"}, "client data is no JSON object"},
    {{.client_data = ""}, "client data is no JSON object"},
    {{.client_data = "[]"}, "client data is no JSON object"},
    {{.client_data = "{\"type\":"}, "client data is no JSON object"},
    {{.client_data = "{\"a\":[[[[[[1]]]]]]}"}, "client data is no JSON object"},
    {{.client_data = "{}"}, "type"},
    {{.rp_id = "evil.example"}, "site"},
    {{.rp_id = "foyer.example"}, "site"},
    {{.flags = 0x04}, "user not present"},
    {{.flags = 0x01}, "user not verified"},
    {{.flags = 0x15}, "flags"},
};

static void every_lie_is_named(void **state)
{
    EVP_PKEY *key = make_key(ES256);
    struct webauthn_made made;
    uint32_t count;
    const char *why;
    (void)state;
    struct webauthn_answer honest = made_answer(&(struct lie){0}, key, ES256);
    assert_int_equal(webauthn_made_ok(a, &asked, &honest, &made, &why), OK);
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        struct webauthn_made unused;
        struct webauthn_answer answer = signed_answer(&lies[i].lie, key, ES256);
        assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &answer, &count, &why),
                         ERR_INVALID);
        assert_string_equal(why, lies[i].why);
        answer = made_answer(&lies[i].lie, key, ES256);
        assert_int_equal(webauthn_made_ok(a, &asked, &answer, &unused, &why), ERR_INVALID);
        assert_string_equal(why, lies[i].why);
    }
    EVP_PKEY_free(key);
}

static void a_registration_is_no_log_in_and_the_other_way_round(void **state)
{
    EVP_PKEY *key = make_key(ES256);
    struct webauthn_made made;
    uint32_t count;
    const char *why;
    (void)state;
    struct webauthn_answer answer = made_answer(&(struct lie){.type = "webauthn.get"}, key, ES256);
    assert_int_equal(webauthn_made_ok(a, &asked, &answer, &made, &why), ERR_INVALID);
    answer = made_answer(&(struct lie){0}, key, ES256);
    assert_int_equal(webauthn_made_ok(a, &asked, &answer, &made, &why), OK);
    answer = signed_answer(&(struct lie){.type = "webauthn.create"}, key, ES256);
    assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &answer, &count, &why), ERR_INVALID);
    assert_string_equal(why, "type");
    EVP_PKEY_free(key);
}

static void an_empty_challenge_fits_nothing(void **state)
{
    EVP_PKEY *key = make_key(ES256);
    struct webauthn_made made;
    const char *why;
    (void)state;
    struct webauthn_asked none = asked;
    none.challenge = S("");
    struct webauthn_answer answer =
        made_answer(&(struct lie){.client_data = "{\"type\":\"webauthn.create\",\"challenge\":\"\","
                                                 "\"origin\":\"https://glow.foyer.example:8443\"}"},
                    key, ES256);
    assert_int_equal(webauthn_made_ok(a, &none, &answer, &made, &why), ERR_INVALID);
    assert_string_equal(why, "challenge");
    EVP_PKEY_free(key);
}

static void a_signature_that_is_not_its_own_is_refused(void **state)
{
    static const int algorithms[] = {ES256, EDDSA, RS256};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
        EVP_PKEY *key = make_key(algorithms[i]), *other = make_key(algorithms[i]);
        struct webauthn_made made;
        uint32_t count;
        const char *why;
        struct webauthn_answer answer = made_answer(&(struct lie){0}, key, algorithms[i]);
        assert_int_equal(webauthn_made_ok(a, &asked, &answer, &made, &why), OK);
        answer = signed_answer(&(struct lie){.count = 9}, other, algorithms[i]);
        assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &answer, &count, &why),
                         ERR_INVALID);
        assert_string_equal(why, "signature");
        /* each byte that was signed counts */
        answer = signed_answer(&(struct lie){.count = 9}, key, algorithms[i]);
        struct webauthn_answer bent = answer;
        bent.auth_data = auth_data(&(struct lie){.count = 10}, 0, S(""));
        assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &bent, &count, &why),
                         ERR_INVALID);
        bent = answer;
        bent.client_data = client_data(&(struct lie){.more = " "}, "webauthn.get");
        assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &bent, &count, &why),
                         ERR_INVALID);
        bent = answer;
        bent.signature = str_part(answer.signature, 0, answer.signature.n - 1);
        assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &bent, &count, &why),
                         ERR_INVALID);
        bent.signature = S("");
        assert_int_equal(webauthn_signed_ok(a, &asked, &made.key, &bent, &count, &why),
                         ERR_INVALID);
        /* and the key is of the kind that was said */
        struct webauthn_key mistaken = made.key;
        mistaken.algorithm = algorithms[(i + 1) % COUNT_OF(algorithms)];
        assert_int_equal(webauthn_signed_ok(a, &asked, &mistaken, &answer, &count, &why),
                         ERR_INVALID);
        mistaken.algorithm = -36;
        assert_int_equal(webauthn_signed_ok(a, &asked, &mistaken, &answer, &count, &why),
                         ERR_INVALID);
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}

static void hostile_bytes_from_the_device_are_refused(void **state)
{
    EVP_PKEY *key = make_key(ES256);
    struct webauthn_made made;
    const char *why;
    (void)state;
    struct webauthn_answer honest = made_answer(&(struct lie){0}, key, ES256);
    for (size_t n = 0; n < honest.auth_data.n; n++) {
        struct webauthn_answer cut = honest;
        char *copy = arena_alloc(a, n + 1);
        memcpy(copy, honest.auth_data.p, n);
        cut.auth_data = (struct str){copy, n};
        assert_int_equal(webauthn_made_ok(a, &asked, &cut, &made, &why), ERR_INVALID);
    }
    char *large = arena_alloc(a, 5000);
    memcpy(large, honest.auth_data.p, honest.auth_data.n);
    struct webauthn_answer bent = honest;
    bent.auth_data = (struct str){large, 5000};
    assert_int_equal(webauthn_made_ok(a, &asked, &bent, &made, &why), ERR_INVALID);
    /* a point that is not on the curve */
    char *copy = arena_alloc(a, honest.auth_data.n);
    memcpy(copy, honest.auth_data.p, honest.auth_data.n);
    copy[honest.auth_data.n - 1] ^= 1;
    bent.auth_data = (struct str){copy, honest.auth_data.n};
    assert_int_equal(webauthn_made_ok(a, &asked, &bent, &made, &why), ERR_INVALID);
    assert_string_equal(why, "key");
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passkey_of_each_kind_is_made_and_signs),
        cmocka_unit_test(one_that_is_synced_says_so),
        cmocka_unit_test(every_lie_is_named),
        cmocka_unit_test(a_registration_is_no_log_in_and_the_other_way_round),
        cmocka_unit_test(an_empty_challenge_fits_nothing),
        cmocka_unit_test(a_signature_that_is_not_its_own_is_refused),
        cmocka_unit_test(hostile_bytes_from_the_device_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
