/*
 * ics.h -- an appointment as an iCalendar object (RFC 5545), for messages and downloads.
 * Implementation: cgi-src/features/ics.c, with libical.
 */
#ifndef FOYER_ICS_H
#define FOYER_ICS_H
#include "base.h"

struct ics_visit {
    struct str uid;                         /* the same for every version of one appointment */
    struct str summary;                     /* neutral: it shows on lock screens */
    struct str place;                       /* name and address, "" for none */
    struct str text;                        /* description, "" for none */
    int64_t starts_at, ends_at, changed_at; /* seconds since 1970, UTC */
    int64_t version;                        /* SEQUENCE: a calendar takes the higher one */
    bool is_cancelled;                      /* METHOD:CANCEL takes the entry out of the calendar */
};

/*
 * ics_write -- one VCALENDAR with one VEVENT, in the arena. Times are UTC instants, so that no zone
 * needs to be described and every calendar shows them in its own.
 */
struct str ics_write(struct arena *a, const struct ics_visit *visit);

/*
 * ics_write_all -- several visits in one file, n >= 1. Of one that is cancelled METHOD is CANCEL; several
 * that differ are published, each with its own STATUS, for a cancellation is of one UID (RFC 5546, 3.2.5).
 */
struct str ics_write_all(struct arena *a, const struct ics_visit *visits, size_t n);
#endif
