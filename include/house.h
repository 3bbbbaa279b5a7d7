/*
 * house.h -- how the installation is, written down minute by minute for the operator's page.
 * Implementation: cgi-src/features/house.c.
 */
#ifndef FOYER_HOUSE_H
#define FOYER_HOUSE_H
#include "db.h"

/* Takes one sample: the pools' boards and the counts of the queues, in a transaction of its own.
 * boards: their directory. A failure is logged, and nothing else comes of it. */
void house_sample(struct db *db, struct arena *a, const char *boards);

#endif
