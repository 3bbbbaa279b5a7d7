/*
 * remind.c -- the jobs that ask again: who has forms that are still due is reminded, so many hours before a visit; visits to come are
 * looked at anew after a form was changed.
 * Owns: once for each visit: that it was reminded, the letter and the job's next time are one transaction.
 * Never: names a form or a service in a mail.
 */
#include "features/features.h"
#include "visit.h"

enum job_end form_look_job(struct req *r, const struct job *job, struct str *why)
{
    (void)why;
    req_set(r, "form_id", job->subject_id);
    return req_query(r, Q_form_look) ? JOB_DONE : JOB_LATER;
}

enum job_end form_remind_job(struct req *r, const struct job *job, struct str *why)
{
    (void)job;
    struct rows *visits = req_query(r, Q_form_remind);
    if (!visits)
        return JOB_LATER;
    for (size_t i = 0; i < rows_count(visits); i++) {
        struct str visit = arena_str(req_arena(r), rows_text(visits, i, "appointment_id"));
        req_set(r, "reminded", visit);
        if (visit_remind_of_forms(r, visit) || !req_query(r, Q_form_remind_event)) {
            *why = S("a reminder of forms could not be written");
            return JOB_LATER;
        }
    }
    return JOB_AGAIN;
}
