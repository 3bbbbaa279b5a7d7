-- name: login_lookup :one
-- The account for an e-mail at this host: always one row, so that unknown looks like known.
SELECT l.staff_id, l.phc, l.wait_seconds
FROM sec.login_lookup(:host, :email, :address::inet, :device::bytea) l;

-- name: login_done :one
-- Counts a failed try, or opens the session or the second stage; leaves its row in the trail either way.
SELECT d.session_id, d.ticket_id, d.wait_seconds
FROM sec.login_done(:host, :email, :staff_id::uuid, :is_right::boolean, :token::bytea, :new_phc, :address::inet, :agent, :request_id::uuid, :device::bytea) d;

-- name: login_logout :exec
-- Ends the session of this request.
SELECT sec.logout();
