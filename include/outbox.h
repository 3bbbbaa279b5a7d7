/*
 * outbox.h -- messages to clients and to the staff, and the links in them, written in the transaction that causes
 * them. Implementation: cgi-src/features/outbox.c; foyer-jobs sends them later.
 */
#ifndef FOYER_OUTBOX_H
#define FOYER_OUTBOX_H
#include "web.h"

/* Cuts the first line of a rendered message, "Subject: words", from its text. false: it has none. */
bool MUST_CHECK outbox_take_subject(struct str *text, struct str *subject);

/* Sets address_hash, what app.suppression knows an e-mail address by, for the database to compare. */
void outbox_set_address_hash(struct req *r, struct str address);

struct letter {
    const char *kind;      /* templates/message/KIND.txt.mustache; first line "Subject: ..." */
    struct str client_id;  /* her key seals the text, the link and the calendar entry */
    struct str to;         /* her e-mail address */
    struct str link;       /* absolute address, {{link}} in the template; "" for none */
    struct str ics;        /* calendar entry, or "" */
    struct str attached_copy; /* id of the signed copy that the mail carries, or "" */
    struct str dedupe_key; /* the same key twice is an error: one message per event */
};

/*
 * outbox_language -- in which language a client is written to: of the page for clients that she causes the letter on, which may be
 * English, the language without a name; else what she is on record to prefer, else the studio's. Errors: those of the statement.
 */
enum err MUST_CHECK outbox_language(struct req *r, struct str client_id, struct str *language);

/*
 * outbox_send -- renders a message over the request's values and hands it to the outbox.
 * The template sees what the handler has set and shown, and {{link}}.
 * Errors: those of the statements; ERR_GONE when the client's key was destroyed; ERR_INTERNAL when
 *         the template gives no subject.
 */
enum err MUST_CHECK outbox_send(struct req *r, const struct letter *letter);

/*
 * outbox_goes -- whether the message that outbox_send has just written goes out. *goes false: it stays as refused, for she does not allow
 * it or the address has opted out (app.message_gate); nobody may be told that it was sent.
 * Errors: those of the statement.
 */
enum err MUST_CHECK outbox_goes(struct req *r, bool *goes);

/* A mail about an account. */
struct staff_letter {
    const char
        *kind; /* "account_..."; templates/message/KIND.txt.mustache, first line "Subject: ..." */
    struct str staff_id;   /* whose account; "" for somebody who is only invited */
    struct str to, link;   /* address; absolute address of {{link}}, or "" */
    struct str dedupe_key; /* the same key twice is an error */
};

/*
 * outbox_staff -- the same for a person of the staff: sealed by the business's key, shown to nobody.
 * In a transaction that has entered a business (any door of the pools staff and slow).
 * Errors: those of the statement; ERR_INTERNAL when the template gives no subject.
 */
enum err MUST_CHECK outbox_staff(struct req *r, const struct staff_letter *letter);

struct new_link {
    struct str id, token, url;
};

/*
 * outbox_link -- a new token link for a client: purpose "manage" or "form".
 * appointment_id may be "". It ends a day after the visit does, or after 14 days without a visit.
 * With the request's value made_guardian it is that guardian's: his date of birth opens it.
 */
enum err MUST_CHECK outbox_link(struct req *r, const char *purpose, struct str client_id,
                                struct str appointment_id, struct new_link *made);

/*
 * outbox_invite -- a new link of a purpose for the letter's client, and the letter with it; nothing, and OK, when she
 * has no address. The letter's link need not be given.
 * Errors: those of outbox_link and outbox_send.
 */
enum err MUST_CHECK outbox_invite(struct req *r, const char *purpose, struct str appointment_id,
                                  struct letter letter);
#endif
