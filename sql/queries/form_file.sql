-- name: form_file_list :many
-- What is attached to the link's own form, for its questions and for the text that is signed.
SELECT f.id, f.client_id, f.question_key, f.name_sealed, f.sha256_sealed, m.type, m.bytes, m.small_bytes IS NOT NULL AS has_small
FROM app.form_file f
JOIN app.media m ON m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL
WHERE f.assignment_id = :assignment_id AND f.client_id = (SELECT app.own_client())
ORDER BY f.added_at, f.id;

-- name: form_file_drop :exec
-- Files that are taken away from the link's own form, or whose question is not asked any more.
UPDATE app.media m SET removed_at = now()
FROM app.form_file f
WHERE f.assignment_id = :assignment_id AND f.client_id = (SELECT app.own_client()) AND f.id = ANY (:dropped::uuid[])
  AND m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL;

-- name: form_file_keep :exec
-- Whatever is attached to the link's own form and not among these goes: it is not in the text that is signed.
UPDATE app.media m SET removed_at = now()
FROM app.form_file f
WHERE f.assignment_id = :assignment_id AND f.client_id = (SELECT app.own_client()) AND f.id <> ALL (:named::uuid[])
  AND m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL;

-- name: form_file_hold :exec
-- Her form is held until this transaction ends, so that what is signed is what is attached.
SELECT app.form_hold(:assignment_id);

-- name: form_file_room :one
-- The question of her open form that asks for files.
SELECT r.client_id, :assignment_id::uuid AS assignment_id, :question_key::text AS question_key, r.title, r.label, r.help, r.language, r.n_files, r.most, r.most - r.n_files AS n_left, r.n_files > 0 AS has_files, r.n_files < r.most AS has_room, r.is_kiosk, r.witness_name
FROM app.form_file_room(:assignment_id, :question_key) r;

-- name: form_file_media :exec
-- A file of the link's client; its form follows.
-- seals: media
INSERT INTO app.media (id, client_id, kind, type, bytes, small_bytes, width, height, key_sealed, sha256_sealed)
VALUES (:media_id::uuid, :client_id::uuid, 'form', :type, :media_bytes::bigint, :media_small_bytes::bigint, :width::int, :height::int, :key_sealed::bytea, :sha256_sealed::bytea);

-- name: form_file_add :one
-- To which question of which form it belongs, and what she called it; the table sees to it that there is room.
-- seals: form_file
INSERT INTO app.form_file AS f (id, client_id, assignment_id, question_key, name_sealed, sha256_sealed, stored_sha256)
VALUES (:media_id::uuid, :client_id::uuid, :assignment_id, :question_key, :name_sealed::bytea, :content_sealed::bytea, :stored_sha256::bytea)
RETURNING f.client_id;

-- name: form_file_mine :one
-- One file of the link's own form.
SELECT f.client_id, m.id, m.key_sealed, m.sha256_sealed, m.type, m.bytes, m.small_bytes, app.on_tablet() AS is_kiosk
FROM app.form_file f
JOIN app.media m ON m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL
WHERE f.id = :media_id AND f.assignment_id = :assignment_id AND f.client_id = (SELECT app.own_client());

-- name: form_file_of :one
-- A file that a client attached to a form that she signed, for the staff.
SELECT coalesce(f.client_id, c.id) AS client_id, f.id, f.key_sealed, f.sha256_sealed, f.type, f.bytes, f.small_bytes
FROM app.client c
LEFT JOIN LATERAL (
    SELECT x.client_id, m.id, m.key_sealed, m.sha256_sealed, m.type, m.bytes, m.small_bytes
    FROM app.form_file x
    JOIN app.media m ON m.client_id = x.client_id AND m.id = x.id AND m.removed_at IS NULL
    JOIN app.signature s ON s.client_id = x.client_id AND s.assignment_id = x.assignment_id
    WHERE x.id = :media_id::uuid AND x.client_id = c.id) AS f ON true
WHERE c.id = :client_id::uuid;

-- name: form_file_copy :many
-- What is attached to a form that the link's client signed.
SELECT f.id, f.client_id, f.assignment_id, f.name_sealed, m.type = 'application/pdf' AS is_pdf, m.bytes,
       row_number() OVER w = 1 AS is_first, lead(f.id) OVER w IS NULL AS is_last
FROM app.form_file f
JOIN app.media m ON m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL
WHERE f.assignment_id = :assignment_id AND f.client_id = (SELECT app.own_client())
WINDOW w AS (ORDER BY f.added_at, f.id)
ORDER BY f.added_at, f.id;

-- name: form_file_signed :many
-- What is attached to a signed form, for the chart. A row without its file: it is gone, and should not be.
SELECT f.id, f.client_id, f.name_sealed, m.type = 'application/pdf' AS is_pdf, m.removed_at IS NULL AS is_there, m.bytes,
       row_number() OVER w = 1 AS is_first, lead(f.id) OVER w IS NULL AS is_last
FROM app.signature s
JOIN app.form_file f ON f.client_id = s.client_id AND f.assignment_id = s.assignment_id
JOIN app.media m ON m.client_id = f.client_id AND m.id = f.id AND (m.removed_at IS NULL OR m.removed_at > s.signed_at)
WHERE s.id = :signature_id AND s.client_id = :client_id
WINDOW w AS (ORDER BY f.added_at, f.id)
ORDER BY f.added_at, f.id;

-- name: form_file_hashes :many
-- Of these, the hash of what each holds, to be found in the signed text.
SELECT f.id, f.client_id, f.sha256_sealed, m.removed_at IS NULL AS is_there
FROM app.signature s
JOIN app.form_file f ON f.client_id = s.client_id AND f.assignment_id = s.assignment_id
JOIN app.media m ON m.client_id = f.client_id AND m.id = f.id AND (m.removed_at IS NULL OR m.removed_at > s.signed_at)
WHERE s.id = :signature_id AND s.client_id = :client_id;

-- name: form_file_of_client :many
-- What is attached to the forms that a client signed, for the copy of her chart.
SELECT f.id, f.client_id, s.id AS signature_id, f.name_sealed, m.bytes
FROM app.form_file f
JOIN app.media m ON m.client_id = f.client_id AND m.id = f.id AND m.removed_at IS NULL
JOIN app.signature s ON s.client_id = f.client_id AND s.assignment_id = f.assignment_id
WHERE f.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY f.added_at, f.id;
