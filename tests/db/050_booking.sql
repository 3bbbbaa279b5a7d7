-- Booking: B14, L09, L21; B-01 to B-03, B-08; T28, T29, T30 as far as the database goes. All at alpha, on fx.day().
BEGIN;
SELECT no_plan();
CREATE FUNCTION pg_temp.public(VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_public', VARIADIC ARRAY['SELECT 1 FROM fx.as_visitor(''alpha'')'] || q) $$;
CREATE FUNCTION pg_temp.desk(VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY['SELECT 1 FROM fx.as_staff(''alpha'', ''front-desk'')'] || q) $$;
CREATE FUNCTION pg_temp.hold(service int, clock text, staff text DEFAULT 'NULL') RETURNS text LANGUAGE sql AS
$$ SELECT format('SELECT app.hold(fx.id(''a'', ''service'', %s), fx.id(''a'', ''location'', 1), %s, fx.at(%L), 10)', service, staff, clock) $$;
CREATE FUNCTION pg_temp.book(service int, clock text, staff text DEFAULT 'NULL', client int DEFAULT 1) RETURNS text LANGUAGE sql AS
$$ SELECT format('SELECT app.book(fx.id(''a'', ''service'', %s), fx.id(''a'', ''location'', 1), %s, fx.at(%L), fx.id(''a'', ''client'', %s), NULL)', service, staff, clock, client) $$;
CREATE FUNCTION pg_temp.free(service int, clock text, staff text DEFAULT 'NULL') RETURNS text LANGUAGE sql AS
$$ SELECT format('SELECT count(*) FROM app.availability(fx.id(''a'', ''service'', %s), fx.id(''a'', ''location'', 1), %s, fx.day(), fx.day() + 1) WHERE starts_at = fx.at(%L)', service, staff, clock) $$;
COMMIT;

-- a visitor: hold, details, booking
SELECT is(pg_temp.public(pg_temp.free(1, '10:00')), '2', 'L21: two providers are free at ten');
SELECT matches(pg_temp.public(pg_temp.hold(1, '10:00'), 'COMMIT'), 'COMMIT', 'L21: the first visitor holds it');
SELECT id AS hold FROM app.appointment WHERE status = 'held' AND tenant_id = fx.id('a', 'tenant', 1) \gset
SELECT is(pg_temp.public(pg_temp.free(1, '10:00')), '1', 'L21: then one is');
SELECT is(pg_temp.public(pg_temp.hold(1, '10:00'), 'COMMIT'), 'COMMIT', 'the second visitor gets the other provider');
SELECT is((SELECT count(DISTINCT staff_id) FROM app.appointment WHERE status = 'held' AND tenant_id = fx.id('a', 'tenant', 1)), 2::bigint, 'any provider means: one who is free');
SELECT is(pg_temp.public(pg_temp.hold(1, '10:00')), 'FY409', 'L21: the third is told that it is taken');
SELECT is(pg_temp.public(pg_temp.hold(1, '10:30')), 'FY409', 'B-01: and so is who overlaps');
SELECT is(pg_temp.public(pg_temp.hold(1, '11:00')), 'FY409', 'B-01: or touches the buffers');
SELECT is(pg_temp.public(pg_temp.free(1, '11:15')), '2', 'B-01: behind the buffers it is free');
SELECT is(pg_temp.public('SELECT count(*), bool_and(starts_at <> fx.at(''10:00'')) FROM app.nearest_free(fx.id(''a'', ''service'', 1), fx.id(''a'', ''location'', 1), NULL, fx.at(''10:00''), 5)'), '5,t', 'the nearest free times are offered instead');
SELECT is(pg_temp.public('SELECT starts_at = fx.at(''11:15'') FROM app.nearest_free(fx.id(''a'', ''service'', 1), fx.id(''a'', ''location'', 1), NULL, fx.at(''10:00''), 1)'), 't', 'nearest first');
SELECT is(pg_temp.public(pg_temp.hold(1, '10:07')), 'FY409', 'off the grid is not offered');
SELECT is(pg_temp.public(pg_temp.hold(1, '13:15')), 'FY409', 'nor in the lunch break');
SELECT is(pg_temp.public(pg_temp.hold(1, '09:00')), 'FY409', 'nor when the buffer lies before the shift');
SELECT is(pg_temp.public(pg_temp.hold(3, '15:00')), 'FY409', 'nor a service that is not online');
SELECT is(pg_temp.public('SELECT app.hold(fx.id(''b'', ''service'', 1), fx.id(''b'', ''location'', 1), NULL, fx.at(''10:00''), 10)'), 'FY404', 'L48: nor another tenant''s service');
SELECT is(pg_temp.public('SELECT service_name, starts_local = fx.day() + time ''10:00'', is_expired FROM app.hold_show(' || quote_literal(:'hold') || ')'), 'Facial,t,f', 'the form shows what is held');

SELECT is(pg_temp.public('SELECT app.book_confirm(' || quote_literal(:'hold') || ', fx.id(''a'', ''client'', 1), NULL)'), 'FY403', 'T02: a visitor does not book for a client she is not');
SELECT is(pg_temp.public('SELECT app.client_new(''c1000000-0000-4000-8000-000000000001'', ''Vera Visitor'', NULL, ''vera@example.com'', ''+12125550177'', ''1991-02-03'', NULL, false, ''\x01'')'), 'FY422', 'B57: adults only');
SELECT is(pg_temp.public('SELECT app.client_new(''c1000000-0000-4000-8000-000000000001'', ''Vera Visitor'', NULL, ''vera@example.com'', ''+12125550177'', ''1991-02-03'', NULL, true, ''\x01'')',
    'SELECT app.book_confirm(' || quote_literal(:'hold') || ', ''c1000000-0000-4000-8000-000000000001'', fx.id(''a'', ''policy'', 1))', 'COMMIT'), 'COMMIT', 'L21: with her details she books');
SELECT is((SELECT concat_ws(' ', status, client_id, service_id = fx.id('a', 'service', 1), location_id = fx.id('a', 'location', 1), staff_id IS NOT NULL, room_id IS NOT NULL, starts_at = fx.at('10:00'), ends_at - starts_at, source, policy_version_id)
    FROM app.appointment WHERE id = :'hold'), 'booked c1000000-0000-4000-8000-000000000001 t t t t t 01:00:00 online ' || fx.id('a', 'policy', 1), 'B14: date, service, location, provider and room are on the booking');
SELECT is((SELECT count(*) FROM app.slot WHERE appointment_id = :'hold' AND state = 'booked' AND during = tstzrange(fx.at('09:55'), fx.at('11:10'))), 2::bigint, 'B-01: provider and room are taken, buffers included');
SELECT is((SELECT count(*) FROM app.form_assignment WHERE appointment_id = :'hold' AND state = 'due'), 1::bigint, 'the service''s form is due');
SELECT is(pg_temp.public('SELECT app.client_new(''c1000000-0000-4000-8000-000000000002'', ''V'', NULL, NULL, NULL, NULL, NULL, true, ''\x01'')',
    'SELECT app.book_confirm(' || quote_literal(:'hold') || ', ''c1000000-0000-4000-8000-000000000002'', NULL)'), 'FY409', 'a hold is booked once');
SELECT is(pg_temp.public('SELECT count(*) FROM app.hold_show(' || quote_literal(:'hold') || ')'), '0', 'S-15: and shows nothing afterwards');

-- B-03: a hold that ran out is shown as free and can be taken, with nobody to tidy up
SELECT is(pg_temp.public(pg_temp.hold(2, '14:00', 'fx.id(''a'', ''staff'', 4)'), 'COMMIT'), 'COMMIT', 'another hold');
SELECT id AS late FROM app.appointment WHERE status = 'held' AND starts_at = fx.at('14:00') AND tenant_id = fx.id('a', 'tenant', 1) \gset
SELECT is(pg_temp.public(pg_temp.hold(2, '14:00', 'fx.id(''a'', ''staff'', 4)')), 'FY409', 'B-03: held, it is refused');
UPDATE app.slot SET hold_until = now() - interval '1 second' WHERE appointment_id = :'late';
SELECT is(pg_temp.public(pg_temp.free(2, '14:00', 'fx.id(''a'', ''staff'', 4)')), '1', 'B-03: run out, it is shown as free');
SELECT is(pg_temp.public('SELECT app.client_new(''c1000000-0000-4000-8000-000000000003'', ''V'', NULL, NULL, NULL, NULL, NULL, true, ''\x01'')',
    'SELECT app.book_confirm(' || quote_literal(:'late') || ', ''c1000000-0000-4000-8000-000000000003'', NULL)'), :'late', 'B-03: who comes a little late still gets it while nobody else did');
SELECT is(pg_temp.public(pg_temp.hold(2, '14:00', 'fx.id(''a'', ''staff'', 4)'), 'COMMIT'), 'COMMIT', 'B-03: and can be taken by the next');
SELECT is((SELECT status FROM app.appointment WHERE id = :'late'), 'expired', 'B-03: the first one expired');
SELECT is(pg_temp.public('SELECT app.client_new(''c1000000-0000-4000-8000-000000000003'', ''V'', NULL, NULL, NULL, NULL, NULL, true, ''\x01'')',
    'SELECT app.book_confirm(' || quote_literal(:'late') || ', ''c1000000-0000-4000-8000-000000000003'', NULL)'), 'FY409', 'B-03: and comes too late');

-- the constraint is the net
BEGIN;
SELECT fx.inside('alpha');
SELECT throws_ok($$ INSERT INTO app.slot (appointment_id, resource_id, during, state) SELECT appointment_id, resource_id, tstzrange(lower(during) + interval '10 minutes', upper(during)), 'booked' FROM app.slot WHERE state = 'booked' AND starts_at = fx.at('09:55') LIMIT 1 $$,
    '23P01', NULL, 'B-01: the constraint refuses what overlaps, whoever inserts it');
SELECT throws_ok(format('INSERT INTO app.slot (appointment_id, resource_id, during, state) SELECT appointment_id, resource_id, %L, ''booked'' FROM app.slot WHERE tenant_id = app.tenant() LIMIT 1', r), state, NULL, 'B-01: a slot is bounded, not empty, at most twelve hours: ' || r)
FROM (VALUES ('empty', '23502'), ('[2030-01-01,2030-01-02)', '23514'), ('(2030-01-01 10:00Z,2030-01-01 11:00Z)', '23514'), ('[2030-01-01 10:00Z,2030-01-01 10:01Z)', '23514')) AS v (r, state);
ROLLBACK;

-- staff: book, statuses, history
SELECT is(pg_temp.desk(pg_temp.book(2, '15:00', 'fx.id(''a'', ''staff'', 5)'), 'COMMIT'), 'COMMIT', 'the desk books');
SELECT id AS visit FROM app.appointment WHERE starts_at = fx.at('15:00') AND tenant_id = fx.id('a', 'tenant', 1) \gset
SELECT is(pg_temp.desk(pg_temp.book(2, '15:00', 'fx.id(''a'', ''staff'', 5)')), 'FY409', 'by the same rules');
SELECT is(pg_temp.desk(pg_temp.book(3, '15:30', 'fx.id(''a'', ''staff'', 5)')) ~ '^[0-9a-f-]{36}$', true, 'also what is not online');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''biller'')', pg_temp.book(2, '15:30')), 'FY403', 'B45: but not without the permission');
CREATE FUNCTION pg_temp.set(visit text, status text, version text DEFAULT 'NULL') RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.desk(format('SELECT app.appointment_set_status(%L, %L, %s)', visit, status, version), 'COMMIT') $$;
SELECT is(pg_temp.set(:'visit', s), wanted, 'L09: ' || s || ' gives ' || wanted) FROM (VALUES (1, 'done', 'FY422'), (2, 'held', 'FY422'), (3, 'in_room', 'FY422'), (4, 'confirmed', 'COMMIT'), (5, 'arrived', 'COMMIT'), (6, 'no_show', 'FY422'),
    (7, 'in_room', 'COMMIT'), (8, 'cancelled', 'FY422'), (9, 'done', 'COMMIT'), (10, 'arrived', 'FY422'), (11, 'booked', 'FY422'), (12, 'nonsense', 'FY422')) AS v (n, s, wanted);
SELECT is((SELECT string_agg(status, ' ' ORDER BY at) FROM app.appointment_event WHERE appointment_id = :'visit'), 'booked confirmed arrived in_room done', 'L09: the history keeps every status');
SELECT is((SELECT count(*) FROM app.appointment_event WHERE appointment_id = :'visit' AND by_kind = 'staff' AND by_id = fx.id('a', 'staff', 3)), 5::bigint, 'L09: and who set it');
SELECT throws_ok('UPDATE app.appointment_event SET status = ''x''', '42501', NULL, 'L09: the history is written once');
SELECT throws_ok('DELETE FROM app.appointment_event', '42501', NULL, 'L09: and never deleted');
SELECT throws_ok('UPDATE app.appointment SET status = ''booked'' WHERE id = ' || quote_literal(:'visit'), 'FY422', NULL, 'L09: the rules hold for the superuser as well');
SELECT is(pg_temp.set(:'visit', 'arrived', '1'), 'FY409', 'a stale page is told so');

-- moving and cancelling
SELECT is(pg_temp.desk(pg_temp.book(1, '15:00', 'fx.id(''a'', ''staff'', 4)', 2), 'COMMIT'), 'COMMIT', 'another booking');
SELECT id AS moved, version AS v FROM app.appointment WHERE starts_at = fx.at('15:00') AND staff_id = fx.id('a', 'staff', 4) \gset
SELECT is(pg_temp.desk(format('SELECT app.appointment_move(%L, fx.id(''a'', ''staff'', 4), fx.at(''15:15''), %s)', :'moved', :v), 'COMMIT'), 'COMMIT', 'B-08: moved over its own old time');
SELECT is((SELECT count(*) FROM app.slot WHERE appointment_id = :'moved' AND state = 'booked' AND starts_at = fx.at('15:10')), 2::bigint, 'B-08: the new time is taken');
SELECT is((SELECT count(*) FROM app.slot WHERE appointment_id = :'moved' AND state = 'released'), 2::bigint, 'B-08: the old one released and kept');
SELECT is(pg_temp.desk(format('SELECT app.appointment_move(%L, NULL, fx.at(''16:00''), %s)', :'moved', :v)), 'FY409', 'a stale page moves nothing');
SELECT is(pg_temp.desk(format('SELECT app.appointment_move(%L, fx.id(''a'', ''staff'', 5), fx.at(''10:00''), NULL)', :'moved')), 'FY409', 'nor onto a taken time');
SELECT is((SELECT count(*) FROM app.slot WHERE appointment_id = :'moved' AND state = 'booked'), 2::bigint, 'after which all is as it was');
SELECT is((SELECT count(*) FROM app.appointment_event WHERE appointment_id = :'moved' AND what = 'moved' AND from_starts_at = fx.at('15:00')), 1::bigint, 'L09: a move is in the history');
SELECT is(pg_temp.set(:'moved', 'cancelled'), 'COMMIT', 'cancelled');
SELECT is(pg_temp.public(pg_temp.free(1, '15:15', 'fx.id(''a'', ''staff'', 4)')), '1', 'B-08: its time is free again');
SELECT is(pg_temp.desk(format('SELECT app.appointment_move(%L, NULL, fx.at(''16:00''), NULL)', :'moved')), 'FY422', 'what is cancelled is not moved');
-- by her own link
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)', format('SELECT app.appointment_set_status(%L, ''done'', NULL)', :'visit')), 'FY422', 'a client sets no such status');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)', 'SELECT app.appointment_set_status(fx.id(''a'', ''appointment'', 1), ''cancelled'', NULL)'), 'FY422', 'nor cancels what is over');
SELECT is(pg_temp.desk(pg_temp.book(2, '16:30', 'fx.id(''a'', ''staff'', 5)', 1), 'COMMIT'), 'COMMIT', 'a booking of client 1');
SELECT id AS own FROM app.appointment WHERE starts_at = fx.at('16:30') AND tenant_id = fx.id('a', 'tenant', 1) \gset
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 4)', format('SELECT app.appointment_set_status(%L, ''cancelled'', NULL)', :'own')), 'FY404', 'T02: not by another client''s link');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)', format('SELECT app.appointment_move(%L, NULL, fx.at(''17:00''), NULL) > 1', :'own')), 't', 'L21: she moves it herself');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)', format('SELECT app.appointment_set_status(%L, ''cancelled'', NULL) > 1', :'own'), 'COMMIT'), 'COMMIT', 'L21: and cancels it');

-- T29: forty at once for one time of one provider, and then for whoever is free: as many bookings as places, clean refusals
CREATE FUNCTION pg_temp.storm(n int, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ok int := 0;
    taken int := 0;
    other text := '';
    x text;
BEGIN
    FOR i IN 1..n LOOP
        PERFORM tap.dblink_connect('storm' || i, format('host=%s port=%s dbname=%L options=''-c statement_timeout=0 -c lock_timeout=0'' user=foyer_public', current_setting('fx.host'), current_setting('port'), current_database())); -- (a busy machine must not decide)
        PERFORM tap.dblink_exec('storm' || i, 'BEGIN');
        PERFORM * FROM tap.dblink('storm' || i, 'SELECT 1 FROM fx.as_visitor(''alpha'')') AS t (x int);
    END LOOP;
    FOR i IN 1..n LOOP
        PERFORM tap.dblink_send_query('storm' || i, statement || '; COMMIT');
    END LOOP;
    FOR i IN 1..n LOOP
        BEGIN
            LOOP
                SELECT t.x INTO x FROM tap.dblink_get_result('storm' || i) AS t (x text);
                EXIT WHEN NOT FOUND;
                EXIT WHEN x = 'COMMIT';
            END LOOP;
            ok := ok + 1;
        EXCEPTION WHEN SQLSTATE 'FY409' THEN
            taken := taken + 1;
        WHEN OTHERS THEN
            other := other || ' ' || SQLSTATE;
        END;
        PERFORM tap.dblink_disconnect('storm' || i);
    END LOOP;
    RETURN format('%s held, %s refused%s', ok, taken, other);
END $$;
SELECT is(pg_temp.storm(40, pg_temp.hold(2, '17:00', 'fx.id(''a'', ''staff'', 4)')), '1 held, 39 refused', 'B-02, T29: forty for one place');
SELECT is(pg_temp.storm(40, pg_temp.hold(2, '11:30')), '2 held, 38 refused', 'B-02, T29: forty for two providers');
SELECT is_empty($$ SELECT 1 FROM app.slot a JOIN app.slot b ON a.tenant_id = b.tenant_id AND a.resource_id = b.resource_id AND a.id < b.id AND a.during && b.during
    WHERE a.state IN ('hold', 'booked') AND b.state IN ('hold', 'booked') $$, 'B-01: nothing overlaps');
BEGIN;
SELECT * FROM finish();
COMMIT;
