-- Outbox and jobs: D-25; L05 and L06 as far as the database goes; R-12's beginning.
SELECT no_plan();
CREATE FUNCTION pg_temp.claim(lease int DEFAULT 60) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM tap.dblink_connect('runner', format('host=%s port=%s dbname=%L user=foyer_jobs', current_setting('fx.host'), current_setting('port'), current_database()));
    SELECT x INTO answer FROM tap.dblink('runner', format('SELECT concat_ws('' '', left(tenant_id::text, 1), kind, attempts, was_lost) FROM sec.job_claim(%s)', lease)) AS t (x text);
    PERFORM tap.dblink_disconnect('runner');
    RETURN coalesce(answer, 'nothing');
END $$;
UPDATE app.job SET state = 'done', lease_until = NULL;
BEGIN;
SELECT fx.inside('alpha');
INSERT INTO app.job (id, kind, dedupe_key, run_at) VALUES (fx.id('a', 'job', 11), 'one', '1', now() - interval '3 minutes'), (fx.id('a', 'job', 13), 'later', '3', now() + interval '1 hour');
COMMIT;
BEGIN;
SELECT fx.inside('beta');
INSERT INTO app.job (id, kind, dedupe_key, run_at) VALUES (fx.id('b', 'job', 12), 'two', '2', now() - interval '2 minutes');
COMMIT;
SELECT is(fx.ask('foyer_jobs', 'SELECT count(*) FROM app.job'), '0', 'D-25: a runner sees no job without a tenant');
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.job_claim()', 'SELECT count(*) FROM app.job WHERE tenant_id <> fx.id(''a'', ''tenant'', 1)'), '0', 'D-25: a claim enters one tenant');

-- two runners at once never take the same job
SELECT tap.dblink_connect('r1', format('host=%s port=%s dbname=%L user=foyer_jobs', current_setting('fx.host'), current_setting('port'), current_database())) AS c \gset
SELECT tap.dblink_exec('r1', 'BEGIN') AS c \gset
SELECT is((SELECT x FROM tap.dblink('r1', 'SELECT kind FROM sec.job_claim(60)') AS t (x text)), 'one', 'D-25: the first runner takes the first job');
SELECT is(pg_temp.claim(), 'b two 1 f', 'D-25: the second does not wait for it, and takes the next');
SELECT is(pg_temp.claim(), 'nothing', 'D-25: the third finds none that is due');
SELECT tap.dblink_exec('r1', 'COMMIT') AS c \gset
SELECT tap.dblink_disconnect('r1') AS c \gset
SELECT is(pg_temp.claim(), 'nothing', 'D-25: leased jobs are not handed out again');

-- what somebody waits for comes first, however long a copy has been due, and whosever it is
BEGIN;
SELECT fx.inside('alpha');
INSERT INTO app.job (id, kind, dedupe_key, run_at) VALUES (fx.id('a', 'job', 21), 'form.pdf', '21', now() - interval '3 hours'), (fx.id('a', 'job', 22), 'outside.read', '22', now() - interval '2 hours');
COMMIT;
BEGIN;
SELECT fx.inside('beta');
INSERT INTO app.job (id, kind, dedupe_key, run_at) VALUES (fx.id('b', 'job', 23), 'message.send', '23', now());
COMMIT;
SELECT is(pg_temp.claim(), 'b message.send 1 f', 'D-25: a mail does not wait behind the copies of forms');
SELECT is(pg_temp.claim(), 'a form.pdf 1 f', 'D-25: these come when nothing else is due');
SELECT is(pg_temp.claim(), 'a outside.read 1 f', 'D-25: in the order of their time');
UPDATE app.job SET state = 'done', lease_until = NULL WHERE id IN (fx.id('a', 'job', 21), fx.id('a', 'job', 22), fx.id('b', 'job', 23));

-- in the tenant of a leased job, and only there
SELECT is(fx.ask('foyer_jobs', 'SELECT tenant_slug FROM sec.begin_job(fx.id(''a'', ''tenant'', 1), ''message.send'', NULL)'), 'alpha', 'D-17: a runner enters the tenant of a job in work');
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.begin_job(fx.id(''0'', ''tenant'', 1), ''message.send'', NULL)'), 'FY403', 'D-17: and no other');
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.begin_job(fx.id(''a'', ''tenant'', 1), ''message.send'', NULL)', 'SELECT client_id FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 1)])'), fx.id('a', 'client', 1)::text, 'L18: a job discloses too, and leaves its row');
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.begin_job(fx.id(''a'', ''tenant'', 1), ''x'', NULL)', 'SELECT 1 FROM app.chart_note'), '42501', 'L19: but reads no chart');

-- done, failed, lost, dead
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.begin_job(fx.id(''a'', ''tenant'', 1), ''x'', NULL)', 'SELECT sec.job_done(fx.id(''a'', ''job'', 11))', 'COMMIT'), 'COMMIT', 'one is done');
SELECT is((SELECT state FROM app.job WHERE id = fx.id('a', 'job', 11)), 'done', 'and stays done');
UPDATE app.job SET lease_until = now() - interval '1 second' WHERE id = fx.id('b', 'job', 12);
SELECT is(pg_temp.claim(), 'b two 2 t', 'D-25: a lost lease is handed out again, and said to be lost');
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.begin_job(fx.id(''b'', ''tenant'', 1), ''x'', NULL)', 'SELECT sec.job_failed(fx.id(''b'', ''job'', 12), ''no answer'')', 'COMMIT'), 'COMMIT', 'it fails');
SELECT ok((SELECT state = 'ready' AND run_at BETWEEN now() + interval '15 seconds' AND now() + interval '25 seconds' AND last_error = 'no answer' FROM app.job WHERE id = fx.id('b', 'job', 12)), 'D-25: again later, twice as late each time');
SELECT is(pg_temp.claim(), 'nothing', 'not before');
UPDATE app.job SET run_at = now(), attempts = 7 WHERE id = fx.id('b', 'job', 12);
SELECT is(pg_temp.claim(), 'b two 8 f', 'the eighth attempt');
SELECT is(fx.ask('foyer_jobs', 'SELECT 1 FROM sec.begin_job(fx.id(''b'', ''tenant'', 1), ''x'', NULL)', 'SELECT sec.job_failed(fx.id(''b'', ''job'', 12), ''no answer'')', 'COMMIT'), 'COMMIT', 'fails as well');
SELECT is((SELECT state FROM app.job WHERE id = fx.id('b', 'job', 12)), 'dead', 'D-25: and is dead, for people to see');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'INSERT INTO app.job (id, kind, dedupe_key) VALUES (gen_random_uuid(), ''one'', ''1'')'), '23505', 'D-25: the same work is written once');
SELECT throws_ok($$ INSERT INTO app.message (tenant_id, client_id, kind, channel, to_address, body, dedupe_key) VALUES (fx.id('a', 'tenant', 1), fx.id('a', 'client', 1), 'x', 'email', 'a@b.c', 'open words', 'zz') $$, '23514', NULL, 'S-32: a message to a client is sealed');
SELECT is(fx.ask('foyer_jobs', 'SELECT sec.tidy()'), '""', 'tidying up works');
BEGIN;
INSERT INTO sec.booking_code (tenant_id, hold_id, code_mac, email_hash, made_at) SELECT fx.id('a', 'tenant', 1), fx.id('a', 'coded', n), sha256('mac'), sha256('hash'), now() - n * interval '20 hours' FROM generate_series(1, 2) n;
INSERT INTO sec.form_code (tenant_id, assignment_id, code_mac, made_at) SELECT fx.id('a', 'tenant', 1), fx.id('a', 'coded', n), sha256('mac'), now() - n * interval '20 hours' FROM generate_series(1, 2) n;
SELECT sec.tidy() \g /dev/null
SELECT is((SELECT count(*) FILTER (WHERE k.id = fx.id('a', 'coded', 1)) || ' ' || count(*) FILTER (WHERE k.id = fx.id('a', 'coded', 2)) FROM (SELECT hold_id FROM sec.booking_code UNION ALL SELECT assignment_id FROM sec.form_code) AS k (id)), '2 0',
    'what is kept of codes by e-mail goes after a day');
ROLLBACK;

-- the demo form goes to the operator only
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM sec.begin_public(''foyer.localhost'', ''demo.create'', NULL, NULL, NULL)', 'INSERT INTO app.demo_request (id, name, email, spa_name, locations, providers, platform) VALUES (gen_random_uuid(), ''N'', ''n@example.com'', ''Spa'', 1, 2, ''paper'')'), 'INSERT 0 1', 'L04: the apex takes demo requests');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'INSERT INTO app.demo_request (id, name, email, spa_name, locations, providers, platform) VALUES (gen_random_uuid(), ''N'', ''n@example.com'', ''Spa'', 1, 2, ''paper'')'), '42501', 'L04: a studio does not');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM sec.begin_public(''foyer.localhost'', ''demo.create'', NULL, NULL, NULL)', 'INSERT INTO app.demo_request (id, name, email, spa_name, locations, providers, platform) VALUES (gen_random_uuid(), '' '', ''n@example.com'', ''Spa'', 1, 2, ''paper'')'), '23514', 'L04: checked here too');
SELECT is((SELECT count(*) FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid WHERE r.relname = 'demo_request' AND c.contype = 'c' AND c.conname LIKE 'demo\_request\_%' AND c.conname NOT LIKE '%check' AND obj_description(c.oid, 'pg_constraint') ~ '^[a-z_]+: .+'), 8::bigint, 'each rule has its words for people');
SELECT * FROM finish();
