/* http_fuzz.c -- query strings, forms, cookies, paths and host names from strangers. */
#include "core/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *a;
    struct str in = {(const char *)data, size}, out;
    struct pairs pairs;
    if (!a)
        a = arena_new(256u << 20);
    arena_reset(a);
    /* What is taken must be well-formed; the rest only must not crash. */
    if (http_decode(a, in, true, &out) == OK && !str_utf8_ok(out))
        __builtin_trap();
    if (http_path(a, in, &out) == OK && (out.n == 0 || out.p[0] != '/'))
        __builtin_trap();
    if (http_pairs(a, in, &pairs) == OK && pairs.n > HTTP_MAX_PAIRS)
        __builtin_trap();
    if (http_cookies(a, in, &pairs) == OK && pairs.n > HTTP_MAX_COOKIES)
        __builtin_trap();
    if (http_host(a, in, &out) == OK && out.n > 253)
        __builtin_trap();
    return 0;
}
