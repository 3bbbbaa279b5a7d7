-- name: closure_list :many
-- What is closed from today on, and how many visits are booked in it all the same.
-- clients: none
SELECT c.id AS closure_id, c.reason, c.uid IS NOT NULL AS is_imported, coalesce(l.name, 'All places') AS place_name,
       c.starts_local::date AS from_day, (c.ends_local - interval '1 microsecond')::date AS to_day,
       (c.ends_local - interval '1 microsecond')::date > c.starts_local::date AS has_days,
       c.starts_local::time <> time '00:00' OR c.ends_local::time <> time '00:00' AS has_hours, c.starts_local, c.ends_local,
       (SELECT count(*) FROM app.location p, app.visits_between(NULL, p.id, c.starts_local AT TIME ZONE p.zone, c.ends_local AT TIME ZONE p.zone)
        WHERE c.location_id IS NULL OR p.id = c.location_id) AS n_visits
FROM app.closure c
LEFT JOIN app.location l ON l.id = c.location_id
WHERE c.ends_local > (now() AT TIME ZONE app.zone())::date
ORDER BY c.starts_local, c.id
LIMIT 500;

-- name: closure_places :many
-- Where something can be closed.
-- clients: none
SELECT l.id AS place_id, l.name, l.id = :location_id::uuid AS is_chosen
FROM app.location l
WHERE l.is_active
ORDER BY l.position, l.name, l.id;

-- name: closure_save :exec
-- A closure.
SELECT FROM app.closure_save(:location_id::uuid, :from_day::date, :to_day::date, :hours, :reason);

-- name: closure_drop :exec
-- Takes one back.
SELECT FROM app.closure_drop(:closure_id::uuid);

-- name: closure_found :many
-- What a holiday file would close.
-- clients: none
SELECT c.reason, c.starts_local, c.ends_local, c.starts_local::date AS from_day, (c.ends_local - interval '1 microsecond')::date AS to_day,
       (c.ends_local - interval '1 microsecond')::date > c.starts_local::date AS has_days,
       c.starts_local::time <> time '00:00' OR c.ends_local::time <> time '00:00' AS has_hours, c.is_new
FROM app.closures_of(:found::jsonb, :location_id::uuid) c
ORDER BY c.starts_local, c.uid
LIMIT 1000;

-- name: closure_import :exec
-- Closes what is not closed yet.
SELECT FROM app.closures_import(:found::jsonb, :location_id::uuid);
