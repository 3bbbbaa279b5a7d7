/*
 * declined.c -- jobs that tell the staff of what cannot wait: somebody did not want to sign a form; five wrong dates of birth have
 * locked a link. Never: names her, the form or her reason in a mail; a link leads there.
 */
#include "account.h"
#include "features/features.h"
#include "outbox.h"

/* A mail to each who is told, with the way to the client's page. */
static enum job_end tell(struct req *r, const struct job *job, enum query who, const char *kind,
                         const char *key)
{
    struct arena *a = req_arena(r);
    struct rows *to = req_query(r, who);
    if (!to)
        return JOB_LATER;
    for (size_t i = 0; i < rows_count(to); i++) {
        struct str staff = rows_text(to, i, "staff_id");
        struct staff_letter letter = {
            .kind = kind,
            .staff_id = staff,
            .to = rows_text(to, i, "to_address"),
            .link = account_url(a, req_value(r, "tenant_slug"), "/clients/",
                                rows_text(to, i, "client_id")),
            .dedupe_key = arena_printf(a, "%s:%.*s:%.*s", key, (int)job->subject_id.n,
                                       job->subject_id.p, (int)staff.n, staff.p)};
        if (outbox_staff(r, &letter))
            return JOB_LATER;
    }
    return JOB_DONE;
}

enum job_end form_declined_job(struct req *r, const struct job *job, struct str *why)
{
    req_set(r, "decline_id", job->subject_id);
    enum job_end end = tell(r, job, Q_form_declined_to, "account_form_declined", "declined");
    if (end == JOB_LATER)
        *why = S("the staff could not be told that a form was declined");
    return end;
}

enum job_end link_locked_job(struct req *r, const struct job *job, struct str *why)
{
    req_set(r, "locked_link", job->subject_id);
    enum job_end end = tell(r, job, Q_form_link_locked_to, "account_link_locked", "locked");
    if (end == JOB_LATER)
        *why = S("the staff could not be told that a link was locked");
    return end;
}
