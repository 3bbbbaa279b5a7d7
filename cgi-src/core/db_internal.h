/*
 * db_internal.h -- what db.c, db_connect.c, db_rows.c and db_error.c share, and nobody else.
 */
#ifndef FOYER_DB_INTERNAL_H
#define FOYER_DB_INTERNAL_H
#include <libpq-fe.h>

#include "db.h"

/* A constraint's (or unique index's) comment, "field: message for people". */
struct comment {
    struct str schema, table, constraint, text;
};

/* A table or view, with the names of its columns by attribute number. */
struct relation {
    Oid oid;
    struct str name;     /* "app.chart_note" */
    struct str *columns; /* columns[attnum - 1]; empty where dropped */
    size_t n_columns;
};

/* What the server's catalog says, read at connection. Replaced as a whole, in an arena of its own;
 * is_stale: a result came from a relation that is not in it. */
struct catalog {
    struct arena *arena;
    struct comment *comments;
    size_t n_comments;
    struct relation *relations; /* by oid */
    size_t n_relations;
    bool is_stale;
};

/* An error report of the server, taken apart. Every member may be NULL. */
struct sql_failure {
    const char *sqlstate, *message, *context;
    const char *schema, *table, *column, *constraint;
};

/*
 * db_error_read -- the only place that knows what SQLSTATEs mean to the product.
 * In:  the report, the comments known, the name of the statement (for the log).
 * Out: *e filled, its texts in the arena; the same err is returned, never OK.
 */
enum err db_error_read(struct arena *a, const struct sql_failure *f, const struct comment *comments,
                       size_t n_comments, const char *statement, struct db_error *e);

/* Rows by the value of one column: made at first use. Sections of several columns may stand in each
 * other, so each column has its own. */
struct row_index {
    struct row_index *next; /* of another column */
    int column;             /* -1: none, the first of each list */
    uint32_t *heads;        /* by hash of the value: a row's number and one; 0: free */
    uint32_t *others; /* by row: the next row with the same value, its number and one; 0: none */
    size_t mask;
};

/* The results of one statement; without any until they have arrived. */
struct rows {
    struct arena *arena;
    struct catalog *catalog;
    const PGresult *result; /* NULL: not there (yet), or the statement failed */
    const name_id *names;   /* of the columns */
    size_t n_rows, n_columns;
    struct str *put; /* n_rows * n_columns texts that replace values; p NULL: not replaced */
    struct row_index *index;
};

/* One statement as this connection knows it. */
struct stmt {
    const char *key;  /* constant; unique among machine statements, NULL for those of queries.h */
    char name[72];    /* on the server */
    const char *sql;  /* constant */
    bool is_prepared; /* Parse has been sent and is not known to have failed */
    name_id *names;   /* of its columns, learned with the first result; malloced */
    size_t n_names;
};

/* What the server still owes us, in this order. */
struct owed {
    enum { OWED_PREPARE, OWED_ROWS, OWED_NOTHING /* a result nobody reads */, OWED_SYNC } what;
    struct stmt *stmt;
    struct rows *rows;
};

struct db {
    char *conninfo, *role;
    PGconn *conn; /* NULL: no connection. Otherwise in pipeline mode and not blocking */
    struct stmt queries[QUERY_COUNT];
    struct stmt **machine;
    size_t n_machine;
    struct owed *owed;
    size_t first_owed, n_owed, owed_cap;
    bool is_open;          /* something was sent since the last Sync */
    bool has_failed;       /* this transaction; error says how. Nothing more is sent */
    bool server_gave_up;   /* the server itself reported the error: it skips up to Sync */
    struct db_error error; /* its texts in the arena of the request */
    struct catalog catalog;
    char *channel;                /* LISTEN, also after reconnecting; NULL: none */
    uint64_t waited_us;           /* for the server, in all */
    int64_t away_since, asked_at; /* milliseconds; 0: the server is not away */
};

/* Results to come. */
struct rows *rows_new(struct arena *a, struct catalog *catalog);

/* ---- shared between db.c and db_connect.c ---- */

int64_t db_now_ms(void);
void *db_must(void *p); /* p, or the process ends: out of memory */
/* Gives the connection up, and with it all that lived in it. */
void db_disconnect(struct db *db);

#endif
