/*
 * seal.h -- sealing the audit trail: rows become leaves of a Merkle tree a tenant, trees get signed
 * heads (SECURITY.md ). Implementation: cgi-src/features/seal.c, seal_key.c.
 */
#ifndef FOYER_SEAL_H
#define FOYER_SEAL_H
#include <libpq-fe.h>

#include "merkle.h"

enum { SEAL_BATCH = 5000, SEAL_FIELDS = 18, SIGNATURE_BYTES = 64, SEAL_KEY_ID_CHARS = 16 };

struct sealer;
/* Does not connect yet. The settings must be loaded. */
struct sealer *sealer_new(void);
void sealer_free(struct sealer *s);
/*
 * sealer_run -- seals what is committed, some batches at most.
 * Out:    *sealed: rows.
 * Errors: ERR_UNAVAILABLE, ERR_INTERNAL: logged; nothing of the failed batch stays, a later call
 *         takes up where this one ended.
 */
enum err MUST_CHECK sealer_run(struct sealer *s, size_t *sealed);

/* Whether the file of heads outside is there, and this process may not write it: the sandbox was made
 * when it was not. Whoever runs the sealer starts it anew. */
bool sealer_is_shut_out(const struct sealer *s);

/* The leaf of the row whose SEAL_FIELDS texts are the first columns of a result's row: all of them
 * and its index, each behind its length (4 bytes, big-endian; 0xFFFFFFFF: NULL). */
void seal_leaf(struct arena *a, const PGresult *res, int row, uint64_t index,
               unsigned char out[HASH_BYTES]);
/* The same of texts; one whose p is NULL is NULL. */
void seal_leaf_of(struct arena *a, const struct str fields[SEAL_FIELDS], uint64_t index,
                  unsigned char out[HASH_BYTES]);

/* ---- keys and heads ---- */

/* What is signed: "foyer-sth-v1\nTENANT\nSIZE\nROOT\nTIME\n", root in hex. */
struct str seal_head_text(struct arena *a, const char *tenant_id, uint64_t size, const char *root,
                          const char *time);
/* Reads the signing key, sealer.key beside the master key; makes one on first use. Its public half
 * is kept as seal-KEY_ID.pub in the directory of keys, for ever. Errors: a line on stderr. */
enum err MUST_CHECK seal_key_open(void);
const char *seal_key_id(void);
void seal_sign(struct str text, unsigned char signature[SIGNATURE_BYTES]);
/* false as well when the key of that id is unknown. */
bool seal_signature_ok(const char *key_id, struct str text, struct str signature);
/* The same with the public key in a file; false as well when it is not the key of that id. */
bool seal_signature_ok_by(const char *pem, const char *key_id, struct str text,
                          struct str signature);

/* File of heads: setting heads_file, or "heads" in the directory of keys. A line a head:
 * "TENANT SIZE ROOT TIME KEY_ID SIGNATURE", the last and ROOT in hex. */
const char *seal_heads_path(struct arena *a);

struct str seal_hex(struct arena *a, const void *bytes, size_t n);
/* Exactly n bytes of hex digits, or false. */
bool seal_unhex(struct str hex, unsigned char *out, size_t n);
#endif
