/*
 * picture.h -- a picture that somebody sent, made anew: upright, in sRGB, at most so large, without anything that was not pixels
 * (SECURITY.md V-12). JPEG, PNG and WebP come in, JPEG goes out.
 * The work is done by a program of its own, foyer-decode, whose children can do nothing else (core/decoder.h). What such a child gives
 * is hostile too: only numbers that fit are taken, and the bytes are served as a JPEG and nothing else.
 */
#ifndef FOYER_PICTURE_H
#define FOYER_PICTURE_H
#include "base.h"

enum {
    PICTURE_MOST_BYTES = 10 * 1024 * 1024, /* of a file that comes in */
    PICTURE_MOST_PIXELS = 50 * 1000 * 1000,
    PICTURE_EDGE = 2560,     /* of what is kept, the longer side */
    PICTURE_SMALL_EDGE = 320 /* of the small one */
};

/* What a file is by its first bytes, whatever its name says. */
enum file_type { FILE_UNKNOWN, FILE_JPEG, FILE_PNG, FILE_WEBP, FILE_HEIC, FILE_GIF, FILE_PDF };
enum file_type file_type(struct str file);

struct picture {
    int64_t width, height;
    struct str whole, small; /* both JPEG */
};

/* Why a file will not do, as the program's child ends. */
enum picture_problem {
    PICTURE_OK,
    PICTURE_BROKEN = 2, /* (1 is how a program ends that broke itself) */
    PICTURE_UNKNOWN,      /* none of the three */
    PICTURE_TOO_LARGE,    /* more than PICTURE_MOST_PIXELS, as its header says */
    PICTURE_MOVES,        /* an animation */
    PICTURE_TOO_MUCH      /* it takes more memory than there is for it */
};

/* ---- in foyer-decode ---- */

/* decode_fn of decoder.h: a file in, what picture_take understands out. */
int picture_decode(int in, int out);
/* Uses each library once, so that what it does at first use is done before a child is shut in. */
void picture_warm(void);

/* ---- in a worker ---- */

/* Reads what came of it. ERR_INVALID: it is not what picture_decode writes. */
enum err MUST_CHECK picture_take(struct str from_child, struct picture *p);
enum { PICTURE_MOST_OUT = 16 * 1024 * 1024 };

#endif
