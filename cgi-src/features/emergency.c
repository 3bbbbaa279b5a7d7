/*
 * emergency.c -- opening a chart that one's role does not open: with a reason, after proving who one
 * is, for half an hour, to read only (SECURITY.md R-03); and looking at each such case afterwards.
 * Owns: the letter to the privacy officer, which names no client. What may be opened, counting and the
 * trail are the database's (sql/lib/100_reach.sql, 102_emergency.sql).
 */
#include "features.h"
#include "outbox.h"

static enum err tell_officers(struct req *r, struct str emergency_id)
{
    struct rows *officers = req_query(r, Q_emergency_officer_mail);
    if (!officers)
        return req_error(r);
    for (size_t i = 0; i < rows_count(officers); i++) {
        struct str to = rows_text(officers, i, "staff_id");
        struct staff_letter letter = {
            .kind = "account_emergency",
            .staff_id = to,
            .to = rows_text(officers, i, "email"),
            .link = req_url(r, S("/emergency/reviews")),
            .dedupe_key = arena_printf(req_arena(r), "emergency:%.*s:%.*s", (int)emergency_id.n,
                                       emergency_id.p, (int)to.n, to.p)};
        enum err e = outbox_staff(r, &letter);
        if (e)
            return e;
    }
    return OK;
}

static enum err open_chart(struct req *r)
{
    if (!req_has(r, "client_id") && (!req_has(r, "name") || !req_has(r, "birth_date"))) {
        req_refuse(r, req_has(r, "name") ? "birth_date" : "name",
                   "Give name and date of birth, both as in the chart.");
        return ERR_INVALID;
    }
    struct rows *opened = req_query(r, Q_emergency_open);
    if (!opened)
        return req_error(r);
    if (!rows_bool(opened, 0, "is_found")) {
        /* That it was tried, and counted, must last although the answer is an error. */
        enum err e = req_commit(r);
        if (e)
            return e;
        req_refuse(r, "name", "Nobody has exactly this name and date of birth. This was noted.");
        return ERR_INVALID;
    }
    if (rows_bool(opened, 0, "is_new")) {
        enum err e = tell_officers(r, rows_text(opened, 0, "emergency_id"));
        if (e)
            return e;
    }
    struct str client = rows_text(opened, 0, "client_id");
    return reply_redirect(
        r, arena_printf(req_arena(r), "/clients/%.*s/chart", (int)client.n, client.p));
}

static const struct field open_fields[] = {
    {"client_id", FIELD_UUID},
    {"name", FIELD_TEXT, .max = 120},
    {"birth_date", FIELD_DATE},
    {"reason", FIELD_LONG, .required = true, .max = 500, .missing = "Say why."},
    {0},
};

static const struct field review_fields[] = {
    {"verdict", FIELD_CHOICE, .required = true, .choices = "justified|not_justified",
     .missing = "Was it justified?"},
    {"review_note", FIELD_LONG, .max = 1000},
    {0},
};

static const struct field officer_fields[] = {
    {"officer", FIELD_UUID},
    {0},
};

/* A form without fields of its own: only for messages above it. */
static const struct field no_fields[] = {{0}};

#define QUEUE "/emergency/reviews"

const struct page emergency_pages[] = {
    {GET, "/emergency", CAN(chart_emergency), .action = "emergency.ask",
     .show = {{"client", Q_emergency_client}}, .view = "emergency/open",
     .title = "Open a chart in an emergency"},
    {POST, "/emergency", CAN(chart_emergency), .step_up = true, .action = "emergency.ask",
     .fields = open_fields, .run = open_chart, .again = "/emergency",
     .title = "Open a chart in an emergency"},
    {POST, "/emergency/{emergency_id:uuid}/end", CAN(chart_emergency), .fields = no_fields,
     .save = Q_emergency_end, .then = "/emergency?ended=1", .again = "/emergency",
     .title = "End an emergency"},
    {GET, QUEUE, CAN(audit_read), .action = "emergency.list",
     .show = {{"cases", Q_emergency_queue},
              {"officers", Q_emergency_officer},
              {"chooser", Q_emergency_chooser}},
     .view = "emergency/reviews", .title = "Emergencies to look at"},
    {POST, QUEUE "/{emergency_id:uuid}", CAN(audit_read), .fields = review_fields,
     .save = Q_emergency_review, .then = QUEUE "?signed=1", .again = QUEUE,
     .title = "Sign an emergency off"},
    {POST, "/emergency/officer", CAN(staff_write), .step_up = true, .fields = officer_fields,
     .save = Q_emergency_officer_set, .then = QUEUE "?officer=1", .again = QUEUE,
     .title = "Choose the privacy officer"},
    {0},
};
