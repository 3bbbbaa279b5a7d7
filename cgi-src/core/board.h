/*
 * board.h -- the notice board of a pool: what its workers did, in memory that all of them share.
 * A file of fixed size (config `boards`, POOL.board), mapped by the master before it forks and read
 * by the status responder. Only counters, process ids and route patterns: nothing of a request, but for a minute a number
 * that stands for the studio whose page it was (share.h).
 */
#ifndef FOYER_BOARD_H
#define FOYER_BOARD_H
#include <stdatomic.h>
#include <sys/types.h>

#include "web.h"

enum {
    BOARD_SLOTS = 512,
    BOARD_PAGES = 1024, /* all pages of the table, and one for what is none */
    BOARD_CLASSES = 6,
    BOARD_BUCKETS = 14,
    BOARD_GUESTS = 512
};

enum slot_state { SLOT_FREE, SLOT_STARTING, SLOT_IDLE, SLOT_BUSY };

typedef _Atomic uint64_t counter; /* lock-free; added to without order */

struct board_page {
    char method[8], route[120];    /* as in the page table; the first is "-": no page */
    counter status[BOARD_CLASSES]; /* [2]: answers 2xx */
    counter bucket[BOARD_BUCKETS]; /* by duration, see board_bounds; the last: longer */
    counter us, database_us;
};
struct board {
    uint64_t magic, size;
    char pool[16], version[64];
    counter master;  /* process id */
    counter started; /* seconds since 1970; a reload goes on */
    counter deaths, reloads, refused;
    counter slots[BOARD_SLOTS]; /* enum slot_state of each worker */
    counter crowded;            /* requests past a studio's share, refused */
    counter holds[BOARD_SLOTS]; /* the studio that each worker works for; 0: none */
    struct {
        counter studio, seen; /* seconds of the monotonic clock */
    } guests[BOARD_GUESTS];   /* who was here lately, by studio */
    uint64_t n_pages;
    struct board_page pages[BOARD_PAGES];
};

/* Upper bounds of the buckets in microseconds, all but the last. */
extern const uint64_t board_bounds[BOARD_BUCKETS - 1];

/* The master's board. keep: a reload; counters of the same pages go on. Where the file cannot be
 * made, memory that nobody else sees: the work is worth more than its numbers. */
struct board *board_make(const char *directory, const char *pool, const char *version,
                         const struct feature *features, bool keep);
/* A pool's board for reading, or NULL; board_drop ends it. */
const struct board *board_read(const char *directory, const char *pool);
void board_drop(const struct board *b);

/* Counts one answer. page NULL: none fitted. */
void board_count(struct board *b, const struct feature *features, const struct page *page,
                 int status, uint64_t us, uint64_t database_us);
static inline void board_add(counter *c, uint64_t n)
{
    atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}
static inline uint64_t board_get(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}
static inline void board_set(counter *c, uint64_t n)
{
    atomic_store_explicit(c, n, memory_order_relaxed);
}

#endif
