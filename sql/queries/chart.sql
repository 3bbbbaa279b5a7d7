-- name: chart_note :many
-- Providers' notes about her, the newest first; what was added to one follows it (chart_addendum).
SELECT n.id,
       n.client_id,
       n.id AS note_id,
       n.body_sealed,
       n.version,
       n.state = 'draft' AS is_draft,
       n.state = 'signed' AS is_signed,
       n.state = 'draft' AND n.author_id = app.actor() AND w.may AS can_change,
       n.state = 'draft' AND (n.author_id = app.actor() OR NOT f.is_active) AND w.may AS can_discard,
       n.id = :note_id::uuid AS is_answered,
       coalesce(n.author_name, f.name) AS author,
       n.written_at AT TIME ZONE z.zone AS written,
       n.signed_at AT TIME ZONE z.zone AS signed,
       v.name AS service,
       (a.starts_at AT TIME ZONE z.zone)::date AS visit_day
FROM app.chart_note n
JOIN app.staff f ON f.id = n.author_id
LEFT JOIN app.appointment a ON a.client_id = n.client_id AND a.id = n.appointment_id
LEFT JOIN app.service v ON v.id = a.service_id
CROSS JOIN (SELECT app.zone() AS zone) AS z
CROSS JOIN (SELECT app.may('chart_write') OR app.reaches('chart_write', :client_id::uuid) AS may) AS w
WHERE n.client_id = ANY (app.record_ids(:client_id::uuid)) AND n.addendum_to IS NULL
ORDER BY n.written_at DESC, n.id
LIMIT app.list_most(:whole) OFFSET app.list_from(:whole, :notes_from);

-- name: chart_pages :one
-- Where the chart's own longer lists go on (client_pages).
-- clients: none
SELECT app.list_newer(:treatments_from) AS treatments_newer, app.list_older(:treatments_from, e.n) AS treatments_older, e.n AS n_treatments,
       app.list_newer(:notes_from) AS notes_newer, app.list_older(:notes_from, n.n) AS notes_older, n.n AS n_notes
FROM (SELECT count(*) AS n FROM app.encounter e WHERE e.client_id = ANY (app.record_ids(:client_id::uuid)) AND e.void_at IS NULL) AS e,
     (SELECT count(*) AS n FROM app.chart_note n WHERE n.client_id = ANY (app.record_ids(:client_id::uuid)) AND n.addendum_to IS NULL) AS n;

-- name: chart_addendum :many
-- What was added to signed notes, in order.
SELECT n.id,
       n.client_id,
       n.addendum_to AS note_id,
       n.body_sealed,
       coalesce(n.author_name, f.name) AS author,
       n.signed_at AT TIME ZONE z.zone AS signed
FROM app.chart_note n
JOIN app.staff f ON f.id = n.author_id
CROSS JOIN (SELECT app.zone() AS zone) AS z
WHERE n.client_id = ANY (app.record_ids(:client_id::uuid)) AND n.addendum_to IS NOT NULL
ORDER BY n.written_at;

-- name: chart_visit :many
-- Visits that a note may be about, the newest first. Those of a record that was joined to hers are written about on that record's own page.
SELECT a.id AS appointment_id, a.client_id, a.starts_at AT TIME ZONE l.zone AS starts, v.name AS service, a.client_id = :client_id::uuid AS is_own,
       a.id = :appointment_id::uuid AS is_chosen
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
JOIN app.service v ON v.id = a.service_id
WHERE a.client_id = ANY (app.record_ids(:client_id::uuid))
  AND (a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done') AND a.starts_at < now() + interval '1 day' OR a.id = :appointment_id::uuid)
ORDER BY coalesce(a.id = :appointment_id::uuid, false) DESC, a.starts_at DESC
LIMIT 100;

-- name: chart_draft_visit :many
-- The same for each draft of hers who reads: with the one that was chosen for it, however old it is.
SELECT n.id AS note_id, n.client_id, a.id AS appointment_id, a.starts_at AT TIME ZONE l.zone AS starts, v.name AS service, a.id = n.appointment_id AS is_chosen
FROM app.chart_note n
JOIN LATERAL (SELECT x.id, x.location_id, x.service_id, x.starts_at
              FROM app.appointment x
              WHERE x.client_id = n.client_id
                AND (x.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done') AND x.starts_at < now() + interval '1 day' OR x.id = n.appointment_id)
              ORDER BY coalesce(x.id = n.appointment_id, false) DESC, x.starts_at DESC
              LIMIT 100) AS a ON true
JOIN app.location l ON l.id = a.location_id
JOIN app.service v ON v.id = a.service_id
WHERE n.client_id = ANY (app.record_ids(:client_id::uuid)) AND n.state = 'draft' AND n.author_id = app.actor()
ORDER BY n.id, a.starts_at DESC;

-- name: chart_desk :one
-- A fresh id: of the note that this page may begin, and of the window that writes drafts. With the template that was chosen for it.
-- clients: none
SELECT gen_random_uuid() AS fresh_id, t.name AS chosen, t.body AS chosen_body
FROM (SELECT) AS one
LEFT JOIN app.note_template t ON t.is_active AND t.id = :template_id::uuid;

-- name: chart_template :many
-- What a note may begin with.
-- clients: none
SELECT t.id AS template_id, t.name AS template FROM app.note_template t WHERE t.is_active ORDER BY t.position, t.name;

-- name: chart_note_keep :one
-- Keeps a draft, new or again; a signed note refuses, and so does one that another window has changed.
-- seals: chart_note
INSERT INTO app.chart_note AS n (id, client_id, appointment_id, body_sealed, version, editor)
VALUES (coalesce(:id::uuid, :new_id::uuid), :client_id::uuid, :appointment_id::uuid, :body_sealed::bytea,
        app.note_turn(:id::uuid, :version::int, :editor::uuid), :editor::uuid)
ON CONFLICT (tenant_id, id) DO UPDATE SET appointment_id = excluded.appointment_id, body_sealed = excluded.body_sealed, version = excluded.version,
    editor = excluded.editor
WHERE n.client_id = excluded.client_id
RETURNING n.client_id;

-- name: chart_note_sign :one
-- Signs what stands in the form: a draft or a new note. From then on it stays as it is.
-- seals: chart_note
INSERT INTO app.chart_note AS n (id, client_id, appointment_id, body_sealed, version, editor, state, signed_at)
VALUES (coalesce(:id::uuid, :new_id::uuid), :client_id::uuid, :appointment_id::uuid, :body_sealed::bytea,
        app.note_turn(:id::uuid, :version::int, :editor::uuid), :editor::uuid, 'signed', now())
ON CONFLICT (tenant_id, id) DO UPDATE SET appointment_id = excluded.appointment_id, body_sealed = excluded.body_sealed, version = excluded.version,
    editor = excluded.editor, state = 'signed', signed_at = now()
WHERE n.client_id = excluded.client_id
RETURNING n.client_id;

-- name: chart_addendum_sign :one
-- Adds to a signed note; what is added is signed at once.
-- seals: chart_note
INSERT INTO app.chart_note AS n (id, client_id, appointment_id, body_sealed, state, signed_at, addendum_to)
SELECT :new_id::uuid, o.client_id, o.appointment_id, :body_sealed::bytea, 'signed', now(), o.id
FROM app.chart_note o
WHERE o.id = :note_id::uuid AND o.client_id = :client_id::uuid AND o.state = 'signed' AND o.addendum_to IS NULL
RETURNING n.client_id;

-- name: chart_note_discard :one
-- Puts a draft away for good: one's own, or that of somebody who works here no more.
DELETE FROM app.chart_note n
WHERE n.id = :note_id::uuid AND n.client_id = :client_id::uuid AND n.state = 'draft'
RETURNING n.client_id;

-- name: chart_unsigned :many
-- Drafts of whoever asks, the oldest first.
SELECT n.id AS note_id, n.client_id, coalesce(app.called(c.name, c.preferred_name, c.pronouns), 'A client of a colleague''s') AS client, n.written_at AT TIME ZONE app.zone() AS written, v.name AS service,
       (a.starts_at AT TIME ZONE app.zone())::date AS visit_day
FROM app.chart_note n
LEFT JOIN app.client c ON c.id = n.client_id
LEFT JOIN app.appointment a ON a.client_id = n.client_id AND a.id = n.appointment_id
LEFT JOIN app.service v ON v.id = a.service_id
WHERE n.author_id = app.actor() AND n.state = 'draft'
ORDER BY n.written_at
LIMIT 200;

-- name: chart_unsigned_count :many
-- How many they are, with the treatments that whoever asks has given and not signed, of either as many as the list shows; no row: none.
-- clients: none
SELECT x.n AS n_unsigned, x.has_more
FROM (SELECT d.n + t.n AS n, d.n = 200 OR t.n = 200 AS has_more
      FROM (SELECT count(*) AS n FROM (SELECT FROM app.chart_note n WHERE n.author_id = app.actor() AND n.state = 'draft' LIMIT 200) AS y) AS d,
           (SELECT count(*) AS n FROM (SELECT FROM app.encounter e WHERE e.provider_id = app.actor() AND e.signed_at IS NULL AND e.void_at IS NULL LIMIT 200) AS y) AS t) AS x
WHERE x.n > 0;
