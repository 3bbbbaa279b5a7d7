-- name: outside_own :many
-- Her calendars elsewhere, and how the last reading went.
-- clients: none
SELECT o.id AS calendar_id, o.name, o.host, o.read_at AT TIME ZONE app.zone() AS read_local, o.tried_at IS NULL AS is_waiting, o.n_busy,
       o.problem = 'address' AS is_address, o.problem = 'unreachable' AS is_unreachable, o.problem = 'answer' AS is_answer, o.problem = 'large' AS is_large, o.problem = 'content' AS is_content,
       o.problem IS NOT NULL AS has_problem
FROM app.outside_calendar o
WHERE o.staff_id = app.actor()
ORDER BY o.created_at, o.id;

-- name: outside_of :many
-- Somebody's calendars elsewhere, for who may change settings: that they are there, and whether they can be read.
-- clients: none
SELECT o.id AS calendar_id, o.name, o.host, o.read_at AT TIME ZONE app.zone() AS read_local, o.n_busy, o.problem IS NOT NULL AS has_problem
FROM app.outside_calendar o
WHERE o.staff_id = :staff_id::uuid
ORDER BY o.created_at, o.id;

-- name: outside_count :one
-- How many she has.
-- clients: none
SELECT count(*) AS n FROM app.outside_calendar o WHERE o.staff_id = app.actor();

-- name: outside_add :exec
-- One more; its address sealed.
-- seals: outside_calendar
INSERT INTO app.outside_calendar (id, staff_id, name, host, url_sealed) VALUES (:calendar_id::uuid, app.actor(), btrim(:name), :calendar_host, :calendar_bytes::bytea);

-- name: outside_job :exec
-- The job that reads it from now on.
INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('outside.read', :calendar_id::uuid, 'outside-' || :calendar_id || '-' || :request_id);

-- name: outside_drop :one
-- It is gone, with all that was read of it.
DELETE FROM app.outside_calendar o WHERE o.id = :calendar_id::uuid AND o.staff_id = app.actor() RETURNING o.id AS gone_id;

-- name: outside_drop_of :one
-- The same by who may change settings.
DELETE FROM app.outside_calendar o WHERE o.id = :calendar_id::uuid AND o.staff_id = :staff_id::uuid RETURNING o.staff_id;

-- name: outside_take :maybe
-- What the job needs to know of it; the address opened.
SELECT o.id, NULL::uuid AS client_id, o.url_sealed, o.etag, o.content_sha,
       (now() AT TIME ZONE app.zone())::date - 1 - date '1970-01-01' AS first_day,
       ((now() AT TIME ZONE app.zone())::date + interval '13 months')::date - date '1970-01-01' AS last_day,
       coalesce(o.stored_at < now() - interval '1 day', true) AS is_old
FROM app.outside_calendar o
WHERE o.id = :calendar_id::uuid;

-- name: outside_same :exec
-- It says what it said before.
UPDATE app.outside_calendar o SET read_at = now(), tried_at = now(), next_at = now() + interval '15 minutes', problem = NULL WHERE o.id = :calendar_id::uuid;

-- name: outside_store :exec
-- What it says now.
SELECT app.outside_store(:calendar_id::uuid, :found::jsonb, :content_sha::bytea, :new_etag);

-- name: outside_problem :exec
-- It could not be read, and why; what it said before stays.
UPDATE app.outside_calendar o SET tried_at = now(), next_at = now() + interval '15 minutes', problem = :problem WHERE o.id = :calendar_id::uuid;
