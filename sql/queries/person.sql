-- name: person_about :one
-- Where she lives, whom to call, and how far along she is today or on a day that is asked for.
SELECT c.id AS client_id,
       c.phone_label,
       c.email_label,
       c.pronouns,
       c.street,
       c.city,
       c.region,
       c.postal_code,
       c.country,
       nullif(concat_ws(', ', nullif(c.street, ''), nullif(concat_ws(' ', nullif(c.city, ''), nullif(c.region, ''), nullif(c.postal_code, '')), ''), nullif(c.country, '')), '') AS address,
       c.emergency_contact_name,
       c.emergency_contact_relation,
       app.emergency_phone(c.id) AS emergency_contact_phone,
       NOT (app.may('show_phone') OR app.reaches('show_phone', c.id)) AS hides_phone,
       NOT (app.may('show_email') OR app.reaches('show_email', c.id)) AS hides_email,
       c.preferred_language,
       app.language_words(c.preferred_language) AS language_words,
       c.preferred_way = 'email' AS prefers_email,
       c.preferred_way = 'text' AS prefers_text,
       c.preferred_way = 'phone' AS prefers_phone,
       c.preferred_way,
       CASE c.preferred_way WHEN 'email' THEN 'E-mail' WHEN 'text' THEN 'Text message' WHEN 'phone' THEN 'Phone call' END AS way_words,
       c.best_time,
       c.due_date,
       to_char(c.due_date, 'YYYY-MM-DD') AS new_due,
       d.day AS asked_day,
       to_char(d.day, 'YYYY-MM-DD') AS asked_iso,
       app.gestation_words(c.due_date, d.day) AS gestation,
       d.day = app.today() AS is_today
FROM app.client c
CROSS JOIN (SELECT coalesce(:on::date, app.today()) AS day) AS d
WHERE c.id = :client_id::uuid;

-- name: person_about_unseen :many
-- What of that somebody else changed since the form was opened, and is typed over in it.
SELECT c.id AS client_id, v.field, v.is_now
FROM app.client c
CROSS JOIN LATERAL (VALUES ('pronouns', :was_pronouns, :pronouns, c.pronouns),
                           ('street', :was_street, :street, c.street),
                           ('city', :was_city, :city, c.city),
                           ('region', :was_region, :region, c.region),
                           ('postal_code', :was_postal_code, :postal_code, c.postal_code),
                           ('country', :was_country, upper(:country), c.country),
                           ('emergency_contact_name', :was_emergency_contact_name, :emergency_contact_name, c.emergency_contact_name),
                           ('emergency_contact_relation', :was_emergency_contact_relation, :emergency_contact_relation, c.emergency_contact_relation),
                           ('emergency_contact_phone', app.phone_kept(:was_emergency_contact_phone), app.phone_kept(:emergency_contact_phone), app.emergency_phone(c.id))) AS v (field, was, typed, is_now)
WHERE c.id = :client_id::uuid AND app.is_unseen(v.was, v.typed, v.is_now);

-- name: person_about_save :one
-- Changes that, as far as it was changed in the form; a phone that is not shown to who sends it stays as it is (app.client_keep_masked).
UPDATE app.client c
SET pronouns = app.typed_over(:was_pronouns, :pronouns, c.pronouns),
    street = app.typed_over(:was_street, :street, c.street),
    city = app.typed_over(:was_city, :city, c.city),
    region = app.typed_over(:was_region, :region, c.region),
    postal_code = app.typed_over(:was_postal_code, :postal_code, c.postal_code),
    country = app.typed_over(:was_country, upper(:country), c.country),
    emergency_contact_name = app.typed_over(:was_emergency_contact_name, :emergency_contact_name, c.emergency_contact_name),
    emergency_contact_relation = app.typed_over(:was_emergency_contact_relation, :emergency_contact_relation, c.emergency_contact_relation),
    emergency_contact_phone = app.typed_over(app.phone_kept(:was_emergency_contact_phone), app.phone_kept(:emergency_contact_phone), app.emergency_phone(c.id))
WHERE c.id = :client_id::uuid
RETURNING c.id AS client_id;

-- name: person_language :many
-- The languages that somebody may prefer; one that is kept and not among them stands there too.
-- clients: none
SELECT l.language, l.words, coalesce(l.language = coalesce(:preferred_language, c.preferred_language), false) AS is_chosen
FROM app.client c
CROSS JOIN LATERAL (SELECT f.language, f.words FROM app.form_languages() AS f
                    UNION SELECT c.preferred_language, app.language_words(c.preferred_language) WHERE c.preferred_language IS NOT NULL) AS l
WHERE c.id = :client_id::uuid
ORDER BY l.words;

-- name: person_communication_save :one
-- How she wants to be spoken with, as far as it was changed in the form.
UPDATE app.client c
SET preferred_language = nullif(app.typed_over(:was_preferred_language, :preferred_language, c.preferred_language), ''),
    preferred_way = nullif(app.typed_over(:was_preferred_way, :preferred_way, c.preferred_way), ''),
    best_time = nullif(app.typed_over(:was_best_time, :best_time, c.best_time), '')
WHERE c.id = :client_id::uuid
RETURNING c.id AS client_id;

-- name: person_contact :many
-- Further phones and e-mails, as far as the reader's roles show them; last those of records that were joined to hers.
SELECT v.client_id, v.contact_id, v.is_phone, v.value, v.label, v.client_id <> :client_id::uuid AS is_joined
FROM (SELECT x.client_id, x.id AS contact_id, x.kind = 'phone' AS is_phone, x.value, x.label, 1 AS rank, x.created_at
      FROM app.client_contact x
      WHERE x.client_id = ANY (app.record_ids(:client_id::uuid))
      UNION ALL
      SELECT r.id, NULL, p.is_phone, p.value, '', 2, NULL
      FROM unnest(app.record_ids(:client_id::uuid)) AS r (id)
      CROSS JOIN LATERAL app.contact(r.id) AS k
      CROSS JOIN LATERAL (VALUES (true, k.phone), (false, k.email)) AS p (is_phone, value)
      WHERE r.id <> :client_id::uuid AND p.value <> '') AS v
ORDER BY v.client_id <> :client_id::uuid, v.is_phone DESC, v.rank, v.created_at, v.contact_id, v.value;

-- name: person_contact_add :one
-- One more.
INSERT INTO app.client_contact AS x (id, client_id, kind, value, label)
SELECT :new_id::uuid, c.id, :contact_kind, CASE :contact_kind WHEN 'phone' THEN app.phone_kept(:contact_value) ELSE lower(btrim(:contact_value)) END, coalesce(btrim(:contact_label), '')
FROM app.client c WHERE c.id = :client_id::uuid
RETURNING x.client_id;

-- name: person_contact_first :one
-- It becomes the one that counts.
SELECT x.client_id FROM app.contact_first(:client_id::uuid, :contact_id::uuid) AS x (client_id) WHERE x.client_id IS NOT NULL;

-- name: person_contact_drop :one
-- It is none of hers any more.
DELETE FROM app.client_contact x WHERE x.id = :contact_id::uuid AND x.client_id = :client_id::uuid RETURNING x.client_id;

-- name: person_guardian :many
-- Who answers for her, and who did. One of a record that was joined signs for that record's forms alone.
SELECT coalesce(g.guardian_client_id, g.client_id) AS client_id,
       g.client_id AS ward_id,
       g.id AS guardian_id,
       g.name,
       replace(g.relation, '_', ' ') AS relation_words,
       k.phone,
       k.email,
       g.birth_date,
       g.may_sign AND g.ended_at IS NULL AND g.client_id = :client_id::uuid AS may_sign,
       g.client_id <> :client_id::uuid AS is_joined,
       g.guardian_client_id,
       (g.ended_at AT TIME ZONE app.zone())::date AS ended_on
FROM app.client_guardian g
CROSS JOIN LATERAL app.guardian_contact(g.id) AS k
WHERE g.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY g.client_id <> :client_id::uuid, g.ended_at IS NOT NULL, g.created_at, g.id;

-- name: person_ward :many
-- For whom she answers.
SELECT c.id AS client_id, c.name, c.birth_date, replace(g.relation, '_', ' ') AS relation_words
FROM app.client_guardian g
JOIN app.client c ON c.id = g.client_id
WHERE g.guardian_client_id = ANY (app.record_ids(:client_id::uuid)) AND g.ended_at IS NULL
ORDER BY c.name_norm, c.id;

-- name: person_guardian_add :one
-- Somebody who answers for her.
INSERT INTO app.client_guardian AS g (id, client_id, name, relation, email, phone, birth_date, may_sign)
SELECT :new_id::uuid, c.id, btrim(:guardian_name), :guardian_relation, lower(btrim(:guardian_email)), app.phone_kept(:guardian_phone), :guardian_birth_date::date, :guardian_may_sign::boolean
FROM app.client c WHERE c.id = :client_id::uuid
RETURNING g.client_id;

-- name: person_guardian_one :one
-- One of them, as the form shows it.
SELECT g.client_id,
       g.id AS guardian_id,
       g.name AS guardian_name,
       k.email AS guardian_email,
       k.phone AS guardian_phone,
       NOT (app.may('show_phone') OR app.reaches('show_phone', g.client_id)) AS hides_phone,
       NOT (app.may('show_email') OR app.reaches('show_email', g.client_id)) AS hides_email,
       to_char(g.birth_date, 'YYYY-MM-DD') AS guardian_birth_date,
       g.may_sign AS guardian_may_sign,
       g.relation AS was_guardian_relation,
       CASE WHEN g.may_sign THEN 'yes' ELSE 'no' END AS was_guardian_may_sign,
       g.ended_at IS NOT NULL AS is_over,
       c.name AS ward_name
FROM app.client_guardian g
JOIN app.client c ON c.id = g.client_id
CROSS JOIN LATERAL app.guardian_contact(g.id) AS k
WHERE g.id = :guardian_id::uuid AND g.client_id = :client_id::uuid;

-- name: person_guardian_relation :many
-- How he is related.
-- clients: none
SELECT k.relation, k.words, k.relation = coalesce(:guardian_relation, (SELECT g.relation FROM app.client_guardian g WHERE g.id = :guardian_id::uuid), 'parent') AS is_chosen
FROM (VALUES ('parent', 'Parent'), ('legal_guardian', 'Legal guardian'), ('grandparent', 'Grandparent'), ('foster_parent', 'Foster parent'), ('carer', 'Carer'), ('other', 'Other')) AS k (relation, words);

-- name: person_guardian_unseen :many
-- What of him somebody else changed since the form was opened, and is typed over in it.
SELECT g.client_id, v.field, v.is_now
FROM app.client_guardian g
CROSS JOIN LATERAL app.guardian_contact(g.id) AS k
CROSS JOIN LATERAL (VALUES ('guardian_name', :was_guardian_name, btrim(:guardian_name), g.name),
                           ('guardian_relation', :was_guardian_relation, :guardian_relation, g.relation),
                           ('guardian_email', :was_guardian_email, lower(btrim(:guardian_email)), k.email),
                           ('guardian_phone', app.phone_kept(:was_guardian_phone), app.phone_kept(:guardian_phone), k.phone),
                           ('guardian_birth_date', :was_guardian_birth_date, :guardian_birth_date, to_char(g.birth_date, 'YYYY-MM-DD')),
                           ('guardian_may_sign', :was_guardian_may_sign, CASE WHEN :guardian_may_sign::boolean THEN 'yes' ELSE 'no' END, CASE WHEN g.may_sign THEN 'yes' ELSE 'no' END)) AS v (field, was, typed, is_now)
WHERE g.id = :guardian_id::uuid AND g.client_id = :client_id::uuid AND app.is_unseen(v.was, v.typed, v.is_now);

-- name: person_guardian_save :one
-- Changes him, as far as it was changed in the form; what of it is not shown to who sends it stays as it is (app.guardian_keep_masked).
UPDATE app.client_guardian g
SET name = app.typed_over(:was_guardian_name, btrim(:guardian_name), g.name),
    relation = app.typed_over(:was_guardian_relation, :guardian_relation, g.relation),
    birth_date = app.typed_over(:was_guardian_birth_date, :guardian_birth_date, to_char(g.birth_date, 'YYYY-MM-DD'))::date,
    may_sign = app.typed_over(:was_guardian_may_sign, CASE WHEN :guardian_may_sign::boolean THEN 'yes' ELSE 'no' END, CASE WHEN g.may_sign THEN 'yes' ELSE 'no' END) = 'yes',
    email = app.typed_over(:was_guardian_email, lower(btrim(:guardian_email)), (SELECT k.email FROM app.guardian_contact(g.id) AS k)),
    phone = app.typed_over(app.phone_kept(:was_guardian_phone), app.phone_kept(:guardian_phone), (SELECT k.phone FROM app.guardian_contact(g.id) AS k))
WHERE g.id = :guardian_id::uuid AND g.client_id = :client_id::uuid AND g.ended_at IS NULL
RETURNING g.client_id;

-- name: person_guardian_end :one
-- He answers for her no longer. The line stays, for signatures name it.
UPDATE app.client_guardian g SET ended_at = now()
WHERE g.id = :guardian_id::uuid AND g.client_id = :client_id::uuid AND g.ended_at IS NULL
RETURNING g.client_id;

-- name: person_guardian_found :many
-- Clients who may be that guardian, by what was typed.
SELECT c.id AS client_id, c.name, c.birth_date
FROM app.client_find(:q, 20) AS f
JOIN app.client c ON c.id = f.client_id
WHERE c.id <> :client_id::uuid AND NOT EXISTS (SELECT FROM app.client_guardian g WHERE g.id = :guardian_id::uuid AND g.guardian_client_id = c.id)
ORDER BY c.name_norm, c.birth_date, c.id;

-- name: person_guardian_linked :many
-- The client that he is.
SELECT c.id AS client_id, c.name, c.birth_date
FROM app.client_guardian g
JOIN app.client c ON c.id = g.guardian_client_id
WHERE g.id = :guardian_id::uuid AND g.client_id = :client_id::uuid;

-- name: person_guardian_link :one
-- The guardian is this client; nothing chosen: none of them.
UPDATE app.client_guardian g
SET guardian_client_id = (SELECT c.id FROM app.client c WHERE c.id = :guardian_client::uuid)
WHERE g.id = :guardian_id::uuid AND g.client_id = :client_id::uuid
RETURNING g.client_id;

-- name: person_pregnancy :many
-- Her pregnancies, the latest first, and how far along each was on the day that is asked for.
SELECT p.client_id, p.id AS pregnancy_id, p.due_date, p.ended_on, p.ended_on IS NULL AS is_current,
       app.gestation_words(p.due_date, p.ended_on) AS ended_at_words
FROM app.client_pregnancy p
WHERE p.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY p.due_date DESC, p.id;

-- name: person_due_unseen :many
-- The due date of now, if somebody else changed it since the form was opened and another one is typed over it.
SELECT c.id AS client_id, 'new_due' AS field, to_char(c.due_date, 'YYYY-MM-DD') AS is_now
FROM app.client c
WHERE c.id = :client_id::uuid AND app.is_unseen(:was_new_due, :new_due, to_char(c.due_date, 'YYYY-MM-DD'));

-- name: person_due_save :one
-- The due date of now; empty: there is none (any more).
UPDATE app.client c SET due_date = app.typed_over(:was_new_due, :new_due, to_char(c.due_date, 'YYYY-MM-DD'))::date WHERE c.id = :client_id::uuid RETURNING c.id AS client_id;

-- name: person_pregnancy_add :one
-- An earlier one.
INSERT INTO app.client_pregnancy AS p (id, client_id, due_date, ended_on)
SELECT :new_id::uuid, c.id, :earlier_due::date, coalesce(:earlier_end::date, :earlier_due::date)
FROM app.client c WHERE c.id = :client_id::uuid
RETURNING p.client_id;

-- name: person_pregnancy_drop :one
-- One that was entered in error.
DELETE FROM app.client_pregnancy p
WHERE p.id = :pregnancy_id::uuid AND p.client_id = :client_id::uuid AND p.ended_on IS NOT NULL
RETURNING p.client_id;

-- name: person_tag :many
-- The tags that she has.
SELECT :client_id::uuid AS client_id, t.id AS tag_id, t.name AS tag_name, nullif(t.color, 'plain') AS tag_color
FROM app.tag t
WHERE EXISTS (SELECT FROM app.client_tag x WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.tag_id = t.id)
ORDER BY t.name_norm, t.id;

-- name: person_tag_choice :many
-- All that she could have.
-- clients: none
SELECT t.id AS tag_id, t.name AS tag_name, EXISTS (SELECT FROM app.client_tag x WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.tag_id = t.id) AS is_chosen
FROM app.tag t
WHERE t.is_active OR EXISTS (SELECT FROM app.client_tag x WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.tag_id = t.id)
ORDER BY t.name_norm, t.id;

-- name: person_tag_save :one
-- She has these, and no others; what is taken from her is taken from the records that were joined to hers too.
WITH wanted AS (SELECT t.id FROM app.tag t WHERE t.id = ANY (:tag_ids::uuid[])),
     gone AS (DELETE FROM app.client_tag x WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.tag_id NOT IN (SELECT w.id FROM wanted w)),
     made AS (INSERT INTO app.client_tag (client_id, tag_id) SELECT c.id, w.id FROM app.client c, wanted w
              WHERE c.id = :client_id::uuid AND NOT EXISTS (SELECT FROM app.client_tag x WHERE x.client_id = ANY (app.record_ids(c.id)) AND x.tag_id = w.id)
              ON CONFLICT DO NOTHING)
SELECT c.id AS client_id FROM app.client c WHERE c.id = :client_id::uuid;

-- name: person_change :many
-- What was changed in her record, the latest first: what stood there, what stands there now.
SELECT h.client_id, h.at AT TIME ZONE app.zone() AS changed, app.change_words(h.field) AS field_words, h.was, h.is_now,
       coalesce(f.name, app.actor_words(h.actor_kind)) AS who
FROM app.client_change h
LEFT JOIN app.staff f ON f.id = h.actor_id
WHERE h.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY h.at DESC, h.id
LIMIT app.list_most(NULL) OFFSET app.list_from(NULL, :changes_from);

-- name: person_pages :one
-- Where the two lists of what was changed go on (client_pages).
-- clients: none
SELECT app.list_newer(:changes_from) AS changes_newer, app.list_older(:changes_from, h.n) AS changes_older, h.n AS n_changes, :changes_from::text IS NOT NULL AS is_in_changes,
       app.list_newer(:field_changes_from) AS field_changes_newer, app.list_older(:field_changes_from, v.n) AS field_changes_older, v.n AS n_field_changes,
       :field_changes_from::text IS NOT NULL AS is_in_field_changes
FROM (SELECT count(*) AS n FROM app.client_change x WHERE x.client_id = ANY (app.record_ids(:client_id::uuid))) AS h,
     (SELECT count(*) AS n FROM app.client_field_value x WHERE x.client_id = ANY (app.record_ids(:client_id::uuid))) AS v;
