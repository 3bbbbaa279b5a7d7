/*
 * series.c -- visits that repeat: planned and looked at before anything is booked, shown as one,
 * changed and cancelled for one, for this and later, or for all to come.
 * Owns: the order preview, choice, one transaction, one message.
 * Never: computes a date or decides what is free; app.series_preview and its kin do.
 */
#include "features.h"
#include "visit.h"

enum { MAX_PICKS = 100, MAX_PICK = 80 };

static const struct field new_fields[] = {
    {"client_id", FIELD_UUID, .required = true, .missing = "Choose for whom it is."},
    {"from", FIELD_UUID},
    {"service_id", FIELD_UUID, .required = true, .missing = "Choose a service."},
    {"location_id", FIELD_UUID, .required = true, .missing = "Choose a place."},
    {"staff_id", FIELD_UUID},
    {"day", FIELD_DATE, .required = true, .missing = "Choose the first day."},
    {"time", FIELD_TIME, .required = true, .missing = "Choose a time."},
    {"every", FIELD_INT, .required = true, .min = 1, .max = 26, .bad = "Give 1 to 26 weeks."},
    {"times", FIELD_INT, .min = 1, .max = 80, .bad = "Give 1 to 80 times."},
    {"until", FIELD_DATE},
    {"mode", FIELD_CHOICE, .required = true, .choices = "chosen|all"},
    {"quiet", FIELD_BOOL},
    {0},
};

static const struct field change_fields[] = {
    {"visit", FIELD_UUID, .required = true},
    {"scope", FIELD_CHOICE, .required = true, .choices = "one|later|all"},
    {"what", FIELD_CHOICE, .required = true, .choices = "change|cancel"},
    {"day", FIELD_DATE},
    {"time", FIELD_TIME},
    {"who", FIELD_TEXT, .max = 36},
    {"minutes", FIELD_INT, .min = 5, .max = 480, .bad = "Give 5 to 480 minutes."},
    {"reason", FIELD_CHOICE, .choices = "client_asked|client_ill|studio|mistake|other"},
    {"version", FIELD_INT, .required = true, .max = INT32_MAX},
    {"mode", FIELD_CHOICE, .required = true, .choices = "chosen|all"},
    {"quiet", FIELD_BOOL},
    {0},
};

/* RULE=WORD or RULE=START=STAFF, of such characters as these alone: they go into an array's text. */
static bool pick_ok(struct str s)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzT:-=";
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr(allowed, s.p[i]))
            return false;
    return s.n > 0 && s.n <= MAX_PICK;
}

/* What was chosen for each time, as :picks. Errors: ERR_INVALID when it was not this page that sent it. */
static enum err set_picks(struct req *r)
{
    const struct str *values;
    size_t n = req_values(r, "pick", &values);
    struct buf b = buf_in(req_arena(r), 64 * (n + 1));
    if (n > MAX_PICKS)
        return ERR_INVALID;
    buf_addc(&b, '{');
    for (size_t i = 0; i < n; i++) {
        if (!pick_ok(values[i]))
            return ERR_INVALID;
        buf_printf(&b, "%s\"%.*s\"", b.n > 1 ? "," : "", (int)values[i].n, values[i].p);
    }
    buf_addc(&b, '}');
    req_set(r, "picks", buf_str(&b));
    return OK;
}

static void set_from_row(struct req *r, const struct rows *rows, const char *name)
{
    struct str value = rows_text(rows, 0, name);
    if (value.n > 0)
        req_set(r, name, value);
    else
        req_set_null(r, name);
}

/* The keys of the rows that cannot be, and of which visit each is, as :conflicts and :moved. */
static size_t set_conflicts(struct req *r, const struct rows *rows, const char *key,
                            const char *moved)
{
    struct buf keys = buf_in(req_arena(r), 256), visits = buf_in(req_arena(r), 256);
    size_t n = 0;
    buf_addc(&keys, '{');
    buf_addc(&visits, '{');
    for (size_t i = 0; i < rows_count(rows); i++) {
        if (!rows_bool(rows, i, "is_conflict"))
            continue;
        struct str k = rows_text(rows, i, key);
        struct str v = moved ? rows_text(rows, i, moved) : S("NULL");
        buf_printf(&keys, "%s\"%.*s\"", n ? "," : "", (int)k.n, k.p);
        buf_printf(&visits, "%s%.*s", n ? "," : "", (int)v.n, v.p);
        n++;
    }
    buf_addc(&keys, '}');
    buf_addc(&visits, '}');
    req_set(r, "conflicts", buf_str(&keys));
    req_set(r, "moved", buf_str(&visits));
    return n;
}

static bool is_loud(struct req *r) { return !str_is(req_value(r, "quiet"), "true"); }

static enum err to_series(struct req *r, struct str id, const char *done)
{
    return reply_redirect(
        r, arena_printf(req_arena(r), "/series/%.*s?done=%s", (int)id.n, id.p, done));
}

/* ---- a new one ---- */

/* The preview, once all is said; what is wrong with the rule goes beside its field. */
static enum err show_preview(struct req *r)
{
    struct rows *problem = req_query(r, Q_series_problem);
    if (!problem)
        return req_error(r);
    struct str words = rows_text(problem, 0, "words");
    if (words.n > 0) {
        req_refuse(r, arena_cstr(req_arena(r), rows_text(problem, 0, "field")),
                   arena_cstr(req_arena(r), words));
        return OK;
    }
    struct rows *visits = req_show(r, "visits", Q_series_preview, NULL);
    if (!visits)
        return req_error(r);
    if (set_conflicts(r, visits, "at_key", NULL) > 0 &&
        !req_show(r, "alternatives", Q_series_alternative, "at_key"))
        return req_error(r);
    return OK;
}

static enum err show_new(struct req *r)
{
    static const char *const names[] = {"client_id", "service_id", "location_id", "staff_id",
                                        "day",       "time",       "every"};
    enum err e = set_picks(r);
    if (e)
        return e;
    struct rows *asked = req_show(r, "asked", Q_series_asked, NULL);
    if (!asked)
        return req_error(r);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        set_from_row(r, asked, names[i]);
    if (!req_show(r, "client", Q_series_client, NULL) ||
        !req_show(r, "services", Q_series_service, NULL) ||
        !req_show(r, "providers", Q_series_provider, NULL) ||
        !req_show(r, "places", Q_series_place, NULL))
        return req_error(r);
    if (!req_has(r, "client_id") && !req_show(r, "hits", Q_client_search, NULL))
        return req_error(r);
    if (rows_bool(asked, 0, "is_whole"))
        e = show_preview(r);
    return e ? e : reply_view(r, 200, "series/new");
}

static enum err book(struct req *r)
{
    enum err e = set_picks(r);
    if (e)
        return e;
    struct rows *made = req_query(r, Q_series_book);
    if (!made)
        return req_error(r);
    struct str id = rows_text(made, 0, "series_id");
    if (is_loud(r))
        e = visit_tell_series(r, "series_booked", id);
    return e ? e : to_series(r, id, "booked");
}

/* ---- a change ---- */

static enum err show_change(struct req *r)
{
    static const char *const names[] = {"visit",       "scope",    "day",      "time",
                                        "shift",       "who",      "staff_id", "service_id",
                                        "location_id", "client_id"};
    enum err e = set_picks(r);
    if (e)
        return e;
    struct rows *now = req_show(r, "changing", Q_series_changing, NULL);
    if (!now)
        return req_error(r);
    bool is_cancel = rows_bool(now, 0, "is_cancel");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        set_from_row(r, now, names[i]);
    req_set(r, "who", rows_text(now, 0, "who"));
    req_set(r, "is_cancel", is_cancel ? S("true") : S("false"));
    if (!req_show(r, "coming", Q_series_coming, NULL) ||
        !req_show(r, "providers", Q_series_provider, NULL))
        return req_error(r);
    if (!req_has(r, "what"))
        return reply_view(r, 200, "series/change");
    if (!is_cancel && rows_bool(now, 0, "is_too_far")) {
        req_refuse(r, "day",
                   "A whole series moves by at most six days. For more, end it and begin another.");
        return reply_view(r, 200, "series/change");
    }
    struct rows *visits = req_show(r, "visits", Q_series_change_preview, NULL);
    if (!visits)
        return req_error(r);
    if (set_conflicts(r, visits, "at_key", "appointment_id") > 0 &&
        !req_show(r, "alternatives", Q_series_alternative, "at_key"))
        return req_error(r);
    return reply_view(r, 200, "series/change");
}

static enum err cancel(struct req *r)
{
    struct str id = req_value(r, "series_id"), visit = req_value(r, "visit");
    if (!req_has(r, "reason")) {
        req_refuse(r, "reason", "Please say why.");
        return ERR_INVALID;
    }
    if (!req_query(r, Q_series_cancel))
        return req_error(r);
    enum err e = OK;
    if (is_loud(r))
        e = str_is(req_value(r, "scope"), "one") ? visit_tell(r, "cancelled", visit)
                                                 : visit_tell_series(r, "series_cancelled", id);
    return e ? e : to_series(r, id, "cancelled");
}

static enum err change(struct req *r)
{
    if (str_is(req_value(r, "what"), "cancel"))
        return cancel(r);
    enum err e = set_picks(r);
    if (e)
        return e;
    struct rows *now = req_query(r, Q_series_changing);
    if (!now)
        return req_error(r);
    set_from_row(r, now, "shift");
    req_set(r, "who", rows_text(now, 0, "who"));
    struct rows *changed = req_query(r, Q_series_change);
    if (!changed)
        return req_error(r);
    struct str id = rows_text(changed, 0, "series_id"), visit = req_value(r, "visit");
    if (is_loud(r))
        e = str_is(req_value(r, "scope"), "one") ? visit_tell(r, "moved", visit)
                                                 : visit_tell_series(r, "series_changed", id);
    return e ? e : to_series(r, id, "changed");
}

#define ONE "/series/{series_id:uuid}"

const struct page series_pages[] = {
    {GET, "/series/new", CAN(booking_write), .action = "series.create", .run = show_new,
     .show = {{"asked", Q_series_asked},
              {"client", Q_series_client},
              {"hits", Q_client_search},
              {"services", Q_series_service},
              {"providers", Q_series_provider},
              {"places", Q_series_place},
              {"visits", Q_series_preview},
              {"alternatives", Q_series_alternative, .by = "at_key"}},
     .view = "series/new", .title = "New series of appointments"},
    {POST, "/series/new", CAN(booking_write), .action = "series.create", .fields = new_fields,
     .run = book, .show = {SERIES_SHOWN}, .again = "/series/new",
     .title = "Book a series of appointments"},
    {GET, "/series/clock", CAN(booking_write), .action = "series.read",
     .show = {{"series", Q_series_clock}}, .view = "series/clock",
     .title = "Series whose clock has changed"},
    {GET, ONE, CAN(calendar_read), .action = "series.read",
     .show = {{"series", Q_series_one}, {"visits", Q_series_visit}}, .view = "series/show",
     .title = "Series of appointments"},
    {GET, ONE "/change", CAN(booking_write), .action = "series.read", .run = show_change,
     .show = {{"changing", Q_series_changing},
              {"coming", Q_series_coming},
              {"providers", Q_series_provider},
              {"visits", Q_series_change_preview},
              {"alternatives", Q_series_alternative, .by = "at_key"}},
     .view = "series/change", .title = "Change a series of appointments"},
    {POST, ONE "/change", CAN(booking_write), .action = "series.change", .fields = change_fields,
     .run = change, .show = {VISIT_SHOWN, SERIES_SHOWN}, .again = ONE "/change",
     .title = "Carry out a change of a series"},
    {0},
};
