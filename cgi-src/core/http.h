/*
 * http.h -- a request as it came in, taken apart and checked, before anybody acts on it.
 * Owns: parsing of query strings, forms, multipart bodies, cookies and paths; limits everywhere.
 * Never: knows a page, a tenant or the database.
 */
#ifndef FOYER_HTTP_H
#define FOYER_HTTP_H
#include "base.h"

enum {
    HTTP_MAX_PAIRS = 400,       /* names in a query string or form */
    HTTP_MAX_NAME = 80,         /* bytes of one name */
    HTTP_MAX_PATH = 1024,       /* bytes of the path */
    HTTP_MAX_QUERY = 4096,      /* bytes of the query string */
    HTTP_MAX_COOKIES = 50,
    HTTP_MAX_PARTS = 64,        /* parts of a multipart body */
    HTTP_MAX_PART_HEADERS = 2048
};

struct pair {
    struct str name, value;
};
struct pairs {
    struct pair *items;
    size_t n;
};
/* One file of a multipart body. filename is what the browser said: show it, never open it. */
struct upload {
    struct str name, filename, type, bytes;
};
struct uploads {
    struct upload *items;
    size_t n;
};

/* As nginx hands it over; everything still untrusted except remote_addr and request_id. */
struct http_request {
    struct str method, path, query, host, origin, fetch_site, fetch_dest, cookie, content_type,
        remote_addr, agent, request_id, if_none_match, accept_language, body;
    bool is_quiet; /* the page asks by itself: no sign of who is logged in (begin_staff) */
    bool is_draft; /* form.js keeps what is typed: a refusal is answered by a sentence, never by a page or from elsewhere */
};

/* Percent-decoding; plus: '+' is a blank. ERR_INVALID: a bad escape, %00, or not UTF-8 afterwards. */
enum err MUST_CHECK http_decode(struct arena *a, struct str s, bool plus, struct str *out);
/* "a=1&b=2". ERR_INVALID: bad escape or a limit passed. */
enum err MUST_CHECK http_pairs(struct arena *a, struct str s, struct pairs *out);
/* Cookie header. Malformed cookies are left out, as RFC 6265 section 5.4 wants of a server that is
 * shared with others; more than HTTP_MAX_COOKIES: ERR_INVALID. */
enum err MUST_CHECK http_cookies(struct arena *a, struct str header, struct pairs *out);
/* multipart/form-data (RFC 7578). Texts go to fields, parts with a file name to files. */
enum err MUST_CHECK http_multipart(struct arena *a, struct str content_type, struct str body,
                                   struct pairs *fields, struct uploads *files);
/* Raw path to decoded path: begins with '/', no empty, "." or ".." segment, no control byte. */
enum err MUST_CHECK http_path(struct arena *a, struct str raw, struct str *out);
/* Host header to lower-case name without port. ERR_INVALID on anything but letters, digits, - . */
enum err MUST_CHECK http_host(struct arena *a, struct str raw, struct str *out);
/* First value of name; false when absent. */
bool pairs_get(const struct pairs *p, struct str name, struct str *value);

#endif
