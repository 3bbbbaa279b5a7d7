/*
 * copy.c -- a signed form, exactly as it was signed: the client's copy, and the chart's view of it
 * with the evidence.
 * Never: renders from today's wording or answers; only from the bytes that were kept.
 */
#include "log.h"
#include "pages.h"
#include "shown.h"
#include "strokes.h"

/* Strokes as lines of an SVG; false: they are none. */
static bool shown_strokes(struct arena *a, struct str json, struct val *lines)
{
    struct strokes s = {0};
    if (json.n > 0 && strokes_parse(a, json, &s))
        return false;
    struct shown_item *items = arena_alloc(a, (s.n + 1) * sizeof *items);
    for (size_t i = 0; i < s.n; i++)
        shown_text(&items[i], "points", stroke_points(a, &s.items[i]));
    *lines = shown_items(a, items, s.n);
    return true;
}

static struct val shown_answers(struct arena *a, const struct form_document *d)
{
    struct shown_item *items = arena_alloc(a, (d->n_answers + 1) * sizeof *items);
    for (size_t i = 0; i < d->n_answers; i++) {
        shown_text(&items[i], "question", d->answers[i].question);
        shown_text(&items[i], "answer", d->answers[i].answer);
        struct val lines;
        bool is_drawn = str_is(d->answers[i].method, "drawn") &&
                        shown_strokes(a, d->answers[i].strokes, &lines);
        shown_flag(&items[i], "is_drawn_here", is_drawn);
        if (is_drawn) {
            shown_text(&items[i], "signed_by", d->answers[i].signer);
            shown_list(&items[i], "lines", lines);
        }
    }
    return shown_items(a, items, d->n_answers);
}

struct val form_shown_document(struct arena *a, const struct form_document *d,
                               struct str disclosure_language)
{
    struct shown_item *item = arena_alloc(a, sizeof *item);
    shown_text(item, "studio", d->studio);
    shown_text(item, "client", d->client);
    shown_text(item, "form_title", d->title);
    shown_text(item, "form_version", d->version);
    shown_text(item, "language_words", d->language_words);
    shown_text(item, "language_code",
               d->language.n > 0 ? d->language : S("en")); /* format 1 knew no other */
    shown_text(item, "text_dir", language_dir(d->language));
    shown_text(item, "wording", d->wording);
    shown_text(item, "disclosure", d->disclosure);
    shown_text(item, "disclosure_version", d->disclosure_version);
    shown_text(item, "disclosure_language", disclosure_language);
    shown_text(item, "disclosure_dir", language_dir(disclosure_language));
    /* A language without words of the house has the sentence in English. */
    struct str statement_language = view_speaks(d->language) ? d->language : S("en");
    shown_text(item, "statement", d->statement);
    shown_text(item, "statement_language", statement_language);
    shown_text(item, "statement_dir", language_dir(statement_language));
    shown_text(item, "signer", d->signer);
    shown_text(item, "shown_sha256", d->shown_sha256);
    shown_flag(item, "is_drawn", str_is(d->method, "drawn"));
    shown_flag(item, "is_typed", str_is(d->method, "typed"));
    shown_flag(item, "is_paper", str_is(d->method, "paper"));
    shown_flag(item, "has_answers", d->n_answers > 0);
    shown_list(item, "answers", shown_answers(a, d));
    return shown_items(a, item, 1);
}

/* The strokes as lines of an SVG; none when the name was typed only. */
static enum err show_strokes(struct req *r, struct str json)
{
    struct val lines;
    if (!shown_strokes(req_arena(r), json, &lines)) {
        log_error("form.strokes", NULL);
        return ERR_INTERNAL;
    }
    req_set_list(r, "strokes", lines);
    return OK;
}

static enum err show_document(struct req *r, const struct rows *signature)
{
    struct form_document d;
    if (form_document_read(req_arena(r), rows_text(signature, 0, "document_sealed"), &d)) {
        log_error("form.document", "signature",
                  arena_cstr(req_arena(r), rows_text(signature, 0, "id")), NULL);
        return ERR_INTERNAL;
    }
    req_set_list(
        r, "document",
        form_shown_document(req_arena(r), &d, rows_text(signature, 0, "disclosure_language")));
    return show_strokes(r, rows_text(signature, 0, "strokes_sealed"));
}

enum err form_show_copy(struct req *r)
{
    struct rows *copy = req_show(r, "copy", Q_form_copy, NULL);
    if (!copy)
        return req_error(r);
    if (!req_show(r, "proof", Q_proof_mine, NULL) || !req_show(r, "files", Q_form_file_copy, NULL))
        return req_error(r);
    enum err e = show_document(r, copy);
    if (!e)
        e = form_event(r, "copy_read", "", 60);
    return e ? e : reply_view(r, 200, "form/copy");
}

/* Whether the kept bytes still have the hash that was taken when they were signed, and the row beside them says what they say. */
static bool is_intact(struct req *r, const struct rows *signature)
{
    struct arena *a = req_arena(r);
    struct str text = rows_text(signature, 0, "document_sealed");
    struct buf kept = buf_in(a, 80);
    struct form_document d;
    const struct form_document beside = {.role = rows_text(signature, 0, "signer"),
                                         .place = rows_text(signature, 0, "place"),
                                         .method = rows_text(signature, 0, "method"),
                                         .language = rows_text(signature, 0, "language"),
                                         .signed_at = rows_text(signature, 0, "signed_utc")};
    esc_hex(&kept, rows_text(signature, 0, "document_sha256"));
    return str_eq(buf_str(&kept), form_document_hash(a, text)) &&
           form_document_read(a, text, &d) == OK && form_document_agrees(&d, &beside);
}

/* Whether an answer of the text has this hash on a line of its own. */
static bool is_named(const struct form_document *d, struct str line)
{
    for (size_t i = 0; i < d->n_answers; i++)
        for (struct str rest = d->answers[i].answer; rest.n > 0;)
            if (str_eq(str_cut(&rest, '\n'), line))
                return true;
    return false;
}

/* Whether each file that is attached is there, and holds what the signed text says. (What lies in the store is compared when it is opened,
 * and by `foyer audit verify`.) */
static enum err compare_files(struct req *r, const struct rows *signature, bool *is_good)
{
    struct arena *a = req_arena(r);
    struct form_document d = {0};
    const struct rows *files = req_query(r, Q_form_file_hashes);
    *is_good = false;
    if (!files)
        return req_error(r);
    *is_good = rows_count(files) == 0 ||
               form_document_read(a, rows_text(signature, 0, "document_sealed"), &d) == OK;
    for (size_t i = 0; *is_good && i < rows_count(files); i++) {
        struct buf line = buf_in(a, 80);
        buf_addz(&line, "SHA-256 ");
        esc_hex(&line, rows_text(files, i, "sha256_sealed"));
        *is_good = rows_bool(files, i, "is_there") && is_named(&d, buf_str(&line));
    }
    return OK;
}

enum err form_show_signature(struct req *r)
{
    bool has_its_files = false;
    struct rows *signature = req_show(r, "signature", Q_form_signature, NULL);
    if (!signature)
        return req_error(r);
    if (!req_show(r, "proof", Q_proof_of, NULL) ||
        !req_show(r, "files", Q_form_file_signed, NULL) ||
        !req_show(r, "revoked", Q_form_revoked, NULL))
        return req_error(r);
    if (form_document_is_erased(rows_text(signature, 0, "document_sealed"))) {
        req_set_null(r, "text"); /* the page shows the evidence alone */
        return reply_view(r, 200, "form/signature");
    }
    enum err e = show_document(r, signature);
    if (!e)
        e = compare_files(r, signature, &has_its_files);
    if (e)
        return e;
    req_set(r, "text", rows_text(signature, 0, "document_sealed"));
    if (has_its_files && is_intact(r, signature))
        req_set(r, "is_intact", S("yes"));
    else
        req_set_null(r, "is_intact");
    return reply_view(r, 200, "form/signature");
}
