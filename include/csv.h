/*
 * csv.h -- rows of a file that a spreadsheet opens (RFC 4180), one cell after the other.
 * Implementation: cgi-src/core/csv.c.
 */
#ifndef FOYER_CSV_H
#define FOYER_CSV_H
#include "base.h"

struct rows;

/* Whether a spreadsheet would carry a text out as a formula: = + - @, also in full width, a tab or a line end first. */
bool csv_is_formula(struct str text);

/* Whether such a text stands behind an apostrophe, as csv_cell writes it; who reads such a cell back takes one off. */
bool csv_has_apostrophe(struct str text);

/*
 * csv_cell -- appends a cell. is_first: no comma before it.
 * A text that csv_is_formula gets an apostrophe before it (SECURITY.md V-04); one that has one already gets another, so that
 * taking one off gives what it was.
 */
void csv_cell(struct buf *b, bool is_first, struct str text);

/* Ends the row. */
void csv_end(struct buf *b);

/* Columns of rows by name, under a first row of these names; n at most, or up to the first NULL. */
void csv_rows(struct buf *b, const struct rows *rows, const char *const *columns, size_t n);
#endif
