-- name: second_factor_lookup :maybe
-- Between the stages of a log-in: who it is, and what she can show. No row: there is no such ticket any more.
SELECT l.staff_id, l.staff_name, l.totp_id, l.secret_box, l.has_app, l.has_passkeys, l.has_codes, l.wait_seconds
FROM sec.second_lookup(:ticket::bytea, :address::inet) l;

-- name: second_factor_done :one
-- Counts a failed try, or opens the session; leaves its row in the trail either way.
SELECT d.session_id, d.staff_id, d.staff_name, d.email, d.codes_left, d.wait_seconds, d.problem, d.is_over
FROM sec.second_done(:ticket::bytea, :kind, :is_right::boolean, :step::bigint, :code_hash::bytea, :passkey::uuid, :sign_count::bigint,
                     :new_token::bytea, :address::inet, :agent) d;

-- name: second_factor_mine :one
-- What the person who is logged in has enrolled.
-- clients: none
SELECT m.staff_name, m.staff_email, m.staff_handle, m.has_app, m.app_since AT TIME ZONE app.zone() AS app_since, m.app_used_at AT TIME ZONE app.zone() AS app_used,
       m.passkeys, m.passkeys > 0 AS has_passkeys, m.has_codes, m.codes_left, m.codes_left < 3 AS few_codes, m.has_mfa, m.needs_mfa
FROM sec.factors_mine() m;

-- name: second_factor_app_begin :one
-- Begins to set up codes of an app.
SELECT sec.totp_begin(:new_id::uuid, :secret_box::bytea) AS totp_id;

-- name: second_factor_app_pending :maybe
-- The codes of an app that are being set up. No row: none, or for too long.
SELECT p.totp_id, p.secret_box FROM sec.totp_pending() p;

-- name: second_factor_app_confirm :one
-- They count from now on; the session gets a new token.
SELECT sec.totp_confirm(:totp_id::uuid, :step::bigint, :new_token::bytea) AS totp_id;

-- name: second_factor_app_remove :one
-- The codes of the app no longer count.
SELECT r.totp_id FROM sec.totp_remove() r;

-- name: second_factor_codes_make :one
-- A new set of recovery codes, by their hashes.
SELECT sec.codes_make(:hashes::bytea[]) AS n;

-- name: second_factor_codes_known :one
-- How many of these recovery codes are hers and unused.
SELECT sec.codes_known(:hashes::bytea[]) AS n;
