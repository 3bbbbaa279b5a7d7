/*
 * csv_read_test.c -- rows of a foreign file: RFC 4180 strictly, encodings, and where each mistake is said to be (V-04, T12).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csv_read.h"

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

/* All rows as "a|b / c|d", or "LINE:COLUMN" of what is wrong. */
static const char *rows(const char *text)
{
    struct str s = str_of(text);
    struct csv_reader r = csv_open(arena, s, csv_separator(s), 1);
    static struct csv_row row;
    struct buf b = buf_in(arena, 64);
    enum csv_end e;
    while ((e = csv_next(&r, &row)) == CSV_ROW) {
        if (b.n > 0)
            buf_addz(&b, " / ");
        for (size_t i = 0; i < row.n; i++) {
            if (i > 0)
                buf_addc(&b, '|');
            buf_add(&b, row.cells[i]);
        }
    }
    if (e == CSV_BROKEN) {
        assert_true(strlen(r.problem.why) > 20);
        return arena_cstr(arena, arena_printf(arena, "%zu:%zu", r.problem.line, r.problem.column));
    }
    return arena_cstr(arena, buf_str(&b));
}

static void cells_quotes_and_line_ends(void **state)
{
    (void)state;
    assert_string_equal(rows("a,b\r\nc,d\r\n"), "a|b / c|d");
    assert_string_equal(rows("a,b\nc,d"), "a|b / c|d");
    assert_string_equal(rows("a,\nb,\n,"), "a| / b| / |");
    assert_string_equal(rows("\"a\",\"b \"\"c\"\"\"\n\"\",x"), "a|b \"c\" / |x");
    assert_string_equal(rows("a,\"b\r\nc\"\nd,e"), "a|b\r\nc / d|e");
    assert_string_equal(rows("\n\r\na,b\n\n\nc,d\n\n"), "a|b / c|d");
    assert_string_equal(rows(""), "");
    assert_string_equal(rows("\"\"\"\""), "\"");
}

static void separators_are_found(void **state)
{
    (void)state;
    assert_string_equal(rows("a;b;c,d\n1;2;3"), "a|b|c,d / 1|2|3");
    assert_string_equal(rows("a\tb\n1\t2"), "a|b / 1|2");
    assert_string_equal(rows("\"a;b;c;d\",e\n1,2"), "a;b;c;d|e / 1|2");
    assert_string_equal(rows("name\nAnn"), "name / Ann");
    assert_string_equal(rows("\r\n\na;b\n1;2"), "a|b / 1|2");
}

static void mistakes_are_placed(void **state)
{
    (void)state;
    assert_string_equal(rows("a,b\nc,\"d\n\ne"), "2:3");
    assert_string_equal(rows("a,b\nc,d\"e\n"), "2:4");
    assert_string_equal(rows("a,b\n\"c\nx\"y,d"), "3:3");
    assert_string_equal(rows("a,b\rc,d"), "1:4");
    struct buf b = buf_in(arena, CSV_MOST_CELL + 100);
    for (int i = 0; i < 101; i++)
        buf_addz(&b, i ? ",x" : "x");
    assert_string_equal(rows(arena_cstr(arena, buf_str(&b))), "1:201");
    b.n = 0;
    for (int i = 0; i <= CSV_MOST_CELL; i++)
        buf_addc(&b, 'x');
    buf_addz(&b, "x\"");
    const char *unquoted = arena_cstr(arena, buf_str(&b));
    assert_string_equal(rows(unquoted), "1:20002");
    assert_string_equal(rows(arena_cstr(arena, arena_printf(arena, "\"%s", unquoted))), "1:1");
}

static void a_part_goes_on_counting_lines_and_knows_its_bytes(void **state)
{
    (void)state;
    static struct csv_row row;
    struct csv_reader r = csv_open(arena, S("\na,\"b\nc\"\r\nd,e"), ',', 41);
    assert_int_equal(csv_next(&r, &row), CSV_ROW);
    assert_int_equal(row.line, 42);
    assert_true(str_is(row.raw, "a,\"b\nc\"\r\n"));
    assert_int_equal(csv_next(&r, &row), CSV_ROW);
    assert_int_equal(row.line, 44);
    assert_true(str_is(row.raw, "d,e"));
    assert_int_equal(csv_next(&r, &row), CSV_DONE);
}

static const char *decoded(struct str bytes, enum csv_encoding encoding)
{
    struct str text;
    struct csv_problem p = {0};
    if (csv_decode(arena, bytes, encoding, &text, &p) == OK)
        return arena_cstr(arena, text);
    assert_true(strlen(p.why) > 20);
    return arena_cstr(arena, arena_printf(arena, "%zu:%zu%s", p.line, p.column,
                                          p.is_encoding ? " encoding" : ""));
}

static void encodings(void **state)
{
    (void)state;
    assert_string_equal(decoded(S("Zo\xC3\xAB"), CSV_ENCODING_FOUND), "Zo\xC3\xAB");
    assert_string_equal(decoded(S("\xEF\xBB\xBFZo\xC3\xAB"), CSV_ENCODING_FOUND), "Zo\xC3\xAB");
    assert_string_equal(decoded(S("\xEF\xBB\xBFZo\xC3\xAB"), CSV_WINDOWS_1252), "Zo\xC3\xAB");
    assert_string_equal(decoded(S("\xFF\xFEZ\0\xEB\0\x3D\xD8\x00\xDE"), CSV_ENCODING_FOUND),
                        "Z\xC3\xAB\xF0\x9F\x98\x80");
    assert_string_equal(decoded(S("\xFE\xFF\0Z\x20\xAC"), CSV_ENCODING_FOUND), "Z\xE2\x82\xAC");
    assert_string_equal(decoded(S("Zo\xEB \x80"), CSV_WINDOWS_1252), "Zo\xC3\xAB \xE2\x82\xAC");
    assert_string_equal(decoded(S(""), CSV_ENCODING_FOUND), "");
}

static void bytes_that_are_none_in_their_encoding(void **state)
{
    (void)state;
    assert_string_equal(decoded(S("name\nZo\xEB\n"), CSV_ENCODING_FOUND), "2:3 encoding");
    assert_string_equal(decoded(S("a\n\xC3"), CSV_ENCODING_FOUND), "2:1 encoding");
    assert_string_equal(decoded(S("a\nb\xED\xA0\x80"), CSV_ENCODING_FOUND), "2:2 encoding");
    assert_string_equal(decoded(S("a\0b"), CSV_ENCODING_FOUND), "1:2");
    assert_string_equal(decoded(S("a\nb\x81"), CSV_WINDOWS_1252), "2:2");
    assert_string_equal(decoded(S("a\0"), CSV_WINDOWS_1252), "1:2");
    assert_string_equal(decoded(S("\xFF\xFE"
                                  "a\0\n\0b"),
                                CSV_ENCODING_FOUND),
                        "2:1");
    assert_string_equal(decoded(S("\xFF\xFE"
                                  "a\0\x3D\xD8"),
                                CSV_ENCODING_FOUND),
                        "1:2");
    assert_string_equal(decoded(S("\xFF\xFE"
                                  "a\0\x00\xDE"),
                                CSV_ENCODING_FOUND),
                        "1:2");
    assert_string_equal(decoded(S("\xFF\xFE"
                                  "a\0\0\0"),
                                CSV_ENCODING_FOUND),
                        "1:2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_quotes_and_line_ends),
        cmocka_unit_test(separators_are_found),
        cmocka_unit_test(mistakes_are_placed),
        cmocka_unit_test(a_part_goes_on_counting_lines_and_knows_its_bytes),
        cmocka_unit_test(encodings),
        cmocka_unit_test(bytes_that_are_none_in_their_encoding),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
