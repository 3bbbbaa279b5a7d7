-- name: tag_list :many
-- The business's tags, and how many clients have each.
-- clients: none
SELECT t.id AS tag_id, t.name AS tag_name, nullif(t.color, 'plain') AS tag_color, t.is_active, (SELECT count(*) FROM app.client_tag x WHERE x.tag_id = t.id) AS n_clients
FROM app.tag t ORDER BY NOT t.is_active, t.name_norm, t.id;

-- name: tag_filter :many
-- The tags by which the list can be narrowed down.
-- clients: none
SELECT t.id AS tag_id, t.name AS tag_name, nullif(t.color, 'plain') AS tag_color, t.id = :tag::uuid AS is_chosen FROM app.tag t WHERE t.is_active ORDER BY t.name_norm, t.id LIMIT 60;

-- name: tag_one :one
-- One, as its form shows it.
-- clients: none
SELECT t.id AS tag_id, t.name, t.is_active FROM app.tag t WHERE t.id = :tag_id::uuid;

-- name: tag_color :many
-- What it may look like.
-- clients: none
SELECT k.color, k.words, k.color = coalesce(:color, (SELECT t.color FROM app.tag t WHERE t.id = :tag_id::uuid), 'plain') AS is_chosen
FROM (VALUES ('plain', 'Grey'), ('good', 'Green'), ('info', 'Blue'), ('warn', 'Amber'), ('bad', 'Red')) AS k (color, words);

-- name: tag_add :one
-- A new one.
INSERT INTO app.tag AS t (id, name, color) VALUES (:new_id::uuid, btrim(:name), :color) RETURNING t.id AS tag_id;

-- name: tag_save :one
-- Changes it. One that is put away stays with who has it, and is offered no more.
UPDATE app.tag t SET name = btrim(:name), color = :color, is_active = :tag_active::boolean WHERE t.id = :tag_id::uuid RETURNING t.id AS tag_id;
