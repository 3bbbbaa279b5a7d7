/*
 * form_document.h -- what is signed, as one exact text: the same bytes are shown, hashed and kept.
 * Owns: the format. Implementation: cgi-src/features/form/document.c.
 * Never: reads the clock, the request or the database; equal input gives equal bytes, for ever.
 */
#ifndef FOYER_FORM_DOCUMENT_H
#define FOYER_FORM_DOCUMENT_H
#include "base.h"

struct form_document_answer {
    struct str question, answer;
    /* Of a question that is answered by a signature, "3" and later: its key, who signed and how (typed, drawn), and what was drawn. */
    struct str key, signer, method, strokes;
};
/* The sentence that is signed, in English. */
extern const char form_statement[];

struct form_document {
    struct str format;                          /* "1" to "3", "paper-1"; "": the newest of them that is no paper */
    struct str studio, client, title, version;  /* version: of the form, decimal */
    struct str language, language_words;        /* BCP 47 and a name of it; "2" and later */
    const struct form_document_answer *answers; /* a follow-up is an entry of its own */
    size_t n_answers;
    struct str wording;    /* what she agrees to */
    struct str disclosure; /* about signing electronically (SECURITY.md E-01) */
    struct str disclosure_version;
    struct str statement; /* the sentence that is signed, in her language; "": form_statement (on paper another) */
    /* The signature; empty until there is one. */
    struct str signer, method; /* method: typed, drawn */
    struct str strokes_sha256; /* hex; only when drawn */
    /* "2" and later: in which role, where and when; who answers for her, and who saw it, where there is one. */
    struct str role, place;    /* client, guardian; link, kiosk, desk, paper */
    struct str guardian, relation, witness;
    struct str signed_at;      /* UTC, YYYY-MM-DDTHH:MM:SSZ; on paper the day, YYYY-MM-DD */
    struct str noted_by, noted_at; /* "paper-1": who of the staff wrote it down, and when (UTC) */
    struct str shown_sha256;   /* set by form_document_text: hex, of the text without signature */
};

/*
 * Format "1" said of the signature who put a name and how. "2" (22 November 2026) says as well in which language it was read, in which
 * role it was signed, for whom a guardian answers, before whom, where and when, so that none of it can be changed unseen. "3" (the same
 * day) is "2", but that a question can be answered by a signature of its own: its key, name, method and strokes stand under its answer.
 * "paper-1" (the same day) is of a form that was signed by hand on paper: the wording, what the studio wrote down of the paper, and the hash of
 * its picture. Nothing in it says that somebody signed electronically.
 */

/*
 * form_document_text -- the document as text: UTF-8, LF, each part a label at the left edge and its
 * content indented by two blanks, so that no content can pass for a label.
 * With d->signer the signature follows, and names the hash of the text before it.
 * Source: SECURITY.md E-02; tests/unit/form_document_test.c.
 */
struct str form_document_text(struct arena *a, const struct form_document *d);
/* The parts of such a text. Errors: ERR_INVALID when the text was not made by form_document_text. */
enum err MUST_CHECK form_document_read(struct arena *a, struct str text, struct form_document *d);
/*
 * form_document_agrees -- whether what is kept beside a text (its row, its record) is what the text says: role, place, method,
 * language, time. Of format "1", which says none of this but the method, the method.
 */
bool form_document_agrees(const struct form_document *d, const struct form_document *beside);
/* SHA-256 as 64 hex digits. */
struct str form_document_hash(struct arena *a, struct str text);
/* Whether a text that was read is gone with the key of a client who was erased. */
bool form_document_is_erased(struct str text);

/*
 * form_answer_words -- a kept answer as it stands in the document.
 * In:  kind of the question (app.form_question.kind) and the answer as app.form_answer keeps it:
 *      text, long, choice, initials   as typed
 *      multi, body          the options or regions, a line each
 *      number               digits with a point; its unit is the caller's to add
 *      date                 YYYY-MM-DD
 *      yes_no, acknowledge  "yes" or "no"
 *      allergies            "none", or a line each: substance TAB reaction TAB severity
 *      medications          "none", or a line each: name TAB dose TAB since when
 *      signature            "typed" TAB name, or "drawn" TAB name TAB strokes (form/strokes.h)
 *      file                 a line each: name TAB type TAB size in bytes TAB SHA-256 in hex, of what is kept
 * Out: words for people; "Not answered" for an empty one.
 */
struct str form_answer_words(struct arena *a, struct str kind, struct str answer);

#endif
