/*
 * language.c -- a visitor picks the language of the booking pages, before any link knows her.
 * Owns: __Host-language, a cookie for as long as the browser is open, given to who asks for it and to nobody else. Read in begin.c.
 */
#include "features.h"

static const struct field language_fields[] = {
    {"lang", FIELD_TOKEN, .required = true, .min = 2, .max = 3},
    {"at", FIELD_TEXT, .max = 2000},
    {0},
};

/* Back to the page that she was on. */
static enum err pick_language(struct req *r)
{
    struct str language = view_language_of(req_arena(r), req_value(r, "lang")),
               at = req_value(r, "at");
    if (language.n == 0)
        return ERR_NOT_FOUND;
    reply_cookie(r, "__Host-language", language, "/", 0, false);
    return reply_redirect(r, at.n > 0 ? at : S("/book"));
}

const struct page language_pages[] = {
    {POST, "/language", ANYBODY, .fields = language_fields, .run = pick_language, .again = "/book",
     .no_idempotency = true, .title = "Read the booking pages in another language"},
    {0},
};
