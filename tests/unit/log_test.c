/*
 * log_test.c -- every line is one whole JSON object, whatever is put into it.
 */
#include "log.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

/* The last line written, parsed; it must be whole. */
static struct json_object *last_line(void)
{
    static char content[65536];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(content, 1, sizeof content - 1, f);
    fclose(f);
    assert_true(n > 1 && content[n - 1] == '\n');
    content[n - 1] = '\0';
    char *line = strrchr(content, '\n');
    assert_int_equal(truncate(path, 0), 0);
    struct json_object *o = json_tokener_parse(line ? line + 1 : content);
    assert_non_null(o);
    return o;
}

static const char *text(struct json_object *o, const char *key)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "(none)";
}

static void test_a_line(void **state)
{
    (void)state;
    log_info("request", "route", "/day", "status", "200", NULL);
    struct json_object *o = last_line();
    assert_string_equal(text(o, "level"), "info");
    assert_string_equal(text(o, "program"), "log_test");
    assert_string_equal(text(o, "pool"), "staff");
    assert_string_equal(text(o, "event"), "request");
    assert_string_equal(text(o, "route"), "/day");
    assert_string_equal(text(o, "status"), "200");
    assert_string_equal(text(o, "request"), "(none)");
    assert_int_equal(strlen(text(o, "at")), 24);
    json_object_put(o);
}

static void test_request_id_stays_until_taken_away(void **state)
{
    (void)state;
    log_request("abc");
    log_error("x", NULL);
    struct json_object *o = last_line();
    assert_string_equal(text(o, "request"), "abc");
    assert_string_equal(text(o, "level"), "error");
    json_object_put(o);
    log_request(NULL);
    log_error("x", NULL);
    o = last_line();
    assert_string_equal(text(o, "request"), "(none)");
    json_object_put(o);
}

static void test_hostile_values(void **state)
{
    (void)state;
    log_info("x", "v", "a\"b\\c\nd\x01\x7f", "bad", "\xff\xfe", "utf8", "Zoë", NULL);
    struct json_object *o = last_line();
    assert_string_equal(text(o, "v"), "a\"b\\c\nd\x01\x7f");
    assert_string_equal(text(o, "bad"), "??");
    assert_string_equal(text(o, "utf8"), "Zoë");
    json_object_put(o);
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    char *big = malloc(100001);
    assert_non_null(big);
    memset(big, 'x', 100000);
    big[100000] = '\0';
    log_info("x", "v", big, NULL);
    struct json_object *o = last_line();
    assert_int_equal(strlen(text(o, "v")), 1003);
    json_object_put(o);
    memset(big, '\n', 100000);
    log_info("x", "a", big, "b", big, "c", big, "d", big, "e", big, "f", big, NULL);
    json_object_put(last_line());
    for (size_t i = 0; i < 50000; i++) {
        memcpy(big + 2 * i, "ë", 2);
    }
    log_info("x", "a", big + 1, "v", big, NULL);
    o = last_line();
    assert_true(str_utf8_ok(str_of(text(o, "v"))));
    json_object_put(o);
    free(big);
}

static void test_a_path_that_cannot_be_opened(void **state)
{
    (void)state;
    assert_int_equal(log_open("/nonexistent/dir/log", "log_test", NULL), ERR_INVALID);
    assert_int_equal(log_open(path, "log_test", "staff"), OK); /* and the old one still works */
    log_info("x", NULL);
    json_object_put(last_line());
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/log_test.XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0 || log_open(path, "log_test", "staff") != OK) {
        return 1;
    }
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line),
        cmocka_unit_test(test_request_id_stays_until_taken_away),
        cmocka_unit_test(test_hostile_values),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_a_path_that_cannot_be_opened),
    };
    int failed = cmocka_run_group_tests_name("log", tests, NULL, NULL);
    unlink(path);
    return failed;
}
