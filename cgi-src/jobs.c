/*
 * jobs.c -- foyer-jobs: does what no page should wait for.
 *   foyer-jobs --config FILE [--selftest-sandbox]
 * Woken by NOTIFY; looks by itself every jobs_poll_ms. Between jobs it seals the audit trail every
 * few seconds; when that fails, jobs go on. SIGTERM: finishes the job in hand and ends.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <curl/curl.h>

#include "config.h"
#include "core/job_runner.h"
#include "core/pool.h"
#include "core/sandbox.h"
#include "crypto.h"
#include "features/proof/proof.h"
#include "house.h"
#include "log.h"
#include "media.h"
#include "oidc.h"
#include "seal.h"

enum { AGAIN_SECONDS = 60 };
enum { TIDY_SECONDS = 600, SEAL_SECONDS = 2, SEAL_AWAY_SECONDS = 5, AWAY_MILLISECONDS = 1000 };

static volatile sig_atomic_t stopping;

static void on_stop(int signal)
{
    (void)signal;
    stopping = 1;
}

static time_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Seals when it is time to. *next: when that is. */
static void seal_in_time(struct sealer *sealer, time_t *next)
{
    size_t sealed;
    if (seconds() < *next)
        return;
    *next = seconds() + (sealer_run(sealer, &sealed) == OK ? SEAL_SECONDS : SEAL_AWAY_SECONDS);
}

static void run(struct gate *gate, struct db *bell, struct sealer *sealer)
{
    time_t tidied = 0, seal_next = 0, sample_next = 0, started = seconds();
    long patience = config_int("jobs_poll_ms");
    patience = patience < SEAL_SECONDS * 1000 ? patience : SEAL_SECONDS * 1000;
    while (!stopping) {
        seal_in_time(sealer, &seal_next);
        /* A disk that came later is outside of the sandbox, which cannot be widened. */
        if (sealer_is_shut_out(sealer) && seconds() - started >= AGAIN_SECONDS) {
            log_info("jobs.again", "why", "heads_copy can be written now", NULL);
            return;
        }
        if (seconds() >= sample_next) {
            sample_next = seconds() + config_int("house_seconds");
            house_sample(gate->db, gate->arena, config_text("boards"));
        }
        int did = job_run_one(gate);
        if (did == 1)
            continue;
        if (did == 0 && time(NULL) - tidied > TIDY_SECONDS) {
            job_tidy(gate);
            tidied = time(NULL);
        }
        struct str why;
        arena_reset(gate->arena);
        if (db_ready(bell, gate->arena, &why) == OK && db_listen(bell, "foyer_jobs") == OK)
            db_wait_notice(bell, (int)patience);
        else
            nanosleep(&(struct timespec){AWAY_MILLISECONDS / 1000, 0}, NULL);
    }
}

/* The directory that a file stands in. */
static const char *directory_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!*path)
        return "";
    return slash ? arena_cstr(a, (struct str){path, (size_t)(slash - path)}) : ".";
}

/*
 * Jobs speak to the mail server and so read how names are resolved and whom to trust: directories, for
 * a permission is that of a file as it was, and resolv.conf is another one with each lease; they write
 * the signed heads of the trail. The key that signs them is opened before.
 */
static struct sandbox jobs_sandbox(struct arena *a)
{
    return (struct sandbox){
        .is_jobs = true,
        .has_network = true,
        .read = {"/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
                 "/usr/lib", "/lib", "/lib64", "/usr/share/ca-certificates",
                 "/usr/local/share/ca-certificates", "/sys/devices/system/cpu",
                 "/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/fontconfig",
                 "/var/cache/fontconfig",
                 config_text("boards")},
        .write = {config_text("media"), config_text("keys"), directory_of(a, config_text("heads_file")),
                  directory_of(a, config_text("heads_copy"))},
    };
}

int main(int argc, char **argv)
{
    bool is_selftest = argc == 4 && strcmp(argv[3], "--selftest-sandbox") == 0;
    sandbox_process();
    if (argc != 3 + is_selftest || strcmp(argv[1], "--config") != 0) {
        fprintf(stderr, "usage: foyer-jobs --config FILE [--selftest-sandbox]\n");
        return 64;
    }
    if (config_load(argv[2]) || log_open(config_text("log"), "foyer-jobs", "jobs") ||
        keystore_open(config_text("keys"), config_text("master_key")))
        return 78;
    if (!media_directory(config_text("media"))) /* all but what concerns files goes on */
        log_error("media.away", "directory", config_text("media"), NULL);
    if (!oidc_trust(config_text("sso_ca"))) {
        fprintf(stderr, "foyer-jobs: sso_ca = %s: no certificate in PEM can be read there\n",
                config_text("sso_ca"));
        return 78;
    }
    view_directories(config_text("templates"));
    struct str why = S("");
    struct arena *scratch = arena_new(16 << 20);
    if (!gate_check(all_features, scratch, &why)) {
        fprintf(stderr, "foyer-jobs: %.*s\n", (int)why.n, why.p);
        return 78;
    }
    struct sandbox sandbox = jobs_sandbox(scratch);
    if (is_selftest)
        return sandbox_selftest(&sandbox);

    struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);

    struct pool_options options = {.features = all_features,
                                   .role = "foyer_jobs",
                                   .arena_cap = config_int("memory_cap_mb") << 20,
                                   .database = config_text("database"),
                                   .domain = config_text("domain"),
                                   .authority = ""};
    struct gate gate = pool_gate(&options);
    struct db *bell = db_new(config_text("database"), "foyer_jobs");
    struct sealer *sealer = sealer_new();
    if (!keystore_lock())
        log_error("keystore.unlocked", NULL);
    crypto_warm();
    if (seal_key_open() != OK)
        log_error("seal.key", NULL);
    if (sandbox_landlock() == 0)
        log_info("sandbox.no_landlock", "why", "this kernel has none; seccomp alone holds", NULL);
    enum err e = sandbox_enter(&sandbox);
    if (e)
        return e == ERR_UNAVAILABLE ? EXIT_FAILURE : 78;
    arena_free(scratch);
    log_info("jobs.started", NULL);
    run(&gate, bell, sealer);
    log_info("jobs.stopped", NULL);
    sealer_free(sealer);
    db_close(bell);
    db_close(gate.db);
    arena_free(gate.arena);
    curl_global_cleanup();
    proof_authority_close();
    return EXIT_SUCCESS;
}
