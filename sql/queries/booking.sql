-- name: booking_categories :many
-- Groups of the services that can be booked online, in their order.
SELECT v.category
FROM app.service v
WHERE v.is_online AND v.is_active AND EXISTS (SELECT FROM app.offered_by(v.id))
GROUP BY v.category
ORDER BY min(v.position), v.category;

-- name: booking_services :many
-- The services that can be booked online and that somebody offers.
SELECT v.id AS service_id, v.category, v.name, v.description, v.duration_min, v.price_cents
FROM app.service v
WHERE v.is_online AND v.is_active AND EXISTS (SELECT FROM app.offered_by(v.id))
ORDER BY v.position, v.name;

-- name: booking_studio :one
-- How to reach the studio.
SELECT t.tagline, t.phone AS studio_phone
FROM app.tenant t;

-- name: booking_places :many
-- Where a service is offered.
SELECT l.id AS location_id, l.name, concat_ws(', ', nullif(l.street, ''), nullif(l.city, '')) AS address,
       l.id = :place::uuid AS is_chosen
FROM app.location l
WHERE l.id IN (SELECT o.location_id FROM app.offered_by(:service_id::uuid) o)
ORDER BY l.position, l.name;

-- name: booking_people :many
-- Who does a service at a place.
SELECT f.id AS staff_id, f.name, f.title, coalesce(f.id = :who::uuid, false) AS is_chosen
FROM app.staff f
WHERE f.id IN (SELECT o.staff_id FROM app.offered_by(:service_id::uuid) o WHERE o.location_id = :place::uuid)
ORDER BY f.position, f.name;

-- name: booking_throttle :exec
-- Counts the times that one address holds; FY429 after 30 in an hour.
SELECT sec.count_try('hold', :address::inet, 30);

-- name: booking_hold :one
-- Keeps the chosen time for as long as the studio allows; FY409 when it has just been taken.
SELECT app.hold(:service_id::uuid, :place::uuid, :who::uuid, to_timestamp(:slot::float8),
                (SELECT t.hold_minutes FROM app.tenant t)) AS hold_id;

-- name: booking_hold_key :one
-- Whether this time of this form was asked for before, and where that went. A page of times is one form with many buttons.
SELECT k.is_new, k.location
FROM app.idem_take(:idem || '-' || :slot::text, app.sha256_of(concat_ws('|', :service_id::text, :place::text, :who::text, :slot::text)), 'hold') k;

-- name: booking_hold_kept :exec
-- Where it went.
SELECT app.idem_done(:idem || '-' || :slot::text, :hold_path);

-- name: booking_held :maybe
-- What is being kept, for the form; no row when it was booked or never was.
SELECT h.service_id, h.service_name, h.duration_min, h.price_cents, h.location_name, h.staff_name,
       h.starts_local AS starts, app.zone_words(h.zone) AS zone_words,
       greatest(1, ceil(extract(epoch FROM h.hold_until - now()) / 60))::int AS minutes_left, h.is_expired
FROM app.hold_show(:hold_id::uuid) h;

-- name: booking_instead :many
-- Free times near the one that is being kept, to choose instead; none unless one is wanted.
SELECT extract(epoch FROM n.starts_at)::bigint AS slot, n.starts_local AS starts, n.starts_local::date AS day,
       coalesce(extract(epoch FROM n.starts_at)::bigint = :slot::bigint, false) AS is_chosen
FROM app.hold_show(:hold_id::uuid) h
CROSS JOIN LATERAL app.nearest_free(h.service_id, h.location_id, :who::uuid, coalesce(to_timestamp(:slot::float8), h.starts_at), 6) n
ORDER BY n.starts_at;

-- name: booking_policy :maybe
-- The studio's privacy text that is in force, which a booking accepts.
SELECT v.id AS policy_version_id, v.version, v.title
FROM app.policy_version v
WHERE v.id = app.policy_in_force('privacy');

-- name: booking_cancellation :maybe
-- What the studio says about cancelling, if it has said so.
SELECT v.title, v.body
FROM app.policy_version v
WHERE v.id = app.policy_in_force('cancellation');

-- name: booking_person :one
-- What only the database can say of the details: the phone number as it is kept, whether she is an adult.
SELECT app.phone_e164(:phone, t.country) AS phone_kept, t.phone AS studio_phone,
       :birth_date::date <= (now() AT TIME ZONE t.zone)::date - interval '18 years' AS is_of_age,
       app.policy_in_force('privacy') IS NOT NULL AS has_policy
FROM app.tenant t;

-- name: booking_hold_instead :one
-- Keeps another time than the one held, for the same service and place.
SELECT app.hold(h.service_id, h.location_id, :who::uuid, to_timestamp(:slot::float8), 10) AS hold_id
FROM app.hold_show(:hold_id::uuid) h;

-- name: booking_client_new :one
-- The person who books, always as a new client: nobody has proven yet that she is one whom the studio knows.
SELECT app.client_new(:new_client::uuid, :name, :preferred_name, :email, :phone_kept, :birth_date::date, NULL, :is_adult::boolean, :wrapped_key::bytea) AS client_id;

-- name: booking_confirm :one
-- Turns the hold into a booking for her, with its forms.
SELECT app.book_confirm(:booked_hold::uuid, :new_client::uuid, :policy_version_id::uuid) AS appointment_id;
