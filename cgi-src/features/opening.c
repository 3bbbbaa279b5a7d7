/* opening.c -- when a place is open, and when it is not although it would be: closures, typed or from a calendar file. */
#include "schedule_pages.h"

static const struct field week_fields[] = {
    {"d1", FIELD_TEXT, .max = 120}, {"d2", FIELD_TEXT, .max = 120},
    {"d3", FIELD_TEXT, .max = 120}, {"d4", FIELD_TEXT, .max = 120},
    {"d5", FIELD_TEXT, .max = 120}, {"d6", FIELD_TEXT, .max = 120},
    {"d0", FIELD_TEXT, .max = 120}, {0},
};
static const struct field closure_fields[] = {
    {"location_id", FIELD_UUID},
    {"from_day", FIELD_DATE, .required = true, .missing = "Which day?"},
    {"to_day", FIELD_DATE},
    {"hours", FIELD_TEXT, .max = 120},
    {"reason", FIELD_TEXT, .max = 120},
    {0},
};
static const struct field no_fields[] = {{0}};

const struct page opening_pages[] = {
    {GET, "/settings/hours", SCHEDULE,
     .show = {{"places", Q_opening_places},
              {"days", Q_opening_days, "location_id"},
              {"closures", Q_closure_list},
              {"where", Q_closure_places}},
     .view = "opening/list", .title = "Opening hours and closures"},
    {GET, "/settings/hours/{location_id:uuid}", SCHEDULE,
     .show = {{"place", Q_opening_week}, {"value", Q_opening_week}}, .view = "opening/week",
     .title = "Opening hours of a place"},
    {POST, "/settings/hours/{location_id:uuid}", SCHEDULE, .action = "opening.change",
     .fields = week_fields, .save = Q_opening_save, .then = "/settings/hours?saved=1",
     .again = "/settings/hours/{location_id:uuid}", .title = "Opening hours of a place: save"},
    {POST, "/settings/closures", SCHEDULE, .action = "closure.add", .fields = closure_fields,
     .save = Q_closure_save, .then = "/settings/hours?saved=1", .again = "/settings/hours",
     .title = "Close for some time"},
    {POST, "/settings/closures/{closure_id:uuid}/remove", SCHEDULE, .action = "closure.drop",
     .fields = no_fields, .save = Q_closure_drop, .then = "/settings/hours?saved=1",
     .again = "/settings/hours", .title = "Take a closure back"},
    {0},
};
