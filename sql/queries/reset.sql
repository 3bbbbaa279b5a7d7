-- name: reset_ask :exec
-- Somebody asks for a link to a new password; what comes of it is found out by a job.
SELECT FROM sec.reset_ask(:email, :address::inet);

-- name: reset_answer :maybe
-- The account that gets a link, if there is one.
-- clients: none
SELECT a.staff_id, a.person, a.to_address
FROM sec.reset_answer(:request::uuid, :account_token::bytea) a;

-- name: reset_done :one
-- The new password is hers.
-- clients: none
SELECT d.staff_id, d.person, d.to_address
FROM sec.reset_done(:account_token::bytea, :new_phc, :device::bytea) d;
