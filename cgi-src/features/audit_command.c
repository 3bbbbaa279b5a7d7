/*
 * audit_command.c -- `foyer audit`: the trail compared with its trees, the trees with their signed
 * heads, and these with the file of heads, which somebody who rewrites the database cannot reach.
 * Owns: what is a finding, and how it is worded.
 * Never: changes the trail; prints what is in a row.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "seal.h"

enum { PAGE = 5000, NEIGHBOURS = 5000, ARENA_CAP = 1 << 30 };
/* Columns of audit.seal_leaves behind the row's own fields. */
enum { ROW_ID = 2, LEAF_INDEX = SEAL_FIELDS, LEAF_HASH, LEAF_AT, LEAF_ID, LEAF_IS_COMPARED };

/* A head, from the table or from the file. */
struct head {
    uint64_t size;
    const char *tenant_id, *root, *time, *key_id, *signature;
    int line;       /* of the file; 0: from the table */
    bool is_signed; /* or there is a finding already, and its root says nothing */
};

struct heads {
    struct head *items;
    size_t n;
};

struct audit {
    PGconn *conn;
    struct arena *kept; /* for the whole run */
    struct arena *page; /* for one page of leaves */
    const char *since;
    struct heads file;
    unsigned long findings, rows, signatures, waiting;
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
    p->audit->findings++;
}

/* ---- heads ---- */

static bool head_signed(struct arena *a, const struct head *h)
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

static bool read_number(const char *text, uint64_t *out)
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
    return line.n == 0 && uuid_ok(str_of(words[0])) && read_number(words[1], &h->size) &&
           strlen(h->root) == HASH_BYTES * 2;
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
    ssize_t n;
    for (int number = 1; (n = getline(&line, &line_cap, f)) >= 0; number++) {
        struct head h = {.line = number};
        struct str text = str_trim((struct str){line, (size_t)n});
        if (!parse_head(au->kept, text, &h) || !head_signed(au->kept, &h)) {
            printf("%s:%d: is not a head that was signed with a known key\n", path, number);
            au->findings++;
            continue;
        }
        h.is_signed = true;
        au->signatures++;
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
        h.is_signed = read_number(PQgetvalue(res, i, 0), &h.size) && head_signed(au->page, &h);
        if (!h.is_signed) {
            finding(p, "head of %s rows: its signature is not that of a known key",
                    PQgetvalue(res, i, 0));
        }
        au->signatures++;
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

static void compare_row(struct passing *p, const PGresult *res, int row, uint64_t index,
                        const unsigned char leaf[HASH_BYTES], unsigned char actual[HASH_BYTES])
{
    const char *id = PQgetvalue(res, row, LEAF_ID), *at = PQgetvalue(res, row, LEAF_AT);
    if (PQgetisnull(res, row, ROW_ID)) {
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
    (void)!read_number(PQgetvalue(res, row, LEAF_INDEX), &index);
    (void)!seal_unhex(str_of(PQgetvalue(res, row, LEAF_HASH)), leaf, sizeof leaf);
    if (index > p->end) {
        finding(p, "index %" PRIu64 " to %" PRIu64 ": removed, with their leaves", p->end,
                index - 1);
        p->is_broken = true;
    }
    p->end = index + 1;
    memcpy(actual, leaf, sizeof leaf);
    if (*PQgetvalue(res, row, LEAF_IS_COMPARED) == 't') {
        compare_row(p, res, row, index, leaf, actual);
    }
    merkle_add(&p->stored, leaf);
    merkle_add(&p->actual, actual);
    p->audit->rows++;
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
    if (!read_heads_table(p) || !pass_leaves(p)) {
        return false;
    }
    check_end(p);
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
            au->findings++;
        } else {
            au->waiting++;
        }
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
        good = verify_tenant(au, id, *name ? name : id) && (!slug || find_strays(au, id));
    }
    if (good && slug && !is_found) {
        fprintf(stderr, "foyer audit: there is no tenant '%s'; 'foyer tenant list' shows them\n",
                slug);
        good = false;
    }
    if (good && !slug) {
        good = verify_forgotten(au, tenants) && find_strays(au, NULL);
    }
    PQclear(tenants);
    return good;
}

/* ---- the commands ---- */

/* As the role that alone may read leaves and heads; one moment of the database for all. */
static PGconn *look(void)
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

static int usage(const char *text)
{
    fprintf(stderr, "usage: foyer audit %s\n", text);
    return EXIT_USAGE;
}

static int audit_verify(int argc, char **argv)
{
    const char *slug = NULL, *since = "-infinity", *path = NULL;
    const struct option_row options[] = {
        {"--tenant", &slug, NULL}, {"--since", &since, NULL}, {"--heads", &path, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 1) {
        return usage("verify [--tenant SLUG] [--since DATE] [--heads FILE]");
    }
    struct audit au = {.kept = arena_new(ARENA_CAP), .page = arena_new(64 << 20), .since = since};
    bool good = read_heads_file(&au, path ? path : seal_heads_path(au.kept), path != NULL);
    au.conn = good ? look() : NULL;
    good = au.conn && verify_all(&au, slug);
    if (good) {
        printf("%lu rows and %lu signatures compared, %lu rows wait to be sealed: %lu finding%s\n",
               au.rows, au.signatures, au.waiting, au.findings, au.findings == 1 ? "" : "s");
    }
    PQfinish(au.conn);
    arena_free(au.page);
    arena_free(au.kept);
    return good && au.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The tenant's first n leaves; NULL: a line was printed. The caller frees. */
static unsigned char (*read_leaves(PGconn *c, const char *tenant_id, uint64_t n))[HASH_BYTES]
{
    unsigned char(*leaves)[HASH_BYTES] = calloc(n, HASH_BYTES);
    uint64_t have = 0;
    while (leaves && have < n) {
        char first[24];
        snprintf(first, sizeof first, "%" PRIu64, have);
        const char *const values[] = {tenant_id, first};
        PGresult *res = operator_ask(
            c, "foyer audit", "SELECT idx, hash FROM audit.seal_leaves($1, $2, 5000, 'infinity')",
            2, values);
        int rows = res ? PQntuples(res) : 0;
        uint64_t index = have;
        for (int i = 0; i < rows && have < n; i++, have++) {
            if (!read_number(PQgetvalue(res, i, 0), &index) || index != have ||
                !seal_unhex(str_of(PQgetvalue(res, i, 1)), leaves[have], HASH_BYTES)) {
                rows = 0;
            }
        }
        PQclear(res);
        if (rows == 0) {
            fprintf(stderr, "foyer audit: leaf %" PRIu64 " is missing; see 'foyer audit verify'\n",
                    have);
            free(leaves);
            return NULL;
        }
    }
    return leaves;
}

/* The row's own leaf, made from the row as it stands. */
static bool leaf_of_row(PGconn *c, const char *tenant_id, uint64_t index,
                        unsigned char leaf[HASH_BYTES])
{
    char first[24];
    snprintf(first, sizeof first, "%" PRIu64, index);
    const char *const values[] = {tenant_id, first};
    PGresult *res = operator_ask(
        c, "foyer audit", "SELECT * FROM audit.seal_leaves($1, $2, 1, '-infinity')", 2, values);
    bool good = res && PQntuples(res) == 1 && !PQgetisnull(res, 0, ROW_ID);
    if (good) {
        struct arena *a = arena_new(16 << 20);
        seal_leaf(a, res, 0, index, leaf);
        arena_free(a);
    }
    PQclear(res);
    return good;
}

static bool print_proof(PGconn *c, struct arena *a, const struct head *h, uint64_t index)
{
    unsigned char leaf[HASH_BYTES], root[HASH_BYTES], path[MERKLE_HEIGHT][HASH_BYTES];
    unsigned char(*leaves)[HASH_BYTES] = read_leaves(c, h->tenant_id, h->size);
    if (!leaves) {
        return false;
    }
    size_t length = merkle_path(leaves, h->size, index, path);
    free(leaves);
    if (!leaf_of_row(c, h->tenant_id, index, leaf) ||
        !seal_unhex(str_of(h->root), root, sizeof root) ||
        !merkle_path_ok(leaf, index, h->size, path, length, root) || !head_signed(a, h)) {
        fputs("foyer audit: the row is not what was sealed; see 'foyer audit verify'\n", stderr);
        return false;
    }
    printf("tenant %s\nindex %" PRIu64 "\nsize %" PRIu64 "\nleaf %s\n", h->tenant_id, index,
           h->size, arena_cstr(a, seal_hex(a, leaf, sizeof leaf)));
    for (size_t i = 0; i < length; i++) {
        printf("path %s\n", arena_cstr(a, seal_hex(a, path[i], HASH_BYTES)));
    }
    printf("root %s\ntime %s\nkey %s\nsignature %s\n", h->root, h->time, h->key_id, h->signature);
    return true;
}

static int audit_proof(int argc, char **argv)
{
    if (argc != 2 || !uuid_ok(str_of(argv[1]))) {
        return usage("proof EVENT_ID");
    }
    PGconn *c = look();
    const char *event = argv[1];
    PGresult *res =
        c ? operator_ask(c, "foyer audit", "SELECT * FROM audit.seal_find($1)", 1, &event) : NULL;
    bool good = false;
    if (res && PQntuples(res) == 0) {
        fprintf(stderr, "foyer audit: event %s is not sealed; it is a few seconds old, or none\n",
                event);
    } else if (res) {
        struct head h = {.tenant_id = PQgetvalue(res, 0, 0),
                         .root = PQgetvalue(res, 0, 3),
                         .time = PQgetvalue(res, 0, 4),
                         .key_id = PQgetvalue(res, 0, 5),
                         .signature = PQgetvalue(res, 0, 6)};
        uint64_t index = 0;
        struct arena *a = arena_new(1 << 20);
        good = read_number(PQgetvalue(res, 0, 1), &index) &&
               read_number(PQgetvalue(res, 0, 2), &h.size) && print_proof(c, a, &h, index);
        arena_free(a);
    }
    PQclear(res);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int audit_seal(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        return usage("seal");
    }
    PGconn *fit = look(); /* the sealer itself does not ask whether the server is fit */
    PQfinish(fit);
    if (!fit) {
        return EXIT_FAILURE;
    }
    struct sealer *s = sealer_new();
    size_t all = 0, sealed = 0;
    enum err e;
    do {
        e = sealer_run(s, &sealed);
        all += sealed;
    } while (e == OK && sealed > 0);
    sealer_free(s);
    printf("%zu rows sealed\n", all);
    return e == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_audit(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } parts[] = {{"verify", audit_verify}, {"proof", audit_proof}, {"seal", audit_seal}};
    for (size_t i = 0; argc > 1 && i < COUNT_OF(parts); i++) {
        if (strcmp(argv[1], parts[i].name) == 0) {
            return parts[i].run(argc - 1, argv + 1);
        }
    }
    return usage("verify|proof|seal; 'foyer help' says more");
}
