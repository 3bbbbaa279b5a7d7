/*
 * migrate.c -- `foyer migrate [--role NAME]`: brings the database to the release's schema.
 * Owns: foyer_meta.migration, the record of what has landed, with checksums.
 * sql/schema/NNN_name.sql (after 999: NNNN) run once, in order, each in one transaction; sql/lib (functions, grants;
 * written so that they may run again) run whole in one transaction when any of them changed.
 * Never: goes on past a difference between what landed and what the files say now.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "config.h"
#include "crypto.h"
#include "operator.h"

/* One file of sql/schema or sql/lib. */
struct script {
    char *path, *name; /* as written to people; "050_schedule" */
    struct str sql;
    char sha256[HASH_BYTES * 2 + 1];
};

struct scripts {
    struct script *items;
    size_t n;
};

struct migration_run {
    PGconn *conn;
    struct arena *arena;
    struct scripts schema, lib;
    int applied;
};

/* ---- files ---- */

static void hex_digest(struct str s, char out[HASH_BYTES * 2 + 1])
{
    unsigned char hash[HASH_BYTES];
    sha256(s, hash);
    for (size_t i = 0; i < HASH_BYTES; i++) {
        snprintf(out + i * 2, 3, "%02x", hash[i]);
    }
}

static bool read_script(struct arena *a, struct script *s)
{
    FILE *f = fopen(s->path, "re");
    struct buf b = buf_in(a, 65536);
    char block[8192];
    size_t n;
    while (f && (n = fread(block, 1, sizeof block, f)) > 0) {
        buf_add(&b, (struct str){block, n});
    }
    if (!f || ferror(f)) {
        fprintf(stderr, "%s: %s\n", s->path, strerror(errno));
        if (f) {
            fclose(f);
        }
        return false;
    }
    fclose(f);
    buf_addc(&b, '\0');
    s->sql = (struct str){b.p, b.n - 1};
    if (!str_utf8_ok(s->sql)) {
        fprintf(stderr, "%s: is not UTF-8; save it as UTF-8\n", s->path);
        return false;
    }
    hex_digest(s->sql, s->sha256);
    return true;
}

/* Migrations by their numbers, so that 1000 comes after 999; files of sql/lib, of three digits each, by their names. */
static int by_number(const char *a, const char *b)
{
    long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);
    return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

static int by_name(const void *a, const void *b)
{
    return by_number(((const struct script *)a)->name, ((const struct script *)b)->name);
}

static bool read_directory(struct arena *a, const char *part, struct scripts *out)
{
    struct str dir = arena_printf(a, "%s/%s", config_text("sql_dir"), part);
    DIR *d = opendir(arena_cstr(a, dir));
    if (!d) {
        fprintf(stderr, "%.*s: %s; set 'sql_dir' to the release's sql directory\n", (int)dir.n,
                dir.p, strerror(errno));
        return false;
    }
    enum { MOST = 1000 };
    out->items = arena_alloc(a, MOST * sizeof *out->items);
    for (struct dirent *e; (e = readdir(d)) && out->n < MOST;) {
        size_t n = strlen(e->d_name);
        if (e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".sql") == 0) {
            struct script *s = &out->items[out->n++];
            s->name = arena_cstr(a, (struct str){e->d_name, n - 4});
            s->path = arena_cstr(a, arena_printf(a, "%.*s/%s", (int)dir.n, dir.p, e->d_name));
        }
    }
    closedir(d);
    qsort(out->items, out->n, sizeof *out->items, by_name);
    for (size_t i = 0; i < out->n; i++) {
        if (!read_script(a, &out->items[i])) {
            return false;
        }
    }
    return true;
}

/* Migrations are numbered, each number once: the order must not depend on the rest of the name. */
static bool numbers_ok(const struct scripts *schema)
{
    for (size_t i = 0; i < schema->n; i++) {
        const struct script *s = &schema->items[i];
        size_t digits = strspn(s->name, "0123456789");
        if (digits < 3 || digits > 4 || (digits == 4 && s->name[0] == '0') ||
            s->name[digits] != '_' || s->name[digits + 1] == '\0') {
            fprintf(stderr, "%s: is not numbered; call it NNN_name.sql, after 999 NNNN_name.sql\n", s->path);
            return false;
        }
        if (i > 0 && strncmp(s->name, schema->items[i - 1].name, digits + 1) == 0) {
            fprintf(stderr, "%s: has the number of %s.sql; give it the next free one\n", s->path,
                    schema->items[i - 1].name);
            return false;
        }
    }
    return true;
}

/* ---- running ---- */

/* "path:line", from the server's position, which counts characters. */
static struct str place(struct arena *a, const struct script *s, const PGresult *res)
{
    const char *text = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
    long position = text ? strtol(text, NULL, 10) : 0;
    if (position < 1) {
        return str_of(s->path);
    }
    int line = 1;
    long at = 1;
    for (size_t i = 0; i < s->sql.n && at < position; i++) {
        line += s->sql.p[i] == '\n';
        at += ((unsigned char)s->sql.p[i] & 0xC0) != 0x80;
    }
    return arena_printf(a, "%s:%d", s->path, line);
}

/* Runs the file within the open transaction. */
static bool run_script(struct migration_run *m, const struct script *s)
{
    PGresult *res = PQexec(m->conn, s->sql.p);
    ExecStatusType status = PQresultStatus(res);
    bool good =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    if (!good) {
        operator_complain(arena_cstr(m->arena, place(m->arena, s, res)), res);
    } else if (PQtransactionStatus(m->conn) != PQTRANS_INTRANS) {
        fprintf(stderr, "%s: ends the transaction itself; remove BEGIN, COMMIT and ROLLBACK\n",
                s->path);
        good = false;
    }
    PQclear(res);
    return good;
}

static bool record(struct migration_run *m, const char *name, const char *sha256_hex)
{
    const char *values[] = {name, sha256_hex};
    PGresult *res = operator_ask(m->conn, "foyer_meta.migration",
                                 "INSERT INTO foyer_meta.migration (name, sha256) VALUES ($1, $2)"
                                 " ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256,"
                                 " landed_at = now(), landed_by = session_user",
                                 2, values);
    PQclear(res);
    return res != NULL;
}

/* Undoes a failed transaction, quietly: what was wrong has been said. */
static bool give_up(struct migration_run *m)
{
    if (PQtransactionStatus(m->conn) != PQTRANS_IDLE) {
        PQclear(PQexec(m->conn, "ROLLBACK"));
    }
    return false;
}

static bool land(struct migration_run *m, const struct script *s)
{
    if (operator_run(m->conn, s->path, "BEGIN") && run_script(m, s) &&
        operator_run(m->conn, s->path, "RESET ROLE; RESET search_path") &&
        record(m, s->name, s->sha256) && operator_run(m->conn, s->path, "COMMIT")) {
        printf("landed %s\n", s->name);
        m->applied++;
        return true;
    }
    return give_up(m);
}

/* The functions call one another in any order: the first pass takes them unchecked, the second
 * checks each against all. */
static bool run_lib(struct migration_run *m, const char *digest)
{
    static const char *const passes[] = {"SET LOCAL check_function_bodies = off",
                                         "SET LOCAL check_function_bodies = on"};
    if (!operator_run(m->conn, "sql/lib", "BEGIN")) {
        return false;
    }
    for (size_t pass = 0; pass < COUNT_OF(passes); pass++) {
        for (size_t i = 0; i < m->lib.n; i++) {
            if (!operator_run(m->conn, "sql/lib", passes[pass]) ||
                !run_script(m, &m->lib.items[i]) ||
                !operator_run(m->conn, m->lib.items[i].path, "RESET ROLE; RESET search_path")) {
                return give_up(m);
            }
        }
    }
    if (!record(m, "lib", digest) || !operator_run(m->conn, "sql/lib", "COMMIT")) {
        return give_up(m);
    }
    printf("functions of sql/lib brought up to date\n");
    m->applied++;
    return true;
}

/* ---- what has landed ---- */

/* The checksum that landed under this name, or NULL. */
static const char *landed(const PGresult *record, const char *name)
{
    for (int i = 0; i < PQntuples(record); i++) {
        if (strcmp(PQgetvalue(record, i, 0), name) == 0) {
            return PQgetvalue(record, i, 1);
        }
    }
    return NULL;
}

/* What landed must be in the files, unchanged. */
static bool history_ok(const struct migration_run *m, const PGresult *record)
{
    for (int i = 0; i < PQntuples(record); i++) {
        const char *name = PQgetvalue(record, i, 0);
        const struct script *s = NULL;
        for (size_t j = 0; j < m->schema.n; j++) {
            s = strcmp(m->schema.items[j].name, name) == 0 ? &m->schema.items[j] : s;
        }
        if (strcmp(name, "lib") == 0) {
            continue;
        }
        if (!s) {
            fprintf(stderr,
                    "%s/schema/%s.sql: has landed in this database but is not here; "
                    "this release is older than the database: deploy the newer one\n",
                    config_text("sql_dir"), name);
            return false;
        }
        if (strcmp(s->sha256, PQgetvalue(record, i, 1)) != 0) {
            fprintf(stderr,
                    "%s: was changed after it had landed; restore it and put the change "
                    "into a new migration\n",
                    s->path);
            return false;
        }
    }
    return true;
}

static bool land_new_ones(struct migration_run *m, const PGresult *record)
{
    const char *last = "";
    for (size_t i = 0; i < m->schema.n; i++) {
        last = landed(record, m->schema.items[i].name) ? m->schema.items[i].name : last;
    }
    for (size_t i = 0; i < m->schema.n; i++) {
        const struct script *s = &m->schema.items[i];
        if (landed(record, s->name)) {
            continue;
        }
        if (by_number(s->name, last) < 0) {
            fprintf(stderr, "%s: comes before %s, which has landed; give it the next free number\n",
                    s->path, last);
            return false;
        }
        if (!land(m, s)) {
            return false;
        }
    }
    return true;
}

static bool update_lib(struct migration_run *m, const PGresult *record)
{
    struct buf all = buf_in(m->arena, 4096);
    char digest[HASH_BYTES * 2 + 1];
    for (size_t i = 0; i < m->lib.n; i++) {
        buf_printf(&all, "%s %s\n", m->lib.items[i].name, m->lib.items[i].sha256);
    }
    hex_digest(buf_str(&all), digest);
    const char *before = landed(record, "lib");
    if (m->applied == 0 && before && strcmp(before, digest) == 0) {
        return true;
    }
    return run_lib(m, digest);
}

/* ---- the command ---- */

/* One migration at a time; the lock goes with the connection. */
static bool lock(PGconn *c)
{
    return operator_run(c, "foyer migrate: another one is running; wait for it",
                        "SELECT pg_advisory_lock(hashtextextended('foyer migrate', 0))");
}

static bool make_record(PGconn *c)
{
    return operator_run(
        c, "foyer_meta.migration",
        "DO $$ BEGIN IF to_regclass('foyer_meta.migration') IS NULL THEN"
        " CREATE SCHEMA IF NOT EXISTS foyer_meta;"
        " CREATE TABLE foyer_meta.migration ("
        "   name text PRIMARY KEY, sha256 text NOT NULL,"
        "   landed_at timestamptz NOT NULL DEFAULT now(),"
        "   landed_by text NOT NULL DEFAULT session_user);"
        " COMMENT ON TABLE foyer_meta.migration IS '@global what foyer migrate has landed';"
        "END IF; END $$");
}

/* The migrator's role is made by the first migration; from then on it may keep the record. */
static bool share_record(PGconn *c)
{
    return operator_run(c, "foyer_meta",
                        "DO $$ BEGIN IF current_user <> 'foyer_migrator' AND EXISTS"
                        " (SELECT FROM pg_roles WHERE rolname = 'foyer_migrator') THEN"
                        " GRANT USAGE ON SCHEMA foyer_meta TO foyer_migrator;"
                        " GRANT SELECT, INSERT, UPDATE ON foyer_meta.migration TO foyer_migrator;"
                        "END IF; END $$");
}

/* The database resolves host names, so it must know the domain of the settings. */
static bool tell_domain(PGconn *c)
{
    const char *values[] = {config_text("domain")};
    PGresult *there = operator_ask(c, "sec.domain_set",
                                   "SELECT to_regprocedure('sec.domain_set(text)')", 0, NULL);
    bool is_there = there && !PQgetisnull(there, 0, 0);
    PGresult *res =
        is_there ? operator_ask(c, "sec.domain_set", "SELECT sec.domain_set($1)", 1, values) : NULL;
    bool good = there && (!is_there || res);
    PQclear(there);
    PQclear(res);
    return good;
}

static bool migrate(struct migration_run *m)
{
    if (!read_directory(m->arena, "schema", &m->schema) ||
        !read_directory(m->arena, "lib", &m->lib) || !numbers_ok(&m->schema) || !lock(m->conn) ||
        !make_record(m->conn)) {
        return false;
    }
    PGresult *record = operator_ask(m->conn, "foyer_meta.migration",
                                    "SELECT name, sha256 FROM foyer_meta.migration", 0, NULL);
    bool good = record && history_ok(m, record) && land_new_ones(m, record) &&
                update_lib(m, record) && (m->applied == 0 || share_record(m->conn)) &&
                tell_domain(m->conn);
    PQclear(record);
    return good;
}

int command_migrate(int argc, char **argv)
{
    const char *role = NULL;
    const struct option_row options[] = {{"--role", &role, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc > 1) {
        fputs("usage: foyer migrate [--role NAME]\n", stderr);
        return EXIT_USAGE;
    }
    struct migration_run m = {.conn = operator_connect(role)};
    if (!m.conn) {
        return EXIT_FAILURE;
    }
    m.arena = arena_new((size_t)256 << 20);
    bool good = migrate(&m);
    if (good && m.applied == 0) {
        puts("nothing to do");
    }
    arena_free(m.arena);
    PQfinish(m.conn);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
