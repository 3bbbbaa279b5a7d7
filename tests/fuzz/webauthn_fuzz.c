/*
 * webauthn_fuzz.c -- what a browser says of a passkey, new or used: nobody comes in by bytes that nothing signed, and what is
 * taken of a new one is within bounds. Input: length of the client data, the client data, and the device's data.
 */
#include "crypto.h"
#include "fuzz.h"
#include "webauthn.h"

static const char challenge[CHALLENGE_BYTES] = "0123456789abcdef0123456789abcde";

/* A key that the input could not have signed for. */
static const char point[] = "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
                            "\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
                            "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16"
                            "\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = fuzz_arena();
    const struct webauthn_asked asked = {
        {challenge, sizeof challenge}, S("https://a.example"), S("a.example")};
    const struct webauthn_key key = {-7, {point, sizeof point - 1}};
    struct webauthn_made made;
    uint32_t count;
    const char *why = NULL;

    if (size < 2)
        return 0;
    size_t n = (size_t)data[0] << 8 | data[1];
    data += 2, size -= 2;
    n = n > size ? size : n;
    struct webauthn_answer answer = {
        {(const char *)data, n}, {(const char *)data + n, size - n}, S("")};
    struct str site_of = str_part(answer.auth_data, 0, answer.auth_data.n);
    /* The fixed part is easily right, so that what follows it is reached. */
    if (site_of.n >= 37) {
        unsigned char site[HASH_BYTES];
        char *p = arena_alloc(a, site_of.n);
        memcpy(p, site_of.p, site_of.n);
        sha256(asked.rp_id, site);
        memcpy(p, site, sizeof site);
        answer.auth_data.p = p;
    }
    if (webauthn_made_ok(a, &asked, &answer, &made, &why) == OK) {
        MUST(made.credential_id.n > 0 && made.credential_id.n <= 1023);
        MUST(made.key.algorithm == -7 || made.key.algorithm == -8 || made.key.algorithm == -257);
        MUST(made.key.public_key.n >= 32);
    } else {
        MUST(why != NULL);
    }
    struct str signature = answer.auth_data;
    answer.signature = signature;
    MUST(webauthn_signed_ok(a, &asked, &key, &answer, &count, &why) != OK);
    return 0;
}
