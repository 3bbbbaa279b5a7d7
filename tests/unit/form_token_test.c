/*
 * form_token_test.c -- which forms count as sent from a page of ours (SECURITY.md S-09): the token is of this
 * host, this person and this day, and the browser says that it comes from here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "core/gate.h"
#include "keystore_fixture.h"

static struct arena *a;
static struct http_request in;
static struct pair csrf;
static const struct field fields[] = {{"name", FIELD_TEXT}, {0}};
static const struct page button = {POST, "/x"}, half_a_form = {POST, "/x", .fields = fields},
                         typed_into = {POST, "/x", .fields = fields, .again = "/x"};
static const struct page *sent_to = &button;
static bool was_old; /* the form that was sent last: of yesterday, and taken so that nothing typed is lost */
static time_t shifted; /* how far the clock is ahead */

time_t time(time_t *out)
{
    time_t now = 1800000000 + shifted; /* it stands still otherwise: the bounds are tried to the second */
    return out ? (*out = now) : now;
}

static struct req *request(const char *host, const char *binding)
{
    static const struct gate gate = {.domain = "foyer.localhost", .authority = ":8443"};
    struct req *r = arena_alloc(a, sizeof *r);
    *r = (struct req){.gate = &gate, .page = sent_to, .arena = a, .in = &in, .host = str_of(host), .form_binding = str_of(binding)};
    return r;
}

/* What comes of a token when it is sent to that host by whoever has that binding. */
static enum err sent(const char *host, const char *binding, struct str token)
{
    struct req *r = request(host, binding);
    csrf = (struct pair){S("csrf"), token};
    r->posted = (struct pairs){&csrf, 1};
    enum err e = form_token_check(r);
    was_old = r->form_is_old;
    return e;
}

static void a_token_is_of_its_host_and_person(void **state)
{
    (void)state;
    struct str token = form_token_new(request("glow.foyer.localhost", "session"));
    assert_int_equal(sent("glow.foyer.localhost", "session", token), OK);
    assert_int_equal(sent("other.foyer.localhost", "session", token), ERR_FORBIDDEN);
    assert_int_equal(sent("glow.foyer.localhost", "another", token), ERR_FORBIDDEN);
    assert_int_equal(sent("glow.foyer.localhost", "", token), ERR_FORBIDDEN);
    struct req *r = request("glow.foyer.localhost", "session");
    assert_int_equal(form_token_check(r), ERR_FORBIDDEN); /* none was sent */
}

static void every_altered_character_is_noticed(void **state)
{
    (void)state;
    struct str token = form_token_new(request("glow.foyer.localhost", "session"));
    for (size_t i = 0; i < token.n; i++) {
        char *text = arena_cstr(a, token);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        if (text[i] == 'A' && token.p[i] == 'a')
            continue; /* the same hexadecimal digit, and another text: see below */
        assert_int_equal(sent("glow.foyer.localhost", "session", (struct str){text, token.n}), ERR_FORBIDDEN);
        assert_int_equal(sent("glow.foyer.localhost", "session", str_part(token, 0, i)), ERR_FORBIDDEN);
    }
    static const char *const none[] = {".", "", "x.y", ".abc", "123456789abcdef01.x", "12 34.x", "0x12.x", "-1.x"};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_int_equal(sent("glow.foyer.localhost", "session", str_of(none[i])), ERR_FORBIDDEN);
}

static void a_token_lasts_a_day(void **state)
{
    (void)state;
    static const struct {
        time_t later;
        enum err err;
    } cases[] = {{0, OK}, {24 * 3600, OK}, {24 * 3600 + 1, ERR_FORBIDDEN}, {-300, OK}, {-301, ERR_FORBIDDEN}};
    struct str token = form_token_new(request("glow.foyer.localhost", "session"));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        shifted = cases[i].later;
        sent_to = &button;
        assert_int_equal(sent("glow.foyer.localhost", "session", token), cases[i].err);
        sent_to = &half_a_form;
        assert_int_equal(sent("glow.foyer.localhost", "session", token), cases[i].err);
        /* What was typed into a form of yesterday comes back; nothing is done by it. */
        sent_to = &typed_into;
        bool is_old = cases[i].later > 24 * 3600;
        assert_int_equal(sent("glow.foyer.localhost", "session", token), is_old ? OK : cases[i].err);
        assert_int_equal(was_old, is_old);
    }
    sent_to = &button;
    shifted = 0;
}

static void where_a_form_comes_from(void **state)
{
    (void)state;
    static const struct {
        const char *site, *origin;
        enum err err;
    } cases[] = {
        {"same-origin", "https://glow.foyer.localhost:8443", OK},
        {"same-origin", "", OK},
        {"", "https://glow.foyer.localhost:8443", OK}, /* a browser that does not say the one */
        {"", "", ERR_FORBIDDEN},
        {"same-site", "https://glow.foyer.localhost:8443", ERR_FORBIDDEN},
        {"cross-site", "", ERR_FORBIDDEN},
        {"none", "", ERR_FORBIDDEN},
        {"same-origin", "https://other.foyer.localhost:8443", ERR_FORBIDDEN},
        {"same-origin", "http://glow.foyer.localhost:8443", ERR_FORBIDDEN},
        {"same-origin", "null", ERR_FORBIDDEN},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        in.fetch_site = str_of(cases[i].site);
        in.origin = str_of(cases[i].origin);
        assert_int_equal(origin_check(request("glow.foyer.localhost", "session")), cases[i].err);
    }
}

static void what_a_token_is_bound_to(void **state)
{
    (void)state;
    static const struct page staff = {GET, "/"}, link = {GET, "/", .door = DOOR_LINK},
                             unproven = {GET, "/", .door = DOOR_LINK_UNPROVEN}, anybody = {GET, "/", .door = DOOR_PUBLIC},
                             asks = {GET, "/", .door = DOOR_PUBLIC, .form_cookie = true},
                             sends = {POST, "/", .door = DOOR_PUBLIC, .form_cookie = true};
    struct pair have[] = {{S("__Host-sid"), S("of the session")}, {S("__Secure-link"), S("of the link")}, {S("__Host-form"), S("of the form")}};
    static const struct {
        const struct page *page;
        const char *want;
    } cases[] = {{&staff, "of the session"}, {&link, "of the link"}, {&unproven, "of the link"}, {&anybody, "public"},
                 {&asks, "of the form"}, {&sends, "of the form"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct req *r = request("glow.foyer.localhost", "");
        r->cookies = (struct pairs){have, COUNT_OF(have)};
        form_token_bind(r, cases[i].page);
        assert_true(str_is(r->form_binding, cases[i].want));
        assert_int_equal(r->reply.cookies.n, 0);
    }
    /* A visitor without a cookie gets one with the page; what she sends without one is bound to nothing. */
    struct req *r = request("foyer.localhost", "");
    form_token_bind(r, &asks);
    assert_int_equal(r->form_binding.n, 43);
    assert_true(r->reply.cookies.n > 43);
    r = request("foyer.localhost", "");
    form_token_bind(r, &sends);
    assert_int_equal(r->form_binding.n, 0);
    assert_int_equal(r->reply.cookies.n, 0);
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(1 << 20);
    return keystore_fixture_open();
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return keystore_fixture_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_of_its_host_and_person),
        cmocka_unit_test(every_altered_character_is_noticed),
        cmocka_unit_test(a_token_lasts_a_day),
        cmocka_unit_test(where_a_form_comes_from),
        cmocka_unit_test(what_a_token_is_bound_to),
    };
    return cmocka_run_group_tests_name("S-09: forms of ours", tests, setup, teardown);
}
