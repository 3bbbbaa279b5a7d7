-- name: media_orphans :many
-- Of these ids, those whose file nobody needs: removed, or never written down.
-- clients: none
SELECT x.id AS media_id
FROM unnest(:media_ids::uuid[]) AS x (id)
WHERE NOT EXISTS (SELECT FROM app.media m WHERE m.id = x.id AND m.removed_at IS NULL);
