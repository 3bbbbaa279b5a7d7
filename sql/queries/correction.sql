-- name: correction_hers :one
-- What the studio holds of who she is and how she is reached, for herself; phone and e-mail too, for they are hers.
SELECT c.id AS client_id, k.purpose = 'form' AS is_form, c.name, c.preferred_name, c.pronouns, c.birth_date, c.phone, c.email, c.due_date,
       nullif(concat_ws(', ', nullif(c.street, ''), nullif(concat_ws(' ', nullif(c.city, ''), nullif(c.region, ''), nullif(c.postal_code, '')), ''), nullif(c.country, '')), '') AS address
FROM app.link k
JOIN app.client c ON c.id = k.client_id
WHERE k.id = :link_id::uuid;

-- name: correction_field :many
-- What may be wrong.
-- clients: none
SELECT k.field, k.words, k.field = coalesce(:field, 'name') AS is_chosen
FROM (VALUES ('name', 'The name'), ('preferred_name', 'What I am called'), ('pronouns', 'Pronouns'), ('birth_date', 'The date of birth'), ('phone', 'The phone number'), ('email', 'The e-mail address'),
             ('address', 'The address'), ('due_date', 'The due date'), ('chart', 'Something in the chart or in a form'), ('other', 'Something else')) AS k (field, words);

-- name: correction_list :many
-- What was asked to be corrected, the latest first, and what was decided, with the reason. By a link: of any of the person's records.
-- On a page that came back: about which of them somebody was deciding (id), and how (decision).
SELECT x.id, x.client_id, x.id AS correction_id, app.in_words(x.field) AS field_words, x.words_sealed, x.reason_sealed,
       x.asked_at AT TIME ZONE app.zone() AS asked, x.asked_kind = 'staff' AS is_by_staff, x.decided_at AT TIME ZONE app.zone() AS decided,
       (x.asked_at AT TIME ZONE app.zone())::date + 60 AS answer_by, x.field = 'chart' AS is_chart,
       x.decision IS NULL AS is_open, x.decision = 'corrected' AS is_corrected, x.decision = 'refused' AS is_refused,
       x.id = :correction_id::uuid AS is_answered,
       x.id::text = :id AS is_typed, x.id::text = :id AND :decision = 'corrected' AS says_corrected, x.id::text = :id AND :decision = 'refused' AS says_refused,
       x.decision = 'refused' AND s.said = 0 AS can_disagree, s.said = 1 AS can_rebut
FROM app.correction x
CROSS JOIN LATERAL (SELECT count(*) AS said FROM app.correction_statement y WHERE y.client_id = x.client_id AND y.correction_id = x.id) AS s
WHERE x.client_id = ANY (CASE WHEN app.own_client() IS NULL THEN app.record_ids(:client_id::uuid) ELSE app.person_ids(app.own_client()) END)
ORDER BY x.decision IS NOT NULL, x.asked_at DESC, x.id;

-- name: correction_statements :many
-- What was said after refusals: the client's statement of disagreement, then what the business answered.
SELECT s.id, s.client_id, s.correction_id, s.statement_sealed, s.kind = 'rebuttal' AS is_rebuttal, s.said_at AT TIME ZONE app.zone() AS said,
       s.kind = 'disagreement' AND s.said_kind = 'staff' AS is_noted
FROM app.correction_statement s
WHERE s.client_id = ANY (CASE WHEN app.own_client() IS NULL THEN app.record_ids(:client_id::uuid) ELSE app.person_ids(app.own_client()) END)
ORDER BY s.said_at, s.id;

-- name: correction_disputed :many
-- Corrections that were refused, which go with the record wherever it is shown or given out: what was asked for and the reason; what was said since
-- is in correction_statements.
SELECT x.id, x.client_id, x.id AS correction_id, app.in_words(x.field) AS field_words, x.words_sealed, x.reason_sealed,
       x.asked_at AT TIME ZONE app.zone() AS asked, x.decided_at AT TIME ZONE app.zone() AS decided
FROM app.correction x
WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.decision = 'refused'
ORDER BY x.decided_at DESC, x.id;

-- name: correction_any :many
-- How many were refused; no row: none.
-- clients: none
SELECT count(*) AS n_disputed FROM app.correction x WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.decision = 'refused' HAVING count(*) > 0;

-- name: correction_refused :one
-- A refused one of the person who has the link, in whichever of the records.
SELECT x.client_id AS client_id, x.id AS correction_id FROM app.correction x WHERE x.id = :correction_id::uuid AND x.decision = 'refused' AND x.client_id = ANY (app.person_ids(app.own_client()));

-- name: correction_disagree :one
-- A statement of disagreement: by the person, or noted by the staff.
-- seals: correction_statement
INSERT INTO app.correction_statement AS s (id, client_id, correction_id, kind, statement_sealed)
SELECT :new_id::uuid, x.client_id, x.id, 'disagreement', :statement_sealed::bytea FROM app.correction x WHERE x.id = :correction_id::uuid AND x.client_id = :client_id::uuid
RETURNING s.client_id;

-- name: correction_disagree_by_link :one
-- The same from a link, about any of the person's records.
-- seals: correction_statement
INSERT INTO app.correction_statement AS s (id, client_id, correction_id, kind, statement_sealed)
SELECT :new_id::uuid, x.client_id, x.id, 'disagreement', :statement_sealed::bytea FROM app.correction x WHERE x.id = :correction_id::uuid AND x.client_id = ANY (app.person_ids(app.own_client()))
RETURNING s.client_id;

-- name: correction_rebut :one
-- What the business answers to it.
-- seals: correction_statement
INSERT INTO app.correction_statement AS s (id, client_id, correction_id, kind, statement_sealed)
SELECT :new_id::uuid, x.client_id, x.id, 'rebuttal', :statement_sealed::bytea FROM app.correction x WHERE x.id = :correction_id::uuid AND x.client_id = :client_id::uuid
RETURNING s.client_id;

-- name: correction_ask :one
-- Something in her record is wrong, she says, or somebody of the staff for her.
-- seals: correction
WITH made AS (INSERT INTO app.correction (id, client_id, field, words_sealed) VALUES (:new_id::uuid, :client_id::uuid, :field, :words_sealed::bytea))
SELECT :client_id::uuid AS client_id;

-- name: correction_decide :one
-- It was corrected, or it stays; why stands beside it, for her to read.
-- seals: correction
UPDATE app.correction x SET decision = :decision, reason_sealed = :reason_sealed::bytea
WHERE x.id = :id::uuid AND x.client_id = :client_id::uuid
RETURNING x.client_id;

-- name: correction_told :many
-- To whom the mail goes that says that a correction was decided: her, or for a minor her guardian, as a link to forms does.
SELECT c.id AS client_id,
       coalesce(g.email, app.mail_address(c.id)) AS email,
       coalesce(g.guardian_name, c.preferred_name, c.name) AS addressee,
       g.guardian_id
FROM app.correction x
JOIN app.client c ON c.id = x.client_id
LEFT JOIN LATERAL (
    SELECT k.guardian_id, k.guardian_name, app.guardian_mail(k.guardian_id) AS email
    FROM app.guardians_of(c.id) k
    WHERE app.is_minor(c.id) AND app.guardian_mail(k.guardian_id) IS NOT NULL AND k.birth_date IS NOT NULL
    LIMIT 1) AS g ON true
WHERE x.id = :correction_id::uuid AND c.birth_date IS NOT NULL AND coalesce(g.email, app.mail_address(c.id)) IS NOT NULL;

-- name: correction_waiting :many
-- Who waits for a decision, the longest waiting first.
SELECT x.client_id, c.name, app.in_words(x.field) AS field_words, (x.asked_at AT TIME ZONE app.zone())::date + 60 AS answer_by, (x.asked_at AT TIME ZONE app.zone())::date + 60 < app.today() AS is_late, x.asked_at AT TIME ZONE app.zone() AS asked, x.asked_kind = 'staff' AS is_by_staff
FROM app.correction x
JOIN app.client c ON c.id = x.client_id
WHERE x.decision IS NULL
ORDER BY x.asked_at, x.id
LIMIT 200;
