-- name: privacy_in_force :maybe
-- The text that is in force today.
SELECT v.version, v.title, v.body, v.language, v.effective_on, true AS is_in_force
FROM app.policy_version v
WHERE v.id = app.policy_in_force('privacy');

-- name: privacy_version :one
-- One version, as it was published.
SELECT v.version, v.title, v.body, v.language, v.effective_on, coalesce(v.id = app.policy_in_force('privacy'), false) AS is_in_force
FROM app.policy_version v
WHERE v.kind = 'privacy' AND v.version = :version::int;

-- name: privacy_versions :many
-- All versions, those to come included, the newest first.
SELECT v.version AS other_version, v.effective_on AS other_effective_on,
       v.effective_on > (now() AT TIME ZONE t.zone)::date AS is_to_come
FROM app.policy_version v
JOIN app.tenant t ON t.id = v.tenant_id
WHERE v.kind = 'privacy'
ORDER BY v.version DESC;
