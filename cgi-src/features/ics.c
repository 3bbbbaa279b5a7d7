/*
 * ics.c -- appointments as iCalendar objects.
 * Owns: which properties an entry has, and the method. Never: names anybody by itself; its callers say what an entry tells.
 */
#include "ics.h"

#include <libical/ical.h>
#include <stdlib.h>

#include "log.h"

static struct icaltimetype instant(int64_t seconds)
{
    return icaltime_from_timet_with_zone((time_t)seconds, 0, icaltimezone_get_utc_timezone());
}

/* A text as RFC 5545 lets one be: lines end in LF (which libical escapes), no other control byte but
 * the tab. libical would pass them on, and calendars refuse the whole file. */
static const char *plain(struct arena *a, struct str s)
{
    struct buf b = buf_in(a, s.n + 1);
    s = arena_plain_lines(a, s);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= ' ' && c != 0x7f) || c == '\n' || c == '\t')
            buf_addc(&b, (char)c);
    }
    return arena_cstr(a, buf_str(&b));
}

/* Without memory libical gives NULL, and a file would lack what was not made: the process ends. */
static void *must(void *made)
{
    if (!made) {
        log_error("ics.memory", NULL);
        abort();
    }
    return made;
}

static void add(icalcomponent *component, icalproperty *property)
{
    icalcomponent_add_property(component, must(property));
}

/* The value of a parameter, which can hold neither a quotation mark nor a line break (RFC 5545, 3.1). */
static const char *plain_word(struct arena *a, struct str s)
{
    char *word = arena_cstr(a, str_of(plain(a, s)));
    for (char *p = word; *p; p++)
        if (*p == '"' || *p == '\n' || *p == '\t')
            *p = ' ';
    return word;
}

static const char *mailto(struct arena *a, struct str address)
{
    return plain_word(a, arena_printf(a, "mailto:%.*s", (int)address.n, address.p));
}

/* Whose appointment it is, and with whom. PARTSTAT says that she has accepted: she booked it, and no answer is asked for. */
static void add_people(struct arena *a, icalcomponent *event, const struct ics_visit *v)
{
    if (v->organizer.n > 0) {
        icalproperty *organizer = must(icalproperty_new_organizer(mailto(a, v->organizer)));
        if (v->organizer_name.n > 0)
            icalproperty_add_parameter(
                organizer, must(icalparameter_new_cn(plain_word(a, v->organizer_name))));
        add(event, organizer);
    }
    if (v->attendee.n > 0) {
        icalproperty *attendee = must(icalproperty_new_attendee(mailto(a, v->attendee)));
        icalproperty_add_parameter(attendee,
                                   must(icalparameter_new_partstat(ICAL_PARTSTAT_ACCEPTED)));
        icalproperty_add_parameter(attendee, must(icalparameter_new_rsvp(ICAL_RSVP_FALSE)));
        add(event, attendee);
    }
}

static icalcomponent *event_of(struct arena *a, const struct ics_visit *v)
{
    icalcomponent *event = must(icalcomponent_new(ICAL_VEVENT_COMPONENT));
    add(event, icalproperty_new_uid(arena_cstr(a, v->uid)));
    add(event, icalproperty_new_sequence((int)v->version));
    add(event, icalproperty_new_dtstamp(instant(v->changed_at)));
    add(event, icalproperty_new_lastmodified(instant(v->changed_at)));
    add(event, icalproperty_new_dtstart(instant(v->starts_at)));
    add(event, icalproperty_new_dtend(instant(v->ends_at)));
    add(event, icalproperty_new_summary(plain(a, v->summary)));
    add(event,
        icalproperty_new_status(v->is_cancelled ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED));
    add(event,
        icalproperty_new_transp(v->is_cancelled ? ICAL_TRANSP_TRANSPARENT : ICAL_TRANSP_OPAQUE));
    if (v->place.n > 0)
        add(event, icalproperty_new_location(plain(a, v->place)));
    if (v->text.n > 0)
        add(event, icalproperty_new_description(plain(a, v->text)));
    add_people(a, event, v);
    return event;
}

/* libical 3.0.16 folds a line of exactly the wrong length between the CR and the LF of its own end,
 * and calendars refuse what comes out. No text of ours has a CR, so its trace is certain. */
static struct str whole_line_ends(struct arena *a, struct str text)
{
    static const char broken[] = "\r\r\n \n";
    struct buf b = buf_in(a, text.n + 1);
    for (;;) {
        const char *hit = memmem(text.p, text.n, broken, 5);
        size_t n = hit ? (size_t)(hit - text.p) : text.n;
        buf_add(&b, str_part(text, 0, n));
        if (!hit)
            return buf_str(&b);
        buf_addz(&b, "\r\n");
        text = str_part(text, n + 5, text.n - n - 5);
    }
}

static icalcomponent *calendar_of(icalproperty_method method)
{
    icalcomponent *calendar = must(icalcomponent_new(ICAL_VCALENDAR_COMPONENT));
    add(calendar, icalproperty_new_version("2.0"));
    add(calendar, icalproperty_new_prodid("-//Foyer//Appointments//EN"));
    add(calendar, icalproperty_new_method(method));
    return calendar;
}

/* The calendar as text; it is freed. */
static struct str text_of(struct arena *a, icalcomponent *calendar)
{
    char *text = must(icalcomponent_as_ical_string_r(calendar));
    struct str kept = whole_line_ends(a, str_of(text));
    free(text);
    icalcomponent_free(calendar);
    return kept;
}

struct str ics_write_all(struct arena *a, const struct ics_visit *visits, size_t n)
{
    bool is_request = n == 1 && visits[0].organizer.n > 0 && visits[0].attendee.n > 0;
    icalcomponent *calendar = calendar_of(n == 1 && visits[0].is_cancelled ? ICAL_METHOD_CANCEL
                                          : is_request                     ? ICAL_METHOD_REQUEST
                                                                           : ICAL_METHOD_PUBLISH);
    for (size_t i = 0; i < n; i++)
        icalcomponent_add_component(calendar, event_of(a, &visits[i]));
    return text_of(a, calendar);
}

struct str ics_write(struct arena *a, const struct ics_visit *visit)
{
    return ics_write_all(a, visit, 1);
}

struct str ics_method(struct str calendar)
{
    static const char before[] = "\r\nMETHOD:";
    size_t n = sizeof before - 1;
    const char *at = memmem(calendar.p, calendar.n, before, n);
    if (!at)
        return S("PUBLISH");
    struct str rest = str_part(calendar, (size_t)(at - calendar.p) + n,
                               calendar.n - (size_t)(at - calendar.p) - n);
    return str_cut(&rest, '\r');
}

static void add_x(icalcomponent *calendar, const char *name, const char *value)
{
    icalproperty *property = must(icalproperty_new_x(value));
    icalproperty_set_x_name(property, name);
    add(calendar, property);
}

struct str ics_feed(struct arena *a, struct str name, const struct ics_visit *visits, size_t n)
{
    icalcomponent *calendar = calendar_of(ICAL_METHOD_PUBLISH);
    /* Each of the two twice: RFC 7986, and what programs understood before it. */
    add(calendar, icalproperty_new_name(plain_word(a, name)));
    add_x(calendar, "X-WR-CALNAME", plain_word(a, name));
    add(calendar, icalproperty_new_refreshinterval(icaldurationtype_from_int(3600)));
    add_x(calendar, "X-PUBLISHED-TTL", "PT1H");
    for (size_t i = 0; i < n; i++)
        icalcomponent_add_component(calendar, event_of(a, &visits[i]));
    return text_of(a, calendar);
}
