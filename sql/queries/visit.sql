-- name: visit_message :one
-- A visit as its messages and its calendar entry tell it; never the service.
SELECT a.id AS appointment_id, a.client_id, coalesce(c.preferred_name, c.name) AS called, app.mail_address(c.id) AS email,
       a.starts_at AT TIME ZONE l.zone AS starts, app.zone_words(l.zone) AS zone_words,
       f.name AS provider, l.name AS place_name,
       concat_ws(', ', l.name, nullif(l.street, ''), nullif(l.city, ''), nullif(concat_ws(' ', l.region, l.postal_code), ' ')) AS address,
       coalesce(l.phone, t.phone) AS studio_phone,
       extract(epoch FROM a.starts_at)::bigint AS starts_epoch, extract(epoch FROM g.ends_at)::bigint AS ends_epoch,
       extract(epoch FROM a.updated_at)::bigint AS changed_epoch, a.version, a.status = 'cancelled' AS is_cancelled,
       app.rule_words(a.booking_rule_id) AS rule_words, nullif(g.n, 1) AS n_parts, g.ends_at AT TIME ZONE l.zone AS ends,
       (SELECT count(*) FROM app.form_assignment d WHERE d.client_id = a.client_id AND d.appointment_id = a.id AND app.form_is_due(d.state, d.due_by)) AS forms_due
FROM app.appointment a
JOIN app.client c ON c.id = a.client_id
JOIN app.location l ON l.id = a.location_id
JOIN app.tenant t ON t.id = a.tenant_id
LEFT JOIN app.staff f ON f.id = a.staff_id
CROSS JOIN LATERAL (
    -- the first of several services stands for the visit as a whole
    SELECT count(*) AS n, coalesce(max(p.ends_at), a.ends_at) AS ends_at
    FROM app.appointment p
    WHERE p.id = a.id OR (p.client_id = a.client_id AND p.group_id = a.group_id AND p.group_position > a.group_position AND p.status <> 'cancelled'
                          AND p.starts_at >= a.starts_at AND p.starts_at < a.starts_at + interval '12 hours')) AS g
WHERE a.id = :visit_id::uuid;
