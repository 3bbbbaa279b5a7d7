/*
 * message.c -- what was sent to clients, or is kept here when no mail server is configured.
 * Owns: reading messages. outbox.c writes them, message_job.c sends them.
 */
#include "features.h"

const struct page message_pages[] = {
    {GET, "/messages", .realm = REALM_STAFFED, CAN(message_read), .action = "message.list",
     .show = {{"budget", Q_message_held}, {"messages", Q_message_list}, {"dead_jobs", Q_message_dead_jobs}},
     .view = "message/list", .title = "Messages"},
    {GET, "/messages/{message_id:uuid}", .realm = REALM_STAFFED, CAN(message_read),
     .action = "message.read", .show = {{"message", Q_message_one}}, .view = "message/one",
     .title = "Message"},
    {0},
};
