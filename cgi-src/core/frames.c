/*
 * frames.c -- the request as the outermost frame of a template: what names mean at the top.
 * Owns: csrf, idem, path, value.*, error.*, may.*, the context row, handler's values and shown
 * results, in that order. Never: runs a query.
 */
#include "crypto.h"
#include "gate.h"
#include "shown.h"

static name_id n_csrf, n_idem, n_path, n_value, n_error, n_may, n_any, n_form, n_request_id,
    n_is_again, n_page_languages, n_page_at, n_domain, n_origin, n_is_framed, n_page_before,
    n_page_after;
static name_id n_perm[PERM_COUNT];

struct request_frame {
    struct frame base;
    struct req *r;
};

void frames_init(void)
{
    n_csrf = name_intern(S("csrf"));
    n_idem = name_intern(S("idem"));
    n_path = name_intern(S("path"));
    n_value = name_intern(S("value"));
    n_error = name_intern(S("error"));
    n_may = name_intern(S("may"));
    n_any = name_intern(S("any"));
    n_form = name_intern(S("form"));
    n_request_id = name_intern(S("request_id"));
    n_is_again = name_intern(S("is_again"));
    n_page_before = name_intern(S("page_before"));
    n_page_after = name_intern(S("page_after"));
    n_page_languages = name_intern(S("page_languages"));
    n_page_at = name_intern(S("page_at"));
    n_domain = name_intern(S("domain"));
    n_is_framed = name_intern(S("is_framed"));
    n_origin = name_intern(S("origin_url"));
    for (size_t i = PERM_self + 1; i < PERM_COUNT; i++)
        n_perm[i] = name_intern(str_of(perm_name[i]));
}

static struct val text_val(struct str s) { return (struct val){.kind = VAL_TEXT, .s = s}; }
static struct val bool_val(bool b) { return (struct val){.kind = VAL_BOOL, .b = b}; }
/* A page's number; none is false. */
static struct val number_val(int64_t n)
{
    return n ? (struct val){.kind = VAL_INT, .i = n} : (struct val){.kind = VAL_NULL};
}

static struct req *request_of(const struct frame *f)
{
    return ((const struct request_frame *)f)->r;
}

/* The column of a field in a row shown as "value"; what stood there when the form was opened ("was_" and the field's name) is what stands
 * there now. -1: none. */
static int value_column(struct req *r, const struct rows *rows, struct str name)
{
    static const struct str was = {"was_", 4};
    int col = rows_column_find(rows, arena_cstr(r->arena, name));
    if (col < 0 && name.n > was.n && str_eq(str_part(name, 0, was.n), was))
        col = rows_column_find(rows, arena_cstr(r->arena, str_part(name, was.n, name.n - was.n)));
    return col;
}

/* What stands in a field: what was typed; else the row shown as "value"; else the query string. */
static struct val value_find(const struct frame *f, name_id name)
{
    struct req *r = request_of(f);
    struct str text = name_text(name);
    struct form_value *typed = r->has_form ? form_value(&r->form, text) : NULL;
    if (typed && typed->field->kind == FIELD_BOOL)
        return bool_val(str_is(typed->clean, "true"));
    if (typed)
        return text_val(typed->typed);
    for (size_t i = 0; i < r->n_shown; i++) {
        if (r->shown[i].name != n_value || rows_count(r->shown[i].rows) == 0)
            continue;
        int col = value_column(r, r->shown[i].rows, text);
        if (col >= 0)
            return rows_val(r->shown[i].rows, 0, (size_t)col);
    }
    struct str query;
    if (pairs_get(&r->query, text, &query))
        return text_val(query);
    return (struct val){.kind = VAL_MISSING};
}

static struct val error_find(const struct frame *f, name_id name)
{
    struct req *r = request_of(f);
    if (name == n_any)
        return bool_val(r->has_form && r->form.has_error);
    if (!r->has_form)
        return (struct val){.kind = VAL_NULL};
    if (name == n_form)
        return text_val(view_words(r->arena, r->language, r->form.message));
    struct form_value *v = form_value(&r->form, name_text(name));
    return v ? text_val(view_words(r->arena, r->language, v->message))
             : (struct val){.kind = VAL_MISSING};
}

static struct val may_find(const struct frame *f, name_id name)
{
    struct req *r = request_of(f);
    struct str perms = r->context ? rows_text(r->context, 0, "perms") : S("");
    for (size_t i = PERM_self + 1; i < PERM_COUNT; i++) {
        if (n_perm[i] != name)
            continue;
        /* "name", or of narrower reach "name@own": there is something that she may. */
        for (struct str rest = perms; rest.n > 0;) {
            struct str one = str_cut(&rest, ',');
            if (str_is(str_cut(&one, '@'), perm_name[i]))
                return bool_val(true);
        }
        return bool_val(false);
    }
    return (struct val){.kind = VAL_MISSING};
}

static const struct frame *sub_frame(struct req *r, const struct frame_ops *ops)
{
    struct request_frame *f = arena_alloc(r->arena, sizeof *f);
    *f = (struct request_frame){{ops}, r};
    return &f->base;
}

/* The languages that pages for clients can be read in, where there is more than one: to choose from on a page that was asked for, for it
 * is asked for again in the other. */
static struct val page_languages(struct req *r)
{
    const struct view_language *all;
    size_t n = view_languages(r->arena, &all);
    if (!req_is_for_clients(r) || r->method != GET || n < 2)
        return (struct val){.kind = VAL_NULL};
    struct shown_item *items = arena_alloc(r->arena, n * sizeof *items);
    for (size_t i = 0; i < n; i++) {
        shown_text(&items[i], "code", all[i].code);
        shown_text(&items[i], "words", all[i].words);
        shown_flag(&items[i], "is_first", i == 0);
        shown_flag(&items[i], "is_last", i + 1 == n);
        shown_flag(&items[i], "is_current",
                   i == 0 ? r->language.n == 0 : str_eq(all[i].code, r->language));
    }
    return shown_items(r->arena, items, n);
}

static struct val machine_value(struct req *r, name_id name)
{
    static const struct frame_ops value_ops = {value_find, NULL}, error_ops = {error_find, NULL},
                                  may_ops = {may_find, NULL};
    if (name == n_csrf) {
        if (r->csrf.n == 0)
            r->csrf = form_token_new(r);
        return text_val(r->csrf);
    }
    if (name == n_idem) {
        if (r->idem.n == 0)
            r->idem = token_new(r->arena);
        return text_val(r->idem);
    }
    if (name == n_path)
        return text_val(r->path);
    if (name == n_request_id)
        return text_val(r->request_uuid);
    if (name == n_is_again)
        return bool_val(r->is_again);
    if (name == n_page_before)
        return number_val(r->page_number > 1 ? r->page_number - 1 : 0);
    if (name == n_page_after)
        return number_val(r->has_next_page ? r->page_number + 1 : 0);
    if (name == n_page_languages)
        return page_languages(r);
    if (name == n_page_at)
        return text_val(r->in->query.n == 0
                            ? r->path
                            : arena_printf(r->arena, "%.*s?%.*s", (int)r->path.n, r->path.p,
                                           (int)r->in->query.n, r->in->query.p));
    if (name == n_domain)
        return text_val(str_of(r->gate->domain));
    if (name == n_origin)
        return text_val(req_url(r, S("")));
    if (name == n_is_framed)
        return bool_val(req_is_framed(r));
    if (name == n_value)
        return (struct val){.kind = VAL_FRAME, .frame = sub_frame(r, &value_ops)};
    if (name == n_error)
        return (struct val){.kind = VAL_FRAME, .frame = sub_frame(r, &error_ops)};
    if (name == n_may)
        return (struct val){.kind = VAL_FRAME, .frame = sub_frame(r, &may_ops)};
    return (struct val){.kind = VAL_MISSING};
}

static struct val root_find(const struct frame *f, name_id name)
{
    struct req *r = request_of(f);
    struct val v = machine_value(r, name);
    if (v.kind != VAL_MISSING)
        return v;
    for (size_t i = r->n_set; i > 0; i--) {
        struct named_value *set = &r->set[i - 1];
        if (set->name != name)
            continue;
        if (set->is_list)
            return set->list;
        return set->is_null ? (struct val){.kind = VAL_NULL} : text_val(set->text);
    }
    for (size_t i = 0; i < r->n_shown; i++)
        if (r->shown[i].name == name)
            return rows_list(r->arena, r->shown[i].rows, r->shown[i].by, r->shown[i].once);
    if (r->context && rows_count(r->context) == 1) {
        int col = rows_column_named(r->context, name);
        if (col >= 0)
            return rows_val(r->context, 0, (size_t)col);
    }
    return (struct val){.kind = VAL_MISSING};
}

const struct frame *req_frame(struct req *r)
{
    static const struct frame_ops root_ops = {root_find, NULL};
    return sub_frame(r, &root_ops);
}
