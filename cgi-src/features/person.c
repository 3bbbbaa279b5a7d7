/*
 * person.c -- a client as a person: how she is reached, who answers for her, due dates, tags.
 * Owns: nothing; the database keeps what was changed (app.client_change) and what finds her.
 * Never: shows a phone number or an address that the reader's roles do not show.
 */
#include "features.h"
#include "unseen.h"

static const struct field about_fields[] = {
    {"pronouns", FIELD_TEXT, .max = 40},
    {"street", FIELD_TEXT, .max = 200},
    {"city", FIELD_TEXT, .max = 100},
    {"region", FIELD_TEXT, .max = 100},
    {"postal_code", FIELD_TEXT, .max = 20},
    {"country", FIELD_TEXT, .max = 2, .bad = "Two letters, such as US."},
    {"emergency_contact_name", FIELD_TEXT, .max = 120},
    {"emergency_contact_relation", FIELD_TEXT, .max = 60},
    {"emergency_contact_phone", FIELD_PHONE},
    WAS("pronouns"),
    WAS("street"),
    WAS("city"),
    WAS("region"),
    WAS("postal_code"),
    WAS("country"),
    WAS("emergency_contact_name"),
    WAS("emergency_contact_relation"),
    WAS("emergency_contact_phone"),
    {0},
};

static const struct field communication_fields[] = {
    {"preferred_language", FIELD_TOKEN, .max = 20},
    {"preferred_way", FIELD_CHOICE, .choices = "email|text|phone"},
    {"best_time", FIELD_TEXT, .max = 80},
    WAS("preferred_language"),
    WAS("preferred_way"),
    WAS("best_time"),
    {0},
};

static const struct field contact_fields[] = {
    {"contact_kind", FIELD_CHOICE, .required = true, .choices = "phone|email"},
    {"contact_value", FIELD_TEXT, .required = true, .max = 254,
     .missing = "Give a phone number or an e-mail address."},
    {"contact_label", FIELD_TEXT, .max = 40},
    {0},
};

static const struct field guardian_fields[] = {
    {"guardian_name", FIELD_TEXT, .required = true, .max = 120, .missing = "Give a name."},
    {"guardian_relation", FIELD_CHOICE, .required = true,
     .choices = "parent|legal_guardian|grandparent|foster_parent|carer|other"},
    {"guardian_email", FIELD_EMAIL},
    {"guardian_phone", FIELD_PHONE},
    {"guardian_birth_date", FIELD_DATE},
    {"guardian_may_sign", FIELD_BOOL},
    WAS("guardian_name"),
    WAS("guardian_relation"),
    WAS("guardian_email"),
    WAS("guardian_phone"),
    WAS("guardian_birth_date"),
    WAS("guardian_may_sign"),
    {0},
};

static const struct field link_fields[] = {{"guardian_client", FIELD_UUID}, {0}};
static const struct field due_fields[] = {{"new_due", FIELD_DATE}, WAS("new_due"), {0}};
static const struct field earlier_fields[] = {
    {"earlier_due", FIELD_DATE, .required = true, .missing = "When was it due?"},
    {"earlier_end", FIELD_DATE},
    {0},
};
static const struct field chosen_tags[] = {{"tag_ids", FIELD_UUIDS}, {0}};
/* A form without fields of its own: only for messages above it. */
static const struct field no_fields[] = {{0}};

/* Saves what was not typed over something unseen, and goes back to that part of the details. */
static enum err save_seen(struct req *r, enum query unseen, enum query save, const char *part)
{
    enum err e = unseen_refuse(r, unseen);
    if (e)
        return e;
    struct rows *rows = req_query(r, save);
    if (!rows)
        return req_error(r);
    if (rows_count(rows) == 0)
        return ERR_NOT_FOUND;
    struct str id = req_value(r, "client_id");
    return reply_redirect(
        r, arena_printf(req_arena(r), "/clients/%.*s/details#%s", (int)id.n, id.p, part));
}

static enum err save_about(struct req *r)
{
    return save_seen(r, Q_person_about_unseen, Q_person_about_save, "about");
}
static enum err save_due(struct req *r)
{
    return save_seen(r, Q_person_due_unseen, Q_person_due_save, "due");
}
static enum err save_guardian(struct req *r)
{
    return save_seen(r, Q_person_guardian_unseen, Q_person_guardian_save, "guardians");
}

#define ONE "/clients/{client_id:uuid}"
#define GUARDIAN ONE "/guardians/{guardian_id:uuid}"
#define THEN(part) .then = "/clients/{client_id}/details#" part, .again = ONE "/details"

const struct page person_pages[] = {
    {GET, ONE "/details", CAN(client_read), .action = "client.read",
     .show = {{"client", Q_client_one},
              {"about", Q_person_about},
              {"value", Q_person_about},
              {"languages", Q_person_language},
              {"contacts", Q_person_contact},
              {"guardians", Q_person_guardian},
              {"wards", Q_person_ward},
              {"relations", Q_person_guardian_relation},
              {"pregnancies", Q_person_pregnancy},
              {"tags", Q_person_tag},
              {"choices", Q_person_tag_choice},
              {"own_fields", Q_client_field_value},
              {"field_changes", Q_client_field_change},
              {"before", Q_client_field_was, .by = "was_id"},
              {"changes", Q_person_change},
              {"pages", Q_person_pages}},
     .view = "person/details", .title = "Client: details"},
    {POST, ONE "/about", CAN(client_write), .action = "client.update", .fields = about_fields,
     .run = save_about, .again = ONE "/details", .title = "Client: save address and whom to call"},
    {POST, ONE "/communication", CAN(client_write), .action = "client.update",
     .fields = communication_fields, .save = Q_person_communication_save, THEN("communication"),
     .title = "Client: save language, way and best time"},
    {POST, ONE "/contacts", CAN(client_write), .action = "client.contact", .fields = contact_fields,
     .save = Q_person_contact_add, THEN("contacts"), .title = "Client: add a phone or an e-mail"},
    {POST, ONE "/contacts/{contact_id:uuid}/first", CAN(client_write), .action = "client.contact",
     .fields = no_fields, .save = Q_person_contact_first, THEN("contacts"),
     .title = "Client: make a phone or an e-mail the first"},
    {POST, ONE "/contacts/{contact_id:uuid}/remove", CAN(client_write), .action = "client.contact",
     .fields = no_fields, .save = Q_person_contact_drop, THEN("contacts"),
     .title = "Client: remove a phone or an e-mail"},
    {POST, ONE "/guardians", CAN(client_write), .action = "client.guardian",
     .fields = guardian_fields, .save = Q_person_guardian_add, THEN("guardians"),
     .title = "Client: add a guardian"},
    {GET, GUARDIAN, CAN(client_write), .action = "client.read",
     .show = {{"guardian", Q_person_guardian_one},
              {"value", Q_person_guardian_one},
              {"relations", Q_person_guardian_relation},
              {"linked", Q_person_guardian_linked},
              {"hits", Q_person_guardian_found}},
     .view = "person/guardian", .title = "Client: a guardian"},
    {POST, GUARDIAN, CAN(client_write), .action = "client.guardian", .fields = guardian_fields,
     .run = save_guardian, .again = GUARDIAN, .title = "Client: change a guardian"},
    {POST, GUARDIAN "/end", CAN(client_write), .action = "client.guardian", .fields = no_fields,
     .save = Q_person_guardian_end, THEN("guardians"), .title = "Client: end a guardian"},
    {POST, GUARDIAN "/link", CAN(client_write), .action = "client.guardian", .fields = link_fields,
     .save = Q_person_guardian_link, .then = "/clients/{client_id}/details#guardians",
     .again = GUARDIAN, .title = "Client: say which client a guardian is"},
    {POST, ONE "/due", CAN(client_write), .action = "client.due", .fields = due_fields,
     .run = save_due, .again = ONE "/details", .title = "Client: change the due date"},
    {POST, ONE "/pregnancies", CAN(client_write), .action = "client.due", .fields = earlier_fields,
     .save = Q_person_pregnancy_add, THEN("due"), .title = "Client: add an earlier pregnancy"},
    {POST, ONE "/pregnancies/{pregnancy_id:uuid}/remove", CAN(client_write), .action = "client.due",
     .fields = no_fields, .save = Q_person_pregnancy_drop, THEN("due"),
     .title = "Client: remove a pregnancy entered in error"},
    {POST, ONE "/tags", CAN(client_write), .action = "client.tag", .fields = chosen_tags,
     .save = Q_person_tag_save, THEN("tags"), .title = "Client: choose tags"},
    {0},
};
