-- name: shift_people :many
-- Everybody who treats clients, with what is to be known of their hours.
-- clients: none
SELECT f.id AS staff_id, f.name, f.title,
       (SELECT string_agg(DISTINCT l.name, ', ') FROM app.shift h JOIN app.location l ON l.id = h.location_id
        WHERE h.staff_id = f.id AND (h.valid_to IS NULL OR h.valid_to >= (now() AT TIME ZONE l.zone)::date)) AS place_names,
       (SELECT count(*) FROM app.staff_licence n WHERE n.staff_id = f.id) AS n_licences,
       (SELECT count(*) FROM app.outside_calendar o WHERE o.staff_id = f.id) AS n_calendars,
       (SELECT count(*) FROM app.outside_calendar o WHERE o.staff_id = f.id AND o.problem IS NOT NULL) AS n_problems
FROM app.staff f
WHERE f.is_active AND f.is_provider AND NOT f.is_support
ORDER BY f.position, f.name, f.id;

-- name: shift_person :one
-- One of them.
-- clients: none
SELECT f.id AS staff_id, f.name FROM app.staff f WHERE f.id = :staff_id::uuid;

-- name: shift_places :many
-- The places, each with her week of today.
-- clients: none
SELECT l.id AS location_id, l.name
FROM app.location l
WHERE l.is_active OR EXISTS (SELECT FROM app.shift h WHERE h.location_id = l.id AND h.staff_id = :staff_id::uuid AND h.valid_to IS NULL)
ORDER BY l.position, l.name, l.id;

-- name: shift_spans :many
-- Her weeks at each place, those of today and those that are planned: each with the days from which and until which it holds.
-- clients: none
SELECT h.location_id, to_char(date '2023-01-01' + h.weekday, 'FMDay') AS day_name,
       string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) AS hours,
       CASE WHEN h.valid_from > (now() AT TIME ZONE l.zone)::date THEN h.valid_from END AS since, h.valid_to AS until
FROM app.shift h
JOIN app.location l ON l.id = h.location_id
WHERE h.staff_id = :staff_id::uuid AND (h.valid_to IS NULL OR h.valid_to >= (now() AT TIME ZONE l.zone)::date)
GROUP BY h.location_id, l.zone, h.weekday, h.valid_from, h.valid_to
ORDER BY h.location_id, h.valid_from, (h.weekday + 6) % 7;

-- name: shift_days :many
-- Days from today on that are not like her week.
-- clients: none
SELECT h.day, l.name AS place_name, string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) AS hours
FROM app.shift_day h
LEFT JOIN app.location l ON l.id = h.location_id
WHERE h.staff_id = :staff_id::uuid AND h.day >= (now() AT TIME ZONE app.zone())::date
GROUP BY h.day, l.name
ORDER BY h.day;

-- name: shift_week :one
-- Her newest week at one place, as its form shows it.
-- clients: none
SELECT f.id AS staff_id, f.name AS staff_name, l.id AS location_id, l.name AS place_name, (now() AT TIME ZONE l.zone)::date AS since,
       w.d0, w.d1, w.d2, w.d3, w.d4, w.d5, w.d6
FROM app.staff f
JOIN app.location l ON l.id = :location_id::uuid
CROSS JOIN LATERAL (
    SELECT string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) FILTER (WHERE h.weekday = 0) AS d0,
           string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) FILTER (WHERE h.weekday = 1) AS d1,
           string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) FILTER (WHERE h.weekday = 2) AS d2,
           string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) FILTER (WHERE h.weekday = 3) AS d3,
           string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) FILTER (WHERE h.weekday = 4) AS d4,
           string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) FILTER (WHERE h.weekday = 5) AS d5,
           string_agg(app.span_words(h.starts, h.ends), ', ' ORDER BY h.starts) FILTER (WHERE h.weekday = 6) AS d6
    FROM app.shift h WHERE h.staff_id = f.id AND h.location_id = l.id AND h.valid_to IS NULL) AS w
WHERE f.id = :staff_id::uuid;

-- name: shift_outside :many
-- Visits that the week that was typed would leave outside, once it was sent.
-- clients: none
SELECT v.appointment_id, v.starts_local, v.ends_local, v.service_name
FROM app.visits_outside_week(:staff_id::uuid, :location_id::uuid, :since::date, ARRAY[:d0, :d1, :d2, :d3, :d4, :d5, :d6]) v
WHERE :idem::text IS NOT NULL AND app.week_is_good(ARRAY[:d0, :d1, :d2, :d3, :d4, :d5, :d6]);

-- name: shift_week_save :exec
-- Her week at one place from a day on.
SELECT FROM app.week_save(:staff_id::uuid, :location_id::uuid, :since::date, ARRAY[:d0, :d1, :d2, :d3, :d4, :d5, :d6], :is_seen::boolean);

-- name: shift_day_places :many
-- Where she may work on one day.
-- clients: none
SELECT l.id AS place_id, l.name, l.id = :location_id::uuid AS is_chosen
FROM app.location l WHERE l.is_active ORDER BY l.position, l.name, l.id;

-- name: shift_day_outside :many
-- Visits of that day that the hours that were typed would leave outside, once they were sent.
-- clients: none
SELECT v.appointment_id, v.starts_local, v.ends_local, v.service_name
FROM app.visits_outside_day(:staff_id::uuid, :location_id::uuid, :day::date, :hours) v
WHERE :idem::text IS NOT NULL AND app.week_is_good(ARRAY[:hours]);

-- name: shift_day_save :exec
-- One day instead of her week.
SELECT FROM app.shift_day_save(:staff_id::uuid, :day::date, :location_id::uuid, :hours, :is_seen::boolean);

-- name: shift_day_drop :one
-- The day is like her week again.
WITH gone AS (DELETE FROM app.shift_day h WHERE h.staff_id = :staff_id::uuid AND h.day = :day::date RETURNING h.staff_id)
SELECT g.staff_id FROM gone g LIMIT 1;
