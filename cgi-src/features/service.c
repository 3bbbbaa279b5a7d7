/*
 * service.c -- what can be booked: services, who does them, and what can be added to them.
 * Owns: their forms. The rules stand in the database, sql/lib/041_settings.sql and the tables' constraints.
 */
#include "schedule_pages.h"

static const struct field service_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give the service a name."},
    {"category", FIELD_TEXT, .max = 80},
    {"description", FIELD_LONG, .max = 2000},
    {"duration_min", FIELD_INT, .required = true, .min = 5, .max = 480,
     .missing = "How many minutes does it take?", .bad = "Give 5 to 480 minutes."},
    {"before_min", FIELD_INT, .max = 120, .bad = "Give 0 to 120 minutes."},
    {"after_min", FIELD_INT, .max = 120, .bad = "Give 0 to 120 minutes."},
    {"price", FIELD_TEXT, .max = 20},
    {"deposit", FIELD_TEXT, .max = 20},
    {"is_online", FIELD_BOOL},
    {"new_client_rule", FIELD_CHOICE, .required = true, .choices = "any|new|known"},
    {"notice_hours", FIELD_INT, .max = 720, .bad = "Give 0 to 720 hours."},
    {"horizon_days", FIELD_INT, .required = true, .min = 1, .max = 730,
     .bad = "Give 1 to 730 days."},
    {"step_min", FIELD_CHOICE, .required = true, .choices = "5|10|15|20|30|60"},
    {"prerequisite_id", FIELD_UUID},
    {"prerequisite_days", FIELD_INT, .min = 1, .max = 3650, .bad = "Give 1 to 3650 days."},
    {"week_from", FIELD_INT, .min = 4, .max = 42, .bad = "Give a week from 4 to 42."},
    {"week_to", FIELD_INT, .min = 4, .max = 42, .bad = "Give a week from 4 to 42."},
    {"licence", FIELD_TEXT, .max = 60},
    {"color", FIELD_TEXT, .required = true, .max = 7, .missing = "Choose a colour."},
    {"place_in_list", FIELD_INT, .min = 1, .max = 9999},
    {"people", FIELD_UUIDS},
    {"units", FIELD_UUIDS},
    {"forms", FIELD_UUIDS},
    {"addons", FIELD_UUIDS},
    {0},
};
static const struct field person_fields[] = {
    {"own_min", FIELD_INT, .min = 5, .max = 480, .bad = "Give 5 to 480 minutes, or nothing."},
    {"places", FIELD_UUIDS},
    {0},
};
static const struct field addon_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give it a name."},
    {"minutes", FIELD_INT, .max = 240, .bad = "Give 0 to 240 minutes."},
    {"price", FIELD_TEXT, .max = 20},
    {"is_online", FIELD_BOOL},
    {"place_in_list", FIELD_INT, .min = 1, .max = 9999},
    {"services", FIELD_UUIDS},
    {0},
};

#define SERVICE "/settings/services/{service_id:uuid}"
#define PERSON SERVICE "/people/{staff_id:uuid}"
#define ADDON "/settings/addons/{addon_id:uuid}"
#define SERVICE_CHOICES                                                                            \
    {"categories", Q_service_category}, {"licences", Q_service_licence},                           \
        {"rules", Q_service_rule}, {"steps", Q_service_step}, {"befores", Q_service_before},       \
        {"people", Q_service_people}, {"units", Q_service_units}, {"forms", Q_service_forms},      \
    {                                                                                              \
        "addons", Q_service_addons                                                                 \
    }

const struct page service_pages[] = {
    {GET, "/settings/services", SCHEDULE, .show = {{"services", Q_service_list}},
     .view = "service/list", .title = "Services"},
    {GET, "/settings/services/new", SCHEDULE, .show = {{"value", Q_service_blank}, SERVICE_CHOICES},
     .view = "service/new", .title = "A new service"},
    {POST, "/settings/services/new", SCHEDULE, .action = "service.create", .fields = service_fields,
     .save = Q_service_save, .then = "/settings/services/{service_id}?saved=1",
     .again = "/settings/services/new", .title = "A new service: save"},
    {GET, SERVICE, SCHEDULE,
     .show = {{"service", Q_service_one}, {"value", Q_service_one}, SERVICE_CHOICES},
     .view = "service/one", .title = "A service"},
    {POST, SERVICE, SCHEDULE, .action = "service.change", .fields = service_fields,
     .save = Q_service_save, .then = "/settings/services/{service_id}?saved=1", .again = SERVICE,
     .title = "A service: save"},
    {POST, SERVICE "/put", SCHEDULE, .action = "service.put", .fields = put_fields,
     .save = Q_service_put, .then = "/settings/services/{service_id}?saved=1", .again = SERVICE,
     .title = "A service: put away or bring back"},
    {GET, PERSON, SCHEDULE,
     .show = {{"pair", Q_service_person},
              {"value", Q_service_person},
              {"places", Q_service_person_places}},
     .view = "service/person", .title = "A provider's own way with a service"},
    {POST, PERSON, SCHEDULE, .action = "service.person", .fields = person_fields,
     .save = Q_service_person_save, .then = "/settings/services/{service_id}?saved=1",
     .again = PERSON, .title = "A provider's own way with a service: save"},
    {GET, "/settings/addons", SCHEDULE, .show = {{"addons", Q_addon_list}},
     .view = "service/addons", .title = "Add-ons"},
    {GET, "/settings/addons/new", SCHEDULE,
     .show = {{"value", Q_addon_blank}, {"services", Q_addon_services}},
     .view = "service/addon_new", .title = "A new add-on"},
    {POST, "/settings/addons/new", SCHEDULE, .action = "addon.create", .fields = addon_fields,
     .save = Q_addon_save, .then = "/settings/addons/{addon_id}?saved=1",
     .again = "/settings/addons/new", .title = "A new add-on: save"},
    {GET, ADDON, SCHEDULE,
     .show = {{"addon", Q_addon_one}, {"value", Q_addon_one}, {"services", Q_addon_services}},
     .view = "service/addon", .title = "An add-on"},
    {POST, ADDON, SCHEDULE, .action = "addon.change", .fields = addon_fields, .save = Q_addon_save,
     .then = "/settings/addons/{addon_id}?saved=1", .again = ADDON, .title = "An add-on: save"},
    {POST, ADDON "/put", SCHEDULE, .action = "addon.put", .fields = put_fields, .save = Q_addon_put,
     .then = "/settings/addons/{addon_id}?saved=1", .again = ADDON,
     .title = "An add-on: put away or bring back"},
    {0},
};
