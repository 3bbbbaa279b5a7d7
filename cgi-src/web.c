/*
 * web.c -- foyer-web: one pool of workers, or one page printed in the shell.
 *   foyer-web --config FILE --pool staff|public|slow
 *   foyer-web --config FILE --page METHOD PATH USER [--host HOST]     (USER: e-mail or "-")
 */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/pool.h"
#include "core/print_page.h"
#include "crypto.h"
#include "log.h"

static const char *const roles[POOL_COUNT] = {"foyer_staff", "foyer_public", "foyer_slow"};
static const char *const listen_keys[POOL_COUNT] = {"listen_staff", "listen_public", "listen_slow"};
static const char *const worker_keys[POOL_COUNT] = {"workers_staff", "workers_public",
                                                    "workers_slow"};

struct arguments {
    const char *config, *pool, *method, *path, *user, *host;
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
        else if (strcmp(argv[i], "--page") == 0 && i + 3 < argc) {
            out->method = argv[++i];
            out->path = argv[++i];
            out->user = argv[++i];
        } else
            return false;
    }
    return (out->pool != NULL) != (out->path != NULL);
}

int main(int argc, char **argv)
{
    struct arguments args;
    if (!read_arguments(argc, argv, &args)) {
        fprintf(stderr, "usage: foyer-web --config FILE --pool staff|public|slow\n"
                        "       foyer-web --config FILE --page METHOD PATH USER [--host HOST]\n");
        return 64;
    }
    if (config_load(args.config) ||
        log_open(config_text("log"), "foyer-web", args.pool ? args.pool : "page") ||
        keystore_open(config_text("keys"), config_text("master_key")))
        return 78;
    view_directories(config_text("templates"));

    struct str why = S("");
    struct arena *scratch = arena_new(16 << 20);
    if (!gate_check(all_features, scratch, &why)) {
        fprintf(stderr, "foyer-web: %.*s\n", (int)why.n, why.p);
        return 78;
    }
    static char authority[16];
    if (config_int("port") != 443)
        snprintf(authority, sizeof authority, ":%ld", config_int("port"));
    struct pool_options options = {
        .features = all_features,
        .max_requests = config_int("max_requests"),
        .arena_cap = config_int("memory_cap_mb") << 20,
        .database = config_text("database"),
        .domain = config_text("domain"),
        .authority = authority,
    };
    if (args.path) {
        arena_free(scratch);
        return print_page(&options, roles, args.method, args.path, args.user, args.host);
    }
    for (int p = 0; p < POOL_COUNT; p++) {
        if (strcmp(args.pool, pool_word((enum pool)p)) != 0)
            continue;
        options.pool = (enum pool)p;
        options.role = roles[p];
        options.listen = config_text(listen_keys[p]);
        options.workers = config_int(worker_keys[p]);
        arena_free(scratch);
        return pool_main(&options);
    }
    fprintf(stderr, "foyer-web: there is no pool '%s'; use staff, public or slow\n", args.pool);
    return 64;
}
