/*
 * fault.c -- a library put before the others (LD_PRELOAD) that makes the n-th call of one kind fail (SECURITY.md H-08). Only for
 * tests (faulty.js), which write into the file named by FAULT_FILE: which kind, and which call; and read back how many there
 * were. WITHOUT_MEMORY: for programs whose memory is a sanitizer's.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NONE, MEMORY, WRITING, READING, LIBPQ, STATEMENT, FILES };

struct order {
    uint64_t kind, at, count, fired;
};
static volatile struct order *order;

__attribute__((constructor)) static void open_order(void)
{
    int fd = open(getenv("FAULT_FILE"), O_RDWR | O_CLOEXEC);
    void *p = mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        _exit(99);
    close(fd);
    order = p;
}

static int fails(uint64_t kind)
{
    if (!order || order->kind != kind)
        return 0;
    order->count = order->count + 1;
    if (order->count != order->at)
        return 0;
    order->fired = 1;
    return 1;
}

/* ---- memory ---- */

#ifndef WITHOUT_MEMORY
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}
void *malloc(size_t n) { return fails(MEMORY) ? no_memory() : __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return fails(MEMORY) ? no_memory() : __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return fails(MEMORY) ? no_memory() : __libc_realloc(p, n); }
#endif

/* ---- bytes out and in ---- */

#define NEXT(type, name, parameters)                                                               \
    static type(*next) parameters;                                                                 \
    if (!next)                                                                                     \
        *(void **)&next = dlsym(RTLD_NEXT, name)

/* A connection that breaks is broken for good, on both sides. */
static ssize_t broken(int fd, int why)
{
    if (fd > STDERR_FILENO)
        shutdown(fd, SHUT_RDWR);
    errno = why;
    return -1;
}
ssize_t write(int fd, const void *p, size_t n)
{
    NEXT(ssize_t, "write", (int, const void *, size_t));
    return fails(WRITING) ? broken(fd, EIO) : next(fd, p, n);
}
ssize_t writev(int fd, const struct iovec *v, int n)
{
    NEXT(ssize_t, "writev", (int, const struct iovec *, int));
    return fails(WRITING) ? broken(fd, EIO) : next(fd, v, n);
}
ssize_t send(int fd, const void *p, size_t n, int flags)
{
    NEXT(ssize_t, "send", (int, const void *, size_t, int));
    return fails(WRITING) ? broken(fd, ECONNRESET) : next(fd, p, n, flags);
}
ssize_t read(int fd, void *p, size_t n)
{
    NEXT(ssize_t, "read", (int, void *, size_t));
    return fails(READING) ? broken(fd, EIO) : next(fd, p, n);
}
ssize_t recv(int fd, void *p, size_t n, int flags)
{
    NEXT(ssize_t, "recv", (int, void *, size_t, int));
    return fails(READING) ? broken(fd, ECONNRESET) : next(fd, p, n, flags);
}

/* ---- libpq ---- */

typedef void PGconn;
typedef void PGresult;
#define PQ_INT(name, parameters, arguments)                                                        \
    int name parameters                                                                            \
    {                                                                                              \
        NEXT(int, #name, parameters);                                                              \
        return fails(LIBPQ) ? 0 : next arguments;                                                  \
    }
PQ_INT(PQsendPrepare, (PGconn *c, const char *n, const char *q, int k, const unsigned *t), (c, n, q, k, t))
PQ_INT(PQsendQueryParams, (PGconn *c, const char *q, int k, const unsigned *t, const char *const *v, const int *l, const int *f, int r), (c, q, k, t, v, l, f, r))
PQ_INT(PQpipelineSync, (PGconn *c), (c))
PQ_INT(PQsendFlushRequest, (PGconn *c), (c))
PQ_INT(PQconsumeInput, (PGconn *c), (c))
int PQflush(PGconn *c)
{
    NEXT(int, "PQflush", (PGconn *));
    return fails(LIBPQ) ? -1 : next(c);
}
PGresult *PQgetResult(PGconn *c)
{
    NEXT(PGresult *, "PQgetResult", (PGconn *));
    return fails(LIBPQ) ? NULL : next(c);
}

/* ---- whole statements: a page makes few, so that all of its ways out can be tried in a moment ---- */

int PQsendQueryPrepared(PGconn *c, const char *n, int k, const char *const *v, const int *l, const int *f, int r)
{
    NEXT(int, "PQsendQueryPrepared", (PGconn *, const char *, int, const char *const *, const int *, const int *, int));
    return fails(LIBPQ) || fails(STATEMENT) ? 0 : next(c, n, k, v, l, f, r);
}
PGresult *PQexecParams(PGconn *c, const char *q, int k, const unsigned *t, const char *const *v, const int *l, const int *f, int r)
{
    NEXT(PGresult *, "PQexecParams", (PGconn *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int));
    return fails(STATEMENT) ? NULL : next(c, q, k, t, v, l, f, r);
}

/* ---- files, for programs that keep some ---- */

#define FILE_INT(name, parameters, arguments, why)                                                 \
    int name parameters                                                                            \
    {                                                                                              \
        NEXT(int, #name, parameters);                                                              \
        if (fails(FILES)) {                                                                        \
            errno = why;                                                                           \
            return -1;                                                                             \
        }                                                                                          \
        return next arguments;                                                                     \
    }
int open(const char *path, int flags, ...)
{
    NEXT(int, "open", (const char *, int, ...));
    va_list more;
    va_start(more, flags);
    unsigned mode = va_arg(more, unsigned); /* whatever stands there when no file is made */
    va_end(more);
    if (!fails(FILES))
        return next(path, flags, mode);
    errno = EACCES;
    return -1;
}
FILE_INT(fsync, (int fd), (fd), EIO)
FILE_INT(ftruncate, (int fd, off_t n), (fd, n), EIO)
FILE_INT(flock, (int fd, int how), (fd, how), EIO)
off_t lseek(int fd, off_t n, int from)
{
    NEXT(off_t, "lseek", (int, off_t, int));
    return fails(FILES) ? -1 : next(fd, n, from);
}
ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    NEXT(ssize_t, "pread", (int, void *, size_t, off_t));
    return fails(FILES) ? -1 : next(fd, p, n, at);
}
