/*
 * pages.c -- signed copies for those who may have them: the file for the staff and for the client, the letter with the link to it, and
 * when that letter goes out; a chart as a file and as a page to be printed.
 * Never: makes a file; the jobs do.
 */
#include "chart.h"
#include "features/features.h"
#include "outbox.h"
#include "proof_jobs.h"

#define SIGNATURE "/clients/{client_id:uuid}/signatures/{signature_id:uuid}"

/* Where it is not there yet: to the page that says so. */
static enum err reply_file(struct req *r, const struct rows *file, const char *what,
                           struct str page)
{
    struct arena *a = req_arena(r);
    if (!file)
        return req_error(r);
    if (rows_count(file) == 0)
        return ERR_NOT_FOUND;
    if (!rows_bool(file, 0, "is_there"))
        return reply_redirect(r, page);
    struct str day = rows_text(file, 0, "day");
    return reply_bytes(r, 200, "application/pdf", rows_text(file, 0, "pdf_sealed"),
                       arena_cstr(a, arena_printf(a, "%s-%.*s.pdf", what, (int)day.n, day.p)));
}

static struct str signature_path(struct req *r, const char *end)
{
    struct str client = req_value(r, "client_id"), signature = req_value(r, "signature_id");
    return arena_printf(req_arena(r), "/clients/%.*s/signatures/%.*s%s", (int)client.n, client.p,
                        (int)signature.n, signature.p, end);
}

static struct str chart_copy_path(struct req *r)
{
    struct str client = req_value(r, "client_id"), id = req_value(r, "chart_copy_id");
    return arena_printf(req_arena(r), "/clients/%.*s/chart/copies/%.*s", (int)client.n, client.p,
                        (int)id.n, id.p);
}

static enum err download(struct req *r)
{
    return reply_file(r, req_query(r, Q_proof_file), "signed-form", signature_path(r, ""));
}

static enum err download_mine(struct req *r)
{
    struct str link = req_value(r, "link_id"), form = req_value(r, "assignment_id");
    struct rows *file = req_query(r, Q_proof_my_file);
    if (file && rows_count(file) == 1 && rows_bool(file, 0, "is_there")) {
        req_set(r, "event", S("copy_read"));
        if (!req_query(r, Q_proof_event))
            return req_error(r);
    }
    return reply_file(r, file, "signed-form",
                      arena_printf(req_arena(r), "/v/%.*s/forms/%.*s/copy", (int)link.n, link.p,
                                   (int)form.n, form.p));
}

/* ---- sending the link ---- */

static const struct field no_fields[] = {{0}};

static enum err send_link(struct req *r)
{
    struct rows *to = req_query(r, Q_proof_to);
    if (!to)
        return req_error(r);
    if (rows_count(to) == 0)
        return ERR_NOT_FOUND;
    if (rows_text(to, 0, "email").n == 0 || !rows_bool(to, 0, "can_prove")) {
        req_refuse(r, "",
                   rows_text(to, 0, "email").n == 0
                       ? "There is no e-mail address to send a link to. Add one first."
                       : "Add the date of birth first: the link asks for it.");
        return ERR_INVALID;
    }
    bool goes = false;
    enum err e = proof_send(r);
    if (!e)
        e = outbox_goes(r, &goes);
    return e ? e : reply_redirect(r, signature_path(r, goes ? "?sent=1" : "?refused=1"));
}

/* ---- settings ---- */

static const struct field settings_fields[] = {
    {"copy_sending", FIELD_CHOICE, .required = true, .choices = "asked|signed",
     .missing = "Choose one of the two."},
    {0},
};

/* ---- a chart ---- */

#define CHART "/clients/{client_id:uuid}/chart"
#define CHART_COPY CHART "/copies/{chart_copy_id:uuid}"

static enum err chart_copy(struct req *r)
{
    req_set(r, "whole", S("t"));
    struct str lines, sealed, id = req_value(r, "new_id"), client = req_value(r, "client_id");
    enum err e = chart_gather(r, &lines);
    if (!e)
        e = req_seal(r, client, "app.chart_copy", "content_sealed", id, lines, &sealed);
    if (e)
        return e;
    req_set(r, "chart_copy_id", id);
    req_set_bytes(r, "content_bytes", sealed);
    if (!req_query(r, Q_proof_chart_add) || !req_query(r, Q_proof_chart_job))
        return req_error(r);
    return reply_redirect(r, chart_copy_path(r));
}

static enum err chart_download(struct req *r)
{
    return reply_file(r, req_query(r, Q_proof_chart_file), "chart", chart_copy_path(r));
}

const struct page proof_pages[] = {
    {GET, SIGNATURE "/signed-form.pdf", .pool = POOL_SLOW, CAN(chart_read),
     .action = "consent.copy", .run = download, .title = "Chart: a signed form as a PDF"},
    {POST, SIGNATURE "/send", CAN(message_write), .action = "form.copy.send", .fields = no_fields,
     .run = send_link, .again = SIGNATURE, .title = "Chart: send a link to the signed copy"},
    {GET, "/v/{link_id:uuid}/forms/{assignment_id:uuid}/signed-form.pdf", LINK("form"),
     .action = "form.copy", .run = download_mine, .title = "Form: the client's copy as a PDF"},
    {GET, CHART "/print", CAN(chart_read), .action = "chart.export",
     .show = {{"client", Q_client_one},
              {"about", Q_person_about},
              {"contacts", Q_person_contact},
              {"guardians", Q_person_guardian},
              {"own_fields", Q_client_field_value},
              {"consents", Q_form_consents},
              {"allergies", Q_client_allergy},
              {"medications", Q_health_medications},
              {"conditions", Q_health_conditions},
              {"encounters", Q_encounter_of_client},
              {"products", Q_encounter_products, .by = "encounter_id"},
              {"devices", Q_encounter_devices, .by = "encounter_id"},
              {"advices", Q_encounter_advices, .by = "encounter_id"},
              {"treatment_addenda", Q_encounter_addenda, .by = "encounter_id"},
              {"before", Q_health_before},
              {"totals", Q_encounter_totals, .by = "encounter_id"},
              {"maps", Q_body_map_of_client, .by = "encounter_id"},
              {"points", Q_body_map_points_of_client, .by = "map_key"},
              {"disputed", Q_correction_disputed},
              {"has_disputed", Q_correction_any},
              {"statements", Q_correction_statements, .by = "correction_id"},
              {"plans", Q_plan_of_client},
              {"steps", Q_plan_steps, .by = "plan_id"},
              {"visits", Q_client_visit},
              {"forms", Q_client_form},
              {"files", Q_form_file_of_client, .by = "signature_id"},
              {"notes", Q_chart_note},
              {"addenda", Q_chart_addendum, .by = "note_id"}},
     .with = "whole", /* however long: what is taken along cut short would be no chart */
     .view = "proof/chart", .title = "Chart: as a page to be printed"},
    {POST, CHART "/copies", CAN(chart_read), .action = "chart.export", .fields = no_fields,
     .run = chart_copy, .again = CHART "/print", .title = "Chart: have a PDF made"},
    {GET, CHART_COPY, CAN(chart_read), .action = "chart.read",
     .show = {{"copy", Q_proof_chart_one}}, .view = "proof/chart_copy",
     .title = "Chart: a PDF that was asked for"},
    {GET, CHART_COPY "/chart.pdf", .pool = POOL_SLOW, CAN(chart_read), .action = "chart.export",
     .run = chart_download, .title = "Chart: download the PDF"},
    {GET, "/verify", ANYBODY, .show = {{"answer", Q_proof_verify}}, .view = "proof/verify",
     .title = "Whether a document was signed here"},
    {GET, "/settings/copies", CAN(settings_write), .show = {{"value", Q_proof_settings}},
     .view = "proof/settings", .title = "Copies of signed forms"},
    {POST, "/settings/copies", CAN(settings_write), .action = "copies.change",
     .fields = settings_fields, .save = Q_proof_settings_change, .then = "/settings/copies?saved=1",
     .again = "/settings/copies", .title = "Change when copies are sent"},
    {0},
};
