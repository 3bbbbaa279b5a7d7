/* operator.h -- what the subcommands of `foyer` share: a connection, statements, options. */
#ifndef FOYER_OPERATOR_H
#define FOYER_OPERATOR_H
#include <libpq-fe.h>

#include "base.h"

/* How a program of ours ends (sysexits.h). */
enum { EXIT_USAGE = 64, EXIT_CONFIG = 78 };

/* To the configured database as role; NULL: FOYER_MIGRATE_ROLE, or foyer_migrator. On failure NULL,
 * with one line on stderr. A server without the module that guards the tenant ends the program (78). */
PGconn *operator_connect(const char *role);

/* One statement; values are texts or NULL. On failure NULL, with one line on stderr that begins
 * with what. The caller clears the result. */
PGresult *operator_ask(PGconn *c, const char *what, const char *sql, size_t n,
                       const char *const *values);
/* The same for one or more statements whose result nobody reads. */
bool operator_run(PGconn *c, const char *what, const char *sql);
/* The server's complaint on stderr: "what: message; hint". */
void operator_complain(const char *what, const PGresult *res);

/* An option of a subcommand: "--name VALUE", or "--name" when flag is given. */
struct option_row {
    const char *name;
    const char **value;
    bool *flag;
};
/*
 * operator_options -- takes the options out of argv[1..].
 * Out: what is left, in order, in argv[1..]; *argc counts it with argv[0].
 * false: an unknown option, or one without its value; a line was printed.
 */
bool operator_options(int *argc, char **argv, const struct option_row *rows, size_t n);

#endif
