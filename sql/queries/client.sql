-- name: client_search :many
-- Clients in whom every typed word begins a word of name, phone or e-mail, hers or a guardian's, or who have a tag; at most fifty. One
-- whose record was joined to another is that other. Where the words begin tens of thousands of names, not all are looked through (has_rest).
WITH f AS MATERIALIZED (
    SELECT app.record_of(x.client_id) AS client_id FROM app.client_find(:q, 51, 15000, :tag::uuid) AS x WHERE :q <> ''
    UNION
    SELECT app.record_of(x.client_id) FROM (SELECT t.client_id FROM app.client_tag t WHERE t.tag_id = :tag::uuid AND coalesce(:q, '') = '' LIMIT 51) AS x)
SELECT c.id AS client_id,
       c.name,
       c.preferred_name,
       c.birth_date,
       k.phone,
       k.email,
       (SELECT true FROM unnest(app.record_ids(c.id)) AS r (id)
        JOIN LATERAL (SELECT FROM app.allergy y WHERE y.client_id = r.id AND y.ended_at IS NULL LIMIT 1) AS x ON true LIMIT 1) AS has_allergy,
       (SELECT true FROM unnest(app.record_ids(c.id)) AS r (id)
        JOIN LATERAL (SELECT FROM app.none_known o WHERE o.client_id = r.id AND o.kind = 'allergy' AND o.ended_at IS NULL LIMIT 1) AS x ON true LIMIT 1) AS no_allergy,
       row_number() OVER w = 50 AND count(*) OVER () > 50 AS has_more,
       row_number() OVER w = count(*) OVER () AND EXISTS (SELECT FROM f WHERE f.client_id IS NULL) AS has_rest
FROM f
JOIN app.client c ON c.id = f.client_id AND (:tag::uuid IS NULL OR EXISTS (SELECT FROM app.client_tag t WHERE t.client_id = ANY (app.record_ids(c.id)) AND t.tag_id = :tag::uuid))
CROSS JOIN LATERAL app.contact(c.id) AS k
WINDOW w AS (ORDER BY c.name_norm, c.birth_date, c.id)
ORDER BY c.name_norm, c.birth_date, c.id
LIMIT 50;

-- name: client_one :one
-- Who she is, and how to reach her.
SELECT c.id AS client_id,
       c.name,
       c.preferred_name,
       c.pronouns,
       k.email,
       k.phone,
       c.birth_date,
       date_part('year', age(app.today(), c.birth_date))::int AS age,
       c.birth_date > app.today() - interval '18 years' AS is_minor,
       c.due_date,
       app.gestation_words(c.due_date, app.today()) AS gestation,
       nullif(app.record_of(c.id), c.id) AS joined_to,
       (c.created_at AT TIME ZONE app.zone())::date AS known_since,
       EXISTS (SELECT FROM app.client_watch w WHERE w.client_id = c.id) AS is_watched,
       EXISTS (SELECT FROM unnest(app.record_ids(c.id)) AS r (id)
               JOIN LATERAL (SELECT FROM app.appointment a WHERE a.client_id = r.id AND a.starts_at > now() AND a.status IN ('booked', 'confirmed') LIMIT 1) AS x ON true) AS has_next,
       EXISTS (SELECT FROM unnest(app.record_ids(c.id)) AS r (id)
               JOIN LATERAL (SELECT FROM app.appointment a WHERE a.client_id = r.id AND (a.starts_at <= now() OR a.status NOT IN ('booked', 'confirmed')) LIMIT 1) AS x ON true) AS has_past,
       app.may('client_write') OR app.reaches('client_write', c.id) AS can_change,
       app.may('booking_write') OR app.reaches('booking_write', c.id) AS can_book,
       app.may('message_write') OR app.reaches('message_write', c.id) AS can_write_to,
       app.mail_address(c.id) IS NOT NULL AS has_email,
       app.may('chart_write') OR app.reaches('chart_write', c.id) AS can_note,
       app.may('chart_read') OR app.reaches('chart_read', c.id) AS can_open_chart,
       NOT (app.may('show_notes') OR app.reaches('show_notes', c.id)) AS has_hidden_notes,
       EXISTS (SELECT FROM app.media p WHERE p.client_id = ANY (app.record_ids(c.id)) AND p.kind = 'photo' AND p.removed_at IS NULL) AS has_photo,
       m.emergency_id,
       m.minutes_left
FROM app.client c
CROSS JOIN LATERAL app.contact(c.id) AS k
LEFT JOIN LATERAL app.emergency_of(c.id) AS m ON true
WHERE c.id = :client_id::uuid;

-- name: client_allergy :many
-- What she is allergic to, the gravest first; or that there is nothing, as somebody said. No row: nobody asked.
SELECT y.id,
       coalesce(y.client_id, n.client_id) AS client_id,
       y.id AS allergy_id,
       y.substance_sealed,
       y.reaction_sealed,
       y.severity,
       CASE y.severity WHEN 'unknown' THEN 'severity unknown' ELSE y.severity END AS severity_words,
       n.client_id IS NOT NULL AS is_none,
       coalesce(f.name, 'the client') AS said_by,
       (coalesce(y.noted_at, n.said_at) AT TIME ZONE app.zone())::date AS said_on
FROM (SELECT a.id, a.client_id, a.substance_sealed, a.reaction_sealed, a.severity, a.noted_at, a.noted_by
      FROM app.allergy a WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.ended_at IS NULL) AS y
FULL JOIN (SELECT o.client_id, o.said_at, o.said_by FROM app.none_known o WHERE o.client_id = ANY (app.record_ids(:client_id::uuid)) AND o.kind = 'allergy' AND o.ended_at IS NULL
           AND NOT EXISTS (SELECT FROM app.allergy a WHERE a.client_id = ANY (app.record_ids(:client_id::uuid)) AND a.ended_at IS NULL)
           ORDER BY o.said_at DESC, o.client_id LIMIT 1) AS n
     ON n.client_id = y.client_id
LEFT JOIN app.staff f ON f.id = coalesce(y.noted_by, n.said_by)
ORDER BY CASE y.severity WHEN 'severe' THEN 1 WHEN 'unknown' THEN 2 WHEN 'moderate' THEN 3 ELSE 4 END, y.noted_at;

-- name: client_visit :many
-- Her visits, the newest first: those to come, and the history of treatments.
SELECT a.id AS appointment_id,
       a.client_id,
       a.starts_at AT TIME ZONE l.zone AS starts,
       v.name AS service,
       f.name AS provider,
       l.name AS location_name,
       a.status,
       app.in_words(a.status) AS status_words,
       a.starts_at > now() AND a.status IN ('booked', 'confirmed') AS is_next,
       a.starts_at <= now() OR a.status NOT IN ('booked', 'confirmed') AS is_past
FROM app.appointment a
JOIN app.location l ON l.id = a.location_id
JOIN app.service v ON v.id = a.service_id
JOIN app.staff f ON f.id = a.staff_id
WHERE a.client_id = ANY (app.record_ids(:client_id::uuid))
ORDER BY a.starts_at DESC, a.id
LIMIT app.list_most(:whole) OFFSET app.list_from(:whole, :visits_from);

-- name: client_form :many
-- Forms that she was asked for, and what became of each.
SELECT f.client_id,
       f.id AS assignment_id,
       o.name AS form,
       f.client_id <> :client_id::uuid AS is_joined,
       app.form_is_due(f.state, f.due_by) AS is_due,
       f.state = 'due' AND NOT app.form_is_due(f.state, f.due_by) AS is_missed,
       f.state = 'signed' AS is_signed,
       f.revoked_at AT TIME ZONE app.zone() AS revoked,
       f.state = 'declined' AS is_declined,
       f.is_dropped,
       f.due_by < now() AS is_late,
       f.client_id = :client_id::uuid AND f.state IN ('due', 'declined')
           AND (app.may('booking_write') OR app.reaches('booking_write', f.client_id)) AS can_end,
       a.starts_at AT TIME ZONE l.zone AS starts,
       v.name AS service,
       s.id AS signature_id,
       s.signed_at AT TIME ZONE s.zone AS signed,
       f.state = 'signed' AND app.form_is_on_paper(f.client_id, f.id) AS is_paper,
       app.may('booking_write') OR app.reaches('booking_write', f.client_id) AS can_note_paper
FROM app.form_assignment f
JOIN app.form o ON o.id = f.form_id
LEFT JOIN app.appointment a ON a.client_id = f.client_id AND a.id = f.appointment_id
LEFT JOIN app.location l ON l.id = a.location_id
LEFT JOIN app.service v ON v.id = a.service_id
LEFT JOIN app.signature s ON s.client_id = f.client_id AND s.assignment_id = f.id
WHERE f.client_id = ANY (app.record_ids(:client_id::uuid)) AND (f.state <> 'withdrawn' OR f.is_dropped)
ORDER BY f.is_dropped, f.state, a.starts_at DESC NULLS LAST, f.position, f.id
LIMIT app.list_most(:whole) OFFSET app.list_from(:whole, :forms_from);

-- name: client_pages :one
-- Where her longer lists go on, newer and older, each from where the address says; app.list_most lines at a time.
-- clients: none
SELECT app.list_newer(:visits_from) AS visits_newer, app.list_older(:visits_from, v.n) AS visits_older, v.n AS n_visits,
       app.list_newer(:forms_from) AS forms_newer, app.list_older(:forms_from, f.n) AS forms_older, f.n AS n_forms
FROM (SELECT count(*) AS n FROM app.appointment a WHERE a.client_id = ANY (app.record_ids(:client_id::uuid))) AS v,
     (SELECT count(*) AS n FROM app.form_assignment f WHERE f.client_id = ANY (app.record_ids(:client_id::uuid)) AND (f.state <> 'withdrawn' OR f.is_dropped)) AS f;

-- name: client_alike :many
-- Who may be the client that is being entered, as far as whoever enters her sees them: by phone or e-mail, hers or a guardian's; by name and
-- date of birth.
SELECT c.id AS client_id, c.name, c.birth_date, string_agg(DISTINCT h.words, ', ') AS reasons
FROM (SELECT app.record_of(f.client_id) AS id, 'same phone' AS words FROM app.client_find(app.phone_kept(:phone), 10) AS f WHERE :phone <> ''
      UNION ALL
      SELECT app.record_of(f.client_id), 'same e-mail' FROM app.client_find(:email, 10) AS f WHERE :email <> ''
      UNION ALL
      SELECT app.record_of(b.id), 'same name and date of birth' FROM app.client b WHERE b.birth_date = :birth_date::date AND b.name_norm = app.norm(:name) COLLATE "C") AS h
JOIN app.client c ON c.id = h.id AND c.is_active
GROUP BY c.id, c.name, c.birth_date
ORDER BY c.name, c.birth_date, c.id
LIMIT 20;

-- name: client_create :one
-- A new client with her wrapped data key.
SELECT app.client_new(:new_client::uuid, :name, :preferred_name, :email, app.phone_kept(:phone), :birth_date::date,
                      :due_date::date, NULL, :wrapped_key::bytea) AS client_id;

-- name: client_contact :one
-- Her contact details, as the form shows them.
SELECT c.id AS client_id,
       c.name,
       c.preferred_name,
       k.email,
       k.phone,
       NOT (app.may('show_email') OR app.reaches('show_email', c.id)) AS hides_email,
       NOT (app.may('show_phone') OR app.reaches('show_phone', c.id)) AS hides_phone,
       to_char(c.birth_date, 'YYYY-MM-DD') AS birth_date,
       to_char(c.due_date, 'YYYY-MM-DD') AS due_date
FROM app.client c
CROSS JOIN LATERAL app.contact(c.id) AS k
WHERE c.id = :client_id::uuid;

-- name: client_hold :one
-- Holds her record until a change of it is done, so that what is compared stays as it is.
SELECT c.id AS client_id FROM app.client c WHERE c.id = :client_id::uuid FOR UPDATE;

-- name: client_unseen :many
-- What of her contact details somebody else changed since the form was opened, and is typed over in it.
SELECT c.id AS client_id, v.field, v.is_now
FROM app.client c
CROSS JOIN LATERAL app.contact(c.id) AS k
CROSS JOIN LATERAL (VALUES ('name', :was_name, btrim(:name), c.name),
                           ('preferred_name', :was_preferred_name, :preferred_name, c.preferred_name),
                           ('email', :was_email, :email, k.email),
                           ('phone', app.phone_kept(:was_phone), app.phone_kept(:phone), k.phone),
                           ('birth_date', :was_birth_date, :birth_date, to_char(c.birth_date, 'YYYY-MM-DD')),
                           ('due_date', :was_due_date, :due_date, to_char(c.due_date, 'YYYY-MM-DD'))) AS v (field, was, typed, is_now)
WHERE c.id = :client_id::uuid AND app.is_unseen(v.was, v.typed, v.is_now);

-- name: client_update :one
-- Changes her contact details, as far as they were changed in the form; what of them is not shown to who sends it stays as it is
-- (app.client_keep_masked).
UPDATE app.client c
SET name = app.typed_over(:was_name, btrim(:name), c.name),
    preferred_name = app.typed_over(:was_preferred_name, :preferred_name, c.preferred_name),
    email = app.typed_over(:was_email, :email, (SELECT k.email FROM app.contact(c.id) AS k)),
    phone = app.typed_over(app.phone_kept(:was_phone), app.phone_kept(:phone), (SELECT k.phone FROM app.contact(c.id) AS k)),
    birth_date = app.typed_over(:was_birth_date, :birth_date, to_char(c.birth_date, 'YYYY-MM-DD'))::date,
    due_date = app.typed_over(:was_due_date, :due_date, to_char(c.due_date, 'YYYY-MM-DD'))::date
WHERE c.id = :client_id::uuid
RETURNING c.id AS client_id;

-- name: client_form_link :one
-- To whom a fresh form link goes (a minor's: to her guardian, where his address and date of birth are known), and for which visit: the
-- next that still waits for a form, if there is one.
SELECT c.id AS client_id,
       coalesce(app.guardian_mail(g.guardian_id), app.mail_address(c.id)) AS email,
       c.birth_date IS NOT NULL AS can_prove,
       coalesce(g.guardian_name, c.preferred_name, c.name) AS addressee,
       g.guardian_id,
       (SELECT f.appointment_id
        FROM app.form_assignment f
        JOIN app.appointment a ON a.client_id = f.client_id AND a.id = f.appointment_id
        WHERE f.client_id = c.id AND app.form_is_due(f.state, f.due_by)
        ORDER BY a.starts_at
        LIMIT 1) AS appointment_id
FROM app.client c
LEFT JOIN LATERAL (
    SELECT x.guardian_id, x.guardian_name
    FROM app.guardians_of(c.id) x
    WHERE app.is_minor(c.id) AND app.guardian_mail(x.guardian_id) IS NOT NULL AND x.birth_date IS NOT NULL
    LIMIT 1) AS g ON true
WHERE c.id = :client_id::uuid;

-- name: client_watch :one
-- Puts a client under watch: each look at her record is a finding of the weekly review.
WITH made AS (INSERT INTO app.client_watch (client_id) SELECT x.id FROM app.client x WHERE x.id = :client_id::uuid ON CONFLICT DO NOTHING)
SELECT c.id AS client_id FROM app.client c WHERE c.id = :client_id::uuid;

-- name: client_unwatch :one
-- Ends that.
WITH gone AS (DELETE FROM app.client_watch w WHERE w.client_id = :client_id::uuid)
SELECT c.id AS client_id FROM app.client c WHERE c.id = :client_id::uuid;
