-- name: people_all :many
-- Everybody of the staff, for who may change people.
-- clients: none
SELECT p.staff_id, p.name, p.email, p.title, p.is_provider, p.role_names, p.is_active, p.is_invited, p.is_left, p.has_mfa, p.lacks_mfa,
       p.seen_at AT TIME ZONE app.zone() AS seen_local, p.invite_until AT TIME ZONE app.zone() AS invite_until_local, p.is_self
FROM sec.people() p;

-- name: people_one :one
-- One of them, with what may be done.
-- clients: none
SELECT p.staff_id, p.name, p.email, p.title, p.is_provider, p.role_names, p.is_active, p.is_invited, p.is_left, p.has_mfa, p.lacks_mfa, p.is_verified,
       p.seen_at AT TIME ZONE app.zone() AS seen_local, p.invite_until AT TIME ZONE app.zone() AS invite_until_local, p.is_self,
       p.may_change
FROM sec.people() p
WHERE p.staff_id = :staff_id;

-- name: people_roles :many
-- The roles of the business, each with its choices of the next statement.
-- clients: none
SELECT c.role_id, c.role_name
FROM sec.person_choices(:staff_id::uuid, :typed) WITH ORDINALITY AS c (role_id, role_name, place_name, is_everywhere, choice, is_given, may_give, n)
WHERE c.is_everywhere
ORDER BY c.n;

-- name: people_choices :many
-- Where each role can be given, and where it is; a form that is shown again has what was ticked.
-- clients: none
SELECT c.role_id, c.place_name, c.choice, c.is_given, c.may_give
FROM sec.person_choices(:staff_id::uuid, :typed) c;

-- name: people_new_roles :many
-- The same for somebody who is not there yet.
-- clients: none
SELECT c.role_id, c.role_name
FROM sec.person_choices(NULL, coalesce(:typed, '')) WITH ORDINALITY AS c (role_id, role_name, place_name, is_everywhere, choice, is_given, may_give, n)
WHERE c.is_everywhere
ORDER BY c.n;

-- name: people_new_choices :many
-- Where each role can be given.
-- clients: none
SELECT c.role_id, c.place_name, c.choice, c.is_given, c.may_give
FROM sec.person_choices(NULL, coalesce(:typed, '')) c;

-- name: people_invite :exec
-- Somebody new, by invitation.
SELECT FROM sec.person_invite(:invited::uuid, :name, :email, :title, :is_provider::boolean, :roles_given::text[], :account_token::bytea);

-- name: people_invite_again :one
-- Her invitation by a new link.
SELECT i.person, i.to_address
FROM sec.person_invite_again(:staff_id::uuid, :account_token::bytea) i;

-- name: people_withdraw :exec
-- Takes an invitation back.
SELECT FROM sec.person_withdraw(:staff_id::uuid);

-- name: people_change :exec
-- Name, title and roles.
SELECT FROM sec.person_change(:staff_id::uuid, :name, :title, :is_provider::boolean, :roles_given::text[]);

-- name: people_deactivate :exec
-- Closes an account.
SELECT FROM sec.person_deactivate(:staff_id::uuid);

-- name: people_reactivate :exec
-- Opens it again.
SELECT FROM sec.person_reactivate(:staff_id::uuid);

-- name: people_reset :one
-- A link to a new password, for somebody else.
-- clients: none
SELECT t.staff_id, t.person, t.to_address
FROM sec.person_reset(:staff_id::uuid, :account_token::bytea) t;
