/*
 * reload.h -- one master becomes the next: the program is asked whether it is fit, then executed in
 * place, with the same process id, the same listening sockets and the same children.
 */
#ifndef FOYER_RELOAD_H
#define FOYER_RELOAD_H
#include <sys/types.h>

#include "base.h"
#include "board.h"

enum { MAX_LISTENERS = 8 };

struct listener {
    int fd;
    char where[128]; /* "unix:/path" */
};

/* What the master before left: sockets, and its workers by slot (pid 0: none). */
struct handover {
    struct listener listeners[MAX_LISTENERS];
    size_t n_listeners;
    pid_t workers[BOARD_SLOTS];
};

/* Takes it out of the environment; false: this is a first start. */
bool reload_inherited(struct handover *h);
/* Starts the installed program with --check; its exit status 0 means: fit. -1: no process. */
pid_t reload_check(char **argv);
/* Becomes the installed program. Returns only when that failed, with errno. */
void reload_exec(char **argv, const struct handover *h);

#endif
