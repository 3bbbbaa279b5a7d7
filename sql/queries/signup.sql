-- name: signup_ask :one
-- A business that wants to come; is_new: a mail goes out.
-- clients: none
SELECT s.is_new
FROM sec.signup_ask(:name, :email, :new_phc, :business, :kind, :street, :city, :region, :postal_code, :time_zone, :phone, :account_token::bytea, :address::inet) AS s (is_new);

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
-- Zones to choose from: where most of those who ask are.
-- clients: none
SELECT z.zone, app.zone_words(z.zone) AS words, z.zone = coalesce(:time_zone, 'America/New_York') AS is_chosen
FROM (VALUES (1, 'America/New_York'), (2, 'America/Chicago'), (3, 'America/Denver'), (4, 'America/Phoenix'), (5, 'America/Los_Angeles'), (6, 'America/Anchorage'), (7, 'Pacific/Honolulu'),
             (8, 'America/Puerto_Rico'), (9, 'America/Toronto'), (10, 'America/Vancouver'), (11, 'Europe/London'), (12, 'Europe/Dublin'), (13, 'Europe/Berlin'), (14, 'Europe/Paris'),
             (15, 'Australia/Sydney'), (16, 'Pacific/Auckland')) AS z (n, zone)
ORDER BY z.n;

-- name: signup_kinds :many
-- What a business can be; a form that is shown again has what was chosen.
-- clients: none
SELECT k.kind, k.words, coalesce(k.kind = :kind, false) AS is_chosen
FROM (VALUES (1, 'medspa', 'A medical spa'), (2, 'ultrasound', 'An ultrasound studio')) AS k (n, kind, words)
ORDER BY k.n;
