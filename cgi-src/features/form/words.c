/*
 * words.c -- kept answers in words of the language that a form is shown in, and the regions of the body.
 * Owns: which words of an answer are the house's own, and so stand in the catalogues (templates/words); a language without one gets the
 * English ones. What the studio wrote is in its own translation, and what was typed stays as it is.
 */
#include "filling.h"

#define T(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const struct str regions[] = {T("Forehead"),
                                     T("Between the brows"),
                                     T("Around the eyes"),
                                     T("Nose"),
                                     T("Cheeks"),
                                     T("Lips and mouth"),
                                     T("Chin"),
                                     T("Jaw line"),
                                     T("Scalp"),
                                     T("Neck"),
                                     T("Chest"),
                                     T("Shoulders"),
                                     T("Upper arms"),
                                     T("Underarms"),
                                     T("Forearms"),
                                     T("Hands"),
                                     T("Abdomen"),
                                     T("Upper back"),
                                     T("Lower back"),
                                     T("Bikini area"),
                                     T("Buttocks"),
                                     T("Thighs"),
                                     T("Lower legs"),
                                     T("Feet")};
enum { N_FACE = 8 };

size_t body_regions(struct arena *a, struct str language, const struct str **kept,
                    const struct str **shown, size_t *n_face)
{
    struct str *words = arena_alloc(a, sizeof regions);
    for (size_t i = 0; i < COUNT_OF(regions); i++)
        words[i] = view_words(a, language, regions[i]);
    *kept = regions;
    *shown = words;
    *n_face = N_FACE;
    return COUNT_OF(regions);
}

struct str language_dir(struct str language)
{
    static const char *const from_right[] = {"ar", "fa", "he", "ur", "ps", "yi", "dv"};
    struct str rest = language, main = str_cut(&rest, '-');
    for (size_t i = 0; i < COUNT_OF(from_right); i++)
        if (str_is(main, from_right[i]))
            return S("rtl");
    return S("ltr");
}

/* The chosen options in the words that were shown, a line each. */
static struct str option_words(struct arena *a, const struct question *q)
{
    struct buf b = buf_in(a, 128);
    for (struct str rest = q->answer; rest.n > 0;) {
        struct str one = str_cut(&rest, '\n');
        for (size_t i = 0; i < q->n_options; i++)
            if (str_eq(q->options[i], one))
                one = q->shown[i];
        if (b.n)
            buf_addc(&b, '\n');
        buf_add(&b, one);
    }
    return buf_str(&b);
}

/* The lines with how strong an allergy is in words, for form_answer_words to put together. */
static struct str allergy_words(struct arena *a, struct str language, const struct question *q)
{
    struct buf b = buf_in(a, 256);
    for (size_t i = 0; i < q->n_lines; i++) {
        const struct line *one = &q->lines[i];
        struct str third = view_words(a, language, one->third);
        buf_printf(&b, "%s%.*s\t%.*s\t%.*s", i ? "\n" : "", (int)one->first.n, one->first.p,
                   (int)one->second.n, one->second.p, (int)third.n, third.p);
    }
    return form_answer_words(a, q->kind, buf_str(&b));
}

/* Whether form_answer_words says it in words of the house. */
static bool is_fixed(const struct question *q)
{
    return q->answer.n == 0 || question_is(q, "yes_no") || question_is(q, "acknowledge") ||
           (is_list(q) && str_is(q->answer, "none"));
}

struct str answer_words(struct arena *a, struct str language, const struct question *q)
{
    if (is_fixed(q))
        return view_words(a, language, form_answer_words(a, q->kind, q->answer));
    if (question_is(q, "choice") || question_is(q, "multi") || question_is(q, "body"))
        return option_words(a, q);
    if (question_is(q, "number") && q->unit.n > 0)
        return arena_printf(a, "%.*s %.*s", (int)q->answer.n, q->answer.p, (int)q->unit.n,
                            q->unit.p);
    if (question_is(q, "date"))
        return view_date_words(a, language, q->answer);
    if (question_is(q, "allergies"))
        return allergy_words(a, language, q);
    if (is_clause(q)) {
        const struct view_part name = {"name", clause_of(q->answer).name};
        return view_words_with(a, language, S("Signed: {name}"), &name, 1);
    }
    return form_answer_words(a, q->kind, q->answer);
}
