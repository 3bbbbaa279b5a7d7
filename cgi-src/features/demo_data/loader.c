/* loader.c -- statements and COPY for the demo rows. */
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>

enum { COPY_CHUNK = 60000 };

static void fail(struct loader *l, const char *what)
{
    fprintf(stderr, "foyer demo: %s: %s", what, PQerrorMessage(l->conn));
    exit(EXIT_FAILURE);
}

const char *load_z(struct loader *l, struct str s) { return arena_cstr(l->arena, s); }

struct str load_run(struct loader *l, const char *sql, size_t n, const char *const *values)
{
    PGresult *result = PQexecParams(l->conn, sql, (int)n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail(l, sql);
    struct str first = S("");
    if (PQntuples(result) > 0 && PQnfields(result) > 0 && !PQgetisnull(result, 0, 0))
        first = arena_str(l->arena, str_of(PQgetvalue(result, 0, 0)));
    PQclear(result);
    return first;
}

void load_plain(struct loader *l, const char *sql)
{
    PGresult *result = PQexec(l->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail(l, sql);
    PQclear(result);
}

void load_copy_begin(struct loader *l, const char *table_and_columns)
{
    PGresult *result =
        PQexec(l->conn, arena_cstr(l->arena, arena_printf(l->arena, "COPY %s FROM STDIN",
                                                          table_and_columns)));
    if (PQresultStatus(result) != PGRES_COPY_IN)
        fail(l, table_and_columns);
    PQclear(result);
    l->row = buf_in(l->scratch, COPY_CHUNK * 2);
}

static void separate(struct loader *l)
{
    if (l->row.n > 0 && l->row.p[l->row.n - 1] != '\n')
        buf_addc(&l->row, '\t');
}

void load_text(struct loader *l, struct str value)
{
    separate(l);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == '\\' || c == '\t' || c == '\n') {
            buf_addc(&l->row, '\\');
            c = c == '\t' ? 't' : c == '\n' ? 'n' : c;
        }
        buf_addc(&l->row, c);
    }
}

void load_null(struct loader *l)
{
    separate(l);
    buf_addz(&l->row, "\\N");
}

void load_bytes(struct loader *l, struct str value)
{
    separate(l);
    buf_addz(&l->row, "\\\\x");
    esc_hex(&l->row, value);
}

static void send_rows(struct loader *l)
{
    if (l->row.n > 0 && PQputCopyData(l->conn, l->row.p, (int)l->row.n) != 1)
        fail(l, "COPY");
    arena_reset(l->scratch);
    l->row = buf_in(l->scratch, COPY_CHUNK * 2);
}

void load_row_end(struct loader *l)
{
    buf_addc(&l->row, '\n');
    if (l->row.n > COPY_CHUNK)
        send_rows(l);
}

void load_copy_end(struct loader *l)
{
    send_rows(l);
    if (PQputCopyEnd(l->conn, NULL) != 1)
        fail(l, "COPY");
    for (PGresult *result; (result = PQgetResult(l->conn)) != NULL; PQclear(result))
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            fail(l, "COPY");
}
