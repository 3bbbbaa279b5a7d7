/*
 * proof.h -- the signed copy of a form: a PDF that proves itself. Between the files of this folder.
 */
#ifndef FOYER_PROOF_H
#define FOYER_PROOF_H
#include "form_document.h"
#include "job.h"
#include "pdf.h"
#include "web.h"

/* ---- authority.c: who seals ---- */

/*
 * proof_authority_open -- the installation's authority and the certificate that it gave the sealer; made on first use, and a new
 * certificate when the old one nears its end. documents.key in the directory of keys, under a key that only who holds
 * sealer.key has; the authority's certificate beside it, documents-FINGERPRINT.pem, for ever.
 * Errors: ERR_INTERNAL, logged.
 */
enum err MUST_CHECK proof_authority_open(struct pdf_signer *signer);
/* SHA-256 of its certificate, hex. */
struct str proof_authority_hash(struct arena *a, struct x509_st *authority);
void proof_authority_close(void);

/* ---- record.c: what the copy says ---- */

struct proof_event {
    struct str at, at_local, kind, detail, actor, address, agent;
};
/* A message that carried the link. */
struct proof_message {
    struct str written_at, sent_at, at_local, kind, channel, state;
    struct str address; /* a hint of it */
};
/* All times as text: UTC in ISO 8601 for the record, local wall time for people. */
struct proof_record {
    struct str id, tenant_id, studio, country, host, assignment_id, client_id, client_email,
        client_phone;
    struct str text, text_sha256, wording_sha256, strokes; /* strokes: as kept, "" for none */
    struct str asked_at, asked_local; /* when the form was asked for */
    struct str sender;                /* who of the staff sent or opened the link; "": Foyer did, when a visit was booked */
    int n_pages;                      /* of the copy; set by proof_pdf, for the record */
    struct str signed_at, signed_local, zone, zone_words, address, agent, link_id, request_id;
    struct str method, signer, place, second_factor, code_channel, language;
    struct str guardian_name, guardian_relation, witness_name;
    struct str handed_over_by; /* on the tablet: who of the staff gave it to her */
    int64_t seconds_spent; /* < 0: not known */
    struct str audit_row, audit_index, audit_size, audit_root, audit_head_at, audit_key;
    struct str made_at, made_local;
    int64_t made_epoch, signed_epoch;
    struct str authority_sha256;
    const struct proof_event *events;
    size_t n_events;
    const struct proof_message *messages;
    size_t n_messages;
    struct str verify_url; /* where who holds the paper can ask about it */
};

/* The record as JSON in one spelling: members in the order of their names, no blanks, nothing left out. */
struct str proof_json(struct arena *a, const struct proof_record *p);
/*
 * proof_pdf -- the copy, sealed.
 * Errors: ERR_INVALID the text is not a signed form, or its strokes are not; ERR_INTERNAL, logged.
 */
enum err MUST_CHECK proof_pdf(struct arena *a, const struct proof_record *p,
                              const struct pdf_signer *signer, struct str *pdf, int *n_pages);

#endif
