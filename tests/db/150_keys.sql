-- What a business's own key sealed is all found, read only with a row of the trail, and sealed anew only where it is still the same (S-32).
BEGIN;
SELECT no_plan();

SELECT set_eq($$SELECT c.table_schema || '.' || c.table_name || '.' || c.column_name FROM information_schema.columns c
    WHERE c.table_schema IN ('app', 'sec') AND c.column_name LIKE '%\_sealed'
      AND NOT EXISTS (SELECT FROM information_schema.columns x WHERE x.table_schema = c.table_schema AND x.table_name = c.table_name
                      AND x.column_name = 'client_id' AND x.data_type = 'uuid' AND x.is_nullable = 'NO')
    UNION ALL SELECT 'app.client_key.wrapped_key'$$,
  $$SELECT p.in_schema || '.' || p.in_table || '.' || p.sealed_column FROM app.own_sealed_places() AS p
    UNION ALL VALUES ('app.message.link_sealed'), ('app.message.ics_sealed')$$,
  'S-32: every sealed column of rows without a client is known, but for links and calendar entries, which only clients get');

SELECT is_empty($$SELECT p.place FROM app.own_sealed_places() AS p WHERE NOT has_column_privilege('foyer_disclosure', p.place, p.sealed_column, 'UPDATE')$$,
  'S-32: and each of them can be sealed anew');

SELECT fx.inside('alpha');
CREATE FUNCTION pg_temp.value(key text, nonce int, text text) RETURNS bytea LANGUAGE sql AS
$$ SELECT '\x01'::bytea || convert_to(key, 'UTF8') || convert_to(to_char(nonce, 'FM000000000000'), 'UTF8') || convert_to(text, 'UTF8') || repeat('t', 16)::bytea $$;
UPDATE app.client_key k SET wrapped_key = pg_temp.value('old key.', n, 'k' || n) FROM generate_series(1, 3) AS n WHERE k.tenant_id = app.tenant() AND k.client_id = fx.id('a', 'client', n);
INSERT INTO app.message (id, kind, channel, to_address, body_sealed, dedupe_key) VALUES (fx.id('a', 'message', 901), 'account_reset', 'email', 'a@example.com', pg_temp.value('old key.', 901, 'letter'), 'key901');
INSERT INTO app.message (id, client_id, kind, channel, to_address, body_sealed, dedupe_key) VALUES (fx.id('a', 'message', 902), fx.id('a', 'client', 1), 'visit_booked', 'email', 'a@example.com', pg_temp.value('old key.', 902, 'hers'), 'key902');
INSERT INTO sec.totp (tenant_id, id, staff_id, secret_sealed) VALUES (app.tenant(), fx.id('a', 'totp', 901), fx.id('a', 'staff', 1), pg_temp.value('old key.', 903, 'secret'));

SELECT is((SELECT count(*) FROM app.own_sealed('app.client_key', 'old key.', '00000000-0000-0000-0000-000000000000')), 3::bigint, 'S-32: what the key of before sealed is found');
SELECT is((SELECT string_agg(reason, ',') FROM audit.event WHERE tenant_id = app.tenant() AND action = 'key.rewrap' AND at >= now()), '3 in app.client_key', 'A-02: and that it was read is in the trail');
SELECT is((SELECT count(*) FROM app.own_sealed('app.client_key', 'new key.', '00000000-0000-0000-0000-000000000000')), 0::bigint, 'nothing under another key');
SELECT is((SELECT count(*) FROM app.own_sealed('app.message', 'old key.', '00000000-0000-0000-0000-000000000000')), 1::bigint, 'a message to a client is under hers');
SELECT is((SELECT count(*) FROM app.own_sealed('sec.totp', 'old key.', '00000000-0000-0000-0000-000000000000')), 1::bigint, 'second factors are found as well');
SELECT is((SELECT count(*) FROM audit.event WHERE tenant_id = app.tenant() AND action = 'key.rewrap' AND at >= now()), 3::bigint, 'a look that finds nothing leaves no row');
SELECT throws_ok($$SELECT app.own_sealed('app.allergy', 'old key.', '00000000-0000-0000-0000-000000000000')$$, 'P0002', NULL, 'no other table is read');

SELECT is(app.own_sealed_anew('app.client_key', ARRAY[fx.id('a', 'client', 1), fx.id('a', 'client', 2)],
    ARRAY[substring(pg_temp.value('old key.', 1, '') FROM 1 FOR 21), substring(pg_temp.value('old key.', 77, '') FROM 1 FOR 21)],
    ARRAY[pg_temp.value('new key.', 11, 'k1'), pg_temp.value('new key.', 12, 'k2')]), 1::bigint, 'S-32: what changed meanwhile stays as it is');
SELECT is((SELECT wrapped_key FROM app.client_key WHERE tenant_id = app.tenant() AND client_id = fx.id('a', 'client', 1)), pg_temp.value('new key.', 11, 'k1'), 'what did not is under the new key');
SELECT is((SELECT wrapped_key FROM app.client_key WHERE tenant_id = app.tenant() AND client_id = fx.id('a', 'client', 2)), pg_temp.value('old key.', 2, 'k2'), 'and the other under the old one');
SELECT is(app.own_sealed_anew('sec.totp', ARRAY[fx.id('a', 'totp', 901)], ARRAY[substring(pg_temp.value('old key.', 903, '') FROM 1 FOR 21)], ARRAY[pg_temp.value('new key.', 13, 'longer secret')]), 0::bigint, 'a value of another length is another value');
UPDATE app.client_key SET wrapped_key = NULL, destroyed_at = now() WHERE tenant_id = app.tenant() AND client_id = fx.id('a', 'client', 3);
SELECT is(app.own_sealed_anew('app.client_key', ARRAY[fx.id('a', 'client', 3)], ARRAY[substring(pg_temp.value('old key.', 3, '') FROM 1 FOR 21)], ARRAY[pg_temp.value('new key.', 14, 'k3')]), 0::bigint, 'S-34: who was erased meanwhile gets no key back');

CREATE FUNCTION pg_temp.n_scans() RETURNS numeric LANGUAGE sql AS $$ SELECT sum(s.seq_scan) FROM pg_stat_xact_user_tables s WHERE s.relid IN (SELECT o.place::regclass FROM app.own_sealed_places() AS o) $$;
SELECT pg_temp.n_scans() AS before \gset
SELECT p.place, o.row_id, app.own_sealed_anew(p.place, ARRAY[o.row_id], ARRAY[substring(o.sealed FROM 1 FOR 21)], ARRAY[o.sealed])
FROM app.own_sealed_places() AS p LEFT JOIN LATERAL app.own_sealed(p.place, 'old key.', '00000000-0000-0000-0000-000000000000') AS o ON true \g /dev/null
SELECT is(pg_temp.n_scans(), :before::numeric, 'D-02: none of these tables is read from end to end');

SELECT fx.inside('beta');
SELECT is((SELECT count(*) FROM app.own_sealed_places() p, app.own_sealed(p.place, 'old key.', '00000000-0000-0000-0000-000000000000')), 0::bigint, 'T01: another business sees none of it');
SELECT is(app.own_sealed_anew('app.client_key', ARRAY[fx.id('a', 'client', 2)], ARRAY[substring(pg_temp.value('old key.', 2, '') FROM 1 FOR 21)], ARRAY[pg_temp.value('new key.', 15, 'k2')]), 0::bigint, 'T01: and changes none of it');
SELECT is(sec.key_note('00000000-0000-0000-0000-00000000dead', 'rotate'), false, 'a key of no business leaves no row');

SELECT function_privs_are('app', 'own_sealed', ARRAY['text', 'bytea', 'uuid'], r, CASE r WHEN 'foyer_jobs' THEN ARRAY['EXECUTE'] ELSE '{}' END, 'T13: ' || r) FROM unnest(ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_migrator']) AS r;
SELECT * FROM finish();
ROLLBACK;
