/*
 * resume.h -- a form that came after its session had ended goes back to the browser, sealed, and is shown again to the same
 * person once she is logged in. Between the files of the gate; pages use reply_resumed (web.h).
 */
#ifndef FOYER_RESUME_H
#define FOYER_RESUME_H
#include <time.h>

#include "gate.h"

enum { RESUME_MAX = 96 * 1024, RESUME_SECONDS = 30 * 60 };

/* What is carried. body: as a browser would send it, without keys of the form and without secrets. */
struct resumed {
    struct str staff_id, path, query, body;
};

/* As text of base64url; only a browser with that cookie can bring it back. */
struct str resume_seal(struct arena *a, struct str host, struct str cookie, time_t now,
                       const struct resumed *what);
/* ERR_INVALID: not ours, another browser's or host's, or older than RESUME_SECONDS. */
enum err MUST_CHECK resume_open(struct arena *a, struct str host, struct str cookie, time_t now,
                                struct str text, struct resumed *what);
/*
 * resume_offer -- before the page that says "log in": what was typed, as kept_form, with kept_path and kept_csrf to send it by;
 * nothing, where nothing was typed or it is not known by whom. Nothing of the request's transaction is left.
 */
void resume_offer(struct req *r);

#endif
