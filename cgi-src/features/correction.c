/*
 * correction.c -- the right to have a record corrected (PROMISES B50): asked for by the client from any of her links, or by the staff
 * for her; decided with a reason that she reads. What is changed then is kept with both values by app.client_change.
 * Owns: nothing. Never: changes the record itself; whoever decides does that on the page where it stands.
 */
#include "features.h"
#include "outbox.h"

#define FIELDS "name|preferred_name|pronouns|birth_date|phone|email|address|due_date|chart|other"

static const struct field ask_fields[] = {
    {"field", FIELD_CHOICE, .required = true, .choices = FIELDS, .missing = "Say what is wrong."},
    {"words", FIELD_LONG, .required = true, .max = 2000, .missing = "Say how it should be."},
    {0},
};
static const struct field decide_fields[] = {
    {"id", FIELD_UUID, .required = true, .missing = "Choose what it is about."},
    {"decision", FIELD_CHOICE, .required = true, .choices = "corrected|refused",
     .missing = "Say whether it was corrected."},
    {"reason", FIELD_LONG, .required = true, .max = 2000,
     .missing = "Say why: the client reads it."},
    {0},
};

enum job_end correction_told_job(struct req *r, const struct job *job, struct str *why)
{
    struct arena *a = req_arena(r);
    req_set(r, "correction_id", job->subject_id);
    struct rows *to = req_show(r, "to", Q_correction_told, NULL);
    if (!to)
        return JOB_LATER;
    if (rows_count(to) == 0)
        return JOB_DONE; /* she cannot be reached by a link: the staff tells her */
    struct letter letter = {.kind = "correction",
                            .client_id = rows_text(to, 0, "client_id"),
                            .to = rows_text(to, 0, "email"),
                            .ics = S(""),
                            .dedupe_key = arena_printf(a, "correction:%.*s", (int)job->subject_id.n,
                                                       job->subject_id.p)};
    req_set(r, "made_guardian", rows_text(to, 0, "guardian_id"));
    if (outbox_invite(r, "form", S(""), letter)) {
        *why = S("a client could not be told how a correction was decided");
        return JOB_LATER;
    }
    return JOB_DONE;
}

#define ONE "/clients/{client_id:uuid}/corrections"
#define HERS "/v/{link_id:uuid}/correct"

const struct page correction_pages[] = {
    {GET, HERS, LINK(NULL), .action = "correction.read",
     .show = {{"hers", Q_correction_hers},
              {"fields", Q_correction_field},
              {"asked_for", Q_correction_list}},
     .view = "correction/hers", .title = "Something in her record is wrong"},
    {POST, HERS, LINK(NULL), .action = "correction.ask", .fields = ask_fields,
     .save = Q_correction_ask, .then = "/v/{link_id}/correct?sent=1", .again = HERS,
     .title = "Ask for a correction"},
    {GET, ONE, CAN(client_read), .action = "correction.read",
     .show = {{"client", Q_client_one},
              {"fields", Q_correction_field},
              {"asked_for", Q_correction_list}},
     .view = "correction/client", .title = "Client: corrections"},
    {POST, ONE, CAN(client_write), .action = "correction.ask", .fields = ask_fields,
     .save = Q_correction_ask, .then = "/clients/{client_id}/corrections", .again = ONE,
     .title = "Client: note that a correction is asked for"},
    {POST, ONE "/decide", CAN(client_write), .action = "correction.decide", .fields = decide_fields,
     .save = Q_correction_decide, .then = "/clients/{client_id}/corrections", .again = ONE,
     .title = "Client: decide about a correction"},
    {POST, ONE "/decide-chart", CAN(chart_write), .action = "correction.decide",
     .fields = decide_fields, .save = Q_correction_decide,
     .then = "/clients/{client_id}/corrections", .again = ONE,
     .title = "Client: decide about a correction of the chart"},
    {GET, "/clients/corrections", CAN(client_read), .action = "correction.read",
     .show = {{"waiting", Q_correction_waiting}}, .view = "correction/waiting",
     .title = "Clients: corrections that wait"},
    {0},
};
