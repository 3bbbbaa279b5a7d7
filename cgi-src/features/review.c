/*
 * review.c -- the weekly review of unusual access, its sign-off, and the two daily jobs of the trail:
 * gathering the review, and mailing the signed head to the owners.
 * Owns: nothing; sql/lib/065_review.sql says what is unusual.
 * Never: gathers in a page that is only looked at; mails anything of a client.
 */
#include "features.h"
#include "outbox.h"
#include "trail_jobs.h"

static const struct field sign_fields[] = {
    {"week", FIELD_DATE, .required = true},
    {"note", FIELD_LONG, .required = true, .min = 3, .max = 2000,
     .missing = "Say what you looked at, and what came of it.",
     .bad = "Say in 3 to 2,000 characters what you looked at, and what came of it."},
    {0},
};
static const struct field gather_fields[] = {{"week", FIELD_DATE, .required = true}, {0}};

/* ---- jobs ---- */

/* The mail of this kind to each owner who has not got the one of this key. Keys are kept with the
 * messages, in the transaction that writes them: done twice, or half, it is mailed once. */
static enum job_end mail_owners(struct req *r, const char *kind, struct str prefix)
{
    req_set(r, "prefix", prefix);
    struct rows *owners = req_query(r, Q_review_owners);
    for (size_t i = 0; owners && i < rows_count(owners); i++) {
        req_set(r, "owner_name", rows_text(owners, i, "staff_name"));
        struct staff_letter letter = {.kind = kind,
                                      .staff_id = rows_text(owners, i, "staff_id"),
                                      .to = rows_text(owners, i, "email"),
                                      .link = S(""),
                                      .dedupe_key = rows_text(owners, i, "dedupe_key")};
        if (outbox_staff(r, &letter))
            return JOB_LATER;
    }
    return owners ? JOB_DONE : JOB_LATER;
}

static void set_all(struct req *r, const struct rows *rows, const char *const *names)
{
    for (; *names; names++)
        req_set(r, *names, rows_text(rows, 0, *names));
}

enum job_end trail_digest_job(struct req *r, const struct job *job, struct str *why)
{
    static const char *const names[] = {"tenant_id", "size", "root",      "signed_at",   "key_id",
                                        "signature", "day",  "day_words", "studio_name", NULL};
    (void)job;
    (void)why;
    struct rows *head = req_query(r, Q_review_digest);
    if (!head || rows_count(head) == 0)
        return head ? JOB_DONE : JOB_LATER;
    set_all(r, head, names);
    struct str day = rows_text(head, 0, "day");
    return mail_owners(r, "account_digest",
                       arena_printf(req_arena(r), "digest:%.*s:", (int)day.n, day.p));
}

enum job_end trail_review_job(struct req *r, const struct job *job, struct str *why)
{
    static const char *const names[] = {"n_weeks", "n_findings", "oldest", "this_week", NULL};
    (void)job;
    (void)why;
    struct rows *due = req_query(r, Q_review_due);
    if (!due)
        return JOB_LATER;
    if (str_is(rows_text(due, 0, "n_weeks"), "0"))
        return JOB_DONE;
    set_all(r, due, names);
    struct str week = rows_text(due, 0, "this_week");
    return mail_owners(r, "account_review",
                       arena_printf(req_arena(r), "review:%.*s:", (int)week.n, week.p));
}

#define HERE "/audit/review"

const struct page review_pages[] = {
    {GET, HERE, .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.review",
     .show = {{"head", Q_review_head},
              {"waiting", Q_review_weeks},
              {"findings", Q_review_findings}},
     .view = "review/week", .title = "Review of unusual access"},
    {POST, HERE "/gather", .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.review.gather",
     .fields = gather_fields, .save = Q_review_gather, .then = HERE "?week={week}", .again = HERE,
     .title = "Gather a week's review now"},
    {POST, HERE "/sign", .realm = REALM_STAFFED, CAN(audit_read), .action = "audit.review.sign",
     .fields = sign_fields, .save = Q_review_sign, .then = HERE "?week={week}", .again = HERE,
     .title = "Sign a week's review"},
    {0},
};
