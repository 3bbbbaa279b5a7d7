/*
 * pool.c -- the master forks workers, answers a death with a new one, drains on SIGTERM, and on
 * SIGHUP becomes the installed program: new workers start beside the old, which then end.
 * Owns: listening sockets (opened once, inherited), the life of workers, the pool's board.
 * Never: touches a request in the master; keeps anything between two requests in a worker but the
 * database connection, compiled templates and keys.
 */
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "crypto.h"
#include "decoder.h"
#include "fastcgi.h"
#include "log.h"
#include "reload.h"
#include "share.h"
#include "status.h"

enum {
    MAX_WORKERS = 250, /* old and new together have BOARD_SLOTS places */
    BACKLOG = 511,
    EXIT_UNFIT = 78, /* sysexits EX_CONFIG: starting again will not help */
    DRAIN_SECONDS = 30,
    FORK_AGAIN_MS = 500,
    UNFIT_AGAIN_MS = 5000, /* while old workers serve in the place of unfit ones */
    CHECK_SECONDS = 60,
    GROWTH_EVERY = 100, /* so many requests between two looks at the memory in use */
    OLD_SECONDS = 120   /* longer than nginx waits for any answer */
};

static volatile sig_atomic_t stopping; /* of a worker; the master takes its signals in a row */

static void on_stop(int signal)
{
    (void)signal;
    stopping = 1;
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

/* slot: this worker's place on the board. most: workers that one studio may hold; 0: all. */
static void answer(struct gate *gate, FCGX_Request *f, char *buffer, struct board *board,
                   size_t slot, long most)
{
    size_t body_most = gate->decoder ? FASTCGI_MAX_UPLOAD : FASTCGI_MAX_BODY;
    double began = seconds_now();
    uint64_t database = db_waited_us(gate->db);
    struct reply reply;
    struct http_request in;
    const struct page *page = NULL;

    bool is_whole = fastcgi_read(f, buffer, body_most, &in);
    if (!is_whole) {
        reply = (struct reply){
            .status = 413, .type = "text/plain; charset=utf-8", .body = S("This is too large.")};
    } else if (most && !share_take(board, slot, in.host, most)) {
        gate_crowded(gate, &in, &reply);
    } else {
        page = gate_handle(gate, &in, &reply);
    }
    /* Before the answer is sent: who follows it to the next page at once does not find herself in her own way. */
    if (most)
        share_end(board, slot);
    fastcgi_send(f, gate->arena, &reply, is_whole);

    uint64_t us = (uint64_t)((seconds_now() - began) * 1e6);
    board_count(board, gate->features, page, reply.status, us, db_waited_us(gate->db) - database);
    char status[12], micros[24], bytes[24];
    snprintf(status, sizeof status, "%d", reply.status);
    snprintf(micros, sizeof micros, "%llu", (unsigned long long)us);
    snprintf(bytes, sizeof bytes, "%zu", reply.body.n);
    log_info("request", "method", page && page->method == POST ? "POST" : "GET", "route",
             page ? page->path : "-", "status", status, "us", micros, "bytes", bytes, NULL);
    log_request(NULL);
    arena_reset(gate->arena); /* keys are wiped now, not when the next request comes */
    secret_wipe(buffer, in.body.n);
    if (in.body.n > FASTCGI_MAX_BODY) /* what a file needed is given back */
        madvise(buffer, FASTCGI_MAX_UPLOAD, MADV_DONTNEED);
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

static void answer_status(struct gate *gate, FCGX_Request *f, const char *boards)
{
    arena_reset(gate->arena);
    struct str rest = str_of(FCGX_GetParam("REQUEST_URI", f->envp)), path = str_cut(&rest, '?');
    struct status_answer said = status_handle(gate->db, gate->arena, boards, path);
    struct reply reply = {.status = said.status, .type = said.type, .body = said.body};
    fastcgi_send(f, gate->arena, &reply, false);
}

/*
 * Waits until a connection stands at the listener. Only here is the worker open to signals: nothing
 * of a request can be interrupted by one, and none can be slept through. False: a signal came.
 */
static bool wait_connection(int ep)
{
    struct epoll_event event;
    sigset_t none;
    sigemptyset(&none);
    return epoll_pwait(ep, &event, 1, -1, &none) > 0;
}

/* The listener is watched so that one connection wakes one worker, and accept() never waits. */
static int watch_listener(int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0 || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) != 0 ||
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) != 0)
        return -1;
    return ep;
}

/* Resident memory of this process in MB, from its open statm; 0: unknown. */
static long resident_mb(int statm)
{
    char text[128] = "";
    unsigned long pages = 0;
    if (statm < 0 || pread(statm, text, sizeof text - 1, 0) <= 0 ||
        sscanf(text, "%*u %lu", &pages) != 1)
        return 0;
    return (long)(pages * (unsigned long)sysconf(_SC_PAGESIZE) >> 20);
}

/* Whether memory has grown past the limit since the first request; asked once in a while. */
static bool has_grown(const struct pool_options *o, int statm, long n, long *first)
{
    if (n % GROWTH_EVERY != 1)
        return false;
    long now = resident_mb(statm);
    if (n == 1)
        *first = now;
    if (now - *first <= o->growth_mb)
        return false;
    char text[24];
    snprintf(text, sizeof text, "%ld", now);
    log_info("worker.grown", "mb", text, NULL);
    return true;
}

static void serve(const struct pool_options *o, struct gate *gate, FCGX_Request *f, char *buffer,
                  int ep, int statm, struct board *board, size_t slot)
{
    long first = 0, most = share_most(o->workers, o->share);
    counter *state = &board->slots[slot];
    if (most >= o->workers)
        most = 0;
    for (long n = 0; n < o->max_requests && !has_grown(o, statm, n, &first) && !stopping &&
                     !(gate->decoder && decoder_is_gone(gate->decoder));) {
        if (!wait_connection(ep))
            continue;
        board_set(state, SLOT_BUSY);
        int e = FCGX_Accept_r(f);
        if (e == 0 && o->is_status)
            answer_status(gate, f, o->boards);
        else if (e == 0)
            answer(gate, f, buffer, board, slot, most);
        else if (e != -EAGAIN) /* that: another worker was faster */
            break;
        board_set(state, SLOT_IDLE);
        n += e == 0;
    }
}

static int worker_main(const struct pool_options *o, int fd, pid_t master, struct board *board,
                       size_t slot)
{
    struct sigaction stop = {.sa_handler = on_stop};
    sigset_t held;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    sigprocmask(SIG_SETMASK, &held, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != master)
        return EXIT_SUCCESS; /* it died before that call */
    struct gate gate = pool_gate(o);
    /* (as much of it as no request needs is no memory yet) */
    static _Alignas(4096) char buffer[FASTCGI_MAX_UPLOAD + 1];
    struct str why = S("");
    FCGX_Request f;
    int ep = watch_listener(fd), statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (ep < 0 || FCGX_InitRequest(&f, fd, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
        return EXIT_FAILURE;
    /* Fit or not is known at once; a server that is away may come later. */
    if (db_ready(gate.db, gate.arena, &why) == ERR_INTERNAL) {
        log_error("db.unfit", "why", arena_cstr(gate.arena, why), NULL);
        return EXIT_UNFIT;
    }
    if (!keystore_lock())
        log_error("keystore.unlocked", "why", strerror(errno), NULL);
    if (o->decoder && !(gate.decoder = decoder_start_program(o->decoder)))
        return EXIT_FAILURE;
    if (!o->is_status) /* which has no keys */
        crypto_warm();
    enum err e = sandbox_enter(&o->sandbox);
    if (e)
        return e == ERR_UNAVAILABLE ? EXIT_FAILURE : EXIT_UNFIT;
    board_set(&board->slots[slot], SLOT_IDLE);
    serve(o, &gate, &f, buffer, ep, statm, board, slot);
    FCGX_Free(&f, 1);
    close(ep);
    if (statm >= 0)
        close(statm);
    db_close(gate.db);
    arena_free(gate.arena);
    return EXIT_SUCCESS;
}

/* ---- the master ---- */

/* A place in the master's table is the worker's place on the board. */
struct worker {
    pid_t pid;
    size_t listener;
    bool is_wanted; /* of this master's own: started again when it ends */
    bool is_old;    /* of the master before: ends when the new ones are ready */
    double born, due, told;
    int falls; /* times running that it ended within a second of its start */
};
struct master {
    const struct pool_options *o;
    struct board *board;
    struct handover handover; /* its listeners; its workers are filled in when handing over */
    struct worker workers[BOARD_SLOTS];
    pid_t check; /* 0: none runs */
    double check_until;
    bool is_stopping, check_again;
    int code;
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
    else
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

/* The sockets of the master before are kept where the address is the same. */
static bool open_listeners(struct master *m)
{
    struct handover before = m->handover;
    struct handover *now = &m->handover;
    struct str rest = str_of(m->o->listen);
    now->n_listeners = 0;
    while (rest.n > 0 && now->n_listeners < MAX_LISTENERS) {
        struct str where = str_trim(str_cut(&rest, ','));
        struct listener *l = &now->listeners[now->n_listeners];
        if (where.n == 0)
            continue;
        *l = (struct listener){.fd = -1};
        snprintf(l->where, sizeof l->where, "%.*s", (int)where.n, where.p);
        for (size_t i = 0; i < before.n_listeners; i++)
            if (before.listeners[i].fd >= 0 && str_is(where, before.listeners[i].where)) {
                l->fd = before.listeners[i].fd;
                before.listeners[i].fd = -1;
                break;
            }
        if (l->fd < 0 && (l->fd = open_listener(where)) < 0)
            return false;
        now->n_listeners++;
    }
    for (size_t i = 0; i < before.n_listeners; i++)
        if (before.listeners[i].fd >= 0)
            close(before.listeners[i].fd);
    return now->n_listeners > 0;
}

static void start_worker(struct master *m, size_t slot, double now)
{
    struct worker *w = &m->workers[slot];
    board_set(&m->board->slots[slot], SLOT_STARTING);
    pid_t master = getpid(), pid = fork();
    if (pid == 0)
        exit(worker_main(m->o, m->handover.listeners[w->listener].fd, master, m->board, slot));
    if (pid < 0) {
        log_error("worker.fork", "why", strerror(errno), NULL);
        board_set(&m->board->slots[slot], SLOT_FREE);
        w->due = now + FORK_AGAIN_MS / 1e3;
        return;
    }
    w->pid = pid;
    w->born = now;
}

/* Gives this master's workers places beside those of the one before. */
static void want_workers(struct master *m)
{
    long n = m->o->workers < 1 ? 1 : m->o->workers > MAX_WORKERS ? MAX_WORKERS : m->o->workers;
    for (size_t i = 0; i < BOARD_SLOTS && n > 0; i++) {
        struct worker *w = &m->workers[i];
        if (w->is_old)
            continue;
        w->is_wanted = true;
        w->listener = (size_t)n % m->handover.n_listeners;
        n--;
    }
}

/* Starts those that are missing and due; returns how many seconds may be slept. */
static double start_missing(struct master *m)
{
    double now = seconds_now(), pause = 3600;
    for (size_t i = 0; i < BOARD_SLOTS; i++) {
        struct worker *w = &m->workers[i];
        if (!w->is_wanted || w->pid > 0)
            continue;
        if (w->due <= now)
            start_worker(m, i, now);
        if (w->pid <= 0 && w->due - now < pause)
            pause = w->due > now ? w->due - now : 0;
    }
    return pause;
}

static bool has_old(const struct master *m)
{
    for (size_t i = 0; i < BOARD_SLOTS; i++)
        if (m->workers[i].is_old)
            return true;
    return false;
}

static bool all_ready(const struct master *m)
{
    for (size_t i = 0; i < BOARD_SLOTS; i++)
        if (m->workers[i].is_wanted &&
            (m->workers[i].pid <= 0 || board_get(&m->board->slots[i]) < SLOT_IDLE))
            return false;
    return true;
}

/* Once every new worker is ready the old ones are asked to end; each finishes what it holds. */
static double retire_old(struct master *m)
{
    bool any_told = false, ready;
    double now = seconds_now();
    if (!has_old(m))
        return 3600;
    ready = all_ready(m);
    for (size_t i = 0; i < BOARD_SLOTS; i++) {
        struct worker *w = &m->workers[i];
        if (!w->is_old)
            continue;
        if (w->told > 0 && now - w->told > OLD_SECONDS) {
            kill(w->pid, SIGKILL);
        } else if (w->told <= 0 && ready) {
            kill(w->pid, SIGTERM);
            w->told = now;
            any_told = true;
        }
    }
    if (any_told) {
        board_add(&m->board->reloads, 1);
        log_info("pool.reloaded", "pool", m->o->name, NULL);
    }
    return ready ? 1 : 0.02;
}

/* Asks all workers to finish and waits; after DRAIN_SECONDS those left are ended. */
static void drain(struct master *m)
{
    double deadline = seconds_now() + DRAIN_SECONDS;
    for (;;) {
        bool alive = false;
        for (size_t i = 0; i < BOARD_SLOTS; i++) {
            struct worker *w = &m->workers[i];
            if (w->pid <= 0)
                continue;
            if (waitpid(w->pid, NULL, WNOHANG) == w->pid) {
                w->pid = 0;
                continue;
            }
            kill(w->pid, seconds_now() < deadline ? SIGTERM : SIGKILL);
            alive = true;
        }
        if (!alive)
            return;
        nap(20);
    }
}

/* Seconds until a worker that has fallen at its start so many times running is started again: at
 * most 1.6, so that nobody who makes workers end keeps them away for long. */
static double pause_after(int falls)
{
    return falls == 0 ? 0 : 0.1 * (double)(1 << (falls < 4 ? falls : 4));
}

/* The worker in this place has ended. */
static void worker_ended(struct master *m, size_t slot, int status)
{
    struct worker *w = &m->workers[slot];
    double now = seconds_now();
    bool was_asked = w->told > 0;
    w->pid = 0;
    board_set(&m->board->slots[slot], SLOT_FREE);
    share_end(m->board, slot); /* one that was killed did not say so */
    if (WIFSIGNALED(status) && !was_asked) {
        char text[12];
        snprintf(text, sizeof text, "%d", WTERMSIG(status));
        log_error("worker.died", "signal", text, NULL);
        board_add(&m->board->deaths, 1);
    }
    if (w->is_old) {
        *w = (struct worker){.pid = 0};
        return;
    }
    w->falls = now - w->born < 1.0 ? w->falls + 1 : 0;
    w->due = now + pause_after(w->falls);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_UNFIT)
        return;
    if (has_old(m)) {
        log_error("reload.waits", "why", "a new worker is unfit; the old ones serve", NULL);
        w->due = now + UNFIT_AGAIN_MS / 1e3;
        return;
    }
    m->code = EXIT_UNFIT; /* and so would be the next */
    m->is_stopping = true;
}

/* ---- reload: SIGHUP, check, exec ---- */

static void refuse_reload(struct master *m, const char *why, int code)
{
    char text[12];
    snprintf(text, sizeof text, "%d", code);
    board_add(&m->board->refused, 1);
    log_error("reload.refused", "pool", m->o->name, "why", why, "code", text, NULL);
}

/* Whether old and new workers would find places; else it is tried when old ones have ended. */
static bool has_room(const struct master *m)
{
    long n = 0;
    for (size_t i = 0; i < BOARD_SLOTS; i++)
        n += m->workers[i].pid > 0;
    return n <= BOARD_SLOTS - MAX_WORKERS;
}

static void start_check(struct master *m)
{
    m->check_again = m->check > 0 || !has_room(m);
    if (m->check_again)
        return;
    m->check = reload_check(m->o->argv);
    m->check_until = seconds_now() + CHECK_SECONDS;
    if (m->check < 0) {
        refuse_reload(m, strerror(errno), errno);
        m->check = 0;
    }
}

static void check_ended(struct master *m, int status)
{
    m->check = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
        refuse_reload(m, "the installed program is unfit",
                      WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
        return;
    }
    for (size_t i = 0; i < BOARD_SLOTS; i++)
        m->handover.workers[i] = m->workers[i].pid;
    reload_exec(m->o->argv, &m->handover);
    refuse_reload(m, strerror(errno), errno);
}

static void reap(struct master *m)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == m->check) {
            check_ended(m, status);
            continue;
        }
        for (size_t i = 0; i < BOARD_SLOTS; i++)
            if (m->workers[i].pid == pid)
                worker_ended(m, i, status);
    }
    if (m->check > 0 && seconds_now() > m->check_until)
        kill(m->check, SIGKILL);
    if (m->check_again && m->check == 0)
        start_check(m);
}

/* Takes one signal, or none within the time. All are held back but here: none is lost. */
static void take_signal(struct master *m, const sigset_t *held, double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    int signal = sigtimedwait(held, NULL, &t);
    if (signal == SIGTERM || signal == SIGINT)
        m->is_stopping = true;
    if (signal == SIGHUP)
        start_check(m);
}

static void hold_signals(sigset_t *held)
{
    sigemptyset(held);
    sigaddset(held, SIGTERM);
    sigaddset(held, SIGINT);
    sigaddset(held, SIGHUP);
    sigaddset(held, SIGCHLD);
    sigprocmask(SIG_SETMASK, held, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int pool_main(const struct pool_options *o)
{
    static struct master m;
    sigset_t held;

    hold_signals(&held); /* also over exec: what comes meanwhile waits */
    m.o = o;
    bool is_reload = reload_inherited(&m.handover);
    for (size_t i = 0; is_reload && i < BOARD_SLOTS; i++)
        if (m.handover.workers[i] > 0)
            m.workers[i] = (struct worker){.pid = m.handover.workers[i], .is_old = true};
    if (FCGX_Init() != 0)
        return EXIT_FAILURE;
    if (!open_listeners(&m))
        return EXIT_UNFIT;
    m.board = board_make(o->boards, o->name, o->version, o->features, is_reload);
    want_workers(&m);
    if (sandbox_landlock() == 0)
        log_info("sandbox.no_landlock", "why", "this kernel has none; seccomp alone holds", NULL);
    log_info(is_reload ? "pool.reloading" : "pool.started", "pool", o->name, "version", o->version,
             NULL);

    while (!m.is_stopping) {
        reap(&m);
        if (m.is_stopping)
            break;
        double missing = start_missing(&m), old = retire_old(&m);
        double pause = missing < old ? missing : old;
        take_signal(&m, &held, m.check > 0 && pause > 1 ? 1 : pause);
    }
    drain(&m);
    log_info("pool.stopped", "pool", o->name, NULL);
    return m.code;
}
