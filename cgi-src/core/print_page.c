/*
 * print_page.c -- asks the gate for one page as a given person.
 * Owns: a session of its own, made as the login page makes one (role of the slow pool).
 * Never: goes round the gate: what it prints is what the browser would get.
 */
#include "print_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto.h"
#include "totp.h"

/* A session token for the person, or an empty text. */
static struct str open_session(const struct pool_options *o, const char *role, const char *host,
                               const char *email, struct arena *a)
{
    struct str why;
    struct db_error e;
    struct db *db = db_new(o->database, role);
    if (db_ready(db, a, &why)) {
        fprintf(stderr, "page: the database is away: %.*s\n", (int)why.n, why.p);
        return S("");
    }
    struct str token = token_new(a), raw;
    if (unesc_base64url(a, token, &raw))
        return S("");
    const char *const who[] = {host, email};
    struct rows *found = db_send_sql(db, a, "page_lookup",
                                     "SELECT staff_id FROM sec.login_lookup($1, $2, '127.0.0.1')",
                                     who, COUNT_OF(who));
    if (db_commit(db, a, &e) || rows_count(found) == 0 || rows_text(found, 0, "staff_id").n == 0) {
        fprintf(stderr, "page: nobody with the e-mail '%s' works at %s\n", email, host);
        return S("");
    }
    const char *const session[] = {host, email, arena_cstr(a, rows_text(found, 0, "staff_id")),
                                   db_bytea(a, raw)};
    db_send_sql(db, a, "page_login",
                "SELECT session_id FROM sec.login_done($1, $2, $3, true, $4, NULL, '127.0.0.1', "
                "'scripts/page', gen_random_uuid())",
                session, COUNT_OF(session));
    /* Whose account has a second factor is at its second stage now; this shell is the proof. */
    struct str session_token = token_new(a), session_raw;
    if (unesc_base64url(a, session_token, &session_raw))
        return S("");
    const char *const second[] = {db_bytea(a, raw),
                                  arena_cstr(a, arena_printf(a, "%lld", (long long)totp_step())),
                                  db_bytea(a, session_raw)};
    struct rows *opened = db_send_sql(
        db, a, "page_second",
        "SELECT session_id FROM sec.second_lookup($1, '127.0.0.1') l, LATERAL sec.second_done($1, "
        "'totp', true, $2, NULL, NULL, NULL, $3, '127.0.0.1', 'scripts/page') d",
        second, COUNT_OF(second));
    enum err done = db_commit(db, a, &e);
    db_close(db);
    if (done) {
        fprintf(stderr, "page: no session could be made for '%s'\n", email);
        return S("");
    }
    bool had_second = rows_count(opened) == 1 && rows_text(opened, 0, "session_id").n > 0;
    return had_second ? session_token : token;
}

/* The page's own pool: the one that would serve it. */
static enum pool pool_of(const struct pool_options *o, enum realm realm, enum method method,
                         struct str path, struct arena *a)
{
    struct pairs params;
    bool other;
    const struct page *page = route_find(o->features, realm, method, path, a, &params, &other);
    return page ? page->pool : POOL_STAFF;
}

int print_page(const struct pool_options *options, const char *const roles[POOL_COUNT],
               const char *method, const char *path, const char *user, const char *host)
{
    struct pool_options o = *options;
    struct arena *a = arena_new(16 << 20);
    struct str full_host =
        host && strchr(host, '.') ? str_of(host)
        : host && strcmp(host, "-") == 0
            ? str_of(o.domain)
            : arena_printf(a, "%s.%s", host ? host : "glow", o.domain);
    const char *host_name = arena_cstr(a, full_host);
    struct str query = str_of(path), plain_path = str_cut(&query, '?'), cookie = S("");

    if (strcmp(user, "-") != 0) {
        struct str token = open_session(&o, roles[POOL_SLOW], host_name, user, a);
        if (token.n == 0)
            return EXIT_FAILURE;
        cookie = arena_printf(a, "__Host-sid=%.*s", (int)token.n, token.p);
    }
    enum realm realm = str_is(full_host, o.domain)         ? REALM_SITE
                       : str_starts(full_host, S("ops."))  ? REALM_OPERATOR
                                                           : REALM_STUDIO;
    o.pool = pool_of(&o, realm, strcmp(method, "POST") == 0 ? POST : GET, plain_path, a);
    o.role = roles[o.pool];
    struct gate gate = pool_gate(&o);
    struct http_request in = {.method = str_of(method), .path = plain_path, .query = query,
                              .host = full_host, .cookie = cookie, .remote_addr = S("127.0.0.1"),
                              .agent = S("scripts/page"), .fetch_site = S("same-origin"), .fetch_dest = S(""),
                              .body = S(""), .request_id = S(""), .origin = S(""),
                              .content_type = S("")};
    struct reply reply;
    gate_handle(&gate, &in, &reply);
    fprintf(stderr, "status %d%s%.*s\n", reply.status, reply.location.n ? ", to " : "",
            (int)reply.location.n, reply.location.p ? reply.location.p : "");
    fwrite(reply.body.p, 1, reply.body.n, stdout);
    int code = reply.status < 400 ? EXIT_SUCCESS : EXIT_FAILURE;
    db_close(gate.db);
    arena_free(gate.arena);
    arena_free(a);
    return code;
}
