-- Files attached to forms: who attaches, reads and removes them, how many, until when; what the trail keeps, and what goes. L20, V-12, E-02,
-- R-05, T01, T02. At beta, clients 2 and 3, by links of the pool that takes files (slow) and of the pages (public).
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = error;
CREATE FUNCTION pg_temp.slow(n int, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_slow', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_link(''beta'', %s)', n)] || q) $$;
CREATE FUNCTION pg_temp.page(n int, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_public', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_link(''beta'', %s)', n)] || q) $$;
CREATE FUNCTION pg_temp.staff(role text, who text, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask(role, VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''beta'', %L)', who)] || q) $$;
CREATE FUNCTION pg_temp.media(file int, client int, kind text DEFAULT 'form', type text DEFAULT 'image/jpeg') RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.media (id, client_id, kind, type, bytes, key_sealed, sha256_sealed) VALUES (%L, %L, %L, %L, 10, ''\x01'', ''\x02'')', fx.id('b', 'file', file), fx.id('b', 'client', client), kind, type) $$;
CREATE FUNCTION pg_temp.put(file int, client int, key text DEFAULT 'picture', assignment int DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.form_file (id, client_id, assignment_id, question_key, name_sealed, sha256_sealed, stored_sha256) VALUES (%L, %L, %L, %L, ''\x01'', ''\x02'', sha256(%L::bytea))', fx.id('b', 'file', file),
        fx.id('b', 'client', client), fx.id('b', 'picture assignment', coalesce(assignment, client)), key, file::text) $$;
CREATE FUNCTION pg_temp.gone(file int) RETURNS text LANGUAGE sql AS $$ SELECT format('UPDATE app.media SET removed_at = now() WHERE id = %L', fx.id('b', 'file', file)) $$;
CREATE FUNCTION pg_temp.sign(n int) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone)
        SELECT %L, %L, %L, v.id, (SELECT p.id FROM app.policy_version p WHERE p.kind = ''terms'' AND p.effective_on <= current_date ORDER BY p.version DESC LIMIT 1), ''\x01'', sha256(''doc''), v.sha256, ''typed'', ''\x01'', ''America/New_York''
        FROM app.form_version v WHERE v.id = %L', fx.id('b', 'picture signature', n), fx.id('b', 'picture assignment', n), fx.id('b', 'client', n), fx.id('b', 'picture version', 1)) $$;
SELECT * FROM fx.inside('beta');
INSERT INTO app.form (id, name, kind) VALUES (fx.id('b', 'picture form', 1), 'Pictures', 'intake');
INSERT INTO app.form_version (id, form_id, version, title, body) VALUES (fx.id('b', 'picture version', 1), fx.id('b', 'picture form', 1), 1, 'Pictures', '');
INSERT INTO app.form_question (form_version_id, position, key, kind, label) VALUES (fx.id('b', 'picture version', 1), 1, 'picture', 'file', 'A picture'), (fx.id('b', 'picture version', 1), 2, 'words', 'text', 'Words');
UPDATE app.form_version SET published_at = now() WHERE id = fx.id('b', 'picture version', 1);
INSERT INTO app.form_assignment (id, client_id, form_id) SELECT fx.id('b', 'picture assignment', n), fx.id('b', 'client', n), fx.id('b', 'picture form', 1) FROM generate_series(2, 3) n;
COMMIT;

-- attaching
SELECT is(pg_temp.slow(2, pg_temp.media(1, 2), pg_temp.put(1, 2), 'COMMIT'), 'COMMIT', 'L20: she attaches a picture to her form');
SELECT is(pg_temp.slow(2, pg_temp.media(2, 2, 'form', 'application/pdf'), pg_temp.put(2, 2), 'COMMIT'), 'COMMIT', 'and a PDF');
SELECT is(pg_temp.slow(2, pg_temp.media(9, 2, 'form', 'text/html')), '23514', 'V-12: nothing else');
SELECT is(pg_temp.slow(2, pg_temp.media(9, 2, 'photo', 'application/pdf')), '42501', 'T02: a picture beside her name is not hers to put in');
SELECT is(pg_temp.slow(3, pg_temp.media(9, 2)), '42501', 'T02: not for somebody else');
SELECT is(pg_temp.slow(3, pg_temp.media(9, 3), pg_temp.put(9, 3, 'picture', 2)), 'FY404', 'T02: nor into another''s form');
SELECT is(pg_temp.slow(2, pg_temp.put(1, 2)), '23505', 'a file belongs to one question');
SELECT is(pg_temp.slow(2, pg_temp.media(9, 2), pg_temp.put(9, 2, 'words')), 'FY404', 'only to a question that asks for files');
SELECT is(pg_temp.slow(2, pg_temp.media(9, 2), pg_temp.put(9, 2, 'none')), 'FY404', 'that there is');
SELECT is(pg_temp.slow(2, pg_temp.media(3, 2), pg_temp.put(3, 2), pg_temp.media(4, 2), pg_temp.put(4, 2), pg_temp.media(5, 2), pg_temp.put(5, 2), pg_temp.media(6, 2), pg_temp.put(6, 2)), 'FY422', 'L20: five, and no sixth');
SELECT is(pg_temp.page(2, pg_temp.media(9, 2)), '42501', 'the pages put nothing in');
SELECT is(pg_temp.staff('foyer_slow', 'owner', pg_temp.media(9, 2), pg_temp.put(9, 2)), '42501', 'nor does the staff to a question of hers (only pictures of a signed paper: tests/http/form_file.test.js)');
SELECT is(pg_temp.staff('foyer_slow', 'owner', pg_temp.media(9, 2, 'photo')), 'INSERT 0 1', 'but for the picture beside her name');

-- reading
SELECT is(pg_temp.page(2, 'SELECT count(*) FROM app.form_file JOIN app.media USING (tenant_id, id)'), '2', 'her form shows them');
SELECT is(pg_temp.slow(2, 'SELECT count(*) FROM app.form_file JOIN app.media USING (tenant_id, id)'), '2', 'and gives them out');
SELECT is(pg_temp.page(3, 'SELECT count(*) FROM app.form_file'), '0', 'T02: another client''s link sees none');
SELECT is(pg_temp.slow(3, 'SELECT count(*) FROM app.media'), '0', 'T02: none of the files either');
SELECT is(pg_temp.page(2, 'SELECT key_sealed FROM app.media'), '42501', 'S-36: the pages have no keys');
SELECT is(pg_temp.slow(2, 'SELECT count(*) FROM app.form_answer'), '0', 'what the pool of files does not need of her it does not see');
SELECT is(pg_temp.slow(2, 'SELECT count(*) FROM app.client'), '0', 'nor herself');
SELECT is(fx.ask('foyer_slow', 'SELECT 1 FROM fx.as_link(''alpha'', 2)', 'SELECT count(*) FROM app.form_file'), '0', 'T01: another business sees none');
SELECT is(pg_temp.staff('foyer_slow', v.who, 'SELECT count(*) FROM app.form_file JOIN app.media USING (tenant_id, id)'), v.wanted, 'D-18: ' || v.who || ' reads them: ' || v.wanted)
FROM (VALUES ('owner', '2'), ('provider', '2'), ('front-desk', '0')) AS v (who, wanted);
SELECT is(pg_temp.slow(2, format('SELECT label, n_files, most FROM app.form_file_room(%L, ''picture'')', fx.id('b', 'picture assignment', 2))), '"A picture",2,5', 'the page knows the question');
SELECT is(pg_temp.slow(3, format('SELECT label, n_files, most FROM app.form_file_room(%L, ''picture'')', fx.id('b', 'picture assignment', 2))), '', 'T02: of her own form alone');

-- removing
SELECT is(pg_temp.page(3, pg_temp.gone(1)), 'UPDATE 0', 'T02: another client removes none');
SELECT is(pg_temp.slow(2, pg_temp.gone(1)), 'UPDATE 0', 'the pool of files removes none');
SELECT is(pg_temp.staff('foyer_slow', 'owner', pg_temp.gone(1)), 'UPDATE 0', 'nor does the staff');
SELECT is(pg_temp.page(2, pg_temp.gone(2), 'COMMIT'), 'COMMIT', 'L20: she does');
SELECT is((SELECT concat_ws(' ', m.removed_at IS NOT NULL, m.key_sealed IS NULL, m.removed_by IS NULL, EXISTS (SELECT FROM app.job j WHERE j.kind = 'media.remove' AND j.subject_id = m.id)) FROM app.media m WHERE m.id = fx.id('b', 'file', 2)),
    't t t t', 'B44: its key goes with it, its file by a job');

SELECT is(pg_temp.slow(3, 'INSERT INTO app.media (id, client_id, kind, type, bytes, key_sealed) SELECT ' || quote_literal(fx.id('b', 'many', 0)) || '::uuid, ' || quote_literal(fx.id('b', 'client', 3)) || '::uuid, ''form'', ''image/jpeg'', 1, ''\x01''', 'COMMIT'), 'COMMIT', 'a file that she will put in last');
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT * FROM fx.inside('beta');
INSERT INTO app.form_file (id, client_id, assignment_id, question_key, name_sealed, sha256_sealed, stored_sha256) SELECT fx.id('b', 'many', n), fx.id('b', 'client', 3), fx.id('b', 'picture assignment', 3), 'picture', '', '', sha256('') FROM generate_series(1, 100) n;
COMMIT;
SELECT is(pg_temp.slow(3, format('INSERT INTO app.form_file (id, client_id, assignment_id, question_key, name_sealed, sha256_sealed, stored_sha256) VALUES (%L, %L, %L, ''picture'', '''', '''', sha256(''''))', fx.id('b', 'many', 0),
    fx.id('b', 'client', 3), fx.id('b', 'picture assignment', 3))), 'FY422', 'who attaches and takes away a hundred times is stopped');
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM app.form_file WHERE assignment_id = fx.id('b', 'picture assignment', 3);
DELETE FROM app.media WHERE id = fx.id('b', 'many', 0);
COMMIT;

-- signing
SELECT is(pg_temp.page(2, pg_temp.sign(2), 'COMMIT'), 'COMMIT', 'L20: she signs');
SELECT is((SELECT e.reason FROM audit.event e WHERE e.action = 'form.files' AND e.object_id = fx.id('b', 'picture signature', 2)),
    encode(sha256(convert_to(format('foyer-form-files-v1|%s|%s|%s:%s', fx.id('b', 'tenant', 1), fx.id('b', 'picture signature', 2), fx.id('b', 'file', 1), encode(sha256('1'), 'hex')), 'UTF8')), 'hex'),
    'E-02: the trail has the digest of what is attached, as docs/record.md says');
SELECT is(pg_temp.page(2, pg_temp.gone(1)), 'FY422', 'L20: what is signed stays');
SELECT is(pg_temp.slow(2, pg_temp.media(9, 2), pg_temp.put(9, 2)), 'FY422', 'and nothing more is attached');
BEGIN;
SELECT * FROM fx.inside('beta');
SELECT throws_ok(q, code, NULL, 'E-02: for every role: ' || q) FROM (VALUES (format('UPDATE app.media SET removed_at = now() WHERE id = %L', fx.id('b', 'file', 1)), 'FY422'),
    (format('UPDATE app.form_file SET question_key = ''other'' WHERE id = %L', fx.id('b', 'file', 1)), '42501'), (format('DELETE FROM app.form_file WHERE id = %L', fx.id('b', 'file', 1)), 'FY422'), ('TRUNCATE app.form_file', '42501')) AS v (q, code);
COMMIT;
SELECT is((SELECT count(*) FROM audit.seal_signed(fx.id('b', 'tenant', 1)) AS v WHERE v.id = fx.id('b', 'picture signature', 2)), 0::bigint, 'E-02: nothing is said of what is as it was signed');
SELECT is((SELECT string_agg(concat_ws(' ', media_id, stored_sha256, is_removed), ',') FROM audit.seal_files(fx.id('b', 'tenant', 1))), concat_ws(' ', fx.id('b', 'file', 1), encode(sha256('1'), 'hex'), 'f'), 'what is to be compared with the store');
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM app.form_file WHERE id = fx.id('b', 'file', 1);
SELECT string_agg(v.kind || ' ' || v.what, ',') AS said FROM audit.seal_signed(fx.id('b', 'tenant', 1)) AS v WHERE v.id = fx.id('b', 'picture signature', 2) \gset
ROLLBACK;
SELECT is(:'said'::text, 'list of files of signed form was signed, and is gone or no longer signed', 'E-02: who takes its row away is found out');

-- what goes
SELECT is(pg_temp.slow(3, pg_temp.media(7, 3), pg_temp.put(7, 3), 'COMMIT'), 'COMMIT', 'another client attaches one');
BEGIN;
SELECT * FROM fx.inside('beta');
SELECT app.client_erase(fx.id('b', 'client', 2)), app.client_erase(fx.id('b', 'client', 3)) \g /dev/null
SELECT (SELECT string_agg(concat_ws(' ', m.removed_at IS NOT NULL, m.key_sealed IS NULL), ',') FROM app.media m WHERE m.id IN (fx.id('b', 'file', 1), fx.id('b', 'file', 7))) AS keys,
    (SELECT count(*) FROM app.form_file WHERE id = fx.id('b', 'file', 7)) AS rows,
    (SELECT count(*) FROM audit.seal_files(fx.id('b', 'tenant', 1))) + (SELECT count(*) FROM audit.seal_signed(fx.id('b', 'tenant', 1)) AS v WHERE v.id = fx.id('b', 'picture signature', 2)) AS missed \gset
ROLLBACK;
SELECT is(:'keys'::text, 't t,t t', 'R-05: erasing takes the key, also of what was signed');
SELECT is(:'rows'::text, '0', 'R-05: of a form that was not signed nothing stays');
SELECT is(:'missed'::text, '0', 'R-05: and nobody misses them');
BEGIN;
SELECT * FROM finish();
COMMIT;
