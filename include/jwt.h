/*
 * jwt.h -- an ID token of OpenID Connect: whether its signature and its claims hold.
 * Implementation: cgi-src/core/jwt.c, over OpenSSL and json-c.
 */
#ifndef FOYER_JWT_H
#define FOYER_JWT_H
#include "base.h"

enum jwt_end {
    JWT_GOOD,
    JWT_BAD,   /* not to be believed: *why says what is wrong */
    JWT_NO_KEY /* signed with a key that is not among these: they may have been rotated */
};

struct id_token_wanted {
    struct str issuer, client_id, nonce;
    int64_t now; /* seconds since 1970 */
};
struct id_token {
    struct str subject, email;
    bool is_email_verified; /* by the issuer's word */
};

/*
 * id_token_check -- signature (RS256, ES256, EdDSA with Ed25519; nothing else, whatever the token says) by a key of
 * jwks, then iss, aud, azp, exp, iat, nbf, nonce and sub (OpenID Connect Core 3.1.3.7), with a minute for clocks.
 * In:     token, compact form; jwks, the issuer's key set as JSON (RFC 7517).
 * Out:    *out, in the arena; *why, for the operator, without a value of the token.
 */
enum jwt_end MUST_CHECK id_token_check(struct arena *a, struct str token, struct str jwks,
                                       const struct id_token_wanted *wanted, struct id_token *out,
                                       struct str *why);
#endif
