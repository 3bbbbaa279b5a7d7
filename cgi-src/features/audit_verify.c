/*
 * audit_verify.c -- the trail compared with its trees, the trees with their signed heads, and these
 * with the file of heads, which somebody who rewrites the database cannot reach.
 * Owns: what is a finding, and how it is worded.
 * Never: changes the trail; prints what is in a row.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit_verify.h"
#include "config.h"
#include "core/operator.h"
#include "media.h"

enum { PAGE = 5000, NEIGHBOURS = 5000, ARENA_CAP = 1 << 30, MAX_MONTHS = 1300 };
/* Columns of audit.seal_leaves behind the row's own fields. */
enum { ROW_ID = 2, LEAF_INDEX = SEAL_FIELDS, LEAF_HASH, LEAF_AT, LEAF_ID, LEAF_IS_COMPARED };

struct heads {
    struct head *items;
    size_t n;
};

/* A month whose leaves are counted while they pass. */
struct month {
    const char *name;      /* "2019-03" */
    struct merkle passed;  /* a tree of just its leaves */
    const struct head *by; /* the record of its retirement: size, root; NULL: none */
    uint64_t gone;         /* rows that were not there */
};

struct audit {
    PGconn *conn;
    struct arena *kept; /* for the whole run */
    struct arena *page; /* for one page of leaves */
    const char *since;
    struct heads file;
    const char *const *parts; /* months that have a partition */
    size_t n_parts;
    const struct audit_retiring *retiring;
    struct audit_result *result;
};

/* The tree of one tenant while its leaves pass by. */
struct passing {
    struct audit *audit;
    const char *tenant_id, *name;
    struct merkle stored; /* of the leaves as they stand */
    struct merkle actual; /* of the rows as they stand; either may match a head, for a finding has
                             named the difference already */
    struct heads table, file;
    size_t next_table, next_file;
    struct month *months;
    size_t n_months;
    uint64_t good;  /* size of the last head that matched */
    uint64_t end;   /* leaves: one more than the last index */
    bool is_broken; /* later roots cannot match any more: said already */
};

static void finding(struct passing *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void finding(struct passing *p, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    printf("%s: ", p->name);
    vprintf(fmt, args);
    putchar('\n');
    va_end(args);
    p->audit->result->findings++;
}

/* ---- heads ---- */

bool audit_head_signed(struct arena *a, const struct head *h)
{
    unsigned char signature[SIGNATURE_BYTES];
    return seal_unhex(str_of(h->signature), signature, sizeof signature) &&
           seal_signature_ok(h->key_id, seal_head_text(a, h->tenant_id, h->size, h->root, h->time),
                             (struct str){(const char *)signature, sizeof signature});
}

static int by_size(const void *a, const void *b)
{
    const struct head *x = a, *y = b;
    return x->size < y->size ? -1 : x->size > y->size;
}

bool audit_number(const char *text, uint64_t *out)
{
    int64_t n;
    if (str_int(str_of(text), &n) != OK || n < 0) {
        return false;
    }
    *out = (uint64_t)n;
    return true;
}

/* One line of the file of heads; false: it is none. */
static bool parse_head(struct arena *a, struct str line, struct head *h)
{
    const char *words[6];
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        words[i] = arena_cstr(a, str_cut(&line, ' '));
    }
    h->tenant_id = words[0];
    h->root = words[2];
    h->time = words[3];
    h->key_id = words[4];
    h->signature = words[5];
    return line.n == 0 && uuid_ok(str_of(words[0])) && audit_number(words[1], &h->size) &&
           strlen(h->root) == HASH_BYTES * 2;
}

/* Whether heads stand in it as they were mailed: between two lines, among words for people. */
static bool is_mail(FILE *f)
{
    size_t cap = 0;
    char *line = NULL;
    bool found = false;
    while (!found && getline(&line, &cap, f) >= 0) {
        found = str_is(str_trim(str_of(line)), HEADS_BEGIN);
    }
    free(line);
    rewind(f);
    return found;
}

/* The file of heads, before the database is looked at: a head is committed before it is written
 * there, so none of these can be missing from the database. */
static bool read_heads_file(struct audit *au, const char *path, bool must_exist)
{
    FILE *f = fopen(path, "re");
    if (!f && errno == ENOENT && !must_exist) {
        return true;
    }
    if (!f) {
        fprintf(stderr, "foyer audit: %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t cap = 0, line_cap = 0;
    char *line = NULL;
    bool in_mail = is_mail(f), is_inside = !in_mail;
    ssize_t n;
    for (int number = 1; (n = getline(&line, &line_cap, f)) >= 0; number++) {
        struct head h = {.line = number};
        struct str text = str_trim((struct str){line, (size_t)n});
        if (in_mail && (str_is(text, HEADS_BEGIN) || str_is(text, HEADS_END))) {
            is_inside = str_is(text, HEADS_BEGIN);
            continue;
        }
        if (!is_inside) {
            continue;
        }
        if (!parse_head(au->kept, text, &h) || !audit_head_signed(au->kept, &h)) {
            printf("%s:%d: is not a head that was signed with a known key\n", path, number);
            au->result->findings++;
            continue;
        }
        h.is_signed = true;
        au->result->signatures++;
        if (au->file.n == cap) {
            cap = cap ? cap * 2 : 1024;
            struct head *more = arena_alloc(au->kept, cap * sizeof *more);
            if (au->file.n > 0) {
                memcpy(more, au->file.items, au->file.n * sizeof *more);
            }
            au->file.items = more;
        }
        au->file.items[au->file.n++] = h;
    }
    free(line);
    fclose(f);
    return true;
}

static struct heads heads_in_file(struct audit *au, const char *tenant_id)
{
    struct heads out = {arena_alloc(au->kept, (au->file.n + 1) * sizeof *out.items), 0};
    for (size_t i = 0; i < au->file.n; i++) {
        if (strcmp(au->file.items[i].tenant_id, tenant_id) == 0) {
            out.items[out.n++] = au->file.items[i];
        }
    }
    qsort(out.items, out.n, sizeof *out.items, by_size);
    return out;
}

static bool read_heads_table(struct passing *p)
{
    struct audit *au = p->audit;
    PGresult *res = operator_ask(au->conn, "foyer audit", "SELECT * FROM audit.seal_heads($1)", 1,
                                 &p->tenant_id);
    if (!res) {
        return false;
    }
    size_t n = (size_t)PQntuples(res);
    p->table.items = arena_alloc(au->kept, (n + 1) * sizeof *p->table.items);
    for (int i = 0; i < (int)n; i++) {
        struct head h = {.tenant_id = p->tenant_id};
        const char **texts[] = {&h.root, &h.time, &h.key_id, &h.signature};
        for (int col = 0; col < (int)COUNT_OF(texts); col++) {
            *texts[col] = arena_cstr(au->kept, str_of(PQgetvalue(res, i, col + 1)));
        }
        h.is_signed =
            audit_number(PQgetvalue(res, i, 0), &h.size) && audit_head_signed(au->page, &h);
        if (!h.is_signed) {
            finding(p, "head of %s rows: its signature is not that of a known key",
                    PQgetvalue(res, i, 0));
        }
        au->result->signatures++;
        p->table.items[p->table.n++] = h;
        arena_reset(au->page);
    }
    PQclear(res);
    return true;
}

/* ---- leaves ---- */

static bool root_is(struct passing *p, const struct head *h)
{
    unsigned char want[HASH_BYTES], got[HASH_BYTES];
    if (!seal_unhex(str_of(h->root), want, sizeof want)) {
        return false;
    }
    merkle_root(&p->stored, got);
    if (memcmp(got, want, sizeof got) == 0) {
        return true;
    }
    merkle_root(&p->actual, got);
    return memcmp(got, want, sizeof got) == 0;
}

/* Compares the tree, as it is now, with the heads of its size. */
static void meet_heads(struct passing *p)
{
    const struct {
        struct heads *heads;
        size_t *next;
        const char *where;
    } kinds[] = {{&p->table, &p->next_table, "database"},
                 {&p->file, &p->next_file, "file of heads"}};
    uint64_t size = p->stored.size;
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        for (; *kinds[k].next < kinds[k].heads->n; ++*kinds[k].next) {
            const struct head *h = &kinds[k].heads->items[*kinds[k].next];
            if (h->size > size) {
                break;
            }
            if (p->is_broken || !h->is_signed || h->size < size) {
                continue;
            }
            if (root_is(p, h)) {
                p->good = size;
                continue;
            }
            finding(p,
                    "index %" PRIu64 " to %" PRIu64 ": altered, with their leaves: the root that "
                    "was signed for %" PRIu64 " rows (%s) is another; later heads are not compared",
                    p->good, size - 1, size, kinds[k].where);
            p->is_broken = true;
        }
    }
}

/* Where the row at this place of the result was sealed, if near; -1: nowhere, so it was altered. */
static int64_t sealed_at(const PGresult *res, int row, uint64_t index,
                         const unsigned char want[HASH_BYTES])
{
    uint64_t from = index > NEIGHBOURS ? index - NEIGHBOURS : 0;
    struct arena *a = arena_new(16 << 20);
    int64_t found = -1;
    for (uint64_t i = from; found < 0 && i < index + NEIGHBOURS; i++) {
        unsigned char hash[HASH_BYTES];
        seal_leaf(a, res, row, i, hash);
        arena_reset(a);
        found = memcmp(hash, want, HASH_BYTES) == 0 ? (int64_t)i : -1;
    }
    arena_free(a);
    return found;
}

/* ---- months ---- */

static bool has_part(const struct audit *au, const char *month)
{
    for (size_t i = 0; i < au->n_parts; i++) {
        if (strcmp(au->parts[i], month) == 0) {
            return true;
        }
    }
    return false;
}

static struct month *month_find(struct passing *p, const char *at)
{
    for (size_t i = p->n_months; i-- > 0;) {
        if (strncmp(p->months[i].name, at, MONTH_CHARS) == 0) {
            return &p->months[i];
        }
    }
    return NULL;
}

/* The month of a row that is gone; NULL: more months than anybody keeps. */
static struct month *month_of(struct passing *p, const char *at)
{
    struct month *m = month_find(p, at);
    if (!m && p->n_months < MAX_MONTHS) {
        m = &p->months[p->n_months++];
        *m = (struct month){.name = arena_cstr(p->audit->kept, (struct str){at, MONTH_CHARS})};
    }
    return m;
}

struct str audit_retired_text(struct arena *a, const char *tenant_id, const char *month,
                              uint64_t leaves, const char *root, const char *time)
{
    return arena_printf(a, "foyer-retired-v1\n%s\n%s\n%" PRIu64 "\n%s\n%s\n", tenant_id, month,
                        leaves, root, time);
}

/* The months to be counted: those that were retired, and those that are about to be. */
static bool read_months(struct passing *p)
{
    struct audit *au = p->audit;
    p->months = arena_alloc(au->kept, MAX_MONTHS * sizeof *p->months);
    PGresult *res = operator_ask(au->conn, "foyer audit", "SELECT * FROM audit.seal_retired($1)", 1,
                                 &p->tenant_id);
    for (int i = 0; res && i < PQntuples(res); i++) {
        struct head *by = arena_alloc(au->kept, sizeof *by);
        const char **texts[] = {&by->root, &by->time, &by->key_id, &by->signature};
        unsigned char signature[SIGNATURE_BYTES];
        *by = (struct head){.tenant_id = p->tenant_id};
        for (int col = 0; col < (int)COUNT_OF(texts); col++) {
            *texts[col] = arena_cstr(au->kept, str_of(PQgetvalue(res, i, col + 2)));
        }
        struct month *m = month_of(p, PQgetvalue(res, i, 0));
        if (!m || !audit_number(PQgetvalue(res, i, 1), &by->size)) {
            continue;
        }
        au->result->signatures++;
        if (seal_unhex(str_of(by->signature), signature, sizeof signature) &&
            seal_signature_ok(
                by->key_id,
                audit_retired_text(au->page, p->tenant_id, m->name, by->size, by->root, by->time),
                (struct str){(const char *)signature, sizeof signature})) {
            m->by = by;
        } else {
            finding(p, "month %s: the record of its retirement was not signed with a known key",
                    m->name);
        }
    }
    PQclear(res);
    for (size_t i = 0; au->retiring && i < au->retiring->n_months; i++) {
        (void)month_of(p, au->retiring->months[i]);
    }
    return res != NULL;
}

/* After all leaves: what is gone of a month must be what its record says. */
static void check_months(struct passing *p)
{
    unsigned char root[HASH_BYTES];
    for (size_t i = 0; i < p->n_months; i++) {
        struct month *m = &p->months[i];
        merkle_root(&m->passed, root);
        struct str hex = seal_hex(p->audit->page, root, sizeof root);
        if (m->by && (m->by->size != m->passed.size || !str_is(hex, m->by->root))) {
            finding(p,
                    "month %s: the record of its retirement is over %" PRIu64
                    " rows, and these are others (%" PRIu64 ")",
                    m->name, m->by->size, m->passed.size);
        }
        if (!m->by && m->gone > 0) {
            finding(p,
                    "month %s: dropped: %" PRIu64
                    " rows are gone, and no signed record says that the month was retired",
                    m->name, m->gone);
        }
        if (p->audit->retiring && m->passed.size > 0 && !m->by) {
            p->audit->retiring->take(p->audit->retiring->self, p->tenant_id, m->name,
                                     m->passed.size, arena_cstr(p->audit->page, hex));
        }
        arena_reset(p->audit->page);
    }
}

static void compare_row(struct passing *p, const PGresult *res, int row, uint64_t index,
                        const unsigned char leaf[HASH_BYTES], unsigned char actual[HASH_BYTES])
{
    const char *id = PQgetvalue(res, row, LEAF_ID), *at = PQgetvalue(res, row, LEAF_AT);
    if (PQgetisnull(res, row, ROW_ID)) {
        struct month *m = month_of(p, at);
        if (m && (m->by || !has_part(p->audit, m->name))) {
            m->gone++; /* judged in check_months */
            return;
        }
        finding(p, "index %" PRIu64 ": removed: event %s of %s", index, id, at);
        return;
    }
    seal_leaf(p->audit->page, res, row, index, actual);
    if (memcmp(leaf, actual, HASH_BYTES) == 0) {
        return;
    }
    int64_t was = sealed_at(res, row, index, leaf);
    if (was >= 0) {
        finding(p, "index %" PRIu64 ": reordered: event %s of %s was sealed at index %" PRId64,
                index, id, at, was);
    } else {
        finding(p, "index %" PRIu64 ": altered: event %s of %s", index, id, at);
    }
}

static void pass_leaf(struct passing *p, const PGresult *res, int row)
{
    uint64_t index = 0;
    unsigned char leaf[HASH_BYTES], actual[HASH_BYTES];
    (void)!audit_number(PQgetvalue(res, row, LEAF_INDEX), &index);
    (void)!seal_unhex(str_of(PQgetvalue(res, row, LEAF_HASH)), leaf, sizeof leaf);
    if (index > p->end) {
        finding(p, "index %" PRIu64 " to %" PRIu64 ": removed, with their leaves", p->end,
                index - 1);
        p->is_broken = true;
    }
    p->end = index + 1;
    memcpy(actual, leaf, sizeof leaf);
    struct month *m = month_find(p, PQgetvalue(res, row, LEAF_AT));
    if (m) {
        merkle_add(&m->passed, leaf);
    }
    if (*PQgetvalue(res, row, LEAF_IS_COMPARED) == 't') {
        compare_row(p, res, row, index, leaf, actual);
    }
    merkle_add(&p->stored, leaf);
    merkle_add(&p->actual, actual);
    p->audit->result->rows++;
    meet_heads(p);
}

static bool pass_leaves(struct passing *p)
{
    for (int n = PAGE; n == PAGE;) {
        char first[24];
        snprintf(first, sizeof first, "%" PRIu64, p->end);
        const char *const values[] = {p->tenant_id, first, p->audit->since};
        PGresult *res =
            operator_ask(p->audit->conn, "foyer audit",
                         "SELECT * FROM audit.seal_leaves($1, $2, 5000, $3)", 3, values);
        if (!res) {
            return false;
        }
        n = PQntuples(res);
        for (int row = 0; row < n; row++) {
            pass_leaf(p, res, row);
            arena_reset(p->audit->page);
        }
        PQclear(res);
    }
    return true;
}

/* ---- the end of the tree ---- */

static bool table_has(const struct passing *p, uint64_t size)
{
    for (size_t i = 0; i < p->table.n; i++) {
        if (p->table.items[i].size == size) {
            return true;
        }
    }
    return false;
}

static void check_end(struct passing *p)
{
    uint64_t in_table = p->table.n > 0 ? p->table.items[p->table.n - 1].size : 0;
    uint64_t in_file = p->file.n > 0 ? p->file.items[p->file.n - 1].size : 0;
    uint64_t most = in_table > in_file ? in_table : in_file;
    if (most > p->end) {
        finding(
            p, "index %" PRIu64 " to %" PRIu64 ": cut off: a head over %" PRIu64 " rows was signed",
            p->end, most - 1, most);
    }
    if (in_table < p->end) {
        finding(p,
                "index %" PRIu64 " to %" PRIu64 ": no signed head covers them; the last was "
                "removed, or they were added",
                in_table, p->end - 1);
    }
    for (size_t i = 0; i < p->file.n; i++) {
        uint64_t size = p->file.items[i].size;
        if (size < in_table && !table_has(p, size)) {
            finding(p, "head of %" PRIu64 " rows: removed; line %d of the file of heads has it",
                    size, p->file.items[i].line);
        }
    }
}

static bool verify_tenant(struct audit *au, const char *tenant_id, const char *name)
{
    struct passing *p = arena_alloc(au->kept, sizeof *p);
    *p = (struct passing){.audit = au, .tenant_id = tenant_id, .name = name};
    p->file = heads_in_file(au, tenant_id);
    if (!read_heads_table(p) || !read_months(p) || !pass_leaves(p)) {
        return false;
    }
    check_end(p);
    check_months(p);
    return true;
}

/* Rows without a leaf; tenant NULL: everybody's. */
static bool find_strays(struct audit *au, const char *tenant_id)
{
    const char *const values[] = {tenant_id, au->since};
    PGresult *res =
        operator_ask(au->conn, "foyer audit", "SELECT * FROM audit.seal_strays($1, $2)", 2, values);
    for (int i = 0; res && i < PQntuples(res); i++) {
        if (*PQgetvalue(res, i, 3) == 't') {
            printf("tenant %s: added: event %s of %s was never sealed\n", PQgetvalue(res, i, 0),
                   PQgetvalue(res, i, 2), PQgetvalue(res, i, 1));
            au->result->findings++;
        } else {
            au->result->waiting++;
        }
    }
    PQclear(res);
    return res != NULL;
}

/* Trees that stand still: their rows are in nobody's head. */
static bool find_stopped(struct audit *au, const char *tenant_id)
{
    PGresult *res =
        operator_ask(au->conn, "foyer audit", "SELECT * FROM audit.seal_stopped()", 0, NULL);
    for (int i = 0; res && i < PQntuples(res); i++) {
        const char *id = PQgetvalue(res, i, 0), *slug = PQgetvalue(res, i, 1);
        if (tenant_id && strcmp(tenant_id, id) != 0) {
            continue;
        }
        printf("%s: not sealed since %s: %s; see 'foyer audit mend'\n", *slug ? slug : id,
               PQgetvalue(res, i, 2), PQgetvalue(res, i, 3));
        au->result->findings++;
    }
    PQclear(res);
    return res != NULL;
}

/* Tenants of the file of heads that the database knows nothing of. */
static bool verify_forgotten(struct audit *au, const PGresult *tenants)
{
    for (size_t i = 0; i < au->file.n; i++) {
        const char *id = au->file.items[i].tenant_id;
        bool is_known = false;
        for (int t = 0; !is_known && t < PQntuples(tenants); t++) {
            is_known = strcmp(PQgetvalue(tenants, t, 0), id) == 0;
        }
        for (size_t before = 0; !is_known && before < i; before++) {
            is_known = strcmp(au->file.items[before].tenant_id, id) == 0;
        }
        if (!is_known && !verify_tenant(au, id, id)) {
            return false;
        }
    }
    return true;
}

/* What was signed (notes, treatments, forms) against what the trail says was signed. */
static bool verify_signed(struct audit *au, const char *tenant_id, const char *name)
{
    PGresult *res =
        operator_ask(au->conn, "foyer audit", "SELECT * FROM audit.seal_signed($1)", 1, &tenant_id);
    for (int i = 0; res && i < PQntuples(res); i++) {
        printf("%s: %s %s of client %s %s\n", name, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1),
               PQgetvalue(res, i, 2), PQgetvalue(res, i, 3));
        au->result->findings++;
    }
    PQclear(res);
    return res != NULL;
}

/* Columns of audit.seal_files. */
enum { FILE_SIGNATURE, FILE_CLIENT, FILE_ID, FILE_HASH, FILE_IS_REMOVED };

/* How a file that somebody signed for lies in the store; NULL: as it did then. */
static const char *file_fault(struct audit *au, const char *tenant_id, const PGresult *res, int row)
{
    unsigned char want[HASH_BYTES], is[HASH_BYTES];
    const struct media_object o = {str_of(tenant_id), str_of(PQgetvalue(res, row, FILE_ID)),
                                   MEDIA_WHOLE};
    if (*PQgetvalue(res, row, FILE_IS_REMOVED) == 't')
        return "was removed";
    enum err e = media_stored_hash(media_store(), au->page, &o, is);
    arena_reset(au->page);
    if (e)
        return e == ERR_NOT_FOUND ? "is not in the store" : "cannot be read";
    return seal_unhex(str_of(PQgetvalue(res, row, FILE_HASH)), want, sizeof want) &&
                   memcmp(want, is, sizeof is) == 0
               ? NULL
               : "is not what was attached when it was signed";
}

/* The files that signed forms name, against what lies in the store. Whoever may not read that compares the rest. */
static bool verify_files(struct audit *au, const char *tenant_id, const char *name)
{
    PGresult *res =
        operator_ask(au->conn, "foyer audit", "SELECT * FROM audit.seal_files($1)", 1, &tenant_id);
    for (int i = 0; res && media_store() && i < PQntuples(res); i++) {
        const char *fault = file_fault(au, tenant_id, res, i);
        if (!fault)
            continue;
        printf("%s: file %s of signed form %s of client %s %s\n", name, PQgetvalue(res, i, FILE_ID),
               PQgetvalue(res, i, FILE_SIGNATURE), PQgetvalue(res, i, FILE_CLIENT), fault);
        au->result->findings++;
    }
    if (res && !media_store() && PQntuples(res) > 0)
        fprintf(
            stderr,
            "foyer audit: %s: %d files of signed forms were not compared: '%s' cannot be read\n",
            name, PQntuples(res), config_text("media"));
    PQclear(res);
    return res != NULL;
}

static bool verify_all(struct audit *au, const char *slug)
{
    PGresult *tenants =
        operator_ask(au->conn, "foyer audit", "SELECT * FROM audit.seal_tenants()", 0, NULL);
    bool good = tenants != NULL, is_found = false;
    for (int i = 0; good && i < PQntuples(tenants); i++) {
        const char *id = arena_cstr(au->kept, str_of(PQgetvalue(tenants, i, 0)));
        const char *name = arena_cstr(au->kept, str_of(PQgetvalue(tenants, i, 1)));
        if (slug && strcmp(slug, name) != 0 && strcmp(slug, id) != 0) {
            continue;
        }
        is_found = true;
        good = verify_tenant(au, id, *name ? name : id) &&
               verify_signed(au, id, *name ? name : id) &&
               verify_files(au, id, *name ? name : id) &&
               (!slug || (find_stopped(au, id) && find_strays(au, id)));
    }
    if (good && slug && !is_found) {
        fprintf(stderr, "foyer audit: there is no tenant '%s'; 'foyer tenant list' shows them\n",
                slug);
        good = false;
    }
    if (good && !slug) {
        good = verify_forgotten(au, tenants) && find_stopped(au, NULL) && find_strays(au, NULL);
    }
    PQclear(tenants);
    return good;
}

static bool read_parts(struct audit *au)
{
    PGresult *res =
        operator_ask(au->conn, "foyer audit", "SELECT month FROM audit.seal_months()", 0, NULL);
    size_t n = res ? (size_t)PQntuples(res) : 0;
    const char **parts = arena_alloc(au->kept, (n + 1) * sizeof *parts);
    for (size_t i = 0; i < n; i++) {
        parts[i] = arena_cstr(au->kept, str_of(PQgetvalue(res, (int)i, 0)));
    }
    au->parts = parts;
    au->n_parts = n;
    PQclear(res);
    return res != NULL;
}

/* As the role that alone may read leaves and heads; one moment of the database for all. */
PGconn *audit_look(void)
{
    PGconn *c = operator_connect("foyer_sealer");
    if (c && !operator_run(c, "foyer audit",
                           "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
                           "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")) {
        PQfinish(c);
        c = NULL;
    }
    return c;
}

bool audit_verify(const struct audit_question *q, struct audit_result *result)
{
    struct audit au = {.kept = arena_new(ARENA_CAP),
                       .page = arena_new(64 << 20),
                       .since = q->since ? q->since : "-infinity",
                       .retiring = q->retiring,
                       .result = result};
    *result = (struct audit_result){0};
    if (access(config_text("media"), R_OK | X_OK) == 0) /* (it would be made where it is not) */
        media_directory(config_text("media"));
    bool good =
        read_heads_file(&au, q->heads ? q->heads : seal_heads_path(au.kept), q->heads != NULL);
    au.conn = good ? audit_look() : NULL;
    good = au.conn && read_parts(&au) && verify_all(&au, q->tenant);
    PQfinish(au.conn);
    arena_free(au.page);
    arena_free(au.kept);
    return good;
}
