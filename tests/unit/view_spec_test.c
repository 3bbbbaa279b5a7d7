/*
 * view_spec_test.c -- the official Mustache specification, all of it but lambdas.
 * Reads mustache-spec/ in $FOYER_CONTRACTS or ../shared/contracts; skipped when neither is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "view.h"

static char folder[] = "/tmp/view_spec_XXXXXX";
static char specification[500];
static unsigned n_cases, n_wrong;

static const char *text_at(struct json_object *o, const char *key)
{
    return json_object_get_string(json_object_object_get(o, key));
}

static void path_of(char *path, size_t size, const char *name)
{
    int n = snprintf(path, size, "%s/%s.mustache", folder, name);
    assert_true(n > 0 && (size_t)n < size);
}

static void put_template(const char *name, struct json_object *text)
{
    char path[300];
    path_of(path, sizeof path, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    size_t n = (size_t)json_object_get_string_len(text);
    assert_int_equal(fwrite(json_object_get_string(text), 1, n, f), n);
    fclose(f);
}

static void remove_template(const char *name)
{
    char path[300];
    path_of(path, sizeof path, name);
    unlink(path);
}

static void check_case(const char *file, struct json_object *test, struct arena *a)
{
    struct json_object *partials = json_object_object_get(test, "partials");
    if (partials) {
        json_object_object_foreach(partials, name, text) put_template(name, text);
    }
    put_template("main-template", json_object_object_get(test, "template"));
    view_strict(false);
    view_directories(folder);
    struct str why = S("");
    const struct view *v = view_get("main-template", a, &why);
    struct buf out = buf_in(a, 100);
    const struct frame *data = json_frame(a, json_object_object_get(test, "data"));
    bool is_right = v && view_render(v, &data, 1, a, &out) == OK &&
                    str_is(buf_str(&out), text_at(test, "expected"));
    n_cases++;
    if (!is_right) {
        n_wrong++;
        print_error("%s: %s\n  template %s\n  expected %s\n  rendered %s%s\n", file,
                    text_at(test, "name"), text_at(test, "template"), text_at(test, "expected"),
                    arena_cstr(a, buf_str(&out)), arena_cstr(a, why));
    }
    remove_template("main-template");
    if (partials) {
        json_object_object_foreach(partials, name, text)
        {
            (void)text;
            remove_template(name);
        }
    }
}

static void check_file(const char *file, unsigned at_least)
{
    char path[600];
    if (!specification[0])
        skip();
    snprintf(path, sizeof path, "%s/%s.json", specification, file);
    struct json_object *whole = json_object_from_file(path);
    assert_non_null(whole);
    struct json_object *tests = json_object_object_get(whole, "tests");
    struct arena *a = arena_new(64 << 20);
    n_cases = n_wrong = 0;
    for (size_t i = 0; i < json_object_array_length(tests); i++) {
        check_case(file, json_object_array_get_idx(tests, i), a);
        arena_reset(a);
    }
    arena_free(a);
    json_object_put(whole);
    assert_int_equal(n_wrong, 0);
    assert_true(n_cases >= at_least);
}

static void comments(void **state)
{
    (void)state;
    check_file("comments", 12);
}
static void delimiters(void **state)
{
    (void)state;
    check_file("delimiters", 14);
}
static void interpolation(void **state)
{
    (void)state;
    check_file("interpolation", 42);
}
static void inverted(void **state)
{
    (void)state;
    check_file("inverted", 22);
}
static void partials_files(void **state)
{
    (void)state;
    check_file("partials", 12);
}
static void sections(void **state)
{
    (void)state;
    check_file("sections", 34);
}
static void inheritance(void **state)
{
    (void)state;
    check_file("~inheritance", 27);
}
static void dynamic_names(void **state)
{
    (void)state;
    check_file("~dynamic-names", 21);
}

int main(void)
{
    const char *contracts = getenv("FOYER_CONTRACTS");
    snprintf(specification, sizeof specification, "%s/mustache-spec",
             contracts && *contracts ? contracts : "../shared/contracts");
    if (access(specification, R_OK) != 0) {
        printf("view_spec_test: skipped, %s is not there; set FOYER_CONTRACTS\n", specification);
        specification[0] = '\0';
    }
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments),       cmocka_unit_test(delimiters),
        cmocka_unit_test(interpolation),  cmocka_unit_test(inverted),
        cmocka_unit_test(partials_files), cmocka_unit_test(sections),
        cmocka_unit_test(inheritance),    cmocka_unit_test(dynamic_names),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
