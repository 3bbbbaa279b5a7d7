-- dataset.sql -- the studio `bench` and the smaller ones beside it, made after Glow in one transaction. Run by tests/bench/data
-- as the superuser, with visits and clients as variables, in a directory where seal.js stands.
-- Triggers sleep, so what they would keep (resources of staff, words for searching, history, forms due) is written here.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET synchronous_commit = off;
BEGIN;
SET LOCAL session_replication_role = replica;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL work_mem = '256MB';
SET LOCAL maintenance_work_mem = '256MB';
SELECT setseed(0.29) \g /dev/null

-- ---- studios ----

CREATE TEMP TABLE studio ON COMMIT DROP AS
SELECT t.id AS tenant_id, t.slug, t.slug = 'bench' AS is_large,
       CASE t.slug WHEN 'bench' THEN 8 ELSE 1 END AS places,
       CASE t.slug WHEN 'bench' THEN 5 ELSE 4 END AS providers,  -- at each place
       CASE t.slug WHEN 'bench' THEN :visits ELSE 5000 END AS visits,
       CASE t.slug WHEN 'bench' THEN :clients ELSE 500 END AS clients
FROM app.tenant t
WHERE t.slug ~ '^bench(-[0-9]+)?$';

CREATE TEMP TABLE pattern ON COMMIT DROP AS SELECT t.* FROM app.tenant t WHERE t.slug = 'glow';

UPDATE app.tenant t
SET accent = p.accent, tagline = p.tagline, zone = 'America/New_York', phone = p.phone
FROM pattern p, studio s
WHERE t.id = s.tenant_id;

INSERT INTO app.policy_version (tenant_id, kind, version, title, body, effective_on)
SELECT s.tenant_id, v.kind, v.version, v.title, v.body, v.effective_on
FROM studio s, app.policy_version v
WHERE v.tenant_id = (SELECT id FROM pattern);

CREATE TEMP TABLE place ON COMMIT DROP AS
SELECT s.tenant_id, gen_random_uuid() AS id, n,
       (ARRAY['SoHo', 'Chelsea', 'Midtown', 'Harlem', 'Park Slope', 'Astoria', 'Hoboken', 'White Plains'])[n] AS name,
       s.providers
FROM studio s, generate_series(1, s.places) AS n;

INSERT INTO app.location (tenant_id, id, name, street, city, region, postal_code, zone, phone, position)
SELECT p.tenant_id, p.id, p.name, (100 + 7 * p.n) || ' Greene Street', 'New York', 'NY', '10012', 'America/New_York', '+12125550140', p.n
FROM place p;

-- People who provide, each with a room of her own.
CREATE TEMP TABLE word ON COMMIT DROP AS
SELECT array_agg(DISTINCT split_part(c.name, ' ', 1)) AS first,
       array_agg(DISTINCT substr(c.name, strpos(c.name, ' ') + 1)) FILTER (WHERE c.name ~ ' ') AS last
FROM app.client c
WHERE c.tenant_id = (SELECT id FROM pattern);

CREATE TEMP TABLE provider ON COMMIT DROP AS
SELECT p.tenant_id, p.id AS location_id, gen_random_uuid() AS id, gen_random_uuid() AS room_id, k AS room,
       (p.n - 1) * p.providers + k AS position,
       w.first[1 + ((p.n * 11 + k * 7) % cardinality(w.first))] || ' ' || w.last[1 + ((p.n * 17 + k * 5) % cardinality(w.last))] AS name
FROM place p, word w, generate_series(1, p.providers) AS k;

INSERT INTO app.staff (tenant_id, id, name, email, title, is_provider, position, perms, role_names)
SELECT p.tenant_id, p.id, p.name, 'provider' || p.position || '@' || s.slug || '.example', 'Nurse practitioner', true, p.position,
       x.perms, x.role_names
FROM provider p
JOIN studio s USING (tenant_id)
CROSS JOIN (SELECT f.perms, f.role_names FROM app.staff f
            WHERE f.tenant_id = (SELECT id FROM pattern) AND f.email = 'provider@glow.example') AS x;
INSERT INTO app.staff_role (tenant_id, staff_id, role_id)
SELECT p.tenant_id, p.id, r.id FROM provider p JOIN app.role r ON r.tenant_id = p.tenant_id AND r.slug = 'provider';
INSERT INTO app.resource (tenant_id, id, kind, name, location_id, position)
SELECT p.tenant_id, p.id, 'staff', p.name, NULL, p.position FROM provider p
UNION ALL
SELECT p.tenant_id, p.room_id, 'room', 'Room ' || p.room, p.location_id, p.room FROM provider p;
INSERT INTO app.shift (tenant_id, staff_id, location_id, weekday, starts, ends)
SELECT p.tenant_id, p.id, p.location_id, d, h.starts, h.ends
FROM provider p, generate_series(1, 6) AS d, (VALUES ('09:00'::time, '13:00'::time), ('14:00', '18:00')) AS h (starts, ends);

-- Services and forms are Glow's, done by everybody in every room.
CREATE TEMP TABLE service ON COMMIT DROP AS
SELECT s.tenant_id, gen_random_uuid() AS id, v.id AS pattern_id, v.duration_min, v.before_min, v.after_min, v.price_cents, v.position
FROM studio s, app.service v
WHERE v.tenant_id = (SELECT id FROM pattern);
INSERT INTO app.service (tenant_id, id, name, category, description, duration_min, before_min, after_min, price_cents, is_online,
                         color, min_notice_min, horizon_days, step_min, position)
SELECT n.tenant_id, n.id, v.name, v.category, v.description, v.duration_min, v.before_min, v.after_min, v.price_cents, v.is_online,
       v.color, v.min_notice_min, v.horizon_days, v.step_min, v.position
FROM service n JOIN app.service v ON v.tenant_id = (SELECT id FROM pattern) AND v.id = n.pattern_id;
INSERT INTO app.service_staff (tenant_id, service_id, staff_id)
SELECT v.tenant_id, v.id, p.id FROM service v JOIN provider p USING (tenant_id);
INSERT INTO app.service_room (tenant_id, service_id, resource_id)
SELECT v.tenant_id, v.id, p.room_id FROM service v JOIN provider p USING (tenant_id);

CREATE TEMP TABLE form ON COMMIT DROP AS
SELECT s.tenant_id, gen_random_uuid() AS id, gen_random_uuid() AS version_id, f.id AS pattern_id, v.id AS pattern_version_id
FROM studio s, app.form f JOIN app.form_version v ON v.tenant_id = f.tenant_id AND v.form_id = f.id
WHERE f.tenant_id = (SELECT id FROM pattern) AND v.version = 1;
INSERT INTO app.form (tenant_id, id, name, kind)
SELECT n.tenant_id, n.id, f.name, f.kind FROM form n JOIN app.form f ON f.id = n.pattern_id;
INSERT INTO app.form_version (tenant_id, id, form_id, version, title, body, published_at)
SELECT n.tenant_id, n.version_id, n.id, 1, v.title, v.body, v.published_at FROM form n JOIN app.form_version v ON v.id = n.pattern_version_id;
INSERT INTO app.form_question (tenant_id, form_version_id, position, key, kind, label, help, options, is_required, follow_up_label)
SELECT n.tenant_id, n.version_id, q.position, q.key, q.kind, q.label, q.help, q.options, q.is_required, q.follow_up_label
FROM form n JOIN app.form_question q ON q.form_version_id = n.pattern_version_id;
INSERT INTO app.service_form (tenant_id, service_id, form_id, position)
SELECT v.tenant_id, v.id, n.id, x.position
FROM service v JOIN form n USING (tenant_id)
JOIN app.service_form x ON x.service_id = v.pattern_id AND x.form_id = n.pattern_id;

ANALYZE studio, place, provider, service, form;
ANALYZE app.service_form;

-- ---- clients ----

CREATE TEMP TABLE person ON COMMIT DROP AS
SELECT s.tenant_id, n, gen_random_uuid() AS id,
       w.first[1 + floor(random() * cardinality(w.first))::int] || ' ' || w.last[1 + floor(random() * cardinality(w.last))::int]
           -- half have two surnames, or a hundred thousand would share four thousand names
           || CASE WHEN random() < 0.5 THEN '-' || w.last[1 + floor(random() * cardinality(w.last))::int] ELSE '' END AS name,
       random() AS luck
FROM studio s, word w, generate_series(1, s.clients) AS n;
CREATE UNIQUE INDEX ON person (tenant_id, n);
ANALYZE person;

INSERT INTO app.client (tenant_id, id, name, email, phone, birth_date, source, created_at, adult_attested_at)
SELECT p.tenant_id, p.id, p.name,
       btrim(regexp_replace(lower(ext.unaccent(p.name)), '[^a-z]+', '.', 'g'), '.') || p.n || '@mail.example',
       '+1' || (ARRAY['212', '310', '512', '720', '646', '917', '303', '213'])[1 + floor(random() * 8)::int] || '555'
           || lpad(floor(random() * 10000)::text, 4, '0'),
       current_date - (19 * 365 + floor(random() * 52 * 365)::int),
       CASE WHEN random() < 0.6 THEN 'online' ELSE 'staff' END, x.since, x.since
FROM person p, LATERAL (SELECT now() - random() * interval '13 years' + p.n * interval '0' AS since) AS x;
ANALYZE app.client;
INSERT INTO app.client_word (tenant_id, word, client_id, kind, beside)
SELECT c.tenant_id, k.word, c.id, k.kind, k.beside
FROM app.client c JOIN studio USING (tenant_id),
     LATERAL (SELECT array_agg(w.word ORDER BY length(w.word) DESC) AS words, array_agg(w.kind ORDER BY length(w.word) DESC) AS kinds
              FROM app.client_words_by_kind(c.name, c.preferred_name, c.email, c.phone) AS w) AS a,
     app.client_words_kept(a.words, a.kinds) AS k
ORDER BY 1, 2, 3;

-- ---- visits ----

-- Eight hours a day, Monday to Saturday; three of four are taken, fewer from two weeks ahead on; the last 60 days first.
CREATE TEMP TABLE fitting ON COMMIT DROP AS
SELECT v.tenant_id, array_agg(v.id ORDER BY v.position) AS ids
FROM service v WHERE (v.before_min + 14) / 15 * 15 + v.duration_min + v.after_min <= 60 GROUP BY 1;

CREATE TEMP TABLE visit ON COMMIT DROP AS
SELECT q.tenant_id, gen_random_uuid() AS id, q.location_id, q.staff_id, q.room_id, x.n, f.ids[x.pick] AS service_id, x.chance, x.lead,
       (q.day + make_interval(hours => q.hour)) AT TIME ZONE 'America/New_York' AS takes_from
FROM (
    SELECT p.tenant_id, p.location_id, p.id AS staff_id, p.room_id, d.day, h.hour, s.visits, s.clients,
           row_number() OVER (PARTITION BY p.tenant_id ORDER BY d.day DESC, h.hour, p.id) AS nth
    FROM provider p
    JOIN studio s USING (tenant_id)
    CROSS JOIN LATERAL (
        SELECT current_date + 60 - g AS day
        FROM generate_series(0, (s.visits / (s.places * s.providers * 5.6) * 7 / 6)::int + 130) AS g) AS d
    CROSS JOIN (VALUES (9), (10), (11), (12), (14), (15), (16), (17)) AS h (hour)
    -- (the hour stands in the condition so that chance is asked for each hour, not once for a day)
    WHERE extract(dow FROM d.day) <> 0 AND random() + 0 * (h.hour + p.position) < CASE WHEN d.day > current_date + 14 THEN 0.4 ELSE 0.75 END
) AS q
JOIN fitting f USING (tenant_id)
CROSS JOIN LATERAL (SELECT 1 + floor(random() * q.clients)::int AS n, 1 + floor(random() * cardinality(f.ids))::int AS pick,
                           floor(random() * 100)::int AS chance, random() AS lead, q.nth) AS x
WHERE q.nth <= q.visits;
ANALYZE visit;

-- In the order in which they were booked, days to weeks ahead: a day's rows lie apart in the table, as they would.
INSERT INTO app.appointment (tenant_id, id, client_id, service_id, staff_id, room_id, location_id, starts_at, ends_at, status, source,
                             price_cents, created_at, updated_at)
SELECT v.tenant_id, v.id, p.id, v.service_id, v.staff_id, v.room_id, v.location_id, t.starts_at, t.ends_at,
       CASE WHEN t.ends_at < now() THEN CASE WHEN v.chance < 5 THEN 'no_show' WHEN v.chance < 12 THEN 'cancelled' ELSE 'done' END
            WHEN t.starts_at < now() THEN 'in_room'
            WHEN v.chance < 5 THEN 'cancelled' WHEN v.chance < 50 THEN 'confirmed' ELSE 'booked' END,
       CASE WHEN v.chance % 3 = 0 THEN 'staff' ELSE 'online' END, s.price_cents, t.booked_at, greatest(t.booked_at, least(now(), t.ends_at))
FROM visit v
JOIN person p ON p.tenant_id = v.tenant_id AND p.n = v.n
JOIN service s ON s.tenant_id = v.tenant_id AND s.id = v.service_id
CROSS JOIN LATERAL (
    SELECT v.takes_from + make_interval(mins => (s.before_min + 14) / 15 * 15) AS starts_at,
           v.takes_from + make_interval(mins => (s.before_min + 14) / 15 * 15 + s.duration_min) AS ends_at,
           least(v.takes_from, now()) - v.lead * interval '30 days' - interval '1 hour' AS booked_at) AS t
ORDER BY t.booked_at;

ANALYZE app.appointment;

INSERT INTO app.slot (tenant_id, appointment_id, resource_id, during, state)
SELECT a.tenant_id, a.id, r.id,
       tstzrange(a.starts_at - make_interval(mins => s.before_min), a.ends_at + make_interval(mins => s.after_min)),
       CASE a.status WHEN 'cancelled' THEN 'released' ELSE 'booked' END
FROM app.appointment a
JOIN studio USING (tenant_id)
JOIN service s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
CROSS JOIN LATERAL (VALUES (a.staff_id), (a.room_id)) AS r (id)
WHERE a.starts_at > now() - interval '3 years'
ORDER BY a.starts_at;

INSERT INTO app.appointment_event (tenant_id, appointment_id, at, what, status, from_status, by_kind, by_id)
SELECT a.tenant_id, a.id, e.at, 'status', e.status, e.before, e.kind, CASE e.kind WHEN 'staff' THEN a.staff_id END
FROM app.appointment a
JOIN studio USING (tenant_id)
CROSS JOIN LATERAL (VALUES
    (a.created_at, 'booked', NULL, CASE a.source WHEN 'staff' THEN 'staff' ELSE 'visitor' END, true),
    (a.starts_at - interval '7 minutes', 'arrived', 'booked', 'staff', a.status IN ('arrived', 'in_room', 'done')),
    (a.starts_at + interval '2 minutes', 'in_room', 'arrived', 'staff', a.status IN ('in_room', 'done')),
    (a.ends_at, 'done', 'in_room', 'staff', a.status = 'done'),
    (a.created_at + interval '30 minutes', 'confirmed', 'booked', 'client', a.status = 'confirmed'),
    (a.created_at + interval '30 minutes', 'cancelled', 'booked', 'client', a.status = 'cancelled'),
    (a.ends_at, 'no_show', 'booked', 'staff', a.status = 'no_show')) AS e (at, status, before, kind, happened)
WHERE e.happened AND (e.before IS NULL OR a.starts_at > now() - interval '1 year')
ORDER BY a.starts_at;

INSERT INTO app.form_assignment (tenant_id, client_id, appointment_id, form_id, state, due_by, position, created_at)
SELECT a.tenant_id, a.client_id, a.id, x.form_id, CASE WHEN a.starts_at > now() THEN 'due' ELSE 'withdrawn' END, a.starts_at, x.position, a.created_at
FROM app.appointment a
JOIN studio USING (tenant_id)
JOIN app.service_form x ON x.tenant_id = a.tenant_id AND x.service_id = a.service_id
WHERE a.status NOT IN ('cancelled', 'no_show') AND a.starts_at > now() - interval '1 year';

-- ---- keys, and what is sealed ----

CREATE TEMP TABLE allergy ON COMMIT DROP AS
SELECT p.tenant_id, p.id AS client_id, gen_random_uuid() AS id, a.words, a.nth,
       (ARRAY['mild', 'moderate', 'moderate', 'severe'])[1 + floor(random() * 4)::int] AS severity
FROM person p
CROSS JOIN LATERAL (
    SELECT (ARRAY['Lidocaine|Hives within minutes', 'Latex|Itching, redness', 'Penicillin|Anaphylaxis, 2016', 'Nickel|Contact rash',
                  'Iodine|Rash', 'Aspirin|Wheezing', 'Chlorhexidine|Hives', 'Adhesive tape|Blisters'])[1 + floor(p.luck * 9973 + 3 * g)::int % 8] AS words,
           g AS nth
    FROM generate_series(1, CASE WHEN p.luck < 0.05 THEN 2 WHEN p.luck < 0.22 THEN 1 ELSE 0 END) AS g) AS a;

CREATE TEMP TABLE note ON COMMIT DROP AS
SELECT a.tenant_id, a.client_id, gen_random_uuid() AS id, a.id AS appointment_id, a.staff_id, a.ends_at,
       (ARRAY['Skin prepared with chlorhexidine. Treatment tolerated well, no adverse reaction at 15 minutes.',
              'Discussed expectations and aftercare. Photographs taken with consent. Review in two weeks.',
              'Mild erythema at the end of the visit, expected. Advised SPF 50 and no exercise today.',
              'Client reports no change of medicines. Plan: repeat in three months.',
              'Patch test negative. Parameters as last visit.'])[1 + floor(random() * 5)::int] AS body
FROM app.appointment a JOIN studio USING (tenant_id)
WHERE a.status = 'done' AND random() < 0.3;

ANALYZE allergy, note;

CREATE TEMP TABLE item ON COMMIT DROP AS
SELECT p.tenant_id, p.id AS client_id, 'key' AS kind, p.id AS row_id, '' AS one, '' AS two, 1 AS rank FROM person p
UNION ALL
SELECT a.tenant_id, a.client_id, 'allergy', a.id, split_part(a.words, '|', 1), split_part(a.words, '|', 2), 2 FROM allergy a
UNION ALL
SELECT n.tenant_id, n.client_id, 'note', n.id, n.body, '', 3 FROM note n;
\copy (SELECT tenant_id, client_id, kind, row_id, one, two FROM item ORDER BY tenant_id, client_id, rank) TO 'items.tsv'
\! node seal.js
CREATE TEMP TABLE sealed_allergy (id uuid, substance bytea, reaction bytea) ON COMMIT DROP;
CREATE TEMP TABLE sealed_note (id uuid, body bytea) ON COMMIT DROP;
\copy app.client_key (tenant_id, client_id, wrapped_key) FROM 'key.tsv'
\copy sealed_allergy FROM 'allergy.tsv'
\copy sealed_note FROM 'note.tsv'
ANALYZE sealed_allergy, sealed_note;

INSERT INTO app.allergy (tenant_id, id, client_id, substance_sealed, reaction_sealed, severity, noted_at)
SELECT a.tenant_id, a.id, a.client_id, x.substance, x.reaction, a.severity, now() - random() * interval '5 years'
FROM allergy a JOIN sealed_allergy x USING (id);
INSERT INTO app.chart_note (tenant_id, id, client_id, appointment_id, body_sealed, state, author_id, written_at, signed_at)
SELECT n.tenant_id, n.id, n.client_id, n.appointment_id, x.body, 'signed', n.staff_id, n.ends_at, n.ends_at + interval '9 minutes'
FROM note n JOIN sealed_note x USING (id)
ORDER BY n.ends_at;

-- All or nothing: a studio that came out smaller than asked for would be measured as if it were large.
DO $$
DECLARE
    s record;
    n bigint;
BEGIN
    FOR s IN SELECT * FROM studio LOOP
        SELECT count(*) INTO n FROM app.appointment a WHERE a.tenant_id = s.tenant_id;
        IF n <> s.visits THEN
            RAISE EXCEPTION '% has % visits instead of %', s.slug, n, s.visits;
        END IF;
        SELECT count(*) INTO n FROM app.client_key k WHERE k.tenant_id = s.tenant_id;
        IF n <> s.clients THEN
            RAISE EXCEPTION '% has % keys of clients instead of %', s.slug, n, s.clients;
        END IF;
    END LOOP;
    IF (SELECT count(*) FROM note) <> (SELECT count(*) FROM sealed_note) THEN
        RAISE EXCEPTION 'not every note was sealed';
    END IF;
END $$;
COMMIT;
VACUUM ANALYZE;
