/*
 * shown.h -- what a page shows beside query results: items built in C, as lists. Implementation: cgi-src/core/shown.c.
 */
#ifndef FOYER_SHOWN_H
#define FOYER_SHOWN_H
#include "view.h"

enum { SHOWN_MAX = 40 };

struct shown_item {
    struct kv values[SHOWN_MAX];
    size_t n;
};
void shown_text(struct shown_item *item, const char *name, struct str text);
void shown_flag(struct shown_item *item, const char *name, bool flag);
void shown_list(struct shown_item *item, const char *name, struct val list);
/* The items as a section's list; they must live as long as the request. */
struct val shown_items(struct arena *a, const struct shown_item *items, size_t n);

#endif
