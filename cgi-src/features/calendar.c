/*
 * calendar.c -- the time of a place: a day by provider or by room, a week, a month, a list, the front desk's board.
 * Owns: where the calendar opens; the list as a file; the number that says that something changed.
 * The views themselves are statements and templates.
 * Never: computes a date; the place's own clock decides, in SQL.
 */
#include "features.h"

/* Sends to the first page of the house that this person may open. */
static enum err open_house(struct req *r)
{
    static const struct {
        const char *permission, *path;
    } doors[] = {
        {",calendar_read", "/calendar"}, {",client_read", "/clients"},   {",demo_read", "/demos"},
        {",audit_read", "/audit"},       {",message_read", "/messages"},
    }; /* of any reach: "calendar_read," or "calendar_read@..." */
    const char *perms = arena_cstr(req_arena(r), req_value(r, "perms"));
    for (size_t i = 0; i < COUNT_OF(doors); i++)
        if (strstr(perms, doors[i].permission))
            return reply_redirect(r, str_of(doors[i].path));
    return ERR_FORBIDDEN;
}

/* Today, or ?day=, at the first place, or ?location=; by provider, or as ?view= says. */
static enum err open_calendar(struct req *r)
{
    static const char *const views[] = {"day", "rooms", "week", "month"};
    static const char *const kept[] = {"staff", "by"}; /* whose, and coloured by what */
    const char *view = views[0];
    struct rows *found = req_query(r, Q_calendar_today);
    if (!found)
        return req_error(r);
    if (rows_count(found) == 0)
        return ERR_NOT_FOUND;
    struct str day = rows_text(found, 0, "day"), location = req_value(r, "location");
    if (location.n == 0)
        location = rows_text(found, 0, "place_id");
    for (size_t i = 1; i < COUNT_OF(views); i++)
        if (str_is(req_value(r, "view"), views[i]))
            view = views[i];
    struct buf path = buf_in(req_arena(r), 160);
    buf_printf(&path, "/%s/%.*s", view, (int)day.n, day.p);
    if (location.n > 0) {
        buf_addz(&path, "?location=");
        esc_url(&path, location);
    }
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (location.n > 0 && req_has(r, kept[i])) {
            buf_printf(&path, "&%s=", kept[i]);
            esc_url(&path, req_value(r, kept[i]));
        }
    return reply_redirect(r, buf_str(&path));
}

/* The list as it is narrowed down, as a file (B14). */
static enum err download(struct req *r)
{
    enum { MOST = 5000 };
    static const char *const columns[] = {"date",      "starts", "ends",          "zone",
                                          "service",   "addons", "location",      "room",
                                          "provider",  "client", "status",        "cancel_reason",
                                          "booked_by", "price",  "appointment_id"};
    struct rows *rows = req_query(r, Q_calendar_export);
    if (rows && rows_count(rows) > MOST)
        return reply_too_long(r, MOST);
    return reply_csv(r, rows, columns, COUNT_OF(columns), "appointments.csv");
}

/*
 * A bare number for the days from ?from= to ?to= at ?location=, that is another one once a colleague
 * has changed something there or in the set-up. ?since=: the number that is known; 204 while it
 * holds. Names nobody, so it leaves no row in the trail; asked quietly (X-Foyer-Quiet) it keeps no
 * session alive.
 */
static enum err changes(struct req *r)
{
    struct rows *found = req_query(r, Q_calendar_change);
    if (!found)
        return req_error(r);
    struct str visits = rows_text(found, 0, "number"), set_up = req_value(r, "reference_version");
    struct str number =
        arena_printf(req_arena(r), "%.*s.%.*s", (int)visits.n, visits.p, (int)set_up.n, set_up.p);
    if (str_eq(number, req_value(r, "since")))
        return reply_bytes(r, 204, "text/plain; charset=utf-8", S(""), NULL);
    return reply_bytes(r, 200, "text/plain; charset=utf-8", number, NULL);
}

static const struct field arrival_fields[] = {
    {"appointment_id", FIELD_UUID, .required = true},
    {"status", FIELD_CHOICE, .required = true, .choices = "arrived|in_room|done"},
    {0},
};

const struct page calendar_pages[] = {
    {GET, "/", .realm = REALM_STAFFED, CAN(none), .run = open_house, .title = "Home"},
    {GET, "/calendar", CAN(calendar_read), .run = open_calendar, .title = "Calendar: today"},
    {GET, "/day/{day:date}", CAN(calendar_read), .action = "calendar.read",
     /* allergies and due ask for the clients that the visits have shown */
     .show = {{"places", Q_calendar_place},
              {"clock", Q_calendar_clock},
              {"providers", Q_calendar_provider},
              {"outside", Q_calendar_outside, .by = "staff_id"},
              {"services", Q_calendar_service, .by = "service_id"},
              {"rooms", Q_calendar_room, .by = "room_id"},
              {"visits", Q_calendar_visit, .by = "staff_id"},
              {"busy", Q_calendar_visit, .by = "busy_id", .once = true},
              {"arrivals", Q_calendar_visit},
              {"allergies", Q_calendar_allergy, .by = "person_id"},
              {"due", Q_calendar_due, .by = "appointment_id"}},
     .view = "calendar/day", .title = "Calendar: a day by provider"},
    {POST, "/day/{day:date}/arrivals", CAN(booking_write), .action = "appointment.status",
     .fields = arrival_fields, .save = Q_appointment_arrive,
     .then = "/day/{day}?location={location_id}", .again = "/day/{day:date}",
     .title = "Calendar: check somebody in"},
    {GET, "/rooms/{day:date}", CAN(calendar_read), .action = "calendar.read",
     .show = {{"places", Q_calendar_place},
              {"clock", Q_calendar_clock},
              {"units", Q_calendar_unit},
              {"services", Q_calendar_service, .by = "service_id"},
              {"visits", Q_calendar_unit_visit, .by = "unit_id"},
              {"allergies", Q_calendar_allergy, .by = "person_id"},
              {"due", Q_calendar_due, .by = "appointment_id"}},
     .view = "calendar/rooms", .title = "Calendar: a day by room and device"},
    {GET, "/week/{day:date}", CAN(calendar_read), .action = "calendar.read",
     .show = {{"places", Q_calendar_around},
              {"days", Q_calendar_week_day},
              {"people", Q_calendar_week_person},
              {"outside", Q_calendar_week_outside, .by = "day"},
              {"cells", Q_calendar_week_cell, .by = "staff_id"},
              {"services", Q_calendar_service, .by = "service_id"},
              {"rooms", Q_calendar_room, .by = "room_id"},
              {"visits", Q_calendar_week_visit, .by = "day"},
              {"booked", Q_calendar_week_visit, .by = "cell"},
              {"allergies", Q_calendar_allergy, .by = "person_id"},
              {"due", Q_calendar_due, .by = "appointment_id"}},
     .view = "calendar/week", .title = "Calendar: a week"},
    {GET, "/month/{day:date}", CAN(calendar_read), .action = "calendar.read",
     .show = {{"places", Q_calendar_around},
              {"weeks", Q_calendar_month_week},
              {"days", Q_calendar_month_day, .by = "week"}},
     .view = "calendar/month", .title = "Calendar: a month"},
    {GET, "/visits", CAN(calendar_read), .action = "calendar.read",
     .show = {{"filter", Q_calendar_list_filter},
              {"services", Q_calendar_list_service},
              {"providers", Q_calendar_list_provider},
              {"places", Q_calendar_list_place},
              {"visits", Q_calendar_list}},
     .view = "calendar/list", .title = "Calendar: a list"},
    {GET, "/visits.csv", CAN(calendar_read), .step_up = true, .action = "calendar.export",
     .run = download, .show = {{"visits", Q_calendar_export}}, .title = "The list as a file"},
    {GET, "/board", CAN(calendar_read), .action = "calendar.read",
     .show = {{"places", Q_calendar_board_place},
              {"services", Q_calendar_service, .by = "service_id"},
              {"rooms", Q_calendar_room, .by = "room_id"},
              {"visits", Q_calendar_board_visit},
              {"allergies", Q_calendar_allergy, .by = "person_id"},
              {"due", Q_calendar_due, .by = "appointment_id"}},
     .view = "calendar/board",
     .title = "Board of the front desk: who is expected, here, in a room"},
    {POST, "/board", CAN(booking_write), .action = "appointment.status", .fields = arrival_fields,
     .save = Q_appointment_arrive, .then = "/board?location={location_id}", .again = "/board",
     .title = "Board: check somebody in"},
    {GET, "/calendar/changes.txt", CAN(calendar_read), .run = changes,
     .title = "Calendar: whether something has changed"},
    {GET, "/calendar/keys", CAN(calendar_read), .view = "calendar/keys",
     .title = "Calendar: keys of the keyboard"},
    {0},
};
