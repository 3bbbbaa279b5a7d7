/*
 * client_list.c -- the clients as a file.
 * Owns: that a file is made only of a list that is whole: past the bound it is refused, never cut short.
 */
#include "features.h"

enum { EXPORT_MOST = 50000 };

static enum err download(struct req *r)
{
    static const char *const columns[] = {"name",  "preferred_name", "pronouns",    "phone",
                                          "email", "birth_date",     "due_date",    "street",
                                          "city",  "region",         "postal_code", "country",
                                          "tags",  "client_since"};
    struct rows *rows = req_query(r, Q_client_list_export);
    if (rows && rows_count(rows) > EXPORT_MOST)
        return ERR_TOO_LARGE;
    return reply_csv(r, rows, columns, COUNT_OF(columns), "clients.csv");
}

const struct page client_list_pages[] = {
    {GET, "/clients/clients.csv", CAN(client_lists), .pool = POOL_SLOW, .step_up = true,
     .action = "client.export", .run = download, .title = "Clients: all of them as a file"},
    {0},
};
