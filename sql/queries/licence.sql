-- name: licence_of :many
-- Her licences.
-- clients: none
SELECT n.id AS licence_id, n.kind, n.number, n.valid_to, l.name AS place_name, n.valid_to < (now() AT TIME ZONE app.zone())::date AS is_over,
       n.valid_to < (now() AT TIME ZONE app.zone())::date + 60 AND n.valid_to >= (now() AT TIME ZONE app.zone())::date AS is_ending
FROM app.staff_licence n
LEFT JOIN app.location l ON l.id = n.location_id
WHERE n.staff_id = :staff_id::uuid
ORDER BY n.valid_to, n.kind, n.id;

-- name: licence_ending :many
-- Licences that have ended or end within 60 days, of people who are here.
-- clients: none
SELECT n.kind, n.valid_to, f.id AS staff_id, f.name AS staff_name, n.valid_to < (now() AT TIME ZONE app.zone())::date AS is_over
FROM app.staff_licence n
JOIN app.staff f ON f.id = n.staff_id AND f.is_active
WHERE n.valid_to < (now() AT TIME ZONE app.zone())::date + 60
  AND NOT EXISTS (SELECT FROM app.staff_licence o WHERE o.staff_id = n.staff_id AND o.kind = n.kind AND o.valid_to > n.valid_to
                  AND (o.location_id IS NULL OR o.location_id = n.location_id))
ORDER BY n.valid_to, f.name, n.kind
LIMIT 100;

-- name: licence_add :one
-- One more. Licences do not change: a new one has a new end.
INSERT INTO app.staff_licence (staff_id, kind, number, location_id, valid_to)
SELECT f.id, btrim(:kind), coalesce(btrim(:number), ''), :location_id::uuid, :valid_to::date FROM app.staff f WHERE f.id = :staff_id::uuid
RETURNING staff_id;

-- name: licence_drop :one
-- Takes one away.
DELETE FROM app.staff_licence n WHERE n.id = :licence_id::uuid AND n.staff_id = :staff_id::uuid RETURNING n.staff_id;
