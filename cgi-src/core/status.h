/*
 * status.h -- /health/live, /health/ready and /metrics, for an inner address only.
 */
#ifndef FOYER_STATUS_H
#define FOYER_STATUS_H
#include "db.h"

struct status_answer {
    int status;
    const char *type;
    struct str body;
};

/* Where signed heads go outside, as the text of an array: "file" for setting heads_copy, then each
 * address of heads_mail. */
const char *status_destinations(struct arena *a);
/* Whether a pool has a master and a worker that is ready. */
struct board;
bool status_pool_is_up(const struct board *b);

/* path: as asked for. boards: directory of the pools' boards. */
struct status_answer status_handle(struct db *db, struct arena *a, const char *boards,
                                   struct str path);

#endif
