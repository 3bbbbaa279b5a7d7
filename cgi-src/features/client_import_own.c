/*
 * client_import_own.c -- what a list that is read in says in fields of the business's own.
 * Owns: which cells those are, and that each value is sealed under the new client's key before it leaves.
 * Never: decides what a value may be; client_field_read does, as for the form.
 */
#include "client_field.h"
#include "client_import.h"
#include "crypto.h"

struct own_column {
    size_t place; /* in the file, from 0 */
    struct str id, name, kind;
    const struct str *options;
    size_t n_options;
    bool is_asked;
};
struct import_own {
    struct own_column *columns;
    size_t n, n_columns; /* of these, and of the file */
    const struct rows *dates;
    size_t at;
};

bool import_own_load(struct req *r, const struct str *columns, size_t n_columns,
                     struct import_own **own)
{
    bool has_some = false;
    *own = NULL;
    for (size_t i = 0; i < n_columns; i++)
        has_some = has_some || str_starts(columns[i], S("field_"));
    if (!has_some)
        return true;
    const struct rows *rows = req_query(r, Q_client_import_own);
    if (!rows)
        return false;
    struct arena *a = req_arena(r);
    struct import_own *o = arena_alloc(a, sizeof *o);
    *o = (struct import_own){.n = rows_count(rows), .n_columns = n_columns};
    o->columns = arena_alloc(a, (o->n + 1) * sizeof *o->columns);
    for (size_t i = 0; i < o->n; i++) {
        struct own_column *c = &o->columns[i];
        *c = (struct own_column){.place = (size_t)rows_int(rows, i, "place") - 1,
                                 .id = rows_text(rows, i, "field_id"),
                                 .name = rows_text(rows, i, "name"),
                                 .kind = rows_text(rows, i, "kind"),
                                 .is_asked = rows_bool(rows, i, "is_asked")};
        c->n_options = rows_array(rows, a, i, "options", &c->options);
    }
    *own = o;
    return true;
}

static bool cell_of(struct arena *a, const struct csv_row *row, const struct own_column *c,
                    struct str *cell)
{
    return import_cell(a, row->cells[c->place], str_is(c->kind, "long"), cell);
}

bool import_own_dates(struct import_own *o, struct req *r, struct csv_reader part)
{
    static struct csv_row row;
    struct arena *a = part.arena;
    struct buf b = buf_in(a, 4096);
    size_t n = 0;
    while (o && csv_next(&part, &row) == CSV_ROW)
        /* as import_own_json, which is asked for a row that has as many cells as the first line, and for no other */
        for (size_t i = 0; row.n == o->n_columns && i < o->n; i++) {
            struct str cell;
            if (!str_is(o->columns[i].kind, "date"))
                continue;
            if (!cell_of(a, &row, &o->columns[i], &cell))
                cell = S("");
            buf_addz(&b, n++ ? ",\"" : "[\"");
            esc_json(&b, cell);
            buf_addc(&b, '"');
        }
    if (n == 0)
        return true;
    buf_addc(&b, ']');
    req_set(r, "typed_dates", buf_str(&b));
    o->dates = req_query(r, Q_client_import_dates);
    o->at = 0;
    req_set_null(r, "typed_dates"); /* what it points to goes with the arena */
    return o->dates != NULL;
}

static bool is_alike(struct str one, struct str other)
{
    bool same = one.n == other.n;
    for (size_t i = 0; same && i < one.n; i++) {
        unsigned char x = (unsigned char)one.p[i], y = (unsigned char)other.p[i];
        same = (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
    }
    return same;
}

/* As the form has it: other programs write YES, true or 1, and options with other capitals. */
static struct str as_chosen(const struct own_column *c, struct str cell)
{
    static const char *const yes[] = {"yes", "y", "true", "1"}, *const no[] = {"no", "n", "false",
                                                                               "0"};
    if (str_is(c->kind, "yes_no"))
        for (size_t i = 0; i < COUNT_OF(yes); i++) {
            if (is_alike(cell, str_of(yes[i])))
                return S("Yes");
            if (is_alike(cell, str_of(no[i])))
                return S("No");
        }
    for (size_t i = 0; i < c->n_options; i++)
        if (is_alike(cell, c->options[i]))
            return c->options[i];
    return cell;
}

static void leave_out(struct buf *left, const struct own_column *c, struct str why)
{
    if (why.n > 0 && why.p[why.n - 1] == '.')
        why.n--;
    buf_addz(left, left->n ? ",\"" : "\"");
    esc_json(left, c->name);
    buf_addz(left, ": ");
    esc_json(left, why);
    buf_addc(left, '"');
}

static void keep(struct arena *a, struct buf *kept, const struct own_column *c, struct str value,
                 struct str tenant, const unsigned char *key)
{
    struct str id = uuid_new(a);
    struct str aad = arena_printf(a, "%.*s|app.client_field_value|value_sealed|%.*s", (int)tenant.n,
                                  tenant.p, (int)id.n, id.p);
    buf_printf(kept, "%s{\"id\":\"%.*s\",\"field\":\"%.*s\",\"value\":\"", kept->n ? "," : "",
               (int)id.n, id.p, (int)c->id.n, c->id.p);
    esc_hex(kept, seal(a, key, aad, value));
    buf_addz(kept, "\"}");
}

void import_own_json(struct import_own *o, struct arena *a, struct buf *b,
                     const struct csv_row *row, struct str tenant, const unsigned char *key)
{
    if (!o)
        return;
    struct buf kept = buf_in(a, 256), left = buf_in(a, 64);
    for (size_t i = 0; i < o->n; i++) {
        const struct own_column *c = &o->columns[i];
        struct str cell, value, why;
        bool is_good = cell_of(a, row, c, &cell);
        struct str day = str_is(c->kind, "date") ? rows_text(o->dates, o->at++, "day") : S("");
        if (!is_good)
            leave_out(&left, c, S("has characters that cannot be kept"));
        else if (cell.n == 0)
            continue;
        else if (!c->is_asked)
            leave_out(&left, c, S("is no longer asked"));
        else if (str_is(c->kind, "date") && day.n == 0)
            leave_out(&left, c, S("cannot be read in the format that was chosen"));
        else if (!client_field_read(a, c->kind, c->options, c->n_options,
                                    str_is(c->kind, "date") ? day : as_chosen(c, cell), S(""),
                                    &value, &why))
            leave_out(&left, c, why);
        else if (key && value.n > 0)
            keep(a, &kept, c, value, tenant, key);
    }
    buf_printf(b, ",\"own\":[%.*s],\"own_left\":[%.*s]", (int)kept.n, kept.p, (int)left.n, left.p);
}
