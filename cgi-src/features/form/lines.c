/*
 * lines.c -- questions that are answered by a list: what she is allergic to, what she takes.
 * Owns: the posted fields q-KEY-first, -second, -third, one of each for a line, and how a list is kept:
 * "none", or a line each: three texts with a TAB between.
 * Never: takes "none" beside a line; only she may settle that.
 */
#include "filling.h"

enum { MAX_PART = 120 };

static const char severities[] = "mild|moderate|severe";

bool is_list(const struct question *q)
{
    return question_is(q, "allergies") || question_is(q, "medications");
}

/* The lines of a kept answer; none for "none", "some" and "". */
void lines_split(struct arena *a, struct question *q)
{
    q->lines = arena_alloc(a, LINES_MAX * sizeof *q->lines);
    struct str rest = q->answer;
    if (str_is(rest, "none") || str_is(rest, "some"))
        return;
    while (rest.n > 0 && q->n_lines < LINES_MAX) {
        struct str text = str_cut(&rest, '\n');
        struct line *one = &q->lines[q->n_lines++];
        *one = (struct line){.message = S("")};
        one->first = str_cut(&text, '\t');
        one->second = str_cut(&text, '\t');
        one->third = text;
    }
}

/* The typed lines as they are kept. Lines without any text are left out. */
static void join(struct arena *a, struct question *q, struct str says)
{
    if (q->n_lines == 0 || str_is(says, "none")) {
        q->answer = says;
        return;
    }
    struct buf b = buf_in(a, 256);
    for (size_t i = 0; i < q->n_lines; i++) {
        const struct line *one = &q->lines[i];
        buf_printf(&b, "%s%.*s\t%.*s\t%.*s", i ? "\n" : "", (int)one->first.n, one->first.p,
                   (int)one->second.n, one->second.p, (int)one->third.n, one->third.p);
    }
    q->answer = buf_str(&b);
}

static bool take_line(struct req *r, bool has_severity, struct line *one, const struct str typed[3])
{
    const struct field text = {.kind = FIELD_TEXT, .max = MAX_PART};
    const struct field choice = {.kind = FIELD_CHOICE, .choices = severities};
    struct str first = question_check(r, text, typed[0], &one->first);
    struct str second = question_check(r, text, typed[1], &one->second);
    struct str third = question_check(r, has_severity ? choice : text, typed[2], &one->third);
    one->message = first.n ? first : second.n ? second : third;
    return one->first.n || one->second.n || one->third.n;
}

/* What is said beside the list: "none", "some" or nothing. */
static struct str take_says(struct req *r, struct question *q)
{
    const struct str *values;
    struct str says = question_posted(r, q, "", &values) > 0 ? values[0] : S("");
    if (says.n == 0 || str_is(says, "none") || str_is(says, "some"))
        return says;
    q->message = S("Please choose from the list.");
    return S("");
}

void lines_take(struct req *r, struct question *q)
{
    bool has_severity = question_is(q, "allergies");
    const struct str *firsts, *seconds, *thirds;
    size_t n = question_posted(r, q, has_severity ? "-substance" : "-name", &firsts);
    size_t n_seconds = question_posted(r, q, has_severity ? "-reaction" : "-dose", &seconds);
    size_t n_thirds = question_posted(r, q, has_severity ? "-severity" : "-since", &thirds);
    q->n_lines = 0;
    struct str says = take_says(r, q);

    if (n != n_seconds || n != n_thirds || n > LINES_MAX) {
        q->message =
            has_severity
                ? S("Please list no more than 30 allergies here, and tell us about the others.")
                : S("Please list no more than 30 medicines here, and tell us about the others.");
        n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct line *one = &q->lines[q->n_lines];
        if (take_line(r, has_severity, one, (struct str[]){firsts[i], seconds[i], thirds[i]}))
            q->n_lines++;
        if (one->message.n)
            q->message = S("Please look at the marked line again.");
    }
    /* "None" beside a named one is a contradiction that nobody but her may settle. */
    if (str_is(says, "none") && q->n_lines > 0) {
        q->message = has_severity ? S("You chose \"No known allergies\" and also named one. Please "
                                      "change either.")
                                  : S("You chose \"I take none\" and also named one. Please change "
                                      "either.");
        says = S("some");
    }
    join(req_arena(r), q, says);
}

void lines_complete(struct question *q)
{
    bool has_severity = question_is(q, "allergies");
    for (size_t i = 0; i < q->n_lines; i++) {
        struct line *one = &q->lines[i];
        if (one->message.n == 0 && one->first.n == 0)
            one->message = has_severity ? S("Please name what you are allergic to.")
                                        : S("Please name what you take.");
        else if (one->message.n == 0 && has_severity && one->third.n == 0)
            one->message = S("Please choose how strong the reaction is.");
        if (one->message.n > 0)
            q->message = S("Please look at the marked line again.");
    }
}
