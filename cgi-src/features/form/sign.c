/*
 * sign.c -- reading the whole document, and signing it.
 * Owns: the refusals of what must not be signed: another text than was shown, nothing, twice.
 * Never: takes the text from the browser. The server makes it again and compares the hashes.
 * Source: SECURITY.md E-01, E-02, E-03.
 */
#include "crypto.h"
#include "pages.h"
#include "strokes.h"

enum { MAX_STROKES = 160 * 1024 };

#define QUESTIONS "/v/{link_id:uuid}/forms/{assignment_id:uuid}"
#define CONSENT QUESTIONS "/consent"

static const struct field sign_fields[] = {
    {"document_sha256", FIELD_TOKEN, .required = true, .max = 64},
    {"disclosure_id", FIELD_UUID},
    {"accepts", FIELD_BOOL, .required = true,
     .missing =
         "Tick this to sign on this page. If you would rather not, ask the studio for paper."},
    {"signer_name", FIELD_TEXT, .required = true, .min = 2, .max = 120,
     .missing = "Type your full name to sign."},
    {"method", FIELD_CHOICE, .required = true, .choices = "typed|drawn"},
    {"strokes", FIELD_LONG, .max = MAX_STROKES},
    {"name_meant", FIELD_TEXT, .max = 120}, /* she was asked about this name, and meant it */
    {"guardian_id", FIELD_UUID}, /* of a minor: who signs, and his own date of birth */
    {"guardian_birth", FIELD_DATE},
    {"witnessed", FIELD_BOOL}, /* at the desk: that she saw it */
    {"code", FIELD_TEXT, .max = 40},
    {0},
};

static const char changed[] = "This form changed since you opened it. Please read it again.";

/* What stays of the page in another language, or when another code is sent: all but the box that was ticked. */
const struct field form_typed_fields[] = {
    {"signer_name", FIELD_TEXT, .max = 120},
    {"strokes", FIELD_LONG, .max = MAX_STROKES},
    {"guardian_birth", FIELD_DATE},
    {0},
};

bool form_is_typed(struct req *r)
{
    return req_has(r, "signer_name") || req_has(r, "strokes") || req_has(r, "guardian_birth");
}

enum err form_language(struct req *r)
{
    struct filling f;
    enum err e = req_query(r, Q_form_file_hold) ? filling_load(r, &f) : req_error(r);
    bool is_open = !e && !filling_is_signed(&f) && !filling_is_declined(&f);
    if (is_open)
        e = filling_keep_language(r, &f);
    if (!e && is_open && !req_query(r, Q_manage_language))
        e = req_error(r);
    if (!e && !form_is_typed(r))
        return reply_redirect(r, form_path(r, "/consent"));
    if (!e && is_open)
        e = req_commit(r);
    return e ? e : reply_again(r, CONSENT);
}

/* Whether the page has the form that is signed: filled in by whoever may. */
static bool can_sign(const struct filling *f, const struct rows *signer, const struct rows *code)
{
    return rows_text(f->form, 0, "disclosure_id").n > 0 && !rows_bool(signer, 0, "is_of_age") &&
           !rows_bool(signer, 0, "lacks_guardian") && !rows_bool(code, 0, "is_before");
}

enum err form_show_consent(struct req *r)
{
    struct arena *a = req_arena(r);
    struct filling f;
    struct form_document shown;
    enum err e = filling_load(r, &f);
    if (e)
        return e;
    if (filling_is_declined(&f))
        return reply_view(r, 200, "form/declined");
    if (filling_is_signed(&f))
        return form_signed_already(r, "/copy");
    if (!filling_complete(&f))
        return reply_redirect(r, form_path(r, "?check=1"));
    const struct rows *signer, *code = NULL;
    const struct str *keys;
    bool is_sent = req_values(r, "csrf", &keys) > 0;
    if (!is_sent || !req_has(r, "guardian_id"))
        req_set_null(r, "guardian_id");
    e = form_show_signer(r, &signer);
    if (!e && !(code = req_show(r, "code", Q_form_code, NULL)))
        e = req_error(r);
    if (!e)
        e = form_event(r, "shown", "document,disclosure", 0);
    if (e)
        return e;

    /* What is shown is read back from the very bytes that are hashed. */
    struct form_document document = filling_document(a, &f);
    struct str text = form_document_text(a, &document), hash = form_document_hash(a, text);
    e = form_document_read(a, text, &shown);
    if (e)
        return e;
    req_set_list(r, "document",
                 form_shown_document(a, &shown, rows_text(f.form, 0, "disclosure_language")));
    bool is_stale = req_has(r, "document_sha256") && !str_eq(req_value(r, "document_sha256"), hash);
    req_set(r, "is_stale", is_stale ? S("yes") : S(""));
    /* What she ticked stays ticked under the text that she saw; no address ticks anything for her. */
    req_set(r, "is_hers", is_sent && !is_stale ? S("yes") : S(""));
    req_set(r, "document_sha256", hash);
    req_set(r, "text_dir", language_dir(f.language));
    req_set(r, "can_sign", can_sign(&f, signer, code) ? S("yes") : S(""));
    if (!req_show(r, "languages", Q_form_languages, NULL))
        return req_error(r);
    filling_say(r, &f);
    return reply_view(r, 200, "form/consent");
}

/* Reads the strokes of a drawn signature; *kept is what is kept of them, "" for a typed one. */
static bool take_strokes(struct req *r, struct str *kept)
{
    struct strokes s;
    *kept = S("");
    if (!str_is(req_value(r, "method"), "drawn"))
        return true;
    if (strokes_parse(req_arena(r), req_value(r, "strokes"), &s)) {
        req_refuse(r, "strokes",
                   "The drawn signature did not arrive whole. Please draw it again, or clear it "
                   "and sign by typing your name.");
        return false;
    }
    if (strokes_blank(&s)) {
        req_refuse(r, "strokes",
                   "The drawn signature is empty. Please draw it, or clear it and sign by typing "
                   "your name.");
        return false;
    }
    *kept = strokes_json(req_arena(r), &s);
    return true;
}

static enum err set_sealed(struct req *r, struct str id, const char *column, const char *param,
                           struct str plain)
{
    return req_set_sealed(r, param, req_value(r, "client_id"), "app.signature", column, id, plain);
}

static void set_hash(struct req *r, const char *param, struct str text)
{
    unsigned char hash[HASH_BYTES];
    sha256(text, hash);
    req_set_bytes(r, param, (struct str){(const char *)hash, sizeof hash});
}

static enum err put_signature(struct req *r, const struct filling *f, struct str signed_text,
                              struct str strokes)
{
    struct str id = uuid_new(req_arena(r));
    enum err e = set_sealed(r, id, "document_sealed", "document_bytes", signed_text);
    if (!e)
        e = set_sealed(r, id, "signer_name_sealed", "signer_name_bytes",
                       req_value(r, "signer_name"));
    if (!e)
        e = set_sealed(r, id, "strokes_sealed", "strokes_bytes", strokes);
    if (e)
        return e;
    set_hash(r, "document_sha256", signed_text);
    req_set_bytes(r, "wording_sha256", rows_text(f->form, 0, "wording_sha256"));
    req_set(r, "signature_id", id);
    req_set(r, "zone", rows_text(f->form, 0, "zone"));
    return req_query(r, Q_form_sign) ? OK : req_error(r);
}

/* Whether what was posted may be signed; messages say why not. */
static bool may_sign(struct req *r, const struct filling *f, struct str shown_hash,
                     struct str *strokes)
{
    bool is_good = req_check(r, sign_fields);
    if (!str_eq(req_value(r, "document_sha256"), shown_hash) ||
        !str_eq(req_value(r, "disclosure_id"), rows_text(f->form, 0, "disclosure_id"))) {
        req_refuse(r, "", changed);
        return false;
    }
    return take_strokes(r, strokes) && is_good;
}

/*
 * Whether the name may stand as it was typed: it fits somebody who may sign here, or she was asked about it and sent it once more. People
 * have many names, so nobody is refused; but who fills in the wrong person's form sees it before it is signed.
 */
static enum err look_at_name(struct req *r, bool *is_meant)
{
    *is_meant = str_eq(req_value(r, "name_meant"), req_value(r, "signer_name"));
    if (*is_meant)
        return OK;
    if (!req_has(r, "guardian_id"))
        req_set_null(r, "guardian_id");
    struct rows *named = req_query(r, Q_form_signer_fits);
    if (!named)
        return req_error(r);
    *is_meant = rows_bool(named, 0, "fits");
    if (!*is_meant)
        req_refuse(r, "name_meant",
                   "Nothing is signed yet: the name that you typed is another one than we know. "
                   "Correct it, or sign all the same.");
    return OK;
}

/* What the signed text says of who signs: as the database found it out, not as it was posted. */
static enum err put_signer(struct req *r, struct form_document *d, struct str strokes)
{
    struct rows *by = req_query(r, Q_form_signing_as);
    if (!by)
        return req_error(r);
    d->signer = req_value(r, "signer_name");
    d->method = req_value(r, "method");
    d->role = rows_text(by, 0, "signer");
    d->guardian = rows_text(by, 0, "guardian_name");
    d->relation = rows_text(by, 0, "relation");
    d->witness = rows_text(by, 0, "witness_name");
    d->place = rows_text(by, 0, "place");
    d->signed_at = rows_text(by, 0, "signed_utc");
    if (strokes.n > 0)
        d->strokes_sha256 = form_document_hash(req_arena(r), strokes);
    return OK;
}

enum err form_sign(struct req *r)
{
    struct arena *a = req_arena(r);
    struct filling f;
    struct str strokes;
    enum err e = req_query(r, Q_form_file_hold) ? filling_load(r, &f) : req_error(r);
    if (e)
        return e;
    if (filling_is_signed(&f) || filling_is_declined(&f))
        return reply_again(r, CONSENT);
    if (!filling_complete(&f))
        return reply_again(r, QUESTIONS);

    struct form_document document = filling_document(a, &f);
    struct str shown = form_document_hash(a, form_document_text(a, &document));
    if (!may_sign(r, &f, shown, &strokes))
        return reply_again(r, CONSENT);
    bool is_fine;
    e = look_at_name(r, &is_fine);
    if (!e && is_fine)
        e = form_code_check(r, &is_fine);
    if (e)
        return e;
    if (!is_fine)
        return reply_again(r, CONSENT);
    enum signer_end end;
    e = form_take_signer(r, &end);
    if (e)
        return e;
    if (end != SIGNER_TAKEN)
        return end == SIGNER_LOCKED ? reply_view(r, 410, "manage/locked") : reply_again(r, CONSENT);
    e = put_signer(r, &document, strokes);
    if (!e)
        e = attached_keep_signed(r, &f);
    if (!e)
        e = put_signature(r, &f, form_document_text(a, &document), strokes);
    if (!e)
        e = form_put_consents(r, &f);
    if (!e)
        e = filling_note_allergies(r, &f);
    if (!e)
        e = filling_note_health(r, &f);
    if (!e)
        e = filling_note_due_date(r, &f);
    return e ? e : reply_redirect(r, form_path(r, "/copy?signed=1"));
}
