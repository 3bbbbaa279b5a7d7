/*
 * backup_command.c -- `foyer backup`: what scripts/backup, restore and drill are made of.
 * Owns: how a manifest is signed and checked; opening samples of what is sealed.
 * Never: encrypts or writes a backup itself (age does, in the scripts); prints a sealed value.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "crypto.h"
#include "fingerprint.h"
#include "seal.h"

enum { MANIFEST_MOST = 1 << 20 };
static const char what[] = "foyer backup";

static int usage(void)
{
    fprintf(
        stderr,
        "usage: foyer backup sign < TEXT | verify FILE [--signer ID] | signer | keys | point NAME "
        "|\n"
        "       fingerprint | samples N | record backup|drill ID SECONDS BYTES | restored TIME\n");
    return EXIT_USAGE;
}

/* ---- manifests: lines of text, the last one "signature KEY_ID HEX" over all before it ---- */

static struct str read_text(struct arena *a, FILE *f)
{
    char *p = arena_alloc(a, MANIFEST_MOST);
    return (struct str){p, fread(p, 1, MANIFEST_MOST, f)};
}

static struct str signed_text(struct arena *a, struct str text)
{
    return arena_printf(a, "foyer-manifest-v1\n%.*s", (int)text.n, text.p);
}

static int sign(struct arena *a)
{
    unsigned char signature[SIGNATURE_BYTES];
    struct str text = read_text(a, stdin);
    if (text.n == 0 || text.n == MANIFEST_MOST || text.p[text.n - 1] != '\n' ||
        seal_key_open() != OK)
        return EXIT_FAILURE;
    seal_sign(signed_text(a, text), signature);
    struct str hex = seal_hex(a, signature, sizeof signature);
    printf("%.*ssignature %s %.*s\n", (int)text.n, text.p, seal_key_id(), (int)hex.n, hex.p);
    return EXIT_SUCCESS;
}

/* Prints the id of the key that signed it. signer: the only key that counts, or NULL. */
static int verify(struct arena *a, const char *path, const char *signer)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    struct str text = read_text(a, f);
    fclose(f);
    size_t last = text.n > 0 ? text.n - 1 : 0;
    while (last > 0 && text.p[last - 1] != '\n')
        last--;
    struct str line = str_trim(str_part(text, last, text.n - last)), body = str_part(text, 0, last);
    unsigned char signature[SIGNATURE_BYTES];
    struct str word = str_cut(&line, ' '), id = str_cut(&line, ' ');
    const char *key_id = arena_cstr(a, id);
    if (!str_is(word, "signature") || !seal_unhex(line, signature, sizeof signature) ||
        !seal_signature_ok(key_id, signed_text(a, body),
                           (struct str){(const char *)signature, sizeof signature})) {
        fprintf(stderr, "%s: was changed, or was not signed by this installation\n", path);
        return EXIT_FAILURE;
    }
    if (signer && strcmp(signer, key_id) != 0) {
        fprintf(stderr, "%s: is signed by %s, not by %s\n", path, key_id, signer);
        return EXIT_FAILURE;
    }
    puts(key_id);
    return EXIT_SUCCESS;
}

/* ---- samples ---- */

/* One sealed value: tenant, client, row, table, column as texts; then the wrapped key and the value. */
static bool open_sample(struct arena *a, const PGresult *res, int row)
{
    struct str field[7] = {0};
    for (int i = 0; i < 7; i++)
        field[i] = (struct str){PQgetvalue(res, row, i), (size_t)PQgetlength(res, row, i)};
    unsigned char key[KEY_BYTES];
    struct str plain;
    if (client_key_open(a, field[0], field[1], field[5], key) != OK)
        return false;
    struct str aad =
        arena_printf(a, "%.*s|%.*s|%.*s|%.*s", (int)field[0].n, field[0].p, (int)field[3].n,
                     field[3].p, (int)field[4].n, field[4].p, (int)field[2].n, field[2].p);
    bool good = open_sealed(a, key, aad, field[6], &plain) == OK;
    secret_wipe(key, sizeof key);
    if (good)
        secret_wipe((void *)(uintptr_t)plain.p, plain.n);
    return good;
}

/* n values at random over all sealed columns of clients' rows. */
static const char *samples_sql(struct arena *a, PGconn *c, const char *n)
{
    PGresult *columns = operator_ask(
        c, what,
        "SELECT format('SELECT s.tenant_id::text, s.client_id::text, s.id::text, %L, %L, "
        "k.wrapped_key, s.%I FROM "
        "(SELECT * FROM app.%I t WHERE length(t.%I) > 0 AND t.client_id IS NOT NULL) s JOIN "
        "app.client_key k ON k.tenant_id = s.tenant_id "
        "AND k.client_id = s.client_id WHERE k.wrapped_key IS NOT NULL', 'app.' || c.table_name, "
        "c.column_name, "
        "c.column_name, c.table_name, c.column_name) FROM information_schema.columns c "
        "WHERE c.table_schema = 'app' AND c.column_name LIKE '%\\_sealed' AND EXISTS (SELECT FROM "
        "information_schema.columns x "
        "WHERE x.table_schema = 'app' AND x.table_name = c.table_name AND x.column_name = "
        "'client_id' AND x.data_type = 'uuid') ORDER BY 1", /* (single sign-on's is no client) */
        0, NULL);
    struct buf b = buf_in(a, 8192);
    buf_addz(&b, "SELECT * FROM (");
    for (int i = 0; columns && i < PQntuples(columns); i++)
        buf_printf(&b, "%s%s", i ? " UNION ALL " : "", PQgetvalue(columns, i, 0));
    buf_printf(&b, ") AS v ORDER BY random() LIMIT %s", n);
    bool good = columns && PQntuples(columns) > 0;
    PQclear(columns);
    return good ? arena_cstr(a, buf_str(&b)) : NULL;
}

static int samples(struct arena *a, const char *n, const char *as)
{
    int64_t wanted;
    if (str_int(str_of(n), &wanted) != OK || wanted < 1 || wanted > 10000)
        return usage();
    PGconn *c = keystore_open(config_text("keys"), config_text("master_key")) == OK
                    ? operator_connect(as)
                    : NULL;
    const char *sql = c && operator_run(c, what, "BEGIN READ ONLY; SET LOCAL row_security = off")
                          ? samples_sql(a, c, n)
                          : NULL;
    PGresult *res = sql ? PQexecParams(c, sql, 0, NULL, NULL, NULL, NULL, 1) : NULL;
    int opened = 0, bad = 0;
    bool good = PQresultStatus(res) == PGRES_TUPLES_OK;
    if (res && !good)
        operator_complain(what, res);
    for (int i = 0; good && i < PQntuples(res); i++) {
        if (open_sample(a, res, i)) {
            opened++;
        } else {
            bad++;
            fprintf(stderr, "%s: %s %s of row %.36s does not open\n", what, PQgetvalue(res, i, 3),
                    PQgetvalue(res, i, 4), PQgetvalue(res, i, 2));
        }
    }
    PQclear(res);
    PQfinish(c);
    if (good)
        printf("%d sealed values opened, %d did not\n", opened, bad);
    /* (a new installation has nothing sealed yet) */
    return good && bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the rest ---- */

static int print_fingerprint(struct arena *a, const char *as)
{
    PGconn *c = operator_connect(as);
    bool good = c && operator_run(c, what, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") &&
                fingerprint_print(c, a, stdout);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int call(const char *as, const char *sql, size_t n, const char *const *values)
{
    PGconn *c = operator_connect(as);
    PGresult *res = c ? operator_ask(c, what, sql, n, values) : NULL;
    bool good = res != NULL;
    PQclear(res);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(struct arena *a, int argc, char **argv, const char *signer, const char *as)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "sign") == 0 && argc == 2)
        return sign(a);
    if (strcmp(verb, "verify") == 0 && argc == 3)
        return verify(a, argv[2], signer);
    if (strcmp(verb, "signer") == 0 && argc == 2)
        return seal_key_open() == OK && puts(seal_key_id()) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    if (strcmp(verb, "keys") == 0 &&
        argc == 2) /* whether the master key is the one of the key store */
        return keystore_open(config_text("keys"), config_text("master_key")) == OK ? EXIT_SUCCESS
                                                                                   : EXIT_FAILURE;
    if (strcmp(verb, "point") == 0 && argc == 3)
        return fingerprint_point(as, a, argv[2], stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (strcmp(verb, "fingerprint") == 0 && argc == 2)
        return print_fingerprint(a, as);
    if (strcmp(verb, "samples") == 0 && argc == 3)
        return samples(a, argv[2], as);
    if (strcmp(verb, "record") == 0 && argc == 6)
        return call(as, "SELECT sec.backup_done($1, $2, $3, $4)", 4, (const char *const *)argv + 2);
    if (strcmp(verb, "restored") == 0 && argc == 3)
        return call(as, "SELECT sec.after_restore($1)", 1, (const char *const *)argv + 2);
    return usage();
}

int command_backup(int argc, char **argv)
{
    const char *signer = NULL, *as = NULL;
    const struct option_row options[] = {{"--signer", &signer, NULL}, {"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)))
        return EXIT_USAGE;
    struct arena *a = arena_new(512 << 20);
    int code = run(a, argc, argv, signer, as);
    arena_free(a);
    return code;
}
