-- The context as the server module reads it (D-03, D-05), clients seen and disclosed in one flight (A-02, A-03), and the
-- number that tells workers that what a business set up has changed.
BEGIN;
SELECT no_plan();

-- the tenant
SELECT is(fx.ask('foyer_staff', 'SELECT app.tenant() IS NULL'), 't', 'D-05: nobody entered, no tenant');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''manager'')', 'SELECT app.tenant()'), fx.id('a', 'tenant', 1)::text, 'app.tenant() is the one that was entered');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''manager'')', 'COMMIT', 'SELECT app.tenant() IS NULL'), 't', 'D-04: and gone with the transaction');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''manager'')', 'SAVEPOINT s', 'SELECT 1 FROM fx.as_staff(''beta'', ''manager'')', 'ROLLBACK TO s', 'SELECT app.tenant()'), fx.id('a', 'tenant', 1)::text, 'D-04: what is rolled back gives the tenant before');
SELECT throws_ok($$ SELECT set_config('foyer.tenant_id', 'x', true) $$, '22023', NULL, 'a tenant that is no id is refused');
SELECT throws_ok($$ SELECT set_config('foyer.tenant_id', 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaaaa', true) $$, '22023', NULL, 'nor one that is too long');
SELECT lives_ok($$ SELECT set_config('foyer.tenant_id', '', true) $$, 'an empty one is nobody''s');

-- permissions: whole names only
CREATE FUNCTION pg_temp.may(permission text) RETURNS text LANGUAGE sql AS
$$ SELECT fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''manager'')', format('SELECT app.may(%L)', permission)) $$;
SELECT is(pg_temp.may('client_read'), 't', 'a permission she holds');
SELECT is(pg_temp.may(wrong), 'f', 'and none by half its name: ' || quote_literal(wrong))
FROM unnest(ARRAY['client', 'client_rea', 'lient_read', 'client_read,', ',client_read', 'client_read,client_write', 'CLIENT_READ', '', ',']) AS wrong;
SELECT is(fx.ask('foyer_staff', 'SELECT app.may(''client_read'')'), 'f', 'nobody holds nothing');

-- clients seen
CREATE FUNCTION pg_temp.seen(VARIADIC statements text[]) RETURNS text LANGUAGE sql AS
$$ SELECT fx.ask('foyer_staff', VARIADIC ARRAY['SELECT 1 FROM fx.as_staff(''alpha'', ''manager'')'] || statements) $$;
SELECT is(pg_temp.seen('SELECT app.seen_clients()'), '{}', 'nobody is seen at first');
SELECT is(pg_temp.seen('SELECT app.seen(id) FROM app.client WHERE id = ANY (ARRAY[fx.id(''a'', ''client'', 2), fx.id(''a'', ''client'', 1)])',
    'SELECT app.seen(fx.id(''a'', ''client'', 1))', 'SELECT app.seen_clients() = (SELECT array_agg(id ORDER BY id) FROM app.client WHERE id = ANY (ARRAY[fx.id(''a'', ''client'', 2), fx.id(''a'', ''client'', 1)]))'), 't', 'each once');
SELECT is(pg_temp.seen('SELECT app.seen(fx.id(''a'', ''client'', 1))', 'COMMIT', 'SELECT app.seen_clients()'), '{}', 'and forgotten with the transaction');
SELECT is(pg_temp.seen('SELECT app.seen(NULL) IS NULL', 'SELECT app.seen_clients()'), '{}', 'no client is none');
SELECT is(pg_temp.seen('SELECT count(app.seen(gen_random_uuid())) FROM generate_series(1, 5000)', 'SELECT cardinality(app.seen_clients())'), '5000', 'many');

SELECT is(pg_temp.seen('SELECT app.seen(fx.id(''a'', ''client'', 1))', 'SELECT count(*), count(wrapped_key), bool_and(client_id = fx.id(''a'', ''client'', 1)) FROM app.disclose_seen()', 'COMMIT'), 'COMMIT', 'A-02: those who were seen are disclosed');
SELECT is((SELECT client_ids FROM audit.event ORDER BY at DESC LIMIT 1), ARRAY[fx.id('a', 'client', 1)], 'A-02: and named in the trail');
SELECT is(pg_temp.seen('SELECT app.seen(fx.id(''a'', ''client'', 1))', 'SELECT count(*), count(wrapped_key) FROM app.disclose_seen()'), '1,1', 'with her key');
SELECT is(pg_temp.seen('SELECT app.seen(fx.id(''b'', ''client'', 1))', 'SELECT count(*), count(wrapped_key) FROM app.disclose_seen()'), '1,0', 'L01: of another tenant''s client no key is given');
SELECT is(pg_temp.seen('SELECT count(*) FROM app.disclose_seen()'), '0', 'nobody seen, nobody disclosed');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT app.seen(fx.id(''a'', ''client'', 1))', 'SELECT 1 FROM app.disclose_seen()'), 'FY403', 'a visitor sees nobody');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM app.disclose_seen()'), 'FY403', 'D-05: without a tenant nothing');
SELECT is(fx.ask('foyer_staff', 'SELECT app.write_disclosure(''{}'')'), '42501', 'the row is not written from outside');

-- what is set up
CREATE FUNCTION pg_temp.version(t char) RETURNS bigint LANGUAGE sql AS $$ SELECT reference_version FROM app.tenant WHERE id = fx.id(t, 'tenant', 1) $$;
CREATE TEMP TABLE before AS SELECT pg_temp.version('a') AS a, pg_temp.version('b') AS b;
COMMIT;
BEGIN;
SELECT set_config('foyer.tenant_id', '', true) \g /dev/null
UPDATE app.location SET phone = phone WHERE tenant_id = fx.id('a', 'tenant', 1);
COMMIT;
SELECT ok(pg_temp.version('a') <> a, 'a change of a place is noticed, also one that was made from outside') FROM before;
SELECT is(pg_temp.version('b'), b, 'and by the one business only') FROM before;
SELECT is(current_setting('foyer.tenant_id', true), '', 'the trigger leaves nobody entered');
SELECT has_trigger('app', t, 'what_is_set_up_changed', t || ' is watched')
FROM unnest(ARRAY['location', 'closure', 'staff', 'shift', 'time_off', 'service', 'resource', 'service_staff', 'service_room']) AS t;
UPDATE before SET a = pg_temp.version('a');
BEGIN;
UPDATE app.service SET name = name WHERE tenant_id = fx.id('a', 'tenant', 1);
ROLLBACK;
SELECT is(pg_temp.version('a'), a, 'what is rolled back was no change') FROM before;
SELECT is(fx.ask('foyer_staff', 'SELECT reference_version FROM fx.as_staff(''alpha'', ''manager'')'), pg_temp.version('a')::text, 'begin says which state it is');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''manager'')', 'UPDATE app.tenant SET reference_version = 1'), '42501', 'nobody else sets it');
SELECT * FROM finish();
