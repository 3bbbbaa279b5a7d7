-- name: note_template_list :many
-- Templates for notes, those in use first.
-- clients: none
SELECT t.id AS template_id, t.name, left(t.body, 120) AS beginning, t.is_active
FROM app.note_template t
ORDER BY NOT t.is_active, t.position, t.name;

-- name: note_template_blank :one
-- What the form of a new one begins with.
-- clients: none
SELECT coalesce(max(t.position), 0) + 1 AS place_in_list FROM app.note_template t;

-- name: note_template_one :one
-- One of them, as its form shows it.
-- clients: none
SELECT t.id AS template_id, t.name, t.body, t.position AS place_in_list, t.is_active FROM app.note_template t WHERE t.id = :template_id::uuid;

-- name: note_template_add :one
-- A new one.
INSERT INTO app.note_template AS t (id, name, body, position)
VALUES (:new_id::uuid, btrim(:name), :body, coalesce(:place_in_list::int, 1))
RETURNING t.id AS template_id;

-- name: note_template_change :one
-- As its form says. Notes that were begun with it stay as they are.
UPDATE app.note_template t SET name = btrim(:name), body = :body, position = coalesce(:place_in_list::int, t.position)
WHERE t.id = :template_id::uuid
RETURNING t.id AS template_id;

-- name: note_template_put :one
-- Puts it away, or brings it back.
UPDATE app.note_template t SET is_active = (:put = 'back') WHERE t.id = :template_id::uuid RETURNING t.id AS template_id;
