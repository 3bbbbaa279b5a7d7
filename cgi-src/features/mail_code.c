/*
 * mail_code.c -- six digits by e-mail (mail_code.h).
 * Owns: making a code, its MAC, its letter, what is said of a wrong one. Never: keeps a code, or leaves it among the request's values.
 */
#include "mail_code.h"

#include "crypto.h"
#include "outbox.h"

struct str mail_code_new(struct arena *a)
{
    uint32_t n;
    do
        random_bytes(&n, sizeof n);
    while (n >= UINT32_MAX - UINT32_MAX % 1000000);
    return arena_printf(a, "%06u", n % 1000000);
}

struct str mail_code_digits(struct arena *a, struct str typed)
{
    struct buf b = buf_in(a, 16);
    for (size_t i = 0; i < typed.n && i < 40; i++)
        if (typed.p[i] >= '0' && typed.p[i] <= '9')
            buf_addc(&b, typed.p[i]);
    return buf_str(&b);
}

void mail_code_set_mac(struct req *r, const char *purpose, struct str subject, struct str code)
{
    unsigned char key[KEY_BYTES], out[HASH_BYTES];
    struct str tenant = req_value(r, "tenant_id");
    struct str text = arena_printf(req_arena(r), "%.*s\n%.*s\n%.*s", (int)tenant.n, tenant.p,
                                   (int)subject.n, subject.p, (int)code.n, code.p);
    purpose_key(purpose, key);
    hmac_sha256((struct str){(char *)key, KEY_BYTES}, text, out);
    secret_wipe(key, sizeof key);
    req_set_bytes(r, "code_mac", arena_str(req_arena(r), (struct str){(char *)out, HASH_BYTES}));
}

bool mail_code_set_letter(struct req *r, const char *view, struct str code)
{
    struct arena *a = req_arena(r);
    struct str id = uuid_new(a), sealed, subject;
    req_set(r, "code_sent", code);
    struct str text = req_render(r, view);
    req_set(r, "code_sent", S(""));
    if (!outbox_take_subject(&text, &subject) ||
        req_seal_own(r, "app.message", "body_sealed", id, text, &sealed))
        return false;
    req_set(r, "message_id", id);
    req_set(r, "subject", subject);
    req_set_bytes(r, "body_sealed", sealed);
    req_set(r, "dedupe_key", arena_printf(a, "code-%.*s", (int)id.n, id.p));
    return true;
}

void mail_code_refuse(struct req *r, int64_t tries_left, const char *over_field, const char *over)
{
    struct arena *a = req_arena(r);
    if (tries_left > 0)
        req_refuse(r, "code",
                   arena_cstr(a, arena_printf(a,
                                              "This is not the code that we sent. You can try "
                                              "%lld more time%s.",
                                              (long long)tries_left, tries_left == 1 ? "" : "s")));
    else
        req_refuse(r, over_field, over);
}
