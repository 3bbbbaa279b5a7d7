/*
 * account.c -- one's own account: name and phone, another address, another password.
 * Owns: that an address changes only when the old and the new one have both said so (PROMISES B03), and
 * that a password changes only for who knows it.
 * Never: names an account in a request; whose it is says the session (SECURITY.md S-12).
 */
#include "account.h"
#include "crypto.h"
#include "features.h"
#include "outbox.h"

static const struct field own_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give your name."},
    {"phone", FIELD_PHONE},
    {0},
};
static const struct field email_fields[] = {
    {"email", FIELD_EMAIL, .required = true, .missing = "Which address shall it be?"},
    {0},
};
static const struct field no_fields[] = {{0}};

/* ---- her address ---- */

static enum err mail(struct req *r, const char *kind, struct str staff_id, struct str to,
                     struct str link)
{
    struct str key = req_value(r, "request_id");
    return outbox_staff(
        r, &(struct staff_letter){.kind = kind,
                                  .staff_id = staff_id,
                                  .to = to,
                                  .link = link,
                                  .dedupe_key = arena_printf(req_arena(r), "%s-%.*s-%.*s", kind,
                                                             (int)key.n, key.p, (int)to.n, to.p)});
}

static struct str own_url(struct req *r, const char *path, struct str token)
{
    return account_url(req_arena(r), req_value(r, "tenant_slug"), path, token);
}

/* The form says "email" also when it is shown again, so it is read from the field. */
static enum err ask_email(struct req *r)
{
    struct str old_token, new_token, address = req_value(r, "email");
    enum err e = account_token(r, "old_token", &old_token);
    if (!e)
        e = account_token(r, "new_token", &new_token);
    if (e)
        return e;
    struct rows *asked = req_query(r, Q_account_email_ask);
    if (!asked)
        return req_error(r);
    struct str staff_id = rows_text(asked, 0, "staff_id");
    req_set(r, "person", rows_text(asked, 0, "person"));
    req_set(r, "new_address", address);
    e = mail(r, "account_email_old", staff_id, rows_text(asked, 0, "old_address"),
             own_url(r, "/email/", old_token));
    /* Somebody else's here: nothing is said of that, and she is not bothered. */
    if (!e && !rows_bool(asked, 0, "is_taken"))
        e = mail(r, "account_email_new", staff_id, address, own_url(r, "/email/", new_token));
    return e ? e : reply_redirect(r, S("/account/email?asked=1"));
}

static enum err ask_verify(struct req *r)
{
    struct str token;
    enum err e = account_token(r, "account_token", &token);
    if (e)
        return e;
    struct rows *to = req_show(r, "to", Q_account_verify_ask, NULL);
    if (!to)
        return req_error(r);
    if (rows_count(to) > 0)
        e = mail(r, "account_verify", rows_text(to, 0, "staff_id"), rows_text(to, 0, "to_address"),
                 own_url(r, "/email/", token));
    return e ? e : reply_redirect(r, S("/account?verify=1"));
}

static enum err show_email(struct req *r)
{
    enum err e = account_token_given(r);
    if (e)
        return e;
    req_set(r, "wanted", S("verify,email_old,email_new"));
    struct rows *link = req_show(r, "link_of", Q_invitation_link, NULL);
    if (!link)
        return req_error(r);
    struct str kind = rows_text(link, 0, "kind");
    req_set(r, "is_verify", str_is(kind, "verify") ? S("true") : S(""));
    req_set(r, "is_new", str_is(kind, "email_new") ? S("true") : S(""));
    return reply_view(r, 200, "account/email");
}

static enum err confirm_email(struct req *r)
{
    enum err e = account_token_given(r);
    if (e)
        return e;
    struct rows *done = req_query(r, Q_account_email_confirm);
    if (!done)
        return req_error(r);
    if (rows_bool(done, 0, "is_changed")) {
        struct str staff_id = rows_text(done, 0, "staff_id");
        req_set(r, "person", rows_text(done, 0, "person"));
        req_set(r, "new_address", rows_text(done, 0, "new_address"));
        e = mail(r, "account_email_done", staff_id, rows_text(done, 0, "old_address"),
                 own_url(r, "/login", S("")));
        if (!e)
            e = mail(r, "account_email_done", staff_id, rows_text(done, 0, "new_address"),
                     own_url(r, "/login", S("")));
        return e ? e : reply_redirect(r, S("/login?changed=1"));
    }
    return reply_redirect(r, rows_bool(done, 0, "is_verified") ? S("/login?verified=1")
                                                               : S("/login?half=1"));
}

/* ---- her password ---- */

static const struct field password_fields[] = {
    {"current", FIELD_PASSWORD, .required = true, .max = PASSWORD_MOST,
     .missing = "Type the password that you have now."},
    {"password", FIELD_PASSWORD, .required = true, .max = PASSWORD_MOST,
     .missing = "Choose a new one."},
    {0},
};

static enum err change_password(struct req *r)
{
    struct rows *own = req_query(r, Q_account_own_password);
    if (!own)
        return req_error(r);
    if (rows_int(own, 0, "wait_seconds") > 0) {
        req_refuse(r, "", "There were too many tries. Please wait a little and try again.");
        return reply_again(r, "/account/password");
    }
    bool weak;
    if (!password_ok(rows_text(own, 0, "phc"), req_value(r, "current"), &weak)) {
        if (!req_query(r, Q_account_password_wrong))
            return req_error(r);
        enum err e = req_commit(r); /* it is counted although the answer is an error */
        if (e)
            return e;
        req_refuse(r, "current", "This is not your password.");
        return reply_again(r, "/account/password");
    }
    const struct str about[] = {rows_text(own, 0, "name"), rows_text(own, 0, "email"),
                                req_value(r, "tenant_name"), req_value(r, "tenant_slug")};
    if (!password_fits(r, "password", req_value(r, "password"), about, COUNT_OF(about)))
        return ERR_INVALID;
    req_set(r, "new_phc", password_hash(req_arena(r), req_value(r, "password")));
    struct rows *to = req_show(r, "to", Q_account_password_set, NULL);
    if (!to)
        return req_error(r);
    enum err e = mail(r, "account_password", rows_text(to, 0, "staff_id"),
                      rows_text(to, 0, "to_address"), own_url(r, "/login/reset", S("")));
    return e ? e : reply_redirect(r, S("/account?password=1"));
}

#define HERS .realm = REALM_STAFFED, SELF
#define BY_LINK .realm = REALM_STAFFED, .door = DOOR_PUBLIC, .pool = POOL_SLOW

const struct page account_pages[] = {
    {GET, "/account", HERS, .show = {{"account", Q_account_own}, {"value", Q_account_own}},
     .view = "account/show", .title = "Your account"},
    {POST, "/account", HERS, .fields = own_fields, .save = Q_account_change,
     .then = "/account?saved=1", .again = "/account", .title = "Your account: save"},
    {POST, "/account/email", HERS, .fields = email_fields, .run = ask_email,
     .again = "/account/email", .step_up = true, .title = "Your account: another address"},
    {GET, "/account/email", HERS, .show = {{"account", Q_account_own}},
     .view = "account/change_email", .title = "Your account: change the address"},
    {POST, "/account/email/stop", HERS, .fields = no_fields, .save = Q_account_email_stop,
     .then = "/account?stopped=1", .again = "/account", .title = "Your account: keep the address"},
    {POST, "/account/verify", HERS, .fields = no_fields, .run = ask_verify, .again = "/account",
     .title = "Your account: verify the address"},
    {GET, "/account/password", HERS, .pool = POOL_SLOW, .view = "account/password",
     .title = "Your account: change the password"},
    {POST, "/account/password", HERS, .pool = POOL_SLOW, .fields = password_fields,
     .run = change_password, .again = "/account/password", .no_idempotency = true,
     .title = "Your account: save the password"},
    {GET, "/email/{token:token}", BY_LINK, .run = show_email,
     .show = {{"link_of", Q_invitation_link}}, .view = "account/email", .gives = "is_verify is_new",
     .title = "Confirm an address"},
    {POST, "/email/{token:token}", BY_LINK, .fields = no_fields, .run = confirm_email,
     .again = "/email/{token:token}", .no_idempotency = true, .title = "Confirm an address: yes"},
    {0},
};
