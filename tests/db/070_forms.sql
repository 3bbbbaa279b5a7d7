-- Forms, signatures, notes, versions: L13, L14, L20, L57; E-02, R-05. At beta, by links.
BEGIN;
SELECT no_plan();
CREATE FUNCTION pg_temp.link(n int, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_public', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_link(''beta'', %s)', n)] || q) $$;
CREATE FUNCTION pg_temp.staff(who text, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''beta'', %L)', who)] || q) $$;
CREATE FUNCTION pg_temp.sign(n int, version int DEFAULT 1, wording text DEFAULT NULL, terms int DEFAULT 2) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone)
        SELECT gen_random_uuid(), fx.id(''b'', ''assignment'', %s), fx.id(''b'', ''client'', %s), fx.id(''b'', ''version'', %s), fx.id(''b'', ''policy'', %s), ''\x01'', sha256(''doc''), %s, ''typed'', ''\x01'', ''America/New_York''',
        n, n, version, terms, coalesce(wording, format('(SELECT sha256 FROM app.form_version WHERE id = fx.id(''b'', ''version'', %s))', version))) $$;
CREATE FUNCTION pg_temp.answer(n int) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.form_answer (id, assignment_id, client_id, question_id, answer_sealed) VALUES (gen_random_uuid(), fx.id(''b'', ''assignment'', %s), fx.id(''b'', ''client'', %s), fx.id(''b'', ''question'', 1), ''\x01'')', n, n) $$;
CREATE FUNCTION pg_temp.draft(n int) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.form_draft (assignment_id, client_id, form_version_id) VALUES (fx.id(''b'', ''assignment'', %s), fx.id(''b'', ''client'', %s), fx.id(''b'', ''version'', 1))', n, n) $$;
COMMIT;

-- half done today, there tomorrow
SELECT is(pg_temp.link(1, pg_temp.draft(1), pg_temp.answer(1), 'COMMIT'), 'COMMIT', 'L20: she begins');
SELECT is(pg_temp.link(1, 'SELECT count(*) FROM app.form_answer'), '1', 'L20: and finds it again');
SELECT is(pg_temp.link(1, pg_temp.answer(1)), '23505', 'one answer to a question');
SELECT is(pg_temp.link(1, 'DELETE FROM app.form_answer', pg_temp.answer(1)), 'INSERT 0 1', 'she may change her mind');
SELECT is(pg_temp.link(2, pg_temp.draft(1)), '42501', 'L20: the form is hers alone');
SELECT is(pg_temp.link(2, 'DELETE FROM app.form_answer'), 'DELETE 0', 'L20: so are the answers');

-- stale and wrong
SELECT is(pg_temp.link(1, pg_temp.sign(1, 1, 'sha256(''other'')')), 'FY422', 'E-02: the wording must be the one she saw');
SELECT is(pg_temp.link(1, pg_temp.sign(1, 1, NULL, 1)), 'FY422', 'E-01: and the terms of signing those in force');
SELECT is(pg_temp.link(1, pg_temp.sign(2)), '42501', 'T02: another client''s form is not hers to sign');
SELECT is(pg_temp.staff('owner', 'INSERT INTO app.form_version (id, form_id, version, title, body, published_at) VALUES (fx.id(''b'', ''version'', 2), fx.id(''b'', ''form'', 1), 2, ''Consent'', ''New words.'', now())', 'COMMIT'), 'COMMIT', 'the studio publishes new words');
SELECT is(pg_temp.link(1, pg_temp.sign(1)), 'FY422', 'E-02: the old ones can no longer be signed');
SELECT is(pg_temp.link(1, pg_temp.sign(1, 2), 'COMMIT'), 'COMMIT', 'L20: the new ones are signed');
SELECT is((SELECT concat_ws(' ', ip, agent, link_id, actor_kind, second_factor, signed_at > now() - interval '1 minute', document_sha256 = sha256('doc'), wording_sha256 = (SELECT sha256 FROM app.form_version WHERE id = fx.id('b', 'version', 2)))
    FROM app.signature WHERE assignment_id = fx.id('b', 'assignment', 1)), '192.0.2.9 test agent ' || fx.id('b', 'link', 1) || ' client birth_date t t t', 'L13: the evidence is the server''s: address, agent, link, second factor, time, hashes');
SELECT is((SELECT state FROM app.form_assignment WHERE id = fx.id('b', 'assignment', 1)), 'signed', 'L20: the form is signed');
SELECT is(pg_temp.link(1, pg_temp.sign(1, 2)), 'FY422', 'L20: once');
SELECT is(pg_temp.link(1, 'DELETE FROM app.form_answer'), 'FY422', 'E-02: its answers stand still');
SELECT is(pg_temp.link(1, 'UPDATE app.form_answer SET answer_sealed = ''\x02'''), 'FY422', 'E-02: altogether');
SELECT is(pg_temp.link(2, 'INSERT INTO app.signature (id, ip) VALUES (gen_random_uuid(), ''8.8.8.8'')'), '42501', 'the address is not the signer''s to choose');
SELECT is(pg_temp.link(2, 'INSERT INTO app.signature (id, signed_at) VALUES (gen_random_uuid(), ''2001-01-01'')'), '42501', 'nor the time');

-- what is written once is written once, for the superuser too
SELECT throws_ok(q, '42501', NULL, 'L13, L57: ' || q) FROM (VALUES ('UPDATE app.signature SET document_sha256 = sha256(''y'')'), ('DELETE FROM app.signature'), ('TRUNCATE app.signature CASCADE'), ('TRUNCATE app.form_version CASCADE'),
    ('UPDATE app.policy_version SET body = ''x'''), ('DELETE FROM app.policy_version'), ('TRUNCATE app.policy_version CASCADE'), ('TRUNCATE app.chart_note'), ('TRUNCATE app.form_answer CASCADE'), ('TRUNCATE app.form_question CASCADE')) AS v (q);
SELECT throws_ok(q, 'FY422', NULL, 'E-02: ' || q) FROM (VALUES ('UPDATE app.form_version SET body = ''x'' WHERE version = 1'), ('DELETE FROM app.form_version WHERE version = 1'), ('UPDATE app.form_version SET published_at = NULL WHERE version = 1'),
    ('UPDATE app.form_question SET label = ''x'''), ('DELETE FROM app.form_question'), ('DELETE FROM app.form_answer'), ('UPDATE app.form_draft SET updated_at = now()')) AS v (q);
SELECT is((SELECT sha256 FROM app.policy_version WHERE id = fx.id('b', 'policy', 1)), sha256(convert_to(E'Privacy\nWe keep your secrets.', 'UTF8')), 'L57: a version is known by the hash of its words');

-- notes
SELECT is(pg_temp.staff('provider', 'UPDATE app.chart_note SET body_sealed = ''\x02'' WHERE id = fx.id(''b'', ''note'', 1)'), 'UPDATE 1', 'L14: a draft may change');
SELECT is(pg_temp.staff('provider2', 'UPDATE app.chart_note SET body_sealed = ''\x02'' WHERE id = fx.id(''b'', ''note'', 1)'), 'UPDATE 0', 'L14: by its author');
SELECT is(pg_temp.staff('provider', 'UPDATE app.chart_note SET state = ''signed'', signed_at = now() WHERE id = fx.id(''b'', ''note'', 1)', 'COMMIT'), 'COMMIT', 'L14: she signs');
SELECT is(pg_temp.staff('provider', 'UPDATE app.chart_note SET body_sealed = ''\x02'' WHERE id = fx.id(''b'', ''note'', 1)'), 'FY422', 'L14, R-05: then it stands');
SELECT throws_ok('UPDATE app.chart_note SET body_sealed = ''\x02'' WHERE state = ''signed''', 'FY422', NULL, 'R-05: for every role');
SELECT throws_ok('DELETE FROM app.chart_note WHERE state = ''signed''', 'FY422', NULL, 'R-05: and for ever');
SELECT is(pg_temp.staff('provider', 'INSERT INTO app.chart_note (id, client_id, body_sealed, addendum_to) VALUES (gen_random_uuid(), fx.id(''b'', ''client'', 1), ''\x03'', fx.id(''b'', ''note'', 1))'), 'INSERT 0 1', 'L14: an addendum is written');
SELECT is(pg_temp.staff('provider', 'INSERT INTO app.chart_note (id, client_id, body_sealed, addendum_to) VALUES (gen_random_uuid(), fx.id(''b'', ''client'', 2), ''\x03'', fx.id(''b'', ''note'', 1))'), '23503', 'L14: to a note of the same client');
SELECT is(pg_temp.staff('provider', 'INSERT INTO app.chart_note (id, client_id, body_sealed, author_id) VALUES (gen_random_uuid(), fx.id(''b'', ''client'', 1), ''\x03'', fx.id(''b'', ''staff'', 5))'), '42501', 'L14: in one''s own name');

-- treatments: signed by their provider, then no role's to change. encounter 70: signed; 71: not.
BEGIN;
SELECT * FROM fx.inside('beta');
INSERT INTO app.product (id, name, kind, unit) VALUES (fx.id('b', 'product', 70), 'Signed', 'toxin', 'units');
INSERT INTO app.product_lot (id, product_id, lot, expires_on, received_on) VALUES (fx.id('b', 'lot', 70), fx.id('b', 'product', 70), 'S1', '2040-01-01', '2020-01-01');
INSERT INTO app.encounter (id, client_id, provider_id, done_on, noted_by) SELECT fx.id('b', 'encounter', n), fx.id('b', 'client', 1), fx.id('b', 'staff', 4), current_date - 1, fx.id('b', 'staff', 4) FROM generate_series(70, 71) n;
INSERT INTO app.encounter_product (id, client_id, encounter_id, lot_id, amount_milli, noted_by) SELECT fx.id('b', 'line', n), fx.id('b', 'client', 1), fx.id('b', 'encounter', n), fx.id('b', 'lot', 70), 1000, fx.id('b', 'staff', 4) FROM generate_series(70, 71) n;
INSERT INTO app.encounter_advice (id, client_id, encounter_id, advice_sealed, noted_by) SELECT fx.id('b', 'advice', n), fx.id('b', 'client', 1), fx.id('b', 'encounter', n), '\x01', fx.id('b', 'staff', 4) FROM generate_series(70, 71) n;
INSERT INTO app.encounter_device (id, client_id, encounter_id, device_id, settings_sealed, noted_by) SELECT fx.id('b', 'setting', n), fx.id('b', 'client', 1), fx.id('b', 'encounter', n), (SELECT r.id FROM app.resource r WHERE r.tenant_id = app.tenant() ORDER BY r.id LIMIT 1), '\x01', fx.id('b', 'staff', 4) FROM generate_series(70, 71) n;
INSERT INTO app.body_point (id, client_id, encounter_id, drawing, x, y, noted_by) SELECT fx.id('b', 'point', n), fx.id('b', 'client', 1), fx.id('b', 'encounter', n), 'face_front', 1, 1, fx.id('b', 'staff', 4) FROM generate_series(70, 71) n;
CREATE FUNCTION pg_temp.line(t text, n int) RETURNS uuid LANGUAGE sql AS $$ SELECT fx.id('b', CASE t WHEN 'encounter_product' THEN 'line' WHEN 'encounter_advice' THEN 'advice' WHEN 'encounter_device' THEN 'setting' ELSE 'point' END, n) $$;
CREATE TEMP TABLE part (t text, cols text, vals text);
INSERT INTO part VALUES ('encounter_product', 'lot_id, amount_milli', format('%L, 5', fx.id('b', 'lot', 70))), ('encounter_advice', 'advice_sealed', '''\x02'''),
    ('encounter_device', 'device_id, settings_sealed', format('%L, ''\x02''', (SELECT r.id FROM app.resource r WHERE r.tenant_id = fx.id('b', 'tenant', 1) ORDER BY r.id LIMIT 1))), ('body_point', 'drawing, x, y', '''face_front'', 5, 5');
CREATE FUNCTION pg_temp.treatment(n int) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT count(*) FROM app.encounter_sign(%1$L, %2$L, app.encounter_state(%1$L, %2$L))', fx.id('b', 'client', 1), fx.id('b', 'encounter', n)) $$;
COMMIT;
SELECT is(pg_temp.staff('owner', pg_temp.treatment(70)), 'FY422', 'L11: a treatment is signed by its provider alone');
SELECT is(pg_temp.staff('provider2', pg_temp.treatment(70)), 'FY422', 'L11: not by another provider');
SELECT isnt(pg_temp.staff('biller', pg_temp.treatment(70)), '1', 'L11: not by who writes no charts');
SELECT is(pg_temp.staff('provider', format('SELECT 1 FROM app.encounter_sign(%L, %L, %L)', fx.id('b', 'client', 1), fx.id('b', 'encounter', 70), 'seen')), 'FY422', 'L11: and as it was seen');
SELECT is(pg_temp.staff('provider', format('UPDATE app.encounter SET signed_at = ''2001-01-01'' WHERE id = %L', fx.id('b', 'encounter', 71)), format('SELECT signed_at > now() - interval ''1 minute'' AND signed_name IS NOT NULL FROM app.encounter WHERE id = %L', fx.id('b', 'encounter', 71))), 't', 'L11: the time and the name are the server''s');
SELECT is(pg_temp.staff('provider', pg_temp.treatment(70), 'COMMIT'), 'COMMIT', 'L11: she signs');
SELECT is(pg_temp.staff(who, format('INSERT INTO app.%s (id, client_id, encounter_id, %s) VALUES (gen_random_uuid(), %L, %L, %s)', p.t, p.cols, fx.id('b', 'client', 1), fx.id('b', 'encounter', 70), p.vals)), 'FY422', 'R-05: to a signed treatment no line comes: ' || p.t || ', ' || who)
FROM part p, (VALUES ('provider'), ('provider2')) AS v (who);
SELECT is(pg_temp.staff('provider', format('INSERT INTO app.%s (id, client_id, encounter_id, %s) VALUES (gen_random_uuid(), %L, %L, %s)', p.t, p.cols, fx.id('b', 'client', 1), fx.id('b', 'encounter', 71), p.vals)), 'INSERT 0 1', 'L11: to one that is not signed it does: ' || p.t) FROM part p;
SELECT isnt(left(pg_temp.staff(who, format(q, p.t, pg_temp.line(p.t, 70))), 8), left(q, 6) || ' 1', 'R-05: for ' || who || ': ' || format(q, p.t, '…'))
FROM part p, (VALUES ('owner'), ('manager'), ('front-desk'), ('provider'), ('provider2'), ('biller'), ('auditor')) AS v (who), (VALUES ('UPDATE app.%s SET noted_at = now() WHERE id = %L'), ('DELETE FROM app.%s WHERE id = %L'), ('UPDATE app.%s SET void_at = now() WHERE id = %L')) AS s (q);
SELECT throws_ok(format(q, p.t, pg_temp.line(p.t, 70)), 'FY422', NULL, 'R-05: for the superuser: ' || format(q, p.t, '…'))
FROM part p, (VALUES ('UPDATE app.%s SET noted_at = now() WHERE id = %L'), ('UPDATE app.%s SET void_at = now() WHERE id = %L'), ('DELETE FROM app.%s WHERE id = %L')) AS s (q);
SELECT throws_ok(format('UPDATE app.%s SET encounter_id = %L WHERE id = %L', p.t, fx.id('b', 'encounter', 70), pg_temp.line(p.t, 71)), 'FY422', NULL, 'R-05: nor does a line move into it: ' || p.t) FROM part p;
SELECT throws_ok(format('UPDATE app.%s SET encounter_id = %L WHERE id = %L', p.t, fx.id('b', 'encounter', 71), pg_temp.line(p.t, 70)), 'FY422', NULL, 'R-05: nor out of it: ' || p.t) FROM part p;
SELECT throws_ok(format(q, fx.id('b', 'encounter', 70)), 'FY422', NULL, 'R-05: ' || q) FROM (VALUES ('UPDATE app.encounter SET done_on = done_on - 1 WHERE id = %L'), ('UPDATE app.encounter SET signed_at = NULL, signed_name = NULL WHERE id = %L'),
    ('UPDATE app.encounter SET provider_id = provider_id, noted_at = now() WHERE id = %L'), ('UPDATE app.encounter SET void_at = now() WHERE id = %L'), ('DELETE FROM app.encounter WHERE id = %L')) AS v (q);
SELECT throws_ok('TRUNCATE app.' || t || ' CASCADE', '42501', NULL, 'R-05: ' || t) FROM (SELECT p.t FROM part p UNION VALUES ('encounter'), ('encounter_addendum')) AS x;
CREATE FUNCTION pg_temp.add(n int) RETURNS text LANGUAGE sql AS $$ SELECT format('INSERT INTO app.encounter_addendum (id, client_id, encounter_id, addendum_sealed) VALUES (%L, %L, %L, ''\x03'')', fx.id('b', 'addendum', n), fx.id('b', 'client', 1), fx.id('b', 'encounter', n)) $$;
SELECT is(pg_temp.staff('provider', pg_temp.add(71)), 'FY422', 'L14: nothing is added to what is not signed');
SELECT isnt(pg_temp.staff('front-desk', pg_temp.add(70)), 'INSERT 0 1', 'L14: nor by who writes no charts');
SELECT is(pg_temp.staff('provider2', pg_temp.add(70), 'COMMIT'), 'COMMIT', 'L14: an addendum is');
SELECT is((SELECT author_id = fx.id('b', 'staff', 5) AND author_name <> '' FROM app.encounter_addendum WHERE id = fx.id('b', 'addendum', 70)), true, 'L14: in the name of who wrote it');
SELECT throws_ok(q, '42501', NULL, 'R-05: ' || q) FROM (VALUES ('UPDATE app.encounter_addendum SET addendum_sealed = ''\x02'''), ('DELETE FROM app.encounter_addendum')) AS v (q);
SELECT is(pg_temp.staff('provider', format('UPDATE app.encounter_product SET void_at = now(), void_reason_sealed = ''\x09'' WHERE id = %L', fx.id('b', 'line', 70)), format('SELECT v.void_at > e.signed_at AND v.void_by = app.actor() FROM app.encounter_product v JOIN app.encounter e ON e.id = v.encounter_id WHERE v.id = %L', fx.id('b', 'line', 70))), 't', 'L11: an error is marked afterwards, with why');
SELECT is((SELECT string_agg(e.action, ',' ORDER BY e.action) FROM audit.event e WHERE e.object_id IN (fx.id('b', 'encounter', 70), fx.id('b', 'addendum', 70)) AND e.action LIKE 'encounter.%'), 'encounter.added,encounter.sealed', 'R-05: both leave their hash in the trail');
SELECT is((SELECT count(*) FROM audit.seal_signed(fx.id('b', 'tenant', 1)) s WHERE s.kind ~ 'treatment'), 0::bigint, 'R-05: which says what they are');
-- what it says of its products, and why a line of it is an error
SELECT is(pg_temp.staff('provider', format('UPDATE app.encounter_product SET void_at = now(), void_reason_sealed = ''\x09'' WHERE id = %L', fx.id('b', 'line', 70)), 'COMMIT'), 'COMMIT', 'R-05: an error is marked');
SELECT throws_ok(format('UPDATE app.encounter_product SET void_reason_sealed = NULL WHERE id = %L', fx.id('b', 'line', 70)), 'FY422', NULL, 'R-05: its reason stays, for the superuser too');
SELECT is(pg_temp.staff(who, format('UPDATE app.encounter_product SET void_reason_sealed = NULL WHERE id = %L', fx.id('b', 'line', 70))), 'FY422', 'R-05: and for ' || who) FROM (VALUES ('owner'), ('provider')) AS v (who);
SELECT is(pg_temp.staff(who, format(q, fx.id('b', 'product', 70))), 'FY422', 'R-05: a product that a signed treatment names keeps name and unit, whoever asks: ' || q)
FROM (VALUES ('owner')) AS v (who), (VALUES ('UPDATE app.product SET name = ''Other'' WHERE id = %L'), ('UPDATE app.product SET unit = ''ml'' WHERE id = %L')) AS s (q);
SELECT is(pg_temp.staff('owner', format('UPDATE app.product SET kind = ''filler'', is_active = false WHERE id = %L', fx.id('b', 'product', 70))), 'UPDATE 1', 'R-05: the rest may change');
SELECT throws_ok(format(q, fx.id('b', t, 70)), 'FY422', NULL, 'R-05: for the superuser: ' || q)
FROM (VALUES ('product', 'UPDATE app.product SET name = ''Other'' WHERE id = %L'), ('product', 'UPDATE app.product SET unit = ''ml'' WHERE id = %L'), ('lot', 'UPDATE app.product_lot SET lot = ''S2'' WHERE id = %L'),
    ('lot', 'UPDATE app.product_lot SET expires_on = ''2041-01-01'' WHERE id = %L')) AS s (t, q);
SELECT lives_ok(format('UPDATE app.product_lot SET used_up_at = now(), received_on = ''2020-01-02'' WHERE id = %L', fx.id('b', 'lot', 70)), 'R-05: a lot is used up');
CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE sql AS $$ SELECT coalesce((SELECT s.what FROM audit.seal_signed(fx.id('b', 'tenant', 1)) s WHERE s.id = fx.id('b', 'encounter', 70)), '') $$;
-- (outside of pgTAP, which would forget what is rolled back)
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE app.product_lot SET lot = 'S2' WHERE id = fx.id('b', 'lot', 70);
SELECT pg_temp.said() AS lot_said \gset
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE app.product SET name = 'Other' WHERE id = fx.id('b', 'product', 70);
SELECT pg_temp.said() AS product_said \gset
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE audit.event SET reason = (SELECT encode(app.encounter_digest_1(e), 'hex') FROM app.encounter e WHERE e.id = fx.id('b', 'encounter', 70)) WHERE object_id = fx.id('b', 'encounter', 70) AND action = 'encounter.sealed';
SELECT pg_temp.said() AS first_said \gset
UPDATE app.body_point SET x = 9 WHERE encounter_id = fx.id('b', 'encounter', 70);
SELECT pg_temp.said() AS first_changed_said \gset
ROLLBACK;
SELECT is(x, 'is not what was signed', 'R-05: past the triggers a lot''s number is found out, and a product''s name') FROM (VALUES (:'lot_said'), (:'product_said')) AS v (x);
SELECT is(:'first_said'::text, '', 'R-05: one that was signed before the hash held them is compared as it was signed');
SELECT is(:'first_changed_said'::text, 'is not what was signed', 'R-05: and is found out as well');
SELECT is(pg_temp.said(), '', 'R-05: put back it is what was signed');
BEGIN;
SELECT * FROM finish();
COMMIT;
