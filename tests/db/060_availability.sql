-- What is offered equals what a brute-force oracle offers, on ordinary days and on both nights of the year when clocks
-- change (B-06), in five zones; B-09.
BEGIN;
SELECT no_plan();
SELECT setseed(0.4711);

-- A studio of its own, gone with this transaction: two providers with odd hours also at night, two rooms.
SELECT sec.tenant_new(fx.id('c', 'tenant', 1), 'gamma', 'Gamma', 'medspa', 'US') IS NOT NULL AS made \gset
SELECT set_config('foyer.actor_kind', 'staff', true), set_config('foyer.perms', ',calendar_read,booking_write,', true) \gset
INSERT INTO app.location (id, name, zone) VALUES (fx.id('c', 'location', 1), 'Here', 'UTC');
SELECT count(app.staff_new(fx.id('c', 'staff', n), 'Provider ' || n, n || '@gamma.test', '', true, 'provider')) AS made FROM generate_series(1, 2) n \gset
INSERT INTO app.resource (id, kind, name, location_id, position) SELECT fx.id('c', 'room', n), 'room', 'Room ' || n, fx.id('c', 'location', 1), n FROM generate_series(1, 2) n;
INSERT INTO app.service (id, name, duration_min, before_min, after_min, step_min, horizon_days) VALUES
    (fx.id('c', 'service', 1), 'Buffers and a room', 45, 10, 15, 15, 730),
    (fx.id('c', 'service', 2), 'Plain', 30, 0, 0, 30, 730),
    (fx.id('c', 'service', 3), 'Odd step', 60, 5, 5, 20, 730);
INSERT INTO app.service_staff (service_id, staff_id) SELECT fx.id('c', 'service', s), fx.id('c', 'staff', p) FROM generate_series(1, 3) s, generate_series(1, 2) p;
INSERT INTO app.service_room (service_id, resource_id) SELECT fx.id('c', 'service', 1), fx.id('c', 'room', r) FROM generate_series(1, 2) r;
INSERT INTO app.service_room (service_id, resource_id) VALUES (fx.id('c', 'service', 3), fx.id('c', 'room', 1));
INSERT INTO app.shift (staff_id, location_id, weekday, starts, ends, valid_from, valid_to)
SELECT fx.id('c', 'staff', p), fx.id('c', 'location', 1), d, a, b, f, t
FROM (VALUES (1, time '00:00', time '05:30', date '2000-01-01', NULL::date), (1, '05:30', '08:00', '2000-01-01', NULL), (1, '21:10', '23:55', '2000-01-01', NULL),
    (2, '00:15', '03:45', '2000-01-01', NULL), (2, '02:30', '04:00', '2000-01-01', NULL), (2, '13:00', '20:00', '2000-01-01', NULL), (2, '09:00', '12:00', '2000-01-01', '2000-12-31')) AS v (p, a, b, f, t),
    generate_series(0, 6) AS d;

-- The oracle: every five minutes of the days, for every provider, ask in the plainest words whether all of it is free.
CREATE FUNCTION pg_temp.oracle(service uuid, from_day date, to_day date) RETURNS TABLE (staff_id uuid, starts_at timestamptz) LANGUAGE sql AS $$
    SELECT p.staff_id, t
    FROM app.service s, app.location l, app.service_staff p,
         generate_series(from_day::timestamp AT TIME ZONE l.zone, to_day::timestamp AT TIME ZONE l.zone - interval '5 minutes', interval '5 minutes') AS t,
         LATERAL (SELECT t AT TIME ZONE l.zone AS wall, t - make_interval(mins => s.before_min) AS a, t + make_interval(mins => s.duration_min + s.after_min) AS b) AS w
    WHERE s.id = service AND l.id = fx.id('c', 'location', 1) AND p.service_id = service
      AND (extract(hour FROM wall) * 60 + extract(minute FROM wall))::int % s.step_min = 0
      AND wall AT TIME ZONE l.zone = t
      AND t >= now() - interval '1 hour'
      AND NOT EXISTS (SELECT FROM generate_series(a, b - interval '5 minutes', interval '5 minutes') AS m WHERE NOT EXISTS (
            SELECT FROM app.shift h, (VALUES (-1), (0), (1)) AS o (o), LATERAL (SELECT (t AT TIME ZONE l.zone)::date + o AS d) AS d
            WHERE h.staff_id = p.staff_id AND h.location_id = l.id AND h.weekday = extract(dow FROM d) AND d BETWEEN h.valid_from AND coalesce(h.valid_to, 'infinity')
              AND m >= (d + h.starts) AT TIME ZONE l.zone AND m < (d + h.ends) AT TIME ZONE l.zone))
      AND NOT EXISTS (SELECT FROM app.slot x WHERE x.resource_id = p.staff_id AND x.state <> 'released' AND (x.state = 'booked' OR x.hold_until >= now()) AND lower(x.during) < b AND upper(x.during) > a)
      AND NOT EXISTS (SELECT FROM app.time_off o WHERE o.staff_id = p.staff_id AND o.starts_at < b AND o.ends_at > a)
      AND NOT EXISTS (SELECT FROM app.closure c WHERE c.tenant_id = l.tenant_id AND c.starts_local AT TIME ZONE l.zone < b AND c.ends_local AT TIME ZONE l.zone > a)
      AND (NOT EXISTS (SELECT FROM app.service_room r WHERE r.service_id = service)
           OR EXISTS (SELECT FROM app.service_room r WHERE r.service_id = service AND NOT EXISTS (
                SELECT FROM app.slot x WHERE x.resource_id = r.resource_id AND (x.state = 'booked' OR (x.state = 'hold' AND x.hold_until >= now())) AND lower(x.during) < b AND upper(x.during) > a)))
$$;

-- Random slots, holds (some run out), time off and closures around a day.
CREATE FUNCTION pg_temp.scatter(around date, zone text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a uuid;
    t timestamptz;
    i int;
BEGIN
    DELETE FROM app.slot WHERE tenant_id = fx.id('c', 'tenant', 1);
    DELETE FROM app.time_off WHERE tenant_id = fx.id('c', 'tenant', 1);
    DELETE FROM app.closure WHERE tenant_id = fx.id('c', 'tenant', 1);
    UPDATE app.location SET zone = scatter.zone WHERE id = fx.id('c', 'location', 1);
    FOR i IN 1..60 LOOP
        t := (around - 2)::timestamp AT TIME ZONE zone + interval '5 minutes' * floor(random() * 1440);
        a := gen_random_uuid();
        INSERT INTO app.appointment (id, service_id, staff_id, location_id, starts_at, ends_at, status)
        VALUES (a, fx.id('c', 'service', 1), fx.id('c', 'staff', 1), fx.id('c', 'location', 1), t, t + interval '1 hour', 'held');
        BEGIN
            INSERT INTO app.slot (appointment_id, resource_id, during, state, hold_until)
            SELECT a, CASE WHEN i % 2 = 0 THEN fx.id('c', 'staff', 1 + i / 2 % 2) ELSE fx.id('c', 'room', 1 + i / 2 % 2) END, tstzrange(t, t + interval '5 minutes' * (1 + floor(random() * 24))),
                CASE WHEN i % 5 = 0 THEN 'hold' ELSE 'booked' END, CASE WHEN i % 5 = 0 THEN now() + CASE WHEN i % 10 = 0 THEN interval '-1 minute' ELSE interval '5 minutes' END END;
        EXCEPTION WHEN exclusion_violation THEN
            NULL;
        END;
    END LOOP;
    INSERT INTO app.time_off (staff_id, starts_at, ends_at) VALUES (fx.id('c', 'staff', 2), (around + 1)::timestamp AT TIME ZONE zone + interval '13 hours 10 minutes', (around + 1)::timestamp AT TIME ZONE zone + interval '15 hours');
    INSERT INTO app.closure (starts_local, ends_local) VALUES (around - 1 + time '06:20', around - 1 + time '07:05');
END $$;

-- The next days on which the clock changes; for a zone that never does, those of Los Angeles.
CREATE FUNCTION pg_temp.nights(zone text) RETURNS TABLE (night date, hours numeric) LANGUAGE sql AS $$
    SELECT d::date, round(extract(epoch FROM (d + interval '1 day') AT TIME ZONE z - d AT TIME ZONE z) / 3600, 1)
    FROM generate_series(current_date + 3, current_date + 380, interval '1 day') AS g, LATERAL (SELECT g::timestamp AS d) AS x, (SELECT CASE zone WHEN 'America/Phoenix' THEN 'America/Los_Angeles' ELSE zone END AS z) AS y
    WHERE (d + interval '1 day') AT TIME ZONE z - d AT TIME ZONE z <> interval '24 hours'
    ORDER BY d LIMIT 2
$$;
SELECT is((SELECT string_agg(hours::text, ' ' ORDER BY hours) FROM pg_temp.nights(zone)), wanted, 'B-06: ' || zone || ' has days of ' || wanted || ' hours')
FROM (VALUES ('America/New_York', '23.0 25.0'), ('Europe/London', '23.0 25.0'), ('Australia/Lord_Howe', '23.5 24.5')) AS v (zone, wanted);

CREATE FUNCTION pg_temp.compare(zone text, day date, service int, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    offered bigint;
    missing bigint;
    extra bigint;
BEGIN
    PERFORM pg_temp.scatter(day, zone);
    CREATE TEMP TABLE IF NOT EXISTS offered (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid);
    TRUNCATE offered;
    GRANT ALL ON offered TO foyer_staff;
    SET LOCAL ROLE foyer_staff;
    SET LOCAL plan_cache_mode = force_generic_plan;
    INSERT INTO offered SELECT * FROM app.availability(fx.id('c', 'service', service), fx.id('c', 'location', 1), NULL, day - 1, day + 3);
    RESET ROLE;
    SELECT count(*) INTO missing FROM (SELECT * FROM pg_temp.oracle(fx.id('c', 'service', service), day - 1, day + 3) EXCEPT SELECT o.staff_id, o.starts_at FROM offered o) q;
    SELECT count(*) INTO extra FROM (SELECT o.staff_id, o.starts_at FROM offered o EXCEPT SELECT * FROM pg_temp.oracle(fx.id('c', 'service', service), day - 1, day + 3)) q;
    SELECT count(*) INTO offered FROM offered;
    RETURN NEXT ok(offered > 20 AND missing = 0 AND extra = 0, format('B-06: %s in %s, service %s: %s starts as the oracle says (%s missing, %s too many)', what, zone, service, offered, missing, extra));
    RETURN NEXT ok((SELECT bool_and(o.starts_local = o.starts_at AT TIME ZONE zone) FROM offered o), 'B-06: each with its wall time');
    RETURN NEXT ok((SELECT count(*) = count(DISTINCT (o.staff_id, o.starts_at)) FROM offered o), 'each once');
END $$;
SELECT pg_temp.compare(z, n.night, s, 'around ' || n.night)
FROM unnest(ARRAY['America/New_York', 'America/Los_Angeles', 'Europe/London', 'Australia/Lord_Howe', 'America/Phoenix']) AS z, LATERAL pg_temp.nights(z) AS n, generate_series(1, 3) AS s;
SELECT pg_temp.compare('America/New_York', current_date + 40 + i, 1 + i % 3, 'an ordinary day') FROM generate_series(1, 4) AS i;

-- B-06 by hand: ten o'clock stays ten o'clock, and half past two does not exist on the night when it is left out
DELETE FROM app.slot WHERE tenant_id = fx.id('c', 'tenant', 1);
DELETE FROM app.time_off WHERE tenant_id = fx.id('c', 'tenant', 1);
DELETE FROM app.closure WHERE tenant_id = fx.id('c', 'tenant', 1);
UPDATE app.location SET zone = 'America/New_York' WHERE id = fx.id('c', 'location', 1);
SELECT is((SELECT string_agg(DISTINCT (starts_at AT TIME ZONE 'UTC')::time::text, ' ' ORDER BY (starts_at AT TIME ZONE 'UTC')::time::text) FROM app.availability(fx.id('c', 'service', 2), fx.id('c', 'location', 1), NULL, night - 7, night + 8) WHERE starts_local::time = '15:00'),
    '19:00:00 20:00:00', 'B-06: three in the afternoon is another instant before and after, and stays three in the afternoon') FROM pg_temp.nights('America/New_York') LIMIT 1;
SELECT is((SELECT count(*) FROM app.availability(fx.id('c', 'service', 2), fx.id('c', 'location', 1), NULL, night, night + 1) WHERE starts_local::time >= '02:00' AND starts_local::time < '03:00'), 0::bigint, 'B-06: the hour that is left out is not offered')
FROM pg_temp.nights('America/New_York') WHERE hours = 23;

-- B-09: what is asked for is bounded
SELECT cmp_ok((SELECT max(starts_local)::date - current_date FROM app.availability(fx.id('c', 'service', 2), fx.id('c', 'location', 1), NULL, current_date, current_date + 400)), '<=', 62, 'B-09: at most 62 days at a time');
-- notice and horizon are for visitors
SELECT set_config('foyer.actor_kind', 'visitor', true), set_config('foyer.perms', '', true) \gset
UPDATE app.service SET min_notice_min = 60 * 48, horizon_days = 5 WHERE id = fx.id('c', 'service', 2);
SELECT cmp_ok((SELECT min(starts_at) FROM app.availability(fx.id('c', 'service', 2), fx.id('c', 'location', 1), NULL, current_date - 1, current_date + 20)), '>=', now() + interval '48 hours', 'L21: a visitor books no later than the notice allows');
SELECT cmp_ok((SELECT max(starts_local)::date - (now() AT TIME ZONE 'America/New_York')::date FROM app.availability(fx.id('c', 'service', 2), fx.id('c', 'location', 1), NULL, current_date - 1, current_date + 20)), '=', 5, 'L21: and no further ahead than the horizon');
SELECT * FROM finish();
ROLLBACK;
