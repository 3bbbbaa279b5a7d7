/* document_fuzz.c -- the text of a signed form: whatever is typed stays within its own part. */
#include "form_document.h"
#include "fuzz.h"

/* As the document keeps a content: without trailing line ends. */
static struct str kept(struct arena *a, struct str s)
{
    s = arena_plain_lines(a, s);
    while (s.n > 0 && s.p[s.n - 1] == '\n')
        s.n--;
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"text",   "long",        "choice",    "multi", "date",
                                        "yes_no", "acknowledge", "allergies", "other"};
    struct arena *a = fuzz_arena();
    struct str in = {(const char *)data, size}, second = in, first = str_cut(&second, 0x1e);
    struct form_document document, back;

    if (form_document_read(a, in, &document) == OK)
        MUST(document.n_answers <= size);
    if (!str_utf8_ok(first) || !str_utf8_ok(second))
        return 0;
    struct form_document_answer answers[] = {{.question = S("Anything else?"), .answer = first},
                                             {.question = second, .answer = S("no")}};
    document = (struct form_document){.studio = second,
                                      .client = first,
                                      .answers = answers,
                                      .n_answers = 2,
                                      .wording = S("Wording."),
                                      .title = S("Consent")};
    struct str text = form_document_text(a, &document);
    MUST(is_text(text));
    MUST(form_document_read(a, text, &back) == OK);
    MUST(back.n_answers == 2 && str_is(back.wording, "Wording.") && str_is(back.title, "Consent") &&
         back.signer.n == 0);
    MUST(str_eq(kept(a, back.answers[0].answer), kept(a, first)) &&
         str_is(back.answers[1].answer, "no"));
    MUST(str_eq(kept(a, back.studio), kept(a, second)));
    /* Equal input, equal bytes; another input, other bytes. */
    MUST(str_eq(form_document_text(a, &document), text));
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        MUST(is_text(form_answer_words(a, str_of(kinds[i]), first)));
    return 0;
}
