-- name: booking_categories :many
-- Groups of the services that can be booked online, in their order.
SELECT v.category
FROM app.service v
WHERE v.is_online AND v.is_active AND EXISTS (SELECT FROM app.offered_by(v.id))
GROUP BY v.category
ORDER BY min(v.position), v.category;

-- name: booking_services :many
-- The services that can be booked online and that somebody offers; what each asks of who comes.
SELECT v.id AS service_id, v.category, v.name, v.description, v.duration_min, v.price_cents, v.week_from, v.week_to,
       v.new_client_rule = 'new' AS is_for_new, v.new_client_rule = 'known' AS is_for_known, o.name AS comes_after
FROM app.service v
LEFT JOIN app.service o ON o.id = v.prerequisite_id
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
-- Keeps the chosen time for as long as the studio allows, of one service with its add-ons or of several; FY409 when it has just been taken.
SELECT CASE WHEN cardinality(:also::uuid[]) > 0
            THEN app.hold_group(:service_id::uuid || :also::uuid[], :place::uuid, array_fill(NULL::uuid, ARRAY[1 + cardinality(:also::uuid[])]),
                                to_timestamp(:slot::float8), t.hold_minutes, NULL, :addons::uuid[], :addon_at::int[])
            ELSE app.hold(:service_id::uuid, :place::uuid, :who::uuid, to_timestamp(:slot::float8), t.hold_minutes, :addons::uuid[]) END AS hold_id
FROM app.tenant t WHERE t.id = app.tenant();

-- name: booking_hold_key :one
-- Whether this time of this form was asked for before, and where that went. A page of times is one form with many buttons.
SELECT k.is_new, k.location
FROM app.idem_take(:idem || '-' || :slot::text,
                   app.sha256_of(concat_ws('|', :service_id::text, :place::text, :who::text, :slot::text, :also::text, :addons::text, :addon_at::text)), 'hold') k;

-- name: booking_hold_kept :exec
-- Where it went.
SELECT app.idem_done(:idem || '-' || :slot::text, :hold_path);

-- name: booking_held :maybe
-- What is being kept, for the form: one service or several; no row when it was booked or never was.
SELECT h.service_id, h.is_group, h.starts_local AS starts, h.location_name, app.zone_words(h.zone) AS zone_words,
       w.total_cents, w.deposit_cents, w.asks_due_date,
       greatest(1, ceil(extract(epoch FROM h.hold_until - now()) / 60))::int AS minutes_left, w.is_expired,
       (SELECT t.phone FROM app.tenant t WHERE t.id = app.tenant()) AS studio_phone
FROM app.hold_parts(:hold_id::uuid) h
CROSS JOIN (SELECT sum(p.price_cents)::bigint AS total_cents, sum(p.deposit_cents)::bigint AS deposit_cents, bool_or(p.is_expired) AS is_expired,
                   bool_or(p.week_from IS NOT NULL) AS asks_due_date
            FROM app.hold_parts(:hold_id::uuid) p) AS w
ORDER BY h.starts_at
LIMIT 1;

-- name: booking_parts :many
-- What is being kept, part by part.
SELECT h.service_name, h.minutes, h.addon_names, h.staff_name, h.starts_local AS starts,
       CASE WHEN :due_date::date IS NOT NULL AND h.week_from IS NOT NULL THEN (280 - (:due_date::date - h.starts_local::date)) / 7 END AS in_week
FROM app.hold_parts(:hold_id::uuid) h
ORDER BY h.starts_at;

-- name: booking_instead :many
-- Free times near the one that is being kept, to choose instead; none unless one is wanted.
WITH held AS MATERIALIZED (
    SELECT h.is_group, array_agg(h.service_id ORDER BY h.starts_at) AS services,
           ARRAY(SELECT u FROM app.hold_parts(:hold_id::uuid) WITH ORDINALITY AS x CROSS JOIN LATERAL unnest(x.addons) AS u ORDER BY x.ordinality, u) AS addons,
           ARRAY(SELECT x.ordinality::int FROM app.hold_parts(:hold_id::uuid) WITH ORDINALITY AS x CROSS JOIN LATERAL unnest(x.addons) AS u ORDER BY x.ordinality, u) AS addon_at,
           min(h.location_id::text)::uuid AS location_id, coalesce(to_timestamp(:slot::float8), min(h.starts_at)) AS around,
           (coalesce(to_timestamp(:slot::float8), min(h.starts_at)) AT TIME ZONE min(h.zone))::date AS day
    FROM app.hold_parts(:hold_id::uuid) h
    GROUP BY h.is_group
)
SELECT extract(epoch FROM n.starts_at)::bigint AS slot, n.starts_local AS starts, n.starts_local::date AS day,
       coalesce(extract(epoch FROM n.starts_at)::bigint = :slot::bigint, false) AS is_chosen
FROM (
    SELECT f.starts_at, f.starts_local
    FROM held h
    CROSS JOIN LATERAL app.nearest_free(h.services[1], h.location_id, :who::uuid, h.around, 6, NULL,
                                        h.addons, NULL, :due_date::date) f
    WHERE NOT h.is_group
    UNION ALL
    SELECT q.starts_at, q.starts_local
    FROM held h
    CROSS JOIN LATERAL (
        SELECT g.starts_at, g.starts_local
        FROM app.free_group_starts(h.services, h.location_id, array_fill(NULL::uuid, ARRAY[cardinality(h.services)]), h.day - 3, h.day + 15, NULL, :due_date::date,
                                                h.addons, h.addon_at) g
        ORDER BY abs(extract(epoch FROM g.starts_at - h.around)), g.starts_at
        LIMIT 6) AS q
    WHERE h.is_group
) AS n
ORDER BY n.starts_at;

-- name: booking_policy :maybe
-- The studio's privacy text that is in force, which a booking accepts.
SELECT v.id AS policy_version_id, v.version, v.title
FROM app.policy_version v
WHERE v.id = app.policy_in_force('privacy');

-- name: booking_cancellation :maybe
-- What the studio says about cancelling, if it has said so.
SELECT v.title, v.body, v.language
FROM app.policy_version v
WHERE v.id = app.policy_in_force('cancellation');

-- name: booking_person :one
-- What only the database can say of the details: the phone number as it is kept, whether she is an adult, what must be accepted.
SELECT app.phone_e164(:phone, t.country) AS phone_kept,
       :birth_date::date <= (now() AT TIME ZONE t.zone)::date - interval '18 years' AS is_of_age,
       app.policy_in_force('privacy') IS NOT NULL AS has_policy,
       (SELECT r.id FROM app.booking_rule r ORDER BY r.version DESC LIMIT 1)::text AS rule_in_force,
       EXISTS (SELECT FROM app.hold_parts(:hold_id::uuid) h WHERE h.week_from IS NOT NULL) AS asks_due_date,
       :due_date::date BETWEEN (now() AT TIME ZONE t.zone)::date - 21 AND (now() AT TIME ZONE t.zone)::date + 287 AS is_due_possible
FROM app.tenant t;

-- name: booking_hold_instead :one
-- Keeps another time than the one held, for the same services, add-ons and place.
WITH held AS MATERIALIZED (
    SELECT bool_or(h.is_group) AS is_group, array_agg(h.service_id ORDER BY h.starts_at) AS services, min(h.location_id::text)::uuid AS location_id,
           ARRAY(SELECT u FROM app.hold_parts(:hold_id::uuid) WITH ORDINALITY AS x CROSS JOIN LATERAL unnest(x.addons) AS u ORDER BY x.ordinality, u) AS addons,
           ARRAY(SELECT x.ordinality::int FROM app.hold_parts(:hold_id::uuid) WITH ORDINALITY AS x CROSS JOIN LATERAL unnest(x.addons) AS u ORDER BY x.ordinality, u) AS addon_at
    FROM app.hold_parts(:hold_id::uuid) h
    HAVING count(*) > 0
)
SELECT CASE WHEN h.is_group
            THEN app.hold_group(h.services, h.location_id, array_fill(NULL::uuid, ARRAY[cardinality(h.services)]), to_timestamp(:slot::float8), 10, NULL, h.addons, h.addon_at)
            ELSE app.hold(h.services[1], h.location_id, :who::uuid, to_timestamp(:slot::float8), 10, h.addons) END AS hold_id
FROM held h;

-- name: booking_client_new :one
-- The person who books, always as a new client: nobody has proven yet that she is one whom the studio knows. The language that she
-- asked for is kept as the one she prefers: what we write to her later is in it too.
SELECT app.client_new(:new_client::uuid, :name, :preferred_name, :email, :phone_kept, :birth_date::date, :due_date::date, :is_adult::boolean, :wrapped_key::bytea, :asked_language) AS client_id;

-- name: booking_confirm :one
-- Turns what is held into a booking for her, with its forms: all parts of it, or none. The first part is given.
SELECT h.hold_id AS appointment_id,
       CASE WHEN h.is_group THEN app.book_confirm_group(:booked_hold::uuid, :new_client::uuid, :policy_version_id::uuid)
            ELSE app.book_confirm(:booked_hold::uuid, :new_client::uuid, :policy_version_id::uuid) END AS booked
FROM (SELECT p.hold_id, p.is_group FROM app.hold_parts(:booked_hold::uuid) p ORDER BY p.starts_at LIMIT 1) AS h;

-- name: booking_booked :many
-- The parts of what was just booked that ask for forms.
SELECT a.id AS appointment_id, a.client_id
FROM app.appointment a
WHERE a.client_id = :new_client::uuid AND a.status = 'booked'
ORDER BY a.starts_at;

-- name: booking_code_state :one
-- Whether a code by e-mail is asked for here, and whether one is on its way to this address.
SELECT s.needs_code, s.is_sent FROM sec.booking_code_state(:hold_id::uuid, :email) s;

-- name: booking_code_new :exec
-- A new code and its mail; FY429 when there were too many.
-- seals: message
SELECT sec.booking_code_new(:hold_id::uuid, :email, :code_mac::bytea, :address::inet, :message_id::uuid, :subject, :body_sealed::bytea, :dedupe_key);

-- name: booking_code_try :one
-- Whether the code is the one that was sent; a wrong one is counted.
SELECT t.is_right, t.tries_left FROM sec.booking_code_try(:hold_id::uuid, :code_mac::bytea) t;

-- name: booking_hold_longer :exec
-- The time is kept while she looks into her mail.
SELECT app.hold_longer(:hold_id::uuid, 10);

-- name: booking_haste :one
-- Whether she confirms sooner after a time was kept for her than people can type.
SELECT app.hold_seconds(:hold_id::uuid) < t.booking_seconds AS is_hasty FROM app.tenant t WHERE t.id = app.tenant();

-- name: booking_phone_throttle :exec
-- Six bookings of one phone number in an hour, and then she is asked to call.
SELECT sec.count_phone(:phone_kept, 6);

-- name: booking_rule :maybe
-- The version of the studio's rules of booking that is in force.
SELECT r.id AS booking_rule_id, r.version AS rule_version
FROM app.booking_rule r
ORDER BY r.version DESC
LIMIT 1;

-- name: booking_addons :many
-- What may be added to each of the services, and the list of those chosen after one is tapped; to which, when there are several.
SELECT n.name, n.minutes, n.price_cents, k.key = ANY (c.chosen) AS is_chosen, CASE WHEN cardinality(:also::uuid[]) > 0 THEN v.name END AS goes_with,
       array_to_string(CASE WHEN k.key = ANY (c.chosen) THEN array_remove(c.chosen, k.key) ELSE c.chosen || k.key END, ',') AS list
FROM unnest(:service_id::uuid || :also::uuid[]) WITH ORDINALITY AS s (id, part)
JOIN app.service v ON v.id = s.id
JOIN app.service_addon x ON x.service_id = s.id
JOIN app.addon n ON n.id = x.addon_id
CROSS JOIN LATERAL (SELECT CASE s.part WHEN 1 THEN '' ELSE s.id || '.' END || n.id AS key) AS k
CROSS JOIN LATERAL (SELECT coalesce(string_to_array(nullif(:addon_list, ''), ','), '{}') AS chosen) AS c
WHERE n.is_online AND n.is_active
ORDER BY s.part, n.position, n.name;

-- name: booking_also :many
-- Other services at this place that can be done in the same visit, and the list of those chosen after one is tapped; six at most.
SELECT v.name, v.duration_min, v.price_cents, v.id = ANY (:also::uuid[]) AS is_chosen,
       array_to_string(CASE WHEN v.id = ANY (:also::uuid[]) THEN array_remove(:also::uuid[], v.id) ELSE :also::uuid[] || v.id END, ',') AS list
FROM app.service v
WHERE v.is_online AND v.is_active AND v.id <> :service_id::uuid
  AND (v.id = ANY (:also::uuid[]) OR cardinality(:also::uuid[]) < 5)
  AND EXISTS (SELECT FROM app.offered_by(v.id) o WHERE o.location_id = :place::uuid)
ORDER BY v.position, v.name;

-- name: booking_due_check :one
-- Whether a due date can be one.
SELECT :due_date::date BETWEEN (now() AT TIME ZONE t.zone)::date - 21 AND (now() AT TIME ZONE t.zone)::date + 287 AS is_due_possible
FROM app.tenant t WHERE t.id = app.tenant();
