/*
 * client_list.c -- the clients as a file.
 * Owns: that a file is made only of a list that is whole: past the bound it is refused, never cut short.
 */
#include "csv.h"
#include "features.h"

enum { EXPORT_MOST = 50000 };

static enum err download(struct req *r)
{
    static const char *const columns[] = {"name",  "preferred_name", "pronouns",    "phone",
                                          "email", "birth_date",     "due_date",    "street",
                                          "city",  "region",         "postal_code", "country",
                                          "tags",  "client_since"};
    struct rows *rows = req_query(r, Q_client_list_export);
    if (!rows)
        return req_error(r);
    if (rows_count(rows) > EXPORT_MOST)
        return ERR_TOO_LARGE;
    struct buf b = buf_in(req_arena(r), 64 * 1024);
    csv_rows(&b, rows, columns, COUNT_OF(columns));
    return reply_bytes(r, 200, "text/csv; charset=utf-8", buf_str(&b), "clients.csv");
}

const struct page client_list_pages[] = {
    {GET, "/clients/clients.csv", CAN(client_lists), .pool = POOL_SLOW, .step_up = true,
     .action = "client.export", .run = download, .title = "Clients: all of them as a file"},
    {0},
};
