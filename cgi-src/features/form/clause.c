/*
 * clause.c -- questions that are answered by a signature of their own, under a clause of the form.
 * Owns: the posted fields q-KEY (the name) and q-KEY-strokes (what signature.js drew), and how they are kept: "typed" TAB name, or
 * "drawn" TAB name TAB strokes.
 * Never: takes a drawing without a name; takes such a signature for that of the whole form, which sign.c asks for.
 * Source: SECURITY.md E-03.
 */
#include "filling.h"
#include "strokes.h"

enum { MAX_NAME = 120, MIN_NAME = 2, MAX_DRAWN = 64 * 1024 };

bool is_clause(const struct question *q) { return question_is(q, "signature"); }

struct clause clause_of(struct str answer)
{
    struct clause c = {.method = str_cut(&answer, '\t')};
    c.name = str_cut(&answer, '\t');
    c.strokes = answer;
    return c;
}

static struct str drawn(struct req *r, struct question *q, struct str posted)
{
    struct strokes s;
    if (posted.n > MAX_DRAWN || strokes_parse(req_arena(r), posted, &s)) {
        q->message = S("The drawn signature did not arrive whole. Please draw it again, or clear "
                       "it and sign by typing your name.");
        return S("");
    }
    return strokes_blank(&s) ? S("") : strokes_json(req_arena(r), &s);
}

void clause_take(struct req *r, struct question *q)
{
    const struct str *names, *strokes;
    struct str name = S(""), kept = S("");
    struct field rule = {.kind = FIELD_TEXT, .max = MAX_NAME};
    if (question_posted(r, q, "", &names) > 0)
        q->message = question_check(r, rule, names[0], &name);
    if (question_posted(r, q, "-strokes", &strokes) > 0 && strokes[0].n > 0 && q->message.n == 0)
        kept = drawn(r, q, strokes[0]);
    q->answer =
        name.n == 0 && kept.n == 0
            ? S("")
            : arena_printf(req_arena(r), "%s\t%.*s%s%.*s", kept.n > 0 ? "drawn" : "typed",
                           (int)name.n, name.p, kept.n > 0 ? "\t" : "", (int)kept.n, kept.p);
}

void clause_complete(struct question *q)
{
    if (q->message.n == 0 && q->answer.n > 0 && clause_of(q->answer).name.n < MIN_NAME)
        q->message = S("Type your full name to sign here.");
}
