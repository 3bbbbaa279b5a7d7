/*
 * decoder_test.c -- files go through a child of their own (SECURITY.md H-04): what it makes of them comes back whole; what it dies of, or
 * never ends with, costs that file only. What a child may ask of the kernel: foyer-web --selftest-sandbox, tests/http/harden.test.js.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/decoder.h"

static struct arena *a;
static struct decoder *d;

/* The first byte says how; the rest is turned around, bit by bit. */
static int decode(int in, int out)
{
    static char part[70000];
    char how;
    ssize_t n;
    if (read(in, &how, 1) != 1)
        return 1;
    if (how == 'n')
        return 7;
    if (how == 's')
        raise(SIGSEGV);
    if (how == 'l')
        for (volatile int i = 0;; i++) {
        }
    if (how == 'u') /* without reading on */
        return write(out, "early", 5) == 5 ? 0 : 1;
    if (how == 'b') {
        memset(part, 'b', sizeof part);
        while (write(out, part, sizeof part) > 0) {
        }
        return 1;
    }
    while ((n = read(in, part, sizeof part)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            part[i] = (char)~part[i];
        if (write(out, part, (size_t)n) != n)
            return 1;
    }
    return n < 0;
}

static enum err run(const char *text, struct str *out)
{
    return decoder_run(d, a, str_of(text), 1 << 20, out);
}

static void serves(void)
{
    struct str out;
    assert_int_equal(run("-A", &out), OK);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.p[0], (char)~'A');
}

static void what_comes_of_a_file_comes_back_whole(void **state)
{
    (void)state;
    struct str out;
    /* more than a pipe holds, in both directions at once */
    size_t n = 3 << 20;
    char *file = malloc(n + 1);
    assert_non_null(file);
    file[0] = '-';
    for (size_t i = 1; i <= n; i++)
        file[i] = (char)(i * 31 + i / 256);
    assert_int_equal(decoder_run(d, a, (struct str){file, n + 1}, n, &out), OK);
    assert_int_equal(out.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(out.p[i], (char)~file[i + 1]);
    /* one that reads no further than it must */
    file[0] = 'u';
    assert_int_equal(decoder_run(d, a, (struct str){file, n + 1}, n, &out), OK);
    assert_true(str_is(out, "early"));
    free(file);
}

static void what_a_child_dies_of_costs_one_file(void **state)
{
    (void)state;
    struct str out;
    assert_int_equal(run("", &out), ERR_INVALID);
    serves();
    assert_int_equal(run("n", &out), ERR_INVALID);
    assert_int_equal(WEXITSTATUS(decoder_status(d)), 7);
    serves();
    assert_int_equal(run("s", &out), ERR_INVALID);
    assert_int_equal(out.n, 0);
    serves();
    assert_int_equal(run("l", &out), ERR_INVALID); /* a second of the processor, and no more */
    assert_true(WIFSIGNALED(decoder_status(d)));
    serves();
}

static void what_is_too_much_is_cut_off(void **state)
{
    (void)state;
    struct str out;
    assert_int_equal(run("b", &out), ERR_TOO_LARGE);
    assert_int_equal(out.n, 0);
    assert_int_equal(decoder_run(d, a, S("-ABC"), 2, &out), ERR_TOO_LARGE);
    assert_int_equal(decoder_run(d, a, S("-ABC"), 3, &out), OK);
    serves();
}

static void a_decoder_that_is_gone_is_unavailable(void **state)
{
    (void)state;
    struct str out;
    struct decoder *kept = d;
    d = decoder_start(decode, &(struct decoder_limits){0});
    assert_non_null(d);
    serves();
    /* its process is this one's youngest child */
    siginfo_t info;
    FILE *f = fopen("/proc/thread-self/children", "r");
    int pid = 0, last = 0;
    assert_non_null(f);
    while (fscanf(f, "%d", &pid) == 1)
        last = pid;
    fclose(f);
    assert_int_equal(kill(last, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)last, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(run("-A", &out), ERR_UNAVAILABLE);
    assert_int_equal(run("-A", &out), ERR_UNAVAILABLE);
    decoder_stop(d);
    d = kept;
    serves();
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    d = decoder_start(decode, &(struct decoder_limits){.cpu_seconds = 1});
    return d ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    decoder_stop(d);
    arena_free(a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_of_a_file_comes_back_whole),
        cmocka_unit_test(what_a_child_dies_of_costs_one_file),
        cmocka_unit_test(what_is_too_much_is_cut_off),
        cmocka_unit_test(a_decoder_that_is_gone_is_unavailable),
    };
    return cmocka_run_group_tests_name("H-04: a child for each file", tests, setup, teardown);
}
