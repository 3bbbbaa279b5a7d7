/*
 * operator.c -- the operator's connection to the database, and what its subcommands share.
 * Owns: nothing. Never: serves a request; foyer-web and foyer-jobs do not come here.
 */
#include "operator.h"

#include <stdio.h>
#include <stdlib.h>

#include "config.h"

/* SECURITY.md D-03b: without the module anybody could set the tenant, so nothing may run. */
static void refuse_without_module(PGconn *c)
{
    PGresult *res = PQexec(c, "SELECT FROM pg_catalog.pg_settings "
                              "WHERE name = 'foyer.tenant_id' AND context = 'superuser'");
    bool is_missing = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 0;
    PQclear(res);
    if (!is_missing) {
        return; /* or the connection is lost, as the caller will see */
    }
    PQfinish(c);
    fputs("foyer: the server module foyerctx is not loaded; put it into shared_preload_libraries "
          "and restart PostgreSQL\n",
          stderr);
    exit(EXIT_CONFIG);
}

PGconn *operator_connect(const char *role)
{
    const char *from_environment = getenv("FOYER_MIGRATE_ROLE");
    if (!role || !*role) {
        role = from_environment && *from_environment ? from_environment : "foyer_migrator";
    }
    const char *const names[] = {"connect_timeout",           "dbname",          "user",
                                 "fallback_application_name", "client_encoding", NULL};
    const char *const values[] = {"5", config_text("database"), role, "foyer", "UTF8", NULL};
    PGconn *c = PQconnectdbParams(names, values, 1);
    if (PQstatus(c) != CONNECTION_OK) {
        struct str why = str_trim(str_of(PQerrorMessage(c)));
        why.n = strcspn(why.p, "\n") < why.n ? strcspn(why.p, "\n") : why.n;
        fprintf(stderr,
                "foyer: %.*s; start the database, or see 'database' in the settings and "
                "the role in FOYER_MIGRATE_ROLE\n",
                (int)why.n, why.p);
        PQfinish(c);
        return NULL;
    }
    refuse_without_module(c);
    if (!operator_run(c, "foyer", "SET client_min_messages = warning; SET lock_timeout = '30s'")) {
        PQfinish(c);
        return NULL;
    }
    return c;
}

void operator_complain(const char *what, const PGresult *res)
{
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
    if (!message) {
        struct str why = str_trim(str_of(PQresultErrorMessage(res)));
        fprintf(stderr, "%s: %.*s\n", what, (int)why.n, why.p);
        return;
    }
    fprintf(stderr, "%s: %s%s%s%s%s\n", what, message, detail ? "; " : "", detail ? detail : "",
            hint ? "; " : "", hint ? hint : "");
}

static PGresult *checked(const char *what, PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        return res;
    }
    operator_complain(what, res);
    PQclear(res);
    return NULL;
}

PGresult *operator_ask(PGconn *c, const char *what, const char *sql, size_t n,
                       const char *const *values)
{
    return checked(what, PQexecParams(c, sql, (int)n, NULL, values, NULL, NULL, 0));
}

bool operator_run(PGconn *c, const char *what, const char *sql)
{
    PGresult *res = checked(what, PQexec(c, sql));
    PQclear(res);
    return res != NULL;
}

static const struct option_row *option_find(const char *arg, const struct option_row *rows,
                                            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(arg, rows[i].name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

bool operator_options(int *argc, char **argv, const struct option_row *rows, size_t n)
{
    int left = 1;
    for (int i = 1; i < *argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            argv[left++] = argv[i];
            continue;
        }
        const struct option_row *row = option_find(argv[i], rows, n);
        if (!row) {
            fprintf(stderr, "foyer: unknown option %s; 'foyer help' shows what there is\n",
                    argv[i]);
            return false;
        }
        if (row->flag) {
            *row->flag = true;
        } else if (i + 1 == *argc) {
            fprintf(stderr, "foyer: %s needs a value\n", argv[i]);
            return false;
        } else {
            *row->value = argv[++i];
        }
    }
    *argc = left;
    argv[left] = NULL;
    return true;
}
