/* print_page.h -- one page in the shell, without nginx, for daily work (scripts/page). */
#ifndef FOYER_PRINT_PAGE_H
#define FOYER_PRINT_PAGE_H
#include "pool.h"

/* user: e-mail of a staff member at the host, or "-" for nobody. host NULL: the first label is
 * taken from the user's studio, "glow". Prints status, headers that matter and the body. Returns 0
 * when the status is below 400. */
int print_page(const struct pool_options *options, const char *const roles[POOL_COUNT],
               const char *method, const char *path, const char *user, const char *host);
#endif
