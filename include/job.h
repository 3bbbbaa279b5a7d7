/*
 * job.h -- work that foyer-jobs does: a kind, and the function that does it.
 * A job is a request without a browser: the same statements, disclosure and sealing, one tenant.
 */
#ifndef FOYER_JOB_H
#define FOYER_JOB_H
#include "web.h"

enum { JOB_ATTEMPTS = 8 }; /* then it is dead: as sec.job_failed */

struct job {
    struct str id, tenant_id, kind, subject_id;
    int64_t attempts;
    bool was_lost; /* its runner died before; what it did outside is unknown */
};

/* What came of one job. What it did holds, and it is due again: JOB_TOMORROW on the business's next day, JOB_AGAIN in a quarter
 * of an hour. */
enum job_end { JOB_DONE, JOB_LATER, JOB_HOPELESS, JOB_TOMORROW, JOB_AGAIN };

struct job_kind {
    const char *kind;
    const char *action; /* audit action of what it discloses */
    /* Runs inside the job's tenant, in a transaction that the runner opened. *why: for the operator,
     * never with a client's data. May end the transaction by job_commit and go on in a new one. */
    enum job_end (*run)(struct req *r, const struct job *job, struct str *why);
    /* Nobody will try this job again: says so where people look, in the transaction that ends it. */
    bool (*give_up)(struct req *r, const struct job *job);
};
extern const struct job_kind job_kinds[]; /* ended by a NULL kind */

/* Commits what was done so far and opens the next transaction in the same tenant. */
enum err MUST_CHECK job_commit(struct req *r);

#endif
