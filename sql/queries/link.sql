-- name: link_open :one
-- Lets her in at once by the link that was just made for her.
SELECT sec.link_open(:opened_link::uuid, :session_token::bytea) AS link_session_id, app.own_client() AS client_id;

-- name: link_open_again :one
-- The same for a form that was sent twice; NULL when it was too long ago.
SELECT sec.link_open_again(:idem, :opened_link::uuid, :session_token::bytea) AS link_session_id;
