-- name: client_field_list :many
-- The business's own fields, those that are asked first, in their order; and of how many clients something is kept in each.
-- clients: none
SELECT f.id AS field_id, f.name AS field_name, f.help, app.client_field_kind_words(f.kind) AS kind_words, f.on_page, f.retired_at IS NOT NULL AS is_retired,
       f.retired_at IS NULL AND lag(f.id) OVER w IS NOT NULL AS can_rise,
       (SELECT count(DISTINCT v.client_id) FROM app.client_field_value v WHERE v.field_id = f.id AND v.ended_at IS NULL AND v.value_sealed IS NOT NULL) AS n_clients
FROM app.client_field f
WINDOW w AS (PARTITION BY f.retired_at IS NULL ORDER BY f.position, f.id)
ORDER BY f.retired_at IS NOT NULL, f.position, f.id;

-- name: client_field_kind :many
-- What a field may hold.
-- clients: none
SELECT k.kind, app.client_field_kind_words(k.kind) AS words, k.kind = coalesce(:kind, 'text') AS is_chosen
FROM unnest(ARRAY['text', 'long', 'number', 'date', 'yes_no', 'choice']) WITH ORDINALITY AS k (kind, n)
ORDER BY k.n;

-- name: client_field_one :one
-- One, as its form shows it.
-- clients: none
SELECT f.id AS field_id, f.name, f.help, app.client_field_kind_words(f.kind) AS kind_words, f.kind = 'choice' AS is_choice, array_to_string(f.options, E'\n') AS options,
       f.on_page, f.retired_at IS NOT NULL AS is_retired
FROM app.client_field f
WHERE f.id = :field_id::uuid;

-- name: client_field_add :one
-- A new one, asked last.
INSERT INTO app.client_field AS f (id, name, help, kind, options, on_page)
VALUES (:new_id::uuid, btrim(:name), coalesce(btrim(:help), ''), :kind, app.lines_of(:options), :on_page::boolean)
RETURNING f.id AS field_id;

-- name: client_field_save :one
-- Changes it; what stands in it of clients stays as it was written.
UPDATE app.client_field f
SET name = btrim(:name), help = coalesce(btrim(:help), ''), options = CASE f.kind WHEN 'choice' THEN app.lines_of(:options) ELSE '{}' END, on_page = :on_page::boolean
WHERE f.id = :field_id::uuid
RETURNING f.id AS field_id;

-- name: client_field_retire :one
-- It is asked no more, or again; what stands in it stays.
UPDATE app.client_field f SET retired_at = CASE WHEN f.retired_at IS NULL THEN now() END
WHERE f.id = :field_id::uuid
RETURNING f.id AS field_id;

-- name: client_field_rise :one
-- One place further up.
WITH here AS (SELECT f.id, f.position FROM app.client_field f WHERE f.id = :field_id::uuid AND f.retired_at IS NULL),
     above AS (SELECT f.id, f.position FROM app.client_field f JOIN here h ON (f.position, f.id) < (h.position, h.id)
               WHERE f.retired_at IS NULL ORDER BY f.position DESC, f.id DESC LIMIT 1),
     changed AS (UPDATE app.client_field f SET position = CASE f.id WHEN h.id THEN a.position ELSE h.position END
                 FROM here h, above a WHERE f.id IN (h.id, a.id))
SELECT h.id AS field_id FROM here h;

-- name: client_field_value :many
-- What stands in the fields of a client now, on whichever of her records; her own before those of records that were joined to hers, of these
-- the newest. Also of a field that was retired.
SELECT v.id, v.client_id, f.name AS field_name, f.on_page, f.retired_at IS NOT NULL AS is_retired, v.value_sealed
FROM app.client_field f
JOIN LATERAL (SELECT x.id FROM app.client_field_value x
              WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.field_id = f.id AND x.ended_at IS NULL
              ORDER BY x.client_id <> :client_id::uuid, x.at DESC LIMIT 1) AS w ON true
JOIN app.client_field_value v ON v.id = w.id
WHERE v.value_sealed IS NOT NULL
ORDER BY f.retired_at IS NOT NULL, f.position, f.id;

-- name: client_field_fill :many
-- All fields that are asked, with what stands in each; for the form.
SELECT v.id, v.client_id, f.id AS field_id, f.name AS field_name, f.help, f.kind, f.options, v.value_sealed
FROM app.client_field f
LEFT JOIN LATERAL (SELECT x.id FROM app.client_field_value x
                   WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.field_id = f.id AND x.ended_at IS NULL
                   ORDER BY x.client_id <> :client_id::uuid, x.at DESC LIMIT 1) AS w ON true
LEFT JOIN app.client_field_value v ON v.id = w.id
WHERE f.retired_at IS NULL
ORDER BY f.position, f.id;

-- name: client_field_put :one
-- What stands there from now on.
INSERT INTO app.client_field_value AS v (id, client_id, field_id, value_sealed, was_id)
VALUES (:value_id::uuid, :client_id::uuid, :put_field::uuid, :value_bytes::bytea, :was_id::uuid)
RETURNING v.client_id;

-- name: client_field_change :many
-- What was changed in the fields, the latest first; what stood there is another row, opened by the key of its own record.
SELECT v.id, v.client_id, v.was_id, f.name AS field_name, v.value_sealed, v.at AT TIME ZONE app.zone() AS changed, coalesce(s.name, 'the system') AS who
FROM app.client_field_value v
JOIN app.client_field f ON f.id = v.field_id
LEFT JOIN app.staff s ON s.id = v.by_id
WHERE v.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY v.at DESC, v.id
LIMIT app.list_most(NULL) OFFSET app.list_from(NULL, :field_changes_from);

-- name: client_field_was :many
-- What stood there before each of those changes; the same lines as theirs.
SELECT w.id, w.client_id, w.id AS was_id, w.value_sealed
FROM (SELECT x.was_id FROM app.client_field_value x
      WHERE x.client_id = ANY (app.record_ids(:client_id::uuid))
      ORDER BY x.at DESC, x.id LIMIT app.list_most(NULL) OFFSET app.list_from(NULL, :field_changes_from)) AS v
JOIN app.client_field_value w ON w.id = v.was_id;

-- name: client_field_column :many
-- The fields that are asked, as columns of the file of all clients.
-- clients: none
SELECT f.id AS field_id, f.name AS field_name FROM app.client_field f WHERE f.retired_at IS NULL ORDER BY f.position, f.id;

-- name: client_field_export :many
-- What stands in them for the clients of a list, in the order of client_list_export; list_id: the record that stands in the list. Of her records
-- her own goes first, then the latest. (OFFSET 0: looked for by the id of each record; else all values of the business were read for each file.)
SELECT v.id, v.client_id, v.list_id, v.field_id, v.value_sealed
FROM (SELECT DISTINCT ON (c.name_norm, c.id, x.field_id) x.id, x.client_id, c.id AS list_id, x.field_id, x.value_sealed, c.name_norm
      FROM (SELECT k AS id, app.record_ids(k) AS ids FROM unnest(:list_ids::uuid[]) AS k OFFSET 0) AS l
      JOIN app.client c ON c.id = l.id AND c.is_active
      CROSS JOIN LATERAL unnest(l.ids) AS r (id)
      CROSS JOIN LATERAL (SELECT y.id, y.client_id, y.field_id, y.at, y.value_sealed FROM app.client_field_value y WHERE y.client_id = r.id AND y.ended_at IS NULL OFFSET 0) AS x
      JOIN app.client_field f ON f.id = x.field_id AND f.retired_at IS NULL
      ORDER BY c.name_norm, c.id, x.field_id, x.client_id <> c.id, x.at DESC) AS v
WHERE v.value_sealed IS NOT NULL
ORDER BY v.name_norm, v.list_id;
