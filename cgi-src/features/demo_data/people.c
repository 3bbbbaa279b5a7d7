/*
 * people.c -- the demo studios' clients, visits, charts and messages.
 * Rows are written by COPY with triggers asleep, so what triggers would keep (words for searching,
 * history, assignments) is written here too; the double-booking constraint stays awake.
 */
#include <stdio.h>
#include <stdlib.h>

#include "chart_data.h"
#include "config.h"
#include "crypto.h"
#include "db.h"
#include "loader.h"
#include "signatures.h"

enum { DAYS_AHEAD = 21, DAYS_BACK = 21, DAYS_BACK_LARGE = 720, LARGE = 3000, KEPT_MESSAGES = 24 };

struct visit {
    size_t client, service, staff;
    int day; /* from today */
    struct str id;
};

struct people {
    struct loader *l;
    struct demo_client *clients;
    struct visit *visits;
    size_t n_visits;
};

static struct str pick(struct loader *l, const char *const *list, size_t n)
{
    return str_of(list[demo_below(&l->random, n)]);
}

static struct str full_name(struct loader *l)
{
    if (demo_chance(&l->random, 4))
        return pick(l, demo_whole_names, demo_whole_names_n);
    struct str first = pick(l, demo_first_names, demo_first_names_n);
    struct str last = pick(l, demo_last_names, demo_last_names_n);
    return arena_printf(l->arena, "%.*s %.*s", (int)first.n, first.p, (int)last.n, last.p);
}

/* An address of a made-up domain; the number keeps it apart from others. */
static struct str email_of(struct loader *l, struct str name, long n)
{
    struct buf b = buf_in(l->scratch, 80);
    for (size_t i = 0; i < name.n && b.n < 30; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c == ' ' && b.n > 0)
            c = '.';
        if ((c >= 'a' && c <= 'z') || (c == '.' && b.p[b.n - 1] != '.'))
            buf_addc(&b, c);
    }
    while (b.n > 0 && b.p[b.n - 1] == '.')
        b.n--;
    if (b.n == 0)
        buf_addz(&b, "client");
    buf_printf(&b, "%ld@mail.example", n);
    return buf_str(&b);
}

static struct str date_text(struct loader *l, int year, size_t day_of_year)
{
    return arena_printf(l->scratch, "%04d-%02zu-%02zu", year, day_of_year / 28 % 12 + 1,
                        day_of_year % 28 + 1);
}

static void make_client(struct people *p, size_t i, int this_year)
{
    struct loader *l = p->l;
    /* (of no other number in the demo: further ones, guardians and whom to call are elsewhere) */
    static const char *const areas[] = {"212", "310", "512", "720", "646", "917", "303", "213"};
    struct demo_client *c = &p->clients[i];
    struct str wrapped;

    c->id = demo_uuid(&l->random, l->arena);
    c->name = full_name(l);
    if (client_key_new(l->scratch, l->tenant_id, c->id, &wrapped) ||
        client_key_open(l->scratch, l->tenant_id, c->id, wrapped, c->key)) {
        fprintf(stderr, "foyer demo: a client's key could not be made\n");
        exit(EXIT_FAILURE);
    }
    c->wrapped = arena_str(l->arena, wrapped);

    load_text(l, l->tenant_id);
    load_text(l, c->id);
    load_text(l, c->name);
    if (demo_chance(&l->random, 12))
        load_text(l, pick(l, demo_first_names, demo_first_names_n));
    else
        load_null(l);
    load_text(l, email_of(l, c->name, (long)i));
    load_text(l, arena_printf(l->scratch, "+1%s555%04zu", areas[demo_below(&l->random, 8)],
                              demo_below(&l->random, 10000)));
    int age = 19 + (int)demo_below(&l->random, l->studio->has_due_dates ? 24 : 52);
    load_text(l, date_text(l, this_year - age, demo_below(&l->random, 336)));
    if (l->studio->has_due_dates && demo_chance(&l->random, 80))
        load_text(l, date_text(l, this_year + (demo_chance(&l->random, 50) ? 1 : 0),
                               demo_below(&l->random, 336)));
    else
        load_null(l);
    load_text(l, demo_chance(&l->random, 60) ? S("online") : S("staff"));
    load_row_end(l);
}

static void make_clients(struct people *p, int this_year)
{
    struct loader *l = p->l;
    size_t n = (size_t)l->clients;
    load_copy_begin(l, "app.client (tenant_id, id, name, preferred_name, email, phone, birth_date, "
                       "due_date, source)");
    for (size_t i = 0; i < n; i++)
        make_client(p, i, this_year);
    load_copy_end(l);

    load_copy_begin(l, "app.client_key (tenant_id, client_id, wrapped_key)");
    for (size_t i = 0; i < n; i++) {
        load_text(l, l->tenant_id);
        load_text(l, p->clients[i].id);
        load_bytes(l, p->clients[i].wrapped);
        load_row_end(l);
    }
    load_copy_end(l);
    LOAD(l,
         "INSERT INTO app.client_word (tenant_id, word, client_id, kind, beside) "
         "SELECT c.tenant_id, k.word, c.id, k.kind, k.beside FROM app.client c, "
         "LATERAL (SELECT array_agg(w.word ORDER BY length(w.word) DESC) AS words, "
         "array_agg(w.kind ORDER BY length(w.word) DESC) AS kinds FROM "
         "app.client_words_by_kind(c.name, c.preferred_name, c.email, c.phone) AS w) AS a, "
         "app.client_words_kept(a.words, a.kinds) AS k WHERE c.tenant_id = $1",
         load_z(l, l->tenant_id));
    LOAD(l,
         "UPDATE app.client SET adult_attested_at = now() - interval '60 days', "
         "created_at = now() - interval '60 days' WHERE tenant_id = $1",
         load_z(l, l->tenant_id));
}

/* ---- visits ---- */

static void add_visit(struct people *p, size_t staff, size_t service, int day, int minute)
{
    struct loader *l = p->l;
    const struct demo_service *v = &l->studio->services[service];
    int place = l->studio->staff[staff].location;
    size_t shared = l->n_rooms - 1;
    size_t same = 0; /* how many providers of this place come before her: each has a room */
    for (size_t i = 0; i < staff; i++)
        same += l->studio->staff[i].provides && l->studio->staff[i].location == place;
    bool medspa = strcmp(l->studio->kind, "medspa") == 0;
    size_t room = v->needs_device_room ? shared : medspa ? same % shared : same % l->n_rooms;
    struct visit *visit = &p->visits[p->n_visits++];
    *visit = (struct visit){demo_below(&l->random, (size_t)l->clients), service, staff, day,
                            demo_uuid(&l->random, l->arena)};

    load_text(l, visit->id);
    load_text(l, p->clients[visit->client].id);
    load_text(l, l->services[service]);
    load_text(l, l->staff[staff]);
    load_text(l, l->rooms[place][room]);
    load_text(l, l->locations[place]);
    load_text(l, arena_printf(l->scratch, "%d", day));
    load_text(l, arena_printf(l->scratch, "%d", minute));
    load_text(l, arena_printf(l->scratch, "%d", v->minutes));
    load_text(l, arena_printf(l->scratch, "%d", v->before));
    load_text(l, arena_printf(l->scratch, "%d", v->after));
    load_text(l, arena_printf(l->scratch, "%d", v->price_cents));
    load_text(l, arena_printf(l->scratch, "%zu", demo_below(&l->random, 100)));
    load_row_end(l);
}

/* One half-day of one provider: visits with gaps, never past its end. */
static void fill_half_day(struct people *p, size_t staff, int day, int from, int to)
{
    struct loader *l = p->l;
    int minute = from;
    while (minute + 15 <= to && p->n_visits < 2000000) {
        if (demo_chance(&l->random, 38)) {
            minute += 30;
            continue;
        }
        size_t service = demo_below(&l->random, l->n_services);
        const struct demo_service *v = &l->studio->services[service];
        int start = (minute + v->before + 14) / 15 * 15;
        if (!demo_does(l->studio, staff, service) || start + v->minutes + v->after > to) {
            minute += 15;
            continue;
        }
        add_visit(p, staff, service, day, start);
        minute = start + v->minutes + v->after;
    }
}

static const char visits_sql[] =
    "INSERT INTO app.appointment (tenant_id, id, client_id, service_id, staff_id, room_id, "
    "location_id, starts_at, ends_at, status, source, price_cents, created_at, updated_at) "
    "SELECT $1::uuid, v.id, v.client_id, v.service_id, v.staff_id, v.room_id, v.location_id, t.s, "
    "t.s + v.minutes * interval '1 min', "
    "CASE WHEN t.s + v.minutes * interval '1 min' < now() THEN "
    "       CASE WHEN v.chance < 5 THEN 'no_show' WHEN v.chance < 12 THEN 'cancelled' ELSE 'done' "
    "END "
    "     WHEN t.s < now() THEN 'in_room' "
    "     WHEN t.s < now() + interval '20 minutes' AND v.chance < 70 THEN 'arrived' "
    "     WHEN v.chance < 5 THEN 'cancelled' WHEN v.chance < 50 THEN 'confirmed' ELSE 'booked' "
    "END, "
    "CASE WHEN v.chance % 3 = 0 THEN 'staff' ELSE 'online' END, v.price, "
    "least(t.s, now()) - interval '9 days' - v.chance * interval '1 hour', now() "
    "FROM stage_visit v JOIN app.location p ON p.tenant_id = $1::uuid AND p.id = v.location_id, "
    "LATERAL (SELECT ((current_date + v.day) + v.minute * interval '1 min') AT TIME ZONE p.zone AS "
    "s) t";

static const char slots_sql[] =
    "INSERT INTO app.slot (tenant_id, appointment_id, resource_id, during, state) "
    "SELECT a.tenant_id, a.id, r.id, tstzrange(a.starts_at - v.before * interval '1 min', "
    "a.ends_at + v.after * interval '1 min'), "
    "CASE WHEN a.status = 'cancelled' THEN 'released' ELSE 'booked' END "
    "FROM app.appointment a JOIN stage_visit v ON v.id = a.id, "
    "LATERAL (VALUES (a.staff_id), (a.room_id)) AS r (id) WHERE a.tenant_id = $1";

/* What the appointment's trigger would have written along the way. */
static const char history_sql[] =
    "INSERT INTO app.appointment_event (tenant_id, appointment_id, at, what, status, from_status, "
    "by_kind, by_id) "
    "SELECT a.tenant_id, a.id, e.at, 'status', e.status, e.before, e.kind, "
    "CASE e.kind WHEN 'staff' THEN $2::uuid END "
    "FROM app.appointment a JOIN stage_visit v ON v.id = a.id, "
    "LATERAL (VALUES "
    "(1, a.created_at, 'booked', NULL, CASE a.source WHEN 'staff' THEN 'staff' ELSE 'visitor' "
    "END), "
    "(2, a.created_at + interval '2 days', 'confirmed', 'booked', 'client'), "
    "(3, a.starts_at - interval '7 minutes', 'arrived', 'confirmed', 'staff'), "
    "(4, a.starts_at + interval '2 minutes', 'in_room', 'arrived', 'staff'), "
    "(5, a.ends_at, 'done', 'in_room', 'staff'), "
    "(6, a.starts_at + interval '15 minutes', 'no_show', 'booked', 'staff'), "
    "(7, least(now(), a.starts_at - interval '1 day'), 'cancelled', 'booked', 'client')) "
    "AS e (step, at, status, before, kind) "
    "WHERE a.tenant_id = $1 AND (e.step = 1 "
    "OR (a.status IN ('confirmed', 'arrived', 'in_room', 'done') AND e.step = 2) "
    "OR (a.status IN ('arrived', 'in_room', 'done') AND e.step = 3) "
    "OR (a.status IN ('in_room', 'done') AND e.step = 4) OR (a.status = 'done' AND e.step = 5) "
    "OR (a.status = 'no_show' AND e.step = 6) OR (a.status = 'cancelled' AND e.step = 7))";

static void make_visits(struct people *p, int weekday_today)
{
    struct loader *l = p->l;
    int back = l->clients > LARGE ? DAYS_BACK_LARGE : DAYS_BACK;
    load_plain(l,
               "CREATE TEMP TABLE stage_visit (id uuid, client_id uuid, service_id uuid, "
               "staff_id uuid, room_id uuid, location_id uuid, day int, minute int, minutes int, "
               "before int, after int, price bigint, chance int) ON COMMIT DROP");
    p->visits = arena_alloc(l->arena,
                            (size_t)(back + DAYS_AHEAD + 1) * l->n_staff * 40 * sizeof *p->visits);
    load_copy_begin(l, "stage_visit");
    for (int day = -back; day <= DAYS_AHEAD; day++) {
        int weekday = ((weekday_today + day) % 7 + 7) % 7;
        for (size_t staff = 0; staff < l->n_staff; staff++) {
            if (!l->studio->staff[staff].provides || weekday == 0 || (weekday == 6 && staff % 2))
                continue;
            fill_half_day(p, staff, day, 9 * 60, 13 * 60);
            fill_half_day(p, staff, day, 14 * 60, weekday == 6 ? 16 * 60 : 18 * 60);
        }
    }
    load_copy_end(l);
    load_plain(l, "ANALYZE stage_visit");
    LOAD(l, visits_sql, load_z(l, l->tenant_id));
    LOAD(l, slots_sql, load_z(l, l->tenant_id));
    LOAD(l, history_sql, load_z(l, l->tenant_id), load_z(l, l->staff[2]));
}

/* ---- charts ---- */

struct str demo_seal(struct loader *l, const struct demo_client *c, const char *table,
                     const char *column, struct str row, struct str plain)
{
    struct str aad = arena_printf(l->scratch, "%.*s|%s|%s|%.*s", (int)l->tenant_id.n,
                                  l->tenant_id.p, table, column, (int)row.n, row.p);
    return seal(l->scratch, c->key, aad, plain);
}

static void make_allergies(struct people *p)
{
    static const char *const severities[] = {"mild", "moderate", "moderate", "severe"};
    struct loader *l = p->l;
    load_copy_begin(l, "app.allergy (tenant_id, id, client_id, substance_sealed, reaction_sealed, "
                       "severity, noted_by)");
    for (size_t i = 0; i < (size_t)l->clients; i++) {
        for (int n = demo_chance(&l->random, 22) ? 1 + demo_chance(&l->random, 25) : 0; n > 0;
             n--) {
            size_t which = demo_below(&l->random, demo_allergies_n);
            struct str id = demo_uuid(&l->random, l->scratch);
            load_text(l, l->tenant_id);
            load_text(l, id);
            load_text(l, p->clients[i].id);
            load_bytes(l, demo_seal(l, &p->clients[i], "app.allergy", "substance_sealed", id,
                                    str_of(demo_allergies[which][0])));
            load_bytes(l, demo_seal(l, &p->clients[i], "app.allergy", "reaction_sealed", id,
                                    str_of(demo_allergies[which][1])));
            load_text(l, str_of(severities[demo_below(&l->random, 4)]));
            load_null(l);
            load_row_end(l);
        }
    }
    load_copy_end(l);
}

static void make_notes(struct people *p)
{
    struct loader *l = p->l;
    load_copy_begin(l,
                    "app.chart_note (tenant_id, id, client_id, appointment_id, body_sealed, state, "
                    "author_id, written_at, signed_at)");
    for (size_t i = 0; i < p->n_visits; i++) {
        const struct visit *v = &p->visits[i];
        if (v->day >= 0 || v->day < -DAYS_BACK || !demo_chance(&l->random, 45))
            continue;
        const struct demo_client *c = &p->clients[v->client];
        struct str id = demo_uuid(&l->random, l->scratch);
        struct str body = pick(l, l->studio->note_lines, COUNT_OF(l->studio->note_lines));
        load_text(l, l->tenant_id);
        load_text(l, id);
        load_text(l, c->id);
        load_text(l, v->id);
        load_bytes(l, demo_seal(l, c, "app.chart_note", "body_sealed", id, body));
        load_text(l, S("signed"));
        load_text(l, l->staff[v->staff]);
        load_text(l, S("2000-01-01"));
        load_text(l, S("2000-01-01"));
        load_row_end(l);
    }
    load_copy_end(l);
    LOAD(l,
         "UPDATE app.chart_note n SET written_at = a.ends_at, signed_at = a.ends_at + interval '9 "
         "min' "
         "FROM app.appointment a WHERE a.tenant_id = n.tenant_id AND a.id = n.appointment_id "
         "AND n.tenant_id = $1",
         load_z(l, l->tenant_id));
    /* Cancelled visits and those nobody came to have no note. */
    LOAD(l,
         "DELETE FROM app.chart_note n USING app.appointment a WHERE a.tenant_id = n.tenant_id "
         "AND a.id = n.appointment_id AND n.tenant_id = $1 AND a.status <> 'done'",
         load_z(l, l->tenant_id));
    load_plain(l, "ANALYZE app.chart_note");
    LOAD(l,
         "INSERT INTO audit.event (tenant_id, actor_kind, action, object_kind, object_id, "
         "client_ids, reason) SELECT n.tenant_id, 'system', 'note.sealed', 'chart_note', n.id, "
         "ARRAY[n.client_id], encode(app.note_digest(n), 'hex') FROM app.chart_note n "
         "WHERE n.tenant_id = $1 AND n.state = 'signed'",
         load_z(l, l->tenant_id));
    LOAD(l,
         "INSERT INTO app.note_template (tenant_id, name, body, position) VALUES "
         "($1, 'Treatment', E'Reason for the visit:\\n\\nTreatment:\\n\\nHow it was borne:\\n"
         "\\nAftercare given:\\n', 1), "
         "($1, 'Follow-up', E'Since the last visit:\\n\\nFindings:\\n\\nNext:\\n', 2)",
         load_z(l, l->tenant_id));
}

/* Each visit of these weeks asks for the forms of its service. */
static void make_assignments(struct loader *l)
{
    LOAD(l,
         "INSERT INTO app.form_assignment (tenant_id, client_id, appointment_id, form_id, due_by, "
         "position, created_at) "
         "SELECT a.tenant_id, a.client_id, a.id, f.form_id, a.starts_at, f.position, a.created_at "
         "FROM app.appointment a "
         "JOIN app.service_form f ON f.tenant_id = a.tenant_id AND f.service_id = a.service_id "
         "WHERE a.tenant_id = $1 AND a.status NOT IN ('cancelled', 'no_show') "
         "AND a.starts_at > now() - interval '22 days'",
         load_z(l, l->tenant_id));
}

/* ---- messages with their links, kept because the demo has no mail server ---- */

static void make_message(struct people *p, const struct visit *v)
{
    struct loader *l = p->l;
    const struct demo_client *c = &p->clients[v->client];
    struct str token = token_new(l->scratch), raw;
    struct str link = demo_uuid(&l->random, l->scratch), id = demo_uuid(&l->random, l->scratch);
    unsigned char hash[HASH_BYTES];
    if (unesc_base64url(l->scratch, token, &raw))
        return;
    sha256(raw, hash);
    LOAD(l,
         "INSERT INTO app.link (tenant_id, id, purpose, client_id, appointment_id, token_hash, "
         "expires_at) SELECT a.tenant_id, $1, 'form', a.client_id, a.id, $2::bytea, "
         "a.ends_at + interval '1 day' FROM app.appointment a WHERE a.tenant_id = $3 AND a.id = $4",
         load_z(l, link), db_bytea(l->scratch, (struct str){(char *)hash, sizeof hash}),
         load_z(l, l->tenant_id), load_z(l, v->id));

    struct str url = arena_printf(l->scratch, "https://%s.%s:%ld/l/%.*s", l->studio->slug,
                                  config_text("domain"), config_int("port"), (int)token.n, token.p);
    struct str body = arena_printf(
        l->scratch,
        "Hello,\n\nplease fill in your forms before your visit. It takes a few minutes, on any "
        "phone:\n\n%.*s\n\n%s\n",
        (int)url.n, url.p, l->studio->name);
    const char *columns[] = {"body_sealed", "link_sealed"};
    struct str plain[] = {body, url};
    const char *sealed[2];
    for (int i = 0; i < 2; i++)
        sealed[i] = db_bytea(l->scratch, demo_seal(l, c, "app.message", columns[i], id, plain[i]));
    LOAD(l,
         "INSERT INTO app.message (tenant_id, id, client_id, kind, channel, to_address, subject, "
         "body_sealed, link_sealed, state, dedupe_key, created_at) "
         "SELECT c.tenant_id, $1, c.id, 'form_link', 'email', c.email, 'Your forms', $2::bytea, "
         "$3::bytea, 'kept', $4, now() - interval '1 day' FROM app.client c "
         "WHERE c.tenant_id = $5 AND c.id = $6",
         load_z(l, id), sealed[0], sealed[1], load_z(l, id), load_z(l, l->tenant_id),
         load_z(l, c->id));
}

static void make_messages(struct people *p)
{
    int made = 0;
    for (size_t i = 0; i < p->n_visits && made < KEPT_MESSAGES; i++)
        if (p->visits[i].day >= 1 && p->visits[i].day <= 5 && i % 3 == 0) {
            make_message(p, &p->visits[i]);
            made++;
        }
}

void load_people(struct loader *l)
{
    int64_t weekday = 0, year = 0;
    struct people p = {.l = l};
    if (str_int(load_run(l, "SELECT extract(dow FROM current_date)::int", 0, NULL), &weekday) ||
        str_int(load_run(l, "SELECT extract(year FROM current_date)::int", 0, NULL), &year))
        exit(EXIT_FAILURE);
    p.clients = arena_alloc(l->arena, (size_t)l->clients * sizeof *p.clients);

    load_plain(l, "SET LOCAL session_replication_role = replica");
    make_clients(&p, (int)year);
    make_visits(&p, (int)weekday);
    make_allergies(&p);
    load_health(l, p.clients, (size_t)l->clients);
    load_encounters(l, p.clients, (size_t)l->clients);
    load_plans(l, p.clients, (size_t)l->clients);
    make_notes(&p);
    make_assignments(l);
    load_signatures(l, p.clients, (size_t)l->clients);
    make_messages(&p);
    load_attached(l, p.clients, (size_t)l->clients);
    load_consents(l, p.clients, (size_t)l->clients);
    load_plain(l, "SET LOCAL session_replication_role = origin");
    secret_wipe(p.clients, (size_t)l->clients * sizeof *p.clients);
}
