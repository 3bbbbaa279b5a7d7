/*
 * chart_job.c -- sets a chart that was gathered as a PDF.
 * Never: reads the record; what was gathered with the rights of who asked is all that it knows.
 */
#include <json-c/json.h>

#include "chart.h"
#include "log.h"
#include "pdf.h"
#include "proof_jobs.h"

static struct str part(struct json_object *line, size_t i)
{
    struct json_object *v = json_object_array_get_idx(line, i);
    if (!json_object_is_type(v, json_type_string))
        return S("");
    return (struct str){json_object_get_string(v), (size_t)json_object_get_string_len(v)};
}

static struct str find(struct json_object *lines, const char *kind, size_t which)
{
    for (size_t i = 0; i < json_object_array_length(lines); i++)
        if (str_is(part(json_object_array_get_idx(lines, i), 0), kind))
            return part(json_object_array_get_idx(lines, i), which);
    return S("");
}

/* The drawing is the page's own, so that paper and page show the same face. */
static enum err add_map(struct req *r, struct pdf *pdf, struct str words, struct str points)
{
    static const char *const drawings[] = {"face_front", "face_left", "face_right", "body_front",
                                           "body_back"};
    struct arena *a = req_arena(r);
    struct str drawing = str_cut(&words, ' ');
    const struct pdf_stroke *outlines;
    size_t n, n_marks = 0, which = 0;
    while (which < COUNT_OF(drawings) && !str_is(drawing, drawings[which]))
        which++;
    if (which == COUNT_OF(drawings))
        return ERR_INVALID;
    const char *view = arena_cstr(a, arena_printf(a, "body_map/_%s", drawings[which]));
    if (pdf_outlines(a, req_render(r, view), 1000, &outlines, &n))
        return ERR_INTERNAL;
    struct pdf_mark *marks = arena_alloc(a, (points.n + 1) * sizeof *marks);
    while (points.n > 0) {
        struct str one = str_cut(&points, ';');
        int64_t x, y;
        if (str_int(str_cut(&one, ' '), &x) || str_int(str_cut(&one, ' '), &y))
            return ERR_INVALID;
        marks[n_marks++] = (struct pdf_mark){(double)x, (double)y, one};
    }
    pdf_map(pdf, outlines, n, marks, n_marks, 1000, 1000, words);
    return OK;
}

static void add_line(struct pdf *pdf, struct json_object *line)
{
    struct str kind = part(line, 0), text = part(line, 1);
    if (str_is(kind, CHART_HEADING))
        pdf_heading(pdf, 2, text);
    else if (str_is(kind, CHART_ENTRY))
        pdf_heading(pdf, 3, text);
    else if (str_is(kind, CHART_FACT))
        pdf_fact(pdf, text, part(line, 2));
    else if (str_is(kind, CHART_TEXT))
        pdf_paragraph(pdf, text);
    else if (str_is(kind, CHART_SMALL))
        pdf_small(pdf, text);
}

static enum err set_chart(struct req *r, struct json_object *lines, struct str *out, int *n_pages)
{
    struct arena *a = req_arena(r);
    int64_t made = 0;
    if (!json_object_is_type(lines, json_type_array) ||
        str_int(find(lines, CHART_MADE, 1), &made) != OK)
        return ERR_INVALID;
    struct str name = find(lines, CHART_TITLE, 1), studio = find(lines, CHART_TITLE, 2), plain;
    struct pdf_options o = {.title = arena_printf(a, "Chart of %.*s", (int)name.n, name.p),
                            .author = studio,
                            .subject = S("A client's chart"),
                            .language = S("en"),
                            .left = studio,
                            .right = name,
                            .foot = find(lines, CHART_FOOT, 1),
                            .paper = pdf_paper_of(find(lines, CHART_MADE, 2)),
                            .made_at = made};
    struct pdf *pdf = pdf_new(a, &o);
    pdf_heading(pdf, 1, o.title);
    enum err e = OK;
    for (size_t i = 0; !e && i < json_object_array_length(lines); i++) {
        struct json_object *line = json_object_array_get_idx(lines, i);
        if (str_is(part(line, 0), CHART_MAP))
            e = add_map(r, pdf, part(line, 1), part(line, 2));
        else
            add_line(pdf, line);
    }
    if (e)
        return e;
    e = pdf_end(pdf, &plain, n_pages);
    struct pdf_seal words = {.language = o.language, .at = made};
    return e ? e : pdf_seal_document(a, plain, NULL, 0, NULL, &words, out);
}

static bool keep(struct req *r, struct str client_id, struct str id, struct str pdf, int n_pages)
{
    struct str sealed;
    if (req_seal(r, client_id, "app.chart_copy", "pdf_sealed", id, pdf, &sealed))
        return false;
    req_set_bytes(r, "pdf_bytes", sealed);
    req_set(r, "n_pages", arena_printf(req_arena(r), "%d", n_pages));
    return req_query(r, Q_proof_chart_done) != NULL;
}

enum job_end proof_chart_job(struct req *r, const struct job *job, struct str *why)
{
    struct arena *a = req_arena(r);
    struct str pdf;
    int n_pages;
    req_set(r, "chart_copy_id", job->subject_id);
    if (!req_query(r, Q_proof_chart_old))
        return JOB_LATER;
    struct rows *x = req_query(r, Q_proof_chart_content);
    if (!x)
        return JOB_LATER;
    if (rows_count(x) == 0 || !str_is(rows_text(x, 0, "state"), "waiting"))
        return JOB_DONE;
    struct json_object *lines =
        json_tokener_parse(arena_cstr(a, rows_text(x, 0, "content_sealed")));
    enum err e = set_chart(r, lines, &pdf, &n_pages);
    json_object_put(lines);
    if (e == ERR_INVALID) { /* erased meanwhile */
        *why = S("what was gathered cannot be read");
        return JOB_HOPELESS;
    }
    if (e || !keep(r, rows_text(x, 0, "client_id"), rows_text(x, 0, "id"), pdf, n_pages))
        return JOB_LATER;
    return JOB_DONE;
}

bool proof_chart_give_up(struct req *r, const struct job *job)
{
    req_set(r, "chart_copy_id", job->subject_id);
    return req_query(r, Q_proof_chart_failed) != NULL;
}
