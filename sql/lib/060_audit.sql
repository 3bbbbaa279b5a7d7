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

-- Events between two instants, newest first; client, staff, refusals narrow them down. Internal.
CREATE OR REPLACE FUNCTION audit.events(from_at timestamptz, to_at timestamptz, client uuid, staff uuid, only_refusals boolean, lim int, off int)
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
        ORDER BY e.at DESC LIMIT how_many OFFSET skip;
    ELSIF staff IS NOT NULL THEN
        RETURN QUERY
        SELECT e.id, e.at, e.actor_kind, e.actor_id, f.name, e.session_id, e.link_id, e.ip, e.agent, e.action,
               e.object_kind, e.object_id, e.client_ids, e.outcome, e.reason, e.request_id
        FROM audit.event e LEFT JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.actor_id
        WHERE e.tenant_id = tenant AND e.actor_id = staff AND e.at >= from_at AND e.at < to_at
        ORDER BY e.at DESC LIMIT how_many OFFSET skip;
    ELSE
        RETURN QUERY
        SELECT e.id, e.at, e.actor_kind, e.actor_id, f.name, e.session_id, e.link_id, e.ip, e.agent, e.action,
               e.object_kind, e.object_id, e.client_ids, e.outcome, e.reason, e.request_id
        FROM audit.event e LEFT JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.actor_id
        WHERE e.tenant_id = tenant AND e.at >= from_at AND e.at < to_at AND (NOT only_refusals OR e.outcome <> 'ok')
        ORDER BY e.at DESC LIMIT how_many OFFSET skip;
    END IF;
END $$;

-- One day of wall time in a zone.
CREATE OR REPLACE FUNCTION audit.by_day(day date, zone text, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM audit.events(day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone, NULL, NULL, false, lim, off) $$;

-- Everything that touched one client.
CREATE OR REPLACE FUNCTION audit.by_client(client uuid, from_day date, to_day date, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM audit.events(coalesce(from_day::timestamptz, '-infinity'), coalesce((to_day + 1)::timestamptz, 'infinity'),
        coalesce(client, '00000000-0000-0000-0000-000000000000'), NULL, false, lim, off)
$$;

-- Everything that one member of staff did.
CREATE OR REPLACE FUNCTION audit.by_staff(staff uuid, from_day date, to_day date, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM audit.events(coalesce(from_day::timestamptz, '-infinity'), coalesce((to_day + 1)::timestamptz, 'infinity'),
        NULL, coalesce(staff, '00000000-0000-0000-0000-000000000000'), false, lim, off)
$$;

-- What was refused or failed.
CREATE OR REPLACE FUNCTION audit.refusals(from_day date, to_day date, lim int DEFAULT 50, off int DEFAULT 0)
RETURNS TABLE (id uuid, at timestamptz, actor_kind text, actor_id uuid, actor_name text, session_id uuid, link_id uuid, ip inet, agent text, action text,
    object_kind text, object_id uuid, client_ids uuid[], outcome text, reason text, request_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM audit.events(coalesce(from_day::timestamptz, '-infinity'), coalesce((to_day + 1)::timestamptz, 'infinity'), NULL, NULL, true, lim, off)
$$;

REVOKE ALL ON FUNCTION audit.readable_tenant(), audit.events(timestamptz, timestamptz, uuid, uuid, boolean, int, int), audit.by_day(date, text, int, int),
    audit.by_client(uuid, date, date, int, int), audit.by_staff(uuid, date, date, int, int), audit.refusals(date, date, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.by_day(date, text, int, int), audit.by_client(uuid, date, date, int, int),
    audit.by_staff(uuid, date, date, int, int), audit.refusals(date, date, int, int) TO foyer_staff;
