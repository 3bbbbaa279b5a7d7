/*
 * ics_read.h -- reading a calendar that somebody else wrote (RFC 5545): holiday files, calendars elsewhere.
 * Implementation: cgi-src/features/ics_read.c, with libical. The bytes are hostile: see tests/fuzz/ics_read_fuzz.c.
 */
#ifndef FOYER_ICS_READ_H
#define FOYER_ICS_READ_H
#include "base.h"

/* How much is read at most. Days are counted from 1970-01-01; what lies outside of them is left out. */
struct ics_bounds {
    size_t bytes, events, found;
    int64_t from_day, to_day;
};

enum ics_end {
    ICS_GOOD,
    ICS_LARGE,  /* more than the bounds, or more work than they are worth */
    ICS_CONTENT /* not a calendar */
};

/* One time at which something is, or, with is_exception, a time of its series at which it is not. Wall time as
 * "2026-11-21 14:05:00"; zone: the name that the file gives, "UTC", or "" for the reader's own. */
struct ics_found {
    struct str uid, summary, starts, zone;
    int64_t seconds;  /* how long, in wall time, or exactly when is_exact */
    struct str until; /* UTC wall time of a series' last start when it is told in UTC, or "" */
    int64_t offset;   /* seconds east of UTC by the file's own description of the zone */
    bool has_offset, is_day, is_exact, is_exception;
};

struct ics_reading {
    struct ics_found *found;
    size_t n;
    size_t
        n_left_out; /* events with a rule that we do not follow: their first time alone is there */
};

/*
 * ics_read -- every time of every event, series expanded within the bounds. Transparent, free and cancelled events are left
 * out; wanted all: also transparent ones (holidays are). Moved and cancelled times of a series are its exceptions.
 * Errors: as enum ics_end; nothing of out is then of use.
 */
enum ics_end MUST_CHECK ics_read(struct arena *a, struct str text, const struct ics_bounds *bounds,
                                 bool all, struct ics_reading *out);

/* The reading as a JSON array for sql/lib/043_outside.sql. */
struct str ics_found_json(struct arena *a, const struct ics_reading *reading);
#endif
