/*
 * client_field.h -- how a value of a field of a business's own is read: as it is typed into the form, or stands in a list of clients.
 * Implementation: cgi-src/features/client_field.c.
 */
#ifndef FOYER_CLIENT_FIELD_H
#define FOYER_CLIENT_FIELD_H
#include "base.h"

/*
 * client_field_read -- the value as it is kept: a number with a point, a date as YYYY-MM-DD, one of the options, "Yes" or "No".
 * In:  kind of app.client_field; what was typed, a date as YYYY-MM-DD. was: what stands there already, which an option that has gone since may be.
 * Out: false: *message says what is wrong, never what was typed.
 */
bool MUST_CHECK client_field_read(struct arena *a, struct str kind, const struct str *options, size_t n_options, struct str typed,
                                  struct str was, struct str *kept, struct str *message);

#endif
