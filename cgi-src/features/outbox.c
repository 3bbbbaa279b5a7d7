/*
 * outbox.c -- writes messages to clients and to the staff into the outbox, in the transaction that causes
 * them. Owns: sealing text, link and calendar entry under the client's key, a mail about an account under
 * the business's; the job that sends them.
 * Never: sends anything itself; puts a service or a word about health into a subject.
 */
#include "outbox.h"

#include "account.h"
#include "crypto.h"
#include "log.h"
#include "tombstone.h"

bool outbox_take_subject(struct str *text, struct str *subject)
{
    struct str rest = *text, line = str_cut(&rest, '\n');
    if (!str_starts(line, S("Subject: ")))
        return false;
    *subject = str_trim(str_part(line, 9, line.n - 9));
    *text = str_trim(rest);
    return subject->n > 0;
}

static enum err set_sealed(struct req *r, const struct letter *letter, struct str message_id,
                           const char *column, struct str plain)
{
    return req_set_sealed(r, column, letter->client_id, "app.message", column, message_id, plain);
}

void outbox_set_address_hash(struct req *r, struct str address)
{
    unsigned char hash[HASH_BYTES];
    suppression_hash(req_value(r, "tenant_id"), S("email"), address, hash);
    req_set_bytes(r, "address_hash", (struct str){(const char *)hash, sizeof hash});
}

enum err outbox_language(struct req *r, struct str client_id, struct str *language)
{
    *language = req_language(r);
    if (language->n > 0 || req_is_for_clients(r))
        return OK;
    req_set(r, "message_client", client_id);
    struct rows *hers = req_query(r, Q_outbox_language);
    if (!hers)
        return req_error(r);
    if (rows_count(hers) > 0)
        *language = view_language_of(req_arena(r), rows_text(hers, 0, "preferred"));
    if (rows_count(hers) > 0 && language->n == 0)
        *language = view_language_of(req_arena(r), rows_text(hers, 0, "locale"));
    return OK;
}

static enum err render_hers(struct req *r, const struct letter *letter, const char *view,
                            struct str *text)
{
    struct str page = req_language(r), hers;
    enum err e = outbox_language(r, letter->client_id, &hers);
    if (e)
        return e;
    req_say_in(r, hers);
    *text = req_render(r, view);
    req_say_in(r, page);
    return OK;
}

enum err outbox_send(struct req *r, const struct letter *letter)
{
    struct arena *a = req_arena(r);
    const char *view = arena_cstr(a, arena_printf(a, "message/%s.txt", letter->kind));
    struct str id = uuid_new(a), subject, text;

    req_set(r, "attached_copy", letter->attached_copy);
    if (letter->attached_copy.n == 0)
        req_set_null(r, "attached_copy");
    req_set(r, "link", letter->link);
    enum err e = render_hers(r, letter, view, &text);
    if (e)
        return e;
    if (!outbox_take_subject(&text, &subject)) {
        log_error("outbox.subject", "kind", letter->kind, NULL);
        return ERR_INTERNAL;
    }
    outbox_set_address_hash(r, letter->to);
    req_set(r, "message_id", id);
    req_set(r, "message_client", letter->client_id);
    req_set(r, "message_kind", str_of(letter->kind));
    req_set(r, "to_address", letter->to);
    req_set(r, "subject", subject);
    req_set(r, "dedupe_key", letter->dedupe_key);
    if (letter->link.n > 0 && str_eq(letter->link, req_value(r, "made_link_url")))
        req_set(r, "carried_link", req_value(r, "made_link"));
    else
        req_set_null(r, "carried_link");
    e = set_sealed(r, letter, id, "body_sealed", text);
    if (!e)
        e = set_sealed(r, letter, id, "link_sealed", letter->link);
    if (!e)
        e = set_sealed(r, letter, id, "ics_sealed", letter->ics);
    if (e)
        return e;
    if (!req_query(r, Q_outbox_add) || !req_query(r, Q_outbox_add_job))
        return req_error(r);
    return OK;
}

enum err outbox_goes(struct req *r, bool *goes)
{
    struct rows *written = req_query(r, Q_outbox_goes);
    *goes = written && rows_bool(written, 0, "goes");
    return written ? OK : req_error(r);
}

enum err outbox_staff(struct req *r, const struct staff_letter *letter)
{
    struct arena *a = req_arena(r);
    struct str id = uuid_new(a), subject, sealed;

    req_set(r, "link", letter->link);
    struct str text = req_render(r, arena_cstr(a, arena_printf(a, "message/%s.txt", letter->kind)));
    if (!outbox_take_subject(&text, &subject)) {
        log_error("outbox.subject", "kind", letter->kind, NULL);
        return ERR_INTERNAL;
    }
    enum err e = req_seal_own(r, "app.message", "body_sealed", id, text, &sealed);
    if (e)
        return e;
    req_set(r, "message_id", id);
    req_set(r, "message_kind", str_of(letter->kind));
    req_set(r, "to_address", letter->to);
    req_set(r, "subject", subject);
    req_set_bytes(r, "body_sealed", sealed);
    req_set(r, "dedupe_key", letter->dedupe_key);
    req_set(r, "to_staff", letter->staff_id);
    if (letter->staff_id.n == 0)
        req_set_null(r, "to_staff");
    return req_query(r, Q_outbox_staff) ? OK : req_error(r);
}

enum err outbox_link(struct req *r, const char *purpose, struct str client_id,
                     struct str appointment_id, struct new_link *made)
{
    struct arena *a = req_arena(r);
    struct str raw;
    made->id = uuid_new(a);
    made->token = token_new(a);
    made->url =
        account_url(a, req_value(r, "tenant_slug"), "/l/", made->token); /* a job has no host */
    if (unesc_base64url(a, made->token, &raw))
        return ERR_INTERNAL;
    req_set(r, "made_link", made->id);
    req_set(r, "made_link_url", made->url);
    req_set(r, "made_purpose", str_of(purpose));
    req_set(r, "made_client", client_id);
    req_set_bytes(r, "made_token", raw);
    if (req_value(r, "made_guardian").n == 0)
        req_set_null(r, "made_guardian");
    if (appointment_id.n > 0)
        req_set(r, "made_appointment", appointment_id);
    else
        req_set_null(r, "made_appointment");
    return req_query(r, Q_outbox_link) ? OK : req_error(r);
}

enum err outbox_invite(struct req *r, const char *purpose, struct str appointment_id,
                       struct letter letter)
{
    struct new_link link;
    if (letter.to.n == 0)
        return OK;
    enum err e = outbox_link(r, purpose, letter.client_id, appointment_id, &link);
    letter.link = link.url;
    return e ? e : outbox_send(r, &letter);
}
