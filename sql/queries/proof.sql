-- name: proof_signature :maybe
-- What a signed copy is made of: the text as it was signed, and what is known of how.
SELECT s.id, s.client_id, s.assignment_id, s.document_sealed, s.strokes_sealed, s.document_sha256, s.wording_sha256, s.tenant_id,
       s.method, s.signer, s.place, s.second_factor, s.code_channel, s.language, s.seconds_spent, s.zone, app.zone_words(s.zone) AS zone_words,
       to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS signed_utc,
       to_char(s.signed_at AT TIME ZONE s.zone, 'FMDD FMMonth YYYY, HH24:MI:SS') AS signed_local,
       to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS made_utc,
       to_char(now() AT TIME ZONE s.zone, 'FMDD FMMonth YYYY, HH24:MI:SS') AS made_local, extract(epoch FROM now())::bigint AS made_epoch,
       host(s.ip) AS address, s.agent, s.link_id, s.request_id, t.name AS studio, t.slug, t.country, t.copy_sending = 'signed' AS is_sent,
       c.email, c.phone, g.name AS guardian_name, replace(g.relation, '_', ' ') AS guardian_relation, w.name AS witness_name, h.name AS handed_over_by,
       e.event_id AS audit_row, e.idx::text AS audit_index, e.size::text AS audit_size, e.root AS audit_root, e.signed_at AS audit_head_at, e.key_id AS audit_key,
       EXISTS (SELECT FROM app.signature_copy x WHERE x.signature_id = s.id) AS has_copy,
       to_char(q.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS asked_utc,
       to_char(q.created_at AT TIME ZONE s.zone, 'FMDD FMMonth YYYY, HH24:MI:SS') AS asked_local, u.name AS sender_name
FROM app.signature s
JOIN app.form_assignment q ON q.client_id = s.client_id AND q.id = s.assignment_id
LEFT JOIN app.link k ON k.id = s.link_id
LEFT JOIN app.link j ON j.id = k.from_link
LEFT JOIN app.staff u ON u.id = coalesce(k.created_by, j.created_by)
JOIN app.tenant t ON t.id = s.tenant_id
JOIN app.client c ON c.id = s.client_id
LEFT JOIN app.client_guardian g ON g.client_id = s.client_id AND g.id = s.guardian_id
LEFT JOIN app.staff w ON w.id = s.witness_id
LEFT JOIN app.link handed ON handed.id = s.link_id AND s.place = 'kiosk'
LEFT JOIN app.staff h ON h.id = handed.created_by
LEFT JOIN LATERAL audit.signature_row(s.request_id, s.signed_at) AS e ON true
WHERE s.id = :signature_id::uuid;

-- name: proof_events :many
-- What happened to the form, in order.
SELECT to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at_utc,
       to_char(e.at AT TIME ZONE :zone, 'FMDD FMMonth YYYY, HH24:MI:SS') AS at_local, e.kind, e.detail, e.actor_kind, host(e.ip) AS address, e.agent
FROM app.form_event e
WHERE e.client_id = :client_id::uuid AND e.assignment_id = :assignment_id::uuid
ORDER BY e.at, e.id
LIMIT 300;

-- name: proof_messages :many
-- The messages that carried the link by which it was signed, or the link that that one was opened from; addresses as a hint alone.
SELECT to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS written_utc,
       to_char(m.sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS sent_utc,
       to_char(coalesce(m.sent_at, m.created_at) AT TIME ZONE :zone, 'FMDD FMMonth YYYY, HH24:MI:SS') AS at_local, m.kind, m.channel, m.state,
       CASE m.channel WHEN 'email' THEN regexp_replace(m.to_address, '^(.)[^@]*@', '\1…@') ELSE '…' || right(m.to_address, 3) END AS address_hint
FROM app.link l
JOIN app.message m ON m.client_id = l.client_id AND (m.link_id = l.id OR m.link_id = l.from_link)
WHERE l.id = nullif(:signed_link, '')::uuid
ORDER BY m.created_at, m.id
LIMIT 20;

-- name: proof_verify :maybe
-- Whether a document with this fingerprint was signed here, for anybody who holds it. No row: none was asked about.
-- clients: none
SELECT v.is_unreadable, v.is_unknown, v.is_file, v.is_paper, v.signed_on, v.revoked_on, v.taken_back_on, v.replaced_on, v.out_of_use_on
FROM sec.form_verify(:fingerprint, :address::inet) AS v;

-- name: proof_add :exec
-- The copy; there is one and stays one.
INSERT INTO app.signature_copy (id, client_id, signature_id, pdf_sealed, pdf_sha256, n_pages)
VALUES (:copy_id::uuid, :client_id::uuid, :signature_id::uuid, :pdf_bytes::bytea, :pdf_sha256::bytea, :n_pages::int);

-- name: proof_event :exec
-- What is written down beside it.
INSERT INTO app.form_event (assignment_id, client_id, kind) VALUES (:assignment_id::uuid, :client_id::uuid, :event);

-- name: proof_missing :many
-- Signatures without a copy, the newest first: of before there were copies, or whose job was given up. Each is asked for once a day, and
-- those that were leave the turn to others: twenty that cannot be made do not keep back the rest.
WITH left_out AS (
    SELECT s.id
    FROM app.signature s
    WHERE NOT EXISTS (SELECT FROM app.signature_copy x WHERE x.signature_id = s.id) AND s.place <> 'paper'
      AND NOT EXISTS (SELECT FROM app.job j WHERE j.kind = 'form.pdf' AND j.dedupe_key = s.id::text AND j.state <> 'dead')
      AND NOT EXISTS (SELECT FROM app.job j WHERE j.kind = 'form.pdf' AND j.dedupe_key = s.id || ' ' || current_date)
      AND s.signed_at < now() - interval '1 minute'
    ORDER BY s.signed_at DESC
    LIMIT :most::int)
INSERT INTO app.job (kind, subject_id, dedupe_key)
SELECT 'form.pdf', l.id, CASE WHEN EXISTS (SELECT FROM app.job j WHERE j.kind = 'form.pdf' AND j.dedupe_key = l.id::text)
                              THEN l.id || ' ' || current_date ELSE l.id::text END
FROM left_out l
ON CONFLICT DO NOTHING
RETURNING subject_id AS signature_id;

-- name: proof_of :maybe
-- The copy of a signed form, for the chart.
SELECT s.client_id, s.id AS signature_id, x.n_pages, x.pdf_sha256, x.made_at AT TIME ZONE s.zone AS made_local, x.id IS NOT NULL AS has_copy,
       x.id IS NOT NULL AND (app.may('message_write') OR app.reaches('message_write', s.client_id)) AS can_send,
       (SELECT max(e.at) FROM app.form_event e WHERE e.client_id = s.client_id AND e.assignment_id = s.assignment_id AND e.kind = 'copy_sent')
           AT TIME ZONE s.zone AS sent_local
FROM app.signature s
LEFT JOIN app.signature_copy x ON x.signature_id = s.id
WHERE s.id = :signature_id::uuid AND s.client_id = :client_id::uuid;

-- name: proof_file :maybe
-- The file, for the staff.
SELECT x.id, s.client_id, x.pdf_sealed, to_char(s.signed_at AT TIME ZONE s.zone, 'YYYY-MM-DD') AS day, x.id IS NOT NULL AS is_there
FROM app.signature s
LEFT JOIN app.signature_copy x ON x.signature_id = s.id
WHERE s.id = :signature_id::uuid AND s.client_id = :client_id::uuid;

-- name: proof_mine :maybe
-- Whether the link's client can have her copy as a file.
SELECT s.client_id, x.n_pages, x.id IS NOT NULL AS has_copy
FROM app.signature s
LEFT JOIN app.signature_copy x ON x.signature_id = s.id
WHERE s.assignment_id = :assignment_id AND s.client_id = (SELECT app.own_client());

-- name: proof_my_file :maybe
-- The file, for the link's client; on the studio's tablet there is none, for it would stay there.
SELECT x.id, s.client_id, x.pdf_sealed, to_char(s.signed_at AT TIME ZONE s.zone, 'YYYY-MM-DD') AS day, x.id IS NOT NULL AS is_there
FROM app.signature s
LEFT JOIN app.signature_copy x ON x.signature_id = s.id
WHERE s.assignment_id = :assignment_id AND s.client_id = (SELECT app.own_client()) AND NOT app.on_tablet();

-- name: proof_to :maybe
-- To whom the copy of a signed form is sent: who signed it.
SELECT s.client_id, s.assignment_id, s.guardian_id AS made_guardian,
       CASE WHEN s.guardian_id IS NULL THEN coalesce(app.mail_address(app.record_of(s.client_id)), app.mail_address(s.client_id)) ELSE app.guardian_mail(g.id) END AS email,
       CASE WHEN s.guardian_id IS NULL THEN c.birth_date IS NOT NULL ELSE g.birth_date IS NOT NULL END AS can_prove,
       CASE WHEN s.guardian_id IS NULL THEN coalesce(c.preferred_name, c.name) ELSE g.name END AS addressee,
       CASE WHEN v.copy_attached THEN x.id END AS attached_copy
FROM app.signature s
JOIN app.signature_copy x ON x.signature_id = s.id
JOIN app.form_version v ON v.id = s.form_version_id
JOIN app.client c ON c.id = s.client_id
LEFT JOIN app.client_guardian g ON g.client_id = s.client_id AND g.id = s.guardian_id
WHERE s.id = :signature_id::uuid AND s.client_id = :client_id::uuid;

-- name: proof_settings :one
-- When a link to the copy goes out.
-- clients: none
SELECT t.copy_sending = 'asked' AS is_asked, t.copy_sending = 'signed' AS is_signed FROM app.tenant t WHERE t.id = app.tenant();

-- name: proof_settings_change :exec
-- From the next form on.
UPDATE app.tenant t SET copy_sending = :copy_sending WHERE t.id = app.tenant();

-- name: proof_chart_head :one
-- Whose chart it is and by whom it is asked for, as words, with the rights of who asks.
SELECT c.id AS client_id, c.name, coalesce(c.preferred_name, '') AS preferred_name, coalesce(k.email, '') AS email, coalesce(k.phone, '') AS phone,
       coalesce(to_char(c.birth_date, 'FMDD FMMonth YYYY'), '') AS born,
       coalesce(to_char(c.due_date, 'FMDD FMMonth YYYY'), '') AS due, t.name AS studio, t.country, f.name AS asker,
       to_char(now() AT TIME ZONE app.zone(), 'FMDD FMMonth YYYY, HH24:MI') AS asked_local, app.zone_words(app.zone()) AS zone_words,
       extract(epoch FROM now())::bigint AS asked_epoch,
       NOT (app.may('show_notes') OR app.reaches('show_notes', c.id)) AS has_hidden_notes
FROM app.client c
JOIN app.tenant t ON t.id = app.tenant()
JOIN app.staff f ON f.id = app.actor()
CROSS JOIN LATERAL app.contact(c.id) AS k
WHERE c.id = :client_id::uuid;

-- name: proof_chart_add :exec
-- A chart to be set as a file.
INSERT INTO app.chart_copy (id, client_id, content_sealed) VALUES (:chart_copy_id::uuid, :client_id::uuid, :content_bytes::bytea);

-- name: proof_chart_job :exec
-- Its job.
INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('chart.pdf', :chart_copy_id::uuid, :chart_copy_id);

-- name: proof_chart_old :exec
-- Charts of more than a day ago go.
DELETE FROM app.chart_copy x WHERE x.asked_at < now() - interval '1 day';

-- name: proof_chart_content :maybe
-- What is to be set.
SELECT x.id, x.client_id, x.content_sealed, x.state FROM app.chart_copy x WHERE x.id = :chart_copy_id::uuid;

-- name: proof_chart_done :exec
-- The file; what it was made of is not needed any more.
UPDATE app.chart_copy SET state = 'ready', pdf_sealed = :pdf_bytes::bytea, n_pages = :n_pages::int, content_sealed = NULL WHERE id = :chart_copy_id::uuid;

-- name: proof_chart_failed :exec
-- It cannot be made.
UPDATE app.chart_copy SET state = 'failed', content_sealed = NULL WHERE id = :chart_copy_id::uuid;

-- name: proof_chart_one :one
-- How far the file of a chart is, for who asked for it.
SELECT x.client_id, x.id AS chart_copy_id, c.name, x.state = 'waiting' AS is_waiting, x.state = 'ready' AS is_ready, x.n_pages,
       (x.asked_at + interval '1 day') AT TIME ZONE app.zone() AS until_local
FROM app.chart_copy x
JOIN app.client c ON c.id = x.client_id
WHERE x.id = :chart_copy_id::uuid AND x.client_id = :client_id::uuid;

-- name: proof_chart_file :maybe
-- The file.
SELECT x.id, x.client_id, x.pdf_sealed, to_char(x.asked_at AT TIME ZONE app.zone(), 'YYYY-MM-DD') AS day, x.state = 'ready' AS is_there
FROM app.chart_copy x
WHERE x.id = :chart_copy_id::uuid AND x.client_id = :client_id::uuid;
