/*
 * pdf_test.c -- documents as PDF: they can be made again byte for byte, and one changed byte is noticed (SECURITY.md E-04).
 */
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <pango/pangocairo.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto.h"
#include "pdf.h"

static struct pdf_signer signer;

static X509 *certificate(EVP_PKEY *key, const char *name, X509 *by, EVP_PKEY *by_key, bool is_ca)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), is_ca ? 1 : 2);
    ASN1_TIME_set(X509_getm_notBefore(x), 1700000000);
    ASN1_TIME_set(X509_getm_notAfter(x), 2000000000);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(by ? by : x));
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, by ? by : x, x, NULL, NULL, 0);
    const int kinds[] = {NID_basic_constraints, NID_key_usage};
    const char *values[] = {is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE",
                            is_ca ? "critical,keyCertSign"
                                  : "critical,digitalSignature,nonRepudiation"};
    for (int i = 0; i < 2; i++) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, kinds[i], values[i]);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    assert_true(X509_sign(x, by_key, EVP_sha256()) > 0);
    return x;
}

static EVP_PKEY *authority_key;

static int make_signer(void **state)
{
    (void)state;
    authority_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    signer.key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    signer.authority = certificate(authority_key, "An authority", NULL, authority_key, true);
    signer.certificate =
        certificate(signer.key, "A signer", signer.authority, authority_key, false);
    return 0;
}

static int forget_signer(void **state)
{
    (void)state;
    X509_free(signer.certificate);
    X509_free(signer.authority);
    EVP_PKEY_free(signer.key);
    EVP_PKEY_free(authority_key);
    pango_cairo_font_map_set_default(NULL); /* for who looks for leaks */
    return 0;
}

static const char hostile[] =
    "<script>alert(1)</script> (\\) endobj %%EOF /ByteRange [ 0 1 2 3 ] \x01\x02 "
    "\xe2\x80\xae"
    "gnp.exe \xf0\x9f\x98\x80 e\xcc\x81\xcc\x81\xcc\x81";

static struct str draw(struct arena *a, struct str text, int *pages)
{
    struct pdf_options o = {.title = text,
                            .author = S("Studio"),
                            .subject = S("A test"),
                            .language = S("en"),
                            .left = text,
                            .right = S("right"),
                            .foot = S("foot"),
                            .paper = PDF_LETTER,
                            .made_at = 1763718000};
    struct pdf *p = pdf_new(a, &o);
    static const struct pdf_point points[] = {{10, 10}, {500, 200}, {990, 390}};
    static const struct pdf_stroke strokes[] = {{points, 3}, {points, 1}};
    struct str bytes;
    pdf_heading(p, 1, S("A heading"));
    pdf_paragraph(p, text);
    pdf_paragraph(p,
                  S("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 "
                    "\xe6\x97\xa5\xe6\x9c\xac \xed\x95\x9c\xea\xb8\x80 \xe0\xb8\xaa\xe0\xb8\xa7"));
    for (int i = 0; i < 60; i++)
        pdf_fact(p, S("A question, which may be long enough to take two lines"), text);
    pdf_fact_exact(p, S("Hash"), S("0123456789abcdef"));
    pdf_exact(p, S("exact\n  text"));
    pdf_drawing(p, strokes, 2, 1000, 400, S("Drawn by hand"));
    pdf_signed_name(p, S("Ana"));
    pdf_gap(p);
    pdf_new_page(p);
    pdf_small(p, S("small"));
    pdf_paragraph(p, (struct str){"\xff\xfe", 2}); /* no UTF-8: shown as what it is not */
    assert_int_equal(pdf_end(p, &bytes, pages), OK);
    return bytes;
}

static void test_equal_input(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    int pages = 0;
    struct str one = draw(a, str_of(hostile), &pages), two = draw(a, str_of(hostile), NULL);
    assert_true(str_eq(one, two));
    assert_true(pages > 3);
    assert_true(str_starts(one, S("%PDF-1.")));
    assert_int_equal(pdf_paper_of(S("US")), PDF_LETTER);
    assert_int_equal(pdf_paper_of(S("DE")), PDF_A4);
    arena_free(a);
}

static struct str seal_it(struct arena *a, struct str pdf)
{
    static const struct pdf_attachment files[] = {
        {S("document.txt"), S("text/plain"), S("The exact text"), S("Source"), S("exact bytes\n")},
        {S("record.json"), S("application/json"), S("The record"), S("Data"), S("{\"a\":1}")}};
    struct pdf_seal seal = {.name = S("Foyer"),
                            .reason = S("Completed"),
                            .place = S("x.example"),
                            .language = S("en"),
                            .at = 1763718000};
    struct str out;
    assert_int_equal(pdf_seal_document(a, pdf, files, 2, &signer, &seal, &out), OK);
    return out;
}

static bool holds(struct str pdf, X509 *authority)
{
    struct arena *a = arena_new(16 << 20);
    struct pdf_checked c;
    bool good = pdf_check_seal(a, pdf, authority, &c) == OK;
    assert_int_equal(good, c.why.n == 0);
    arena_free(a);
    return good;
}

static void test_sealed(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    struct pdf_checked c;
    struct str plain = draw(a, S("short"), NULL), one = seal_it(a, plain), two = seal_it(a, plain);
    assert_true(str_eq(one, two));
    assert_int_equal(pdf_check_seal(a, one, signer.authority, &c), OK);
    assert_true(str_is(c.signer, "A signer"));
    assert_true(str_is(c.said_at, "D:20251121094000Z"));
    assert_int_equal(c.n_attachments, 2);
    assert_true(str_is(c.attachments[0].name, "document.txt"));
    assert_true(str_is(c.attachments[0].bytes, "exact bytes\n"));
    assert_true(str_is(c.attachments[1].type, "application/json"));
    assert_true(str_is(c.attachments[1].relation, "Data"));
    assert_true(holds(one, NULL));

    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    X509 *other = certificate(key, "An authority", NULL, key, true);
    assert_false(holds(one, other));
    X509_free(other);
    EVP_PKEY_free(key);
    const char *path = getenv("PDF_TEST_OUT");
    if (path) {
        FILE *f = fopen(path, "w");
        fwrite(one.p, 1, one.n, f);
        fclose(f);
    }
    arena_free(a);
}

/* Any byte: of the pages, of the range, of the signature, of the zeros behind it, one more at the end. */
static void test_changed_byte(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    struct str sealed = seal_it(a, draw(a, S("short"), NULL));
    char *bytes = arena_cstr(a, sealed);
    char *contents = memmem(bytes, sealed.n, "/Contents <", 11);
    assert_non_null(contents);
    size_t from = (size_t)(contents - bytes);
    assert_true(holds((struct str){bytes, sealed.n}, NULL));
    const bool is_slow = getenv("FOYER_TEST_FEWER"); /* under valgrind */
    const size_t dense = is_slow ? 1103 : 23, loose = is_slow ? 50021 : 211;
    for (size_t i = 0; i < sealed.n;) {
        bytes[i] ^= 1;
        if (holds((struct str){bytes, sealed.n}, NULL))
            fail_msg("a changed byte at %zu of %zu is not noticed", i, sealed.n);
        bytes[i] ^= 1;
        bool is_in_signature = i + 40 > from && i < from + 9000;
        i += is_in_signature ? dense : loose;
    }
    assert_false(holds((struct str){bytes, sealed.n - 1}, NULL));
    assert_false(holds((struct str){bytes, sealed.n + 1}, NULL)); /* the NUL behind it */
    assert_false(holds(S("%PDF-1.7 and nothing"), NULL));
    assert_false(holds(S(""), NULL));
    assert_false(holds(draw(a, S("short"), NULL), NULL)); /* never sealed */
    arena_free(a);
}

/* A template as it is rendered; the one of the right side holds the left one. */
static struct str drawing_of(struct arena *a, const char *name)
{
    char path[120], text[8192], *partial;
    snprintf(path, sizeof path, "templates/body_map/_%s.mustache", name);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    if (!(partial = strstr(text, "{{>body_map/_")))
        return arena_printf(a, "%s", text);
    char other[40], *end = strstr(partial, "}}");
    snprintf(other, sizeof other, "%.*s", (int)(end - partial - 13), partial + 13);
    *partial = '\0';
    struct str inner = drawing_of(a, other);
    return arena_printf(a, "%s%.*s%s", text, (int)inner.n, inner.p, end + 2);
}

/* R-05, L11: each drawing of the map's page is one that paper can show, within its thousand by a thousand. */
static void test_outlines(void **state)
{
    (void)state;
    struct arena *a = arena_new(8 << 20);
    const struct pdf_stroke *s, *mirrored;
    size_t n, m;
    static const char *const names[] = {"face_front", "face_left", "face_right", "body_front",
                                        "body_back"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(pdf_outlines(a, drawing_of(a, names[i]), 1000, &s, &n), OK);
        assert_true(n >= 2);
        for (size_t k = 0; k < n; k++)
            for (size_t q = 0; q < s[k].n; q++)
                assert_true(s[k].points[q].x >= 0 && s[k].points[q].x <= 1000 &&
                            s[k].points[q].y >= 0 && s[k].points[q].y <= 1000);
    }
    assert_int_equal(pdf_outlines(a, drawing_of(a, "face_left"), 1000, &s, &n), OK);
    assert_int_equal(pdf_outlines(a, drawing_of(a, "face_right"), 1000, &mirrored, &m), OK);
    assert_int_equal(n, m);
    assert_true(s[0].points[0].x + mirrored[0].points[0].x == 1000);

    assert_int_equal(
        pdf_outlines(a, S("<path d=\"M10 20l5-5h10V40zm1 1 2 2M0 0C0 10 10 10 10 0s10-10 10 0\"/>"),
                     1000, &s, &n),
        OK);
    assert_int_equal(n, 3);
    static const struct pdf_point first[] = {{10, 20}, {15, 15}, {25, 15}, {25, 40}, {10, 20}};
    assert_int_equal(s[0].n, COUNT_OF(first));
    for (size_t i = 0; i < COUNT_OF(first); i++)
        assert_true(s[0].points[i].x == first[i].x && s[0].points[i].y == first[i].y);
    assert_true(s[1].points[0].x == 11 && s[1].points[0].y == 21 && s[1].points[1].x == 13);
    struct pdf_point end = s[2].points[s[2].n - 1], middle = s[2].points[6];
    assert_true(end.x == 20 && end.y == 0);
    assert_true(middle.x == 5 && middle.y == 7.5);

    static const char *const bad[] = {"",
                                      "<path d=\"\"/>",
                                      "<path d=\"M1\"/>",
                                      "<path d=\"M1 2Q3 4 5 6\"/>",
                                      "<path d=\"M1 2A3 4 5 6 7 8 9\"/>",
                                      "<path d=\"M1 x\"/>",
                                      "<circle r=\"4\"/><path d=\"M1 2L3 4\"/>",
                                      "<g transform=\"rotate(4)\"><path d=\"M1 2L3 4\"/></g>",
                                      "<path d=\"M1 2L3 4"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(pdf_outlines(a, str_of(bad[i]), 1000, &s, &n), ERR_INVALID);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_input),
        cmocka_unit_test(test_outlines),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_changed_byte),
    };
    return cmocka_run_group_tests_name("E-04 pdf", tests, make_signer, forget_signer);
}
