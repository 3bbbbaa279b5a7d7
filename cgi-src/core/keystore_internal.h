/* keystore_internal.h -- what keystore.c, which uses the keys, shares with key_rotation.c, which changes them. */
#ifndef FOYER_KEYSTORE_INTERNAL_H
#define FOYER_KEYSTORE_INTERNAL_H
#include <sys/stat.h>
#include <sys/types.h>

#include "crypto.h"

/* TENANT.key is the tenant's key, wrapped, and behind it those of before, newest first, each with the time since which nothing
 * is sealed by it (8 bytes, big-endian; 0: it is still in use). */
enum {
    UUID_CHARS = 36,
    WRAPPED_BYTES = KEY_BYTES + SEAL_OVERHEAD,
    SINCE_BYTES = 8,
    OLDER_BYTES = WRAPPED_BYTES + SINCE_BYTES,
    KEY_FILE_MOST = WRAPPED_BYTES + OLDER_KEYS_MOST * OLDER_BYTES,
    LINK_BYTES = 2 * WRAPPED_BYTES
};
struct file_name {
    char text[UUID_CHARS + 8];
};

/* All keys of a tenant, opened; the first is the one that seals. To be wiped. */
struct tenant_keys {
    struct one_key {
        struct str wrapped;
        int64_t unused_since;
        unsigned char key[KEY_BYTES];
    } key[1 + OLDER_KEYS_MOST];
    size_t n;
    ino_t inode; /* of the file they came from, */
    struct timespec changed; /* as it was then */
};

/* Of what is kept under other keys for years although the master key changes; made at the first change. */
#define LASTING_FILE "lasting.key"
#define LASTING_AAD S("lasting_key")
/* While one master key takes another's place: the new one wrapped by the old, then the old one by the new. */
#define LINK_FILE "master-link.key"
#define LINK_NEW_AAD S("master_link|new")
#define LINK_OLD_AAD S("master_link|old")

int keystore_dir(void); /* -1: not open */
const unsigned char *keystore_master(void);
const unsigned char *keystore_lasting(void);
void keystore_failed(const char *what, struct str name);
enum err MUST_CHECK keystore_file_name(struct str tenant_id, const char *ending, struct file_name *name);
/* Reads a small file whole, from dir, never through a link. Bytes read, or -1 with errno. */
ssize_t keystore_read(int dir, const char *name, void *out, size_t cap, struct stat *st);
bool keystore_write_whole(int fd, struct str s);
/* A file of the store, whole or not at all; an old one stays (ERR_CONFLICT) unless it is to be replaced. */
enum err MUST_CHECK keystore_put(const char *name, struct str content, bool replaces);
/* Overwrites what a small open file holds: on some disks that is all that makes it unreadable. And does so before it removes one;
 * ERR_NOT_FOUND: there is none. */
bool keystore_wipe(int fd);
enum err MUST_CHECK keystore_destroy_file(int dir, const char *name);
/* Opens what a master key wrapped: the one held, or the other one while both are good. */
enum err MUST_CHECK keystore_unwrap(struct arena *a, struct str aad, struct str wrapped, struct str *plain);
struct str keystore_tenant_aad(struct arena *a, struct str tenant_id);
enum err MUST_CHECK keystore_read_tenant(struct arena *a, struct str tenant_id, struct tenant_keys *keys);
/* One who changes a file at a time. -1: it cannot be had. To be closed. */
int keystore_change_begins(void);
/* By which master key a file is to be wrapped now: the newest. ERR_INTERNAL: this process holds one that was retired. */
enum err MUST_CHECK keystore_wrapping_master(unsigned char key[KEY_BYTES]);
/* The other master key while both are good. ERR_NOT_FOUND: there is none; ERR_UNAVAILABLE: nobody can say. */
enum err MUST_CHECK keystore_other_master(unsigned char key[KEY_BYTES], bool *is_newer);
#endif
