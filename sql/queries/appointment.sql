-- name: appointment_one :one
-- One visit: what, who, when, where, and what may be done with it by whoever asks.
SELECT a.id AS appointment_id,
       c.id AS client_id,
       coalesce(app.called(c.name, c.preferred_name, c.pronouns), CASE WHEN a.client_id IS NULL THEN 'Not booked yet' ELSE 'A client of a colleague''s' END) AS client,
       c.birth_date,
       date_part('year', age(app.today(), c.birth_date))::int AS age,
       k.phone,
       k.email,
       app.may('chart_read') OR app.reaches('chart_read', c.id) AS can_open_chart,
       c.emergency_contact_name,
       c.emergency_contact_relation,
       app.emergency_phone(c.id) AS emergency_contact_phone,
       v.name AS service,
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
       date_part('epoch', a.ends_at - a.starts_at)::int / 60 AS minutes,
       a.overbook_reason,
       b.may AND a.asks_look = 'due_date' AS asks_look,
       nullif(a.deposit_cents, 0) AS deposit_cents,
       b.may AND a.status IN ('booked', 'confirmed') AS can_waive,
       b.may AND a.status IN ('booked', 'confirmed') AS can_move,
       b.may AND a.client_id IS NOT NULL AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done') AND a.starts_at > now() - interval '2 days' AS can_ask_form,
       b.may AND app.appointment_may_become(a.status, 'cancelled') AND a.status <> 'held' AS can_cancel,
       b.may AND app.appointment_may_become(a.status, 'confirmed') AND a.status = 'booked' AS can_confirm,
       b.may AND a.status IN ('booked', 'confirmed', 'no_show') AND x.starts::date <= x.today AS can_check_in,
       b.may AND a.status = 'arrived' AS can_take_in,
       b.may AND a.status = 'in_room' AS can_finish,
       b.may AND a.status IN ('booked', 'confirmed') AND a.starts_at <= now() AS can_no_show,
       CASE WHEN b.may THEN back.status END AS back_status,
       app.in_words(back.status) AS back_words,
       a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done') AND x.starts::date <= x.today
           AND (app.may('chart_write') OR app.reaches('chart_write', a.client_id)) AS can_write_chart,
       (SELECT e.id FROM app.encounter e WHERE e.client_id = a.client_id AND e.appointment_id = a.id AND e.void_at IS NULL) AS encounter_id
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
-- What the visit's client is allergic to, the gravest first; or that there is nothing, as somebody said. No row: nobody asked.
SELECT y.id, coalesce(y.client_id, n.client_id) AS client_id, y.substance_sealed, y.reaction_sealed, y.severity,
       CASE y.severity WHEN 'unknown' THEN 'severity unknown' ELSE y.severity END AS severity_words, n.client_id IS NOT NULL AS is_none,
       coalesce(f.name, 'the client') AS said_by,
       (coalesce(y.noted_at, n.said_at) AT TIME ZONE app.zone())::date AS said_on
FROM (SELECT a.id, a.client_id, a.substance_sealed, a.reaction_sealed, a.severity, a.noted_at, a.noted_by
      FROM app.allergy a WHERE a.client_id = ANY ((SELECT app.person_ids(v.client_id) FROM app.appointment v WHERE v.id = :appointment_id::uuid)::uuid[]) AND a.ended_at IS NULL) AS y
FULL JOIN (SELECT o.client_id, o.said_at, o.said_by FROM app.none_known o
           WHERE o.client_id = ANY ((SELECT app.person_ids(v.client_id) FROM app.appointment v WHERE v.id = :appointment_id::uuid)::uuid[]) AND o.kind = 'allergy' AND o.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM app.allergy a
                             WHERE a.client_id = ANY ((SELECT app.person_ids(v.client_id) FROM app.appointment v WHERE v.id = :appointment_id::uuid)::uuid[]) AND a.ended_at IS NULL)
           ORDER BY o.said_at DESC, o.client_id LIMIT 1) AS n
     ON n.client_id = y.client_id
LEFT JOIN app.staff f ON f.id = coalesce(y.noted_by, n.said_by)
ORDER BY CASE y.severity WHEN 'severe' THEN 1 WHEN 'unknown' THEN 2 WHEN 'moderate' THEN 3 ELSE 4 END, y.noted_at;

-- name: appointment_medication :many
-- What the visit's client takes, for who may open her chart; or that it is nothing. No row: nobody asked.
WITH p AS (SELECT app.person_ids(v.client_id)::uuid[] AS ids FROM app.appointment v WHERE v.id = :appointment_id::uuid)
SELECT y.id, coalesce(y.client_id, n.client_id) AS client_id, y.medication_sealed, y.dose_sealed, n.client_id IS NOT NULL AS is_none
FROM (SELECT a.id, a.client_id, a.medication_sealed, a.dose_sealed, a.noted_at
      FROM app.medication a WHERE a.client_id = ANY ((SELECT p.ids FROM p)::uuid[]) AND a.ended_at IS NULL) AS y
FULL JOIN (SELECT o.client_id FROM app.none_known o
           WHERE o.client_id = ANY ((SELECT p.ids FROM p)::uuid[]) AND o.kind = 'medication' AND o.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM app.medication a WHERE a.client_id = ANY ((SELECT p.ids FROM p)::uuid[]) AND a.ended_at IS NULL)
           ORDER BY o.said_at DESC, o.client_id LIMIT 1) AS n
     ON n.client_id = y.client_id
ORDER BY y.noted_at, y.id;

-- name: appointment_condition :many
-- What she lives with, for who may open her chart; or that it is nothing. No row: nobody asked.
WITH p AS (SELECT app.person_ids(v.client_id)::uuid[] AS ids FROM app.appointment v WHERE v.id = :appointment_id::uuid)
SELECT y.id, coalesce(y.client_id, n.client_id) AS client_id, y.condition_sealed, n.client_id IS NOT NULL AS is_none
FROM (SELECT a.id, a.client_id, a.condition_sealed, a.noted_at
      FROM app.health_condition a WHERE a.client_id = ANY ((SELECT p.ids FROM p)::uuid[]) AND a.ended_at IS NULL) AS y
FULL JOIN (SELECT o.client_id FROM app.none_known o
           WHERE o.client_id = ANY ((SELECT p.ids FROM p)::uuid[]) AND o.kind = 'condition' AND o.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM app.health_condition a WHERE a.client_id = ANY ((SELECT p.ids FROM p)::uuid[]) AND a.ended_at IS NULL)
           ORDER BY o.said_at DESC, o.client_id LIMIT 1) AS n
     ON n.client_id = y.client_id
ORDER BY y.noted_at, y.id;

-- name: appointment_addon :many
-- What was added to the visit.
SELECT n.name AS addon, o.minutes AS addon_minutes, o.price_cents AS addon_cents
FROM app.appointment_addon o
JOIN app.addon n ON n.id = o.addon_id
WHERE o.appointment_id = :appointment_id::uuid
ORDER BY n.position, n.name;

-- name: appointment_together :many
-- The other services of the same visit, in their order.
SELECT a.id AS other_id, a.client_id, v.name AS other_service, f.name AS other_provider, a.starts_at AT TIME ZONE l.zone AS other_starts
FROM app.appointment mine
JOIN app.appointment a ON a.group_id = mine.group_id AND a.id <> mine.id
JOIN app.service v ON v.id = a.service_id
JOIN app.staff f ON f.id = a.staff_id
JOIN app.location l ON l.id = a.location_id
WHERE mine.id = :appointment_id::uuid AND a.status NOT IN ('expired', 'cancelled')
ORDER BY a.group_position, a.starts_at;

-- name: appointment_waiver :many
-- Rules that the staff did not hold the client to with this visit.
SELECT CASE w.what WHEN 'cancel' THEN 'May cancel late' WHEN 'move' THEN 'May move late or once more' WHEN 'late' THEN 'May come late'
                   WHEN 'no_show' THEN 'Need not pay for not coming' WHEN 'deposit' THEN 'Need not pay a deposit' ELSE 'Is not held to the rules' END AS waived,
       w.reason AS waived_why, f.name AS waived_by, w.at AT TIME ZONE l.zone AS waived_at
FROM app.booking_waiver w
JOIN app.appointment a ON a.id = w.appointment_id
JOIN app.location l ON l.id = a.location_id
JOIN app.staff f ON f.id = w.by_id
WHERE w.appointment_id = :appointment_id::uuid
ORDER BY w.at;

-- name: appointment_waive :one
-- Lets a rule pass for this visit, with a reason.
SELECT a.client_id
FROM app.appointment a
CROSS JOIN LATERAL app.booking_waive(a.id, :what, :why) AS done
WHERE a.id = :appointment_id::uuid;

-- name: appointment_looked :one
-- Somebody has looked at it, and leaves it as it is.
SELECT a.client_id
FROM app.appointment a
CROSS JOIN LATERAL app.appointment_looked(a.id, :version::int) AS done
WHERE a.id = :appointment_id::uuid;

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
       app.form_is_due(f.state, f.due_by) AS is_due,
       f.state = 'due' AND NOT app.form_is_due(f.state, f.due_by) AS is_missed,
       f.state = 'signed' AS is_signed,
       f.revoked_at AT TIME ZONE l.zone AS revoked,
       f.state = 'declined' AS is_declined,
       s.id AS signature_id,
       s.signed_at AT TIME ZONE l.zone AS signed, f.state = 'signed' AND app.form_is_on_paper(f.client_id, f.id) AS is_paper
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
-- the parts of one visit ask for a form once
JOIN app.form_assignment f ON f.client_id = a.client_id
     AND f.appointment_id IN (SELECT p.id FROM app.appointment p WHERE p.id = a.id OR (p.group_id = a.group_id AND p.client_id = a.client_id))
     AND (f.appointment_id = a.id OR EXISTS (SELECT FROM app.service_form x WHERE x.service_id = a.service_id AND x.form_id = f.form_id))
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

-- name: appointment_room :many
-- Rooms in which this visit's service is done here, and the room or device that is asked for, even when it is none of them.
-- clients: none
SELECT r.id AS room_id, r.name AS room, r.id = :room_id::uuid AS is_chosen
FROM app.appointment a
JOIN app.resource r ON r.location_id = a.location_id
WHERE a.id = :appointment_id::uuid
  AND (r.id = :room_id::uuid
       OR (r.kind = 'room' AND r.is_active AND EXISTS (SELECT FROM app.service_room x WHERE x.service_id = a.service_id AND x.resource_id = r.id)))
ORDER BY r.position, r.name, r.id;

-- name: appointment_asked :one
-- Where a visit shall go, as it was dragged, typed or followed; what is not said stays as it is.
SELECT to_char(q.starts, 'YYYY-MM-DD') AS day,
       to_char(q.starts, 'HH24:MI') AS "time",
       q.minutes,
       q.starts AS new_starts,
       q.starts + make_interval(mins => q.minutes) AS new_ends,
       f.name AS new_provider,
       (SELECT r.name FROM app.resource r WHERE r.id = :room_id::uuid) AS new_room,
       coalesce(:back, '') AS back,
       g.n AS n_parts, g.n IS NOT NULL AND coalesce(:whole::boolean, false) AS is_whole,
       :day::date IS NOT NULL
           AND ((q.starts, q.minutes, f.id) IS DISTINCT FROM (a.starts_at AT TIME ZONE l.zone, q.length, a.staff_id)
                OR (:room_id::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM app.slot t WHERE t.appointment_id = a.id AND t.state <> 'released' AND t.resource_id = :room_id::uuid))) AS is_asked
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL (
    SELECT coalesce(:starts_at::timestamp, :day::date + coalesce(:time::time, (a.starts_at AT TIME ZONE l.zone)::time), a.starts_at AT TIME ZONE l.zone) AS starts,
           coalesce(:minutes::int, date_part('epoch', a.ends_at - a.starts_at)::int / 60) AS minutes,
           date_part('epoch', a.ends_at - a.starts_at)::int / 60 AS length) AS q
CROSS JOIN LATERAL (SELECT nullif(count(*), 1)::int AS n FROM app.appointment p WHERE p.group_id = a.group_id AND p.status IN ('booked', 'confirmed')) AS g
JOIN app.staff f ON f.id = coalesce(:staff_id::uuid, a.staff_id)
WHERE a.id = :appointment_id::uuid;

-- name: appointment_why_not :many
-- What stands in the way of that, in words; never whose visit it is.
-- clients: none
SELECT w.words, row_number() OVER () = 1 AS is_first
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL app.why_not(a.service_id, a.location_id, coalesce(:staff_id::uuid, a.staff_id),
    coalesce(:starts_at::timestamp, :day::date + coalesce(:time::time, (a.starts_at AT TIME ZONE l.zone)::time)) AT TIME ZONE l.zone,
    a.client_id, '{}', a.id, nullif(:minutes::int, date_part('epoch', a.ends_at - a.starts_at)::int / 60), :room_id::uuid) AS w
WHERE a.id = :appointment_id::uuid AND :day::date IS NOT NULL AND NOT coalesce(:whole::boolean, false) AND app.may_visit('booking_write', a.staff_id, a.location_id)
UNION ALL
SELECT g.words, true
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL app.group_why_not(a.group_id, :staff_id::uuid IS NULL,
    coalesce(:starts_at::timestamp, :day::date + coalesce(:time::time, (a.starts_at AT TIME ZONE l.zone)::time)) AT TIME ZONE l.zone
    - (a.starts_at - (SELECT min(p.starts_at) FROM app.appointment p WHERE p.group_id = a.group_id AND p.status IN ('booked', 'confirmed')))) AS g (words)
WHERE a.id = :appointment_id::uuid AND a.group_id IS NOT NULL AND :day::date IS NOT NULL AND :whole::boolean AND g.words IS NOT NULL
  AND app.may_visit('booking_write', a.staff_id, a.location_id);

-- name: appointment_move_warning :many
-- What it would not keep of the rules that bind clients; staff may all the same.
-- clients: none
SELECT w.words
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL app.booking_warnings(a.service_id, a.location_id,
    coalesce(:starts_at::timestamp, :day::date + coalesce(:time::time, (a.starts_at AT TIME ZONE l.zone)::time)) AT TIME ZONE l.zone, a.client_id, a.id) AS w
WHERE a.id = :appointment_id::uuid AND :day::date IS NOT NULL;

-- name: appointment_near :many
-- The free times nearest to the one asked for, each a link that asks for it.
-- clients: none
SELECT to_char(n.starts_local, 'YYYY-MM-DD') AS near_day, to_char(n.starts_local, 'HH24:MI') AS near_time, n.starts_local AS near_starts,
       f.id AS near_staff, f.name AS near_provider
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL app.nearest_free(a.service_id, a.location_id, :staff_id::uuid,
    coalesce(:starts_at::timestamp, :day::date + coalesce(:time::time, (a.starts_at AT TIME ZONE l.zone)::time)) AT TIME ZONE l.zone, 6, a.client_id, '{}', a.id) AS n
JOIN app.staff f ON f.id = n.staff_id
WHERE a.id = :appointment_id::uuid AND :day::date IS NOT NULL AND NOT coalesce(:whole::boolean, false) AND app.may_visit('booking_write', a.staff_id, a.location_id)
  AND (n.starts_at, n.staff_id) <> (a.starts_at, a.staff_id)
UNION ALL
-- of a whole visit: where this part would come to lie
SELECT to_char(n.starts_local, 'YYYY-MM-DD'), to_char(n.starts_local, 'HH24:MI'), n.starts_local, n.staff_id, n.provider
FROM (SELECT q.starts_local + (a.starts_at - f.starts_at) AS starts_local, a.staff_id, s.name AS provider
      FROM app.appointment a
      JOIN app.staff s ON s.id = a.staff_id
      CROSS JOIN LATERAL (SELECT min(p.starts_at) AS starts_at FROM app.appointment p WHERE p.group_id = a.group_id AND p.status IN ('booked', 'confirmed')) AS f
      CROSS JOIN LATERAL app.group_move_starts(a.group_id, :staff_id::uuid IS NULL, :day::date - 3, :day::date + 15) AS q
      WHERE a.id = :appointment_id::uuid AND a.group_id IS NOT NULL AND :day::date IS NOT NULL AND :whole::boolean
        AND app.may_visit('booking_write', a.staff_id, a.location_id)
      ORDER BY abs(extract(epoch FROM q.starts_local + (a.starts_at - f.starts_at) - coalesce(:starts_at::timestamp, :day::date + coalesce(:time::time, '12:00'))))
      LIMIT 6) AS n
ORDER BY near_starts;

-- name: appointment_move :one
-- Moves a visit to another start, provider, length or room; a time that is taken is refused by app.appointment_move, unless there is a
-- reason to book over it and the right to.
SELECT a.client_id, a.location_id, to_char(coalesce(:starts_at::timestamp, :day::date + :time::time), 'YYYY-MM-DD') AS day,
       coalesce(:staff_id::uuid, a.staff_id) AS staff_id
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL app.appointment_move(a.id, :staff_id::uuid,
    app.wall_instant(coalesce(:starts_at::timestamp, :day::date + :time::time), l.zone), :version::int,
    nullif(:minutes::int, date_part('epoch', a.ends_at - a.starts_at)::int / 60), nullif(:over_reason, ''), :room_id::uuid) AS moved
WHERE a.id = :appointment_id::uuid;

-- name: appointment_move_whole :one
-- Moves all parts of the visit that it belongs to, so that this one begins then; each keeps its length, and its provider unless anyone
-- will do, or another does this one. The first part is given.
SELECT a.client_id, a.location_id, to_char(coalesce(:starts_at::timestamp, :day::date + :time::time), 'YYYY-MM-DD') AS day, coalesce(:staff_id::uuid, a.staff_id) AS staff_id,
       g.parts[1] AS first_part
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
CROSS JOIN LATERAL (
    SELECT array_agg(p.id ORDER BY p.group_position) AS parts, min(p.starts_at) AS starts_at,
           array_agg(CASE WHEN :staff_id::uuid IS NULL THEN NULL WHEN p.id = a.id THEN :staff_id::uuid ELSE p.staff_id END ORDER BY p.group_position) AS staff
    FROM app.appointment p
    WHERE p.group_id = a.group_id AND p.status IN ('booked', 'confirmed')) AS g
CROSS JOIN LATERAL app.group_move(a.group_id, g.staff,
    app.wall_instant(coalesce(:starts_at::timestamp, :day::date + :time::time), l.zone) - (a.starts_at - g.starts_at), a.id, :version::int) AS moved
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
SELECT c.id AS client_id, app.called(c.name, c.preferred_name, c.pronouns) AS name, c.birth_date, k.phone
FROM app.client c
CROSS JOIN LATERAL app.contact(c.id) AS k
WHERE c.id = :client_id::uuid;

-- name: appointment_client_allergy :many
-- What she is allergic to, the gravest first; or that there is nothing, as somebody said. No row: nobody asked.
SELECT y.id, coalesce(y.client_id, n.client_id) AS client_id, y.substance_sealed, y.reaction_sealed, y.severity,
       CASE y.severity WHEN 'unknown' THEN 'severity unknown' ELSE y.severity END AS severity_words, n.client_id IS NOT NULL AS is_none,
       coalesce(f.name, 'the client') AS said_by,
       (coalesce(y.noted_at, n.said_at) AT TIME ZONE app.zone())::date AS said_on
FROM (SELECT a.id, a.client_id, a.substance_sealed, a.reaction_sealed, a.severity, a.noted_at, a.noted_by
      FROM app.allergy a WHERE a.client_id = ANY (app.person_ids(:client_id::uuid)) AND a.ended_at IS NULL) AS y
FULL JOIN (SELECT o.client_id, o.said_at, o.said_by FROM app.none_known o WHERE o.client_id = ANY (app.person_ids(:client_id::uuid)) AND o.kind = 'allergy' AND o.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM app.allergy a WHERE a.client_id = ANY (app.person_ids(:client_id::uuid)) AND a.ended_at IS NULL)
           ORDER BY o.said_at DESC, o.client_id LIMIT 1) AS n
     ON n.client_id = y.client_id
LEFT JOIN app.staff f ON f.id = coalesce(y.noted_by, n.said_by)
ORDER BY CASE y.severity WHEN 'severe' THEN 1 WHEN 'unknown' THEN 2 WHEN 'moderate' THEN 3 ELSE 4 END, y.noted_at;

-- name: appointment_choice_service :many
-- Services that can be booked.
SELECT v.id AS service_id, v.name AS service, v.duration_min, v.price_cents, v.id = :service_id::uuid AS is_chosen,
       v.id = :service_2::uuid AS is_second, v.id = :service_3::uuid AS is_third
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

-- name: appointment_choice_addon :many
-- What may be added, with the services that it goes with.
-- clients: none
SELECT n.id AS addon_id, n.name AS addon, n.minutes AS addon_minutes, n.price_cents AS addon_cents,
       string_agg(v.name, ', ' ORDER BY v.position, v.name) AS goes_with, string_agg(v.id::text, ' ') AS service_ids,
       coalesce(n.id = ANY (:addon_ids::uuid[]), false) AS is_chosen,
       row_number() OVER (ORDER BY n.position, n.name) = 1 AS is_first_addon
FROM app.addon n
JOIN app.service_addon x ON x.addon_id = n.id
JOIN app.service v ON v.id = x.service_id AND v.is_active
WHERE n.is_active
GROUP BY n.id, n.name, n.minutes, n.price_cents, n.position
ORDER BY n.position, n.name;

-- name: appointment_slot :maybe
-- The time that was pressed in the calendar, as the first step says it.
-- clients: none
SELECT l.id AS slot_place, l.name AS slot_place_name, :day::date AS slot_day, nullif(:time, '')::time AS slot_time, f.name AS slot_provider
FROM app.location l
LEFT JOIN app.staff f ON f.id = :staff_id::uuid
WHERE l.id = :location_id::uuid AND :day::date IS NOT NULL;

-- name: appointment_gap :many
-- The free stretches of a provider's day at a place, while no time is chosen: without whom or why she is busy.
-- clients: none
SELECT to_char(lower(g.during) AT TIME ZONE l.zone, 'HH24:MI') AS gap_time,
       lower(g.during) AT TIME ZONE l.zone AS gap_starts, upper(g.during) AT TIME ZONE l.zone AS gap_ends,
       row_number() OVER (ORDER BY lower(g.during)) = 1 AS is_first_gap
FROM app.location l
CROSS JOIN LATERAL (
    SELECT unnest(coalesce((SELECT range_agg(tstzrange((:day::date + w.starts) AT TIME ZONE l.zone, (:day::date + w.ends) AT TIME ZONE l.zone))
                            FROM app.works(l.id, :day::date) AS w WHERE w.staff_id = :staff_id::uuid), '{}')
                  - coalesce((SELECT range_agg(t.during) FROM app.slot t
                              WHERE t.resource_id = :staff_id::uuid AND t.starts_at >= (:day::date - 1)::timestamp AT TIME ZONE l.zone
                                AND t.starts_at < (:day::date + 1)::timestamp AT TIME ZONE l.zone
                                AND (t.state = 'booked' OR (t.state = 'hold' AND t.hold_until >= now()))), '{}')
                  - coalesce((SELECT range_agg(tstzrange(o.starts_at, o.ends_at)) FROM app.time_off o
                              WHERE o.staff_id = :staff_id::uuid AND o.state = 'approved'), '{}')
                  - coalesce((SELECT range_agg(tstzrange(c.starts_local AT TIME ZONE l.zone, greatest(c.ends_local AT TIME ZONE l.zone, c.starts_local AT TIME ZONE l.zone)))
                              FROM app.closure c WHERE c.location_id IS NULL OR c.location_id = l.id), '{}')
                  - tstzmultirange(tstzrange(NULL, date_bin('5 minutes', now(), timestamptz '2000-01-01')))) AS during) AS g
WHERE l.id = :location_id::uuid AND nullif(:time, '') IS NULL
  AND upper(g.during) - lower(g.during) >= interval '10 minutes'
ORDER BY 2;

-- name: appointment_choice_why :many
-- What stands in the way of booking that, in words.
-- clients: none
SELECT w.words, row_number() OVER () = 1 AS is_first
FROM app.location l
CROSS JOIN LATERAL app.why_not(:service_id::uuid, l.id, :staff_id::uuid,
    coalesce(:starts_at::timestamp, :day::date + nullif(:time, '')::time) AT TIME ZONE l.zone, :client_id::uuid, coalesce(:addon_ids::uuid[], '{}')) AS w
WHERE l.id = :location_id::uuid AND :service_id::uuid IS NOT NULL AND :service_2::uuid IS NULL
  AND :day::date IS NOT NULL AND nullif(:time, '') IS NOT NULL;

-- name: appointment_choice_warning :many
-- What it would not keep of the rules that bind clients; staff may all the same.
-- clients: none
SELECT w.words
FROM app.location l
CROSS JOIN LATERAL app.booking_warnings(:service_id::uuid, l.id,
    coalesce(:starts_at::timestamp, :day::date + nullif(:time, '')::time) AT TIME ZONE l.zone, :client_id::uuid) AS w
WHERE l.id = :location_id::uuid AND :service_id::uuid IS NOT NULL AND :client_id::uuid IS NOT NULL
  AND :day::date IS NOT NULL AND nullif(:time, '') IS NOT NULL;

-- name: appointment_choice_free :many
-- Free times nearest to the one asked for, once service, place, day and time are known: of one service, or of several in one visit.
SELECT to_char(n.starts_local, 'YYYY-MM-DD"T"HH24:MI') AS starts_at,
       n.starts_local AS starts,
       f.name AS provider
FROM app.location l
CROSS JOIN LATERAL app.nearest_free(:service_id::uuid, l.id, :staff_id::uuid,
    (:day::date + nullif(:time, '')::time) AT TIME ZONE l.zone, 6, :client_id::uuid, coalesce(:addon_ids::uuid[], '{}')) AS n
JOIN app.staff f ON f.id = n.staff_id
WHERE l.id = :location_id::uuid AND :service_id::uuid IS NOT NULL AND :service_2::uuid IS NULL AND :service_3::uuid IS NULL
  AND :day::date IS NOT NULL AND nullif(:time, '') IS NOT NULL
UNION ALL
(SELECT to_char(g.starts_local, 'YYYY-MM-DD"T"HH24:MI'), g.starts_local, NULL
 FROM app.location l
 CROSS JOIN LATERAL app.free_group_starts(array_remove(ARRAY[:service_id::uuid, :service_2::uuid, :service_3::uuid], NULL), l.id,
     (ARRAY[:staff_id::uuid, NULL, NULL])[1:1
         + (:service_2::uuid IS NOT NULL)::int + (:service_3::uuid IS NOT NULL)::int], greatest(:day::date, app.today()), :day::date + 14, :client_id::uuid) AS g
 WHERE l.id = :location_id::uuid AND :service_id::uuid IS NOT NULL AND coalesce(:service_2::uuid, :service_3::uuid) IS NOT NULL
   AND :day::date IS NOT NULL AND nullif(:time, '') IS NOT NULL
 ORDER BY abs(extract(epoch FROM g.starts_local - (:day::date + nullif(:time, '')::time)))
 LIMIT 6)
ORDER BY 2;

-- name: appointment_book :one
-- Books a visit for a client at a place's own wall time.
SELECT booked.id AS appointment_id, :booked_client::uuid AS client_id
FROM app.location l
CROSS JOIN LATERAL app.book(:service_id::uuid, l.id, :staff_id::uuid,
    app.wall_instant(coalesce(:starts_at::timestamp, :day::date + :time::time), l.zone), :booked_client::uuid, NULL,
    coalesce(:addon_ids::uuid[], '{}'), nullif(:over_reason, '')) AS booked(id)
WHERE l.id = :location_id::uuid;

-- name: appointment_book_together :many
-- Books several services one after the other, all or none; the visits in their order.
WITH made AS MATERIALIZED (
    SELECT app.book_group(array_remove(ARRAY[:service_id::uuid, :service_2::uuid, :service_3::uuid], NULL), l.id, (ARRAY[:staff_id::uuid, NULL, NULL])[1:1
        + (:service_2::uuid IS NOT NULL)::int + (:service_3::uuid IS NOT NULL)::int],
        app.wall_instant(coalesce(:starts_at::timestamp, :day::date + :time::time), l.zone), :booked_client::uuid, NULL, w.addons, w.parts) AS id
    FROM app.location l
    -- each add-on goes with the first of the services that it is offered with
    CROSS JOIN (SELECT coalesce(array_agg(u.id), '{}') AS addons,
                       coalesce(array_agg(coalesce((SELECT min(s.part)::int FROM unnest(array_remove(ARRAY[:service_id::uuid, :service_2::uuid, :service_3::uuid], NULL))
                                                        WITH ORDINALITY AS s (id, part) JOIN app.service_addon x ON x.service_id = s.id AND x.addon_id = u.id), 1)), '{}') AS parts
                FROM unnest(:addon_ids::uuid[]) AS u (id)) AS w
    WHERE l.id = :location_id::uuid
)
SELECT m.id AS group_id FROM made m;

-- name: appointment_of_group :many
-- The visits of a group, in their order.
SELECT a.id AS appointment_id, a.client_id
FROM app.appointment a
WHERE a.group_id = :group_id::uuid
ORDER BY a.group_position;
