/*
 * waitlist.h -- telling somebody on the waitlist of a time that is held for her.
 * Implementation: cgi-src/features/waitlist_message.c.
 */
#ifndef FOYER_WAITLIST_H
#define FOYER_WAITLIST_H
#include "job.h"

/*
 * waitlist_tell -- a mail with a link to the page on which she takes or declines it; none without an
 * address. In a page or a job, in the transaction that made the offer.
 */
enum err MUST_CHECK waitlist_tell(struct req *r, struct str offer_id);

/* Jobs, for the table of message_job.c. subject: the slot that became free; the offer that is over. */
enum job_end waitlist_fill_job(struct req *r, const struct job *job, struct str *why);
enum job_end waitlist_look_job(struct req *r, const struct job *job, struct str *why);
enum job_end waitlist_lapse_job(struct req *r, const struct job *job, struct str *why);

#endif
