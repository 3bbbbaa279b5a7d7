/* job_runner.h -- takes jobs one by one from the table and runs them. */
#ifndef FOYER_JOB_RUNNER_H
#define FOYER_JOB_RUNNER_H
#include "gate.h"
#include "job.h"

/* Runs one due job. 1: one was run; 0: none is due; -1: the database is away. */
int job_run_one(struct gate *g);
/* Housekeeping of the database: old form keys, counters, sessions, next month's audit partition. */
void job_tidy(struct gate *g);

#endif
