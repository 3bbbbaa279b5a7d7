-- name: client_list_export :many
-- All clients for a file: who they are and how they are reached, as far as the reader's roles show it. Of records that are joined, the one that stays.
SELECT c.id AS client_id, c.name, c.preferred_name, c.pronouns, k.phone, k.email, to_char(c.birth_date, 'YYYY-MM-DD') AS birth_date, to_char(c.due_date, 'YYYY-MM-DD') AS due_date,
       c.street, c.city, c.region, c.postal_code, c.country,
       (SELECT string_agg(t.name, ', ' ORDER BY t.name_norm) FROM app.client_tag x JOIN app.tag t ON t.id = x.tag_id WHERE x.client_id = c.id) AS tags,
       to_char(c.created_at AT TIME ZONE app.zone(), 'YYYY-MM-DD') AS client_since
FROM app.client c
CROSS JOIN LATERAL app.contact(c.id) AS k
WHERE c.is_active AND NOT EXISTS (SELECT FROM app.client_merged m WHERE m.client_id = c.id AND m.undone_at IS NULL)
ORDER BY c.name_norm, c.id
LIMIT 50001;
