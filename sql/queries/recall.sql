-- name: recall_find :many
-- Lots whose number begins as it was typed.
-- clients: none
SELECT l.id AS lot_id, p.name AS product, l.lot, l.expires_on
FROM app.product_lot l
JOIN app.product p ON p.id = l.product_id
WHERE btrim(:lot) <> '' AND starts_with(upper(l.lot), upper(btrim(:lot)))
ORDER BY upper(l.lot) <> upper(btrim(:lot)), l.lot, p.name, l.id
LIMIT 50;

-- name: recall_unreached :many
-- Whom no letter reaches, to be called or written to on paper: a minor's guardians with her.
SELECT c.id AS client_id, c.name, k.phone,
       nullif(concat_ws(', ', nullif(c.street, ''), nullif(concat_ws(' ', nullif(c.city, ''), nullif(c.region, ''), nullif(c.postal_code, '')), ''), nullif(c.country, '')), '') AS address,
       (SELECT string_agg(concat_ws(' ', g.guardian_name, (SELECT y.phone FROM app.guardian_contact(g.guardian_id) AS y)), ', ') FROM app.guardians_of(c.id) g WHERE app.is_minor(c.id)) AS guardians,
       p.made_at AT TIME ZONE app.zone() AS printed, f.name AS printed_by
FROM app.recall_unreached(:lot_id::uuid) AS w
JOIN app.client c ON c.id = w.client_id
CROSS JOIN LATERAL app.contact(c.id) AS k
LEFT JOIN LATERAL (SELECT o.made_at, o.made_by FROM app.recall_paper_to x JOIN app.recall_paper o ON o.id = x.paper_id
                   WHERE x.lot_id = :lot_id::uuid AND x.client_id = ANY (app.record_ids(c.id)) ORDER BY o.made_at LIMIT 1) AS p ON true
LEFT JOIN app.staff f ON f.id = p.made_by
ORDER BY c.name_norm, c.id
LIMIT 2000;

-- name: recall_papers :many
-- What was printed before, the latest first.
-- clients: none
SELECT p.id AS paper_id, p.lot_id, p.made_at AT TIME ZONE app.zone() AS made, f.name AS who, (SELECT count(*) FROM app.recall_paper_to x WHERE x.lot_id = p.lot_id AND x.paper_id = p.id) AS n
FROM app.recall_paper p
JOIN app.staff f ON f.id = p.made_by
WHERE p.lot_id = :lot_id::uuid
ORDER BY p.made_at DESC, p.id
LIMIT 50;

-- name: recall_print :many
-- A letter on paper to each who waits for one: who they are, for the trail.
SELECT n AS client_id, :new_id::uuid AS paper_id, :lot_id::uuid AS lot_id FROM app.recall_print(:lot_id::uuid, :new_id::uuid, :paper_body) AS n;

-- name: recall_paper :one
-- What was printed at one time, and whose address stands at its head: the business's first place.
-- clients: none
SELECT p.lot_id, l.lot, p.body, (p.made_at AT TIME ZONE app.zone())::date AS written,
       (SELECT concat_ws(' · ', nullif(o.street, ''), nullif(concat_ws(' ', nullif(o.city, ''), nullif(o.region, ''), nullif(o.postal_code, '')), '')) FROM app.location o WHERE o.is_active ORDER BY o.position, o.id LIMIT 1) AS place,
       (SELECT o.phone FROM app.location o WHERE o.is_active ORDER BY o.position, o.id LIMIT 1) AS place_phone
FROM app.recall_paper p
JOIN app.product_lot l ON l.id = p.lot_id
WHERE p.id = :paper_id::uuid AND p.lot_id = :lot_id::uuid;

-- name: recall_paper_to :many
-- Its letters, by name. Of who was erased since there is none.
SELECT c.id AS client_id, app.postal_lines(c.id) AS postal
FROM app.recall_paper_to x
JOIN app.client c ON c.id = x.client_id AND c.is_active
WHERE x.lot_id = :lot_id::uuid AND x.paper_id = :paper_id::uuid
ORDER BY c.name_norm, c.id;

-- name: recall_lot :one
-- The lot that is looked for.
-- clients: none
SELECT l.id AS lot_id, p.name AS product, l.lot, l.expires_on, NOT app.may('chart_read') AS is_partial, app.may('message_write') AS can_send
FROM app.product_lot l
JOIN app.product p ON p.id = l.product_id
WHERE l.id = :lot_id::uuid;

-- name: recall_clients :page 200
-- Who received it, by a line of a treatment or by a point of a map; a person with several records once.
SELECT p.id AS client_id, p.name, p.last_on, p.n_treatments, k.phone, k.email, m.words AS letter_words, m.is_sent, m.is_bad
FROM (SELECT c.id, c.name, c.name_norm, w.last_on, w.n_treatments
      FROM app.lot_received(:lot_id::uuid) AS w JOIN app.client c ON c.id = w.client_id
      ORDER BY c.name_norm, c.id LIMIT :page_limit OFFSET :page_offset) AS p
CROSS JOIN LATERAL app.contact(p.id) AS k
CROSS JOIN LATERAL app.recall_letter(:lot_id::uuid, app.record_ids(p.id)) AS m
ORDER BY p.name_norm, p.id;

-- name: recall_count :one
-- How many they are.
-- clients: none
SELECT count(*) AS n_received FROM app.lot_received(:lot_id::uuid);

-- name: recall_export :many
-- The same as rows of a file, which is refused before where they are too many (cgi-src/features/recall.c).
SELECT c.id AS client_id, c.name AS client, coalesce(k.phone, '') AS phone, coalesce(k.email, '') AS email,
       to_char(w.last_on, 'YYYY-MM-DD') AS last_treatment, w.n_treatments::text AS treatments,
       coalesce(m.words, '') AS message
FROM app.lot_received(:lot_id::uuid) AS w
JOIN app.client c ON c.id = w.client_id
CROSS JOIN LATERAL app.contact(c.id) AS k
CROSS JOIN LATERAL app.recall_letter(:lot_id::uuid, app.record_ids(c.id)) AS m
ORDER BY c.name_norm, c.id;

-- name: recall_to_write :many
-- Those of them who have an address (app.letter_address), and no letter yet; one more than is written at once.
SELECT p.id AS client_id, a.email
FROM (SELECT c.id FROM app.lot_received(:lot_id::uuid) AS w JOIN app.client c ON c.id = w.client_id AND c.is_active ORDER BY c.id) AS p
CROSS JOIN LATERAL (SELECT app.letter_address(p.id) AS email) AS a
WHERE a.email IS NOT NULL AND NOT EXISTS (SELECT FROM app.recall_message m WHERE m.lot_id = :lot_id::uuid AND m.client_id = ANY (app.record_ids(p.id)))
LIMIT 501;

-- name: recall_keep :one
-- One letter, sealed, kept until it is sent.
SELECT FROM app.recall_keep(:lot_id::uuid, :letter_client::uuid, :letter_id::uuid, :to_address, :subject, :body_bytes);

-- name: recall_letters :one
-- How many letters wait, and how many are under way or have come; how many of them who received the lot no letter reaches, and how many
-- of these have a postal address and no letter on paper yet.
-- clients: none
SELECT n.n_kept, n.n_given, u.n_unreached, u.n_due
FROM app.recall_letters(:lot_id::uuid) AS n
CROSS JOIN (SELECT count(*) AS n_unreached, count(*) FILTER (WHERE w.is_due) AS n_due FROM app.recall_unreached(:lot_id::uuid) AS w) AS u;

-- name: recall_send :one
-- The kept letters go out.
SELECT app.recall_send(l.id) AS sent, l.id AS lot_id FROM app.product_lot l WHERE l.id = :lot_id::uuid;
