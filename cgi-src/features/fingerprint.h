/* fingerprint.h -- what a database holds, as counts and hashes that two databases can be compared by. */
#ifndef FOYER_FINGERPRINT_H
#define FOYER_FINGERPRINT_H
#include <libpq-fe.h>
#include <stdio.h>

#include "base.h"

/*
 * fingerprint_print -- a line "table NAME ROWS SHA256" for every table, rows in the order of their key,
 * and "catalog KIND ROWS SHA256" for policies, triggers, grants and the rest of what guards them.
 * In:  c inside a transaction that sees what is to be compared.
 * false: something could not be read, by row security too (D-16), or there is not one row: said on stderr.
 */
bool fingerprint_print(PGconn *c, struct arena *a, FILE *out);

/*
 * fingerprint_point -- a restore point of that name, and the fingerprint of exactly what it holds.
 * Writers wait while the point is made (some milliseconds, never more than 3 seconds).
 */
bool fingerprint_point(const char *role, struct arena *a, const char *name, FILE *out);

#endif
