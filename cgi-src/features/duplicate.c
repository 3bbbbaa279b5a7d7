/*
 * duplicate.c -- records of the same person: finding them, joining them, taking them apart again.
 * Owns: nothing. A join moves no row (sql/schema/670_person.sql says why), so it can be undone.
 */
#include "features.h"

static const struct field other_fields[] = {
    {"other_id", FIELD_UUID, .required = true, .missing = "Choose the other record."},
    {0},
};
static const struct field no_fields[] = {{0}};

#define ONE "/clients/{client_id:uuid}"

/* Runs a statement that changes two records; none changed: there is no such pair. On to the record that is read for both. */
static enum err change(struct req *r, enum query q)
{
    struct rows *rows = req_query(r, q);
    if (!rows)
        return req_error(r);
    if (rows_count(rows) == 0)
        return ERR_NOT_FOUND;
    struct str into = rows_text(rows, 0, "into_id");
    return reply_redirect(r, arena_printf(req_arena(r), "/clients/%.*s/join", (int)into.n, into.p));
}

static enum err join(struct req *r) { return change(r, Q_duplicate_join); }
static enum err unjoin(struct req *r) { return change(r, Q_duplicate_unjoin); }

const struct page duplicate_pages[] = {
    {GET, "/clients/duplicates", CAN(client_lists), .pool = POOL_SLOW,
     .action = "client.duplicates",
     .show = {{"scope", Q_duplicate_scope}, {"pairs", Q_duplicate_list}}, .view = "duplicate/list",
     .title = "Clients: who may be there twice"},
    {GET, ONE "/join", CAN(client_lists), .action = "client.duplicates",
     .show = {{"client", Q_client_one},
              {"joined", Q_duplicate_joined},
              {"pair", Q_duplicate_pair},
              {"maybe", Q_duplicate_of},
              {"hits", Q_duplicate_found}},
     .view = "duplicate/join", .title = "Client: records of the same person"},
    {POST, ONE "/join", CAN(client_lists), .action = "client.join", .fields = other_fields,
     .run = join, .again = ONE "/join", .title = "Client: join two records"},
    {POST, ONE "/joined/{joined_id:uuid}/undo", CAN(client_lists), .action = "client.unjoin",
     .fields = no_fields, .run = unjoin, .again = ONE "/join",
     .title = "Client: take joined records apart"},
    {POST, ONE "/apart", CAN(client_lists), .action = "client.apart", .fields = other_fields,
     .save = Q_duplicate_apart, .then = "/clients/duplicates", .again = "/clients/duplicates",
     .title = "Client: these are two people"},
    {0},
};
