/*
 * kept.c -- results that a worker keeps between requests: what a business set up (its places,
 * people, hours, services), which every page of the calendar needs and nobody changes for days.
 * Owns: the table of kept results, in this process alone. A result is used only after begin has
 * said, in the same transaction as the rest of the page, that nothing was set up differently since
 * (reference_version), and only for staff, by the page's permission: who holds it for the whole
 * business sees the same rows (viewcheck sees to it). For who holds it for less, begin's answer is no:
 * what she sees is asked for each time, and never kept.
 * Never: keeps anything of a client; decides what may be kept (-- keeps: reference in sql/queries).
 */
#include <stdlib.h>

#include "gate.h"

enum { SLOTS = 512, TENANT_CHARS = 36 };

/* Where a result is kept: the slot follows from statement, host and values; a newcomer replaces. */
struct kept {
    char *key; /* host and values, each with its length before it; malloced */
    size_t key_n;
    struct kept_rows *rows; /* NULL: the slot is free */
    int64_t version;
    char tenant_id[TENANT_CHARS];
    enum query query;
};
static struct kept slots[SLOTS];

static void add_part(struct buf *b, struct str s, bool is_null)
{
    buf_addc(b, is_null ? '-' : '+');
    buf_addc(b, (char)(s.n >> 8));
    buf_addc(b, (char)s.n); /* no value of a request is longer than its 8 KB line or 64 KB body */
    buf_add(b, s);
}

static struct str key_of(struct req *r, enum query q)
{
    struct buf b = buf_in(r->arena, 160);
    add_part(&b, r->host, false);
    add_part(&b, str_of(perm_name[r->page->can]), false);
    for (size_t i = 0; query_table[q].params[i]; i++) {
        struct str value = S("");
        bool is_null = false;
        bool known = req_param(r, str_of(query_table[q].params[i]), &value, &is_null);
        add_part(&b, value, is_null || !known);
    }
    return buf_str(&b);
}

static struct kept *slot_of(enum query q, struct str key)
{
    return &slots[(str_hash(key) ^ (uint32_t)q) % SLOTS];
}

struct rows *kept_find(struct req *r, enum query q)
{
    if (!query_table[q].is_kept || r->page->door != DOOR_STAFF)
        return NULL;
    struct str key = key_of(r, q);
    struct kept *k = slot_of(q, key);
    if (!k->rows || k->query != q || !str_eq(key, (struct str){k->key, k->key_n}))
        return NULL;
    struct str tenant = {k->tenant_id, TENANT_CHARS};
    bool first = r->kept_tenant.n == 0;
    /* All that one page uses is of one state; what is of another is asked for anew. */
    if (!first && (k->version != r->kept_version || !str_eq(tenant, r->kept_tenant)))
        return NULL;
    if (first) {
        r->kept_version = k->version;
        r->kept_tenant = arena_str(r->arena, tenant);
    }
    return rows_lent(r->arena, k->rows);
}

/* Whether she who was let in holds the page's permission for the whole business. */
static bool sees_the_whole(const struct req *r)
{
    struct str wanted = str_of(perm_name[r->page->can]);
    struct str perms = rows_text(r->context, 0, "perms");
    while (perms.n > 0)
        if (str_eq(str_cut(&perms, ','), wanted))
            return true;
    return wanted.n == 0;
}

bool kept_is_fresh(const struct req *r)
{
    return r->kept_tenant.n == 0 ||
           (sees_the_whole(r) &&
            str_eq(r->kept_tenant, rows_text(r->context, 0, "tenant_id")) &&
            r->kept_version == rows_int(r->context, 0, "reference_version"));
}

static void forget(void *rows) { rows_forget(rows); }

void kept_store(struct req *r, enum query q, const struct rows *rows)
{
    struct str tenant = rows_text(r->context, 0, "tenant_id");
    if (!query_table[q].is_kept || r->page->door != DOOR_STAFF || tenant.n != TENANT_CHARS ||
        !sees_the_whole(r))
        return;
    struct str key = key_of(r, q);
    struct kept *k = slot_of(q, key);
    char *copy = malloc(key.n + 1);
    if (!copy)
        return; /* it is only faster with it */
    memcpy(copy, key.p, key.n);
    if (k->rows)
        arena_defer(r->arena, forget, k->rows); /* this very page may be showing it */
    free(k->key);
    *k = (struct kept){.query = q,
                       .key = copy,
                       .key_n = key.n,
                       .version = rows_int(r->context, 0, "reference_version"),
                       .rows = rows_keep(rows)};
    memcpy(k->tenant_id, tenant.p, TENANT_CHARS);
}
