-- name: client_list_export :many
-- Clients for a file, all or those with a tag: who they are, who answers for them, how they are reached and what may be sent to them, as far as
-- the reader's roles show it; written as app.client_import_judge reads it. Of records that are joined, the one that stays, with what the others
-- say; a row for each of these names it for the trail (is_joined) and stands in no file. part: the so many-th ten thousand.
-- (Which records are hers is found out once for each, and what is kept of each record is looked for by its id: OFFSET 0. Left to the planner, all
-- rows of the business were read for each client.)
WITH l AS MATERIALIZED (
    SELECT o.id, app.record_ids(o.id) AS ids
    FROM (SELECT f.id FROM app.clients_listed(:tag::uuid) AS f
          ORDER BY f.name_norm, f.id
          OFFSET CASE WHEN :part ~ '^[1-9][0-9]{0,2}$' THEN (:part::int - 1) * 10000 ELSE 0 END
          LIMIT CASE WHEN :part ~ '^[1-9][0-9]{0,2}$' THEN 10000 ELSE 10001 END) AS o
), k AS MATERIALIZED (
    SELECT x.of_client, x.phone, x.email, x.emergency_phone FROM app.contacts(ARRAY(SELECT l.id FROM l)) AS x
)
SELECT r.id AS client_id, r.id <> c.id AS is_joined, c.name, c.preferred_name, c.pronouns, k.phone, k.email, to_char(c.birth_date, 'YYYY-MM-DD') AS birth_date, to_char(c.due_date, 'YYYY-MM-DD') AS due_date,
       c.street, c.city, c.region, c.postal_code, c.country,
       (SELECT string_agg(app.import_listed(t.name), ', ' ORDER BY t.name_norm)
        FROM (SELECT DISTINCT x.tag_id FROM unnest(l.ids) AS j (id) CROSS JOIN LATERAL (SELECT y.tag_id FROM app.client_tag y WHERE y.client_id = j.id OFFSET 0) AS x) AS u
        JOIN app.tag t ON t.id = u.tag_id) AS tags,
       to_char(c.created_at AT TIME ZONE app.zone(), 'YYYY-MM-DD') AS client_since,
       w.further_phones, w.further_emails,
       c.emergency_contact_name, c.emergency_contact_relation, k.emergency_phone AS emergency_contact_phone,
       (SELECT string_agg(q.words, '; ' ORDER BY q.place, q.words)
        FROM (SELECT concat_ws(', ', app.import_listed(g.name), replace(g.relation, '_', ' '), to_char(g.birth_date, 'YYYY-MM-DD'), y.phone, y.email, CASE WHEN g.may_sign THEN 'may sign' END) AS words,
                     min(j.n * 1000 + g.row_number) AS place
              FROM unnest(l.ids) WITH ORDINALITY AS j (id, n)
              CROSS JOIN LATERAL (SELECT x.id, x.name, x.relation, x.birth_date, x.may_sign, row_number() OVER (ORDER BY x.created_at, x.id)
                                  FROM app.client_guardian x WHERE x.client_id = j.id AND x.ended_at IS NULL OFFSET 0) AS g
              CROSS JOIN LATERAL app.guardian_contact(g.id) AS y GROUP BY 1) AS q) AS guardians,
       (SELECT string_agg(app.messaging_words(m.purpose) || ' by ' || lower(app.channel_words(m.channel)) || ': ' || CASE WHEN m.is_given THEN 'yes' ELSE 'no' END, '; ' ORDER BY m.purpose, m.channel)
        FROM (SELECT DISTINCT ON (s.purpose, s.channel) s.purpose, s.channel, s.is_given
              FROM unnest(l.ids) AS j (id) CROSS JOIN LATERAL (SELECT x.id, x.purpose, x.channel, x.is_given, x.at FROM app.messaging_consent x WHERE x.client_id = j.id OFFSET 0) AS s
              ORDER BY s.purpose, s.channel, s.at DESC, s.id DESC) AS m) AS messages,
       c.preferred_language, c.preferred_way, c.best_time
FROM l
JOIN app.client c ON c.id = l.id
CROSS JOIN LATERAL unnest(l.ids) AS r (id)
JOIN k ON k.of_client = c.id
CROSS JOIN LATERAL (
    SELECT string_agg(v.value, ', ' ORDER BY v.rank, v.at, v.value) FILTER (WHERE v.is_phone AND v.value IS DISTINCT FROM k.phone) AS further_phones,
           string_agg(v.value, ', ' ORDER BY v.rank, v.at, v.value) FILTER (WHERE NOT v.is_phone AND v.value IS DISTINCT FROM k.email) AS further_emails
    FROM (SELECT u.is_phone, u.value, min(u.rank) AS rank, min(u.at) AS at
          FROM (SELECT x.kind = 'phone' AS is_phone, x.value, CASE WHEN j.id = c.id THEN 1 ELSE 2 END AS rank, x.created_at AS at
                FROM unnest(l.ids) AS j (id) CROSS JOIN LATERAL (SELECT y.kind, y.value, y.created_at FROM app.client_contact y WHERE y.client_id = j.id OFFSET 0) AS x
                UNION ALL
                SELECT p.is_phone, p.value, 3, NULL
                FROM unnest(l.ids) AS j (id) CROSS JOIN LATERAL app.contact(j.id) AS y CROSS JOIN LATERAL (VALUES (true, y.phone), (false, y.email)) AS p (is_phone, value)
                WHERE j.id <> c.id AND p.value <> '') AS u
          GROUP BY 1, 2) AS v) AS w
ORDER BY c.name_norm, c.id;

-- name: client_list_part :many
-- The files of that list, of ten thousand clients each.
-- clients: none
SELECT p.n AS part, (p.n - 1) * 10000 + 1 AS first_row, least(p.n * 10000, k.total)::int AS last_row, k.total > 10000 AS is_one_of_several, coalesce(:tag::uuid::text, '') AS tag_chosen
FROM (SELECT count(*) AS total FROM app.clients_listed(:tag::uuid)) AS k
CROSS JOIN LATERAL generate_series(1, ((k.total + 9999) / 10000)::int) AS p (n)
ORDER BY p.n;
