-- name: photo_page :one
-- Whose picture it is, and what is known of it.
SELECT c.id AS client_id, c.name, app.may('client_write') OR app.reaches('client_write', c.id) AS can_change,
       m.id IS NOT NULL AS has_photo, m.width, m.height, f.name AS made_by, m.made_at AT TIME ZONE app.zone() AS made_local
FROM app.client c
LEFT JOIN LATERAL (SELECT x.id, x.width, x.height, x.made_at, x.made_by FROM app.media x
                   WHERE x.client_id = ANY (app.record_ids(c.id)) AND x.kind = 'photo' AND x.removed_at IS NULL
                   ORDER BY x.made_at DESC, x.id LIMIT 1) AS m ON true
LEFT JOIN app.staff f ON f.id = m.made_by
WHERE c.id = :client_id::uuid;

-- name: photo_one :one
-- The picture of a client, or of a record that was joined to hers.
SELECT coalesce(m.client_id, c.id) AS client_id, m.id, m.key_sealed, m.bytes, m.small_bytes
FROM app.client c
LEFT JOIN LATERAL (SELECT x.id, x.client_id, x.key_sealed, x.bytes, x.small_bytes FROM app.media x
                   WHERE x.client_id = ANY (app.record_ids(c.id)) AND x.kind = 'photo' AND x.removed_at IS NULL
                   ORDER BY x.made_at DESC, x.id LIMIT 1) AS m ON true
WHERE c.id = :client_id::uuid;

-- name: photo_add :one
-- A new one; the one before goes.
-- seals: media
INSERT INTO app.media AS m (id, client_id, kind, type, bytes, small_bytes, width, height, key_sealed, sha256_sealed)
VALUES (:media_id::uuid, :client_id::uuid, 'photo', 'image/jpeg', :media_bytes::bigint, :media_small_bytes::bigint, :width::int, :height::int, :key_sealed::bytea, :sha256_sealed::bytea)
RETURNING m.client_id;

-- name: photo_remove :one
-- It goes, also that of a record that was joined to hers.
WITH gone AS (
    UPDATE app.media m SET removed_at = now()
    WHERE m.client_id = ANY (app.record_ids(:client_id::uuid)) AND m.kind = 'photo' AND m.removed_at IS NULL)
SELECT c.id AS client_id FROM app.client c
WHERE c.id = :client_id::uuid AND (app.may('client_write') OR app.reaches('client_write', c.id));
