-- name: factor_reset_about :one
-- A colleague, what she has enrolled, and whether somebody has asked to take it away.
-- clients: none
SELECT f.staff_id, f.staff_name, f.staff_email, f.role_names AS staff_roles, f.has_mfa, f.has_app, f.passkeys, f.codes_left, f.reset_id, f.asked_by,
       f.asked_at AT TIME ZONE app.zone() AS asked_local, f.expires_at AT TIME ZONE app.zone() AS expires_local, f.reason, f.is_mine, f.others > 0 AS has_others
FROM sec.factors_of(:staff_id::uuid) f;

-- name: factor_reset_ask :one
-- Asks for it; is_done: there is no second person, so it is done.
SELECT a.reset_id, a.is_done FROM sec.reset_ask(:staff_id::uuid, :reason) a;

-- name: factor_reset_confirm :one
-- The second person does it.
SELECT c.reset_id FROM sec.reset_confirm(:staff_id::uuid) c;

-- name: factor_reset_drop :one
-- It is no longer asked for.
SELECT d.reset_id AS id FROM sec.reset_drop(:staff_id::uuid) d;

-- name: factor_reset_others :many
-- Who else could confirm it.
SELECT o.other_id, o.other_name, o.other_email FROM sec.reset_others(:staff_id::uuid) o;
