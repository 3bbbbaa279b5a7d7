-- What may be sent to a client: B18, X-01, X-03. At alpha.
BEGIN;
SELECT no_plan();
CREATE FUNCTION pg_temp.link(n int, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_public', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_link(''alpha'', %s)', n)] || q) $$;
CREATE FUNCTION pg_temp.staff(who text, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who)] || q) $$;
-- The words in force of a channel and purpose, as an expression.
CREATE FUNCTION pg_temp.words(wanted text) RETURNS text LANGUAGE sql AS $$
    SELECT format('(SELECT w.id FROM app.messaging_wording w WHERE w.channel || ''_'' || w.purpose = %L ORDER BY w.version DESC LIMIT 1)', wanted) $$;
-- A message enters the outbox as a job would write it: what becomes of it, which is what app.message_goes says of it.
CREATE FUNCTION pg_temp.enter(n int, kind text, channel text DEFAULT 'email', hash text DEFAULT 'NULL') RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.message (id, client_id, kind, channel, to_address, body_sealed, dedupe_key, address_hash) VALUES (gen_random_uuid(), fx.id(''a'', ''client'', %s), %L, %L, ''a@example.com'', ''\x01'', ''t'', %s)', n, kind, channel, hash) $$;
CREATE FUNCTION pg_temp.became(n int, kind text, channel text DEFAULT 'email', hash text DEFAULT 'NULL') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    said text;
BEGIN
    BEGIN
        EXECUTE pg_temp.enter(n, kind, channel, hash) || ' RETURNING state || coalesce('' '' || problem, '''')' INTO said;
        said := said || CASE WHEN app.message_goes('t') = starts_with(said, 'suppressed') THEN ', and app.message_goes says otherwise' ELSE '' END;
        RAISE EXCEPTION USING ERRCODE = 'FY000';
    EXCEPTION WHEN SQLSTATE 'FY000' THEN
        RETURN said;
    END;
END $$;
CREATE FUNCTION pg_temp.says(n int, wanted text, given boolean, source text DEFAULT 'desk') RETURNS void LANGUAGE sql AS $$
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, wording_id)
    SELECT fx.id('a', 'client', n), w.channel, w.purpose, given, source, w.id FROM app.messaging_wording w WHERE w.tenant_id = app.tenant() AND w.channel || '_' || w.purpose = wanted AND w.version = 1 $$;
SELECT * FROM fx.inside('alpha');
SELECT app.add_messaging_wordings();
COMMIT;

SELECT is((SELECT count(*)::int FROM app.messaging_wording w WHERE w.tenant_id = fx.id('a', 'tenant', 1)), 12, 'B18: words for each channel and purpose');

-- who writes, and how
SELECT is(pg_temp.link(1, 'INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source) VALUES (app.own_client(), ''email'', ''news'', true, ''link'')'), '42501', 'B18: no page writes the ledger by itself');
SELECT is(pg_temp.link(1, format('SELECT app.messaging_choose(ARRAY[%s, %s, %s])', pg_temp.words('email_news'), pg_temp.words('email_visits'), pg_temp.words('sms_visits')),
    'SELECT string_agg(m.channel || '' '' || m.purpose || '' '' || m.is_given || '' '' || m.source, '', '' ORDER BY m.channel, m.purpose) FROM app.messaging_consent m'),
    '"email forms false link, email news true link, email reminders false link, phone forms false link, phone reminders false link, phone visits false link, sms visits true link"',
    'B18: her own page writes down what changes, and nothing else');
SELECT is(pg_temp.link(1, 'SELECT app.messaging_note(app.own_client(), gen_random_uuid(), true, ''desk'')'), '42501', 'B18: and not as if it were the desk');
SELECT is(pg_temp.staff('owner', format('SELECT app.messaging_note(fx.id(''a'', ''client'', 1), %s, true, ''desk'') IS NOT NULL', pg_temp.words('sms_news'))), '23514', 'B18: advertising by text message takes her yes in writing');
SELECT is(pg_temp.staff('owner', format('SELECT app.messaging_note(fx.id(''a'', ''client'', 1), %s, true, ''paper'') IS NOT NULL', pg_temp.words('sms_news')),
    'SELECT m.source, m.noted_by IS NOT NULL, w.version FROM app.messaging_consent m JOIN app.messaging_wording w ON w.id = m.wording_id'), 'paper,t,1', 'B18: noted with source, person and words');
SELECT is(pg_temp.staff('owner', 'SELECT app.messaging_note(fx.id(''b'', ''client'', 1), fx.id(''b'', ''client'', 1), true, ''desk'')'), 'FY404', 'B18: of the own business alone');
SELECT is(pg_temp.staff('biller', format('SELECT app.messaging_note(fx.id(''a'', ''client'', 1), %s, true, ''desk'')', pg_temp.words('email_news'))), 'FY403', 'B18: by who may change clients');
-- another version of the words
SELECT is(pg_temp.staff('owner', 'SELECT set_config(''fx.was'', ' || pg_temp.words('email_news') || '::text, true) IS NOT NULL',
    format('SELECT app.messaging_wording_save(%s, ''Other words than before.'')', pg_temp.words('email_news')),
    'SELECT app.messaging_note(fx.id(''a'', ''client'', 1), current_setting(''fx.was'')::uuid, true, ''desk'')'), 'FY422', 'B18: nobody says yes to words that are no longer in force');
SELECT is(pg_temp.staff('front-desk', format('SELECT app.messaging_wording_save(%s, ''Other words than before.'')', pg_temp.words('email_news'))), 'FY403', 'B18: the words are the settings''');
-- what enters the outbox
BEGIN;
SELECT * FROM fx.inside('alpha');
SELECT is(pg_temp.became(1, k), 'queued', 'B18: by e-mail, allowed until she objects: ' || k) FROM unnest(ARRAY['booked', 'waitlist_offer', 'form_link', 'form_copy', 'forms_due']) AS k;
SELECT is(pg_temp.became(1, k), 'suppressed not_asked', 'B18: advertising, and what nobody has thought about, takes her yes: ' || k) FROM unnest(ARRAY['news', 'some_new_kind']) AS k;
SELECT is(pg_temp.became(1, k, 'sms'), 'suppressed not_asked', 'B18: a text message takes her yes: ' || k) FROM unnest(ARRAY['booked', 'forms_due', 'news']) AS k;
SELECT pg_temp.says(1, 'email_news', true, 'link'), pg_temp.says(1, 'sms_visits', true), pg_temp.says(1, 'email_reminders', false);
SELECT is(pg_temp.became(1, 'news'), 'queued', 'B18: with it, it goes');
SELECT is(pg_temp.became(1, 'booked', 'sms'), 'queued', 'B18: for that purpose');
SELECT is(pg_temp.became(1, 'forms_due', 'sms'), 'suppressed not_asked', 'B18: and for no other');
SELECT is(pg_temp.became(1, 'news', 'sms'), 'suppressed not_asked', 'B18: on no other way');
SELECT is(pg_temp.became(2, 'news'), 'suppressed not_asked', 'B18: for nobody else');
SELECT is(pg_temp.became(1, 'forms_due'), 'suppressed objected', 'B18: what she objects to is refused');
SELECT is(pg_temp.became(1, 'form_link'), 'queued', 'B18: and that alone');
SELECT pg_temp.says(1, 'email_news', false);
SELECT is(pg_temp.became(1, 'news'), 'suppressed objected', 'B18: what she said last counts');
SELECT is(pg_temp.became(1, 'lot_recall'), 'queued', 'B18: no objection stops a warning');
-- records that were joined are one person (of the storm both have visits to come, for which they would not be joined)
SET LOCAL session_replication_role = replica;
INSERT INTO app.client_merged (tenant_id, client_id, into_id, reasons) VALUES (fx.id('a', 'tenant', 1), fx.id('a', 'client', 1), fx.id('a', 'client', 2), '{}');
SET LOCAL session_replication_role = origin;
SELECT is(pg_temp.became(2, 'forms_due'), 'suppressed objected', 'B18: a no on either of two joined records');
-- an address that wants nothing
INSERT INTO app.suppression (channel, address_hash, is_out, changed_at) VALUES ('email', sha256('out'), true, now());
SELECT is(pg_temp.became(2, 'booked', 'email', 'sha256(''out'')'), 'suppressed opted_out', 'X-03: an address that has opted out');
SELECT is(pg_temp.became(2, 'lot_recall', 'email', 'sha256(''out'')'), 'suppressed opted_out', 'X-03: it is another person''s, perhaps');
SELECT lives_ok('INSERT INTO app.message (kind, channel, to_address, body_sealed, dedupe_key, address_hash) VALUES (''account_reset'', ''email'', ''a@example.com'', ''\x01'', ''acc'', sha256(''out''))', 'a code');
SELECT is((SELECT state FROM app.message WHERE dedupe_key = 'acc'), 'queued', 'B18: codes and mails about accounts always go');
-- and again before it goes out
SELECT pg_temp.says(3, 'email_news', true, 'paper');
DO $$ BEGIN EXECUTE pg_temp.enter(3, 'news'); END $$;
SELECT pg_temp.says(3, 'email_news', false);
UPDATE app.message SET state = 'sending' WHERE dedupe_key = 't';
SELECT is((SELECT state || ' ' || problem FROM app.message WHERE dedupe_key = 't'), 'suppressed objected', 'B18: taken back while it waited: it does not go out');
COMMIT;

-- for ever
BEGIN;
SELECT * FROM fx.inside('alpha');
SELECT pg_temp.says(1, 'email_news', true, 'link');
SELECT throws_ok(q, '42501', NULL, 'B18: the ledger is only added to: ' || q) FROM unnest(ARRAY['UPDATE app.messaging_consent SET is_given = false', 'DELETE FROM app.messaging_consent',
    'TRUNCATE app.messaging_consent', 'UPDATE app.messaging_wording SET body = ''Other words than before''', 'DELETE FROM app.messaging_wording']) AS q;
COMMIT;
SELECT * FROM finish();
