/*
 * media_req.c -- files in a request: a picture through the decoder, a file into the store under a key of its own, and out of it.
 * Owns: the words for a picture that is refused.
 * Never: keeps a file whose key is not on its way into the database; lets a key live longer than its use.
 */
#include <stdlib.h>
#include <sys/wait.h>

#include "decoder.h"
#include "gate.h"
#include "log.h"
#include "media.h"
#include "picture.h"

static const char *words_of(enum picture_problem problem)
{
    switch (problem) {
    case PICTURE_TOO_LARGE:
        return "This picture has more than 50 million points. Please make it smaller first.";
    case PICTURE_MOVES:
        return "This picture moves. Please choose one that stands still.";
    case PICTURE_TOO_MUCH:
        return "This picture is too large to be read here. Please make it smaller first.";
    default:
        return "This picture cannot be read; it may not have arrived whole. Please choose it "
               "again, or another one.";
    }
}

/* What can be said of a file before anybody reads more than its first bytes; NULL: it may be a picture. */
static const char *refused_at_sight(struct str file)
{
    if (file.n > PICTURE_MOST_BYTES)
        return "This file is larger than 10 MB. Please choose a smaller one.";
    switch (file_type(file)) {
    case FILE_JPEG:
    case FILE_PNG:
    case FILE_WEBP:
        return NULL;
    case FILE_HEIC:
        return "This is a picture as an iPhone keeps it (HEIC), which cannot be read here. Please "
               "save it as JPEG and choose that.";
    case FILE_GIF:
        return "Animations and GIF files are not taken. Please choose a JPEG, PNG or WebP.";
    default:
        return "This is no picture that can be read here. Please choose a JPEG, PNG or WebP.";
    }
}

enum err req_picture(struct req *r, struct str file, struct picture *p, const char **why)
{
    struct str out;
    struct decoder *d = r->gate->decoder;
    *why = refused_at_sight(file);
    if (*why)
        return ERR_INVALID;
    if (!d)
        return ERR_UNAVAILABLE;
    enum err e = decoder_run(d, r->arena, file, PICTURE_MOST_OUT, &out);
    if (!e)
        e = picture_take(out, p);
    if (e == ERR_INVALID || e == ERR_TOO_LARGE) {
        int status = decoder_status(d);
        bool is_said = WIFEXITED(status) && WEXITSTATUS(status) != 0;
        *why = words_of(is_said ? (enum picture_problem)WEXITSTATUS(status) : PICTURE_BROKEN);
        if (!is_said) /* a child that died is worth a look: the file may have been made for that */
            log_error("decoder.died", "route", r->page->path, NULL);
        return ERR_INVALID;
    }
    return e;
}

static struct str tenant_of(struct req *r) { return rows_text(r->context, 0, "tenant_id"); }

enum err req_media_put(struct req *r, struct str client_id, struct str whole, struct str small)
{
    const struct media_store *s = media_store();
    struct media_object o = {tenant_of(r), uuid_new(r->arena), MEDIA_WHOLE};
    unsigned char key[KEY_BYTES], hash[HASH_BYTES];
    if (!s)
        return ERR_UNAVAILABLE;
    random_bytes(key, sizeof key);
    sha256(whole, hash);
    enum err e = req_set_sealed(r, "key_sealed", client_id, "app.media", "key_sealed", o.id,
                                (struct str){(const char *)key, sizeof key});
    if (!e)
        e = req_set_sealed(r, "sha256_sealed", client_id, "app.media", "sha256_sealed", o.id,
                           (struct str){(const char *)hash, sizeof hash});
    if (!e)
        e = media_put(s, r->arena, key, &o, whole);
    if (!e)
        e = media_stored_hash(s, r->arena, &o, hash);
    if (!e)
        req_set_bytes(r, "stored_sha256", (struct str){(const char *)hash, sizeof hash});
    o.part = MEDIA_SMALL;
    if (!e && small.n > 0)
        e = media_put(s, r->arena, key, &o, small);
    secret_wipe(key, sizeof key);
    req_set(r, "media_id", o.id);
    req_set(r, "media_bytes", arena_printf(r->arena, "%zu", whole.n));
    req_set_null(r, "media_small_bytes");
    if (small.n > 0)
        req_set(r, "media_small_bytes", arena_printf(r->arena, "%zu", small.n));
    return e;
}

enum err req_media_read(struct req *r, const struct rows *row, enum media_part part,
                        struct str *plain)
{
    const struct media_store *s = media_store();
    struct media_object o = {tenant_of(r), rows_text(row, 0, "id"), part};
    struct str key = rows_text(row, 0, "key_sealed");
    int64_t total = rows_int(row, 0, part == MEDIA_SMALL ? "small_bytes" : "bytes");
    if (!s)
        return ERR_UNAVAILABLE;
    if (key.n != KEY_BYTES || total <= 0) /* "(erased)" */
        return ERR_NOT_FOUND;
    enum err e = media_read(s, r->arena, (const unsigned char *)key.p, &o, (size_t)total, 0,
                            (size_t)total, plain);
    if (e == ERR_INVALID || e == ERR_NOT_FOUND)
        log_error(e == ERR_INVALID ? "media.broken" : "media.missing", "id",
                  arena_cstr(r->arena, o.id), NULL);
    return e == ERR_INVALID ? ERR_INTERNAL : e;
}
