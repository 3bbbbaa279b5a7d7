/*
 * key_rotation.c -- changing the master key, and the key of a tenant, while everything runs.
 * Owns: the order of files. A new master key is linked with the old one before anything is wrapped by it, so that whoever holds
 * either opens all; the old one goes when nothing needs it. A tenant's new key stands before those of before in its file.
 * Never: leaves a moment at which a killed process would have lost a key; touches the database.
 */
#include "keystore_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

/* ---- files of the store ---- */

static void close_if(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static bool is_there(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* Writes a tenant's keys, all wrapped by this master key. */
static enum err write_keys(struct arena *a, struct str tenant_id, const struct tenant_keys *keys,
                           const unsigned char master[KEY_BYTES])
{
    struct file_name name;
    struct buf b = buf_in(a, KEY_FILE_MOST);
    struct str aad = keystore_tenant_aad(a, tenant_id);
    for (size_t i = 0; i < keys->n; i++) {
        buf_add(&b, seal(a, master, aad, (struct str){(const char *)keys->key[i].key, KEY_BYTES}));
        for (int bit = 56; i > 0 && bit >= 0; bit -= 8) {
            buf_addc(&b, (char)(unsigned char)((uint64_t)keys->key[i].unused_since >> bit));
        }
    }
    enum err err = keystore_file_name(tenant_id, ".key", &name);
    return err == OK ? keystore_put(name.text, buf_str(&b), true) : err;
}

/* One who changes a tenant's file at a time: reads it, has it changed, and writes it. drops: a key goes, so the file of before, which holds
 * it too, is overwritten once it has been replaced. */
typedef enum err change_fn(struct tenant_keys *keys, const void *what);

static enum err change_keys(struct str tenant_id, change_fn *change, const void *what, bool drops)
{
    unsigned char master[KEY_BYTES];
    struct tenant_keys keys = {0};
    struct file_name name;
    enum err err = keystore_file_name(tenant_id, ".key", &name);
    int held = err == OK ? keystore_change_begins() : -1;
    if (held < 0) {
        return err != OK ? err : ERR_INTERNAL;
    }
    struct arena *a = arena_new(256 * 1024);
    int before = drops ? openat(keystore_dir(), name.text, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    err = keystore_wrapping_master(master);
    if (err == OK) {
        err = keystore_read_tenant(a, tenant_id, &keys);
    }
    if (err == OK) {
        err = change(&keys, what);
    }
    if (err == OK) {
        err = write_keys(a, tenant_id, &keys, master);
    }
    if (err == OK && before >= 0 && !keystore_wipe(before)) {
        keystore_failed("wipe", tenant_id);
    }
    secret_wipe(&keys, sizeof keys);
    secret_wipe(master, sizeof master);
    arena_free(a);
    close_if(before);
    close(held);
    return err;
}

/* ---- the master key ---- */

/* Links a new master key with the one held, unless they are linked already. next: the new one. */
static enum err link_masters(struct arena *a, unsigned char next[KEY_BYTES])
{
    bool is_newer;
    enum err err = keystore_other_master(next, &is_newer);
    if (err == OK && !is_newer) {
        memcpy(next, keystore_master(), KEY_BYTES);
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (is_there(keystore_dir(), LINK_FILE)) {
        /* Of two other keys: replacing it could lose what they wrap. */
        fprintf(
            stderr,
            "%s is of other master keys; if 'foyer master-key retire' was stopped, run it again\n",
            LINK_FILE);
        return ERR_INTERNAL;
    }
    random_bytes(next, KEY_BYTES);
    struct buf b = buf_in(a, LINK_BYTES);
    buf_add(&b,
            seal(a, keystore_master(), LINK_NEW_AAD, (struct str){(const char *)next, KEY_BYTES}));
    buf_add(&b,
            seal(a, next, LINK_OLD_AAD, (struct str){(const char *)keystore_master(), KEY_BYTES}));
    return keystore_put(LINK_FILE, buf_str(&b), false);
}

enum err keystore_master_begin(void)
{
    unsigned char next[KEY_BYTES], by[KEY_BYTES];
    int held = keystore_change_begins();
    if (held < 0) {
        return ERR_INTERNAL;
    }
    struct arena *a = arena_new(64 * 1024);
    enum err err = keystore_wrapping_master(by);
    if (err == OK) {
        err = link_masters(a, next);
    }
    if (err == OK &&
        (memcmp(by, next, KEY_BYTES) != 0 || !is_there(keystore_dir(), LASTING_FILE))) {
        err = keystore_put(
            LASTING_FILE,
            seal(a, next, LASTING_AAD, (struct str){(const char *)keystore_lasting(), KEY_BYTES}),
            true);
    }
    secret_wipe(next, sizeof next);
    secret_wipe(by, sizeof by);
    arena_free(a);
    close(held);
    return err;
}

bool keystore_tenants(bool (*each)(void *self, struct str tenant_id), void *self)
{
    int fd = openat(keystore_dir(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        keystore_failed("list", S("."));
        close_if(fd);
        return false;
    }
    struct arena *a =
        arena_new(16 << 20); /* all first: what is written meanwhile may be listed twice */
    struct str *ids = NULL;
    size_t n = 0, cap = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        struct str name = str_of(e->d_name);
        struct str id = str_part(name, 0, name.n < UUID_CHARS ? 0 : UUID_CHARS);
        if (name.n != UUID_CHARS + 4 || strcmp(e->d_name + UUID_CHARS, ".key") != 0 ||
            !uuid_ok(id)) {
            continue;
        }
        if (n == cap) {
            struct str *more = arena_alloc(a, (cap = cap ? cap * 2 : 64) * sizeof *more);
            if (n > 0) {
                memcpy(more, ids, n * sizeof *more);
            }
            ids = more;
        }
        ids[n++] = arena_str(a, id);
    }
    closedir(d);
    size_t i = 0;
    while (i < n && each(self, ids[i])) {
        i++;
    }
    arena_free(a);
    return i == n;
}

enum err keystore_needs_wrapping(struct str tenant_id, bool *needs)
{
    unsigned char master[KEY_BYTES];
    struct tenant_keys keys;
    struct arena *a = arena_new(256 * 1024);
    enum err err = keystore_wrapping_master(master);
    *needs = false;
    if (err == OK) {
        err = keystore_read_tenant(a, tenant_id, &keys);
        for (size_t i = 0; err == OK && i < keys.n; i++) {
            *needs |= !sealed_by(master, keys.key[i].wrapped);
        }
        secret_wipe(&keys, sizeof keys);
    }
    secret_wipe(master, sizeof master);
    arena_free(a);
    return err;
}

static enum err as_they_are(struct tenant_keys *keys, const void *what)
{
    (void)keys;
    (void)what;
    return OK;
}

enum err keystore_wrap_anew(struct str tenant_id)
{
    return change_keys(tenant_id, as_they_are, NULL, false);
}

/* A path's directory, and its name there. */
static int directory_of(const char *path, const char **name, char before[], size_t cap)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    int n = slash ? snprintf(before, cap, "%.*s", (int)(slash - path + 1), path)
                  : snprintf(before, cap, ".");
    return n > 0 && (size_t)n < cap ? open(before, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

enum { PATH_MOST = 1024, ENDING_CHARS = 8 };

/* Writes key into a file of its own beside the master key's, with its owner and mode. */
static bool write_beside(int dir, const char *name, const char *fresh,
                         const unsigned char key[KEY_BYTES])
{
    struct stat st;
    unlinkat(dir, fresh, 0);
    int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                (geteuid() != 0 || fchown(fd, st.st_uid, st.st_gid) == 0) &&
                fchmod(fd, st.st_mode & 0640) == 0 &&
                keystore_write_whole(fd, (struct str){(const char *)key, KEY_BYTES});
    close_if(fd);
    return good;
}

enum err keystore_master_put(const char *path)
{
    unsigned char next[KEY_BYTES];
    bool is_newer = false;
    int held = keystore_change_begins(); /* a second one would rename what this one is writing */
    enum err err = held < 0 ? ERR_INTERNAL : keystore_other_master(next, &is_newer);
    if (err != OK || !is_newer) {
        secret_wipe(next, sizeof next);
        close_if(held);
        return err == ERR_NOT_FOUND ? OK : err; /* what the file holds is the newest */
    }
    char before[PATH_MOST], old[PATH_MOST], fresh[PATH_MOST];
    const char *name;
    int dir = directory_of(path, &name, before, sizeof before);
    snprintf(old, sizeof old, "%.*s.old", PATH_MOST - ENDING_CHARS, name);
    snprintf(fresh, sizeof fresh, "%.*s.new", PATH_MOST - ENDING_CHARS, name);
    /* The old name is there already when this was killed before it could rename. */
    bool good = dir >= 0 && write_beside(dir, name, fresh, next) &&
                (linkat(dir, name, dir, old, 0) == 0 || errno == EEXIST) && fsync(dir) == 0 &&
                renameat(dir, fresh, dir, name) == 0 && fsync(dir) == 0;
    int keep = errno;
    secret_wipe(next, sizeof next);
    close_if(dir);
    close_if(held);
    if (!good) {
        fprintf(stderr, "%s: the new master key cannot be put there: %s\n", path, strerror(keep));
        return ERR_INTERNAL;
    }
    return OK;
}

struct inspection {
    struct arena *a;
    bool is_good;
};

/* Whether all of a tenant's keys open by the master key that is held. */
static bool opens_alone(void *self, struct str tenant_id)
{
    struct inspection *i = self;
    struct tenant_keys keys;
    i->is_good = keystore_read_tenant(i->a, tenant_id, &keys) == OK;
    for (size_t k = 0; i->is_good && k < keys.n; k++) {
        i->is_good = sealed_by(keystore_master(), keys.key[k].wrapped);
    }
    secret_wipe(&keys, sizeof keys);
    if (!i->is_good) {
        fprintf(stderr, "%.*s.key still needs the old master key\n", (int)tenant_id.n, tenant_id.p);
    }
    return i->is_good;
}

/* Whether there is an old one, which nothing needs any more. */
static enum err may_retire(int dir, const char *old)
{
    unsigned char other[KEY_BYTES];
    bool is_newer = false;
    enum err err = keystore_other_master(other, &is_newer);
    secret_wipe(other, sizeof other);
    if (err != OK && err != ERR_NOT_FOUND) {
        return err;
    }
    if (err == OK && is_newer) {
        fputs("the new master key is not in its file yet\n", stderr);
        return ERR_CONFLICT;
    }
    if (!is_there(keystore_dir(), LINK_FILE) && !is_there(dir, old)) {
        return ERR_NOT_FOUND;
    }
    struct inspection i = {arena_new(16 << 20), true};
    bool all = keystore_tenants(opens_alone, &i);
    arena_free(i.a);
    return all ? OK : ERR_CONFLICT;
}

static enum err retire(int dir, const char *old)
{
    enum err err = keystore_destroy_file(keystore_dir(), LINK_FILE);
    if (err == OK || err == ERR_NOT_FOUND) {
        err = keystore_destroy_file(dir, old);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err keystore_master_retire(const char *path, bool only_asks)
{
    unsigned char by[KEY_BYTES];
    char before[PATH_MOST], old[PATH_MOST];
    const char *name;
    int held = keystore_change_begins(),
        dir = held < 0 ? -1 : directory_of(path, &name, before, sizeof before);
    enum err err = dir < 0 ? ERR_INTERNAL : keystore_wrapping_master(by);
    if (err == OK) {
        snprintf(old, sizeof old, "%.*s.old", PATH_MOST - ENDING_CHARS, name);
        err = memcmp(by, keystore_master(), KEY_BYTES) == 0 ? may_retire(dir, old) : ERR_CONFLICT;
        secret_wipe(by, sizeof by);
    }
    if (err == OK && !only_asks) {
        err = retire(dir, old);
    }
    close_if(dir);
    close_if(held);
    return err;
}

/* ---- the key of a tenant ---- */

static enum err add_key(struct tenant_keys *keys, const void *what)
{
    (void)what;
    if (keys->n == COUNT_OF(keys->key)) {
        return ERR_CONFLICT;
    }
    memmove(&keys->key[1], &keys->key[0], keys->n * sizeof keys->key[0]);
    keys->n++;
    random_bytes(keys->key[0].key, KEY_BYTES);
    keys->key[1].unused_since = 0;
    return OK;
}

enum err keystore_rotate_tenant(struct str tenant_id)
{
    return change_keys(tenant_id, add_key, NULL, false);
}

enum err keystore_older(struct str tenant_id, struct older_key older[OLDER_KEYS_MOST], size_t *n)
{
    struct tenant_keys keys;
    struct arena *a = arena_new(256 * 1024);
    enum err err = keystore_read_tenant(a, tenant_id, &keys);
    *n = 0;
    for (size_t i = 1; err == OK && i < keys.n; i++) {
        sealing_key_id(keys.key[i].key, older[*n].id);
        older[(*n)++].unused_since = keys.key[i].unused_since;
    }
    secret_wipe(&keys, sizeof keys);
    arena_free(a);
    return err;
}

/* The place of an older key; 0: there is none of this id. */
static size_t find_older(const struct tenant_keys *keys, const unsigned char id[KEY_ID_BYTES])
{
    for (size_t i = 1; i < keys->n; i++) {
        unsigned char its[KEY_ID_BYTES];
        sealing_key_id(keys->key[i].key, its);
        if (memcmp(its, id, KEY_ID_BYTES) == 0) {
            return i;
        }
    }
    return 0;
}

static enum err set_unused(struct tenant_keys *keys, const void *what)
{
    const struct older_key *older = what;
    size_t i = find_older(keys, older->id);
    if (i > 0) {
        keys->key[i].unused_since = older->unused_since;
    }
    return i > 0 ? OK : ERR_NOT_FOUND;
}

static enum err drop_key(struct tenant_keys *keys, const void *what)
{
    const struct older_key *older = what;
    size_t i = find_older(keys, older->id);
    if (i == 0) {
        return ERR_NOT_FOUND;
    }
    keys->n--;
    memmove(&keys->key[i], &keys->key[i + 1], (keys->n - i) * sizeof keys->key[0]);
    return OK;
}

static enum err change_older(struct str tenant_id, const unsigned char id[KEY_ID_BYTES],
                             int64_t since, change_fn *change, bool drops)
{
    struct older_key older = {.unused_since = since};
    memcpy(older.id, id, KEY_ID_BYTES);
    return change_keys(tenant_id, change, &older, drops);
}

enum err keystore_older_unused(struct str tenant_id, const unsigned char id[KEY_ID_BYTES],
                               int64_t since)
{
    return change_older(tenant_id, id, since, set_unused, false);
}

enum err keystore_older_destroy(struct str tenant_id, const unsigned char id[KEY_ID_BYTES])
{
    return change_older(tenant_id, id, 0, drop_key, true);
}
