/*
 * feed.c -- one's own visits in one's own calendar program: an address that it reads again and again.
 * Owns: what such an address tells. One that says "Busy" has a page without an action, and so can show no client: the gate
 * would refuse. The one with details leaves a row in the trail for each reading.
 * Never: shows an address a second time; keeps its token.
 * Reading runs in the slow pool: it is done by machines, all day long.
 */
#include "account.h"
#include "crypto.h"
#include "features.h"
#include "ics.h"

/* ---- the addresses ---- */

static const struct field make_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Say which calendar it is for."},
    {0},
};
static const struct field revoke_fields[] = {
    {"feed_id", FIELD_UUID, .required = true},
    {0},
};

static enum err make(struct req *r, const char *details, const char *path)
{
    struct arena *a = req_arena(r);
    struct str token;
    enum err e = account_token(r, "feed_token", &token);
    if (e)
        return e;
    req_set(r, "details", str_of(details));
    if (!req_query(r, Q_feed_make))
        return req_error(r);
    req_set(r, "has_details", str_is(str_of(details), "true") ? S("true") : S(""));
    req_set(r, "feed_name", req_value(r, "name"));
    req_set(r, "feed_url", req_url(r, arena_printf(a, "%s%.*s.ics", path, (int)token.n, token.p)));
    return reply_view(r, 200, "feed/made");
}

static enum err make_busy(struct req *r) { return make(r, "false", "/feed/"); }
static enum err make_details(struct req *r) { return make(r, "true", "/feed/details/"); }

/* The form was carried out already; its address was in that answer and is nowhere else. */
static enum err made_before(struct req *r, struct str location)
{
    (void)location;
    return reply_redirect(r, S("/account/calendar?lost=1"));
}

/* ---- reading ---- */

/* Opens the feed of the path's token. NULL: *e says how to answer. */
static struct rows *open_feed(struct req *r, const char *details, enum err *e)
{
    struct str raw;
    *e = ERR_NOT_FOUND;
    if (!token_read(req_arena(r), req_value(r, "token"), &raw))
        return NULL;
    req_set_bytes(r, "feed_token", raw);
    req_set(r, "details", str_of(details));
    struct rows *feed = req_query(r, Q_feed_open);
    if (!feed) {
        *e = req_error(r);
        return NULL;
    }
    if (rows_count(feed) > 0)
        return feed;
    *e = req_commit(r); /* a wrong token is counted although the answer is an error */
    if (!*e)
        *e = ERR_NOT_FOUND;
    return NULL;
}

static struct ics_visit entry_of(struct req *r, const struct rows *rows, size_t i, const char *id,
                                 struct str summary)
{
    struct str uid = rows_text(rows, i, id), host = req_value(r, "host");
    return (struct ics_visit){
        .uid = arena_printf(req_arena(r), "%.*s@%.*s", (int)uid.n, uid.p, (int)host.n, host.p),
        .summary = summary,
        .starts_at = rows_int(rows, i, "starts_epoch"),
        .ends_at = rows_int(rows, i, "ends_epoch"),
        .changed_at = rows_int(rows, i, "changed_epoch"),
    };
}

static struct str service_words(struct req *r, const struct rows *visits, size_t i)
{
    struct str service = rows_text(visits, i, "service"), initial = rows_text(visits, i, "initial");
    if (initial.n == 0)
        return service;
    return arena_printf(req_arena(r), "%.*s (%.*s.)", (int)service.n, service.p, (int)initial.n,
                        initial.p);
}

static enum err read_feed(struct req *r, bool has_details)
{
    enum err e;
    struct rows *feed = open_feed(r, has_details ? "true" : "false", &e);
    if (!feed)
        return e;
    struct rows *visits = req_query(r, has_details ? Q_feed_visits : Q_feed_busy);
    struct rows *away = visits ? req_query(r, Q_feed_away) : NULL;
    if (!away)
        return req_error(r);
    size_t n_visits = rows_count(visits), n = n_visits + rows_count(away);
    struct ics_visit *entries = arena_alloc(req_arena(r), (n + 1) * sizeof *entries);
    for (size_t i = 0; i < n_visits; i++) {
        struct str summary = has_details ? service_words(r, visits, i) : S("Busy");
        entries[i] = entry_of(r, visits, i, "appointment_id", summary);
        entries[i].place = rows_text(visits, i, "place");
        entries[i].version = rows_int(visits, i, "version");
    }
    for (size_t i = n_visits; i < n; i++)
        entries[i] =
            entry_of(r, away, i - n_visits, "time_off_id", has_details ? S("Time off") : S("Busy"));
    return reply_bytes_again(r, "text/calendar; charset=utf-8",
                             ics_feed(req_arena(r), rows_text(feed, 0, "feed_name"), entries, n));
}

static enum err read_busy(struct req *r) { return read_feed(r, false); }
static enum err read_details(struct req *r) { return read_feed(r, true); }

#define FEED .door = DOOR_PUBLIC, .pool = POOL_SLOW

const struct page feed_pages[] = {
    {GET, "/account/calendar", SELF, .show = {{"feeds", Q_feed_own}}, .view = "feed/mine",
     .title = "Your visits in your own calendar"},
    {POST, "/account/calendar", SELF, .fields = make_fields, .run = make_busy,
     .replay = made_before, .again = "/account/calendar", .view = "feed/made",
     .gives = "has_details feed_name feed_url", .title = "An address for a calendar program"},
    {POST, "/account/calendar/details", SELF, .fields = make_fields, .run = make_details,
     .replay = made_before, .again = "/account/calendar", .view = "feed/made", .step_up = true,
     .gives = "has_details feed_name feed_url",
     .title = "An address for a calendar program, with details"},
    {POST, "/account/calendar/revoke", SELF, .fields = revoke_fields, .save = Q_feed_revoke,
     .then = "/account/calendar?revoked=1", .again = "/account/calendar",
     .title = "Revoke an address for a calendar program"},
    {GET, "/feed/{token:ics}", FEED, .run = read_busy, .title = "Somebody's visits: busy times"},
    {GET, "/feed/details/{token:ics}", FEED, .action = "feed.read", .run = read_details,
     .title = "Somebody's visits with details"},
    {0},
};
