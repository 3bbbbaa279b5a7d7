/*
 * person.c -- of the demo businesses: what makes clients people: tags, second phones, addresses, whom to call, a child with her
 * guardian, an earlier pregnancy, one client who is there twice, and a list of clients that was read in.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto.h"
#include "loader.h"

/* A client with a key of her own; with triggers, which make the words that find her. */
static const char *new_client(struct loader *l, const char *sql)
{
    struct str id = demo_uuid(&l->random, l->arena), wrapped;
    if (client_key_new(l->scratch, l->tenant_id, id, &wrapped)) {
        fprintf(stderr, "foyer demo: a client's key could not be made\n");
        exit(EXIT_FAILURE);
    }
    const char *z = load_z(l, id);
    LOAD(l, sql, load_z(l, l->tenant_id), z);
    struct buf hex = buf_in(l->arena, 2 * wrapped.n + 3);
    buf_addz(&hex, "\\x");
    for (size_t i = 0; i < wrapped.n; i++)
        buf_printf(&hex, "%02x", (unsigned char)wrapped.p[i]);
    LOAD(
        l,
        "INSERT INTO app.client_key (tenant_id, client_id, wrapped_key) VALUES ($1, $2, $3::bytea)",
        load_z(l, l->tenant_id), z, load_z(l, buf_str(&hex)));
    return z;
}

/* Some of the clients, the same ones each time. */
#define SOME(nth)                                                                                  \
    "(SELECT c.id, row_number() OVER (ORDER BY c.id) AS n FROM app.client c WHERE c.tenant_id = "  \
    "$1) AS k WHERE k.n % " nth " = 0"

static void make_tags(struct loader *l)
{
    LOAD(l,
         "INSERT INTO app.tag (tenant_id, name, color) SELECT $1, t.name, t.color FROM (VALUES "
         "('Regular', "
         "'good'), ('Friend of the house', 'info'), ('Prefers mornings', 'plain'), ('Call before', "
         "'warn')) AS t (name, color)",
         load_z(l, l->tenant_id));
    LOAD(l,
         "INSERT INTO app.client_tag (tenant_id, client_id, tag_id) SELECT $1, k.id, t.id FROM "
         "app.tag t, " SOME("7") " AND t.tenant_id = $1 AND (k.n / 7) % 4 = length(t.name) % 4",
         load_z(l, l->tenant_id));
}

/* The list from the program before, read in when the business began here: of its rows a few were here already or could not be read. */
static void make_import(struct loader *l)
{
    const char *tenant = load_z(l, l->tenant_id);
    const char *import = load_z(l, demo_uuid(&l->random, l->arena));
    LOAD(l,
         "INSERT INTO app.client_import (tenant_id, id, state, separator, n_columns, n_rows, "
         "columns, date_format, next_part, n_done, n_added, is_hidden, made_at, made_by, "
         "expires_at, done_at) SELECT $1, $2, 'done', ',', 5, 64, ARRAY['first_name', "
         "'last_name', 'email', 'phone', 'birth_date'], 'mdy', 2, 64, 0, false, m.at, $3, m.at + "
         "interval '14 days', m.at + interval '4 minutes' FROM (SELECT now() - interval '200 "
         "days' AS at) AS m",
         tenant, import, load_z(l, l->staff[0]));
    LOAD(l,
         "INSERT INTO app.client_import_row (tenant_id, import_id, n, line, verdict, reason, "
         "client_id, is_in) SELECT $1, $2, k.n / 3, k.n / 3 + 1, CASE WHEN k.n % 60 = 0 THEN "
         "'here' ELSE 'add' END, CASE WHEN k.n % 60 = 0 THEN 'same e-mail, same name' ELSE '' "
         "END, k.id, k.n % 60 > 0 FROM " SOME("3") " AND k.n <= 180",
         tenant, import);
    LOAD(l,
         "INSERT INTO app.client_import_row (tenant_id, import_id, n, line, verdict, reason) "
         "SELECT $1, $2, v.n, v.n + 1, v.verdict, v.reason FROM (VALUES (61, 'bad', 'The date of "
         "birth cannot be read in the format that was chosen.'), (62, 'twice', 'The same person "
         "stands in line 8.'), (63, 'bad', 'There is no name.'), (64, 'bad', 'The e-mail address "
         "does not look like one.')) AS v (n, verdict, reason)",
         tenant, import);
    LOAD(l,
         "UPDATE app.client c SET import_id = r.import_id, source = 'import' FROM "
         "app.client_import_row r WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.is_in AND "
         "c.tenant_id = r.tenant_id AND c.id = r.client_id",
         tenant, import);
    LOAD(l,
         "UPDATE app.client_import i SET n_added = (SELECT count(*) FROM app.client c WHERE "
         "c.tenant_id = i.tenant_id AND c.import_id = i.id) WHERE i.tenant_id = $1 AND i.id = $2",
         tenant, import);
}

void load_person(struct loader *l)
{
    const char *tenant = load_z(l, l->tenant_id);
    make_tags(l);
    make_import(l);
    LOAD(l,
         "INSERT INTO app.client_contact (tenant_id, client_id, kind, value, label) SELECT $1, "
         "k.id, "
         "'phone', '+1347555' || lpad((k.n % 10000)::text, 4, '0'), CASE k.n % 2 WHEN 0 THEN "
         "'work' ELSE 'partner' END FROM " SOME("9"),
         tenant);
    LOAD(l,
         "INSERT INTO app.client_contact (tenant_id, client_id, kind, value, label) SELECT $1, "
         "k.id, "
         "'email', 'office' || k.n || '@mail.example', 'office' FROM " SOME("11"),
         tenant);
    LOAD(l,
         "UPDATE app.client u SET street = (10 + k.n % 90) || ' Juniper Street', city = "
         "'Brooklyn', region = 'NY', "
         "postal_code = '112' || lpad((k.n % 40)::text, 2, '0'), country = 'US', "
         "pronouns = CASE k.n % 3 WHEN 0 THEN 'she/her' WHEN 1 THEN 'they/them' END, "
         "emergency_contact_name = 'Robin Hale', emergency_contact_relation = 'partner', "
         "emergency_contact_phone = '+1332555' || lpad((k.n % 10000)::text, 4, '0') "
         "FROM (SELECT c.id, row_number() OVER (ORDER BY c.id) AS n FROM app.client c WHERE "
         "c.tenant_id = $1) AS k "
         "WHERE u.tenant_id = $1 AND u.id = k.id AND k.n % 5 = 0 AND k.n <= 5000",
         tenant);
    if (l->studio->has_due_dates)
        LOAD(l,
             "INSERT INTO app.client_pregnancy (tenant_id, client_id, due_date, ended_on) SELECT "
             "$1, k.id, "
             "current_date - 900 - k.n::int % 300, current_date - 903 - k.n::int % 300 FROM " SOME(
                 "6"),
             tenant);

    const char *child = new_client(
        l, "INSERT INTO app.client (tenant_id, id, name, birth_date, source) VALUES ($1, $2, "
           "'Juniper Hale', (current_date - interval '15 years 4 months')::date, 'staff')");
    LOAD(l,
         "INSERT INTO app.client_guardian (tenant_id, client_id, name, relation, email, phone, "
         "birth_date) "
         "VALUES ($1, $2, 'Robin Hale', 'parent', 'robin.hale@mail.example', '+19295550111', "
         "'1981-03-09')",
         tenant, child);

    /* Entered at the desk, and once more when she booked online. */
    new_client(l, "INSERT INTO app.client (tenant_id, id, name, email, phone, birth_date, source) "
                  "VALUES ($1, $2, 'Marisol Quintero', 'marisol.q@mail.example', '+19295550190', "
                  "'1988-11-02', 'staff')");
    new_client(l, "INSERT INTO app.client (tenant_id, id, name, email, phone, birth_date, source) "
                  "VALUES ($1, $2, 'Quintero, Marisol', 'm.quintero@mail.example', '+19295550190', "
                  "'1988-11-02', 'online')");
}
