-- Coming in: log-in (L49, B46, S-03, S-06, T06, T09), links (L20, S-14, S-15, T22, T23), idempotency (B-04, T28).
BEGIN;
SELECT no_plan();

-- log-in
CREATE FUNCTION pg_temp.lookup(email text, ip text DEFAULT '198.51.100.1') RETURNS text LANGUAGE sql AS
$$ SELECT fx.ask('foyer_slow', format('SELECT coalesce(staff_id::text, ''nobody''), phc, wait_seconds > 0 FROM sec.login_lookup(''alpha.foyer.localhost'', %L, %L)', email, ip)) $$;
SELECT is(pg_temp.lookup(' SAM2@Studio.test '), fx.id('a', 'staff', 2) || ',"$argon2id$v=19$m=65536,t=3,p=1$a2$aGFzaA",f', 'a member of staff is known by her address');
SELECT is(pg_temp.lookup('nobody@studio.test'), 'nobody,"",f', 'T06: an unknown address has the same shape');
SELECT is(fx.ask('foyer_slow', 'SELECT session_id IS NOT NULL, actor_name FROM sec.login_done(''alpha.foyer.localhost'', ''sam2@studio.test'', fx.id(''a'', ''staff'', 2), true, fx.tok(''new''), NULL, ''198.51.100.1'', ''ua'', NULL)', 'COMMIT'), 'COMMIT', 'she logs in');
SELECT is(fx.ask('foyer_staff', 'SELECT actor_name FROM sec.begin_staff(''alpha.foyer.localhost'', fx.tok(''new''), ''calendar_read'', ''x'', NULL, NULL, NULL)'), '"Sam Manager 2"', 'and is in');
SELECT is(fx.ask('foyer_slow', 'SELECT session_id IS NULL FROM sec.login_done(''alpha.foyer.localhost'', ''sam2@studio.test'', fx.id(''a'', ''staff'', 1), true, fx.tok(''new2''), NULL, ''198.51.100.1'', ''ua'', NULL)'), 't', 'S-12: the address and the person belong together');
SELECT is(fx.ask('foyer_slow', 'SELECT session_id IS NULL FROM sec.login_done(''beta.foyer.localhost'', ''sam2@studio.test'', fx.id(''a'', ''staff'', 2), true, fx.tok(''new2''), NULL, ''198.51.100.1'', ''ua'', NULL)'), 't', 'L01: and the person and the host');
SELECT is((SELECT count(*) FROM audit.event WHERE action = 'login' AND outcome = 'ok' AND actor_id = fx.id('a', 'staff', 2)), 1::bigint, 'A-02: a log-in leaves its row');

-- five failures, then a delay that doubles; for unknown addresses as well; the right password does not help meanwhile
SELECT is(fx.ask('foyer_slow', 'SELECT wait_seconds FROM sec.login_done(''alpha.foyer.localhost'', ''' || who || ''', ' || id || ', false, fx.tok(''x''), NULL, ''198.51.100.' || ip || ''', ''ua'', NULL)', 'COMMIT'), 'COMMIT', 'failure ' || i || ' of ' || who)
FROM (VALUES ('sam3@studio.test', 'fx.id(''a'', ''staff'', 3)', 2), ('ghost@studio.test', 'NULL', 3)) AS v (who, id, ip), generate_series(1, 5) AS i;
SELECT is(pg_temp.lookup('sam3@studio.test', '198.51.100.77'), 'nobody,"",t', 'S-03: after five failures one has to wait, from wherever');
SELECT is(pg_temp.lookup('ghost@studio.test', '198.51.100.77'), 'nobody,"",t', 'T06: and so for somebody who does not exist');
SELECT is(fx.ask('foyer_slow', 'SELECT session_id IS NULL FROM sec.login_done(''alpha.foyer.localhost'', ''sam3@studio.test'', fx.id(''a'', ''staff'', 3), true, fx.tok(''y''), NULL, ''198.51.100.77'', ''ua'', NULL)'), 't', 'S-03: nor does the right password help');
SELECT is(pg_temp.lookup('sam4@studio.test', '198.51.100.77'), fx.id('a', 'staff', 4) || ',"$argon2id$v=19$m=65536,t=3,p=1$a4$aGFzaA",f', 'others are not locked out');
SELECT is((SELECT count(*) FROM audit.event WHERE action = 'login' AND outcome = 'failed' AND object_id = fx.id('a', 'staff', 3)), 5::bigint, 'A-02: each failure leaves its row');
UPDATE sec.throttle SET last_at = now() - interval '31 seconds';
COMMIT;
SELECT is(pg_temp.lookup('sam3@studio.test', '198.51.100.77'), fx.id('a', 'staff', 3) || ',"$argon2id$v=19$m=65536,t=3,p=1$a3$aGFzaA",f', 'S-03: never for ever: after half a minute she may try again');
SELECT is(fx.ask('foyer_slow', 'SELECT 1 FROM sec.login_done(''alpha.foyer.localhost'', ''sam3@studio.test'', fx.id(''a'', ''staff'', 3), false, fx.tok(''x''), NULL, ''198.51.100.2'', ''ua'', NULL)', 'COMMIT'), 'COMMIT', 'and fails');
UPDATE sec.throttle SET last_at = now() - interval '31 seconds';
SELECT is(pg_temp.lookup('sam3@studio.test', '198.51.100.77'), 'nobody,"",t', 'S-03: the delay has doubled');
DELETE FROM sec.throttle;

-- sessions
CREATE FUNCTION pg_temp.enter() RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', 'SELECT actor_name FROM fx.as_staff(''beta'', ''manager'')') $$;
SELECT is(pg_temp.enter(), '"Sam Manager 2"', 'beta''s manager is in');
UPDATE sec.session SET last_seen_at = now() - interval '15 minutes 1 second' WHERE staff_id = fx.id('b', 'staff', 2);
SELECT is(pg_temp.enter(), 'FY401', 'R-02, T09: out after fifteen minutes without a request');
UPDATE sec.session SET last_seen_at = now() - interval '14 minutes' WHERE staff_id = fx.id('b', 'staff', 2);
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''manager'')', 'COMMIT'), 'COMMIT', 'a request in time');
SELECT ok((SELECT last_seen_at > now() - interval '1 minute' FROM sec.session WHERE staff_id = fx.id('b', 'staff', 2)), 'keeps her in');
UPDATE sec.session SET absolute_until = now() WHERE staff_id = fx.id('b', 'staff', 2);
SELECT is(pg_temp.enter(), 'FY401', 'S-06, T09: out after twelve hours');
UPDATE sec.session SET absolute_until = now() + interval '1 hour' WHERE staff_id = fx.id('b', 'staff', 2);
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''manager'')', 'SELECT sec.logout()', 'COMMIT'), 'COMMIT', 'she logs out');
SELECT is(pg_temp.enter(), 'FY401', 'T09: and is out');
UPDATE sec.session SET revoked_at = NULL WHERE staff_id = fx.id('b', 'staff', 2);
BEGIN;
SELECT fx.inside('beta');
UPDATE app.staff SET is_active = false WHERE id = fx.id('b', 'staff', 2);
COMMIT;
SELECT is(pg_temp.enter(), 'FY401', 'T09: out when her account is closed');
BEGIN;
SELECT fx.inside('beta');
UPDATE app.staff SET is_active = true WHERE id = fx.id('b', 'staff', 2);
COMMIT;

-- L49: a right that is taken away is gone with the next request
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''biller'', ''client_read'')'), '1', 'the biller may see clients');
BEGIN;
SELECT fx.inside('beta');
DELETE FROM app.role_permission p USING app.role r WHERE r.tenant_id = p.tenant_id AND r.id = p.role_id AND r.slug = 'biller' AND p.permission = 'client_read' AND p.tenant_id = fx.id('b', 'tenant', 1);
COMMIT;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''biller'', ''client_read'')'), 'FY403', 'L49: a permission taken from the role is gone on the next request');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''biller'')', 'SELECT count(*) FROM app.client'), '0', 'L49: in the database as well');
BEGIN;
SELECT fx.inside('beta');
INSERT INTO app.role_permission (role_id, permission) SELECT id, 'client_read' FROM app.role WHERE slug = 'biller' AND tenant_id = fx.id('b', 'tenant', 1);
COMMIT;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''biller'', ''client_read'')'), '1', 'L49: and given back, it is there');
BEGIN;
SELECT fx.inside('beta');
DELETE FROM app.staff_role WHERE staff_id = fx.id('b', 'staff', 6);
COMMIT;
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''beta'', ''biller'', ''calendar_read'')'), 'FY403', 'L49: so with the role taken from the person');
BEGIN;
SELECT fx.inside('beta');
INSERT INTO app.staff_role (staff_id, role_id) SELECT fx.id('b', 'staff', 6), id FROM app.role WHERE slug = 'biller' AND tenant_id = fx.id('b', 'tenant', 1);
COMMIT;
SELECT is_empty($$ SELECT f.name FROM app.staff f WHERE regexp_replace(f.perms, 'show_[a-z]+,', '', 'g') <> coalesce((SELECT ',' || string_agg(DISTINCT p.permission, ',') || ',' FROM app.staff_role s
    JOIN app.role_permission p ON p.tenant_id = s.tenant_id AND p.role_id = s.role_id WHERE s.tenant_id = f.tenant_id AND s.staff_id = f.id), ',') $$, 'S-20: what is kept on the person equals her roles (and what they show: 110_reach)');

-- links
CREATE FUNCTION pg_temp.prove(n int, born date, ip text DEFAULT '203.0.113.1', host text DEFAULT 'alpha', token text DEFAULT NULL, session text DEFAULT 'proof') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM tap.dblink_connect('prove', format('host=%s port=%s dbname=%L user=foyer_public', current_setting('fx.host'), current_setting('port'), current_database()));
    SELECT x INTO answer FROM tap.dblink('prove', format('SELECT concat_ws('','', is_ok, tries_left, is_over, wait_seconds > 0) FROM sec.link_prove(%L, %L, fx.tok(%L), %L, fx.tok(%L), %L, ''ua'', NULL)',
        host || '.foyer.localhost', fx.id('a', 'link', n), coalesce(token, 'link alpha ' || n), born, session, ip)) AS t (x text);
    PERFORM tap.dblink_disconnect('prove');
    RETURN answer;
END $$;
CREATE FUNCTION pg_temp.follow(n int, token text, host text DEFAULT 'alpha', proven boolean DEFAULT false) RETURNS text LANGUAGE sql AS
$$ SELECT fx.ask('foyer_public', format('SELECT is_proven, client_id IS NOT NULL FROM sec.begin_link(%L, %L, fx.tok(%L), ''form'', %L, ''x'', NULL, NULL, NULL)', host || '.foyer.localhost', fx.id('a', 'link', n), token, proven)) $$;
SELECT is(pg_temp.follow(1, 'link alpha 1'), 'f,f', 'L20: a link''s token lets in, and shows nobody');
SELECT is(count(*) FILTER (WHERE pg_temp.follow(1, 'link alpha 1') = 'f,f'), 3::bigint, 'S-14, T22: following it again and again uses nothing up') FROM generate_series(1, 3);
SELECT is(pg_temp.follow(1, 'link alpha 2'), 'FY401', 'L20, T02: another link''s token opens nothing');
SELECT is(pg_temp.follow(1, 'a session that has ended'), 'FY401', 'T22: a proof that has ended says so: not found would be a riddle');
SELECT is(pg_temp.follow(1, 'link alpha 1', 'beta'), 'FY404', 'L20, T22: nor is it on another tenant''s host');
SELECT is(pg_temp.follow(1, 'link alpha 1', 'alpha', true), 'FY401', 'S-15: the link''s own token is no proof');
SELECT is(pg_temp.follow(1, 'link session alpha 2', 'alpha', true), 'FY401', 'T02: nor is the proof of another link');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM sec.begin_link(''alpha.foyer.localhost'', fx.id(''a'', ''link'', 1), fx.tok(''link alpha 1''), ''manage'', false, ''x'', NULL, NULL, NULL)'), 'FY404', 'S-14: a link serves its purpose only');
SELECT is(pg_temp.prove(1, '1990-01-03'), 'f,4,f,f', 'S-15: a wrong date of birth costs a try');
SELECT is(pg_temp.prove(1, NULL), 'f,3,f,f', 'S-15: so does none');
SELECT is(pg_temp.prove(1, '1990-01-02', '203.0.113.1', 'beta'), 'f,0,t,f', 'L20: on another host there is nothing to prove');
SELECT is(pg_temp.prove(1, '1990-01-02', '203.0.113.1', 'alpha', 'wrong token'), 'f,0,t,f', 'L20: nor with another token');
SELECT is(pg_temp.prove(1, '1990-01-02'), 't,3,f,f', 'S-15: the right date opens');
SELECT is(pg_temp.follow(1, 'proof', 'alpha', true), 't,t', 'L20: for the browser that proved it');
SELECT is(pg_temp.prove(1, '1990-01-09', '203.0.113.2', session => 'proof 2'), 'f,4,f,f', 'and counts afresh');
SELECT is(string_agg(pg_temp.prove(2, '1980-01-01'::date + i, '203.0.113.3'), ' ' ORDER BY i), 'f,4,f,f f,3,f,f f,2,f,f f,1,f,f f,0,t,f f,0,t,f', 'T23: five tries, then the link is locked') FROM generate_series(1, 6) AS i;
SELECT is(pg_temp.prove(2, '1990-01-03', '203.0.113.4'), 'f,0,t,f', 'T23: for the right date too');
SELECT is(pg_temp.follow(2, 'link alpha 2'), 'FY410', 'T23: and says it is over');
SELECT is(pg_temp.follow(2, 'link session alpha 2', 'alpha', true), 'FY410', 'T23: for those who had proved it as well');
SELECT is((SELECT count(*) FROM audit.event WHERE action = 'link.prove' AND outcome = 'failed' AND reason = 'locked'), 1::bigint, 'A-02: which is written down');
SELECT is(right(string_agg(pg_temp.prove(9, '1980-01-01'::date + i, '203.0.113.5'), ' ' ORDER BY i), 15), 'f,0,t,f f,0,t,t', 'T23: twenty failures from one address, and it has to wait') FROM generate_series(1, 21) AS i;
SELECT is(pg_temp.prove(3, '1990-01-04', '203.0.113.5'), 'f,5,f,t', 'T23: for any link, without costing it a try');
DELETE FROM sec.throttle;
UPDATE app.link SET expires_at = now() WHERE id = fx.id('a', 'link', 3);
SELECT is(pg_temp.follow(3, 'link alpha 3'), 'FY410', 'L20, T22: expired');
UPDATE app.link SET expires_at = now() + interval '1 day', revoked_at = now() WHERE id = fx.id('a', 'link', 3);
SELECT is(pg_temp.follow(3, 'link alpha 3'), 'FY410', 'L20, T22: revoked');
UPDATE app.link SET revoked_at = NULL, failures = 0, locked_at = NULL WHERE tenant_id = fx.id('a', 'tenant', 1);
SELECT is_empty($$ SELECT 1 FROM app.link WHERE length(token_hash) <> 32 $$, 'S-14: only hashes are kept');

-- forms count once
BEGIN;
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT is_new, location FROM app.idem_take(''key-0123456789abcdef'', sha256(''body''), ''POST /book'')'), 't,', 'B-04: new');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT 1 FROM app.idem_take(''key-0123456789abcdef'', sha256(''body''), ''POST /book'')', 'SELECT app.idem_done(''key-0123456789abcdef'', ''/done'')', 'COMMIT'), 'COMMIT', 'sent');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT is_new, location FROM app.idem_take(''key-0123456789abcdef'', sha256(''body''), ''POST /book'')'), 'f,/done', 'B-04, T28: again: the same answer');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT 1 FROM app.idem_take(''key-0123456789abcdef'', sha256(''other''), ''POST /book'')'), 'FY422', 'B-04, T28: other content is refused');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT 1 FROM app.idem_take(''key-0123456789abcdef'', sha256(''body''), ''POST /other'')'), 'FY422', 'B-04: and so is another page');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''beta'')', 'SELECT is_new FROM app.idem_take(''key-0123456789abcdef'', sha256(''other''), ''POST /book'')'), 't', 'D-09: another tenant''s keys are its own');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT app.idem_done(''key-0123456789abcdef'', ''/elsewhere'')', 'SELECT location FROM app.idem_take(''key-0123456789abcdef'', sha256(''body''), ''POST /book'')'), '/done', 'B-04: an answer once given stands');

SELECT * FROM finish();
COMMIT;
