/*
 * schedule.c -- what the demo studios' services ask for: devices (settings.c), a licence, a provider's own
 * pace, weeks of pregnancy, a visit that comes first, rules of booking; and a visit of several services
 * and one that was booked over another, made by the functions that the pages use.
 */
#include <string.h>

#include "loader.h"

/* Which devices a service needs; visits that are there already have one of them: the room of lasers is one, and each sonographer
 * of a place has a machine of her own. */
static const char *const both_sql[] = {
    "INSERT INTO app.service_room (service_id, resource_id) SELECT v.id, r.id FROM app.service v, "
    "app.resource r "
    "WHERE v.tenant_id = app.tenant() AND r.tenant_id = app.tenant() AND "
    "((r.unit_group = 'Diode laser' AND v.name = 'Laser hair removal') OR r.unit_group = "
    "'Ultrasound machine')",
    "INSERT INTO app.slot (appointment_id, resource_id, during, state, hold_until) SELECT a.id, "
    "d.id, t.during, t.state, t.hold_until "
    "FROM app.appointment a JOIN app.slot t ON t.tenant_id = a.tenant_id AND t.appointment_id = "
    "a.id AND t.resource_id = a.staff_id "
    "JOIN LATERAL (SELECT count(*) AS n FROM (SELECT DISTINCT h.staff_id FROM app.shift h JOIN "
    "app.staff f ON f.tenant_id = h.tenant_id AND f.id = h.staff_id "
    "WHERE h.tenant_id = a.tenant_id AND h.location_id = a.location_id AND h.staff_id <= "
    "a.staff_id) AS x) AS rank ON true "
    "JOIN LATERAL (SELECT r.id FROM app.service_room x JOIN app.resource r ON r.tenant_id = "
    "x.tenant_id AND r.id = x.resource_id AND r.kind = 'device' "
    "WHERE x.tenant_id = a.tenant_id AND x.service_id = a.service_id AND r.location_id = "
    "a.location_id "
    "AND (r.unit_group = 'Diode laser' OR r.name LIKE '% ' || rank.n) ORDER BY r.position, r.id "
    "LIMIT 1) AS d ON true "
    "WHERE a.tenant_id = app.tenant()",
};

static const char *const medspa_sql[] = {
    "UPDATE app.service SET licence = 'Laser safety' WHERE tenant_id = app.tenant() AND name = "
    "'Laser hair removal'",
    "UPDATE app.service_staff x SET duration_min = 40 FROM app.staff f, app.service v WHERE "
    "x.tenant_id = app.tenant() "
    "AND f.tenant_id = x.tenant_id AND f.id = x.staff_id AND f.name = 'Dr. Helena Voss' "
    "AND v.tenant_id = x.tenant_id AND v.id = x.service_id AND v.name = 'Consultation'",
    "UPDATE app.service v SET prerequisite_id = c.id, prerequisite_days = 180, deposit_cents = "
    "10000 FROM app.service c "
    "WHERE v.tenant_id = app.tenant() AND v.name = 'Dermal filler' AND c.tenant_id = v.tenant_id "
    "AND c.name = 'Consultation'",
    "INSERT INTO app.booking_rule (version, late_minutes, late_cancel_cents, no_show_cents, "
    "max_moves, max_no_shows) "
    "VALUES (1, 15, 5000, 7500, 5, 5)",
};

static const char *const ultrasound_sql[] = {
    "UPDATE app.service v SET week_from = w.a, week_to = w.b FROM (VALUES ('Heartbeat visit', 8, "
    "20), "
    "('Gender reveal scan', 15, 36), ('3D/4D session', 26, 32), ('HD Live session', 26, 34)) AS w "
    "(name, a, b) "
    "WHERE v.tenant_id = app.tenant() AND v.name = w.name",
    /* due dates with which the next visit of each fits */
    "UPDATE app.client c SET due_date = n.day + 280 - 7 * (n.week_from + 2) FROM (SELECT DISTINCT "
    "ON (a.client_id) a.client_id, "
    "(a.starts_at AT TIME ZONE l.zone)::date AS day, v.week_from FROM app.appointment a "
    "JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id "
    "JOIN app.service v ON v.tenant_id = a.tenant_id AND v.id = a.service_id "
    "WHERE a.tenant_id = app.tenant() AND a.starts_at > now() ORDER BY a.client_id, a.starts_at) "
    "AS n "
    "WHERE c.tenant_id = app.tenant() AND c.id = n.client_id AND c.due_date IS NOT NULL",
    ("INSERT INTO app.booking_rule (version, cancel_hours, move_hours, max_moves, late_minutes, "
     "max_no_shows) VALUES (1, 24, 24, 3, 10, 5)"),
};

/* Triggers are awake here: one whose due date has changed asks for a look. */
static const char due_sql[] =
    "UPDATE app.client c SET due_date = least(c.due_date + 100, current_date + 284) WHERE c.tenant_id = app.tenant() AND c.id "
    "= ("
    "SELECT a.client_id FROM app.appointment a JOIN app.client o ON o.tenant_id = a.tenant_id AND "
    "o.id = a.client_id AND o.due_date IS NOT NULL "
    "WHERE a.tenant_id = app.tenant() AND a.status IN ('booked', 'confirmed') AND a.starts_at > "
    "now() + interval '3 days' "
    "ORDER BY a.starts_at, a.id LIMIT 1)";

/* The manager books what no page of the public offers: two services one after the other; an urgent one over another. */
static const char booked_sql[] =
    "DO $$ DECLARE s uuid[]; at timestamptz; place uuid; who uuid; over record; BEGIN "
    "PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.perms', "
    "',calendar_read,booking_write,booking_over,', true), "
    "set_config('foyer.actor', (SELECT f.id::text FROM app.staff f WHERE f.tenant_id = "
    "app.tenant() AND f.email LIKE 'manager@%'), true); "
    "SELECT l.id INTO place FROM app.location l WHERE l.tenant_id = app.tenant() AND l.position = "
    "1; "
    "s := ARRAY(SELECT v.id FROM app.service v WHERE v.tenant_id = app.tenant() AND v.name IN "
    "('Consultation', 'Hydrating facial', 'Gender reveal scan', 'Heartbeat visit') ORDER BY "
    "v.position LIMIT 2); "
    "SELECT c.id INTO who FROM app.client c WHERE c.tenant_id = app.tenant() ORDER BY c.name_norm, "
    "c.id OFFSET 3 LIMIT 1; "
    "SELECT g.starts_at INTO at FROM app.free_group_starts(s, place, ARRAY[NULL, NULL]::uuid[], "
    "current_date + 4, current_date + 25) AS g ORDER BY g.starts_at LIMIT 1; "
    "IF at IS NOT NULL THEN PERFORM app.book_group(s, place, ARRAY[NULL, NULL]::uuid[], at, who, "
    "NULL); END IF; "
    "SELECT a.starts_at, a.staff_id, a.service_id INTO over FROM app.appointment a "
    "WHERE a.tenant_id = app.tenant() AND a.location_id = place AND a.status = 'confirmed' AND "
    "a.starts_at > now() + interval '2 days' ORDER BY a.starts_at, a.id LIMIT 1; "
    "IF FOUND THEN PERFORM app.book(over.service_id, place, over.staff_id, over.starts_at, who, "
    "NULL, '{}', 'Travels tomorrow; agreed with the provider'); END IF; "
    "PERFORM set_config('foyer.actor_kind', 'system', true), set_config('foyer.perms', '', true), "
    "set_config('foyer.actor', '', true); END $$";

void load_schedule(struct loader *l)
{
    bool medspa = strcmp(l->studio->kind, "medspa") == 0;
    const char *const *rows = medspa ? medspa_sql : ultrasound_sql;
    size_t n = medspa ? COUNT_OF(medspa_sql) : COUNT_OF(ultrasound_sql);

    load_plain(l, "SET LOCAL session_replication_role = replica");
    for (size_t i = 0; i < COUNT_OF(both_sql); i++)
        load_plain(l, both_sql[i]);
    for (size_t i = 0; i < n; i++)
        load_plain(l, rows[i]);
    load_plain(l, "SET LOCAL session_replication_role = origin");
    if (!medspa)
        load_plain(l, due_sql);
    load_plain(l, booked_sql);
}
