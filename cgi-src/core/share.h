/*
 * share.h -- how many workers of a pool one studio may hold at once (SECURITY.md D-26).
 * Counted where the work is, not in nginx: there a connection that is slow to send or to read counts as
 * long as it likes, and a handful of them would shut a studio out.
 */
#ifndef FOYER_SHARE_H
#define FOYER_SHARE_H
#include "board.h"

/* Most workers of so many for one studio, at percent of them: at least one, and at 100 all. */
long share_most(long workers, long percent);

/*
 * Takes the worker at a slot of the board for the studio at a host. False: that studio holds `most`
 * already and another one was here within the last minute; nothing is taken then. A studio that is
 * alone may have all workers.
 */
bool MUST_CHECK share_take(struct board *b, size_t slot, struct str host, long most);
void share_end(struct board *b, size_t slot);

#endif
