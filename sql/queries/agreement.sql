-- name: agreement_text :maybe
-- The operator's agreement in force, and whether this business has accepted it.
-- clients: none
SELECT n.version, n.title, n.body, n.effective_on, a.accepted_name, a.accepted_at AT TIME ZONE app.zone() AS accepted_local, a.version IS NOT NULL AS is_accepted,
       EXISTS (SELECT FROM app.staff_role sr JOIN app.role r ON r.id = sr.role_id AND r.slug = 'owner'
               WHERE sr.staff_id = app.actor() AND sr.location_id IS NULL) AS is_owner
FROM sec.agreement_now() n
LEFT JOIN app.agreement a ON a.version = n.version;

-- name: agreement_here :maybe
-- What to say of it on the business's page; the operator has none with herself.
-- clients: none
SELECT n.version, a.accepted_name, a.accepted_at AT TIME ZONE app.zone() AS accepted_local, a.version IS NOT NULL AS is_accepted,
       o.version AS earlier_version
FROM app.tenant t
CROSS JOIN sec.agreement_now() n
LEFT JOIN app.agreement a ON a.version = n.version
LEFT JOIN LATERAL (SELECT max(x.version) AS version FROM app.agreement x WHERE x.version < n.version) o ON true
WHERE t.realm = 'studio';

-- name: agreement_accept :exec
-- An owner accepts the version that she has read.
-- clients: none
SELECT FROM sec.agreement_accept(:version::int);
