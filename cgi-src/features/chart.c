/*
 * chart.c -- a client's chart: treatment history, signed consents, providers' notes.
 * Owns: what is written into it. Never: changes what is signed; the tables refuse.
 */
#include "chart_mark.h"

#include "features.h"

/* id: the draft that is written again, or the new note's; version: of the draft as this window was shown it; editor: the window. */
static const struct field note_fields[] = {
    {"id", FIELD_UUID},
    {"version", FIELD_INT, .max = 1000000},
    {"editor", FIELD_UUID},
    {"appointment_id", FIELD_UUID},
    {"body", FIELD_LONG, .required = true, .missing = "Write the note first."},
    {0},
};

static const struct field addendum_fields[] = {
    {"addendum", FIELD_LONG, .required = true, .missing = "Write what is to be added first."},
    {0},
};

enum err chart_mark(struct req *r, const char *what, const char *table, const char *row,
                    enum query q)
{
    const char *column = arena_cstr(req_arena(r), arena_printf(req_arena(r), "%s_sealed", what));
    enum err e = req_set_sealed(r, column, req_value(r, "client_id"), table, column,
                                req_value(r, row), req_value(r, what));
    if (e)
        return e == ERR_GONE ? ERR_NOT_FOUND : e;
    return req_query(r, q) ? OK : req_error(r);
}

/* What is added has a name of its own, so that after a refusal it comes back beside its note and not in a new one. */
static enum err add_to(struct req *r)
{
    struct str client = req_value(r, "client_id");
    enum err e = req_set_sealed(r, "body_sealed", client, "app.chart_note", "body_sealed",
                                req_value(r, "new_id"), req_value(r, "addendum"));
    if (e)
        return e == ERR_GONE ? ERR_NOT_FOUND : e;
    if (!req_query(r, Q_chart_addendum_sign))
        return req_error(r);
    return reply_redirect(
        r, arena_printf(req_arena(r), "/clients/%.*s/chart", (int)client.n, client.p));
}

#define CHART "/clients/{client_id:uuid}/chart"
#define THEN .then = "/clients/{client_id}/chart", .again = CHART

const struct page chart_pages[] = {
    {GET, CHART, CAN(chart_read), .action = "chart.read",
     .show = {{"client", Q_client_one},
              {"about", Q_person_about},
              {"allergies", Q_client_allergy},
              {"medications", Q_health_medications},
              {"conditions", Q_health_conditions},
              {"visits", Q_client_visit},
              {"forms", Q_client_form},
              {"more", Q_client_pages},
              {"more_chart", Q_chart_pages},
              {"encounters", Q_encounter_of_client},
              {"totals", Q_encounter_totals, .by = "encounter_id"},
              {"points", Q_body_map_points_of_client, .by = "encounter_id"},
              {"products", Q_encounter_products, .by = "encounter_id"},
              {"devices", Q_encounter_devices, .by = "encounter_id"},
              {"advices", Q_encounter_advices, .by = "encounter_id"},
              {"faults", Q_encounter_errors, .by = "encounter_id"},
              {"treatment_addenda", Q_encounter_addenda, .by = "encounter_id"},
              {"voided", Q_encounter_voided},
              {"before", Q_health_before},
              {"disputed", Q_correction_disputed},
              {"has_disputed", Q_correction_any},
              {"statements", Q_correction_statements, .by = "correction_id"},
              {"plans", Q_plan_next},
              {"desk", Q_chart_desk},
              {"templates", Q_chart_template},
              {"signers", Q_form_signers},
              {"consents", Q_form_consents},
              {"declines", Q_form_declines},
              {"dropped", Q_form_dropped},
              {"notes", Q_chart_note},
              {"note_visits", Q_chart_visit},
              {"draft_visits", Q_chart_draft_visit, .by = "note_id"},
              {"addenda", Q_chart_addendum, .by = "note_id"}},
     .view = "chart/show", .title = "Chart"},
    {POST, "/clients/{client_id:uuid}/notes", CAN(chart_write), .action = "note.create",
     .fields = note_fields, .save = Q_chart_note_keep, THEN, .title = "Chart: keep a draft note"},
    {POST, "/clients/{client_id:uuid}/notes/sign", CAN(chart_write), .action = "note.sign",
     .fields = note_fields, .save = Q_chart_note_sign, THEN, .title = "Chart: sign a note"},
    {POST, "/clients/{client_id:uuid}/notes/{note_id:uuid}/addendum", CAN(chart_write),
     .action = "note.sign", .fields = addendum_fields, .run = add_to, .again = CHART,
     .title = "Chart: add to a signed note"},
    {POST, "/clients/{client_id:uuid}/notes/{note_id:uuid}/discard", CAN(chart_write),
     .action = "note.discard", .save = Q_chart_note_discard,
     .then = "/clients/{client_id}/chart#notes", .title = "Chart: discard a draft note"},
    {GET, "/notes", CAN(chart_write), .action = "note.list",
     .show = {{"notes", Q_chart_unsigned}, {"treatments", Q_encounter_unsigned}},
     .view = "chart/unsigned", .title = "Notes and treatments that are not signed yet"},
    {0},
};
