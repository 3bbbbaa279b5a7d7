/*
 * remind.c -- the jobs that ask again: who has forms that are still due is reminded, so many hours before a visit, or so many days after
 * they became due for her record; visits to come are looked at anew after a form was changed.
 * Owns: once for each visit, twice for what is due for a record: that she was reminded, the letter and the job's next time are one
 * transaction.
 * Never: names a form or a service in a mail.
 */
#include "features/features.h"
#include "outbox.h"
#include "visit.h"

enum job_end form_look_job(struct req *r, const struct job *job, struct str *why)
{
    (void)why;
    req_set(r, "form_id", job->subject_id);
    return req_query(r, Q_form_look) ? JOB_DONE : JOB_LATER;
}

static enum err remind_before_visits(struct req *r)
{
    struct rows *visits = req_query(r, Q_form_remind);
    if (!visits)
        return req_error(r);
    for (size_t i = 0; i < rows_count(visits); i++) {
        struct str visit = arena_str(req_arena(r), rows_text(visits, i, "appointment_id"));
        req_set(r, "reminded", visit);
        enum err e = visit_remind_of_forms(r, visit);
        if (e)
            return e;
        if (!req_query(r, Q_form_remind_event))
            return req_error(r);
    }
    return OK;
}

/* One letter with a link to all that is due; none where no link reaches her, or none would open. */
static enum err remind_of_record(struct req *r, struct str client_id, struct str id)
{
    req_set(r, "client_id", client_id);
    req_set(r, "letter", id);
    struct rows *to = req_show(r, "to", Q_client_form_link, NULL);
    if (!to)
        return req_error(r);
    if (!rows_bool(to, 0, "can_prove"))
        return OK;
    struct letter letter = {
        .kind = "forms_open",
        .client_id = client_id,
        .to = rows_text(to, 0, "email"),
        .ics = S(""),
        .dedupe_key = arena_printf(req_arena(r), "forms_open-%.*s", (int)id.n, id.p)};
    req_set(r, "made_guardian", rows_text(to, 0, "guardian_id"));
    enum err e = outbox_invite(r, "form", S(""), letter);
    if (e)
        return e;
    return req_query(r, Q_form_remind_record_event) ? OK : req_error(r);
}

static enum err remind_of_records(struct req *r)
{
    struct arena *a = req_arena(r);
    struct rows *letters = req_query(r, Q_form_remind_record);
    enum err e = letters ? OK : req_error(r);
    for (size_t i = 0; !e && i < rows_count(letters); i++)
        e = remind_of_record(r, arena_str(a, rows_text(letters, i, "client_id")),
                             arena_str(a, rows_text(letters, i, "letter")));
    return e;
}

enum job_end form_remind_job(struct req *r, const struct job *job, struct str *why)
{
    (void)job;
    if (!remind_before_visits(r) && !remind_of_records(r))
        return JOB_AGAIN;
    *why = S("a reminder of forms could not be written");
    return JOB_LATER;
}
