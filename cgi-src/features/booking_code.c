/*
 * booking_code.c -- six digits by e-mail, before a booking counts.
 * Owns: when one is asked for. Never: keeps a code; its MAC (mail_code.c) holds tenant and hold, so it opens no other.
 */
#include "booking_code.h"

#include "log.h"
#include "mail_code.h"

static void set_mac(struct req *r, struct str code)
{
    mail_code_set_mac(r, "booking-code", req_value(r, "hold_id"), code);
}

static enum code_end send(struct req *r)
{
    struct str code = mail_code_new(req_arena(r));
    set_mac(r, code);
    if (!mail_code_set_letter(r, "message/account_booking_code.txt", code)) {
        log_error("booking.code", "what", "no mail", NULL);
        return CODE_FAILED;
    }
    if (!req_query(r, Q_booking_code_new))
        return req_error(r) == ERR_TOO_MANY ? CODE_TOO_MANY : CODE_FAILED;
    if (!req_query(r, Q_booking_hold_longer) || req_commit(r))
        return CODE_FAILED;
    return CODE_SENT;
}

enum code_end booking_code_ask(struct req *r)
{
    struct rows *state = req_query(r, Q_booking_code_state);
    if (!state)
        return CODE_FAILED;
    if (!rows_bool(state, 0, "needs_code"))
        return CODE_FINE;
    if (!rows_bool(state, 0, "is_sent"))
        return send(r);
    set_mac(r, mail_code_digits(req_arena(r), req_value(r, "code")));
    struct rows *tried = req_query(r, Q_booking_code_try);
    if (!tried)
        return CODE_FAILED;
    if (rows_bool(tried, 0, "is_right"))
        return CODE_FINE;
    mail_code_refuse(r, rows_int(tried, 0, "tries_left"), "",
                     "The code was wrong five times. Confirm once more, and we send another code.");
    return req_commit(r) ? CODE_FAILED : CODE_WRONG;
}

enum err booking_code_shown(struct req *r)
{
    if (!req_has(r, "email"))
        return OK;
    struct rows *state = req_query(r, Q_booking_code_state);
    if (!state)
        return req_error(r);
    if (rows_bool(state, 0, "needs_code") && rows_bool(state, 0, "is_sent"))
        req_set(r, "is_code_wanted", S("true"));
    return OK;
}
