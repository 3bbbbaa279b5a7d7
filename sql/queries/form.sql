-- name: form_desk :one
-- Who follows this link, until when, and how much is still to do.
SELECT c.id AS client_id, coalesce(c.preferred_name, c.name) AS calling_name,
       l.expires_at AT TIME ZONE z.zone AS expires_local,
       count(a.id) FILTER (WHERE a.state = 'due') AS n_due,
       count(a.id) > 0 AS has_forms,
       count(a.id) FILTER (WHERE a.state = 'due') = 0 AND count(a.id) > 0 AS is_all_done
FROM app.link l
JOIN app.client c ON c.id = l.client_id
CROSS JOIN LATERAL (
    SELECT coalesce(
        (SELECT p.zone FROM app.appointment v JOIN app.location p ON p.id = v.location_id WHERE v.id = l.appointment_id),
        app.zone()) AS zone) z
LEFT JOIN app.form_assignment a ON a.client_id = c.id
    AND (a.state = 'signed' AND (a.appointment_id = l.appointment_id OR l.appointment_id IS NULL)
         OR a.state = 'due' AND (a.appointment_id IS NULL OR EXISTS (
             SELECT FROM app.appointment v
             WHERE v.id = a.appointment_id AND v.status IN ('booked', 'confirmed', 'arrived', 'in_room')
               AND (v.ends_at > now() OR v.id = l.appointment_id))))
WHERE l.id = nullif(current_setting('foyer.link_id', true), '')::uuid
GROUP BY c.id, c.preferred_name, c.name, l.expires_at, z.zone;

-- name: form_list :many
-- The forms of the link's client: those due for visits to come, the link's own first; and those of the link's visit that
-- are signed.
SELECT a.id AS assignment_id, a.client_id, v.title, a.state = 'signed' AS is_signed,
       a.state = 'due' AND d.assignment_id IS NOT NULL AS is_started,
       a.state = 'due' AND a.id = first_value(a.id) OVER (
           ORDER BY a.state = 'signed', p.id IS DISTINCT FROM l.appointment_id, p.starts_at, a.position, v.title, a.id) AS is_next,
       s.name AS service_name, p.starts_at AT TIME ZONE o.zone AS starts_local,
       g.signed_at AT TIME ZONE g.zone AS signed_local
FROM app.form_assignment a
JOIN app.link l ON l.id = nullif(current_setting('foyer.link_id', true), '')::uuid AND l.client_id = a.client_id
LEFT JOIN app.appointment p ON p.id = a.appointment_id
LEFT JOIN app.service s ON s.id = p.service_id
LEFT JOIN app.location o ON o.id = p.location_id
LEFT JOIN app.form_draft d ON d.assignment_id = a.id
LEFT JOIN app.signature g ON g.assignment_id = a.id
JOIN LATERAL (
    SELECT n.title FROM app.form_version n
    WHERE n.form_id = a.form_id AND n.published_at IS NOT NULL AND (g.id IS NULL OR n.id = g.form_version_id)
    ORDER BY n.version DESC LIMIT 1) v ON true
WHERE a.state = 'signed' AND (a.appointment_id = l.appointment_id OR l.appointment_id IS NULL)
   OR a.state = 'due' AND (p.id IS NULL OR p.status IN ('booked', 'confirmed', 'arrived', 'in_room')
                                           AND (p.ends_at > now() OR p.id = l.appointment_id))
ORDER BY is_signed, p.id IS DISTINCT FROM l.appointment_id, p.starts_at, a.position, v.title, a.id;

-- name: form_assignment :one
-- One form of the link's client in the wording that is in force now and in the language that she asks for, or went on in; with what
-- signing it needs.
SELECT a.id AS assignment_id, a.client_id, a.state, f.kind = 'consent' AS is_consent,
       v.id AS form_version_id, v.version, coalesce(x.title, v.title) AS title, coalesce(x.body, v.body) AS wording, v.sha256 AS wording_sha256,
       coalesce(x.language, v.language) AS language,
       coalesce(d.form_version_id, v.id) AS answered_version_id,
       b.name AS studio, c.name AS client_name, s.name AS service_name, p.starts_at AT TIME ZONE z.zone AS starts_local, z.zone,
       t.id AS disclosure_id, t.version AS disclosure_version, t.body AS disclosure,
       g.signed_at AT TIME ZONE g.zone AS signed_local, app.zone_words(g.zone) AS zone_words
FROM app.form_assignment a
JOIN app.tenant b ON b.id = a.tenant_id
JOIN app.form f ON f.id = a.form_id
JOIN app.client c ON c.id = a.client_id
JOIN LATERAL (
    SELECT n.id, n.version, n.title, n.body, n.sha256, n.language FROM app.form_version n
    WHERE n.form_id = a.form_id AND n.published_at IS NOT NULL
    ORDER BY n.version DESC LIMIT 1) v ON true
LEFT JOIN app.appointment p ON p.id = a.appointment_id
LEFT JOIN app.service s ON s.id = p.service_id
LEFT JOIN app.location o ON o.id = p.location_id
CROSS JOIN LATERAL (SELECT coalesce(o.zone, app.zone()) AS zone) z
LEFT JOIN LATERAL (
    SELECT x.id, x.version, x.body FROM app.policy_version x
    WHERE x.kind = 'terms' AND x.effective_on <= current_date
    ORDER BY x.version DESC LIMIT 1) t ON true
LEFT JOIN app.form_draft d ON d.assignment_id = a.id
LEFT JOIN app.form_translation x ON x.form_version_id = v.id AND x.language = coalesce(:lang, d.language)
LEFT JOIN app.signature g ON g.assignment_id = a.id
WHERE a.id = :assignment_id AND a.client_id = (SELECT app.own_client());

-- name: form_questions :many
-- The questions of a version; beside each the answer kept so far, also one given to an older version of the same question. What can be
-- chosen is kept in the form's own language (options) and shown in hers (options_shown).
SELECT q.id AS question_id, q.key AS question_key, q.kind, coalesce(x.label, q.label) AS label,
       coalesce(nullif(x.help, ''), q.help) AS help, q.options,
       CASE WHEN cardinality(x.options) = cardinality(q.options) THEN x.options ELSE q.options END AS options_shown,
       q.is_required, CASE WHEN q.follow_up_label IS NOT NULL THEN coalesce(x.follow_up_label, q.follow_up_label) END AS follow_up_label,
       coalesce(x.unit, q.unit) AS unit, q.number_min::text AS number_min, q.number_max::text AS number_max, q.when_key, q.when_value,
       a.id, a.client_id, a.answer_sealed, a.detail_sealed
FROM app.form_question q
LEFT JOIN app.form_question_translation x ON x.question_id = q.id AND x.language = :language
LEFT JOIN app.form_question was ON was.form_version_id = :answered_version_id AND was.key = q.key AND was.kind = q.kind
LEFT JOIN app.form_answer a ON a.question_id = was.id AND a.assignment_id = :assignment_id
WHERE q.form_version_id = :form_version_id
ORDER BY q.position, q.key;

-- name: form_languages :many
-- The languages that a form can be read in, when there is more than its own.
SELECT l.language AS lang, app.language_words(l.language) AS language_words, l.language = :language AS is_shown,
       row_number() OVER w = 1 AS is_first, lead(l.n) OVER w IS NULL AS is_last
FROM (SELECT v.language, 0 AS n FROM app.form_version v
      WHERE v.id = :form_version_id::uuid AND EXISTS (SELECT FROM app.form_translation t WHERE t.form_version_id = v.id)
      UNION ALL
      SELECT t.language, 1 FROM app.form_translation t WHERE t.form_version_id = :form_version_id::uuid) AS l
WINDOW w AS (ORDER BY l.n, l.language)
ORDER BY l.n, l.language;

-- name: form_draft_touch :exec
-- The draft of a form, begun or gone on with, in this version; it also makes two savings at once wait for one another.
INSERT INTO app.form_draft (assignment_id, client_id, form_version_id, language)
VALUES (:assignment_id, :client_id, :form_version_id, :language)
ON CONFLICT (tenant_id, assignment_id) DO UPDATE
SET form_version_id = excluded.form_version_id, language = excluded.language, updated_at = now();

-- name: form_answers_clear :exec
-- All answers of a draft go, because all come anew.
DELETE FROM app.form_answer
WHERE assignment_id = :assignment_id AND client_id = :client_id;

-- name: form_answers_put :exec
-- The answers of a draft, each sealed for its row.
INSERT INTO app.form_answer (id, assignment_id, client_id, question_id, answer_sealed, detail_sealed)
SELECT x.id, :assignment_id, :client_id, x.question_id, x.answer, x.detail
FROM unnest(:answer_ids::uuid[], :question_ids::uuid[], :answers::bytea[], :details::bytea[]) AS x (id, question_id, answer, detail);

-- name: form_sign :one
-- The signature; the table sees to it that the form is due and the wording is the one in force.
INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256,
                           wording_sha256, method, signer_name_sealed, strokes_sealed, zone)
VALUES (:signature_id, :assignment_id, :client_id, :form_version_id, :disclosure_id, :document_bytes, :document_sha256,
        :wording_sha256, :method, :signer_name_bytes, :strokes_bytes, :zone)
RETURNING id AS signature_id, client_id;

-- name: form_allergies :many
-- What is on the client's list already, so that an intake repeats nothing.
SELECT a.id, a.client_id, a.substance_sealed, a.severity
FROM app.allergy a
WHERE a.client_id = (SELECT app.own_client()) AND a.ended_at IS NULL;

-- name: form_allergy_put :exec
-- An allergy that the client named in a form she signed.
INSERT INTO app.allergy (id, client_id, substance_sealed, reaction_sealed, severity)
VALUES (:allergy_id, :client_id, :substance_bytes, :reaction_bytes, :severity);

-- name: form_due_date :exec
-- The due date that she gave in a form she signed; one that cannot be one stays an answer and nothing more.
SELECT FROM (SELECT (now() AT TIME ZONE app.zone())::date AS today) AS t
CROSS JOIN LATERAL sec.due_date_told(:due_told::date)
WHERE :due_told::date BETWEEN t.today - 21 AND t.today + 287;

-- name: form_copy :one
-- What the link's client signed, exactly.
SELECT s.id, s.client_id, s.assignment_id, s.document_sealed, s.strokes_sealed, s.document_sha256, app.zone_words(s.zone) AS zone_words,
       s.signed_at AT TIME ZONE s.zone AS signed_local, l.expires_at AT TIME ZONE s.zone AS expires_local
FROM app.signature s
JOIN app.link l ON l.id = nullif(current_setting('foyer.link_id', true), '')::uuid
WHERE s.assignment_id = :assignment_id AND s.client_id = (SELECT app.own_client());

-- name: form_signature :one
-- A signed form with its evidence, for the chart.
SELECT s.id, s.client_id, s.document_sealed, s.strokes_sealed, s.document_sha256, s.wording_sha256, s.zone, app.zone_words(s.zone) AS zone_words,
       s.signed_at AT TIME ZONE s.zone AS signed_local, s.signed_at, host(s.ip) AS address, s.agent, s.link_id,
       CASE s.actor_kind WHEN 'client' THEN 'The client' WHEN 'staff' THEN 'Staff' ELSE 'The system' END AS actor_words,
       CASE s.second_factor WHEN 'birth_date' THEN 'Date of birth, proven' ELSE 'None' END AS factor_words,
       CASE s.method WHEN 'drawn' THEN 'Drawn by hand' ELSE 'Typed name' END AS method_words, s.request_id,
       v.title, v.version, f.name AS form_name, p.version AS disclosure_version, c.name AS client_name,
       a.id AS appointment_id, a.starts_at AT TIME ZONE o.zone AS starts_local, e.name AS service_name,
       m.emergency_id, m.minutes_left
FROM app.signature s
LEFT JOIN LATERAL app.emergency_of(s.client_id) AS m ON true
JOIN app.form_version v ON v.id = s.form_version_id
JOIN app.form f ON f.id = v.form_id
JOIN app.policy_version p ON p.id = s.disclosure_id
JOIN app.form_assignment t ON t.id = s.assignment_id AND t.client_id = s.client_id
LEFT JOIN app.client c ON c.id = s.client_id
LEFT JOIN app.appointment a ON a.id = t.appointment_id
LEFT JOIN app.location o ON o.id = a.location_id
LEFT JOIN app.service e ON e.id = a.service_id
WHERE s.id = :signature_id AND s.client_id = :client_id;
