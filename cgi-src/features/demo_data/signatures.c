/*
 * signatures.c -- forms that demo clients have filled in and signed: every form of past visits, and
 * half of those to come. Made by the same function that makes the document for a real client.
 */
#include "signatures.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto.h"
#include "form_document.h"

/* One form that is to be signed. */
struct signing {
    struct str assignment, signed_at, signed_utc, zone;
    const struct demo_client *client;
    size_t form;
    bool is_drawn;
};

struct todo {
    struct signing *items;
    size_t n;
};

static const struct demo_client *client_of(const struct demo_client *clients, size_t n,
                                           const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(clients[i].id, id))
            return &clients[i];
    return NULL;
}

/* Which assignments are to be signed: past visits, and half of the others. */
static struct todo choose(struct loader *l, const struct demo_client *clients, size_t n)
{
    const char *values[] = {load_z(l, l->tenant_id)};
    PGresult *rows = PQexecParams(
        l->conn,
        "SELECT t.id, t.client_id, t.form_id, p.zone, a.starts_at < now(), "
        "least(now(), a.starts_at) - interval '5 hours', "
        "to_char((least(now(), a.starts_at) - interval '5 hours') AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
        "FROM app.form_assignment t "
        "JOIN app.appointment a ON a.tenant_id = t.tenant_id AND a.id = t.appointment_id "
        "JOIN app.location p ON p.tenant_id = a.tenant_id AND p.id = a.location_id "
        "JOIN app.staff f ON f.tenant_id = a.tenant_id AND f.id = a.staff_id "
        "JOIN app.form o ON o.tenant_id = t.tenant_id AND o.id = t.form_id "
        "WHERE t.tenant_id = $1 ORDER BY a.starts_at, f.email_norm, o.name, a.created_at",
        1, NULL, values, NULL, NULL, 0);
    size_t count = (size_t)PQntuples(rows);
    struct todo todo = {arena_alloc(l->arena, (count + 1) * sizeof *todo.items), 0};
    for (int i = 0; i < (int)count; i++) {
        bool is_past = PQgetvalue(rows, i, 4)[0] == 't';
        const struct demo_client *client = client_of(clients, n, PQgetvalue(rows, i, 1));
        if (!client || !(is_past || demo_chance(&l->random, 50)))
            continue;
        struct signing *s = &todo.items[todo.n++];
        *s = (struct signing){.assignment = arena_str(l->arena, str_of(PQgetvalue(rows, i, 0))),
                              .zone = arena_str(l->arena, str_of(PQgetvalue(rows, i, 3))),
                              .signed_at = arena_str(l->arena, str_of(PQgetvalue(rows, i, 5))),
                              .signed_utc = arena_str(l->arena, str_of(PQgetvalue(rows, i, 6))),
                              .client = client,
                              .is_drawn = demo_chance(&l->random, 50)};
        while (s->form + 1 < l->n_forms && !str_is(l->forms[s->form], PQgetvalue(rows, i, 2)))
            s->form++;
    }
    PQclear(rows);
    return todo;
}

static struct str answer_to(struct loader *l, const struct demo_question *q, struct str *detail)
{
    *detail = S("");
    if (strcmp(q->kind, "choice") == 0 || strcmp(q->kind, "multi") == 0) {
        struct str rest = str_of(q->options), last = S("");
        while (rest.n > 0)
            last = str_cut(&rest, '|');
        rest = str_of(q->options);
        return strcmp(q->kind, "choice") == 0 ? str_cut(&rest, '|') : last;
    }
    if (strcmp(q->kind, "yes_no") == 0) {
        if (!q->follow_up || !demo_chance(&l->random, 20))
            return S("no");
        *detail = S("In spring, all went well.");
        return S("yes");
    }
    if (strcmp(q->kind, "acknowledge") == 0)
        return S("yes");
    if (strcmp(q->kind, "allergies") == 0)
        return S("none");
    if (strcmp(q->kind, "date") == 0)
        return q->is_required ? S("2027-02-14") : S("");
    return q->is_required ? S("I was recommended by a friend.") : S("");
}

/* The questions of a form in the order of the database, with their ids. */
static PGresult *questions_of(struct loader *l, size_t form)
{
    const char *values[] = {load_z(l, l->tenant_id), load_z(l, l->versions[form])};
    return PQexecParams(l->conn,
                        "SELECT id FROM app.form_question WHERE tenant_id = $1 AND "
                        "form_version_id = $2 ORDER BY position",
                        2, NULL, values, NULL, NULL, 0);
}

static struct str drawn_strokes(struct loader *l)
{
    struct buf b = buf_in(l->scratch, 4096);
    buf_addz(&b, "{\"v\":1,\"w\":1000,\"h\":400,\"strokes\":[[");
    int y = 200;
    for (int i = 0; i < 48; i++) {
        y += (int)demo_below(&l->random, 81) - 40;
        y = y < 90 ? 90 : y > 310 ? 310 : y;
        buf_printf(&b, "%s[%d,%d,%d,50]", i ? "," : "", 120 + i * 15, y, i * 22);
    }
    buf_addz(&b, "]]}");
    return buf_str(&b);
}

static void put_answers(struct loader *l, struct todo todo, PGresult *const *questions,
                        struct form_document *documents)
{
    load_copy_begin(l, "app.form_answer (tenant_id, id, assignment_id, client_id, question_id, "
                       "answer_sealed, detail_sealed, answered_at)");
    for (size_t i = 0; i < todo.n; i++) {
        const struct signing *s = &todo.items[i];
        const struct demo_form *form = &l->studio->forms[s->form];
        struct form_document_answer *list = arena_alloc(l->arena, 2 * MAX_QUESTIONS * sizeof *list);
        size_t n = 0;
        for (size_t q = 0; q < MAX_QUESTIONS && form->questions[q].key; q++) {
            const struct demo_question *question = &form->questions[q];
            struct str detail, answer = answer_to(l, question, &detail);
            struct str id = demo_uuid(&l->random, l->scratch);
            list[n++] = (struct form_document_answer){
                .question = str_of(question->label),
                .answer = arena_str(l->arena,
                                    form_answer_words(l->scratch, str_of(question->kind), answer))};
            if (detail.n > 0)
                list[n++] = (struct form_document_answer){.question = str_of(question->follow_up),
                                                          .answer = detail};
            if (answer.n == 0)
                continue;
            load_text(l, l->tenant_id);
            load_text(l, id);
            load_text(l, s->assignment);
            load_text(l, s->client->id);
            load_text(l, str_of(PQgetvalue(questions[s->form], (int)q, 0)));
            load_bytes(l, demo_seal(l, s->client, "app.form_answer", "answer_sealed", id, answer));
            if (detail.n > 0)
                load_bytes(l,
                           demo_seal(l, s->client, "app.form_answer", "detail_sealed", id, detail));
            else
                load_null(l);
            load_text(l, s->signed_at);
            load_row_end(l);
        }
        documents[i].answers = list;
        documents[i].n_answers = n;
    }
    load_copy_end(l);
}

static void put_drafts(struct loader *l, struct todo todo)
{
    load_copy_begin(l, "app.form_draft (tenant_id, assignment_id, client_id, form_version_id)");
    for (size_t i = 0; i < todo.n; i++) {
        load_text(l, l->tenant_id);
        load_text(l, todo.items[i].assignment);
        load_text(l, todo.items[i].client->id);
        load_text(l, l->versions[todo.items[i].form]);
        load_row_end(l);
    }
    load_copy_end(l);
}

static void load_hash(struct loader *l, struct str text)
{
    unsigned char hash[HASH_BYTES];
    sha256(text, hash);
    load_bytes(l, (struct str){(char *)hash, sizeof hash});
}

static void put_signature(struct loader *l, const struct signing *s, struct form_document *d,
                          struct str disclosure_id)
{
    const struct demo_form *form = &l->studio->forms[s->form];
    struct str strokes = s->is_drawn ? drawn_strokes(l) : S("");
    struct str id = demo_uuid(&l->random, l->scratch);
    d->studio = str_of(l->studio->name);
    d->client = d->signer = s->client->name;
    d->title = str_of(form->title);
    d->version = d->disclosure_version = S("1");
    d->language = S("en");
    d->language_words = S("English");
    d->role = S("client");
    d->place = S("link");
    d->signed_at = s->signed_utc;
    d->wording = str_of(form->body);
    d->disclosure = str_of(l->studio->terms_body);
    d->method = s->is_drawn ? S("drawn") : S("typed");
    d->strokes_sha256 = s->is_drawn ? form_document_hash(l->scratch, strokes) : S("");
    struct str text = form_document_text(l->scratch, d);
    struct str wording = arena_printf(l->scratch, "%s\n%s", form->title, form->body);

    load_text(l, l->tenant_id);
    load_text(l, id);
    load_text(l, s->assignment);
    load_text(l, s->client->id);
    load_text(l, l->versions[s->form]);
    load_text(l, disclosure_id);
    load_bytes(l, demo_seal(l, s->client, "app.signature", "document_sealed", id, text));
    load_hash(l, text);
    load_hash(l, wording);
    load_text(l, d->method);
    load_bytes(l, demo_seal(l, s->client, "app.signature", "signer_name_sealed", id, d->signer));
    if (s->is_drawn)
        load_bytes(l, demo_seal(l, s->client, "app.signature", "strokes_sealed", id, strokes));
    else
        load_null(l);
    load_text(l, s->zone);
    load_text(l, s->signed_at);
    load_text(l, S("192.0.2.17"));
    load_text(l, S("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)"));
    load_text(l, S("client"));
    load_text(l, S("birth_date"));
    load_row_end(l);
}

void load_signatures(struct loader *l, const struct demo_client *clients, size_t n)
{
    struct todo todo = choose(l, clients, n);
    PGresult *questions[3] = {0};
    struct form_document *documents = arena_alloc(l->arena, (todo.n + 1) * sizeof *documents);
    struct str disclosure_id =
        LOAD(l, "SELECT id FROM app.policy_version WHERE tenant_id = $1 AND kind = 'terms' AND language = 'en'",
             load_z(l, l->tenant_id));

    for (size_t f = 0; f < l->n_forms; f++)
        questions[f] = questions_of(l, f);
    put_drafts(l, todo);
    put_answers(l, todo, questions, documents);
    for (size_t f = 0; f < l->n_forms; f++)
        PQclear(questions[f]);

    load_copy_begin(l,
                    "app.signature (tenant_id, id, assignment_id, client_id, form_version_id, "
                    "disclosure_id, document_sealed, document_sha256, wording_sha256, method, "
                    "signer_name_sealed, strokes_sealed, zone, signed_at, ip, agent, actor_kind, "
                    "second_factor)");
    for (size_t i = 0; i < todo.n; i++)
        put_signature(l, &todo.items[i], &documents[i], disclosure_id);
    load_copy_end(l);
    LOAD(l,
         "UPDATE app.form_assignment t SET state = 'signed' FROM app.signature s "
         "WHERE s.tenant_id = t.tenant_id AND s.assignment_id = t.id AND t.tenant_id = $1",
         load_z(l, l->tenant_id));
}
