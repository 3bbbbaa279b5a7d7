/*
 * view_names.c -- names interned to small integers, for the life of the process.
 * Owns: the table. Never: takes names from requests (only templates and code intern), so it stays
 * small. Id 0 is no name.
 */
#include "view_internal.h"

#include <stdlib.h>

static struct {
    struct str *text; /* by id; terminated copies */
    size_t n, cap;
    name_id *slots; /* open addressing; a power of two, at most half full */
    size_t n_slots;
    struct arena *arena;
} names;

static name_id *slot_of(struct str name)
{
    size_t i = str_hash(name) & (names.n_slots - 1);
    while (names.slots[i] && !str_eq(names.text[names.slots[i]], name))
        i = (i + 1) & (names.n_slots - 1);
    return &names.slots[i];
}

static void grow(void)
{
    if (!names.arena) {
        names.arena = arena_new(64U << 20);
        names.n = 1;
    }
    size_t cap = names.cap ? names.cap * 2 : 512;
    struct str *text = arena_alloc(names.arena, cap * sizeof *text);
    if (names.cap)
        memcpy(text, names.text, names.n * sizeof *text);
    names.text = text;
    names.cap = cap;
    names.n_slots = cap * 2;
    names.slots = arena_alloc(names.arena, names.n_slots * sizeof *names.slots);
    for (name_id id = 1; id < names.n; id++)
        *slot_of(names.text[id]) = id;
}

name_id name_find(struct str name) { return names.n_slots ? *slot_of(name) : 0; }

name_id name_intern(struct str name)
{
    if (names.n >= names.cap)
        grow();
    name_id *slot = slot_of(name);
    if (!*slot) {
        names.text[names.n] = arena_str(names.arena, name);
        *slot = (name_id)names.n++;
    }
    return *slot;
}

struct str name_text(name_id id) { return id && id < names.n ? names.text[id] : S(""); }
