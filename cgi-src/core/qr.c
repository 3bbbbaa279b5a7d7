/*
 * qr.c -- see qr.h. Never: draws anything that must be kept from who looks at the page; it is for her.
 */
#include "qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

#include "log.h"

enum { QUIET = 4 };

enum err qr_path(struct arena *a, struct str text, struct str *path, int *side)
{
    QRcode *code = QRcode_encodeString8bit(arena_cstr(a, text), 0, QR_ECLEVEL_M);
    if (!code) {
        if (errno == ERANGE)
            return ERR_TOO_LARGE;
        log_error("qr.broken", "why", strerror(errno), NULL);
        abort();
    }
    struct buf b = buf_in(a, 8192);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width;) {
            int from = x;
            while (x < code->width && code->data[y * code->width + x] & 1)
                x++;
            if (x > from) /* neighbours are one bar */
                buf_printf(&b, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
            else
                x++;
        }
    }
    *side = code->width + 2 * QUIET;
    *path = buf_str(&b);
    QRcode_free(code);
    return OK;
}
