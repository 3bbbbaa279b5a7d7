/* pages.h -- the handlers of the form pages, between the files of this folder. */
#ifndef FOYER_FORM_PAGES_H
#define FOYER_FORM_PAGES_H
#include "filling.h"

/* Path of the form that the request is about, with an end such as "/consent". */
struct str form_path(struct req *r, const char *end);
/* Back to a question of the form; "": to its top. */
enum err MUST_CHECK form_to_question(struct req *r, struct str key);
/* The answer for a form that is signed: to the copy, or, to a second attempt, that it is. */
enum err form_signed_already(struct req *r, const char *copy);

/* signer.c */
bool filling_is_declined(const struct filling *f);
/* Writes down what happens to the form: kind as app.form_event names it, details "a,b" a row each;
 * none that the same link did within so many seconds before. */
enum err MUST_CHECK form_event(struct req *r, const char *kind, const char *details,
                               int quiet_seconds);
/* Shows who may sign (`signer`, `guardians`). */
enum err MUST_CHECK form_show_signer(struct req *r, const struct rows **signer);
/*
 * form_take_signer -- finds out who signs, from what was posted and from the link; the signature of
 * this transaction is then his. Otherwise the transaction is over, for failures are counted:
 * SIGNER_REFUSED with messages of why, SIGNER_LOCKED when the link has just been locked.
 */
enum signer_end { SIGNER_TAKEN, SIGNER_REFUSED, SIGNER_LOCKED };
enum err MUST_CHECK form_take_signer(struct req *r, enum signer_end *end);
/* The consents of a form that was just signed. */
enum err MUST_CHECK form_put_consents(struct req *r, const struct filling *f);
extern const struct field form_withdraw_fields[];

/* code.c */
enum err form_code_send(struct req *r);
/* The same once more: the code is on its way already. */
enum err form_code_sent(struct req *r, struct str location);
/* Whether the form may be signed as far as a code by e-mail goes. Not fine: messages say why; a wrong code has ended the transaction. */
enum err MUST_CHECK form_code_check(struct req *r, bool *is_fine);

/* sign.c */
enum err form_show_consent(struct req *r);
enum err form_sign(struct req *r);
/* The signing page in another language, with what is typed on it. */
enum err form_language(struct req *r);
extern const struct field form_typed_fields[];
/* Whether any of them was sent. */
bool form_is_typed(struct req *r);
/* files.c, in the slow pool. */
enum { FORM_FILES_BODY = 10 * 1024 * 1024 + 64 * 1024 /* PICTURE_MOST_BYTES and what the form says beside it */ };
extern const struct field form_file_fields[];
/* What is kept of one file. */
struct form_file_taken {
    struct str whole, small;
    const char *type;
    int64_t width, height;
};
struct upload;
/* The files of the form that was sent. */
size_t form_files_sent(struct req *r, const struct upload **list);
/* Looks at one file. ERR_INVALID: *why, in words for people, it will not be taken. */
enum err MUST_CHECK form_file_take(struct req *r, struct str bytes, struct form_file_taken *t, const char **why);
/* Keeps it, sealed, for the client of `client_id`; `add` says to which form it belongs. Sets media_id. */
enum err MUST_CHECK form_file_keep(struct req *r, const struct form_file_taken *t, struct str sent_name, enum query add);
enum err form_attach(struct req *r);
enum err form_file_whole(struct req *r);
enum err form_file_small(struct req *r);
enum err form_file_of_whole(struct req *r);
enum err form_file_of_small(struct req *r);
/* copy.c */
enum err form_show_copy(struct req *r);
enum err form_show_signature(struct req *r);
/* A document's parts, as a section that is entered once. disclosure_language: in which its terms of signing are written. */
struct val form_shown_document(struct arena *a, const struct form_document *d, struct str disclosure_language);

#endif
