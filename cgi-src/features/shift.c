/*
 * shift.c -- who works when: weeks with a day from which they hold, single days that differ, and licences.
 * Owns: their forms; visits that would fall outside are listed before anything is saved, and never cancelled by it.
 */
#include "schedule_pages.h"

static const struct field week_fields[] = {
    {"since", FIELD_DATE, .required = true, .missing = "From which day on?"},
    {"d1", FIELD_TEXT, .max = 120},
    {"d2", FIELD_TEXT, .max = 120},
    {"d3", FIELD_TEXT, .max = 120},
    {"d4", FIELD_TEXT, .max = 120},
    {"d5", FIELD_TEXT, .max = 120},
    {"d6", FIELD_TEXT, .max = 120},
    {"d0", FIELD_TEXT, .max = 120},
    {"is_seen", FIELD_BOOL},
    {0},
};
static const struct field day_fields[] = {
    {"day", FIELD_DATE, .required = true, .missing = "Which day?"},
    {"location_id", FIELD_UUID, .required = true, .missing = "At which place?"},
    {"hours", FIELD_TEXT, .max = 120},
    {"is_seen", FIELD_BOOL},
    {0},
};
static const struct field licence_fields[] = {
    {"kind", FIELD_TEXT, .required = true, .max = 60, .missing = "Which licence is it?"},
    {"number", FIELD_TEXT, .max = 60},
    {"location_id", FIELD_UUID},
    {"valid_to", FIELD_DATE, .required = true, .missing = "Until when does it hold?"},
    {0},
};
static const struct field no_fields[] = {{0}};

#define PERSON "/settings/people/{staff_id:uuid}"
#define WEEK PERSON "/week/{location_id:uuid}"
#define SAVED "/settings/people/{staff_id}?saved=1"

const struct page shift_pages[] = {
    {GET, "/settings/people", SCHEDULE, .show = {{"people", Q_shift_people}}, .view = "shift/list",
     .title = "Who works when"},
    {GET, PERSON, SCHEDULE,
     .show = {{"person", Q_shift_person},
              {"places", Q_shift_places},
              {"spans", Q_shift_spans, "location_id"},
              {"days", Q_shift_days},
              {"licences", Q_licence_of},
              {"calendars", Q_outside_of}},
     .view = "shift/person", .title = "When somebody works"},
    {GET, WEEK, SCHEDULE,
     .show = {{"week", Q_shift_week}, {"value", Q_shift_week}, {"visits", Q_shift_outside}},
     .view = "shift/week", .title = "Somebody's week at a place"},
    {POST, WEEK, SCHEDULE, .action = "shift.week", .fields = week_fields, .save = Q_shift_week_save,
     .then = SAVED, .again = WEEK, .title = "Somebody's week at a place: save"},
    {GET, PERSON "/days", SCHEDULE,
     .show = {{"person", Q_shift_person},
              {"places", Q_shift_day_places},
              {"visits", Q_shift_day_outside}},
     .view = "shift/day", .title = "One day that is different"},
    {POST, PERSON "/days", SCHEDULE, .action = "shift.day", .fields = day_fields,
     .save = Q_shift_day_save, .then = SAVED, .again = PERSON "/days",
     .title = "One day that is different: save"},
    {POST, PERSON "/days/{day:date}/remove", SCHEDULE, .action = "shift.day_drop",
     .fields = no_fields, .save = Q_shift_day_drop, .then = SAVED, .again = PERSON,
     .title = "One day that is different: take back"},
    {GET, PERSON "/licences", SCHEDULE,
     .show = {{"person", Q_shift_person},
              {"kinds", Q_service_licence},
              {"places", Q_shift_day_places}},
     .view = "shift/licence", .title = "A new licence"},
    {POST, PERSON "/licences", SCHEDULE, .action = "licence.add", .fields = licence_fields,
     .save = Q_licence_add, .then = SAVED, .again = PERSON "/licences",
     .title = "A new licence: save"},
    {POST, PERSON "/licences/{licence_id:uuid}/remove", SCHEDULE, .action = "licence.drop",
     .fields = no_fields, .save = Q_licence_drop, .then = SAVED, .again = PERSON,
     .title = "Remove a licence"},
    {0},
};
