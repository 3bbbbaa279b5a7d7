/*
 * form_document_test.c -- E-02 E-05: what is shown, hashed and kept are the same bytes, and nothing that
 * a client types can pass for another part of the document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form_document.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_str(struct str got, const char *expected)
{
    assert_string_equal(arena_cstr(arena, got), expected);
}

static struct form_document_answer answers[] = {
    {.question = {"Do you take any medicine?", 25}, .answer = {"Yes", 3}},
    {.question = {"Which?", 6}, .answer = {"Aspirin,\nnow and then", 21}},
};
#define DRAWN "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[1,2,3,4]]]}"
/* Answered by signatures of their own: a typed one, and a drawn one. */
static struct form_document_answer signed_answers[] = {
    {.question = {"Do you take any medicine?", 25}, .answer = {"Yes", 3}},
    {.question = {"Which?", 6}, .answer = {"Aspirin,\nnow and then", 21}},
    {.question = {"The most serious risk", 21},
     .answer = {"Signed: Ines Quinn", 18},
     .key = {"risk", 4},
     .signer = {"Ines Quinn", 10},
     .method = {"typed", 5}},
    {.question = {"The pictures", 12},
     .answer = {"Signed: Ines Quinn", 18},
     .key = {"q_pictures", 10},
     .signer = {"Ines Quinn", 10},
     .method = {"drawn", 5},
     .strokes = {DRAWN, sizeof DRAWN - 1}},
};

static struct form_document example(void)
{
    return (struct form_document){.studio = S("Glow"),
                                  .client = S("Zoë Quinn"),
                                  .title = S("Consent"),
                                  .version = S("3"),
                                  .language = S("es"),
                                  .language_words = S("Español"),
                                  .answers = answers,
                                  .n_answers = COUNT_OF(answers),
                                  .wording = S("First.\r\n\r\nSecond.\n\n"),
                                  .disclosure = S("You may ask for paper."),
                                  .disclosure_version = S("1")};
}

/* What the formats are, to the byte: kept here, for nothing that was signed may be read differently later. */
#define QUESTIONS                                                                                  \
    "Question 1\n  Do you take any medicine?\n\nAnswer 1\n  Yes\n\nQuestion 2\n  Which?\n\n"       \
    "Answer 2\n  Aspirin,\n  now and then\n\n"
#define CLAUSES                                                                                    \
    "Question 3\n  The most serious risk\n\nAnswer 3\n  Signed: Ines Quinn\n\n"                    \
    "Answer 3, key\n  risk\n\nAnswer 3, signed by\n  Ines Quinn\n\nAnswer 3, method\n  typed\n\n"  \
    "Question 4\n  The pictures\n\nAnswer 4\n  Signed: Ines Quinn\n\n"                             \
    "Answer 4, key\n  q_pictures\n\nAnswer 4, signed by\n  Ines Quinn\n\nAnswer 4, method\n"       \
    "  drawn\n\nAnswer 4, strokes\n  " DRAWN "\n\n"
#define WORDING                                                                                    \
    "Wording\n  First.\n\n  Second.\n\n"                                                           \
    "Signing electronically, version\n  1\n\nSigning electronically\n  You may ask for paper.\n\n" \
    "Statement\n  I have read this form. What I have answered is true and complete as far as I "   \
    "know. I sign it electronically, of my own will, and my signature counts like one made by "    \
    "hand.\n"
#define SIGNED                                                                                     \
    "Signed by\n  Ines Quinn\n\nSigned as\n  guardian\n\nGuardian\n  Ines Quinn\n\n"               \
    "Guardian, relation\n  Parent\n\nWitness\n  Kim Ito\n\nPlace\n  desk\n\n"                      \
    "Signed at\n  2026-11-22T10:00:00Z\n\nMethod\n  typed\n"
static const char format_1[] =
    "Signed form, format\n  1\n\nStudio\n  Glow\n\nClient\n  Zoë Quinn\n\nForm\n  Consent\n\n"
    "Version\n  3\n\n" QUESTIONS WORDING "\n"
    "Shown to the signer, SHA-256\n  "
    "c89c9b53ce545efa8fc330335158855e63045c3618ec0919ded7cc0c1174bd60\n\n"
    "Signed by\n  Zoë Quinn\n\nMethod\n  drawn\n\nStrokes, SHA-256\n  abc\n";
static const char format_2[] =
    "Signed form, format\n  2\n\nStudio\n  Glow\n\nClient\n  Zoë Quinn\n\nForm\n  Consent\n\n"
    "Version\n  3\n\nLanguage\n  Español\n\nLanguage, code\n  es\n\n" QUESTIONS WORDING "\n"
    "Shown to the signer, SHA-256\n  "
    "96a6561afc0707212993fb772d4c71314155c9f640964c34905c5f169cf953f1\n\n" SIGNED;
static const char format_3[] =
    "Signed form, format\n  3\n\nStudio\n  Glow\n\nClient\n  Zoë Quinn\n\nForm\n  Consent\n\n"
    "Version\n  3\n\nLanguage\n  Español\n\nLanguage, code\n  es\n\n" QUESTIONS CLAUSES WORDING
    "\nShown to the signer, SHA-256\n  "
    "6ea2a240fad20a637ab91ff7a9ba30afbbe2f9477306a5207b55d1632a083f6f\n\n" SIGNED;

static const char format_paper[] =
    "Signed form, format\n  paper-1\n\nStudio\n  Glow\n\nClient\n  Zoë Quinn\n\nForm\n  Consent\n\n"
    "Version\n  3\n\nLanguage\n  Español\n\nLanguage, code\n  es\n\n" QUESTIONS
    "Wording\n  First.\n\n  Second.\n\nStatement\n  This form was signed by hand, on paper. What was "
    "answered and signed stands on the paper, of which a picture is kept; below is what the studio "
    "wrote down of it.\n\nSigned by\n  Ines Quinn\n\nSigned as\n  guardian\n\nGuardian\n  Ines Quinn\n\n"
    "Guardian, relation\n  Parent\n\nWitness\n  Kim Ito\n\nPlace\n  paper\n\n"
    "Signed at\n  2026-11-20\n\nNoted by\n  Kim Ito\n\nNoted at\n  2026-11-22T10:00:00Z\n\n"
    "Method\n  paper\n";

static struct form_document signed_example(const char *format)
{
    struct form_document d = example();
    d.format = str_of(format);
    if (str_is(d.format, "1")) {
        d.signer = S("Zoë Quinn");
        d.method = S("drawn");
        d.strokes_sha256 = S("abc");
        return d;
    }
    if (str_is(d.format, "3")) {
        d.answers = signed_answers;
        d.n_answers = COUNT_OF(signed_answers);
    }
    d.signer = d.guardian = S("Ines Quinn");
    d.role = S("guardian");
    d.relation = S("Parent");
    d.witness = S("Kim Ito");
    d.place = S("desk");
    d.signed_at = S("2026-11-22T10:00:00Z");
    d.method = S("typed");
    return d;
}

static void the_texts_of_all_formats_are_exactly_these(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text;
    } kept[] = {{"1", format_1}, {"2", format_2}, {"3", format_3}};
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        struct form_document d = signed_example(kept[i].format), back;
        struct str text = form_document_text(arena, &d);
        assert_str(text, kept[i].text);
        assert_int_equal(form_document_read(arena, str_of(kept[i].text), &back), OK);
        assert_str(back.format, kept[i].format);
        /* Read back it is written the same again, in its own format; and the newest is what is written when none is named. */
        assert_str(form_document_text(arena, &back), kept[i].text);
        d.format = S("");
        assert_true(str_starts(form_document_text(arena, &d), S("Signed form, format\n  3\n")));
        /* The hash of what was shown is that of the text before the signature. */
        struct form_document shown = d;
        shown.format = back.format;
        shown.signer = S("");
        assert_str(back.shown_sha256,
                   arena_cstr(arena, form_document_hash(arena, form_document_text(arena, &shown))));
    }
}

/* What was signed on paper says so, and nothing in it reads like an electronic signature. */
static void a_form_on_paper_says_so(void **state)
{
    (void)state;
    struct form_document d = signed_example("2"), back;
    d.format = S("paper-1");
    d.place = d.method = S("paper");
    d.signed_at = S("2026-11-20");
    d.noted_by = S("Kim Ito");
    d.noted_at = S("2026-11-22T10:00:00Z");
    assert_str(form_document_text(arena, &d), format_paper);
    assert_int_equal(form_document_read(arena, str_of(format_paper), &back), OK);
    assert_str(form_document_text(arena, &back), format_paper);
    assert_str(back.noted_by, "Kim Ito");
    assert_true(form_document_agrees(&back, &d));
    d.signed_at = S("2026-11-21");
    assert_false(form_document_agrees(&back, &d));
    assert_null(strstr(format_paper, "electronically"));
}

static void who_signed_and_how_cannot_be_changed_without_another_hash(void **state)
{
    (void)state;
    struct form_document d = signed_example("2"), back;
    struct str before = form_document_hash(arena, form_document_text(arena, &d));
    struct str *const said[] = {&d.role,           &d.guardian, &d.relation,  &d.witness,
                                &d.place,          &d.language, &d.signed_at, &d.method,
                                &d.language_words, &d.signer};
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct str was = *said[i];
        *said[i] = S("other");
        struct str text = form_document_text(arena, &d);
        assert_false(str_eq(form_document_hash(arena, text), before));
        assert_int_equal(form_document_read(arena, text, &back), OK);
        *said[i] = was;
        /* and what stands beside the text no longer agrees with it; names may be spelled anew there */
        bool is_name = said[i] == &d.guardian || said[i] == &d.relation || said[i] == &d.witness ||
                       said[i] == &d.language_words || said[i] == &d.signer;
        assert_int_equal(form_document_agrees(&back, &d), is_name);
    }
    /* Format "1" does not say it, and what claims to in such a text says nothing. */
    d = signed_example("1");
    const struct form_document beside = {.method = S("drawn"), .role = S("guardian")};
    assert_true(form_document_agrees(&d, &beside));
    struct str sly = arena_printf(arena, "%s\nWitness\n  Nobody\n", format_1);
    assert_int_equal(form_document_read(arena, sly, &back), OK);
    assert_int_equal(back.witness.n, 0);
}

static void the_signature_follows_and_names_the_hash_of_what_was_shown(void **state)
{
    (void)state;
    struct form_document d = example(), back;
    struct str shown = form_document_text(arena, &d);
    d.signer = S("Zoë Quinn");
    d.method = S("drawn");
    d.strokes_sha256 = S("abc");
    struct str whole = form_document_text(arena, &d);
    assert_true(str_starts(whole, shown));
    assert_int_equal(form_document_read(arena, whole, &back), OK);
    assert_str(back.shown_sha256, arena_cstr(arena, form_document_hash(arena, shown)));
    assert_str(back.signer, "Zoë Quinn");
    assert_str(back.method, "drawn");
    assert_str(back.strokes_sha256, "abc");
}

static void it_reads_back_into_its_parts_and_is_written_the_same_again(void **state)
{
    (void)state;
    struct form_document d = example(), back;
    struct str text = form_document_text(arena, &d);
    assert_int_equal(form_document_read(arena, text, &back), OK);
    assert_str(back.studio, "Glow");
    assert_str(back.client, "Zoë Quinn");
    assert_int_equal(back.n_answers, 2);
    assert_str(back.answers[1].question, "Which?");
    assert_str(back.answers[1].answer, "Aspirin,\nnow and then");
    assert_str(back.wording, "First.\n\nSecond.");
    assert_str(form_document_text(arena, &back), arena_cstr(arena, text));
}

static void what_is_typed_cannot_pass_for_another_part(void **state)
{
    (void)state;
    struct form_document_answer sly[] = {
        {.question = S("Anything else?"),
         .answer = S("No\n\nWording\n  I agree to nothing.\n\nSigned by\n  Somebody\n\n"
                     "Answer 1, signed by\n  Somebody")},
    };
    struct form_document d = example(), back;
    d.answers = sly;
    d.n_answers = 1;
    assert_int_equal(form_document_read(arena, form_document_text(arena, &d), &back), OK);
    assert_int_equal(back.n_answers, 1);
    assert_str(back.answers[0].answer, arena_cstr(arena, sly[0].answer));
    assert_int_equal(back.answers[0].signer.n, 0);
    assert_str(back.wording, "First.\n\nSecond.");
    assert_int_equal(back.signer.n, 0);
}

static void a_signature_under_a_clause_is_bound_to_its_question(void **state)
{
    (void)state;
    struct form_document d = signed_example("3"), back;
    struct str before = form_document_hash(arena, form_document_text(arena, &d));
    struct form_document_answer other[COUNT_OF(signed_answers)];
    memcpy(other, signed_answers, sizeof other);
    d.answers = other;
    struct str *const said[] = {&other[3].key, &other[3].signer, &other[3].method,
                                &other[3].strokes};
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct str was = *said[i];
        *said[i] = S("other");
        struct str text = form_document_text(arena, &d);
        assert_false(str_eq(form_document_hash(arena, text), before));
        assert_int_equal(form_document_read(arena, text, &back), OK);
        const struct str *const read[] = {&back.answers[3].key, &back.answers[3].signer,
                                          &back.answers[3].method, &back.answers[3].strokes};
        assert_str(*read[i], "other");
        *said[i] = was;
    }
    /* A text of a format before it has none, also where it claims to. */
    struct str sly = arena_printf(arena, "%s\nAnswer 2, signed by\n  Somebody\n", format_2);
    assert_int_equal(form_document_read(arena, sly, &back), OK);
    assert_int_equal(back.n_answers, 2);
    assert_int_equal(back.answers[1].signer.n, 0);
}

static void any_change_is_another_hash(void **state)
{
    (void)state;
    struct form_document d = example();
    struct str before = form_document_hash(arena, form_document_text(arena, &d));
    struct form_document_answer changed[COUNT_OF(answers)];
    memcpy(changed, answers, sizeof changed);
    changed[0].answer = S("No");
    d.answers = changed;
    assert_string_not_equal(
        arena_cstr(arena, before),
        arena_cstr(arena, form_document_hash(arena, form_document_text(arena, &d))));
    assert_int_equal(before.n, 64);
}

static void what_was_not_made_here_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Studio\n  Glow\n", "Signed form, format\n  4\n",
                                      "Signed form, format\n  1\n\n x\n",
                                      "Signed form, format\n 1\n"};
    struct form_document d;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (form_document_read(arena, str_of(bad[i]), &d) != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
}

static void answers_are_put_into_words(void **state)
{
    (void)state;
    assert_str(form_answer_words(arena, S("yes_no"), S("no")), "No");
    assert_str(form_answer_words(arena, S("acknowledge"), S("yes")), "Confirmed");
    assert_str(form_answer_words(arena, S("date"), S("2026-03-04")), "4 March 2026");
    assert_str(form_answer_words(arena, S("multi"), S("One\nTwo")), "One\nTwo");
    assert_str(form_answer_words(arena, S("text"), S("")), "Not answered");
    assert_str(form_answer_words(arena, S("allergies"), S("none")), "No known allergies");
    assert_str(form_answer_words(arena, S("allergies"), S("Latex\thives\tsevere\nNuts\t\tmild")),
               "Latex: hives (severe)\nNuts (mild)");
    assert_str(form_answer_words(arena, S("medications"), S("none")), "None");
    assert_str(form_answer_words(arena, S("medications"), S("Aspirin\t100 mg\t2019\nZinc\t\t")),
               "Aspirin: 100 mg (2019)\nZinc");
    assert_str(form_answer_words(arena, S("signature"), S("typed\tZoë Quinn")),
               "Signed: Zoë Quinn");
    assert_str(form_answer_words(arena, S("signature"), S("drawn\tZoë Quinn\t{}")),
               "Signed: Zoë Quinn");
    assert_str(form_answer_words(arena, S("number"), S("62.5")), "62.5");
    assert_str(form_answer_words(arena, S("body"), S("Nose\nHands")), "Nose\nHands");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_texts_of_all_formats_are_exactly_these, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_form_on_paper_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_signed_and_how_cannot_be_changed_without_another_hash,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_signature_follows_and_names_the_hash_of_what_was_shown,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_reads_back_into_its_parts_and_is_written_the_same_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_typed_cannot_pass_for_another_part, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_signature_under_a_clause_is_bound_to_its_question, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(any_change_is_another_hash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_made_here_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_are_put_into_words, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("E-02 E-05 form document", tests, NULL, NULL);
}
