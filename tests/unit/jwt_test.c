/*
 * jwt_test.c -- which ID tokens are believed: the examples of RFC 7515 (appendices A.2, A.3, A.5), and whatever a token may say to be
 * checked in another way than by the issuer's key; then its claims (OpenID Connect Core 3.1.3.7). S-08.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "jwt.h"

static struct arena *a;
static EVP_PKEY *mine;      /* Ed25519: of our issuer */
static struct str own_jwks; /* its key set, under the name "one" */
static const int64_t now = 1790000000;

/* ---- RFC 7515, appendix A ---- */

#define PAYLOAD                                                                                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
static const char rsa_token[] =
    "eyJhbGciOiJSUzI1NiJ9." PAYLOAD
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1p"
    "hCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
#define RSA_N                                                                                                                              \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b" \
    "32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5" \
    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
static const char rsa_jwks[] = "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}]}";
static const char ec_token[] = "eyJhbGciOiJFUzI1NiJ9." PAYLOAD ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char ec_jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_"
                              "tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
static const char none_token[] = "eyJhbGciOiJub25lIn0." PAYLOAD ".";

/* The examples are no ID tokens: what holds is refused for its claims, and for nothing before them. */
static const char holds[] = "the token is for somebody else", wrong[] = "the token's signature is wrong",
                  not_taken[] = "the token is signed in a way that is not accepted", unsigned_words[] = "this is no signed token",
                  no_key[] = "the token is signed with a key that the provider does not list";

static void expect(struct str token, struct str jwks, enum jwt_end end, const char *words)
{
    struct id_token who;
    struct str why;
    const struct id_token_wanted joe = {S("joe"), S("foyer"), S("n-1"), now};
    assert_int_equal(id_token_check(a, token, jwks, &joe, &who, &why), end);
    assert_string_equal(arena_cstr(a, why), words);
    assert_int_equal(who.subject.n, 0);
}

static void the_examples_of_rfc_7515(void **state)
{
    (void)state;
    expect(str_of(rsa_token), str_of(rsa_jwks), JWT_BAD, holds);
    expect(str_of(ec_token), str_of(ec_jwks), JWT_BAD, holds);
    expect(str_of(rsa_token), str_of(ec_jwks), JWT_NO_KEY, no_key);
    expect(str_of(ec_token), str_of(rsa_jwks), JWT_NO_KEY, no_key);
    expect(str_of(none_token), str_of(rsa_jwks), JWT_BAD, unsigned_words);
}

/* One character of each part another one; the last of a part may hide bits that count for nothing. */
static void an_altered_example_does_not_hold(void **state)
{
    (void)state;
    const char *const tokens[] = {rsa_token, ec_token}, *const sets[] = {rsa_jwks, ec_jwks};
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < strlen(tokens[t]); i += 7) {
            struct id_token who;
            struct str why;
            char *text = arena_cstr(a, str_of(tokens[t]));
            const struct id_token_wanted joe = {S("joe"), S("foyer"), S("n-1"), now};
            if (text[i] == '.' || text[i + 1] == '.' || text[i + 1] == '\0')
                continue;
            text[i] = text[i] == 'A' ? 'B' : 'A';
            assert_int_not_equal(id_token_check(a, str_of(text), str_of(sets[t]), &joe, &who, &why), JWT_GOOD);
            assert_string_not_equal(arena_cstr(a, why), holds);
        }
}

/* ---- our own tokens ---- */

static struct str b64(struct str s)
{
    struct buf b = buf_in(a, s.n * 2 + 8);
    esc_base64url(&b, s);
    return buf_str(&b);
}

static struct str with_signature(const char *header, const char *claims, struct str (*sign)(struct str text))
{
    struct str h = b64(str_of(header)), c = b64(str_of(claims));
    struct str text = arena_printf(a, "%.*s.%.*s", (int)h.n, h.p, (int)c.n, c.p);
    struct str sig = b64(sign(text));
    return arena_printf(a, "%.*s.%.*s", (int)text.n, text.p, (int)sig.n, sig.p);
}

static struct str by_key(struct str text)
{
    static unsigned char sig[64];
    size_t n = sizeof sig;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(c, NULL, NULL, NULL, mine), 1);
    assert_int_equal(EVP_DigestSign(c, sig, &n, (const unsigned char *)text.p, text.n), 1);
    EVP_MD_CTX_free(c);
    return (struct str){(char *)sig, n};
}

/* As whoever knows the public key only, and signs with it as if it were a shared secret. */
static struct str by_public_key(struct str text)
{
    static unsigned char sum[32];
    unsigned int n = sizeof sum;
    HMAC(EVP_sha256(), own_jwks.p, (int)own_jwks.n, (const unsigned char *)text.p, text.n, sum, &n);
    return (struct str){(char *)sum, n};
}
static struct str by_nobody(struct str text)
{
    (void)text;
    return S("");
}

#define HEADER "{\"alg\":\"EdDSA\",\"kid\":\"one\"}"
#define GOOD_CLAIMS                                                                                                                        \
    "\"iss\":\"https://id.example\",\"aud\":\"foyer\",\"nonce\":\"n-1\",\"sub\":\"s-1\",\"exp\":1790000300,\"iat\":1790000000"

static enum jwt_end checked_with(struct str token, struct str jwks, const char **words)
{
    struct id_token who;
    struct str why;
    const struct id_token_wanted w = {S("https://id.example"), S("foyer"), S("n-1"), now};
    enum jwt_end end = id_token_check(a, token, jwks, &w, &who, &why);
    *words = arena_cstr(a, why);
    if (end == JWT_GOOD)
        assert_string_equal(arena_cstr(a, who.subject), "s-1");
    else
        assert_int_equal(who.subject.n, 0);
    return end;
}

static void says(const char *header, const char *claims, struct str (*sign)(struct str), enum jwt_end end, const char *words)
{
    const char *why;
    assert_int_equal(checked_with(with_signature(header, claims, sign), own_jwks, &why), end);
    assert_string_equal(why, words);
}

static void nothing_but_the_listed_algorithms(void **state)
{
    (void)state;
    const char *good = "{" GOOD_CLAIMS "}";
    says(HEADER, good, by_key, JWT_GOOD, "");
    for (size_t i = 0; i < 5; i++) {
        static const char *const nones[] = {"none", "None", "NONE", "nOnE", ""};
        const char *header = arena_cstr(a, arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"one\"}", nones[i]));
        says(header, good, by_nobody, JWT_BAD, unsigned_words);
        says(header, good, by_key, JWT_BAD, not_taken);
    }
    says("{\"kid\":\"one\"}", good, by_key, JWT_BAD, not_taken);
    says("{\"alg\":[\"EdDSA\"],\"kid\":\"one\"}", good, by_key, JWT_BAD, not_taken);
    for (size_t i = 0; i < 4; i++) {
        static const char *const others[] = {"HS256", "HS512", "PS256", "ES384"};
        says(arena_cstr(a, arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"one\"}", others[i])), good, by_public_key, JWT_BAD, not_taken);
    }
    says("{\"alg\":\"RS256\",\"kid\":\"one\"}", good, by_key, JWT_NO_KEY, no_key);
    says("{\"alg\":\"EdDSA\",\"kid\":\"one\",\"crit\":[\"exp\"]}", good, by_key, JWT_BAD, not_taken);
    says("{\"alg\":\"EdDSA\",\"kid\":\"one\",\"b64\":false}", good, by_key, JWT_BAD, not_taken);
    says(HEADER, good, by_public_key, JWT_BAD, wrong);
}

static void the_key_is_the_issuers(void **state)
{
    (void)state;
    const char *good = "{" GOOD_CLAIMS "}", *why;
    says("{\"alg\":\"EdDSA\",\"kid\":\"two\"}", good, by_key, JWT_NO_KEY, no_key);
    says("{\"alg\":\"EdDSA\"}", good, by_key, JWT_GOOD, ""); /* there is one that fits */
    /* a key, or an address of one, that the token brings along counts for nothing */
    says("{\"alg\":\"EdDSA\",\"kid\":\"two\",\"jku\":\"https://evil.example/keys\",\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}}", good, by_key,
         JWT_NO_KEY, no_key);
    struct str token = with_signature(HEADER, good, by_key);
    static const char *const empty[] = {"", "{}", "[]", "{\"keys\":{}}", "not JSON", "{\"keys\":null}"};
    for (size_t i = 0; i < COUNT_OF(empty); i++)
        assert_int_equal(checked_with(token, str_of(empty[i]), &why), JWT_NO_KEY);
    /* two of one name, one for encryption, one for another algorithm, one too short */
    struct str key = {own_jwks.p + 9, own_jwks.n - 11};
    assert_int_equal(checked_with(token, arena_printf(a, "{\"keys\":[%.*s,%.*s]}", (int)key.n, key.p, (int)key.n, key.p), &why), JWT_BAD);
    struct str bare = {key.p, key.n - 1};
    assert_int_equal(checked_with(token, arena_printf(a, "{\"keys\":[%.*s,\"use\":\"enc\"}]}", (int)bare.n, bare.p), &why), JWT_NO_KEY);
    assert_int_equal(checked_with(token, arena_printf(a, "{\"keys\":[%.*s,\"alg\":\"RS256\"}]}", (int)bare.n, bare.p), &why), JWT_NO_KEY);
    assert_int_equal(checked_with(token, S("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"one\",\"x\":\"AAAA\"}]}"), &why), JWT_BAD);
    assert_int_equal(checked_with(with_signature("{\"alg\":\"RS256\",\"kid\":\"r\"}", good, by_key),
                                  S("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"u1SU1LfVLPHCozMxH2Mo\",\"e\":\"AQAB\"}]}"), &why),
                     JWT_BAD); /* an RSA key of a few bits */
}

/* claims: all of them; said: why it is not believed, "" when it is. */
static const struct {
    const char *claims, *said;
} tables[] = {
    {"{" GOOD_CLAIMS "}", ""},
    {"{\"iss\":\"https://id.example/\",\"aud\":\"foyer\",\"nonce\":\"n-1\",\"sub\":\"s-1\",\"exp\":1790000300,\"iat\":1790000000}", "the token is from another issuer"},
    {"{\"aud\":\"foyer\",\"nonce\":\"n-1\",\"sub\":\"s-1\",\"exp\":1790000300,\"iat\":1790000000}", "the token is from another issuer"},
#define WITH_AUD(aud) "{\"iss\":\"https://id.example\"," aud ",\"nonce\":\"n-1\",\"sub\":\"s-1\",\"exp\":1790000300,\"iat\":1790000000}"
    {WITH_AUD("\"aud\":\"foyer2\""), holds},
    {WITH_AUD("\"aud\":[\"foyer\"]"), ""},
    {WITH_AUD("\"aud\":[]"), holds},
    {WITH_AUD("\"aud\":[\"other\"]"), holds},
    {WITH_AUD("\"aud\":[\"foyer\",\"other\"]"), holds},
    {WITH_AUD("\"aud\":[\"foyer\",\"other\"],\"azp\":\"foyer\""), ""},
    {WITH_AUD("\"aud\":[\"foyer\",\"other\"],\"azp\":\"other\""), holds},
    {WITH_AUD("\"aud\":\"foyer\",\"azp\":\"other\""), holds},
    {WITH_AUD("\"aud\":{\"foyer\":true}"), holds},
    {WITH_AUD("\"aud\":[[\"foyer\"]]"), holds},
    {WITH_AUD("\"aud\":null"), holds},
#define WITH_TIME(time) "{\"iss\":\"https://id.example\",\"aud\":\"foyer\",\"nonce\":\"n-1\",\"sub\":\"s-1\"," time "}"
    {WITH_TIME("\"exp\":1789999941,\"iat\":1789999900"), ""}, /* a minute for clocks */
    {WITH_TIME("\"exp\":1789999940,\"iat\":1789999900"), "the token has expired"},
    {WITH_TIME("\"iat\":1789999900"), "the token has expired"},
    {WITH_TIME("\"exp\":\"1790000300\",\"iat\":1790000000"), "the token has expired"},
    {WITH_TIME("\"exp\":1790000300"), "the token was not made just now; do both clocks go right?"},
    {WITH_TIME("\"exp\":1790000300,\"iat\":1790000061"), "the token was not made just now; do both clocks go right?"},
    {WITH_TIME("\"exp\":1790000300,\"iat\":1789999399"), "the token was not made just now; do both clocks go right?"},
    {WITH_TIME("\"exp\":1790000300,\"iat\":1790000000,\"nbf\":1790000060"), ""},
    {WITH_TIME("\"exp\":1790000300,\"iat\":1790000000,\"nbf\":1790000061"), "the token does not hold yet"},
    {WITH_TIME("\"exp\":1790000300,\"iat\":1790000000,\"nbf\":\"soon\""), "the token does not hold yet"},
    {WITH_TIME("\"exp\":1e300,\"iat\":1790000000"), ""},
    {"{\"iss\":\"https://id.example\",\"aud\":\"foyer\",\"nonce\":\"n-2\",\"sub\":\"s-1\",\"exp\":1790000300,\"iat\":1790000000}", "the token is the answer to another log-in"},
    {"{\"iss\":\"https://id.example\",\"aud\":\"foyer\",\"sub\":\"s-1\",\"exp\":1790000300,\"iat\":1790000000}", "the token is the answer to another log-in"},
    {"{\"iss\":\"https://id.example\",\"aud\":\"foyer\",\"nonce\":\"n-1\",\"sub\":\"\",\"exp\":1790000300,\"iat\":1790000000}", "the token names nobody"},
    {"{\"iss\":\"https://id.example\",\"aud\":\"foyer\",\"nonce\":\"n-1\",\"sub\":7,\"exp\":1790000300,\"iat\":1790000000}", "the token names nobody"},
    {"[" "1" "]", unsigned_words},
    {"{" GOOD_CLAIMS "} {}", unsigned_words},
};

static void claims(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const char *why;
        enum jwt_end end = checked_with(with_signature(HEADER, tables[i].claims, by_key), own_jwks, &why);
        if (strcmp(why, tables[i].said) != 0)
            fail_msg("%s: '%s', not '%s'", tables[i].claims, why, tables[i].said);
        assert_int_equal(end, tables[i].said[0] ? JWT_BAD : JWT_GOOD);
    }
}

static void what_is_no_token(void **state)
{
    (void)state;
    static const char *const texts[] = {"", ".", "..", "...", "a.b.c", "a.b.c.d", "eyJhbGciOiJFZERTQSJ9..", "eyJhbGciOiJFZERTQSJ9.e30.=", " . . "};
    const char *why;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(checked_with(str_of(texts[i]), own_jwks, &why), JWT_BAD);
    struct buf b = buf_in(a, 20000);
    for (int i = 0; i < 17000; i++)
        buf_addc(&b, 'A');
    assert_int_equal(checked_with(buf_str(&b), own_jwks, &why), JWT_BAD);
}

static int setup(void **state)
{
    (void)state;
    unsigned char raw[32];
    size_t n = sizeof raw;
    a = arena_new(32 << 20);
    mine = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!mine || EVP_PKEY_get_raw_public_key(mine, raw, &n) != 1)
        return -1;
    struct str x = b64((struct str){(char *)raw, n});
    own_jwks = arena_printf(a, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"one\",\"x\":\"%.*s\"}]}", (int)x.n, x.p);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(mine);
    arena_free(a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_7515),          cmocka_unit_test(an_altered_example_does_not_hold),
        cmocka_unit_test(nothing_but_the_listed_algorithms), cmocka_unit_test(the_key_is_the_issuers),
        cmocka_unit_test(claims),                            cmocka_unit_test(what_is_no_token),
    };
    return cmocka_run_group_tests_name("S-08: ID tokens", tests, setup, teardown);
}
