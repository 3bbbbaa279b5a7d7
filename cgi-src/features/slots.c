/*
 * slots.c -- which free times a page offers; for booking and for moving a booking.
 * Owns: what is asked once for the whole page. Never: decides what is free; app.offered_times does.
 */
#include "slots.h"

enum err slots_show(struct req *r)
{
    struct rows *window = req_show(r, "window", Q_slots_window, NULL);
    if (!window)
        return req_error(r);
    req_set(r, "place", rows_text(window, 0, "place"));
    req_set(r, "week", rows_text(window, 0, "week"));
    if (req_has(r, "is_taken") && !req_show(r, "nearest", Q_slots_nearest, NULL))
        return req_error(r);

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
