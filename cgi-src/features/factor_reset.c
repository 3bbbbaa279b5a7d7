/*
 * factor_reset.c -- a colleague has lost phone, passkey and codes: her second factors are taken away, so that she can set up new ones.
 * Owns: the mails about it. Who may, and that a second person of the staff confirms where there is one, is decided by
 * sec.reset_* (sql/lib/025_second_factor.sql). Her password stays, and is still asked for (V-15).
 */
#include "crypto.h"
#include "features.h"
#include "outbox.h"

static const struct field ask_fields[] = {
    {"reason", FIELD_TEXT, .required = true, .min = 10, .max = 300,
     .missing = "Say why, and how you know who it is that asks."},
    {0},
};

static struct str about_url(struct req *r)
{
    struct str id = req_value(r, "staff_id");
    return req_url(r, arena_printf(req_arena(r), "/people/%.*s/factors", (int)id.n, id.p));
}

static enum err tell_her(struct req *r)
{
    struct rows *about = req_show(r, "person", Q_factor_reset_about, NULL);
    if (!about)
        return req_error(r);
    req_set(r, "called", rows_text(about, 0, "staff_name"));
    req_set(r, "change",
            S("your second factors were taken away, so that you can set up new ones: "
              "the next time you log in your password is enough"));
    return outbox_staff(r, &(struct staff_letter){
                               .kind = "account_factor",
                               .staff_id = req_value(r, "staff_id"),
                               .to = rows_text(about, 0, "staff_email"),
                               .link = req_url(r, S("/account/security")),
                               .dedupe_key = uuid_new(req_arena(r)),
                           });
}

/* To the others who could confirm it: one of them is needed. */
static enum err tell_others(struct req *r)
{
    if (!req_show(r, "person", Q_factor_reset_about, NULL))
        return req_error(r);
    struct rows *others = req_query(r, Q_factor_reset_others);
    if (!others)
        return req_error(r);
    for (size_t i = 0; i < rows_count(others); i++) {
        enum err e = outbox_staff(r, &(struct staff_letter){
                                         .kind = "account_reset_asked",
                                         .staff_id = rows_text(others, i, "other_id"),
                                         .to = rows_text(others, i, "other_email"),
                                         .link = about_url(r),
                                         .dedupe_key = uuid_new(req_arena(r)),
                                     });
        if (e)
            return e;
    }
    return OK;
}

static enum err back(struct req *r)
{
    struct str id = req_value(r, "staff_id");
    return reply_redirect(
        r, arena_printf(req_arena(r), "/people/%.*s/factors?done=1", (int)id.n, id.p));
}

static enum err ask(struct req *r)
{
    struct rows *asked = req_query(r, Q_factor_reset_ask);
    if (!asked)
        return req_error(r);
    enum err e = rows_bool(asked, 0, "is_done") ? tell_her(r) : tell_others(r);
    return e ? e : back(r);
}

static enum err confirm_reset(struct req *r)
{
    if (!req_query(r, Q_factor_reset_confirm))
        return req_error(r);
    enum err e = tell_her(r);
    return e ? e : back(r);
}

#define ABOUT "/people/{staff_id:uuid}/factors"
#define RESET_PAGE .realm = REALM_STAFFED, CAN(staff_write), .pool = POOL_SLOW, .again = ABOUT

const struct page factor_reset_pages[] = {
    {GET, ABOUT, .realm = REALM_STAFFED, CAN(staff_write), .pool = POOL_SLOW,
     .show = {{"person", Q_factor_reset_about}}, .view = "factor_reset/person",
     .title = "A colleague's second factors"},
    {POST, ABOUT, RESET_PAGE, .fields = ask_fields, .run = ask, .step_up = true,
     .gives = "called change", .title = "Ask to remove a colleague's second factors"},
    {POST, ABOUT "/confirm", RESET_PAGE, .run = confirm_reset, .step_up = true,
     .gives = "called change", .title = "Remove a colleague's second factors"},
    {POST, ABOUT "/drop", RESET_PAGE, .save = Q_factor_reset_drop,
     .then = "/people/{staff_id}/factors?done=1", .title = "Withdraw the request to remove them"},
    {0},
};
