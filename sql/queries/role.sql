-- name: role_list :many
-- The roles of the business, those it came with first.
SELECT r.id AS role_id,
       r.name,
       r.is_builtin,
       r.needs_mfa,
       nullif(concat_ws(', ', CASE WHEN 'phone' = ANY (r.masks) THEN 'phone' END, CASE WHEN 'email' = ANY (r.masks) THEN 'e-mail' END,
                        CASE WHEN 'notes' = ANY (r.masks) THEN 'notes' END), '') AS hidden_words,
       (SELECT string_agg(f.name || coalesce(' (' || l.name || ')', ''), ', ' ORDER BY f.name, l.name)
        FROM app.staff_role sr
        JOIN app.staff f ON f.id = sr.staff_id AND f.is_active
        LEFT JOIN app.location l ON l.id = sr.location_id
        WHERE sr.role_id = r.id) AS holders
FROM app.role r
ORDER BY NOT r.is_builtin, array_position(ARRAY['owner', 'manager', 'front-desk', 'provider', 'biller', 'auditor', 'operator'], r.slug::text), r.name;

-- name: role_permission :many
-- What a role of this business can be allowed.
SELECT p.name AS permission, upper(left(p.meaning, 1)) || substr(p.meaning, 2) AS words
FROM app.permission p
JOIN app.tenant t ON p.realm IN (t.realm, 'both')
ORDER BY p.position;

-- name: role_cell :many
-- How far each role may do it, in the order of the roles.
SELECT p.name AS permission,
       CASE WHEN rp.scope IS NULL THEN 'no' WHEN p.reach <> 'client' THEN 'yes' WHEN rp.scope = 'own' THEN 'own' WHEN rp.scope = 'location' THEN 'place' ELSE 'all' END AS reach_words,
       r.name AS role_name,
       rp.scope IS NOT NULL AS is_held
FROM app.permission p
JOIN app.tenant t ON p.realm IN (t.realm, 'both')
CROSS JOIN app.role r
LEFT JOIN app.role_permission rp ON rp.role_id = r.id AND rp.permission = p.name
ORDER BY p.position, NOT r.is_builtin, array_position(ARRAY['owner', 'manager', 'front-desk', 'provider', 'biller', 'auditor', 'operator'], r.slug::text), r.name;

-- name: role_one :one
-- One role as its form shows it: what is kept, or, when the form was sent and is shown again, what was typed.
SELECT r.id AS role_id,
       r.name,
       CASE WHEN :idem::text IS NULL THEN r.name ELSE coalesce(:name, '') END AS name_typed,
       r.is_builtin,
       CASE WHEN :idem::text IS NULL THEN r.needs_mfa ELSE :needs_mfa::boolean IS TRUE END AS needs_mfa,
       CASE WHEN :idem::text IS NULL THEN 'phone' = ANY (r.masks) ELSE :mask_phone::boolean IS TRUE END AS hides_phone,
       CASE WHEN :idem::text IS NULL THEN 'email' = ANY (r.masks) ELSE :mask_email::boolean IS TRUE END AS hides_email,
       CASE WHEN :idem::text IS NULL THEN 'notes' = ANY (r.masks) ELSE :mask_notes::boolean IS TRUE END AS hides_notes,
       t.realm = 'studio' AS is_studio,
       lacking.words AS lacking_words,
       (SELECT string_agg(f.name || coalesce(' (' || l.name || ')', ''), ', ' ORDER BY f.name, l.name)
        FROM app.staff_role sr
        JOIN app.staff f ON f.id = sr.staff_id
        LEFT JOIN app.location l ON l.id = sr.location_id
        WHERE sr.role_id = r.id) AS holders,
       NOT r.is_builtin AND NOT EXISTS (SELECT FROM app.staff_role sr WHERE sr.role_id = r.id) AS can_remove
FROM app.role r
JOIN app.tenant t ON true
LEFT JOIN LATERAL (SELECT string_agg(p.meaning, '; ' ORDER BY p.position) AS words
                   FROM app.role_permission rp JOIN app.permission p ON p.name = rp.permission
                   WHERE rp.role_id = r.id AND NOT sec.holds(rp.permission)) AS lacking ON true
WHERE r.id = :role_id::uuid;

-- name: role_form :many
-- The rows of its form: what may be allowed, how far it is, and whether she who asks could give it.
SELECT p.name AS permission,
       upper(left(p.meaning, 1)) || substr(p.meaning, 2) AS words,
       p.reach = 'client' AS has_reach,
       NOT sec.holds(p.name) AS is_beyond,
       x.scope = 'none' AS is_none,
       x.scope = 'own' AS is_own,
       x.scope = 'location' AS is_place,
       x.scope = 'tenant' AS is_all
FROM app.permission p
JOIN app.tenant t ON p.realm IN (t.realm, 'both')
LEFT JOIN app.role_permission rp ON rp.role_id = :role_id::uuid AND rp.permission = p.name
CROSS JOIN LATERAL (
    SELECT CASE WHEN :idem::text IS NULL THEN coalesce(rp.scope, 'none')
                ELSE coalesce(CASE p.name
                    WHEN 'calendar_read' THEN :calendar_read WHEN 'booking_write' THEN :booking_write WHEN 'client_read' THEN :client_read
                    WHEN 'client_write' THEN :client_write WHEN 'chart_read' THEN :chart_read WHEN 'chart_write' THEN :chart_write
                    WHEN 'chart_emergency' THEN :chart_emergency WHEN 'message_read' THEN :message_read WHEN 'message_write' THEN :message_write
                    WHEN 'audit_read' THEN :audit_read WHEN 'settings_write' THEN :settings_write WHEN 'staff_write' THEN :staff_write
                    WHEN 'booking_over' THEN :booking_over WHEN 'report_read' THEN :report_read WHEN 'client_lists' THEN :client_lists
                    WHEN 'demo_read' THEN :demo_read WHEN 'house_read' THEN :house_read WHEN 'tenant_read' THEN :tenant_read END, 'none') END AS scope
) AS x
ORDER BY p.position;

-- name: role_change :one
-- The whole of the form; sec.role_change sees to the rules and writes down what changed.
SELECT sec.role_change(:role_id::uuid, :name,
    array_remove(ARRAY[CASE WHEN :mask_phone::boolean THEN 'phone' END, CASE WHEN :mask_email::boolean THEN 'email' END, CASE WHEN :mask_notes::boolean THEN 'notes' END], NULL),
    :needs_mfa::boolean,
    ARRAY['calendar_read', 'booking_write', 'client_read', 'client_write', 'chart_read', 'chart_write', 'chart_emergency', 'message_read', 'message_write',
          'audit_read', 'settings_write', 'staff_write', 'booking_over', 'report_read', 'client_lists', 'demo_read', 'house_read', 'tenant_read'],
    ARRAY[coalesce(:calendar_read, 'none'), coalesce(:booking_write, 'none'), coalesce(:client_read, 'none'), coalesce(:client_write, 'none'), coalesce(:chart_read, 'none'),
          coalesce(:chart_write, 'none'), coalesce(:chart_emergency, 'none'), coalesce(:message_read, 'none'), coalesce(:message_write, 'none'), coalesce(:audit_read, 'none'),
          coalesce(:settings_write, 'none'), coalesce(:staff_write, 'none'), coalesce(:booking_over, 'none'), coalesce(:report_read, 'none'), coalesce(:client_lists, 'none'),
          coalesce(:demo_read, 'none'), coalesce(:house_read, 'none'), coalesce(:tenant_read, 'none')]) AS role_id;

-- name: role_copy :one
-- A new role like another.
SELECT sec.role_copy(:source::uuid, :name) AS role_id;

-- name: role_remove :exec
-- Removes one that nobody holds.
SELECT FROM sec.role_remove(:role_id::uuid);
