/*
 * gate.h -- one request from its first byte to its last: the only way to a page.
 * Owns: the order of the checks, the transaction, disclosure, the reply.
 * Never: leaves a page a choice about any of them.
 */
#ifndef FOYER_GATE_H
#define FOYER_GATE_H
#include "db.h"
#include "form.h"
#include "http.h"
#include "route.h"
#include "web.h"

/* What a worker keeps between requests. */
struct gate {
    const struct feature *features;
    enum pool pool;
    struct db *db;
    struct arena *arena;
    const char *domain;    /* "foyer.localhost" */
    const char *authority; /* ":8443" or "" after the host in absolute addresses */
    struct decoder *decoder; /* of pictures; NULL: this process has none */
};

/* What goes back. Lives in the request's arena. */
struct reply {
    int status;
    const char *type;
    struct str body;
    struct str location;     /* for 303 */
    struct str allow;        /* for 405 */
    struct str disposition;  /* file name for a download */
    struct str etag;         /* with its quotes: may be kept and asked for again by it; "": none */
    struct buf cookies;      /* whole Set-Cookie lines */
    long cache_seconds;      /* 0: no-store */
    long retry_after;        /* seconds; 0: none */
    struct str timing;       /* Server-Timing, for operators alone; "": none */
    struct str frames;       /* origins whose pages may show this one in a frame; "": none */
    const char *view;        /* rendered after the commit */
};

struct named_value {
    name_id name;
    struct str text;
    bool is_null, is_list;
    struct val list;
};
struct shown {
    name_id name;
    struct rows *rows;
    const char *by;
    bool once;
};
struct client_key {
    struct str client_id, wrapped;
    bool has_key; /* the disclosure gave a wrapped one */
    bool is_open; /* it was unwrapped, because a sealed text needed it */
    unsigned char key[32];
};

enum { MAX_SET = 64, MAX_SHOWN = 48, MAX_RESULTS = 64 };

/* One request on its way. Only the files of the gate (gate, req, disclosure, reply) look inside. */
struct req {
    const struct gate *gate;
    struct arena *arena;
    const struct http_request *in;
    const struct page *page;
    enum realm realm;
    enum method method;
    bool is_head, is_again, has_form;
    bool form_is_old; /* made by us, more than a day ago */
    struct str host, path, new_id, idem, csrf, form_binding, request_uuid;
    struct str language; /* in which the page speaks; "": English */
    struct str asked_language; /* the one that its reader chose, or her browser asks for, of those there are; "": none */
    struct pairs path_params, query, posted, cookies;
    struct uploads uploads;
    struct form form;
    struct named_value set[MAX_SET];
    size_t n_set;
    struct shown shown[MAX_SHOWN];
    size_t n_shown;
    struct rows *fresh[MAX_RESULTS]; /* results whose clients are not yet disclosed */
    size_t n_fresh;
    struct rows *context; /* the row of begin_... */
    struct rows *frames;  /* origins that may frame the page; NULL: it is not framable */
    struct client_key *keys;
    size_t n_keys, cap_keys;
    uint32_t *places; /* of each by her id, counted from 1: twice cap_keys, a power of two */
    struct rows *disclosed; /* the rows of a disclosure that is on its way */
    bool has_disclosed;
    struct str kept_tenant; /* of the kept results that this request uses; "": none */
    int64_t kept_version;
    struct db_error error;
    int64_t page_number; /* of a list in pages, from the query string; 0: no such list */
    bool has_next_page;
    struct reply reply;
    size_t n_entry_cookies; /* bytes of reply.cookies that stay when the page is refused */
};

/* Checks the tables and compiles the templates; call once in the master. */
bool gate_check(const struct feature *features, struct arena *a, struct str *why);
/* Handles one request. The reply is valid until the gate's arena is reset. Returns the page, or
 * NULL when none was found. */
const struct page *gate_handle(struct gate *g, const struct http_request *in, struct reply *out);
/* The answer in its place when the studio has its share of the workers: nothing was begun. */
void gate_crowded(struct gate *g, const struct http_request *in, struct reply *out);

/* ---- between the files of the gate ---- */

/* Whether a page opens by the cookie of a token link, proven or not yet. */
static inline bool page_is_by_link(const struct page *page)
{
    return page->door == DOOR_LINK || page->door == DOOR_LINK_UNPROVEN;
}

/* begin.c: the first statement of every transaction. */
void begin_send(struct req *r, const struct page *page);
enum err MUST_CHECK begin_wait(struct req *r);
/* Once who reads by a link is known: the language of her page. */
void begin_language(struct req *r);
void begin_refused(struct req *r, const char *outcome);
struct str session_token(struct req *r);
struct str link_token(struct req *r);

/* reply.c: the template in the language of the page; one without words of its own is there in English alone. NULL: *why. */
const struct view *view_in_language(struct req *r, const char *name, struct str *why);

/* form_token.c */
struct str form_token_new(struct req *r);
enum err MUST_CHECK form_token_check(struct req *r);
enum err MUST_CHECK origin_check(struct req *r);
void form_token_bind(struct req *r, const struct page *page);

/* kept.c: results that a worker keeps as long as what the tenant set up stays the same. */
/* The result kept for this statement with the request's values; NULL: none. */
struct rows *kept_find(struct req *r, enum query q);
void kept_store(struct req *r, enum query q, const struct rows *rows);
/* Whether all results that kept_find gave to this request are still true, by the context row. */
bool kept_is_fresh(const struct req *r);

/* disclosure.c */
void disclosure_note(struct req *r, struct rows *rows);
/* Discloses the clients of all noted results, then opens their sealed cells. always: also when
 * there is no client (a page with an action leaves its row). */
enum err MUST_CHECK disclosure_settle(struct req *r, bool always);
/* The same as the end of the transaction, in one flight: nothing can be sent after it. */
enum err MUST_CHECK disclosure_commit(struct req *r, bool always);
/* The same for a page whose statements all say whom they show: disclosure_send goes into the flight
 * that the statements are in; disclosure_land ends it with the commit; disclosure_check compares. */
void disclosure_send(struct req *r);
enum err MUST_CHECK disclosure_land(struct req *r);
enum err MUST_CHECK disclosure_check(struct req *r);
enum err MUST_CHECK disclosure_of(struct req *r, struct str client_id);
struct client_key *disclosure_key(struct req *r, struct str client_id);
/* Unwraps a key that a disclosure gave; most pages need few of those they are given. */
enum err MUST_CHECK disclosure_open_key(struct req *r, struct client_key *key);
/* What a sealed text is bound to, so that it cannot be moved: its tenant, table, column and row. */
struct str disclosure_aad(struct req *r, struct str table, struct str column, struct str row);
void disclosure_forget(struct req *r);

/* req.c */
bool req_param(void *self, struct str name, struct str *value, bool *is_null);
struct param_source req_params(struct req *r);
struct str req_value_str(void *self, struct str name);
/* A :page query: binds its limit and offset; afterwards notes whether more follows. */
void req_bind_page(struct req *r, enum query q);
void req_note_page(struct req *r, enum query q, const struct rows *rows);
void req_forget_results(struct req *r);

/* frames.c: the request as the outermost frame of a template. */
void frames_init(void);
const struct frame *req_frame(struct req *r);

/* reply.c */
void reply_error(struct req *r, enum err e);
void reply_finish(struct req *r);

#endif
