-- name: audit_events :page 35
-- What the trail holds of a period, the newest first; a person, a client, an action or only refusals when they are asked for.
SELECT e.id AS event_id, e.at AT TIME ZONE z.zone AS at_local, app.actor_words(e.actor_kind) AS actor_words, CASE WHEN e.actor_name IS NOT NULL THEN e.actor_id END AS actor_id,
       e.actor_name, host(e.ip) AS address, app.action_words(e.action) AS action_words,
       e.outcome <> 'ok' AS is_refused, e.reason, e.request_id, cardinality(e.client_ids) > 0 AS has_clients,
       nullif(greatest(cardinality(e.client_ids) - 3, 0), 0) AS more_clients, e.client_ids[1:3] AS first_clients,
       CASE cardinality(e.client_ids) WHEN 1 THEN 'one client' ELSE cardinality(e.client_ids) || ' clients' END AS client_words,
       row_number() OVER w = 1 OR (e.at AT TIME ZONE z.zone)::date <> lag((e.at AT TIME ZONE z.zone)::date) OVER w AS is_new_day
FROM (SELECT app.zone() AS zone) z,
     audit.look(nullif(:from_day, '')::date, nullif(:to_day, '')::date, z.zone, nullif(:client_id, '')::uuid, nullif(:staff_id, '')::uuid, nullif(:act, ''), :refused = '1',
                :page_limit::int, :page_offset::int) e
WINDOW w AS (ORDER BY e.at DESC, e.id)
ORDER BY e.at DESC, e.id;

-- name: audit_clients :many
-- The first clients of these events, for those who may know their names; and the one whose trail it is, so that one disclosure names all.
SELECT k.event_id, c.id AS client_id, c.name AS client_name
FROM unnest(:event_list::uuid[], :client_list::uuid[]) AS k (event_id, id)
JOIN app.client c ON c.id = k.id
UNION ALL
SELECT NULL, w.id, NULL FROM (SELECT nullif(:client_id, '')::uuid AS id) w WHERE w.id IS NOT NULL;

-- name: audit_period :one
-- The period that is shown: the days asked for, otherwise today (of one client or person, and of refusals: everything); its neighbours.
SELECT coalesce(p.from_day::text, '') AS from_day, coalesce(p.to_day::text, '') AS to_day, app.zone_words(p.zone) AS zone_words,
       (p.from_day - 1)::text AS day_before, (p.from_day + 1)::text AS day_after,
       coalesce(p.from_day = p.to_day, false) AS is_one_day, p.from_day = p.to_day AND p.from_day < p.today AS has_day_after
FROM (SELECT z.zone, z.today, coalesce(q.a, CASE WHEN NOT :is_all::boolean THEN coalesce(q.b, z.today) END) AS from_day,
             coalesce(q.b, CASE WHEN NOT :is_all::boolean THEN z.today END) AS to_day
      FROM (SELECT app.zone() AS zone, (now() AT TIME ZONE app.zone())::date AS today) z,
           LATERAL (SELECT coalesce(nullif(:from, ''), nullif(:day, ''))::date AS a, coalesce(nullif(:to, ''), nullif(:day, ''))::date AS b) q) p;

-- name: audit_people_choice :many
-- Whose acts can be asked for.
SELECT f.id AS choice_id, f.name AS choice_name, f.id = nullif(:staff_id, '')::uuid AS is_chosen
FROM app.staff f
ORDER BY f.name;

-- name: audit_action_choice :many
-- Which actions can be asked for.
SELECT w.action, w.words, w.action = :act AS is_chosen
FROM app.actions() w
ORDER BY w.words;

-- name: audit_kept :one
-- Since when the trail is whole, what was retired of it, and how long it is kept.
SELECT k.first_at AT TIME ZONE app.zone() AS first_local, k.n_sealed AS n_in_tree, k.retired_from, k.retired_to, k.n_retired, k.years, k.is_held
FROM audit.kept() k;

-- name: audit_client_head :one
-- The client whose trail is shown; for an auditor the name stays hidden.
SELECT w.whom, (SELECT c.name FROM app.client c WHERE c.id = w.whom) AS whom_name
FROM (SELECT :client_id::uuid AS whom) w
WHERE EXISTS (SELECT FROM app.client c WHERE c.id = w.whom)
   OR EXISTS (SELECT FROM audit.by_client(w.whom, NULL, NULL, 1, 0));

-- name: audit_staff_head :one
-- The person whose acts are shown.
SELECT f.id AS staff_id, f.name AS staff_name, f.role_names AS staff_roles
FROM app.staff f
WHERE f.id = :staff_id::uuid;

-- name: audit_people :many
-- The people whose acts can be looked at.
SELECT f.id AS staff_id, f.name AS staff_name, f.role_names AS staff_roles
FROM app.staff f
ORDER BY f.name;

-- name: audit_event :one
-- One row of the trail.
SELECT e.id AS event_id, e.at AT TIME ZONE app.zone() AS at_local, app.zone_words(app.zone()) AS zone_words, app.actor_words(e.actor_kind) AS actor_words,
       CASE WHEN e.actor_name IS NOT NULL THEN e.actor_id END AS actor_id, e.actor_name, e.actor_kind, host(e.ip) AS address, e.agent, e.action, app.action_words(e.action) AS action_words,
       e.object_kind, e.object_id, e.outcome, e.outcome <> 'ok' AS is_refused, e.reason, e.request_id, e.idx, e.session_id, e.link_id,
       cardinality(e.client_ids) AS n_clients
FROM audit.one(:event_id::uuid) e;

-- name: audit_event_clients :many
-- Whom the row names; for an auditor the names stay hidden.
SELECT k.id AS client_id, (SELECT c.name FROM app.client c WHERE c.id = k.id) AS client_name
FROM audit.one(:event_id::uuid) e, unnest(e.client_ids) AS k (id)
LIMIT 200;

-- name: audit_event_row :maybe
-- The row as the texts that were sealed, and its place; none when it waits to be sealed.
SELECT r.tenant_id, r.at, r.id, r.xid, r.actor_kind, r.actor_id, r.session_id, r.link_id, r.ip, r.agent, r.action, r.object_kind, r.object_id,
       r.client_ids, r.fields, r.outcome, r.reason, r.request_id, r.idx
FROM audit.proof_row(:event_id::uuid) r;

-- name: audit_proof_head :maybe
-- The newest signed head of the business's tree.
SELECT h.tenant_id, h.size, h.root, h.signed_at, h.key_id, h.signature
FROM audit.proof_head() h;

-- name: audit_proof_leaves :one
-- Hashes of leaves, one behind the other, from a place on.
SELECT audit.proof_leaves(:first_leaf::bigint, :most_leaves::int) AS hashes;
