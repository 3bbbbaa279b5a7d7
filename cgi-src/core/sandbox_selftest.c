/*
 * sandbox_selftest.c -- shows from inside that the sandbox holds, and that it lets work be done.
 * Owns: the list of attempts. Never: changes anything; each attempt is a child that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder.h"
#include "sandbox.h"

/* Each returns 0 when it could do what it tried. A refusal: an error, or the end by SIGSYS. */

static int open_outside(void) { return open("/bin/sh", O_RDONLY) < 0; }
static int write_outside(void) { return open("/tmp/foyer-selftest", O_WRONLY | O_CREAT, 0600) < 0; }
/* A path that is nowhere: what may do it finds nothing to empty. */
static int empty_by_reading(void)
{
    return open("/tmp/foyer-selftest.none", O_RDONLY | O_TRUNC) < 0;
}
/* The directory, for its files are replaced while a process runs. */
static int names_directory(void) { return open("/etc", O_RDONLY | O_DIRECTORY) < 0; }
static int list_outside(void) { return open("/", O_RDONLY | O_DIRECTORY) < 0; }
/* By system call, as injected code would; the library's exec is imported for the reload alone. */
static int run_program(void)
{
    char *const words[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"true"}, NULL};
    return (int)syscall(SYS_execve, "/bin/sh", words, NULL);
}
static int run_opened_program(void)
{
    char *const words[] = {(char[]){"true"}, NULL};
    return (int)syscall(SYS_execveat, AT_FDCWD, "/bin/true", words, NULL, 0);
}
static int fork_child(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0;
}
static int trace_parent(void) { return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != 0; }
static int read_parent(void)
{
    return (int)syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}
static int mount_something(void) { return mount("none", "/tmp", "tmpfs", 0, NULL); }
static int network_socket(void) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0; }
static int network_socket6(void) { return socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0; }
static int packet_socket(void) { return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0; }
static int new_namespace(void) { return (int)syscall(SYS_unshare, 0x10000000); }
static int io_ring(void)
{
    static char parameters[256]; /* struct io_uring_params, and room */
    return syscall(SYS_io_uring_setup, 4, parameters) < 0;
}
static int load_bpf(void) { return syscall(SYS_bpf, 0, NULL, 0) < 0; }
static int signal_parent(void) { return kill(getppid(), SIGURG); }
static int become_root(void) { return (int)syscall(SYS_setuid, 0); }
static int executable_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED;
}
static int make_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) != 0;
}
static int local_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0; }
static int take_memory(void)
{
    char *p = malloc(1 << 20);
    if (!p)
        return 1;
    p[0] = 1;
    free(p);
    return 0;
}

enum { NEVER, WITHOUT_LANDLOCK, WITH_NETWORK, NAMES, ALWAYS };
static const struct attempt {
    const char *what;
    int (*run)(void);
    int allowed;
} attempts[] = {
    {"open a file outside", open_outside, WITHOUT_LANDLOCK},
    {"write a file outside", write_outside, NEVER},
    {"open a file for reading and empty it", empty_by_reading, NEVER},
    {"read how names are resolved, also after a change", names_directory, NAMES},
    {"list the root directory", list_outside, WITHOUT_LANDLOCK},
    {"execute a shell", run_program, NEVER},
    {"execute by execveat", run_opened_program, NEVER},
    {"fork", fork_child, NEVER},
    {"trace the parent (ptrace)", trace_parent, NEVER},
    {"read the parent's memory", read_parent, NEVER},
    {"mount", mount_something, NEVER},
    {"socket to the network", network_socket, WITH_NETWORK},
    {"socket to the network, IPv6", network_socket6, WITH_NETWORK},
    {"raw socket", packet_socket, NEVER},
    {"new user namespace", new_namespace, NEVER},
    {"io_uring", io_ring, NEVER},
    {"bpf", load_bpf, NEVER},
    {"signal the parent", signal_parent, NEVER},
    {"setuid", become_root, NEVER},
    {"map writable and executable memory", executable_memory, NEVER},
    {"make memory executable", make_executable, NEVER},
    {"socket on this machine", local_socket, ALWAYS},
    {"take memory", take_memory, ALWAYS},
};

static void attempt_in_child(const struct sandbox *s, const struct attempt *a)
{
    if (sandbox_enter(s) != OK)
        _exit(3);
    _exit(a->run() == 0 ? 0 : 2);
}

/* A worker in its sandbox, whose decoder was started before (SECURITY.md H-04). */
static int decoder_in_child(const struct sandbox *s)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct decoder *d = decoder_start(decoder_attempt, &(struct decoder_limits){0});
        int wrong = d && sandbox_enter(s) == OK ? decoder_selftest(d) : 1;
        fflush(stdout);
        _exit(wrong ? 1 : 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int sandbox_selftest(const struct sandbox *s)
{
    int wrong = 0;
    printf("Landlock of this kernel: version %d%s\n", sandbox_landlock(),
           sandbox_landlock() ? "" : " (none: files outside can be read, not written)");
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        const struct attempt *a = &attempts[i];
        bool may = a->allowed == ALWAYS || (a->allowed == WITH_NETWORK && s->has_network) ||
                   (a->allowed == NAMES && (s->has_network || sandbox_landlock() == 0)) ||
                   (a->allowed == WITHOUT_LANDLOCK && sandbox_landlock() == 0);
        int status = 0;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            attempt_in_child(s, a);
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
            return 1;
        bool could = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        bool entered = !(WIFEXITED(status) && WEXITSTATUS(status) == 3);
        const char *how = could                 ? "done"
                          : WIFSIGNALED(status) ? (WTERMSIG(status) == SIGSYS ? "killed" : "died")
                          : entered             ? "refused"
                                                : "no sandbox";
        bool good = entered && could == may && strcmp(how, "died") != 0;
        printf("%-5s %s: %s\n", good ? "ok" : "WRONG", a->what, how);
        wrong += !good;
    }
    if (!s->is_jobs)
        wrong += decoder_in_child(s);
    return wrong ? 1 : 0;
}
