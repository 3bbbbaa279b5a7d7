/*
 * qr.h -- a text as a square of light and dark modules, drawn by the server (libqrencode).
 * Implementation: cgi-src/core/qr.c.
 */
#ifndef FOYER_QR_H
#define FOYER_QR_H
#include "base.h"

/*
 * qr_path -- the square as the data of one SVG path, its dark modules a unit wide, with the quiet zone of four that
 * readers need. *side: units of the whole square.
 * Errors: ERR_TOO_LARGE when the text does not fit into a square.
 */
enum err MUST_CHECK qr_path(struct arena *a, struct str text, struct str *path, int *side);
#endif
