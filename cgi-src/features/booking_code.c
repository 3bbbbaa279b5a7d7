/*
 * booking_code.c -- six digits by e-mail, before a booking counts.
 * Owns: making a code, its MAC, the mail. Never: keeps a code; the MAC holds hold and address, so it opens no other.
 */
#include "booking_code.h"

#include "crypto.h"
#include "log.h"

/* Six digits, each as likely as another. */
static struct str code_new(struct arena *a)
{
    uint32_t n;
    do
        random_bytes(&n, sizeof n);
    while (n >= UINT32_MAX - UINT32_MAX % 1000000);
    return arena_printf(a, "%06u", n % 1000000);
}

/* As people type it: "123 456". */
static struct str digits_of(struct arena *a, struct str typed)
{
    struct buf b = buf_in(a, 16);
    for (size_t i = 0; i < typed.n && i < 40; i++)
        if (typed.p[i] >= '0' && typed.p[i] <= '9')
            buf_addc(&b, typed.p[i]);
    return buf_str(&b);
}

static void set_mac(struct req *r, struct str code)
{
    unsigned char key[KEY_BYTES], out[HASH_BYTES];
    struct str tenant = req_value(r, "tenant_id"), hold = req_value(r, "hold_id");
    struct str text = arena_printf(req_arena(r), "%.*s\n%.*s\n%.*s", (int)tenant.n, tenant.p,
                                   (int)hold.n, hold.p, (int)code.n, code.p);
    purpose_key("booking-code", key);
    hmac_sha256((struct str){(char *)key, KEY_BYTES}, text, out);
    secret_wipe(key, sizeof key);
    req_set_bytes(r, "code_mac", arena_str(req_arena(r), (struct str){(char *)out, HASH_BYTES}));
}

/* "Subject: words" and a blank line, then the text. */
static bool set_mail(struct req *r, struct str code)
{
    struct arena *a = req_arena(r);
    struct str id = uuid_new(a), sealed;
    req_set(r, "code_sent", code);
    struct str text = req_render(r, "message/account_booking_code.txt");
    struct str line = str_cut(&text, '\n');
    if (!str_starts(line, S("Subject: ")) ||
        req_seal_own(r, "app.message", "body_sealed", id, str_trim(text), &sealed))
        return false;
    req_set(r, "message_id", id);
    req_set(r, "subject", str_trim(str_part(line, 9, line.n - 9)));
    req_set_bytes(r, "body_sealed", sealed);
    req_set(r, "dedupe_key", arena_printf(a, "booking-code-%.*s", (int)id.n, id.p));
    return true;
}

static enum code_end send(struct req *r)
{
    struct str code = code_new(req_arena(r));
    set_mac(r, code);
    if (!set_mail(r, code)) {
        log_error("booking.code", "what", "no mail", NULL);
        return CODE_FAILED;
    }
    req_set(r, "code_sent", S(""));
    if (!req_query(r, Q_booking_code_new))
        return req_error(r) == ERR_TOO_MANY ? CODE_TOO_MANY : CODE_FAILED;
    if (!req_query(r, Q_booking_hold_longer) || req_commit(r))
        return CODE_FAILED;
    return CODE_SENT;
}

enum code_end booking_code_ask(struct req *r)
{
    struct rows *state = req_query(r, Q_booking_code_state);
    if (!state)
        return CODE_FAILED;
    if (!rows_bool(state, 0, "needs_code"))
        return CODE_FINE;
    if (!rows_bool(state, 0, "is_sent"))
        return send(r);
    set_mac(r, digits_of(req_arena(r), req_value(r, "code")));
    struct rows *tried = req_query(r, Q_booking_code_try);
    if (!tried)
        return CODE_FAILED;
    if (rows_bool(tried, 0, "is_right"))
        return CODE_FINE;
    long long left = rows_int(tried, 0, "tries_left");
    req_refuse(r, left > 0 ? "code" : "",
               left > 0 ? arena_cstr(req_arena(r),
                                     arena_printf(req_arena(r),
                                                  "This is not the code that we sent. You can try "
                                                  "%lld more time%s.",
                                                  left, left == 1 ? "" : "s"))
                        : "The code was wrong five times. Confirm once more, and we send another code.");
    return req_commit(r) ? CODE_FAILED : CODE_WRONG;
}

enum err booking_code_shown(struct req *r)
{
    if (!req_has(r, "email"))
        return OK;
    struct rows *state = req_query(r, Q_booking_code_state);
    if (!state)
        return req_error(r);
    if (rows_bool(state, 0, "needs_code") && rows_bool(state, 0, "is_sent"))
        req_set(r, "is_code_wanted", S("true"));
    return OK;
}
