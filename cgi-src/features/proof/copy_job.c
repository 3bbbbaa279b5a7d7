/*
 * copy_job.c -- makes the signed copy of a form, once, soon after it was signed.
 * Owns: when a copy is made. All of it is one transaction: a runner that is killed leaves nothing, and the next begins anew.
 * Never: seals a text that has not the hash that was taken when it was signed.
 */
#include "account.h"
#include "config.h"
#include "crypto.h"
#include "log.h"
#include "outbox.h"
#include "proof.h"
#include "proof_jobs.h"

enum { AT_ONCE = 20 };

static struct str hex_of(struct arena *a, struct str bytes)
{
    struct buf b = buf_in(a, bytes.n * 2 + 1);
    esc_hex(&b, bytes);
    return buf_str(&b);
}

static bool read_events(struct req *r, struct proof_record *p)
{
    req_set(r, "zone", p->zone);
    req_set(r, "client_id", p->client_id);
    req_set(r, "assignment_id", p->assignment_id);
    struct rows *rows = req_query(r, Q_proof_events);
    if (!rows)
        return false;
    struct proof_event *events = arena_alloc(req_arena(r), (rows_count(rows) + 1) * sizeof *events);
    for (size_t i = 0; i < rows_count(rows); i++)
        events[i] = (struct proof_event){
            .at = rows_text(rows, i, "at_utc"),
            .at_local = rows_text(rows, i, "at_local"),
            .kind = rows_text(rows, i, "kind"),
            .detail = rows_text(rows, i, "detail"),
            .actor = rows_text(rows, i, "actor_kind"),
            .address = rows_text(rows, i, "address"),
            .agent = rows_text(rows, i, "agent"),
        };
    p->events = events;
    p->n_events = rows_count(rows);
    return true;
}

static bool read_messages(struct req *r, struct proof_record *p)
{
    req_set(r, "signed_link", p->link_id);
    struct rows *rows = req_query(r, Q_proof_messages);
    if (!rows)
        return false;
    struct proof_message *all = arena_alloc(req_arena(r), (rows_count(rows) + 1) * sizeof *all);
    for (size_t i = 0; i < rows_count(rows); i++)
        all[i] = (struct proof_message){
            .written_at = rows_text(rows, i, "written_utc"),
            .sent_at = rows_text(rows, i, "sent_utc"),
            .at_local = rows_text(rows, i, "at_local"),
            .kind = rows_text(rows, i, "kind"),
            .channel = rows_text(rows, i, "channel"),
            .state = rows_text(rows, i, "state"),
            .address = rows_text(rows, i, "address_hint"),
        };
    p->messages = all;
    p->n_messages = rows_count(rows);
    return true;
}

static struct proof_record record_of(struct arena *a, const struct rows *s)
{
    const char *slug = arena_cstr(a, rows_text(s, 0, "slug"));
    int seconds = rows_column_find(s, "seconds_spent");
    return (struct proof_record){
        .id = rows_text(s, 0, "id"),
        .tenant_id = rows_text(s, 0, "tenant_id"),
        .studio = rows_text(s, 0, "studio"),
        .country = rows_text(s, 0, "country"),
        .host = arena_printf(a, "%s.%s", slug, config_text("domain")),
        .assignment_id = rows_text(s, 0, "assignment_id"),
        .client_id = rows_text(s, 0, "client_id"),
        .client_email = rows_text(s, 0, "email"),
        .client_phone = rows_text(s, 0, "phone"),
        .text = rows_text(s, 0, "document_sealed"),
        .text_sha256 = hex_of(a, rows_text(s, 0, "document_sha256")),
        .wording_sha256 = hex_of(a, rows_text(s, 0, "wording_sha256")),
        .strokes = rows_text(s, 0, "strokes_sealed"),
        .asked_at = rows_text(s, 0, "asked_utc"),
        .asked_local = rows_text(s, 0, "asked_local"),
        .sender = rows_text(s, 0, "sender_name"),
        .signed_at = rows_text(s, 0, "signed_utc"),
        .signed_local = rows_text(s, 0, "signed_local"),
        .zone = rows_text(s, 0, "zone"),
        .zone_words = rows_text(s, 0, "zone_words"),
        .address = rows_text(s, 0, "address"),
        .agent = rows_text(s, 0, "agent"),
        .link_id = rows_text(s, 0, "link_id"),
        .request_id = rows_text(s, 0, "request_id"),
        .method = rows_text(s, 0, "method"),
        .signer = rows_text(s, 0, "signer"),
        .place = rows_text(s, 0, "place"),
        .second_factor = rows_text(s, 0, "second_factor"),
        .code_channel = rows_text(s, 0, "code_channel"),
        .language = rows_text(s, 0, "language"),
        .guardian_name = rows_text(s, 0, "guardian_name"),
        .guardian_relation = rows_text(s, 0, "guardian_relation"),
        .witness_name = rows_text(s, 0, "witness_name"),
        .handed_over_by = rows_text(s, 0, "handed_over_by"),
        .seconds_spent =
            rows_val(s, 0, (size_t)seconds).kind == VAL_INT ? rows_int(s, 0, "seconds_spent") : -1,
        .audit_row = rows_text(s, 0, "audit_row"),
        .audit_index = rows_text(s, 0, "audit_index"),
        .audit_size = rows_text(s, 0, "audit_size"),
        .audit_root = rows_text(s, 0, "audit_root"),
        .audit_head_at = rows_text(s, 0, "audit_head_at"),
        .audit_key = rows_text(s, 0, "audit_key"),
        .made_at = rows_text(s, 0, "made_utc"),
        .made_local = rows_text(s, 0, "made_local"),
        .made_epoch = rows_int(s, 0, "made_epoch"),
        .verify_url = account_url(a, rows_text(s, 0, "slug"), "/verify?fingerprint=",
                                  hex_of(a, rows_text(s, 0, "document_sha256"))),
    };
}

static bool put_copy(struct req *r, struct str client_id, struct str pdf, int n_pages)
{
    struct str id = uuid_new(req_arena(r)), sealed;
    unsigned char hash[HASH_BYTES];
    if (req_seal(r, client_id, "app.signature_copy", "pdf_sealed", id, pdf, &sealed))
        return false;
    sha256(pdf, hash);
    req_set(r, "copy_id", id);
    req_set_bytes(r, "pdf_bytes", sealed);
    req_set_bytes(r, "pdf_sha256", (struct str){(const char *)hash, sizeof hash});
    req_set(r, "n_pages", arena_printf(req_arena(r), "%d", n_pages));
    req_set(r, "event", S("copy_made"));
    return req_query(r, Q_proof_add) && req_query(r, Q_proof_event);
}

/* What is kept beside the text, and should be what the text says. */
static bool agrees(struct arena *a, const struct proof_record *p)
{
    struct form_document d;
    const struct form_document beside = {.role = p->signer,
                                         .place = p->place,
                                         .method = p->method,
                                         .language = p->language,
                                         .signed_at = p->signed_at};
    return form_document_read(a, p->text, &d) || form_document_agrees(&d, &beside);
}

enum job_end proof_copy_job(struct req *r, const struct job *job, struct str *why)
{
    struct arena *a = req_arena(r);
    struct pdf_signer signer;
    struct str pdf;
    int n_pages;
    req_set(r, "signature_id", job->subject_id);
    struct rows *s = req_query(r, Q_proof_signature);
    if (!s || rows_count(s) == 0) {
        *why = s ? S("there is no such signature") : *why;
        return s ? JOB_HOPELESS : JOB_LATER;
    }
    if (rows_bool(s, 0, "has_copy") || form_document_is_erased(rows_text(s, 0, "document_sealed")))
        return JOB_DONE;
    struct proof_record p = record_of(a, s);
    if (!str_eq(form_document_hash(a, p.text), p.text_sha256)) {
        *why = S("the kept text has not the hash that was taken when it was signed");
        return JOB_HOPELESS;
    }
    if (!agrees(a, &p)) {
        *why = S("what is kept beside the signed text is not what the text says");
        return JOB_HOPELESS;
    }
    if (!read_events(r, &p) || !read_messages(r, &p))
        return JOB_LATER;
    if (proof_authority_open(&signer)) {
        *why = S("the keys that seal signed forms cannot be opened; see the log");
        return JOB_LATER;
    }
    p.authority_sha256 = proof_authority_hash(a, signer.authority);
    enum err e = proof_pdf(a, &p, &signer, &pdf, &n_pages);
    if (e) {
        *why =
            e == ERR_INVALID ? S("the signed text cannot be read") : S("the file cannot be made");
        return e == ERR_INVALID ? JOB_HOPELESS : JOB_LATER;
    }
    if (!put_copy(r, p.client_id, pdf, n_pages))
        return JOB_LATER;
    if (rows_bool(s, 0, "is_sent") && proof_send(r))
        return JOB_LATER;
    return JOB_DONE;
}

enum job_end proof_missing_job(struct req *r, const struct job *job, struct str *why)
{
    (void)job;
    (void)why;
    if (!req_query(r, Q_proof_chart_old)) /* what nobody may have any more */
        return JOB_LATER;
    req_set(r, "most", arena_printf(req_arena(r), "%d", AT_ONCE));
    struct rows *asked = req_query(r, Q_proof_missing);
    return !asked ? JOB_LATER : rows_count(asked) == AT_ONCE ? JOB_AGAIN : JOB_DONE;
}
