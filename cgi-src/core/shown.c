/* shown.c -- items built in C, as lists for a template. */
#include "shown.h"

#include <assert.h>

static void add(struct shown_item *item, const char *name, struct val val)
{
    assert(item->n < SHOWN_MAX);
    item->values[item->n++] = (struct kv){name_intern(str_of(name)), val};
}

void shown_text(struct shown_item *item, const char *name, struct str text)
{
    add(item, name, (struct val){.kind = VAL_TEXT, .s = text});
}

void shown_flag(struct shown_item *item, const char *name, bool flag)
{
    add(item, name, (struct val){.kind = VAL_BOOL, .b = flag});
}

void shown_list(struct shown_item *item, const char *name, struct val list)
{
    add(item, name, list);
}

static const struct frame *frame_at(struct arena *a, const void *self, size_t i,
                                    const struct frame *outer)
{
    (void)a;
    (void)outer;
    return &((const struct kv_frame *)self)[i].base;
}

struct val shown_items(struct arena *a, const struct shown_item *items, size_t n)
{
    static const struct list_ops ops = {frame_at};
    struct kv_frame *frames = arena_alloc(a, (n + 1) * sizeof *frames);
    for (size_t i = 0; i < n; i++)
        frames[i] = kv_frame_of(items[i].values, items[i].n);
    return (struct val){.kind = VAL_LIST, .list = {&ops, frames, n}};
}
