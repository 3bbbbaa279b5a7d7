/*
 * rule.c -- the rules of booking: until when a client may cancel or move a visit herself, what being late means.
 * Owns: publishing the next version. A visit keeps the one that was accepted with it.
 */
#include "schedule_pages.h"

static const struct field rule_fields[] = {
    {"seen_version", FIELD_INT, .required = true, .max = 1000000},
    {"cancel_hours", FIELD_INT, .required = true, .max = 720, .bad = "Give 0 to 720 hours."},
    {"move_hours", FIELD_INT, .required = true, .max = 720, .bad = "Give 0 to 720 hours."},
    {"max_moves", FIELD_INT, .max = 20, .bad = "Give 0 to 20, or nothing for no limit."},
    {"late_minutes", FIELD_INT, .required = true, .max = 120, .bad = "Give 0 to 120 minutes."},
    {"late_cancel", FIELD_TEXT, .max = 20},
    {"no_show", FIELD_TEXT, .max = 20},
    {"max_no_shows", FIELD_INT, .min = 1, .max = 20,
     .bad = "Give 1 to 20, or nothing for no limit."},
    {0},
};

const struct page rule_pages[] = {
    {GET, "/settings/rules", SCHEDULE,
     .show = {{"rule", Q_rule_now},
              {"value", Q_rule_now},
              {"words", Q_rule_words},
              {"versions", Q_rule_versions}},
     .view = "rule/show", .title = "Rules of booking"},
    {POST, "/settings/rules", SCHEDULE, .action = "rule.publish", .fields = rule_fields,
     .save = Q_rule_publish, .then = "/settings/rules?saved=1", .again = "/settings/rules",
     .title = "Publish rules of booking"},
    {0},
};
