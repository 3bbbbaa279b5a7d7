/*
 * series.c -- of the demo businesses: a series that runs, one of its visits changed singly; and two who wait, to one of
 * whom a time is offered.
 */
#include "loader.h"

/* By the same functions as the pages, as a job would: whatever hour is free on most days. */
static const char series_sql[] =
    "DO $$ DECLARE v record; made uuid; visit uuid; n record; hour int; BEGIN "
    "PERFORM set_config('foyer.actor_kind', 'job', true); "
    "SELECT c.id AS client, x.service_id AS service, h.staff_id AS staff, h.location_id AS place INTO v "
    "FROM app.client c, app.shift h JOIN app.service_staff x ON x.staff_id = h.staff_id "
    "WHERE c.tenant_id = app.tenant() AND h.tenant_id = app.tenant() AND x.tenant_id = app.tenant() "
    "AND c.email IS NOT NULL AND c.birth_date < current_date - 8000 AND h.weekday = 3 "
    "ORDER BY x.service_id, h.staff_id, c.id LIMIT 1; "
    "FOREACH hour IN ARRAY ARRAY[16, 15, 14, 11, 10, 9, 12] LOOP BEGIN "
    "made := app.series_book(v.service, v.place, v.staff, current_date + 7 + (10 - extract(dow FROM current_date)::int) % 7, "
    "make_time(hour, 0, 0), 2, 6, NULL, v.client, NULL, '{}', false); EXIT; "
    "EXCEPTION WHEN SQLSTATE 'FY409' OR SQLSTATE 'FY422' THEN NULL; END; END LOOP; "
    "SELECT a.id, a.starts_at INTO n FROM app.appointment a WHERE a.tenant_id = app.tenant() AND a.series_id = made "
    "ORDER BY a.starts_at DESC LIMIT 1; "
    "PERFORM app.appointment_move(n.id, v.staff, f.starts_at, NULL) FROM app.nearest_free(v.service, v.place, v.staff, "
    "n.starts_at + interval '1 day', 1, v.client, '{}', n.id) AS f; "
    "PERFORM set_config('foyer.actor_kind', 'system', true); END $$";

/* One waits for anything in the weeks to come, one has been offered a time and has long to answer, so that the demo shows it. */
static const char waitlist_sql[] =
    "DO $$ DECLARE v record; c record; entry uuid; offer uuid; f record; n int := 0; BEGIN "
    "PERFORM set_config('foyer.actor_kind', 'job', true); "
    "SELECT x.service_id AS service, h.staff_id AS staff, h.location_id AS place INTO v "
    "FROM app.shift h JOIN app.service_staff x ON x.staff_id = h.staff_id JOIN app.service s ON s.id = x.service_id "
    "WHERE h.tenant_id = app.tenant() AND x.tenant_id = app.tenant() AND s.tenant_id = app.tenant() AND s.is_online "
    "AND s.week_from IS NULL AND s.prerequisite_id IS NULL AND s.new_client_rule = 'any' "
    "ORDER BY s.position, h.staff_id LIMIT 1; "
    "FOR c IN SELECT y.id FROM app.client y WHERE y.tenant_id = app.tenant() AND y.email IS NOT NULL "
    "AND y.birth_date < current_date - 8000 ORDER BY y.id DESC LIMIT 2 LOOP "
    "n := n + 1; "
    "entry := app.waitlist_join(c.id, v.service, ARRAY[v.place], ARRAY[v.staff], current_date + 20, current_date + 50, "
    "ARRAY['1,2,3,4,5|09:00|17:30']); "
    "IF n = 1 THEN SELECT w.staff_id, w.starts_at INTO f FROM app.waitlist_starts(entry, v.place, v.staff, "
    "current_date + 20, current_date + 50) AS w LIMIT 1; "
    "offer := app.waitlist_hold(entry, v.place, f.staff_id, f.starts_at); "
    "UPDATE app.waitlist_offer o SET until = f.starts_at - interval '1 day' WHERE o.id = offer; "
    "UPDATE app.slot t SET hold_until = f.starts_at - interval '1 day' FROM app.waitlist_offer o WHERE o.id = offer "
    "AND t.tenant_id = o.tenant_id AND t.appointment_id = o.appointment_id AND t.state = 'hold'; "
    "UPDATE app.job j SET run_at = f.starts_at - interval '1 day' WHERE j.tenant_id = app.tenant() AND j.subject_id = offer; "
    "END IF; END LOOP; PERFORM set_config('foyer.actor_kind', 'system', true); END $$";

void load_series(struct loader *l)
{
    load_plain(l, series_sql);
    load_plain(l, waitlist_sql);
}
