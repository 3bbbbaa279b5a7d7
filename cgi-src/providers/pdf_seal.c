/*
 * pdf_seal.c -- attachments and the seal of a PDF: libqpdf for its objects, OpenSSL's CMS for the signature.
 * Owns: which bytes the signature covers, and the CMS's signed attributes.
 * Never: leaves a byte of the file uncovered but the signature's own; lets a text stand for a place in the file: what is
 * searched for after writing is made of the document's hash, which no text of the document can know.
 */
#include <openssl/asn1t.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <qpdf/qpdf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto.h"
#include "log.h"
#include "pdf.h"
#include "providers/pdf_seal.h"

enum { MOST_ATTRIBUTES = 16 };

/* ---- objects ---- */

/* A text as a PDF string. */
static qpdf_oh text_object(qpdf_data q, struct arena *a, struct str s)
{
    return qpdf_oh_new_unicode_string(q, arena_cstr(a, s));
}

static qpdf_oh list_of(qpdf_data q, qpdf_oh item)
{
    qpdf_oh list = qpdf_oh_new_array(q);
    qpdf_oh_append_item(q, list, item);
    return list;
}

static qpdf_oh parsed(qpdf_data q, struct arena *a, struct str words)
{
    return qpdf_oh_parse(q, arena_cstr(a, words));
}

static const char *pdf_time(struct arena *a, int64_t at)
{
    struct tm parts;
    time_t seconds = (time_t)at;
    gmtime_r(&seconds, &parts);
    return arena_cstr(a, arena_printf(a, "(D:%04d%02d%02d%02d%02d%02dZ)", parts.tm_year + 1900,
                                      parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                                      parts.tm_sec));
}

static qpdf_oh attachment_object(qpdf_data q, struct arena *a, const struct pdf_attachment *t,
                                 int64_t at)
{
    qpdf_oh stream = qpdf_oh_new_stream(q), dict;
    qpdf_oh_replace_stream_data(q, stream, (const unsigned char *)t->bytes.p, t->bytes.n,
                                qpdf_oh_new_null(q), qpdf_oh_new_null(q));
    dict = qpdf_oh_get_dict(q, stream);
    qpdf_oh_replace_key(q, dict, "/Type", qpdf_oh_new_name(q, "/EmbeddedFile"));
    qpdf_oh_replace_key(
        q, dict, "/Subtype",
        qpdf_oh_new_name(q, arena_cstr(a, arena_printf(a, "/%.*s", (int)t->type.n, t->type.p))));
    qpdf_oh_replace_key(
        q, dict, "/Params",
        parsed(q, a, arena_printf(a, "<< /Size %zu /ModDate %s >>", t->bytes.n, pdf_time(a, at))));
    qpdf_oh file = qpdf_oh_new_dictionary(q);
    qpdf_oh_replace_key(q, file, "/F", stream);
    qpdf_oh_replace_key(q, file, "/UF", stream);
    qpdf_oh spec = parsed(q, a,
                          arena_printf(a, "<< /Type /Filespec /AFRelationship /%.*s >>",
                                       (int)t->relation.n, t->relation.p));
    qpdf_oh_replace_key(q, spec, "/EF", file);
    qpdf_oh_replace_key(q, spec, "/F", text_object(q, a, t->name));
    qpdf_oh_replace_key(q, spec, "/UF", text_object(q, a, t->name));
    qpdf_oh_replace_key(q, spec, "/Desc", text_object(q, a, t->about));
    return qpdf_make_indirect_object(q, spec);
}

static void attach(qpdf_data q, struct arena *a, const struct pdf_attachment *all, size_t n,
                   int64_t at)
{
    qpdf_oh root = qpdf_get_root(q), names = qpdf_oh_new_array(q), list = qpdf_oh_new_array(q);
    for (size_t i = 0; i < n; i++) { /* (given in the order of their names) */
        qpdf_oh spec = attachment_object(q, a, &all[i], at);
        qpdf_oh_append_item(q, names, text_object(q, a, all[i].name));
        qpdf_oh_append_item(q, names, spec);
        qpdf_oh_append_item(q, list, spec);
    }
    qpdf_oh tree = qpdf_oh_new_dictionary(q), files = qpdf_oh_get_key(q, root, "/Names");
    qpdf_oh_replace_key(q, tree, "/Names", names);
    if (!qpdf_oh_is_dictionary(q, files)) {
        files = qpdf_oh_new_dictionary(q);
        qpdf_oh_replace_key(q, root, "/Names", files);
        files = qpdf_oh_get_key(q, root, "/Names");
    }
    qpdf_oh_replace_key(q, files, "/EmbeddedFiles", tree);
    qpdf_oh_replace_key(q, root, "/AF", list);
}

/* All that Cairo tagged becomes the content of one Document, and the file says its language. */
static void complete(qpdf_data q, struct arena *a, const struct pdf_seal *seal)
{
    qpdf_oh root = qpdf_get_root(q), tags = qpdf_oh_get_key(q, root, "/StructTreeRoot");
    qpdf_oh_replace_key(q, root, "/Lang", text_object(q, a, seal->language));
    qpdf_oh_replace_key(q, root, "/ViewerPreferences",
                        qpdf_oh_parse(q, "<< /DisplayDocTitle true >>"));
    if (!qpdf_oh_is_dictionary(q, tags))
        return;
    qpdf_oh_replace_key(q, root, "/MarkInfo", qpdf_oh_parse(q, "<< /Marked true >>"));
    qpdf_oh kids = qpdf_oh_get_key(q, tags, "/K");
    if (!qpdf_oh_is_array(q, kids))
        kids = qpdf_oh_wrap_in_array(q, kids);
    qpdf_oh whole =
        qpdf_make_indirect_object(q, qpdf_oh_parse(q, "<< /Type /StructElem /S /Document >>"));
    qpdf_oh_replace_key(q, whole, "/P", tags);
    for (int i = 0; i < qpdf_oh_get_array_n_items(q, kids); i++)
        qpdf_oh_replace_key(q, qpdf_oh_get_array_item(q, kids, i), "/P", whole);
    qpdf_oh_replace_key(q, whole, "/K", kids);
    qpdf_oh_replace_key(q, tags, "/K", whole);
}

/* ---- the signature's place ---- */

/* Numbers of ten digits that no text in the document can foresee. */
struct marks {
    long long n[3];
};

static struct marks marks_of(struct str pdf)
{
    unsigned char hash[HASH_BYTES];
    struct marks m;
    sha256(pdf, hash);
    for (int i = 0; i < 3; i++) {
        unsigned long long v;
        memcpy(&v, hash + i * 8, sizeof v);
        m.n[i] = (long long)(v % 9000000000ULL + 1000000000ULL);
    }
    return m;
}

static struct str range_words(struct arena *a, const struct marks *m)
{
    return arena_printf(a, "/ByteRange [ 0 %lld %lld %lld ]", m->n[0], m->n[1], m->n[2]);
}

static void add_signature(qpdf_data q, struct arena *a, const struct pdf_seal *seal,
                          const struct marks *m)
{
    struct buf b = buf_in(a, SEAL_CONTENTS * 2 + 1024);
    buf_printf(&b, "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M %s ",
               pdf_time(a, seal->at));
    buf_add(&b, range_words(a, m));
    buf_addz(&b, " /Reference [ << /Type /SigRef /TransformMethod /DocMDP /TransformParams "
                 "<< /Type /TransformParams /P 1 /V /1.2 >> >> ] /Contents <");
    for (size_t i = 0; i < SEAL_CONTENTS; i++)
        buf_addz(&b, "00");
    buf_addz(&b, "> >>");
    qpdf_oh signature = parsed(q, a, buf_str(&b));
    qpdf_oh_replace_key(q, signature, "/Name", text_object(q, a, seal->name));
    qpdf_oh_replace_key(q, signature, "/Reason", text_object(q, a, seal->reason));
    qpdf_oh_replace_key(q, signature, "/Location", text_object(q, a, seal->place));
    signature = qpdf_make_indirect_object(q, signature);

    qpdf_oh page = qpdf_get_page_n(q, 0), root = qpdf_get_root(q);
    qpdf_oh field = qpdf_make_indirect_object(
        q, qpdf_oh_parse(q, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /F 132 "
                            "/Rect [ 0 0 0 0 ] >>"));
    qpdf_oh_replace_key(q, field, "/P", page);
    qpdf_oh_replace_key(q, field, "/V", signature);
    qpdf_oh notes = qpdf_oh_get_key(q, page, "/Annots");
    if (qpdf_oh_is_array(q, notes))
        qpdf_oh_append_item(q, notes, field);
    else
        qpdf_oh_replace_key(q, page, "/Annots", list_of(q, field));
    qpdf_oh form = qpdf_oh_parse(q, "<< /SigFlags 3 >>"), allowed = qpdf_oh_new_dictionary(q);
    qpdf_oh_replace_key(q, form, "/Fields", list_of(q, field));
    qpdf_oh_replace_key(q, root, "/AcroForm", form);
    qpdf_oh_replace_key(q, allowed, "/DocMDP", signature);
    qpdf_oh_replace_key(q, root, "/Perms", allowed);
}

static enum err write_pdf(qpdf_data q, struct arena *a, struct str *out)
{
    if (qpdf_has_error(q) || qpdf_init_write_memory(q) & QPDF_ERRORS)
        return ERR_INTERNAL;
    qpdf_set_object_stream_mode(q, qpdf_o_disable);
    qpdf_set_deterministic_ID(q, QPDF_TRUE);
    qpdf_force_pdf_version(q, "1.7");
    if (qpdf_write(q) & QPDF_ERRORS)
        return ERR_INTERNAL;
    *out = arena_str(a, (struct str){(const char *)qpdf_get_buffer(q), qpdf_get_buffer_length(q)});
    return OK;
}

/* ---- CMS ---- */

/* The DER of the signed attributes as they are signed: a SET OF, in the order of its bytes. */
static int by_bytes(const void *x, const void *y)
{
    const struct str *a = x, *b = y;
    int order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
    return order ? order : a->n < b->n ? -1 : a->n > b->n;
}

static void add_length(struct buf *b, size_t n)
{
    if (n < 0x80) {
        buf_addc(b, (char)n);
    } else if (n < 0x100) {
        buf_addc(b, (char)0x81);
        buf_addc(b, (char)n);
    } else {
        buf_addc(b, (char)0x82);
        buf_addc(b, (char)(n >> 8));
        buf_addc(b, (char)n);
    }
}

static bool attributes_der(struct arena *a, const CMS_SignerInfo *si, struct str *out)
{
    struct str items[MOST_ATTRIBUTES];
    int n = CMS_signed_get_attr_count(si);
    size_t whole = 0;
    if (n < 1 || n > MOST_ATTRIBUTES)
        return false;
    for (int i = 0; i < n; i++) {
        unsigned char *der = NULL;
        int size = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &der);
        if (size <= 0)
            return false;
        items[i] = arena_str(a, (struct str){(const char *)der, (size_t)size});
        whole += items[i].n;
        OPENSSL_free(der);
    }
    if (whole > 0xffff)
        return false;
    qsort(items, (size_t)n, sizeof *items, by_bytes);
    struct buf b = buf_in(a, whole + 8);
    buf_addc(&b, 0x31);
    add_length(&b, whole);
    for (int i = 0; i < n; i++)
        buf_add(&b, items[i]);
    *out = buf_str(&b);
    return true;
}

static bool put_signature(struct arena *a, CMS_SignerInfo *si, EVP_PKEY *key)
{
    struct str attributes;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = 0;
    bool good =
        ctx && attributes_der(a, si, &attributes) &&
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(ctx, NULL, &n, (const unsigned char *)attributes.p, attributes.n) == 1;
    unsigned char *bytes = good ? arena_alloc(a, n) : NULL;
    good = good &&
           EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)attributes.p, attributes.n) == 1 &&
           ASN1_OCTET_STRING_set(CMS_SignerInfo_get0_signature(si), bytes, (int)n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

/*
 * A detached signature over the hash of something. (OpenSSL 3.0 puts a signing time into every CMS that it finishes itself;
 * PAdES wants the time in the dictionary alone, so the attributes are put together and signed here.)
 */
static bool make_cms(struct arena *a, const struct pdf_signer *signer,
                     const unsigned char hash[HASH_BYTES], struct str *out)
{
    CMS_ContentInfo *cms =
        CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_DETACHED | CMS_BINARY);
    CMS_SignerInfo *si =
        cms ? CMS_add1_signer(cms, signer->certificate, signer->key, EVP_sha256(),
                              CMS_PARTIAL | CMS_BINARY | CMS_NOSMIMECAP | CMS_CADES)
            : NULL;
    unsigned char *der = NULL;
    int n = 0;
    bool good = si && CMS_add1_cert(cms, signer->authority) == 1 &&
                CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType, V_ASN1_OBJECT,
                                            OBJ_nid2obj(NID_pkcs7_data), -1) == 1 &&
                CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, hash,
                                            HASH_BYTES) == 1 &&
                put_signature(a, si, signer->key) && (n = i2d_CMS_ContentInfo(cms, &der)) > 0;
    if (good)
        *out = arena_str(a, (struct str){(const char *)der, (size_t)n});
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    return good;
}

/* ---- the whole ---- */

static char *find(struct str in, struct str what)
{
    return in.n ? memmem(in.p, in.n, what.p, what.n) : NULL;
}

/* Writes the range over its marks and the signature into the room left for it. */
static bool sign_in_place(struct arena *a, struct str pdf, const struct marks *m,
                          const struct pdf_signer *signer)
{
    struct str marked = range_words(a, m), cms;
    char *range = find(pdf, marked);
    struct str behind =
        range ? str_part(pdf, (size_t)(range - pdf.p), pdf.n - (size_t)(range - pdf.p)) : S("");
    char *contents = find(behind, S("/Contents <"));
    const size_t room = SEAL_CONTENTS * 2;
    if (!contents || find((struct str){range + 1, behind.n - 1}, marked))
        return false;
    char *open = contents + sizeof "/Contents " - 1, *end = open + 1 + room + 1;
    if ((size_t)(end - pdf.p) > pdf.n || end[-1] != '>')
        return false;
    size_t first = (size_t)(open - pdf.p), second = (size_t)(end - pdf.p);
    struct str words = arena_printf(a, "/ByteRange [ 0 %zu %zu %zu", first, second, pdf.n - second);
    memset(range, ' ', marked.n);
    memcpy(range, words.p, words.n);
    range[marked.n - 1] = ']';

    unsigned char hash[HASH_BYTES];
    pdf_range_hash(pdf, first, second, hash);
    if (!make_cms(a, signer, hash, &cms) || cms.n > SEAL_CONTENTS)
        return false;
    struct buf hex = buf_in(a, cms.n * 2 + 1);
    esc_hex(&hex, cms);
    memcpy(open + 1, hex.p, hex.n);
    return true;
}

void pdf_range_hash(struct str pdf, size_t first, size_t second, unsigned char hash[HASH_BYTES])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(ctx, pdf.p, first) != 1 ||
        EVP_DigestUpdate(ctx, pdf.p + second, pdf.n - second) != 1 ||
        EVP_DigestFinal_ex(ctx, hash, NULL) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
}

enum err pdf_seal_document(struct arena *a, struct str pdf,
                           const struct pdf_attachment *attachments, size_t n,
                           const struct pdf_signer *signer, const struct pdf_seal *seal,
                           struct str *out)
{
    struct marks m = marks_of(pdf);
    qpdf_data q = qpdf_init();
    qpdf_silence_errors(q);
    qpdf_set_suppress_warnings(q, QPDF_TRUE);
    enum err e =
        qpdf_read_memory(q, "document", pdf.p, pdf.n, NULL) & QPDF_ERRORS ? ERR_INTERNAL : OK;
    if (!e) {
        complete(q, a, seal);
        if (n > 0)
            attach(q, a, attachments, n, seal->at);
        if (signer)
            add_signature(q, a, seal, &m);
        e = write_pdf(q, a, out);
    }
    if (e)
        log_error("pdf.objects", "why",
                  qpdf_has_error(q) ? qpdf_get_error_full_text(q, qpdf_get_error(q)) : "", NULL);
    qpdf_cleanup(&q);
    if (!e && signer && !sign_in_place(a, *out, &m, signer)) {
        char why[160];
        ERR_error_string_n(ERR_get_error(), why, sizeof why);
        log_error("pdf.signature", "why", why, NULL);
        e = ERR_INTERNAL;
    }
    return e;
}
