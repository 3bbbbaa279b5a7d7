/*
 * view.h -- Mustache 1.4 (no lambdas) compiled once to instructions, rendered over frames.
 * Owns: the set of compiled templates. Never: runs a query, knows a feature.
 * Modifiers: {{starts_at:time}}; the list is the table in cgi-src/core/view_modifiers.c.
 */
#ifndef FOYER_VIEW_H
#define FOYER_VIEW_H
#include "base.h"

/* A name in a template, interned: equal names have equal ids, so lookup compares integers. */
typedef uint32_t name_id;
name_id name_intern(struct str name);
struct str name_text(name_id id);

enum val_kind {
    VAL_MISSING,  /* no such name in this frame: look further out */
    VAL_NULL,     /* false */
    VAL_BOOL,
    VAL_INT,  /* 64-bit; 0 is false, as the specification's !!data */
    VAL_REAL, /* 0 is false */
    VAL_TEXT,      /* '' is false, 'f' is true */
    VAL_DATE,      /* i: days since 2000-01-01 */
    VAL_TIME,      /* i: microseconds since midnight */
    VAL_LOCAL,     /* i: microseconds since 2000-01-01 00:00, local wall time (timestamp) */
    VAL_INSTANT,   /* i: the same in UTC (timestamptz) */
    VAL_LIST,      /* list: rows to repeat over; false when empty */
    VAL_FRAME      /* frame: an object to enter once */
};

struct frame;
struct val {
    enum val_kind kind;
    union {
        bool b;
        int64_t i;
        double d;
        struct str s;
        struct list {
            const struct list_ops *ops;
            const void *self;
            size_t n;
        } list;
        const struct frame *frame;
    };
};

/* One thing names can be looked up in: a row, a JSON object, the request. Implementations embed it. */
struct frame {
    const struct frame_ops *ops;
};
struct frame_ops {
    /* Value of name in this frame, or VAL_MISSING. */
    struct val (*find)(const struct frame *f, name_id name);
    /* Value of {{.}}; may be NULL (then missing). */
    struct val (*itself)(const struct frame *f);
};
struct list_ops {
    /* The i-th item as a frame, valid until the arena is reset or until the next call. outer is the
     * frame the section stands in, so that a list can keep to the rows that belong to it; NULL
     * means "skip this item". */
    const struct frame *(*item)(struct arena *a, const void *self, size_t i,
                                const struct frame *outer);
    /* The first item from i on that item() would not skip, or the length; so that few of many are
     * found without asking each. After an item that it gave, i is that one's number and one. May be
     * NULL: every item is asked. */
    size_t (*next)(const void *self, size_t i, const struct frame *outer);
};

/* A lookup stack for values given from C. Names are interned once. */
struct kv {
    name_id name;
    struct val val;
};
struct kv_frame {
    struct frame base;
    const struct kv *items;
    size_t n;
};
struct kv_frame kv_frame_of(const struct kv *items, size_t n);

struct view;
/* Strict, the default, is for the product: a partial that does not exist, raw output of a name that
 * does not end in _html, and a variable where escaping cannot make it safe do not compile (the rules
 * are at the head of cgi-src/core/view_html.c). Not strict is the specification and nothing more.
 * To be set before the first template is compiled. */
void view_strict(bool is_strict);
/* Compiles NAME.mustache of the first directory that has it (dirs: colon-separated list), with all
 * it includes. Compiled templates are kept for ever. On error NULL, and *why says
 * "file:line: what; what to do" (in the arena). A template NAME.txt is plain text (messages): its
 * variables are not escaped, and a page cannot include it. */
const struct view *view_get(const char *name, struct arena *a, struct str *why);
/* {{#say}}English{{/say}} in a template is a text in the language of the page. NAME@LANGUAGE is NAME, with all that it includes, in that
 * language, by the catalogue words/LANGUAGE.po; a text without a translation does not compile. Whether there is a catalogue: */
bool view_speaks(struct str language);
/* The languages that there are words for, "en" first, and what each calls itself. Returns how many. */
struct view_language {
    struct str code, words;
};
size_t view_languages(struct arena *a, const struct view_language **all);
/* The first of a browser's languages (Accept-Language, RFC 9110 section 12.5.4) that there are words for, "en" among them; "": none. */
struct str view_language_of(struct arena *a, struct str accept_language);
/* A whole message in that language; the message itself where there is none. Its numbers, and names between “ and ”, may stand in the catalogue
 * as {1}, {2}: "You can try 3 more times." is found as "You can try {1} more times." */
struct str view_words(struct arena *a, struct str language, struct str english);
/* The same with a text in each of its places: {name} of parts. */
struct view_part {
    const char *name;
    struct str text;
};
struct str view_words_with(struct arena *a, struct str language, struct str english,
                           const struct view_part *parts, size_t n);
/* A date YYYY-MM-DD in words as a document has them: 3 May 1990, 3 de mayo de 1990; anything else as it is. */
struct str view_date_words(struct arena *a, struct str language, struct str date);
/* Whether it says anything, {{#say}}, so that it is there in other languages. */
bool view_has_words(const struct view *v);
/* Also forgets every template compiled before; views got earlier are then invalid. */
void view_directories(const char *dirs);
/* Compiles every template below the directories; false and *why at the first error. */
bool view_compile_all(struct arena *a, struct str *why);
/* Renders to out. frames: innermost last. Dynamic names that name no template render as empty.
 * Errors: ERR_INTERNAL when partials and sections nest past the limit; one line on standard error
 * names the template, and out holds half a page that must not be sent. */
enum err view_render(const struct view *v, const struct frame *const *frames, size_t n_frames,
                 struct arena *a, struct buf *out);

/* For viewcheck: walks the compiled instructions of one template. */
enum view_op { OP_TEXT, OP_NAME, OP_RAW, OP_SECTION, OP_INVERTED, OP_END, OP_PARTIAL, OP_DYNAMIC };
struct view_visit {
    enum view_op op;
    struct str name;      /* dotted name as written, without modifiers */
    struct str modifier;  /* "" when none */
    const char *file;
    unsigned line;
};
/* Partials and inheritance are followed. f returns false to stop. */
void view_walk(const struct view *v, bool (*f)(void *, const struct view_visit *), void *);

/* Whether a modifier formats this kind of value; others are shown as if it were not there. False
 * for an unknown modifier. */
bool view_modifier_takes(struct str modifier, enum val_kind kind);
/* A value as a template in English would show it, not escaped; modifier as there, or NULL. */
struct str view_text(struct arena *a, struct val v, const char *modifier);

/* A frame over a json-c object (struct json_object *), for `foyer render` and tests. */
const struct frame *json_frame(struct arena *a, void *json_object);
#endif
