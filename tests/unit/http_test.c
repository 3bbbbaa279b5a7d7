/* http_test.c -- bytes from strangers: what is taken, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/http.h"

static struct arena *a;

static int set_up(void **state)
{
    (void)state;
    a = arena_new(8 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static void decoding(void **state)
{
    struct str out;
    (void)state;
    assert_int_equal(http_decode(a, S("a%20b+c"), true, &out), OK);
    assert_true(str_is(out, "a b c"));
    assert_int_equal(http_decode(a, S("a+b"), false, &out), OK);
    assert_true(str_is(out, "a+b"));
    assert_int_equal(http_decode(a, S("%C3%A9"), false, &out), OK);
    assert_true(str_is(out, "é"));
    static const char *const bad[] = {"%", "%4", "%zz", "%00", "%c0%af", "%ed%a0%80", "%ff"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(http_decode(a, str_of(bad[i]), false, &out), ERR_INVALID);
}

static void pairs_of_a_query(void **state)
{
    struct pairs p;
    struct str v;
    (void)state;
    assert_int_equal(http_pairs(a, S("a=1&b=&&c&a=2&d=x%3Dy"), &p), OK);
    assert_int_equal(p.n, 5);
    assert_true(pairs_get(&p, S("a"), &v) && str_is(v, "1"));
    assert_true(pairs_get(&p, S("c"), &v) && v.n == 0);
    assert_true(pairs_get(&p, S("d"), &v) && str_is(v, "x=y"));
    assert_false(pairs_get(&p, S("e"), &v));
    assert_int_equal(http_pairs(a, S(""), &p), OK);
    assert_int_equal(p.n, 0);
    assert_int_equal(http_pairs(a, S("=x"), &p), ERR_INVALID);

    struct buf many = buf_in(a, 4096);
    for (int i = 0; i <= HTTP_MAX_PAIRS; i++)
        buf_addz(&many, "a=1&");
    assert_int_equal(http_pairs(a, buf_str(&many), &p), ERR_INVALID);
}

static void cookies(void **state)
{
    struct pairs p;
    struct str v;
    (void)state;
    assert_int_equal(http_cookies(a, S("a=1; __Host-sid=x_y; =z; b"), &p), OK);
    assert_true(pairs_get(&p, S("__Host-sid"), &v) && str_is(v, "x_y"));
    struct buf many = buf_in(a, 4096);
    for (int i = 0; i <= HTTP_MAX_COOKIES; i++)
        buf_addz(&many, "a=1; ");
    assert_int_equal(http_cookies(a, buf_str(&many), &p), ERR_INVALID);
}

static void paths(void **state)
{
    struct str out;
    (void)state;
    assert_int_equal(http_path(a, S("/"), &out), OK);
    assert_int_equal(http_path(a, S("/clients/x-1"), &out), OK);
    /* T18: nothing that climbs, hides or ends early. */
    static const char *const bad[] = {"",       "x",          "//",        "/a//b",   "/../x",
                                      "/a/..",  "/%2e%2e/x",  "/a/./b",    "/a%00b",  "/a%0d%0ab",
                                      "/a\\b",  "/%5c..%5cx", "/a%2f%2fb", "/a/%2e",  "/%c0%ae"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(http_path(a, str_of(bad[i]), &out), ERR_INVALID);
}

static void hosts(void **state)
{
    struct str out;
    (void)state;
    assert_int_equal(http_host(a, S("Glow.Foyer.localhost:8443"), &out), OK);
    assert_true(str_is(out, "glow.foyer.localhost"));
    static const char *const bad[] = {"", ":80", "a b", "a/b", "a@b", "a\r\nb", "[::1]", "a_b"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(http_host(a, str_of(bad[i]), &out), ERR_INVALID);
}

static const char type[] = "multipart/form-data; boundary=XX";

static void multipart_good(void **state)
{
    struct pairs fields;
    struct uploads files;
    (void)state;
    struct str body = S("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
                        "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n"
                        "Content-Type: image/png\r\n\r\n\x89PNG\r\n--X\r\n--XX--\r\n");
    assert_int_equal(http_multipart(a, str_of(type), body, &fields, &files), OK);
    assert_int_equal(fields.n, 1);
    assert_true(str_is(fields.items[0].name, "a") && str_is(fields.items[0].value, "one"));
    assert_int_equal(files.n, 1);
    assert_true(str_is(files.items[0].filename, "x.png"));
    assert_true(str_is(files.items[0].type, "image/png"));
    assert_int_equal(files.items[0].bytes.n, 9);
}

static void multipart_bad(void **state)
{
    struct pairs fields;
    struct uploads files;
    (void)state;
    static const char *const bad[] = {
        "",
        "--XX",
        "--XX\r\n",
        "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none",
        "--XX\r\nContent-Disposition: form-data\r\n\r\none\r\n--XX--",
        "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\none\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\none\r\n--XX--",
        "--XX\r\n\r\none\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--XX--",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(http_multipart(a, str_of(type), str_of(bad[i]), &fields, &files),
                         ERR_INVALID);
    assert_int_equal(http_multipart(a, S("multipart/form-data"), S("--XX--"), &fields, &files),
                     ERR_INVALID);

    struct buf many = buf_in(a, 8192);
    for (int i = 0; i <= HTTP_MAX_PARTS; i++)
        buf_addz(&many, "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n");
    buf_addz(&many, "--XX--");
    assert_int_equal(http_multipart(a, str_of(type), buf_str(&many), &fields, &files), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding),       cmocka_unit_test(pairs_of_a_query),
        cmocka_unit_test(cookies),        cmocka_unit_test(paths),
        cmocka_unit_test(hosts),          cmocka_unit_test(multipart_good),
        cmocka_unit_test(multipart_bad),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
