-- name: looked_head :one
-- Whose record it is, and where it is read.
SELECT c.id AS client_id, k.purpose = 'form' AS is_form, coalesce(l.phone, t.phone) AS studio_phone, app.zone_words(t.zone) AS zone_words,
       t.names_to_clients = 'role' AS is_by_role
FROM app.link k
JOIN app.client c ON c.id = k.client_id
JOIN app.tenant t ON t.id = k.tenant_id
LEFT JOIN app.appointment a ON a.client_id = k.client_id AND a.id = k.appointment_id
LEFT JOIN app.location l ON l.id = a.location_id
WHERE k.id = :link_id::uuid;

-- name: looked_page :page 60
-- Who looked at her record, the newest first.
SELECT w.at_local, w.is_new_day, w.who, w.is_own, w.is_emergency, w.what, w.why, w.visit_on
FROM audit.looked(:page_limit::int, :page_offset::int) w;

-- name: looked_choice :one
-- What clients read of who looked, and from how many clients in an hour on it is unusual.
SELECT t.names_to_clients = 'role' AS is_role, t.names_to_clients = 'name' AS is_name, t.review_charts_hour
FROM app.tenant t;

-- name: looked_choose :exec
-- Changes both.
UPDATE app.tenant SET names_to_clients = :names_to_clients, review_charts_hour = :review_charts_hour::int;
