/*
 * consents.c -- of the demo businesses: a form about photographs that some clients have signed, with what
 * they allow by it and what one has taken back; and a client who is a minor, with her guardian.
 */
#include "crypto.h"
#include "db.h"
#include "form_document.h"
#include "signatures.h"

enum { SIGNERS = 4, PURPOSES = 3 };

static const char title[] = "Use of photographs";
static const char body[] = "The studio may take photographs before and after a treatment. For each "
                           "use below I say yes or no "
                           "by itself, and my treatment does not depend on it.\n\n"
                           "I can take each permission back at any time, on my own page or by "
                           "telling the studio. From then on "
                           "the studio no longer uses the photographs that way; what was printed "
                           "before cannot be called back.";
static const struct {
    const char *key, *purpose, *label;
} asked[PURPOSES] = {
    {"photo_chart", "photo_chart", "May we take photographs and keep them in your chart?"},
    {"photo_teaching", "photo_teaching",
     "May we show them, without your name, to teach our staff?"},
    {"photo_website", "photo_website", "May we show them, without your name, on our website?"},
};
/* What each of them answered, in the order of the questions. */
static const char *const answers[SIGNERS] = {"yyy", "ynn", "yyy", "yyn"};

static struct str make_form(struct loader *l, struct str *form)
{
    struct str version = demo_uuid(&l->random, l->arena);
    *form = demo_uuid(&l->random, l->arena);
    LOAD(l, "INSERT INTO app.form (id, name, kind) VALUES ($1, $2, 'consent')", load_z(l, *form),
         title);
    LOAD(l,
         "INSERT INTO app.form_version (id, form_id, version, title, body) VALUES ($1, $2, 1, $3, "
         "$4)",
         load_z(l, version), load_z(l, *form), title, body);
    for (int q = 0; q < PURPOSES; q++)
        LOAD(l,
             "INSERT INTO app.form_question (id, form_version_id, position, key, kind, label, "
             "is_required, purpose) "
             "VALUES ($1, $2, $3, $4, 'yes_no', $5, true, $6)",
             load_z(l, demo_uuid(&l->random, l->arena)), load_z(l, version),
             (const char *const[]){"1", "2", "3"}[q], asked[q].key, asked[q].label,
             asked[q].purpose);
    LOAD(l, "UPDATE app.form_version SET published_at = now() - interval '80 days' WHERE id = $1",
         load_z(l, version));
    return version;
}

static struct str signed_text(struct loader *l, const struct demo_client *c, const char *said)
{
    struct form_document_answer list[PURPOSES];
    for (int q = 0; q < PURPOSES; q++)
        list[q] = (struct form_document_answer){.question = str_of(asked[q].label),
                                                .answer = said[q] == 'y' ? S("Yes") : S("No")};
    /* In the format of then, so that both are there. */
    struct form_document d = {.format = S("1"),
                              .studio = str_of(l->studio->name),
                              .client = c->name,
                              .signer = c->name,
                              .title = str_of(title),
                              .version = S("1"),
                              .answers = list,
                              .n_answers = PURPOSES,
                              .wording = str_of(body),
                              .disclosure = str_of(l->studio->terms_body),
                              .disclosure_version = S("1"),
                              .method = S("typed")};
    return form_document_text(l->arena, &d);
}

static const char *hash_of(struct loader *l, struct str text)
{
    unsigned char hash[HASH_BYTES];
    sha256(text, hash);
    return db_bytea(l->arena, (struct str){(char *)hash, sizeof hash});
}

/* Signed three weeks ago, by her link. */
static void sign(struct loader *l, const struct demo_client *c, struct str form, struct str version,
                 const char *said)
{
    struct str assignment = demo_uuid(&l->random, l->arena), id = demo_uuid(&l->random, l->arena);
    struct str text = signed_text(l, c, said);
    LOAD(l,
         "INSERT INTO app.form_assignment (id, client_id, form_id, state, created_at) "
         "VALUES ($1, $2, $3, 'signed', now() - interval '22 days')",
         load_z(l, assignment), load_z(l, c->id), load_z(l, form));
    LOAD(l,
         "INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, "
         "document_sealed, "
         "document_sha256, wording_sha256, method, signer_name_sealed, zone, signed_at, ip, agent, "
         "actor_kind, second_factor, "
         "seconds_spent) SELECT $1, $2, $3, v.id, p.id, $5, $6, v.sha256, 'typed', $7, app.zone(), "
         "now() - interval '21 days', "
         "'192.0.2.23', 'Mozilla/5.0 (Android 15; Mobile)', 'client', 'birth_date', 140 "
         "FROM app.form_version v, app.policy_version p WHERE v.id = $4 AND p.tenant_id = "
         "v.tenant_id AND p.kind = 'terms' AND p.language = 'en'",
         load_z(l, id), load_z(l, assignment), load_z(l, c->id), load_z(l, version),
         db_bytea(l->arena, demo_seal(l, c, "app.signature", "document_sealed", id, text)),
         hash_of(l, text),
         db_bytea(l->arena, demo_seal(l, c, "app.signature", "signer_name_sealed", id, c->name)));
    for (int q = 0; q < PURPOSES; q++)
        LOAD(l,
             "INSERT INTO app.consent (client_id, purpose, signature_id, is_given, at) "
             "VALUES ($1, $2, $3, $4, now() - interval '21 days')",
             load_z(l, c->id), asked[q].purpose, load_z(l, id), said[q] == 'y' ? "true" : "false");
}

/* Somebody of sixteen who comes soon and has forms to sign, and her mother. */
static void make_minor(struct loader *l)
{
    load_plain(
        l,
        "WITH chosen AS (SELECT c.id FROM app.client c JOIN app.form_assignment a ON a.tenant_id = "
        "c.tenant_id "
        "AND a.client_id = c.id AND a.state = 'due' JOIN app.appointment p ON p.tenant_id = "
        "a.tenant_id AND p.id = a.appointment_id "
        "WHERE c.tenant_id = app.tenant() AND p.starts_at > now() + interval '2 days' AND p.status "
        "= 'booked' "
        "AND c.email IS NOT NULL AND c.due_date IS NULL AND c.birth_date < current_date - 8000 "
        "ORDER BY p.starts_at, c.id LIMIT 1), "
        "young AS (UPDATE app.client c SET birth_date = (current_date - interval '16 years 40 "
        "days')::date FROM chosen "
        "WHERE c.tenant_id = app.tenant() AND c.id = chosen.id RETURNING c.id, c.email, c.phone) "
        "INSERT INTO app.client_guardian (client_id, name, relation, email, phone, birth_date, "
        "created_at) "
        "SELECT y.id, 'Ines Halvorsen', 'parent', 'ines.halvorsen@example.com', y.phone, "
        "'1981-05-17', now() - interval '9 days' FROM young y");
}

/* What some allow to be sent to them: asked at the desk, chosen on their own page, taken back, booked online; and a message
 * that was refused for it. */
static void load_messaging(struct loader *l, const struct demo_client *clients, size_t n)
{
    static const struct {
        size_t who;
        const char *channel, *purpose, *is_given, *source, *days;
    } said[] = {
        {0, "email", "news", "true", "link", "40"},
        {0, "sms", "visits", "true", "desk", "39"},
        {0, "sms", "reminders", "true", "desk", "39"},
        {1, "email", "visits", "true", "booking", "30"},
        {1, "phone", "visits", "false", "desk", "12"},
        {2, "email", "news", "true", "paper", "60"},
        {2, "email", "news", "false", "link", "3"},
        {3, "email", "reminders", "false", "link", "5"},
        {3, "email", "visits", "true", "booking", "30"},
    };
    for (size_t i = 0; i < COUNT_OF(said); i++)
        if (said[i].who < n)
            LOAD(
                l,
                "INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, "
                "wording_id, at, noted_by) "
                "SELECT $1, w.channel, w.purpose, $2, $3, w.id, now() - make_interval(days => $4), "
                "CASE WHEN $3 IN ('desk', 'paper') THEN (SELECT f.id FROM app.staff f WHERE "
                "f.tenant_id "
                "= app.tenant() ORDER BY f.id LIMIT 1) END "
                "FROM app.messaging_wording w WHERE w.tenant_id = app.tenant() AND w.channel = $5 "
                "AND "
                "w.purpose = $6",
                load_z(l, clients[said[i].who].id), said[i].is_given, said[i].source, said[i].days,
                said[i].channel, said[i].purpose);
}

void load_consents(struct loader *l, const struct demo_client *clients, size_t n)
{
    struct str form, version = make_form(l, &form);
    for (size_t i = 0; i < SIGNERS && i < n; i++)
        sign(l, &clients[i], form, version, answers[i]);
    /* The third took the website back on her own page, the fourth asked the desk to note it. */
    LOAD(l,
         "UPDATE app.consent SET withdrawn_at = now() - interval '3 days', withdrawn_kind = "
         "'client' "
         "WHERE client_id = $1 AND purpose = 'photo_website'",
         load_z(l, clients[2].id));
    LOAD(l,
         "UPDATE app.consent SET withdrawn_at = now() - interval '5 days', withdrawn_kind = "
         "'staff', "
         "withdrawn_by = (SELECT f.id FROM app.staff f WHERE f.tenant_id = app.tenant() ORDER BY "
         "f.id LIMIT 1) "
         "WHERE client_id = $1 AND purpose = 'photo_teaching'",
         load_z(l, clients[3].id));
    load_messaging(l, clients, n);
    make_minor(l);
    LOAD(l,
         "INSERT INTO audit.event (tenant_id, actor_kind, action, object_kind, object_id, "
         "client_ids, reason) SELECT s.tenant_id, 'system', 'form.sealed', 'signature', s.id, "
         "ARRAY[s.client_id], encode(app.signature_digest(s), 'hex') FROM app.signature s "
         "WHERE s.tenant_id = $1",
         load_z(l, l->tenant_id));
}
