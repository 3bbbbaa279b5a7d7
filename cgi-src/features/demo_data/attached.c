/*
 * attached.c -- of the demo's medical spa: a form that asks for pictures, due for one client and signed by another, with what she attached.
 * Where the store cannot be written, nobody has signed it.
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

/* The picture in the store, and its rows; false: the store cannot be written. */
static bool attach(struct loader *l, const struct demo_client *c, const char *assignment)
{
    const struct media_store *s = media_directory(config_text("media"));
    /* (by chance: a store may hold what an installation before this one put there, and writes nothing twice) */
    const char *id = load_z(l, uuid_new(l->arena));
    struct media_object o = {arena_str(l->arena, l->tenant_id), str_of(id), MEDIA_WHOLE};
    struct str whole = bytes_of(spot_whole, sizeof spot_whole);
    unsigned char key[KEY_BYTES], content[HASH_BYTES], stored[HASH_BYTES];
    random_bytes(key, sizeof key);
    sha256(whole, content);
    if (!s || media_put(s, l->arena, key, &o, whole) || media_stored_hash(s, l->arena, &o, stored))
        return false;
    o.part = MEDIA_SMALL;
    if (media_put(s, l->arena, key, &o, bytes_of(spot_small, sizeof spot_small)))
        return false;
    struct str hash = bytes_of(content, sizeof content);
    LOAD(l,
         "INSERT INTO app.media (id, client_id, kind, type, bytes, small_bytes, width, height, "
         "key_sealed, sha256_sealed, made_at, made_by) "
         "VALUES ($1, $2, 'form', 'image/jpeg', $3, $4, $5, $6, $7, $8, now() - interval '9 days', "
         "NULL)",
         id, load_z(l, c->id), load_z(l, arena_printf(l->arena, "%zu", sizeof spot_whole)),
         load_z(l, arena_printf(l->arena, "%zu", sizeof spot_small)),
         load_z(l, arena_printf(l->arena, "%d", SPOT_WIDTH)),
         load_z(l, arena_printf(l->arena, "%d", SPOT_HEIGHT)),
         sealed(l, c, "app.media", "key_sealed", id, bytes_of(key, sizeof key)),
         sealed(l, c, "app.media", "sha256_sealed", id, hash));
    LOAD(l,
         "INSERT INTO app.form_file (id, client_id, assignment_id, question_key, name_sealed, "
         "sha256_sealed, stored_sha256, added_at) "
         "VALUES ($1, $2, $3, 'picture', $4, $5, $6, now() - interval '9 days')",
         id, load_z(l, c->id), assignment,
         sealed(l, c, "app.form_file", "name_sealed", id, str_of(name)),
         sealed(l, c, "app.form_file", "sha256_sealed", id, hash),
         db_bytea(l->arena, bytes_of(stored, sizeof stored)));
    secret_wipe(key, sizeof key);
    return true;
}

/* The text as the pages would have made it, at the time that the row says. */
static struct str signed_text(struct loader *l, const struct demo_client *c, const char *at)
{
    struct str kept = arena_printf(
        l->arena, "%s\timage/jpeg\t%zu\t%s", name, sizeof spot_whole,
        load_z(l, form_document_hash(l->arena, bytes_of(spot_whole, sizeof spot_whole))));
    const struct form_document_answer answers[] = {
        {.question = str_of(picture_label), .answer = form_answer_words(l->arena, S("file"), kept)},
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

static void sign(struct loader *l, const struct demo_client *c, const char *version,
                 const char *assignment)
{
    const char *id = new_id(l);
    const char *at = load_z(l, load_run(l,
                                        "SELECT to_char(now() - interval '9 days' + interval '20 "
                                        "minutes', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                                        0, NULL));
    struct str text = signed_text(l, c, at);
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
    LOAD(l,
         "INSERT INTO audit.event (tenant_id, actor_kind, action, object_kind, object_id, "
         "client_ids, reason) "
         "SELECT s.tenant_id, 'system', 'form.files', 'signature', s.id, ARRAY[s.client_id], "
         "app.form_files_digest(s.tenant_id, s.id, "
         "ARRAY[f.id || ':' || encode(f.stored_sha256, 'hex')]) "
         "FROM app.signature s JOIN app.form_file f ON f.tenant_id = s.tenant_id AND "
         "f.assignment_id = s.assignment_id WHERE s.id = $1",
         id);
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
    if (attach(l, other, assignment))
        sign(l, other, version, assignment);
    else
        LOAD(l, "UPDATE app.form_assignment SET state = 'due' WHERE id = $1", assignment);
}
