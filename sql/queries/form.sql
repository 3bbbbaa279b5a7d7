-- name: form_desk :one
-- Who follows this link, until when, and how much is still to do.
SELECT c.id AS client_id, coalesce(c.preferred_name, c.name) AS calling_name,
       l.expires_at AT TIME ZONE z.zone AS expires_local,
       count(a.id) FILTER (WHERE a.state = 'due') AS n_due,
       count(a.id) > 0 AS has_forms,
       count(a.id) FILTER (WHERE a.state = 'due' OR a.revoked_at IS NOT NULL) = 0 AND count(a.id) > 0 AS is_all_done,
       l.place = 'kiosk' AS is_kiosk, app.witness_name() AS witness_name, g.name AS guardian_name
FROM app.link l
JOIN app.client c ON c.id = l.client_id
LEFT JOIN app.client_guardian g ON g.client_id = l.client_id AND g.id = l.guardian_id
CROSS JOIN LATERAL (
    SELECT coalesce(
        (SELECT p.zone FROM app.appointment v JOIN app.location p ON p.id = v.location_id WHERE v.id = l.appointment_id),
        app.zone()) AS zone) z
LEFT JOIN app.form_assignment a ON a.client_id = c.id
    AND (a.state = 'signed' AND (a.appointment_id = l.appointment_id OR l.appointment_id IS NULL)
         OR app.form_is_due(a.state, a.due_by))
WHERE l.id = nullif(current_setting('foyer.link_id', true), '')::uuid
GROUP BY c.id, c.preferred_name, c.name, l.expires_at, l.place, z.zone, g.name;

-- name: form_list :many
-- The forms of the link's client: those that are due, those of the link's own visit first; and those of that visit that are signed.
SELECT a.id AS assignment_id, a.client_id, v.title, v.language AS title_language, a.state = 'signed' AS is_signed, a.revoked_at IS NOT NULL AS is_revoked,
       a.state = 'due' AND d.assignment_id IS NOT NULL AS is_started,
       a.state = 'due' AND a.id = first_value(a.id) OVER (
           ORDER BY a.state = 'signed', p.id IS DISTINCT FROM l.appointment_id, p.starts_at, a.position, v.title, a.id) AS is_next,
       s.name AS service_name, p.starts_at AT TIME ZONE o.zone AS starts_local,
       g.signed_at AT TIME ZONE g.zone AS signed_local
FROM app.form_assignment a
JOIN app.link l ON l.id = nullif(current_setting('foyer.link_id', true), '')::uuid AND l.client_id = a.client_id
JOIN app.client c ON c.id = a.client_id
LEFT JOIN app.appointment p ON p.id = a.appointment_id
LEFT JOIN app.service s ON s.id = p.service_id
LEFT JOIN app.location o ON o.id = p.location_id
LEFT JOIN app.form_draft d ON d.assignment_id = a.id
LEFT JOIN app.signature g ON g.assignment_id = a.id
JOIN LATERAL (
    SELECT coalesce(x.title, n.title) AS title, coalesce(x.language, n.language) AS language
    FROM app.form_version n
    LEFT JOIN app.form_translation x ON x.form_version_id = n.id
        AND x.language = split_part(coalesce(g.language, d.language, l.language, c.preferred_language, :page_language), '-', 1)
    WHERE n.form_id = a.form_id AND n.published_at IS NOT NULL AND (g.id IS NULL OR n.id = g.form_version_id)
    ORDER BY n.version DESC LIMIT 1) v ON true
WHERE a.state = 'signed' AND (a.appointment_id = l.appointment_id OR l.appointment_id IS NULL)
   OR app.form_is_due(a.state, a.due_by)
ORDER BY is_signed, p.id IS DISTINCT FROM l.appointment_id, p.starts_at, a.position, v.title, a.id;

-- name: form_assignment :one
-- One form of the link's client in the wording that is in force now and in the language that she asks for, went on in, picked on another page
-- of the link, is on record to prefer, or reads here by her browser; with what signing it needs.
SELECT a.id AS assignment_id, a.client_id, a.state, f.kind = 'consent' AS is_consent,
       v.id AS form_version_id, v.version, coalesce(x.title, v.title) AS title, concat_ws(E'\n\n', nullif(coalesce(x.body, v.body), ''), app.authorisation_words(v.id, coalesce(x.language, v.language))) AS wording, v.sha256 AS wording_sha256,
       coalesce(x.language, v.language) AS language, CASE WHEN t.language <> coalesce(x.language, v.language) THEN app.language_words(t.language) END AS terms_language_words, app.language_words(coalesce(x.language, v.language)) AS language_words,
       coalesce(d.form_version_id, v.id) AS answered_version_id, d.assignment_id IS NOT NULL AS has_draft, d.language AS draft_language,
       coalesce(d.edition, 0) AS edition, d.editor, gen_random_uuid() AS page_id,
       b.name AS studio, c.name AS client_name, s.name AS service_name, p.starts_at AT TIME ZONE z.zone AS starts_local, z.zone,
       t.id AS disclosure_id, t.version AS disclosure_version, t.body AS disclosure, t.language AS disclosure_language,
       g.signed_at AT TIME ZONE g.zone AS signed_local, app.zone_words(g.zone) AS zone_words, k.place = 'kiosk' AS is_kiosk, k.place <> 'link' AS is_in_studio, app.witness_name() AS witness_name
FROM app.form_assignment a
JOIN app.link k ON k.id = nullif(current_setting('foyer.link_id', true), '')::uuid
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
LEFT JOIN app.form_draft d ON d.assignment_id = a.id
LEFT JOIN app.form_translation x ON x.form_version_id = v.id AND x.language = coalesce(:lang, split_part(coalesce(d.language, k.language, c.preferred_language, :page_language), '-', 1))
LEFT JOIN app.policy_version t ON t.id = app.terms_in_force(coalesce(x.language, v.language))
LEFT JOIN app.signature g ON g.assignment_id = a.id
WHERE a.id = :assignment_id AND a.client_id = (SELECT app.own_client());

-- name: form_questions :many
-- The questions of a version; beside each the answer kept so far, also one given to an older version of the same question. What can be
-- chosen is kept in the form's own language (options) and shown in hers (options_shown). What was signed stays only under the same words.
SELECT q.id AS question_id, q.key AS question_key, q.kind, coalesce(x.label, q.label) AS label,
       coalesce(nullif(x.help, ''), q.help) AS help, q.options,
       CASE WHEN cardinality(x.options) = cardinality(q.options) THEN x.options ELSE q.options END AS options_shown,
       q.is_required, CASE WHEN q.follow_up_label IS NOT NULL THEN coalesce(x.follow_up_label, q.follow_up_label) END AS follow_up_label,
       coalesce(x.unit, q.unit) AS unit, q.number_min::text AS number_min, q.number_max::text AS number_max, q.when_key, q.when_value, q.none_option,
       a.id, a.client_id, a.answer_sealed, a.detail_sealed
FROM app.form_question q
LEFT JOIN app.form_question_translation x ON x.question_id = q.id AND x.language = :language
LEFT JOIN app.form_question was ON was.form_version_id = :answered_version_id AND was.key = q.key AND was.kind = q.kind
    AND (q.kind <> 'signature' OR (was.label, was.help) = (q.label, q.help))
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
-- The draft of a form, begun or gone on with, in this version and language; another edition when answers change.
INSERT INTO app.form_draft AS d (assignment_id, client_id, form_version_id, language, edition, editor)
VALUES (:assignment_id, :client_id, :form_version_id, :language, :has_changed::boolean::int, CASE WHEN :has_changed::boolean THEN :editor::uuid END)
ON CONFLICT (tenant_id, assignment_id) DO UPDATE
SET form_version_id = excluded.form_version_id, language = excluded.language, edition = d.edition + excluded.edition,
    editor = CASE WHEN :has_changed::boolean THEN excluded.editor ELSE d.editor END, updated_at = now();

-- name: form_answers_clear :exec
-- The answers of a draft that come anew or are gone, and all to another version than this one.
DELETE FROM app.form_answer
WHERE assignment_id = :assignment_id AND client_id = :client_id
  AND (question_id = ANY (:changed::uuid[])
       OR question_id <> ALL (ARRAY(SELECT q.id FROM app.form_question q WHERE q.form_version_id = :form_version_id)));

-- name: form_answers_put :exec
-- The answers of a draft, each sealed for its row.
INSERT INTO app.form_answer (id, assignment_id, client_id, question_id, answer_sealed, detail_sealed)
SELECT x.id, :assignment_id, :client_id, x.question_id, x.answer, x.detail
FROM unnest(:answer_ids::uuid[], :question_ids::uuid[], :answers::bytea[], :details::bytea[]) AS x (id, question_id, answer, detail);

-- name: form_sign :one
-- The signature; the table sees to it that the form is due and the wording is the one in force.
INSERT INTO app.signature (id, assignment_id, client_id, form_version_id, disclosure_id, document_sealed, document_sha256,
                           wording_sha256, method, signer_name_sealed, strokes_sealed, zone, language)
VALUES (:signature_id, :assignment_id, :client_id, :form_version_id, :disclosure_id, :document_bytes, :document_sha256,
        :wording_sha256, :method, :signer_name_bytes, :strokes_bytes, :zone, :language)
RETURNING id AS signature_id, client_id;

-- name: form_signer :one
-- Who may sign by this link: the client, or for a minor her guardians (form_guardians); and where that is.
SELECT c.id AS client_id, coalesce(c.preferred_name, c.name) AS calling_name, m.is_minor,
       m.is_minor AND NOT EXISTS (SELECT FROM app.guardians_of(c.id) g WHERE g.guardian_id = coalesce(l.guardian_id, g.guardian_id)) AS lacks_guardian,
       NOT m.is_minor AND l.guardian_id IS NOT NULL AS is_of_age,
       EXISTS (SELECT FROM app.guardians_of(c.id) g WHERE l.guardian_id IS NULL AND g.birth_date IS NOT NULL) AS asks_guardian_date,
       l.place = 'desk' AS is_desk, app.witness_name() AS witness_name
FROM app.link l
JOIN app.client c ON c.id = l.client_id
CROSS JOIN LATERAL (SELECT app.is_minor(c.id) AS is_minor) AS m
WHERE l.id = nullif(current_setting('foyer.link_id', true), '')::uuid;

-- name: form_guardians :many
-- The guardians who may sign for her by this link.
SELECT l.client_id, g.guardian_id, g.guardian_name, app.relation_words(g.relation) AS relation,
       g.birth_date IS NULL AND l.place <> 'desk' AS is_unproven, g.guardian_id = :guardian_id::uuid AS is_chosen
FROM app.link l
CROSS JOIN LATERAL app.guardians_of(l.client_id) g
WHERE l.id = nullif(current_setting('foyer.link_id', true), '')::uuid AND app.is_minor(l.client_id)
  AND g.guardian_id = coalesce(l.guardian_id, g.guardian_id);

-- name: form_signer_fits :one
-- Whether the name that was typed has anything to do with hers, or with the guardian's who signs.
SELECT app.own_client() AS client_id, app.signer_fits(:signer_name, :guardian_id::uuid) AS fits;

-- name: form_signer_take :one
-- Finds out who signs; the signature of this transaction is his. Failures are counted, so it must be committed whatever comes of it.
SELECT t.is_ok, t.tries_left, t.is_over, t.wait_seconds, t.problem
FROM sec.signer_take(:guardian_id::uuid, :guardian_birth::date, CASE WHEN :witnessed = 'true' THEN :witness_token::bytea END) t;

-- name: form_signing_as :one
-- Who signs in this transaction, for the text that is signed.
SELECT a.signer, a.guardian_name, a.relation, a.witness_name, a.place, a.signed_utc FROM app.signing_as() AS a;

-- name: form_code :one
-- Whether signing this form takes a code by e-mail, and how far that is.
SELECT app.own_client() AS client_id, s.needs_code, s.is_sent, s.is_proven, s.has_address, s.address_hint,
       s.needs_code AND NOT s.is_proven AND s.is_sent AS asks_code, s.needs_code AND NOT s.is_proven AND NOT s.is_sent AS is_before
FROM sec.form_code_state(:assignment_id::uuid) s;

-- name: form_code_new :one
-- A new code and its mail; FY429 when there were too many.
-- seals: message
SELECT app.own_client() AS client_id FROM sec.form_code_new(:assignment_id::uuid, :code_mac::bytea, :message_id::uuid, :subject, :body_sealed::bytea, :dedupe_key);

-- name: form_code_try :one
-- Whether the code is the one that was sent; a wrong one is counted.
SELECT t.is_right, t.tries_left FROM sec.form_code_try(:assignment_id::uuid, :code_mac::bytea) t;

-- name: form_purposes :many
-- The questions that ask for a consent.
SELECT q.id AS question_id, q.purpose
FROM app.form_question q
WHERE q.form_version_id = :form_version_id AND q.purpose IS NOT NULL;

-- name: form_consents_put :exec
-- What the signature allows, by purpose; where two questions ask for one, both must say yes. Photographs and messages each have their ledger.
WITH photos AS (
    INSERT INTO app.consent (client_id, purpose, signature_id, is_given)
    SELECT :client_id, x.purpose, :signature_id, bool_and(x.is_given)
    FROM unnest(:purposes::text[], :givens::boolean[]) AS x (purpose, is_given)
    WHERE starts_with(x.purpose, 'photo_')
    GROUP BY x.purpose)
SELECT app.messaging_signed(:signature_id::uuid, :purposes::text[], :givens::boolean[]);

-- name: form_event_add :exec
-- What happens to a form, a row for each of the details; not again within so many seconds by the same link.
INSERT INTO app.form_event (id, assignment_id, client_id, kind, detail)
SELECT gen_random_uuid(), :assignment_id::uuid, app.own_client(), :event_kind, d.detail
FROM regexp_split_to_table(coalesce(:event_details, ''), ',') AS d (detail)
WHERE NOT EXISTS (
    SELECT FROM app.form_event e
    WHERE e.client_id = app.own_client() AND e.assignment_id = :assignment_id::uuid AND e.kind = :event_kind AND e.detail = d.detail
      AND e.link_id IS NOT DISTINCT FROM nullif(current_setting('foyer.link_id', true), '')::uuid
      AND e.at > clock_timestamp() - make_interval(secs => :event_quiet::int));

-- name: form_decline :one
-- She does not want to sign this form.
-- seals: form_decline
INSERT INTO app.form_decline (id, assignment_id, client_id, reason_sealed)
SELECT :new_id::uuid, a.id, a.client_id, :reason_sealed::bytea
FROM app.form_assignment a
WHERE a.id = :assignment_id::uuid AND a.client_id = (SELECT app.own_client())
RETURNING client_id;

-- name: form_declines :many
-- The forms that a client declined and was not asked for again, with her reason, for who reads charts.
SELECT DISTINCT ON (d.assignment_id) d.id, d.client_id, o.name AS form, d.reason_sealed, d.at AT TIME ZONE app.zone() AS declined
FROM app.form_decline d
JOIN app.form_assignment a ON a.client_id = d.client_id AND a.id = d.assignment_id AND a.state = 'declined'
JOIN app.form o ON o.id = a.form_id
WHERE d.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY d.assignment_id, d.at DESC;

-- name: form_link_locked_to :many
-- Who of the staff is told that a link was locked.
SELECT t.client_id, t.staff_id, t.to_address FROM app.link_locked_to(:locked_link::uuid) t;

-- name: form_declined_to :many
-- Who of the staff is told that a form was declined.
SELECT t.client_id, t.staff_id, t.to_address FROM app.form_declined_to(:decline_id::uuid) t;

-- name: form_again :one
-- Asks for a declined form again.
SELECT app.form_ask_declined(:client_id::uuid, :assignment_id::uuid) AS client_id;

-- name: form_allowed :many
-- What she was asked to allow by the forms that she signed, as it stands now.
SELECT app.own_client() AS client_id, c.purpose, app.purpose_words(c.purpose) AS words, c.stands,
       c.since AT TIME ZONE app.zone() AS since, c.withdrawn_at AT TIME ZONE app.zone() AS withdrawn, c.withdrawn_kind = 'staff' AS by_staff,
       (c.until AT TIME ZONE app.zone())::date AS until, c.is_given AND c.until <= now() AS is_over
FROM app.consents_of(app.own_client()) c
ORDER BY c.purpose;

-- name: form_withdraw :one
-- She takes back what she allowed, from now on.
SELECT o.id AS client_id FROM (SELECT app.own_client() AS id) AS o CROSS JOIN LATERAL app.consent_withdraw(o.id, :purpose);

-- name: form_consents :many
-- What a client allows, for the chart.
SELECT c.client_id, :client_id::uuid AS page_id, c.purpose, app.purpose_words(c.purpose) AS words, c.stands, c.signature_id,
       c.since AT TIME ZONE app.zone() AS since, c.withdrawn_at AT TIME ZONE app.zone() AS withdrawn, c.withdrawn_kind = 'staff' AS by_staff,
       (c.until AT TIME ZONE app.zone())::date AS until, c.is_given AND c.until <= now() AS is_over,
       c.stands AND (app.may('chart_write') OR app.reaches('chart_write', :client_id::uuid)) AS can_withdraw, s.place = 'paper' AS is_paper
FROM app.consents_of(:client_id::uuid) c
LEFT JOIN app.signature s ON s.client_id = c.client_id AND s.id = c.signature_id
ORDER BY c.purpose;

-- name: form_withdraw_for :one
-- Staff writes down that she takes back what she allowed.
SELECT c.id AS client_id
FROM app.client c CROSS JOIN LATERAL app.consent_withdraw(c.id, :purpose)
WHERE c.id = :client_id::uuid;

-- name: form_signers :one
-- Who signs a client's forms: for a minor her guardians.
SELECT c.id AS client_id, app.is_minor(c.id) AS is_minor,
       (SELECT string_agg(g.guardian_name || ' (' || lower(app.relation_words(g.relation)) || ')', ', ') FROM app.guardians_of(c.id) g) AS guardian_names,
       EXISTS (SELECT FROM app.form_assignment a WHERE a.client_id = c.id AND app.form_is_due(a.state, a.due_by))
           AND (app.may('booking_write') OR app.reaches('booking_write', c.id)) AS has_due,
       app.may('booking_write') OR app.reaches('booking_write', c.id) AS can_ask,
       NOT app.age_known(c.id) AS asks_age, f.name AS adult_seen_by, c.adult_seen_at AT TIME ZONE app.zone() AS adult_seen
FROM app.client c
LEFT JOIN app.staff f ON f.id = c.adult_seen_by AND c.birth_date IS NULL
WHERE c.id = :client_id::uuid;

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
SELECT FROM (SELECT d.due FROM (SELECT :due_told::date AS due, (now() AT TIME ZONE app.zone())::date AS today) AS d
             WHERE d.due BETWEEN d.today - 21 AND d.today + 287 OFFSET 0) AS t
CROSS JOIN LATERAL sec.due_date_told(t.due);

-- name: form_copy :one
-- What the link's client signed, exactly.
SELECT s.id, s.client_id, s.assignment_id, s.document_sealed, s.strokes_sealed, s.document_sha256, app.zone_words(s.zone) AS zone_words,
       s.signed_at AT TIME ZONE s.zone AS signed_local, l.expires_at AT TIME ZONE s.zone AS expires_local,
       l.place = 'kiosk' AS is_kiosk, app.witness_name() AS witness_name, s.place = 'paper' AS is_paper, p.language AS disclosure_language
FROM app.signature s
LEFT JOIN app.policy_version p ON p.id = s.disclosure_id
JOIN app.link l ON l.id = nullif(current_setting('foyer.link_id', true), '')::uuid
WHERE s.assignment_id = :assignment_id AND s.client_id = (SELECT app.own_client());

-- name: form_signature :one
-- A signed form with its evidence, for the chart.
SELECT s.id, s.client_id, s.document_sealed, s.strokes_sealed, s.document_sha256, s.wording_sha256, s.zone, app.zone_words(s.zone) AS zone_words,
       s.signer, s.place, s.method, s.language, s.place = 'paper' AS is_paper, n.name AS noter_name, s.noted_at AT TIME ZONE s.zone AS noted_local,
       CASE s.place WHEN 'paper' THEN to_char(s.signed_at AT TIME ZONE s.zone, 'YYYY-MM-DD')
                    ELSE to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END AS signed_utc,
       s.signed_at AT TIME ZONE s.zone AS signed_local, s.signed_at, host(s.ip) AS address, s.agent, s.link_id,
       CASE s.actor_kind WHEN 'client' THEN 'The client' WHEN 'staff' THEN 'Staff' ELSE 'The system' END AS actor_words,
       CASE WHEN s.second_factor = 'birth_date' AND s.guardian_id IS NULL THEN 'Date of birth, proven'
            WHEN s.guardian_id IS NOT NULL AND (y.birth_date IS NOT NULL OR s.place <> 'desk') THEN 'The guardian''s date of birth, proven'
            WHEN s.second_factor = 'staff' THEN 'Known to the member of staff who was there' ELSE 'None' END AS factor_words,
       s.code_channel = 'email' AS has_code,
       CASE s.place WHEN 'kiosk' THEN 'On the studio''s tablet' WHEN 'desk' THEN 'At the desk, before a witness' WHEN 'paper' THEN 'On paper' ELSE 'By a link' END AS place_words,
       y.name AS guardian_name, lower(app.relation_words(y.relation)) AS guardian_relation, w.name AS witness_name, h.name AS handed_over_by,
       coalesce(s.seconds_spent, 0) > 0 AS has_time, ceil(s.seconds_spent / 60.0)::int AS minutes_spent,
       CASE s.method WHEN 'drawn' THEN 'Drawn by hand' WHEN 'paper' THEN 'By hand, on paper' ELSE 'Typed name' END AS method_words, s.request_id,
       v.title, v.version, f.name AS form_name, p.version AS disclosure_version, p.language AS disclosure_language, c.name AS client_name,
       a.id AS appointment_id, a.starts_at AT TIME ZONE o.zone AS starts_local, e.name AS service_name,
       t.revoked_at IS NULL AND (app.may('chart_write') OR app.reaches('chart_write', s.client_id)) AS can_revoke,
       m.emergency_id, m.minutes_left
FROM app.signature s
LEFT JOIN LATERAL app.emergency_of(s.client_id) AS m ON true
JOIN app.form_version v ON v.id = s.form_version_id
JOIN app.form f ON f.id = v.form_id
LEFT JOIN app.policy_version p ON p.id = s.disclosure_id
LEFT JOIN app.staff n ON n.id = s.noted_by
JOIN app.form_assignment t ON t.id = s.assignment_id AND t.client_id = s.client_id
LEFT JOIN app.client c ON c.id = s.client_id
LEFT JOIN app.client_guardian y ON y.client_id = s.client_id AND y.id = s.guardian_id
LEFT JOIN app.staff w ON w.id = s.witness_id
LEFT JOIN app.link k ON k.id = s.link_id AND s.place = 'kiosk'
LEFT JOIN app.staff h ON h.id = k.created_by
LEFT JOIN app.appointment a ON a.id = t.appointment_id
LEFT JOIN app.location o ON o.id = a.location_id
LEFT JOIN app.service e ON e.id = a.service_id
WHERE s.id = :signature_id AND s.client_id = :client_id;

-- name: form_remind :many
-- The visits whose clients are to be reminded now; each is named once.
SELECT a.appointment_id FROM app.form_remind() AS a (appointment_id);

-- name: form_remind_event :exec
-- That its forms were sent again stands with each of them, if they were: she may have no address, or not want it.
INSERT INTO app.form_event (id, assignment_id, client_id, kind, detail)
SELECT gen_random_uuid(), d.id, d.client_id, 'sent', 'reminder'
FROM app.form_assignment d WHERE d.appointment_id = :reminded::uuid AND d.revoked_at IS NULL AND app.form_is_due(d.state, d.due_by) AND app.message_goes('forms_due-' || :reminded);

-- name: form_remind_record :many
-- The clients who are to be reminded now of what is due for their records, each with the letter that she gets.
SELECT a.client_id, a.letter FROM app.form_remind_record() AS a;

-- name: form_remind_record_event :exec
-- That it was sent stands with each form of the letter, if it was.
INSERT INTO app.form_event (id, assignment_id, client_id, kind, detail)
SELECT gen_random_uuid(), x.assignment_id, x.client_id, 'sent', 'reminder'
FROM app.form_record_reminder x WHERE x.letter = :letter::uuid AND app.message_goes('forms_open-' || :letter);

-- name: form_unsigned :page 50
-- Who has which form due, for a visit or for her record, in the order of the visits; since when, and when a link to it was sent last.
-- is_first: the first of her lines that stand together.
SELECT p.client_id, p.client, p.form, p.is_for_visit, p.appointment_id, p.service, p.starts, p.since, p.is_late,
       s.at AT TIME ZONE app.zone() AS sent, s.is_reminder,
       p.is_first AND coalesce(g.email, app.mail_address(p.client_id)) IS NULL AS lacks_address, p.is_first AND NOT p.has_birth_date AS lacks_birth_date,
       p.is_first AND p.has_birth_date AND coalesce(g.email, app.mail_address(p.client_id)) IS NOT NULL
           AND (app.may('message_write') OR app.reaches('message_write', p.client_id)) AS can_send
FROM (SELECT d.client_id, c.name AS client, c.birth_date IS NOT NULL AS has_birth_date, o.name AS form, d.appointment_id IS NOT NULL AS is_for_visit,
             a.id AS appointment_id, v.name AS service, a.starts_at AT TIME ZONE l.zone AS starts, coalesce(d.due_again_at, d.created_at) AS due_since,
             coalesce(d.due_again_at, d.created_at) AT TIME ZONE app.zone() AS since, d.due_by < now() AS is_late,
             row_number() OVER w AS n, lag(d.client_id) OVER w IS DISTINCT FROM d.client_id AS is_first
      FROM (SELECT x.id, x.client_id, x.form_id, x.appointment_id, x.due_by, x.due_order, x.created_at, x.due_again_at FROM app.form_assignment x
            WHERE app.form_is_due(x.state, x.due_by) AND x.due_order > app.form_due_from() AND EXISTS (SELECT FROM app.client y WHERE y.id = x.client_id OFFSET 0)
            ORDER BY x.due_order, x.created_at, x.client_id, x.id LIMIT :page_limit OFFSET :page_offset) AS d
      -- (a page of them is looked up, whatever number the planner guesses)
      CROSS JOIN LATERAL (SELECT y.name, y.birth_date FROM app.client y WHERE y.id = d.client_id LIMIT 1) AS c
      JOIN app.form o ON o.id = d.form_id
      LEFT JOIN LATERAL (SELECT y.id, y.starts_at, y.service_id, y.location_id FROM app.appointment y WHERE y.client_id = d.client_id AND y.id = d.appointment_id LIMIT 1) AS a ON true
      LEFT JOIN app.service v ON v.id = a.service_id
      LEFT JOIN app.location l ON l.id = a.location_id
      WINDOW w AS (ORDER BY d.due_order, d.created_at, d.client_id, d.id)) AS p
LEFT JOIN LATERAL app.form_sent(p.client_id, p.due_since) AS s ON true
LEFT JOIN LATERAL (
    SELECT app.guardian_mail(k.guardian_id) AS email FROM app.guardians_of(p.client_id) k
    WHERE p.is_first AND app.is_minor(p.client_id) AND app.guardian_mail(k.guardian_id) IS NOT NULL AND k.birth_date IS NOT NULL
    LIMIT 1) AS g ON true
ORDER BY p.n;

-- name: form_signed :many
-- What she signed, on any of her records, the newest first: what still stands can be taken back. Why something was stands where it was said on the
-- record of the link.
SELECT s.signature_id, coalesce(w.client_id, s.client_id) AS client_id, s.title, s.title_language, s.signed_at AT TIME ZONE s.zone AS signed_local,
       s.revoked_at AT TIME ZONE s.zone AS revoked_local, s.by_staff, w.id, w.reason_sealed
FROM app.signed_of(app.own_client()) s
LEFT JOIN app.form_withdrawal w ON w.signature_id = s.signature_id
ORDER BY s.signed_at DESC, s.signature_id;

-- name: form_revoke :one
-- She takes back what she signed, from now on.
-- seals: form_withdrawal
SELECT app.signature_withdraw(:new_id::uuid, app.own_client(), :signature_id::uuid, :reason_sealed::bytea) AS client_id;

-- name: form_revoke_for :one
-- Staff writes down that she takes back what she signed.
-- seals: form_withdrawal
SELECT app.signature_withdraw(:new_id::uuid, :client_id::uuid, :signature_id::uuid, :reason_sealed::bytea) AS client_id;

-- name: form_revoked :maybe
-- That a signed form was taken back: when, by whom, and why.
SELECT w.id, w.client_id, w.at AT TIME ZONE app.zone() AS revoked, w.reason_sealed,
       CASE w.by_kind WHEN 'client' THEN 'by the client' WHEN 'staff' THEN 'noted by ' || coalesce(f.name, 'the staff') ELSE 'known from the list beside the backups' END AS by_words
FROM app.form_withdrawal w
LEFT JOIN app.staff f ON f.id = w.by_staff
WHERE w.signature_id = :signature_id::uuid AND w.client_id = ANY (app.person_ids(:client_id::uuid));

-- name: form_dropped :many
-- Forms that she was asked for and that somebody of the staff said are not needed, with the reason, for who reads charts.
SELECT DISTINCT ON (w.assignment_id) w.id, w.client_id, o.name AS form, w.at AT TIME ZONE app.zone() AS dropped, f.name AS dropped_by, w.reason_sealed
FROM app.form_withdrawal w
JOIN app.form_assignment a ON a.id = w.assignment_id AND a.is_dropped
JOIN app.form o ON o.id = a.form_id
LEFT JOIN app.staff f ON f.id = w.by_staff
WHERE w.client_id = ANY (app.record_ids(:client_id::uuid)) AND w.signature_id IS NULL
ORDER BY w.assignment_id, w.at DESC;

-- name: form_drop :one
-- A form that was asked for is not needed.
-- seals: form_withdrawal
SELECT app.form_drop(:new_id::uuid, :client_id::uuid, :assignment_id::uuid, :reason_sealed::bytea) AS client_id;

-- name: form_ask_head :one
-- Whom a form is asked of, and for which visit the page was opened.
SELECT c.id AS client_id, c.name
FROM app.client c
WHERE c.id = :client_id::uuid AND (app.may('booking_write') OR app.reaches('booking_write', c.id));

-- name: form_ask_forms :many
-- The forms that are in use.
-- clients: none
SELECT f.id AS form_id, f.name AS form, f.id = :form_id::uuid AS is_chosen
FROM app.form f
WHERE f.is_active AND app.form_in_force(f.id) IS NOT NULL
ORDER BY f.kind DESC, f.name, f.id;

-- name: form_ask_visits :many
-- Her visits that a form can be asked for with: those to come, and those of the last two days.
SELECT a.id AS appointment_id, a.client_id, v.name AS service, a.starts_at AT TIME ZONE l.zone AS starts, a.id = :appointment_id::uuid AS is_chosen
FROM app.appointment a
JOIN app.service v ON v.id = a.service_id
JOIN app.location l ON l.id = a.location_id
WHERE a.client_id = :client_id::uuid AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done') AND a.starts_at > now() - interval '2 days'
ORDER BY a.starts_at
LIMIT 100;

-- name: form_ask :one
-- Asks her for a form.
SELECT app.form_ask(:client_id::uuid, :form_id::uuid, :appointment_id::uuid) AS client_id;

-- name: form_look :one
-- Looks again at what visits to come ask for, after a form was changed.
-- clients: none
SELECT app.form_look(:form_id::uuid) AS n_looked;
