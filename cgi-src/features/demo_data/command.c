/*
 * command.c -- `foyer demo [--clients N] [--role ROLE] [--logins FILE]`: fills in two demo studios
 * and the operator's realm. Made by a seeded generator around today, so it is the same each time.
 * Never: touches an installation that has these studios already.
 */
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/commands.h"
#include "core/operator.h"
#include "crypto.h"
#include "db.h"
#include "loader.h"
#include "totp.h"

static const char password[] = "please change this";

static const char *number(struct loader *l, long n)
{
    return load_z(l, arena_printf(l->arena, "%ld", n));
}

static struct str new_id(struct loader *l) { return demo_uuid(&l->random, l->arena); }

static void make_tenant(struct loader *l, const char *slug, const char *name, const char *kind)
{
    l->tenant_id = new_id(l);
    LOAD(l, "SELECT sec.tenant_new($1, $2, $3, $4, 'US')", load_z(l, l->tenant_id), slug, name,
         kind);
    if (keystore_create_tenant(l->tenant_id)) {
        fprintf(stderr, "foyer demo: the key of %s could not be written\n", slug);
        exit(EXIT_FAILURE);
    }
}

/* A role that the studio made for itself: her own clients alone, without their phone and e-mail. */
static void make_own_roles(struct loader *l)
{
    load_plain(l, "INSERT INTO app.role (slug, name, masks) VALUES "
                  "('scanner', 'Scanner, own clients only', '{phone,email}')");
    load_plain(l, "INSERT INTO app.role_permission (role_id, permission, scope) "
            "SELECT r.id, p.permission, p.scope FROM app.role r, (VALUES ('calendar_read', 'own'), "
            "('booking_write', 'own'), ('client_read', 'own'), ('chart_read', 'own'), "
            "('chart_write', 'own'), ('chart_emergency', 'tenant')) AS p (permission, scope) "
            "WHERE r.tenant_id = app.tenant() AND r.slug = 'scanner'");
}

/* Whoever holds such a role holds it where she works; the privacy officer is told of emergencies. */
static void place_roles(struct loader *l)
{
    for (size_t i = 0; i < l->n_staff; i++) {
        const struct demo_staff *p = &l->studio->staff[i];
        if (strcmp(p->role, "scanner") == 0)
            LOAD(l, "UPDATE app.staff_role SET location_id = $2 WHERE staff_id = $1",
                 load_z(l, l->staff[i]), load_z(l, l->locations[p->location]));
        if (strcmp(p->title, "Privacy officer") == 0)
            LOAD(l, "UPDATE app.tenant SET privacy_officer = $1 WHERE id = $2", load_z(l, l->staff[i]),
                 load_z(l, l->tenant_id));
    }
}

static void make_staff(struct loader *l, const char *phc, FILE *logins)
{
    const struct demo_studio *s = l->studio;
    for (; l->n_staff < MAX_STAFF && s->staff[l->n_staff].name; l->n_staff++) {
        const struct demo_staff *p = &s->staff[l->n_staff];
        struct str id = l->staff[l->n_staff] = new_id(l);
        LOAD(l, "SELECT app.staff_new($1, $2, $3, $4, $5, $6)", load_z(l, id), p->name, p->email,
             p->title, p->provides ? "true" : "false", p->role);
        LOAD(l, "SELECT sec.password_set($1, $2)", load_z(l, id), phc);
        fprintf(logins, "%s\t%s\t%s\t%s\n", s->slug, p->role, p->email, password);
    }
}

static void make_places(struct loader *l)
{
    const struct demo_studio *s = l->studio;
    for (; l->n_locations < MAX_LOCATIONS && s->locations[l->n_locations].name; l->n_locations++) {
        const struct demo_location *p = &s->locations[l->n_locations];
        struct str id = l->locations[l->n_locations] = new_id(l);
        LOAD(l,
             "INSERT INTO app.location (id, name, street, city, region, postal_code, zone, phone, "
             "position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
             load_z(l, id), p->name, p->street, p->city, p->region, p->postal_code, p->zone,
             p->phone, number(l, (long)l->n_locations + 1));
    }
    for (size_t place = 0; place < l->n_locations; place++) {
        l->n_rooms = 0;
        for (; l->n_rooms < MAX_ROOMS && s->rooms[l->n_rooms]; l->n_rooms++) {
            struct str id = l->rooms[place][l->n_rooms] = new_id(l);
            LOAD(l,
                 "INSERT INTO app.resource (id, kind, name, location_id, position) "
                 "VALUES ($1, 'room', $2, $3, $4)",
                 load_z(l, id), s->rooms[l->n_rooms], load_z(l, l->locations[place]),
                 number(l, (long)l->n_rooms + 1));
        }
    }
}

static void make_services(struct loader *l)
{
    const struct demo_studio *s = l->studio;
    for (; l->n_services < MAX_SERVICES && s->services[l->n_services].name; l->n_services++) {
        const struct demo_service *v = &s->services[l->n_services];
        const char *id = load_z(l, l->services[l->n_services] = new_id(l));
        LOAD(l,
             "INSERT INTO app.service (id, name, category, description, duration_min, before_min, "
             "after_min, price_cents, color, position) "
             "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
             id, v->name, v->category, v->description, number(l, v->minutes), number(l, v->before),
             number(l, v->after), number(l, v->price_cents), v->color,
             number(l, (long)l->n_services + 1));
        for (size_t i = 0; i < l->n_staff; i++)
            if (s->staff[i].provides && demo_does(s, i, l->n_services))
                LOAD(l, "INSERT INTO app.service_staff (service_id, staff_id) VALUES ($1, $2)", id,
                     load_z(l, l->staff[i]));
        bool medspa = strcmp(s->kind, "medspa") == 0;
        for (size_t place = 0; place < l->n_locations; place++)
            for (size_t room = 0; room < l->n_rooms; room++)
                if (!medspa || v->needs_device_room == (room + 1 == l->n_rooms))
                    LOAD(l,
                         "INSERT INTO app.service_room (service_id, resource_id) VALUES ($1, $2)",
                         id, load_z(l, l->rooms[place][room]));
    }
}

static void make_shifts(struct loader *l)
{
    for (size_t i = 0; i < l->n_staff; i++) {
        const struct demo_staff *p = &l->studio->staff[i];
        if (!p->provides)
            continue;
        for (int weekday = 1; weekday <= 6; weekday++) {
            if (weekday == 6 && i % 2)
                continue;
            LOAD(l,
                 "INSERT INTO app.shift (staff_id, location_id, weekday, starts, ends) VALUES "
                 "($1, $2, $3, '09:00', '13:00'), ($1, $2, $3, '14:00', $4)",
                 load_z(l, l->staff[i]), load_z(l, l->locations[p->location]), number(l, weekday),
                 weekday == 6 ? "16:00" : "18:00");
        }
    }
}

static const char *options_array(struct loader *l, const char *options)
{
    struct buf b = buf_in(l->arena, 128);
    struct str rest = str_of(options);
    buf_addc(&b, '{');
    while (rest.n > 0) {
        struct str option = str_cut(&rest, '|');
        buf_printf(&b, "%s\"%.*s\"", b.n > 1 ? "," : "", (int)option.n, option.p);
    }
    buf_addz(&b, "}");
    return load_z(l, buf_str(&b));
}

static void make_forms(struct loader *l)
{
    const struct demo_studio *s = l->studio;
    for (; l->n_forms < COUNT_OF(s->forms) && s->forms[l->n_forms].name; l->n_forms++) {
        const struct demo_form *f = &s->forms[l->n_forms];
        const char *form = load_z(l, l->forms[l->n_forms] = new_id(l));
        const char *version = load_z(l, l->versions[l->n_forms] = new_id(l));
        LOAD(l, "INSERT INTO app.form (id, name, kind) VALUES ($1, $2, $3)", form, f->name,
             f->kind);
        LOAD(l,
             "INSERT INTO app.form_version (id, form_id, version, title, body) "
             "VALUES ($1, $2, 1, $3, $4)",
             version, form, f->title, f->body);
        for (size_t q = 0; q < MAX_QUESTIONS && f->questions[q].key; q++) {
            const struct demo_question *d = &f->questions[q];
            LOAD(l,
                 "INSERT INTO app.form_question (id, form_version_id, position, key, kind, label, "
                 "help, options, is_required, follow_up_label, none_option) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN 'None of these' = ANY "
                 "($8::text[]) THEN 'None of these' END)",
                 load_z(l, new_id(l)), version, number(l, (long)q + 1), d->key, d->kind, d->label,
                 d->help, options_array(l, d->options), d->is_required ? "true" : "false",
                 d->follow_up);
        }
        LOAD(l, "UPDATE app.form_version SET published_at = now() - interval '90 days' WHERE id = $1",
             version);
        for (size_t i = 0; i < l->n_services; i++)
            LOAD(l, "INSERT INTO app.service_form (service_id, form_id, position) VALUES ($1, $2, $3)",
                 load_z(l, l->services[i]), form, number(l, (long)l->n_forms + 1));
    }
}

/* Forms out of the library: photographs, with a condition, in two languages, signed once; and the draft of a long one. */
static void make_library(struct loader *l)
{
    static const char begin[] = "SELECT app.form_create($1, $2, 'consent', $3)";
    static const char publish[] =
        "SELECT app.form_publish($1, app.form_draft_mark((SELECT v.edited_at FROM app.form_version "
        "v WHERE v.form_id = $1 AND v.published_at IS NULL)), false)";
    bool is_spa = strcmp(l->studio->kind, "medspa") == 0;
    const char *photos = load_z(l, new_id(l)), *draft = load_z(l, new_id(l));
    LOAD(l, begin, photos, "Photographs", "photo-release");
    LOAD(l, publish, photos);
    LOAD(l, "INSERT INTO app.service_form (service_id, form_id, position) SELECT v.id, $1, 3 FROM app.service v "
            "WHERE v.tenant_id = app.tenant() AND v.name IN ('Laser hair removal', 'HD Live session')",
         photos);
    if (is_spa)
        LOAD(l, begin, draft, "Medical history, the long one", "medspa-intake");
    else
        LOAD(l, begin, draft, "Elective ultrasound, in two languages", "elective-ultrasound");
}

static void make_policies(struct loader *l)
{
    const struct demo_studio *s = l->studio;
    static const char insert[] =
        "INSERT INTO app.policy_version (kind, version, title, body, effective_on) "
        "VALUES ($1, 1, $2, $3, current_date - 90)";
    LOAD(l, insert, "privacy", s->privacy_title, s->privacy_body);
    LOAD(l, insert, "terms", s->terms_title, s->terms_body);
    LOAD(l,
         "INSERT INTO app.policy_version (kind, version, title, body, effective_on, language) "
         "SELECT 'terms', 2, x.title, x.body, current_date - 90, x.language "
         "FROM app.tenant t CROSS JOIN app.terms_library(t.name) AS x "
         "WHERE t.id = $1 AND x.language = 'es'",
         load_z(l, l->tenant_id));
    LOAD(l, "UPDATE app.tenant SET frame_origins = ARRAY['https://www.glow.example'] WHERE id = $1 AND slug = 'glow'",
         load_z(l, l->tenant_id));
    LOAD(l, insert, "cancellation", "If you cannot come",
         "Please move or cancel your appointment at least 24 hours before it begins, with the link in "
         "your confirmation or by telephone. Then somebody else can have the time.");
}

/* One chart that was opened in an emergency: signed off at the one studio, still to be looked at where
 * somebody sees her own clients only. */
static void make_emergency(struct loader *l)
{
    load_plain(
        l, "INSERT INTO app.emergency (client_id, staff_id, session_id, reason, opened_at, until, "
           "ended_at) SELECT a.client_id, f.id, gen_random_uuid(), 'Fainted in the waiting room; "
           "her own provider was out.', v.at, v.at + interval '30 minutes', v.at + interval '12 minutes' "
           "FROM (SELECT date_trunc('hour', now()) - interval '26 hours' AS at) AS v, LATERAL (SELECT s.id "
           "FROM app.staff s JOIN app.staff_role sr ON sr.staff_id = s.id JOIN app.role r ON r.id = "
           "sr.role_id WHERE s.tenant_id = app.tenant() AND r.slug IN ('scanner', 'provider') ORDER BY "
           "r.slug DESC, s.id LIMIT 1) AS f, LATERAL (SELECT x.client_id FROM app.appointment x WHERE "
           "x.tenant_id = app.tenant() AND x.staff_id <> f.id AND NOT EXISTS (SELECT FROM "
           "app.appointment y WHERE y.client_id = x.client_id AND y.staff_id = f.id) ORDER BY "
           "x.starts_at, x.id LIMIT 1) AS a");
    load_plain(
        l, "UPDATE app.emergency e SET verdict = 'justified', reviewed_at = e.until + interval '1 hour', "
           "reviewed_by = t.privacy_officer FROM app.tenant t WHERE t.id = e.tenant_id AND t.id = "
           "app.tenant() AND t.kind = 'medspa'");
}

static void make_studio(struct loader *l, const char *phc, FILE *logins)
{
    const struct demo_studio *s = l->studio;
    l->n_locations = l->n_staff = l->n_services = l->n_forms = 0;
    make_tenant(l, s->slug, s->name, s->kind);
    LOAD(l, "UPDATE app.tenant SET accent = $2, phone = $3, email = $4, tagline = $5 WHERE id = $1",
         load_z(l, l->tenant_id), s->accent, s->phone, s->email, s->tagline);
    make_policies(l);
    make_places(l);
    if (strcmp(s->kind, "ultrasound") == 0)
        make_own_roles(l);
    make_staff(l, phc, logins);
    place_roles(l);
    make_services(l);
    make_shifts(l);
    make_forms(l);
    load_people(l);
    load_series(l);
    load_person(l);
    make_library(l);
    make_emergency(l);
    load_settings(l);
    load_schedule(l); /* rules come last: they would bind what is made before */
}

/* Codes of an app for somebody whose role asks for them; the key, made anew for each installation, stands beside the password. */
static void make_app(struct loader *l, const char *staff, char key[64])
{
    unsigned char raw[TOTP_SECRET_BYTES];
    struct str id = new_id(l), box;
    struct str tenant = l->tenant_id;
    random_bytes(raw, sizeof raw);
    struct str secret = {(char *)raw, sizeof raw};
    struct str aad = arena_printf(l->arena, "%.*s|sec.totp|secret_sealed|%.*s", (int)tenant.n,
                                  tenant.p, (int)id.n, id.p);
    if (tenant_seal(l->arena, tenant, aad, secret, &box)) {
        fputs("foyer demo: the key of an app could not be sealed\n", stderr);
        exit(EXIT_FAILURE);
    }
    LOAD(l,
         "INSERT INTO sec.totp (tenant_id, id, staff_id, secret_sealed, confirmed_at) "
         "VALUES ($1, $2, $3, $4, now())",
         load_z(l, tenant), load_z(l, id), staff, db_bytea(l->arena, box));
    snprintf(key, 64, "%s", load_z(l, base32(l->arena, secret)));
}

static void make_operator(struct loader *l, const char *phc, FILE *logins)
{
    make_tenant(l, "ops", "Foyer", "operator");
    const char *id = load_z(l, new_id(l));
    LOAD(l, "SELECT app.staff_new($1, 'Robin Hale', 'operator@foyer.example', 'Operator', false, "
            "'operator')", id);
    LOAD(l, "SELECT sec.password_set($1, $2)", id, phc);
    char key[64];
    make_app(l, id, key);
    fprintf(logins, "ops\toperator\toperator@foyer.example\t%s\t%s\n", password, key);
    load_plain(l,
               "INSERT INTO app.policy_version (kind, version, title, body, effective_on) VALUES "
               "('privacy', 1, 'Privacy', 'What the public site takes in and what becomes of it stands "
               "on its page Privacy.', current_date - 90), "
               "('agreement', 1, 'Business associate agreement', 'This agreement is between the business and "
               "whoever runs this installation of Foyer.\n\nWhoever runs it keeps the data of the business''s "
               "clients for the business alone: uses and discloses them only as the business asks or the law "
               "demands, protects them as the page Security describes, reports a breach without delay and at the "
               "latest within 60 days, and binds whoever works for it to the same.\n\nWhen the agreement ends, "
               "the business takes its data along, and what is left is destroyed.', current_date - 90)");
    load_plain(l,
               "INSERT INTO app.demo_request (name, email, phone, spa_name, locations, providers, "
               "platform, message, state, created_at) VALUES "
               "('Isabel Torres', 'isabel@lumenskin.example', '+1 415 555 0117', 'Lumen Skin Studio', "
               "2, 7, 'Paper and a shared calendar', 'We would like to see the consents on a phone.', "
               "'new', now() - interval '2 hours'), "
               "('Grace Oyelaran', 'grace@tinytoes.example', NULL, 'Tiny Toes Ultrasound', 1, 3, "
               "'A spreadsheet', NULL, 'scheduled', now() - interval '3 days'), "
               "('Jörg Brandner', 'joerg@haut.example', '+49 30 5550 1188', 'Hautpraxis Mitte', 4, 19, "
               "'Three different tools', 'Does it run on our own server?', 'new', now() - interval '9 days')");
}

/* What support was asked for: at Glow once given and ended, and a request that waits; at First Light one refused. */
static void make_support(struct loader *l)
{
    static const char insert[] =
        "WITH studio AS (SELECT t.id, (SELECT f.id FROM app.staff f JOIN app.staff_role q ON q.tenant_id = "
        "f.tenant_id AND q.staff_id = f.id JOIN app.role r ON r.tenant_id = q.tenant_id AND r.id = q.role_id "
        "WHERE f.tenant_id = t.id AND r.slug = 'owner' LIMIT 1) AS owner FROM app.tenant t WHERE t.slug = $2), "
        "operator AS (SELECT f.id, f.name, f.email FROM app.staff f JOIN app.tenant t ON t.id = f.tenant_id "
        "WHERE t.slug = 'ops' LIMIT 1), "
        "seat AS (INSERT INTO app.staff (tenant_id, id, name, email, title, is_active, is_support, perms, role_names, masks) "
        "SELECT s.id, $1::uuid, 'Support: ' || o.name || ' (operator)', $1::uuid || '@support.invalid', 'Support', false, true, "
        "',calendar_read,client_read,', 'Support of the operator', '{phone,email,notes}' FROM studio s, operator o) "
        "INSERT INTO app.support_grant (tenant_id, id, asked_by, asked_name, asked_email, reason, hours, permissions, "
        "state, asked_at, decided_at, decided_by, ends_at, entered_at, ended_at, ended_by) "
        "SELECT s.id, $1::uuid, o.id, o.name, o.email, $3, 2, '{calendar_read,client_read}', $4, w.at, "
        "CASE WHEN $4 <> 'asked' THEN w.at + interval '20 minutes' END, CASE WHEN $4 <> 'asked' THEN s.owner END, "
        "CASE WHEN $4 = 'ended' THEN w.at + interval '140 minutes' END, CASE WHEN $4 = 'ended' THEN w.at + interval '25 minutes' END, "
        "CASE WHEN $4 = 'ended' THEN w.at + interval '50 minutes' END, CASE WHEN $4 = 'ended' THEN 'operator' END "
        "FROM studio s, operator o, (SELECT now() - $5::interval AS at) AS w";
    LOAD(l, insert, load_z(l, new_id(l)), "glow", "Two appointments of the import show the wrong hour; I want to compare.",
         "ended", "12 days");
    LOAD(l, insert, load_z(l, new_id(l)), "glow", "You wrote that a client is listed twice. May I look at both entries?",
         "asked", "40 minutes");
    LOAD(l, insert, load_z(l, new_id(l)), "first-light", "To see why a confirmation went out late.", "refused", "5 days");
}

/* Each business of the demo has accepted the operator's agreement, by its owner. */
static void make_agreement(struct loader *l)
{
    load_plain(l,
               "INSERT INTO app.agreement (tenant_id, version, text_sha, accepted_at, accepted_by, accepted_name) "
               "SELECT t.id, v.version, v.sha256, now() - interval '80 days', f.id, f.name "
               "FROM app.policy_version v JOIN app.tenant o ON o.id = v.tenant_id AND o.realm = 'operator' "
               "CROSS JOIN app.tenant t "
               "CROSS JOIN LATERAL (SELECT s.id, s.name FROM app.staff s "
               "JOIN app.staff_role q ON q.tenant_id = s.tenant_id AND q.staff_id = s.id "
               "JOIN app.role r ON r.tenant_id = q.tenant_id AND r.id = q.role_id AND r.slug = 'owner' "
               "WHERE s.tenant_id = t.id ORDER BY s.id LIMIT 1) f "
               "WHERE v.kind = 'agreement' AND t.realm = 'studio'");
}

/* A provider's phone reads her visits, busy times only. Its token is in nobody's hands: what is kept is the hash of nothing known. */
static void make_feed(struct loader *l)
{
    load_plain(l, "INSERT INTO sec.feed (tenant_id, staff_id, name, token_hash, created_at, read_at, read_from) "
                  "SELECT f.tenant_id, f.id, 'My phone', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), "
                  "now() - interval '40 days', now() - interval '20 minutes', '203.0.113.7' "
                  "FROM app.staff f JOIN app.tenant t ON t.id = f.tenant_id "
                  "WHERE t.slug = 'glow' AND f.email_norm = 'provider@glow.example'");
}

int command_demo(int argc, char **argv)
{
    const char *role = "postgres", *logins_path = NULL;
    struct loader l = {.clients = 300, .random = {20240229}};
    for (int i = 1; i + 1 < argc; i += 2) {
        int64_t n = 0;
        if (strcmp(argv[i], "--clients") == 0 && str_int(str_of(argv[i + 1]), &n) == OK && n >= 20)
            l.clients = (long)n;
        else if (strcmp(argv[i], "--role") == 0)
            role = argv[i + 1];
        else if (strcmp(argv[i], "--logins") == 0)
            logins_path = argv[i + 1];
        else
            argc = 0;
    }
    if (argc % 2 == 0) {
        fprintf(stderr, "usage: foyer demo [--clients N] [--role ROLE] [--logins FILE]   (N >= 20)\n");
        return 64;
    }
    l.arena = arena_new(1u << 30);
    if (!logins_path) {
        const char *var = getenv("FOYER_VAR");
        logins_path = load_z(&l, arena_printf(l.arena, "%s/demo-logins.txt", var ? var : "."));
    }
    l.scratch = arena_new(256u << 20);
    if (keystore_open(config_text("keys"), config_text("master_key")))
        return EXIT_FAILURE;
    l.conn = operator_connect(role);
    if (!l.conn)
        return EXIT_FAILURE;
    if (str_is(LOAD(&l, "SELECT count(*) FROM app.tenant WHERE slug IN ('glow', 'first-light', $1)", "ops"),
               "0") == false) {
        puts("foyer demo: the demo businesses are there already");
        return EXIT_SUCCESS;
    }
    /* The file is there only when everything else is. */
    const char *unfinished = load_z(&l, arena_printf(l.arena, "%s.new", logins_path));
    FILE *logins = fopen(unfinished, "w");
    if (!logins) {
        perror(unfinished);
        return EXIT_FAILURE;
    }
    fprintf(logins, "# studio\trole\te-mail\tpassword\tkey of an app\n");
    const char *phc = load_z(&l, password_hash(l.arena, str_of(password)));
    for (size_t i = 0; i < COUNT_OF(demo_studios); i++) {
        l.studio = &demo_studios[i];
        load_plain(&l, "BEGIN");
        l.random.state = 20240229 + i; /* of its own: how much the one before took depends on the hour */
        make_studio(&l, phc, logins);
        load_plain(&l, "COMMIT");
        l.clients = l.clients > 300 ? 300 : l.clients; /* only the first studio grows large */
    }
    load_plain(&l, "BEGIN");
    make_operator(&l, phc, logins);
    make_support(&l);
    make_agreement(&l);
    make_feed(&l);
    load_plain(&l, "COMMIT");
    load_plain(&l, "ANALYZE");
    if (fclose(logins) != 0 || rename(unfinished, logins_path) != 0) {
        perror(logins_path);
        return EXIT_FAILURE;
    }
    PQfinish(l.conn);
    arena_free(l.scratch);
    arena_free(l.arena);
    return EXIT_SUCCESS;
}
