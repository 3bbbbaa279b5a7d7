/*
 * strokes.h -- a signature drawn by hand: what signature.js sends, checked, and drawn again.
 * The strokes are the evidence (points with time and pressure); the picture is made from them.
 */
#ifndef FOYER_FORM_STROKES_H
#define FOYER_FORM_STROKES_H
#include "base.h"

enum {
    STROKES_WIDTH = 1000, /* of the pad, in its own units */
    STROKES_HEIGHT = 400,
    STROKES_MAX = 200,
    STROKES_MAX_POINTS = 4000,
    STROKES_MIN_SPAN = 40, /* a dot or a tick of the finger is not a signature */
    STROKES_MAX_TIME = 30 * 60 * 1000,
    STROKES_MAX_PRESSURE = 100
};

struct stroke_point {
    int x, y, time, pressure;
};
struct stroke {
    const struct stroke_point *points;
    size_t n;
};
struct strokes {
    struct stroke *items;
    size_t n;
};

/*
 * strokes_parse -- reads {"v":1,"w":1000,"h":400,"strokes":[[[x,y,time,pressure],...],...]}.
 * Errors: ERR_INVALID for anything else, for numbers out of bounds, for too many points.
 * Source: nginx/www/js/signature.js; tests/unit/form_strokes_test.c.
 */
enum err MUST_CHECK strokes_parse(struct arena *a, struct str json, struct strokes *out);
/* Whether there is too little ink to be a signature. */
bool strokes_blank(const struct strokes *s);
/* The same strokes in one spelling, to be kept and hashed. */
struct str strokes_json(struct arena *a, const struct strokes *s);
/* "x,y x,y ..." for an SVG polyline in a viewBox of STROKES_WIDTH x STROKES_HEIGHT. */
struct str stroke_points(struct arena *a, const struct stroke *s);

#endif
