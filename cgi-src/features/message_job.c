/*
 * message_job.c -- sends one message, or keeps it when no mail server is configured.
 * Owns: the order that makes a message go out once: 'sending' is committed before the server is
 * spoken to, so that a runner that dies meanwhile leaves 'unknown', for a person to decide. It is counted
 * with that: no business sends more than its messages_per_day (SECURITY.md D-26), mails about accounts apart. What a business
 * whose pages are closed has waiting, waits on: its links lead nowhere meanwhile.
 */
#include "config.h"
#include "features.h"
#include "ics.h"
#include "job.h"
#include "mail.h"
#include "outbox.h"

/* problem: NULL, or a word of app.message_problem_words. What comes of the job: as given, or done when the database keeps
 * the message back, for she does not allow it or the address has opted out (app.message_gate). */
static enum job_end settle(struct req *r, const char *state, const char *problem, enum job_end end)
{
    req_set(r, "state", str_of(state));
    req_set_null(r, "problem");
    if (problem)
        req_set(r, "problem", str_of(problem));
    struct rows *now = req_query(r, Q_message_set_state);
    if (!now)
        return JOB_LATER;
    return str_is(rows_text(now, 0, "state"), state) ? end : JOB_DONE;
}

enum job_end message_send_job(struct req *r, const struct job *job, struct str *why)
{
    req_set(r, "message_id", job->subject_id);
    struct rows *m = req_query(r, Q_message_to_send);
    if (!m || rows_count(m) == 0) {
        *why = S("there is no such message");
        return m ? JOB_HOPELESS : JOB_LATER;
    }
    struct str state = rows_text(m, 0, "state");
    if (str_is(state, "sent") || str_is(state, "kept") || str_is(state, "suppressed"))
        return JOB_DONE;
    outbox_set_address_hash(r, rows_text(m, 0, "to_address"));
    /* Somebody spoke to the server and did not come to say how it ended. */
    if (str_is(state, "sending"))
        return settle(r, "unknown", NULL, JOB_DONE);
    /* Also what was on its way at that moment and came back to be tried again. */
    if (rows_bool(m, 0, "is_erased"))
        return settle(r, "suppressed", "erased", JOB_DONE);
    if (rows_bool(m, 0, "is_suspended"))
        return settle(r, "queued", "suspended", JOB_TOMORROW);
    if (config_text("smtp_url")[0] == '\0')
        return settle(r, "kept", NULL, JOB_DONE);

    /* A lost password cannot wait until tomorrow: what is about an account is not counted, and not held. */
    bool is_counted = !rows_bool(m, 0, "is_about_account");
    struct rows *taken = is_counted ? req_query(r, Q_message_take) : m;
    if (!taken)
        return JOB_LATER;
    if (rows_count(taken) == 0)
        return settle(r, "queued", "budget", JOB_TOMORROW);

    struct rows *copy = rows_bool(m, 0, "has_copy") ? req_query(r, Q_message_attachment) : m;
    if (!copy || rows_count(copy) == 0)
        return JOB_LATER;

    struct arena *a = req_arena(r);
    struct str body = rows_text(m, 0, "body_sealed");
    struct mail mail = {
        .from = str_of(config_text("mail_from")),
        .from_name = arena_str(a, rows_text(m, 0, "from_name")),
        .to = arena_str(a, rows_text(m, 0, "to_address")),
        .subject = arena_str(a, rows_text(m, 0, "subject")),
        .text = arena_str(a, body.n ? body : rows_text(m, 0, "body")),
        .calendar = arena_str(a, rows_text(m, 0, "ics_sealed")),
        .method = ics_method(rows_text(m, 0, "ics_sealed")),
        .attachment = copy == m ? S("") : arena_str(a, rows_text(copy, 0, "pdf_sealed")),
        .message_id = arena_printf(a, "%.*s@%s", (int)job->subject_id.n, job->subject_id.p,
                                   config_text("domain")),
    };
    /* JOB_AGAIN: it may go out. */
    enum job_end may = settle(r, "sending", NULL, JOB_AGAIN);
    if (may == JOB_DONE && is_counted && !req_query(r, Q_message_give_back))
        return JOB_LATER;
    if (may != JOB_AGAIN || job_commit(r))
        return may == JOB_DONE ? JOB_DONE : JOB_LATER;
    enum mail_end e = mail_send(a, config_text("smtp_url"), &mail, why);
    if (e == MAIL_TAKEN || e == MAIL_UNKNOWN)
        return settle(r, e == MAIL_TAKEN ? "sent" : "unknown", NULL, JOB_DONE);
    bool is_over = e == MAIL_REFUSED || job->attempts >= JOB_ATTEMPTS;
    const char *problem = e == MAIL_REFUSED ? "refused" : is_over ? "tries" : NULL;
    enum job_end end = settle(r, is_over ? "failed" : "queued", problem, JOB_AGAIN);
    if (end == JOB_LATER || (is_counted && !req_query(r, Q_message_give_back)) || job_commit(r))
        return JOB_LATER;
    return end == JOB_DONE ? JOB_DONE : is_over ? JOB_HOPELESS : JOB_LATER;
}

bool message_give_up(struct req *r, const struct job *job)
{
    req_set(r, "message_id", job->subject_id);
    req_set(r, "problem", job->was_lost ? S("stopped") : S("text"));
    return req_query(r, Q_message_give_up) != NULL;
}
