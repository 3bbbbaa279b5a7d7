-- The trail: L18, L50, A-01 to A-04; disclosure is the door.
BEGIN;
SELECT no_plan();

-- one page of staff: the row names actor, address, action, clients, request, in the same transaction
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''provider'', ''chart_read'', ''chart.read'')',
    'SELECT client_id, convert_from(wrapped_key, ''UTF8'') FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 1)])', 'COMMIT'), 'COMMIT', 'a chart is disclosed');
SELECT is((SELECT string_agg(concat_ws(' ', actor_kind, actor_id, ip, agent, client_ids, client_id, outcome, request_id, session_id IS NOT NULL), ';') FROM audit.event WHERE action = 'chart.read'),
    concat_ws(' ', 'staff', fx.id('a', 'staff', 4), '192.0.2.7', 'test agent', ARRAY[fx.id('a', 'client', 1)], fx.id('a', 'client', 1), 'ok', 'f0000000-0000-4000-8000-000000000001', 't'),
    'L18, A-02: the row says who, from where, what, whose, when, in which request');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''provider'', '''', ''chart.rolled'')', 'SELECT 1 FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 1)])', 'ROLLBACK'), 'ROLLBACK', 'a page that fails');
SELECT is((SELECT count(*) FROM audit.event WHERE action = 'chart.rolled'), 0::bigint, 'and its row share one fate');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'', '''', ''client.list'')', 'SELECT count(*) FROM app.disclose(ARRAY(SELECT id FROM app.client))', 'COMMIT'), 'COMMIT', 'a list is disclosed');
SELECT is((SELECT concat_ws(' ', count(*), max(cardinality(client_ids)), count(client_id)) FROM audit.event WHERE action = 'client.list'), '1 4 0', 'L18: a list is one row that names them all');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT count(*) FROM app.disclose(''{}'')'), '0', 'a page without clients leaves its row as well');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT count(*) FROM app.disclose(ARRAY[fx.id(''b'', ''client'', 1)])'), '0', 'D-03c: another tenant''s key is not handed out');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''auditor'')', 'SELECT count(*) FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 1)])'), '0', 'the auditor leaves her trace and gets no key');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 2)', 'SELECT client_id FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 2)])'), fx.id('a', 'client', 2)::text, 'a proven link discloses its own client');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT app.client_new(''c0000000-0000-4000-8000-000000000009'', ''New'', NULL, NULL, NULL, NULL, NULL, true, ''\x01'')',
    'SELECT client_id FROM app.disclose(ARRAY[''c0000000-0000-4000-8000-000000000009''::uuid])'), 'c0000000-0000-4000-8000-000000000009', 'a visitor discloses the client she has just become');

-- A-03: without the row, no key
REVOKE INSERT ON audit.event FROM foyer_disclosure;
COMMIT;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT 1 FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 1)])'), '42501', 'A-03: no row, no key');
GRANT INSERT (tenant_id, actor_kind, actor_id, session_id, link_id, ip, agent, action, object_kind, object_id, client_ids, fields, outcome, reason, request_id) ON audit.event TO foyer_disclosure;
BEGIN;

-- A-01: time, id and transaction are the server's
SELECT ok(NOT has_column_privilege(r, 'audit.event', c, 'INSERT'), 'A-01: ' || r || ' does not choose ' || c)
FROM unnest(ARRAY['foyer_disclosure', 'foyer_auth']) r, unnest(ARRAY['at', 'id', 'xid']) c;

-- L50, A-04: append-only for the pools, the owner and the superuser
SELECT is(fx.ask(r, a || ' ' || t), '42501', 'L50, A-04: ' || r || ' may not: ' || a || ' ' || t)
FROM unnest(ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_sealer', 'foyer_retirer', 'foyer_auditor']) r,
     unnest(ARRAY['UPDATE', 'DELETE FROM', 'TRUNCATE']) a0, LATERAL (SELECT a0 AS a) x,
     LATERAL (VALUES (CASE a0 WHEN 'UPDATE' THEN 'audit.event SET action = ''x''' ELSE 'audit.event' END), (CASE a0 WHEN 'UPDATE' THEN 'audit.event_rest SET action = ''x''' ELSE 'audit.event_rest' END)) y (t);
SELECT throws_ok(q, '42501', NULL, 'L50: not even the superuser may: ' || q) FROM (VALUES
    ('UPDATE audit.event SET action = ''x'''),
    ('DELETE FROM audit.event'),
    ('TRUNCATE audit.event'),
    ('TRUNCATE audit.event_rest'),
    ('UPDATE audit.' || (SELECT relname FROM pg_class WHERE relname LIKE 'event_2%' AND relkind = 'r' ORDER BY relname LIMIT 1) || ' SET action = ''x'''),
    ('TRUNCATE audit.' || (SELECT relname FROM pg_class WHERE relname LIKE 'event_2%' AND relkind = 'r' ORDER BY relname LIMIT 1)),
    ('DROP TABLE audit.event_rest'),
    ('DROP TABLE audit.event'),
    ('DROP SCHEMA audit CASCADE'),
    ('ALTER TABLE audit.event DETACH PARTITION audit.event_rest'),
    ('ALTER TABLE audit.event DISABLE TRIGGER event_never_changes'),
    ('ALTER TABLE audit.event DISABLE TRIGGER ALL'),
    ('ALTER TABLE audit.event_rest DISABLE TRIGGER event_never_truncated'),
    ('DROP TRIGGER event_never_changes ON audit.event'),
    ('DROP POLICY rows_of_the_tenant ON audit.event'),
    ('ALTER TABLE audit.event DROP COLUMN reason')) AS v (q);
SET LOCAL ROLE foyer_audit_owner;
SELECT throws_ok(q, '42501', NULL, 'L50: nor may the owner: ' || q) FROM (VALUES
    ('TRUNCATE audit.event'), ('DROP TABLE audit.event_rest'), ('ALTER TABLE audit.event DETACH PARTITION audit.event_rest'), ('ALTER TABLE audit.event DISABLE TRIGGER USER')) AS v (q);
SELECT is_empty('SELECT 1 FROM audit.event', 'D-01: nor does the owner see a row without a tenant');
RESET ROLE;

-- refusals
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''provider'', ''audit_read'', ''audit.day'')'), 'FY403', 'a provider is refused the trail');
SELECT is(fx.ask('foyer_staff', 'SELECT sec.refused(''alpha.foyer.localhost'', fx.tok(''session alpha provider''), ''audit.day'', ''forbidden'', ''192.0.2.7'', ''ua'', NULL)', 'COMMIT'), 'COMMIT', 'which is written down');
SELECT is((SELECT string_agg(concat_ws(' ', actor_kind, actor_id, outcome, reason), ';') FROM audit.event WHERE action = 'audit.day'), 'staff ' || fx.id('a', 'staff', 4) || ' refused forbidden', 'A-02: with her name');
SELECT is(fx.ask('foyer_public', 'SELECT sec.refused(''nowhere.test'', NULL, ''x'', ''y'', NULL, NULL, NULL)'), '""', 'an unknown host has no trail, and no error');

-- reports
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''auditor'')', 'SELECT count(*) FROM ' || f || ' WHERE action IN (''chart.read'', ''client.list'', ''audit.day'')'), wanted, 'A-13: ' || f)
FROM (VALUES ('audit.by_day(' || quote_literal((SELECT max(at AT TIME ZONE 'UTC')::date FROM audit.event)) || ', ''UTC'', 1000)', '3'), ('audit.by_client(fx.id(''a'', ''client'', 1), NULL, NULL)', '2'), ('audit.by_client(fx.id(''a'', ''client'', 2), NULL, NULL)', '1'),
    ('audit.by_client(fx.id(''b'', ''client'', 1), NULL, NULL)', '0'), ('audit.by_staff(fx.id(''a'', ''staff'', 4), NULL, NULL)', '2'), ('audit.by_staff(fx.id(''b'', ''staff'', 4), NULL, NULL)', '0'),
    ('audit.refusals(NULL, NULL)', '1'), ('audit.by_day(''2001-01-01'', ''UTC'')', '0')) AS v (f, wanted);
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''auditor'')', 'SELECT count(*) FROM audit.by_client(fx.id(''a'', ''client'', 1), NULL, NULL)'), '0', 'L48: beta''s auditor reads nothing of alpha''s');

-- partitions
SELECT cmp_ok(audit.make_partitions(6), '>=', 0, 'partitions are made ahead');
SELECT is(audit.make_partitions(6), 0, 'and only once');
SELECT is_empty($$ SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit.event'::regclass
    AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity OR (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname LIKE 'event\_never\_%') < 2) $$, 'D-12, A-04: each partition is under the same guard');

SELECT is_empty($$ SELECT 1 FROM audit.event WHERE actor_kind = 'staff' AND actor_id IS NULL $$, 'R-01: no act of staff without its actor');
SELECT * FROM finish();
ROLLBACK;
