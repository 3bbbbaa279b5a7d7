/* multipart_fuzz.c -- bodies of multipart/form-data from strangers. */
#include "core/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *a;
    struct str body = {(const char *)data, size};
    struct pairs fields;
    struct uploads files;
    if (!a)
        a = arena_new(256u << 20);
    arena_reset(a);
    if (http_multipart(a, S("multipart/form-data; boundary=XX"), body, &fields, &files) == OK)
        for (size_t i = 0; i < files.n; i++)
            if (files.items[i].bytes.p < body.p ||
                files.items[i].bytes.p + files.items[i].bytes.n > body.p + body.n)
                __builtin_trap();
    return 0;
}
