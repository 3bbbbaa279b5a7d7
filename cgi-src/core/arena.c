/*
 * arena.c -- memory of one request, taken in blocks and released all at once.
 * Owns: the blocks and the list of clean-ups. Under ASan all that is not handed out is poisoned, so
 * a pointer that outlives its request is found at its first use.
 * Never: returns NULL; past the cap, or out of memory, the process says so and exits with 70.
 */
#include "base.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ARENA_POISON)
#define ARENA_POISON 1
#endif

#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
enum { RED_ZONE = 0 };
#endif

enum {
    BLOCK_BYTES = 64 * 1024,
    KEPT_BYTES = 1024 * 1024, /* what a reset keeps for the next request */
    ALIGN = alignof(max_align_t)
};

struct block {
    struct block *next;
    size_t size, used; /* of bytes[] */
    alignas(max_align_t) char bytes[];
};

struct cleanup {
    struct cleanup *next;
    void (*release)(void *);
    void *what;
};

struct arena {
    struct block *first, *current; /* blocks before current are full, those after it are empty */
    struct cleanup *cleanups;
    size_t used, cap;
};

static _Noreturn void give_up(const char *why, size_t n, size_t cap)
{
    char line[200];
    int len = snprintf(line, sizeof line,
                       "arena: %s: asked for %zu more bytes with a cap of %zu (memory_cap_mb); "
                       "this process ends\n",
                       why, n, cap);
    if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0)
        _exit(71);
    _exit(70);
}

static struct block *block_new(const struct arena *a, size_t n)
{
    size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
    struct block *b = malloc(sizeof *b + size);
    if (!b)
        give_up("out of memory", n, a->cap);
    b->next = NULL;
    b->size = size;
    b->used = 0;
    ASAN_POISON_MEMORY_REGION(b->bytes, size);
    return b;
}

static void block_free(struct block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->bytes, b->size);
    free(b);
}

struct arena *arena_new(size_t cap)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        give_up("out of memory", sizeof *a, cap);
    a->cap = cap;
    return a;
}

/* The block that has room for n bytes, made current. An empty block that is too small is left out
 * until the reset. */
static struct block *block_with_room(struct arena *a, size_t n)
{
    struct block *b = a->current;
    while (b && b->size - b->used < n && b->next)
        b = b->next;
    if (!b || b->size - b->used < n) {
        struct block *fresh = block_new(a, n);
        if (b)
            b->next = fresh;
        else
            a->first = fresh;
        b = fresh;
    }
    a->current = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    size_t room;
    if (__builtin_add_overflow(n ? n : 1, (size_t)ALIGN - 1 + RED_ZONE, &room))
        give_up("impossible size", n, a->cap);
    room &= ~(size_t)(ALIGN - 1);
    if (room > a->cap || a->used > a->cap - room)
        give_up("the cap is reached", n, a->cap);
    struct block *b = block_with_room(a, room);
    void *p = b->bytes + b->used;
    b->used += room;
    a->used += room;
    ASAN_UNPOISON_MEMORY_REGION(p, n);
    return memset(p, 0, n);
}

void arena_defer(struct arena *a, void (*release)(void *), void *what)
{
    struct cleanup *c = arena_alloc(a, sizeof *c);
    *c = (struct cleanup){a->cleanups, release, what};
    a->cleanups = c;
}

static void run_cleanups(struct arena *a)
{
    while (a->cleanups) {
        struct cleanup *c = a->cleanups;
        a->cleanups = c->next;
        c->release(c->what);
    }
}

void arena_reset(struct arena *a)
{
    run_cleanups(a);
    struct block **link = &a->first;
    size_t kept = 0;
    while (*link) {
        struct block *b = *link;
        if (kept + b->size <= KEPT_BYTES) {
            kept += b->size;
            b->used = 0;
            ASAN_POISON_MEMORY_REGION(b->bytes, b->size);
            link = &b->next;
        } else {
            *link = b->next;
            block_free(b);
        }
    }
    a->current = a->first;
    a->used = 0;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    run_cleanups(a);
    for (struct block *b = a->first; b;) {
        struct block *next = b->next;
        block_free(b);
        b = next;
    }
    free(a);
}

size_t arena_used(const struct arena *a) { return a->used; }

char *arena_cstr(struct arena *a, struct str s)
{
    if (s.n == SIZE_MAX)
        give_up("impossible size", s.n, a->cap);
    char *copy = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    return copy;
}

struct str arena_str(struct arena *a, struct str s) { return (struct str){arena_cstr(a, s), s.n}; }

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    if (!fmt)
        return (struct str){"", 0};
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = arena_alloc(a, n > 0 ? (size_t)n + 1 : 1);
    if (n > 0)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){text, n > 0 ? (size_t)n : 0};
}
