-- name: access_person :many
-- Who works here, with what they have to prove, and when they last came in and last saw a client.
SELECT f.id AS staff_id,
       f.name,
       f.title,
       NOT f.is_active AS is_ended,
       f.has_mfa,
       f.needs_mfa AND NOT f.has_mfa AS lacks_mfa,
       u.login_at AT TIME ZONE app.zone() AS login_local,
       u.client_at AT TIME ZONE app.zone() AS client_local
FROM app.staff f
LEFT JOIN audit.last_seen() AS u ON u.staff_id = f.id
WHERE NOT f.is_support -- she stands on /support, with what was granted and its end
ORDER BY NOT f.is_active, f.name;

-- name: access_role :many
-- Which roles each of them holds, where, and since when.
SELECT sr.staff_id, r.name AS role, coalesce(l.name, 'everywhere') AS where_words,
       (sr.given_at AT TIME ZONE app.zone())::date AS since, g.name AS given_by
FROM app.staff_role sr
JOIN app.role r ON r.id = sr.role_id
LEFT JOIN app.location l ON l.id = sr.location_id
LEFT JOIN app.staff g ON g.id = sr.given_by
ORDER BY r.name, l.name;

-- name: access_right :many
-- What each of them may do by their roles, how far, and when they last did, in the last three months.
SELECT q.staff_id, q.words, q.reach_words, (u.used_at AT TIME ZONE app.zone())::date AS used_on
FROM (
    SELECT sr.staff_id, rp.permission, upper(left(p.meaning, 1)) || substr(p.meaning, 2) AS words, p.position,
           string_agg(DISTINCT CASE WHEN p.reach = 'emergency' THEN 'with a reason'
                           WHEN rp.scope = 'own' THEN 'own' || coalesce(', ' || l.name, '')
                           WHEN l.name IS NOT NULL THEN l.name
                           WHEN rp.scope = 'location' THEN 'each place'
                           ELSE 'whole business' END, '; ') AS reach_words
    FROM app.staff_role sr
    JOIN app.role_permission rp ON rp.role_id = sr.role_id
    JOIN app.permission p ON p.name = rp.permission
    LEFT JOIN app.location l ON l.id = sr.location_id
    WHERE p.reach <> 'business' OR sr.location_id IS NULL
    GROUP BY sr.staff_id, rp.permission, p.meaning, p.position
) AS q
LEFT JOIN audit.last_uses() AS u ON u.staff_id = q.staff_id AND u.permission = q.permission
ORDER BY q.staff_id, q.position;

-- name: access_review_state :one
-- When it was last signed off, and whether it is time: a quarter has 92 days. A business that is younger has time until then.
SELECT x.at AT TIME ZONE app.zone() AS signed_local,
       x.signer,
       x.note,
       ((coalesce(x.at, t.created_at) + interval '92 days') AT TIME ZONE app.zone())::date AS due_on,
       coalesce(x.at, t.created_at) < now() - interval '92 days' AS is_overdue,
       (SELECT count(*) FROM app.staff f WHERE f.is_active AND NOT f.is_support)::int AS people
FROM app.tenant t
LEFT JOIN LATERAL (SELECT a.at, f.name AS signer, a.note FROM app.access_review a JOIN app.staff f ON f.id = a.signed_by
                   ORDER BY a.at DESC LIMIT 1) AS x ON true;

-- name: access_signed :many
-- The sign-offs before, the newest first.
SELECT a.at AT TIME ZONE app.zone() AS signed_local, f.name AS signer, a.people, a.note
FROM app.access_review a
JOIN app.staff f ON f.id = a.signed_by
ORDER BY a.at DESC
LIMIT 12;

-- name: access_sign :exec
-- Signs that these accesses are right.
INSERT INTO app.access_review (people, note)
SELECT (SELECT count(*) FROM app.staff f WHERE f.is_active AND NOT f.is_support), coalesce(btrim(:note), '');

-- name: access_export :many
-- The same as one row for each person and right, for a file.
SELECT f.name, f.email, CASE WHEN f.is_active THEN 'active' ELSE 'ended' END AS state,
       CASE WHEN f.has_mfa THEN 'yes' WHEN f.needs_mfa THEN 'missing' ELSE 'no' END AS second_factor,
       to_char(u.login_at AT TIME ZONE z.zone, 'YYYY-MM-DD HH24:MI') AS last_login,
       to_char(u.client_at AT TIME ZONE z.zone, 'YYYY-MM-DD HH24:MI') AS last_client,
       r.name AS role, coalesce(l.name, 'everywhere') AS place, to_char(sr.given_at AT TIME ZONE z.zone, 'YYYY-MM-DD') AS since,
       p.meaning AS may_do, CASE WHEN p.reach <> 'client' THEN '' WHEN rp.scope = 'own' THEN 'own' WHEN rp.scope = 'location' OR l.name IS NOT NULL THEN 'place' ELSE 'whole business' END AS reach,
       to_char(w.used_at AT TIME ZONE z.zone, 'YYYY-MM-DD') AS last_used
FROM app.staff f
CROSS JOIN (SELECT app.zone() AS zone) AS z
LEFT JOIN audit.last_seen() AS u ON u.staff_id = f.id
LEFT JOIN app.staff_role sr ON sr.staff_id = f.id
LEFT JOIN app.role r ON r.id = sr.role_id
LEFT JOIN app.location l ON l.id = sr.location_id
LEFT JOIN app.role_permission rp ON rp.role_id = r.id
LEFT JOIN app.permission p ON p.name = rp.permission AND (p.reach <> 'business' OR sr.location_id IS NULL)
LEFT JOIN audit.last_uses() AS w ON w.staff_id = f.id AND w.permission = p.name
WHERE NOT f.is_support AND (rp.permission IS NULL OR p.name IS NOT NULL)
ORDER BY f.name, r.name, l.name, p.position;
