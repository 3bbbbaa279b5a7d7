/*
 * client_import.h -- a list of clients as a file: how its parts are read, for its pages and its jobs.
 */
#ifndef FOYER_CLIENT_IMPORT_H
#define FOYER_CLIENT_IMPORT_H
#include "csv_read.h"
#include "job.h"

enum { IMPORT_MOST_ROWS = 50000, IMPORT_MOST_BYTES = 11 * 1024 * 1024 /* FASTCGI_MAX_UPLOAD */ };

/* A cell as it is kept: one line (or several, where its column may hold them), without blanks at its ends, and without the apostrophe with
 * which a table program keeps it from being a formula. false: it has characters that cannot be kept. */
bool import_cell(struct arena *a, struct str cell, bool has_lines, struct str *out);
/* "name":"value" into an object that is being written. */
void import_json(struct buf *b, const char *name, struct str value);

/* The fields of the business's own that columns of a list hold (client_import_own.c). */
struct import_own;
/* *own: NULL where no column holds one. false: the database did not say. */
bool MUST_CHECK import_own_load(struct req *r, const struct str *columns, size_t n_columns, struct import_own **own);
/* Asks what the dates among their cells mean in the list's format, for all rows of a part. false: the database did not say. */
bool MUST_CHECK import_own_dates(struct import_own *own, struct req *r, struct csv_reader part);
/*
 * import_own_json -- appends "own" and "own_left" to a row's object: what is kept, sealed under her key, and what was left out, by the
 * field's name. In: the rows in the order of import_own_dates, without those that have another number of cells than the first line; key
 * NULL: nobody is entered yet, and nothing is sealed.
 */
void import_own_json(struct import_own *own, struct arena *a, struct buf *b, const struct csv_row *row, struct str tenant, const unsigned char *key);

enum job_end client_import_check_job(struct req *r, const struct job *job, struct str *why);
enum job_end client_import_add_job(struct req *r, const struct job *job, struct str *why);
enum job_end client_import_undo_job(struct req *r, const struct job *job, struct str *why);
bool client_import_give_up(struct req *r, const struct job *job);

#endif
