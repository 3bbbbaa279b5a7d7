/*
 * view_words.c -- the words of templates in other languages than English: catalogues words/LANGUAGE.po in the template directories, and
 * {{#say}}English{{/say}}, which is replaced when a template is compiled. "form/consent@es" is form/consent with its words, and all that it
 * includes, in Spanish. Another language is another catalogue, and nothing else.
 * Owns: the catalogues, kept for ever. Never: translates while a page is rendered, but for whole messages (view_words) and dates.
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
    if (!is_language(language) || words.n == MAX_CATALOGUES || view_is_complete())
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

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Where a part that begins at i ends: a number, or what stands between “ and ”; i: none begins there. */
static size_t part_end(struct str text, size_t i)
{
    static const struct str opening = {"“", 3}, closing = {"”", 3};
    size_t end = i;
    if (i >= 3 && str_eq(str_part(text, i - 3, 3), opening)) {
        while (end + 3 <= text.n && !str_eq(str_part(text, end, 3), closing))
            end++;
        return end + 3 <= text.n ? end : i;
    }
    while (end < text.n &&
           (is_digit(text.p[end]) ||
            (end > i && end + 1 < text.n && text.p[end] == '.' && is_digit(text.p[end + 1]))))
        end++;
    return end;
}

/* A text with its numbers and names in quotation marks as {1}, {2}; they come to parts. More than there is room for: as it is. */
static struct str without_parts(struct arena *a, struct str text, struct view_part *parts,
                                size_t most, size_t *n)
{
    static const char *const names[] = {"1", "2", "3", "4", "5", "6"};
    struct buf b = buf_in(a, text.n + 16);
    *n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        i = part_end(text, from);
        if (i == from || *n == most || *n == COUNT_OF(names)) {
            buf_add(&b, str_part(text, from, i > from ? i - from : 1));
            i = i > from ? i : i + 1;
            continue;
        }
        parts[*n] = (struct view_part){names[*n], str_part(text, from, i - from)};
        buf_printf(&b, "{%s}", names[(*n)++]);
    }
    return buf_str(&b);
}

/* A pattern with its parts; a place without one stays as it is. */
static struct str filled(struct arena *a, struct str pattern, const struct view_part *parts,
                         size_t n)
{
    struct buf b = buf_in(a, pattern.n + 64);
    for (size_t i = 0; i < pattern.n;) {
        size_t k = n;
        if (pattern.p[i] == '{')
            for (k = 0; k < n; k++) {
                struct str name = str_of(parts[k].name);
                if (i + name.n + 1 < pattern.n && pattern.p[i + name.n + 1] == '}' &&
                    str_eq(str_part(pattern, i + 1, name.n), name))
                    break;
            }
        if (k < n)
            buf_add(&b, parts[k].text);
        else
            buf_addc(&b, pattern.p[i]);
        i += k < n ? strlen(parts[k].name) + 2 : 1;
    }
    return buf_str(&b);
}

struct str view_words(struct arena *a, struct str language, struct str english)
{
    const struct catalogue *c = language.n > 0 ? catalogue_of(language) : NULL;
    const struct said *said = c && english.n > 0 ? find_said(c, english) : NULL;
    struct view_part parts[6];
    size_t n;
    if (said || !c)
        return said ? said->words : english;
    struct str pattern = without_parts(a, english, parts, COUNT_OF(parts), &n);
    said = n > 0 ? find_said(c, pattern) : NULL;
    return said ? filled(a, said->words, parts, n) : english;
}

struct str view_words_with(struct arena *a, struct str language, struct str english,
                           const struct view_part *parts, size_t n)
{
    const struct catalogue *c = language.n > 0 ? catalogue_of(language) : NULL;
    const struct said *said = c ? find_said(c, english) : NULL;
    return filled(a, said ? said->words : english, parts, n);
}

size_t view_languages(struct arena *a, const struct view_language **all)
{
    struct view_language *found = arena_alloc(a, (words.n + 1) * sizeof *found);
    const struct str own_name = S("English");
    size_t n = 0;
    found[n++] = (struct view_language){S("en"), own_name};
    for (size_t i = 0; i < words.n; i++)
        if (!words.all[i].is_missing)
            found[n++] = (struct view_language){words.all[i].language,
                                                view_words(a, words.all[i].language, own_name)};
    *all = found;
    return n;
}

/* The weight of a language range, "es-MX;q=0.8", in thousandths. */
static int weight_of(struct str range)
{
    (void)str_cut(&range, ';');
    struct str q = str_trim(range);
    if (!str_starts(q, S("q=")))
        return 1000;
    int weight = q.n > 2 && q.p[2] == '1' ? 1000 : 0, place = 100;
    for (size_t i = 4; i < q.n && i < 7 && is_digit(q.p[i]); i++, place /= 10)
        weight += (q.p[i] - '0') * place;
    return weight;
}

/* "ES-mx;q=0.8" as "es". */
static struct str main_language(struct arena *a, struct str range)
{
    struct str tag = str_trim(str_cut(&range, ';')), main = str_cut(&tag, '-');
    struct buf b = buf_in(a, 8);
    for (size_t i = 0; i < main.n && i < 4; i++)
        buf_addc(&b, main.p[i] >= 'A' && main.p[i] <= 'Z' ? (char)(main.p[i] + 32) : main.p[i]);
    return buf_str(&b);
}

struct str view_language_of(struct arena *a, struct str accept_language)
{
    enum { MOST_RANGES = 20 };
    struct str best = S("");
    int most = 0;
    for (int n = 0; accept_language.n > 0 && n < MOST_RANGES; n++) {
        struct str range = str_trim(str_cut(&accept_language, ',')), main = main_language(a, range);
        int weight = weight_of(range);
        if (weight > most && (str_is(main, "en") || view_speaks(main))) {
            best = main;
            most = weight;
        }
    }
    return best;
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

/* ---- all catalogues have the same texts ---- */

/* The first text of `whole` that `part` has no words for; NULL: it has all. */
static const struct said *first_missing(const struct catalogue *whole, const struct catalogue *part)
{
    for (size_t i = 0; i < whole->n; i++)
        if (!find_said(part, whole->said[i].english))
            return &whole->said[i];
    return NULL;
}

struct str view_words_check(struct arena *a)
{
    for (size_t i = 0; i < words.n; i++)
        if (!words.all[i].is_missing && words.all[i].error.n > 0)
            return words.all[i].error;
    for (size_t i = 0; i < words.n; i++)
        for (size_t k = 0; k < words.n; k++) {
            const struct catalogue *whole = &words.all[i], *part = &words.all[k];
            const struct said *missing =
                whole->is_missing || part->is_missing ? NULL : first_missing(whole, part);
            if (missing)
                return arena_printf(a, "“%.*s” has no words in '%.*s'; add it to words/%.*s.po",
                                    (int)missing->english.n, missing->english.p,
                                    (int)part->language.n, part->language.p, (int)part->language.n,
                                    part->language.p);
        }
    return S("");
}
