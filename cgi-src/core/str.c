/*
 * str.c -- texts for reading, buffers for writing, and the escapers.
 * Owns: nothing. Never: allocates outside the arena it is given; trusts that bytes are UTF-8.
 */
#include "base.h"

#include <stdio.h>

uint32_t str_hash(struct str s)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619U;
    return h;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[0]))
        s = str_part(s, 1, s.n - 1);
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *rest, char by)
{
    struct str all = *rest;
    const char *at = all.n ? memchr(all.p, by, all.n) : NULL;
    if (!at) {
        *rest = S("");
        return all;
    }
    size_t n = (size_t)(at - all.p);
    *rest = str_part(all, n + 1, all.n - n - 1);
    return str_part(all, 0, n);
}

enum err str_int(struct str s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.n)
        return ERR_INVALID;
    int64_t value = 0; /* kept negative, so that the smallest number fits */
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return ERR_INVALID;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return ERR_INVALID;
    *out = value;
    return OK;
}

/* Length of the well-formed UTF-8 character at p, 0 when there is none (Unicode table 3-7). */
static size_t utf8_char(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < len)
        return 0;
    unsigned char low = 0x80, high = 0xBF; /* range of the second byte */
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    }
    return len;
}

bool str_utf8_ok(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        size_t len = p[i] ? utf8_char(p + i, s.n - i) : 0;
        if (!len)
            return false;
        i += len;
    }
    return true;
}

/* ---- buf ---- */

struct str arena_plain_lines(struct arena *a, struct str s)
{
    struct buf b = buf_in(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\r')
            buf_addc(&b, s.p[i]);
        else if (i + 1 == s.n || s.p[i + 1] != '\n')
            buf_addc(&b, '\n');
    return buf_str(&b);
}

struct buf buf_in(struct arena *a, size_t first_cap)
{
    size_t cap = first_cap ? first_cap : 64;
    return (struct buf){.arena = a, .p = arena_alloc(a, cap), .n = 0, .cap = cap};
}

static __attribute__((noinline)) void buf_grow(struct buf *b, size_t n)
{
    size_t need, cap;
    if (__builtin_add_overflow(b->n, n, &need) || __builtin_mul_overflow(need, (size_t)2, &cap))
        cap = SIZE_MAX; /* the arena refuses this */
    char *p = arena_alloc(b->arena, cap);
    if (b->n)
        memcpy(p, b->p, b->n);
    b->p = p;
    b->cap = cap;
}

/* Makes room for n more bytes. */
static inline void buf_room(struct buf *b, size_t n)
{
    if (b->cap - b->n < n)
        buf_grow(b, n);
}

void buf_add(struct buf *b, struct str s)
{
    if (!s.n)
        return;
    buf_room(b, s.n);
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

void buf_addc(struct buf *b, char c)
{
    buf_room(b, 1);
    b->p[b->n++] = c;
}

void buf_addz(struct buf *b, const char *text) { buf_add(b, str_of(text)); }

void buf_printf(struct buf *b, const char *fmt, ...)
{
    if (!fmt)
        return;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n > 0) {
        buf_room(b, (size_t)n + 1);
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

/* ---- escapers ---- */

/* Every byte that could end a text or an attribute value, or begin something in a careless one
 * (SECURITY.md V-01). */
static const bool is_markup[256] = {
    ['&'] = true,  ['<'] = true, ['>'] = true, ['"'] = true,
    ['\''] = true, ['/'] = true, ['='] = true, ['`'] = true,
};

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '/':
        return "&#47;";
    case '=':
        return "&#61;";
    default:
        return "&#96;";
    }
}

void esc_html(struct buf *b, struct str s)
{
    for (size_t from = 0; from < s.n;) {
        size_t to = from;
        while (to < s.n && !is_markup[(unsigned char)s.p[to]])
            to++;
        buf_add(b, str_part(s, from, to - from));
        if (to < s.n)
            buf_addz(b, entity_of(s.p[to]));
        from = to + 1;
    }
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void esc_url(struct buf *b, struct str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_unreserved(s.p[i])) {
            buf_addc(b, s.p[i]);
            continue;
        }
        buf_add(b, (struct str){(char[]){'%', digits[c >> 4], digits[c & 15]}, 3});
    }
}

/* Bytes that are not UTF-8 become U+FFFD, for JSON knows no other encoding. */
void esc_json(struct buf *b, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_char(p + i, s.n - i);
        if (!len)
            buf_add(b, S("\\ufffd"));
        else if (p[i] == '"' || p[i] == '\\')
            buf_add(b, (struct str){(char[]){'\\', (char)p[i]}, 2});
        else if (p[i] == '\n')
            buf_add(b, S("\\n"));
        else if (p[i] < 0x20 || p[i] == '<')
            buf_printf(b, "\\u%04x", p[i]);
        else
            buf_add(b, str_part(s, i, len));
        i += len ? len : 1;
    }
}

void esc_hex(struct buf *b, struct str s)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        buf_addc(b, digits[c >> 4]);
        buf_addc(b, digits[c & 15]);
    }
}

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void esc_base64url(struct buf *b, struct str s)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        bits = (bits << 8 | (unsigned char)s.p[i]) & 0xFFFF;
        n_bits += 8;
        while (n_bits >= 6) {
            n_bits -= 6;
            buf_addc(b, base64url[bits >> n_bits & 63]);
        }
    }
    if (n_bits)
        buf_addc(b, base64url[bits << (6 - n_bits) & 63]);
}

static int base64url_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* Only the one canonical spelling of the bytes is taken: left-over bits must be zero. */
enum err unesc_base64url(struct arena *a, struct str s, struct str *out)
{
    if (s.n % 4 == 1)
        return ERR_INVALID;
    char *p = arena_alloc(a, s.n / 4 * 3 + 3);
    size_t n = 0;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = base64url_digit(s.p[i]);
        if (digit < 0)
            return ERR_INVALID;
        bits = (bits << 6 | (uint32_t)digit) & 0xFFFF;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            p[n++] = (char)(bits >> n_bits & 0xFF);
        }
    }
    if (bits & ((1U << n_bits) - 1))
        return ERR_INVALID;
    *out = (struct str){p, n};
    return OK;
}
