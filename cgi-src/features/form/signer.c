/*
 * signer.c -- who signs a form and what follows from it: the guardian of a minor, the witness at the
 * desk, the consents by purpose, and what happened to the form on the way.
 * Never: decides who may; sec.signer_take and the trigger of app.signature do.
 * Source: SECURITY.md E-05; PROMISES.md L54.
 */
#include "crypto.h"
#include "pages.h"

bool filling_is_declined(const struct filling *f)
{
    return str_is(rows_text(f->form, 0, "state"), "declined");
}

enum err form_event(struct req *r, const char *kind, const char *details, int quiet_seconds)
{
    req_set(r, "event_kind", str_of(kind));
    req_set(r, "event_details", str_of(details));
    req_set(r, "event_quiet", arena_printf(req_arena(r), "%d", quiet_seconds));
    return req_query(r, Q_form_event_add) ? OK : req_error(r);
}

enum err form_show_signer(struct req *r, const struct rows **signer)
{
    return (*signer = req_show(r, "signer", Q_form_signer, NULL)) &&
                   req_show(r, "guardians", Q_form_guardians, NULL)
               ? OK
               : req_error(r);
}

/* ---- taking the signer ---- */

static const char *problem_words(struct str problem)
{
    if (str_is(problem, "witness"))
        return "At the desk, the member of staff who opened this form is the witness, and has to "
               "be logged in on this screen and to tick this.";
    if (str_is(problem, "of_age"))
        return "The client is of age now, and signs in person. The studio can send a link of the "
               "client's own.";
    if (str_is(problem, "unknown"))
        return "The studio does not know this guardian's date of birth, so it cannot be compared "
               "here. Please call the studio, or sign at the desk.";
    return "Choose who signs.";
}

static struct str tries_words(struct req *r, const struct rows *taken)
{
    if (rows_int(taken, 0, "wait_seconds") > 0)
        return S("There were too many tries from your connection. Please try again in a quarter of "
                 "an hour, or call the studio.");
    long long left = rows_int(taken, 0, "tries_left");
    return arena_printf(req_arena(r),
                        "This is not the guardian's date of birth that the studio has. You can try "
                        "%lld more time%s.",
                        left, left == 1 ? "" : "s");
}

/* The token of a staff session in this browser, for the witness; without one, NULL. */
static void set_witness(struct req *r)
{
    struct str raw;
    if (token_read(req_arena(r), req_cookie(r, "__Host-sid"), &raw))
        req_set_bytes(r, "witness_token", raw);
    else
        req_set_null(r, "witness_token");
}

enum err form_take_signer(struct req *r, enum signer_end *end)
{
    *end = SIGNER_REFUSED;
    if (!req_has(r, "guardian_id"))
        req_set_null(r, "guardian_id");
    if (!req_has(r, "guardian_birth"))
        req_set_null(r, "guardian_birth");
    set_witness(r);
    struct rows *taken = req_query(r, Q_form_signer_take);
    if (!taken)
        return req_error(r);
    if (rows_bool(taken, 0, "is_ok")) {
        *end = SIGNER_TAKEN;
        return OK;
    }
    struct str problem = rows_text(taken, 0, "problem");
    if (problem.n > 0)
        req_refuse(r,
                   str_is(problem, "guardian")  ? "guardian_id"
                   : str_is(problem, "witness") ? "witnessed"
                                                : "",
                   problem_words(problem));
    else if (rows_bool(taken, 0, "is_over"))
        *end = SIGNER_LOCKED;
    else
        req_refuse(r, "guardian_birth", arena_cstr(req_arena(r), tries_words(r, taken)));
    return req_commit(r); /* a failure is counted although the answer is an error */
}

/* ---- what the signature allows ---- */

static const struct question *question_of(const struct filling *f, struct str id)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->questions[i].id, id))
            return &f->questions[i];
    return NULL;
}

enum err form_put_consents(struct req *r, const struct filling *f)
{
    struct buf purposes = buf_in(req_arena(r), 128), givens = buf_in(req_arena(r), 64);
    struct rows *asked = req_query(r, Q_form_purposes);
    if (!asked)
        return req_error(r);
    for (size_t i = 0; i < rows_count(asked); i++) {
        const struct question *q = question_of(f, rows_text(asked, i, "question_id"));
        /* What was not asked says nothing, nor does a yes or no left open; a box left open is a no. */
        if (!q || q->is_hidden || (q->answer.n == 0 && str_is(q->kind, "yes_no")))
            continue;
        struct str purpose = rows_text(asked, i, "purpose");
        buf_printf(&purposes, "%s%.*s", purposes.n ? "," : "{", (int)purpose.n, purpose.p);
        buf_printf(&givens, "%s%s", givens.n ? "," : "{", str_is(q->answer, "yes") ? "t" : "f");
    }
    if (purposes.n == 0)
        return OK;
    buf_addc(&purposes, '}');
    buf_addc(&givens, '}');
    req_set(r, "purposes", buf_str(&purposes));
    req_set(r, "givens", buf_str(&givens));
    return req_query(r, Q_form_consents_put) ? OK : req_error(r);
}

const struct field form_withdraw_fields[] = {
    {"purpose", FIELD_CHOICE, .required = true,
     .choices = "photo_chart|photo_teaching|photo_website"},
    {0},
};
