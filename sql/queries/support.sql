-- name: support_ask :one
-- An operator asks a business for support access.
SELECT sec.support_ask(:business, :new_id::uuid, :reason, :hours::int,
    array_remove(ARRAY[CASE WHEN :see_calendar::boolean THEN 'calendar_read' END, CASE WHEN :see_clients::boolean THEN 'client_read' END,
                       CASE WHEN :see_charts::boolean THEN 'chart_read' END, CASE WHEN :see_trail::boolean THEN 'audit_read' END], NULL)) AS grant_id;

-- name: support_asked :one
-- What was asked just now, for the mail to its owners.
-- clients: none
SELECT g.asked_name, g.reason, g.hours, app.support_sees_words(g.permissions) AS sees
FROM app.business_support(:business) g
WHERE g.id = :new_id::uuid;

-- name: support_give_back :one
-- The operator ends her access, or takes back what she asked.
SELECT :business::text AS business FROM sec.support_give_back(:business, :asked_grant::uuid);

-- name: support_ticket :exec
-- A way in for one minute.
SELECT sec.support_ticket(:business, :asked_grant::uuid, :ticket_raw::bytea);

-- name: support_look :maybe
-- What a way in is good for.
-- clients: none
SELECT l.asked_name, l.reason, app.support_sees_words(l.permissions) AS sees, l.ends_at AT TIME ZONE app.zone() AS ends_local
FROM sec.support_look(:ticket_raw::bytea) l;

-- name: support_enter :one
-- Uses it up. session_id NULL: it was good for nothing.
SELECT e.session_id, e.lands
FROM sec.support_enter(:ticket_raw::bytea, :token_raw::bytea) e;

-- name: support_list :many
-- Support access to this business, the newest first.
-- clients: none
SELECT g.id AS grant_id, g.asked_name, g.reason, app.support_state_words(s.state) AS state_words, s.state = 'asked' AS is_waiting, s.state = 'open' AS is_open,
       g.asked_at AT TIME ZONE app.zone() AS asked_local, g.ends_at AT TIME ZONE app.zone() AS ends_local
FROM app.support_grant g, LATERAL (SELECT app.support_state(g.state, g.asked_at, g.ends_at) AS state) s
ORDER BY s.state IN ('asked', 'open') DESC, g.asked_at DESC
LIMIT 100;

-- name: support_one :one
-- One of them, whole. can_answer: it waits, and who looks is an owner.
-- clients: none
SELECT g.id AS grant_id, g.asked_name, g.asked_email, g.reason, g.hours, app.support_sees_words(g.permissions) AS sees, app.support_state_words(s.state) AS state_words,
       s.state = 'asked' AS is_waiting, s.state = 'open' AS is_open, g.state = 'refused' AS is_refused, s.state = 'lapsed' AS is_lapsed, g.asked_at AT TIME ZONE app.zone() AS asked_local,
       d.name AS decided_name, g.decided_at AT TIME ZONE app.zone() AS decided_local, g.ends_at AT TIME ZONE app.zone() AS ends_local,
       g.entered_at AT TIME ZONE app.zone() AS entered_local, g.ended_at AT TIME ZONE app.zone() AS ended_local, g.ended_by = 'studio' AS is_ended_here,
       s.state = 'asked' AND EXISTS (
           SELECT FROM app.staff_role q JOIN app.role r ON r.tenant_id = q.tenant_id AND r.id = q.role_id
           WHERE q.staff_id = app.actor() AND q.location_id IS NULL AND r.slug = 'owner') AS can_answer
FROM app.support_grant g
CROSS JOIN LATERAL (SELECT app.support_state(g.state, g.asked_at, g.ends_at) AS state) s
LEFT JOIN app.staff d ON d.tenant_id = g.tenant_id AND d.id = g.decided_by
WHERE g.id = :grant_id;

-- name: support_approve :one
-- An owner says yes.
SELECT :grant_id::uuid AS grant_id FROM sec.support_decide(:grant_id::uuid, true);

-- name: support_refuse :one
-- An owner says no.
SELECT :grant_id::uuid AS grant_id FROM sec.support_decide(:grant_id::uuid, false);

-- name: support_end :one
-- The business ends it.
SELECT :grant_id::uuid AS grant_id FROM sec.support_end(:grant_id::uuid);

-- name: support_hub :maybe
-- For the settings of a studio, whether a request waits there; no row at the operator's.
-- clients: none
SELECT EXISTS (SELECT FROM app.support_grant g WHERE app.support_state(g.state, g.asked_at, g.ends_at) = 'asked') AS is_waiting
FROM app.tenant t
WHERE t.realm = 'studio';
