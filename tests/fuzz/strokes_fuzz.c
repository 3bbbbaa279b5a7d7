/* strokes_fuzz.c -- drawn signatures (JSON): what is taken is written in one spelling, and is within bounds. */
#include "features/form/strokes.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    struct str in = {(const char *)data, size};
    struct strokes strokes, again;
    size_t points = 0;

    if (strokes_parse(a, in, &strokes))
        return 0;
    struct str kept = strokes_json(a, &strokes);
    MUST(is_text(kept));
    MUST(strokes_parse(a, kept, &again) == OK && str_eq(strokes_json(a, &again), kept));
    MUST(strokes_blank(&strokes) == strokes_blank(&again));
    MUST(strokes.n <= STROKES_MAX);
    for (size_t i = 0; i < strokes.n; i++) {
        const struct stroke *s = &strokes.items[i];
        points += s->n;
        for (size_t k = 0; k < s->n; k++) {
            const struct stroke_point *p = &s->points[k];
            MUST(p->x >= 0 && p->x <= STROKES_WIDTH && p->y >= 0 && p->y <= STROKES_HEIGHT);
            MUST(p->time >= 0 && p->time <= STROKES_MAX_TIME);
            MUST(p->pressure >= 0 && p->pressure <= STROKES_MAX_PRESSURE);
        }
        /* It goes into an attribute of a picture. */
        struct str shown = stroke_points(a, s);
        for (size_t k = 0; k < shown.n; k++)
            MUST((shown.p[k] >= '0' && shown.p[k] <= '9') || shown.p[k] == ',' ||
                 shown.p[k] == ' ');
    }
    MUST(points <= STROKES_MAX_POINTS);
    return 0;
}
