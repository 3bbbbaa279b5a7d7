/*
 * view_modifiers_test.c -- values as people read them: known dates, times, amounts and names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/view_internal.h"

static const int64_t SECOND = 1000000, MINUTE = 60000000, HOUR = 3600000000, DAY = 86400000000;
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

static void check(const char *modifier, struct val v, const char *expected)
{
    const struct modifier *m = modifier_find(str_of(modifier));
    assert_true(m != NULL || modifier[0] == '\0');
    struct buf out = buf_in(arena, 16);
    val_print(&out, v, m, S(""));
    assert_string_equal(arena_cstr(arena, buf_str(&out)), expected);
}

static struct val date(int64_t days) { return (struct val){.kind = VAL_DATE, .i = days}; }
static struct val at_time(int64_t micros) { return (struct val){.kind = VAL_TIME, .i = micros}; }
static struct val local(int64_t micros) { return (struct val){.kind = VAL_LOCAL, .i = micros}; }
static struct val instant(int64_t micros) { return (struct val){.kind = VAL_INSTANT, .i = micros}; }
static struct val number(int64_t i) { return (struct val){.kind = VAL_INT, .i = i}; }
static struct val text(const char *s) { return (struct val){.kind = VAL_TEXT, .s = str_of(s)}; }

static void dates_are_right_on_both_sides_of_the_epoch(void **state)
{
    (void)state;
    static const struct {
        int64_t days;
        const char *iso, *shown;
    } known[] = {
        {0, "2000-01-01", "Sat 1 Jan 2000"},      {59, "2000-02-29", "Tue 29 Feb 2000"},
        {60, "2000-03-01", "Wed 1 Mar 2000"},     {365, "2000-12-31", "Sun 31 Dec 2000"},
        {366, "2001-01-01", "Mon 1 Jan 2001"},    {-1, "1999-12-31", "Fri 31 Dec 1999"},
        {-10957, "1970-01-01", "Thu 1 Jan 1970"}, {-36524, "1900-01-01", "Mon 1 Jan 1900"},
        {-36465, "1900-03-01", "Thu 1 Mar 1900"}, {8825, "2024-02-29", "Thu 29 Feb 2024"},
        {9821, "2026-11-21", "Sat 21 Nov 2026"},  {36583, "2100-02-28", "Sun 28 Feb 2100"},
        {36584, "2100-03-01", "Mon 1 Mar 2100"},  {2921939, "9999-12-31", "Fri 31 Dec 9999"},
        {-730119, "0001-01-01", "Mon 1 Jan 1"},   {-730120, "0000-12-31", "Sun 31 Dec 0"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        check("iso", date(known[i].days), known[i].iso);
        check("date", date(known[i].days), known[i].shown);
    }
}

static void every_day_of_eight_centuries_follows_the_one_before(void **state)
{
    (void)state;
    static const unsigned days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1800, month = 1, day = 1;
    for (int64_t days = -73048; year < 2600; days++) {
        char expected[16];
        snprintf(expected, sizeof expected, "%04u-%02u-%02u", year, month, day);
        check("iso", date(days), expected);
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (++day > days_in[month - 1] + (month == 2 && is_leap ? 1 : 0)) {
            day = 1;
            year += month == 12;
            month = month == 12 ? 1 : month + 1;
        }
        if (days % 10000 == 0)
            arena_reset(arena);
    }
}

static void the_clock_has_twelve_hours(void **state)
{
    (void)state;
    check("time", at_time(0), "12:00 am");
    check("time", at_time(59 * MINUTE), "12:59 am");
    check("time", at_time(HOUR), "1:00 am");
    check("time", at_time(12 * HOUR - SECOND), "11:59 am");
    check("time", at_time(12 * HOUR), "12:00 pm");
    check("time", at_time(14 * HOUR + 5 * MINUTE), "2:05 pm");
    check("time", at_time(DAY - SECOND), "11:59 pm");
    check("time", local(9821 * DAY), "12:00 am");
    check("time", local(-SECOND), "11:59 pm");
    check("iso", at_time(9 * HOUR + 5 * MINUTE), "09:05");
    check("iso", at_time(9 * HOUR + 5 * MINUTE + 7 * SECOND), "09:05:07");
}

static void moments_have_a_date_and_a_time(void **state)
{
    (void)state;
    struct val v = local(9821 * DAY + 14 * HOUR + 5 * MINUTE);
    check("datetime", v, "Sat 21 Nov 2026, 2:05 pm");
    check("date", v, "Sat 21 Nov 2026");
    check("short_date", v, "21 Nov 2026");
    check("day", v, "Saturday 21 November");
    check("iso", v, "2026-11-21T14:05");
    check("iso", local(-SECOND), "1999-12-31T23:59:59");
    check("date", local(-DAY), "Fri 31 Dec 1999");
    check("date", local(-DAY - 1), "Thu 30 Dec 1999");
    check("iso", instant(9821 * DAY), "2026-11-21T00:00Z");
    check("datetime", instant(9821 * DAY), "Sat 21 Nov 2026, 12:00 am UTC");
    check("time", local(INT64_MIN), "7:59 pm");
}

static void amounts_are_grouped(void **state)
{
    (void)state;
    check("money", number(12000), "$120.00");
    check("money", number(0), "$0.00");
    check("money", number(5), "$0.05");
    check("money", number(-500), "-$5.00");
    check("money", number(123456789), "$1,234,567.89");
    check("money", number(100000), "$1,000.00");
    check("money", number(INT64_MIN), "-$92,233,720,368,547,758.08");
    check("s", number(0), "s");
    check("s", number(1), "");
    check("s", number(2), "s");
    check("count", number(999), "999");
    check("count", number(1000), "1,000");
    check("count", number(-1002003), "-1,002,003");
    check("minutes", number(75), "1 h 15 min");
    check("minutes", number(60), "1 h");
    check("minutes", number(45), "45 min");
    check("minutes", number(0), "0 min");
    check("minutes", number(-90), "-1 h 30 min");
}

static void phone_numbers_are_written_as_at_home(void **state)
{
    (void)state;
    check("phone", text("+12125550123"), "(212) 555-0123");
    check("phone", text("+442079460018"), "+44 207 946 0018");
    check("phone", text("+4930123456"), "+49 301 23 456");
    check("phone", text("+35312345678"), "+353 123 45 678");
    check("phone", text("+1212"), "+1 212");
    check("phone", text("212 555 0123"), "212 555 0123");
    check("phone", text("+1212555<b>3"), "+1212555<b>3");
    check("phone", text(""), "");
}

static void texts_are_shortened_and_encoded(void **state)
{
    (void)state;
    check("initials", text("Anna Maria Lopez"), "AL");
    check("initials", text("  élodie   "), "É");
    check("initials", text("Zoë Ångström"), "ZÅ");
    check("initials", text("李 小龙"), "李小");
    check("initials", text(""), "");
    check("upper", text("est, été ÷"), "EST, ÉTÉ ÷");
    check("url", text("a b/ë?"), "a%20b%2F%C3%AB%3F");
    check("url", local(9821 * DAY), "2026-11-21T00%3A00");
    check("id", text("3fa9c1d2-0000-4000-8000-000000000000"), "3fa9c1d2");
    check("id", text("日本語日本語日本語"), "日本語日本語日本");
    check("id", text("abc"), "abc");
    check("hex", text("\x01\xFE"), "01fe");
}

static void without_a_modifier_values_are_for_machines(void **state)
{
    (void)state;
    check("", (struct val){.kind = VAL_BOOL, .b = true}, "true");
    check("", number(-12), "-12");
    check("", (struct val){.kind = VAL_REAL, .d = 0.1}, "0.1");
    check("", (struct val){.kind = VAL_REAL, .d = 1.0 / 3}, "0.3333333333333333");
    check("", date(59), "2000-02-29");
    check("", at_time(HOUR), "01:00");
    check("", local(59 * DAY + HOUR), "2000-02-29T01:00");
    check("", (struct val){.kind = VAL_NULL}, "");
    check("", (struct val){.kind = VAL_MISSING}, "");
}

static void a_kind_it_does_not_take_is_left_as_it_is(void **state)
{
    (void)state;
    check("time", text("25:99"), "25:99");
    check("money", text("ten"), "ten");
    check("date", (struct val){.kind = VAL_NULL}, "");
    check("phone", number(12), "12");
    assert_true(view_modifier_takes(S("time"), VAL_LOCAL));
    assert_false(view_modifier_takes(S("time"), VAL_DATE));
    assert_false(view_modifier_takes(S("tim"), VAL_TIME));
    assert_null(modifier_find(S("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_right_on_both_sides_of_the_epoch),
        cmocka_unit_test(every_day_of_eight_centuries_follows_the_one_before),
        cmocka_unit_test(the_clock_has_twelve_hours),
        cmocka_unit_test(moments_have_a_date_and_a_time),
        cmocka_unit_test(amounts_are_grouped),
        cmocka_unit_test(phone_numbers_are_written_as_at_home),
        cmocka_unit_test(texts_are_shortened_and_encoded),
        cmocka_unit_test(without_a_modifier_values_are_for_machines),
        cmocka_unit_test(a_kind_it_does_not_take_is_left_as_it_is),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
