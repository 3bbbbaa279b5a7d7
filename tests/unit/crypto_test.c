/*
 * crypto_test.c -- sealing, passwords and the key store keep what SECURITY.md S-01, S-32, S-33 say.
 * Known answers: FIPS 180-4, RFC 4231, the GCM specification's test case 16, Argon2's own vectors.
 */
#include "crypto.h"

#include <argon2.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TENANT "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"
#define CLIENT "aaaaaaaa-2222-4333-8444-555555555555"
#define MASTER "0123456789abcdef0123456789abcdef"

static struct arena *a;
static char dir[64], master_file[96], key_file[160];

static struct str raw(const void *p, size_t n) { return (struct str){p, n}; }

static struct str unhex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    unsigned char *p = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + i * 2, "%2x", &byte), 1);
        p[i] = (unsigned char)byte;
    }
    return raw(p, n);
}

static void assert_hex(const void *got, const char *hex)
{
    struct str want = unhex(hex);
    assert_memory_equal(got, want.p, want.n);
}

static void put(const char *path, struct str content, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.p, content.n), content.n);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void reopen(void) { assert_int_equal(keystore_open(dir, master_file), OK); }

static int setup(void **state)
{
    (void)state;
    a = arena_new(256 * 1024 * 1024);
    snprintf(dir, sizeof dir, "/tmp/crypto_test.XXXXXX");
    if (!mkdtemp(dir)) {
        return -1;
    }
    snprintf(master_file, sizeof master_file, "%s.master", dir);
    snprintf(key_file, sizeof key_file, "%s/" TENANT ".key", dir);
    put(master_file, S(MASTER), 0600);
    reopen();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(key_file);
    unlink(master_file);
    arena_free(a);
    return rmdir(dir);
}

static void test_hashes_have_known_answers(void **state)
{
    (void)state;
    unsigned char out[HASH_BYTES];
    sha256(S("abc"), out);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256((struct str){NULL, 0}, out);
    assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hmac_sha256(S("Jefe"), S("what do ya want for nothing?"), out);
    assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void test_purpose_keys_are_hkdf(void **state)
{
    (void)state;
    unsigned char key[KEY_BYTES], other[KEY_BYTES], prk[HASH_BYTES], want[HASH_BYTES];
    static const char zeros[32];
    purpose_key("form-token", key);
    purpose_key("form-tokem", other);
    assert_memory_not_equal(key, other, sizeof key);
    hmac_sha256(raw(zeros, 32), S(MASTER), prk);
    hmac_sha256(raw(prk, sizeof prk), S("foyer/form-token\x01"), want);
    assert_memory_equal(key, want, sizeof key);
}

static void test_tokens_and_uuids(void **state)
{
    (void)state;
    struct str one = token_new(a), two = token_new(a), bytes;
    assert_int_equal(one.n, 43);
    assert_false(str_eq(one, two));
    assert_true(token_read(a, one, &bytes));
    assert_int_equal(bytes.n, TOKEN_BYTES);
    struct buf again = buf_in(a, 48);
    esc_base64url(&again, bytes);
    assert_true(str_eq(buf_str(&again), one));
    /* None at all, too short, too long, not of the alphabet, left-over bits that stand for nothing. */
    static const char *const wrong[] = {
        "",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(token_read(a, str_of(wrong[i]), &bytes));
        assert_int_equal(bytes.n, 0);
    }
    struct str id = uuid_new(a);
    assert_true(uuid_ok(id));
    assert_int_equal(id.p[14], '4');
    assert_non_null(strchr("89ab", id.p[19]));
    assert_false(str_eq(id, uuid_new(a)));
    assert_false(uuid_ok(S("11111111-2222-4333-8444-55555555555")));
    assert_false(uuid_ok(S("11111111-2222-4333-8444-55555555555g")));
    assert_false(uuid_ok(S("11111111-2222-4333-8444555555555555-")));
    assert_false(uuid_ok(S("11111111-2222-4333-8444-55555555555G")));
    assert_false(uuid_ok(S("11111111-2222-4333-8444-55555555555/")));
    assert_true(uuid_ok(S("ABCDEFAB-2222-4333-8444-555555555555")));
    assert_false(uuid_ok(S("../../../../../../../../../etc/passwd")));
}

static void test_secret_eq(void **state)
{
    (void)state;
    assert_true(secret_eq(S("abc"), S("abc")));
    assert_false(secret_eq(S("abc"), S("abd")));
    assert_false(secret_eq(S("abc"), S("abcd")));
    assert_true(secret_eq((struct str){NULL, 0}, S("")));
}

static const unsigned char *gcm_key(void)
{
    return (const unsigned char *)unhex(
               "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        .p;
}

/* The envelope's ciphertext and tag are plain AES-256-GCM: anybody with the key can open it. */
static void test_envelope_is_aes_gcm(void **state)
{
    (void)state;
    unsigned char id[HASH_BYTES];
    sha256(raw(gcm_key(), KEY_BYTES), id);
    struct buf b = buf_in(a, 128);
    buf_addc(&b, 1);
    buf_add(&b, raw(id, 8));
    buf_add(&b, unhex("cafebabefacedbaddecaf888"));
    buf_add(&b, unhex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"));
    buf_add(&b, unhex("76fc6ece0f4e1768cddf8853bb2d551b"));
    struct str plain;
    assert_int_equal(open_sealed(a, gcm_key(), unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                                 buf_str(&b), &plain),
                     OK);
    assert_int_equal(plain.n, 60);
    assert_hex(plain.p, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

#define AAD S(TENANT "|app.chart_note|body_sealed|" CLIENT)

static void test_sealed_text_opens_again(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 100000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *text = arena_alloc(a, sizes[i] + 1);
        memset(text, 'x', sizes[i]);
        struct str plain, sealed = seal(a, gcm_key(), AAD, raw(text, sizes[i]));
        assert_int_equal(sealed.n, sizes[i] + SEAL_OVERHEAD);
        assert_int_equal(open_sealed(a, gcm_key(), AAD, sealed, &plain), OK);
        assert_true(str_eq(plain, raw(text, sizes[i])));
    }
}

static void test_moved_ciphertext_does_not_open(void **state)
{
    (void)state;
    static const struct str elsewhere[] = {
        {OTHER "|app.chart_note|body_sealed|" CLIENT, 100},
        {TENANT "|app.chart_nose|body_sealed|" CLIENT, 100},
        {TENANT "|app.chart_note|bady_sealed|" CLIENT, 100},
        {TENANT "|app.chart_note|body_sealed|" OTHER, 100},
        {TENANT "|app.chart_note|body_sealed|" CLIENT, 99},
        {"", 0},
    };
    struct str plain, sealed = seal(a, gcm_key(), AAD, S("allergic to latex"));
    assert_int_equal((AAD).n, 100);
    for (size_t i = 0; i < COUNT_OF(elsewhere); i++) {
        assert_int_equal(open_sealed(a, gcm_key(), elsewhere[i], sealed, &plain), ERR_INVALID);
        assert_int_equal(plain.n, 0);
    }
    assert_int_equal(open_sealed(a, (const unsigned char *)MASTER, AAD, sealed, &plain),
                     ERR_INVALID);
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    struct str plain, sealed = seal(a, gcm_key(), AAD, S("allergic to latex"));
    char *bytes = arena_cstr(a, sealed);
    for (size_t i = 0; i < sealed.n * 8; i++) {
        bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << i % 8));
        assert_int_equal(open_sealed(a, gcm_key(), AAD, raw(bytes, sealed.n), &plain), ERR_INVALID);
        bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << i % 8));
    }
    assert_int_equal(open_sealed(a, gcm_key(), AAD, raw(bytes, sealed.n), &plain), OK);
}

static void test_truncation_is_noticed(void **state)
{
    (void)state;
    struct str plain, sealed = seal(a, gcm_key(), AAD, S("allergic to latex"));
    for (size_t n = 0; n < sealed.n; n++) {
        assert_int_equal(open_sealed(a, gcm_key(), AAD, raw(sealed.p, n), &plain), ERR_INVALID);
        struct str tail = str_part(sealed, n + 1, sealed.n - n - 1);
        assert_int_equal(open_sealed(a, gcm_key(), AAD, tail, &plain), ERR_INVALID);
    }
}

static int by_bytes(const void *x, const void *y) { return memcmp(x, y, 12); }

static void test_nonces_are_unique(void **state)
{
    (void)state;
    const size_t MANY = getenv("FOYER_TEST_FEWER") ? 2000 : 100000; /* fewer: under valgrind */
    unsigned char(*nonces)[12] = malloc(MANY * sizeof *nonces);
    struct arena *scratch = arena_new(1024 * 1024);
    assert_non_null(nonces);
    for (size_t i = 0; i < MANY; i++) {
        struct str sealed = seal(scratch, (const unsigned char *)MASTER, AAD, S("x"));
        memcpy(nonces[i], sealed.p + 9, 12);
        arena_reset(scratch);
    }
    qsort(nonces, MANY, sizeof *nonces, by_bytes);
    for (size_t i = 1; i < MANY; i++) {
        assert_memory_not_equal(nonces[i - 1], nonces[i], 12);
    }
    free(nonces);
    arena_free(scratch);
}

static void test_argon2_has_known_answer(void **state)
{
    (void)state;
    unsigned char out[32];
    assert_int_equal(argon2id_hash_raw(2, 65536, 1, "password", 8, "somesalt", 8, out, 32),
                     ARGON2_OK);
    assert_hex(out, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
}

static void test_passwords(void **state)
{
    (void)state;
    bool weak = true;
    struct str phc = password_hash(a, S("correct horse battery"));
    assert_true(str_starts(phc, S("$argon2id$v=19$m=65536,t=3,p=1$")));
    assert_true(password_ok(phc, S("correct horse battery"), &weak));
    assert_false(weak);
    assert_false(password_ok(phc, S("correct horse batterz"), &weak));
    assert_false(password_ok(phc, S(""), &weak));
    assert_false(password_ok(S(""), S("correct horse battery"), &weak));
    assert_false(
        password_ok(S("$argon2id$v=19$m=4000000000,t=3,p=1$c2FsdHNhbHQ$AA"), S("x"), &weak));
    assert_false(password_ok(S("not a hash"), S("x"), &weak));
}

/* What no hash of ours would ask for is damage, and never done: a gigabyte of memory for everybody who knocks. */
static void test_costs_that_are_not_ours(void **state)
{
    (void)state;
    bool weak;
    static const char *const stored[] = {
        "$argon2id$v=16$m=1024,t=2,p=1$c2FsdHNhbHQ$AA",
        "$argon2id$v=19$m=1024,t=2000000,p=1$c2FsdHNhbHQ$AA",
        "$argon2id$v=19$m=1024,t=2,p=99$c2FsdHNhbHQ$AA",
    };
    struct buf longer = buf_in(a, 256);
    for (size_t i = 0; i < COUNT_OF(stored); i++)
        assert_false(password_ok(str_of(stored[i]), S("x"), &weak));
    for (size_t i = 0; i < 200; i++)
        buf_addc(&longer, '$');
    assert_false(password_ok(buf_str(&longer), S("x"), &weak));
}

/* The pepper is part of the password; a hash below today's cost is good but weak. */
static void test_peppered_and_weak(void **state)
{
    (void)state;
    unsigned char key[KEY_BYTES], peppered[HASH_BYTES];
    char phc[128];
    bool weak = false;
    purpose_key("password-pepper", key);
    hmac_sha256(raw(key, sizeof key), S("hunter2hunter2"), peppered);
    assert_int_equal(argon2id_hash_encoded(2, 1024, 1, peppered, sizeof peppered,
                                           "somesaltsomesalt", 16, 32, phc, sizeof phc),
                     ARGON2_OK);
    assert_true(password_ok(str_of(phc), S("hunter2hunter2"), &weak));
    assert_true(weak);
    /* enough memory, too few turns */
    assert_int_equal(argon2id_hash_encoded(1, 65536, 1, peppered, sizeof peppered,
                                           "somesaltsomesalt", 16, 32, phc, sizeof phc),
                     ARGON2_OK);
    assert_true(password_ok(str_of(phc), S("hunter2hunter2"), &weak));
    assert_true(weak);
}

static void test_master_key_file(void **state)
{
    (void)state;
    assert_int_equal(keystore_open(dir, "/nonexistent/master.key"), ERR_INVALID);
    put(master_file, S(MASTER), 0644);
    assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
    put(master_file, S("too short"), 0600);
    assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
    put(master_file, S(MASTER MASTER "x"), 0600);
    assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
    char other[128];
    snprintf(other, sizeof other, "%s.link", dir);
    assert_int_equal(symlink(master_file, other), 0);
    put(master_file, S(MASTER), 0600);
    assert_int_equal(keystore_open(dir, other), ERR_INVALID);
    unlink(other);
    assert_int_equal(keystore_open("/nonexistent/keys", master_file), ERR_INVALID);

    /* hex and raw forms are the same key */
    unsigned char from_raw[KEY_BYTES], from_hex[KEY_BYTES];
    reopen();
    purpose_key("x", from_raw);
    struct buf hex = buf_in(a, 80);
    esc_hex(&hex, S(MASTER));
    buf_addc(&hex, '\n');
    put(master_file, buf_str(&hex), 0600);
    reopen();
    purpose_key("x", from_hex);
    assert_memory_equal(from_raw, from_hex, KEY_BYTES);

    char digits[] = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    put(master_file, S("00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"), 0600);
    reopen();
    for (const char *c = "/:@G`g"; *c; c++) { /* the neighbours of digits */
        digits[5] = *c;
        put(master_file, raw(digits, 64), 0600);
        assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
    }
    unlink(master_file);
    assert_int_equal(mkdir(master_file, 0700), 0);
    assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
    assert_int_equal(rmdir(master_file), 0);
    put(master_file, S(MASTER), 0600);
}

static void test_the_directory_of_keys(void **state)
{
    (void)state;
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
    /* nothing opens meanwhile */
    struct str wrapped;
    assert_int_equal(keystore_create_tenant(S(TENANT)), ERR_INTERNAL);
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), ERR_INTERNAL);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        unsigned char key[KEY_BYTES];
        purpose_key("x", key);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_int_equal(chmod(dir, 0700), 0);

    /* K-02: a store that is being restored does not open */
    char pending[128];
    snprintf(pending, sizeof pending, "%s/restore-pending", dir);
    put(pending, S(""), 0600);
    assert_int_equal(keystore_open(dir, master_file), ERR_INVALID);
    unlink(pending);
    reopen();
}

/* Who may read a key besides its owner: root's group, where systemd hands it over; never all. */
static void test_who_may_read_keys(void **state)
{
    (void)state;
    struct stat mine = {.st_uid = geteuid() ? geteuid() : 12345, .st_mode = 0600};
    assert_true(keystore_is_private(&mine));
    mine.st_mode = 0644;
    assert_false(keystore_is_private(&mine));
    struct stat roots = {.st_uid = 0, .st_mode = 0440};
    assert_true(keystore_is_private(&roots));
    roots.st_mode = 0444;
    assert_false(keystore_is_private(&roots));
    roots.st_mode = 0460;
    assert_false(keystore_is_private(&roots));
    if (geteuid() != 0) {
        mine.st_mode = 0640;
        assert_false(keystore_is_private(&mine));
        mine.st_mode = S_IFDIR | 0750;
        assert_false(keystore_is_private(&mine));
        mine.st_mode = S_IFREG | S_ISGID | 0640; /* of a file it says nothing */
        assert_false(keystore_is_private(&mine));
    }
    /* a host's key store: who writes keys owns it, the pools' group reads */
    mine.st_mode = S_IFDIR | S_ISGID | 0750;
    assert_true(keystore_is_private(&mine));
    mine.st_mode = S_IFDIR | S_ISGID | 0770;
    assert_false(keystore_is_private(&mine));
    mine.st_mode = S_IFDIR | S_ISGID | 0755;
    assert_false(keystore_is_private(&mine));
}

/* More purposes than are remembered are derived each time, to the same keys. */
static void test_many_purposes(void **state)
{
    (void)state;
    static const char *const names[] = {"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11"};
    unsigned char first[COUNT_OF(names)][KEY_BYTES], again[KEY_BYTES];
    reopen();
    for (size_t i = 0; i < COUNT_OF(names); i++)
        purpose_key(names[i], first[i]);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        purpose_key(names[i], again);
        assert_memory_equal(first[i], again, KEY_BYTES);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(first[i], first[j], KEY_BYTES);
    }
}

static void test_tenant_keys(void **state)
{
    (void)state;
    struct str wrapped;
    unsigned char key[KEY_BYTES], again[KEY_BYTES];
    reopen();
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), ERR_NOT_FOUND);
    assert_int_equal(keystore_create_tenant(S(TENANT)), OK);
    assert_int_equal(keystore_create_tenant(S(TENANT)), ERR_CONFLICT);
    struct stat st;
    assert_int_equal(stat(key_file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(keystore_create_tenant(S("../../../../../../../tmp/aaaaaaaaaaaa")),
                     ERR_INVALID);

    assert_int_equal(keystore_create_tenant(S("AAAAAAAA-2222-4333-8444-555555555555")), ERR_INVALID);
    assert_int_equal(keystore_destroy_tenant(S("AAAAAAAA-2222-4333-8444-555555555555")), ERR_INVALID);
    assert_int_equal(keystore_destroy_tenant(S("no uuid")), ERR_INVALID);
    assert_int_equal(client_key_new(a, S("no uuid"), S(CLIENT), &wrapped), ERR_INVALID);
    assert_int_equal(client_key_new(a, S(TENANT), S("no uuid"), &wrapped), ERR_INVALID);

    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), OK);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), OK);
    reopen(); /* an empty cache */
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, again), OK);
    assert_memory_equal(key, again, KEY_BYTES);
    assert_int_equal(client_key_open(a, S(TENANT), S(OTHER), wrapped, again), ERR_INVALID);
    assert_int_equal(client_key_open(a, S(OTHER), S(CLIENT), wrapped, again), ERR_NOT_FOUND);
    struct str second;
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &second), OK);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), second, again), OK);
    assert_memory_not_equal(key, again, KEY_BYTES);
}

/* Two tenants whose keys are remembered in the same place: neither gets the other's. */
static void test_tenants_that_share_a_place(void **state)
{
    (void)state;
    enum { PLACES = 512 }; /* as in keystore.c */
    char other[37], path[200];
    struct str id = {other, 36}, mine, theirs;
    unsigned char key[KEY_BYTES];
    for (unsigned i = 0;; i++) {
        snprintf(other, sizeof other, "99999999-2222-4333-8444-%012u", i);
        if (str_hash(id) % PLACES == str_hash(S(TENANT)) % PLACES)
            break;
    }
    assert_int_equal(keystore_create_tenant(id), OK);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &mine), OK);
        assert_int_equal(client_key_new(a, id, S(CLIENT), &theirs), OK);
        assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), mine, key), OK);
        assert_int_equal(client_key_open(a, id, S(CLIENT), mine, key), ERR_INVALID);
        assert_int_equal(client_key_open(a, id, S(CLIENT), theirs, key), OK);
    }
    /* the same file, written anew in its place: what is remembered is not used */
    snprintf(path, sizeof path, "%s/%s.key", dir, other);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "damaged", 7), 7);
    close(fd);
    assert_int_equal(client_key_open(a, id, S(CLIENT), theirs, key), ERR_INTERNAL);
    assert_int_equal(keystore_destroy_tenant(id), OK);
}

/* What belongs to a business and no client: under its own key, bound to where it stands. */
static void test_what_is_the_tenants_own(void **state)
{
    (void)state;
    struct str sealed, plain;
    assert_int_equal(tenant_seal(a, S(TENANT), AAD, S("smtp password"), &sealed), OK);
    assert_int_equal(tenant_open(a, S(TENANT), AAD, sealed, &plain), OK);
    assert_true(str_is(plain, "smtp password"));
    assert_int_equal(tenant_open(a, S(TENANT), S("elsewhere"), sealed, &plain), ERR_INVALID);
    assert_int_equal(tenant_open(a, S(OTHER), AAD, sealed, &plain), ERR_NOT_FOUND);
    assert_int_equal(tenant_seal(a, S(OTHER), AAD, S("x"), &sealed), ERR_NOT_FOUND);
}

/* A key of another length, sealed rightly: never used with bytes that are not there. */
static void test_keys_of_another_length(void **state)
{
    (void)state;
    struct str wrapped, outer, plain;
    unsigned char key[KEY_BYTES];
    char file[KEY_BYTES + SEAL_OVERHEAD];
    int fd = open(key_file, O_RDONLY);
    assert_int_equal(read(fd, file, sizeof file), sizeof file);
    close(fd);
    assert_int_equal(open_sealed(a, (const unsigned char *)MASTER, S("tenant_key|" TENANT), raw(file, sizeof file), &outer), OK);
    wrapped = seal(a, (const unsigned char *)outer.p, S("client_key|" TENANT "|" CLIENT), S("short"));
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), ERR_INVALID);
    struct str before = raw(file, sizeof file);
    put(key_file, seal(a, (const unsigned char *)MASTER, S("tenant_key|" TENANT), S("short")), 0600);
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &plain), ERR_INTERNAL);
    put(key_file, before, 0600);
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &plain), OK);
}

/* Another process (here: unlink) destroys the key: what is cached here must not outlive it. */
static void test_a_destroyed_key_is_gone_at_once(void **state)
{
    (void)state;
    struct str wrapped;
    unsigned char key[KEY_BYTES];
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), OK);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), OK);
    assert_int_equal(unlink(key_file), 0);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), ERR_NOT_FOUND);
    assert_int_equal(keystore_create_tenant(S(TENANT)), OK);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), ERR_INVALID);
    assert_int_equal(keystore_destroy_tenant(S(TENANT)), OK);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key), ERR_NOT_FOUND);
    assert_int_equal(keystore_destroy_tenant(S(TENANT)), ERR_NOT_FOUND);
}

static void test_damaged_key_files_are_refused(void **state)
{
    (void)state;
    struct str wrapped;
    put(key_file, S("garbage"), 0600);
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), ERR_INTERNAL);
    unlink(key_file);
    assert_int_equal(symlink(master_file, key_file), 0);
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), ERR_INTERNAL);
    unlink(key_file);
    assert_int_equal(mkdir(key_file, 0700), 0);
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), ERR_INTERNAL);
    assert_int_equal(keystore_destroy_tenant(S(TENANT)), ERR_INTERNAL);
    assert_int_equal(rmdir(key_file), 0);

    /* another master key opens nothing */
    assert_int_equal(keystore_create_tenant(S(TENANT)), OK);
    put(master_file, S("another master key, 32 bytes lon"), 0600);
    reopen();
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_have_known_answers),
        cmocka_unit_test(test_purpose_keys_are_hkdf),
        cmocka_unit_test(test_tokens_and_uuids),
        cmocka_unit_test(test_secret_eq),
        cmocka_unit_test(test_envelope_is_aes_gcm),
        cmocka_unit_test(test_sealed_text_opens_again),
        cmocka_unit_test(test_moved_ciphertext_does_not_open),
        cmocka_unit_test(test_every_flipped_bit_is_noticed),
        cmocka_unit_test(test_truncation_is_noticed),
        cmocka_unit_test(test_nonces_are_unique),
        cmocka_unit_test(test_argon2_has_known_answer),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_costs_that_are_not_ours),
        cmocka_unit_test(test_peppered_and_weak),
        cmocka_unit_test(test_master_key_file),
        cmocka_unit_test(test_the_directory_of_keys),
        cmocka_unit_test(test_who_may_read_keys),
        cmocka_unit_test(test_many_purposes),
        cmocka_unit_test(test_tenant_keys),
        cmocka_unit_test(test_tenants_that_share_a_place),
        cmocka_unit_test(test_what_is_the_tenants_own),
        cmocka_unit_test(test_keys_of_another_length),
        cmocka_unit_test(test_a_destroyed_key_is_gone_at_once),
        cmocka_unit_test(test_damaged_key_files_are_refused),
    };
    return cmocka_run_group_tests_name("S-01 S-32 S-33 crypto", tests, setup, teardown);
}
