/*
 * arena_test.c -- memory of one request: zeroed, aligned, released in order, never past its cap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    for (size_t round = 0; round < 3; round++) {
        for (size_t n = 0; n < 300; n++) {
            char *p = arena_alloc(a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            if (n)
                memset(p, 0xAB, n);
        }
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    arena_free(a);
}

static void large_pieces_fit_up_to_the_cap(void **state)
{
    (void)state;
    struct arena *a = arena_new(8 << 20);
    for (int round = 0; round < 4; round++) {
        char *small = arena_alloc(a, 10);
        char *large = arena_alloc(a, 3 << 20);
        char *again = arena_alloc(a, 3 << 20);
        memset(large, 1, 3 << 20);
        memset(again, 2, 3 << 20);
        small[9] = 3;
        assert_int_equal(large[(3 << 20) - 1], 1);
        assert_true(arena_used(a) >= (6 << 20) + 10);
        arena_reset(a);
    }
    arena_free(a);
}

static char order[8];
static void note(void *what) { strncat(order, what, 1); }

static void clean_ups_run_in_reverse_and_once(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 16);
    arena_defer(a, note, "a");
    arena_defer(a, note, "b");
    arena_reset(a);
    assert_string_equal(order, "ba");
    arena_defer(a, note, "c");
    arena_free(a);
    assert_string_equal(order, "bac");
    arena_free(NULL);
}

static void past_the_cap_the_process_ends_with_70(void **state)
{
    (void)state;
    static const size_t too_much[] = {1 << 16, SIZE_MAX, SIZE_MAX - 8};
    for (size_t i = 0; i < COUNT_OF(too_much); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            if (!freopen("/dev/null", "w", stderr))
                _exit(1);
            struct arena *a = arena_new(1 << 15);
            arena_alloc(a, too_much[i]);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 70);
    }
}

static void texts_are_copied(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    char source[] = "morning";
    struct str copy = arena_str(a, str_of(source));
    source[0] = 'M';
    assert_true(str_is(copy, "morning"));
    assert_string_equal(arena_cstr(a, str_part(copy, 0, 4)), "morn");
    assert_string_equal(arena_cstr(a, (struct str){0}), "");
    assert_true(str_is(arena_printf(a, "%s %d", "room", 7), "room 7"));
    assert_int_equal(arena_printf(a, "%5000d", 1).n, 5000);
    assert_int_equal(arena_printf(a, "%s", "").n, 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(large_pieces_fit_up_to_the_cap),
        cmocka_unit_test(clean_ups_run_in_reverse_and_once),
        cmocka_unit_test(past_the_cap_the_process_ends_with_70),
        cmocka_unit_test(texts_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
