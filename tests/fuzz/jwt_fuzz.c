/*
 * jwt_fuzz.c -- what an identity provider may send: an ID token, its key set, its discovery document. Nobody is believed by a token that
 * the issuer's key did not sign, whatever it says; what is read of JSON is text within it; an address that is taken is one.
 * Input: length of the token in two bytes, the token, and a document.
 */
#include "fuzz.h"
#include "json_read.h"
#include "jwt.h"
#include "fetch.h"
#include "oidc.h"

/* Keys that the input could not have signed with: those of RFC 7515, A.2 and A.3, and RFC 8037, A.2. */
static const char jwks[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPME"
    "zP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBE"
    "Ma2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\""
    ",\"e\":\"AQAB\"},{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m"
    "36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},{\"kty\":\"OKP\",\"kid\":\"o\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static void read_document(struct arena *a, struct str text)
{
    struct json_object *object;
    struct oidc_provider found;
    if (json_read(a, text, 64 * 1024, 16, &object) != OK)
        return;
    static const char *const names[] = {"issuer", "jwks_uri", "token_endpoint", "a"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str s = json_member(object, names[i]);
        MUST(s.n <= text.n && !memchr(s.p, '\0', s.n) && str_utf8_ok(s));
    }
    struct oidc o = {.arena = a, .own_hosts = "own.example", .why = S("")};
    struct str issuer = json_member(object, "issuer");
    if (oidc_discovered(&o, issuer, object, &found) == OIDC_GOOD) {
        MUST(fetch_url_ok(found.authorization_endpoint, "own.example"));
        MUST(fetch_url_ok(found.token_endpoint, "own.example"));
        MUST(fetch_url_ok(found.jwks_uri, "own.example"));
        MUST(found.userinfo_endpoint.n == 0 || fetch_url_ok(found.userinfo_endpoint, "own.example"));
    } else {
        MUST(o.why.n > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    const struct id_token_wanted wanted = {S("joe"), S("foyer"), S("n-1"), 1300819000};
    struct id_token who;
    struct str why;

    if (size < 2)
        return 0;
    size_t n = (size_t)data[0] << 8 | data[1];
    data += 2, size -= 2;
    n = n > size ? size : n;
    struct str token = {(const char *)data, n}, document = {(const char *)data + n, size - n};
    MUST(id_token_check(a, token, str_of(jwks), &wanted, &who, &why) != JWT_GOOD);
    MUST(why.n > 0 && who.subject.n == 0 && who.email.n == 0 && !who.is_email_verified);
    /* Its own key set: whatever comes of it, it is read to its end and no further. */
    if (id_token_check(a, token, document, &wanted, &who, &why) != JWT_GOOD)
        MUST(why.n > 0 && who.subject.n == 0);
    read_document(a, document);
    return 0;
}
