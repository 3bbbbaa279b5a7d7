/*
 * http.c -- query strings, forms, cookies, paths and host names: bytes from strangers.
 * Owns: nothing. Everything is copied into the request's arena.
 * Never: repairs bad input; what is malformed is refused (SECURITY.md V-05).
 */
#include "http.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err http_decode(struct arena *a, struct str s, bool plus, struct str *out)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '+' && plus) {
            c = ' ';
        } else if (c == '%') {
            if (i + 2 >= s.n)
                return ERR_INVALID;
            int high = hex_digit(s.p[i + 1]), low = hex_digit(s.p[i + 2]);
            if (high < 0 || low < 0)
                return ERR_INVALID;
            c = (char)(high * 16 + low);
            i += 2;
        }
        p[n++] = c;
    }
    *out = (struct str){p, n};
    return str_utf8_ok(*out) ? OK : ERR_INVALID;
}

enum err http_pairs(struct arena *a, struct str s, struct pairs *out)
{
    size_t count = s.n > 0;
    for (size_t i = 0; i < s.n; i++)
        count += s.p[i] == '&';
    if (count > HTTP_MAX_PAIRS)
        return ERR_INVALID;

    *out = (struct pairs){arena_alloc(a, (count + 1) * sizeof(struct pair)), 0};
    while (s.n > 0) {
        struct str value = str_cut(&s, '&');
        if (value.n == 0)
            continue;
        struct str name = str_cut(&value, '=');
        struct pair *pair = &out->items[out->n];
        if (http_decode(a, name, true, &pair->name) || http_decode(a, value, true, &pair->value))
            return ERR_INVALID;
        if (pair->name.n == 0 || pair->name.n > HTTP_MAX_NAME)
            return ERR_INVALID;
        out->n++;
    }
    return OK;
}

enum err http_cookies(struct arena *a, struct str header, struct pairs *out)
{
    *out = (struct pairs){arena_alloc(a, HTTP_MAX_COOKIES * sizeof(struct pair)), 0};
    while (header.n > 0) {
        struct str value = str_trim(str_cut(&header, ';'));
        struct str name = str_trim(str_cut(&value, '='));
        value = str_trim(value);
        if (name.n == 0 || name.n > HTTP_MAX_NAME || !str_utf8_ok(value))
            continue;
        if (out->n == HTTP_MAX_COOKIES)
            return ERR_INVALID;
        out->items[out->n++] = (struct pair){arena_str(a, name), arena_str(a, value)};
    }
    return OK;
}

enum err http_path(struct arena *a, struct str raw, struct str *out)
{
    if (raw.n == 0 || raw.p[0] != '/' || raw.n > HTTP_MAX_PATH)
        return ERR_INVALID;
    if (http_decode(a, raw, false, out))
        return ERR_INVALID;
    for (size_t i = 0; i < out->n; i++)
        if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f || out->p[i] == '\\')
            return ERR_INVALID;

    struct str rest = str_part(*out, 1, out->n - 1);
    while (rest.n > 0) {
        struct str segment = str_cut(&rest, '/');
        if (segment.n == 0 || str_is(segment, ".") || str_is(segment, ".."))
            return ERR_INVALID;
    }
    return OK;
}

enum err http_host(struct arena *a, struct str raw, struct str *out)
{
    struct str name = str_cut(&raw, ':');
    if (name.n == 0 || name.n > 253)
        return ERR_INVALID;
    char *p = arena_alloc(a, name.n + 1);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!fine)
            return ERR_INVALID;
        p[i] = c;
    }
    *out = (struct str){p, name.n};
    return OK;
}

bool pairs_get(const struct pairs *p, struct str name, struct str *value)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->items[i].name, name)) {
            *value = p->items[i].value;
            return true;
        }
    return false;
}
