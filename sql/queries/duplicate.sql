-- name: duplicate_list :many
-- Records that may be the same person's, two rows a pair, the surest pair first, with the reasons.
SELECT c.id AS client_id,
       CASE c.id WHEN d.one_id THEN d.other_id ELSE d.one_id END AS other_id,
       c.id = d.one_id AS is_first,
       c.id = d.other_id AS is_second,
       d.reasons,
       c.name,
       c.birth_date,
       k.phone,
       k.email,
       (c.created_at AT TIME ZONE app.zone())::date AS known_since,
       (SELECT count(*) FROM app.appointment a WHERE a.client_id = c.id) AS n_visits,
       CASE WHEN d.place = 50 AND d.n > 50 AND c.id = d.other_id THEN d.skipped + 50 END AS next_from
FROM (SELECT x.one_id, x.other_id, x.reasons, x.score, row_number() OVER (ORDER BY x.score DESC, x.one_id, x.other_id) AS place, count(*) OVER () AS n, s.skipped
      FROM (SELECT CASE WHEN :from ~ '^[0-9]{1,5}$' THEN :from::int ELSE 0 END AS skipped) AS s
      CROSS JOIN LATERAL app.duplicates(NULL, 51, s.skipped) AS x) AS d
JOIN app.client c ON c.id IN (d.one_id, d.other_id)
CROSS JOIN LATERAL app.contact(c.id) AS k
WHERE d.place <= 50
ORDER BY d.score DESC, d.one_id, d.other_id, c.id;

-- name: duplicate_scope :one
-- Whether similar names of all clients were compared too.
-- clients: none
SELECT app.duplicates_by_name() AS has_names;

-- name: duplicate_of :many
-- Records that may be this client's too, with the reasons.
SELECT c.id AS client_id, d.reasons, c.name, c.birth_date
FROM app.duplicates(:client_id::uuid, 20) AS d
JOIN app.client c ON c.id = CASE :client_id::uuid WHEN d.one_id THEN d.other_id ELSE d.one_id END
ORDER BY d.score DESC, c.id;

-- name: duplicate_found :many
-- Other records, by what was typed.
SELECT c.id AS client_id, c.name, c.birth_date
FROM app.client_find(:q, 20) AS f
JOIN app.client c ON c.id = f.client_id
WHERE c.id <> :client_id::uuid AND app.record_of(c.id) = c.id
ORDER BY c.name_norm, c.birth_date, c.id;

-- name: duplicate_pair :many
-- This record and the other one, side by side.
SELECT c.id AS client_id,
       CASE c.id WHEN :client_id::uuid THEN :other::uuid ELSE :client_id::uuid END AS other_id,
       c.name,
       c.preferred_name,
       c.birth_date,
       k.phone,
       k.email,
       (c.created_at AT TIME ZONE app.zone())::date AS known_since,
       (SELECT count(*) FROM app.appointment a WHERE a.client_id = c.id) AS n_visits,
       (SELECT count(*) FROM app.form_assignment f WHERE f.client_id = c.id AND f.state = 'signed') AS n_signed,
       count(*) OVER () = 2 AS is_pair,
       min(c.birth_date) OVER () <> max(c.birth_date) OVER () AS is_other_birth
FROM app.client c
CROSS JOIN LATERAL app.contact(c.id) AS k
WHERE c.id IN (:client_id::uuid, :other::uuid) AND :other::uuid IS NOT NULL
ORDER BY c.created_at, c.id;

-- name: duplicate_joined :many
-- The records that were joined to this one.
SELECT m.client_id, m.into_id, m.id AS joined_id, c.name, c.birth_date, m.reasons, m.merged_at AT TIME ZONE app.zone() AS joined, f.name AS who
FROM app.client_merged m
JOIN app.client c ON c.id = m.client_id
LEFT JOIN app.staff f ON f.id = m.merged_by
WHERE m.into_id = :client_id::uuid AND m.undone_at IS NULL
ORDER BY m.merged_at, m.id;

-- name: duplicate_join :many
-- This record is read with the other one from now on. Both are named in the trail.
WITH made AS (
    INSERT INTO app.client_merged AS m (id, client_id, into_id, reasons)
    SELECT :new_id::uuid, c.id, i.id, coalesce((SELECT d.reasons FROM app.duplicates(c.id, 200) AS d WHERE i.id IN (d.one_id, d.other_id) LIMIT 1), '')
    FROM app.client c, app.client i WHERE c.id = :client_id::uuid AND i.id = :other_id::uuid
    RETURNING m.client_id, m.into_id)
SELECT x.id AS client_id, m.into_id FROM made m CROSS JOIN LATERAL (VALUES (m.client_id), (m.into_id)) AS x (id);

-- name: duplicate_unjoin :many
-- They are two records again.
WITH gone AS (
    UPDATE app.client_merged m SET undone_at = now(), undone_by = app.actor()
    WHERE m.id = :joined_id::uuid AND m.into_id = :client_id::uuid AND m.undone_at IS NULL
    RETURNING m.client_id, m.into_id)
SELECT x.id AS client_id, g.into_id FROM gone g CROSS JOIN LATERAL (VALUES (g.client_id), (g.into_id)) AS x (id);

-- name: duplicate_apart :one
-- They are two people, and need not be asked about again.
WITH made AS (
    INSERT INTO app.client_apart (one_id, other_id)
    SELECT least(c.id, o.id), greatest(c.id, o.id) FROM app.client c, app.client o WHERE c.id = :client_id::uuid AND o.id = :other_id::uuid AND c.id <> o.id
    ON CONFLICT DO NOTHING)
SELECT c.id AS client_id FROM app.client c WHERE c.id = :client_id::uuid;
