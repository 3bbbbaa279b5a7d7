/*
 * confirm.c -- proving once more who one is, before a page that asks for it (S-07): by a code of the app or a passkey, or by
 * the password for who has neither.
 * Owns: nothing; the proof is the session's (sec.confirm_done), and gives it a new token.
 * Never: leads anywhere but to a path of this host. Runs in the slow pool, for a password is hashed.
 */
#include "crypto.h"
#include "entry.h"
#include "features.h"
#include "passkey.h"
#include "second_factor.h"

static const struct field confirm_fields[] = {
    {"password", FIELD_PASSWORD, .max = 1000},
    {"code", FIELD_TEXT, .max = 20},
    PASSKEY_FIELDS,
    {"next_path", FIELD_TEXT, .max = 600},
    {0},
};

static enum err show_confirm(struct req *r)
{
    if (!req_show(r, "can", Q_confirm_lookup, NULL))
        return req_error(r);
    req_set(r, "next_path", entry_next(r));
    req_set(r, "is_done", req_value(r, "done"));
    return reply_view(r, 200, "confirm/form");
}

/* Sets kind and what belongs to it from what was sent. */
static enum err judge(struct req *r, const struct rows *can, bool *is_right)
{
    bool weak;
    *is_right = false;
    req_set_null(r, "step");
    req_set_null(r, "passkey");
    req_set_null(r, "sign_count");
    if (req_has(r, "credential")) {
        req_set(r, "kind", S("passkey"));
        return passkey_confirms(r, is_right);
    }
    if (req_has(r, "code")) {
        req_set(r, "kind", S("totp"));
        return second_code(r, can, req_value(r, "code"), is_right);
    }
    req_set(r, "kind", S("password"));
    if (!rows_bool(can, 0, "has_password"))
        return OK;
    *is_right = password_ok(rows_text(can, 0, "phc"), req_value(r, "password"), &weak);
    return OK;
}

static const char *words_for(struct str problem, struct str kind)
{
    if (str_is(problem, "throttled"))
        return "There were too many tries. Please wait a little and try again.";
    if (str_is(problem, "used before"))
        return "This code was used already. Wait for the next one.";
    if (str_is(problem, "counter"))
        return "This passkey counted backwards, as a copy would. Please use another way.";
    if (str_is(problem, "not enough"))
        return "Your password alone is not enough here: give the code of your app, or your "
               "passkey.";
    return str_is(kind, "password") ? "This is not your password." : "This is not right.";
}

static enum err confirm(struct req *r)
{
    struct str token;
    bool is_right = false;
    if (!req_check(r, confirm_fields))
        return reply_again(r, "/confirm");
    if (!req_has(r, "password") && !req_has(r, "code") && !req_has(r, "credential")) {
        req_refuse(r, "", "Give your password, a code or a passkey.");
        return reply_again(r, "/confirm");
    }
    struct rows *can = req_query(r, Q_confirm_lookup);
    if (!can)
        return req_error(r);
    enum err e = OK;
    /* A password is not even looked at while she has to wait. */
    if (rows_int(can, 0, "wait_seconds") == 0 || !req_has(r, "password"))
        e = judge(r, can, &is_right);
    else
        req_set(r, "kind", S("password"));
    req_set(r, "is_right", is_right ? S("true") : S("false"));
    if (!e)
        e = entry_token(r, "new_token", &token);
    if (e)
        return e;
    struct rows *done = req_query(r, Q_confirm_done);
    if (!done)
        return req_error(r);
    if (!rows_bool(done, 0, "is_ok")) {
        req_refuse(r, "", words_for(rows_text(done, 0, "problem"), req_value(r, "kind")));
        e = req_commit(r); /* the count of failures must last */
        return e ? e : reply_again(r, "/confirm");
    }
    entry_turned(r, token);
    return reply_redirect(r, entry_next(r).n ? entry_next(r) : S("/confirm?done=1"));
}

const struct page confirm_pages[] = {
    {GET, "/confirm", .realm = REALM_STAFFED, SELF, .pool = POOL_SLOW, .run = show_confirm,
     .show = {{"can", Q_confirm_lookup}}, .view = "confirm/form", .gives = "next_path is_done",
     .title = "Confirm that it is you"},
    {POST, "/confirm", .realm = REALM_STAFFED, SELF, .pool = POOL_SLOW, .run = confirm,
     .again = "/confirm", .no_idempotency = true, .title = "Confirm that it is you"},
    {0},
};
