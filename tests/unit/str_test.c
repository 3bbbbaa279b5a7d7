/*
 * str_test.c -- texts, numbers, UTF-8, buffers, and the escapers that keep text from being markup.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_str(struct str got, const char *expected)
{
    assert_string_equal(arena_cstr(arena, got), expected);
}

static struct str escaped(void (*escape)(struct buf *, struct str), struct str s)
{
    struct buf b = buf_in(arena, 1);
    escape(&b, s);
    return buf_str(&b);
}

static void texts_are_trimmed_and_cut(void **state)
{
    (void)state;
    assert_str(str_trim(S(" \t a b\r\n")), "a b");
    assert_str(str_trim(S(" \n")), "");
    assert_str(str_trim((struct str){0}), "");
    struct str rest = S("a=b=c");
    assert_str(str_cut(&rest, '='), "a");
    assert_str(rest, "b=c");
    assert_str(str_cut(&rest, '&'), "b=c");
    assert_str(rest, "");
    assert_str(str_cut(&rest, '&'), "");
    assert_true(str_starts(S("booking"), S("boo")));
    assert_false(str_starts(S("boo"), S("booking")));
    assert_true(str_starts((struct str){0}, S("")));
    assert_true(str_eq((struct str){0}, S("")));
    assert_false(str_eq(S("a"), S("b")));
}

static void integers_are_whole_texts_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err err;
        int64_t value;
    } cases[] = {
        {"0", OK, 0},
        {"-0", OK, 0},
        {"007", OK, 7},
        {"-12", OK, -12},
        {"9223372036854775807", OK, INT64_MAX},
        {"-9223372036854775808", OK, INT64_MIN},
        {"9223372036854775808", ERR_INVALID, 0},
        {"-9223372036854775809", ERR_INVALID, 0},
        {"", ERR_INVALID, 0},
        {"-", ERR_INVALID, 0},
        {"+1", ERR_INVALID, 0},
        {" 1", ERR_INVALID, 0},
        {"1 ", ERR_INVALID, 0},
        {"1e3", ERR_INVALID, 0},
        {"0x1", ERR_INVALID, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t value = 0;
        assert_int_equal(str_int(str_of(cases[i].text), &value), cases[i].err);
        if (cases[i].err == OK)
            assert_true(value == cases[i].value);
    }
}

static void only_well_formed_utf8_is_ok(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "Zoë", "日本", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF", "\xEE\x80\x80"};
    static const char *const bad[] = {
        "\x80",         "\xC0\xAF", "\xC1\xBF",         "\xE0\x80\xAF",
        "\xED\xA0\x80", "\xE2\x82", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xC3",         "a\xFF",    "\xF0\x8F\xBF\xBF", "\xC3(",
        "\xE2\x82("};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(str_utf8_ok(str_of(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(str_utf8_ok(str_of(bad[i])));
    assert_false(str_utf8_ok(S("a\0b")));
}

static void buffers_grow_and_keep_what_they_hold(void **state)
{
    (void)state;
    struct buf b = buf_in(arena, 0);
    for (int i = 0; i < 20000; i++) {
        buf_addc(&b, 'x');
        buf_add(&b, S("yz"));
    }
    buf_add(&b, (struct str){0});
    buf_addz(&b, "!");
    assert_int_equal(b.n, 60001);
    for (size_t i = 0; i < 60000; i++)
        assert_int_equal(b.p[i], "xyz"[i % 3]);
    struct buf f = buf_in(arena, 1);
    buf_printf(&f, "%d-%s", 42,
               "a fairly long piece of text, longer than any first guess at its size");
    buf_printf(&f, "%s", "");
    assert_str(buf_str(&f),
               "42-a fairly long piece of text, longer than any first guess at its size");
}

static void html_escaping_leaves_no_way_out_of_text_or_attribute(void **state)
{
    (void)state;
    assert_str(escaped(esc_html, S("a & <b> \"c\" 'd'")),
               "a &amp; &lt;b&gt; &quot;c&quot; &#39;d&#39;");
    assert_str(escaped(esc_html, S("/=`")), "&#47;&#61;&#96;");
    assert_str(escaped(esc_html, S("Zoë & 日本")), "Zoë &amp; 日本");
    assert_str(escaped(esc_html, S("")), "");
    assert_int_equal(escaped(esc_html, S("a\0b")).n, 3);
}

static void other_escapers_fit_their_context(void **state)
{
    (void)state;
    assert_str(escaped(esc_url, S("a b/c?d=e&f+ë~")), "a%20b%2Fc%3Fd%3De%26f%2B%C3%AB~");
    assert_str(escaped(esc_json, S("a\"b\\c\n\t</script>\x01")),
               "a\\\"b\\\\c\\n\\u0009\\u003c/script>\\u0001");
    assert_str(escaped(esc_json, S("Zoë \xFF\xC3")), "Zoë \\ufffd\\ufffd");
    assert_str(escaped(esc_hex, S("\x00\x7F\xFF")), "007fff");
}

static void base64url_round_trips_and_refuses_other_spellings(void **state)
{
    (void)state;
    /* RFC 4648 section 10, without padding */
    static const char *const known[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},      {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"\xFB\xFF", "-_8"}};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        assert_str(escaped(esc_base64url, str_of(known[i][0])), known[i][1]);
        struct str back;
        assert_int_equal(unesc_base64url(arena, str_of(known[i][1]), &back), OK);
        assert_true(str_is(back, known[i][0]));
    }
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    struct str bytes = {all, 256}, back;
    assert_int_equal(unesc_base64url(arena, escaped(esc_base64url, bytes), &back), OK);
    assert_true(str_eq(bytes, back));
    static const char *const bad[] = {"Zg==", "Z", "Zm9vY", "Zm+/", "Zm 9", "Zh", "Zm9", "Zg\n"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(unesc_base64url(arena, str_of(bad[i]), &back), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_trimmed_and_cut),
        cmocka_unit_test(integers_are_whole_texts_in_range),
        cmocka_unit_test(only_well_formed_utf8_is_ok),
        cmocka_unit_test(buffers_grow_and_keep_what_they_hold),
        cmocka_unit_test(html_escaping_leaves_no_way_out_of_text_or_attribute),
        cmocka_unit_test(other_escapers_fit_their_context),
        cmocka_unit_test(base64url_round_trips_and_refuses_other_spellings),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
