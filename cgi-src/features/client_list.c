/*
 * client_list.c -- the clients as a file, with the business's own fields as its last columns.
 * Owns: that a file is made only of a list that is whole: past the bound it is refused, never cut short.
 */
#include "csv.h"
#include "features.h"

enum { EXPORT_MOST = 10000 };

/* What stands in the business's own fields, a cell for each of them; values come in the order of the list. */
static void own_cells(struct buf *b, const struct rows *fields, const struct rows *values,
                      struct str client, size_t *at)
{
    size_t first = *at;
    while (*at < rows_count(values) && str_eq(rows_text(values, *at, "list_id"), client))
        ++*at;
    for (size_t k = 0; k < rows_count(fields); k++) {
        struct str cell = S("");
        for (size_t i = first; i < *at; i++)
            if (str_eq(rows_text(values, i, "field_id"), rows_text(fields, k, "field_id")))
                cell = rows_text(values, i, "value_sealed");
        csv_cell(b, false, cell);
    }
}

static enum err download(struct req *r)
{
    static const char *const columns[] = {"name",
                                          "preferred_name",
                                          "pronouns",
                                          "phone",
                                          "email",
                                          "birth_date",
                                          "due_date",
                                          "street",
                                          "city",
                                          "region",
                                          "postal_code",
                                          "country",
                                          "tags",
                                          "client_since",
                                          "further_phones",
                                          "further_emails",
                                          "emergency_contact_name",
                                          "emergency_contact_relation",
                                          "emergency_contact_phone",
                                          "guardians",
                                          "messages",
                                          "preferred_language",
                                          "preferred_way",
                                          "best_time"};
    struct rows *rows = req_query(r, Q_client_list_export);
    if (!rows)
        return req_error(r);
    struct buf ids = buf_in(req_arena(r), rows_count(rows) * 40 + 16);
    size_t n = 0;
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (rows_bool(rows, i, "is_joined"))
            continue;
        buf_addc(&ids, n++ ? ',' : '{');
        buf_add(&ids, rows_text(rows, i, "client_id"));
    }
    if (n > EXPORT_MOST)
        return reply_too_long(r, EXPORT_MOST);
    struct rows *fields = req_query(r, Q_client_field_column);
    if (!fields)
        return req_error(r);
    struct rows *values = NULL;
    if (rows_count(fields) > 0) {
        buf_addz(&ids, n ? "}" : "{}");
        req_set(r, "list_ids", buf_str(&ids));
        values = req_query(r, Q_client_field_export);
        if (!values)
            return req_error(r);
    }
    struct buf b = buf_in(req_arena(r), 64 * 1024);
    size_t at = 0;
    for (size_t k = 0; k < COUNT_OF(columns); k++)
        csv_cell(&b, k == 0, str_of(columns[k]));
    for (size_t k = 0; k < rows_count(fields); k++)
        csv_cell(&b, false, rows_text(fields, k, "field_name"));
    csv_end(&b);
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (rows_bool(rows, i, "is_joined"))
            continue;
        for (size_t k = 0; k < COUNT_OF(columns); k++)
            csv_cell(&b, k == 0, rows_text(rows, i, columns[k]));
        if (values)
            own_cells(&b, fields, values, rows_text(rows, i, "client_id"), &at);
        csv_end(&b);
    }
    return reply_bytes(r, 200, "text/csv; charset=utf-8", buf_str(&b), "clients.csv");
}

const struct page client_list_pages[] = {
    {GET, "/clients/files", CAN(client_lists), .pool = POOL_SLOW,
     .show = {{"tags", Q_tag_filter}, {"parts", Q_client_list_part}}, .view = "client_list/files",
     .title = "Clients: as files"},
    {GET, "/clients/clients.csv", CAN(client_lists), .pool = POOL_SLOW, .step_up = true,
     .action = "client.export", .run = download, .title = "Clients: all of them as a file"},
    {0},
};
