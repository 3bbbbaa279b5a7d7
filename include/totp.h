/*
 * totp.h -- codes of an authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds), and recovery codes.
 * Implementation: cgi-src/core/totp.c. Never: remembers which code was used; the database does.
 */
#ifndef FOYER_TOTP_H
#define FOYER_TOTP_H
#include "base.h"

enum {
    TOTP_SECRET_BYTES = 20, /* as long as the hash, RFC 4226 section 4 */
    TOTP_SECONDS = 30,
    TOTP_DRIFT = 1, /* steps before and after the present one that count */
    RECOVERY_CODES = 10,
    RECOVERY_CHARS = 24 /* of 5 bits: 120 bits each */
};

/* The truncated value of RFC 4226 section 5.3, 31 bits; its last six decimal digits are the code. */
uint32_t totp_value(struct str secret, int64_t step);
/* The six digits of a step. */
struct str totp_code(struct arena *a, struct str secret, int64_t step);
/* The present step. */
int64_t totp_step(void);
/* Whether what was typed (blanks do not count) is the code of now, or of one step before or after. *step: which; the
 * latest one where several fit. Takes the same time for every answer. */
bool totp_match(struct str secret, struct str typed, int64_t now, int64_t *step);
/* RFC 4648 base32 without padding, upper case. */
struct str base32(struct arena *a, struct str raw);
/* The reverse; blanks and lower case are taken too. ERR_INVALID on any other byte. */
enum err MUST_CHECK base32_bytes(struct arena *a, struct str text, struct str *raw);
/* "otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER", what apps read from the square. */
struct str totp_uri(struct arena *a, struct str issuer, struct str account, struct str secret);

/* A fresh recovery code as people write it: "ABCD-EFGH-..." */
struct str recovery_code(struct arena *a);
/* What of a typed code counts: letters and digits, upper case, look-alikes made one. "" when it has not the right length. */
struct str recovery_plain(struct arena *a, struct str typed);
#endif
