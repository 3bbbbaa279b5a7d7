/*
 * tenant_command.c -- `foyer tenant` and `foyer user`: businesses and their staff, by the operator.
 * Owns: the order of key and rows when a business is made. The rows are made by the functions of
 * sql/lib/080_operator.sql.
 * Never: prints or logs a password; takes one from the command line, where others could see it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "account.h"
#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "crypto.h"
#include "totp.h"

enum { PASSWORD_BYTES = 4 * PASSWORD_MOST };

static bool open_keys(void)
{
    return keystore_open(config_text("keys"), config_text("master_key")) == OK;
}

static int usage(const char *text)
{
    fprintf(stderr, "usage: foyer %s\n", text);
    return EXIT_USAGE;
}

/* One step of a transaction. when_none: what to say if it gives no row; NULL: that is no error. */
struct step {
    const char *sql;
    size_t n;
    const char *const *values;
    const char *when_none;
};

/* All steps or none; false: a line was printed. */
static bool run_steps(PGconn *c, const char *what, const struct step *steps, size_t n)
{
    bool good = operator_run(c, what, "BEGIN");
    for (size_t i = 0; good && i < n; i++) {
        PGresult *res = operator_ask(c, what, steps[i].sql, steps[i].n, steps[i].values);
        good = res != NULL;
        if (good && steps[i].when_none && PQntuples(res) == 0) {
            fprintf(stderr, "%s: %s\n", what, steps[i].when_none);
            good = false;
        }
        PQclear(res);
    }
    if (good) {
        return operator_run(c, what, "COMMIT");
    }
    PQclear(PQexec(c, "ROLLBACK"));
    return false;
}

/* ---- tenant ---- */

/* The key first: rows without a key could not be used, a key without rows harms nobody. */
static bool create_tenant(PGconn *c, const char *id, const char *const values[5], bool by_password)
{
    if (keystore_create_tenant(str_of(id)) != OK) {
        fprintf(stderr, "foyer tenant: the key cannot be stored in %s; see the line above\n",
                config_text("keys"));
        return false;
    }
    const struct step steps[] = {{"SELECT sec.tenant_new($1, $2, $3, $4, $5)", 5, values, NULL},
                                 {"SELECT sec.roles_need_mfa()", 0, NULL, NULL}};
    if (run_steps(c, "foyer tenant", steps, by_password ? 1 : COUNT_OF(steps))) {
        printf("tenant '%s' created: %s\n", values[1], id);
        return true;
    }
    if (keystore_destroy_tenant(str_of(id)) != OK) {
        fprintf(stderr, "foyer tenant: remove %s/%s.key by hand\n", config_text("keys"), id);
    }
    return false;
}

static int tenant_create(int argc, char **argv)
{
    const char *kind = NULL, *country = "US", *as = NULL;
    bool by_password = false;
    const struct option_row options[] = {{"--kind", &kind, NULL},
                                         {"--country", &country, NULL},
                                         {"--password-only", NULL, &by_password},
                                         {"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 3 || !kind) {
        return usage("tenant create SLUG NAME --kind medspa|ultrasound|operator [--country US] "
                     "[--password-only]   (without it, whoever works with clients' data needs a "
                     "second step to log in)");
    }
    PGconn *c = open_keys() ? operator_connect(as) : NULL;
    if (!c) {
        return EXIT_FAILURE;
    }
    struct arena *a = arena_new(1024 * 1024);
    const char *id = arena_cstr(a, uuid_new(a));
    const char *values[] = {id, argv[1], argv[2], kind, country};
    bool good = create_tenant(c, id, values, by_password);
    arena_free(a);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Rows as lines, their columns two blanks apart. */
static void print_rows(const PGresult *res)
{
    for (int row = 0; row < PQntuples(res); row++) {
        for (int col = 0; col < PQnfields(res); col++) {
            printf("%s%s", col > 0 ? "  " : "", PQgetvalue(res, row, col));
        }
        putchar('\n');
    }
}

/* Enters the tenant for the open transaction and prints what the statement gives there. */
static bool print_within(PGconn *c, const char *slug, const char *sql)
{
    PGresult *entered = operator_ask(c, "foyer tenant", "SELECT sec.enter_slug($1)", 1, &slug);
    PGresult *res = entered ? operator_ask(c, "foyer tenant", sql, 0, NULL) : NULL;
    bool good = res != NULL;
    if (good) {
        print_rows(res);
    }
    PQclear(entered);
    PQclear(res);
    return good;
}

/* Even here row security shows one tenant at a time: foyer_auth may enter each, but see no two. */
static bool list_tenants(PGconn *c)
{
    PGresult *sites =
        operator_run(c, "foyer tenant", "BEGIN; SET LOCAL ROLE foyer_auth")
            ? operator_ask(c, "foyer tenant", "SELECT DISTINCT slug FROM sec.site ORDER BY slug", 0,
                           NULL)
            : NULL;
    bool good = sites != NULL;
    for (int i = 0; good && i < PQntuples(sites); i++) {
        good =
            print_within(c, PQgetvalue(sites, i, 0), "SELECT slug, kind, id, name FROM app.tenant");
    }
    if (good && PQntuples(sites) == 0) {
        puts("there is no tenant yet; make one by 'foyer tenant create'");
    }
    PQclear(sites);
    return good;
}

static int tenant_list(int argc, char **argv)
{
    const char *as = NULL;
    const struct option_row options[] = {{"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 1) {
        return usage("tenant list");
    }
    PGconn *c = operator_connect(as);
    bool good = c && list_tenants(c);
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int tenant_show(int argc, char **argv)
{
    const char *as = NULL;
    const struct option_row options[] = {{"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 2) {
        return usage("tenant show SLUG");
    }
    PGconn *c = operator_connect(as);
    bool good = c && operator_run(c, "foyer tenant", "BEGIN; SET LOCAL ROLE foyer_auth") &&
                print_within(c, argv[1],
                             "SELECT slug, kind, id, name, 'since ' || created_at::date,"
                             " messages_per_day || ' messages a day' FROM app.tenant") &&
                print_within(c, argv[1],
                             "SELECT CASE WHEN is_active THEN 'staff' ELSE 'left' END, email, name,"
                             " role_names FROM app.staff ORDER BY is_active DESC, name");
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int tenant_messages(int argc, char **argv)
{
    const char *as = NULL;
    int64_t n;
    const struct option_row options[] = {{"--as", &as, NULL}};
    if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 3 ||
        str_int(str_of(argv[2]), &n) != OK || n < 0 || n > 1000000) {
        return usage("tenant messages SLUG PER_DAY   (0 to 1000000)");
    }
    const char *slug = argv[1], *per_day = argv[2];
    const struct step steps[] = {{"SELECT sec.enter_slug($1)", 1, &slug, NULL},
                                 {"SELECT sec.tenant_messages($1)", 1, &per_day, NULL},
                                 {"SELECT app.message_try_held()", 0, NULL, NULL}};
    PGconn *c = operator_connect(as);
    bool good = c && run_steps(c, "foyer tenant", steps, COUNT_OF(steps));
    PQfinish(c);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_tenant(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "create") == 0) {
        return tenant_create(argc - 1, argv + 1);
    }
    if (strcmp(what, "list") == 0) {
        return tenant_list(argc - 1, argv + 1);
    }
    if (strcmp(what, "show") == 0) {
        return tenant_show(argc - 1, argv + 1);
    }
    if (strcmp(what, "messages") == 0) {
        return tenant_messages(argc - 1, argv + 1);
    }
    bool is_rotation = strcmp(what, "rotate-key") == 0;
    if (is_rotation || strcmp(what, "destroy-key") == 0) {
        const char *as = NULL;
        const struct option_row options[] = {{"--as", &as, NULL}};
        argc--, argv++;
        if (!operator_options(&argc, argv, options, COUNT_OF(options)) || argc != 2) {
            return usage(is_rotation ? "tenant rotate-key SLUG" : "tenant destroy-key SLUG");
        }
        return is_rotation ? command_tenant_rotate_key(argv[1], as)
                           : command_tenant_destroy_key(argv[1], as);
    }
    return usage("tenant create|list|show|messages|rotate-key|destroy-key ...");
}

/* ---- user ---- */

/* One line from standard input; from a terminal without showing it. */
static bool read_password(char out[PASSWORD_BYTES + 2])
{
    struct termios before;
    bool is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (is_terminal) {
        struct termios quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fputs("Password: ", stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    setvbuf(stdin, NULL, _IONBF, 0); /* no second copy of it stays in a buffer */
    bool got = fgets(out, PASSWORD_BYTES + 2, stdin) != NULL;
    if (is_terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    size_t n = got ? strcspn(out, "\r\n") : 0;
    out[n] = '\0';
    size_t length = password_characters(str_of(out));
    if (n > PASSWORD_BYTES || length < PASSWORD_LEAST || length > PASSWORD_MOST ||
        !str_utf8_ok(str_of(out))) {
        fprintf(stderr,
                "foyer user: the password must have %d to %d characters; give it as one "
                "line on standard input\n",
                PASSWORD_LEAST, PASSWORD_MOST);
        secret_wipe(out, PASSWORD_BYTES + 2);
        return false;
    }
    return true;
}

/* Reads the password and hashes it; NULL: a line was printed. */
static const char *read_phc(struct arena *a)
{
    char password[PASSWORD_BYTES + 2];
    if (!open_keys() || !read_password(password)) {
        return NULL;
    }
    if (password_common(a, str_of(password), NULL, 0)) {
        fputs("foyer user: this password is too easy to guess; choose another\n", stderr);
        secret_wipe(password, sizeof password);
        return NULL;
    }
    struct str phc = password_hash(a, str_of(password));
    secret_wipe(password, sizeof password);
    return arena_cstr(a, phc);
}

static bool change_user(const char *as, const struct step *steps, size_t n)
{
    PGconn *c = operator_connect(as);
    bool good = c && run_steps(c, "foyer user", steps, n);
    PQfinish(c);
    return good;
}

/* --tenant SLUG --email E [--as ROLE]: whose account a command is about. */
static bool whose(int argc, char **argv, const char **tenant, const char **email, const char **as)
{
    *tenant = *email = *as = NULL;
    const struct option_row options[] = {
        {"--tenant", tenant, NULL}, {"--email", email, NULL}, {"--as", as, NULL}};
    return operator_options(&argc, argv, options, COUNT_OF(options)) && argc == 1 && *tenant &&
           *email;
}

/* Somebody who gets an account. */
struct newcomer {
    const char *tenant, *email, *name, *role, *title, *as;
    bool provides;
};

static bool who_comes(int argc, char **argv, struct newcomer *p)
{
    *p = (struct newcomer){.title = ""};
    const struct option_row options[] = {
        {"--tenant", &p->tenant, NULL},    {"--email", &p->email, NULL}, {"--name", &p->name, NULL},
        {"--role", &p->role, NULL},        {"--title", &p->title, NULL}, {"--as", &p->as, NULL},
        {"--provider", NULL, &p->provides}};
    return operator_options(&argc, argv, options, COUNT_OF(options)) && argc == 1 && p->tenant &&
           p->email && p->name && p->role;
}

static int user_create(int argc, char **argv)
{
    struct newcomer p;
    if (!who_comes(argc, argv, &p)) {
        return usage("user create --tenant SLUG --email E --name N --role owner [--title T] "
                     "[--provider] < password");
    }
    struct arena *a = arena_new(1024 * 1024);
    const char *id = arena_cstr(a, uuid_new(a)), *phc = read_phc(a);
    const char *person[] = {id, p.name, p.email, p.title, p.provides ? "true" : "false", p.role};
    const char *secret[] = {id, phc};
    const struct step steps[] = {{"SELECT sec.enter_slug($1)", 1, &p.tenant, NULL},
                                 {"SELECT app.staff_new($1, $2, $3, $4, $5, $6)", 6, person, NULL},
                                 {"SELECT sec.password_set($1, $2)", 2, secret, NULL}};
    bool good = phc && change_user(p.as, steps, COUNT_OF(steps));
    if (good) {
        printf("user '%s' created at '%s': %s\n", p.email, p.tenant, id);
    }
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int user_password(int argc, char **argv)
{
    const char *tenant, *email, *as;
    if (!whose(argc, argv, &tenant, &email, &as)) {
        return usage("user password --tenant SLUG --email E < password");
    }
    struct arena *a = arena_new(1024 * 1024);
    const char *phc = read_phc(a);
    const char *secret[] = {email, phc};
    const struct step steps[] = {
        {"SELECT sec.enter_slug($1)", 1, &tenant, NULL},
        {"SET LOCAL ROLE foyer_auth", 0, NULL, NULL},
        {"SELECT sec.password_set(s.id, $2) FROM app.staff s WHERE s.email_norm = lower(btrim($1))",
         2, secret, "nobody there has that address; 'foyer tenant show' names the staff"}};
    bool good = phc && change_user(as, steps, COUNT_OF(steps));
    if (good) {
        printf("user '%s' at '%s' has a new password; her sessions have ended\n", email, tenant);
    }
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Who has lost phone, passkeys and codes, and has no colleague who could take them away. */
static int user_forget_factors(int argc, char **argv)
{
    const char *tenant, *email, *as;
    if (!whose(argc, argv, &tenant, &email, &as)) {
        return usage("user forget-factors --tenant SLUG --email E");
    }
    const struct step steps[] = {
        {"SELECT sec.enter_slug($1)", 1, &tenant, NULL},
        {"SET LOCAL ROLE foyer_auth", 0, NULL, NULL},
        {"SELECT sec.factors_forget(s.id) FROM app.staff s WHERE s.email_norm = lower(btrim($1))",
         1, &email, "nobody there has that address; 'foyer tenant show' names the staff"}};
    bool good = change_user(as, steps, COUNT_OF(steps));
    if (good) {
        printf("user '%s' at '%s' has no second factor any more; her sessions have ended\n", email,
               tenant);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What an authenticator app would show now. The key comes from standard input, so nobody's is looked up: whoever may
 * see the database and the master key gets no code out of them by this. */
static int user_code(int argc, char **argv)
{
    char line[128];
    struct str secret;
    (void)argv;
    if (argc != 1) {
        return usage("user code < key");
    }
    struct arena *a = arena_new(64 * 1024);
    bool good = fgets(line, sizeof line, stdin) != NULL &&
                base32_bytes(a, str_trim(str_of(line)), &secret) == OK && secret.n >= 16;
    if (good) {
        puts(arena_cstr(a, totp_code(a, secret, totp_step())));
    } else {
        fputs("foyer user: give the key of the app, as it is shown when one is set up, on standard "
              "input\n",
              stderr);
    }
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A token's raw bytes as a bytea parameter, and the link that holds it. */
static const char *new_link(struct arena *a, const char *slug, const char *path, const char **bytes)
{
    struct str token = token_new(a), raw;
    if (unesc_base64url(a, token, &raw) != OK) {
        return NULL;
    }
    *bytes = db_bytea(a, raw);
    return arena_cstr(a, account_url(a, str_of(slug), path, token));
}

/* The link is printed, for an installation without a mail server; it is a secret until it is used. */
static int user_invite(int argc, char **argv)
{
    struct newcomer p;
    if (!who_comes(argc, argv, &p)) {
        return usage("user invite --tenant SLUG --email E --name N --role owner [--title T] "
                     "[--provider]");
    }
    struct arena *a = arena_new(1024 * 1024);
    const char *bytes = NULL, *link = new_link(a, p.tenant, "/invite/", &bytes);
    const char *id = arena_cstr(a, uuid_new(a));
    const char *person[] = {id,     p.name, p.email, p.title, p.provides ? "true" : "false",
                            p.role, bytes};
    const struct step steps[] = {
        {"SELECT sec.enter_slug($1)", 1, &p.tenant, NULL},
        {"SELECT sec.person_invite($1, $2, $3, $4, $5, sec.role_named($6), $7)", 7, person, NULL}};
    bool good = link && change_user(p.as, steps, COUNT_OF(steps));
    if (good) {
        printf("'%s' is invited to '%s'; this link works once, for 72 hours:\n%s\n", p.email,
               p.tenant, link);
    }
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int user_reset(int argc, char **argv)
{
    const char *tenant, *email, *as;
    if (!whose(argc, argv, &tenant, &email, &as)) {
        return usage("user reset --tenant SLUG --email E");
    }
    struct arena *a = arena_new(1024 * 1024);
    const char *bytes = NULL, *link = new_link(a, tenant, "/reset/", &bytes);
    const char *values[] = {email, bytes};
    const struct step steps[] = {
        {"SELECT sec.enter_slug($1)", 1, &tenant, NULL},
        {"SELECT person FROM sec.person_reset(sec.person_named($1), $2)", 2, values, NULL}};
    bool good = link && change_user(as, steps, COUNT_OF(steps));
    if (good) {
        printf("'%s' at '%s' chooses a new password by this link, once, within 30 minutes:\n%s\n",
               email, tenant, link);
    }
    arena_free(a);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int user_deactivate(int argc, char **argv)
{
    const char *tenant, *email, *as;
    if (!whose(argc, argv, &tenant, &email, &as)) {
        return usage("user deactivate --tenant SLUG --email E");
    }
    const struct step steps[] = {
        {"SELECT sec.enter_slug($1)", 1, &tenant, NULL},
        {"SELECT sec.person_deactivate(sec.person_named($1))", 1, &email, NULL}};
    if (!change_user(as, steps, COUNT_OF(steps))) {
        return EXIT_FAILURE;
    }
    printf("'%s' at '%s' is deactivated; her sessions and links have ended\n", email, tenant);
    return EXIT_SUCCESS;
}

int command_user(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } words[] = {
        {"create", user_create},
        {"password", user_password},
        {"invite", user_invite},
        {"reset", user_reset},
        {"deactivate", user_deactivate},
        {"forget-factors", user_forget_factors},
        {"code", user_code},
    };
    for (size_t i = 0; argc > 1 && i < COUNT_OF(words); i++) {
        if (strcmp(argv[1], words[i].name) == 0) {
            return words[i].run(argc - 1, argv + 1);
        }
    }
    return usage("user create|password|invite|reset|deactivate|code|forget-factors ...");
}
