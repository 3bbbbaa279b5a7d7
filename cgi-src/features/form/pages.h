/* pages.h -- the handlers of the form pages, between the files of this folder. */
#ifndef FOYER_FORM_PAGES_H
#define FOYER_FORM_PAGES_H
#include "filling.h"

/* Path of the form that the request is about, with an end such as "/consent". */
struct str form_path(struct req *r, const char *end);
/* The answer for a form that is signed: to the copy, or, to a second attempt, that it is. */
enum err form_signed_already(struct req *r, const char *copy);

/* sign.c */
enum err form_show_consent(struct req *r);
enum err form_sign(struct req *r);
/* copy.c */
enum err form_show_copy(struct req *r);
enum err form_show_signature(struct req *r);
/* A document's parts, as a section that is entered once. */
struct val form_shown_document(struct arena *a, const struct form_document *d);

#endif
