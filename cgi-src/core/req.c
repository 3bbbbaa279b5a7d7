/*
 * req.c -- what a run function may do with its request.
 * Owns: values by name, statements run now, messages beside fields.
 * Never: sends anything to the browser; the gate does, after the commit.
 */
#include "crypto.h"
#include "gate.h"
#include "log.h"

struct arena *req_arena(struct req *r) { return r->arena; }
const struct page *req_page(struct req *r) { return r->page; }
enum err req_error(struct req *r) { return r->error.err; }
struct str req_error_message(struct req *r) { return r->error.message; }
struct str req_error_field(struct req *r) { return r->error.field; }
struct str req_address(struct req *r) { return r->in->remote_addr; }

bool req_is_framed(struct req *r) { return str_is(r->in->fetch_dest, "iframe"); }

enum { MAX_AGENT = 300 };

struct str req_agent(struct req *r)
{
    struct str s = r->in->agent;
    if (s.n > MAX_AGENT) {
        s.n = MAX_AGENT;
        while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80)
            s.n--; /* whole characters */
    }
    return str_utf8_ok(s) ? s : S("");
}

static struct named_value *find_set(struct req *r, name_id name)
{
    for (size_t i = r->n_set; i > 0; i--)
        if (r->set[i - 1].name == name)
            return &r->set[i - 1];
    return NULL;
}

static struct named_value *set_slot(struct req *r, const char *name)
{
    name_id id = name_intern(str_of(name));
    struct named_value *v = find_set(r, id);
    if (!v) {
        if (r->n_set == MAX_SET) {
            log_error("req.set_full", "name", name, NULL);
            return &r->set[MAX_SET - 1];
        }
        v = &r->set[r->n_set++];
    }
    *v = (struct named_value){.name = id, .text = S("")};
    return v;
}

void req_set(struct req *r, const char *name, struct str value) { set_slot(r, name)->text = value; }

void req_set_bytes(struct req *r, const char *name, struct str raw)
{
    set_slot(r, name)->text = str_of(db_bytea(r->arena, raw));
}

void req_set_null(struct req *r, const char *name) { set_slot(r, name)->is_null = true; }

void req_set_list(struct req *r, const char *name, struct val list)
{
    struct named_value *v = set_slot(r, name);
    v->is_list = true;
    v->list = list;
}

/* What begin_... said. To somebody who is not of the staff a name without a value stays so: she is
 * nobody, or no client yet, whatever she types. Staff may choose a client. */
static bool context_value(struct req *r, struct str name, struct str *value, bool *is_null)
{
    if (!r->context || rows_count(r->context) != 1)
        return false;
    for (size_t c = 0; c < rows_columns(r->context); c++) {
        if (!str_is(name, rows_column_name(r->context, c)))
            continue;
        struct val v = rows_val(r->context, 0, c);
        *is_null = v.kind != VAL_TEXT && v.kind != VAL_INT;
        *value = v.kind == VAL_TEXT  ? v.s
                 : v.kind == VAL_INT ? arena_printf(r->arena, "%lld", (long long)v.i)
                                     : S("");
        return !*is_null || r->page->door != DOOR_STAFF;
    }
    return false;
}

/* Names that the server alone gives a value, so that nobody can say who she is or where she comes
 * from. page_limit and page_offset are set by req_query from :page N. */
static bool own_value(struct req *r, struct str name, struct str *value, bool *is_null)
{
    *value = S("");
    *is_null = false;
    if (str_is(name, "new_id")) {
        if (r->new_id.n == 0)
            r->new_id = uuid_new(r->arena);
        *value = r->new_id;
    } else if (str_is(name, "request_id")) {
        *value = r->request_uuid;
    } else if (str_is(name, "host")) {
        *value = r->host;
    } else if (str_is(name, "address")) {
        *value = r->in->remote_addr;
    } else if (str_is(name, "agent")) {
        *value = req_agent(r);
    } else if (str_is(name, "page_language")) {
        *value = r->language.n > 0 ? r->language : S("en");
    } else if (str_is(name, "asked_language")) {
        *value = r->asked_language;
    } else if (str_is(name, "idem")) {
        *is_null = !pairs_get(&r->posted, name, value);
    } else if (str_is(name, "page_limit") || str_is(name, "page_offset")) {
        *is_null = true;
    } else {
        return context_value(r, name, value, is_null);
    }
    return true;
}

bool req_param(void *self, struct str name, struct str *value, bool *is_null)
{
    struct req *r = self;
    *is_null = false;
    struct named_value *set = find_set(r, name_intern(name));
    if (set && !set->is_list) {
        *value = set->text;
        *is_null = set->is_null;
        return true;
    }
    if (pairs_get(&r->path_params, name, value))
        return true;
    if (own_value(r, name, value, is_null))
        return true;
    struct form_value *typed = r->has_form ? form_value(&r->form, name) : NULL;
    if (typed) {
        *value = typed->clean;
        *is_null = !typed->is_good;
        return true;
    }
    /* What a form says stands in its body; its address says no more than what to look at. */
    if (r->method == POST && !r->is_again)
        return false;
    if (pairs_get(&r->query, name, value)) {
        *is_null = value->n == 0;
        return true;
    }
    return false;
}

struct str req_value_str(void *self, struct str name)
{
    struct str value = S("");
    bool is_null = false;
    return req_param(self, name, &value, &is_null) && !is_null ? value : S("");
}

struct str req_value(struct req *r, const char *name) { return req_value_str(r, str_of(name)); }
bool req_has(struct req *r, const char *name) { return req_value(r, name).n > 0; }
struct param_source req_params(struct req *r) { return (struct param_source){req_param, r}; }

size_t req_values(struct req *r, const char *name, const struct str **values)
{
    struct str *found = arena_alloc(r->arena, (r->posted.n + 1) * sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < r->posted.n; i++)
        if (str_is(r->posted.items[i].name, name))
            found[n++] = r->posted.items[i].value;
    *values = found;
    return n;
}

size_t req_uploads(struct req *r, const struct upload **files)
{
    *files = r->uploads.items;
    return r->uploads.n;
}

bool req_check(struct req *r, const struct field *fields)
{
    form_check(r->arena, fields, &r->posted, &r->form);
    r->has_form = true;
    return !r->form.has_error;
}

void req_refuse(struct req *r, const char *field, const char *message)
{
    r->has_form = true;
    form_refuse(r->arena, &r->form, str_of(field), str_of(message));
}

void req_retype(struct req *r, const char *field, struct str value)
{
    struct form_value *v = form_value(&r->form, str_of(field));
    if (v)
        v->typed = arena_str(r->arena, value);
}

void req_bind_page(struct req *r, enum query q)
{
    int64_t page = 1;
    struct str typed = S("");
    if (query_table[q].kind != RESULT_PAGE)
        return;
    if (pairs_get(&r->query, S("page"), &typed) &&
        (str_int(typed, &page) || page < 1 || page > 10000))
        page = 1;
    int size = query_table[q].page_size;
    r->page_number = page;
    req_set(r, "page_limit", arena_printf(r->arena, "%d", size));
    req_set(r, "page_offset", arena_printf(r->arena, "%lld", (long long)(page - 1) * size));
}

void req_note_page(struct req *r, enum query q, const struct rows *rows)
{
    if (query_table[q].kind == RESULT_PAGE && rows_count(rows) == (size_t)query_table[q].page_size)
        r->has_next_page = true;
}

struct rows *req_query(struct req *r, enum query q)
{
    req_bind_page(r, q);
    struct rows *rows = db_send(r->gate->db, r->arena, q, req_params(r));
    r->error.err = db_wait(r->gate->db, r->arena, &r->error);
    if (r->error.err)
        return NULL;
    if (query_table[q].kind == RESULT_ONE && rows_count(rows) == 0) {
        r->error.err = ERR_NOT_FOUND;
        return NULL;
    }
    req_note_page(r, q, rows);
    disclosure_note(r, rows);
    r->error.err = disclosure_settle(r, false);
    return r->error.err ? NULL : rows;
}

struct rows *req_show(struct req *r, const char *name, enum query q, const char *by)
{
    struct rows *rows = req_query(r, q);
    if (rows && r->n_shown < MAX_SHOWN)
        r->shown[r->n_shown++] = (struct shown){name_intern(str_of(name)), rows, by, false};
    return rows;
}

enum err req_commit(struct req *r)
{
    /* The row of the trail belongs to what it is about: afterwards there is no tenant any more. */
    r->error.err = disclosure_commit(r, r->page->action != NULL);
    return r->error.err;
}

void req_forget_results(struct req *r)
{
    r->n_shown = 0;
    r->context = NULL;
    disclosure_forget(r);
}

struct str req_cookie(struct req *r, const char *name)
{
    struct str value = S("");
    return pairs_get(&r->cookies, str_of(name), &value) ? value : S("");
}

struct str req_url(struct req *r, struct str path)
{
    return arena_printf(r->arena, "https://%.*s%s%.*s", (int)r->host.n, r->host.p,
                        r->gate->authority, (int)path.n, path.p);
}

struct str req_render(struct req *r, const char *view)
{
    struct str why;
    const struct view *v = view_in_language(r, view, &why);
    if (!v) {
        log_error("view.missing", "view", view, NULL);
        return S("");
    }
    struct buf out = buf_in(r->arena, 4096);
    const struct frame *frame = req_frame(r);
    if (view_render(v, &frame, 1, r->arena, &out)) {
        log_error("view.render", "view", view, NULL);
        return S("");
    }
    return buf_str(&out);
}

enum err req_client_key_new(struct req *r, struct str client_id, struct str *wrapped)
{
    return client_key_new(r->arena, rows_text(r->context, 0, "tenant_id"), client_id, wrapped);
}

enum err req_seal(struct req *r, struct str client_id, const char *table, const char *column,
                  struct str row_id, struct str plain, struct str *sealed)
{
    enum err e = disclosure_of(r, client_id);
    if (e)
        return e;
    struct client_key *key = disclosure_key(r, client_id);
    if (!key || !key->has_key)
        return ERR_GONE;
    if ((e = disclosure_open_key(r, key)))
        return e;
    struct str aad = disclosure_aad(r, str_of(table), str_of(column), row_id);
    *sealed = seal(r->arena, key->key, aad, plain);
    return OK;
}

enum err req_set_sealed(struct req *r, const char *param, struct str client_id, const char *table,
                        const char *column, struct str row_id, struct str plain)
{
    struct str sealed;
    if (plain.n == 0) {
        req_set_null(r, param);
        return OK;
    }
    enum err e = req_seal(r, client_id, table, column, row_id, plain, &sealed);
    if (!e)
        req_set_bytes(r, param, sealed);
    return e;
}

enum err req_seal_own(struct req *r, const char *table, const char *column, struct str row_id,
                      struct str plain, struct str *sealed)
{
    struct str aad = disclosure_aad(r, str_of(table), str_of(column), row_id);
    return tenant_seal(r->arena, rows_text(r->context, 0, "tenant_id"), aad, plain, sealed);
}

enum err req_open_own(struct req *r, const char *table, const char *column, struct str row_id,
                      struct str sealed, struct str *plain)
{
    struct str aad = disclosure_aad(r, str_of(table), str_of(column), row_id);
    return tenant_open(r->arena, rows_text(r->context, 0, "tenant_id"), aad, sealed, plain);
}
