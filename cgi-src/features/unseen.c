/*
 * unseen.c -- refuses what would be saved over something that who saves has not seen.
 * Never: decides what is the same; the statements do, for they know how a phone number is kept.
 */
#include "unseen.h"

struct str unseen_words(struct arena *a, struct str is_now)
{
    if (is_now.n == 0)
        return S(
            "Somebody else changed this meanwhile: it is empty now. Save again to keep what you "
            "typed.");
    return arena_printf(a,
                        "Somebody else changed this meanwhile: it now says “%.*s”. "
                        "Save again to keep what you typed.",
                        (int)is_now.n, is_now.p);
}

enum err unseen_refuse(struct req *r, enum query unseen)
{
    struct arena *a = req_arena(r);
    struct rows *held = req_query(r, Q_client_hold);
    if (!held)
        return req_error(r);
    if (rows_count(held) == 0)
        return ERR_NOT_FOUND;
    struct rows *rows = req_query(r, unseen);
    if (!rows)
        return req_error(r);
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct str field = rows_text(rows, i, "field"), is_now = rows_text(rows, i, "is_now");
        req_refuse(r, arena_cstr(a, field), arena_cstr(a, unseen_words(a, is_now)));
        req_retype(r, arena_cstr(a, arena_printf(a, "was_%.*s", (int)field.n, field.p)), is_now);
    }
    return rows_count(rows) > 0 ? ERR_INVALID : OK;
}
