/*
 * route.c -- matches paths against the patterns of the page table.
 * Owns: the kinds a path parameter may have. Never: knows what a page does.
 * A linear scan: a hundred rows of short patterns cost less than a microsecond.
 */
#include "route.h"

#include "crypto.h"

const char *realm_word(enum realm r)
{
    static const char *const words[] = {"studio", "operator", "staffed", "site"};
    return words[r];
}

const char *door_word(enum door d)
{
    static const char *const words[] = {"staff", "public", "link", "link-unproven"};
    return words[d];
}

const char *pool_word(enum pool p)
{
    static const char *const words[] = {"staff", "public", "slow"};
    return words[p];
}

static bool is_slug(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return s.n > 0 && s.n <= 80;
}

static bool is_day(struct str s)
{
    if (s.n != 10)
        return false;
    for (size_t i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? s.p[i] != '-' : (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    }
    return true;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return s.n > 0 && s.n <= 128;
}

/* Whether a segment fits a kind; unknown kinds are found by routes_check. */
static bool kind_fits(struct str kind, struct str segment)
{
    int64_t number;
    if (str_is(kind, "uuid"))
        return uuid_ok(segment) && is_slug(segment); /* small letters: what is sealed compares bytes */
    if (str_is(kind, "date"))
        return is_day(segment);
    if (str_is(kind, "int"))
        return str_int(segment, &number) == OK && number >= 0 && number <= INT32_MAX;
    if (str_is(kind, "slug"))
        return is_slug(segment);
    if (str_is(kind, "token") || str_is(kind, "ics"))
        return is_token(segment);
    return false;
}

/* "TOKEN.ics" of the kind ics is the token TOKEN: programs want to see what kind of file it is. False when the end is another. */
static bool cut_end(struct str kind, struct str *segment)
{
    if (!str_is(kind, "ics"))
        return true;
    if (segment->n < 4 || memcmp(segment->p + segment->n - 4, ".ics", 4) != 0)
        return false;
    *segment = str_part(*segment, 0, segment->n - 4);
    return true;
}

/* A pattern's segment "{name:kind}": true and both parts; false for plain text. */
static bool is_param(struct str segment, struct str *name, struct str *kind)
{
    if (segment.n < 5 || segment.p[0] != '{' || segment.p[segment.n - 1] != '}')
        return false;
    *kind = str_part(segment, 1, segment.n - 2);
    *name = str_cut(kind, ':');
    return true;
}

static bool matches(const char *pattern, struct str path, struct arena *a, struct pairs *params)
{
    struct str want = str_of(pattern), have = path, name, kind;
    params->n = 0;
    want = str_part(want, 1, want.n - 1);
    have = str_part(have, 1, have.n - 1);
    while (want.n > 0 && have.n > 0) {
        struct str w = str_cut(&want, '/'), h = str_cut(&have, '/');
        if (is_param(w, &name, &kind)) {
            if (!cut_end(kind, &h) || !kind_fits(kind, h))
                return false;
            if (!params->items)
                params->items = arena_alloc(a, 16 * sizeof(struct pair));
            params->items[params->n++] = (struct pair){name, h};
        } else if (!str_eq(w, h)) {
            return false;
        }
    }
    return want.n == 0 && have.n == 0;
}

static bool at_host(const struct page *page, enum realm host)
{
    if (page->realm == REALM_STAFFED)
        return host == REALM_STUDIO || host == REALM_OPERATOR;
    return page->realm == host;
}

const struct page *route_find(const struct feature *features, enum realm host, enum method method,
                              struct str path, struct arena *a, struct pairs *params,
                              bool *other_method)
{
    *params = (struct pairs){0};
    *other_method = false;
    for (const struct feature *f = features; f->name; f++)
        for (const struct page *page = f->pages; page->path; page++) {
            if (!at_host(page, host) || !matches(page->path, path, a, params))
                continue;
            if (page->method == method)
                return page;
            *other_method = true;
        }
    return NULL;
}

const struct page *route_named(const struct feature *features, enum realm host,
                               const char *pattern)
{
    for (const struct feature *f = features; f->name; f++)
        for (const struct page *page = f->pages; page->path; page++)
            if (page->method == GET && at_host(page, host) && strcmp(page->path, pattern) == 0)
                return page;
    return NULL;
}

const char *route_feature(const struct feature *features, const struct page *wanted)
{
    for (const struct feature *f = features; f->name; f++)
        for (const struct page *page = f->pages; page->path; page++)
            if (page == wanted)
                return f->name;
    return "";
}

bool route_fill(struct buf *out, const char *pattern,
                struct str (*value)(void *self, struct str name), void *self)
{
    struct str rest = str_of(pattern);
    while (rest.n > 0) {
        struct str text = str_cut(&rest, '{');
        buf_add(out, text);
        if (rest.n == 0)
            break;
        struct str inner = str_cut(&rest, '}');
        struct str name = str_cut(&inner, ':');
        struct str v = value(self, name);
        if (v.n == 0)
            return false;
        esc_url(out, v);
    }
    return true;
}

/* What is wrong with one row, or NULL. */
static const char *row_mistake(const struct feature *features, const struct page *p)
{
    struct str rest, name, kind;
    if (p->path[0] != '/')
        return "the path must begin with '/'";
    rest = str_of(p->path + 1);
    while (rest.n > 0) {
        struct str segment = str_cut(&rest, '/');
        if (!is_param(segment, &name, &kind))
            continue;
        bool known = str_is(kind, "uuid") || str_is(kind, "date") || str_is(kind, "int") ||
                     str_is(kind, "slug") || str_is(kind, "token") || str_is(kind, "ics");
        if (!known)
            return "a path parameter needs a kind: uuid, date, int, slug, token or ics";
    }
    if (p->method == GET && (p->fields || p->save || p->then))
        return "a GET changes nothing: fields, save and then belong to a POST";
    if (p->method == GET && !p->run && !p->view)
        return "a show page needs a view";
    if (p->method == POST && !p->run && !(p->save && p->then))
        return "a POST is a save (save and then) or a run";
    if (p->run && p->save)
        return "a page is a run or a save, not both";
    if (p->door == DOOR_PUBLIC && p->can != PERM_none)
        return "a public page has no permission";
    if (p->is_framable && (p->door != DOOR_PUBLIC || p->pool != POOL_PUBLIC))
        return "only a public page of the public pool may stand in a frame";
    /* (who has proven herself may attach files, which the slow pool alone takes; there the policies show her nothing else) */
    if ((p->door == DOOR_LINK && p->pool == POOL_STAFF) ||
        (p->door == DOOR_LINK_UNPROVEN && p->pool != POOL_PUBLIC))
        return "link pages belong to the public pool, those of files to the slow one";
    if (p->again) {
        enum realm host = p->realm == REALM_STAFFED ? REALM_STUDIO : p->realm;
        if (!route_named(features, host, p->again))
            return "again names no GET page";
    } else if (p->fields) {
        return "fields need the page that shows its form again";
    }
    return NULL;
}

static bool share_host(const struct page *p, const struct page *q)
{
    return (at_host(p, REALM_STUDIO) && at_host(q, REALM_STUDIO)) ||
           (at_host(p, REALM_OPERATOR) && at_host(q, REALM_OPERATOR)) ||
           (at_host(p, REALM_SITE) && at_host(q, REALM_SITE));
}

bool routes_check(const struct feature *features, struct arena *a, struct str *why)
{
    for (const struct feature *f = features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++) {
            const char *mistake = row_mistake(features, p);
            for (const struct feature *g = features; g->name && !mistake; g++)
                for (const struct page *q = g->pages; q->path && !mistake; q++)
                    if (q != p && q->method == p->method && share_host(q, p) &&
                        strcmp(q->path, p->path) == 0)
                        mistake = "the same method and path stand twice";
            if (mistake) {
                *why = arena_printf(a, "feature '%s', page %s %s: %s", f->name,
                                    p->method == GET ? "GET" : "POST", p->path, mistake);
                return false;
            }
        }
    return true;
}
