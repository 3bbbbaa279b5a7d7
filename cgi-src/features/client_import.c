/*
 * client_import.c -- lists of clients as files: chosen, their columns named, looked at, read in, taken out again.
 * Owns: the bounds of such a file, and that it is kept sealed. What a row means, and who is here already, the database says.
 * Never: enters a client; the jobs do (client_import_job.c).
 */
#include "client_import.h"

#include <stdio.h>

#include "core/http.h"
#include "crypto.h"
#include "csv.h"
#include "features.h"

enum { SHOWN_BYTES = 60 };

static const struct field file_fields[] = {
    {"encoding", FIELD_CHOICE, .choices = "found|windows-1252"},
    {0},
};
static const struct field map_fields[] = {
    {"date_format", FIELD_CHOICE, .required = true, .choices = "ymd|mdy|dmy"},
    {0},
};
static const struct field start_fields[] = {{"with_maybe", FIELD_BOOL}, {0}};

#define LIST "/clients/import"
#define THIS LIST "/{import_id}"
#define ONE LIST "/{import_id:uuid}"

/* ---- the file comes in ---- */

static enum err refuse(struct req *r, const char *message)
{
    req_refuse(r, "file", message);
    return reply_again(r, LIST);
}

static enum err refuse_at(struct req *r, const struct csv_problem *p)
{
    return refuse(r, arena_cstr(req_arena(r), arena_printf(req_arena(r), "Line %zu, column %zu: %s",
                                                           p->line, p->column, p->why)));
}

/* Seals a part; its bytes are in an arena of their own, for the file is large. */
static bool keep_part(struct req *r, struct str text, size_t n, size_t first_row, size_t first_line)
{
    struct arena *a = arena_new(16 << 20);
    struct str id = uuid_new(a), tenant = req_value(r, "tenant_id"), sealed;
    struct str aad = arena_printf(a, "%.*s|app.client_import_part|body_sealed|%.*s", (int)tenant.n,
                                  tenant.p, (int)id.n, id.p);
    bool good = tenant_seal(a, tenant, aad, text, &sealed) == OK;
    if (good) {
        req_set(r, "part_id", id);
        req_set(r, "part_n", arena_printf(req_arena(r), "%zu", n));
        req_set(r, "first_row", arena_printf(req_arena(r), "%zu", first_row));
        req_set(r, "first_line", arena_printf(req_arena(r), "%zu", first_line));
        req_set(r, "body_sealed", str_of(db_bytea(a, sealed)));
        good = req_query(r, Q_client_import_part_add) != NULL;
        req_set_null(r, "part_id"); /* what they point to goes with the arena */
        req_set_null(r, "body_sealed");
    }
    arena_free(a);
    return good;
}

/* Counts the rows below the first one, and its columns. CSV_BROKEN: *problem says where and why. */
static enum csv_end count_rows(struct csv_reader in, size_t *n_columns, size_t *n,
                               struct csv_problem *problem)
{
    static struct csv_row row;
    enum csv_end e = csv_next(&in, &row);
    *n_columns = e == CSV_ROW ? row.n : 0;
    *n = 0;
    while (e == CSV_ROW && (e = csv_next(&in, &row)) == CSV_ROW)
        ++*n;
    *problem = in.problem;
    return e;
}

static bool keep_parts(struct req *r, struct csv_reader in, size_t n_rows, size_t part_rows)
{
    static struct csv_row row;
    struct str part = S("");
    size_t in_part = 0, n = 1, line = 0;
    if (csv_next(&in, &row) != CSV_ROW || !keep_part(r, row.raw, 0, 0, row.line))
        return false;
    for (size_t i = 1; i <= n_rows && csv_next(&in, &row) == CSV_ROW; i++) {
        if (in_part == 0) {
            part = row.raw;
            line = row.line;
        }
        part.n = (size_t)(row.raw.p + row.raw.n - part.p);
        if (++in_part < part_rows && i < n_rows)
            continue;
        if (!keep_part(r, part, n, (n - 1) * part_rows + 1, line))
            return false;
        in_part = 0;
        n++;
    }
    return true;
}

static enum err upload(struct req *r)
{
    const struct upload *files;
    struct str bytes = S(""), text;
    struct csv_problem problem;
    size_t n_files = req_uploads(r, &files), n_columns, n_rows;
    for (size_t i = 0; i < n_files; i++)
        if (str_is(files[i].name, "file"))
            bytes = files[i].bytes;
    if (bytes.n == 0)
        return refuse(r, "Choose a file, such as clients.csv.");
    enum csv_encoding encoding =
        str_is(req_value(r, "encoding"), "windows-1252") ? CSV_WINDOWS_1252 : CSV_ENCODING_FOUND;
    if (str_starts(bytes, S("PK\x03\x04")))
        return refuse(r,
                      "This is a workbook, not a CSV file. Open it and save it as \"CSV UTF-8\".");
    if (csv_decode(req_arena(r), bytes, encoding, &text, &problem))
        return refuse_at(r, &problem);
    char separator = csv_separator(text);
    struct csv_reader in = csv_open(req_arena(r), text, separator, 1);
    if (count_rows(in, &n_columns, &n_rows, &problem) == CSV_BROKEN)
        return refuse_at(r, &problem);
    if (n_rows == 0)
        return refuse(r, "There is nothing in it but, at most, a first line. The first line names "
                         "the columns; each further one is a client.");
    if (n_rows > IMPORT_MOST_ROWS)
        return refuse(r, "There are more than 50,000 rows in it. Cut it into several files, each "
                         "with the first line.");
    req_set(r, "separator", arena_printf(req_arena(r), "%c", separator));
    req_set(r, "n_columns", arena_printf(req_arena(r), "%zu", n_columns));
    req_set(r, "n_rows", arena_printf(req_arena(r), "%zu", n_rows));
    struct rows *made = req_query(r, Q_client_import_new);
    if (!made || !keep_parts(r, in, n_rows, (size_t)rows_int(made, 0, "part_rows")))
        return req_error(r) ? req_error(r) : ERR_UNAVAILABLE;
    struct str id = req_value(r, "new_id");
    return reply_redirect(r, arena_printf(req_arena(r), LIST "/%.*s/columns", (int)id.n, id.p));
}

/* ---- its columns are named ---- */

static struct str shortened(struct arena *a, struct str cell)
{
    struct str s;
    if (!import_cell(a, cell, false, &s))
        return S("(cannot be shown)");
    if (s.n <= SHOWN_BYTES)
        return s;
    size_t n = SHOWN_BYTES;
    while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    return arena_printf(a, "%.*s…", (int)n, s.p);
}

/* The first rows of the file, column by column. */
static struct str preview_json(struct req *r, const struct rows *import, const struct rows *parts)
{
    static const char *const names[] = {"head", "first", "second", "third"};
    static struct csv_row rows[COUNT_OF(names)];
    struct arena *a = req_arena(r);
    size_t n_rows = 0, n_columns = (size_t)rows_int(import, 0, "n_columns");
    char separator = rows_text(import, 0, "separator").p[0];
    for (size_t p = 0; p < rows_count(parts); p++) {
        struct csv_reader in = csv_open(a, rows_text(parts, p, "body_sealed"), separator, 1);
        while (n_rows < COUNT_OF(names) && csv_next(&in, &rows[n_rows]) == CSV_ROW)
            n_rows++;
    }
    struct buf b = buf_in(a, 4096);
    for (size_t c = 0; c < n_columns; c++) {
        buf_printf(&b, "%s{\"n\":%zu", c ? "," : "[", c + 1);
        for (size_t i = 0; i < n_rows; i++)
            if (c < rows[i].n)
                import_json(&b, names[i], shortened(a, rows[i].cells[c]));
        buf_addc(&b, '}');
    }
    buf_addc(&b, ']');
    return buf_str(&b);
}

/* What was chosen for the columns, as an array; its elements are names of ours ("field_" and an id: a field of the business's own) or refused. */
static void set_chosen(struct req *r)
{
    const struct str *values;
    size_t n = req_values(r, "column", &values);
    struct buf b = buf_in(req_arena(r), 64);
    for (size_t i = 0; i < n; i++) {
        bool is_plain = values[i].n <= 42;
        for (size_t k = 0; k < values[i].n; k++) {
            char c = values[i].p[k];
            is_plain = is_plain &&
                       ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
        }
        buf_addz(&b, i ? ",\"" : "{\"");
        buf_add(&b, is_plain ? values[i] : S("?"));
        buf_addc(&b, '"');
    }
    buf_addz(&b, n ? "}" : "{}");
    req_set(r, "chosen", buf_str(&b));
}

static enum err columns_page(struct req *r)
{
    struct rows *import = req_query(r, Q_client_import_one);
    if (!import || rows_count(import) == 0)
        return import ? ERR_NOT_FOUND : req_error(r);
    struct str state = rows_text(import, 0, "state"), id = rows_text(import, 0, "import_id");
    if (!str_is(state, "mapping") && !str_is(state, "checked"))
        return reply_redirect(r, arena_printf(req_arena(r), LIST "/%.*s", (int)id.n, id.p));
    req_set(r, "part_from", S("0"));
    req_set(r, "part_to", S("1"));
    struct rows *parts = req_query(r, Q_client_import_parts);
    if (!parts)
        return req_error(r);
    req_set(r, "preview", preview_json(r, import, parts));
    req_set(r, "import_id", id); /* for the form's address */
    set_chosen(r);
    if (!req_show(r, "columns", Q_client_import_columns, NULL) ||
        !req_show(r, "choices", Q_client_import_choices, "place") ||
        !req_show(r, "formats", Q_client_import_formats, NULL))
        return req_error(r);
    return reply_view(r, 200, "client_import/columns");
}

static enum err map(struct req *r)
{
    set_chosen(r);
    struct rows *mapped = req_query(r, Q_client_import_map);
    if (!mapped)
        return req_error(r);
    if (rows_count(mapped) == 0)
        return ERR_NOT_FOUND;
    struct str id = rows_text(mapped, 0, "import_id");
    return reply_redirect(r, arena_printf(req_arena(r), LIST "/%.*s", (int)id.n, id.p));
}

/* ---- what was found ---- */

static size_t column_of(const struct str *columns, size_t n, const char *field)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(columns[i], field))
            return i;
    return CSV_MOST_COLUMNS;
}

static struct str cell_of(struct arena *a, const struct csv_row *row, size_t column)
{
    return column < row->n ? shortened(a, row->cells[column]) : S("");
}

/* {"row": "name"} of all rows of these parts. */
static struct str names_json(struct req *r, const struct rows *import, const struct rows *parts)
{
    static struct csv_row row;
    struct arena *a = req_arena(r);
    const struct str *columns;
    size_t n = rows_array(import, a, 0, "columns", &columns);
    size_t name = column_of(columns, n, "name"), first = column_of(columns, n, "first_name"),
           last = column_of(columns, n, "last_name");
    struct buf b = buf_in(a, 4096);
    buf_addz(&b, "{\"\":\"\"");
    for (size_t p = 0; p < rows_count(parts); p++) {
        struct csv_reader in = csv_open(a, rows_text(parts, p, "body_sealed"),
                                        rows_text(import, 0, "separator").p[0], 1);
        for (int64_t i = rows_int(parts, p, "first_row"); csv_next(&in, &row) == CSV_ROW; i++) {
            struct str one = cell_of(a, &row, name < CSV_MOST_COLUMNS ? name : first),
                       two = cell_of(a, &row, last);
            char number[24];
            snprintf(number, sizeof number, "%lld", (long long)i);
            import_json(&b, number,
                        two.n ? arena_printf(a, "%.*s %.*s", (int)one.n, one.p, (int)two.n, two.p)
                              : one);
        }
    }
    buf_addc(&b, '}');
    return buf_str(&b);
}

/* Which rows are asked for; an address has whatever somebody types. */
static void set_only(struct req *r)
{
    static const char *const kinds[] = {"add", "maybe", "here", "twice", "bad", "left"};
    struct str only = req_value(r, "only"), after = req_value(r, "after");
    int64_t number;
    bool is_known = false;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        is_known = is_known || str_is(only, kinds[i]);
    req_set(r, "only", is_known ? only : S(""));
    req_set(r, "after",
            str_int(after, &number) == OK && number > 0 && number <= IMPORT_MOST_ROWS ? after
                                                                                      : S("0"));
}

static enum err one_page(struct req *r)
{
    struct rows *import = req_query(r, Q_client_import_one);
    if (!import || rows_count(import) == 0)
        return import ? ERR_NOT_FOUND : req_error(r);
    set_only(r);
    struct rows *parts = req_query(r, Q_client_import_shown);
    if (!parts)
        return req_error(r);
    req_set(r, "names", names_json(r, import, parts));
    if (!req_show(r, "import", Q_client_import_page, NULL) ||
        !req_show(r, "rows", Q_client_import_rows, NULL) ||
        !req_show(r, "kinds", Q_client_import_kinds, NULL))
        return req_error(r);
    return reply_view(r, 200, "client_import/one");
}

static enum err verdicts(struct req *r)
{
    struct rows *import = req_query(r, Q_client_import_one);
    if (!import || rows_count(import) == 0)
        return import ? ERR_NOT_FOUND : req_error(r);
    req_set(r, "part_from", S("1"));
    req_set(r, "part_to", S("1000"));
    struct rows *parts = req_query(r, Q_client_import_parts);
    struct rows *found = parts ? req_query(r, Q_client_import_verdicts) : NULL;
    if (!found)
        return req_error(r);
    static struct csv_row row;
    static const char *const heads[] = {"line", "verdict", "reason", "left_out", "row"};
    struct arena *a = req_arena(r);
    struct buf b = buf_in(a, rows_count(found) * 100 + rows_count(parts) * 60000 + 1024);
    char separator = rows_text(import, 0, "separator").p[0];
    size_t part = 0;
    struct csv_reader in = csv_open(a, S(""), separator, 1);
    for (size_t i = 0; i < COUNT_OF(heads); i++)
        csv_cell(&b, i == 0, str_of(heads[i]));
    csv_end(&b);
    for (size_t i = 0; i < rows_count(found); i++) {
        enum csv_end e = csv_next(&in, &row);
        if (e != CSV_ROW && part < rows_count(parts)) {
            in = csv_open(a, rows_text(parts, part++, "body_sealed"), separator, 1);
            e = csv_next(&in, &row);
        }
        csv_cell(&b, true, arena_printf(a, "%lld", (long long)rows_int(found, i, "line")));
        csv_cell(&b, false, rows_text(found, i, "verdict"));
        csv_cell(&b, false, rows_text(found, i, "reason"));
        csv_cell(&b, false, rows_text(found, i, "left_out"));
        for (size_t c = 0; e == CSV_ROW && c < row.n; c++)
            csv_cell(&b, false, row.cells[c]);
        csv_end(&b);
    }
    return reply_bytes(r, 200, "text/csv; charset=utf-8", buf_str(&b), "rows.csv");
}

#define LISTS CAN(client_lists), .pool = POOL_SLOW

const struct page client_import_pages[] = {
    {GET, LIST, LISTS, .action = "client.import.list", .show = {{"imports", Q_client_import_list}},
     .view = "client_import/list", .title = "Clients: read in a file"},
    {POST, LIST, LISTS, .action = "client.import.upload", .fields = file_fields, .run = upload,
     .again = LIST, .max_body = IMPORT_MOST_BYTES, .title = "Clients: choose a file"},
    {GET, ONE, LISTS, .action = "client.import.look", .run = one_page,
     .show = {{"import", Q_client_import_page},
              {"rows", Q_client_import_rows},
              {"kinds", Q_client_import_kinds}},
     .view = "client_import/one", .gives = "only", .title = "Clients: a file that is read in"},
    {GET, ONE "/columns", LISTS, .action = "client.import.look", .run = columns_page,
     .show = {{"columns", Q_client_import_columns},
              {"choices", Q_client_import_choices, "place"},
              {"formats", Q_client_import_formats}},
     .view = "client_import/columns", .gives = "import_id",
     .title = "Clients: the columns of a file"},
    {POST, ONE "/columns", LISTS, .action = "client.import.map", .fields = map_fields, .run = map,
     .again = ONE "/columns", .title = "Clients: name the columns of a file"},
    {GET, ONE "/rows.csv", LISTS, .step_up = true, .action = "client.import.verdicts",
     .run = verdicts, .title = "Clients: what was found of a file's rows"},
    {POST, ONE "/start", LISTS, .action = "client.import.start", .fields = start_fields,
     .save = Q_client_import_start, .then = THIS, .again = ONE,
     .title = "Clients: read in the rows of a file"},
    {POST, ONE "/drop", LISTS, .action = "client.import.drop", .save = Q_client_import_drop,
     .then = THIS, .again = ONE, .title = "Clients: remove a file"},
    {POST, ONE "/undo", LISTS, .step_up = true, .action = "client.import.take",
     .save = Q_client_import_undo, .then = ONE, .again = ONE,
     .title = "Clients: take out what was read in"},
    {0},
};
