/*
 * fastcgi.h -- between the bytes of FastCGI and a request of ours: the parameters nginx names, the
 * body, and the headers of the answer.
 * Never: knows a page; believes a parameter.
 */
#ifndef FOYER_FASTCGI_H
#define FOYER_FASTCGI_H
#include <fcgiapp.h>

#include "gate.h"

enum {
    FASTCGI_MAX_BODY = 1024 * 1024,
    FASTCGI_MAX_UPLOAD = 11 * 1024 * 1024, /* in the slow pool: a file and what the form says beside it */
    FASTCGI_PATIENCE_MS = 60 * 1000
};

/*
 * fastcgi_read -- the request that was just accepted. Its texts point into f and into buffer, which
 * has most + 1 bytes; both must outlive it. A parameter that is not there is "".
 * False: the body is longer than any page takes, or shorter than CONTENT_LENGTH says; in has all
 * the rest.
 */
bool fastcgi_read(FCGX_Request *f, char *buffer, size_t most, struct http_request *in);
/*
 * fastcgi_send -- the answer (status, headers, body) and the end of the request, in one piece, straight to
 * nginx; then the connection is closed and what libfcgi keeps of the request is freed: FCGX_Finish_r has
 * nothing left to do. is_whole: fastcgi_read said so; otherwise nginx may still be writing, and is let
 * finish for up to two seconds. Headers are made in a. An nginx that is gone is no error of ours: what
 * was done stays done.
 */
void fastcgi_send(FCGX_Request *f, struct arena *a, const struct reply *reply, bool is_whole);
/*
 * fastcgi_write -- head and body as STDOUT records of a request, with their end and the request's, to a
 * connected socket that blocks or not. ERR_UNAVAILABLE: the other side is gone, or took nothing for
 * FASTCGI_PATIENCE_MS.
 */
MUST_CHECK enum err fastcgi_write(int fd, int request_id, struct str head, struct str body);

#endif
