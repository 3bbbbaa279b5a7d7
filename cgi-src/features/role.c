/*
 * role.c -- what each role of a business may do, how far, and what of a client it hides.
 * Owns: the form of a role. The rules (nobody gives what she does not hold, the owner's role keeps its
 * keys) stand in the database, sql/lib/101_roles.sql, and so does the row of the trail.
 */
#include "features.h"

#define REACH(name) {#name, FIELD_CHOICE, .choices = "none|own|location|tenant"}
#define WHOLE(name) {#name, FIELD_CHOICE, .choices = "none|tenant"}

static const struct field role_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Give the role a name."},
    REACH(calendar_read),
    REACH(booking_write),
    REACH(booking_over),
    REACH(client_read),
    REACH(client_write),
    REACH(chart_read),
    REACH(chart_write),
    WHOLE(chart_emergency),
    REACH(message_read),
    REACH(message_write),
    WHOLE(audit_read),
    WHOLE(report_read),
    WHOLE(client_lists),
    WHOLE(settings_write),
    WHOLE(staff_write),
    WHOLE(demo_read),
    WHOLE(house_read),
    WHOLE(tenant_read),
    {"mask_phone", FIELD_BOOL},
    {"mask_email", FIELD_BOOL},
    {"mask_notes", FIELD_BOOL},
    {"needs_mfa", FIELD_BOOL},
    {0},
};

static const struct field copy_fields[] = {
    {"source", FIELD_UUID, .required = true, .missing = "Choose the role to begin with."},
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Give the role a name."},
    {0},
};

/* A form without fields of its own: only for messages above it. */
static const struct field no_fields[] = {{0}};

#define ONE "/roles/{role_id:uuid}"
#define ROLES .realm = REALM_STAFFED, CAN(staff_write)

const struct page role_pages[] = {
    {GET, "/roles", ROLES,
     .show = {{"roles", Q_role_list},
              {"permissions", Q_role_permission},
              {"cells", Q_role_cell, .by = "permission"}},
     .view = "role/list", .title = "Roles"},
    {POST, "/roles", ROLES, .step_up = true, .fields = copy_fields, .save = Q_role_copy,
     .then = "/roles/{role_id}", .again = "/roles", .title = "Roles: make a new one"},
    {GET, ONE, ROLES, .show = {{"role", Q_role_one}, {"permissions", Q_role_form}},
     .view = "role/one", .title = "Role"},
    {POST, ONE, ROLES, .step_up = true, .fields = role_fields, .save = Q_role_change,
     .then = "/roles/{role_id}?saved=1", .again = ONE, .title = "Role: save"},
    {POST, ONE "/remove", ROLES, .step_up = true, .fields = no_fields, .save = Q_role_remove,
     .then = "/roles?removed=1", .again = ONE, .title = "Role: remove"},
    {0},
};
