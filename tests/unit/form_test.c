/* form_test.c -- missing, bad and good are three different answers; what was typed is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/form.h"

static struct arena *a;

static int set_up(void **state)
{
    (void)state;
    a = arena_new(8 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

/* One field, one value typed (NULL: not sent at all). */
static struct form_value check(struct field field, const char *typed)
{
    struct field fields[2] = {field, {0}};
    fields[0].name = "f";
    struct pair pair = {S("f"), str_of(typed)};
    struct pairs pairs = {&pair, typed ? 1 : 0};
    struct form form;
    form_check(a, fields, &pairs, &form);
    return form.values[0];
}

static bool good(struct field field, const char *typed)
{
    struct form_value v = check(field, typed);
    return v.is_good && v.message.n == 0;
}

static bool bad(struct field field, const char *typed)
{
    struct form_value v = check(field, typed);
    return !v.is_good && v.message.n > 0 && str_is(v.typed, typed);
}

static void missing(void **state)
{
    (void)state;
    struct field f = {.kind = FIELD_TEXT, .required = true, .missing = "Say it."};
    assert_true(str_is(check(f, NULL).message, "Say it."));
    assert_true(str_is(check(f, "  ").message, "Say it."));
    f.required = false;
    assert_int_equal(check(f, "").message.n, 0);
    assert_false(check(f, "").is_good);
}

static void texts(void **state)
{
    (void)state;
    struct field f = {.kind = FIELD_TEXT, .max = 5};
    assert_true(good(f, "  ab "));
    assert_true(str_is(check(f, " ab ").clean, "ab"));
    assert_true(good(f, "ééééé"));
    assert_true(bad(f, "éééééé"));
    assert_true(bad(f, "a\nb"));
    f.kind = FIELD_LONG;
    assert_true(str_is(check(f, "a\r\nb").clean, "a\nb"));
    assert_true(bad(f, "a\x01"));
}

static void emails(void **state)
{
    (void)state;
    struct field f = {.kind = FIELD_EMAIL};
    static const char *const fine[] = {"a@b.co", "o'brien+x@sub.example.org", "ü@bücher.example"};
    static const char *const wrong[] = {"a",        "a@b",      "@b.co",   "a@",       "a@@b.co",
                                        "a b@c.co", "a@b..co",  "a@-b.co", ".a@b.co",  "a@b.co.",
                                        "a@b.co>",  "a.@b.co",  "a@b,c.d", "\"a\"@b.c"};
    for (size_t i = 0; i < COUNT_OF(fine); i++)
        assert_true(good(f, fine[i]));
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_true(bad(f, wrong[i]));
}

static void dates_and_times(void **state)
{
    (void)state;
    struct field date = {.kind = FIELD_DATE}, time = {.kind = FIELD_TIME},
                 local = {.kind = FIELD_LOCAL};
    assert_true(good(date, "2024-02-29") && good(date, "2000-02-29"));
    assert_true(bad(date, "2023-02-29") && bad(date, "1900-02-29") && bad(date, "2024-13-01"));
    assert_true(bad(date, "2024-4-1") && bad(date, "0000-01-01") && bad(date, "2024-00-10"));
    assert_true(good(time, "00:00") && good(time, "23:59") && bad(time, "24:00"));
    assert_true(bad(time, "9:00") && bad(time, "12:60"));
    assert_true(good(local, "2024-02-29T10:30") && bad(local, "2024-02-30T10:30"));
}

static void numbers_and_choices(void **state)
{
    (void)state;
    struct field number = {.kind = FIELD_INT, .min = 1, .max = 10};
    assert_true(good(number, "1") && good(number, "10"));
    assert_true(bad(number, "0") && bad(number, "11") && bad(number, "1.5") && bad(number, "x"));
    assert_true(bad(number, "99999999999999999999"));
    struct field choice = {.kind = FIELD_CHOICE, .choices = "a|bc"};
    assert_true(good(choice, "a") && good(choice, "bc") && bad(choice, "b") && bad(choice, "a|bc"));
    struct field uuid = {.kind = FIELD_UUID};
    assert_true(good(uuid, "7b8e0c2a-1f7e-4a3c-9a55-0f4e6f1f2a3b"));
    assert_true(bad(uuid, "7b8e0c2a-1f7e-4a3c-9a55-0f4e6f1f2a3") && bad(uuid, "x"));
    struct field phone = {.kind = FIELD_PHONE};
    assert_true(good(phone, "+1 (212) 555-0100") && good(phone, "030 5550 118"));
    assert_true(bad(phone, "555") && bad(phone, "call me") && bad(phone, "1234567890123456"));
}

static void boxes_and_passwords(void **state)
{
    (void)state;
    struct field box = {.kind = FIELD_BOOL};
    assert_true(str_is(check(box, "on").clean, "true"));
    assert_true(str_is(check(box, NULL).clean, "false"));
    box.required = true;
    assert_true(check(box, NULL).message.n > 0);
    struct field secret = {.kind = FIELD_PASSWORD};
    struct form_value v = check(secret, " pass word ");
    assert_true(str_is(v.clean, " pass word ") && v.typed.n == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing),
        cmocka_unit_test(texts),
        cmocka_unit_test(emails),
        cmocka_unit_test(dates_and_times),
        cmocka_unit_test(numbers_and_choices),
        cmocka_unit_test(boxes_and_passwords),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
