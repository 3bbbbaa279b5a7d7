/*
 * pdf.h -- documents as PDF: text that flows over pages, tagged, selectable, in any script; and the
 * seal that makes such a file prove itself.
 * Implementations: cgi-src/providers/pdf.c (Pango and Cairo), pdf_seal.c, pdf_check.c (libqpdf, OpenSSL's CMS).
 * Never: reads the clock or the locale; equal input gives equal bytes with the same libraries and fonts.
 * Not for the web's pools: Pango looks for fonts in a thread, which their sandbox forbids.
 */
#ifndef FOYER_PDF_H
#define FOYER_PDF_H
#include "base.h"

struct evp_pkey_st;
struct x509_st;

/* ---- writing ---- */

enum pdf_paper { PDF_A4, PDF_LETTER };

struct pdf_options {
    struct str title, author, subject;
    struct str language;    /* BCP 47; decides between shapes that scripts share */
    struct str left, right; /* at the head of each page */
    struct str foot;        /* at the foot of each page, beside "Page x of y" */
    enum pdf_paper paper;
    int64_t made_at; /* seconds since 1970, UTC: the time of the record, not of the clock */
};

/* The paper of a country (ISO 3166, two letters): Letter where that is what printers hold. */
enum pdf_paper pdf_paper_of(struct str country);

struct pdf;
/* All that is added must live as long as the arena. */
struct pdf *pdf_new(struct arena *a, const struct pdf_options *o);
void pdf_heading(struct pdf *p, int level, struct str text); /* level 1 to 3 */
/* Lines as they are; a line too long for the page is broken, a word too long for it as well. */
void pdf_paragraph(struct pdf *p, struct str text);
void pdf_small(struct pdf *p, struct str text);
/* Every byte to be seen as it is: letters of one width. */
void pdf_exact(struct pdf *p, struct str text);
/* A line of a table of two columns; neighbours make one table. */
void pdf_fact(struct pdf *p, struct str label, struct str value);
void pdf_fact_exact(struct pdf *p, struct str label, struct str value); /* a hash, an id */

struct pdf_point {
    double x, y;
};
struct pdf_stroke {
    const struct pdf_point *points;
    size_t n;
};
/* What was drawn by hand on a pad of width x height units, as lines; words: what it is, for who cannot see it. */
void pdf_drawing(struct pdf *p, const struct pdf_stroke *strokes, size_t n, double width,
                 double height, struct str words);
/*
 * pdf_outlines -- the lines of a drawing as it stands in a page (SVG): the d of each path, curves as short straight lines; mirrored where
 * the page mirrors it, by transform="translate(WIDTH 0) scale(-1 1)".
 * Errors: ERR_INVALID for what such a drawing does not hold: other elements than path and g, arcs, quadratic curves.
 */
enum err MUST_CHECK pdf_outlines(struct arena *a, struct str svg, double width,
                                 const struct pdf_stroke **strokes, size_t *n);
struct pdf_mark {
    double x, y;
    struct str label;
};
/* Marks with their labels on a drawing of width x height units; words: what it is, for who cannot see it, and below it. */
void pdf_map(struct pdf *p, const struct pdf_stroke *outlines, size_t n, const struct pdf_mark *marks,
             size_t n_marks, double width, double height, struct str words);
/* A text as a square that phones read (qr.h), 30 mm wide; words: what it is, for who cannot see it, and below it. One that is too long
 * for a square is left out. */
void pdf_square(struct pdf *p, struct str text, struct str words);
/* A name that was typed as a signature. */
void pdf_signed_name(struct pdf *p, struct str name);
void pdf_gap(struct pdf *p);
void pdf_new_page(struct pdf *p);

/* Errors: ERR_INTERNAL, logged. *n_pages may be NULL. */
enum err MUST_CHECK pdf_end(struct pdf *p, struct str *bytes, int *n_pages);

/* ---- sealing ---- */

struct pdf_attachment {
    struct str name, type, about; /* type: "application/json" */
    struct str relation;          /* Source, Data, Supplement */
    struct str bytes;
};
struct pdf_signer {
    struct evp_pkey_st *key;
    struct x509_st *certificate, *authority;
};
struct pdf_seal {
    struct str name, reason, place; /* as readers show them */
    struct str language;
    int64_t at; /* seconds since 1970, UTC */
};

/*
 * pdf_seal_document -- the same document with attachments, certified (no change allowed) by a CMS signature over all bytes but itself:
 * ISO 32000 12.8, PAdES baseline B (ETSI EN 319 142-1): ETSI.CAdES.detached, SHA-256, signing-certificate-v2, the time in the
 * dictionary and not in the CMS.
 * Errors: ERR_INTERNAL, logged.
 */
enum err MUST_CHECK pdf_seal_document(struct arena *a, struct str pdf,
                                      const struct pdf_attachment *attachments, size_t n,
                                      const struct pdf_signer *signer, const struct pdf_seal *seal,
                                      struct str *out);

/* ---- checking ---- */

struct pdf_checked {
    struct str why;       /* what is wrong, for people; "" when nothing is */
    struct str signer;    /* name in the certificate that signed */
    struct str authority; /* SHA-256 of the authority's certificate, hex */
    struct str said_at;   /* time that the seal names, as it stands there */
    const struct pdf_attachment *attachments;
    size_t n_attachments;
};

/*
 * pdf_check_seal -- whether a file is as it was sealed: every byte is covered, the signature holds, and its certificate is
 * signed by the authority (NULL: by the one that comes with it, which proves that nothing was changed, not by whom).
 * Errors: ERR_INVALID with c->why. Attachments are given only when all holds.
 */
enum err MUST_CHECK pdf_check_seal(struct arena *a, struct str pdf, struct x509_st *authority,
                                   struct pdf_checked *c);
#endif
