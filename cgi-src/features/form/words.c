/*
 * words.c -- kept answers in words of the language that a form is shown in, and the regions of the body.
 * Owns: the fixed words of answers in other languages than English, which include/form_document.h has.
 * A language without words here gets the English ones; what the studio wrote is in its own translation.
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
static const struct str regions_es[] = {T("Frente"),
                                        T("Entrecejo"),
                                        T("Contorno de los ojos"),
                                        T("Nariz"),
                                        T("Mejillas"),
                                        T("Labios y boca"),
                                        T("Mentón"),
                                        T("Línea de la mandíbula"),
                                        T("Cuero cabelludo"),
                                        T("Cuello"),
                                        T("Pecho"),
                                        T("Hombros"),
                                        T("Brazos"),
                                        T("Axilas"),
                                        T("Antebrazos"),
                                        T("Manos"),
                                        T("Abdomen"),
                                        T("Parte alta de la espalda"),
                                        T("Parte baja de la espalda"),
                                        T("Zona del bikini"),
                                        T("Glúteos"),
                                        T("Muslos"),
                                        T("Piernas"),
                                        T("Pies")};
_Static_assert(COUNT_OF(regions) == COUNT_OF(regions_es), "each region in each language");

enum { N_FACE = 8 };

size_t body_regions(struct str language, const struct str **kept, const struct str **shown,
                    size_t *n_face)
{
    *kept = regions;
    *shown = str_is(language, "es") ? regions_es : regions;
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

/* ---- Spanish ---- */

static struct str date_es(struct arena *a, struct str date)
{
    static const char *const months[12] = {"enero",      "febrero", "marzo",     "abril",
                                           "mayo",       "junio",   "julio",     "agosto",
                                           "septiembre", "octubre", "noviembre", "diciembre"};
    return form_date_words(a, date, months, " de ");
}

static struct str severity_es(struct str severity)
{
    if (str_is(severity, "mild"))
        return S("leve");
    if (str_is(severity, "moderate"))
        return S("moderada");
    return str_is(severity, "severe") ? S("grave") : severity;
}

/* The lines with their last words in Spanish, for form_answer_words to put together. */
static struct str lines_es(struct arena *a, const struct question *q)
{
    struct buf b = buf_in(a, 256);
    for (size_t i = 0; i < q->n_lines; i++) {
        const struct line *one = &q->lines[i];
        struct str third = severity_es(one->third);
        buf_printf(&b, "%s%.*s\t%.*s\t%.*s", i ? "\n" : "", (int)one->first.n, one->first.p,
                   (int)one->second.n, one->second.p, (int)third.n, third.p);
    }
    return form_answer_words(a, S("allergies"), buf_str(&b));
}

/* NULL in .p: what is said in every language alike. */
static struct str words_es(struct arena *a, const struct question *q)
{
    if (q->answer.n == 0)
        return S("Sin respuesta");
    if (question_is(q, "yes_no"))
        return str_is(q->answer, "yes") ? S("Sí") : S("No");
    if (question_is(q, "acknowledge"))
        return S("Confirmado");
    if (question_is(q, "date"))
        return date_es(a, q->answer);
    if (question_is(q, "allergies"))
        return str_is(q->answer, "none") ? S("Ninguna alergia conocida") : lines_es(a, q);
    if (question_is(q, "medications") && str_is(q->answer, "none"))
        return S("No tomo ninguno");
    if (is_clause(q)) {
        struct str name = clause_of(q->answer).name;
        return arena_printf(a, "Firmado: %.*s", (int)name.n, name.p);
    }
    return (struct str){NULL, 0};
}

/* ---- any ---- */

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

struct str answer_words(struct arena *a, struct str language, const struct question *q)
{
    if (str_is(language, "es")) {
        struct str said = words_es(a, q);
        if (said.p)
            return said;
    }
    if (q->answer.n > 0 &&
        (question_is(q, "choice") || question_is(q, "multi") || question_is(q, "body")))
        return option_words(a, q);
    if (q->answer.n > 0 && question_is(q, "number") && q->unit.n > 0)
        return arena_printf(a, "%.*s %.*s", (int)q->answer.n, q->answer.p, (int)q->unit.n,
                            q->unit.p);
    return form_answer_words(a, q->kind, q->answer);
}
