/*
 * correction.c -- the right to have a record corrected (PROMISES B50): asked for by the client from any of her links, or by the staff
 * for her; decided with a reason that she reads. What is changed then is kept with both values by app.client_change. To a refusal she
 * may state that she disagrees, which the business may answer; both go with the record (45 CFR 164.526(d)).
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

static const struct field statement_fields[] = {
    {"correction_id", FIELD_UUID, .required = true, .missing = "Choose what it is about."},
    {"statement", FIELD_LONG, .required = true, .max = 4000,
     .missing = "Write the statement first."},
    {0},
};

/* What she asked for may stand in a record that was joined to hers; what she says is sealed under the key of that one. */
static enum err disagree(struct req *r)
{
    struct str link = req_value(r, "link_id");
    struct rows *about = req_query(r, Q_correction_refused);
    if (!about)
        return req_error(r);
    enum err e = req_set_sealed(r, "statement_sealed", rows_text(about, 0, "client_id"),
                                "app.correction_statement", "statement_sealed",
                                req_value(r, "new_id"), req_value(r, "statement"));
    if (e)
        return e == ERR_GONE ? ERR_NOT_FOUND : e;
    if (!req_query(r, Q_correction_disagree_by_link))
        return req_error(r);
    return reply_redirect(
        r, arena_printf(req_arena(r), "/v/%.*s/correct?stated=1", (int)link.n, link.p));
}

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
#define THEN .then = "/clients/{client_id}/corrections"

const struct page correction_pages[] = {
    {GET, HERS, LINK(NULL), .action = "correction.read",
     .show = {{"hers", Q_correction_hers},
              {"fields", Q_correction_field},
              {"asked_for", Q_correction_list},
              {"statements", Q_correction_statements, .by = "correction_id"}},
     .view = "correction/hers", .title = "Something in her record is wrong"},
    {POST, HERS, LINK(NULL), .action = "correction.ask", .fields = ask_fields,
     .save = Q_correction_ask, .then = "/v/{link_id}/correct?sent=1", .again = HERS,
     .title = "Ask for a correction"},
    {POST, HERS "/disagree", LINK(NULL), .action = "correction.disagree",
     .fields = statement_fields, .run = disagree, .again = HERS,
     .title = "Disagree with a refused correction"},
    {GET, ONE, CAN(client_read), .action = "correction.read",
     .show = {{"client", Q_client_one},
              {"fields", Q_correction_field},
              {"asked_for", Q_correction_list},
              {"statements", Q_correction_statements, .by = "correction_id"}},
     .view = "correction/client", .title = "Client: corrections"},
    {POST, ONE, CAN(client_write), .action = "correction.ask", .fields = ask_fields,
     .save = Q_correction_ask, THEN, .again = ONE,
     .title = "Client: note that a correction is asked for"},
    {POST, ONE "/decide", CAN(client_write), .action = "correction.decide", .fields = decide_fields,
     .save = Q_correction_decide, THEN, .again = ONE, .title = "Client: decide about a correction"},
    {POST, ONE "/decide-chart", CAN(chart_write), .action = "correction.decide",
     .fields = decide_fields, .save = Q_correction_decide, THEN, .again = ONE,
     .title = "Client: decide about a correction of the chart"},
    {POST, ONE "/disagree", CAN(client_write), .action = "correction.disagree",
     .fields = statement_fields, .save = Q_correction_disagree, THEN, .again = ONE,
     .title = "Client: note a statement of disagreement"},
    {POST, ONE "/disagree-chart", CAN(chart_write), .action = "correction.disagree",
     .fields = statement_fields, .save = Q_correction_disagree, THEN, .again = ONE,
     .title = "Client: note a statement of disagreement about the chart"},
    {POST, ONE "/rebut", CAN(client_write), .action = "correction.rebut",
     .fields = statement_fields, .save = Q_correction_rebut, THEN, .again = ONE,
     .title = "Client: answer a statement of disagreement"},
    {POST, ONE "/rebut-chart", CAN(chart_write), .action = "correction.rebut",
     .fields = statement_fields, .save = Q_correction_rebut, THEN, .again = ONE,
     .title = "Client: answer a statement of disagreement about the chart"},
    {GET, "/clients/corrections", CAN(client_read), .action = "correction.read",
     .show = {{"waiting", Q_correction_waiting}}, .view = "correction/waiting",
     .title = "Clients: corrections that wait"},
    {0},
};
