-- name: business_own :one
-- What the business says of itself.
SELECT t.name, t.phone
FROM app.tenant t
WHERE t.id = app.tenant();

-- name: business_locations :many
-- Its locations.
SELECT l.id AS location_id, l.name, l.street, l.city, l.is_active
FROM app.location l
ORDER BY l.position, l.name, l.id;

-- name: business_languages :many
-- Those that it can speak to clients, with what is chosen.
SELECT l.language, l.words, l.language = coalesce(:language, split_part(t.locale, '-', 1)) AS is_chosen
FROM app.form_languages() WITH ORDINALITY AS l (language, words, n)
CROSS JOIN app.tenant t
WHERE t.id = app.tenant()
ORDER BY l.n;

-- name: business_change :exec
-- Name, phone and language; a phone that cannot be one is told by the form.
SELECT FROM app.business_change(:name, :phone, :language);

-- name: business_location :one
-- One location.
SELECT l.id AS location_id, l.name, l.street, l.city, l.region, l.postal_code, l.phone
FROM app.location l
WHERE l.id = :location_id;

-- name: business_location_change :exec
-- Name, address and phone of one location.
SELECT FROM app.location_change(:location_id::uuid, :name, :street, :city, coalesce(:region, ''), coalesce(:postal_code, ''), coalesce(:phone, ''));
