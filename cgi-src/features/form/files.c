/*
 * files.c -- a client attaches pictures or a PDF to a question of her form; and what is attached is given out again, to her and to who reads
 * charts. In the slow pool, which alone has the store.
 * Owns: which files are taken. A picture is made anew by the decoder; a PDF is kept as it came, and is given out as a file to be saved.
 * Never: shows a byte of a picture as it was sent; gives out a signed file whose content is not what was signed; writes a name anywhere but
 * sealed.
 */
#include "core/http.h"
#include "crypto.h"
#include "form_file.h"
#include "log.h"
#include "media.h"
#include "pages.h"
#include "picture.h"

#define ATTACH "/v/{link_id:uuid}/forms/{assignment_id:uuid}/files/{question_key:slug}"

/* (a file is no text: only for the message beside it) */
const struct field form_file_fields[] = {{"file", FIELD_TEXT}, {0}};

/* ---- taking ---- */

enum err form_file_take(struct req *r, struct str bytes, struct form_file_taken *t,
                        const char **why)
{
    struct picture p;
    *why = NULL;
    *t = (struct form_file_taken){.whole = bytes, .small = S(""), .type = "application/pdf"};
    if (file_type(bytes) == FILE_PDF) {
        *why = form_file_pdf_refusal(bytes);
        return *why ? ERR_INVALID : OK;
    }
    enum err e = req_picture(r, bytes, &p, why);
    if (!e)
        *t = (struct form_file_taken){p.whole, p.small, "image/jpeg", p.width, p.height};
    return e;
}

static void set_size(struct req *r, const char *name, int64_t n)
{
    req_set_null(r, name);
    if (n > 0)
        req_set(r, name, arena_printf(req_arena(r), "%lld", (long long)n));
}

enum err form_file_keep(struct req *r, const struct form_file_taken *t, struct str sent_name,
                        enum query add)
{
    struct str client = req_value(r, "client_id");
    enum err e = req_media_put(r, client, t->whole, t->small);
    if (!e)
        e = req_set_sealed(r, "name_sealed", client, "app.form_file", "name_sealed",
                           req_value(r, "media_id"), form_file_name(req_arena(r), sent_name));
    unsigned char hash[HASH_BYTES];
    sha256(t->whole, hash);
    if (!e)
        e = req_set_sealed(r, "content_sealed", client, "app.form_file", "sha256_sealed",
                           req_value(r, "media_id"), (struct str){(const char *)hash, sizeof hash});
    if (e)
        return e == ERR_GONE ? ERR_NOT_FOUND : e;
    req_set(r, "type", str_of(t->type));
    set_size(r, "width", t->width);
    set_size(r, "height", t->height);
    return req_query(r, Q_form_file_media) && req_query(r, add) ? OK : req_error(r);
}

/* (an input in which nothing was chosen sends one without a name and a byte) */
size_t form_files_sent(struct req *r, const struct upload **list)
{
    const struct upload *all;
    size_t n = req_uploads(r, &all), kept = 0;
    struct upload *files = arena_alloc(req_arena(r), (n + 1) * sizeof *files);
    for (size_t i = 0; i < n; i++)
        if (str_is(all[i].name, "file") && (all[i].bytes.n > 0 || all[i].filename.n > 0))
            files[kept++] = all[i];
    *list = files;
    return kept;
}

static enum err refuse(struct req *r, size_t n, struct str name, const char *why)
{
    struct arena *a = req_arena(r);
    struct str language = req_language(r);
    const struct view_part parts[] = {{"name", form_file_name(a, name)},
                                      {"why", view_words(a, language, str_of(why))}};
    if (n > 1)
        why = arena_cstr(a, view_words_with(a, language, S("“{name}”: {why} Nothing was attached."),
                                            parts, COUNT_OF(parts)));
    req_refuse(r, "file", why);
    return reply_again(r, ATTACH);
}

enum err form_attach(struct req *r)
{
    const struct upload *files;
    size_t n = form_files_sent(r, &files);
    const struct rows *room = req_query(r, Q_form_file_room);
    if (!room)
        return req_error(r);
    int64_t n_left = rows_int(room, 0, "n_left");
    if (n == 0)
        return refuse(r, 0, S(""), "Choose a picture or a PDF first.");
    if (n_left == 0) { /* the page says it, and has no form any more */
        req_refuse(r, "",
                   "Five files can be attached here, and no more. Remove one on the form first.");
        return reply_again(r, ATTACH);
    }
    if ((int64_t)n > n_left)
        return refuse(r, 0, S(""),
                      "These are more than there is room for: five files can be attached here in "
                      "all. Choose fewer.");
    /* All of them are looked at before one is kept, so that it is all or nothing. */
    struct form_file_taken *taken = arena_alloc(req_arena(r), n * sizeof *taken);
    for (size_t i = 0; i < n; i++) {
        const char *why =
            files[i].bytes.n > 0 ? NULL : "This file is empty. Please choose another.";
        enum err e = why ? ERR_INVALID : form_file_take(r, files[i].bytes, &taken[i], &why);
        if (e == ERR_INVALID)
            return refuse(r, n, files[i].filename, why);
        if (e)
            return e;
    }
    for (size_t i = 0; i < n; i++) {
        enum err e = form_file_keep(r, &taken[i], files[i].filename, Q_form_file_add);
        if (e)
            return e;
    }
    return form_to_question(r, req_value(r, "question_key"));
}

/* ---- giving out ---- */

static enum err give(struct req *r, enum query query, enum media_part part)
{
    struct str bytes;
    unsigned char hash[HASH_BYTES];
    struct rows *file = req_query(r, query);
    if (!file)
        return req_error(r);
    if (rows_text(file, 0, "id").n == 0) /* there is none, or no longer */
        return reply_bytes(r, 204, "image/jpeg", S(""), NULL);
    bool is_pdf = str_is(rows_text(file, 0, "type"), "application/pdf");
    /* On the studio's tablet a picture is seen small, and no file stays behind. */
    if (part == MEDIA_WHOLE && query == Q_form_file_mine && rows_bool(file, 0, "is_kiosk"))
        return ERR_NOT_FOUND;
    if (is_pdf && part == MEDIA_SMALL)
        return ERR_NOT_FOUND;
    enum err e = req_media_read(r, file, part, &bytes);
    if (e)
        return e;
    sha256(bytes, hash);
    if (part == MEDIA_WHOLE && !secret_eq((struct str){(const char *)hash, sizeof hash},
                                          rows_text(file, 0, "sha256_sealed"))) {
        log_error("media.broken", "id", arena_cstr(req_arena(r), rows_text(file, 0, "id")), NULL);
        return ERR_INTERNAL;
    }
    return is_pdf ? reply_bytes(r, 200, "application/pdf", bytes, "attached.pdf")
                  : reply_bytes(r, 200, "image/jpeg", bytes, NULL);
}

enum err form_file_whole(struct req *r) { return give(r, Q_form_file_mine, MEDIA_WHOLE); }
enum err form_file_small(struct req *r) { return give(r, Q_form_file_mine, MEDIA_SMALL); }
enum err form_file_of_whole(struct req *r) { return give(r, Q_form_file_of, MEDIA_WHOLE); }
enum err form_file_of_small(struct req *r) { return give(r, Q_form_file_of, MEDIA_SMALL); }
