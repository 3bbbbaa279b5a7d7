/* proof_jobs.h -- jobs of signed copies, for the table of kinds (job_kinds.c), and the letter that both they and a page send. */
#ifndef FOYER_PROOF_JOBS_H
#define FOYER_PROOF_JOBS_H
#include "job.h"

/* copy_job.c: one copy; those that are missing. */
enum job_end proof_copy_job(struct req *r, const struct job *job, struct str *why);
enum job_end proof_missing_job(struct req *r, const struct job *job, struct str *why);

/* chart_job.c: a chart as a file. */
enum job_end proof_chart_job(struct req *r, const struct job *job, struct str *why);
bool proof_chart_give_up(struct req *r, const struct job *job);

/*
 * proof_send -- mails who signed :signature_id of :client_id a link to the copy, never the copy (PROMISES L26); nothing, and OK, for
 * who has no address or no date of birth on record.
 * Errors: those of the statements. send.c
 */
enum err MUST_CHECK proof_send(struct req *r);

#endif
