/*
 * reply.c -- what goes back: status, headers, one body, never half a page.
 * Owns: the error pages. The only place besides the gate that knows status codes.
 */
#include "crypto.h"
#include "csv.h"
#include "gate.h"
#include "log.h"

enum err reply_view(struct req *r, int status, const char *view)
{
    r->reply.status = r->is_again && status == 200 ? 422 : status;
    r->reply.view = view;
    return OK;
}

/* An address as a header may hold it; false when it has a control byte, which no address of ours has. */
static bool header_safe(struct arena *a, struct str path, struct str *out)
{
    struct buf b = buf_in(a, path.n + 32);
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (c < ' ' || c == 0x7f)
            return false;
        if (c == ' ' || c > 0x7e)
            buf_printf(&b, "%%%02X", c);
        else
            buf_addc(&b, (char)c);
    }
    *out = buf_str(&b);
    return true;
}

enum err reply_redirect(struct req *r, struct str path)
{
    /* Own paths only: "//host" and "/\host" would leave the house. */
    bool own =
        path.n > 0 && path.p[0] == '/' && (path.n == 1 || (path.p[1] != '/' && path.p[1] != '\\'));
    r->reply.status = 303;
    r->reply.view = NULL;
    if (!own || !header_safe(r->arena, path, &r->reply.location))
        r->reply.location = S("/");
    return OK;
}

enum err reply_bytes(struct req *r, int status, const char *type, struct str body,
                     const char *download_name)
{
    r->reply.status = status;
    r->reply.view = NULL;
    r->reply.type = type;
    r->reply.body = body;
    r->reply.disposition = download_name ? str_of(download_name) : S("");
    return OK;
}

enum err reply_too_long(struct req *r, size_t most)
{
    r->error.err = ERR_INVALID;
    r->error.message = arena_printf(
        r->arena,
        "This file would have more than %zu lines. It was not cut short, for then it would look "
        "whole. Narrow the list down first, or read it on its pages.",
        most);
    return ERR_INVALID;
}

enum err reply_csv(struct req *r, const struct rows *rows, const char *const *columns, size_t n,
                   const char *filename)
{
    if (!rows)
        return req_error(r);
    struct buf b = buf_in(req_arena(r), 16 * 1024);
    csv_rows(&b, rows, columns, n);
    return reply_bytes(r, 200, "text/csv; charset=utf-8", buf_str(&b), filename);
}

/* Whether a list of ETags names this one, as strong or as weak: nginx makes one weak by compressing (RFC 9110, 13.1.2). */
static bool names_etag(struct str list, struct str etag)
{
    while (list.n > 0) {
        struct str one = str_trim(str_cut(&list, ','));
        if (str_starts(one, S("W/")))
            one = str_part(one, 2, one.n - 2);
        if (str_eq(one, etag) || str_is(one, "*"))
            return true;
    }
    return false;
}

enum err reply_bytes_again(struct req *r, const char *type, struct str body)
{
    unsigned char hash[HASH_BYTES];
    struct buf b = buf_in(r->arena, 2 * HASH_BYTES + 3);
    sha256(body, hash);
    buf_addc(&b, '"');
    esc_hex(&b, (struct str){(const char *)hash, HASH_BYTES / 2});
    buf_addc(&b, '"');
    r->reply.etag = buf_str(&b);
    bool has_it = names_etag(r->in->if_none_match, r->reply.etag);
    return reply_bytes(r, has_it ? 304 : 200, type, has_it ? S("") : body, NULL);
}

void reply_cookie(struct req *r, const char *name, struct str value, const char *path, long max_age,
                  bool strict)
{
    struct buf *b = &r->reply.cookies;
    if (!b->arena)
        *b = buf_in(r->arena, 256);
    buf_printf(b, "Set-Cookie: %s=%.*s; Path=%s; Secure; HttpOnly; SameSite=%s", name, (int)value.n,
               value.p, path, strict ? "Strict" : "Lax");
    if (max_age > 0)
        buf_printf(b, "; Max-Age=%ld", max_age);
    else if (max_age < 0)
        buf_addz(b, "; Max-Age=0");
    buf_addz(b, "\r\n");
}

static const struct {
    enum err err;
    int status;
    const char *view;
    const char *plain; /* when even the error page cannot be rendered */
} answers[] = {
    {ERR_INVALID, 400, "error/invalid", "This request could not be understood."},
    {ERR_NO_SESSION, 401, "error/no_session", "Please log in again."},
    {ERR_FORBIDDEN, 403, "error/forbidden", "This is not allowed."},
    {ERR_NOT_FOUND, 404, "error/not_found", "There is nothing here."},
    {ERR_METHOD, 405, "error/method", "This page cannot be used in that way."},
    {ERR_CONFLICT, 409, "error/conflict", "Somebody else was first. Please load the page again."},
    {ERR_GONE, 410, "error/gone", "This link is no longer valid."},
    {ERR_TOO_LARGE, 413, "error/too_large", "This is too large."},
    {ERR_TOO_MANY, 429, "error/too_many", "Too many tries. Please wait a little."},
    {ERR_UNAVAILABLE, 503, "error/unavailable", "Back in a moment. Please try again."},
    {ERR_SUSPENDED, 503, "error/suspended", "These pages are closed for now."},
    {ERR_INTERNAL, 500, "error/internal", "Something went wrong on our side."},
};

void reply_error(struct req *r, enum err e)
{
    struct buf kept = r->reply.cookies;
    size_t i = 0;
    while (i + 1 < COUNT_OF(answers) && answers[i].err != e)
        i++;
    r->reply = (struct reply){.status = answers[i].status,
                              .cookies = kept,
                              .type = "text/plain; charset=utf-8",
                              .allow = r->reply.allow,
                              .body = str_of(answers[i].plain),
                              .location = S(""),
                              .disposition = S("")};
    if (e == ERR_UNAVAILABLE || e == ERR_TOO_MANY || e == ERR_SUSPENDED)
        r->reply.retry_after = e == ERR_UNAVAILABLE ? 5 : e == ERR_TOO_MANY ? 60 : 3600;
    r->n_shown = 0;
    /* A visitor of whom nothing is known yet: by her browser. */
    if (r->language.n == 0 && r->page && r->page->door != DOOR_STAFF &&
        (!r->context || rows_count(r->context) == 0))
        req_say_in(r, view_language_of(r->arena, r->in->accept_language));
    r->reply.view = answers[i].view;
    /* A rule for people that was broken where there is no form to show it beside. */
    if (e == ERR_INVALID && r->error.err == e && r->error.message.n > 0) {
        r->reply.status = 422;
        req_set(r, "problem", r->error.message);
    }
    req_set(r, "status", arena_printf(r->arena, "%d", r->reply.status));
    reply_finish(r);
}

void req_say_in(struct req *r, struct str language)
{
    r->language = view_speaks(language) ? language : S("");
}

bool req_is_for_clients(struct req *r)
{
    const struct page *page = r->page;
    return page && (page_is_by_link(page) ||
                    (page->door == DOOR_PUBLIC && page->pool == POOL_PUBLIC));
}

struct str req_language(struct req *r) { return r->language; }

const struct view *view_in_language(struct req *r, const char *name, struct str *why)
{
    const struct view *v = view_get(name, r->arena, why);
    if (!v || r->language.n == 0 || !view_has_words(v))
        return v;
    struct str translated =
        arena_printf(r->arena, "%s@%.*s", name, (int)r->language.n, r->language.p);
    return view_get(arena_cstr(r->arena, translated), r->arena, why);
}

void reply_finish(struct req *r)
{
    if (!r->reply.view)
        return;
    struct str why;
    const struct view *v = view_in_language(r, r->reply.view, &why);
    if (!v) {
        log_error("view.missing", "view", r->reply.view, NULL);
        return;
    }
    struct buf out = buf_in(r->arena, 32 * 1024);
    const struct frame *frame = req_frame(r);
    struct str language = r->language;
    if (!view_has_words(v)) /* its messages are in its language too */
        r->language = S("");
    enum err e = view_render(v, &frame, 1, r->arena, &out);
    r->language = language;
    if (e) {
        log_error("view.render", "view", r->reply.view, NULL);
        r->reply.status = 500;
        r->reply.type = "text/plain; charset=utf-8";
        r->reply.body = S("Something went wrong on our side.");
        return;
    }
    r->reply.type = "text/html; charset=utf-8";
    r->reply.body = buf_str(&out);
}
