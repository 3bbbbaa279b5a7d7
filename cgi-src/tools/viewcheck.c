/*
 * viewcheck.c -- every name in every page's template is a column of the query bound to it, and
 * every selected column is shown by somebody. Also: every statement is one the server accepts,
 * with result types we can decode; a result that names clients belongs to a page with an action;
 * a sealed column stands with its row's id and client_id; what a statement says of its clients
 * (-- clients:) is so; and one whose result is kept (-- keeps: reference) reads nothing but tables
 * whose changes are noticed and whose rows are the same for all of the staff, and no clock.
 *   viewcheck CONNINFO TEMPLATE_DIRS      prints each mistake on a line; exit 1 if there is any.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "web.h"

enum { MAX_COLUMNS = 64, MAX_DEPTH = 32 };

struct columns {
    char *name[MAX_COLUMNS];
    Oid type[MAX_COLUMNS], table[MAX_COLUMNS];
    bool shown[MAX_COLUMNS], is_sealed[MAX_COLUMNS];
    int n;
    bool used_by_page;
    bool used_by_run; /* C reads it: columns need not be shown */
};
static struct columns columns_of[QUERY_COUNT];
static unsigned mistakes, checked;

static void mistake(const char *file, unsigned line, const char *what, struct str name,
                    const char *where)
{
    mistakes++;
    printf("%s:%u: %s '%.*s' (%s)\n", file, line, what, (int)name.n, name.p, where);
}

/* Types the worker decodes (db_rows.c). */
static bool known_type(Oid type)
{
    static const Oid known[] = {16,   17,   18,   19,   20,   21,   23,   25,   701,  1009,
                                1042, 1043, 1082, 1083, 1114, 1184, 2950, 2951, 1015, 2278};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i] == type)
            return true;
    return false;
}

static bool ends(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

static int column_find(const struct columns *c, const char *name)
{
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->name[i], name) == 0)
            return i;
    return -1;
}

/* Whether a result column comes from a sealed one, under whatever name. */
static bool is_sealed(PGconn *conn, Oid table, int column)
{
    char sql[160];
    snprintf(sql, sizeof sql,
             "SELECT 1 FROM pg_attribute WHERE attrelid = %u AND attnum = %d "
             "AND right(attname, 7) = '_sealed'",
             table, column);
    PGresult *found = PQexec(conn, sql);
    bool sealed = PQntuples(found) == 1;
    PQclear(found);
    return sealed;
}

static void check_clients(const struct query_def *def, const struct columns *c)
{
    int i = column_find(c, "client_id");
    if (def->clients == CLIENTS_NONE && i >= 0)
        mistake(def->file, (unsigned)def->line, "it says it shows no clients, but has",
                S("client_id"), def->name);
    if (def->clients == CLIENTS_SEEN &&
        (i < 0 || c->table[i] != 0 || !strstr(def->sql, "app.seen(")))
        mistake(def->file, (unsigned)def->line,
                "it says its clients are seen: select app.seen() as", S("client_id"), def->name);
}

/* Whether a table's changes move reference_version, and everybody whom a page with this permission
 * lets in sees the same of its rows: a policy asks for that permission or another, or for anybody. */
static bool is_reference(PGconn *conn, const char *schema, const char *table, const char *can)
{
    const char *const values[] = {schema, table, can};
    PGresult *found = PQexecParams(
        conn,
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2"
        "   AND EXISTS (SELECT FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid"
        "               WHERE t.tgrelid = c.oid AND t.tgenabled = 'O' AND t.tgtype & 29 = 29"
        "                 AND f.proname = 'reference_changed')"
        "   AND NOT EXISTS (SELECT FROM pg_policy o, pg_get_expr(o.polqual, o.polrelid) AS rule"
        "                   WHERE o.polrelid = c.oid AND NOT o.polpermissive"
        "                   AND o.polcmd IN ('r', '*')"
        "                   AND (o.polroles = '{0}' OR 'foyer_staff'::regrole = ANY (o.polroles))"
        "                   AND rule <> '(( SELECT app.actor() AS actor) IS NOT NULL)'"
        "                   AND (strpos(rule, format('app.may(%L::text)', $3::text)) = 0"
        "                        OR rule ~ ' (AND|NOT) '))",
        3, NULL, values, NULL, NULL, 0);
    bool is = PQntuples(found) == 1;
    PQclear(found);
    return is;
}

/* For every page that shows the statement. */
static bool is_reference_for_all(PGconn *conn, int q, const char *schema, const char *table)
{
    bool is = true;
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++)
            for (size_t i = 0; i < COUNT_OF(p->show) && p->show[i].name; i++)
                if ((int)p->show[i].query == q && p->door == DOOR_STAFF)
                    is &= is_reference(conn, schema, table, perm_name[p->can]);
    return is;
}

/* The next value of a key in a plan as JSON; "" when there is none. */
static const char *next_value(const char *at, const char *key, char *out, size_t cap)
{
    const char *p = strstr(at, key);
    out[0] = '\0';
    if (!p)
        return NULL;
    p += strlen(key);
    snprintf(out, cap, "%.*s", (int)strcspn(p, "\""), p);
    return p;
}

static void check_kept(PGconn *conn, int q)
{
    const struct query_def *def = &query_table[q];
    static const char *const clocks[] = {"now()",     "clock_timestamp", "current_",
                                         "localtime", "random",          "app.actor",
                                         "app.may",   "app.seen",        "app.today"};
    char sql[2048], schema[80], table[80];
    size_t n =
        (size_t)snprintf(sql, sizeof sql, "EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE %s", def->name);
    for (size_t i = 0; i < COUNT_OF(clocks); i++)
        if (strstr(def->sql, clocks[i]))
            mistake(def->file, (unsigned)def->line, "a result that is kept cannot follow from",
                    str_of(clocks[i]), def->name);
    for (size_t i = 0; def->params[i]; i++)
        n += (size_t)snprintf(sql + n, sizeof sql - n, "%sNULL", i ? ", " : "(");
    snprintf(sql + n, sizeof sql - n, "%s", def->params[0] ? ")" : "");
    PQclear(PQexec(conn, "SET plan_cache_mode = force_generic_plan"));
    PGresult *plan = PQexec(conn, sql);
    if (PQresultStatus(plan) != PGRES_TUPLES_OK) {
        printf("%s:%d: no plan of '%s': %s", def->file, def->line, def->name,
               PQresultErrorMessage(plan));
        mistakes++;
    }
    const char *text = PQntuples(plan) == 1 ? PQgetvalue(plan, 0, 0) : "";
    unsigned tables = 0;
    for (const char *p = text; (p = next_value(p, "\"Relation Name\": \"", table, sizeof table));) {
        next_value(p, "\"Schema\": \"", schema, sizeof schema);
        tables++;
        if (!is_reference_for_all(conn, q, schema, table))
            mistake(def->file, (unsigned)def->line,
                    "a result that is kept cannot read a table whose changes nobody notices, or of "
                    "which some of the page's readers see less:",
                    str_of(table), def->name);
    }
    if (tables == 0)
        mistake(def->file, (unsigned)def->line, "a result that is kept reads no table:", S(""),
                def->name);
    PQclear(plan);
}

static void describe(PGconn *conn, int q)
{
    const struct query_def *def = &query_table[q];
    struct columns *c = &columns_of[q];
    PGresult *made = PQprepare(conn, def->name, def->sql, 0, NULL);
    if (PQresultStatus(made) != PGRES_COMMAND_OK) {
        printf("%s:%d: the server refuses '%s': %s", def->file, def->line, def->name,
               PQresultErrorMessage(made));
        mistakes++;
        PQclear(made);
        return;
    }
    PQclear(made);
    PGresult *d = PQdescribePrepared(conn, def->name);
    for (int i = 0; i < PQnfields(d) && c->n < MAX_COLUMNS; i++) {
        const char *name = PQfname(d, i);
        /* Sealed columns of several tables stand beside the id of each; no template shows an id by that name. */
        if (column_find(c, name) >= 0 && strcmp(name, "id") != 0)
            mistake(def->file, (unsigned)def->line, "two columns are called", str_of(name),
                    def->name);
        if (!known_type(PQftype(d, i)))
            mistake(def->file, (unsigned)def->line, "no decoder for the type of column",
                    str_of(name), def->name);
        c->name[c->n] = strdup(name);
        c->type[c->n] = PQftype(d, i);
        c->table[c->n] = PQftable(d, i);
        c->is_sealed[c->n] = PQftable(d, i) && is_sealed(conn, PQftable(d, i), PQftablecol(d, i));
        c->n++;
    }
    for (int i = 0; i < c->n; i++) {
        if (!c->is_sealed[i] && !ends(c->name[i], "_sealed"))
            continue;
        bool has_id = false;
        for (int k = 0; k < c->n; k++)
            has_id |= strcmp(c->name[k], "id") == 0 && c->table[k] == c->table[i];
        if (!has_id || c->table[i] == 0 || column_find(c, "client_id") < 0)
            mistake(def->file, (unsigned)def->line,
                    "a sealed column needs its row's id and client_id beside it:",
                    str_of(c->name[i]), def->name);
    }
    check_clients(def, c);
    if (def->is_kept)
        check_kept(conn, q);
    checked++;
    PQclear(d);
}

/* Names that are always there at the top (frames.c), the context row and error pages' status. */
static const char *const root_names[] = {
    "csrf",         "idem",         "path",           "value",      "error",         "may",
    "request_id",   "is_again",     "page_languages", "is_framed",  "page_at",       "must_confirm",
    "idle_seconds", "left_seconds", "must_enrol",     "is_support", "support_until", "domain",
    "status",       "origin_url",   "page_before",    "page_after", "tenant_id",     "tenant_slug",
    "tenant_name",  "tenant_kind",  "realm",          "accent",     "country",       "locale",
    "zone",         "actor_id",     "actor_name",     "role_names", "session_id",    "link_id",
    "link_purpose", "link_subject", "is_proven",      "perms"};

struct scope {
    int query;    /* -1: a section over something that is not a query */
    bool is_open; /* value, error, may: anything inside goes */
};
struct walk {
    const struct page *page;
    struct scope scopes[MAX_DEPTH];
    int depth;
};

static bool is_word(const char *list, struct str name)
{
    struct str rest = str_of(list);
    while (rest.n > 0)
        if (str_eq(str_trim(str_cut(&rest, ' ')), name))
            return true;
    return false;
}

static const struct show *show_named(const struct page *p, struct str name)
{
    for (size_t i = 0; i < COUNT_OF(p->show) && p->show[i].name; i++)
        if (str_is(name, p->show[i].name))
            return &p->show[i];
    return NULL;
}

/* Marks the name as shown wherever it resolves; true when it does. */
static bool resolve(struct walk *w, struct str dotted, int *section_query, bool *opens)
{
    struct str rest = dotted, first = str_cut(&rest, '.');
    char name[128], rest_name[128];
    snprintf(name, sizeof name, "%.*s", (int)first.n, first.p);
    snprintf(rest_name, sizeof rest_name, "%.*s", (int)rest.n, rest.p);
    *section_query = -1;
    *opens = false;
    if (dotted.n == 0 || str_is(dotted, "."))
        return true;
    for (int d = w->depth - 1; d >= 0; d--) {
        if (w->scopes[d].is_open)
            return true;
        if (w->scopes[d].query < 0)
            continue;
        struct columns *c = &columns_of[w->scopes[d].query];
        int i = column_find(c, name);
        if (i >= 0) {
            c->shown[i] = true;
            return true;
        }
    }
    const struct show *show = show_named(w->page, first);
    if (show) {
        struct columns *c = &columns_of[show->query];
        int i = column_find(c, rest_name);
        if (i >= 0)
            c->shown[i] = true; /* {{value.email}}: a column of the row shown as "value" */
        *section_query = rest.n == 0 ? (int)show->query : -1;
        return true;
    }
    if (w->page->gives && is_word(w->page->gives, first)) {
        *opens = true;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(root_names); i++)
        if (str_is(first, root_names[i])) {
            *opens = rest.n == 0 && (str_is(first, "value") || str_is(first, "error") ||
                                     str_is(first, "may") || str_is(first, "page_languages"));
            return true;
        }
    return false;
}

static bool visit(void *self, const struct view_visit *v)
{
    struct walk *w = self;
    int query;
    bool opens;

    switch (v->op) {
    case OP_NAME:
    case OP_RAW:
        if (!resolve(w, v->name, &query, &opens))
            mistake(v->file, v->line, "no query of this page gives", v->name, w->page->path);
        break;
    case OP_SECTION:
    case OP_INVERTED:
        if (!resolve(w, v->name, &query, &opens))
            mistake(v->file, v->line, "no query of this page gives the section", v->name,
                    w->page->path);
        if (w->depth == MAX_DEPTH) {
            mistake(v->file, v->line, "sections stand too deep at", v->name, w->page->path);
            return false;
        }
        w->scopes[w->depth++] =
            (struct scope){v->op == OP_SECTION ? query : -1, opens && v->op == OP_SECTION};
        break;
    case OP_END:
        if (w->depth > 0)
            w->depth--;
        break;
    default:
        break;
    }
    return true;
}

/* Columns the machine itself uses, by convention. */
static bool is_machine_column(const char *name)
{
    return strcmp(name, "id") == 0 || strcmp(name, "client_id") == 0;
}

static void mark_words(struct columns *c, const char *pattern)
{
    for (int i = 0; pattern && i < c->n; i++) {
        char braced[140];
        snprintf(braced, sizeof braced, "{%s", c->name[i]);
        if (strstr(pattern, braced))
            c->shown[i] = true;
    }
}

static void check_template(const struct page *p, struct arena *a)
{
    struct str why;
    const struct view *v = view_get(p->view, a, &why);
    if (!v) {
        printf("%.*s\n", (int)why.n, why.p);
        mistakes++;
        return;
    }
    struct walk w = {.page = p};
    view_walk(v, visit, &w);
    checked++;
}

static void check_page(const struct page *p, struct arena *a)
{
    bool names_clients = false;
    for (size_t i = 0; i < COUNT_OF(p->show) && p->show[i].name; i++) {
        struct columns *c = &columns_of[p->show[i].query];
        c->used_by_page = true;
        c->used_by_run |= p->run != NULL;
        names_clients |= column_find(c, "client_id") >= 0;
        for (size_t k = 0; k < COUNT_OF(p->show) && p->show[k].name; k++) {
            int by = p->show[k].by ? column_find(c, p->show[k].by) : -1;
            if (by >= 0)
                c->shown[by] = true;
        }
    }
    if (p->save) {
        columns_of[p->save].used_by_page = true;
        mark_words(&columns_of[p->save], p->then);
        names_clients |= column_find(&columns_of[p->save], "client_id") >= 0;
    }
    if (names_clients && !p->action)
        mistake(p->path, 0, "a page that shows clients needs an action", str_of(p->path), "pages");
    if (p->view)
        check_template(p, a);
}

static void check_unshown(void)
{
    for (int q = 1; q < QUERY_COUNT; q++) {
        const struct columns *c = &columns_of[q];
        for (int i = 0; c->used_by_page && !c->used_by_run && i < c->n; i++)
            if (!c->shown[i] && !is_machine_column(c->name[i]))
                mistake(query_table[q].file, (unsigned)query_table[q].line,
                        "selected, but no template shows", str_of(c->name[i]), query_table[q].name);
    }
}

/* Templates that belong to no page of the table: messages, and what the gate shows by itself. */
static const struct page loose[] = {
    {.path = "message",
     .view = "message/booked.txt",
     .show = {{"visit", Q_visit_message}},
     .gives = "link"},
    {.path = "message",
     .view = "message/moved.txt",
     .show = {{"visit", Q_visit_message}},
     .gives = "link"},
    {.path = "message",
     .view = "message/cancelled.txt",
     .show = {{"visit", Q_visit_message}},
     .gives = "link"},
    {.path = "message",
     .view = "message/forms.txt",
     .show = {{"visit", Q_visit_message}},
     .gives = "link"},
    {.path = "message",
     .view = "message/forms_due.txt",
     .show = {{"visit", Q_visit_message}},
     .gives = "link"},
    {.path = "message",
     .view = "message/forms_open.txt",
     .show = {{"to", Q_client_form_link}},
     .gives = "link"},
    {.path = "message",
     .view = "message/form_link.txt",
     .show = {{"to", Q_client_form_link}},
     .gives = "link"},
    {.path = "message",
     .view = "message/correction.txt",
     .show = {{"to", Q_correction_told}},
     .gives = "link"},
    {.path = "message",
     .view = "message/form_copy.txt",
     .show = {{"to", Q_proof_to}},
     .gives = "link"},
    {.path = "message", .view = "message/demo_request.txt"},
    {.path = "message",
     .view = "message/account_factor.txt",
     .show = {{"factors", Q_second_factor_mine}},
     .gives = "called change link"},
    {.path = "message",
     .view = "message/account_reset_asked.txt",
     .show = {{"person", Q_factor_reset_about}},
     .gives = "link"},
    {.path = "message",
     .view = "message/account_support.txt",
     .show = {{"tenant", Q_tenant_one}, {"asked", Q_support_asked}},
     .gives = "link owner_name"},
    {.path = "message", .view = "message/account_invite.txt", .gives = "link person"},
    {.path = "message",
     .view = "message/account_reset.txt",
     .show = {{"to", Q_reset_answer}},
     .gives = "link"},
    {.path = "message",
     .view = "message/account_reset.txt",
     .show = {{"to", Q_people_reset}},
     .gives = "link"},
    {.path = "message",
     .view = "message/account_password.txt",
     .show = {{"to", Q_reset_done}},
     .gives = "link"},
    {.path = "message",
     .view = "message/account_password.txt",
     .show = {{"to", Q_account_password_set}},
     .gives = "link"},
    {.path = "message",
     .view = "message/account_verify.txt",
     .show = {{"to", Q_account_verify_ask}},
     .gives = "link"},
    {.path = "message",
     .view = "message/account_email_old.txt",
     .gives = "link person new_address"},
    {.path = "message", .view = "message/account_email_new.txt", .gives = "link person"},
    {.path = "message",
     .view = "message/account_email_done.txt",
     .gives = "link person new_address"},
    {.path = "message", .view = "message/account_signup.txt", .gives = "link person business_name"},
    {.path = "message", .view = "message/account_flood.txt", .gives = "link person"},
    {.path = "error", .view = "error/invalid", .gives = "problem"},
    {.path = "error", .view = "error/no_session", .gives = "kept_form kept_path kept_csrf"},
    {.path = "error", .view = "error/forbidden"},
    {.path = "error", .view = "error/not_found"},
    {.path = "error", .view = "error/method"},
    {.path = "error", .view = "error/conflict"},
    {.path = "error", .view = "error/gone"},
    {.path = "error", .view = "error/too_large"},
    {.path = "error", .view = "error/too_many"},
    {.path = "error", .view = "error/unavailable"},
    {.path = "error", .view = "error/suspended"},
    {.path = "error", .view = "error/internal"},
    {.path = "error", .view = "error/link"},
    {0},
};

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: viewcheck CONNINFO TEMPLATE_DIRS\n");
        return 64;
    }
    PGconn *conn = PQconnectdb(argv[1]);
    if (PQstatus(conn) != CONNECTION_OK) {
        fprintf(stderr, "viewcheck: %s", PQerrorMessage(conn));
        PQfinish(conn);
        return 69;
    }
    struct arena *a = arena_new(64 << 20);
    view_directories(argv[2]);
    for (int q = 1; q < QUERY_COUNT; q++)
        describe(conn, q);
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++)
            check_page(p, a);
    for (const struct page *p = loose; p->path; p++)
        check_template(p, a);
    check_unshown();
    PQfinish(conn);
    arena_free(a);
    for (int q = 1; q < QUERY_COUNT; q++)
        for (int i = 0; i < columns_of[q].n; i++)
            free(columns_of[q].name[i]);
    printf("viewcheck: %u passed, %u failed\n", checked, mistakes);
    return mistakes ? 1 : 0;
}
