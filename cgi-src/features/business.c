/*
 * business.c -- what a business says of itself: its name and phone, and the address of each location
 * (PROMISES B03: all that sign-up asks for can be changed afterwards).
 */
#include "features.h"

static const struct field business_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give the business a name."},
    {"phone", FIELD_PHONE, .required = true, .missing = "Which number do clients call?"},
    {"language", FIELD_TOKEN, .required = true, .min = 2, .max = 3,
     .missing = "Choose a language of the list.", .bad = "Choose a language of the list."},
    {0},
};
static const struct field location_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 80, .missing = "Give the location a name."},
    {"street", FIELD_TEXT, .required = true, .max = 200, .missing = "Give the street."},
    {"city", FIELD_TEXT, .required = true, .max = 120, .missing = "Give the town."},
    {"region", FIELD_TEXT, .max = 80},
    {"postal_code", FIELD_TEXT, .max = 20},
    {"phone", FIELD_PHONE},
    {0},
};

static const struct field agreement_fields[] = {
    {"version", FIELD_INT, .required = true, .min = 1, .max = 100000},
    {"is_read", FIELD_BOOL, .required = true, .missing = "Please tick this to go on."},
    {0},
};

#define SETTINGS .realm = REALM_STAFFED, CAN(settings_write)

const struct page business_pages[] = {
    {GET, "/settings/business", SETTINGS,
     .show = {{"value", Q_business_own},
              {"languages", Q_business_languages},
              {"locations", Q_business_locations},
              {"agreement", Q_agreement_here}},
     .view = "business/show", .title = "The business"},
    {POST, "/settings/business", SETTINGS, .action = "business.change", .fields = business_fields,
     .save = Q_business_change, .then = "/settings/business?saved=1", .again = "/settings/business",
     .title = "The business: save"},
    {GET, "/settings/agreement", CAN(settings_write), .show = {{"agreement", Q_agreement_text}},
     .view = "business/agreement", .title = "The agreement with whoever runs Foyer"},
    {POST, "/settings/agreement", CAN(settings_write), .step_up = true, .fields = agreement_fields,
     .save = Q_agreement_accept, .then = "/settings/business?agreed=1",
     .again = "/settings/agreement", .title = "Accept the agreement"},
    {GET, "/settings/locations/{location_id:uuid}", SETTINGS,
     .show = {{"location", Q_business_location}, {"value", Q_business_location}},
     .view = "business/location", .title = "A location"},
    {POST, "/settings/locations/{location_id:uuid}", SETTINGS, .action = "business.location",
     .fields = location_fields, .save = Q_business_location_change,
     .then = "/settings/business?saved=1", .again = "/settings/locations/{location_id:uuid}",
     .title = "A location: save"},
    {0},
};
