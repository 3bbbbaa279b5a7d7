/*
 * passkey.h -- a passkey's answer in a posted form. Implementation: cgi-src/features/passkey.c.
 */
#ifndef FOYER_PASSKEY_H
#define FOYER_PASSKEY_H
#include "web.h"

/* Fields that nginx/www/js/passkey.js fills in; rows of a table of fields. */
#define PASSKEY_FIELDS                                                                             \
    {"credential", FIELD_TOKEN, .max = 1400}, {"client_data", FIELD_TOKEN, .max = 6000},           \
        {"auth_data", FIELD_TOKEN, .max = 6000}, {"signature", FIELD_TOKEN, .max = 1400},          \
    {                                                                                              \
        "user_handle", FIELD_TOKEN, .max = 100                                                     \
    }

/*
 * passkey_confirms -- whether the posted answer is that of a passkey of hers to what she was asked to sign for /confirm;
 * passkey_signs_in -- the same at a log-in, by its ticket. What was to be signed is taken: nothing is answered twice.
 * Set the parameters passkey and sign_count for the statement that counts it. A wrong answer is no error: *is_right.
 * Errors: those of the statements.
 */
enum err MUST_CHECK passkey_confirms(struct req *r, bool *is_right);
enum err MUST_CHECK passkey_signs_in(struct req *r, bool *is_right);
#endif
