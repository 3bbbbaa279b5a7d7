/* unit.c -- rooms and devices: what a visit takes beside a provider, each unit booked by itself. */
#include "schedule_pages.h"

static const struct field unit_fields[] = {
    {"unit_kind", FIELD_CHOICE, .required = true, .choices = "room|device"},
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give it a name."},
    {"location_id", FIELD_UUID, .required = true, .missing = "Where does it stand?"},
    {"unit_group", FIELD_TEXT, .max = 60},
    {"place_in_list", FIELD_INT, .min = 1, .max = 9999},
    {0},
};

#define UNIT "/settings/rooms/{resource_id:uuid}"
#define UNIT_CHOICES                                                                               \
    {"kinds", Q_unit_kinds}, {"places", Q_unit_places}, { "groups", Q_unit_groups }

const struct page unit_pages[] = {
    {GET, "/settings/rooms", SCHEDULE, .show = {{"units", Q_unit_list}}, .view = "unit/list",
     .title = "Rooms and devices"},
    {GET, "/settings/rooms/new", SCHEDULE, .show = {{"value", Q_unit_blank}, UNIT_CHOICES},
     .view = "unit/new", .title = "A new room or device"},
    {POST, "/settings/rooms/new", SCHEDULE, .action = "unit.create", .fields = unit_fields,
     .save = Q_unit_save, .then = "/settings/rooms/{resource_id}?saved=1",
     .again = "/settings/rooms/new", .title = "A new room or device: save"},
    {GET, UNIT, SCHEDULE, .show = {{"unit", Q_unit_one}, {"value", Q_unit_one}, UNIT_CHOICES},
     .view = "unit/one", .title = "A room or device"},
    {POST, UNIT, SCHEDULE, .action = "unit.change", .fields = unit_fields, .save = Q_unit_save,
     .then = "/settings/rooms/{resource_id}?saved=1", .again = UNIT,
     .title = "A room or device: save"},
    {POST, UNIT "/put", SCHEDULE, .action = "unit.put", .fields = put_fields, .save = Q_unit_put,
     .then = "/settings/rooms/{resource_id}?saved=1", .again = UNIT,
     .title = "A room or device: put away or bring back"},
    {0},
};
