-- name: appointment_one :one
-- One visit: what, who, when, where, and what may be done with it by whoever asks.
SELECT a.id AS appointment_id,
       c.id AS client_id,
       coalesce(c.name, CASE WHEN a.client_id IS NULL THEN 'Not booked yet' ELSE 'A client of a colleague''s' END) AS client,
       c.birth_date,
       date_part('year', age(app.today(), c.birth_date))::int AS age,
       k.phone,
       k.email,
       v.name AS service,
       v.duration_min,
       a.price_cents,
       f.name AS provider,
       r.name AS room,
       l.id AS location_id,
       l.name AS location_name,
       app.zone_words(l.zone) AS zone_words,
       x.starts,
       a.ends_at AT TIME ZONE l.zone AS ends,
       to_char(x.starts, 'YYYY-MM-DD') AS day,
       to_char(x.starts, 'HH24:MI') AS "time",
       a.status,
       app.in_words(a.status) AS status_words,
       app.in_words(a.source) AS source_words,
       app.in_words(a.cancel_reason) AS reason_words,
       a.version,
       b.may AND a.status IN ('booked', 'confirmed') AS can_move,
       b.may AND app.appointment_may_become(a.status, 'cancelled') AND a.status <> 'held' AS can_cancel,
       b.may AND app.appointment_may_become(a.status, 'confirmed') AND a.status = 'booked' AS can_confirm,
       b.may AND a.status IN ('booked', 'confirmed', 'no_show') AND x.starts::date <= x.today AS can_check_in,
       b.may AND a.status = 'arrived' AS can_take_in,
       b.may AND a.status = 'in_room' AS can_finish,
       b.may AND a.status IN ('booked', 'confirmed') AND a.starts_at <= now() AS can_no_show,
       CASE WHEN b.may THEN back.status END AS back_status,
       app.in_words(back.status) AS back_words
FROM app.appointment a
JOIN app.service v ON v.id = a.service_id
JOIN app.staff f ON f.id = a.staff_id
JOIN app.location l ON l.id = a.location_id
LEFT JOIN app.client c ON c.id = a.client_id
LEFT JOIN LATERAL app.contact(c.id) AS k ON true
LEFT JOIN app.resource r ON r.id = a.room_id
CROSS JOIN LATERAL (SELECT a.starts_at AT TIME ZONE l.zone AS starts, (now() AT TIME ZONE l.zone)::date AS today) AS x
CROSS JOIN LATERAL (SELECT app.may_visit('booking_write', a.staff_id, a.location_id) AS may) AS b
CROSS JOIN LATERAL (
    SELECT CASE a.status WHEN 'arrived' THEN 'confirmed' WHEN 'in_room' THEN 'arrived' WHEN 'no_show' THEN 'booked' END AS status
) AS back
WHERE a.id = :appointment_id::uuid;

-- name: appointment_allergy :many
-- What the visit's client is allergic to, the gravest first.
SELECT y.id, y.client_id, y.substance_sealed, y.reaction_sealed, y.severity
FROM app.allergy y
WHERE y.client_id = (SELECT a.client_id FROM app.appointment a WHERE a.id = :appointment_id::uuid)
  AND y.ended_at IS NULL
ORDER BY CASE y.severity WHEN 'severe' THEN 1 WHEN 'moderate' THEN 2 ELSE 3 END, y.noted_at;

-- name: appointment_event :many
-- What happened to a visit, and who did it (L09).
SELECT e.at AT TIME ZONE l.zone AS at,
       e.what = 'moved' AS is_moved,
       app.in_words(e.status) AS status_words,
       app.in_words(e.reason) AS reason_words,
       e.from_starts_at AT TIME ZONE l.zone AS from_starts,
       g.name AS from_provider,
       coalesce(f.name, CASE e.by_kind WHEN 'client' THEN 'The client, by link' WHEN 'visitor' THEN 'The client, online'
                                       WHEN 'staff' THEN 'Staff' ELSE 'Foyer' END) AS by_name
FROM app.appointment_event e
JOIN app.appointment a ON a.id = e.appointment_id
JOIN app.location l ON l.id = a.location_id
LEFT JOIN app.staff f ON f.id = e.by_id
LEFT JOIN app.staff g ON g.id = e.from_staff_id
WHERE e.appointment_id = :appointment_id::uuid
ORDER BY e.at;

-- name: appointment_form :many
-- Forms that this visit asks for, and whether they are done.
SELECT f.client_id,
       o.name AS form,
       f.state = 'due' AS is_due,
       f.state = 'signed' AS is_signed,
       s.id AS signature_id,
       s.signed_at AT TIME ZONE l.zone AS signed
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
JOIN app.form_assignment f ON f.client_id = a.client_id AND f.appointment_id = a.id
JOIN app.form o ON o.id = f.form_id
LEFT JOIN app.signature s ON s.client_id = f.client_id AND s.assignment_id = f.id
WHERE a.id = :appointment_id::uuid AND f.state <> 'withdrawn'
ORDER BY f.position, o.name;

-- name: appointment_provider :many
-- Who could do this visit's service; the one chosen in the form, or else the one it is with.
SELECT f.id AS staff_id,
       f.name AS provider,
       f.id = coalesce(:staff_id::uuid, a.staff_id) AS is_chosen
FROM app.appointment a
JOIN app.service_staff x ON x.service_id = a.service_id
JOIN app.staff f ON f.id = x.staff_id
WHERE a.id = :appointment_id::uuid AND f.is_active AND f.is_provider
ORDER BY f.position, f.name;

-- name: appointment_free :many
-- The free times nearest to the one asked for, when one was: offered where it was taken.
SELECT to_char(n.starts_local, 'YYYY-MM-DD"T"HH24:MI') AS starts_at,
       n.starts_local AS starts,
       f.name AS provider
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL app.nearest_free(a.service_id, a.location_id, :staff_id::uuid,
    (:day::date + :time::time) AT TIME ZONE l.zone, 6, a.client_id, '{}',
    CASE WHEN app.may_visit('booking_write', a.staff_id, a.location_id) THEN a.id END) AS n
JOIN app.staff f ON f.id = n.staff_id
WHERE a.id = :appointment_id::uuid AND :day::date IS NOT NULL AND :time::time IS NOT NULL
ORDER BY n.starts_at;

-- name: appointment_move :one
-- Moves a visit to another start or provider; a time that is taken is refused by app.appointment_move.
SELECT a.client_id
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL app.appointment_move(a.id, :staff_id::uuid,
    app.wall_instant(coalesce(:starts_at::timestamp, :day::date + :time::time), l.zone), :version::int) AS moved
WHERE a.id = :appointment_id::uuid;

-- name: appointment_set_status :one
-- The next status of a visit; only what the rules allow, and only as it was when the page was shown.
SELECT a.client_id
FROM app.appointment a
CROSS JOIN LATERAL app.appointment_set_status(a.id, :status, :version::int) AS changed
WHERE a.id = :appointment_id::uuid;

-- name: appointment_arrive :one
-- The same from the day's list of arrivals, where the status to reach is all that was seen.
SELECT a.client_id, a.location_id
FROM app.appointment a
CROSS JOIN LATERAL app.appointment_set_status(a.id, :status, NULL) AS changed
WHERE a.id = :appointment_id::uuid;

-- name: appointment_cancel :one
-- Cancels a visit and frees its time; the reason is kept with it.
SELECT a.client_id
FROM app.appointment a
CROSS JOIN LATERAL app.appointment_set_status(a.id, 'cancelled', :version::int, :reason) AS changed
WHERE a.id = :appointment_id::uuid;

-- name: appointment_client :maybe
-- The client whom a new visit is for, once she is chosen.
SELECT c.id AS client_id, c.name, c.birth_date, k.phone
FROM app.client c
CROSS JOIN LATERAL app.contact(c.id) AS k
WHERE c.id = :client_id::uuid;

-- name: appointment_client_allergy :many
-- What she is allergic to.
SELECT y.id, y.client_id, y.substance_sealed, y.reaction_sealed, y.severity
FROM app.allergy y
WHERE y.client_id = :client_id::uuid AND y.ended_at IS NULL
ORDER BY CASE y.severity WHEN 'severe' THEN 1 WHEN 'moderate' THEN 2 ELSE 3 END, y.noted_at;

-- name: appointment_choice_service :many
-- Services that can be booked.
SELECT v.id AS service_id, v.name AS service, v.duration_min, v.price_cents, v.id = :service_id::uuid AS is_chosen
FROM app.service v
WHERE v.is_active
ORDER BY v.category, v.position, v.name;

-- name: appointment_choice_provider :many
-- Providers who can be booked.
SELECT f.id AS staff_id, f.name AS provider, f.id = :staff_id::uuid AS is_chosen
FROM app.staff f
WHERE f.is_active AND f.is_provider
ORDER BY f.position, f.name;

-- name: appointment_choice_place :many
-- Places where a visit can be.
SELECT l.id AS location_id, l.name AS location_name, app.zone_words(l.zone) AS zone_words, l.id = :location_id::uuid AS is_chosen
FROM app.location l
WHERE l.is_active
ORDER BY l.position, l.name;

-- name: appointment_choice_free :many
-- Free times nearest to the one asked for, once service, place, day and time are known.
SELECT to_char(n.starts_local, 'YYYY-MM-DD"T"HH24:MI') AS starts_at,
       n.starts_local AS starts,
       f.name AS provider
FROM app.location l
CROSS JOIN LATERAL app.nearest_free(:service_id::uuid, l.id, :staff_id::uuid,
    (:day::date + :time::time) AT TIME ZONE l.zone, 6) AS n
JOIN app.staff f ON f.id = n.staff_id
WHERE l.id = :location_id::uuid AND :service_id::uuid IS NOT NULL AND :day::date IS NOT NULL AND :time::time IS NOT NULL
ORDER BY n.starts_at;

-- name: appointment_book :one
-- Books a visit for a client at a place's own wall time.
SELECT booked.id AS appointment_id, :booked_client::uuid AS client_id
FROM app.location l
CROSS JOIN LATERAL app.book(:service_id::uuid, l.id, :staff_id::uuid,
    app.wall_instant(coalesce(:starts_at::timestamp, :day::date + :time::time), l.zone), :booked_client::uuid, NULL) AS booked(id)
WHERE l.id = :location_id::uuid;
