/*
 * decoder_selftest.c -- shows from inside that a decoder's child can read, write and end, and nothing else.
 * Owns: the list of attempts. Never: changes anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder.h"

/* By system call where a library would look first. Each returns 0 when it could. */
static int open_file(void) { return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0; }
static int make_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0) < 0; }
static int fork_child(void) { return fork() < 0; }
static int make_thread(void)
{
    return syscall(SYS_clone, 0x100 | 0x200 | 0x400 | 0x800 | 0x10000, 0, 0, 0, 0) < 0;
}
static int run_program(void)
{
    char *const words[] = {(char[]){"true"}, NULL};
    return (int)syscall(SYS_execve, "/bin/true", words, NULL);
}
static int trace(void) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0; }
static int signal_parent(void) { return (int)syscall(SYS_kill, getppid(), 0); }
static int read_another(void)
{
    char c;
    return read(3, &c, 1) < 0;
}
static int write_another(void) { return write(2, "x", 1) < 0; }
static int map_program(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED;
}
static int take(size_t megabytes)
{
    char *volatile p = malloc(megabytes << 20);
    if (!p)
        return 1;
    p[0] = 1;
    free(p);
    return 0;
}
static int take_much(void) { return take(600); }
static int take_some(void) { return take(64); }
static int nothing(void) { return 0; }

static const struct attempt {
    const char *what;
    int (*run)(void);
    bool may;
} attempts[] = {
    {"open a file", open_file, false},
    {"socket", make_socket, false},
    {"fork", fork_child, false},
    {"thread", make_thread, false},
    {"execute a program", run_program, false},
    {"ptrace", trace, false},
    {"signal the parent", signal_parent, false},
    {"read another descriptor", read_another, false},
    {"write to another descriptor", write_another, false},
    {"map executable memory", map_program, false},
    {"take 600 MB of memory", take_much, false},
    {"take 64 MB of memory", take_some, true},
    {"read, write and end", nothing, true},
};

/* The file says which; it is written back when that could be done. */
int decoder_attempt(int in, int out)
{
    unsigned char which;
    if (read(in, &which, 1) != 1 || which >= COUNT_OF(attempts) || attempts[which].run() != 0)
        return 1;
    return write(out, &which, 1) == 1 ? 0 : 1;
}

int decoder_selftest(struct decoder *d)
{
    struct arena *a = arena_new(1 << 20);
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        char which = (char)i;
        struct str out;
        enum err e = decoder_run(d, a, (struct str){&which, 1}, 1, &out);
        int s = decoder_status(d);
        bool could = e == OK && out.n == 1 && out.p[0] == which;
        const char *how = could              ? "done"
                          : e != ERR_INVALID ? "no decoder"
                          : WIFSIGNALED(s)   ? (WTERMSIG(s) == SIGSYS ? "killed" : "died")
                          : WIFEXITED(s) && WEXITSTATUS(s) == 1 ? "refused"
                                                                : "ended";
        bool good = could == attempts[i].may &&
                    (could || strcmp(how, "killed") == 0 || strcmp(how, "refused") == 0);
        printf("%-5s decoder: %s: %s\n", good ? "ok" : "WRONG", attempts[i].what, how);
        wrong += !good;
        arena_reset(a);
    }
    arena_free(a);
    return wrong;
}
