-- name: feed_own :many
-- One's own feeds.
-- clients: none
SELECT d.feed_id, d.name, d.has_details, d.created_at AT TIME ZONE app.zone() AS created_local,
       d.read_at AT TIME ZONE app.zone() AS read_local, d.read_from
FROM sec.feeds_own() d;

-- name: feed_make :one
-- A new one; with details only for who has just proved who she is.
-- clients: none
SELECT sec.feed_make(:name, :details::boolean, :feed_token::bytea) AS feed_id;

-- name: feed_revoke :exec
-- Ends one of one's own.
SELECT FROM sec.feed_revoke(:feed_id::uuid);

-- name: feed_open :maybe
-- From here on the transaction is that of the person whose feed it is; none: there is no such feed.
-- clients: none
SELECT d.feed_id, d.feed_name
FROM sec.feed_open(:feed_token::bytea, :details::boolean, :address::inet) d;

-- name: feed_busy :many
-- When and where she has visits, and nothing else of them: from 30 days back to 13 months ahead.
-- clients: none
SELECT a.id AS appointment_id, a.version,
       extract(epoch FROM a.starts_at)::bigint AS starts_epoch, extract(epoch FROM a.ends_at)::bigint AS ends_epoch,
       extract(epoch FROM a.updated_at)::bigint AS changed_epoch,
       concat_ws(', ', l.name, nullif(l.street, ''), nullif(l.city, '')) AS place
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
WHERE a.staff_id = app.actor() AND a.starts_at >= now() - interval '30 days' AND a.starts_at < now() + interval '13 months'
  AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done')
ORDER BY a.starts_at, a.id;

-- name: feed_visits :many
-- The same with the service and, of a client whom she may see, the first letter of how she is called.
SELECT a.id AS appointment_id, c.id AS client_id, a.version,
       extract(epoch FROM a.starts_at)::bigint AS starts_epoch, extract(epoch FROM a.ends_at)::bigint AS ends_epoch,
       extract(epoch FROM a.updated_at)::bigint AS changed_epoch,
       concat_ws(', ', l.name, nullif(l.street, ''), nullif(l.city, '')) AS place,
       v.name AS service, upper(left(btrim(coalesce(c.preferred_name, c.name)), 1)) AS initial
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
JOIN app.service v ON v.id = a.service_id
LEFT JOIN app.client c ON c.id = a.client_id
WHERE a.staff_id = app.actor() AND a.starts_at >= now() - interval '30 days' AND a.starts_at < now() + interval '13 months'
  AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done')
ORDER BY a.starts_at, a.id;

-- name: feed_away :many
-- Her time off that was approved, without why.
-- clients: none
SELECT o.id AS time_off_id,
       extract(epoch FROM o.starts_at)::bigint AS starts_epoch, extract(epoch FROM o.ends_at)::bigint AS ends_epoch,
       extract(epoch FROM coalesce(o.decided_at, o.asked_at))::bigint AS changed_epoch
FROM app.time_off o
WHERE o.staff_id = app.actor() AND o.state = 'approved' AND o.ends_at >= now() - interval '30 days' AND o.starts_at < now() + interval '13 months'
ORDER BY o.starts_at, o.id;
