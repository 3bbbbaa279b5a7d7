-- name: slots_window :one
-- The place and the seven days that are offered: from the day asked for, never before today there.
SELECT v.name AS service_name, v.duration_min, v.price_cents,
       l.id AS place, l.name AS place_name, app.zone_words(l.zone) AS zone_words,
       to_char(w.first_day, 'YYYY-MM-DD') AS week,
       CASE WHEN w.first_day > t.today THEN to_char(greatest(w.first_day - 7, t.today), 'YYYY-MM-DD') END AS week_before,
       CASE WHEN w.first_day + 7 <= t.today + v.horizon_days THEN to_char(w.first_day + 7, 'YYYY-MM-DD') END AS week_after
FROM app.service v
JOIN app.location l ON l.id = coalesce(:place::uuid, (
    SELECT p.id FROM app.location p
    WHERE p.id IN (SELECT o.location_id FROM app.offered_by(:service_id::uuid) o)
    ORDER BY p.position, p.name LIMIT 1))
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE l.zone)::date AS today) AS t
CROSS JOIN LATERAL (
    SELECT least(greatest(coalesce(:week::date, t.today), t.today), t.today + v.horizon_days) AS first_day) AS w
WHERE v.id = :service_id::uuid AND l.is_active;

-- name: slots_free :one
-- What is free in those seven days, asked for once: the days that have something, which of them is open (the one asked for, or
-- the first), and its times, each once, whoever is free; in seconds since 1970.
WITH free AS MATERIALIZED (
    SELECT DISTINCT extract(epoch FROM f.starts_at)::bigint AS slot, f.starts_local::date AS day
    FROM app.offered_times(:service_id::uuid, :place::uuid, :who::uuid, :week::date, :week::date + 7, :moving::uuid) f
)
SELECT to_char(o.day, 'YYYY-MM-DD') AS open_day,
       ARRAY(SELECT DISTINCT f.day FROM free f ORDER BY f.day)::text AS free_days,
       ARRAY(SELECT f.slot FROM free f WHERE f.day = o.day ORDER BY f.slot)::text AS free_slots
FROM (SELECT coalesce(min(f.day) FILTER (WHERE f.day = :day::date), min(f.day)) AS day FROM free f) AS o;

-- name: slots_days :many
-- Those seven days: which have a free time, and which one is open; asked after slots_free.
SELECT s.day, to_char(s.day, 'YYYY-MM-DD') AS day_key, to_char(s.day, 'Dy') AS weekday, to_char(s.day, 'FMDD') AS day_number,
       to_char(s.day, 'Mon') AS month, s.is_free, s.is_free AND s.day = :day::date AS is_chosen
FROM (SELECT d.day, d.day = ANY (:free_days::date[]) AS is_free
      FROM (SELECT :week::date + g AS day FROM generate_series(0, 6) AS g) AS d) AS s
ORDER BY s.day;

-- name: slots_parts :many
-- The parts of the open day that have a free time; asked after slots_free.
SELECT p.part
FROM (SELECT app.part_of_day(to_timestamp(f.slot) AT TIME ZONE l.zone) AS part, min(f.slot) AS first
      FROM unnest(:free_slots::bigint[]) AS f (slot)
      JOIN app.location l ON l.id = :place::uuid
      GROUP BY 1) AS p
ORDER BY p.first;

-- name: slots_times :many
-- The free times of the open day; asked after slots_free.
SELECT f.slot, t.starts, app.part_of_day(t.starts) AS part
FROM unnest(:free_slots::bigint[]) AS f (slot)
JOIN app.location l ON l.id = :place::uuid
CROSS JOIN LATERAL (SELECT to_timestamp(f.slot) AT TIME ZONE l.zone AS starts) AS t
ORDER BY f.slot;

-- name: slots_later :many
-- When nothing is free in the seven days: the first day after them that has something; no row when none has.
SELECT f.starts_local::date AS day, to_char(f.starts_local, 'YYYY-MM-DD') AS day_key
FROM app.first_free(:service_id::uuid, :place::uuid, :who::uuid, :week::date + 7, NULL, '{}', NULL, :moving::uuid) f;

-- name: slots_nearest :many
-- The free times nearest to one that was taken.
SELECT extract(epoch FROM f.starts_at)::bigint AS slot, f.starts_local AS starts, f.starts_local::date AS day
FROM app.nearest_free(:service_id::uuid, :place::uuid, :who::uuid, to_timestamp(:slot::float8), 6) f
ORDER BY slot;
