-- Who signs and what it allows: L20, L54; E-03, E-05. At alpha, by links.
BEGIN;
SELECT no_plan();
CREATE FUNCTION pg_temp.link(n int, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_public', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_link(''alpha'', %s)', n)] || q) $$;
CREATE FUNCTION pg_temp.staff(who text, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who)] || q) $$;
CREATE FUNCTION pg_temp.sign(n int, assignment int DEFAULT NULL, version int DEFAULT 1, signature int DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone)
        SELECT fx.id(''a'', ''signature'', %s), fx.id(''a'', ''assignment'', %s), fx.id(''a'', ''client'', %s), v.id, fx.id(''a'', ''policy'', 2), ''\x01'', sha256(''doc %s''), v.sha256, ''typed'', ''\x01'', ''America/New_York'' FROM app.form_version v WHERE v.id = fx.id(''a'', ''version'', %s)',
        coalesce(signature, n), coalesce(assignment, n), n, coalesce(signature, n), version) $$;
CREATE FUNCTION pg_temp.take(guardian text, born text DEFAULT 'NULL') RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT is_ok, tries_left, problem FROM sec.signer_take(%s, %s, NULL)', guardian, born) $$;
COMMIT;

-- client 1 turns sixteen today, client 2 eighteen, client 3 is of age
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.client SET birth_date = (now() AT TIME ZONE app.zone())::date - interval '16 years' WHERE id = fx.id('a', 'client', 1);
UPDATE app.client SET birth_date = (now() AT TIME ZONE app.zone())::date - interval '18 years' WHERE id = fx.id('a', 'client', 2);
INSERT INTO app.client_guardian (id, client_id, name, relation, birth_date, may_sign, ended_at) VALUES
    (fx.id('a', 'guardian', 1), fx.id('a', 'client', 1), 'Ines', 'parent', '1980-02-03', true, NULL),
    (fx.id('a', 'guardian', 2), fx.id('a', 'client', 1), 'Paul', 'carer', '1981-02-03', false, NULL),
    (fx.id('a', 'guardian', 3), fx.id('a', 'client', 1), 'Otto', 'parent', '1982-02-03', true, now()),
    (fx.id('a', 'guardian', 4), fx.id('a', 'client', 2), 'Ida', 'parent', '1983-02-03', true, NULL);
COMMIT;

SELECT is(pg_temp.link(1, pg_temp.sign(1)), 'FY422', 'L54: a minor does not sign');
SELECT is(pg_temp.link(1, pg_temp.take('NULL')), 'f,5,guardian', 'L54: a guardian must be named');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 4)', '''1983-02-03''')), 'f,5,guardian', 'L54: another child''s guardian is none of hers');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 2)', '''1981-02-03''')), 'f,5,guardian', 'L54: nor one who may not sign');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 3)', '''1982-02-03''')), 'f,5,guardian', 'L54: nor one who is no longer');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 1)', '''1980-02-04''')), 'f,4,', 'T23: a wrong date of the guardian''s is counted');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 1)', format('%L', (now() - interval '16 years')::date))), 'f,4,', 'L54: the child''s own date is none');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 1)', '''1980-02-03'''), pg_temp.sign(1)), 'INSERT 0 1', 'L54: with his own he signs');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 1)', '''1980-02-03'''), 'UPDATE app.link SET signing_guardian = NULL'), '42501', 'L54: who signs is not the page''s to say');
SELECT is(pg_temp.link(1, 'INSERT INTO app.signature (id, guardian_id) VALUES (gen_random_uuid(), fx.id(''a'', ''guardian'', 1))'), '42501', 'L54: nor in the row');
-- that he was proven counts for that transaction alone
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 1)', '''1980-02-03'''), 'COMMIT'), 'COMMIT', 'he proves himself and does not sign');
SELECT is(pg_temp.link(1, pg_temp.sign(1)), 'FY422', 'L54: later she cannot sign on it');
SELECT is(pg_temp.link(2, pg_temp.take('NULL'), pg_temp.sign(2)), 'INSERT 0 1', 'L54: on her eighteenth birthday she signs herself');
SELECT is(pg_temp.link(2, pg_temp.take('fx.id(''a'', ''guardian'', 4)', '''1983-02-03'''), pg_temp.sign(2), 'SELECT signer, guardian_id FROM app.signature WHERE client_id = fx.id(''a'', ''client'', 2)'), 'client,', 'L54: and nobody for her');
-- a link that was sent to a guardian
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.link SET guardian_id = fx.id('a', 'guardian', 1) WHERE id = fx.id('a', 'link', 1);
UPDATE app.link SET guardian_id = fx.id('a', 'guardian', 4) WHERE id = fx.id('a', 'link', 2);
COMMIT;
SELECT is(fx.ask('foyer_public', format('SELECT is_ok FROM sec.link_prove(''alpha.foyer.localhost'', fx.id(''a'', ''link'', 1), fx.tok(''link alpha 1''), %L, fx.tok(''x''), ''192.0.2.9'', NULL, NULL)', (now() - interval '16 years')::date)), 'f', 'L54: his link is not opened by her date of birth');
SELECT is(fx.ask('foyer_public', 'SELECT is_ok FROM sec.link_prove(''alpha.foyer.localhost'', fx.id(''a'', ''link'', 1), fx.tok(''link alpha 1''), ''1980-02-03'', fx.tok(''x''), ''192.0.2.9'', NULL, NULL)'), 't', 'L54: but by his');
SELECT is(pg_temp.link(2, pg_temp.take('NULL')), 'f,5,of_age', 'L54: when she is of age his link signs no more');
SELECT is(pg_temp.link(2, pg_temp.sign(2)), 'FY422', 'L54: says the database');

-- what the signed text says of who signs is the database's own word, and what was signed stands in the trail
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.link SET guardian_id = NULL WHERE id = fx.id('a', 'link', 1);
COMMIT;
SELECT is(pg_temp.link(1, 'SELECT count(*) FROM app.signing_as()'), '0', 'E-05: who was not found out stands in no text');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 1)', '''1980-02-03'''), 'SELECT signer, guardian_name, relation, witness_name, place, signed_utc = to_char(now() AT TIME ZONE ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS"Z"'') FROM app.signing_as()'),
    'guardian,Ines,Parent,,link,t', 'E-05: the text names the guardian and the relation that were proven');
SELECT is(pg_temp.link(1, pg_temp.take('fx.id(''a'', ''guardian'', 1)', '''1980-02-03'''), pg_temp.sign(1), 'COMMIT'), 'COMMIT', 'he signs');
CREATE FUNCTION pg_temp.said(which uuid) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(f.what, ',') FROM audit.seal_signed(fx.id('a', 'tenant', 1)) f WHERE f.id = which $$;
SELECT is((SELECT e.reason FROM audit.event e WHERE e.action = 'form.sealed' AND e.object_id = fx.id('a', 'signature', 1)), (SELECT encode(app.signature_digest(s), 'hex') FROM app.signature s WHERE s.id = fx.id('a', 'signature', 1)),
    'E-02: the trail keeps what was signed, by whom, how and when');
SELECT is(pg_temp.said(fx.id('a', 'signature', 1)), NULL, 'E-02: as it stands nothing is found');
SELECT throws_ok('UPDATE app.signature SET language = ''es''', '42501', NULL, 'E-02: nobody changes it');
CREATE FUNCTION pg_temp.past(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE 'UPDATE app.signature SET ' || change || ' WHERE id = fx.id(''a'', ''signature'', 1)';
    RAISE EXCEPTION 'undone' USING DETAIL = coalesce(pg_temp.said(fx.id('a', 'signature', 1)), 'nothing');
EXCEPTION WHEN raise_exception THEN
    GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
    RETURN found;
END $$;
SELECT is(pg_temp.past(c), 'is not what was signed', 'E-02: past the triggers it is found out: ' || c) FROM (VALUES ('signer = ''client'', guardian_id = NULL'), ('guardian_id = fx.id(''a'', ''guardian'', 2)'),
    ('witness_id = fx.id(''a'', ''staff'', 4)'), ('place = ''kiosk'''), ('language = ''es'''), ('signed_at = signed_at - interval ''1 second'''), ('method = ''drawn'', strokes_sealed = ''\x01'''),
    ('document_sha256 = sha256(''other'')'), ('wording_sha256 = sha256(''other'')'), ('second_factor = ''none''')) AS v (c);
SELECT is(pg_temp.past('zone = zone'), 'nothing', 'and what was not changed is not');

-- B28, A12: terms hold from their first day where the studio is; where staff is there somebody knows whether she is of age
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.tenant SET zone = 'Pacific/Kiritimati' WHERE id = app.tenant();
INSERT INTO app.policy_version (kind, version, title, body, effective_on) SELECT 'terms', 90, 'Terms', 'From today, here.', (now() AT TIME ZONE 'Pacific/Kiritimati')::date;
SELECT is((SELECT p.version FROM app.policy_version p WHERE p.id = app.policy_in_force('terms')), 90, 'terms of today are in force, although it is yesterday elsewhere');
ROLLBACK;
-- E-01: the terms are those of the language that is signed; where there are none, those of the studio's own, else any
BEGIN;
SELECT * FROM fx.inside('alpha');
INSERT INTO app.policy_version (kind, version, title, body, effective_on, language) VALUES
    ('terms', 90, 'Terms', 'Own.', current_date - 9, 'en'), ('terms', 91, 'Firma', 'Suyo.', current_date - 9, 'es'), ('terms', 92, 'Firma', 'Nuevo.', current_date - 8, 'es'), ('terms', 93, 'Firma', 'Luego.', current_date + 9, 'es');
CREATE FUNCTION pg_temp.terms(l text) RETURNS text LANGUAGE sql AS $$ SELECT p.version || ' ' || p.language FROM app.policy_version p WHERE p.id = app.terms_in_force(l) $$;
SELECT is((SELECT string_agg(coalesce(pg_temp.terms(x), '-'), ', ') FROM unnest(ARRAY['es', 'en', 'fr', NULL]) AS x), '92 es, 90 en, 90 en, 90 en', 'E-01: terms in force by language');
UPDATE app.tenant SET locale = 'es-US' WHERE id = app.tenant();
SELECT is(pg_temp.terms('fr'), '92 es', 'E-01: else those of the studio''s own language');
SELECT is((SELECT count(DISTINCT p.version) FROM app.policy_version p WHERE p.kind = 'terms' AND p.tenant_id = app.tenant()), (SELECT count(*) FROM app.policy_version p WHERE p.kind = 'terms' AND p.tenant_id = app.tenant()), 'a number names one text, whatever its language');
SELECT throws_ok($q$INSERT INTO app.policy_version (kind, version, title, body, effective_on, language) VALUES ('terms', 94, 'x', 'y', current_date, 'Spanish!')$q$, '23514', NULL, 'a language is a tag');
ROLLBACK;
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.client SET birth_date = NULL WHERE id = fx.id('a', 'client', 3);
UPDATE app.link SET place = 'kiosk', created_by = fx.id('a', 'staff', 4) WHERE id = fx.id('a', 'link', 3);
COMMIT;
CREATE FUNCTION pg_temp.tablet(n int, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_public', VARIADIC ARRAY[format('SELECT 1 FROM sec.begin_link(''alpha.foyer.localhost'', fx.id(''a'', ''link'', %1$s), fx.tok(''link session alpha %1$s''), ''form'', true, ''test'', ''192.0.2.9'', ''test agent'', NULL)', n)] || q) $$;
SELECT is(pg_temp.tablet(3, pg_temp.take('NULL'), pg_temp.sign(3)), 'FY422', 'L54: on the tablet nobody signs whose age nobody knows');
SELECT is(pg_temp.tablet(3, 'SELECT app.age_note(app.own_client(), NULL, true)'), '42501', 'L54: nor says so herself');
SELECT is(pg_temp.staff('owner', 'SELECT sec.spot_open(gen_random_uuid(), fx.id(''a'', ''client'', 3), ''kiosk'', sha256(''x''), NULL, NULL)'), 'FY422', 'L54: staff is asked before the tablet is handed over');
SELECT is(pg_temp.staff('owner', 'SELECT sec.spot_open(gen_random_uuid(), fx.id(''a'', ''client'', 3), ''kiosk'', sha256(''x''), ''2999-01-01'', NULL)'), 'FY422', 'L54: and gives no date to come');
SELECT is(pg_temp.staff('owner', 'SELECT sec.spot_open(gen_random_uuid(), fx.id(''a'', ''client'', 3), ''kiosk'', sha256(''x''), NULL, true) IS NOT NULL', 'COMMIT'), 'COMMIT', 'L54: has she seen that she is of age, it is noted by whom');
SELECT is((SELECT c.adult_seen_by FROM app.client c WHERE c.id = fx.id('a', 'client', 3)) IS NOT NULL, true, 'L54: in her record');
SELECT is(pg_temp.tablet(3, pg_temp.take('NULL'), pg_temp.sign(3)), 'INSERT 0 1', 'L54: then she signs');
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.client SET birth_date = '1990-01-01', adult_seen_at = NULL, adult_seen_by = NULL WHERE id = fx.id('a', 'client', 3);
UPDATE app.link SET place = 'link', created_by = NULL WHERE id = fx.id('a', 'link', 3);
COMMIT;

-- consents by purpose: a new version asks
BEGIN;
SELECT * FROM fx.inside('alpha');
INSERT INTO app.form (id, name, kind) VALUES (fx.id('a', 'form', 9), 'Photographs', 'consent');
INSERT INTO app.form_version (id, form_id, version, title, body) VALUES (fx.id('a', 'version', 9), fx.id('a', 'form', 9), 1, 'Photographs', 'As I say below.');
INSERT INTO app.form_question (form_version_id, position, key, kind, label, purpose) VALUES
    (fx.id('a', 'version', 9), 1, 'chart', 'yes_no', 'In your chart?', 'photo_chart'), (fx.id('a', 'version', 9), 2, 'site', 'acknowledge', 'On the website', 'photo_website');
UPDATE app.form_version SET published_at = now() WHERE id = fx.id('a', 'version', 9);
INSERT INTO app.form_assignment (id, client_id, form_id) SELECT fx.id('a', 'assignment', n), fx.id('a', 'client', 3), fx.id('a', 'form', 9) FROM generate_series(31, 32) n;
INSERT INTO app.form_event (assignment_id, client_id, kind, detail, at) SELECT fx.id('a', 'assignment', 31), fx.id('a', 'client', 3), v.kind, '', now() - v.ago
FROM (VALUES ('opened', interval '3 hours'), ('shown', interval '2 hours 58 minutes'), ('kept', interval '2 hours 50 minutes'), ('shown', interval '4 minutes'), ('kept', interval '1 minute')) AS v (kind, ago);
COMMIT;
CREATE FUNCTION pg_temp.allow(signature int, VARIADIC given text[]) RETURNS text LANGUAGE sql AS $$
    SELECT 'INSERT INTO app.consent (client_id, purpose, signature_id, is_given) VALUES ' || string_agg(format('(fx.id(''a'', ''client'', 3), %L, fx.id(''a'', ''signature'', %s), %L)', split_part(g, '=', 1), signature, split_part(g, '=', 2)), ', ') FROM unnest(given) g $$;
CREATE FUNCTION pg_temp.stands() RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.staff('provider', 'SELECT app.consent_stands(fx.id(''a'', ''client'', 3), ''photo_chart''), app.consent_stands(fx.id(''a'', ''client'', 3), ''photo_website''), app.consent_stands(fx.id(''a'', ''client'', 3), ''photo_teaching'')') $$;
SELECT is(pg_temp.stands(), 'f,f,f', 'nothing is allowed that nobody was asked about');
SELECT is(pg_temp.link(3, pg_temp.sign(3, 31, 9, 31), pg_temp.allow(31, 'photo_teaching=t')), 'FY422', 'a form allows only what it asks for');
SELECT is(pg_temp.link(3, pg_temp.sign(3, 31, 9, 31), pg_temp.allow(31, 'photo_chart=t', 'photo_website=t'), 'COMMIT'), 'COMMIT', 'she allows both');
SELECT is((SELECT seconds_spent BETWEEN 358 AND 400 FROM app.signature WHERE id = fx.id('a', 'signature', 31)), true, 'time spent: two minutes, then three and one; hours away do not count');
SELECT is((SELECT string_agg(kind || ' ' || detail, ', ' ORDER BY at, kind) FROM app.form_event WHERE assignment_id = fx.id('a', 'assignment', 31) AND kind IN ('consented', 'signed')), 'consented disclosure, signed link', 'that it was signed is written by the database');
SELECT is(pg_temp.stands(), 't,t,f', 'consent_stands: what she said yes to');
SELECT is(pg_temp.link(3, 'SELECT app.consent_withdraw(app.own_client(), ''photo_website'') IS NOT NULL', 'COMMIT'), 'COMMIT', 'she takes one back');
SELECT is(pg_temp.stands(), 't,f,f', 'at once');
SELECT is((SELECT withdrawn_kind FROM app.consent WHERE signature_id = fx.id('a', 'signature', 31) AND purpose = 'photo_website'), 'client', 'by whom is kept');
SELECT is((SELECT count(*) FROM app.form_event WHERE assignment_id = fx.id('a', 'assignment', 31) AND kind = 'withdrawn' AND detail = 'photo_website'), 1::bigint, 'and what happened to the form');
SELECT is(pg_temp.link(3, 'SELECT app.consent_withdraw(app.own_client(), ''photo_website'') IS NULL'), 't', 'twice is once');
SELECT is(pg_temp.link(2, 'SELECT app.consent_withdraw(fx.id(''a'', ''client'', 3), ''photo_chart'')'), 'FY403', 'T02: another''s is not hers to take back');
SELECT is(pg_temp.staff('front-desk', 'SELECT app.consent_withdraw(fx.id(''a'', ''client'', 3), ''photo_chart'')'), 'FY403', 'staff without the permission neither');
SELECT is(pg_temp.link(3, 'UPDATE app.consent SET withdrawn_at = NULL'), '42501', 'no page undoes it');
SELECT throws_ok('UPDATE app.consent SET withdrawn_at = NULL, withdrawn_kind = NULL WHERE withdrawn_at IS NOT NULL', '42501', NULL, 'nor the owner of the database');
SELECT throws_ok(q, '42501', NULL, q) FROM (VALUES ('UPDATE app.consent SET is_given = true, purpose = ''photo_teaching'''), ('DELETE FROM app.consent'), ('TRUNCATE app.consent'), ('UPDATE app.form_event SET at = now()'), ('DELETE FROM app.form_event')) AS v (q);
SELECT is(pg_temp.link(3, pg_temp.sign(3, 32, 9, 32), pg_temp.allow(32, 'photo_chart=f', 'photo_website=t'), 'COMMIT'), 'COMMIT', 'she signs the form again');
SELECT is(pg_temp.stands(), 'f,t,f', 'what was said last counts, a no as well');
SELECT is(pg_temp.staff('provider', 'SELECT app.consent_withdraw(fx.id(''a'', ''client'', 3), ''photo_website'') IS NOT NULL', 'COMMIT'), 'COMMIT', 'staff writes down that she takes it back');
SELECT is(pg_temp.stands(), 'f,f,f', 'at once');
-- anybody who holds a paper asks whether it was signed here
CREATE FUNCTION pg_temp.asked(fingerprint text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.link(2, format('SELECT is_unreadable, is_unknown, signed_on = (now() AT TIME ZONE ''America/New_York'')::date, taken_back_on IS NOT NULL, replaced_on IS NOT NULL, out_of_use_on IS NOT NULL FROM sec.form_verify(%L, ''192.0.2.77'')', fingerprint)) $$;
CREATE FUNCTION pg_temp.print(signature int) RETURNS text LANGUAGE sql AS $$ SELECT encode(sha256(convert_to('doc ' || signature, 'UTF8')), 'hex') $$;
SELECT is(pg_temp.asked(pg_temp.print(31)), 'f,f,t,t,t,f', 'E-04: signed, something was taken back, and the form was signed anew');
SELECT is(pg_temp.asked(upper(regexp_replace(pg_temp.print(32), '(.{4})', '\1 ', 'g'))), 'f,f,t,t,f,f', 'E-04: the newer one, typed in groups and capitals');
SELECT is(pg_temp.asked(pg_temp.print(1)), 'f,f,t,f,f,f', 'E-04: one that stands');
SELECT is(pg_temp.asked(encode(sha256('doc 2'), 'base64')), 't,f,,f,f,f', 'E-04: no fingerprint');
SELECT is(pg_temp.asked(pg_temp.print(999)), 'f,t,,f,f,f', 'E-04: none that was signed');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''beta'', 2)', format('SELECT is_unknown FROM sec.form_verify(%L, ''192.0.2.77'')', pg_temp.print(1))), 't', 'E-04 L48: another studio does not know it');
SELECT is(pg_temp.asked(''), '', 'E-04: who asks about none is told of none');
SELECT is(pg_temp.link(2, 'SELECT app.form_by_hash(sha256(''doc 1''))'), '42501', 'E-04: what lies behind the answer is for no page');
SELECT is(pg_temp.link(2, format('SELECT count(*) FROM generate_series(1, 61) CROSS JOIN LATERAL sec.form_verify(%L || lpad(generate_series::text, 2, ''0''), ''192.0.2.78'')', left(pg_temp.print(1), 62))), 'FY429', 'E-04 V-07: sixty in an hour from one network');
-- the link of a visit opens that of its forms, which remembers it
SELECT is(pg_temp.link(3, 'SELECT sec.link_new(fx.id(''a'', ''link'', 77), ''form'', fx.id(''a'', ''client'', 3), NULL, sha256(''x''), NULL, NULL) IS NOT NULL', 'COMMIT'), 'COMMIT', 'she goes on from one link to another');
SELECT is((SELECT l.from_link FROM app.link l WHERE l.id = fx.id('a', 'link', 77)), fx.id('a', 'link', 3), 'E-04: and the messages that carried the first led to it');
-- a form that takes a code by e-mail; first she has an address, then none
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.form f SET needs_code = true FROM app.form_assignment a WHERE a.id = fx.id('a', 'assignment', 3) AND f.tenant_id = a.tenant_id AND f.id = a.form_id;
UPDATE app.client SET email = 'three@example.com' WHERE id = fx.id('a', 'client', 3);
COMMIT;
CREATE FUNCTION pg_temp.code(n int, mac text DEFAULT 'sha256(''right'')') RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT sec.form_code_new(fx.id(''a'', ''assignment'', %s), %s, gen_random_uuid(), ''Your code'', ''\x01'', gen_random_uuid()::text)', n, mac) $$;
CREATE FUNCTION pg_temp.try(n int, mac text) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT is_right, tries_left FROM sec.form_code_try(fx.id(''a'', ''assignment'', %s), sha256(%L))', n, mac) $$;
SELECT is(pg_temp.link(3, pg_temp.take('NULL'), pg_temp.sign(3)), 'FY422', 'E-04: a form that takes a code is not signed without it');
SELECT is(pg_temp.link(3, pg_temp.code(3), pg_temp.take('NULL'), pg_temp.sign(3)), 'FY422', 'E-04: that one was sent is not enough');
SELECT is(pg_temp.link(3, pg_temp.code(3), pg_temp.try(3, 'wrong')), 'f,4', 'E-04: a wrong one is counted');
SELECT is(pg_temp.link(3, pg_temp.code(3), pg_temp.try(3, 'w'), pg_temp.try(3, 'w'), pg_temp.try(3, 'w'), pg_temp.try(3, 'w'), pg_temp.try(3, 'w'), pg_temp.try(3, 'right')), 'f,0', 'E-04: after five the right one is none');
SELECT is(pg_temp.link(3, pg_temp.code(3), pg_temp.code(3, 'sha256(''newer'')'), pg_temp.try(3, 'right')), 'f,4', 'E-04: another one ends the one before');
SELECT is(pg_temp.link(3, pg_temp.code(3), pg_temp.code(3), pg_temp.code(3), pg_temp.code(3)), 'FY429', 'E-04: three in an hour');
SELECT is(pg_temp.link(3, pg_temp.code(3), pg_temp.try(3, 'right'), pg_temp.take('NULL'), pg_temp.sign(3), 'SELECT max(code_channel) FROM app.signature WHERE client_id = fx.id(''a'', ''client'', 3)'), 'email', 'E-04: with it she signs, and the signature says so');
SELECT is(pg_temp.link(2, pg_temp.code(3)), 'FY404', 'E-04: of her own forms alone');
SELECT is(pg_temp.link(3, 'SELECT count(*) FROM sec.form_code'), '42501', 'E-04: nobody reads what is kept of a code');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT count(*) FROM app.message WHERE kind = ''account_form_code'''), '0', 'E-04: nor the mails');
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.client SET email = NULL WHERE id = fx.id('a', 'client', 3);
COMMIT;
SELECT is(pg_temp.link(3, pg_temp.code(3)), 'FY422', 'E-04: without an address no code goes anywhere');
SELECT is(pg_temp.link(3, pg_temp.take('NULL'), pg_temp.sign(3)), 'FY422', 'E-04: and by her link she cannot sign');
-- of a minor it goes to who signs for her, also by her own link
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.client SET birth_date = (now() - interval '10 years')::date, email = 'child@example.com' WHERE id = fx.id('a', 'client', 3);
INSERT INTO app.client_guardian (client_id, name, relation, email, may_sign, created_at) VALUES
    (fx.id('a', 'client', 3), 'No signer', 'carer', 'carer@example.com', false, now() - interval '3 days'), (fx.id('a', 'client', 3), 'No address', 'parent', NULL, true, now() - interval '2 days'),
    (fx.id('a', 'client', 3), 'Eva', 'parent', 'eva@example.com', true, now() - interval '1 day');
SELECT sec.form_code_address(fx.id('a', 'assignment', 3), fx.id('a', 'link', 3)) AS code_to \gset
UPDATE app.client_guardian SET ended_at = now() WHERE email = 'eva@example.com';
SELECT coalesce(sec.form_code_address(fx.id('a', 'assignment', 3), fx.id('a', 'link', 3)), 'nobody') AS code_to_nobody \gset
ROLLBACK;
SELECT is(:'code_to' || ' ' || :'code_to_nobody', 'eva@example.com nobody', 'L54 E-04: by a minor''s link the code goes to a guardian who may sign, never to her');
-- at the desk, where somebody of the staff is the witness, it goes without a code as long as there is no address, and no further
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.link SET place = 'desk', created_by = fx.id('a', 'staff', 4) WHERE id = fx.id('a', 'link', 3);
INSERT INTO sec.session (tenant_id, staff_id, token_hash, absolute_until) VALUES (app.tenant(), fx.id('a', 'staff', 4), sha256(fx.tok('a witness')), now() + interval '1 hour');
COMMIT;
SELECT is(pg_temp.link(3, pg_temp.take('NULL'), pg_temp.sign(3)), 'FY422', 'E-04: at the desk nobody signs without a witness');
SELECT is(pg_temp.link(3, 'SELECT is_ok FROM sec.signer_take(NULL, NULL, fx.tok(''a witness''))', pg_temp.sign(3), 'SELECT place, code_channel, witness_id = fx.id(''a'', ''staff'', 4) FROM app.signature WHERE assignment_id = fx.id(''a'', ''assignment'', 3)'),
    'desk,,t', 'E-04: with one she signs, and the signature says that there was no code');
BEGIN;
SELECT * FROM fx.inside('alpha');
UPDATE app.client SET email = 'three@example.com' WHERE id = fx.id('a', 'client', 3);
COMMIT;
SELECT is(pg_temp.link(3, 'SELECT is_ok FROM sec.signer_take(NULL, NULL, fx.tok(''a witness''))', pg_temp.sign(3)), 'FY422', 'E-04: where there is an address the code is asked for at the desk too');
BEGIN;
SELECT * FROM fx.inside('alpha');
DELETE FROM sec.session WHERE token_hash = sha256(fx.tok('a witness'));
UPDATE app.link SET place = DEFAULT, created_by = NULL WHERE id = fx.id('a', 'link', 3);
UPDATE app.form SET needs_code = false WHERE needs_code;
COMMIT;

-- Copies that cannot be made are asked for again each day, and do not keep back those that can.
\set statements `perl statements.pl`
BEGIN;
SELECT fx.inside('alpha');
SET LOCAL session_replication_role = replica;
INSERT INTO app.job (kind, subject_id, dedupe_key) SELECT 'form.pdf', s.id, s.id FROM app.signature s WHERE s.tenant_id = app.tenant() ON CONFLICT DO NOTHING;
INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone, signed_at)
SELECT fx.id('a', 'uncopied', n), gen_random_uuid(), fx.id('a', 'client', 1), fx.id('a', 'version', 1), fx.id('a', 'policy', 2), '\x00', sha256('doc'), sha256('wording'), 'typed', '\x00', 'UTC', now() - interval '1 hour' - n * interval '1 second'
FROM generate_series(1, 25) n;
INSERT INTO app.job (kind, subject_id, dedupe_key, state, finished_at) SELECT 'form.pdf', fx.id('a', 'uncopied', n), fx.id('a', 'uncopied', n), 'dead', now() FROM generate_series(1, 20) n;
CREATE TEMP TABLE statement ON COMMIT DROP AS SELECT s.sql FROM jsonb_to_recordset(:'statements'::jsonb) AS s (name text, sql text) WHERE s.name = 'proof_missing';
CREATE FUNCTION pg_temp.asked() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
    ids uuid[] := '{}';
BEGIN
    FOR id IN EXECUTE (SELECT s.sql FROM statement s) USING 20 LOOP
        ids := ids || id;
    END LOOP;
    RETURN (SELECT count(*) FILTER (WHERE n <= 20) || ' ' || count(*) FILTER (WHERE n > 20) FROM generate_series(1, 25) n WHERE fx.id('a', 'uncopied', n) = ANY (ids));
END $$;
SELECT is(pg_temp.asked(), '20 0', 'E-04: copies that could not be made are asked for again');
UPDATE app.job SET state = 'dead', finished_at = now() WHERE kind = 'form.pdf' AND subject_id IN (SELECT fx.id('a', 'uncopied', n) FROM generate_series(1, 20) n);
SELECT is(pg_temp.asked(), '0 5', 'E-04: and do not keep back those behind them');
SELECT is(pg_temp.asked(), '0 0', 'E-04: once a day');
ROLLBACK;

-- a signed copy in the mail itself: only of a version that holds nothing of health
BEGIN;
SELECT * FROM fx.inside('alpha');
INSERT INTO app.form (id, name, kind) VALUES (fx.id('a', 'form', 11), 'House rules', 'consent'), (fx.id('a', 'form', 12), 'About you', 'intake');
INSERT INTO app.form_version (id, form_id, version, title, body) VALUES (fx.id('a', 'version', 11), fx.id('a', 'form', 11), 1, 'House rules', 'Come in time.'),
    (fx.id('a', 'version', 12), fx.id('a', 'form', 12), 1, 'About you', 'We ask.');
INSERT INTO app.form_question (form_version_id, position, key, kind, label) VALUES (fx.id('a', 'version', 11), 1, 'agrees', 'acknowledge', 'I agree.');
SELECT is((SELECT holds_health::text || copy_attached FROM app.form_version WHERE id = fx.id('a', 'version', 11)), 'truefalse', 'L26: taken to be of health, and sent as a link');
SELECT throws_ok('UPDATE app.form_version SET copy_attached = true WHERE id = fx.id(''a'', ''version'', 11)', '23514', NULL, 'L26: a form of health never goes in the mail');
SELECT throws_ok('UPDATE app.form_version SET holds_health = false WHERE id = fx.id(''a'', ''version'', 12)', 'FY422', NULL, 'L26: an intake is always one');
SELECT lives_ok('UPDATE app.form_version SET holds_health = false, copy_attached = true WHERE id = fx.id(''a'', ''version'', 11)', 'L26: a consent with boxes alone need not be');
INSERT INTO app.form_question (form_version_id, position, key, kind, label) VALUES (fx.id('a', 'version', 11), 2, 'takes', 'medications', 'What do you take?');
SELECT is((SELECT holds_health::text || copy_attached FROM app.form_version WHERE id = fx.id('a', 'version', 11)), 'truefalse', 'L26: a question about health makes it one again');
SELECT throws_ok('UPDATE app.form_version SET holds_health = false WHERE id = fx.id(''a'', ''version'', 11)', 'FY422', NULL, 'L26: and nobody says otherwise');
SELECT throws_ok('INSERT INTO app.message (client_id, kind, channel, to_address, body_sealed, dedupe_key, attached_copy) VALUES (fx.id(''a'', ''client'', 1), ''form_copy'', ''email'', ''a@example.com'', ''\x01'', ''att'', gen_random_uuid())', 'FY403', NULL, 'L26: a message carries no other copy');
COMMIT;

-- the name that somebody types to sign
SELECT is(app.names_touch(app.norm(v.typed), app.norm(v.known)), v.fits, 'E-03: ' || v.typed || CASE WHEN v.fits THEN ' fits ' ELSE ' does not fit ' END || v.known)
FROM (VALUES ('Johanna Ågren', 'johanna agren', true), ('AGREN', 'Johanna Ågren', true), ('J. Ågren', 'Johanna Ågren', true), ('Jenny Ng', 'Jennifer Ng', true), ('Jenny Smith', 'Jennifer Jones', true),
             ('Johana Muñoz', 'Johanna Ågren', true), ('Maria del Carmen', 'Carmen Ruiz', true), ('李娜', '李 娜', true), ('Anne-Marie', 'Annemarie Koch', true),
             ('OHara', 'Zoë O''Hara', true), ('Piet Mondriaan', 'Johanna Ågren', false), ('Juan de la Rosa', 'Maria de la Cruz', false), ('Jan van den Berg', 'Eva van den Heuvel', false),
             ('王芳', '李娜', false), ('an', 'Johanna Ågren', false), ('---', 'Johanna Ågren', false)) AS v (typed, known, fits);
SELECT is(pg_temp.link(1, 'SELECT app.signer_fits((SELECT name FROM app.client WHERE id = app.own_client()), NULL)'), 't', 'E-03: her own name fits');
SELECT is(pg_temp.link(1, 'SELECT app.signer_fits(''Xxyyzz Qqww'', NULL)'), 'f', 'E-03: a stranger''s does not');

BEGIN;
SELECT * FROM finish();
COMMIT;
