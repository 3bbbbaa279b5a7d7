/*
 * multipart.c -- multipart/form-data (RFC 7578, RFC 2046 section 5.1.1).
 * Owns: nothing; parts point into the body.
 * Never: guesses. A missing end, a part without a name or too many parts is ERR_INVALID.
 */
#include <strings.h>

#include "http.h"

/* Position of what in s at or after from; s.n when absent. */
static size_t find(struct str s, struct str what, size_t from)
{
    if (what.n == 0 || s.n < what.n || from > s.n - what.n)
        return s.n;
    const char *hit = memmem(s.p + from, s.n - from, what.p, what.n);
    return hit ? (size_t)(hit - s.p) : s.n;
}

/* Value of a parameter (`name="x"` or `name=x`) of a header value; false when absent. */
static bool parameter(struct str header, const char *name, struct str *out)
{
    size_t name_n = strlen(name);
    for (size_t i = 0; i + name_n < header.n; i++) {
        bool starts = i == 0 || header.p[i - 1] == ';' || header.p[i - 1] == ' ';
        if (!starts || strncasecmp(header.p + i, name, name_n) != 0 || header.p[i + name_n] != '=')
            continue;
        struct str rest = str_part(header, i + name_n + 1, header.n - i - name_n - 1);
        if (rest.n > 0 && rest.p[0] == '"') {
            rest = str_part(rest, 1, rest.n - 1);
            size_t end = find(rest, S("\""), 0);
            if (end == rest.n)
                return false;
            *out = str_part(rest, 0, end);
        } else {
            *out = str_trim(str_cut(&rest, ';'));
        }
        return true;
    }
    return false;
}

/* Takes the headers of one part: its name, file name and type. */
static enum err part_headers(struct str headers, struct upload *part, bool *is_file)
{
    *part = (struct upload){0};
    *is_file = false;
    while (headers.n > 0) {
        size_t end = find(headers, S("\r\n"), 0);
        struct str line = str_part(headers, 0, end);
        size_t skip = end == headers.n ? end : end + 2;
        headers = str_part(headers, skip, headers.n - skip);
        struct str value = line;
        struct str name = str_cut(&value, ':');
        value = str_trim(value);
        if (name.n == 19 && strncasecmp(name.p, "Content-Disposition", 19) == 0) {
            if (value.n < 9 || strncasecmp(value.p, "form-data", 9) != 0)
                return ERR_INVALID;
            if (!parameter(value, "name", &part->name))
                return ERR_INVALID;
            *is_file = parameter(value, "filename", &part->filename);
        } else if (name.n == 12 && strncasecmp(name.p, "Content-Type", 12) == 0) {
            part->type = value;
        }
    }
    if (part->name.n == 0 || part->name.n > HTTP_MAX_NAME || !str_utf8_ok(part->name) ||
        !str_utf8_ok(part->filename))
        return ERR_INVALID;
    return OK;
}

enum err http_multipart(struct arena *a, struct str content_type, struct str body,
                        struct pairs *fields, struct uploads *files)
{
    struct str boundary;
    if (!parameter(content_type, "boundary", &boundary) || boundary.n == 0 || boundary.n > 70)
        return ERR_INVALID;
    struct str first = arena_printf(a, "--%.*s", (int)boundary.n, boundary.p);
    struct str next = arena_printf(a, "\r\n--%.*s", (int)boundary.n, boundary.p);

    *fields = (struct pairs){arena_alloc(a, HTTP_MAX_PARTS * sizeof(struct pair)), 0};
    *files = (struct uploads){arena_alloc(a, HTTP_MAX_PARTS * sizeof(struct upload)), 0};
    if (!str_starts(body, first))
        return ERR_INVALID;

    size_t at = first.n;
    for (size_t parts = 0;; parts++) {
        struct str rest = str_part(body, at, body.n - at);
        if (str_starts(rest, S("--")))
            return OK;
        if (parts == HTTP_MAX_PARTS || !str_starts(rest, S("\r\n")))
            return ERR_INVALID;
        size_t head_end = find(body, S("\r\n\r\n"), at);
        if (head_end == body.n || head_end - at > HTTP_MAX_PART_HEADERS)
            return ERR_INVALID;
        struct str headers = head_end < at + 2 ? S("") : str_part(body, at + 2, head_end - at - 2);
        size_t start = head_end + 4, end = find(body, next, start);
        if (end == body.n)
            return ERR_INVALID;

        struct upload part;
        bool is_file;
        if (part_headers(headers, &part, &is_file))
            return ERR_INVALID;
        part.bytes = str_part(body, start, end - start);
        if (is_file) {
            files->items[files->n++] = part;
        } else {
            if (!str_utf8_ok(part.bytes))
                return ERR_INVALID;
            fields->items[fields->n++] = (struct pair){part.name, part.bytes};
        }
        at = end + next.n;
    }
}
