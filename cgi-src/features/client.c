/*
 * client.c -- clients: finding one, adding one, and the page that the front desk works from.
 * Owns: nothing of a client but her first data key, which is made with her.
 * Never: shows notes or answers; those are the chart's (chart.c), behind another permission.
 */
#include "features.h"
#include "outbox.h"
#include "unseen.h"

static const struct field contact_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give a name."},
    {"preferred_name", FIELD_TEXT, .max = 120},
    {"email", FIELD_EMAIL},
    {"phone", FIELD_PHONE},
    {"birth_date", FIELD_DATE},
    {"due_date", FIELD_DATE},
    WAS("name"),
    WAS("preferred_name"),
    WAS("email"),
    WAS("phone"),
    WAS("birth_date"),
    WAS("due_date"),
    {"is_new", FIELD_BOOL},
    {0},
};

static enum err add(struct req *r)
{
    struct str wrapped, id = req_value(r, "new_id");
    if (!str_is(req_value(r, "is_new"), "true")) {
        struct rows *alike = req_query(r, Q_client_alike);
        if (!alike)
            return req_error(r);
        if (rows_count(alike) > 0) {
            req_refuse(r, "is_new",
                       "Look whether this person is one of these. If not, tick this and add a new "
                       "client.");
            return ERR_INVALID;
        }
    }
    enum err e = req_client_key_new(r, id, &wrapped);
    if (e)
        return e;
    req_set(r, "new_client", id);
    req_set_bytes(r, "wrapped_key", wrapped);
    if (!req_query(r, Q_client_create))
        return req_error(r);
    return reply_redirect(r, arena_printf(req_arena(r), "/clients/%.*s", (int)id.n, id.p));
}

static enum err change(struct req *r)
{
    enum err e = unseen_refuse(r, Q_client_unseen);
    if (e)
        return e;
    if (!req_query(r, Q_client_update))
        return req_error(r);
    struct str id = req_value(r, "client_id");
    return reply_redirect(r, arena_printf(req_arena(r), "/clients/%.*s", (int)id.n, id.p));
}

/* A form without fields of its own: only for messages above it. */
static const struct field no_fields[] = {{0}};

#define ONE "/clients/{client_id:uuid}"
#define UNSIGNED "/clients/unsigned"

static enum err send_form_link(struct req *r)
{
    struct rows *found = req_show(r, "to", Q_client_form_link, NULL);
    if (!found)
        return req_error(r);
    struct str client_id = rows_text(found, 0, "client_id"), email = rows_text(found, 0, "email");
    if (email.n == 0 || !rows_bool(found, 0, "can_prove")) {
        req_refuse(r, "",
                   email.n == 0 ? "There is no e-mail address to send a link to. Add one first."
                                : "Add the date of birth first: the link asks for it.");
        return ERR_INVALID;
    }
    struct new_link link;
    req_set(r, "made_guardian", rows_text(found, 0, "guardian_id"));
    enum err e = outbox_link(r, "form", client_id, rows_text(found, 0, "appointment_id"), &link);
    if (e)
        return e;
    struct letter letter = {
        .kind = "form_link",
        .client_id = client_id,
        .to = email,
        .link = link.url,
        .ics = S(""),
        .dedupe_key = arena_printf(req_arena(r), "form_link:%.*s", (int)link.id.n, link.id.p)};
    bool goes = false;
    e = outbox_send(r, &letter);
    if (!e)
        e = outbox_goes(r, &goes);
    if (e)
        return e;
    const char *done = goes ? "sent" : "refused";
    if (str_eq(str_of(req_page(r)->again), S(UNSIGNED)))
        return reply_redirect(r, arena_printf(req_arena(r), UNSIGNED "?%s=form_link", done));
    return reply_redirect(r, arena_printf(req_arena(r), "/clients/%.*s?%s=form_link",
                                          (int)client_id.n, client_id.p, done));
}

const struct page client_pages[] = {
    {GET, "/clients", CAN(client_read), .action = "client.search",
     .show = {{"hits", Q_client_search},
              {"tags", Q_tag_filter},
              {"unsigned", Q_chart_unsigned_count}},
     .view = "client/search", .title = "Clients"},
    {GET, "/clients/new", CAN(client_write), .action = "client.search",
     .show = {{"alike", Q_client_alike}}, .view = "client/new", .title = "New client"},
    {POST, "/clients/new", CAN(client_write), .action = "client.create", .fields = contact_fields,
     .run = add, .again = "/clients/new", .title = "Add a client"},
    {GET, ONE, CAN(client_read), .action = "client.read",
     .show = {{"client", Q_client_one},
              {"own_fields", Q_client_field_value},
              {"allergies", Q_client_allergy},
              {"medications", Q_health_medications},
              {"conditions", Q_health_conditions},
              {"visits", Q_client_visit},
              {"forms", Q_client_form},
              {"more", Q_client_pages},
              {"signers", Q_form_signers},
              {"consents", Q_form_consents},
              {"declines", Q_form_declines},
              {"dropped", Q_form_dropped},
              {"disputed", Q_correction_disputed},
              {"has_disputed", Q_correction_any},
              {"statements", Q_correction_statements, .by = "correction_id"},
              {"running", Q_series_of_client},
              {"waits", Q_waitlist_of_client},
              {"tags", Q_person_tag}},
     .view = "client/show", .title = "Client"},
    {GET, ONE "/edit", CAN(client_write), .action = "client.read",
     .show = {{"client", Q_client_contact}, {"value", Q_client_contact}}, .view = "client/edit",
     .title = "Client: change contact details"},
    {POST, ONE "/edit", CAN(client_write), .action = "client.update", .fields = contact_fields,
     .run = change, .again = ONE "/edit", .title = "Client: save contact details"},
    {POST, ONE "/watch", CAN(chart_write), .action = "client.watch", .save = Q_client_watch,
     .then = "/clients/{client_id}", .title = "Client: put under watch"},
    {POST, ONE "/unwatch", CAN(chart_write), .action = "client.unwatch", .save = Q_client_unwatch,
     .then = "/clients/{client_id}", .title = "Client: end the watch"},
    {POST, ONE "/form-link", CAN(message_write), .action = "form.send", .fields = no_fields,
     .run = send_form_link, .again = ONE, .title = "Client: send a fresh form link"},
    {GET, UNSIGNED, CAN(client_read), .action = "form.unsigned",
     .show = {{"unsigned", Q_form_unsigned}}, .view = "form/unsigned",
     .title = "Clients: forms that are not signed yet"},
    {POST, UNSIGNED "/{client_id:uuid}/send", CAN(message_write), .action = "form.send",
     .fields = no_fields, .run = send_form_link, .again = UNSIGNED,
     .title = "Clients: send a link to forms that are not signed yet"},
    {0},
};
