/*
 * sqlgen_test.c -- the statement compiler: what it understands, and how it refuses.
 * Each case writes one query file to a scratch directory and runs the program in a child.
 */
#define main sqlgen_main
#include "../../cgi-src/tools/sqlgen.c"
#include "../../cgi-src/tools/sqlgen_read.c"
#include "../../cgi-src/tools/sqlgen_text.c"
#undef main

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch[64];

static char *path_in(const char *name)
{
    static char path[4][160];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", scratch, name);
    return p;
}

static void put(const char *name, const char *content)
{
    FILE *f = fopen(path_in(name), "wb");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

static char *slurp(const char *name)
{
    static char content[65536];
    FILE *f = fopen(path_in(name), "rb");
    assert_non_null(f);
    size_t n = fread(content, 1, sizeof content - 1, f);
    content[n] = '\0';
    fclose(f);
    return content;
}

static int setup(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/sqlgen_test.XXXXXX");
    return mkdtemp(scratch) && mkdir(path_in("q"), 0700) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const files[] = {"q/booking.sql", "q/visit.sql", "out/queries.h",
                                        "out/queries.c", "err"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        unlink(path_in(files[i]));
    }
    rmdir(path_in("out"));
    rmdir(path_in("q"));
    return rmdir(scratch);
}

/* Runs sqlgen over q/; its status, with what it said in the file "err". */
static int run(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path_in("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 2);
        char *argv[] = {(char *)"sqlgen", path_in("q"), path_in("out"), NULL};
        int status = sqlgen_main(3, argv);
        fflush(NULL);
        _exit(status);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("not found: <%s> in <%s>", part, text);
    }
}

/* The statement compiles to this SQL (as C source) and these parameters. */
static void assert_compiles(const char *body, const char *sql, const char *params)
{
    char source[4096], want[4096];
    snprintf(source, sizeof source, "-- name: booking_day :many\n-- The day.\n%s", body);
    put("q/booking.sql", source);
    if (run() != 0) {
        fail_msg("refused <%s>: %s", body, slurp("err"));
    }
    char *out = slurp("out/queries.c");
    snprintf(want, sizeof want, ".sql = \"%s\",", sql);
    assert_has(out, want);
    snprintf(want, sizeof want, "params_booking_day[] = {%sNULL};", params);
    assert_has(out, want);
}

static void assert_refused(const char *source, const char *line_and_words)
{
    put("q/booking.sql", source);
    assert_int_equal(run(), 1);
    char want[512];
    snprintf(want, sizeof want, "%s:%s", path_in("q/booking.sql"), line_and_words);
    assert_has(slurp("err"), want);
}

static void test_parameters(void **state)
{
    (void)state;
    assert_compiles("SELECT :a, :b_2, :a;", "SELECT $1, $2, $1", "\"a\", \"b_2\", ");
    assert_compiles("SELECT 1", "SELECT 1", "");
    assert_compiles("SELECT :a::date, x::text, f(y := :b)", "SELECT $1::date, x::text, f(y := $2)",
                    "\"a\", \"b\", ");
    assert_compiles("SELECT x[1:2], :a", "SELECT x[1:2], $1", "\"a\", ");
    assert_compiles("SELECT 1;;\n ; \n", "SELECT 1", "");
    assert_compiles("SELECT (:a)\n;\n-- the next part\n\n", "SELECT ($1)", "\"a\", ");
}

static void test_quotes_hide_parameters(void **state)
{
    (void)state;
    assert_compiles("SELECT ':n', 'it''s :n', :a", "SELECT ':n', 'it''s :n', $1", "\"a\", ");
    assert_compiles("SELECT E'\\':n', :a", "SELECT E'\\\\':n', $1", "\"a\", ");
    assert_compiles("SELECT e'\\\\', :a", "SELECT e'\\\\\\\\', $1", "\"a\", ");
    assert_compiles("SELECT '\\', :a", "SELECT '\\\\', $1", "\"a\", ");
    assert_compiles("SELECT \"a:n\"\"b:n\", :a", "SELECT \\\"a:n\\\"\\\"b:n\\\", $1", "\"a\", ");
    assert_compiles("SELECT $$ :n ; ' $$, :a", "SELECT $$ :n ; ' $$, $1", "\"a\", ");
    assert_compiles("SELECT $x$ :n $$ :n $x$, :a", "SELECT $x$ :n $$ :n $x$, $1", "\"a\", ");
    assert_compiles("SELECT a$b, c$d$, :a", "SELECT a$b, c$d$, $1", "\"a\", ");
    assert_compiles("SELECT 1 /* :n /* ' */ :n */ + :a", "SELECT 1   + $1", "\"a\", ");
    assert_compiles("SELECT -- :n '\n:a", "SELECT \\n\"\n               \"$1", "\"a\", ");
}

static void test_every_kind(void **state)
{
    (void)state;
    put("q/visit.sql", "-- visit.sql -- file head\n\n"
                       "-- name: visit_a :one\n-- A.\nSELECT 1;\n"
                       "-- name: visit_b :maybe\n-- B.\nSELECT 1;\n"
                       "-- name: visit_c :page 50\n-- C.\n"
                       "SELECT 1 LIMIT :page_limit OFFSET :page_offset;\n"
                       "-- name: visit_d :exec\n-- D \"quoted\".\n-- seals: chart_note\n"
                       "INSERT INTO x VALUES (:body_sealed);\n"
                       "-- name: visit_e :exec\n-- E.\n-- seals: sec.x\nSELECT 1;\n"
                       "-- name: visit_f :many\n-- F.\n-- More.\n-- clients: seen\nSELECT 1;\n"
                       "-- name: visit_g :many\n-- G.\n-- keeps: reference\nSELECT 1;\n");
    put("q/booking.sql", "");
    assert_int_equal(run(), 0);
    char *out = slurp("out/queries.c");
    assert_has(out, ".kind = RESULT_ONE");
    assert_has(out, ".kind = RESULT_MAYBE");
    assert_has(out, ".kind = RESULT_PAGE,\n        .page_size = 50");
    assert_has(out, ".kind = RESULT_EXEC");
    assert_has(out, ".seals = \"app.chart_note\"");
    assert_has(out, ".seals = \"sec.x\"");
    assert_has(out, ".clients = CLIENTS_UNKNOWN,\n        .is_kept = false");
    assert_has(out, ".clients = CLIENTS_SEEN,\n        .is_kept = false");
    assert_has(out, ".clients = CLIENTS_NONE,\n        .is_kept = true");
    assert_has(out, ".meaning = \"D \\\"quoted\\\".\"");
    assert_has(out, ".line = 3");
    assert_has(slurp("out/queries.h"), "Q_none = 0,\n    Q_visit_a,\n    Q_visit_b,");
}

static void test_refusals(void **state)
{
    (void)state;
    assert_refused("SELECT 1;\n-- name: booking_day :one\n-- x\nSELECT 1", "1: text before");
    assert_refused("\n--name: booking_day :one\n-- x\nSELECT 1", "2: a malformed header");
    assert_refused("-- name : booking_day :one\n-- x\nSELECT 1", "1: a malformed header");
    assert_refused("-- name: booking_day\n-- x\nSELECT 1", "1: '' is no kind");
    assert_refused("-- name: booking_day :lots\n-- x\nSELECT 1", "1: ':lots' is no kind");
    assert_refused("-- name: booking_day :one two\n-- x\nSELECT 1", "1: 'two' does not belong");
    assert_refused("-- name: booking_day :page\n-- x\nSELECT 1", "1: the page size");
    assert_refused("-- name: booking_day :page 5x\n-- x\nSELECT 1", "1: the page size");
    assert_refused("-- name: booking_day :page 5\n-- x\nSELECT 1", "1: 'booking_day' is :page but");
    assert_refused("-- name: Booking :one\n-- x\nSELECT 1", "1: 'Booking' is no lower_case");
    assert_refused("-- name: visit_day :one\n-- x\nSELECT 1", "1: 'visit_day' stands in booking");
    assert_refused("-- name: booking :one\n-- x\nSELECT 1", "1: 'booking' stands in booking");
    assert_refused("-- name: booking_day :one\nSELECT 1", "2: 'booking_day' has no meaning");
    assert_refused("-- name: booking_a :one\n-- name: booking_b :one\n-- x\nSELECT 1",
                   "2: 'booking_a' has no meaning");
    assert_refused("-- name: booking_day :one\n-- x\n-- only a comment\n;",
                   "3: 'booking_day' has no statement");
    assert_refused("-- name: booking_day :one\n-- x\nSELECT 1;\n-- name: booking_day :one\n-- x\n"
                   "SELECT 1",
                   "4: 'booking_day' exists already at ");
    assert_refused("-- name: booking_day :one\n-- x\nSELECT 1;\nSELECT 2", "4: a second statement");
    assert_refused("-- name: booking_day :one\n-- x\nSELECT $1", "3: a numbered parameter $1");
    assert_refused("-- name: booking_day :one\n-- x\nSELECT :Day", "3: parameter ':Day'");
    assert_refused("-- name: booking_day :one\n-- x\nSELECT\n 'x\n", "4: a quote opened here");
    assert_refused("-- name: booking_day :one\n-- x\n/* SELECT", "3: a comment opened here");
    assert_refused("-- name: booking_day :one\n-- x\nSELECT $a$ $b$", "3: a text opened here");
    assert_refused("-- name: booking_day :one\n-- x\nSELECT :note_sealed",
                   "1: 'booking_day' takes");
    assert_refused("-- name: booking_day :one\n-- x\n-- seals:\nSELECT 1", "3: '-- seals:' takes one word");
    assert_refused("-- name: booking_day :one\n-- x\n-- clients: some\nSELECT 1",
                   "1: 'booking_day': write");
    assert_refused("-- name: booking_day :one\n-- x\n-- clients:\nSELECT 1",
                   "3: '-- clients:' takes");
    assert_refused("-- name: booking_day :many\n-- x\n-- keeps: all\nSELECT 1",
                   "1: 'booking_day': only");
    assert_refused("-- name: booking_day :one\n-- x\n-- keeps: reference\nSELECT 1",
                   "1: 'booking_day': only");
    assert_refused(
        "-- name: booking_day :many\n-- x\n-- clients: seen\n-- keeps: reference\nSELECT 1",
        "1: 'booking_day': only");
}

static void test_unchanged_output_is_not_touched(void **state)
{
    (void)state;
    unlink(path_in("q/visit.sql"));
    put("q/booking.sql", "-- name: booking_day :many\n-- The day.\nSELECT 1");
    assert_int_equal(run(), 0);
    const struct timespec past[2] = {{1000, 0}, {1000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path_in("out/queries.h"), past, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, path_in("out/queries.c"), past, 0), 0);
    put("q/booking.sql", "-- name: booking_day :many\n-- The day.\nSELECT 2");
    assert_int_equal(run(), 0);
    struct stat st;
    assert_int_equal(stat(path_in("out/queries.h"), &st), 0);
    assert_int_equal(st.st_mtime, 1000); /* same names: no file that includes it is rebuilt */
    assert_int_equal(stat(path_in("out/queries.c"), &st), 0);
    assert_true(st.st_mtime > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_quotes_hide_parameters),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_unchanged_output_is_not_touched),
    };
    return cmocka_run_group_tests_name("sqlgen", tests, setup, teardown);
}
