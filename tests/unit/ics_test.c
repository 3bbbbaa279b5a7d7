/* ics_test.c -- what a calendar makes of our entries, read back with libical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libical/ical.h>

#include "ics.h"

static struct arena *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct ics_visit visit(void)
{
    return (struct ics_visit){.uid = S("9f1c@glow.example"),
                              .summary = S("Glow: appointment"),
                              .place = S("SoHo; 118 Greene Street, New York"),
                              .text = S("Line one\nLine two"),
                              .starts_at = 1796137200, /* 2026-12-01 15:00 UTC */
                              .ends_at = 1796140800,
                              .changed_at = 1795000000,
                              .version = 3};
}

static void an_entry_reads_back(void **state)
{
    (void)state;
    struct ics_visit v = visit();
    struct str text = ics_write(arena, &v);
    icalcomponent *calendar = icalparser_parse_string(arena_cstr(arena, text));
    assert_non_null(calendar);
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    assert_int_equal(icalcomponent_get_method(calendar), ICAL_METHOD_PUBLISH);
    assert_string_equal(icalcomponent_get_uid(event), "9f1c@glow.example");
    assert_string_equal(icalcomponent_get_location(event), "SoHo; 118 Greene Street, New York");
    assert_string_equal(icalcomponent_get_description(event), "Line one\nLine two");
    assert_int_equal(icalcomponent_get_sequence(event), 3);
    assert_int_equal(icaltime_as_timet(icalcomponent_get_dtstart(event)), 1796137200);
    assert_int_equal(icaltime_as_timet(icalcomponent_get_dtend(event)), 1796140800);
    assert_non_null(strstr(arena_cstr(arena, text), "DTSTART:20261201T150000Z\r\n"));
    icalcomponent_free(calendar);
}

/* Every length, for libical folds some lines between the CR and the LF of their own end. */
static void every_line_is_whole(void **state)
{
    (void)state;
    char words[200];
    memset(words, 'w', sizeof words);
    for (size_t n = 1; n < sizeof words; n++) {
        struct ics_visit v = visit();
        v.text = (struct str){words, n};
        char *text = arena_cstr(arena, ics_write(arena, &v));
        for (char *p = text; *p; p++)
            assert_true(*p == '\r' ? p[1] == '\n' : *p != '\n' || p[-1] == '\r');
        icalcomponent *calendar = icalparser_parse_string(text);
        icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
        assert_int_equal(strlen(icalcomponent_get_description(event)), n);
        icalcomponent_free(calendar);
    }
}

static void no_text_ends_its_line(void **state)
{
    (void)state;
    struct ics_visit v = visit();
    v.place = S("East\r\nBEGIN:VALARM\rX:\x01y\x7f");
    char *text = arena_cstr(arena, ics_write(arena, &v));
    assert_null(strstr(text, "\nBEGIN:VALARM"));
    assert_null(strchr(text, 1));
    assert_non_null(strstr(text, "LOCATION:East\\nBEGIN:VALARM\\nX:y\r\n"));
}

static void a_cancelled_one_is_taken_out(void **state)
{
    (void)state;
    struct ics_visit v = visit();
    v.is_cancelled = true;
    icalcomponent *calendar = icalparser_parse_string(arena_cstr(arena, ics_write(arena, &v)));
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    assert_int_equal(icalcomponent_get_method(calendar), ICAL_METHOD_CANCEL);
    assert_int_equal(icalcomponent_get_status(event), ICAL_STATUS_CANCELLED);
    icalcomponent_free(calendar);
}

/* A name with a line break or a colon cannot add a property of its own. */
static void text_stays_text(void **state)
{
    (void)state;
    struct ics_visit v = visit();
    static const char *const hostile[] = {
        "Here\r\nATTENDEE:mailto:x@example.com",
        "Here\nEND:VEVENT\nBEGIN:VALARM",
        "a;b,c:d\\n\"e\"",
        "<script>alert(1)</script>",
        "{{name}} ${7*7} %0d%0aX:y",
        "=HYPERLINK(\"x\")",
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x91\xa9"};
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        v.place = v.summary = str_of(hostile[i]);
        icalcomponent *calendar = icalparser_parse_string(arena_cstr(arena, ics_write(arena, &v)));
        icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
        assert_null(icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY));
        assert_int_equal(icalcomponent_count_components(calendar, ICAL_ANY_COMPONENT), 1);
        assert_int_equal(icalcomponent_count_components(event, ICAL_ANY_COMPONENT), 0);
        assert_int_equal(icalcomponent_count_errors(calendar), 0);
        if (i > 1) /* a line end is a line end or a blank; all else is as it was */
            assert_string_equal(icalcomponent_get_summary(event), hostile[i]);
        icalcomponent_free(calendar);
    }
}

/* A mail program changes an entry only by a REQUEST, which has an organizer and an attendee (RFC 5546, 3.2.2). */
static void a_mailed_one_is_a_request(void **state)
{
    (void)state;
    struct ics_visit v = visit();
    v.organizer = S("studio@example.com");
    v.organizer_name = S("Glow \"SoHo\"; New\r\nYork: one");
    struct str text = ics_write(arena, &v);
    assert_true(str_is(ics_method(text), "PUBLISH"));
    v.attendee = S("ana@example.com");
    text = ics_write(arena, &v);
    assert_true(str_is(ics_method(text), "REQUEST"));
    icalcomponent *calendar = icalparser_parse_string(arena_cstr(arena, text));
    icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
    icalproperty *organizer = icalcomponent_get_first_property(event, ICAL_ORGANIZER_PROPERTY);
    icalproperty *attendee = icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
    assert_string_equal(icalproperty_get_organizer(organizer), "mailto:studio@example.com");
    assert_string_equal(
        icalparameter_get_cn(icalproperty_get_first_parameter(organizer, ICAL_CN_PARAMETER)),
        "Glow  SoHo ; New York: one");
    assert_string_equal(icalproperty_get_attendee(attendee), "mailto:ana@example.com");
    assert_null(icalproperty_get_first_parameter(attendee, ICAL_CN_PARAMETER));
    assert_int_equal(icaltime_as_timet(icalproperty_get_lastmodified(
                         icalcomponent_get_first_property(event, ICAL_LASTMODIFIED_PROPERTY))),
                     1795000000);
    icalcomponent_free(calendar);
    v.is_cancelled = true;
    assert_true(str_is(ics_method(ics_write(arena, &v)), "CANCEL"));
    assert_true(str_is(ics_method(S("BEGIN:VCALENDAR\r\n")), "PUBLISH"));
}

static void a_feed_has_a_name_and_any_number(void **state)
{
    (void)state;
    struct ics_visit v[3] = {visit(), visit(), visit()};
    v[1].uid = S("two@glow.example");
    v[2].uid = S("three@glow.example");
    for (size_t n = 0; n <= 3; n++) {
        struct str text = ics_feed(arena, S("Ana, \"work\"\r\nX:y"), v, n);
        char *words = arena_cstr(arena, text);
        assert_true(str_is(ics_method(text), "PUBLISH"));
        assert_non_null(strstr(words, "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n"));
        assert_non_null(strstr(words, "X-PUBLISHED-TTL:PT1H\r\n"));
        assert_null(strstr(words, "\nX:y"));
        icalcomponent *calendar = icalparser_parse_string(words);
        assert_int_equal(icalcomponent_count_components(calendar, ICAL_VEVENT_COMPONENT), n);
        assert_int_equal(icalcomponent_count_errors(calendar), 0);
        icalcomponent_free(calendar);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_reads_back),
        cmocka_unit_test(every_line_is_whole),
        cmocka_unit_test(no_text_ends_its_line),
        cmocka_unit_test(a_cancelled_one_is_taken_out),
        cmocka_unit_test(text_stays_text),
        cmocka_unit_test(a_mailed_one_is_a_request),
        cmocka_unit_test(a_feed_has_a_name_and_any_number),
    };
    return cmocka_run_group_tests_name("T12 ics", tests, start, stop);
}
