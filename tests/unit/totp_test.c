/* totp_test.c -- B46 S-04: codes of an app by the vectors of RFC 6238 and RFC 4226, base32 by those of RFC 4648, recovery codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "qr.h"
#include "totp.h"

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new(16 * 1024 * 1024);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

#define SECRET S("12345678901234567890")

static void assert_str(struct str got, const char *expected)
{
    assert_string_equal(arena_cstr(a, got), expected);
}

static void rfc6238_appendix_b(void **state)
{
    static const struct {
        int64_t time;
        uint32_t code; /* eight digits */
    } vectors[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
                   {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        assert_int_equal(totp_value(SECRET, vectors[i].time / 30) % 100000000, vectors[i].code);
}

static void rfc4226_appendix_d(void **state)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        assert_str(totp_code(a, SECRET, (int64_t)i), codes[i]);
}

static void a_code_counts_one_step_before_and_after(void **state)
{
    (void)state;
    for (int64_t away = -3; away <= 3; away++) {
        int64_t step = -1;
        bool counts = totp_match(SECRET, totp_code(a, SECRET, 1000 + away), 1000, &step);
        assert_int_equal(counts, away >= -1 && away <= 1);
        assert_int_equal(step, counts ? 1000 + away : -1);
    }
}

static void what_was_typed_may_have_blanks_and_nothing_else(void **state)
{
    static const char *const wrong[] = {"",
                                        " ",
                                        "75522",
                                        "7552244",
                                        "75522a",
                                        "755-224",
                                        "\xef\xbc\x97"
                                        "55224",
                                        "-55224",
                                        "+75522"};
    int64_t step;
    (void)state;
    assert_true(totp_match(SECRET, S(" 755 224 "), 0, &step));
    assert_true(totp_match(SECRET, S("755224"), 0, &step));
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(totp_match(SECRET, str_of(wrong[i]), 0, &step));
    assert_false(totp_match(SECRET,
                            (struct str){"755\0"
                                         "224",
                                         7},
                            0, &step));
}

static void base32_by_rfc4648(void **state)
{
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "MY"},
                                             {"fo", "MZXQ"},
                                             {"foo", "MZXW6"},
                                             {"foob", "MZXW6YQ"},
                                             {"fooba", "MZXW6YTB"},
                                             {"foobar", "MZXW6YTBOI"}};
    struct str back;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        assert_str(base32(a, str_of(vectors[i][0])), vectors[i][1]);
        assert_int_equal(base32_bytes(a, str_of(vectors[i][1]), &back), OK);
        assert_str(back, vectors[i][0]);
    }
    assert_int_equal(base32_bytes(a, S("mzxw 6ytb oi"), &back), OK);
    assert_str(back, "foobar");
    assert_int_equal(base32_bytes(a, S("MZXW1"), &back), ERR_INVALID);
    assert_int_equal(base32_bytes(a, S("MZ=="), &back), ERR_INVALID);
    assert_int_equal(base32_bytes(a, (struct str){"M\0", 2}, &back), ERR_INVALID);
}

static void the_address_that_apps_read(void **state)
{
    (void)state;
    assert_str(totp_uri(a, S("Glow & Co"), S("a@b.example"), SECRET),
               "otpauth://totp/Glow%20%26%20Co:a%40b.example"
               "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Glow%20%26%20Co");
}

static void recovery_codes_are_read_as_people_write_them(void **state)
{
    (void)state;
    assert_str(recovery_plain(a, S("0123-4567-89ab-cdef-ghjk-mnpq")), "0123456789ABCDEFGHJKMNPQ");
    assert_str(recovery_plain(a, S(" o123 4567 89ab cdef ghjk mnpq ")), "0123456789ABCDEFGHJKMNPQ");
    assert_str(recovery_plain(a, S("0l23-4567-89ab-cdef-ghjk-mnpq")), "0123456789ABCDEFGHJKMNPQ");
    assert_str(recovery_plain(a, S("0123-4567-89ab-cdef-ghjk-mnp")), "");
    assert_str(recovery_plain(a, S("0123-4567-89ab-cdef-ghjk-mnpqr")), "");
    assert_str(recovery_plain(a, S("0123-4567-89ab-cdef-ghjk-mnpu")), "");
    assert_str(recovery_plain(a, S("")), "");
}

static void recovery_codes_have_120_bits_and_do_not_repeat(void **state)
{
    struct str codes[200];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        codes[i] = recovery_code(a);
        assert_int_equal(codes[i].n, RECOVERY_CHARS + 5);
        assert_int_equal(recovery_plain(a, codes[i]).n, RECOVERY_CHARS);
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(codes[i], codes[k]));
    }
}

/* Fills what the path says, a bar of modules at a time. */
static void draw(struct str path, int side, char *square)
{
    memset(square, 0, (size_t)(side * side));
    for (const char *p = arena_cstr(a, path); *p == 'M';) {
        int x, y, w, back, n = 0;
        assert_int_equal(sscanf(p, "M%d %dh%dv1h-%dz%n", &x, &y, &w, &back, &n), 4);
        assert_int_equal(w, back);
        assert_true(x >= 4 && y >= 4 && x + w <= side - 4 && y < side - 4);
        memset(square + y * side + x, 1, (size_t)w);
        p += n;
    }
}

static void the_square_has_its_three_corners_and_a_quiet_edge(void **state)
{
    static const char corner[] = "#######"
                                 "#.....#"
                                 "#.###.#"
                                 "#.###.#"
                                 "#.###.#"
                                 "#.....#"
                                 "#######";
    struct str path;
    int side;
    (void)state;
    assert_int_equal(qr_path(a, S("otpauth://totp/Glow:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
                             &path, &side),
                     OK);
    assert_int_equal((side - 8 - 17) % 4, 0);
    char *square = arena_alloc(a, (size_t)(side * side));
    draw(path, side, square);
    for (int i = 0; i < 49; i++) {
        int x = i % 7, y = i / 7, far = side - 4 - 7;
        assert_int_equal(square[(4 + y) * side + 4 + x], corner[i] == '#');
        assert_int_equal(square[(4 + y) * side + far + x], corner[i] == '#');
        assert_int_equal(square[(far + y) * side + 4 + x], corner[i] == '#');
    }
}

static void what_fits_into_no_square_is_said(void **state)
{
    char *text = arena_alloc(a, 4001);
    struct str path;
    int side;
    (void)state;
    memset(text, 'a', 4000);
    assert_int_equal(qr_path(a, (struct str){text, 4000}, &path, &side), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc6238_appendix_b),
        cmocka_unit_test(rfc4226_appendix_d),
        cmocka_unit_test(a_code_counts_one_step_before_and_after),
        cmocka_unit_test(what_was_typed_may_have_blanks_and_nothing_else),
        cmocka_unit_test(base32_by_rfc4648),
        cmocka_unit_test(the_address_that_apps_read),
        cmocka_unit_test(recovery_codes_are_read_as_people_write_them),
        cmocka_unit_test(recovery_codes_have_120_bits_and_do_not_repeat),
        cmocka_unit_test(the_square_has_its_three_corners_and_a_quiet_edge),
        cmocka_unit_test(what_fits_into_no_square_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
