/*
 * tenant.c -- the businesses as their operator sees them: facts and counts (PROMISES B19).
 * Owns: nothing; what an operator may see and change is said by sql/lib/097_tenants.sql and 098_support.sql.
 * Never: shows anything of a client.
 */
#include "features.h"

static const struct field message_fields[] = {
    {"per_day", FIELD_INT, .required = true, .min = 0, .max = 1000000,
     .missing = "How many may go out in a day?", .bad = "Give a number from 0 to 1000000."},
    {0},
};

static const struct field suspend_fields[] = {
    {"why", FIELD_LONG, .required = true, .max = 500,
     .missing = "Say why. The business reads it in its trail."},
    {0},
};

const struct page tenant_pages[] = {
    {GET, "/tenants", .realm = REALM_OPERATOR, CAN(tenant_read), .action = "tenant.list",
     .show = {{"businesses", Q_tenant_list}}, .view = "tenant/list", .title = "Businesses"},
    {GET, "/tenants/{business:slug}", .realm = REALM_OPERATOR, CAN(tenant_read),
     .action = "tenant.read",
     .show = {{"tenant", Q_tenant_one},
              {"value", Q_tenant_one},
              {"owners", Q_tenant_owners},
              {"grants", Q_tenant_support}},
     .view = "tenant/one", .title = "A business"},
    {POST, "/tenants/{business:slug}/messages", .realm = REALM_OPERATOR, CAN(settings_write),
     .fields = message_fields, .save = Q_tenant_messages, .then = "/tenants/{business}",
     .again = "/tenants/{business:slug}", .title = "Change how many messages may go out"},
    {POST, "/tenants/{business:slug}/suspend", .realm = REALM_OPERATOR, CAN(settings_write),
     .fields = suspend_fields, .save = Q_tenant_suspend, .then = "/tenants/{business}",
     .again = "/tenants/{business:slug}", .step_up = true,
     .title = "Close the pages of a business"},
    {POST, "/tenants/{business:slug}/resume", .realm = REALM_OPERATOR, CAN(settings_write),
     .save = Q_tenant_resume, .then = "/tenants/{business}",
     .title = "Open the pages of a business again"},
    {0},
};
