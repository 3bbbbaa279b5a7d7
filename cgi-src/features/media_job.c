/*
 * media_job.c -- files that nobody needs any more leave the store: at once those that were removed, and day by day what a crash, a
 * refused form or a restore left behind.
 * Never: takes a file whose row stands, or one so young that its row may still be on its way.
 */
#include <stdlib.h>
#include <time.h>

#include "features.h"
#include "log.h"
#include "media.h"

enum { A_DAY = 86400, DAYS = 8, BATCH = 500, UUID_CHARS = 36 };

static enum err take_away(struct req *r, struct str tenant_id, struct str id)
{
    if (!media_store())
        return ERR_UNAVAILABLE;
    struct media_object o = {tenant_id, id, MEDIA_WHOLE};
    enum err e = media_store()->remove(&o, req_arena(r));
    o.part = MEDIA_SMALL;
    enum err small = media_store()->remove(&o, req_arena(r));
    return e ? e : small;
}

/* A file that was removed: its row lost the key, so this only gives back the room. */
enum job_end media_remove_job(struct req *r, const struct job *job, struct str *why)
{
    if (!take_away(r, job->tenant_id, job->subject_id))
        return JOB_DONE;
    *why = S("the store of pictures and files cannot be written; see the log");
    return JOB_LATER;
}

/* Some ids of the store, to be compared with the rows. */
struct sweep {
    struct req *r;
    struct str tenant_id;
    char ids[BATCH * (UUID_CHARS + 1) + 2];
    size_t n, n_gone;
    enum err e;
};

static void compare(struct sweep *s)
{
    if (s->n == 0 || s->e)
        return;
    s->ids[s->n * (UUID_CHARS + 1)] = '}';
    req_set(s->r, "media_ids",
            arena_str(req_arena(s->r), (struct str){s->ids, s->n * (UUID_CHARS + 1) + 1}));
    struct rows *gone = req_query(s->r, Q_media_orphans);
    s->e = gone ? OK : req_error(s->r);
    for (size_t i = 0; gone && !s->e && i < rows_count(gone); i++, s->n_gone++)
        s->e = take_away(s->r, s->tenant_id, rows_text(gone, i, "media_id"));
    s->n = 0;
}

static bool note(void *self, struct str id)
{
    struct sweep *s = self;
    char *at = s->ids + s->n * (UUID_CHARS + 1);
    at[0] = s->n == 0 ? '{' : ',';
    memcpy(at + 1, id.p, UUID_CHARS);
    if (++s->n == BATCH)
        compare(s);
    return s->e == OK;
}

/* An eighth of a business's files each day. */
enum job_end media_sweep_job(struct req *r, const struct job *job, struct str *why)
{
    struct sweep *s = arena_alloc(req_arena(r), sizeof *s);
    *s = (struct sweep){.r = r, .tenant_id = job->tenant_id};
    /* (what was attached to forms that nobody will sign loses its key here; each file goes by a job of its own) */
    struct rows *over = req_query(r, Q_media_forms_over);
    s->e = !over ? req_error(r) : media_store() ? OK : ERR_UNAVAILABLE;
    if (over && rows_count(over) > 0)
        log_info("media.forms_over", "files",
                 arena_cstr(req_arena(r), arena_printf(req_arena(r), "%zu", rows_count(over))),
                 NULL);
    unsigned day = (unsigned)(time(NULL) / A_DAY % DAYS);
    for (unsigned shard = day; shard < MEDIA_SHARDS && !s->e; shard += DAYS) {
        s->e = media_store()->each(s->tenant_id, shard, A_DAY, note, s);
        compare(s);
    }
    if (s->n_gone > 0) {
        const char *n = arena_cstr(req_arena(r), arena_printf(req_arena(r), "%zu", s->n_gone));
        log_info("media.swept", "files", n, NULL);
    }
    if (!s->e)
        return JOB_DONE;
    *why = S("the store of pictures and files could not be looked through; see the log");
    return JOB_LATER;
}
