/*
 * csv_test.c -- V-04 T12: whatever people typed, in a file for a spreadsheet it is a text of one cell: no formula, no cell more, no row more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csv.h"
#include "csv_read.h"

static const char *const hostile[] = {
    "=HYPERLINK(\"//evil.example\",\"x\")",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\xef\xbc\x9d"
    "1+1", /* full width, which some spreadsheets take for the same */
    "\xef\xbc\x8b"
    "1",
    "\xef\xbc\x8d"
    "1",
    "\xef\xbc\xa0"
    "SUM(1)",
    "\",=1+1,\"",
    "a\",\"b",
    "a\r\n=1+1",
    "a;=1+1",
    "'=1+1",
    "''=1+1",
    "<script>alert(1)</script>",
    "Zo\xc3\xab \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe6\x97\xa5\xe6\x9c\xac",
    "",
};

static bool begins_a_formula(struct str s)
{
    static const char *const full_width[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                             "\xef\xbc\xa0"};
    for (size_t i = 0; i < COUNT_OF(full_width); i++)
        if (str_starts(s, str_of(full_width[i])))
            return true;
    return s.n > 0 && memchr("=+-@\t\r\n", s.p[0], 7);
}

static void a_cell_is_a_text_and_no_formula(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        struct buf b = buf_in(a, 256);
        csv_cell(&b, true, str_of(hostile[i]));
        struct str cell = buf_str(&b);
        assert_true(cell.n >= 2 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"');
        assert_false(begins_a_formula(str_part(cell, 1, cell.n - 2)));
        assert_int_equal(cell.p[1] == '\'',
                         begins_a_formula(str_of(hostile[i])) || hostile[i][0] == '\'');
    }
    arena_free(a);
}

static void every_text_comes_back_in_its_own_cell(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct buf b = buf_in(a, 1024);
    for (size_t i = 0; i < COUNT_OF(hostile); i++)
        csv_cell(&b, i == 0, str_of(hostile[i]));
    csv_end(&b);
    struct csv_reader r = csv_open(a, buf_str(&b), ',', 1);
    static struct csv_row row;
    assert_int_equal(csv_next(&r, &row), CSV_ROW);
    assert_int_equal(row.n, COUNT_OF(hostile));
    for (size_t i = 0; i < row.n; i++) {
        struct str text = row.cells[i];
        if (csv_has_apostrophe(text)) /* one, whatever stood before it already */
            text = str_part(text, 1, text.n - 1);
        assert_true(str_is(text, hostile[i]));
    }
    assert_int_equal(csv_next(&r, &row), CSV_DONE);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_is_a_text_and_no_formula),
        cmocka_unit_test(every_text_comes_back_in_its_own_cell),
    };
    return cmocka_run_group_tests_name("V-04 T12 csv", tests, NULL, NULL);
}
