/*
 * media_directory.c -- the store as a directory: TENANT/xx/ID.PART, xx the first two digits of the id.
 * Owns: how an object comes to be whole or not at all: written under a name that ends in .new, synced, linked to its own, its
 * directory synced and those above it. What a crash leaves is a .new, or an object that no row names; the daily sweep takes both.
 * Never: follows a link; opens a name that is not made of two uuids.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "media.h"

enum { UUID_CHARS = 36, PATH_CHARS = 2 * UUID_CHARS + 48 };

static int root = -1;
static const struct media_store directory;

const struct media_store *media_store(void) { return root < 0 ? NULL : &directory; }

static enum err failed(const char *what)
{
    log_error("media.failed", "what", what, "why", strerror(errno), NULL);
    return ERR_UNAVAILABLE;
}

static bool is_name(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] >= 'A' && id.p[i] <= 'F')
            return false;
    return uuid_ok(id);
}

struct place {
    char tenant[UUID_CHARS + 1], directory[PATH_CHARS], file[PATH_CHARS];
};

static enum err place_of(const struct media_object *o, struct place *p)
{
    if (!is_name(o->tenant_id) || !is_name(o->id))
        return ERR_INVALID;
    snprintf(p->tenant, sizeof p->tenant, "%.36s", o->tenant_id.p);
    snprintf(p->directory, sizeof p->directory, "%.36s/%.2s", o->tenant_id.p, o->id.p);
    snprintf(p->file, sizeof p->file, "%.36s/%.2s/%.36s.%d", o->tenant_id.p, o->id.p, o->id.p,
             (int)o->part);
    return OK;
}

/* What is made here is for this user and for the directory's group, never for others; the group comes with the directory. */
static mode_t narrow(void) { return umask(0007); }

static bool make_directory(const char *path)
{
    mode_t before = narrow();
    bool done = mkdirat(root, path, 0770) == 0 || errno == EEXIST;
    umask(before);
    return done;
}

static bool write_whole(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            s = str_part(s, (size_t)n, s.n - (size_t)n);
    }
    return fsync(fd) == 0;
}

static bool sync_directory(const char *path)
{
    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static enum err put(const struct media_object *o, struct arena *a, struct str bytes)
{
    struct place p;
    enum err e = place_of(o, &p);
    if (e)
        return e;
    const char *fresh = arena_cstr(a, arena_printf(a, "%s/%.36s.new", p.directory, uuid_new(a).p));
    if (!make_directory(p.tenant) || !make_directory(p.directory))
        return failed("mkdir");
    mode_t before = narrow();
    int fd = openat(root, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    umask(before);
    if (fd < 0)
        return failed("create");
    if (!write_whole(fd, bytes))
        e = failed("write");
    close(fd);
    /* (not renamed: that would take the place of another) */
    if (!e && linkat(root, fresh, root, p.file, 0) != 0)
        e = errno == EEXIST ? ERR_CONFLICT : failed("link");
    unlinkat(root, fresh, 0);
    /* (also those that were there: another one may have made them just now, and not come to sync them) */
    if (!e && !(sync_directory(p.directory) && sync_directory(p.tenant) && fsync(root) == 0))
        e = failed("fsync");
    return e;
}

static enum err read_part(const struct media_object *o, struct arena *a, size_t from, size_t n,
                          struct str *out)
{
    struct place p;
    enum err e = place_of(o, &p);
    if (e)
        return e;
    int fd = openat(root, p.file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? ERR_NOT_FOUND : failed("open");
    char *bytes = arena_alloc(a, n + 1);
    size_t got = 0;
    while (got < n) {
        ssize_t part = pread(fd, bytes + got, n - got, (off_t)(from + got));
        if (part == 0)
            break;
        if (part < 0 && errno != EINTR) {
            e = failed("read");
            break;
        }
        got += part > 0 ? (size_t)part : 0;
    }
    close(fd);
    *out = (struct str){bytes, e ? 0 : got};
    return e;
}

static enum err take_away(const struct media_object *o, struct arena *a)
{
    struct place p;
    enum err e = place_of(o, &p);
    (void)a;
    if (e)
        return e;
    return unlinkat(root, p.file, 0) == 0 || errno == ENOENT ? OK : failed("remove");
}

/* ---- looking through ---- */

struct look {
    time_t before;
    bool (*take)(void *self, struct str id);
    void *self;
    bool goes_on;
};

/* One file of xx/: what was begun and left is taken away here, for it has no id. */
static void look_at(struct look *l, int fd, const char *name)
{
    struct stat st;
    struct str s = str_of(name);
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
        st.st_mtime > l->before || s.n < UUID_CHARS + 2 || name[UUID_CHARS] != '.')
        return;
    struct str id = str_part(s, 0, UUID_CHARS), end = str_part(s, UUID_CHARS, s.n - UUID_CHARS);
    if (str_is(end, ".new"))
        unlinkat(fd, name, 0);
    else if (is_name(id))
        l->goes_on = l->take(l->self, id);
}

static enum err look_through(struct look *l, const char *path)
{
    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? OK : failed("open");
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return failed("list");
    }
    struct dirent *entry;
    while (l->goes_on && (entry = readdir(d)))
        look_at(l, fd, entry->d_name);
    closedir(d);
    return OK;
}

static enum err each(struct str tenant_id, unsigned shard, long older_seconds,
                     bool (*take)(void *self, struct str id), void *self)
{
    struct look l = {time(NULL) - older_seconds, take, self, true};
    char path[PATH_CHARS];
    if (!is_name(tenant_id) || shard >= MEDIA_SHARDS)
        return ERR_INVALID;
    snprintf(path, sizeof path, "%.36s/%02x", tenant_id.p, shard);
    return look_through(&l, path);
}

static const struct media_store directory = {put, read_part, take_away, each};

const struct media_store *media_directory(const char *dir)
{
    struct stat st;
    if (root >= 0)
        close(root);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "%s: the directory of pictures and files cannot be made: %s; set 'media'\n",
                dir, strerror(errno));
        root = -1;
        return NULL;
    }
    root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || fstat(root, &st) != 0 || (st.st_mode & 07) != 0) {
        fprintf(stderr, "%s: the directory of pictures and files %s\n", dir,
                root < 0 ? "cannot be opened; set 'media'"
                         : "is open to others; run chmod o-rwx on it");
        if (root >= 0)
            close(root);
        root = -1;
        return NULL;
    }
    return &directory;
}
