-- 060_audit: reading the trail. Owner: foyer_audit_reader, to whom no policy applies, for only so can the index on clients be
-- used; therefore each function names the tenant itself, and asks for the permission.

SET LOCAL ROLE foyer_audit_reader;

-- The tenant whose trail the actor may read. Internal.
CREATE OR REPLACE FUNCTION audit.readable_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.tenant() IS NULL OR app.actor_kind() <> 'staff' OR NOT app.may('audit_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN app.tenant();
END $$;

-- Events between two instants, newest first; client, staff, an action, refusals narrow them down. Internal.
DROP FUNCTION IF EXISTS audit.events(timestamptz, timestamptz, uuid, uuid, boolean, int, int);
CREATE OR REPLACE FUNCTION audit.events(from_at timestamptz, to_at timestamptz, client uuid, staff uuid, act text, only_refusals boolean, lim int, off int)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := audit.readable_tenant();
    how_many int := least(greatest(coalesce(lim, 50), 0), 1000);
    skip int := greatest(coalesce(off, 0), 0);
BEGIN
    IF client IS NOT NULL THEN
        RETURN QUERY
        SELECT e.id, e.at, e.actor_kind, e.actor_id, f.name, e.session_id, e.link_id, e.ip, e.agent, e.action,
               e.object_kind, e.object_id, e.client_ids, e.outcome, e.reason, e.request_id
        FROM (
            SELECT one.* FROM audit.event one
            WHERE one.tenant_id = tenant AND one.client_id = client AND one.at >= from_at AND one.at < to_at
            UNION ALL
            SELECT many.* FROM audit.event many
            WHERE many.tenant_id = tenant AND many.client_ids @> ARRAY[client] AND cardinality(many.client_ids) > 1
              AND many.at >= from_at AND many.at < to_at
        ) AS e
        LEFT JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.actor_id
        WHERE (staff IS NULL OR e.actor_id = staff) AND (act IS NULL OR e.action = act) AND (NOT only_refusals OR e.outcome <> 'ok')
        ORDER BY e.at DESC, e.id LIMIT how_many OFFSET skip;
    ELSIF staff IS NOT NULL THEN
        RETURN QUERY
        SELECT e.id, e.at, e.actor_kind, e.actor_id, f.name, e.session_id, e.link_id, e.ip, e.agent, e.action,
               e.object_kind, e.object_id, e.client_ids, e.outcome, e.reason, e.request_id
        FROM audit.event e LEFT JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.actor_id
        WHERE e.tenant_id = tenant AND e.actor_id = staff AND e.at >= from_at AND e.at < to_at
          AND (act IS NULL OR e.action = act) AND (NOT only_refusals OR e.outcome <> 'ok')
        ORDER BY e.at DESC, e.id LIMIT how_many OFFSET skip;
    ELSE
        RETURN QUERY
        SELECT e.id, e.at, e.actor_kind, e.actor_id, f.name, e.session_id, e.link_id, e.ip, e.agent, e.action,
               e.object_kind, e.object_id, e.client_ids, e.outcome, e.reason, e.request_id
        FROM audit.event e LEFT JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.actor_id
        WHERE e.tenant_id = tenant AND e.at >= from_at AND e.at < to_at
          AND (act IS NULL OR e.action = act) AND (NOT only_refusals OR e.outcome <> 'ok')
        ORDER BY e.at DESC, e.id LIMIT how_many OFFSET skip;
    END IF;
END $$;

-- What the pages of the trail ask: days of wall time in a zone, both included (NULL: without an end on that side), and what
-- narrows them down (NULL: nothing).
CREATE OR REPLACE FUNCTION audit.look(from_day date, to_day date, zone text, client uuid, staff uuid, act text, only_refusals boolean, lim int, off int)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM audit.events(coalesce(from_day::timestamp AT TIME ZONE zone, '-infinity'), coalesce((to_day + 1)::timestamp AT TIME ZONE zone, 'infinity'),
        client, staff, act, coalesce(only_refusals, false), lim, off)
$$;

-- One row of the trail, and where it was sealed (idx NULL: not yet).
CREATE OR REPLACE FUNCTION audit.one(event uuid)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid, idx bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := audit.readable_tenant();
    l record;
BEGIN
    -- Sealed, it is found by its leaf; one that waits is a few seconds old.
    SELECT x.at, x.idx INTO l FROM audit.leaf x WHERE x.tenant_id = tenant AND x.id = event;
    RETURN QUERY
    SELECT e.id, e.at, e.actor_kind, e.actor_id, f.name, e.session_id, e.link_id, e.ip, e.agent, e.action,                e.object_kind, e.object_id, e.client_ids, e.outcome, e.reason, e.request_id, l.idx
    FROM audit.event e LEFT JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.actor_id
    WHERE e.tenant_id = tenant AND e.id = event AND CASE WHEN l.at IS NULL THEN e.at > now() - interval '1 day' ELSE e.at = l.at END;
END $$;

-- Since when the trail is whole, what was retired of it by right, and how long it is kept.
CREATE OR REPLACE FUNCTION audit.kept()
RETURNS TABLE (first_at timestamptz, n_sealed bigint, retired_from date, retired_to date, n_retired bigint, years int, is_held boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := audit.readable_tenant();
BEGIN
    RETURN QUERY
    SELECT (SELECT e.at FROM audit.event e WHERE e.tenant_id = tenant ORDER BY e.at LIMIT 1),
           coalesce((SELECT l.idx + 1 FROM audit.leaf l WHERE l.tenant_id = tenant ORDER BY l.idx DESC LIMIT 1), 0),
           r.first, r.last, coalesce(r.n, 0), coalesce(k.years, 6), k.held_because IS NOT NULL
    FROM (SELECT min(x.month) AS first, max(x.month) AS last, sum(x.leaves)::bigint AS n FROM audit.retired x WHERE x.tenant_id = tenant) AS r
    LEFT JOIN audit.retention k ON k.tenant_id = tenant;
END $$;

-- One day of wall time in a zone.
CREATE OR REPLACE FUNCTION audit.by_day(day date, zone text, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM audit.events(day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone, NULL, NULL, NULL, false, lim, off) $$;

-- Everything that touched one client.
CREATE OR REPLACE FUNCTION audit.by_client(client uuid, from_day date, to_day date, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM audit.events(coalesce(from_day::timestamptz, '-infinity'), coalesce((to_day + 1)::timestamptz, 'infinity'),
        coalesce(client, '00000000-0000-0000-0000-000000000000'), NULL, NULL, false, lim, off)
$$;

-- Everything that one member of staff did.
CREATE OR REPLACE FUNCTION audit.by_staff(staff uuid, from_day date, to_day date, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM audit.events(coalesce(from_day::timestamptz, '-infinity'), coalesce((to_day + 1)::timestamptz, 'infinity'),
        NULL, coalesce(staff, '00000000-0000-0000-0000-000000000000'), NULL, false, lim, off)
$$;

-- What was refused or failed.
CREATE OR REPLACE FUNCTION audit.refusals(from_day date, to_day date, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM audit.events(coalesce(from_day::timestamptz, '-infinity'), coalesce((to_day + 1)::timestamptz, 'infinity'), NULL, NULL, NULL, true, lim, off)
$$;

REVOKE ALL ON FUNCTION audit.readable_tenant(), audit.events(timestamptz, timestamptz, uuid, uuid, text, boolean, int, int), audit.look(date, date, text, uuid, uuid, text, boolean, int, int),
    audit.one(uuid), audit.kept(), audit.by_day(date, text, int, int),
    audit.by_client(uuid, date, date, int, int), audit.by_staff(uuid, date, date, int, int), audit.refusals(date, date, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.look(date, date, text, uuid, uuid, text, boolean, int, int), audit.one(uuid), audit.kept(), audit.by_day(date, text, int, int), audit.by_client(uuid, date, date, int, int),
    audit.by_staff(uuid, date, date, int, int), audit.refusals(date, date, int, int) TO foyer_staff;
GRANT EXECUTE ON FUNCTION audit.readable_tenant() TO foyer_seal_owner;
