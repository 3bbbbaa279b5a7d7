/*
 * db_test.c -- pipelines against a real server: one transaction each, clean after every failure.
 * Needs FOYER_TEST_DATABASE, the conninfo of a superuser on a cluster with the server module
 * (keywords, no URI). Makes a database of its own there and drops it. Without it: skipped.
 *
 * The database layer is compiled here once more, over a table of statements of this test.
 */
#define FOYER_QUERIES_H
enum query { Q_none = 0, Q_test_echo, Q_test_note, QUERY_COUNT };
#define query_table test_table
#include "../../cgi-src/core/db.c"
#include "../../cgi-src/core/db_connect.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const echo_params[] = {"word", "number", "word_again", NULL};
static const char *const note_params[] = {"id", "age", NULL};
const struct query_def test_table[QUERY_COUNT] = {
    [Q_none] = {.name = "", .sql = "", .params = echo_params},
    [Q_test_echo] = {.name = "test_echo",
                     .sql = "SELECT $1::text AS word, $2::int AS number, $3::text AS word_again",
                     .params = echo_params},
    [Q_test_note] = {.name = "test_note",
                     .sql = "INSERT INTO app.note (id, age) VALUES ($1, $2)",
                     .params = note_params},
};

static const char *server;
static char database[64], conninfo[1024];
static PGconn *admin;
static struct arena *a;
static struct db *db;
static struct str why;
static struct db_error e;

static void run_as_admin(const char *sql)
{
    PGresult *res = PQexec(admin, sql);
    if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(admin));
    }
    PQclear(res);
}

static PGconn *admin_connect(const char *dbname)
{
    const char *const names[] = {"dbname", "dbname", NULL};
    const char *const texts[] = {server, dbname, NULL};
    PGconn *c = PQconnectdbParams(names, texts, 1);
    if (PQstatus(c) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(c));
        exit(1);
    }
    PQsetNoticeProcessor(c, NULL, NULL);
    return c;
}

#define ID1 "11111111-2222-4333-8444-555555555555"
#define ID2 "99999999-2222-4333-8444-555555555555"

static int setup(void **state)
{
    (void)state;
    char sql[256];
    snprintf(database, sizeof database, "foyer_db_test_%d", (int)getpid());
    snprintf(conninfo, sizeof conninfo, "%s dbname=%s", server, database);
    PGconn *first = admin_connect("postgres");
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", database);
    PQclear(PQexec(first, sql));
    PQfinish(first);
    admin = admin_connect(database);
    run_as_admin("SET client_min_messages = warning;"
                 "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'foyer_staff') "
                 "THEN CREATE ROLE foyer_staff LOGIN; END IF; END $$;"
                 "CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO foyer_staff;"
                 "CREATE TABLE app.note (id uuid PRIMARY KEY, client_id uuid, body_sealed bytea,"
                 "  age int NOT NULL CONSTRAINT note_age_is_human CHECK (age < 150),"
                 "  CONSTRAINT note_age_differs UNIQUE (age) DEFERRABLE INITIALLY DEFERRED);"
                 "COMMENT ON CONSTRAINT note_age_is_human ON app.note IS"
                 "  'age: Nobody gets that old.';"
                 "COMMENT ON CONSTRAINT note_age_differs ON app.note IS 'Taken: choose another.';"
                 "CREATE FUNCTION app.rule(state text, col text) RETURNS void LANGUAGE plpgsql AS"
                 "  $$ BEGIN RAISE EXCEPTION 'Not today.' USING ERRCODE = state, COLUMN = col; "
                 "END $$;"
                 "GRANT ALL ON ALL TABLES IN SCHEMA app TO foyer_staff");
    a = arena_new((size_t)512 << 20);
    db = db_new(conninfo, "foyer_staff");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char sql[256];
    db_close(db);
    arena_free(a);
    PQfinish(admin);
    PGconn *last = admin_connect("postgres");
    snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", database);
    PQclear(PQexec(last, sql));
    PQfinish(last);
    return 0;
}

static int each(void **state)
{
    (void)state;
    run_as_admin("DELETE FROM app.note");
    enum err err = db_ready(db, a, &why);
    if (err != OK) {
        fail_msg("not ready: %.*s", (int)why.n, why.p);
    }
    return 0;
}

static int after_each(void **state)
{
    (void)state;
    db_rollback(db, a);
    arena_reset(a);
    return 0;
}

/* ---- helpers ---- */

static struct rows *ask_now(const char *key, const char *sql, const char *value)
{
    const char *values[] = {value};
    return db_send_sql(db, a, key, sql, values, value ? 1 : 0);
}

static int64_t count_notes(void)
{
    PGresult *res = PQexec(admin, "SELECT count(*) FROM app.note");
    int64_t n = strtol(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    return n;
}

#define NOTE_INSERT "INSERT INTO app.note (id, age) VALUES (gen_random_uuid(), $1)"

struct pair {
    const char *name, *value; /* value NULL: SQL's NULL */
};

static bool get_pair(void *self, struct str name, struct str *value, bool *is_null)
{
    for (const struct pair *p = self; p->name; p++) {
        if (str_is(name, p->name)) {
            *is_null = !p->value;
            *value = str_of(p->value);
            return true;
        }
    }
    return false;
}

static void assert_str(struct str got, const char *want)
{
    if (!str_is(got, want)) {
        fail_msg("got <%.*s>, want <%s>", (int)got.n, got.p, want);
    }
}

static void assert_clean(void)
{
    assert_int_equal(db_ready(db, a, &why), OK);
    struct rows *r = ask_now("clean", "SELECT 'clean' AS word", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_str(rows_text(r, 0, "word"), "clean");
}

/* ---- tests ---- */

static void test_unfit_roles_are_refused(void **state)
{
    (void)state;
    struct db *other = db_new(conninfo, "postgres");
    assert_int_equal(db_ready(other, a, &why), ERR_INTERNAL);
    assert_non_null(strstr(arena_cstr(a, why), "superuser"));
    db_close(other);
    run_as_admin("CREATE TABLE app.own (); ALTER TABLE app.own OWNER TO foyer_staff");
    other = db_new(conninfo, "foyer_staff");
    assert_int_equal(db_ready(other, a, &why), ERR_INTERNAL);
    assert_non_null(strstr(arena_cstr(a, why), "owns tables"));
    db_close(other);
    run_as_admin("DROP TABLE app.own");
}

static void test_a_server_that_is_away(void **state)
{
    (void)state;
    struct db *other = db_new("host=/nonexistent dbname=x", "foyer_staff");
    other->away_since = 1; /* known to be away: no patience */
    int64_t before = db_now_ms();
    assert_int_equal(db_ready(other, a, &why), ERR_UNAVAILABLE);
    assert_int_equal(db_ready(other, a, &why), ERR_UNAVAILABLE);
    assert_true(db_now_ms() - before >= RETRY_MS - 10); /* no busy loop */
    assert_true(db_now_ms() - before < 2000);
    assert_true(why.n > 0);
    db_send_sql(other, a, "x", "SELECT 1", NULL, 0);
    assert_int_equal(db_wait(other, a, &e), ERR_UNAVAILABLE);
    assert_int_equal(db_commit(other, a, &e), ERR_UNAVAILABLE);
    db_close(other);
}

static void test_parameters_by_name(void **state)
{
    (void)state;
    struct pair pairs[] = {{"number", "42"}, {"word", "Zoë"}, {NULL, NULL}};
    struct rows *r = db_send(db, a, Q_test_echo, (struct param_source){get_pair, pairs});
    assert_int_equal(rows_count(r), 0); /* not there yet */
    assert_int_equal(db_wait(db, a, &e), OK);
    assert_int_equal(rows_count(r), 1);
    assert_int_equal(rows_columns(r), 3);
    assert_str(rows_text(r, 0, "word"), "Zoë");
    assert_int_equal(rows_int(r, 0, "number"), 42);
    assert_int_equal(rows_val(r, 0, 2).kind, VAL_NULL); /* unknown to the source */
    assert_int_equal(rows_column_find(r, "word_again"), 2);
    assert_int_equal(rows_column_find(r, "none"), -1);
    assert_int_equal(db_commit(db, a, &e), OK);
}

static bool get_nul(void *self, struct str name, struct str *value, bool *is_null)
{
    (void)self;
    (void)name;
    *value = (struct str){"a\0b", 3};
    *is_null = false;
    return true;
}

static void test_a_value_with_nul_is_refused(void **state)
{
    (void)state;
    db_send(db, a, Q_test_echo, (struct param_source){get_nul, NULL});
    assert_int_equal(db_commit(db, a, &e), ERR_INVALID);
    assert_clean();
}

static void test_every_type(void **state)
{
    (void)state;
    struct rows *r = ask_now(
        "types",
        "SELECT true AS b, false AS f, 7::int2 AS i2, -8::int4 AS i4, -9e15::int8 AS i8,"
        " 1.5::float8 AS d, 2.5::float4 AS d4, 'x'::varchar AS v, 'n'::name AS n, 'p'::bpchar AS c,"
        " '" ID1 "'::uuid AS u, '2026-11-21'::date AS day, '14:05:01.5'::time AS t,"
        " '1999-12-31 23:59:59.5'::timestamp AS l, '2026-11-21 14:05:00+02'::timestamptz AS at,"
        " '\\x00ff'::bytea AS y, NULL::int AS nothing, '-0044-03-15'::text AS text, 'unknown',"
        " 'infinity'::timestamptz AS never, '{a,NULL,\"c d\"}'::text[] AS words,"
        " ARRAY['" ID1 "','" ID2 "']::uuid[] AS ids, '{}'::text[] AS empty,"
        " pg_sleep(0) AS void, '0044-03-15 BC'::date AS ides",
        NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_true(rows_bool(r, 0, "b"));
    assert_false(rows_bool(r, 0, "f"));
    assert_str(rows_text(r, 0, "b"), "true");
    assert_int_equal(rows_int(r, 0, "i2"), 7);
    assert_int_equal(rows_int(r, 0, "i4"), -8);
    assert_true(rows_int(r, 0, "i8") == -9000000000000000);
    assert_str(rows_text(r, 0, "i8"), "-9000000000000000");
    assert_true(rows_val(r, 0, 5).d == 1.5 && rows_val(r, 0, 6).d == 2.5);
    assert_str(rows_text(r, 0, "v"), "x");
    assert_str(rows_text(r, 0, "n"), "n");
    assert_str(rows_text(r, 0, "c"), "p");
    assert_str(rows_text(r, 0, "u"), ID1);
    assert_str(rows_text(r, 0, "day"), "2026-11-21");
    assert_int_equal(rows_val(r, 0, 11).kind, VAL_DATE);
    assert_str(rows_text(r, 0, "t"), "14:05:01.500000");
    assert_str(rows_text(r, 0, "l"), "1999-12-31 23:59:59.500000");
    assert_int_equal(rows_val(r, 0, 13).kind, VAL_LOCAL);
    assert_str(rows_text(r, 0, "at"), "2026-11-21 12:05:00.000000+00");
    assert_int_equal(rows_val(r, 0, 14).kind, VAL_INSTANT);
    struct val y = rows_val(r, 0, 15);
    assert_true(y.kind == VAL_TEXT && y.s.n == 2 && memcmp(y.s.p, "\x00\xff", 2) == 0);
    assert_int_equal(rows_val(r, 0, 16).kind, VAL_NULL);
    assert_str(rows_text(r, 0, "nothing"), "");
    assert_int_equal(rows_val(r, 0, 19).kind, VAL_NULL);
    const struct str *items;
    assert_int_equal(rows_array(r, a, 0, "words", &items), 3);
    assert_str(items[0], "a");
    assert_str(items[1], "");
    assert_str(items[2], "c d");
    assert_int_equal(rows_array(r, a, 0, "ids", &items), 2);
    assert_str(items[1], ID2);
    assert_int_equal(rows_array(r, a, 0, "empty", &items), 0);
    struct val list = rows_val(r, 0, 20);
    assert_int_equal(list.kind, VAL_LIST);
    const struct frame *f = list.list.ops->item(a, list.list.self, 2, NULL);
    assert_str(f->ops->itself(f).s, "c d");
    assert_int_equal(rows_val(r, 0, 23).kind, VAL_NULL);
    assert_str(rows_text(r, 0, "ides"), "0044-03-15 BC");
    assert_int_equal(rows_val(r, 1, 0).kind, VAL_NULL);
    assert_int_equal(rows_val(r, 0, 99).kind, VAL_NULL);
}

static void test_one_transaction_over_waits(void **state)
{
    (void)state;
    struct rows *first = ask_now("xid", "SELECT txid_current() AS x", NULL);
    assert_int_equal(db_wait(db, a, &e), OK);
    struct rows *second = ask_now("xid", "SELECT txid_current() AS x", NULL);
    struct rows *third = ask_now("xid", "SELECT txid_current() AS x", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    struct rows *later = ask_now("xid", "SELECT txid_current() AS x", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_int_equal(rows_int(first, 0, "x"), rows_int(second, 0, "x"));
    assert_int_equal(rows_int(first, 0, "x"), rows_int(third, 0, "x"));
    assert_int_not_equal(rows_int(first, 0, "x"), rows_int(later, 0, "x"));
}

static void test_commit_and_rollback(void **state)
{
    (void)state;
    ask_now("note", NOTE_INSERT, "1");
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_int_equal(count_notes(), 1);
    ask_now("note", NOTE_INSERT, "2");
    db_rollback(db, a); /* nothing taken yet */
    ask_now("note", NOTE_INSERT, "3");
    ask_now("set", "SELECT set_config('application_name', 'changed', true)", NULL);
    assert_int_equal(db_wait(db, a, &e), OK);
    db_rollback(db, a);
    db_rollback(db, a); /* twice is once */
    assert_int_equal(count_notes(), 1);
    struct rows *r = ask_now("name", "SELECT current_setting('application_name') AS n", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_str(rows_text(r, 0, "n"), "foyer");
    assert_int_equal(db_commit(db, a, &e), OK); /* nothing to commit */
}

static void test_a_forgotten_transaction_does_not_leak(void **state)
{
    (void)state;
    ask_now("note", NOTE_INSERT, "1");
    assert_clean();
    assert_int_equal(count_notes(), 0);
}

static void test_an_error_skips_the_rest(void **state)
{
    (void)state;
    ask_now("note", NOTE_INSERT, "1");
    ask_now("zero", "SELECT 1 / $1::int", "0");
    struct rows *skipped = ask_now("fresh", "SELECT 'never prepared before' AS w", NULL);
    assert_int_equal(db_wait(db, a, &e), ERR_INTERNAL);
    assert_string_equal(e.sqlstate, "22012");
    assert_non_null(strstr(arena_cstr(a, e.detail), "m_zero"));
    assert_int_equal(rows_count(skipped), 0);
    ask_now("note", NOTE_INSERT, "2"); /* nothing more is done */
    assert_int_equal(db_wait(db, a, &e), ERR_INTERNAL);
    assert_int_equal(db_commit(db, a, &e), ERR_INTERNAL);
    assert_int_equal(count_notes(), 0);

    /* what was to be prepared behind the error can be used now */
    struct rows *r = ask_now("fresh", "SELECT 'never prepared before' AS w", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_int_equal(rows_count(r), 1);
    assert_clean();
}

static void test_a_statement_the_server_refuses(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        ask_now("nonsense", "SELECT no_such_column", NULL);
        assert_int_equal(db_commit(db, a, &e), ERR_INTERNAL);
        assert_string_equal(e.sqlstate, "42703"); /* not 26000: it was forgotten */
        assert_non_null(strstr(arena_cstr(a, e.detail), "no_such_column"));
        assert_int_equal(e.message.n, 0);
    }
    assert_clean();
}

static void test_messages_for_people(void **state)
{
    (void)state;
    struct pair pairs[] = {{"id", ID1}, {"age", "200"}, {NULL, NULL}};
    db_send(db, a, Q_test_note, (struct param_source){get_pair, pairs});
    assert_int_equal(db_commit(db, a, &e), ERR_INVALID);
    assert_str(e.field, "age");
    assert_str(e.message, "Nobody gets that old.");
    assert_null(strstr(arena_cstr(a, e.detail), "200")); /* no values in the log */

    ask_now("rule", "SELECT app.rule('FY422', $1)", "birth_date");
    assert_int_equal(db_wait(db, a, &e), ERR_INVALID);
    assert_str(e.field, "birth_date");
    assert_str(e.message, "Not today.");
    db_rollback(db, a);
    ask_now("gone", "SELECT app.rule('FY410', '')", NULL);
    assert_int_equal(db_commit(db, a, &e), ERR_GONE);
    struct pair bad[] = {{"id", "1 OR 1=1"}, {"age", "1"}, {NULL, NULL}};
    db_send(db, a, Q_test_note, (struct param_source){get_pair, bad});
    assert_int_equal(db_commit(db, a, &e), ERR_NOT_FOUND);
    assert_clean();
}

/* A deferred constraint speaks at Sync: commit fails, nothing stays, the connection is clean. */
static void test_an_error_at_commit(void **state)
{
    (void)state;
    ask_now("note", NOTE_INSERT, "5");
    ask_now("note", NOTE_INSERT, "5");
    assert_int_equal(db_wait(db, a, &e), OK);
    assert_int_equal(db_commit(db, a, &e), ERR_INVALID);
    assert_string_equal(e.sqlstate, "23505");
    assert_str(e.message, "Taken: choose another.");
    assert_clean();
    ask_now("note", NOTE_INSERT, "5");
    ask_now("note", NOTE_INSERT, "5");
    assert_int_equal(db_commit(db, a, &e), ERR_INVALID);
    assert_clean();
    assert_int_equal(count_notes(), 0);
}

/* Both sides have more to say than sockets hold. */
static void test_no_deadlock(void **state)
{
    (void)state;
    enum { MANY = 150, BIG = 300000 };
    char *text = arena_alloc(a, BIG + 1);
    memset(text, 'x', BIG);
    struct rows *r[MANY];
    for (size_t i = 0; i < MANY; i++) {
        r[i] = ask_now("echo", "SELECT $1::text AS t", text);
    }
    assert_int_equal(db_commit(db, a, &e), OK);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(rows_text(r[i], 0, "t").n, BIG);
    }
}

static void test_connection_lost_between_requests(void **state)
{
    (void)state;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 2000)", PQbackendPID(db->conn));
    run_as_admin(sql);
    assert_clean(); /* nobody notices */
}

static void test_connection_lost_in_a_pipeline(void **state)
{
    (void)state;
    ask_now("note", NOTE_INSERT, "1");
    ask_now("die", "SELECT pg_terminate_backend(pg_backend_pid())", NULL);
    struct rows *r = ask_now("name", "SELECT current_setting('application_name') AS n", NULL);
    assert_int_equal(db_wait(db, a, &e), ERR_UNAVAILABLE);
    assert_int_equal(rows_count(r), 0);
    ask_now("note", NOTE_INSERT, "2");
    assert_int_equal(db_commit(db, a, &e), ERR_UNAVAILABLE);
    assert_clean();
    assert_int_equal(count_notes(), 0);

    char sql[128];
    ask_now("note", NOTE_INSERT, "1");
    assert_int_equal(db_wait(db, a, &e), OK);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 2000)", PQbackendPID(db->conn));
    run_as_admin(sql);
    assert_int_equal(db_commit(db, a, &e), ERR_UNAVAILABLE);
    assert_clean();
    assert_int_equal(count_notes(), 0);
}

static void test_origins_and_opened_cells(void **state)
{
    (void)state;
    run_as_admin("INSERT INTO app.note VALUES ('" ID1 "', '" ID2 "', '\\x01', 1)");
    struct rows *r = ask_now(
        "origin", "SELECT n.body_sealed AS b, n.id, n.age + 1 AS older FROM app.note n", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    struct str table, column;
    assert_true(rows_origin(r, 0, &table, &column));
    assert_str(table, "app.note");
    assert_str(column, "body_sealed");
    assert_true(rows_origin(r, 1, &table, &column));
    assert_str(column, "id");
    assert_false(rows_origin(r, 2, &table, &column));
    rows_put(r, 0, 0, S("opened"));
    assert_str(rows_val(r, 0, 0).s, "opened");
    assert_str(rows_text(r, 0, "b"), "opened");
    assert_str(rows_text(r, 0, "id"), ID1);
}

static void test_a_new_table_is_noticed(void **state)
{
    (void)state;
    run_as_admin("CREATE TABLE app.late (x_sealed bytea); GRANT ALL ON app.late TO foyer_staff;"
                 "INSERT INTO app.late VALUES ('\\x01')");
    struct str table, column;
    struct rows *r = ask_now("late", "SELECT x_sealed FROM app.late", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_false(rows_origin(r, 0, &table, &column));
    assert_int_equal(db_ready(db, a, &why), OK);
    r = ask_now("late", "SELECT x_sealed FROM app.late", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_true(rows_origin(r, 0, &table, &column));
    assert_str(table, "app.late");
}

/* A migration changes a column's type under a prepared statement. */
static void test_an_outdated_statement(void **state)
{
    (void)state;
    run_as_admin("CREATE TABLE app.changing (x int); GRANT ALL ON app.changing TO foyer_staff;"
                 "INSERT INTO app.changing VALUES (1)");
    ask_now("changing", "SELECT x FROM app.changing", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    run_as_admin("ALTER TABLE app.changing ALTER x TYPE text");
    ask_now("changing", "SELECT x FROM app.changing", NULL);
    assert_int_equal(db_commit(db, a, &e), ERR_UNAVAILABLE);
    assert_int_equal(db_ready(db, a, &why), OK);
    struct rows *r = ask_now("changing", "SELECT x FROM app.changing", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    assert_str(rows_text(r, 0, "x"), "1");
}

static void test_rows_as_frames(void **state)
{
    (void)state;
    struct rows *outer =
        ask_now("outer", "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(k, name)", NULL);
    struct rows *inner =
        ask_now("inner", "SELECT * FROM (VALUES (2, 'x'), (1, 'y'), (NULL, 'z')) v(k, word)", NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    struct val all = rows_list(a, outer, NULL, false), own = rows_list(a, inner, "k", false);
    assert_int_equal(all.list.n, 2);
    const struct frame *first = all.list.ops->item(a, all.list.self, 0, NULL);
    name_id name = name_intern(S("name")), word = name_intern(S("word"));
    assert_str(first->ops->find(first, name).s, "a");
    assert_int_equal(first->ops->find(first, word).kind, VAL_MISSING);
    assert_int_equal(own.list.ops->next(own.list.self, 0, first), 1);
    const struct frame *f = own.list.ops->item(a, own.list.self, 1, first);
    assert_str(f->ops->find(f, word).s, "y");
    assert_int_equal(own.list.ops->next(own.list.self, 2, first), 3);
    assert_int_equal(own.list.ops->next(own.list.self, 0, NULL), 3);
    assert_int_equal(rows_list(a, inner, "no_such_column", false).list.n, 0);
}

/* Rows by a column's value: in order, each with its own, whatever the values are. */
static void test_rows_by_value(void **state)
{
    (void)state;
    struct rows *outer =
        ask_now("by_outer", "SELECT i AS k, 'k' || i AS word FROM generate_series(0, 99) i", NULL);
    struct rows *inner = ask_now("by_inner",
                                 "SELECT nullif(i % 50, 7) AS k, 'k' || i % 50 AS word, i AS n"
                                 " FROM generate_series(0, 499) i",
                                 NULL);
    assert_int_equal(db_commit(db, a, &e), OK);
    name_id n = name_intern(S("n"));
    static const char *const columns[] = {"k", "word"};
    struct val all = rows_list(a, outer, NULL, false);
    for (size_t c = 0; c < COUNT_OF(columns); c++)
        for (int k = 0; k < 100; k++) {
            struct val own = rows_list(a, inner, columns[c], false);
            struct val any = rows_list(a, inner, columns[c], true);
            const struct frame *row = all.list.ops->item(a, all.list.self, (size_t)k, NULL);
            int found = 0, expected = k >= 50 || (k == 7 && c == 0) ? 0 : 10;
            for (size_t i = 0; (i = own.list.ops->next(own.list.self, i, row)) < own.list.n; i++) {
                const struct frame *f = own.list.ops->item(a, own.list.self, i, row);
                assert_int_equal(f->ops->find(f, n).i, k + 50 * found);
                found++;
            }
            assert_int_equal(found, expected);
            size_t first = any.list.ops->next(any.list.self, 0, row);
            assert_int_equal(first, expected ? (size_t)k : any.list.n);
            assert_true(!expected ||
                        any.list.ops->next(any.list.self, first + 1, row) == any.list.n);
        }
    /* A section by one column that stands in a section of the same rows by another. */
    struct val by_k = rows_list(a, inner, "k", false);
    const struct frame *five = all.list.ops->item(a, all.list.self, 5, NULL);
    for (size_t i = 0, found = 0; found < 10; found++, i++) {
        i = by_k.list.ops->next(by_k.list.self, i, five);
        assert_int_equal(i, 5 + 50 * found);
        struct val by_n = rows_list(a, inner, "n", false);
        assert_int_equal(by_n.list.ops->next(by_n.list.self, 0, five), by_n.list.n);
    }
    rows_put(inner, 3, 1, S("k0")); /* a text that was opened is what counts */
    struct val own = rows_list(a, inner, "word", false);
    const struct frame *zero = all.list.ops->item(a, all.list.self, 0, NULL);
    assert_int_equal(own.list.ops->next(own.list.self, 1, zero), 3);
}

static void test_notices(void **state)
{
    (void)state;
    assert_int_equal(db_listen(db, "foyer_test"), OK);
    run_as_admin("NOTIFY foyer_test");
    int64_t before = db_now_ms();
    db_wait_notice(db, 5000);
    assert_true(db_now_ms() - before < 2000);
    before = db_now_ms();
    db_wait_notice(db, 100);
    assert_true(db_now_ms() - before >= 90);
    assert_clean();

    /* after a reconnection as well */
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 2000)", PQbackendPID(db->conn));
    run_as_admin(sql);
    db_wait_notice(db, 1000);
    assert_clean();
    run_as_admin("NOTIFY foyer_test");
    before = db_now_ms();
    db_wait_notice(db, 5000);
    assert_true(db_now_ms() - before < 2000);
}

/* SECURITY.md D-03: not even injected SQL enters another tenant. */
static void test_the_context_cannot_be_set(void **state)
{
    (void)state;
    ask_now("forge", "SELECT set_config('foyer.tenant_id', $1, true)", ID1);
    assert_int_equal(db_commit(db, a, &e), ERR_FORBIDDEN);
    assert_clean();
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, each, after_each)

int main(void)
{
    server = getenv("FOYER_TEST_DATABASE");
    if (!server || !*server) {
        puts("db: skipped, FOYER_TEST_DATABASE is not set (conninfo of a superuser)");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        CASE(test_unfit_roles_are_refused),
        CASE(test_a_server_that_is_away),
        CASE(test_parameters_by_name),
        CASE(test_a_value_with_nul_is_refused),
        CASE(test_every_type),
        CASE(test_one_transaction_over_waits),
        CASE(test_commit_and_rollback),
        CASE(test_a_forgotten_transaction_does_not_leak),
        CASE(test_an_error_skips_the_rest),
        CASE(test_a_statement_the_server_refuses),
        CASE(test_messages_for_people),
        CASE(test_an_error_at_commit),
        CASE(test_no_deadlock),
        CASE(test_connection_lost_between_requests),
        CASE(test_connection_lost_in_a_pipeline),
        CASE(test_origins_and_opened_cells),
        CASE(test_a_new_table_is_noticed),
        CASE(test_an_outdated_statement),
        CASE(test_rows_as_frames),
        CASE(test_rows_by_value),
        CASE(test_notices),
        CASE(test_the_context_cannot_be_set),
    };
    return cmocka_run_group_tests_name("db", tests, setup, teardown);
}
