/*
 * password.c -- which passwords may be chosen (PROMISES B46, SECURITY.md V-13): long enough, in any
 * script and of any composition, and none of those that are tried first.
 * Never: keeps, logs or shortens one. (zxcvbn reads it to its end, but only its beginning is given: a
 * password whose first hundred bytes are hard to guess is hard to guess.)
 */
#include <zxcvbn.h>

#include "account.h"
#include "crypto.h"

enum { READ_BYTES = 100, WORDS = 40, WORD_LEAST = 3 };
static const double COMMON_BITS = 30;

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static char *lower_copy(struct arena *a, struct str s)
{
    char *copy = arena_cstr(a, s);
    for (char *c = copy; *c; c++)
        *c = lower(*c);
    return copy;
}

/* A text whole, and each run of letters and digits in it. */
static size_t add_words(struct arena *a, struct str text, const char **list, size_t n)
{
    if (text.n >= WORD_LEAST && n < WORDS)
        list[n++] = lower_copy(a, text);
    for (size_t from = 0, i = 0; i <= text.n; i++) {
        bool is_part = i < text.n && (((unsigned char)text.p[i] & 0x80) != 0 ||
                                      (lower(text.p[i]) >= 'a' && lower(text.p[i]) <= 'z') ||
                                      (text.p[i] >= '0' && text.p[i] <= '9'));
        if (is_part)
            continue;
        if (i - from >= WORD_LEAST && n < WORDS)
            list[n++] = lower_copy(a, str_part(text, from, i - from));
        from = i + 1;
    }
    return n;
}

bool password_common(struct arena *a, struct str password, const struct str *words, size_t n)
{
    const char *list[WORDS + 2] = {"foyer"};
    size_t used = 1;
    for (size_t i = 0; i < n; i++)
        used = add_words(a, words[i], list, used);
    char *read =
        arena_cstr(a, str_part(password, 0, password.n < READ_BYTES ? password.n : READ_BYTES));
    double bits = ZxcvbnMatch(read, list, NULL);
    secret_wipe(read, strlen(read));
    return bits < COMMON_BITS;
}

size_t password_characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

bool password_fits(struct req *r, const char *field, struct str password, const struct str *words,
                   size_t n)
{
    size_t length = password_characters(password);
    if (length < PASSWORD_LEAST)
        req_refuse(r, field,
                   "This is too short: at least 12 characters. A few words that do not belong "
                   "together are easy to keep.");
    else if (length > PASSWORD_MOST)
        req_refuse(r, field, "This is too long: at most 1000 characters.");
    else if (password_common(req_arena(r), password, words, n))
        req_refuse(r, field,
                   "This is too easy to guess: it is often used, follows a pattern, or is made of "
                   "your name, address or business. Please choose another.");
    else
        return true;
    return false;
}
