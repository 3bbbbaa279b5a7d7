-- name: passkey_mine :many
-- The passkeys of the person who is logged in, the oldest first.
-- clients: none
SELECT p.passkey_id, p.passkey_name, p.made_at AT TIME ZONE app.zone() AS made_local, p.last_used_at AT TIME ZONE app.zone() AS used_local, p.is_synced
FROM sec.passkeys_mine() p;

-- name: passkey_second_challenge :many
-- Something to sign for somebody who is logging in, and which passkeys may sign it (NULL: any).
SELECT c.is_new, c.credential_id
FROM sec.second_challenge(:ticket::bytea, :alone::boolean, :challenge::bytea, :new_token::bytea, :address::inet) c;

-- name: passkey_second_find :one
-- The passkey that answered, and what it had to sign, once.
SELECT p.passkey_id, p.staff_id, p.algorithm, p.public_key, p.challenge, p.is_alone
FROM sec.second_passkey(:ticket::bytea, :credential_id::bytea) p;

-- name: passkey_challenge :many
-- Something to sign for somebody who is logged in, and the passkeys that she has.
SELECT c.credential_id FROM sec.passkey_challenge_new(:purpose, :challenge::bytea) c;

-- name: passkey_challenge_take :maybe
-- What her passkey had to sign; it is asked for once.
SELECT t.challenge FROM sec.passkey_challenge_take(:purpose) t;

-- name: passkey_own :maybe
-- A passkey of hers, by the name that the device has for it.
SELECT p.passkey_id, p.algorithm, p.public_key FROM sec.passkey_own(:credential_id::bytea) p;

-- name: passkey_add :one
-- A new passkey; the session gets a new token.
SELECT sec.passkey_add(:new_id::uuid, :credential_id::bytea, :algorithm::int, :public_key::bytea, :sign_count::bigint, :name, :is_synced::boolean,
                       :new_token::bytea) AS passkey_id;

-- name: passkey_rename :one
-- Another name for a passkey of hers.
SELECT r.passkey_id AS id FROM sec.passkey_rename(:passkey_id::uuid, :name) r;

-- name: passkey_remove :one
-- A passkey of hers no longer counts.
SELECT r.passkey_id FROM sec.passkey_remove(:passkey_id::uuid) r;
