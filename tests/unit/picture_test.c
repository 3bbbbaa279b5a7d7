/*
 * picture_test.c -- what becomes of a picture that somebody sends (SECURITY.md V-12, H-04, T20, T21): pixels and nothing else, or a reason.
 * Each file goes through a child of its own, as in foyer-decode.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <lcms2.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <webp/encode.h>

#include "core/decoder.h"
#include "picture.h"

enum { RED = 0xe00000, GREEN = 0x00e000, BLUE = 0x0000e0, WHITE = 0xffffff };

static struct arena *a;
static struct decoder *d;

/* ---- making pictures ---- */

/* Four quarters: red above left, green above right, blue below left, white below right. */
static unsigned char *quarters(unsigned w, unsigned h)
{
    unsigned char *p = malloc((size_t)w * h * 3);
    for (unsigned y = 0; y < h; y++)
        for (unsigned x = 0; x < w; x++) {
            unsigned c = y < h / 2 ? (x < w / 2 ? RED : GREEN) : x < w / 2 ? BLUE : WHITE;
            unsigned char *at = p + ((size_t)y * w + x) * 3;
            at[0] = (unsigned char)(c >> 16), at[1] = (unsigned char)(c >> 8),
            at[2] = (unsigned char)c;
        }
    return p;
}

struct extra {
    int marker;
    const char *bytes;
    unsigned n;
};

static struct str jpeg(unsigned w, unsigned h, const struct extra *extra, const void *profile,
                       unsigned profile_n, bool is_progressive)
{
    struct jpeg_compress_struct j;
    struct jpeg_error_mgr e;
    unsigned char *out = NULL, *pixels = quarters(w, h);
    unsigned long n = 0;
    j.err = jpeg_std_error(&e);
    jpeg_create_compress(&j);
    jpeg_mem_dest(&j, &out, &n);
    j.image_width = w, j.image_height = h, j.input_components = 3, j.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j);
    if (is_progressive)
        jpeg_simple_progression(&j);
    jpeg_start_compress(&j, TRUE);
    for (; extra && extra->marker; extra++)
        jpeg_write_marker(&j, extra->marker, (const JOCTET *)extra->bytes, extra->n);
    if (profile)
        jpeg_write_icc_profile(&j, profile, profile_n);
    while (j.next_scanline < h) {
        JSAMPROW row = pixels + (size_t)j.next_scanline * w * 3;
        jpeg_write_scanlines(&j, &row, 1);
    }
    jpeg_finish_compress(&j);
    jpeg_destroy_compress(&j);
    struct str s = arena_str(a, (struct str){(char *)out, n});
    free(out);
    free(pixels);
    return s;
}

static struct str webp(int w, int h)
{
    unsigned char *pixels = quarters((unsigned)w, (unsigned)h);
    uint8_t *out;
    size_t n = WebPEncodeLosslessRGB(pixels, w, h, w * 3, &out);
    struct str s = arena_str(a, (struct str){(char *)out, n});
    WebPFree(out);
    free(pixels);
    return s;
}

static void big_32(struct buf *b, uint32_t n)
{
    for (int i = 24; i >= 0; i -= 8)
        buf_addc(b, (char)(n >> i));
}

static void chunk(struct buf *b, const char *type, struct str data)
{
    uint32_t crc = 0xffffffff;
    big_32(b, (uint32_t)data.n);
    size_t from = b->n;
    buf_addz(b, type);
    buf_add(b, data);
    for (size_t i = from; i < b->n; i++) {
        crc ^= (unsigned char)b->p[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    big_32(b, ~crc);
}

/* A PNG that says it is so large, of 8 bits each of red, green, blue and alpha; with pixels only where they are so few that they fit into
 * stored blocks of zlib: all of one colour. */
static struct str png(uint32_t w, uint32_t h, const char *colour, bool is_interlaced)
{
    struct buf b = buf_in(a, 4096), head = buf_in(a, 16), data = buf_in(a, 4096),
               z = buf_in(a, 4096);
    buf_add(&b, S("\x89PNG\r\n\x1a\n"));
    big_32(&head, w);
    big_32(&head, h);
    buf_add(&head, (struct str){is_interlaced ? "\x08\x06\0\0\x01" : "\x08\x06\0\0\0", 5});
    chunk(&b, "IHDR", buf_str(&head));
    if ((uint64_t)w * h > 10000) {
        chunk(&b, "IDAT", S("\x78\x01 nothing of it is there"));
        return buf_str(&b);
    }
    for (uint32_t y = 0; y < h; y++) {
        buf_addc(&data, '\0');
        for (uint32_t x = 0; x < w; x++)
            buf_add(&data, (struct str){colour, 4});
    }
    uint32_t s1 = 1, s2 = 0;
    for (size_t i = 0; i < data.n; i++)
        s1 = (s1 + (unsigned char)data.p[i]) % 65521, s2 = (s2 + s1) % 65521;
    buf_add(&z, (struct str){"\x78\x01\x01", 3});
    buf_addc(&z, (char)data.n), buf_addc(&z, (char)(data.n >> 8));
    buf_addc(&z, (char)~data.n), buf_addc(&z, (char)(~data.n >> 8));
    buf_add(&z, buf_str(&data));
    big_32(&z, s2 << 16 | s1);
    chunk(&b, "IDAT", buf_str(&z));
    chunk(&b, "IEND", S(""));
    return buf_str(&b);
}

/* ---- looking at them ---- */

static enum err run(struct str file, struct picture *p)
{
    struct str out;
    enum err e = decoder_run(d, a, file, PICTURE_MOST_OUT, &out);
    return e ? e : picture_take(out, p);
}

static void refused_at(int line, struct str file, enum picture_problem why)
{
    struct picture p;
    assert_int_equal(run(file, &p), ERR_INVALID);
    assert_true(WIFEXITED(decoder_status(d)));
    if (WEXITSTATUS(decoder_status(d)) != (int)why)
        fail_msg("line %d: %d instead of %d", line, WEXITSTATUS(decoder_status(d)), (int)why);
}

#define refused(file, why) refused_at(__LINE__, file, why)

struct look {
    unsigned w, h;
    unsigned char *p;
};

static struct look look_at(struct str file)
{
    struct jpeg_decompress_struct j;
    struct jpeg_error_mgr e;
    j.err = jpeg_std_error(&e);
    jpeg_create_decompress(&j);
    jpeg_mem_src(&j, (const unsigned char *)file.p, file.n);
    jpeg_read_header(&j, TRUE);
    jpeg_start_decompress(&j);
    struct look l = {j.output_width, j.output_height,
                     arena_alloc(a, (size_t)j.output_width * j.output_height * 3)};
    while (j.output_scanline < l.h) {
        JSAMPROW row = l.p + (size_t)j.output_scanline * l.w * 3;
        jpeg_read_scanlines(&j, &row, 1);
    }
    jpeg_finish_decompress(&j);
    jpeg_destroy_decompress(&j);
    return l;
}

/* The colour in the middle of a quarter: 0 above left, 1 above right, 2 below left, 3 below right. */
static bool is_colour(const struct look *l, int quarter, unsigned colour)
{
    unsigned x = quarter & 1 ? l->w * 3 / 4 : l->w / 4, y = quarter & 2 ? l->h * 3 / 4 : l->h / 4;
    const unsigned char *p = l->p + ((size_t)y * l->w + x) * 3;
    for (int c = 0; c < 3; c++)
        if (abs(p[c] - (int)(colour >> (16 - 8 * c) & 0xff)) > 12)
            return false;
    return true;
}

static void assert_quarters(struct str file, unsigned w, unsigned h, const unsigned colours[4])
{
    struct look l = look_at(file);
    assert_int_equal(l.w, w);
    assert_int_equal(l.h, h);
    for (int i = 0; i < 4; i++)
        assert_true(is_colour(&l, i, colours[i]));
}

static const unsigned upright[4] = {RED, GREEN, BLUE, WHITE};

/* ---- tests ---- */

static void pictures_become_small_ones(void **state)
{
    (void)state;
    struct picture p;
    struct str files[] = {jpeg(4000, 3000, NULL, NULL, 0, false),
                          jpeg(4000, 3000, NULL, NULL, 0, true), webp(4000, 3000)};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        assert_int_equal(run(files[i], &p), OK);
        assert_int_equal(p.width, 2560);
        assert_int_equal(p.height, 1920);
        assert_quarters(p.whole, 2560, 1920, upright);
        assert_quarters(p.small, 320, 240, upright);
    }
    /* one that is small stays as large as it is; odd sizes; a line */
    assert_int_equal(run(jpeg(33, 17, NULL, NULL, 0, false), &p), OK);
    assert_quarters(p.whole, 33, 17, upright);
    assert_int_equal(run(jpeg(3001, 1, NULL, NULL, 0, false), &p), OK);
    assert_int_equal(p.height, 1);
    assert_int_equal(p.width, 2560);
    static const unsigned greens[4] = {0x00ff00, 0x00ff00, 0x00ff00, 0x00ff00},
                          pinks[4] = {0xff7f7f, 0xff7f7f, 0xff7f7f, 0xff7f7f};
    assert_int_equal(run(png(40, 30, "\0\xff\0\xff", false), &p), OK);
    assert_quarters(p.whole, 40, 30, greens);
    assert_int_equal(run(png(40, 30, "\xff\0\0\x80", false), &p), OK); /* half of it paper */
    assert_quarters(p.whole, 40, 30, pinks);
}

/* An Exif segment that says how it was held, and where. */
static struct str exif(int orientation)
{
    struct buf b = buf_in(a, 128);
    buf_add(&b, S("Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0"));
    buf_addc(&b, (char)orientation);
    buf_add(&b, S("\0\0\x88\x25\0\x04\0\0\0\x01\0\0\0\x2aGPSLatitude 52.520008 Owner Maria Lopez"));
    return buf_str(&b);
}

static void which_way_is_up_is_applied_and_the_rest_left_behind(void **state)
{
    (void)state;
    static const unsigned turned[8][4] = {{RED, GREEN, BLUE, WHITE}, {GREEN, RED, WHITE, BLUE},
                                          {WHITE, BLUE, GREEN, RED}, {BLUE, WHITE, RED, GREEN},
                                          {RED, BLUE, GREEN, WHITE}, {BLUE, RED, WHITE, GREEN},
                                          {WHITE, GREEN, BLUE, RED}, {GREEN, WHITE, RED, BLUE}};
    struct picture p;
    for (int i = 1; i <= 8; i++) {
        struct str said = exif(i);
        const struct extra extra[] = {{JPEG_APP0 + 1, said.p, (unsigned)said.n},
                                      {JPEG_COM, "<html><script>alert(1)</script>", 31},
                                      {0}};
        struct str file = jpeg(60, 40, extra, NULL, 0, false);
        assert_non_null(memmem(file.p, file.n, "GPS", 3));
        assert_int_equal(run(file, &p), OK);
        assert_quarters(p.whole, i >= 5 ? 40 : 60, i >= 5 ? 60 : 40, turned[i - 1]);
        static const char *const gone[] = {"GPS", "Exif", "Maria", "script", "html", "ICC_PROFILE"};
        for (size_t k = 0; k < COUNT_OF(gone); k++) {
            assert_null(memmem(p.whole.p, p.whole.n, gone[k], strlen(gone[k])));
            assert_null(memmem(p.small.p, p.small.n, gone[k], strlen(gone[k])));
        }
    }
}

static void colours_are_those_of_its_profile(void **state)
{
    (void)state;
    /* one whose red is sRGB's green, and the other way round: nobody has it, and it shows */
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE swapped = {{0.30, 0.60, 1}, {0.64, 0.33, 1}, {0.15, 0.06, 1}};
    cmsToneCurve *curve = cmsBuildGamma(NULL, 2.2), *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &swapped, curves);
    cmsUInt32Number n = 0;
    assert_true(cmsSaveProfileToMem(profile, NULL, &n));
    void *bytes = arena_alloc(a, n);
    assert_true(cmsSaveProfileToMem(profile, bytes, &n));
    cmsCloseProfile(profile);
    cmsFreeToneCurve(curve);
    struct picture p;
    assert_int_equal(run(jpeg(64, 64, NULL, bytes, n, false), &p), OK);
    struct look l = look_at(p.whole);
    assert_true(l.p[(16 * 64 + 16) * 3 + 1] > 150 && l.p[(16 * 64 + 16) * 3] < 60);
    assert_true(l.p[(16 * 64 + 48) * 3] > 150 && l.p[(16 * 64 + 48) * 3 + 1] < 60);
    /* one that is none changes nothing */
    assert_int_equal(
        run(jpeg(64, 64, NULL,
                 "no profile at all, but long enough to be looked at as if it were one", 68, false),
            &p),
        OK);
    assert_quarters(p.whole, 64, 64, upright);
}

/* The bytes of a JPEG with another size in its header. */
static struct str resized(struct str file, unsigned w, unsigned h)
{
    char *p = arena_cstr(a, file);
    for (size_t i = 0; i + 9 < file.n; i++)
        if ((unsigned char)p[i] == 0xff &&
            ((unsigned char)p[i + 1] == 0xc0 || (unsigned char)p[i + 1] == 0xc2)) {
            p[i + 5] = (char)(h >> 8), p[i + 6] = (char)h, p[i + 7] = (char)(w >> 8),
                  p[i + 8] = (char)w;
            return (struct str){p, file.n};
        }
    fail();
    return file;
}

static void bombs_are_refused_by_their_header(void **state)
{
    (void)state;
    struct picture p;
    refused(png(50000, 50000, "", false), PICTURE_TOO_LARGE);
    refused(png(50000, 50000, "", true), PICTURE_TOO_LARGE);
    refused(png(0x7fffffff, 0x7fffffff, "", false), PICTURE_TOO_LARGE);
    refused(png(50001, 1000, "", false), PICTURE_TOO_LARGE);
    refused(resized(jpeg(16, 16, NULL, NULL, 0, false), 50000, 50000), PICTURE_TOO_LARGE);
    refused(resized(jpeg(16, 16, NULL, NULL, 0, true), 65000, 65000), PICTURE_TOO_LARGE);
    refused(S("RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0/\xff\xff\xff\x0f\0"), PICTURE_TOO_LARGE);
    /* as many as may be, of which nothing comes */
    refused(png(50000, 1000, "", false), PICTURE_BROKEN);
    refused(png(50000, 1000, "", true), PICTURE_BROKEN);
    refused(resized(jpeg(16, 16, NULL, NULL, 0, true), 7000, 7000), PICTURE_BROKEN);
    assert_int_equal(run(jpeg(16, 16, NULL, NULL, 0, false), &p), OK); /* and it goes on */
}

static void what_is_no_picture_is_refused(void **state)
{
    (void)state;
    struct str file = jpeg(400, 300, NULL, NULL, 0, false), other = webp(400, 300),
               third = png(40, 30, "abcd", false);
    refused(S(""), PICTURE_UNKNOWN);
    refused(S("PK\x03\x04\x14\0\0\0\x08\0 an archive"), PICTURE_UNKNOWN);
    refused(S("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"),
            PICTURE_UNKNOWN);
    refused(S("<!doctype html><script>alert(1)</script>"), PICTURE_UNKNOWN);
    refused(S("GIF89a\xff\xff\xff\xff\0\0\0"), PICTURE_UNKNOWN);
    refused(S("%PDF-1.7\n%"), PICTURE_UNKNOWN);
    refused(S("\0\0\0\x18"
              "ftypheic\0\0\0\0mif1heic"),
            PICTURE_UNKNOWN);
    refused(S("\xff\xd8\xff<script>alert(1)</script>"), PICTURE_BROKEN);
    refused(
        S("RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x0f\0\0\x0f\0\0ANIM\x06\0\0\0\0\0\0\0\0\0"),
        PICTURE_MOVES);
    for (size_t part = 1; part < 4; part++) {
        refused(str_part(file, 0, file.n * part / 4), PICTURE_BROKEN);
        refused(str_part(other, 0, other.n * part / 4),
                part == 0 ? PICTURE_UNKNOWN : PICTURE_BROKEN);
        refused(str_part(third, 0, third.n * part / 4), PICTURE_BROKEN);
    }
}

static void what_a_file_is_its_first_bytes_say(void **state)
{
    (void)state;
    assert_int_equal(file_type(jpeg(8, 8, NULL, NULL, 0, false)), FILE_JPEG);
    assert_int_equal(file_type(webp(8, 8)), FILE_WEBP);
    assert_int_equal(file_type(png(8, 8, "abcd", false)), FILE_PNG);
    assert_int_equal(file_type(S("\0\0\0\x18"
                                 "ftypheic")),
                     FILE_HEIC);
    assert_int_equal(file_type(S("\0\0\0\x18"
                                 "ftypmp42")),
                     FILE_UNKNOWN);
    assert_int_equal(file_type(S("%PDF-1.4")), FILE_PDF);
    assert_int_equal(file_type(S("GIF89a")), FILE_GIF);
    assert_int_equal(file_type(S("<html>")), FILE_UNKNOWN);
}

/* Flaws at random, the same ones each time: refused or made anew, and no child breaks. */
static void damaged_files_break_no_child(void **state)
{
    (void)state;
    enum { EACH_KIND = 40 };
    uint32_t random = 20261121;
    struct str exif_part = exif(6);
    const struct extra extra[] = {{JPEG_APP0 + 1, exif_part.p, (unsigned)exif_part.n}, {0}};
    struct str files[] = {jpeg(64, 48, extra, NULL, 0, false), jpeg(64, 48, NULL, NULL, 0, true),
                          webp(64, 48), png(24, 16, "abcd", false), png(24, 16, "abcd", true)};
    for (size_t i = 0; i < COUNT_OF(files) * EACH_KIND; i++) {
        struct str file = files[i % COUNT_OF(files)];
        char *p = arena_cstr(a, file);
        for (int k = 0; k < 4; k++) {
            random = random * 1664525 + 1013904223;
            p[8 + (random >> 8) % (file.n - 8)] = (char)(random >> 24);
        }
        struct picture made;
        enum err e = run((struct str){p, file.n}, &made);
        assert_true(e == OK || e == ERR_INVALID);
        assert_true(WIFEXITED(decoder_status(d)));
        assert_int_not_equal(WEXITSTATUS(decoder_status(d)), 1);
    }
}

static void what_a_child_gives_is_not_believed(void **state)
{
    (void)state;
    struct picture p;
    const uint32_t good[4] = {2, 2, 3, 3};
    const struct {
        uint32_t head[4];
        const char *rest;
    } bad[] = {{{0, 2, 3, 3}, "\xff\xd8\xff\xff\xd8\xff"},
               {{2, 9999, 3, 3}, "\xff\xd8\xff\xff\xd8\xff"},
               {{2, 2, 4, 3}, "\xff\xd8\xff\xff\xd8\xff"},
               {{2, 2, 0xffffffff, 4}, "\xff\xd8\xff\xff\xd8\xff"},
               {{2, 2, 3, 3}, "<html>"},
               {{2, 2, 6, 0}, "\xff\xd8\xff\xff\xd8\xff"}};
    struct buf b = buf_in(a, 64);
    buf_add(&b, (struct str){(const char *)good, sizeof good});
    buf_addz(&b, "\xff\xd8\xff\xff\xd8\xff");
    assert_int_equal(picture_take(buf_str(&b), &p), OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct buf c = buf_in(a, 64);
        buf_add(&c, (struct str){(const char *)bad[i].head, sizeof bad[i].head});
        buf_addz(&c, bad[i].rest);
        assert_int_equal(picture_take(buf_str(&c), &p), ERR_INVALID);
    }
    assert_int_equal(picture_take(S("short"), &p), ERR_INVALID);
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(512 << 20);
    picture_warm();
    d = decoder_start(picture_decode, &(struct decoder_limits){.cpu_seconds = 60});
    return d ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    decoder_stop(d);
    arena_free(a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_become_small_ones),
        cmocka_unit_test(which_way_is_up_is_applied_and_the_rest_left_behind),
        cmocka_unit_test(colours_are_those_of_its_profile),
        cmocka_unit_test(bombs_are_refused_by_their_header),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(what_a_file_is_its_first_bytes_say),
        cmocka_unit_test(damaged_files_break_no_child),
        cmocka_unit_test(what_a_child_gives_is_not_believed),
    };
    return cmocka_run_group_tests_name("V-12 T20 T21 H-04: pictures", tests, setup, teardown);
}
