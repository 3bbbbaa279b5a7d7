/*
 * proof_record_test.c -- what a signed copy says, for people and for programs: SECURITY.md E-04.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <json-c/json.h>
#include <pango/pangocairo.h>

#include <cmocka.h>

#include "features/proof/proof.h"

static const char strokes[] =
    "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[[10,20,0,50],[300,200,40,50]]]}";

static struct proof_record record(struct arena *a, bool is_drawn)
{
    static const struct form_document_answer answers[] = {
        {.question = S("A clause"),
         .answer = S("Signed: Eva"),
         .key = S("q_clause"),
         .signer = S("Eva"),
         .method = S("drawn"),
         .strokes = {strokes, sizeof strokes - 1}},
        {.question = S("<b>Question</b>"),
         .answer = S("line \"one\"\nline two \\ \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d")}};
    static const struct proof_event events[] = {{.at = S("2026-11-21T10:00:00Z"),
                                                 .at_local = S("21 November 2026"),
                                                 .kind = S("opened"),
                                                 .actor = S("client"),
                                                 .address = S("192.0.2.1")},
                                                {.at = S("2026-11-21T10:01:00Z"),
                                                 .at_local = S("21 November 2026"),
                                                 .kind = S("something new"),
                                                 .actor = S("somebody"),
                                                 .detail = S("page 2")}};
    struct form_document d = {.studio = S("Glow"),
                              .client = S("Ana"),
                              .title = S("Consent"),
                              .version = S("3"),
                              .answers = answers,
                              .n_answers = COUNT_OF(answers),
                              .wording = S("What is agreed."),
                              .disclosure = S("Terms."),
                              .disclosure_version = S("1"),
                              .signer = S("Ana"),
                              .language = S("en"),
                              .language_words = S("English"),
                              .role = S("guardian"),
                              .guardian = S("Eva"),
                              .relation = S("Parent"),
                              .witness = S("Kim"),
                              .place = S("desk"),
                              .signed_at = S("2026-11-21T10:02:00Z"),
                              .method = is_drawn ? S("drawn") : S("typed")};
    if (is_drawn)
        d.strokes_sha256 = form_document_hash(a, str_of(strokes));
    struct str text = form_document_text(a, &d);
    return (struct proof_record){
        .id = S("an-id"),
        .studio = S("Glow"),
        .country = S("DE"),
        .text = text,
        .text_sha256 = form_document_hash(a, text),
        .strokes = is_drawn ? str_of(strokes) : S(""),
        .method = d.method,
        .asked_at = S("2026-11-20T10:00:00Z"),
        .sender = S("Kim"),
        .signer = S("guardian"),
        /* as they are called today: of format 1, whose text does not say */
        .guardian_name = S("Eva Later"),
        .guardian_relation = S("other"),
        .witness_name = S("Kim Later"),
        .handed_over_by = S("Ada Desk"),
        .place = S("desk"),
        .second_factor = S("none"),
        .seconds_spent = 75,
        .made_epoch = 1763718000,
        .events = events,
        .n_events = 2};
}

static const char *text_of(struct json_object *o, const char *in, const char *name)
{
    struct json_object *part = o, *v = NULL;
    assert_true(!in || json_object_object_get_ex(o, in, &part));
    assert_true(json_object_object_get_ex(part, name, &v));
    return json_object_get_string(v);
}

/* One spelling: members in the order of their names, in every object. */
static void assert_in_order(struct json_object *o)
{
    const char *last = "";
    for (size_t i = 0; json_object_is_type(o, json_type_array) && i < json_object_array_length(o);
         i++)
        assert_in_order(json_object_array_get_idx(o, i));
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value)
    {
        assert_true(strcmp(last, key) < 0);
        last = key;
        assert_in_order(value);
    }
}

static void test_json(void **state)
{
    (void)state;
    struct arena *a = arena_new(16 << 20);
    struct proof_record p = record(a, true);
    struct str json = proof_json(a, &p);
    struct json_object *o = json_tokener_parse(arena_cstr(a, json));
    assert_non_null(o);
    assert_string_equal(text_of(o, NULL, "format"), "foyer-signed-form-3");
    assert_string_equal(text_of(o, "document", "text"), arena_cstr(a, p.text));
    assert_string_equal(text_of(o, "signature", "strokes"), strokes);
    assert_string_equal(text_of(o, "signature", "witness"), "Kim"); /* as the text says */
    assert_string_equal(text_of(o, "signature", "handed_over_by"), "Ada Desk");
    assert_string_equal(text_of(o, "signature", "guardian"),
                        "{ \"name\": \"Eva\", \"relation\": \"Parent\" }");
    assert_string_equal(text_of(o, "document", "format"), "3");
    assert_string_equal(text_of(o, NULL, "asked_at"), "2026-11-20T10:00:00Z");
    assert_string_equal(text_of(o, "signature", "sender"), "Kim");
    struct str strokes_hash = form_document_hash(a, str_of(strokes));
    assert_string_equal(
        text_of(o, "document", "clauses"),
        arena_cstr(
            a, arena_printf(a,
                            "[ { \"key\": \"q_clause\", \"method\": \"drawn\", \"name\": \"Eva\", "
                            "\"question\": \"A clause\", \"strokes_sha256\": \"%.*s\" } ]",
                            (int)strokes_hash.n, strokes_hash.p)));
    assert_null(text_of(o, "audit", "row")); /* not known is said, not left out */
    assert_string_equal(text_of(o, "signature", "seconds_spent"), "75");

    assert_in_order(o);
    json_object_put(o);
    /* No blanks, no escapes but those that must be, one line end. */
    assert_true(
        str_starts(json, S("{\"asked_at\":\"2026-11-20T10:00:00Z\",\"audit\":{\"head_at\":null,")));
    assert_non_null(strstr(arena_cstr(a, json), "<b>Question</b>\\n"));
    assert_true(json.p[json.n - 1] == '\n' && json.p[json.n - 2] == '}');
    struct proof_record again = record(a, true);
    assert_true(str_eq(json, proof_json(a, &again)));
    /* Of a text of format 1 what is kept beside it is told. */
    struct form_document d;
    assert_int_equal(form_document_read(a, p.text, &d), OK);
    d.format = S("1");
    p.text = form_document_text(a, &d);
    o = json_tokener_parse(arena_cstr(a, proof_json(a, &p)));
    assert_string_equal(text_of(o, "document", "format"), "1");
    assert_string_equal(text_of(o, "signature", "witness"), "Kim Later");
    json_object_put(o);
    p.text = S("no signed form");
    assert_int_equal(proof_json(a, &p).n, 0);
    arena_free(a);
}

static void test_pdf(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    struct str one, two;
    int n = 0;
    for (int i = 0; i < 2; i++) {
        struct proof_record p = record(a, i == 1);
        assert_int_equal(proof_pdf(a, &p, NULL, &one, &n), OK);
        assert_int_equal(proof_pdf(a, &p, NULL, &two, NULL), OK);
        assert_true(str_eq(one, two));
        assert_true(n >= 2); /* the certificate begins a page */
    }
    struct proof_record p = record(a, true);
    p.strokes = S("{}");
    assert_int_equal(proof_pdf(a, &p, NULL, &one, &n), ERR_INVALID);
    p.text = S("Signed form, format\n  9\n");
    assert_int_equal(proof_pdf(a, &p, NULL, &one, &n), ERR_INVALID);
    arena_free(a);
}

static int forget(void **state)
{
    (void)state;
    pango_cairo_font_map_set_default(NULL); /* for who looks for leaks */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_pdf)};
    return cmocka_run_group_tests_name("E-04 record", tests, NULL, forget);
}
