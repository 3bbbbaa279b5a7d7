/*
 * picture_decode.c -- a JPEG, PNG or WebP as pixels, and as two JPEGs again.
 * By libjpeg-turbo, libpng, libwebp and Little CMS themselves, none of which needs a thread or a file: this runs where there are
 * neither. (libvips, which stands upon them, starts threads for every operation, and brings ImageMagick and Poppler along.)
 * Owns: what is kept of a picture: pixels. Orientation and colours are applied, all else is left behind.
 * Never: takes memory for pixels before the header said how many there are; believes a header that says too many.
 */
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>
#include <lcms2.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>
#include <webp/decode.h>

#include "picture.h"

enum { RGB = 3, RGBA = 4, MOST_SCANS = 200, QUALITY = 85, MOST_PROFILE = 1 << 20 };

/* Pixels, three bytes each, row after row. */
struct pixels {
    size_t w, h;
    unsigned char *p;
};

/* What was read of a file. */
struct source {
    struct pixels image;
    int orientation;     /* as EXIF counts: 1 is upright */
    cmsHPROFILE colours; /* NULL: sRGB, or none that could be used */
};

/* Memory for as long as this process has to live, which is one picture: nothing is given back before, not even where a library
 * jumps out of a broken file. Zeros, so that no pixel is ever what stood there before. */
static void *take(size_t n)
{
    static void *taken[32];
    static size_t n_taken;
    void *p = n > 0 && n_taken < COUNT_OF(taken) ? calloc(1, n) : NULL;
    if (!p)
        _exit(PICTURE_TOO_MUCH);
    taken[n_taken++] = p;
    return p;
}

static bool fits(size_t w, size_t h) { return w > 0 && h > 0 && w <= PICTURE_MOST_PIXELS / h; }

static void check_size(size_t w, size_t h)
{
    if (!fits(w, h))
        _exit(w > 0 && h > 0 ? PICTURE_TOO_LARGE : PICTURE_BROKEN);
}

/* Within edge by edge, never larger than it was. */
static void fit(size_t w, size_t h, size_t edge, size_t *to_w, size_t *to_h)
{
    size_t longer = w > h ? w : h;
    *to_w = longer <= edge ? w : (w * edge + longer / 2) / longer;
    *to_h = longer <= edge ? h : (h * edge + longer / 2) / longer;
    *to_w += *to_w == 0;
    *to_h += *to_h == 0;
}

/* The colours that its numbers mean: of a profile no larger than any camera's. (The library takes a copy.) */
static void keep_profile(struct source *s, const unsigned char *profile, size_t n)
{
    if (n > 0 && n <= MOST_PROFILE)
        s->colours = cmsOpenProfileFromMem(profile, (cmsUInt32Number)n);
}

/* ---- made smaller, row by row: each pixel is the mean of the area that it stands for ---- */

struct shrinker {
    size_t w, h;      /* of what comes in */
    struct pixels to; /* filled row by row */
    uint64_t *sums;   /* of the row that is being filled: to.w * 3 */
    uint64_t *row;    /* one row of the source at the width of the target */
    size_t filled,
        y; /* how much of that row is there, in source rows times to.h; which row it is */
};

static struct shrinker shrinker_of(size_t w, size_t h, size_t edge)
{
    struct shrinker s = {.w = w, .h = h};
    check_size(w, h);
    fit(w, h, edge, &s.to.w, &s.to.h);
    s.to.p = take(s.to.w * s.to.h * RGB);
    s.sums = take(s.to.w * RGB * sizeof *s.sums);
    s.row = take(s.to.w * RGB * sizeof *s.row);
    return s;
}

/* A source pixel is to.w units wide, one of the target s.w units. */
static void narrow_row(struct shrinker *s, const unsigned char *in)
{
    size_t x = 0, room = s->w;
    memset(s->row, 0, s->to.w * RGB * sizeof *s->row);
    for (size_t i = 0; i < s->w; i++)
        for (size_t left = s->to.w; left > 0;) {
            size_t part = left < room ? left : room;
            for (size_t c = 0; c < RGB; c++)
                s->row[x * RGB + c] += (uint64_t)in[i * RGB + c] * part;
            left -= part;
            room -= part;
            if (room == 0) {
                x++;
                room = s->w;
            }
        }
}

static void shrink_row(struct shrinker *s, const unsigned char *in)
{
    const uint64_t area = (uint64_t)s->w * s->h;
    narrow_row(s, in);
    for (size_t left = s->to.h; left > 0 && s->y < s->to.h;) {
        size_t room = s->h - s->filled, part = left < room ? left : room;
        for (size_t i = 0; i < s->to.w * RGB; i++)
            s->sums[i] += s->row[i] * part;
        left -= part;
        s->filled += part;
        if (s->filled < s->h)
            continue;
        for (size_t i = 0; i < s->to.w * RGB; i++) {
            s->to.p[s->y * s->to.w * RGB + i] = (unsigned char)((s->sums[i] + area / 2) / area);
            s->sums[i] = 0;
        }
        s->filled = 0;
        s->y++;
    }
}

static struct pixels shrunk(const struct pixels *in, size_t edge)
{
    struct shrinker s = shrinker_of(in->w, in->h, edge);
    for (size_t y = 0; y < in->h; y++)
        shrink_row(&s, in->p + y * in->w * RGB);
    return s.to;
}

/* On white paper, where it can be seen through. */
static void on_white(const unsigned char *rgba, size_t n, unsigned char *rgb)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < RGB; c++) {
            unsigned alpha = rgba[i * RGBA + 3];
            rgb[i * RGB + c] =
                (unsigned char)((rgba[i * RGBA + c] * alpha + 255 * (255 - alpha) + 127) / 255);
        }
}

/* ---- JPEG in ---- */

struct jpeg_trouble {
    struct jpeg_error_mgr base;
    jmp_buf back;
};

static void jpeg_failed(j_common_ptr j)
{
    longjmp(((struct jpeg_trouble *)(void *)j->err)->back,
            j->err->msg_code == JERR_OUT_OF_MEMORY ? PICTURE_TOO_MUCH : PICTURE_BROKEN);
}

/* A file that ends too early is one that did not arrive whole. */
static void jpeg_warned(j_common_ptr j, int level)
{
    if (level < 0 && (j->err->msg_code == JWRN_JPEG_EOF || j->err->msg_code == JWRN_HIT_MARKER))
        longjmp(((struct jpeg_trouble *)(void *)j->err)->back, PICTURE_BROKEN);
}

static void jpeg_says_nothing(j_common_ptr j) { (void)j; }

/* Scans without end are how a small file takes a processor for hours. */
static void jpeg_progress(j_common_ptr j)
{
    if (j->is_decompressor && ((j_decompress_ptr)j)->input_scan_number > MOST_SCANS)
        jpeg_failed(j);
}

static unsigned exif_16(const unsigned char *p, bool is_big)
{
    return is_big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static size_t exif_32(const unsigned char *p, bool is_big)
{
    size_t first = exif_16(p, is_big), second = exif_16(p + 2, is_big);
    return is_big ? first << 16 | second : second << 16 | first;
}

/* Orientation (0x0112) of the first directory of an Exif segment; 1 where there is none. */
static int exif_orientation(const unsigned char *p, size_t n)
{
    if (n < 14 || memcmp(p, "Exif\0\0", 6) != 0)
        return 1;
    p += 6, n -= 6;
    bool is_big = p[0] == 'M';
    size_t at = exif_32(p + 4, is_big);
    if (at > n || n - at < 2)
        return 1;
    size_t count = exif_16(p + at, is_big);
    at += 2;
    for (size_t i = 0; i < count && n - at >= 12; i++, at += 12)
        if (exif_16(p + at, is_big) == 0x0112) {
            unsigned value = exif_16(p + at + 8, is_big);
            return value >= 1 && value <= 8 ? (int)value : 1;
        }
    return 1;
}

/* Adobe writes the four inks inverted. */
static void from_inks(const unsigned char *cmyk, size_t n, bool is_inverted, unsigned char *rgb)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < RGB; c++) {
            unsigned ink = cmyk[i * 4 + c], black = cmyk[i * 4 + 3];
            if (!is_inverted)
                ink = 255 - ink, black = 255 - black;
            rgb[i * RGB + c] = (unsigned char)(ink * black / 255);
        }
}

static void jpeg_rows(struct jpeg_decompress_struct *j, struct source *s)
{
    bool is_ink = j->out_color_space == JCS_CMYK;
    struct shrinker shrinker = shrinker_of(j->output_width, j->output_height, PICTURE_EDGE);
    unsigned char *row = take((size_t)j->output_width * 4),
                  *rgb = take((size_t)j->output_width * 3);
    while (j->output_scanline < j->output_height) {
        jpeg_read_scanlines(j, &row, 1);
        if (is_ink)
            from_inks(row, j->output_width, j->saw_Adobe_marker, rgb);
        shrink_row(&shrinker, is_ink ? rgb : row);
    }
    s->image = shrinker.to;
}

static int read_jpeg(const unsigned char *p, size_t n, struct source *s)
{
    struct jpeg_decompress_struct j;
    struct jpeg_trouble trouble;
    struct jpeg_progress_mgr progress = {.progress_monitor = jpeg_progress};
    j.err = jpeg_std_error(&trouble.base);
    trouble.base.error_exit = jpeg_failed;
    trouble.base.emit_message = jpeg_warned;
    trouble.base.output_message = jpeg_says_nothing;
    int problem = setjmp(trouble.back);
    if (problem)
        return problem;
    jpeg_create_decompress(&j);
    j.progress = &progress;
    jpeg_mem_src(&j, p, n);
    jpeg_save_markers(&j, JPEG_APP0 + 1, 0xffff);
    jpeg_save_markers(&j, JPEG_APP0 + 2, 0xffff);
    jpeg_read_header(&j, TRUE);
    check_size(j.image_width, j.image_height);

    for (jpeg_saved_marker_ptr m = j.marker_list; m; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && s->orientation == 1)
            s->orientation = exif_orientation(m->data, m->data_length);
    bool is_ink = j.jpeg_color_space == JCS_CMYK || j.jpeg_color_space == JCS_YCCK;
    JOCTET *profile = NULL;
    unsigned profile_n = 0;
    if (!is_ink && j.jpeg_color_space != JCS_GRAYSCALE &&
        jpeg_read_icc_profile(&j, &profile, &profile_n))
        keep_profile(s, profile, profile_n);
    free(profile);

    size_t w, h;
    fit(j.image_width, j.image_height, PICTURE_EDGE, &w, &h);
    j.out_color_space = is_ink ? JCS_CMYK : JCS_RGB;
    j.scale_denom = 8;
    for (j.scale_num = 1; j.scale_num < 8; j.scale_num++) {
        jpeg_calc_output_dimensions(&j);
        if (j.output_width >= w && j.output_height >= h)
            break;
    }
    jpeg_start_decompress(&j);
    jpeg_rows(&j, s);
    return PICTURE_OK;
}

/* ---- PNG in ---- */

struct bytes {
    const unsigned char *p;
    size_t n;
};

static void png_take(png_structp png, png_bytep out, png_size_t n)
{
    struct bytes *rest = png_get_io_ptr(png);
    if (n > rest->n)
        png_error(png, "short");
    memcpy(out, rest->p, n);
    rest->p += n;
    rest->n -= n;
}

static void png_warned(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* (the library's own would say so on standard error, and a child has none) */
static _Noreturn void png_failed(png_structp png, png_const_charp text)
{
    (void)text;
    png_longjmp(png, 1);
}

static void png_profile(png_structp png, png_infop info, struct source *s)
{
    png_charp name;
    int method;
    png_bytep profile;
    png_uint_32 size;
    if (!(png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) ||
        !png_get_iCCP(png, info, &name, &method, &profile, &size))
        return;
    keep_profile(s, profile, size);
}

static void png_rows(png_structp png, png_infop info, struct source *s)
{
    size_t w = png_get_image_width(png, info), h = png_get_image_height(png, info);
    bool is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    unsigned char *rgb = take(w * RGB), *rgba = take(is_interlaced ? w * h * RGBA : w * RGBA);
    struct shrinker shrinker = shrinker_of(w, h, PICTURE_EDGE);
    for (int passes = is_interlaced ? PNG_INTERLACE_ADAM7_PASSES : 0; passes > 0; passes--)
        for (size_t y = 0; y < h; y++)
            png_read_row(png, rgba + y * w * RGBA, NULL);
    for (size_t y = 0; y < h; y++) {
        if (!is_interlaced)
            png_read_row(png, rgba, NULL);
        on_white(is_interlaced ? rgba + y * w * RGBA : rgba, w, rgb);
        shrink_row(&shrinker, rgb);
    }
    png_read_end(png, NULL); /* so that one that was cut off is noticed */
    s->image = shrinker.to;
}

static int read_png(const unsigned char *p, size_t n, struct source *s)
{
    struct bytes rest = {p, n};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        return PICTURE_TOO_MUCH;
    if (setjmp(png_jmpbuf(png)))
        return PICTURE_BROKEN;
    png_set_read_fn(png, &rest, png_take);
    png_set_chunk_malloc_max(png, MOST_PROFILE * 4);
    png_set_chunk_cache_max(png, 64);
    png_set_user_limits(png, 0x7fffffff,
                        0x7fffffff); /* how many pixels there may be is said below */
    png_read_info(png, info);
    check_size(png_get_image_width(png, info), png_get_image_height(png, info));
    png_profile(png, info, s);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
    if (png_get_interlace_type(png, info) != PNG_INTERLACE_NONE)
        (void)png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != (size_t)png_get_image_width(png, info) * RGBA)
        return PICTURE_BROKEN;
    png_rows(png, info, s);
    return PICTURE_OK;
}

/* ---- WebP in ---- */

static int read_webp(const unsigned char *p, size_t n, struct source *s)
{
    WebPDecoderConfig c;
    if (!WebPInitDecoderConfig(&c) || WebPGetFeatures(p, n, &c.input) != VP8_STATUS_OK ||
        c.input.width < 1 || c.input.height < 1)
        return PICTURE_BROKEN;
    check_size((size_t)c.input.width, (size_t)c.input.height);
    if (c.input.has_animation)
        return PICTURE_MOVES;
    size_t w, h;
    fit((size_t)c.input.width, (size_t)c.input.height, PICTURE_EDGE, &w, &h);
    c.options.use_scaling = w != (size_t)c.input.width || h != (size_t)c.input.height;
    c.options.scaled_width = (int)w;
    c.options.scaled_height = (int)h;
    c.output.colorspace = MODE_RGBA;
    VP8StatusCode e = WebPDecode(p, n, &c);
    if (e != VP8_STATUS_OK)
        return e == VP8_STATUS_OUT_OF_MEMORY ? PICTURE_TOO_MUCH : PICTURE_BROKEN;
    s->image = (struct pixels){w, h, take(w * h * RGB)};
    for (size_t y = 0; y < h; y++)
        on_white(c.output.u.RGBA.rgba + y * (size_t)c.output.u.RGBA.stride, w,
                 s->image.p + y * w * RGB);
    return PICTURE_OK;
}

/* ---- colours, and which way is up ---- */

static void to_srgb(struct source *s)
{
    if (!s->colours)
        return;
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    /* one that cannot be used: the numbers stand as they are, as browsers do it */
    cmsHTRANSFORM way = to && cmsGetColorSpace(s->colours) == cmsSigRgbData
                            ? cmsCreateTransform(s->colours, TYPE_RGB_8, to, TYPE_RGB_8,
                                                 INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOCACHE)
                            : NULL;
    for (size_t y = 0; way && y < s->image.h; y++)
        cmsDoTransform(way, s->image.p + y * s->image.w * RGB, s->image.p + y * s->image.w * RGB,
                       (cmsUInt32Number)s->image.w);
}

/* EXIF: 2 mirrored, 3 upside down, 4 both; 5 to 8 the same, lying on a side. */
static struct pixels upright(const struct pixels *in, int orientation)
{
    bool lies = orientation >= 5;
    bool flips_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flips_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    if (orientation <= 1)
        return *in;
    struct pixels out = {lies ? in->h : in->w, lies ? in->w : in->h, take(in->w * in->h * RGB)};
    for (size_t y = 0; y < out.h; y++)
        for (size_t x = 0; x < out.w; x++) {
            size_t from_x = lies ? y : x, from_y = lies ? x : y;
            if (flips_x)
                from_x = in->w - 1 - from_x;
            if (flips_y)
                from_y = in->h - 1 - from_y;
            memcpy(out.p + (y * out.w + x) * RGB, in->p + (from_y * in->w + from_x) * RGB, RGB);
        }
    return out;
}

/* ---- JPEG out ---- */

static struct bytes jpeg_of(const struct pixels *image)
{
    struct jpeg_compress_struct j;
    struct jpeg_trouble trouble;
    unsigned char *out = NULL;
    unsigned long n = 0;
    j.err = jpeg_std_error(&trouble.base);
    trouble.base.error_exit = jpeg_failed;
    trouble.base.output_message = jpeg_says_nothing;
    if (setjmp(trouble.back))
        _exit(PICTURE_TOO_MUCH);
    jpeg_create_compress(&j);
    jpeg_mem_dest(&j, &out, &n);
    j.image_width = (JDIMENSION)image->w;
    j.image_height = (JDIMENSION)image->h;
    j.input_components = RGB;
    j.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j);
    jpeg_set_quality(&j, QUALITY, TRUE);
    jpeg_start_compress(&j, TRUE);
    while (j.next_scanline < j.image_height) {
        JSAMPROW row = image->p + (size_t)j.next_scanline * image->w * RGB;
        jpeg_write_scanlines(&j, &row, 1);
    }
    jpeg_finish_compress(&j);
    jpeg_destroy_compress(&j);
    return (struct bytes){out, n};
}

/* ---- the child ---- */

static bool put(int out, const void *what, size_t n)
{
    const char *p = what;
    while (n > 0) {
        ssize_t done = write(out, p, n);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static int read_source(const unsigned char *file, size_t n, struct source *s)
{
    switch (file_type((struct str){(const char *)file, n})) {
    case FILE_JPEG:
        return read_jpeg(file, n, s);
    case FILE_PNG:
        return read_png(file, n, s);
    case FILE_WEBP:
        return read_webp(file, n, s);
    default:
        return PICTURE_UNKNOWN;
    }
}

int picture_decode(int in, int out)
{
    struct source s = {.orientation = 1};
    unsigned char *file = take(PICTURE_MOST_BYTES);
    size_t n = 0;
    ssize_t part;
    while (n < PICTURE_MOST_BYTES && (part = read(in, file + n, PICTURE_MOST_BYTES - n)) > 0)
        n += (size_t)part;
    int problem = read_source(file, n, &s);
    if (problem)
        return problem;
    to_srgb(&s);
    struct pixels whole = upright(&s.image, s.orientation),
                  small = shrunk(&whole, PICTURE_SMALL_EDGE);
    struct bytes whole_jpeg = jpeg_of(&whole), small_jpeg = jpeg_of(&small);
    const uint32_t head[4] = {(uint32_t)whole.w, (uint32_t)whole.h, (uint32_t)whole_jpeg.n,
                              (uint32_t)small_jpeg.n};
    bool done = put(out, head, sizeof head) && put(out, whole_jpeg.p, whole_jpeg.n) &&
                put(out, small_jpeg.p, small_jpeg.n);
    return done ? PICTURE_OK : PICTURE_BROKEN;
}

void picture_warm(void)
{
    unsigned char grey[16 * 16 * RGB];
    memset(grey, 0x80, sizeof grey);
    free((void *)(uintptr_t)jpeg_of(&(struct pixels){16, 16, grey}).p);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, png_warned);
    png_destroy_read_struct(&png, NULL, NULL);
    WebPDecoderConfig c;
    (void)WebPInitDecoderConfig(&c);
    cmsHPROFILE profile = cmsCreate_sRGBProfile();
    cmsHTRANSFORM way = cmsCreateTransform(profile, TYPE_RGB_8, profile, TYPE_RGB_8,
                                           INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOCACHE);
    cmsDeleteTransform(way);
    cmsCloseProfile(profile);
}
