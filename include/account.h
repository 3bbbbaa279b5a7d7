/*
 * account.h -- what the pages and jobs of accounts share: mailed links and the rules of a password.
 * Implementation: cgi-src/features/account_link.c, cgi-src/features/password.c.
 */
#ifndef FOYER_ACCOUNT_H
#define FOYER_ACCOUNT_H
#include "job.h"
#include "web.h"

enum { PASSWORD_LEAST = 12, PASSWORD_MOST = 1000 }; /* characters, of any script */

/*
 * password_common -- whether a password is among the first that somebody would try: a list, a row of
 * keys or numbers, a date, or what is known of the person.
 * In:  words: her name, address, business; each is taken whole and by its words. Empty ones are none.
 * Out: true below 2^30 guesses by zxcvbn.
 */
bool password_common(struct arena *a, struct str password, const struct str *words, size_t n);

size_t password_characters(struct str password);

/* The same for a form: false, and a message beside the field, when it is too short, too long or common. */
bool password_fits(struct req *r, const char *field, struct str password, const struct str *words,
                   size_t n);

/*
 * account_token -- a new token, base64url; its raw bytes become the parameter `name`.
 * account_token_given -- the one of this page's address as :account_token. Errors: ERR_GONE, it is none.
 */
enum err MUST_CHECK account_token(struct req *r, const char *name, struct str *token);
enum err MUST_CHECK account_token_given(struct req *r);

/*
 * account_url -- the address of a page of this business, as it goes into a mail: of the configured
 * domain and the business's own name, never of what a request says of its host. Also in a job.
 * slug "": the installation's own host.
 */
struct str account_url(struct arena *a, struct str slug, const char *path, struct str token);

/* Jobs of accounts, for the table of message_job.c. */
enum job_end account_reset_job(struct req *r, const struct job *job, struct str *why);
enum job_end account_flood_job(struct req *r, const struct job *job, struct str *why);
enum job_end account_signup_job(struct req *r, const struct job *job, struct str *why);

#endif
