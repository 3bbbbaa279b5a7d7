/*
 * calendar.c -- the day of a place: who works, who comes, who is here.
 * Owns: where the calendar opens. The day itself is statements and a template.
 * Never: computes a date; the place's own clock decides, in SQL.
 */
#include "features.h"

/* Sends to the first page of the house that this person may open. */
static enum err open_house(struct req *r)
{
    static const struct {
        const char *permission, *path;
    } doors[] = {
        {",calendar_read", "/calendar"}, {",client_read", "/clients"},
        {",demo_read", "/demos"},        {",audit_read", "/audit"},
        {",message_read", "/messages"},
    }; /* of any reach: "calendar_read," or "calendar_read@..." */
    const char *perms = arena_cstr(req_arena(r), req_value(r, "perms"));
    for (size_t i = 0; i < COUNT_OF(doors); i++)
        if (strstr(perms, doors[i].permission))
            return reply_redirect(r, str_of(doors[i].path));
    return ERR_FORBIDDEN;
}

/* Today, or ?day=, at the first place, or ?location=. */
static enum err open_calendar(struct req *r)
{
    struct rows *found = req_query(r, Q_calendar_today);
    if (!found)
        return req_error(r);
    if (rows_count(found) == 0)
        return ERR_NOT_FOUND;
    struct str day = rows_text(found, 0, "day"), location = req_value(r, "location");
    if (location.n == 0)
        location = rows_text(found, 0, "place_id");
    struct buf path = buf_in(req_arena(r), 80);
    buf_printf(&path, "/day/%.*s", (int)day.n, day.p);
    if (location.n > 0) {
        buf_addz(&path, "?location=");
        esc_url(&path, location);
    }
    return reply_redirect(r, buf_str(&path));
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
              {"services", Q_calendar_service, .by = "service_id"},
              {"rooms", Q_calendar_room, .by = "room_id"},
              {"visits", Q_calendar_visit, .by = "staff_id"},
              {"busy", Q_calendar_visit, .by = "busy_id", .once = true},
              {"arrivals", Q_calendar_visit},
              {"allergies", Q_calendar_allergy, .by = "client_id"},
              {"due", Q_calendar_due, .by = "appointment_id"}},
     .view = "calendar/day", .title = "Calendar: a day by provider"},
    {POST, "/day/{day:date}/arrivals", CAN(booking_write), .action = "appointment.status",
     .fields = arrival_fields, .save = Q_appointment_arrive,
     .then = "/day/{day}?location={location_id}", .again = "/day/{day:date}",
     .title = "Calendar: check somebody in"},
    {0},
};
