-- name: client_import_list :many
-- Files that were read in, or wait to be, the newest first.
SELECT i.id AS import_id, i.state IN ('mapping', 'checked', 'failed') AS is_waiting, i.state IN ('checking', 'importing', 'undoing') AS is_at_work,
       i.n_rows, i.n_added, i.n_removed, i.made_at AT TIME ZONE app.zone() AS made, f.name AS who,
       CASE i.state WHEN 'mapping' THEN 'columns to be named' WHEN 'checking' THEN 'being looked at' WHEN 'checked' THEN 'to be decided' WHEN 'importing' THEN 'being read in'
           WHEN 'done' THEN 'read in' WHEN 'failed' THEN 'stopped half-way' WHEN 'undoing' THEN 'being taken out' WHEN 'undone' THEN 'taken out again'
           WHEN 'stopped' THEN 'removed: somebody was erased' ELSE 'removed' END AS state_words
FROM app.client_import i
LEFT JOIN app.staff f ON f.id = i.made_by
ORDER BY i.made_at DESC, i.id
LIMIT 50;

-- name: client_import_new :one
-- A file whose columns wait to be named, and how many rows each part of it is to have.
INSERT INTO app.client_import (id, separator, n_columns, n_rows) VALUES (:new_id::uuid, :separator, :n_columns::int, :n_rows::int)
RETURNING app.import_part_rows() AS part_rows;

-- name: client_import_part_add :exec
-- A part of it.
-- seals: client_import_part
INSERT INTO app.client_import_part (id, import_id, n, first_row, first_line, body_sealed)
VALUES (:part_id::uuid, :new_id::uuid, :part_n::int, :first_row::int, :first_line::int, :body_sealed::bytea);

-- name: client_import_one :maybe
-- How it stands.
SELECT i.id AS import_id, i.state, i.separator, i.columns, i.date_format, i.n_columns, i.n_rows, i.next_part, ceil(i.n_rows::float8 / app.import_part_rows())::int AS n_parts
FROM app.client_import i WHERE i.id = :import_id::uuid;

-- name: client_import_parts :many
-- Parts of the file, from one to another.
SELECT p.id, NULL::uuid AS client_id, p.n, p.first_row, p.first_line, p.body_sealed
FROM app.client_import_part p
WHERE p.import_id = :import_id::uuid AND p.n BETWEEN :part_from::int AND :part_to::int
ORDER BY p.n;

-- name: client_import_columns :many
-- The columns of the file: what stands first in each.
SELECT x.n AS place, x.head, x.first, x.second, x.third
FROM jsonb_to_recordset(:preview::jsonb) AS x (n int, head text, first text, second text, third text)
ORDER BY x.n;

-- name: client_import_choices :many
-- What each of them may hold, in groups, with what was chosen, or what its head says; last the business's own fields. Of two columns with one head
-- the first has it, and a field of one's own has none that a field of the house has.
WITH field AS (
    SELECT f.field, f.words, f.part, f.place::bigint AS place, f.heads FROM app.import_fields() AS f
    UNION ALL
    SELECT 'field_' || w.id, w.name, 'Your own fields', 1000 + row_number() OVER (ORDER BY w.position, w.id), ARRAY(SELECT app.norm(w.name) EXCEPT SELECT unnest(f.heads) FROM app.import_fields() AS f)
    FROM app.client_field w WHERE w.retired_at IS NULL)
SELECT x.n AS place, f.field, f.words,
       CASE WHEN lag(f.part) OVER w IS DISTINCT FROM f.part THEN f.part END AS begins, lead(f.part) OVER w IS DISTINCT FROM f.part AS is_end,
       CASE WHEN cardinality(:chosen::text[]) > 0 THEN (:chosen::text[])[x.n] = f.field WHEN cardinality(i.columns) > 0 THEN i.columns[x.n] = f.field
            ELSE app.norm(x.head) = ANY (f.heads)
                 AND NOT EXISTS (SELECT FROM jsonb_to_recordset(:preview::jsonb) AS y (n int, head text) WHERE y.n < x.n AND app.norm(y.head) = ANY (f.heads)) END AS is_chosen
FROM app.client_import i
CROSS JOIN jsonb_to_recordset(:preview::jsonb) AS x (n int, head text)
CROSS JOIN field AS f
WHERE i.id = :import_id::uuid
WINDOW w AS (PARTITION BY x.n ORDER BY f.place)
ORDER BY x.n, f.place;

-- name: client_import_formats :many
-- How dates may be written; before anybody chose, as those of the first rows look.
SELECT v.format, v.words,
       v.format = coalesce(nullif(:date_format, ''),
                           CASE WHEN i.state <> 'mapping' OR cardinality(i.columns) > 0 THEN i.date_format
                                WHEN :preview::text ~ '"(1[3-9]|[23]\d)/\d{1,2}/\d{4}"' OR :preview::text ~ '"\d{1,2}\.\d{1,2}\.\d{4}"' THEN 'dmy'
                                WHEN :preview::text ~ '"\d{1,2}/\d{1,2}/\d{4}"' THEN 'mdy' ELSE i.date_format END) AS is_chosen
FROM app.client_import i
CROSS JOIN (VALUES (1, 'ymd', '2026-11-21: year, month, day'), (2, 'mdy', '11/21/2026: month, day, year'), (3, 'dmy', '21.11.2026: day, month, year')) AS v (place, format, words)
WHERE i.id = :import_id::uuid
ORDER BY v.place;

-- name: client_import_map :maybe
-- The columns are named, and the rows looked at.
SELECT x.import_id FROM app.client_import_map(:import_id::uuid, :chosen::text[], :date_format) AS x (import_id) WHERE x.import_id IS NOT NULL;

-- name: client_import_page :one
-- A file, how it stands and what was found in it.
SELECT i.id AS import_id, i.state = 'mapping' AS is_mapping, i.state = 'checked' AS is_checked, i.state = 'done' AS is_done, i.state = 'failed' AS is_failed,
       i.state = 'undone' AS is_undone, i.state IN ('dropped', 'stopped') AS is_gone, i.state = 'stopped' AS is_stopped,
       CASE i.state WHEN 'checking' THEN 'Each row is being looked at' WHEN 'importing' THEN 'The clients are being read in; nobody sees them before all are there'
            WHEN 'undoing' THEN 'The clients are being taken out again' END AS at_work,
       i.n_rows, i.n_done, i.n_added, i.n_removed, i.n_added - i.n_removed AS n_kept, i.expires_at AT TIME ZONE app.zone() AS expires,
       c.n_add, c.n_maybe, c.n_here, c.n_twice, c.n_bad, c.n_left, c.n_add + c.n_maybe > 0 AS has_some
FROM app.client_import i
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE r.verdict = 'add') AS n_add, count(*) FILTER (WHERE r.verdict = 'maybe') AS n_maybe, count(*) FILTER (WHERE r.verdict = 'here') AS n_here,
                           count(*) FILTER (WHERE r.verdict = 'twice') AS n_twice, count(*) FILTER (WHERE r.verdict = 'bad') AS n_bad,
                           count(*) FILTER (WHERE r.left_out <> '') AS n_left
                    FROM app.client_import_row r WHERE r.import_id = i.id) AS c
WHERE i.id = :import_id::uuid;

-- name: client_import_shown :many
-- The parts of the file in which the rows of a page stand.
SELECT p.id, NULL::uuid AS client_id, p.first_row, p.first_line, p.body_sealed
FROM app.client_import_part p
WHERE p.import_id = :import_id::uuid AND p.n > 0 AND p.n IN (
    SELECT ceil(r.n::float8 / app.import_part_rows())::int FROM app.client_import_row r
    WHERE r.import_id = :import_id::uuid AND r.n > coalesce(:after::int, 0) AND (coalesce(:only, '') = '' OR r.verdict = :only OR :only = 'left' AND r.left_out <> '') ORDER BY r.n LIMIT 25)
ORDER BY p.n;

-- name: client_import_rows :many
-- Rows with what was found of them: their names from the file while it is there, and the client whom they are like or who came of them.
SELECT q.n, q.line, q.verdict_words, q.is_bad, q.reason, q.left_out, (:names::jsonb) ->> q.n::text AS name, c.id AS client_id, c.name AS client_name, q.is_in AND c.id IS NOT NULL AS is_in,
       CASE WHEN q.place = 25 AND q.more > 25 THEN q.n END AS next_after
FROM (SELECT r.n, r.line, r.reason, r.left_out, r.client_id, r.is_in, r.verdict = 'bad' AS is_bad, row_number() OVER (ORDER BY r.n) AS place, count(*) OVER () AS more,
             CASE WHEN r.is_in THEN 'entered' ELSE app.import_verdict_words(r.verdict) END AS verdict_words
      FROM (SELECT * FROM app.client_import_row r0 WHERE r0.import_id = :import_id::uuid AND r0.n > coalesce(:after::int, 0)
            AND (coalesce(:only, '') = '' OR r0.verdict = :only OR :only = 'left' AND r0.left_out <> '') ORDER BY r0.n LIMIT 26) AS r) AS q
LEFT JOIN app.client c ON c.id = q.client_id
WHERE q.place <= 25
ORDER BY q.n;

-- name: client_import_kinds :many
-- By which verdict the rows may be shown.
SELECT k.kind, coalesce(app.in_words(app.import_verdict_words(k.kind)), CASE k.kind WHEN 'left' THEN 'With cells left out' ELSE 'All' END) AS words, k.kind = coalesce(:only, '') AS is_chosen
FROM unnest(ARRAY['', 'add', 'maybe', 'here', 'twice', 'bad', 'left']) WITH ORDINALITY AS k (kind, n)
ORDER BY k.n;

-- name: client_import_verdicts :many
-- What was found of each row, without what stands in it.
SELECT r.n, r.line, CASE WHEN r.is_in THEN 'entered' ELSE app.import_verdict_words(r.verdict) END AS verdict, r.reason, r.left_out
FROM app.client_import_row r WHERE r.import_id = :import_id::uuid ORDER BY r.n;

-- name: client_import_start :one
-- All rows that are to be added are.
SELECT x.import_id FROM app.client_import_start(:import_id::uuid, :with_maybe::boolean) AS x (import_id) WHERE x.import_id IS NOT NULL;

-- name: client_import_drop :one
-- The file goes.
SELECT x.import_id FROM app.client_import_drop(:import_id::uuid) AS x (import_id) WHERE x.import_id IS NOT NULL;

-- name: client_import_undo :one
-- Those who came of it are taken out again.
SELECT x.import_id FROM app.client_import_undo(:import_id::uuid) AS x (import_id) WHERE x.import_id IS NOT NULL;

-- name: client_import_own :many
-- Which columns of the file hold fields of the business's own, and what these may hold.
-- clients: none
SELECT u.place, f.id AS field_id, f.name, f.kind, f.options, f.retired_at IS NULL AS is_asked
FROM app.client_import i
CROSS JOIN LATERAL unnest(i.columns) WITH ORDINALITY AS u (field, place)
JOIN app.client_field f ON u.field = 'field_' || f.id
WHERE i.id = :import_id::uuid
ORDER BY u.place;

-- name: client_import_dates :many
-- What dates mean in the format of the file, in their order; empty: none.
-- clients: none
SELECT coalesce(to_char(app.import_date(d.typed, i.date_format), 'YYYY-MM-DD'), '') AS day
FROM app.client_import i
CROSS JOIN LATERAL jsonb_array_elements_text(:typed_dates::jsonb) WITH ORDINALITY AS d (typed, n)
WHERE i.id = :import_id::uuid
ORDER BY d.n;

-- name: client_import_check :one
-- A part is looked at.
SELECT app.client_import_check(:import_id::uuid, :part_n::int, :cells::jsonb) AS is_mine;

-- name: client_import_add :one
-- The clients of a part are entered.
SELECT sec.client_import_add(:import_id::uuid, :part_n::int, :cells::jsonb) AS n_added;

-- name: client_import_take :one
-- The next of them are taken out.
SELECT sec.client_import_take(:import_id::uuid, 100) AS is_over;

-- name: client_import_step :exec
-- The jobs have come to the end, or go on.
SELECT app.client_import_step(:import_id::uuid, :is_last::boolean);

-- name: client_import_give_up :exec
-- Nobody will try it again.
SELECT app.client_import_give_up(:import_id::uuid);
