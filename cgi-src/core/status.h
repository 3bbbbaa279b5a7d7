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

/* path: as asked for. boards: directory of the pools' boards. */
struct status_answer status_handle(struct db *db, struct arena *a, const char *boards,
                                   struct str path);

#endif
