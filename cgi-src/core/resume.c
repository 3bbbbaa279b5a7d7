/*
 * resume.c -- what somebody had typed when her session was over.
 * Owns: the sealed text in the page that asks her to log in, and showing the form again by it.
 * Never: keeps anything here; carries a password; carries out what the form was for; shows it to anybody else, or in another
 * browser. The session's dead token says whose it was; that the form was hers said its own token before.
 */
#include "resume.h"

#include "crypto.h"
#include "log.h"

static void key_and_aad(struct arena *a, struct str host, struct str cookie,
                        unsigned char key[KEY_BYTES], struct str *aad)
{
    purpose_key("resumed-form", key);
    *aad = arena_printf(a, "resume\n%.*s\n%.*s", (int)host.n, host.p, (int)cookie.n, cookie.p);
}

struct str resume_seal(struct arena *a, struct str host, struct str cookie, time_t now,
                       const struct resumed *what)
{
    unsigned char key[KEY_BYTES];
    struct str aad;
    struct buf plain = buf_in(a, what->body.n + 512), text = buf_in(a, what->body.n * 2 + 1024);
    buf_printf(&plain, "%lld\n%.*s\n", (long long)now, (int)what->staff_id.n, what->staff_id.p);
    const struct str parts[] = {what->path, what->query, what->body};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_printf(&plain, "%zu\n", parts[i].n);
        buf_add(&plain, parts[i]);
    }
    key_and_aad(a, host, cookie, key, &aad);
    esc_base64url(&text, seal(a, key, aad, buf_str(&plain)));
    secret_wipe(key, sizeof key);
    return buf_str(&text);
}

static bool take_part(struct str *rest, struct str *part)
{
    int64_t n;
    if (str_int(str_cut(rest, '\n'), &n) || n < 0 || (size_t)n > rest->n)
        return false;
    *part = str_part(*rest, 0, (size_t)n);
    *rest = str_part(*rest, (size_t)n, rest->n - (size_t)n);
    return true;
}

enum err resume_open(struct arena *a, struct str host, struct str cookie, time_t now,
                     struct str text, struct resumed *what)
{
    unsigned char key[KEY_BYTES];
    struct str aad, raw, plain;
    int64_t made;
    if (cookie.n == 0 || text.n == 0 || unesc_base64url(a, text, &raw))
        return ERR_INVALID;
    key_and_aad(a, host, cookie, key, &aad);
    enum err e = open_sealed(a, key, aad, raw, &plain);
    secret_wipe(key, sizeof key);
    if (e || str_int(str_cut(&plain, '\n'), &made))
        return ERR_INVALID;
    what->staff_id = str_cut(&plain, '\n');
    if (!take_part(&plain, &what->path) || !take_part(&plain, &what->query) ||
        !take_part(&plain, &what->body))
        return ERR_INVALID;
    return now - made > RESUME_SECONDS || made - now > 300 ? ERR_INVALID : OK;
}

/* ---- the page that asks to log in ---- */

/* Whose session it was; "": nobody knows any more. */
static struct str whose(struct req *r)
{
    struct str raw, why;
    if (!token_read(r->arena, session_token(r), &raw) || db_ready(r->gate->db, r->arena, &why))
        return S("");
    const char *const values[] = {arena_cstr(r->arena, r->host), db_bytea(r->arena, raw)};
    struct rows *rows =
        db_send_sql(r->gate->db, r->arena, "session_was",
                    "SELECT sec.session_was($1, $2)::text AS staff_id", values, COUNT_OF(values));
    if (db_commit(r->gate->db, r->arena, &r->error) || rows_count(rows) == 0)
        return S("");
    return rows_text(rows, 0, "staff_id");
}

static bool is_carried(const struct page *page, struct str name)
{
    if (str_is(name, "csrf") || str_is(name, "idem"))
        return false;
    for (const struct field *f = page->fields; f->name; f++)
        if (str_is(name, f->name))
            return f->kind != FIELD_PASSWORD && f->kind != FIELD_TOKEN && !f->is_secret;
    return true; /* lines and check boxes that a page reads by itself */
}

static struct str carried(struct req *r)
{
    struct buf b = buf_in(r->arena, r->in->body.n + 64);
    for (size_t i = 0; i < r->posted.n; i++) {
        const struct pair *p = &r->posted.items[i];
        if (!is_carried(r->page, p->name))
            continue;
        if (b.n > 0)
            buf_addc(&b, '&');
        esc_url(&b, p->name);
        buf_addc(&b, '=');
        esc_url(&b, p->value);
    }
    return buf_str(&b);
}

static bool was_filled_in(const struct req *r)
{
    for (const struct field *f = r->page->fields; f && f->name; f++) {
        struct str value;
        if (pairs_get(&r->posted, str_of(f->name), &value) && value.n > 0 &&
            is_carried(r->page, str_of(f->name)))
            return true;
    }
    return false;
}

void resume_offer(struct req *r)
{
    const struct page *page = r->page;
    if (page->door != DOOR_STAFF || r->method != POST || !page->again || r->uploads.n > 0 ||
        !was_filled_in(r))
        return;
    struct resumed what = {whose(r), r->in->path, r->in->query, carried(r)};
    if (what.staff_id.n == 0)
        return;
    struct str cookie = req_cookie(r, "__Host-form");
    if (cookie.n == 0) {
        cookie = token_new(r->arena);
        reply_cookie(r, "__Host-form", cookie, "/", 0, true);
    }
    struct str text = resume_seal(r->arena, r->host, cookie, time(NULL), &what);
    if (text.n > RESUME_MAX - 1024)
        return;
    r->form_binding = cookie;
    req_set(r, "kept_csrf", form_token_new(r));
    req_set(r, "kept_form", text);
    req_set(r, "kept_path", page->pool == POOL_SLOW ? S("/resume/slow") : S("/resume"));
    r->form_binding = S("public"); /* what else stands in that page is the form to log in by */
}

/* ---- and afterwards ---- */

static enum err refuse_kept(struct req *r)
{
    r->error = (struct db_error){
        .err = ERR_INVALID,
        .sqlstate = "",
        .message = S("What was typed there can no longer be shown: it is older than half an hour, "
                     "was typed by somebody else, or in another browser.")};
    return ERR_INVALID;
}

enum err reply_resumed(struct req *r)
{
    struct resumed what;
    struct str text = S("");
    bool other;
    const struct page *here = r->page;
    pairs_get(&r->posted, S("kept_form"), &text);
    if (resume_open(r->arena, r->host, req_cookie(r, "__Host-form"), time(NULL), text, &what) ||
        !str_eq(what.staff_id, req_value(r, "actor_id")))
        return refuse_kept(r);
    struct str path;
    if (http_path(r->arena, what.path, &path))
        return refuse_kept(r);
    const struct page *page =
        route_find(r->gate->features, r->realm, POST, path, r->arena, &r->path_params, &other);
    /* A page may have gone with an update meanwhile. */
    if (!page || page->door != DOOR_STAFF || page->pool != r->gate->pool || !page->again ||
        !page->fields || http_pairs(r->arena, what.query, &r->query) ||
        http_pairs(r->arena, what.body, &r->posted))
        return refuse_kept(r);
    r->path = path;
    r->page = page;
    req_check(r, page->fields);
    req_refuse(r, "",
               "You were logged out before this was sent, and nothing was done. Here is what you "
               "typed: look it over, then send it.");
    enum err e = reply_again(r, page->again);
    r->page = here;
    if (!e && r->reply.status == 422)
        r->reply.status = 200; /* to see it again is what was asked for */
    return e;
}
