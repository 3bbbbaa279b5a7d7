/*
 * fastcgi.c -- a request out of FastCGI parameters, an answer back into FastCGI.
 * Owns: nothing; texts point into libfcgi's memory and the worker's body buffer.
 * Never: decides; what is wrong with a request is the gate's to say.
 */
#include "fastcgi.h"

#include <stdio.h>

static struct str param(FCGX_Request *f, const char *name)
{
    return str_of(FCGX_GetParam(name, f->envp));
}

static bool read_body(FCGX_Request *f, char *buffer, struct str *body)
{
    int64_t length = 0;
    struct str said = param(f, "CONTENT_LENGTH");
    *body = (struct str){buffer, 0};
    if (said.n > 0 && (str_int(said, &length) || length < 0))
        return false;
    if (length > FASTCGI_MAX_BODY)
        return false;
    int got = length > 0 ? FCGX_GetStr(buffer, (int)length, f->in) : 0;
    body->n = got > 0 ? (size_t)got : 0;
    return got == length;
}

bool fastcgi_read(FCGX_Request *f, char *buffer, struct http_request *in)
{
    *in = (struct http_request){
        .method = param(f, "REQUEST_METHOD"),
        .path = param(f, "REQUEST_URI"),
        .query = S(""),
        .host = param(f, "HTTP_HOST"),
        .origin = param(f, "HTTP_ORIGIN"),
        .fetch_site = param(f, "HTTP_SEC_FETCH_SITE"),
        .cookie = param(f, "HTTP_COOKIE"),
        .content_type = param(f, "CONTENT_TYPE"),
        .remote_addr = param(f, "REMOTE_ADDR"),
        .agent = param(f, "HTTP_USER_AGENT"),
        .request_id = param(f, "REQUEST_ID"),
    };
    struct str rest = in->path;
    in->path = str_cut(&rest, '?');
    in->query = rest;
    return read_body(f, buffer, &in->body);
}

/* nginx passes "Status: 200" on as "HTTP/1.1 200", and a status line without a blank after the number
 * is none (RFC 9112 section 4). */
static const char *reason(int status)
{
    static const struct {
        int status;
        const char *words;
    } reasons[] = {
        {200, "OK"},
        {204, "No Content"},
        {303, "See Other"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].words;
    return "Other";
}

void fastcgi_send(FCGX_Request *f, const struct reply *reply)
{
    char cache[64] = "no-store";
    if (reply->cache_seconds)
        snprintf(cache, sizeof cache, "private, max-age=%ld", reply->cache_seconds);
    FCGX_FPrintF(f->out, "Status: %d %s\r\n", reply->status, reason(reply->status));
    if (reply->location.n)
        FCGX_FPrintF(f->out, "Location: %.*s\r\n", (int)reply->location.n, reply->location.p);
    if (reply->allow.n)
        FCGX_FPrintF(f->out, "Allow: %.*s\r\n", (int)reply->allow.n, reply->allow.p);
    if (reply->disposition.n)
        FCGX_FPrintF(f->out, "Content-Disposition: attachment; filename=\"%.*s\"\r\n",
                     (int)reply->disposition.n, reply->disposition.p);
    if (reply->retry_after)
        FCGX_FPrintF(f->out, "Retry-After: %ld\r\n", reply->retry_after);
    if (reply->timing.n)
        FCGX_FPrintF(f->out, "Server-Timing: %.*s\r\n", (int)reply->timing.n, reply->timing.p);
    if (reply->cookies.n)
        FCGX_PutStr(reply->cookies.p, (int)reply->cookies.n, f->out);
    FCGX_FPrintF(f->out, "Content-Type: %s\r\nCache-Control: %s\r\n", reply->type, cache);
    FCGX_FPrintF(f->out, "Content-Length: %ld\r\n\r\n", (long)reply->body.n);
    FCGX_PutStr(reply->body.p, (int)reply->body.n, f->out);
}
