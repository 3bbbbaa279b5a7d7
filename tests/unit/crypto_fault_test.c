/*
 * crypto_fault_test.c -- every single call of OpenSSL and of the system that sealing, hashing, the key store and the key of
 * the trail make fails once (SECURITY.md H-08, SQLite's method): the process ends, or the caller is told, or nothing was lost.
 * Never does a failure pass for a result. Each try is a process of its own, for contexts are made once and kept.
 *
 * The functions below stand before those of the libraries, in this program alone.
 */
#include "crypto.h"

#include <argon2.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "merkle.h"
#include "seal.h"

/* ---- which call fails ---- */

static long calls, fails_at; /* 0: none */
static bool has_failed;
static bool is_interrupted; /* only what may be interrupted fails, by a signal, and is to be done again */
static int argon2_says = ARGON2_OK; /* what libargon2 answers in the place of a result */

static bool fails_of(bool may_be_interrupted)
{
    if (fails_at == 0 || (is_interrupted && !may_be_interrupted) || ++calls != fails_at)
        return false;
    has_failed = true;
    errno = is_interrupted ? EINTR : EIO;
    return true;
}
static bool fails(void) { return fails_of(false); }

/* A function of a library that gives `bad` when it is its turn. */
#define FAULTY(type, bad, name, parameters, arguments)                                             \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*next) parameters;                                                             \
        if (!next)                                                                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        if (fails())                                                                               \
            return bad;                                                                            \
        return next arguments;                                                                     \
    }

/* One that gives a number of bytes. */
#define WAITING(name, parameters, arguments)                                                       \
    ssize_t name parameters                                                                        \
    {                                                                                              \
        static ssize_t(*next) parameters;                                                          \
        if (!next)                                                                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        return fails_of(true) ? -1 : next arguments;                                               \
    }

FAULTY(EVP_MD *, NULL, EVP_MD_fetch, (OSSL_LIB_CTX * c, const char *n, const char *p), (c, n, p))
FAULTY(EVP_MD_CTX *, NULL, EVP_MD_CTX_new, (void), ())
FAULTY(int, 0, EVP_DigestInit_ex2, (EVP_MD_CTX * c, const EVP_MD *m, const OSSL_PARAM *p), (c, m, p))
FAULTY(int, 0, EVP_DigestInit_ex, (EVP_MD_CTX * c, const EVP_MD *m, ENGINE *e), (c, m, e))
FAULTY(int, 0, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *p, size_t n), (c, p, n))
FAULTY(int, 0, EVP_DigestFinal_ex, (EVP_MD_CTX * c, unsigned char *p, unsigned *n), (c, p, n))
FAULTY(EVP_MAC *, NULL, EVP_MAC_fetch, (OSSL_LIB_CTX * c, const char *n, const char *p), (c, n, p))
FAULTY(EVP_MAC_CTX *, NULL, EVP_MAC_CTX_new, (EVP_MAC * m), (m))
FAULTY(int, 0, EVP_MAC_CTX_set_params, (EVP_MAC_CTX * c, const OSSL_PARAM p[]), (c, p))
FAULTY(int, 0, EVP_MAC_init, (EVP_MAC_CTX * c, const unsigned char *k, size_t n, const OSSL_PARAM p[]), (c, k, n, p))
FAULTY(int, 0, EVP_MAC_update, (EVP_MAC_CTX * c, const unsigned char *p, size_t n), (c, p, n))
FAULTY(int, 0, EVP_MAC_final, (EVP_MAC_CTX * c, unsigned char *p, size_t *n, size_t m), (c, p, n, m))
FAULTY(EVP_CIPHER *, NULL, EVP_CIPHER_fetch, (OSSL_LIB_CTX * c, const char *n, const char *p), (c, n, p))
FAULTY(EVP_CIPHER_CTX *, NULL, EVP_CIPHER_CTX_new, (void), ())
FAULTY(int, 0, EVP_CIPHER_CTX_reset, (EVP_CIPHER_CTX * c), (c))
FAULTY(int, 0, EVP_CipherInit_ex2,
       (EVP_CIPHER_CTX * c, const EVP_CIPHER *t, const unsigned char *k, const unsigned char *v, int e, const OSSL_PARAM p[]),
       (c, t, k, v, e, p))
FAULTY(int, 0, EVP_EncryptUpdate, (EVP_CIPHER_CTX * c, unsigned char *o, int *n, const unsigned char *i, int m), (c, o, n, i, m))
FAULTY(int, 0, EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * c, unsigned char *o, int *n), (c, o, n))
FAULTY(int, 0, EVP_DecryptUpdate, (EVP_CIPHER_CTX * c, unsigned char *o, int *n, const unsigned char *i, int m), (c, o, n, i, m))
FAULTY(int, 0, EVP_DecryptFinal_ex, (EVP_CIPHER_CTX * c, unsigned char *o, int *n), (c, o, n))
FAULTY(int, 0, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * c, int t, int a, void *p), (c, t, a, p))
FAULTY(EVP_KDF *, NULL, EVP_KDF_fetch, (OSSL_LIB_CTX * c, const char *n, const char *p), (c, n, p))
FAULTY(EVP_KDF_CTX *, NULL, EVP_KDF_CTX_new, (EVP_KDF * k), (k))
FAULTY(int, 0, EVP_KDF_derive, (EVP_KDF_CTX * c, unsigned char *k, size_t n, const OSSL_PARAM p[]), (c, k, n, p))
FAULTY(int, 0, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *k, unsigned char *p, size_t *n), (k, p, n))
FAULTY(int, 0, EVP_PKEY_get_id, (const EVP_PKEY *k), (k))
FAULTY(int, 0, PEM_write_PKCS8PrivateKey,
       (FILE * f, const EVP_PKEY *k, const EVP_CIPHER *c, const char *s, int n, pem_password_cb *b, void *u),
       (f, k, c, s, n, b, u))
FAULTY(int, 0, PEM_write_PUBKEY, (FILE * f, const EVP_PKEY *k), (f, k))
FAULTY(EVP_PKEY *, NULL, PEM_read_PrivateKey, (FILE * f, EVP_PKEY **k, pem_password_cb *b, void *u), (f, k, b, u))
FAULTY(EVP_PKEY *, NULL, PEM_read_PUBKEY, (FILE * f, EVP_PKEY **k, pem_password_cb *b, void *u), (f, k, b, u))
FAULTY(int, 0, EVP_DigestSignInit, (EVP_MD_CTX * c, EVP_PKEY_CTX **x, const EVP_MD *m, ENGINE *e, EVP_PKEY *k), (c, x, m, e, k))
FAULTY(int, 0, EVP_DigestSign, (EVP_MD_CTX * c, unsigned char *s, size_t *n, const unsigned char *p, size_t m), (c, s, n, p, m))
FAULTY(int, 0, EVP_DigestVerifyInit, (EVP_MD_CTX * c, EVP_PKEY_CTX **x, const EVP_MD *m, ENGINE *e, EVP_PKEY *k), (c, x, m, e, k))
FAULTY(int, 0, EVP_DigestVerify, (EVP_MD_CTX * c, const unsigned char *s, size_t n, const unsigned char *p, size_t m), (c, s, n, p, m))
WAITING(getrandom, (void *p, size_t n, unsigned f), (p, n, f))
WAITING(read, (int fd, void *p, size_t n), (fd, p, n))
WAITING(write, (int fd, const void *p, size_t n), (fd, p, n))
FAULTY(int, -1, fsync, (int fd), (fd))
FAULTY(int, -1, fstat, (int fd, struct stat *st), (fd, st))
FAULTY(int, -1, fchmod, (int fd, mode_t m), (fd, m))
FAULTY(int, -1, linkat, (int d, const char *a, int e, const char *b, int f), (d, a, e, b, f))
FAULTY(int, -1, link, (const char *a, const char *b), (a, b))
FAULTY(int, -1, renameat, (int d, const char *a, int e, const char *b), (d, a, e, b))
FAULTY(int, -1, flock, (int fd, int how), (fd, how))
FAULTY(DIR *, NULL, fdopendir, (int fd), (fd))
FAULTY(int, -1, unlinkat, (int d, const char *a, int f), (d, a, f))
FAULTY(int, -1, access, (const char *a, int m), (a, m))
FAULTY(FILE *, NULL, fdopen, (int fd, const char *m), (fd, m))
FAULTY(int, EOF, fflush, (FILE * f), (f))

/* These have one parameter more when they make a file. */
int openat(int dir, const char *name, int flags, ...)
{
    static int (*next)(int, const char *, int, ...);
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "openat");
    return fails() ? -1 : next(dir, name, flags, mode);
}
int open(const char *name, int flags, ...)
{
    static int (*next)(const char *, int, ...);
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "open");
    return fails() ? -1 : next(name, flags, mode);
}

int argon2id_verify(const char *phc, const void *password, size_t n)
{
    static int (*next)(const char *, const void *, size_t);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "argon2id_verify");
    return argon2_says ? argon2_says : next(phc, password, n);
}
int argon2id_hash_encoded(const uint32_t times, const uint32_t kib, const uint32_t lanes, const void *password,
                          const size_t n, const void *salt, const size_t salt_n, const size_t hash_n, char *out,
                          const size_t out_n)
{
    static int (*next)(uint32_t, uint32_t, uint32_t, const void *, size_t, const void *, size_t, size_t, char *, size_t);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "argon2id_hash_encoded");
    return argon2_says ? argon2_says : next(times, kib, lanes, password, n, salt, salt_n, hash_n, out, out_n);
}

/* ---- a try ---- */

#define TENANT "11111111-2222-4333-8444-555555555555"
#define CLIENT "aaaaaaaa-2222-4333-8444-555555555555"
#define MASTER "0123456789abcdef0123456789abcdef"

static char dir[64], master_file[96], key_file[160];
static struct arena *a;

enum { REFUSED = 10, WRONG, NO_MORE };

/* What is tried: OK, an error that the caller is told of, or ERR_INTERNAL + a line when a result is wrong. */
typedef enum err (*attempt)(void);

static _Noreturn void wrong(const char *what)
{
    fprintf(stderr, "call %ld failed: %s\n", fails_at, what);
    _exit(WRONG);
}

/* Lets each call fail in turn until there are no more. before: in the parent, between two tries. */
static void each(attempt what, void (*before)(void), bool may_end)
{
    int ended = 0, refused = 0;
    for (long n = 1;; n++) {
        if (before)
            before();
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (!freopen("/dev/null", "w", stderr))
                _exit(WRONG);
            fails_at = n;
            enum err e = what();
            fails_at = 0;
            _exit(has_failed ? e ? REFUSED : 0 : e ? WRONG : NO_MORE);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFSIGNALED(status)) {
            assert_int_equal(WTERMSIG(status), SIGABRT);
            assert_true(may_end);
            ended++;
            continue;
        }
        if (WEXITSTATUS(status) == NO_MORE) {
            assert_true(n > 1);
            assert_true(is_interrupted ? ended + refused == 0 : ended + refused > 0);
            return;
        }
        if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != REFUSED)
            fail_msg("call %ld failed, and the result is wrong: %d", n, WEXITSTATUS(status));
        refused += WEXITSTATUS(status) == REFUSED;
    }
}

static void put(const char *path, struct str content)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.p, content.n), content.n);
    close(fd);
}

/* ---- what fails ---- */

static enum err hashes(void)
{
    static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf};
    unsigned char out[HASH_BYTES], mac[HASH_BYTES], leaf[HASH_BYTES], want[HASH_BYTES];
    sha256(S("abc"), out);
    if (memcmp(out, abc, sizeof abc) != 0)
        wrong("SHA-256");
    hmac_sha256(S(""), S("abc"), mac);
    hmac_sha256(S(""), S("abc"), out);
    if (memcmp(mac, out, sizeof out) != 0)
        wrong("HMAC");
    merkle_leaf(S("abc"), leaf);
    sha256((struct str){"\0abc", 4}, want);
    if (memcmp(leaf, want, sizeof want) != 0)
        wrong("a leaf");
    return OK;
}

static enum err sealing(void)
{
    static const unsigned char key[KEY_BYTES] = MASTER;
    struct str plain;
    crypto_warm();
    struct str sealed = seal(a, key, S("here"), S("allergic to latex"));
    enum err e = open_sealed(a, key, S("here"), sealed, &plain);
    if (e ? plain.n != 0 : !str_is(plain, "allergic to latex"))
        wrong("the opened text");
    if (memmem(sealed.p, sealed.n, "latex", 5))
        wrong("it is not sealed");
    return e;
}

static enum err opening_the_store(void)
{
    enum err e = keystore_open(dir, master_file);
    if (e)
        return e;
    unsigned char key[KEY_BYTES], again[KEY_BYTES];
    purpose_key("form-token", key);
    purpose_key("form-token", again);
    if (memcmp(key, again, sizeof key) != 0)
        wrong("a purpose's key");
    return OK;
}

static void without_tenant(void)
{
    char fresh[160];
    unlink(key_file);
    snprintf(fresh, sizeof fresh, "%s/" TENANT ".new", dir);
    unlink(fresh);
}

/* Whoever is told that the key was made has one that opens what it wrapped. */
static enum err making_a_tenant(void)
{
    enum err e = keystore_create_tenant(S(TENANT));
    long at = fails_at;
    bool failed = has_failed;
    fails_at = 0;
    struct str wrapped;
    unsigned char key[KEY_BYTES];
    if (!e && (client_key_new(a, S(TENANT), S(CLIENT), &wrapped) ||
               client_key_open(a, S(TENANT), S(CLIENT), wrapped, key)))
        wrong("a key was made that opens nothing");
    struct stat st;
    if (stat(key_file, &st) == 0 && st.st_size != KEY_BYTES + SEAL_OVERHEAD)
        wrong("half a key is there");
    fails_at = at;
    has_failed = failed;
    return e;
}

static void with_tenant(void)
{
    without_tenant();
    assert_int_equal(keystore_create_tenant(S(TENANT)), OK);
}

static enum err using_a_tenant(void)
{
    struct str wrapped;
    unsigned char key[KEY_BYTES], again[KEY_BYTES];
    enum err e = client_key_new(a, S(TENANT), S(CLIENT), &wrapped);
    if (!e)
        e = client_key_open(a, S(TENANT), S(CLIENT), wrapped, key);
    if (!e)
        e = client_key_open(a, S(TENANT), S(CLIENT), wrapped, again);
    if (!e && memcmp(key, again, sizeof key) != 0)
        wrong("another key");
    if (e == ERR_NOT_FOUND || e == OK)
        return e == OK ? OK : (wrong("a key that is there was called destroyed"), e);
    return e;
}

/* Whoever is told that a key was destroyed can rely on it. */
static enum err destroying_a_tenant(void)
{
    enum err e = keystore_destroy_tenant(S(TENANT));
    if (!e && open(key_file, O_RDONLY) >= 0)
        wrong("the key is still there");
    return e;
}

/* Other keys in the place of those in use (S-32). Whatever fails, what was wrapped before opens, and it goes on to its end. */

static char wrapped_before[256];
static size_t n_before;
static unsigned char key_before[KEY_BYTES];

static void with_client(void)
{
    char command[400];
    snprintf(command, sizeof command, "rm -f %s/*.key %s/*.new %s/master.key.old", dir, dir, dir);
    assert_int_equal(system(command), 0);
    put(master_file, S(MASTER));
    assert_int_equal(keystore_open(dir, master_file), OK);
    assert_int_equal(keystore_create_tenant(S(TENANT)), OK);
    struct str wrapped;
    assert_int_equal(client_key_new(a, S(TENANT), S(CLIENT), &wrapped), OK);
    assert_int_equal(client_key_open(a, S(TENANT), S(CLIENT), wrapped, key_before), OK);
    memcpy(wrapped_before, wrapped.p, n_before = wrapped.n);
}

static void opens_what_was_wrapped(const char *when)
{
    unsigned char key[KEY_BYTES];
    if (client_key_open(a, S(TENANT), S(CLIENT), (struct str){wrapped_before, n_before}, key) ||
        memcmp(key, key_before, KEY_BYTES) != 0)
        wrong(when);
}

static bool wrap_one(void *self, struct str tenant_id)
{
    (void)self;
    bool needs;
    return !keystore_needs_wrapping(tenant_id, &needs) && (!needs || !keystore_wrap_anew(tenant_id));
}

static enum err change_master(void)
{
    enum err e = keystore_master_begin();
    if (!e && !keystore_tenants(wrap_one, NULL))
        e = ERR_INTERNAL;
    return e ? e : keystore_master_put(master_file);
}

static enum err retire_master(void)
{
    enum err e = keystore_open(dir, master_file);
    return e ? e : keystore_master_retire(master_file, false);
}

static enum err changing_the_master(void)
{
    enum err e = change_master();
    bool is_changed = !e;
    if (!e)
        e = retire_master();
    long at = fails_at;
    bool failed = has_failed;
    fails_at = 0;
    if (keystore_open(dir, master_file))
        wrong("nobody could start");
    opens_what_was_wrapped("a process that is started now opens nothing");
    if (e && !is_changed && change_master())
        wrong("it does not go on");
    if (e && retire_master() && keystore_master_retire(master_file, false) != ERR_NOT_FOUND)
        wrong("the old one is not destroyed by a second try");
    if (keystore_open(dir, master_file))
        wrong("it ended, and nobody could start");
    opens_what_was_wrapped("it ended, and a key was lost");
    char left[160];
    snprintf(left, sizeof left, "%s/master-link.key", dir);
    if (access(left, F_OK) == 0)
        wrong("it ended, and the old one is still good");
    fails_at = at;
    has_failed = failed;
    return e;
}

static enum err changing_a_tenants_key(void)
{
    struct older_key older[OLDER_KEYS_MOST];
    size_t n;
    enum err e = keystore_rotate_tenant(S(TENANT));
    if (!e)
        e = keystore_older(S(TENANT), older, &n);
    if (!e)
        e = keystore_older_unused(S(TENANT), older[0].id, 1);
    long at = fails_at;
    bool failed = has_failed;
    fails_at = 0;
    opens_what_was_wrapped("a key of before is lost");
    fails_at = at;
    has_failed = failed;
    return e;
}

/* Whoever is told that a key of before was destroyed can rely on it, and the newest one stays. */
static enum err destroying_an_older_key(void)
{
    struct older_key older[OLDER_KEYS_MOST];
    unsigned char key[KEY_BYTES];
    struct str again, before = {wrapped_before, n_before};
    size_t n;
    enum err e = keystore_older(S(TENANT), older, &n);
    if (!e)
        e = client_key_wrap_anew(a, S(TENANT), S(CLIENT), before, &again);
    if (e)
        return e;
    e = keystore_older_destroy(S(TENANT), older[0].id);
    long at = fails_at;
    bool failed = has_failed;
    fails_at = 0;
    if (!e && client_key_open(a, S(TENANT), S(CLIENT), before, key) == OK)
        wrong("the key of before is still there");
    if (client_key_open(a, S(TENANT), S(CLIENT), again, key) || memcmp(key, key_before, KEY_BYTES) != 0)
        wrong("the newest key is lost");
    fails_at = at;
    has_failed = failed;
    return e;
}

static void with_older_key(void)
{
    with_client();
    assert_int_equal(keystore_rotate_tenant(S(TENANT)), OK);
}

static void without_signer(void)
{
    char command[400];
    snprintf(command, sizeof command, "rm -f %s/seal-*.pub* %s/sealer.key*", dir, dir);
    assert_int_equal(system(command), 0);
}

static enum err signing(void)
{
    enum err e = seal_key_open();
    if (e)
        return e;
    unsigned char signature[SIGNATURE_BYTES];
    struct str text = S("foyer-sth-v1\n");
    seal_sign(text, signature);
    struct str signed_by = {(const char *)signature, sizeof signature};
    bool good = seal_signature_ok(seal_key_id(), text, signed_by);
    if (seal_signature_ok(seal_key_id(), S("foyer-sth-v2\n"), signed_by))
        wrong("another text is signed as well");
    return good ? OK : ERR_INVALID;
}

/* ---- the tests ---- */

static void hashes_end_the_process(void **state)
{
    (void)state;
    each(hashes, NULL, true);
}
static void sealing_ends_the_process_or_gives_nothing(void **state)
{
    (void)state;
    each(sealing, NULL, true);
}
static void the_store_opens_whole_or_says_why(void **state)
{
    (void)state;
    each(opening_the_store, NULL, true);
}
static void a_tenants_key_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    each(making_a_tenant, without_tenant, true);
    /* of a host where the pools' users share the keys through their group */
    assert_int_equal(chmod(dir, 02700), 0);
    each(making_a_tenant, without_tenant, true);
    assert_int_equal(chmod(dir, 0700), 0);
}
static void a_tenants_key_is_read_or_said_to_be_away(void **state)
{
    (void)state;
    each(using_a_tenant, with_tenant, true);
}
static void a_tenants_key_is_destroyed_or_said_not_to_be(void **state)
{
    (void)state;
    each(destroying_a_tenant, with_tenant, true);
}
static void a_master_key_changes_or_goes_on_later(void **state)
{
    (void)state;
    each(changing_the_master, with_client, true);
}
static void a_tenants_key_changes_and_none_is_lost(void **state)
{
    (void)state;
    each(changing_a_tenants_key, with_client, true);
    each(destroying_an_older_key, with_older_key, true);
    with_client();
}
/* A signal comes while the system waits: the same is asked again. */
static void what_is_interrupted_is_done_again(void **state)
{
    (void)state;
    is_interrupted = true;
    each(making_a_tenant, without_tenant, false);
    each(opening_the_store, with_tenant, false);
    each(using_a_tenant, with_tenant, false);
    is_interrupted = false;
}
static void heads_are_signed_or_not_at_all(void **state)
{
    (void)state;
    each(signing, without_signer, true);
    without_signer();
    assert_int_equal(seal_key_open(), OK);
    each(signing, NULL, true); /* with the keys that are there */
    without_signer();
}

/* S-01: nobody is told that her password is wrong because memory was short. */
static void a_password_is_never_wrong_for_lack_of_memory(void **state)
{
    (void)state;
    static const struct {
        int says;
        int status; /* of the process; REFUSED: it says no */
    } cases[] = {{ARGON2_MEMORY_ALLOCATION_ERROR, 70}, {ARGON2_THREAD_FAIL, 70}, {ARGON2_DECODING_FAIL, REFUSED},
                 {ARGON2_VERIFY_MISMATCH, REFUSED}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            bool weak;
            argon2_says = cases[i].says;
            _exit(password_ok(S("$argon2id$v=19$m=65536,t=3,p=1$bm9ib2R5bm9ib2R5bm9ibw$AA"), S("x"), &weak) ? WRONG
                                                                                                          : REFUSED);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), cases[i].status);
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        argon2_says = ARGON2_MEMORY_ALLOCATION_ERROR;
        password_hash(a, S("x"));
        _exit(WRONG); /* a hash of nothing */
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static int setup(void **state)
{
    (void)state;
    a = arena_new(1 << 20);
    snprintf(dir, sizeof dir, "/tmp/crypto_fault_test.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(master_file, sizeof master_file, "%s/master.key", dir);
    snprintf(key_file, sizeof key_file, "%s/" TENANT ".key", dir);
    put(master_file, S(MASTER));
    setenv("FOYER_KEYS", dir, 1);
    setenv("FOYER_MASTER_KEY", master_file, 1);
    if (config_load(NULL))
        return -1;
    return keystore_open(dir, master_file) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    without_tenant();
    without_signer();
    unlink(master_file);
    arena_free(a);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_end_the_process),
        cmocka_unit_test(sealing_ends_the_process_or_gives_nothing),
        cmocka_unit_test(the_store_opens_whole_or_says_why),
        cmocka_unit_test(a_tenants_key_is_made_whole_or_not_at_all),
        cmocka_unit_test(a_tenants_key_is_read_or_said_to_be_away),
        cmocka_unit_test(a_tenants_key_is_destroyed_or_said_not_to_be),
        cmocka_unit_test(a_master_key_changes_or_goes_on_later),
        cmocka_unit_test(a_tenants_key_changes_and_none_is_lost),
        cmocka_unit_test(what_is_interrupted_is_done_again),
        cmocka_unit_test(heads_are_signed_or_not_at_all),
        cmocka_unit_test(a_password_is_never_wrong_for_lack_of_memory),
    };
    return cmocka_run_group_tests_name("H-08: keys and seals", tests, setup, teardown);
}
