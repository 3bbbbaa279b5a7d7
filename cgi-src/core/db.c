/*
 * db.c -- pipelines on one connection: all statements up to one Sync are one transaction.
 * Owns: what is prepared on the connection and the results that are still to come.
 * libpq is used without blocking, so that a long pipeline cannot stop both sides (we writing, the
 * server writing); waiting happens in wait_readable() alone.
 * Never: tries a transaction again (the gate decides); lets the text of an error out (db_error.c).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "db_internal.h"
#include "log.h"

enum {
    SILENCE_MS = 15 * 1000, /* a server that says nothing for so long is lost: the roles'
                             * statement_timeout is 10 s, and nginx waits 15 s for a page */
    CATALOG_BYTES = 32 * 1024 * 1024
};

struct db *db_new(const char *conninfo, const char *role)
{
    struct db *db = db_must(calloc(1, sizeof *db));
    db->conninfo = db_must(strdup(conninfo));
    db->role = db_must(strdup(role));
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        snprintf(db->queries[i].name, sizeof db->queries[i].name, "q_%s", query_table[i].name);
        db->queries[i].sql = query_table[i].sql;
    }
    db->catalog.arena = arena_new(CATALOG_BYTES);
    return db;
}

void db_disconnect(struct db *db)
{
    if (db->conn) {
        PQfinish(db->conn);
    }
    db->conn = NULL;
    db->n_owed = db->first_owed = 0;
    db->is_open = db->server_gave_up = false;
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        db->queries[i].is_prepared = false;
    }
    for (size_t i = 0; i < db->n_machine; i++) {
        db->machine[i]->is_prepared = false;
    }
}

void db_close(struct db *db)
{
    if (!db) {
        return;
    }
    db_disconnect(db);
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        free(db->queries[i].names);
    }
    for (size_t i = 0; i < db->n_machine; i++) {
        free(db->machine[i]->names);
        free(db->machine[i]);
    }
    free(db->machine);
    free(db->owed);
    free(db->channel);
    free(db->conninfo);
    free(db->role);
    arena_free(db->catalog.arena);
    free(db);
}

/* ---- sending ---- */

/* The first failure of a transaction counts. */
static void fail(struct db *db, struct db_error error)
{
    if (!db->has_failed) {
        db->has_failed = true;
        db->error = error;
    }
}

static void fail_plainly(struct db *db, enum err err, const char *sqlstate, struct str detail)
{
    struct db_error e = {.err = err, .field = S(""), .message = S(""), .detail = detail};
    snprintf(e.sqlstate, sizeof e.sqlstate, "%s", sqlstate);
    fail(db, e);
}

static void lose(struct db *db)
{
    log_error("db.lost", "role", db->role, NULL);
    db_disconnect(db);
    fail_plainly(db, ERR_UNAVAILABLE, "08006", S("the connection was lost"));
    if (db->error.err != ERR_UNAVAILABLE) {
        db->error.err = ERR_UNAVAILABLE; /* whatever it was, the transaction's end is unknown */
    }
}

static void owe(struct db *db, int what, struct stmt *stmt, struct rows *rows)
{
    if (db->n_owed == db->owed_cap) {
        db->owed_cap = db->owed_cap ? db->owed_cap * 2 : 32;
        db->owed = db_must(realloc(db->owed, db->owed_cap * sizeof *db->owed));
    }
    db->owed[db->n_owed++] = (struct owed){what, stmt, rows};
}

/* libpq took the command, or not: the connection is lost, or there was no memory. What was sent
 * before stands in the server without its end, and the next request must not be put behind it. */
static bool took(struct db *db, int rc, struct stmt *stmt)
{
    if (rc == 1) {
        db->is_open = true;
        return true;
    }
    if (PQstatus(db->conn) == CONNECTION_OK) {
        log_error("db.refused", "statement", stmt ? stmt->name : "Sync", NULL);
    }
    lose(db);
    return false;
}

static struct rows *send(struct db *db, struct arena *a, struct stmt *s, const char *const *values,
                         size_t n)
{
    struct rows *r = rows_new(a, &db->catalog);
    if (db->has_failed) {
        return r;
    }
    if (!db->conn) {
        fail_plainly(db, ERR_UNAVAILABLE, "08003", S("there is no connection"));
        return r;
    }
    if (!s->is_prepared) {
        if (!took(db, PQsendPrepare(db->conn, s->name, s->sql, 0, NULL), s)) {
            return r;
        }
        s->is_prepared = true;
        owe(db, OWED_PREPARE, s, NULL);
    }
    if (took(db, PQsendQueryPrepared(db->conn, s->name, (int)n, values, NULL, NULL, 1), s)) {
        owe(db, OWED_ROWS, s, r);
    }
    return r;
}

struct rows *db_send(struct db *db, struct arena *a, enum query q, struct param_source params)
{
    const struct query_def *def = &query_table[q];
    size_t n = 0;
    while (def->params[n]) {
        n++;
    }
    const char **values = arena_alloc(a, (n + 1) * sizeof *values);
    for (size_t i = 0; i < n; i++) {
        struct str value = S("");
        bool is_null = false;
        if (!params.get(params.self, str_of(def->params[i]), &value, &is_null) || is_null) {
            continue;
        }
        if (value.n > 0 && memchr(value.p, 0, value.n)) {
            /* libpq would send what stands before it: another value than was checked */
            fail_plainly(db, ERR_INVALID, "22021",
                         arena_printf(a, "%s: NUL in :%s", def->name, def->params[i]));
        }
        values[i] = arena_cstr(a, value);
    }
    return send(db, a, &db->queries[q], values, n);
}

static struct stmt *machine_stmt(struct db *db, const char *key, const char *sql)
{
    for (size_t i = 0; i < db->n_machine; i++) {
        if (strcmp(db->machine[i]->key, key) == 0) {
            return db->machine[i];
        }
    }
    struct stmt *s = db_must(calloc(1, sizeof *s));
    s->key = key;
    s->sql = sql;
    snprintf(s->name, sizeof s->name, "m_%s", key);
    db->machine = db_must(realloc(db->machine, (db->n_machine + 1) * sizeof(struct stmt *)));
    db->machine[db->n_machine++] = s;
    return s;
}

struct rows *db_send_sql(struct db *db, struct arena *a, const char *key, const char *sql,
                         const char *const *values, size_t n_values)
{
    return send(db, a, machine_stmt(db, key, sql), values, n_values);
}

/* ---- receiving ---- */

uint64_t db_waited_us(const struct db *db) { return db->waited_us; }

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Until libpq has a result whole, writing meanwhile what is still to be written. */
static bool wait_readable(struct db *db)
{
    while (PQisBusy(db->conn)) {
        int unsent = PQflush(db->conn);
        if (unsent < 0) {
            return false;
        }
        struct pollfd p = {.fd = PQsocket(db->conn), .events = POLLIN};
        p.events = (short)(p.events | (unsent ? POLLOUT : 0));
        uint64_t began = now_us();
        int n = poll(&p, 1, SILENCE_MS);
        db->waited_us += now_us() - began;
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        if (n > 0 && (p.revents & ~POLLOUT) && PQconsumeInput(db->conn) != 1) {
            return false;
        }
    }
    return true;
}

/* The next result, or NULL for the end of a statement's results. false: the connection is lost. */
static bool next_result(struct db *db, PGresult **res)
{
    *res = NULL;
    if (!wait_readable(db)) {
        lose(db);
        return false;
    }
    *res = PQgetResult(db->conn);
    return true;
}

static void clear_result(void *res) { PQclear(res); }

/* The columns' names as numbers, learned once per statement, kept with each result. */
static const name_id *column_names(struct stmt *s, struct arena *a, const PGresult *res, size_t n)
{
    if (!s->names || s->n_names != n) {
        free(s->names);
        s->names = db_must(calloc(n ? n : 1, sizeof *s->names));
        s->n_names = n;
        for (size_t i = 0; i < n; i++) {
            s->names[i] = name_intern(str_of(PQfname(res, (int)i)));
        }
    }
    name_id *names = arena_alloc(a, (n ? n : 1) * sizeof *names);
    memcpy(names, s->names, n * sizeof *names);
    return names;
}

static void keep_rows(struct owed *o, PGresult *res)
{
    struct rows *r = o->rows;
    arena_defer(r->arena, clear_result, res);
    r->result = res;
    r->n_rows = (size_t)PQntuples(res);
    r->n_columns = (size_t)PQnfields(res);
    r->names = column_names(o->stmt, r->arena, res, r->n_columns);
}

/* A plan whose result changed under it (a migration) is refused for ever: connect anew. */
static bool is_outdated(const PGresult *res)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *function = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);
    return state &&
           (strcmp(state, "26000") == 0 || (strcmp(state, "0A000") == 0 && function &&
                                            strcmp(function, "RevalidateCachedQuery") == 0));
}

static void take_error(struct db *db, struct arena *a, const struct owed *o, const PGresult *res)
{
    struct sql_failure f = {
        .sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE),
        .message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY),
        .context = PQresultErrorField(res, PG_DIAG_CONTEXT),
        .schema = PQresultErrorField(res, PG_DIAG_SCHEMA_NAME),
        .table = PQresultErrorField(res, PG_DIAG_TABLE_NAME),
        .column = PQresultErrorField(res, PG_DIAG_COLUMN_NAME),
        .constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME),
    };
    const char *name = o->what == OWED_SYNC ? "commit" : o->stmt ? o->stmt->name : "rollback";
    struct db_error e;
    db_error_read(a, &f, db->catalog.comments, db->catalog.n_comments, name, &e);
    bool outdated = is_outdated(res);
    if (outdated) {
        e.err = ERR_UNAVAILABLE;
    }
    fail(db, e);
    /* An error without a state is libpq's own (no memory for a result): the server knows nothing of
     * it, and a Sync would commit what was done so far. */
    db->server_gave_up = f.sqlstate != NULL;
    if (outdated || !f.sqlstate) {
        lose(db);
    }
}

/* Takes one result that belongs to o. false: the connection is gone. */
static bool take_one(struct db *db, struct arena *a, struct owed *o, PGresult *res)
{
    switch (PQresultStatus(res)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (o->what == OWED_ROWS) {
            keep_rows(o, res);
            return true;
        }
        break;
    case PGRES_PIPELINE_ABORTED:
        if (o->what == OWED_PREPARE) {
            o->stmt->is_prepared = false;
        }
        break;
    case PGRES_FATAL_ERROR:
        if (o->what == OWED_PREPARE) {
            o->stmt->is_prepared = false;
        }
        take_error(db, a, o, res);
        break;
    default: /* COPY and the like: no statement of ours */
        fail_plainly(db, ERR_INTERNAL, "08P01", str_of(o->stmt ? o->stmt->name : ""));
        PQclear(res);
        lose(db);
        return false;
    }
    PQclear(res);
    if (db->conn && PQstatus(db->conn) != CONNECTION_OK) {
        lose(db);
    }
    return db->conn != NULL;
}

/* All results of one command: some, then NULL; for Sync its own mark, perhaps after an error of a
 * constraint that was deferred to the commit. */
static bool take_owed(struct db *db, struct arena *a, struct owed *o)
{
    bool has_any = false;
    for (int nothing = 0;;) {
        PGresult *res;
        if (!next_result(db, &res)) {
            return false;
        }
        if (!res) {
            if (o->what != OWED_SYNC && has_any) {
                return true;
            }
            /* no mark will come; or an end without a result, and what comes next would be taken for
             * this statement's */
            if (o->what != OWED_SYNC || ++nothing > 2) {
                lose(db);
                return false;
            }
        } else if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
            PQclear(res);
            return true;
        } else if (!take_one(db, a, o, res)) {
            return false;
        } else {
            has_any = true;
        }
    }
}

static void take_all(struct db *db, struct arena *a)
{
    while (db->conn && db->first_owed < db->n_owed) {
        struct owed o = db->owed[db->first_owed];
        if (!take_owed(db, a, &o)) {
            return;
        }
        db->first_owed++;
    }
    db->first_owed = db->n_owed = 0;
}

static enum err outcome(struct db *db, struct db_error *e)
{
    if (e) {
        *e = db->has_failed ? db->error
                            : (struct db_error){.field = S(""), .message = S(""), .detail = S("")};
    }
    return db->has_failed ? db->error.err : OK;
}

enum err db_wait(struct db *db, struct arena *a, struct db_error *e)
{
    if (db->conn && db->n_owed > 0) {
        if (PQsendFlushRequest(db->conn) != 1) {
            lose(db);
        }
        take_all(db, a);
    }
    return outcome(db, e);
}

/* Sync, and the results of all before it; afterwards nothing is open. */
static void end_transaction(struct db *db, struct arena *a)
{
    if (db->conn && db->is_open && took(db, PQpipelineSync(db->conn), NULL)) {
        owe(db, OWED_SYNC, NULL, NULL);
        take_all(db, a);
    }
    db->is_open = false;
    db->server_gave_up = false;
}

enum err db_commit(struct db *db, struct arena *a, struct db_error *e)
{
    if (db->has_failed) {
        enum err err = outcome(db, e);
        db_rollback(db, a);
        return err;
    }
    end_transaction(db, a);
    enum err err = outcome(db, e);
    db->has_failed = false;
    return err;
}

/* A pipeline is a transaction without BEGIN, which ROLLBACK alone would only warn about: so BEGIN
 * makes it an ordinary one first. After an error of the server's Sync is enough. */
void db_rollback(struct db *db, struct arena *a)
{
    static const char *const commands[] = {"BEGIN", "ROLLBACK"};
    for (size_t i = 0; db->conn && db->is_open && !db->server_gave_up && i < COUNT_OF(commands);
         i++) {
        if (took(db, PQsendQueryParams(db->conn, commands[i], 0, NULL, NULL, NULL, NULL, 0),
                 NULL)) {
            owe(db, OWED_NOTHING, NULL, NULL);
        }
    }
    end_transaction(db, a);
    db->has_failed = false;
}

const char *db_bytea(struct arena *a, struct str raw)
{
    struct buf b = buf_in(a, raw.n * 2 + 3);
    buf_addz(&b, "\\x");
    esc_hex(&b, raw);
    buf_addc(&b, '\0');
    return b.p;
}
