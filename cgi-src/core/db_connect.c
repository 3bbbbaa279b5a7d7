/*
 * db_connect.c -- getting and keeping a connection: fitness of the server, its catalog, LISTEN.
 * Owns: the rules of SECURITY.md D-03b (no module, no work), patience while the server is away.
 * Never: sends a statement of a feature; those go through pipelines (db.c).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "db_internal.h"
#include "log.h"

enum {
    CONNECT_SECONDS = 3,
    PATIENCE_MS = 5 * 1000, /* how long the first request of an outage waits for the server */
    RETRY_MS = 250          /* and how often anybody asks whether it is back */
};

int64_t db_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void *db_must(void *p)
{
    if (!p) {
        log_error("db.memory", NULL);
        _Exit(70);
    }
    return p;
}

static void ignore_notice(void *self, const PGresult *result)
{
    (void)self;
    (void)result; /* may quote values; what matters arrives as an error */
}

/* libpq's complaint as one line. */
static struct str complaint(const struct db *db, struct arena *a)
{
    char *line = arena_cstr(a, str_trim(str_of(PQerrorMessage(db->conn))));
    for (char *p = line; *p; p++) {
        *p = *p == '\n' ? ' ' : *p;
    }
    return str_of(line);
}

static PGconn *connect_once(const struct db *db)
{
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%d", CONNECT_SECONDS);
    /* No Kerberos unless 'database' asks for it: its library looks into directories and loads modules,
     * and a worker that connects again inside its sandbox would end by that. */
    const char *const names[] = {"connect_timeout",
                                 "fallback_application_name",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 "gssencmode",
                                 "dbname",
                                 "user",
                                 "client_encoding",
                                 NULL};
    const char *const texts[] = {seconds,      "foyer",  "10000", "10", "disable",
                                 db->conninfo, db->role, "UTF8",  NULL};
    return db_must(PQconnectdbParams(names, texts, 1));
}

/* A statement outside pipelines, when the connection is made. NULL: failed. Text format. */
static PGresult *ask(struct db *db, const char *sql)
{
    PGresult *res = PQexec(db->conn, sql);
    ExecStatusType status = PQresultStatus(res);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        return res;
    }
    log_error("db.ask", "sqlstate", PQresultErrorField(res, PG_DIAG_SQLSTATE), NULL);
    PQclear(res);
    return NULL;
}

/* What is wrong with this server or role, with what to do; NULL when all is well.
 * SECURITY.md D-03b: without the module anybody could set the tenant, so nothing may run. */
static const char *unfit(struct db *db, PGresult *res)
{
    if (PQserverVersion(db->conn) < 150000) {
        return "the server is older than PostgreSQL 15; use 15 or later";
    }
    if (PQntuples(res) != 1) {
        return "the role is unknown to the server; run 'foyer migrate'";
    }
    if (strcmp(PQgetvalue(res, 0, 0), "superuser") != 0) {
        return "the server module foyerctx is not loaded; put it into shared_preload_libraries "
               "and restart PostgreSQL";
    }
    if (*PQgetvalue(res, 0, 1) == 't') {
        return "the role is superuser or bypasses row security; use the pool's own role";
    }
    if (*PQgetvalue(res, 0, 2) == 't') {
        return "the role owns tables, or may become their owner; use the pool's own role";
    }
    return NULL;
}

static const char fitness_sql[] =
    "SELECT coalesce((SELECT s.context FROM pg_catalog.pg_settings s"
    "                 WHERE s.name = 'foyer.tenant_id'), ''),"
    "       r.rolsuper OR r.rolbypassrls,"
    "       EXISTS (SELECT FROM pg_catalog.pg_class c"
    "               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "               WHERE n.nspname IN ('app', 'sec', 'audit')"
    "                 AND pg_catalog.pg_has_role(r.oid, c.relowner, 'MEMBER'))"
    " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user AND current_user = session_user";

/* Comments on constraints, and on unique indexes that are no constraint: an error names either. */
static const char comments_sql[] =
    "SELECT n.nspname, coalesce(c.relname, t.typname), k.conname, d.description"
    " FROM pg_catalog.pg_constraint k"
    " JOIN pg_catalog.pg_description d"
    "      ON d.classoid = 'pg_catalog.pg_constraint'::regclass AND d.objoid = k.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace"
    " LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
    " LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid"
    " UNION ALL"
    " SELECT n.nspname, c.relname, i.relname, d.description"
    " FROM pg_catalog.pg_index x"
    " JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid"
    " JOIN pg_catalog.pg_class c ON c.oid = x.indrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_description d"
    "      ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = i.oid AND d.objsubid = 0"
    " WHERE x.indisunique";

static const char relations_sql[] =
    "SELECT c.oid, n.nspname || '.' || c.relname, a.attnum,"
    "       CASE WHEN a.attisdropped THEN '' ELSE a.attname END,"
    "       max(a.attnum) OVER (PARTITION BY c.oid)"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_'"
    "   AND n.nspname <> 'information_schema'"
    " ORDER BY c.oid, a.attnum";

static struct str cell(struct arena *a, const PGresult *res, int row, int col)
{
    return arena_str(a, str_of(PQgetvalue(res, row, col)));
}

static void keep_comments(struct catalog *c, const PGresult *res)
{
    int n = PQntuples(res);
    c->comments = arena_alloc(c->arena, (size_t)n * sizeof *c->comments);
    c->n_comments = (size_t)n;
    for (int i = 0; i < n; i++) {
        c->comments[i] = (struct comment){cell(c->arena, res, i, 0), cell(c->arena, res, i, 1),
                                          cell(c->arena, res, i, 2), cell(c->arena, res, i, 3)};
    }
}

static void keep_relations(struct catalog *c, const PGresult *res)
{
    int n = PQntuples(res);
    c->relations = arena_alloc(c->arena, (size_t)n * sizeof *c->relations);
    c->n_relations = 0;
    for (int i = 0; i < n; i++) {
        Oid oid = (Oid)strtoul(PQgetvalue(res, i, 0), NULL, 10);
        size_t number = strtoul(PQgetvalue(res, i, 2), NULL, 10);
        if (c->n_relations == 0 || c->relations[c->n_relations - 1].oid != oid) {
            size_t columns = strtoul(PQgetvalue(res, i, 4), NULL, 10);
            c->relations[c->n_relations++] =
                (struct relation){oid, cell(c->arena, res, i, 1),
                                  arena_alloc(c->arena, columns * sizeof(struct str)), columns};
        }
        c->relations[c->n_relations - 1].columns[number - 1] = cell(c->arena, res, i, 3);
    }
}

/* Reads the catalog anew; outside pipeline mode. */
static bool read_catalog(struct db *db)
{
    PGresult *comments = ask(db, comments_sql);
    PGresult *relations = comments ? ask(db, relations_sql) : NULL;
    if (relations) {
        struct arena *arena = db->catalog.arena;
        arena_reset(arena);
        db->catalog = (struct catalog){.arena = arena};
        keep_comments(&db->catalog, comments);
        keep_relations(&db->catalog, relations);
    }
    PQclear(comments);
    PQclear(relations);
    return relations != NULL;
}

static bool listen_again(struct db *db)
{
    if (!db->channel) {
        return true;
    }
    char *quoted = db_must(PQescapeIdentifier(db->conn, db->channel, strlen(db->channel)));
    char sql[256];
    int n = snprintf(sql, sizeof sql, "LISTEN %s", quoted);
    PQfreemem(quoted);
    PGresult *res = n > 0 && (size_t)n < sizeof sql ? ask(db, sql) : NULL;
    PQclear(res);
    return res != NULL;
}

/* One try: connects, checks, reads the catalog, and goes into pipeline mode. */
static enum err try_connect(struct db *db, struct arena *a, struct str *why)
{
    db->conn = connect_once(db);
    db->asked_at = db_now_ms();
    if (PQstatus(db->conn) != CONNECTION_OK) {
        *why = complaint(db, a);
        db_disconnect(db);
        return ERR_UNAVAILABLE;
    }
    PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
    PGresult *res = ask(db, fitness_sql);
    const char *wrong = res ? unfit(db, res) : NULL;
    bool answered = res != NULL;
    PQclear(res);
    if (wrong) {
        *why = arena_printf(a, "role '%s': %s", db->role, wrong);
        db_disconnect(db);
        return ERR_INTERNAL;
    }
    if (!answered || !read_catalog(db) || !listen_again(db) || PQenterPipelineMode(db->conn) != 1 ||
        PQsetnonblocking(db->conn, 1) != 0) {
        *why = complaint(db, a);
        db_disconnect(db);
        return ERR_UNAVAILABLE;
    }
    return OK;
}

/* Whether the connection is still there: a server that went away has left a message or closed. */
static bool is_alive(struct db *db)
{
    struct pollfd p = {.fd = PQsocket(db->conn), .events = POLLIN};
    for (int i = 0; i < 8 && poll(&p, 1, 0) > 0; i++) {
        if (PQconsumeInput(db->conn) != 1 || PQstatus(db->conn) != CONNECTION_OK) {
            return false;
        }
    }
    return PQstatus(db->conn) == CONNECTION_OK;
}

static bool refresh_catalog(struct db *db)
{
    return PQexitPipelineMode(db->conn) == 1 && PQsetnonblocking(db->conn, 0) == 0 &&
           read_catalog(db) && PQenterPipelineMode(db->conn) == 1 &&
           PQsetnonblocking(db->conn, 1) == 0;
}

static void nap(int64_t ms)
{
    if (ms > 0) {
        poll(NULL, 0, (int)ms);
    }
}

/* At the start of an outage, such as a restart of the server, one request waits a while; once it
 * is known to last, each asks once, and not more often than RETRY_MS. */
enum err db_ready(struct db *db, struct arena *a, struct str *why)
{
    *why = S("");
    if (db->conn && (db->is_open || db->n_owed > 0)) {
        db_rollback(db, a); /* the caller before forgot to end its transaction */
    }
    db->has_failed = false;
    if (db->conn && !is_alive(db)) {
        log_error("db.lost", "role", db->role, NULL);
        db_disconnect(db);
    }
    if (db->conn && db->catalog.is_stale && !refresh_catalog(db)) {
        db_disconnect(db);
    }
    if (db->conn) {
        return OK;
    }
    bool patient = db->away_since == 0;
    int64_t until = db_now_ms() + (patient ? PATIENCE_MS : 0);
    enum err err;
    do {
        if (db->away_since != 0) {
            nap(db->asked_at + RETRY_MS - db_now_ms());
        }
        err = try_connect(db, a, why);
        if (err == ERR_UNAVAILABLE && db->away_since == 0) {
            db->away_since = db->asked_at;
            char *text = arena_cstr(a, *why);
            log_error("db.away", "role", db->role, "why", text, NULL);
        }
    } while (err == ERR_UNAVAILABLE && db_now_ms() < until);
    if (err == OK) {
        db->away_since = 0;
        log_info("db.connected", "role", db->role, NULL);
    }
    return err;
}

/* ---- LISTEN ---- */

enum err db_listen(struct db *db, const char *channel)
{
    free(db->channel);
    db->channel = db_must(strdup(channel));
    if (!db->conn || db->is_open) {
        return ERR_UNAVAILABLE; /* db_ready listens when it connects */
    }
    if (PQexitPipelineMode(db->conn) != 1 || PQsetnonblocking(db->conn, 0) != 0 ||
        !listen_again(db) || PQenterPipelineMode(db->conn) != 1 ||
        PQsetnonblocking(db->conn, 1) != 0) {
        db_disconnect(db);
        return ERR_UNAVAILABLE;
    }
    return OK;
}

static bool took_notice(struct db *db)
{
    bool any = false;
    for (PGnotify *n; (n = PQnotifies(db->conn)); any = true) {
        PQfreemem(n);
    }
    return any;
}

/* Returns early on a signal as well, so that the caller can look whether to stop. */
void db_wait_notice(struct db *db, int milliseconds)
{
    int64_t until = db_now_ms() + milliseconds;
    if (!db->conn) {
        nap(milliseconds);
        return;
    }
    while (!took_notice(db)) {
        int64_t left = until - db_now_ms();
        struct pollfd p = {.fd = PQsocket(db->conn), .events = POLLIN};
        if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
            return;
        }
        if (PQconsumeInput(db->conn) != 1 || PQstatus(db->conn) != CONNECTION_OK) {
            log_error("db.lost", "role", db->role, NULL);
            db_disconnect(db);
            return;
        }
    }
}
