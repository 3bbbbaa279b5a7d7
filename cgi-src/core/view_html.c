/*
 * view_html.c -- judges, when a page is compiled, where its variables stand in the markup.
 * Owns: nothing. Never: runs on data; a page that passes cannot be made unsafe by any value.
 *
 * The rules of strict mode. A variable may stand
 *   - in text, and in quoted values of ordinary attributes: it is escaped there;
 *   - in an address (href, src, action, ...) after a beginning that settles the scheme: a '/', '?'
 *     or '#', or one of the schemes http, https, mailto, tel, sms;
 *   - at the beginning of an address if its name is or ends in url or path, or it has the modifier
 *     url. A value with another scheme than those above (javascript:) is then shown as
 *     about:invalid.
 * It may not stand in an unquoted value, a tag's or attribute's name, an on... handler, a style or
 * srcdoc attribute, a <script> or a <style>. {{{x_html}}} may stand in text only.
 * A section must end where it began: in text, in the same tag, or in the same attribute's value.
 * Every way through the page is followed: partials, layouts and what replaces their blocks.
 */
#include "view_internal.h"

#include <ctype.h>
#include <strings.h>

enum place {
    IN_TEXT,
    IN_TAG_OPEN, /* after '<' */
    IN_TAG_NAME,
    IN_TAG, /* between attributes */
    IN_ATTRIBUTE_NAME,
    IN_AFTER_NAME,
    IN_BEFORE_VALUE,
    IN_DOUBLE_QUOTES,
    IN_SINGLE_QUOTES,
    IN_UNQUOTED,
    IN_COMMENT,
    IN_DECLARATION, /* <!doctype ...> */
    IN_RAW_TEXT     /* <script>, <style>; <textarea> and <title>, where only text can be */
};

enum attribute { ATTRIBUTE_PLAIN, ATTRIBUTE_ADDRESS, ATTRIBUTE_CODE };

struct word {
    char text[16]; /* lower case; what is longer is no word we know */
    size_t n;
};

struct markup {
    enum place place;
    enum attribute attribute;
    struct word tag, word; /* the tag's name; the name being read, or an address' beginning */
    bool is_closing;       /* </tag> */
    bool is_settled;       /* the address' scheme cannot change any more */
    bool is_forbidden;     /* the address' scheme is one that may run code */
    char last[2];          /* in a comment: the two bytes before */
};

struct check {
    struct markup now;
    struct markup at_section[MAX_NESTING * 8];
    size_t n_sections;
    struct arena *arena;
    struct str error;
};

static void word_add(struct word *w, char c)
{
    if (w->n < sizeof w->text)
        w->text[w->n] = (char)tolower((unsigned char)c);
    w->n++;
}

static bool word_is(const struct word *w, const char *text)
{
    size_t n = strlen(text);
    return w->n == n && n <= sizeof w->text && memcmp(w->text, text, n) == 0;
}

static bool word_is_one_of(const struct word *w, const char *const *list)
{
    for (; *list; list++) {
        if (word_is(w, *list))
            return true;
    }
    return false;
}

static bool is_space(char c) { return isspace((unsigned char)c) != 0; }
static bool is_letter(char c) { return isalpha((unsigned char)c) != 0; }

static enum attribute attribute_of(const struct word *name)
{
    static const char *const code[] = {"style", "srcdoc", NULL};
    static const char *const addresses[] = {
        "href", "src",  "action",   "formaction", "poster", "data",    "cite",        "background",
        "ping", "icon", "manifest", "xlink:href", "srcset", "archive", "imagesrcset", NULL};
    if ((name->n > 2 && memcmp(name->text, "on", 2) == 0) || word_is_one_of(name, code))
        return ATTRIBUTE_CODE;
    return word_is_one_of(name, addresses) ? ATTRIBUTE_ADDRESS : ATTRIBUTE_PLAIN;
}

/* ---- the template's own text ---- */

static void begin_value(struct markup *m, enum place place)
{
    m->attribute = attribute_of(&m->word);
    m->place = place;
    m->word.n = 0;
    m->is_settled = m->is_forbidden = false;
}

static void in_value(struct markup *m, char c)
{
    static const char *const schemes[] = {"http", "https", "mailto", "tel", "sms", NULL};
    if (m->is_settled)
        return;
    if (c == '/' || c == '?' || c == '#') {
        m->is_settled = true;
    } else if (c == ':' || c == '&') { /* '&': a ':' may be written as a character reference */
        m->is_settled = true;
        m->is_forbidden = c == '&' || !word_is_one_of(&m->word, schemes);
    } else {
        word_add(&m->word, c);
    }
}

static void end_tag(struct markup *m)
{
    static const char *const raw[] = {"script", "style", "textarea", "title", NULL};
    m->place = !m->is_closing && word_is_one_of(&m->tag, raw) ? IN_RAW_TEXT : IN_TEXT;
    m->word.n = 0;
}

static void in_tag(struct markup *m, char c)
{
    if (c == '>') {
        end_tag(m);
    } else if (!is_space(c) && c != '/') {
        m->place = IN_ATTRIBUTE_NAME;
        m->word.n = 0;
        word_add(&m->word, c);
    } else {
        m->place = IN_TAG;
    }
}

/* In <script> and the like only </script> ends it. word holds what was read of that. */
static void in_raw_text(struct markup *m, char c)
{
    if (c == '<') {
        m->word.n = 0;
        word_add(&m->word, c);
    } else if (m->word.n && (is_letter(c) || (m->word.n == 1 && c == '/'))) {
        word_add(&m->word, c);
    } else {
        struct word w = m->word;
        bool is_end = w.n == m->tag.n + 2 && w.n <= sizeof w.text && w.text[1] == '/' &&
                      memcmp(w.text + 2, m->tag.text, m->tag.n) == 0;
        m->word.n = 0;
        if (is_end && (c == '>' || c == '/' || is_space(c))) {
            m->is_closing = true;
            in_tag(m, c);
        }
    }
}

static void after_less_than(struct markup *m, char c)
{
    if (c == '/' && !m->is_closing) {
        m->is_closing = true;
    } else if (is_letter(c)) {
        m->place = IN_TAG_NAME;
        m->tag = (struct word){0};
        word_add(&m->tag, c);
    } else if (!m->is_closing && (c == '!' || c == '?')) {
        m->place = IN_DECLARATION;
        m->word.n = 0;
    } else {
        m->place = c == '<' ? IN_TAG_OPEN : IN_TEXT;
    }
}

static void in_declaration(struct markup *m, char c)
{
    word_add(&m->word, c);
    if (word_is(&m->word, "--")) {
        m->place = IN_COMMENT;
        m->last[0] = m->last[1] = ' ';
    } else if (c == '>') {
        m->place = IN_TEXT;
    }
}

static void in_comment(struct markup *m, char c)
{
    if (c == '>' && m->last[0] == '-' && m->last[1] == '-')
        m->place = IN_TEXT;
    m->last[0] = m->last[1];
    m->last[1] = c;
}

static void after_name(struct markup *m, char c)
{
    if (c == '=')
        m->place = IN_BEFORE_VALUE;
    else if (is_space(c))
        m->place = IN_AFTER_NAME;
    else
        in_tag(m, c);
}

static void read_byte(struct markup *m, char c)
{
    switch (m->place) {
    case IN_TEXT:
        if (c == '<') {
            m->place = IN_TAG_OPEN;
            m->is_closing = false;
        }
        break;
    case IN_TAG_OPEN:
        after_less_than(m, c);
        break;
    case IN_TAG_NAME:
        if (is_space(c) || c == '/' || c == '>')
            in_tag(m, c);
        else
            word_add(&m->tag, c);
        break;
    case IN_TAG:
        in_tag(m, c);
        break;
    case IN_ATTRIBUTE_NAME:
        if (c == '=' || is_space(c) || c == '/' || c == '>')
            after_name(m, c);
        else
            word_add(&m->word, c);
        break;
    case IN_AFTER_NAME:
        after_name(m, c);
        break;
    case IN_BEFORE_VALUE:
        if (c == '"' || c == '\'')
            begin_value(m, c == '"' ? IN_DOUBLE_QUOTES : IN_SINGLE_QUOTES);
        else if (c == '>')
            end_tag(m);
        else if (!is_space(c))
            begin_value(m, IN_UNQUOTED);
        break;
    case IN_DOUBLE_QUOTES:
    case IN_SINGLE_QUOTES:
        if (c == (m->place == IN_DOUBLE_QUOTES ? '"' : '\''))
            m->place = IN_TAG;
        else
            in_value(m, c);
        break;
    case IN_UNQUOTED:
        if (is_space(c) || c == '>')
            in_tag(m, c);
        break;
    case IN_COMMENT:
        in_comment(m, c);
        break;
    case IN_DECLARATION:
        in_declaration(m, c);
        break;
    case IN_RAW_TEXT:
        in_raw_text(m, c);
        break;
    }
}

/* ---- variables ---- */

static bool ends_in(struct str s, const char *end)
{
    size_t n = strlen(end);
    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0 &&
           (s.n == n || s.p[s.n - n - 1] == '_' || s.p[s.n - n - 1] == '.');
}

/* NULL: fine. Else why a variable cannot stand here. */
static const char *judge_address(struct markup *m, struct instruction *in)
{
    bool is_encoded = in->modifier && strcmp(in->modifier->name, "url") == 0;
    if (m->is_forbidden)
        return "the address has a scheme that may run code; use https, mailto, tel or a path";
    if (m->is_settled || is_encoded)
        return NULL;
    if (!ends_in(in->name, "url") && !ends_in(in->name, "path"))
        return "an address must not begin with it, for it could be javascript:; write a '/' before "
               "it, give it the modifier url, or end its name in _url or _path";
    in->is_address = true;
    word_add(&m->word, 'x'); /* something stands there now */
    return NULL;
}

static const char *judge(struct markup *m, struct instruction *in)
{
    bool is_quoted = m->place == IN_DOUBLE_QUOTES || m->place == IN_SINGLE_QUOTES;
    bool is_script =
        m->place == IN_RAW_TEXT && (word_is(&m->tag, "script") || word_is(&m->tag, "style"));
    if (in->code == CODE_RAW && m->place != IN_TEXT)
        return "markup can stand in text only; write it with two braces";
    if (is_script)
        return "nothing can be escaped safely in <script> or <style>; put it into a data- "
               "attribute";
    if (m->place == IN_TEXT || m->place == IN_COMMENT || m->place == IN_RAW_TEXT)
        return NULL;
    if (m->place == IN_BEFORE_VALUE || m->place == IN_UNQUOTED)
        return "its attribute's value is not quoted; write it in double quotes";
    if (!is_quoted)
        return "a variable can stand in text or in a quoted value, not in a tag; use a section "
               "around constant text";
    if (m->attribute == ATTRIBUTE_CODE)
        return "it stands in a handler, style or srcdoc attribute, where escaping does not help; "
               "use a data- attribute or a class";
    return m->attribute == ATTRIBUTE_ADDRESS ? judge_address(m, in) : NULL;
}

/* Places that are one for a section that begins or ends there. */
static enum place rough_place(enum place p)
{
    bool is_in_tag = p == IN_TAG_NAME || p == IN_ATTRIBUTE_NAME || p == IN_AFTER_NAME;
    return is_in_tag ? IN_TAG : p;
}

/* kind: "section", "variable"; problem begins with what follows its name. */
static bool fail(struct check *c, const struct step *step, const char *kind, const char *problem,
                 const char *why)
{
    struct str what = step->instruction->name;
    c->error = view_error(c->arena, step->view, step->instruction->line, "%s '%.*s'%s%s", kind,
                          (int)what.n, what.p, problem, why);
    return false;
}

static bool is_same_part(const struct markup *a, const struct markup *b)
{
    if (rough_place(a->place) != rough_place(b->place))
        return false;
    if (a->place == IN_DOUBLE_QUOTES || a->place == IN_SINGLE_QUOTES || a->place == IN_UNQUOTED)
        return a->attribute == b->attribute;
    return a->place != IN_RAW_TEXT || memcmp(&a->tag, &b->tag, sizeof a->tag) == 0;
}

static bool end_section(struct check *c, const struct step *step)
{
    struct markup before = c->at_section[--c->n_sections];
    bool is_same = is_same_part(&before, &c->now);
    c->now = before; /* the section may be left out */
    return is_same ||
           fail(c, step, "section", " ends in another part of the markup than it began in; ",
                "open and close tags and quotes in the same section");
}

static bool check_step(void *self, const struct step *step)
{
    struct check *c = self;
    struct instruction *in = step->instruction;
    const char *why = NULL;
    if (step->is_unconditional)
        return fail(c, step, "template", " includes itself without end; ",
                    "put a section around it");
    if (step->is_unused)
        return fail(c, step, "block", " is not one of this parent's; ",
                    "correct the name, or remove it");
    if (step->view->is_text)
        return true;
    if (in->code == CODE_PARENT && in->is_dynamic)
        return fail(c, step, "parent", ": ", "a parent cannot be named by data; use a partial");
    switch (in->code) {
    case CODE_TEXT:
        for (size_t i = 0; i < in->text.n; i++)
            read_byte(&c->now, in->text.p[i]);
        return true;
    case CODE_NAME:
    case CODE_RAW:
        why = judge(&c->now, in);
        return !why || fail(c, step, "variable", ": ", why);
    case CODE_SECTION:
    case CODE_INVERTED:
        if (c->n_sections == COUNT_OF(c->at_section))
            return fail(c, step, "section", " nests too deep; ", "make the page simpler");
        c->at_section[c->n_sections++] = c->now;
        return true;
    case CODE_END:
        return end_section(c, step);
    default:
        if (in->is_dynamic && c->now.place != IN_TEXT)
            return fail(c, step, "dynamic partial", ": ",
                        "a partial that is named by data can stand in text only");
        return true;
    }
}

struct str view_html_check(struct view *v, struct arena *a)
{
    struct check *c = arena_alloc(a, sizeof *c);
    c->arena = a;
    (void)view_steps(v, check_step, c);
    return c->error;
}
