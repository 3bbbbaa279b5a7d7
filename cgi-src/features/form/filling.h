/*
 * filling.h -- one form that a client fills in: its wording, its questions, what is answered so far.
 * Shared by the files of this folder only.
 */
#ifndef FOYER_FORM_FILLING_H
#define FOYER_FORM_FILLING_H
#include "form_document.h"
#include "web.h"

/* One line of a list, as typed: of allergies the substance, the reaction and how strong it is ("" while
 * nothing is chosen), of medicines the name, the dose and since when. */
struct line {
    struct str first, second, third, message;
};

/* One file that is attached: sha256 in hex, of what is kept. */
struct attached {
    struct str id, name, type, sha256;
    int64_t bytes;
    bool has_small;
};

struct question {
    struct str id, key, kind, label, help, follow_up_label, unit;
    const struct str *options; /* as they are kept and posted */
    const struct str *shown;   /* the same in the language shown */
    size_t n_options;
    struct str number_min, number_max;
    struct str none_option; /* of a list of conditions: the choice that there is none; "": it is no such list */
    struct str when_key, when_value; /* asked only when that earlier question has that answer */
    bool is_required;
    bool is_hidden;            /* not asked, because of what is answered before it */
    bool was_shown;            /* with a condition: the page that was posted showed it */
    struct str answer, detail; /* as app.form_answer keeps them, see form_document.h */
    struct str kept, kept_detail; /* the same as they are kept, whatever was posted */
    struct str message, detail_message;
    struct line *lines;
    size_t n_lines;
    const struct attached *files; /* also of one that is not asked just now, as long as they are kept */
    size_t n_files;
};

struct filling {
    struct rows *form;   /* the row of form_assignment */
    struct str language; /* in which it is shown and signed */
    struct question *questions;
    size_t n;
    const struct rows *attached; /* of form_file_list; NULL: no question asks for files */
};

enum { LINES_MAX = 30 };

/* Loads the form of the path with its questions and kept answers. ERR_NOT_FOUND: not hers;
 * ERR_GONE: withdrawn. */
enum err MUST_CHECK filling_load(struct req *r, struct filling *f);
bool filling_is_signed(const struct filling *f);
/* The page in the form's language, for its words stand among the form's own; where there are none, in the reader's. */
void filling_say(struct req *r, const struct filling *f);
/* Replaces the kept answers by what was posted. Messages say what cannot be kept; false: some. */
bool filling_take(struct req *r, struct filling *f);
/* Whether what was posted would change an answer that its page has not seen: another page changed some after it was made. */
bool filling_is_stale(struct req *r, const struct filling *f);
/* Whether the answer differs from what is kept. */
bool question_differs(const struct question *q);
/* Whether what was posted opened questions that its page did not show. */
bool filling_has_opened(const struct filling *f);
/* Keeps nothing but the language. */
enum err MUST_CHECK filling_keep_language(struct req *r, const struct filling *f);
/* Adds messages for what is missing before it can be signed; false: some is. */
bool filling_complete(struct filling *f);
/* Keeps the answers that changed as the draft, each sealed under the client's key; one with a message is left out. The form is held. */
enum err MUST_CHECK filling_keep(struct req *r, const struct filling *f);
/* The questions of a version, without answers: for whoever looks at a form before it is published. */
enum err MUST_CHECK filling_load_version(struct req *r, struct filling *f);
/* The questions for the template, with at least `blank` empty lines for lists; where they differ also what is kept. */
struct val filling_shown(struct req *r, const struct filling *f, size_t blank, bool beside_kept);
/* The document as it is shown before signing. */
struct form_document filling_document(struct arena *a, const struct filling *f);
/* Puts the allergies named in the answers on the client's list, but for those already there. */
enum err MUST_CHECK filling_note_allergies(struct req *r, const struct filling *f);
/* Puts the medications and conditions named in the answers on her lists, and that she knows of none of a kind: health_told.c. */
enum err MUST_CHECK filling_note_health(struct req *r, const struct filling *f);
/* Keeps the due date of an answered question with the key "due_date", where it can be one. */
enum err MUST_CHECK filling_note_due_date(struct req *r, const struct filling *f);

/* ---- answers.c, for lines.c ---- */

bool question_is(const struct question *q, const char *kind);
/* The values posted for q under its name and an end such as "-more". */
size_t question_posted(struct req *r, const struct question *q, const char *end,
                       const struct str **values);
/* Puts a typed text into *value as it is kept, and says what is wrong with it. */
struct str question_check(struct req *r, struct field rule, struct str typed, struct str *value);

/* ---- lines.c: questions that are answered by a list ---- */

bool is_list(const struct question *q);
void lines_split(struct arena *a, struct question *q);
void lines_take(struct req *r, struct question *q);
void lines_complete(struct question *q);

/* ---- clause.c: questions that are answered by a signature ---- */

struct clause {
    struct str method, name, strokes;
};
bool is_clause(const struct question *q);
struct clause clause_of(struct str answer);
void clause_take(struct req *r, struct question *q);
void clause_complete(struct question *q);

/* ---- attached.c: questions that are answered by files ---- */

/* Loads what is attached to the form, each file to its question. */
enum err MUST_CHECK attached_load(struct req *r, struct filling *f);
/* The answer of such a question: its files as form_document.h says. */
void attached_take(struct arena *a, struct question *q);
/* Removes the files of questions that are not asked, for what is not asked is not kept. */
enum err MUST_CHECK attached_drop_unasked(struct req *r, const struct filling *f);
/* Removes what is attached and not named by the text that is about to be signed. The form is held. */
enum err MUST_CHECK attached_keep_signed(struct req *r, const struct filling *f);
/* Removes this one file; another's, or none: nothing happens. */
enum err MUST_CHECK attached_drop(struct req *r, struct str id);
/* The same for the template. */
struct val attached_shown(struct req *r, const struct filling *f, const struct question *q);

/* ---- words.c ---- */

/* The regions of the body as they are kept, those of the face first; *shown: in this language. */
size_t body_regions(struct arena *a, struct str language, const struct str **kept, const struct str **shown,
                    size_t *n_face);
/* "rtl" for a language that is written from right to left, else "ltr". */
struct str language_dir(struct str language);
/* A kept answer in words of this language, as it stands in the document; "" for none: "Not answered". */
struct str answer_words(struct arena *a, struct str language, const struct question *q);

#endif
