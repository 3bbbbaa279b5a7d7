-- name: series_asked :one
-- What a new series is to be, as far as it is known: what was typed, else the visit that is to be repeated.
SELECT coalesce(:client_id::uuid, a.client_id) AS client_id,
       a.id AS adopted,
       coalesce(:service_id::uuid, a.service_id) AS service_id,
       coalesce(:location_id::uuid, a.location_id) AS location_id,
       CASE WHEN :day::date IS NULL AND :staff_id::uuid IS NULL THEN a.staff_id ELSE :staff_id::uuid END AS staff_id,
       to_char(coalesce(:day::date, w.starts::date), 'YYYY-MM-DD') AS day,
       to_char(coalesce(:time::time, w.starts::time), 'HH24:MI') AS "time",
       coalesce(:every::int, 1) AS every,
       :times::int AS times,
       to_char(:until::date, 'YYYY-MM-DD') AS until,
       coalesce(:client_id::uuid, a.client_id) IS NOT NULL AND :service_id::uuid IS NOT NULL AND :location_id::uuid IS NOT NULL
           AND :day::date IS NOT NULL AND :time::time IS NOT NULL AND :every::int IS NOT NULL AS is_whole
FROM (VALUES (1)) AS one
LEFT JOIN app.appointment a ON a.id = :from::uuid AND a.client_id IS NOT NULL
LEFT JOIN app.location l ON l.id = a.location_id
LEFT JOIN LATERAL (SELECT a.starts_at AT TIME ZONE l.zone AS starts) AS w ON true;

-- name: series_client :maybe
-- For whom it is.
SELECT c.id AS client_id, c.name AS client, c.birth_date
FROM app.client c
WHERE c.id = :client_id::uuid;

-- name: series_service :many
-- Services that can be booked.
SELECT v.id AS service_id, v.name AS service, v.duration_min, v.id = :service_id::uuid AS is_chosen
FROM app.service v
WHERE v.is_active
ORDER BY v.category, v.position, v.name;

-- name: series_provider :many
-- Who can be booked, of those who do the service when it is known.
SELECT f.id AS staff_id, f.name AS provider, f.id = :staff_id::uuid AS is_chosen
FROM app.staff f
WHERE f.is_active AND f.is_provider
  AND (:service_id::uuid IS NULL OR EXISTS (SELECT FROM app.service_staff x WHERE x.service_id = :service_id::uuid AND x.staff_id = f.id))
ORDER BY f.position, f.name;

-- name: series_place :many
-- Places where it can be.
SELECT l.id AS location_id, l.name AS location_name, app.zone_words(l.zone) AS zone_words, l.id = :location_id::uuid AS is_chosen
FROM app.location l
WHERE l.is_active
ORDER BY l.position, l.name;

-- name: series_problem :one
-- What is wrong with the rule; NULL when nothing is.
SELECT p.field, p.words
FROM app.series_problem(:location_id::uuid, :day::date, :every::int, :times::int, :until::date) AS p;

-- name: series_preview :many
-- Each time of a new series, those that cannot be first.
SELECT to_char(p.rule_at, 'YYYY-MM-DD"T"HH24:MI') AS rule_key,
       to_char(p.rule_at, 'YYYY-MM-DD"T"HH24:MI') AS at_key,
       p.rule_at,
       p.what IN ('taken', 'clock') AS is_conflict,
       p.what = 'clock' AS is_clock,
       p.what = 'adopted' AS is_adopted,
       to_char(p.rule_at, 'YYYY-MM-DD"T"HH24:MI') || '=out' = ANY (:picks::text[]) AS is_out,
       p.why,
       count(*) FILTER (WHERE p.what IN ('taken', 'clock')) OVER () AS n_conflicts,
       count(*) OVER () AS n_all
FROM app.series_preview(:service_id::uuid, :location_id::uuid, :staff_id::uuid, :day::date, :time::time, :every::int, :times::int, :until::date,
                        :client_id::uuid, :from::uuid) AS p
ORDER BY p.what NOT IN ('taken', 'clock'), p.rule_at;

-- name: series_alternative :many
-- The free times nearest to each of those that cannot be (at_key: when it should be), with the provider that was asked for; and with
-- anybody else at the same hour.
SELECT c.key AS at_key,
       to_char(f.starts_local, 'YYYY-MM-DD"T"HH24:MI') AS starts_key,
       f.starts_local AS starts,
       f.staff_id,
       s.name AS provider,
       EXISTS (SELECT FROM unnest(:picks::text[]) AS p (pick) WHERE split_part(p.pick, '=', 2) = to_char(f.starts_local, 'YYYY-MM-DD"T"HH24:MI')
               AND split_part(p.pick, '=', 3) = f.staff_id::text) AS is_chosen
FROM (SELECT t.k AS key, t.visit, t.k::timestamp AT TIME ZONE l.zone AS around
      FROM unnest(:conflicts::text[], :moved::uuid[]) AS t (k, visit) JOIN app.location l ON l.id = :location_id::uuid) AS c
CROSS JOIN LATERAL (
    SELECT n.staff_id, n.starts_local FROM app.nearest_free(:service_id::uuid, :location_id::uuid, :staff_id::uuid, c.around, 3, :client_id::uuid, '{}', c.visit) AS n
    UNION
    SELECT n.staff_id, n.starts_local FROM app.nearest_free(:service_id::uuid, :location_id::uuid, NULL, c.around, 1, :client_id::uuid, '{}', c.visit) AS n
    WHERE n.starts_at = c.around
) AS f
JOIN app.staff s ON s.id = f.staff_id
ORDER BY c.key, f.starts_local, s.name;

-- name: series_book :one
-- Books it: each time as the rule says or as was chosen.
SELECT app.series_book(:service_id::uuid, :location_id::uuid, :staff_id::uuid, :day::date, :time::time, :every::int, :times::int, :until::date,
                       :client_id::uuid, :from::uuid, :picks::text[], :mode = 'all') AS series_id;

-- name: series_one :one
-- A series: its rule in words, for whom, with whom, where.
SELECT s.id AS series_id,
       s.client_id,
       coalesce(app.called(c.name, c.preferred_name, c.pronouns), 'A client of a colleague''s') AS client,
       v.name AS service,
       f.name AS provider,
       l.name AS location_name,
       app.zone_words(s.zone) AS zone_words,
       CASE s.every_weeks WHEN 1 THEN 'Every week' ELSE 'Every ' || s.every_weeks || ' weeks' END AS every_words,
       to_char(s.first_day, 'FMDay') AS weekday,
       s.at,
       s.first_day,
       s.n_times,
       s.until,
       s.minutes,
       s.follows_id,
       s.ended_at IS NOT NULL AS has_ended,
       n.id AS followed_by,
       b.name AS made_by,
       s.created_at AT TIME ZONE s.zone AS made_local,
       k.n_coming > 0 AND (app.may('booking_write') OR app.reaches('booking_write', s.client_id)) AS can_change,
       k.n_coming,
       nullif(w.n_clock, 0) AS n_clock
FROM app.series s
LEFT JOIN app.client c ON c.id = s.client_id
JOIN app.service v ON v.id = s.service_id
JOIN app.location l ON l.id = s.location_id
LEFT JOIN app.staff f ON f.id = s.staff_id
LEFT JOIN app.staff b ON b.id = s.created_by
LEFT JOIN LATERAL (SELECT x.id FROM app.series x WHERE x.follows_id = s.id ORDER BY x.created_at DESC LIMIT 1) AS n ON true
CROSS JOIN LATERAL (SELECT count(*)::int AS n_coming FROM app.appointment a
                    WHERE a.series_id = s.id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()) AS k
CROSS JOIN LATERAL (SELECT count(*)::int AS n_clock FROM app.series_visit x JOIN app.appointment a ON a.id = x.appointment_id
                    WHERE x.series_id = s.id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now() AND a.starts_at = x.rule_starts_at
                      AND x.rule_starts_at <> x.rule_at AT TIME ZONE s.zone) AS w
WHERE s.id = :series_id::uuid;

-- name: series_clock :many
-- Series with visits to come that stand at another hour of the clock than their rule says, because the rules of the clock have changed
-- since they were booked.
SELECT s.id AS series_id, s.client_id, coalesce(app.called(c.name, c.preferred_name, c.pronouns), 'A client of a colleague''s') AS client, v.name AS service, l.name AS location_name,
       s.at, count(*)::int AS n_clock, min(a.starts_at) AT TIME ZONE s.zone AS first_starts
FROM app.series s
JOIN app.series_visit x ON x.series_id = s.id
JOIN app.appointment a ON a.id = x.appointment_id AND a.starts_at > now() AND a.status IN ('booked', 'confirmed') AND a.starts_at = x.rule_starts_at
JOIN app.service v ON v.id = s.service_id
JOIN app.location l ON l.id = s.location_id
LEFT JOIN app.client c ON c.id = s.client_id
WHERE x.rule_starts_at <> x.rule_at AT TIME ZONE s.zone
GROUP BY s.id, s.client_id, c.name, c.preferred_name, c.pronouns, v.name, l.name, s.at, s.zone
ORDER BY min(a.starts_at), s.id
LIMIT 300;

-- name: series_visit :many
-- Each time that its rule gives: the visit, whether it is still as the rule says, or why there is none.
SELECT v.rule_at,
       v.appointment_id,
       a.starts_at AT TIME ZONE s.zone AS starts,
       a.ends_at AT TIME ZONE s.zone AS ends,
       f.name AS provider,
       a.status,
       app.in_words(a.status) AS status_words,
       a.id IS NOT NULL AND a.status <> 'cancelled'
           AND app.is_series_exception(v.rule_at, v.rule_starts_at, v.minutes, s.staff_id, s.zone, a.starts_at, a.ends_at, a.staff_id) AS is_exception,
       a.starts_at AT TIME ZONE s.zone <> v.rule_at AS is_moved, -- by somebody, or by the clock
       a.status IN ('booked', 'confirmed') AND a.starts_at > now() AS is_coming,
       CASE v.left_out WHEN 'clock' THEN 'Left out: the clock is changed in this night, and this time does not exist.'
                       WHEN 'chosen' THEN 'Left out when it was booked.'
                       WHEN 'taken' THEN 'Left out: ' || coalesce(nullif(v.why, ''), 'it was not free.') END AS left_words,
       a.starts_at = v.rule_starts_at AND v.rule_starts_at <> v.rule_at AT TIME ZONE s.zone
           AND a.status IN ('booked', 'confirmed') AND a.starts_at > now() AS has_new_clock
FROM app.series s
JOIN app.series_visit v ON v.series_id = s.id
LEFT JOIN app.appointment a ON a.id = v.appointment_id
LEFT JOIN app.staff f ON f.id = a.staff_id
WHERE s.id = :series_id::uuid
ORDER BY v.rule_at;

-- name: series_of_visit :maybe
-- The series that a visit is one of, if it is.
SELECT s.id AS in_series, CASE s.every_weeks WHEN 1 THEN 'every week' ELSE 'every ' || s.every_weeks || ' weeks' END AS every_words
FROM app.appointment a
JOIN app.series s ON s.id = a.series_id
WHERE a.id = :appointment_id::uuid;

-- name: series_of_client :many
-- Series of a client that have visits to come.
SELECT s.id AS series_id, s.client_id, v.name AS service,
       CASE s.every_weeks WHEN 1 THEN 'Every week' ELSE 'Every ' || s.every_weeks || ' weeks' END AS every_words,
       s.at, count(a.id)::int AS n_coming
FROM app.series s
JOIN app.service v ON v.id = s.service_id
JOIN app.appointment a ON a.series_id = s.id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()
WHERE s.client_id = ANY (app.record_ids(:client_id::uuid))
GROUP BY s.id, s.client_id, v.name, s.every_weeks, s.at, s.created_at
ORDER BY s.created_at;

-- name: series_changing :one
-- What is to be changed: the visit from which on (the next one unless another was chosen), and what holds now or was typed.
SELECT s.id AS series_id, s.client_id, coalesce(app.called(c.name, c.preferred_name, c.pronouns), 'A client of a colleague''s') AS client, s.service_id, s.location_id, s.version,
       v.name AS service, l.name AS location_name, app.zone_words(s.zone) AS zone_words,
       a.id AS visit, a.starts_at AT TIME ZONE s.zone AS visit_starts,
       o.scope, o.scope = 'one' AS is_one, o.scope = 'later' AS is_later, o.scope = 'all' AS is_all,
       coalesce(:what, '') = 'cancel' AS is_cancel,
       to_char(coalesce(:day::date, b.base::date), 'YYYY-MM-DD') AS day,
       to_char(coalesce(:time::time, b.base::time), 'HH24:MI') AS "time",
       coalesce(:day::date, b.base::date) - b.base::date AS shift,
       coalesce(:who, '') AS who,
       coalesce(:who, '') = 'any' AS is_any,
       CASE WHEN coalesce(:who, '') NOT IN ('', 'any') THEN (:who)::uuid END AS staff_id,
       :minutes::int AS minutes,
       o.scope <> 'one' AND abs(coalesce(:day::date, b.base::date) - b.base::date) > 6 AS is_too_far
FROM app.series s
JOIN app.service v ON v.id = s.service_id
JOIN app.location l ON l.id = s.location_id
LEFT JOIN app.client c ON c.id = s.client_id
CROSS JOIN LATERAL (SELECT CASE WHEN :scope IN ('one', 'all') THEN :scope ELSE 'later' END AS scope) AS o
JOIN LATERAL (
    SELECT x.id, x.starts_at FROM app.appointment x
    WHERE x.series_id = s.id AND x.status IN ('booked', 'confirmed') AND x.starts_at > now() AND (:visit::uuid IS NULL OR x.id = :visit::uuid)
    ORDER BY x.starts_at LIMIT 1) AS a ON true
JOIN app.series_visit w ON w.appointment_id = a.id
CROSS JOIN LATERAL (SELECT CASE o.scope WHEN 'one' THEN a.starts_at AT TIME ZONE s.zone ELSE w.rule_at END AS base) AS b
WHERE s.id = :series_id::uuid;

-- name: series_coming :many
-- Its visits to come, to choose from which one on.
SELECT a.id AS visit_id, a.starts_at AT TIME ZONE s.zone AS starts, a.id = :visit::uuid AS is_chosen
FROM app.series s
JOIN app.appointment a ON a.series_id = s.id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()
WHERE s.id = :series_id::uuid
ORDER BY a.starts_at;

-- name: series_change_preview :many
-- What a change does with each visit, those that cannot be first; of a cancellation, which visits.
SELECT p.appointment_id,
       to_char(p.rule_at, 'YYYY-MM-DD"T"HH24:MI') AS rule_key,
       to_char(p.new_rule, 'YYYY-MM-DD"T"HH24:MI') AS at_key,
       a.starts_at AT TIME ZONE s.zone AS starts,
       f.name AS provider,
       p.new_rule,
       g.name AS new_provider,
       NOT :is_cancel::boolean AND p.what IN ('taken', 'clock') AS is_conflict,
       NOT :is_cancel::boolean AND p.what = 'exception' AS is_exception,
       NOT :is_cancel::boolean AND p.what = 'same' AS is_same,
       :is_cancel::boolean OR p.what = 'free' AS is_free,
       CASE WHEN NOT :is_cancel::boolean THEN p.why END AS why,
       count(*) FILTER (WHERE p.what IN ('taken', 'clock') AND NOT :is_cancel::boolean) OVER () AS n_conflicts,
       count(*) FILTER (WHERE p.what = 'free' OR :is_cancel::boolean) OVER () AS n_free
FROM app.series s
CROSS JOIN LATERAL app.series_change_preview(s.id, :visit::uuid, :scope, CASE WHEN :is_cancel::boolean THEN 0 ELSE :shift::int END,
    CASE WHEN :is_cancel::boolean THEN NULL ELSE :time::time END, CASE WHEN :is_cancel::boolean THEN '' ELSE :who END,
    CASE WHEN :is_cancel::boolean THEN NULL ELSE :minutes::int END) AS p
CROSS JOIN LATERAL (SELECT x.starts_at, x.staff_id FROM app.appointment x WHERE x.id = p.appointment_id OFFSET 0) AS a -- each by its key
LEFT JOIN app.staff f ON f.id = a.staff_id
LEFT JOIN app.staff g ON g.id = p.wanted
WHERE s.id = :series_id::uuid
ORDER BY :is_cancel::boolean OR p.what NOT IN ('taken', 'clock'), a.starts_at;

-- name: series_change :one
-- Carries it out; the series that the changed visits are in.
SELECT app.series_change(:series_id::uuid, :visit::uuid, :scope, :shift::int, :time::time, :who, :minutes::int, :version::int, :picks::text[], :mode = 'all') AS series_id;

-- name: series_cancel :one
-- Cancels the visits to come of a scope.
SELECT app.series_cancel(:series_id::uuid, :visit::uuid, :scope, :reason, :version::int) AS n_cancelled;

-- name: series_message :one
-- A series as its messages tell it; never the service.
SELECT s.id AS series_id, s.client_id, coalesce(c.preferred_name, c.name) AS called, app.mail_address(c.id) AS email, s.version,
       coalesce(l.phone, t.phone) AS studio_phone, app.zone_words(s.zone) AS zone_words,
       concat_ws(', ', l.name, nullif(l.street, ''), nullif(l.city, ''), nullif(concat_ws(' ', l.region, l.postal_code), ' ')) AS address,
       (SELECT a.id FROM app.appointment a WHERE a.series_id = s.id AND (a.starts_at > now() OR a.updated_at = now())
        ORDER BY a.status NOT IN ('booked', 'confirmed'), a.starts_at LIMIT 1) AS visit_id
FROM app.series s
JOIN app.client c ON c.id = s.client_id
JOIN app.location l ON l.id = s.location_id
JOIN app.tenant t ON t.id = s.tenant_id
WHERE s.id = :told_series::uuid;

-- name: series_message_visit :many
-- Its visits to come, and those that were cancelled in this very transaction.
SELECT a.id AS appointment_id, a.starts_at AT TIME ZONE l.zone AS starts, f.name AS provider,
       concat_ws(', ', l.name, nullif(l.street, ''), nullif(l.city, ''), nullif(concat_ws(' ', l.region, l.postal_code), ' ')) AS address,
       extract(epoch FROM a.starts_at)::bigint AS starts_epoch, extract(epoch FROM a.ends_at)::bigint AS ends_epoch,
       extract(epoch FROM a.updated_at)::bigint AS changed_epoch, a.version, a.status = 'cancelled' AS is_cancelled,
       a.status <> 'cancelled' AS is_on
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
LEFT JOIN app.staff f ON f.id = a.staff_id
WHERE a.series_id = :told_series::uuid AND a.starts_at > now()
  AND (a.status IN ('booked', 'confirmed') OR (a.status = 'cancelled' AND a.updated_at = now()))
ORDER BY a.starts_at;
