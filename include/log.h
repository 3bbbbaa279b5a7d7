/*
 * log.h -- one JSON object a line. Ids only: no names, no answers, no tokens, no SQL values.
 */
#ifndef FOYER_LOG_H
#define FOYER_LOG_H
#include "base.h"

/* path "-" or NULL: standard error. program: "foyer-web", "foyer-jobs", ... Errors: ERR_INVALID. */
enum err MUST_CHECK log_open(const char *path, const char *program, const char *pool);
/* The request id that following lines carry; NULL for none. Copied. */
void log_request(const char *request_id);
/* event: a fixed word such as "request" or "db.lost". Then pairs, ended by NULL:
 *   log_info("request", "route", route, "status", "200", NULL); values are texts. */
void log_info(const char *event, ...) __attribute__((sentinel));
void log_error(const char *event, ...) __attribute__((sentinel));
#endif
