/*
 * media.h -- where the bytes of pictures and documents lie: sealed objects in a store outside the database.
 * The store knows names and bytes, nothing else; a directory today, any S3-compatible service behind the same four calls.
 * What is put there is sealed before, in segments of 64 KiB, under a key of the object's own (SECURITY.md S-36). That key is
 * kept in the database, sealed under the client's (column key_sealed): who erases her key erases her pictures.
 */
#ifndef FOYER_MEDIA_H
#define FOYER_MEDIA_H
#include "crypto.h"

enum { MEDIA_SHARDS = 256 };

/* Which bytes of a row of app.media: what is shown whole, and the small picture beside a name. */
enum media_part { MEDIA_WHOLE, MEDIA_SMALL };

/* Whose: tenant and id as uuids in lower case. Nothing else of anybody is in a name. */
struct media_object {
    struct str tenant_id, id;
    enum media_part part;
};

/*
 * A store. put: all of it under this name, on the disk when it returns OK, or nothing; an object is written once (ERR_CONFLICT).
 * read: n bytes from `from` on, fewer at the end; ERR_NOT_FOUND. remove: OK too when it is not there.
 * each: of one of the MEDIA_SHARDS into which a tenant's objects are spread, the ids of those, whatever their part, that are older than
 * so many seconds, to `take` until it says false.
 * All: ERR_UNAVAILABLE, logged, when the store is full or away.
 */
struct media_store {
    enum err (*put)(const struct media_object *o, struct arena *a, struct str bytes);
    enum err (*read)(const struct media_object *o, struct arena *a, size_t from, size_t n,
                     struct str *out);
    enum err (*remove)(const struct media_object *o, struct arena *a);
    enum err (*each)(struct str tenant_id, unsigned shard, long older_seconds,
                     bool (*take)(void *self, struct str id), void *self);
};

/* The directory `dir`, made for this user alone where it is not there. NULL, with a line on standard error: it cannot be used.
 * Before sandbox_enter, which must list it among `write`. */
const struct media_store *media_directory(const char *dir);
/* The store of this process; NULL: it has none. */
const struct media_store *media_store(void);

/* ---- sealed objects ---- */

enum { MEDIA_SEGMENT = 64 * 1024 };

/* Seals plain under the object's own key and puts it. Errors: those of put. */
enum err MUST_CHECK media_put(const struct media_store *s, struct arena *a,
                              const unsigned char key[KEY_BYTES], const struct media_object *o,
                              struct str plain);
/*
 * media_stored_hash -- SHA-256 of the sealed object as it lies in the store: who has no key can still say whether it is the same.
 * Errors: those of read.
 */
enum err MUST_CHECK media_stored_hash(const struct media_store *s, struct arena *a,
                                      const struct media_object *o, unsigned char hash[HASH_BYTES]);
/*
 * media_read -- n bytes of the content from `from` on; total: all it has, as the database says.
 * Errors: ERR_NOT_FOUND: not in the store; ERR_INVALID: altered, cut short, put together in another order, of another
 * object, under another key, or not of that length: nothing at all is given then. from + n past total: ERR_INVALID.
 */
enum err MUST_CHECK media_read(const struct media_store *s, struct arena *a,
                               const unsigned char key[KEY_BYTES], const struct media_object *o,
                               size_t total, size_t from, size_t n, struct str *plain);

/* ---- what a run function may do (cgi-src/core/media_req.c) ---- */

struct req;
struct rows;
struct picture;

/*
 * req_picture -- makes a file that was sent anew as a picture (picture.h).
 * Errors: ERR_INVALID with words for people in *why; ERR_UNAVAILABLE: there is no decoder just now.
 */
enum err MUST_CHECK req_picture(struct req *r, struct str file, struct picture *p, const char **why);
/*
 * req_media_put -- keeps a client's file under the new id `media_id` and sets what its row has of it: media_id, media_bytes,
 * media_small_bytes, key_sealed, sha256_sealed; and stored_sha256, of the sealed object. small: "" for none. The row must be written in this transaction; where it is
 * not, the file is an orphan, which the sweep takes. ERR_GONE: she was erased.
 */
enum err MUST_CHECK req_media_put(struct req *r, struct str client_id, struct str whole, struct str small);
/*
 * req_media_read -- the content of the file that row 0 names by id, key_sealed, bytes and small_bytes.
 * ERR_NOT_FOUND: it is not in the store (after a restore: younger than the backup), or she was erased; ERR_INTERNAL: it is damaged.
 */
enum err MUST_CHECK req_media_read(struct req *r, const struct rows *row, enum media_part part, struct str *plain);

#endif
