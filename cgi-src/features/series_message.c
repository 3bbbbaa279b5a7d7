/*
 * series_message.c -- what a client is told about a series: once, with all its dates, however many
 * visits it has.
 * Owns: the occasions (templates/message/series_*) and the one calendar file with an entry a visit.
 * Never: names the service, as visit_message.c.
 */
#include "ics.h"
#include "outbox.h"
#include "visit.h"

static struct str series_ics(struct req *r, const struct rows *visits, struct str language)
{
    size_t n = rows_count(visits);
    struct ics_visit *entries = arena_alloc(req_arena(r), (n + 1) * sizeof *entries);
    for (size_t i = 0; i < n; i++)
        entries[i] = visit_entry(r, visits, i, language);
    return n > 0 ? ics_write_all(req_arena(r), entries, n) : S("");
}

enum err visit_tell_series(struct req *r, const char *kind, struct str series_id)
{
    req_set(r, "told_series", series_id);
    struct rows *series = req_show(r, "series", Q_series_message, NULL);
    struct rows *visits = series ? req_show(r, "visits", Q_series_message_visit, NULL) : NULL;
    if (!visits)
        return req_error(r);
    struct str language;
    enum err e = outbox_language(r, rows_text(series, 0, "client_id"), &language);
    if (e)
        return e;
    struct letter letter = {
        .kind = kind,
        .client_id = rows_text(series, 0, "client_id"),
        .to = rows_text(series, 0, "email"),
        .ics = series_ics(r, visits, language),
        .dedupe_key = arena_printf(req_arena(r), "%s-%.*s-%lld", kind, (int)series_id.n,
                                   series_id.p, (long long)rows_int(series, 0, "version")),
    };
    return outbox_invite(r, "manage", rows_text(series, 0, "visit_id"), letter);
}
