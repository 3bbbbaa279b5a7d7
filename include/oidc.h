/*
 * oidc.h -- speaking to an identity provider (OpenID Connect). Implementation: cgi-src/providers/oidc.c, over libcurl;
 * foyer-jobs alone calls it, for no other process has a network.
 */
#ifndef FOYER_OIDC_H
#define FOYER_OIDC_H
#include "base.h"

enum oidc_end {
    OIDC_GOOD,
    OIDC_REFUSED, /* the provider, or we, said no */
    OIDC_AWAY     /* it did not answer, or not in time */
};

/* A conversation: everything in it together has ten seconds. own_hosts: names, with commas, that may be at an address of
 * one's own network; one at a loopback address may be spoken to without TLS. */
struct oidc {
    struct arena *arena;
    const char *own_hosts;
    int64_t until_ms; /* of the monotonic clock */
    struct str why;   /* what went wrong, for the operator: no secret, no answer of the provider */
};
struct oidc oidc_new(struct arena *a, const char *own_hosts);
/*
 * oidc_trust -- certificates (PEM) that a provider's may be signed by, besides those of the system; kept for the life of the
 * process. In: file, "": none. Before the sandbox closes. False: it cannot be read, or holds no certificate.
 */
bool oidc_trust(const char *file);

/* What its discovery document says. */
struct oidc_provider {
    struct str authorization_endpoint, token_endpoint, jwks_uri;
    struct str userinfo_endpoint; /* "": it has none */
    bool takes_secret_in_body;    /* it knows client_secret_post only */
    bool says_iss;                /* its answers name the issuer (RFC 9207) */
};

enum oidc_end MUST_CHECK oidc_discover(struct oidc *o, struct str issuer,
                                       struct oidc_provider *out);
/* The same of a document that is there already. OIDC_REFUSED: it is another issuer's, or names an address that is none. */
struct json_object;
enum oidc_end MUST_CHECK oidc_discovered(struct oidc *o, struct str issuer,
                                         struct json_object *document, struct oidc_provider *out);
/* The issuer's keys, as JSON. */
enum oidc_end MUST_CHECK oidc_keys(struct oidc *o, struct str jwks_uri, struct str *jwks);

struct oidc_code {
    struct str token_endpoint, client_id, secret, code, verifier, redirect_uri;
    bool takes_secret_in_body;
};
/* Gives the code for an ID token, in its compact form, and an access token ("": none). */
enum oidc_end MUST_CHECK oidc_exchange(struct oidc *o, const struct oidc_code *code,
                                       struct str *id_token, struct str *access_token);
/* The e-mail of subject, for providers that do not put it into the ID token; OIDC_REFUSED also when the answer is
 * about somebody else. */
enum oidc_end MUST_CHECK oidc_userinfo(struct oidc *o, struct str endpoint, struct str access_token,
                                       struct str subject, struct str *email, bool *is_verified);
#endif
