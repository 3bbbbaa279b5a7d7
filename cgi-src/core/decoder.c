/*
 * decoder.c -- see decoder.h. Who talks to whom: the worker sends one byte for each file; the waiting process answers with the
 * worker's ends of two new pipes, forks the child, waits for it and sends how it ended.
 * Owns: the child's limits and its list of system calls.
 * Never: reads a byte of a file itself; the waiting process only forks.
 */
#include "decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct decoder {
    int fd; /* to the waiting process; -1: it is gone */
    pid_t pid;
    int status;
};

#define CALL(name) SCMP_SYS(name)

/* ---- the child ---- */

static int only_on(scmp_filter_ctx ctx, int call, int fd)
{
    return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
}

/* Read, write, memory, the end. Anything else is the end, too. */
static scmp_filter_ctx child_filter(void)
{
    static const int calls[] = {
        CALL(brk),
        CALL(munmap),
        CALL(mremap),
        CALL(madvise),
        CALL(exit),
        CALL(exit_group),
        CALL(rt_sigreturn),
#if SANITIZED
        CALL(sigaltstack), /* before what does not return */
#endif
    };
    const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = ctx ? 0 : -ENOMEM;
    for (size_t i = 0; i < COUNT_OF(calls) && rc == 0; i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
    rc = rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mmap), 1, no_exec);
    rc = rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mprotect), 1, no_exec);
    rc = rc ? rc : only_on(ctx, CALL(read), STDIN_FILENO);
    rc = rc ? rc : only_on(ctx, CALL(write), STDOUT_FILENO);
    if (rc == 0)
        return ctx;
    if (ctx)
        seccomp_release(ctx);
    return NULL;
}

static bool limit(__rlimit_resource_t what, rlim_t most)
{
    return setrlimit(what, &(struct rlimit){most, most}) == 0;
}

enum { NOT_LIMITED = 120 }; /* the child's exit when it could not be shut in: nothing was decoded */

static _Noreturn void child(decode_fn *decode, const struct decoder_limits *l,
                            scmp_filter_ctx filter, int in, int out)
{
    bool good = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0;
    good = good && dup2(in, STDIN_FILENO) == STDIN_FILENO &&
           dup2(out, STDOUT_FILENO) == STDOUT_FILENO && close_range(STDERR_FILENO, ~0u, 0) == 0;
    good = good && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
           limit(RLIMIT_CPU, l->cpu_seconds) && limit(RLIMIT_NPROC, 0);
    /* (the address space of a sanitizer is larger than any limit) */
    good = good && (SANITIZED || limit(RLIMIT_AS, (rlim_t)l->memory_mb << 20)) &&
           seccomp_load(filter) == 0;
    _exit(good ? decode(STDIN_FILENO, STDOUT_FILENO) : NOT_LIMITED);
}

/* ---- the waiting process ---- */

static bool send_ends(int to, int in, int out)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    char byte = 1;
    struct iovec iov = {&byte, 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(c), (int[]){in, out}, 2 * sizeof(int));
    return sendmsg(to, &m, MSG_NOSIGNAL) == 1;
}

/* One file. How its child ended, or -1: there was none. */
static int one_file(int to, decode_fn *decode, const struct decoder_limits *l,
                    scmp_filter_ctx filter)
{
    int in[2], out[2], status = -1;
    if (pipe2(in, O_CLOEXEC) != 0)
        return -1;
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]), close(in[1]);
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0)
        child(decode, l, filter, in[0], out[1]);
    close(in[0]), close(out[1]);
    bool told = pid > 0 && send_ends(to, in[1], out[0]);
    close(in[1]), close(out[0]);
    if (pid > 0 && (!told || waitpid(pid, &status, 0) != pid))
        status = -1;
    return status;
}

static struct decoder_limits filled_in(const struct decoder_limits *l)
{
    return (struct decoder_limits){l->memory_mb ? l->memory_mb : 512,
                                   l->cpu_seconds ? l->cpu_seconds : 10};
}

/* The waiting process's end of the socket is 3, and nothing of the worker's stays open beside it, so that its end is seen and no
 * child can reach it. */
static bool keep_only(int fd)
{
    return (fd == 3 || dup2(fd, 3) == 3) && fcntl(3, F_SETFD, 0) == 0 &&
           close_range(4, ~0u, 0) == 0;
}

static _Noreturn void wait_for_files(int fd, decode_fn *decode, const struct decoder_limits *l)
{
    char byte;
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    scmp_filter_ctx filter = child_filter();
    if (!filter || !keep_only(fd))
        _exit(1);
    while (recv(3, &byte, 1, 0) == 1) {
        int status = one_file(3, decode, l, filter);
        if (send(3, &status, sizeof status, MSG_NOSIGNAL) != (ssize_t)sizeof status)
            break;
    }
    _exit(0);
}

void decoder_serve(decode_fn *decode, const struct decoder_limits *limits)
{
    struct decoder_limits l = filled_in(limits);
    wait_for_files(3, decode, &l);
}

/* In the new process. A sanitizer is told by its environment what to do; nothing else of it is passed on. */
static _Noreturn void execute(const char *program, int fd)
{
    static char language[] = "LANG=C.UTF-8";
    char *words[] = {(char *)(uintptr_t)program, NULL}, *none[] = {language, NULL};
    if (keep_only(fd))
        execve(program, words, SANITIZED ? environ : none);
    log_error("decoder.start", "program", program, "why", strerror(errno), NULL);
    _exit(1);
}

/* A decoder without a process, and both ends of its socket; NULL, logged. */
static struct decoder *new_decoder(int pair[2])
{
    struct decoder *d = malloc(sizeof *d);
    signal(SIGPIPE, SIG_IGN);
    if (d && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0)
        return d;
    log_error("decoder.start", "why", strerror(errno), NULL);
    free(d);
    return NULL;
}

/* In the worker, after the fork. */
static struct decoder *started(struct decoder *d, const int pair[2], pid_t pid)
{
    close(pair[1]);
    *d = (struct decoder){.fd = pair[0], .pid = pid};
    if (pid > 0)
        return d;
    log_error("decoder.start", "why", strerror(errno), NULL);
    close(pair[0]);
    free(d);
    return NULL;
}

struct decoder *decoder_start(decode_fn *decode, const struct decoder_limits *limits)
{
    struct decoder_limits l = filled_in(limits);
    int pair[2];
    struct decoder *d = new_decoder(pair);
    pid_t pid = d ? fork() : -1;
    if (pid == 0)
        wait_for_files(pair[1], decode, &l);
    return d ? started(d, pair, pid) : NULL;
}

struct decoder *decoder_start_program(const char *program)
{
    int pair[2];
    struct decoder *d = new_decoder(pair);
    pid_t pid = d ? fork() : -1;
    if (pid == 0)
        execute(program, pair[1]);
    return d ? started(d, pair, pid) : NULL;
}

static void gone(struct decoder *d)
{
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

void decoder_stop(struct decoder *d)
{
    gone(d);
    while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    free(d);
}

/* ---- the worker ---- */

/* 1: both ends have come; 0: there is no child, and *status has come instead; -1: the waiting process is gone. */
static int receive_ends(int from, int ends[2], int *status)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec iov = {status, sizeof *status};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    ssize_t n;
    while ((n = recvmsg(from, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (n == 1 && c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(2 * sizeof(int))) {
        memcpy(ends, CMSG_DATA(c), 2 * sizeof(int));
        return 1;
    }
    return n == (ssize_t)sizeof *status ? 0 : -1;
}

/* Both ways at once, so that neither pipe waits for the other. The ends are closed afterwards. */
static enum err exchange(int in, int from, struct str file, size_t most_out, struct buf *b)
{
    char part[16384];
    enum err e = OK;
    fcntl(in, F_SETFL, O_NONBLOCK);
    if (file.n == 0) {
        close(in);
        in = -1;
    }
    for (;;) {
        struct pollfd p[2] = {{from, POLLIN, 0}, {in, POLLOUT, 0}};
        if (poll(p, 2, -1) < 0 && errno != EINTR) {
            e = ERR_UNAVAILABLE;
            break;
        }
        if (p[1].revents) {
            ssize_t n = write(in, file.p, file.n);
            if (n > 0)
                file = str_part(file, (size_t)n, file.n - (size_t)n);
            if (file.n == 0 ||
                (n < 0 && errno != EAGAIN && errno != EINTR)) { /* all, or it reads no more */
                close(in);
                in = -1;
            }
        }
        if (p[0].revents) {
            ssize_t n = read(from, part, sizeof part);
            if (n == 0 || (n < 0 && errno != EINTR))
                break;
            if (n > 0 && b->n + (size_t)n > most_out) {
                e = ERR_TOO_LARGE;
                break;
            }
            if (n > 0)
                buf_add(b, (struct str){part, (size_t)n});
        }
    }
    if (in >= 0)
        close(in);
    close(from);
    return e;
}

enum err decoder_run(struct decoder *d, struct arena *a, struct str file, size_t most_out,
                     struct str *out)
{
    int ends[2];
    d->status = -1;
    *out = S("");
    if (d->fd < 0 || send(d->fd, "f", 1, MSG_NOSIGNAL) != 1) {
        gone(d);
        return ERR_UNAVAILABLE;
    }
    int got = receive_ends(d->fd, ends, &d->status);
    if (got <= 0) {
        if (got < 0)
            gone(d);
        d->status = -1;
        return ERR_UNAVAILABLE;
    }
    struct buf b = buf_in(a, 4096);
    enum err e = exchange(ends[0], ends[1], file, most_out, &b);
    ssize_t n;
    while ((n = recv(d->fd, &d->status, sizeof d->status, 0)) < 0 && errno == EINTR) {
    }
    if (n != (ssize_t)sizeof d->status) {
        d->status = -1;
        gone(d);
        return ERR_UNAVAILABLE;
    }
    if (e)
        return e;
    if (d->status == -1 || (WIFEXITED(d->status) && WEXITSTATUS(d->status) == NOT_LIMITED))
        return ERR_UNAVAILABLE;
    if (!WIFEXITED(d->status) || WEXITSTATUS(d->status) != 0)
        return ERR_INVALID;
    *out = buf_str(&b);
    return OK;
}

int decoder_status(const struct decoder *d) { return d->status; }

bool decoder_is_gone(const struct decoder *d) { return d->fd < 0; }
