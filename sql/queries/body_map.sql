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
-- How deep it may have gone; before a form was sent, the last point's is chosen.
SELECT d.depth, app.in_words(d.depth) AS words,
       d.depth = CASE WHEN :amount::text IS NULL THEN (SELECT p.depth FROM app.body_point p WHERE p.encounter_id = :encounter_id::uuid AND p.client_id = :client_id::uuid AND p.void_at IS NULL
                                                       ORDER BY p.noted_at DESC, p.id LIMIT 1) ELSE :depth END AS is_chosen
FROM (VALUES ('intradermal'), ('subcutaneous'), ('intramuscular'), ('on_the_bone')) AS d (depth);

-- name: body_map_lots :many
-- Lots as encounter_lots gives them; before a form was sent, the last point's is chosen.
SELECT l.id AS lot_id, p.name AS product, l.lot, l.expires_on, p.unit,
       l.id = CASE WHEN :amount::text IS NULL THEN (SELECT x.lot_id FROM app.body_point x WHERE x.encounter_id = e.id AND x.client_id = e.client_id AND x.void_at IS NULL
                                                    ORDER BY x.noted_at DESC, x.id LIMIT 1) ELSE :lot_id::uuid END AS is_chosen
FROM app.encounter e
JOIN app.product_lot l ON e.done_on BETWEEN l.received_on AND l.expires_on AND (l.used_up_at IS NULL OR (l.used_up_at AT TIME ZONE app.zone())::date >= e.done_on)
JOIN app.product p ON p.id = l.product_id AND (p.is_active OR e.done_on < app.today())
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid
ORDER BY p.name, l.expires_on, l.lot;

-- name: body_map_under :many
-- Other treatments with points on the drawing, the latest first: each may lie under it alone, and be repeated.
SELECT e.id AS under_id, e.client_id, :encounter_id::uuid AS encounter_id, :client_id::uuid AS page_client, coalesce(nullif(:drawing, ''), 'face_front') AS drawing, e.done_on, coalesce(v.name, 'Treatment') AS service, n.products, n.n_points,
       e.id = :under::uuid AS is_chosen
FROM (SELECT p.client_id, p.encounter_id, count(*) AS n_points, string_agg(DISTINCT o.name, ', ') AS products
      FROM app.body_point p
      LEFT JOIN app.product_lot l ON l.id = p.lot_id
      LEFT JOIN app.product o ON o.id = l.product_id
      WHERE p.client_id = ANY (app.record_ids(:client_id::uuid)) AND p.void_at IS NULL AND p.drawing = coalesce(nullif(:drawing, ''), 'face_front')
        AND p.encounter_id <> :encounter_id::uuid
      GROUP BY p.client_id, p.encounter_id) AS n
JOIN app.encounter e ON e.id = n.encounter_id AND e.client_id = n.client_id AND e.void_at IS NULL
LEFT JOIN app.service v ON v.id = e.service_id
ORDER BY e.done_on DESC, e.noted_at DESC;

-- name: body_map_repeat :many
-- The points of another treatment on the drawing, noted of this one: with a lot, those that were given of its product, each with its amount;
-- without one, as places. Where there is a point already none is added. (What was written about a point is of that point alone.)
INSERT INTO app.body_point AS p (client_id, encounter_id, drawing, x, y, lot_id, amount_milli, depth)
SELECT e.client_id, e.id, s.drawing, s.x, s.y, n.id, CASE WHEN n.id IS NOT NULL THEN s.amount_milli END, s.depth
FROM app.encounter e
JOIN app.body_point s ON s.encounter_id = :under::uuid AND s.client_id = ANY (app.record_ids(e.client_id)) AND s.drawing = :drawing AND s.void_at IS NULL AND s.encounter_id <> e.id
LEFT JOIN app.product_lot l ON l.id = s.lot_id
LEFT JOIN app.product_lot n ON n.id = :lot_id::uuid
WHERE e.id = :encounter_id::uuid AND e.client_id = :client_id::uuid AND e.void_at IS NULL AND (:lot_id::uuid IS NULL OR n.product_id = l.product_id)
  AND NOT EXISTS (SELECT FROM app.body_point t WHERE t.encounter_id = e.id AND t.client_id = e.client_id AND t.drawing = s.drawing AND t.x = s.x AND t.y = s.y AND t.void_at IS NULL)
ORDER BY s.noted_at, s.id
RETURNING p.client_id;

-- name: body_map_points :many
-- The points of this treatment on the drawing, numbered, and those of earlier and later ones, which are laid under them: all, or of one.
SELECT p.id, p.client_id, p.id AS point_id, p.x, p.y, p.x + 22 AS label_x, p.y + 10 AS label_y, e.done_on,
       p.encounter_id = :encounter_id::uuid AS is_now, p.id = :point_id::uuid AS is_answered,
       CASE WHEN p.encounter_id = :encounter_id::uuid THEN row_number() OVER (PARTITION BY p.encounter_id ORDER BY coalesce(p.first_at, p.noted_at), p.id) END AS number,
       o.name AS product, l.lot, app.amount_words(p.amount_milli, o.unit) AS amount, app.in_words(p.depth) AS depth_words, p.remark_sealed,
       w.name AS noted_by, p.noted_at AT TIME ZONE app.zone() AS noted
FROM app.body_point p
JOIN app.staff w ON w.id = p.noted_by
JOIN app.encounter e ON e.id = p.encounter_id AND e.client_id = p.client_id AND e.void_at IS NULL
LEFT JOIN app.product_lot l ON l.id = p.lot_id
LEFT JOIN app.product o ON o.id = l.product_id
WHERE p.client_id = ANY (app.record_ids(:client_id::uuid)) AND p.void_at IS NULL AND p.drawing = coalesce(nullif(:drawing, ''), 'face_front')
  AND (:under::uuid IS NULL OR p.encounter_id IN (:encounter_id::uuid, :under::uuid))
ORDER BY e.done_on DESC, coalesce(p.first_at, p.noted_at), p.id;

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

-- name: body_map_moves :many
-- Where points of this treatment on the drawing stood before they were moved, in order: by whom and when.
SELECT p.client_id, n.encounter_id, p.x, p.y, n.x AS to_x, n.y AS to_y, w.name AS moved_by, n.noted_at AT TIME ZONE app.zone() AS moved
FROM app.body_point n
JOIN app.body_point p ON p.id = n.was_id AND p.client_id = n.client_id
JOIN app.staff w ON w.id = n.noted_by
WHERE n.client_id = :client_id::uuid AND n.encounter_id = :encounter_id::uuid AND n.drawing = coalesce(nullif(:drawing, ''), 'face_front')
ORDER BY n.noted_at, n.id;

-- name: body_map_point :one
-- A point that is to be moved: its note, and whether the treatment stands.
SELECT p.id, p.client_id, p.remark_sealed, e.signed_at IS NOT NULL AS is_signed
FROM app.body_point p
JOIN app.encounter e ON e.id = p.encounter_id AND e.client_id = p.client_id
WHERE p.id = :point_id::uuid AND p.encounter_id = :encounter_id::uuid AND p.client_id = :client_id::uuid AND p.void_at IS NULL;

-- name: body_map_move :one
-- Its place ends, and another follows it that says the rest as before; by whom and when stands in both.
-- seals: body_point
WITH was AS (
    UPDATE app.body_point p SET void_at = now()
    WHERE p.id = :point_id::uuid AND p.encounter_id = :encounter_id::uuid AND p.client_id = :client_id::uuid AND p.void_at IS NULL
    RETURNING p.id, p.client_id, p.encounter_id, p.drawing, p.lot_id, p.amount_milli, p.depth, coalesce(p.first_at, p.noted_at) AS first_at)
INSERT INTO app.body_point AS n (id, client_id, encounter_id, drawing, x, y, lot_id, amount_milli, depth, remark_sealed, was_id, first_at)
SELECT :new_id::uuid, w.client_id, w.encounter_id, w.drawing, :to_x::int, :to_y::int, w.lot_id, w.amount_milli, w.depth, :remark_sealed::bytea, w.id, w.first_at
FROM was w
RETURNING n.client_id, n.drawing;

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
       row_number() OVER (PARTITION BY p.encounter_id, p.drawing ORDER BY coalesce(p.first_at, p.noted_at), p.id) AS number,
       o.name AS product, l.lot, l.expires_on, app.amount_words(p.amount_milli, o.unit) AS amount, app.in_words(p.depth) AS depth_words, p.remark_sealed,
       (SELECT replace(r.region, ', client''s ', ', ') FROM app.body_regions() AS r
        WHERE r.drawing = p.drawing AND (r.x - p.x) ^ 2 + (r.y - p.y) ^ 2 <= 80 ^ 2
        ORDER BY (r.x - p.x) ^ 2 + (r.y - p.y) ^ 2 LIMIT 1) AS near_region
FROM app.body_point p
JOIN app.drawings() AS d ON d.drawing = p.drawing
LEFT JOIN app.product_lot l ON l.id = p.lot_id
LEFT JOIN app.product o ON o.id = l.product_id
WHERE p.client_id = ANY (app.record_ids(:client_id::uuid)) AND p.void_at IS NULL
ORDER BY p.encounter_id, d.rank, coalesce(p.first_at, p.noted_at), p.id;
