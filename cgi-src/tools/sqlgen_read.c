/*
 * sqlgen_read.c -- reads statements: headers, notes, quotes, comments and the names of parameters.
 * Never: understands SQL; the server is the only judge of it.
 */
#include "sqlgen.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct statement *statements;
size_t n_statements;

/* ---- the body of a statement ---- */

/* Where the scanner stands in one file. */
struct scan {
    const char *file;
    const char *p, *end;
    int line;
};

static char peek(const struct scan *s, size_t ahead)
{
    return (size_t)(s->end - s->p) > ahead ? s->p[ahead] : '\0';
}

/* Copies n bytes of source to the statement, counting lines. */
static void take(struct scan *s, struct text *sql, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s->line += s->p[i] == '\n';
    }
    text_add(sql, s->p, n);
    s->p += n;
}

/* A '...' or "..." text, or E'...' when backslash escapes; the doubled quote stays inside. */
static void take_quoted(struct scan *s, struct text *sql, bool backslash)
{
    int from = s->line;
    char quote = *s->p;
    take(s, sql, 1);
    while (s->p < s->end) {
        if (backslash && *s->p == '\\' && s->p + 1 < s->end) {
            take(s, sql, 2);
        } else if (*s->p == quote && peek(s, 1) == quote) {
            take(s, sql, 2);
        } else if (*s->p == quote) {
            take(s, sql, 1);
            return;
        } else {
            take(s, sql, 1);
        }
    }
    refuse(s->file, from, "a quote opened here is never closed; close it with %c", quote);
}

/* $$...$$ or $tag$...$tag$. Returns false when this dollar opens no quote. */
static bool take_dollar_quoted(struct scan *s, struct text *sql)
{
    size_t tag = 1;
    while (is_word(peek(s, tag)) && !(tag == 1 && is_digit(peek(s, tag)))) {
        tag++;
    }
    if (peek(s, tag) != '$') {
        return false;
    }
    tag++;
    for (const char *p = s->p + tag; p + tag <= s->end; p++) {
        if (memcmp(p, s->p, tag) == 0) {
            take(s, sql, (size_t)(p - s->p) + tag);
            return true;
        }
    }
    refuse(s->file, s->line, "a text opened here by %.*s is never closed; close it likewise",
           (int)tag, s->p);
}

/* Comments do not reach the server: a blank stands for each. */
static void skip_block_comment(struct scan *s, struct text *sql)
{
    int from = s->line, depth = 0;
    struct text away = {0};
    do {
        if (s->p >= s->end) {
            refuse(s->file, from, "a comment opened here is never closed; close it with */");
        }
        if (*s->p == '/' && peek(s, 1) == '*') {
            depth++;
            take(s, &away, 2);
        } else if (*s->p == '*' && peek(s, 1) == '/') {
            depth--;
            take(s, &away, 2);
        } else {
            take(s, &away, 1);
        }
    } while (depth > 0);
    free(away.p);
    text_addz(sql, " ");
}

static void take_parameter(struct scan *s, struct statement *q)
{
    size_t n = 1;
    while (is_word(peek(s, n))) {
        n++;
    }
    const char *name = s->p + 1;
    if (!is_lower_name(name, n - 1)) {
        refuse(s->file, s->line, "parameter ':%.*s' is not lower case; write it as :lower_case",
               (int)(n - 1), name);
    }
    size_t i = 0;
    while (i < q->n_params &&
           !(strlen(q->params[i]) == n - 1 && memcmp(q->params[i], name, n - 1) == 0)) {
        i++;
    }
    if (i == q->n_params) {
        q->params = grow(q->params, (q->n_params + 1) * sizeof *q->params);
        q->params[q->n_params++] = copy(name, n - 1);
    }
    text_printf(&q->sql, "$%zu", i + 1);
    s->p += n;
}

/* Whether the text at p (the start of a line) reads "-- name", well formed or not. */
static bool at_header(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    if (end - p < 2 || p[0] != '-' || p[1] != '-') {
        return false;
    }
    p += 2;
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    if (end - p < 4 || memcmp(p, "name", 4) != 0) {
        return false;
    }
    p += 4;
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    return p < end && *p == ':';
}

/* From behind the header lines to the next header or the end of the file. */
static void scan_body(struct scan *s, struct statement *q)
{
    int first = s->line;
    bool ended = false; /* a semicolon was seen */
    while (s->p < s->end) {
        bool line_start = s->p[-1] == '\n';
        if (line_start && at_header(s->p, s->end)) {
            break;
        }
        char c = *s->p;
        if (c == '-' && peek(s, 1) == '-') {
            while (s->p < s->end && *s->p != '\n') {
                s->p++;
            }
            continue;
        }
        if (c == '/' && peek(s, 1) == '*') {
            skip_block_comment(s, &q->sql);
            continue;
        }
        if (is_blank(c)) {
            take(s, &q->sql, 1);
            continue;
        }
        if (ended && c != ';') {
            refuse(s->file, s->line,
                   "a second statement under '%s'; give it a header '-- name:' of its own",
                   q->name);
        }
        bool in_word = q->sql.n > 0 && is_word(q->sql.p[q->sql.n - 1]);
        if (c == ';') {
            ended = true;
            s->p++;
        } else if (c == '\'') {
            char before = q->sql.n > 0 ? q->sql.p[q->sql.n - 1] : ' ';
            bool alone = q->sql.n < 2 || !is_word(q->sql.p[q->sql.n - 2]);
            take_quoted(s, &q->sql, alone && (before == 'E' || before == 'e'));
        } else if (c == '"') {
            take_quoted(s, &q->sql, false);
        } else if (c == '$' && in_word) {
            take(s, &q->sql, 1);
        } else if (c == '$' && is_digit(peek(s, 1))) {
            refuse(s->file, s->line, "a numbered parameter $%c; name it, as :day", peek(s, 1));
        } else if (c == '$') {
            if (!take_dollar_quoted(s, &q->sql)) {
                take(s, &q->sql, 1);
            }
        } else if (c == ':' && (peek(s, 1) == ':' || peek(s, 1) == '=')) {
            take(s, &q->sql, 2);
        } else if (c == ':' && is_word(peek(s, 1)) && !is_digit(peek(s, 1))) {
            take_parameter(s, q);
        } else {
            take(s, &q->sql, 1);
        }
    }
    while (q->sql.n > 0 && is_blank(q->sql.p[q->sql.n - 1])) {
        q->sql.p[--q->sql.n] = '\0';
    }
    size_t lead = 0;
    while (lead < q->sql.n && is_blank(q->sql.p[lead])) {
        lead++;
    }
    if (lead == q->sql.n) {
        refuse(s->file, first, "'%s' has no statement; write it below its header", q->name);
    }
    memmove(q->sql.p, q->sql.p + lead, q->sql.n - lead + 1);
    q->sql.n -= lead;
}

/* ---- headers ---- */

struct line {
    const char *p;
    size_t n;
};

static struct line next_line(struct scan *s)
{
    struct line l = {s->p, 0};
    while (s->p < s->end && *s->p != '\n') {
        s->p++;
    }
    l.n = (size_t)(s->p - l.p);
    if (s->p < s->end) {
        s->p++;
        s->line++;
    }
    while (l.n > 0 && is_blank(l.p[l.n - 1])) {
        l.n--;
    }
    return l;
}

/* Takes the next word of a line, or an empty one at its end. */
static struct line next_word(struct line *l)
{
    while (l->n > 0 && is_blank(*l->p)) {
        l->p++;
        l->n--;
    }
    struct line word = {l->p, 0};
    while (l->n > 0 && !is_blank(*l->p)) {
        l->p++;
        l->n--;
        word.n++;
    }
    return word;
}

static bool word_is(struct line w, const char *text)
{
    return w.n == strlen(text) && memcmp(w.p, text, w.n) == 0;
}

#define HEADER_FORM "write '-- name: feature_verb :one|:maybe|:many|:page N|:exec'"

static void read_kind(struct scan *s, struct line rest, struct statement *q)
{
    static const struct {
        const char *word, *kind;
    } kinds[] = {
        {":one", "RESULT_ONE"},   {":maybe", "RESULT_MAYBE"}, {":many", "RESULT_MANY"},
        {":page", "RESULT_PAGE"}, {":exec", "RESULT_EXEC"},
    };
    struct line word = next_word(&rest);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (word_is(word, kinds[i].word)) {
            q->kind = kinds[i].kind;
        }
    }
    if (!q->kind) {
        refuse(s->file, q->line, "'%.*s' is no kind of result; " HEADER_FORM, (int)word.n, word.p);
    }
    if (word_is(word, ":page")) {
        struct line size = next_word(&rest);
        for (size_t i = 0; i < size.n; i++) {
            int digit = size.p[i] - '0';
            q->page_size =
                digit < 0 || digit > 9 || q->page_size > 999 ? 100000 : q->page_size * 10 + digit;
        }
        if (q->page_size < 1 || q->page_size > 1000) {
            refuse(s->file, q->line,
                   "the page size of '%s' is missing or not 1 to 1000; write "
                   "':page 50'",
                   q->name);
        }
    }
    struct line more = next_word(&rest);
    if (more.n > 0) {
        refuse(s->file, q->line, "'%.*s' does not belong into a header; " HEADER_FORM, (int)more.n,
               more.p);
    }
}

static void read_name(struct scan *s, struct statement *q)
{
    struct line rest = next_line(s);
    struct line dashes = next_word(&rest), key = next_word(&rest), name = next_word(&rest);
    if (!word_is(dashes, "--") || !word_is(key, "name:") || name.n == 0) {
        refuse(s->file, q->line, "a malformed header; " HEADER_FORM);
    }
    if (!is_lower_name(name.p, name.n)) {
        refuse(s->file, q->line, "'%.*s' is no lower_case name; " HEADER_FORM, (int)name.n, name.p);
    }
    if (name.n > 60) {
        refuse(s->file, q->line,
               "'%.*s' is longer than 60 characters, which the server would cut; "
               "shorten it",
               (int)name.n, name.p);
    }
    q->name = copy(name.p, name.n);
    size_t n = strlen(q->feature);
    if (strncmp(q->name, q->feature, n) != 0 || q->name[n] != '_' || q->name[n + 1] == '\0') {
        refuse(s->file, q->line, "'%s' stands in %s.sql; call it '%s_...', or move it", q->name,
               q->feature, q->feature);
    }
    for (size_t i = 0; i < n_statements; i++) {
        if (strcmp(statements[i].name, q->name) == 0) {
            refuse(s->file, q->line, "'%s' exists already at %s:%d; choose another name", q->name,
                   statements[i].file, statements[i].line);
        }
    }
    read_kind(s, rest, q);
}

/* The text of a "-- text" line, or an empty one. */
static struct line comment_text(struct line l)
{
    struct line word = next_word(&l);
    if (!word_is(word, "--")) {
        return (struct line){l.p, 0};
    }
    while (l.n > 0 && is_blank(*l.p)) {
        l.p++;
        l.n--;
    }
    return l;
}

static void read_meaning(struct scan *s, struct statement *q)
{
    int line = s->line;
    struct line text = comment_text(next_line(s));
    if (text.n == 0 || (text.n > 6 && memcmp(text.p, "seals:", 6) == 0) ||
        (text.n > 8 && memcmp(text.p, "clients:", 8) == 0) ||
        (text.n > 6 && memcmp(text.p, "keeps:", 6) == 0) ||
        (text.n > 5 && memcmp(text.p, "name:", 5) == 0)) {
        refuse(s->file, line, "'%s' has no meaning; say it in one line '-- ...' below its header",
               q->name);
    }
    q->meaning = copy(text.p, text.n);
}

/* "-- seals: chart_note": the table, in schema app unless another is named. */
/* "-- KEY VALUE" among the comment lines below the header: the value. */
static bool read_note(const struct scan *s, const char *key, struct line *value)
{
    struct scan ahead = *s;
    for (;;) {
        int line = ahead.line;
        struct line text = comment_text(next_line(&ahead));
        if (text.n == 0) {
            return false;
        }
        if (!word_is(next_word(&text), key)) {
            continue;
        }
        *value = next_word(&text);
        if (value->n == 0 || next_word(&text).n > 0) {
            refuse(s->file, line, "'-- %s' takes one word", key);
        }
        return true;
    }
}

static void read_seals(const struct scan *s, struct statement *q)
{
    struct line table;
    if (!read_note(s, "seals:", &table)) {
        return;
    }
    const char *dot = memchr(table.p, '.', table.n);
    size_t schema = dot ? (size_t)(dot - table.p) : 0;
    bool good = dot ? is_lower_name(table.p, schema) && is_lower_name(dot + 1, table.n - schema - 1)
                    : is_lower_name(table.p, table.n);
    if (!good) {
        refuse(s->file, s->line, "'%s' does not say which table it seals; write '-- seals: table'",
               q->name);
    }
    struct text full = {0};
    text_printf(&full, "%s%.*s", dot ? "" : "app.", (int)table.n, table.p);
    q->seals = full.p;
}

static void read_clients(const struct scan *s, struct statement *q)
{
    struct line value;
    q->clients = "CLIENTS_UNKNOWN";
    if (!read_note(s, "clients:", &value)) {
        return;
    }
    if (!word_is(value, "seen") && !word_is(value, "none")) {
        refuse(s->file, q->line, "'%s': write '-- clients: seen' or '-- clients: none'", q->name);
    }
    q->clients = word_is(value, "seen") ? "CLIENTS_SEEN" : "CLIENTS_NONE";
}

static void read_keeps(const struct scan *s, struct statement *q)
{
    struct line value;
    if (!read_note(s, "keeps:", &value)) {
        return;
    }
    if (!word_is(value, "reference") || strcmp(q->clients, "CLIENTS_SEEN") == 0 ||
        strcmp(q->kind, "RESULT_MANY") != 0) {
        refuse(s->file, q->line,
               "'%s': only '-- keeps: reference' exists, for a :many without clients", q->name);
    }
    q->is_kept = true;
    q->clients = "CLIENTS_NONE";
}

static bool has_param(const struct statement *q, const char *name)
{
    for (size_t i = 0; i < q->n_params; i++) {
        if (strcmp(q->params[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_params(const struct statement *q)
{
    if (q->page_size > 0 && (!has_param(q, "page_limit") || !has_param(q, "page_offset"))) {
        refuse(q->file, q->line,
               "'%s' is :page but takes no :page_limit and :page_offset; end it with 'LIMIT "
               ":page_limit OFFSET :page_offset'",
               q->name);
    }
    for (size_t i = 0; i < q->n_params; i++) {
        size_t n = strlen(q->params[i]);
        bool sealed = n > 7 && strcmp(q->params[i] + n - 7, "_sealed") == 0;
        if (sealed && !q->seals) {
            refuse(q->file, q->line,
                   "'%s' takes the sealed :%s; say whose row it is for by "
                   "'-- seals: table' below its meaning",
                   q->name, q->params[i]);
        }
    }
}

static void read_statement(struct scan *s, const char *feature)
{
    struct statement q = {.file = s->file, .line = s->line, .feature = feature};
    read_name(s, &q);
    read_meaning(s, &q);
    read_seals(s, &q);
    read_clients(s, &q);
    read_keeps(s, &q);
    scan_body(s, &q);
    check_params(&q);
    statements = grow(statements, (n_statements + 1) * sizeof *statements);
    statements[n_statements++] = q;
}

void read_statements(const char *file, const struct text *content, const char *feature)
{
    struct scan s = {file, content->p, content->p ? content->p + content->n : content->p, 1};
    while (s.p < s.end && !at_header(s.p, s.end)) {
        int line = s.line;
        struct line l = next_line(&s);
        struct line word = next_word(&l);
        if (word.n > 0 && !(word.n >= 2 && word.p[0] == '-' && word.p[1] == '-')) {
            refuse(file, line, "text before the first header; " HEADER_FORM " above it");
        }
    }
    while (s.p < s.end) {
        read_statement(&s, feature);
    }
}
