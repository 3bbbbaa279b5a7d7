/*
 * disclosure.c -- no client's data leaves without its row in the trail.
 * Owns: collecting the clients that results name, the call of app.disclose, opening sealed cells.
 * Never: keeps a key longer than the request.
 */
#include <stdlib.h>

#include "crypto.h"
#include "gate.h"
#include "log.h"

void disclosure_note(struct req *r, struct rows *rows)
{
    if (r->n_fresh == MAX_RESULTS) {
        log_error("disclosure.full", "route", r->page->path, NULL);
        abort(); /* what is not noted would be shown without its row in the trail */
    }
    r->fresh[r->n_fresh++] = rows;
}

/* Where a client's key stands in r->places, or would: a file of all clients has fifty thousand of them. */
static uint32_t *place_of(struct req *r, struct str client_id)
{
    size_t mask = r->cap_keys * 2 - 1, at = 2166136261u; /* (FNV-1a) */
    for (size_t i = 0; i < client_id.n; i++)
        at = (at ^ (unsigned char)client_id.p[i]) * 16777619u;
    for (at &= mask; r->places[at]; at = (at + 1) & mask)
        if (str_eq(r->keys[r->places[at] - 1].client_id, client_id))
            break;
    return &r->places[at];
}

struct client_key *disclosure_key(struct req *r, struct str client_id)
{
    uint32_t n = r->n_keys ? *place_of(r, client_id) : 0;
    return n ? &r->keys[n - 1] : NULL;
}

static void wipe_keys(void *what)
{
    struct req *r = what;
    secret_wipe(r->keys, r->cap_keys * sizeof *r->keys);
}

static struct client_key *add_key(struct req *r, struct str client_id)
{
    if (!r->keys || r->n_keys == r->cap_keys) {
        size_t cap = r->cap_keys ? r->cap_keys * 2 : 64;
        struct client_key *more = arena_alloc(r->arena, cap * sizeof *more);
        if (r->keys) {
            memcpy(more, r->keys, r->n_keys * sizeof *more);
            secret_wipe(r->keys, r->n_keys * sizeof *r->keys);
        } else {
            arena_defer(r->arena, wipe_keys, r);
        }
        r->keys = more;
        r->cap_keys = cap;
        r->places = arena_alloc(r->arena, cap * 2 * sizeof *r->places);
        memset(r->places, 0, cap * 2 * sizeof *r->places);
        for (size_t i = 0; i < r->n_keys; i++)
            *place_of(r, r->keys[i].client_id) = (uint32_t)i + 1;
    }
    struct client_key *key = &r->keys[r->n_keys++];
    *key = (struct client_key){.client_id = arena_str(r->arena, client_id)};
    *place_of(r, client_id) = (uint32_t)r->n_keys;
    return key;
}

/* Sends app.disclose for keys[from..]. */
static struct rows *send_disclose(struct req *r, size_t from)
{
    struct buf ids = buf_in(r->arena, (r->n_keys - from) * 37 + 3);
    buf_addc(&ids, '{');
    for (size_t i = from; i < r->n_keys; i++) {
        if (i > from)
            buf_addc(&ids, ',');
        buf_add(&ids, r->keys[i].client_id);
    }
    buf_addz(&ids, "}");
    buf_addc(&ids, '\0');

    const char *const values[] = {ids.p};
    return db_send_sql(r->gate->db, r->arena, "disclose",
                       "SELECT client_id, wrapped_key FROM app.disclose($1)", values, 1);
}

/* What a flight with a disclosure in it failed of. No row, no page: when the row could not be
 * written it is nobody's fault who asks, and may be over in a moment. */
static enum err flight_error(struct req *r, enum err e)
{
    if (e == OK || strncmp(r->error.sqlstate, "FY", 2) == 0 ||
        !str_starts(r->error.detail, S("m_disclose")))
        return e;
    log_error("disclosure.unwritten", "route", r->page->path, "sqlstate", r->error.sqlstate, NULL);
    return ERR_UNAVAILABLE;
}

/* Takes what a disclosure gave. A client without a key stays without: she was erased, or this actor
 * reads nothing of clients. */
static void take_keys(struct req *r, const struct rows *given)
{
    r->has_disclosed = true;
    for (size_t i = 0; i < rows_count(given); i++) {
        struct client_key *key = disclosure_key(r, rows_text(given, i, "client_id"));
        if (!key)
            continue;
        key->wrapped = rows_text(given, i, "wrapped_key");
        key->has_key = key->wrapped.n > 0;
    }
}

enum err disclosure_open_key(struct req *r, struct client_key *key)
{
    if (key->is_open)
        return OK;
    enum err e = client_key_open(r->arena, rows_text(r->context, 0, "tenant_id"), key->client_id,
                                 key->wrapped, key->key);
    if (e) {
        log_error("disclosure.key", "client", arena_cstr(r->arena, key->client_id), NULL);
        return e == ERR_UNAVAILABLE ? e : ERR_INTERNAL;
    }
    key->is_open = true;
    return OK;
}

struct str disclosure_aad(struct req *r, struct str table, struct str column, struct str row)
{
    const struct str parts[] = {rows_text(r->context, 0, "tenant_id"), table, column, row};
    struct buf b = buf_in(r->arena, 160);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (i > 0)
            buf_addc(&b, '|');
        buf_add(&b, parts[i]);
    }
    return buf_str(&b);
}

enum err disclosure_of(struct req *r, struct str client_id)
{
    if (disclosure_key(r, client_id))
        return OK;
    size_t from = r->n_keys;
    add_key(r, client_id);
    struct rows *given = send_disclose(r, from);
    enum err e = flight_error(r, db_wait(r->gate->db, r->arena, &r->error));
    if (!e)
        take_keys(r, given);
    return e;
}

/* Whether a column comes from a sealed one, under whatever name it was selected. */
static bool is_sealed(const struct rows *rows, size_t col)
{
    struct str table, column;
    return rows_origin(rows, col, &table, &column) && column.n > 7 &&
           memcmp(column.p + column.n - 7, "_sealed", 7) == 0;
}

/* The column that is `id` of the table a sealed column comes from; -1: none. */
static int id_column(const struct rows *rows, struct str table)
{
    struct str origin, name;
    for (size_t c = 0; c < rows_columns(rows); c++)
        if (rows_origin(rows, c, &origin, &name) && str_eq(origin, table) && str_is(name, "id"))
            return (int)c;
    return -1;
}

/* One cell, under its client's key, or under the business's own where the row has no client. */
static enum err open_cell(struct req *r, struct str client, struct str aad, struct str sealed,
                          struct str *plain)
{
    if (client.n == 0)
        return tenant_open(r->arena, rows_text(r->context, 0, "tenant_id"), aad, sealed, plain);
    struct client_key *key = disclosure_key(r, client);
    if (!key || !key->has_key)
        return ERR_GONE;
    enum err e = disclosure_open_key(r, key);
    return e ? e : open_sealed(r->arena, key->key, aad, sealed, plain);
}

static enum err open_column(struct req *r, struct rows *rows, size_t col, int client_col)
{
    struct str table, column;
    if (!rows_origin(rows, col, &table, &column))
        return ERR_INTERNAL;
    int id_col = id_column(rows, table);
    if (id_col < 0)
        return ERR_INTERNAL;

    for (size_t i = 0; i < rows_count(rows); i++) {
        struct val cell = rows_val(rows, i, col);
        struct val id = rows_val(rows, i, (size_t)id_col);
        if (cell.kind != VAL_TEXT || id.kind != VAL_TEXT)
            continue;
        struct val client =
            client_col < 0 ? (struct val){.kind = VAL_NULL} : rows_val(rows, i, (size_t)client_col);
        struct str owner = client.kind == VAL_TEXT ? client.s : S("");
        struct str plain;
        enum err e = open_cell(r, owner, disclosure_aad(r, table, column, id.s), cell.s, &plain);
        if (e == ERR_INVALID) {
            log_error("sealed.broken", "column", arena_cstr(r->arena, column), "row",
                      arena_cstr(r->arena, id.s), NULL);
            return ERR_INTERNAL;
        }
        /* An erased client: her key is gone, and so is what it sealed. */
        if (e && e != ERR_GONE)
            return e;
        rows_put(rows, i, col, e ? S("(erased)") : plain);
    }
    return OK;
}

/* Adds the clients that the noted results name; returns how many were known before. */
static size_t collect(struct req *r)
{
    size_t before = r->n_keys;
    for (size_t n = 0; n < r->n_fresh; n++) {
        int col = rows_column_find(r->fresh[n], "client_id");
        for (size_t i = 0; col >= 0 && i < rows_count(r->fresh[n]); i++) {
            struct val id = rows_val(r->fresh[n], i, (size_t)col);
            if (id.kind == VAL_TEXT && !disclosure_key(r, id.s))
                add_key(r, id.s);
        }
    }
    return before;
}

static enum err open_cells(struct req *r)
{
    enum err e;
    for (size_t n = 0; n < r->n_fresh; n++) {
        struct rows *rows = r->fresh[n];
        int client_col = rows_column_find(rows, "client_id");
        for (size_t c = 0; c < rows_columns(rows) && rows_count(rows) > 0; c++)
            if (is_sealed(rows, c) && (e = open_column(r, rows, c, client_col))) {
                log_error("sealed.open", "route", r->page->path, "column",
                          rows_column_name(rows, c), NULL);
                return e;
            }
    }
    r->n_fresh = 0;
    return OK;
}

/* Sends what is still to be disclosed. *given: NULL when there is nothing. */
static enum err send_missing(struct req *r, bool always, struct rows **given)
{
    size_t from = collect(r);
    *given = NULL;
    if (r->n_keys == from && (!always || r->has_disclosed))
        return OK;
    if (!r->page->action) {
        log_error("disclosure.no_action", "route", r->page->path, NULL);
        return ERR_INTERNAL;
    }
    *given = send_disclose(r, from);
    return OK;
}

enum err disclosure_settle(struct req *r, bool always)
{
    struct rows *given;
    enum err e = send_missing(r, always, &given);
    if (!e && given)
        e = flight_error(r, db_wait(r->gate->db, r->arena, &r->error));
    if (!e && given)
        take_keys(r, given);
    return e ? e : open_cells(r);
}

enum err disclosure_commit(struct req *r, bool always)
{
    struct rows *given;
    enum err e = send_missing(r, always, &given);
    if (!e)
        e = flight_error(r, db_commit(r->gate->db, r->arena, &r->error));
    if (!e && given)
        take_keys(r, given);
    return e ? e : open_cells(r);
}

enum err disclosure_land(struct req *r)
{
    return flight_error(r, db_commit(r->gate->db, r->arena, &r->error));
}

void disclosure_send(struct req *r)
{
    r->disclosed = db_send_sql(r->gate->db, r->arena, "disclose_seen",
                               "SELECT client_id, wrapped_key FROM app.disclose_seen()", NULL, 0);
}

enum err disclosure_check(struct req *r)
{
    size_t named = r->disclosed ? rows_count(r->disclosed) : 0;
    for (size_t i = 0; i < named; i++)
        add_key(r, rows_text(r->disclosed, i, "client_id"));
    size_t known = collect(r);
    if (r->n_keys > known) {
        /* A statement shows a client whom it did not name: nobody wrote down that she was seen. */
        log_error("disclosure.unseen", "route", r->page->path, NULL);
        return ERR_INTERNAL;
    }
    if (r->disclosed)
        take_keys(r, r->disclosed);
    return open_cells(r);
}

void disclosure_forget(struct req *r)
{
    if (r->keys) {
        secret_wipe(r->keys, r->cap_keys * sizeof *r->keys);
        size_t n_places = r->cap_keys * 2;
        memset(r->places, 0, n_places * sizeof *r->places);
    }
    r->n_keys = 0;
    r->n_fresh = 0;
    r->has_disclosed = false;
    r->disclosed = NULL;
    r->kept_tenant = S("");
}
