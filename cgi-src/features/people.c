/*
 * people.c -- the staff of a business: who is there, invited, changed, deactivated; who has which role.
 * Owns: the order of an invitation and its mail. What may be given and changed by whom is decided by
 * sql/lib/027_people.sql (SECURITY.md S-12).
 * Never: sees or sets another person's password.
 */
#include "account.h"
#include "crypto.h"
#include "features.h"
#include "outbox.h"

static const struct field invite_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give a name."},
    {"email", FIELD_EMAIL, .required = true, .missing = "Where does the invitation go?"},
    {"title", FIELD_TEXT, .max = 80},
    {"is_provider", FIELD_BOOL},
    {"given", FIELD_TEXT, .max = 80}, /* several: read by choices() */
    {0},
};
static const struct field change_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give a name."},
    {"title", FIELD_TEXT, .max = 80},
    {"is_provider", FIELD_BOOL},
    {"given", FIELD_TEXT, .max = 80},
    {0},
};
static const struct field no_fields[] = {{0}};

/* "ROLE" or "ROLE:LOCATION". */
static bool choice_ok(struct str s)
{
    struct str place = s, role = str_cut(&place, ':');
    return uuid_ok(role) && (place.n == 0 ? s.n == role.n : uuid_ok(place));
}

/* The ticked boxes, as :given (an array) and, for the form when it is shown again, :typed. */
static enum err choices(struct req *r)
{
    const struct str *ticked;
    size_t n = req_values(r, "given", &ticked);
    struct buf typed = buf_in(req_arena(r), 128);
    for (size_t i = 0; i < n; i++) {
        if (!choice_ok(ticked[i]))
            return ERR_NOT_FOUND;
        if (i > 0)
            buf_addc(&typed, ',');
        buf_add(&typed, ticked[i]);
    }
    req_set(r, "typed", buf_str(&typed));
    req_set(r, "roles_given",
            arena_printf(req_arena(r), "{%.*s}", (int)typed.n, typed.n ? typed.p : ""));
    return OK;
}

static struct str person_path(struct req *r, struct str id, const char *done)
{
    return arena_printf(req_arena(r), "/people/%.*s%s", (int)id.n, id.p, done);
}

static enum err mail_invitation(struct req *r, struct str person, struct str to, struct str token)
{
    req_set(r, "person", person);
    struct str key = req_value(r, "request_id");
    return outbox_staff(
        r, &(struct staff_letter){
               .kind = "account_invite",
               .staff_id = S(""), /* an invitation that is withdrawn leaves nobody behind */
               .to = to,
               .link = account_url(req_arena(r), req_value(r, "tenant_slug"), "/invite/", token),
               .dedupe_key = arena_printf(req_arena(r), "invite-%.*s", (int)key.n, key.p)});
}

static enum err invite(struct req *r)
{
    struct str token, id = req_value(r, "new_id");
    enum err e = choices(r);
    if (!e)
        e = account_token(r, "account_token", &token);
    if (e)
        return e;
    req_set(r, "invited", id);
    if (!req_query(r, Q_people_invite))
        return req_error(r);
    e = mail_invitation(r, req_value(r, "name"), req_value(r, "email"), token);
    return e ? e : reply_redirect(r, S("/people?invited=1"));
}

static enum err invite_again(struct req *r)
{
    struct str token;
    enum err e = account_token(r, "account_token", &token);
    if (e)
        return e;
    struct rows *to = req_query(r, Q_people_invite_again);
    if (!to)
        return req_error(r);
    e = mail_invitation(r, rows_text(to, 0, "person"), rows_text(to, 0, "to_address"), token);
    return e ? e : reply_redirect(r, S("/people?invited=1"));
}

static enum err change(struct req *r)
{
    enum err e = choices(r);
    if (e)
        return e;
    if (!req_query(r, Q_people_change))
        return req_error(r);
    return reply_redirect(r, person_path(r, req_value(r, "staff_id"), "?saved=1"));
}

/* Sends somebody who cannot ask for it herself a link to a new password. */
static enum err send_reset(struct req *r)
{
    struct str token;
    enum err e = account_token(r, "account_token", &token);
    if (e)
        return e;
    struct rows *to = req_show(r, "to", Q_people_reset, NULL);
    if (!to)
        return req_error(r);
    struct str key = req_value(r, "request_id"), id = rows_text(to, 0, "staff_id");
    e = outbox_staff(
        r, &(struct staff_letter){
               .kind = "account_reset",
               .staff_id = id,
               .to = rows_text(to, 0, "to_address"),
               .link = account_url(req_arena(r), req_value(r, "tenant_slug"), "/reset/", token),
               .dedupe_key = arena_printf(req_arena(r), "reset-%.*s", (int)key.n, key.p)});
    return e ? e : reply_redirect(r, person_path(r, id, "?reset=1"));
}

#define PEOPLE .realm = REALM_STAFFED, CAN(staff_write)
#define ONE "/people/{staff_id:uuid}"
#define ONE_AGAIN "/people/{staff_id}?saved=1"

const struct page people_pages[] = {
    {GET, "/people", PEOPLE, .action = "person.list", .show = {{"people", Q_people_all}},
     .view = "people/list", .title = "People"},
    {GET, "/people/new", PEOPLE,
     .show = {{"roles", Q_people_new_roles}, {"choices", Q_people_new_choices, "role_id"}},
     .view = "people/new", .title = "Invite somebody"},
    {POST, "/people/new", PEOPLE, .fields = invite_fields, .run = invite, .again = "/people/new",
     .step_up = true, .title = "Send an invitation"},
    {GET, ONE, PEOPLE, .action = "person.read",
     .show = {{"person", Q_people_one},
              {"value", Q_people_one},
              {"roles", Q_people_roles},
              {"choices", Q_people_choices, "role_id"}},
     .view = "people/one", .title = "Person"},
    {POST, ONE, PEOPLE, .fields = change_fields, .run = change, .again = ONE, .step_up = true,
     .title = "Person: save name and roles"},
    {POST, ONE "/invite", PEOPLE, .fields = no_fields, .run = invite_again, .again = ONE,
     .title = "Person: send the invitation again"},
    {POST, ONE "/withdraw", PEOPLE, .fields = no_fields, .save = Q_people_withdraw,
     .then = "/people?withdrawn=1", .again = ONE, .title = "Person: withdraw the invitation"},
    {POST, ONE "/deactivate", PEOPLE, .fields = no_fields, .save = Q_people_deactivate,
     .then = ONE_AGAIN, .again = ONE, .title = "Person: deactivate"},
    {POST, ONE "/reactivate", PEOPLE, .fields = no_fields, .save = Q_people_reactivate,
     .then = ONE_AGAIN, .again = ONE, .step_up = true, .title = "Person: open the account again"},
    {POST, ONE "/reset", PEOPLE, .fields = no_fields, .run = send_reset, .again = ONE,
     .title = "Person: send a link to a new password"},
    {0},
};
