/*
 * slots.h -- the page part that offers free times: the first one, a strip of seven days, a month to look over, and the times of one day.
 * Implementation: cgi-src/features/slots.c, sql/queries/slots.sql, templates/booking/_days.mustache,
 * _first.mustache, _month.mustache, _times.mustache, _taken.mustache.
 */
#ifndef FOYER_SLOTS_H
#define FOYER_SLOTS_H
#include "web.h"

/* For the .show of a page that calls slots_show. */
#define SLOTS_SHOWN                                                                                \
    {"window", Q_slots_window}, {"days", Q_slots_days}, {"parts", Q_slots_parts},                  \
        {"times", Q_slots_times, .by = "part"}, {"later", Q_slots_later},                          \
        {"nearest", Q_slots_nearest}, {"first", Q_slots_first}, {"month", Q_slots_month},          \
        {"month_days", Q_slots_month_days}, {"weeks", Q_slots_weeks}

/*
 * slots_show -- shows the free times for the request's values service_id, place, who (NULL:
 * anybody), also and addons (arrays of ids, NULL: none), due (her due date, or NULL), week and day (NULL: the first that
 * has times), month (one to look over, or NULL) and moving (an appointment whose own time counts as
 * free, or NULL). Sets place, week and day to what is shown.
 * With is_taken set, also the times nearest to `slot` (seconds since 1970).
 * Errors: ERR_NOT_FOUND when nobody offers the service at the place.
 */
enum err MUST_CHECK slots_show(struct req *r);
#endif
