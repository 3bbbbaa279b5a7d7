/*
 * looked.c -- the client sees who looked at her record, from any of her links and after the second
 * factor; and what the business lets her read of it.
 * Owns: nothing. Never: shows an address, a browser, a typed reason, or anything of another client.
 */
#include "features.h"

static const struct field choice_fields[] = {
    {"names_to_clients", FIELD_CHOICE, .required = true, .choices = "role|name",
     .missing = "Choose roles or names."},
    {"review_charts_hour", FIELD_INT, .required = true, .min = 5, .max = 500,
     .missing = "Give a number.", .bad = "Choose 5 to 500."},
    {0},
};

const struct page looked_pages[] = {
    {GET, "/v/{link_id:uuid}/looked", LINK(NULL), .action = "looked.read",
     .show = {{"head", Q_looked_head}, {"looks", Q_looked_page}}, .view = "looked/list",
     .title = "Who has looked at her record"},
    {GET, "/settings/privacy", .realm = REALM_STAFFED, CAN(settings_write),
     .show = {{"value", Q_looked_choice}}, .view = "looked/settings",
     .title = "What clients see of who looked"},
    {POST, "/settings/privacy", .realm = REALM_STAFFED, CAN(settings_write),
     .action = "privacy.change", .fields = choice_fields, .save = Q_looked_choose,
     .then = "/settings/privacy?done=1", .again = "/settings/privacy",
     .title = "Change what clients see of who looked"},
    {0},
};
