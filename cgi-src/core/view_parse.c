/*
 * view_parse.c -- one template's text made into instructions: tags, lines, indentation.
 * Owns: nothing. Never: opens a file, follows a partial.
 *
 * In four steps: the text is cut into tokens (a tag, or a piece of one line); opening and closing
 * tags are matched; lines that hold nothing but a tag are taken out; instructions are written.
 *
 * Lines (specification 1.4 and the rules behind its inheritance tests):
 * - A section, partial, comment or block tag alone on its line takes the whole line with it.
 * - A parent and all up to its closing tag count as one tag; text directly in it is never shown.
 * - An argument's content begins after the line of its opening tag, and loses the indentation of
 *   its first line; at the block it gets the block's: that of the block's own first line.
 */
#include "view_internal.h"

enum kind {
    TOKEN_TEXT,
    TOKEN_NAME,
    TOKEN_RAW,
    TOKEN_SECTION,
    TOKEN_INVERTED,
    TOKEN_BLOCK,
    TOKEN_PARENT,
    TOKEN_CLOSE,
    TOKEN_PARTIAL,
    TOKEN_COMMENT /* and a change of delimiters */
};

#define NOWHERE SIZE_MAX

struct token {
    enum kind kind;
    bool is_dynamic;
    bool is_gone;       /* not shown: part of a standalone line, or directly in a parent */
    bool is_line_start; /* first on its line */
    bool is_standalone; /* its line's text is gone */
    bool is_argument;   /* BLOCK directly in a parent */
    unsigned line;
    struct str text;     /* TEXT: itself; a tag: its name as written */
    struct str modifier; /* NAME, RAW */
    struct str before;   /* blanks between the line's beginning and the tag */
    size_t match;        /* CLOSE: its opening tag; opening tags: their CLOSE */
    size_t in;           /* the innermost tag that is open around it */
};

struct parser {
    struct view *view;
    struct str source;
    bool is_strict;
    struct arena *kept, *scratch;
    size_t at; /* in source */
    unsigned line;
    struct str open, close; /* delimiters */
    struct token *token;
    size_t n, cap;
    struct instruction *code;
    size_t n_code, cap_code;
    bool starts_argument; /* the next thing written begins an argument */
};

#define FAIL(p, line, ...)                                                                         \
    ((p)->view->error = view_error((p)->kept, (p)->view, line, __VA_ARGS__), false)
#define TEXT(s) (int)(s).n, (s).p

static bool is_blank(struct str s) { return str_trim(s).n == 0; }
static bool ends_line(const struct token *t)
{
    return t->kind == TOKEN_TEXT && t->text.n && t->text.p[t->text.n - 1] == '\n';
}

/* ---- cutting ---- */

static struct token *add_token(struct parser *p, struct token t)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 128;
        struct token *more = arena_alloc(p->scratch, p->cap * sizeof *more);
        if (p->n)
            memcpy(more, p->token, p->n * sizeof *more);
        p->token = more;
    }
    t.is_line_start = p->n == 0 || ends_line(&p->token[p->n - 1]);
    t.match = t.in = NOWHERE;
    p->token[p->n] = t;
    return &p->token[p->n++];
}

static bool is_at(const struct parser *p, size_t at, struct str what)
{
    return what.n <= p->source.n - at && memcmp(p->source.p + at, what.p, what.n) == 0;
}

/* Position of what at or after `at`, or NOWHERE. */
static size_t find_from(const struct parser *p, size_t at, struct str what)
{
    const char *found = memmem(p->source.p + at, p->source.n - at, what.p, what.n);
    return found ? (size_t)(found - p->source.p) : NOWHERE;
}

/* Text up to the next tag or line's end. */
static void cut_text(struct parser *p)
{
    size_t from = p->at;
    while (p->at < p->source.n && !is_at(p, p->at, p->open)) {
        if (p->source.p[p->at++] == '\n')
            break;
    }
    if (p->at > from)
        add_token(p, (struct token){.kind = TOKEN_TEXT,
                                    .line = p->line,
                                    .text = str_part(p->source, from, p->at - from)});
    if (p->at > from && p->source.p[p->at - 1] == '\n')
        p->line++;
}

static bool set_delimiters(struct parser *p, struct str content)
{
    struct str both = str_trim(content);
    size_t n = 0;
    while (n < both.n && !is_blank(str_part(both, n, 1)))
        n++;
    struct str open = str_part(both, 0, n), close = str_trim(str_part(both, n, both.n - n));
    bool is_wrong = !open.n || !close.n || memchr(open.p, '=', open.n);
    for (size_t i = 0; i < close.n && !is_wrong; i++)
        is_wrong = close.p[i] == '=' || is_blank(str_part(close, i, 1));
    if (is_wrong)
        return FAIL(p, p->line, "delimiters cannot be '%.*s'; write {{=<%% %%>=}}", TEXT(both));
    p->open = open;
    p->close = close;
    return true;
}

/* Name and modifier of a tag, checked. */
static bool take_name(struct parser *p, struct token *t, struct str content)
{
    struct str name = str_trim(content);
    if ((t->kind == TOKEN_PARTIAL || t->kind == TOKEN_PARENT) && name.n && name.p[0] == '*') {
        t->is_dynamic = true;
        name = str_trim(str_part(name, 1, name.n - 1));
    }
    if (t->kind == TOKEN_CLOSE && name.n && name.p[0] == '*')
        name = str_trim(str_part(name, 1, name.n - 1)); /* the end of a dynamic parent */
    if (t->kind == TOKEN_NAME || t->kind == TOKEN_RAW) {
        t->modifier = name;
        name = str_cut(&t->modifier, ':');
    }
    if (!name.n)
        return FAIL(p, t->line, "a tag has no name; write {{name}}, or {{.}} for the item itself");
    for (size_t i = 0; i < name.n; i++) {
        if (is_blank(str_part(name, i, 1)))
            return FAIL(p, t->line, "'%.*s' is not a name: a name has no blanks", TEXT(name));
    }
    t->text = name;
    return true;
}

static enum kind kind_of(char sigil)
{
    switch (sigil) {
    case '#':
        return TOKEN_SECTION;
    case '^':
        return TOKEN_INVERTED;
    case '/':
        return TOKEN_CLOSE;
    case '>':
        return TOKEN_PARTIAL;
    case '<':
        return TOKEN_PARENT;
    case '$':
        return TOKEN_BLOCK;
    case '!':
    case '=':
        return TOKEN_COMMENT;
    case '&':
    case '{':
        return TOKEN_RAW;
    default:
        return TOKEN_NAME;
    }
}

static bool cut_tag(struct parser *p)
{
    size_t at = p->at + p->open.n;
    while (at < p->source.n && is_blank(str_part(p->source, at, 1)))
        at++;
    char sigil = '\0';
    if (at < p->source.n)
        sigil = p->source.p[at];
    struct token t = {.kind = kind_of(sigil), .line = p->line};
    at += t.kind != TOKEN_NAME;
    struct str end = p->close;
    if (sigil == '=' || sigil == '{')
        end = arena_printf(p->scratch, "%c%.*s", sigil == '=' ? '=' : '}', TEXT(p->close));
    size_t to = at < p->source.n ? find_from(p, at, end) : NOWHERE;
    if (to == NOWHERE)
        return FAIL(p, p->line, "this tag is not closed; add '%.*s'", TEXT(end));
    struct str content = str_part(p->source, at, to - at);
    for (size_t i = p->at; i < to; i++)
        p->line += p->source.p[i] == '\n';
    p->at = to + end.n;
    if (sigil == '=' && !set_delimiters(p, content))
        return false;
    if (t.kind != TOKEN_COMMENT && !take_name(p, &t, content))
        return false;
    add_token(p, t);
    return true;
}

static bool cut_all(struct parser *p)
{
    while (p->at < p->source.n) {
        if (!is_at(p, p->at, p->open))
            cut_text(p);
        else if (!cut_tag(p))
            return false;
    }
    return true;
}

/* ---- matching ---- */

static bool is_opening(const struct token *t)
{
    return t->kind == TOKEN_SECTION || t->kind == TOKEN_INVERTED || t->kind == TOKEN_BLOCK ||
           t->kind == TOKEN_PARENT;
}

static const char *word_for(const struct token *t)
{
    return t->kind == TOKEN_BLOCK ? "block" : t->kind == TOKEN_PARENT ? "parent" : "section";
}

static bool close_one(struct parser *p, size_t i, size_t open)
{
    struct token *t = &p->token[i];
    if (open == NOWHERE)
        return FAIL(p, t->line, "{{/%.*s}} closes nothing; remove it, or open it before",
                    TEXT(t->text));
    struct token *o = &p->token[open];
    if (!str_eq(o->text, t->text))
        return FAIL(p, t->line,
                    "{{/%.*s}} stands where %s '%.*s' of line %u is still open; "
                    "close that first",
                    TEXT(t->text), word_for(o), TEXT(o->text), o->line);
    t->match = open;
    o->match = i;
    return true;
}

static bool match_all(struct parser *p)
{
    size_t open = NOWHERE, depth = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct token *t = &p->token[i];
        t->in = open;
        if (t->kind == TOKEN_CLOSE) {
            if (!close_one(p, i, open))
                return false;
            open = t->in = p->token[open].in;
            depth--;
        } else if (is_opening(t)) {
            if (++depth > MAX_NESTING)
                return FAIL(p, t->line,
                            "more than %d tags are open at once; move some into a partial",
                            MAX_NESTING);
            open = i;
        }
    }
    if (open == NOWHERE)
        return true;
    struct token *o = &p->token[open];
    return FAIL(p, o->line, "%s '%.*s' is not closed; add {{/%.*s}}", word_for(o), TEXT(o->text),
                TEXT(o->text));
}

/* What stands directly in a parent is not shown, except blocks: its arguments. */
static bool drop_parents_text(struct parser *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct token *t = &p->token[i];
        const struct token *in = t->in == NOWHERE ? NULL : &p->token[t->in];
        bool is_direct = in && in->kind == TOKEN_PARENT;
        t->is_argument = is_direct && t->kind == TOKEN_BLOCK && !in->is_gone;
        t->is_gone = in && (in->is_gone || (is_direct && t->kind != TOKEN_BLOCK));
        if (t->kind == TOKEN_CLOSE) {
            t->is_gone = p->token[t->match].is_gone;
            t->is_argument = p->token[t->match].is_argument;
        } else if (p->is_strict && is_direct && t->is_gone && t->kind != TOKEN_COMMENT &&
                   !(t->kind == TOKEN_TEXT && is_blank(t->text))) {
            return FAIL(p, t->line,
                        "only blocks are shown inside {{<%.*s}}; put this into one: "
                        "{{$name}}..{{/name}}",
                        TEXT(in->text));
        }
    }
    return true;
}

/* ---- lines ---- */

/* Whether only blanks stand between the line's beginning and token i. */
static bool is_first_on_line(const struct parser *p, size_t i)
{
    for (; i > 0; i--) {
        const struct token *t = &p->token[i - 1];
        if (ends_line(t))
            return true;
        if (t->kind != TOKEN_TEXT || !is_blank(t->text))
            return false;
    }
    return true;
}

/* Whether only blanks stand between token i and the line's end. */
static bool is_last_on_line(const struct parser *p, size_t i)
{
    for (i++; i < p->n; i++) {
        const struct token *t = &p->token[i];
        if (t->kind != TOKEN_TEXT || !is_blank(t->text))
            return false;
        if (ends_line(t))
            return true;
    }
    return true;
}

static struct str blanks_before(const struct parser *p, size_t i)
{
    if (i == 0 || p->token[i - 1].kind != TOKEN_TEXT || ends_line(&p->token[i - 1]))
        return S("");
    return p->token[i - 1].text;
}

static void drop_before(struct parser *p, size_t i)
{
    if (blanks_before(p, i).n)
        p->token[i - 1].is_gone = true;
}

static void drop_after(struct parser *p, size_t i)
{
    if (i + 1 < p->n && p->token[i + 1].kind == TOKEN_TEXT)
        p->token[i + 1].is_gone = true;
}

static bool takes_its_line(const struct token *t)
{
    return t->kind != TOKEN_TEXT && t->kind != TOKEN_NAME && t->kind != TOKEN_RAW;
}

static void find_standalone(struct parser *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct token *t = &p->token[i];
        if (!takes_its_line(t) || t->is_gone)
            continue;
        enum kind what = t->kind == TOKEN_CLOSE ? p->token[t->match].kind : t->kind;
        bool is_first = is_first_on_line(p, i), is_last = is_last_on_line(p, i);
        if (is_first && t->kind != TOKEN_CLOSE)
            t->before = blanks_before(p, i);
        if (what == TOKEN_PARENT) {
            t->is_standalone = t->kind == TOKEN_PARENT ? is_first && is_last_on_line(p, t->match)
                                                       : p->token[t->match].is_standalone;
            if (t->is_standalone && t->kind == TOKEN_PARENT)
                drop_before(p, i);
            else if (t->is_standalone)
                drop_after(p, i);
        } else if (t->is_argument && t->kind == TOKEN_BLOCK) {
            t->is_standalone = is_last;
            if (is_last)
                drop_after(p, i);
        } else if (t->is_argument) {
            t->is_standalone = true;
            if (is_first)
                drop_before(p, i);
        } else if (is_first && is_last) {
            t->is_standalone = true;
            drop_before(p, i);
            drop_after(p, i);
        }
    }
}

/* Blanks that begin the first line with anything on it, between an opening tag and its close. */
static struct str first_indentation(const struct parser *p, size_t open)
{
    for (size_t i = open + 1; i < p->token[open].match; i++) {
        const struct token *t = &p->token[i];
        if (!t->is_line_start)
            continue;
        if (t->kind != TOKEN_TEXT)
            return S("");
        if (!is_blank(t->text) || !ends_line(t)) {
            struct str blanks = t->text;
            struct str rest = str_trim(t->text);
            if (rest.n)
                blanks.n = (size_t)(rest.p - t->text.p);
            /* the blanks before the closing tag itself are no line of the content */
            return i + 1 == p->token[open].match && !rest.n ? S("") : blanks;
        }
    }
    return S("");
}

static bool has_line(const struct parser *p, size_t open)
{
    for (size_t i = open + 1; i < p->token[open].match; i++) {
        if (!p->token[i].is_gone)
            return true;
    }
    return false;
}

/* s without as much of the indentation as it begins with. */
static struct str outdented(struct str s, struct str indentation)
{
    size_t n = 0;
    while (n < s.n && n < indentation.n && s.p[n] == indentation.p[n])
        n++;
    return str_part(s, n, s.n - n);
}

/* ---- writing ---- */

static struct instruction *write_code(struct parser *p, struct instruction in)
{
    if (!p->code || p->n_code == p->cap_code) {
        p->cap_code = p->cap_code ? p->cap_code * 2 : 64;
        struct instruction *more = arena_alloc(p->scratch, p->cap_code * sizeof *more);
        if (p->code)
            memcpy(more, p->code, p->n_code * sizeof *more);
        p->code = more;
    }
    p->code[p->n_code] = in;
    return &p->code[p->n_code++];
}

static void write_text(struct parser *p, struct str s, bool is_line_start, unsigned line)
{
    struct instruction *last = p->n_code ? &p->code[p->n_code - 1] : NULL;
    is_line_start |= p->starts_argument;
    p->starts_argument = false;
    if (last && last->code == CODE_TEXT && last->text.n && last->text.p + last->text.n == s.p &&
        is_line_start == (last->text.p[last->text.n - 1] == '\n')) {
        last->text.n += s.n;
        return;
    }
    if (s.n || is_line_start)
        write_code(p,
                   (struct instruction){
                       .code = CODE_TEXT, .text = s, .is_line_start = is_line_start, .line = line});
}

static bool path_of(struct parser *p, const struct token *t, struct path *path)
{
    *path = (struct path){0};
    if (str_is(t->text, "."))
        return true;
    size_t n = 1;
    for (size_t i = 0; i < t->text.n; i++)
        n += t->text.p[i] == '.';
    name_id *part = arena_alloc(p->kept, n * sizeof *part);
    struct str rest = t->text;
    for (size_t i = 0; i < n; i++) {
        struct str word = str_cut(&rest, '.');
        if (!word.n)
            return FAIL(p, t->line, "'%.*s' is not a name: a part between dots is empty",
                        TEXT(t->text));
        part[i] = name_intern(word);
    }
    *path = (struct path){part, n};
    return true;
}

static bool write_name(struct parser *p, const struct token *t)
{
    struct instruction in = {.code = t->kind == TOKEN_RAW ? CODE_RAW : CODE_NAME,
                             .line = t->line,
                             .name = t->text,
                             .is_escaped = t->kind == TOKEN_NAME && !p->view->is_text};
    if (!path_of(p, t, &in.path))
        return false;
    if (t->modifier.n) {
        in.modifier = modifier_find(t->modifier);
        if (!in.modifier)
            return FAIL(p, t->line, "modifier '%.*s' of '%.*s' is not known; there are: %s",
                        TEXT(t->modifier), TEXT(t->text), modifier_list(p->scratch).p);
    }
    if (t->kind == TOKEN_RAW && p->is_strict && !p->view->is_text &&
        !(t->text.n >= 5 && str_is(str_part(t->text, t->text.n - 5, 5), "_html")))
        return FAIL(p, t->line,
                    "'%.*s' is written without escaping, which only names ending in "
                    "_html may; write {{%.*s}}",
                    TEXT(t->text), TEXT(t->text));
    write_code(p, in);
    return true;
}

/* Indentation that a block gives to what replaces it. */
static struct str block_indentation(const struct parser *p, size_t i, struct str outdent)
{
    const struct token *t = &p->token[i];
    struct str blanks = t->is_standalone && has_line(p, i) ? first_indentation(p, i) : t->before;
    return outdented(blanks, outdent);
}

static bool write_tag(struct parser *p, size_t i, struct str outdent)
{
    const struct token *t = &p->token[i];
    struct instruction in = {.line = t->line,
                             .name = t->text,
                             .is_standalone = t->is_standalone,
                             .is_dynamic = t->is_dynamic};
    switch (t->kind) {
    case TOKEN_SECTION:
    case TOKEN_INVERTED:
        in.code = t->kind == TOKEN_SECTION ? CODE_SECTION : CODE_INVERTED;
        if (!path_of(p, t, &in.path))
            return false;
        break;
    case TOKEN_PARTIAL:
    case TOKEN_PARENT:
        in.code = t->kind == TOKEN_PARTIAL ? CODE_PARTIAL : CODE_PARENT;
        in.text = t->is_standalone ? outdented(t->before, outdent) : S("");
        if (t->is_dynamic && !path_of(p, t, &in.path))
            return false;
        break;
    case TOKEN_BLOCK:
        in.code = t->is_argument ? CODE_ARGUMENT : CODE_BLOCK;
        in.block = name_intern(t->text);
        if (!t->is_argument)
            in.text = block_indentation(p, i, outdent);
        break;
    default:
        in.code = CODE_END;
        break;
    }
    if (!t->is_gone)
        write_code(p, in);
    return true;
}

/* A tag that shows something where it stands begins a line like text does. */
static bool marks_line(const struct parser *p, const struct token *t)
{
    if (t->is_argument || t->is_standalone || t->is_gone)
        return false;
    return t->kind != TOKEN_CLOSE || p->token[t->match].kind != TOKEN_PARENT;
}

static bool write_all(struct parser *p)
{
    size_t open[MAX_NESTING + 1], depth = 0; /* instructions that wait for their CODE_END */
    struct str outdent[MAX_NESTING + 1];     /* in each argument that is open */
    size_t n_outdents = 0;
    struct str none = S("");
    for (size_t i = 0; i < p->n; i++) {
        const struct token *t = &p->token[i];
        struct str cut = n_outdents ? outdent[n_outdents - 1] : none;
        if (t->is_gone && !(t->kind == TOKEN_CLOSE && !p->token[t->match].is_gone))
            continue;
        if (t->kind == TOKEN_TEXT) {
            write_text(p, t->is_line_start ? outdented(t->text, cut) : t->text, t->is_line_start,
                       t->line);
            continue;
        }
        if (marks_line(p, t) && (t->is_line_start || p->starts_argument))
            write_text(p, (struct str){p->source.p, 0}, true, t->line);
        if (t->kind == TOKEN_COMMENT)
            continue;
        if (t->kind == TOKEN_CLOSE) {
            p->code[open[--depth]].end = p->n_code;
            if (t->is_argument)
                n_outdents--;
        }
        bool is_name = t->kind == TOKEN_NAME || t->kind == TOKEN_RAW;
        if (!(is_name ? write_name(p, t) : write_tag(p, i, cut)))
            return false;
        if (is_opening(t))
            open[depth++] = p->n_code - 1;
        p->starts_argument = t->is_argument && t->kind == TOKEN_BLOCK;
        if (p->starts_argument)
            outdent[n_outdents++] = t->is_standalone ? first_indentation(p, i) : none;
    }
    return true;
}

bool view_parse(struct view *v, struct str source, bool is_strict, struct arena *kept,
                struct arena *scratch)
{
    struct parser p = {.view = v,
                       .source = source,
                       .is_strict = is_strict,
                       .kept = kept,
                       .scratch = scratch,
                       .line = 1,
                       .open = S("{{"),
                       .close = S("}}")};
    if (is_strict && !str_utf8_ok(source))
        return FAIL(&p, 1, "the file is not UTF-8; save it as UTF-8");
    if (!cut_all(&p) || !match_all(&p) || !drop_parents_text(&p))
        return false;
    find_standalone(&p);
    if (!write_all(&p))
        return false;
    v->code = arena_alloc(kept, (p.n_code + 1) * sizeof *v->code);
    if (p.n_code)
        memcpy(v->code, p.code, p.n_code * sizeof *v->code);
    v->n = p.n_code;
    return true;
}
