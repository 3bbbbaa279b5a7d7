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
BEGIN;
SELECT * FROM finish();
COMMIT;
