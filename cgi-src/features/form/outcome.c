/*
 * outcome.c -- what becomes of the answers once they are signed: allergies and medicines on her lists, her due date.
 * Never: notes twice what is on a list already.
 */
#include "crypto.h"
#include "filling.h"

/* Whether two names of a substance are the same, whatever their case (ASCII; better listed twice
 * than left out). */
static bool same_substance(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i], y = b.p[i];
        if (x >= 'A' && x <= 'Z')
            x = (char)(x - 'A' + 'a');
        if (y >= 'A' && y <= 'Z')
            y = (char)(y - 'A' + 'a');
        if (x != y)
            return false;
    }
    return true;
}

/* The same substance at another severity is news, and is noted beside the old line. */
static bool is_listed(const struct rows *known, const struct line *one)
{
    for (size_t i = 0; i < rows_count(known); i++)
        if (same_substance(rows_text(known, i, "substance_sealed"), one->first) &&
            str_eq(rows_text(known, i, "severity"), one->third))
            return true;
    return false;
}

static enum err note_allergy(struct req *r, const struct line *one)
{
    struct str id = uuid_new(req_arena(r)), client = req_value(r, "client_id");
    req_set(r, "allergy_id", id);
    req_set(r, "severity", one->third);
    enum err e = req_set_sealed(r, "substance_bytes", client, "app.allergy", "substance_sealed", id,
                                one->first);
    if (!e)
        e = req_set_sealed(r, "reaction_bytes", client, "app.allergy", "reaction_sealed", id,
                           one->second);
    if (e)
        return e;
    return req_query(r, Q_form_allergy_put) ? OK : req_error(r);
}

enum err filling_note_allergies(struct req *r, const struct filling *f)
{
    struct rows *known = NULL;
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        if (!question_is(q, "allergies"))
            continue;
        for (size_t k = 0; k < q->n_lines; k++) {
            if (!known && !(known = req_query(r, Q_form_allergies)))
                return req_error(r);
            enum err e = is_listed(known, &q->lines[k]) ? OK : note_allergy(r, &q->lines[k]);
            if (e)
                return e;
        }
    }
    return OK;
}

enum err filling_note_due_date(struct req *r, const struct filling *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct question *q = &f->questions[i];
        if (!str_is(q->key, "due_date") || !question_is(q, "date") || q->answer.n == 0)
            continue;
        req_set(r, "due_told", q->answer);
        return req_query(r, Q_form_due_date) ? OK : req_error(r);
    }
    return OK;
}
