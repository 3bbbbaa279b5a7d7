/*
 * waitlist.c -- who waits for a time: joined by the staff or by the client from her link, offered by the
 * jobs or by hand, answered by a button on her page.
 * Owns: reading the choices of the form. Never: answers for her by GET, for programs that check mail
 * follow links too; decides what is free or who is next, app.waitlist_fill does.
 */
#include "waitlist.h"

#include "crypto.h"
#include "features.h"
#include "visit.h"

static const struct field join_fields[] = {
    {"client_id", FIELD_UUID},
    {"service_id", FIELD_UUID, .required = true, .missing = "Choose what you wait for."},
    {"from_day", FIELD_DATE, .required = true},
    {"to_day", FIELD_DATE, .required = true},
    {"from_time", FIELD_TIME},
    {"to_time", FIELD_TIME},
    {"from_time2", FIELD_TIME},
    {"to_time2", FIELD_TIME},
    {0},
};
static const struct field offer_fields[] = {
    {"choice", FIELD_TEXT, .max = 120},
    {"chosen_place", FIELD_UUID},
    {"chosen_staff", FIELD_UUID},
    {"day", FIELD_DATE},
    {"time", FIELD_TIME},
    {0},
};
static const struct field answer_fields[] = {
    {"offer_id", FIELD_UUID, .required = true},
    {0},
};
static const struct field leave_fields[] = {
    {"entry_id", FIELD_UUID, .required = true},
    {0},
};
static const struct field no_fields[] = {{0}};
static const struct field setting_fields[] = {
    {"waitlist_minutes", FIELD_INT, .required = true, .min = 10, .max = 1440,
     .bad = "Choose 10 to 1440 minutes."},
    {0},
};

/* ---- the choices of the form ---- */

static bool is_weekday(struct str s) { return s.n == 1 && s.p[0] >= '0' && s.p[0] <= '6'; }

/* The good ones of the values sent for a name, as an array's text under another. How many. */
static size_t set_array(struct req *r, const char *field, const char *as,
                        bool (*is_good)(struct str))
{
    const struct str *values;
    size_t n = req_values(r, field, &values), good = 0;
    struct buf b = buf_in(req_arena(r), 40 * (n + 1));
    buf_addc(&b, '{');
    for (size_t i = 0; i < n && good < 50; i++)
        if (is_good(values[i]))
            buf_printf(&b, "%s%.*s", good++ ? "," : "", (int)values[i].n, values[i].p);
    buf_addc(&b, '}');
    req_set(r, as, buf_str(&b));
    return good;
}

/* One window as app.waitlist_join reads it; nothing when no day is chosen. */
static void add_window(struct req *r, struct buf *b, const char *days, const char *from,
                       const char *to)
{
    struct str d = req_value(r, days), f = req_value(r, from), t = req_value(r, to);
    if (d.n <= 2)
        return;
    d = str_part(d, 1, d.n - 2);
    buf_printf(b, "%s\"%.*s|%.*s|%.*s\"", b->n > 1 ? "," : "", (int)d.n, d.p, f.n ? (int)f.n : 5,
               f.n ? f.p : "00:00", t.n ? (int)t.n : 5, t.n ? t.p : "23:59");
}

static void read_choices(struct req *r)
{
    struct buf b = buf_in(req_arena(r), 128);
    set_array(r, "place", "places", uuid_ok);
    set_array(r, "provider", "providers", uuid_ok);
    set_array(r, "weekday", "days", is_weekday);
    set_array(r, "weekday2", "days2", is_weekday);
    buf_addc(&b, '{');
    add_window(r, &b, "days", "from_time", "to_time");
    add_window(r, &b, "days2", "from_time2", "to_time2");
    buf_addc(&b, '}');
    req_set(r, "windows", buf_str(&b));
}

/* The form, with what was chosen when it comes back. */
static enum err show_choices(struct req *r)
{
    const struct str *values;
    if (req_values(r, "from_day", &values) > 0)
        read_choices(r);
    if (!req_show(r, "ask", Q_waitlist_ask, NULL) ||
        !req_show(r, "services", Q_waitlist_service, NULL) ||
        !req_show(r, "places", Q_waitlist_place, NULL) ||
        !req_show(r, "people", Q_waitlist_person, NULL) ||
        !req_show(r, "weekdays", Q_waitlist_day, NULL))
        return req_error(r);
    return OK;
}

#define CHOICES_SHOWN                                                                              \
    {"ask", Q_waitlist_ask}, {"services", Q_waitlist_service}, {"places", Q_waitlist_place},       \
        {"people", Q_waitlist_person},                                                             \
    {                                                                                              \
        "weekdays", Q_waitlist_day                                                                 \
    }

static enum err go(struct req *r, const char *before, struct str id, const char *after)
{
    return reply_redirect(r,
                          arena_printf(req_arena(r), "%s%.*s%s", before, (int)id.n, id.p, after));
}

/* ---- the staff ---- */

static enum err show_new(struct req *r)
{
    if (!req_show(r, "client", Q_waitlist_client, NULL) ||
        (!req_has(r, "client_id") && !req_show(r, "hits", Q_client_search, NULL)))
        return req_error(r);
    enum err e = show_choices(r);
    return e ? e : reply_view(r, 200, "waitlist/new");
}

static enum err join(struct req *r)
{
    if (!req_has(r, "client_id")) {
        req_refuse(r, "client_id", "Choose who waits.");
        return ERR_INVALID;
    }
    req_set(r, "joining", req_value(r, "client_id"));
    read_choices(r);
    struct rows *made = req_query(r, Q_waitlist_join);
    if (!made)
        return req_error(r);
    return go(r, "/waitlist/", rows_text(made, 0, "entry_id"), "?done=joined");
}

/* SLOT=PLACE=STAFF from the list, or a time that was typed. */
static enum err offer(struct req *r)
{
    struct str rest = req_value(r, "choice");
    if (rest.n > 0) {
        req_set(r, "chosen_slot", str_cut(&rest, '='));
        req_set(r, "chosen_place", str_cut(&rest, '='));
        req_set(r, "chosen_staff", rest);
    } else {
        req_set_null(r, "chosen_slot");
        if (!req_has(r, "chosen_place") || !req_has(r, "day") || !req_has(r, "time")) {
            req_refuse(r, "starts_at", "Choose a time from the list, or give place, day and time.");
            return ERR_INVALID;
        }
    }
    struct rows *made = req_query(r, Q_waitlist_hand_out);
    if (!made)
        return req_error(r);
    enum err e = waitlist_tell(r, rows_text(made, 0, "offer_id"));
    return e ? e : go(r, "/waitlist/", req_value(r, "entry_id"), "?done=offered");
}

/* Once, also when she pressed in two windows. */
static enum err tell_booked(struct req *r, const struct rows *booked)
{
    struct str id = arena_str(req_arena(r), rows_text(booked, 0, "appointment_id"));
    if (!rows_bool(booked, 0, "is_new"))
        return OK;
    enum err e = visit_tell(r, "booked", id);
    return e ? e : visit_ask_for_forms(r, id);
}

/* She said yes on the telephone: the same as her own button. */
static enum err accept_for_her(struct req *r)
{
    struct rows *booked = req_query(r, Q_waitlist_accept);
    if (!booked)
        return req_error(r);
    struct str id = rows_text(booked, 0, "appointment_id");
    enum err e = tell_booked(r, booked);
    return e ? e : go(r, "/appointments/", id, "");
}

/* ---- the client ---- */

static enum err show_hers(struct req *r)
{
    struct rows *home = req_show(r, "home", Q_waitlist_home, NULL);
    if (!home)
        return req_error(r);
    struct str service = rows_text(home, 0, "service_id");
    if (service.n > 0)
        req_set(r, "service_id", service);
    if (!req_show(r, "offers", Q_waitlist_offered, NULL) ||
        !req_show(r, "mine", Q_waitlist_mine, NULL) ||
        !req_show(r, "hours", Q_waitlist_mine_hours, "entry_id") ||
        !req_show(r, "days", Q_waitlist_mine_days, "hours_key"))
        return req_error(r);
    enum err e = show_choices(r);
    return e ? e : reply_view(r, 200, "waitlist/hers");
}

static enum err to_hers(struct req *r, const char *done)
{
    return go(r, "/v/", req_value(r, "link_id"), done);
}

static enum err join_herself(struct req *r)
{
    req_set(r, "joining", req_value(r, "client_id"));
    read_choices(r);
    return req_query(r, Q_waitlist_join) ? to_hers(r, "/waitlist?done=joined") : req_error(r);
}

static enum err accept(struct req *r)
{
    struct rows *booked = req_query(r, Q_waitlist_accept);
    if (!booked)
        return req_error(r);
    enum err e = tell_booked(r, booked);
    return e ? e : to_hers(r, "/waitlist?done=booked");
}

static enum err decline(struct req *r)
{
    return req_query(r, Q_waitlist_take_back) ? to_hers(r, "/waitlist?done=declined")
                                              : req_error(r);
}

static enum err leave_herself(struct req *r)
{
    return req_query(r, Q_waitlist_leave) ? to_hers(r, "/waitlist?done=left") : req_error(r);
}

#define ONE "/waitlist/{entry_id:uuid}"
#define HERS "/v/{link_id:uuid}/waitlist"

const struct page waitlist_pages[] = {
    {GET, "/waitlist", CAN(calendar_read), .action = "waitlist.read",
     .show = {{"entries", Q_waitlist_list}}, .view = "waitlist/list", .title = "Waitlist"},
    {GET, "/waitlist/new", CAN(booking_write), .action = "waitlist.join", .run = show_new,
     .show = {{"client", Q_waitlist_client}, {"hits", Q_client_search}, CHOICES_SHOWN},
     .view = "waitlist/new", .title = "Put somebody on the waitlist"},
    {POST, "/waitlist/new", CAN(booking_write), .action = "waitlist.join", .fields = join_fields,
     .run = join, .again = "/waitlist/new", .title = "Waitlist: join"},
    {GET, ONE, CAN(calendar_read), .action = "waitlist.read",
     .show = {{"entry", Q_waitlist_one},
              {"offers", Q_waitlist_offer},
              {"choices", Q_waitlist_choice},
              {"places", Q_waitlist_place},
              {"people", Q_waitlist_person}},
     .view = "waitlist/one", .title = "Waitlist: somebody who waits"},
    {POST, ONE "/offer", CAN(booking_write), .action = "waitlist.offer", .fields = offer_fields,
     .run = offer, .show = {{"offer", Q_waitlist_message}}, .again = ONE,
     .title = "Waitlist: offer a time by hand"},
    {POST, ONE "/withdraw", CAN(booking_write), .action = "waitlist.withdraw",
     .fields = answer_fields, .save = Q_waitlist_take_back,
     .then = "/waitlist/{entry_id}?done=withdrawn", .again = ONE,
     .title = "Waitlist: take an offer back"},
    {POST, ONE "/accept", CAN(booking_write), .action = "waitlist.accept", .fields = answer_fields,
     .run = accept_for_her, .show = {VISIT_SHOWN}, .again = ONE,
     .title = "Waitlist: book an offer for her"},
    {POST, ONE "/remove", CAN(booking_write), .action = "waitlist.leave", .fields = no_fields,
     .save = Q_waitlist_leave, .then = "/waitlist?done=removed", .again = ONE,
     .title = "Waitlist: take somebody off"},
    {GET, "/settings/waitlist", CAN(settings_write), .show = {{"value", Q_waitlist_setting}},
     .view = "waitlist/settings", .title = "Settings of the waitlist"},
    {POST, "/settings/waitlist", CAN(settings_write), .action = "waitlist.settings",
     .fields = setting_fields, .save = Q_waitlist_set, .then = "/settings/waitlist?done=1",
     .again = "/settings/waitlist", .title = "Change how long an offer stands"},

    {GET, HERS, LINK(NULL), .action = "waitlist.read", .run = show_hers,
     .show = {{"home", Q_waitlist_home},
              {"offers", Q_waitlist_offered},
              {"mine", Q_waitlist_mine},
              {"hours", Q_waitlist_mine_hours, "entry_id"},
              {"days", Q_waitlist_mine_days, "hours_key"},
              CHOICES_SHOWN},
     .view = "waitlist/hers", .title = "Her waitlist"},
    {POST, HERS, LINK(NULL), .action = "waitlist.join", .fields = join_fields, .run = join_herself,
     .again = HERS, .title = "Her waitlist: join"},
    {POST, HERS "/accept", LINK(NULL), .action = "waitlist.accept", .fields = answer_fields,
     .run = accept, .show = {VISIT_SHOWN}, .again = HERS, .title = "Her waitlist: take a time"},
    {POST, HERS "/decline", LINK(NULL), .action = "waitlist.decline", .fields = answer_fields,
     .run = decline, .again = HERS, .title = "Her waitlist: decline a time"},
    {POST, HERS "/leave", LINK(NULL), .action = "waitlist.leave", .fields = leave_fields,
     .run = leave_herself, .again = HERS, .title = "Her waitlist: leave it"},
    {0},
};
