/*
 * client_import.h -- a list of clients as a file: how its parts are read, for its pages and its jobs.
 */
#ifndef FOYER_CLIENT_IMPORT_H
#define FOYER_CLIENT_IMPORT_H
#include "csv_read.h"
#include "job.h"

enum { IMPORT_MOST_ROWS = 50000, IMPORT_MOST_BYTES = 11 * 1024 * 1024 /* FASTCGI_MAX_UPLOAD */ };

/* A cell as it is kept: one line, without blanks at its ends, and without the apostrophe with which a table program keeps it from being
 * a formula. false: it has characters that cannot be kept. */
bool import_cell(struct arena *a, struct str cell, struct str *out);
/* "name":"value" into an object that is being written. */
void import_json(struct buf *b, const char *name, struct str value);

enum job_end client_import_check_job(struct req *r, const struct job *job, struct str *why);
enum job_end client_import_add_job(struct req *r, const struct job *job, struct str *why);
enum job_end client_import_undo_job(struct req *r, const struct job *job, struct str *why);
bool client_import_give_up(struct req *r, const struct job *job);

#endif
