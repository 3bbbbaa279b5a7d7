/*
 * second_factor.h -- what the pages about passkeys and proofs share with those about codes.
 * Implementation: cgi-src/features/second_factor.c.
 */
#ifndef FOYER_SECOND_FACTOR_H
#define FOYER_SECOND_FACTOR_H
#include "web.h"

/*
 * second_code -- whether what was typed is a code of the app whose totp_id and secret_box are in the first row of who.
 * Sets the parameter step for the statement that counts it. Errors: ERR_UNAVAILABLE, ERR_INTERNAL when the key cannot be read.
 */
enum err MUST_CHECK second_code(struct req *r, const struct rows *who, struct str typed,
                                bool *is_right);
/* Carries out sec.second_done with the parameters that are set (kind, is_right, ...), and answers: in, again, or from the beginning.
 * again: page that shows the form once more. */
enum err MUST_CHECK second_finish(struct req *r, const char *again);
/* A mail to the person who is logged in that her second factors were changed. change: a clause without a capital. */
enum err MUST_CHECK second_tell(struct req *r, const char *kind, struct str change);
/* After a factor was added: the mail, the cookie of the turned session, and, if she has none, recovery codes in the answer. */
enum err MUST_CHECK second_enrolled(struct req *r, const char *kind, struct str token);
#endif
