/*
 * audit_export.c -- copies of the trail to take along: as CSV, and as lines of JSON with a proof for
 * each row and a signature over all (docs/security.md has the format).
 * Owns: the bytes of both formats. The file is made by a job, which alone can sign.
 * Never: lets a cell begin what a table program would carry out; writes an export without its row in
 * the trail; exports a row that is not sealed.
 */
#include "audit_export.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit_proof.h"
#include "features.h"
#include "job.h"
#include "trail_jobs.h"

enum { MOST_ROWS = 10000, PART_ROWS = 500, TREE_MOST = 20000000, PART_ARENA = 64 << 20 };
enum { COL_INDEX = SEAL_FIELDS, COL_AT_LOCAL, COL_ACTOR_NAME, COL_WORDS };
enum {
    FIELD_AT = 1,
    FIELD_ID,
    FIELD_KIND = 4,
    FIELD_IP = 8,
    FIELD_ACTION = 10,
    FIELD_OBJECT_KIND,
    FIELD_OBJECT,
    FIELD_CLIENTS,
    FIELD_OUTCOME = 15,
    FIELD_REASON,
    FIELD_REQUEST
};

/* ---- the tree, level by level ---- */

/* All nodes of the tree: a level is half as long as the one below, rounded up, and its last node is
 * the one below when that has no neighbour. */
struct levels {
    unsigned char (*node[MERKLE_HEIGHT + 1])[HASH_BYTES];
    uint64_t n[MERKLE_HEIGHT + 1];
    size_t height;
};

static void free_nodes(void *what) { free(what); }

static bool levels_make(struct req *r, const struct tree *t, struct levels *v)
{
    *v = (struct levels){.node = {t->leaves}, .n = {t->size}};
    for (; v->n[v->height] > 1; v->height++) {
        uint64_t below = v->n[v->height], n = (below + 1) / 2;
        unsigned char(*nodes)[HASH_BYTES] = malloc(n * HASH_BYTES);
        if (!nodes)
            return false;
        arena_defer(req_arena(r), free_nodes, nodes);
        for (uint64_t i = 0; i < n; i++) {
            unsigned char(*from)[HASH_BYTES] = v->node[v->height] + i * 2;
            if (i * 2 + 1 < below)
                merkle_node(from[0], from[1], nodes[i]);
            else
                memcpy(nodes[i], from[0], HASH_BYTES);
        }
        v->node[v->height + 1] = nodes;
        v->n[v->height + 1] = n;
    }
    return true;
}

/* ---- JSON ---- */

static void add_text(struct buf *b, struct str s)
{
    buf_addc(b, '"');
    esc_json(b, s);
    buf_addc(b, '"');
}

static void add_member(struct buf *b, const char *name, struct str s)
{
    buf_printf(b, ",\"%s\":", name);
    if (s.n > 0)
        add_text(b, s);
    else
        buf_addz(b, "null");
}

static void add_path(struct buf *b, const struct levels *v, uint64_t index)
{
    bool begun = false;
    buf_addz(b, ",\"path\":[");
    for (size_t h = 0; h < v->height; h++, index /= 2) {
        uint64_t beside = index ^ 1;
        if (beside >= v->n[h])
            continue;
        buf_addz(b, begun ? ",\"" : "\"");
        esc_hex(b, (struct str){(const char *)v->node[h][beside], HASH_BYTES});
        buf_addc(b, '"');
        begun = true;
    }
    buf_addz(b, "]}\n");
}

static void add_json_row(struct buf *b, const struct rows *rows, size_t row, uint64_t number,
                         uint64_t index, const struct levels *v)
{
    buf_printf(b, "{\"n\":%" PRIu64 ",\"index\":%" PRIu64 ",\"fields\":[", number, index);
    for (size_t col = 0; col < SEAL_FIELDS; col++) {
        struct val cell = rows_val(rows, row, col);
        if (col > 0)
            buf_addc(b, ',');
        if (cell.kind == VAL_TEXT)
            add_text(b, cell.s);
        else
            buf_addz(b, "null");
    }
    buf_addc(b, ']');
    add_path(b, v, index);
}

static struct str json_header(struct arena *a, const struct rows *x, const struct tree *t)
{
    struct buf b = buf_in(a, 1024);
    buf_addz(&b, "{\"format\":\"" EXPORT_FORMAT "\"");
    add_member(&b, "tenant", rows_text(x, 0, "tenant"));
    add_member(&b, "slug", rows_text(x, 0, "slug"));
    add_member(&b, "zone", rows_text(x, 0, "zone"));
    add_member(&b, "from", rows_text(x, 0, "from_day"));
    add_member(&b, "to", rows_text(x, 0, "to_day"));
    add_member(&b, "staff", rows_text(x, 0, "staff_id"));
    add_member(&b, "client", rows_text(x, 0, "whom"));
    add_member(&b, "action", rows_text(x, 0, "act"));
    buf_printf(&b, ",\"refused\":%s", rows_bool(x, 0, "refused") ? "true" : "false");
    add_member(&b, "asked_at", rows_text(x, 0, "asked_at"));
    buf_printf(&b, ",\"head\":{\"size\":%" PRIu64, t->size);
    add_member(&b, "root", t->root);
    add_member(&b, "time", t->time);
    add_member(&b, "key", t->key_id);
    add_member(&b, "signature", t->signature);
    buf_addz(&b, "}}");
    return buf_str(&b);
}

static const char *hash_hex(struct arena *a, struct str s)
{
    unsigned char hash[HASH_BYTES];
    sha256(s, hash);
    return arena_cstr(a, seal_hex(a, hash, sizeof hash));
}

struct str export_signed_text(struct arena *a, const char *tenant, struct str header, uint64_t rows,
                              struct str indexes, const char *time)
{
    return arena_printf(a, "foyer-export-v1\n%s\n%s\n%" PRIu64 "\n%s\n%s\n", tenant,
                        hash_hex(a, header), rows, hash_hex(a, indexes), time);
}

static void add_json_end(struct arena *a, struct buf *b, const struct rows *x, struct str header,
                         uint64_t rows, struct str indexes)
{
    unsigned char signature[SIGNATURE_BYTES];
    const char *time = arena_cstr(a, rows_text(x, 0, "made_at"));
    seal_sign(export_signed_text(a, arena_cstr(a, rows_text(x, 0, "tenant")), header, rows, indexes,
                                 time),
              signature);
    buf_printf(b, "{\"rows\":%" PRIu64 ",\"indexes\":[", rows);
    buf_add(b, indexes);
    buf_printf(b, "],\"time\":\"%s\",\"key\":\"%s\",\"signature\":\"", time, seal_key_id());
    esc_hex(b, (struct str){(const char *)signature, sizeof signature});
    buf_addz(b, "\"}\n");
}

/* ---- CSV (V-04) ---- */

/* Always in quotes; what a table program would take for a formula begins with an apostrophe. */
static void add_cell(struct buf *b, struct str s, char before)
{
    if (before)
        buf_addc(b, before);
    buf_addc(b, '"');
    if (s.n > 0 && strchr("=+-@\t\r", s.p[0]))
        buf_addc(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_addc(b, '"');
        buf_addc(b, s.p[i]);
    }
    buf_addc(b, '"');
}

static struct str cell_text(const struct rows *rows, size_t row, size_t col)
{
    struct val v = rows_val(rows, row, col);
    return v.kind == VAL_TEXT ? v.s : S("");
}

#define CSV_HEADER                                                                                 \
    "\"time\",\"time (UTC)\",\"person\",\"kind\",\"what\",\"action\",\"outcome\",\"reason\","      \
    "\"clients\",\"address\",\"about\",\"request\",\"row\",\"place\"\r\n"

static void add_csv_row(struct arena *a, struct buf *b, const struct rows *rows, size_t row,
                        uint64_t index)
{
    static const int columns[] = {COL_AT_LOCAL,  FIELD_AT,     COL_ACTOR_NAME, FIELD_KIND,
                                  COL_WORDS,     FIELD_ACTION, FIELD_OUTCOME,  FIELD_REASON,
                                  FIELD_CLIENTS, FIELD_IP,     FIELD_OBJECT,   FIELD_REQUEST,
                                  FIELD_ID};
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        add_cell(b, cell_text(rows, row, (size_t)columns[i]), i ? ',' : '\0');
    add_cell(b, arena_printf(a, "%" PRIu64, index), ',');
    buf_addz(b, "\r\n");
}

/* ---- the job ---- */

struct making {
    struct req *r;
    const struct rows *export;
    struct tree tree;
    struct levels levels;
    struct str header;
    struct buf indexes;
    uint64_t rows, bytes;
    int64_t last;
    int parts;
    bool is_csv;
};

/* Seals a part into the database. Its bytes are in an arena of their own: a file is larger than what a
 * request may take. */
static bool put_part(struct making *m, struct arena *a, struct str text)
{
    struct req *r = m->r;
    struct str id = uuid_new(a), sealed, tenant = rows_text(m->export, 0, "tenant");
    struct str aad = arena_printf(a, "%.*s|app.trail_export_part|body_sealed|%.*s", (int)tenant.n,
                                  tenant.p, (int)id.n, id.p);
    if (tenant_seal(a, tenant, aad, text, &sealed))
        return false;
    m->bytes += text.n;
    req_set(r, "part_id", id);
    req_set(r, "part_n", arena_printf(req_arena(r), "%d", m->parts++));
    req_set(r, "body_sealed", str_of(db_bytea(a, sealed)));
    bool good = req_query(r, Q_export_part_add) != NULL;
    req_set_null(r, "part_id"); /* what they point to goes with the arena */
    req_set_null(r, "body_sealed");
    return good;
}

/* One part; *n: its rows. false: the database failed, or *is_broken. */
static bool add_part(struct making *m, size_t *n, bool *is_broken)
{
    struct req *r = m->r;
    req_set(r, "after_idx", arena_printf(req_arena(r), "%" PRId64, m->last));
    struct rows *rows = req_query(r, Q_export_rows);
    if (!rows)
        return false;
    struct arena *a = arena_new(PART_ARENA);
    struct buf b = buf_in(a, 1 << 20);
    if (m->parts == 0) {
        buf_add(&b, m->is_csv ? S(CSV_HEADER) : m->header);
        buf_addz(&b, m->is_csv ? "" : "\n");
    }
    *n = rows_count(rows);
    for (size_t i = 0; i < *n && !*is_broken; i++) {
        uint64_t index = (uint64_t)rows_int(rows, i, "idx");
        *is_broken = !tree_has_row(r, &m->tree, rows, i, index);
        buf_printf(&m->indexes, "%s%" PRIu64, m->rows ? "," : "", index);
        m->rows++;
        m->last = (int64_t)index;
        if (m->is_csv)
            add_csv_row(a, &b, rows, i, index);
        else
            add_json_row(&b, rows, i, m->rows, index, &m->levels);
    }
    if (*n < PART_ROWS && !m->is_csv)
        add_json_end(a, &b, m->export, m->header, m->rows, buf_str(&m->indexes));
    bool good = !*is_broken && put_part(m, a, buf_str(&b));
    arena_free(a);
    return good;
}

static bool finish(struct making *m, const char *state)
{
    struct arena *a = req_arena(m->r);
    req_set(m->r, "state", str_of(state));
    req_set(m->r, "n_rows", arena_printf(a, "%" PRIu64, m->rows));
    req_set(m->r, "n_bytes", arena_printf(a, "%" PRIu64, m->bytes));
    return req_query(m->r, Q_export_done) != NULL;
}

static enum job_end make(struct making *m, struct str *why)
{
    bool is_broken = false;
    m->last = -1;
    m->indexes = buf_in(req_arena(m->r), 4096);
    m->header = json_header(req_arena(m->r), m->export, &m->tree);
    req_set(m->r, "part_rows", arena_printf(req_arena(m->r), "%d", PART_ROWS));
    for (size_t n = PART_ROWS; n == PART_ROWS;)
        if (!add_part(m, &n, &is_broken)) {
            *why = is_broken ? S("a row is not what was sealed; see foyer audit verify") : *why;
            return !is_broken ? JOB_LATER : finish(m, "failed") ? JOB_DONE : JOB_LATER;
        }
    return finish(m, "ready") ? JOB_DONE : JOB_LATER;
}

enum job_end trail_export_job(struct req *r, const struct job *job, struct str *why)
{
    struct making m = {.r = r};
    enum proof_end end;
    req_set(r, "export_id", job->subject_id);
    if (!req_query(r, Q_export_old) || !req_query(r, Q_export_clear) ||
        !(m.export = req_query(r, Q_export_one)))
        return JOB_LATER;
    if (rows_count(m.export) == 0 || !str_is(rows_text(m.export, 0, "state"), "waiting"))
        return JOB_DONE;
    m.is_csv = str_is(rows_text(m.export, 0, "kind"), "csv");
    if (seal_key_open() != OK || tree_read(r, TREE_MOST, &m.tree, &end))
        return JOB_LATER;
    if (end == PROOF_BROKEN || end == PROOF_LONG) {
        *why = S("the tree does not match its signed head; see foyer audit verify");
        return finish(&m, "failed") ? JOB_DONE : JOB_LATER;
    }
    req_set(r, "tree_size", arena_printf(req_arena(r), "%" PRIu64, m.tree.size));
    struct rows *waits = req_query(r, Q_export_waits);
    if (!waits || rows_bool(waits, 0, "is_waiting")) {
        *why = waits ? S("rows of it wait to be sealed") : *why;
        return JOB_LATER;
    }
    return levels_make(r, &m.tree, &m.levels) ? make(&m, why) : JOB_LATER;
}

/* Nobody will try it again: the page says so. */
bool trail_export_give_up(struct req *r, const struct job *job)
{
    struct making m = {.r = r};
    req_set(r, "export_id", job->subject_id);
    return finish(&m, "failed");
}

/* ---- pages ---- */

static const struct field ask_fields[] = {
    {"kind", FIELD_CHOICE, .required = true, .choices = "csv|jsonl", .missing = "Choose a format."},
    {"from", FIELD_DATE, .required = true, .missing = "From which day?"},
    {"to", FIELD_DATE, .required = true, .missing = "To which day?"},
    {"staff_id", FIELD_UUID},
    {"client_id", FIELD_UUID},
    {"act", FIELD_TEXT, .max = 80},
    {"refused", FIELD_BOOL},
    {0},
};

static enum err ask(struct req *r)
{
    req_set(r, "most_rows", arena_printf(req_arena(r), "%d", MOST_ROWS));
    req_set(r, "refused", str_is(req_value(r, "refused"), "true") ? S("true") : S("false"));
    struct rows *count = req_query(r, Q_export_count);
    if (!count)
        return req_error(r);
    req_set(r, "n", arena_printf(req_arena(r), "%" PRId64, rows_int(count, 0, "n")));
    if (!req_query(r, Q_export_add) || !req_query(r, Q_export_note) || !req_query(r, Q_export_job))
        return req_error(r);
    return reply_redirect(r, S("/audit/exports?asked=1"));
}

static enum err download(struct req *r)
{
    struct rows *x = req_query(r, Q_export_one);
    if (!x || rows_count(x) == 0 || !str_is(rows_text(x, 0, "state"), "ready"))
        return x ? ERR_NOT_FOUND : req_error(r);
    struct rows *parts = req_query(r, Q_export_parts);
    if (!parts)
        return req_error(r);
    bool is_csv = str_is(rows_text(x, 0, "kind"), "csv");
    struct buf b = buf_in(req_arena(r), (size_t)rows_int(x, 0, "n_bytes") + 64);
    for (size_t i = 0; i < rows_count(parts); i++)
        buf_add(&b, rows_text(parts, i, "body_sealed"));
    struct str slug = rows_text(x, 0, "slug"), from = rows_text(x, 0, "from_day"),
               to = rows_text(x, 0, "to_day");
    return reply_bytes(
        r, 200, is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson", buf_str(&b),
        arena_cstr(req_arena(r),
                   arena_printf(req_arena(r), "trail-%.*s-%.*s-%.*s.%s", (int)slug.n, slug.p,
                                (int)from.n, from.p, (int)to.n, to.p, is_csv ? "csv" : "jsonl")));
}

const struct page audit_export_pages[] = {
    {GET, "/audit/exports", .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.export.list",
     .show = {{"value", Q_export_form},
              {"client", Q_export_client},
              {"people", Q_audit_people_choice},
              {"actions", Q_audit_action_choice},
              {"exports", Q_export_list}},
     .view = "audit/exports", .title = "Copies of the audit trail"},
    {POST, "/audit/exports", .realm = REALM_STAFFED, CAN(audit_read), .step_up = true,
     .fields = ask_fields, .run = ask, .again = "/audit/exports",
     .title = "Have a copy of the audit trail made"},
    {GET, "/audit/exports/{export_id:uuid}/trail.copy", .realm = REALM_STAFFED, CAN(audit_read),
     .step_up = true, .action = "audit.export.read", .run = download,
     .title = "Download a copy of the audit trail"},
    {0},
};
