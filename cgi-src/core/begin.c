/*
 * begin.c -- the first statement of every transaction: who is this, may they, whose data is it.
 * Owns: which begin function a page's door uses, and the cookies that carry tokens.
 * Never: decides; the functions in sql/lib/ do, and raise to refuse.
 */
#include "crypto.h"
#include "gate.h"
#include "view.h"

struct str session_token(struct req *r) { return req_cookie(r, "__Host-sid"); }
struct str link_token(struct req *r) { return req_cookie(r, "__Secure-link"); }
/* What a visitor picked on a page that belongs to no link (language.c). */
static struct str picked_language(struct req *r) { return req_cookie(r, "__Host-language"); }

/* A base64url token as a bytea literal; NULL when it is not one. */
static const char *token_bytes(struct req *r, struct str token)
{
    struct str raw;
    return token_read(r->arena, token, &raw) ? db_bytea(r->arena, raw) : NULL;
}

static const char *agent(struct req *r) { return arena_cstr(r->arena, req_agent(r)); }

/* The word the trail uses for a page: its action, or its method and pattern. */
static const char *action_of(struct req *r, const struct page *page)
{
    if (page->action)
        return page->action;
    return arena_cstr(r->arena, arena_printf(r->arena, "%s %s",
                                             page->method == GET ? "GET" : "POST", page->path));
}

void begin_send(struct req *r, const struct page *page)
{
    const char *host = arena_cstr(r->arena, r->host), *action = action_of(r, page);
    const char *ip = arena_cstr(r->arena, r->in->remote_addr);
    const char *request = arena_cstr(r->arena, r->request_uuid);

    r->frames = NULL;
    /* For statements that are on their way before it is known who reads (page_language). */
    if (req_is_for_clients(r))
        req_say_in(r, view_language_of(r->arena, r->in->accept_language));
    switch (page->door) {
    case DOOR_STAFF: {
        const char *const values[] = {
            host,    token_bytes(r, session_token(r)),  perm_name[page->can], action, ip, agent(r),
            request, r->in->is_quiet ? "true" : "false"};
        r->context = db_send_sql(r->gate->db, r->arena, "begin_staff",
                                 "SELECT * FROM sec.begin_staff($1, $2, $3, $4, $5, $6, $7, $8)",
                                 values, COUNT_OF(values));
        /* A form that is shown again was let in when it was opened; it does nothing. */
        if (page->step_up && !r->is_again)
            db_send_sql(r->gate->db, r->arena, "step_up", "SELECT sec.step_up_check()", NULL, 0);
        break;
    }
    case DOOR_PUBLIC: {
        const char *const values[] = {host, action, ip, agent(r), request};
        r->context = db_send_sql(r->gate->db, r->arena, "begin_public",
                                 "SELECT * FROM sec.begin_public($1, $2, $3, $4, $5)", values,
                                 COUNT_OF(values));
        if (page->is_framable)
            r->frames = db_send_sql(r->gate->db, r->arena, "frame_origins",
                                    "SELECT array_to_string(t.frame_origins, ' ') AS origins "
                                    "FROM app.tenant t WHERE t.id = app.tenant()",
                                    NULL, 0);
        break;
    }
    case DOOR_LINK:
    case DOOR_LINK_UNPROVEN: {
        struct str link_id = S("");
        pairs_get(&r->path_params, S("link_id"), &link_id);
        const char *const values[] = {host,
                                      arena_cstr(r->arena, link_id),
                                      token_bytes(r, link_token(r)),
                                      page->purpose,
                                      page->door == DOOR_LINK ? "true" : "false",
                                      action,
                                      ip,
                                      agent(r),
                                      request};
        r->context = db_send_sql(r->gate->db, r->arena, "begin_link",
                                 "SELECT * FROM sec.begin_link($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                                 values, COUNT_OF(values));
        break;
    }
    }
}

enum err begin_wait(struct req *r)
{
    enum err e = db_wait(r->gate->db, r->arena, &r->error);
    if (e)
        return e;
    if (rows_count(r->context) != 1)
        return ERR_NOT_FOUND;
    begin_language(r);
    return OK;
}

/* What she chose, or is on record to prefer; else what her browser asks for; else what the studio speaks. */
void begin_language(struct req *r)
{
    if (!req_is_for_clients(r))
        return;
    struct str chosen = r->page->door == DOOR_PUBLIC ? picked_language(r)
                                                     : rows_text(r->context, 0, "reader_language");
    r->asked_language = view_language_of(r->arena, chosen);
    if (r->asked_language.n == 0)
        r->asked_language = view_language_of(r->arena, r->in->accept_language);
    req_say_in(r, r->asked_language.n > 0
                      ? r->asked_language
                      : view_language_of(r->arena, rows_text(r->context, 0, "locale")));
}

void begin_refused(struct req *r, const char *outcome)
{
    struct db_error ignored;
    const char *const values[] = {arena_cstr(r->arena, r->host),
                                  token_bytes(r, session_token(r)),
                                  action_of(r, r->page),
                                  outcome,
                                  arena_cstr(r->arena, r->in->remote_addr),
                                  agent(r),
                                  arena_cstr(r->arena, r->request_uuid)};
    db_send_sql(r->gate->db, r->arena, "refused", "SELECT sec.refused($1, $2, $3, $4, $5, $6, $7)",
                values, COUNT_OF(values));
    /* The person is refused either way; a database that is away has said so already. */
    if (db_commit(r->gate->db, r->arena, &ignored) != OK)
        return;
}
