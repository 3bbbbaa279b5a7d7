/*
 * slots.c -- which free times a page offers; for booking and for moving a booking.
 * Owns: which of seven days is open. Never: decides what is free; app.offered_times does.
 */
#include "slots.h"

static struct str chosen_day(struct rows *days)
{
    for (size_t i = 0; i < rows_count(days); i++)
        if (rows_bool(days, i, "is_chosen"))
            return rows_text(days, i, "day_key");
    return S("");
}

enum err slots_show(struct req *r)
{
    struct rows *window = req_show(r, "window", Q_slots_window, NULL);
    if (!window)
        return req_error(r);
    req_set(r, "place", rows_text(window, 0, "place"));
    req_set(r, "week", rows_text(window, 0, "week"));
    if (req_has(r, "is_taken") && !req_show(r, "nearest", Q_slots_nearest, NULL))
        return req_error(r);

    struct rows *days = req_show(r, "days", Q_slots_days, NULL);
    if (!days)
        return req_error(r);
    struct str day = chosen_day(days);
    if (day.n == 0)
        return req_show(r, "later", Q_slots_later, NULL) ? OK : req_error(r);
    req_set(r, "day", day);
    if (!req_show(r, "parts", Q_slots_parts, NULL) || !req_show(r, "times", Q_slots_times, "part"))
        return req_error(r);
    return OK;
}
