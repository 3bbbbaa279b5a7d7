/*
 * settings.c -- of the demo businesses: opening hours, holidays, days unlike the week, time off that was asked for and approved,
 * licences, add-ons and devices.
 */
#include "loader.h"

/* The next of each holiday that comes after the visits of people.c, which are booked three weeks ahead: nobody comes on a closed day. */
static const char closures_sql[] =
    "INSERT INTO app.closure (location_id, starts_local, ends_local, reason) "
    "SELECT NULL, h.d, h.d + 1, h.name FROM (SELECT make_date(extract(year FROM current_date)::int + y, m, d) AS d, name "
    "FROM (VALUES (12, 25, 'Christmas'), (1, 1, 'New Year'), (7, 4, 'Independence Day')) AS v (m, d, name), generate_series(0, 1) AS y) AS h "
    "WHERE h.d BETWEEN current_date + 23 AND current_date + 370 "
    "UNION ALL SELECT l.id, current_date + 40 + time '14:00', current_date + 40 + time '18:00', 'Team training' "
    "FROM (SELECT id FROM app.location WHERE tenant_id = app.tenant() ORDER BY position LIMIT 1) AS l";

static const char hours_sql[] =
    "INSERT INTO app.location_hours (location_id, weekday, opens, closes) "
    "SELECT l.id, d, CASE d WHEN 0 THEN time '08:00' ELSE time '07:30' END, CASE d WHEN 0 THEN time '18:00' ELSE time '20:00' END "
    "FROM app.location l, generate_series(0, 6) AS d WHERE l.tenant_id = app.tenant()";

/* Of the providers in their order: the second comes late on a day and stays away on another, the third waits for an answer,
 * the fourth has one. */
static const char people_sql[] =
    "WITH p AS (SELECT f.id, row_number() OVER (ORDER BY f.position, f.name, f.id) AS n, h.location_id, l.zone "
    "FROM app.staff f CROSS JOIN LATERAL (SELECT s.location_id FROM app.shift s WHERE s.staff_id = f.id LIMIT 1) AS h "
    "JOIN app.location l ON l.id = h.location_id WHERE f.tenant_id = app.tenant() AND f.is_provider), "
    "day AS (INSERT INTO app.shift_day (staff_id, day, location_id, starts, ends) "
    "SELECT p.id, current_date + 36, p.location_id, time '12:00', time '18:00' FROM p WHERE p.n = 2), "
    "away AS (INSERT INTO app.shift_day (staff_id, day) SELECT p.id, current_date + 37 FROM p WHERE p.n = 2), "
    "asked AS (INSERT INTO app.time_off (staff_id, starts_at, ends_at, reason, state, asked_by, asked_at) "
    "SELECT p.id, (current_date + 60)::timestamp AT TIME ZONE p.zone, (current_date + 65)::timestamp AT TIME ZONE p.zone, "
    "'A few days by the sea', 'asked', p.id, now() - interval '1 day' FROM p WHERE p.n = 3), "
    "given AS (INSERT INTO app.time_off (staff_id, starts_at, ends_at, reason, state, asked_by, asked_at, decided_at, decided_by) "
    "SELECT p.id, (current_date + 45)::timestamp AT TIME ZONE p.zone, (current_date + 50)::timestamp AT TIME ZONE p.zone, "
    "'A sister''s wedding', 'approved', p.id, now() - interval '9 days', now() - interval '8 days', o.id "
    "FROM p, (SELECT f.id FROM app.staff f JOIN app.staff_role q ON q.tenant_id = f.tenant_id AND q.staff_id = f.id "
    "JOIN app.role r ON r.tenant_id = q.tenant_id AND r.id = q.role_id WHERE f.tenant_id = app.tenant() AND r.slug = 'owner' LIMIT 1) AS o WHERE p.n = 4) "
    "INSERT INTO app.staff_licence (staff_id, kind, number, valid_to) "
    "SELECT p.id, CASE t.kind WHEN 'medspa' THEN 'Laser safety' ELSE 'RDMS sonographer' END, 'No. ' || (4100 + 37 * p.n), "
    "CASE p.n WHEN 2 THEN current_date + 41 ELSE current_date + 300 + 11 * p.n::int END FROM p, app.tenant t WHERE t.id = app.tenant()";

static const char addons_sql[] =
    "WITH made AS (INSERT INTO app.addon (name, minutes, price_cents, position) "
    "SELECT a.name, a.minutes, a.cents, a.n FROM app.tenant t JOIN (VALUES ('medspa', 'Soothing mask', 10, 3500, 1), "
    "('medspa', 'Numbing cream', 15, 2500, 2), ('ultrasound', 'Printed photographs', 5, 1500, 1), "
    "('ultrasound', 'Recording of the heartbeat in a bear', 5, 3900, 2)) AS a (kind, name, minutes, cents, n) ON a.kind = t.kind "
    "WHERE t.id = app.tenant() RETURNING id) "
    "INSERT INTO app.service_addon (service_id, addon_id) SELECT v.id, m.id FROM app.service v, made m WHERE v.tenant_id = app.tenant() AND v.price_cents > 0";

/* Devices that can stand for one another; no service asks for one yet. */
static const char devices_sql[] =
    "INSERT INTO app.resource (kind, name, location_id, position, unit_group) "
    "SELECT 'device', CASE t.kind WHEN 'medspa' THEN 'Diode laser ' ELSE 'Ultrasound machine ' END || n, l.id, 50 + n, "
    "CASE t.kind WHEN 'medspa' THEN 'Diode laser' ELSE 'Ultrasound machine' END "
    "FROM app.tenant t, app.location l, generate_series(1, 2) AS n WHERE t.id = app.tenant() AND l.tenant_id = app.tenant()";

void load_settings(struct loader *l)
{
    load_plain(l, hours_sql);
    load_plain(l, closures_sql);
    load_plain(l, people_sql);
    load_plain(l, addons_sql);
    load_plain(l, devices_sql);
}
