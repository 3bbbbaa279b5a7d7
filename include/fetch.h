/*
 * fetch.h -- one HTTP request to somebody else's server, for foyer-jobs alone: no other process has a network.
 * Implementation: cgi-src/providers/fetch.c, with libcurl.
 */
#ifndef FOYER_FETCH_H
#define FOYER_FETCH_H
#include "base.h"

/* Whether an address may be asked at all: https, a host, no user, no fragment; http only at a host of own_hosts, which are
 * names with commas. */
bool fetch_url_ok(struct str url, const char *own_hosts);
/* Whether one may be connected to (SECURITY.md H-14): a public address; for an own host also a private or a loopback one,
 * and without TLS only loopback. Never link-local, multicast or reserved ones. */
struct sockaddr;
bool fetch_address_ok(const struct sockaddr *address, bool is_own, bool is_plain);

int64_t fetch_now_ms(void); /* of the monotonic clock */

struct question {
    struct str url;
    const char *own_hosts;
    int64_t until_ms;            /* the answer must be whole by then */
    size_t most;                 /* bytes of it */
    const char *accept;          /* media type */
    const char *form;            /* POST; NULL: GET */
    const char *user, *password; /* NULL: none */
    const char *header;          /* one more, "Name: value"; NULL: none */
    struct str trusted;          /* certificates (PEM) beside the system's; "": none */
};
enum fetch_end {
    FETCH_GOOD,    /* an answer, whatever its status */
    FETCH_ADDRESS, /* the address is none that we connect to */
    FETCH_LONG,    /* the answer is longer than most */
    FETCH_AWAY     /* none in time; why says what happened */
};
struct answer {
    long status;
    struct str body, etag, next; /* in the arena; next: where a redirect leads, or "" */
    const char *why;
};
/* Follows no redirect, uses no proxy, sends no cookie. */
enum fetch_end MUST_CHECK fetch(struct arena *a, const struct question *q, struct answer *out);
#endif
