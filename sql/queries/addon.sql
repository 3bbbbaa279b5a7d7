-- name: addon_list :many
-- What can be added to a service.
-- clients: none
SELECT a.id AS addon_id, a.name, a.minutes, a.price_cents, a.is_online, a.is_active,
       (SELECT count(*) FROM app.service_addon x WHERE x.addon_id = a.id) AS n_services
FROM app.addon a
ORDER BY NOT a.is_active, a.position, a.name, a.id;

-- name: addon_blank :one
-- What the form of a new one begins with.
-- clients: none
SELECT 15 AS minutes, true AS is_online, coalesce(max(a.position), 0) + 1 AS place_in_list FROM app.addon a;

-- name: addon_one :one
-- One of them, as its form shows it.
-- clients: none
SELECT a.id AS addon_id, a.name, a.minutes, app.cents_typed(a.price_cents) AS price, a.is_online, a.is_active, a.position AS place_in_list
FROM app.addon a WHERE a.id = :addon_id::uuid;

-- name: addon_services :many
-- The services that it goes with.
-- clients: none
SELECT v.id AS service_id, v.name, v.category, CASE WHEN :idem::text IS NULL THEN x.service_id IS NOT NULL ELSE v.id = ANY (:services::uuid[]) END AS is_chosen
FROM app.service v
LEFT JOIN app.service_addon x ON x.service_id = v.id AND x.addon_id = :addon_id::uuid
WHERE v.is_active OR x.service_id IS NOT NULL
ORDER BY v.category, v.position, v.name, v.id;

-- name: addon_save :one
-- As its form says, new or changed.
SELECT app.addon_save(:addon_id::uuid, :new_id::uuid, :name, :minutes::int, :price, :is_online::boolean, :place_in_list::int, :services::uuid[]) AS addon_id;

-- name: addon_put :one
-- Puts it away, or brings it back.
UPDATE app.addon a SET is_active = (:put = 'back') WHERE a.id = :addon_id::uuid RETURNING a.id AS addon_id;
