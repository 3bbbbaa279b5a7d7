/*
 * route.h -- the page table of all features as one, and finding a page in it.
 */
#ifndef FOYER_ROUTE_H
#define FOYER_ROUTE_H
#include "http.h"
#include "web.h"

/* Checks every row once at start: known path kinds, no two rows alike, a POST has a body rule, a
 * page that needs one has a view, ... false and *why at the first mistake. */
bool routes_check(const struct feature *features, struct arena *a, struct str *why);
/* The page for a path at a kind of host; NULL: none. *other_method: the path exists for another. */
const struct page *route_find(const struct feature *features, enum realm host, enum method method,
                              struct str path, struct arena *a, struct pairs *params,
                              bool *other_method);
/* The GET page with exactly this pattern at a kind of host. */
const struct page *route_named(const struct feature *features, enum realm host,
                               const char *pattern);
/* Name of the feature that a page belongs to. */
const char *route_feature(const struct feature *features, const struct page *page);
/* Fills {name} in a pattern from value(self, name), percent-encoded. False: a name has no value. */
bool route_fill(struct buf *out, const char *pattern,
                struct str (*value)(void *self, struct str name), void *self);
const char *realm_word(enum realm r);
const char *door_word(enum door d);
const char *pool_word(enum pool p);

#endif
