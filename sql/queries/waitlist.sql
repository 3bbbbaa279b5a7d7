-- name: waitlist_list :many
-- Who waits, in the order of joining; and what is offered to whom.
SELECT e.id AS entry_id,
       e.client_id,
       coalesce(app.called(c.name, c.preferred_name, c.pronouns), 'A client of a colleague''s') AS client,
       v.name AS service,
       e.from_day,
       e.to_day,
       app.waitlist_window_words(e.id) AS windows,
       (SELECT string_agg(l.name, ', ' ORDER BY l.position) FROM app.location l WHERE l.id = ANY (e.places)) AS place_words,
       coalesce((SELECT string_agg(f.name, ', ' ORDER BY f.position) FROM app.staff f WHERE f.id = ANY (e.providers)), 'Anyone') AS provider_words,
       e.joined_at AT TIME ZONE app.zone() AS joined,
       e.to_day < app.today() AS is_over,
       app.mail_address(e.client_id) IS NULL AS has_no_mail,
       o.starts_local AS offered,
       o.until_local AS offered_until
FROM app.waitlist_entry e
JOIN app.service v ON v.id = e.service_id
LEFT JOIN app.client c ON c.id = e.client_id
LEFT JOIN LATERAL (
    SELECT a.starts_at AT TIME ZONE l.zone AS starts_local, q.until AT TIME ZONE l.zone AS until_local
    FROM app.waitlist_offer q
    JOIN app.appointment a ON a.id = q.appointment_id
    JOIN app.location l ON l.id = a.location_id
    WHERE q.entry_id = e.id AND q.state = 'open') AS o ON true
WHERE e.state = 'waiting'
ORDER BY e.joined_at, e.id
LIMIT 300;

-- name: waitlist_one :one
-- One entry: for whom, what, where, when.
SELECT e.id AS entry_id, e.client_id, coalesce(app.called(c.name, c.preferred_name, c.pronouns), 'A client of a colleague''s') AS client, k.phone, k.email, v.name AS service, v.duration_min,
       e.from_day, e.to_day, app.waitlist_window_words(e.id) AS windows,
       (SELECT string_agg(l.name, ', ' ORDER BY l.position) FROM app.location l WHERE l.id = ANY (e.places)) AS place_words,
       coalesce((SELECT string_agg(f.name, ', ' ORDER BY f.position) FROM app.staff f WHERE f.id = ANY (e.providers)), 'Anyone') AS provider_words,
       e.joined_at AT TIME ZONE app.zone() AS joined, coalesce(b.name, 'the client, by link') AS joined_by,
       e.state = 'waiting' AS is_waiting, e.state = 'booked' AS is_booked, e.state = 'left' AS is_gone,
       app.mail_address(e.client_id) IS NULL AS has_no_mail,
       app.may('booking_write') OR app.reaches('booking_write', e.client_id) AS can_change,
       e.state = 'waiting' AND (app.may('booking_write') OR app.reaches('booking_write', e.client_id))
           AND NOT EXISTS (SELECT FROM app.waitlist_offer q WHERE q.entry_id = e.id AND q.state = 'open') AS can_offer
FROM app.waitlist_entry e
JOIN app.service v ON v.id = e.service_id
LEFT JOIN app.client c ON c.id = e.client_id
LEFT JOIN LATERAL app.contact(c.id) AS k ON true
LEFT JOIN app.staff b ON b.id = e.joined_by
WHERE e.id = :entry_id::uuid;

-- name: waitlist_offer :many
-- What was offered to her, the newest first.
SELECT q.id AS offer_id, a.starts_at AT TIME ZONE l.zone AS starts, f.name AS provider, l.name AS location_name,
       q.until AT TIME ZONE l.zone AS until, q.state = 'open' AS is_open,
       CASE q.state WHEN 'open' THEN 'Waits for an answer' WHEN 'accepted' THEN 'Taken' WHEN 'declined' THEN 'Declined'
                    WHEN 'lapsed' THEN 'Not answered in time' ELSE 'Taken back' END AS state_words,
       q.state = 'accepted' AS is_taken, q.appointment_id,
       coalesce(b.name, 'Foyer, by itself') AS offered_by, q.offered_at AT TIME ZONE l.zone AS offered
FROM app.waitlist_offer q
JOIN app.appointment a ON a.id = q.appointment_id
JOIN app.location l ON l.id = a.location_id
LEFT JOIN app.staff f ON f.id = a.staff_id
LEFT JOIN app.staff b ON b.id = q.offered_by
WHERE q.entry_id = :entry_id::uuid
ORDER BY q.offered_at DESC, q.id;

-- name: waitlist_choice :many
-- Times that suit her and are free now.
SELECT extract(epoch FROM w.starts_at)::bigint || '=' || w.location_id || '=' || w.staff_id AS choice,
       w.starts_local AS starts, f.name AS provider, l.name AS location_name
FROM app.waitlist_choices(:entry_id::uuid, 12) AS w
JOIN app.staff f ON f.id = w.staff_id
JOIN app.location l ON l.id = w.location_id
ORDER BY w.starts_at, f.name;

-- name: waitlist_hand_out :one
-- Offers her a time that somebody of the staff chose: of the list, or any other.
SELECT app.waitlist_offer_by_hand(:entry_id::uuid, l.id, :chosen_staff::uuid,
           coalesce(to_timestamp(:chosen_slot::float8), (:day::date + :time::time) AT TIME ZONE l.zone)) AS offer_id
FROM app.location l
WHERE l.id = :chosen_place::uuid;

-- name: waitlist_take_back :one
-- Ends an offer; she keeps her place.
SELECT app.waitlist_refuse(:offer_id::uuid) AS client_id;

-- name: waitlist_accept :one
-- The time that was offered is booked for her.
SELECT a.appointment AS appointment_id, a.is_new FROM app.waitlist_accept(:offer_id::uuid) AS a;

-- name: waitlist_leave :one
-- Off the list.
SELECT app.waitlist_leave(:entry_id::uuid) AS client_id;

-- name: waitlist_join :one
-- On the list.
SELECT app.waitlist_join(:joining::uuid, :service_id::uuid, :places::uuid[], :providers::uuid[], :from_day::date, :to_day::date, :windows::text[]) AS entry_id,
       :joining::uuid AS client_id;

-- name: waitlist_message :one
-- An offer as its message tells it; never the service.
SELECT e.client_id, coalesce(c.preferred_name, c.name) AS called, app.mail_address(c.id) AS email,
       a.starts_at AT TIME ZONE l.zone AS starts, app.zone_words(l.zone) AS zone_words, f.name AS provider,
       concat_ws(', ', l.name, nullif(l.street, ''), nullif(l.city, ''), nullif(concat_ws(' ', l.region, l.postal_code), ' ')) AS address,
       coalesce(l.phone, t.phone) AS studio_phone, q.until AT TIME ZONE l.zone AS until
FROM app.waitlist_offer q
JOIN app.waitlist_entry e ON e.id = q.entry_id
JOIN app.appointment a ON a.id = q.appointment_id
JOIN app.client c ON c.id = e.client_id
JOIN app.location l ON l.id = a.location_id
JOIN app.tenant t ON t.id = q.tenant_id
LEFT JOIN app.staff f ON f.id = a.staff_id
WHERE q.id = :told_offer::uuid;

-- name: waitlist_fill :many
-- Whom a time that became free is offered to.
SELECT f.offer_id, f.client_id FROM app.waitlist_fill(:freed::uuid) AS f;

-- name: waitlist_look :many
-- Whom time is offered that came up by other hours.
SELECT f.offer_id, f.client_id FROM app.waitlist_look() AS f;

-- name: waitlist_lapse :exec
-- Nobody answered.
SELECT app.waitlist_lapse(:offer_id::uuid);

-- name: waitlist_client :maybe
-- Who is to be put on the list.
SELECT c.id AS client_id, c.name AS client, app.mail_address(c.id) IS NULL AS has_no_mail
FROM app.client c
WHERE c.id = :client_id::uuid;

-- name: waitlist_ask :one
-- What the form begins with: the days from today on for two months.
SELECT to_char(coalesce(:from_day::date, app.today()), 'YYYY-MM-DD') AS from_day,
       to_char(coalesce(:to_day::date, app.today() + 60), 'YYYY-MM-DD') AS to_day,
       to_char(coalesce(:from_time::time, '08:00'), 'HH24:MI') AS from_time,
       to_char(coalesce(:to_time::time, '20:00'), 'HH24:MI') AS to_time,
       to_char(:from_time2::time, 'HH24:MI') AS from_time2,
       to_char(:to_time2::time, 'HH24:MI') AS to_time2;

-- name: waitlist_service :many
-- What one can wait for; visitors see what can be booked online.
SELECT v.id AS service_id, v.name AS service, v.id = :service_id::uuid AS is_chosen
FROM app.service v
WHERE v.is_active AND (v.is_online OR app.actor_kind() = 'staff')
ORDER BY v.category, v.position, v.name;

-- name: waitlist_place :many
-- Where.
SELECT l.id AS location_id, l.name AS location_name, coalesce(l.id = ANY (:places::uuid[]), true) AS is_chosen
FROM app.location l
WHERE l.is_active
ORDER BY l.position, l.name;

-- name: waitlist_person :many
-- With whom.
SELECT f.id AS staff_id, f.name AS provider, coalesce(f.id = ANY (:providers::uuid[]), false) AS is_chosen
FROM app.staff f
WHERE f.is_active AND f.is_provider AND EXISTS (SELECT FROM app.service_staff x WHERE x.staff_id = f.id)
ORDER BY f.position, f.name;

-- name: waitlist_day :many
-- The days of the week, from Monday on.
SELECT d AS number, date '2023-01-01' + d AS day, coalesce(d = ANY (:days::int[]), true) AS is_chosen,
       coalesce(d = ANY (:days2::int[]), false) AS is_chosen2
FROM generate_series(0, 6) AS d
ORDER BY (d + 6) % 7;

-- name: waitlist_home :one
-- The client whose link it is, and the service of its visit, which she may wait for at another time.
SELECT k.client_id, k.purpose = 'manage' AS is_manage, coalesce(:service_id::uuid, a.service_id) AS service_id, coalesce(l.phone, t.phone) AS studio_phone
FROM app.link k
JOIN app.tenant t ON t.id = k.tenant_id
LEFT JOIN app.appointment a ON a.client_id = k.client_id AND a.id = k.appointment_id
LEFT JOIN app.location l ON l.id = a.location_id
WHERE k.id = :link_id::uuid;

-- name: waitlist_offered :many
-- What is held for her now.
SELECT o.offer_id, v.name AS service, o.starts_at AT TIME ZONE o.zone AS starts, app.zone_words(o.zone) AS zone_words,
       o.until AT TIME ZONE o.zone AS until, f.name AS provider, l.name AS place_name, concat_ws(', ', nullif(l.street, ''), nullif(l.city, '')) AS address,
       extract(epoch FROM o.ends_at - o.starts_at)::int / 60 AS minutes, o.price_cents
FROM app.waitlist_offered(app.own_client()) AS o
JOIN app.service v ON v.id = o.service_id
JOIN app.location l ON l.id = o.location_id
LEFT JOIN app.staff f ON f.id = o.staff_id;

-- name: waitlist_mine :many
-- What she waits for.
SELECT e.id AS entry_id, v.name AS service, e.from_day, e.to_day,
       (SELECT string_agg(l.name, ', ' ORDER BY l.position) FROM app.location l WHERE l.id = ANY (e.places)) AS place_words,
       coalesce((SELECT string_agg(f.name, ', ' ORDER BY f.position) FROM app.staff f WHERE f.id = ANY (e.providers)), 'Anyone') AS provider_words
FROM app.waitlist_entry e
JOIN app.service v ON v.id = e.service_id
WHERE e.state = 'waiting' AND e.to_day >= app.today()
ORDER BY e.joined_at;

-- name: waitlist_mine_hours :many
-- When each of those suits her, for words of her language; hours_key: of waitlist_mine_days. (For the staff: app.waitlist_window_words.)
SELECT e.id AS entry_id, e.id || ' ' || w.position AS hours_key, w.position > 1 AS is_further, cardinality(w.weekdays) = 7 AS is_any_day,
       w.from_time <= '00:00' AND w.to_time >= '23:59' AS is_any_hour, w.from_time, w.to_time
FROM app.waitlist_entry e
JOIN app.waitlist_window w ON w.entry_id = e.id
WHERE e.state = 'waiting' AND e.to_day >= app.today()
ORDER BY e.joined_at, w.position;

-- name: waitlist_mine_days :many
-- The days of the week of those hours, as dates of some week, from Monday on.
SELECT e.id || ' ' || w.position AS hours_key, date '2023-01-01' + x.weekday::int AS day
FROM app.waitlist_entry e
JOIN app.waitlist_window w ON w.entry_id = e.id
CROSS JOIN LATERAL unnest(w.weekdays) AS x (weekday)
WHERE e.state = 'waiting' AND e.to_day >= app.today()
ORDER BY e.joined_at, w.position, (x.weekday + 6) % 7;

-- name: waitlist_of_client :many
-- What a client waits for.
SELECT e.id AS entry_id, e.client_id, v.name AS service, e.joined_at AT TIME ZONE app.zone() AS joined,
       EXISTS (SELECT FROM app.waitlist_offer q WHERE q.entry_id = e.id AND q.state = 'open') AS has_offer
FROM app.waitlist_entry e
JOIN app.service v ON v.id = e.service_id
WHERE e.client_id = ANY (app.record_ids(:client_id::uuid)) AND e.state = 'waiting'
ORDER BY e.joined_at;

-- name: waitlist_setting :one
-- How long an offer stands.
SELECT t.waitlist_minutes FROM app.tenant t WHERE t.id = app.tenant();

-- name: waitlist_set :exec
-- Holds for offers made from now on.
UPDATE app.tenant t SET waitlist_minutes = :waitlist_minutes::int WHERE t.id = app.tenant();
