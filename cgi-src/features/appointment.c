/*
 * appointment.c -- one visit as the staff see it: its history, its forms, moving, checking in,
 * cancelling; and booking one at the desk.
 * Owns: making the client and the visit in one transaction when the client is new; that the client
 * is told, unless the form says not to.
 * Never: decides whether a time is free or a status may follow; app.book and its kin do.
 */
#include "features.h"
#include "visit.h"

static const struct field status_fields[] = {
    {"status", FIELD_CHOICE, .required = true,
     .choices = "booked|confirmed|arrived|in_room|done|no_show"},
    {"version", FIELD_INT, .required = true, .max = INT32_MAX},
    {0},
};

/* starts_at is what a button for an offered time sends; without it day and time count. */
static const struct field move_fields[] = {
    {"staff_id", FIELD_UUID},
    {"day", FIELD_DATE, .required = true},
    {"time", FIELD_TIME, .required = true},
    {"starts_at", FIELD_LOCAL},
    {"quiet", FIELD_BOOL},
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

static const struct field book_fields[] = {
    {"client_id", FIELD_UUID},
    {"name", FIELD_TEXT, .max = 120},
    {"preferred_name", FIELD_TEXT, .max = 120},
    {"email", FIELD_EMAIL},
    {"phone", FIELD_PHONE},
    {"birth_date", FIELD_DATE},
    {"due_date", FIELD_DATE},
    {"service_id", FIELD_UUID, .required = true},
    {"location_id", FIELD_UUID, .required = true},
    {"staff_id", FIELD_UUID},
    {"day", FIELD_DATE, .required = true},
    {"time", FIELD_TIME, .required = true},
    {"starts_at", FIELD_LOCAL},
    {"quiet", FIELD_BOOL},
    {0},
};

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

static enum err book(struct req *r)
{
    enum err e = find_or_make_client(r);
    if (e)
        return e;
    struct rows *booked = req_query(r, Q_appointment_book);
    if (!booked)
        return refuse_kindly(r);
    struct str id = rows_text(booked, 0, "appointment_id");
    if (is_loud(r) && (e = visit_tell(r, "booked", id)) == OK)
        e = visit_ask_for_forms(r, id);
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

static enum err move(struct req *r) { return change(r, Q_appointment_move, "moved"); }
static enum err cancel(struct req *r) { return change(r, Q_appointment_cancel, "cancelled"); }

#define ONE "/appointments/{appointment_id:uuid}"

const struct page appointment_pages[] = {
    {GET, ONE, CAN(calendar_read), .action = "appointment.read",
     .show = {{"appointment", Q_appointment_one},
              {"value", Q_appointment_one},
              {"allergies", Q_appointment_allergy},
              {"events", Q_appointment_event},
              {"forms", Q_appointment_form},
              {"providers", Q_appointment_provider},
              {"free", Q_appointment_free}},
     .view = "appointment/show", .title = "Appointment"},
    {POST, ONE "/status", CAN(booking_write), .action = "appointment.status",
     .fields = status_fields, .save = Q_appointment_set_status,
     .then = "/appointments/{appointment_id}", .again = ONE,
     .title = "Appointment: check in and on"},
    {POST, ONE "/move", CAN(booking_write), .action = "appointment.move", .fields = move_fields,
     .run = move, .show = {VISIT_SHOWN}, .again = ONE, .title = "Appointment: move"},
    {POST, ONE "/cancel", CAN(booking_write), .action = "appointment.cancel",
     .fields = cancel_fields, .run = cancel, .show = {VISIT_SHOWN}, .again = ONE,
     .title = "Appointment: cancel"},
    {GET, "/appointments/new", CAN(booking_write), .action = "appointment.create",
     .show = {{"client", Q_appointment_client},
              {"allergies", Q_appointment_client_allergy},
              {"hits", Q_client_search},
              {"services", Q_appointment_choice_service},
              {"providers", Q_appointment_choice_provider},
              {"places", Q_appointment_choice_place},
              {"free", Q_appointment_choice_free}},
     .view = "appointment/new", .title = "New appointment"},
    {POST, "/appointments/new", CAN(booking_write), .action = "appointment.create",
     .fields = book_fields, .run = book, .show = {VISIT_SHOWN}, .again = "/appointments/new",
     .title = "Book an appointment at the desk"},
    {0},
};
