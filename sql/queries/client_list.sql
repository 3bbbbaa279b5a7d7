-- name: client_list_export :many
-- Clients for a file, all or those with a tag: who they are, who answers for them, how they are reached and what may be sent to them, as far as
-- the reader's roles show it. Of records that are joined, the one that stays, with their tags and what may be sent; further numbers and guardians of its own. part: the so many-th fifty thousand.
SELECT c.id AS client_id, c.name, c.preferred_name, c.pronouns, k.phone, k.email, to_char(c.birth_date, 'YYYY-MM-DD') AS birth_date, to_char(c.due_date, 'YYYY-MM-DD') AS due_date,
       c.street, c.city, c.region, c.postal_code, c.country,
       (SELECT string_agg(t.name, ', ' ORDER BY t.name_norm) FROM app.tag t
        WHERE EXISTS (SELECT FROM app.client_tag x WHERE x.client_id = ANY (c.ids) AND x.tag_id = t.id)) AS tags,
       to_char(c.created_at AT TIME ZONE app.zone(), 'YYYY-MM-DD') AS client_since,
       (SELECT string_agg(x.value, ', ' ORDER BY x.created_at, x.id) FROM app.client_contact x WHERE x.client_id = c.id AND x.kind = 'phone') AS further_phones,
       (SELECT string_agg(x.value, ', ' ORDER BY x.created_at, x.id) FROM app.client_contact x WHERE x.client_id = c.id AND x.kind = 'email') AS further_emails,
       c.emergency_contact_name, c.emergency_contact_relation, app.emergency_phone(c.id) AS emergency_contact_phone,
       (SELECT string_agg(concat_ws(', ', g.name, replace(g.relation, '_', ' '), to_char(g.birth_date, 'YYYY-MM-DD'), y.phone, y.email, CASE WHEN g.may_sign THEN 'may sign' END), '; ' ORDER BY g.created_at, g.id)
        FROM app.client_guardian g CROSS JOIN LATERAL app.guardian_contact(g.id) AS y WHERE g.client_id = c.id AND g.ended_at IS NULL) AS guardians,
       (SELECT string_agg(app.messaging_words(m.purpose) || ' by ' || lower(app.channel_words(m.channel)) || ': ' || CASE WHEN m.is_given THEN 'yes' ELSE 'no' END, '; ' ORDER BY m.purpose, m.channel)
        FROM (SELECT DISTINCT ON (s.purpose, s.channel) s.purpose, s.channel, s.is_given FROM app.messaging_consent s WHERE s.client_id = ANY (c.ids) ORDER BY s.purpose, s.channel, s.at DESC, s.id DESC) AS m) AS messages,
       c.preferred_language, c.preferred_way, c.best_time
FROM (SELECT o.*, app.record_ids(o.id) AS ids
      FROM (SELECT c.id, c.name, c.preferred_name, c.pronouns, c.birth_date, c.due_date, c.street, c.city, c.region, c.postal_code, c.country, c.created_at, c.emergency_contact_name, c.emergency_contact_relation, c.name_norm,
             c.preferred_language, c.preferred_way, c.best_time
            FROM app.client c
            WHERE c.is_active AND NOT EXISTS (SELECT FROM app.client_merged m WHERE m.client_id = c.id AND m.undone_at IS NULL)
              AND (:tag::uuid IS NULL OR EXISTS (SELECT FROM app.client_tag x WHERE x.client_id = ANY (app.record_ids(c.id)) AND x.tag_id = :tag::uuid))
            ORDER BY c.name_norm, c.id
            OFFSET CASE WHEN :part ~ '^[1-9][0-9]{0,2}$' THEN (:part::int - 1) * 50000 ELSE 0 END
            LIMIT CASE WHEN :part ~ '^[1-9][0-9]{0,2}$' THEN 50000 ELSE 50001 END) AS o) AS c
CROSS JOIN LATERAL app.contact(c.id) AS k
ORDER BY c.name_norm, c.id;

-- name: client_list_part :many
-- The files of that list, of fifty thousand clients each.
-- clients: none
SELECT p.n AS part, (p.n - 1) * 50000 + 1 AS first_row, least(p.n * 50000, k.total)::int AS last_row, k.total > 50000 AS is_one_of_several, coalesce(:tag::uuid::text, '') AS tag_chosen
FROM app.client_list_total(:tag::uuid) AS k (total)
CROSS JOIN LATERAL generate_series(1, ((k.total + 49999) / 50000)::int) AS p (n)
ORDER BY p.n;
