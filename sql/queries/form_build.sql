-- name: form_build_list :many
-- The forms of the studio, with where they stand; those put away last.
-- clients: none
SELECT f.id AS form_id, f.name, f.kind = 'consent' AS is_consent, f.is_active, p.version, p.withdrawn_at IS NOT NULL AS is_withdrawn,
       d.id IS NOT NULL AS has_draft,
       CASE f.validity WHEN 'visit' THEN 'signed for each visit' WHEN 'days' THEN 'stands for ' || f.valid_days || ' days' ELSE 'signed once' END AS validity_words,
       CASE f.asked_with WHEN 'first_visit' THEN 'asked at the first visit' WHEN 'every_visit' THEN 'asked at each visit' END AS asked_words,
       (SELECT count(*) FROM app.service_form x JOIN app.service v ON v.id = x.service_id WHERE x.form_id = f.id AND v.is_active) AS n_services,
       (SELECT string_agg(app.language_words(t.language), ', ' ORDER BY t.language) FROM app.form_translation t WHERE t.form_version_id = p.id) AS languages
FROM app.form f
LEFT JOIN LATERAL (SELECT v.id, v.version, v.withdrawn_at FROM app.form_version v WHERE v.form_id = f.id AND v.published_at IS NOT NULL ORDER BY v.version DESC LIMIT 1) AS p ON true
LEFT JOIN app.form_version d ON d.form_id = f.id AND d.published_at IS NULL
ORDER BY NOT f.is_active, f.kind DESC, f.name, f.id;

-- name: form_build_reminder :one
-- How long before a visit its client is reminded, and how long after a form became due for a record; and whether anything can be signed at all.
-- clients: none
SELECT t.form_reminder_hours, t.form_reminder_days, app.policy_in_force('terms') IS NULL AS lacks_terms FROM app.tenant t WHERE t.id = app.tenant();

-- name: form_build_remind :exec
-- Sets both, and wakes the job that reminds, of which there is one.
WITH set_to AS (UPDATE app.tenant t SET form_reminder_hours = :form_reminder_hours::int, form_reminder_days = :form_reminder_days::int WHERE t.id = app.tenant() RETURNING t.id)
INSERT INTO app.job (kind, subject_id, dedupe_key)
SELECT 'form.remind', s.id, 'form.remind' FROM set_to s WHERE coalesce(:form_reminder_hours::int, :form_reminder_days::int) IS NOT NULL
ON CONFLICT (tenant_id, kind, dedupe_key) DO NOTHING;

-- name: form_build_library :many
-- What a new form can begin with.
-- clients: none
SELECT l.slug, l.name AS library_name, l.about, l.group_words, l.slug = coalesce(:start, '') AS is_chosen
FROM app.form_library() l
ORDER BY l.n;

-- name: form_build_create :one
-- A new form, with its first draft.
SELECT app.form_create(:new_id::uuid, :name, :kind, coalesce(:start, '')) AS form_id;

-- name: form_build_one :one
-- One form, as its page shows it.
-- clients: none
SELECT f.id AS form_id, f.name, f.is_active, f.edition, f.valid_days, f.needs_code,
       d.id AS draft_id, p.id AS published_id, p.version AS published_version, p.id IS NOT NULL AND p.withdrawn_at IS NULL AS is_in_force,
       CASE WHEN p.withdrawn_at IS NULL THEN (SELECT count(*) FROM app.form_assignment t WHERE t.form_id = f.id AND app.form_is_due(t.state, t.due_by)) END AS n_due
FROM app.form f
LEFT JOIN LATERAL (SELECT v.id, v.version, v.withdrawn_at FROM app.form_version v WHERE v.form_id = f.id AND v.published_at IS NOT NULL ORDER BY v.version DESC LIMIT 1) AS p ON true
LEFT JOIN app.form_version d ON d.form_id = f.id AND d.published_at IS NULL
WHERE f.id = :form_id::uuid;

-- name: form_build_validity :many
-- How long a signature may stand.
-- clients: none
SELECT k.validity, k.words, k.validity = coalesce(:validity, (SELECT f.validity FROM app.form f WHERE f.id = :form_id::uuid)) AS is_chosen
FROM (VALUES (1, 'visit', 'For one visit: it is signed anew each time'), (2, 'days', 'For so many days'), (3, 'life', 'Until it is withdrawn: it is signed once')) AS k (n, validity, words)
ORDER BY k.n;

-- name: form_build_asked :many
-- When a form is asked for by itself.
-- clients: none
SELECT k.asked_with, k.words, k.asked_with = coalesce(:asked_with, (SELECT f.asked_with FROM app.form f WHERE f.id = :form_id::uuid)) AS is_chosen
FROM (VALUES (1, 'services', 'Only with the services below'), (2, 'first_visit', 'At each client’s first visit, and with the services below'),
             (3, 'every_visit', 'At every visit')) AS k (n, asked_with, words)
ORDER BY k.n;

-- name: form_build_whom :many
-- Of whom it is asked.
-- clients: none
SELECT k.for_whom, k.words, k.for_whom = coalesce(:for_whom, (SELECT f.for_whom FROM app.form f WHERE f.id = :form_id::uuid)) AS is_chosen
FROM (VALUES (1, 'everybody', 'Everybody'), (2, 'adults', 'Only who is eighteen or older on the day'), (3, 'minors', 'Only who is under eighteen on the day'),
             (4, 'guarded', 'Only who has a guardian on record')) AS k (n, for_whom, words)
ORDER BY k.n;

-- name: form_build_services :many
-- The services that ask for it. A form that is shown again has what was ticked.
-- clients: none
SELECT v.id AS service_id, v.name, v.category, CASE WHEN :idem::text IS NULL THEN x.form_id IS NOT NULL ELSE v.id = ANY (:services::uuid[]) END AS is_chosen
FROM app.service v
LEFT JOIN app.service_form x ON x.service_id = v.id AND x.form_id = :form_id::uuid
WHERE v.is_active OR x.form_id IS NOT NULL
ORDER BY v.category, v.position, v.name, v.id;

-- name: form_build_versions :many
-- All versions of a form, the newest first.
-- clients: none
SELECT v.form_id, v.id AS form_version_id, v.version, v.title, v.published_at AT TIME ZONE app.zone() AS published_local, v.withdrawn_at AT TIME ZONE app.zone() AS withdrawn_local,
       v.withdrawn_why, v.asks_again, s.name AS withdrawn_name, v.published_at IS NULL AS is_draft,
       v.published_at IS NOT NULL AND v.withdrawn_at IS NULL AND v.version = max(v.version) FILTER (WHERE v.published_at IS NOT NULL) OVER () AS is_in_force,
       (SELECT count(*) FROM app.signature g WHERE g.form_version_id = v.id) AS n_signed
FROM app.form_version v
LEFT JOIN app.staff s ON s.id = v.withdrawn_by
WHERE v.form_id = :form_id::uuid
ORDER BY v.version DESC
LIMIT 100;

-- name: form_build_save :one
-- A form's name, validity and rules.
SELECT app.form_save(:form_id::uuid, :seen_edition::int, :name, :validity, :valid_days::int, :asked_with, :for_whom, :services::uuid[], :needs_code::boolean) AS form_id;

-- name: form_build_put :one
-- Puts it away, or brings it back. What is due stays due.
SELECT app.form_put(:form_id::uuid, :put = 'back') AS form_id;

-- name: form_build_begin :one
-- A draft of the next version.
SELECT app.form_draft_begin(:form_id::uuid) AS form_id;

-- name: form_build_drop :one
-- Throws the draft away.
SELECT app.form_draft_drop(:form_id::uuid) AS form_id;

-- name: form_build_draft :one
-- The draft of a form.
-- clients: none
SELECT f.id AS form_id, f.name, f.validity <> 'visit' AND p.n > 0 AS can_ask_again, app.form_draft_mark(v.edited_at) AS draft_mark, v.id AS form_version_id, v.version, v.title, v.body, v.edition,
       v.edited_at AT TIME ZONE app.zone() AS edited_local, s.name AS editor, app.language_words(v.language) AS language_words,
       NOT v.holds_health AS is_without_health, v.copy_attached, f.kind = 'consent' AS is_consent, app.policy_in_force('terms') IS NULL AS lacks_terms
FROM app.form_version v
JOIN app.form f ON f.id = v.form_id
CROSS JOIN LATERAL (SELECT count(*) AS n FROM app.form_version o WHERE o.form_id = f.id AND o.published_at IS NOT NULL) AS p
LEFT JOIN app.staff s ON s.id = v.edited_by
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL;

-- name: form_build_copy :one
-- Whether the draft holds anything about health, and whether its signed copy goes out in the mail itself. In that order, for the second hangs on the first.
UPDATE app.form_version v SET holds_health = NOT coalesce(:is_without_health::boolean, false), copy_attached = coalesce(:copy_attached::boolean, false),
    edited_at = clock_timestamp(), edited_by = app.actor()
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
RETURNING v.form_id;

-- name: form_build_questions :many
-- The questions of the draft, in order.
-- clients: none
SELECT v.form_id, q.id AS question_id, q.label, k.words AS kind_words, q.is_required, w.label AS when_label, q.when_value, q.purpose IS NOT NULL AS has_purpose,
       row_number() OVER (ORDER BY q.position, q.key) AS n, lag(q.id) OVER (ORDER BY q.position, q.key) IS NOT NULL AS can_rise,
       lead(q.id) OVER (ORDER BY q.position, q.key) IS NOT NULL AS can_fall
FROM app.form_version v
JOIN app.form_question q ON q.form_version_id = v.id
JOIN app.form_kinds() k ON k.kind = q.kind
LEFT JOIN app.form_question w ON w.form_version_id = v.id AND w.key = q.when_key
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
ORDER BY q.position, q.key;

-- name: form_build_translations :many
-- The languages of the draft, with how much of each is missing.
-- clients: none
SELECT v.form_id, t.language, app.language_words(t.language) AS language_words,
       (SELECT count(*) FROM app.form_question q LEFT JOIN app.form_question_translation w ON w.question_id = q.id AND w.language = t.language
        WHERE q.form_version_id = v.id
          AND (w.question_id IS NULL OR cardinality(w.options) <> cardinality(q.options) OR q.follow_up_label IS NOT NULL AND w.follow_up_label IS NULL)) AS n_missing,
       (btrim(t.body) = '') <> (btrim(v.body) = '') AS lacks_text,
       (SELECT count(*) FROM app.translations_stale(v.id) s WHERE s.language = t.language) AS n_stale
FROM app.form_version v
JOIN app.form_translation t ON t.form_version_id = v.id
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
ORDER BY t.language;

-- name: form_build_other :many
-- The languages that the draft has not yet.
-- clients: none
SELECT l.language, l.words
FROM app.form_version v
CROSS JOIN app.form_languages() l
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL AND l.language <> v.language
  AND NOT EXISTS (SELECT FROM app.form_translation t WHERE t.form_version_id = v.id AND t.language = l.language)
ORDER BY l.words;

-- name: form_build_wording :one
-- Title and text of the draft.
SELECT app.form_wording_save(:form_id::uuid, :seen_edition::int, :title, :body) AS form_id;

-- name: form_build_question :one
-- One question of the draft.
-- clients: none
SELECT v.form_id, q.id AS question_id, q.label, q.help, array_to_string(q.options, E'\n') AS options, q.is_required, q.follow_up_label AS follow_up,
       q.number_min::text AS number_min, q.number_max::text AS number_max, q.unit, q.none_option, q.edition
FROM app.form_version v
JOIN app.form_question q ON q.form_version_id = v.id
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL AND q.id = :question_id::uuid;

-- name: form_build_question_blank :one
-- What the form of a new question begins with.
-- clients: none
SELECT true AS is_required FROM app.form_version v WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL;

-- name: form_build_kinds :many
-- How a question can be answered.
-- clients: none
SELECT k.kind, k.words, k.kind = coalesce(:kind, (SELECT q.kind FROM app.form_question q WHERE q.id = :question_id::uuid), 'text') AS is_chosen
FROM app.form_kinds() k
ORDER BY k.n;

-- name: form_build_purposes :many
-- What an answer may allow.
-- clients: none
SELECT k.purpose, k.words, k.purpose = coalesce(:purpose, (SELECT q.purpose FROM app.form_question q WHERE q.id = :question_id::uuid)) AS is_chosen
FROM (VALUES (1, 'photo_chart', 'Photographs in the chart'), (2, 'photo_teaching', 'Photographs for teaching'), (3, 'photo_website', 'Photographs on the website'),
             (4, 'email_service', 'E-mails about visits, forms and reminders'), (5, 'sms_service', 'Text messages about visits, forms and reminders'),
             (6, 'phone_service', 'Phone calls about visits, forms and reminders'), (7, 'email_news', 'Offers and news by e-mail'),
             (8, 'sms_news', 'Offers and news by text message'), (9, 'phone_news', 'Offers and news by phone')) AS k (n, purpose, words)
ORDER BY k.n;

-- name: form_build_conditions :many
-- The answers that a question may hang on.
-- clients: none
SELECT c.choice, c.words, c.choice = coalesce(:shown_when, (SELECT q.when_key || '=' || q.when_value FROM app.form_question q WHERE q.id = :question_id::uuid)) AS is_chosen
FROM app.form_version v
CROSS JOIN LATERAL app.form_conditions(v.id, :question_id::uuid) c
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
ORDER BY c.place, c.n;

-- name: form_build_question_save :one
-- A question, new or changed.
SELECT app.form_question_save(:form_id::uuid, :question_id::uuid, :new_id::uuid, :seen_edition::int, :kind, :label, :help, :options, :is_required::boolean, :follow_up,
    :number_min, :number_max, :unit, :purpose, :shown_when, :none_option) AS form_id;

-- name: form_build_question_move :one
-- One place up or down.
SELECT app.form_question_move(:form_id::uuid, :question_id::uuid, :direction) AS form_id;

-- name: form_build_question_drop :one
-- Takes a question out of the draft.
SELECT app.form_question_drop(:form_id::uuid, :question_id::uuid) AS form_id;

-- name: form_build_translation :one
-- The draft's title and text in another language, beside its own.
-- clients: none
SELECT v.form_id, f.name, v.id AS form_version_id, t.language, app.language_words(t.language) AS language_words, app.language_words(v.language) AS own_words,
       v.title AS own_title, v.body AS own_body, t.title, t.body, t.edition,
       EXISTS (SELECT FROM app.translations_stale(v.id) s WHERE s.language = t.language AND s.is_text) AS is_stale
FROM app.form_version v
JOIN app.form f ON f.id = v.form_id
JOIN app.form_translation t ON t.form_version_id = v.id
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL AND t.language = :language;

-- name: form_build_translated :many
-- The draft's questions in another language.
-- clients: none
SELECT v.form_id, q.id AS question_id, :language AS language, q.label AS own_label, w.label, s.question_id IS NOT NULL AS is_stale
FROM app.form_version v
JOIN app.form_question q ON q.form_version_id = v.id
LEFT JOIN app.form_question_translation w ON w.question_id = q.id AND w.language = :language
LEFT JOIN app.translations_stale(v.id) s ON s.language = w.language AND s.question_id = q.id
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
ORDER BY q.position, q.key;

-- name: form_build_translate_begin :one
-- A further language of the draft: it begins with its own words.
SELECT app.form_translation_save(v.form_id, :language, NULL, v.title, v.body) AS language, v.form_id
FROM app.form_version v WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
  AND NOT EXISTS (SELECT FROM app.form_translation t WHERE t.form_version_id = v.id AND t.language = :language);

-- name: form_build_translate :one
-- Title and text in another language.
SELECT app.form_translation_save(:form_id::uuid, :language, :seen_edition::int, :title, :body) AS language;

-- name: form_build_translation_drop :one
-- Takes a language out of the draft.
SELECT app.form_translation_drop(:form_id::uuid, :language) AS form_id;

-- name: form_build_question_own :one
-- One question in another language, beside its own words.
-- clients: none
SELECT v.form_id, f.name, q.id AS question_id, t.language, app.language_words(t.language) AS language_words, q.label AS own_label, nullif(q.help, '') AS own_help,
       array_to_string(q.options, E'\n') AS own_options, q.follow_up_label AS own_follow_up, q.unit AS own_unit,
       w.label, w.help, array_to_string(w.options, E'\n') AS options, w.follow_up_label AS follow_up, w.unit
FROM app.form_version v
JOIN app.form f ON f.id = v.form_id
JOIN app.form_question q ON q.form_version_id = v.id
JOIN app.form_translation t ON t.form_version_id = v.id AND t.language = :language
LEFT JOIN app.form_question_translation w ON w.question_id = q.id AND w.language = t.language
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL AND q.id = :question_id::uuid;

-- name: form_build_question_translate :one
-- Keeps that.
SELECT app.form_question_translate(:form_id::uuid, :language, :question_id::uuid, :label, :help, :options, :follow_up, :unit) AS language;

-- name: form_build_authorisation :one
-- What the draft's permissions say, in one of its languages, beside its own.
-- clients: none
SELECT v.form_id, f.name, v.id AS form_version_id, l.language, app.language_words(l.language) AS language_words,
       a.described, a.used_by, a.used_for, a.used_until, a.taking_back, coalesce(a.edition, 0) AS edition,
       CASE WHEN l.language <> v.language THEN app.authorisation_words(v.id, v.language) END AS own
FROM app.form_version v
JOIN app.form f ON f.id = v.form_id
CROSS JOIN LATERAL (SELECT v.language AS language WHERE v.language = :language
                    UNION ALL SELECT t.language FROM app.form_translation t WHERE t.form_version_id = v.id AND t.language = :language) AS l
LEFT JOIN app.form_authorisation a ON a.form_version_id = v.id AND a.language = l.language
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL;

-- name: form_build_authorised :many
-- The languages of the draft, and what of its permissions is not said in each.
-- clients: none
SELECT v.form_id, l.language, app.language_words(l.language) AS language_words, m.missing, m.missing IS NULL AND a.language IS NOT NULL AS is_whole,
       EXISTS (SELECT FROM app.translations_stale(v.id) s WHERE s.language = l.language AND s.question_id IS NULL AND NOT s.is_text) AS is_stale
FROM app.form_version v
CROSS JOIN LATERAL (SELECT v.language, 0 AS n UNION ALL SELECT t.language, 1 FROM app.form_translation t WHERE t.form_version_id = v.id) AS l
LEFT JOIN app.form_authorisation a ON a.form_version_id = v.id AND a.language = l.language
LEFT JOIN LATERAL (SELECT string_agg(lower(x.words), ', ' ORDER BY x.n) AS missing FROM app.authorisation_missing(v.id) x WHERE x.language = l.language) AS m ON true
WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
ORDER BY l.n, l.language;

-- name: form_build_authorise :one
-- Keeps that.
SELECT app.form_authorisation_save(:form_id::uuid, :language, :seen_edition::int, :described, :used_by, :used_for, :used_until, :taking_back) AS form_id;

-- name: form_build_publish :one
-- The draft becomes the wording in force.
SELECT p.form_id, p.n_asked FROM app.form_publish(:form_id::uuid, :seen_draft, :asks_again::boolean) p;

-- name: form_build_withdraw :one
-- It is asked of nobody any more.
SELECT app.form_withdraw(:form_id::uuid, :why) AS form_id;

-- name: form_build_version :one
-- A version as a client would read it, in one of its languages.
-- clients: none
SELECT v.form_id, v.id AS form_version_id, f.name, v.version, v.published_at IS NULL AS is_draft, v.withdrawn_at IS NOT NULL AS is_withdrawn, f.kind = 'consent' AS is_consent,
       coalesce(x.title, v.title) AS title, concat_ws(E'\n\n', nullif(coalesce(x.body, v.body), ''), app.authorisation_words(v.id, coalesce(x.language, v.language))) AS wording, coalesce(x.language, v.language) AS language
FROM app.form_version v
JOIN app.form f ON f.id = v.form_id
LEFT JOIN app.form_translation x ON x.form_version_id = v.id AND x.language = :lang
WHERE v.form_id = :form_id::uuid AND v.id = :form_version_id::uuid;

-- name: form_build_shown :many
-- The questions of a version as a client will see them, in one of its languages.
-- clients: none
SELECT q.id AS question_id, q.key AS question_key, q.kind, coalesce(x.label, q.label) AS label,
       coalesce(nullif(x.help, ''), q.help) AS help, q.options,
       CASE WHEN cardinality(x.options) = cardinality(q.options) THEN x.options ELSE q.options END AS options_shown,
       q.is_required, CASE WHEN q.follow_up_label IS NOT NULL THEN coalesce(x.follow_up_label, q.follow_up_label) END AS follow_up_label,
       coalesce(x.unit, q.unit) AS unit, q.number_min::text AS number_min, q.number_max::text AS number_max, q.when_key, q.when_value, q.none_option
FROM app.form_question q
LEFT JOIN app.form_question_translation x ON x.question_id = q.id AND x.language = :language
WHERE q.form_version_id = :form_version_id::uuid
ORDER BY q.position, q.key;

-- name: form_build_terms :maybe
-- The terms of signing electronically that are in force for who reads this language.
-- clients: none
SELECT p.version AS terms_version, p.body AS terms, p.language AS terms_language FROM app.policy_version p WHERE p.id = app.terms_in_force(:language);

-- name: form_build_terms_missing :many
-- The languages of the draft, or where no form is asked for of all forms that are in use, in which no terms of signing electronically are in
-- force, while there are some in another.
-- clients: none
SELECT l.language AS terms_lang, app.language_words(l.language) AS terms_words
FROM (SELECT v.id, v.language FROM app.form_version v WHERE v.form_id = :form_id::uuid AND v.published_at IS NULL
      UNION ALL
      SELECT v.id, v.language FROM app.form f JOIN app.form_version v ON v.id = app.form_in_force(f.id) WHERE :form_id::uuid IS NULL AND f.is_active) AS v
CROSS JOIN LATERAL (SELECT v.language UNION ALL SELECT t.language FROM app.form_translation t WHERE t.form_version_id = v.id) AS l
JOIN app.policy_version p ON p.id = app.terms_in_force(l.language) AND p.language <> l.language
GROUP BY l.language
ORDER BY l.language;
