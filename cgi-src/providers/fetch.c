/*
 * fetch.c -- see fetch.h.
 * Owns: whom we connect to. The address is judged when it is connected to, so that no name can mean one address when it
 * is looked at and another later.
 * Never: follows a redirect, uses a proxy, sends a cookie, or takes more than it was told to.
 */
#include "fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

enum { CONNECT_MS = 5000, URL_MOST = 1000 };

int64_t fetch_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
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

bool fetch_address_ok(const struct sockaddr *address, bool is_own, bool is_plain)
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

/* Where an address leads; false when it is none that may be asked. */
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

bool fetch_url_ok(struct str url, const char *own_hosts)
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
    if (!fetch_address_ok(&address->addr, place->is_own, place->is_plain))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one request ---- */

struct taken {
    struct buf body;
    size_t most;
    bool is_too_long;
};

static size_t take(char *bytes, size_t size, size_t n, void *self)
{
    struct taken *taken = self;
    if (taken->body.n + size * n > taken->most) {
        taken->is_too_long = true;
        return 0;
    }
    buf_add(&taken->body, (struct str){bytes, size * n});
    return size * n;
}

static void tell(CURL *curl, const struct question *q, struct place *place, struct taken *taken,
                 int64_t left)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, place->is_plain ? "http" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left < CONNECT_MS ? left : CONNECT_MS));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)q->most);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (q->trusted.n > 0) { /* (beside it libcurl still looks into the system's directory) */
        struct curl_blob blob = {(void *)(uintptr_t)q->trusted.p, q->trusted.n, CURL_BLOB_NOCOPY};
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
    }
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, place);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, taken);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Foyer");
    if (q->form)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->form);
    if (q->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, q->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, q->password);
    }
}

/* What the answer says beside its body. */
static void read_answer(CURL *curl, struct arena *a, struct answer *out)
{
    struct curl_header *etag;
    char *next = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
    out->next = arena_str(a, str_of(next));
    out->etag = S("");
    if (curl_easy_header(curl, "ETag", 0, CURLH_HEADER, -1, &etag) == CURLHE_OK)
        out->etag = arena_str(a, str_of(etag->value));
}

enum fetch_end fetch(struct arena *a, const struct question *q, struct answer *out)
{
    struct place place = {false, false};
    const char *url = arena_cstr(a, q->url);
    int64_t left = q->until_ms - fetch_now_ms();
    *out = (struct answer){.body = S(""), .etag = S(""), .next = S(""), .why = "no time was left"};
    if (!fetch_url_ok(q->url, q->own_hosts) || !place_of(url, q->own_hosts, &place))
        return FETCH_ADDRESS;
    CURL *curl = left > 0 ? curl_easy_init() : NULL;
    if (!curl)
        return FETCH_AWAY;
    struct taken taken = {buf_in(a, 4096), q->most, false};
    struct curl_slist *headers =
        curl_slist_append(NULL, arena_cstr(a, arena_printf(a, "Accept: %s", q->accept)));
    if (q->header)
        headers = curl_slist_append(headers, q->header);
    tell(curl, q, &place, &taken, left);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    read_answer(curl, a, out);
    out->body = buf_str(&taken.body);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK)
        return FETCH_GOOD;
    out->why = curl_easy_strerror(code);
    return taken.is_too_long || code == CURLE_FILESIZE_EXCEEDED ? FETCH_LONG : FETCH_AWAY;
}
