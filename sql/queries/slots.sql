-- name: slots_first :maybe
-- The first free time from today on, or from the first day that her weeks leave; whether it lies after the seven days that are offered first.
SELECT extract(epoch FROM f.starts_at)::bigint AS slot, f.starts_local AS starts, to_char(f.starts_local, 'YYYY-MM-DD') AS day_key,
       f.starts_local::date >= w.today + 7 AS is_far
FROM app.location l
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE l.zone)::date AS today, greatest((now() AT TIME ZONE l.zone)::date, x.first_day) AS from_day
                    FROM app.weeks_window(:service_id::uuid || coalesce(:also::uuid[], '{}'), :due::date) x) AS w
CROSS JOIN LATERAL app.visit_first(:service_id::uuid, coalesce(:also::uuid[], '{}'), l.id, :who::uuid, :addons::uuid[], :addon_at::int[], :moving::uuid, :together::uuid, :due::date, w.from_day) AS f
WHERE l.id = :place::uuid;

-- name: slots_place :one
-- The place that is shown: the one chosen, or the first that offers the service.
SELECT l.id AS place
FROM app.location l
WHERE l.is_active AND l.id = coalesce(:place::uuid, (
    SELECT p.id FROM app.location p
    WHERE p.id IN (SELECT o.location_id FROM app.offered_by(:service_id::uuid) o)
    ORDER BY p.position, p.name LIMIT 1));

-- name: slots_window :one
-- What is chosen, and the seven days that are offered: from the day asked for, never before today there, nor before her weeks begin.
SELECT v.id AS service_id, s.names AS service_names, s.n > 1 AS is_group, s.minutes, s.price_cents,
       l.id AS place, l.name AS place_name, app.zone_words(l.zone) AS zone_words,
       to_char(w.first_day, 'YYYY-MM-DD') AS week, to_char(date_trunc('month', w.first_day), 'YYYY-MM-DD') AS month_key,
       CASE WHEN w.first_day > t.earliest THEN to_char(greatest(w.first_day - 7, t.earliest), 'YYYY-MM-DD') END AS week_before,
       CASE WHEN w.first_day + 7 <= t.latest THEN to_char(w.first_day + 7, 'YYYY-MM-DD') END AS week_after
FROM app.service v
JOIN app.location l ON l.id = :place::uuid
CROSS JOIN LATERAL (
    SELECT count(*) AS n, string_agg(x.name, ', ' ORDER BY array_position(v.id || coalesce(:also::uuid[], '{}'), x.id)) AS names, sum(x.duration_min)::int + coalesce(e.minutes, 0)::int AS minutes,
           (sum(x.price_cents) + coalesce(e.price_cents, 0))::bigint AS price_cents
    FROM app.service x
    CROSS JOIN (SELECT sum(d.minutes) AS minutes, sum(d.price_cents) AS price_cents FROM unnest(:addons::uuid[]) AS u (id) JOIN app.addon d ON d.id = u.id) AS e
    WHERE x.id = ANY (v.id || coalesce(:also::uuid[], '{}'))
    GROUP BY e.minutes, e.price_cents) AS s
CROSS JOIN LATERAL (
    SELECT greatest((now() AT TIME ZONE l.zone)::date, q.first_day) AS earliest,
           least((now() AT TIME ZONE l.zone)::date + v.horizon_days, q.last_day) AS latest
    FROM app.weeks_window(v.id || coalesce(:also::uuid[], '{}'), :due::date) q) AS t
CROSS JOIN LATERAL (
    SELECT greatest(least(coalesce(:week::date, t.earliest), t.latest), t.earliest) AS first_day) AS w
WHERE v.id = :service_id::uuid AND l.is_active;

-- name: slots_weeks :maybe
-- What the chosen services say of weeks of pregnancy, and what a due date makes of that: the first and last day, and whether they
-- lie behind her or further ahead than can be booked.
SELECT w.week_from, w.week_to, :due::date AS due, w.first_day, w.last_day,
       w.last_day < t.today OR w.week_from > w.week_to AS is_over,
       w.first_day > t.today + v.horizon_days AS is_later, w.first_day - v.horizon_days AS opens_on
FROM app.service v
JOIN app.location l ON l.id = :place::uuid
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE l.zone)::date AS today) AS t
CROSS JOIN LATERAL app.weeks_window(v.id || coalesce(:also::uuid[], '{}'), :due::date) AS w
WHERE v.id = :service_id::uuid AND w.week_from IS NOT NULL;

-- name: slots_free :one
-- What is free in those seven days, asked for once: the days that have something, which of them is open (the one asked for, or
-- the first), and its times, each once, whoever is free; in seconds since 1970.
WITH free AS MATERIALIZED (
    SELECT extract(epoch FROM f.starts_at)::bigint AS slot, f.starts_local::date AS day
    FROM app.visit_starts(:service_id::uuid, coalesce(:also::uuid[], '{}'), :place::uuid, :who::uuid, :addons::uuid[], :addon_at::int[], :moving::uuid, :together::uuid, :due::date,
                          :week::date, :week::date + 7) f
)
SELECT to_char(o.day, 'YYYY-MM-DD') AS open_day,
       ARRAY(SELECT DISTINCT f.day FROM free f ORDER BY f.day)::text AS free_days,
       ARRAY(SELECT f.slot FROM free f WHERE f.day = o.day ORDER BY f.slot)::text AS free_slots
FROM (SELECT coalesce(min(f.day) FILTER (WHERE f.day = :day::date), min(f.day)) AS day FROM free f) AS o;

-- name: slots_days :many
-- Those seven days: which have a free time, which one is open, and in which week of her pregnancy she will be; asked after slots_free.
SELECT s.day, to_char(s.day, 'YYYY-MM-DD') AS day_key, to_char(s.day, 'FMDD') AS day_number, s.is_free, s.is_free AND s.day = :day::date AS is_chosen,
       CASE WHEN :due::date - s.day BETWEEN -21 AND 280 THEN (280 - (:due::date - s.day)) / 7 END AS in_week
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
FROM app.visit_first(:service_id::uuid, coalesce(:also::uuid[], '{}'), :place::uuid, :who::uuid, :addons::uuid[], :addon_at::int[], :moving::uuid, :together::uuid, :due::date, :week::date + 7) f;

-- name: slots_nearest :many
-- The free times nearest to one that was taken.
SELECT extract(epoch FROM f.starts_at)::bigint AS slot, f.starts_local AS starts, f.starts_local::date AS day
FROM app.visit_nearest(:service_id::uuid, coalesce(:also::uuid[], '{}'), :place::uuid, :who::uuid, :addons::uuid[], :addon_at::int[], :moving::uuid, :together::uuid, :due::date,
                       to_timestamp(:slot::float8), 6) f
ORDER BY slot;

-- name: slots_month :maybe
-- A month to look over, when one is asked for: its name, and the months beside it that can be booked.
SELECT m.first,
       CASE WHEN m.first > date_trunc('month', t.today)::date THEN to_char(m.first - interval '1 month', 'YYYY-MM-DD') END AS month_before,
       CASE WHEN (m.first + interval '1 month')::date <= t.today + v.horizon_days THEN to_char(m.first + interval '1 month', 'YYYY-MM-DD') END AS month_after
FROM app.service v
JOIN app.location l ON l.id = :place::uuid
CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE l.zone)::date AS today) AS t
CROSS JOIN LATERAL (SELECT date_trunc('month', greatest(least(:month::date, t.today + v.horizon_days), t.today))::date AS first) AS m
WHERE v.id = :service_id::uuid AND :month::date IS NOT NULL;

-- name: slots_month_days :many
-- The days of that month in weeks from Sunday, those before its first as blanks: how many times are free on each.
WITH month AS MATERIALIZED (
    SELECT date_trunc('month', greatest(least(:month::date, (now() AT TIME ZONE l.zone)::date + v.horizon_days), (now() AT TIME ZONE l.zone)::date))::date AS first
    FROM app.service v JOIN app.location l ON l.id = :place::uuid
    WHERE v.id = :service_id::uuid AND isfinite(:month::date)
), free AS MATERIALIZED (
    SELECT f.starts_local::date AS day, count(*)::int AS n_free
    FROM month m
    CROSS JOIN LATERAL app.visit_starts(:service_id::uuid, coalesce(:also::uuid[], '{}'), :place::uuid, :who::uuid, :addons::uuid[], :addon_at::int[], :moving::uuid, :together::uuid, :due::date,
                                        m.first, (m.first + interval '1 month')::date) f
    GROUP BY 1
)
SELECT d.day < m.first AS is_blank, d.day, to_char(d.day, 'YYYY-MM-DD') AS day_key, to_char(d.day, 'FMDD') AS day_number,
       coalesce(f.n_free, 0) AS n_free, coalesce(f.n_free = 1, false) AS is_one
FROM month m
CROSS JOIN LATERAL (SELECT (m.first - extract(dow FROM m.first)::int + g) AS day
                    FROM generate_series(0, extract(dow FROM m.first)::int + extract(day FROM m.first + interval '1 month - 1 day')::int - 1) AS g) AS d
LEFT JOIN free f ON f.day = d.day
ORDER BY d.day;
