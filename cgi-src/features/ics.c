/*
 * ics.c -- an appointment as an iCalendar object.
 * Owns: which properties an entry has. Never: names a service or a person.
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

static icalcomponent *event_of(struct arena *a, const struct ics_visit *v)
{
    icalcomponent *event = must(icalcomponent_new(ICAL_VEVENT_COMPONENT));
    add(event, icalproperty_new_uid(arena_cstr(a, v->uid)));
    add(event, icalproperty_new_sequence((int)v->version));
    add(event, icalproperty_new_dtstamp(instant(v->changed_at)));
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

struct str ics_write_all(struct arena *a, const struct ics_visit *visits, size_t n)
{
    bool is_cancelled = n == 1 && visits[0].is_cancelled;
    icalcomponent *calendar = must(icalcomponent_new(ICAL_VCALENDAR_COMPONENT));
    add(calendar, icalproperty_new_version("2.0"));
    add(calendar, icalproperty_new_prodid("-//Foyer//Appointments//EN"));
    add(calendar, icalproperty_new_method(is_cancelled ? ICAL_METHOD_CANCEL : ICAL_METHOD_PUBLISH));
    for (size_t i = 0; i < n; i++)
        icalcomponent_add_component(calendar, event_of(a, &visits[i]));
    char *text = must(icalcomponent_as_ical_string_r(calendar));
    struct str kept = whole_line_ends(a, str_of(text));
    free(text);
    icalcomponent_free(calendar);
    return kept;
}

struct str ics_write(struct arena *a, const struct ics_visit *visit)
{
    return ics_write_all(a, visit, 1);
}
