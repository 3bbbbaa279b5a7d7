/*
 * mail.h -- one e-mail through the configured SMTP server. Implementation: providers/smtp.c.
 */
#ifndef FOYER_MAIL_H
#define FOYER_MAIL_H
#include "base.h"

struct mail {
    struct str from;        /* address */
    struct str from_name;   /* "" or how the sender is called */
    struct str to, subject;
    struct str text;        /* plain UTF-8 */
    struct str calendar;    /* iCalendar object, or "" */
    struct str method;      /* its METHOD */
    struct str attachment;  /* a PDF, or "" */
    struct str message_id;  /* without angle brackets; the same for every try of one message */
};

/* url: smtp://host:port or smtps://user:password@host:port. TLS is demanded unless the server is
 * on this machine.
 * *why: for the log and the list of messages; holds no address and no content. */
enum mail_end {
    MAIL_TAKEN,
    MAIL_REFUSED, /* for good (5xx), or a header would break */
    MAIL_LATER,   /* the server was not reached, or asks to wait (4xx) */
    MAIL_UNKNOWN  /* it had begun to take the mail and never said how that ended: not to be repeated */
};
enum mail_end MUST_CHECK mail_send(struct arena *a, const char *url, const struct mail *mail,
                                   struct str *why);
/* A header value as RFC 2047 encoded words when it is not plain ASCII. */
struct str mail_header(struct arena *a, struct str text);

#endif
