/*
 * audit.c -- the trail, to be read by period, person, client and action, what was refused, and one row
 * with the proof that it was sealed.
 * Owns: nothing. Reading the trail leaves its own row in it (SECURITY.md A-13).
 */
#include <inttypes.h>

#include "audit_proof.h"
#include "features.h"

enum { FIRST_CLIENTS = 3 };

/* ---- lists ---- */

/* "{a,b}" of uuids, which need no quotes. */
static void add_item(struct buf *list, struct str item)
{
    buf_addc(list, list->n == 0 ? '{' : ',');
    buf_add(list, item);
}

static struct str end_list(struct buf *list)
{
    if (list->n == 0)
        buf_addc(list, '{');
    buf_addc(list, '}');
    return buf_str(list);
}

/* The first clients of each row, asked for by id: the trail itself is asked only once. */
static enum err show_clients(struct req *r, const struct rows *events)
{
    struct arena *a = req_arena(r);
    struct buf rows = buf_in(a, 4096), clients = buf_in(a, 4096);
    for (size_t i = 0; i < rows_count(events); i++) {
        const struct str *ids;
        size_t n = rows_array(events, a, i, "first_clients", &ids);
        for (size_t k = 0; k < n; k++) {
            add_item(&rows, rows_text(events, i, "event_id"));
            add_item(&clients, ids[k]);
        }
    }
    req_set(r, "event_list", end_list(&rows));
    req_set(r, "client_list", end_list(&clients));
    return req_show(r, "clients", Q_audit_clients, "event_id") ? OK : req_error(r);
}

/* What an address must keep besides its page: "&name=value" for each filter that is set. */
static struct str kept(struct req *r, const char *const *names)
{
    struct buf b = buf_in(req_arena(r), 128);
    for (; *names; names++) {
        struct str value = req_value(r, *names);
        if (value.n == 0)
            continue;
        buf_printf(&b, "&%s=", *names);
        esc_url(&b, value);
    }
    return buf_str(&b);
}

/* The page's other queries in their order, then the period's rows. */
static enum err show_list(struct req *r)
{
    static const char *const filters[] = {"from", "to", "day", "staff_id", "act", "refused", NULL};
    static const char *const copied[] = {"from",      "to",  "day",     "staff_id",
                                         "client_id", "act", "refused", NULL};
    const struct page *page = req_page(r);
    bool is_refusals = strcmp(page->path, "/audit/refusals") == 0;
    bool is_all = is_refusals || strcmp(page->path, "/audit") != 0;
    /* What the path says already need not be said by the query string once more. */
    bool names_staff = strstr(page->path, "{staff_id") != NULL;
    const char *const narrow[] = {names_staff ? "act" : "staff_id", "act", "refused", NULL};

    req_set(r, "is_all", is_all ? S("true") : S("false"));
    if (is_refusals)
        req_set(r, "refused", S("1"));
    for (const struct show *s = page->show; s->name; s++) {
        if (s->query == Q_audit_events || s->query == Q_audit_clients)
            continue;
        struct rows *rows = req_show(r, s->name, s->query, NULL);
        if (!rows)
            return req_error(r);
        if (s->query == Q_audit_period) {
            req_set(r, "from_day", rows_text(rows, 0, "from_day"));
            req_set(r, "to_day", rows_text(rows, 0, "to_day"));
        }
    }
    struct rows *events = req_show(r, "events", Q_audit_events, NULL);
    if (!events)
        return req_error(r);
    req_set(r, "keep", kept(r, filters));
    req_set(r, "take", kept(r, copied));
    req_set(r, "narrow", kept(r, narrow + (names_staff ? 1 : 0)));
    enum err e = show_clients(r, events);
    return e ? e : reply_view(r, 200, page->view);
}

/* ---- one row ---- */

static const char *proof_words(enum proof_end end)
{
    switch (end) {
    case PROOF_WAITS:
        return "This row waits to be sealed, which takes a few seconds.";
    case PROOF_LONG:
        return "This trail is long, so its proofs are made by the command: foyer audit proof, and "
               "the number of the row.";
    case PROOF_BROKEN:
        return "This row does not match what was sealed. Tell whoever runs Foyer at once: foyer "
               "audit verify names what was changed.";
    default:
        return "";
    }
}

static enum err show_event(struct req *r)
{
    struct proof proof;
    if (!req_show(r, "event", Q_audit_event, NULL) ||
        !req_show(r, "clients", Q_audit_event_clients, NULL))
        return req_error(r);
    enum err e = proof_of_event(r, &proof);
    if (e)
        return e;
    if (proof.end != PROOF_GOOD) {
        req_set(r, "proof_problem", str_of(proof_words(proof.end)));
        return reply_view(r, 200, "audit/event");
    }
    req_set(r, "is_proven", S("true"));
    req_set(r, "proof_text", proof.text);
    req_set(r, "proof_size", proof.size);
    req_set(r, "proof_time", proof.time);
    req_set(r, "proof_key", proof.key_id);
    return reply_view(r, 200, "audit/event");
}

#define EVENTS                                                                                     \
    {"events", Q_audit_events}, { "clients", Q_audit_clients, .by = "event_id" }
#define FILTER                                                                                     \
    {"period", Q_audit_period}, { "actions", Q_audit_action_choice }
#define LIST .run = show_list, .gives = "keep narrow take", .action = "audit.read"

const struct page audit_pages[] = {
    {GET, "/audit", .realm = REALM_STAFFED, CAN(audit_read), LIST,
     .show = {FILTER, {"people", Q_audit_people_choice}, {"kept", Q_audit_kept}, EVENTS},
     .view = "audit/period", .title = "Audit trail of a period"},
    {GET, "/audit/people", .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.read",
     .show = {{"people", Q_audit_people}}, .view = "audit/people", .title = "Audit trail: people"},
    {GET, "/audit/people/{staff_id:uuid}", .realm = REALM_STAFFED, CAN(audit_read), LIST,
     .show = {{"person", Q_audit_staff_head}, FILTER, EVENTS}, .view = "audit/person",
     .title = "Audit trail of a person"},
    {GET, "/audit/clients/{client_id:uuid}", CAN(audit_read), LIST,
     .show = {{"client", Q_audit_client_head}, FILTER, {"people", Q_audit_people_choice}, EVENTS},
     .view = "audit/client", .title = "Audit trail of a client"},
    {GET, "/audit/refusals", .realm = REALM_STAFFED, CAN(audit_read), LIST,
     .show = {FILTER, {"people", Q_audit_people_choice}, EVENTS}, .view = "audit/refusals",
     .title = "Audit trail: what was refused"},
    {GET, "/audit/events/{event_id:uuid}", .realm = REALM_STAFFED, CAN(audit_read),
     .action = "audit.event", .run = show_event,
     .show = {{"event", Q_audit_event}, {"clients", Q_audit_event_clients}}, .view = "audit/event",
     .gives = "is_proven proof_text proof_size proof_time proof_key proof_problem",
     .title = "One row of the audit trail"},
    {0},
};
