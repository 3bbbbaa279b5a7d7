/*
 * ics.c -- an appointment as an iCalendar object.
 * Owns: which properties an entry has. Never: names a service or a person.
 */
#include "ics.h"

#include <libical/ical.h>
#include <stdlib.h>

static struct icaltimetype instant(int64_t seconds)
{
    return icaltime_from_timet_with_zone((time_t)seconds, 0, icaltimezone_get_utc_timezone());
}

static icalcomponent *event_of(struct arena *a, const struct ics_visit *v)
{
    icalcomponent *event = icalcomponent_vanew(
        ICAL_VEVENT_COMPONENT, icalproperty_new_uid(arena_cstr(a, v->uid)),
        icalproperty_new_sequence((int)v->version),
        icalproperty_new_dtstamp(instant(v->changed_at)),
        icalproperty_new_dtstart(instant(v->starts_at)),
        icalproperty_new_dtend(instant(v->ends_at)),
        icalproperty_new_summary(arena_cstr(a, v->summary)),
        icalproperty_new_status(v->is_cancelled ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED),
        icalproperty_new_transp(v->is_cancelled ? ICAL_TRANSP_TRANSPARENT : ICAL_TRANSP_OPAQUE),
        NULL);
    if (v->place.n > 0)
        icalcomponent_add_property(event, icalproperty_new_location(arena_cstr(a, v->place)));
    if (v->text.n > 0)
        icalcomponent_add_property(event, icalproperty_new_description(arena_cstr(a, v->text)));
    return event;
}

struct str ics_write(struct arena *a, const struct ics_visit *visit)
{
    icalcomponent *calendar = icalcomponent_vanew(
        ICAL_VCALENDAR_COMPONENT, icalproperty_new_version("2.0"),
        icalproperty_new_prodid("-//Foyer//Appointments//EN"),
        icalproperty_new_method(visit->is_cancelled ? ICAL_METHOD_CANCEL : ICAL_METHOD_PUBLISH),
        event_of(a, visit), NULL);
    char *text = icalcomponent_as_ical_string_r(calendar);
    struct str kept = arena_str(a, str_of(text));
    free(text);
    icalcomponent_free(calendar);
    return kept;
}
