/*
 * seal.c -- seals the audit trail: takes committed rows, grows each tenant's tree, signs its head,
 * brings heads outside.
 * Owns: the sealer's connection; the bytes that a leaf and a head are made of, for ever.
 * Never: changes a leaf or a head; makes a writer of the trail wait.
 */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "log.h"

enum { BATCHES_AT_ONCE = 10, ARENA_CAP = 512 << 20 };
enum { HEADS_SECONDS = 10, RETRY_SECONDS = 60 };
enum { COLUMN_TENANT = 0, COLUMN_AT = 1, COLUMN_ID = 2, COLUMN_XID = 3 };

struct sealer {
    PGconn *conn;
    struct arena *arena;
    time_t heads_next;   /* when heads are brought outside again */
    time_t stopped_next; /* when trees that stand still are looked at again */
    bool is_shut_out;
};

/* ---- bytes ---- */

struct str seal_hex(struct arena *a, const void *bytes, size_t n)
{
    struct buf b = buf_in(a, n * 2 + 1);
    esc_hex(&b, (struct str){bytes, n});
    return buf_str(&b);
}

bool seal_unhex(struct str hex, unsigned char *out, size_t n)
{
    if (hex.n != n * 2) {
        return false;
    }
    for (size_t i = 0; i < hex.n; i++) {
        char c = hex.p[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) {
            return false;
        }
        out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return true;
}

static void add_length(struct buf *b, uint32_t n)
{
    const char bytes[] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};
    buf_add(b, (struct str){bytes, sizeof bytes});
}

static void add_field(struct buf *b, struct str s)
{
    add_length(b, (uint32_t)s.n);
    buf_add(b, s);
}

void seal_leaf_of(struct arena *a, const struct str fields[SEAL_FIELDS], uint64_t index,
                  unsigned char out[HASH_BYTES])
{
    struct buf b = buf_in(a, 1024);
    add_field(&b, S("foyer-leaf-v1"));
    add_field(&b, arena_printf(a, "%" PRIu64, index));
    for (int i = 0; i < SEAL_FIELDS; i++) {
        if (fields[i].p) {
            add_field(&b, fields[i]);
        } else {
            add_length(&b, UINT32_MAX);
        }
    }
    merkle_leaf(buf_str(&b), out);
}

void seal_leaf(struct arena *a, const PGresult *res, int row, uint64_t index,
               unsigned char out[HASH_BYTES])
{
    struct str fields[SEAL_FIELDS];
    for (int col = 0; col < SEAL_FIELDS; col++) {
        bool is_null = PQgetisnull(res, row, col);
        fields[col] = (struct str){is_null ? NULL : PQgetvalue(res, row, col),
                                   (size_t)PQgetlength(res, row, col)};
    }
    seal_leaf_of(a, fields, index, out);
}

struct str seal_head_text(struct arena *a, const char *tenant_id, uint64_t size, const char *root,
                          const char *time)
{
    return arena_printf(a, "foyer-sth-v1\n%s\n%" PRIu64 "\n%s\n%s\n", tenant_id, size, root, time);
}

const char *seal_heads_path(struct arena *a)
{
    const char *set = config_text("heads_file");
    return *set ? set : arena_cstr(a, arena_printf(a, "%s/heads", config_text("keys")));
}

/* ---- the connection ---- */

struct sealer *sealer_new(void)
{
    struct sealer *s = calloc(1, sizeof *s);
    if (!s) {
        abort();
    }
    s->arena = arena_new(ARENA_CAP);
    return s;
}

static void hang_up(struct sealer *s)
{
    PQfinish(s->conn);
    s->conn = NULL;
}

void sealer_free(struct sealer *s)
{
    hang_up(s);
    arena_free(s->arena);
    free(s);
}

static void release_result(void *res) { PQclear(res); }

/* NULL: failed, and logged. The result lives as long as the arena's content. */
static PGresult *ask(struct sealer *s, const char *sql, size_t n, const char *const *values)
{
    PGresult *res = PQexecParams(s->conn, sql, (int)n, NULL, values, NULL, NULL, 0);
    arena_defer(s->arena, release_result, res);
    ExecStatusType status = PQresultStatus(res);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        return res;
    }
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    log_error("seal.failed", "sqlstate", state ? state : "connection", NULL);
    return NULL;
}

static enum err connect(struct sealer *s)
{
    if (s->conn && PQstatus(s->conn) == CONNECTION_OK) {
        return OK;
    }
    hang_up(s);
    const char *const names[] = {"connect_timeout",           "dbname",          "user",
                                 "fallback_application_name", "client_encoding", NULL};
    const char *const values[] = {
        "5", config_text("database"), "foyer_sealer", "foyer-sealer", "UTF8", NULL};
    s->conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(s->conn) != CONNECTION_OK) {
        log_error("seal.away", NULL);
        hang_up(s);
        return ERR_UNAVAILABLE;
    }
    /* Once after a logical restore all rows are looked at, which takes longer than a page may. */
    bool good = ask(s, "SET statement_timeout = '5min'", 0, NULL) != NULL;
    arena_reset(s->arena);
    return good ? OK : ERR_UNAVAILABLE;
}

/* ---- one batch ---- */

/* Rows from..to of the batch are one tenant's. */
struct growth {
    const PGresult *batch;
    int from, to;
    const char *tenant_id;
    uint64_t first;
    struct merkle tree;
    struct buf ats, ids, hashes; /* as array literals */
};

/* Whether the right edge, the leaves and the last head end at the same place. A tree that does not
 * go on where it was signed stands still, so that no head is ever signed over somebody's damage. */
static const char *damage(const struct merkle *tree, const PGresult *res)
{
    int64_t leaves = -1, head = -1;
    unsigned char want[HASH_BYTES], root[HASH_BYTES];
    if (str_int(str_of(PQgetvalue(res, 0, 3)), &leaves) != OK ||
        str_int(str_of(PQgetvalue(res, 0, 4)), &head) != OK)
        return "its state cannot be read";
    if ((uint64_t)leaves != tree->size)
        return "its right edge does not end where its leaves end";
    if ((uint64_t)head != tree->size)
        return "its last signed head does not end where its leaves end";
    if (head == 0)
        return NULL;
    merkle_root(tree, root);
    if (!seal_unhex(str_of(PQgetvalue(res, 0, 5)), want, sizeof want) ||
        memcmp(root, want, sizeof root) != 0)
        return "its right edge is not that of its last signed head";
    return NULL;
}

/* The tenant stands still from the end of this transaction on; the others do not wait for her. */
static bool stand_still(struct sealer *s, const char *tenant_id, const char *why)
{
    const char *const values[] = {tenant_id, why};
    log_error("seal.stopped", "tenant", tenant_id, "why", why, NULL);
    return ask(s, "SELECT audit.seal_stop($1, $2)", COUNT_OF(values), values) != NULL;
}

/* *why: not NULL when the tree is damaged. false: the database failed. */
static bool read_frontier(struct sealer *s, struct growth *g, const char **time, const char **why)
{
    PGresult *res = ask(s, "SELECT * FROM audit.seal_frontier($1)", 1, &g->tenant_id);
    if (!res) {
        return false;
    }
    int64_t size = -1;
    struct str hex = str_of(PQgetvalue(res, 0, 1));
    unsigned char *nodes = arena_alloc(s->arena, hex.n / 2 + 1);
    *time = PQgetvalue(res, 0, 2);
    if (str_int(str_of(PQgetvalue(res, 0, 0)), &size) != OK || size < 0 ||
        !seal_unhex(hex, nodes, hex.n / 2) ||
        merkle_resume(&g->tree, (uint64_t)size, (struct str){(const char *)nodes, hex.n / 2}) !=
            OK) {
        *why = "its right edge is no tree's";
        return true;
    }
    g->first = (uint64_t)size;
    *why = damage(&g->tree, res);
    return true;
}

static void grow(struct sealer *s, struct growth *g)
{
    for (int row = g->from; row < g->to; row++) {
        unsigned char leaf[HASH_BYTES];
        seal_leaf(s->arena, g->batch, row, g->tree.size, leaf);
        merkle_add(&g->tree, leaf);
        const char *comma = row == g->from ? "{" : ",";
        buf_printf(&g->ats, "%s%s", comma, PQgetvalue(g->batch, row, COLUMN_AT));
        buf_printf(&g->ids, "%s%s", comma, PQgetvalue(g->batch, row, COLUMN_ID));
        struct str hex = seal_hex(s->arena, leaf, sizeof leaf);
        buf_printf(&g->hashes, "%s\"\\\\x%.*s\"", comma, (int)hex.n, hex.p);
    }
    buf_addc(&g->ats, '}');
    buf_addc(&g->ids, '}');
    buf_addc(&g->hashes, '}');
}

static const char *text_of(struct sealer *s, const struct buf *b)
{
    return arena_cstr(s->arena, buf_str(b));
}

static const char *bytea_of(struct sealer *s, const void *bytes, size_t n)
{
    struct str hex = seal_hex(s->arena, bytes, n);
    return arena_cstr(s->arena, arena_printf(s->arena, "\\x%.*s", (int)hex.n, hex.p));
}

/* Seals one tenant's rows; its head goes into heads as well. */
static bool seal_tenant(struct sealer *s, struct growth *g, struct buf *heads)
{
    struct arena *a = s->arena;
    const char *time, *why;
    if (!read_frontier(s, g, &time, &why)) {
        return false;
    }
    if (why) {
        return stand_still(s, g->tenant_id, why);
    }
    grow(s, g);
    unsigned char root[HASH_BYTES], signature[SIGNATURE_BYTES];
    merkle_root(&g->tree, root);
    const char *root_hex = arena_cstr(a, seal_hex(a, root, sizeof root));
    seal_sign(seal_head_text(a, g->tenant_id, g->tree.size, root_hex, time), signature);
    struct str edge = merkle_frontier(a, &g->tree);
    const char *const values[] = {g->tenant_id,
                                  arena_cstr(a, arena_printf(a, "%" PRIu64, g->first)),
                                  text_of(s, &g->ats),
                                  text_of(s, &g->ids),
                                  text_of(s, &g->hashes),
                                  bytea_of(s, edge.p, edge.n),
                                  bytea_of(s, root, sizeof root),
                                  time,
                                  seal_key_id(),
                                  bytea_of(s, signature, sizeof signature)};
    if (!ask(s, "SELECT audit.seal_put($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", COUNT_OF(values),
             values)) {
        return false;
    }
    struct str signature_hex = seal_hex(a, signature, sizeof signature);
    buf_printf(heads, "%s %" PRIu64 " %s %s %s %.*s\n", g->tenant_id, g->tree.size, root_hex, time,
               seal_key_id(), (int)signature_hex.n, signature_hex.p);
    return true;
}

static bool seal_tenants(struct sealer *s, const PGresult *batch, struct buf *heads)
{
    int n = PQntuples(batch);
    for (int from = 0, to; from < n; from = to) {
        const char *tenant_id = PQgetvalue(batch, from, COLUMN_TENANT);
        for (to = from + 1; to < n && strcmp(tenant_id, PQgetvalue(batch, to, COLUMN_TENANT)) == 0;)
            to++;
        struct growth *g = arena_alloc(s->arena, sizeof *g);
        *g = (struct growth){.batch = batch, .from = from, .to = to, .tenant_id = tenant_id};
        g->ats = buf_in(s->arena, 4096);
        g->ids = buf_in(s->arena, 4096);
        g->hashes = buf_in(s->arena, 4096);
        if (!seal_tenant(s, g, heads)) {
            return false;
        }
    }
    return true;
}

/* The length of the file without a last line that was not written whole: the disk was full, or the
 * machine went down. */
static off_t whole_lines(int fd)
{
    char tail[512];
    off_t end = lseek(fd, 0, SEEK_END),
          from = end > (off_t)sizeof tail ? end - (off_t)sizeof tail : 0;
    ssize_t n = pread(fd, tail, sizeof tail, from);
    while (n > 0 && tail[n - 1] != '\n') {
        n--;
    }
    return n > 0 ? from + n : end; /* a line is shorter than the tail: never is more cut off */
}

static bool append_whole(int fd, struct str lines)
{
    /* (What is whole is not touched: the file may be one that can only grow.) */
    off_t end = whole_lines(fd);
    bool good = end >= 0 && (lseek(fd, 0, SEEK_END) == end || ftruncate(fd, end) == 0);
    while (good && lines.n > 0) {
        ssize_t n = write(fd, lines.p, lines.n);
        good = n > 0 || (n < 0 && errno == EINTR);
        lines = n > 0 ? str_part(lines, (size_t)n, lines.n - (size_t)n) : lines;
    }
    if (good && fsync(fd) == 0) {
        return true;
    }
    int why = errno;
    if (end >= 0 && ftruncate(fd, end) != 0) {
        log_error("seal.heads_file", "errno", strerror(errno), NULL);
    }
    errno = why;
    return false;
}

/* false: errno says why. */
static bool append_lines(const char *path, struct str lines)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && flock(fd, LOCK_EX) == 0 && append_whole(fd, lines);
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = why;
    return good;
}

/* Heads are committed when they come here: the file may lack some after a crash or while the disk is
 * full, never have one more, nor half a line. */
static void append_heads(struct sealer *s, struct str lines)
{
    if (!append_lines(seal_heads_path(s->arena), lines)) {
        log_error("seal.heads_file", "errno", strerror(errno), NULL);
    }
}

/* The watermark behind a full batch: the least transaction that could have rows left is that of the
 * last row in the order of transactions, so the greatest one of the batch. */
static bool advance(struct sealer *s, const PGresult *batch)
{
    unsigned long long last = 0;
    for (int row = 0; row < PQntuples(batch); row++) {
        unsigned long long xid = strtoull(PQgetvalue(batch, row, COLUMN_XID), NULL, 10);
        last = xid > last ? xid : last;
    }
    const char *value = arena_cstr(s->arena, arena_printf(s->arena, "%llu", last));
    return ask(s, "SELECT audit.seal_advance($1)", 1, &value) != NULL;
}

/* One transaction. *n: rows sealed. */
static bool run_batch(struct sealer *s, size_t *n)
{
    const char *most = arena_cstr(s->arena, arena_printf(s->arena, "%d", SEAL_BATCH));
    struct buf heads = buf_in(s->arena, 4096);
    if (!ask(s, "BEGIN", 0, NULL)) {
        return false;
    }
    PGresult *batch = ask(s, "SELECT * FROM audit.seal_take($1)", 1, &most);
    if (!batch || !seal_tenants(s, batch, &heads)) {
        return false;
    }
    *n = (size_t)PQntuples(batch);
    if ((*n == SEAL_BATCH && !advance(s, batch)) || !ask(s, "COMMIT", 0, NULL)) {
        return false;
    }
    if (heads.n > 0) {
        append_heads(s, buf_str(&heads));
    }
    return true;
}

/* ---- trees that stand still ---- */

/* Whether a tree that stood still goes on again: its rows are looked for one by one. */
static bool go_on(struct sealer *s, const char *tenant_id, size_t *sealed)
{
    const char *most = arena_cstr(s->arena, arena_printf(s->arena, "%d", SEAL_BATCH));
    const char *const values[] = {tenant_id, most};
    struct buf heads = buf_in(s->arena, 4096);
    struct growth g = {.tenant_id = tenant_id};
    const char *time, *why;
    if (!ask(s, "BEGIN", 0, NULL) || !read_frontier(s, &g, &time, &why)) {
        return false;
    }
    if (why) {
        return ask(s, "ROLLBACK", 0, NULL) != NULL;
    }
    PGresult *batch = ask(s, "SELECT * FROM audit.seal_take_stopped($1, $2)", 2, values);
    if (!batch || !seal_tenants(s, batch, &heads) || !ask(s, "COMMIT", 0, NULL)) {
        return false;
    }
    *sealed += (size_t)PQntuples(batch);
    if (PQntuples(batch) == SEAL_BATCH) {
        s->stopped_next = 0; /* there are more */
    }
    if (heads.n > 0) {
        append_heads(s, buf_str(&heads));
    }
    return true;
}

static bool retry_stopped(struct sealer *s, size_t *sealed)
{
    PGresult *res = ask(s, "SELECT tenant_id FROM audit.seal_stopped()", 0, NULL);
    for (int i = 0; res && i < PQntuples(res); i++) {
        if (!go_on(s, PQgetvalue(res, i, 0), sealed)) {
            return false;
        }
    }
    return res != NULL;
}

/* ---- heads outside ---- */

static bool heads_failed(struct sealer *s, const char *destination, const char *why)
{
    const char *const values[] = {destination, why};
    log_error("seal.heads_outside", "where", destination, "why", why, NULL);
    return ask(s, "SELECT audit.heads_failed($1, $2)", COUNT_OF(values), values) != NULL;
}

/* Whether this user may write where the file stands; a sandbox is not asked. */
static bool may_write_beside(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && access(arena_cstr(a, (struct str){path, (size_t)(slash - path)}), W_OK) == 0;
}

static bool heads_to_file(struct sealer *s)
{
    const char *path = config_text("heads_copy");
    if (!*path) {
        return true;
    }
    PGresult *res = ask(s, "SELECT lines, sizes FROM audit.heads_for_file()", 0, NULL);
    if (!res || PQntuples(res) == 0) {
        return res != NULL;
    }
    if (!append_lines(path, str_of(PQgetvalue(res, 0, 0)))) {
        int why = errno;
        s->is_shut_out = why == EACCES && may_write_beside(s->arena, path);
        errno = why;
        return heads_failed(s, "file", strerror(errno));
    }
    const char *const values[] = {PQgetvalue(res, 0, 1)};
    return ask(s, "SELECT audit.heads_arrived('file', $1, clock_timestamp())", 1, values) != NULL;
}

static bool heads_to_mail(struct sealer *s)
{
    struct str rest = str_of(config_text("heads_mail"));
    const char *minutes =
        arena_cstr(s->arena, arena_printf(s->arena, "%ld", config_int("heads_minutes")));
    while (rest.n > 0) {
        struct str address = str_trim(str_cut(&rest, ','));
        const char *const values[] = {arena_cstr(s->arena, address), minutes};
        if (address.n > 0 && !ask(s, "SELECT audit.heads_by_mail($1, $2)", 2, values)) {
            return false;
        }
    }
    return true;
}

static time_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1; /* never 0, which is: at once */
}

/* What is done now and then, after the batches: nothing of it holds them up. */
static bool tend(struct sealer *s, size_t *sealed)
{
    bool good = true;
    if (seconds() >= s->stopped_next) {
        s->stopped_next = seconds() + RETRY_SECONDS;
        good = retry_stopped(s, sealed);
        arena_reset(s->arena);
    }
    if (good && seconds() >= s->heads_next) {
        s->heads_next = seconds() + HEADS_SECONDS;
        good = heads_to_file(s) && heads_to_mail(s);
        arena_reset(s->arena);
    }
    return good;
}

bool sealer_is_shut_out(const struct sealer *s) { return s->is_shut_out; }

enum err sealer_run(struct sealer *s, size_t *sealed)
{
    *sealed = 0;
    if (seal_key_open() != OK) {
        log_error("seal.key", NULL);
        return ERR_INTERNAL;
    }
    enum err e = connect(s);
    bool good = true;
    for (int i = 0; e == OK && good && i < BATCHES_AT_ONCE; i++) {
        size_t n = 0;
        good = run_batch(s, &n);
        arena_reset(s->arena);
        *sealed += good ? n : 0;
        if (n < SEAL_BATCH) {
            break;
        }
    }
    if (e == OK && (!good || !tend(s, sealed))) {
        arena_reset(s->arena);
        hang_up(s); /* which rolls back */
        return ERR_INTERNAL;
    }
    return e;
}
