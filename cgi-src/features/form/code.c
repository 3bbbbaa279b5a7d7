/*
 * code.c -- the code by e-mail that a form may ask for before it is signed.
 * Owns: asking for it, and comparing what was typed. Never: decides whether one is needed or proven: sql/lib/094_form_code.sql and the
 * trigger of app.signature do. The code itself is in the mail alone.
 */
#include "features/mail_code.h"
#include "pages.h"

static void set_mac(struct req *r, struct str code)
{
    mail_code_set_mac(r, "form-code", req_value(r, "assignment_id"), code);
}

enum err form_code_send(struct req *r)
{
    struct str code = mail_code_new(req_arena(r));
    set_mac(r, code);
    if (!mail_code_set_letter(r, "message/account_form_code.txt", code))
        return ERR_INTERNAL;
    if (!req_query(r, Q_form_code_new)) {
        if (req_error(r) != ERR_TOO_MANY)
            return req_error(r);
        req_refuse(r, "code",
                   "Several codes were sent within the hour. Please look in that mailbox for the "
                   "newest one, or try again later.");
        return ERR_INVALID;
    }
    enum err e = form_event(r, "code_sent", "email", 0);
    if (!e && !form_is_typed(r))
        return form_code_sent(r, S(""));
    if (!e)
        e = req_commit(r);
    return e ? e : reply_again(r, "/v/{link_id:uuid}/forms/{assignment_id:uuid}/consent");
}

enum err form_code_sent(struct req *r, struct str location)
{
    (void)location;
    return reply_redirect(r, form_path(r, "/consent?code=sent#code"));
}

enum err form_code_check(struct req *r, bool *is_fine)
{
    struct rows *state = req_query(r, Q_form_code);
    *is_fine = false;
    if (!state)
        return req_error(r);
    if (!rows_bool(state, 0, "needs_code") || rows_bool(state, 0, "is_proven")) {
        *is_fine = true;
        return OK;
    }
    if (!rows_bool(state, 0, "is_sent")) {
        req_refuse(r, "code",
                   rows_bool(state, 0, "has_address")
                       ? "The code is no longer good. Please have another one sent."
                       : "This form takes a code by e-mail, and there is no address on record.");
        return OK;
    }
    set_mac(r, mail_code_digits(req_arena(r), req_value(r, "code")));
    struct rows *tried = req_query(r, Q_form_code_try);
    if (!tried)
        return req_error(r);
    if (rows_bool(tried, 0, "is_right")) {
        *is_fine = true;
        return form_event(r, "code_proven", "email", 0);
    }
    mail_code_refuse(r, rows_int(tried, 0, "tries_left"), "code",
                     "The code was wrong five times. Please have another one sent.");
    return req_commit(r); /* a wrong one is counted although the answer is an error */
}
