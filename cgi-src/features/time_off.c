/*
 * time_off.c -- time off: she asks, somebody who may change settings decides, she is told by mail.
 * Owns: the order of a decision and its mail. What blocks a calendar is what is approved (sql/lib/040_booking.sql).
 */
#include "outbox.h"
#include "schedule_pages.h"

static const struct field ask_fields[] = {
    {"from_day", FIELD_DATE, .required = true, .missing = "Which day?"},
    {"to_day", FIELD_DATE},
    {"hours", FIELD_TEXT, .max = 40},
    {"reason", FIELD_TEXT, .max = 200},
    {0},
};
static const struct field enter_fields[] = {
    {"person_id", FIELD_UUID, .required = true, .missing = "For whom?"},
    {"from_day", FIELD_DATE, .required = true, .missing = "Which day?"},
    {"to_day", FIELD_DATE},
    {"hours", FIELD_TEXT, .max = 40},
    {"reason", FIELD_TEXT, .max = 200},
    {0},
};
static const struct field decide_fields[] = {
    {"new_state", FIELD_CHOICE, .required = true, .choices = "approved|refused"},
    {0},
};
static const struct field no_fields[] = {{0}};

static enum err decide(struct req *r)
{
    struct rows *to = req_show(r, "to", Q_timeoff_decide, NULL);
    if (!to)
        return req_error(r);
    struct str key = req_value(r, "request_id");
    enum err e = outbox_staff(
        r, &(struct staff_letter){
               .kind = "account_time_off",
               .staff_id = rows_text(to, 0, "staff_id"),
               .to = rows_text(to, 0, "to_address"),
               .link = req_url(r, S("/time-off")),
               .dedupe_key = arena_printf(req_arena(r), "time-off-%.*s", (int)key.n, key.p)});
    return e ? e : reply_redirect(r, S("/settings/time-off?decided=1"));
}

#define OWN .realm = REALM_STUDIO, CAN(calendar_read)
#define ONE "/settings/time-off/{time_off_id:uuid}"

const struct page time_off_pages[] = {
    {GET, "/time-off", OWN, .show = {{"own", Q_timeoff_own}}, .view = "timeoff/own",
     .title = "Your time off"},
    {POST, "/time-off", OWN, .action = "time_off.ask", .fields = ask_fields, .save = Q_timeoff_ask,
     .then = "/time-off?asked=1", .again = "/time-off", .title = "Ask for time off"},
    {POST, "/time-off/{time_off_id:uuid}/withdraw", OWN, .action = "time_off.withdraw",
     .fields = no_fields, .save = Q_timeoff_withdraw, .then = "/time-off?withdrawn=1",
     .again = "/time-off", .title = "Withdraw time off"},
    {GET, "/settings/time-off", SCHEDULE,
     .show = {{"waiting", Q_timeoff_waiting},
              {"coming", Q_timeoff_coming},
              {"people", Q_timeoff_people}},
     .view = "timeoff/list", .title = "Time off"},
    {POST, "/settings/time-off", SCHEDULE, .action = "time_off.enter", .fields = enter_fields,
     .save = Q_timeoff_enter, .then = "/settings/time-off?saved=1", .again = "/settings/time-off",
     .title = "Enter somebody's time off"},
    {GET, ONE, SCHEDULE, .show = {{"off", Q_timeoff_one}, {"visits", Q_timeoff_visits}},
     .view = "timeoff/one", .title = "Somebody's time off"},
    {POST, ONE, SCHEDULE, .action = "time_off.decide", .fields = decide_fields,
     .show = {{"to", Q_timeoff_decide}}, .run = decide, .again = ONE,
     .title = "Decide about time off"},
    {0},
};
