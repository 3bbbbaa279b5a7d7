/*
 * sandbox.c -- see sandbox.h. The list of system calls is here and nowhere else.
 * Owns: the list. Found by strace over the whole of scripts/test; a call that a library makes only
 * on a rare path (a lost database, a full disk) is listed too, so that no recovery ends in SIGSYS.
 * Never: lets a web worker execute, fork, open a network socket, or map memory executable.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(SANITIZED)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

void sandbox_process(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (!SANITIZED)
        prctl(PR_SET_DUMPABLE, 0);
}

/* ---- system calls ---- */

#define CALL(name) SCMP_SYS(name)

/* Of every worker: memory, time, its sockets, waiting, its log. */
static const int common[] = {
    CALL(brk),
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(read),
    CALL(readv),
    CALL(pread64),
    CALL(write),
    CALL(writev),
    CALL(lseek),
    CALL(close),
    CALL(fstat),
    CALL(newfstatat),
    CALL(statx),
    CALL(stat),
    CALL(lstat),
    CALL(access),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(readlink),
    CALL(readlinkat),
    CALL(getcwd),
    CALL(fcntl),
    CALL(accept),
    CALL(accept4),
    CALL(connect),
    CALL(getsockname),
    CALL(getpeername),
    CALL(getsockopt),
    CALL(setsockopt),
    CALL(sendto),
    CALL(recvfrom),
    CALL(sendmsg),
    CALL(recvmsg),
    CALL(shutdown),
    CALL(poll),
    CALL(ppoll),
    CALL(select),
    CALL(pselect6),
    CALL(epoll_wait),
    CALL(epoll_pwait),
    CALL(epoll_pwait2),
    CALL(nanosleep),
    CALL(clock_nanosleep),
    CALL(restart_syscall),
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(gettimeofday),
    CALL(time),
    CALL(getrandom),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(rt_sigpending),
    CALL(rt_sigtimedwait),
    CALL(sigaltstack),
    CALL(futex),
    CALL(futex_waitv),
    CALL(sched_yield),
    CALL(getpid),
    CALL(gettid),
    CALL(getppid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(uname),
    CALL(sysinfo),
    CALL(getrusage),
    CALL(times),
    CALL(umask),
    CALL(exit),
    CALL(exit_group),
};

/* Of jobs besides: heads of the audit trail are written; names are resolved in a thread. */
static const int of_jobs[] = {
    CALL(fsync),
    CALL(fdatasync),
    CALL(pwrite64),
    CALL(ftruncate),
    CALL(linkat),
    CALL(link),
    CALL(unlink),
    CALL(unlinkat),
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(flock),
    CALL(getdents64),
    CALL(socketpair),
    CALL(pipe2),
    CALL(eventfd2),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(sched_getaffinity),
    CALL(prlimit64),
    CALL(fallocate),
    CALL(epoll_create1),
    CALL(epoll_ctl),
};

/* Of a worker that keeps files: whole ones under a new name, in the one directory that Landlock leaves it. */
static const int of_keepers[] = {CALL(fsync), CALL(mkdirat), CALL(linkat), CALL(unlinkat)};

static const int of_network[] = {CALL(bind), CALL(ioctl), CALL(sendmmsg), CALL(recvmmsg)};

/*
 * Jobs load what the machine's nsswitch.conf names to find a mail server, and nobody knows what such a
 * library tries: it is told no. What only an intruder would try ends the process all the same.
 */
static const int fatal_in_jobs[] = {
    CALL(execve),
    CALL(execveat),
    CALL(fork),
    CALL(vfork),
    CALL(process_vm_writev),
    CALL(mount),
    CALL(umount2),
    CALL(pivot_root),
    CALL(chroot),
    CALL(unshare),
    CALL(setns),
    CALL(io_uring_setup),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(bpf),
    CALL(perf_event_open),
    CALL(userfaultfd),
    CALL(kexec_load),
    CALL(init_module),
    CALL(finit_module),
    CALL(delete_module),
    CALL(setuid),
    CALL(setgid),
    CALL(setreuid),
    CALL(setregid),
    CALL(setresuid),
    CALL(setresgid),
    CALL(setgroups),
    CALL(capset),
    CALL(keyctl),
    CALL(add_key),
    CALL(request_key),
    CALL(reboot),
    CALL(swapon),
    CALL(swapoff),
    CALL(settimeofday),
    CALL(clock_settime),
    CALL(memfd_create),
#if !SANITIZED
    CALL(ptrace),
    CALL(process_vm_readv),
#endif
};

#if SANITIZED
/* Of the sanitizers: reports, and the leak check at the end, which traces from a clone. */
static const int of_sanitizers[] = {
    CALL(getdents),
    CALL(mprotect),
    CALL(clone),
    CALL(ptrace),
    CALL(wait4),
    CALL(prctl),
    CALL(arch_prctl),
    CALL(kill),
    CALL(tkill),
    CALL(tgkill),
    CALL(getdents64),
    CALL(getrlimit),
    CALL(setrlimit),
    CALL(prlimit64),
    CALL(sched_getaffinity),
    CALL(pipe),
    CALL(pipe2),
    CALL(personality),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(ioctl),
    CALL(mlock),
    CALL(process_vm_readv),
    CALL(mincore),
    CALL(open),
    CALL(dup),
    CALL(dup2),
};
#endif

static int rules(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = seccomp_rule_add(ctx, action, calls[i], 0);
    return rc;
}

static int allow(scmp_filter_ctx ctx, const int *calls, size_t n)
{
    return rules(ctx, SCMP_ACT_ALLOW, calls, n);
}

/* Calls that depend on what they are asked for. */
static int allow_some(scmp_filter_ctx ctx, const struct sandbox *s)
{
    const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp not_both = /* writable or executable, never both: libraries of jobs */
        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC);
    /* O_TRUNC empties a file that is opened for reading only; Landlock knows of it from version 3 on */
    const struct scmp_arg_cmp reads =
        SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
    const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
    static const int domains[] = {AF_INET, AF_INET6};
    int rc = 0;
    rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mmap), 1, no_exec);
    rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    if (!SANITIZED) {
        /* whether a pool's master lives; signal 0 is none */
        rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(kill), 1, SCMP_A1(SCMP_CMP_EQ, 0));
        rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mprotect), 1, no_exec);
        rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(tgkill), 1, own); /* abort() */
        rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(tkill), 1, own);
    }
    /* A thread is a clone that shares all; clone3 hides its flags behind a pointer, so that the
     * library is told it does not exist and falls back. */
    rc |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
    for (size_t i = 0; s->has_network && i < COUNT_OF(domains); i++)
        rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)domains[i]));
    if (s->has_network) /* getaddrinfo asks which addresses the machine has, and can do without */
        rc |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), CALL(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
    /* a new file, and nothing emptied */
    if (s->keeps_files)
        rc |= seccomp_rule_add(
            ctx, SCMP_ACT_ALLOW, CALL(openat), 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT | O_EXCL | O_TRUNC, O_CREAT | O_EXCL));
    if (!s->is_jobs)
        return rc | seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(openat), 1, reads);
    rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(openat), 0);
    /* a new business's key is handed to the pools' group, and nothing is opened wider than that */
    rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(fchmod), 1, SCMP_A1(SCMP_CMP_EQ, 0640));
    rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mmap), 1, not_both);
    if (!SANITIZED) {
        rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(mprotect), 1, not_both);
        rc |= seccomp_rule_add(
            ctx, SCMP_ACT_ALLOW, CALL(clone), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_VM | CLONE_THREAD, CLONE_VM | CLONE_THREAD));
    }
    return rc;
}

#if SANITIZED
/* Tests run this build: a call that is missing from the list is named before the process ends. */
static void on_unlisted(int signal, siginfo_t *info, void *context)
{
    char text[16];
    (void)signal;
    (void)context;
    snprintf(text, sizeof text, "%d", info->si_syscall);
    log_error("sandbox.refused", "call", text, NULL);
    _exit(159);
}
#endif

static int load_filter(const struct sandbox *s)
{
#if SANITIZED
    struct sigaction act = {.sa_sigaction = on_unlisted, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &act, NULL);
    const uint32_t fatal = SCMP_ACT_TRAP;
#else
    const uint32_t fatal = SCMP_ACT_KILL_PROCESS;
#endif
    scmp_filter_ctx ctx = seccomp_init(s->is_jobs ? SCMP_ACT_ERRNO(EPERM) : fatal);
    if (!ctx)
        return -ENOMEM;
    int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a search tree, not a row */
    rc = rc ? rc : allow(ctx, common, COUNT_OF(common));
    if (s->is_jobs)
        rc = rc ? rc : allow(ctx, of_jobs, COUNT_OF(of_jobs));
    if (s->keeps_files)
        rc = rc ? rc : allow(ctx, of_keepers, COUNT_OF(of_keepers));
    if (s->is_jobs)
        rc = rc ? rc : rules(ctx, fatal, fatal_in_jobs, COUNT_OF(fatal_in_jobs));
    if (s->has_network)
        rc = rc ? rc : allow(ctx, of_network, COUNT_OF(of_network));
#if SANITIZED
    rc = rc ? rc : allow(ctx, of_sanitizers, COUNT_OF(of_sanitizers));
#endif
    rc = rc ? rc : allow_some(ctx, s);
    rc = rc ? rc : seccomp_load(ctx);
    seccomp_release(ctx);
    return rc;
}

/* ---- directories ---- */

/* Of the kernel's header, which is older here than kernels that run it. */
struct ruleset {
    uint64_t files, ports, scopes;
};
enum {
    FS_TRUNCATE = 1 << 14,
    FS_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    FS_WRITE = FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
               LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE,
    OF_FILES = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE,
    TCP_BOTH = 3,    /* bind and connect */
    SCOPES_BOTH = 3, /* abstract sockets of, and signals to, processes outside */
};

/* All that a version of Landlock can forbid, and the bytes of the structure it knows. */
static size_t handled(int version, const struct sandbox *s, struct ruleset *out)
{
    const int bits = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
    *out = (struct ruleset){.files = (1ull << bits) - 1};
    if (version >= 4 && !s->has_network)
        out->ports = TCP_BOTH;
    if (version >= 6)
        out->scopes = SCOPES_BOTH;
    return version >= 6 ? 24 : version >= 4 ? 16 : 8;
}

int sandbox_landlock(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

/* A path that is not there needs no permission. */
static bool permit(int rules, const char *path, uint64_t rights, uint64_t known)
{
    struct stat st;
    if (!path || !*path)
        return true;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == EACCES || errno == ENOTDIR;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rights &= OF_FILES;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights & known, .parent_fd = fd};
    bool done = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return done;
}

static bool restrict_files(const struct sandbox *s)
{
    struct ruleset all;
    int version = sandbox_landlock();
    if (version == 0)
        return true; /* an older kernel; seccomp and systemd remain */
    size_t size = handled(version, s, &all);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (rules < 0)
        return false;
    bool good = true;
    for (size_t i = 0; i < SANDBOX_PATHS; i++)
        good = good && permit(rules, s->read[i], FS_READ, all.files) &&
               permit(rules, s->write[i], FS_WRITE, all.files);
    if (SANITIZED) /* the leak check reads its own maps */
        good = good && permit(rules, "/proc", FS_READ, all.files);
    good = good && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return good;
}

/* What is short now may be there in a moment; all else will not get better by itself. */
static enum err not_entered(const char *event, int why)
{
    log_error(event, "why", strerror(why), NULL);
    return why == EMFILE || why == ENFILE || why == ENOMEM ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

enum err sandbox_enter(const struct sandbox *s)
{
    if (!restrict_files(s))
        return not_entered("sandbox.landlock", errno);
    int rc = load_filter(s);
    return rc == 0 ? OK : not_entered("sandbox.seccomp", -rc);
}
