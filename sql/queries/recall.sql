-- name: recall_lot :one
-- The lot that is looked for.
-- clients: none
SELECT l.id AS lot_id, p.name AS product, l.lot, l.expires_on, NOT app.may('chart_read') AS is_partial, app.may('message_write') AS can_send
FROM app.product_lot l
JOIN app.product p ON p.id = l.product_id
WHERE l.id = :lot_id::uuid;

-- name: recall_clients :many
-- Who received it, by a line of a treatment or by a point of a map.
SELECT c.id AS client_id, c.name, w.last_on, w.n_treatments, k.phone, k.email, m.client_id IS NOT NULL AND m.sent_at IS NULL AS is_prepared, m.sent_at IS NOT NULL AS is_sent
FROM app.lot_received(:lot_id::uuid) AS w
JOIN app.client c ON c.id = w.client_id
CROSS JOIN LATERAL app.contact(c.id) AS k
LEFT JOIN app.recall_message m ON m.lot_id = :lot_id::uuid AND m.client_id = c.id
ORDER BY c.name_norm, c.id
LIMIT 5000;

-- name: recall_export :many
-- The same as rows of a file.
SELECT c.id AS client_id, c.name AS client, coalesce(k.phone, '') AS phone, coalesce(k.email, '') AS email,
       to_char(w.last_on, 'YYYY-MM-DD') AS last_treatment, w.n_treatments::text AS treatments,
       CASE WHEN m.sent_at IS NOT NULL THEN 'sent' WHEN m.client_id IS NOT NULL THEN 'prepared' ELSE '' END AS message
FROM app.lot_received(:lot_id::uuid) AS w
JOIN app.client c ON c.id = w.client_id
CROSS JOIN LATERAL app.contact(c.id) AS k
LEFT JOIN app.recall_message m ON m.lot_id = :lot_id::uuid AND m.client_id = c.id
ORDER BY c.name_norm, c.id
LIMIT 5000;

-- name: recall_to_write :many
-- Those of them who have an address and no letter yet.
SELECT c.id AS client_id, app.mail_address(c.id) AS email
FROM app.lot_received(:lot_id::uuid) AS w
JOIN app.client c ON c.id = w.client_id
LEFT JOIN app.recall_message m ON m.lot_id = :lot_id::uuid AND m.client_id = c.id
WHERE m.client_id IS NULL AND c.is_active AND app.mail_address(c.id) IS NOT NULL
ORDER BY c.id
LIMIT 2000;

-- name: recall_keep :one
-- One letter, sealed, kept until it is sent.
SELECT FROM app.recall_keep(:lot_id::uuid, :letter_client::uuid, :letter_id::uuid, :to_address, :subject, :body_bytes);

-- name: recall_send :one
-- The kept letters go out.
SELECT app.recall_send(l.id) AS sent, l.id AS lot_id FROM app.product_lot l WHERE l.id = :lot_id::uuid;
