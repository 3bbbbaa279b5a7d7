-- The life of a form that is asked for: until when it is due, what brings it back, how it is asked for by hand, and how what was signed
-- is taken back. L20, L54; E-04. At alpha, with clients of its own: 61 and a minor, 62.
BEGIN;
SELECT no_plan();
CREATE FUNCTION pg_temp.link(n int, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_public', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_link(''alpha'', %s)', n)] || q) $$;
CREATE FUNCTION pg_temp.staff(who text, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who)] || q) $$;
-- What the job does, in the studio's own transaction.
CREATE FUNCTION pg_temp.look() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM fx.inside('alpha'); RETURN app.form_look(fx.id('a', 'form', 60)); END $$;
CREATE FUNCTION pg_temp.sign(client int, assignment uuid, signature int) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone)
        SELECT fx.id(''a'', ''signature'', %s), %L, fx.id(''a'', ''client'', %s), v.id, fx.id(''a'', ''policy'', 2), ''\x01'', sha256(''life %s''), v.sha256, ''typed'', ''\x01'', ''America/New_York''
        FROM app.form_version v WHERE v.form_id = fx.id(''a'', ''form'', 60) ORDER BY v.version DESC LIMIT 1', signature, assignment, client, signature) $$;
-- What becomes of the form with a client's visit: each row's state, with what else is known of it.
CREATE FUNCTION pg_temp.asked(visit int, form int DEFAULT 60) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(t.state || CASE WHEN t.revoked_at IS NOT NULL THEN ' revoked' ELSE '' END || CASE WHEN t.is_dropped THEN ' dropped' ELSE '' END, ', ' ORDER BY t.created_at, t.revoked_at IS NULL), '')
    FROM app.form_assignment t WHERE t.appointment_id = fx.id('a', 'appointment', visit) AND t.form_id = fx.id('a', 'form', form) $$;
CREATE FUNCTION pg_temp.row_of(visit int) RETURNS uuid LANGUAGE sql AS $$
    SELECT t.id FROM app.form_assignment t WHERE t.appointment_id = fx.id('a', 'appointment', visit) AND t.form_id = fx.id('a', 'form', 60) AND t.revoked_at IS NULL $$;

SELECT * FROM fx.inside('alpha');
INSERT INTO app.client (id, name, email, birth_date) VALUES (fx.id('a', 'client', 61), 'Life One', 'life@example.com', '1980-01-01'), (fx.id('a', 'client', 62), 'Life Young', NULL, NULL);
INSERT INTO app.client_key (client_id, wrapped_key) VALUES (fx.id('a', 'client', 61), 'life61'), (fx.id('a', 'client', 62), 'life62');
INSERT INTO app.appointment (id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status, source)
SELECT fx.id('a', 'appointment', v.n), fx.id('a', 'client', v.c), fx.id('a', 'service', 2), fx.id('a', 'staff', 5), fx.id('a', 'location', 1), now() + v.off, now() + v.off + interval '30 minutes', 'booked', 'import'
FROM (VALUES (611, 61, interval '10 days'), (612, 61, interval '20 days'), (613, 61, interval '-1 day'), (621, 62, interval '12 days')) AS v (n, c, off);
INSERT INTO app.link (id, purpose, client_id, token_hash, expires_at) VALUES (fx.id('a', 'link', 61), 'form', fx.id('a', 'client', 61), sha256(fx.tok('link alpha 61')), now() + interval '1 day');
INSERT INTO sec.link_session (tenant_id, link_id, token_hash, expires_at) VALUES (app.tenant(), fx.id('a', 'link', 61), sha256(fx.tok('link session alpha 61')), now() + interval '2 hours');
INSERT INTO app.form (id, name, kind, validity, asked_with) VALUES (fx.id('a', 'form', 60), 'For life', 'consent', 'life', 'every_visit');
INSERT INTO app.form_version (id, form_id, version, title, body) VALUES (fx.id('a', 'version', 60), fx.id('a', 'form', 60), 1, 'For life', 'I may take it back.');
INSERT INTO app.form_question (form_version_id, position, key, kind, label, purpose) VALUES (fx.id('a', 'version', 60), 1, 'chart', 'yes_no', 'In your chart?', 'photo_chart'), (fx.id('a', 'version', 60), 2, 'mail', 'yes_no', 'Offers?', 'email_news');
INSERT INTO app.form_authorisation (form_version_id, language, described, used_by, used_for, used_until, taking_back) VALUES (fx.id('a', 'version', 60), 'en', 'Photographs', 'The studio', 'Offers', 'Thirty days', 'At the desk');
COMMIT;

-- what a permission must say, asked by the database, whichever page publishes
CREATE FUNCTION pg_temp.publish(change text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.staff('owner', change, 'SELECT n_asked FROM app.form_publish(fx.id(''a'', ''form'', 60), (SELECT app.form_draft_mark(v.edited_at) FROM app.form_version v WHERE v.id = app.form_draft_of(fx.id(''a'', ''form'', 60))), false)') $$;
SELECT is(pg_temp.publish(format('UPDATE app.form_authorisation SET %I = '''' WHERE form_version_id = fx.id(''a'', ''version'', 60)', e.element)), 'FY422', 'R-10: not without ' || e.element) FROM app.authorisation_elements('en') e;
SELECT is(pg_temp.publish('DELETE FROM app.form_authorisation WHERE form_version_id = fx.id(''a'', ''version'', 60)'), 'FY422', 'R-10: nor without any');
SELECT isnt(pg_temp.staff('front-desk', 'SELECT app.form_authorisation_save(fx.id(''a'', ''form'', 60), ''en'', 1, '''', '''', '''', '''', '''')', 'COMMIT'), 'COMMIT', 'R-10: who may not build forms changes none');

-- published, and the visits that are booked are looked at, by a job
SELECT is(pg_temp.asked(611), '', 'a draft is asked of nobody');
SELECT is(pg_temp.staff('owner', 'SELECT n_asked FROM app.form_publish(fx.id(''a'', ''form'', 60), (SELECT app.form_draft_mark(v.edited_at) FROM app.form_version v WHERE v.id = app.form_draft_of(fx.id(''a'', ''form'', 60))), false)', 'COMMIT'), 'COMMIT', 'B3: published');
SELECT is((SELECT count(*) > 0 FROM app.job WHERE kind = 'form.look' AND subject_id = fx.id('a', 'form', 60) AND state = 'ready'), true, 'B3: a job looks at the visits that are booked');
SELECT cmp_ok(pg_temp.look(), '>=', 3, 'B3: it does');
SELECT is(pg_temp.asked(611) || '|' || pg_temp.asked(612) || '|' || pg_temp.asked(613) || '|' || pg_temp.asked(621), 'due|due||due', 'B3: those to come ask for it');
SELECT is(pg_temp.look(), 0, 'B3: and there is nothing left to look at');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT app.form_look(fx.id(''a'', ''form'', 60))'), '42501', 'B3: no page does that job');
SELECT is(pg_temp.staff('owner', 'SELECT app.form_withdraw(fx.id(''a'', ''form'', 60), ''A typing error'') IS NOT NULL', 'COMMIT'), 'COMMIT', 'E-06: withdrawn');
SELECT is(pg_temp.asked(611) || '|' || pg_temp.asked(612), 'withdrawn|withdrawn', 'E-06: and asked of nobody');
SELECT is(pg_temp.staff('owner', 'SELECT app.form_draft_begin(fx.id(''a'', ''form'', 60)) IS NOT NULL', 'SELECT n_asked FROM app.form_publish(fx.id(''a'', ''form'', 60), (SELECT app.form_draft_mark(v.edited_at) FROM app.form_version v WHERE v.id = app.form_draft_of(fx.id(''a'', ''form'', 60))), false)', 'COMMIT'), 'COMMIT', 'B3: a new version');
SELECT cmp_ok(pg_temp.look(), '>', 0, 'B3: is looked at');
SELECT is(pg_temp.asked(611) || '|' || pg_temp.asked(612), 'due|due', 'B3: what was withdrawn for an error is due again');

-- rules and ages
SELECT is(pg_temp.staff('owner', 'SELECT app.form_save(fx.id(''a'', ''form'', 60), (SELECT edition FROM app.form WHERE id = fx.id(''a'', ''form'', 60)), ''For life'', ''life'', NULL, ''every_visit'', ''adults'', ''{}'', false) IS NOT NULL', 'COMMIT'), 'COMMIT', 'B3: for adults alone now');
SELECT cmp_ok(pg_temp.look(), '>', 0, 'B3: looked at');
SELECT is(pg_temp.asked(621), 'due', 'whose date of birth nobody knows counts as of age');
SELECT is(pg_temp.staff('front-desk', 'UPDATE app.client SET birth_date = ''2015-01-01'' WHERE id = fx.id(''a'', ''client'', 62)', 'COMMIT'), 'COMMIT', 'B3: her date of birth is noted');
SELECT is(pg_temp.asked(621), 'withdrawn', 'B3: no longer asked of a child');
SELECT is(pg_temp.staff('front-desk', 'UPDATE app.client SET birth_date = ''1995-01-01'' WHERE id = fx.id(''a'', ''client'', 62)', 'COMMIT'), 'COMMIT', 'B3: it was wrong');
SELECT is(pg_temp.asked(621), 'due', 'B3: and asked again');

-- a visit that does not take place
SELECT is(pg_temp.staff('front-desk', 'SELECT app.appointment_set_status(fx.id(''a'', ''appointment'', 621), ''cancelled'', NULL, ''client_asked'') > 0', 'COMMIT'), 'COMMIT', 'B5: cancelled');
SELECT is(pg_temp.asked(621), 'withdrawn', 'B5: and nothing is due for it');
SELECT is((SELECT detail FROM app.form_event WHERE client_id = fx.id('a', 'client', 62) AND kind = 'withdrawn' ORDER BY at DESC LIMIT 1), 'the visit', 'B5: what happened is written down');
SELECT is(app.form_is_due('due', now() - interval '2 days'), true, 'B5: a form of the last days can still be signed');
SELECT is(app.form_is_due('due', now() - interval '4 days'), false, 'B5: one of last week cannot');
SELECT is(app.form_is_due('due', NULL), true, 'B5: one for the record always');

-- by hand
SELECT is(pg_temp.staff('biller', 'SELECT app.form_ask(fx.id(''a'', ''client'', 61), fx.id(''a'', ''form'', 60), NULL)'), 'FY403', 'B4: not by who may not book');
SELECT is(pg_temp.staff('front-desk', 'SELECT app.form_ask(fx.id(''a'', ''client'', 61), fx.id(''a'', ''form'', 60), fx.id(''a'', ''appointment'', 611))'), 'FY422', 'B4: it is due there already');
SELECT is(pg_temp.staff('front-desk', 'SELECT app.form_ask(fx.id(''a'', ''client'', 61), fx.id(''a'', ''form'', 60), fx.id(''a'', ''appointment'', 621))'), 'FY422', 'B4: another client''s visit is not hers');
SELECT is(pg_temp.staff('front-desk', 'SELECT app.form_ask(fx.id(''a'', ''client'', 61), fx.id(''b'', ''form'', 1), NULL)'), 'FY422', 'B4 L48: nor another studio''s form');
SELECT is(pg_temp.staff('front-desk', 'SELECT app.form_ask(fx.id(''a'', ''client'', 61), fx.id(''a'', ''form'', 60), fx.id(''a'', ''appointment'', 613)) IS NOT NULL', 'COMMIT'), 'COMMIT', 'B4: with the visit of yesterday');
SELECT is(pg_temp.staff('front-desk', 'SELECT app.form_ask(fx.id(''a'', ''client'', 61), fx.id(''a'', ''form'', 60), NULL) IS NOT NULL', 'SELECT app.form_ask(fx.id(''a'', ''client'', 61), fx.id(''a'', ''form'', 60), NULL)'), 'FY422', 'B4: for her record, once');
SELECT is(pg_temp.staff('front-desk', format('SELECT app.form_drop(gen_random_uuid(), fx.id(''a'', ''client'', 61), %L, ''\x01'') IS NOT NULL', pg_temp.row_of(612)), 'COMMIT'), 'COMMIT', 'B4: with the later visit it is not needed');
SELECT is(pg_temp.asked(612), 'withdrawn dropped', 'B4: she is not asked');
BEGIN; SELECT * FROM fx.inside('alpha'); SELECT app.forms_recheck(fx.id('a', 'client', 61)) IS NULL; COMMIT;
SELECT is(pg_temp.asked(612), 'withdrawn dropped', 'B4: and no rule brings it back');
SELECT is(pg_temp.staff('provider', 'UPDATE app.form_withdrawal SET at = now()'), '42501', 'B4: what was said stays as it was said');
SELECT is(pg_temp.staff('front-desk', 'SELECT count(*) FROM app.form_withdrawal'), '0', 'B4: the reason is for who reads charts');
SELECT is(pg_temp.staff('provider', 'SELECT count(*) FROM app.form_withdrawal WHERE client_id = fx.id(''a'', ''client'', 61)'), '1', 'B4: and for her');

-- signed, and taken back
BEGIN; SELECT * FROM fx.inside('alpha');
UPDATE app.form SET for_whom = 'everybody' WHERE id = fx.id('a', 'form', 60);
COMMIT;
CREATE FUNCTION pg_temp.stands() RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.staff('provider', 'SELECT app.consent_stands(fx.id(''a'', ''client'', 61), ''photo_chart'')') $$;
CREATE FUNCTION pg_temp.news() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM fx.inside('alpha'); RETURN coalesce(app.messaging_refusal(fx.id('a', 'client', 61), 'email', 'news'), 'allowed'); END $$;
SELECT is(pg_temp.link(61, pg_temp.sign(61, pg_temp.row_of(611), 610),
    'INSERT INTO app.consent (client_id, purpose, signature_id, is_given) VALUES (fx.id(''a'', ''client'', 61), ''photo_chart'', fx.id(''a'', ''signature'', 610), true)',
    'SELECT app.messaging_signed(fx.id(''a'', ''signature'', 610), ''{email_news}'', ''{t}'') IS NULL', 'COMMIT'), 'COMMIT', 'L20: she signs');
SELECT is(pg_temp.asked(611) || '|' || pg_temp.asked(613) || '|' || pg_temp.stands() || '|' || pg_temp.news(), 'signed|withdrawn|t|allowed', 'L20: it stands, and is due nowhere else');
SELECT is(pg_temp.link(3, 'SELECT app.signature_withdraw(gen_random_uuid(), app.own_client(), fx.id(''a'', ''signature'', 610), NULL)'), 'FY404', 'T02 B1: another''s form is not there');
SELECT is(pg_temp.link(3, 'SELECT app.signature_withdraw(gen_random_uuid(), fx.id(''a'', ''client'', 61), fx.id(''a'', ''signature'', 610), NULL)'), 'FY403', 'T02 B1: nor in her name');
SELECT is(pg_temp.staff('front-desk', 'SELECT app.signature_withdraw(gen_random_uuid(), fx.id(''a'', ''client'', 61), fx.id(''a'', ''signature'', 610), NULL)'), 'FY403', 'B1: staff without the permission neither');
SELECT is(pg_temp.link(61, 'SELECT app.signature_withdraw(fx.id(''a'', ''withdrawal'', 1), app.own_client(), fx.id(''a'', ''signature'', 610), ''\x01'') IS NOT NULL', 'COMMIT'), 'COMMIT', 'L54 B1: she takes it back');
SELECT is(pg_temp.asked(611) || '|' || pg_temp.asked(612) || '|' || pg_temp.stands() || '|' || pg_temp.news(), 'signed revoked, due|withdrawn dropped|f|objected', 'L54 B1: at once, with what it allowed; and the visit to come asks anew');
SELECT is((SELECT string_agg(kind || ' ' || detail, ', ') FROM app.form_event WHERE assignment_id = (SELECT assignment_id FROM app.signature WHERE id = fx.id('a', 'signature', 610)) AND kind = 'withdrawn' AND link_id IS NOT NULL), 'withdrawn the signature', 'B1: what happened to it');
SELECT is((SELECT w.by_kind || ' ' || (w.by_staff IS NULL) || ' ' || (w.reason_sealed IS NOT NULL) FROM app.form_withdrawal w WHERE w.signature_id = fx.id('a', 'signature', 610)), 'client true true', 'B1: by whom');
SELECT is(pg_temp.link(61, 'SELECT app.signature_withdraw(gen_random_uuid(), app.own_client(), fx.id(''a'', ''signature'', 610), NULL)'), 'FY422', 'B1: once');
SELECT is(pg_temp.link(61, 'SELECT revoked_on = (now() AT TIME ZONE ''America/New_York'')::date FROM sec.form_verify(encode(sha256(''life 610''), ''hex''), ''192.0.2.79'')'), 't', 'E-04 B1: who holds the paper is told');
SELECT throws_ok(q, '42501', NULL, 'B1: ' || q) FROM (VALUES ('UPDATE app.form_withdrawal SET signature_id = NULL'), ('DELETE FROM app.form_withdrawal'), ('TRUNCATE app.form_withdrawal')) AS v (q);
SELECT is(pg_temp.link(61, pg_temp.sign(61, pg_temp.row_of(611), 611), 'COMMIT'), 'COMMIT', 'B1: she signs it anew');
SELECT is(pg_temp.asked(611), 'signed revoked, signed', 'B1: and both are kept');
SELECT is(pg_temp.staff('provider', 'SELECT app.signature_withdraw(gen_random_uuid(), fx.id(''a'', ''client'', 61), fx.id(''a'', ''signature'', 611), NULL) IS NOT NULL', 'COMMIT'), 'COMMIT', 'B1: staff writes it down for her');
BEGIN; SELECT * FROM fx.inside('alpha');
SELECT is((SELECT count(*) FROM app.objections() o WHERE o.kind = 'form.end' AND o.subject LIKE fx.id('a', 'client', 61) || '/%'), 2::bigint, 'B1: what was taken back is in the list beside the backups');
-- consents end with their form, and when she is of age
UPDATE app.form SET validity = 'days', valid_days = 30 WHERE id = fx.id('a', 'form', 60);
COMMIT;
SELECT is(pg_temp.link(61, pg_temp.sign(61, pg_temp.row_of(611), 612),
    'INSERT INTO app.consent (client_id, purpose, signature_id, is_given) VALUES (fx.id(''a'', ''client'', 61), ''photo_chart'', fx.id(''a'', ''signature'', 612), true)', 'COMMIT'), 'COMMIT', 'B20: signed for thirty days');
SELECT is((SELECT c.until - s.signed_at FROM app.consent c JOIN app.signature s ON s.id = c.signature_id WHERE s.id = fx.id('a', 'signature', 612)), interval '30 days', 'B20: what it allows ends with it');
SELECT is(pg_temp.stands(), 't', 'B20: until then it stands');
CREATE FUNCTION pg_temp.as_if(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    PERFORM fx.inside('alpha');
    SET LOCAL session_replication_role = replica;
    EXECUTE change;
    RAISE EXCEPTION 'undone' USING DETAIL = app.consent_stands(fx.id('a', 'client', 61), 'photo_chart')::text;
EXCEPTION WHEN raise_exception THEN
    GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
    RETURN found;
END $$;
SELECT is(pg_temp.as_if('UPDATE app.consent SET until = now() - interval ''1 second'' WHERE signature_id = fx.id(''a'', ''signature'', 612)'), 'false', 'B20: after that it does not');
SELECT is(pg_temp.as_if('UPDATE app.signature SET signer = ''guardian'', guardian_id = gen_random_uuid() WHERE id = fx.id(''a'', ''signature'', 612); UPDATE app.client SET birth_date = current_date - interval ''17 years'' WHERE id = fx.id(''a'', ''client'', 61)'), 'true', 'B20: what a guardian allowed stands while she is a child');
SELECT is(pg_temp.as_if('UPDATE app.signature SET signer = ''guardian'', guardian_id = gen_random_uuid() WHERE id = fx.id(''a'', ''signature'', 612); UPDATE app.client SET birth_date = current_date - interval ''18 years 2 days'' WHERE id = fx.id(''a'', ''client'', 61)'), 'false', 'B20: and ends when she is of age');
BEGIN; SELECT * FROM fx.inside('alpha');
UPDATE app.form SET is_active = false WHERE id = fx.id('a', 'form', 60);
COMMIT;
SELECT * FROM finish();
