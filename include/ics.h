/*
 * ics.h -- appointments as iCalendar objects (RFC 5545), for messages, downloads and feeds.
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
    struct str organizer_name, organizer;   /* the studio, where its mail comes from; "" for none */
    struct str attendee;                    /* the address a mail is to, and no more; "" for none */
};

/*
 * ics_write -- one VCALENDAR with one VEVENT, in the arena. Times are UTC instants, so that no zone
 * needs to be described and every calendar shows them in its own.
 * METHOD: CANCEL of a cancelled one; REQUEST of one with organizer and attendee, the only method by which
 * mail programs change an entry that they made before (RFC 5546, 3.2.2; RFC 6047); else PUBLISH.
 */
struct str ics_write(struct arena *a, const struct ics_visit *visit);

/*
 * ics_write_all -- several visits in one file, n >= 1. Of one that is cancelled METHOD is CANCEL; several
 * that differ are published, each with its own STATUS, for a cancellation is of one UID (RFC 5546, 3.2.5).
 */
struct str ics_write_all(struct arena *a, const struct ics_visit *visits, size_t n);

/* ics_method -- "REQUEST", "CANCEL" or "PUBLISH" of what ics_write made: a mail has to say it too (RFC 6047, 2.4). */
struct str ics_method(struct str calendar);

/* ics_feed -- what a calendar program subscribes to, n >= 0: PUBLISH, with a name, asked for again each hour. */
struct str ics_feed(struct arena *a, struct str name, const struct ics_visit *visits, size_t n);
#endif
