/*
 * sso.c -- single sign-on: the way of a browser to the provider and back, and what a business sets up for it.
 * Owns: the cookie __Host-sso, from whose token state, nonce and PKCE verifier follow, so that none of them is kept
 * anywhere. A page never speaks to the provider; a job does (sso_job.c), and a page waits.
 * Never: changes anything by a GET; trusts what came back with the browser beyond a code that a job gives away.
 * Source: OpenID Connect Core 1.0; RFC 7636, 9207, 9700.
 */
#include "config.h"
#include "crypto.h"
#include "entry.h"
#include "features.h"
#include "fetch.h"
#include "oidc.h"

enum { WAY_SECONDS = 600 };

/* The token that the browser holds, as raw bytes for the statements; false: it holds none. */
static bool take_token(struct req *r, struct str *raw)
{
    if (!token_read(req_arena(r), req_cookie(r, "__Host-sso"), raw))
        return false;
    req_set_bytes(r, "sso_token", *raw);
    return true;
}

/* One of the secrets that follow from it. */
static struct str secret_of(struct req *r, struct str raw, struct str what)
{
    unsigned char mac[HASH_BYTES];
    struct buf b = buf_in(req_arena(r), 64);
    hmac_sha256(raw, what, mac);
    esc_base64url(&b, (struct str){(const char *)mac, sizeof mac});
    secret_wipe(mac, sizeof mac);
    return buf_str(&b);
}

static struct str back_url(struct req *r) { return req_url(r, S("/login/sso/callback")); }

/* ---- to the provider ---- */

static enum err begin(struct req *r)
{
    static const struct field fields[] = {{"next_path", FIELD_TEXT, .max = 600}, {0}};
    struct str token = token_new(req_arena(r)), raw;
    if (!req_check(r, fields) || unesc_base64url(req_arena(r), token, &raw))
        return ERR_INVALID;
    req_set_bytes(r, "sso_token", raw);
    req_set(r, "next_path", entry_next(r));
    if (!req_query(r, Q_sso_begin))
        return req_error(r);
    reply_cookie(r, "__Host-sso", token, "/", WAY_SECONDS, true);
    return reply_redirect(r, S("/login/sso/go"));
}

static void add(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, "&%s=", name);
    esc_url(b, value);
}

static struct str address_of(struct req *r, struct rows *way, struct str raw)
{
    unsigned char hash[HASH_BYTES];
    struct str endpoint = rows_text(way, 0, "authorization_endpoint");
    struct buf b = buf_in(req_arena(r), 1024), challenge = buf_in(req_arena(r), 64);
    sha256(secret_of(r, raw, S("verifier")), hash);
    esc_base64url(&challenge, (struct str){(const char *)hash, sizeof hash});
    buf_add(&b, endpoint);
    buf_addz(&b,
             memchr(endpoint.p, '?', endpoint.n) ? "&response_type=code" : "?response_type=code");
    add(&b, "client_id", rows_text(way, 0, "sso_client"));
    add(&b, "redirect_uri", back_url(r));
    add(&b, "scope", S("openid email"));
    add(&b, "state", secret_of(r, raw, S("state")));
    add(&b, "nonce", secret_of(r, raw, S("nonce")));
    add(&b, "code_challenge", buf_str(&challenge));
    add(&b, "code_challenge_method", S("S256"));
    return buf_str(&b);
}

/* A page in between, which goes on by itself: a form's answer may not lead to another site (CSP form-action). */
static enum err go(struct req *r)
{
    struct str raw;
    if (!take_token(r, &raw))
        return reply_view(r, 200, "sso/go");
    struct rows *seen = req_show(r, "seen", Q_sso_seen, NULL),
                *way = req_show(r, "way", Q_sso_way, NULL);
    if (!seen || !way)
        return req_error(r);
    if (rows_count(seen) == 1 && rows_count(way) == 1 &&
        str_is(rows_text(seen, 0, "state"), "begun"))
        req_set(r, "sso_url", address_of(r, way, raw));
    return reply_view(r, 200, "sso/go");
}

/* ---- and back ---- */

static const struct field back_fields[] = {
    {"code", FIELD_TEXT, .max = 4000},
    {"state", FIELD_TEXT, .max = 200},
    {"iss", FIELD_TEXT, .max = 500},
    {"refusal", FIELD_TEXT, .max = 200},
    {0},
};

/* What the browser brought: shown as a form that sends itself, for a GET changes nothing and, coming from another site, has
 * no cookie either. */
static enum err show_back(struct req *r)
{
    req_set(r, "refusal", req_value(r, "error").n > 0 ? S("1") : S(""));
    return reply_view(r, 200, "sso/back");
}

static void json_pair(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, "%s\"%s\":\"", b->n > 1 ? "," : "", name);
    esc_json(b, value);
    buf_addc(b, '"');
}

static enum err ask(struct req *r, struct str raw, struct str try_id)
{
    struct str sealed;
    struct buf b = buf_in(req_arena(r), 1024);
    buf_addc(&b, '{');
    json_pair(&b, "code", req_value(r, "code"));
    json_pair(&b, "verifier", secret_of(r, raw, S("verifier")));
    json_pair(&b, "nonce", secret_of(r, raw, S("nonce")));
    json_pair(&b, "redirect_uri", back_url(r));
    buf_addc(&b, '}');
    enum err e = req_seal_own(r, "sec.sso_try", "asked_sealed", try_id, buf_str(&b), &sealed);
    if (e)
        return e;
    req_set_bytes(r, "asked", sealed);
    return req_query(r, Q_sso_ask) ? OK : req_error(r);
}

static enum err take_back(struct req *r)
{
    struct str raw;
    if (!req_check(r, back_fields))
        return ERR_INVALID;
    /* Another browser's answer, or somebody else's slipped in: nothing is known of it here. */
    if (!take_token(r, &raw) || !secret_eq(req_value(r, "state"), secret_of(r, raw, S("state"))))
        return reply_view(r, 403, "sso/over");
    struct rows *seen = req_query(r, Q_sso_seen), *way = seen ? req_query(r, Q_sso_way) : NULL;
    if (!seen || !way)
        return req_error(r);
    if (rows_count(seen) == 0 || rows_count(way) == 0 ||
        !str_is(rows_text(seen, 0, "state"), "begun"))
        return reply_view(r, 403, "sso/over");
    struct str iss = req_value(r, "iss");
    bool other =
        (iss.n > 0 || rows_bool(way, 0, "says_iss")) && !str_eq(iss, rows_text(way, 0, "issuer"));
    enum err e = OK;
    if (other || req_value(r, "code").n == 0)
        e = req_query(r, Q_sso_refused) ? OK : req_error(r);
    else
        e = ask(r, raw, rows_text(seen, 0, "try_id"));
    return e ? e : reply_redirect(r, S("/login/sso/wait"));
}

static enum err wait_for_it(struct req *r)
{
    static const char *const problems[] = {"refused", "unverified", "domain", "unknown",
                                           "other",   "off",        "away",   "lost"};
    struct str raw;
    if (!take_token(r, &raw))
        return reply_view(r, 200, "sso/wait");
    struct rows *seen = req_query(r, Q_sso_seen);
    if (!seen)
        return req_error(r);
    if (rows_count(seen) == 0)
        return reply_view(r, 200, "sso/wait");
    struct str state = rows_text(seen, 0, "state"), problem = rows_text(seen, 0, "problem");
    if (str_is(state, "asked") || str_is(state, "working"))
        req_set(r, "is_waiting", S("1"));
    if (str_is(state, "known"))
        req_set(r, "is_known", S("1"));
    if (str_is(state, "failed"))
        req_set(r, "is_failed", S("1"));
    if (rows_bool(seen, 0, "is_slow"))
        req_set(r, "is_slow", S("1"));
    for (size_t i = 0; i < COUNT_OF(problems); i++)
        if (str_is(problem, problems[i]))
            req_set(r, arena_cstr(req_arena(r), arena_printf(req_arena(r), "is_%s", problems[i])),
                    S("1"));
    return reply_view(r, 200, "sso/wait");
}

static enum err finish(struct req *r)
{
    struct str raw, token = token_new(req_arena(r)), new_raw;
    if (!take_token(r, &raw) || unesc_base64url(req_arena(r), token, &new_raw))
        return reply_view(r, 403, "sso/over");
    req_set_bytes(r, "token", new_raw);
    struct rows *entered = req_query(r, Q_sso_enter);
    if (!entered)
        return req_error(r);
    if (rows_text(entered, 0, "session_id").n == 0)
        return reply_view(r, 403, "sso/over");
    enum err e = entry_done(r, token);
    if (e)
        return e;
    reply_cookie(r, "__Host-sso", S(""), "/", -1, true);
    struct str next = rows_text(entered, 0, "next_path");
    return reply_redirect(r, next.n ? next : S("/"));
}

/* ---- what a business sets up ---- */

static const struct field settings_fields[] = {
    {"label", FIELD_TEXT, .required = true, .max = 60,
     .missing = "Say how your people call it, such as Microsoft or Google."},
    {"issuer", FIELD_TEXT, .required = true, .max = 500,
     .missing = "Copy the issuer from your provider."},
    {"sso_client", FIELD_TEXT, .required = true, .max = 300,
     .missing = "Copy the client id from your provider."},
    {"client_secret", FIELD_PASSWORD, .max = 500},
    {"domains", FIELD_TEXT, .max = 500},
    {"is_on", FIELD_BOOL},
    {"is_alone", FIELD_BOOL},
    {0},
};

/* "A.example, b.example" as "a.example,b.example"; false when one cannot be a domain. */
static bool domain_list(struct req *r, struct str typed, struct str *out)
{
    struct buf b = buf_in(req_arena(r), typed.n + 8);
    while (typed.n > 0) {
        struct str one = str_trim(str_cut(&typed, ','));
        bool has_dot = false;
        if (one.n > 0 && b.n > 0)
            buf_addc(&b, ',');
        for (size_t i = 0; i < one.n; i++) {
            char c = one.p[i];
            if (c >= 'A' && c <= 'Z')
                c = (char)(c + 32);
            bool edge = i == 0 || i + 1 == one.n;
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  (!edge && (c == '-' || c == '.'))))
                return false;
            has_dot |= c == '.';
            buf_addc(&b, c);
        }
        if (one.n > 0 && !has_dot)
            return false;
    }
    *out = buf_str(&b);
    return true;
}

static enum err save_settings(struct req *r)
{
    struct str list, issuer = req_value(r, "issuer"), sealed;
    if (!fetch_url_ok(issuer, config_text("sso_own_hosts")))
        req_refuse(r, "issuer", "An issuer is an address that begins with https://.");
    if (!domain_list(r, req_value(r, "domains"), &list))
        req_refuse(r, "domains",
                   "Write domains as in e-mail addresses, with commas: example.com, example.org");
    if (!fetch_url_ok(issuer, config_text("sso_own_hosts")) ||
        !domain_list(r, req_value(r, "domains"), &list))
        return reply_again(r, "/settings/sso");
    struct rows *row = req_query(r, Q_sso_row);
    if (!row)
        return req_error(r);
    struct str id = rows_count(row) ? rows_text(row, 0, "id") : uuid_new(req_arena(r));
    struct str secret = req_value(r, "client_secret");
    req_set(r, "sso_id", id);
    req_set(r, "domain_list", list);
    req_set_null(r, "sso_secret");
    if (secret.n > 0) {
        enum err e = req_seal_own(r, "app.sso", "secret_sealed", id, secret, &sealed);
        if (e)
            return e;
        req_set_bytes(r, "sso_secret", sealed);
    }
    if (!req_query(r, Q_sso_save) || !req_query(r, Q_sso_look))
        return req_error(r);
    return reply_redirect(r, S("/settings/sso"));
}

static const struct field unbind_fields[] = {{"person_id", FIELD_UUID, .required = true}, {0}};

#define AT_LOGIN .realm = REALM_STUDIO, .door = DOOR_PUBLIC, .pool = POOL_SLOW

const struct page sso_pages[] = {
    {POST, "/login/sso", AT_LOGIN, .run = begin, .no_idempotency = true,
     .title = "Begin single sign-on"},
    {GET, "/login/sso/go", AT_LOGIN, .run = go, .show = {{"seen", Q_sso_seen}, {"way", Q_sso_way}},
     .view = "sso/go", .gives = "sso_url", .title = "To the provider of single sign-on"},
    {GET, "/login/sso/callback", AT_LOGIN, .run = show_back, .view = "sso/back", .gives = "refusal",
     .title = "Back from the provider of single sign-on"},
    {POST, "/login/sso/callback", AT_LOGIN, .run = take_back, .no_idempotency = true,
     .title = "Take the provider's answer"},
    {GET, "/login/sso/wait", AT_LOGIN, .run = wait_for_it, .view = "sso/wait",
     .gives = "is_waiting is_known is_failed is_slow is_refused is_unverified is_domain is_unknown "
              "is_other is_off is_away is_lost",
     .title = "Wait for the provider's word"},
    {POST, "/login/sso/finish", AT_LOGIN, .run = finish, .no_idempotency = true,
     .title = "Log in by single sign-on"},
    {GET, "/settings/sso", .realm = REALM_STUDIO, CAN(settings_write),
     .show = {{"value", Q_sso_settings}, {"people", Q_sso_people}}, .view = "sso/settings",
     .title = "Single sign-on"},
    {POST, "/settings/sso", .realm = REALM_STUDIO, CAN(settings_write), .action = "sso.change",
     .fields = settings_fields, .run = save_settings, .again = "/settings/sso", .step_up = true,
     .title = "Change single sign-on"},
    {POST, "/settings/sso/unbind", .realm = REALM_STUDIO, CAN(settings_write),
     .fields = unbind_fields, .save = Q_sso_unbind, .then = "/settings/sso",
     .again = "/settings/sso", .step_up = true, .title = "Take somebody out of single sign-on"},
    {0},
};
