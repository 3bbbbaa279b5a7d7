-- name: sso_offer :maybe
-- What the log-in page offers: the provider that may be used.
-- clients: none
SELECT s.label, s.is_alone FROM app.sso s WHERE s.is_on AND s.found_at IS NOT NULL;

-- name: sso_begin :exec
-- A log-in begins in this browser.
SELECT sec.sso_begin(:sso_token::bytea, :next_path);

-- name: sso_seen :maybe
-- Where the log-in of this browser stands.
-- clients: none
SELECT y.try_id, y.state, y.problem, y.next_path, y.is_slow FROM sec.sso_seen(:sso_token::bytea) y;

-- name: sso_way :maybe
-- Where the provider is.
-- clients: none
SELECT s.issuer, s.client_id AS sso_client, s.authorization_endpoint, s.label, s.says_iss FROM app.sso s WHERE s.is_on AND s.found_at IS NOT NULL;

-- name: sso_ask :exec
-- The code that it sent, for the job.
SELECT sec.sso_ask(:sso_token::bytea, :asked::bytea);

-- name: sso_refused :exec
-- It sent none.
SELECT sec.sso_refused(:sso_token::bytea);

-- name: sso_enter :one
-- Opens the session of who it turned out to be.
SELECT e.session_id, e.next_path FROM sec.sso_enter(:sso_token::bytea, :token::bytea) e;

-- name: sso_take :maybe
-- The code, once.
SELECT t.asked_sealed AS asked FROM sec.sso_take(:try_id::uuid) t;

-- name: sso_provider :maybe
-- All that a job needs to know of the provider; its secret opened.
SELECT s.id, NULL::uuid AS client_id, s.client_id AS sso_client, s.issuer, s.secret_sealed, s.authorization_endpoint, s.token_endpoint, s.jwks_uri, s.jwks, s.userinfo_endpoint,
       s.takes_secret_in_body, coalesce(s.found_at > now() - interval '1 day', false) AS is_found, coalesce(s.keys_at > now() - interval '1 minute', false) AS has_new_keys,
       coalesce(s.hold_until > now(), false) AS is_held
FROM app.sso s;

-- name: sso_found :exec
-- What its discovery document says.
UPDATE app.sso SET authorization_endpoint = :authorization_endpoint, token_endpoint = :token_endpoint, jwks_uri = :jwks_uri, userinfo_endpoint = :userinfo_endpoint,
    takes_secret_in_body = :takes_secret_in_body::boolean, says_iss = :says_iss::boolean, found_at = now(), problem = NULL, hold_until = NULL
WHERE issuer = :issuer;

-- name: sso_keys :exec
-- Its keys.
UPDATE app.sso SET jwks = :jwks, keys_at = now() WHERE issuer = :issuer;

-- name: sso_problem :exec
-- What is wrong with it; is_away: it is not asked again for a minute.
UPDATE app.sso SET problem = left(:problem, 300), hold_until = CASE WHEN :is_away::boolean THEN now() + interval '1 minute' END WHERE issuer = :issuer;

-- name: sso_settle :one
-- Whose account it is.
SELECT sec.sso_settle(:try_id::uuid, :issuer, :subject, :email, :is_verified::boolean) AS outcome;

-- name: sso_fail :exec
-- It failed, in a word for the waiting page.
SELECT sec.sso_fail(:try_id::uuid, :problem);

-- name: sso_settings :one
-- The provider as it is set up; blank when there is none.
-- clients: none
SELECT s.label, s.issuer, s.client_id AS sso_client, s.secret_sealed IS NOT NULL AS has_secret, array_to_string(s.domains, ', ') AS domains,
       coalesce(s.is_on, false) AS is_on, coalesce(s.is_alone, false) AS is_alone, s.found_at AT TIME ZONE app.zone() AS found_local, s.problem,
       s.id IS NOT NULL AND s.found_at IS NULL AND s.problem IS NULL AS is_looking,
       EXISTS (SELECT FROM app.staff_role sr JOIN app.role r ON r.id = sr.role_id AND r.slug = 'owner'
               WHERE sr.staff_id = app.actor() AND sr.location_id IS NULL) AS is_owner
FROM (VALUES (1)) AS one (n)
LEFT JOIN app.sso s ON true;

-- name: sso_people :many
-- Who is bound to it.
-- clients: none
SELECT p.person_id, p.person_name, p.made_local, p.last_local FROM sec.sso_people() p;

-- name: sso_row :maybe
-- The row of the provider, if there is one.
-- clients: none
SELECT s.id FROM app.sso s;

-- name: sso_save :exec
-- The provider, anew. Another issuer is looked up before anybody is sent there; who is bound to the one before stays bound to that.
INSERT INTO app.sso AS s (id, label, issuer, client_id, secret_sealed, domains, is_on, is_alone)
VALUES (:sso_id::uuid, :label, :issuer, :sso_client, :sso_secret::bytea, string_to_array(:domain_list, ','), :is_on::boolean, :is_alone::boolean)
ON CONFLICT ON CONSTRAINT sso_is_one_for_a_business DO UPDATE
SET label = excluded.label, client_id = excluded.client_id, secret_sealed = coalesce(excluded.secret_sealed, s.secret_sealed), domains = excluded.domains,
    is_on = excluded.is_on, is_alone = excluded.is_alone, problem = NULL, hold_until = NULL,
    found_at = CASE WHEN s.issuer = excluded.issuer THEN s.found_at END, issuer = excluded.issuer;

-- name: sso_look :exec
-- The job that looks the provider up.
INSERT INTO app.job (kind, dedupe_key) VALUES ('sso.discover', gen_random_uuid()::text);

-- name: sso_unbind :exec
-- Somebody is bound to it no more.
SELECT FROM sec.sso_unbind(:person_id::uuid);

-- name: sso_here :maybe
-- A row where there can be single sign-on: in a studio; label: where there is.
-- clients: none
SELECT s.label FROM app.tenant t LEFT JOIN app.sso s ON s.tenant_id = t.id WHERE t.realm = 'studio';
