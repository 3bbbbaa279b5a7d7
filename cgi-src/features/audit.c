/*
 * audit.c -- the trail, to be read by day, by person, by client, and what was refused.
 * Owns: nothing. Reading the trail leaves its own row in it (SECURITY.md A-13).
 */
#include "features.h"

const struct page audit_pages[] = {
    {GET, "/audit", .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.read",
     .show = {{"head", Q_audit_day_head},
              {"events", Q_audit_day},
              {"clients", Q_audit_day_clients, .by = "event_id"}},
     .view = "audit/day", .title = "Audit trail of a day"},
    {GET, "/audit/people", .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.read",
     .show = {{"people", Q_audit_people}}, .view = "audit/people", .title = "Audit trail: people"},
    {GET, "/audit/people/{staff_id:uuid}", .realm = REALM_STAFFED, CAN(audit_read),
     .action = "audit.read",
     .show = {{"person", Q_audit_staff_head},
              {"events", Q_audit_staff},
              {"clients", Q_audit_staff_clients, .by = "event_id"}},
     .view = "audit/person", .title = "Audit trail of a person"},
    {GET, "/audit/clients/{client_id:uuid}", CAN(audit_read), .action = "audit.read",
     .show = {{"client", Q_audit_client_head}, {"events", Q_audit_client}},
     .view = "audit/client", .title = "Audit trail of a client"},
    {GET, "/audit/refusals", .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.read",
     .show = {{"events", Q_audit_refusals}}, .view = "audit/refusals",
     .title = "Audit trail: what was refused"},
    {0},
};
