/*
 * web.c -- foyer-web: one pool of workers, or one page printed in the shell.
 *   foyer-web --config FILE --pool staff|public|slow|status [--check | --selftest-sandbox]
 *   foyer-web --config FILE --page METHOD PATH USER [--host HOST]     (USER: e-mail or "-")
 */
#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "core/pool.h"
#include "core/print_page.h"
#include "crypto.h"
#include "log.h"
#include "media.h"

static const char *const roles[POOL_COUNT] = {"foyer_staff", "foyer_public", "foyer_slow"};

/* What differs between the pools; the first three are those of the page table, in its order. */
enum { STATUS_WORKERS = 2 };
static const struct {
    const char *name, *role, *listen_key, *workers_key;
} programs[] = {{"staff", "foyer_staff", "listen_staff", "workers_staff"},
                {"public", "foyer_public", "listen_public", "workers_public"},
                {"slow", "foyer_slow", "listen_slow", "workers_slow"},
                {"status", "foyer_jobs", "listen_status", NULL}};

struct arguments {
    const char *config, *pool, *method, *path, *user, *host;
    bool is_check, is_selftest;
};

static bool read_arguments(int argc, char **argv, struct arguments *out)
{
    *out = (struct arguments){0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            out->config = argv[++i];
        else if (strcmp(argv[i], "--pool") == 0 && i + 1 < argc)
            out->pool = argv[++i];
        else if (strcmp(argv[i], "--host") == 0 && i + 1 < argc)
            out->host = argv[++i];
        else if (strcmp(argv[i], "--check") == 0)
            out->is_check = true;
        else if (strcmp(argv[i], "--selftest-sandbox") == 0)
            out->is_selftest = true;
        else if (strcmp(argv[i], "--page") == 0 && i + 3 < argc) {
            out->method = argv[++i];
            out->path = argv[++i];
            out->user = argv[++i];
        } else
            return false;
    }
    return (out->pool != NULL) != (out->path != NULL);
}

/*
 * The path under which this program was started, absolute, links left as they are: after a release
 * it leads to the new program. Its release: the name of the directory that bin/ stands in.
 */
static void find_program(char **argv, const char **version)
{
    static char path[PATH_MAX], real[PATH_MAX];
    char here[PATH_MAX / 2] = "";
    *version = "unknown";
    if (!realpath("/proc/self/exe", real))
        return;
    if (!strchr(argv[0], '/'))
        argv[0] = memcpy(path, real, sizeof real);
    else if (*argv[0] != '/' && getcwd(here, sizeof here)) {
        snprintf(path, sizeof path, "%s/%.2000s", here, argv[0]);
        argv[0] = path;
    }
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(real, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
    *version = strrchr(real, '/') ? strrchr(real, '/') + 1 : real;
}

/* Whether this program could serve: 0, or 78 with the reason on standard error. A database that is
 * away may come back. */
static int check(const struct pool_options *o)
{
    struct gate gate = pool_gate(o);
    struct str why = S("");
    bool is_unfit = db_ready(gate.db, gate.arena, &why) == ERR_INTERNAL;
    if (is_unfit)
        fprintf(stderr, "foyer-web: %.*s\n", (int)why.n, why.p);
    db_close(gate.db);
    arena_free(gate.arena);
    return is_unfit ? 78 : 0;
}

/* foyer-decode, beside this program. */
static const char *decoder_program(void)
{
    static char path[PATH_MAX + 16];
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash ? slash : path, 16, "/foyer-decode");
    return path;
}

/*
 * What a worker may read: the keys, or for status the boards; one that takes files writes where they are kept. Its database is a socket on this machine;
 * only where 'database' names a host may it reach the network, and read how names are resolved.
 */
static struct sandbox worker_sandbox(bool has_keys, bool has_files)
{
    struct sandbox s = {.read = {has_keys ? config_text("keys") : config_text("boards")},
                        .keeps_files = has_files,
                        .write = {has_files ? config_text("media") : NULL}};
    PQconninfoOption *all = PQconninfoParse(config_text("database"), NULL);
    for (const PQconninfoOption *o = all; o && o->keyword; o++) {
        bool names_host = strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0;
        if (names_host && o->val && *o->val && *o->val != '/' && *o->val != '@') {
            s.has_network = true;
            s.read[1] = "/etc";
        }
    }
    PQconninfoFree(all);
    return s;
}

int main(int argc, char **argv)
{
    struct arguments args;
    sandbox_process();
    if (!read_arguments(argc, argv, &args)) {
        fprintf(stderr, "usage: foyer-web --config FILE --pool staff|public|slow|status [--check | "
                        "--selftest-sandbox]\n"
                        "       foyer-web --config FILE --page METHOD PATH USER [--host HOST]\n");
        return 64;
    }
    if (config_load(args.config) ||
        log_open(config_text("log"), "foyer-web", args.pool ? args.pool : "page"))
        return 78;
    bool has_keys = !args.pool || strcmp(args.pool, "status") != 0; /* that one shows no client */
    if (has_keys && keystore_open(config_text("keys"), config_text("master_key")))
        return 78;
    /* Pictures and files are the slow pool's; without their directory it does all else. */
    bool has_files = args.pool && strcmp(args.pool, "slow") == 0 && !args.is_check &&
                     media_directory(config_text("media")) != NULL;
    view_directories(config_text("templates"));

    struct str why = S("");
    struct arena *scratch = arena_new(16 << 20);
    if (!gate_check(all_features, scratch, &why)) {
        fprintf(stderr, "foyer-web: %.*s\n", (int)why.n, why.p);
        arena_free(scratch);
        return 78;
    }
    static char authority[16];
    if (config_int("port") != 443)
        snprintf(authority, sizeof authority, ":%ld", config_int("port"));
    struct pool_options options = {
        .features = all_features,
        .max_requests = config_int("max_requests"),
        .share = config_int("studio_share"),
        .growth_mb = config_int("max_growth_mb"),
        .sandbox = worker_sandbox(has_keys, has_files),
        .arena_cap = config_int("memory_cap_mb") << 20,
        .database = config_text("database"),
        .domain = config_text("domain"),
        .authority = authority,
        .boards = config_text("boards"),
        .argv = argv,
        .decoder = has_files ? decoder_program() : NULL,
    };
    find_program(argv, &options.version);
    if (!args.pool) {
        arena_free(scratch);
        return print_page(&options, roles, args.method, args.path, args.user, args.host);
    }
    arena_free(scratch);
    for (size_t p = 0; p < COUNT_OF(programs); p++) {
        if (strcmp(args.pool, programs[p].name) != 0)
            continue;
        options.name = programs[p].name;
        options.is_status = p >= POOL_COUNT;
        options.pool = options.is_status ? POOL_STAFF : (enum pool)p;
        options.role = programs[p].role;
        options.listen = config_text(programs[p].listen_key);
        options.workers =
            programs[p].workers_key ? config_int(programs[p].workers_key) : STATUS_WORKERS;
        if (args.is_selftest)
            return sandbox_selftest(&options.sandbox);
        return args.is_check ? check(&options) : pool_main(&options);
    }
    fprintf(stderr, "foyer-web: there is no pool '%s'; use staff, public, slow or status\n",
            args.pool);
    return 64;
}
