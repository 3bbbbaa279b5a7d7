/*
 * chart_mark.h -- ending a line of a chart, or marking it as entered in error, with why.
 */
#ifndef FOYER_CHART_MARK_H
#define FOYER_CHART_MARK_H
#include "web.h"

/* Field of every form that marks a line as entered in error. */
#define VOID_REASON {"void_reason", FIELD_TEXT, .max = 200}

/*
 * chart_mark -- runs a statement that ends a line or marks it as an error, with why: the field's text, sealed beside the line.
 * In:     what: "void_reason" or "end_reason", the field and, with "_sealed", column and parameter; table: "app.x"; row: the name
 *         of the path's id of the line.
 * Errors: ERR_NOT_FOUND for a line or a client that is not there; those of the statement.
 */
enum err chart_mark(struct req *r, const char *what, const char *table, const char *row,
                    enum query q);
#endif
