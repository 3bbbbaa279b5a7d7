-- T13: what arbitrary SQL gets from inside a pool. D-03, D-13, D-18, A-03.
BEGIN;
SELECT no_plan();
CREATE TEMP TABLE pools AS SELECT * FROM (VALUES
    ('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''front-desk'')'),
    ('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)'),
    ('foyer_slow', 'SELECT 1 FROM fx.as_visitor(''alpha'')'),
    ('foyer_jobs', 'SELECT 1')) AS v (role, enter);

SELECT is(fx.ask(role, enter, attack), '42501', 'T13: ' || role || ': ' || attack)
FROM pools, (VALUES
    ('SELECT set_config(''foyer.tenant_id'', fx.id(''b'', ''tenant'', 1)::text, true)'),
    ('SELECT set_config(''foyer.perms'', '',chart_read,'', false)'),
    ('SET foyer.tenant_id = ''x'''),
    ('SET LOCAL foyer.actor = ''x'''),
    ('RESET foyer.tenant_id'),
    ('SET ROLE foyer_owner'), ('SET ROLE foyer_auth'), ('SET ROLE postgres'), ('SET ROLE foyer_audit_reader'), ('SET ROLE foyer_backfill'),
    ('SET SESSION AUTHORIZATION postgres'),
    ('SET session_replication_role = replica'),
    ('CREATE TEMP TABLE client (id uuid)'),
    ('CREATE TABLE app.x (id uuid)'),
    ('CREATE TABLE public.x (id uuid)'),
    ('CREATE SCHEMA x'),
    ('CREATE FUNCTION app.x() RETURNS int LANGUAGE sql AS ''SELECT 1'''),
    ('CREATE EXTENSION file_fdw'),
    ('COPY (SELECT 1) TO PROGRAM ''true'''),
    ('COPY app.allergy FROM ''/etc/passwd'''),
    ('SELECT lo_import(''/etc/passwd'')'),
    ('SELECT pg_read_file(''/etc/passwd'')'),
    ('SELECT pg_ls_dir(''.'')'),
    ('ALTER TABLE app.client DISABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE app.client NO FORCE ROW LEVEL SECURITY'),
    ('CREATE POLICY p ON app.client USING (true)'),
    ('DROP POLICY rows_of_the_tenant ON app.client'),
    ('TRUNCATE app.client'),
    ('TRUNCATE audit.event'),
    ('GRANT SELECT ON app.client_key TO PUBLIC'),
    ('SELECT 1 FROM app.client_key'),
    ('SELECT 1 FROM sec.session'),
    ('SELECT phc FROM sec.credential'),
    ('SELECT 1 FROM sec.throttle'),
    ('SELECT 1 FROM sec.link_session'),
    ('SELECT 1 FROM sec.site'),
    ('SELECT token_hash FROM app.link'),
    ('SELECT 1 FROM audit.event'),
    ('UPDATE audit.event SET action = ''x'''),
    ('DELETE FROM audit.event'),
    ('INSERT INTO audit.event (tenant_id, actor_kind, action) VALUES (fx.id(''a'', ''tenant'', 1), ''system'', ''forged'')'),
    ('INSERT INTO app.slot (appointment_id, resource_id, during, state) VALUES (gen_random_uuid(), gen_random_uuid(), ''empty'', ''booked'')'),
    ('UPDATE app.appointment SET status = ''done'''),
    ('UPDATE app.staff SET perms = '',chart_read,'''),
    ('INSERT INTO app.staff_role (staff_id, role_id) VALUES (gen_random_uuid(), gen_random_uuid())'),
    ('INSERT INTO app.role_permission (role_id, permission) VALUES (gen_random_uuid(), ''chart_read'')'),
    ('SELECT sec.enter_tenant(fx.id(''b'', ''tenant'', 1), ''staff'', '''', NULL)'),
    ('SELECT sec.enter_host(''beta.foyer.localhost'', ''staff'', '''', NULL, NULL, NULL)'),
    ('SELECT sec.enter_slug(''beta'')'),
    ('SELECT sec.note(''x'', ''ok'', NULL, ''{}'', NULL, NULL)'),
    ('SELECT sec.password_set(fx.id(''a'', ''staff'', 1), ''$argon2id$x'')'),
    ('SELECT sec.tenant_new(NULL, ''x'', ''x'', ''medspa'', ''US'')'),
    ('SELECT app.claim(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)'),
    ('SELECT app.take_slots(NULL, NULL, NULL, NULL, NULL)'),
    ('SELECT audit.events(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)'),
    ('SELECT app.guard_table(''app.client'')')
) AS a (attack) ORDER BY role, attack;

-- row_security = off is no way round either: it refuses instead of filtering
SELECT is(fx.ask(role, enter, 'SET row_security = off', 'SELECT 1 FROM app.location'), '42501', 'T13: ' || role || ': row_security = off') FROM pools;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'DISCARD ALL'), '25001', 'T13: DISCARD ALL inside a transaction is refused');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'RESET ALL', 'SELECT count(*) FROM app.client WHERE tenant_id <> fx.id(''a'', ''tenant'', 1)'), '0', 'T13: RESET ALL opens nothing');

-- a refused entry leaves nothing, even when the refusal is caught
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')',
    'DO $$ BEGIN PERFORM sec.begin_staff(''beta.foyer.localhost'', ''\x00'', '''', '''', NULL, NULL, NULL); EXCEPTION WHEN OTHERS THEN NULL; END $$',
    'SELECT DISTINCT tenant_id FROM app.client'), fx.id('a', 'tenant', 1)::text, 'D-03: a refused entry that was caught changes no context');
-- a session counts on its own tenant's host only
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM sec.begin_staff(''beta.foyer.localhost'', fx.tok(''session alpha owner''), '''', '''', NULL, NULL, NULL)'), 'FY401', 'S-08, L01: alpha''s session is nothing on beta''s host');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM sec.begin_staff(''foyer.localhost'', fx.tok(''session ops operator''), '''', '''', NULL, NULL, NULL)'), 'FY401', 'L35: no session at the apex');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM sec.begin_staff(''nobody.foyer.localhost'', fx.tok(''session alpha owner''), '''', '''', NULL, NULL, NULL)'), 'FY404', 'L01: an unknown host is not found');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM sec.begin_public(''alpha.foyer.localhost.evil.test'', '''', NULL, NULL, NULL)'), 'FY404', 'L01: nor is a host that only looks like one');
SELECT is(fx.ask('foyer_public', 'SELECT tenant_slug, realm FROM sec.begin_public(''foyer.localhost'', '''', NULL, NULL, NULL)'), 'ops,site', 'L01: the apex is the operator''s site');
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.begin_job(fx.id(''b'', ''tenant'', 1), '''', NULL)'), 'FY403', 'D-17: a job enters no tenant without a job in work');

-- what a proven link opens: her own rows, nothing else
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)', 'SELECT ' || what), wanted, 'H-01: by link 1 one sees: ' || what)
FROM (VALUES ('count(*), min(id::text) FROM app.client', '1,' || fx.id('a', 'client', 1)), ('count(*) FROM app.appointment', '1'), ('count(*) FROM app.form_assignment', '1'), ('count(*) FROM app.allergy', '1'),
    ('count(*) FROM app.link', '1'), ('count(*) FROM app.form_answer', '0'), ('count(*) FROM app.signature', '0'), ('count(*) FROM app.form_draft', '0'), ('count(*) FROM app.appointment_event', '1')) AS v (what, wanted);
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1, false)', 'SELECT ' || what), '0', 'S-15: before the second factor one sees: ' || what)
FROM (VALUES ('count(*) FROM app.client'), ('count(*) FROM app.appointment'), ('count(*) FROM app.form_assignment'), ('count(*) FROM app.link')) AS v (what);
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT ' || what), '0', 'H-01: a visitor sees: ' || what)
FROM (VALUES ('count(*) FROM app.client'), ('count(*) FROM app.appointment'), ('count(*) FROM app.form_assignment'), ('count(*) FROM app.link'), ('count(*) FROM app.service WHERE NOT is_online'), ('count(*) FROM app.staff WHERE NOT is_provider')) AS v (what);
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', what), '42501', 'H-01: a visitor may not: ' || what)
FROM (VALUES ('SELECT email FROM app.staff'), ('SELECT 1 FROM app.slot'), ('SELECT 1 FROM app.shift'), ('SELECT 1 FROM app.time_off'), ('SELECT 1 FROM app.chart_note'), ('SELECT 1 FROM app.message'), ('SELECT 1 FROM app.idem'),
    ('SELECT 1 FROM app.client_word'), ('SELECT 1 FROM app.job'), ('SELECT 1 FROM app.demo_request'), ('INSERT INTO app.client (name) VALUES (''x'')')) AS v (what);
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_link(''alpha'', 1)', what), wanted, 'T02: by link 1 one may not: ' || what)
FROM (VALUES
    ('SELECT app.appointment_set_status(fx.id(''a'', ''appointment'', 2), ''cancelled'', NULL)', 'FY404'),
    ('SELECT app.appointment_set_status(fx.id(''b'', ''appointment'', 1), ''cancelled'', NULL)', 'FY404'),
    ('SELECT app.disclose(ARRAY[fx.id(''a'', ''client'', 2)])', 'FY403'),
    ('SELECT app.disclose(ARRAY[fx.id(''a'', ''client'', 1), fx.id(''a'', ''client'', 2)])', 'FY403'),
    ('INSERT INTO app.form_draft (assignment_id, client_id, form_version_id) VALUES (fx.id(''a'', ''assignment'', 2), fx.id(''a'', ''client'', 2), fx.id(''a'', ''version'', 1))', '42501'),
    ('INSERT INTO app.form_draft (assignment_id, client_id, form_version_id) VALUES (fx.id(''a'', ''assignment'', 2), fx.id(''a'', ''client'', 1), fx.id(''a'', ''version'', 1))', '23503'),
    ('INSERT INTO app.message (id, client_id, kind, channel, to_address, body_sealed, dedupe_key) VALUES (gen_random_uuid(), fx.id(''a'', ''client'', 2), ''x'', ''email'', ''a@b'', ''\x00'', ''z'')', '42501'),
    ('SELECT sec.link_new(NULL, ''manage'', fx.id(''a'', ''client'', 2), NULL, sha256(''x''), ''none'', NULL)', 'FY403'),
    ('SELECT sec.link_open(fx.id(''a'', ''link'', 2), sha256(''x''))', 'FY403'),
    ('SELECT sec.link_open(fx.id(''a'', ''link'', 1), sha256(''x''))', 'FY403'),
    ('SELECT app.client_new(gen_random_uuid(), ''X'', NULL, NULL, NULL, NULL, NULL, true, ''\x01'')', 'FY403'),
    ('SELECT app.book(fx.id(''a'', ''service'', 2), fx.id(''a'', ''location'', 1), NULL, fx.at(''15:00''), fx.id(''a'', ''client'', 2), NULL)', 'FY403')) AS v (what, wanted);
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT app.disclose(ARRAY[fx.id(''a'', ''client'', 1)])'), 'FY403', 'H-01: a visitor discloses nobody');
SELECT is(fx.ask('foyer_public', 'SELECT app.disclose(ARRAY[fx.id(''a'', ''client'', 1)])'), 'FY403', 'A-03: nor does anybody without a tenant');

-- D-18: permissions bite in the database too, for each role of a studio. Rows seen by role and table:
CREATE TEMP TABLE matrix (who text, client bigint, chart bigint, allergy bigint, appointment bigint, answer bigint, signature bigint, message bigint);
INSERT INTO matrix VALUES
    ('owner',      4, 4, 4, 4, 1, 1, 1),
    ('manager',    4, 0, 4, 4, 0, 0, 1),
    ('front-desk', 4, 0, 4, 4, 0, 0, 1),
    ('provider',   4, 4, 4, 4, 1, 1, 0),
    ('biller',     4, 0, 4, 4, 0, 0, 0),
    ('auditor',    0, 0, 0, 0, 0, 0, 0);
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ' || quote_literal(who) || ')',
        'SELECT (SELECT count(*) FROM app.client), (SELECT count(*) FROM app.chart_note), (SELECT count(*) FROM app.allergy), (SELECT count(*) FROM app.appointment WHERE source = ''import''),
                (SELECT count(*) FROM app.form_answer), (SELECT count(*) FROM app.signature), (SELECT count(*) FROM app.message WHERE dedupe_key = ''m1'')'),
    concat_ws(',', client, chart, allergy, appointment, answer, signature, message), 'D-18, B45, T03: what the ' || who || ' sees')
FROM matrix;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''front-desk'')', 'INSERT INTO app.chart_note (client_id, body_sealed) VALUES (fx.id(''a'', ''client'', 1), ''\x00'')'), '42501', 'D-18: the front desk writes no notes');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''biller'')', 'UPDATE app.client SET name = ''x'''), 'UPDATE 0', 'D-18: the biller changes no client');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''provider'')', 'INSERT INTO app.location (name, zone) VALUES (''x'', ''America/New_York'')'), '42501', 'D-18: a provider changes no settings');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''provider'')', 'SELECT audit.by_day(current_date, ''UTC'')'), 'FY403', 'D-18: a provider does not read the trail');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'SELECT count(*) FROM app.demo_request'), '0', 'D-18: a studio reads no demo requests');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''provider'', ''audit_read'')'), 'FY403', 'S-20: a page asks for its permission by name');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''provider'', ''chart'')'), 'FY403', 'S-20: half a name is no permission');

SELECT * FROM finish();
ROLLBACK;
