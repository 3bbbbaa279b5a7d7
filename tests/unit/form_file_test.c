/*
 * form_file_test.c -- what is kept of the name of a file that a client attaches, which PDF is taken, and how a file stands in the text that is
 * signed (SECURITY.md V-12, E-02, T20): a name cannot look like another one, or like a further line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form_document.h"
#include "form_file.h"

static struct arena *a;

static int set_up(void **state)
{
    (void)state;
    a = arena_new(4 << 20);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static void assert_str(struct str got, const char *expected)
{
    assert_string_equal(arena_cstr(a, got), expected);
}

static void a_name_keeps_what_people_call_it_and_nothing_that_misleads(void **state)
{
    (void)state;
    static const struct {
        const char *sent, *kept;
    } names[] = {
        {"IMG_0042.jpg", "IMG_0042.jpg"},
        {"Überweisung Dr. Ñandú.pdf", "Überweisung Dr. Ñandú.pdf"},
        {"فحص.pdf", "فحص.pdf"},
        {"C:\\Users\\ada\\scan.pdf", "scan.pdf"},
        {"../../etc/passwd", "passwd"},
        {"/", "file"},
        {"", "file"},
        {" \t ", "file"},
        {"a\r\nSHA-256 0.pdf", "aSHA-256 0.pdf"},
        {"a%0D%0ASHA-256 0.pdf", "a  SHA-256 0.pdf"},
        {"the %22last%22 one.png", "the \"last\" one.png"},
        {"100%.pdf", "100%.pdf"},
        {"photo\xe2\x80\xae"
         "gpj.exe",
         "photogpj.exe"}, /* U+202E turns what follows around */
        {"\xe2\x81\xa6"
         "a\xe2\x81\xa9\xef\xbb\xbf.png",
         "a.png"}, /* U+2066, U+2069, U+FEFF */
        {"a\xe2\x80\xa8"
         "b.png",
         "ab.png"}, /* U+2028, a line end */
        {"a\x1b[31mb.png", "a[31mb.png"},
        {"x\xf3\xa0\x81\xa1y.png", "xy.png"}, /* U+E0061, a letter that takes no room */
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_str(form_file_name(a, str_of(names[i].sent)), names[i].kept);
}

static void a_long_name_keeps_its_end_and_whole_characters(void **state)
{
    (void)state;
    struct buf b = buf_in(a, 1200);
    for (int i = 0; i < 300; i++)
        buf_addz(&b, "ü");
    buf_addz(&b, ".jpeg");
    struct str kept = form_file_name(a, buf_str(&b));
    assert_true(str_utf8_ok(kept));
    assert_int_equal(kept.n, 2 * (FORM_FILE_NAME_CHARS - 6) + 3 + 5); /* … has three bytes */
    assert_memory_equal(kept.p + kept.n - 5, ".jpeg", 5);
    struct str just = str_part(buf_str(&b), 0, 2 * FORM_FILE_NAME_CHARS);
    assert_true(str_eq(form_file_name(a, just), just));
}

static const char whole[] = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n";

static void a_pdf_is_whole_and_not_locked_or_it_is_refused(void **state)
{
    (void)state;
    struct str good = str_of(whole);
    assert_null(form_file_pdf_refusal(good));
    assert_null(form_file_pdf_refusal(arena_printf(a, "%%PDF-2.0%s", whole + 8)));
    for (size_t n = 0; n < good.n - 1; n++) /* cut anywhere */
        assert_non_null(form_file_pdf_refusal(str_part(good, 0, n)));
    assert_non_null(form_file_pdf_refusal(arena_printf(a, " %s", whole)));
    assert_non_null(form_file_pdf_refusal(arena_printf(a, "%%PDF-9.9%s", whole + 8)));
    struct str locked = arena_printf(a, "%%PDF-1.7\ntrailer\n<< /Encrypt 5 0 R >>\n%s", whole + 9);
    assert_non_null(strstr(form_file_pdf_refusal(locked), "password"));
    /* Its end must be at the end: not with two thousand bytes of something else behind. */
    char *tail = arena_alloc(a, 2048);
    memset(tail, 'x', 2048);
    assert_non_null(form_file_pdf_refusal(arena_printf(a, "%s%.2048s", whole, tail)));
}

static void in_the_signed_text_each_file_is_three_lines(void **state)
{
    (void)state;
    assert_str(form_answer_words(a, S("file"), S("")), "Not answered");
    assert_str(
        form_answer_words(a, S("file"),
                          S("a.png\timage/jpeg\t1200\tabc\nb.pdf\tapplication/pdf\t90\tdef")),
        "a.png\nJPEG, 1200 bytes\nSHA-256 abc\n\nb.pdf\nPDF, 90 bytes\nSHA-256 def");
}

static void sizes_are_said_for_people(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *words;
    } sizes[] = {{0, "0 bytes"},      {999, "999 bytes"},   {1000, "1 KB"},
                 {182331, "182 KB"},  {999999, "1000 KB"},  {1000000, "1.0 MB"},
                 {3449999, "3.4 MB"}, {10485760, "10.4 MB"}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        assert_str(form_file_size(a, sizes[i].bytes), sizes[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_keeps_what_people_call_it_and_nothing_that_misleads),
        cmocka_unit_test(a_long_name_keeps_its_end_and_whole_characters),
        cmocka_unit_test(a_pdf_is_whole_and_not_locked_or_it_is_refused),
        cmocka_unit_test(in_the_signed_text_each_file_is_three_lines),
        cmocka_unit_test(sizes_are_said_for_people),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
