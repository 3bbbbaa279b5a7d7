/*
 * brand.c -- the studio's own accent colour as a style sheet, since the policy for content forbids
 * inline styles. Owns: /brand.css. Never: contains anything but the colour.
 */
#include "features.h"

static enum err brand_css(struct req *r)
{
    struct buf css = buf_in(req_arena(r), 128);
    struct str accent = req_value(r, "accent");
    buf_printf(&css, ":root{--brand:%.*s}\n", (int)accent.n, accent.p);
    return reply_bytes(r, 200, "text/css; charset=utf-8", buf_str(&css), NULL);
}

const struct page brand_pages[] = {
    {GET, "/brand.css", .realm = REALM_STAFFED, ANYBODY, .run = brand_css,
     .title = "Style sheet of the studio's accent"},
    {0},
};
