/*
 * picture.c -- files by their first bytes, and what a decoder's child gave.
 * Never: decodes; that is providers/picture_decode.c, in another program.
 */
#include "picture.h"

/* The brands of ISO 14496-12 files that hold HEIC or AVIF pictures: what telephones name a photograph. */
static bool is_heic(struct str file)
{
    static const char *const brands[] = {"heic", "heix", "heim", "heis", "hevc",
                                         "mif1", "msf1", "avif", "avis"};
    if (file.n < 12 || memcmp(file.p + 4, "ftyp", 4) != 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(brands); i++)
        if (memcmp(file.p + 8, brands[i], 4) == 0)
            return true;
    return false;
}

enum file_type file_type(struct str file)
{
    if (str_starts(file, S("\xff\xd8\xff")))
        return FILE_JPEG;
    if (str_starts(file, S("\x89PNG\r\n\x1a\n")))
        return FILE_PNG;
    if (file.n >= 12 && str_starts(file, S("RIFF")) && memcmp(file.p + 8, "WEBP", 4) == 0)
        return FILE_WEBP;
    if (str_starts(file, S("GIF8")))
        return FILE_GIF;
    if (str_starts(file, S("%PDF-")))
        return FILE_PDF;
    return is_heic(file) ? FILE_HEIC : FILE_UNKNOWN;
}

static uint32_t number(struct str *rest)
{
    uint32_t n;
    memcpy(&n, rest->p, sizeof n);
    *rest = str_part(*rest, sizeof n, rest->n - sizeof n);
    return n;
}

/* Out: width, height and length of the whole one, length of the small one, as the machine's own uint32; then the two. */
enum err picture_take(struct str from, struct picture *p)
{
    if (from.n < 4 * sizeof(uint32_t))
        return ERR_INVALID;
    p->width = number(&from);
    p->height = number(&from);
    size_t whole = number(&from), small = number(&from);
    if (p->width < 1 || p->height < 1 || p->width > PICTURE_EDGE || p->height > PICTURE_EDGE ||
        whole > from.n || small != from.n - whole)
        return ERR_INVALID;
    p->whole = str_part(from, 0, whole);
    p->small = str_part(from, whole, small);
    return file_type(p->whole) == FILE_JPEG && file_type(p->small) == FILE_JPEG ? OK : ERR_INVALID;
}
