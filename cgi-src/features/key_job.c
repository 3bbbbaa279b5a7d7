/*
 * key_job.c -- after a business got a new key: what the key of before sealed is sealed anew, and that key destroyed in the end.
 * Owns: how long a key of before is kept. Backups of the database name it for as long as they are kept, so it stays in the key store
 * for as long after nothing here names it, and is looked for once more before it goes.
 * Never: reseals what a client's key sealed; that key is wrapped anew instead, for what is signed must stay as it is.
 */
#include <stdlib.h>
#include <time.h>

#include "crypto.h"
#include "features.h"
#include "log.h"

/* Backups are dropped after 30 days, unless there is none of the last 26 hours (scripts/backup). */
enum { A_DAY = 86400, KEPT_DAYS = 31, BACKUP_HOURS = 26 };
/* A job's turn: two thousand clients' keys take about a second. A batch of two parts of files holds each as it was, anew, and as digits. */
enum { BUDGET = 2000 * 69, BATCH_ARENA = 256 << 20 };
enum { HEAD_BYTES = 1 + KEY_ID_BYTES + 12 }; /* of an envelope: to the end of its nonce */

struct rewrap {
    struct req *r;
    struct str tenant;
    int64_t budget;         /* of bytes, that this job still takes on */
    size_t found, hopeless; /* values under the key of before; those of them that do not open */
};
/* Where something may be sealed. */
struct place {
    struct str name, sealed_as;
    bool is_client_key;
};

/* A value under the newest key. ERR_INVALID: it does not open. */
static enum err seal_anew(const struct rewrap *w, const struct place *p, struct arena *a,
                          struct str row, struct str sealed, struct str *again)
{
    if (p->is_client_key)
        return client_key_wrap_anew(a, w->tenant, row, sealed, again);
    struct str plain;
    struct str aad = arena_printf(a, "%.*s|%.*s|%.*s", (int)w->tenant.n, w->tenant.p,
                                  (int)p->sealed_as.n, p->sealed_as.p, (int)row.n, row.p);
    enum err e = tenant_open(a, w->tenant, aad, sealed, &plain);
    if (!e) {
        e = tenant_seal(a, w->tenant, aad, plain, again);
        secret_wipe((void *)(uintptr_t)plain.p, plain.n);
    }
    return e;
}

/* An element of an array of bytea. */
static void add_bytes(struct buf *b, struct str s)
{
    buf_addz(b, b->n > 1 ? ",\"\\\\x" : "\"\\\\x");
    esc_hex(b, s);
    buf_addc(b, '"');
}

/* A batch of a place's values. false: the database or the key store failed. */
static bool seal_batch(struct rewrap *w, const struct place *p, const struct rows *rows)
{
    struct req *r = w->r;
    struct arena *a = arena_new(BATCH_ARENA);
    struct buf ids = buf_in(a, 4096), was = buf_in(a, 4096), again = buf_in(a, 4096);
    enum err e = OK;
    buf_addc(&ids, '{');
    buf_addc(&was, '{');
    buf_addc(&again, '{');
    for (size_t i = 0; !e && i < rows_count(rows); i++) {
        struct str row = rows_text(rows, i, "row_id"), sealed = rows_text(rows, i, "sealed"), fresh;
        w->found++;
        w->budget -= (int64_t)sealed.n;
        e = seal_anew(w, p, a, row, sealed, &fresh);
        if (e == ERR_INVALID) {
            w->hopeless++;
            e = OK;
            log_error("key.broken", "where", arena_cstr(a, p->sealed_as), "row", arena_cstr(a, row),
                      NULL);
            continue;
        }
        if (e)
            break;
        if (ids.n > 1)
            buf_addc(&ids, ',');
        buf_add(&ids, row);
        add_bytes(&was, str_part(sealed, 0, HEAD_BYTES));
        add_bytes(&again, fresh);
    }
    buf_addc(&ids, '}');
    buf_addc(&was, '}');
    buf_addc(&again, '}');
    req_set(r, "row_ids", buf_str(&ids));
    req_set(r, "was", buf_str(&was));
    req_set(r, "again", buf_str(&again));
    bool good = !e && req_query(r, Q_key_sealed_anew);
    req_set_null(r, "row_ids"); /* what they point to goes with the arena */
    req_set_null(r, "was");
    req_set_null(r, "again");
    arena_free(a);
    return good;
}

/* All of a place, in transactions of their own. *more: there was no time for all. false: as above. */
static bool rewrap_place(struct rewrap *w, const struct place *p, bool *more)
{
    struct req *r = w->r;
    struct str after = S("00000000-0000-0000-0000-000000000000");
    for (;;) {
        if (w->budget <= 0) {
            *more = true;
            return true;
        }
        req_set(r, "place", p->name);
        req_set(r, "after_row", after);
        struct rows *rows = req_query(r, Q_key_sealed);
        if (!rows)
            return false;
        if (rows_count(rows) == 0)
            return true;
        if (!seal_batch(w, p, rows))
            return false;
        after = arena_str(req_arena(r), rows_text(rows, rows_count(rows) - 1, "row_id"));
        if (job_commit(r))
            return false;
    }
}

/* Whether a backup may still name a key that has not been in use since. */
static bool may_be_in_a_backup(struct req *r, int64_t unused_since)
{
    struct rows *rows = req_query(r, Q_key_backup_age);
    int64_t age = rows ? rows_int(rows, 0, "backup_age_seconds") : INT64_MAX;
    return time(NULL) - unused_since < (int64_t)KEPT_DAYS * A_DAY || age > BACKUP_HOURS * 3600;
}

/* One key of before. *more: it is still in use. */
static bool look_at(struct rewrap *w, const struct place *places, size_t n,
                    const struct older_key *older, bool *more)
{
    struct req *r = w->r;
    w->found = w->hopeless = 0;
    req_set_bytes(r, "old_key", (struct str){(const char *)older->id, KEY_ID_BYTES});
    for (size_t i = 0; i < n && !*more; i++)
        if (!rewrap_place(w, &places[i], more))
            return false;
    if (*more || w->hopeless > 0)
        return true;
    if (older->unused_since == 0 || w->found > 0)
        return keystore_older_unused(w->tenant, older->id, time(NULL)) == OK;
    if (may_be_in_a_backup(r, older->unused_since))
        return true;
    return req_query(r, Q_key_destroy_note) && !job_commit(r) &&
           keystore_older_destroy(w->tenant, older->id) == OK;
}

/* NULL: the database failed. Copied, for each commit forgets its results. */
static struct place *places_of(struct req *r, size_t *n)
{
    struct rows *rows = req_query(r, Q_key_places);
    if (!rows)
        return NULL;
    *n = rows_count(rows);
    struct place *places = arena_alloc(req_arena(r), (*n + 1) * sizeof *places);
    for (size_t i = 0; i < *n; i++)
        places[i] =
            (struct place){.name = arena_str(req_arena(r), rows_text(rows, i, "place")),
                           .sealed_as = arena_str(req_arena(r), rows_text(rows, i, "sealed_as")),
                           .is_client_key = rows_bool(rows, i, "is_client_key")};
    return places;
}

enum job_end key_rewrap_job(struct req *r, const struct job *job, struct str *why)
{
    struct older_key older[OLDER_KEYS_MOST];
    struct rewrap w = {.r = r, .tenant = arena_str(req_arena(r), job->tenant_id), .budget = BUDGET};
    size_t n = 0, n_places = 0;
    enum err e = keystore_older(w.tenant, older, &n);
    if (e == ERR_NOT_FOUND || (!e && n == 0))
        return JOB_DONE;
    struct place *places = e ? NULL : places_of(r, &n_places);
    bool good = places != NULL, more = false;
    for (size_t i = 0; good && i < n && !more; i++)
        good = look_at(&w, places, n_places, &older[i], &more);
    /* Where nothing opened there would be nothing but to look at the same again, without end: the next day's look will do. */
    bool goes_on = more && w.found > w.hopeless;
    if (!good || (goes_on && !req_query(r, Q_key_look_again))) {
        *why = S("what an old key sealed could not all be sealed anew; see the log");
        return JOB_LATER;
    }
    return JOB_DONE;
}
