/*
 * audit_proof.h -- proofs that rows of the trail were sealed, made inside a request or a job: between
 * audit_proof.c, which makes them, and the page of one row and the copies of the trail.
 */
#ifndef FOYER_AUDIT_PROOF_H
#define FOYER_AUDIT_PROOF_H
#include "seal.h"
#include "web.h"

/* PROOF_LONG: the tree is larger than a page may read. */
enum proof_end { PROOF_GOOD, PROOF_WAITS, PROOF_LONG, PROOF_BROKEN };

/* The newest head of the business's tree and all hashes under it. */
struct tree {
    struct str tenant_id, root, time, key_id, signature; /* root, signature: hex */
    uint64_t size;
    unsigned char (*leaves)[HASH_BYTES];
};

/*
 * tree_read -- the newest head, compared with its signature, and its leaves, compared with its root.
 * Out:    *end: PROOF_GOOD; PROOF_WAITS when there is no head yet; PROOF_LONG past `most` leaves;
 *         PROOF_BROKEN when they do not fit.
 * Errors: those of the statements.
 */
enum err MUST_CHECK tree_read(struct req *r, uint64_t most, struct tree *t, enum proof_end *end);

/* The leaf of the row whose SEAL_FIELDS texts are the first columns of a result. false: it is not the
 * one that was sealed at this index. */
bool tree_has_row(struct req *r, const struct tree *t, const struct rows *rows, size_t row,
                  uint64_t index);

struct proof {
    enum proof_end end;
    struct str text; /* the lines of `foyer audit proof` */
    struct str size, time, key_id;
};
/* Of the row :event_id, against the newest head. Errors: those of the statements. */
enum err MUST_CHECK proof_of_event(struct req *r, struct proof *out);

#endif
