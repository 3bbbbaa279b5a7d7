/*
 * qr.c -- see qr.h. Never: draws anything that must be kept from who looks at the page; it is for her.
 */
#include "qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

#include "log.h"

enum { QUIET = 4 };

enum err qr_bars(struct arena *a, struct str text, const struct qr_bar **bars, size_t *n, int *side)
{
    QRcode *code = QRcode_encodeString8bit(arena_cstr(a, text), 0, QR_ECLEVEL_M);
    if (!code) {
        if (errno == ERANGE)
            return ERR_TOO_LARGE;
        log_error("qr.broken", "why", strerror(errno), NULL);
        abort();
    }
    struct qr_bar *all =
        arena_alloc(a, ((size_t)code->width * (size_t)code->width / 2 + 1) * sizeof *all);
    *n = 0;
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width;) {
            int from = x;
            while (x < code->width && code->data[y * code->width + x] & 1)
                x++;
            if (x > from) /* neighbours are one bar */
                all[(*n)++] = (struct qr_bar){from + QUIET, y + QUIET, x - from};
            else
                x++;
        }
    }
    *bars = all;
    *side = code->width + 2 * QUIET;
    QRcode_free(code);
    return OK;
}

enum err qr_path(struct arena *a, struct str text, struct str *path, int *side)
{
    const struct qr_bar *bars;
    size_t n;
    enum err e = qr_bars(a, text, &bars, &n, side);
    if (e)
        return e;
    struct buf b = buf_in(a, 8192);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "M%d %dh%dv1h-%dz", bars[i].x, bars[i].y, bars[i].width, bars[i].width);
    *path = buf_str(&b);
    return OK;
}
