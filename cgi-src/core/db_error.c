/*
 * db_error.c -- what an SQLSTATE means to the product, and what a person is told.
 * Owns: the mapping. Our own functions raise class FY (sql/lib); constraints speak through their
 * comments, written "field: message for people".
 * Never: passes on the server's own words to people, nor values to the log.
 */
#include "db_internal.h"

/* A state of five characters, or a class of two. The first that fits counts. */
static const struct mapping {
    const char *state;
    enum err err;
} mappings[] = {
    {"FY400", ERR_INVALID},     {"FY401", ERR_NO_SESSION}, {"FY403", ERR_FORBIDDEN},
    {"FY404", ERR_NOT_FOUND},   {"FY409", ERR_CONFLICT},   {"FY410", ERR_GONE},
    {"FY422", ERR_INVALID},     {"FY429", ERR_TOO_MANY},   {"FY428", ERR_MUST_ENROL},
    {"FY438", ERR_STEP_UP},     {"FY503", ERR_SUSPENDED},  {"23", ERR_INVALID}, /* a constraint */
    {"22P02", ERR_NOT_FOUND},   /* no uuid, no number: nothing has that id */
    {"22007", ERR_NOT_FOUND},   /* no date */
    {"22008", ERR_NOT_FOUND},   /* a date out of range */
    {"22009", ERR_NOT_FOUND},   /* a date with an hour of a zone that is none */
    {"22023", ERR_NOT_FOUND},   /* a date with a zone that is none */
    {"22003", ERR_INVALID},     /* a number out of range */
    {"22001", ERR_INVALID},     /* a text too long */
    {"22021", ERR_INVALID},     /* bytes that are no UTF-8 */
    {"42501", ERR_FORBIDDEN},   /* no privilege, or a policy refused */
    {"40001", ERR_UNAVAILABLE}, /* could not be serialised */
    {"40P01", ERR_UNAVAILABLE}, /* deadlock */
    {"55P03", ERR_UNAVAILABLE}, /* lock_timeout */
    {"57014", ERR_UNAVAILABLE}, /* statement_timeout */
    {"57P", ERR_UNAVAILABLE},   /* the server goes down or comes up */
    {"08", ERR_UNAVAILABLE},    /* the connection */
    {"53", ERR_UNAVAILABLE},    /* disk full, memory, too many connections */
    {"25P03", ERR_UNAVAILABLE}, /* idle for too long within a transaction */
    {"26000", ERR_UNAVAILABLE}, /* a prepared statement is gone: db.c connects anew */
};

/* States whose message names things of ours (columns, functions), never values. */
static const char *const told_to_log[] = {"42", "0A", "25", "26", "3F"};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum err err_of(const char *state)
{
    for (size_t i = 0; i < COUNT_OF(mappings); i++) {
        if (starts(state, mappings[i].state)) {
            return mappings[i].err;
        }
    }
    return ERR_INTERNAL;
}

static const struct comment *comment_find(const struct sql_failure *f,
                                          const struct comment *comments, size_t n)
{
    if (!f->constraint) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const struct comment *c = &comments[i];
        if (str_is(c->constraint, f->constraint) && (!f->schema || str_is(c->schema, f->schema)) &&
            (!f->table || str_is(c->table, f->table))) {
            return c;
        }
    }
    return NULL;
}

/* A comment "field: message" taken apart; one without a field speaks for the whole form. */
static void speak(struct arena *a, struct str comment, struct db_error *e)
{
    size_t n = 0;
    while (n < comment.n && ((comment.p[n] >= 'a' && comment.p[n] <= 'z') || comment.p[n] == '_' ||
                             (n > 0 && comment.p[n] >= '0' && comment.p[n] <= '9'))) {
        n++;
    }
    if (n > 0 && n < comment.n && comment.p[n] == ':') {
        e->field = arena_str(a, str_part(comment, 0, n));
        comment = str_part(comment, n + 1, comment.n - n - 1);
    }
    e->message = arena_str(a, str_trim(comment));
}

static void for_people(struct arena *a, const struct sql_failure *f, const struct comment *said,
                       struct db_error *e)
{
    if (starts(e->sqlstate, "FY")) {
        e->message = arena_str(a, str_of(f->message));
        e->field = arena_str(a, str_of(f->column));
    } else if (e->err != ERR_INVALID) {
        return;
    } else if (said) {
        speak(a, said->text, e);
    } else if (strcmp(e->sqlstate, "23502") == 0) {
        e->field = arena_str(a, str_of(f->column));
        e->message = S("Please fill this in.");
    } else if (strcmp(e->sqlstate, "23503") == 0) {
        e->message = S("Something this refers to is not there any more. Please choose again.");
    } else if (strcmp(e->sqlstate, "23505") == 0) {
        e->message = S("This exists already.");
    } else {
        e->message = S("Something here does not fit. Please check what you entered.");
    }
}

/* Statement, then what names the cause: constraint, column, the function's line. */
static void for_log(struct arena *a, const struct sql_failure *f, const char *statement,
                    struct db_error *e)
{
    struct buf b = buf_in(a, 128);
    buf_addz(&b, statement);
    if (f->constraint) {
        buf_printf(&b, ": %s", f->constraint);
    } else if (f->column) {
        buf_printf(&b, ": column %s", f->column);
    }
    for (size_t i = 0; i < COUNT_OF(told_to_log); i++) {
        if (f->message && starts(e->sqlstate, told_to_log[i])) {
            buf_printf(&b, ": %s", f->message);
        }
    }
    if (f->context && starts(f->context, "PL/pgSQL function ")) {
        buf_addz(&b, " in ");
        buf_add(&b, (struct str){f->context, strcspn(f->context, "\n")});
    }
    e->detail = buf_str(&b);
}

enum err db_error_read(struct arena *a, const struct sql_failure *f, const struct comment *comments,
                       size_t n_comments, const char *statement, struct db_error *e)
{
    const char *state = f->sqlstate && strlen(f->sqlstate) == 5 ? f->sqlstate : "08000";
    *e = (struct db_error){.err = err_of(state), .field = S(""), .message = S("")};
    memcpy(e->sqlstate, state, sizeof e->sqlstate);
    for_people(a, f, comment_find(f, comments, n_comments), e);
    for_log(a, f, statement, e);
    return e->err;
}
