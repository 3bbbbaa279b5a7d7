/*
 * view_words.c -- the words of templates in other languages than English: catalogues words/LANGUAGE.po in the template directories, and
 * {{#say}}English{{/say}}, which is replaced when a template is compiled. "form/consent@es" is form/consent with its words, and all that it
 * includes, in Spanish.
 * Owns: the catalogues, kept for ever. Never: translates while a page is rendered, but for whole messages (view_words).
 * What is read of the format: comments, msgid and msgstr with further lines, \" \\ and \n. Anything else is an error, and so is a text
 * that stands twice or whose {{tags}} are not those of its translation.
 */
#include "view_internal.h"

#include <stdlib.h>

enum {
    MAX_CATALOGUES = 40
}; /* also of languages that have none; those there are come first: view_compile_all */

struct said {
    struct str english, words;
};
struct catalogue {
    struct str language;
    struct said *said; /* in the order of the English texts */
    size_t n;
    bool is_missing;
    struct str error;
};

static struct {
    struct catalogue all[MAX_CATALOGUES];
    size_t n;
} words;

void view_words_forget(void) { words.n = 0; }

static int in_order(const void *a, const void *b)
{
    struct str x = ((const struct said *)a)->english, y = ((const struct said *)b)->english;
    size_t n = x.n < y.n ? x.n : y.n;
    int order = n > 0 ? memcmp(x.p, y.p, n) : 0; /* an empty text may lie nowhere */
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* The text of "..." at the end of a line, added to b; false: it is none. */
static bool add_quoted(struct buf *b, struct str quoted)
{
    if (quoted.n < 2 || quoted.p[0] != '"' || quoted.p[quoted.n - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < quoted.n; i++) {
        char c = quoted.p[i];
        if (c == '"')
            return false;
        if (c == '\\') {
            c = quoted.p[++i];
            if (i + 1 >= quoted.n || (c != '"' && c != '\\' && c != 'n'))
                return false;
            c = c == 'n' ? '\n' : c;
        }
        buf_addc(b, c);
    }
    return true;
}

/* The {{tags}} of a text, one after the other. */
static struct str tags_of(struct arena *a, struct str text)
{
    struct buf b = buf_in(a, 64);
    for (size_t i = 0; i + 1 < text.n; i++) {
        if (text.p[i] != '{' || text.p[i + 1] != '{')
            continue;
        while (i + 1 < text.n && (text.p[i] != '}' || text.p[i + 1] != '}'))
            buf_addc(&b, text.p[i++]);
        buf_addc(&b, '}');
    }
    return buf_str(&b);
}

/* Reads a catalogue; an error names its line. */
static void read_catalogue(struct catalogue *c, struct str file, struct str source,
                           struct arena *kept)
{
    enum { NOTHING, ENGLISH, WORDS } at = NOTHING;
    struct buf english = buf_in(kept, 128), said = buf_in(kept, 128);
    unsigned line = 0;
    size_t cap = 0;
    for (struct str rest = source; rest.n > 0 || at != NOTHING;) {
        bool is_end = rest.n == 0;
        struct str one = is_end ? S("") : str_trim(str_cut(&rest, '\n'));
        bool is_good = true;
        line++;
        if (one.n == 0 || one.p[0] == '#') {
            if (at == NOTHING)
                continue;
            struct said s = {buf_str(&english), buf_str(&said)};
            is_good = at == WORDS && s.english.n > 0 && s.words.n > 0 &&
                      str_eq(tags_of(kept, s.english), tags_of(kept, s.words));
            if (c->n == cap) {
                cap = cap ? cap * 2 : 64;
                struct said *more = arena_alloc(kept, cap * sizeof *more);
                if (c->n)
                    memcpy(more, c->said, c->n * sizeof *more);
                c->said = more;
            }
            c->said[c->n++] = s;
            english = buf_in(kept, 128);
            said = buf_in(kept, 128);
            at = NOTHING;
        } else if (str_starts(one, S("msgid ")) && at == NOTHING) {
            at = ENGLISH;
            is_good = add_quoted(&english, str_part(one, 6, one.n - 6));
        } else if (str_starts(one, S("msgstr ")) && at == ENGLISH) {
            at = WORDS;
            is_good = add_quoted(&said, str_part(one, 7, one.n - 7));
        } else {
            is_good = at != NOTHING && add_quoted(at == ENGLISH ? &english : &said, one);
        }
        if (!is_good) {
            c->error = arena_printf(
                kept, "%.*s:%u: this is no text with its translation, whose tags are the same",
                (int)file.n, file.p, line);
            return;
        }
    }
    qsort(c->said, c->n, sizeof *c->said, in_order);
    for (size_t i = 1; i < c->n; i++)
        if (str_eq(c->said[i - 1].english, c->said[i].english))
            c->error = arena_printf(kept, "%.*s: “%.*s” stands twice", (int)file.n, file.p,
                                    (int)c->said[i].english.n, c->said[i].english.p);
}

static bool is_language(struct str s)
{
    bool is_good = s.n == 2 || s.n == 3;
    for (size_t i = 0; i < s.n; i++)
        is_good &= s.p[i] >= 'a' && s.p[i] <= 'z';
    return is_good;
}

/* The catalogue of a language; NULL: there is none. */
static const struct catalogue *catalogue_of(struct str language)
{
    struct arena *kept = view_kept();
    for (size_t i = 0; i < words.n; i++)
        if (str_eq(words.all[i].language, language))
            return words.all[i].is_missing ? NULL : &words.all[i];
    if (!is_language(language) || words.n == MAX_CATALOGUES)
        return NULL;
    struct catalogue *c = &words.all[words.n];
    *c = (struct catalogue){.language = arena_str(kept, language), .error = S("")};
    struct str file, source,
        name = arena_printf(kept, "words/%.*s.po", (int)language.n, language.p);
    enum err e = view_read(name, &file, &source);
    c->is_missing = e != OK;
    words.n++;
    if (!e)
        read_catalogue(c, file, source, kept);
    return c->is_missing ? NULL : c;
}

static const struct said *find_said(const struct catalogue *c, struct str english)
{
    struct said key = {english, S("")};
    return c->n ? bsearch(&key, c->said, c->n, sizeof *c->said, in_order) : NULL;
}

bool view_speaks(struct str language) { return catalogue_of(language) != NULL; }

struct str view_words(struct str language, struct str english)
{
    const struct catalogue *c = catalogue_of(language);
    const struct said *said = c ? find_said(c, english) : NULL;
    return said ? said->words : english;
}

/* Where s begins in text at or after `from`; text.n: nowhere. */
static size_t find_in(struct str text, size_t from, struct str s)
{
    const char *found = memmem(text.p + from, text.n - from, s.p, s.n);
    return found ? (size_t)(found - text.p) : text.n;
}

bool view_say(struct view *v, struct str *source, struct str language, struct arena *kept)
{
    const struct str begin = S("{{#say}}"), end = S("{{/say}}");
    const struct catalogue *c = language.n > 0 ? catalogue_of(language) : NULL;
    if (find_in(*source, 0, begin) == source->n)
        return true;
    if (c && c->error.n > 0) {
        v->error = c->error;
        return false;
    }
    struct buf b = buf_in(kept, source->n + 256);
    for (size_t at = 0; at < source->n;) {
        size_t from = find_in(*source, at, begin);
        buf_add(&b, str_part(*source, at, from - at));
        if (from == source->n)
            break;
        size_t to = find_in(*source, from, end);
        struct str english = str_part(*source, from + begin.n,
                                      (to == source->n ? from + begin.n : to) - from - begin.n);
        const struct said *said = c ? find_said(c, english) : NULL;
        if (to == source->n || (language.n > 0 && !said)) {
            v->error =
                arena_printf(kept, "%s: “%.*s” has no words in '%.*s'; add it to words/%.*s.po",
                             v->file, (int)english.n, english.p, (int)language.n, language.p,
                             (int)language.n, language.p);
            return false;
        }
        buf_add(&b, said ? said->words : english);
        at = to + end.n;
    }
    *source = buf_str(&b);
    return true;
}
