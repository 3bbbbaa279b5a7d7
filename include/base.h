/*
 * base.h -- strings, buffers, arenas and the error enum: what every file of Foyer may use.
 * Owns: nothing at run time. Implementations: cgi-src/core/arena.c, cgi-src/core/str.c.
 * Never: knows about requests, HTTP or SQL.
 */
#ifndef FOYER_BASE_H
#define FOYER_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* What can go wrong, in the product's terms. Only the gate turns these into HTTP status codes. */
enum err {
    OK = 0,
    ERR_INVALID,      /* what came in breaks a rule: 400, or 422 for a form */
    ERR_NO_SESSION,   /* nobody is logged in here: to the login page */
    ERR_FORBIDDEN,    /* known, but not allowed: 403 */
    ERR_NOT_FOUND,    /* not there, or not theirs: 404, the two look alike */
    ERR_METHOD,       /* the path exists, the method does not: 405 */
    ERR_CONFLICT,     /* somebody else was first: 409 */
    ERR_GONE,         /* a link that has expired, was used or was withdrawn: 410 */
    ERR_TOO_LARGE,    /* 413 */
    ERR_TOO_MANY,     /* throttled: 429 */
    ERR_MUST_ENROL,   /* a second factor must be set up first: to the page for that */
    ERR_STEP_UP,      /* she must prove once more who she is: to /confirm */
    ERR_UNAVAILABLE,  /* the database is away: 503, try again */
    ERR_SUSPENDED,    /* the operator has closed this business's pages: 503 */
    ERR_INTERNAL      /* our own fault: 500 */
};

/* A text for reading: not terminated, never owned. A zero struct is the empty text. */
struct str {
    const char *p;
    size_t n;
};

#define S(literal) ((struct str){"" literal, sizeof(literal) - 1})

static inline struct str str_of(const char *text)
{
    return text ? (struct str){text, strlen(text)} : (struct str){"", 0};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_is(struct str a, const char *literal) { return str_eq(a, str_of(literal)); }
static inline struct str str_part(struct str s, size_t from, size_t n)
{
    return (struct str){from ? s.p + from : s.p, n}; /* the zero struct has no bytes to count from */
}
/* FNV-1a, for tables of our own: who can choose what is put in can make it slow, no more. */
uint32_t str_hash(struct str s);
bool str_starts(struct str s, struct str prefix);
/* Without ASCII blanks at both ends. */
struct str str_trim(struct str s);
/* Splits *rest at the first `by`; the part before it is returned, *rest becomes what follows. */
struct str str_cut(struct str *rest, char by);
/* Decimal integer, whole text. Errors: ERR_INVALID on anything else or overflow. */
enum err MUST_CHECK str_int(struct str s, int64_t *out);
/* Whether s is well-formed UTF-8 without NUL, overlong forms or surrogates. */
bool str_utf8_ok(struct str s);

/* ---- arena: memory of one request, released all at once ---- */

struct arena;
/* cap: most bytes the arena may ever hold; past it the process logs and exits (the master starts
 * another). arena_alloc never returns NULL; memory is zeroed and aligned for any type. */
struct arena *arena_new(size_t cap);
void *arena_alloc(struct arena *a, size_t n);
/* Registers clean-up for what lives outside the arena (PGresult, fd); run in reverse order. */
void arena_defer(struct arena *a, void (*release)(void *), void *what);
/* Runs the clean-ups, then makes all memory free again (poisoned under ASan). */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);
size_t arena_used(const struct arena *a);

char *arena_cstr(struct arena *a, struct str s);      /* terminated copy */
struct str arena_str(struct arena *a, struct str s);  /* copy */
/* Copy with line ends as LF, whatever they were: browsers send CR LF. */
struct str arena_plain_lines(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- buf: a growing text in an arena; appends cannot fail ---- */

struct buf {
    struct arena *arena;
    char *p;
    size_t n, cap;
};
struct buf buf_in(struct arena *a, size_t first_cap);
void buf_add(struct buf *b, struct str s);
void buf_addc(struct buf *b, char c);
void buf_addz(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline struct str buf_str(const struct buf *b) { return (struct str){b->p, b->n}; }

/* Escapers, named for the context they are safe in. */
void esc_html(struct buf *b, struct str s);   /* text, quoted attributes: & < > " ' / = ` */
void esc_url(struct buf *b, struct str s);    /* one path segment or query value */
void esc_json(struct buf *b, struct str s);   /* inside a JSON string; '<' as \u003c */
void esc_hex(struct buf *b, struct str s);
/* base64url without padding (RFC 4648 section 5). Decoding: ERR_INVALID on any other byte. */
void esc_base64url(struct buf *b, struct str s);
enum err MUST_CHECK unesc_base64url(struct arena *a, struct str s, struct str *out);

#endif
