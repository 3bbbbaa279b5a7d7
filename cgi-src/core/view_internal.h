/*
 * view_internal.h -- what the parts of the view share: a template as instructions.
 * The parts: view_parse.c makes instructions from text, view.c keeps the set of templates,
 * view_html.c judges where variables stand, view_render.c runs the instructions.
 */
#ifndef FOYER_VIEW_INTERNAL_H
#define FOYER_VIEW_INTERNAL_H
#include "view.h"

enum {
    MAX_NESTING = 64, /* sections and blocks open in one template */
    MAX_DEPTH = 400   /* sections, blocks and partials entered while rendering */
};

enum code {
    CODE_TEXT,
    CODE_NAME,
    CODE_RAW,
    CODE_SECTION, /* up to its CODE_END, as all that follow */
    CODE_INVERTED,
    CODE_BLOCK,    /* {{$x}} in a page: its content is the default */
    CODE_ARGUMENT, /* {{$x}} directly in a parent: its content replaces the parent's block */
    CODE_PARENT,   /* {{<x}}: contains nothing but arguments */
    CODE_END,
    CODE_PARTIAL
};

/* A dotted name; no parts: the item itself, {{.}}. */
struct path {
    const name_id *part;
    size_t n;
};

struct modifier;

struct instruction {
    enum code code;
    bool is_line_start; /* TEXT: its first byte begins a line, so the indentation goes before it */
    bool is_standalone; /* PARTIAL, PARENT, BLOCK: had its line to itself */
    bool is_dynamic;    /* PARTIAL, PARENT: path gives the name when rendered */
    bool is_escaped;    /* NAME in a page, not in plain text */
    bool is_used;       /* ARGUMENT: some block asked for it */
    bool is_address; /* NAME begins an address (href, src): its scheme is checked when rendered */
    unsigned line;
    size_t end;       /* index of the CODE_END that closes it */
    struct str text;  /* TEXT: itself; PARTIAL, PARENT, BLOCK: its indentation */
    struct str name;  /* as written, without modifier */
    struct path path; /* NAME, RAW, SECTION, INVERTED, dynamic ones */
    name_id block;    /* BLOCK, ARGUMENT */
    const struct modifier *modifier;
    struct view *target; /* PARTIAL, PARENT that are not dynamic; NULL: renders as empty */
};

struct view {
    struct str name;     /* "form/consent", or in another language "form/consent@es" */
    struct str base;     /* without the language */
    struct str language; /* "" for English */
    bool has_words;      /* its own source says something */
    const char *file;
    struct instruction *code;
    size_t n;
    bool is_text; /* plain text, not a page */
    bool is_missing;
    struct str error; /* why it could not be compiled; empty: it could */
};

/* Who replaces blocks: the arguments of one parent tag, and those of the tags around it. The
 * outermost argument counts, so that a page decides over its layout, and a layout over its own. */
struct visit;
struct scope {
    const struct scope *outer;
    const struct view *view;
    size_t parent;             /* index of the CODE_PARENT */
    const struct visit *visit; /* view_walk.c only */
};
/* The argument for a block; NULL: none, the block shows its default. */
const struct scope *scope_find(const struct scope *s, name_id block, size_t *argument);

/* Fills v->code from source, which must live as long as v. False: v->error says why. Memory that
 * stays comes from kept, the rest from scratch. */
bool view_parse(struct view *v, struct str source, bool is_strict, struct arena *kept,
                struct arena *scratch);
/* A file of the template directories by its whole name. ERR_NOT_FOUND: there is none; file: which it is, or would be. */
enum err view_read(struct str name, struct str *file, struct str *source);
/* What lives as long as the set of templates. */
struct arena *view_kept(void);
/* view_words.c: puts the words of a language ("": the English ones) in the place of {{#say}}…{{/say}}; false: v->error says what is missing. */
bool view_say(struct view *v, struct str *source, struct str language, struct arena *kept);
void view_words_forget(void);
/* Whether all templates are compiled, and so all catalogues read: no file is opened any more, for a program may not by then. */
bool view_is_complete(void);
/* Whether each catalogue of the directories can be read and has the same texts as the others; what is wrong, else "". */
struct str view_words_check(struct arena *a);

/* "file:line: ..." in the arena. */
struct str view_error(struct arena *a, const struct view *v, unsigned line, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Judges every place of a variable that this template reaches. Empty text when all is well. */
struct str view_html_check(struct view *v, struct arena *a);

/* A template by name for {{>*name}}; NULL when there is none. */
const struct view *view_dynamic(struct str name, struct arena *a);

/* Visits the instructions in the order in which they render, through partials, parents and blocks;
 * sections are visited once. A template inside itself is not entered again; f sees it with
 * is_inside_itself (and is_unconditional when no section or block stands between). */
struct step {
    struct view *view;
    struct instruction *instruction;
    bool is_inside_itself, is_unconditional;
    bool is_unused; /* an argument that no block of its parent asks for */
};
bool view_steps(struct view *v, bool (*f)(void *, const struct step *), void *self);

/* Modifiers (view_modifiers.c). */
struct modifier {
    const char *name;
    unsigned kinds; /* bit per val_kind */
    void (*apply)(struct buf *out, struct val v, struct str language);
};
const struct modifier *modifier_find(struct str name);
/* "date, time, ...": for an error message. */
struct str modifier_list(struct arena *a);
/* The value as plain text, through the modifier (may be NULL) where it takes this kind, in a language ("": English). */
void val_print(struct buf *out, struct val v, const struct modifier *m, struct str language);

/* Name of an existing id without making one; 0 when nothing is called so. */
name_id name_find(struct str name);

#endif
