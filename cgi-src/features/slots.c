/*
 * slots.c -- which free times a page offers; for booking and for moving a booking.
 * Owns: what is asked once for the whole page. Never: decides what is free; app.offered_times and its kin do.
 */
#include "slots.h"

/* Nothing was asked for yet: the first free time stands at the top, and the days begin where it lies. */
static enum err show_first(struct req *r)
{
    struct rows *first = req_show(r, "first", Q_slots_first, NULL);
    if (!first)
        return req_error(r);
    if (rows_count(first) > 0 && rows_bool(first, 0, "is_far"))
        req_set(r, "week", rows_text(first, 0, "day_key"));
    return OK;
}

static enum err show_month(struct req *r)
{
    if (!req_show(r, "month", Q_slots_month, NULL) ||
        !req_show(r, "month_days", Q_slots_month_days, NULL))
        return req_error(r);
    return OK;
}

enum err slots_show(struct req *r)
{
    struct rows *place = req_query(r, Q_slots_place);
    if (!place)
        return req_error(r);
    req_set(r, "place", rows_text(place, 0, "place"));
    enum err e = OK;
    if (!req_has(r, "week") && !req_has(r, "day") && !req_has(r, "is_taken"))
        e = show_first(r);
    if (e)
        return e;
    struct rows *window = req_show(r, "window", Q_slots_window, NULL);
    if (!window)
        return req_error(r);
    req_set(r, "week", rows_text(window, 0, "week"));
    if (!req_show(r, "weeks", Q_slots_weeks, NULL))
        return req_error(r);
    if (req_has(r, "is_taken") && !req_show(r, "nearest", Q_slots_nearest, NULL))
        return req_error(r);
    if (req_has(r, "month") && (e = show_month(r)))
        return e;

    struct rows *free = req_query(r, Q_slots_free);
    if (!free)
        return req_error(r);
    struct str day = rows_text(free, 0, "open_day");
    req_set(r, "free_days", rows_text(free, 0, "free_days"));
    req_set(r, "free_slots", rows_text(free, 0, "free_slots"));
    if (day.n > 0)
        req_set(r, "day", day);
    if (!req_show(r, "days", Q_slots_days, NULL))
        return req_error(r);
    if (day.n == 0)
        return req_show(r, "later", Q_slots_later, NULL) ? OK : req_error(r);
    if (!req_show(r, "parts", Q_slots_parts, NULL) || !req_show(r, "times", Q_slots_times, "part"))
        return req_error(r);
    return OK;
}
