/*
 * client_import_job.c -- looks at the rows of a list of clients, enters them, takes them out again.
 * Owns: the steps. A job works for two seconds and leaves the rest to the next one, so that a list of fifty thousand does not keep
 * everybody's mails waiting; each part is counted in the transaction that carries it out, so a runner that dies leaves all of a
 * part or nothing, and whoever comes next goes on behind it.
 * Never: decides what a row means or whose it is; app.client_import_judge does.
 */
#include <stdio.h>
#include <time.h>

#include "client_import.h"
#include "crypto.h"
#include "csv.h"
#include "log.h"

enum { STEP_SECONDS = 2, PART_ARENA = 64 << 20 };

bool import_cell(struct arena *a, struct str cell, bool has_lines, struct str *out)
{
    struct buf b = buf_in(a, cell.n + 1);
    for (size_t i = 0; i < cell.n; i++) {
        unsigned char c = (unsigned char)cell.p[i];
        bool is_kept = has_lines && (c == '\n' || c == '\r');
        if (!is_kept && (c == '\n' || c == '\r' || c == '\t'))
            c = ' ';
        if (!is_kept && (c < 0x20 || c == 0x7f))
            return false;
        if (c != ' ' || has_lines || (b.n > 0 && b.p[b.n - 1] != ' '))
            buf_addc(&b, (char)c);
    }
    *out = str_trim(buf_str(&b));
    if (csv_has_apostrophe(*out))
        *out = str_part(*out, 1, out->n - 1);
    return true;
}

void import_json(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, ",\"%s\":\"", name);
    esc_json(b, value);
    buf_addc(b, '"');
}

struct step {
    struct req *r;
    const struct rows *import;
    const struct str *columns;
    size_t n_columns;
    struct import_own *own;
    bool with_keys;
};

/* An empty cell says nothing. One that cannot be kept is named among those, for it alone is left out. */
static void add_cells(const struct step *s, struct arena *a, struct buf *b,
                      const struct csv_row *row)
{
    struct buf unkept = buf_in(a, 64);
    for (size_t i = 0; i < row->n && i < s->n_columns; i++) {
        struct str cell;
        if (s->columns[i].n == 0 || str_starts(s->columns[i], S("field_")))
            continue;
        if (!import_cell(a, row->cells[i], false, &cell))
            buf_printf(&unkept, "%s\"%.*s\"", unkept.n ? "," : "", (int)s->columns[i].n,
                       s->columns[i].p);
        else if (cell.n > 0)
            import_json(b, arena_cstr(a, s->columns[i]), cell);
    }
    if (unkept.n > 0)
        buf_printf(b, ",\"unkept\":[%.*s]", (int)unkept.n, unkept.p);
}

/* A new key, wrapped into the row's object, and opened where something is sealed under it. */
static enum err add_key(struct arena *a, struct buf *b, struct str tenant, bool is_used,
                        unsigned char key[KEY_BYTES])
{
    struct str id = uuid_new(a), wrapped;
    enum err e = client_key_new(a, tenant, id, &wrapped);
    if (!e && is_used)
        e = client_key_open(a, tenant, id, wrapped, key);
    if (e)
        return e;
    import_json(b, "id", id);
    buf_addz(b, ",\"key\":\"");
    esc_hex(b, wrapped);
    buf_addc(b, '"');
    return OK;
}

/* The rows of a part as the database reads them. Empty: the key store is away. */
static struct str part_json(const struct step *s, struct arena *a, const struct rows *parts)
{
    static struct csv_row row;
    char separator = rows_text(s->import, 0, "separator").p[0];
    struct str format = rows_text(s->import, 0, "date_format"),
               tenant = req_value(s->r, "tenant_id");
    struct csv_reader in = csv_open(a, rows_text(parts, 0, "body_sealed"), separator,
                                    (size_t)rows_int(parts, 0, "first_line"));
    struct buf b = buf_in(a, 1 << 18);
    unsigned char key[KEY_BYTES];
    int64_t n = rows_int(parts, 0, "first_row");
    if (!import_own_dates(s->own, s->r, in))
        return S("");
    buf_printf(&b, "{\"date_format\":\"%.*s\",\"rows\":[", (int)format.n, format.p);
    bool good = true;
    for (const char *comma = ""; csv_next(&in, &row) == CSV_ROW; n++, comma = ",") {
        buf_printf(&b, "%s{\"n\":%lld,\"line\":%zu", comma, (long long)n, row.line);
        good = !s->with_keys || !add_key(a, &b, tenant, s->own != NULL, key);
        if (!good)
            break;
        if (row.n == s->n_columns) {
            add_cells(s, a, &b, &row);
            import_own_json(s->own, a, &b, &row, tenant, s->with_keys ? key : NULL);
        } else
            import_json(&b, "bad",
                        arena_printf(a, "This row has %zu cells, the first line of the file %zu.",
                                     row.n, s->n_columns));
        buf_addc(&b, '}');
    }
    secret_wipe(key, sizeof key);
    buf_addz(&b, "]}");
    return good ? buf_str(&b) : S("");
}

/* Carries out a part. false: the database or the key store did not give what it needs. */
static bool one_part(const struct step *s, int64_t part, enum query query)
{
    struct req *r = s->r;
    struct str number = arena_printf(req_arena(r), "%lld", (long long)part);
    req_set(r, "part_n", number);
    req_set(r, "part_from", number);
    req_set(r, "part_to", number);
    struct rows *parts = req_query(r, Q_client_import_parts);
    if (!parts || rows_count(parts) != 1)
        return false;
    struct arena *a = arena_new(PART_ARENA);
    struct str cells = part_json(s, a, parts);
    req_set(r, "cells", cells);
    bool good = cells.n > 0 && req_query(r, query) != NULL;
    req_set_null(r, "cells"); /* what it points to goes with the arena */
    arena_free(a);
    return good;
}

static int64_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static enum job_end end_step(struct req *r, bool is_last)
{
    req_set(r, "is_last", is_last ? S("true") : S("false"));
    return req_query(r, Q_client_import_step) ? JOB_DONE : JOB_LATER;
}

static enum job_end work(struct req *r, const struct job *job, const char *state, enum query query)
{
    req_set(r, "import_id", job->subject_id);
    struct step s = {.r = r, .with_keys = query == Q_client_import_add};
    s.import = req_query(r, Q_client_import_one);
    if (!s.import)
        return JOB_LATER;
    if (rows_count(s.import) == 0 || !str_is(rows_text(s.import, 0, "state"), state))
        return JOB_DONE; /* somebody else came to the end of it */
    s.n_columns = rows_array(s.import, req_arena(r), 0, "columns", &s.columns);
    if (!import_own_load(r, s.columns, s.n_columns, &s.own))
        return JOB_LATER;
    int64_t part = rows_int(s.import, 0, "next_part"), last = rows_int(s.import, 0, "n_parts");
    for (int64_t until = seconds() + STEP_SECONDS; part <= last && seconds() < until; part++)
        if (!one_part(&s, part, query))
            return JOB_LATER;
    return end_step(r, part > last);
}

enum job_end client_import_check_job(struct req *r, const struct job *job, struct str *why)
{
    (void)why;
    return work(r, job, "checking", Q_client_import_check);
}

enum job_end client_import_add_job(struct req *r, const struct job *job, struct str *why)
{
    (void)why;
    return work(r, job, "importing", Q_client_import_add);
}

enum job_end client_import_undo_job(struct req *r, const struct job *job, struct str *why)
{
    (void)why;
    req_set(r, "import_id", job->subject_id);
    for (int64_t until = seconds() + STEP_SECONDS; seconds() < until;) {
        struct rows *took = req_query(r, Q_client_import_take);
        if (!took)
            return JOB_LATER;
        if (rows_bool(took, 0, "is_over"))
            return end_step(r, true);
    }
    return end_step(r, false);
}

bool client_import_give_up(struct req *r, const struct job *job)
{
    req_set(r, "import_id", job->subject_id);
    return req_query(r, Q_client_import_give_up) != NULL;
}
