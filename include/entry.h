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
 * entry_device_keep -- the same as the parameter :device, and a cookie for another year; a browser without one gets
 * a new one. For who proves by a mailed link who she is, without logging in by it.
 */
enum err MUST_CHECK entry_device_keep(struct req *r);

/*
 * entry_done -- after a statement that ended in sec.session_new, in the same transaction: remembers the
 * browser, writes to the person when it is new to her account, and gives the cookies of session and browser.
 * In:     token: of the session, base64url, as it was given raw to the statement.
 * Errors: those of the statements; then no cookie is given.
 */
enum err MUST_CHECK entry_done(struct req *r, struct str token);

/* A fresh token of 256 bits: as base64url for a cookie, and raw as the parameter `name`. */
enum err MUST_CHECK entry_token(struct req *r, const char *name, struct str *token);
/*
 * entry_turned -- after a statement that gave the session of this request a new token: the browser gets it. Forms that
 * are open in other windows stay good: the old token, worth nothing by now, is kept in a cookie for them (form_token.c).
 */
void entry_turned(struct req *r, struct str token);
/* Where to go afterwards: next_path of the form, else next of the address, if it is a path of ours; else "". */
struct str entry_next(struct req *r);
/* The cookie of a log-in's ticket as the parameter `ticket`; without one, NULL. */
void entry_ticket(struct req *r);
void entry_ticket_cookie(struct req *r, struct str token); /* "": takes it away */
#endif
