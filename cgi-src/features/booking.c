/*
 * booking.c -- a visitor books: service, time, herself. No account, no cookie until it is done.
 * Owns: the order of a booking; what is typed survives every refusal.
 * Never: decides whether a time is free (app.hold, app.book_confirm); says whether somebody is a
 * client already. Whoever books is a new client: nobody has proven that she is one the studio
 * knows, so nothing of an older record may be touched or shown. The staff merge the two.
 */
#include "crypto.h"
#include "features.h"
#include "link.h"
#include "outbox.h"
#include "slots.h"
#include "visit.h"

#define SERVICE_PAGE "/book/{service_id:uuid}"
#define HOLD_PAGE "/book/hold/{hold_id:uuid}"

/* ---- a time ---- */

static const struct field slot_fields[] = {
    {"place", FIELD_UUID, .required = true},
    {"who", FIELD_UUID},
    {"slot", FIELD_INT, .required = true, .max = INT64_MAX / 2, .missing = "Please choose a time."},
    {0},
};

/* What the links to other days carry along. */
static struct str kept_choices(struct req *r)
{
    struct str place = req_value(r, "place"), who = req_value(r, "who");
    if (who.n == 0)
        return arena_printf(req_arena(r), "&place=%.*s", (int)place.n, place.p);
    return arena_printf(req_arena(r), "&place=%.*s&who=%.*s", (int)place.n, place.p, (int)who.n,
                        who.p);
}

static enum err show_times(struct req *r)
{
    enum err e = slots_show(r);
    if (e)
        return e;
    req_set(r, "keep", kept_choices(r));
    if (!req_show(r, "places", Q_booking_places, NULL) ||
        !req_show(r, "people", Q_booking_people, NULL))
        return req_error(r);
    return reply_view(r, req_has(r, "is_taken") ? 409 : 200, "booking/times");
}

/* Somebody was faster: the page again, with the free times nearest to the one that is gone. */
static enum err offer_others(struct req *r, const char *page)
{
    req_set(r, "is_taken", S("true"));
    return reply_again(r, page);
}

static struct str hold_path(struct req *r, struct str hold_id)
{
    struct str who = req_value(r, "who");
    struct buf path = buf_in(req_arena(r), 128);
    buf_printf(&path, "/book/hold/%.*s", (int)hold_id.n, hold_id.p);
    if (who.n > 0)
        buf_printf(&path, "?who=%.*s", (int)who.n, who.p);
    return buf_str(&path);
}

/*
 * The page of times is one form with a button for each, so the gate's key for a form is not enough:
 * going back and choosing another time is no repetition, pressing one button twice is.
 */
static enum err hold(struct req *r)
{
    struct rows *key = req_query(r, Q_booking_hold_key);
    if (!key)
        return req_error(r);
    if (!rows_bool(key, 0, "is_new"))
        return reply_redirect(r, rows_text(key, 0, "location"));
    /* Nobody empties a calendar by holding all of it. */
    if (!req_query(r, Q_booking_throttle))
        return req_error(r);
    struct rows *held = req_query(r, Q_booking_hold);
    if (!held)
        return req_error(r) == ERR_CONFLICT ? offer_others(r, SERVICE_PAGE) : req_error(r);
    struct str path = hold_path(r, rows_text(held, 0, "hold_id"));
    req_set(r, "hold_path", path);
    return req_query(r, Q_booking_hold_kept) ? reply_redirect(r, path) : req_error(r);
}

/* ---- herself ---- */

static const struct field details_fields[] = {
    {"who", FIELD_UUID},
    {"slot", FIELD_INT, .max = INT64_MAX / 2},
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Please tell us your name."},
    {"preferred_name", FIELD_TEXT, .max = 120},
    {"email", FIELD_EMAIL, .required = true,
     .missing = "Please tell us where to send the confirmation."},
    {"phone", FIELD_PHONE, .required = true,
     .missing = "Please give a phone number, in case something changes."},
    {"birth_date", FIELD_DATE, .required = true, .missing = "Please give your date of birth."},
    {"is_adult", FIELD_BOOL, .required = true,
     .missing = "Online booking is for adults; please confirm, or call us."},
    {"policy_version_id", FIELD_UUID},
    {"policy", FIELD_BOOL},
    {0},
};

static enum err show_details(struct req *r)
{
    struct rows *held = req_show(r, "held", Q_booking_held, NULL);
    if (!held)
        return req_error(r);
    if (rows_count(held) == 0)
        return reply_view(r, 410, "booking/ended");
    bool is_taken = req_has(r, "is_taken");
    if (is_taken || req_has(r, "slot")) {
        req_set(r, "is_offering", S("true"));
        if (!req_show(r, "instead", Q_booking_instead, NULL))
            return req_error(r);
    }
    if (!req_show(r, "policy", Q_booking_policy, NULL) ||
        !req_show(r, "cancellation", Q_booking_cancellation, NULL))
        return req_error(r);
    return reply_view(r, is_taken ? 409 : 200, "booking/details");
}

/* What the fields by themselves cannot show. ERR_INVALID: the form again, with what is wrong. */
static enum err check_person(struct req *r)
{
    struct rows *person = req_query(r, Q_booking_person);
    if (!person)
        return req_error(r);
    struct str phone = rows_text(person, 0, "phone_kept");
    bool is_fine = true;
    if (phone.n == 0) {
        req_refuse(r, "phone",
                   "We cannot read this phone number. Outside of this country, begin "
                   "with + and the country's code.");
        is_fine = false;
    }
    if (!rows_bool(person, 0, "is_of_age")) {
        req_refuse(r, "birth_date",
                   "Online booking is for people of 18 years and more. Please call the studio: we "
                   "gladly find a time together with a parent or guardian.");
        is_fine = false;
    }
    bool has_accepted = req_has(r, "policy_version_id") && str_is(req_value(r, "policy"), "true");
    if (rows_bool(person, 0, "has_policy") && !has_accepted) {
        req_refuse(r, "policy", "Please read this and tick it to go on.");
        is_fine = false;
    }
    req_set(r, "phone_kept", phone);
    return is_fine ? OK : ERR_INVALID;
}

/* The time to book: the one held, or the other one that she chose because it was taken. */
static enum err choose_hold(struct req *r)
{
    if (!req_has(r, "slot")) {
        req_set(r, "booked_hold", req_value(r, "hold_id"));
        return OK;
    }
    struct rows *held = req_query(r, Q_booking_hold_instead);
    if (!held)
        return req_error(r);
    req_set(r, "booked_hold", rows_text(held, 0, "hold_id"));
    return OK;
}

static enum err make_client(struct req *r)
{
    struct str wrapped, id = req_value(r, "new_id");
    enum err e = req_client_key_new(r, id, &wrapped);
    if (e)
        return e;
    req_set(r, "new_client", id);
    req_set_bytes(r, "wrapped_key", wrapped);
    return req_query(r, Q_booking_client_new) ? OK : req_error(r);
}

/* Client and booking, in the transaction that also writes links and messages. */
static enum err book(struct req *r, struct str *appointment_id)
{
    enum err e = choose_hold(r);
    if (!e)
        e = make_client(r);
    if (e)
        return e;
    struct rows *booked = req_query(r, Q_booking_confirm);
    if (!booked)
        return req_error(r);
    *appointment_id = rows_text(booked, 0, "appointment_id");
    return OK;
}

static enum err confirm(struct req *r)
{
    struct str appointment_id = {0};
    struct new_link manage = {0};

    enum err e = check_person(r);
    if (!e)
        e = book(r, &appointment_id);
    if (e == ERR_CONFLICT)
        return offer_others(r, HOLD_PAGE);
    if (!e)
        e = visit_tell(r, "booked", appointment_id);
    if (!e)
        e = visit_ask_for_forms(r, appointment_id);
    /* Her own way in, now; the link in the message is another one. */
    if (!e)
        e = outbox_link(r, "manage", req_value(r, "new_client"), appointment_id, &manage);
    if (!e)
        e = link_let_in(r, manage.id, Q_link_open);
    if (e)
        return e;
    return reply_redirect(
        r, arena_printf(req_arena(r), "/v/%.*s/booked", (int)manage.id.n, manage.id.p));
}

/* The same form again: the same booking, and a way in once more, for the first may be lost. */
static enum err confirm_again(struct req *r, struct str location)
{
    struct str rest = location;
    str_cut(&rest, '/');
    str_cut(&rest, '/');
    struct str link_id = str_cut(&rest, '/');
    enum err e = uuid_ok(link_id) ? link_let_in(r, link_id, Q_link_open_again) : OK;
    return e ? e : reply_redirect(r, location);
}

const struct page booking_pages[] = {
    {GET, "/book", ANYBODY,
     .show = {{"studio", Q_booking_studio},
              {"categories", Q_booking_categories},
              {"services", Q_booking_services, .by = "category"}},
     .view = "booking/services", .title = "Book: the services"},
    {GET, SERVICE_PAGE, ANYBODY, .run = show_times,
     .show = {SLOTS_SHOWN, {"places", Q_booking_places}, {"people", Q_booking_people}},
     .view = "booking/times", .gives = "place week day keep is_taken",
     .title = "Book: a place, a person, a time"},
    {POST, SERVICE_PAGE, ANYBODY, .fields = slot_fields, .run = hold, .again = SERVICE_PAGE,
     .no_idempotency = true, .title = "Book: keep a time"},
    {GET, HOLD_PAGE, ANYBODY, .run = show_details,
     .show = {{"held", Q_booking_held},
              {"instead", Q_booking_instead},
              {"policy", Q_booking_policy},
              {"cancellation", Q_booking_cancellation}},
     .view = "booking/details", .gives = "is_taken is_offering", .title = "Book: your details"},
    {POST, HOLD_PAGE, ANYBODY, .action = "booking.create", .fields = details_fields, .run = confirm,
     .replay = confirm_again, .again = HOLD_PAGE, .show = {VISIT_SHOWN, {"held", Q_booking_held}},
     .title = "Book: confirm"},
    {0},
};
