/*
 * counts.c -- linked into the programs of `make coverage` only, so that what they ran is counted however they end. gcov's
 * counters are written to files when a process ends by exit(): the sandbox would forbid it, and _exit() and abort() skip it.
 * scripts/install takes these programs only when FOYER_COVERAGE asks for them.
 */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sandbox.h"

extern void __gcov_dump(void);

/* Others add to the same files: tests run as root, pools do not. */
static void dump(void)
{
    umask(0);
    __gcov_dump();
}

enum err __wrap_sandbox_enter(const struct sandbox *s);
enum err __wrap_sandbox_enter(const struct sandbox *s)
{
    (void)s;
    return OK;
}

_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap__exit(int code)
{
    dump();
    __real__exit(code);
}
_Noreturn void __wrap__Exit(int code);
_Noreturn void __wrap__Exit(int code)
{
    dump();
    __real__exit(code);
}

static void on_abort(int signal)
{
    (void)signal;
    dump(); /* abort() then ends the process as ever */
}

__attribute__((constructor)) static void begin(void) { signal(SIGABRT, on_abort); }
/* Before gcov's own, which has the least number. */
__attribute__((destructor)) static void end(void) { umask(0); }
