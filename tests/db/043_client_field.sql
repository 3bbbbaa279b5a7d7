-- Fields of a business's own (T01, T02, D-18, L10): who makes them, who writes and reads what stands in them, that each change is kept and no
-- other undone, over joined records, and that erasing takes all of it. At alpha, before the storm;
-- what is made goes again.
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = error;
CREATE FUNCTION pg_temp.staff(who text, VARIADIC q text[]) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who)] || q) $$;
CREATE FUNCTION pg_temp.field(n int, kind text DEFAULT 'text', options text DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.client_field (id, name, kind, options) VALUES (%L, %L, %L, %L)', fx.id('a', 'field', n), 'Field ' || n, kind, options) $$;
CREATE FUNCTION pg_temp.put(value int, client int, was int DEFAULT NULL, field int DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO app.client_field_value (id, client_id, field_id, value_sealed, was_id) VALUES (%L, %L, %L, ''\x01'', %L)', fx.id('a', 'value', value), fx.id('a', 'client', client),
        fx.id('a', 'field', field), CASE WHEN was IS NOT NULL THEN fx.id('a', 'value', was) END) $$;
COMMIT;

SELECT is(pg_temp.staff(v.who, pg_temp.field(9)), v.wanted, 'D-18: ' || v.who || ' makes a field: ' || v.wanted) FROM (VALUES ('owner', 'INSERT 0 1'), ('provider', '42501'), ('front-desk', '42501'), ('auditor', '42501')) AS v (who, wanted);
SELECT is(pg_temp.staff('owner', pg_temp.field(9, 'choice')), '23514', 'a choice has choices');
SELECT is(pg_temp.staff('owner', pg_temp.field(9, 'choice', '{one}')), '23514', 'two at least');
SELECT is(pg_temp.staff('owner', pg_temp.field(9, 'text', '{one,two}')), '23514', 'and nothing else has');
SELECT is(pg_temp.staff('owner', pg_temp.field(9, 'colour')), '23514', 'no other kind');
SELECT is(pg_temp.staff('owner', pg_temp.field(9), 'UPDATE app.client_field SET kind = ''date'''), '42501', 'the kind is not a page''s to change');
SELECT is(pg_temp.staff('owner', 'INSERT INTO app.client_field (id, name, kind) SELECT gen_random_uuid(), ''Many '' || n, ''text'' FROM generate_series(1, 41) n'), 'FY422', 'forty fields, no more');
SELECT is(pg_temp.staff('owner', pg_temp.field(1), pg_temp.field(2, 'choice', '{a,b}'), 'COMMIT'), 'COMMIT', 'two are made');
SELECT is(pg_temp.staff('owner', 'SELECT string_agg(position::text, '','' ORDER BY name) FROM app.client_field WHERE name LIKE ''Field _''') ~ '^"?\d+,\d+"?$', true, 'each has its place');

SELECT is(pg_temp.staff(v.who, pg_temp.put(9, 1)), v.wanted, 'D-18: ' || v.who || ' writes a value: ' || v.wanted) FROM (VALUES ('owner', 'INSERT 0 1'), ('front-desk', 'INSERT 0 1'), ('biller', '42501'), ('auditor', '42501')) AS v (who, wanted);
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''owner'')', pg_temp.put(9, 1)), '23503', 'T01: another studio writes nothing here');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)', 'SELECT count(*) FROM app.client_field_value'), '42501', 'D-18: no link reads them');
SELECT is(pg_temp.staff('owner', pg_temp.put(1, 1), 'COMMIT'), 'COMMIT', 'a value is written');
SELECT is(pg_temp.staff('owner', pg_temp.put(2, 1)), 'FY422', 'who has not seen it does not write over it');
SELECT is(pg_temp.staff('owner', pg_temp.put(2, 1, 1), 'COMMIT'), 'COMMIT', 'who has seen it does');
SELECT is(pg_temp.staff('owner', pg_temp.put(3, 1, 1)), 'FY422', 'what somebody saw before that is too old');
SELECT is(pg_temp.staff('owner', pg_temp.put(3, 2, 2)), 'FY422', 'T02: nor does a value of another client stand before hers');
SELECT is((SELECT string_agg((ended_at IS NULL)::text, ',' ORDER BY at) FROM app.client_field_value WHERE client_id = fx.id('a', 'client', 1)), 'false,true', 'both are kept, the last one stands');
SELECT is(pg_temp.staff('owner', 'UPDATE app.client_field_value SET value_sealed = ''\x02'''), '42501', 'no page rewrites one');
SELECT throws_ok('UPDATE app.client_field_value SET value_sealed = ''\x02''', '42501', NULL, 'nor does the owner of the database');
SELECT throws_ok('UPDATE app.client_field_value SET ended_at = NULL WHERE ended_at IS NOT NULL', '42501', NULL, 'nor brings one back');
SELECT is(pg_temp.staff('owner', 'DELETE FROM app.client_field_value'), '42501', 'nor removes one');
SELECT is(pg_temp.staff('provider', 'SELECT count(*) FROM app.client_field_value'), '2', 'D-18: who reads clients reads them');
SELECT is(pg_temp.staff('auditor', 'SELECT count(*) FROM app.client_field_value'), '0', 'D-18: who does not, does not');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''owner'')', 'SELECT count(*) FROM app.client_field_value'), '0', 'T01: nor another studio');

SELECT is(pg_temp.staff('owner', format('INSERT INTO app.client_merged (client_id, into_id) VALUES (%L, %L)', fx.id('a', 'client', 1), fx.id('a', 'client', 2)), pg_temp.put(3, 2, 2), 'SELECT count(*) FROM app.client_field_value WHERE ended_at IS NULL'), '2',
    'L10: joined, a value of the other record may stand before hers, and stays with its record');
SELECT is(pg_temp.staff('owner', format('UPDATE app.client_field SET retired_at = now() WHERE id = %L', fx.id('a', 'field', 1)), pg_temp.put(3, 1, 2)), 'FY422', 'nothing goes into a retired field');
SELECT is(pg_temp.staff('owner', format('UPDATE app.client_field SET retired_at = now() WHERE id = %L', fx.id('a', 'field', 1)), 'SELECT count(*) FROM app.client_field_value'), '2', 'what stands in it stays');

-- erasing her, undone at once
CREATE FUNCTION pg_temp.left_after_erasing() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM fx.inside('alpha');
    PERFORM app.client_erase(fx.id('a', 'client', 1));
    RAISE EXCEPTION '% left', (SELECT count(*) FROM app.client_field_value WHERE client_id = fx.id('a', 'client', 1));
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END $$;
SELECT is(pg_temp.left_after_erasing(), '0 left', 'erased, nothing of it is left');

DO $$
BEGIN
    PERFORM fx.inside('alpha');
    SET LOCAL session_replication_role = replica;
    DELETE FROM app.client_field_value WHERE field_id IN (fx.id('a', 'field', 1), fx.id('a', 'field', 2));
    DELETE FROM app.client_field WHERE id IN (fx.id('a', 'field', 1), fx.id('a', 'field', 2));
END $$;
SELECT * FROM finish();
