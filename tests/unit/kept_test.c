/*
 * kept_test.c -- what a worker keeps between requests is used for the same studio, the same values and the same state alone
 * (kept.c; SECURITY.md D-02: nothing of one tenant in another's page).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "core/db_internal.h"
#include "core/gate.h"

#define GLOW "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"

static struct arena *a;
static enum query kept_query, another_kept, unkept_query;
static const char *holds = ",client_read,calendar_read,"; /* for the whole business */
static struct page staff_page = {GET, "/day/{day:date}", CAN(calendar_read)};

/* The row of begin: a tenant and the number of the state of what she set up. */
static struct rows *context(const char *tenant, int64_t version)
{
    static const name_id none[3];
    char id[] = "tenant_id", number[] = "reference_version", perms[] = "perms";
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc columns[] = {{.name = id, .typid = 25, .typlen = -1, .format = 1}, {.name = number, .typid = 20, .typlen = 8, .format = 1},
                              {.name = perms, .typid = 25, .typlen = -1, .format = 1}};
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)((uint64_t)version >> (56 - i * 8));
    assert_true(PQsetResultAttrs(res, 3, columns));
    assert_true(PQsetvalue(res, 0, 0, (char *)(uintptr_t)tenant, (int)strlen(tenant)) && PQsetvalue(res, 0, 1, bytes, 8) &&
                PQsetvalue(res, 0, 2, (char *)(uintptr_t)holds, (int)strlen(holds)));
    struct rows *r = rows_new(a, NULL);
    r->result = res;
    r->names = none;
    r->n_rows = 1;
    r->n_columns = 3;
    arena_defer(a, (void (*)(void *))(void (*)(void))PQclear, res);
    return r;
}

static struct req *request(const char *host, const char *day, const char *tenant, int64_t version)
{
    static struct http_request in = {.remote_addr = S("192.0.2.1"), .agent = S("a browser")};
    struct req *r = arena_alloc(a, sizeof *r);
    struct pair *params = arena_alloc(a, 3 * sizeof *params);
    params[0] = (struct pair){S("day"), str_of(day)};
    params[1] = (struct pair){S("location"), S("")};
    *r = (struct req){.arena = a, .in = &in, .page = &staff_page, .method = GET, .host = str_of(host), .request_uuid = S("x"),
                      .new_id = S(""), .kept_tenant = S(""), .query = {params, 2}};
    r->context = tenant ? context(tenant, version) : NULL;
    return r;
}

/* A result that says whose it is. */
static struct rows *result_of(const char *what) { return context(what, 0); }
static bool says(const struct rows *rows, const char *what) { return rows && str_is(rows_text(rows, 0, "tenant_id"), what); }

static void store(const char *host, const char *day, const char *tenant, int64_t version, const char *what)
{
    kept_store(request(host, day, tenant, version), kept_query, result_of(what));
}

static void the_same_again(void **state)
{
    (void)state;
    store("glow", "2026-11-21", GLOW, 7, "one");
    struct req *r = request("glow", "2026-11-21", NULL, 0);
    assert_true(says(kept_find(r, kept_query), "one"));
    assert_int_equal(r->kept_version, 7);
    assert_true(str_is(r->kept_tenant, GLOW));
    /* begin then says whether it still holds */
    r->context = context(GLOW, 7);
    assert_true(kept_is_fresh(r));
    r->context = context(GLOW, 8);
    assert_false(kept_is_fresh(r));
    r->context = context(OTHER, 7);
    assert_false(kept_is_fresh(r));
    struct req *none = request("glow", "2026-11-21", OTHER, 1);
    assert_true(kept_is_fresh(none)); /* it uses nothing that was kept */
}

static void anything_else_is_asked_anew(void **state)
{
    (void)state;
    store("glow", "2026-11-21", GLOW, 7, "one");
    assert_null(kept_find(request("other", "2026-11-21", NULL, 0), kept_query));
    assert_null(kept_find(request("glow", "2026-11-22", NULL, 0), kept_query));
    assert_null(kept_find(request("glow", "2026-11-21", NULL, 0), another_kept));
    assert_null(kept_find(request("glow", "2026-11-21", NULL, 0), unkept_query));
    staff_page.can = PERM_client_read; /* by another permission others may see other rows */
    assert_null(kept_find(request("glow", "2026-11-21", NULL, 0), kept_query));
    staff_page.can = PERM_calendar_read;
    staff_page.door = DOOR_PUBLIC;
    assert_null(kept_find(request("glow", "2026-11-21", NULL, 0), kept_query));
    store("glow", "2026-11-21", GLOW, 7, "a visitor's");
    staff_page.door = DOOR_STAFF;
    assert_true(says(kept_find(request("glow", "2026-11-21", NULL, 0), kept_query), "one"));
}

/* Who holds the permission at one place sees other rows than who holds it everywhere. */
static void who_sees_less_shares_nothing(void **state)
{
    (void)state;
    store("glow", "2026-12-01", GLOW, 7, "whole");
    struct req *r = request("glow", "2026-12-01", NULL, 0);
    assert_true(says(kept_find(r, kept_query), "whole"));
    static const char *const less[] = {"", ",client_read,", ",calendar_read_some,"};
    for (size_t i = 0; i < COUNT_OF(less); i++) {
        holds = less[i];
        r->context = context(GLOW, 7);
        assert_false(kept_is_fresh(r));
        store("glow", "2026-12-02", GLOW, 7, "hers");
        assert_null(kept_find(request("glow", "2026-12-02", NULL, 0), kept_query));
    }
    staff_page.can = PERM_none; /* a page that asks for none */
    store("glow", "2026-12-02", GLOW, 7, "anybody's");
    assert_true(says(kept_find(request("glow", "2026-12-02", NULL, 0), kept_query), "anybody's"));
    staff_page.can = PERM_calendar_read;
    holds = ",client_read,calendar_read,";
}

static void what_cannot_be_told_apart_is_not_kept(void **state)
{
    (void)state;
    store("new", "2026-11-21", "no uuid", 7, "whose?");
    assert_null(kept_find(request("new", "2026-11-21", NULL, 0), kept_query));
    kept_store(request("new", "2026-11-21", GLOW, 7), unkept_query, result_of("not for keeping"));
    assert_null(kept_find(request("new", "2026-11-21", NULL, 0), unkept_query));
}

/* One page is of one state: what is of another, or another tenant's, is not mixed into it. */
static void one_state_a_page(void **state)
{
    (void)state;
    store("glow", "2026-11-23", GLOW, 7, "old");
    store("glow", "2026-11-24", GLOW, 8, "new");
    store("glow", "2026-11-25", GLOW, 8, "as new");
    store("glow", "2026-11-26", OTHER, 8, "another's");
    struct req *r = request("glow", "2026-11-24", NULL, 0);
    assert_true(says(kept_find(r, kept_query), "new"));
    r->query.items[0].value = S("2026-11-23");
    assert_null(kept_find(r, kept_query));
    r->query.items[0].value = S("2026-11-26");
    assert_null(kept_find(r, kept_query));
    r->query.items[0].value = S("2026-11-25");
    assert_true(says(kept_find(r, kept_query), "as new"));
}

/* A newcomer replaces; a page that is showing what stood there goes on. Enough of them that places are shared. */
static void newcomers_replace(void **state)
{
    (void)state;
    char day[32];
    store("glow", "2026-11-21", GLOW, 7, "one");
    struct rows *shown = kept_find(request("glow", "2026-11-21", NULL, 0), kept_query);
    for (int i = 0; i < 3000; i++) {
        snprintf(day, sizeof day, "day %d", i);
        store("glow", day, GLOW, 9, day);
        assert_true(says(kept_find(request("glow", day, NULL, 0), kept_query), day));
    }
    assert_true(says(shown, "one"));
    store("glow", "2026-11-21", GLOW, 10, "two");
    assert_true(says(kept_find(request("glow", "2026-11-21", NULL, 0), kept_query), "two"));
    assert_null(kept_find(request("glow", "day 0", NULL, 0), kept_query)); /* its place was taken long ago */
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(256 << 20);
    for (enum query q = 1; q < QUERY_COUNT; q++) {
        bool has_day = false;
        for (size_t i = 0; query_table[q].params[i]; i++)
            has_day |= strcmp(query_table[q].params[i], "day") == 0;
        if (query_table[q].is_kept && has_day)
            kept_query = q;
        else if (query_table[q].is_kept)
            another_kept = q;
        else
            unkept_query = q;
    }
    return kept_query && another_kept ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again),       cmocka_unit_test(anything_else_is_asked_anew),
        cmocka_unit_test(what_cannot_be_told_apart_is_not_kept),
        cmocka_unit_test(who_sees_less_shares_nothing),
        cmocka_unit_test(one_state_a_page),     cmocka_unit_test(newcomers_replace),
    };
    return cmocka_run_group_tests_name("what is kept", tests, setup, teardown);
}
