/*
 * fingerprint.c -- counts and hashes of all tables and of what guards them (T38).
 * Owns: what is compared, and in which order.
 * Never: prints a value of a row.
 */
#include "fingerprint.h"

#include <openssl/evp.h>
#include <unistd.h>

#include "core/operator.h"
#include "crypto.h"
#include "seal.h"

static const char what[] = "foyer backup";

/* What guards the rows. Each is ordered, so that it reads the same in every copy of the cluster. */
static const struct {
    const char *kind, *sql;
} catalogs[] = {
    {"tables", "SELECT c.oid::regclass, c.relkind, c.relrowsecurity, c.relforcerowsecurity, "
               "c.relowner::regrole, c.relacl "
               "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ "
               "'^(pg_|information_schema)' "
               "ORDER BY n.nspname, c.relname"},
    {"columns",
     "SELECT a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
     "a.attgenerated, "
     "a.attacl, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a JOIN pg_class c ON c.oid = "
     "a.attrelid "
     "JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attrdef d ON d.adrelid = "
     "a.attrelid AND d.adnum = a.attnum "
     "WHERE n.nspname !~ '^(pg_|information_schema)' AND a.attnum > 0 AND NOT a.attisdropped "
     "ORDER BY n.nspname, c.relname, a.attnum"},
    {"policies", "SELECT * FROM pg_policies ORDER BY schemaname, tablename, policyname"},
    {"triggers", "SELECT t.tgrelid::regclass, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM "
                 "pg_trigger t "
                 "WHERE NOT t.tgisinternal ORDER BY t.tgrelid::regclass::text, t.tgname"},
    {"event_triggers", "SELECT evtname, evtevent, evtenabled, evtfoid::regproc, evttags FROM "
                       "pg_event_trigger ORDER BY 1"},
    {"constraints",
     "SELECT c.conrelid::regclass, c.conname, c.convalidated, pg_get_constraintdef(c.oid) FROM "
     "pg_constraint c "
     "JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname !~ '^(pg_|information_schema)' "
     "ORDER BY c.conrelid::regclass::text, c.conname"},
    {"indexes",
     "SELECT i.indexrelid::regclass, i.indisvalid, pg_get_indexdef(i.indexrelid) FROM pg_index i "
     "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
     "WHERE n.nspname !~ '^(pg_|information_schema)' ORDER BY i.indexrelid::regclass::text"},
    {"functions",
     "SELECT p.oid::regprocedure, p.proowner::regrole, p.prosecdef, p.proconfig, p.proacl, "
     "p.prosrc FROM pg_proc p "
     "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^(pg_|information_schema)' "
     "ORDER BY p.oid::regprocedure::text"},
    {"schemas", "SELECT nspname, nspowner::regrole, nspacl FROM pg_namespace WHERE nspname !~ "
                "'^pg_(toast|temp)' ORDER BY 1"},
    {"roles", "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolinherit, rolcreaterole, "
              "rolreplication, "
              "ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid "
              "ORDER BY 1) "
              "FROM pg_roles r ORDER BY 1"},
    {"settings", "SELECT s.setrole::regrole, s.setconfig FROM pg_db_role_setting s ORDER BY 1"},
};

static const char tables_sql[] = "SELECT format('%I.%I', n.nspname, c.relname), coalesce("
                                 " (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY "
                                 "array_position(i.indkey::int2[], a.attnum))"
                                 "  FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND "
                                 "a.attnum = ANY (i.indkey::int2[])"
                                 "  WHERE i.indrelid = c.oid AND i.indisprimary), 't::text') "
                                 "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                                 "WHERE c.relkind = 'r' AND n.nspname !~ "
                                 "'^(pg_|information_schema)' ORDER BY n.nspname, c.relname";

/* Streams a statement's rows through the hash. false: said. */
static bool hash_rows(PGconn *c, struct arena *a, const char *sql, unsigned long *rows,
                      struct str *hex)
{
    const char *copy = arena_cstr(a, arena_printf(a, "COPY (%s) TO STDOUT", sql));
    PGresult *res = PQexec(c, copy);
    bool good = PQresultStatus(res) == PGRES_COPY_OUT;
    if (!good)
        operator_complain(what, res);
    PQclear(res);
    if (!good)
        return false;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char hash[HASH_BYTES];
    good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
    char *line;
    int n;
    *rows = 0;
    while ((n = PQgetCopyData(c, &line, 0)) > 0) {
        good = good && EVP_DigestUpdate(ctx, line, (size_t)n) == 1;
        ++*rows;
        PQfreemem(line);
    }
    good = good && n == -1 && EVP_DigestFinal_ex(ctx, hash, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    while ((res = PQgetResult(c))) {
        if (PQresultStatus(res) != PGRES_COMMAND_OK) {
            operator_complain(what, res);
            good = false;
        }
        PQclear(res);
    }
    *hex = seal_hex(a, hash, sizeof hash);
    return good;
}

static bool print_line(PGconn *c, struct arena *a, FILE *out, const char *kind, const char *name,
                       const char *sql, unsigned long *rows)
{
    struct str hex;
    if (!hash_rows(c, a, sql, rows, &hex)) {
        fprintf(stderr, "%s: %s %s cannot be read whole\n", what, kind, name);
        return false;
    }
    fprintf(out, "%s %s %lu %.*s\n", kind, name, *rows, (int)hex.n, hex.p);
    return true;
}

bool fingerprint_print(PGconn *c, struct arena *a, FILE *out)
{
    /* With row_security off a role that would see only some rows is told so instead. */
    if (!operator_run(c, what,
                      "SET LOCAL row_security = off; SET LOCAL statement_timeout = 0; SET LOCAL "
                      "timezone = 'UTC';"
                      "SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'; SET LOCAL "
                      "extra_float_digits = 3;"
                      "SET LOCAL search_path = pg_catalog"))
        return false;
    PGresult *tables = operator_ask(c, what, tables_sql, 0, NULL);
    bool good = tables != NULL;
    unsigned long rows = 0, all = 0;
    for (int i = 0; good && i < PQntuples(tables); i++) {
        const char *name = PQgetvalue(tables, i, 0);
        const char *sql = arena_cstr(a, arena_printf(a, "SELECT * FROM ONLY %s t ORDER BY %s", name,
                                                     PQgetvalue(tables, i, 1)));
        good = print_line(c, a, out, "table", name, sql, &rows);
        all += rows;
    }
    PQclear(tables);
    for (size_t i = 0; good && i < COUNT_OF(catalogs); i++)
        good = print_line(c, a, out, "catalog", catalogs[i].kind, catalogs[i].sql, &rows);
    if (good && all == 0) {
        fprintf(stderr, "%s: there is not one row; is this the right database?\n", what);
        good = false;
    }
    if (good)
        fprintf(out, "rows %lu\n", all);
    return good;
}

/* With all writers out, for a moment: the point, and a snapshot that sees what is before it. The first
 * statement after BEGIN is LOCK, which takes no snapshot; so the snapshot is of after the lock. */
static const char *make_point(PGconn *c, struct arena *a, const char *lock, const char *name)
{
    PGresult *res = NULL;
    for (int i = 0; !res && i < 10; i++) {
        if (i > 0)
            sleep(1);
        if (operator_run(c, what, "BEGIN ISOLATION LEVEL REPEATABLE READ") &&
            operator_run(c, what, lock))
            res = operator_ask(c, what, "SELECT pg_create_restore_point($1), pg_export_snapshot()",
                               1, &name);
        if (!res)
            PQclear(PQexec(c, "ROLLBACK"));
    }
    const char *snapshot = res ? arena_cstr(a, str_of(PQgetvalue(res, 0, 1))) : NULL;
    PQclear(res);
    return snapshot;
}

bool fingerprint_point(const char *role, struct arena *a, const char *name, FILE *out)
{
    PGconn *writer = operator_connect(role), *reader = operator_connect(role);
    PGresult *names = NULL;
    if (writer && reader &&
        operator_run(writer, what, "SET lock_timeout = '3s'; SET statement_timeout = 0"))
        names = operator_ask(
            writer, what,
            "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema)'",
            0, NULL);
    const char *snapshot = NULL;
    if (names)
        snapshot = make_point(
            writer, a,
            arena_cstr(a, arena_printf(a, "LOCK TABLE %s IN SHARE MODE", PQgetvalue(names, 0, 0))),
            name);
    bool good =
        snapshot && operator_run(reader, what, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") &&
        operator_run(reader, what,
                     arena_cstr(a, arena_printf(a, "SET TRANSACTION SNAPSHOT '%s'", snapshot)));
    PQclear(names);
    PQfinish(writer); /* the writers go on */
    good = good && fingerprint_print(reader, a, out);
    PQfinish(reader);
    return good;
}
