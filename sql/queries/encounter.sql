-- name: encounter_of_client :many
-- Her treatments, the newest first; what was entered in error is left out.
SELECT e.id,
       e.client_id,
       e.id AS encounter_id,
       e.done_on,
       coalesce(v.name, 'Treatment') AS service,
       f.name AS provider,
       e.aftercare_sealed,
       w.name AS noted_by,
       e.noted_at AT TIME ZONE app.zone() AS noted,
       e.signed_at IS NOT NULL AS is_signed,
       e.signed_name AS signed_by,
       e.signed_at AT TIME ZONE app.zone() AS signed
FROM app.encounter e
JOIN app.staff f ON f.id = e.provider_id
JOIN app.staff w ON w.id = e.noted_by
LEFT JOIN app.service v ON v.id = e.service_id
WHERE e.client_id = ANY (app.record_ids(:client_id::uuid)) AND e.void_at IS NULL
ORDER BY e.done_on DESC, e.noted_at DESC
LIMIT app.list_most(:whole) OFFSET app.list_from(:whole, :treatments_from);

-- name: encounter_products :many
-- What was used in her treatments, with lot and expiry.
SELECT x.id, x.client_id, x.encounter_id, x.id AS line_id, p.name AS product, l.id AS lot_id, l.lot, l.expires_on,
       app.amount_words(x.amount_milli, p.unit) AS amount, x.area_sealed, w.name AS noted_by, x.noted_at AT TIME ZONE app.zone() AS noted
FROM app.encounter_product x
JOIN app.staff w ON w.id = x.noted_by
JOIN app.product_lot l ON l.id = x.lot_id
JOIN app.product p ON p.id = l.product_id
WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.void_at IS NULL
ORDER BY x.noted_at, x.id;

-- name: encounter_devices :many
-- How devices were set in her treatments.
SELECT x.id, x.client_id, x.encounter_id, x.id AS setting_id, r.name AS device, x.settings_sealed,
       w.name AS noted_by, x.noted_at AT TIME ZONE app.zone() AS noted
FROM app.encounter_device x
JOIN app.staff w ON w.id = x.noted_by
JOIN app.resource r ON r.id = x.device_id
WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.void_at IS NULL
ORDER BY x.noted_at, x.id;

-- name: encounter_advices :many
-- What she was told to do afterwards.
SELECT x.id, x.client_id, x.encounter_id, x.id AS advice_id, x.advice_sealed, w.name AS noted_by, x.noted_at AT TIME ZONE app.zone() AS noted
FROM app.encounter_advice x
JOIN app.staff w ON w.id = x.noted_by
WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.void_at IS NULL
ORDER BY x.noted_at, x.id;

-- name: encounter_addenda :many
-- What was added to signed treatments of hers, in order.
SELECT x.id, x.client_id, x.encounter_id, x.addendum_sealed, x.author_name AS author, x.signed_at AT TIME ZONE app.zone() AS signed
FROM app.encounter_addendum x
WHERE x.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY x.signed_at, x.id;

-- name: encounter_unsigned :many
-- Treatments that whoever asks has given and not signed, the oldest first.
SELECT e.id AS encounter_id, e.client_id, coalesce(app.called(c.name, c.preferred_name, c.pronouns), 'A client of a colleague''s') AS client, e.done_on, coalesce(v.name, 'Treatment') AS service
FROM app.encounter e
LEFT JOIN app.client c ON c.id = e.client_id
LEFT JOIN app.service v ON v.id = e.service_id
WHERE e.provider_id = app.actor() AND e.signed_at IS NULL AND e.void_at IS NULL
ORDER BY e.done_on, e.noted_at
LIMIT 200;

-- name: encounter_errors :many
-- Lines of her treatments that were marked as entered in error, of whichever kind: what they said, who marked them, and why.
SELECT k.client_id, k.encounter_id, x.id, y.id, z.id, v.id,
       coalesce(p.name, r.name, CASE k.kind WHEN 'point' THEN 'A point' ELSE 'Aftercare' END) AS what,
       CASE WHEN k.kind = 'point' THEN d.words || ' ' || z.x || ', ' || z.y END AS place,
       app.amount_words(coalesce(x.amount_milli, z.amount_milli), p.unit) AS amount, l.lot,
       x.area_sealed, y.settings_sealed, z.remark_sealed, v.advice_sealed,
       x.void_reason_sealed AS product_reason, y.void_reason_sealed AS device_reason, z.void_reason_sealed AS point_reason, v.void_reason_sealed AS advice_reason,
       n.name AS noted_by, k.noted_at AT TIME ZONE app.zone() AS noted, w.name AS voided_by, k.void_at AT TIME ZONE app.zone() AS voided
FROM (SELECT 'product' AS kind, a.client_id, a.encounter_id, a.id, a.noted_by, a.noted_at, a.void_at, a.void_by FROM app.encounter_product a
      WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.void_at IS NOT NULL
      UNION ALL SELECT 'device', a.client_id, a.encounter_id, a.id, a.noted_by, a.noted_at, a.void_at, a.void_by FROM app.encounter_device a
      WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.void_at IS NOT NULL
      UNION ALL SELECT 'point', a.client_id, a.encounter_id, a.id, a.noted_by, a.noted_at, a.void_at, a.void_by FROM app.body_point a
      WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.void_at IS NOT NULL AND NOT EXISTS (SELECT FROM app.body_point n WHERE n.encounter_id = a.encounter_id AND n.was_id = a.id)
      UNION ALL SELECT 'advice', a.client_id, a.encounter_id, a.id, a.noted_by, a.noted_at, a.void_at, a.void_by FROM app.encounter_advice a
      WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.void_at IS NOT NULL) AS k
JOIN app.staff n ON n.id = k.noted_by
LEFT JOIN app.staff w ON w.id = k.void_by
LEFT JOIN app.encounter_product x ON k.kind = 'product' AND x.id = k.id
LEFT JOIN app.encounter_device y ON k.kind = 'device' AND y.id = k.id
LEFT JOIN app.body_point z ON k.kind = 'point' AND z.id = k.id
LEFT JOIN app.encounter_advice v ON k.kind = 'advice' AND v.id = k.id
LEFT JOIN app.drawings() AS d ON d.drawing = z.drawing
LEFT JOIN app.product_lot l ON l.id = coalesce(x.lot_id, z.lot_id)
LEFT JOIN app.product p ON p.id = l.product_id
LEFT JOIN app.resource r ON r.id = y.device_id
ORDER BY k.noted_at, k.id;

-- name: encounter_voided :many
-- Treatments that were entered in error as a whole.
SELECT e.id, e.client_id, e.id AS encounter_id, e.done_on, coalesce(v.name, 'Treatment') AS service, f.name AS provider,
       w.name AS voided_by, e.void_at AT TIME ZONE app.zone() AS voided, e.void_reason_sealed
FROM app.encounter e
JOIN app.staff f ON f.id = e.provider_id
LEFT JOIN app.staff w ON w.id = e.void_by
LEFT JOIN app.service v ON v.id = e.service_id
WHERE e.client_id = ANY (app.record_ids(:client_id::uuid)) AND e.void_at IS NOT NULL
ORDER BY e.done_on DESC, e.noted_at DESC;

-- name: encounter_totals :many
-- How much of each product a treatment took. What the lines say and what the points say stand side by side and are never added up: one
-- notes the whole dose as a line and its parts as points, another some of it here and some there, and the record does not say which.
SELECT x.client_id, x.encounter_id, p.name AS product,
       app.amount_words(sum(x.amount_milli) FILTER (WHERE NOT x.is_point)::bigint, p.unit) AS by_lines,
       app.amount_words(sum(x.amount_milli) FILTER (WHERE x.is_point)::bigint, p.unit) AS by_points, nullif(count(*) FILTER (WHERE x.is_point), 0) AS n_points
FROM (SELECT y.client_id, y.encounter_id, y.lot_id, y.amount_milli, false AS is_point
      FROM app.encounter_product y WHERE y.client_id = ANY (app.record_ids(:client_id::uuid)) AND y.void_at IS NULL
      UNION ALL
      SELECT y.client_id, y.encounter_id, y.lot_id, y.amount_milli, true
      FROM app.body_point y WHERE y.client_id = ANY (app.record_ids(:client_id::uuid)) AND y.void_at IS NULL AND y.amount_milli IS NOT NULL) AS x
JOIN app.product_lot l ON l.id = x.lot_id
JOIN app.product p ON p.id = l.product_id
GROUP BY x.client_id, x.encounter_id, p.id, p.name, p.unit
ORDER BY x.encounter_id, p.name;

-- name: encounter_one :one
-- One treatment, with who noted it.
SELECT e.id,
       e.client_id,
       e.id AS encounter_id,
       app.called(c.name, c.preferred_name, c.pronouns) AS name,
       e.done_on,
       coalesce(v.name, 'Treatment') AS service,
       f.name AS provider,
       e.aftercare_sealed,
       e.appointment_id,
       w.name AS noted_by,
       e.noted_at AT TIME ZONE app.zone() AS noted,
       e.void_at IS NOT NULL AS is_void,
       u.name AS voided_by,
       e.void_at AT TIME ZONE app.zone() AS voided,
       e.void_reason_sealed,
       e.signed_at IS NOT NULL AS is_signed,
       e.signed_name AS signed_by,
       e.signed_at AT TIME ZONE app.zone() AS signed,
       app.encounter_state(e.client_id, e.id) AS state,
       e.void_at IS NULL AND m.may AS can_mark,
       e.void_at IS NULL AND e.signed_at IS NULL AND m.may AS can_change,
       e.void_at IS NULL AND e.signed_at IS NULL AND m.may AND e.provider_id = app.actor() AS can_sign,
       e.void_at IS NULL AND e.signed_at IS NOT NULL AND m.may AS can_add
FROM app.encounter e
CROSS JOIN LATERAL (SELECT app.may('chart_write') OR app.reaches('chart_write', e.client_id) AS may) AS m
JOIN app.client c ON c.id = e.client_id
JOIN app.staff f ON f.id = e.provider_id
JOIN app.staff w ON w.id = e.noted_by
LEFT JOIN app.staff u ON u.id = e.void_by
LEFT JOIN app.service v ON v.id = e.service_id
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid;

-- name: encounter_visits :many
-- Her visits until today that have no treatment noted yet. Those of a record that was joined to hers are noted on that record's own page.
SELECT a.id AS appointment_id, a.client_id, a.starts_at AT TIME ZONE l.zone AS starts, v.name AS service, a.client_id = :client_id::uuid AS is_own,
       a.id = :appointment_id::uuid AS is_chosen
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
JOIN app.service v ON v.id = a.service_id
WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.status IN ('arrived', 'in_room', 'done', 'booked', 'confirmed')
  AND a.starts_at < now() + interval '1 day' AND (a.starts_at AT TIME ZONE l.zone)::date <= (now() AT TIME ZONE l.zone)::date
  AND (a.id = :appointment_id::uuid OR NOT EXISTS (SELECT FROM app.encounter e WHERE e.appointment_id = a.id AND e.void_at IS NULL))
ORDER BY coalesce(a.id = :appointment_id::uuid, false) DESC, a.starts_at DESC
LIMIT 60;

-- name: encounter_services :many
-- Services, for a treatment without a visit.
-- clients: none
SELECT v.id AS service_id, v.name AS service, v.id = :service_id::uuid AS is_chosen FROM app.service v WHERE v.is_active ORDER BY v.category, v.position, v.name;

-- name: encounter_providers :many
-- Who may have given it.
-- clients: none
SELECT f.id AS provider_id, f.name AS provider, f.id = :provider_id::uuid AS is_chosen
FROM app.staff f
WHERE f.is_active AND NOT f.is_support
ORDER BY f.position, f.name;

-- name: encounter_lots :many
-- Lots that were in the house on the day of the treatment: they had come, had not expired, and were not used up before it.
-- clients: none
SELECT l.id AS lot_id, p.name AS product, l.lot, l.expires_on, p.unit, l.id = :lot_id::uuid AS is_chosen
FROM app.encounter e
JOIN app.product_lot l ON e.done_on BETWEEN l.received_on AND l.expires_on AND (l.used_up_at IS NULL OR (l.used_up_at AT TIME ZONE app.zone())::date >= e.done_on)
JOIN app.product p ON p.id = l.product_id AND (p.is_active OR e.done_on < app.today())
WHERE e.id = :encounter_id::uuid
ORDER BY p.name, l.expires_on, l.lot;

-- name: encounter_units :many
-- Devices.
-- clients: none
SELECT r.id AS device_id, r.name AS device, r.id = :device_id::uuid AS is_chosen FROM app.resource r WHERE r.kind = 'device' AND r.is_active ORDER BY r.position, r.name;

-- name: encounter_add :one
-- Notes a treatment: of a visit, which says service, provider and day where the form does not; or without one. Two who note the same visit
-- at once have one treatment between them: is_other says that it was there, and differs from what this form says.
INSERT INTO app.encounter AS e (id, client_id, appointment_id, service_id, provider_id, done_on)
SELECT :new_id::uuid, c.id, a.id, coalesce(:service_id::uuid, a.service_id), coalesce(:provider_id::uuid, a.staff_id, app.actor()),
       coalesce(:done_on::date, (a.starts_at AT TIME ZONE l.zone)::date, app.today())
FROM app.client c
LEFT JOIN app.appointment a ON a.id = :appointment_id::uuid AND a.client_id = c.id
LEFT JOIN app.location l ON l.id = a.location_id
WHERE c.id = :client_id::uuid AND (:appointment_id::uuid IS NULL OR a.id IS NOT NULL)
ON CONFLICT (tenant_id, appointment_id) WHERE appointment_id IS NOT NULL AND void_at IS NULL DO UPDATE SET void_at = e.void_at
RETURNING e.client_id, e.id AS encounter_id, e.id = :new_id::uuid AS is_new,
    (coalesce(:service_id::uuid, e.service_id), coalesce(:provider_id::uuid, e.provider_id), coalesce(:done_on::date, e.done_on))
        IS DISTINCT FROM (e.service_id, e.provider_id, e.done_on) AS is_other,
    (SELECT f.name FROM app.staff f WHERE f.id = e.noted_by) AS noted_by;

-- name: encounter_advice_add :one
-- What she was told to do afterwards.
-- seals: encounter_advice
INSERT INTO app.encounter_advice AS x (id, client_id, encounter_id, advice_sealed)
SELECT :advice_id::uuid, e.client_id, e.id, :advice_sealed::bytea
FROM app.encounter e
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid
RETURNING x.client_id, x.encounter_id;

-- name: encounter_advice_void :one
-- That line was entered in error.
-- seals: encounter_advice
UPDATE app.encounter_advice x SET void_at = now(), void_reason_sealed = :void_reason_sealed::bytea
WHERE x.id = :advice_id::uuid AND x.encounter_id = :encounter_id::uuid AND x.client_id = :client_id::uuid AND x.void_at IS NULL
RETURNING x.client_id, x.encounter_id;

-- name: encounter_sign :one
-- Its provider signs it, as the page showed it. From then on it stays as it is.
SELECT s.client_id FROM app.encounter_sign(:client_id::uuid, :encounter_id::uuid, :seen) AS s;

-- name: encounter_addendum_add :one
-- Adds to a signed treatment; what is added is signed at once.
-- seals: encounter_addendum
INSERT INTO app.encounter_addendum AS x (id, client_id, encounter_id, addendum_sealed)
SELECT :new_id::uuid, e.client_id, e.id, :addendum_sealed::bytea
FROM app.encounter e
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid
RETURNING x.client_id;

-- name: encounter_void :one
-- It was entered in error: it stays, and is shown as such.
-- seals: encounter
UPDATE app.encounter e SET void_at = now(), void_reason_sealed = :void_reason_sealed::bytea
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid AND e.void_at IS NULL
RETURNING e.client_id;

-- name: encounter_product_add :one
-- Notes what was used; an expired lot is refused by the table.
-- seals: encounter_product
INSERT INTO app.encounter_product AS x (id, client_id, encounter_id, lot_id, amount_milli, area_sealed)
SELECT :new_id::uuid, e.client_id, e.id, :lot_id::uuid, app.amount_kept(:amount), :area_sealed::bytea
FROM app.encounter e
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid
RETURNING x.client_id, x.encounter_id;

-- name: encounter_product_void :one
-- That line was entered in error.
-- seals: encounter_product
UPDATE app.encounter_product x SET void_at = now(), void_reason_sealed = :void_reason_sealed::bytea
WHERE x.id = :line_id::uuid AND x.encounter_id = :encounter_id::uuid AND x.client_id = :client_id::uuid AND x.void_at IS NULL
RETURNING x.client_id, x.encounter_id;

-- name: encounter_device_add :one
-- Notes how a device was set.
-- seals: encounter_device
INSERT INTO app.encounter_device AS x (id, client_id, encounter_id, device_id, settings_sealed)
SELECT :new_id::uuid, e.client_id, e.id, r.id, :settings_sealed::bytea
FROM app.encounter e
JOIN app.resource r ON r.id = :device_id::uuid AND r.kind = 'device'
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid
RETURNING x.client_id, x.encounter_id;

-- name: encounter_device_void :one
-- That line was entered in error.
-- seals: encounter_device
UPDATE app.encounter_device x SET void_at = now(), void_reason_sealed = :void_reason_sealed::bytea
WHERE x.id = :setting_id::uuid AND x.encounter_id = :encounter_id::uuid AND x.client_id = :client_id::uuid AND x.void_at IS NULL
RETURNING x.client_id, x.encounter_id;
