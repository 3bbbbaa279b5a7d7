-- 064_proof: what a proof that a row was sealed is made of, for the page of one row and for copies of the trail. Owner:
-- foyer_seal_owner, to whom no policy applies; so each function names the tenant itself. Hashes are made by the program.

SET LOCAL ROLE foyer_seal_owner;

-- The tenant whose tree may be read: by a job of hers, or by somebody who may read the trail. Internal.
CREATE OR REPLACE FUNCTION audit.proof_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.tenant() IS NOT NULL AND app.actor_kind() = 'job' THEN
        RETURN app.tenant();
    END IF;
    RETURN audit.readable_tenant();
END $$;

-- The newest signed head.
CREATE OR REPLACE FUNCTION audit.proof_head() RETURNS TABLE (tenant_id text, size bigint, root text, signed_at text, key_id text, signature text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT h.tenant_id::text, h.size, encode(h.root, 'hex'), to_char(h.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.key_id,
           encode(h.signature, 'hex')
    FROM audit.tree_head h WHERE h.tenant_id = audit.proof_tenant() ORDER BY h.size DESC LIMIT 1
$$;

-- The hashes of leaves from an index on, one behind the other.
CREATE OR REPLACE FUNCTION audit.proof_leaves(first bigint, most int) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(string_agg(l.hash, ''::bytea ORDER BY l.idx), '')
    FROM audit.leaf l WHERE l.tenant_id = audit.proof_tenant() AND l.idx >= first AND l.idx < first + least(most, 100000)
$$;

-- One row as the texts that were sealed, and its place in the tree; no row while it waits for the sealer.
CREATE OR REPLACE FUNCTION audit.proof_row(event uuid)
RETURNS TABLE (tenant_id text, at text, id text, xid text, actor_kind text, actor_id text, session_id text, link_id text, ip text, agent text,
    action text, object_kind text, object_id text, client_ids text, fields text, outcome text, reason text, request_id text, idx bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.*, l.idx
    FROM (SELECT audit.proof_tenant() AS tenant) t
    JOIN audit.leaf l ON l.tenant_id = t.tenant AND l.id = event
    JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.at = l.at AND e.id = l.id,
    LATERAL audit.seal_fields(e.tenant_id, e.at, e.id, e.xid, e.actor_kind, e.actor_id, e.session_id, e.link_id, e.ip, e.agent, e.action,
        e.object_kind, e.object_id, e.client_ids, e.fields, e.outcome, e.reason, e.request_id) AS f
$$;

-- Rows of a copy that was asked for, as they were sealed, in the order of the tree, from behind an index on and before a size; with
-- what people read of them. For the job that makes it.
CREATE OR REPLACE FUNCTION audit.export_rows(export uuid, after_idx bigint, before_idx bigint, most int)
RETURNS TABLE (tenant_id text, at text, id text, xid text, actor_kind text, actor_id text, session_id text, link_id text, ip text, agent text,
    action text, object_kind text, object_id text, client_ids text, fields text, outcome text, reason text, request_id text,
    idx bigint, at_local text, actor_name text, action_words text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    x app.trail_export;
    place text;
BEGIN
    IF app.actor_kind() <> 'job' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT * INTO x FROM app.trail_export q WHERE q.tenant_id = app.tenant() AND q.id = export AND q.state = 'waiting';
    SELECT t.zone INTO place FROM app.tenant t WHERE t.id = x.tenant_id;
    RETURN QUERY
    SELECT f.*, m.idx, to_char(m.at AT TIME ZONE place, 'YYYY-MM-DD HH24:MI:SS'), s.name, app.action_words(m.action)
    FROM (
        SELECT e.*, l.idx
        FROM audit.export_match(x.tenant_id, x.from_day::timestamp AT TIME ZONE place, least((x.to_day + 1)::timestamp AT TIME ZONE place, x.asked_at),
                                x.client_id, x.staff_id, x.act, x.refused) AS k
        JOIN audit.leaf l ON l.tenant_id = x.tenant_id AND l.id = k.id AND l.at = k.at
        JOIN audit.event e ON e.tenant_id = x.tenant_id AND e.at = k.at AND e.id = k.id
        WHERE l.idx > after_idx AND l.idx < before_idx
        ORDER BY l.idx LIMIT most) AS m
    CROSS JOIN LATERAL audit.seal_fields(m.tenant_id, m.at, m.id, m.xid, m.actor_kind, m.actor_id, m.session_id, m.link_id, m.ip, m.agent, m.action,
        m.object_kind, m.object_id, m.client_ids, m.fields, m.outcome, m.reason, m.request_id) AS f
    LEFT JOIN app.staff s ON s.tenant_id = x.tenant_id AND s.id = m.actor_id
    ORDER BY m.idx;
END $$;

-- Rows between two instants that a filter takes (NULL: any). Internal.
CREATE OR REPLACE FUNCTION audit.export_match(tenant uuid, from_at timestamptz, to_at timestamptz, client uuid, staff uuid, act text, only_refused boolean)
RETURNS TABLE (id uuid, at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT q.id, q.at FROM (
        SELECT e.* FROM audit.event e WHERE client IS NULL AND e.tenant_id = tenant AND e.at >= from_at AND e.at < to_at
        UNION ALL
        SELECT e.* FROM audit.event e WHERE e.tenant_id = tenant AND e.client_id = client AND e.at >= from_at AND e.at < to_at
        UNION ALL
        SELECT e.* FROM audit.event e WHERE e.tenant_id = tenant AND e.client_ids @> ARRAY[client] AND cardinality(e.client_ids) > 1
            AND e.at >= from_at AND e.at < to_at) AS q
    WHERE (staff IS NULL OR q.actor_id = staff) AND (act IS NULL OR q.action = act) AND (NOT only_refused OR q.outcome <> 'ok')
$$;

-- How many rows a copy would hold: FY422 past the limit, or when the period is none.
CREATE OR REPLACE FUNCTION audit.export_count(from_day date, to_day date, client uuid, staff uuid, act text, only_refused boolean, most int) RETURNS int
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := audit.proof_tenant();
    place text := (SELECT t.zone FROM app.tenant t WHERE t.id = tenant);
    n int;
BEGIN
    IF to_day < from_day THEN
        RAISE EXCEPTION 'This day lies before the first one.' USING ERRCODE = 'FY422', COLUMN = 'to';
    END IF;
    SELECT count(*) INTO n FROM (
        SELECT FROM audit.export_match(tenant, from_day::timestamp AT TIME ZONE place, (to_day + 1)::timestamp AT TIME ZONE place, client, staff, act, only_refused)
        LIMIT most + 1) AS x;
    IF n > most THEN
        RAISE EXCEPTION 'This is more than % rows. Choose fewer days, one person or one client, and make several copies.', to_char(most, 'FM999,999')
            USING ERRCODE = 'FY422', COLUMN = 'from';
    END IF;
    RETURN n;
END $$;

-- Whether rows of a copy still wait to be sealed under this size. For its job.
CREATE OR REPLACE FUNCTION audit.export_waits(export uuid, size bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    x app.trail_export;
    place text;
BEGIN
    SELECT * INTO x FROM app.trail_export q WHERE q.tenant_id = app.tenant() AND q.id = export AND app.actor_kind() = 'job';
    SELECT t.zone INTO place FROM app.tenant t WHERE t.id = x.tenant_id;
    RETURN EXISTS (
        SELECT FROM audit.export_match(x.tenant_id, x.from_day::timestamp AT TIME ZONE place, least((x.to_day + 1)::timestamp AT TIME ZONE place, x.asked_at),
                                       x.client_id, x.staff_id, x.act, x.refused) AS k
        LEFT JOIN audit.leaf l ON l.tenant_id = x.tenant_id AND l.id = k.id AND l.at = k.at
        WHERE l.idx IS NULL OR l.idx >= size);
END $$;

REVOKE ALL ON FUNCTION audit.export_rows(uuid, bigint, bigint, int), audit.export_match(uuid, timestamptz, timestamptz, uuid, uuid, text, boolean),
    audit.export_count(date, date, uuid, uuid, text, boolean, int), audit.export_waits(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.export_rows(uuid, bigint, bigint, int), audit.export_waits(uuid, bigint) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION audit.export_count(date, date, uuid, uuid, text, boolean, int) TO foyer_staff;
REVOKE ALL ON FUNCTION audit.proof_tenant(), audit.proof_head(), audit.proof_leaves(bigint, int), audit.proof_row(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.proof_head(), audit.proof_leaves(bigint, int) TO foyer_staff, foyer_jobs;
GRANT EXECUTE ON FUNCTION audit.proof_row(uuid) TO foyer_staff;

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- The row of the trail that says what was copied: the words name days, a person and how many rows, the client stands as one.
CREATE OR REPLACE FUNCTION sec.trail_exported(export uuid, words text, client uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT app.may('audit_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM sec.note('audit.export', 'ok', words, CASE WHEN client IS NULL THEN '{}' ELSE ARRAY[client] END, 'trail_export', export);
END $$;
REVOKE ALL ON FUNCTION sec.trail_exported(uuid, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.trail_exported(uuid, text, uuid) TO foyer_staff;
