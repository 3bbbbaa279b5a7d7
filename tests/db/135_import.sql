-- Lists of clients: whose they are, what dates mean, nobody is seen before all are, two at once, taking out, erasing (T12, L10, B-05).
BEGIN;
SELECT no_plan();
SELECT is(app.import_date(typed, format), wanted::date, format || ' ' || typed) FROM (VALUES
    ('1990-3-4', 'dmy', '1990-03-04'), ('3/4/1990', 'mdy', '1990-03-04'), ('04.03.1990', 'dmy', '1990-03-04'), ('1990/03/04', 'ymd', '1990-03-04'),
    ('3/4/90', 'mdy', NULL), ('30/02/1990', 'dmy', NULL), ('13/13/1990', 'mdy', NULL), ('', 'ymd', NULL), ('x', 'ymd', NULL), ('99999-01-01', 'ymd', NULL)) AS v (typed, format, wanted);

SELECT is(app.import_parts(cell), wanted, 'a list in a cell: ' || cell) FROM (VALUES
    ('a, b; c', '{a,b,c}'::text[]), ('  a b ,, ', '{"a b"}'), ('"a, b", c', '{"a, b",c}'), ('"say ""hi""";x', '{"say \"hi\"",x}'), ('O"Neil, b', '{"O\"Neil",b}'), ('"open, b', '{"\"open",b}'), ('', '{}')) AS v (cell, wanted);
SELECT is(app.import_parts(string_agg(app.import_listed(x), ', ')), array_agg(x), 'what clients.csv lists is read back as it was')
FROM unnest(ARRAY['plain', 'with, comma', 'with; semicolon', 'with "quotes"', '"', '""', ',', 'O"Neil']) AS x;
SELECT is(app.import_guardians('Ann, parent, 1970-01-02, +12125550100, a@b.example, may sign; "Last, First"; Third, Somebody, cousin', 'US', '2026-01-01'), ROW(found::jsonb, 2), 'guardians of a cell: what is none of it is counted')
FROM (VALUES ('[{"name": "Ann", "relation": "parent", "may_sign": true, "birth_date": "1970-01-02", "phone": "+12125550100", "email": "a@b.example"}, {"name": "Last, First", "relation": "other", "may_sign": false},
    {"name": "Third", "relation": "other", "may_sign": false}]')) AS v (found);
SELECT is((SELECT string_agg(concat_ws(' ', channel, purpose, coalesce(is_given::text, '?')), ', ' ORDER BY n) FROM app.import_messages('About visits by e-mail: yes; Offers and news by text message: no; About visits by pigeon: yes; Reminders by phone call: perhaps')
    WITH ORDINALITY AS m (channel, purpose, is_given, n)), 'email visits true, sms news false, ?, phone reminders ?', 'messages of a cell: only yes and no');
SELECT is(app.import_language(x), wanted, 'language ' || x) FROM (VALUES ('es', 'es'), ('Español', 'es'), ('SPANISH', 'es'), ('es-MX', 'es-MX'), ('Klingon', NULL), ('yes', NULL)) AS v (x, wanted);
SELECT is((SELECT count(*) FROM app.import_fields() f, unnest(f.heads) AS h GROUP BY h ORDER BY 1 DESC LIMIT 1), 1::bigint, 'no head means two fields');
SELECT is_empty($$ SELECT h FROM app.import_fields() f, unnest(f.heads) AS h WHERE h <> app.norm(h) $$, 'each is written as heads are compared');
-- Each column of clients.csv is known by its head.
SELECT is_empty($$ SELECT x FROM unnest(string_to_array('name,preferred_name,pronouns,phone,email,birth_date,due_date,street,city,region,postal_code,country,tags,client_since,further_phones,further_emails,emergency_contact_name,emergency_contact_relation,emergency_contact_phone,guardians,messages,preferred_language,preferred_way,best_time', ',')) AS x
    WHERE NOT EXISTS (SELECT FROM app.import_fields() f WHERE f.field = x AND app.norm(x) = ANY (f.heads)) $$, 'L10: clients.csv can be read in as it is');

SELECT fx.inside('alpha');
INSERT INTO app.client_import (id, separator, n_columns, n_rows, columns, state) VALUES (fx.id('a', 'import', 1), ',', 1, 3, '{name}', 'checking');
SELECT is(app.import_date(typed, format, '2026-11-22'), wanted::date, 'two digits, a time of day: ' || format || ' ' || typed) FROM (VALUES
    ('3/4/90', 'mdy', '1990-03-04'), ('3/4/90', 'dmy', '1990-04-03'), ('22.11.26', 'dmy', '2026-11-22'), ('23.11.26', 'dmy', '1926-11-23'), ('90-03-04', 'ymd', '1990-03-04'), ('2/29/00', 'mdy', '2000-02-29'), ('29.2.99', 'dmy', NULL),
    ('1990-03-04 00:00', 'mdy', '1990-03-04'), ('1990-03-04T00:00:00.000Z', 'dmy', '1990-03-04'), ('3/4/1990 12:00 AM', 'mdy', '1990-03-04'), ('3/4/90 0:00', 'mdy', '1990-03-04'), ('3/4/190', 'mdy', NULL), ('12:00', 'mdy', NULL)) AS v (typed, format, wanted);
CREATE FUNCTION pg_temp.cells() RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('date_format', 'ymd', 'rows', jsonb_agg(jsonb_build_object('n', n, 'line', n + 1, 'name', name, 'birth_date', born,
    'id', fx.id('a', 'imported', n), 'key', repeat('00', 60)))) FROM (VALUES (1, 'Imported One', '1990-01-01'), (2, 'imported ONE', '1990-01-01'), (3, 'Imported Three', NULL)) AS v (n, name, born) $$;
SELECT is(app.client_import_check(fx.id('a', 'import', 1), 1, pg_temp.cells()), true, 'a part is looked at');
SELECT is(app.client_import_check(fx.id('a', 'import', 1), 1, pg_temp.cells()), false, 'once');
SELECT is((SELECT string_agg(verdict, ',' ORDER BY n) FROM app.client_import_row WHERE import_id = fx.id('a', 'import', 1)), 'add,twice,add', 'a person who stands twice in it comes once');
SELECT app.client_import_step(fx.id('a', 'import', 1), true);
SELECT set_config('foyer.perms', ',client_lists,client_read,', true);
SELECT is(app.client_import_start(fx.id('a', 'import', 1), false), fx.id('a', 'import', 1), 'it is read in');
SELECT is(app.client_import_start(fx.id('a', 'import', 1), false), fx.id('a', 'import', 1), 'once: the second call finds it under way');
SELECT is((SELECT count(*) FROM app.job WHERE subject_id = fx.id('a', 'import', 1) AND kind = 'client.import.add'), 1::bigint, 'and one job');
SELECT is(sec.client_import_add(fx.id('a', 'import', 1), 1, pg_temp.cells()), 2, 'its clients are entered');
SELECT is(sec.client_import_add(fx.id('a', 'import', 1), 1, pg_temp.cells()), 0, 'B-05: once');
SET LOCAL ROLE foyer_owner;
SELECT is((SELECT count(*) FROM app.client WHERE name LIKE 'Imported%'), 0::bigint, 'nobody is seen before all are there, not even by the owner of the table');
RESET ROLE;
INSERT INTO app.client_import (id, separator, n_columns, n_rows, state) VALUES (fx.id('a', 'import', 2), ',', 1, 1, 'checked');
SELECT throws_like(format('SELECT app.client_import_start(%L, false)', fx.id('a', 'import', 2)), 'Another list is being read in%', 'two lists do not come in at once');
SELECT app.client_import_step(fx.id('a', 'import', 1), true);
SET LOCAL ROLE foyer_owner;
SELECT is((SELECT count(*) FROM app.client WHERE name LIKE 'Imported%'), 2::bigint, 'then all are');
RESET ROLE;
SELECT is((SELECT string_agg(array_to_string(ARRAY[reason, cardinality(client_ids)::text], ':'), ',') FROM audit.event WHERE action = 'client.import' AND object_id = fx.id('a', 'import', 1)), '2 entered:2', 'A-02: the trail has them by their ids');
SELECT throws_ok(format('SELECT app.client_import_map(%L, ''{name}'', ''ymd'')', fx.id('a', 'import', 1)), 'FY422', NULL, 'its columns stay');
UPDATE app.client SET pronouns = 'she' WHERE id = fx.id('a', 'imported', 3);
SELECT app.client_import_undo(fx.id('a', 'import', 1));
SELECT is(sec.client_import_take(fx.id('a', 'import', 1), 100), false, 'they are taken out');
SELECT is(sec.client_import_take(fx.id('a', 'import', 1), 100), true, 'all of them');
SELECT is((SELECT string_agg(reason, ',' ORDER BY n) FROM app.client_import_row WHERE import_id = fx.id('a', 'import', 1) AND reason NOT LIKE 'The same%'), 'Taken out again.,was changed since', 'but for who was touched');
SELECT is((SELECT count(*) FROM app.client WHERE id IN (fx.id('a', 'imported', 1), fx.id('a', 'imported', 3))), 1::bigint, 'who stays');
SELECT app.client_import_step(fx.id('a', 'import', 1), true);

INSERT INTO app.client_import_row (import_id, n, line, verdict, client_id) VALUES (fx.id('a', 'import', 2), 1, 2, 'here', fx.id('a', 'imported', 3));
SELECT is(app.client_erase(fx.id('a', 'imported', 3)), true, 'she is erased');
SELECT is((SELECT state || (SELECT count(*) FROM app.client_import_row r WHERE r.import_id = i.id) FROM app.client_import i WHERE id = fx.id('a', 'import', 2)), 'stopped0', 'and stands in no file that waits');
SELECT is((SELECT count(*) FROM app.client_import_row WHERE client_id = fx.id('a', 'imported', 3)), 0::bigint, 'nor in what is kept of one that was read in');
INSERT INTO app.client_import (id, separator, n_columns, n_rows, expires_at) VALUES (fx.id('a', 'import', 3), ',', 1, 1, now() - interval '1 day');
INSERT INTO app.client_import_part (id, import_id, n, first_row, first_line, body_sealed) VALUES (fx.id('a', 'import part', 1), fx.id('a', 'import', 3), 0, 0, 1, '\x00');
SELECT app.client_import_expire();
SELECT is((SELECT state || (SELECT count(*) FROM app.client_import_part p WHERE p.import_id = i.id) FROM app.client_import i WHERE id = fx.id('a', 'import', 3)), 'dropped0', 'a file goes when its time is over');
INSERT INTO app.client_import (id, separator, n_columns, n_rows, columns, state) VALUES (fx.id('a', 'import', 4), ',', 2, 1, '{name,phone}', 'checking');
CREATE FUNCTION pg_temp.later() RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('date_format', 'ymd', 'rows', jsonb_build_array(jsonb_build_object('n', 1, 'line', 2, 'name', 'Imported Later', 'phone', '+12125550177',
    'id', fx.id('a', 'imported', 4), 'key', repeat('00', 60)))) $$;
SELECT app.client_import_check(fx.id('a', 'import', 4), 1, pg_temp.later()) \g /dev/null
SELECT app.client_import_step(fx.id('a', 'import', 4), true) \g /dev/null
INSERT INTO app.client (id, name, phone) VALUES (fx.id('a', 'imported', 5), 'Came Meanwhile', '+12125550177');
SELECT app.client_import_start(fx.id('a', 'import', 4), false) \g /dev/null
SELECT is(sec.client_import_add(fx.id('a', 'import', 4), 1, pg_temp.later()), 0, 'who may be here by the time she would be entered is not');
SELECT is((SELECT verdict || ' ' || reason FROM app.client_import_row WHERE import_id = fx.id('a', 'import', 4)), 'maybe same phone', 'and is not said to be here, which nobody knows');
SELECT app.client_import_step(fx.id('a', 'import', 4), true) \g /dev/null
SELECT is(fx.ask('foyer_slow', 'SELECT 1 FROM fx.as_staff(''beta'', ''owner'')', 'SELECT count(*) FROM app.client_import'), '0', 'L01: another business sees none of it');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT count(*) FROM app.client_import'), '42501', 'nor the pool of the other pages');

-- Who is here already, says a list; who may be here twice, says the page of duplicates: of the same two people they say the same. Only a list
-- takes a name with nothing else for one that may be here.
SELECT fx.inside('alpha');
CREATE FUNCTION pg_temp.reasons(said text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(w, ',' ORDER BY w), '') FROM unnest(string_to_array(replace(said, 'similar name, same', 'similar name and same'), ', ')) AS w WHERE w <> 'same name' $$;
CREATE FUNCTION pg_temp.compare(phone text, email text, born date, called text, OUT different text, OUT verdicts text[]) LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    INSERT INTO app.client (id, name, phone, email, birth_date) VALUES (fx.id('a', 'alike', 0), 'Quirina Vandersteen-Ochs', compare.phone, compare.email, compare.born);
    CREATE TEMP TABLE person AS SELECT (row_number() OVER ())::int AS n, called AS name, p AS phone, e AS email, b AS birth_date
        FROM unnest(ARRAY[NULL, '+12125550190', '+12125550191']) AS p, unnest(ARRAY[NULL, 'Quirina@alike.test', 'other@alike.test']) AS e, unnest(ARRAY[NULL, date '1991-05-06', '1992-05-06']) AS b;
    CREATE TEMP TABLE judged AS SELECT j.n, j.verdict, pg_temp.reasons(j.reason) AS said, j.reason = 'same name' AS is_bare
        FROM app.client_import_judge(gen_random_uuid(), (SELECT jsonb_build_object('date_format', 'ymd', 'rows', jsonb_agg(to_jsonb(p) || jsonb_build_object('line', p.n))) FROM person p)) AS j;
    INSERT INTO app.client (id, name, phone, email, birth_date) SELECT fx.id('a', 'alike', p.n), p.name, p.phone, p.email, p.birth_date FROM person p;
    RAISE EXCEPTION 'undone' USING ERRCODE = 'P0F0E', DETAIL = (
        SELECT jsonb_build_object('verdicts', array_agg(DISTINCT j.verdict), 'different',
                   string_agg(concat_ws('|', p.name, p.phone, p.email, p.birth_date::text, j.verdict, j.said, 'but', d.said), ' ') FILTER (WHERE j.said <> coalesce(d.said, '') OR (j.verdict = 'add') <> (d.id IS NULL AND NOT j.is_bare)))
        FROM person p JOIN judged j USING (n)
        LEFT JOIN (SELECT CASE WHEN d.one_id = fx.id('a', 'alike', 0) THEN d.other_id ELSE d.one_id END AS id, pg_temp.reasons(d.reasons) AS said FROM app.duplicates(fx.id('a', 'alike', 0), 200) d) AS d ON d.id = fx.id('a', 'alike', p.n))::text;
EXCEPTION WHEN SQLSTATE 'P0F0E' THEN
    GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
    SELECT x.different, x.verdicts INTO different, verdicts FROM jsonb_to_record(found::jsonb) AS x (different text, verdicts text[]);
END $$;
CREATE TEMP TABLE compared AS SELECT p, e, b, called, x.* FROM (VALUES ('+12125550190', 'quirina@alike.test', date '1991-05-06'), ('+12125550190', NULL, NULL), (NULL, 'quirina@alike.test', NULL), (NULL, NULL, '1991-05-06'), (NULL, NULL, NULL)) AS v (p, e, b),
    unnest(ARRAY['Quirina Vandersteen-Ochs', 'quírina  VANDERSTEEN ochs', 'Vandersteen Ochs Quirina', 'Quirina Vandersteen', 'Kirina Fandersteen-Ochs', 'Quentin Vandermeer', 'Elsa Ochs', 'Ilse Brandt']) AS called,
    LATERAL pg_temp.compare(p, e, b, called) AS x;
SELECT is(different, NULL, format('L10: of %s, %s, %s, %s a list and the page of duplicates say the same', p, e, b, called)) FROM compared;
SELECT is((SELECT string_agg(DISTINCT v, ',' ORDER BY v) FROM compared, unnest(verdicts) AS v), 'add,here,maybe', 'and each of it comes up');
-- Of two whom she is like, the list names the one who has more in common with her; of joined records, that which stays.
SELECT set_config('foyer.actor_kind', 'system', true) \g /dev/null
INSERT INTO app.client (id, name, phone, email, birth_date) VALUES (fx.id('a', 'alike', 1), 'Hugo Anders', '+12125550190', NULL, NULL), (fx.id('a', 'alike', 2), 'Quirina Vandersteen', '+12125550190', 'quirina@alike.test', '1991-05-06'), (fx.id('a', 'alike', 3), 'Quirina V', NULL, NULL, NULL), (fx.id('a', 'alike', 4), 'Quirina O', NULL, NULL, NULL);
CREATE FUNCTION pg_temp.alike() RETURNS text LANGUAGE sql AS $$ SELECT j.client_id || ' ' || j.verdict || ' ' || j.reason FROM app.client_import_judge(gen_random_uuid(),
    '{"date_format": "ymd", "rows": [{"n": 1, "line": 2, "name": "Quirina Vandersteen-Ochs", "phone": "+12125550190", "email": "QUIRINA@alike.test", "birth_date": "1991-05-06"}]}') j $$;
SELECT is(pg_temp.alike(), fx.id('a', 'alike', 2) || ' maybe same phone, same e-mail, similar name, same date of birth', 'the one with more in common');
INSERT INTO app.client_merged (client_id, into_id) VALUES (fx.id('a', 'alike', 2), fx.id('a', 'alike', 3));
INSERT INTO app.client_merged (client_id, into_id) VALUES (fx.id('a', 'alike', 3), fx.id('a', 'alike', 4));
SELECT is(pg_temp.alike(), fx.id('a', 'alike', 4) || ' maybe same phone, same e-mail, similar name, same date of birth', 'L10: the record that stays, over two joins');
-- What a list said of messages goes with it; nothing else takes it away.
INSERT INTO app.client_import (id, separator, n_columns, n_rows, columns, state) VALUES (fx.id('a', 'import', 5), ',', 2, 1, '{name,sms_service}', 'checking');
CREATE FUNCTION pg_temp.said() RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('date_format', 'ymd', 'rows', jsonb_build_array(jsonb_build_object('n', 1, 'line', 2, 'name', 'Imported Sayer', 'sms_service', 'no', 'guardians', 'Her Mother, parent',
    'further_phones', '+12125550166', 'id', fx.id('a', 'imported', 9), 'key', repeat('00', 60)))) $$;
SELECT app.client_import_check(fx.id('a', 'import', 5), 1, pg_temp.said()), app.client_import_step(fx.id('a', 'import', 5), true), set_config('foyer.perms', ',client_lists,client_read,', true), app.client_import_start(fx.id('a', 'import', 5), true) \g /dev/null
SELECT is(sec.client_import_add(fx.id('a', 'import', 5), 1, pg_temp.said()), 1, 'she is entered');
SELECT app.client_import_step(fx.id('a', 'import', 5), true) \g /dev/null
SELECT is((SELECT string_agg(m.purpose || m.is_given || m.source, ',' ORDER BY m.purpose) FROM app.messaging_consent m WHERE m.client_id = fx.id('a', 'imported', 9)), 'formsfalseimport,remindersfalseimport,visitsfalseimport', 'B18: a no of a list is noted with the words of the business');
SELECT is((SELECT string_agg(word, ',' ORDER BY word) FROM app.client_word WHERE client_id = fx.id('a', 'imported', 9) AND kind = 'name'), 'her,imported,mother,sayer', 'she is found by all her names, though nobody saw her while they were written');
SELECT throws_ok(format('DELETE FROM app.messaging_consent WHERE client_id = %L', fx.id('a', 'imported', 9)), '42501', NULL, 'B18: nobody deletes it');
SELECT app.client_import_undo(fx.id('a', 'import', 5)) \g /dev/null
SELECT set_config('foyer.actor_kind', 'job', true), set_config('foyer.action', 'client.import.undo', true) \g /dev/null
SELECT throws_ok('UPDATE app.messaging_consent SET is_given = true', '42501', NULL, 'nor changes it, taking out a list');
SELECT is(sec.client_import_take(fx.id('a', 'import', 5), 100), false, 'she is taken out');
SELECT is((SELECT count(*) FROM app.client WHERE id = fx.id('a', 'imported', 9)) + (SELECT count(*) FROM app.messaging_consent WHERE client_id = fx.id('a', 'imported', 9)), 0::bigint, 'with what the list said of her');
SELECT * FROM finish();
ROLLBACK;
