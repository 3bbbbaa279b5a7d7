/*
 * req_test.c -- who may give a statement's parameter its value (SECURITY.md V-25).
 * Every name that any statement of the product has is tried, at every page of the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "core/board.h"
#include "core/db_internal.h"
#include "core/gate.h"

static struct arena *a;
static struct http_request in;
static struct pairs forged;

/* All names of all statements, each once, with a value that only a stranger would send. */
static void forge(void)
{
    forged.items = arena_alloc(a, 2000 * sizeof *forged.items);
    forged.n = 0;
    for (size_t q = 1; q < QUERY_COUNT; q++)
        for (size_t i = 0; query_table[q].params[i]; i++) {
            struct str name = str_of(query_table[q].params[i]), seen;
            if (!pairs_get(&forged, name, &seen))
                forged.items[forged.n++] = (struct pair){name, S("forged")};
        }
}

static struct req *request(const struct page *page)
{
    struct req *r = arena_alloc(a, sizeof *r);
    *r = (struct req){.arena = a, .in = &in, .page = page, .method = page->method,
                      .host = S("glow.foyer.localhost"), .request_uuid = S("the server's"),
                      .new_id = S(""), .query = forged};
    return r;
}

static bool takes(struct req *r, struct str name)
{
    struct str value = S("");
    bool is_null = false;
    return req_param(r, name, &value, &is_null) && str_is(value, "forged");
}

static bool is_one_of(struct str name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static const char *const own[] = {"host", "address", "agent", "request_id", "new_id", "idem",
                                  "page_language", "asked_language", "page_limit", "page_offset", NULL};

static int setup(void **state)
{
    (void)state;
    a = arena_new(16 << 20);
    in = (struct http_request){.remote_addr = S("192.0.2.1"), .agent = S("a browser")};
    forge();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static void a_post_is_told_nothing_by_its_address(void **state)
{
    (void)state;
    size_t pages = 0;
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++) {
            if (p->method != POST)
                continue;
            pages++;
            struct req *r = request(p);
            for (size_t i = 0; i < forged.n; i++)
                if (takes(r, forged.items[i].name))
                    fail_msg("POST %s?%.*s=... is believed", p->path, (int)forged.items[i].name.n,
                             forged.items[i].name.p);
        }
    assert_true(pages > 10 && forged.n > 50);
}

static void nobody_says_the_servers_words_for_it(void **state)
{
    (void)state;
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++) {
            struct req *r = request(p);
            r->is_again = p->method == POST;
            for (size_t i = 0; i < forged.n; i++) {
                struct str name = forged.items[i].name;
                if (is_one_of(name, own))
                    assert_false(takes(r, name));
                else
                    assert_true(takes(r, name)); /* to look at something is what an address is for */
            }
        }
}

/* One that has no place is counted with what is no page, and nobody sees it slow or failing. */
static void every_page_has_its_place_on_the_board(void **state)
{
    (void)state;
    size_t n = 1;
    for (const struct feature *f = all_features; f->name; f++)
        for (const struct page *p = f->pages; p->path; p++)
            n++;
    assert_in_range(n, 2, BOARD_PAGES);
}

static void nothing_of_the_context_can_be_said_by_a_visitor(void **state)
{
    (void)state;
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char first[] = "client_id", second[] = "tenant_slug";
    PGresAttDesc columns[] = {{.name = first, .typid = 2950, .typlen = 16, .format = 1},
                              {.name = second, .typid = 25, .typlen = -1, .format = 1}};
    assert_true(PQsetResultAttrs(res, 2, columns));
    char slug[] = "glow";
    assert_true(PQsetvalue(res, 0, 0, NULL, -1) && PQsetvalue(res, 0, 1, slug, 4));
    struct rows context = {.arena = a, .result = res, .n_rows = 1, .n_columns = 2};
    struct pair said[] = {{S("client_id"), S("forged")}, {S("tenant_slug"), S("forged")}};

    struct page page = {.method = GET, .path = "/", .door = DOOR_LINK_UNPROVEN};
    struct req *r = request(&page);
    r->context = &context;
    r->query = (struct pairs){said, COUNT_OF(said)};
    assert_false(takes(r, S("client_id"))); /* she has not proven to be one */
    assert_false(takes(r, S("tenant_slug")));
    page.door = DOOR_STAFF;
    assert_true(takes(r, S("client_id"))); /* staff choose one: row security and the trail know */
    assert_false(takes(r, S("tenant_slug")));
    PQclear(res);
}

static void an_agent_is_short_and_whole(void **state)
{
    (void)state;
    static const struct page page = {.method = GET, .path = "/"};
    struct req *r = request(&page);
    char text[302];
    memset(text, 'x', sizeof text);
    memcpy(text + 299, "\xC3\xA9", 2); /* its second byte is the 301st */
    in.agent = (struct str){text, sizeof text};
    assert_int_equal(req_agent(r).n, 299);
    in.agent = S("caf\xE9");
    assert_int_equal(req_agent(r).n, 0);
    in.agent = (struct str){text, 300}; /* the first byte of that sign is the last */
    text[300] = 'x';
    assert_int_equal(req_agent(r).n, 0);
    in.agent = S("a browser");
}

/* Which part of a list is asked for: what is no number of a page is the first one. */
static void a_list_in_pages(void **state)
{
    (void)state;
    static const struct page page = {.method = GET, .path = "/"};
    static const struct {
        const char *typed;
        int64_t page;
    } cases[] = {{"1", 1}, {"3", 3}, {"10000", 10000}, {"10001", 1}, {"0", 1}, {"-1", 1}, {"x", 1}, {"", 1}};
    enum query list = 0, other = 0;
    for (enum query q = 1; q < QUERY_COUNT; q++)
        *(query_table[q].kind == RESULT_PAGE ? &list : &other) = q;
    assert_true(list && other);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct req *r = request(&page);
        struct pair typed = {S("page"), str_of(cases[i].typed)};
        r->query = (struct pairs){&typed, 1};
        req_bind_page(r, other);
        assert_int_equal(r->page_number, 0);
        req_bind_page(r, list);
        assert_int_equal(r->page_number, cases[i].page);
        assert_true(str_is(req_value(r, "page_offset"),
                           arena_cstr(a, arena_printf(a, "%lld", (long long)(cases[i].page - 1) * query_table[list].page_size))));
        struct rows full = {.n_rows = (size_t)query_table[list].page_size}, short_of_one = {.n_rows = full.n_rows - 1};
        req_note_page(r, other, &full);
        req_note_page(r, list, &short_of_one);
        assert_false(r->has_next_page);
        req_note_page(r, list, &full);
        assert_true(r->has_next_page);
    }
    struct req *r = request(&page);
    r->query = (struct pairs){0};
    req_bind_page(r, list);
    assert_int_equal(r->page_number, 1);
}

/* A name keeps its last value; past the room for names nothing else is overwritten but the last. */
static void values_that_are_set(void **state)
{
    (void)state;
    static const struct page page = {.method = GET, .path = "/"};
    struct req *r = request(&page);
    r->query = (struct pairs){0};
    req_set(r, "one", S("first"));
    req_set(r, "one", S("last"));
    assert_true(str_is(req_value(r, "one"), "last"));
    req_set_null(r, "one");
    assert_false(req_has(r, "one"));
    req_set_list(r, "many", (struct val){.kind = VAL_NULL});
    assert_false(req_has(r, "many")); /* for templates alone */
    struct str made = req_value(r, "new_id");
    assert_true(str_eq(made, req_value(r, "new_id"))); /* one a request */
    char name[16];
    req_set(r, "kept", S("kept"));
    for (int i = 0; i < MAX_SET + 5; i++) {
        snprintf(name, sizeof name, "n%d", i);
        req_set(r, name, S("x"));
    }
    assert_int_equal(r->n_set, MAX_SET);
    assert_true(str_is(req_value(r, "kept"), "kept"));
    assert_true(str_is(req_value(r, "n0"), "x"));
}

static void values_that_repeat(void **state)
{
    (void)state;
    static const struct page page = {.method = POST, .path = "/"};
    struct req *r = request(&page);
    struct pair sent[] = {{S("q"), S("a")}, {S("r"), S("b")}, {S("q"), S("")}};
    const struct str *values;
    r->posted = (struct pairs){sent, COUNT_OF(sent)};
    assert_int_equal(req_values(r, "q", &values), 2);
    assert_true(str_is(values[0], "a") && values[1].n == 0);
    assert_int_equal(req_values(r, "z", &values), 0);
    const struct upload *files;
    assert_int_equal(req_uploads(r, &files), 0);
    assert_int_equal(req_render(r, "no/such/view").n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_is_told_nothing_by_its_address),
        cmocka_unit_test(nobody_says_the_servers_words_for_it),
        cmocka_unit_test(every_page_has_its_place_on_the_board),
        cmocka_unit_test(nothing_of_the_context_can_be_said_by_a_visitor),
        cmocka_unit_test(an_agent_is_short_and_whole),
        cmocka_unit_test(a_list_in_pages),
        cmocka_unit_test(values_that_are_set),
        cmocka_unit_test(values_that_repeat),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
