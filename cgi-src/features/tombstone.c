/*
 * tombstone.c -- the lists of erasures, opt-outs and objections outside the database (include/tombstone.h).
 * Owns: the files, the copy in the backup directory, and what a line is made of, for ever.
 * Never: changes or removes a line.
 */
#include "tombstone.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "crypto.h"
#include "log.h"
#include "seal.h"

enum { WORDS = 8 };
static const char no_line[] = "0000000000000000000000000000000000000000000000000000000000000000";

const char *tombstones_path(struct arena *a)
{
    const char *set = config_text("tombstones");
    return *set ? set : arena_cstr(a, arena_printf(a, "%s/tombstones", config_text("keys")));
}

/* ---- a line: NUMBER TIME KIND TENANT SUBJECT HASH_BEFORE KEY_ID SIGNATURE ---- */

static struct str signed_text(struct arena *a, const struct tombstone *t, const char *before)
{
    return arena_printf(a, "foyer-tombstone-v1\n%" PRIu64 " %s %s %s %s %s\n", t->number, t->time,
                        t->kind, t->tenant_id, t->subject, before);
}

static void line_hash(struct arena *a, struct str line, char out[2 * HASH_BYTES + 1])
{
    unsigned char hash[HASH_BYTES];
    sha256(line, hash);
    struct str hex = seal_hex(a, hash, sizeof hash);
    memcpy(out, hex.p, hex.n);
    out[hex.n] = '\0';
}

/* What is wrong with the line that follows the others, or NULL. */
static const char *parse(struct arena *a, struct str line, struct tombstones *list,
                         struct tombstone *t)
{
    const char *words[WORDS];
    struct str rest = line;
    for (size_t i = 0; i < WORDS; i++)
        words[i] = arena_cstr(a, str_cut(&rest, ' '));
    int64_t number;
    unsigned char signature[SIGNATURE_BYTES];
    if (rest.n > 0 || str_int(str_of(words[0]), &number) != OK || !uuid_ok(str_of(words[3])) ||
        !seal_unhex(str_of(words[7]), signature, sizeof signature))
        return "is no line of this list";
    *t = (struct tombstone){(uint64_t)number, words[1], words[2], words[3], words[4]};
    if (t->number != list->n + 1 || strcmp(words[5], list->last_hash) != 0)
        return "does not follow the line before it: a line was removed, changed or exchanged";
    if (!seal_signature_ok(words[6], signed_text(a, t, words[5]),
                           (struct str){(const char *)signature, sizeof signature}))
        return "was not signed by this installation";
    return NULL;
}

enum err tombstones_read(struct arena *a, const char *path, struct tombstones *out)
{
    *out = (struct tombstones){0};
    memcpy(out->last_hash, no_line, sizeof no_line);
    FILE *f = fopen(path, "re");
    if (!f && errno == ENOENT)
        return OK;
    if (!f) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return ERR_INVALID;
    }
    char *line = NULL;
    size_t cap = 0, room = 0;
    ssize_t n;
    const char *wrong = NULL;
    while (!wrong && (n = getline(&line, &cap, f)) > 0) {
        if (line[n - 1] != '\n')
            break; /* a power cut while it was written: never confirmed to anybody */
        if (out->n == room) {
            room = room ? room * 2 : 256;
            struct tombstone *more = arena_alloc(a, room * sizeof *more);
            if (out->n > 0)
                memcpy(more, out->items, out->n * sizeof *more);
            out->items = more;
        }
        struct str text = {line, (size_t)n - 1};
        wrong = parse(a, text, out, &out->items[out->n]);
        if (wrong)
            fprintf(stderr, "%s:%zu: %s\n", path, out->n + 1, wrong);
        line_hash(a, text, out->last_hash);
        out->n++;
    }
    if (!wrong && ferror(f)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        wrong = "";
    }
    free(line);
    fclose(f);
    return wrong ? ERR_INVALID : OK;
}

/* ---- writing ---- */

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t did = write(fd, p, n);
        if (did < 0 && errno != EINTR)
            return false;
        if (did > 0) {
            p += did;
            n -= (size_t)did;
        }
    }
    return fsync(fd) == 0;
}

static void now_text(char out[TOMBSTONE_TIME_CHARS + 1])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(out, TOMBSTONE_TIME_CHARS + 1, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + n, TOMBSTONE_TIME_CHARS + 1 - n, ".%06ldZ", (now.tv_nsec / 1000) % 1000000);
}

static bool sync_directory(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dir = slash ? arena_cstr(a, (struct str){path, (size_t)(slash - path)}) : ".";
    int fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* Half a line at the end, from a power cut, is cut off: nobody was told that it is there. */
static bool cut_half_line(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    off_t end = st.st_size;
    char c;
    while (end > 0 && pread(fd, &c, 1, end - 1) == 1 && c != '\n')
        end--;
    return end == st.st_size || ftruncate(fd, end) == 0;
}

/* Adds the items that the list lacks to the file at its end, in one piece, and to the list. */
static enum err append(struct arena *a, int fd, const char *path, struct tombstone *items, size_t n,
                       struct tombstones *list)
{
    struct buf lines = buf_in(a, 1024);
    for (size_t i = 0; i < n; i++) {
        struct tombstone *t = &items[i];
        t->number = ++list->n;
        unsigned char signature[SIGNATURE_BYTES];
        seal_sign(signed_text(a, t, list->last_hash), signature);
        struct str hex = seal_hex(a, signature, sizeof signature);
        struct str line = arena_printf(a, "%" PRIu64 " %s %s %s %s %s %s %.*s", t->number, t->time,
                                       t->kind, t->tenant_id, t->subject, list->last_hash,
                                       seal_key_id(), (int)hex.n, hex.p);
        line_hash(a, line, list->last_hash);
        buf_add(&lines, line);
        buf_addc(&lines, '\n');
    }
    struct str text = buf_str(&lines);
    if (!write_all(fd, text.p, text.n) || !sync_directory(a, path)) {
        fprintf(stderr, "%s: cannot be written: %s; nothing was done\n", path, strerror(errno));
        return ERR_INTERNAL;
    }
    return OK;
}

/* Opens a list for adding to it, alone, and reads it. Returns the file, or -1 with a line on stderr. */
static int open_list(struct arena *a, const char *path, struct tombstones *list)
{
    if (seal_key_open() != OK)
        return -1;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        fprintf(stderr, "%s: %s; nothing was done\n", path, strerror(errno));
    else if (cut_half_line(fd) && tombstones_read(a, path, list) == OK)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

enum err tombstone_write(const char *kind, const char *tenant_id, const char *subject,
                         char time[TOMBSTONE_TIME_CHARS + 1])
{
    struct arena *a = arena_new(256 << 20);
    const char *path = tombstones_path(a);
    struct tombstones list;
    int fd = open_list(a, path, &list);
    enum err e = ERR_INTERNAL;
    if (fd >= 0) {
        now_text(time); /* under the lock, so that the list is in the order of time */
        struct tombstone t = {
            .time = time, .kind = kind, .tenant_id = tenant_id, .subject = subject};
        e = append(a, fd, path, &t, 1, &list);
        close(fd);
    }
    if (!e && !tombstones_copy(a))
        fprintf(stderr,
                "foyer: the list of tombstones could not be copied to %s; scripts/backup does "
                "it again\n",
                config_text("backup_dir"));
    arena_free(a);
    return e;
}

/* ---- objections ---- */

const char *objections_path(struct arena *a)
{
    const char *dir = config_text("backup_dir");
    return *dir ? arena_cstr(a, arena_printf(a, "%s/objections", dir)) : NULL;
}

const char *objections_kept(struct arena *a)
{
    const char *path = tombstones_path(a), *slash = strrchr(path, '/');
    int n = slash ? (int)(slash - path) + 1 : 0;
    return arena_cstr(a, arena_printf(a, "%.*sobjections", n, path));
}

static int by_subject(const void *left, const void *right)
{
    const struct tombstone *x = left, *y = right;
    int order = strcmp(x->subject, y->subject);
    return order ? order : strcmp(x->kind, y->kind);
}

enum err objections_keep(struct arena *a, const char *path, struct tombstone *items, size_t n,
                         struct tombstones *out)
{
    int fd = open_list(a, path, out);
    if (fd < 0)
        return ERR_INTERNAL;
    struct tombstone *known = arena_alloc(a, (out->n + 1) * sizeof *known);
    size_t n_new = 0;
    char time[TOMBSTONE_TIME_CHARS + 1];
    if (out->n > 0)
        memcpy(known, out->items, out->n * sizeof *known);
    qsort(known, out->n, sizeof *known, by_subject);
    now_text(time);
    /* (a subject names a client, and so her tenant) */
    for (size_t i = 0; i < n; i++)
        if (!bsearch(&items[i], known, out->n, sizeof *known, by_subject)) {
            items[n_new] = items[i];
            items[n_new++].time = time;
        }
    enum err e = n_new > 0 ? append(a, fd, path, items, n_new, out) : OK;
    close(fd);
    return e;
}

static bool read_all(struct arena *a, int fd, struct str *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    char *p = arena_alloc(a, (size_t)st.st_size + 1);
    size_t n = 0;
    ssize_t got;
    while (n < (size_t)st.st_size && (got = pread(fd, p + n, (size_t)st.st_size - n, (off_t)n)) > 0)
        n += (size_t)got;
    *out = (struct str){p, n};
    return n == (size_t)st.st_size;
}

bool tombstones_copy(struct arena *a)
{
    const char *dir = config_text("backup_dir");
    if (!*dir)
        return true;
    const char *to = arena_cstr(a, arena_printf(a, "%s/tombstones", dir));
    int from = open(tombstones_path(a), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return errno == ENOENT;
    int fd = open(to, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct str ours, theirs;
    bool good = fd >= 0 && flock(fd, LOCK_EX) == 0 && cut_half_line(fd) &&
                read_all(a, from, &ours) && read_all(a, fd, &theirs);
    if (good && (theirs.n > ours.n || memcmp(theirs.p, ours.p, theirs.n) != 0)) {
        log_error("tombstones.differ", "copy", to, NULL);
        good = false;
    }
    good = good && write_all(fd, ours.p + theirs.n, ours.n - theirs.n);
    close(from);
    if (fd >= 0)
        close(fd);
    return good;
}

void suppression_hash(struct str tenant_id, struct str channel, struct str address,
                      unsigned char out[HASH_BYTES])
{
    struct arena *a = arena_new(1 << 16);
    unsigned char key[KEY_BYTES];
    struct buf b = buf_in(a, 512);
    buf_printf(&b, "%.*s|%.*s|", (int)tenant_id.n, tenant_id.p, (int)channel.n, channel.p);
    address = str_trim(address);
    for (size_t i = 0; i < address.n; i++) {
        char c = address.p[i];
        buf_addc(&b, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    purpose_key("suppression", key);
    hmac_sha256((struct str){(const char *)key, sizeof key}, buf_str(&b), out);
    secret_wipe(key, sizeof key);
    arena_free(a);
}
