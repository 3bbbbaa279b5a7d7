/* trail_jobs.h -- jobs of the trail, for the table of kinds (job_kinds.c). */
#ifndef FOYER_TRAIL_JOBS_H
#define FOYER_TRAIL_JOBS_H
#include "job.h"

/* review.c: the day's signed head to each owner; the week's review, and the mail when one waits. */
enum job_end trail_digest_job(struct req *r, const struct job *job, struct str *why);
enum job_end trail_review_job(struct req *r, const struct job *job, struct str *why);

/* audit_export.c: the file of a copy that was asked for. */
enum job_end trail_export_job(struct req *r, const struct job *job, struct str *why);
bool trail_export_give_up(struct req *r, const struct job *job);

#endif
