-- name: account_owners :many
-- Who is told when somebody tries to get in.
-- clients: none
SELECT o.staff_id, o.person, o.to_address
FROM sec.owners() o;

-- name: account_own :one
-- Her own account, and what of her address waits for a confirmation.
-- clients: none
SELECT a.name, a.email, a.title, a.phone, a.role_names, a.is_verified, a.new_email, a.old_is_open, a.new_is_open,
       a.changed_at AT TIME ZONE app.zone() AS changed_local
FROM sec.own_account() a;

-- name: account_change :exec
-- Name and phone, by herself.
SELECT FROM sec.own_change(:name, coalesce(:phone, ''));

-- name: account_email_ask :one
-- Another address, once both addresses have said so.
-- clients: none
SELECT a.staff_id, a.person, a.old_address, a.is_taken
FROM sec.email_ask(:email, :old_token::bytea, :new_token::bytea) a;

-- name: account_email_stop :exec
-- She keeps the address that she has.
SELECT FROM sec.email_stop();

-- name: account_verify_ask :maybe
-- A link to her address as it is; none when it is verified.
-- clients: none
SELECT a.staff_id, a.person, a.to_address
FROM sec.verify_ask(:account_token::bytea) a;

-- name: account_email_confirm :one
-- One of the links was confirmed.
-- clients: none
SELECT c.is_changed, c.is_verified, c.staff_id, c.person, c.old_address, c.new_address
FROM sec.email_confirm(:account_token::bytea) c;

-- name: account_own_password :one
-- What her password is compared with.
-- clients: none
SELECT p.phc, p.wait_seconds, p.name, p.email
FROM sec.own_password() p;

-- name: account_password_wrong :exec
-- Counts a wrong one.
SELECT FROM sec.own_password_wrong();

-- name: account_password_set :one
-- Her new password; her other sessions end.
-- clients: none
SELECT p.staff_id, p.person, p.to_address
FROM sec.own_password_set(:new_phc) p;
