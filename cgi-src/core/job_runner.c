/*
 * job_runner.c -- claim, run, settle.
 * Owns: the lease of a job, and the three transactions around it: claimed in one, run in others,
 * settled in the last. A runner that is killed leaves a lease that runs out.
 * Never: knows what a job does.
 */
#include "job_runner.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto.h"
#include "log.h"

static const struct http_request nothing = {
    .method = {"", 0}, .path = {"", 0}, .query = {"", 0}, .host = {"", 0}, .origin = {"", 0},
    .fetch_site = {"", 0}, .fetch_dest = {"", 0}, .cookie = {"", 0}, .content_type = {"", 0}, .remote_addr = {"", 0},
    .agent = {"", 0}, .request_id = {"", 0}, .body = {"", 0}};

static struct req *request_for(struct gate *g, const struct page *page)
{
    struct req *r = arena_alloc(g->arena, sizeof *r);
    *r = (struct req){.gate = g, .arena = g->arena, .in = &nothing, .page = page, .host = S(""),
                      .path = S(""), .new_id = S(""), .idem = S(""), .form_binding = S("")};
    r->request_uuid = uuid_new(g->arena);
    log_request(arena_cstr(g->arena, r->request_uuid));
    return r;
}

/* Opens a transaction in the job's tenant. */
static void enter(struct req *r, struct str tenant_id)
{
    const char *const values[] = {arena_cstr(r->arena, tenant_id), r->page->action,
                                  arena_cstr(r->arena, r->request_uuid)};
    req_forget_results(r);
    r->context = db_send_sql(r->gate->db, r->arena, "begin_job",
                             "SELECT * FROM sec.begin_job($1, $2, $3)", values, COUNT_OF(values));
}

enum err job_commit(struct req *r)
{
    struct str tenant_id = arena_str(r->arena, rows_text(r->context, 0, "tenant_id"));
    enum err e = db_commit(r->gate->db, r->arena, &r->error);
    if (e)
        return e;
    enter(r, tenant_id);
    return begin_wait(r);
}

static bool claim(struct gate *g, struct job *job, enum err *e)
{
    struct db_error error;
    struct rows *rows = db_send_sql(g->db, g->arena, "job_claim",
                                    "SELECT job_id, tenant_id, kind, subject_id, attempts, was_lost "
                                    "FROM sec.job_claim()",
                                    NULL, 0);
    *e = db_commit(g->db, g->arena, &error);
    if (*e || rows_count(rows) == 0)
        return false;
    *job = (struct job){.id = rows_text(rows, 0, "job_id"),
                        .tenant_id = rows_text(rows, 0, "tenant_id"),
                        .kind = rows_text(rows, 0, "kind"),
                        .subject_id = rows_text(rows, 0, "subject_id"),
                        .attempts = rows_int(rows, 0, "attempts"),
                        .was_lost = rows_bool(rows, 0, "was_lost")};
    return true;
}

/* Whether the job is dead now; what it leaves undone is said in the same transaction. */
static bool fail_job(struct req *r, const struct job *job, const struct job_kind *kind,
                     const char *const *values)
{
    struct rows *failed = db_send_sql(r->gate->db, r->arena, "job_failed",
                                      "SELECT sec.job_failed($1, $2, $3) AS is_dead", values, 3);
    if (db_wait(r->gate->db, r->arena, &r->error))
        return false;
    bool is_dead = rows_count(failed) == 1 && rows_bool(failed, 0, "is_dead");
    return !is_dead || !kind || !kind->give_up || kind->give_up(r, job);
}

static void settle(struct req *r, const struct job *job, const struct job_kind *kind,
                   enum job_end end, struct str why)
{
    const char *const values[] = {arena_cstr(r->arena, job->id), arena_cstr(r->arena, why),
                                  end == JOB_HOPELESS ? "true" : "false"};
    bool good = true;
    enter(r, job->tenant_id);
    if (end == JOB_DONE)
        db_send_sql(r->gate->db, r->arena, "job_done", "SELECT sec.job_done($1)", values, 1);
    else if (end == JOB_TOMORROW)
        db_send_sql(r->gate->db, r->arena, "job_hold", "SELECT sec.job_hold($1)", values, 1);
    else if (end == JOB_AGAIN)
        db_send_sql(r->gate->db, r->arena, "job_again", "SELECT sec.job_again($1)", values, 1);
    else
        good = fail_job(r, job, kind, values);
    if (!good)
        db_rollback(r->gate->db, r->arena);
    else
        good = db_commit(r->gate->db, r->arena, &r->error) == OK;
    if (!good)
        log_error("job.unsettled", "job", values[0], "sqlstate", r->error.sqlstate, NULL);
}

static const struct job_kind *kind_of(struct str kind)
{
    for (const struct job_kind *k = job_kinds; k->kind; k++)
        if (str_is(kind, k->kind))
            return k;
    return NULL;
}

int job_run_one(struct gate *g)
{
    struct job job;
    enum err e;
    struct str why = S("");

    arena_reset(g->arena);
    e = db_ready(g->db, g->arena, &why);
    if (e == ERR_INTERNAL) {
        log_error("db.unfit", "why", arena_cstr(g->arena, why), NULL);
        exit(78);
    }
    if (e)
        return -1;
    if (!claim(g, &job, &e))
        return e ? -1 : 0;

    const struct job_kind *kind = kind_of(job.kind);
    struct page page = {.action = kind ? kind->action : "job"};
    struct req *r = request_for(g, &page);
    enum job_end end = JOB_HOPELESS;
    if (!kind) {
        why = S("no such kind of job");
    } else if (job.was_lost && job.attempts > JOB_ATTEMPTS) {
        why = S("its runner died each time"); /* or it would kill one after the other */
    } else {
        enter(r, job.tenant_id);
        e = begin_wait(r);
        end = e ? JOB_LATER : kind->run(r, &job, &why);
        if (end == JOB_DONE || end == JOB_TOMORROW || end == JOB_AGAIN) {
            e = disclosure_settle(r, false);
            if (!e)
                e = db_commit(g->db, g->arena, &r->error);
            if (e) {
                end = JOB_LATER;
                why = S("the database refused the result");
            }
        }
        if (end == JOB_LATER || end == JOB_HOPELESS)
            db_rollback(g->db, g->arena);
        if (end == JOB_LATER && why.n == 0)
            why = S("the database or the key store did not give what it needs");
    }
    disclosure_forget(r); /* what was not disclosed is not asked for again by what ends the job */
    settle(r, &job, kind, end, why);
    static const char *const words[] = {"done", "later", "hopeless", "tomorrow", "again"};
    log_info("job", "kind", arena_cstr(g->arena, job.kind), "end", words[end], "why",
             arena_cstr(g->arena, why), NULL);
    log_request(NULL);
    return 1;
}

void job_tidy(struct gate *g)
{
    struct db_error error;
    struct str why;
    arena_reset(g->arena);
    if (db_ready(g->db, g->arena, &why))
        return;
    db_send_sql(g->db, g->arena, "tidy", "SELECT sec.tidy()", NULL, 0);
    db_send_sql(g->db, g->arena, "daily_jobs", "SELECT sec.daily_jobs()", NULL, 0);
    db_send_sql(g->db, g->arena, "partitions", "SELECT audit.make_partitions(3)", NULL, 0);
    if (db_commit(g->db, g->arena, &error))
        log_error("tidy.failed", "sqlstate", error.sqlstate, NULL);
}
