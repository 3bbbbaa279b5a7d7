/*
 * audit_retire.c -- `foyer audit retire`, `keep` and `mend`: what may be done to a trail, by rule.
 * Owns: the order of retirement: the whole trail is compared first, then each month's record is
 * signed, then the database drops the month (sql/lib/063_retire.sql).
 * Never: retires anything while there is a finding; mends a tree that its last head does not prove.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit_verify.h"
#include "config.h"
#include "core/operator.h"

enum { MAX_RECORDS = 100000 };

/* A record to be signed: one tenant's rows of one month. */
struct record {
    const char *tenant_id, *month, *root;
    uint64_t leaves;
};
struct records {
    struct arena *arena;
    struct record *items;
    size_t n;
};

static void take_record(void *self, const char *tenant_id, const char *month, uint64_t leaves,
                        const char *root)
{
    struct records *r = self;
    if (r->n < MAX_RECORDS)
        r->items[r->n++] = (struct record){arena_cstr(r->arena, str_of(tenant_id)),
                                           arena_cstr(r->arena, str_of(month)),
                                           arena_cstr(r->arena, str_of(root)), leaves};
}

static const char *utc_now(struct arena *a)
{
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return arena_cstr(a, str_of(text));
}

/* The months that are due, as a list in the arena. false: a line was printed. */
static bool read_due(PGconn *c, struct arena *a, const char *years, struct audit_retiring *due)
{
    PGresult *res =
        operator_ask(c, "foyer audit", "SELECT month FROM audit.retirable($1)", 1, &years);
    size_t n = res ? (size_t)PQntuples(res) : 0;
    const char **months = arena_alloc(a, (n + 1) * sizeof *months);
    for (size_t i = 0; i < n; i++)
        months[i] = arena_cstr(a, str_of(PQgetvalue(res, (int)i, 0)));
    due->months = months;
    due->n_months = n;
    PQclear(res);
    return res != NULL;
}

/* Arrays of one month's records, as the database reads them. */
struct columns {
    struct buf tenants, counts, roots, signatures;
};

static void add_record(struct arena *a, struct columns *to, const struct record *r, const char *now)
{
    unsigned char signature[SIGNATURE_BYTES];
    seal_sign(audit_retired_text(a, r->tenant_id, r->month, r->leaves, r->root, now), signature);
    struct str hex = seal_hex(a, signature, sizeof signature);
    const char *comma = to->tenants.n > 1 ? "," : "";
    buf_printf(&to->tenants, "%s%s", comma, r->tenant_id);
    buf_printf(&to->counts, "%s%" PRIu64, comma, r->leaves);
    buf_printf(&to->roots, "%s\"\\\\x%s\"", comma, r->root);
    buf_printf(&to->signatures, "%s\"\\\\x%.*s\"", comma, (int)hex.n, hex.p);
}

static const char *closed(struct arena *a, struct buf *b)
{
    buf_addc(b, '}');
    return arena_cstr(a, buf_str(b));
}

static bool retire_month(PGconn *c, struct arena *a, const char *month, const char *years,
                         const struct records *all)
{
    const char *now = utc_now(a);
    struct buf open = buf_in(a, 16);
    struct columns to = {open, open, open, open};
    struct buf *each[] = {&to.tenants, &to.counts, &to.roots, &to.signatures};
    for (size_t i = 0; i < COUNT_OF(each); i++) {
        *each[i] = buf_in(a, 1024);
        buf_addc(each[i], '{');
    }
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->items[i].month, month) == 0)
            add_record(a, &to, &all->items[i], now);
    const char *const values[] = {
        month, years,         closed(a, &to.tenants),   closed(a, &to.counts), closed(a, &to.roots),
        now,   seal_key_id(), closed(a, &to.signatures)};
    PGresult *res =
        operator_ask(c, "foyer audit retire", "SELECT audit.retire($1, $2, $3, $4, $5, $6, $7, $8)",
                     COUNT_OF(values), values);
    if (res)
        printf("%s retired: %s rows; their leaves stay\n", month, PQgetvalue(res, 0, 0));
    PQclear(res);
    return res != NULL;
}

static bool retire_due(PGconn *c, struct arena *a, const char *years)
{
    struct records records = {a, arena_alloc(a, MAX_RECORDS * sizeof(struct record)), 0};
    struct audit_retiring due = {.take = take_record, .self = &records};
    struct audit_question q = {.retiring = &due};
    struct audit_result found;
    if (!read_due(c, a, years, &due))
        return false;
    if (due.n_months == 0) {
        printf("no month is older than %s years\n", years);
        return true;
    }
    if (!audit_verify(&q, &found))
        return false;
    if (found.findings > 0) {
        fprintf(stderr,
                "foyer audit retire: %lu findings; nothing is retired before they are settled, for "
                "what is gone can be compared no more\n",
                found.findings);
        return false;
    }
    for (size_t i = 0; i < due.n_months; i++)
        if (!retire_month(c, a, due.months[i], years, &records))
            return false;
    return true;
}

int audit_retire(int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return audit_usage("retire");
    char years[24];
    snprintf(years, sizeof years, "%ld", config_int("trail_years"));
    PGconn *c = seal_key_open() == OK ? operator_connect("foyer_retirer") : NULL;
    struct arena *a = arena_new(1 << 28);
    bool good = c && retire_due(c, a, years);
    arena_free(a);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int audit_keep(int argc, char **argv)
{
    const char *years = NULL, *hold = NULL;
    bool is_over = false;
    const struct option_row options[] = {
        {"--years", &years, NULL}, {"--hold", &hold, NULL}, {"--release", NULL, &is_over}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 2 ||
        (is_over && hold))
        return audit_usage("keep SLUG [--years N] [--hold WHY | --release]");
    const char *const values[] = {argv[1], years, is_over ? "" : hold};
    PGconn *c = operator_connect("foyer_retirer");
    PGresult *res = c ? operator_ask(c, "foyer audit keep", "SELECT * FROM audit.keep($1, $2, $3)",
                                     COUNT_OF(values), values)
                      : NULL;
    if (res) {
        const char *held = PQgetvalue(res, 0, 1);
        printf("%s: kept for %s years%s%s\n", argv[1], PQgetvalue(res, 0, 0),
               *held ? ", held: " : "", held);
    }
    PQclear(res);
    PQfinish(c);
    return res ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- mend ---- */

/* The id of a tenant that stands still, by slug or id; NULL: a line was printed. */
static const char *find_stopped(PGconn *c, struct arena *a, const char *tenant)
{
    PGresult *res = operator_ask(c, "foyer audit", "SELECT * FROM audit.seal_stopped()", 0, NULL);
    const char *id = NULL;
    for (int i = 0; res && i < PQntuples(res); i++)
        if (strcmp(PQgetvalue(res, i, 0), tenant) == 0 ||
            strcmp(PQgetvalue(res, i, 1), tenant) == 0)
            id = arena_cstr(a, str_of(PQgetvalue(res, i, 0)));
    if (res && !id)
        fprintf(stderr, "foyer audit mend: the tree of '%s' does not stand still\n", tenant);
    PQclear(res);
    return id;
}

static bool grow_again(PGconn *c, const char *id, struct merkle *tree)
{
    for (int n = 5000; n == 5000;) {
        char first[24];
        snprintf(first, sizeof first, "%" PRIu64, tree->size);
        const char *const values[] = {id, first};
        PGresult *res = operator_ask(
            c, "foyer audit", "SELECT idx, hash FROM audit.seal_leaves($1, $2, 5000, 'infinity')",
            2, values);
        n = res ? PQntuples(res) : -1;
        for (int i = 0; i < n; i++) {
            unsigned char leaf[HASH_BYTES];
            uint64_t index = 0;
            if (!audit_number(PQgetvalue(res, i, 0), &index) || index != tree->size ||
                !seal_unhex(str_of(PQgetvalue(res, i, 1)), leaf, sizeof leaf)) {
                n = -1;
                break;
            }
            merkle_add(tree, leaf);
        }
        PQclear(res);
        if (n < 0)
            return false;
    }
    return true;
}

/* Whether the tree is that of the tenant's last head, and the head was signed. */
static bool is_proven(PGconn *c, struct arena *a, const char *id, const struct merkle *tree)
{
    PGresult *res = operator_ask(
        c, "foyer audit", "SELECT * FROM audit.seal_heads($1) ORDER BY size DESC LIMIT 1", 1, &id);
    unsigned char root[HASH_BYTES];
    bool good = res && PQntuples(res) == 1;
    if (good) {
        struct head h = {.tenant_id = id,
                         .root = PQgetvalue(res, 0, 1),
                         .time = PQgetvalue(res, 0, 2),
                         .key_id = PQgetvalue(res, 0, 3),
                         .signature = PQgetvalue(res, 0, 4)};
        merkle_root(tree, root);
        good = audit_number(PQgetvalue(res, 0, 0), &h.size) && h.size == tree->size &&
               str_is(seal_hex(a, root, sizeof root), h.root) && audit_head_signed(a, &h);
    }
    PQclear(res);
    return good;
}

static bool mend(PGconn *c, struct arena *a, const char *tenant)
{
    const char *id = find_stopped(c, a, tenant);
    struct merkle *tree = arena_alloc(a, sizeof *tree);
    *tree = (struct merkle){.size = 0};
    if (!id)
        return false;
    if (!grow_again(c, id, tree) || !is_proven(c, a, id, tree)) {
        fputs("foyer audit mend: the leaves are not those of the last signed head, so nothing was "
              "changed; see 'foyer audit verify', and restore them from a backup\n",
              stderr);
        return false;
    }
    struct str edge = merkle_frontier(a, tree), hex = seal_hex(a, edge.p, edge.n);
    const char *const values[] = {id, arena_cstr(a, arena_printf(a, "%" PRIu64, tree->size)),
                                  arena_cstr(a, arena_printf(a, "\\x%.*s", (int)hex.n, hex.p))};
    PGresult *res = operator_ask(c, "foyer audit mend", "SELECT audit.seal_mend($1, $2, $3)",
                                 COUNT_OF(values), values);
    if (res)
        printf(
            "the tree of %s ends at its last signed head, over %s rows; sealing goes on within a "
            "minute\n",
            tenant, values[1]);
    PQclear(res);
    return res != NULL;
}

int audit_mend(int argc, char **argv)
{
    if (argc != 2)
        return audit_usage("mend SLUG");
    PGconn *c = operator_connect("foyer_sealer");
    struct arena *a = arena_new(64 << 20);
    bool good = c && mend(c, a, argv[1]);
    arena_free(a);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
