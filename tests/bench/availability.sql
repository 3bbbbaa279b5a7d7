-- availability.sql -- what the database takes to say which times are free, in a studio of 20 providers, 10 rooms, 4 lasers and twelve
-- months of bookings (about seven in ten hours taken, the next eight days full), beside looking up one row by its primary key under
-- the same row security in the same run. Rolled back. Prints: case, p50 and p95 in milliseconds of the
-- database's processor time, p50 as a multiple of the look-up's.
-- Run by tests/bench/run, or alone: scripts/devdb DIR && psql -X -At -h DIR/run -U postgres foyer -f tests/bench/availability.sql
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SELECT setseed(0.4) \g /dev/null
SELECT sec.tenant_new('be000000-0000-4000-8000-000000000001', 'bench-free', 'Bench', 'medspa', 'US') \g /dev/null
SELECT set_config('foyer.tenant_id', 'be000000-0000-4000-8000-000000000001', true), set_config('foyer.actor_kind', 'system', true) \g /dev/null
SET LOCAL session_replication_role = replica;
CREATE FUNCTION pg_temp.id(what int, n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT format('be0000%s-0000-4000-8000-%s', lpad(what::text, 2, '0'), lpad(n::text, 12, '0'))::uuid $$;
INSERT INTO app.location (id, name, zone) VALUES (pg_temp.id(1, 1), 'Here', 'America/New_York');
INSERT INTO app.location_hours (location_id, weekday, opens, closes) SELECT pg_temp.id(1, 1), d, '08:00', '20:00' FROM generate_series(1, 6) d;
INSERT INTO app.staff (id, name, email, is_provider) SELECT pg_temp.id(2, n), 'Provider ' || n, n || '@bench.test', true FROM generate_series(1, 20) n;
INSERT INTO app.resource (id, kind, name, location_id) SELECT pg_temp.id(2, n), 'staff', 'Provider ' || n, NULL FROM generate_series(1, 20) n;
INSERT INTO app.resource (id, kind, name, location_id, position) SELECT pg_temp.id(3, n), 'room', 'Room ' || n, pg_temp.id(1, 1), n FROM generate_series(1, 10) n;
INSERT INTO app.resource (id, kind, name, location_id, unit_group) SELECT pg_temp.id(4, n), 'device', 'Laser ' || n, pg_temp.id(1, 1), 'Laser' FROM generate_series(1, 4) n;
INSERT INTO app.service (id, name, duration_min, before_min, after_min, step_min, horizon_days, licence) VALUES
    (pg_temp.id(5, 1), 'Plain', 30, 0, 0, 15, 400, NULL), (pg_temp.id(5, 2), 'With a room', 45, 5, 10, 15, 400, NULL),
    (pg_temp.id(5, 3), 'With room and laser', 30, 5, 10, 15, 400, 'Laser'), (pg_temp.id(5, 4), 'Long', 120, 10, 15, 15, 400, NULL);
INSERT INTO app.service_staff (service_id, staff_id) SELECT pg_temp.id(5, s), pg_temp.id(2, n) FROM generate_series(1, 4) s, generate_series(1, 20) n;
INSERT INTO app.service_room (service_id, resource_id) SELECT pg_temp.id(5, s), pg_temp.id(3, n) FROM generate_series(2, 4) s, generate_series(1, 10) n;
INSERT INTO app.service_room (service_id, resource_id) SELECT pg_temp.id(5, 3), pg_temp.id(4, n) FROM generate_series(1, 4) n;
INSERT INTO app.staff_licence (staff_id, kind, valid_to) SELECT pg_temp.id(2, n), 'Laser', current_date + 300 + n * 5 FROM generate_series(1, 20) n;
INSERT INTO app.shift (staff_id, location_id, weekday, starts, ends)
SELECT pg_temp.id(2, n), pg_temp.id(1, 1), d, s.a, s.b FROM generate_series(1, 20) n, generate_series(1, 6) d, (VALUES (time '09:00', time '13:00'), ('14:00', '18:00')) AS s (a, b);
INSERT INTO app.shift_day (staff_id, day, location_id, starts, ends)
SELECT pg_temp.id(2, n), current_date + d, pg_temp.id(1, 1), '10:00', '19:00' FROM generate_series(1, 20) n, generate_series(1, 360) d WHERE random() < 0.04;
INSERT INTO app.time_off (staff_id, starts_at, ends_at, state) SELECT pg_temp.id(2, n), now() + make_interval(days => w * 40 + n), now() + make_interval(days => w * 40 + n + 5), 'approved' FROM generate_series(1, 20) n, generate_series(0, 8) w;
INSERT INTO app.closure (starts_local, ends_local) SELECT current_date + d, current_date + d + 1 FROM generate_series(20, 360, 40) d;
INSERT INTO app.appointment (id, client_id, service_id, staff_id, room_id, location_id, starts_at, ends_at, status)
SELECT gen_random_uuid(), NULL, pg_temp.id(5, 2), pg_temp.id(2, n), CASE WHEN n <= 10 THEN pg_temp.id(3, n) END, pg_temp.id(1, 1), q.at, q.at + interval '45 minutes', 'held'
FROM generate_series(1, 20) n, generate_series(-185, 180) d, unnest(ARRAY[0, 1, 2, 3, 5, 6, 7, 8]) k, LATERAL (SELECT (current_date + d + time '09:05' + make_interval(hours => k)) AT TIME ZONE 'America/New_York' AS at) AS q
WHERE extract(dow FROM current_date + d) > 0 AND (d BETWEEN 0 AND 8 OR random() < 0.7);
INSERT INTO app.slot (appointment_id, resource_id, during, state)
SELECT a.id, r, tstzrange(a.starts_at - interval '5 minutes', a.ends_at + interval '10 minutes'), 'booked' FROM app.appointment a, unnest(ARRAY[a.staff_id, a.room_id]) AS r WHERE a.tenant_id = app.tenant() AND r IS NOT NULL;
ANALYZE app.slot, app.appointment, app.shift, app.shift_day, app.staff, app.resource, app.service, app.service_staff, app.service_room, app.staff_licence;
SET LOCAL session_replication_role = origin;
CREATE TEMP TABLE took (what text, ms float8);
GRANT ALL ON took TO PUBLIC;

-- Milliseconds that this backend has had of a processor: what others on the machine do must not count. The kernel counts at its ticks
-- (some milliseconds), so each question is asked five times in a row, and the look-up two thousand times.
CREATE FUNCTION pg_temp.cpu() RETURNS float8 LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1000000 $$;
GRANT EXECUTE ON FUNCTION pg_temp.cpu() TO PUBLIC;
CREATE FUNCTION pg_temp.took(statement int, service uuid, who uuid, day date) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    t float8 := pg_temp.cpu();
    place uuid := pg_temp.id(1, 1);
    n int := CASE statement WHEN 1 THEN 2000 ELSE 5 END;
BEGIN
    FOR i IN 1..n LOOP
        CASE statement
            WHEN 1 THEN PERFORM f.name FROM app.staff f WHERE f.id = who;
            WHEN 2 THEN PERFORM f.starts_at FROM app.offered_times(service, place, who, day, day + 7, NULL) AS f;
            WHEN 3 THEN PERFORM f.starts_at FROM app.offered_times(service, place, NULL, day, day + 7, NULL) AS f;
            WHEN 4 THEN PERFORM f.starts_at FROM app.first_free(service, place, NULL, day) AS f;
            WHEN 5 THEN PERFORM f.starts_at FROM app.first_free(service, place, NULL, current_date) AS f;
            WHEN 6 THEN PERFORM f.day FROM app.free_days(service, place, NULL, day, day + 31) AS f;
        END CASE;
    END LOOP;
    RETURN (pg_temp.cpu() - t) / n;
END $$;
CREATE FUNCTION pg_temp.measure(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day date;
BEGIN
    FOR i IN 1..n LOOP
        day := current_date + floor(random() * 170)::int;
        INSERT INTO took
        SELECT (ARRAY['one row by its key', 'a week, one provider', 'a week, any of 20 providers', 'first free, any of 20', 'first free after eight full days', 'a month''s overview'])[k],
               pg_temp.took(k, pg_temp.id(5, 1 + i % 4), pg_temp.id(2, 1 + i % 20), day)
        FROM generate_series(1, 6) AS k;
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION pg_temp.measure(int), pg_temp.id(int, int), pg_temp.took(int, uuid, uuid, date) TO PUBLIC;
SELECT set_config('foyer.actor_kind', 'visitor', true) \g /dev/null
SET LOCAL ROLE foyer_public;
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL jit = off;
SELECT pg_temp.measure(10) \g /dev/null
TRUNCATE took;
SELECT pg_temp.measure(80) \g /dev/null
RESET ROLE;
SELECT what, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 3), round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 3),
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) / (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY k.ms) FROM took k WHERE k.what = 'one row by its key'))::numeric, 0)
FROM took GROUP BY what ORDER BY 2;
ROLLBACK;
