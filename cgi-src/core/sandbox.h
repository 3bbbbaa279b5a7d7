/*
 * sandbox.h -- what a process of Foyer may ask of the kernel once it has started.
 *
 * Three layers: systemd's around the unit (scripts/systemd), and two that a worker puts on itself
 * before its first request: an allow-list of system calls (seccomp) and of directories (Landlock,
 * where the kernel has it). What is not listed ends the process with SIGSYS: the master logs
 * worker.died, signal 31, and starts another.
 */
#ifndef FOYER_SANDBOX_H
#define FOYER_SANDBOX_H
#include "base.h"

enum { SANDBOX_PATHS = 16 };

struct sandbox {
    bool is_jobs;     /* writes files, and has the threads of the mail library's name resolver */
    bool keeps_files; /* puts files into the directories of write: the slow pool, for pictures */
    bool has_network; /* TCP and UDP outwards: jobs; pools only when their database is far */
    const char *read[SANDBOX_PATHS];  /* directories and files it may read; NULL or "": unused */
    const char *write[SANDBOX_PATHS]; /* directories it may also write in */
};

/*
 * sandbox_process -- no core files, and not to be traced or read by other processes of its user.
 * First call of every program. Programs with sanitizers stay traceable: the leak check traces.
 */
void sandbox_process(void);

/*
 * sandbox_landlock -- version of the kernel's Landlock, 0: it has none. Logged once by masters.
 */
int sandbox_landlock(void);

/*
 * sandbox_enter -- from here on only what is listed. Cannot be undone; children inherit it.
 * Before it: files opened, libraries used once (crypto_warm), memory locked.
 * Errors, logged; the process must not go on: ERR_UNAVAILABLE, files or memory are short now; ERR_INTERNAL.
 */
enum err MUST_CHECK sandbox_enter(const struct sandbox *s);

/*
 * sandbox_selftest -- for each forbidden thing, and some that must work, a child that enters the
 * sandbox and tries. A line each on standard output. Returns 0, or 1 when one went the wrong way.
 */
int sandbox_selftest(const struct sandbox *s);

#endif
