/*
 * null.c -- answers every FastCGI request with the same bytes: what nginx, libfcgi and the way between them cost before any
 * work is done. usage: null SOCKET WORKERS FILE
 * The answer's headers are those that a page of the product has.
 */
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void answer_for_ever(int socket, const char *head, const char *body, int n)
{
    FCGX_Request r;
    if (FCGX_InitRequest(&r, socket, 0) != 0) {
        exit(EXIT_FAILURE);
    }
    while (FCGX_Accept_r(&r) == 0) {
        FCGX_PutS(head, r.out);
        FCGX_PutStr(body, n, r.out);
        FCGX_Finish_r(&r);
    }
    exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    static char body[1 << 20], head[160];
    FILE *f = argc == 4 ? fopen(argv[3], "rb") : NULL;
    if (!f) {
        fputs("usage: null SOCKET WORKERS FILE\n", stderr);
        return 64;
    }
    size_t n = fread(body, 1, sizeof body, f);
    fclose(f);
    snprintf(head, sizeof head,
             "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: "
             "%zu\r\n\r\n",
             n);
    int socket = FCGX_Init() == 0 ? FCGX_OpenSocket(argv[1], 1024) : -1;
    if (socket < 0) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    for (int i = atoi(argv[2]); i > 0; i--) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            answer_for_ever(socket, head, body, (int)n);
        }
    }
    while (wait(NULL) > 0) {
    }
    return EXIT_SUCCESS;
}
