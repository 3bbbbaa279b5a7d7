/*
 * sqlgen.h -- what the parts of sqlgen share: growing texts, one statement, and how a mistake ends it.
 */
#ifndef FOYER_SQLGEN_H
#define FOYER_SQLGEN_H
#include <stdbool.h>
#include <stddef.h>

/* A growing text. The program is short-lived: what it allocates, it keeps until it ends. */
struct text {
    char *p;
    size_t n, cap;
};

/* One statement, as it will stand in query_table. */
struct statement {
    char *name, *meaning, *seals; /* seals: "schema.table" or NULL */
    const char *kind;             /* RESULT_... */
    const char *clients;          /* CLIENTS_... */
    bool is_kept;
    int page_size;
    struct text sql;
    char **params;
    size_t n_params;
    int line;         /* of its header */
    const char *file; /* as given on the command line */
    const char *feature;
};

/* The statements of all files read so far, in their order. */
extern struct statement *statements;
extern size_t n_statements;

/* ---- sqlgen_text.c ---- */

/* realloc that ends the program when there is no memory. */
void *grow(void *p, size_t n);
void text_add(struct text *t, const char *p, size_t n);
void text_addz(struct text *t, const char *text);
/* At most 1,023 bytes at a time; more ends the program. */
__attribute__((format(printf, 2, 3))) void text_printf(struct text *t, const char *fmt, ...);
char *copy(const char *p, size_t n);
/* Says "file:line: what; what to do" and ends the program with status 1. */
__attribute__((noreturn, format(printf, 3, 4))) void refuse(const char *file, int line,
                                                            const char *fmt, ...);
bool is_digit(char c);
/* What may stand inside an SQL identifier; bytes above ASCII may as well. */
bool is_word(char c);
bool is_blank(char c);
/* [a-z_][a-z0-9_]* */
bool is_lower_name(const char *p, size_t n);

/* ---- sqlgen_read.c ---- */

/* Reads a file's statements; feature: the file's name without its ending. */
void read_statements(const char *file, const struct text *content, const char *feature);

#endif
