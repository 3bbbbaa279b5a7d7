/*
 * erase_command.c -- `foyer client erase`, `foyer opt-out`, `foyer tombstones`: what must stay done
 * when an older database is restored.
 * Owns: the order: the list of tombstones is on the disk before the database commits, so that nothing
 * is confirmed that a restore could undo. (A commit that then fails is said, and doing it again is harmless.)
 * Never: takes an address from the command line, where others could see it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "crypto.h"
#include "seal.h"
#include "tombstone.h"

enum { ADDRESS_MOST = 320 };

static int usage(const char *text)
{
    fprintf(stderr, "usage: foyer %s\n", text);
    return EXIT_USAGE;
}

/* The one value of a one-row answer; NULL: failed (said), or no row, or NULL. */
static const char *ask_one(struct arena *a, PGconn *c, const char *what, const char *sql, size_t n,
                           const char *const *values)
{
    PGresult *res = operator_ask(c, what, sql, n, values);
    const char *text = NULL;
    if (res && PQntuples(res) == 1 && !PQgetisnull(res, 0, 0))
        text = arena_cstr(a, str_of(PQgetvalue(res, 0, 0)));
    PQclear(res);
    return text;
}

static const char *enter(struct arena *a, PGconn *c, const char *what, const char *slug)
{
    if (!c || !operator_run(c, what, "BEGIN"))
        return NULL;
    return ask_one(a, c, what, "SELECT sec.enter_slug($1)", 1, &slug);
}

/* ---- clients ---- */

static bool erase(struct arena *a, PGconn *c, const char *slug, const char *client)
{
    const char *what = "foyer client erase", *tenant = enter(a, c, what, slug);
    char time[TOMBSTONE_TIME_CHARS + 1];
    if (!tenant)
        return false;
    const char *state = ask_one(a, c, what, "SELECT sec.client_state($1)", 1, &client);
    if (!state) {
        fprintf(stderr, "%s: '%s' has no client of that id\n", what, slug);
        return false;
    }
    if (strcmp(state, "erased") == 0) {
        printf("client %s was erased before\n", client);
        return true;
    }
    const char *did = ask_one(a, c, what, "SELECT sec.client_erase($1)", 1, &client);
    if (!did || *did != 't' || tombstone_write("client.erase", tenant, client, time) != OK)
        return false;
    if (!operator_run(c, what, "COMMIT"))
        return false;
    printf("client %s erased; backups that still hold her turn over within 30 days\n", client);
    return true;
}

int command_client(int argc, char **argv)
{
    static const char form[] = "client erase --tenant SLUG --client ID";
    const char *tenant = NULL, *client = NULL, *as = NULL;
    const struct option_row options[] = {
        {"--tenant", &tenant, NULL}, {"--client", &client, NULL}, {"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 2 ||
        strcmp(argv[1], "erase") != 0 || !tenant || !client || !uuid_ok(str_of(client)))
        return usage(form);
    struct arena *a = arena_new(1 << 20);
    PGconn *c = operator_connect(as);
    bool good = c && erase(a, c, tenant, client);
    PQfinish(c);
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- opting out ---- */

/* One line of standard input. */
static struct str read_address(struct arena *a)
{
    char line[ADDRESS_MOST + 2];
    struct str address = S("");
    if (fgets(line, sizeof line, stdin))
        address = arena_str(a, str_trim(str_of(line)));
    secret_wipe(line, sizeof line);
    return address;
}

static bool change(struct arena *a, PGconn *c, const char *slug, const char *channel, bool is_out,
                   struct str address)
{
    const char *what = "foyer opt-out", *tenant = enter(a, c, what, slug);
    unsigned char hash[HASH_BYTES];
    char time[TOMBSTONE_TIME_CHARS + 1];
    if (!tenant)
        return false;
    suppression_hash(str_of(tenant), str_of(channel), address, hash);
    struct str hex = seal_hex(a, hash, sizeof hash);
    const char *subject = arena_cstr(a, arena_printf(a, "%s:%.*s", channel, (int)hex.n, hex.p));
    if (tombstone_write(is_out ? "message.opt_out" : "message.opt_in", tenant, subject, time) != OK)
        return false;
    const char *values[] = {channel, arena_cstr(a, arena_printf(a, "\\x%.*s", (int)hex.n, hex.p)),
                            is_out ? "true" : "false", time};
    if (!ask_one(a, c, what, "SELECT sec.opt_out($1, $2, $3, $4)", COUNT_OF(values), values) ||
        !operator_run(c, what, "COMMIT"))
        return false;
    puts(is_out ? "nothing is sent to this address any more" : "this address is sent to again");
    return true;
}

int command_opt_out(int argc, char **argv)
{
    static const char form[] = "opt-out --tenant SLUG --channel email|sms [--undo] < address";
    const char *tenant = NULL, *channel = NULL, *as = NULL;
    bool undo = false;
    const struct option_row options[] = {{"--tenant", &tenant, NULL},
                                         {"--channel", &channel, NULL},
                                         {"--undo", NULL, &undo},
                                         {"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 1 || !tenant ||
        !channel || (strcmp(channel, "email") != 0 && strcmp(channel, "sms") != 0))
        return usage(form);
    struct arena *a = arena_new(1 << 20);
    struct str address = read_address(a);
    bool is_phone = strcmp(channel, "sms") == 0;
    if (address.n < 3 || !memchr(address.p, is_phone ? '+' : '@', address.n)) {
        fprintf(stderr, "foyer opt-out: give the address as one line on standard input, %s\n",
                is_phone ? "as +15551234567" : "as name@example.com");
        arena_free(a);
        return EXIT_USAGE;
    }
    PGconn *c = keystore_open(config_text("keys"), config_text("master_key")) == OK
                    ? operator_connect(as)
                    : NULL;
    bool good = c && change(a, c, tenant, channel, !undo, address);
    PQfinish(c);
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- a tenant's key ---- */

int command_tenant_destroy_key(const char *slug, const char *as)
{
    struct arena *a = arena_new(1 << 20);
    PGconn *c = keystore_open(config_text("keys"), config_text("master_key")) == OK
                    ? operator_connect(as)
                    : NULL;
    const char *tenant = c ? enter(a, c, "foyer tenant", slug) : NULL;
    char time[TOMBSTONE_TIME_CHARS + 1];
    bool good = tenant && tombstone_write("tenant.destroy_key", tenant, "-", time) == OK;
    if (good && keystore_destroy_tenant(str_of(tenant)) == ERR_INTERNAL) {
        fprintf(stderr, "foyer tenant: the key file cannot be destroyed; see the line above\n");
        good = false;
    }
    if (good)
        printf("the key of '%s' is destroyed: what it sealed is gone; the next backup drops the "
               "copies "
               "of it\n",
               slug);
    PQfinish(c);
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the list ---- */

/* The key file of a tenant whose key was destroyed may have come back with an older copy. */
static bool drop_key(struct arena *a, const char *tenant_id)
{
    const char *path = arena_cstr(a, arena_printf(a, "%s/%s.key", config_text("keys"), tenant_id));
    return unlink(path) == 0;
}

/* Does the lines of a list once more. *did: how many were new to the database. */
static bool replay_list(struct arena *a, PGconn *c, const struct tombstones *list, size_t *did)
{
    bool good = true;
    for (size_t i = 0; good && i < list->n; i++) {
        const struct tombstone *t = &list->items[i];
        const char *values[] = {t->kind, t->tenant_id, t->subject, t->time};
        const char *is_new = ask_one(a, c, "foyer tombstones", "SELECT sec.replay($1, $2, $3, $4)",
                                     COUNT_OF(values), values);
        good = is_new != NULL;
        *did += good && *is_new == 't';
        if (good && strcmp(t->kind, "tenant.destroy_key") == 0)
            *did += drop_key(a, t->tenant_id);
    }
    return good;
}

/* Objections after erasures, which may have made an end of who objected. */
static int replay(struct arena *a, const struct tombstones *list, const char *as)
{
    struct tombstones objections;
    if (tombstones_read(a, objections_kept(a), &objections) != OK)
        return EXIT_FAILURE;
    PGconn *c = operator_connect(as);
    size_t did = 0;
    bool good = c && operator_run(c, "foyer tombstones", "BEGIN") &&
                replay_list(a, c, list, &did) && replay_list(a, c, &objections, &did) &&
                operator_run(c, "foyer tombstones", "COMMIT");
    if (good)
        printf("%zu of %zu tombstones were done once more\n", did, list->n + objections.n);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Writes what clients have taken back beside the backups; prints how many lines the list has, and the hash of the last. */
static int keep_objections(struct arena *a, const char *as)
{
    const char *path = objections_path(a);
    if (!path) {
        fprintf(stderr, "foyer tombstones: no backup_dir is set, where the list would lie\n");
        return EXIT_FAILURE;
    }
    PGconn *c = operator_connect(as);
    PGresult *res = c ? operator_ask(c, "foyer tombstones",
                                     "SELECT kind, tenant, subject FROM sec.objections()", 0, NULL)
                      : NULL;
    size_t n = res ? (size_t)PQntuples(res) : 0;
    struct tombstone *items = arena_alloc(a, (n + 1) * sizeof *items);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct tombstone){.kind = PQgetvalue(res, (int)i, 0),
                                      .tenant_id = PQgetvalue(res, (int)i, 1),
                                      .subject = PQgetvalue(res, (int)i, 2)};
    struct tombstones list;
    bool good = res && objections_keep(a, path, items, n, &list) == OK;
    if (good)
        printf("%zu %s\n", list.n, list.last_hash);
    PQclear(res);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_tombstones(int argc, char **argv)
{
    const char *as = NULL;
    const struct option_row options[] = {{"--as", &as, NULL}};
    bool good = operator_options(&argc, argv, options, COUNT_OF(options)) && argc == 2;
    bool is_replay = good && strcmp(argv[1], "replay") == 0;
    bool is_copy = good && strcmp(argv[1], "copy") == 0;
    bool is_objections = good && strcmp(argv[1], "objections") == 0;
    if (!good || (!is_replay && !is_copy && !is_objections && strcmp(argv[1], "verify") != 0))
        return usage("tombstones verify|replay|copy|objections [--as ROLE]");
    struct arena *a = arena_new(256 << 20);
    struct tombstones list;
    int code = EXIT_FAILURE;
    if (is_objections) {
        code = keep_objections(a, as);
    } else if (tombstones_read(a, tombstones_path(a), &list) == OK) {
        if (is_replay) {
            code = replay(a, &list, as);
        } else if (!is_copy || tombstones_copy(a)) {
            printf("%zu %s\n", list.n, list.last_hash);
            code = EXIT_SUCCESS;
        }
    }
    arena_free(a);
    return code;
}
