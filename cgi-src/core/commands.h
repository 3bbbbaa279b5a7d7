/* commands.h -- subcommands of `foyer` that live beside what they are about. argv[0] is the word. */
#ifndef FOYER_COMMANDS_H
#define FOYER_COMMANDS_H

int command_migrate(int argc, char **argv); /* migrate.c */
int command_tenant(int argc, char **argv);  /* features/tenant_command.c */
int command_user(int argc, char **argv);    /* features/tenant_command.c */
int command_audit(int argc, char **argv);   /* features/audit_command.c */
int command_client(int argc, char **argv);  /* features/erase_command.c */
int command_opt_out(int argc, char **argv); /* features/erase_command.c */
int command_tombstones(int argc, char **argv); /* features/erase_command.c */
int command_master_key(int argc, char **argv); /* features/key_command.c */
int command_tenant_rotate_key(const char *slug, const char *as); /* the same, for command_tenant */
int command_tenant_destroy_key(const char *slug, const char *as); /* the same, for command_tenant */
int command_backup(int argc, char **argv);  /* features/backup_command.c */
int command_form(int argc, char **argv);    /* features/proof/command.c */
int command_render(int argc, char **argv);  /* render_command.c */
int command_routes(int argc, char **argv);  /* routes_command.c */
int command_demo(int argc, char **argv);    /* features/demo_data.c */

#endif
