/*
 * share.c -- one studio never holds all workers of a pool while others want them.
 * Owns: holds and guests on the pool's board. No lock: a worker first says for whom it works, then counts;
 * so two that come at once may both find the share full, and never both find it free.
 */
#include "share.h"

#include <time.h>

enum { LATELY_SECONDS = 60 };

/* FNV-1a of the host, never 0. Two studios with one number would share a share: no more. */
static uint64_t studio_of(struct str host)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < host.n; i++)
        h = (h ^ (unsigned char)host.p[i]) * 0x100000001b3;
    return h ? h : 1;
}

static uint64_t seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec;
}

static bool is_alone(const struct board *b, uint64_t studio, uint64_t now)
{
    for (size_t i = 0; i < BOARD_GUESTS; i++) {
        uint64_t other = board_get(&b->guests[i].studio), seen = board_get(&b->guests[i].seen);
        if (other && other != studio && seen + LATELY_SECONDS >= now)
            return false;
    }
    return true;
}

long share_most(long workers, long percent)
{
    long most = workers * percent / 100;
    return most < 1 ? 1 : most;
}

bool share_take(struct board *b, size_t slot, struct str host, long most)
{
    uint64_t studio = studio_of(host), now = seconds_now();
    long n = 0;
    board_set(&b->guests[studio % BOARD_GUESTS].studio, studio);
    board_set(&b->guests[studio % BOARD_GUESTS].seen, now);
    atomic_store(&b->holds[slot], studio);
    for (size_t i = 0; i < BOARD_SLOTS; i++)
        n += atomic_load(&b->holds[i]) == studio;
    if (n <= most || is_alone(b, studio, now))
        return true;
    share_end(b, slot);
    board_add(&b->crowded, 1);
    return false;
}

void share_end(struct board *b, size_t slot) { atomic_store(&b->holds[slot], 0); }
