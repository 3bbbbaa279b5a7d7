-- name: export_form :one
-- What the form begins with: the filters of the page it was reached from, otherwise the last thirty days.
SELECT coalesce(nullif(:from, ''), nullif(:day, ''), (app.today() - 29)::text) AS "from", coalesce(nullif(:to, ''), nullif(:day, ''), app.today()::text) AS "to",
       nullif(:client_id, '')::uuid AS whom, (SELECT c.name FROM app.client c WHERE c.id = nullif(:client_id, '')::uuid) AS whom_name,
       :refused = '1' AS is_refused, app.zone_words(app.zone()) AS zone_words;

-- name: export_client :maybe
-- The client whose rows are asked for, so that who sees her name here is written down.
SELECT w.id AS client_id FROM (SELECT nullif(:client_id, '')::uuid AS id) w WHERE w.id IS NOT NULL;

-- name: export_list :many
-- Copies that were made or are under way; they stay for seven days.
SELECT x.id AS export_id, CASE x.kind WHEN 'csv' THEN 'CSV' ELSE 'JSON lines' END AS kind_words, x.from_day, x.to_day, f.name AS of_person,
       x.client_id IS NOT NULL AS is_of_client, app.action_words(x.act) AS act_words, x.refused AS is_of_refusals,
       x.asked_at AT TIME ZONE app.zone() AS asked_local, a.name AS asker, x.state = 'waiting' AS is_waiting, x.state = 'ready' AS is_ready, x.n_rows
FROM app.trail_export x
LEFT JOIN app.staff f ON f.id = x.staff_id
LEFT JOIN app.staff a ON a.id = x.asked_by
WHERE x.asked_at > now() - interval '7 days'
ORDER BY x.asked_at DESC
LIMIT 50;

-- name: export_count :one
-- How many rows there are; too many are refused.
SELECT audit.export_count(:from::date, :to::date, nullif(:client_id, '')::uuid, nullif(:staff_id, '')::uuid, nullif(:act, ''), :refused::boolean, :most_rows::int) AS n;

-- name: export_add :exec
-- A copy to be made.
INSERT INTO app.trail_export (id, kind, from_day, to_day, staff_id, client_id, act, refused)
VALUES (:new_id::uuid, :kind, :from::date, :to::date, nullif(:staff_id, '')::uuid, nullif(:client_id, '')::uuid, nullif(:act, ''), :refused::boolean);

-- name: export_note :exec
-- The row of the trail that says what.
SELECT sec.trail_exported(:new_id::uuid, concat_ws(', ', CASE :kind WHEN 'csv' THEN 'CSV' ELSE 'JSON lines' END, :from || ' to ' || :to,
       (SELECT f.name FROM app.staff f WHERE f.id = nullif(:staff_id, '')::uuid), nullif(:act, ''), CASE WHEN :refused::boolean THEN 'only refused' END, :n || ' rows'),
       nullif(:client_id, '')::uuid);

-- name: export_job :exec
-- Its job, once what has just happened is sealed.
INSERT INTO app.job (kind, subject_id, dedupe_key, run_at) VALUES ('trail.export', :new_id::uuid, 'export:' || :new_id, now() + interval '3 seconds');

-- name: export_one :maybe
-- A copy to be made, or one that is ready.
SELECT x.kind, x.state, x.from_day::text AS from_day, x.to_day::text AS to_day, x.staff_id, x.client_id AS whom, x.act, x.refused,
       to_char(x.asked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS asked_at, t.id AS tenant, t.slug, t.zone,
       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS made_at, coalesce(x.n_bytes, 0) AS n_bytes
FROM app.trail_export x
JOIN app.tenant t ON t.id = x.tenant_id
WHERE x.id = :export_id::uuid;

-- name: export_waits :one
-- Whether some of its rows are not sealed yet.
SELECT audit.export_waits(:export_id::uuid, :tree_size::bigint) AS is_waiting;

-- name: export_rows :many
-- Its next rows.
SELECT r.tenant_id, r.at, r.id, r.xid, r.actor_kind, r.actor_id, r.session_id, r.link_id, r.ip, r.agent, r.action, r.object_kind, r.object_id,
       r.client_ids, r.fields, r.outcome, r.reason, r.request_id, r.idx, r.at_local, r.actor_name, r.action_words
FROM audit.export_rows(:export_id::uuid, :after_idx::bigint, :tree_size::bigint, :part_rows::int) r;

-- name: export_clear :exec
-- What an earlier try left of it.
DELETE FROM app.trail_export_part p WHERE p.export_id = :export_id::uuid;

-- name: export_part_add :exec
-- A part of the file.
-- seals: trail_export_part
INSERT INTO app.trail_export_part (id, export_id, n, body_sealed) VALUES (:part_id::uuid, :export_id::uuid, :part_n::int, :body_sealed::bytea);

-- name: export_done :exec
-- How it ended.
UPDATE app.trail_export SET state = :state, n_rows = :n_rows::int, n_bytes = :n_bytes::bigint WHERE id = :export_id::uuid;

-- name: export_old :exec
-- Copies of more than a week ago go.
DELETE FROM app.trail_export x WHERE x.asked_at < now() - interval '7 days';

-- name: export_parts :many
-- The file, part by part.
SELECT p.id, NULL::uuid AS client_id, p.body_sealed
FROM app.trail_export_part p
JOIN app.trail_export x ON x.id = p.export_id AND x.state = 'ready'
WHERE p.export_id = :export_id::uuid
ORDER BY p.n;
