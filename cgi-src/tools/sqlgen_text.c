/*
 * sqlgen_text.c -- growing texts, names and the way a mistake ends sqlgen.
 */
#include "sqlgen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *grow(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q) {
        fputs("sqlgen: out of memory\n", stderr);
        exit(1);
    }
    return q;
}

void text_add(struct text *t, const char *p, size_t n)
{
    if (t->n + n + 1 > t->cap) {
        t->cap = (t->n + n + 1) * 2;
        t->p = grow(t->p, t->cap);
    }
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = '\0';
}

void text_addz(struct text *t, const char *text) { text_add(t, text, strlen(text)); }

void text_printf(struct text *t, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line) {
        fputs("sqlgen: a name is longer than 900 characters; shorten it\n", stderr);
        exit(1);
    }
    text_add(t, line, (size_t)n);
}

char *copy(const char *p, size_t n)
{
    char *c = grow(NULL, n + 1);
    memcpy(c, p, n);
    c[n] = '\0';
    return c;
}

void refuse(const char *file, int line, const char *fmt, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static bool is_lower(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name(char c) { return is_lower(c) || is_digit(c); }
bool is_word(char c) { return is_name(c) || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80; }
bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_lower_name(const char *p, size_t n)
{
    if (n == 0 || !is_lower(p[0])) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_name(p[i])) {
            return false;
        }
    }
    return true;
}
