-- name: demo_throttle :exec
-- Refuses with FY429 when one address asks too often.
SELECT sec.count_try('demo', :address::inet, 5);

-- name: demo_create :exec
-- A visitor's request; it belongs to the operator's tenant.
INSERT INTO app.demo_request (id, name, email, phone, spa_name, locations, providers, platform, message)
VALUES (:new_id, :name, :email, :phone, :spa_name, :location_count::int, :provider_count::int, :platform, :message);

-- name: demo_mail :exec
-- The request as a mail to the operator's inbox.
INSERT INTO app.message (id, kind, channel, to_address, subject, body, dedupe_key)
VALUES (:message_id, 'demo_request', 'email', :to_address, 'Somebody asks for a demo', :body, :dedupe_key);

-- name: demo_mail_job :exec
-- The job that sends that mail.
INSERT INTO app.job (kind, subject_id, dedupe_key)
VALUES ('message.send', :message_id, :dedupe_key);

-- name: demo_list :many
-- All requests, the newest first.
SELECT d.id AS demo_request_id, d.name, d.spa_name, d.locations, d.providers, d.state,
       d.created_at AS asked_at
FROM app.demo_request d
ORDER BY d.created_at DESC
LIMIT 200;

-- name: demo_one :one
-- One request, whole.
SELECT d.id AS demo_request_id, d.name, d.email, d.phone, d.spa_name, d.locations, d.providers,
       d.platform, d.message, d.created_at AS asked_at,
       d.state = 'new' AS is_new, d.state = 'scheduled' AS is_scheduled,
       d.state = 'quoted' AS is_quoted, d.state = 'won' AS is_won, d.state = 'lost' AS is_lost
FROM app.demo_request d
WHERE d.id = :demo_request_id;

-- name: demo_set_state :one
-- Where the request stands.
UPDATE app.demo_request
SET state = :state
WHERE id = :demo_request_id
RETURNING id AS demo_request_id;

-- name: demo_delete :one
-- Deletes a request for good, as its author may ask (L43).
DELETE FROM app.demo_request
WHERE id = :demo_request_id
RETURNING id;
