/*
 * attached.c -- questions of a form that are answered by files: what is attached to them, as the form, its text and its pages need it.
 * (files.c takes files and gives them out, in the slow pool; here nothing is opened but names and hashes.)
 * Never: has a file's key.
 */
#include "crypto.h"
#include "form_file.h"
#include "pages.h"
#include "shown.h"

static bool asks_for_files(const struct filling *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (question_is(&f->questions[i], "file"))
            return true;
    return false;
}

static struct attached file_of(struct arena *a, const struct rows *rows, size_t i)
{
    struct buf hex = buf_in(a, 2 * HASH_BYTES + 1);
    esc_hex(&hex, rows_text(rows, i, "sha256_sealed"));
    return (struct attached){.id = rows_text(rows, i, "id"),
                             .name = rows_text(rows, i, "name_sealed"),
                             .type = rows_text(rows, i, "type"),
                             .sha256 = buf_str(&hex),
                             .bytes = rows_int(rows, i, "bytes"),
                             .has_small = rows_bool(rows, i, "has_small")};
}

void attached_take(struct arena *a, struct question *q)
{
    struct buf b = buf_in(a, 256);
    for (size_t i = 0; i < q->n_files; i++) {
        const struct attached *one = &q->files[i];
        buf_printf(&b, "%s%.*s\t%.*s\t%lld\t%.*s", i ? "\n" : "", (int)one->name.n, one->name.p,
                   (int)one->type.n, one->type.p, (long long)one->bytes, (int)one->sha256.n,
                   one->sha256.p);
    }
    q->answer = buf_str(&b);
}

enum err attached_load(struct req *r, struct filling *f)
{
    struct arena *a = req_arena(r);
    if (!asks_for_files(f))
        return OK;
    const struct rows *rows = f->attached = req_query(r, Q_form_file_list);
    if (!rows)
        return req_error(r);
    for (size_t i = 0; i < f->n; i++) {
        struct question *q = &f->questions[i];
        if (!question_is(q, "file"))
            continue;
        struct attached *files = arena_alloc(a, (rows_count(rows) + 1) * sizeof *files);
        for (size_t k = 0; k < rows_count(rows); k++)
            if (str_eq(rows_text(rows, k, "question_key"), q->key))
                files[q->n_files++] = file_of(a, rows, k);
        q->files = files;
        if (!q->is_hidden)
            attached_take(a, q);
    }
    return OK;
}

/* ---- removing ---- */

static bool is_asked(const struct filling *f, struct str key)
{
    for (size_t i = 0; i < f->n; i++)
        if (question_is(&f->questions[i], "file") && str_eq(f->questions[i].key, key))
            return !f->questions[i].is_hidden;
    return false;
}

/* The files whose question is asked, or those whose question is not: ids with commas between. */
static struct str ids_of(struct req *r, const struct filling *f, bool asked)
{
    struct buf ids = buf_in(req_arena(r), 128);
    for (size_t i = 0; f->attached && i < rows_count(f->attached); i++)
        if (is_asked(f, rows_text(f->attached, i, "question_key")) == asked) {
            if (ids.n > 0)
                buf_addc(&ids, ',');
            buf_add(&ids, rows_text(f->attached, i, "id"));
        }
    return buf_str(&ids);
}

static enum err drop(struct req *r, struct str ids)
{
    req_set(r, "dropped", arena_printf(req_arena(r), "{%.*s}", (int)ids.n, ids.p));
    return req_query(r, Q_form_file_drop) ? OK : req_error(r);
}

enum err attached_drop(struct req *r, struct str id) { return uuid_ok(id) ? drop(r, id) : OK; }

enum err attached_drop_unasked(struct req *r, const struct filling *f)
{
    struct str ids = ids_of(r, f, false);
    return ids.n > 0 ? drop(r, ids) : OK;
}

enum err attached_keep_signed(struct req *r, const struct filling *f)
{
    struct str ids = ids_of(r, f, true);
    req_set(r, "named", arena_printf(req_arena(r), "{%.*s}", (int)ids.n, ids.p));
    return req_query(r, Q_form_file_keep) ? OK : req_error(r);
}

/* ---- showing ---- */

/* Where the client gets it from, but for what follows: "/whole", "/small". */
static struct str file_path(struct req *r, struct str id)
{
    struct arena *a = req_arena(r);
    return arena_printf(a, "%s/files/%.*s", arena_cstr(a, form_path(r, "")), (int)id.n, id.p);
}

struct val attached_shown(struct req *r, const struct filling *f, const struct question *q)
{
    struct arena *a = req_arena(r);
    struct shown_item *items = arena_alloc(a, (q->n_files + 1) * sizeof *items);
    for (size_t i = 0; i < q->n_files; i++) {
        const struct attached *one = &q->files[i];
        shown_text(&items[i], "file_id", one->id);
        shown_text(&items[i], "file_path", file_path(r, one->id));
        shown_flag(&items[i], "can_open", !f->form || !rows_bool(f->form, 0, "is_kiosk"));
        shown_text(&items[i], "name", one->name);
        shown_flag(&items[i], "has_small", one->has_small);
        shown_text(&items[i], "size", form_file_size(a, one->bytes));
        shown_text(&items[i], "type_words",
                   str_is(one->type, "application/pdf") ? S("PDF")
                                                        : view_words(a, f->language, S("Picture")));
    }
    return shown_items(a, items, q->n_files);
}
