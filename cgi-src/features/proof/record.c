/*
 * record.c -- what a signed copy says: the document as it was signed, the certificate of completion, and both once more for programs.
 * Owns: the format "foyer-signed-form-3". A change of it is a new name; "-2" was the same without who sent the form, when it was asked for, the
 * pages and the clauses that were signed by themselves, "-1" also without the text's format and the messages.
 * Never: looks outside its arguments, but for the catalogue of the language that was signed (templates/words); shows a wording or an answer that is not in the signed text.
 * Source: SECURITY.md E-02, E-04.
 */

#include <json-c/json.h>
#include <stdlib.h>

#include "crypto.h"
#include "features/form/strokes.h"
#include "log.h"
#include "proof.h"
#include "view.h"

#define FORMAT "foyer-signed-form-3"

/* ---- words for people ---- */

struct word {
    const char *key, *words;
};

static struct str word_of(const struct word *all, size_t n, struct str key)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(key, all[i].key))
            return str_of(all[i].words);
    return key;
}

static const struct word events[] = {
    {"sent", "The form was sent"},
    {"opened", "The form was opened"},
    {"shown", "A page of it was shown"},
    {"kept", "Answers were kept"},
    {"code_sent", "A code was sent"},
    {"code_proven", "The code was typed in"},
    {"consented", "Signing electronically was agreed to"},
    {"signed", "The form was signed"},
    {"declined", "Signing was declined"},
    {"withdrawn", "The form was withdrawn"},
    {"copy_made", "The copy was made"},
    {"copy_sent", "A link to the copy was sent"},
    {"copy_read", "The copy was opened"},
};
static const struct word places[] = {
    {"link", "On the signer's own device, by a link"},
    {"kiosk", "On the studio's tablet"},
    {"desk", "At the studio, before a witness"},
};
static const struct word factors[] = {
    {"birth_date", "Date of birth, typed in and right"},
    {"staff", "Known to the member of staff who was there"},
    {"none", "None beyond the link itself"},
};
static const struct word channels[] = {
    {"email", "A code sent by e-mail was typed in"},
    {"sms", "A code sent by text message was typed in"},
};
static const struct word deliveries[] = {
    {"sent", "sent"},
    {"kept", "kept to be handed over, not sent"},
    {"queued", "not sent yet when this copy was made"},
    {"sending", "not sent yet when this copy was made"},
    {"failed", "could not be sent"},
    {"unknown", "not known whether it was sent"},
    {"suppressed", "not sent"},
};
static const struct word actors[] = {
    {"client", "The client"},
    {"staff", "Staff"},
    {"job", "Foyer"},
    {"visitor", "A visitor"},
};

#define WORD(table, key) word_of(table, COUNT_OF(table), key)

/* What the text itself says of who signed counts; of before it did, what is kept beside it. */
static struct proof_record as_signed(const struct proof_record *p, const struct form_document *d)
{
    struct proof_record said = *p;
    if (str_is(d->format, "1"))
        return said;
    said.guardian_name = d->guardian;
    said.guardian_relation = d->relation;
    said.witness_name = d->witness;
    return said;
}

/* ---- JSON ---- */

/* Half a certificate is none. */
static struct json_object *made(struct json_object *o)
{
    if (!o) {
        log_error("proof.json", "why", "no memory", NULL);
        abort();
    }
    return o;
}

static void put(struct json_object *o, const char *name, struct json_object *value)
{
    if (json_object_object_add(o, name, value) != 0)
        made(NULL);
}

/* null for what is not known. */
static void text(struct json_object *o, const char *name, struct str s)
{
    put(o, name, s.n > 0 ? made(json_object_new_string_len(s.p, (int)s.n)) : NULL);
}

static void number(struct json_object *o, const char *name, struct str digits)
{
    int64_t n;
    put(o, name, !str_int(digits, &n) ? made(json_object_new_int64(n)) : NULL);
}

static struct json_object *json_audit(const struct proof_record *p)
{
    struct json_object *o = made(json_object_new_object());
    text(o, "head_at", p->audit_head_at);
    text(o, "head_key", p->audit_key);
    text(o, "head_root", p->audit_root);
    number(o, "head_size", p->audit_size);
    number(o, "index", p->audit_index);
    text(o, "row", p->audit_row);
    return o;
}

static struct json_object *json_client(const struct proof_record *p, const struct form_document *d)
{
    struct json_object *o = made(json_object_new_object());
    text(o, "email", p->client_email);
    text(o, "id", p->client_id);
    text(o, "name", d->client);
    text(o, "phone", p->client_phone);
    return o;
}

/* Clauses that were signed by themselves, each with its question's key. */
static struct json_object *json_clauses(struct arena *a, const struct form_document *d)
{
    struct json_object *all = made(json_object_new_array());
    for (size_t i = 0; i < d->n_answers; i++) {
        const struct form_document_answer *q = &d->answers[i];
        if (q->signer.n == 0)
            continue;
        struct json_object *o = made(json_object_new_object());
        text(o, "key", q->key);
        text(o, "method", q->method);
        text(o, "name", q->signer);
        text(o, "question", q->question);
        text(o, "strokes_sha256", q->strokes.n > 0 ? form_document_hash(a, q->strokes) : S(""));
        if (json_object_array_add(all, o) != 0)
            made(NULL);
    }
    return all;
}

static struct json_object *json_document(struct arena *a, const struct proof_record *p,
                                         const struct form_document *d)
{
    struct json_object *o = made(json_object_new_object());
    put(o, "clauses", json_clauses(a, d));
    text(o, "format", d->format);
    put(o, "pages", p->n_pages > 0 ? made(json_object_new_int64(p->n_pages)) : NULL);
    text(o, "sha256", p->text_sha256);
    text(o, "shown_sha256", d->shown_sha256);
    text(o, "text", p->text);
    text(o, "title", d->title);
    text(o, "version", d->version);
    text(o, "wording_sha256", p->wording_sha256);
    return o;
}

static struct json_object *json_events(const struct proof_record *p)
{
    struct json_object *all = made(json_object_new_array());
    for (size_t i = 0; i < p->n_events; i++) {
        const struct proof_event *e = &p->events[i];
        struct json_object *o = made(json_object_new_object());
        text(o, "actor", e->actor);
        text(o, "address", e->address);
        text(o, "agent", e->agent);
        text(o, "at", e->at);
        text(o, "detail", e->detail);
        text(o, "kind", e->kind);
        if (json_object_array_add(all, o) != 0)
            made(NULL);
    }
    return all;
}

static struct json_object *json_messages(const struct proof_record *p)
{
    struct json_object *all = made(json_object_new_array());
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct proof_message *m = &p->messages[i];
        struct json_object *o = made(json_object_new_object());
        text(o, "address", m->address);
        text(o, "channel", m->channel);
        text(o, "kind", m->kind);
        text(o, "sent_at", m->sent_at);
        text(o, "state", m->state);
        text(o, "written_at", m->written_at);
        if (json_object_array_add(all, o) != 0)
            made(NULL);
    }
    return all;
}

static struct json_object *json_guardian(const struct proof_record *p)
{
    if (p->guardian_name.n == 0)
        return NULL;
    struct json_object *o = made(json_object_new_object());
    text(o, "name", p->guardian_name);
    text(o, "relation", p->guardian_relation);
    return o;
}

static struct json_object *json_signature(const struct proof_record *p,
                                          const struct form_document *d)
{
    struct json_object *o = made(json_object_new_object());
    text(o, "address", p->address);
    text(o, "agent", p->agent);
    text(o, "at", p->signed_at);
    text(o, "code_channel", p->code_channel);
    text(o, "disclosure_version", d->disclosure_version);
    put(o, "guardian", json_guardian(p));
    text(o, "handed_over_by", p->handed_over_by);
    text(o, "language", p->language);
    text(o, "link", p->link_id);
    text(o, "method", p->method);
    text(o, "name", d->signer);
    text(o, "place", p->place);
    text(o, "request", p->request_id);
    text(o, "second_factor", p->second_factor);
    put(o, "seconds_spent",
        p->seconds_spent < 0 ? NULL : made(json_object_new_int64(p->seconds_spent)));
    text(o, "sender", p->sender);
    text(o, "signer", p->signer);
    text(o, "strokes", p->strokes);
    text(o, "strokes_sha256", d->strokes_sha256);
    text(o, "witness", p->witness_name);
    text(o, "zone", p->zone);
    return o;
}

static struct json_object *json_studio(const struct proof_record *p)
{
    struct json_object *o = made(json_object_new_object());
    text(o, "country", p->country);
    text(o, "host", p->host);
    text(o, "id", p->tenant_id);
    text(o, "name", p->studio);
    return o;
}

/* The library keeps the order in which members come; here that of their names (RFC 8785). */
struct str proof_json(struct arena *a, const struct proof_record *record)
{
    struct form_document d;
    if (form_document_read(a, record->text, &d))
        return S("");
    const struct proof_record said = as_signed(record, &d), *p = &said;
    struct json_object *o = made(json_object_new_object());
    text(o, "asked_at", p->asked_at);
    put(o, "audit", json_audit(p));
    text(o, "authority_sha256", p->authority_sha256);
    put(o, "client", json_client(p, &d));
    put(o, "document", json_document(a, p, &d));
    put(o, "events", json_events(p));
    text(o, "form", p->assignment_id);
    text(o, "format", S(FORMAT));
    text(o, "id", p->id);
    text(o, "made_at", p->made_at);
    put(o, "messages", json_messages(p));
    put(o, "signature", json_signature(p, &d));
    put(o, "studio", json_studio(p));
    text(o, "verify", p->verify_url);
    size_t n = 0;
    const char *bytes = json_object_to_json_string_length(
        o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    struct str json = arena_printf(a, "%.*s\n", (int)n, bytes ? bytes : "");
    json_object_put(o);
    return json;
}

/* ---- in which language ---- */

/* Words of the house around the document, in the language that it was signed in. */
static struct str own(struct arena *a, const struct proof_record *p, struct str english)
{
    return view_words(a, p->language, english);
}

/* Words of the certificate: in English, for whoever has to judge by it, and beside it in the language that was signed, for her. */
static struct str both(struct arena *a, const struct proof_record *p, struct str english)
{
    struct str hers = own(a, p, english);
    return str_eq(hers, english) ? english
                                 : arena_printf(a, "%.*s \xc2\xb7 %.*s", (int)english.n, english.p,
                                                (int)hers.n, hers.p);
}

/* A paragraph of it in English, and one in hers. parts: what stands for its {names}. */
static void paragraph_both(struct pdf *pdf, struct arena *a, const struct proof_record *p,
                           struct str english, const struct view_part *parts, size_t n)
{
    pdf_paragraph(pdf, view_words_with(a, S(""), english, parts, n));
    if (!str_eq(own(a, p, english), english))
        pdf_paragraph(pdf, view_words_with(a, p->language, english, parts, n));
}

/* ---- the document as it was signed ---- */

static void fact_if(struct pdf *pdf, struct str label, struct str value)
{
    if (value.n > 0)
        pdf_fact(pdf, label, value);
}

/* Under a drawn signature. */
static struct str drawn_words(struct arena *a, const struct proof_record *p, struct str signer)
{
    const struct view_part name = {"name", signer};
    return view_words_with(a, p->language, S("Drawn by hand, and the name typed: {name}"), &name,
                           1);
}

static enum err add_drawing(struct pdf *pdf, struct arena *a, struct str strokes, struct str words)
{
    struct strokes s;
    if (strokes_parse(a, strokes, &s))
        return ERR_INVALID;
    struct pdf_stroke *lines = arena_alloc(a, (s.n + 1) * sizeof *lines);
    for (size_t i = 0; i < s.n; i++) {
        struct pdf_point *points = arena_alloc(a, (s.items[i].n + 1) * sizeof *points);
        for (size_t k = 0; k < s.items[i].n; k++)
            points[k] = (struct pdf_point){s.items[i].points[k].x, s.items[i].points[k].y};
        lines[i] = (struct pdf_stroke){points, s.items[i].n};
    }
    pdf_drawing(pdf, lines, s.n, STROKES_WIDTH, STROKES_HEIGHT, words);
    return OK;
}

static enum err add_answer(struct pdf *pdf, struct arena *a, const struct proof_record *p,
                           const struct form_document_answer *q)
{
    pdf_fact(pdf, q->question, q->answer);
    if (str_is(q->method, "typed"))
        pdf_signed_name(pdf, q->signer);
    if (!str_is(q->method, "drawn"))
        return OK;
    return add_drawing(pdf, a, q->strokes, drawn_words(a, p, q->signer));
}

static enum err add_signature(struct pdf *pdf, struct arena *a, const struct proof_record *p,
                              const struct form_document *d)
{
    pdf_heading(pdf, 2, own(a, p, S("Signature")));
    if (!str_is(d->method, "drawn")) {
        pdf_signed_name(pdf, d->signer);
        pdf_small(pdf, own(a, p, S("Signed by typing the name")));
        return OK;
    }
    return add_drawing(pdf, a, p->strokes, drawn_words(a, p, d->signer));
}

static enum err add_document(struct pdf *pdf, struct arena *a, const struct proof_record *p,
                             const struct form_document *d)
{
    pdf_heading(pdf, 1, d->title);
    pdf_fact(pdf, own(a, p, S("Studio")), d->studio);
    pdf_fact(pdf, own(a, p, S("Client")), d->client);
    pdf_fact(pdf, own(a, p, S("Version of the form")), d->version);
    fact_if(pdf, own(a, p, S("Language")), d->language_words);
    if (d->n_answers > 0)
        pdf_heading(pdf, 2, own(a, p, S("Answers")));
    for (size_t i = 0; i < d->n_answers; i++) {
        enum err e = add_answer(pdf, a, p, &d->answers[i]);
        if (e)
            return e;
    }
    if (d->wording.n > 0) {
        pdf_heading(pdf, 2, own(a, p, S("What is agreed")));
        pdf_paragraph(pdf, d->wording);
    }
    pdf_heading(pdf, 2, own(a, p, S("Signing electronically")));
    pdf_paragraph(pdf, d->disclosure);
    const struct view_part version = {"version", d->disclosure_version};
    pdf_small(pdf,
              view_words_with(a, p->language, S("Version {version} of these terms"), &version, 1));
    pdf_heading(pdf, 2, own(a, p, S("Statement")));
    pdf_paragraph(pdf, d->statement);
    return add_signature(pdf, a, p, d);
}

/* ---- the certificate of completion ---- */

static void exact_if(struct pdf *pdf, struct str label, struct str value)
{
    if (value.n > 0)
        pdf_fact_exact(pdf, label, value);
}

static struct str join(struct arena *a, struct str one, const char *between, struct str two)
{
    return two.n == 0 ? one
           : one.n == 0
               ? two
               : arena_printf(a, "%.*s%s%.*s", (int)one.n, one.p, between, (int)two.n, two.p);
}

static struct str spent_words(struct arena *a, int64_t seconds)
{
    if (seconds < 0)
        return S("");
    return seconds < 60 ? arena_printf(a, "%lld seconds", (long long)seconds)
                        : arena_printf(a, "%lld min %lld s", (long long)seconds / 60,
                                       (long long)seconds % 60);
}

static void add_who(struct pdf *pdf, struct arena *a, const struct proof_record *p,
                    const struct form_document *d)
{
    pdf_heading(pdf, 2, both(a, p, S("Who signed, when and from where")));
    pdf_fact(pdf, both(a, p, S("Signed by")), d->signer);
    pdf_fact(pdf, both(a, p, S("Who that is")),
             str_is(p->signer, "guardian") ? both(a, p, S("A guardian, for the client"))
                                           : both(a, p, S("The client")));
    fact_if(pdf, both(a, p, S("Guardian")),
            join(a, p->guardian_name, ", ", both(a, p, p->guardian_relation)));
    fact_if(pdf, both(a, p, S("Witness (staff)")), p->witness_name);
    fact_if(pdf, both(a, p, S("Tablet handed over by")), p->handed_over_by);
    fact_if(pdf, both(a, p, S("Asked for")), join(a, p->asked_local, ", ", p->zone_words));
    pdf_fact(pdf, both(a, p, S("Link from")),
             p->sender.n ? p->sender : both(a, p, S("Foyer, by itself")));
    pdf_fact(pdf, both(a, p, S("Signed at")), join(a, p->signed_local, ", ", p->zone_words));
    fact_if(pdf, both(a, p, S("Signed at (UTC)")), p->signed_at);
    fact_if(pdf, both(a, p, S("Time zone")), p->zone);
    pdf_fact(pdf, both(a, p, S("Where")), both(a, p, WORD(places, p->place)));
    pdf_fact(pdf, both(a, p, S("How identified")), both(a, p, WORD(factors, p->second_factor)));
    fact_if(pdf, both(a, p, S("Code")),
            p->code_channel.n ? both(a, p, WORD(channels, p->code_channel)) : S(""));
    pdf_fact(pdf, both(a, p, S("Kind of signature")),
             str_is(p->method, "drawn") ? both(a, p, S("Drawn by hand, name typed"))
                                        : both(a, p, S("Name typed")));
    fact_if(pdf, both(a, p, S("E-mail on record")), p->client_email);
    fact_if(pdf, both(a, p, S("Phone on record")), p->client_phone);
    pdf_fact(pdf, both(a, p, S("Internet address")),
             p->address.n ? p->address : both(a, p, S("Not known")));
    pdf_fact(pdf, both(a, p, S("Browser")), p->agent.n ? p->agent : both(a, p, S("Not known")));
    fact_if(pdf, both(a, p, S("Language")), d->language_words.n ? d->language_words : p->language);
    fact_if(pdf, both(a, p, S("Time spent")), spent_words(a, p->seconds_spent));
    pdf_fact(pdf, both(a, p, S("Terms of signing electronically")),
             join(a, both(a, p, S("version")), " ",
                  join(a, d->disclosure_version, ", ", both(a, p, S("accepted")))));
    exact_if(pdf, both(a, p, S("Link")), p->link_id);
    exact_if(pdf, both(a, p, S("Request")), p->request_id);
}

static void add_what(struct pdf *pdf, struct arena *a, const struct proof_record *p,
                     const struct form_document *d)
{
    pdf_heading(pdf, 2, both(a, p, S("What was signed")));
    exact_if(pdf, both(a, p, S("Envelope")), p->id);
    exact_if(pdf, both(a, p, S("SHA-256 of the signed text (document.txt)")), p->text_sha256);
    exact_if(pdf, both(a, p, S("SHA-256 of what was shown before signing")), d->shown_sha256);
    exact_if(pdf, both(a, p, S("SHA-256 of the form's wording")), p->wording_sha256);
    exact_if(pdf, both(a, p, S("SHA-256 of the drawn strokes")), d->strokes_sha256);

    pdf_heading(pdf, 2, both(a, p, S("The audit trail")));
    exact_if(pdf, both(a, p, S("Row")), p->audit_row);
    if (p->audit_index.n) {
        pdf_fact(pdf, both(a, p, S("Place in the tree")), p->audit_index);
        pdf_fact(pdf, both(a, p, S("Signed head")),
                 arena_printf(a, "of %.*s rows, %.*s", (int)p->audit_size.n, p->audit_size.p,
                              (int)p->audit_head_at.n, p->audit_head_at.p));
        exact_if(pdf, both(a, p, S("Root")), p->audit_root);
        exact_if(pdf, both(a, p, S("Key")), p->audit_key);
    } else if (p->audit_row.n) {
        pdf_fact(pdf, both(a, p, S("Place in the tree")),
                 both(a, p, S("Not sealed yet when this copy was made")));
    } else {
        pdf_fact(pdf, both(a, p, S("Row")), both(a, p, S("Not known for this signature")));
    }
}

static void add_events(struct pdf *pdf, struct arena *a, const struct proof_record *p)
{
    pdf_heading(pdf, 2, both(a, p, S("What happened, in order")));
    if (p->n_events == 0)
        pdf_paragraph(pdf, both(a, p, S("No events were written down for this form.")));
    for (size_t i = 0; i < p->n_events; i++) {
        const struct proof_event *e = &p->events[i];
        struct str what = join(a, both(a, p, WORD(events, e->kind)), ": ", e->detail);
        what = join(a, what, ". ", both(a, p, WORD(actors, e->actor)));
        pdf_fact(pdf, e->at_local, join(a, what, ", from ", e->address));
    }
}

static void add_messages(struct pdf *pdf, struct arena *a, const struct proof_record *p)
{
    pdf_heading(pdf, 2, both(a, p, S("Messages that carried the link")));
    if (p->n_messages == 0)
        pdf_paragraph(pdf, str_is(p->place, "link")
                               ? both(a, p, S("None is known."))
                               : both(a, p, S("None: the form was opened at the studio.")));
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct proof_message *m = &p->messages[i];
        struct str by = str_is(m->channel, "sms") ? both(a, p, S("Text message to"))
                                                  : both(a, p, S("E-mail to"));
        pdf_fact(
            pdf, m->at_local,
            join(a, join(a, by, " ", m->address), ": ", both(a, p, WORD(deliveries, m->state))));
    }
}

static void add_certificate(struct pdf *pdf, struct arena *a, const struct proof_record *p,
                            const struct form_document *d)
{
    pdf_new_page(pdf);
    pdf_heading(pdf, 1, both(a, p, S("Certificate of completion")));
    const struct view_part parts[] = {{"studio", p->studio}, {"place", p->zone_words}};
    paragraph_both(pdf, a, p,
                   S("{studio} keeps the form above and what is known of how it was signed. Times "
                     "are those of {place}."),
                   parts, COUNT_OF(parts));
    add_who(pdf, a, p, d);
    add_what(pdf, a, p, d);
    add_messages(pdf, a, p);
    add_events(pdf, a, p);
    pdf_heading(pdf, 2, both(a, p, S("The seal")));
    paragraph_both(
        pdf, a, p,
        S("This file carries a digital signature over all of its bytes. Whoever changes one "
          "breaks it. Attached are the exact text that was signed (document.txt) and this "
          "certificate for programs (record.json)."),
        NULL, 0);
    pdf_fact(pdf, both(a, p, S("Made")), join(a, p->made_local, ", ", p->zone_words));
    pdf_fact(pdf, both(a, p, S("By")), p->host);
    exact_if(pdf, both(a, p, S("SHA-256 of the authority's certificate")), p->authority_sha256);
    if (p->verify_url.n == 0)
        return;
    pdf_heading(pdf, 2, both(a, p, S("Ask the studio's installation")));
    paragraph_both(
        pdf, a, p,
        S("Whoever holds this paper can ask there whether a document with this fingerprint "
          "was signed, on which day, and whether anything in it was taken back since. The "
          "answer names nobody. The fingerprint is the SHA-256 of the signed text above."),
        NULL, 0);
    pdf_square(pdf, p->verify_url, both(a, p, S("The same address, for a phone's camera")));
    pdf_exact(pdf, p->verify_url);
}

/* ---- the whole ---- */

enum err proof_pdf(struct arena *a, const struct proof_record *record,
                   const struct pdf_signer *signer, struct str *pdf, int *n_pages)
{
    struct form_document d;
    if (form_document_read(a, record->text, &d))
        return ERR_INVALID;
    struct proof_record said = as_signed(record, &d);
    const struct proof_record *p = &said;
    struct pdf_options o = {
        .title = join(a, d.title, " \xe2\x80\x93 ", d.client),
        .author = p->studio,
        .subject = S("A signed form with its certificate of completion"),
        .language = p->language.n ? p->language : S("en"),
        .left = p->studio,
        .right = d.title,
        .foot = join(a, S("Envelope"), " ", p->id),
        .paper = pdf_paper_of(p->country),
        .made_at = p->made_epoch,
    };
    struct pdf *doc = pdf_new(a, &o);
    struct str plain;
    enum err e = add_document(doc, a, p, &d);
    if (e)
        return e;
    add_certificate(doc, a, p, &d);
    e = pdf_end(doc, &plain, &said.n_pages);
    if (n_pages)
        *n_pages = said.n_pages;
    const struct pdf_attachment files[] = {
        {S("document.txt"), S("text/plain"), S("The exact text that was signed"), S("Source"),
         p->text},
        {S("record.json"), S("application/json"), S("The certificate of completion, for programs"),
         S("Data"), proof_json(a, p)},
    };
    struct pdf_seal seal = {.name = p->studio,
                            .reason = S("Signed form, completed"),
                            .place = p->host,
                            .language = o.language,
                            .at = p->made_epoch};
    return e ? e : pdf_seal_document(a, plain, files, COUNT_OF(files), signer, &seal, pdf);
}
