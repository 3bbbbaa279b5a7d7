-- name: unit_list :many
-- Rooms and devices, place by place.
-- clients: none
SELECT r.id AS resource_id, r.name, r.kind = 'device' AS is_device, r.unit_group, r.is_active, l.name AS place_name,
       l.id IS DISTINCT FROM lag(l.id) OVER w AS is_first,
       (SELECT count(*) FROM app.service_room x WHERE x.resource_id = r.id) AS n_services
FROM app.resource r
JOIN app.location l ON l.id = r.location_id
WHERE r.kind <> 'staff'
WINDOW w AS (ORDER BY l.position, l.name, l.id, NOT r.is_active, r.kind DESC, r.position, r.name, r.id)
ORDER BY l.position, l.name, l.id, NOT r.is_active, r.kind DESC, r.position, r.name, r.id;

-- name: unit_blank :one
-- What the form of a new one begins with.
-- clients: none
SELECT coalesce(max(r.position), 0) + 1 AS place_in_list FROM app.resource r WHERE r.kind <> 'staff';

-- name: unit_one :one
-- One of them, as its form shows it.
-- clients: none
SELECT r.id AS resource_id, r.name, r.unit_group, r.is_active, r.position AS place_in_list,
       (SELECT string_agg(v.name, ', ' ORDER BY v.position, v.name) FROM app.service_room x JOIN app.service v ON v.id = x.service_id WHERE x.resource_id = r.id AND v.is_active) AS service_names
FROM app.resource r WHERE r.id = :resource_id::uuid AND r.kind <> 'staff';

-- name: unit_kinds :many
-- A room or a device.
-- clients: none
SELECT k.kind, k.words, k.kind = coalesce(:unit_kind, (SELECT r.kind FROM app.resource r WHERE r.id = :resource_id::uuid), 'room') AS is_chosen
FROM (VALUES ('room', 'A room'), ('device', 'A device')) AS k (kind, words);

-- name: unit_places :many
-- Where it stands.
-- clients: none
SELECT l.id AS place_id, l.name, l.id = coalesce(:location_id::uuid, (SELECT r.location_id FROM app.resource r WHERE r.id = :resource_id::uuid)) AS is_chosen
FROM app.location l
WHERE l.is_active OR l.id = (SELECT r.location_id FROM app.resource r WHERE r.id = :resource_id::uuid)
ORDER BY l.position, l.name, l.id;

-- name: unit_groups :many
-- Groups that are in use, for the list of suggestions.
-- clients: none
SELECT DISTINCT r.unit_group AS known_group FROM app.resource r WHERE r.unit_group <> '' ORDER BY 1;

-- name: unit_save :one
-- As its form says, new or changed.
SELECT app.unit_save(:resource_id::uuid, :new_id::uuid, :unit_kind, :name, :location_id::uuid, :unit_group, :place_in_list::int) AS resource_id;

-- name: unit_put :one
-- Puts it away, or brings it back. What is booked with it stays.
UPDATE app.resource r SET is_active = (:put = 'back') WHERE r.id = :resource_id::uuid AND r.kind <> 'staff' RETURNING r.id AS resource_id;
