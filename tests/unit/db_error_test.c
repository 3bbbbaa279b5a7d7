/*
 * db_error_test.c -- what each SQLSTATE means, what people read, and what the log may know.
 */
#include "../../cgi-src/core/db_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *a;
static struct db_error e;

static const struct comment comments[] = {
    {{"app", 3}, {"slot", 4}, {"is_free", 7}, {"starts_at: Somebody was faster.", 31}},
    {{"app", 3}, {"client", 6}, {"is_free", 7}, {"Give a phone: or an e-mail.", 27}},
    {{"app", 3}, {"client", 6}, {"name_given", 10}, {"name:Give a name.", 17}},
};

static enum err read_failure(struct sql_failure f)
{
    return db_error_read(a, &f, comments, COUNT_OF(comments), "q_test", &e);
}

static void assert_str(struct str got, const char *want)
{
    if (!str_is(got, want)) {
        fail_msg("got <%.*s>, want <%s>", (int)got.n, got.p, want);
    }
}

static void test_states(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        enum err err;
    } cases[] = {
        {"FY400", ERR_INVALID},     {"FY401", ERR_NO_SESSION},  {"FY403", ERR_FORBIDDEN},
        {"FY404", ERR_NOT_FOUND},   {"FY409", ERR_CONFLICT},    {"FY410", ERR_GONE},
        {"FY422", ERR_INVALID},     {"FY429", ERR_TOO_MANY},    {"23505", ERR_INVALID},
        {"23P01", ERR_INVALID},     {"23514", ERR_INVALID},     {"40001", ERR_UNAVAILABLE},
        {"40P01", ERR_UNAVAILABLE}, {"55P03", ERR_UNAVAILABLE}, {"57014", ERR_UNAVAILABLE},
        {"57P01", ERR_UNAVAILABLE}, {"57P03", ERR_UNAVAILABLE}, {"08006", ERR_UNAVAILABLE},
        {"53100", ERR_UNAVAILABLE}, {"42501", ERR_FORBIDDEN},   {"22P02", ERR_NOT_FOUND}, {"22009", ERR_NOT_FOUND}, {"22023", ERR_NOT_FOUND},
        {"22007", ERR_NOT_FOUND},   {"42703", ERR_INTERNAL},    {"22012", ERR_INTERNAL},
        {"P0001", ERR_INTERNAL},    {"XX000", ERR_INTERNAL},    {"FY500", ERR_INTERNAL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(read_failure((struct sql_failure){.sqlstate = cases[i].state}),
                         cases[i].err);
        assert_string_equal(e.sqlstate, cases[i].state);
    }
    /* libpq's own failures have no state: the connection broke */
    assert_int_equal(read_failure((struct sql_failure){.message = "server closed"}),
                     ERR_UNAVAILABLE);
}

static void test_a_rule_speaks_itself(void **state)
{
    (void)state;
    read_failure((struct sql_failure){
        .sqlstate = "FY422", .message = "Choose a later day.", .column = "day"});
    assert_str(e.message, "Choose a later day.");
    assert_str(e.field, "day");
    read_failure((struct sql_failure){.sqlstate = "FY409", .message = "Taken."});
    assert_str(e.message, "Taken.");
    assert_str(e.field, "");
}

static void test_a_constraint_speaks_by_its_comment(void **state)
{
    (void)state;
    read_failure((struct sql_failure){
        .sqlstate = "23P01", .schema = "app", .table = "slot", .constraint = "is_free"});
    assert_str(e.field, "starts_at");
    assert_str(e.message, "Somebody was faster.");
    read_failure((struct sql_failure){
        .sqlstate = "23514", .schema = "app", .table = "client", .constraint = "is_free"});
    assert_str(e.field, ""); /* "Give a phone" is no field name */
    assert_str(e.message, "Give a phone: or an e-mail.");
    read_failure((struct sql_failure){
        .sqlstate = "23514", .schema = "app", .table = "client", .constraint = "name_given"});
    assert_str(e.field, "name");
    assert_str(e.message, "Give a name.");
}

static void test_without_a_comment(void **state)
{
    (void)state;
    read_failure((struct sql_failure){.sqlstate = "23502",
                                      .schema = "app",
                                      .table = "client",
                                      .column = "email",
                                      .message = "null value in column \"email\""});
    assert_str(e.field, "email");
    assert_str(e.message, "Please fill this in.");
    read_failure((struct sql_failure){.sqlstate = "23505",
                                      .table = "client",
                                      .constraint = "other",
                                      .message = "Key (email)=(ann@example.com) exists"});
    assert_str(e.message, "This exists already.");
    assert_str(e.detail, "q_test: other");
    read_failure((struct sql_failure){.sqlstate = "23503", .table = "visit", .constraint = "visit_client"});
    assert_str(e.message, "Something this refers to is not there any more. Please choose again.");
    read_failure((struct sql_failure){.sqlstate = "23514", .column = "age"});
    assert_str(e.message, "Something here does not fit. Please check what you entered.");
    assert_str(e.detail, "q_test: column age");
}

/* Another table's or schema's constraint of the same name speaks for itself alone; one without a table speaks by its name. */
static void test_whose_constraint(void **state)
{
    (void)state;
    read_failure((struct sql_failure){.sqlstate = "23514", .schema = "site", .table = "slot", .constraint = "is_free"});
    assert_str(e.message, "Something here does not fit. Please check what you entered.");
    read_failure((struct sql_failure){.sqlstate = "23514", .schema = "app", .table = "room", .constraint = "is_free"});
    assert_str(e.message, "Something here does not fit. Please check what you entered.");
    read_failure((struct sql_failure){.sqlstate = "23514", .constraint = "name_given"});
    assert_str(e.message, "Give a name.");
}

/* A field's name is small letters, digits behind the first, and '_'; all else is the message's own. */
static void test_words_of_a_comment(void **state)
{
    (void)state;
    static const struct {
        const char *comment, *field, *message;
    } cases[] = {
        {"step_2: Choose again.", "step_2", "Choose again."}, {"2nd: Choose again.", "", "2nd: Choose again."},
        {": Choose.", "", ": Choose."},                       {"choose", "", "choose"},
        {"a{: Choose.", "", "a{: Choose."},                   {"a/: Choose.", "", "a/: Choose."},
        {"", "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct comment said = {{"app", 3}, {"t", 1}, {"c", 1}, {cases[i].comment, strlen(cases[i].comment)}};
        struct sql_failure f = {.sqlstate = "23514", .schema = "app", .table = "t", .constraint = "c"};
        db_error_read(a, &f, &said, 1, "q_test", &e);
        assert_str(e.field, cases[i].field);
        assert_str(e.message, cases[i].message);
    }
}

/* A state that is none is a connection that broke; a refusal of class 42 without words has none for the log. */
static void test_what_is_no_state(void **state)
{
    (void)state;
    assert_int_equal(read_failure((struct sql_failure){.sqlstate = "42"}), ERR_UNAVAILABLE);
    assert_string_equal(e.sqlstate, "08000");
    assert_int_equal(read_failure((struct sql_failure){.sqlstate = "42501"}), ERR_FORBIDDEN);
    assert_str(e.detail, "q_test");
    assert_str(e.message, "");
    read_failure((struct sql_failure){.sqlstate = "42501", .message = "no", .context = "SQL statement 'Ann'"});
    assert_str(e.detail, "q_test: no");
}

/* The server's words may hold a client's data: neither people nor the log see them. */
static void test_values_stay_inside(void **state)
{
    (void)state;
    read_failure((struct sql_failure){.sqlstate = "22P02",
                                      .message = "invalid input syntax for uuid: \"Ann Lee\""});
    assert_str(e.message, "");
    assert_str(e.detail, "q_test");
    read_failure((struct sql_failure){.sqlstate = "42703",
                                      .message = "column \"x\" does not exist",
                                      .context = "PL/pgSQL function app.f() line 3\nSQL 'Ann'"});
    assert_str(e.message, "");
    assert_str(e.detail, "q_test: column \"x\" does not exist in PL/pgSQL function app.f() line 3");
}

int main(void)
{
    a = arena_new(1024 * 1024);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_a_rule_speaks_itself),
        cmocka_unit_test(test_a_constraint_speaks_by_its_comment),
        cmocka_unit_test(test_without_a_comment),
        cmocka_unit_test(test_whose_constraint),
        cmocka_unit_test(test_words_of_a_comment),
        cmocka_unit_test(test_what_is_no_state),
        cmocka_unit_test(test_values_stay_inside),
    };
    int failed = cmocka_run_group_tests_name("db_error", tests, NULL, NULL);
    arena_free(a);
    return failed;
}
