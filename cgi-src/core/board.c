/*
 * board.c -- makes, maps and counts on a pool's notice board.
 * Owns: its file. A new pool makes a new file and renames it over the old one, so that workers of
 * the one before never write into counters that mean something else.
 * Never: holds anything of a request; blocks.
 */
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum { MAGIC = 0x666f7903 };

const uint64_t board_bounds[BOARD_BUCKETS - 1] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000};

static void write_table(struct board *b, const struct feature *features)
{
    b->n_pages = 1;
    snprintf(b->pages[0].method, sizeof b->pages[0].method, "-");
    snprintf(b->pages[0].route, sizeof b->pages[0].route, "-");
    for (const struct feature *f = features; f->name; f++)
        for (const struct page *p = f->pages; p->path && b->n_pages < BOARD_PAGES; p++) {
            struct board_page *to = &b->pages[b->n_pages++];
            snprintf(to->method, sizeof to->method, "%s", p->method == POST ? "POST" : "GET");
            snprintf(to->route, sizeof to->route, "%s", p->path);
        }
}

static bool same_table(const struct board *b, const struct board *other)
{
    bool same = b->n_pages == other->n_pages;
    for (size_t i = 0; same && i < b->n_pages; i++)
        same = strcmp(b->pages[i].method, other->pages[i].method) == 0 &&
               strcmp(b->pages[i].route, other->pages[i].route) == 0;
    return same;
}

static bool is_board(const struct board *b, const char *pool)
{
    return b->magic == MAGIC && b->size == sizeof *b &&
           strncmp(b->pool, pool, sizeof b->pool) == 0 && b->n_pages <= BOARD_PAGES;
}

/* The file mapped, or NULL. */
static struct board *map_file(const char *path, int flags)
{
    struct stat st;
    struct board *b = MAP_FAILED;
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return NULL;
    bool writes = (flags & O_ACCMODE) == O_RDWR;
    /* Its blocks are taken now: a full disk later would be a bus error. */
    if ((flags & O_CREAT) && fchmod(fd, 0640) != 0) /* pool status may run as another user */
        log_error("board.mode", "path", path, "why", strerror(errno), NULL);
    bool ready = !(flags & O_CREAT) || posix_fallocate(fd, 0, sizeof *b) == 0;
    if (ready && fstat(fd, &st) == 0 && st.st_size == (off_t)sizeof *b)
        b = mmap(NULL, sizeof *b, PROT_READ | (writes ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
    close(fd);
    return b == MAP_FAILED ? NULL : b;
}

static void path_of(char path[512], const char *directory, const char *pool, const char *tail)
{
    snprintf(path, 512, "%s/%s.board%s", directory, pool, tail);
}

struct board *board_make(const char *directory, const char *pool, const char *version,
                         const struct feature *features, bool keep)
{
    char path[512], new[512];
    path_of(path, directory, pool, "");
    path_of(new, directory, pool, ".new");
    struct board *old = keep ? map_file(path, O_RDWR) : NULL;
    unlink(new);
    struct board *b = map_file(new, O_RDWR | O_CREAT | O_EXCL);
    bool named = b != NULL;
    if (!b) {
        log_error("board.file", "path", new, "why", strerror(errno), NULL);
        b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (b == MAP_FAILED)
            abort();
    }
    b->magic = MAGIC;
    b->size = sizeof *b;
    snprintf(b->pool, sizeof b->pool, "%s", pool);
    write_table(b, features);
    if (old && is_board(old, pool) && same_table(old, b)) {
        munmap(b, sizeof *b);
        unlink(new);
        b = old;
        named = false; /* it has its name */
        old = NULL;
    }
    uint64_t started = old && is_board(old, pool) ? board_get(&old->started) : 0;
    if (old)
        munmap(old, sizeof *old);
    snprintf(b->version, sizeof b->version, "%s", version);
    board_set(&b->master, (uint64_t)getpid());
    if (board_get(&b->started) == 0)
        board_set(&b->started, started ? started : (uint64_t)time(NULL));
    if (named && rename(new, path) != 0)
        log_error("board.file", "path", path, "why", strerror(errno), NULL);
    return b;
}

const struct board *board_read(const char *directory, const char *pool)
{
    char path[512];
    path_of(path, directory, pool, "");
    struct board *b = map_file(path, O_RDONLY);
    if (b && !is_board(b, pool)) {
        munmap(b, sizeof *b);
        return NULL;
    }
    return b;
}

void board_drop(const struct board *b)
{
    if (b)
        munmap((void *)(uintptr_t)b, sizeof *b);
}

/* A page's place in the table; 0: none, or a table longer than a board. */
static size_t place(const struct feature *features, const struct page *page)
{
    size_t n = 1;
    for (const struct feature *f = features; page && f->name; f++)
        for (const struct page *p = f->pages; p->path; p++, n++)
            if (p == page)
                return n < BOARD_PAGES ? n : 0;
    return 0;
}

void board_count(struct board *b, const struct feature *features, const struct page *page,
                 int status, uint64_t us, uint64_t database_us)
{
    struct board_page *p = &b->pages[place(features, page)];
    size_t bucket = 0, class = status >= 100 && status < 600 ? (size_t)status / 100 : 0;
    while (bucket < BOARD_BUCKETS - 1 && us > board_bounds[bucket])
        bucket++;
    board_add(&p->status[class], 1);
    board_add(&p->bucket[bucket], 1);
    board_add(&p->us, us);
    board_add(&p->database_us, database_us);
}
