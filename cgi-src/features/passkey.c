/*
 * passkey.c -- passkeys: logging in with one, alone or after the password; adding, naming and removing them.
 * Owns: what a browser is asked (as JSON, for nginx/www/js/passkey.js) and how its answer becomes a statement's parameters.
 * Never: takes an answer without the challenge that this very session or ticket was given.
 */
#include "passkey.h"

#include "crypto.h"
#include "entry.h"
#include "features.h"
#include "log.h"
#include "second_factor.h"
#include "webauthn.h"

/* ---- asking ---- */

static void add_text(struct buf *b, const char *name, struct str text)
{
    buf_printf(b, ",\"%s\":\"", name);
    esc_json(b, text);
    buf_addz(b, "\"");
}

/* Ids of the passkeys that may answer, or that must not be added a second time. */
static void add_ids(struct buf *b, const struct rows *rows)
{
    bool first = true;
    buf_addz(b, ",\"passkeys\":[");
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct str id = rows_text(rows, i, "credential_id");
        if (id.n == 0)
            continue;
        buf_addz(b, first ? "\"" : ",\"");
        esc_base64url(b, id);
        buf_addz(b, "\"");
        first = false;
    }
    buf_addz(b, "]");
}

/* A fresh challenge as parameter `challenge`; *b begins with it. */
static enum err begin_options(struct req *r, struct buf *b)
{
    struct str raw, challenge = token_new(req_arena(r)), host = req_value(r, "host");
    if (unesc_base64url(req_arena(r), challenge, &raw))
        return ERR_INTERNAL;
    req_set_bytes(r, "challenge", raw);
    *b = buf_in(req_arena(r), 1024);
    buf_printf(b, "{\"challenge\":\"%.*s\"", (int)challenge.n, challenge.p);
    add_text(b, "site", host);
    return OK;
}

static enum err send_options(struct req *r, struct buf *b)
{
    buf_addz(b, "}");
    return reply_bytes(r, 200, "application/json", buf_str(b), NULL);
}

static const struct field alone_fields[] = {{"alone", FIELD_BOOL}, {0}};

static enum err ask_at_login(struct req *r)
{
    struct buf b;
    struct str token;
    if (!req_check(r, alone_fields))
        return ERR_INVALID;
    entry_ticket(r);
    enum err e = begin_options(r, &b);
    if (!e)
        e = entry_token(r, "new_token", &token);
    if (e)
        return e;
    struct rows *asked = req_query(r, Q_passkey_second_challenge);
    if (!asked)
        return req_error(r);
    if (rows_bool(asked, 0, "is_new"))
        entry_ticket_cookie(r, token);
    add_ids(&b, asked);
    return send_options(r, &b);
}

static enum err ask_session(struct req *r, const char *purpose)
{
    struct buf b;
    req_set(r, "purpose", str_of(purpose));
    enum err e = begin_options(r, &b);
    if (e)
        return e;
    struct rows *own = req_query(r, Q_passkey_challenge), *me = req_query(r, Q_second_factor_mine);
    if (!own || !me)
        return req_error(r);
    struct buf handle = buf_in(req_arena(r), 32);
    esc_base64url(&handle, rows_text(me, 0, "staff_handle"));
    add_ids(&b, own);
    add_text(&b, "handle", buf_str(&handle));
    add_text(&b, "name", rows_text(me, 0, "staff_email"));
    add_text(&b, "called", rows_text(me, 0, "staff_name"));
    add_text(&b, "business", req_value(r, "tenant_name"));
    return send_options(r, &b);
}

static enum err ask_to_add(struct req *r) { return ask_session(r, "add"); }
static enum err ask_to_confirm(struct req *r) { return ask_session(r, "confirm"); }

/* ---- answers ---- */

static const struct field answer_fields[] = {
    PASSKEY_FIELDS, {"next_path", FIELD_TEXT, .max = 600}, {0}};
static const struct field add_fields[] = {
    PASSKEY_FIELDS,
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Give it a name."},
    {0},
};
static const struct field name_fields[] = {
    {"name", FIELD_TEXT, .required = true, .max = 60, .missing = "Give it a name."}, {0}};

static struct str raw_of(struct req *r, const char *field)
{
    struct str raw;
    return unesc_base64url(req_arena(r), req_value(r, field), &raw) ? S("") : raw;
}

static struct webauthn_asked asked_for(struct req *r, struct str challenge)
{
    return (struct webauthn_asked){challenge, req_url(r, S("")), req_value(r, "host")};
}

static struct webauthn_answer answer_of(struct req *r)
{
    return (struct webauthn_answer){raw_of(r, "client_data"), raw_of(r, "auth_data"),
                                    raw_of(r, "signature")};
}

/* Compares the answer with the passkey and the challenge of a row. */
static enum err compare(struct req *r, const struct rows *passkey, struct str challenge,
                        bool *is_right)
{
    struct webauthn_asked asked = asked_for(r, challenge);
    struct webauthn_answer answer = answer_of(r);
    struct webauthn_key key = {(int)rows_int(passkey, 0, "algorithm"),
                               rows_text(passkey, 0, "public_key")};
    uint32_t count = 0;
    const char *why;
    enum err e = webauthn_signed_ok(req_arena(r), &asked, &key, &answer, &count, &why);
    *is_right = e == OK;
    if (e == ERR_INVALID)
        log_info("passkey.refused", "why", why, NULL);
    req_set(r, "passkey", rows_text(passkey, 0, "passkey_id"));
    req_set(r, "sign_count", arena_printf(req_arena(r), "%u", count));
    return e == ERR_INVALID ? OK : e;
}

/* The browser says whose the passkey is; where it says so it must be so, and alone it must say so. */
static bool handle_fits(struct req *r, const struct rows *passkey)
{
    struct str said = raw_of(r, "user_handle"), id = rows_text(passkey, 0, "staff_id");
    struct buf hex = buf_in(req_arena(r), 40), plain = buf_in(req_arena(r), 40);
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] != '-')
            buf_addc(&plain, id.p[i]);
    esc_hex(&hex, said);
    return said.n == 0 ? !rows_bool(passkey, 0, "is_alone")
                       : str_eq(buf_str(&hex), buf_str(&plain));
}

enum err passkey_signs_in(struct req *r, bool *is_right)
{
    *is_right = false;
    req_set_bytes(r, "credential_id", raw_of(r, "credential"));
    struct rows *found = req_query(r, Q_passkey_second_find);
    if (!found)
        return req_error(r);
    if (rows_text(found, 0, "passkey_id").n == 0)
        return OK;
    enum err e = compare(r, found, rows_text(found, 0, "challenge"), is_right);
    *is_right = *is_right && handle_fits(r, found);
    return e;
}

enum err passkey_confirms(struct req *r, bool *is_right)
{
    *is_right = false;
    req_set(r, "purpose", S("confirm"));
    req_set_bytes(r, "credential_id", raw_of(r, "credential"));
    struct rows *taken = req_query(r, Q_passkey_challenge_take);
    struct rows *own = req_query(r, Q_passkey_own);
    if (!taken || !own)
        return req_error(r);
    if (rows_count(taken) == 0 || rows_count(own) == 0)
        return OK;
    return compare(r, own, rows_text(taken, 0, "challenge"), is_right);
}

/* Logging in with a passkey and nothing else: whose it is, is found by it. */
static enum err log_in_alone(struct req *r)
{
    bool is_right;
    if (!req_check(r, answer_fields))
        return reply_again(r, "/login");
    entry_ticket(r);
    req_set_null(r, "step");
    req_set_null(r, "code_hash");
    req_set_null(r, "passkey");
    req_set_null(r, "sign_count");
    req_set(r, "kind", S("passkey"));
    if (!req_has(r, "credential")) {
        req_refuse(r, "", "Your browser gave no passkey. Please log in with your password.");
        return reply_again(r, "/login");
    }
    enum err e = passkey_signs_in(r, &is_right);
    req_set(r, "is_right", is_right ? S("true") : S("false"));
    return e ? e : second_finish(r, "/login");
}

/* ---- one's own ---- */

static enum err add(struct req *r)
{
    struct webauthn_made made;
    struct str token;
    const char *why;
    req_set(r, "purpose", S("add"));
    struct rows *taken = req_query(r, Q_passkey_challenge_take);
    if (!taken)
        return req_error(r);
    struct webauthn_asked asked =
        asked_for(r, rows_count(taken) ? rows_text(taken, 0, "challenge") : S(""));
    struct webauthn_answer answer = answer_of(r);
    enum err e = webauthn_made_ok(req_arena(r), &asked, &answer, &made, &why);
    if (e == ERR_INVALID) {
        log_info("passkey.refused", "why", why, NULL);
        req_refuse(r, "", "The passkey could not be added. Please try once more.");
        e = req_commit(r); /* the challenge is used up */
        return e ? e : reply_again(r, "/account/security");
    }
    if (!e)
        e = entry_token(r, "new_token", &token);
    if (e)
        return e;
    req_set_bytes(r, "credential_id", made.credential_id);
    req_set(r, "algorithm", arena_printf(req_arena(r), "%d", made.key.algorithm));
    req_set_bytes(r, "public_key", made.key.public_key);
    req_set(r, "sign_count", arena_printf(req_arena(r), "%u", made.sign_count));
    req_set(r, "is_synced", made.is_synced ? S("true") : S("false"));
    if (!req_query(r, Q_passkey_add))
        return req_error(r);
    return second_enrolled(r, "a passkey was added to your account", token);
}

static enum err shown_before(struct req *r, struct str location)
{
    (void)location;
    return reply_redirect(r, S("/account/security?lost=1"));
}

static enum err take_away(struct req *r)
{
    if (!req_query(r, Q_passkey_remove))
        return req_error(r);
    enum err e = second_tell(r, "account_factor", S("a passkey was removed from your account"));
    return e ? e : reply_redirect(r, S("/account/security?done=1"));
}

#define OWN_PAGE .realm = REALM_STAFFED, SELF, .pool = POOL_SLOW
#define OPEN_PAGE .realm = REALM_STAFFED, .door = DOOR_PUBLIC, .pool = POOL_SLOW

const struct page passkey_pages[] = {
    {POST, "/login/passkey/ask", OPEN_PAGE, .run = ask_at_login, .no_idempotency = true,
     .title = "What a passkey must sign to log in"},
    {POST, "/login/passkey", OPEN_PAGE, .run = log_in_alone, .again = "/login",
     .no_idempotency = true, .title = "Log in with a passkey"},
    {POST, "/confirm/passkey/ask", OWN_PAGE, .run = ask_to_confirm, .no_idempotency = true,
     .title = "What a passkey must sign to confirm"},
    {POST, "/account/security/passkeys/ask", OWN_PAGE, .run = ask_to_add, .no_idempotency = true,
     .step_up = true, .again = "/account/security", .title = "What a new passkey must sign"},
    {POST, "/account/security/passkeys", OWN_PAGE, .fields = add_fields, .run = add,
     .replay = shown_before, .again = "/account/security", .view = "second_factor/codes",
     .gives = "codes change called", .step_up = true, .title = "Add a passkey"},
    {POST, "/account/security/passkeys/{passkey_id:uuid}/name", OWN_PAGE, .fields = name_fields,
     .save = Q_passkey_rename, .then = "/account/security?done=1", .again = "/account/security",
     .step_up = true, .title = "Rename a passkey"},
    {POST, "/account/security/passkeys/{passkey_id:uuid}/remove", OWN_PAGE, .run = take_away,
     .again = "/account/security", .step_up = true, .title = "Remove a passkey"},
    {0},
};
