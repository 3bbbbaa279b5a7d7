/*
 * tombstone.h -- the list of what a restore of an older database must do once more: erasures,
 * opt-outs, keys destroyed. A file outside PostgreSQL, append-only, each line signed and holding the
 * hash of the line before it. Ids and keyed hashes only, never a name or an address.
 * Implementation: cgi-src/features/tombstone.c; docs/backup.md says how a restore uses it.
 */
#ifndef FOYER_TOMBSTONE_H
#define FOYER_TOMBSTONE_H
#include "base.h"

enum { TOMBSTONE_TIME_CHARS = 27 }; /* 2026-11-21T07:30:00.123456Z */

/* One line. kind: client.erase, message.opt_out, message.opt_in, tenant.destroy_key; and of the list of objections
 * (objections_keep) message.object, consent.end. */
struct tombstone {
    uint64_t number; /* 1 for the first */
    const char *time, *kind, *tenant_id, *subject;
};

struct tombstones {
    struct tombstone *items;
    size_t n;
    char last_hash[2 * 32 + 1]; /* of the last line; zeros when there is none */
};

/* Setting `tombstones`, or "tombstones" in the directory of keys. */
const char *tombstones_path(struct arena *a);

/*
 * tombstones_read -- the whole list, every signature and the chain checked.
 * Out:    no lines when there is no file.
 * Errors: ERR_INVALID with a line on stderr naming the line of the file.
 */
enum err MUST_CHECK tombstones_read(struct arena *a, const char *path, struct tombstones *out);

/*
 * tombstone_write -- appends one line, on the disk when this returns, and to the copy in the backup
 * directory where one is set (that it cannot be reached there is a warning: scripts/backup copies it).
 * time: out, what the line says. subject: without blanks.
 */
enum err MUST_CHECK tombstone_write(const char *kind, const char *tenant_id, const char *subject,
                                    char time[TOMBSTONE_TIME_CHARS + 1]);

/* Brings the copy in the backup directory up to date. true as well when none is set. */
bool tombstones_copy(struct arena *a);

/*
 * objections_path -- what clients have taken back, a list of its own that is made from the database: "objections" in the backup
 * directory, or NULL where none is set. objections_kept: the one that a restore has laid beside the tombstones.
 */
const char *objections_path(struct arena *a);
const char *objections_kept(struct arena *a);

/*
 * objections_keep -- appends those of items that the list does not have yet, at once, on the disk when this returns.
 * items:  kind, tenant and subject are set; the rest is filled in.
 * out:    the list as it is then.
 * Errors: ERR_INVALID, ERR_INTERNAL, said on stderr; the list is as it was.
 */
enum err MUST_CHECK objections_keep(struct arena *a, const char *path, struct tombstone *items,
                                    size_t n, struct tombstones *out);

/* What stands for an address in app.suppression: HMAC-SHA256 under a key of the installation. */
void suppression_hash(struct str tenant_id, struct str channel, struct str address,
                      unsigned char out[32]);
#endif
