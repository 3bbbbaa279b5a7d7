/*
 * oidc.c -- see oidc.h. Requests by fetch.h, answers by json-c.
 * Owns: what is asked, whom we believe, and what of an answer.
 */
#include "oidc.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "fetch.h"
#include "json_read.h"
#include "jwt.h"

enum { TALK_MS = 10000, ANSWER_MOST = 256 * 1024 };

struct oidc oidc_new(struct arena *a, const char *own_hosts)
{
    return (struct oidc){
        .arena = a, .own_hosts = own_hosts, .until_ms = fetch_now_ms() + TALK_MS, .why = S("")};
}

/* ---- whom we believe ---- */

enum { TRUST_MOST = 512 * 1024 };
static char *trusted;
static size_t n_trusted;

bool oidc_trust(const char *file)
{
    if (file[0] == '\0')
        return true;
    FILE *f = fopen(file, "re");
    free(trusted);
    trusted = f ? malloc(TRUST_MOST + 1) : NULL;
    n_trusted = trusted ? fread(trusted, 1, TRUST_MOST + 1, f) : 0;
    bool good = n_trusted > 0 && n_trusted <= TRUST_MOST && !ferror(f) &&
                memmem(trusted, n_trusted, "-----BEGIN CERTIFICATE-----", 27) != NULL;
    if (f)
        fclose(f);
    return good;
}

/* ---- one request ---- */

/* Sends it and gives the JSON object that came back, and its status. */
static enum oidc_end ask(struct oidc *o, struct question q, long *status, struct json_object **out)
{
    struct answer answer;
    q.own_hosts = o->own_hosts;
    q.until_ms = o->until_ms;
    q.most = ANSWER_MOST;
    q.accept = "application/json";
    q.trusted = (struct str){trusted, n_trusted};
    enum fetch_end e = fetch(o->arena, &q, &answer);
    *status = answer.status;
    if (e == FETCH_ADDRESS) {
        o->why = S("an address of the provider is not one that we connect to");
        return OIDC_REFUSED;
    }
    if (e == FETCH_LONG) {
        o->why = S("the provider's answer is too long");
        return OIDC_REFUSED;
    }
    if (e == FETCH_AWAY) {
        o->why = arena_printf(o->arena, "the provider was not reached: %s", answer.why);
        return OIDC_AWAY;
    }
    if (*status >= 500) {
        o->why = arena_printf(o->arena, "the provider answered with status %ld", *status);
        return OIDC_AWAY;
    }
    *out = json_object_in(o->arena, answer.body);
    if (!*out || *status < 200 || (*status >= 300 && *status < 400)) {
        o->why = arena_printf(
            o->arena, "the provider answered with status %ld and without what was asked for",
            *status);
        return OIDC_REFUSED;
    }
    return OIDC_GOOD;
}

/* ---- the three questions ---- */

static bool lists(struct json_object *document, const char *name, const char *wanted)
{
    struct json_object *list;
    if (!json_object_object_get_ex(document, name, &list) ||
        !json_object_is_type(list, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (str_is(str_of(json_object_get_string(json_object_array_get_idx(list, i))), wanted))
            return true;
    return false;
}

enum oidc_end oidc_discovered(struct oidc *o, struct str issuer, struct json_object *d,
                              struct oidc_provider *out)
{
    struct json_object *methods, *iss;
    *out = (struct oidc_provider){
        .authorization_endpoint = arena_str(o->arena, json_member(d, "authorization_endpoint")),
        .token_endpoint = arena_str(o->arena, json_member(d, "token_endpoint")),
        .jwks_uri = arena_str(o->arena, json_member(d, "jwks_uri")),
        .takes_secret_in_body =
            json_object_object_get_ex(d, "token_endpoint_auth_methods_supported", &methods) &&
            !lists(d, "token_endpoint_auth_methods_supported", "client_secret_basic"),
        .says_iss =
            json_object_object_get_ex(d, "authorization_response_iss_parameter_supported", &iss) &&
            json_object_get_boolean(iss),
    };
    struct str userinfo = arena_str(o->arena, json_member(d, "userinfo_endpoint"));
    out->userinfo_endpoint = fetch_url_ok(userinfo, o->own_hosts) ? userinfo : S("");
    /* (OpenID Connect Discovery 4.3: to the letter, or one provider could speak for another) */
    if (!str_eq(json_member(d, "issuer"), issuer)) {
        o->why =
            S("the provider at this address calls itself something else; write its issuer exactly");
        return OIDC_REFUSED;
    }
    if (!fetch_url_ok(out->authorization_endpoint, o->own_hosts) ||
        !fetch_url_ok(out->token_endpoint, o->own_hosts) ||
        !fetch_url_ok(out->jwks_uri, o->own_hosts)) {
        o->why = S("the provider names an address that we do not use: https only");
        return OIDC_REFUSED;
    }
    o->why = S("");
    return OIDC_GOOD;
}

enum oidc_end oidc_discover(struct oidc *o, struct str issuer, struct oidc_provider *out)
{
    long status = 0;
    struct json_object *d;
    bool slash = issuer.n > 0 && issuer.p[issuer.n - 1] == '/';
    struct str url = arena_printf(o->arena, "%.*s/.well-known/openid-configuration",
                                  (int)(issuer.n - slash), issuer.p);
    enum oidc_end e = ask(o, (struct question){.url = url}, &status, &d);
    if (e)
        return e;
    if (status != 200) {
        o->why =
            arena_printf(o->arena, "there is no provider at this address (status %ld)", status);
        return OIDC_REFUSED;
    }
    return oidc_discovered(o, issuer, d, out);
}

enum oidc_end oidc_keys(struct oidc *o, struct str jwks_uri, struct str *jwks)
{
    long status = 0;
    struct json_object *set, *list;
    enum oidc_end e = ask(o, (struct question){.url = jwks_uri}, &status, &set);
    if (e)
        return e;
    if (status != 200 || !json_object_object_get_ex(set, "keys", &list) ||
        !json_object_is_type(list, json_type_array)) {
        o->why = S("the provider gave no keys");
        return OIDC_REFUSED;
    }
    size_t n;
    const char *text = json_object_to_json_string_length(set, JSON_C_TO_STRING_PLAIN, &n);
    *jwks = arena_str(o->arena, (struct str){text, n});
    o->why = S("");
    return OIDC_GOOD;
}

static void add_pair(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, "%s%s=", b->n ? "&" : "", name);
    esc_url(b, value);
}

static const char *escaped(struct arena *a, struct str value)
{
    struct buf b = buf_in(a, value.n + 16);
    esc_url(&b, value);
    return arena_cstr(a, buf_str(&b));
}

enum oidc_end oidc_exchange(struct oidc *o, const struct oidc_code *code, struct str *id_token,
                            struct str *access_token)
{
    long status = 0;
    struct json_object *reply;
    struct buf form = buf_in(o->arena, 1024);
    bool is_basic = code->secret.n > 0 && !code->takes_secret_in_body;
    add_pair(&form, "grant_type", S("authorization_code"));
    add_pair(&form, "code", code->code);
    add_pair(&form, "redirect_uri", code->redirect_uri);
    add_pair(&form, "code_verifier", code->verifier);
    if (!is_basic)
        add_pair(&form, "client_id", code->client_id);
    if (code->secret.n > 0 && !is_basic)
        add_pair(&form, "client_secret", code->secret);
    struct question q = {.url = code->token_endpoint, .form = arena_cstr(o->arena, buf_str(&form))};
    if (is_basic) { /* (RFC 6749, 2.3.1: each escaped by itself) */
        q.user = escaped(o->arena, code->client_id);
        q.password = escaped(o->arena, code->secret);
    }
    enum oidc_end e = ask(o, q, &status, &reply);
    if (e)
        return e;
    *id_token = arena_str(o->arena, json_member(reply, "id_token"));
    *access_token = arena_str(o->arena, json_member(reply, "access_token"));
    if (status != 200 || id_token->n == 0) {
        /* (the provider's word for it is one of RFC 6749, 5.2; others stay out of the log) */
        static const char *const known[] = {"invalid_grant", "invalid_client", "invalid_request",
                                            "unauthorized_client", "unsupported_grant_type"};
        struct str said = json_member(reply, "error");
        const char *word = "no reason that we know";
        for (size_t i = 0; i < COUNT_OF(known); i++)
            if (str_is(said, known[i]))
                word = known[i];
        o->why =
            arena_printf(o->arena, "the provider refused the code (status %ld, %s)", status, word);
        return OIDC_REFUSED;
    }
    o->why = S("");
    return OIDC_GOOD;
}

enum oidc_end oidc_userinfo(struct oidc *o, struct str endpoint, struct str access_token,
                            struct str subject, struct str *email, bool *is_verified)
{
    long status = 0;
    struct json_object *said, *verified;
    for (size_t i = 0; i < access_token.n; i++)
        if ((unsigned char)access_token.p[i] <= ' ' || (unsigned char)access_token.p[i] > '~')
            return OIDC_REFUSED; /* it would break the header */
    struct str bearer =
        arena_printf(o->arena, "Authorization: Bearer %.*s", (int)access_token.n, access_token.p);
    const struct question q = {.url = endpoint, .header = arena_cstr(o->arena, bearer)};
    enum oidc_end e = ask(o, q, &status, &said);
    if (e)
        return e;
    if (status != 200 || !str_eq(json_member(said, "sub"), subject)) {
        o->why = S("the provider's word on the person is about somebody else, or none");
        return OIDC_REFUSED;
    }
    *email = arena_str(o->arena, json_member(said, "email"));
    *is_verified = json_object_object_get_ex(said, "email_verified", &verified) &&
                   json_object_is_type(verified, json_type_boolean) &&
                   json_object_get_boolean(verified);
    o->why = S("");
    return OIDC_GOOD;
}
