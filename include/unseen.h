/*
 * unseen.h -- nobody saves over what she has not seen. A form sends along what stood in each field when it was opened ("was_" and
 * the field's name, declared by WAS(name)); the statements compare (app.is_unseen, app.typed_over). As fields of one's own do.
 */
#ifndef FOYER_UNSEEN_H
#define FOYER_UNSEEN_H
#include "web.h"

#define WAS(field) {"was_" field, FIELD_TEXT, .max = 300}

/*
 * unseen_refuse -- holds the client's record until the end of the request, then asks `unseen` for what was typed over something that
 * was not seen: rows of field and is_now. Each gets a message with what stands there now; the form, sent again, has seen that.
 * Errors: ERR_NOT_FOUND without such a client, ERR_INVALID when there is such a field, those of the statements.
 */
enum err MUST_CHECK unseen_refuse(struct req *r, enum query unseen);
/* The words of such a message. */
struct str unseen_words(struct arena *a, struct str is_now);

#endif
