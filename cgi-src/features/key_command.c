/*
 * key_command.c -- `foyer master-key` and `foyer tenant rotate-key`: other keys in the place of those in use.
 * Owns: the order of trail and files: a row says what begins, then it is done. Done twice, each does what is left.
 * Never: shows a key; decides when an old key of a business is destroyed (key_job.c does).
 */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "crypto.h"

static const char what[] = "foyer master-key";

static int usage(void)
{
    fputs("usage: foyer master-key rotate   a new one; all that the old one wraps is wrapped anew\n"
          "       foyer master-key retire   then, once every program was started anew: destroy the "
          "old one\n",
          stderr);
    return EXIT_USAGE;
}

static PGconn *open_all(const char *as)
{
    return keystore_open(config_text("keys"), config_text("master_key")) == OK
               ? operator_connect(as)
               : NULL;
}

/* ---- the master key ---- */

struct rotation {
    PGconn *c;
    size_t done;
};

/* A row in the trail of a business, committed. A key whose business is in no database stays without. */
static bool note(PGconn *c, struct str tenant_id, const char *sql)
{
    char id[40];
    snprintf(id, sizeof id, "%.*s", (int)tenant_id.n, tenant_id.p);
    const char *values[] = {id};
    PGresult *res = operator_ask(c, what, sql, 1, values);
    bool good = res != NULL;
    PQclear(res);
    return good;
}

static bool wrap_anew(void *self, struct str tenant_id)
{
    struct rotation *r = self;
    bool needs;
    enum err err = keystore_needs_wrapping(tenant_id, &needs);
    if (err == ERR_NOT_FOUND || (err == OK && !needs)) {
        return true;
    }
    if (err != OK || !note(r->c, tenant_id, "SELECT sec.key_note($1, 'master_rotate')")) {
        return false;
    }
    err = keystore_wrap_anew(tenant_id);
    if (err != OK && err != ERR_NOT_FOUND) {
        return false;
    }
    r->done++;
    printf("wrapped anew: %.*s\n", (int)tenant_id.n, tenant_id.p);
    fflush(stdout);
    return true;
}

static bool rotate_master(PGconn *c)
{
    struct rotation r = {c, 0};
    const char *file = config_text("master_key");
    if (keystore_master_begin() != OK || !keystore_tenants(wrap_anew, &r) ||
        keystore_master_put(file) != OK) {
        fprintf(stderr,
                "%s: it is not finished; nothing is lost, and 'foyer master-key rotate' goes on\n",
                what);
        return false;
    }
    printf("%zu keys were wrapped anew; %s is the new master key: copy it to its safe place.\n"
           "Both master keys are good until the old one is retired. Start pools and jobs anew when "
           "it suits you, then:\n"
           "  foyer master-key retire\n",
           r.done, file);
    return true;
}

static bool note_retired(void *self, struct str tenant_id)
{
    struct rotation *r = self;
    return note(r->c, tenant_id, "SELECT sec.key_note($1, 'master_retire')");
}

static bool retire_master(PGconn *c)
{
    struct rotation r = {c, 0};
    const char *file = config_text("master_key");
    enum err err = keystore_master_retire(file, true);
    if (err == OK && !keystore_tenants(note_retired, &r)) {
        return false;
    }
    if (err == OK) {
        err = keystore_master_retire(file, false);
    }
    if (err == OK) {
        puts("the old master key is destroyed here; destroy the copies of it elsewhere");
    } else if (err == ERR_NOT_FOUND) {
        fprintf(stderr, "%s: there is no old master key\n", what);
    } else if (err == ERR_CONFLICT) {
        fprintf(stderr,
                "%s: the old master key is still needed; run 'foyer master-key rotate' to its end "
                "first\n",
                what);
    }
    return err == OK;
}

int command_master_key(int argc, char **argv)
{
    const char *as = NULL;
    const struct option_row options[] = {{"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 2 ||
        (strcmp(argv[1], "rotate") != 0 && strcmp(argv[1], "retire") != 0)) {
        return usage();
    }
    PGconn *c = open_all(as);
    bool good = c && (strcmp(argv[1], "rotate") == 0 ? rotate_master(c) : retire_master(c));
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the key of a business ---- */

/* One transaction of its own. */
static bool step(PGconn *c, const char *slug, const char *sql)
{
    const char *values[] = {slug};
    PGresult *res = operator_run(c, "foyer tenant", "BEGIN")
                        ? operator_ask(c, "foyer tenant", "SELECT sec.enter_slug($1)", 1, values)
                        : NULL;
    bool good =
        res && operator_run(c, "foyer tenant", sql) && operator_run(c, "foyer tenant", "COMMIT");
    PQclear(res);
    return good;
}

/* Keys of before under which something may still be sealed. */
static size_t in_use(const struct older_key *older, size_t n)
{
    size_t waiting = 0;
    for (size_t i = 0; i < n; i++) {
        waiting += older[i].unused_since == 0;
    }
    return waiting;
}

static bool rotate_tenant(PGconn *c, const char *slug, struct str tenant)
{
    struct older_key older[OLDER_KEYS_MOST];
    size_t n;
    enum err err = keystore_older(tenant, older, &n);
    if (err == OK && in_use(older, n) > 0) {
        puts("the change of before is still under way; it goes on");
        return step(c, slug, "SELECT sec.key_look()");
    }
    if (err == OK && n < OLDER_KEYS_MOST) {
        if (!step(c, slug, "SELECT sec.key_note(app.tenant(), 'rotate')")) {
            return false;
        }
        err = keystore_rotate_tenant(tenant);
    } else if (err == OK) {
        err = ERR_CONFLICT;
    }
    if (err != OK) {
        fprintf(
            stderr, "foyer tenant: the key of '%s' cannot be changed: %s\n", slug,
            err == ERR_NOT_FOUND ? "it was destroyed"
            : err == ERR_CONFLICT
                ? "too many keys of before are kept for backups; try again when the oldest is gone"
                : "see the line above");
        return false;
    }
    printf("'%s' has a new key; foyer-jobs now seals anew what the old one sealed, and destroys it "
           "when no backup needs it\n",
           slug);
    return step(c, slug, "SELECT sec.key_look()");
}

int command_tenant_rotate_key(const char *slug, const char *as)
{
    const char *values[] = {slug};
    PGconn *c = open_all(as);
    PGresult *res = c && operator_run(c, "foyer tenant", "BEGIN")
                        ? operator_ask(c, "foyer tenant", "SELECT sec.enter_slug($1)", 1, values)
                        : NULL;
    bool good = res && operator_run(c, "foyer tenant", "COMMIT") &&
                rotate_tenant(c, slug, str_of(PQgetvalue(res, 0, 0)));
    PQclear(res);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
