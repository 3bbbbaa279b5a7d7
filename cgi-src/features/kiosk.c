/*
 * kiosk.c -- forms that are signed in the studio: at the desk before a witness, or on the studio's tablet
 * in the client's hands; and the PIN with which a member of staff takes the tablet back.
 * Owns: __Host-kiosk, the cookie of a tablet that was handed over. Never: leaves a cookie in the browser
 * that opens a page of the staff while a client holds it; shows a client on the neutral page.
 * Hashing runs in the slow pool. Source: SECURITY.md E-05.
 */
#include "crypto.h"
#include "entry.h"
#include "features.h"
#include "link.h"

#define CLIENT "/clients/{client_id:uuid}"

/* What the staff has found out of an age that nobody knew. */
static const struct field age_fields[] = {
    {"seen_birth", FIELD_DATE},
    {"seen_adult", FIELD_BOOL},
    {0},
};

static struct str forms_path(struct req *r, struct str link)
{
    return arena_printf(req_arena(r), "/v/%.*s/forms", (int)link.n, link.p);
}

static enum err open_desk(struct req *r)
{
    struct str token, link = req_value(r, "new_id");
    enum err e = entry_token(r, "link_bytes", &token);
    if (e)
        return e;
    if (!req_query(r, Q_kiosk_desk))
        return req_error(r);
    link_cookie(r, link, token);
    return reply_redirect(r, forms_path(r, link));
}

static enum err hand_over(struct req *r)
{
    struct str token, kiosk, link = req_value(r, "new_id");
    enum err e = entry_token(r, "link_bytes", &token);
    if (!e)
        e = entry_token(r, "kiosk_bytes", &kiosk);
    if (e)
        return e;
    if (!req_query(r, Q_kiosk_begin))
        return req_error(r);
    reply_cookie(r, "__Host-sid", S(""), "/", -1, true);
    reply_cookie(r, "__Host-was", S(""), "/", -1, true);
    reply_cookie(r, "__Host-kiosk", kiosk, "/", 0, true);
    link_cookie(r, link, token);
    return reply_redirect(r, forms_path(r, link));
}

/* ---- on the tablet ---- */

/* The tablet's cookie as :kiosk_bytes; false when there is none. */
static bool set_kiosk(struct req *r)
{
    struct str raw;
    if (!token_read(req_arena(r), req_cookie(r, "__Host-kiosk"), &raw))
        return false;
    req_set_bytes(r, "kiosk_bytes", raw);
    return true;
}

static enum err to_login(struct req *r)
{
    reply_cookie(r, "__Host-kiosk", S(""), "/", -1, true);
    return reply_redirect(r, S("/login"));
}

static enum err show_rest(struct req *r)
{
    if (!set_kiosk(r))
        return reply_redirect(r, S("/login"));
    struct rows *state = req_show(r, "kiosk", Q_kiosk_state, NULL);
    if (!state)
        return req_error(r);
    req_say_in(r, req_value(r, "lang"));
    return rows_count(state) == 0 ? to_login(r) : reply_view(r, 200, "kiosk/rest");
}

/* The client is done, or nobody touched the tablet for a while. */
static enum err rest(struct req *r)
{
    struct str link = req_value(r, "link_id");
    if (!req_query(r, Q_kiosk_done))
        return req_error(r);
    reply_cookie(
        r, "__Secure-link", S(""),
        arena_cstr(req_arena(r), arena_printf(req_arena(r), "/v/%.*s", (int)link.n, link.p)), -1,
        false);
    struct str language = req_language(r);
    return reply_redirect(r, language.n == 0 ? S("/kiosk")
                                             : arena_printf(req_arena(r), "/kiosk?lang=%.*s",
                                                            (int)language.n, language.p));
}

/* Somebody reads or draws on the tablet: a request is all that keeps her session (sec.begin_link). */
static enum err here(struct req *r)
{
    return reply_bytes(r, 200, "text/plain; charset=utf-8", S("here\n"), NULL);
}

static const struct field leave_fields[] = {
    {"pin", FIELD_PASSWORD, .required = true, .max = 1000, .missing = "Give your PIN or password."},
    {0},
};

static enum err leave(struct req *r)
{
    struct str token;
    bool weak;
    if (!set_kiosk(r))
        return reply_redirect(r, S("/login"));
    struct rows *kept = req_query(r, Q_kiosk_lookup);
    if (!kept)
        return req_error(r);
    if (rows_count(kept) == 0)
        return to_login(r);
    struct str typed = req_value(r, "pin"), pin = rows_text(kept, 0, "pin_phc"),
               password = rows_text(kept, 0, "password_phc");
    bool is_right = (pin.n > 0 && password_ok(pin, typed, &weak)) ||
                    (password.n > 0 && password_ok(password, typed, &weak));
    req_set(r, "is_right", is_right ? S("true") : S("false"));
    enum err e = entry_token(r, "session_bytes", &token);
    if (e)
        return e;
    struct rows *left = req_query(r, Q_kiosk_leave);
    if (!left)
        return req_error(r);
    e = req_commit(r); /* a wrong try is counted */
    if (e)
        return e;
    if (rows_bool(left, 0, "is_ok")) {
        struct str client = rows_text(left, 0, "back_to");
        reply_cookie(r, "__Host-kiosk", S(""), "/", -1, true);
        reply_cookie(r, "__Host-sid", token, "/", 0, true);
        return reply_redirect(r,
                              arena_printf(req_arena(r), "/clients/%.*s", (int)client.n, client.p));
    }
    if (is_right || rows_bool(left, 0, "is_over"))
        return to_login(r);
    req_refuse(
        r, "pin",
        arena_cstr(req_arena(r),
                   arena_printf(req_arena(r),
                                "This is not right. You can try %lld more times; then log in anew.",
                                (long long)rows_int(left, 0, "tries_left"))));
    return reply_again(r, "/kiosk");
}

/* ---- the PIN ---- */

static const struct field pin_fields[] = {
    {"pin", FIELD_PASSWORD, .required = true, .max = 8, .missing = "Choose four to eight digits."},
    {0},
};

/* Digits, and neither one digit again and again nor a run such as 1234. */
static bool is_pin(struct str s)
{
    int step = s.n > 1 ? s.p[1] - s.p[0] : 0;
    bool is_plain = step >= -1 && step <= 1;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (i > 0 && s.p[i] - s.p[i - 1] != step)
            is_plain = false;
    }
    return s.n >= 4 && s.n <= 8 && !is_plain;
}

static enum err set_pin(struct req *r)
{
    if (!is_pin(req_value(r, "pin"))) {
        req_refuse(r, "pin",
                   "Choose four to eight digits, not one digit alone and not a row like 1234.");
        return reply_again(r, "/account/pin");
    }
    req_set(r, "phc", password_hash(req_arena(r), req_value(r, "pin")));
    return req_query(r, Q_kiosk_pin_set) ? reply_redirect(r, S("/account/pin?done=1"))
                                         : req_error(r);
}

#define TABLET .door = DOOR_PUBLIC, .pool = POOL_SLOW

const struct page kiosk_pages[] = {
    {POST, CLIENT "/desk", CAN(booking_write), .action = "form.desk", .fields = age_fields,
     .run = open_desk, .again = CLIENT, .no_idempotency = true,
     .title = "Client: open her forms at the desk"},
    {POST, CLIENT "/kiosk", CAN(booking_write), .action = "form.kiosk", .fields = age_fields,
     .run = hand_over, .again = CLIENT, .no_idempotency = true,
     .title = "Client: hand over the tablet"},
    {GET, "/kiosk", TABLET, .run = show_rest, .show = {{"kiosk", Q_kiosk_state}},
     .view = "kiosk/rest", .title = "Tablet: give it back"},
    {POST, "/v/{link_id:uuid}/done", LINK("form"), .action = "form.done", .run = rest,
     .no_idempotency = true, .title = "Tablet: the client is done"},
    {POST, "/v/{link_id:uuid}/here", LINK("form"), .run = here, .no_idempotency = true,
     .title = "Tablet: somebody is reading"},
    {POST, "/kiosk/leave", TABLET, .fields = leave_fields, .run = leave, .again = "/kiosk",
     .no_idempotency = true, .title = "Tablet: take it back"},
    {GET, "/account/pin", SELF, .pool = POOL_SLOW, .show = {{"pin", Q_kiosk_pin}},
     .view = "kiosk/pin", .title = "Your PIN for the tablet"},
    {POST, "/account/pin", SELF, .pool = POOL_SLOW, .step_up = true, .fields = pin_fields,
     .run = set_pin, .again = "/account/pin", .title = "Set your PIN for the tablet"},
    {0},
};
