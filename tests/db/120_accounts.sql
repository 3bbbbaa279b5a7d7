-- Accounts: who may give and change what (S-12), links that are used once (S-10, S-11, T08), the last owner, and who has to wait (S-03, T05).
SELECT no_plan();

-- what covers what
SELECT is(sec.perms_cover(mine, theirs), good, format('S-12: %s covers %s: %s', mine, theirs, good))
FROM (VALUES
    (',a_b,c_d,', ',a_b,', true), (',a_b,', ',a_b,c_d,', false), (',a_b,', ',', true), (',', ',a_b,', false),
    (',a_b,', ',a_b@own,', true), (',a_b@own,', ',a_b,', false), (',a_b@x,', ',a_b@x,', true), (',a_b@x,', ',a_b@y,', false),
    (',a_b,', ',a_b@x,', true), (',a_b@x,', ',a_b@own,', false), (',a_b@own,', ',a_b@own@x,', true), (',a_b@x,', ',a_b@own@x,', true),
    (',a_b@y,', ',a_b@own@x,', false), (',chart_read,', ',chart_emergency,chart_read@emergency,', true), (',chart_read@own,', ',chart_emergency,', false),
    (',a_b,', ',a_bc,', false)) AS v (mine, theirs, good);

-- and what is thought of a role is what its holders have
BEGIN;
SELECT fx.inside('alpha');
SELECT ok(sec.perms_cover(f.perms, sec.role_reach(sr.role_id, sr.location_id)) AND sec.perms_cover(sec.role_reach(sr.role_id, sr.location_id), f.perms),
    'S-12: what is thought of a role equals what ' || f.name || ' has by it')
FROM app.staff f JOIN app.staff_role sr ON sr.tenant_id = f.tenant_id AND sr.staff_id = f.id
WHERE f.tenant_id = fx.id('a', 'tenant', 1) AND (SELECT count(*) FROM app.staff_role o WHERE o.staff_id = f.id) = 1;
UPDATE app.staff_role SET location_id = fx.id('a', 'location', 2) WHERE staff_id IN (fx.id('a', 'staff', 2), fx.id('a', 'staff', 4), fx.id('a', 'staff', 6));
SELECT ok(sec.perms_cover(f.perms, sec.role_reach(sr.role_id, sr.location_id)) AND sec.perms_cover(sec.role_reach(sr.role_id, sr.location_id), f.perms),
    'S-12: the same for one location: ' || f.name || f.perms || sec.role_reach(sr.role_id, sr.location_id))
FROM app.staff f JOIN app.staff_role sr ON sr.tenant_id = f.tenant_id AND sr.staff_id = f.id
WHERE f.tenant_id = fx.id('a', 'tenant', 1) AND sr.location_id IS NOT NULL;
UPDATE app.staff_role SET location_id = NULL WHERE staff_id IN (fx.id('a', 'staff', 2), fx.id('a', 'staff', 4), fx.id('a', 'staff', 6));
-- (Who is given a role logs in anew; these do not have to.)
UPDATE sec.session SET revoked_at = NULL WHERE staff_id IN (fx.id('a', 'staff', 2), fx.id('a', 'staff', 4), fx.id('a', 'staff', 6));
COMMIT;

-- an invitation by the manager; nobody else may, and she gives no more than she has
CREATE FUNCTION fx.role(slug text) RETURNS text LANGUAGE sql AS $$ SELECT id::text FROM app.role r WHERE r.slug = role.slug $$;
GRANT EXECUTE ON FUNCTION fx.role(text) TO PUBLIC;
CREATE FUNCTION fx.invites(who text, slug text, email text, VARIADIC more text[] DEFAULT ARRAY[]::text[]) RETURNS text LANGUAGE sql AS $$
    SELECT fx.ask('foyer_staff', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who),
        format('SELECT sec.person_invite(fx.id(''a'', ''staff'', 77), ''Ina Invited'', %L, '''', false, ARRAY[fx.role(%L)], fx.tok(''invite''))', email, slug)] || more) $$;
SELECT is(fx.invites(who, 'biller', 'x@studio.test'), 'FY403', 'S-20: ' || who || ' invites nobody') FROM unnest(ARRAY['front-desk', 'provider', 'biller', 'auditor']) AS who;
SELECT is(fx.invites('manager', slug, 'x@studio.test'), 'FY422', 'S-12: a manager makes no ' || slug) FROM unnest(ARRAY['owner', 'provider']) AS slug;
SELECT is(fx.invites('owner', slug, 'x@studio.test'), '""', 'an owner makes a ' || slug) FROM unnest(ARRAY['owner', 'manager', 'provider', 'biller', 'auditor', 'front-desk']) AS slug;
SELECT is(fx.invites('manager', 'biller', ' SAM2@studio.test'), 'FY422', 'S-11: an address that has an account is not invited');
SELECT is(fx.invites('manager', 'front-desk', 'ina@studio.test', 'COMMIT'), 'COMMIT', 'a manager invites');
CREATE FUNCTION fx.acts(who text, act text) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_staff', format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who), act) $$;
SELECT is(fx.acts('manager', 'SELECT sec.person_deactivate(fx.id(''a'', ''staff'', 1))'), 'FY403', 'S-12: a manager does not deactivate the owner');
SELECT is(fx.acts('manager', 'SELECT sec.person_reset(fx.id(''a'', ''staff'', 4), fx.tok(''r''))'), 'FY403', 'S-12: nor reset who reads charts');
SELECT is(fx.acts('owner', 'SELECT sec.person_deactivate(fx.id(''b'', ''staff'', 3))'), 'FY404', 'L01: nobody of another studio is there');
SELECT is(fx.acts('owner', 'SELECT sec.person_deactivate(fx.id(''a'', ''staff'', 1))'), 'FY422', 'an owner does not close her own account');
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT sec.person_deactivate(fx.id(''a'', ''staff'', 3))'), 'FY403', 'a visitor deactivates nobody');

-- S-12: an owner is more than what her role may do: who may just as much makes none, and changes none
CREATE FUNCTION fx.at_slow(who text, act text) RETURNS text LANGUAGE sql AS $$ SELECT fx.ask('foyer_slow', format('SELECT 1 FROM fx.as_staff(''alpha'', %L)', who), act) $$;
BEGIN;
SELECT fx.inside('alpha');
UPDATE sec.session SET proved_at = now();
INSERT INTO app.role_permission (role_id, permission) SELECT fx.role('manager')::uuid, p FROM unnest(ARRAY['chart_read', 'chart_write']) AS p;
SELECT ok(sec.perms_cover(m.perms, o.perms), 'the manager may all that the owner may')
FROM app.staff o, app.staff m WHERE o.id = fx.id('a', 'staff', 1) AND m.id = fx.id('a', 'staff', 2);
COMMIT;
SELECT is(fx.acts('manager', format('SELECT sec.person_invite(fx.id(''a'', ''staff'', 78), ''I'', ''x@studio.test'', '''', false, ARRAY[fx.role(%L) || %L], fx.tok(''i''))', slug, place)), code,
    format('S-12: she makes a %s%s: %s', slug, place, code))
FROM (VALUES ('owner', '', 'FY422'), ('owner', ':' || fx.id('a', 'location', 1), 'FY422'), ('provider', '', '""')) AS v (slug, place, code);
SELECT is(fx.acts('manager', act), code, 'S-12: nor does she ' || words)
FROM (VALUES ('SELECT sec.person_deactivate(fx.id(''a'', ''staff'', 1))', 'FY403', 'close an owner''s account'),
             ('SELECT sec.person_reset(fx.id(''a'', ''staff'', 1), fx.tok(''r''))', 'FY403', 'ask for a link to an owner''s password'),
             ('SELECT sec.session_end(fx.id(''a'', ''staff'', 1), NULL)', 'FY403', 'end an owner''s sessions'),
             ('SELECT sec.role_change(fx.role(''owner'')::uuid, ''Owner'', ''{}'', false, ARRAY[''audit_read''], ARRAY[''none''])', 'FY422', 'change the owners'' role')) AS v (act, code, words);
SELECT is(fx.at_slow('manager', 'SELECT is_done FROM sec.reset_ask(fx.id(''a'', ''staff'', 1), ''lost her telephone'')'), 'FY422', 'S-12: nor take an owner''s second factor away');
SELECT is(fx.acts('owner', 'SELECT 1 AS n FROM sec.session_end(fx.id(''a'', ''staff'', 2), NULL)'), '1', 'an owner ends a manager''s');
BEGIN;
SELECT fx.inside('alpha');
DELETE FROM app.role_permission WHERE role_id = fx.role('manager')::uuid AND permission IN ('chart_read', 'chart_write');
COMMIT;

-- S-11, T08: bound to its business and its kind, used once, and no door to somebody's password
CREATE FUNCTION fx.follows(slug text, act text, VARIADIC more text[] DEFAULT ARRAY[]::text[]) RETURNS text LANGUAGE sql AS $$
    SELECT fx.ask('foyer_slow', VARIADIC ARRAY[format('SELECT 1 FROM fx.as_visitor(%L)', slug), act] || more) $$;
SELECT is(fx.follows('beta', 'SELECT staff_id FROM sec.invite_accept(fx.tok(''invite''), ''$argon2id$v=19$x'')'), 'FY410', 'T08: an invitation is nothing at another studio');
SELECT is(fx.follows('alpha', 'SELECT staff_id FROM sec.reset_done(fx.tok(''invite''), ''$argon2id$v=19$x'', NULL)'), 'FY410', 'T08: nor a link to a new password');
SELECT is(fx.follows('alpha', 'SELECT staff_id FROM sec.email_confirm(fx.tok(''invite''))'), 'FY410', 'T08: nor a proof of an address');
SELECT is(fx.follows('alpha', 'SELECT person FROM sec.account_link(fx.tok(''invite''), ''invite'')', 'COMMIT'), 'COMMIT', 'S-14: looking uses nothing up');
SELECT is(fx.follows('alpha', 'SELECT 1 FROM sec.invite_accept(fx.tok(''invite''), ''$argon2id$v=19$x'')', 'COMMIT'), 'COMMIT', 'she accepts');
SELECT is(fx.follows('alpha', 'SELECT 1 FROM sec.invite_accept(fx.tok(''invite''), ''$argon2id$v=19$y'')'), 'FY410', 'S-11: once');
SELECT is(fx.ask('foyer_public', 'SELECT 1 FROM fx.as_visitor(''alpha'')', 'SELECT 1 FROM sec.invite_accept(fx.tok(''invite''), ''x'')'), '42501', 'D-13: the public pool does not');
SELECT is((SELECT count(*) FROM audit.event WHERE action = 'account.join' AND actor_id = fx.id('a', 'staff', 77)), 1::bigint, 'A-02: that she joined is in the trail, as hers');

-- S-03: in a browser that she has used before, a flood from elsewhere is nothing to her
BEGIN;
SELECT fx.inside('alpha');
INSERT INTO sec.device (tenant_id, staff_id, token_hash) VALUES (fx.id('a', 'tenant', 1), fx.id('a', 'staff', 3), sha256(fx.tok('her browser')));
COMMIT;
CREATE FUNCTION fx.fails(email text, ip text, browser text, times int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..times LOOP
        PERFORM fx.ask('foyer_slow', format('SELECT wait_seconds FROM sec.login_done(''alpha.foyer.localhost'', %L, NULL, false, fx.tok(''x''), NULL, %L, ''ua'', NULL, %s)',
            replace(email, '#', n::text), replace(ip, '#', n::text), CASE browser WHEN '' THEN 'NULL' ELSE format('fx.tok(%L)', browser) END), 'COMMIT');
    END LOOP;
END $$;
CREATE FUNCTION fx.waits(slug text, email text, browser text) RETURNS text LANGUAGE sql AS $$
    SELECT fx.ask('foyer_slow', format('SELECT wait_seconds > 0 FROM sec.login_lookup(%L, %L, ''198.51.100.9'', %s)', slug || '.foyer.localhost', email,
        CASE browser WHEN '' THEN 'NULL' ELSE format('fx.tok(%L)', browser) END)) $$;
DELETE FROM sec.throttle;
SELECT fx.fails('sam3@studio.test', '203.0.113.#', '', 6);
SELECT is(fx.waits('alpha', 'sam3@studio.test', ''), 't', 'S-03: a stranger waits');
SELECT is(fx.waits('alpha', 'sam3@studio.test', 'her browser'), 'f', 'S-03: she does not');
SELECT is(fx.waits('alpha', 'sam3@studio.test', 'another'), 't', 'S-03: an invented cookie helps nobody');
SELECT is(fx.waits('alpha', 'ina@studio.test', ''), 'f', 'S-03: others go on');
SELECT fx.fails('sam3@studio.test', '203.0.113.1', 'her browser', 6);
SELECT is(fx.waits('alpha', 'sam3@studio.test', 'her browser'), 't', 'S-03: who guesses in her browser waits as well');
DELETE FROM sec.throttle;

-- T05: many accounts from many places, each below its own limit: strangers wait, and the owners are told, once
SELECT fx.fails('user#@studio.test', '203.0.113.#', '', 40);
CREATE FUNCTION fx.studio_key(hours_ago int) RETURNS bytea LANGUAGE sql AS $$
    SELECT sec.throttle_key('login-studio', fx.id('a', 'tenant', 1) || '|' || to_char((now() - make_interval(hours => hours_ago)) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')) $$;
SELECT is((SELECT sum(t.fails)::int FROM sec.throttle t WHERE t.key IN (fx.studio_key(0), fx.studio_key(1))), sec.login_studio_free(), 'T05: no more than these were tried');
SELECT is((SELECT count(*) FROM app.job WHERE tenant_id = fx.id('a', 'tenant', 1) AND kind = 'account.flood'), 1::bigint, 'T05: the owners are told, once');
SELECT is(fx.waits('alpha', 'sam4@studio.test', ''), 't', 'T05: strangers wait');
SELECT is(fx.waits('alpha', 'sam3@studio.test', 'her browser'), 'f', 'T05: who is known does not');
SELECT is(fx.waits('beta', 'sam4@studio.test', ''), 'f', 'T05: nor does another business');
DELETE FROM sec.throttle WHERE key = fx.studio_key(1);
UPDATE sec.throttle SET key = fx.studio_key(1) WHERE key = fx.studio_key(0);
SELECT is(fx.waits('alpha', 'sam4@studio.test', ''), 't', 'T05: the turn of an hour gives nobody another few');
UPDATE sec.throttle SET key = fx.studio_key(2) WHERE key = fx.studio_key(1);
SELECT is(fx.waits('alpha', 'sam4@studio.test', ''), 'f', 'T05: the hour after that forgives');
DELETE FROM sec.throttle;
DELETE FROM app.job WHERE kind = 'account.flood';

-- S-12: the last owner
BEGIN;
SELECT fx.inside('alpha');
SELECT throws_ok('UPDATE app.staff SET is_active = false WHERE id = fx.id(''a'', ''staff'', 1)', 'FY422', NULL, 'S-12: the last owner stays active');
SELECT throws_ok('DELETE FROM app.staff_role WHERE staff_id = fx.id(''a'', ''staff'', 1)', 'FY422', NULL, 'S-12: and an owner');
SELECT throws_ok('UPDATE app.staff_role SET location_id = fx.id(''a'', ''location'', 1) WHERE staff_id = fx.id(''a'', ''staff'', 1)', 'FY422', NULL, 'S-12: of the whole business');
SELECT lives_ok('INSERT INTO app.staff_role (staff_id, role_id) SELECT fx.id(''a'', ''staff'', 2), fx.role(''owner'')::uuid FROM app.tenant WHERE id = app.tenant()', 'with a second one');
SELECT lives_ok('UPDATE app.staff SET is_active = false WHERE id = fx.id(''a'', ''staff'', 1)', 'the first may go');
SELECT throws_ok('DELETE FROM app.staff_role WHERE staff_id = fx.id(''a'', ''staff'', 2)', 'FY422', NULL, 'and the second not');
UPDATE app.staff SET is_active = true WHERE id = fx.id('a', 'staff', 1);
DELETE FROM app.staff_role WHERE staff_id = fx.id('a', 'staff', 2) AND role_id = fx.role('owner')::uuid;
UPDATE sec.session SET revoked_at = NULL WHERE staff_id = fx.id('a', 'staff', 2);
COMMIT;

-- whose role hides a phone number shows it to nobody, by giving clients to a role that hides nothing
BEGIN;
SELECT fx.inside('alpha');
UPDATE app.role SET masks = '{phone,email,notes}' WHERE id = fx.role('manager')::uuid;
COMMIT;
SELECT is(fx.acts('manager', format('SELECT sec.role_change(fx.role(''auditor'')::uuid, ''Auditor'', %L, false, ARRAY[''client_read''], ARRAY[%L]) IS NOT NULL AS x', masks, scope)), good,
    format('R-04, S-12: a role that hides %s gets clients (%s)', masks, scope))
FROM (VALUES ('{}', 'tenant', 'FY422'), ('{}', 'own', 'FY422'), ('{phone}', 'location', 'FY422'), ('{phone,email}', 'tenant', 't'), ('{phone,email,notes}', 'own', 't')) AS v (masks, scope, good);
BEGIN;
SELECT fx.inside('alpha');
UPDATE app.role SET masks = '{}' WHERE id = fx.role('manager')::uuid;
COMMIT;

BEGIN;
SELECT fx.inside('alpha');
DELETE FROM app.staff WHERE id = fx.id('a', 'staff', 77);
DELETE FROM sec.device WHERE staff_id = fx.id('a', 'staff', 3);
COMMIT;
DROP FUNCTION fx.at_slow(text, text), fx.role(text), fx.invites(text, text, text, text[]), fx.acts(text, text), fx.follows(text, text, text[]), fx.fails(text, text, text, int), fx.waits(text, text, text);
SELECT * FROM finish();
