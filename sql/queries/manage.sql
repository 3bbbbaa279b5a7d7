-- name: manage_find :one
-- The link of a token; FY410 when it is over, FY429 after too many that were none. NULL: there is none, which is counted, so it is committed.
SELECT sec.link_find(:link_token::bytea, :address::inet) AS link_id;

-- name: manage_prove :one
-- Compares the date of birth, counts a failure, and opens a session when it is right. Always one row.
SELECT p.is_ok, p.tries_left, p.is_over, p.wait_seconds
FROM sec.link_prove(:host, :link_id::uuid, :link_token::bytea, :birth_date::date, :session_token::bytea, :address::inet, :agent, :request_id::uuid) p;

-- name: manage_language :exec
-- In this language from now on, on all pages of the link.
SELECT FROM sec.link_language(:lang);

-- name: manage_visit :one
-- An appointment of hers, the one of this link or another, and what she may do with it herself by the rules that she accepted.
SELECT a.client_id, coalesce(c.preferred_name, c.name) AS called, v.name AS service_name,
       (extract(epoch FROM a.ends_at - a.starts_at) / 60)::int AS minutes, n.names AS addon_names,
       a.starts_at AT TIME ZONE l.zone AS starts, app.zone_words(l.zone) AS zone_words,
       l.name AS place_name, concat_ws(', ', nullif(l.street, ''), nullif(l.city, '')) AS address,
       f.name AS provider, coalesce(l.phone, t.phone) AS studio_phone,
       CASE WHEN a.id = k.appointment_id THEN '' ELSE '/visits/' || a.id END AS base,
       a.version, app.in_words(a.status) AS status_words, a.status,
       a.status = 'cancelled' AS is_cancelled,
       a.status IN ('booked', 'confirmed') AND a.starts_at > now() AS is_coming,
       x.can_move, x.can_cancel,
       CASE WHEN x.can_cancel AND x.cancel_until < a.starts_at THEN x.cancel_until AT TIME ZONE l.zone END AS cancel_until,
       CASE WHEN x.can_move AND x.move_until < a.starts_at THEN x.move_until AT TIME ZONE l.zone END AS move_until,
       x.moves_left = 1 AS is_last_move, x.moves_left = 0 AS has_no_move,
       a.deposit_cents, g.n AS n_parts, a.series_id IS NOT NULL AS is_series,
       a.asks_look = 'due_date' AS asks_look, v.week_from, v.week_to,
       CASE WHEN v.week_from IS NOT NULL AND c.due_date - (a.starts_at AT TIME ZONE l.zone)::date BETWEEN -21 AND 280
            THEN (280 - (c.due_date - (a.starts_at AT TIME ZONE l.zone)::date)) / 7 END AS in_week,
       c.due_date,
       w.n AS forms_due, w.n = 1 AS is_one_form
FROM app.link k
JOIN app.appointment a ON a.client_id = k.client_id AND a.id = coalesce(:appointment_id::uuid, k.appointment_id)
JOIN app.client c ON c.id = a.client_id
JOIN app.service v ON v.id = a.service_id
JOIN app.location l ON l.id = a.location_id
JOIN app.tenant t ON t.id = a.tenant_id
LEFT JOIN app.staff f ON f.id = a.staff_id
CROSS JOIN LATERAL app.visit_limits(a.id) AS x
CROSS JOIN LATERAL (SELECT string_agg(o.name, ', ' ORDER BY o.position, o.name) AS names
                    FROM app.appointment_addon d JOIN app.addon o ON o.id = d.addon_id WHERE d.appointment_id = a.id) AS n
CROSS JOIN LATERAL (SELECT nullif(count(*), 1) AS n FROM app.appointment p
                    WHERE p.group_id = a.group_id AND p.status IN ('booked', 'confirmed') AND p.starts_at > now()) AS g
-- the parts of one visit ask for a form once
CROSS JOIN LATERAL (SELECT count(*) AS n FROM app.form_assignment d
                    WHERE d.client_id = a.client_id AND app.form_is_due(d.state, d.due_by)
                      AND d.appointment_id IN (SELECT p.id FROM app.appointment p WHERE p.id = a.id
                                               OR (p.group_id = a.group_id AND p.status NOT IN ('cancelled', 'expired')))) AS w
WHERE k.id = :link_id::uuid AND a.status NOT IN ('held', 'expired');

-- name: manage_rules :maybe
-- The version of the rules of booking that she accepted with it.
SELECT r.version AS rule_version
FROM app.link k
JOIN app.appointment a ON a.client_id = k.client_id AND a.id = coalesce(:appointment_id::uuid, k.appointment_id)
JOIN app.booking_rule r ON r.id = a.booking_rule_id
WHERE k.id = :link_id::uuid;

-- name: manage_rule_words :many
-- What they say.
SELECT w.words AS sentence
FROM app.link k
JOIN app.appointment a ON a.client_id = k.client_id AND a.id = coalesce(:appointment_id::uuid, k.appointment_id)
JOIN app.booking_rule r ON r.id = a.booking_rule_id
CROSS JOIN LATERAL app.rule_words(r.cancel_hours, r.move_hours, r.max_moves, r.late_minutes, r.late_cancel_cents, r.no_show_cents, r.max_no_shows) WITH ORDINALITY AS w (words, n)
WHERE k.id = :link_id::uuid
ORDER BY w.n;

-- name: manage_coming :many
-- All her coming appointments here, when there is more than the one that is shown: which belong together, which are of one series.
SELECT q.client_id, q.base, q.starts, q.service_name, q.provider, q.place_name, q.is_shown, q.part, q.n_parts, q.is_series, q.asks_look
FROM (
    SELECT a.client_id, CASE WHEN a.id = k.appointment_id THEN '/visit' ELSE '/visits/' || a.id END AS base, a.starts_at,
           a.starts_at AT TIME ZONE l.zone AS starts, v.name AS service_name, f.name AS provider, l.name AS place_name,
           a.id = coalesce(:appointment_id::uuid, k.appointment_id) AS is_shown,
           CASE WHEN a.group_id IS NOT NULL THEN count(*) OVER w END AS part,
           CASE WHEN a.group_id IS NOT NULL THEN nullif(count(*) OVER (PARTITION BY a.group_id), 1) END AS n_parts,
           a.series_id IS NOT NULL AS is_series, coalesce(a.asks_look = 'due_date', false) AS asks_look, count(*) OVER () AS n
    FROM app.link k
    JOIN app.appointment a ON a.client_id = k.client_id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()
    JOIN app.service v ON v.id = a.service_id
    JOIN app.location l ON l.id = a.location_id
    LEFT JOIN app.staff f ON f.id = a.staff_id
    WHERE k.id = :link_id::uuid
    WINDOW w AS (PARTITION BY a.group_id ORDER BY a.group_position, a.id)
) AS q
WHERE q.n > 1 OR NOT q.is_shown
ORDER BY q.starts_at
LIMIT 60;

-- name: manage_events :many
-- What happened to it, for her to see.
SELECT e.at AT TIME ZONE l.zone AS at,
       CASE WHEN e.what = 'moved' THEN 'Moved' ELSE app.in_words(e.status) END AS words,
       CASE WHEN e.what = 'moved' THEN e.from_starts_at AT TIME ZONE l.zone END AS from_starts,
       CASE e.by_kind WHEN 'staff' THEN 'by the studio' WHEN 'client' THEN 'by you' WHEN 'visitor' THEN 'by you' END AS by_words
FROM app.link k
JOIN app.appointment a ON a.client_id = k.client_id AND a.id = coalesce(:appointment_id::uuid, k.appointment_id)
JOIN app.appointment_event e ON e.appointment_id = a.id
JOIN app.location l ON l.id = a.location_id
WHERE k.id = :link_id::uuid AND e.status NOT IN ('held', 'expired')
ORDER BY e.at;

-- name: manage_moving :one
-- An appointment of hers as something that may be moved: service and place stay.
SELECT a.id AS moving, a.client_id, a.service_id, a.location_id AS place, a.staff_id, f.name AS provider,
       CASE WHEN a.id = k.appointment_id THEN '' ELSE '/visits/' || a.id END AS base,
       a.starts_at AT TIME ZONE l.zone AS old_starts, a.version, x.can_move, x.moves_left = 1 AS is_last_move,
       CASE WHEN g.n > 1 THEN a.group_id END AS group_id, g.starts_at AT TIME ZONE l.zone AS group_starts,
       coalesce(l.phone, t.phone) AS studio_phone
FROM app.link k
JOIN app.appointment a ON a.client_id = k.client_id AND a.id = coalesce(:appointment_id::uuid, k.appointment_id)
JOIN app.location l ON l.id = a.location_id
JOIN app.tenant t ON t.id = a.tenant_id
LEFT JOIN app.staff f ON f.id = a.staff_id
CROSS JOIN LATERAL app.visit_limits(a.id) AS x
CROSS JOIN LATERAL (SELECT count(*) AS n, min(p.starts_at) AS starts_at FROM app.appointment p
                    WHERE p.group_id = a.group_id AND p.status IN ('booked', 'confirmed') AND p.starts_at > now()) AS g
WHERE k.id = :link_id::uuid;

-- name: manage_move_whole :many
-- The same of all coming parts of the visit that it belongs to: all or none, one after the other from the new time on. The first is given.
SELECT p.id AS appointment_id
FROM app.group_move_as(:together::uuid, :who::uuid IS NULL, to_timestamp(:slot::float8), :moving::uuid, :version::int) AS moved
CROSS JOIN LATERAL (SELECT x.id FROM app.appointment x WHERE x.group_id = :together::uuid AND x.status IN ('booked', 'confirmed')
                    ORDER BY x.group_position LIMIT 1) AS p;

-- name: manage_move :one
-- Moves it: the new time is taken and the old one given back at once, or neither.
SELECT app.appointment_move(:moving::uuid, :who::uuid, to_timestamp(:slot::float8), :version::int) AS version;

-- name: manage_cancel :one
-- Cancels it for her.
SELECT app.appointment_set_status(:visit_id::uuid, 'cancelled', :version::int, 'client_asked') AS version;

-- name: manage_cancel_whole :many
-- Cancels all coming parts of the visit that it belongs to; the first of them is given first.
SELECT p.id AS appointment_id, app.appointment_set_status(p.id, 'cancelled', NULL, 'client_asked') AS version
FROM app.appointment a
JOIN app.appointment p ON p.group_id = a.group_id AND p.client_id = a.client_id
WHERE a.id = :visit_id::uuid AND a.version = :version::int AND p.status IN ('booked', 'confirmed') AND p.starts_at > now()
ORDER BY p.group_position;

-- name: manage_due_date :exec
-- Her due date, told by herself; visits whose weeks no longer fit ask the studio for a look.
SELECT FROM sec.due_date_told(:due_date::date);
