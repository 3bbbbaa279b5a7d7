-- name: media_orphans :many
-- Of these ids, those whose file nobody needs: removed, or never written down.
-- clients: none
SELECT x.id AS media_id
FROM unnest(:media_ids::uuid[]) AS x (id)
WHERE NOT EXISTS (SELECT FROM app.media m WHERE m.id = x.id AND m.removed_at IS NULL);

-- name: media_forms_over :many
-- Files of forms that nobody will sign any more: withdrawn, declined a month ago, or left for three months without a visit to come.
-- clients: none
UPDATE app.media m SET removed_at = now()
FROM app.form_file f
JOIN app.form_assignment a ON a.client_id = f.client_id AND a.id = f.assignment_id
WHERE m.client_id = f.client_id AND m.id = f.id AND m.kind = 'form' AND m.removed_at IS NULL
  AND (a.state = 'withdrawn'
       OR a.state = 'declined' AND NOT EXISTS (SELECT FROM app.form_decline d WHERE d.client_id = a.client_id AND d.assignment_id = a.id AND d.at > now() - interval '30 days')
       OR a.state = 'due' AND f.added_at < now() - interval '90 days'
          AND NOT EXISTS (SELECT FROM app.appointment v WHERE v.client_id = a.client_id AND v.id = a.appointment_id
                            AND v.status IN ('booked', 'confirmed', 'arrived', 'in_room') AND v.ends_at > now() - interval '30 days'))
RETURNING m.id AS media_id;
