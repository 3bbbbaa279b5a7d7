-- What the studio asks of those who book, and what staff may do all the same: B14, L09, L17, L21, B-08, B-09. In a studio of its own,
-- gone with this transaction. Random situations are compared in tests/http/schedule_oracle.test.js; here each rule is looked at alone.
BEGIN;
SELECT no_plan();
SELECT sec.tenant_new(fx.id('c', 'tenant', 1), 'gamma', 'Gamma', 'medspa', 'US') IS NOT NULL AS made \gset
SELECT set_config('foyer.actor_kind', 'system', true) \gset
INSERT INTO app.location (id, name, zone) VALUES (fx.id('c', 'location', 1), 'Here', 'America/New_York'), (fx.id('c', 'location', 2), 'There', 'America/New_York');
SELECT count(app.staff_new(fx.id('c', 'staff', n), 'Provider ' || n, n || '@gamma.test', '', true, 'provider')) AS made FROM generate_series(1, 3) n \gset
INSERT INTO app.shift (staff_id, location_id, weekday, starts, ends) SELECT fx.id('c', 'staff', p), fx.id('c', 'location', 1), d, '09:00', '17:00' FROM generate_series(1, 3) p, generate_series(0, 6) d;
INSERT INTO app.service (id, name, duration_min, after_min, price_cents, deposit_cents, horizon_days, min_notice_min) VALUES
    (fx.id('c', 'service', 1), 'Facial', 60, 10, 10000, 2500, 400, 0), (fx.id('c', 'service', 2), 'Consultation', 30, 0, 0, 0, 400, 0),
    (fx.id('c', 'service', 3), 'Laser', 30, 0, 20000, 0, 400, 0), (fx.id('c', 'service', 4), 'Scan', 20, 0, 5000, 0, 400, 0);
INSERT INTO app.service_staff (service_id, staff_id) SELECT fx.id('c', 'service', s), fx.id('c', 'staff', p) FROM generate_series(1, 4) s, generate_series(1, 2) p;
INSERT INTO app.resource (id, kind, name, location_id, position, unit_group) VALUES (fx.id('c', 'room', 1), 'room', 'Room 1', fx.id('c', 'location', 1), 1, ''),
    (fx.id('c', 'laser', 1), 'device', 'Laser 1', fx.id('c', 'location', 1), 2, 'Diode laser'), (fx.id('c', 'laser', 2), 'device', 'Laser 2', fx.id('c', 'location', 1), 3, 'Diode laser');
INSERT INTO app.service_room (service_id, resource_id) VALUES (fx.id('c', 'service', 3), fx.id('c', 'room', 1)), (fx.id('c', 'service', 3), fx.id('c', 'laser', 1)), (fx.id('c', 'service', 3), fx.id('c', 'laser', 2));
INSERT INTO app.addon (id, name, minutes, price_cents) VALUES (fx.id('c', 'addon', 1), 'Mask', 15, 3000), (fx.id('c', 'addon', 2), 'Not with this', 5, 100);
INSERT INTO app.service_addon (service_id, addon_id) VALUES (fx.id('c', 'service', 1), fx.id('c', 'addon', 1));
INSERT INTO app.client (id, name, due_date) SELECT fx.id('c', 'client', n), 'Client ' || n, NULL FROM generate_series(1, 3) n;
INSERT INTO app.booking_rule (id, version, cancel_hours, move_hours, max_moves, max_no_shows) VALUES (fx.id('c', 'rule', 1), 1, 24, 12, 1, 2);

CREATE FUNCTION pg_temp.at(clock time, days int DEFAULT 0) RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT (fx.day() + days + clock) AT TIME ZONE 'America/New_York' $$; -- (by its own clock, over its changes too)
CREATE FUNCTION pg_temp.staff(perms text DEFAULT ',calendar_read,booking_write,') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', fx.id('c', 'staff', 3)::text, true), set_config('foyer.perms', perms, true), set_config('foyer.client_id', '', true); END $$;
CREATE FUNCTION pg_temp.client(n int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('foyer.actor_kind', CASE n WHEN 0 THEN 'visitor' ELSE 'client' END, true), set_config('foyer.actor', '', true), set_config('foyer.perms', '', true), set_config('foyer.client_id', CASE n WHEN 0 THEN '' ELSE fx.id('c', 'client', n)::text END, true); END $$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE statement INTO answer;
    RETURN coalesce(answer, '');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.why(service int, staff int, at timestamptz, client int DEFAULT NULL, location int DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(w.code, ' ' ORDER BY w.code), '') FROM app.why_not(fx.id('c', 'service', service), fx.id('c', 'location', location), CASE WHEN staff IS NOT NULL THEN fx.id('c', 'staff', staff) END, at, CASE WHEN client IS NOT NULL THEN fx.id('c', 'client', client) END) AS w $$;
CREATE FUNCTION pg_temp.book(service int, staff int, at timestamptz, client int, rest text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.try(format('SELECT app.book(fx.id(''c'', ''service'', %s), fx.id(''c'', ''location'', 1), %s, %L, fx.id(''c'', ''client'', %s), NULL%s)', service, CASE WHEN staff IS NULL THEN 'NULL' ELSE format('fx.id(''c'', ''staff'', %s)', staff) END, at, client, rest)) $$;

-- add-ons take time and cost; the booking keeps what was true when it was made (B14)
SELECT pg_temp.staff();
SELECT pg_temp.book(1, 1, pg_temp.at('09:00'), 1, ', ARRAY[fx.id(''c'', ''addon'', 1)]') AS facial \gset
SELECT is((SELECT concat_ws(' ', a.ends_at - a.starts_at, a.price_cents, a.deposit_cents, a.booking_rule_id = fx.id('c', 'rule', 1)) FROM app.appointment a WHERE a.id = :'facial'), '01:15:00 13000 2500 t', 'B14: add-ons, price, deposit and the rules are on the booking');
SELECT is((SELECT upper(t.during) - lower(t.during) FROM app.slot t WHERE t.appointment_id = :'facial'), interval '85 minutes', 'B-01: and take their time');
SELECT is(left(pg_temp.book(1, 2, pg_temp.at('09:00'), 1, ', ARRAY[fx.id(''c'', ''addon'', 2)]'), 5), 'FY422', 'an extra that is not offered with it is refused');
SELECT is((SELECT count(*) FROM app.offered_times(fx.id('c', 'service', 1), fx.id('c', 'location', 1), fx.id('c', 'staff', 2), fx.day(), fx.day() + 1, NULL)), 28::bigint, 'without extras there are so many starts');
SELECT is((SELECT count(*) FROM app.offered_times(fx.id('c', 'service', 1), fx.id('c', 'location', 1), fx.id('c', 'staff', 2), fx.day(), fx.day() + 1, NULL, NULL, ARRAY[fx.id('c', 'addon', 1)])), 27::bigint, 'with a quarter of an hour more, one less');
SELECT is((SELECT n_free FROM app.free_days(fx.id('c', 'service', 1), fx.id('c', 'location', 1), fx.id('c', 'staff', 2), fx.day(), fx.day() + 1)), 28, 'the month''s overview counts the same');

-- a move keeps add-ons; staff may stretch; a later move keeps the length
SELECT is(pg_temp.try(format('SELECT app.appointment_move(%L, fx.id(''c'', ''staff'', 1), pg_temp.at(''10:00''), NULL)', :'facial')), '2', 'B-08: it is moved');
SELECT is((SELECT a.ends_at - a.starts_at FROM app.appointment a WHERE a.id = :'facial'), interval '75 minutes', 'B-08: and as long as before');
SELECT is(pg_temp.try(format('SELECT app.appointment_move(%L, fx.id(''c'', ''staff'', 1), pg_temp.at(''10:00''), NULL, 120)', :'facial')), '3', 'staff make it longer');
SELECT is(pg_temp.try(format('SELECT app.appointment_move(%L, fx.id(''c'', ''staff'', 2), pg_temp.at(''11:05''), NULL)', :'facial')), '4', 'and move it to full five minutes');
SELECT is((SELECT a.ends_at - a.starts_at FROM app.appointment a WHERE a.id = :'facial'), interval '2 hours', 'it stays as long');
SELECT is(left(pg_temp.try(format('SELECT app.appointment_move(%L, fx.id(''c'', ''staff'', 2), pg_temp.at(''11:07''), NULL)', :'facial')), 5), 'FY409', 'not to odd minutes');

-- why a time is not free, and never whose it is
SELECT is(pg_temp.why(1, 2, pg_temp.at('11:00')), 'taken', 'staff are told that the provider has a visit');
SELECT ok(NOT EXISTS (SELECT FROM app.why_not(fx.id('c', 'service', 1), fx.id('c', 'location', 1), fx.id('c', 'staff', 2), pg_temp.at('11:00')) AS w WHERE w.words ~ 'Client'), 'B-09: not with whom');
SELECT is(pg_temp.why(1, 1, pg_temp.at('08:30')), 'not_working', 'that she does not work yet');
SELECT is(pg_temp.why(1, 3, pg_temp.at('10:00')), 'provider', 'that she does not do this');
SELECT is(pg_temp.why(1, 1, pg_temp.at('09:00')), '', 'nothing when it is free');
INSERT INTO app.closure (location_id, starts_local, ends_local) VALUES (fx.id('c', 'location', 1), fx.day() + 1, fx.day() + 2);
SELECT is(pg_temp.why(1, 1, pg_temp.at('09:00', 1)), 'closed', 'that the place is closed');
INSERT INTO app.time_off (staff_id, starts_at, ends_at, state) VALUES (fx.id('c', 'staff', 1), pg_temp.at('00:00', 2), pg_temp.at('23:00', 2), 'asked'), (fx.id('c', 'staff', 1), pg_temp.at('00:00', 3), pg_temp.at('23:00', 3), 'approved');
SELECT is(pg_temp.why(1, 1, pg_temp.at('09:00', 2)), '', 'L17: time off that is only asked for does not count');
SELECT is(pg_temp.why(1, 1, pg_temp.at('09:00', 3)), 'away', 'L17: approved, it does');
SELECT is(pg_temp.why(1, NULL, pg_temp.at('08:30')), 'nobody', 'that nobody can');
SELECT pg_temp.client(0);
SELECT is(pg_temp.why(1, 1, pg_temp.at('09:00', 3)), 'taken', 'B-09: a visitor learns that it is taken and nothing else');
SELECT is(pg_temp.why(1, 1, pg_temp.at('09:00', 401 + 20)), 'horizon', 'L21: or that it is too far ahead');

-- units: two lasers, one room
SELECT pg_temp.staff();
SELECT pg_temp.book(3, 1, pg_temp.at('12:00', 4), 1) AS laser \gset
SELECT is((SELECT count(*) FROM app.slot t WHERE t.appointment_id = :'laser' AND t.state = 'booked'), 3::bigint, 'B-01: person, room and one of the lasers are taken');
SELECT is(pg_temp.why(3, 2, pg_temp.at('12:00', 4)), 'no_room', 'the second laser is free, the room is not');
INSERT INTO app.service_room (service_id, resource_id) VALUES (fx.id('c', 'service', 2), fx.id('c', 'laser', 2));
SELECT is(pg_temp.try(format('SELECT app.book(fx.id(''c'', ''service'', 2), fx.id(''c'', ''location'', 1), fx.id(''c'', ''staff'', 2), %L, fx.id(''c'', ''client'', 1), NULL) IS NOT NULL', pg_temp.at('12:00', 4))), 'true', 'the other laser is booked by itself');
SELECT is(pg_temp.why(2, 2, pg_temp.at('12:00', 4)), 'no_device taken', 'B-01: then that one is taken');
DELETE FROM app.service_room WHERE service_id = fx.id('c', 'service', 2);

-- a licence that ends
UPDATE app.service SET licence = 'Laser' WHERE id = fx.id('c', 'service', 3);
INSERT INTO app.staff_licence (staff_id, kind, valid_to) VALUES (fx.id('c', 'staff', 1), 'Laser', fx.day() + 6);
SELECT is(pg_temp.why(3, 1, pg_temp.at('16:30', 6)), '', 'on the last day of her licence she may');
SELECT is(pg_temp.why(3, 1, pg_temp.at('09:00', 7)), 'licence', 'the day after she may not');
SELECT is(pg_temp.why(3, 2, pg_temp.at('09:00', 6)), 'licence', 'nor may who has none');

-- any provider: who has the least to do that day, then that week
SELECT pg_temp.book(2, 1, pg_temp.at('09:00', 7), 1) AS x \gset
SELECT pg_temp.book(2, NULL, pg_temp.at('10:00', 7), 1) AS y \gset
SELECT is((SELECT a.staff_id FROM app.appointment a WHERE a.id = :'y'), fx.id('c', 'staff', 2), 'any provider: the one with less to do that day');
SELECT pg_temp.book(2, NULL, pg_temp.at('10:00', 8), 1) AS z \gset
SELECT pg_temp.book(1, 2, pg_temp.at('14:00', 8), 1) AS w \gset
SELECT pg_temp.book(2, NULL, pg_temp.at('11:00', 8), 1) AS v \gset
SELECT is((SELECT a.staff_id FROM app.appointment a WHERE a.id = :'v'), fx.id('c', 'staff', 1), 'minutes count, not visits');

-- booked over what is taken: a permission and a reason
SELECT is(left(pg_temp.book(2, 1, pg_temp.at('09:15', 7), 2, ', ''{}'', ''She is in pain'''), 5), 'FY403', 'B-01: nobody books over what is taken without the permission');
SELECT pg_temp.staff(',calendar_read,booking_write,booking_over,');
SELECT is(left(pg_temp.book(2, 1, pg_temp.at('09:15', 7), 2), 5), 'FY409', 'B-01: nor with it when no reason is told');
SELECT pg_temp.book(2, 1, pg_temp.at('09:15', 7), 2, ', ''{}'', ''She is in pain''') AS over \gset
SELECT is((SELECT concat_ws(' ', a.overbook_reason, bool_and(t.is_over)) FROM app.appointment a JOIN app.slot t ON t.appointment_id = a.id WHERE a.id = :'over' GROUP BY a.overbook_reason), 'She is in pain t', 'B-01: with both, and it shows');
SELECT is(pg_temp.why(2, 1, pg_temp.at('09:30', 7)), 'taken', 'B-01: its time is taken for everybody else');
SELECT is(pg_temp.try(format('SELECT app.appointment_move(%L, fx.id(''c'', ''staff'', 1), pg_temp.at(''12:00'', 7), NULL)', :'over')), '2', 'moved to a free time');
SELECT is((SELECT concat_ws(' ', a.overbook_reason IS NULL, bool_or(t.is_over)) FROM app.appointment a JOIN app.slot t ON t.appointment_id = a.id AND t.state = 'booked' WHERE a.id = :'over' GROUP BY a.overbook_reason), 't f', 'it is a visit like any other');
SELECT is((SELECT string_agg(e.what || ' ' || e.status, ', ' ORDER BY e.at) FROM app.appointment_event e WHERE e.appointment_id = :'over'), 'status booked, moved booked', 'L09: all of it is in the history');

-- hours and counts that a client accepted; what staff let pass
SELECT pg_temp.client(1);
SELECT is(pg_temp.try(format('SELECT app.appointment_move(%L, NULL, pg_temp.at(''14:00'', 9), NULL)', :'x')), '2', 'L21: a client moves her visit');
SELECT is((SELECT a.n_moves FROM app.appointment a WHERE a.id = :'x'), 1, 'and it is counted');
SELECT is((SELECT concat_ws(' ', can_cancel, can_move, moves_left) FROM app.visit_limits(:'x')), 't f 0', 'the page knows');
SELECT is(left(pg_temp.try(format('SELECT app.appointment_move(%L, NULL, pg_temp.at(''15:00'', 9), NULL)', :'x')), 5), 'FY422', 'as often as the rules say, and no more');
SELECT is(left(pg_temp.try(format('SELECT app.booking_waive(%L, ''move'', ''A storm'')', :'x')), 5), 'FY403', 'she cannot waive a rule herself');
SELECT pg_temp.staff();
SELECT is(left(pg_temp.try(format('SELECT app.booking_waive(%L, ''move'', ''  '')', :'x')), 5), '23514', 'a waiver has a reason');
SELECT is(pg_temp.try(format('SELECT app.booking_waive(%L, ''move'', ''A storm'')', :'x')), '', 'staff let it pass');
SELECT is((SELECT concat_ws(' ', what, reason, by_id) FROM app.booking_waiver WHERE appointment_id = :'x'), 'move A storm ' || fx.id('c', 'staff', 3), 'and it is written down, with who');
SELECT pg_temp.client(1);
SELECT is(pg_temp.try(format('SELECT app.appointment_move(%L, NULL, pg_temp.at(''15:00'', 9), NULL)', :'x')), '3', 'then she moves it');
UPDATE app.appointment SET starts_at = now() + interval '23 hours', ends_at = now() + interval '24 hours' WHERE id IN (:'y', :'z');
SELECT matches(pg_temp.try(format('SELECT app.appointment_set_status(%L, ''cancelled'', NULL)', :'y')), '^FY422 .*24 hours before', 'L21: too late to cancel, in words that say until when');
SELECT is(pg_temp.try(format('SELECT app.appointment_set_status(%L, ''confirmed'', NULL)', :'y')), '3', 'she may still confirm');
SELECT pg_temp.staff();
SELECT is(pg_temp.try(format('SELECT app.appointment_set_status(%L, ''cancelled'', NULL)', :'y')), '4', 'staff are free');
SELECT is(pg_temp.try(format('SELECT app.booking_waive(%L, ''deposit'', ''A friend of the house'')', :'facial')), '', 'a deposit is waived');
SELECT is((SELECT a.deposit_cents FROM app.appointment a WHERE a.id = :'facial'), 0::bigint, 'and no longer due');
INSERT INTO app.booking_rule (id, version, cancel_hours) VALUES (fx.id('c', 'rule', 2), 2, 48);
SELECT is((SELECT a.booking_rule_id FROM app.appointment a WHERE a.id = :'z'), fx.id('c', 'rule', 1), 'a new version does not change what was accepted');

-- weeks of pregnancy
UPDATE app.service SET week_from = 26, week_to = 32 WHERE id = fx.id('c', 'service', 4);
SELECT pg_temp.client(2);
SELECT matches(pg_temp.book(4, NULL, pg_temp.at('10:00', 10), 2), '^FY422 .*due date', 'without a due date she is asked for it');
UPDATE app.client SET due_date = fx.day() + 10 - 26 * 7 + 280 WHERE id = fx.id('c', 'client', 2);
SELECT is(pg_temp.why(4, NULL, pg_temp.at('10:00', 9), 2), 'weeks', 'a day before week 26+0 it is too early');
SELECT is(pg_temp.why(4, NULL, pg_temp.at('10:00', 10), 2), '', '26+0 is the first day');
SELECT is(pg_temp.why(4, NULL, pg_temp.at('10:00', 10 + 48), 2), '', '32+6 is the last');
SELECT is(pg_temp.why(4, NULL, pg_temp.at('10:00', 10 + 49), 2), 'weeks', '33+0 is too late');
SELECT is((SELECT concat_ws(' ', min(day) - fx.day(), max(day) - fx.day()) FROM (SELECT day FROM app.free_days(fx.id('c', 'service', 4), fx.id('c', 'location', 1), NULL, fx.day(), fx.day() + 62)) q), '10 58', 'only days that fit are offered');
SELECT pg_temp.book(4, NULL, pg_temp.at('10:00', 12), 2) AS scan \gset
SELECT pg_temp.staff();
SELECT is((SELECT string_agg(code, ' ') FROM app.booking_warnings(fx.id('c', 'service', 4), fx.id('c', 'location', 1), pg_temp.at('10:00', 9), fx.id('c', 'client', 2))), 'weeks', 'staff are told');
SELECT is(pg_temp.book(4, 1, pg_temp.at('10:00', 9), 2) ~ '^[0-9a-f-]{36}$', true, 'and may all the same');
SELECT is((SELECT string_agg(asks_look, ' ') FROM app.appointment WHERE client_id = fx.id('c', 'client', 2)), 'due_date', 'that one asks for a look');
UPDATE app.client SET due_date = due_date + 70 WHERE id = fx.id('c', 'client', 2);
SELECT is((SELECT a.asks_look FROM app.appointment a WHERE a.id = :'scan'), 'due_date', 'another due date: the visit no longer fits');
UPDATE app.client SET due_date = due_date - 70 WHERE id = fx.id('c', 'client', 2);
SELECT is((SELECT a.asks_look FROM app.appointment a WHERE a.id = :'scan'), NULL::text, 'and fits again');
SELECT pg_temp.client(0);
SELECT is((SELECT concat_ws(' ', min(f.starts_local::date) - fx.day(), max(f.starts_local::date) - fx.day()) FROM app.offered_times(fx.id('c', 'service', 4), fx.id('c', 'location', 1), NULL, fx.day(), fx.day() + 62, NULL, NULL, '{}', fx.day() + 10 - 26 * 7 + 280) AS f), '10 58', 'a visitor who tells her due date is offered the days that fit');

-- new or known, the visit before, visits missed
UPDATE app.service SET new_client_rule = 'known' WHERE id = fx.id('c', 'service', 3);
UPDATE app.service SET prerequisite_id = fx.id('c', 'service', 2), prerequisite_days = 3 WHERE id = fx.id('c', 'service', 1);
SELECT pg_temp.client(3);
SELECT matches(pg_temp.book(3, 1, pg_temp.at('09:00', 5), 3), '^FY422 .*been with us before', 'known clients only, in kind words');
SELECT matches(pg_temp.book(1, 1, pg_temp.at('13:00', 10), 3), '^FY422 .*“Consultation”, at most 3 days', 'first the other visit, and which');
SELECT pg_temp.book(2, 1, pg_temp.at('09:00', 9), 3) AS first \gset
SELECT is(pg_temp.why(1, 1, pg_temp.at('13:00', 12), 3), '', 'on the third day after it she may');
SELECT is(pg_temp.why(1, 1, pg_temp.at('13:00', 13), 3), 'prerequisite', 'on the fourth no longer');
UPDATE app.appointment SET status = 'no_show' WHERE id = :'first';
SELECT is(pg_temp.why(1, 1, pg_temp.at('13:00', 12), 3), 'prerequisite', 'one that was missed does not count');
INSERT INTO app.booking_rule (id, version, max_no_shows) VALUES (fx.id('c', 'rule', 3), 3, 1);
SELECT matches(pg_temp.book(2, 1, pg_temp.at('13:00', 12), 3), '^FY422 Please call us', 'who misses visits is asked to call');
SELECT is((SELECT count(*) FROM app.offered_times(fx.id('c', 'service', 2), fx.id('c', 'location', 1), NULL, fx.day(), fx.day() + 5, NULL)), 0::bigint, 'and is offered nothing');

-- a visitor becomes known when she confirms: then the rules are looked at
SELECT pg_temp.client(0);
SELECT pg_temp.try(format('SELECT app.hold(fx.id(''c'', ''service'', 3), fx.id(''c'', ''location'', 1), NULL, %L, 10)', pg_temp.at('10:00', 5))) AS held \gset
SELECT matches(:'held'::text, '^[0-9a-f-]{36}$', 'L21: she may hold it');
SELECT pg_temp.client(3);
SELECT matches(pg_temp.try(format('SELECT app.book_confirm(%L, fx.id(''c'', ''client'', 3), NULL)', :'held')), '^FY422', 'L21: and is told before it is booked');

-- several services in one visit
SELECT pg_temp.client(1);
UPDATE app.service SET new_client_rule = 'any', licence = NULL WHERE id = fx.id('c', 'service', 3);
DELETE FROM app.service_staff WHERE service_id = fx.id('c', 'service', 3) AND staff_id = fx.id('c', 'staff', 1);
SELECT is((SELECT count(*) FROM app.free_group_starts(ARRAY[fx.id('c', 'service', 2), fx.id('c', 'service', 1), fx.id('c', 'service', 3)], fx.id('c', 'location', 1), ARRAY[NULL, NULL, NULL]::uuid[], fx.day() + 20, fx.day() + 21)), 24::bigint,
    'a consultation, a facial after it (which asks for one before) and the laser: 130 minutes of eight hours');
SELECT pg_temp.try(format('SELECT app.hold_group(ARRAY[fx.id(''c'', ''service'', 2), fx.id(''c'', ''service'', 1), fx.id(''c'', ''service'', 3)], fx.id(''c'', ''location'', 1), ARRAY[NULL, NULL, NULL]::uuid[], %L, 10)', pg_temp.at('09:00', 20))) AS together \gset
SELECT is((SELECT string_agg(to_char(a.starts_at AT TIME ZONE 'America/New_York', 'HH24:MI') || ' ' || a.status, ', ' ORDER BY a.group_position) FROM app.appointment a WHERE a.group_id::text = :'together'), '09:00 held, 09:30 held, 10:40 held', 'one after the other, with the minutes between');
SELECT is((SELECT count(DISTINCT a.staff_id) FROM app.appointment a WHERE a.group_id::text = :'together'), 2::bigint, 'with as many providers as it takes');
UPDATE app.slot t SET hold_until = now() - interval '1 minute' WHERE t.state = 'hold' AND t.appointment_id IN (SELECT a.id FROM app.appointment a WHERE a.group_id::text = :'together' AND a.group_position = 3);
SELECT pg_temp.staff();
SELECT pg_temp.book(3, 2, pg_temp.at('10:40', 20), 1) AS between \gset
SELECT pg_temp.client(1);
SELECT is(left(pg_temp.try(format('SELECT app.book_confirm_group(%L, fx.id(''c'', ''client'', 1), NULL)', :'together')), 5), 'FY409', 'B-03: when a part was taken, nothing is booked');
SELECT is((SELECT count(*) FROM app.appointment a WHERE a.group_id::text = :'together' AND a.status = 'booked'), 0::bigint, 'all or nothing');
SELECT pg_temp.staff();
SELECT is(pg_temp.try(format('SELECT app.appointment_set_status(%L, ''cancelled'', NULL)', :'between')), '2', 'the other one is cancelled');
SELECT pg_temp.client(1);
SELECT is(pg_temp.try(format('SELECT app.book_confirm_group(%L, fx.id(''c'', ''client'', 1), NULL)', :'together')), :'together'::text, 'then it is hers');
SELECT is((SELECT count(*) FROM app.appointment a JOIN app.slot t ON t.appointment_id = a.id AND t.state = 'booked' WHERE a.group_id::text = :'together' AND a.client_id = fx.id('c', 'client', 1)), 5::bigint, 'B-01: three people''s times, a room and a laser');
SELECT is(pg_temp.try(format('SELECT app.group_move(%L, ARRAY[NULL, NULL, NULL]::uuid[], %L)', :'together', pg_temp.at('09:30', 21))), '', 'it moves as one');
SELECT is((SELECT string_agg(to_char(a.starts_at AT TIME ZONE 'America/New_York', 'HH24:MI'), ', ' ORDER BY a.group_position) FROM app.appointment a WHERE a.group_id::text = :'together'), '09:30, 10:00, 11:10', 'and stays in order');
SELECT is((SELECT count(*) FROM app.slot t JOIN app.appointment a ON a.id = t.appointment_id WHERE a.group_id::text = :'together' AND t.state = 'booked'), 5::bigint, 'B-08: the old times are given back');

-- add-ons of several services: each with its own part
SELECT pg_temp.client(1);
INSERT INTO app.addon (id, name, minutes, price_cents) VALUES (fx.id('c', 'addon', 3), 'Cooling', 10, 1500);
INSERT INTO app.service_addon (service_id, addon_id) VALUES (fx.id('c', 'service', 3), fx.id('c', 'addon', 3)), (fx.id('c', 'service', 2), fx.id('c', 'addon', 3));
SELECT is((SELECT count(*) FROM app.free_group_starts(ARRAY[fx.id('c', 'service', 2), fx.id('c', 'service', 1), fx.id('c', 'service', 3)], fx.id('c', 'location', 1), ARRAY[NULL, NULL, NULL]::uuid[], fx.day() + 30, fx.day() + 31, NULL, NULL,
    ARRAY[fx.id('c', 'addon', 1), fx.id('c', 'addon', 3)], ARRAY[2, 3])), 22::bigint, 'B14: with 25 minutes more, so many starts less');
SELECT pg_temp.try(format('SELECT app.book_group(ARRAY[fx.id(''c'', ''service'', 2), fx.id(''c'', ''service'', 1), fx.id(''c'', ''service'', 3)], fx.id(''c'', ''location'', 1), ARRAY[NULL, NULL, NULL]::uuid[], %L, fx.id(''c'', ''client'', 1), NULL, ARRAY[fx.id(''c'', ''addon'', 1), fx.id(''c'', ''addon'', 3)], ARRAY[2, 3])', pg_temp.at('09:00', 30))) AS three \gset
SELECT is((SELECT string_agg(to_char(a.starts_at AT TIME ZONE 'America/New_York', 'HH24:MI') || ' ' || extract(epoch FROM a.ends_at - a.starts_at)::int / 60 || ' ' || coalesce((SELECT string_agg(n.name, '+') FROM app.appointment_addon d JOIN app.addon n ON n.id = d.addon_id WHERE d.appointment_id = a.id), ''), ', ' ORDER BY a.group_position)
    FROM app.appointment a WHERE a.group_id::text = :'three'), '09:00 30 , 09:30 75 Mask, 10:55 40 Cooling', 'B14 B-01: each part is as long as its add-ons make it, and the next begins after it');
SELECT matches(pg_temp.try(format('SELECT app.book_group(ARRAY[fx.id(''c'', ''service'', 2), fx.id(''c'', ''service'', 3)], fx.id(''c'', ''location'', 1), ARRAY[NULL, NULL]::uuid[], %L, fx.id(''c'', ''client'', 1), NULL, ARRAY[fx.id(''c'', ''addon'', 1)], ARRAY[2])', pg_temp.at('09:00', 31))), '^FY422 This extra', 'one that its part does not offer is refused');

-- a whole visit is moved, by the same people or by whoever is free, its add-ons with it
SELECT is((SELECT count(*) FROM app.group_move_starts(:'three', true, fx.day() + 31, fx.day() + 32)), 22::bigint, 'B-08: so many starts it can be moved to');
SELECT is((SELECT count(*) FROM app.group_move_starts(:'three', true, fx.day() + 30, fx.day() + 31)), 21::bigint, 'its own time does not stand in its way, and is none of them');
SELECT is(pg_temp.try(format('SELECT app.group_move_as(%L, false, %L, NULL, NULL)', :'three', pg_temp.at('11:00', 31))), '', 'B-08: it is moved, as one, by the same people');
SELECT is((SELECT string_agg(to_char(a.starts_at AT TIME ZONE 'America/New_York', 'HH24:MI') || ' ' || a.n_moves, ', ' ORDER BY a.group_position) FROM app.appointment a WHERE a.group_id::text = :'three'), '11:00 1, 11:30 1, 12:55 1', 'and each part counts as moved once');
UPDATE app.appointment SET booking_rule_id = fx.id('c', 'rule', 1) WHERE group_id::text = :'three' AND group_position = 3;
SELECT matches(pg_temp.try(format('SELECT app.group_move_as(%L, false, %L, NULL, NULL)', :'three', pg_temp.at('13:00', 31))), '^FY422', 'L21: not more often than the rules allow');
SELECT pg_temp.staff();
SELECT is(app.group_why_not(:'three', false, pg_temp.at('15:00', 32)), 'The parts of this visit cannot be done one after the other at this time by the same people.', 'staff read what stands in the way');
SELECT is(app.group_why_not(:'three', false, pg_temp.at('13:05', 32)), NULL, 'or that nothing does');
SELECT matches(pg_temp.try(format('SELECT app.group_move(%L, ARRAY[NULL, NULL, NULL]::uuid[], %L, %L, 1)', :'three', pg_temp.at('13:00', 32), (SELECT a.id FROM app.appointment a WHERE a.group_id::text = :'three' AND a.group_position = 2))), '^FY409 Somebody else', 'who looked at an older version is told');
SELECT pg_temp.client(2);
SELECT is(left(pg_temp.try(format('SELECT count(*) FROM app.group_move_starts(%L, true, fx.day() + 33, fx.day() + 34)', :'three')), 5), 'FY404', 'T02: somebody else''s is not there');
SELECT is(left(pg_temp.try(format('SELECT app.group_move(%L, ARRAY[NULL, NULL, NULL]::uuid[], %L)', :'three', pg_temp.at('13:00', 33))), 5), 'FY404', 'T02: nor moved');

-- its parts ask for a form once; when that part is cancelled, the next one asks
INSERT INTO app.form (id, name, kind) VALUES (fx.id('c', 'form', 1), 'Consent', 'consent'), (fx.id('c', 'form', 2), 'Laser', 'consent');
INSERT INTO app.form_version (id, form_id, version, title, body, published_at) SELECT fx.id('c', 'version', n), fx.id('c', 'form', n), 1, 'Consent', 'I agree.', now() FROM generate_series(1, 2) n;
INSERT INTO app.service_form (service_id, form_id) VALUES (fx.id('c', 'service', 2), fx.id('c', 'form', 1)), (fx.id('c', 'service', 1), fx.id('c', 'form', 1)), (fx.id('c', 'service', 3), fx.id('c', 'form', 1)), (fx.id('c', 'service', 3), fx.id('c', 'form', 2));
SELECT pg_temp.staff();
SELECT pg_temp.try(format('SELECT app.book_group(ARRAY[fx.id(''c'', ''service'', 2), fx.id(''c'', ''service'', 1), fx.id(''c'', ''service'', 3)], fx.id(''c'', ''location'', 1), ARRAY[NULL, NULL, NULL]::uuid[], %L, fx.id(''c'', ''client'', 1), NULL)', pg_temp.at('09:00', 34))) AS asked \gset
CREATE FUNCTION pg_temp.asks(together text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(a.group_position || ' ' || f.name || ' ' || d.state, ', ' ORDER BY a.group_position, f.name) FROM app.appointment a JOIN app.form_assignment d ON d.appointment_id = a.id JOIN app.form f ON f.id = d.form_id
    WHERE a.group_id::text = together AND a.status = 'booked' $$;
SELECT is(pg_temp.asks(:'asked'), '1 Consent due, 3 Laser due', 'L09: one visit asks for each form once');
SELECT app.appointment_set_status(a.id, 'cancelled', NULL) FROM app.appointment a WHERE a.group_id::text = :'asked' AND a.group_position = 1;
SELECT is(pg_temp.asks(:'asked'), '2 Consent due, 3 Laser due', 'L09: what a cancelled part was to ask, the next one asks');
UPDATE app.form_assignment d SET state = 'signed' FROM app.appointment a WHERE a.id = d.appointment_id AND a.group_id::text = :'asked' AND a.group_position = 2;
SELECT app.appointment_set_status(a.id, 'cancelled', NULL) FROM app.appointment a WHERE a.group_id::text = :'asked' AND a.group_position = 2;
SELECT is(pg_temp.asks(:'asked'), '3 Laser due', 'L09: what was signed for the visit stands');
DELETE FROM app.service_form WHERE service_id IN (fx.id('c', 'service', 1), fx.id('c', 'service', 2), fx.id('c', 'service', 3));

-- a room that is chosen
INSERT INTO app.service_staff (service_id, staff_id) VALUES (fx.id('c', 'service', 3), fx.id('c', 'staff', 1));
INSERT INTO app.resource (id, kind, name, location_id, position) VALUES (fx.id('c', 'room', 2), 'room', 'Room 2', fx.id('c', 'location', 1), 8), (fx.id('c', 'room', 3), 'room', 'Room 3', fx.id('c', 'location', 1), 9);
INSERT INTO app.service_room (service_id, resource_id) VALUES (fx.id('c', 'service', 3), fx.id('c', 'room', 2));
SELECT pg_temp.book(3, 2, pg_temp.at('09:00', 40), 1) AS roomy \gset
SELECT pg_temp.book(3, 1, pg_temp.at('12:00', 40), 2) AS other \gset
CREATE FUNCTION pg_temp.into_room(visit text, room int, at timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.try(format('SELECT app.appointment_move(%L, fx.id(''c'', ''staff'', 2), %L, NULL, NULL, NULL, %s)', visit, at, CASE WHEN room IS NULL THEN 'NULL' ELSE format('fx.id(''c'', ''room'', %s)', room) END)) $$;
CREATE FUNCTION pg_temp.room_of(visit text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(r.name, ' ' ORDER BY r.name) || CASE WHEN bool_or(r.id = a.room_id) THEN '' ELSE '?' END FROM app.appointment a JOIN app.slot t ON t.appointment_id = a.id AND t.state = 'booked' JOIN app.resource r ON r.id = t.resource_id AND r.kind = 'room' WHERE a.id::text = visit GROUP BY a.id $$;
SELECT is(pg_temp.room_of(:'roomy'), 'Room 1', 'it takes the first room that is free');
SELECT is(pg_temp.into_room(:'roomy', 2, pg_temp.at('09:00', 40)), '2', 'B-01: it is put into the room that is chosen');
SELECT is(pg_temp.room_of(:'roomy'), 'Room 2', 'B-01: and takes it, and no other');
SELECT is(pg_temp.into_room(:'roomy', NULL, pg_temp.at('10:00', 40)) || ' ' || pg_temp.room_of(:'roomy'), '3 Room 2', 'moved on, it keeps its room');
SELECT is(pg_temp.into_room(:'roomy', 1, pg_temp.at('12:00', 40)), 'FY409 Room 1 is taken at this time.', 'B-01: a room that is taken is refused with words');
SELECT is(pg_temp.into_room(:'roomy', 3, pg_temp.at('10:00', 40)), 'FY422 This service is not done in Room 3.', 'so is one in which it is not done');
SELECT is((SELECT string_agg(w.words, ' ') FROM app.why_not(fx.id('c', 'service', 3), fx.id('c', 'location', 1), fx.id('c', 'staff', 2), pg_temp.at('12:00', 40), fx.id('c', 'client', 1), '{}', :'roomy', NULL, fx.id('c', 'room', 1)) AS w), 'Room 1 is taken at this time.', 'B-09: the page says so before, and not whose it is');
SELECT is((SELECT count(*) FROM app.why_not(fx.id('c', 'service', 3), fx.id('c', 'location', 1), fx.id('c', 'staff', 2), pg_temp.at('12:00', 40), fx.id('c', 'client', 1), '{}', :'roomy', NULL, fx.id('c', 'room', 2)) AS w), 0::bigint, 'another room is free then');
SELECT is(pg_temp.into_room(:'other', 2, pg_temp.at('12:00', 40)) || ' ' || pg_temp.room_of(:'other'), '2 Room 2', 'with another provider as well');
SELECT pg_temp.client(1);
SELECT is(left(pg_temp.into_room(:'roomy', 1, pg_temp.at('15:00', 40)), 5), 'FY403', 'a client chooses no room');

-- a wall time that does not exist is refused, not moved in silence
SELECT matches(pg_temp.try($$ SELECT app.wall_instant('2027-03-14 02:30', 'America/New_York') $$), '^FY422 There is no 2:30', 'B-06: the clock leaves it out');
SELECT is(app.wall_instant('2027-11-07 01:30', 'America/New_York'), '2027-11-07 06:30Z'::timestamptz, 'B-06: of two the second');
SELECT * FROM finish();
ROLLBACK;
