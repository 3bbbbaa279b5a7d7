/*
 * totp.c -- see totp.h. Source: RFC 4226, RFC 6238, RFC 4648; tests/unit/totp_test.c has their vectors.
 */
#include "totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <time.h>

#include "crypto.h"
#include "log.h"

enum { CODE_DIGITS = 6, CODE_RANGE = 1000000, SHA1_BYTES = 20 };

uint32_t totp_value(struct str secret, int64_t step)
{
    unsigned char counter[8], sum[SHA1_BYTES];
    unsigned int n = sizeof sum;
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
    if (!HMAC(EVP_sha1(), secret.p, (int)secret.n, counter, sizeof counter, sum, &n) ||
        n != sizeof sum) {
        log_error("crypto.broken", "what", "HMAC-SHA-1", NULL);
        abort();
    }
    size_t at = sum[SHA1_BYTES - 1] & 0x0F;
    return (uint32_t)(sum[at] & 0x7F) << 24 | (uint32_t)sum[at + 1] << 16 |
           (uint32_t)sum[at + 2] << 8 | sum[at + 3];
}

struct str totp_code(struct arena *a, struct str secret, int64_t step)
{
    return arena_printf(a, "%06u", totp_value(secret, step) % CODE_RANGE);
}

int64_t totp_step(void) { return (int64_t)time(NULL) / TOTP_SECONDS; }

bool totp_match(struct str secret, struct str typed, int64_t now, int64_t *step)
{
    char digits[CODE_DIGITS];
    size_t n = 0;
    for (size_t i = 0; i < typed.n; i++) {
        if (typed.p[i] == ' ')
            continue;
        if (typed.p[i] < '0' || typed.p[i] > '9' || n == CODE_DIGITS)
            return false;
        digits[n++] = typed.p[i];
    }
    if (n != CODE_DIGITS)
        return false;
    bool found = false;
    for (int64_t s = now - TOTP_DRIFT; s <= now + TOTP_DRIFT; s++) {
        uint32_t value = totp_value(secret, s) % CODE_RANGE;
        char expected[CODE_DIGITS];
        for (size_t i = CODE_DIGITS; i > 0; i--, value /= 10)
            expected[i - 1] = (char)('0' + value % 10);
        if (secret_eq((struct str){digits, n}, (struct str){expected, sizeof expected})) {
            found = true;
            *step = s;
        }
    }
    return found;
}

static const char base32_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

struct str base32(struct arena *a, struct str raw)
{
    struct buf b = buf_in(a, raw.n * 8 / 5 + 2);
    uint32_t held = 0;
    int bits = 0;
    for (size_t i = 0; i < raw.n; i++) {
        held = (held << 8 | (unsigned char)raw.p[i]) & 0xFFFF;
        for (bits += 8; bits >= 5; bits -= 5)
            buf_addc(&b, base32_letters[held >> (bits - 5) & 31]);
    }
    if (bits > 0)
        buf_addc(&b, base32_letters[held << (5 - bits) & 31]);
    return buf_str(&b);
}

enum err base32_bytes(struct arena *a, struct str text, struct str *raw)
{
    struct buf b = buf_in(a, text.n * 5 / 8 + 2);
    uint32_t held = 0;
    int bits = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        const char *at = c ? strchr(base32_letters, c) : NULL;
        if (!at)
            return ERR_INVALID;
        held = (held << 5 | (uint32_t)(at - base32_letters)) & 0xFFFF;
        if ((bits += 5) >= 8) {
            bits -= 8;
            buf_addc(&b, (char)(held >> bits & 0xFF));
        }
    }
    *raw = buf_str(&b);
    return OK;
}

struct str totp_uri(struct arena *a, struct str issuer, struct str account, struct str secret)
{
    struct buf b = buf_in(a, 256);
    buf_addz(&b, "otpauth://totp/");
    esc_url(&b, issuer);
    buf_addz(&b, ":");
    esc_url(&b, account);
    buf_addz(&b, "?secret=");
    buf_add(&b, base32(a, secret));
    buf_addz(&b, "&issuer=");
    esc_url(&b, issuer);
    return buf_str(&b);
}

/* No I, L, O and U: what is read aloud or from paper stays what it was (Crockford). */
static const char code_letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct str recovery_code(struct arena *a)
{
    unsigned char raw[RECOVERY_CHARS];
    random_bytes(raw, sizeof raw);
    struct buf b = buf_in(a, 32);
    for (size_t i = 0; i < sizeof raw; i++) {
        if (i > 0 && i % 4 == 0)
            buf_addc(&b, '-');
        buf_addc(&b, code_letters[raw[i] & 31]);
    }
    secret_wipe(raw, sizeof raw);
    return buf_str(&b);
}

struct str recovery_plain(struct arena *a, struct str typed)
{
    struct buf b = buf_in(a, typed.n + 1);
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        c = (char)(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
        if (c == '-' || c == ' ')
            continue;
        if (!c || !strchr(code_letters, c))
            return S("");
        buf_addc(&b, c);
    }
    return b.n == RECOVERY_CHARS ? buf_str(&b) : S("");
}
