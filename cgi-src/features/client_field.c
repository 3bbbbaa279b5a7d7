/*
 * client_field.c -- what a business asks of its clients in fields of its own: the list of them, and what stands in each.
 * Owns: how a value is spelled in app.client_field_value: as typed; a number with a point; a date as YYYY-MM-DD; "Yes" or "No".
 * Never: keeps a value in the open, forgets what stood there before, or saves over what who saves has not seen.
 */
#include "client_field.h"

#include "core/form.h"
#include "crypto.h"
#include "features.h"
#include "shown.h"
#include "unseen.h"

enum { MAX_LINE = 300, MAX_LONG = 4000, MAX_OPTIONS = 1800 };

static const struct field new_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Give the field a name."},
    {"help", FIELD_TEXT, .max = 200},
    {"kind", FIELD_CHOICE, .required = true, .choices = "text|long|number|date|yes_no|choice"},
    {"options", FIELD_LONG, .max = MAX_OPTIONS},
    {"on_page", FIELD_BOOL},
    {0},
};
static const struct field one_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Give the field a name."},
    {"help", FIELD_TEXT, .max = 200},
    {"options", FIELD_LONG, .max = MAX_OPTIONS},
    {"on_page", FIELD_BOOL},
    {0},
};
static const struct field no_fields[] = {{0}};

/* ---- the form of a client ---- */

/* A field as it is asked: what stands there, and what was typed over it. */
struct asked {
    struct str id, value_id, kind, now, typed, message;
    const struct str *options;
    size_t n_options;
};
struct asking {
    const struct rows *rows;
    struct asked *fields;
    size_t n;
};

static struct str posted(struct req *r, const char *prefix, struct str id)
{
    const struct str *values;
    const char *name =
        arena_cstr(req_arena(r), arena_printf(req_arena(r), "%s-%.*s", prefix, (int)id.n, id.p));
    return req_values(r, name, &values) > 0 ? values[0] : S("");
}

static bool is_option(struct str kind, const struct str *options, size_t n, struct str value)
{
    if (str_is(kind, "yes_no"))
        return str_is(value, "Yes") || str_is(value, "No");
    for (size_t i = 0; i < n; i++)
        if (str_eq(options[i], value))
            return true;
    return false;
}

/* A number as it is kept: an optional sign, up to twelve digits, a point and up to six. */
static bool number_kept(struct arena *a, struct str typed, struct str *kept)
{
    struct buf b = buf_in(a, 32);
    size_t i = 0, whole = 0, parts = 0;
    if (i < typed.n && typed.p[i] == '-')
        buf_addc(&b, typed.p[i++]);
    for (; i < typed.n && typed.p[i] >= '0' && typed.p[i] <= '9'; i++, whole++)
        buf_addc(&b, typed.p[i]);
    if (i < typed.n && (typed.p[i] == '.' || typed.p[i] == ',')) {
        buf_addc(&b, '.');
        for (i++; i < typed.n && typed.p[i] >= '0' && typed.p[i] <= '9'; i++, parts++)
            buf_addc(&b, typed.p[i]);
        if (parts == 0)
            return false;
    }
    *kept = buf_str(&b);
    return i == typed.n && whole > 0 && whole <= 12 && parts <= 6;
}

bool client_field_read(struct arena *a, struct str kind, const struct str *options,
                       size_t n_options, struct str typed, struct str was, struct str *kept,
                       struct str *message)
{
    static const struct {
        const char *kind;
        enum field_kind as;
        int64_t max;
    } rules[] = {{"text", FIELD_TEXT, MAX_LINE},   {"long", FIELD_LONG, MAX_LONG},
                 {"number", FIELD_TEXT, 30},       {"date", FIELD_DATE, 0},
                 {"yes_no", FIELD_TEXT, MAX_LINE}, {"choice", FIELD_TEXT, MAX_LINE}};
    struct field rule = {.name = "x"};
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (str_is(kind, rules[i].kind)) {
            rule.kind = rules[i].as;
            rule.max = rules[i].max;
        }
    const struct field fields[] = {rule, {0}};
    struct pair pair = {S("x"), typed};
    struct form form;
    form_check(a, fields, &(struct pairs){&pair, 1}, &form);
    const struct form_value *v = form_value(&form, S("x"));
    *message = v->message;
    *kept = typed;
    if (v->message.n)
        return false;
    *kept = v->clean;
    if (v->clean.n == 0 || str_eq(v->clean, was))
        return true;
    if (str_is(kind, "number")) {
        if (!number_kept(a, v->clean, kept)) {
            *kept = v->clean;
            *message = S("Give a number, such as 12 or 12.5.");
        }
    } else if ((str_is(kind, "choice") || str_is(kind, "yes_no")) &&
               !is_option(kind, options, n_options, v->clean)) {
        *message = S("Please choose from the list.");
    }
    return message->n == 0;
}

/* The fields with what stands in them, and what the post says of each. Errors: those of the statement. */
static enum err load(struct req *r, struct asking *q, bool *is_posted)
{
    struct arena *a = req_arena(r);
    const struct str *sent;
    *is_posted = req_values(r, "csrf", &sent) > 0;
    q->rows = req_query(r, Q_client_field_fill);
    if (!q->rows)
        return req_error(r);
    q->n = rows_count(q->rows);
    q->fields = arena_alloc(a, (q->n + 1) * sizeof *q->fields);
    for (size_t i = 0; i < q->n; i++) {
        struct asked *f = &q->fields[i];
        *f = (struct asked){.id = rows_text(q->rows, i, "field_id"),
                            .value_id = rows_text(q->rows, i, "id"),
                            .kind = rows_text(q->rows, i, "kind"),
                            .now = rows_text(q->rows, i, "value_sealed"),
                            .message = S("")};
        f->n_options = rows_array(q->rows, a, i, "options", &f->options);
        f->typed = f->now;
        if (!*is_posted)
            continue;
        if (client_field_read(a, f->kind, f->options, f->n_options, posted(r, "f", f->id), f->now,
                              &f->typed, &f->message) &&
            !str_eq(f->typed, f->now) && !str_eq(posted(r, "was", f->id), f->value_id))
            f->message = unseen_words(a, f->now);
    }
    return OK;
}

/* ---- as lists for the template ---- */

static struct val option_list(struct arena *a, const struct asked *f)
{
    static const struct str yes_no[] = {{"Yes", 3}, {"No", 2}};
    bool is_yes_no = str_is(f->kind, "yes_no");
    const struct str *options = is_yes_no ? yes_no : f->options;
    size_t n = is_yes_no ? 2 : f->n_options, k = 0;
    struct shown_item *items = arena_alloc(a, (n + 2) * sizeof *items);
    /* what was chosen when it still stood in the list stays as it was written */
    bool is_gone = f->now.n > 0 && !is_option(f->kind, f->options, f->n_options, f->now);
    for (size_t i = 0; i < n + is_gone; i++) {
        struct str option = i < n ? options[i] : f->now;
        items[k].n = 0;
        shown_text(&items[k], "option", option);
        shown_flag(&items[k++], "is_chosen", str_eq(option, f->typed));
    }
    return shown_items(a, items, k);
}

static enum err show_asking(struct req *r, const struct asking *q)
{
    struct arena *a = req_arena(r);
    struct shown_item *items = arena_alloc(a, (q->n + 1) * sizeof *items);
    for (size_t i = 0; i < q->n; i++) {
        const struct asked *f = &q->fields[i];
        struct shown_item *to = &items[i];
        bool is_list = str_is(f->kind, "choice") || str_is(f->kind, "yes_no");
        to->n = 0;
        shown_text(to, "key", f->id);
        shown_text(to, "field_name", rows_text(q->rows, i, "field_name"));
        shown_text(to, "help", rows_text(q->rows, i, "help"));
        shown_text(to, "typed", f->typed);
        shown_text(to, "was", f->value_id);
        shown_text(to, "problem", f->message);
        shown_flag(to, "is_text", str_is(f->kind, "text"));
        shown_flag(to, "is_long", str_is(f->kind, "long"));
        shown_flag(to, "is_number", str_is(f->kind, "number"));
        shown_flag(to, "is_date", str_is(f->kind, "date"));
        shown_flag(to, "is_list", is_list);
        shown_list(to, "choices", is_list ? option_list(a, f) : shown_items(a, NULL, 0));
    }
    req_set_list(r, "asked", shown_items(a, items, q->n));
    const struct rows *client = req_show(r, "client", Q_client_one, NULL);
    if (!client)
        return req_error(r);
    if (rows_count(client) == 0)
        return ERR_NOT_FOUND;
    return reply_view(r, 200, "client_field/fill");
}

static enum err fill(struct req *r)
{
    struct asking q = {0};
    bool is_posted;
    enum err e = load(r, &q, &is_posted);
    return e ? e : show_asking(r, &q);
}

#define FILL "/clients/{client_id:uuid}/fields"

static enum err put_value(struct req *r, const struct asked *f)
{
    struct str id = uuid_new(req_arena(r));
    enum err e = req_set_sealed(r, "value_bytes", req_value(r, "client_id"),
                                "app.client_field_value", "value_sealed", id, f->typed);
    if (e)
        return e;
    req_set(r, "value_id", id);
    req_set(r, "put_field", f->id);
    if (f->value_id.n)
        req_set(r, "was_id", f->value_id);
    else
        req_set_null(r, "was_id");
    return req_query(r, Q_client_field_put) ? OK : req_error(r);
}

static enum err save(struct req *r)
{
    struct asking q = {0};
    bool is_posted, is_good = true;
    /* her key, to seal under: also where nothing stands in any field yet */
    struct rows *client = req_query(r, Q_client_one);
    if (!client)
        return req_error(r);
    if (rows_count(client) == 0)
        return ERR_NOT_FOUND;
    enum err e = load(r, &q, &is_posted);
    if (e)
        return e;
    for (size_t i = 0; i < q.n; i++)
        is_good = is_good && q.fields[i].message.n == 0;
    if (!is_good) {
        req_refuse(r, "",
                   "Please look at the fields that are marked below. Nothing was saved yet.");
        return reply_again(r, FILL);
    }
    for (size_t i = 0; i < q.n && !e; i++)
        if (!str_eq(q.fields[i].typed, q.fields[i].now))
            e = put_value(r, &q.fields[i]);
    if (e)
        return e;
    struct str id = req_value(r, "client_id");
    return reply_redirect(
        r, arena_printf(req_arena(r), "/clients/%.*s/details#fields", (int)id.n, id.p));
}

#define FIELD "/settings/client-fields/{field_id:uuid}"

const struct page client_field_pages[] = {
    {GET, "/settings/client-fields", CAN(settings_write),
     .show = {{"fields", Q_client_field_list}, {"kinds", Q_client_field_kind}},
     .view = "client_field/list", .title = "Fields of your own"},
    {POST, "/settings/client-fields", CAN(settings_write), .action = "client_field.change",
     .fields = new_fields, .save = Q_client_field_add, .then = "/settings/client-fields#{field_id}",
     .again = "/settings/client-fields", .title = "Fields of your own: add one"},
    {GET, FIELD, CAN(settings_write),
     .show = {{"field", Q_client_field_one}, {"value", Q_client_field_one}},
     .view = "client_field/one", .title = "A field of your own"},
    {POST, FIELD, CAN(settings_write), .action = "client_field.change", .fields = one_fields,
     .save = Q_client_field_save, .then = "/settings/client-fields/{field_id}?saved=1",
     .again = FIELD, .title = "A field of your own: save"},
    {POST, FIELD "/retire", CAN(settings_write), .action = "client_field.change",
     .fields = no_fields, .save = Q_client_field_retire,
     .then = "/settings/client-fields#{field_id}", .again = FIELD,
     .title = "A field of your own: retire it, or ask it again"},
    {POST, FIELD "/rise", CAN(settings_write), .action = "client_field.change", .fields = no_fields,
     .save = Q_client_field_rise, .then = "/settings/client-fields#{field_id}",
     .again = "/settings/client-fields", .title = "A field of your own: move it up"},
    {GET, FILL, CAN(client_write), .action = "client.read", .run = fill,
     .show = {{"client", Q_client_one}}, .view = "client_field/fill", .gives = "asked",
     .title = "Client: fields of your own"},
    {POST, FILL, CAN(client_write), .action = "client.field", .run = save, .again = FILL,
     .max_body = 256 * 1024, .title = "Client: save fields of your own"},
    {0},
};
