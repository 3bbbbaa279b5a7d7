/*
 * message_job.c -- sends one message, or keeps it when no mail server is configured.
 * Owns: the order that makes a message go out once: 'sending' is committed before the server is
 * spoken to, so that a runner that dies meanwhile leaves 'unknown', for a person to decide. It is counted
 * with that: no business sends more than its messages_per_day (SECURITY.md D-26), mails about accounts apart. What a business
 * whose pages are closed has waiting, waits on: its links lead nowhere meanwhile.
 */
#include "account.h"
#include "config.h"
#include "crypto.h"
#include "features.h"
#include "ics.h"
#include "job.h"
#include "mail.h"
#include "proof/proof_jobs.h"
#include "tombstone.h"
#include "trail_jobs.h"
#include "waitlist.h"

/* problem: NULL, or a word of app.message_problem_words. */
static bool set_state(struct req *r, const char *state, const char *problem)
{
    req_set(r, "state", str_of(state));
    req_set_null(r, "problem");
    if (problem)
        req_set(r, "problem", str_of(problem));
    return req_query(r, Q_message_set_state) != NULL;
}

/* Whether the address has opted out, seen in the transaction that would say 'sending'. */
static bool opted_out(struct req *r, const struct job *job, struct str address, bool *is_out)
{
    unsigned char hash[HASH_BYTES];
    suppression_hash(job->tenant_id, S("email"), address, hash);
    req_set_bytes(r, "address_hash", (struct str){(const char *)hash, sizeof hash});
    struct rows *found = req_query(r, Q_message_is_suppressed);
    *is_out = found && rows_count(found) > 0;
    return found != NULL;
}

static enum job_end send_mail(struct req *r, const struct job *job, struct str *why)
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
    /* Somebody spoke to the server and did not come to say how it ended. */
    if (str_is(state, "sending"))
        return set_state(r, "unknown", NULL) ? JOB_DONE : JOB_LATER;
    /* Also what was on its way at that moment and came back to be tried again. */
    if (rows_bool(m, 0, "is_erased"))
        return set_state(r, "suppressed", "erased") ? JOB_DONE : JOB_LATER;
    if (rows_bool(m, 0, "is_suspended"))
        return set_state(r, "queued", "suspended") ? JOB_TOMORROW : JOB_LATER;
    bool is_out;
    if (!opted_out(r, job, rows_text(m, 0, "to_address"), &is_out))
        return JOB_LATER;
    if (is_out)
        return set_state(r, "suppressed", NULL) ? JOB_DONE : JOB_LATER;
    if (config_text("smtp_url")[0] == '\0')
        return set_state(r, "kept", NULL) ? JOB_DONE : JOB_LATER;

    /* A lost password cannot wait until tomorrow: what is about an account is not counted, and not held. */
    bool is_counted = !rows_bool(m, 0, "is_about_account");
    struct rows *taken = is_counted ? req_query(r, Q_message_take) : m;
    if (!taken)
        return JOB_LATER;
    if (rows_count(taken) == 0)
        return set_state(r, "queued", "budget") ? JOB_TOMORROW : JOB_LATER;

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
        .message_id = arena_printf(a, "%.*s@%s", (int)job->subject_id.n, job->subject_id.p,
                                   config_text("domain")),
    };
    if (!set_state(r, "sending", NULL) || job_commit(r))
        return JOB_LATER;
    enum mail_end e = mail_send(a, config_text("smtp_url"), &mail, why);
    if (e == MAIL_TAKEN || e == MAIL_UNKNOWN)
        return set_state(r, e == MAIL_TAKEN ? "sent" : "unknown", NULL) ? JOB_DONE : JOB_LATER;
    bool is_over = e == MAIL_REFUSED || job->attempts >= JOB_ATTEMPTS;
    const char *problem = e == MAIL_REFUSED ? "refused" : is_over ? "tries" : NULL;
    if (!set_state(r, is_over ? "failed" : "queued", problem) ||
        (is_counted && !req_query(r, Q_message_give_back)))
        return JOB_LATER;
    if (job_commit(r))
        return JOB_LATER;
    return is_over ? JOB_HOPELESS : JOB_LATER;
}

static bool give_up_mail(struct req *r, const struct job *job)
{
    req_set(r, "message_id", job->subject_id);
    req_set(r, "problem", job->was_lost ? S("stopped") : S("text"));
    return req_query(r, Q_message_give_up) != NULL;
}

const struct job_kind job_kinds[] = {
    {"message.send", "message.send", send_mail, give_up_mail},
    {"trail.digest", "trail.digest", trail_digest_job, NULL},
    {"trail.review", "trail.review", trail_review_job, NULL},
    {"trail.export", "trail.export", trail_export_job, trail_export_give_up},
    {"account.reset", "account.reset", account_reset_job, NULL},
    {"account.flood", "account.flood", account_flood_job, NULL},
    {"account.signup", "account.signup", account_signup_job, NULL},
    {"sso.discover", "sso.discover", sso_discover, NULL},
    {"sso.exchange", "sso.exchange", sso_exchange, NULL},
    {"waitlist.fill", "waitlist.fill", waitlist_fill_job, NULL},
    {"waitlist.look", "waitlist.look", waitlist_look_job, NULL},
    {"waitlist.lapse", "waitlist.lapse", waitlist_lapse_job, NULL},
    {"form.pdf", "form.pdf", proof_copy_job, NULL},
    {"form.pdfs", "form.pdfs", proof_missing_job, NULL},
    {"chart.pdf", "chart.pdf", proof_chart_job, proof_chart_give_up},
    {"outside.read", "outside.read", outside_read, NULL},
    {"form.remind", "form.remind", form_remind_job, NULL},
    {0},
};
