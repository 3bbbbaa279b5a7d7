/*
 * merkle.c -- the hash tree of RFC 6962, section 2.1.
 * Owns: the two prefixes that keep a leaf from passing for a node.
 * Never: reads or writes anything.
 */
#include "merkle.h"

#include <openssl/evp.h>
#include <stdlib.h>

static void hash(unsigned char prefix, const void *a, size_t a_n, const void *b, size_t b_n,
                 unsigned char out[HASH_BYTES])
{
    static EVP_MD_CTX *ctx; /* these programs have one thread */
    if (!ctx) {
        ctx = EVP_MD_CTX_new();
    }
    if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(ctx, &prefix, 1) != 1 || EVP_DigestUpdate(ctx, a, a_n) != 1 ||
        EVP_DigestUpdate(ctx, b, b_n) != 1 || EVP_DigestFinal_ex(ctx, out, NULL) != 1) {
        abort();
    }
}

void merkle_leaf(struct str data, unsigned char out[HASH_BYTES])
{
    hash(0, data.p, data.n, "", 0, out);
}

/* out may be one of the two. */
static void node(const unsigned char *left, const unsigned char *right,
                 unsigned char out[HASH_BYTES])
{
    hash(1, left, HASH_BYTES, right, HASH_BYTES, out);
}

void merkle_node(const unsigned char left[HASH_BYTES], const unsigned char right[HASH_BYTES],
                 unsigned char out[HASH_BYTES])
{
    node(left, right, out);
}

static bool has(uint64_t size, int height) { return (size >> height) & 1; }

void merkle_add(struct merkle *tree, const unsigned char leaf[HASH_BYTES])
{
    unsigned char up[HASH_BYTES];
    int h = 0;
    memcpy(up, leaf, HASH_BYTES);
    for (; has(tree->size, h); h++) {
        node(tree->node[h], up, up);
    }
    memcpy(tree->node[h], up, HASH_BYTES);
    tree->size++;
}

void merkle_root(const struct merkle *tree, unsigned char out[HASH_BYTES])
{
    bool begun = false;
    for (int h = 0; h < MERKLE_HEIGHT; h++) {
        if (!has(tree->size, h)) {
            continue;
        }
        if (begun) {
            node(tree->node[h], out, out);
        } else {
            memcpy(out, tree->node[h], HASH_BYTES);
            begun = true;
        }
    }
    if (!begun) {
        sha256(S(""), out);
    }
}

struct str merkle_frontier(struct arena *a, const struct merkle *tree)
{
    struct buf b = buf_in(a, 1024);
    for (int h = MERKLE_HEIGHT - 1; h >= 0; h--) {
        if (has(tree->size, h)) {
            buf_add(&b, (struct str){(const char *)tree->node[h], HASH_BYTES});
        }
    }
    return buf_str(&b);
}

enum err merkle_resume(struct merkle *tree, uint64_t size, struct str frontier)
{
    memset(tree, 0, sizeof *tree);
    if (size >> MERKLE_HEIGHT) {
        return ERR_INVALID;
    }
    for (int h = MERKLE_HEIGHT - 1; h >= 0; h--) {
        if (!has(size, h)) {
            continue;
        }
        if (frontier.n < HASH_BYTES) {
            return ERR_INVALID;
        }
        memcpy(tree->node[h], frontier.p, HASH_BYTES);
        frontier = str_part(frontier, HASH_BYTES, frontier.n - HASH_BYTES);
    }
    tree->size = size;
    return frontier.n == 0 ? OK : ERR_INVALID;
}

static void root_of(const unsigned char (*leaves)[HASH_BYTES], uint64_t n,
                    unsigned char out[HASH_BYTES])
{
    struct merkle tree = {0};
    for (uint64_t i = 0; i < n; i++) {
        merkle_add(&tree, leaves[i]);
    }
    merkle_root(&tree, out);
}

size_t merkle_path(const unsigned char (*leaves)[HASH_BYTES], uint64_t n, uint64_t index,
                   unsigned char path[MERKLE_HEIGHT][HASH_BYTES])
{
    if (n <= 1) {
        return 0;
    }
    uint64_t left = 1; /* the largest power of two below n */
    while (left * 2 < n) {
        left *= 2;
    }
    bool is_left = index < left;
    size_t below = is_left ? merkle_path(leaves, left, index, path)
                           : merkle_path(leaves + left, n - left, index - left, path);
    if (is_left) {
        root_of(leaves + left, n - left, path[below]);
    } else {
        root_of(leaves, left, path[below]);
    }
    return below + 1;
}

bool merkle_path_ok(const unsigned char leaf[HASH_BYTES], uint64_t index, uint64_t n,
                    const unsigned char (*path)[HASH_BYTES], size_t length,
                    const unsigned char root[HASH_BYTES])
{
    if (index >= n) {
        return false;
    }
    unsigned char up[HASH_BYTES];
    uint64_t place = index, last = n - 1;
    memcpy(up, leaf, HASH_BYTES);
    for (size_t i = 0; i < length; i++) {
        if (last == 0) {
            return false;
        }
        if (place % 2 == 1 || place == last) {
            node(path[i], up, up);
            while (place % 2 == 0 && place > 0) {
                place /= 2;
                last /= 2;
            }
        } else {
            node(up, path[i], up);
        }
        place /= 2;
        last /= 2;
    }
    return last == 0 && memcmp(up, root, HASH_BYTES) == 0;
}
