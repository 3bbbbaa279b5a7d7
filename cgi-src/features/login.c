/*
 * login.c -- logging in with a password, and out.
 * Owns: comparing the password. The throttle and the session itself are the database's (sec.login_*).
 * Never: says whether an e-mail is known; an unknown one costs the same time and the same words.
 * Runs in the slow pool: hashing takes a tenth of a second and must not hold up a page.
 */
#include "crypto.h"
#include "entry.h"
#include "features.h"

static const struct field login_fields[] = {
    {"email", FIELD_EMAIL, .required = true},
    {"password", FIELD_PASSWORD, .required = true, .max = 1000},
    {"next_path", FIELD_TEXT, .max = 600},
    {0},
};

/* Shown for a wrong password, an unknown e-mail and a disabled account alike. */
static const char wrong[] = "This e-mail and password do not fit together. Please try again.";

static enum err show_login(struct req *r)
{
    req_set(r, "next_path", entry_next(r));
    req_set(r, "is_late", req_value(r, "late"));
    if (!req_show(r, "sso", Q_sso_offer, NULL))
        return req_error(r);
    return reply_view(r, 200, "login/form");
}

/* The second stage follows; where she wanted to go travels in its address. */
static enum err to_second(struct req *r, struct str token)
{
    struct buf b = buf_in(req_arena(r), 128);
    buf_addz(&b, "/login/second");
    if (entry_next(r).n > 0) {
        buf_addz(&b, "?next=");
        esc_url(&b, entry_next(r));
    }
    entry_ticket_cookie(r, token);
    return reply_redirect(r, buf_str(&b));
}

static enum err log_in(struct req *r)
{
    if (!req_check(r, login_fields))
        return reply_again(r, "/login");
    struct str device = entry_device(r);
    req_set_null(r, "device");
    if (device.n > 0)
        req_set_bytes(r, "device", device);

    struct rows *found = req_query(r, Q_login_lookup);
    if (!found)
        return req_error(r);
    int64_t wait = rows_int(found, 0, "wait_seconds");
    if (wait > 0) {
        req_refuse(r, "", "There were too many tries. Please wait a little and try again.");
        return reply_again(r, "/login");
    }
    struct str staff_id = rows_text(found, 0, "staff_id");
    bool weak = false;
    bool right = password_ok(rows_text(found, 0, "phc"), req_value(r, "password"), &weak);
    right = right && staff_id.n > 0;

    struct str token = token_new(req_arena(r)), raw;
    if (unesc_base64url(req_arena(r), token, &raw))
        return ERR_INTERNAL;
    req_set(r, "staff_id", staff_id);
    if (staff_id.n == 0)
        req_set_null(r, "staff_id");
    req_set(r, "is_right", right ? S("true") : S("false"));
    req_set_bytes(r, "token", raw);
    if (right && weak)
        req_set(r, "new_phc", password_hash(req_arena(r), req_value(r, "password")));
    else
        req_set_null(r, "new_phc");
    struct rows *done = req_query(r, Q_login_done);
    if (!done)
        return req_error(r);
    bool is_in = rows_text(done, 0, "session_id").n > 0;
    bool is_half = rows_text(done, 0, "ticket_id").n > 0;
    enum err e = is_in ? entry_done(r, token) : OK;
    /* Counting the failure must last although the answer is an error. */
    if (!e)
        e = req_commit(r);
    if (e)
        return e;
    if (is_half)
        return to_second(r, token);
    if (!is_in) {
        req_refuse(r, "", wrong);
        return reply_again(r, "/login");
    }
    struct str next = req_value(r, "next_path");
    return reply_redirect(r, next.n ? next : S("/"));
}

static enum err log_out(struct req *r)
{
    if (!req_query(r, Q_login_logout))
        return req_error(r);
    reply_cookie(r, "__Host-sid", S(""), "/", -1, true);
    if (req_cookie(r, "__Host-was").n > 0)
        reply_cookie(r, "__Host-was", S(""), "/", -1, true);
    return reply_redirect(r, S("/login?out=1"));
}

const struct page login_pages[] = {
    {GET, "/login", .realm = REALM_STAFFED, .door = DOOR_PUBLIC, .pool = POOL_SLOW,
     .run = show_login, .show = {{"sso", Q_sso_offer}}, .view = "login/form",
     .gives = "next_path is_late", .title = "Log in"},
    {POST, "/login", .realm = REALM_STAFFED, .door = DOOR_PUBLIC, .pool = POOL_SLOW, .run = log_in,
     .again = "/login", .no_idempotency = true, .title = "Log in"},
    {POST, "/logout", .realm = REALM_STAFFED, SELF, .run = log_out, .no_idempotency = true,
     .ends_support = true, .title = "Log out"},
    /* A sign of life from a page that somebody is still typing in (begin_staff has noted it), and what it needs to go on
     * after a new log-in: whose session it is, how long it lasts, and a token for its forms. */
    {GET, "/alive", .realm = REALM_STAFFED, SELF, .view = "login/alive",
     .title = "You are logged in"},
    {0},
};
