/*
 * manage.c -- what a client does with a link: come in, look at her appointment, move or cancel it.
 * Owns: the way from a link in a message to a proven session (any purpose of link), and the pages
 * of purpose "manage". Never: changes anything by GET; shows anything of a person before the second
 * factor; keeps the link's token in an address.
 */
#include "crypto.h"
#include "features.h"
#include "link.h"
#include "outbox.h"
#include "slots.h"
#include "visit.h"

#define HER_LINK "/v/{link_id:uuid}"
#define HER_OTHER HER_LINK "/visits/{appointment_id:uuid}" /* another of hers than the link's */
#define UNPROVEN .door = DOOR_LINK_UNPROVEN, .pool = POOL_PUBLIC

static struct str link_path(struct req *r, const char *page)
{
    struct str id = req_value(r, "link_id");
    return arena_printf(req_arena(r), "/v/%.*s%s", (int)id.n, id.p, page);
}

/* ---- coming in ---- */

/* The token of a text as :link_token; false when it cannot be one. */
static bool set_token(struct req *r, struct str token)
{
    struct str raw;
    if (!token_read(req_arena(r), token, &raw))
        return false;
    req_set_bytes(r, "link_token", raw);
    return true;
}

/* The address in a message. The token moves into a cookie, out of the address bar; nothing is used
 * up, for programs that check mail follow links too. */
static enum err follow(struct req *r)
{
    struct str token = req_value(r, "token");
    if (!set_token(r, token))
        return ERR_GONE;
    struct rows *link = req_query(r, Q_manage_find);
    if (!link)
        return req_error(r);
    struct str id = rows_text(link, 0, "link_id");
    if (id.n == 0) { /* a token tried at random is counted, although the answer is an error */
        enum err e = req_commit(r);
        return e ? e : ERR_GONE;
    }
    link_cookie(r, id, token);
    return reply_redirect(r, arena_printf(req_arena(r), "/v/%.*s", (int)id.n, id.p));
}

static enum err to_purpose(struct req *r)
{
    struct str purpose = req_value(r, "link_purpose");
    const char *page = str_is(purpose, "form")       ? "/forms"
                       : str_is(purpose, "waitlist") ? "/waitlist"
                                                     : "/visit";
    return reply_redirect(r, link_path(r, page));
}

static enum err show_door(struct req *r)
{
    return req_has(r, "client_id") ? to_purpose(r) : reply_view(r, 200, "manage/prove");
}

static const struct field prove_fields[] = {
    {"birth_date", FIELD_DATE, .required = true, .missing = "Please give your date of birth."},
    {0},
};

static const char *wrong_words(struct req *r, const struct rows *answer)
{
    if (rows_int(answer, 0, "wait_seconds") > 0)
        return "There were too many tries from your connection. Please try again in a quarter of "
               "an hour, or call us.";
    long long left = rows_int(answer, 0, "tries_left");
    return arena_cstr(req_arena(r),
                      arena_printf(req_arena(r),
                                   "This is not the date of birth that we have. Please look again: "
                                   "day, month and year. You can try %lld more time%s.",
                                   left, left == 1 ? "" : "s"));
}

static enum err prove(struct req *r)
{
    struct str session = token_new(req_arena(r)), raw;
    if (!set_token(r, req_cookie(r, "__Secure-link")) ||
        unesc_base64url(req_arena(r), session, &raw))
        return ERR_NO_SESSION;
    req_set_bytes(r, "session_token", raw);
    struct rows *answer = req_query(r, Q_manage_prove);
    if (!answer)
        return req_error(r);
    /* A failure is counted although the answer is an error. */
    enum err e = req_commit(r);
    if (e)
        return e;
    if (rows_bool(answer, 0, "is_ok")) {
        link_cookie(r, req_value(r, "link_id"), session);
        return to_purpose(r);
    }
    if (rows_bool(answer, 0, "is_over"))
        return reply_view(r, 410, "manage/locked");
    bool has_to_wait = rows_int(answer, 0, "wait_seconds") > 0;
    req_refuse(r, "birth_date", wrong_words(r, answer));
    e = reply_again(r, HER_LINK);
    return e || !has_to_wait ? e : reply_view(r, 429, "manage/prove");
}

/* ---- in which language ---- */

static const struct field language_fields[] = {
    {"lang", FIELD_TOKEN, .required = true, .min = 2, .max = 3},
    {"at", FIELD_TEXT, .max = 2000},
    {0},
};

/* Back to the page that she was on, which is one of this link's. */
static enum err pick_language(struct req *r)
{
    struct str at = req_value(r, "at"), own = link_path(r, "");
    if (!req_query(r, Q_manage_language))
        return req_error(r);
    return reply_redirect(r, str_starts(at, own) ? at : own);
}

/* ---- her appointment ---- */

/* The one in the path, or else the link's. Row security sees to it that it is hers. */
static struct str visit_id(struct req *r)
{
    struct str other = req_value(r, "appointment_id");
    return other.n > 0 ? other : req_value(r, "link_subject");
}

static bool is_other(struct req *r) { return req_has(r, "appointment_id"); }

static struct str visit_path(struct req *r, const char *end)
{
    struct str id = req_value(r, "link_id"), other = req_value(r, "appointment_id");
    if (other.n == 0)
        return arena_printf(req_arena(r), "/v/%.*s/visit%s", (int)id.n, id.p, end);
    return arena_printf(req_arena(r), "/v/%.*s/visits/%.*s%s", (int)id.n, id.p, (int)other.n,
                        other.p, end);
}

static enum err download_entry(struct req *r)
{
    req_set(r, "visit_id", visit_id(r));
    struct rows *visit = req_query(r, Q_visit_message);
    if (!visit)
        return req_error(r);
    return reply_bytes(r, 200, "text/calendar; charset=utf-8", visit_ics(r, visit),
                       "appointment.ics");
}

/* She has proven herself for this link; the forms of the same visit need no second time. */
static enum err open_forms(struct req *r)
{
    struct new_link form;
    if (!req_query(r, Q_manage_moving)) /* another's visit is not there */
        return req_error(r);
    enum err e = outbox_link(r, "form", req_value(r, "client_id"), visit_id(r), &form);
    if (!e)
        e = link_let_in(r, form.id, Q_link_open);
    if (e)
        return e;
    return reply_redirect(r,
                          arena_printf(req_arena(r), "/v/%.*s/forms", (int)form.id.n, form.id.p));
}

/* ---- moving ---- */

static const struct field move_fields[] = {
    {"with", FIELD_CHOICE, .choices = "same|any"},
    {"whole", FIELD_BOOL},
    {"slot", FIELD_INT, .required = true, .max = INT64_MAX / 2, .missing = "Please choose a time."},
    {"version", FIELD_INT, .required = true, .max = INT32_MAX},
    {0},
};

/* Sets what is moved: the visit, or with ?whole=true all parts of it; with whom: the same people, unless ?with=any. */
static enum err load_moving(struct req *r)
{
    struct rows *moving = req_show(r, "current", Q_manage_moving, NULL);
    if (!moving)
        return req_error(r);
    req_set(r, "moving", rows_text(moving, 0, "moving"));
    req_set(r, "service_id", rows_text(moving, 0, "service_id"));
    req_set(r, "place", rows_text(moving, 0, "place"));
    struct str group = rows_text(moving, 0, "group_id");
    bool is_anyone = str_is(req_value(r, "with"), "any"),
         is_whole = group.n > 0 && str_is(req_value(r, "whole"), "true");
    if (is_anyone) {
        req_set_null(r, "who");
        req_set(r, "is_anyone", S("true"));
    } else {
        req_set(r, "who", rows_text(moving, 0, "staff_id"));
    }
    if (is_whole) {
        req_set(r, "together", group);
        req_set(r, "is_whole", S("true"));
    }
    req_set(r, "keep",
            is_whole && is_anyone ? S("&whole=true&with=any")
            : is_whole            ? S("&whole=true")
            : is_anyone           ? S("&with=any")
                                  : S(""));
    return OK;
}

static enum err show_move(struct req *r)
{
    enum err e = load_moving(r);
    if (!e)
        e = slots_show(r);
    if (e)
        return e;
    return reply_view(r, req_has(r, "is_taken") ? 409 : 200, "manage/move");
}

static enum err move(struct req *r)
{
    enum err e = load_moving(r);
    if (e)
        return e;
    struct rows *whole = NULL;
    if (req_has(r, "is_whole") ? !(whole = req_query(r, Q_manage_move_whole))
                               : !req_query(r, Q_manage_move)) {
        if (req_error(r) == ERR_CONFLICT && str_is(req_error_field(r), "starts_at")) {
            req_set(r, "is_taken", S("true"));
            return reply_again(r, is_other(r) ? HER_OTHER "/move" : HER_LINK "/move");
        }
        return req_error(r);
    }
    /* Her message is about the first part, and says how many there are. */
    e = visit_tell(r, "moved",
                   whole && rows_count(whole) > 0 ? rows_text(whole, 0, "appointment_id")
                                                  : req_value(r, "moving"));
    return e ? e : reply_redirect(r, visit_path(r, "?done=moved"));
}

/* ---- cancelling ---- */

static const struct field cancel_fields[] = {
    {"version", FIELD_INT, .required = true, .max = INT32_MAX},
    {"whole", FIELD_BOOL},
    {0},
};

/* All parts of a visit of several services, or none: her message is about the first. */
static enum err cancel_whole(struct req *r)
{
    struct rows *parts = req_query(r, Q_manage_cancel_whole);
    if (!parts)
        return req_error(r);
    if (rows_count(parts) == 0) {
        req_refuse(r, "", "This visit has changed meanwhile. Please look at it again.");
        return ERR_INVALID;
    }
    enum err e = visit_tell(r, "cancelled", rows_text(parts, 0, "appointment_id"));
    return e ? e : reply_redirect(r, visit_path(r, ""));
}

static enum err cancel(struct req *r)
{
    req_set(r, "visit_id", visit_id(r));
    if (str_is(req_value(r, "whole"), "true"))
        return cancel_whole(r);
    if (!req_query(r, Q_manage_cancel))
        return req_error(r);
    enum err e = visit_tell(r, "cancelled", visit_id(r));
    return e ? e : reply_redirect(r, visit_path(r, ""));
}

/* ---- her due date ---- */

static const struct field due_fields[] = {
    {"due_date", FIELD_DATE, .required = true, .missing = "Please give your due date."},
    {0},
};

#define VISIT_PAGE                                                                                 \
    .show = {{"visit", Q_manage_visit},                                                            \
             {"rules", Q_manage_rules},                                                            \
             {"rule_words", Q_manage_rule_words},                                                  \
             {"coming", Q_manage_coming},                                                          \
             {"has_coming", Q_manage_coming, .once = true},                                        \
             {"events", Q_manage_events}}

const struct page manage_pages[] = {
    {GET, "/l/{token:token}", ANYBODY, .run = follow, .title = "Follow a link from a message"},
    {GET, HER_LINK, UNPROVEN, .run = show_door, .view = "manage/prove",
     .title = "Link: date of birth"},
    {POST, HER_LINK "/prove", UNPROVEN, .fields = prove_fields, .run = prove, .again = HER_LINK,
     .no_idempotency = true, .title = "Link: check the date of birth"},
    {POST, HER_LINK "/language", UNPROVEN, .fields = language_fields, .run = pick_language,
     .again = HER_LINK, .no_idempotency = true, .title = "Link: read in another language"},
    {GET, HER_LINK "/booked", LINK("manage"), .action = "booking.read",
     .show = {{"visit", Q_manage_visit},
              {"rules", Q_manage_rules},
              {"rule_words", Q_manage_rule_words},
              {"coming", Q_manage_coming},
              {"has_coming", Q_manage_coming, .once = true}},
     .view = "manage/booked", .title = "Booked"},
    {GET, HER_LINK "/visit", LINK("manage"), .action = "booking.read", VISIT_PAGE,
     .view = "manage/visit", .title = "Her appointment"},
    {GET, HER_LINK "/visit.ics", LINK("manage"), .action = "booking.read", .run = download_entry,
     .title = "Her appointment as a calendar entry"},
    {POST, HER_LINK "/fill", LINK("manage"), .action = "booking.read", .run = open_forms,
     .no_idempotency = true, .title = "Open the forms of her appointment"},
    {GET, HER_LINK "/move", LINK("manage"), .action = "booking.read", .run = show_move,
     .show = {{"current", Q_manage_moving}, SLOTS_SHOWN}, .view = "manage/move",
     .gives = "week day keep is_taken is_anyone is_whole",
     .title = "Her appointment: another time"},
    {POST, HER_LINK "/move", LINK("manage"), .action = "booking.move", .fields = move_fields,
     .run = move, .show = {{"current", Q_manage_moving}, VISIT_SHOWN}, .again = HER_LINK "/visit",
     .title = "Her appointment: move"},
    {POST, HER_LINK "/cancel", LINK("manage"), .action = "booking.cancel", .fields = cancel_fields,
     .run = cancel, .show = {VISIT_SHOWN}, .again = HER_LINK "/visit",
     .title = "Her appointment: cancel"},
    {POST, HER_LINK "/due", LINK("manage"), .action = "booking.due_date", .fields = due_fields,
     .save = Q_manage_due_date, .then = "/v/{link_id}/visit?done=due", .again = HER_LINK "/visit",
     .title = "Her due date: change"},
    {GET, HER_OTHER, LINK("manage"), .action = "booking.read", VISIT_PAGE, .view = "manage/visit",
     .title = "Another appointment of hers"},
    {GET, HER_OTHER "/visit.ics", LINK("manage"), .action = "booking.read", .run = download_entry,
     .title = "Another appointment of hers as a calendar entry"},
    {POST, HER_OTHER "/fill", LINK("manage"), .action = "booking.read", .run = open_forms,
     .no_idempotency = true, .title = "Open the forms of another appointment of hers"},
    {GET, HER_OTHER "/move", LINK("manage"), .action = "booking.read", .run = show_move,
     .show = {{"current", Q_manage_moving}, SLOTS_SHOWN}, .view = "manage/move",
     .gives = "week day keep is_taken is_anyone is_whole",
     .title = "Another appointment of hers: another time"},
    {POST, HER_OTHER "/move", LINK("manage"), .action = "booking.move", .fields = move_fields,
     .run = move, .show = {{"current", Q_manage_moving}, VISIT_SHOWN}, .again = HER_OTHER,
     .title = "Another appointment of hers: move"},
    {POST, HER_OTHER "/cancel", LINK("manage"), .action = "booking.cancel", .fields = cancel_fields,
     .run = cancel, .show = {VISIT_SHOWN}, .again = HER_OTHER,
     .title = "Another appointment of hers: cancel"},
    {0},
};
