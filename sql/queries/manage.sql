-- name: manage_find :one
-- The link of a token; FY410 when there is none, or it is over.
SELECT sec.link_find(:link_token::bytea) AS link_id;

-- name: manage_prove :one
-- Compares the date of birth, counts a failure, and opens a session when it is right. Always one row.
SELECT p.is_ok, p.tries_left, p.is_over, p.wait_seconds
FROM sec.link_prove(:host, :link_id::uuid, :link_token::bytea, :birth_date::date, :session_token::bytea, :address::inet, :agent, :request_id::uuid) p;

-- name: manage_visit :one
-- The appointment of this link, and what she may do with it.
SELECT a.client_id, coalesce(c.preferred_name, c.name) AS called, v.name AS service_name, v.duration_min,
       a.starts_at AT TIME ZONE l.zone AS starts, app.zone_words(l.zone) AS zone_words,
       l.name AS place_name, concat_ws(', ', nullif(l.street, ''), nullif(l.city, '')) AS address,
       f.name AS provider, coalesce(l.phone, t.phone) AS studio_phone,
       a.version, app.in_words(a.status) AS status_words, a.status,
       a.status = 'cancelled' AS is_cancelled,
       a.status IN ('booked', 'confirmed') AND a.starts_at > now() AS can_change,
       (SELECT count(*) FROM app.form_assignment d WHERE d.client_id = a.client_id AND d.appointment_id = a.id AND d.state = 'due') AS forms_due,
       (SELECT count(*) = 1 FROM app.form_assignment d WHERE d.client_id = a.client_id AND d.appointment_id = a.id AND d.state = 'due') AS is_one_form
FROM app.appointment a
JOIN app.link k ON k.client_id = a.client_id AND k.appointment_id = a.id
JOIN app.client c ON c.id = a.client_id
JOIN app.service v ON v.id = a.service_id
JOIN app.location l ON l.id = a.location_id
JOIN app.tenant t ON t.id = a.tenant_id
LEFT JOIN app.staff f ON f.id = a.staff_id
WHERE k.id = :link_id::uuid;

-- name: manage_events :many
-- What happened to it, for her to see.
SELECT e.at AT TIME ZONE l.zone AS at,
       CASE WHEN e.what = 'moved' THEN 'Moved' ELSE app.in_words(e.status) END AS words,
       CASE WHEN e.what = 'moved' THEN e.from_starts_at AT TIME ZONE l.zone END AS from_starts,
       CASE e.by_kind WHEN 'staff' THEN 'by the studio' WHEN 'client' THEN 'by you' WHEN 'visitor' THEN 'by you' END AS by_words
FROM app.link k
JOIN app.appointment a ON a.client_id = k.client_id AND a.id = k.appointment_id
JOIN app.appointment_event e ON e.appointment_id = a.id
JOIN app.location l ON l.id = a.location_id
WHERE k.id = :link_id::uuid AND e.status NOT IN ('held', 'expired')
ORDER BY e.at;

-- name: manage_moving :one
-- The appointment of this link as something that may be moved: service and place stay.
SELECT a.id AS moving, a.client_id, a.service_id, a.location_id AS place, a.staff_id, f.name AS provider,
       a.starts_at AT TIME ZONE l.zone AS old_starts, a.version,
       a.status IN ('booked', 'confirmed') AND a.starts_at > now() AS can_change
FROM app.appointment a
JOIN app.link k ON k.client_id = a.client_id AND k.appointment_id = a.id
JOIN app.location l ON l.id = a.location_id
LEFT JOIN app.staff f ON f.id = a.staff_id
WHERE k.id = :link_id::uuid;

-- name: manage_move :one
-- Moves it: the new time is taken and the old one given back at once, or neither.
SELECT app.appointment_move(:moving::uuid, :who::uuid, to_timestamp(:slot::float8), :version::int) AS version;

-- name: manage_cancel :one
-- Cancels it for her.
SELECT app.appointment_set_status(:link_subject::uuid, 'cancelled', :version::int, 'client_asked') AS version;
