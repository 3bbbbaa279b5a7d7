/*
 * appointment.c -- one visit as the staff see it: its history, its forms, moving, checking in,
 * cancelling; and booking one, or several services in one visit, at the desk.
 * Owns: making the client and the visit in one transaction when the client is new; that the client
 * is told, unless the form says not to; where one goes back to.
 * Never: decides whether a time is free or a status may follow; app.book and its kin do.
 */
#include "crypto.h"
#include "features.h"
#include "visit.h"

static const struct field status_fields[] = {
    {"status", FIELD_CHOICE, .required = true,
     .choices = "booked|confirmed|arrived|in_room|done|no_show"},
    {"version", FIELD_INT, .required = true, .max = INT32_MAX},
    {0},
};

/* starts_at is what a button for an offered time sends; without it day and time count. */
#define MOVE_FIELDS                                                                                \
    {"staff_id", FIELD_UUID}, {"day", FIELD_DATE, .required = true},                               \
        {"time", FIELD_TIME, .required = true}, {"starts_at", FIELD_LOCAL},                        \
        {"minutes", FIELD_INT, .min = 5, .max = 600, .bad = "Give 5 to 600 minutes."},             \
        {"room_id", FIELD_UUID}, {"back", FIELD_CHOICE, .choices = "day|rooms|week"},              \
        {"quiet", FIELD_BOOL}, {"whole", FIELD_BOOL},                                              \
    {                                                                                              \
        "version", FIELD_INT, .required = true, .max = INT32_MAX                                   \
    }
/* Over what is taken: only with a reason. */
#define OVER_REASON                                                                                \
    {                                                                                              \
        "over_reason", FIELD_TEXT, .required = true, .min = 3, .max = 200,                         \
                                   .missing = "Say why, in 3 to 200 characters.",                  \
                                   .bad = "Say why, in 3 to 200 characters."                       \
    }
static const struct field move_fields[] = {MOVE_FIELDS, {0}};
static const struct field move_over_fields[] = {MOVE_FIELDS, OVER_REASON, {0}};

static const struct field waive_fields[] = {
    {"what", FIELD_CHOICE, .required = true, .choices = "cancel|move|late|no_show|deposit|rule",
     .missing = "Please choose a rule."},
    {"why", FIELD_TEXT, .required = true, .min = 3, .max = 200, .missing = "Please say why."},
    {0},
};

static const struct field looked_fields[] = {
    {"version", FIELD_INT, .required = true, .max = INT32_MAX},
    {0},
};

static const struct field cancel_fields[] = {
    {"reason", FIELD_CHOICE, .required = true,
     .choices = "client_asked|client_ill|studio|mistake|other", .missing = "Please say why."},
    {"quiet", FIELD_BOOL},
    {"version", FIELD_INT, .required = true, .max = INT32_MAX},
    {0},
};

#define BOOK_FIELDS                                                                                \
    {"client_id", FIELD_UUID}, {"name", FIELD_TEXT, .max = 120},                                   \
        {"preferred_name", FIELD_TEXT, .max = 120}, {"email", FIELD_EMAIL},                        \
        {"phone", FIELD_PHONE}, {"birth_date", FIELD_DATE}, {"due_date", FIELD_DATE},              \
        {"service_id", FIELD_UUID, .required = true}, {"service_2", FIELD_UUID},                   \
        {"service_3", FIELD_UUID}, {"addon", FIELD_UUID},                                          \
        {"location_id", FIELD_UUID, .required = true}, {"staff_id", FIELD_UUID},                   \
        {"day", FIELD_DATE, .required = true}, {"time", FIELD_TIME, .required = true},             \
        {"starts_at", FIELD_LOCAL},                                                                \
    {                                                                                              \
        "quiet", FIELD_BOOL                                                                        \
    }
static const struct field book_fields[] = {BOOK_FIELDS, {0}};
static const struct field book_over_fields[] = {BOOK_FIELDS, OVER_REASON, {0}};

/* A failed statement as a message at the form; the gate then shows the form again. */
static enum err refuse_kindly(struct req *r)
{
    enum err e = req_error(r);
    struct str message = req_error_message(r);
    if ((e == ERR_CONFLICT || e == ERR_INVALID) && message.n > 0)
        req_refuse(r, arena_cstr(req_arena(r), req_error_field(r)),
                   arena_cstr(req_arena(r), message));
    return e;
}

static bool is_loud(struct req *r) { return !str_is(req_value(r, "quiet"), "true"); }

static enum err to_appointment(struct req *r, struct str id)
{
    return reply_redirect(r, arena_printf(req_arena(r), "/appointments/%.*s", (int)id.n, id.p));
}

/* The client chosen, or a new one made of the fields beside. */
static enum err find_or_make_client(struct req *r)
{
    if (req_has(r, "client_id")) {
        req_set(r, "booked_client", req_value(r, "client_id"));
        return OK;
    }
    if (!req_has(r, "name")) {
        req_refuse(r, "name", "Choose a client above, or give the name of a new one.");
        return ERR_INVALID;
    }
    struct str wrapped, id = req_value(r, "new_id");
    enum err e = req_client_key_new(r, id, &wrapped);
    if (e)
        return e;
    req_set(r, "new_client", id);
    req_set(r, "booked_client", id);
    req_set_bytes(r, "wrapped_key", wrapped);
    return req_query(r, Q_client_create) ? OK : refuse_kindly(r);
}

/* What was ticked, as an array of ids; a box is named as often as there are add-ons. */
static bool take_addons(struct req *r)
{
    const struct str *ticked;
    size_t n = req_values(r, "addon", &ticked);
    struct buf ids = buf_in(req_arena(r), 40 * n + 2);
    buf_addc(&ids, '{');
    for (size_t i = 0; i < n; i++) {
        if (!uuid_ok(ticked[i]))
            return false;
        buf_printf(&ids, "%s%.*s", i ? "," : "", (int)ticked[i].n, ticked[i].p);
    }
    buf_addc(&ids, '}');
    req_set(r, "addon_ids", buf_str(&ids));
    return true;
}

/* The client is told of a visit that was booked, and asked for the forms that it needs. */
static enum err tell_booked(struct req *r, struct str id)
{
    if (!is_loud(r))
        return OK;
    enum err e = visit_tell(r, "booked", id);
    return e ? e : visit_ask_for_forms(r, id);
}

/* Several services in one visit: a visit each, all or none. */
static enum err book_together(struct req *r)
{
    struct rows *made = req_query(r, Q_appointment_book_together);
    if (!made)
        return refuse_kindly(r);
    req_set(r, "group_id", rows_text(made, 0, "group_id"));
    struct rows *visits = req_query(r, Q_appointment_of_group);
    if (!visits)
        return req_error(r);
    /* One message for the visit; each part of it may have forms of its own. */
    enum err e = tell_booked(r, rows_text(visits, 0, "appointment_id"));
    for (size_t i = 1; !e && is_loud(r) && i < rows_count(visits); i++)
        e = visit_ask_for_forms(r, rows_text(visits, i, "appointment_id"));
    if (e)
        return e;
    return to_appointment(r, rows_text(visits, 0, "appointment_id"));
}

static enum err book(struct req *r)
{
    if (!take_addons(r))
        return ERR_INVALID;
    enum err e = find_or_make_client(r);
    if (e)
        return e;
    if (req_has(r, "service_2") || req_has(r, "service_3"))
        return book_together(r);
    struct rows *booked = req_query(r, Q_appointment_book);
    if (!booked)
        return refuse_kindly(r);
    struct str id = rows_text(booked, 0, "appointment_id");
    e = tell_booked(r, id);
    return e ? e : to_appointment(r, id);
}

/* Runs a statement that changes the visit of the path, then tells the client what holds now. */
static enum err change(struct req *r, enum query statement, const char *kind)
{
    struct str id = req_value(r, "appointment_id");
    if (!req_query(r, statement))
        return refuse_kindly(r);
    enum err e = is_loud(r) ? visit_tell(r, kind, id) : OK;
    return e ? e : to_appointment(r, id);
}

/* Back to the view of the calendar in which it was dragged, or to the visit. */
static enum err move(struct req *r)
{
    bool is_whole = str_is(req_value(r, "whole"), "true");
    if (is_whole && req_has(r, "room_id")) {
        req_refuse(r, "room_id",
                   "A room is chosen for one part. Move the visit first, then its parts.");
        return ERR_INVALID;
    }
    struct rows *moved = req_query(r, is_whole ? Q_appointment_move_whole : Q_appointment_move);
    if (!moved)
        return refuse_kindly(r);
    struct str id = is_whole ? rows_text(moved, 0, "first_part") : req_value(r, "appointment_id");
    struct str back = req_value(r, "back");
    enum err e = is_loud(r) ? visit_tell(r, "moved", id) : OK;
    if (e || back.n == 0)
        return e ? e : to_appointment(r, id);
    struct str day = rows_text(moved, 0, "day"), place = rows_text(moved, 0, "location_id");
    struct str staff = str_is(back, "week") ? rows_text(moved, 0, "staff_id") : S("");
    return reply_redirect(r,
                          arena_printf(req_arena(r), "/%.*s/%.*s?location=%.*s%s%.*s", (int)back.n,
                                       back.p, (int)day.n, day.p, (int)place.n, place.p,
                                       staff.n ? "&staff=" : "", (int)staff.n, staff.p));
}

static enum err cancel(struct req *r) { return change(r, Q_appointment_cancel, "cancelled"); }

#define ONE "/appointments/{appointment_id:uuid}"

const struct page appointment_pages[] = {
    {GET, ONE, CAN(calendar_read), .action = "appointment.read",
     .show = {{"appointment", Q_appointment_one},
              {"value", Q_appointment_one},
              {"allergies", Q_appointment_allergy},
              {"medications", Q_appointment_medication},
              {"conditions", Q_appointment_condition},
              {"events", Q_appointment_event},
              {"forms", Q_appointment_form},
              {"addons", Q_appointment_addon},
              {"together", Q_appointment_together},
              {"waivers", Q_appointment_waiver},
              {"providers", Q_appointment_provider},
              {"rooms", Q_appointment_room},
              {"series", Q_series_of_visit}},
     .view = "appointment/show", .title = "Appointment"},
    {GET, ONE "/move", CAN(booking_write), .action = "appointment.read",
     .show = {{"appointment", Q_appointment_one},
              {"value", Q_appointment_asked},
              {"asked", Q_appointment_asked},
              {"reasons", Q_appointment_why_not},
              {"warnings", Q_appointment_move_warning},
              {"near", Q_appointment_near},
              {"allergies", Q_appointment_allergy},
              {"providers", Q_appointment_provider},
              {"rooms", Q_appointment_room}},
     .view = "appointment/move", .title = "Appointment: move it"},
    {POST, ONE "/status", CAN(booking_write), .action = "appointment.status",
     .fields = status_fields, .save = Q_appointment_set_status,
     .then = "/appointments/{appointment_id}", .again = ONE,
     .title = "Appointment: check in and on"},
    {POST, ONE "/move", CAN(booking_write), .action = "appointment.move", .fields = move_fields,
     .run = move, .show = {VISIT_SHOWN}, .again = ONE "/move", .title = "Appointment: move"},
    {POST, ONE "/move/over", CAN(booking_over), .action = "appointment.over",
     .fields = move_over_fields, .run = move, .show = {VISIT_SHOWN}, .again = ONE "/move",
     .title = "Appointment: move over another one"},
    {POST, ONE "/looked", CAN(booking_write), .action = "appointment.looked",
     .fields = looked_fields, .save = Q_appointment_looked,
     .then = "/appointments/{appointment_id}", .again = ONE,
     .title = "Appointment: looked at again"},
    {POST, ONE "/waive", CAN(booking_write), .action = "appointment.waive", .fields = waive_fields,
     .save = Q_appointment_waive, .then = "/appointments/{appointment_id}", .again = ONE,
     .title = "Appointment: let a rule pass"},
    {POST, ONE "/cancel", CAN(booking_write), .action = "appointment.cancel",
     .fields = cancel_fields, .run = cancel, .show = {VISIT_SHOWN}, .again = ONE,
     .title = "Appointment: cancel"},
    {GET, "/appointments/new", CAN(booking_write), .action = "appointment.create",
     .show = {{"client", Q_appointment_client},
              {"allergies", Q_appointment_client_allergy},
              {"hits", Q_client_search},
              {"services", Q_appointment_choice_service},
              {"addons", Q_appointment_choice_addon},
              {"providers", Q_appointment_choice_provider},
              {"places", Q_appointment_choice_place},
              {"slot", Q_appointment_slot},
              {"gaps", Q_appointment_gap},
              {"reasons", Q_appointment_choice_why},
              {"warnings", Q_appointment_choice_warning},
              {"free", Q_appointment_choice_free}},
     .view = "appointment/new", .title = "New appointment"},
    {POST, "/appointments/new", CAN(booking_write), .action = "appointment.create",
     .fields = book_fields, .run = book, .show = {VISIT_SHOWN}, .again = "/appointments/new",
     .title = "Book an appointment at the desk"},
    {POST, "/appointments/new/over", CAN(booking_over), .action = "appointment.over",
     .fields = book_over_fields, .run = book, .show = {VISIT_SHOWN}, .again = "/appointments/new",
     .title = "Book an appointment over another one"},
    {0},
};
