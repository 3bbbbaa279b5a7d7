/*
 * foyer.c -- the operator's command: `foyer COMMAND ...`.
 * Owns: the table of subcommands. Never: does the work; each subcommand lives beside what it is
 * about (cgi-src/core/commands.h says where).
 */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "core/sandbox.h"
#include "log.h"

static int command_config(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    config_print(stdout);
    return EXIT_SUCCESS;
}

/* argv[0] of run is the subcommand's name. */
static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage; /* what follows the name */
    const char *meaning;
} commands[] = {
    {"config", command_config, "", "print the settings in force, with what they mean"},
    {"migrate", command_migrate, "[--role NAME]", "bring the database to this release's schema"},
    {"tenant", command_tenant, "create SLUG NAME --kind medspa|ultrasound|operator [--country US]",
     "add a business: its key and its built-in roles"},
    {"tenant", command_tenant, "list", "the businesses"},
    {"tenant", command_tenant, "show SLUG", "one business and its staff"},
    {"tenant", command_tenant, "messages SLUG PER_DAY", "how many messages a business may send in a day"},
    {"user", command_user,
     "create --tenant SLUG --email E --name N --role owner [--title T] [--provider]",
     "add a member of staff; the password is read from standard input"},
    {"user", command_user, "password --tenant SLUG --email E",
     "set a new password from standard input and end her sessions"},
    {"user", command_user, "forget-factors --tenant SLUG --email E",
     "take away all second factors of somebody who has lost them; her password stays"},
    {"user", command_user, "code < key", "what an authenticator app with this key shows now"},
    {"demo", command_demo, "[--clients N] [--role NAME] [--logins FILE]",
     "fill the demo businesses"},
    {"audit", command_audit, "verify [--tenant SLUG] [--since DATE] [--heads FILE]",
     "compare the audit trail with what was sealed; each finding is a line, and exit status 1"},
    {"audit", command_audit, "verify-export FILE [--key PUBLIC_KEY.pem]",
     "check a copy of the trail by its own proofs and signature; what was altered, deleted, added or moved is named"},
    {"audit", command_audit, "proof EVENT_ID", "prove that a row is in the trail that was signed"},
    {"audit", command_audit, "seal", "seal what waits, as the jobs do every few seconds"},
    {"audit", command_audit, "mend SLUG",
     "let a tree that stands still go on, if its leaves are those that were signed"},
    {"audit", command_audit, "keep SLUG [--years N] [--hold WHY | --release]",
     "keep a business's trail for longer, or put a legal hold on it; without options: say how it is"},
    {"audit", command_audit, "retire",
     "compare the whole trail, then drop the months that are older than trail_years"},
    {"master-key", command_master_key, "rotate | retire",
     "put a new master key in the old one's place while all goes on; then destroy the old one"},
    {"tenant", command_tenant, "rotate-key SLUG",
     "give a business a new key; the jobs seal anew what the old one sealed, and destroy it when no backup needs it"},
    {"tenant", command_tenant, "destroy-key SLUG", "make what is sealed for a business unreadable, for ever"},
    {"client", command_client, "erase --tenant SLUG --client ID",
     "erase a client: what names her goes, her key is destroyed, totals and the trail stay"},
    {"form", command_form, "verify FILE.pdf [--authority CERTIFICATE.pem]",
     "whether a signed form is as it was sealed: docs/verify-a-signed-form.md"},
    {"opt-out", command_opt_out, "--tenant SLUG --channel email|sms [--undo] < address",
     "send nothing to an address any more"},
    {"tombstones", command_tombstones, "verify|replay|copy|objections",
     "check the list of erasures and opt-outs, or do it once more (as scripts/restore does)"},
    {"backup", command_backup,
     "sign | verify FILE [--signer ID] | signer | keys | point NAME | fingerprint | samples N | record ... | restored TIME",
     "what scripts/backup, restore and drill are made of: docs/backup.md"},
    {"routes", command_routes, "[--json|--nginx]", "print the table of pages"},
    {"render", command_render, "[--templates DIR] NAME < data.json", "render one template"},
};

static void print_help(FILE *f)
{
    fputs("usage: foyer [--config FILE] COMMAND ...   (without --config: FOYER_CONFIG)\n"
          "tenant and user connect as FOYER_MIGRATE_ROLE, or as the role given by --as NAME\n\n",
          f);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        fprintf(f, "  foyer %s %s\n      %s\n", commands[i].name, commands[i].usage,
                commands[i].meaning);
    }
}

/* Takes "--config FILE" out of the arguments. NULL: not given, $FOYER_CONFIG counts. */
static const char *take_config(int *argc, char **argv)
{
    const char *path = NULL;
    int left = 1;
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < *argc) {
            path = argv[++i];
        } else {
            argv[left++] = argv[i];
        }
    }
    *argc = left;
    argv[left] = NULL;
    return path;
}

int main(int argc, char **argv)
{
    sandbox_process();
    const char *config = take_config(&argc, argv);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            if (config_load(config) != OK || log_open("-", "foyer", NULL) != OK) {
                return EXIT_CONFIG;
            }
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "foyer: there is no command '%s'; 'foyer help' lists them\n", argv[1]);
    return EXIT_USAGE;
}
