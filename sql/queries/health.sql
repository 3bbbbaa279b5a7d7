-- name: health_allergy_add :one
-- Notes an allergy.
-- seals: allergy
INSERT INTO app.allergy AS y (id, client_id, substance_sealed, reaction_sealed, severity)
VALUES (:new_id::uuid, :client_id::uuid, :substance_sealed::bytea, :reaction_sealed::bytea, :severity)
RETURNING y.client_id;

-- name: health_allergy_end :one
-- Ends an allergy that was noted in error or no longer holds; the row stays.
-- seals: allergy
UPDATE app.allergy y
SET ended_at = now(), end_reason_sealed = :end_reason_sealed::bytea
WHERE y.id = :allergy_id::uuid AND y.client_id = :client_id::uuid AND y.ended_at IS NULL
RETURNING y.client_id;

-- name: health_medications :many
-- What she takes, in the order in which it was noted; or one row that says that it is nothing. No row: nobody asked.
SELECT y.id,
       coalesce(y.client_id, n.client_id) AS client_id,
       y.id AS medication_id,
       y.medication_sealed,
       y.dose_sealed,
       y.taken_since_sealed,
       n.client_id IS NOT NULL AS is_none,
       coalesce(f.name, 'the client') AS said_by,
       (coalesce(y.noted_at, n.said_at) AT TIME ZONE app.zone())::date AS said_on
FROM (SELECT a.id, a.client_id, a.medication_sealed, a.dose_sealed, a.taken_since_sealed, a.noted_at, a.noted_by
      FROM app.medication a
      WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.ended_at IS NULL) AS y
FULL JOIN (SELECT o.client_id, o.said_at, o.said_by
           FROM app.none_known o
           WHERE o.client_id = ANY (app.record_ids(:client_id::uuid)) AND o.kind = 'medication' AND o.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM app.medication a WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.ended_at IS NULL)
           ORDER BY o.said_at DESC, o.client_id LIMIT 1) AS n
     ON n.client_id = y.client_id
LEFT JOIN app.staff f ON f.id = coalesce(y.noted_by, n.said_by)
ORDER BY y.noted_at, y.id;

-- name: health_medication_add :one
-- Notes a medication.
-- seals: medication
INSERT INTO app.medication AS y (id, client_id, medication_sealed, dose_sealed, taken_since_sealed)
VALUES (:new_id::uuid, :client_id::uuid, :medication_sealed::bytea, :dose_sealed::bytea, :taken_since_sealed::bytea)
RETURNING y.client_id;

-- name: health_medication_end :one
-- Ends a medication that she no longer takes, or that was noted in error; the row stays.
-- seals: medication
UPDATE app.medication y
SET ended_at = now(), end_reason_sealed = :end_reason_sealed::bytea
WHERE y.id = :medication_id::uuid AND y.client_id = :client_id::uuid AND y.ended_at IS NULL
RETURNING y.client_id;

-- name: health_conditions :many
-- What she lives with, in the order in which it was noted; or one row that says that it is nothing. No row: nobody asked.
SELECT y.id,
       coalesce(y.client_id, n.client_id) AS client_id,
       y.id AS condition_id,
       y.condition_sealed,
       y.had_since_sealed,
       y.remark_sealed,
       n.client_id IS NOT NULL AS is_none,
       coalesce(f.name, 'the client') AS said_by,
       (coalesce(y.noted_at, n.said_at) AT TIME ZONE app.zone())::date AS said_on
FROM (SELECT a.id, a.client_id, a.condition_sealed, a.had_since_sealed, a.remark_sealed, a.noted_at, a.noted_by
      FROM app.health_condition a
      WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.ended_at IS NULL) AS y
FULL JOIN (SELECT o.client_id, o.said_at, o.said_by
           FROM app.none_known o
           WHERE o.client_id = ANY (app.record_ids(:client_id::uuid)) AND o.kind = 'condition' AND o.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM app.health_condition a WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.ended_at IS NULL)
           ORDER BY o.said_at DESC, o.client_id LIMIT 1) AS n
     ON n.client_id = y.client_id
LEFT JOIN app.staff f ON f.id = coalesce(y.noted_by, n.said_by)
ORDER BY y.noted_at, y.id;

-- name: health_condition_add :one
-- Notes a condition.
-- seals: health_condition
INSERT INTO app.health_condition AS y (id, client_id, condition_sealed, had_since_sealed, remark_sealed)
VALUES (:new_id::uuid, :client_id::uuid, :condition_sealed::bytea, :had_since_sealed::bytea, :remark_sealed::bytea)
RETURNING y.client_id;

-- name: health_condition_end :one
-- Ends a condition that no longer holds, or that was noted in error; the row stays.
-- seals: health_condition
UPDATE app.health_condition y
SET ended_at = now(), end_reason_sealed = :end_reason_sealed::bytea
WHERE y.id = :condition_id::uuid AND y.client_id = :client_id::uuid AND y.ended_at IS NULL
RETURNING y.client_id;

-- name: health_before :many
-- What of her health no longer holds, or was noted in error, the latest first: who ended it, when, and why.
SELECT k.client_id, a.id, m.id, c.id, k.kind, a.substance_sealed, a.reaction_sealed, m.medication_sealed, m.dose_sealed, c.condition_sealed, c.remark_sealed,
       a.end_reason_sealed AS allergy_reason, m.end_reason_sealed AS medication_reason, c.end_reason_sealed AS condition_reason,
       (k.noted_at AT TIME ZONE app.zone())::date AS said_on, coalesce(f.name, 'the client') AS said_by,
       (k.ended_at AT TIME ZONE app.zone())::date AS ended_on, coalesce(w.name, 'somebody') AS ended_by
FROM (SELECT 'Allergy' AS kind, x.id, x.client_id, x.noted_at, x.noted_by, x.ended_at, x.ended_by FROM app.allergy x
      WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.ended_at IS NOT NULL
      UNION ALL SELECT 'Medication', x.id, x.client_id, x.noted_at, x.noted_by, x.ended_at, x.ended_by FROM app.medication x
      WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.ended_at IS NOT NULL
      UNION ALL SELECT 'Condition', x.id, x.client_id, x.noted_at, x.noted_by, x.ended_at, x.ended_by FROM app.health_condition x
      WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.ended_at IS NOT NULL) AS k
LEFT JOIN app.staff f ON f.id = k.noted_by
LEFT JOIN app.staff w ON w.id = k.ended_by
LEFT JOIN app.allergy a ON k.kind = 'Allergy' AND a.id = k.id
LEFT JOIN app.medication m ON k.kind = 'Medication' AND m.id = k.id
LEFT JOIN app.health_condition c ON k.kind = 'Condition' AND c.id = k.id
ORDER BY k.ended_at DESC, k.id;

-- name: health_none_known :one
-- Notes that there is nothing of a kind; the table refuses it beside one that is listed.
INSERT INTO app.none_known AS n (id, client_id, kind)
VALUES (:new_id::uuid, :client_id::uuid, :known_kind)
RETURNING n.client_id;

-- name: health_none_known_end :one
-- Takes back that there is nothing: it is not known again.
UPDATE app.none_known n
SET ended_at = now()
WHERE n.client_id = :client_id::uuid AND n.kind = :known_kind AND n.ended_at IS NULL
RETURNING n.client_id;

-- name: health_told_medications :many
-- What the link's client is known to take, so that an intake repeats nothing.
SELECT m.id, m.client_id, m.medication_sealed
FROM app.medication m
WHERE m.client_id = (SELECT app.own_client()) AND m.ended_at IS NULL;

-- name: health_told_medication_put :exec
-- A medication that the client named in a form she signed.
INSERT INTO app.medication (id, client_id, medication_sealed, dose_sealed, taken_since_sealed)
VALUES (:medication_id, :client_id, :medication_bytes, :dose_bytes, :taken_since_bytes);

-- name: health_told_conditions :many
-- What the link's client is known to live with.
SELECT m.id, m.client_id, m.condition_sealed
FROM app.health_condition m
WHERE m.client_id = (SELECT app.own_client()) AND m.ended_at IS NULL;

-- name: health_told_condition_put :exec
-- A condition that the client chose in a form she signed.
INSERT INTO app.health_condition (id, client_id, condition_sealed) VALUES (:condition_id, :client_id, :condition_bytes);

-- name: health_told_none :exec
-- She said in a form that there is nothing of a kind. Beside one that is listed it stays an answer and nothing more.
INSERT INTO app.none_known (id, client_id, kind)
SELECT :none_known_id::uuid, :client_id::uuid, :known_kind
WHERE NOT CASE :known_kind
      WHEN 'allergy' THEN EXISTS (SELECT FROM app.allergy y WHERE y.client_id = :client_id::uuid AND y.ended_at IS NULL)
      WHEN 'medication' THEN EXISTS (SELECT FROM app.medication y WHERE y.client_id = :client_id::uuid AND y.ended_at IS NULL)
      ELSE EXISTS (SELECT FROM app.health_condition y WHERE y.client_id = :client_id::uuid AND y.ended_at IS NULL) END;
