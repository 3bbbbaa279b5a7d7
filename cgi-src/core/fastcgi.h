/*
 * fastcgi.h -- between the bytes of FastCGI and a request of ours: the parameters nginx names, the
 * body, and the headers of the answer.
 * Never: knows a page; believes a parameter.
 */
#ifndef FOYER_FASTCGI_H
#define FOYER_FASTCGI_H
#include <fcgiapp.h>

#include "gate.h"

enum { FASTCGI_MAX_BODY = 1024 * 1024 };

/*
 * fastcgi_read -- the request that was just accepted. Its texts point into f and into buffer, which
 * has FASTCGI_MAX_BODY + 1 bytes; both must outlive it. A parameter that is not there is "".
 * False: the body is longer than any page takes, or shorter than CONTENT_LENGTH says; in has all
 * the rest.
 */
bool fastcgi_read(FCGX_Request *f, char *buffer, struct http_request *in);
/* Sends the answer: status, headers, body. Does not finish the request. */
void fastcgi_send(FCGX_Request *f, const struct reply *reply);

#endif
