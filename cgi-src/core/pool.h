/*
 * pool.h -- a master and its workers: FastCGI in, the gate, FastCGI out.
 */
#ifndef FOYER_POOL_H
#define FOYER_POOL_H
#include "gate.h"
#include "sandbox.h"

struct pool_options {
    const struct feature *features;
    enum pool pool;
    const char *name;   /* "staff", "public", "slow", or "status" */
    bool is_status;     /* answers for machines that watch (status.h), not for people */
    const char *role;   /* database role of this pool */
    const char *listen; /* "unix:/path,tcp:127.0.0.1:9001" */
    long workers, max_requests, arena_cap;
    long share;             /* of 100 workers, so many for one studio */
    long growth_mb;         /* a worker that has grown by so much is renewed */
    struct sandbox sandbox; /* what a worker may do once it serves */
    const char *decoder;    /* program that reads pictures; NULL: this pool takes no files */
    const char *database, *domain, *authority;
    const char *boards, *version; /* directory of the boards; this release's name */
    char **argv; /* how the installed program is started again, its path absolute */
};

/* Runs until SIGTERM or SIGINT; SIGHUP: becomes the installed program. Returns the exit code of the process. */
int pool_main(const struct pool_options *options);
/* A gate for one worker, or for printing a single page. */
struct gate pool_gate(const struct pool_options *options);

#endif
