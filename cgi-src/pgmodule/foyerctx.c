/*
 * foyerctx.c -- PostgreSQL module: the verified context of a transaction.
 * Owns: the settings foyer.*, which say whose transaction this is (tenant, actor, permissions).
 * Row level security reads them, so nobody may set them but roles that were granted it
 * (GRANT SET ON PARAMETER ... TO foyer_auth): each is PGC_SUSET and the prefix is reserved.
 * Owns as well: what the server's log may say of a statement: that it failed, or how long it took,
 * never its text or a value.
 * Never: decides anything. Load it with shared_preload_libraries; without it the settings would be
 * open to all, so every program refuses to start then.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

/* Name without prefix, what it holds. */
static const struct {
    const char *name;
    const char *meaning;
} settings[] = {
    {"foyer.tenant_id", "tenant whose rows this transaction may see"},
    {"foyer.actor_kind", "staff, client, visitor, job or system"},
    {"foyer.actor", "id of the member of staff who acts"},
    {"foyer.perms", "permissions of the actor: ,name,name,"},
    {"foyer.client_id", "client that a proven link or a booking stands for"},
    {"foyer.link_id", "token link that was followed"},
    {"foyer.session_id", "session of the actor"},
    {"foyer.action", "audit action of this request"},
    {"foyer.ip", "address of the peer"},
    {"foyer.agent", "user agent of the peer"},
    {"foyer.request_id", "id of this request"},
};
static char *values[lengthof(settings)];

static emit_log_hook_type next_hook;

/* "duration: 1.2 ms  execute q_x: SELECT ..." ends behind the name of the statement. */
static void cut_statement(char *message)
{
    char *text = strstr(message, " ms  ");
    if (text && (text = strchr(text, ':')))
        *text = '\0';
}

/*
 * The text of an error quotes input, and goes to the client; the log gets its SQLSTATE. Errors that
 * our own functions raise to refuse (class FY) are answers, no failures.
 */
static void keep_values_out(ErrorData *e)
{
    if (e->elevel == LOG && e->message && strncmp(e->message, "duration: ", 10) == 0)
        cut_statement(e->message);
    if (e->elevel == ERROR && MyProcPort) {
        const char *state = unpack_sql_state(e->sqlerrcode);
        e->output_to_server = false;
        if (strncmp(state, "FY", 2) != 0)
            ereport(LOG, errmsg_internal("a statement failed: SQLSTATE %s", state),
                    errhidestmt(true), errhidecontext(true));
    }
    if (next_hook)
        next_hook(e);
}

void _PG_init(void)
{
    next_hook = emit_log_hook;
    emit_log_hook = keep_values_out;
    for (size_t i = 0; i < lengthof(settings); i++) {
        DefineCustomStringVariable(settings[i].name, settings[i].meaning, NULL, &values[i], "",
                                   PGC_SUSET, GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE, NULL, NULL,
                                   NULL);
    }
    MarkGUCPrefixReserved("foyer");
}
