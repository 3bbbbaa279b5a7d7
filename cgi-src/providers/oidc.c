/*
 * oidc.c -- see oidc.h. Requests by libcurl, answers by json-c.
 * Owns: whom we connect to. The address is judged when it is connected to, so that no name can mean one address when it
 * is looked at and another later.
 * Never: follows a redirect, uses a proxy, sends a cookie, or takes more than ANSWER_MOST bytes.
 */
#include "oidc.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "json_read.h"
#include "jwt.h"

enum { TALK_MS = 10000, CONNECT_MS = 5000, ANSWER_MOST = 256 * 1024, URL_MOST = 1000 };

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct oidc oidc_new(struct arena *a, const char *own_hosts)
{
    return (struct oidc){
        .arena = a, .own_hosts = own_hosts, .until_ms = now_ms() + TALK_MS, .why = S("")};
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

/* ---- whom we connect to ---- */

static bool v4_in(uint32_t ip, uint32_t net, int bits) { return (ip ^ net) >> (32 - bits) == 0; }

enum reach { NEVER, LOOPBACK, PRIVATE, PUBLIC };

/* RFC 6890 and the registries of special addresses. */
static enum reach reach_v4(uint32_t ip)
{
    static const struct {
        uint32_t net;
        int bits;
        enum reach reach;
    } special[] = {
        {0x7F000000, 8, LOOPBACK},                            /* 127 */
        {0x0A000000, 8, PRIVATE},                             /* 10 */
        {0xAC100000, 12, PRIVATE}, {0xC0A80000, 16, PRIVATE}, /* 172.16, 192.168 */
        {0x64400000, 10, PRIVATE},                            /* 100.64: of carriers */
        {0x00000000, 8, NEVER},    {0xA9FE0000, 16, NEVER},   /* this host; link-local, metadata */
        {0xC0000000, 24, NEVER},   {0xC0000200, 24, NEVER},   /* 192.0.0, 192.0.2 */
        {0xC6120000, 15, NEVER},   {0xC6336400, 24, NEVER},   /* 198.18, 198.51.100 */
        {0xCB007100, 24, NEVER},   {0xC0586300, 24, NEVER},   /* 203.0.113, 192.88.99 */
        {0xE0000000, 3, NEVER},                               /* multicast and what is above it */
    };
    for (size_t i = 0; i < COUNT_OF(special); i++)
        if (v4_in(ip, special[i].net, special[i].bits))
            return special[i].reach;
    return PUBLIC;
}

static enum reach reach_v6(const struct in6_addr *ip)
{
    const uint8_t *b = ip->s6_addr;
    if (IN6_IS_ADDR_LOOPBACK(ip))
        return LOOPBACK;
    if (IN6_IS_ADDR_V4MAPPED(ip))
        return reach_v4((uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 |
                        b[15]);
    if ((b[0] & 0xFE) == 0xFC)
        return PRIVATE; /* fc00::/7 */
    if ((b[0] & 0xE0) != 0x20)
        return NEVER; /* all that is public is in 2000::/3 */
    bool is_6to4 = b[0] == 0x20 && b[1] == 0x02;
    bool is_reserved =
        b[0] == 0x20 && b[1] == 0x01 && (b[2] < 0x02 || (b[2] == 0x0D && b[3] == 0xB8));
    return is_6to4 || is_reserved ? NEVER
                                  : PUBLIC; /* 2001::/23 holds Teredo; 2001:db8::/32 is for books */
}

bool oidc_address_ok(const struct sockaddr *address, bool is_own, bool is_plain)
{
    enum reach reach = NEVER;
    if (address->sa_family == AF_INET)
        reach =
            reach_v4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    else if (address->sa_family == AF_INET6)
        reach = reach_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    if (is_plain)
        return is_own && reach == LOOPBACK;
    return reach == PUBLIC || (is_own && (reach == PRIVATE || reach == LOOPBACK));
}

static bool is_own_host(const char *host, const char *own_hosts)
{
    struct str rest = str_of(own_hosts);
    while (rest.n > 0) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (one.n > 0 && one.n == strlen(host) && strncasecmp(one.p, host, one.n) == 0)
            return true;
    }
    return false;
}

struct place {
    bool is_own, is_plain;
};

/* Where an address leads; false when it is none that a provider may have. */
static bool place_of(const char *url, const char *own_hosts, struct place *out)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL, *fragment = NULL;
    bool good = parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
                curl_url_get(parsed, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_NO_FRAGMENT;
    if (good) {
        out->is_own = is_own_host(host, own_hosts);
        out->is_plain = strcmp(scheme, "http") == 0;
        good = strcmp(scheme, "https") == 0 || (out->is_plain && out->is_own);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(fragment);
    curl_url_cleanup(parsed);
    return good;
}

bool oidc_url_ok(struct str url, const char *own_hosts)
{
    char text[URL_MOST + 1];
    struct place place;
    if (url.n == 0 || url.n > URL_MOST)
        return false;
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] > '~')
            return false;
    memcpy(text, url.p, url.n);
    text[url.n] = '\0';
    return place_of(text, own_hosts, &place);
}

static curl_socket_t open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct place *place = self;
    (void)purpose;
    if (!oidc_address_ok(&address->addr, place->is_own, place->is_plain))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one request ---- */

struct answer {
    struct buf body;
    bool is_too_long;
};

static size_t take(char *bytes, size_t size, size_t n, void *self)
{
    struct answer *answer = self;
    if (answer->body.n + size * n > ANSWER_MOST) {
        answer->is_too_long = true;
        return 0;
    }
    buf_add(&answer->body, (struct str){bytes, size * n});
    return size * n;
}

struct question {
    struct str url;
    const char *form;            /* POST; NULL: GET */
    const char *user, *password; /* NULL: none */
    const char *bearer;          /* NULL: none */
};

/* Sends it and gives the JSON object that came back, and its status. */
static enum oidc_end ask(struct oidc *o, const struct question *q, long *status,
                         struct json_object **out)
{
    struct place place = {false, false};
    const char *url = arena_cstr(o->arena, q->url);
    int64_t left = o->until_ms - now_ms();
    o->why = S("an address of the provider is not one that we connect to");
    if (!oidc_url_ok(q->url, o->own_hosts) || !place_of(url, o->own_hosts, &place))
        return OIDC_REFUSED;
    o->why = S("the provider did not answer in time");
    CURL *curl = left > 0 ? curl_easy_init() : NULL;
    if (!curl)
        return OIDC_AWAY;
    struct answer answer = {buf_in(o->arena, 4096), false};
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    if (q->bearer)
        headers = curl_slist_append(headers, q->bearer);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, place.is_plain ? "http" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left < CONNECT_MS ? left : CONNECT_MS));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)ANSWER_MOST);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (n_trusted > 0) { /* (beside it libcurl still looks into the system's directory) */
        struct curl_blob blob = {trusted, n_trusted, CURL_BLOB_NOCOPY};
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
    }
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &place);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Foyer");
    if (q->form)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->form);
    if (q->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, q->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, q->password);
    }
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK) {
        o->why = answer.is_too_long ? S("the provider's answer is too long")
                                    : arena_printf(o->arena, "the provider was not reached: %s",
                                                   curl_easy_strerror(code));
        return answer.is_too_long ? OIDC_REFUSED : OIDC_AWAY;
    }
    if (*status >= 500) {
        o->why = arena_printf(o->arena, "the provider answered with status %ld", *status);
        return OIDC_AWAY;
    }
    *out = json_object_in(o->arena, buf_str(&answer.body));
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
    out->userinfo_endpoint = oidc_url_ok(userinfo, o->own_hosts) ? userinfo : S("");
    /* (OpenID Connect Discovery 4.3: to the letter, or one provider could speak for another) */
    if (!str_eq(json_member(d, "issuer"), issuer)) {
        o->why =
            S("the provider at this address calls itself something else; write its issuer exactly");
        return OIDC_REFUSED;
    }
    if (!oidc_url_ok(out->authorization_endpoint, o->own_hosts) ||
        !oidc_url_ok(out->token_endpoint, o->own_hosts) ||
        !oidc_url_ok(out->jwks_uri, o->own_hosts)) {
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
    enum oidc_end e = ask(o, &(struct question){.url = url}, &status, &d);
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
    enum oidc_end e = ask(o, &(struct question){.url = jwks_uri}, &status, &set);
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
    enum oidc_end e = ask(o, &q, &status, &reply);
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
    const struct question q = {.url = endpoint, .bearer = arena_cstr(o->arena, bearer)};
    enum oidc_end e = ask(o, &q, &status, &said);
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
