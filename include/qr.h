/*
 * qr.h -- a text as a square of light and dark modules, drawn by the server (libqrencode).
 * Implementation: cgi-src/core/qr.c.
 */
#ifndef FOYER_QR_H
#define FOYER_QR_H
#include "base.h"

/* Dark modules that lie beside each other in a line; the quiet zone of four that readers need is counted in. */
struct qr_bar {
    int x, y, width;
};

/*
 * qr_bars -- the square as bars a unit high. *side: units of the whole square.
 * Errors: ERR_TOO_LARGE when the text does not fit into a square.
 */
enum err MUST_CHECK qr_bars(struct arena *a, struct str text, const struct qr_bar **bars, size_t *n,
                            int *side);
/*
 * qr_path -- the same as the data of one SVG path.
 */
enum err MUST_CHECK qr_path(struct arena *a, struct str text, struct str *path, int *side);
#endif
