/*
 * demo.c -- somebody asks to see the product (PROMISES L04, L05); the operator's list of requests.
 * Owns: the eight fields, the bait for machines, the mail to the operator's inbox.
 * Never: sends a request anywhere but to that inbox (L06).
 */
#include "config.h"
#include "crypto.h"
#include "features.h"

static const struct field request_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 120, .missing = "Please tell us your name."},
    {"email", FIELD_EMAIL, .required = true, .missing = "Please tell us where to answer."},
    {"phone", FIELD_PHONE},
    {"spa_name", FIELD_TEXT, .required = true, .max = 160,
     .missing = "Please tell us the name of your business."},
    {"location_count", FIELD_INT, .required = true, .min = 1, .max = 10000,
     .missing = "How many locations do you have?"},
    {"provider_count", FIELD_INT, .required = true, .min = 1, .max = 100000,
     .missing = "How many people treat or scan?"},
    {"platform", FIELD_TEXT, .required = true, .max = 120,
     .missing = "Please tell us what you use today."},
    {"message", FIELD_LONG, .max = 4000},
    {"website", FIELD_TEXT, .max = 500}, /* the bait: people do not see it */
    {0},
};

/* One message and one job for each address of the inbox, in the transaction of the request. */
static enum err tell_operator(struct req *r)
{
    struct str rest = str_of(config_text("operator_inbox"));
    struct str request_id = req_value(r, "new_id");

    req_set(r, "body", req_render(r, "message/demo_request.txt"));
    while (rest.n > 0) {
        struct str address = str_trim(str_cut(&rest, ','));
        if (address.n == 0)
            continue;
        req_set(r, "to_address", address);
        req_set(r, "message_id", uuid_new(req_arena(r)));
        req_set(r, "dedupe_key",
                arena_printf(req_arena(r), "demo-%.*s-%.*s", (int)request_id.n, request_id.p,
                             (int)address.n, address.p));
        if (!req_query(r, Q_demo_mail) || !req_query(r, Q_demo_mail_job))
            return req_error(r);
    }
    return OK;
}

static enum err ask(struct req *r)
{
    if (req_has(r, "website"))
        return reply_redirect(r, S("/demo/thanks"));
    if (!req_query(r, Q_demo_throttle) || !req_query(r, Q_demo_create))
        return req_error(r);
    enum err e = tell_operator(r);
    return e ? e : reply_redirect(r, S("/demo/thanks"));
}

static const struct field state_fields[] = {
    {"state", FIELD_CHOICE, .required = true, .choices = "new|scheduled|quoted|won|lost"},
    {0},
};

const struct page demo_pages[] = {
    {GET, "/demo", .realm = REALM_SITE, ANYBODY, .view = "demo/form", .form_cookie = true,
     .title = "Ask for a demo"},
    {POST, "/demo", .realm = REALM_SITE, ANYBODY, .fields = request_fields, .run = ask,
     .again = "/demo", .form_cookie = true, .title = "Ask for a demo"},
    {GET, "/demo/thanks", .realm = REALM_SITE, ANYBODY, .view = "demo/thanks",
     .title = "Thank you for asking"},
    {GET, "/demos", .realm = REALM_OPERATOR, CAN(demo_read), .show = {{"requests", Q_demo_list}},
     .view = "demo/list", .title = "Demo requests"},
    {GET, "/demos/{demo_request_id:uuid}", .realm = REALM_OPERATOR, CAN(demo_read),
     .show = {{"request", Q_demo_one}}, .view = "demo/request", .title = "Demo request"},
    {POST, "/demos/{demo_request_id:uuid}/state", .realm = REALM_OPERATOR, CAN(demo_read),
     .fields = state_fields, .save = Q_demo_set_state, .then = "/demos/{demo_request_id}",
     .again = "/demos/{demo_request_id:uuid}", .title = "Change the state of a request"},
    {POST, "/demos/{demo_request_id:uuid}/delete", .realm = REALM_OPERATOR, CAN(demo_read),
     .save = Q_demo_delete, .then = "/demos", .title = "Delete a request"},
    {0},
};
