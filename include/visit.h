/*
 * visit.h -- telling a client about her visit: booked, moved, cancelled, forms to fill in.
 * Implementation: cgi-src/features/visit_message.c. A page that calls these lists VISIT_SHOWN in
 * its .show and needs an .action, for a message is sealed under the client's key.
 */
#ifndef FOYER_VISIT_H
#define FOYER_VISIT_H
#include "ics.h"
#include "web.h"

#define VISIT_SHOWN {"visit", Q_visit_message}
#define SERIES_SHOWN {"series", Q_series_message}, {"visits", Q_series_message_visit}

/*
 * visit_tell -- writes the message of a kind ("booked", "moved", "cancelled") with its calendar
 * entry and a fresh manage link into the outbox. A client without an e-mail address gets none.
 * Call it after the change: it tells what then holds. Once per kind and version of the visit.
 */
enum err MUST_CHECK visit_tell(struct req *r, const char *kind, struct str appointment_id);

/*
 * visit_ask_for_forms -- once per visit: a message with a form link, when the visit has forms due
 * and the client has an e-mail address.
 */
enum err MUST_CHECK visit_ask_for_forms(struct req *r, struct str appointment_id);
/* The same once more, when the visit is near and forms are still due. */
enum err MUST_CHECK visit_remind_of_forms(struct req *r, struct str appointment_id);

/*
 * visit_tell_series -- the same of a whole series, once ("series_booked", "series_changed",
 * "series_cancelled"): all its dates in one message, one calendar file. cgi-src/features/series_message.c.
 */
enum err MUST_CHECK visit_tell_series(struct req *r, const char *kind, struct str series_id);

/* What a calendar is told of one of several visits, from a row like that of Q_visit_message; in this language. */
struct ics_visit visit_entry(struct req *r, const struct rows *visits, size_t i, struct str language);

/* A visit as a calendar entry in the page's language, from a row of Q_visit_message (parameter visit_id). */
struct str visit_ics(struct req *r, const struct rows *visit);
#endif
