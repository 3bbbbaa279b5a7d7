-- name: outbox_language :maybe
-- In which language a client is written to: the one she is on record to prefer, else the studio's.
-- clients: none
SELECT c.preferred_language AS preferred, t.locale
FROM app.tenant t
LEFT JOIN app.client c ON c.id = :message_client::uuid
WHERE t.id = app.tenant();

-- name: outbox_add :exec
-- A message to a client, sealed; the job takes it from here.
-- seals: message
INSERT INTO app.message (id, client_id, kind, channel, to_address, subject, body_sealed, link_sealed, ics_sealed, dedupe_key, address_hash, link_id, attached_copy)
VALUES (:message_id::uuid, :message_client::uuid, :message_kind, 'email', :to_address, :subject,
        :body_sealed::bytea, :link_sealed::bytea, :ics_sealed::bytea, :dedupe_key, :address_hash::bytea, :carried_link::uuid, :attached_copy::uuid);

-- name: outbox_add_job :exec
-- The job that sends it.
INSERT INTO app.job (kind, subject_id, dedupe_key)
VALUES ('message.send', :message_id::uuid, :dedupe_key);

-- name: outbox_goes :one
-- Whether the message that was just written goes out: it was not refused.
SELECT app.message_goes(:dedupe_key) AS goes;

-- name: outbox_link :one
-- A token link for a client; it ends a day after the visit that it is about, or after two weeks.
SELECT sec.link_new(:made_link::uuid, :made_purpose, :made_client::uuid, :made_appointment::uuid, :made_token::bytea, 'birth_date',
    greatest(now() + interval '1 day',
             coalesce((SELECT a.ends_at + interval '1 day' FROM app.appointment a WHERE a.id = :made_appointment::uuid),
                      now() + interval '14 days')), :made_guardian::uuid) AS link_id;

-- name: outbox_staff :exec
-- A mail about an account, sealed under the business's key, and its job.
-- seals: message
SELECT sec.staff_mail(:message_id::uuid, :message_kind, :to_staff::uuid, :to_address, :subject, :body_sealed::bytea, :dedupe_key);
