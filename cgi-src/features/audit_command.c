/*
 * audit_command.c -- `foyer audit`: verify, proof, seal, and the way to the others.
 * Never: changes the trail; prints what is in a row.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit_export.h"
#include "audit_verify.h"
#include "core/commands.h"
#include "core/operator.h"

enum { ROW_ID = 2 }; /* column of audit.seal_leaves */

int audit_usage(const char *text)
{
    fprintf(stderr, "usage: foyer audit %s\n", text);
    return EXIT_USAGE;
}

static int verify(int argc, char **argv)
{
    struct audit_question q = {0};
    struct audit_result found;
    const struct option_row options[] = {
        {"--tenant", &q.tenant, NULL}, {"--since", &q.since, NULL}, {"--heads", &q.heads, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 1) {
        return audit_usage("verify [--tenant SLUG] [--since DATE] [--heads FILE]");
    }
    bool good = audit_verify(&q, &found);
    if (good) {
        printf("%lu rows and %lu signatures compared, %lu rows wait to be sealed: %lu finding%s\n",
               found.rows, found.signatures, found.waiting, found.findings,
               found.findings == 1 ? "" : "s");
    }
    return good && found.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The tenant's first n leaves; NULL: a line was printed. The caller frees. */
static unsigned char (*read_leaves(PGconn *c, const char *tenant_id, uint64_t n))[HASH_BYTES]
{
    unsigned char(*leaves)[HASH_BYTES] = calloc(n, HASH_BYTES);
    uint64_t have = 0;
    while (leaves && have < n) {
        char first[24];
        snprintf(first, sizeof first, "%" PRIu64, have);
        const char *const values[] = {tenant_id, first};
        PGresult *res = operator_ask(
            c, "foyer audit", "SELECT idx, hash FROM audit.seal_leaves($1, $2, 5000, 'infinity')",
            2, values);
        int rows = res ? PQntuples(res) : 0;
        uint64_t index = have;
        for (int i = 0; i < rows && have < n; i++, have++) {
            if (!audit_number(PQgetvalue(res, i, 0), &index) || index != have ||
                !seal_unhex(str_of(PQgetvalue(res, i, 1)), leaves[have], HASH_BYTES)) {
                rows = 0;
            }
        }
        PQclear(res);
        if (rows == 0) {
            fprintf(stderr, "foyer audit: leaf %" PRIu64 " is missing; see 'foyer audit verify'\n",
                    have);
            free(leaves);
            return NULL;
        }
    }
    return leaves;
}

/* The row's own leaf, made from the row as it stands. */
static bool leaf_of_row(PGconn *c, const char *tenant_id, uint64_t index,
                        unsigned char leaf[HASH_BYTES])
{
    char first[24];
    snprintf(first, sizeof first, "%" PRIu64, index);
    const char *const values[] = {tenant_id, first};
    PGresult *res = operator_ask(
        c, "foyer audit", "SELECT * FROM audit.seal_leaves($1, $2, 1, '-infinity')", 2, values);
    bool good = res && PQntuples(res) == 1 && !PQgetisnull(res, 0, ROW_ID);
    if (good) {
        struct arena *a = arena_new(16 << 20);
        seal_leaf(a, res, 0, index, leaf);
        arena_free(a);
    }
    PQclear(res);
    return good;
}

static bool print_proof(PGconn *c, struct arena *a, const struct head *h, uint64_t index)
{
    unsigned char leaf[HASH_BYTES], root[HASH_BYTES], path[MERKLE_HEIGHT][HASH_BYTES];
    unsigned char(*leaves)[HASH_BYTES] = read_leaves(c, h->tenant_id, h->size);
    if (!leaves) {
        return false;
    }
    size_t length = merkle_path(leaves, h->size, index, path);
    free(leaves);
    if (!leaf_of_row(c, h->tenant_id, index, leaf) ||
        !seal_unhex(str_of(h->root), root, sizeof root) ||
        !merkle_path_ok(leaf, index, h->size, path, length, root) || !audit_head_signed(a, h)) {
        fputs("foyer audit: the row is not what was sealed; see 'foyer audit verify'\n", stderr);
        return false;
    }
    printf("tenant %s\nindex %" PRIu64 "\nsize %" PRIu64 "\nleaf %s\n", h->tenant_id, index,
           h->size, arena_cstr(a, seal_hex(a, leaf, sizeof leaf)));
    for (size_t i = 0; i < length; i++) {
        printf("path %s\n", arena_cstr(a, seal_hex(a, path[i], HASH_BYTES)));
    }
    printf("root %s\ntime %s\nkey %s\nsignature %s\n", h->root, h->time, h->key_id, h->signature);
    return true;
}

static int audit_proof(int argc, char **argv)
{
    if (argc != 2 || !uuid_ok(str_of(argv[1]))) {
        return audit_usage("proof EVENT_ID");
    }
    PGconn *c = audit_look();
    const char *event = argv[1];
    PGresult *res =
        c ? operator_ask(c, "foyer audit", "SELECT * FROM audit.seal_find($1)", 1, &event) : NULL;
    bool good = false;
    if (res && PQntuples(res) == 0) {
        fprintf(stderr, "foyer audit: event %s is not sealed; it is a few seconds old, or none\n",
                event);
    } else if (res) {
        struct head h = {.tenant_id = PQgetvalue(res, 0, 0),
                         .root = PQgetvalue(res, 0, 3),
                         .time = PQgetvalue(res, 0, 4),
                         .key_id = PQgetvalue(res, 0, 5),
                         .signature = PQgetvalue(res, 0, 6)};
        uint64_t index = 0;
        struct arena *a = arena_new(1 << 20);
        good = audit_number(PQgetvalue(res, 0, 1), &index) &&
               audit_number(PQgetvalue(res, 0, 2), &h.size) && print_proof(c, a, &h, index);
        arena_free(a);
    }
    PQclear(res);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int audit_seal(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        return audit_usage("seal");
    }
    PGconn *fit = audit_look(); /* the sealer itself does not ask whether the server is fit */
    PQfinish(fit);
    if (!fit) {
        return EXIT_FAILURE;
    }
    struct sealer *s = sealer_new();
    size_t all = 0, sealed = 0;
    enum err e;
    do {
        e = sealer_run(s, &sealed);
        all += sealed;
    } while (e == OK && sealed > 0);
    sealer_free(s);
    printf("%zu rows sealed\n", all);
    return e == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_audit(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } parts[] = {{"verify", verify},       {"proof", audit_proof}, {"seal", audit_seal},
                 {"retire", audit_retire}, {"keep", audit_keep},   {"mend", audit_mend},
                 {"verify-export", audit_verify_export}};
    for (size_t i = 0; argc > 1 && i < COUNT_OF(parts); i++) {
        if (strcmp(argv[1], parts[i].name) == 0) {
            return parts[i].run(argc - 1, argv + 1);
        }
    }
    return audit_usage("verify|verify-export|proof|seal|mend|keep|retire; 'foyer help' says more");
}
