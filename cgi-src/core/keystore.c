/*
 * keystore.c -- tenant keys, wrapped by the master key, in files outside the database.
 * Owns: the key directory (TENANT_ID.key, mode 0600), the master key in memory, and a cache of
 * unwrapped tenant keys. A file that is gone means that its tenant's data is gone: the cache does
 * not outlive it.
 * Never: writes a key in clear, follows a symbolic link, names a file after anything but a uuid.
 */
#include "crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

enum {
    UUID_CHARS = 36,
    CACHE_SLOTS = 512,
    PURPOSES = 8,
    KEY_FILE_BYTES = KEY_BYTES + SEAL_OVERHEAD
};

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
    struct derived derived[PURPOSES];
    struct cached cache[CACHE_SLOTS];
} store = {.dir = -1};

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

/* Reads a small file whole, from dir, never through a link. Bytes read, or -1 with errno. */
static ssize_t read_small(int dir, const char *name, void *out, size_t cap, struct stat *st)
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
    ssize_t n = read_small(AT_FDCWD, path, text, sizeof text, &st);
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
    return OK;
}

static void derive(const char *purpose, unsigned char key[KEY_BYTES])
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char info[96];
    int n = snprintf(info, sizeof info, "foyer/%s", purpose);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, store.master, KEY_BYTES),
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

struct file_name {
    char text[UUID_CHARS + 8];
};

/* The tenant's file; ids are lower case, so that one tenant has one file. */
static enum err file_name(struct str tenant_id, const char *ending, struct file_name *name)
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

static void failed(const char *what, struct str tenant_id)
{
    char id[UUID_CHARS + 1];
    snprintf(id, sizeof id, "%.*s", (int)tenant_id.n, tenant_id.p);
    log_error("keystore.failed", "what", what, "tenant", id, "why", strerror(errno), NULL);
}

static bool write_whole(int fd, struct str s)
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

/* Under a name of its own first, then linked: the key's name appears whole or not at all, and never
 * replaces another. */
static enum err write_key_file(struct str tenant_id, struct str content)
{
    struct file_name final, fresh;
    enum err err = file_name(tenant_id, ".key", &final);
    if (err != OK) {
        return err;
    }
    (void)!file_name(tenant_id, ".new", &fresh);
    unlinkat(store.dir, fresh.text, 0);
    int fd =
        openat(store.dir, fresh.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;
    /* A setgid directory: the pools' users share the keys through its group. */
    if (fd >= 0 && fstat(store.dir, &st) == 0 && (st.st_mode & S_ISGID) && fchmod(fd, 0640) != 0) {
        close(fd);
        fd = -1;
    }
    if (fd < 0) {
        failed("create", tenant_id);
        return ERR_INTERNAL;
    }
    if (!write_whole(fd, content)) {
        failed("write", tenant_id);
        err = ERR_INTERNAL;
    }
    close(fd);
    if (err == OK && linkat(store.dir, fresh.text, store.dir, final.text, 0) != 0) {
        err = errno == EEXIST ? ERR_CONFLICT : ERR_INTERNAL;
        if (err == ERR_INTERNAL) {
            failed("link", tenant_id);
        }
    }
    unlinkat(store.dir, fresh.text, 0);
    if (err == OK && fsync(store.dir) != 0) {
        failed("fsync", tenant_id);
        err = ERR_INTERNAL;
    }
    return err;
}

static struct str tenant_aad(struct arena *a, struct str tenant_id)
{
    return arena_printf(a, "tenant_key|%.*s", (int)tenant_id.n, tenant_id.p);
}

enum err keystore_create_tenant(struct str tenant_id)
{
    struct arena *a = arena_new(64 * 1024);
    unsigned char key[KEY_BYTES];
    random_bytes(key, sizeof key);
    struct str wrapped = seal(a, store.master, tenant_aad(a, tenant_id),
                              (struct str){(const char *)key, sizeof key});
    secret_wipe(key, sizeof key);
    enum err err = write_key_file(tenant_id, wrapped);
    arena_free(a);
    return err;
}

enum err keystore_destroy_tenant(struct str tenant_id)
{
    struct file_name name;
    enum err err = file_name(tenant_id, ".key", &name);
    if (err != OK) {
        return err;
    }
    int fd = openat(store.dir, name.text, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL;
    }
    /* Overwritten first: on some disks that is all that makes it unreadable. */
    static const char zeros[KEY_FILE_BYTES];
    bool wiped = write_whole(fd, (struct str){zeros, sizeof zeros});
    close(fd);
    struct cached *c = cache_slot(tenant_id);
    secret_wipe(c, sizeof *c);
    if (unlinkat(store.dir, name.text, 0) != 0 || fsync(store.dir) != 0 || !wiped) {
        failed("destroy", tenant_id);
        return ERR_INTERNAL;
    }
    return OK;
}

/* The tenant's key: from the cache while its file is still the same, else from the file. */
static enum err tenant_key(struct arena *a, struct str tenant_id, const unsigned char **key)
{
    struct file_name name;
    enum err err = file_name(tenant_id, ".key", &name);
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
    char wrapped[KEY_FILE_BYTES + 1];
    ssize_t n = read_small(store.dir, name.text, wrapped, sizeof wrapped, &st);
    if (n < 0 && errno == ENOENT) {
        return ERR_NOT_FOUND;
    }
    if (n < 0) {
        /* Too many open files, a disk that is away: it may be readable again. Something else in its
         * place, a link or a directory, stays so until somebody looks. */
        bool is_replaced = errno == ELOOP || errno == EINVAL;
        failed("read", tenant_id);
        return is_replaced ? ERR_INTERNAL : ERR_UNAVAILABLE;
    }
    struct str plain;
    err = open_sealed(a, store.master, tenant_aad(a, tenant_id), (struct str){wrapped, (size_t)n},
                      &plain);
    if (err != OK || plain.n != KEY_BYTES) {
        errno = EBADMSG; /* damaged, or wrapped by another master key */
        failed("unwrap", tenant_id);
        return ERR_INTERNAL;
    }
    memcpy(c->tenant_id, tenant_id.p, UUID_CHARS);
    memcpy(c->key, plain.p, KEY_BYTES);
    c->inode = st.st_ino;
    c->changed = st.st_ctim;
    c->filled = true;
    secret_wipe((void *)(uintptr_t)plain.p, plain.n);
    *key = c->key;
    return OK;
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

enum err client_key_new(struct arena *a, struct str tenant_id, struct str client_id,
                        struct str *wrapped)
{
    const unsigned char *outer;
    unsigned char key[KEY_BYTES];
    enum err err = uuid_ok(client_id) ? tenant_key(a, tenant_id, &outer) : ERR_INVALID;
    if (err != OK) {
        return err;
    }
    random_bytes(key, sizeof key);
    *wrapped = seal(a, outer, client_aad(a, tenant_id, client_id),
                    (struct str){(const char *)key, sizeof key});
    secret_wipe(key, sizeof key);
    return OK;
}

enum err client_key_open(struct arena *a, struct str tenant_id, struct str client_id,
                         struct str wrapped, unsigned char key[KEY_BYTES])
{
    const unsigned char *outer;
    struct str plain;
    enum err err = tenant_key(a, tenant_id, &outer);
    if (err != OK) {
        return err;
    }
    err = open_sealed(a, outer, client_aad(a, tenant_id, client_id), wrapped, &plain);
    if (err != OK || plain.n != KEY_BYTES) {
        return ERR_INVALID;
    }
    memcpy(key, plain.p, KEY_BYTES);
    secret_wipe((void *)(uintptr_t)plain.p, plain.n);
    return OK;
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
    const unsigned char *key;
    enum err err = tenant_key(a, tenant_id, &key);
    return err == OK ? open_sealed(a, key, aad, sealed, plain) : err;
}
