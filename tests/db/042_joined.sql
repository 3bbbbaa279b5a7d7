-- L10, L11, L12, L20: what is known of a person is read over all of her records, and a guardian's phone and e-mail only by whose role shows
-- them. At alpha, client 1 is joined to client 2; what is made goes again. (Before the storm, whose visits are to come: who has such is not joined.)
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = error;
CREATE FUNCTION pg_temp.staff(who text, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who)] || q) $$;
CREATE FUNCTION pg_temp.c(n int) RETURNS text LANGUAGE sql AS $$ SELECT quote_literal(fx.id('a', 'client', n)) || '::uuid' $$;
CREATE FUNCTION pg_temp.join(one int, other int) RETURNS text LANGUAGE sql AS $$ SELECT format('INSERT INTO app.client_merged (client_id, into_id) VALUES (%s, %s)', pg_temp.c(one), pg_temp.c(other)) $$;
COMMIT;
BEGIN;
SELECT * FROM fx.inside('alpha');
INSERT INTO app.product (id, name, kind, unit) VALUES (fx.id('a', 'product', 76), 'Joined', 'toxin', 'units');
INSERT INTO app.product_lot (id, product_id, lot, expires_on, received_on) VALUES (fx.id('a', 'lot', 76), fx.id('a', 'product', 76), 'J1', '2040-01-01', '2020-01-01');
INSERT INTO app.encounter (id, client_id, provider_id, done_on, noted_by) SELECT fx.id('a', 'encounter', n), fx.id('a', 'client', n), fx.id('a', 'staff', 4), current_date - n, fx.id('a', 'staff', 4) FROM generate_series(1, 3) n;
INSERT INTO app.encounter_product (client_id, encounter_id, lot_id, amount_milli, noted_by) SELECT fx.id('a', 'client', n), fx.id('a', 'encounter', n), fx.id('a', 'lot', 76), 1000, fx.id('a', 'staff', 4) FROM generate_series(1, 3) n;
INSERT INTO app.client_guardian (id, client_id, name, relation, email, phone, birth_date) VALUES (fx.id('a', 'guardian', 76), fx.id('a', 'client', 2), 'Ida', 'parent', 'ida@example.com', '+12125550176', '1970-01-01');
INSERT INTO app.role (id, slug, name, masks) VALUES (fx.id('a', 'role', 76), 'masked', 'Masked', '{phone,email}');
INSERT INTO app.role_permission (role_id, permission) VALUES (fx.id('a', 'role', 76), 'client_read'), (fx.id('a', 'role', 76), 'client_write');
SELECT app.staff_new(fx.id('a', 'staff', 76), 'Masked Max', 'max76@studio.test', '', false, 'masked') \g /dev/null
INSERT INTO sec.session (tenant_id, staff_id, token_hash, absolute_until) VALUES (app.tenant(), fx.id('a', 'staff', 76), sha256(fx.tok('session alpha masked')), now() + interval '12 hours');
COMMIT;

SELECT is(pg_temp.staff('owner', format('SELECT count(*), sum(n_treatments) FROM app.lot_received(%L)', fx.id('a', 'lot', 76))), '3,3', 'L11: three clients received the lot');
SELECT is(pg_temp.staff('owner', pg_temp.join(1, 2), format('SELECT count(*), sum(n_treatments), bool_or(client_id = %s) FROM app.lot_received(%L)', pg_temp.c(1), fx.id('a', 'lot', 76))), '2,3,f',
    'L11: joined, two people received it, one of them twice, and the record that stays is named');
CREATE FUNCTION pg_temp.letter(n int) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT 1 FROM app.recall_keep(%L, %s, gen_random_uuid(), ''x@example.com'', ''S'', ''\x00'')', fx.id('a', 'lot', 76), pg_temp.c(n)) $$;
SELECT is(pg_temp.staff('owner', pg_temp.join(1, 2), pg_temp.letter(1), pg_temp.letter(2), 'SELECT count(*) FROM app.recall_message'), '1', 'L11: a person gets one letter, whichever record it is written for');
SELECT is(pg_temp.staff('owner', pg_temp.letter(1), pg_temp.letter(2), pg_temp.join(1, 2), format('SELECT app.recall_send(%L)', fx.id('a', 'lot', 76))), '1', 'L11: of two that were kept before the records were joined one goes out');
SELECT is(pg_temp.staff('owner', pg_temp.letter(1), pg_temp.letter(2), pg_temp.join(1, 2), format('SELECT app.recall_send(%L)', fx.id('a', 'lot', 76)),
    'SELECT string_agg(m.state, ''+'' ORDER BY m.client_id) FROM app.message m WHERE m.kind = ''lot_recall'''), (SELECT string_agg(CASE n WHEN 1 THEN 'suppressed' ELSE 'queued' END, '+' ORDER BY fx.id('a', 'client', n)) FROM generate_series(1, 2) n), 'L11: that of the record that stays');

-- what became of a letter stands beside who received the lot: that one was refused or did not arrive is no "sent"
BEGIN;
SELECT fx.inside('alpha');
SELECT set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', fx.id('a', 'staff', 1)::text, true), set_config('foyer.perms', ',chart_read,message_write,', true) \g /dev/null
CREATE FUNCTION pg_temp.how(VARIADIC clients int[]) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', l.words, CASE WHEN l.is_sent THEN 'good' WHEN l.is_bad THEN 'bad' ELSE '-' END) FROM app.recall_letter(fx.id('a', 'lot', 76), ARRAY(SELECT fx.id('a', 'client', n) FROM unnest(clients) AS n)) l $$;
CREATE FUNCTION pg_temp.becomes(n int, state text, problem text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN
    UPDATE app.message m SET state = becomes.state, problem = becomes.problem, sent_at = CASE becomes.state WHEN 'sent' THEN now() END WHERE m.kind = 'lot_recall' AND m.client_id = fx.id('a', 'client', n);
END $$;
SELECT is(pg_temp.how(1), '-', 'L11: no letter');
SELECT app.recall_keep(fx.id('a', 'lot', 76), fx.id('a', 'client', n), gen_random_uuid(), 'x@example.com', 'S', '\x00') FROM generate_series(1, 2) n \g /dev/null
SELECT is(pg_temp.how(1), 'prepared -', 'L11: it is prepared');
SELECT app.recall_send(fx.id('a', 'lot', 76)) \g /dev/null
SELECT is(pg_temp.how(1), 'waiting -', 'L11: it waits to be sent');
SELECT pg_temp.becomes(1, 'sent', NULL);
SELECT pg_temp.becomes(2, 'failed', 'refused');
SELECT is(pg_temp.how(1) || ', ' || pg_temp.how(2), 'sent good, not delivered bad', 'L11: one arrived, one did not');
SELECT pg_temp.becomes(2, 'suppressed', 'opted_out');
SELECT is(pg_temp.how(2), 'refused bad', 'L11: an address that opted out got none');
SELECT pg_temp.becomes(2, 'unknown', NULL);
SELECT is(pg_temp.how(2), 'perhaps sent bad', 'L11: of one whose runner stopped nobody knows');
SELECT is(pg_temp.how(1, 2), 'sent good', 'L11: of two records of a person, one letter arrived');
SELECT set_config('foyer.perms', ',message_write,', true) \g /dev/null
SELECT is(pg_temp.how(1, 2), '-', 'T02: who reads no charts is told of none');
ROLLBACK;

-- consents: what was said last on any of her records counts for all
CREATE FUNCTION pg_temp.said(n int, given boolean, ago text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN
    PERFORM set_config('foyer.tenant_id', fx.id('a', 'tenant', 1)::text, true), set_config('foyer.actor_kind', 'system', true);
    SET LOCAL session_replication_role = replica;
    INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone, signed_at)
    SELECT fx.id('a', 'signed', n), fx.id('a', 'assignment', n), fx.id('a', 'client', n), v.id, fx.id('a', 'policy', 2), '\x00', sha256(convert_to('joined ' || n, 'UTF8')), v.sha256, 'typed', '\x00', 'UTC', now() - ago::interval FROM app.form_version v WHERE v.id = fx.id('a', 'version', 1) AND v.tenant_id = app.tenant();
    INSERT INTO app.consent (id, client_id, purpose, signature_id, is_given, at) VALUES (fx.id('a', 'said', n), fx.id('a', 'client', n), 'photo_website', fx.id('a', 'signed', n), given, now() - ago::interval);
END $$;
BEGIN;
SELECT pg_temp.said(1, true, '1 day');
SELECT pg_temp.said(2, false, '2 days');
COMMIT;
CREATE FUNCTION pg_temp.stand() RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT app.consent_stands(%s, ''photo_website''), app.consent_stands(%s, ''photo_website'')', pg_temp.c(1), pg_temp.c(2)) $$;
SELECT is(pg_temp.staff('provider', pg_temp.stand()), 't,f', 'L20: two people, one of whom allows it');
SELECT is(pg_temp.staff('owner', pg_temp.join(1, 2), pg_temp.stand()), 't,t', 'L20: joined, what she said last holds for both records');
SELECT is(pg_temp.staff('owner', pg_temp.join(2, 1), pg_temp.stand()), 't,t', 'L20: whichever stays');
SELECT is(pg_temp.staff('owner', pg_temp.join(1, 2), format('SELECT string_agg(c.client_id || ''+'' || c.stands, '';'') FROM app.consents_of(%s) c', pg_temp.c(2))), fx.id('a', 'client', 1) || '+true', 'L20: she is shown once, with the signature that it stands on');
SELECT is(pg_temp.staff('owner', pg_temp.join(1, 2), format('SELECT app.consent_withdraw(%s, ''photo_website'') IS NOT NULL', pg_temp.c(2)), pg_temp.stand()), 'f,f', 'L20: taken back on one it is taken back on both');
CREATE FUNCTION pg_temp.anew(n int) RETURNS text LANGUAGE sql AS $$
    SELECT fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', format('SELECT replaced_on = ((now() - interval ''1 day'') AT TIME ZONE ''UTC'')::date FROM sec.form_verify(encode(sha256(%L), ''hex''), ''192.0.2.79'')', 'joined ' || n)) $$;
SELECT is(pg_temp.anew(2), '', 'E-04: what somebody else signs later replaces nothing');
SELECT is(pg_temp.staff('owner', pg_temp.join(1, 2), 'COMMIT', 'BEGIN', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', pg_temp.stand()), 't,t', 'joined for the client''s own link');
SELECT is(pg_temp.anew(2), 't', 'E-04: but what the same person signed later, on another record');
SELECT is(pg_temp.anew(1), '', 'E-04: which is the newest');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 2)', 'SELECT count(*) FROM app.consents_of(app.own_client())'), '1', 'L20: by her link she sees what she allowed on the other record');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 2)', 'SELECT app.consent_withdraw(app.own_client(), ''photo_website'') IS NOT NULL', pg_temp.stand()), 'f,f', 'L20: and takes it back');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 3)', 'SELECT count(*) FROM app.consents_of(' || pg_temp.c(2) || ')'), '0', 'T02: nobody asks what another allows');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 3)', pg_temp.stand()), 'f,f', 'T02: nor whether');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''beta'', 2)', pg_temp.stand()), 'f,f', 'T01: nor at another studio');

-- the rules of booking know a visit of the joined record
SELECT is(pg_temp.staff('owner', format('SELECT app.person_ids(%s) @> app.person_ids(%s), cardinality(app.person_ids(%s)), cardinality(app.person_ids(%s))', pg_temp.c(1), pg_temp.c(2), pg_temp.c(1), pg_temp.c(3))), 't,2,1', 'L10: her records are the same from either of them');

-- a guardian's phone and e-mail
CREATE FUNCTION pg_temp.g() RETURNS text LANGUAGE sql AS $$ SELECT quote_literal(fx.id('a', 'guardian', 76)) $$;
SELECT is(pg_temp.staff('owner', 'SELECT phone FROM app.client_guardian'), '42501', 'D-18: the columns are closed');
SELECT is(pg_temp.staff('owner', 'SELECT email FROM app.client_guardian'), '42501', 'D-18: both');
SELECT is(pg_temp.staff('owner', format('SELECT * FROM app.guardian_contact(%s)', pg_temp.g())), '+12125550176,ida@example.com', 'D-18: whose role shows them reads them');
SELECT is(pg_temp.staff('masked', format('SELECT * FROM app.guardian_contact(%s)', pg_temp.g())), ',', 'D-18: whose role masks them does not');
SELECT is(pg_temp.staff('masked', format('SELECT app.guardian_mail(%s) IS NULL', pg_temp.g())), 't', 'D-18: nor where messages go, unless she may write to clients');
SELECT is(pg_temp.staff('masked', format('UPDATE app.client_guardian SET name = ''Ida B'', phone = NULL, email = ''new@example.com'' WHERE id = %s', pg_temp.g()), 'COMMIT'), 'COMMIT', 'she may change the rest of him');
SELECT is((SELECT name || ' ' || phone || ' ' || email FROM app.client_guardian WHERE id = fx.id('a', 'guardian', 76)), 'Ida B +12125550176 ida@example.com', 'D-18: what is not shown to her stays');

DO $$
BEGIN
    PERFORM fx.inside('alpha');
    SET LOCAL session_replication_role = replica;
    DELETE FROM app.client_merged WHERE tenant_id = fx.id('a', 'tenant', 1);
    DELETE FROM app.consent WHERE id IN (fx.id('a', 'said', 1), fx.id('a', 'said', 2));
    DELETE FROM app.signature WHERE id IN (fx.id('a', 'signed', 1), fx.id('a', 'signed', 2));
    DELETE FROM app.client_change WHERE object_id = fx.id('a', 'guardian', 76);
    DELETE FROM app.client_guardian WHERE id = fx.id('a', 'guardian', 76);
    DELETE FROM app.encounter_product WHERE lot_id = fx.id('a', 'lot', 76);
    DELETE FROM app.encounter WHERE id IN (fx.id('a', 'encounter', 1), fx.id('a', 'encounter', 2), fx.id('a', 'encounter', 3));
    DELETE FROM app.product_lot WHERE id = fx.id('a', 'lot', 76);
    DELETE FROM app.product WHERE id = fx.id('a', 'product', 76);
    DELETE FROM sec.session WHERE staff_id = fx.id('a', 'staff', 76);
    DELETE FROM app.staff_role WHERE staff_id = fx.id('a', 'staff', 76);
    DELETE FROM app.staff WHERE id = fx.id('a', 'staff', 76);
    DELETE FROM app.role_permission WHERE role_id = fx.id('a', 'role', 76);
    DELETE FROM app.role WHERE id = fx.id('a', 'role', 76);
END $$;
SELECT * FROM finish();
