/*
 * outside_job.c -- reads a person's calendar elsewhere as busy, every quarter of an hour.
 * Owns: what becomes of a reading that fails: what was read before stays, and the problem is told in a word.
 * Never: logs the address, which is often a secret, or a word of what the calendar says; keeps more of it than when.
 */
#include "config.h"
#include "crypto.h"
#include "features.h"
#include "fetch.h"
#include "ics_read.h"

enum {
    MOST_BYTES = 4 << 20,
    MOST_EVENTS = 20000,
    MOST_FOUND = 20000,
    MOST_MS = 15000,
    MOST_HOPS = 3
};

struct known {
    struct str url, etag, sha;
    int64_t first_day, last_day;
    bool is_old;
};

static bool load(struct req *r, struct known *k)
{
    struct arena *a = req_arena(r);
    struct rows *o = req_query(r, Q_outside_take);
    if (!o || rows_count(o) == 0)
        return false;
    *k = (struct known){.url = arena_str(a, rows_text(o, 0, "url_sealed")),
                        .etag = arena_str(a, rows_text(o, 0, "etag")),
                        .sha = arena_str(a, rows_text(o, 0, "content_sha")),
                        .first_day = rows_int(o, 0, "first_day"),
                        .last_day = rows_int(o, 0, "last_day"),
                        .is_old = rows_bool(o, 0, "is_old")};
    return true;
}

static bool is_header_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] > '~')
            return false;
    return s.n > 0 && s.n <= 300;
}

/* Asks for it, along a few redirects, each of which is judged like the first. NULL: there is an answer. */
static const char *ask(struct req *r, const struct known *k, struct answer *answer)
{
    struct arena *a = req_arena(r);
    struct question q = {.url = k->url,
                         .own_hosts = config_text("calendar_own_hosts"),
                         .until_ms = fetch_now_ms() + MOST_MS,
                         .most = MOST_BYTES,
                         .accept = "text/calendar, */*;q=0.1"};
    if (!k->is_old && is_header_text(k->etag))
        q.header = arena_cstr(a, arena_printf(a, "If-None-Match: %.*s", (int)k->etag.n, k->etag.p));
    for (int hops = 0;; hops++) {
        enum fetch_end e = fetch(a, &q, answer);
        if (e)
            return e == FETCH_ADDRESS ? "address" : e == FETCH_LONG ? "large" : "unreachable";
        if (answer->status < 300 || answer->status >= 400 || answer->status == 304)
            return NULL;
        if (answer->next.n == 0 || hops == MOST_HOPS)
            return "answer";
        q.url = answer->next;
    }
}

static enum job_end fail(struct req *r, const char *problem, struct str *why)
{
    *why = arena_printf(req_arena(r), "the calendar was not read: %s", problem);
    req_set(r, "problem", str_of(problem));
    return req_query(r, Q_outside_problem) ? JOB_AGAIN : JOB_LATER;
}

static enum job_end keep(struct req *r, const struct known *k, const struct answer *answer,
                         struct str *why)
{
    unsigned char sha[HASH_BYTES];
    struct ics_reading reading;
    const struct ics_bounds bounds = {MOST_BYTES, MOST_EVENTS, MOST_FOUND, k->first_day,
                                      k->last_day};
    sha256(answer->body, sha);
    struct str content = {(const char *)sha, sizeof sha};
    if (!k->is_old && str_eq(content, k->sha))
        return req_query(r, Q_outside_same) ? JOB_AGAIN : JOB_LATER;
    enum ics_end e = ics_read(req_arena(r), answer->body, &bounds, false, &reading);
    if (e)
        return fail(r, e == ICS_LARGE ? "large" : "content", why);
    for (size_t i = 0; i < reading.n; i++)
        reading.found[i].summary = S(""); /* when is all that is kept */
    req_set(r, "found", ics_found_json(req_arena(r), &reading));
    req_set_bytes(r, "content_sha", content);
    req_set(r, "new_etag", is_header_text(answer->etag) ? answer->etag : S(""));
    return req_query(r, Q_outside_store) ? JOB_AGAIN : JOB_LATER;
}

enum job_end outside_read(struct req *r, const struct job *job, struct str *why)
{
    struct known k;
    struct answer answer;
    req_set(r, "calendar_id", job->subject_id);
    if (!load(r, &k)) {
        *why = S("it was removed");
        return req_error(r) ? JOB_LATER : JOB_DONE;
    }
    /* What it says ended its runner: not tried anew at once. */
    if (job->was_lost)
        return fail(r, "content", why);
    /* (a transaction is not held open while somebody else is asked) */
    if (job_commit(r))
        return JOB_LATER;
    const char *problem = ask(r, &k, &answer);
    if (problem)
        return fail(r, problem, why);
    if (answer.status == 304)
        return req_query(r, Q_outside_same) ? JOB_AGAIN : JOB_LATER;
    if (answer.status != 200)
        return fail(r, "answer", why);
    return keep(r, &k, &answer, why);
}
