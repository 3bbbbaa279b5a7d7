/*
 * outside.c -- a person's calendars elsewhere, which are read as busy.
 * Owns: taking an address in, sealed. It is never shown again; its host is.
 */
#include "config.h"
#include "crypto.h"
#include "fetch.h"
#include "schedule_pages.h"

enum { MOST_CALENDARS = 5 };

static const struct field add_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Give it a name."},
    {"calendar_url", FIELD_PASSWORD, .required = true, .max = 1000,
     .missing = "Copy the address of the calendar."},
    {0},
};
static const struct field no_fields[] = {{0}};

/* https for webcal; the host by itself. */
static bool take_url(struct req *r, struct str *url, struct str *host)
{
    struct str typed = str_trim(req_value(r, "calendar_url"));
    if (str_starts(typed, S("webcal://")))
        typed = arena_printf(req_arena(r), "https://%.*s", (int)(typed.n - 9), typed.p + 9);
    *url = typed;
    if (!fetch_url_ok(typed, config_text("calendar_own_hosts")))
        return false;
    const char *begin = memchr(typed.p, '/', typed.n);
    struct str rest =
        str_part(typed, (size_t)(begin - typed.p) + 2, typed.n - (size_t)(begin - typed.p) - 2);
    size_t n = 0;
    while (n < rest.n && !strchr("/?:", rest.p[n]))
        n++;
    *host = str_part(rest, 0, n < 253 ? n : 253);
    return n > 0;
}

static enum err add(struct req *r)
{
    struct str url, host, sealed;
    if (!take_url(r, &url, &host)) {
        req_refuse(r, "calendar_url",
                   "An address of a calendar begins with https:// or webcal://.");
        return reply_again(r, "/account/calendars");
    }
    struct rows *count = req_query(r, Q_outside_count);
    if (!count)
        return req_error(r);
    if (rows_int(count, 0, "n") >= MOST_CALENDARS) {
        req_refuse(r, "", "There are five already. Remove one first.");
        return reply_again(r, "/account/calendars");
    }
    struct str id = uuid_new(req_arena(r));
    enum err e = req_seal_own(r, "app.outside_calendar", "url_sealed", id, url, &sealed);
    if (e)
        return e;
    req_set(r, "calendar_id", id);
    req_set(r, "calendar_host", host);
    req_set_bytes(r, "calendar_bytes", sealed);
    if (!req_query(r, Q_outside_add) || !req_query(r, Q_outside_job))
        return req_error(r);
    return reply_redirect(r, S("/account/calendars?added=1"));
}

#define OWN .realm = REALM_STUDIO, CAN(calendar_read)

const struct page outside_pages[] = {
    {GET, "/account/calendars", OWN, .show = {{"calendars", Q_outside_own}}, .view = "outside/own",
     .title = "Your calendars elsewhere"},
    {POST, "/account/calendars", OWN, .action = "outside.add", .fields = add_fields, .run = add,
     .again = "/account/calendars", .title = "Add a calendar elsewhere"},
    {POST, "/account/calendars/{calendar_id:uuid}/remove", OWN, .action = "outside.drop",
     .fields = no_fields, .save = Q_outside_drop, .then = "/account/calendars?gone={gone_id}",
     .again = "/account/calendars", .title = "Remove a calendar elsewhere"},
    {POST, "/settings/people/{staff_id:uuid}/calendars/{calendar_id:uuid}/remove", SCHEDULE,
     .action = "outside.drop", .fields = no_fields, .save = Q_outside_drop_of,
     .then = "/settings/people/{staff_id}?saved=1", .again = "/settings/people/{staff_id:uuid}",
     .title = "Remove somebody's calendar elsewhere"},
    {0},
};
