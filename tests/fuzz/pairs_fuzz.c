/* pairs_fuzz.c -- query strings and form bodies: what is taken can be written and read again. */
#include "core/http.h"
#include "fuzz.h"

static void again(struct arena *a, const struct pairs *pairs)
{
    struct buf b = buf_in(a, 256);
    struct pairs back;
    for (size_t i = 0; i < pairs->n; i++) {
        buf_addz(&b, i ? "&" : "");
        esc_url(&b, pairs->items[i].name);
        buf_addc(&b, '=');
        esc_url(&b, pairs->items[i].value);
    }
    MUST(http_pairs(a, buf_str(&b), &back) == OK && back.n == pairs->n);
    for (size_t i = 0; i < pairs->n; i++)
        MUST(str_eq(back.items[i].name, pairs->items[i].name) &&
             str_eq(back.items[i].value, pairs->items[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    struct str in = {(const char *)data, size}, out, found;
    struct pairs pairs;

    for (int plus = 0; plus < 2; plus++) {
        if (http_decode(a, in, plus, &out))
            continue;
        struct buf b = buf_in(a, 64);
        struct str back;
        MUST(is_text(out) && out.n <= in.n);
        esc_url(&b, out);
        MUST(http_decode(a, buf_str(&b), plus, &back) == OK && str_eq(back, out));
    }
    if (http_pairs(a, in, &pairs))
        return 0;
    MUST(pairs.n <= HTTP_MAX_PAIRS);
    for (size_t i = 0; i < pairs.n; i++) {
        MUST(is_text(pairs.items[i].name) && is_text(pairs.items[i].value));
        MUST(pairs.items[i].name.n > 0 && pairs.items[i].name.n <= HTTP_MAX_NAME);
        MUST(pairs_get(&pairs, pairs.items[i].name, &found));
    }
    again(a, &pairs);
    return 0;
}
