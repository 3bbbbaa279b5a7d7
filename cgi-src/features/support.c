/*
 * support.c -- support access: an operator asks, an owner of the business decides, the operator comes in by
 * a link of one minute, and either ends it (PROMISES B19).
 * Owns: the mail to the owners, the link, the cookie of such a session. Who may do what, and the two trails,
 * are the database's (sql/lib/098_support.sql); that such a session sends no form is the gate's.
 * Never: lets the operator's own session into a business; that one stays at her own host.
 */
#include "crypto.h"
#include "features.h"
#include "outbox.h"

static const struct field ask_fields[] = {
    {"reason", FIELD_LONG, .required = true, .min = 10, .max = 500,
     .missing = "Say what you need it for. The owner reads this.",
     .bad = "Say in 10 to 500 letters what you need it for."},
    {"hours", FIELD_INT, .required = true, .min = 1, .max = 24, .missing = "For how many hours?",
     .bad = "Choose 1 to 24 hours."},
    {"see_calendar", FIELD_BOOL},
    {"see_clients", FIELD_BOOL},
    {"see_charts", FIELD_BOOL},
    {"see_trail", FIELD_BOOL},
    {0},
};

/* A form without a field, which is shown again when she must prove who she is. */
static const struct field nothing_fields[] = {{0}};

/* Where a page of the business is, told from the operator's host. */
static struct str studio_url(struct req *r, struct str path)
{
    static const struct str own = {"https://ops.", 12};
    struct str here = req_url(r, path), business = req_value(r, "business");
    if (!str_starts(here, own))
        return S("");
    struct str rest = str_part(here, own.n, here.n - own.n);
    return arena_printf(req_arena(r), "https://%.*s.%.*s", (int)business.n, business.p, (int)rest.n,
                        rest.p);
}

/* Each owner gets a mail with a link to the request. */
static enum err tell_owners(struct req *r, struct str grant_id)
{
    struct arena *a = req_arena(r);
    struct str path = arena_printf(a, "/support/%.*s", (int)grant_id.n, grant_id.p);
    struct rows *owners = req_query(r, Q_tenant_owners);
    if (!owners || !req_show(r, "tenant", Q_tenant_one, NULL) ||
        !req_show(r, "asked", Q_support_asked, NULL))
        return req_error(r);
    for (size_t i = 0; i < rows_count(owners); i++) {
        req_set(r, "owner_name", rows_text(owners, i, "owner_name"));
        enum err e = outbox_staff(r, &(struct staff_letter){
                                         .kind = "account_support",
                                         .to = rows_text(owners, i, "owner_email"),
                                         .link = studio_url(r, path),
                                         .dedupe_key = arena_printf(a, "support-%.*s-%zu",
                                                                    (int)grant_id.n, grant_id.p, i),
                                     });
        if (e)
            return e;
    }
    return OK;
}

static enum err ask(struct req *r)
{
    struct rows *made = req_query(r, Q_support_ask);
    if (!made)
        return req_error(r);
    enum err e = tell_owners(r, rows_text(made, 0, "grant_id"));
    struct str business = req_value(r, "business");
    return e ? e
             : reply_redirect(
                   r, arena_printf(req_arena(r), "/tenants/%.*s", (int)business.n, business.p));
}

/* The way in is shown once, on this page, and is good for a minute. */
static enum err open_door(struct req *r)
{
    struct arena *a = req_arena(r);
    struct str ticket = token_new(a), raw;
    if (unesc_base64url(a, ticket, &raw))
        return ERR_INTERNAL;
    req_set_bytes(r, "ticket_raw", raw);
    if (!req_query(r, Q_support_ticket) || !req_show(r, "tenant", Q_tenant_one, NULL))
        return req_error(r);
    req_set(r, "enter_url",
            studio_url(r, arena_printf(a, "/support/enter?ticket=%.*s", (int)ticket.n, ticket.p)));
    return reply_view(r, 200, "tenant/enter");
}

/* Bytes of the ticket that came with the page or its form. Errors: ERR_GONE when it is none. */
static enum err take_ticket(struct req *r)
{
    struct str raw;
    if (!token_read(req_arena(r), req_value(r, "ticket"), &raw))
        return ERR_GONE;
    req_set_bytes(r, "ticket_raw", raw);
    return OK;
}

static enum err show_door(struct req *r)
{
    enum err e = take_ticket(r);
    if (e)
        return e;
    struct rows *good = req_show(r, "door", Q_support_look, NULL);
    if (!good)
        return req_error(r);
    if (rows_count(good) == 0)
        return ERR_GONE;
    req_set(r, "ticket", req_value(r, "ticket"));
    return reply_view(r, 200, "support/enter");
}

static const struct field door_fields[] = {
    {"ticket", FIELD_TOKEN, .required = true, .max = 64},
    {0},
};

static enum err come_in(struct req *r)
{
    if (!req_check(r, door_fields))
        return ERR_GONE;
    struct str token = token_new(req_arena(r)), raw;
    enum err e = take_ticket(r);
    if (!e && unesc_base64url(req_arena(r), token, &raw))
        e = ERR_INTERNAL;
    if (e)
        return e;
    req_set_bytes(r, "token_raw", raw);
    struct rows *done = req_query(r, Q_support_enter);
    if (!done)
        return req_error(r);
    bool is_in = rows_text(done, 0, "session_id").n > 0;
    struct str lands = arena_str(req_arena(r), rows_text(done, 0, "lands"));
    /* The row of a failed try must stay although the answer is an error. */
    e = req_commit(r);
    if (e)
        return e;
    if (!is_in)
        return ERR_GONE;
    /* Not by entry_done: there is no account here whose browsers could be known, and nobody to write to. */
    reply_cookie(r, "__Host-sid", token, "/", 0, true);
    return reply_redirect(r, lands);
}

static const struct field approve_fields[] = {
    {"answer", FIELD_CHOICE, .required = true, .choices = "yes"},
    {0},
};

const struct page support_pages[] = {
    {POST, "/tenants/{business:slug}/support", .realm = REALM_OPERATOR, CAN(tenant_read),
     .fields = ask_fields, .run = ask, .again = "/tenants/{business:slug}",
     .show = {{"tenant", Q_tenant_one}, {"asked", Q_support_asked}},
     .title = "Ask a business for support access"},
    {POST, "/tenants/{business:slug}/support/{asked_grant:uuid}/enter", .realm = REALM_OPERATOR,
     CAN(tenant_read), .run = open_door, .view = "tenant/enter", .gives = "enter_url",
     .show = {{"tenant", Q_tenant_one}}, .no_idempotency = true, .step_up = true,
     .fields = nothing_fields, .again = "/tenants/{business:slug}",
     .title = "Open a way in for support"},
    {POST, "/tenants/{business:slug}/support/{asked_grant:uuid}/back", .realm = REALM_OPERATOR,
     CAN(tenant_read), .save = Q_support_give_back, .then = "/tenants/{business}",
     .title = "Give support access back"},

    {GET, "/support/enter", .realm = REALM_STUDIO, .door = DOOR_PUBLIC, .pool = POOL_SLOW,
     .run = show_door, .view = "support/enter", .gives = "ticket",
     .show = {{"door", Q_support_look}}, .title = "Come in for support"},
    {POST, "/support/enter", .realm = REALM_STUDIO, .door = DOOR_PUBLIC, .pool = POOL_SLOW,
     .run = come_in, .no_idempotency = true, .title = "Come in for support"},

    {GET, "/support", .realm = REALM_STUDIO, CAN(settings_write),
     .show = {{"grants", Q_support_list}}, .view = "support/list", .title = "Support access"},
    {GET, "/support/{grant_id:uuid}", .realm = REALM_STUDIO, CAN(settings_write),
     .show = {{"grant", Q_support_one}}, .view = "support/one", .title = "A request for support"},
    {POST, "/support/{grant_id:uuid}/approve", .realm = REALM_STUDIO, CAN(settings_write),
     .fields = approve_fields, .save = Q_support_approve, .then = "/support/{grant_id}",
     .again = "/support/{grant_id:uuid}", .step_up = true, .title = "Approve support access"},
    {POST, "/support/{grant_id:uuid}/refuse", .realm = REALM_STUDIO, CAN(settings_write),
     .save = Q_support_refuse, .then = "/support/{grant_id}", .title = "Refuse support access"},
    {POST, "/support/{grant_id:uuid}/end", .realm = REALM_STUDIO, CAN(settings_write),
     .save = Q_support_end, .then = "/support/{grant_id}", .title = "End support access"},
    {0},
};
