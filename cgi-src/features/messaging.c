/*
 * messaging.c -- what a client allows to be sent to her: her own page of it, the staff's, and the words that are agreed to.
 * Owns: nothing; sql/lib/110_messaging.sql decides, and the table of messages asks it.
 * Never: sends, and never takes a yes for words that were not on the page.
 */
#include "features.h"
#include "outbox.h"

#define HER_PAGE "/v/{link_id:uuid}"
#define WORDING "/settings/messaging/{messaging_wording_id:uuid}"
#define STAFF_PAGE "/clients/{client_id:uuid}/messages"

static const struct field choose_fields[] = {{"allows", FIELD_UUIDS}, {0}};

static const struct field note_fields[] = {
    {"wording_id", FIELD_UUID, .required = true, .missing = "Choose what it is about."},
    {"given", FIELD_CHOICE, .required = true, .choices = "yes|no", .missing = "Yes or no?"},
    {"source", FIELD_CHOICE, .required = true, .choices = "desk|paper",
     .missing = "How was it said?"},
    {0},
};

static const struct field wording_fields[] = {
    {"body", FIELD_LONG, .required = true, .max = 1000, .missing = "Write the words."},
    {0},
};

static enum err show_client(struct req *r)
{
    struct rows *to = req_query(r, Q_messaging_mail_address);
    if (!to)
        return req_error(r);
    if (rows_count(to) == 0)
        return ERR_NOT_FOUND;
    outbox_set_address_hash(r, rows_text(to, 0, "mail_address"));
    if (!req_show(r, "client", Q_client_one, NULL) ||
        !req_show(r, "address", Q_messaging_address, NULL) ||
        !req_show(r, "allows", Q_messaging_of_client, NULL) ||
        !req_show(r, "history", Q_messaging_history, NULL) ||
        !req_show(r, "refused", Q_messaging_refused, NULL))
        return req_error(r);
    return reply_view(r, 200, "messaging/client");
}

const struct page messaging_pages[] = {
    /* It stands on the page of what she allowed (form.c). */
    {POST, HER_PAGE "/messages", LINK(NULL), .action = "messaging.choose", .fields = choose_fields,
     .save = Q_messaging_choose, .then = "/v/{link_id}/allowed?chosen=1#messages",
     .again = HER_PAGE "/allowed", .title = "Choose what may be sent to her"},
    {GET, STAFF_PAGE, CAN(client_read), .action = "client.read", .run = show_client,
     .show = {{"client", Q_client_one},
              {"address", Q_messaging_address},
              {"allows", Q_messaging_of_client},
              {"history", Q_messaging_history},
              {"refused", Q_messaging_refused}},
     .view = "messaging/client", .title = "Client: what may be sent to her"},
    {POST, STAFF_PAGE, CAN(client_write), .action = "messaging.note", .fields = note_fields,
     .save = Q_messaging_note, .then = "/clients/{client_id}/messages?done=1", .again = STAFF_PAGE,
     .title = "Client: note what may be sent to her"},
    {GET, "/settings/messaging", CAN(settings_write), .show = {{"wordings", Q_messaging_wordings}},
     .view = "messaging/wordings", .title = "The words that clients agree to"},
    {GET, WORDING, CAN(settings_write),
     .show = {{"wording", Q_messaging_wording_one}, {"value", Q_messaging_wording_one}},
     .view = "messaging/wording", .title = "Words that clients agree to"},
    {POST, WORDING, CAN(settings_write), .action = "messaging.wording", .fields = wording_fields,
     .save = Q_messaging_wording_save, .then = "/settings/messaging?saved=1", .again = WORDING,
     .title = "Change words that clients agree to"},
    {0},
};
