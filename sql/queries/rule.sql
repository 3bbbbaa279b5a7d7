-- name: rule_now :one
-- The rules in force as the form of the next version begins with them; none published yet: what holds then.
-- clients: none
SELECT coalesce(b.version, 0) AS seen_version, b.version AS rule_version, b.created_at AT TIME ZONE app.zone() AS made_local, f.name AS made_by,
       coalesce(b.cancel_hours, 0) AS cancel_hours, coalesce(b.move_hours, 0) AS move_hours, b.max_moves, coalesce(b.late_minutes, 15) AS late_minutes,
       app.cents_typed(coalesce(b.late_cancel_cents, 0)) AS late_cancel, app.cents_typed(coalesce(b.no_show_cents, 0)) AS no_show, b.max_no_shows
FROM app.tenant t
LEFT JOIN LATERAL (SELECT r.* FROM app.booking_rule r ORDER BY r.version DESC LIMIT 1) AS b ON true
LEFT JOIN app.staff f ON f.id = b.created_by
WHERE t.id = app.tenant();

-- name: rule_words :many
-- What a client reads of the version in force.
-- clients: none
SELECT w.words AS sentence
FROM (SELECT r.* FROM app.booking_rule r ORDER BY r.version DESC LIMIT 1) AS b
CROSS JOIN LATERAL app.rule_words(b.cancel_hours, b.move_hours, b.max_moves, b.late_minutes, b.late_cancel_cents, b.no_show_cents, b.max_no_shows) WITH ORDINALITY AS w (words, n)
ORDER BY w.n;

-- name: rule_versions :many
-- All versions, the newest first.
-- clients: none
SELECT r.version, r.created_at AT TIME ZONE app.zone() AS made_local, f.name AS made_by, r.cancel_hours, r.move_hours, r.late_minutes
FROM app.booking_rule r
LEFT JOIN app.staff f ON f.id = r.created_by
ORDER BY r.version DESC
LIMIT 100;

-- name: rule_publish :exec
-- The next version.
SELECT FROM app.booking_rule_publish(:seen_version::int, :cancel_hours::int, :move_hours::int, :max_moves::int, :late_minutes::int, :late_cancel, :no_show, :max_no_shows::int);
