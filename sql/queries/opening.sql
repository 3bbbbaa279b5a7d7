-- name: opening_places :many
-- The places with their week, day by day in words.
-- clients: none
SELECT l.id AS location_id, l.name, app.zone_words(l.zone) AS zone_name, l.is_active,
       EXISTS (SELECT FROM app.location_hours h WHERE h.location_id = l.id) AS has_hours
FROM app.location l
ORDER BY NOT l.is_active, l.position, l.name, l.id;

-- name: opening_days :many
-- The days of each place on which it is open.
-- clients: none
SELECT h.location_id, to_char(date '2023-01-01' + h.weekday, 'FMDay') AS day_name, string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) AS hours
FROM app.location_hours h
GROUP BY h.location_id, h.weekday
ORDER BY h.location_id, (h.weekday + 6) % 7;

-- name: opening_week :one
-- The week of one place, as its form shows it.
-- clients: none
SELECT l.id AS location_id, l.name, w.d0, w.d1, w.d2, w.d3, w.d4, w.d5, w.d6
FROM app.location l
CROSS JOIN LATERAL (
    SELECT string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) FILTER (WHERE h.weekday = 0) AS d0,
           string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) FILTER (WHERE h.weekday = 1) AS d1,
           string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) FILTER (WHERE h.weekday = 2) AS d2,
           string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) FILTER (WHERE h.weekday = 3) AS d3,
           string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) FILTER (WHERE h.weekday = 4) AS d4,
           string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) FILTER (WHERE h.weekday = 5) AS d5,
           string_agg(app.span_words(h.opens, h.closes), ', ' ORDER BY h.opens) FILTER (WHERE h.weekday = 6) AS d6
    FROM app.location_hours h WHERE h.location_id = l.id) AS w
WHERE l.id = :location_id::uuid;

-- name: opening_save :exec
-- The whole week of a place.
SELECT FROM app.opening_save(:location_id::uuid, ARRAY[:d0, :d1, :d2, :d3, :d4, :d5, :d6]);
