-- name: signup_ask :one
-- A business that wants to come; is_new: a mail goes out.
-- clients: none
SELECT s.is_new
FROM sec.signup_ask(:name, :email, :new_phc, :business, :kind, :street, :city, :region, :postal_code, :country_code, :time_zone, :phone, :account_token::bytea, :address::inet) AS s (is_new);

-- name: signup_look :one
-- What the page behind the link shows.
-- clients: none
SELECT s.person, s.email, s.business, s.slug, s.is_open, s.is_made
FROM sec.signup_look(:account_token::bytea) s;

-- name: signup_secret :one
-- The hash that the password on the page behind the link must fit; '' when there is nothing to confirm.
-- clients: none
SELECT sec.signup_secret(:account_token::bytea) AS phc;

-- name: signup_confirm :exec
-- The address is confirmed; a job makes the business.
SELECT FROM sec.signup_confirm(:account_token::bytea, :slug);

-- name: signup_make :one
-- The business, its first location, its owner.
-- clients: none
SELECT s.is_made
FROM sec.signup_make(:signup::uuid) AS s (is_made);

-- name: signup_zones :many
-- Zones to choose from: all that the database knows, without other names for the same.
-- clients: none
SELECT z.name AS zone, replace(z.name, '_', ' ') AS words, z.name = coalesce(:time_zone, 'America/New_York') AS is_chosen
FROM pg_timezone_names z
WHERE z.name ~ '^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/'
ORDER BY z.name;

-- name: signup_countries :many
-- Countries to choose from; a form that is shown again has what was chosen.
-- clients: none
SELECT c.code, c.country_name, c.code = coalesce(:country_code, 'US') AS is_chosen
FROM sec.countries() c;

-- name: signup_kinds :many
-- What a business can be; a form that is shown again has what was chosen.
-- clients: none
SELECT k.kind, k.words, coalesce(k.kind = :kind, false) AS is_chosen
FROM (VALUES (1, 'medspa', 'A medical spa'), (2, 'ultrasound', 'An ultrasound studio')) AS k (n, kind, words)
ORDER BY k.n;
