-- name: audit_day :page 100
-- What happened on one day of the business's own clock, the newest first.
SELECT e.id AS event_id, e.at AT TIME ZONE z.zone AS at_local, app.actor_words(e.actor_kind) AS actor_words, e.actor_id,
       e.actor_name, host(e.ip) AS address, app.action_words(e.action) AS action_words,
       e.outcome <> 'ok' AS is_refused, e.reason, cardinality(e.client_ids) > 0 AS has_clients,
       nullif(greatest(cardinality(e.client_ids) - 3, 0), 0) AS more_clients,
       CASE cardinality(e.client_ids) WHEN 1 THEN 'one client' ELSE cardinality(e.client_ids) || ' clients' END AS client_words, e.request_id
FROM (SELECT app.zone() AS zone) z,
     audit.by_day(coalesce(:day::date, (now() AT TIME ZONE z.zone)::date), z.zone, :page_limit::int, :page_offset::int) e;

-- name: audit_day_head :one
-- The day shown, and its neighbours.
SELECT d.day, d.day - 1 AS day_before, d.day + 1 AS day_after, d.day < d.today AS has_day_after, app.zone_words(d.zone) AS zone_words
FROM (SELECT coalesce(:day::date, (now() AT TIME ZONE app.zone())::date) AS day,
             (now() AT TIME ZONE app.zone())::date AS today, app.zone() AS zone) d;

-- name: audit_day_clients :many
-- The first clients of each of these events, for those who may know their names.
SELECT e.id AS event_id, c.id AS client_id, c.name AS client_name
FROM (SELECT app.zone() AS zone) z,
     audit.by_day(coalesce(:day::date, (now() AT TIME ZONE z.zone)::date), z.zone, :page_limit::int, :page_offset::int) e,
     unnest(e.client_ids[1:3]) AS k (id)
JOIN app.client c ON c.id = k.id;

-- name: audit_client_head :one
-- The client whose trail is shown; for an auditor the name stays hidden.
SELECT w.client_id, (SELECT c.name FROM app.client c WHERE c.id = w.client_id) AS client_name
FROM (SELECT :client_id::uuid AS client_id) w
WHERE EXISTS (SELECT FROM app.client c WHERE c.id = w.client_id)
   OR EXISTS (SELECT FROM audit.by_client(w.client_id, NULL, NULL, 1, 0));

-- name: audit_client :page 100
-- Everything that touched one client, the newest first.
SELECT e.at AT TIME ZONE z.zone AS at_local, app.actor_words(e.actor_kind) AS actor_words, e.actor_id,
       e.actor_name, host(e.ip) AS address, app.action_words(e.action) AS action_words,
       e.outcome <> 'ok' AS is_refused, e.reason, e.request_id
FROM (SELECT app.zone() AS zone) z,
     audit.by_client(:client_id::uuid, NULL, NULL, :page_limit::int, :page_offset::int) e;

-- name: audit_staff_head :one
-- The person whose acts are shown.
SELECT f.name AS staff_name, f.role_names AS staff_roles
FROM app.staff f
WHERE f.id = :staff_id;

-- name: audit_staff :page 100
-- Everything one member of staff did, the newest first.
SELECT e.id AS event_id, e.at AT TIME ZONE z.zone AS at_local, host(e.ip) AS address,
       app.action_words(e.action) AS action_words, e.outcome <> 'ok' AS is_refused, e.reason,
       cardinality(e.client_ids) > 0 AS has_clients,
       nullif(greatest(cardinality(e.client_ids) - 3, 0), 0) AS more_clients,
       CASE cardinality(e.client_ids) WHEN 1 THEN 'one client' ELSE cardinality(e.client_ids) || ' clients' END AS client_words,
       e.request_id
FROM (SELECT app.zone() AS zone) z,
     audit.by_staff(:staff_id::uuid, NULL, NULL, :page_limit::int, :page_offset::int) e;

-- name: audit_staff_clients :many
-- The first clients of each of these events, for those who may know their names.
SELECT e.id AS event_id, c.id AS client_id, c.name AS client_name
FROM audit.by_staff(:staff_id::uuid, NULL, NULL, :page_limit::int, :page_offset::int) e,
     unnest(e.client_ids[1:3]) AS k (id)
JOIN app.client c ON c.id = k.id;

-- name: audit_refusals :page 100
-- What was refused or failed, the newest first.
SELECT e.at AT TIME ZONE z.zone AS at_local, app.actor_words(e.actor_kind) AS actor_words, e.actor_id,
       e.actor_name, host(e.ip) AS address, app.action_words(e.action) AS action_words, e.reason,
       e.request_id
FROM (SELECT app.zone() AS zone) z,
     audit.refusals(NULL, NULL, :page_limit::int, :page_offset::int) e;

-- name: audit_people :many
-- The people whose acts can be looked at.
SELECT f.id AS staff_id, f.name AS staff_name, f.role_names AS staff_roles
FROM app.staff f
ORDER BY f.name;
