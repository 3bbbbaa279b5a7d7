/*
 * link.h -- the cookie of a token link. Implementation: cgi-src/features/link.c.
 */
#ifndef FOYER_LINK_H
#define FOYER_LINK_H
#include "web.h"

/*
 * link_cookie -- gives the browser a token for one link: the link's own, to prove herself with, or
 * that of a proven session. Only the pages below /v/LINK_ID ever see it; it lasts as long as a
 * session, two hours.
 */
void link_cookie(struct req *r, struct str link_id, struct str token);

/*
 * link_let_in -- a proven session for a link made in this very transaction: sets the cookie.
 * q: the statement that opens it, with :opened_link and :session_token.
 */
enum err MUST_CHECK link_let_in(struct req *r, struct str link_id, enum query q);
#endif
