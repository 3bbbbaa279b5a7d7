/*
 * health_told.c -- what a signed form says of a client's health beside her allergies: what she takes,
 * what she lives with, and that she knows of none.
 * Owns: how these answers become lines of her chart (app.medication, app.health_condition, app.none_known).
 * Never: ends a line; who reads the chart decides that.
 */
#include "crypto.h"
#include "filling.h"

static enum err seal_part(struct req *r, struct str id, const char *column, struct str plain,
                          const char *param)
{
    return req_set_sealed(r, param, req_value(r, "client_id"), "app.medication", column, id, plain);
}

static bool is_listed(const struct rows *known, const char *column, struct str name)
{
    for (size_t i = 0; i < rows_count(known); i++)
        if (str_eq(rows_text(known, i, column), name))
            return true;
    return false;
}

/* One line of the answer: name TAB dose TAB since. */
static enum err note_medication(struct req *r, struct str line)
{
    struct str id = uuid_new(req_arena(r)), name = str_cut(&line, '\t'),
               dose = str_cut(&line, '\t');
    req_set(r, "medication_id", id);
    enum err e = seal_part(r, id, "medication_sealed", name, "medication_bytes");
    if (!e)
        e = seal_part(r, id, "dose_sealed", dose, "dose_bytes");
    if (!e)
        e = seal_part(r, id, "taken_since_sealed", line, "taken_since_bytes");
    if (e)
        return e;
    return req_query(r, Q_health_told_medication_put) ? OK : req_error(r);
}

static enum err note_none(struct req *r, const char *kind)
{
    req_set(r, "none_known_id", uuid_new(req_arena(r)));
    req_set(r, "known_kind", str_of(kind));
    return req_query(r, Q_health_told_none) ? OK : req_error(r);
}

static enum err note_medications(struct req *r, struct str answer)
{
    struct rows *known = req_query(r, Q_health_told_medications);
    if (!known)
        return req_error(r);
    while (answer.n > 0) {
        struct str line = str_cut(&answer, '\n'), rest = line;
        struct str name = str_cut(&rest, '\t');
        enum err e = name.n == 0 || is_listed(known, "medication_sealed", name)
                         ? OK
                         : note_medication(r, line);
        if (e)
            return e;
    }
    return OK;
}

/* Chosen from a list, a line each; or the one choice that there is none. */
static enum err note_conditions(struct req *r, const struct question *q)
{
    struct str answer = q->answer;
    if (str_eq(answer, q->none_option))
        return note_none(r, "condition");
    struct rows *known = req_query(r, Q_health_told_conditions);
    if (!known)
        return req_error(r);
    while (answer.n > 0) {
        struct str name = str_cut(&answer, '\n'), id = uuid_new(req_arena(r));
        if (name.n == 0 || is_listed(known, "condition_sealed", name))
            continue;
        req_set(r, "condition_id", id);
        enum err e = req_set_sealed(r, "condition_bytes", req_value(r, "client_id"),
                                    "app.health_condition", "condition_sealed", id, name);
        if (e)
            return e;
        if (!req_query(r, Q_health_told_condition_put))
            return req_error(r);
    }
    return OK;
}

enum err filling_note_health(struct req *r, const struct filling *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        bool is_medications = str_is(q->kind, "medications");
        enum err e = OK;
        if (is_medications && !str_is(q->answer, "none") && !str_is(q->answer, "some"))
            e = note_medications(r, q->answer);
        else if (is_medications && str_is(q->answer, "none"))
            e = note_none(r, "medication");
        else if (str_is(q->kind, "allergies") && str_is(q->answer, "none"))
            e = note_none(r, "allergy");
        else if (q->none_option.n > 0 && q->answer.n > 0 && !q->is_hidden)
            e = note_conditions(r, q);
        if (e)
            return e;
    }
    return OK;
}
