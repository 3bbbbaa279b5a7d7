/*
 * link.c -- the cookie by which a browser holds a token link, and letting in who has just booked.
 * Owns: name, path and life of that cookie. Never: keeps a token anywhere else.
 */
#include "link.h"

#include "crypto.h"

enum { SESSION_SECONDS = 2 * 3600 }; /* as sec.link_session */

void link_cookie(struct req *r, struct str link_id, struct str token)
{
    const char *path =
        arena_cstr(req_arena(r), arena_printf(req_arena(r), "/v/%.*s", (int)link_id.n, link_id.p));
    reply_cookie(r, "__Secure-link", token, path, SESSION_SECONDS, false);
}

enum err link_let_in(struct req *r, struct str link_id, enum query q)
{
    struct str token = token_new(req_arena(r)), raw;
    if (unesc_base64url(req_arena(r), token, &raw))
        return ERR_INTERNAL;
    req_set(r, "opened_link", link_id);
    req_set_bytes(r, "session_token", raw);
    struct rows *opened = req_query(r, q);
    if (!opened)
        return req_error(r);
    if (rows_text(opened, 0, "link_session_id").n > 0)
        link_cookie(r, link_id, token);
    return OK;
}
