/*
 * webauthn.h -- passkeys: what a browser says of a new one, and whether one has signed what it was asked to.
 * Signatures and keys are libfido2's; what libfido2 does not look at (type, challenge, origin, crossOrigin of the
 * client data) is looked at here. Implementation: cgi-src/core/webauthn.c.
 * Never: remembers a challenge or a counter; the database does.
 */
#ifndef FOYER_WEBAUTHN_H
#define FOYER_WEBAUTHN_H
#include "base.h"

enum { CHALLENGE_BYTES = 32 };

/* What was asked for. */
struct webauthn_asked {
    struct str challenge; /* raw bytes, CHALLENGE_BYTES */
    struct str origin;    /* "https://glow.foyer.example:8443" */
    struct str rp_id;     /* "glow.foyer.example" */
};
/* What the browser answered, raw bytes. signature: of an assertion only. */
struct webauthn_answer {
    struct str client_data, auth_data, signature;
};
struct webauthn_key {
    int algorithm; /* COSE: -7 ES256, -8 EdDSA, -257 RS256 */
    struct str public_key;
};
struct webauthn_made {
    struct webauthn_key key;
    struct str credential_id;
    uint32_t sign_count;
    bool is_synced; /* it may be on several devices of hers */
};

/*
 * webauthn_made_ok -- checks a new passkey (attestation "none": who made the device is not asked).
 * Errors: ERR_INVALID, *why says what for the log; nothing of the answer is in it.
 */
enum err MUST_CHECK webauthn_made_ok(struct arena *a, const struct webauthn_asked *asked,
                                     const struct webauthn_answer *answer,
                                     struct webauthn_made *made, const char **why);
/*
 * webauthn_signed_ok -- checks that the owner of key was there, was verified by her device, and signed the challenge
 * for this site. *sign_count: for the caller to compare. Errors: as above.
 */
enum err MUST_CHECK webauthn_signed_ok(struct arena *a, const struct webauthn_asked *asked,
                                       const struct webauthn_key *key,
                                       const struct webauthn_answer *answer, uint32_t *sign_count,
                                       const char **why);
#endif
