/*
 * entry.c -- the cookies between and after the stages of a log-in, and where one goes afterwards.
 * Owns: __Host-login (the ticket), __Host-was (tokens that a session had). Never: decides who comes in.
 */
#include "entry.h"

#include "crypto.h"

enum { TICKET_SECONDS = 600 }; /* as sec.login_ticket */

enum err entry_token(struct req *r, const char *name, struct str *token)
{
    struct str raw;
    *token = token_new(req_arena(r));
    if (unesc_base64url(req_arena(r), *token, &raw))
        return ERR_INTERNAL;
    req_set_bytes(r, name, raw);
    return OK;
}

void entry_turned(struct req *r, struct str token)
{
    struct arena *a = req_arena(r);
    struct str was = req_cookie(r, "__Host-sid"), before = req_cookie(r, "__Host-was");
    /* The last four: whoever confirms oftener than that has left a form open for long. */
    for (size_t n = 0, i = 0; i < before.n; i++)
        if (before.p[i] == '.' && ++n == 3)
            before.n = i;
    struct str all = before.n == 0
                         ? was
                         : arena_printf(a, "%.*s.%.*s", (int)was.n, was.p, (int)before.n, before.p);
    reply_cookie(r, "__Host-sid", token, "/", 0, true);
    reply_cookie(r, "__Host-was", all, "/", 0, true);
}

/* A path of ours. Browsers drop tabs and line ends from an address and read '\\' as '/', so that either may hide "//host". */
static bool is_own_path(struct str path)
{
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] < ' ' || path.p[i] == 0x7f || path.p[i] == '\\')
            return false;
    return path.n > 1 && path.p[0] == '/' && path.p[1] != '/';
}

struct str entry_next(struct req *r)
{
    struct str next = req_value(r, "next_path");
    if (next.n == 0)
        next = req_value(r, "next");
    return is_own_path(next) ? next : S("");
}

void entry_ticket(struct req *r)
{
    struct str raw;
    if (token_read(req_arena(r), req_cookie(r, "__Host-login"), &raw))
        req_set_bytes(r, "ticket", raw);
    else
        req_set_null(r, "ticket");
}

void entry_ticket_cookie(struct req *r, struct str token)
{
    reply_cookie(r, "__Host-login", token, "/", token.n > 0 ? TICKET_SECONDS : -1, true);
}
