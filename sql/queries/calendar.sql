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
    SELECT min(w.starts) AS opens, max(w.ends) AS closes, coalesce(bool_or(w.is_today), false) AS is_staffed,
           least(coalesce(date_part('hour', min(w.starts))::int, 8), 12) AS from_hour,
           greatest(coalesce(ceil(date_part('epoch', max(w.ends)) / 3600)::int, 20), 12) AS to_hour
    FROM (SELECT s.starts, s.ends,
                 s.weekday = date_part('dow', :day::date)::smallint AND s.valid_from <= :day::date
                 AND (s.valid_to IS NULL OR s.valid_to >= :day::date) AS is_today
          FROM app.shift s
          WHERE s.location_id = (SELECT id FROM here)
          UNION ALL
          SELECT x.starts, x.ends, true
          FROM app.shift_day x
          WHERE x.location_id = (SELECT id FROM here) AND x.day = :day::date) AS w
), open AS (
    SELECT count(*) > 0 AS has_hours,
           min(o.opens) FILTER (WHERE o.weekday = date_part('dow', :day::date)::smallint) AS opens,
           max(o.closes) FILTER (WHERE o.weekday = date_part('dow', :day::date)::smallint) AS closes
    FROM app.location_hours o
    WHERE o.location_id = (SELECT id FROM here)
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
       greatest(shut.starts_local, here.day + make_interval(hours => hours.from_hour)) AS band_starts,
       greatest(least(date_part('epoch', least(shut.ends_local, here.day + make_interval(hours => hours.to_hour))
           - greatest(shut.starts_local, here.day + make_interval(hours => hours.from_hour)))::int / 300 * 5, 720), 5) AS band_d,
       open.opens AS open_from,
       open.closes AS open_to,
       open.has_hours AND open.opens IS NULL AS has_no_hours,
       hours.from_hour,
       hours.to_hour
FROM here
CROSS JOIN hours
CROSS JOIN open
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
    SELECT w.staff_id, min(w.starts) AS starts, max(w.ends) AS ends, min(w.ends) AS pause_starts, max(w.starts) AS pause_ends
    FROM here
    CROSS JOIN LATERAL app.works(here.id, :day::date) AS w
    GROUP BY w.staff_id
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
       away.is_asked,
       away.starts AS away_starts,
       greatest(least(date_part('epoch', away.ends - away.starts)::int / 300 * 5, 720), 5) AS away_d,
       away.reason AS away_reason
FROM app.staff f
LEFT JOIN working w ON w.staff_id = f.id
LEFT JOIN LATERAL (
    SELECT greatest(greatest(o.starts_at, (SELECT opens FROM here)) AT TIME ZONE (SELECT zone FROM here), :day::date + w.starts) AS starts,
           least(least(o.ends_at, (SELECT closes FROM here)) AT TIME ZONE (SELECT zone FROM here), :day::date + w.ends) AS ends,
           o.state = 'asked' AS is_asked,
           o.reason
    FROM app.time_off o
    WHERE o.staff_id = f.id
      AND o.state IN ('approved', 'asked')
      AND o.ends_at > (SELECT opens FROM here)
      AND o.starts_at < (SELECT closes FROM here)
    ORDER BY o.state = 'asked', o.starts_at
    LIMIT 1
) AS away ON true
ORDER BY f.position, f.name, f.id;

-- name: calendar_outside :many
-- When those who work at the place that day are busy in a calendar elsewhere, within their hours: no more than that is known of it.
-- keeps: reference
SELECT w.staff_id, b.starts AS outside_starts,
       greatest(least(date_part('epoch', b.ends - b.starts)::int / 300 * 5, 720), 5) AS outside_d
FROM (SELECT l.id, l.zone
      FROM app.location l
      WHERE l.is_active
        AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))) AS here
CROSS JOIN LATERAL (
    SELECT q.staff_id, (:day::date + min(q.starts)) AT TIME ZONE here.zone AS opens, (:day::date + max(q.ends)) AT TIME ZONE here.zone AS closes
    FROM app.works(here.id, :day::date) AS q GROUP BY q.staff_id) AS w
CROSS JOIN LATERAL (
    SELECT range_agg(tstzrange(o.starts_at, o.ends_at)) * tstzmultirange(tstzrange(w.opens, greatest(w.closes, w.opens))) AS m
    FROM app.outside_busy o
    WHERE o.staff_id = w.staff_id AND o.ends_at > w.opens AND o.starts_at < w.closes) AS x
CROSS JOIN LATERAL unnest(x.m) AS u (r)
CROSS JOIN LATERAL (SELECT lower(u.r) AT TIME ZONE here.zone AS starts, upper(u.r) AT TIME ZONE here.zone AS ends) AS b
ORDER BY w.staff_id, b.starts;

-- name: calendar_service :many
-- The names of what is done, and the colour of each.
-- keeps: reference
SELECT v.id AS service_id, v.name AS service, app.hue_of(v.color) AS hue
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
       c.id AS person_id,
       a.client_id IS NOT NULL AND c.id IS NULL AS is_hidden,
       a.staff_id,
       CASE WHEN a.status NOT IN ('cancelled', 'no_show') THEN a.staff_id END AS busy_id,
       a.service_id,
       a.room_id,
       app.called(c.name, c.preferred_name, c.pronouns) AS client,
       a.starts_at AT TIME ZONE here.zone AS starts,
       a.overbook_reason IS NOT NULL AS is_over,
       a.status,
       app.in_words(a.status) AS status_words,
       a.status NOT IN ('cancelled', 'no_show') AS is_on,
       a.status IN ('booked', 'confirmed') AS is_expected,
       a.status = 'arrived' AS is_arrived,
       a.status = 'in_room' AS is_in_room,
       CASE WHEN a.has_addons OR a.deposit_cents > 0 OR coalesce(a.overbook_reason, a.asks_look, a.group_id::text, a.series_id::text) IS NOT NULL
            THEN app.visit_marks(a.status, a.overbook_reason, a.asks_look, a.group_id, a.series_id, a.deposit_cents, a.has_addons) END AS marks,
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
-- What the day's clients are allergic to, or that there is nothing; no row: nobody asked. After calendar_visit, whose clients these are.
-- person_id: the client of the visit; client_id: whose record says so, hers or one that was joined to it.
-- clients: seen
WITH RECURSIVE r (id, person_id) AS (
    SELECT s.id, s.id FROM unnest((SELECT app.seen_clients())::uuid[]) AS s (id)
    UNION
    SELECT m.client_id, r.person_id FROM r JOIN app.client_merged m ON m.into_id = r.id AND m.undone_at IS NULL
), y AS (
    SELECT a.id, a.client_id, r.person_id, a.substance_sealed, a.noted_at
    FROM app.allergy a JOIN r ON r.id = a.client_id
    WHERE a.client_id = ANY (ARRAY(SELECT r.id FROM r)) AND a.ended_at IS NULL
)
SELECT y.id, app.seen(coalesce(y.client_id, n.client_id)) AS client_id, coalesce(y.person_id, n.person_id) AS person_id, y.substance_sealed, n.client_id IS NOT NULL AS is_none
FROM y
FULL JOIN (SELECT DISTINCT ON (r.person_id) r.person_id, o.client_id
           FROM app.none_known o JOIN r ON r.id = o.client_id
           WHERE o.client_id = ANY (ARRAY(SELECT r.id FROM r)) AND o.kind = 'allergy' AND o.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM y WHERE y.person_id = r.person_id)
           ORDER BY r.person_id, o.said_at DESC) AS n
     ON n.person_id = y.person_id
ORDER BY 3, y.noted_at;

-- name: calendar_due :many
-- How many forms each visit still waits for, and whether one of them was signed before and taken back; asked after calendar_visit.
-- clients: none
SELECT f.appointment_id, count(*)::int AS forms_due,
       bool_or(EXISTS (SELECT FROM app.form_assignment r WHERE r.client_id = f.client_id AND r.form_id = f.form_id AND r.revoked_at IS NOT NULL)) AS is_taken_back
FROM app.form_assignment f
WHERE f.client_id = ANY ((SELECT app.seen_clients())::uuid[]) AND app.form_is_due(f.state, f.due_by) AND f.appointment_id IS NOT NULL
GROUP BY f.appointment_id;

-- ---- the day by room and device ----

-- name: calendar_unit :many
-- The rooms and devices of the place.
-- keeps: reference
SELECT r.id AS unit_id, r.name AS unit, r.kind = 'device' AS is_device, r.unit_group
FROM app.resource r
WHERE r.kind IN ('room', 'device') AND r.is_active
  AND r.location_id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))
ORDER BY r.kind = 'device', r.position, r.name, r.id;

-- name: calendar_unit_visit :many
-- The day's visits by what they take: one in a room with a device stands in both columns.
-- clients: seen
SELECT a.id AS appointment_id,
       app.seen(c.id) AS client_id,
       c.id AS person_id,
       t.resource_id AS unit_id,
       a.client_id IS NOT NULL AND c.id IS NULL AS is_hidden,
       app.called(c.name, c.preferred_name, c.pronouns) AS client,
       f.name AS provider,
       a.service_id,
       a.starts_at AT TIME ZONE here.zone AS starts,
       a.overbook_reason IS NOT NULL AS is_over,
       a.status,
       app.in_words(a.status) AS status_words,
       app.visit_marks(a.status, a.overbook_reason, a.asks_look, a.group_id, a.series_id, a.deposit_cents, a.has_addons) AS marks,
       greatest(least(date_part('epoch', a.ends_at - a.starts_at)::int / 300 * 5, 720), 5) AS d
FROM (SELECT l.id, l.zone,
             :day::date::timestamp AT TIME ZONE l.zone AS opens,
             (:day::date + 1)::timestamp AT TIME ZONE l.zone AS closes
      FROM app.location l
      WHERE l.is_active
        AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))
      OFFSET 0) AS here
JOIN app.appointment a ON a.location_id = here.id AND a.starts_at >= here.opens AND a.starts_at < here.closes
JOIN app.slot t ON t.appointment_id = a.id AND t.resource_id <> a.staff_id
     AND (t.state = 'booked' OR (t.state = 'hold' AND t.hold_until >= now()))
JOIN app.staff f ON f.id = a.staff_id
LEFT JOIN app.client c ON c.id = a.client_id
WHERE a.status NOT IN ('expired', 'cancelled', 'no_show')
ORDER BY a.starts_at, a.id;

-- ---- a week, a month ----

-- name: calendar_around :many
-- The places, with the one that is looked at, and the days around: of the week (it begins on Monday) and of the month.
-- keeps: reference
SELECT l.id AS location_id,
       l.name AS location_name,
       app.zone_words(l.zone) AS zone_words,
       l.id = here.id AS is_here,
       count(*) OVER () > 1 AS has_others,
       here.day,
       here.monday,
       here.monday + 6 AS sunday,
       here.day - 7 AS week_before,
       here.day + 7 AS week_after,
       here.month,
       to_char(here.month, 'FMMonth YYYY') AS month_words,
       (here.month - interval '1 month')::date AS month_before,
       (here.month + interval '1 month')::date AS month_after
FROM (SELECT f.id, :day::date AS day, date_trunc('week', :day::timestamp)::date AS monday, date_trunc('month', :day::timestamp)::date AS month
      FROM app.location f
      WHERE f.is_active
        AND f.id = coalesce(:location::uuid, (SELECT g.id FROM app.location g WHERE g.is_active ORDER BY g.position, g.name LIMIT 1))) AS here
JOIN app.location l ON l.is_active
ORDER BY l.position, l.name;

-- name: calendar_week_day :many
-- The seven days of the week at the place; when the provider that is asked for works, and is away.
-- clients: none
SELECT d.day,
       to_char(d.day, 'Dy FMDD') AS day_words,
       NOT app.may('calendar_read') AS is_partial,
       here.today = d.day AS is_today,
       here.now_there,
       coalesce(shut.reason, '') AS closed_reason,
       shut.starts_local IS NOT NULL AS is_closed,
       w.starts IS NOT NULL AS is_working,
       w.starts AS shift_starts,
       least(date_part('epoch', w.ends - w.starts)::int / 300 * 5, 720) AS shift_d,
       w.pause_ends > w.pause_starts AS has_pause,
       w.pause_starts,
       date_part('epoch', w.pause_ends - w.pause_starts)::int / 300 * 5 AS pause_d,
       away.ends > away.starts AS is_away,
       away.is_asked,
       away.starts AS away_starts,
       greatest(least(date_part('epoch', away.ends - away.starts)::int / 300 * 5, 720), 5) AS away_d,
       away.reason AS away_reason
FROM (SELECT l.id, l.zone, (now() AT TIME ZONE l.zone)::date AS today, (now() AT TIME ZONE l.zone)::time AS now_there
      FROM app.location l
      WHERE l.is_active
        AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))) AS here
CROSS JOIN LATERAL (SELECT g::date AS day FROM generate_series(date_trunc('week', :day::timestamp), date_trunc('week', :day::timestamp) + interval '6 days', interval '1 day') AS g) AS d
LEFT JOIN LATERAL (
    SELECT c.starts_local, c.reason FROM app.closure c
    WHERE c.ends_local > d.day AND c.starts_local < d.day + 1 AND (c.location_id IS NULL OR c.location_id = here.id)
    ORDER BY c.starts_local LIMIT 1) AS shut ON true
LEFT JOIN LATERAL (
    SELECT min(h.starts) AS starts, max(h.ends) AS ends, min(h.ends) AS pause_starts, max(h.starts) AS pause_ends
    FROM app.works(here.id, d.day) AS h
    WHERE h.staff_id = nullif(:staff, '')::uuid) AS w ON true
LEFT JOIN LATERAL (
    SELECT greatest(o.starts_at AT TIME ZONE here.zone, d.day + w.starts) AS starts, least(o.ends_at AT TIME ZONE here.zone, d.day + w.ends) AS ends,
           o.state = 'asked' AS is_asked, o.reason
    FROM app.time_off o
    WHERE o.staff_id = nullif(:staff, '')::uuid AND o.state IN ('approved', 'asked')
      AND o.ends_at > d.day::timestamp AT TIME ZONE here.zone AND o.starts_at < (d.day + 1)::timestamp AT TIME ZONE here.zone
    ORDER BY o.state = 'asked', o.starts_at LIMIT 1) AS away ON true
ORDER BY d.day;

-- name: calendar_week_outside :many
-- The same for the provider whose week it is, by day.
-- clients: none
SELECT d.day, b.starts AS outside_starts,
       greatest(least(date_part('epoch', b.ends - b.starts)::int / 300 * 5, 720), 5) AS outside_d
FROM (SELECT l.id, l.zone, date_trunc('week', :day::date)::date AS monday
      FROM app.location l
      WHERE l.is_active
        AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))) AS here
CROSS JOIN LATERAL (
    SELECT q.day, (q.day + min(q.starts)) AT TIME ZONE here.zone AS opens, (q.day + max(q.ends)) AT TIME ZONE here.zone AS closes
    FROM app.works_days(here.id, here.monday, here.monday + 6) AS q WHERE q.staff_id = nullif(:staff, '')::uuid GROUP BY q.day) AS d
CROSS JOIN LATERAL (
    SELECT range_agg(tstzrange(o.starts_at, o.ends_at)) * tstzmultirange(tstzrange(d.opens, greatest(d.closes, d.opens))) AS m
    FROM app.outside_busy o
    WHERE o.staff_id = nullif(:staff, '')::uuid AND o.ends_at > d.opens AND o.starts_at < d.closes) AS x
CROSS JOIN LATERAL unnest(x.m) AS u (r)
CROSS JOIN LATERAL (SELECT lower(u.r) AT TIME ZONE here.zone AS starts, upper(u.r) AT TIME ZONE here.zone AS ends) AS b
ORDER BY d.day, b.starts;

-- name: calendar_week_person :many
-- Who works at the place in that week, or has a visit there; of one provider's week, that one.
-- clients: none
SELECT f.id AS staff_id, f.name AS provider, f.title, nullif(:staff, '') IS NOT NULL AS is_one,
       least(coalesce((SELECT date_part('hour', min(s.starts))::int FROM app.shift s WHERE s.location_id = here.id), 8), 12) AS from_hour,
       greatest(coalesce((SELECT ceil(date_part('epoch', max(s.ends)) / 3600)::int FROM app.shift s WHERE s.location_id = here.id), 20), 12) AS to_hour
FROM (SELECT l.id, date_trunc('week', :day::timestamp) AS monday,
             date_trunc('week', :day::timestamp) AT TIME ZONE l.zone AS opens,
             (date_trunc('week', :day::timestamp) + interval '7 days') AT TIME ZONE l.zone AS closes
      FROM app.location l
      WHERE l.is_active
        AND l.id = coalesce(:location::uuid, (SELECT g.id FROM app.location g WHERE g.is_active ORDER BY g.position, g.name LIMIT 1))
      OFFSET 0) AS here
JOIN app.staff f ON nullif(:staff, '') IS NULL OR f.id = nullif(:staff, '')::uuid
WHERE nullif(:staff, '') IS NOT NULL
   OR EXISTS (SELECT FROM app.shift s WHERE s.staff_id = f.id AND s.location_id = here.id
                AND s.valid_from < here.monday + interval '7 days' AND (s.valid_to IS NULL OR s.valid_to >= here.monday))
   OR EXISTS (SELECT FROM app.shift_day x WHERE x.staff_id = f.id AND x.location_id = here.id AND x.day >= here.monday AND x.day < here.monday + interval '7 days')
   OR EXISTS (SELECT FROM app.appointment a WHERE a.location_id = here.id AND a.staff_id = f.id
                AND a.starts_at >= here.opens AND a.starts_at < here.closes
                AND a.status NOT IN ('expired', 'cancelled', 'no_show'))
ORDER BY f.position, f.name, f.id;

-- name: calendar_week_cell :many
-- Each person's days of the week: when she works there, and whether she is away.
-- clients: none
WITH days AS MATERIALIZED (
    SELECT here.id AS place_id, g::date AS day, g AT TIME ZONE here.zone AS opens, (g + interval '1 day') AT TIME ZONE here.zone AS closes
    FROM (SELECT l.id, l.zone
          FROM app.location l
          WHERE l.is_active
            AND l.id = coalesce(:location::uuid, (SELECT g.id FROM app.location g WHERE g.is_active ORDER BY g.position, g.name LIMIT 1))) AS here,
         generate_series(date_trunc('week', :day::timestamp), date_trunc('week', :day::timestamp) + interval '6 days', interval '1 day') AS g
), work AS MATERIALIZED (
    SELECT h.day, h.staff_id, min(h.starts) AS starts, max(h.ends) AS ends
    FROM (SELECT d.place_id, min(d.day) AS first, max(d.day) AS last FROM days d GROUP BY d.place_id) AS w
    CROSS JOIN LATERAL app.works_days(w.place_id, w.first, w.last) AS h
    GROUP BY h.day, h.staff_id
)
SELECT f.id AS staff_id, d.day, to_char(d.day, 'FMDay FMDD') AS cell_words, f.id || to_char(d.day, 'YYYYMMDD') AS cell, d.place_id,
       w.starts AS works_from, w.ends AS works_to,
       o.state = 'approved' AS is_off, o.state = 'asked' AS is_asked
FROM days d
JOIN app.staff f ON nullif(:staff, '') IS NULL
LEFT JOIN work w ON w.day = d.day AND w.staff_id = f.id
LEFT JOIN LATERAL (
    SELECT t.state FROM app.time_off t
    WHERE t.staff_id = f.id AND t.state IN ('approved', 'asked')
      AND t.ends_at > d.opens AND t.starts_at < d.closes
    ORDER BY t.state LIMIT 1) AS o ON true
ORDER BY d.day;

-- name: calendar_week_visit :many
-- The week's visits at the place that take place, of everybody or of one provider, in order.
-- clients: seen
SELECT a.id AS appointment_id,
       app.seen(c.id) AS client_id,
       c.id AS person_id,
       a.client_id IS NOT NULL AND c.id IS NULL AS is_hidden,
       x.day,
       a.staff_id || to_char(x.day, 'YYYYMMDD') AS cell,
       a.service_id,
       a.room_id,
       app.called(c.name, c.preferred_name, c.pronouns) AS client,
       a.starts_at AT TIME ZONE here.zone AS starts,
       a.overbook_reason IS NOT NULL AS is_over,
       a.status,
       app.in_words(a.status) AS status_words,
       app.visit_marks(a.status, a.overbook_reason, a.asks_look, a.group_id, a.series_id, a.deposit_cents, a.has_addons) AS marks,
       greatest(least(date_part('epoch', a.ends_at - a.starts_at)::int / 300 * 5, 720), 5) AS d
FROM (SELECT l.id, l.zone,
             date_trunc('week', :day::timestamp) AT TIME ZONE l.zone AS opens,
             (date_trunc('week', :day::timestamp) + interval '7 days') AT TIME ZONE l.zone AS closes
      FROM app.location l
      WHERE l.is_active
        AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))
      OFFSET 0) AS here
JOIN app.appointment a ON a.location_id = here.id AND a.starts_at >= here.opens AND a.starts_at < here.closes
CROSS JOIN LATERAL (SELECT (a.starts_at AT TIME ZONE here.zone)::date AS day OFFSET 0) AS x
LEFT JOIN app.client c ON c.id = a.client_id
WHERE (nullif(:staff, '') IS NULL OR a.staff_id = nullif(:staff, '')::uuid)
  AND a.status NOT IN ('expired', 'cancelled', 'no_show')
  AND (a.status <> 'held'
       OR (SELECT t.hold_until >= now() FROM app.slot t WHERE t.appointment_id = a.id AND t.state = 'hold' LIMIT 1))
ORDER BY a.starts_at, a.id;

-- name: calendar_month_week :many
-- The weeks that a month's page shows.
-- clients: none
SELECT g::date AS week
FROM generate_series(date_trunc('week', date_trunc('month', :day::timestamp)),
                     date_trunc('month', :day::timestamp) + interval '1 month' - interval '1 day', interval '7 days') AS g;

-- name: calendar_month_day :many
-- Their days: how many visits take place and how many were called off, who works, and why the place is closed. Names nobody.
-- clients: none
WITH here AS MATERIALIZED (
    SELECT l.id, l.zone, (now() AT TIME ZONE l.zone)::date AS today,
           date_trunc('month', :day::timestamp)::date AS month,
           date_trunc('week', date_trunc('month', :day::timestamp))::date AS first,
           (date_trunc('week', date_trunc('month', :day::timestamp) + interval '1 month' - interval '1 day') + interval '7 days')::date AS past,
           date_trunc('week', date_trunc('month', :day::timestamp)) AT TIME ZONE l.zone AS opens,
           (date_trunc('week', date_trunc('month', :day::timestamp) + interval '1 month' - interval '1 day') + interval '7 days') AT TIME ZONE l.zone AS closes
    FROM app.location l
    WHERE l.is_active
      AND l.id = coalesce(:location::uuid, (SELECT f.id FROM app.location f WHERE f.is_active ORDER BY f.position, f.name LIMIT 1))
), visits AS (
    SELECT (a.starts_at AT TIME ZONE here.zone)::date AS day,
           count(*) FILTER (WHERE a.status NOT IN ('cancelled', 'no_show'))::int AS n,
           count(*) FILTER (WHERE a.status IN ('cancelled', 'no_show'))::int AS n_off
    FROM here
    JOIN app.appointment a ON a.location_id = here.id AND a.starts_at >= here.opens AND a.starts_at < here.closes
    WHERE a.status NOT IN ('expired', 'held') AND (nullif(:staff, '') IS NULL OR a.staff_id = nullif(:staff, '')::uuid)
    GROUP BY 1
), works AS (
    SELECT w.day, count(DISTINCT w.staff_id)::int AS n
    FROM here CROSS JOIN LATERAL app.works_days(here.id, here.first, here.past - 1) AS w
    WHERE nullif(:staff, '') IS NULL OR w.staff_id = nullif(:staff, '')::uuid
    GROUP BY 1
)
SELECT d.day,
       date_trunc('week', d.day::timestamp)::date AS week,
       date_part('day', d.day)::int AS number,
       here.id AS place_id,
       NOT app.may('calendar_read') AS is_partial,
       d.day >= here.month AND d.day < here.month + interval '1 month' AS is_inside,
       d.day = here.today AS is_today,
       v.n AS n_visits,
       v.n = 1 AS is_one_visit,
       nullif(v.n_off, 0) AS n_off,
       coalesce(w.n, 0) AS n_working,
       shut.starts_local IS NOT NULL AS is_closed,
       shut.reason AS closed_reason
FROM here
CROSS JOIN LATERAL (SELECT g::date AS day FROM generate_series(here.first::timestamp, here.past - interval '1 day', interval '1 day') AS g) AS d
LEFT JOIN visits v ON v.day = d.day
LEFT JOIN works w ON w.day = d.day
LEFT JOIN LATERAL (
    SELECT c.starts_local, c.reason FROM app.closure c
    WHERE c.ends_local > d.day AND c.starts_local < d.day + 1 AND (c.location_id IS NULL OR c.location_id = here.id)
    ORDER BY c.starts_local LIMIT 1) AS shut ON true
ORDER BY d.day;

-- ---- the front desk's board ----

-- name: calendar_board_place :many
-- The places, with the one that is looked at and its clock: one page for today alone.
-- clients: none
SELECT l.id AS location_id,
       l.name AS location_name,
       app.zone_words(l.zone) AS zone_words,
       l.id = here.id AS is_here,
       count(*) OVER () > 1 AS has_others,
       (now() AT TIME ZONE l.zone)::date AS day,
       (now() AT TIME ZONE l.zone)::time AS now_there,
       NOT app.may('calendar_read') AS is_partial
FROM (SELECT f.id
      FROM app.location f
      WHERE f.is_active AND (:location::uuid IS NULL OR f.id = :location::uuid)
      ORDER BY NOT (app.may_at('calendar_read', f.id) OR app.may_visit('calendar_read', app.actor(), f.id)), f.position, f.name
      LIMIT 1) AS here
JOIN app.location l ON l.is_active
ORDER BY l.position, l.name;

-- name: calendar_board_visit :many
-- Today's visits at the place: who is expected and how late, who is here and since when, who is in a room, who is done.
-- clients: seen
SELECT a.id AS appointment_id,
       app.seen(c.id) AS client_id,
       c.id AS person_id,
       a.service_id,
       a.room_id,
       app.called(c.name, c.preferred_name, c.pronouns) AS client,
       a.client_id IS NOT NULL AND c.id IS NULL AS is_hidden,
       f.name AS provider,
       a.starts_at AT TIME ZONE here.zone AS starts,
       a.status IN ('booked', 'confirmed') AS is_expected,
       a.status = 'arrived' AS is_here_now,
       a.status = 'in_room' AS is_in_room,
       a.status = 'done' AS is_done,
       CASE WHEN a.status IN ('booked', 'confirmed') AND now() >= a.starts_at + make_interval(mins => coalesce(own.late_minutes, rule.late_minutes, 15))
            THEN greatest(date_part('epoch', now() - a.starts_at)::int / 60, 1) END AS late_minutes,
       e.since AT TIME ZONE here.zone AS since,
       CASE WHEN a.status IN ('arrived', 'in_room') THEN greatest(date_part('epoch', now() - e.since)::int / 60, 0) END AS minutes,
       app.visit_marks(a.status, a.overbook_reason, a.asks_look, a.group_id, a.series_id, a.deposit_cents, a.has_addons) AS marks,
       app.may_visit('booking_write', a.staff_id, a.location_id) AS can_change
FROM (SELECT l.id, l.zone,
             (now() AT TIME ZONE l.zone)::date::timestamp AT TIME ZONE l.zone AS opens,
             ((now() AT TIME ZONE l.zone)::date + 1)::timestamp AT TIME ZONE l.zone AS closes
      FROM app.location l
      WHERE l.is_active AND (:location::uuid IS NULL OR l.id = :location::uuid)
      ORDER BY NOT (app.may_at('calendar_read', l.id) OR app.may_visit('calendar_read', app.actor(), l.id)), l.position, l.name
      LIMIT 1) AS here
JOIN app.appointment a ON a.location_id = here.id AND a.starts_at >= here.opens AND a.starts_at < here.closes
JOIN app.staff f ON f.id = a.staff_id
LEFT JOIN app.client c ON c.id = a.client_id
LEFT JOIN app.booking_rule own ON own.id = a.booking_rule_id
LEFT JOIN LATERAL (SELECT r.late_minutes FROM app.booking_rule r ORDER BY r.version DESC LIMIT 1) AS rule ON true
LEFT JOIN LATERAL (
    SELECT v.at AS since FROM app.appointment_event v
    WHERE v.appointment_id = a.id AND v.what = 'status' AND v.status = a.status
    ORDER BY v.at DESC LIMIT 1) AS e ON a.status IN ('arrived', 'in_room', 'done')
WHERE a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done')
ORDER BY CASE WHEN a.status = 'done' THEN e.since END DESC NULLS FIRST, a.starts_at, a.id;

-- ---- the list ----

-- name: calendar_list_filter :one
-- What the list is narrowed down to: from today for a week, unless other days are asked for; a year at most.
-- clients: none
SELECT to_char(q.from_day, 'YYYY-MM-DD') AS from_day, to_char(q.to_day, 'YYYY-MM-DD') AS to_day,
       q.from_day - (q.to_day - q.from_day + 1) AS before_from, q.from_day - 1 AS before_to,
       q.to_day + 1 AS after_from, q.to_day + (q.to_day - q.from_day + 1) AS after_to,
       nullif(:status, '') = 'on' AS is_on, nullif(:status, '') = 'booked' AS is_booked, nullif(:status, '') = 'confirmed' AS is_confirmed,
       nullif(:status, '') = 'arrived' AS is_arrived, nullif(:status, '') = 'in_room' AS is_in_room, nullif(:status, '') = 'done' AS is_done,
       nullif(:status, '') = 'no_show' AS is_no_show, nullif(:status, '') = 'cancelled' AS is_cancelled,
       NOT app.may('calendar_read') AS is_partial
FROM (SELECT p.from_day, least(greatest(coalesce(nullif(:to, '')::date, p.from_day + 6), p.from_day), p.from_day + 366) AS to_day
      FROM (SELECT coalesce(nullif(:from, '')::date, app.today()) AS from_day) AS p) AS q;

-- name: calendar_list_service :many
-- Services that the list can be narrowed down to.
-- clients: none
SELECT v.id AS choice_id, v.name AS choice, v.id = nullif(:service_id, '')::uuid AS is_chosen
FROM app.service v
ORDER BY v.category, v.position, v.name;

-- name: calendar_list_provider :many
-- Providers that the list can be narrowed down to.
-- clients: none
SELECT f.id AS choice_id, f.name AS choice, f.id = nullif(:staff_id, '')::uuid AS is_chosen
FROM app.staff f
WHERE f.is_provider
ORDER BY f.position, f.name;

-- name: calendar_list_place :many
-- Places that the list can be narrowed down to.
-- clients: none
SELECT l.id AS choice_id, l.name AS choice, l.id = nullif(:location, '')::uuid AS is_chosen
FROM app.location l
WHERE l.is_active
ORDER BY l.position, l.name;

-- name: calendar_list :page 50
-- Visits by day and hour: date, service, place, provider, client (B14).
SELECT a.id AS appointment_id,
       c.id AS client_id,
       app.called(c.name, c.preferred_name, c.pronouns) AS client,
       a.client_id IS NOT NULL AND c.id IS NULL AS is_hidden,
       v.name AS service,
       f.name AS provider,
       l.name AS place,
       r.name AS room,
       a.starts_at AT TIME ZONE l.zone AS starts,
       a.status,
       app.in_words(a.status) AS status_words,
       app.visit_marks(a.status, a.overbook_reason, a.asks_look, a.group_id, a.series_id, a.deposit_cents, a.has_addons) AS marks
FROM app.visits_found(nullif(:from, '')::date, nullif(:to, '')::date, nullif(:location, '')::uuid, nullif(:status, ''), nullif(:service_id, '')::uuid,
                      nullif(:staff_id, '')::uuid, nullif(btrim(:q), '')) AS a
JOIN app.location l ON l.id = a.location_id
JOIN app.service v ON v.id = a.service_id
JOIN app.staff f ON f.id = a.staff_id
LEFT JOIN app.client c ON c.id = a.client_id
LEFT JOIN app.resource r ON r.id = a.room_id
ORDER BY a.starts_at AT TIME ZONE l.zone, a.starts_at, a.id
LIMIT :page_limit OFFSET :page_offset;

-- name: calendar_export :many
-- The same visits as rows of a file, at most 5,000 and one more, that says there are more.
SELECT c.id AS client_id,
       a.id AS appointment_id,
       to_char(a.starts_at AT TIME ZONE l.zone, 'YYYY-MM-DD') AS date,
       to_char(a.starts_at AT TIME ZONE l.zone, 'HH24:MI') AS starts,
       to_char(a.ends_at AT TIME ZONE l.zone, 'HH24:MI') AS ends,
       l.zone,
       v.name AS service,
       (SELECT string_agg(n.name, '; ' ORDER BY n.position, n.name) FROM app.appointment_addon o JOIN app.addon n ON n.id = o.addon_id
        WHERE o.appointment_id = a.id) AS addons,
       l.name AS location,
       r.name AS room,
       f.name AS provider,
       coalesce(c.name, CASE WHEN a.client_id IS NOT NULL THEN 'Another client' END) AS client,
       a.status,
       a.cancel_reason,
       a.source AS booked_by,
       to_char(a.price_cents / 100.0, 'FM999999990.00') AS price
FROM app.visits_found(nullif(:from, '')::date, nullif(:to, '')::date, nullif(:location, '')::uuid, nullif(:status, ''), nullif(:service_id, '')::uuid,
                      nullif(:staff_id, '')::uuid, nullif(btrim(:q), '')) AS a
JOIN app.location l ON l.id = a.location_id
JOIN app.service v ON v.id = a.service_id
JOIN app.staff f ON f.id = a.staff_id
LEFT JOIN app.client c ON c.id = a.client_id
LEFT JOIN app.resource r ON r.id = a.room_id
ORDER BY a.starts_at AT TIME ZONE l.zone, a.starts_at, a.id
LIMIT 5001;

-- ---- what colleagues change ----

-- name: calendar_change :one
-- A number that is another one as soon as a visit of these days at the place came, went or changed; it says nothing else, counts
-- only those that she may see, and nothing is written for it.
-- clients: none
SELECT coalesce(bit_xor(hashtextextended(a.id || '.' || a.version, 0)), 0)::text AS number
FROM (SELECT l.id, :from::timestamp AT TIME ZONE l.zone AS opens, (least(:to::date, :from::date + 42) + 1)::timestamp AT TIME ZONE l.zone AS closes
      FROM app.location l
      WHERE l.id = :location::uuid
      OFFSET 0) AS here
JOIN app.appointment a ON a.location_id = here.id AND a.starts_at >= here.opens AND a.starts_at < here.closes
WHERE a.status <> 'expired';
