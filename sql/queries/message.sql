-- name: message_list :page 50
-- Messages to clients and to the operator's inbox, the newest first; texts stay sealed. (How signed heads go out is on /house.)
SELECT m.id AS message_id, m.client_id, c.name AS client_name, app.shown('email', m.client_id, m.to_address) AS to_address, m.subject,
       m.created_at AT TIME ZONE app.zone() AS created_local,
       m.state IN ('failed', 'unknown') OR m.state = 'suppressed' AND m.problem <> 'erased' AS is_bad, m.state = 'sent' AS is_good,
       CASE WHEN m.state = 'queued' AND m.problem = 'budget' THEN 'held until tomorrow'
            WHEN m.state = 'suppressed' THEN CASE m.problem WHEN 'erased' THEN 'dropped, the client was erased' WHEN 'not_asked' THEN 'refused, not asked'
                                                            WHEN 'objected' THEN 'refused, not wanted' WHEN 'opted_out' THEN 'refused, the address has opted out'
                                                            ELSE 'dropped, the other record got it' END
            ELSE app.message_state_words(m.state) END AS state_words
FROM app.message m
LEFT JOIN app.client c ON c.tenant_id = m.tenant_id AND c.id = m.client_id
WHERE m.kind <> 'heads'
ORDER BY m.created_at DESC
LIMIT :page_limit OFFSET :page_offset;

-- name: message_one :one
-- One message, opened: its text and the link in it.
SELECT m.id, m.client_id, c.name AS client_name, app.shown('email', m.client_id, m.to_address) AS to_address, m.subject, m.body, m.body_sealed,
       m.link_sealed AS link_url, m.ics_sealed IS NOT NULL AS has_calendar, m.attached_copy IS NOT NULL AS has_copy,
       m.created_at AT TIME ZONE app.zone() AS created_local,
       m.sent_at AT TIME ZONE app.zone() AS sent_local,
       CASE WHEN m.state = 'suppressed' AND coalesce(m.problem, 'erased') = 'erased' THEN 'dropped' ELSE app.message_state_words(m.state) END AS state_words,
       coalesce(app.message_problem_words(m.problem), CASE WHEN m.state = 'suppressed' THEN 'The other record, which was joined with this one, got the same.' END) AS problem_words
FROM app.message m
LEFT JOIN app.client c ON c.tenant_id = m.tenant_id AND c.id = m.client_id
WHERE m.id = :message_id;

-- name: message_dead_jobs :many
-- Work that was given up after several tries, so that somebody looks at it.
SELECT j.kind, j.attempts, j.last_error,
       j.finished_at AT TIME ZONE app.zone() AS finished_local
FROM app.job j
WHERE j.state = 'dead'
ORDER BY j.created_at DESC
LIMIT 20;

-- name: message_to_send :maybe
-- What the job needs to send one message. is_erased: its client is gone, and its address and text with her.
SELECT m.id, m.client_id, m.to_address, m.subject, m.body, m.body_sealed, m.ics_sealed, m.state,
       starts_with(m.kind, 'account_') AS is_about_account, t.name AS from_name, t.suspended_at IS NOT NULL AS is_suspended,
       m.to_address = '(erased)' AS is_erased, m.attached_copy IS NOT NULL AS has_copy
FROM app.message m
JOIN app.tenant t ON t.id = m.tenant_id
WHERE m.id = :message_id;

-- name: message_attachment :maybe
-- The signed copy that it carries.
SELECT x.id, x.client_id, x.pdf_sealed
FROM app.message m
JOIN app.signature_copy x ON x.id = m.attached_copy
WHERE m.id = :message_id;

-- name: message_set_state :one
-- What became of it: what was asked for, or 'suppressed' when she does not allow it any more (app.message_gate).
UPDATE app.message
SET state = :state, problem = :problem, sent_at = CASE WHEN :state = 'sent' THEN now() END, address_hash = coalesce(address_hash, :address_hash::bytea)
WHERE id = :message_id
RETURNING state;

-- name: message_give_up :exec
-- Nobody tries again. Whether the mail server had it when its runner stopped is not known.
UPDATE app.message
SET state = CASE state WHEN 'sending' THEN 'unknown' ELSE 'failed' END, problem = :problem
WHERE id = :message_id AND state IN ('queued', 'sending');

-- name: message_held :maybe
-- How many messages wait for tomorrow, as today's number is used up.
SELECT t.messages_per_day, count(m.id) AS held
FROM app.tenant t
JOIN app.message m ON m.tenant_id = t.id
WHERE m.state = 'queued' AND m.problem = 'budget'
GROUP BY t.id;

-- name: message_take :maybe
-- Counts a message that goes out now; no row: today's number is used up. The operator's own (signed heads) are not held.
INSERT INTO app.message_day AS d (day, n)
SELECT (now() AT TIME ZONE t.zone)::date, 1
FROM app.tenant t
WHERE t.messages_per_day > 0 OR t.realm = 'operator'
ON CONFLICT (tenant_id, day) DO UPDATE
SET n = d.n + 1
WHERE d.n < (SELECT b.messages_per_day FROM app.tenant b WHERE b.id = d.tenant_id)
      OR EXISTS (SELECT FROM app.tenant b WHERE b.id = d.tenant_id AND b.realm = 'operator')
RETURNING d.n;

-- name: message_give_back :exec
-- It did not go out: it is counted again when it does.
UPDATE app.message_day d
SET n = d.n - 1
FROM app.tenant t
WHERE t.id = d.tenant_id AND d.day = (now() AT TIME ZONE t.zone)::date AND d.n > 0;
