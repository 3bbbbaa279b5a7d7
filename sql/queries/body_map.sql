-- name: body_map_drawings :many
-- The drawings; the one that is looked at is the first, unless another is asked for.
-- clients: none
SELECT d.drawing, d.words, d.drawing = coalesce(nullif(:drawing, ''), 'face_front') AS is_here,
       d.drawing = 'face_front' AS is_face_front, d.drawing = 'face_left' AS is_face_left, d.drawing = 'face_right' AS is_face_right,
       d.drawing = 'body_front' AS is_body_front, d.drawing = 'body_back' AS is_body_back
FROM app.drawings() AS d
ORDER BY d.rank;

-- name: body_map_regions :many
-- Its regions, with where they lie.
-- clients: none
SELECT r.region, r.x, r.y, r.region = :region AS is_chosen
FROM app.body_regions() AS r
WHERE r.drawing = coalesce(nullif(:drawing, ''), 'face_front')
ORDER BY r.y, r.x;

-- name: body_map_depths :many
-- How deep it may have gone.
-- clients: none
SELECT d.depth, app.in_words(d.depth) AS words, d.depth = :depth AS is_chosen
FROM (VALUES ('intradermal'), ('subcutaneous'), ('intramuscular'), ('on_the_bone')) AS d (depth);

-- name: body_map_points :many
-- The points of this treatment on the drawing, numbered, and those of earlier and later ones, which are laid under them.
SELECT p.id, p.client_id, p.id AS point_id, p.x, p.y, p.x + 22 AS label_x, p.y + 10 AS label_y, e.done_on,
       p.encounter_id = :encounter_id::uuid AS is_now,
       CASE WHEN p.encounter_id = :encounter_id::uuid THEN row_number() OVER (PARTITION BY p.encounter_id ORDER BY p.noted_at, p.id) END AS number,
       o.name AS product, l.lot, app.amount_words(p.amount_milli, o.unit) AS amount, app.in_words(p.depth) AS depth_words, p.remark_sealed,
       w.name AS noted_by, p.noted_at AT TIME ZONE app.zone() AS noted
FROM app.body_point p
JOIN app.staff w ON w.id = p.noted_by
JOIN app.encounter e ON e.id = p.encounter_id AND e.client_id = p.client_id AND e.void_at IS NULL
LEFT JOIN app.product_lot l ON l.id = p.lot_id
LEFT JOIN app.product o ON o.id = l.product_id
WHERE p.client_id = ANY (app.record_ids(:client_id::uuid)) AND p.void_at IS NULL AND p.drawing = coalesce(nullif(:drawing, ''), 'face_front')
ORDER BY e.done_on DESC, p.noted_at, p.id;

-- name: body_map_add :one
-- A point: where the numbers say, or else in the middle of the region that was named.
-- seals: body_point
INSERT INTO app.body_point AS p (id, client_id, encounter_id, drawing, x, y, lot_id, amount_milli, depth, remark_sealed)
SELECT :new_id::uuid, e.client_id, e.id, :drawing, coalesce(:x::int, r.x, -1), coalesce(:y::int, r.y, -1), :lot_id::uuid,
       CASE WHEN :amount <> '' THEN app.amount_kept(:amount) END, nullif(:depth, ''), :remark_sealed::bytea
FROM app.encounter e
LEFT JOIN app.body_regions() AS r ON r.drawing = :drawing AND r.region = :region
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid AND e.void_at IS NULL
RETURNING p.client_id, p.encounter_id, p.drawing;

-- name: body_map_void :one
-- A point entered in error.
-- seals: body_point
UPDATE app.body_point p SET void_at = now(), void_reason_sealed = :void_reason_sealed::bytea
WHERE p.id = :point_id::uuid AND p.encounter_id = :encounter_id::uuid AND p.client_id = :client_id::uuid AND p.void_at IS NULL
RETURNING p.client_id, p.encounter_id, p.drawing;

-- name: body_map_of_client :many
-- The drawings of each of her treatments that hold points, for the chart on paper. map_key: one treatment's one drawing.
SELECT p.client_id, p.encounter_id, p.encounter_id || ' ' || p.drawing AS map_key, p.drawing, d.words AS drawing_words,
       p.drawing = 'face_front' AS is_face_front, p.drawing = 'face_left' AS is_face_left, p.drawing = 'face_right' AS is_face_right,
       p.drawing = 'body_front' AS is_body_front, p.drawing = 'body_back' AS is_body_back
FROM (SELECT DISTINCT x.client_id, x.encounter_id, x.drawing
      FROM app.body_point x
      WHERE x.client_id = ANY (app.record_ids(:client_id::uuid)) AND x.void_at IS NULL) AS p
JOIN app.drawings() AS d ON d.drawing = p.drawing
ORDER BY d.rank;

-- name: body_map_points_of_client :many
-- The points of each of her treatments, numbered on each drawing as the map's own page numbers them, with the region that they are near.
SELECT p.id, p.client_id, p.encounter_id, p.encounter_id || ' ' || p.drawing AS map_key, d.words AS drawing_words, p.x, p.y, p.x + 22 AS label_x, p.y + 10 AS label_y,
       row_number() OVER (PARTITION BY p.encounter_id, p.drawing ORDER BY p.noted_at, p.id) AS number,
       o.name AS product, l.lot, l.expires_on, app.amount_words(p.amount_milli, o.unit) AS amount, app.in_words(p.depth) AS depth_words, p.remark_sealed,
       (SELECT r.region FROM app.body_regions() AS r
        WHERE r.drawing = p.drawing AND (r.x - p.x) ^ 2 + (r.y - p.y) ^ 2 <= 80 ^ 2
        ORDER BY (r.x - p.x) ^ 2 + (r.y - p.y) ^ 2 LIMIT 1) AS near_region
FROM app.body_point p
JOIN app.drawings() AS d ON d.drawing = p.drawing
LEFT JOIN app.product_lot l ON l.id = p.lot_id
LEFT JOIN app.product o ON o.id = l.product_id
WHERE p.client_id = ANY (app.record_ids(:client_id::uuid)) AND p.void_at IS NULL
ORDER BY p.encounter_id, d.rank, p.noted_at, p.id;
