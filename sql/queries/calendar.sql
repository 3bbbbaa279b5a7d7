-- name: calendar_today :maybe
-- The day and place that the calendar opens with: today at the first place, or those asked for. Who may see one place only
-- begins there.
SELECT to_char(coalesce(:day::date, (now() AT TIME ZONE l.zone)::date), 'YYYY-MM-DD') AS day,
       CASE WHEN NOT app.may('calendar_read') THEN l.id END AS place_id
FROM app.location l
WHERE l.is_active AND (:location::uuid IS NULL OR l.id = :location::uuid)
ORDER BY NOT (app.may_at('calendar_read', l.id) OR app.may_visit('calendar_read', app.actor(), l.id)), l.position, l.name
LIMIT 1;

-- name: calendar_place :many
-- The places, with the one that is looked at (the first, unless another is asked for), its hours, whether it is closed, and
-- the days around.
-- keeps: reference
WITH here AS MATERIALIZED (
    SELECT l.id, :day::date AS day
    FROM app.location l
    WHERE l.is_active
      AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))
), hours AS (
    SELECT min(s.starts) AS opens, max(s.ends) AS closes,
           count(*) FILTER (WHERE s.weekday = date_part('dow', :day::date)::smallint
                              AND s.valid_from <= :day::date
                              AND (s.valid_to IS NULL OR s.valid_to >= :day::date)) > 0 AS is_staffed
    FROM app.shift s
    WHERE s.location_id = (SELECT id FROM here)
)
SELECT l.id AS location_id,
       l.name AS location_name,
       app.zone_words(l.zone) AS zone_words,
       l.id = here.id AS is_here,
       count(*) OVER () > 1 AS has_others,
       here.day,
       here.day - 1 AS earlier,
       here.day + 1 AS later,
       hours.is_staffed,
       shut.starts_local IS NOT NULL AS is_closed,
       shut.starts_local AS closed_from,
       shut.ends_local AS closed_to,
       shut.reason AS closed_reason,
       least(coalesce(date_part('hour', hours.opens)::int, 8), 12) AS from_hour,
       greatest(coalesce(ceil(date_part('epoch', hours.closes) / 3600)::int, 20), 12) AS to_hour
FROM here
CROSS JOIN hours
JOIN app.location l ON l.is_active
LEFT JOIN LATERAL (
    SELECT c.starts_local, c.ends_local, c.reason
    FROM app.closure c
    WHERE c.ends_local > here.day AND c.starts_local < here.day + 1 AND (c.location_id IS NULL OR c.location_id = here.id)
    ORDER BY c.starts_local
    LIMIT 1
) AS shut ON l.id = here.id
ORDER BY l.position, l.name;

-- name: calendar_clock :many
-- The wall clock at the place, and whether the day is today there: one row.
-- clients: none
SELECT NOT app.may('calendar_read') AS is_partial,
       (now() AT TIME ZONE l.zone)::date = :day::date AS is_today,
       (now() AT TIME ZONE l.zone)::time AS now_there
FROM app.location l
WHERE l.is_active
  AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1));

-- name: calendar_provider :many
-- Everybody on the staff, with who works at the place that day: the hours, the break between, and time off. Those who do not
-- work there have a column only on days when they have a visit that takes place (busy_id).
-- keeps: reference
WITH here AS MATERIALIZED (
    SELECT l.id, l.zone,
           :day::date::timestamp AT TIME ZONE l.zone AS opens,
           (:day::date + 1)::timestamp AT TIME ZONE l.zone AS closes
    FROM app.location l
    WHERE l.is_active
      AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))
), working AS (
    SELECT s.staff_id, min(s.starts) AS starts, max(s.ends) AS ends, min(s.ends) AS pause_starts, max(s.starts) AS pause_ends
    FROM app.shift s
    WHERE s.location_id = (SELECT id FROM here)
      AND s.weekday = date_part('dow', :day::date)::smallint
      AND s.valid_from <= :day::date
      AND (s.valid_to IS NULL OR s.valid_to >= :day::date)
    GROUP BY s.staff_id
)
SELECT f.id AS staff_id,
       f.name AS provider,
       f.title,
       f.id AS busy_id,
       w.staff_id IS NOT NULL AS is_working,
       w.starts AS shift_starts,
       least(date_part('epoch', w.ends - w.starts)::int / 300 * 5, 720) AS shift_d,
       w.pause_ends > w.pause_starts AS has_pause,
       w.pause_starts,
       date_part('epoch', w.pause_ends - w.pause_starts)::int / 300 * 5 AS pause_d,
       away.ends > away.starts AS is_away,
       away.starts AS away_starts,
       greatest(least(date_part('epoch', away.ends - away.starts)::int / 300 * 5, 720), 5) AS away_d,
       away.reason AS away_reason
FROM app.staff f
LEFT JOIN working w ON w.staff_id = f.id
LEFT JOIN LATERAL (
    SELECT greatest(greatest(o.starts_at, (SELECT opens FROM here)) AT TIME ZONE (SELECT zone FROM here), :day::date + w.starts) AS starts,
           least(least(o.ends_at, (SELECT closes FROM here)) AT TIME ZONE (SELECT zone FROM here), :day::date + w.ends) AS ends,
           o.reason
    FROM app.time_off o
    WHERE o.staff_id = f.id AND o.state = 'approved'
      AND o.ends_at > (SELECT opens FROM here)
      AND o.starts_at < (SELECT closes FROM here)
    ORDER BY o.starts_at
    LIMIT 1
) AS away ON true
ORDER BY f.position, f.name, f.id;

-- name: calendar_service :many
-- The names of what is done, and the colour of each.
-- keeps: reference
SELECT v.id AS service_id, v.name AS service, v.position % 8 AS hue
FROM app.service v;

-- name: calendar_room :many
-- The names of rooms and devices.
-- keeps: reference
SELECT r.id AS room_id, r.name AS room
FROM app.resource r;

-- name: calendar_visit :many
-- The day's visits at the place, in order; the day is that of the place's own clock, whether it has 23, 24 or 25 hours.
-- clients: seen
SELECT a.id AS appointment_id,
       app.seen(c.id) AS client_id,
       a.client_id IS NOT NULL AND c.id IS NULL AS is_hidden,
       a.staff_id,
       CASE WHEN a.status NOT IN ('cancelled', 'no_show') THEN a.staff_id END AS busy_id,
       a.service_id,
       a.room_id,
       c.name AS client,
       a.starts_at AT TIME ZONE here.zone AS starts,
       a.status,
       app.in_words(a.status) AS status_words,
       a.status NOT IN ('cancelled', 'no_show') AS is_on,
       a.status IN ('booked', 'confirmed') AS is_expected,
       a.status = 'arrived' AS is_arrived,
       a.status = 'in_room' AS is_in_room,
       greatest(least(date_part('epoch', a.ends_at - a.starts_at)::int / 300 * 5, 720), 5) AS d
FROM (SELECT l.id, l.zone,
             :day::date::timestamp AT TIME ZONE l.zone AS opens,
             (:day::date + 1)::timestamp AT TIME ZONE l.zone AS closes
      FROM app.location l
      WHERE l.is_active
        AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))
      OFFSET 0) AS here
JOIN app.appointment a ON a.location_id = here.id AND a.starts_at >= here.opens AND a.starts_at < here.closes
LEFT JOIN app.client c ON c.id = a.client_id
WHERE a.status <> 'expired'
  AND (a.status <> 'held'
       OR (SELECT t.hold_until >= now() FROM app.slot t WHERE t.appointment_id = a.id AND t.state = 'hold' LIMIT 1))
ORDER BY a.starts_at, a.id;

-- name: calendar_allergy :many
-- What the day's clients are allergic to; asked after calendar_visit, whose clients these are.
-- clients: seen
SELECT y.id, app.seen(y.client_id) AS client_id, y.substance_sealed
FROM app.allergy y
WHERE y.client_id = ANY ((SELECT app.seen_clients())::uuid[]) AND y.ended_at IS NULL
ORDER BY y.client_id, y.noted_at;

-- name: calendar_due :many
-- How many forms each visit still waits for; asked after calendar_visit.
-- clients: none
SELECT f.appointment_id, count(*)::int AS forms_due
FROM app.form_assignment f
WHERE f.client_id = ANY ((SELECT app.seen_clients())::uuid[]) AND f.state = 'due' AND f.appointment_id IS NOT NULL
GROUP BY f.appointment_id;
