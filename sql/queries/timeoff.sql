-- name: timeoff_own :many
-- Her own time off, and what became of what she asked for.
-- clients: none
SELECT o.time_off_id, o.starts_at AT TIME ZONE app.zone() AS starts_local, o.ends_at AT TIME ZONE app.zone() AS ends_local, o.reason,
       o.state = 'asked' AS is_asked, o.state = 'approved' AS is_approved, o.state = 'refused' AS is_refused, o.state = 'withdrawn' AS is_withdrawn,
       o.decided_at AT TIME ZONE app.zone() AS decided_local, o.decider, o.state IN ('asked', 'approved') AND o.ends_at > now() AS can_withdraw
FROM app.own_time_off() o;

-- name: timeoff_ask :exec
-- She asks.
SELECT FROM app.time_off_ask(:new_id::uuid, :from_day::date, :to_day::date, :hours, :reason);

-- name: timeoff_withdraw :exec
-- She takes it back.
SELECT FROM app.time_off_withdraw(:time_off_id::uuid);

-- name: timeoff_waiting :many
-- What waits for a decision, the longest first.
-- clients: none
SELECT o.id AS time_off_id, f.name AS staff_name, o.starts_at AT TIME ZONE app.zone() AS starts_local, o.ends_at AT TIME ZONE app.zone() AS ends_local, o.reason,
       o.asked_at AT TIME ZONE app.zone() AS asked_local
FROM app.time_off o JOIN app.staff f ON f.id = o.staff_id
WHERE o.state = 'asked'
ORDER BY o.asked_at, o.id
LIMIT 200;

-- name: timeoff_coming :many
-- What is approved and not over.
-- clients: none
SELECT o.id AS time_off_id, f.name AS staff_name, o.starts_at AT TIME ZONE app.zone() AS starts_local, o.ends_at AT TIME ZONE app.zone() AS ends_local, o.reason
FROM app.time_off o JOIN app.staff f ON f.id = o.staff_id
WHERE o.state = 'approved' AND o.ends_at > now()
ORDER BY o.starts_at, o.id
LIMIT 300;

-- name: timeoff_people :many
-- For whom time off can be entered.
-- clients: none
SELECT f.id AS person_id, f.name, f.id = :person_id::uuid AS is_chosen
FROM app.staff f WHERE f.is_active AND NOT f.is_support
ORDER BY f.position, f.name, f.id;

-- name: timeoff_enter :exec
-- Entered for somebody.
SELECT FROM app.time_off_enter(:new_id::uuid, :person_id::uuid, :from_day::date, :to_day::date, :hours, :reason);

-- name: timeoff_one :one
-- One, with what can be decided.
-- clients: none
SELECT o.id AS time_off_id, f.name AS staff_name, o.starts_at AT TIME ZONE app.zone() AS starts_local, o.ends_at AT TIME ZONE app.zone() AS ends_local, o.reason,
       o.asked_at AT TIME ZONE app.zone() AS asked_local, d.name AS decider, o.decided_at AT TIME ZONE app.zone() AS decided_local,
       o.state = 'asked' AS is_asked, o.state = 'approved' AS is_approved, o.state = 'refused' AS is_refused, o.state = 'withdrawn' AS is_withdrawn,
       o.state = 'approved' AND o.ends_at > now() AS can_take_back
FROM app.time_off o
JOIN app.staff f ON f.id = o.staff_id
LEFT JOIN app.staff d ON d.id = o.decided_by
WHERE o.id = :time_off_id::uuid;

-- name: timeoff_visits :many
-- Her visits that are booked in that time.
-- clients: none
SELECT v.appointment_id, v.starts_local, v.ends_local, v.service_name, v.place_name
FROM app.time_off o, app.visits_between(o.staff_id, NULL, o.starts_at, o.ends_at) v
WHERE o.id = :time_off_id::uuid;

-- name: timeoff_decide :one
-- Yes or no, and who is to be told.
-- clients: none
SELECT d.time_off_id, d.staff_id, d.person, d.to_address, d.starts_local, d.ends_local, d.is_approved
FROM app.time_off_decide(:time_off_id::uuid, :new_state) d;
