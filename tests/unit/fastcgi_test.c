/*
 * fastcgi_test.c -- an answer goes back as whole records (FastCGI 1.0), once, whatever its length and however
 * slowly it is taken; and a request is read to its end.
 */
#include "core/fastcgi.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 4 << 20 };

/* What the other side took, to the end. */
struct taken {
    int fd;
    size_t sip; /* bytes at a time */
    unsigned char *p;
    size_t n;
};

static void *take(void *of)
{
    struct taken *t = of;
    ssize_t got;
    while (t->n + t->sip <= MOST && (got = read(t->fd, t->p + t->n, t->sip)) > 0)
        t->n += (size_t)got;
    return NULL;
}

/* The content of all STDOUT records of request id, which must be well formed and end as they should. */
static struct str content_of(const struct taken *t, int id, char *into)
{
    size_t at = 0, n = 0;
    bool is_closed = false, is_over = false;
    while (at < t->n) {
        assert_false(is_over); /* nothing after the end, so nothing is sent twice */
        assert_true(at + 8 <= t->n);
        const unsigned char *h = t->p + at;
        size_t length = (size_t)h[4] << 8 | h[5], padding = h[6];
        assert_int_equal(h[0], 1);
        assert_int_equal(h[2] << 8 | h[3], id);
        assert_int_equal(h[7], 0);
        assert_true(at + 8 + length + padding <= t->n);
        if (h[1] == 6) {
            assert_false(is_closed);
            is_closed = length == 0;
            memcpy(into + n, h + 8, length);
            n += length;
        } else {
            static const unsigned char complete[8] = {0};
            assert_int_equal(h[1], 3);
            assert_true(is_closed);
            assert_int_equal(length, 8);
            assert_memory_equal(h + 8, complete, 8);
            is_over = true;
        }
        at += 8 + length + padding;
        assert_int_equal(at % 8, 0);
    }
    assert_true(is_over);
    return (struct str){into, n};
}

static char *filled(size_t n, unsigned seed)
{
    char *p = malloc(n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)((i * 2654435761u + seed) >> 13);
    return p;
}

static void sent_whole(size_t head, size_t body, size_t sip, bool blocks, int small)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    if (!blocks)
        assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    if (small)
        assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    struct taken t = {.fd = ends[1], .sip = sip, .p = malloc(MOST)};
    char *h = filled(head, 1), *b = filled(body, 77), *got = malloc(MOST);
    pthread_t other;
    assert_true(t.p && got);
    assert_int_equal(pthread_create(&other, NULL, take, &t), 0);
    assert_int_equal(fastcgi_write(ends[0], 0x1234, (struct str){h, head}, (struct str){b, body}),
                     OK);
    close(ends[0]);
    pthread_join(other, NULL);
    struct str all = content_of(&t, 0x1234, got);
    assert_int_equal(all.n, head + body);
    assert_memory_equal(all.p, h, head);
    assert_memory_equal(all.p + head, b, body);
    close(ends[1]);
    free(h);
    free(b);
    free(got);
    free(t.p);
}

static void test_every_length_is_framed(void **state)
{
    (void)state;
    static const size_t lengths[] = {
        0,     1,     7,     8,      9,      8192,     12345,      65527,          65528,  65529,
        65535, 65536, 65537, 131056, 131057, 1u << 20, 16 * 65528, 16 * 65528 + 1, 3000000};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        sent_whole(0, lengths[i], 65536, true, 0);
        sent_whole(lengths[i], 0, 65536, true, 0);
        sent_whole(200, lengths[i], 65536, true, 0);
    }
    for (size_t around = 65520; around < 65540; around++)
        sent_whole(around, 70000, 65536, true, 0);
}

static void test_a_slow_reader_gets_all_of_it(void **state)
{
    (void)state;
    sent_whole(300, 1u << 20, 1000, false, 4096);
    sent_whole(300, 200000, 7, false, 2048);
    sent_whole(300, 1u << 20, 3001, true, 4096);
}

static void test_who_hung_up_ends_nothing_but_the_answer(void **state)
{
    (void)state;
    int ends[2];
    char *body = filled(1 << 20, 5);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    close(ends[1]);
    /* no SIGPIPE either: this process goes on */
    assert_int_equal(
        fastcgi_write(ends[0], 1, S("Status: 200 OK\r\n\r\n"), (struct str){body, 1 << 20}),
        ERR_UNAVAILABLE);
    close(ends[0]);
    free(body);
}

/* ---- with libfcgi, as a worker does it ---- */

static char folder[] = "/tmp/fastcgi_test.XXXXXX", where[64];
static int listener;

static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", where);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const void *p, size_t n) { assert_int_equal(write(fd, p, n), n); }

static void record(int fd, int type, struct str s)
{
    const char head[] = {1, (char)type, 0, 9, (char)(s.n >> 8), (char)s.n, 0, 0};
    say(fd, head, sizeof head);
    say(fd, s.p, s.n);
}

/* A request whose body is the text, said to be as long as length says. */
static int asked(const char *length, struct str body)
{
    char params[128];
    int fd = dial();
    int n = snprintf(params, sizeof params, "%c%cREQUEST_METHODPOST%c%cCONTENT_LENGTH%s", 14, 4, 14,
                     (int)strlen(length), length);
    record(fd, 1, (struct str){"\0\1\0\0\0\0\0\0", 8});
    record(fd, 4, (struct str){params, (size_t)n});
    record(fd, 4, S(""));
    if (body.n)
        record(fd, 5, body);
    record(fd, 5, S(""));
    return fd;
}

static void answered_once(const char *length, struct str said, bool is_whole)
{
    static char buffer[FASTCGI_MAX_BODY + 1], got[MOST];
    FCGX_Request f;
    struct http_request in;
    struct arena *a = arena_new(1 << 20);
    int fd = asked(length, said);
    assert_int_equal(FCGX_InitRequest(&f, listener, 0), 0);
    assert_int_equal(FCGX_Accept_r(&f), 0);
    assert_int_equal(fastcgi_read(&f, buffer, FASTCGI_MAX_BODY, &in), is_whole);
    if (is_whole)
        assert_true(str_eq(in.body, said));
    struct reply reply = {.status = 303,
                          .type = "text/plain",
                          .location = S("/there"),
                          .cookies = buf_in(a, 64),
                          .body = (struct str){buffer, 100000}};
    buf_addz(&reply.cookies, "Set-Cookie: a=b\r\n");
    struct taken t = {.fd = fd, .sip = 65536, .p = malloc(MOST)};
    pthread_t other;
    assert_non_null(t.p);
    if (!is_whole) /* who is still talking is let finish */
        shutdown(fd, SHUT_WR);
    assert_int_equal(pthread_create(&other, NULL, take, &t), 0);
    fastcgi_send(&f, a, &reply, is_whole);
    FCGX_Finish_r(&f); /* as the next FCGX_Accept_r does first */
    FCGX_Free(&f, 1);
    pthread_join(other, NULL); /* the end came: the connection was closed */
    struct str all = content_of(&t, 9, got);
    struct str head = S("Status: 303 See Other\r\nLocation: /there\r\nSet-Cookie: a=b\r\n"
                        "Content-Type: text/plain\r\nCache-Control: no-store\r\n"
                        "Content-Length: 100000\r\n\r\n");
    assert_int_equal(all.n, head.n + 100000);
    assert_memory_equal(all.p, head.p, head.n);
    close(fd);
    free(t.p);
    arena_free(a);
}

static void test_one_answer_to_one_request(void **state)
{
    (void)state;
    answered_once("5", S("hello"), true);
    answered_once("0", S(""), true);
    answered_once("", S(""), true);
    answered_once("9", S("hello"), false);       /* cut off */
    answered_once("3", S("hello"), false);       /* more than was said */
    answered_once("2000000", S("hello"), false); /* longer than any page takes */
}

static int start(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || FCGX_Init() != 0)
        return -1;
    snprintf(where, sizeof where, "%s/s", folder);
    listener = FCGX_OpenSocket(where, 5);
    return listener < 0 ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    close(listener);
    unlink(where);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_hung_up_ends_nothing_but_the_answer),
        cmocka_unit_test(test_every_length_is_framed),
        cmocka_unit_test(test_a_slow_reader_gets_all_of_it),
        cmocka_unit_test(test_one_answer_to_one_request),
    };
    return cmocka_run_group_tests_name("fastcgi", tests, start, stop);
}
