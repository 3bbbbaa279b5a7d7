/*
 * media_test.c -- pictures and files lie sealed in their store (PROMISES B44, SECURITY.md S-36): nothing on the disk can be read, moved,
 * exchanged, cut short or put together anew; a part is read without the rest; what a crash leaves is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utime.h>

#include "media.h"

static const char tenant[] = "5a3f0e5e-0000-4000-8000-0000000000aa";
static const char other_tenant[] = "5a3f0e5e-0000-4000-8000-0000000000bb";
static const char id[] = "c0ffee00-0000-4000-8000-000000000001";
static const char other_id[] = "c0ffee00-0000-4000-8000-000000000002";
enum { SIZE = 3 * MEDIA_SEGMENT + 100, SEALED = MEDIA_SEGMENT + 16, HEAD = 16 };

static struct arena *a;
static const struct media_store *store;
static char dir[64];
static unsigned char key[KEY_BYTES], other_key[KEY_BYTES];

static struct media_object object(const char *whose, const char *which)
{
    return (struct media_object){str_of(whose), str_of(which), MEDIA_WHOLE};
}

static const char *path(const char *whose, const char *which, int part)
{
    return arena_cstr(a, arena_printf(a, "%s/%s/%.2s/%s.%d", dir, whose, which, which, part));
}

static struct str content(size_t n, int seed)
{
    char *p = arena_alloc(a, n + 1);
    memcpy(p, "\xff\xd8\xff\xe0", n < 4 ? n : 4); /* as a JPEG begins */
    for (size_t i = 4; i < n; i++)
        p[i] = (char)(i * 31 + i / 251 + (size_t)seed);
    return (struct str){p, n};
}

static struct str load(const char *file)
{
    FILE *f = fopen(file, "rb");
    assert_non_null(f);
    char *p = arena_alloc(a, 1 << 20);
    size_t n = fread(p, 1, 1 << 20, f);
    fclose(f);
    return (struct str){p, n};
}

static void save(const char *file, struct str s)
{
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(s.p, 1, s.n, f), s.n);
    fclose(f);
}

static enum err read_all(const char *whose, const char *which, size_t total, struct str *out)
{
    struct media_object o = object(whose, which);
    return media_read(store, a, key, &o, total, 0, total, out);
}

static struct str put(const char *whose, const char *which, size_t n, int seed)
{
    struct media_object o = object(whose, which);
    struct str plain = content(n, seed);
    assert_int_equal(media_put(store, a, key, &o, plain), OK);
    return plain;
}

static void the_sealed_object_has_a_hash_that_takes_no_key(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 256 * 1024 - 40, 256 * 1024 - 32 - 5 * 16, 700 * 1024};
    unsigned char hash[HASH_BYTES], want[HASH_BYTES];
    struct media_object o = object(tenant, id), none = object(other_tenant, other_id);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        put(tenant, id, sizes[i], (int)i);
        sha256(load(path(tenant, id, 0)), want);
        assert_int_equal(media_stored_hash(store, a, &o, hash), OK);
        assert_memory_equal(hash, want, sizeof want);
        assert_int_equal(store->remove(&o, a), OK);
    }
    assert_int_equal(media_stored_hash(store, a, &none, hash), ERR_NOT_FOUND);
}

static void what_is_kept_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, MEDIA_SEGMENT - 1, MEDIA_SEGMENT, MEDIA_SEGMENT + 1, SIZE};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct str plain = put(tenant, id, sizes[i], (int)i), out;
        assert_int_equal(read_all(tenant, id, sizes[i], &out), OK);
        assert_true(str_eq(out, plain));
        struct media_object o = object(tenant, id);
        assert_int_equal(store->remove(&o, a), OK);
        assert_int_equal(read_all(tenant, id, sizes[i], &out), ERR_NOT_FOUND);
        assert_int_equal(store->remove(&o, a), OK);
    }
}

static void the_file_is_no_picture(void **state)
{
    (void)state;
    struct str plain = put(tenant, id, SIZE, 1), raw = load(path(tenant, id, 0));
    struct stat st;
    assert_int_equal(raw.n, HEAD + SIZE + 4 * 16);
    assert_true(str_starts(raw, S("FOYERM1\n")));
    for (size_t at = 0; at + 64 <= plain.n; at += 4096)
        assert_null(memmem(raw.p, raw.n, plain.p + at, 64));
    assert_int_equal(stat(path(tenant, id, 0), &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
    /* its content decides nothing about it: the same, kept anew, looks another */
    put(tenant, other_id, SIZE, 1);
    struct str twin = load(path(tenant, other_id, 0));
    assert_int_equal(twin.n, raw.n);
    assert_memory_not_equal(twin.p + HEAD, raw.p + HEAD, 64);
}

static void what_is_kept_is_not_replaced(void **state)
{
    (void)state;
    struct str plain = put(tenant, id, 100, 1), out;
    struct media_object o = object(tenant, id);
    assert_int_equal(media_put(store, a, key, &o, content(100, 2)), ERR_CONFLICT);
    assert_int_equal(read_all(tenant, id, 100, &out), OK);
    assert_true(str_eq(out, plain));
}

static void a_part_is_read_without_the_rest(void **state)
{
    (void)state;
    static const size_t ranges[][2] = {{0, 1},
                                       {0, SIZE},
                                       {SIZE - 1, 1},
                                       {SIZE, 0},
                                       {MEDIA_SEGMENT - 1, 2},
                                       {MEDIA_SEGMENT, MEDIA_SEGMENT},
                                       {2 * MEDIA_SEGMENT + 7, MEDIA_SEGMENT + 50},
                                       {5, 0}};
    struct str plain = put(tenant, id, SIZE, 1), out;
    struct media_object o = object(tenant, id);
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        assert_int_equal(media_read(store, a, key, &o, SIZE, ranges[i][0], ranges[i][1], &out), OK);
        assert_true(str_eq(out, str_part(plain, ranges[i][0], ranges[i][1])));
    }
    assert_int_equal(media_read(store, a, key, &o, SIZE, SIZE, 1, &out), ERR_INVALID);
    assert_int_equal(media_read(store, a, key, &o, SIZE, 1, (size_t)-1, &out), ERR_INVALID);
    /* a flaw behind the part does not touch it, one in it does */
    struct str raw = load(path(tenant, id, 0));
    ((char *)(uintptr_t)raw.p)[HEAD + 3 * SEALED + 5] ^= 1;
    save(path(tenant, id, 0), raw);
    assert_int_equal(media_read(store, a, key, &o, SIZE, 0, MEDIA_SEGMENT, &out), OK);
    assert_int_equal(media_read(store, a, key, &o, SIZE, 0, SIZE, &out), ERR_INVALID);
    assert_int_equal(out.n, 0);
}

/* Writes the object's file anew, as `how` says, and reads it. */
static enum err tampered(size_t total, struct str raw)
{
    struct str out;
    save(path(tenant, id, 0), raw);
    enum err e = read_all(tenant, id, total, &out);
    assert_true(e == OK || out.n == 0);
    return e;
}

static void what_was_altered_is_not_given(void **state)
{
    (void)state;
    struct str out;
    put(tenant, id, SIZE, 1);
    struct str good = load(path(tenant, id, 0));
    char *p = arena_alloc(a, good.n + SEALED);
    struct str raw = {p, good.n};
    static const size_t flips[] = {
        0, 7, HEAD, HEAD + MEDIA_SEGMENT, HEAD + SEALED, HEAD + 3 * SEALED, HEAD + SIZE + 63};
    for (size_t i = 0; i < COUNT_OF(flips); i++) {
        memcpy(p, good.p, good.n);
        p[flips[i]] ^= 0x20;
        assert_int_equal(tampered(SIZE, raw), ERR_INVALID);
    }
    /* two segments exchanged; one twice */
    memcpy(p, good.p, good.n);
    memcpy(p + HEAD, good.p + HEAD + SEALED, SEALED);
    memcpy(p + HEAD + SEALED, good.p + HEAD, SEALED);
    assert_int_equal(tampered(SIZE, raw), ERR_INVALID);
    memcpy(p, good.p, good.n);
    memcpy(p + HEAD + SEALED, good.p + HEAD, SEALED);
    assert_int_equal(tampered(SIZE, raw), ERR_INVALID);
    /* cut short: by a byte, by its last segment, also where somebody says it is shorter */
    assert_int_equal(tampered(SIZE, str_part(good, 0, good.n - 1)), ERR_INVALID);
    assert_int_equal(tampered(SIZE, str_part(good, 0, HEAD + 3 * SEALED)), ERR_INVALID);
    assert_int_equal(tampered(3 * MEDIA_SEGMENT, str_part(good, 0, HEAD + 3 * SEALED)),
                     ERR_INVALID);
    assert_int_equal(tampered(SIZE, S("")), ERR_INVALID);
    /* longer: something after its end, or its end in the middle */
    memcpy(p, good.p, good.n);
    memcpy(p + good.n, good.p + HEAD, SEALED);
    assert_int_equal(tampered(SIZE, (struct str){p, good.n + 1}), ERR_INVALID);
    assert_int_equal(tampered(SIZE, (struct str){p, good.n + SEALED}), ERR_INVALID);
    assert_int_equal(tampered(SIZE, good), OK);
    assert_int_equal(read_all(tenant, id, SIZE - 1, &out), ERR_INVALID);
}

static void what_was_exchanged_is_not_given(void **state)
{
    (void)state;
    struct str out;
    struct media_object mine = object(tenant, id), hers = object(tenant, other_id),
                        theirs = object(other_tenant, id), small = mine;
    small.part = MEDIA_SMALL;
    put(tenant, id, SIZE, 1);
    put(tenant, other_id, SIZE, 2);
    put(other_tenant, id, SIZE, 3);
    assert_int_equal(media_put(store, a, key, &small, content(SIZE, 4)), OK);
    struct str raw = load(path(tenant, id, 0));
    save(path(tenant, other_id, 0), raw);
    save(path(other_tenant, id, 0), raw);
    save(path(tenant, id, 1), raw);
    assert_int_equal(media_read(store, a, key, &hers, SIZE, 0, SIZE, &out), ERR_INVALID);
    assert_int_equal(media_read(store, a, key, &theirs, SIZE, 0, SIZE, &out), ERR_INVALID);
    assert_int_equal(media_read(store, a, key, &small, SIZE, 0, SIZE, &out), ERR_INVALID);
    assert_int_equal(media_read(store, a, other_key, &mine, SIZE, 0, SIZE, &out), ERR_INVALID);
    assert_int_equal(media_read(store, a, key, &mine, SIZE, 0, SIZE, &out), OK);
}

static void names_are_ids_and_nothing_else(void **state)
{
    (void)state;
    static const char *const bad[] = {"../../../../etc/passwd", "", "Maria Lopez",
                                      "C0FFEE00-0000-4000-8000-000000000001",
                                      "c0ffee00-0000-4000-8000-00000000000/"};
    struct str out;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct media_object o = object(tenant, bad[i]), p = object(bad[i], id);
        assert_int_equal(media_put(store, a, key, &o, S("x")), ERR_INVALID);
        assert_int_equal(media_put(store, a, key, &p, S("x")), ERR_INVALID);
        assert_int_equal(store->read(&o, a, 0, 1, &out), ERR_INVALID);
        assert_int_equal(store->remove(&p, a), ERR_INVALID);
    }
    /* and no link is followed */
    put(tenant, id, 10, 1);
    assert_int_equal(unlink(path(tenant, id, 0)), 0);
    assert_int_equal(symlink("/etc/passwd", path(tenant, id, 0)), 0);
    struct media_object o = object(tenant, id);
    assert_int_equal(store->read(&o, a, 0, 1, &out), ERR_NOT_FOUND);
    assert_int_equal(store->remove(&o, a), OK);
}

/* What is brought to the disk: names of open files, in place of the C library's fsync. */
static struct buf synced;
static bool is_watched;

int fsync(int fd)
{
    char link[64], name[256] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (is_watched && readlink(link, name, sizeof name - 1) > 0)
        buf_printf(&synced, "%s\n", name + strlen(dir));
    return (int)syscall(SYS_fsync, fd);
}

static void a_file_is_on_the_disk_with_the_way_to_it(void **state)
{
    (void)state;
    synced = buf_in(a, 512);
    is_watched = true;
    put(tenant, id, 10, 1);
    is_watched = false;
    struct str lines = buf_str(&synced), file = str_cut(&lines, '\n');
    assert_true(str_starts(file, str_of(arena_cstr(a, arena_printf(a, "/%s/%.2s/", tenant, id)))));
    assert_true(str_is(str_part(file, file.n - 4, 4), ".new"));
    assert_true(str_eq(lines, arena_printf(a, "/%s/%.2s\n/%s\n\n", tenant, id, tenant)));
}

static size_t n_seen;
static bool see(void *self, struct str found)
{
    *(struct str *)self = arena_str(a, found);
    n_seen++;
    return true;
}

static void what_a_crash_left_is_found(void **state)
{
    (void)state;
    struct str found = S("");
    put(tenant, id, 10, 1);
    put(other_tenant, other_id, 10, 1);
    const char *begun =
        arena_cstr(a, arena_printf(a, "%s/%s/%.2s/%s.new", dir, tenant, id, other_id));
    save(begun, S("half"));
    n_seen = 0;
    assert_int_equal(store->each(str_of(tenant), 0xc0, 3600, see, &found), OK);
    assert_int_equal(n_seen, 0); /* too young: it may be about to be named */
    assert_int_equal(access(begun, F_OK), 0);
    const struct utimbuf old = {1, 1};
    assert_int_equal(utime(begun, &old), 0);
    assert_int_equal(utime(path(tenant, id, 0), &old), 0);
    assert_int_equal(store->each(str_of(tenant), 0xc0, 3600, see, &found), OK);
    assert_int_equal(n_seen, 1);
    assert_int_equal(store->each(str_of(tenant), 0xc1, 3600, see, &found), OK);
    assert_int_equal(n_seen, 1);
    assert_int_equal(store->each(str_of(tenant), MEDIA_SHARDS, 3600, see, &found), ERR_INVALID);
    assert_true(str_is(found, id));
    assert_int_equal(access(begun, F_OK), -1);
}

static void a_store_open_to_others_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(dir, 0755), 0);
    assert_null(media_directory(dir));
    assert_null(media_store());
    assert_int_equal(chmod(dir, 0700), 0);
    assert_non_null(media_directory(dir));
}

static int drop(const char *name, const struct stat *st, int flag, struct FTW *f)
{
    (void)st, (void)flag, (void)f;
    return remove(name);
}

static int before_each(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    snprintf(dir, sizeof dir, "/tmp/media_test.XXXXXX");
    random_bytes(key, sizeof key);
    random_bytes(other_key, sizeof other_key);
    return mkdtemp(dir) && (store = media_directory(dir)) ? 0 : -1;
}

static int after_each(void **state)
{
    (void)state;
    arena_free(a);
    return nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, before_each, after_each)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(what_is_kept_comes_back),
        EACH(the_file_is_no_picture),
        EACH(what_is_kept_is_not_replaced),
        EACH(a_part_is_read_without_the_rest),
        EACH(what_was_altered_is_not_given),
        EACH(what_was_exchanged_is_not_given),
        EACH(names_are_ids_and_nothing_else),
        EACH(what_a_crash_left_is_found),
        EACH(a_store_open_to_others_is_refused),
        EACH(a_file_is_on_the_disk_with_the_way_to_it),
        EACH(the_sealed_object_has_a_hash_that_takes_no_key),
    };
    return cmocka_run_group_tests_name("B44 S-36: sealed files", tests, NULL, NULL);
}
