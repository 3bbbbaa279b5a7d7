-- name: form_paper_sheet :one
-- A version as a sheet to be printed, in one of its languages.
-- clients: none
SELECT v.form_id, v.id AS form_version_id, b.name AS studio, f.name AS form_name, v.version, v.published_at IS NULL AS is_draft, v.withdrawn_at IS NOT NULL AS is_withdrawn,
       f.kind = 'consent' AS is_consent, coalesce(x.title, v.title) AS title, concat_ws(E'\n\n', nullif(coalesce(x.body, v.body), ''), app.authorisation_words(v.id, coalesce(x.language, v.language))) AS wording, coalesce(x.language, v.language) AS language, v.sha256 AS wording_sha256
FROM app.form_version v
JOIN app.form f ON f.id = v.form_id
JOIN app.tenant b ON b.id = v.tenant_id
LEFT JOIN app.form_translation x ON x.form_version_id = v.id AND x.language = :lang
WHERE v.form_id = :form_id::uuid AND v.id = :form_version_id::uuid;

-- name: form_paper_words :one
-- The words around it.
-- clients: none
SELECT w.name, w.born, w.yes, w.no, w.since, w.tick, w.statement, w.signature, w.in_print, w.day, w.guardian, w.witness, w.attached, w.only_after FROM app.paper_words(:language) w;

-- name: form_paper_due :one
-- A form that is due and may have been signed on paper, in the language of the paper; while that is not said, in its own.
SELECT a.id AS assignment_id, a.client_id, c.name AS client_name, b.name AS studio, a.form_id, v.id AS form_version_id, v.version, coalesce(x.title, v.title) AS title,
       concat_ws(E'\n\n', nullif(coalesce(x.body, v.body), ''), app.authorisation_words(v.id, coalesce(x.language, v.language))) AS wording, v.sha256 AS wording_sha256,
       coalesce(x.language, v.language) AS language, app.language_words(coalesce(x.language, v.language)) AS language_words, s.name AS service_name, p.starts_at AT TIME ZONE o.zone AS starts_local,
       to_char(v.published_at AT TIME ZONE app.zone(), 'YYYY-MM-DD') AS first_day, to_char(now() AT TIME ZONE app.zone(), 'YYYY-MM-DD') AS last_day,
       app.is_minor(c.id) AS is_minor, f.name AS noter_name, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS now_utc
FROM app.form_assignment a
JOIN app.client c ON c.id = a.client_id
JOIN app.tenant b ON b.id = a.tenant_id
JOIN app.form_version v ON v.id = app.form_in_force(a.form_id)
LEFT JOIN app.form_translation x ON x.form_version_id = v.id AND x.language = :lang
JOIN app.staff f ON f.id = app.actor()
LEFT JOIN app.appointment p ON p.client_id = a.client_id AND p.id = a.appointment_id
LEFT JOIN app.service s ON s.id = p.service_id
LEFT JOIN app.location o ON o.id = p.location_id
WHERE a.id = :assignment_id::uuid AND app.form_is_due(a.state, a.due_by);

-- name: form_paper_guardians :many
-- Who else may have signed it.
SELECT a.client_id, g.guardian_id, g.guardian_name, app.relation_words(g.relation) AS relation, g.guardian_id = :guardian_id::uuid AS is_chosen
FROM app.form_assignment a
CROSS JOIN LATERAL app.guardians_of(a.client_id) g
WHERE a.id = :assignment_id::uuid;

-- name: form_paper_witnesses :many
-- Who of the staff may have seen it.
-- clients: none
SELECT f.id AS staff_id, f.name, f.id = :witness_id::uuid AS is_chosen
FROM app.staff f
WHERE f.is_active AND NOT f.is_support
ORDER BY f.position, f.name, f.id;

-- name: form_paper_purposes :many
-- What the form asks to be allowed, in the language of the paper: what is ticked on it.
-- clients: none
SELECT q.purpose, coalesce(x.label, q.label) AS label
FROM app.form_assignment a
JOIN app.form_question q ON q.form_version_id = app.form_in_force(a.form_id) AND q.purpose IS NOT NULL
LEFT JOIN app.form_question_translation x ON x.question_id = q.id AND x.language = :language
WHERE a.id = :assignment_id::uuid
ORDER BY q.position, q.key;

-- name: form_paper_file :exec
-- A picture of the paper; the table sees to it that there is room.
-- seals: form_file
INSERT INTO app.form_file (id, client_id, assignment_id, question_key, name_sealed, sha256_sealed, stored_sha256)
VALUES (:media_id::uuid, :client_id::uuid, :assignment_id::uuid, 'paper', :name_sealed::bytea, :content_sealed::bytea, :stored_sha256::bytea);

-- name: form_paper_sign :one
-- That it was signed.
-- seals: signature
SELECT app.form_on_paper(:signature_id::uuid, :assignment_id::uuid, :form_version_id::uuid, :signed_on::date, :guardian_id::uuid, :witness_id::uuid, :language, :document_bytes::bytea,
                         :document_sha256::bytea, :wording_sha256::bytea, :signer_name_bytes::bytea, :purposes::text[], :givens::boolean[]) AS client_id;
