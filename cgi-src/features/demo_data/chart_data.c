/* chart_data.c -- what stands in demo clients' charts beside notes and allergies. */
#include "chart_data.h"

#include "db.h"

static const char *const medications[][3] = {
    /* name, dose, since */
    {"Levothyroxine", "75 µg daily", "2019"},
    {"Lisinopril", "10 mg daily", "2021"},
    {"Sertraline", "50 mg daily", "last spring"},
    {"Ibuprofen", "400 mg when needed", ""},
    {"Prenatal vitamins", "1 tablet daily", "this year"},
    {"Apixaban", "5 mg twice daily", "2023"},
};
static const char *const conditions[][3] = {
    /* name, since, note */
    {"Hypothyroidism", "2019", "stable"},
    {"Migraine", "since the twenties", "with aura"},
    {"Cold sores", "2008", "before lip treatments: ask about prophylaxis"},
    {"Eczema", "childhood", ""},
    {"High blood pressure", "2021", "treated"},
};

static void put(struct loader *l, const struct demo_client *c, const char *table,
                const char *column, struct str row, const char *plain)
{
    if (*plain)
        load_bytes(l, demo_seal(l, c, table, column, row, str_of(plain)));
    else
        load_null(l);
}

/* Some have one line of it; who of them, and which, comes from numbers of its own. */
static void make_list(struct loader *l, const struct demo_client *clients, size_t n,
                      const char *copy, const char *table, const char *const columns[3],
                      const char *const (*lines)[3], size_t n_lines, unsigned percent)
{
    struct demo_random random = {.state = n_lines};
    load_copy_begin(l, copy);
    for (size_t i = 0; i < n; i++) {
        if (!demo_chance(&random, percent))
            continue;
        const char *const *line = lines[demo_below(&random, n_lines)];
        struct str id = demo_uuid(&random, l->scratch);
        load_text(l, l->tenant_id);
        load_text(l, id);
        load_text(l, clients[i].id);
        for (size_t k = 0; k < 3; k++)
            put(l, &clients[i], table, columns[k], id, line[k]);
        load_text(l, l->staff[2]);
        load_row_end(l);
    }
    load_copy_end(l);
}

/* Two fields of the business's own, and what stands in them of some. */
static void load_fields(struct loader *l, const struct demo_client *clients, size_t n)
{
    static const char *const values[2][3] = {{"A friend", "Online", "Passing by"},
                                             {"Jazz", "Quiet, please", "Whatever is on"}};
    static const char *const fields[2] = {
        "INSERT INTO app.client_field (tenant_id, id, name, kind, options, on_page, position) "
        "VALUES ($1, $2, 'How they found us', 'choice', '{A friend,Online,Passing by}', false, 1)",
        "INSERT INTO app.client_field (tenant_id, id, name, help, kind, on_page, position) VALUES "
        "($1, $2, 'Music during treatment', 'What to play, or nothing', 'text', true, "
        "2)"};
    struct demo_random random = {.state = 76};
    for (size_t k = 0; k < COUNT_OF(fields); k++) {
        struct str field = demo_uuid(&random, l->arena);
        LOAD(l, fields[k], load_z(l, l->tenant_id), load_z(l, field));
        load_copy_begin(l, "app.client_field_value (tenant_id, id, client_id, field_id, "
                           "value_sealed, by_id)");
        for (size_t i = 0; i < n; i++) {
            if (!demo_chance(&random, 8))
                continue;
            struct str id = demo_uuid(&random, l->scratch);
            load_text(l, l->tenant_id);
            load_text(l, id);
            load_text(l, clients[i].id);
            load_text(l, field);
            put(l, &clients[i], "app.client_field_value", "value_sealed", id,
                values[k][demo_below(&random, 3)]);
            load_text(l, l->staff[2]);
            load_row_end(l);
        }
        load_copy_end(l);
    }
}

void load_health(struct loader *l, const struct demo_client *clients, size_t n)
{
    static const char *const of_medication[] = {"medication_sealed", "dose_sealed",
                                                "taken_since_sealed"};
    static const char *const of_condition[] = {"condition_sealed", "had_since_sealed",
                                               "remark_sealed"};
    make_list(l, clients, n,
              "app.medication (tenant_id, id, client_id, medication_sealed, dose_sealed, "
              "taken_since_sealed, noted_by)",
              "app.medication", of_medication, medications, COUNT_OF(medications), 30);
    make_list(l, clients, n,
              "app.health_condition (tenant_id, id, client_id, condition_sealed, had_since_sealed, "
              "remark_sealed, noted_by)",
              "app.health_condition", of_condition, conditions, COUNT_OF(conditions), 22);
    load_fields(l, clients, n);
    /* Of ten who have none, nine were asked. */
    LOAD(l,
         "INSERT INTO app.none_known (tenant_id, client_id, kind, said_at, said_by) "
         "SELECT c.tenant_id, c.id, k.kind, c.created_at, $2::uuid FROM app.client c "
         "CROSS JOIN (VALUES ('allergy'), ('medication'), ('condition')) AS k (kind) "
         "WHERE c.tenant_id = $1::uuid AND hashtext(c.id::text || k.kind) % 10 <> 0 "
         "AND NOT CASE k.kind "
         "WHEN 'allergy' THEN EXISTS (SELECT FROM app.allergy y WHERE y.tenant_id = c.tenant_id "
         "AND y.client_id = c.id) "
         "WHEN 'medication' THEN EXISTS (SELECT FROM app.medication y WHERE y.tenant_id = "
         "c.tenant_id AND y.client_id = c.id) "
         "ELSE EXISTS (SELECT FROM app.health_condition y WHERE y.tenant_id = c.tenant_id "
         "AND y.client_id = c.id) END",
         load_z(l, l->tenant_id), load_z(l, l->staff[2]));
}

static const char products_sql[] =
    "WITH p AS (INSERT INTO app.product (tenant_id, name, kind, unit) SELECT $1::uuid, v.name, "
    "v.kind, v.unit FROM (VALUES ('Botulinum toxin A, 100 units', 'toxin', 'units', 'medspa'), "
    "('Hyaluronic acid filler, 1 ml', 'filler', 'ml', 'medspa'), ('Glycolic peel 30 %', 'peel', "
    "'ml', 'medspa'), ('Hydrating serum', 'topical', 'ml', 'medspa'), ('Ultrasound gel', "
    "'consumable', 'ml', 'ultrasound')) AS v (name, kind, unit, studio) WHERE v.studio = $2 "
    "RETURNING tenant_id, id) "
    "INSERT INTO app.product_lot (tenant_id, product_id, lot, expires_on, received_on) "
    "SELECT p.tenant_id, p.id, upper(left(md5(p.id::text || g), 6)), current_date + g * 200 - 220, "
    "current_date - 400 FROM p CROSS JOIN generate_series(1, 3) AS g";

/* Each done visit of the last weeks whose client is even in the order of her id. */
static const char encounters_sql[] =
    "INSERT INTO app.encounter (tenant_id, client_id, appointment_id, service_id, provider_id, "
    "done_on, noted_at, noted_by) SELECT a.tenant_id, a.client_id, a.id, a.service_id, a.staff_id, "
    "(a.starts_at AT TIME ZONE (SELECT l.zone FROM app.location l WHERE l.tenant_id = a.tenant_id "
    "AND l.id = a.location_id))::date, a.ends_at, a.staff_id FROM app.appointment a WHERE "
    "a.tenant_id = "
    "$1::uuid AND a.status = 'done' AND a.starts_at > now() - interval '22 days' "
    "AND hashtext(a.id::text) % 2 = 0";

/* What a service is done with; a consultation and a laser use nothing up. */
static const char used_sql[] =
    "INSERT INTO app.encounter_product (tenant_id, client_id, encounter_id, lot_id, amount_milli, "
    "noted_at, noted_by) SELECT e.tenant_id, e.client_id, e.id, l.id, CASE p.unit WHEN 'units' "
    "THEN 20000 ELSE 1000 END, e.noted_at, e.noted_by FROM app.encounter e "
    "JOIN app.service v ON v.tenant_id = e.tenant_id AND v.id = e.service_id "
    "JOIN app.product p ON p.tenant_id = e.tenant_id AND p.kind = CASE WHEN $2 = 'ultrasound' THEN "
    "'consumable' WHEN v.name = 'Botulinum toxin' THEN 'toxin' WHEN v.name = 'Dermal filler' THEN "
    "'filler' WHEN v.name = 'Chemical peel' THEN 'peel' WHEN v.category = 'Skin' THEN 'topical' "
    "END "
    "JOIN LATERAL (SELECT y.id FROM app.product_lot y WHERE y.tenant_id = e.tenant_id "
    "AND y.product_id = p.id AND y.expires_on >= e.done_on ORDER BY y.expires_on LIMIT 1) AS l ON "
    "true WHERE e.tenant_id = $1::uuid";

/* Where it was given; every other time, one of the points was moved. */
static const char points_sql[] =
    "INSERT INTO app.body_point (tenant_id, client_id, encounter_id, drawing, x, y, lot_id, "
    "amount_milli, depth, noted_at, noted_by) SELECT x.tenant_id, x.client_id, x.encounter_id, "
    "v.drawing, v.x, v.y, x.lot_id, x.amount_milli / v.parts, v.depth, x.noted_at + v.n * "
    "interval '1 second', x.noted_by FROM app.encounter_product x "
    "JOIN app.product_lot l ON l.tenant_id = x.tenant_id AND l.id = x.lot_id "
    "JOIN app.product p ON p.tenant_id = l.tenant_id AND p.id = l.product_id "
    "JOIN (VALUES ('toxin', 1, 'face_front', 500, 360, 4, 'intramuscular'), "
    "('toxin', 2, 'face_front', 380, 230, 4, 'intramuscular'), "
    "('toxin', 3, 'face_front', 620, 230, 4, 'intramuscular'), "
    "('toxin', 4, 'face_front', 500, 220, 4, 'intramuscular'), "
    "('filler', 1, 'face_front', 330, 580, 2, 'subcutaneous'), "
    "('filler', 2, 'face_front', 670, 580, 2, 'subcutaneous'), "
    "('consumable', 1, 'body_front', 500, 420, 1, NULL)) AS v (kind, n, drawing, x, y, parts, "
    "depth) ON v.kind = p.kind WHERE x.tenant_id = $1::uuid";

static const char moved_sql[] =
    "WITH was AS (UPDATE app.body_point b SET void_at = b.noted_at + interval '2 min', void_by = "
    "b.noted_by WHERE b.tenant_id = $1::uuid AND (b.x, b.y) = (380, 230) AND hashtext(b.id::text) "
    "% 2 = 0 RETURNING b.*) INSERT INTO app.body_point (tenant_id, client_id, encounter_id, "
    "drawing, x, y, lot_id, amount_milli, depth, noted_at, noted_by, was_id, first_at) SELECT "
    "w.tenant_id, w.client_id, w.encounter_id, w.drawing, w.x - 14, w.y + 8, w.lot_id, "
    "w.amount_milli, w.depth, w.void_at, w.noted_by, w.id, w.noted_at FROM was w";

/* Signed by its provider before the day is over; those of the last days are not yet. */
static const char signed_sql[] =
    "UPDATE app.encounter e SET signed_at = e.noted_at + interval '20 min', signed_name = f.name "
    "FROM app.staff f WHERE f.tenant_id = e.tenant_id AND f.id = e.provider_id AND e.tenant_id = "
    "$1::uuid AND e.done_on < current_date - 2";

static const char sealed_sql[] =
    "INSERT INTO audit.event (tenant_id, actor_kind, action, object_kind, object_id, client_ids, "
    "reason) SELECT e.tenant_id, 'system', 'encounter.sealed', 'encounter', e.id, "
    "ARRAY[e.client_id], encode(app.encounter_digest(e), 'hex') FROM app.encounter e WHERE "
    "e.tenant_id = $1::uuid AND e.signed_at IS NOT NULL UNION ALL SELECT a.tenant_id, 'system', "
    "'encounter.added', 'encounter_addendum', a.id, ARRAY[a.client_id], "
    "encode(app.addendum_digest(a), 'hex') FROM app.encounter_addendum a WHERE a.tenant_id = "
    "$1::uuid";

/* A text of some clients' treatments, each under its client's key. */
static void load_words(struct loader *l, const struct demo_client *clients, size_t n,
                       const char *sql, const char *table, const char *column, const char *text)
{
    for (size_t i = 0; i < n && i < 400; i += 2) {
        struct str id = demo_uuid(&(struct demo_random){.state = i + str_of(text).n}, l->scratch);
        LOAD(l, sql, load_z(l, l->tenant_id), load_z(l, clients[i].id), load_z(l, id),
             db_bytea(l->scratch, demo_seal(l, &clients[i], table, column, id, str_of(text))));
    }
}

void load_encounters(struct loader *l, const struct demo_client *clients, size_t n)
{
    LOAD(l, products_sql, load_z(l, l->tenant_id), l->studio->kind);
    LOAD(l, encounters_sql, load_z(l, l->tenant_id));
    LOAD(l, used_sql, load_z(l, l->tenant_id), l->studio->kind);
    LOAD(l, points_sql, load_z(l, l->tenant_id));
    LOAD(l, moved_sql, load_z(l, l->tenant_id));
    load_words(l, clients, n,
               "INSERT INTO app.encounter_advice (tenant_id, client_id, encounter_id, id, "
               "advice_sealed, noted_at, noted_by) SELECT e.tenant_id, e.client_id, e.id, "
               "$3::uuid, $4::bytea, e.noted_at, e.noted_by FROM app.encounter e WHERE "
               "e.tenant_id = $1::uuid AND e.client_id = $2::uuid ORDER BY e.done_on LIMIT 1",
               "app.encounter_advice", "advice_sealed",
               "Drink enough, no hot bath today. Call us if anything worries you.");
    LOAD(l, signed_sql, load_z(l, l->tenant_id));
    load_words(l, clients, n / 4,
               "INSERT INTO app.encounter_addendum (tenant_id, client_id, encounter_id, id, "
               "addendum_sealed, author_id, author_name, signed_at) SELECT e.tenant_id, "
               "e.client_id, e.id, $3::uuid, $4::bytea, e.provider_id, e.signed_name, e.signed_at "
               "+ interval '1 day' FROM app.encounter e WHERE e.tenant_id = $1::uuid AND "
               "e.client_id = $2::uuid AND e.signed_at IS NOT NULL ORDER BY e.done_on LIMIT 1",
               "app.encounter_addendum", "addendum_sealed",
               "Called the day after: all is well, no swelling.");
    LOAD(l, sealed_sql, load_z(l, l->tenant_id));
}

void load_plans(struct loader *l, const struct demo_client *clients, size_t n)
{
    for (size_t i = 3; i < n && i < 120; i += 8) {
        struct str id = demo_uuid(&(struct demo_random){.state = i}, l->scratch);
        LOAD(l,
             "INSERT INTO app.treatment_plan (tenant_id, id, client_id, title_sealed, made_at, "
             "made_by) VALUES ($1, $2, $3, $4::bytea, now() - interval '40 days', $5)",
             load_z(l, l->tenant_id), load_z(l, id), load_z(l, clients[i].id),
             db_bytea(l->scratch, demo_seal(l, &clients[i], "app.treatment_plan", "title_sealed",
                                            id, S("Three visits, a month apart"))),
             load_z(l, l->staff[2]));
        LOAD(l,
             "INSERT INTO app.plan_step (tenant_id, client_id, plan_id, position, service_id, "
             "after_days, state, changed_at, changed_by) SELECT $1::uuid, $2::uuid, $3::uuid, g, "
             "$4::uuid, CASE g WHEN 1 THEN 0 ELSE 30 END, CASE g WHEN 1 THEN 'done' ELSE 'open' "
             "END, now() - interval '20 days', $5::uuid FROM generate_series(1, 3) AS g",
             load_z(l, l->tenant_id), load_z(l, clients[i].id), load_z(l, id),
             load_z(l, l->services[0]), load_z(l, l->staff[2]));
    }
}
