/*
 * csv_read.c -- encodings, and rows of cells.
 * Owns: the grammar of RFC 4180 with LF beside CR LF, and what is said of each way to break it.
 * Encodings are decoded here and not by iconv: glibc loads those that it has as files when they are first asked for, and a worker may
 * open none.
 */
#include "csv_read.h"

/* Windows-1252 from 0x80 to 0x9F; 0: no character. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static void add_character(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(b, (char)c);
    } else if (c < 0x800) {
        buf_addc(b, (char)(0xC0 | c >> 6));
        buf_addc(b, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_addc(b, (char)(0xE0 | c >> 12));
        buf_addc(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_addc(b, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_addc(b, (char)(0xF0 | c >> 18));
        buf_addc(b, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_addc(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_addc(b, (char)(0x80 | (c & 0x3F)));
    }
}

/* The place behind the text that was read so far. */
static enum err broken(struct csv_problem *problem, struct str before, const char *why,
                       bool is_encoding)
{
    *problem = (struct csv_problem){1, 1, why, is_encoding};
    for (size_t i = 0; i < before.n; i++) {
        problem->column++;
        if (before.p[i] == '\n') {
            problem->line++;
            problem->column = 1;
        }
    }
    return ERR_INVALID;
}

#define NO_ZERO                                                                                    \
    "There is a zero byte here, which no text has. Save the table as \"CSV UTF-8\" and choose "    \
    "that file."

/* Bytes of the well-formed UTF-8 character at s.p[i]; 0: there is none. */
static size_t character_bytes(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];
    size_t n = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    return i + n <= s.n && str_utf8_ok(str_part(s, i, n)) ? n : 0;
}

static enum err check_utf8(struct str bytes, struct csv_problem *problem)
{
    for (size_t i = 0, n; i < bytes.n; i += n) {
        n = character_bytes(bytes, i);
        if (n == 0 && bytes.p[i] == '\0')
            return broken(problem, str_part(bytes, 0, i), NO_ZERO, false);
        if (n == 0)
            return broken(problem, str_part(bytes, 0, i),
                          "The bytes here are no UTF-8. Save the table as \"CSV UTF-8\", or say "
                          "below that the file is Windows-1252, as older programs save it.",
                          true);
    }
    return OK;
}

static enum err from_utf16(struct buf *b, struct str bytes, bool is_big,
                           struct csv_problem *problem)
{
    for (size_t i = 0; i < bytes.n; i += 2) {
        if (i + 1 == bytes.n)
            return broken(problem, buf_str(b),
                          "The file ends within a character. Save it once more, whole.", false);
        const unsigned char *p = (const unsigned char *)bytes.p + i;
        uint32_t c = is_big ? (uint32_t)(p[0] << 8 | p[1]) : (uint32_t)(p[1] << 8 | p[0]);
        if (c == 0)
            return broken(problem, buf_str(b), NO_ZERO, false);
        if (c >= 0xD800 && c < 0xE000) {
            uint32_t low = 0;
            if (c < 0xDC00 && i + 3 < bytes.n)
                low = is_big ? (uint32_t)(p[2] << 8 | p[3]) : (uint32_t)(p[3] << 8 | p[2]);
            if (low < 0xDC00 || low >= 0xE000)
                return broken(problem, buf_str(b),
                              "The bytes here are no UTF-16. Save the table as \"CSV UTF-8\" and "
                              "choose that file.",
                              false);
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        add_character(b, c);
    }
    return OK;
}

static enum err from_1252(struct buf *b, struct str bytes, struct csv_problem *problem)
{
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c == 0)
            return broken(problem, buf_str(b), NO_ZERO, false);
        uint32_t character = c < 0x80 || c > 0x9F ? c : windows_1252[c - 0x80];
        if (character == 0)
            return broken(problem, buf_str(b),
                          "The byte here is no Windows-1252. Save the table as \"CSV UTF-8\" and "
                          "choose that file.",
                          false);
        add_character(b, character);
    }
    return OK;
}

enum err csv_decode(struct arena *a, struct str bytes, enum csv_encoding encoding, struct str *text,
                    struct csv_problem *problem)
{
    bool is_little = str_starts(bytes, S("\xFF\xFE")), is_big = str_starts(bytes, S("\xFE\xFF"));
    if (str_starts(bytes, S("\xEF\xBB\xBF")) ||
        (encoding == CSV_ENCODING_FOUND && !is_little && !is_big)) {
        size_t mark = str_starts(bytes, S("\xEF\xBB\xBF")) ? 3 : 0;
        *text = str_part(bytes, mark, bytes.n - mark);
        return check_utf8(*text, problem);
    }
    struct buf b = buf_in(a, bytes.n + bytes.n / 2 + 16);
    enum err e = is_little || is_big
                     ? from_utf16(&b, str_part(bytes, 2, bytes.n - 2), is_big, problem)
                     : from_1252(&b, bytes, problem);
    *text = buf_str(&b);
    return e;
}

char csv_separator(struct str text)
{
    static const char choices[] = {',', ';', '\t'};
    size_t seen[COUNT_OF(choices)] = {0}, best = 0, start = 0;
    bool is_quoted = false;
    while (start < text.n && (text.p[start] == '\n' || text.p[start] == '\r')) /* empty lines */
        start++;
    for (size_t i = start; i < text.n && (is_quoted || (text.p[i] != '\n' && text.p[i] != '\r'));
         i++) {
        if (text.p[i] == '"')
            is_quoted = !is_quoted;
        for (size_t c = 0; c < COUNT_OF(choices) && !is_quoted; c++)
            seen[c] += text.p[i] == choices[c];
    }
    for (size_t c = 1; c < COUNT_OF(choices); c++)
        if (seen[c] > seen[best])
            best = c;
    return choices[best];
}

struct csv_reader csv_open(struct arena *a, struct str text, char separator, size_t first_line)
{
    return (struct csv_reader){
        .arena = a, .text = text, .line = first_line, .separator = separator};
}

static enum csv_end stop(struct csv_reader *r, size_t line, size_t column, const char *why)
{
    r->problem = (struct csv_problem){line, column, why, false};
    return CSV_BROKEN;
}

static char here(const struct csv_reader *r) { return r->at < r->text.n ? r->text.p[r->at] : '\0'; }
static bool is_over(const struct csv_reader *r) { return r->at >= r->text.n; }
static size_t column(const struct csv_reader *r) { return r->at - r->line_start + 1; }

/* Over a line end, if one is here. */
static bool line_end(struct csv_reader *r)
{
    if (here(r) == '\r' && r->at + 1 < r->text.n && r->text.p[r->at + 1] == '\n')
        r->at++;
    if (here(r) != '\n')
        return false;
    r->at++;
    r->line++;
    r->line_start = r->at;
    return true;
}

#define LONG_CELL                                                                                  \
    "This cell is longer than 10,000 bytes, which no fact about a client is. Look whether a "      \
    "quote is missing before it."

/* A cell in quotes, from its first quote to behind its last one. */
static enum csv_end quoted(struct csv_reader *r, struct str *cell)
{
    size_t line = r->line, at_column = column(r), start = ++r->at;
    bool is_plain = true;
    for (;; r->at++) {
        if (is_over(r))
            return stop(r, line, at_column,
                        "The quote that begins here is never closed. Close it, or take it out.");
        if (r->at - start > CSV_MOST_CELL)
            return stop(r, line, at_column, LONG_CELL);
        if (here(r) == '\n') {
            r->line++;
            r->line_start = r->at + 1;
        }
        if (here(r) != '"')
            continue;
        if (r->at + 1 >= r->text.n || r->text.p[r->at + 1] != '"')
            break;
        r->at++;
        is_plain = false;
    }
    *cell = str_part(r->text, start, r->at - start);
    r->at++;
    if (is_plain)
        return CSV_ROW;
    struct buf b = buf_in(r->arena, cell->n);
    for (size_t i = 0; i < cell->n; i++) {
        i += cell->p[i] == '"'; /* of two, the second */
        buf_addc(&b, cell->p[i]);
    }
    *cell = buf_str(&b);
    return CSV_ROW;
}

static enum csv_end unquoted(struct csv_reader *r, struct str *cell)
{
    size_t start = r->at;
    for (; !is_over(r) && here(r) != r->separator && here(r) != '\n' && here(r) != '\r'; r->at++) {
        if (here(r) == '"')
            return stop(r, r->line, column(r),
                        "A quote stands in the middle of a cell. Put the whole cell into quotes, "
                        "and write this one twice.");
        if (r->at - start > CSV_MOST_CELL)
            return stop(r, r->line, column(r), LONG_CELL);
    }
    *cell = str_part(r->text, start, r->at - start);
    return CSV_ROW;
}

enum csv_end csv_next(struct csv_reader *r, struct csv_row *row)
{
    while (line_end(r))
        continue;
    row->n = 0;
    row->line = r->line;
    if (is_over(r))
        return CSV_DONE;
    for (size_t start = r->at;;) {
        if (row->n == CSV_MOST_COLUMNS)
            return stop(r, r->line, column(r),
                        "There are more than 100 columns. Take out those that you do not need.");
        enum csv_end e =
            here(r) == '"' ? quoted(r, &row->cells[row->n]) : unquoted(r, &row->cells[row->n]);
        if (e != CSV_ROW)
            return e;
        row->n++;
        bool is_last = is_over(r) || line_end(r);
        if (is_last) {
            row->raw = str_part(r->text, start, r->at - start);
            return CSV_ROW;
        }
        if (here(r) == '\r')
            return stop(r, r->line, column(r),
                        "A line ends in a way that only very old programs write (CR alone). Save "
                        "the table as \"CSV UTF-8\" and choose that file.");
        if (here(r) != r->separator)
            return stop(
                r, r->line, column(r),
                "Something stands behind a closing quote. A quote within a cell is written twice.");
        r->at++;
    }
}
