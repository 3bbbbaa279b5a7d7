/*
 * db.h -- one PostgreSQL connection, used in pipelines: all statements up to one Sync are one
 * transaction. Statements come from sql/queries (sqlgen makes queries.h), are prepared on first
 * use, take text parameters by name and give binary results.
 * Owns: the connection. Never: knows HTTP; maps SQLSTATE only in cgi-src/core/db_error.c.
 */
#ifndef FOYER_DB_H
#define FOYER_DB_H
#include "base.h"
#include "view.h"

#include "queries.h" /* generated: enum query { Q_booking_day, ..., QUERY_COUNT } */

enum result_kind { RESULT_ONE, RESULT_MAYBE, RESULT_MANY, RESULT_PAGE, RESULT_EXEC };

/* What a statement's rows say of clients: they show them by app.seen(), so that the server itself
 * knows whom (-- clients: seen); there are none; or only the rows will tell. */
enum clients { CLIENTS_UNKNOWN, CLIENTS_SEEN, CLIENTS_NONE };

/* One statement; the generated table query_table[QUERY_COUNT] (cgi: build/gen/queries.c). */
struct query_def {
    const char *name;           /* "booking_day" */
    const char *feature;        /* file it stands in: "booking" */
    const char *meaning;        /* its comment line */
    const char *sql;            /* with $1.. */
    const char *const *params;  /* names in order of $n; NULL-terminated */
    const char *seals;          /* table whose row sealed parameters belong to, or NULL (see below) */
    enum result_kind kind;
    enum clients clients;
    bool is_kept;               /* follows from its parameters and what the tenant set up: kept.c */
    int page_size;              /* RESULT_PAGE */
    const char *file;
    int line;
};
extern const struct query_def query_table[QUERY_COUNT];

struct db;
struct rows;

/* What went wrong with a statement, for people and for the log. */
struct db_error {
    enum err err;
    char sqlstate[6];
    struct str field;    /* form field the message belongs to, or "" */
    struct str message;  /* for people; only for ERR_INVALID and ERR_CONFLICT */
    struct str detail;   /* for the log: constraint or function name, never values */
};

/* conninfo without user; role: the pool's database role. Does not connect yet. */
struct db *db_new(const char *conninfo, const char *role);
/* Connects when there is no live connection, and checks that the server is fit to be used: the
 * context module is loaded, the role neither owns tables nor bypasses policies. ERR_UNAVAILABLE:
 * the server is away, try later. ERR_INTERNAL: the server is unfit; *why says what to do, exit 78. */
enum err MUST_CHECK db_ready(struct db *db, struct arena *a, struct str *why);
void db_close(struct db *db);
/* Microseconds waited for the server since db_new. */
uint64_t db_waited_us(const struct db *db);

/* The value of a parameter by name, or *found = false. Bytes go as hex text ("\\x..."). */
struct param_source {
    bool (*get)(void *self, struct str name, struct str *value, bool *is_null);
    void *self;
};

/* Sends one statement into the pipeline, preparing it first when new here. Returns its handle,
 * never NULL; its results are there after db_wait. A parameter that the source does not know is
 * sent as NULL. */
struct rows *db_send(struct db *db, struct arena *a, enum query q, struct param_source params);
/* The same for a statement of the machine itself (begin_request, disclose); sql must be constant,
 * key a short constant name that identifies it. values: text or NULL. */
struct rows *db_send_sql(struct db *db, struct arena *a, const char *key, const char *sql,
                         const char *const *values, size_t n_values);
/* Flushes and takes the results of everything sent so far, without ending the transaction. */
enum err MUST_CHECK db_wait(struct db *db, struct arena *a, struct db_error *e);
/* Ends the transaction (Sync) and takes what is left: OK means committed. After any error in the
 * pipeline the transaction is rolled back and the connection is clean for the next. */
enum err MUST_CHECK db_commit(struct db *db, struct arena *a, struct db_error *e);
/* Ends the transaction so that nothing of it stays. */
void db_rollback(struct db *db, struct arena *a);

/* Bytes as the text of a bytea parameter ("\\x..."), terminated, in the arena. */
const char *db_bytea(struct arena *a, struct str raw);

/* ---- results ---- */

size_t rows_count(const struct rows *r);
size_t rows_columns(const struct rows *r);
const char *rows_column_name(const struct rows *r, size_t col);
int rows_column_find(const struct rows *r, const char *name); /* -1: none */
int rows_column_named(const struct rows *r, name_id name);    /* the same by number */
unsigned rows_column_type(const struct rows *r, size_t col);  /* pg_type oid */
/* Decoded value; uuid and bytea come as VAL_TEXT (36 characters; raw bytes). */
struct val rows_val(const struct rows *r, size_t row, size_t col);
struct str rows_text(const struct rows *r, size_t row, const char *column); /* "" for NULL or none */
int64_t rows_int(const struct rows *r, size_t row, const char *column);     /* 0 for NULL or none */
bool rows_bool(const struct rows *r, size_t row, const char *column);
/* text[] or uuid[] column as texts, in the arena. */
size_t rows_array(const struct rows *r, struct arena *a, size_t row, const char *column,
                  const struct str **items);
/* Origin of a column, for sealing: table "app.chart_note" and column "body_sealed"; false when the
 * column is an expression. Looks table names up in a list read at connection. */
bool rows_origin(const struct rows *r, size_t col, struct str *table, struct str *column);
/* Replaces the value of a sealed cell by its opened text. */
void rows_put(struct rows *r, size_t row, size_t col, struct str text);

/* A copy that outlives the arena, and a use of it within one request. */
struct kept_rows;
struct kept_rows *rows_keep(const struct rows *r);
struct rows *rows_lent(struct arena *a, const struct kept_rows *k);
void rows_forget(struct kept_rows *k);

/* As a list for a template. by: NULL, or the name of a column that both the rows and the
 * surrounding row have; then only rows whose value equals the surrounding row's are shown; once: only the first of them. */
struct val rows_list(struct arena *a, const struct rows *r, const char *by, bool once);

/* LISTEN/NOTIFY for the jobs: waits until a notice on the channel or the time has passed. */
enum err MUST_CHECK db_listen(struct db *db, const char *channel);
void db_wait_notice(struct db *db, int milliseconds);
/* For db/ tools only: several statements as text, each result thrown away. */
struct pg_conn;
#endif
