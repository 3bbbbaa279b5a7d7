/*
 * log.c -- one JSON object a line, each written by a single write().
 * Owns: the log's file descriptor, the id of the request at hand.
 * Never: allocates (it is called when memory is out); logs client data: callers pass ids only.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192, VALUE_MAX_BYTES = 1000 };

static int log_fd = STDERR_FILENO;
static char log_program[32] = "foyer", log_pool[16], log_request_id[64];

/* A line being written. What does not fit is left out, the closing brace always fits. */
struct line {
    size_t n;
    char p[LINE_MAX_BYTES];
};

static void add(struct line *l, const char *p, size_t n)
{
    size_t room = sizeof l->p - 8 - l->n;
    if (n > room) {
        return;
    }
    memcpy(l->p + l->n, p, n);
    l->n += n;
}

/* As a JSON string; bytes of a text that is not UTF-8 become question marks. */
static void add_string(struct line *l, const char *text)
{
    struct str s = str_of(text);
    bool utf8 = str_utf8_ok(s);
    bool cut = s.n > VALUE_MAX_BYTES;
    if (cut) {
        s.n = VALUE_MAX_BYTES;
        while (utf8 && s.n > 0 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80) {
            s.n--;
        }
    }
    if (sizeof l->p - 8 - l->n < s.n * 6 + 6) {
        s.n = 0; /* no room even when every byte is escaped */
        cut = true;
    }
    add(l, "\"", 1);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char escaped[8];
        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            add(l, escaped, 2);
        } else if (c < 0x20 || c == 0x7F) {
            int n = snprintf(escaped, sizeof escaped, "\\u%04x", c);
            add(l, escaped, (size_t)n);
        } else if (c >= 0x80 && !utf8) {
            add(l, "?", 1);
        } else {
            add(l, s.p + i, 1);
        }
    }
    add(l, cut ? "...\"" : "\"", cut ? 4 : 1);
}

static void add_pair(struct line *l, const char *key, const char *value)
{
    add(l, l->n > 1 ? "," : "", l->n > 1 ? 1 : 0);
    add_string(l, key);
    add(l, ":", 1);
    add_string(l, value ? value : "");
}

static void add_time(struct line *l)
{
    struct timespec now;
    struct tm utc;
    char day[24], text[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof text, "%s.%03ldZ", day, now.tv_nsec / 1000000);
    add_pair(l, "at", text);
}

static void write_line(const char *level, const char *event, va_list pairs)
{
    struct line l = {.n = 0};
    add(&l, "{", 1);
    add_time(&l);
    add_pair(&l, "level", level);
    add_pair(&l, "program", log_program);
    if (*log_pool) {
        add_pair(&l, "pool", log_pool);
    }
    add_pair(&l, "event", event);
    if (*log_request_id) {
        add_pair(&l, "request", log_request_id);
    }
    for (const char *key; (key = va_arg(pairs, const char *));) {
        const char *value = va_arg(pairs, const char *);
        if (sizeof l.p - l.n > 512) {
            add_pair(&l, key, value);
        }
    }
    memcpy(l.p + l.n, "}\n", 2); /* add() keeps room for it */
    l.n += 2;
    for (size_t done = 0; done < l.n;) {
        ssize_t n = write(log_fd, l.p + done, l.n - done);
        if (n < 0 && errno != EINTR) {
            return; /* a full disk must not stop the work */
        }
        done += n > 0 ? (size_t)n : 0;
    }
}

enum err log_open(const char *path, const char *program, const char *pool)
{
    snprintf(log_program, sizeof log_program, "%s", program);
    snprintf(log_pool, sizeof log_pool, "%s", pool ? pool : "");
    int fd = STDERR_FILENO;
    if (path && strcmp(path, "-") != 0) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
        if (fd < 0) {
            fprintf(stderr, "%s: log file: %s; create its directory or set 'log'\n", path,
                    strerror(errno));
            return ERR_INVALID;
        }
    }
    if (log_fd != STDERR_FILENO) {
        close(log_fd);
    }
    log_fd = fd;
    return OK;
}

void log_request(const char *request_id)
{
    snprintf(log_request_id, sizeof log_request_id, "%s", request_id ? request_id : "");
}

void log_info(const char *event, ...)
{
    int keep = errno;
    va_list pairs;
    va_start(pairs, event);
    write_line("info", event, pairs);
    va_end(pairs);
    errno = keep;
}

void log_error(const char *event, ...)
{
    int keep = errno;
    va_list pairs;
    va_start(pairs, event);
    write_line("error", event, pairs);
    va_end(pairs);
    errno = keep;
}
