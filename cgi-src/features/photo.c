/*
 * photo.c -- a client's picture beside her name: shown, put in, taken away.
 * Owns: the one picture; a new one takes the place of the one before, which is removed.
 * Never: shows a byte of what was sent; what the decoder made of it is kept, and nothing else (picture.h).
 */
#include "core/http.h"
#include "features.h"
#include "media.h"
#include "picture.h"

static enum err show(struct req *r, enum media_part part)
{
    struct str jpeg;
    struct rows *photo = req_query(r, Q_photo_one);
    if (!photo)
        return req_error(r);
    if (rows_text(photo, 0, "id").n == 0) /* she has none, or no longer */
        return reply_bytes(r, 204, "image/jpeg", S(""), NULL);
    enum err e = req_media_read(r, photo, part, &jpeg);
    return e ? e : reply_bytes(r, 200, "image/jpeg", jpeg, NULL);
}

static enum err show_whole(struct req *r) { return show(r, MEDIA_WHOLE); }
static enum err show_small(struct req *r) { return show(r, MEDIA_SMALL); }

/* The one file of the form; "" for none. */
static struct str sent(struct req *r)
{
    const struct upload *files;
    struct str bytes = S("");
    size_t n = req_uploads(r, &files);
    for (size_t i = 0; i < n && bytes.n == 0; i++)
        if (str_is(files[i].name, "photo"))
            bytes = files[i].bytes;
    return bytes;
}

static enum err put_in(struct req *r)
{
    struct picture p;
    const char *why = NULL;
    struct str file = sent(r);
    struct rows *page = req_query(r, Q_photo_page);
    if (!page)
        return req_error(r);
    if (!rows_bool(page, 0, "can_change")) /* her roles do not reach this client */
        return ERR_FORBIDDEN;
    enum err e = file.n ? req_picture(r, file, &p, &why) : ERR_INVALID;
    if (e == ERR_INVALID) {
        req_refuse(r, "photo", file.n ? why : "Choose a picture first.");
        return reply_again(r, req_page(r)->again);
    }
    if (!e)
        e = req_media_put(r, req_value(r, "client_id"), p.whole, p.small);
    if (e)
        return e == ERR_GONE ? ERR_NOT_FOUND : e;
    req_set(r, "width", arena_printf(req_arena(r), "%lld", (long long)p.width));
    req_set(r, "height", arena_printf(req_arena(r), "%lld", (long long)p.height));
    if (!req_query(r, Q_photo_add))
        return req_error(r);
    struct str client = req_value(r, "client_id");
    return reply_redirect(
        r, arena_printf(req_arena(r), "/clients/%.*s/photo", (int)client.n, client.p));
}

/* (a file is no text: only for the message beside it) */
static const struct field photo_fields[] = {{"photo", FIELD_TEXT}, {0}};
static const struct field no_fields[] = {{0}};

#define PHOTO "/clients/{client_id:uuid}/photo"
#define SLOW .pool = POOL_SLOW
enum { MOST = PICTURE_MOST_BYTES + 64 * 1024 };

const struct page photo_pages[] = {
    {GET, PHOTO, CAN(client_read), SLOW, .action = "client.read", .show = {{"photo", Q_photo_page}},
     .view = "photo/show", .title = "Client: her picture"},
    {POST, PHOTO, CAN(client_write), SLOW, .action = "client.photo_change", .fields = photo_fields,
     .run = put_in, .again = PHOTO, .max_body = MOST, .title = "Client: put in a picture"},
    {POST, PHOTO "/remove", CAN(client_write), SLOW, .action = "client.photo_change",
     .fields = no_fields, .save = Q_photo_remove, .then = "/clients/{client_id}/photo",
     .again = PHOTO, .title = "Client: take her picture away"},
    {GET, PHOTO "/whole", CAN(client_read), SLOW, .action = "client.photo", .run = show_whole,
     .title = "Client: her picture, whole"},
    {GET, PHOTO "/small", CAN(client_read), SLOW, .action = "client.photo", .run = show_small,
     .title = "Client: her picture, small"},
    {0},
};
