-- Reports: sums over a period, of one place or of all. None names a client. Each counts what the person's calendar_read reaches.

-- name: report_period :maybe
-- The days that are looked at, and the place; no row: there is no such place. problem: why those that were typed do not do, and then
-- no days. :has_days: some were typed; :typed_from, :typed_to: as far as they are days.
-- clients: none
SELECT coalesce(to_char(q.from_day, 'YYYY-MM-DD'), :typed_from) AS from_text,
       coalesce(to_char(q.to_day, 'YYYY-MM-DD'), :typed_to) AS to_text,
       q.problem,
       CASE WHEN q.problem IS NULL THEN q.from_day END AS from_day,
       CASE WHEN q.problem IS NULL THEN q.to_day END AS to_day,
       q.name = 'this_week' AS is_this_week, q.name = 'last_week' AS is_last_week,
       q.name = 'this_month' AS is_this_month, q.name = 'last_month' AS is_last_month,
       q.place_id, q.place, q.zone_words, NOT app.may('calendar_read') AS is_partial
FROM (
    SELECT p.*,
           CASE WHEN p.name IS NOT NULL THEN NULL
                WHEN p.from_day IS NULL OR p.to_day IS NULL THEN 'Give both days, the first and the last.'
                WHEN p.to_day < p.from_day THEN 'The last day comes before the first.'
                WHEN p.to_day - p.from_day > 365 THEN 'A report is of 366 days at most. Choose days that are closer together.' END AS problem
    FROM (
        SELECT t.place_id, t.place, t.zone_words, n.name,
               CASE n.name WHEN 'this_week' THEN date_trunc('week', t.today::timestamp)::date
                           WHEN 'last_week' THEN date_trunc('week', t.today::timestamp)::date - 7
                           WHEN 'this_month' THEN date_trunc('month', t.today::timestamp)::date
                           WHEN 'last_month' THEN (date_trunc('month', t.today::timestamp) - interval '1 month')::date
                           ELSE nullif(:typed_from, '')::date END AS from_day,
               CASE n.name WHEN 'this_week' THEN date_trunc('week', t.today::timestamp)::date + 6
                           WHEN 'last_week' THEN date_trunc('week', t.today::timestamp)::date - 1
                           WHEN 'this_month' THEN (date_trunc('month', t.today::timestamp) + interval '1 month')::date - 1
                           WHEN 'last_month' THEN date_trunc('month', t.today::timestamp)::date - 1
                           ELSE nullif(:typed_to, '')::date END AS to_day
        FROM (SELECT l.id AS place_id, l.name AS place, app.zone_words(l.zone) AS zone_words,
                     coalesce((now() AT TIME ZONE l.zone)::date, app.today()) AS today
              FROM (SELECT nullif(:location, '')::uuid AS id) AS w
              LEFT JOIN app.location l ON l.id = w.id
              WHERE w.id IS NULL OR l.id IS NOT NULL) AS t
        CROSS JOIN (SELECT CASE WHEN :has_days::boolean THEN NULL
                                WHEN :period IN ('last_week', 'this_month', 'last_month') THEN :period
                                ELSE 'this_week' END AS name) AS n
    ) AS p
) AS q
WHERE app.report_turn(); -- before any of the others counts

-- name: report_place :many
-- Places that a report can be of.
-- clients: none
SELECT l.id AS choice_id, l.name AS choice, l.id = nullif(:location, '')::uuid AS is_chosen
FROM app.location l
WHERE l.is_active OR l.id = nullif(:location, '')::uuid
ORDER BY l.position, l.name, l.id;

-- ---- how busy people and rooms are ----

-- name: report_provider :many
-- Minutes of each provider, and of all together in the last row: what could be booked, what is, its buffers; percent: booked of
-- available. Widths of the drawing: of 100.
-- clients: none
WITH one AS (
    SELECT f.id, f.name, f.position, sum(u.available)::bigint AS available, sum(u.booked)::bigint AS booked, sum(u.buffer)::bigint AS buffer
    FROM app.report_use(nullif(:location, '')::uuid, :from_day::date, :to_day::date, false) AS u
    JOIN app.staff f ON f.id = u.resource_id
    GROUP BY f.id, f.name, f.position
), line AS (
    SELECT o.id, o.name, o.position, false AS is_total, o.available, o.booked, o.buffer FROM one o
    UNION ALL
    SELECT NULL, 'All together', NULL, true, sum(o.available)::bigint, sum(o.booked)::bigint, sum(o.buffer)::bigint FROM one o HAVING count(*) > 0
)
SELECT n.id AS who_id, n.name AS provider, n.is_total, n.available, n.booked, n.buffer,
       round(100.0 * n.booked / nullif(n.available, 0))::int AS percent, n.available = 0 AS is_outside,
       w.booked AS booked_w, least(100 - w.booked, round(100.0 * n.buffer / greatest(n.available, 1)))::int AS buffer_w
FROM line n
CROSS JOIN LATERAL (SELECT least(100, round(100.0 * n.booked / greatest(n.available, 1)))::int AS booked) AS w
ORDER BY n.is_total, n.position, n.name, n.id;

-- name: report_unit :many
-- The same of rooms and devices.
-- clients: none
WITH one AS (
    SELECT r.id, r.name, r.kind = 'device' AS is_device, l.name AS place, l.position AS place_position, r.position,
           sum(u.available)::bigint AS available, sum(u.booked)::bigint AS booked, sum(u.buffer)::bigint AS buffer
    FROM app.report_use(nullif(:location, '')::uuid, :from_day::date, :to_day::date, true) AS u
    JOIN app.resource r ON r.id = u.resource_id
    JOIN app.location l ON l.id = r.location_id
    GROUP BY r.id, r.name, r.kind, r.position, l.name, l.position
), line AS (
    SELECT o.id, o.name, o.is_device, o.place, o.place_position, o.position, false AS is_total, o.available, o.booked, o.buffer FROM one o
    UNION ALL
    SELECT NULL, 'All together', false, NULL, NULL, NULL, true, sum(o.available)::bigint, sum(o.booked)::bigint, sum(o.buffer)::bigint FROM one o HAVING count(*) > 0
)
SELECT n.id AS who_id, n.name AS unit, n.is_device, n.place, n.is_total, n.available, n.booked, n.buffer,
       round(100.0 * n.booked / nullif(n.available, 0))::int AS percent, n.available = 0 AS is_outside,
       w.booked AS booked_w, least(100 - w.booked, round(100.0 * n.buffer / greatest(n.available, 1)))::int AS buffer_w
FROM line n
CROSS JOIN LATERAL (SELECT least(100, round(100.0 * n.booked / greatest(n.available, 1)))::int AS booked) AS w
ORDER BY n.is_total, n.place_position, n.place, n.is_device, n.position, n.name, n.id;

-- name: report_day :many
-- The same by day: of all providers, or of the provider, room or device that is asked for (:who). Bars are at most 100 high; x and w
-- of 720.
-- clients: none
WITH used AS (
    SELECT u.day, sum(u.available)::bigint AS available, sum(u.booked)::bigint AS booked, sum(u.buffer)::bigint AS buffer
    FROM app.report_use(nullif(:location, '')::uuid, :from_day::date, :to_day::date,
                        EXISTS (SELECT FROM app.resource r WHERE r.id = nullif(:who, '')::uuid AND r.kind <> 'staff')) AS u
    WHERE nullif(:who, '') IS NULL OR u.resource_id = nullif(:who, '')::uuid
    GROUP BY u.day
), line AS (
    SELECT g::date AS day, row_number() OVER (ORDER BY g) - 1 AS n, count(*) OVER () AS days,
           coalesce(u.available, 0) AS available, coalesce(u.booked, 0) AS booked, coalesce(u.buffer, 0) AS buffer,
           greatest(max(greatest(u.available, u.booked + u.buffer)) OVER (), 1) AS most
    FROM generate_series(:from_day::date::timestamp, :to_day::date::timestamp, interval '1 day') AS g
    LEFT JOIN used u ON u.day = g::date
)
SELECT n.day, n.available, n.booked, n.buffer, round(100.0 * n.booked / nullif(n.available, 0))::int AS percent,
       round(720.0 * n.n / n.days, 2)::float8 AS x, round(greatest(720.0 / n.days * 0.75, 1), 2)::float8 AS w,
       100 - h.available AS available_y, h.available AS available_h,
       100 - h.booked AS booked_y, h.booked AS booked_h,
       100 - h.booked - h.buffer AS buffer_y, h.buffer AS buffer_h
FROM line n
CROSS JOIN LATERAL (SELECT round(100.0 * n.available / n.most)::int AS available, round(100.0 * n.booked / n.most)::int AS booked,
                           least(round(100.0 * n.buffer / n.most), 100 - round(100.0 * n.booked / n.most))::int AS buffer) AS h
ORDER BY n.day;

-- name: report_who :maybe
-- The provider, room or device that the days are of.
-- clients: none
SELECT r.name AS who_name
FROM app.resource r
WHERE r.id = nullif(:who, '')::uuid;

-- name: report_each :many
-- All of it for a file: each provider, room and device, day and place.
-- clients: none
SELECT to_char(u.day, 'YYYY-MM-DD') AS day, l.name AS place, r.kind, r.name, u.available, u.booked, u.buffer,
       round(100.0 * u.booked / nullif(u.available, 0))::int AS percent
FROM (SELECT * FROM app.report_use(nullif(:location, '')::uuid, :from_day::date, :to_day::date, false)
      UNION ALL
      SELECT * FROM app.report_use(nullif(:location, '')::uuid, :from_day::date, :to_day::date, true)) AS u
JOIN app.resource r ON r.id = u.resource_id
JOIN app.location l ON l.id = u.location_id
ORDER BY u.day, l.position, l.name, r.kind = 'staff' DESC, r.kind DESC, r.position, r.name, r.id;

-- ---- who did not come ----

-- name: report_missed_service :many
-- Visits of each service, and of all together in the last row: how many were booked, are to come, did not come (percent: of those whose
-- time has come), were cancelled (percent: of all), and of those late; what the rules ask for and what was let go, in cents.
-- clients: none
WITH one AS (
    SELECT v.id, v.name, v.category, v.position, sum(m.planned)::bigint AS planned, sum(m.coming)::bigint AS coming, sum(m.came)::bigint AS came,
           sum(m.missed)::bigint AS missed, sum(m.cancelled)::bigint AS cancelled, sum(m.late)::bigint AS late,
           sum(m.due_cents)::bigint AS due_cents, sum(m.waived)::bigint AS waived, sum(m.waived_cents)::bigint AS waived_cents
    FROM app.report_missed(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS m
    JOIN app.service v ON v.id = m.service_id
    GROUP BY v.id, v.name, v.category, v.position
), line AS (
    SELECT o.id, o.name, o.category, o.position, false AS is_total, o.planned, o.coming, o.came, o.missed, o.cancelled, o.late, o.due_cents, o.waived, o.waived_cents
    FROM one o
    UNION ALL
    SELECT NULL, 'All together', NULL, NULL, true, sum(o.planned)::bigint, sum(o.coming)::bigint, sum(o.came)::bigint, sum(o.missed)::bigint,
           sum(o.cancelled)::bigint, sum(o.late)::bigint, sum(o.due_cents)::bigint, sum(o.waived)::bigint, sum(o.waived_cents)::bigint
    FROM one o HAVING count(*) > 0
)
SELECT n.name AS what, n.is_total, n.planned, n.coming, n.came, n.missed, to_char(100.0 * n.missed / nullif(n.came + n.missed, 0), 'FM990.0') AS missed_percent,
       n.cancelled, to_char(100.0 * n.cancelled / nullif(n.planned, 0), 'FM990.0') AS cancelled_percent, n.late, n.due_cents, n.waived, n.waived_cents
FROM line n
ORDER BY n.is_total, n.category, n.position, n.name, n.id;

-- name: report_missed_provider :many
-- The same by provider.
-- clients: none
SELECT f.name AS what, sum(m.planned)::bigint AS planned, sum(m.coming)::bigint AS coming, sum(m.came)::bigint AS came, sum(m.missed)::bigint AS missed,
       to_char(100.0 * sum(m.missed) / nullif(sum(m.came + m.missed), 0), 'FM990.0') AS missed_percent, sum(m.cancelled)::bigint AS cancelled,
       to_char(100.0 * sum(m.cancelled) / nullif(sum(m.planned), 0), 'FM990.0') AS cancelled_percent, sum(m.late)::bigint AS late,
       sum(m.due_cents)::bigint AS due_cents, sum(m.waived)::bigint AS waived, sum(m.waived_cents)::bigint AS waived_cents
FROM app.report_missed(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS m
JOIN app.staff f ON f.id = m.staff_id
GROUP BY f.id, f.name, f.position
ORDER BY f.position, f.name, f.id;

-- name: report_missed_weekday :many
-- The same by weekday, each of them, with bars of at most 100.
-- clients: none
WITH line AS (
    SELECT w.n, w.name, coalesce(sum(m.planned), 0)::bigint AS planned, coalesce(sum(m.coming), 0)::bigint AS coming, coalesce(sum(m.came), 0)::bigint AS came,
           coalesce(sum(m.missed), 0)::bigint AS missed, coalesce(sum(m.cancelled), 0)::bigint AS cancelled, coalesce(sum(m.late), 0)::bigint AS late,
           coalesce(sum(m.due_cents), 0)::bigint AS due_cents, coalesce(sum(m.waived), 0)::bigint AS waived, coalesce(sum(m.waived_cents), 0)::bigint AS waived_cents
    FROM unnest(ARRAY['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']) WITH ORDINALITY AS w (name, n)
    LEFT JOIN app.report_missed(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS m ON m.weekday = w.n
    GROUP BY w.n, w.name
)
SELECT n.name AS what, left(n.name, 3) AS label, n.planned, n.coming, n.came, n.missed, to_char(100.0 * n.missed / nullif(n.came + n.missed, 0), 'FM990.0') AS missed_percent,
       n.cancelled, to_char(100.0 * n.cancelled / nullif(n.planned, 0), 'FM990.0') AS cancelled_percent, n.late, n.due_cents, n.waived, n.waived_cents,
       ((n.n - 1) * 104)::int AS x, ((n.n - 1) * 104 + 40)::int AS middle,
       100 - h.missed AS missed_y, h.missed AS missed_h, 100 - h.missed - h.cancelled AS cancelled_y, h.cancelled AS cancelled_h
FROM line n
CROSS JOIN (SELECT greatest(max(x.missed + x.cancelled), 1) AS most FROM line x) AS m
CROSS JOIN LATERAL (SELECT round(100.0 * n.missed / m.most)::int AS missed, least(round(100.0 * n.cancelled / m.most), 100 - round(100.0 * n.missed / m.most))::int AS cancelled) AS h
ORDER BY n.n;

-- ---- how long before ----

-- name: report_ahead_sum :many
-- How long before the visit it was booked: a quarter within, half within, three quarters within; all, online, at the desk.
-- clients: none
SELECT k.name AS what, count(a.minutes)::bigint AS visits,
       app.ahead_words(percentile_cont(0.25) WITHIN GROUP (ORDER BY a.minutes)) AS quarter,
       app.ahead_words(percentile_cont(0.5) WITHIN GROUP (ORDER BY a.minutes)) AS half,
       app.ahead_words(percentile_cont(0.75) WITHIN GROUP (ORDER BY a.minutes)) AS three_quarters
FROM (VALUES (1, 'All', NULL::boolean), (2, 'Online', true), (3, 'At the desk', false)) AS k (n, name, is_online)
JOIN app.report_ahead(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS a ON k.is_online IS NULL OR a.is_online = k.is_online
GROUP BY k.n, k.name
ORDER BY k.n;

-- name: report_ahead_step :many
-- How many were booked how long before, online and at the desk; bars side by side, at most 100 high.
-- clients: none
WITH step AS (
    SELECT s.n, s.name, s.label, s.lo, lead(s.lo) OVER (ORDER BY s.n) AS hi
    FROM (VALUES (1, 'Less than 2 hours', '< 2 h', 0), (2, '2 to 24 hours', '< 1 day', 120), (3, '1 to 2 days', '1 day', 1440), (4, '2 to 7 days', '2–6 days', 2880),
                 (5, '1 to 2 weeks', '1 week', 10080), (6, '2 to 4 weeks', '2–3 weeks', 20160), (7, '4 to 8 weeks', '4–7 weeks', 40320), (8, '8 weeks or more', '8+ weeks', 80640)) AS s (n, name, label, lo)
), line AS (
    SELECT s.n, s.name, s.label, count(*) FILTER (WHERE a.is_online) AS online, count(*) FILTER (WHERE NOT a.is_online) AS desk
    FROM step s
    LEFT JOIN app.report_ahead(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS a ON a.minutes >= s.lo AND (s.hi IS NULL OR a.minutes < s.hi)
    GROUP BY s.n, s.name, s.label
)
SELECT n.name AS what, n.label, n.online, n.desk, n.online + n.desk AS both,
       ((n.n - 1) * 91)::int AS x, ((n.n - 1) * 91 + 36)::int AS desk_x, ((n.n - 1) * 91 + 35)::int AS middle,
       100 - h.online AS online_y, h.online AS online_h, 100 - h.desk AS desk_y, h.desk AS desk_h
FROM line n
CROSS JOIN (SELECT greatest(max(greatest(x.online, x.desk)), 1) AS most FROM line x) AS m
CROSS JOIN LATERAL (SELECT round(100.0 * n.online / m.most)::int AS online, round(100.0 * n.desk / m.most)::int AS desk) AS h
ORDER BY n.n;

-- ---- the busiest hours ----

-- name: report_hour :many
-- From the first hour with a visit to the last: how many visits were on in it, on all such days together.
-- clients: none
WITH busy AS MATERIALIZED (
    SELECT b.hour, sum(b.visits)::bigint AS visits FROM app.report_busy(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS b GROUP BY b.hour
)
SELECT g.hour, to_char(make_time(g.hour, 0, 0), 'FMHH12 am') AS hour_words, coalesce(b.visits, 0) AS visits
FROM generate_series((SELECT min(hour) FROM busy), (SELECT max(hour) FROM busy)) AS g (hour)
LEFT JOIN busy b ON b.hour = g.hour
ORDER BY g.hour;

-- name: report_hour_cell :many
-- The same by weekday; heat: from 0, nothing, to 5, the most.
-- clients: none
WITH busy AS MATERIALIZED (
    SELECT b.weekday, b.hour, b.visits FROM app.report_busy(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS b
)
SELECT g.hour, coalesce(b.visits, 0) AS visits, coalesce(ceil(5.0 * b.visits / (SELECT max(x.visits) FROM busy x)), 0)::int AS heat,
       b.visits = (SELECT max(x.visits) FROM busy x) AS is_most
FROM generate_series((SELECT min(hour) FROM busy), (SELECT max(hour) FROM busy)) AS g (hour)
CROSS JOIN generate_series(1, 7) AS w (weekday)
LEFT JOIN busy b ON b.hour = g.hour AND b.weekday = w.weekday
ORDER BY g.hour, w.weekday;

-- name: report_hour_file :many
-- The same as rows of a file.
-- clients: none
WITH busy AS MATERIALIZED (
    SELECT b.weekday, b.hour, b.visits FROM app.report_busy(nullif(:location, '')::uuid, :from_day::date, :to_day::date) AS b
)
SELECT to_char(make_time(g.hour, 0, 0), 'HH24:MI') AS hour,
       coalesce(sum(b.visits) FILTER (WHERE b.weekday = 1), 0)::bigint AS monday, coalesce(sum(b.visits) FILTER (WHERE b.weekday = 2), 0)::bigint AS tuesday,
       coalesce(sum(b.visits) FILTER (WHERE b.weekday = 3), 0)::bigint AS wednesday, coalesce(sum(b.visits) FILTER (WHERE b.weekday = 4), 0)::bigint AS thursday,
       coalesce(sum(b.visits) FILTER (WHERE b.weekday = 5), 0)::bigint AS friday, coalesce(sum(b.visits) FILTER (WHERE b.weekday = 6), 0)::bigint AS saturday,
       coalesce(sum(b.visits) FILTER (WHERE b.weekday = 7), 0)::bigint AS sunday, coalesce(sum(b.visits), 0)::bigint AS together
FROM generate_series((SELECT min(hour) FROM busy), (SELECT max(hour) FROM busy)) AS g (hour)
LEFT JOIN busy b ON b.hour = g.hour
GROUP BY g.hour
ORDER BY g.hour;
