/* form_fuzz.c -- drawn signatures from strangers, and the text of signed forms. */
#include "features/form/strokes.h"
#include "form_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *a;
    struct str in = {(const char *)data, size};
    struct strokes strokes, again;
    struct form_document document, back;
    if (!a)
        a = arena_new(256u << 20);
    arena_reset(a);
    /* What is taken is written in one spelling, which is taken again. */
    if (strokes_parse(a, in, &strokes) == OK) {
        struct str kept = strokes_json(a, &strokes);
        if (strokes_parse(a, kept, &again) || !str_eq(strokes_json(a, &again), kept))
            __builtin_trap();
        for (size_t i = 0; i < strokes.n; i++)
            stroke_points(a, &strokes.items[i]);
    }
    if (form_document_read(a, in, &document) == OK && document.n_answers > size)
        __builtin_trap();
    /* Whatever is typed stays within its own part. */
    struct form_document_answer answer = {S("Anything else?"), in};
    document = (struct form_document){.answers = &answer, .n_answers = 1, .wording = S("Wording.")};
    if (form_document_read(a, form_document_text(a, &document), &back) || back.n_answers != 1 ||
        !str_is(back.wording, "Wording.") || back.signer.n > 0)
        __builtin_trap();
    return 0;
}
