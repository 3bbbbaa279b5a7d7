/*
 * pool.c -- the master forks workers, answers a death with a new one, and drains on SIGTERM.
 * Owns: listening sockets (opened once, inherited), the life of workers.
 * Never: touches a request in the master; keeps anything between two requests in a worker but the
 * database connection, compiled templates and keys.
 */
#include "pool.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum {
    MAX_WORKERS = 256,
    MAX_LISTENERS = 8,
    BACKLOG = 511,
    MAX_BODY = 1024 * 1024,
    EXIT_UNFIT = 78,    /* sysexits EX_CONFIG: starting again will not help */
    DRAIN_SECONDS = 30,
    FORK_AGAIN_MS = 500
};

static volatile sig_atomic_t stopping;

static void on_stop(int signal)
{
    (void)signal;
    stopping = 1;
    FCGX_ShutdownPending();
}

static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap(long milliseconds)
{
    struct timespec t = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* ---- the worker ---- */

static struct str param(FCGX_Request *f, const char *name)
{
    return str_of(FCGX_GetParam(name, f->envp));
}

/* Reads the body; false when it is longer than any page takes, or shorter than it said. */
static bool read_body(FCGX_Request *f, char *buffer, struct str *body)
{
    int64_t length = 0;
    struct str said = param(f, "CONTENT_LENGTH");
    *body = (struct str){buffer, 0};
    if (said.n > 0 && (str_int(said, &length) || length < 0))
        return false;
    if (length > MAX_BODY)
        return false;
    int got = length > 0 ? FCGX_GetStr(buffer, (int)length, f->in) : 0;
    body->n = (size_t)got;
    return got == length;
}

static void send_reply(FCGX_Request *f, const struct reply *reply, const char *cache)
{
    FCGX_FPrintF(f->out, "Status: %d\r\n", reply->status);
    if (reply->location.n)
        FCGX_FPrintF(f->out, "Location: %.*s\r\n", (int)reply->location.n, reply->location.p);
    if (reply->allow.n)
        FCGX_FPrintF(f->out, "Allow: %.*s\r\n", (int)reply->allow.n, reply->allow.p);
    if (reply->disposition.n)
        FCGX_FPrintF(f->out, "Content-Disposition: attachment; filename=\"%.*s\"\r\n",
                     (int)reply->disposition.n, reply->disposition.p);
    if (reply->retry_after)
        FCGX_FPrintF(f->out, "Retry-After: %ld\r\n", reply->retry_after);
    if (reply->cookies.n)
        FCGX_PutStr(reply->cookies.p, (int)reply->cookies.n, f->out);
    FCGX_FPrintF(f->out, "Content-Type: %s\r\nCache-Control: %s\r\n", reply->type, cache);
    FCGX_FPrintF(f->out, "Content-Length: %ld\r\n\r\n", (long)reply->body.n);
    FCGX_PutStr(reply->body.p, (int)reply->body.n, f->out);
}

static void answer(struct gate *gate, FCGX_Request *f, char *buffer)
{
    double began = seconds_now();
    struct reply reply;
    struct http_request in = {
        .method = param(f, "REQUEST_METHOD"),
        .path = param(f, "REQUEST_URI"),
        .query = S(""),
        .host = param(f, "HTTP_HOST"),
        .origin = param(f, "HTTP_ORIGIN"),
        .fetch_site = param(f, "HTTP_SEC_FETCH_SITE"),
        .cookie = param(f, "HTTP_COOKIE"),
        .content_type = param(f, "CONTENT_TYPE"),
        .remote_addr = param(f, "REMOTE_ADDR"),
        .agent = param(f, "HTTP_USER_AGENT"),
        .request_id = param(f, "REQUEST_ID"),
    };
    const struct page *page = NULL;
    struct str rest = in.path;
    in.path = str_cut(&rest, '?');
    in.query = rest;

    if (!read_body(f, buffer, &in.body)) {
        reply = (struct reply){.status = 413, .type = "text/plain; charset=utf-8",
                               .body = S("This is too large.")};
    } else {
        page = gate_handle(gate, &in, &reply);
    }
    char cache[64] = "no-store";
    if (reply.cache_seconds)
        snprintf(cache, sizeof cache, "private, max-age=%ld", reply.cache_seconds);
    send_reply(f, &reply, cache);
    FCGX_Finish_r(f);

    char status[12], micros[24], bytes[24];
    snprintf(status, sizeof status, "%d", reply.status);
    snprintf(micros, sizeof micros, "%.0f", (seconds_now() - began) * 1e6);
    snprintf(bytes, sizeof bytes, "%zu", reply.body.n);
    log_info("request", "method", page && page->method == POST ? "POST" : "GET", "route",
             page ? page->path : "-", "status", status, "us", micros, "bytes", bytes, NULL);
    log_request(NULL);
    arena_reset(gate->arena); /* keys are wiped now, not when the next request comes */
}

struct gate pool_gate(const struct pool_options *o)
{
    return (struct gate){
        .features = o->features,
        .pool = o->pool,
        .db = db_new(o->database, o->role),
        .arena = arena_new((size_t)o->arena_cap),
        .domain = o->domain,
        .authority = o->authority,
    };
}

static int worker_main(const struct pool_options *o, int fd, pid_t master)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != master)
        return EXIT_SUCCESS; /* it died before that call */
    struct gate gate = pool_gate(o);
    char *buffer = malloc(MAX_BODY + 1);
    struct str why = S("");
    FCGX_Request f;

    if (!buffer || FCGX_InitRequest(&f, fd, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
        return EXIT_FAILURE;
    /* Fit or not is known at once; a server that is away may come later. */
    if (db_ready(gate.db, gate.arena, &why) == ERR_INTERNAL) {
        log_error("db.unfit", "why", arena_cstr(gate.arena, why), NULL);
        return EXIT_UNFIT;
    }
    for (long n = 0; n < o->max_requests && !stopping; n++) {
        if (FCGX_Accept_r(&f) < 0)
            break;
        answer(&gate, &f, buffer);
    }
    FCGX_Free(&f, 1);
    db_close(gate.db);
    arena_free(gate.arena);
    free(buffer);
    return EXIT_SUCCESS;
}

/* ---- the master ---- */

struct worker {
    pid_t pid;
    int listener;
    double born;
};

static int open_listener(struct str where)
{
    char path[512];
    struct str kind = str_cut(&where, ':');
    snprintf(path, sizeof path, "%.*s", (int)where.n, where.p);
    bool is_unix = str_is(kind, "unix");
    if (!is_unix && !str_is(kind, "tcp")) {
        fprintf(stderr, "foyer-web: listen address must be unix:/path or tcp:host:port\n");
        return -1;
    }
    mode_t old = umask(0117);
    int fd = FCGX_OpenSocket(path, BACKLOG);
    umask(old);
    if (fd < 0)
        fprintf(stderr, "foyer-web: cannot listen on %s: %s\n", path, strerror(errno));
    return fd;
}

static size_t open_listeners(const char *list, int fds[MAX_LISTENERS])
{
    size_t n = 0;
    struct str rest = str_of(list);
    while (rest.n > 0 && n < MAX_LISTENERS) {
        struct str where = str_trim(str_cut(&rest, ','));
        if (where.n == 0)
            continue;
        fds[n] = open_listener(where);
        if (fds[n] < 0)
            return 0;
        n++;
    }
    return n;
}

static void start_worker(const struct pool_options *o, struct worker *w, const int *fds)
{
    pid_t master = getpid(), pid = fork();
    if (pid == 0)
        exit(worker_main(o, fds[w->listener], master));
    if (pid < 0)
        log_error("worker.fork", "why", strerror(errno), NULL);
    w->pid = pid < 0 ? 0 : pid;
    w->born = seconds_now();
}

/* Tries again for workers that could not be started. False: some still are not. */
static bool all_started(const struct pool_options *o, struct worker *workers, long n, const int *fds)
{
    bool all = true;
    for (long i = 0; i < n; i++) {
        if (workers[i].pid > 0)
            continue;
        start_worker(o, &workers[i], fds);
        all &= workers[i].pid > 0;
    }
    return all;
}

/* Asks all workers to finish and waits; after DRAIN_SECONDS those left are ended. */
static void drain(struct worker *workers, long n)
{
    double deadline = seconds_now() + DRAIN_SECONDS;
    for (;;) {
        bool alive = false;
        for (long i = 0; i < n; i++) {
            if (workers[i].pid <= 0)
                continue;
            if (waitpid(workers[i].pid, NULL, WNOHANG) == workers[i].pid) {
                workers[i].pid = 0;
                continue;
            }
            /* Again and again: a signal just before accept() would else be slept through. */
            kill(workers[i].pid, seconds_now() < deadline ? SIGTERM : SIGKILL);
            alive = true;
        }
        if (!alive)
            return;
        nap(20);
    }
}

/* Replaces the worker that ended. False: it is unfit, and so would be the next. */
static bool replace(const struct pool_options *o, struct worker *w, int status, const int *fds)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNFIT)
        return false;
    if (WIFSIGNALED(status)) {
        char text[12];
        snprintf(text, sizeof text, "%d", WTERMSIG(status));
        log_error("worker.died", "signal", text, NULL);
    }
    if (seconds_now() - w->born < 1.0)
        nap(200);
    start_worker(o, w, fds);
    return true;
}

int pool_main(const struct pool_options *o)
{
    static struct worker workers[MAX_WORKERS];
    int fds[MAX_LISTENERS];
    long n = o->workers < 1 ? 1 : o->workers > MAX_WORKERS ? MAX_WORKERS : o->workers;

    if (FCGX_Init() != 0)
        return EXIT_FAILURE;
    size_t listeners = open_listeners(o->listen, fds);
    if (listeners == 0)
        return EXIT_UNFIT;
    catch_signals();
    for (long i = 0; i < n; i++) {
        workers[i].listener = (int)((size_t)i % listeners);
        start_worker(o, &workers[i], fds);
    }
    log_info("pool.started", "pool", pool_word(o->pool), NULL);

    int code = EXIT_SUCCESS;
    while (!stopping) {
        int status;
        bool all = all_started(o, workers, n, fds);
        pid_t pid = waitpid(-1, &status, all ? 0 : WNOHANG);
        if (pid <= 0) {
            if (!all)
                nap(FORK_AGAIN_MS);
            continue;
        }
        for (long i = 0; i < n && !stopping; i++)
            if (workers[i].pid == pid && !replace(o, &workers[i], status, fds)) {
                workers[i].pid = 0;
                code = EXIT_UNFIT;
                stopping = 1;
            }
    }
    drain(workers, n);
    log_info("pool.stopped", "pool", pool_word(o->pool), NULL);
    return code;
}
