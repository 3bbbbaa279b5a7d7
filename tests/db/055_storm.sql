-- A storm of bookings: many clients at once, at random, on one day of two providers, two rooms and one laser. T29, B-01 to B-03, B-08,
-- L09, L21. FOYER_STORM_CLIENTS at once (40), each with a connection of its own and FOYER_STORM_ATTEMPTS (25; tests/slow/booking.test.js
-- asks for 200 and 50, ten thousand in all). Nothing may overlap, no confirmed booking may be lost, each refusal offers other times.
BEGIN;
SELECT no_plan();
\set attempts 25
\getenv attempts FOYER_STORM_ATTEMPTS
\set clients 40
\getenv clients FOYER_STORM_CLIENTS
CREATE TABLE fx.storm (n bigint GENERATED ALWAYS AS IDENTITY, what text, id uuid, code text NOT NULL, n_instead int, words text);
GRANT INSERT, SELECT ON fx.storm TO PUBLIC;
SELECT fx.inside('alpha');
INSERT INTO app.resource (id, kind, name, location_id, unit_group) VALUES (fx.id('a', 'laser', 1), 'device', 'Laser 1', fx.id('a', 'location', 1), 'Laser');
INSERT INTO app.service (id, name, duration_min, before_min, after_min) VALUES
    (fx.id('a', 'service', 8), 'Room and laser', 60, 5, 10), (fx.id('a', 'service', 9), 'Laser alone', 30, 0, 5), (fx.id('a', 'service', 10), 'Room alone', 45, 0, 0);
INSERT INTO app.service_staff (service_id, staff_id) SELECT fx.id('a', 'service', s), fx.id('a', 'staff', p) FROM generate_series(8, 10) s, generate_series(4, 5) p;
INSERT INTO app.service_room (service_id, resource_id) VALUES (fx.id('a', 'service', 8), fx.id('a', 'room', 1)), (fx.id('a', 'service', 8), fx.id('a', 'room', 2)),
    (fx.id('a', 'service', 8), fx.id('a', 'laser', 1)), (fx.id('a', 'service', 9), fx.id('a', 'laser', 1)), (fx.id('a', 'service', 10), fx.id('a', 'room', 1));

-- n attempts of a visitor ('public') or of the desk ('staff'), each in a transaction of its own, and what became of each.
CREATE PROCEDURE fx.attempts(seed float8, n int, who text) LANGUAGE plpgsql AS $$
DECLARE
    holds uuid[] := '{}';
    visits uuid[] := '{}';
    k int;
    said text;
    made uuid;
    what text;
    code text;
    instead int;
    service uuid;
    place uuid := fx.id('a', 'location', 1);
    staff uuid;
    at timestamptz;
    dice float8;
BEGIN
    PERFORM setseed(seed);
    FOR i IN 1..n LOOP
        code := 'ok'; said := NULL; made := NULL; instead := NULL;
        IF who = 'staff' THEN
            PERFORM fx.as_staff('alpha', 'front-desk');
        ELSE
            PERFORM fx.as_visitor('alpha');
        END IF;
        service := fx.id('a', 'service', 8 + floor(random() * 3)::int);
        staff := CASE floor(random() * 3)::int WHEN 0 THEN fx.id('a', 'staff', 4) WHEN 1 THEN fx.id('a', 'staff', 5) END;
        -- fifty times: twenty-five of each provider
        at := fx.at('09:00') + interval '35 days' + floor(random() * 25) * interval '20 minutes';
        at := date_bin('15 minutes', at, '2000-01-01Z');
        dice := random();
        BEGIN
            IF who = 'staff' AND dice < 0.5 OR who = 'staff' AND cardinality(visits) = 0 THEN
                what := 'book';
                -- the first on one of some quieter days, or by chance there would be nothing to move
                at := at + CASE WHEN cardinality(visits) = 0 THEN interval '7 days' * (1 + floor(random() * 8)) ELSE interval '0' END;
                made := app.book(service, place, staff, at, fx.id('a', 'client', 1 + floor(random() * 4)::int), NULL);
                visits := visits || made;
            ELSIF who = 'staff' THEN
                k := 1 + floor(random() * cardinality(visits))::int;
                made := visits[k];
                IF dice < 0.8 THEN
                    what := 'move';
                    -- most to a quieter day, or none would find a place
                    at := at + CASE WHEN dice < 0.75 THEN interval '7 days' * (1 + floor(random() * 8)) ELSE interval '0' END;
                    PERFORM app.appointment_move(made, staff, at, NULL);
                ELSE
                    what := 'cancel';
                    PERFORM app.appointment_set_status(made, 'cancelled', NULL, 'studio');
                    visits := array_remove(visits, made);
                END IF;
            ELSIF dice < 0.5 OR cardinality(holds) = 0 THEN
                what := 'hold';
                made := app.hold(service, place, staff, at, 10);
                holds := holds || made;
                IF cardinality(holds) > 5 THEN
                    holds := holds[2:];
                END IF;
            ELSE
                what := 'confirm';
                k := 1 + floor(random() * cardinality(holds))::int;
                made := holds[k];
                holds := array_remove(holds, made);
                PERFORM app.book_confirm(made, app.client_new(gen_random_uuid(), 'Storm', NULL, NULL, NULL, NULL, NULL, true, '\x01'), NULL);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            code := SQLSTATE;
            said := SQLERRM;
        END;
        IF code = 'FY409' THEN
            SELECT count(*) INTO instead FROM app.nearest_free(service, place, staff, at, 6);
        END IF;
        INSERT INTO fx.storm (what, id, code, n_instead, words) VALUES (what, made, code, instead, said);
        COMMIT;
    END LOOP;
END $$;

-- Time passes: holds run out while others look at them. Never waits for a row.
CREATE PROCEDURE fx.time_passes(n int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..n LOOP
        UPDATE app.slot SET hold_until = now() - interval '1 second'
        WHERE (tenant_id, appointment_id) IN (SELECT t.tenant_id, t.id FROM app.appointment t WHERE t.tenant_id = fx.id('a', 'tenant', 1) AND t.status = 'held'
                                 AND random() < 0.2 LIMIT 1 FOR UPDATE SKIP LOCKED)
          AND state = 'hold';
        COMMIT;
    END LOOP;
END $$;
COMMIT;

CREATE FUNCTION pg_temp.storm(clients int, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    x text;
    wrong text := '';
BEGIN
    FOR i IN 1..clients + 1 LOOP
        PERFORM tap.dblink_connect('storm' || i,
        -- a machine that is busy with something else must not decide how it ends
        format('host=%s port=%s dbname=%L options=''-c statement_timeout=0 -c lock_timeout=0'' user=%s', current_setting('fx.host'), current_setting('port'), current_database(),
            CASE WHEN i = clients + 1 THEN current_user WHEN i % 4 = 0 THEN 'foyer_staff' ELSE 'foyer_public' END));
    END LOOP;
    FOR i IN 1..clients + 1 LOOP
        PERFORM tap.dblink_send_query('storm' || i, CASE WHEN i = clients + 1 THEN format('CALL fx.time_passes(%s)', n * clients / 5)
            ELSE format('CALL fx.attempts(%s, %s, %L)', i / (clients + 1.0), n, CASE WHEN i % 4 = 0 THEN 'staff' ELSE 'public' END) END);
    END LOOP;
    FOR i IN 1..clients + 1 LOOP
        BEGIN
            LOOP
                SELECT t.x INTO x FROM tap.dblink_get_result('storm' || i) AS t (x text);
                EXIT WHEN NOT FOUND;
            END LOOP;
        EXCEPTION WHEN OTHERS THEN
            wrong := wrong || ' ' || SQLSTATE || ' ' || SQLERRM;
        END;
        PERFORM tap.dblink_disconnect('storm' || i);
    END LOOP;
    RETURN wrong;
END $$;
SELECT is(pg_temp.storm(:clients, :attempts), '', 'T29: everybody came to an end');
SELECT is((SELECT count(*) FROM fx.storm), (:clients)::bigint * :attempts, 'T29: each attempt has an answer');
SELECT is((SELECT string_agg(DISTINCT code || ' ' || words, '; ') FROM fx.storm WHERE code NOT IN ('ok', 'FY409')), NULL, 'B-02, T29: refused is only what is taken: no deadlock, and nobody met the constraint');
SELECT cmp_ok((SELECT count(*) FROM fx.storm WHERE code = 'ok' AND what = w), '>', 0::bigint, 'T29: some could ' || w) FROM unnest(ARRAY['hold', 'confirm', 'book', 'move', 'cancel']) AS w;
SELECT cmp_ok((SELECT count(*) FROM fx.storm WHERE code = 'FY409'), '>', (:clients)::bigint * :attempts / 4, 'T29: most were too late');
SELECT is((SELECT count(*) FROM fx.storm WHERE code = 'FY409' AND coalesce(n_instead, 0) = 0), 0::bigint, 'L21: each refusal offers other times');
SELECT is_empty($$ SELECT a.id, b.id FROM app.slot a JOIN app.slot b ON a.tenant_id = b.tenant_id AND a.resource_id = b.resource_id AND a.id < b.id AND a.during && b.during
    WHERE a.state IN ('hold', 'booked') AND b.state IN ('hold', 'booked') $$, 'B-01: nothing overlaps, buffers included, in person, room or device');
SELECT is_empty($$ SELECT s.id FROM fx.storm s JOIN app.appointment a ON a.tenant_id = fx.id('a', 'tenant', 1) AND a.id = s.id JOIN app.service v ON v.tenant_id = a.tenant_id AND v.id = a.service_id
    WHERE s.code = 'ok' AND s.what IN ('confirm', 'book') AND NOT EXISTS (SELECT FROM fx.storm c WHERE c.id = s.id AND c.what = 'cancel' AND c.code = 'ok')
      AND (a.status <> 'booked' OR a.client_id IS NULL OR (SELECT count(*) FROM app.slot t WHERE t.tenant_id = a.tenant_id AND t.appointment_id = a.id AND t.state = 'booked'
               AND t.during = tstzrange(a.starts_at - make_interval(mins => v.before_min), a.ends_at + make_interval(mins => v.after_min)))
             <> 1 + (SELECT count(DISTINCT r.kind) FROM app.service_room x JOIN app.resource r ON r.tenant_id = x.tenant_id AND r.id = x.resource_id
                     WHERE x.tenant_id = a.tenant_id AND x.service_id = a.service_id)) $$, 'B-01: no confirmed booking is lost, and each has its person, room and device');
SELECT is_empty($$ SELECT t.id FROM app.slot t JOIN app.appointment a ON a.tenant_id = t.tenant_id AND a.id = t.appointment_id
    WHERE a.tenant_id = fx.id('a', 'tenant', 1) AND t.state <> 'released' AND a.status IN ('cancelled', 'expired') $$, 'B-08: what was cancelled or ran out takes no time');
SELECT is_empty($$ SELECT a.id FROM app.appointment a JOIN fx.storm s ON s.id = a.id WHERE a.tenant_id = fx.id('a', 'tenant', 1)
    AND a.status IS DISTINCT FROM (SELECT e.status FROM app.appointment_event e WHERE e.tenant_id = a.tenant_id AND e.appointment_id = a.id AND e.what = 'status' ORDER BY e.at DESC LIMIT 1) $$,
    'L09: the history of each ends with its status');
DROP PROCEDURE fx.attempts(float8, int, text);
DROP PROCEDURE fx.time_passes(int);
DROP TABLE fx.storm;
BEGIN;
SELECT * FROM finish();
COMMIT;
