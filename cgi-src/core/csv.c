/*
 * csv.c -- cells of a file that a spreadsheet opens.
 * Owns: quoting, and keeping what people typed from being carried out as a formula.
 */
#include "csv.h"

#include "db.h"

bool csv_is_formula(struct str s)
{
    /* in full width some spreadsheets take them for the same */
    static const char *const full_width[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                             "\xef\xbc\xa0"};
    for (size_t i = 0; i < COUNT_OF(full_width); i++)
        if (str_starts(s, str_of(full_width[i])))
            return true;
    static const char begins[] = {'=', '+', '-', '@', '\t', '\r', '\n'};
    return s.n > 0 && memchr(begins, s.p[0], sizeof begins);
}

bool csv_has_apostrophe(struct str text)
{
    size_t n = 0;
    while (n < text.n && text.p[n] == '\'')
        n++;
    return n > 0 && csv_is_formula(str_part(text, n, text.n - n));
}

void csv_cell(struct buf *b, bool is_first, struct str text)
{
    if (!is_first)
        buf_addc(b, ',');
    buf_addc(b, '"');
    if (csv_is_formula(text) || csv_has_apostrophe(text))
        buf_addc(b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_addc(b, '"');
        if (text.p[i] != '\0')
            buf_addc(b, text.p[i]);
    }
    buf_addc(b, '"');
}

void csv_end(struct buf *b) { buf_addz(b, "\r\n"); }

void csv_rows(struct buf *b, const struct rows *rows, const char *const *columns, size_t n)
{
    for (size_t c = 0; c < n && columns[c]; c++)
        csv_cell(b, c == 0, str_of(columns[c]));
    csv_end(b);
    for (size_t i = 0; i < rows_count(rows); i++) {
        for (size_t c = 0; c < n && columns[c]; c++)
            csv_cell(b, c == 0, rows_text(rows, i, columns[c]));
        csv_end(b);
    }
}
