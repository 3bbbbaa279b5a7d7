/*
 * resume_test.c -- the sealed text in which what was typed travels through a new log-in: only the browser that it was made for
 * brings it back, whole, for half an hour.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/resume.h"
#include "keystore_fixture.h"

static struct arena *a;
static const time_t made = 1700000000;

static const struct resumed typed = {
    {"5d2f", 4}, {"/clients/new", 12}, {"", 0}, {"name=Two%0ALines&note=3%0A/x", 28}};

static struct str sealed(void)
{
    return resume_seal(a, S("glow.foyer.localhost"), S("cookie"), made, &typed);
}

static void it_comes_back_whole(void **state)
{
    (void)state;
    struct resumed got;
    assert_int_equal(resume_open(a, S("glow.foyer.localhost"), S("cookie"), made + RESUME_SECONDS, sealed(), &got), OK);
    assert_true(str_eq(got.staff_id, typed.staff_id));
    assert_true(str_eq(got.path, typed.path));
    assert_int_equal(got.query.n, 0);
    assert_true(str_eq(got.body, typed.body));
}

static void for_half_an_hour_in_this_browser_at_this_host(void **state)
{
    (void)state;
    struct resumed got;
    struct str host = S("glow.foyer.localhost"), cookie = S("cookie");
    assert_int_equal(resume_open(a, host, cookie, made + RESUME_SECONDS + 1, sealed(), &got), ERR_INVALID);
    assert_int_equal(resume_open(a, host, cookie, made - 301, sealed(), &got), ERR_INVALID);
    assert_int_equal(resume_open(a, host, S("cooki2"), made, sealed(), &got), ERR_INVALID);
    assert_int_equal(resume_open(a, host, S(""), made, sealed(), &got), ERR_INVALID);
    assert_int_equal(resume_open(a, S("ops.foyer.localhost"), cookie, made, sealed(), &got), ERR_INVALID);
    assert_int_equal(resume_open(a, host, cookie, made, S(""), &got), ERR_INVALID);
    assert_int_equal(resume_open(a, host, cookie, made, S("no base64 at all"), &got), ERR_INVALID);
}

static void every_altered_byte_is_noticed(void **state)
{
    (void)state;
    struct resumed got;
    struct str text = sealed(), raw;
    assert_int_equal(unesc_base64url(a, text, &raw), OK);
    for (size_t i = 0; i < raw.n; i++) {
        char *bad = arena_cstr(a, raw);
        memcpy(bad, raw.p, raw.n);
        bad[i] = (char)(bad[i] ^ 1);
        struct buf b = buf_in(a, text.n + 1);
        esc_base64url(&b, (struct str){bad, raw.n});
        assert_int_equal(resume_open(a, S("glow.foyer.localhost"), S("cookie"), made, buf_str(&b), &got), ERR_INVALID);
    }
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(8 << 20);
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
        cmocka_unit_test(it_comes_back_whole),
        cmocka_unit_test(for_half_an_hour_in_this_browser_at_this_host),
        cmocka_unit_test(every_altered_byte_is_noticed),
    };
    return cmocka_run_group_tests_name("what was typed, through a new log-in", tests, setup, teardown);
}
