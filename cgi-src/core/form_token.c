/*
 * form_token.c -- a form may be sent only from a page that we made for the same person.
 * Owns: the form token (hidden field csrf) and the check of Origin and Sec-Fetch-Site.
 * Source: SECURITY.md S-09; PROMISES.md L36. The token is a MAC over host, binding and time, so
 * nothing is stored; binding is the session, the link's cookie, or the form cookie of /demo.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto.h"
#include "gate.h"

enum { TOKEN_LIFE = 24 * 3600, MAC_BYTES = 24 };

static struct str mac(struct req *r, struct str binding, const char stamp[17])
{
    unsigned char key[KEY_BYTES], out[HASH_BYTES];
    purpose_key("form-token", key);
    struct str text = arena_printf(r->arena, "%.*s\n%.*s\n%s", (int)r->host.n, r->host.p,
                                   (int)binding.n, binding.p, stamp);
    hmac_sha256((struct str){(char *)key, KEY_BYTES}, text, out);
    secret_wipe(key, sizeof key);
    struct buf b = buf_in(r->arena, 64);
    esc_base64url(&b, (struct str){(char *)out, MAC_BYTES});
    return buf_str(&b);
}

void form_token_bind(struct req *r, const struct page *page)
{
    if (page->form_cookie && page->door != DOOR_STAFF) {
        r->form_binding = req_cookie(r, "__Host-form");
        if (r->form_binding.n == 0 && page->method == GET) {
            r->form_binding = token_new(r->arena);
            reply_cookie(r, "__Host-form", r->form_binding, "/", 0, true);
        }
    } else if (page->door == DOOR_STAFF) {
        r->form_binding = session_token(r);
    } else if (page_is_by_link(page)) {
        r->form_binding = link_token(r);
    } else {
        r->form_binding = S("public");
    }
}

struct str form_token_new(struct req *r)
{
    char stamp[17];
    snprintf(stamp, sizeof stamp, "%llx", (unsigned long long)time(NULL));
    struct str m = mac(r, r->form_binding, stamp);
    return arena_printf(r->arena, "%s.%.*s", stamp, (int)m.n, m.p);
}

/* Whether the token was made for this session, also before it was given another token (entry_turned):
 * a form that was open meanwhile is still hers. */
static bool is_made_for(struct req *r, const char stamp[17], struct str given)
{
    if (secret_eq(mac(r, r->form_binding, stamp), given))
        return true;
    if (r->page->form_cookie && req_cookie(r, "__Host-form").n > 0 &&
        secret_eq(mac(r, req_cookie(r, "__Host-form"), stamp), given))
        return true;
    struct str before = r->page->door == DOOR_STAFF ? req_cookie(r, "__Host-was") : S("");
    for (int n = 0; n < 4 && before.n > 0; n++) {
        struct str one = str_cut(&before, '.');
        if (one.n > 0 && secret_eq(mac(r, one, stamp), given))
            return true;
    }
    return false;
}

enum err form_token_check(struct req *r)
{
    struct str sent = S("");
    if (r->form_binding.n == 0 || !pairs_get(&r->posted, S("csrf"), &sent))
        return ERR_FORBIDDEN;
    struct str given = sent, stamp_text = str_cut(&given, '.');
    if (stamp_text.n == 0 || stamp_text.n > 16)
        return ERR_FORBIDDEN;
    char stamp[17] = {0};
    memcpy(stamp, stamp_text.p, stamp_text.n);
    char *end;
    long long made = strtoll(stamp, &end, 16);
    if (*end || !is_made_for(r, stamp, given))
        return ERR_FORBIDDEN;
    long long age = (long long)time(NULL) - made;
    if (age < -300)
        return ERR_FORBIDDEN;
    /* Ours, but of yesterday: nothing is done by it, and nothing that was typed is thrown away. */
    r->form_is_old = age > TOKEN_LIFE;
    return r->form_is_old && !(r->page->fields && r->page->again) ? ERR_FORBIDDEN : OK;
}

enum err origin_check(struct req *r)
{
    struct str site = r->in->fetch_site, origin = r->in->origin;
    if (site.n > 0 && !str_is(site, "same-origin"))
        return ERR_FORBIDDEN;
    if (origin.n == 0)
        return site.n > 0 ? OK : ERR_FORBIDDEN;
    return str_eq(origin, req_url(r, S(""))) ? OK : ERR_FORBIDDEN;
}
