-- name: form_build_shown :many
-- The questions of a version as a client will see them, in one of its languages.
-- clients: none
SELECT q.id AS question_id, q.key AS question_key, q.kind, coalesce(x.label, q.label) AS label,
       coalesce(nullif(x.help, ''), q.help) AS help, q.options,
       CASE WHEN cardinality(x.options) = cardinality(q.options) THEN x.options ELSE q.options END AS options_shown,
       q.is_required, CASE WHEN q.follow_up_label IS NOT NULL THEN coalesce(x.follow_up_label, q.follow_up_label) END AS follow_up_label,
       coalesce(x.unit, q.unit) AS unit, q.number_min::text AS number_min, q.number_max::text AS number_max, q.when_key, q.when_value,
       NULL::bytea AS answer_sealed, NULL::bytea AS detail_sealed
FROM app.form_question q
LEFT JOIN app.form_question_translation x ON x.question_id = q.id AND x.language = :language
WHERE q.form_version_id = :form_version_id::uuid
ORDER BY q.position, q.key;
