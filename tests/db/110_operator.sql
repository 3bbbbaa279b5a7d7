-- The operator at the database layer (B19, L48): she reads no row of a business, the functions that count for her cannot read a client,
-- and whoever is here for support writes nothing, whatever the program asks for.
-- somebody is here for support at alpha, with all that can be granted; other connections must see her
DO $$
BEGIN
    UPDATE app.staff SET has_mfa = true WHERE tenant_id = fx.id('0', 'tenant', 1);
    PERFORM fx.inside('alpha');
    INSERT INTO app.staff (id, name, email, is_support, perms, masks) VALUES
        (fx.id('a', 'support', 1), 'Support: Olga (operator)', 'one@support.invalid', true, ',audit_read,calendar_read,chart_read,client_read,show_notes,', '{phone,email}');
    INSERT INTO app.support_grant (id, asked_by, asked_name, asked_email, reason, hours, permissions, state, decided_at, decided_by, ends_at)
    VALUES (fx.id('a', 'support', 1), fx.id('0', 'staff', 1), 'Olga', 'olga@foyer.test', 'to look at the calendar', 1, '{audit_read,calendar_read,chart_read,client_read}',
            'approved', now(), fx.id('a', 'staff', 1), now() + interval '1 hour');
    INSERT INTO sec.session (tenant_id, staff_id, token_hash, absolute_until, how)
    VALUES (app.tenant(), fx.id('a', 'support', 1), sha256(fx.tok('session alpha support')), now() + interval '1 hour', 'support');
END $$;
BEGIN;
SELECT no_plan();

-- entered as operator: of every table with a tenant, no row of a business
CREATE TEMP TABLE readable AS
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, format('%I', CASE c.relname WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END) AS tenant_column
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND has_any_column_privilege('foyer_staff', c.oid, 'SELECT')
  AND (c.relname = 'tenant' OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'));
SELECT cmp_ok((SELECT count(*) FROM readable), '>', 20::bigint, 'there is something to look at');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')',
        'SELECT count(*) FROM ' || name || ' WHERE ' || tenant_column || ' <> fx.id(''0'', ''tenant'', 1)'), '0', 'L48, B19: entered as operator, foyer_staff sees no row of a business in ' || name)
FROM readable ORDER BY name;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')', 'SELECT count(*) FROM ' || name), '0', 'B19: and none at all of ' || name)
FROM readable WHERE name IN ('app.client', 'app.appointment', 'app.chart_note', 'app.allergy', 'app.signature', 'app.form_answer', 'app.link') ORDER BY name;

-- the role that counts for her: columns, of which none is a client's
SELECT is_empty($$ SELECT c.oid::regclass, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND has_column_privilege('foyer_tenants', c.oid, a.attnum, 'SELECT')
      AND (c.relname ~ '^(client|chart|allergy|form|signature|appointment|slot|link|visit|idem|event)' OR a.attname ~ '^(client|body|subject|to_|phone|birth|token|phc|perms)|_sealed$') $$,
    'B19, L48: whose rights the counting functions have may read nothing of a client, no message, no token');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND has_any_column_privilege('foyer_tenants', c.oid, 'INSERT, UPDATE') $$, 'B19: nor write anything');
SELECT is((SELECT count(*) FROM pg_proc p WHERE p.proowner = 'foyer_tenants'::regrole AND p.prosecdef), 3::bigint, 'these functions are three');

-- they answer an operator alone
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')', 'SELECT string_agg(slug, ''+'' ORDER BY slug) FROM app.businesses(NULL, 50, 0)'), 'alpha+beta', 'B19: the operator has the list');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', f.statement), 'FY403', 'T03: no studio has ' || f.statement)
FROM (VALUES ('SELECT 1 FROM app.businesses(NULL, 50, 0)'), ('SELECT 1 FROM app.business_owners(''beta'')'), ('SELECT 1 FROM app.business_support(''beta'')'),
             ('SELECT sec.business_messages(''beta'', 1)'), ('SELECT sec.business_suspend(''beta'', ''because I want it'')'),
             ('SELECT sec.support_ask(''beta'', gen_random_uuid(), ''because I want it'', 1, ARRAY[''client_read''])'),
             ('SELECT sec.support_give_back(''beta'', gen_random_uuid())'), ('SELECT sec.support_ticket(''beta'', gen_random_uuid(), fx.tok(''x''))')) AS f (statement);
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_visitor(''ops'')', 'SELECT 1 FROM app.businesses(NULL, 50, 0)'), 'FY403', 'T03: nor has a visitor of the operator''s host');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM app.businesses(NULL, 50, 0)'), 'FY403', 'T03: nor has nobody');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM app.businesses(NULL, 50, 0)'), '42501', 'T03: nor has another pool');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')', 'SELECT sec.business_suspend(''ops'', ''because I want it'')'), 'FY404', 'B19: she does not close herself out');

-- stepping into a business leaves nothing of it behind
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')',
        'SELECT sec.support_ask(''alpha'', fx.id(''a'', ''support'', 9), ''to look at the calendar'', 1, ARRAY[''client_read''])',
        'SELECT app.tenant() = fx.id(''0'', ''tenant'', 1), (SELECT count(*) FROM app.client), (SELECT count(*) FROM app.support_grant)'), 't,0,0', 'B19: after asking she stands where she stood');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')',
        'SELECT sec.support_ask(''alpha'', fx.id(''a'', ''support'', 9), ''to look at the calendar'', 1, ARRAY[''client_read'', ''message_read''])'), '23514', 'B19: nothing but the list can be asked for');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')',
        'SELECT sec.support_ask(''alpha'', fx.id(''a'', ''support'', 9), ''to look at the calendar'', 25, ARRAY[''client_read''])'), '23514', 'B19: nor for more than a day');

SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''support'', ''client_read'')', 'SELECT count(*) FROM app.client'),
    (SELECT count(*)::text FROM app.client c JOIN app.tenant t ON t.id = c.tenant_id WHERE t.slug = 'alpha'), 'she reads what was granted');
SELECT is(fx.ask('foyer_staff', 'SELECT is_support, support_until IS NOT NULL FROM fx.as_staff(''alpha'', ''support'') AS s'), 't,t', 'and the page is told who she is');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''support'', ' || quote_literal(p.name) || ')'), 'FY403', 'B19: she is not let in by ' || p.name)
FROM app.permission p WHERE p.name NOT IN ('audit_read', 'calendar_read', 'chart_read', 'client_read') ORDER BY p.name;
CREATE TEMP TABLE writable AS
SELECT format('%I.%I', n.nspname, c.relname) AS name, a.attname, has_column_privilege('foyer_staff', c.oid, a.attnum, 'UPDATE') AS can_update
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN LATERAL (SELECT a.attname, a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              ORDER BY has_column_privilege('foyer_staff', c.oid, a.attnum, 'UPDATE') DESC, a.attnum LIMIT 1) a ON true
WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND has_any_column_privilege('foyer_staff', c.oid, 'UPDATE');
SELECT cmp_ok((SELECT count(*) FROM writable WHERE can_update), '>', 8::bigint, 'there is something to write to');
SELECT matches(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''support'')', format('UPDATE %s SET %I = %I', name, attname, attname)), '^(UPDATE 0|42501|FY403)$', 'B19: as support she changes no row of ' || name)
FROM writable WHERE can_update ORDER BY name;
SELECT matches(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''support'')', 'DELETE FROM ' || format('%I.%I', n.nspname, c.relname)), '^(DELETE 0|42501|FY403)$', 'B19: as support she deletes no row of ' || c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND has_table_privilege('foyer_staff', c.oid, 'DELETE') ORDER BY c.relname;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''support'')', f.statement), f.wanted, 'B19: as support, ' || f.statement)
FROM (VALUES ('SELECT sec.support_decide(fx.id(''a'', ''support'', 1), true)', 'FY403'), ('SELECT sec.support_end(fx.id(''a'', ''support'', 1))', 'FY403'),
             ('SELECT app.client_new(gen_random_uuid(), ''x'', NULL, NULL, NULL, NULL, NULL, true, ''\x00'')', 'FY403'),
             ('INSERT INTO app.allergy (client_id, substance_sealed) VALUES (fx.id(''a'', ''client'', 1), ''\x00'')', '42501'),
             ('INSERT INTO app.location (name, zone) VALUES (''x'', ''America/New_York'')', '42501')) AS f (statement, wanted);

-- it ends
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT sec.support_end(fx.id(''a'', ''support'', 1))', 'COMMIT', 'BEGIN',
    'SELECT 1 FROM fx.as_staff(''alpha'', ''support'')'), 'FY401', 'B19: ended, she is nobody');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT support_until IS NULL FROM app.tenant'), 't', 'and no page says that support is open');

-- a business whose pages are closed
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')', 'SELECT sec.business_suspend(''beta'', ''because it wants a rest'')', 'COMMIT', 'BEGIN',
    'SELECT 1 FROM fx.as_staff(''beta'', ''owner'')'), 'FY503', 'B19: closed for its people');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''beta'')'), 'FY503', 'B19: and for visitors');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''beta'', 1)'), 'FY503', 'B19: and by links');
SELECT is(fx.ask('foyer_slow', 'SELECT 1 FROM sec.login_lookup(''beta.foyer.localhost'', ''sam1@studio.test'', ''192.0.2.1'')'), 'FY503', 'B19: and at the log-in');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''ops'', ''operator'')', 'SELECT sec.business_suspend(''beta'', NULL)', 'COMMIT', 'BEGIN',
    'SELECT 1 FROM fx.as_staff(''beta'', ''owner'')', 'SELECT count(*) FROM app.client'), '4', 'B19: opened again with all it has');

SELECT * FROM finish();
ROLLBACK;
DO $$
BEGIN
    UPDATE app.staff SET has_mfa = false WHERE tenant_id = fx.id('0', 'tenant', 1);
    PERFORM fx.inside('alpha');
    DELETE FROM sec.session WHERE staff_id = fx.id('a', 'support', 1);
    DELETE FROM app.support_grant WHERE id = fx.id('a', 'support', 1);
    DELETE FROM app.staff WHERE id = fx.id('a', 'support', 1);
END $$;
