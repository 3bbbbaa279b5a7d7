/*
 * gate.c -- the order of everything that must never be forgotten.
 * Owns: method, size, Host, form token, origin, session, permission, idempotency, disclosure, commit.
 * Never: is skipped; it calls the handlers, they do not call it.
 */
#include "gate.h"

#include <stdlib.h>
#include <time.h>

#include "config.h"
#include "crypto.h"
#include "log.h"
#include "resume.h"

enum { DEFAULT_MAX_BODY = 64 * 1024, IDEM_MIN = 16, IDEM_MAX = 64 };

bool gate_check(const struct feature *features, struct arena *a, struct str *why)
{
    frames_init();
    return routes_check(features, a, why) && view_compile_all(a, why);
}

/* ---- taking the request apart ---- */

static enum err find_realm(struct req *r)
{
    size_t domain_n = strlen(r->gate->domain);
    if (http_host(r->arena, r->in->host, &r->host))
        return ERR_NOT_FOUND;
    if (str_is(r->host, r->gate->domain)) {
        r->realm = REALM_SITE;
        return OK;
    }
    if (r->host.n < domain_n + 2 || r->host.p[r->host.n - domain_n - 1] != '.' ||
        memcmp(r->host.p + r->host.n - domain_n, r->gate->domain, domain_n) != 0)
        return ERR_NOT_FOUND;
    struct str label = str_part(r->host, 0, r->host.n - domain_n - 1);
    if (memchr(label.p, '.', label.n))
        return ERR_NOT_FOUND;
    r->realm = str_is(label, "ops") ? REALM_OPERATOR : REALM_STUDIO;
    return OK;
}

static enum err find_page(struct req *r)
{
    bool other_method;
    if (str_is(r->in->method, "GET") || str_is(r->in->method, "HEAD"))
        r->method = GET;
    else if (str_is(r->in->method, "POST"))
        r->method = POST;
    else
        return ERR_METHOD;
    r->is_head = str_is(r->in->method, "HEAD");

    if (http_path(r->arena, r->in->path, &r->path))
        return ERR_NOT_FOUND;
    r->page = route_find(r->gate->features, r->realm, r->method, r->path, r->arena, &r->path_params,
                         &other_method);
    if (!r->page && other_method) {
        r->reply.allow = r->method == GET ? S("POST") : S("GET, HEAD");
        return ERR_METHOD;
    }
    if (!r->page)
        return ERR_NOT_FOUND;
    if (r->page->pool != r->gate->pool) {
        log_error("gate.wrong_pool", "route", r->page->path, NULL);
        r->page = NULL;
        return ERR_NOT_FOUND;
    }
    return OK;
}

static enum err read_query_and_cookies(struct req *r)
{
    if (r->in->query.n > HTTP_MAX_QUERY || http_pairs(r->arena, r->in->query, &r->query))
        return ERR_INVALID;
    return http_cookies(r->arena, r->in->cookie, &r->cookies);
}

static enum err read_body(struct req *r)
{
    size_t max = r->page->max_body ? r->page->max_body : DEFAULT_MAX_BODY;
    if (r->in->body.n > max)
        return ERR_TOO_LARGE;
    struct str type = r->in->content_type;
    if (str_starts(type, S("multipart/form-data")))
        return http_multipart(r->arena, type, r->in->body, &r->posted, &r->uploads);
    if (r->in->body.n > 0 && !str_starts(type, S("application/x-www-form-urlencoded")))
        return ERR_INVALID;
    return http_pairs(r->arena, r->in->body, &r->posted);
}

/* ---- the three kinds of page ---- */

/* Index of the first of the page's queries that is the same as the n-th: sent once, shown twice. */
static size_t same_query(const struct page *page, size_t n)
{
    size_t i = 0;
    while (page->show[i].query != page->show[n].query)
        i++;
    return i;
}

/* The results of a page's queries, by their place in its row; one that stands twice has one. */
struct flight {
    struct rows *results[COUNT_OF(((struct page *)0)->show)];
    bool was_kept[COUNT_OF(((struct page *)0)->show)];
    size_t n;
};

static void send_show(struct req *r, const struct page *page, struct flight *f, size_t i)
{
    req_bind_page(r, page->show[i].query);
    f->results[i] = db_send(r->gate->db, r->arena, page->show[i].query, req_params(r));
}

/* Sends begin and the page's queries; what is kept, where that is allowed, is not sent. */
static void send_shows(struct req *r, const struct page *page, struct flight *f, bool may_keep)
{
    begin_send(r, page);
    for (f->n = 0; f->n < COUNT_OF(page->show) && page->show[f->n].name; f->n++) {
        size_t before = same_query(page, f->n);
        struct rows *kept = NULL;
        if (before == f->n && may_keep)
            kept = kept_find(r, page->show[f->n].query);
        f->was_kept[f->n] = kept != NULL;
        if (before < f->n)
            f->results[f->n] = f->results[before];
        else if (kept)
            f->results[f->n] = kept;
        else
            send_show(r, page, f, f->n);
    }
}

_Static_assert(MAX_SHOWN >= COUNT_OF(((struct page *)0)->show), "each section of a page has room");

/* The results are there: they become sections of the template. */
static enum err take_shows(struct req *r, const struct page *page, const struct flight *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct show *s = &page->show[i];
        if (query_table[s->query].kind == RESULT_ONE && rows_count(f->results[i]) == 0)
            return ERR_NOT_FOUND;
        r->shown[r->n_shown++] =
            (struct shown){name_intern(str_of(s->name)), f->results[i], s->by, s->once};
        req_note_page(r, s->query, f->results[i]);
        if (same_query(page, i) == i)
            disclosure_note(r, f->results[i]);
    }
    return OK;
}

static enum err run_shows(struct req *r, const struct page *page)
{
    struct flight f;
    send_shows(r, page, &f, false);
    enum err e = begin_wait(r);
    return e ? e : take_shows(r, page, &f);
}

/* Whether every query of the page says whom it shows, and none can turn out to be missing: then
 * begin, queries, the row of the trail and the commit are one flight. */
static bool is_one_flight(const struct page *page)
{
    for (size_t i = 0; i < COUNT_OF(page->show) && page->show[i].name; i++) {
        const struct query_def *def = &query_table[page->show[i].query];
        if (def->kind == RESULT_ONE || def->clients == CLIENTS_UNKNOWN)
            return false;
    }
    return true;
}

/* What was kept is no longer true: asked for again, with all that may be kept, for it must be of the
 * state whose number it is kept with. No client is in it. */
static enum err send_stale(struct req *r, const struct page *page, struct flight *f)
{
    begin_send(r, page);
    for (size_t i = 0; i < f->n; i++) {
        size_t before = same_query(page, i);
        if (before < i)
            f->results[i] = f->results[before];
        else if (query_table[page->show[i].query].is_kept)
            send_show(r, page, f, i);
        f->was_kept[i] = false;
    }
    enum err e = db_commit(r->gate->db, r->arena, &r->error);
    return !e && rows_count(r->context) != 1 ? ERR_NOT_FOUND : e;
}

static enum err run_one_flight(struct req *r, const struct page *page)
{
    struct flight f;
    send_shows(r, page, &f, true);
    if (page->action)
        disclosure_send(r);
    enum err e = disclosure_land(r);
    if (!e && rows_count(r->context) != 1)
        e = ERR_NOT_FOUND;
    if (!e)
        begin_language(r);
    if (!e && !kept_is_fresh(r))
        e = send_stale(r, page, &f);
    for (size_t i = 0; !e && i < f.n; i++)
        if (!f.was_kept[i] && same_query(page, i) == i)
            kept_store(r, page->show[i].query, f.results[i]);
    if (!e)
        e = take_shows(r, page, &f);
    return e ? e : disclosure_check(r);
}

static enum err finish_transaction(struct req *r, const struct page *page)
{
    return disclosure_commit(r, page->action != NULL);
}

/* A GET page, also as the second half of a form that was refused. */
static enum err handle_get(struct req *r, const struct page *page)
{
    enum err e;
    if (page->with)
        req_set(r, page->with, S("t"));
    if (page->run) {
        begin_send(r, page);
        e = begin_wait(r);
        if (!e)
            e = page->run(r);
        return e ? e : finish_transaction(r, page);
    }
    if (is_one_flight(page))
        e = run_one_flight(r, page);
    else if (!(e = run_shows(r, page)))
        e = finish_transaction(r, page);
    return e ? e : reply_view(r, 200, page->view);
}

/* The first thing that is wrong with a form, for who keeps a draft of it. */
static struct str first_message(const struct form *f)
{
    struct str said = f->message;
    for (size_t i = 0; said.n == 0 && i < f->n; i++)
        said = f->values[i].message;
    return said;
}

enum err reply_again(struct req *r, const char *pattern)
{
    const struct page *page = route_named(r->gate->features, r->realm, pattern);
    if (!page)
        return ERR_INTERNAL;
    db_rollback(r->gate->db, r->arena);
    req_forget_results(r);
    r->is_again = true;
    if (r->in->is_draft) {
        r->reply = (struct reply){
            .status = 422, .type = "text/plain; charset=utf-8", .cookies = r->reply.cookies};
        r->reply.cookies.n = r->n_entry_cookies;
        r->reply.body = view_words(r->arena, r->language, first_message(&r->form));
        return OK;
    }
    r->has_form = true;
    r->reply = (struct reply){
        .status = 200, .type = "text/html; charset=utf-8", .cookies = r->reply.cookies};
    r->reply.cookies.n = r->n_entry_cookies;
    const struct page *posted = r->page;
    r->page = page;
    enum err e = handle_get(r, page);
    r->page = posted;
    if (!e && r->reply.status == 200)
        r->reply.status = 422;
    return e;
}

static void add_part(struct buf *b, struct str name, struct str more, struct str content)
{
    unsigned char sha[HASH_BYTES];
    sha256(content, sha);
    buf_add(b, name);
    buf_addc(b, '\0');
    buf_add(b, more);
    buf_addc(b, '\0');
    buf_add(b, (struct str){(const char *)sha, sizeof sha});
}

/* What was sent. Of a form with files the parts and not the body: a browser that sends it once more draws another line between them. */
static void hash_of_sent(struct req *r, unsigned char sha[HASH_BYTES])
{
    if (r->uploads.n == 0) {
        sha256(r->in->body, sha);
        return;
    }
    struct buf b = buf_in(r->arena, 1024);
    for (size_t i = 0; i < r->posted.n; i++)
        add_part(&b, r->posted.items[i].name, S(""), r->posted.items[i].value);
    for (size_t i = 0; i < r->uploads.n; i++)
        add_part(&b, r->uploads.items[i].name, r->uploads.items[i].filename,
                 r->uploads.items[i].bytes);
    sha256(buf_str(&b), sha);
}

/* Takes the form's key: OK and is_new, or the place where it went the first time. */
static enum err take_key(struct req *r, bool *is_new, struct str *location)
{
    struct str key = S("");
    unsigned char sha[HASH_BYTES];
    if (!pairs_get(&r->posted, S("idem"), &key) || key.n < IDEM_MIN || key.n > IDEM_MAX)
        return ERR_INVALID;
    hash_of_sent(r, sha);
    const char *const values[] = {arena_cstr(r->arena, key),
                                  db_bytea(r->arena, (struct str){(char *)sha, sizeof sha}),
                                  arena_cstr(r->arena, r->path)};
    struct rows *rows = db_send_sql(r->gate->db, r->arena, "idem_take",
                                    "SELECT is_new, location FROM app.idem_take($1, $2, $3)",
                                    values, COUNT_OF(values));
    enum err e = db_wait(r->gate->db, r->arena, &r->error);
    if (e)
        return e;
    *is_new = rows_bool(rows, 0, "is_new");
    *location = rows_text(rows, 0, "location");
    return OK;
}

static void keep_location(struct req *r)
{
    struct str key = S("");
    pairs_get(&r->posted, S("idem"), &key);
    const char *const values[] = {arena_cstr(r->arena, key),
                                  arena_cstr(r->arena, r->reply.location)};
    db_send_sql(r->gate->db, r->arena, "idem_done", "SELECT app.idem_done($1, $2)", values,
                COUNT_OF(values));
}

static bool ends_with(struct str s, struct str end)
{
    return s.n > end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0;
}

static bool has_param(const struct query_def *def, const char *name)
{
    for (size_t i = 0; def->params[i]; i++)
        if (strcmp(def->params[i], name) == 0)
            return true;
    return false;
}

/* Sealed parameters of a save (:body_sealed from field body) under the client's key. */
static enum err seal_params(struct req *r, const struct query_def *def)
{
    for (size_t i = 0; def->params[i]; i++) {
        struct str name = str_of(def->params[i]);
        if (!ends_with(name, S("_sealed")))
            continue;
        struct str plain = req_value_str(r, str_part(name, 0, name.n - 7));
        struct str row = has_param(def, "id") ? req_value(r, "id") : S("");
        if (row.n == 0)
            row = req_value(r, "new_id");
        enum err e = req_set_sealed(r, def->params[i], req_value(r, "client_id"), def->seals,
                                    def->params[i], row, plain);
        /* No key: erased, or not this studio's client. The two look alike, and like a page that is
         * not there. */
        if (e)
            return e == ERR_GONE ? ERR_NOT_FOUND : e;
    }
    return OK;
}

struct then_values {
    struct req *r;
    struct rows *rows;
};

static struct str then_value(void *self, struct str name)
{
    struct then_values *t = self;
    struct str v = S("");
    if (rows_count(t->rows) > 0)
        v = rows_text(t->rows, 0, arena_cstr(t->r->arena, name));
    return v.n > 0 ? v : req_value_str(t->r, name);
}

static enum err save(struct req *r)
{
    const struct page *page = r->page;
    enum err e = seal_params(r, &query_table[page->save]);
    if (e)
        return e;
    struct rows *rows = req_query(r, page->save);
    if (!rows)
        return r->error.err;
    struct buf location = buf_in(r->arena, 128);
    struct then_values values = {r, rows};
    if (!route_fill(&location, page->then, then_value, &values))
        return ERR_INTERNAL;
    return reply_redirect(r, buf_str(&location));
}

/* What the database refused with words for people goes beside its field. */
static void tell_form(struct req *r, enum err e)
{
    static const char changed[] = "Somebody else changed this meanwhile. Please look again before "
                                  "you save.";
    bool has_words = r->error.err == e && r->error.message.n > 0;
    if (!r->page->again || !(e == ERR_INVALID || e == ERR_CONFLICT) || r->form.has_error)
        return;
    if (has_words || (e == ERR_CONFLICT && r->page->save))
        form_refuse(r->arena, &r->form, r->error.field,
                    has_words ? r->error.message : str_of(changed));
    r->has_form |= r->form.has_error;
}

/* Whoever is here for support looks and changes nothing, whatever the page asks for (B19). */
static bool only_looks(struct req *r)
{
    return !r->page->ends_support && rows_bool(r->context, 0, "is_support");
}

static enum err handle_post(struct req *r)
{
    const struct page *page = r->page;
    bool is_new = true;
    struct str location = S("");

    begin_send(r, page);
    enum err e = begin_wait(r);
    if (!e && only_looks(r))
        return ERR_FORBIDDEN;
    if (!e && page->fields && !req_check(r, page->fields))
        return reply_again(r, page->again);
    if (!e && r->form_is_old) {
        req_refuse(r, "",
                   "This page was open for more than a day. Please look whether all is still "
                   "right, then send it again.");
        return reply_again(r, page->again);
    }
    if (e == ERR_STEP_UP && page->again) {
        if (page->fields)
            req_check(r, page->fields);
        req_refuse(r, "", "Please confirm that it is you, then send this again.");
        req_set(r, "must_confirm", S("true"));
        return reply_again(r, page->again);
    }
    if (!e && !page->no_idempotency) {
        e = take_key(r, &is_new, &location);
        tell_form(r, e);
        if (e && page->again && r->form.has_error)
            return reply_again(r, page->again);
    }
    if (e)
        return e;
    if (!is_new) {
        if (page->replay)
            e = page->replay(r, location);
        else
            reply_redirect(r, location);
        return e || r->is_again ? e : finish_transaction(r, page);
    }

    e = page->run ? page->run(r) : save(r);
    tell_form(r, e);
    if (e && page->again && r->has_form && r->form.has_error)
        return reply_again(r, page->again);
    if (e || r->is_again)
        return e;

    if (!page->no_idempotency && r->reply.status == 303)
        keep_location(r);
    return finish_transaction(r, page);
}

/* ---- refusals ---- */

/* Whether anybody lives at this host: nobody is sent to the log-in page of a studio that is none. */
static enum err host_exists(struct req *r)
{
    const char *const values[] = {arena_cstr(r->arena, r->host)};
    struct str why;
    enum err e = db_ready(r->gate->db, r->arena, &why);
    if (e)
        return e;
    struct rows *rows = db_send_sql(r->gate->db, r->arena, "tenant_host",
                                    "SELECT tenant_slug FROM sec.tenant_host($1)", values, 1);
    e = db_commit(r->gate->db, r->arena, &r->error);
    return e ? e : rows_count(rows) == 1 ? OK : ERR_NOT_FOUND;
}

static void to_login(struct req *r)
{
    enum err e = host_exists(r);
    if (e) {
        reply_error(r, e);
        return;
    }
    if (r->page->door == DOOR_STAFF && r->method == GET) {
        struct buf b = buf_in(r->arena, 128);
        buf_addz(&b, "/login?next=");
        esc_url(&b, r->in->path);
        reply_redirect(r, buf_str(&b));
        return;
    }
    struct str link_id = S("");
    if (r->page->door == DOOR_LINK && !r->in->is_draft &&
        pairs_get(&r->path_params, S("link_id"), &link_id) && link_token(r).n > 0) {
        reply_redirect(r, arena_printf(r->arena, "/v/%.*s", (int)link_id.n, link_id.p));
        return;
    }
    if (!r->in->is_draft)
        resume_offer(r);
    reply_error(r, ERR_NO_SESSION);
    if (r->page->door != DOOR_STAFF) {
        r->reply.view = "error/link";
        reply_finish(r);
    }
}

/* She is logged in, but something stands before this page. A form is not lost by it: see handle_post. */
static void to_proof(struct req *r, enum err e)
{
    if (r->in->is_draft) { /* where to a draft is sent counts as kept */
        reply_error(r, ERR_NO_SESSION);
        return;
    }
    struct buf b = buf_in(r->arena, 128);
    buf_addz(&b, e == ERR_MUST_ENROL ? "/account/security" : "/confirm?next=");
    if (e == ERR_STEP_UP)
        esc_url(&b, r->method == GET ? r->in->path : S("/"));
    reply_redirect(r, buf_str(&b));
}

static void refuse(struct req *r, enum err e)
{
    if (e == ERR_INTERNAL)
        log_error("request.failed", "route", r->page ? r->page->path : "", "sqlstate",
                  r->error.sqlstate, "detail", arena_cstr(r->arena, r->error.detail), NULL);
    if (r->page) {
        db_rollback(r->gate->db, r->arena);
        bool probing = e == ERR_NOT_FOUND && r->path_params.n > 0 && r->page->door != DOOR_PUBLIC;
        struct str why;
        if ((e == ERR_FORBIDDEN || probing) && db_ready(r->gate->db, r->arena, &why) == OK)
            begin_refused(r, e == ERR_FORBIDDEN ? "denied" : "not_found");
    }
    disclosure_forget(r);
    r->reply.cookies.n = r->n_entry_cookies; /* what the handler promised did not come about */
    if (e == ERR_NO_SESSION && r->page)
        to_login(r);
    else if (e == ERR_MUST_ENROL || e == ERR_STEP_UP)
        to_proof(r, e);
    else
        reply_error(r, e);
}

/* ---- the whole way ---- */

static enum err enter(struct req *r)
{
    enum err e = find_realm(r);
    if (!e)
        e = find_page(r);
    if (!e)
        e = read_query_and_cookies(r);
    if (!e && r->method == POST)
        e = read_body(r);
    if (e)
        return e;

    form_token_bind(r, r->page);
    bool by_link = page_is_by_link(r->page);
    if (r->method == POST) {
        /* Said before the form's token, which hangs on that cookie, is found wrong. */
        if ((r->page->door == DOOR_STAFF && session_token(r).n == 0) ||
            (by_link && link_token(r).n == 0))
            return ERR_NO_SESSION;
        if ((e = origin_check(r)) || (e = form_token_check(r)))
            return e;
    } else if (r->page->door == DOOR_STAFF && session_token(r).n == 0) {
        return ERR_NO_SESSION;
    }
    return OK;
}

/* A page that only reads may be asked for again when it was not its own slowness that failed. */
static bool may_try_again(const struct req *r)
{
    const char *state = r->error.sqlstate;
    return r->page && r->method == GET && strcmp(state, "57014") != 0 &&
           strcmp(state, "55P03") != 0 && strncmp(state, "53", 2) != 0;
}

static enum err handle(struct req *r)
{
    struct str why = S("");
    enum err e = db_ready(r->gate->db, r->arena, &why);
    if (e == ERR_INTERNAL) {
        log_error("db.unfit", "why", arena_cstr(r->arena, why), NULL);
        exit(78);
    }
    if (e)
        return e;
    return r->method == POST ? handle_post(r) : handle_get(r, r->page);
}

/* 32 hex digits (nginx) or a UUID; anything else gets a new one. */
static struct str request_uuid(struct req *r)
{
    struct str s = r->in->request_id;
    if (uuid_ok(s))
        return s;
    if (s.n == 32) {
        struct str dashed = arena_printf(r->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", s.p, s.p + 8,
                                         s.p + 12, s.p + 16, s.p + 20);
        if (uuid_ok(dashed))
            return dashed;
    }
    return uuid_new(r->arena);
}

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Where the time went, for a logged-in operator alone: how long a page takes can say what it found. */
static void tell_timing(struct req *r, uint64_t began, uint64_t database, uint64_t rendering)
{
    uint64_t now = now_us(), db = db_waited_us(r->gate->db) - database, render = now - rendering;
    uint64_t gate = now - began > db + render ? now - began - db - render : 0;
    r->reply.timing = arena_printf(r->arena, "gate;dur=%.3f, db;dur=%.3f, render;dur=%.3f",
                                   (double)gate / 1e3, (double)db / 1e3, (double)render / 1e3);
}

static struct req *new_req(struct gate *g, const struct http_request *in)
{
    arena_reset(g->arena);
    struct req *r = arena_alloc(g->arena, sizeof *r);
    *r = (struct req){.gate = g,
                      .arena = g->arena,
                      .in = in,
                      .host = S(""),
                      .path = in->path,
                      .new_id = S(""),
                      .idem = S(""),
                      .form_binding = S("")};
    r->reply = (struct reply){.status = 200, .type = "text/html; charset=utf-8"};
    r->request_uuid = request_uuid(r);
    log_request(arena_cstr(r->arena, r->request_uuid));
    return r;
}

void gate_crowded(struct gate *g, const struct http_request *in, struct reply *out)
{
    struct req *r = new_req(g, in);
    reply_error(r, ERR_UNAVAILABLE);
    *out = r->reply;
    if (str_is(in->method, "HEAD"))
        out->body = S("");
}

const struct page *gate_handle(struct gate *g, const struct http_request *in, struct reply *out)
{
    uint64_t began = now_us(), database = db_waited_us(g->db);
    struct req *r = new_req(g, in);

    enum err e = enter(r);
    r->n_entry_cookies = r->reply.cookies.n;
    if (!e) {
        struct reply blank = r->reply;
        e = handle(r);
        if (e == ERR_UNAVAILABLE && may_try_again(r)) {
            /* The server went away under us. */
            req_forget_results(r);
            r->n_set = 0;
            r->reply = blank;
            e = handle(r);
        }
    }
    uint64_t rendering = now_us();
    if (e)
        refuse(r, e);
    else
        reply_finish(r);
    if (!e && r->frames && rows_count(r->frames) == 1)
        r->reply.frames = rows_text(r->frames, 0, "origins");
    if (!e && r->realm == REALM_OPERATOR && r->page->door == DOOR_STAFF)
        tell_timing(r, began, database, rendering);
    *out = r->reply;
    if (r->is_head)
        out->body = S("");
    return r->page;
}
