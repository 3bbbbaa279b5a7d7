/*
 * web.h -- the page table: what a feature declares, and what its few functions may call.
 * The gate (cgi-src/core/gate.c) reads a page's row and does what must never be forgotten: method,
 * size, Host to tenant, session, CSRF, permission, idempotency, disclosure. A handler cannot skip
 * it, because the gate calls the handler.
 */
#ifndef FOYER_WEB_H
#define FOYER_WEB_H
#include "base.h"
#include "db.h"
#include "perm.h"
#include "view.h"

enum method { GET, POST };

/* Whose host a page lives at. */
enum realm { REALM_STUDIO, REALM_OPERATOR, REALM_STAFFED /* both of these */, REALM_SITE /* apex */ };

/* Who may come in. */
enum door {
    DOOR_STAFF,   /* a session with the permission `can`; PERM_none: any session */
    DOOR_PUBLIC,  /* anybody */
    DOOR_LINK,    /* the cookie of a token link of purpose `purpose`, second factor passed */
    DOOR_LINK_UNPROVEN /* the same before the second factor */
};
enum pool { POOL_STAFF, POOL_PUBLIC, POOL_SLOW, POOL_COUNT };

/* Shorthands for page rows. */
/* A page of one's own account, open to whoever is logged in. */
#define SELF .door = DOOR_STAFF, .can = PERM_self
#define CAN(permission) .door = DOOR_STAFF, .can = PERM_##permission
#define ANYBODY .door = DOOR_PUBLIC, .pool = POOL_PUBLIC
#define LINK(what) .door = DOOR_LINK, .pool = POOL_PUBLIC, .purpose = what

enum field_kind {
    FIELD_TEXT,      /* one line, trimmed; max in characters */
    FIELD_LONG,      /* several lines */
    FIELD_EMAIL,     /* SECURITY.md X-09 */
    FIELD_PHONE,     /* plausible as a phone number; app.phone_e164 decides and normalises */
    FIELD_DATE,      /* YYYY-MM-DD, real */
    FIELD_TIME,      /* HH:MM */
    FIELD_LOCAL,     /* YYYY-MM-DDTHH:MM */
    FIELD_INT,       /* min..max */
    FIELD_UUID,
    FIELD_UUIDS,     /* any number of values of one name (check boxes): "{a,b}", for ::uuid[] */
    FIELD_CHOICE,    /* one of choices "a|b|c" */
    FIELD_BOOL,      /* check box: absent is false */
    FIELD_PASSWORD,  /* never given back to the page, never trimmed */
    FIELD_TOKEN      /* base64url text up to max */
};
struct field {
    const char *name;
    enum field_kind kind;
    bool required;
    int64_t min, max;     /* characters, or the number's range; max 0: 200 characters */
    const char *choices;
    const char *missing;  /* message for people; NULL: a plain default */
    const char *bad;
    bool is_secret;       /* not carried through a new log-in; passwords and tokens never are */
};

struct show {
    const char *name;  /* section in the template */
    enum query query;
    const char *by;    /* rows belong to the surrounding row with the same value of this column */
    bool once;         /* only the first of those: "has any" */
};

struct req;

/* One page. Zero values are the common case, so a row names only what is special. */
struct page {
    enum method method;
    const char *path;       /* "/clients/{client_id:uuid}"; kinds: uuid date int slug token ics */
    enum realm realm;
    enum door door;
    enum perm can;
    const char *purpose;    /* DOOR_LINK: the link's purpose, "manage" or "form"; NULL: any */
    enum pool pool;
    const char *action;     /* audit action, "client.read"; a page that returns client_id needs one */
    /* Queries, in the order they are sent. On a run page: those it shows by req_show, named here so
     * that viewcheck can match them with the template; the gate does not send them. A query that
     * stands twice, under two names, is sent once. */
    struct show show[40];
    const char *view;       /* template */
    const char *with;       /* GET: a parameter of its queries that is "t" on this page */
    const struct field *fields;  /* ended by a row without a name */
    enum query save;        /* POST: one statement; Q_none (0): not a save page */
    const char *then;       /* where to go after it: {name} from its row, path, fields */
    const char *again;      /* path pattern of the GET page that shows the form again on 422 */
    enum err (*run)(struct req *r);
    size_t max_body;        /* bytes; 0: 64 KiB */
    /* POST: what to answer when this very form was already carried out; NULL: go where it went. */
    enum err (*replay)(struct req *r, struct str location);
    bool no_idempotency;    /* repeating it is harmless, and nothing is kept: log-in, log-out */
    bool step_up;           /* only who proved within the last five minutes who she is (S-07) */
    bool ends_support;      /* POST: the one that also somebody who is here for support may send */
    /* The form token is bound to a cookie that the page sets (/demo, L35); behind the log-in, to that one as well as to the
     * session, which may be a newer one than the form. */
    bool form_cookie;
    bool is_framable;       /* may stand in a frame on the business's own sites (app.tenant.frame_origins) */
    const char *gives;      /* run pages: names set by the handler and shown, "a b c", for viewcheck */
    const char *title;      /* for `foyer routes`: what a person would call this page */
};
/* Each feature has exactly one table, ended by a row without a path, listed in features/features.c. */
struct feature {
    const char *name;
    const struct page *pages;
};
extern const struct feature all_features[]; /* ended by a NULL name */

/* ---- what a run function may do ---- */

struct arena *req_arena(struct req *r);
const struct page *req_page(struct req *r);
/* The page in this language, with its messages, if there is a catalogue for it; else in English. Pages for clients begin in the
 * reader's (begin.c). */
void req_say_in(struct req *r, struct str language);
/* Whether the studio's clients read the page, and who may become one: it speaks the language of its reader. */
bool req_is_for_clients(struct req *r);
/* In which language the page speaks; "": English. */
struct str req_language(struct req *r);
/* A value by name, in this order: set by the handler, path, the server's own (host, address, agent,
 * request_id, new_id, idem, page_language, asked_language, and the context of begin: tenant_id, tenant_slug, actor_id, client_id,
 * link_id, ...), fields (valid ones), query string. While a POST is carried out its query string
 * counts for nothing: what a statement may be told by a form is what its fields declare. */
struct str req_value(struct req *r, const char *name);
bool req_has(struct req *r, const char *name);
void req_set(struct req *r, const char *name, struct str value);      /* as a parameter and in the template */
void req_set_bytes(struct req *r, const char *name, struct str raw);  /* bytea parameter */
void req_set_null(struct req *r, const char *name);
void req_set_list(struct req *r, const char *name, struct val list);  /* template only */
/* All values sent for a name that may repeat (check boxes), raw. */
size_t req_values(struct req *r, const char *name, const struct str **values);
/* Checks the posted body against fields and remembers values and errors. true: all good. The gate
 * has done this already for page->fields. */
bool req_check(struct req *r, const struct field *fields);
/* YYYY-MM-DD, a day that there is. For an address, whose values nobody has checked. */
bool date_ok(struct str s);
/* Adds a message beside a field ("" : above the form); the form is then shown again with 422. */
void req_refuse(struct req *r, const char *field, const char *message);
/* What stands in a field when the form is shown again, instead of what was sent. */
void req_retype(struct req *r, const char *field, struct str value);

/* Runs a statement now: values bound by name. NULL on error; return req_error(r) then. Clients in
 * its result (column client_id) are disclosed before the reply; sealed columns are opened. */
struct rows *req_query(struct req *r, enum query q);
/* The same, but shown in the template under a name. */
struct rows *req_show(struct req *r, const char *name, enum query q, const char *by);
enum err req_error(struct req *r);
/* The message for people of the last statement that failed with ERR_INVALID or ERR_CONFLICT. */
struct str req_error_message(struct req *r);
struct str req_error_field(struct req *r);
/* Ends the transaction now (for a handler that must know it is durable before an effect). */
enum err MUST_CHECK req_commit(struct req *r);

/* Replies. The last one wins; nothing is sent before the transaction is committed. */
enum err reply_view(struct req *r, int status, const char *view);
enum err reply_redirect(struct req *r, struct str path);             /* 303, own paths only */
enum err reply_bytes(struct req *r, int status, const char *type, struct str body,
                     const char *download_name);
/* Refuses a file of more than most lines with words (422): one that were cut short would look whole. */
enum err MUST_CHECK reply_too_long(struct req *r, size_t most);
/* The columns of rows as a file that a spreadsheet opens (csv.h); NULL rows: the error of their statement. */
enum err MUST_CHECK reply_csv(struct req *r, const struct rows *rows, const char *const *columns,
                              size_t n, const char *filename);
/* The same for what programs ask for again and again: with an ETag of its bytes, and 304 without
 * them when that is what the program has. It may keep them, to be asked about each time. */
enum err reply_bytes_again(struct req *r, const char *type, struct str body);
/* Runs page (a GET page by its path pattern) again as the answer with status 422: typed values kept. */
enum err reply_again(struct req *r, const char *path_pattern);
/* Shows the form again that was sent in kept_form, if it was this person's: cgi-src/core/resume.c. */
enum err reply_resumed(struct req *r);
/* Set-Cookie on the reply, always Secure and HttpOnly. name is whole: "__Host-x" for path "/",
 * "__Secure-x" for another path. max_age 0: session cookie; < 0: remove. strict: SameSite=Strict,
 * else Lax (a link in a mail must work). */
void reply_cookie(struct req *r, const char *name, struct str value, const char *path, long max_age,
                  bool strict);
struct str req_cookie(struct req *r, const char *name);
/* Absolute address of a path on this tenant's host. */
struct str req_url(struct req *r, struct str path);

/* Files of a multipart body. */
struct upload;
size_t req_uploads(struct req *r, const struct upload **files);
/* Whether the browser says that the answer goes into a frame. There no cookie can be relied upon. */
bool req_is_framed(struct req *r);
/* What the trail and the evidence of a signature keep of the person's browser. */
struct str req_address(struct req *r);
struct str req_agent(struct req *r);
/* Renders a template over the request's values to text: messages. */
struct str req_render(struct req *r, const char *view);
/* Key work: wraps a new client's key, or seals under the disclosed key of a client. */
enum err MUST_CHECK req_client_key_new(struct req *r, struct str client_id, struct str *wrapped);
enum err MUST_CHECK req_seal(struct req *r, struct str client_id, const char *table,
                             const char *column, struct str row_id, struct str plain,
                             struct str *sealed);
/* Seals a text under the client's key and sets it as the parameter; an empty one is NULL. */
enum err MUST_CHECK req_set_sealed(struct req *r, const char *param, struct str client_id,
                                   const char *table, const char *column, struct str row_id,
                                   struct str plain);
/* The same under the business's own key, for what belongs to no client: mails to the staff, secrets of
 * accounts. A sealed column of a row without a client is opened by it when it is shown. */
enum err MUST_CHECK req_seal_own(struct req *r, const char *table, const char *column,
                                 struct str row_id, struct str plain, struct str *sealed);
enum err MUST_CHECK req_open_own(struct req *r, const char *table, const char *column,
                                 struct str row_id, struct str sealed, struct str *plain);

#endif
