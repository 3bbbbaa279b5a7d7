/*
 * merkle_test.c -- the tree is that of RFC 6962.
 * Known answers: the vectors of the reference implementation of Certificate Transparency.
 */
#include "merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct str inputs[] = {
    {"", 0},         {"\x00", 1},
    {"\x10", 1},     {"\x20\x21", 2},
    {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
    {"PQRSTUVW", 8}, {"`abcdefghijklmno", 16},
};

static const char *const roots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void assert_hex(const unsigned char got[HASH_BYTES], const char *want)
{
    char text[HASH_BYTES * 2 + 1];
    for (size_t i = 0; i < HASH_BYTES; i++) {
        snprintf(text + i * 2, 3, "%02x", got[i]);
    }
    assert_string_equal(text, want);
}

static void test_roots(void **state)
{
    (void)state;
    unsigned char got[HASH_BYTES];
    struct merkle tree = {0};
    merkle_root(&tree, got);
    assert_hex(got, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < COUNT_OF(inputs); i++) {
        unsigned char leaf[HASH_BYTES];
        merkle_leaf(inputs[i], leaf);
        merkle_add(&tree, leaf);
        merkle_root(&tree, got);
        assert_hex(got, roots[i]);
    }
}

enum { MOST = 70 };

static void numbered_leaves(unsigned char leaves[MOST][HASH_BYTES])
{
    for (size_t i = 0; i < MOST; i++) {
        char byte = (char)i;
        merkle_leaf((struct str){&byte, 1}, leaves[i]);
    }
}

static void test_paths(void **state)
{
    (void)state;
    unsigned char leaves[MOST][HASH_BYTES], path[MERKLE_HEIGHT][HASH_BYTES], root[HASH_BYTES];
    numbered_leaves(leaves);
    struct merkle tree = {0};
    for (size_t n = 1; n <= MOST; n++) {
        merkle_add(&tree, leaves[n - 1]);
        merkle_root(&tree, root);
        for (size_t i = 0; i < n; i++) {
            size_t length = merkle_path(leaves, n, i, path);
            assert_true(merkle_path_ok(leaves[i], i, n, path, length, root));
            assert_false(merkle_path_ok(leaves[i], i + 1, n, path, length, root));
            assert_false(merkle_path_ok(leaves[(i + 1) % MOST], i, n, path, length, root));
            if (length > 0) {
                assert_false(merkle_path_ok(leaves[i], i, n, path, length - 1, root));
                path[length - 1][0] ^= 1;
                assert_false(merkle_path_ok(leaves[i], i, n, path, length, root));
            }
        }
    }
}

static void test_frontier(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    unsigned char leaves[MOST][HASH_BYTES], want[HASH_BYTES], got[HASH_BYTES];
    numbered_leaves(leaves);
    struct merkle whole = {0}, resumed = {0};
    for (size_t i = 0; i < MOST; i++) {
        struct str edge = merkle_frontier(a, &resumed);
        assert_int_equal(merkle_resume(&resumed, i, edge), OK);
        merkle_add(&whole, leaves[i]);
        merkle_add(&resumed, leaves[i]);
        merkle_root(&whole, want);
        merkle_root(&resumed, got);
        assert_memory_equal(got, want, HASH_BYTES);
    }
    struct str edge = merkle_frontier(a, &whole);
    assert_int_equal(merkle_resume(&resumed, MOST + 1, edge), ERR_INVALID);
    assert_int_equal(merkle_resume(&resumed, MOST, str_part(edge, 0, edge.n - 1)), ERR_INVALID);
    assert_int_equal(merkle_resume(&resumed, UINT64_MAX, edge), ERR_INVALID);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_frontier),
    };
    return cmocka_run_group_tests_name("merkle A-05", tests, NULL, NULL);
}
