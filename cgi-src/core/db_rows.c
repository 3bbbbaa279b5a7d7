/*
 * db_rows.c -- reading results: binary values decoded where they lie, rows as frames of a template.
 * Owns: the decoding of PostgreSQL's binary formats (types: the list in value_of).
 * Never: copies a text, formats a value for people (template modifiers do), asks the server.
 */
#include <stdlib.h>

#include "db_internal.h"

#include "log.h"

/* pg_type's object ids, which never change. */
enum {
    T_BOOL = 16,
    T_BYTEA = 17,
    T_CHAR = 18,
    T_NAME = 19,
    T_INT8 = 20,
    T_INT2 = 21,
    T_INT4 = 23,
    T_TEXT = 25,
    T_OID = 26,
    T_FLOAT4 = 700,
    T_FLOAT8 = 701,
    T_UNKNOWN = 705,
    T_TEXTS = 1009,
    T_BPCHAR = 1042,
    T_VARCHAR = 1043,
    T_DATE = 1082,
    T_TIME = 1083,
    T_TIMESTAMP = 1114,
    T_TIMESTAMPTZ = 1184,
    T_VOID = 2278,
    T_UUID = 2950,
    T_UUIDS = 2951
};

static uint64_t big_endian(const char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | (unsigned char)p[i];
    }
    return v;
}

static int64_t int_of(const char *p, size_t n)
{
    uint64_t v = big_endian(p, n);
    return n == 2 ? (int16_t)v : n == 4 ? (int32_t)v : (int64_t)v;
}

static double real_of(const char *p, size_t n)
{
    uint64_t v = big_endian(p, n);
    if (n == 4) {
        uint32_t bits = (uint32_t)v;
        float f;
        memcpy(&f, &bits, sizeof f);
        return f;
    }
    double d;
    memcpy(&d, &v, sizeof d);
    return d;
}

static struct str uuid_text(struct arena *a, const char *p)
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(a, 37), *q = out;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *q++ = '-';
        }
        *q++ = digits[(unsigned char)p[i] >> 4];
        *q++ = digits[(unsigned char)p[i] & 15];
    }
    return (struct str){out, 36};
}

/* ---- arrays ---- */

/* One dimension of texts or uuids. Anything else counts as empty. */
static size_t array_items(struct arena *a, const char *p, size_t n, const struct str **items)
{
    *items = NULL;
    if (n < 20 || int_of(p, 4) != 1) {
        return 0;
    }
    uint64_t element = big_endian(p + 8, 4), count = big_endian(p + 12, 4);
    if (count > (n - 20) / 4) {
        return 0;
    }
    struct str *out = arena_alloc(a, (count + 1) * sizeof *out);
    size_t at = 20;
    for (size_t i = 0; i < count; i++) {
        int64_t length = at + 4 <= n ? int_of(p + at, 4) : -1;
        at += 4;
        out[i] = S("");
        if (length > 0 && (uint64_t)length <= n - at) {
            bool is_uuid = element == T_UUID && length == 16;
            out[i] = is_uuid ? uuid_text(a, p + at) : (struct str){p + at, (size_t)length};
            at += (size_t)length;
        }
    }
    *items = out;
    return count;
}

struct item_frame {
    struct frame base;
    struct str text;
};

static struct val item_find(const struct frame *f, name_id name)
{
    (void)f;
    (void)name;
    return (struct val){.kind = VAL_MISSING};
}

static struct val item_itself(const struct frame *f)
{
    return (struct val){.kind = VAL_TEXT, .s = ((const struct item_frame *)(const void *)f)->text};
}

static const struct frame *item_of(struct arena *a, const void *self, size_t i,
                                   const struct frame *outer)
{
    static const struct frame_ops ops = {item_find, item_itself};
    (void)outer;
    struct item_frame *f = arena_alloc(a, sizeof *f);
    f->base.ops = &ops;
    f->text = ((const struct str *)self)[i];
    return &f->base;
}

static struct val array_list(struct arena *a, const char *p, size_t n)
{
    static const struct list_ops ops = {item_of};
    const struct str *items;
    size_t count = array_items(a, p, n, &items);
    return (struct val){.kind = VAL_LIST, .list = {&ops, items, count}};
}

/* ---- values ---- */

static bool is_array(unsigned type) { return type == T_TEXTS || type == T_UUIDS; }

/* An integer kind of value; the infinities of dates and times count as NULL. */
static struct val moment(enum val_kind kind, const char *p, size_t n)
{
    int64_t v = int_of(p, n);
    bool infinite = n == 4 ? v == INT32_MAX || v == INT32_MIN : v == INT64_MAX || v == INT64_MIN;
    return infinite ? (struct val){.kind = VAL_NULL} : (struct val){.kind = kind, .i = v};
}

static struct val value_of(struct arena *a, unsigned type, const char *p, size_t n)
{
    switch (type) {
    case T_BOOL:
        return (struct val){.kind = VAL_BOOL, .b = n == 1 && *p != 0};
    case T_INT2:
    case T_INT4:
    case T_INT8:
        return (struct val){.kind = VAL_INT, .i = int_of(p, n)};
    case T_OID:
        return (struct val){.kind = VAL_INT, .i = (int64_t)big_endian(p, n)};
    case T_FLOAT4:
    case T_FLOAT8:
        return (struct val){.kind = VAL_REAL, .d = real_of(p, n)};
    case T_CHAR:
    case T_NAME:
    case T_TEXT:
    case T_BPCHAR:
    case T_VARCHAR:
    case T_UNKNOWN:
    case T_BYTEA:
        return (struct val){.kind = VAL_TEXT, .s = {p, n}};
    case T_UUID:
        return (struct val){.kind = VAL_TEXT, .s = n == 16 ? uuid_text(a, p) : S("")};
    case T_DATE:
        return moment(VAL_DATE, p, n);
    case T_TIME:
        return moment(VAL_TIME, p, n);
    case T_TIMESTAMP:
        return moment(VAL_LOCAL, p, n);
    case T_TIMESTAMPTZ:
        return moment(VAL_INSTANT, p, n);
    case T_TEXTS:
    case T_UUIDS:
        return array_list(a, p, n);
    case T_VOID:
        return (struct val){.kind = VAL_NULL};
    default:
        log_error("db.type", "why", "a statement returns a type that binary results do not cover",
                  NULL); /* the query checks of the tests name it; here it must not break a page */
        return (struct val){.kind = VAL_NULL};
    }
}

size_t rows_count(const struct rows *r) { return r->n_rows; }
size_t rows_columns(const struct rows *r) { return r->n_columns; }

const char *rows_column_name(const struct rows *r, size_t col)
{
    const char *name = r->result ? PQfname(r->result, (int)col) : NULL;
    return name ? name : "";
}

int rows_column_find(const struct rows *r, const char *name)
{
    for (size_t i = 0; i < r->n_columns; i++) {
        if (strcmp(rows_column_name(r, i), name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int rows_column_named(const struct rows *r, name_id name)
{
    for (size_t i = 0; i < r->n_columns; i++) {
        if (r->names[i] == name) {
            return (int)i;
        }
    }
    return -1;
}

unsigned rows_column_type(const struct rows *r, size_t col)
{
    return r->result ? PQftype(r->result, (int)col) : 0;
}

struct val rows_val(const struct rows *r, size_t row, size_t col)
{
    if (row >= r->n_rows || col >= r->n_columns) {
        return (struct val){.kind = VAL_NULL};
    }
    if (r->put && r->put[row * r->n_columns + col].p) {
        return (struct val){.kind = VAL_TEXT, .s = r->put[row * r->n_columns + col]};
    }
    if (PQgetisnull(r->result, (int)row, (int)col)) {
        return (struct val){.kind = VAL_NULL};
    }
    return value_of(r->arena, PQftype(r->result, (int)col),
                    PQgetvalue(r->result, (int)row, (int)col),
                    (size_t)PQgetlength(r->result, (int)row, (int)col));
}

static struct val named(const struct rows *r, size_t row, const char *column)
{
    int col = rows_column_find(r, column);
    return col < 0 ? (struct val){.kind = VAL_NULL} : rows_val(r, row, (size_t)col);
}

/* Year, month and day of the days since 2000-01-01, in the proleptic Gregorian calendar. */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t z = days + 730425; /* since 0000-03-01 */
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

static struct str time_text(struct arena *a, int64_t us)
{
    return arena_printf(a, "%02d:%02d:%02d.%06d", (int)(us / 3600000000), (int)(us / 60000000 % 60),
                        (int)(us / 1000000 % 60), (int)(us % 1000000));
}

static struct str date_text(struct arena *a, int64_t days)
{
    int64_t year;
    unsigned month, day;
    civil(days, &year, &month, &day);
    return arena_printf(a, "%04lld-%02u-%02u%s", (long long)(year > 0 ? year : 1 - year), month,
                        day, year > 0 ? "" : " BC");
}

static struct str stamp_text(struct arena *a, int64_t us, const char *zone)
{
    const int64_t per_day = 86400000000;
    int64_t days = us / per_day - (us % per_day < 0);
    struct str date = date_text(a, days), time = time_text(a, us - days * per_day);
    return arena_printf(a, "%.*s %.*s%s", (int)date.n, date.p, (int)time.n, time.p, zone);
}

/* The value as the server would take it back as a parameter. */
struct str rows_text(const struct rows *r, size_t row, const char *column)
{
    struct val v = named(r, row, column);
    switch (v.kind) {
    case VAL_TEXT:
        return v.s;
    case VAL_BOOL:
        return v.b ? S("true") : S("false");
    case VAL_INT:
        return arena_printf(r->arena, "%lld", (long long)v.i);
    case VAL_REAL:
        return arena_printf(r->arena, "%.17g", v.d);
    case VAL_DATE:
        return date_text(r->arena, v.i);
    case VAL_TIME:
        return time_text(r->arena, v.i);
    case VAL_LOCAL:
        return stamp_text(r->arena, v.i, "");
    case VAL_INSTANT:
        return stamp_text(r->arena, v.i, "+00");
    default:
        return S("");
    }
}

int64_t rows_int(const struct rows *r, size_t row, const char *column)
{
    struct val v = named(r, row, column);
    return v.kind == VAL_INT ? v.i : 0;
}

bool rows_bool(const struct rows *r, size_t row, const char *column)
{
    struct val v = named(r, row, column);
    return v.kind == VAL_BOOL && v.b;
}

size_t rows_array(const struct rows *r, struct arena *a, size_t row, const char *column,
                  const struct str **items)
{
    int col = rows_column_find(r, column);
    *items = NULL;
    if (col < 0 || row >= r->n_rows || !is_array(PQftype(r->result, col)) ||
        PQgetisnull(r->result, (int)row, col)) {
        return 0;
    }
    return array_items(a, PQgetvalue(r->result, (int)row, col),
                       (size_t)PQgetlength(r->result, (int)row, col), items);
}

/* ---- sealing ---- */

static const struct relation *relation_find(const struct catalog *c, Oid oid)
{
    size_t low = 0, high = c->n_relations;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->relations[middle].oid < oid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < c->n_relations && c->relations[low].oid == oid ? &c->relations[low] : NULL;
}

/* The texts stay until the next db_ready. */
bool rows_origin(const struct rows *r, size_t col, struct str *table, struct str *column)
{
    Oid oid = r->result && col < r->n_columns ? PQftable(r->result, (int)col) : InvalidOid;
    if (oid == InvalidOid) {
        return false;
    }
    const struct relation *rel = relation_find(r->catalog, oid);
    int number = PQftablecol(r->result, (int)col);
    if (!rel || number < 1 || (size_t)number > rel->n_columns || rel->columns[number - 1].n == 0) {
        enum { FIRST_OF_OURS = 16384 }; /* below are the server's own tables */
        r->catalog->is_stale |= oid >= FIRST_OF_OURS && number > 0;
        return false;
    }
    *table = rel->name;
    *column = rel->columns[number - 1];
    return true;
}

void rows_put(struct rows *r, size_t row, size_t col, struct str text)
{
    if (row >= r->n_rows || col >= r->n_columns) {
        return;
    }
    if (!r->put) {
        r->put = arena_alloc(r->arena, r->n_rows * r->n_columns * sizeof *r->put);
    }
    r->put[row * r->n_columns + col] = text.p ? text : S("");
}

struct rows *rows_new(struct arena *a, struct catalog *catalog)
{
    struct rows *r = arena_alloc(a, sizeof *r);
    r->arena = a;
    r->catalog = catalog;
    r->index = arena_alloc(a, sizeof *r->index);
    r->index->column = -1;
    return r;
}

/* ---- kept between requests ---- */

struct kept_rows {
    PGresult *result;
    struct catalog *catalog;
    name_id *names;
};

struct kept_rows *rows_keep(const struct rows *r)
{
    if (!r->result) {
        return NULL;
    }
    struct kept_rows *k = db_must(calloc(1, sizeof *k));
    k->catalog = r->catalog;
    k->result = db_must(PQcopyResult(r->result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES));
    k->names = db_must(calloc(r->n_columns ? r->n_columns : 1, sizeof *k->names));
    memcpy(k->names, r->names, r->n_columns * sizeof *k->names);
    return k;
}

struct rows *rows_lent(struct arena *a, const struct kept_rows *k)
{
    struct rows *r = rows_new(a, k->catalog);
    *r = (struct rows){.arena = a,
                       .catalog = k->catalog,
                       .result = k->result,
                       .names = k->names,
                       .index = r->index,
                       .n_rows = (size_t)PQntuples(k->result),
                       .n_columns = (size_t)PQnfields(k->result)};
    return r;
}

void rows_forget(struct kept_rows *k)
{
    if (k) {
        PQclear(k->result);
        free(k->names);
        free(k);
    }
}

/* ---- templates ---- */

struct row_frame {
    struct frame base;
    const struct rows *rows;
    size_t row;
};

struct listing {
    const struct rows *rows;
    name_id by;
    int by_column; /* -1: all rows */
    bool once;
    const struct row_index *index; /* of that column; NULL: rows are compared one by one */
};

static struct val row_find(const struct frame *f, name_id name)
{
    const struct row_frame *row = (const void *)f;
    for (size_t i = 0; i < row->rows->n_columns; i++) {
        if (row->rows->names[i] == name) {
            return rows_val(row->rows, row->row, i);
        }
    }
    return (struct val){.kind = VAL_MISSING};
}

/* {{.}} of a row of one column is its value. */
static struct val row_itself(const struct frame *f)
{
    const struct row_frame *row = (const void *)f;
    return row->rows->n_columns == 1 ? rows_val(row->rows, row->row, 0)
                                     : (struct val){.kind = VAL_MISSING};
}

static const struct frame_ops row_ops = {row_find, row_itself};

/* The bytes of a value as they came; p NULL: it is NULL. */
static struct str raw(const struct rows *r, size_t row, size_t col)
{
    if (PQgetisnull(r->result, (int)row, (int)col)) {
        return (struct str){NULL, 0};
    }
    return (struct str){PQgetvalue(r->result, (int)row, (int)col),
                        (size_t)PQgetlength(r->result, (int)row, (int)col)};
}

/* The column of that name in a row, of the type wanted; -1: none. */
static int column_of(const struct rows *r, name_id name, Oid type)
{
    for (size_t i = 0; i < r->n_columns; i++) {
        if (r->names[i] == name) {
            return PQftype(r->result, (int)i) == type ? (int)i : -1;
        }
    }
    return -1;
}

static bool is_put(const struct rows *r, size_t row, size_t col)
{
    return r->put && r->put[row * r->n_columns + col].p;
}

static bool any_put(const struct rows *r, size_t col)
{
    for (size_t i = 0; r->put && i < r->n_rows; i++) {
        if (is_put(r, i, col)) {
            return true;
        }
    }
    return false;
}

static bool same(struct val a, struct val b)
{
    if (a.kind != b.kind) {
        return false;
    }
    switch (a.kind) {
    case VAL_TEXT:
        return str_eq(a.s, b.s);
    case VAL_BOOL:
        return a.b == b.b;
    case VAL_INT:
    case VAL_DATE:
    case VAL_TIME:
    case VAL_LOCAL:
    case VAL_INSTANT:
        return a.i == b.i;
    default:
        return false; /* NULL belongs to nothing, as in SQL */
    }
}

/* Whether row i belongs to the row that the section stands in. */
static bool belongs(const struct listing *l, size_t i, const struct frame *outer)
{
    return same(rows_val(l->rows, i, (size_t)l->by_column), outer->ops->find(outer, l->by));
}

/* The slot of a value: of rows that have it, or free. */
static uint32_t *slot_of(const struct rows *r, const struct row_index *x, struct str value)
{
    size_t i = str_hash(value) & x->mask;
    while (x->heads[i] && !str_eq(raw(r, x->heads[i] - 1, (size_t)x->column), value)) {
        i = (i + 1) & x->mask;
    }
    return &x->heads[i];
}

/* The index of a column, made from the last row to the first, so that each list is in order. */
static const struct row_index *index_of(struct arena *a, const struct rows *r, int column)
{
    struct row_index *x = r->index->next; /* the first is the list's head */
    while (x && x->column != column) {
        x = x->next;
    }
    if (x) {
        return x;
    }
    size_t slots = 16;
    while (slots < r->n_rows * 2) {
        slots *= 2;
    }
    x = arena_alloc(a, sizeof *x);
    *x = (struct row_index){r->index->next, column, arena_alloc(a, slots * sizeof *x->heads),
                            arena_alloc(a, (r->n_rows + 1) * sizeof *x->others), slots - 1};
    r->index->next = x;
    for (size_t i = r->n_rows; i > 0; i--) {
        struct str value = raw(r, i - 1, (size_t)column);
        if (value.p) {
            uint32_t *head = slot_of(r, x, value);
            x->others[i - 1] = *head;
            *head = (uint32_t)i;
        }
    }
    return x;
}

/* The value of the surrounding row that rows of this list must have, as it came; *known false: it
 * cannot be compared so. p NULL: it is NULL, which nothing equals. */
static struct str wanted(const struct listing *l, const struct frame *outer, bool *known)
{
    *known = l->index && outer && outer->ops == &row_ops;
    if (*known) {
        const struct row_frame *row = (const void *)outer;
        int col = column_of(row->rows, l->by, PQftype(l->rows->result, l->by_column));
        *known = col >= 0 && !is_put(row->rows, row->row, (size_t)col);
        if (*known) {
            return raw(row->rows, row->row, (size_t)col);
        }
    }
    return (struct str){NULL, 0};
}

static size_t next_row(const void *self, size_t i, const struct frame *outer)
{
    const struct listing *l = self;
    const struct row_index *x = l->index;
    size_t n = l->rows->n_rows;
    if (l->by_column < 0) {
        return i;
    }
    if (i > 0 && l->once) {
        return n; /* the first was given */
    }
    bool known;
    struct str value = wanted(l, outer, &known);
    if (!known) {
        while (outer && i < n && !belongs(l, i, outer)) {
            i++;
        }
        return outer ? i : n;
    }
    if (!value.p) {
        return n;
    }
    uint32_t found = i == 0 ? *slot_of(l->rows, x, value) : x->others[i - 1];
    return found ? found - 1 : n;
}

static const struct frame *row_of(struct arena *a, const void *self, size_t i,
                                  const struct frame *outer)
{
    (void)outer; /* next_row has looked */
    const struct listing *l = self;
    struct row_frame *f = arena_alloc(a, sizeof *f);
    *f = (struct row_frame){{&row_ops}, l->rows, i};
    return &f->base;
}

struct val rows_list(struct arena *a, const struct rows *r, const char *by, bool once)
{
    static const struct list_ops ops = {row_of, next_row};
    struct listing *l = arena_alloc(a, sizeof *l);
    l->rows = r;
    l->by_column = by ? rows_column_find(r, by) : -1;
    l->by = by ? name_intern(str_of(by)) : 0;
    l->once = once;
    if (by && l->by_column < 0 && r->n_rows > 0) {
        log_error("db.by", "why", "rows have no column to sort them by", "column", by, NULL);
    }
    size_t n = by && l->by_column < 0 ? 0 : r->n_rows;
    if (l->by_column >= 0 && n > 0 && !any_put(r, (size_t)l->by_column)) {
        l->index = index_of(a, r, l->by_column);
    }
    return (struct val){.kind = VAL_LIST, .list = {&ops, l, n}};
}
