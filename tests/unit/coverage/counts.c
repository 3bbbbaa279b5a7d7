/*
 * counts.c -- linked into the programs of `make coverage` only, so that what they ran is counted however they end. gcov's
 * counters are written to files when a process ends by exit(): the sandbox would forbid it, _exit() and abort() skip it, and
 * tests kill workers.
 * scripts/install takes these programs only when FOYER_COVERAGE asks for them.
 */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sandbox.h"

extern void __gcov_dump(void);
extern void __gcov_reset(void);

/* Others add to the same files: tests run as root, pools do not. */
static void dump(void)
{
    mode_t was = umask(0);
    __gcov_dump();
    umask(was);
}

enum err __wrap_sandbox_enter(const struct sandbox *s);
enum err __wrap_sandbox_enter(const struct sandbox *s)
{
    (void)s;
    return OK;
}

/* A worker ends a request. Tests kill workers: what they ran until then counts all the same, but for a few requests. */
void __real_log_request(const char *id);
void __wrap_log_request(const char *id);
void __wrap_log_request(const char *id)
{
    static unsigned n;
    __real_log_request(id);
    if (!id && ++n % 16 == 0) {
        dump();
        __gcov_reset(); /* else it would be added once more */
    }
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
