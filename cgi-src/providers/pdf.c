/*
 * pdf.c -- text that flows over pages, by Pango (scripts, directions, fonts) and Cairo (PDF, its tags).
 * Owns: how a document looks. It is laid out twice: once to count the pages, once to draw.
 * Never: takes a font from the text; what no font has is drawn as a box with its number, and stays selectable.
 */
#include "pdf.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <time.h>

#include "log.h"
#include "qr.h"

#ifdef __SANITIZE_ADDRESS__
/* What LeakSanitizer does not count; nothing of ours may stand here. Not in a file, for a program in its sandbox reads none when it ends.
 * Cairo 1.16 loses the FDArray tables of each CID font (CFF, as Noto Sans CJK is) whose glyphs it puts into a PDF. Fontconfig keeps its
 * patterns while Cairo, or the thread of Pango, has a font in use: both let go when the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libcairo.so\n"
           "leak:libfontconfig.so\n";
}
const char *__lsan_default_options(void);
const char *__lsan_default_options(void) { return "print_suppressions=0"; }
#endif

#define SANS "Noto Sans,Noto Sans Symbols2,DejaVu Sans,sans-serif"
#define SERIF "Noto Serif,DejaVu Serif,serif"
#define MONO "Noto Sans Mono,DejaVu Sans Mono,monospace"

/* Points: a seventy-second of an inch. */
static const double margin = 54, head_room = 30, foot_room = 28, label_share = 0.34, gutter = 12;
static const double ink[] = {0.11, 0.10, 0.09}, hush[] = {0.36, 0.34, 0.32},
                    hair[] = {0.82, 0.80, 0.78};

enum kind {
    HEADING,
    PARAGRAPH,
    SMALL,
    EXACT,
    FACT,
    FACT_EXACT,
    DRAWING,
    MAP,
    SQUARE,
    SIGNED_NAME,
    GAP,
    NEW_PAGE
};

struct block {
    struct block *next;
    enum kind kind;
    int level;
    struct str text, value;
    const struct pdf_stroke *strokes;
    size_t n_strokes;
    const struct pdf_mark *marks;
    size_t n_marks;
    const struct qr_bar *bars;
    size_t n_bars;
    double width, height;
};

struct pdf {
    struct arena *arena;
    struct pdf_options o;
    struct block *first, **last;
    double width, height;
    /* While it is laid out: */
    cairo_t *cr;
    PangoContext *context;
    double y;
    int page, n_pages; /* n_pages 0: they are being counted, nothing is drawn */
    bool in_table;
    struct buf out;
};

enum pdf_paper pdf_paper_of(struct str country)
{
    static const char letter[][3] = {"US", "CA", "MX", "PH", "PR", "CL", "CO",
                                     "CR", "DO", "GT", "NI", "PA", "SV", "VE"};
    for (size_t i = 0; i < COUNT_OF(letter); i++)
        if (str_is(country, letter[i]))
            return PDF_LETTER;
    return PDF_A4;
}

/* ---- what is to be written ---- */

/* Control characters have no picture, and some end a text for Pango: shown as what they are not. */
static struct str clean(struct arena *a, struct str s)
{
    struct buf b = buf_in(a, s.n + 16);
    s = arena_plain_lines(a, s);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
            buf_addz(&b, "\xef\xbf\xbd");
        else
            buf_addc(&b, s.p[i]);
    }
    return str_utf8_ok(buf_str(&b)) ? buf_str(&b) : S("\xef\xbf\xbd");
}

struct pdf *pdf_new(struct arena *a, const struct pdf_options *o)
{
    struct pdf *p = arena_alloc(a, sizeof *p);
    *p = (struct pdf){.arena = a, .o = *o, .width = 595.276, .height = 841.89};
    if (o->paper == PDF_LETTER) {
        p->width = 612;
        p->height = 792;
    }
    p->last = &p->first;
    return p;
}

static struct block *add(struct pdf *p, enum kind kind, struct str text)
{
    struct block *b = arena_alloc(p->arena, sizeof *b);
    *b = (struct block){.kind = kind, .text = clean(p->arena, text)};
    *p->last = b;
    p->last = &b->next;
    return b;
}

void pdf_heading(struct pdf *p, int level, struct str text)
{
    add(p, HEADING, text)->level = level;
}
void pdf_paragraph(struct pdf *p, struct str text) { add(p, PARAGRAPH, text); }
void pdf_small(struct pdf *p, struct str text) { add(p, SMALL, text); }
void pdf_exact(struct pdf *p, struct str text) { add(p, EXACT, text); }
void pdf_signed_name(struct pdf *p, struct str name) { add(p, SIGNED_NAME, name); }
void pdf_gap(struct pdf *p) { add(p, GAP, S("")); }
void pdf_new_page(struct pdf *p) { add(p, NEW_PAGE, S("")); }

void pdf_fact(struct pdf *p, struct str label, struct str value)
{
    add(p, FACT, label)->value = clean(p->arena, value);
}

void pdf_fact_exact(struct pdf *p, struct str label, struct str value)
{
    add(p, FACT_EXACT, label)->value = clean(p->arena, value);
}

void pdf_drawing(struct pdf *p, const struct pdf_stroke *strokes, size_t n, double width,
                 double height, struct str words)
{
    struct block *b = add(p, DRAWING, words);
    b->strokes = strokes;
    b->n_strokes = n;
    b->width = width;
    b->height = height;
}

void pdf_map(struct pdf *p, const struct pdf_stroke *outlines, size_t n,
             const struct pdf_mark *marks, size_t n_marks, double width, double height,
             struct str words)
{
    struct block *b = add(p, MAP, words);
    b->strokes = outlines;
    b->n_strokes = n;
    b->marks = marks;
    b->n_marks = n_marks;
    b->width = width;
    b->height = height;
}

void pdf_square(struct pdf *p, struct str text, struct str words)
{
    const struct qr_bar *bars;
    size_t n;
    int side;
    if (qr_bars(p->arena, text, &bars, &n, &side))
        return;
    struct block *b = add(p, SQUARE, words);
    b->bars = bars;
    b->n_bars = n;
    b->width = side;
}

/* ---- tags ---- */

static void tag(struct pdf *p, const char *name)
{
    if (p->n_pages)
        cairo_tag_begin(p->cr, name, NULL);
}

static void untag(struct pdf *p, const char *name)
{
    if (p->n_pages)
        cairo_tag_end(p->cr, name);
}

static void table(struct pdf *p, bool is_one)
{
    if (is_one && !p->in_table)
        tag(p, "Table");
    else if (!is_one && p->in_table)
        untag(p, "Table");
    p->in_table = is_one;
}

/* ---- lines on pages ---- */

static PangoLayout *layout_of(struct pdf *p, const char *font, double size, double width,
                              struct str text)
{
    char words[160];
    snprintf(words, sizeof words, "%s %.1f", font, size);
    PangoLayout *layout = pango_layout_new(p->context);
    PangoFontDescription *described = pango_font_description_from_string(words);
    pango_layout_set_font_description(layout, described);
    pango_font_description_free(described);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_line_spacing(layout, 1.15F);
    /* Letters that melt into one would be found and copied as that one; scripts that need it do not ask by these. */
    PangoAttrList *features = pango_attr_list_new();
    pango_attr_list_insert(features, pango_attr_font_features_new("liga=0, clig=0, dlig=0"));
    /* (where a hash goes on in the next line, nothing is put in that is not in it) */
    pango_attr_list_insert(features, pango_attr_insert_hyphens_new(FALSE));
    pango_layout_set_attributes(layout, features);
    pango_attr_list_unref(features);
    pango_layout_set_text(layout, text.p, (int)text.n);
    return layout;
}

static void colour(struct pdf *p, const double rgb[3])
{
    cairo_set_source_rgb(p->cr, rgb[0], rgb[1], rgb[2]);
}

/* One line at a place that is no part of the text: head and foot. to_right: x is its right end. */
static void aside(struct pdf *p, double x, double y, double width, bool to_right, struct str text)
{
    PangoLayout *layout = layout_of(p, SANS, 7.5, width, text);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_auto_dir(layout, FALSE);
    pango_layout_set_alignment(layout, to_right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    cairo_move_to(p->cr, x, y);
    pango_cairo_show_layout(p->cr, layout);
    g_object_unref(layout);
}

static void begin_page(struct pdf *p)
{
    double inner = p->width - 2 * margin;
    p->page++;
    p->y = margin + head_room;
    if (!p->n_pages)
        return;
    struct str count = arena_printf(p->arena, "Page %d of %d", p->page, p->n_pages);
    colour(p, hush);
    aside(p, margin, margin - 8, inner * 0.45, false, clean(p->arena, p->o.left));
    aside(p, margin + inner * 0.5, margin - 8, inner * 0.5, true, clean(p->arena, p->o.right));
    aside(p, margin, p->height - margin, inner * 0.8, false, clean(p->arena, p->o.foot));
    aside(p, margin + inner * 0.8, p->height - margin, inner * 0.2, true, count);
    colour(p, hair);
    cairo_set_line_width(p->cr, 0.5);
    cairo_move_to(p->cr, margin, margin + 8);
    cairo_line_to(p->cr, p->width - margin, margin + 8);
    cairo_stroke(p->cr);
    colour(p, ink);
}

static void turn_page(struct pdf *p)
{
    if (p->n_pages)
        cairo_show_page(p->cr);
    begin_page(p);
}

static double room(const struct pdf *p) { return p->height - margin - foot_room - p->y; }

static void need(struct pdf *p, double points)
{
    if (room(p) < points && p->y > margin + head_room)
        turn_page(p);
}

/* A text line by line from x on, over as many pages as it takes. */
static void flow(struct pdf *p, PangoLayout *layout, double x)
{
    PangoLayoutIter *i = pango_layout_get_iter(layout);
    do {
        PangoRectangle extents;
        PangoLayoutLine *line = pango_layout_iter_get_line_readonly(i);
        pango_layout_iter_get_line_extents(i, NULL, &extents);
        double height = (double)extents.height / PANGO_SCALE,
               ascent = (double)(pango_layout_iter_get_baseline(i) - extents.y) / PANGO_SCALE;
        need(p, height);
        if (p->n_pages) {
            cairo_move_to(p->cr, x + (double)extents.x / PANGO_SCALE, p->y + ascent);
            pango_cairo_show_layout_line(p->cr, line);
        }
        p->y += height;
    } while (pango_layout_iter_next_line(i));
    pango_layout_iter_free(i);
}

static void text_block(struct pdf *p, const char *name, const char *font, double size,
                       const double rgb[3], struct str text)
{
    if (text.n == 0)
        return;
    PangoLayout *layout = layout_of(p, font, size, p->width - 2 * margin, text);
    if (p->n_pages)
        colour(p, rgb);
    tag(p, name);
    flow(p, layout, margin);
    untag(p, name);
    g_object_unref(layout);
}

static void heading(struct pdf *p, const struct block *b)
{
    static const double sizes[] = {17, 12.5, 10.5};
    static const char *const names[] = {"H1", "H2", "H3"};
    int i = b->level < 1 ? 0 : b->level > 3 ? 2 : b->level - 1;
    need(p, sizes[i] * 2 + 60); /* never alone at a page's end */
    if (p->y > margin + head_room)
        p->y += sizes[i] * 0.7;
    text_block(p, names[i], SANS " Semi-Bold", sizes[i], ink, b->text);
    p->y += sizes[i] * 0.35;
}

/* Label and value side by side; whichever is longer says where the next line begins. */
static void fact(struct pdf *p, const struct block *b)
{
    double inner = p->width - 2 * margin, left = inner * label_share;
    struct str value = b->value.n ? b->value : S("\xe2\x80\x93");
    PangoLayout *label = layout_of(p, SANS, 9, left - gutter, b->text),
                *content = layout_of(p, b->kind == FACT ? SANS : MONO, b->kind == FACT ? 9.5 : 8,
                                     inner - left, value);
    int label_height, content_height;
    pango_layout_get_size(label, NULL, &label_height);
    pango_layout_get_size(content, NULL, &content_height);
    /* Together on one page where they can be. */
    int most = label_height > content_height ? label_height : content_height;
    double whole = (double)most / PANGO_SCALE,
           page = p->height - 2 * margin - head_room - foot_room;
    need(p, whole < page ? whole + 4 : 30);

    double top = p->y;
    int page_before = p->page;
    tag(p, "TR");
    if (p->n_pages)
        colour(p, hush);
    tag(p, "TH");
    flow(p, label, margin);
    untag(p, "TH");
    double label_end = p->y;
    if (p->page == page_before)
        p->y = top; /* (a label of more than a page is followed by its value) */
    int page_of_label = p->page;
    if (p->n_pages)
        colour(p, ink);
    tag(p, "TD");
    flow(p, content, margin + left);
    untag(p, "TD");
    untag(p, "TR");
    if (p->page == page_of_label && page_of_label == page_before && label_end > p->y)
        p->y = label_end;
    p->y += 4;
    g_object_unref(label);
    g_object_unref(content);
}

static void sign_line(struct pdf *p, double width)
{
    if (p->n_pages) {
        colour(p, hush);
        cairo_set_line_width(p->cr, 0.6);
        cairo_move_to(p->cr, margin, p->y);
        cairo_line_to(p->cr, margin + width, p->y);
        cairo_stroke(p->cr);
        colour(p, ink);
    }
    p->y += 6;
}

static void strokes(struct pdf *p, const struct block *b, double top, double scale, double width)
{
    cairo_set_line_width(p->cr, width);
    cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
    for (size_t i = 0; i < b->n_strokes; i++) {
        const struct pdf_stroke *s = &b->strokes[i];
        for (size_t k = 0; k < s->n; k++)
            cairo_line_to(p->cr, margin + s->points[k].x * scale, top + s->points[k].y * scale);
        if (s->n == 1) /* a dot: a line of no length, with round ends */
            cairo_close_path(p->cr);
        cairo_stroke(p->cr);
    }
}

static void drawing(struct pdf *p, const struct block *b)
{
    const double wide = 240, scale = b->width > 0 ? wide / b->width : 1, high = b->height * scale;
    need(p, high + 40);
    double top = p->y;
    tag(p, "Figure");
    if (p->n_pages)
        strokes(p, b, top, scale, 1.3);
    untag(p, "Figure");
    p->y = top + high;
    sign_line(p, wide);
    text_block(p, "P", SANS, 8.5, hush, b->text);
}

/* A mark is a filled circle, its label to the right of it. */
static void map(struct pdf *p, const struct block *b)
{
    const double wide = 190, scale = b->width > 0 ? wide / b->width : 1, high = b->height * scale;
    need(p, high + 30);
    double top = p->y;
    tag(p, "Figure");
    if (p->n_pages) {
        colour(p, hush);
        strokes(p, b, top, scale, 0.7);
        colour(p, ink);
    }
    for (size_t i = 0; p->n_pages && i < b->n_marks; i++) {
        double x = margin + b->marks[i].x * scale, y = top + b->marks[i].y * scale;
        cairo_arc(p->cr, x, y, 2.4, 0, 6.283185307179586);
        cairo_fill(p->cr);
        aside(p, x + 3.5, y - 5, 40, false, clean(p->arena, b->marks[i].label));
    }
    untag(p, "Figure");
    p->y = top + high + 4;
    text_block(p, "P", SANS, 8.5, hush, b->text);
    p->y += 6;
}

static void square(struct pdf *p, const struct block *b)
{
    const double wide = 85, unit = wide / b->width;
    need(p, wide + 20);
    tag(p, "Figure");
    for (size_t i = 0; p->n_pages && i < b->n_bars; i++)
        cairo_rectangle(p->cr, margin + b->bars[i].x * unit, p->y + b->bars[i].y * unit,
                        b->bars[i].width * unit, unit);
    if (p->n_pages) {
        cairo_set_source_rgb(p->cr, 0, 0, 0);
        cairo_fill(p->cr);
        colour(p, ink);
    }
    untag(p, "Figure");
    p->y += wide;
    text_block(p, "P", SANS, 8.5, hush, b->text);
    p->y += 6;
}

static void block(struct pdf *p, const struct block *b)
{
    table(p, b->kind == FACT || b->kind == FACT_EXACT);
    switch (b->kind) {
    case HEADING:
        heading(p, b);
        break;
    case PARAGRAPH:
        text_block(p, "P", SANS, 10, ink, b->text);
        p->y += 6;
        break;
    case SMALL:
        text_block(p, "P", SANS, 8.5, hush, b->text);
        p->y += 4;
        break;
    case EXACT:
        text_block(p, "P", MONO, 7.5, ink, b->text);
        p->y += 6;
        break;
    case FACT:
    case FACT_EXACT:
        fact(p, b);
        break;
    case DRAWING:
        drawing(p, b);
        break;
    case MAP:
        map(p, b);
        break;
    case SQUARE:
        square(p, b);
        break;
    case SIGNED_NAME:
        need(p, 60);
        p->y += 10;
        text_block(p, "P", SERIF " Italic", 21, ink, b->text);
        sign_line(p, 300);
        break;
    case GAP:
        p->y += 10;
        break;
    case NEW_PAGE:
        if (p->y > margin + head_room)
            turn_page(p);
        break;
    }
}

/* ---- the whole ---- */

static void lay_out(struct pdf *p, int n_pages)
{
    p->n_pages = n_pages;
    p->page = 0;
    p->in_table = false;
    begin_page(p);
    for (const struct block *b = p->first; b; b = b->next)
        block(p, b);
    table(p, false);
}

static cairo_status_t write_out(void *self, const unsigned char *bytes, unsigned n)
{
    struct pdf *p = self;
    buf_add(&p->out, (struct str){(const char *)bytes, n});
    return CAIRO_STATUS_SUCCESS;
}

static void describe(struct pdf *p, cairo_surface_t *surface)
{
    char at[40];
    struct tm parts;
    time_t seconds = (time_t)p->o.made_at;
    gmtime_r(&seconds, &parts);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &parts);
    const struct {
        cairo_pdf_metadata_t what;
        struct str text;
    } all[] = {
        {CAIRO_PDF_METADATA_TITLE, p->o.title},       {CAIRO_PDF_METADATA_AUTHOR, p->o.author},
        {CAIRO_PDF_METADATA_SUBJECT, p->o.subject},   {CAIRO_PDF_METADATA_CREATOR, S("Foyer")},
        {CAIRO_PDF_METADATA_CREATE_DATE, str_of(at)}, {CAIRO_PDF_METADATA_MOD_DATE, str_of(at)}};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        cairo_pdf_surface_set_metadata(surface, all[i].what,
                                       arena_cstr(p->arena, clean(p->arena, all[i].text)));
}

enum err pdf_end(struct pdf *p, struct str *bytes, int *n_pages)
{
    p->out = buf_in(p->arena, 64 << 10);
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(write_out, p, p->width, p->height);
    /* (a later Cairo would hide objects in streams, and the seal reads them) */
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_4);
    describe(p, surface);
    p->cr = cairo_create(surface);
    p->context = pango_cairo_create_context(p->cr);
    pango_context_set_language(
        p->context,
        pango_language_from_string(p->o.language.n ? arena_cstr(p->arena, p->o.language) : "en"));
    /* The shape of a line must not depend on the grid of a screen. */
    pango_context_set_round_glyph_positions(p->context, FALSE);
    cairo_font_options_t *fonts = cairo_font_options_create();
    cairo_font_options_set_hint_style(fonts, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(fonts, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(p->context, fonts);
    cairo_font_options_destroy(fonts);

    lay_out(p, 0);
    lay_out(p, p->page);
    cairo_show_page(p->cr);
    cairo_status_t bad = cairo_status(p->cr);
    g_object_unref(p->context);
    cairo_destroy(p->cr);
    cairo_surface_finish(surface);
    bad = bad ? bad : cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (bad) {
        log_error("pdf.cairo", "why", cairo_status_to_string(bad), NULL);
        return ERR_INTERNAL;
    }
    *bytes = buf_str(&p->out);
    if (n_pages)
        *n_pages = p->page;
    return OK;
}
