/*
 * form_strokes_test.c -- a drawn signature is read from hostile bytes: bounds, counts, blankness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "features/form/strokes.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(8 << 20);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct str pad(const char *strokes)
{
    return arena_printf(arena, "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":%s}", strokes);
}

static void good_strokes_come_back_as_they_were(void **state)
{
    (void)state;
    struct strokes s;
    struct str json = pad("[[[0,0,0,50],[1000,400,12,100]],[[7,8,9,0]]]");
    assert_int_equal(strokes_parse(arena, json, &s), OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.items[0].n, 2);
    assert_int_equal(s.items[0].points[1].pressure, 100);
    assert_string_equal(arena_cstr(arena, strokes_json(arena, &s)), arena_cstr(arena, json));
}

static void blanks_in_the_json_do_not_change_what_is_kept(void **state)
{
    (void)state;
    struct strokes s;
    struct str json = S("{ \"strokes\" : [ [ [1, 2, 3, 4] ] ], \"h\":400, \"w\":1000, \"v\":1 }");
    assert_int_equal(strokes_parse(arena, json, &s), OK);
    assert_string_equal(arena_cstr(arena, strokes_json(arena, &s)),
                        arena_cstr(arena, pad("[[[1,2,3,4]]]")));
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"v\":1,\"w\":1000,\"h\":400}",
        "{\"v\":2,\"w\":1000,\"h\":400,\"strokes\":[]}",
        "{\"v\":1,\"w\":999,\"h\":400,\"strokes\":[]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":{}}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1,2,3]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1,2,3,4,5]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[-1,2,3,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1001,2,3,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1,401,3,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1,2,1800001,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1,2,3,101]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1.5,2,3,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[\"1\",2,3,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[99999999999999999999,2,3,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[4294967297,2,3,4]]]}",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[]} more",
        "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[",
        "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
    };
    struct strokes s;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (strokes_parse(arena, str_of(bad[i]), &s) != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
}

static struct str many_points(size_t strokes, size_t points)
{
    struct buf b = buf_in(arena, 1 << 16);
    buf_addc(&b, '[');
    for (size_t i = 0; i < strokes; i++) {
        buf_addz(&b, i ? ",[" : "[");
        for (size_t k = 0; k < points; k++)
            buf_addz(&b, k ? ",[1,2,3,4]" : "[1,2,3,4]");
        buf_addc(&b, ']');
    }
    buf_addc(&b, ']');
    return pad(arena_cstr(arena, buf_str(&b)));
}

static void counts_have_a_limit(void **state)
{
    (void)state;
    struct strokes s;
    assert_int_equal(strokes_parse(arena, many_points(STROKES_MAX, 1), &s), OK);
    assert_int_equal(strokes_parse(arena, many_points(STROKES_MAX + 1, 1), &s), ERR_INVALID);
    assert_int_equal(strokes_parse(arena, many_points(2, STROKES_MAX_POINTS / 2), &s), OK);
    assert_int_equal(strokes_parse(arena, many_points(2, STROKES_MAX_POINTS / 2 + 1), &s),
                     ERR_INVALID);
}

static void a_dot_is_blank_and_a_line_is_not(void **state)
{
    (void)state;
    struct strokes s;
    assert_int_equal(strokes_parse(arena, pad("[]"), &s), OK);
    assert_true(strokes_blank(&s));
    assert_int_equal(strokes_parse(arena, pad("[[[500,200,0,50],[510,205,9,50]]]"), &s), OK);
    assert_true(strokes_blank(&s));
    assert_int_equal(strokes_parse(arena, pad("[[[500,200,0,50]],[[580,200,9,50]]]"), &s), OK);
    assert_false(strokes_blank(&s));
}

static void points_are_written_for_svg(void **state)
{
    (void)state;
    struct strokes s;
    assert_int_equal(strokes_parse(arena, pad("[[[1,2,0,50],[30,40,9,50]],[[5,6,7,8]]]"), &s), OK);
    assert_string_equal(arena_cstr(arena, stroke_points(arena, &s.items[0])), "1,2 30,40");
    assert_string_equal(arena_cstr(arena, stroke_points(arena, &s.items[1])), "5,6 5,6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_strokes_come_back_as_they_were, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blanks_in_the_json_do_not_change_what_is_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(anything_else_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_have_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dot_is_blank_and_a_line_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(points_are_written_for_svg, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("form strokes", tests, NULL, NULL);
}
