/*
 * route_test.c -- the page table: what a path may be, and which tables a program refuses to start with.
 * A row that forgets something is found before anybody can ask for it.
 */
#include "core/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena *a;

static enum err run_nothing(struct req *r)
{
    (void)r;
    return OK;
}
static const struct field fields[] = {{"name", FIELD_TEXT}, {0}};

static void assert_says(const struct page *rows, const char *want)
{
    const struct feature features[] = {{"thing", rows}, {NULL, NULL}};
    struct str why = S("");
    bool good = routes_check(features, a, &why);
    if (!want) {
        if (!good)
            fail_msg("refused: %.*s", (int)why.n, why.p);
        return;
    }
    assert_false(good);
    if (!memmem(why.p, why.n, want, strlen(want)))
        fail_msg("it says <%.*s>, not <%s>", (int)why.n, why.p, want);
}

static void rows_that_forget_something_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct page row;
        const char *says;
    } cases[] = {
        {{GET, "thing", .view = "x"}, "must begin with '/'"},
        {{GET, "/{id:number}", .view = "x"}, "needs a kind"},
        {{GET, "/{id:uuid}/{day:date}/{n:int}/{s:slug}/{t:token}", .view = "x"}, NULL},
        {{GET, "/x", .view = "x", .fields = fields}, "a GET changes nothing"},
        {{GET, "/x", .view = "x", .save = Q_client_update}, "a GET changes nothing"},
        {{GET, "/x", .view = "x", .then = "/x"}, "a GET changes nothing"},
        {{GET, "/x"}, "needs a view"},
        {{GET, "/x", .run = run_nothing}, NULL},
        {{POST, "/x"}, "a POST is a save"},
        {{POST, "/x", .save = Q_client_update}, "a POST is a save"},
        {{POST, "/x", .then = "/x"}, "a POST is a save"},
        {{POST, "/x", .save = Q_client_update, .then = "/x"}, NULL},
        {{POST, "/x", .run = run_nothing, .save = Q_client_update, .then = "/x"}, "not both"},
        {{GET, "/x", .view = "x", .door = DOOR_PUBLIC, .can = PERM_client_read}, "has no permission"},
        {{GET, "/x", .view = "x", .door = DOOR_LINK}, "public pool"},
        {{GET, "/x", .view = "x", .door = DOOR_LINK_UNPROVEN}, "public pool"},
        {{GET, "/x", .view = "x", .door = DOOR_LINK, .pool = POOL_PUBLIC}, NULL},
        {{POST, "/x", .run = run_nothing, .again = "/nowhere"}, "again names no GET page"},
        {{POST, "/x", .run = run_nothing, .again = "/nowhere", .realm = REALM_STAFFED}, "again names no GET page"},
        {{POST, "/x", .run = run_nothing, .fields = fields}, "fields need the page"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct page rows[] = {cases[i].row, {0}};
        assert_says(rows, cases[i].says);
    }
}

static void one_method_and_path_at_a_host(void **state)
{
    (void)state;
    static const struct {
        enum realm first, second;
        bool clash;
    } cases[] = {
        {REALM_STUDIO, REALM_STUDIO, true},    {REALM_STUDIO, REALM_STAFFED, true},
        {REALM_OPERATOR, REALM_STAFFED, true}, {REALM_OPERATOR, REALM_OPERATOR, true},
        {REALM_SITE, REALM_SITE, true},        {REALM_STUDIO, REALM_OPERATOR, false},
        {REALM_STUDIO, REALM_SITE, false},     {REALM_SITE, REALM_STAFFED, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct page rows[] = {{GET, "/x", .view = "x", .realm = cases[i].first},
                                    {GET, "/x", .view = "x", .realm = cases[i].second},
                                    {0}};
        assert_says(rows, cases[i].clash ? "stand twice" : NULL);
    }
    const struct page other[] = {{GET, "/x", .view = "x"},
                                 {POST, "/x", .run = run_nothing, .again = "/x"},
                                 {GET, "/y", .view = "x"},
                                 {0}};
    assert_says(other, NULL);
}

/* Whether a path fits a pattern with one parameter of this kind. */
static bool fits(const char *kind, const char *segment)
{
    char pattern[32];
    struct pairs params;
    bool other;
    snprintf(pattern, sizeof pattern, "/t/{v:%s}", kind);
    const struct page rows[] = {{GET, pattern, .view = "x"}, {0}};
    const struct feature features[] = {{"thing", rows}, {NULL, NULL}};
    struct str path = arena_printf(a, "/t/%s", segment), value;
    const struct page *found = route_find(features, REALM_STUDIO, GET, path, a, &params, &other);
    if (strcmp(kind, "ics") == 0 && found)
        path = (struct str){segment, strlen(segment) - 4};
    else
        path = str_of(segment);
    if (found && !(pairs_get(&params, S("v"), &value) && str_eq(value, path)))
        fail_msg("%s is not its value", segment);
    return found != NULL;
}

static void kinds_of_parameters(void **state)
{
    (void)state;
    char long_slug[82], long_token[131];
    memset(long_slug, 'a', sizeof long_slug);
    memset(long_token, 'a', sizeof long_token);
    long_slug[81] = long_token[129] = '\0';

    assert_true(fits("uuid", "11111111-2222-4333-8444-aaaaaaaaaaaa"));
    assert_false(fits("uuid", "11111111-2222-4333-8444-AAAAAAAAAAAA"));
    assert_false(fits("uuid", "11111111"));
    assert_true(fits("date", "2026-11-21"));
    static const char *const no_days[] = {"2026-11-2", "2026/11-21", "2026-11/21", "2026-1x-21", "infinityyy", "202/-11-21", ""};
    for (size_t i = 0; i < COUNT_OF(no_days); i++)
        assert_false(fits("date", no_days[i]));
    assert_true(fits("int", "0"));
    assert_true(fits("int", "2147483647"));
    assert_false(fits("int", "2147483648"));
    assert_false(fits("int", "-1"));
    assert_false(fits("int", "x"));
    assert_true(fits("slug", "az-09_"));
    static const char *const no_slugs[] = {"A", "`", "{", "/", ":", ".", "%", "\xC3\xA9"};
    for (size_t i = 0; i < COUNT_OF(no_slugs); i++)
        assert_false(fits("slug", no_slugs[i]));
    assert_false(fits("slug", long_slug));
    assert_true(fits("slug", long_slug + 1));
    assert_true(fits("token", "azAZ09-_"));
    static const char *const no_tokens[] = {"@", "[", "`", "{", "/", ":", ".", "=", "+"};
    for (size_t i = 0; i < COUNT_OF(no_tokens); i++)
        assert_false(fits("token", no_tokens[i]));
    assert_false(fits("token", long_token));
    assert_true(fits("token", long_token + 1));
    static const char *const no_files[] = {"azAZ09-_", ".ics", "a.icsx", "a.txt", "a.b.ics", "a.ICS", "ics"};
    for (size_t i = 0; i < COUNT_OF(no_files); i++)
        assert_false(fits("ics", no_files[i]));
    assert_true(fits("ics", "azAZ09-_.ics")); /* its value is the token */
    assert_false(fits("unknown", "x"));
}

static const struct page some[] = {
    {GET, "/", .view = "x", .realm = REALM_STAFFED},
    {GET, "/a/{x:slug}/b", .view = "x"},
    {POST, "/only", .run = run_nothing},
    {GET, "/at-the-site", .view = "x", .realm = REALM_SITE},
    {0},
};
static const struct feature features[] = {{"some", some}, {NULL, NULL}};

static const struct page *find(enum realm host, enum method method, const char *path, bool *other)
{
    struct pairs params;
    return route_find(features, host, method, str_of(path), a, &params, other);
}

static void paths_fit_whole(void **state)
{
    (void)state;
    bool other;
    assert_ptr_equal(find(REALM_STUDIO, GET, "/", &other), &some[0]);
    assert_ptr_equal(find(REALM_OPERATOR, GET, "/", &other), &some[0]);
    assert_null(find(REALM_SITE, GET, "/", &other));
    assert_ptr_equal(find(REALM_STUDIO, GET, "/a/b/b", &other), &some[1]);
    static const char *const none[] = {"/a", "/a/b", "/a/b/c", "/a/b/b/b", "/a//b", "/A/b/b", "/at-the-site"};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_null(find(REALM_STUDIO, GET, none[i], &other));
    assert_false(other);
    assert_null(find(REALM_STUDIO, GET, "/only", &other));
    assert_true(other); /* there is one by POST */
    assert_ptr_equal(find(REALM_STUDIO, POST, "/only", &other), &some[2]);
}

static void pages_by_name(void **state)
{
    (void)state;
    static const struct page nobodys = {GET, "/x"};
    assert_ptr_equal(route_named(features, REALM_STUDIO, "/a/{x:slug}/b"), &some[1]);
    assert_null(route_named(features, REALM_SITE, "/a/{x:slug}/b"));
    assert_null(route_named(features, REALM_STUDIO, "/only")); /* no GET */
    assert_string_equal(route_feature(features, &some[2]), "some");
    assert_string_equal(route_feature(features, &nobodys), "");
}

static struct str value(void *self, struct str name)
{
    (void)self;
    return str_is(name, "id") ? S("a b") : S("");
}

static void addresses_are_filled_in_whole(void **state)
{
    (void)state;
    struct buf out = buf_in(a, 64);
    assert_true(route_fill(&out, "/x/{id:slug}/y?z={id}", value, NULL));
    assert_true(str_is(buf_str(&out), "/x/a%20b/y?z=a%20b"));
    out = buf_in(a, 64);
    assert_true(route_fill(&out, "/x", value, NULL));
    assert_false(route_fill(&out, "/x/{missing}", value, NULL));
}

int main(void)
{
    a = arena_new(1 << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_forget_something_are_refused),
        cmocka_unit_test(one_method_and_path_at_a_host),
        cmocka_unit_test(kinds_of_parameters),
        cmocka_unit_test(paths_fit_whole),
        cmocka_unit_test(pages_by_name),
        cmocka_unit_test(addresses_are_filled_in_whole),
    };
    int failed = cmocka_run_group_tests_name("the page table", tests, NULL, NULL);
    arena_free(a);
    return failed;
}
