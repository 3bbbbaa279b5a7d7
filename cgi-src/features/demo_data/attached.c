/*
 * attached.c -- of the demo's medical spa: a form that asks for pictures, due for one client and signed by another, with what she attached;
 * and a consent that somebody signed on paper, with a picture of the paper. Where the store cannot be written, nobody has signed them.
 */
#include <stdio.h>

#include "config.h"
#include "crypto.h"
#include "db.h"
#include "form_document.h"
#include "media.h"
#include "signatures.h"
#include "spot_picture.h"

static const char title[] = "A look at your skin before you come";
static const char body[] =
    "The pictures help your provider to plan the visit. They become part of your record and are "
    "read by the people who look after you. They are no diagnosis: anything that bleeds, grows or "
    "changes color belongs to a doctor first.";
static const char picture_label[] = "A picture of the area that you want to talk about";
static const char letter_label[] = "A letter or finding about it";
static const char since_label[] = "Since when have you had it?";
static const char name[] = "IMG_2031.jpg";

static const char *new_id(struct loader *l) { return load_z(l, demo_uuid(&l->random, l->arena)); }

static const char *make_form(struct loader *l, const char **form)
{
    const char *version = new_id(l);
    *form = new_id(l);
    LOAD(l,
         "INSERT INTO app.form (id, name, kind, validity) VALUES ($1, 'Skin, in pictures', "
         "'intake', 'life')",
         *form);
    LOAD(l,
         "INSERT INTO app.form_version (id, form_id, version, title, body) VALUES ($1, $2, 1, $3, "
         "$4)",
         version, *form, title, body);
    LOAD(l,
         "INSERT INTO app.form_question (form_version_id, position, key, kind, label, help, "
         "is_required) "
         "VALUES ($1, 1, 'picture', 'file', $2, 'In daylight, without make-up, from a hand''s "
         "length.', true), "
         "($1, 2, 'letter', 'file', $3, '', false), ($1, 3, 'since', 'text', $4, '', false)",
         version, picture_label, letter_label, since_label);
    LOAD(l, "UPDATE app.form_version SET published_at = now() - interval '70 days' WHERE id = $1",
         version);
    return version;
}

static struct str bytes_of(const unsigned char *p, size_t n)
{
    return (struct str){(const char *)p, n};
}

static const char *sealed(struct loader *l, const struct demo_client *c, const char *table,
                          const char *column, const char *row, struct str plain)
{
    return db_bytea(l->arena, demo_seal(l, c, table, column, str_of(row), plain));
}

/* A file that is attached: as it is kept, and a small picture of it (none of a PDF). */
struct file {
    const char *key, *name, *type;
    struct str whole, small;
};

/* The file in the store, and its rows; false: the store cannot be written. */
static bool attach(struct loader *l, const struct demo_client *c, const char *assignment,
                   const struct file *f)
{
    bool is_picture = f->small.n > 0;
    const struct media_store *s = media_directory(config_text("media"));
    /* (by chance: a store may hold what an installation before this one put there, and writes nothing twice) */
    const char *id = load_z(l, uuid_new(l->arena));
    struct media_object o = {arena_str(l->arena, l->tenant_id), str_of(id), MEDIA_WHOLE};
    unsigned char key[KEY_BYTES], content[HASH_BYTES], stored[HASH_BYTES];
    random_bytes(key, sizeof key);
    sha256(f->whole, content);
    if (!s || media_put(s, l->arena, key, &o, f->whole) ||
        media_stored_hash(s, l->arena, &o, stored))
        return false;
    o.part = MEDIA_SMALL;
    if (is_picture && media_put(s, l->arena, key, &o, f->small))
        return false;
    struct str hash = bytes_of(content, sizeof content);
    LOAD(l,
         "INSERT INTO app.media (id, client_id, kind, type, bytes, small_bytes, width, height, "
         "key_sealed, sha256_sealed, made_at, made_by) "
         "VALUES ($1, $2, 'form', $9, $3, $4, $5, $6, $7, $8, now() - interval '9 days', "
         "NULL)",
         id, load_z(l, c->id), load_z(l, arena_printf(l->arena, "%zu", f->whole.n)),
         is_picture ? load_z(l, arena_printf(l->arena, "%zu", f->small.n)) : NULL,
         is_picture ? load_z(l, arena_printf(l->arena, "%d", SPOT_WIDTH)) : NULL,
         is_picture ? load_z(l, arena_printf(l->arena, "%d", SPOT_HEIGHT)) : NULL,
         sealed(l, c, "app.media", "key_sealed", id, bytes_of(key, sizeof key)),
         sealed(l, c, "app.media", "sha256_sealed", id, hash), f->type);
    LOAD(l,
         "INSERT INTO app.form_file (id, client_id, assignment_id, question_key, name_sealed, "
         "sha256_sealed, stored_sha256, added_at) "
         "VALUES ($1, $2, $3, $7, $4, $5, $6, now() - interval '9 days')",
         id, load_z(l, c->id), assignment,
         sealed(l, c, "app.form_file", "name_sealed", id, str_of(f->name)),
         sealed(l, c, "app.form_file", "sha256_sealed", id, hash),
         db_bytea(l->arena, bytes_of(stored, sizeof stored)), f->key);
    secret_wipe(key, sizeof key);
    return true;
}

/* A file as the signed text names it. */
static struct str named(struct loader *l, const struct file *f)
{
    struct str kept = arena_printf(l->arena, "%s\t%s\t%zu\t%s", f->name, f->type, f->whole.n,
                                   load_z(l, form_document_hash(l->arena, f->whole)));
    return form_answer_words(l->arena, S("file"), kept);
}

/* The text as the pages would have made it, at the time that the row says. */
static struct str signed_text(struct loader *l, const struct demo_client *c, const char *at,
                              const struct file *f)
{
    const struct form_document_answer answers[] = {
        {.question = str_of(picture_label), .answer = named(l, f)},
        {.question = str_of(letter_label), .answer = form_answer_words(l->arena, S("file"), S(""))},
        {.question = str_of(since_label), .answer = S("About two years; it has not changed.")}};
    struct form_document d = {.studio = str_of(l->studio->name),
                              .client = c->name,
                              .signer = c->name,
                              .title = str_of(title),
                              .version = S("1"),
                              .language = S("en"),
                              .language_words = S("English"),
                              .role = S("client"),
                              .place = S("link"),
                              .signed_at = str_of(at),
                              .answers = answers,
                              .n_answers = COUNT_OF(answers),
                              .wording = str_of(body),
                              .disclosure = str_of(l->studio->terms_body),
                              .disclosure_version = S("1"),
                              .method = S("typed")};
    return form_document_text(l->arena, &d);
}

static const char *assign(struct loader *l, const struct demo_client *c, const char *form,
                          const char *state)
{
    const char *id = new_id(l);
    LOAD(l,
         "INSERT INTO app.form_assignment (id, client_id, form_id, state, created_at) "
         "VALUES ($1, $2, $3, $4, now() - interval '10 days')",
         id, load_z(l, c->id), form, state);
    return id;
}

/* The trail keeps the hashes of what is attached. */
static void seal_files(struct loader *l, const char *signature)
{
    LOAD(l,
         "INSERT INTO audit.event (tenant_id, actor_kind, action, object_kind, object_id, "
         "client_ids, reason) "
         "SELECT s.tenant_id, 'system', 'form.files', 'signature', s.id, ARRAY[s.client_id], "
         "app.form_files_digest(s.tenant_id, s.id, "
         "ARRAY[f.id || ':' || encode(f.stored_sha256, 'hex')]) "
         "FROM app.signature s JOIN app.form_file f ON f.tenant_id = s.tenant_id AND "
         "f.assignment_id = s.assignment_id WHERE s.id = $1",
         signature);
}

static void sign(struct loader *l, const struct demo_client *c, const char *version,
                 const char *assignment, const struct file *f)
{
    const char *id = new_id(l);
    const char *at = load_z(l, load_run(l,
                                        "SELECT to_char(now() - interval '9 days' + interval '20 "
                                        "minutes', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                                        0, NULL));
    struct str text = signed_text(l, c, at, f);
    unsigned char hash[HASH_BYTES];
    sha256(text, hash);
    LOAD(l,
         "INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, "
         "document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone, "
         "signed_at, ip, agent, "
         "actor_kind, second_factor, seconds_spent) SELECT $1, $2, $3, v.id, p.id, $5, $6, "
         "v.sha256, 'typed', $7, app.zone(), "
         "$8::timestamptz, '192.0.2.31', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)', "
         "'client', 'birth_date', 210 "
         "FROM app.form_version v, app.policy_version p WHERE v.id = $4 AND p.tenant_id = "
         "v.tenant_id AND p.kind = 'terms' AND p.language = 'en'",
         id, assignment, load_z(l, c->id), version,
         sealed(l, c, "app.signature", "document_sealed", id, text),
         db_bytea(l->arena, bytes_of(hash, sizeof hash)),
         sealed(l, c, "app.signature", "signer_name_sealed", id, c->name), at);
    seal_files(l, id);
}

/* Somebody who does not come soon: what she has to do for a visit stays as it is. */
static const struct demo_client *somebody(struct loader *l, const struct demo_client *clients,
                                          size_t n, size_t from)
{
    for (size_t i = from; i < n; i++)
        if (str_is(LOAD(l,
                        "SELECT NOT EXISTS (SELECT FROM app.appointment a WHERE a.client_id = $1 "
                        "AND a.starts_at > now())",
                        load_z(l, clients[i].id)),
                   "t"))
            return &clients[i];
    return NULL;
}

/* ---- on paper ---- */

/* A page with the form's title and a signature, as a scanner in the office would have it. */
static struct str scanned(struct loader *l, const char *form_title)
{
    struct buf b = buf_in(l->arena, 2048);
    struct str page = arena_printf(
        l->arena,
        "BT /F 18 Tf 72 720 Td (%s) Tj ET\nBT /F 11 Tf 72 690 Td (Signed by hand, on paper. A "
        "sample of the demonstration.) Tj ET\n0.5 w 72 300 m 330 300 l S\nBT /F 9 Tf 72 286 Td "
        "(Signature) Tj ET\n1.6 w 84 306 m 100 352 118 352 112 310 c 140 300 150 340 168 318 c "
        "180 300 196 336 214 314 c 236 296 250 330 300 322 c S\n",
        form_title);
    const struct str objects[] = {
        S("<< /Type /Catalog /Pages 2 0 R >>"),
        S("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        S("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << "
          "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"),
        arena_printf(l->arena, "<< /Length %zu >>\nstream\n%.*sendstream", page.n, (int)page.n,
                     page.p),
    };
    size_t at[COUNT_OF(objects)];
    buf_addz(&b, "%PDF-1.4\n");
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        at[i] = b.n;
        buf_printf(&b, "%zu 0 obj\n%.*s\nendobj\n", i + 1, (int)objects[i].n, objects[i].p);
    }
    size_t table = b.n;
    buf_printf(&b, "xref\n0 %zu\n0000000000 65535 f \n", COUNT_OF(objects) + 1);
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        buf_printf(&b, "%010zu 00000 n \n", at[i]);
    buf_printf(&b, "trailer\n<< /Size %zu /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
               COUNT_OF(objects) + 1, table);
    return buf_str(&b);
}

/* A consent of the studio that was signed on paper nine days ago and noted by the front desk. */
static void sign_on_paper(struct loader *l, const struct demo_client *c)
{
    size_t which = 0;
    while (which + 1 < l->n_forms && strcmp(l->studio->forms[which].kind, "consent") != 0)
        which++;
    const struct demo_form *form = &l->studio->forms[which];
    const struct file paper = {"paper", "scan_0042.pdf", "application/pdf", scanned(l, form->title),
                               S("")};
    const char *assignment = assign(l, c, load_z(l, l->forms[which]), "signed");
    if (!attach(l, c, assignment, &paper)) {
        LOAD(l, "UPDATE app.form_assignment SET state = 'due' WHERE id = $1", assignment);
        return;
    }
    const char *desk =
        "FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.email LIKE 'desk@%'";
    const char *noter =
        load_z(l, load_run(l, load_z(l, arena_printf(l->arena, "SELECT f.id %s", desk)), 0, NULL));
    const struct form_document_answer answers[] = {
        {.question = S("The signed paper, as a picture"), .answer = named(l, &paper)}};
    struct form_document d = {
        .format = S("paper-1"),
        .studio = str_of(l->studio->name),
        .client = c->name,
        .signer = c->name,
        .title = str_of(form->title),
        .version = S("1"),
        .language = S("en"),
        .language_words = S("English"),
        .role = S("client"),
        .place = S("paper"),
        .method = S("paper"),
        .signed_at = str_of(load_z(l, load_run(l,
                                               "SELECT to_char(now() AT TIME ZONE app.zone() - "
                                               "interval '9 days', 'YYYY-MM-DD')",
                                               0, NULL))),
        .noted_by = str_of(load_z(
            l, load_run(l, load_z(l, arena_printf(l->arena, "SELECT f.name %s", desk)), 0, NULL))),
        .noted_at = str_of(
            load_z(l, load_run(l,
                               "SELECT to_char((now() - interval '8 days') AT TIME ZONE 'UTC', "
                               "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                               0, NULL))),
        .answers = answers,
        .n_answers = COUNT_OF(answers),
        .wording = str_of(form->body)};
    struct str text = form_document_text(l->arena, &d);
    const char *id = new_id(l);
    unsigned char hash[HASH_BYTES];
    sha256(text, hash);
    LOAD(l,
         "INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, "
         "document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone, "
         "signed_at, actor_kind, second_factor, place, signer, noted_by, noted_at) "
         "SELECT $1, $2, $3, v.id, $5, $6, v.sha256, 'paper', $7, app.zone(), ($8::date + time "
         "'12:00') AT TIME ZONE app.zone(), 'staff', 'none', 'paper', 'client', $9, "
         "$10::timestamptz FROM app.form_version v WHERE v.id = $4",
         id, assignment, load_z(l, c->id), load_z(l, l->versions[which]),
         sealed(l, c, "app.signature", "document_sealed", id, text),
         db_bytea(l->arena, bytes_of(hash, sizeof hash)),
         sealed(l, c, "app.signature", "signer_name_sealed", id, c->name), load_z(l, d.signed_at),
         noter, load_z(l, d.noted_at));
    seal_files(l, id);
}

void load_attached(struct loader *l, const struct demo_client *clients, size_t n)
{
    if (strcmp(l->studio->kind, "medspa") != 0)
        return;
    const char *form, *version = make_form(l, &form);
    const struct demo_client *one = somebody(l, clients, n, 6);
    const struct demo_client *other =
        one ? somebody(l, clients, n, (size_t)(one - clients) + 1) : NULL;
    if (!other)
        return;
    assign(l, one, form, "due");
    const char *assignment = assign(l, other, form, "signed");
    const struct file spot = {"picture", name, "image/jpeg",
                              bytes_of(spot_whole, sizeof spot_whole),
                              bytes_of(spot_small, sizeof spot_small)};
    if (attach(l, other, assignment, &spot))
        sign(l, other, version, assignment, &spot);
    else
        LOAD(l, "UPDATE app.form_assignment SET state = 'due' WHERE id = $1", assignment);
    const struct demo_client *third = somebody(l, clients, n, (size_t)(other - clients) + 1);
    if (third)
        sign_on_paper(l, third);
}
