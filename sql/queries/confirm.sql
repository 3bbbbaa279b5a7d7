-- name: confirm_lookup :one
-- What the person who is logged in can show to prove that it is she.
SELECT l.phc, l.has_password, l.totp_id, l.secret_box, l.has_app, l.has_passkeys, l.wait_seconds FROM sec.confirm_lookup() l;

-- name: confirm_done :one
-- Counts a failed try, or notes the proof; the session then has a new token.
SELECT d.is_ok, d.problem, d.wait_seconds
FROM sec.confirm_done(:kind, :is_right::boolean, :step::bigint, :passkey::uuid, :sign_count::bigint, :new_token::bytea) d;
