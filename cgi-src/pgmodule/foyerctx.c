/*
 * foyerctx.c -- PostgreSQL module: the verified context of a transaction.
 * Owns: the settings foyer.*, which say whose transaction this is (tenant, actor, permissions), the
 * functions with which row security reads them, and the list of clients that a transaction has seen.
 * Nobody may set them but roles that were granted it (GRANT SET ON PARAMETER ... TO foyer_auth):
 * each is PGC_SUSET and the prefix is reserved.
 * Owns as well: what the server's log may say of a statement: that it failed, or how long it took,
 * never its text or a value.
 * Why C: row security asks for the tenant at each look-up by index. Parsed once when it is set, it
 * costs a tenth of nullif(current_setting(...), '')::uuid.
 * Never: decides anything. Load it with shared_preload_libraries; without it the settings would be
 * open to all, so every program refuses to start then.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

PG_MODULE_MAGIC;

/* ---- the settings ---- */

enum { TENANT, ACTOR_KIND, ACTOR, PERMS, CLIENT };

/* Name without prefix, what it holds. */
static const struct {
    const char *name;
    const char *meaning;
} settings[] = {
    [TENANT] = {"foyer.tenant_id", "tenant whose rows this transaction may see"},
    [ACTOR_KIND] = {"foyer.actor_kind", "staff, client, visitor, job or system"},
    [ACTOR] = {"foyer.actor", "id of the member of staff who acts"},
    [PERMS] = {"foyer.perms", "permissions of the actor: ,name,name@reach,"},
    [CLIENT] = {"foyer.client_id", "client that a proven link or a booking stands for"},
    {"foyer.link_id", "token link that was followed"},
    {"foyer.session_id", "session of the actor"},
    {"foyer.action", "audit action of this request"},
    {"foyer.ip", "address of the peer"},
    {"foyer.agent", "user agent of the peer"},
    {"foyer.request_id", "id of this request"},
};
static char *values[lengthof(settings)];

/* The tenant as row security compares it; without one nobody's rows are seen. */
static pg_uuid_t tenant;
static bool has_tenant;

/* 36 characters up to this end, or false. */
static bool read_uuid(const char *text, char end, pg_uuid_t *id)
{
    size_t n = 0;
    for (const char *p = text; *p && *p != end; p++) {
        int digit = *p >= '0' && *p <= '9'   ? *p - '0'
                    : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
                    : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10
                                             : -1;
        if (*p == '-' && (n == 8 || n == 12 || n == 16 || n == 20))
            continue;
        if (digit < 0 || n == 2 * UUID_LEN)
            return false;
        id->data[n / 2] = (unsigned char)(n % 2 ? id->data[n / 2] | digit : digit << 4);
        n++;
    }
    return n == 2 * UUID_LEN;
}

/* extra becomes the parsed id; the server frees it with the value that it belongs to. */
static bool check_tenant(char **value, void **extra, GucSource source pg_attribute_unused())
{
    if (**value == '\0')
        return true;
    *extra = malloc(sizeof(pg_uuid_t));
    if (!*extra)
        return false;
    if (read_uuid(*value, '\0', *extra))
        return true;
    GUC_check_errdetail("It must be the id of a tenant.");
    free(*extra);
    *extra = NULL;
    return false;
}

static void assign_tenant(const char *value pg_attribute_unused(), void *extra)
{
    has_tenant = extra != NULL;
    if (has_tenant)
        tenant = *(const pg_uuid_t *)extra;
}

/* app.tenant(): tenant of this transaction; NULL when none was entered. */
PG_FUNCTION_INFO_V1(foyer_tenant);
Datum foyer_tenant(PG_FUNCTION_ARGS)
{
    if (!has_tenant)
        PG_RETURN_NULL();
    PG_RETURN_UUID_P(&tenant);
}

/* app.may(permission): whether the actor holds it for the whole business. */
PG_FUNCTION_INFO_V1(foyer_may);
Datum foyer_may(PG_FUNCTION_ARGS)
{
    const text *wanted = PG_GETARG_TEXT_PP(0);
    size_t n = VARSIZE_ANY_EXHDR(wanted);
    const char *perms = values[PERMS] ? values[PERMS] : "";
    /* ",a,b,": every name stands between two commas. */
    if (memchr(VARDATA_ANY(wanted), ',', n))
        PG_RETURN_BOOL(false);
    for (const char *p = perms; (p = strchr(p, ',')) != NULL;) {
        p++;
        if (strncmp(p, VARDATA_ANY(wanted), n) == 0 && p[n] == ',')
            PG_RETURN_BOOL(true);
    }
    PG_RETURN_BOOL(false);
}

/*
 * A permission stands in perms once for each reach of it: ",name," the whole business, ",name@own," her
 * own clients and visits, ",name@LOCATION," those of a place, ",name@own@LOCATION," her own of a place,
 * ",name@emergency," nothing but what an open emergency lets her read.
 * Gives the next one behind *at, as what stands behind the '@', up to a ','; NULL for the whole business.
 */
static bool next_reach(const text *wanted, const char **at, const char **reach)
{
    const char *name = VARDATA_ANY(wanted);
    size_t n = VARSIZE_ANY_EXHDR(wanted);
    if (memchr(name, ',', n) || memchr(name, '@', n))
        return false;
    while ((*at = strchr(*at, ',')) != NULL) {
        const char *p = ++*at;
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '@')) {
            *reach = p[n] == '@' ? p + n + 1 : NULL;
            return true;
        }
    }
    return false;
}

static bool is_reach(const char *reach, const char *word)
{
    size_t n = strlen(word);
    return strncmp(reach, word, n) == 0 && reach[n] == ',';
}

/* Whether a reach covers what is hers or not, at a place or (NULL) whatever the place. */
static bool reach_covers(const char *reach, bool is_own, const pg_uuid_t *location)
{
    pg_uuid_t place;
    if (!reach)
        return true;
    if (is_reach(reach, "own"))
        return is_own;
    if (strncmp(reach, "own@", 4) == 0) {
        if (!is_own)
            return false;
        reach += 4;
    }
    return location && read_uuid(reach, ',', &place) && memcmp(&place, location, UUID_LEN) == 0;
}

static const char *perms_of_actor(void) { return values[PERMS] ? values[PERMS] : ""; }

/* app.may_some(permission): whether she holds it at all, however far it reaches. */
PG_FUNCTION_INFO_V1(foyer_may_some);
Datum foyer_may_some(PG_FUNCTION_ARGS)
{
    const char *at = perms_of_actor(), *reach;
    PG_RETURN_BOOL(next_reach(PG_GETARG_TEXT_PP(0), &at, &reach));
}

/* app.may_own(permission): whether it reaches what she made herself; all but an emergency's does. */
PG_FUNCTION_INFO_V1(foyer_may_own);
Datum foyer_may_own(PG_FUNCTION_ARGS)
{
    const char *at = perms_of_actor(), *reach;
    while (next_reach(PG_GETARG_TEXT_PP(0), &at, &reach))
        if (!reach || !is_reach(reach, "emergency"))
            PG_RETURN_BOOL(true);
    PG_RETURN_BOOL(false);
}

static bool covers(const text *wanted, bool is_own, const pg_uuid_t *location)
{
    const char *at = perms_of_actor(), *reach;
    while (next_reach(wanted, &at, &reach))
        if (reach_covers(reach, is_own, location))
            return true;
    return false;
}

/* app.may_at(permission, location): whether it reaches everything of this place. */
PG_FUNCTION_INFO_V1(foyer_may_at);
Datum foyer_may_at(PG_FUNCTION_ARGS)
{
    PG_RETURN_BOOL(covers(PG_GETARG_TEXT_PP(0), false, PG_GETARG_UUID_P(1)));
}

/* app.may_visit(permission, provider, location): whether it reaches a visit with this provider there. */
PG_FUNCTION_INFO_V1(foyer_may_visit);
Datum foyer_may_visit(PG_FUNCTION_ARGS)
{
    pg_uuid_t actor;
    bool is_own = values[ACTOR] && read_uuid(values[ACTOR], '\0', &actor) &&
                  memcmp(&actor, PG_GETARG_UUID_P(1), UUID_LEN) == 0;
    PG_RETURN_BOOL(covers(PG_GETARG_TEXT_PP(0), is_own, PG_GETARG_UUID_P(2)));
}

/* ---- clients seen ---- */

/* In the memory of the transaction, and forgotten with it; in the order they came, repeats too. */
static struct {
    LocalTransactionId transaction;
    pg_uuid_t *ids;
    size_t n, cap;
} seen;

static void forget_others(void)
{
    if (seen.transaction == MyProc->lxid)
        return;
    seen.transaction = MyProc->lxid;
    seen.ids = NULL;
    seen.n = seen.cap = 0;
}

/* app.seen(client): gives the id back, and notes it for the row of the trail. */
PG_FUNCTION_INFO_V1(foyer_seen);
Datum foyer_seen(PG_FUNCTION_ARGS)
{
    pg_uuid_t *id = PG_GETARG_UUID_P(0);
    forget_others();
    if (seen.n > 0 && memcmp(&seen.ids[seen.n - 1], id, UUID_LEN) == 0)
        PG_RETURN_UUID_P(id);
    if (seen.n == seen.cap) {
        size_t cap = seen.cap ? seen.cap * 2 : 128;
        seen.ids = seen.ids ? repalloc(seen.ids, cap * sizeof *seen.ids)
                            : MemoryContextAlloc(TopTransactionContext, cap * sizeof *seen.ids);
        seen.cap = cap;
    }
    seen.ids[seen.n++] = *id;
    PG_RETURN_UUID_P(id);
}

static int compare_ids(const void *a, const void *b) { return memcmp(a, b, UUID_LEN); }

/* app.seen_clients(): those that this transaction has seen, each once, in order. */
PG_FUNCTION_INFO_V1(foyer_seen_clients);
Datum foyer_seen_clients(PG_FUNCTION_ARGS)
{
    size_t n = 0;
    forget_others();
    qsort(seen.ids, seen.n, sizeof *seen.ids, compare_ids);
    for (size_t i = 0; i < seen.n; i++)
        if (n == 0 || compare_ids(&seen.ids[n - 1], &seen.ids[i]) != 0)
            seen.ids[n++] = seen.ids[i];
    seen.n = n;
    if (n == 0)
        PG_RETURN_ARRAYTYPE_P(construct_empty_array(UUIDOID));
    Datum *items = palloc(n * sizeof *items);
    for (size_t i = 0; i < n; i++)
        items[i] = UUIDPGetDatum(&seen.ids[i]);
    PG_RETURN_ARRAYTYPE_P(construct_array(items, (int)n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

/* ---- the server's log ---- */

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
                                   PGC_SUSET, GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE,
                                   i == TENANT ? check_tenant : NULL,
                                   i == TENANT ? assign_tenant : NULL, NULL);
    }
    MarkGUCPrefixReserved("foyer");
}
