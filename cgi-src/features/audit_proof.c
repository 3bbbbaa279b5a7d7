/*
 * audit_proof.c -- the way from a row of the trail to the newest signed head.
 * Owns: nothing. Never: trusts a hash of the database before it led to a signed root.
 */
#include "audit_proof.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LEAVES_AT_ONCE = 50000, PAGE_MOST = 500000 };

static void free_leaves(void *what) { free(what); }

/* All leaves of the tree, as they stand; false: some are missing. */
static enum err read_leaves(struct req *r, struct tree *t, bool *has_all)
{
    *has_all = false;
    t->leaves = malloc(t->size * HASH_BYTES);
    if (!t->leaves)
        return ERR_UNAVAILABLE;
    arena_defer(req_arena(r), free_leaves, t->leaves);
    for (uint64_t have = 0; have < t->size;) {
        uint64_t want = t->size - have < LEAVES_AT_ONCE ? t->size - have : LEAVES_AT_ONCE;
        req_set(r, "first_leaf", arena_printf(req_arena(r), "%" PRIu64, have));
        req_set(r, "most_leaves", arena_printf(req_arena(r), "%" PRIu64, want));
        struct rows *rows = req_query(r, Q_audit_proof_leaves);
        if (!rows)
            return req_error(r);
        struct str hashes = rows_text(rows, 0, "hashes");
        if (hashes.n != want * HASH_BYTES)
            return OK;
        memcpy(t->leaves[have], hashes.p, hashes.n);
        have += want;
    }
    *has_all = true;
    return OK;
}

static bool head_is_signed(struct req *r, const struct tree *t)
{
    struct arena *a = req_arena(r);
    unsigned char signature[SIGNATURE_BYTES];
    return seal_unhex(t->signature, signature, sizeof signature) &&
           seal_signature_ok(arena_cstr(a, t->key_id),
                             seal_head_text(a, arena_cstr(a, t->tenant_id), t->size,
                                            arena_cstr(a, t->root), arena_cstr(a, t->time)),
                             (struct str){(const char *)signature, sizeof signature});
}

static bool root_fits(const struct tree *t)
{
    unsigned char want[HASH_BYTES], got[HASH_BYTES];
    struct merkle whole = {0};
    for (uint64_t i = 0; i < t->size; i++)
        merkle_add(&whole, t->leaves[i]);
    merkle_root(&whole, got);
    return seal_unhex(t->root, want, sizeof want) && memcmp(want, got, sizeof got) == 0;
}

enum err tree_read(struct req *r, uint64_t most, struct tree *t, enum proof_end *end)
{
    bool has_all;
    struct rows *head = req_query(r, Q_audit_proof_head);
    *t = (struct tree){0};
    *end = PROOF_WAITS;
    if (!head || rows_count(head) == 0)
        return head ? OK : req_error(r);
    t->tenant_id = rows_text(head, 0, "tenant_id");
    t->size = (uint64_t)rows_int(head, 0, "size");
    t->root = rows_text(head, 0, "root");
    t->time = rows_text(head, 0, "signed_at");
    t->key_id = rows_text(head, 0, "key_id");
    t->signature = rows_text(head, 0, "signature");
    *end = PROOF_LONG;
    if (t->size > most)
        return OK;
    *end = PROOF_BROKEN;
    enum err e = read_leaves(r, t, &has_all);
    if (!e && has_all && root_fits(t) && head_is_signed(r, t))
        *end = PROOF_GOOD;
    return e;
}

bool tree_has_row(struct req *r, const struct tree *t, const struct rows *rows, size_t row,
                  uint64_t index)
{
    struct str fields[SEAL_FIELDS];
    unsigned char leaf[HASH_BYTES];
    for (size_t col = 0; col < SEAL_FIELDS; col++) {
        struct val v = rows_val(rows, row, col);
        fields[col] = v.kind == VAL_TEXT ? v.s : (struct str){NULL, 0};
    }
    seal_leaf_of(req_arena(r), fields, index, leaf);
    return index < t->size && memcmp(leaf, t->leaves[index], sizeof leaf) == 0;
}

/* The lines that `foyer audit proof` prints. */
static struct str proof_lines(struct req *r, const struct tree *t, uint64_t index)
{
    struct arena *a = req_arena(r);
    struct buf b = buf_in(a, 4096);
    unsigned char path[MERKLE_HEIGHT][HASH_BYTES];
    size_t length = merkle_path(t->leaves, t->size, index, path);
    buf_printf(&b, "tenant %s\nindex %" PRIu64 "\nsize %" PRIu64 "\nleaf %s\n",
               arena_cstr(a, t->tenant_id), index, t->size,
               arena_cstr(a, seal_hex(a, t->leaves[index], HASH_BYTES)));
    for (size_t i = 0; i < length; i++)
        buf_printf(&b, "path %s\n", arena_cstr(a, seal_hex(a, path[i], HASH_BYTES)));
    buf_printf(&b, "root %s\ntime %s\nkey %s\nsignature %s\n", arena_cstr(a, t->root),
               arena_cstr(a, t->time), arena_cstr(a, t->key_id), arena_cstr(a, t->signature));
    return buf_str(&b);
}

enum err proof_of_event(struct req *r, struct proof *out)
{
    struct tree t;
    *out = (struct proof){.end = PROOF_WAITS};
    struct rows *row = req_query(r, Q_audit_event_row);
    if (!row || rows_count(row) == 0)
        return row ? OK : req_error(r);
    uint64_t index = (uint64_t)rows_int(row, 0, "idx");
    enum err e = tree_read(r, PAGE_MOST, &t, &out->end);
    if (e || out->end != PROOF_GOOD)
        return e;
    if (index >= t.size) {
        out->end = PROOF_WAITS;
        return OK;
    }
    if (!tree_has_row(r, &t, row, 0, index)) {
        out->end = PROOF_BROKEN;
        return OK;
    }
    out->text = proof_lines(r, &t, index);
    out->size = arena_printf(req_arena(r), "%" PRIu64, t.size);
    out->time = t.time;
    out->key_id = t.key_id;
    return OK;
}
