-- T02, T03, B45, D-18, S-20: how far each role reaches into each table, as the pool's own role under row security: what is asked of
-- the server is compared, cell by cell, with what the roles say. Masks (phone, e-mail, notes), and what an emergency opens (T04).
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = error;

-- Beside the fixture's people: Ona (8) sees her own only, at both places; Pia (9) one place; Mia (10) her own of one place, without
-- phone, e-mail and notes; Eve (11) nothing but emergencies. Client 5 had a visit with provider 5 in the West, client 6 with Ona
-- there, client 7 with Mia in the East, client 8 with Mia in the West; client 9 was entered by Ona, client 10 has neither. All of that
-- lies after the days of the storm (055), whose bookings stay.
SELECT fx.inside('alpha');
INSERT INTO app.role (id, slug, name, masks) VALUES (fx.id('a', 'role', 1), 'own-only', 'Own only', '{}'), (fx.id('a', 'role', 2), 'a-place', 'A place', '{}'),
    (fx.id('a', 'role', 3), 'masked', 'Masked', ARRAY['phone', 'email', 'notes']), (fx.id('a', 'role', 4), 'on-call', 'On call', '{}'), (fx.id('a', 'role', 5), 'its-place', 'Its place', '{}');
INSERT INTO app.role_permission (role_id, permission, scope)
SELECT fx.id('a', 'role', r), p, CASE WHEN p IN ('settings_write', 'audit_read') THEN 'tenant' ELSE s END
FROM (VALUES (1, 'own'), (2, 'tenant'), (3, 'own'), (5, 'location')) AS v (r, s),
     unnest(ARRAY['calendar_read', 'booking_write', 'client_read', 'client_write', 'chart_read', 'message_read', 'message_write']) AS p;
INSERT INTO app.role_permission (role_id, permission) VALUES (fx.id('a', 'role', 1), 'chart_emergency'), (fx.id('a', 'role', 4), 'chart_emergency'), (fx.id('a', 'role', 2), 'settings_write');
INSERT INTO app.role_permission (role_id, permission, scope) VALUES (fx.id('a', 'role', 1), 'chart_write', 'own');
INSERT INTO app.staff (id, name, email, is_provider)
SELECT fx.id('a', 'staff', n), 'Reach ' || n, 'reach' || n || '@studio.test', true FROM generate_series(8, 12) AS n;
INSERT INTO app.staff_role (staff_id, role_id, location_id) VALUES (fx.id('a', 'staff', 8), fx.id('a', 'role', 1), NULL), (fx.id('a', 'staff', 9), fx.id('a', 'role', 2), fx.id('a', 'location', 2)),
    (fx.id('a', 'staff', 10), fx.id('a', 'role', 3), fx.id('a', 'location', 1)), (fx.id('a', 'staff', 11), fx.id('a', 'role', 4), NULL), (fx.id('a', 'staff', 12), fx.id('a', 'role', 5), NULL);
INSERT INTO app.client (id, name, email, phone, birth_date, created_by)
SELECT fx.id('a', 'client', n), 'Reached Person' || n, 'canary' || n || '@example.com', '+1212555020' || n % 10, date '1990-01-01' + n, CASE n WHEN 9 THEN fx.id('a', 'staff', 8) END FROM generate_series(5, 10) AS n;
INSERT INTO app.client_key (client_id, wrapped_key) SELECT fx.id('a', 'client', n), '\x01' FROM generate_series(5, 10) AS n;
INSERT INTO app.appointment (id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status, source)
SELECT fx.id('a', 'appointment', n), fx.id('a', 'client', n), fx.id('a', 'service', 2), fx.id('a', 'staff', s), fx.id('a', 'location', l), fx.at('10:00') + interval '140 days' + n * interval '1 hour', fx.at('10:30') + interval '140 days' + n * interval '1 hour', 'booked', 'import'
FROM (VALUES (5, 5, 2), (6, 8, 2), (7, 10, 1), (8, 10, 2)) AS v (n, s, l);
INSERT INTO app.slot (appointment_id, resource_id, during, state)
SELECT a.id, a.staff_id, tstzrange(a.starts_at, a.ends_at), 'booked' FROM app.appointment a WHERE a.tenant_id = app.tenant() AND a.id IN (SELECT fx.id('a', 'appointment', n) FROM generate_series(5, 8) AS n);
INSERT INTO app.allergy (id, client_id, substance_sealed) SELECT fx.id('a', 'allergy', n), fx.id('a', 'client', n), '\x00' FROM generate_series(5, 10) AS n;
INSERT INTO app.chart_note (id, client_id, body_sealed, author_id) SELECT fx.id('a', 'note', n), fx.id('a', 'client', n), '\x00', fx.id('a', 'staff', 4) FROM generate_series(5, 10) AS n;
INSERT INTO app.form_assignment (id, client_id, form_id) SELECT fx.id('a', 'assignment', n), fx.id('a', 'client', n), fx.id('a', 'form', 1) FROM generate_series(5, 10) AS n;
INSERT INTO app.form_draft (assignment_id, client_id, form_version_id) SELECT fx.id('a', 'assignment', n), fx.id('a', 'client', n), fx.id('a', 'version', 1) FROM generate_series(5, 10) AS n;
INSERT INTO app.form_answer (assignment_id, client_id, question_id, answer_sealed) SELECT fx.id('a', 'assignment', n), fx.id('a', 'client', n), fx.id('a', 'question', 1), '\x00' FROM generate_series(5, 10) AS n;
INSERT INTO app.signature (assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256, wording_sha256, method, signer_name_sealed, zone)
SELECT fx.id('a', 'assignment', n), fx.id('a', 'client', n), v.id, fx.id('a', 'policy', 2), '\x00', sha256('doc'), v.sha256, 'typed', '\x00', 'America/New_York' FROM app.form_version v, generate_series(5, 10) AS n WHERE v.id = fx.id('a', 'version', 1);
INSERT INTO app.message (id, client_id, kind, channel, to_address, body_sealed, dedupe_key) SELECT fx.id('a', 'message', n), fx.id('a', 'client', n), 'booked', 'email', 'canary' || n || '@example.com', '\x00', 'reach' || n FROM generate_series(5, 10) AS n;
INSERT INTO app.link (id, purpose, client_id, token_hash, expires_at) SELECT fx.id('a', 'link', n), 'form', fx.id('a', 'client', n), sha256(fx.tok('link reach ' || n)), now() + interval '1 day' FROM generate_series(5, 10) AS n;

-- ---- what is kept on the person ----

CREATE FUNCTION pg_temp.perms(n int) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT replace(replace(x, fx.id('a', 'location', 1)::text, 'EAST'), fx.id('a', 'location', 2)::text, 'WEST')
                 FROM regexp_split_to_table(btrim((SELECT f.perms FROM app.staff f WHERE f.tenant_id = fx.id('a', 'tenant', 1) AND f.id = fx.id('a', 'staff', n)), ','), ',') AS x ORDER BY 1) $$;
SELECT set_eq('SELECT unnest(pg_temp.perms(8))', ARRAY['booking_write@own', 'calendar_read@own', 'chart_emergency', 'chart_read@emergency', 'chart_read@own', 'chart_write@own', 'client_read@emergency', 'client_read@own',
    'client_write@own', 'message_read@own', 'message_write@own', 'show_email@own', 'show_notes@emergency', 'show_notes@own', 'show_phone@own'], 'S-20: a role of one''s own');
SELECT set_eq('SELECT unnest(pg_temp.perms(9))', ARRAY['booking_write@WEST', 'calendar_read@WEST', 'chart_read@WEST', 'client_read@WEST', 'client_write@WEST', 'message_read@WEST', 'message_write@WEST', 'show_email@WEST', 'show_notes@WEST', 'show_phone@WEST'],
    'S-20: a role given for a place reaches no further, and what belongs to the whole business is left out');
SELECT set_eq('SELECT unnest(pg_temp.perms(10))', ARRAY['booking_write@own@EAST', 'calendar_read@own@EAST', 'chart_read@own@EAST', 'client_read@own@EAST', 'client_write@own@EAST', 'message_read@own@EAST', 'message_write@own@EAST'],
    'S-20: one''s own of a place, and what is masked is not shown');
SELECT set_eq('SELECT unnest(pg_temp.perms(11))', ARRAY['chart_emergency', 'chart_read@emergency', 'client_read@emergency', 'show_notes@emergency'], 'S-20: nothing but emergencies');
SELECT is((SELECT count(*) FROM unnest(pg_temp.perms(12)) AS x WHERE x ~ '^client_read@(EAST|WEST)$'), 2::bigint, 'S-20: "its place", given everywhere, is each place');
INSERT INTO app.location (id, name, zone, position) VALUES (fx.id('a', 'location', 3), 'North', 'America/New_York', 3);
SELECT is((SELECT count(*) FROM unnest(pg_temp.perms(12)) AS x WHERE x ~ '^client_read@'), 3::bigint, 'S-20: a new place as well');
INSERT INTO app.staff_role (staff_id, role_id) SELECT fx.id('a', 'staff', 10), r.id FROM app.role r WHERE r.tenant_id = app.tenant() AND r.slug = 'biller';
SELECT set_eq('SELECT x FROM unnest(pg_temp.perms(10)) AS x WHERE x ~ ''^(client_read|show_|calendar)''', ARRAY['calendar_read', 'client_read', 'show_email', 'show_phone'], 'S-20: the wider one swallows the narrower; a role that shows the phone shows it');
DELETE FROM app.staff_role sr USING app.role r WHERE r.tenant_id = sr.tenant_id AND r.id = sr.role_id AND r.slug = 'biller' AND sr.staff_id = fx.id('a', 'staff', 10);
SELECT is((SELECT masks::text FROM app.staff WHERE tenant_id = app.tenant() AND id = fx.id('a', 'staff', 10)), '{phone,email,notes}', 'S-20: what none of her roles shows');

INSERT INTO sec.session (tenant_id, staff_id, token_hash, absolute_until)
SELECT app.tenant(), fx.id('a', 'staff', n), sha256(fx.tok('session alpha reach' || n)), now() + interval '12 hours' FROM generate_series(8, 12) AS n;

-- ---- the matrix: each person and each table, client by client ----

-- Whom each permission reaches, from the roles alone: 1 to 10 are the clients.
CREATE TEMP TABLE visit_of AS SELECT n AS client, CASE WHEN n <= 4 THEN 4 WHEN n = 5 THEN 5 WHEN n = 6 THEN 8 ELSE 10 END AS staff, CASE WHEN n IN (5, 6, 8) THEN 2 ELSE 1 END AS place FROM generate_series(1, 8) AS n;
CREATE TEMP TABLE given AS
SELECT (regexp_match(f.id::text, '[0-9]+$'))[1]::int AS staff, rp.permission, rp.scope, r.masks, (SELECT (regexp_match(sr.location_id::text, '[0-9]+$'))[1]::int) AS place
FROM app.staff f JOIN app.staff_role sr ON sr.tenant_id = f.tenant_id AND sr.staff_id = f.id JOIN app.role r ON r.tenant_id = f.tenant_id AND r.id = sr.role_id
JOIN app.role_permission rp ON rp.tenant_id = f.tenant_id AND rp.role_id = r.id WHERE f.tenant_id = app.tenant();
CREATE FUNCTION pg_temp.declared(who int, wanted text, client int) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (SELECT FROM given g LEFT JOIN visit_of v ON v.client = declared.client
        WHERE g.staff = who AND g.permission = wanted
          AND ((g.scope = 'tenant' AND g.place IS NULL)
               OR (g.scope IN ('tenant', 'location') AND (g.place = v.place OR (g.place IS NULL AND v.place IS NOT NULL)))
               OR (g.scope = 'own' AND v.staff = who AND (g.place IS NULL OR g.place = v.place))
               OR (who = 8 AND declared.client = 9))) $$;
-- Which permissions open a table's rows of a client.
CREATE TEMP TABLE opened (name text, key text, permissions text[]);
INSERT INTO opened VALUES ('client', 'id', '{client_read,client_write}'), ('allergy', 'client_id', '{client_read,chart_read}'), ('chart_note', 'client_id', '{chart_read}'), ('form_assignment', 'client_id', '{client_read,chart_read,calendar_read}'),
    ('form_draft', 'client_id', '{chart_read}'), ('form_answer', 'client_id', '{chart_read}'), ('signature', 'client_id', '{chart_read}'), ('message', 'client_id', '{message_read}'), ('link', 'client_id', '{message_read,message_write}'),
    ('client_word', 'client_id', '{client_read}'), ('appointment', 'client_id', '{}');
CREATE FUNCTION pg_temp.seen_in(who text, name text, key text) RETURNS int[] LANGUAGE plpgsql AS $fx$
DECLARE
    got int[];
BEGIN
    SET LOCAL ROLE foyer_staff;
    PERFORM fx.as_staff('alpha', who);
    BEGIN
        EXECUTE format('SELECT coalesce(array_agg(DISTINCT n ORDER BY n), ''{}'') FROM generate_series(1, 10) AS n WHERE EXISTS (SELECT FROM app.%I t WHERE t.%I = fx.id(''a'', ''client'', n))', name, key) INTO got;
    EXCEPTION WHEN insufficient_privilege THEN
        got := '{}';
    END;
    RESET ROLE;
    RETURN got;
END $fx$;
CREATE TEMP TABLE people (n int, who text);
INSERT INTO people VALUES (1, 'owner'), (2, 'manager'), (3, 'front-desk'), (4, 'provider'), (6, 'biller'), (7, 'auditor'), (8, 'reach8'), (9, 'reach9'), (10, 'reach10'), (11, 'reach11'), (12, 'reach12');
CREATE FUNCTION pg_temp.expected(who int, tab text, wanted text[]) RETURNS int[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(c ORDER BY c), '{}') FROM generate_series(1, 10) AS c
    WHERE CASE tab
        -- visits go by their own provider and place, by calendar_read, or by what else shows clients when there is none
        WHEN 'appointment' THEN c <= 8 AND CASE WHEN EXISTS (SELECT FROM given g WHERE g.staff = who AND g.permission = 'calendar_read') THEN pg_temp.declared(who, 'calendar_read', c)
                                                ELSE pg_temp.declared(who, 'client_read', c) OR pg_temp.declared(who, 'chart_read', c) END
        ELSE EXISTS (SELECT FROM unnest(wanted) AS p WHERE pg_temp.declared(who, p, c))
             AND NOT (tab = 'chart_note' AND who = 10)
             AND NOT (tab = 'message' AND c BETWEEN 2 AND 4) AND NOT (tab IN ('form_draft', 'form_answer') AND c BETWEEN 1 AND 3)
             -- of the first three only whom another file let sign
             AND NOT (tab = 'signature' AND c BETWEEN 1 AND 3 AND NOT EXISTS (SELECT FROM app.signature s WHERE s.client_id = fx.id('a', 'client', c))) END $$;
SELECT is(pg_temp.seen_in(p.who, o.name, o.key), pg_temp.expected(p.n, o.name, o.permissions), format('T02 T03 B45 D-18: %s sees of app.%s %s', p.who, o.name, pg_temp.expected(p.n, o.name, o.permissions)))
FROM people p CROSS JOIN opened o ORDER BY p.n, o.name;
SELECT is(pg_temp.expected(8, 'client', '{client_read}'), '{6,9}', '(the matrix is no empty one: her own visit''s client, and whom she entered)');
SELECT is(pg_temp.expected(10, 'client', '{client_read}'), '{7}', '(and her own of one place alone)');

-- ---- masks ----

CREATE FUNCTION pg_temp.as_person(who text, statement text) RETURNS text LANGUAGE plpgsql AS $fx$
DECLARE
    got text;
BEGIN
    SET LOCAL ROLE foyer_staff;
    PERFORM fx.as_staff('alpha', who);
    BEGIN
        EXECUTE statement INTO got;
    EXCEPTION WHEN OTHERS THEN
        got := SQLSTATE;
    END;
    RESET ROLE;
    RETURN coalesce(got, 'nothing');
END $fx$;
SELECT is(pg_temp.as_person(who, 'SELECT phone FROM app.client LIMIT 1'), '42501', 'V-25: ' || who || ' selects no phone number by herself') FROM people;
SELECT is(pg_temp.as_person(who, 'SELECT email FROM app.client LIMIT 1'), '42501', 'V-25: nor an e-mail address') FROM people WHERE n IN (1, 10);
SELECT is(pg_temp.as_person('owner', 'SELECT concat_ws('' '', k.phone, k.email) FROM app.contact(fx.id(''a'', ''client'', 7)) AS k'), '+12125550207 canary7@example.com', 'masks: the owner''s role shows both');
SELECT is(pg_temp.as_person('reach10', 'SELECT concat_ws('' '', k.phone, k.email) FROM app.contact(fx.id(''a'', ''client'', 7)) AS k'), '', 'masks: a role that hides them shows neither');
SELECT is(pg_temp.as_person('reach9', 'SELECT concat_ws('' '', k.phone, k.email) FROM app.contact(fx.id(''a'', ''client'', 7)) AS k'), '', 'T02: of a client out of reach there is neither');
SELECT is(pg_temp.as_person('reach9', 'SELECT concat_ws('' '', k.phone, k.email) FROM app.contact(fx.id(''a'', ''client'', 8)) AS k'), '+12125550208 canary8@example.com', 'masks: of one in reach, both');
SELECT is(pg_temp.as_person(p.name, 'SELECT string_agg(concat_ws(''|'', k.phone IS NOT DISTINCT FROM o.phone, k.email IS NOT DISTINCT FROM o.email, k.emergency_phone IS NOT DISTINCT FROM app.emergency_phone(k.of_client), o.phone IS NULL), '' '' ORDER BY k.of_client = fx.id(''a'', ''client'', 8)) FROM app.contacts(ARRAY[fx.id(''a'', ''client'', 7), fx.id(''a'', ''client'', 8), fx.id(''b'', ''client'', 1)]) AS k CROSS JOIN LATERAL app.contact(k.of_client) AS o'), p.said,
          'masks: of many at once ' || p.name || ' sees what she sees of each, and nobody of another business')
FROM (VALUES ('owner', 't|t|t|f t|t|t|f'), ('reach10', 't|t|t|t t|t|t|t'), ('reach9', 't|t|t|t t|t|t|f')) AS p (name, said);
SELECT is(pg_temp.as_person(who, format('SELECT count(*) FROM app.client_find(%L)', typed)), n::text, format('masks: %s finds %s by "%s"', who, n, typed))
FROM (VALUES ('owner', 'canary7@example.com', 1), ('owner', '5550207', 1), ('reach10', 'canary7@example.com', 0), ('reach10', 'canary7', 0), ('reach10', '5550207', 0), ('reach10', 'person7', 1), ('reach10', 'person8', 0), ('reach9', 'canary8', 1), ('reach9', 'canary7', 0)) AS v (who, typed, n);
SELECT is(pg_temp.as_person('reach10', 'UPDATE app.client SET name = ''Reached Person7b'', phone = NULL, email = ''new@example.com'' WHERE id = fx.id(''a'', ''client'', 7) RETURNING name'), 'Reached Person7b', 'masks: she changes a name');
SELECT is((SELECT concat_ws(' ', phone, email) FROM app.client WHERE tenant_id = app.tenant() AND id = fx.id('a', 'client', 7)), '+12125550207 canary7@example.com', 'masks: and what she does not see stays as it is');
SELECT is(pg_temp.as_person('reach10', 'SELECT app.shown(''email'', m.client_id, m.to_address) FROM app.message m WHERE m.client_id = fx.id(''a'', ''client'', 7)'), 'nothing', 'masks: nor is it in a message');

-- ---- writing, and the door ----

SELECT is(pg_temp.as_person(who, statement), want, what) FROM (VALUES
    ('reach8', 'UPDATE app.client SET name = ''X'' WHERE id = fx.id(''a'', ''client'', 5) RETURNING name', 'nothing', 'T02: no client out of reach is changed'),
    ('reach9', 'UPDATE app.client SET name = ''X'' WHERE id = fx.id(''a'', ''client'', 7) RETURNING name', 'nothing', 'T02: nor of another place'),
    ('reach8', 'INSERT INTO app.allergy (client_id, substance_sealed) VALUES (fx.id(''a'', ''client'', 5), ''\x00'') RETURNING 1', '42501', 'T02: no allergy noted'),
    ('reach8', 'INSERT INTO app.allergy (client_id, substance_sealed) VALUES (fx.id(''a'', ''client'', 6), ''\x00'') RETURNING 1', '1', 'T02: but of one''s own'),
    ('reach8', 'INSERT INTO app.chart_note (client_id, body_sealed) VALUES (fx.id(''a'', ''client'', 5), ''\x00'') RETURNING 1', '42501', 'T02: no note written'),
    ('reach8', 'INSERT INTO app.chart_note (client_id, body_sealed) VALUES (fx.id(''a'', ''client'', 6), ''\x00'') RETURNING 1', '1', 'T02: but of one''s own'),
    ('reach9', 'SELECT app.appointment_set_status(fx.id(''a'', ''appointment'', 7), ''confirmed'', NULL)', 'FY404', 'T02: a visit at another place is as if it did not exist'),
    ('reach9', 'SELECT app.appointment_set_status(fx.id(''a'', ''appointment'', 8), ''confirmed'', NULL)', '2', 'T02: one of her place is changed'),
    ('reach8', 'SELECT app.book(fx.id(''a'', ''service'', 2), fx.id(''a'', ''location'', 1), NULL, fx.at(''09:00'') + interval ''140 days'', fx.id(''a'', ''client'', 5), NULL)', 'FY403', 'T02: nobody out of reach is booked for'),
    ('reach8', 'SELECT app.book(fx.id(''a'', ''service'', 2), fx.id(''a'', ''location'', 1), fx.id(''a'', ''staff'', 4), fx.at(''09:00'') + interval ''140 days'', fx.id(''a'', ''client'', 6), NULL)', 'FY422', 'T02: nor with another provider'),
    ('reach9', 'SELECT app.book(fx.id(''a'', ''service'', 2), fx.id(''a'', ''location'', 1), NULL, fx.at(''09:00'') + interval ''140 days'', fx.id(''a'', ''client'', 5), NULL)', 'FY422', 'T02: nor at another place'),
    ('biller', 'SELECT app.appointment_set_status(fx.id(''a'', ''appointment'', 8), ''confirmed'', NULL)', 'FY403', 'T03: who may not book at all is told so'),
    ('reach8', 'SELECT sec.link_new(NULL, ''form'', fx.id(''a'', ''client'', 5), NULL, fx.tok(''reach x''), NULL, NULL)', 'FY403', 'T02: no link is made'),
    ('reach8', 'SELECT sec.link_new(NULL, ''form'', fx.id(''a'', ''client'', 6), NULL, fx.tok(''reach x''), NULL, NULL) IS NOT NULL', 'true', 'T02: but of one''s own'),
    ('reach8', 'SELECT app.mail_address(fx.id(''a'', ''client'', 5))', 'nothing', 'T02: no address for a message'),
    ('reach10', 'SELECT app.mail_address(fx.id(''a'', ''client'', 7))', 'canary7@example.com', 'masks: who may write to her writes to an address that she does not see'),
    ('reach8', 'SELECT count(*) FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 5)])', 'FY404', 'T02: no key is handed out'),
    ('reach8', 'SELECT count(*) FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 6), fx.id(''a'', ''client'', 5)])', 'FY404', 'T02: not among others either'),
    ('reach8', 'SELECT count(*) FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 6)])', '1', 'T02: that of one''s own is'),
    ('auditor', 'SELECT count(*) FROM app.disclose(ARRAY[fx.id(''a'', ''client'', 6)])', '0', 'A-13: who reads the trail gets no key, and leaves her row'),
    ('reach9', 'UPDATE app.tenant SET tagline = ''x'' RETURNING 1', 'nothing', 'S-20: a right of the whole business is not had at one place')
) AS v (who, statement, want, what);

SELECT * FROM finish();
ROLLBACK;
