/*
 * declined.c -- the job that tells the staff that somebody did not want to sign a form.
 * Never: names her, the form or her reason in a mail; a link leads there.
 */
#include "account.h"
#include "features/features.h"
#include "outbox.h"

enum job_end form_declined_job(struct req *r, const struct job *job, struct str *why)
{
    struct arena *a = req_arena(r);
    req_set(r, "decline_id", job->subject_id);
    struct rows *to = req_query(r, Q_form_declined_to);
    if (!to)
        return JOB_LATER;
    for (size_t i = 0; i < rows_count(to); i++) {
        struct str staff = rows_text(to, i, "staff_id");
        struct staff_letter letter = {
            .kind = "account_form_declined",
            .staff_id = staff,
            .to = rows_text(to, i, "to_address"),
            .link = account_url(a, req_value(r, "tenant_slug"), "/clients/",
                                rows_text(to, i, "client_id")),
            .dedupe_key = arena_printf(a, "declined:%.*s:%.*s", (int)job->subject_id.n,
                                       job->subject_id.p, (int)staff.n, staff.p)};
        if (outbox_staff(r, &letter)) {
            *why = S("the staff could not be told that a form was declined");
            return JOB_LATER;
        }
    }
    return JOB_DONE;
}
