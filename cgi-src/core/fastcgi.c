/*
 * fastcgi.c -- a request out of FastCGI parameters, an answer back into FastCGI.
 * Owns: nothing; texts point into libfcgi's memory and the worker's body buffer.
 * Never: decides; what is wrong with a request is the gate's to say.
 *
 * libfcgi reads; it does not write. Its buffer of 8 KB makes a page two to four writes, each of which wakes
 * nginx, and it then waits for nginx to hang up, which wakes the worker once more.
 */
#include "fastcgi.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

static struct str param(FCGX_Request *f, const char *name)
{
    return str_of(FCGX_GetParam(name, f->envp));
}

static bool read_body(FCGX_Request *f, char *buffer, size_t most, struct str *body)
{
    int64_t length = 0;
    struct str said = param(f, "CONTENT_LENGTH");
    *body = (struct str){buffer, 0};
    if (said.n > 0 && (str_int(said, &length) || length < 0))
        return false;
    if ((size_t)length > most)
        return false;
    /* One byte more than is said to come: so the end is read too, and nothing of the request is still
     * on its way when the connection is closed, which nginx would take for a broken one. */
    int got = FCGX_GetStr(buffer, (int)length + 1, f->in);
    body->n = got > 0 ? (size_t)got : 0;
    return got == length;
}

bool fastcgi_read(FCGX_Request *f, char *buffer, size_t most, struct http_request *in)
{
    *in = (struct http_request){
        .method = param(f, "REQUEST_METHOD"),
        .path = param(f, "REQUEST_URI"),
        .query = S(""),
        .host = param(f, "HTTP_HOST"),
        .origin = param(f, "HTTP_ORIGIN"),
        .fetch_site = param(f, "HTTP_SEC_FETCH_SITE"),
        .fetch_dest = param(f, "HTTP_SEC_FETCH_DEST"),
        .cookie = param(f, "HTTP_COOKIE"),
        .content_type = param(f, "CONTENT_TYPE"),
        .remote_addr = param(f, "REMOTE_ADDR"),
        .agent = param(f, "HTTP_USER_AGENT"),
        .request_id = param(f, "REQUEST_ID"),
        .if_none_match = param(f, "HTTP_IF_NONE_MATCH"),
        .accept_language = param(f, "HTTP_ACCEPT_LANGUAGE"),
        .is_draft = str_is(param(f, "HTTP_ACCEPT"), "text/plain"),
        .is_quiet = param(f, "HTTP_X_FOYER_QUIET").n > 0,
    };
    struct str rest = in->path;
    in->path = str_cut(&rest, '?');
    in->query = rest;
    return read_body(f, buffer, most, &in->body);
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
        {304, "Not Modified"},
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

/* ---- records (FastCGI specification 1.0, sections 3.3, 5.3 and 5.5) ---- */

enum {
    VERSION = 1,
    END_REQUEST = 3,
    STDOUT = 6,
    HEADER = 8,
    LONGEST =
        65528, /* content of a record: the largest that needs no padding to the next eight bytes */
    AT_ONCE = 16, /* records in one call, about 1 MB */
    PIECES = AT_ONCE * 3 + 1
};

static void header(unsigned char *to, int type, int id, size_t n, size_t padding)
{
    const unsigned char said[HEADER] = {VERSION,
                                        (unsigned char)type,
                                        (unsigned char)(id >> 8),
                                        (unsigned char)id,
                                        (unsigned char)(n >> 8),
                                        (unsigned char)n,
                                        (unsigned char)padding,
                                        0};
    memcpy(to, said, sizeof said);
}

/* n bytes from the byte at on of head and body, read as one; how many pieces (at most two). */
static size_t content(struct iovec *v, struct str head, struct str body, size_t at, size_t n)
{
    size_t pieces = 0, first = at < head.n ? head.n - at : 0;
    if (first > n)
        first = n;
    if (first)
        v[pieces++] = (struct iovec){(void *)(head.p + at), first};
    if (n > first)
        v[pieces++] = (struct iovec){(void *)(body.p + (at + first - head.n)), n - first};
    return pieces;
}

/* Sends all of it, however often the socket takes only a part. */
static enum err send_all(int fd, struct iovec *v, size_t pieces)
{
    while (pieces > 0) {
        struct msghdr m = {.msg_iov = v, .msg_iovlen = pieces};
        ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            int ready = poll(&room, 1, FASTCGI_PATIENCE_MS);
            if (ready == 0 || (ready < 0 && errno != EINTR))
                return ERR_UNAVAILABLE;
            continue;
        }
        if (sent < 0 && errno != EINTR)
            return ERR_UNAVAILABLE;
        for (size_t n = sent > 0 ? (size_t)sent : 0; n > 0;) {
            size_t part = n < v->iov_len ? n : v->iov_len;
            v->iov_base = (char *)v->iov_base + part;
            v->iov_len -= part;
            n -= part;
            if (v->iov_len > 0)
                break;
            v++;
            pieces--;
        }
    }
    return OK;
}

enum err fastcgi_write(int fd, int request_id, struct str head, struct str body)
{
    size_t at = 0, total = head.n + body.n, padding = 0;
    enum err e;
    do {
        unsigned char headers[AT_ONCE][HEADER], end[7 + HEADER + 2 * HEADER] = {0};
        struct iovec v[PIECES];
        size_t pieces = 0;
        for (size_t i = 0; i < AT_ONCE && at < total; i++) {
            size_t n = total - at < LONGEST ? total - at : LONGEST;
            padding = (HEADER - n % HEADER) % HEADER; /* of the last one alone */
            header(headers[i], STDOUT, request_id, n, padding);
            v[pieces++] = (struct iovec){headers[i], HEADER};
            pieces += content(v + pieces, head, body, at, n);
            at += n;
        }
        if (at == total) {
            header(end + padding, STDOUT, request_id, 0, 0);
            /* its content, status 0 and "complete", is zero */
            header(end + padding + HEADER, END_REQUEST, request_id, HEADER, 0);
            v[pieces++] = (struct iovec){end, padding + HEADER + 2 * HEADER};
        }
        e = send_all(fd, v, pieces);
    } while (e == OK && at < total);
    return e;
}

void fastcgi_send(FCGX_Request *f, struct arena *a, const struct reply *reply, bool is_whole)
{
    struct buf b = buf_in(a, 1024);
    buf_printf(&b, "Status: %d %s\r\n", reply->status, reason(reply->status));
    if (reply->location.n)
        buf_printf(&b, "Location: %.*s\r\n", (int)reply->location.n, reply->location.p);
    if (reply->allow.n)
        buf_printf(&b, "Allow: %.*s\r\n", (int)reply->allow.n, reply->allow.p);
    if (reply->disposition.n)
        buf_printf(&b, "Content-Disposition: attachment; filename=\"%.*s\"\r\n",
                   (int)reply->disposition.n, reply->disposition.p);
    if (reply->retry_after)
        buf_printf(&b, "Retry-After: %ld\r\n", reply->retry_after);
    if (reply->frames.n)
        buf_printf(&b, "X-Foyer-Frame: %.*s\r\n", (int)reply->frames.n, reply->frames.p);
    if (reply->timing.n)
        buf_printf(&b, "Server-Timing: %.*s\r\n", (int)reply->timing.n, reply->timing.p);
    buf_add(&b, buf_str(&reply->cookies));
    if (reply->etag.n)
        buf_printf(&b, "Content-Type: %s\r\nCache-Control: private, no-cache\r\nETag: %.*s\r\n",
                   reply->type, (int)reply->etag.n, reply->etag.p);
    else if (reply->cache_seconds)
        buf_printf(&b, "Content-Type: %s\r\nCache-Control: private, max-age=%ld\r\n", reply->type,
                   reply->cache_seconds);
    else
        buf_printf(&b, "Content-Type: %s\r\nCache-Control: no-store\r\n", reply->type);
    if (reply->status != 304) /* it would be that of what was not sent (RFC 9110, 8.6) */
        buf_printf(&b, "Content-Length: %zu\r\n", reply->body.n);
    buf_addz(&b, "\r\n");

    if (fastcgi_write(f->ipcFd, f->requestId, buf_str(&b), reply->body) == OK && is_whole)
        FCGX_Detach(f); /* nothing more comes: closed at once, without waiting for the other side */
    FCGX_Free(f, 1);
}
