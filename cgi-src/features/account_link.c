/*
 * account_link.c -- links that are mailed to the staff: made, followed, and the jobs that mail them.
 * Owns: where such a link leads. Never: builds an address from what a request says of its host.
 */
#include "account.h"
#include "config.h"
#include "crypto.h"
#include "outbox.h"

enum err account_token(struct req *r, const char *name, struct str *token)
{
    struct str raw;
    *token = token_new(req_arena(r));
    if (unesc_base64url(req_arena(r), *token, &raw))
        return ERR_INTERNAL;
    req_set_bytes(r, name, raw);
    return OK;
}

enum err account_token_given(struct req *r)
{
    struct str raw;
    if (!token_read(req_arena(r), req_value(r, "token"), &raw))
        return ERR_GONE;
    req_set_bytes(r, "account_token", raw);
    return OK;
}

struct str account_url(struct arena *a, struct str slug, const char *path, struct str token)
{
    struct buf b = buf_in(a, 160);
    buf_addz(&b, "https://");
    buf_add(&b, slug);
    if (slug.n > 0)
        buf_addc(&b, '.');
    buf_addz(&b, config_text("domain"));
    if (config_int("port") != 443)
        buf_printf(&b, ":%ld", config_int("port"));
    buf_addz(&b, path);
    buf_add(&b, token);
    return buf_str(&b);
}

/* ---- jobs ---- */

/* Somebody asked for a link to a new password; only here it turns out whether there is such an account. */
enum job_end account_reset_job(struct req *r, const struct job *job, struct str *why)
{
    struct str token;
    req_set(r, "request", job->subject_id);
    if (account_token(r, "account_token", &token))
        return JOB_LATER;
    struct rows *to = req_show(r, "to", Q_reset_answer, NULL);
    if (!to || rows_count(to) == 0)
        return to ? JOB_DONE : JOB_LATER;
    enum err e = outbox_staff(
        r, &(struct staff_letter){
               .kind = "account_reset",
               .staff_id = rows_text(to, 0, "staff_id"),
               .to = rows_text(to, 0, "to_address"),
               .link = account_url(req_arena(r), req_value(r, "tenant_slug"), "/reset/", token),
               .dedupe_key = arena_printf(req_arena(r), "reset-%.*s", (int)job->id.n, job->id.p)});
    if (e)
        *why = S("the mail could not be written");
    return e ? JOB_LATER : JOB_DONE;
}

/* Many tries to guess passwords: each owner is told. */
enum job_end account_flood_job(struct req *r, const struct job *job, struct str *why)
{
    struct rows *owners = req_query(r, Q_account_owners);
    (void)why;
    if (!owners)
        return JOB_LATER;
    for (size_t i = 0; i < rows_count(owners); i++) {
        struct str staff_id = rows_text(owners, i, "staff_id");
        req_set(r, "person", rows_text(owners, i, "person"));
        enum err e = outbox_staff(
            r, &(struct staff_letter){
                   .kind = "account_flood",
                   .staff_id = staff_id,
                   .to = rows_text(owners, i, "to_address"),
                   .link = account_url(req_arena(r), req_value(r, "tenant_slug"), "/people", S("")),
                   .dedupe_key = arena_printf(req_arena(r), "flood-%.*s-%.*s", (int)job->id.n,
                                              job->id.p, (int)staff_id.n, staff_id.p)});
        if (e)
            return JOB_LATER;
    }
    return JOB_DONE;
}
