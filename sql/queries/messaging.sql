-- name: messaging_mine :many
-- What the link's client allows to be sent to her, in the words in force: by what it is about, then by the way. is_first: of a purpose.
SELECT app.own_client() AS client_id, m.wording_id, m.body, app.messaging_words(m.purpose) AS purpose_words, app.channel_words(m.channel) AS channel_words,
       m.is_allowed, m.at AT TIME ZONE app.zone() AS said_local, m.is_given,
       lag(m.purpose) OVER (ORDER BY m.place) IS DISTINCT FROM m.purpose AS is_first, lead(m.purpose) OVER (ORDER BY m.place) IS DISTINCT FROM m.purpose AS is_last
FROM app.messaging_of(app.own_client()) m
ORDER BY m.place;

-- name: messaging_choose :one
-- She allows what she ticked and nothing else, from now on.
SELECT app.messaging_choose(:allows::uuid[]) AS client_id;

-- name: messaging_of_client :many
-- What a client allows to be sent to her, for the staff.
SELECT c.id AS client_id, app.messaging_words(m.purpose) AS purpose_words, app.channel_words(m.channel) AS channel_words, m.wording_id, m.body, m.version,
       m.is_allowed, m.is_given, m.at AT TIME ZONE app.zone() AS said_local, app.messaging_source_words(m.source) AS source_words,
       m.wording_id = :wording_id::uuid AS is_chosen,
       lag(m.purpose) OVER (ORDER BY m.place) IS DISTINCT FROM m.purpose AS is_first, lead(m.purpose) OVER (ORDER BY m.place) IS DISTINCT FROM m.purpose AS is_last
FROM app.client c
CROSS JOIN LATERAL app.messaging_of(c.id) m
WHERE c.id = :client_id::uuid
ORDER BY m.place;

-- name: messaging_history :many
-- What she said, each time, the newest first, with the very words; on any of her records, all of which are the one that is asked for.
SELECT :client_id::uuid AS client_id, m.is_given, app.channel_words(m.channel) AS channel_words, app.messaging_words(m.purpose) AS purpose_words,
       m.at AT TIME ZONE app.zone() AS said_local, app.messaging_source_words(m.source) AS source_words, f.name AS noted_by,
       w.body, w.version, m.signature_id
FROM app.messaging_consent m
LEFT JOIN app.messaging_wording w ON w.id = m.wording_id
LEFT JOIN app.staff f ON f.id = m.noted_by
WHERE m.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY m.at DESC, m.id DESC
LIMIT 100;

-- name: messaging_refused :many
-- The last messages to her that were refused.
SELECT :client_id::uuid AS client_id, m.id AS message_id, m.subject, m.created_at AT TIME ZONE app.zone() AS created_local, app.message_problem_words(m.problem) AS why
FROM app.message m
WHERE m.client_id = ANY (app.record_ids(:client_id::uuid)) AND m.state = 'suppressed' AND m.problem <> 'erased'
ORDER BY m.created_at DESC
LIMIT 10;

-- name: messaging_address :one
-- Whether the address of hers that messages go to has opted out of everything, by its keyed hash.
SELECT c.id AS client_id, EXISTS (SELECT FROM app.suppression s WHERE s.channel = 'email' AND s.address_hash = :address_hash::bytea AND s.is_out) AS is_out
FROM app.client c
WHERE c.id = :client_id::uuid;

-- name: messaging_mail_address :maybe
-- Where her messages go, for the hash alone.
-- clients: none
SELECT app.mail_address(c.id) AS mail_address
FROM app.client c
WHERE c.id = :client_id::uuid;

-- name: messaging_note :one
-- Writes down what she said.
SELECT app.messaging_note(:client_id::uuid, :wording_id::uuid, :given = 'yes', :source) AS client_id;

-- name: messaging_booked :exec
-- That she booked online having read these words.
SELECT app.messaging_booked(:new_client::uuid, :messaging_wording_id::uuid);

-- name: messaging_booking :maybe
-- The words about e-mails that stand beside the address when somebody books.
SELECT w.id AS messaging_wording_id, w.body AS messaging_words
FROM app.messaging_wording w
WHERE w.channel = 'email' AND w.purpose = 'visits'
ORDER BY w.version DESC
LIMIT 1;

-- name: messaging_wordings :many
-- The words in force, of each channel and purpose.
-- clients: none
SELECT DISTINCT ON (array_position(ARRAY['visits', 'forms', 'reminders', 'news'], w.purpose::text), w.channel)
       w.id AS messaging_wording_id, app.messaging_words(w.purpose) AS purpose_words, app.channel_words(w.channel) AS channel_words, w.version, w.body,
       app.messaging_needs_yes(w.channel, w.purpose) AS needs_yes, w.made_at AT TIME ZONE app.zone() AS made_local
FROM app.messaging_wording w
ORDER BY array_position(ARRAY['visits', 'forms', 'reminders', 'news'], w.purpose::text), w.channel, w.version DESC;

-- name: messaging_wording_one :one
-- One version of the words.
-- clients: none
SELECT w.id AS messaging_wording_id, app.messaging_words(w.purpose) AS purpose_words, app.channel_words(w.channel) AS channel_words, w.version, w.body,
       w.made_at AT TIME ZONE app.zone() AS made_local
FROM app.messaging_wording w
WHERE w.id = :messaging_wording_id::uuid;

-- name: messaging_wording_save :exec
-- The next version of some words.
SELECT FROM app.messaging_wording_save(:messaging_wording_id::uuid, :body);
