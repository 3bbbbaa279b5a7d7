-- name: review_head :one
-- The week that is shown: the one asked for, or the one that runs.
SELECT w.week::text AS week, w.week AS first_day, w.week + 6 AS last_day, (w.week - 7)::text AS week_before, (w.week + 7)::text AS week_after,
       w.week + 7 <= w.today AS has_week_after, w.week + 7 > w.today AS is_running,
       r.gathered_at AT TIME ZONE app.zone() AS gathered_local, r.is_whole AND r.signed_at IS NULL AS is_waiting,
       r.signed_at AT TIME ZONE app.zone() AS signed_local, f.name AS signer, r.note AS signed_note, r.signed_at IS NULL AS can_gather,
       (SELECT count(*) FROM app.review_finding x WHERE x.week = w.week) AS n_findings
FROM (SELECT app.today() AS today, date_trunc('week', coalesce(nullif(:week, '')::date, app.today())::timestamp)::date AS week) w
LEFT JOIN app.review_week r ON r.week = w.week
LEFT JOIN app.staff f ON f.id = r.signed_by;

-- name: review_findings :many
-- What was unusual in it, by person; clients' names for those who may know them.
SELECT x.staff_id, coalesce(f.name, 'Foyer''s command') AS staff_name, f.role_names AS staff_roles,
       row_number() OVER (PARTITION BY x.staff_id ORDER BY x.day, x.kind, x.id) = 1 AS is_new_person,
       x.day::text AS day, x.day AS on_day, app.finding_words(x.kind, x.times) AS words, x.client_id, c.name AS client_name, x.first_event
FROM app.review_finding x
LEFT JOIN app.staff f ON f.id = x.staff_id
LEFT JOIN app.client c ON c.id = x.client_id
WHERE x.week = date_trunc('week', coalesce(nullif(:week, '')::date, app.today())::timestamp)::date
ORDER BY f.name NULLS LAST, x.staff_id, x.day, x.kind, x.id;

-- name: review_weeks :many
-- The weeks that wait to be signed, the oldest first.
SELECT r.week::text AS waiting_week, r.week AS waiting_from, count(x.id) AS n_waiting, r.week < app.today() - 14 AS is_overdue
FROM app.review_week r
JOIN app.review_finding x ON x.week = r.week
WHERE r.is_whole AND r.signed_at IS NULL
GROUP BY r.week
ORDER BY r.week;

-- name: review_gather :one
-- Gathers a week now.
SELECT :week AS week FROM audit.review_gather(:week::date);

-- name: review_sign :one
-- Signs a week.
SELECT audit.review_sign(:week::date, :note)::text AS week;

-- name: review_due :one
-- Gathers what is over, and says what waits to be signed. For the job.
SELECT d.n_weeks::text AS n_weeks, d.n_findings::text AS n_findings, to_char(d.oldest, 'FMDD FMMonth YYYY') AS oldest, d.this_week::text AS this_week
FROM audit.review_due() d;

-- name: review_owners :many
-- To whom of the owners it is still to be mailed.
SELECT o.staff_id, o.staff_name, o.email, o.dedupe_key FROM app.owners_to_tell(:prefix) o;

-- name: review_digest :maybe
-- The newest signed head of the business's trail, and the day on which it is mailed.
SELECT h.tenant_id, h.size::text AS size, h.root, h.signed_at, h.key_id, h.signature, (now() AT TIME ZONE t.zone)::date::text AS day,
       to_char(now() AT TIME ZONE t.zone, 'FMDD FMMonth YYYY') AS day_words, t.name AS studio_name
FROM audit.proof_head() h, app.tenant t;
