/*
 * disclosure_test.c -- no client is shown without her row in the trail, and no sealed text under another's key (SECURITY.md
 * A-03, S-32): what the page's statements gave is made here by hand, and so is what the database answers.
 */
#define db_send_sql fake_send_sql
#define db_wait fake_wait
#define db_commit fake_wait
#include "../../cgi-src/core/disclosure.c"

#include <libpq-fe.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/db_internal.h"
#include "keystore_fixture.h"

#define TENANT "11111111-2222-4333-8444-555555555555"
#define ANN "aaaaaaaa-2222-4333-8444-555555555555"
#define BEA "bbbbbbbb-2222-4333-8444-555555555555"
#define NOTE "cccccccc-2222-4333-8444-555555555555"

enum { NOTES = 20001, OTHERS = 20002 }; /* tables' oids */

static struct arena *a;
static struct str wrapped_ann;
static unsigned char ann_key[KEY_BYTES];

static struct str note_columns[] = {{"id", 2}, {"client_id", 9}, {"body_sealed", 11}};
static struct relation relations[] = {
    {.oid = NOTES, .name = {"app.note", 8}, .columns = note_columns, .n_columns = 3},
    {.oid = OTHERS, .name = {"app.other", 9}, .columns = note_columns, .n_columns = 3},
};
static struct catalog catalog = {.relations = relations, .n_relations = COUNT_OF(relations)};

/* ---- what the database says ---- */

static struct rows *answer;
static struct db_error failure; /* of the next flight; OK: none */
static char asked[64 * 1024];   /* the ids of the last disclosure */
static int flights;

struct rows *fake_send_sql(struct db *db, struct arena *arena, const char *key, const char *sql, const char *const *values, size_t n)
{
    (void)db, (void)arena, (void)sql;
    assert_true(strcmp(key, "disclose") == 0 || strcmp(key, "disclose_seen") == 0);
    snprintf(asked, sizeof asked, "%s", n ? values[0] : "");
    return answer;
}

enum err fake_wait(struct db *db, struct arena *arena, struct db_error *e)
{
    (void)db, (void)arena;
    flights++;
    *e = failure;
    return e->err;
}

/* ---- results ---- */

struct column {
    const char *name;
    Oid table;
    int number; /* of that table's column */
};

static struct rows *result(const struct column *columns, int n_columns, const char *const *cells, int n_rows)
{
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc *all = arena_alloc(a, (size_t)n_columns * sizeof *all);
    for (int i = 0; i < n_columns; i++)
        all[i] = (PGresAttDesc){.name = (char *)(uintptr_t)columns[i].name, .tableid = columns[i].table, .columnid = columns[i].number,
                                .typid = 25, .typlen = -1, .format = 1};
    assert_true(PQsetResultAttrs(res, n_columns, all));
    for (int i = 0; i < n_rows * n_columns; i++)
        assert_true(PQsetvalue(res, i / n_columns, i % n_columns, (char *)(uintptr_t)cells[i], cells[i] ? (int)strlen(cells[i]) : -1));
    struct rows *r = rows_new(a, &catalog);
    r->result = res;
    r->n_rows = (size_t)n_rows;
    r->n_columns = (size_t)n_columns;
    arena_defer(a, (void (*)(void *))(void (*)(void))PQclear, res);
    return r;
}

static const struct column client_column[] = {{"client_id", 0, 0}};
static struct rows *clients(const char *const *ids, int n) { return result(client_column, 1, ids, n); }

/* What app.disclose answers: a client and her key, NULL: none. */
static struct rows *keys(const char *const *cells, int n)
{
    static const struct column columns[] = {{"client_id", 0, 0}, {"wrapped_key", 0, 0}};
    return result(columns, 2, cells, n);
}
/* Bytes with zeros in them do not go through texts: the key of Ann as it was handed out. */
static void give_ann_her_key(struct req *r)
{
    struct client_key *key = disclosure_key(r, S(ANN));
    assert_non_null(key);
    key->wrapped = wrapped_ann;
    key->has_key = true;
}

static struct page page = {.path = "/x", .action = "thing.read"};

static struct req *request(void)
{
    static const struct gate gate = {.domain = "foyer.localhost"};
    static const struct column tenant[] = {{"tenant_id", 0, 0}};
    static const char *const id[] = {TENANT};
    struct req *r = arena_alloc(a, sizeof *r);
    *r = (struct req){.gate = &gate, .arena = a, .page = &page, .context = result(tenant, 1, id, 1), .kept_tenant = S("")};
    failure = (struct db_error){.err = OK};
    answer = keys(NULL, 0);
    flights = 0;
    return r;
}

/* ---- whose rows of the trail are written ---- */

static void everybody_who_is_named_is_disclosed_once(void **state)
{
    (void)state;
    enum { MANY = 300 };
    char ids[MANY][37];
    const char *cells[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "aaaaaaaa-2222-4333-8444-%012d", i / 2); /* each twice */
        cells[i] = ids[i];
    }
    cells[10] = NULL; /* a row without a client */
    struct req *r = request();
    disclosure_note(r, clients(cells, MANY));
    disclosure_note(r, result((const struct column[]){{"name", 0, 0}}, 1, (const char *const[]){"Ann"}, 1));
    assert_int_equal(disclosure_settle(r, false), OK);
    assert_int_equal(flights, 1);
    assert_int_equal(r->n_keys, MANY / 2);
    for (int i = 0; i < MANY; i++)
        assert_non_null(strstr(asked, ids[i]));
    /* who was disclosed is not asked for again, a newcomer alone is */
    disclosure_note(r, clients(cells, MANY));
    assert_int_equal(disclosure_settle(r, true), OK);
    assert_int_equal(flights, 1);
    const char *const more[] = {ids[0], BEA};
    disclosure_note(r, clients(more, 2));
    assert_int_equal(disclosure_settle(r, false), OK);
    assert_string_equal(asked, "{" BEA "}");
    disclosure_forget(r);
    assert_null(disclosure_key(r, S(BEA)));
}

static void a_page_that_discloses_nobody_leaves_its_row_all_the_same(void **state)
{
    (void)state;
    struct req *r = request();
    assert_int_equal(disclosure_settle(r, false), OK);
    assert_int_equal(flights, 0);
    assert_int_equal(disclosure_settle(r, true), OK);
    assert_int_equal(flights, 1);
    assert_string_equal(asked, "{}");
    disclosure_forget(r);
    disclosure_forget(request()); /* before anything was known */
}

/* A page of the table that shows clients and has no action is a mistake of ours: it shows nothing. */
static void without_an_action_nobody_is_shown(void **state)
{
    (void)state;
    const char *const ids[] = {ANN};
    page.action = NULL;
    struct req *r = request();
    disclosure_note(r, clients(ids, 1));
    assert_int_equal(disclosure_settle(r, false), ERR_INTERNAL);
    r = request();
    disclosure_note(r, clients(ids, 1));
    assert_int_equal(disclosure_commit(r, false), ERR_INTERNAL);
    assert_int_equal(flights, 0);
    page.action = "thing.read";
}

/* No row, no page: what failed of it is nobody's fault who asks. A refusal of ours stays one. */
static void what_a_flight_failed_of(void **state)
{
    (void)state;
    static const struct {
        const char sqlstate[6], *detail;
        enum err err, want;
    } cases[] = {
        {"53100", "m_disclose", ERR_UNAVAILABLE, ERR_UNAVAILABLE}, {"XX000", "m_disclose: f", ERR_INTERNAL, ERR_UNAVAILABLE},
        {"FY403", "m_disclose", ERR_FORBIDDEN, ERR_FORBIDDEN},     {"23514", "client_one", ERR_INVALID, ERR_INVALID},
    };
    const char *const ids[] = {ANN};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct req *r = request();
        failure = (struct db_error){.err = cases[i].err, .detail = str_of(cases[i].detail)};
        memcpy(failure.sqlstate, cases[i].sqlstate, 6);
        assert_int_equal(disclosure_of(r, S(ANN)), cases[i].want);
        r->n_keys = 0;
        disclosure_note(r, clients(ids, 1));
        assert_int_equal(disclosure_settle(r, false), cases[i].want);
        r->n_keys = 0;
        assert_int_equal(disclosure_commit(r, false), cases[i].want);
        assert_int_equal(disclosure_land(r), cases[i].want);
        assert_false(r->has_disclosed);
    }
}

/* The server names whom the statements showed; a client in the results whom it does not name is not shown. */
static void whom_a_statement_does_not_name_is_not_shown(void **state)
{
    (void)state;
    const char *const seen[] = {ANN, NULL}, *const both[] = {ANN, BEA};
    struct req *r = request();
    answer = keys(seen, 1);
    disclosure_send(r);
    disclosure_note(r, clients(both, 1));
    assert_int_equal(disclosure_check(r), OK);
    assert_false(disclosure_key(r, S(ANN))->has_key); /* erased, or nobody may read it */
    r = request();
    answer = keys(seen, 1);
    disclosure_send(r);
    disclosure_note(r, clients(both, 2));
    assert_int_equal(disclosure_check(r), ERR_INTERNAL);
    r = request(); /* without a disclosure in the flight */
    assert_int_equal(disclosure_check(r), OK);
    disclosure_note(r, clients(both, 1));
    assert_int_equal(disclosure_check(r), ERR_INTERNAL);
}

static void more_results_than_can_be_noted_end_the_process(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct req *r = request();
        for (int i = 0; i < MAX_RESULTS + 1; i++)
            disclosure_note(r, clients(NULL, 0));
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* Keys for somebody whom nobody asked about are not kept; whoever is known is not disclosed twice. */
static void keys_of_nobody(void **state)
{
    (void)state;
    const char *const given[] = {BEA, "x", ANN, NULL};
    struct req *r = request();
    answer = keys(given, 2);
    assert_int_equal(disclosure_of(r, S(ANN)), OK);
    assert_null(disclosure_key(r, S(BEA)));
    assert_int_equal(disclosure_of(r, S(ANN)), OK);
    assert_int_equal(flights, 1);
}

/* ---- sealed texts ---- */

static const struct column sealed_columns[] = {{"id", NOTES, 1}, {"client_id", NOTES, 2}, {"body", NOTES, 3}};

/* A note as it is stored; where: what it says it is bound to. */
static struct rows *note(const char *client, const char *id, struct str sealed)
{
    const char *const cells[] = {id, client, "x"};
    struct rows *r = result(sealed_columns, 3, cells, 1);
    assert_true(PQsetvalue((PGresult *)(uintptr_t)r->result, 0, 2, (char *)(uintptr_t)sealed.p, (int)sealed.n));
    return r;
}

static struct str sealed_note(const char *id) { return seal(a, ann_key, arena_printf(a, TENANT "|app.note|body_sealed|%s", id), S("allergic to latex")); }

/* What comes of such rows when Ann's key was handed out; *shown: the text in the place of the sealed one. */
static enum err opened(struct rows *rows, struct str *shown)
{
    struct req *r = request();
    assert_int_equal(disclosure_of(r, S(ANN)), OK);
    give_ann_her_key(r);
    r->has_disclosed = true;
    disclosure_note(r, rows);
    enum err e = disclosure_settle(r, false);
    *shown = rows_text(rows, 0, "body");
    disclosure_forget(r);
    return e;
}

static void a_sealed_text_opens_under_its_clients_key(void **state)
{
    (void)state;
    struct str shown;
    assert_int_equal(opened(note(ANN, NOTE, sealed_note(NOTE)), &shown), OK);
    assert_true(str_is(shown, "allergic to latex"));
    /* of another row, or altered */
    assert_int_equal(opened(note(ANN, NOTE, sealed_note(BEA)), &shown), ERR_INTERNAL);
    assert_int_equal(opened(note(ANN, NOTE, S("garbage")), &shown), ERR_INTERNAL);
    /* a client without a key was erased; what belongs to no client is the business's */
    assert_int_equal(opened(note(BEA, NOTE, sealed_note(NOTE)), &shown), OK);
    assert_true(str_is(shown, "(erased)"));
    struct str own;
    assert_int_equal(tenant_seal(a, S(TENANT), S(TENANT "|app.note|body_sealed|" NOTE), S("ours"), &own), OK);
    assert_int_equal(opened(note(NULL, NOTE, own), &shown), OK);
    assert_true(str_is(shown, "ours"));
    assert_int_equal(opened(note(NULL, NOTE, sealed_note(NOTE)), &shown), ERR_INTERNAL);
    /* nothing is sealed, or nothing says where it stands */
    const char *const none[] = {NOTE, ANN, NULL}, *const nowhere[] = {NULL, ANN, "x"};
    assert_int_equal(opened(result(sealed_columns, 3, none, 1), &shown), OK);
    assert_int_equal(opened(result(sealed_columns, 3, nowhere, 1), &shown), OK);
    assert_int_equal(opened(result(sealed_columns, 3, none, 0), &shown), OK);
}

/* A statement that gives a sealed column without the row's own id is a mistake of ours: nothing is opened, nothing shown. */
static void a_sealed_text_without_its_row_is_not_shown(void **state)
{
    (void)state;
    static const struct column lacking[] = {{"other_id", OTHERS, 1}, {"client_id", NOTES, 2}, {"body", NOTES, 3}},
                               alone[] = {{"id", 0, 0}, {"name", 0, 0}, {"body", NOTES, 3}},
                               elsewhere[] = {{"id", NOTES, 1}, {"x", 0, 0}, {"body", 12345678, 3}};
    const char *const cells[] = {NOTE, ANN, "x"};
    struct str shown;
    assert_int_equal(opened(result(lacking, 3, cells, 1), &shown), ERR_INTERNAL);
    assert_int_equal(opened(result(alone, 3, cells, 1), &shown), ERR_INTERNAL);
    assert_int_equal(opened(result(elsewhere, 3, cells, 1), &shown), OK); /* a table that is not known: no sealed column */
}

static void a_key_that_cannot_be_unwrapped_opens_nothing(void **state)
{
    (void)state;
    struct str kept = wrapped_ann, shown;
    wrapped_ann = S("garbage");
    assert_int_equal(opened(note(ANN, NOTE, sealed_note(NOTE)), &shown), ERR_INTERNAL);
    wrapped_ann = kept;
    /* the tenant's key is gone */
    assert_int_equal(keystore_destroy_tenant(S(TENANT)), OK);
    assert_int_equal(opened(note(ANN, NOTE, sealed_note(NOTE)), &shown), ERR_INTERNAL);
    /* it cannot be read just now: that may be over in a moment */
    char path[200];
    snprintf(path, sizeof path, "%s/" TENANT ".key", keystore_dir);
    assert_int_equal(keystore_create_tenant(S(TENANT)), OK);
    struct req *r = request();
    assert_int_equal(disclosure_of(r, S(ANN)), OK);
    give_ann_her_key(r);
    assert_int_equal(disclosure_open_key(r, disclosure_key(r, S(ANN))), ERR_INTERNAL); /* another key than wrapped hers */
    unlink(path);
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    return keystore_fixture_open() || keystore_create_tenant(S(TENANT)) ||
                   client_key_new(a, S(TENANT), S(ANN), &wrapped_ann) ||
                   client_key_open(a, S(TENANT), S(ANN), wrapped_ann, ann_key)
               ? -1
               : 0;
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
        cmocka_unit_test(everybody_who_is_named_is_disclosed_once),
        cmocka_unit_test(a_page_that_discloses_nobody_leaves_its_row_all_the_same),
        cmocka_unit_test(without_an_action_nobody_is_shown),
        cmocka_unit_test(what_a_flight_failed_of),
        cmocka_unit_test(whom_a_statement_does_not_name_is_not_shown),
        cmocka_unit_test(more_results_than_can_be_noted_end_the_process),
        cmocka_unit_test(keys_of_nobody),
        cmocka_unit_test(a_sealed_text_opens_under_its_clients_key),
        cmocka_unit_test(a_sealed_text_without_its_row_is_not_shown),
        cmocka_unit_test(a_key_that_cannot_be_unwrapped_opens_nothing),
    };
    return cmocka_run_group_tests_name("A-03: disclosure", tests, setup, teardown);
}
