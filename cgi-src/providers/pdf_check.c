/*
 * pdf_check.c -- whether a sealed PDF is as it was sealed.
 * Owns: what makes a seal good here, which is stricter than the standard: each byte of the file counts, those of the signature
 * and of the room behind it as well.
 * Never: trusts a place that the file names without looking what stands there.
 */
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <qpdf/qpdf-c.h>
#include <stdlib.h>
#include <time.h>

#include "crypto.h"
#include "pdf.h"
#include "providers/pdf_seal.h"

enum { MOST_ATTACHMENTS = 16 };

static enum err wrong(struct pdf_checked *c, const char *why)
{
    c->why = str_of(why);
    c->n_attachments = 0;
    return ERR_INVALID;
}

/* ---- where the signature is ---- */

struct place {
    size_t first, second;
};

static bool read_range(qpdf_data q, qpdf_oh signature, struct str pdf, struct place *p)
{
    qpdf_oh range = qpdf_oh_get_key_if_dict(q, signature, "/ByteRange");
    long long n[4];
    if (!qpdf_oh_is_array(q, range) || qpdf_oh_get_array_n_items(q, range) != 4)
        return false;
    for (int i = 0; i < 4; i++)
        if (!qpdf_oh_get_value_as_longlong(q, qpdf_oh_get_array_item(q, range, i), &n[i]) ||
            n[i] < 0 || n[i] > (long long)pdf.n)
            return false;
    *p = (struct place){(size_t)n[1], (size_t)n[2]};
    return n[0] == 0 && n[2] + n[3] == (long long)pdf.n &&
           p->second == p->first + 2 + SEAL_CONTENTS * 2;
}

/* What stands between the two parts, as bytes; small letters only, so that one byte has one spelling. */
static bool read_contents(struct arena *a, struct str pdf, const struct place *p, struct str *out)
{
    struct buf b = buf_in(a, SEAL_CONTENTS + 1);
    const char *hex = pdf.p + p->first + 1;
    if (pdf.p[p->first] != '<' || pdf.p[p->second - 1] != '>')
        return false;
    for (size_t i = 0; i < SEAL_CONTENTS; i++) {
        int byte = 0;
        for (int k = 0; k < 2; k++) {
            char c = hex[i * 2 + (size_t)k];
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
                return false;
            byte = byte * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
        }
        buf_addc(&b, (char)byte);
    }
    *out = buf_str(&b);
    return true;
}

/* The CMS at the front of the room, written the one way there is, and nothing but zeros behind it. */
static CMS_ContentInfo *read_cms(struct str contents)
{
    const unsigned char *at = (const unsigned char *)contents.p, *begin = at;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)contents.n);
    unsigned char *again = NULL;
    int n = cms ? i2d_CMS_ContentInfo(cms, &again) : 0;
    bool good = n > 0 && n == at - begin && memcmp(again, begin, (size_t)n) == 0;
    for (size_t i = n > 0 ? (size_t)n : 0; good && i < contents.n; i++)
        good = contents.p[i] == 0;
    OPENSSL_free(again);
    if (good)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

/* ---- who signed ---- */

static struct str fingerprint(struct arena *a, X509 *certificate)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct buf b = buf_in(a, 80);
    if (X509_digest(certificate, EVP_sha256(), hash, &n) == 1)
        esc_hex(&b, (struct str){(const char *)hash, n});
    return buf_str(&b);
}

static struct str common_name(struct arena *a, X509 *certificate)
{
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
    return arena_str(a, str_of(name));
}

/* "D:YYYYMMDDhhmmssZ" */
static time_t time_of(struct str s)
{
    struct tm parts = {0};
    int64_t n[6];
    static const int at[] = {2, 6, 8, 10, 12, 14}, length[] = {4, 2, 2, 2, 2, 2};
    if (s.n != 17 || !str_starts(s, S("D:")) || s.p[16] != 'Z')
        return -1;
    for (int i = 0; i < 6; i++)
        if (str_int(str_part(s, (size_t)at[i], (size_t)length[i]), &n[i]) || n[i] < 0)
            return -1;
    parts.tm_year = (int)n[0] - 1900;
    parts.tm_mon = (int)n[1] - 1;
    parts.tm_mday = (int)n[2];
    parts.tm_hour = (int)n[3];
    parts.tm_min = (int)n[4];
    parts.tm_sec = (int)n[5];
    return timegm(&parts);
}

/* The two certificates that come along: who signed, and who vouches for that one. */
static bool sort_certificates(STACK_OF(X509) * all, X509 **signer, X509 **authority)
{
    *signer = *authority = NULL;
    for (int i = 0; i < sk_X509_num(all); i++) {
        X509 *x = sk_X509_value(all, i);
        X509 **into = X509_check_ca(x) > 0 ? authority : signer;
        if (*into)
            return false;
        *into = x;
    }
    return *signer && *authority;
}

static bool cms_holds(CMS_ContentInfo *cms, X509 *root, struct str pdf, const struct place *p,
                      time_t at)
{
    X509_STORE *store = X509_STORE_new();
    BIO *content = BIO_new(BIO_s_mem());
    bool good =
        store && content && X509_STORE_add_cert(store, root) == 1 &&
        BIO_write(content, pdf.p, (int)p->first) == (int)p->first &&
        BIO_write(content, pdf.p + p->second, (int)(pdf.n - p->second)) == (int)(pdf.n - p->second);
    if (good) {
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), at);
        good = CMS_verify(cms, NULL, store, content, NULL, CMS_BINARY | CMS_CADES) == 1;
    }
    BIO_free(content);
    X509_STORE_free(store);
    ERR_clear_error();
    return good;
}

static enum err check_cms(struct arena *a, struct str pdf, const struct place *p,
                          struct str contents, X509 *authority, struct pdf_checked *c)
{
    CMS_ContentInfo *cms = read_cms(contents);
    if (!cms)
        return wrong(c, "the signature is damaged");
    STACK_OF(X509) *all = CMS_get1_certs(cms);
    X509 *signer, *root;
    enum err e = OK;
    if (!sort_certificates(all, &signer, &root)) {
        e = wrong(c, "the signature does not come with its certificates");
    } else {
        c->signer = common_name(a, signer);
        c->authority = fingerprint(a, root);
        if (authority && X509_cmp(authority, root) != 0)
            e = wrong(c, "it was sealed under another authority");
        else if (X509_verify(root, X509_get0_pubkey(root)) != 1)
            e = wrong(c, "the authority's certificate is damaged");
        else if (!cms_holds(cms, root, pdf, p, time_of(c->said_at)))
            e = wrong(c, "it was changed after it was sealed");
    }
    sk_X509_pop_free(all, X509_free);
    CMS_ContentInfo_free(cms);
    return e;
}

/* ---- attachments ---- */

static struct str text_of(qpdf_data q, struct arena *a, qpdf_oh dict, const char *key)
{
    size_t n = 0;
    qpdf_oh value = qpdf_oh_get_key_if_dict(q, dict, key);
    if (qpdf_oh_is_string(q, value)) {
        const char *p = qpdf_oh_get_binary_utf8_value(q, value, &n);
        return arena_str(a, (struct str){p, n});
    }
    return qpdf_oh_is_name(q, value) ? arena_str(a, str_of(qpdf_oh_get_name(q, value) + 1)) : S("");
}

static bool stream_bytes(qpdf_data q, struct arena *a, qpdf_oh stream, struct str *out)
{
    unsigned char *bytes = NULL;
    size_t n = 0;
    QPDF_BOOL filtered = QPDF_FALSE;
    bool good = qpdf_oh_is_stream(q, stream) &&
                !(qpdf_oh_get_stream_data(q, stream, qpdf_dl_generalized, &filtered, &bytes, &n) &
                  QPDF_ERRORS);
    if (good)
        *out = arena_str(a, (struct str){(const char *)bytes, n});
    free(bytes);
    return good;
}

static void take_attachments(qpdf_data q, struct arena *a, struct pdf_checked *c)
{
    struct pdf_attachment *all = arena_alloc(a, MOST_ATTACHMENTS * sizeof *all);
    qpdf_oh names = qpdf_oh_get_key_if_dict(q, qpdf_get_root(q), "/Names");
    names =
        qpdf_oh_get_key_if_dict(q, qpdf_oh_get_key_if_dict(q, names, "/EmbeddedFiles"), "/Names");
    int n = qpdf_oh_is_array(q, names) ? qpdf_oh_get_array_n_items(q, names) / 2 : 0;
    c->attachments = all;
    for (int i = 0; i < n && i < MOST_ATTACHMENTS; i++) {
        qpdf_oh spec = qpdf_oh_get_array_item(q, names, i * 2 + 1);
        qpdf_oh file = qpdf_oh_get_key_if_dict(q, qpdf_oh_get_key_if_dict(q, spec, "/EF"), "/F");
        struct pdf_attachment one = {.name = text_of(q, a, spec, "/UF"),
                                     .about = text_of(q, a, spec, "/Desc"),
                                     .relation = text_of(q, a, spec, "/AFRelationship")};
        if (!stream_bytes(q, a, file, &one.bytes))
            continue;
        one.type = text_of(q, a, qpdf_oh_get_dict(q, file), "/Subtype");
        all[c->n_attachments++] = one;
    }
}

/* ---- the whole ---- */

static enum err check(qpdf_data q, struct arena *a, struct str pdf, X509 *authority,
                      struct pdf_checked *c)
{
    struct place p;
    struct str contents;
    if (qpdf_read_memory(q, "document", pdf.p, pdf.n, NULL) & QPDF_ERRORS)
        return wrong(c, "it is no PDF that can be read");
    qpdf_oh root = qpdf_get_root(q);
    qpdf_oh signature =
        qpdf_oh_get_key_if_dict(q, qpdf_oh_get_key_if_dict(q, root, "/Perms"), "/DocMDP");
    if (!qpdf_oh_is_dictionary(q, signature))
        return wrong(c, "it carries no seal");
    c->said_at = text_of(q, a, signature, "/M");
    if (!read_range(q, signature, pdf, &p) || !read_contents(a, pdf, &p, &contents))
        return wrong(c, "the seal does not cover the whole file");
    enum err e = check_cms(a, pdf, &p, contents, authority, c);
    if (!e)
        take_attachments(q, a, c);
    return e;
}

enum err pdf_check_seal(struct arena *a, struct str pdf, X509 *authority, struct pdf_checked *c)
{
    *c = (struct pdf_checked){0};
    qpdf_data q = qpdf_init();
    qpdf_silence_errors(q);
    qpdf_set_suppress_warnings(q, QPDF_TRUE);
    qpdf_set_attempt_recovery(q, QPDF_FALSE);
    enum err e = check(q, a, pdf, authority, c);
    if (qpdf_has_error(q))
        qpdf_get_error(q); /* taken, or it is printed */
    qpdf_cleanup(&q);
    return e;
}
