/*
 * keystore.c -- tenant keys, wrapped by the master key, in files outside the database.
 * Owns: the key directory (TENANT_ID.key, mode 0600), the master key in memory, and a cache of
 * unwrapped tenant keys. A file that is gone means that its tenant's data is gone: the cache does
 * not outlive it. How keys change: key_rotation.c.
 * Never: writes a key in clear, follows a symbolic link, names a file after anything but a uuid.
 */
#include "keystore_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

enum { CACHE_SLOTS = 512, PURPOSES = 8 };

/* Where a tenant's key is remembered; the slot follows from its id, a newcomer replaces. */
struct cached {
    char tenant_id[UUID_CHARS];
    bool filled;
    ino_t inode;             /* of the file it came from, */
    struct timespec changed; /* as it was then */
    unsigned char key[KEY_BYTES];
};

struct derived {
    const char *purpose; /* a constant of the program; NULL: free */
    unsigned char key[KEY_BYTES];
};

static struct {
    _Alignas(4096) int dir; /* -1: not open */
    unsigned char master[KEY_BYTES];
    unsigned char lasting[KEY_BYTES]; /* HKDF's extract of the first master key */
    struct derived derived[PURPOSES];
    struct cached cache[CACHE_SLOTS];
} store = {.dir = -1};

int keystore_dir(void) { return store.dir; }
const unsigned char *keystore_master(void) { return store.master; }
const unsigned char *keystore_lasting(void) { return store.lasting; }

/* ---- the master key ---- */

static bool unhex(const char *hex, size_t n, unsigned char *out)
{
    for (size_t i = 0; i < n; i++) {
        char c = hex[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return false;
        }
        out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return true;
}

ssize_t keystore_read(int dir, const char *name, void *out, size_t cap, struct stat *st)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return -1;
    }
    ssize_t got = 0, n = 0;
    if (fstat(fd, st) != 0) {
        got = -1;
    } else if (!S_ISREG(st->st_mode)) {
        errno = EINVAL;
        got = -1;
    }
    while (got >= 0 && (size_t)got < cap &&
           (n = read(fd, (char *)out + got, cap - (size_t)got)) != 0) {
        if (n > 0) {
            got += n;
        } else if (errno != EINTR) {
            got = -1;
        }
    }
    int keep = errno;
    close(fd);
    errno = keep;
    return got;
}

/* What is this user's own is its alone, but for a directory that gives its files to its group: that is how who
 * writes keys shares them with the pools, which read. */
bool keystore_is_private(const struct stat *st)
{
    bool is_ours = st->st_uid == geteuid() && st->st_uid != 0;
    bool is_shared = S_ISDIR(st->st_mode) && (st->st_mode & S_ISGID);
    return (st->st_mode & (is_ours && !is_shared ? 077 : 027)) == 0;
}

static enum err read_master(const char *path)
{
    char text[KEY_BYTES * 2 + 2];
    struct stat st;
    ssize_t n = keystore_read(AT_FDCWD, path, text, sizeof text, &st);
    if (n < 0 && errno == ENOENT) {
        fprintf(
            stderr,
            "%s: the master key is missing; put it back from its safe place (a new installation "
            "makes one: umask 077; head -c 32 /dev/urandom > %s)\n",
            path, path);
        return ERR_INVALID;
    }
    if (n < 0) {
        fprintf(stderr,
                "%s: the master key cannot be read: %s; it must be a plain file of this "
                "user\n",
                path, strerror(errno));
        return ERR_INVALID;
    }
    enum err err = OK;
    if (n == KEY_BYTES * 2 + 1 && text[n - 1] == '\n') {
        n--;
    }
    if (!keystore_is_private(&st)) {
        fprintf(stderr, "%s: the master key is open to others; run chmod 600 on it\n", path);
        err = ERR_INVALID;
    } else if (n == KEY_BYTES) {
        memcpy(store.master, text, KEY_BYTES);
    } else if (n != KEY_BYTES * 2 || !unhex(text, (size_t)n, store.master)) {
        fprintf(stderr, "%s: the master key must be 32 bytes, raw or as 64 hex digits\n", path);
        err = ERR_INVALID;
    }
    secret_wipe(text, sizeof text);
    return err;
}

static void hkdf(int mode, const unsigned char from[KEY_BYTES], const char *purpose,
                 unsigned char key[KEY_BYTES])
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char info[96];
    int n = snprintf(info, sizeof info, "foyer/%s", purpose);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)from, KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)n),
        OSSL_PARAM_construct_end(),
    };
    if (!context || n < 0 || (size_t)n >= sizeof info ||
        EVP_KDF_derive(context, key, KEY_BYTES, params) != 1) {
        log_error("crypto.broken", "what", "HKDF", NULL);
        abort();
    }
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
}

/*
 * What stands for the first master key where a change of it would lose something: its HKDF extract, from which a purpose's key
 * follows as before, and the master key itself does not. Until the first change there is no file, and the master key gives it.
 */
static bool read_lasting(void)
{
    char wrapped[WRAPPED_BYTES + 1];
    struct stat st;
    ssize_t n = keystore_read(store.dir, LASTING_FILE, wrapped, sizeof wrapped, &st);
    if (n < 0 && errno == ENOENT) {
        hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, store.master, "", store.lasting);
        return true;
    }
    struct arena *a = arena_new(64 * 1024);
    struct str plain = {0};
    bool good = n == WRAPPED_BYTES &&
                keystore_unwrap(a, LASTING_AAD, (struct str){wrapped, (size_t)n}, &plain) == OK &&
                plain.n == KEY_BYTES;
    if (good) {
        memcpy(store.lasting, plain.p, KEY_BYTES);
        secret_wipe((void *)(uintptr_t)plain.p, plain.n);
    }
    arena_free(a);
    return good;
}

bool keystore_lock(void) { return mlock(&store, sizeof store) == 0; }

enum err keystore_open(const char *dir, const char *master_key_file)
{
    if (store.dir >= 0) {
        close(store.dir);
        store.dir = -1;
    }
    secret_wipe(store.cache, sizeof store.cache);
    secret_wipe(store.derived, sizeof store.derived);
    (void)keystore_lock();
    madvise(&store, sizeof store, MADV_DONTDUMP);
    enum err err = read_master(master_key_file);
    if (err != OK) {
        return err;
    }
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        fprintf(stderr,
                "%s: the key store cannot be opened: %s; make the directory with mode 0700 "
                "or set 'keys'\n",
                dir, strerror(errno));
        return ERR_INVALID;
    }
    if (!keystore_is_private(&st)) {
        fprintf(stderr, "%s: the key store is open to others; run chmod 700 on it\n", dir);
        close(fd);
        return ERR_INVALID;
    }
    /* scripts/restore takes it away when erasures and opt-outs have been done once more (K-02). */
    if (faccessat(fd, "restore-pending", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        fprintf(
            stderr,
            "%s: is being restored and must not open yet; scripts/restore has to end well first\n",
            dir);
        close(fd);
        return ERR_INVALID;
    }
    store.dir = fd;
    if (!read_lasting()) {
        fprintf(stderr,
                "%s: %s does not open with the master key in %s; put the newest master key back\n",
                dir, LASTING_FILE, master_key_file);
        close(fd);
        store.dir = -1;
        return ERR_INVALID;
    }
    return OK;
}

/* Stored hashes of passwords and of addresses that want no messages would be worth nothing without theirs. */
static bool is_lasting(const char *purpose)
{
    return strcmp(purpose, "password-pepper") == 0 || strcmp(purpose, "suppression") == 0;
}

static void derive(const char *purpose, unsigned char key[KEY_BYTES])
{
    if (is_lasting(purpose)) {
        hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, store.lasting, purpose, key);
    } else {
        hkdf(EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, store.master, purpose, key);
    }
}

/* Derived once for each purpose: there are a handful. */
void purpose_key(const char *purpose, unsigned char key[KEY_BYTES])
{
    if (store.dir < 0) {
        log_error("keystore.closed", "purpose", purpose, NULL);
        abort();
    }
    struct derived *d = store.derived;
    while (d->purpose && strcmp(d->purpose, purpose) != 0 && d + 1 < store.derived + PURPOSES) {
        d++;
    }
    if (d->purpose && strcmp(d->purpose, purpose) == 0) {
        memcpy(key, d->key, KEY_BYTES);
        return;
    }
    derive(purpose, key);
    if (!d->purpose) {
        d->purpose = purpose;
        memcpy(d->key, key, KEY_BYTES);
    }
}

/* ---- tenant keys ---- */

/* The tenant's file; ids are lower case, so that one tenant has one file. */
enum err keystore_file_name(struct str tenant_id, const char *ending, struct file_name *name)
{
    if (store.dir < 0) {
        log_error("keystore.closed", NULL);
        return ERR_INTERNAL;
    }
    if (!uuid_ok(tenant_id)) {
        return ERR_INVALID;
    }
    for (size_t i = 0; i < tenant_id.n; i++) {
        if (tenant_id.p[i] >= 'A' && tenant_id.p[i] <= 'F') {
            return ERR_INVALID;
        }
    }
    snprintf(name->text, sizeof name->text, "%.*s%s", UUID_CHARS, tenant_id.p, ending);
    return OK;
}

static struct cached *cache_slot(struct str tenant_id)
{
    return &store.cache[str_hash(tenant_id) % CACHE_SLOTS];
}

/* name: of a tenant, or of a file of the store. */
void keystore_failed(const char *what, struct str name)
{
    int keep = errno;
    char id[UUID_CHARS + 8];
    snprintf(id, sizeof id, "%.*s", (int)name.n, name.p);
    log_error("keystore.failed", "what", what, "tenant", id, "why", strerror(keep), NULL);
}

bool keystore_write_whole(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        s = n > 0 ? str_part(s, (size_t)n, s.n - (size_t)n) : s;
    }
    return fsync(fd) == 0;
}

/* As the directory shares it: a setgid one gives its files to its group, the pools' users; what root writes there is its owner's. */
static bool share(int fd)
{
    struct stat st;
    return fstat(store.dir, &st) == 0 && (!(st.st_mode & S_ISGID) || fchmod(fd, 0640) == 0) &&
           (geteuid() != 0 || st.st_uid == 0 || fchown(fd, st.st_uid, (gid_t)-1) == 0);
}

/* Under a name of its own first, then linked or renamed: the file appears whole or not at all. */
enum err keystore_put(const char *name, struct str content, bool replaces)
{
    struct str shown = str_of(name);
    struct file_name fresh;
    snprintf(fresh.text, sizeof fresh.text, "%.*s.new", (int)(shown.n < 4 ? 0 : shown.n - 4), name);
    unlinkat(store.dir, fresh.text, 0);
    int fd =
        openat(store.dir, fresh.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && !share(fd)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0) {
        keystore_failed("create", shown);
        return ERR_INTERNAL;
    }
    enum err err = OK;
    if (!keystore_write_whole(fd, content)) {
        keystore_failed("write", shown);
        err = ERR_INTERNAL;
    }
    close(fd);
    if (err == OK && (replaces ? renameat(store.dir, fresh.text, store.dir, name)
                               : linkat(store.dir, fresh.text, store.dir, name, 0)) != 0) {
        err = errno == EEXIST ? ERR_CONFLICT : ERR_INTERNAL;
        if (err == ERR_INTERNAL) {
            keystore_failed("link", shown);
        }
    }
    unlinkat(store.dir, fresh.text, 0);
    if (err == OK && fsync(store.dir) != 0) {
        keystore_failed("fsync", shown);
        err = ERR_INTERNAL;
    }
    return err;
}

bool keystore_wipe(int fd)
{
    static const char zeros[4096];
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size >= 0 && (size_t)st.st_size <= sizeof zeros &&
           keystore_write_whole(fd, (struct str){zeros, (size_t)st.st_size});
}

enum err keystore_destroy_file(int dir, const char *name)
{
    int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        return ERR_NOT_FOUND;
    }
    bool is_wiped = fd >= 0 && keystore_wipe(fd);
    if (fd >= 0) {
        close(fd);
    }
    /* (what is there and cannot be overwritten is at least taken away) */
    if (unlinkat(dir, name, 0) != 0 || fsync(dir) != 0 || !is_wiped) {
        keystore_failed("destroy", str_of(name));
        return ERR_INTERNAL;
    }
    return OK;
}

struct str keystore_tenant_aad(struct arena *a, struct str tenant_id)
{
    return arena_printf(a, "tenant_key|%.*s", (int)tenant_id.n, tenant_id.p);
}

/* ---- two master keys ---- */

enum err keystore_other_master(unsigned char key[KEY_BYTES], bool *is_newer)
{
    char link[LINK_BYTES + 1];
    struct stat st;
    ssize_t n = keystore_read(store.dir, LINK_FILE, link, sizeof link, &st);
    if (n < 0 && errno != ENOENT) {
        keystore_failed("read", S(LINK_FILE));
        return ERR_UNAVAILABLE;
    }
    if (n != LINK_BYTES) {
        return ERR_NOT_FOUND;
    }
    struct str newer = {link, WRAPPED_BYTES}, older = {link + WRAPPED_BYTES, WRAPPED_BYTES},
               plain = S("");
    *is_newer = sealed_by(store.master, newer);
    if (!*is_newer && !sealed_by(store.master, older)) {
        return ERR_NOT_FOUND;
    }
    struct arena *a = arena_new(64 * 1024);
    enum err err = *is_newer ? open_sealed(a, store.master, LINK_NEW_AAD, newer, &plain)
                             : open_sealed(a, store.master, LINK_OLD_AAD, older, &plain);
    if (err == OK && plain.n == KEY_BYTES) {
        memcpy(key, plain.p, KEY_BYTES);
    } else {
        err = ERR_UNAVAILABLE;
    }
    secret_wipe((void *)(uintptr_t)plain.p, plain.n);
    arena_free(a);
    return err;
}

enum err keystore_unwrap(struct arena *a, struct str aad, struct str wrapped, struct str *plain)
{
    unsigned char other[KEY_BYTES];
    bool is_newer;
    enum err err = open_sealed(a, store.master, aad, wrapped, plain);
    if (err != OK && !sealed_by(store.master, wrapped) &&
        keystore_other_master(other, &is_newer) == OK) {
        err = open_sealed(a, other, aad, wrapped, plain);
        secret_wipe(other, sizeof other);
    }
    return err;
}

enum err keystore_wrapping_master(unsigned char key[KEY_BYTES])
{
    char lasting[WRAPPED_BYTES + 1];
    struct stat st;
    bool is_newer;
    ssize_t n = keystore_read(store.dir, LASTING_FILE, lasting, sizeof lasting, &st);
    memcpy(key, store.master, KEY_BYTES);
    if ((n < 0 && errno == ENOENT) ||
        (n == WRAPPED_BYTES && sealed_by(key, (struct str){lasting, (size_t)n}))) {
        return OK;
    }
    if (n == WRAPPED_BYTES && keystore_other_master(key, &is_newer) == OK &&
        sealed_by(key, (struct str){lasting, (size_t)n})) {
        return OK;
    }
    secret_wipe(key, KEY_BYTES);
    log_error("keystore.retired", "why",
              "this process holds a master key that was retired; start it anew", NULL);
    return ERR_INTERNAL;
}

int keystore_change_begins(void)
{
    int fd = openat(store.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = -1;
    while (fd >= 0 && (rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR) {
    }
    if (fd >= 0 && rc == 0) {
        return fd;
    }
    keystore_failed("lock", S("."));
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

/* ---- tenant keys ---- */

enum err keystore_create_tenant(struct str tenant_id)
{
    struct file_name name;
    enum err err = keystore_file_name(tenant_id, ".key", &name);
    if (err != OK) {
        return err;
    }
    int held = keystore_change_begins();
    if (held < 0) {
        return ERR_INTERNAL;
    }
    struct arena *a = arena_new(64 * 1024);
    unsigned char key[KEY_BYTES], master[KEY_BYTES];
    err = keystore_wrapping_master(master);
    if (err == OK) {
        random_bytes(key, sizeof key);
        struct str wrapped = seal(a, master, keystore_tenant_aad(a, tenant_id),
                                  (struct str){(const char *)key, sizeof key});
        err = keystore_put(name.text, wrapped, false);
        secret_wipe(key, sizeof key);
        secret_wipe(master, sizeof master);
    }
    arena_free(a);
    close(held);
    return err;
}

enum err keystore_destroy_tenant(struct str tenant_id)
{
    struct file_name name, fresh;
    enum err err = keystore_file_name(tenant_id, ".key", &name);
    if (err == OK) {
        err = keystore_file_name(tenant_id, ".new", &fresh);
    }
    if (err != OK) {
        return err;
    }
    /* Or who wraps it anew meanwhile would bring it back. */
    int held = keystore_change_begins();
    if (held < 0) {
        return ERR_INTERNAL;
    }
    /* What a killed change left holds the same keys. */
    enum err left = keystore_destroy_file(store.dir, fresh.text);
    err = keystore_destroy_file(store.dir, name.text);
    struct cached *c = cache_slot(tenant_id);
    secret_wipe(c, sizeof *c);
    close(held);
    return left == ERR_INTERNAL ? left : err;
}

/* The bytes of the tenant's file. */
static enum err read_key_file(struct str tenant_id, char file[KEY_FILE_MOST + 1], size_t *n,
                              struct stat *st)
{
    struct file_name name;
    enum err err = keystore_file_name(tenant_id, ".key", &name);
    if (err != OK) {
        return err;
    }
    ssize_t got = keystore_read(store.dir, name.text, file, KEY_FILE_MOST + 1, st);
    if (got < 0 && errno == ENOENT) {
        return ERR_NOT_FOUND;
    }
    if (got < 0) {
        /* Too many open files, a disk that is away: it may be readable again. Something else in its
         * place, a link or a directory, stays so until somebody looks. */
        bool is_replaced = errno == ELOOP || errno == EINVAL;
        keystore_failed("read", tenant_id);
        return is_replaced ? ERR_INTERNAL : ERR_UNAVAILABLE;
    }
    *n = (size_t)got;
    if (*n < WRAPPED_BYTES || *n > KEY_FILE_MOST || (*n - WRAPPED_BYTES) % OLDER_BYTES != 0) {
        errno = EBADMSG;
        keystore_failed("read", tenant_id);
        return ERR_INTERNAL;
    }
    return OK;
}

static enum err read_keys(struct arena *a, struct str tenant_id, struct tenant_keys *keys)
{
    char file[KEY_FILE_MOST + 1];
    size_t n = 0;
    struct stat st = {0};
    *keys = (struct tenant_keys){0};
    enum err err = read_key_file(tenant_id, file, &n, &st);
    struct str rest = {arena_str(a, (struct str){file, n}).p, n};
    while (err == OK && rest.n > 0) {
        struct one_key *k = &keys->key[keys->n];
        struct str plain;
        k->wrapped = str_part(rest, 0, WRAPPED_BYTES);
        rest = str_part(rest, WRAPPED_BYTES, rest.n - WRAPPED_BYTES);
        if (keys->n > 0) {
            for (size_t i = 0; i < SINCE_BYTES; i++) {
                k->unused_since = k->unused_since << 8 | (unsigned char)rest.p[i];
            }
            rest = str_part(rest, SINCE_BYTES, rest.n - SINCE_BYTES);
        }
        err = keystore_unwrap(a, keystore_tenant_aad(a, tenant_id), k->wrapped, &plain);
        if (err != OK || plain.n != KEY_BYTES) {
            errno = EBADMSG; /* damaged, or wrapped by another master key */
            keystore_failed("unwrap", tenant_id);
            err = ERR_INTERNAL;
            break;
        }
        memcpy(k->key, plain.p, KEY_BYTES);
        secret_wipe((void *)(uintptr_t)plain.p, plain.n);
        keys->n++;
    }
    if (err != OK) {
        secret_wipe(keys, sizeof *keys);
    }
    keys->inode = st.st_ino;
    keys->changed = st.st_ctim;
    return err;
}

enum err keystore_read_tenant(struct arena *a, struct str tenant_id, struct tenant_keys *keys)
{
    struct file_name name;
    struct stat st;
    enum err err = read_keys(a, tenant_id, keys);
    /* Replaced while it was read: what is replaced may be overwritten at once. */
    if (err == ERR_INTERNAL && keystore_file_name(tenant_id, ".key", &name) == OK &&
        fstatat(store.dir, name.text, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino != keys->inode) {
        err = read_keys(a, tenant_id, keys);
    }
    return err;
}

/* The tenant's key: from the cache while its file is still the same, else from the file. */
static enum err tenant_key(struct arena *a, struct str tenant_id, const unsigned char **key)
{
    struct file_name name;
    enum err err = keystore_file_name(tenant_id, ".key", &name);
    if (err != OK) {
        return err;
    }
    struct cached *c = cache_slot(tenant_id);
    bool known = c->filled && memcmp(c->tenant_id, tenant_id.p, UUID_CHARS) == 0;
    struct stat st;
    if (known && fstatat(store.dir, name.text, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_ino == c->inode && st.st_ctim.tv_sec == c->changed.tv_sec &&
        st.st_ctim.tv_nsec == c->changed.tv_nsec) {
        *key = c->key;
        return OK;
    }
    if (known) {
        secret_wipe(c, sizeof *c);
    }
    struct tenant_keys keys;
    err = keystore_read_tenant(a, tenant_id, &keys);
    if (err != OK) {
        return err;
    }
    memcpy(c->tenant_id, tenant_id.p, UUID_CHARS);
    memcpy(c->key, keys.key[0].key, KEY_BYTES);
    c->inode = keys.inode;
    c->changed = keys.changed;
    c->filled = true;
    secret_wipe(&keys, sizeof keys);
    *key = c->key;
    return OK;
}

/* Opens what a tenant's key sealed: the one it has, or one of before that is still kept. */
static enum err open_by_tenant(struct arena *a, struct str tenant_id, struct str aad,
                               struct str sealed, struct str *plain)
{
    const unsigned char *key;
    *plain = S("");
    enum err err = tenant_key(a, tenant_id, &key);
    if (err != OK || sealed.n < SEAL_OVERHEAD) {
        return err != OK ? err : ERR_INVALID;
    }
    if (sealed_by(key, sealed)) {
        return open_sealed(a, key, aad, sealed, plain);
    }
    struct tenant_keys keys;
    err = keystore_read_tenant(a, tenant_id, &keys);
    size_t i = 0;
    while (err == OK && i < keys.n && !sealed_by(keys.key[i].key, sealed)) {
        i++;
    }
    if (err == OK && i < keys.n) {
        err = open_sealed(a, keys.key[i].key, aad, sealed, plain);
    } else if (err == OK) {
        char id[2 * KEY_ID_BYTES + 1], tenant[UUID_CHARS + 1];
        for (size_t j = 0; j < KEY_ID_BYTES; j++) {
            snprintf(id + 2 * j, 3, "%02x", (unsigned char)sealed.p[1 + j]);
        }
        snprintf(tenant, sizeof tenant, "%.*s", (int)tenant_id.n, tenant_id.p);
        log_error("keystore.no_such_key", "tenant", tenant, "key", id, "why",
                  "it was destroyed, or is another business's", NULL);
        err = ERR_INVALID;
    }
    secret_wipe(&keys, sizeof keys);
    return err;
}

/* ---- client keys ---- */

static struct str client_aad(struct arena *a, struct str tenant_id, struct str client_id)
{
    struct buf b = buf_in(a, 96);
    buf_addz(&b, "client_key|");
    buf_add(&b, tenant_id);
    buf_addc(&b, '|');
    buf_add(&b, client_id);
    return buf_str(&b);
}

static enum err wrap_client(struct arena *a, struct str tenant_id, struct str client_id,
                            const unsigned char key[KEY_BYTES], struct str *wrapped)
{
    const unsigned char *outer;
    enum err err = tenant_key(a, tenant_id, &outer);
    if (err == OK) {
        *wrapped = seal(a, outer, client_aad(a, tenant_id, client_id),
                        (struct str){(const char *)key, KEY_BYTES});
    }
    return err;
}

enum err client_key_new(struct arena *a, struct str tenant_id, struct str client_id,
                        struct str *wrapped)
{
    unsigned char key[KEY_BYTES];
    if (!uuid_ok(client_id)) {
        return ERR_INVALID;
    }
    random_bytes(key, sizeof key);
    enum err err = wrap_client(a, tenant_id, client_id, key, wrapped);
    secret_wipe(key, sizeof key);
    return err;
}

enum err client_key_open(struct arena *a, struct str tenant_id, struct str client_id,
                         struct str wrapped, unsigned char key[KEY_BYTES])
{
    struct str plain;
    enum err err =
        open_by_tenant(a, tenant_id, client_aad(a, tenant_id, client_id), wrapped, &plain);
    if (err == OK && plain.n != KEY_BYTES) {
        return ERR_INVALID;
    }
    if (err == OK) {
        memcpy(key, plain.p, KEY_BYTES);
        secret_wipe((void *)(uintptr_t)plain.p, plain.n);
    }
    return err;
}

enum err client_key_wrap_anew(struct arena *a, struct str tenant_id, struct str client_id,
                              struct str wrapped, struct str *again)
{
    unsigned char key[KEY_BYTES];
    enum err err = client_key_open(a, tenant_id, client_id, wrapped, key);
    if (err == OK) {
        err = wrap_client(a, tenant_id, client_id, key, again);
        secret_wipe(key, sizeof key);
    }
    return err;
}

/* ---- what belongs to no client ---- */

enum err tenant_seal(struct arena *a, struct str tenant_id, struct str aad, struct str plain,
                     struct str *sealed)
{
    const unsigned char *key;
    enum err err = tenant_key(a, tenant_id, &key);
    if (err == OK) {
        *sealed = seal(a, key, aad, plain);
    }
    return err;
}

enum err tenant_open(struct arena *a, struct str tenant_id, struct str aad, struct str sealed,
                     struct str *plain)
{
    return open_by_tenant(a, tenant_id, aad, sealed, plain);
}
