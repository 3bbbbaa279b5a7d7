-- name: device_seen :one
-- The browser that the session of this transaction was opened in; is_new: she is to be told of it.
-- clients: none
SELECT d.is_new, d.staff_id, d.session_id, d.staff_name, d.to_address, d.how, d.agent, d.address, d.seen_local, d.zone
FROM sec.device_seen(:device::bytea) d;

-- name: device_sessions :many
-- One's own sessions: the open ones, then those that have ended.
-- clients: none
SELECT s.session_id, s.is_this, s.is_open, s.how_words, s.agent, s.address, s.is_here, s.first_local, s.last_local, s.ended_words
FROM sec.sessions_of(app.actor()) s;

-- name: device_end :exec
-- Ends one of one's own.
SELECT FROM sec.session_end(app.actor(), :ended_id::uuid);

-- name: device_end_others :exec
-- Ends all of one's own but this one.
SELECT FROM sec.session_end(app.actor(), NULL);

-- name: device_person :one
-- Whose sessions are looked at; an owner's are ended by owners alone (sec.session_end).
-- clients: none
SELECT f.id AS person_id, f.name AS person_name, app.actor() = ANY (o.owners) OR f.id <> ALL (o.owners) AS may_end
FROM app.staff f
CROSS JOIN (SELECT coalesce(array_agg(sr.staff_id), '{}') AS owners
            FROM app.staff_role sr JOIN app.role r ON r.id = sr.role_id AND r.slug IN ('owner', 'operator') WHERE sr.location_id IS NULL) AS o
WHERE f.id = :staff_id::uuid;

-- name: device_person_sessions :many
-- The sessions of somebody of the staff.
-- clients: none
SELECT s.is_this, s.how_words, s.agent, s.address, s.is_here, s.first_local, s.last_local, s.ended_words
FROM sec.sessions_of(:staff_id::uuid) s;

-- name: device_person_end :exec
-- Ends all sessions of somebody of the staff.
SELECT FROM sec.session_end(:staff_id::uuid, NULL);
