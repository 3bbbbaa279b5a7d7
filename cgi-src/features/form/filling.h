/*
 * filling.h -- one form that a client fills in: its wording, its questions, what is answered so far.
 * Shared by the files of this folder only.
 */
#ifndef FOYER_FORM_FILLING_H
#define FOYER_FORM_FILLING_H
#include "form_document.h"
#include "web.h"

/* One line of an allergy question, as typed; severity "" while nothing is chosen. */
struct allergy {
    struct str substance, reaction, severity, message;
};

struct question {
    struct str id, key, kind, label, help, follow_up_label;
    const struct str *options;
    size_t n_options;
    bool is_required;
    struct str answer, detail; /* as app.form_answer keeps them, see form_document.h */
    struct str message, detail_message;
    struct allergy *allergies;
    size_t n_allergies;
};

struct filling {
    struct rows *form; /* the row of form_assignment */
    struct question *questions;
    size_t n;
};

enum { ALLERGIES_MAX = 30 };

/* Loads the form of the path with its questions and kept answers. ERR_NOT_FOUND: not hers;
 * ERR_GONE: withdrawn. */
enum err MUST_CHECK filling_load(struct req *r, struct filling *f);
bool filling_is_signed(const struct filling *f);
/* Replaces the kept answers by what was posted. Messages say what cannot be kept; false: some. */
bool filling_take(struct req *r, struct filling *f);
/* Adds messages for what is missing before it can be signed; false: some is. */
bool filling_complete(struct filling *f);
/* Keeps the answers as the draft, each sealed under the client's key. */
enum err MUST_CHECK filling_keep(struct req *r, const struct filling *f);
/* The questions for the template, with at least `blank` empty lines for allergies. */
struct val filling_shown(struct arena *a, const struct filling *f, size_t blank);
/* The document as it is shown before signing. */
struct form_document filling_document(struct arena *a, const struct filling *f);
/* Puts the allergies named in the answers on the client's list, but for those already there. */
enum err MUST_CHECK filling_note_allergies(struct req *r, const struct filling *f);
/* Puts the medications named in the answers on her list, and that she knows of none of a kind: health_told.c. */
enum err MUST_CHECK filling_note_health(struct req *r, const struct filling *f);
/* Keeps the due date of an answered question with the key "due_date", where it can be one. */
enum err MUST_CHECK filling_note_due_date(struct req *r, const struct filling *f);

#endif
