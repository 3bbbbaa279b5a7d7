/*
 * reload.c -- the handover between two masters, as text in FOYER_HANDOVER:
 *   "FD@ADDRESS,... SLOT:PID,..."
 * Owns: that variable. Never: decides when; pool.c does.
 */
#include "reload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char variable[] = "FOYER_HANDOVER";

static void read_listeners(struct handover *h, struct str list)
{
    int64_t fd;
    while (list.n > 0 && h->n_listeners < MAX_LISTENERS) {
        struct str where = str_cut(&list, ',');
        struct str number = str_cut(&where, '@');
        struct listener *l = &h->listeners[h->n_listeners];
        if (str_int(number, &fd) || fd < 3 || where.n >= sizeof l->where ||
            fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
            continue;
        l->fd = (int)fd;
        snprintf(l->where, sizeof l->where, "%.*s", (int)where.n, where.p);
        h->n_listeners++;
    }
}

static void read_workers(struct handover *h, struct str list)
{
    int64_t slot, pid;
    while (list.n > 0) {
        struct str number = str_cut(&list, ',');
        struct str at = str_cut(&number, ':');
        if (!str_int(at, &slot) && !str_int(number, &pid) && slot >= 0 && slot < BOARD_SLOTS &&
            pid > 1)
            h->workers[slot] = (pid_t)pid;
    }
}

bool reload_inherited(struct handover *h)
{
    *h = (struct handover){.n_listeners = 0};
    const char *text = getenv(variable);
    if (!text)
        return false;
    struct str workers = str_of(text);
    struct str listeners = str_cut(&workers, ' ');
    read_listeners(h, listeners);
    read_workers(h, workers);
    unsetenv(variable);
    return true;
}

pid_t reload_check(char **argv)
{
    char *with_check[32];
    size_t n = 0;
    for (; n < COUNT_OF(with_check) - 2 && argv[n]; n++)
        with_check[n] = argv[n];
    with_check[n] = "--check";
    with_check[n + 1] = NULL;
    if (n == 0) {
        errno = EINVAL; /* started without a name */
        return -1;
    }
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(with_check[0], with_check);
    fprintf(stderr, "%s: cannot be executed: %s\n", argv[0], strerror(errno));
    _exit(127);
}

void reload_exec(char **argv, const struct handover *h)
{
    static char text[BOARD_SLOTS * 16 + MAX_LISTENERS * 160];
    size_t n = 0;
    for (size_t i = 0; i < h->n_listeners; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d@%s", i ? "," : "",
                              h->listeners[i].fd, h->listeners[i].where);
    text[n++] = ' ';
    for (size_t i = 0; i < BOARD_SLOTS; i++)
        if (h->workers[i] > 0)
            n += (size_t)snprintf(text + n, sizeof text - n, "%zu:%d,", i, (int)h->workers[i]);
    text[n] = '\0';
    if (setenv(variable, text, 1) != 0)
        return;
    for (size_t i = 0; i < h->n_listeners; i++)
        fcntl(h->listeners[i].fd, F_SETFD, 0);
    execv(argv[0], argv);
    int why = errno;
    for (size_t i = 0; i < h->n_listeners; i++)
        fcntl(h->listeners[i].fd, F_SETFD, FD_CLOEXEC);
    unsetenv(variable);
    errno = why;
}
