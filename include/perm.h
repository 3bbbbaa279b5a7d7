/*
 * perm.h -- the permissions a role may hold. Add one here and in a migration (app.permission);
 * tests/http compares the two lists.
 */
#ifndef FOYER_PERM_H
#define FOYER_PERM_H

/* PERMISSION(name, what a holder may do, in words) */
#define PERMISSIONS(PERMISSION)                                                                    \
    PERMISSION(calendar_read, "see the calendar and appointments")                                 \
    PERMISSION(booking_write, "book, move, check in and cancel appointments")                      \
    PERMISSION(booking_over, "book over what is taken already, with a reason")                     \
    PERMISSION(client_read, "see clients' contact details, allergies and forms due")               \
    PERMISSION(client_write, "add clients and change their contact details")                       \
    PERMISSION(chart_read, "read charts: notes, answers, signed consents")                         \
    PERMISSION(chart_write, "write notes and allergies")                                           \
    PERMISSION(message_read, "read messages to clients and open their links")                      \
    PERMISSION(message_write, "send messages and form links")                                      \
    PERMISSION(audit_read, "read the audit trail")                                                 \
    PERMISSION(settings_write, "change the studio's texts and settings")                           \
    PERMISSION(report_read, "see reports: how busy rooms and people are, and who did not come")    \
    PERMISSION(client_lists, "read in and take out lists of clients, and join records of the same person") \
    PERMISSION(staff_write, "invite people, change and end accounts, give roles")                  \
    PERMISSION(chart_emergency, "open a chart in an emergency, with a reason, for half an hour")   \
    PERMISSION(demo_read, "operator: read and work on demo requests")                              \
    PERMISSION(house_read, "operator: see how the installation is")                                \
    PERMISSION(tenant_read, "operator: see the businesses and ask for support access")

/* none: any session. self: one's own account; also for whom must first set up a second factor, who
 * reaches nothing else. */
enum perm {
    PERM_none,
    PERM_self,
#define PERMISSION(name, words) PERM_##name,
    PERMISSIONS(PERMISSION)
#undef PERMISSION
        PERM_COUNT
};
extern const char *const perm_name[PERM_COUNT]; /* "" for none, "self" for self */
#endif
