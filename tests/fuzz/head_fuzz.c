/*
 * head_fuzz.c -- the head of a request: cookies, the path and the page it leads to, the host, an
 * address to go on to, and the other spellings that tokens and numbers come in.
 */
#include "core/form.h"
#include "core/gate.h"
#include "core/route.h"
#include "crypto.h"
#include "features/features.h"
#include "fuzz.h"

static void path_leads(struct arena *a, struct str path)
{
    struct pairs params;
    bool other;
    for (int host = REALM_STUDIO; host <= REALM_SITE; host++) {
        const struct page *get =
            route_find(all_features, (enum realm)host, GET, path, a, &params, &other);
        if (!get)
            continue;
        /* What a page is told by its path fits between two slashes, and has no byte that SQL, a
         * header or a file name would have to fear. */
        for (size_t i = 0; i < params.n; i++) {
            struct str v = params.items[i].value;
            MUST(v.n > 0 && v.n <= 128 && params.n <= 16);
            for (size_t k = 0; k < v.n; k++)
                MUST((v.p[k] >= '0' && v.p[k] <= '9') || (v.p[k] >= 'a' && v.p[k] <= 'z') ||
                     (v.p[k] >= 'A' && v.p[k] <= 'Z') || v.p[k] == '-' || v.p[k] == '_' ||
                     v.p[k] == '+');
        }
    }
}

static void path(struct arena *a, struct str in)
{
    struct str out;
    if (http_path(a, in, &out))
        return;
    MUST(out.n > 0 && out.n <= HTTP_MAX_PATH && out.p[0] == '/' && is_text(out));
    struct str rest = str_part(out, 1, out.n - 1);
    while (rest.n > 0) {
        struct str segment = str_cut(&rest, '/');
        MUST(segment.n > 0 && !str_is(segment, ".") && !str_is(segment, ".."));
    }
    for (size_t i = 0; i < out.n; i++)
        MUST((unsigned char)out.p[i] >= ' ' && out.p[i] != 0x7f && out.p[i] != '\\');
    path_leads(a, out);
}

/* Wherever a redirect is told to go, it stays in the house and in its line. */
static void redirect(struct arena *a, struct str in)
{
    struct req r = {.arena = a};
    MUST(reply_redirect(&r, in) == OK && r.reply.status == 303);
    struct str at = r.reply.location;
    MUST(at.n > 0 && at.p[0] == '/' && (at.n == 1 || (at.p[1] != '/' && at.p[1] != '\\')));
    for (size_t i = 0; i < at.n; i++)
        MUST((unsigned char)at.p[i] > ' ' && (unsigned char)at.p[i] < 0x7f);
}

static void spellings(struct arena *a, struct str in)
{
    struct str raw;
    int64_t n;
    if (unesc_base64url(a, in, &raw) == OK) {
        struct buf b = buf_in(a, 64);
        struct str back;
        esc_base64url(&b, raw);
        MUST(unesc_base64url(a, buf_str(&b), &back) == OK && str_eq(back, raw));
    }
    if (str_int(in, &n) == OK) {
        int64_t back;
        MUST(str_int(arena_printf(a, "%lld", (long long)n), &back) == OK && back == n);
    }
    if (uuid_ok(in))
        MUST(in.n == 36 && is_text(in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    struct str in = {(const char *)data, size}, out;
    struct pairs cookies;

    path(a, in);
    redirect(a, in);
    spellings(a, in);
    if (http_cookies(a, in, &cookies) == OK) {
        MUST(cookies.n <= HTTP_MAX_COOKIES);
        for (size_t i = 0; i < cookies.n; i++) {
            MUST(cookies.items[i].name.n > 0 && cookies.items[i].name.n <= HTTP_MAX_NAME);
            MUST(is_text(cookies.items[i].value) &&
                 !memchr(cookies.items[i].value.p, ';', cookies.items[i].value.n));
        }
    }
    if (http_host(a, in, &out) == OK) {
        struct str back;
        MUST(out.n > 0 && out.n <= 253);
        for (size_t i = 0; i < out.n; i++)
            MUST((out.p[i] >= 'a' && out.p[i] <= 'z') || (out.p[i] >= '0' && out.p[i] <= '9') ||
                 out.p[i] == '-' || out.p[i] == '.');
        MUST(http_host(a, out, &back) == OK && str_eq(back, out));
    }
    return 0;
}
