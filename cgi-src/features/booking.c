/*
 * booking.c -- a visitor books: service, time, herself. No account, no cookie until it is done.
 * Owns: the order of a booking; what is typed survives every refusal.
 * Never: decides whether a time is free (app.hold, app.book_confirm); says whether somebody is a
 * client already. Whoever books is a new client: nobody has proven that she is one the studio
 * knows, so nothing of an older record may be touched or shown. The staff merge the two.
 */
#include "booking_choice.h"
#include "booking_code.h"
#include "crypto.h"
#include "features.h"
#include "link.h"
#include "outbox.h"
#include "slots.h"
#include "visit.h"

#define SERVICE_PAGE "/book/{service_id:uuid}"
#define HOLD_PAGE "/book/hold/{hold_id:uuid}"
#define DONE_PAGE "/book/done"

/* ---- a time ---- */

static const struct field slot_fields[] = {
    {"place", FIELD_UUID, .required = true},
    {"who", FIELD_UUID},
    {"also", FIELD_TEXT, .max = 300},
    {"addons", FIELD_TEXT, .max = 1000},
    {"due", FIELD_TOKEN, .max = 200},
    {"slot", FIELD_INT, .required = true, .max = INT64_MAX / 2, .missing = "Please choose a time."},
    {0},
};

static enum err show_times(struct req *r)
{
    choice_read(r);
    enum err e = slots_show(r);
    if (e)
        return e;
    req_set(r, "keep", choice_kept(r, NULL));
    req_set(r, "keep_but_place", choice_kept(r, "place"));
    req_set(r, "keep_but_who", choice_kept(r, "who"));
    req_set(r, "keep_but_also", choice_kept(r, "also"));
    req_set(r, "keep_but_addons", choice_kept(r, "addons"));
    if (!req_show(r, "places", Q_booking_places, NULL) ||
        !req_show(r, "people", Q_booking_people, NULL) ||
        !req_show(r, "others", Q_booking_also, NULL))
        return req_error(r);
    struct rows *extras = req_show(r, "extras", Q_booking_addons, NULL);
    if (!extras)
        return req_error(r);
    if (rows_count(extras) > 0)
        req_set(r, "has_extras", S("true"));
    return reply_view(r, req_has(r, "is_taken") ? 409 : 200, "booking/times");
}

/* Somebody was faster: the page again, with the free times nearest to the one that is gone. */
static enum err offer_others(struct req *r, const char *page)
{
    req_set(r, "is_taken", S("true"));
    return reply_again(r, page);
}

/* The form again, with what was typed, for somebody who did too much of it. */
static enum err ask_to_wait(struct req *r, const char *words, const char *page, const char *view)
{
    req_refuse(r, "", words);
    enum err e = reply_again(r, page);
    return e ? e : reply_view(r, 429, view);
}

static struct str hold_path(struct req *r, struct str hold_id)
{
    struct str who = req_value(r, "who"), due = req_value(r, "due_token");
    struct buf path = buf_in(req_arena(r), 256);
    buf_printf(&path, "/book/hold/%.*s", (int)hold_id.n, hold_id.p);
    if (who.n > 0)
        buf_printf(&path, "?who=%.*s", (int)who.n, who.p);
    if (due.n > 0)
        buf_printf(&path, "%sdue=%.*s", who.n > 0 ? "&" : "?", (int)due.n, due.p);
    return buf_str(&path);
}

/*
 * The page of times is one form with a button for each, so the gate's key for a form is not enough:
 * going back and choosing another time is no repetition, pressing one button twice is.
 */
static enum err hold(struct req *r)
{
    choice_read(r);
    struct rows *key = req_query(r, Q_booking_hold_key);
    if (!key)
        return req_error(r);
    if (!rows_bool(key, 0, "is_new"))
        return reply_redirect(r, rows_text(key, 0, "location"));
    /* Nobody empties a calendar by holding all of it. */
    if (!req_query(r, Q_booking_throttle))
        return req_error(r) == ERR_TOO_MANY
                   ? ask_to_wait(r, "Many times were chosen from your connection within the hour. "
                                    "Please wait a little, or call us.",
                                 SERVICE_PAGE, "booking/times")
                   : req_error(r);
    struct rows *held = req_query(r, Q_booking_hold);
    if (!held)
        return req_error(r) == ERR_CONFLICT ? offer_others(r, SERVICE_PAGE) : req_error(r);
    struct str path = hold_path(r, rows_text(held, 0, "hold_id"));
    req_set(r, "hold_path", path);
    return req_query(r, Q_booking_hold_kept) ? reply_redirect(r, path) : req_error(r);
}

/* ---- her weeks ---- */

static const struct field weeks_fields[] = {
    {"place", FIELD_UUID},
    {"who", FIELD_UUID},
    {"also", FIELD_TEXT, .max = 300},
    {"addons", FIELD_TEXT, .max = 1000},
    {"due_date", FIELD_DATE, .required = true, .missing = "Please give your due date."},
    {0},
};

/* Her due date goes on with her, sealed: the days that follow are those that fit. Nothing is kept. */
static enum err take_due_date(struct req *r)
{
    choice_read(r);
    struct rows *check = req_query(r, Q_booking_due_check);
    if (!check)
        return req_error(r);
    if (!rows_bool(check, 0, "is_due_possible")) {
        req_refuse(r, "due_date", "Please look again: a due date lies at most 41 weeks ahead.");
        return ERR_INVALID;
    }
    struct str service = req_value(r, "service_id"), kept = choice_kept(r, "due"),
               due = choice_seal_due(r, req_value(r, "due_date"));
    return reply_redirect(r, arena_printf(req_arena(r), "/book/%.*s?due=%.*s%.*s", (int)service.n,
                                          service.p, (int)due.n, due.p, (int)kept.n, kept.p));
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
    {"due_date", FIELD_DATE},
    {"policy_version_id", FIELD_UUID},
    {"messaging_wording_id", FIELD_UUID},
    {"policy", FIELD_BOOL},
    {"booking_rule_id", FIELD_UUID},
    {"rule", FIELD_BOOL},
    {"code", FIELD_TEXT, .max = 20},
    {"website", FIELD_TEXT, .max = 500}, /* the bait: people do not see it */
    {0},
};

/* The due date that she gave before she chose a time. */
static void take_due_along(struct req *r)
{
    struct str due = req_has(r, "due_date") ? S("") : choice_open_due(r, req_value(r, "due"));
    req_set(r, "due_before", due);
    if (due.n > 0)
        req_set(r, "due_date", due);
}

static enum err show_details(struct req *r)
{
    struct rows *held = req_show(r, "held", Q_booking_held, NULL);
    if (!held)
        return req_error(r);
    if (rows_count(held) == 0)
        return reply_view(r, 410, "booking/ended");
    take_due_along(r);
    if (!req_show(r, "parts", Q_booking_parts, NULL))
        return req_error(r);
    bool is_taken = req_has(r, "is_taken");
    if (is_taken || req_has(r, "slot")) {
        req_set(r, "is_offering", S("true"));
        if (!req_show(r, "instead", Q_booking_instead, NULL))
            return req_error(r);
    }
    if (!req_show(r, "policy", Q_booking_policy, NULL) ||
        !req_show(r, "rules", Q_booking_rule, NULL) ||
        !req_show(r, "rule_words", Q_rule_words, NULL) ||
        !req_show(r, "cancellation", Q_booking_cancellation, NULL) ||
        !req_show(r, "messaging", Q_messaging_booking, NULL))
        return req_error(r);
    enum err e = booking_code_shown(r);
    if (e)
        return e;
    return reply_view(r, is_taken ? 409 : 200, "booking/details");
}

static bool check_due_date(struct req *r, const struct rows *person)
{
    if (!rows_bool(person, 0, "asks_due_date"))
        return true;
    if (!req_has(r, "due_date"))
        req_refuse(r, "due_date", "Please give your due date: this visit is for some weeks of a pregnancy.");
    else if (!rows_bool(person, 0, "is_due_possible"))
        req_refuse(r, "due_date", "Please look again: a due date lies at most 41 weeks ahead.");
    else
        return true;
    return false;
}

/* The rules of booking are accepted in the version that is in force, or not at all. */
static bool check_rule(struct req *r, struct str in_force)
{
    if (in_force.n == 0)
        return true;
    if (!str_eq(in_force, req_value(r, "booking_rule_id")))
        req_refuse(r, "rule", "These rules have changed since you opened the page. Please read them again.");
    else if (!str_is(req_value(r, "rule"), "true"))
        req_refuse(r, "rule", "Please read this and tick it to go on.");
    else
        return true;
    return false;
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
    is_fine &= check_due_date(r, person);
    is_fine &= check_rule(r, rows_text(person, 0, "rule_in_force"));
    req_set(r, "phone_kept", phone);
    return is_fine ? OK : ERR_INVALID;
}

/* Machines fill in every field, at once. Whoever is none looks once more and goes on. */
static enum err check_machine(struct req *r)
{
    if (req_has(r, "website")) {
        req_refuse(r, "", "A field was filled in that people do not see; your browser may have done it. "
                          "It is empty again. Please confirm once more.");
        return ERR_INVALID;
    }
    struct rows *haste = req_query(r, Q_booking_haste);
    if (!haste)
        return req_error(r);
    if (rows_bool(haste, 0, "is_hasty")) {
        req_refuse(r, "", "That was very quick. Please look whether all is right, then confirm once more.");
        return ERR_INVALID;
    }
    return OK;
}

/* The code by e-mail, where the business asks for one. *is_over: the answer is there already. */
static enum err check_code(struct req *r, bool *is_over)
{
    enum code_end end = booking_code_ask(r);
    *is_over = end != CODE_FINE;
    if (end == CODE_SENT || end == CODE_WRONG)
        return reply_again(r, HOLD_PAGE);
    if (end == CODE_TOO_MANY)
        return ask_to_wait(r, "Several codes were sent to this address within the hour. Please look there "
                              "for the newest one, or call us.",
                           HOLD_PAGE, "booking/details");
    return end == CODE_FINE ? OK : req_error(r) ? req_error(r) : ERR_INTERNAL;
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
    if (!req_query(r, Q_booking_client_new) ||
        (req_has(r, "messaging_wording_id") && !req_query(r, Q_messaging_booked)))
        return req_error(r);
    return OK;
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
    if (!booked) {
        /* Her weeks, a visit that comes first, for whom it is: said above the form, with the way to other days. */
        if (req_error(r) == ERR_INVALID && str_is(req_error_field(r), "starts_at")) {
            req_refuse(r, "", arena_cstr(req_arena(r), req_error_message(r)));
            req_set(r, "is_refused", S("true"));
            req_set(r, "due_sealed", req_has(r, "due_date") ? choice_seal_due(r, req_value(r, "due_date")) : S(""));
            return ERR_INVALID;
        }
        return req_error(r);
    }
    *appointment_id = rows_text(booked, 0, "appointment_id");
    return OK;
}

/* Each part of the visit may have forms of its own. */
static enum err ask_for_forms(struct req *r)
{
    enum err e = OK;
    struct rows *parts = req_query(r, Q_booking_booked);
    if (!parts)
        return req_error(r);
    for (size_t i = 0; !e && i < rows_count(parts); i++)
        e = visit_ask_for_forms(r, rows_text(parts, i, "appointment_id"));
    return e;
}

/* Her own way in, now; the link in the message is another one. In a frame there is no cookie to let her in
 * by: what comes next opens from the message. */
static enum err let_in(struct req *r, struct str appointment_id)
{
    struct new_link manage = {0};
    if (req_is_framed(r))
        return reply_redirect(r, S(DONE_PAGE));
    enum err e = outbox_link(r, "manage", req_value(r, "new_client"), appointment_id, &manage);
    if (!e)
        e = link_let_in(r, manage.id, Q_link_open);
    if (e)
        return e;
    return reply_redirect(
        r, arena_printf(req_arena(r), "/v/%.*s/booked", (int)manage.id.n, manage.id.p));
}

static enum err confirm(struct req *r)
{
    struct str appointment_id = {0};
    bool is_over = false;

    enum err e = check_person(r);
    if (!e)
        e = check_machine(r);
    if (!e)
        e = check_code(r, &is_over);
    if (is_over)
        return e;
    if (!e && !req_query(r, Q_booking_phone_throttle))
        e = req_error(r);
    if (e == ERR_TOO_MANY)
        return ask_to_wait(r, "Several appointments were booked with this phone number within the hour. "
                              "For more, please call us.",
                           HOLD_PAGE, "booking/details");
    if (!e)
        e = book(r, &appointment_id);
    if (e == ERR_CONFLICT)
        return offer_others(r, HOLD_PAGE);
    if (!e)
        e = visit_tell(r, "booked", appointment_id);
    if (!e)
        e = ask_for_forms(r);
    return e ? e : let_in(r, appointment_id);
}

/* The same form again: the same booking, and a way in once more, for the first may be lost. */
static enum err confirm_again(struct req *r, struct str location)
{
    struct str rest = location;
    if (location.n == 0) /* what came of it was a code by e-mail, or a wrong one */
        return reply_again(r, HOLD_PAGE);
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
     .view = "booking/services", .is_framable = true, .title = "Book: the services"},
    {GET, SERVICE_PAGE, ANYBODY, .run = show_times,
     .show = {SLOTS_SHOWN,
              {"places", Q_booking_places},
              {"people", Q_booking_people},
              {"extras", Q_booking_addons},
              {"others", Q_booking_also}},
     .view = "booking/times",
     .gives = "place week day keep keep_but_place keep_but_who keep_but_also keep_but_addons "
              "also_list addon_list due_token has_extras is_taken",
     .is_framable = true, .title = "Book: a place, a person, a time"},
    {POST, SERVICE_PAGE, ANYBODY, .fields = slot_fields, .run = hold, .again = SERVICE_PAGE,
     .no_idempotency = true, .is_framable = true, .title = "Book: keep a time"},
    {POST, SERVICE_PAGE "/weeks", ANYBODY, .fields = weeks_fields, .run = take_due_date,
     .again = SERVICE_PAGE, .no_idempotency = true, .is_framable = true,
     .title = "Book: the days that fit her due date"},
    {GET, HOLD_PAGE, ANYBODY, .run = show_details,
     .show = {{"held", Q_booking_held},
              {"parts", Q_booking_parts},
              {"rules", Q_booking_rule},
              {"rule_words", Q_rule_words},
              {"instead", Q_booking_instead},
              {"policy", Q_booking_policy},
              {"cancellation", Q_booking_cancellation},
              {"messaging", Q_messaging_booking}},
     .view = "booking/details", .gives = "is_taken is_offering is_code_wanted is_refused due_before due_sealed", .is_framable = true,
     .title = "Book: your details"},
    {POST, HOLD_PAGE, ANYBODY, .action = "booking.create", .fields = details_fields, .run = confirm,
     .replay = confirm_again, .again = HOLD_PAGE, .show = {VISIT_SHOWN, {"held", Q_booking_held}},
     .is_framable = true, .title = "Book: confirm"},
    {GET, DONE_PAGE, ANYBODY, .show = {{"studio", Q_booking_studio}}, .view = "booking/done",
     .is_framable = true, .title = "Book: booked, inside a frame"},
    {0},
};
