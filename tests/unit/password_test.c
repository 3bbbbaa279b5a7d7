/*
 * password_test.c -- which passwords are common (B46, V-13), and that what is asked of one is counted in characters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "account.h"

static bool common(const char *password)
{
    struct arena *a = arena_new(1 << 20);
    const struct str about[] = {S("Rosalind Brightwater"), S("rosalind@quietharbour.example"),
                                S("Quiet Harbour"), S("")};
    bool is = password_common(a, str_of(password), about, COUNT_OF(about));
    arena_free(a);
    return is;
}

static void test_common(void **state)
{
    (void)state;
    static const char *const refused[] = {"passwordpassword",
                                          "iloveyou1234",
                                          "qwertyuiop12",
                                          "123456789012",
                                          "aaaaaaaaaaaaa",
                                          "rosalind2026",
                                          "QuietHarbour1",
                                          "foyerfoyer12",
                                          "P4ssw0rdP4ssw0rd",
                                          "abcdefghijklmnop",
                                          "",
                                          "brightwaterBrightwater"};
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        assert_true(common(refused[i]));
}

static void test_uncommon(void **state)
{
    (void)state;
    static const char *const taken[] = {"seven grey herons wade", "correct horse battery staple",
                                        "Sommerregen am Teich", "十二个字符的密码在这里呀"};
    for (size_t i = 0; i < COUNT_OF(taken); i++)
        assert_false(common(taken[i]));
    char longest[4001];
    for (size_t i = 0; i < sizeof longest - 1; i++)
        longest[i] = "kettle marmalade wren oxide"[(i * 5) % 27];
    longest[sizeof longest - 1] = '\0';
    assert_false(common(longest));
}

static void test_characters(void **state)
{
    (void)state;
    assert_int_equal(password_characters(S("abc")), 3);
    assert_int_equal(password_characters(S("äöü")), 3);
    assert_int_equal(password_characters(S("十二个字符")), 5);
    assert_int_equal(password_characters(S("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_common),
                                       cmocka_unit_test(test_uncommon),
                                       cmocka_unit_test(test_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
