/*
 * form_file.h -- what a client attaches to a form, before it is kept: its name, and whether a PDF can be taken.
 * Implementation: cgi-src/features/form/file_check.c; pure, so that hostile names and files are tested where they are judged.
 * Never: looks into a PDF further than to say what it is. It is not trusted, not shown and not changed: it is given back as it came, as a
 * file to be saved.
 */
#ifndef FOYER_FORM_FILE_H
#define FOYER_FORM_FILE_H
#include "base.h"

enum { FORM_FILE_NAME_CHARS = 120, FORM_FILES_MOST = 5 /* to a question; the table of app.form_file says so too */ };

/*
 * form_file_name -- a name as the browser sent it, as it is kept and signed: what follows the last slash or backslash, on one line, without
 * control characters and without those that turn the direction of writing or cannot be seen (a name must not look like another one), at
 * most FORM_FILE_NAME_CHARS characters, of which a longer one keeps its end (".pdf").
 * "file" when nothing is left. In: UTF-8.
 */
struct str form_file_name(struct arena *a, struct str sent);

/* Why a file that begins as a PDF will not be taken, in words for people; NULL: it is taken. */
const char *form_file_pdf_refusal(struct str bytes);

/* How large a file is, for people: "640 bytes", "182 KB", "3.4 MB". */
struct str form_file_size(struct arena *a, int64_t bytes);

#endif
