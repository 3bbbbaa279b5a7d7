/*
 * signup.c -- a business comes by itself (PROMISES B03): the form on the public site, the link in a mail, and the
 * job that makes it.
 * Owns: the order of key and rows; the key first, as rows without one could not be used.
 * Never: says whether an address is known; a mail goes to it either way.
 * Runs in the slow pool: a password is hashed.
 */
#include "account.h"
#include "crypto.h"
#include "features.h"
#include "outbox.h"

static const struct field signup_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Please tell us your name."},
    {"email", FIELD_EMAIL, .required = true, .missing = "Where do we write to?"},
    {"password", FIELD_PASSWORD, .required = true, .max = PASSWORD_MOST,
     .missing = "Choose a password."},
    {"business", FIELD_TEXT, .required = true, .max = 120,
     .missing = "What is your business called?"},
    {"kind", FIELD_CHOICE, .required = true, .choices = "medspa|ultrasound"},
    {"street", FIELD_TEXT, .required = true, .max = 200, .missing = "Give the street."},
    {"city", FIELD_TEXT, .required = true, .max = 120, .missing = "Give the town."},
    {"region", FIELD_TEXT, .max = 80},
    {"postal_code", FIELD_TEXT, .max = 20},
    {"country_code", FIELD_TEXT, .required = true, .max = 2, .missing = "Choose a country.",
     .bad = "Please choose one of the list."},
    {"time_zone", FIELD_TEXT, .required = true, .max = 60, .missing = "Choose a time zone."},
    {"phone", FIELD_PHONE, .required = true, .missing = "Which number do clients call?"},
    {"website", FIELD_TEXT, .max = 500}, /* the bait: people do not see it */
    {0},
};

static enum err ask(struct req *r)
{
    struct str token;
    if (req_has(r, "website"))
        return reply_redirect(r, S("/signup/sent"));
    const struct str about[] = {req_value(r, "name"), req_value(r, "email"),
                                req_value(r, "business")};
    if (!password_fits(r, "password", req_value(r, "password"), about, COUNT_OF(about)))
        return ERR_INVALID;
    enum err e = account_token(r, "account_token", &token);
    if (e)
        return e;
    req_set(r, "new_phc", password_hash(req_arena(r), req_value(r, "password")));
    struct rows *asked = req_query(r, Q_signup_ask);
    if (!asked)
        return req_error(r);
    if (!rows_bool(asked, 0, "is_new"))
        return reply_redirect(r, S("/signup/sent"));
    struct str key = req_value(r, "request_id");
    req_set(r, "person", req_value(r, "name"));
    req_set(r, "business_name", req_value(r, "business"));
    e = outbox_staff(
        r, &(struct staff_letter){
               .kind = "account_signup",
               .staff_id = S(""),
               .to = req_value(r, "email"),
               .link = account_url(req_arena(r), S(""), "/signup/", token),
               .dedupe_key = arena_printf(req_arena(r), "signup-%.*s", (int)key.n, key.p)});
    return e ? e : reply_redirect(r, S("/signup/sent"));
}

static enum err show_link(struct req *r)
{
    enum err e = account_token_given(r);
    if (e)
        return e;
    struct rows *found = req_show(r, "signup", Q_signup_look, NULL);
    if (!found)
        return req_error(r);
    if (!req_show(r, "value", Q_signup_look, NULL))
        return req_error(r);
    req_set(r, "login_url",
            account_url(req_arena(r), rows_text(found, 0, "slug"), "/login", S("")));
    return reply_view(r, 200, "signup/confirm");
}

static const struct field confirm_fields[] = {
    {"slug", FIELD_TEXT, .required = true, .max = 40, .missing = "Choose an address."},
    {"password", FIELD_PASSWORD, .required = true, .max = PASSWORD_MOST,
     .missing = "Give the password that you chose."},
    {0},
};

/* Whoever reads the mail must also be who filled in the form: else a stranger could ask in her name, with a
 * password of his own, and her click would make a business that he can enter. */

static enum err confirm(struct req *r)
{
    enum err e = account_token_given(r);
    if (e)
        return e;
    struct rows *secret = req_query(r, Q_signup_secret);
    if (!secret)
        return req_error(r);
    bool weak;
    if (!password_ok(rows_text(secret, 0, "phc"), req_value(r, "password"), &weak)) {
        req_refuse(r, "password", "This is not the password that was chosen in the form.");
        return ERR_INVALID;
    }
    if (!req_query(r, Q_signup_confirm))
        return req_error(r);
    struct str token = req_value(r, "token");
    return reply_redirect(r, arena_printf(req_arena(r), "/signup/%.*s", (int)token.n, token.p));
}

/* A key that is there already is that of an earlier try: the id is the sign-up's own. */
enum job_end account_signup_job(struct req *r, const struct job *job, struct str *why)
{
    enum err e = keystore_create_tenant(arena_str(req_arena(r), job->subject_id));
    if (e && e != ERR_CONFLICT) {
        *why = S("the key of the new business cannot be stored");
        return JOB_LATER;
    }
    req_set(r, "signup", job->subject_id);
    struct rows *made = req_query(r, Q_signup_make);
    if (!made)
        return JOB_LATER;
    if (!rows_bool(made, 0, "is_made")) {
        *why = S("there is no such sign-up");
        return JOB_HOPELESS;
    }
    return JOB_DONE;
}

#define SITE .realm = REALM_SITE, .door = DOOR_PUBLIC, .pool = POOL_SLOW

const struct page signup_pages[] = {
    {GET, "/signup", SITE,
     .show = {{"zones", Q_signup_zones},
              {"kinds", Q_signup_kinds},
              {"countries", Q_signup_countries}},
     .view = "signup/form", .form_cookie = true, .title = "Sign up"},
    {POST, "/signup", SITE, .fields = signup_fields, .run = ask, .again = "/signup",
     .form_cookie = true, .no_idempotency = true, .title = "Sign up: send"},
    {GET, "/signup/sent", SITE, .view = "signup/sent", .title = "Sign up: look into your mail"},
    {GET, "/signup/{token:token}", SITE, .run = show_link,
     .show = {{"signup", Q_signup_look}, {"value", Q_signup_look}}, .view = "signup/confirm",
     .gives = "login_url", .form_cookie = true, .title = "Sign up: confirm"},
    {POST, "/signup/{token:token}", SITE, .fields = confirm_fields, .run = confirm,
     .again = "/signup/{token:token}", .form_cookie = true, .no_idempotency = true,
     .title = "Sign up: yes"},
    {0},
};
