/*
 * jwt.c -- see jwt.h. Source: RFC 7515, 7517, 7518, 8037; OpenID Connect Core 1.0, 3.1.3.7.
 * Owns: the list of algorithms. OpenSSL is the only judge of a signature.
 * Never: believes what a token says of its own checking beyond naming one of the listed algorithms: no "none", no
 * shared secret, no key, address or certificate that came with it.
 */
#include "jwt.h"

#include <json-c/json.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto.h"
#include "json_read.h"

enum { TOKEN_MOST = 16 * 1024, CLOCK_SECONDS = 60, OLD_SECONDS = 600 };
enum { RSA_BITS_LEAST = 2048, EC_BYTES = 32, ED_BYTES = 32, ED_SIGNATURE = 64 };

static bool has(struct json_object *object, const char *name)
{
    return json_object_object_get_ex(object, name, NULL);
}

/* A NumericDate. */
static bool seconds_of(struct json_object *object, const char *name, int64_t *out)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, name, &value) ||
        !(json_object_is_type(value, json_type_int) ||
          json_object_is_type(value, json_type_double)))
        return false;
    *out = json_object_get_int64(value);
    return true;
}

/* ---- keys ---- */

static void release_key(void *what) { EVP_PKEY_free(what); }

static EVP_PKEY *key_from(struct arena *a, const char *type, OSSL_PARAM_BLD *parts)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    if (key)
        arena_defer(a, release_key, key);
    return key;
}

static BIGNUM *number_of(struct arena *a, struct json_object *jwk, const char *name)
{
    struct str raw;
    if (unesc_base64url(a, json_member(jwk, name), &raw) || raw.n == 0 || raw.n > 1024)
        return NULL;
    return BN_bin2bn((const unsigned char *)raw.p, (int)raw.n, NULL);
}

static EVP_PKEY *rsa_key(struct arena *a, struct json_object *jwk)
{
    BIGNUM *n = number_of(a, jwk, "n"), *e = number_of(a, jwk, "e");
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (n && e && parts && BN_num_bits(n) >= RSA_BITS_LEAST &&
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = key_from(a, "RSA", parts);
    OSSL_PARAM_BLD_free(parts);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *ec_key(struct arena *a, struct json_object *jwk)
{
    struct str x, y;
    unsigned char point[1 + 2 * EC_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    if (!str_is(json_member(jwk, "crv"), "P-256") ||
        unesc_base64url(a, json_member(jwk, "x"), &x) ||
        unesc_base64url(a, json_member(jwk, "y"), &y) || x.n != EC_BYTES || y.n != EC_BYTES)
        return NULL;
    memcpy(point + 1, x.p, EC_BYTES);
    memcpy(point + 1 + EC_BYTES, y.p, EC_BYTES);
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (parts &&
        OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
        key = key_from(a, "EC", parts);
    OSSL_PARAM_BLD_free(parts);
    return key;
}

static EVP_PKEY *ed_key(struct arena *a, struct json_object *jwk)
{
    struct str x;
    if (!str_is(json_member(jwk, "crv"), "Ed25519") ||
        unesc_base64url(a, json_member(jwk, "x"), &x) || x.n != ED_BYTES)
        return NULL;
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.p, x.n);
    if (key)
        arena_defer(a, release_key, key);
    return key;
}

/* ---- signatures ---- */

static bool digest_verify(EVP_PKEY *key, const char *digest, struct str text,
                          const unsigned char *sig, size_t n)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context &&
                EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, key, NULL) == 1 &&
                EVP_DigestVerify(context, sig, n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static bool rsa_verify(EVP_PKEY *key, struct str text, struct str sig)
{
    return digest_verify(key, "SHA256", text, (const unsigned char *)sig.p, sig.n);
}

/* A JWS has r and s side by side (RFC 7518, 3.4); OpenSSL wants them in DER. */
static bool ec_verify(EVP_PKEY *key, struct str text, struct str sig)
{
    if (sig.n != 2 * EC_BYTES)
        return false;
    const unsigned char *p = (const unsigned char *)sig.p;
    unsigned char *der = NULL;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(p, EC_BYTES, NULL), *s = BN_bin2bn(p + EC_BYTES, EC_BYTES, NULL);
    bool good = false;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair's now */
        int n = i2d_ECDSA_SIG(pair, &der);
        good = n > 0 && digest_verify(key, "SHA256", text, der, (size_t)n);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    OPENSSL_free(der);
    return good;
}

static bool ed_verify(EVP_PKEY *key, struct str text, struct str sig)
{
    return sig.n == ED_SIGNATURE &&
           digest_verify(key, NULL, text, (const unsigned char *)sig.p, sig.n);
}

static const struct algorithm {
    const char *name, *kty;
    EVP_PKEY *(*key)(struct arena *a, struct json_object *jwk);
    bool (*verify)(EVP_PKEY *key, struct str text, struct str sig);
} algorithms[] = {
    {"RS256", "RSA", rsa_key, rsa_verify},
    {"ES256", "EC", ec_key, ec_verify},
    {"EdDSA", "OKP", ed_key, ed_verify},
};

static const struct algorithm *algorithm_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(algorithms); i++)
        if (str_is(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

/* Whether a key of the set may have signed with this algorithm, by what the set says of it. */
static bool fits(struct json_object *jwk, const struct algorithm *how, struct str kid)
{
    struct str use = json_member(jwk, "use"), alg = json_member(jwk, "alg");
    return str_is(json_member(jwk, "kty"), how->kty) && (use.n == 0 || str_is(use, "sig")) &&
           (alg.n == 0 || str_is(alg, how->name)) &&
           (kid.n == 0 || str_eq(json_member(jwk, "kid"), kid));
}

static enum jwt_end check_signature(struct arena *a, struct json_object *header,
                                    struct str signed_text, struct str sig,
                                    struct json_object *keys, struct str *why)
{
    struct str kid = json_member(header, "kid");
    const struct algorithm *how = algorithm_of(json_member(header, "alg"));
    if (!how || has(header, "crit") || has(header, "b64")) {
        *why = S("the token is signed in a way that is not accepted");
        return JWT_BAD;
    }
    struct json_object *list = NULL, *jwk = NULL;
    size_t n_fit = 0;
    if (!keys || !json_object_object_get_ex(keys, "keys", &list) ||
        !json_object_is_type(list, json_type_array)) {
        *why = S("the provider's keys cannot be read");
        return JWT_NO_KEY;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        if (json_object_is_type(one, json_type_object) && fits(one, how, kid)) {
            jwk = one;
            n_fit++;
        }
    }
    if (n_fit == 0) {
        *why = S("the token is signed with a key that the provider does not list");
        return JWT_NO_KEY;
    }
    /* Two of one name, or a token that names none of several: nobody knows which was meant. */
    EVP_PKEY *key = n_fit == 1 ? how->key(a, jwk) : NULL;
    if (!key || !how->verify(key, signed_text, sig)) {
        *why = S("the token's signature is wrong");
        return JWT_BAD;
    }
    return JWT_GOOD;
}

/* ---- claims ---- */

/* For us: aud is our name, or a list with it; where there are several, or where azp is said, azp is us too. */
static bool is_for(struct json_object *claims, struct str client_id)
{
    struct json_object *aud;
    struct str azp = json_member(claims, "azp");
    if (!json_object_object_get_ex(claims, "aud", &aud) ||
        (has(claims, "azp") && !str_eq(azp, client_id)))
        return false;
    if (!json_object_is_type(aud, json_type_array))
        return str_eq(json_text(aud), client_id);
    bool found = false;
    size_t n = json_object_array_length(aud);
    for (size_t i = 0; i < n; i++)
        found |= str_eq(json_text(json_object_array_get_idx(aud, i)), client_id);
    return found && (n == 1 || str_eq(azp, client_id));
}

static const char *wrong_claim(struct json_object *c, const struct id_token_wanted *w)
{
    int64_t exp, iat, nbf;
    struct str sub = json_member(c, "sub");
    if (w->issuer.n == 0 || !str_eq(json_member(c, "iss"), w->issuer))
        return "the token is from another issuer";
    if (w->client_id.n == 0 || !is_for(c, w->client_id))
        return "the token is for somebody else";
    if (!seconds_of(c, "exp", &exp) || exp <= w->now - CLOCK_SECONDS)
        return "the token has expired";
    if (!seconds_of(c, "iat", &iat) || iat > w->now + CLOCK_SECONDS || iat < w->now - OLD_SECONDS)
        return "the token was not made just now; do both clocks go right?";
    if (has(c, "nbf") && (!seconds_of(c, "nbf", &nbf) || nbf > w->now + CLOCK_SECONDS))
        return "the token does not hold yet";
    if (w->nonce.n == 0 || !secret_eq(json_member(c, "nonce"), w->nonce))
        return "the token is the answer to another log-in";
    if (sub.n == 0 || sub.n > 255)
        return "the token names nobody";
    return NULL;
}

/* One of the three parts; the alphabet has no padding and no blanks. */
static bool decode(struct arena *a, struct str part, struct str *out)
{
    return part.n > 0 && unesc_base64url(a, part, out) == OK;
}

enum jwt_end id_token_check(struct arena *a, struct str token, struct str jwks,
                            const struct id_token_wanted *wanted, struct id_token *out,
                            struct str *why)
{
    struct str rest = token, head, body, sig;
    *out = (struct id_token){S(""), S(""), false};
    struct str head64 = str_cut(&rest, '.'), body64 = str_cut(&rest, '.');
    *why = S("this is no signed token");
    if (token.n > TOKEN_MOST || !decode(a, head64, &head) || !decode(a, body64, &body) ||
        !decode(a, rest, &sig))
        return JWT_BAD;
    struct json_object *header = json_object_in(a, head), *claims = json_object_in(a, body);
    if (!header || !claims)
        return JWT_BAD;
    struct str signed_text = {token.p, head64.n + 1 + body64.n};
    enum jwt_end end = check_signature(a, header, signed_text, sig, json_object_in(a, jwks), why);
    if (end != JWT_GOOD)
        return end;
    const char *wrong = wrong_claim(claims, wanted);
    if (wrong) {
        *why = str_of(wrong);
        return JWT_BAD;
    }
    struct json_object *verified;
    *why = S("");
    out->subject = arena_str(a, json_member(claims, "sub"));
    out->email = arena_str(a, json_member(claims, "email"));
    out->is_email_verified = json_object_object_get_ex(claims, "email_verified", &verified) &&
                             json_object_is_type(verified, json_type_boolean) &&
                             json_object_get_boolean(verified);
    return JWT_GOOD;
}
