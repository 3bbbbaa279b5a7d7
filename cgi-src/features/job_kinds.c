/* job_kinds.c -- what foyer-jobs can do: every kind of job, once. Which of them let others go first, the table app.job says (is_patient). */
#include "account.h"
#include "client_import.h"
#include "features.h"
#include "job.h"
#include "proof/proof_jobs.h"
#include "trail_jobs.h"
#include "waitlist.h"

const struct job_kind job_kinds[] = {
    {"message.send", "message.send", message_send_job, message_give_up},
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
    {"client.import.check", "client.import.check", client_import_check_job, client_import_give_up},
    {"client.import.add", "client.import", client_import_add_job, client_import_give_up},
    {"client.import.undo", "client.import.undo", client_import_undo_job, client_import_give_up},
    {"form.remind", "form.remind", form_remind_job, NULL},
    {"media.remove", "media.remove", media_remove_job, NULL},
    {"media.sweep", "media.sweep", media_sweep_job, NULL},
    {"form.declined", "form.declined", form_declined_job, NULL},
    {"link.locked", "link.locked", link_locked_job, NULL},
    {"correction.told", "correction.told", correction_told_job, NULL},
    {"form.look", "form.look", form_look_job, NULL},
    {"key.rewrap", "key.rewrap", key_rewrap_job, NULL},
    {0},
};
