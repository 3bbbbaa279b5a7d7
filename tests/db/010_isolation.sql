-- Tenant isolation at the database layer: L48; D-01 to D-13; T14; B13.
\set lint `PGOPTIONS= psql -X -At -v schemas="'app','sec','audit'" -v approles="'foyer_staff','foyer_public','foyer_slow','foyer_jobs','foyer_sealer','foyer_retirer','foyer_auditor'" -f lint.sql`
BEGIN;
SELECT no_plan();

SELECT is(:'lint'::text, '', 'D-23, L48: lint.sql prints nothing for app, sec and audit and all login roles');
SELECT is((SELECT context FROM pg_settings WHERE name = 'foyer.tenant_id'), 'superuser', 'D-03b: the context is guarded by the server module');

-- roles
SELECT is_empty($$ SELECT rolname FROM pg_roles WHERE rolname IN ('foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_sealer', 'foyer_retirer', 'foyer_auditor')
    AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit) $$, 'L48, D-17: no pool''s role is superuser, bypasses policies, inherits');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
    WHERE r.rolname IN ('foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_sealer', 'foyer_retirer', 'foyer_auditor') $$, 'L48, D-17: no pool''s role owns anything');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity) $$, 'D-01, L48: row security is forced on every table of tenants');
SELECT is_empty($$ SELECT grantee || ' ' || table_schema || '.' || table_name FROM information_schema.role_table_grants
    WHERE table_schema = 'sec' AND grantee IN ('foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_sealer', 'foyer_retirer', 'foyer_auditor') $$,
    'D-17: sessions, password hashes and counters are closed to every pool');
SELECT is_empty($$ SELECT grantee, table_name, column_name FROM information_schema.column_privileges
    WHERE table_schema = 'app' AND table_name = 'client_key' AND grantee IN ('foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs') $$,
    'D-17: wrapped keys are closed to every pool');
SELECT is_empty($$ SELECT grantee FROM information_schema.column_privileges
    WHERE table_schema = 'app' AND table_name = 'link' AND column_name = 'token_hash' AND grantee IN ('foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs') $$,
    'S-14: hashes of links'' tokens are closed to every pool');

-- without a tenant: nothing, on every table that a pool may read at all
CREATE TEMP TABLE readable AS
SELECT r.role, format('%I.%I', n.nspname, c.relname) AS name, (SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS tenant_column
FROM unnest(ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs']) AS r (role), pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('permission')
  AND has_any_column_privilege(r.role, c.oid, 'SELECT') AND c.relname <> 'tenant';
SELECT cmp_ok((SELECT count(*) FROM readable), '>', 40::bigint, 'there is something to look at');
SELECT is(fx.ask(role, 'SELECT count(' || coalesce(tenant_column, '*') || ') FROM ' || name), '0', 'L48, T14: ' || role || ' sees 0 rows of ' || name || ' without a tenant')
FROM readable ORDER BY role, name;
SELECT is(fx.ask(role, 'SELECT count(*) FROM app.tenant'), '0', 'L48, T14: ' || role || ' sees no tenant without one')
FROM unnest(ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs']) AS role;

-- with tenant alpha: never a row of beta, as the most powerful of alpha
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')',
        'SELECT count(*) FROM ' || name || coalesce(' WHERE ' || tenant_column || ' <> fx.id(''a'', ''tenant'', 1)', '')), '0', 'L48, T01: alpha''s owner sees no row of others in ' || name)
FROM readable WHERE role = 'foyer_staff' ORDER BY name;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT count(*) FROM app.client'), '4', 'her own clients are there');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)',
        'SELECT count(*) FROM ' || name || coalesce(' WHERE ' || tenant_column || ' <> fx.id(''a'', ''tenant'', 1)', '')), '0', 'L48: a link of alpha sees no row of others in ' || name)
FROM readable WHERE role = 'foyer_public' ORDER BY name;

-- D-05: the setting reads '' after a local one has ended, and nothing breaks
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'COMMIT', 'BEGIN', 'SELECT count(*) FROM app.client'), '0',
    'D-04, D-05, T14: the context ends with its transaction, and its empty remains are no error');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT 1 FROM fx.as_staff(''beta'', ''front-desk'')',
    'SELECT count(*) FILTER (WHERE tenant_id = fx.id(''b'', ''tenant'', 1)), count(*) FROM app.client'), '4,4', 'D-04: entering again leaves nothing of who entered before');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT 1 FROM fx.as_visitor(''beta'')',
    'SELECT count(*) FROM app.client'), '0', 'D-03: permissions of one tenant are not carried into another');

-- writes
SELECT is(fx.ask('foyer_staff', 'INSERT INTO app.location (name, zone) VALUES (''x'', ''America/New_York'')'), '42501', 'T14: a write without a tenant is refused');
SELECT is(fx.ask('foyer_public', 'INSERT INTO app.demo_request (name, email, spa_name, locations, providers, platform) VALUES (''x'', ''a@b.c'', ''s'', 1, 1, ''p'')'), '42501', 'T14: so is the public''s');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'UPDATE app.client SET name = ''x'' WHERE id = fx.id(''b'', ''client'', 1)'), 'UPDATE 0',
    'T01: another tenant''s client cannot be changed');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'INSERT INTO app.allergy (client_id, substance_sealed) VALUES (fx.id(''b'', ''client'', 1), ''\x00'')'), '23503',
    'D-08: a foreign key does not reach into another tenant');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'INSERT INTO app.allergy (client_id, substance_sealed) VALUES (gen_random_uuid(), ''\x00'')'), '23503',
    'D-08: and says the same of what does not exist at all');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'INSERT INTO app.allergy (tenant_id, client_id, substance_sealed) VALUES (fx.id(''b'', ''tenant'', 1), fx.id(''b'', ''client'', 1), ''\x00'')'), '42501',
    'D-01: the tenant is not the writer''s to choose');
SELECT is(fx.ask('foyer_staff', 'COPY app.allergy (client_id, substance_sealed) FROM STDIN'), '0A000', 'D-14: no COPY into a table under row security');

-- B13
SELECT is((SELECT count(*) FROM app.client WHERE email_norm = 'family@example.com' AND tenant_id = fx.id('a', 'tenant', 1)), 4::bigint, 'B13: clients may share an e-mail address');
SELECT throws_ok($$ UPDATE app.client SET phone = '212 555 0123' WHERE id = fx.id('a', 'client', 1) $$, '23514', NULL, 'B13: a phone number is E.164');
SELECT is(app.phone_e164(p, c), wanted, 'B13: ' || p || ' in ' || c) FROM (VALUES
    ('(212) 555-0123', 'US', '+12125550123'), ('212.555.0123', 'US', '+12125550123'), ('1 212 555 0123', 'US', '+12125550123'), ('+44 20 7946 0958', 'US', '+442079460958'),
    ('011 44 20 7946 0958', 'US', '+442079460958'), ('020 7946 0958', 'GB', '+442079460958'), ('0412 345 678', 'AU', '+61412345678'),
    ('112 555 0123', 'US', NULL), ('212 155 0123', 'US', NULL), ('555 0123', 'US', NULL), ('212-555-CALL', 'US', NULL), ('', 'US', NULL), ('+12', 'US', NULL)) AS v (p, c, wanted);

-- D-06 search: by prefix, under row security, by index with a generic plan
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''front-desk'')', 'SELECT count(*) FROM app.client_find(' || quote_literal(typed) || ')'), wanted, 'D-06: ' || typed || ' finds ' || wanted)
FROM (VALUES ('nunez', '1'), ('NÚÑ mar', '1'), ('obrien', '1'), ('O''Brien', '1'), ('o’br siob', '1'), ('王芳', '1'), ('王', '1'), ('muster', '1'), ('0101', '1'), ('(212) 555-0102', '1'), ('+1 212 555 0103', '1'),
    ('5550104', '1'), ('family@example', '4'), ('family', '4'), ('aria', '0'), ('maria mustermann', '0'), ('%', '0'), ('', '0'), ('m', '2')) AS v (typed, wanted);
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''auditor'')', 'SELECT count(*) FROM app.client_find(''family'')'), '0', 'D-18: without the permission search finds nobody');

SELECT * FROM finish();
ROLLBACK;
