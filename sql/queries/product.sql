-- name: product_list :many
-- Products, those in use first, with what is left of their lots.
-- clients: none
SELECT p.id AS product_id, p.name, app.in_words(p.kind) AS kind_words, p.unit, p.is_active,
       (SELECT count(*) FROM app.product_lot l WHERE l.product_id = p.id AND l.used_up_at IS NULL) AS n_lots,
       (SELECT true FROM app.product_lot l WHERE l.product_id = p.id AND l.used_up_at IS NULL AND l.expires_on < app.today() LIMIT 1) AS has_expired
FROM app.product p
ORDER BY NOT p.is_active, p.name;

-- name: product_kinds :many
-- Kinds of products.
-- clients: none
SELECT k.kind, app.in_words(k.kind) AS words, k.kind = coalesce(:product_kind, (SELECT p.kind FROM app.product p WHERE p.id = :product_id::uuid)) AS is_chosen
FROM (VALUES ('toxin'), ('filler'), ('topical'), ('peel'), ('consumable'), ('other')) AS k (kind);

-- name: product_units :many
-- What it is counted in.
-- clients: none
SELECT k.unit, k.unit = coalesce(:unit, (SELECT p.unit FROM app.product p WHERE p.id = :product_id::uuid)) AS is_chosen
FROM (VALUES ('units'), ('ml'), ('mg'), ('g'), ('pieces')) AS k (unit);

-- name: product_one :one
-- One of them, as its form shows it.
-- clients: none
SELECT p.id AS product_id, p.name, p.is_active FROM app.product p WHERE p.id = :product_id::uuid;

-- name: product_lots :many
-- Its lots, those in use first.
-- clients: none
SELECT l.id AS lot_id, l.product_id, l.lot, l.expires_on, l.received_on, l.used_up_at IS NOT NULL AS is_used_up,
       l.used_up_at IS NULL AND l.expires_on < app.today() AS is_expired, l.id = :lot_id::uuid AS is_asked
FROM app.product_lot l
WHERE l.product_id = :product_id::uuid
ORDER BY l.used_up_at IS NOT NULL, l.expires_on, l.lot;

-- name: product_add :one
-- A new one.
INSERT INTO app.product AS p (id, name, kind, unit) VALUES (:new_id::uuid, btrim(:name), :product_kind, :unit) RETURNING p.id AS product_id;

-- name: product_change :one
-- As its form says.
UPDATE app.product p SET name = btrim(:name), kind = :product_kind, unit = :unit WHERE p.id = :product_id::uuid RETURNING p.id AS product_id;

-- name: product_put :one
-- Puts it away, or brings it back.
UPDATE app.product p SET is_active = (:put = 'back') WHERE p.id = :product_id::uuid RETURNING p.id AS product_id;

-- name: product_lot_add :one
-- A lot that came.
INSERT INTO app.product_lot AS l (id, product_id, lot, expires_on, received_on)
SELECT :new_id::uuid, p.id, btrim(:lot), :expires_on::date, coalesce(:received_on::date, app.today()) FROM app.product p WHERE p.id = :product_id::uuid
RETURNING l.product_id;

-- name: product_lot_put :one
-- It is used up, or some is left after all.
UPDATE app.product_lot l SET used_up_at = CASE WHEN :put = 'away' THEN now() END
WHERE l.id = :lot_id::uuid AND l.product_id = :product_id::uuid
RETURNING l.product_id;

-- name: product_lot_received :one
-- It came on another day than was registered.
UPDATE app.product_lot l SET received_on = :came_on::date
WHERE l.id = :lot_id::uuid AND l.product_id = :product_id::uuid
RETURNING l.product_id;
