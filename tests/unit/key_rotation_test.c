/*
 * key_rotation_test.c -- S-32: other keys in the place of those in use, while processes with the old and the new master key
 * run beside each other. That a failure at any call loses nothing: crypto_fault_test.c.
 */
#include "crypto.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TENANT "11111111-2222-4333-8444-555555555555"
#define SECOND "22222222-2222-4333-8444-555555555555"
#define THIRD "33333333-2222-4333-8444-555555555555"
#define CLIENT "aaaaaaaa-2222-4333-8444-555555555555"
#define AAD S(TENANT "|app.sso|secret_sealed|1")

enum { WRAPPED = KEY_BYTES + SEAL_OVERHEAD, SINCE = 8 };

static struct arena *a;
static char dir[64], master_file[96], first_master[96], command[512];
static struct str wrapped, sealed; /* before anything changed */
static unsigned char client_key[KEY_BYTES], pepper[KEY_BYTES], suppression[KEY_BYTES], form_token[KEY_BYTES];

static void copy(const char *from, const char *to)
{
    snprintf(command, sizeof command, "cp -p %s %s", from, to);
    assert_int_equal(system(command), 0);
}

/* A process of before holds the first master key, one that was started since the one in the file. */
static void as_before(void) { assert_int_equal(keystore_open(dir, first_master), OK); }
static void as_since(void) { assert_int_equal(keystore_open(dir, master_file), OK); }

static void assert_all_opens(void)
{
    unsigned char key[KEY_BYTES];
    struct str plain;
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), OK);
    assert_memory_equal(key, client_key, KEY_BYTES);
    assert_int_equal(tenant_open(a, S(TENANT), AAD, sealed, &plain), OK);
    assert_true(str_is(plain, "smtp password"));
    purpose_key("password-pepper", key);
    assert_memory_equal(key, pepper, KEY_BYTES);
    purpose_key("suppression", key);
    assert_memory_equal(key, suppression, KEY_BYTES);
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    snprintf(dir, sizeof dir, "/tmp/key_rotation_test.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(master_file, sizeof master_file, "%s.master", dir);
    snprintf(first_master, sizeof first_master, "%s.first", dir);
    snprintf(command, sizeof command, "umask 077; head -c 32 /dev/urandom > %s; cp -p %s %s", master_file, master_file,
             first_master);
    if (system(command) != 0)
        return -1;
    as_since();
    if (keystore_create_tenant(S(TENANT)) || keystore_create_tenant(S(SECOND)) ||
        client_key_new(a, S(TENANT), S(CLIENT), &wrapped) ||
        client_key_open(a, S(TENANT), S(CLIENT), wrapped, client_key) ||
        tenant_seal(a, S(TENANT), AAD, S("smtp password"), &sealed))
        return -1;
    purpose_key("password-pepper", pepper);
    purpose_key("suppression", suppression);
    purpose_key("form-token", form_token);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    snprintf(command, sizeof command, "rm -rf %s %s %s.old %s", dir, master_file, master_file, first_master);
    return system(command);
}

static size_t n_seen;
static bool wrap_one(void *self, struct str tenant_id)
{
    bool needs;
    size_t *most = self;
    n_seen++;
    assert_int_equal(keystore_needs_wrapping(tenant_id, &needs), OK);
    assert_true(needs);
    assert_int_equal(keystore_wrap_anew(tenant_id), OK);
    assert_int_equal(keystore_needs_wrapping(tenant_id, &needs), OK);
    assert_false(needs);
    return most == NULL || --*most > 0;
}

static void test_master_key_changes(void **state)
{
    (void)state;
    unsigned char key[KEY_BYTES];
    assert_int_equal(keystore_master_retire(master_file, false), ERR_NOT_FOUND);
    assert_int_equal(keystore_master_begin(), OK);
    assert_all_opens();
    as_before();
    assert_all_opens();

    /* half of them, and once more from the start: the same new key */
    size_t one = 1;
    assert_false(keystore_tenants(wrap_one, &one));
    assert_int_equal(keystore_master_begin(), OK);
    assert_int_equal(n_seen, 1);
    bool needs, other_needs;
    assert_int_equal(keystore_needs_wrapping(S(TENANT), &needs), OK);
    assert_int_equal(keystore_needs_wrapping(S(SECOND), &other_needs), OK);
    assert_int_not_equal(needs, other_needs);
    assert_int_equal(keystore_wrap_anew(needs ? S(TENANT) : S(SECOND)), OK);
    assert_all_opens();

    /* a business that a process of before makes meanwhile is under the new one at once */
    as_before();
    assert_int_equal(keystore_create_tenant(S(THIRD)), OK);
    assert_int_equal(keystore_needs_wrapping(S(THIRD), &needs), OK);
    assert_false(needs);

    assert_int_equal(keystore_master_retire(master_file, false), ERR_CONFLICT); /* the file still has the old one */
    assert_int_equal(keystore_master_put(master_file), OK);
    struct stat st;
    assert_int_equal(stat(master_file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    as_since();
    assert_all_opens();
    purpose_key("form-token", key);
    assert_memory_not_equal(key, form_token, KEY_BYTES);
    as_before();
    assert_all_opens();
    purpose_key("form-token", key);
    assert_memory_equal(key, form_token, KEY_BYTES);
    assert_int_equal(keystore_master_put(master_file), OK); /* done twice */
    as_since();
    assert_all_opens();

    /* A process that still holds the old one when it is retired opens nothing new, and above all wraps nothing by it. */
    int go[2], is_open[2];
    char c;
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(is_open), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct str plain;
        alarm(60);
        if (keystore_open(dir, first_master) != OK || write(is_open[1], "x", 1) != 1 || read(go[0], &c, 1) != 1)
            _exit(1);
        _exit(tenant_open(a, S(TENANT), AAD, sealed, &plain) == ERR_INTERNAL &&
                      keystore_create_tenant(S("44444444-2222-4333-8444-555555555555")) == ERR_INTERNAL &&
                      keystore_rotate_tenant(S(TENANT)) == ERR_INTERNAL && keystore_master_begin() == ERR_INTERNAL
                  ? 0
                  : 2);
    }
    close(is_open[1]);
    assert_int_equal(read(is_open[0], &c, 1), 1);
    assert_int_equal(keystore_master_retire(master_file, false), OK);
    assert_int_equal(write(go[1], "x", 1), 1);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(go[0]);
    close(go[1]);
    close(is_open[0]);

    as_since();
    assert_all_opens();
    assert_int_equal(keystore_open(dir, first_master), ERR_INVALID);
    snprintf(command, sizeof command, "test ! -e %s.old && test ! -e %s/master-link.key", master_file, dir);
    assert_int_equal(system(command), 0);
    as_since();
    assert_int_equal(keystore_master_retire(master_file, false), ERR_NOT_FOUND);

    /* and a second time */
    copy(master_file, first_master);
    assert_int_equal(keystore_master_begin(), OK);
    assert_true(keystore_tenants(wrap_one, NULL));
    assert_int_equal(keystore_master_put(master_file), OK);
    as_before();
    assert_all_opens();
    as_since();
    assert_int_equal(keystore_master_retire(master_file, false), OK);
    assert_all_opens();
}

/* What still needs the old master key keeps it. */
static void test_retired_too_early(void **state)
{
    (void)state;
    copy(master_file, first_master);
    assert_int_equal(keystore_master_begin(), OK);
    assert_int_equal(keystore_master_put(master_file), OK);
    as_since();
    assert_int_equal(keystore_master_retire(master_file, false), ERR_CONFLICT);
    assert_all_opens();
    assert_true(keystore_tenants(wrap_one, NULL));
    assert_int_equal(keystore_master_retire(master_file, false), OK);
    assert_all_opens();
}

static void test_tenants_key_changes(void **state)
{
    (void)state;
    struct older_key older[OLDER_KEYS_MOST];
    struct str again, fresh, plain;
    size_t n;
    assert_int_equal(keystore_older(S(TENANT), older, &n), OK);
    assert_int_equal(n, 0);
    assert_int_equal(keystore_rotate_tenant(S("99999999-2222-4333-8444-555555555555")), ERR_NOT_FOUND);
    assert_int_equal(keystore_rotate_tenant(S(TENANT)), OK);
    assert_all_opens();
    assert_int_equal(keystore_older(S(TENANT), older, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(older[0].unused_since, 0);
    assert_memory_equal(older[0].id, sealed.p + 1, KEY_ID_BYTES);

    /* anew under the new one; bound to where it stands as before */
    assert_int_equal(client_key_wrap_anew(a, S(TENANT), S(CLIENT), wrapped, &again), OK);
    assert_int_equal(again.n, wrapped.n);
    assert_memory_not_equal(again.p + 1, wrapped.p + 1, KEY_ID_BYTES);
    assert_int_equal(client_key_wrap_anew(a, S(TENANT), S(THIRD), wrapped, &again), ERR_INVALID);
    assert_int_equal(client_key_wrap_anew(a, S(TENANT), S(CLIENT), wrapped, &again), OK);
    assert_int_equal(tenant_seal(a, S(TENANT), AAD, S("smtp password"), &fresh), OK);
    assert_memory_equal(fresh.p + 1, again.p + 1, KEY_ID_BYTES);
    assert_int_equal(tenant_open(a, S(TENANT), S("elsewhere"), sealed, &plain), ERR_INVALID);

    /* another business's keys are no keys here */
    assert_int_equal(tenant_open(a, S(SECOND), AAD, sealed, &plain), ERR_INVALID);
    assert_int_equal(keystore_older(S(SECOND), older, &n), OK);
    assert_int_equal(n, 0);

    /* two generations, and when the older one was last needed; a new master key wraps all of them */
    assert_int_equal(keystore_rotate_tenant(S(TENANT)), OK);
    assert_int_equal(keystore_older(S(TENANT), older, &n), OK);
    assert_int_equal(n, 2);
    assert_memory_equal(older[0].id, fresh.p + 1, KEY_ID_BYTES);
    assert_memory_equal(older[1].id, sealed.p + 1, KEY_ID_BYTES);
    assert_int_equal(keystore_older_unused(S(TENANT), older[1].id, 1800000000), OK);
    copy(master_file, first_master);
    assert_int_equal(keystore_master_begin(), OK);
    assert_true(keystore_tenants(wrap_one, NULL));
    assert_int_equal(keystore_master_put(master_file), OK);
    as_since();
    assert_int_equal(keystore_master_retire(master_file, false), OK);
    assert_all_opens();
    assert_int_equal(keystore_older(S(TENANT), older, &n), OK);
    assert_int_equal(n, 2);
    assert_int_equal(older[0].unused_since, 0);
    assert_int_equal(older[1].unused_since, 1800000000);

    /* the first one is destroyed: what it sealed does not open, what was sealed anew does */
    assert_int_equal(keystore_older_destroy(S(TENANT), (const unsigned char *)"no key.."), ERR_NOT_FOUND);
    assert_int_equal(keystore_older_destroy(S(TENANT), older[1].id), OK);
    assert_int_equal(keystore_older_destroy(S(TENANT), older[1].id), ERR_NOT_FOUND);
    unsigned char key[KEY_BYTES];
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), ERR_INVALID);
    assert_int_equal(tenant_open(a, S(TENANT), AAD, sealed, &plain), ERR_INVALID);
    assert_int_equal(plain.n, 0);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), again, key), OK);
    assert_memory_equal(key, client_key, KEY_BYTES);
    assert_int_equal(tenant_open(a, S(TENANT), AAD, fresh, &plain), OK);

    /* no more are kept than the file has room for */
    for (size_t i = 1; i < OLDER_KEYS_MOST; i++)
        assert_int_equal(keystore_rotate_tenant(S(TENANT)), OK);
    assert_int_equal(keystore_rotate_tenant(S(TENANT)), ERR_CONFLICT);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), again, key), OK);
    assert_int_equal(keystore_destroy_tenant(S(TENANT)), OK);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), again, key), ERR_NOT_FOUND);
    assert_int_equal(keystore_rotate_tenant(S(TENANT)), ERR_NOT_FOUND);
}

/* Two who put the new master key into its file at once do not rename what the other one is writing. */
static void test_two_at_once(void **state)
{
    (void)state;
    enum { AT_ONCE = 8 };
    for (int round = 0; round < 5; round++) {
        copy(master_file, first_master);
        as_since();
        assert_int_equal(keystore_master_begin(), OK);
        assert_true(keystore_tenants(wrap_one, NULL));
        pid_t pids[AT_ONCE];
        fflush(NULL);
        for (int i = 0; i < AT_ONCE; i++) {
            pids[i] = fork();
            assert_true(pids[i] >= 0);
            if (pids[i] == 0)
                _exit(keystore_master_put(master_file) != OK);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            int status;
            assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
            assert_int_equal(status, 0);
        }
        as_since();
        assert_all_opens();
        assert_int_equal(keystore_master_retire(master_file, false), OK);
        assert_all_opens();
    }
}

/* S-34: what a change that was killed before its last step left in the store goes with the key. */
static void test_destroyed_with_what_was_left(void **state)
{
    (void)state;
    static const char id[] = "55555555-2222-4333-8444-555555555555";
    for (int has_key = 0; has_key < 2; has_key++) {
        assert_int_equal(keystore_create_tenant(str_of(id)), OK);
        snprintf(command, sizeof command, "cd %s && %s %s.key %s.new", dir, has_key ? "cp -p" : "mv", id, id);
        assert_int_equal(system(command), 0);
        assert_int_equal(keystore_destroy_tenant(str_of(id)), has_key ? OK : ERR_NOT_FOUND);
        snprintf(command, sizeof command, "! ls %s | grep %s", dir, id);
        assert_int_equal(system(command), 0);
    }
}

/* A file that was cut, or that has something behind its end, is no file of keys. */
static void test_damaged_files_of_keys(void **state)
{
    (void)state;
    struct older_key older[OLDER_KEYS_MOST];
    size_t n;
    assert_int_equal(keystore_rotate_tenant(S(SECOND)), OK);
    static const int sizes[] = {WRAPPED - 1, WRAPPED + 1, 2 * WRAPPED, 2 * WRAPPED + SINCE - 1, 2 * WRAPPED + SINCE + 1};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        snprintf(command, sizeof command, "cd %s && cp " SECOND ".key kept && truncate -s %d " SECOND ".key", dir, sizes[i]);
        assert_int_equal(system(command), 0);
        assert_int_equal(keystore_older(S(SECOND), older, &n), ERR_INTERNAL);
        assert_int_equal(keystore_rotate_tenant(S(SECOND)), ERR_INTERNAL);
        snprintf(command, sizeof command, "cd %s && mv kept " SECOND ".key", dir);
        assert_int_equal(system(command), 0);
    }
    assert_int_equal(keystore_older(S(SECOND), older, &n), OK);
    assert_int_equal(n, 1);
    snprintf(command, sizeof command, "printf garbage > %s/lasting.key", dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_master_key_changes),
        cmocka_unit_test(test_retired_too_early),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_destroyed_with_what_was_left),
        cmocka_unit_test(test_tenants_key_changes),
        cmocka_unit_test(test_damaged_files_of_keys),
    };
    return cmocka_run_group_tests_name("S-32 other keys", tests, setup, teardown);
}
