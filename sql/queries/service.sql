-- name: service_list :many
-- The services by category, those put away last.
-- clients: none
SELECT v.id AS service_id, v.name, v.category, v.duration_min, v.price_cents, v.color, v.is_online, v.is_active,
       v.category IS DISTINCT FROM lag(v.category) OVER w OR v.is_active IS DISTINCT FROM lag(v.is_active) OVER w AS is_first,
       (SELECT count(*) FROM app.service_staff x JOIN app.staff f ON f.id = x.staff_id WHERE x.service_id = v.id AND f.is_active AND f.is_provider) AS n_people
FROM app.service v
WINDOW w AS (ORDER BY NOT v.is_active, v.category, v.position, v.name, v.id)
ORDER BY NOT v.is_active, v.category, v.position, v.name, v.id;

-- name: service_blank :one
-- What the form of a new service begins with.
-- clients: none
SELECT 60 AS duration_min, 0 AS before_min, 0 AS after_min, true AS is_online, 1 AS notice_hours, 90 AS horizon_days,
       '#7d7466' AS color, coalesce(max(v.position), 0) + 1 AS place_in_list
FROM app.service v;

-- name: service_one :one
-- One service, as its form shows it.
-- clients: none
SELECT v.id AS service_id, v.name, v.category, v.description, v.duration_min, v.before_min, v.after_min, app.cents_typed(v.price_cents) AS price,
       app.cents_typed(v.deposit_cents) AS deposit, v.is_online, v.is_active, ceil(v.min_notice_min / 60.0)::int AS notice_hours,
       v.horizon_days, v.prerequisite_days, v.week_from, v.week_to, v.licence, v.color, v.position AS place_in_list
FROM app.service v
WHERE v.id = :service_id::uuid;

-- name: service_category :many
-- The categories that are in use, for the list of suggestions.
-- clients: none
SELECT DISTINCT v.category AS known_category FROM app.service v WHERE v.category <> '' ORDER BY 1;

-- name: service_licence :many
-- The kinds of licences that are known, for the list of suggestions.
-- clients: none
SELECT DISTINCT k.kind AS known_licence FROM (SELECT v.licence FROM app.service v UNION SELECT l.kind FROM app.staff_licence l) AS k (kind) WHERE k.kind IS NOT NULL ORDER BY 1;

-- name: service_rule :many
-- Whom it is for.
-- clients: none
SELECT k.rule, k.words, k.rule = coalesce(:new_client_rule, (SELECT v.new_client_rule FROM app.service v WHERE v.id = :service_id::uuid), 'any') AS is_chosen
FROM (VALUES (1, 'any', 'Everybody'), (2, 'new', 'Only new clients'), (3, 'known', 'Only those who have been here')) AS k (n, rule, words)
ORDER BY k.n;

-- name: service_step :many
-- Every how many minutes it can begin.
-- clients: none
SELECT k.minutes, k.minutes = coalesce(:step_min::int, (SELECT v.step_min FROM app.service v WHERE v.id = :service_id::uuid), 15) AS is_chosen
FROM unnest('{5,10,15,20,30,60}'::int[]) AS k (minutes);

-- name: service_before :many
-- The other services, one of which may have to come first.
-- clients: none
SELECT v.id AS before_id, v.name, v.id = CASE WHEN :idem::text IS NULL THEN (SELECT o.prerequisite_id FROM app.service o WHERE o.id = :service_id::uuid) ELSE :prerequisite_id::uuid END AS is_chosen
FROM app.service v
WHERE v.id IS DISTINCT FROM :service_id::uuid AND v.is_active
ORDER BY v.category, v.position, v.name, v.id;

-- name: service_people :many
-- Who may do it, and who does; her own time and places. A form that is shown again has what was ticked.
-- clients: none
SELECT :service_id::uuid AS service_id, f.id AS staff_id, f.name, CASE WHEN :idem::text IS NULL THEN x.staff_id IS NOT NULL ELSE f.id = ANY (:people::uuid[]) END AS is_chosen,
       x.staff_id IS NOT NULL AND :service_id::uuid IS NOT NULL AS does_it, x.duration_min,
       (SELECT string_agg(l.name, ', ' ORDER BY l.position, l.name) FROM app.service_staff_place p JOIN app.location l ON l.id = p.location_id
        WHERE p.service_id = x.service_id AND p.staff_id = x.staff_id) AS places
FROM app.staff f
LEFT JOIN app.service_staff x ON x.staff_id = f.id AND x.service_id = :service_id::uuid
WHERE f.is_active AND f.is_provider AND NOT f.is_support
ORDER BY f.position, f.name, f.id;

-- name: service_units :many
-- Rooms and devices, place by place; of those of one group that are ticked, one is taken.
-- clients: none
SELECT r.id AS resource_id, r.name, r.kind = 'device' AS is_device, r.unit_group, l.name AS place_name,
       CASE WHEN :idem::text IS NULL THEN x.resource_id IS NOT NULL ELSE r.id = ANY (:units::uuid[]) END AS is_chosen
FROM app.resource r
JOIN app.location l ON l.id = r.location_id
LEFT JOIN app.service_room x ON x.resource_id = r.id AND x.service_id = :service_id::uuid
WHERE r.kind <> 'staff' AND (r.is_active OR x.resource_id IS NOT NULL)
ORDER BY l.position, l.name, r.kind DESC, r.position, r.name, r.id;

-- name: service_forms :many
-- The forms that can be asked for with it.
-- clients: none
SELECT f.id AS form_id, f.name, CASE WHEN :idem::text IS NULL THEN x.form_id IS NOT NULL ELSE f.id = ANY (:forms::uuid[]) END AS is_chosen
FROM app.form f
LEFT JOIN app.service_form x ON x.form_id = f.id AND x.service_id = :service_id::uuid
WHERE f.is_active OR x.form_id IS NOT NULL
ORDER BY x.position, f.name, f.id;

-- name: service_addons :many
-- What can be added to it.
-- clients: none
SELECT a.id AS addon_id, a.name, a.minutes, a.price_cents, CASE WHEN :idem::text IS NULL THEN x.addon_id IS NOT NULL ELSE a.id = ANY (:addons::uuid[]) END AS is_chosen
FROM app.addon a
LEFT JOIN app.service_addon x ON x.addon_id = a.id AND x.service_id = :service_id::uuid
WHERE a.is_active OR x.addon_id IS NOT NULL
ORDER BY a.position, a.name, a.id;

-- name: service_save :one
-- A service as its form says, new or changed.
SELECT app.service_save(:service_id::uuid, :new_id::uuid, :name, :category, :description, :duration_min::int, :before_min::int, :after_min::int, :price, :deposit,
    :is_online::boolean, :new_client_rule, :notice_hours::numeric, :horizon_days::int, :step_min::int, :prerequisite_id::uuid, :prerequisite_days::int,
    :week_from::int, :week_to::int, :licence, :color, :place_in_list::int, :people::uuid[], :units::uuid[], :forms::uuid[], :addons::uuid[]) AS service_id;

-- name: service_put :one
-- Puts it away, or brings it back. Visits that are booked stay.
UPDATE app.service v SET is_active = (:put = 'back') WHERE v.id = :service_id::uuid RETURNING v.id AS service_id;

-- name: service_person :one
-- What one provider does differently.
-- clients: none
SELECT v.id AS service_id, v.name AS service_name, v.duration_min AS usual_min, f.id AS staff_id, f.name AS staff_name, x.staff_id IS NOT NULL AS does_it, x.duration_min AS own_min
FROM app.service v
JOIN app.staff f ON f.id = :staff_id::uuid
LEFT JOIN app.service_staff x ON x.service_id = v.id AND x.staff_id = f.id
WHERE v.id = :service_id::uuid;

-- name: service_person_places :many
-- The places where she does it.
-- clients: none
SELECT l.id AS location_id, l.name, CASE WHEN :idem::text IS NULL THEN p.location_id IS NOT NULL ELSE l.id = ANY (:places::uuid[]) END AS is_chosen
FROM app.location l
LEFT JOIN app.service_staff_place p ON p.location_id = l.id AND p.service_id = :service_id::uuid AND p.staff_id = :staff_id::uuid
WHERE l.is_active OR p.location_id IS NOT NULL
ORDER BY l.position, l.name, l.id;

-- name: service_person_save :exec
-- Her own time and places.
SELECT FROM app.service_person_save(:service_id::uuid, :staff_id::uuid, :own_min::int, :places::uuid[]);
