/*
 * oidc_test.c -- where single sign-on goes at the word of a business (SECURITY.md H-14, T15): the texts that may be addresses, the
 * addresses that may be connected to, and that a name which means another address the second time gets nobody inside.
 *
 * The resolver is this file's, and so is connect(): what libcurl asks for is noted, and nothing leaves the machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "fetch.h"
#include "oidc.h"

static struct arena *a;

/* ---- a resolver that answers as it is told, another way each time ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *const *answers; /* of each look-up in turn: addresses with blanks between them */
static size_t n_answers, n_asked;
static char connected[512]; /* the addresses that somebody tried to connect to, a blank behind each */

static struct addrinfo *address_of(const char *text, int port)
{
    struct addrinfo *one = calloc(1, sizeof *one);
    if (strchr(text, ':')) {
        struct sockaddr_in6 *six = calloc(1, sizeof *six);
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
        *one = (struct addrinfo){.ai_family = AF_INET6, .ai_addr = (struct sockaddr *)six, .ai_addrlen = sizeof *six};
    } else {
        struct sockaddr_in *four = calloc(1, sizeof *four);
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
        *one = (struct addrinfo){.ai_family = AF_INET, .ai_addr = (struct sockaddr *)four, .ai_addrlen = sizeof *four};
    }
    one->ai_socktype = SOCK_STREAM;
    one->ai_protocol = IPPROTO_TCP;
    return one;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)node;
    (void)hints;
    char text[256], *rest = text;
    struct addrinfo *first = NULL, **last = &first;
    pthread_mutex_lock(&lock);
    size_t n = n_asked < n_answers ? n_asked : n_answers - 1;
    n_asked++;
    snprintf(text, sizeof text, "%s", answers[n]);
    pthread_mutex_unlock(&lock);
    for (char *one; (one = strsep(&rest, " "));) {
        *last = address_of(one, service ? atoi(service) : 443);
        last = &(*last)->ai_next;
    }
    *out = first;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

int connect(int fd, const struct sockaddr *address, socklen_t n)
{
    char text[INET6_ADDRSTRLEN] = "?";
    (void)fd;
    (void)n;
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof text);
    size_t used = strlen(connected);
    snprintf(connected + used, sizeof connected - used, "%s ", text);
    errno = ECONNREFUSED;
    return -1;
}

/* What comes of asking a provider whose name means these addresses, look-up for look-up. */
static enum oidc_end asks(const char *issuer, const char *own_hosts, const char *const *said, size_t n)
{
    struct oidc_provider found;
    struct oidc o = oidc_new(a, own_hosts);
    answers = said;
    n_answers = n;
    n_asked = 0;
    connected[0] = '\0';
    return oidc_discover(&o, str_of(issuer), &found);
}
#define ASKS(issuer, own, ...) asks(issuer, own, (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})))

static void a_name_that_means_an_address_inside_gets_nobody_there(void **state)
{
    (void)state;
    static const char *const inside[] = {"127.0.0.1",       "127.8.8.8",   "0.0.0.0",    "10.1.2.3",    "172.16.0.1",  "172.31.255.255", "192.168.1.1",
                                         "169.254.169.254", "100.64.0.1",  "192.0.0.1",  "198.18.0.1",  "224.0.0.1",   "255.255.255.255", "::1",
                                         "::",              "fe80::1",     "fc00::1",    "fd12::1",     "ff02::1",     "::ffff:127.0.0.1",
                                         "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1", "2001::1", "::7f00:1"};
    for (size_t i = 0; i < COUNT_OF(inside); i++) {
        assert_int_equal(ASKS("https://provider.example", "", inside[i]), OIDC_AWAY);
        if (connected[0])
            fail_msg("%s: connected to %s", inside[i], connected);
        assert_int_equal(n_asked, 1); /* the name was looked up, and what it said was judged */
    }
}

static void what_is_judged_is_what_is_connected_to(void **state)
{
    (void)state;
    /* (the control: a public address is gone to, so the test can fail) */
    assert_int_equal(ASKS("https://provider.example", "", "8.8.8.8"), OIDC_AWAY);
    assert_string_equal(connected, "8.8.8.8 ");
    /* public at first, inside a moment later: each connection is judged by the address that it goes to */
    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(ASKS("https://provider.example", "", "8.8.4.4", "127.0.0.1", "10.0.0.1"), OIDC_AWAY);
        assert_string_equal(connected, "8.8.4.4 ");
        assert_int_equal(n_asked, 1); /* one look-up for one connection: there is no second one to lie to */
    }
    assert_int_equal(ASKS("https://provider.example", "", "169.254.169.254", "8.8.4.4"), OIDC_AWAY);
    assert_string_equal(connected, "");
    /* several at once: those inside are passed over */
    assert_int_equal(ASKS("https://provider.example", "", "127.0.0.1 169.254.169.254 8.8.4.4 10.0.0.1"), OIDC_AWAY);
    assert_string_equal(connected, "8.8.4.4 ");
    assert_int_equal(ASKS("https://provider.example", "", "::1 ::ffff:10.0.0.1 2606:4700::1111 fd00::1"), OIDC_AWAY);
    assert_string_equal(connected, "2606:4700::1111 ");
}

static void an_own_host_may_be_inside_and_no_other_name_for_it(void **state)
{
    (void)state;
    assert_int_equal(ASKS("https://id.own.example", "id.own.example, other.example", "10.1.2.3"), OIDC_AWAY);
    assert_string_equal(connected, "10.1.2.3 ");
    assert_int_equal(ASKS("https://id.own.example", "id.own.example", "169.254.169.254"), OIDC_AWAY);
    assert_string_equal(connected, "");
    assert_int_equal(ASKS("https://evil.example", "id.own.example", "10.1.2.3"), OIDC_AWAY);
    assert_string_equal(connected, "");
    /* without TLS only on this machine */
    assert_int_equal(ASKS("http://id.own.example", "id.own.example", "10.1.2.3"), OIDC_AWAY);
    assert_string_equal(connected, "");
    assert_int_equal(ASKS("http://id.own.example", "id.own.example", "127.0.0.1"), OIDC_AWAY);
    assert_string_equal(connected, "127.0.0.1 ");
    assert_int_equal(ASKS("http://provider.example", "", "8.8.8.8"), OIDC_REFUSED);
    assert_int_equal(n_asked, 0);
}

/* ---- texts ---- */

static void which_texts_are_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"https://id.example", "https://id.example/", "https://id.example:8443/tenant/one", "https://id.example/a?b=c"};
    static const char *const bad[] = {
        "",
        "id.example",
        "http://id.example",
        "ftp://id.example",
        "file:///etc/passwd",
        "gopher://id.example",
        "javascript:alert(1)",
        "https://user@id.example",
        "https://user:password@id.example",
        "https://@id.example",
        "https://id.example@evil.example",
        "https://id.example#x",
        "https://id example",
        "https://id.example/\r\nHost: evil",
        "https://id.example/\t",
        "https://",
        "https://id.ex\xC3\xA4mple",
        "https://[::1",
        "https://id.example:99999",
        "https://id.example:port",
    };
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!fetch_url_ok(str_of(good[i]), ""))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (fetch_url_ok(str_of(bad[i]), ""))
            fail_msg("%s is taken", bad[i]);
    assert_true(fetch_url_ok(S("http://localhost:1234"), "localhost"));
    assert_true(fetch_url_ok(S("http://LocalHost"), "other,localhost"));
    assert_false(fetch_url_ok(S("http://localhost.evil.example"), "localhost"));
    assert_false(fetch_url_ok(S("http://xlocalhost"), "localhost"));
    struct buf b = buf_in(a, 2000);
    buf_addz(&b, "https://id.example/");
    while (b.n < 1001)
        buf_addc(&b, 'a');
    assert_false(fetch_url_ok(buf_str(&b), ""));
}

/* Numbers that stand for an address in the ways that have fooled others: whatever libcurl makes of them is judged like any other. */
static void addresses_in_disguise(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "https://127.0.0.1",   "https://2130706433",          "https://0x7f000001",         "https://017700000001",        "https://127.1",
        "https://0x7f.1",      "https://0",                   "https://169.254.169.254",    "https://2852039166",          "https://0251.0376.0251.0376",
        "https://[::1]",       "https://[::ffff:127.0.0.1]",  "https://[::ffff:7f00:1]",    "https://[0:0:0:0:0:0:0:1]",   "https://[fe80::1]",
        "https://[fd00::1]",   "https://10.0.0.1",            "https://192.168.0.1:443",    "https://100.100.100.200",     "https://[2002:7f00:1::]",
    };
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        assert_int_not_equal(ASKS(urls[i], "", "127.0.0.1"), OIDC_GOOD);
        if (connected[0])
            fail_msg("%s: connected to %s", urls[i], connected);
    }
}

/* ---- certificates ---- */

static void what_holds_no_certificate_is_said(void **state)
{
    (void)state;
    assert_true(oidc_trust(""));
    assert_false(oidc_trust("/nowhere/at/all.pem"));
    assert_false(oidc_trust("/dev/null"));
    assert_false(oidc_trust("/proc/self/cmdline"));
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(16 << 20);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    curl_global_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_texts_are_addresses),
        cmocka_unit_test(a_name_that_means_an_address_inside_gets_nobody_there),
        cmocka_unit_test(what_is_judged_is_what_is_connected_to),
        cmocka_unit_test(an_own_host_may_be_inside_and_no_other_name_for_it),
        cmocka_unit_test(addresses_in_disguise),
        cmocka_unit_test(what_holds_no_certificate_is_said),
    };
    return cmocka_run_group_tests_name("T15 H-14: where a provider may be", tests, setup, teardown);
}
