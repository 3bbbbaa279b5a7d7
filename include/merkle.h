/*
 * merkle.h -- the hash tree of RFC 6962, section 2.1: leaves, roots, inclusion proofs.
 * Owns: nothing. Implementation: cgi-src/core/merkle.c; tests/unit/merkle_test.c.
 * Never: knows what is in a leaf.
 */
#ifndef FOYER_MERKLE_H
#define FOYER_MERKLE_H
#include "crypto.h"

enum { MERKLE_HEIGHT = 63 }; /* a tree of so many levels holds more than there will ever be */

/* A growing tree: all that is needed to add leaves and to know the root. Zero: the empty tree. */
struct merkle {
    uint64_t size;
    /* [h]: root of the perfect subtree of 2^h leaves, when bit h of size is set. */
    unsigned char node[MERKLE_HEIGHT][HASH_BYTES];
};

/* SHA-256(0x00 | data). */
void merkle_leaf(struct str data, unsigned char out[HASH_BYTES]);
/* SHA-256(0x01 | left | right). */
void merkle_node(const unsigned char left[HASH_BYTES], const unsigned char right[HASH_BYTES],
                 unsigned char out[HASH_BYTES]);
void merkle_add(struct merkle *tree, const unsigned char leaf[HASH_BYTES]);
/* Of the empty tree: SHA-256 of nothing. */
void merkle_root(const struct merkle *tree, unsigned char out[HASH_BYTES]);

/* The tree as bytes: its nodes, largest first. ERR_INVALID when they do not fit the size. */
struct str merkle_frontier(struct arena *a, const struct merkle *tree);
enum err MUST_CHECK merkle_resume(struct merkle *tree, uint64_t size, struct str frontier);

/* Inclusion proof of leaf `index` among n leaves, from the leaf upwards. Returns its length. */
size_t merkle_path(const unsigned char (*leaves)[HASH_BYTES], uint64_t n, uint64_t index,
                   unsigned char path[MERKLE_HEIGHT][HASH_BYTES]);
/* Whether the path leads from the leaf to the root. */
bool merkle_path_ok(const unsigned char leaf[HASH_BYTES], uint64_t index, uint64_t n,
                    const unsigned char (*path)[HASH_BYTES], size_t length,
                    const unsigned char root[HASH_BYTES]);
#endif
