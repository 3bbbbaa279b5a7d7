-- name: emergency_client :maybe
-- The client from whose page she comes, when she may see her.
SELECT c.id AS client_id, c.name
FROM app.client c
WHERE c.id = :client_id::uuid;

-- name: emergency_open :one
-- Opens the chart, or counts that there is nobody of this name and day.
SELECT o.is_found, o.is_new, o.emergency_id, o.client_id
FROM sec.emergency_open(:client_id::uuid, :name, :birth_date::date, :reason) AS o;

-- name: emergency_officer_mail :many
-- Who is told: the privacy officer; the owners when there is none, or when it is she who opened it.
SELECT f.id AS staff_id, f.email
FROM app.staff f
JOIN app.tenant t ON true
LEFT JOIN app.staff o ON o.id = t.privacy_officer AND o.is_active AND o.id <> app.actor()
WHERE f.is_active
  AND CASE WHEN o.id IS NOT NULL THEN f.id = o.id
           ELSE EXISTS (SELECT FROM app.staff_role sr JOIN app.role r ON r.id = sr.role_id AND r.slug = 'owner' WHERE sr.staff_id = f.id) END;

-- name: emergency_end :exec
-- She needs it no longer.
SELECT FROM sec.emergency_end(:emergency_id::uuid);

-- name: emergency_queue :many
-- Emergencies to be looked at, those not signed off first; what she opened meanwhile, by the trail.
SELECT e.id AS emergency_id,
       e.client_id,
       c.name AS client,
       f.name AS opened_by,
       e.opened_at AT TIME ZONE z.zone AS opened_local,
       coalesce(e.ended_at, e.until) AT TIME ZONE z.zone AS ended_local,
       e.ended_at IS NULL AND e.until > now() AS is_open,
       e.reason,
       audit.emergency_looks(e.id) AS looks,
       e.verdict IS NOT NULL AS is_signed,
       e.verdict = 'justified' AS is_justified,
       e.review_note,
       g.name AS signer,
       e.reviewed_at AT TIME ZONE z.zone AS signed_local,
       e.verdict IS NULL AND (e.ended_at IS NOT NULL OR e.until <= now()) AND app.reviews_emergencies(e.staff_id) AS can_sign
FROM app.emergency e
JOIN app.staff f ON f.id = e.staff_id
LEFT JOIN app.staff g ON g.id = e.reviewed_by
LEFT JOIN app.client c ON c.id = e.client_id
CROSS JOIN (SELECT app.zone() AS zone) AS z
ORDER BY e.verdict IS NOT NULL, e.opened_at DESC
LIMIT 100;

-- name: emergency_officer :many
-- Who could be the privacy officer: whoever reads the trail for the whole business.
SELECT f.id AS staff_id, f.name, f.id = t.privacy_officer AS is_officer
FROM app.staff f
JOIN app.tenant t ON true
WHERE f.is_active
  AND EXISTS (SELECT FROM app.staff_role sr JOIN app.role_permission rp ON rp.role_id = sr.role_id AND rp.permission = 'audit_read'
              WHERE sr.staff_id = f.id AND sr.location_id IS NULL)
ORDER BY f.name;

-- name: emergency_chooser :maybe
-- The person herself when she is an owner, who chooses.
SELECT true AS is_chooser
FROM app.staff_role sr JOIN app.role r ON r.id = sr.role_id AND r.slug = 'owner'
WHERE sr.staff_id = app.actor() AND sr.location_id IS NULL;

-- name: emergency_officer_set :exec
-- Who is told of emergencies from now on; nobody: the owners.
SELECT FROM sec.officer_set(:officer::uuid);

-- name: emergency_review :exec
-- Signs one off.
SELECT FROM sec.emergency_review(:emergency_id::uuid, :verdict, :review_note);
