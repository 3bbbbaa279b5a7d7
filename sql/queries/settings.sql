-- name: settings_policies :many
-- The texts that a studio publishes, each with its newest version; the operator's one more.
SELECT k.kind, k.words, p.version, p.effective_on,
       CASE WHEN k.kind = 'terms' THEN (SELECT string_agg(DISTINCT app.language_words(v.language), ', ') FROM app.policy_version v WHERE v.kind = 'terms') END AS languages
FROM (VALUES ('privacy', 'Privacy', NULL), ('terms', 'Signing electronically', NULL), ('cancellation', 'Cancellation', NULL),
             ('agreement', 'Agreement with businesses', 'operator')) AS k (kind, words, realm)
JOIN app.tenant t ON t.realm = coalesce(k.realm, t.realm)
LEFT JOIN LATERAL (SELECT v.version, v.effective_on
                   FROM app.policy_version v
                   WHERE v.kind = k.kind
                   ORDER BY v.version DESC
                   LIMIT 1) p ON true;

-- name: settings_policy_latest :one
-- The newest version of one text, to be changed into the next; when there is none yet the library's, or blank. The terms of signing
-- electronically are written by language: that of the page, or the studio's own.
SELECT k.kind, k.words, k.kind = 'terms' AS is_by_language, w.language AS lang, app.language_words(w.language) AS language_words,
       coalesce(p.title, l.title) AS title, coalesce(p.body, l.body) AS body, p.title IS NULL AND l.title IS NOT NULL AS is_of_library, (now() AT TIME ZONE app.zone())::date AS effective_on
FROM (VALUES ('privacy', 'Privacy', NULL), ('terms', 'Signing electronically', NULL), ('cancellation', 'Cancellation', NULL),
             ('agreement', 'Agreement with businesses', 'operator')) AS k (kind, words, realm)
JOIN app.tenant t ON t.realm = coalesce(k.realm, t.realm)
CROSS JOIN LATERAL (SELECT coalesce((SELECT f.language FROM app.form_languages() f WHERE f.language = :lang AND k.kind = 'terms'), split_part(t.locale, '-', 1)) AS language) AS w
LEFT JOIN LATERAL (SELECT v.title, v.body
                   FROM app.policy_version v
                   WHERE v.kind = k.kind AND (k.kind <> 'terms' OR v.language = w.language)
                   ORDER BY v.version DESC
                   LIMIT 1) p ON true
LEFT JOIN app.terms_library(t.name) AS l ON k.kind = 'terms' AND l.language = w.language
WHERE k.kind = :kind;

-- name: settings_policy_languages :many
-- The languages that the terms of signing can be written in: those that are there or begun with first, then the others; none for another text.
SELECT f.language AS lang, f.words, v.version, l.language IS NOT NULL AND v.version IS NULL AS is_of_library, f.language = coalesce(:lang, split_part(t.locale, '-', 1)) AS is_shown
FROM app.form_languages() WITH ORDINALITY AS f (language, words, n)
CROSS JOIN app.tenant t
LEFT JOIN LATERAL (SELECT max(p.version) AS version FROM app.policy_version p WHERE p.kind = 'terms' AND p.language = f.language) AS v ON true
LEFT JOIN app.terms_library(t.name) AS l ON l.language = f.language
WHERE :kind = 'terms'
ORDER BY v.version IS NULL AND l.language IS NULL, f.n;

-- name: settings_policy_versions :many
-- All versions of one text, the newest first.
SELECT v.version, v.title, v.effective_on, v.created_at AT TIME ZONE app.zone() AS published_local,
       CASE WHEN v.kind = 'terms' THEN app.language_words(v.language) END AS version_language
FROM app.policy_version v
WHERE v.kind = :kind
ORDER BY v.version DESC;

-- name: settings_policy_publish :one
-- The next version of a text, in one language. Two at once: the constraint lets one through.
INSERT INTO app.policy_version (kind, version, title, body, effective_on, language)
SELECT :kind, coalesce(max(v.version), 0) + 1, :title, :body, :effective_on::date,
       coalesce(nullif(:lang, ''), (SELECT split_part(t.locale, '-', 1) FROM app.tenant t WHERE t.id = app.tenant()))
FROM app.policy_version v
WHERE v.kind = :kind
RETURNING language AS lang;

-- name: settings_entry :one
-- How long a session lasts, and how long ended ones are listed.
-- clients: none
SELECT t.idle_minutes, t.absolute_hours, t.session_days FROM app.tenant t WHERE t.id = app.tenant();

-- name: settings_entry_change :exec
-- Holds for open sessions too, from their next request on.
UPDATE app.tenant t SET idle_minutes = :idle_minutes::int, absolute_hours = :absolute_hours::int, session_days = :session_days::int
WHERE t.id = app.tenant();

-- name: settings_schedule :maybe
-- What there is of what can be booked and when; nothing at the operator's.
-- clients: none
SELECT (SELECT count(*) FROM app.service v WHERE v.is_active) AS n_services,
       (SELECT count(*) FROM app.addon a WHERE a.is_active) AS n_addons,
       (SELECT count(*) FROM app.resource r WHERE r.is_active AND r.kind <> 'staff') AS n_units,
       (SELECT count(*) FROM app.form f WHERE f.is_active) AS n_forms,
       (SELECT count(*) FROM app.closure c WHERE c.starts_local > now() AT TIME ZONE app.zone()) AS n_closures,
       (SELECT count(*) FROM app.time_off o WHERE o.state = 'asked') AS n_asked,
       (SELECT max(b.version) FROM app.booking_rule b) AS rule_version
FROM app.tenant t
WHERE t.id = app.tenant() AND t.realm = 'studio';
