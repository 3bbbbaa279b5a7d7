/*
 * invitation.c -- somebody who was invited chooses a password and so joins; somebody who has lost hers
 * gets a link to a new one.
 * Owns: the pages behind those two links. Nothing is used up before the form is sent, for programs that
 * check mail follow links too.
 * Never: logs anybody in, or says whether there is an account for an address.
 * Runs in the slow pool: a password is hashed.
 */
#include "account.h"
#include "crypto.h"
#include "entry.h"
#include "features.h"
#include "outbox.h"

static const struct field password_fields[] = {
    {"password", FIELD_PASSWORD, .required = true, .max = PASSWORD_MOST,
     .missing = "Choose a password."},
    {0},
};

/* The page of a link: whom it is for. */
static enum err show_link(struct req *r, const char *kind, const char *view)
{
    enum err e = account_token_given(r);
    if (e)
        return e;
    req_set(r, "wanted", str_of(kind));
    if (!req_show(r, "link_of", Q_invitation_link, NULL))
        return req_error(r);
    return reply_view(r, 200, view);
}

static enum err show_invite(struct req *r) { return show_link(r, "invite", "account/invite"); }
static enum err show_reset(struct req *r) { return show_link(r, "reset", "account/new_password"); }

/* The password that was chosen, hashed as :new_phc; what it must not be made of is read from the link. */
static enum err take_password(struct req *r, const char *kind)
{
    enum err e = account_token_given(r);
    if (e)
        return e;
    req_set(r, "wanted", str_of(kind));
    struct rows *link = req_query(r, Q_invitation_link);
    if (!link)
        return req_error(r);
    const struct str about[] = {rows_text(link, 0, "person"), rows_text(link, 0, "email"),
                                req_value(r, "tenant_name"), req_value(r, "tenant_slug")};
    if (!password_fits(r, "password", req_value(r, "password"), about, COUNT_OF(about)))
        return ERR_INVALID;
    req_set(r, "new_phc", password_hash(req_arena(r), req_value(r, "password")));
    return OK;
}

static enum err accept_invite(struct req *r)
{
    enum err e = take_password(r, "invite");
    if (e)
        return e;
    return req_query(r, Q_invitation_accept) ? reply_redirect(r, S("/login?joined=1"))
                                             : req_error(r);
}

static const struct field ask_fields[] = {
    {"email", FIELD_EMAIL, .required = true, .missing = "Which address do you log in with?"},
    {0},
};

static enum err set_new_password(struct req *r)
{
    enum err e = take_password(r, "reset");
    if (e)
        return e;
    if ((e = entry_device_keep(r)))
        return e;
    struct rows *done = req_show(r, "to", Q_reset_done, NULL);
    if (!done)
        return req_error(r);
    struct str id = req_value(r, "request_id");
    e = outbox_staff(
        r,
        &(struct staff_letter){
            .kind = "account_password",
            .staff_id = rows_text(done, 0, "staff_id"),
            .to = rows_text(done, 0, "to_address"),
            .link = account_url(req_arena(r), req_value(r, "tenant_slug"), "/login/reset", S("")),
            .dedupe_key = arena_printf(req_arena(r), "password-%.*s", (int)id.n, id.p)});
    return e ? e : reply_redirect(r, S("/login?reset=1"));
}

#define BY_LINK .realm = REALM_STAFFED, .door = DOOR_PUBLIC, .pool = POOL_SLOW

const struct page invitation_pages[] = {
    {GET, "/invite/{token:token}", BY_LINK, .run = show_invite,
     .show = {{"link_of", Q_invitation_link}}, .view = "account/invite", .title = "Invitation"},
    {POST, "/invite/{token:token}", BY_LINK, .fields = password_fields, .run = accept_invite,
     .again = "/invite/{token:token}", .no_idempotency = true, .title = "Accept an invitation"},
    {GET, "/login/reset", BY_LINK, .view = "account/reset", .title = "Password lost"},
    {POST, "/login/reset", BY_LINK, .fields = ask_fields, .save = Q_reset_ask,
     .then = "/login/reset?sent=1", .again = "/login/reset", .no_idempotency = true,
     .title = "Ask for a link to a new password"},
    {GET, "/reset/{token:token}", BY_LINK, .run = show_reset,
     .show = {{"link_of", Q_invitation_link}}, .view = "account/new_password",
     .title = "New password"},
    {POST, "/reset/{token:token}", BY_LINK, .fields = password_fields, .run = set_new_password,
     .again = "/reset/{token:token}", .no_idempotency = true, .title = "Set a new password"},
    {0},
};
