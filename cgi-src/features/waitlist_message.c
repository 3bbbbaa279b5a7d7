/*
 * waitlist_message.c -- a time that became free is offered, its reader told, and the offer ended when
 * nobody answers: the jobs of the waitlist.
 * Owns: hold, offer, mail and the end of the job in one transaction, so that a runner that dies has
 * done all of it or nothing, and the next one does it.
 * Never: names the service in a mail; lets a link that is only followed answer anything.
 */
#include "waitlist.h"

#include "outbox.h"

enum err waitlist_tell(struct req *r, struct str offer_id)
{
    req_set(r, "told_offer", offer_id);
    struct rows *offer = req_show(r, "offer", Q_waitlist_message, NULL);
    if (!offer)
        return req_error(r);
    struct letter letter = {
        .kind = "waitlist_offer",
        .client_id = rows_text(offer, 0, "client_id"),
        .to = rows_text(offer, 0, "email"),
        .ics = S(""),
        .dedupe_key = arena_printf(req_arena(r), "waitlist-%.*s", (int)offer_id.n, offer_id.p),
    };
    return outbox_invite(r, "waitlist", S(""), letter);
}

/* Each who was offered something by this statement is told, or nothing is done. */
static enum job_end offer(struct req *r, enum query statement, struct str *why)
{
    struct rows *offers = req_query(r, statement);
    if (!offers)
        return JOB_LATER;
    for (size_t i = 0; i < rows_count(offers); i++)
        if (waitlist_tell(r, rows_text(offers, i, "offer_id"))) {
            *why = S("the mail to who is offered the time could not be written");
            return JOB_LATER;
        }
    return JOB_DONE;
}

enum job_end waitlist_fill_job(struct req *r, const struct job *job, struct str *why)
{
    req_set(r, "freed", job->subject_id);
    return offer(r, Q_waitlist_fill, why);
}

enum job_end waitlist_look_job(struct req *r, const struct job *job, struct str *why)
{
    (void)job;
    return offer(r, Q_waitlist_look, why);
}

enum job_end waitlist_lapse_job(struct req *r, const struct job *job, struct str *why)
{
    (void)why;
    req_set(r, "offer_id", job->subject_id);
    return req_query(r, Q_waitlist_lapse) ? JOB_DONE : JOB_LATER;
}
