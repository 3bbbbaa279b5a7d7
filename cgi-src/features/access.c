/*
 * access.c -- the access review: who can do what, where, since when, and when they last did
 * (HIPAA 164.308(a)(4): looked through each quarter, and signed).
 * Owns: its file. Never: changes anybody's access; roles and people do.
 */
#include "features.h"

static enum err download(struct req *r)
{
    static const char *const columns[] = {"name",       "email",       "state", "second_factor",
                                          "last_login", "last_client", "role",  "place",
                                          "since",      "may_do",      "reach", "last_used"};
    return reply_csv(r, req_query(r, Q_access_export), columns, COUNT_OF(columns), "access.csv");
}

static const struct field sign_fields[] = {
    {"note", FIELD_LONG, .max = 2000},
    {0},
};

#define REVIEW .realm = REALM_STAFFED, CAN(audit_read)

const struct page access_pages[] = {
    {GET, "/access", REVIEW, .action = "access.read",
     .show = {{"review", Q_access_review_state},
              {"people", Q_access_person},
              {"roles", Q_access_role, .by = "staff_id"},
              {"rights", Q_access_right, .by = "staff_id"},
              {"signed", Q_access_signed}},
     .view = "access/review", .title = "Access review"},
    {GET, "/access.csv", REVIEW, .step_up = true, .action = "access.export", .run = download,
     .title = "Access review as a file"},
    {POST, "/access", REVIEW, .step_up = true, .action = "access.sign", .fields = sign_fields,
     .save = Q_access_sign, .then = "/access?signed=1", .again = "/access",
     .title = "Access review: sign"},
    {0},
};
