-- name: booking_page_own :one
-- How the public booking page is set: sites that may show it in a frame, one a line.
-- clients: none
SELECT array_to_string(t.frame_origins, E'\n') AS frame_origins, t.booking_seconds, t.booking_code
FROM app.tenant t WHERE t.id = app.tenant();

-- name: booking_page_change :exec
-- A slash at the end of a site's address, and capital letters, make no difference to a browser.
UPDATE app.tenant t
SET frame_origins = ARRAY(SELECT DISTINCT rtrim(s.site, '/') FROM regexp_split_to_table(lower(:frame_origins), E'\\s+') AS s (site) WHERE s.site <> ''),
    booking_seconds = :booking_seconds::smallint, booking_code = :booking_code::boolean
WHERE t.id = app.tenant();
