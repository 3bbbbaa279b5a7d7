/*
 * booking_code.h -- the code by e-mail that a business may ask for before a booking counts.
 * Implementation: cgi-src/features/booking_code.c, sql/lib/045_public_booking.sql.
 */
#ifndef FOYER_BOOKING_CODE_H
#define FOYER_BOOKING_CODE_H
#include "web.h"

/* What came of it. SENT and WRONG are durable: the transaction is over, and the form is to be shown again. */
enum code_end { CODE_FINE, CODE_SENT, CODE_WRONG, CODE_TOO_MANY, CODE_FAILED };

/*
 * booking_code_ask -- whether the values hold_id, email and code of the request may book. Without a code on its way
 * to that address one is sent, and the hold is kept longer for it.
 * Errors: CODE_FAILED: those of the statements, in req_error.
 */
enum code_end booking_code_ask(struct req *r);

/* For a form that is shown again: sets is_code_wanted when a code is on its way to the address in it. */
enum err MUST_CHECK booking_code_shown(struct req *r);
#endif
