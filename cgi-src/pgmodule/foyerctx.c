/*
 * foyerctx.c -- PostgreSQL module: the verified context of a transaction.
 * Owns: the settings foyer.*, which say whose transaction this is (tenant, actor, permissions).
 * Row level security reads them, so nobody may set them but roles that were granted it
 * (GRANT SET ON PARAMETER ... TO foyer_auth): each is PGC_SUSET and the prefix is reserved.
 * Never: decides anything. Load it with shared_preload_libraries; without it the settings would be
 * open to all, so every program refuses to start then.
 */
#include "postgres.h"

#include "fmgr.h"
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

void _PG_init(void)
{
    for (size_t i = 0; i < lengthof(settings); i++) {
        DefineCustomStringVariable(settings[i].name, settings[i].meaning, NULL, &values[i], "",
                                   PGC_SUSET, GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE, NULL, NULL,
                                   NULL);
    }
    MarkGUCPrefixReserved("foyer");
}
