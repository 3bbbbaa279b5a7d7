/*
 * ics_read.c -- see ics_read.h.
 * Owns: the bounds. A file is measured before libical sees it; a rule is looked at before it is followed, for there are rules
 * that never come true and rules that come true each second; the whole has two seconds.
 * Never: computes with zones of its own: wall times and names of zones go to the database, which knows them.
 */
#include "ics_read.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_DEPTH = 4, MOST_MS = 2000, MOST_UID = 255, MOST_SUMMARY = 120, MOST_ZONES = 64 };
enum { DAY = 86400, MOST_SECONDS = 400 * DAY, MOST_STEPS = 60000 };

struct reader {
    struct arena *arena;
    const struct ics_bounds *bounds;
    struct ics_reading *out;
    size_t room;
    icalcomponent *calendar;
    int64_t until_ms;
    bool wants_all;
    enum ics_end end;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- before libical ---- */

/* Whether the lines are those of a calendar with few enough events that do not nest deeply. */
static enum ics_end measure(struct str text, const struct ics_bounds *b)
{
    size_t events = 0, depth = 0, deepest = 0, parts = 0;
    if (text.n > b->bytes)
        return ICS_LARGE;
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
        text = str_part(text, 3, text.n - 3);
    if (!str_utf8_ok(text) || text.n < 15 || strncasecmp(text.p, "BEGIN:VCALENDAR", 15) != 0)
        return ICS_CONTENT;
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n');
        if (line.n >= 6 && strncasecmp(line.p, "BEGIN:", 6) == 0) {
            parts++;
            if (++depth > deepest)
                deepest = depth;
            events += line.n >= 12 && strncasecmp(line.p, "BEGIN:VEVENT", 12) == 0;
        } else if (line.n >= 4 && strncasecmp(line.p, "END:", 4) == 0) {
            if (depth-- == 0)
                return ICS_CONTENT;
        }
    }
    /* What was cut off on its way would lack some of its times. */
    if (deepest > MOST_DEPTH || depth != 0)
        return ICS_CONTENT;
    return events > b->events || parts > 4 * b->events + 1000 ? ICS_LARGE : ICS_GOOD;
}

/* ---- one value ---- */

static struct str text_of(struct arena *a, const char *raw, size_t most)
{
    struct str s = str_of(raw);
    struct buf b = buf_in(a, 64);
    for (size_t i = 0; i < s.n && b.n < most; i++) {
        unsigned char c = (unsigned char)s.p[i];
        buf_addc(&b, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
    struct str out = buf_str(&b);
    while (out.n > 0 && !str_utf8_ok(out))
        out.n--; /* whole characters */
    return str_trim(out);
}

/* Days since 1970 of a date of the Gregorian calendar (H. Hinnant, days_from_civil). */
static int64_t days_of(struct icaltimetype t)
{
    int64_t y = t.year - (t.month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (t.month + (t.month > 2 ? -3 : 9)) + 2) / 5 + t.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t seconds_of(struct icaltimetype t)
{
    return days_of(t) * DAY + (t.is_date ? 0 : t.hour * 3600 + t.minute * 60 + t.second);
}

static bool is_real(struct icaltimetype t)
{
    if (icaltime_is_null_time(t) || t.year < 1900 || t.year > 2200 || t.month < 1 || t.month > 12 ||
        t.day < 1 || t.day > icaltime_days_in_month(t.month, t.year))
        return false;
    return t.is_date || (t.hour >= 0 && t.hour < 24 && t.minute >= 0 && t.minute < 60 &&
                         t.second >= 0 && t.second < 61);
}

static struct str wall(struct arena *a, struct icaltimetype t)
{
    if (t.is_date)
        t.hour = t.minute = t.second = 0;
    return arena_printf(a, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day, t.hour,
                        t.minute, t.second > 59 ? 59 : t.second);
}

/* The zone that a property's value is in: "UTC", a name, or "". */
static struct str zone_of(struct reader *r, icalproperty *p, struct icaltimetype t)
{
    icalparameter *tzid = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
    if (icaltime_is_utc(t))
        return S("UTC");
    return tzid && !t.is_date ? text_of(r->arena, icalparameter_get_tzid(tzid), MOST_UID) : S("");
}

/* ---- rules ---- */

static size_t entries(const short *list, size_t most)
{
    size_t n = 0;
    while (n < most && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
        n++;
    return n;
}

/* Whether a day of month can come true in one of the months. */
static bool month_days_exist(const struct icalrecurrencetype *rule)
{
    static const short most[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    size_t days = entries(rule->by_month_day, ICAL_BY_MONTHDAY_SIZE),
           months = entries(rule->by_month, ICAL_BY_MONTH_SIZE);
    if (days == 0 || months == 0)
        return true;
    for (size_t d = 0; d < days; d++)
        for (size_t m = 0; m < months; m++)
            if (rule->by_month[m] >= 1 && rule->by_month[m] <= 12 &&
                abs(rule->by_month_day[d]) <= most[rule->by_month[m] - 1])
                return true;
    return false;
}

/* Rules as people's calendars write them. Others could keep us busy for ever. */
static bool is_followed(const struct icalrecurrencetype *rule)
{
    bool is_daily = rule->freq == ICAL_DAILY_RECURRENCE,
         is_weekly = rule->freq == ICAL_WEEKLY_RECURRENCE;
    bool is_long = rule->freq == ICAL_MONTHLY_RECURRENCE || rule->freq == ICAL_YEARLY_RECURRENCE;
    size_t days = entries(rule->by_day, ICAL_BY_DAY_SIZE);
    if ((!is_daily && !is_weekly && !is_long) || rule->rscale || rule->interval < 1 ||
        rule->interval > 1000)
        return false;
    if (entries(rule->by_second, ICAL_BY_SECOND_SIZE) ||
        entries(rule->by_minute, ICAL_BY_MINUTE_SIZE) ||
        entries(rule->by_hour, ICAL_BY_HOUR_SIZE) ||
        entries(rule->by_year_day, ICAL_BY_YEARDAY_SIZE) ||
        entries(rule->by_week_no, ICAL_BY_WEEKNO_SIZE))
        return false;
    if (entries(rule->by_set_pos, ICAL_BY_SETPOS_SIZE) > 0 && (days == 0 || !is_long))
        return false;
    for (size_t i = 0; i < entries(rule->by_set_pos, ICAL_BY_SETPOS_SIZE); i++)
        if (abs(rule->by_set_pos[i]) > 5)
            return false;
    if (is_daily && (days > 7 || rule->interval > 366) && days > 0)
        return false;
    return days <= 60 && month_days_exist(rule);
}

/* ---- what is found ---- */

static struct ics_found *add(struct reader *r)
{
    if (r->out->n == r->bounds->found || now_ms() > r->until_ms) {
        r->end = ICS_LARGE;
        return NULL;
    }
    if (r->out->n == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct ics_found *more = arena_alloc(r->arena, room * sizeof *more);
        if (r->out->n)
            memcpy(more, r->out->found, r->out->n * sizeof *more);
        r->out->found = more;
        r->room = room;
    }
    struct ics_found *f = &r->out->found[r->out->n++];
    *f = (struct ics_found){.uid = S(""), .summary = S(""), .zone = S(""), .until = S("")};
    return f;
}

/* Rules of a zone's description may come true once a year, and in no other way. */
static bool zone_is_plain(icalcomponent *zone)
{
    size_t n = 0;
    for (icalcomponent *c = icalcomponent_get_first_component(zone, ICAL_ANY_COMPONENT); c;
         c = icalcomponent_get_next_component(zone, ICAL_ANY_COMPONENT)) {
        icalproperty *start = icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY);
        if (++n > MOST_ZONES || !start || icalproperty_get_dtstart(start).year < 1600)
            return false;
        size_t rules = 0, dates = 0;
        for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_ANY_PROPERTY); p;
             p = icalcomponent_get_next_property(c, ICAL_ANY_PROPERTY)) {
            if (icalproperty_isa(p) == ICAL_RRULE_PROPERTY) {
                struct icalrecurrencetype rule = icalproperty_get_rrule(p);
                if (++rules > 1 || rule.freq != ICAL_YEARLY_RECURRENCE || !is_followed(&rule))
                    return false;
            }
            if (icalproperty_isa(p) == ICAL_RDATE_PROPERTY && ++dates > 300)
                return false;
        }
    }
    return n > 0;
}

static icaltimezone *described(struct reader *r, struct str name)
{
    size_t n = 0;
    if (name.n == 0 || str_is(name, "UTC"))
        return NULL;
    for (icalcomponent *c =
             icalcomponent_get_first_component(r->calendar, ICAL_VTIMEZONE_COMPONENT);
         c; c = icalcomponent_get_next_component(r->calendar, ICAL_VTIMEZONE_COMPONENT)) {
        if (++n > MOST_ZONES || !zone_is_plain(c))
            return NULL;
    }
    return icalcomponent_get_timezone(r->calendar, arena_cstr(r->arena, name));
}

struct event {
    struct str uid, summary, zone, until;
    struct icaltimetype start;
    int64_t seconds;
    bool is_exact;
    icaltimezone *described;
};

static void put_time(struct reader *r, const struct event *e, struct icaltimetype at)
{
    int64_t begins = seconds_of(at);
    if (!is_real(at) || begins + e->seconds <= r->bounds->from_day * DAY ||
        begins >= r->bounds->to_day * DAY)
        return;
    struct ics_found *f = add(r);
    if (!f)
        return;
    f->uid = e->uid;
    f->summary = e->summary;
    f->starts = wall(r->arena, at);
    f->zone = e->zone;
    f->seconds = e->seconds;
    f->until = e->until;
    f->is_day = at.is_date;
    f->is_exact = e->is_exact;
    if (e->described) {
        int is_summer;
        f->offset = icaltimezone_get_utc_offset(e->described, &at, &is_summer);
        f->has_offset = true;
    }
}

static void put_exception(struct reader *r, const struct event *e, icalproperty *p,
                          struct icaltimetype at)
{
    struct ics_found *f = is_real(at) ? add(r) : NULL;
    if (!f)
        return;
    f->uid = e->uid;
    f->starts = wall(r->arena, at);
    f->zone = zone_of(r, p, at);
    f->is_day = at.is_date;
    f->is_exception = true;
    icaltimezone *zone = described(r, f->zone);
    if (zone) {
        int is_summer;
        f->offset = icaltimezone_get_utc_offset(zone, &at, &is_summer);
        f->has_offset = true;
    }
}

/* The times of one rule, from the first within the bounds to the last. */
static void follow(struct reader *r, struct event *e, struct icalrecurrencetype rule)
{
    struct icaltimetype first = e->start;
    bool is_first = true;
    first.zone = NULL;
    if (!icaltime_is_null_time(rule.until) && icaltime_is_utc(rule.until) &&
        !str_is(e->zone, "UTC") && !first.is_date) {
        /* Told in UTC for a series in wall time: the database compares; here a day more is enough. */
        e->until = wall(r->arena, rule.until);
        icaltime_adjust(&rule.until, 1, 0, 0, 0);
    }
    rule.until.zone = NULL;
    if (first.is_date)
        rule.until.is_date = 1;
    icalrecur_iterator *i = icalrecur_iterator_new(rule, first);
    if (!i) {
        r->out->n_left_out++;
        put_time(r, e, e->start);
        return;
    }
    for (int n = 0; r->end == ICS_GOOD; n++) {
        struct icaltimetype at = icalrecur_iterator_next(i);
        if (icaltime_is_null_time(at) || days_of(at) > r->bounds->to_day)
            break;
        if (n == MOST_STEPS || (n % 64 == 0 && now_ms() > r->until_ms)) {
            r->end = ICS_LARGE;
            break;
        }
        /* (RFC 5545, 3.8.5.3: the first time is there whether the rule names it or not) */
        if (is_first && icaltime_compare(at, first) != 0)
            put_time(r, e, first);
        is_first = false;
        put_time(r, e, at);
    }
    if (is_first)
        put_time(r, e, first);
    icalrecur_iterator_free(i);
}

static bool is_left_out(struct reader *r, icalcomponent *c)
{
    if (icalcomponent_get_status(c) == ICAL_STATUS_CANCELLED)
        return true;
    if (r->wants_all)
        return false;
    icalproperty *t = icalcomponent_get_first_property(c, ICAL_TRANSP_PROPERTY);
    if (t && icalproperty_get_transp(t) == ICAL_TRANSP_TRANSPARENT)
        return true;
    for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_X_PROPERTY); p;
         p = icalcomponent_get_next_property(c, ICAL_X_PROPERTY)) {
        const char *name = icalproperty_get_x_name(p), *value = icalproperty_get_x(p);
        if (name && value && strcasecmp(name, "X-MICROSOFT-CDO-BUSYSTATUS") == 0 &&
            strcasecmp(value, "FREE") == 0)
            return true;
    }
    return false;
}

/* How long it lasts: DTEND, else DURATION, else a day for a date and nothing for a time. */
static void take_length(struct reader *r, icalcomponent *c, struct event *e)
{
    icalproperty *end = icalcomponent_get_first_property(c, ICAL_DTEND_PROPERTY),
                 *length = icalcomponent_get_first_property(c, ICAL_DURATION_PROPERTY);
    e->seconds = e->start.is_date ? DAY : 0;
    if (end) {
        struct icaltimetype t = icalproperty_get_dtend(end);
        struct str zone = zone_of(r, end, t);
        if (!is_real(t) || t.is_date != e->start.is_date)
            return;
        int64_t seconds = seconds_of(t) - seconds_of(e->start);
        /* Of another zone than the start: a flight. By the file's own words when it has some. */
        icaltimezone *other = str_eq(zone, e->zone) ? NULL : described(r, zone);
        if (!str_eq(zone, e->zone) && (other || str_is(zone, "UTC")) &&
            (e->described || str_is(e->zone, "UTC"))) {
            int is_summer;
            seconds +=
                e->described ? icaltimezone_get_utc_offset(e->described, &e->start, &is_summer) : 0;
            seconds -= other ? icaltimezone_get_utc_offset(other, &t, &is_summer) : 0;
            e->is_exact = true;
        }
        e->seconds = seconds;
    } else if (length) {
        struct icaldurationtype d = icalproperty_get_duration(length);
        if (d.is_neg || d.weeks > 60 || d.days > 400 || d.hours > 10000 || d.minutes > 600000 ||
            d.seconds > 36000000)
            return;
        e->seconds = (int64_t)d.weeks * 7 * DAY + (int64_t)d.days * DAY + (int64_t)d.hours * 3600 +
                     (int64_t)d.minutes * 60 + d.seconds;
        e->is_exact = d.weeks == 0 && d.days == 0;
    }
    if (e->seconds > MOST_SECONDS)
        e->seconds = MOST_SECONDS;
}

static void take_dates(struct reader *r, icalcomponent *c, struct event *e)
{
    for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY); p && !r->end;
         p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY)) {
        struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);
        struct icaltimetype at = icaltime_is_null_time(d.time) ? d.period.start : d.time;
        struct event one = *e;
        one.zone = zone_of(r, p, at);
        one.described = described(r, one.zone);
        put_time(r, &one, at);
    }
    for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_EXDATE_PROPERTY); p && !r->end;
         p = icalcomponent_get_next_property(c, ICAL_EXDATE_PROPERTY))
        put_exception(r, e, p, icalproperty_get_exdate(p));
}

static void take_event(struct reader *r, icalcomponent *c)
{
    icalproperty *start = icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY),
                 *moved = icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY);
    struct event e = {.uid = text_of(r->arena, icalcomponent_get_uid(c), MOST_UID),
                      .summary = text_of(r->arena, icalcomponent_get_summary(c), MOST_SUMMARY),
                      .until = S("")};
    /* One time of a series, moved or cancelled: it is not where the series has it. */
    if (moved)
        put_exception(r, &e, moved, icalproperty_get_recurrenceid(moved));
    if (!start || is_left_out(r, c))
        return;
    e.start = icalproperty_get_dtstart(start);
    if (!is_real(e.start))
        return;
    if (moved) /* (or its own exception would take it away when it was changed and not moved) */
        e.uid = arena_printf(r->arena, "%.*s %s", (int)e.uid.n, e.uid.p, "moved");
    e.zone = zone_of(r, start, e.start);
    e.described = described(r, e.zone);
    take_length(r, c, &e);
    if (e.seconds <= 0)
        return;
    icalproperty *p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
    struct icalrecurrencetype rule;
    if (p && !moved)
        rule = icalproperty_get_rrule(p);
    if (!p || moved) {
        put_time(r, &e, e.start);
    } else if (is_followed(&rule)) {
        follow(r, &e, rule);
        e.until = S("");
    } else {
        r->out->n_left_out++;
        put_time(r, &e, e.start);
    }
    if (!moved)
        take_dates(r, c, &e);
}

enum ics_end ics_read(struct arena *a, struct str text, const struct ics_bounds *bounds, bool all,
                      struct ics_reading *out)
{
    struct reader r = {
        .arena = a, .bounds = bounds, .out = out, .until_ms = now_ms() + MOST_MS, .wants_all = all};
    *out = (struct ics_reading){0};
    enum ics_end e = measure(text, bounds);
    if (e)
        return e;
    icalerror_set_errors_are_fatal(0);
    if (memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
        text = str_part(text, 3, text.n - 3);
    icalcomponent *root = icalparser_parse_string(arena_cstr(a, text));
    if (!root)
        return ICS_CONTENT;
    /* (two calendars in one file stand side by side in a root that libical makes) */
    r.calendar = icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT
                     ? root
                     : icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
    if (!r.calendar)
        r.end = ICS_CONTENT;
    /* Listed first: looking a zone up walks the same calendar. */
    size_t n = 0;
    icalcomponent **events = arena_alloc(a, (bounds->events + 1) * sizeof(icalcomponent *));
    for (icalcomponent *c =
             r.calendar ? icalcomponent_get_first_component(r.calendar, ICAL_VEVENT_COMPONENT)
                        : NULL;
         c && n < bounds->events;
         c = icalcomponent_get_next_component(r.calendar, ICAL_VEVENT_COMPONENT))
        events[n++] = c;
    for (size_t i = 0; i < n && !r.end; i++)
        take_event(&r, events[i]);
    icalcomponent_free(root);
    return r.end;
}

static void json_text(struct buf *b, const char *name, struct str s)
{
    buf_printf(b, ",\"%s\":\"", name);
    esc_json(b, s);
    buf_addc(b, '"');
}

struct str ics_found_json(struct arena *a, const struct ics_reading *reading)
{
    struct buf b = buf_in(a, 256 + reading->n * 160);
    buf_addc(&b, '[');
    for (size_t i = 0; i < reading->n; i++) {
        const struct ics_found *f = &reading->found[i];
        buf_printf(&b, "%s{\"n\":%lld", i ? "," : "", (long long)f->seconds);
        json_text(&b, "u", f->uid);
        json_text(&b, "l", f->summary);
        json_text(&b, "s", f->starts);
        json_text(&b, "z", f->zone);
        if (f->until.n)
            json_text(&b, "t", f->until);
        if (f->has_offset)
            buf_printf(&b, ",\"o\":%lld", (long long)f->offset);
        buf_printf(&b, ",\"d\":%s,\"e\":%s,\"x\":%s}", f->is_day ? "true" : "false",
                   f->is_exact ? "true" : "false", f->is_exception ? "true" : "false");
    }
    buf_addc(&b, ']');
    return buf_str(&b);
}
