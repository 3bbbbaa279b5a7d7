/*
 * entry.h -- the end of every way in: password, second factor, passkey, single sign-on.
 * Implementation: cgi-src/features/device.c.
 */
#ifndef FOYER_ENTRY_H
#define FOYER_ENTRY_H
#include "web.h"

/*
 * entry_device -- the browser's own cookie as raw bytes, for a parameter (sec.device_known); "" when it
 * brought none. It proves nothing about who somebody is.
 */
struct str entry_device(struct req *r);

/*
 * entry_done -- after a statement that ended in sec.session_new, in the same transaction: remembers the
 * browser, writes to the person when it is new to her account, and gives the cookies of session and browser.
 * In:     token: of the session, base64url, as it was given raw to the statement.
 * Errors: those of the statements; then no cookie is given.
 */
enum err MUST_CHECK entry_done(struct req *r, struct str token);
#endif
