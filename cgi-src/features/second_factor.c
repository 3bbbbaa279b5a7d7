/*
 * second_factor.c -- the second stage of a log-in, and what a person sets up for it: codes of an app, recovery codes.
 * Owns: comparing a code with the app's secret. What may count once is counted by the database (sql/lib/025_second_factor.sql).
 * Never: logs a code or a secret; shows a secret again once it counts.
 */
#include "second_factor.h"

#include "crypto.h"
#include "entry.h"
#include "features.h"
#include "outbox.h"
#include "passkey.h"
#include "qr.h"
#include "totp.h"

enum err second_code(struct req *r, const struct rows *who, struct str typed, bool *is_right)
{
    struct str box = rows_text(who, 0, "secret_box"), secret;
    int64_t step = 0;
    *is_right = false;
    req_set_null(r, "step");
    if (box.n == 0)
        return OK;
    enum err e =
        req_open_own(r, "sec.totp", "secret_sealed", rows_text(who, 0, "totp_id"), box, &secret);
    if (e)
        return e == ERR_UNAVAILABLE ? e : ERR_INTERNAL;
    *is_right = totp_match(secret, typed, totp_step(), &step);
    if (*is_right)
        req_set(r, "step", arena_printf(req_arena(r), "%lld", (long long)step));
    return OK;
}

enum err second_tell(struct req *r, const char *kind, struct str change)
{
    struct rows *me = req_show(r, "factors", Q_second_factor_mine, NULL);
    if (!me)
        return req_error(r);
    req_set(r, "change", change);
    return outbox_staff(r, &(struct staff_letter){
                               .kind = kind,
                               .staff_id = req_value(r, "actor_id"),
                               .to = rows_text(me, 0, "staff_email"),
                               .link = req_url(r, S("/account/security")),
                               .dedupe_key = uuid_new(req_arena(r)),
                           });
}

/* ---- the second stage of a log-in ---- */

static const struct field second_fields[] = {
    {"code", FIELD_TEXT, .max = 20},
    {"recovery", FIELD_TEXT, .max = 60},
    PASSKEY_FIELDS,
    {"next_path", FIELD_TEXT, .max = 600},
    {0},
};

/* The ticket is over, or never was: from the beginning. */
static enum err begin_anew(struct req *r)
{
    entry_ticket_cookie(r, S(""));
    return reply_redirect(r, S("/login?late=1"));
}

static enum err show_second(struct req *r)
{
    entry_ticket(r);
    struct rows *who = req_show(r, "second", Q_second_factor_lookup, NULL);
    if (!who)
        return req_error(r);
    if (rows_count(who) == 0)
        return begin_anew(r);
    req_set(r, "next_path", entry_next(r));
    return reply_view(r, 200, "second_factor/second");
}

/* Sets kind, is_right and what belongs to it from what was sent. */
static enum err judge(struct req *r, const struct rows *who)
{
    struct arena *a = req_arena(r);
    unsigned char hash[HASH_BYTES];
    bool is_right = false;
    enum err e = OK;
    req_set_null(r, "step");
    req_set_null(r, "code_hash");
    req_set_null(r, "passkey");
    req_set_null(r, "sign_count");
    if (req_has(r, "credential")) {
        req_set(r, "kind", S("passkey"));
        e = passkey_signs_in(r, &is_right);
    } else if (req_has(r, "recovery")) {
        req_set(r, "kind", S("recovery"));
        sha256(recovery_plain(a, req_value(r, "recovery")), hash);
        req_set_bytes(r, "code_hash", (struct str){(char *)hash, sizeof hash});
    } else {
        req_set(r, "kind", S("totp"));
        if (rows_count(who) > 0)
            e = second_code(r, who, req_value(r, "code"), &is_right);
    }
    req_set(r, "is_right", is_right ? S("true") : S("false"));
    return e;
}

static const char *words_for(struct str problem)
{
    if (str_is(problem, "throttled"))
        return "There were too many tries. Please wait a little and try again.";
    if (str_is(problem, "used before"))
        return "This code was used already. Wait for the next one, or take another.";
    if (str_is(problem, "counter"))
        return "This passkey counted backwards, as a copy would. Please use another way, and tell "
               "whoever looks after your accounts.";
    return "This is not right. Please try again.";
}

/* She came in by a recovery code: she is told, for somebody else may have found the paper. */
static enum err tell_of_recovery(struct req *r, struct rows *done)
{
    req_set(r, "change",
            arena_printf(req_arena(r),
                         "somebody logged in to your account with one of your recovery codes. "
                         "Codes left: %lld",
                         (long long)rows_int(done, 0, "codes_left")));
    req_set(r, "called", rows_text(done, 0, "staff_name"));
    return outbox_staff(r, &(struct staff_letter){
                               .kind = "account_factor",
                               .staff_id = rows_text(done, 0, "staff_id"),
                               .to = rows_text(done, 0, "email"),
                               .link = req_url(r, S("/account/security")),
                               .dedupe_key = uuid_new(req_arena(r)),
                           });
}

enum err second_finish(struct req *r, const char *again)
{
    struct str token;
    enum err e = entry_token(r, "new_token", &token);
    if (e)
        return e;
    struct rows *done = req_query(r, Q_second_factor_done);
    if (!done)
        return req_error(r);
    bool is_in = rows_text(done, 0, "session_id").n > 0;
    if (is_in)
        e = entry_done(r, token);
    if (!e && is_in && str_is(req_value(r, "kind"), "recovery"))
        e = tell_of_recovery(r, done);
    /* Counting the failure must last although the answer is an error. */
    if (!e)
        e = req_commit(r);
    if (e)
        return e;
    if (is_in)
        return reply_redirect(r, entry_next(r).n ? entry_next(r) : S("/"));
    if (rows_bool(done, 0, "is_over"))
        return begin_anew(r);
    req_refuse(r, "", words_for(rows_text(done, 0, "problem")));
    return reply_again(r, again);
}

static enum err take_second(struct req *r)
{
    if (!req_check(r, second_fields))
        return reply_again(r, "/login/second");
    entry_ticket(r);
    struct rows *who = req_query(r, Q_second_factor_lookup);
    if (!who)
        return req_error(r);
    if (rows_count(who) == 0)
        return begin_anew(r);
    if (!req_has(r, "credential") && !req_has(r, "recovery") && !req_has(r, "code")) {
        req_refuse(r, "code", "Type the six digits that the app shows now.");
        return reply_again(r, "/login/second");
    }
    enum err e = judge(r, who);
    return e ? e : second_finish(r, "/login/second");
}

/* ---- one's own account ---- */

static const struct field code_fields[] = {
    {"code", FIELD_TEXT, .required = true, .max = 20, .is_secret = true,
     .missing = "Type the six digits that the app shows now."},
    {0},
};
static const struct field codes_fields[] = {
    {"codes", FIELD_LONG, .required = true, .max = 600, .is_secret = true}, {0}};

static enum err begin_app(struct req *r)
{
    unsigned char raw[TOTP_SECRET_BYTES];
    struct str box;
    random_bytes(raw, sizeof raw);
    enum err e = req_seal_own(r, "sec.totp", "secret_sealed", req_value(r, "new_id"),
                              (struct str){(char *)raw, sizeof raw}, &box);
    secret_wipe(raw, sizeof raw);
    if (e)
        return e;
    req_set_bytes(r, "secret_box", box);
    if (!req_query(r, Q_second_factor_app_begin))
        return req_error(r);
    return reply_redirect(r, S("/account/security/app"));
}

/* "ABCD EFGH ...": to be read from one screen and typed on another. */
static struct str in_fours(struct arena *a, struct str text)
{
    struct buf b = buf_in(a, text.n * 2);
    for (size_t i = 0; i < text.n; i++) {
        if (i > 0 && i % 4 == 0)
            buf_addc(&b, ' ');
        buf_addc(&b, text.p[i]);
    }
    return buf_str(&b);
}

static enum err show_app(struct req *r)
{
    struct arena *a = req_arena(r);
    struct str secret, path;
    int side;
    struct rows *pending = req_query(r, Q_second_factor_app_pending);
    struct rows *me = req_show(r, "factors", Q_second_factor_mine, NULL);
    if (!pending || !me)
        return req_error(r);
    if (rows_count(pending) == 0)
        return reply_redirect(r, S("/account/security"));
    enum err e = req_open_own(r, "sec.totp", "secret_sealed", rows_text(pending, 0, "totp_id"),
                              rows_text(pending, 0, "secret_box"), &secret);
    if (e)
        return e == ERR_UNAVAILABLE ? e : ERR_INTERNAL;
    struct str uri =
        totp_uri(a, req_value(r, "tenant_name"), rows_text(me, 0, "staff_email"), secret);
    if ((e = qr_path(a, uri, &path, &side)))
        return e;
    req_set(r, "qr_path", path);
    req_set(r, "qr_side", arena_printf(a, "%d", side));
    req_set(r, "app_url", uri);
    req_set(r, "secret_text", in_fours(a, base32(a, secret)));
    return reply_view(r, 200, "second_factor/app");
}

/* Ten new codes: shown in this answer and never again; the database gets their hashes. */
static enum err make_codes(struct req *r)
{
    struct arena *a = req_arena(r);
    struct buf hashes = buf_in(a, 1024), text = buf_in(a, 512);
    unsigned char hash[HASH_BYTES];
    for (int i = 0; i < RECOVERY_CODES; i++) {
        struct str code = recovery_code(a);
        sha256(recovery_plain(a, code), hash);
        buf_addz(&hashes, i ? ",\"\\\\x" : "{\"\\\\x");
        esc_hex(&hashes, (struct str){(char *)hash, sizeof hash});
        buf_addz(&hashes, "\"");
        buf_add(&text, code);
        buf_addc(&text, '\n');
    }
    buf_addz(&hashes, "}");
    req_set(r, "hashes", buf_str(&hashes));
    req_set(r, "codes", buf_str(&text));
    return req_query(r, Q_second_factor_codes_make) ? OK : req_error(r);
}

enum err second_enrolled(struct req *r, const char *kind, struct str token)
{
    struct rows *me = req_query(r, Q_second_factor_mine);
    if (!me)
        return req_error(r);
    bool has_codes = rows_int(me, 0, "codes_left") > 0;
    enum err e = second_tell(r, "account_factor", str_of(kind));
    if (!e && !has_codes)
        e = make_codes(r);
    if (e)
        return e;
    entry_turned(r, token);
    return has_codes ? reply_redirect(r, S("/account/security?done=1"))
                     : reply_view(r, 200, "second_factor/codes");
}

static enum err confirm_app(struct req *r)
{
    bool is_right;
    struct str token;
    struct rows *pending = req_query(r, Q_second_factor_app_pending);
    if (!pending)
        return req_error(r);
    if (rows_count(pending) == 0)
        return reply_redirect(r, S("/account/security"));
    enum err e = second_code(r, pending, req_value(r, "code"), &is_right);
    if (e)
        return e;
    if (!is_right) {
        req_refuse(r, "code",
                   "This is not the code of now. Check that the clock of your phone is right, and "
                   "type the digits that the app shows.");
        return reply_again(r, "/account/security/app");
    }
    req_set(r, "totp_id", rows_text(pending, 0, "totp_id"));
    if ((e = entry_token(r, "new_token", &token)))
        return e;
    if (!req_query(r, Q_second_factor_app_confirm))
        return req_error(r);
    return second_enrolled(r, "codes of an app were set up as the second step of your log-in",
                           token);
}

static enum err remove_app(struct req *r)
{
    if (!req_query(r, Q_second_factor_app_remove))
        return req_error(r);
    enum err e = second_tell(r, "account_factor",
                             S("the codes of your app no longer count as the second step of your "
                               "log-in"));
    return e ? e : reply_redirect(r, S("/account/security?done=1"));
}

static enum err new_codes(struct req *r)
{
    enum err e = make_codes(r);
    if (!e)
        e = second_tell(r, "account_factor",
                        S("new recovery codes were made; those from before no longer work"));
    return e ? e : reply_view(r, 200, "second_factor/codes");
}

/* The form was carried out already; its codes were in that answer and are nowhere else. */
static enum err shown_before(struct req *r, struct str location)
{
    (void)location;
    return reply_redirect(r, S("/account/security?lost=1"));
}

/* What she holds, as a file: every line must be a code of hers that works. */
static enum err save_codes(struct req *r)
{
    struct arena *a = req_arena(r);
    struct str rest = req_value(r, "codes"), tenant = req_value(r, "tenant_name");
    struct buf hashes = buf_in(a, 1024), file = buf_in(a, 1024);
    unsigned char hash[HASH_BYTES];
    int64_t n = 0;
    buf_printf(&file, "Recovery codes for %.*s\r\n%s\r\n\r\n", (int)tenant.n, tenant.p,
               arena_cstr(a, req_url(r, S("/login"))));
    while (rest.n > 0) {
        struct str code = str_trim(str_cut(&rest, '\n')), plain = recovery_plain(a, code);
        if (plain.n == 0 || n == RECOVERY_CODES)
            return ERR_INVALID;
        sha256(plain, hash);
        buf_addz(&hashes, n++ ? ",\"\\\\x" : "{\"\\\\x");
        esc_hex(&hashes, (struct str){(char *)hash, sizeof hash});
        buf_addz(&hashes, "\"");
        buf_add(&file, code);
        buf_addz(&file, "\r\n");
    }
    buf_addz(&hashes, "}");
    buf_addz(&file, "\r\nEach works once, in place of the code of the app or of a passkey.\r\n");
    req_set(r, "hashes", buf_str(&hashes));
    struct rows *known = req_query(r, Q_second_factor_codes_known);
    if (!known)
        return req_error(r);
    if (rows_int(known, 0, "n") != n)
        return ERR_INVALID;
    return reply_bytes(r, 200, "text/plain; charset=utf-8", buf_str(&file), "recovery-codes.txt");
}

#define SECURITY_PAGE .realm = REALM_STAFFED, SELF, .pool = POOL_SLOW

const struct page second_factor_pages[] = {
    {GET, "/login/second", .realm = REALM_STAFFED, .door = DOOR_PUBLIC, .pool = POOL_SLOW,
     .run = show_second, .show = {{"second", Q_second_factor_lookup}},
     .view = "second_factor/second", .gives = "next_path",
     .title = "The second step of logging in"},
    {POST, "/login/second", .realm = REALM_STAFFED, .door = DOOR_PUBLIC, .pool = POOL_SLOW,
     .run = take_second, .again = "/login/second", .no_idempotency = true,
     .title = "The second step of logging in"},
    {GET, "/account/security", .realm = REALM_STAFFED, SELF,
     .show = {{"factors", Q_second_factor_mine}, {"passkeys", Q_passkey_mine}},
     .view = "second_factor/security", .title = "Logging in safely"},
    {POST, "/account/security/app", SECURITY_PAGE, .run = begin_app, .again = "/account/security",
     .step_up = true, .title = "Begin to set up an app"},
    {GET, "/account/security/app", SECURITY_PAGE, .run = show_app,
     .show = {{"factors", Q_second_factor_mine}}, .view = "second_factor/app",
     .gives = "qr_path qr_side app_url secret_text", .step_up = true, .title = "Set up an app"},
    {POST, "/account/security/app/confirm", SECURITY_PAGE, .fields = code_fields,
     .run = confirm_app, .replay = shown_before, .again = "/account/security/app",
     .view = "second_factor/codes", .gives = "codes change called", .step_up = true,
     .title = "Finish setting up an app"},
    {POST, "/account/security/app/remove", SECURITY_PAGE, .run = remove_app,
     .again = "/account/security", .step_up = true, .title = "Remove the app"},
    {POST, "/account/security/codes", SECURITY_PAGE, .run = new_codes, .replay = shown_before,
     .again = "/account/security", .view = "second_factor/codes", .gives = "codes", .step_up = true,
     .title = "New recovery codes"},
    {POST, "/account/security/codes/text", SECURITY_PAGE, .fields = codes_fields, .run = save_codes,
     .again = "/account/security", .no_idempotency = true, .title = "Recovery codes as a file"},
    {0},
};
