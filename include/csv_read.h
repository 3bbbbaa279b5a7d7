/*
 * csv_read.h -- reads a file of rows that somebody else made (RFC 4180), strictly.
 * Owns: nothing; cells stand in the arena. Implementation: cgi-src/core/csv_read.c.
 * Never: guesses what a broken quote meant, for what follows it cannot be trusted either.
 */
#ifndef FOYER_CSV_READ_H
#define FOYER_CSV_READ_H
#include "base.h"

enum { CSV_MOST_COLUMNS = 100, CSV_MOST_CELL = 20000 /* bytes: a text of 4,000 characters in any script */ };

/* How the bytes of a file mean characters. CSV_ENCODING_FOUND: by its first bytes (UTF-8 with or without, UTF-16 with a mark);
 * CSV_WINDOWS_1252 only where somebody says so, for nearly any bytes would be some text in it. */
enum csv_encoding { CSV_ENCODING_FOUND, CSV_WINDOWS_1252 };

/* Where reading stopped, counted from 1 as an editor does (column: bytes of UTF-8 in the line), and why, in a sentence that says what
 * to do. is_encoding: the bytes are not UTF-8, and may be another encoding. */
struct csv_problem {
    size_t line, column;
    const char *why;
    bool is_encoding;
};

/*
 * csv_decode -- the text of a file, as UTF-8 without mark; the bytes themselves where they are that already.
 * Errors: ERR_INVALID and *problem: bytes that are none in its encoding, a NUL, an odd byte at the end of UTF-16.
 */
enum err MUST_CHECK csv_decode(struct arena *a, struct str bytes, enum csv_encoding encoding, struct str *text,
                               struct csv_problem *problem);

/* What separates the cells: of comma, semicolon and tab the one that stands most often in the first line, outside of quotes. */
char csv_separator(struct str text);

struct csv_row {
    struct str cells[CSV_MOST_COLUMNS];
    size_t n;
    size_t line;     /* on which it begins */
    struct str raw;  /* its bytes in the text, line end included */
};
struct csv_reader {
    struct arena *arena;
    struct str text;
    size_t at, line, line_start;
    char separator;
    struct csv_problem problem;
};
enum csv_end { CSV_ROW, CSV_DONE, CSV_BROKEN /* reader.problem */ };

/* first_line: the number of the text's first line, where it is a part of a file. */
struct csv_reader csv_open(struct arena *a, struct str text, char separator, size_t first_line);
/* The next row. Empty lines are passed over. */
enum csv_end csv_next(struct csv_reader *r, struct csv_row *row);

#endif
