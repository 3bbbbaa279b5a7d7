-- 061_seal: sealing the trail and reading what was sealed, for foyer_sealer alone. Owner: foyer_seal_owner, to whom no
-- policy applies. Hashes and signatures are made by the program (cgi-src/features/seal.c), never here.

SET LOCAL ROLE foyer_seal_owner;

-- A row as the texts that are hashed, in their order for ever; no setting of a session changes them. Internal.
CREATE OR REPLACE FUNCTION audit.seal_fields(tenant uuid, made timestamptz, event uuid, tx xid8, kind text, actor uuid, sess uuid, link uuid, address inet,
    browser text, act text, obj_kind text, obj uuid, clients uuid[], names text[], result text, why text, request uuid)
RETURNS TABLE (tenant_id text, at text, id text, xid text, actor_kind text, actor_id text, session_id text, link_id text, ip text, agent text,
    action text, object_kind text, object_id text, client_ids text, fields text, outcome text, reason text, request_id text)
LANGUAGE sql STABLE
AS $$
    SELECT tenant::text, to_char(made AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), event::text, tx::text, kind, actor::text,
           sess::text, link::text, address::text, browser, act, obj_kind, obj::text, clients::text, names::text, result, why, request::text
$$;

-- The cluster's own number. Internal.
CREATE OR REPLACE FUNCTION audit.seal_cluster() RETURNS bigint
LANGUAGE sql STABLE
AS $$ SELECT system_identifier FROM pg_control_system() $$;

-- The next rows to seal, by tenant and in order, and the watermark moved behind them; the rest of the transaction must
-- put their leaves. Nothing when another sealer is at work. Tenants that stand still (audit.seal_trouble) are left out. Only rows are taken before which no transaction is open, so
-- none comes late; that a row has no leaf yet is asked as well, so none comes twice.
CREATE OR REPLACE FUNCTION audit.seal_take(most int)
RETURNS TABLE (tenant_id text, at text, id text, xid text, actor_kind text, actor_id text, session_id text, link_id text, ip text, agent text,
    action text, object_kind text, object_id text, client_ids text, fields text, outcome text, reason text, request_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    state audit.seal_state;
    edge xid8;
    latest xid8;
    taken bigint;
BEGIN
    SELECT * INTO state FROM audit.seal_state FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    edge := pg_snapshot_xmin(pg_current_snapshot());
    latest := pg_snapshot_xmax(pg_current_snapshot());
    IF state.system_identifier = audit.seal_cluster() THEN
        RETURN QUERY
        SELECT f.* FROM (
            SELECT e.* FROM audit.event e
            WHERE e.xid >= state.watermark AND e.xid < edge
              AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at)
              AND NOT EXISTS (SELECT FROM audit.seal_trouble t WHERE t.tenant_id = e.tenant_id)
            ORDER BY e.xid, e.tenant_id, e.at, e.id LIMIT most) AS b, LATERAL audit.seal_fields(b.tenant_id, b.at, b.id, b.xid, b.actor_kind, b.actor_id, b.session_id, b.link_id, b.ip, b.agent, b.action,
            b.object_kind, b.object_id, b.client_ids, b.fields, b.outcome, b.reason, b.request_id) AS f
        ORDER BY b.tenant_id, b.xid, b.at, b.id;
    ELSE
        RETURN QUERY
        SELECT f.* FROM (
            SELECT e.* FROM audit.event e
            WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at)
              AND NOT EXISTS (SELECT FROM audit.seal_trouble t WHERE t.tenant_id = e.tenant_id)
            ORDER BY e.tenant_id, e.at, e.id LIMIT most) AS b, LATERAL audit.seal_fields(b.tenant_id, b.at, b.id, b.xid, b.actor_kind, b.actor_id, b.session_id, b.link_id, b.ip, b.agent, b.action,
            b.object_kind, b.object_id, b.client_ids, b.fields, b.outcome, b.reason, b.request_id) AS f
        ORDER BY b.tenant_id, b.at, b.id;
    END IF;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken < most THEN
        -- All rows before sealed_at are sealed: rows that wait behind an open transaction hold it back, which raises the alarm.
        UPDATE audit.seal_state SET watermark = edge, system_identifier = audit.seal_cluster(), sealed_at = coalesce((
            SELECT min(e.at) FROM audit.event e
            WHERE e.xid >= edge AND e.xid < latest
              AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at)
              AND NOT EXISTS (SELECT FROM audit.seal_trouble t WHERE t.tenant_id = e.tenant_id)), clock_timestamp());
    END IF;
END $$;

-- The rows of a tenant that stood still, looked for one by one, for the watermark has passed them. She stands still no more
-- when these were the last; a sealer that finds her tree still damaged rolls back.
CREATE OR REPLACE FUNCTION audit.seal_take_stopped(tenant uuid, most int)
RETURNS TABLE (tenant_id text, at text, id text, xid text, actor_kind text, actor_id text, session_id text, link_id text, ip text, agent text,
    action text, object_kind text, object_id text, client_ids text, fields text, outcome text, reason text, request_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    taken bigint;
BEGIN
    PERFORM FROM audit.seal_state FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT f.* FROM (
        SELECT e.* FROM audit.event e
        WHERE e.tenant_id = tenant AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
          AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at)
        ORDER BY e.at, e.id LIMIT most) AS b, LATERAL audit.seal_fields(b.tenant_id, b.at, b.id, b.xid, b.actor_kind, b.actor_id, b.session_id, b.link_id, b.ip, b.agent, b.action,
        b.object_kind, b.object_id, b.client_ids, b.fields, b.outcome, b.reason, b.request_id) AS f
    ORDER BY b.at, b.id;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken < most THEN
        DELETE FROM audit.seal_trouble t WHERE t.tenant_id = tenant;
    END IF;
END $$;

-- This tenant stands still from now on.
CREATE OR REPLACE FUNCTION audit.seal_stop(tenant uuid, reason text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO audit.seal_trouble (tenant_id, why) VALUES (tenant, reason)
    ON CONFLICT (tenant_id) DO UPDATE SET why = excluded.why
$$;

-- The tenants that stand still; slug '' when the tenant is gone.
CREATE OR REPLACE FUNCTION audit.seal_stopped() RETURNS TABLE (tenant_id text, slug text, since text, why text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.tenant_id::text, coalesce(t.slug, ''), to_char(s.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), s.why
    FROM audit.seal_trouble s LEFT JOIN app.tenant t ON t.id = s.tenant_id
    ORDER BY 2, 1
$$;

-- The right edge of a tree as its leaves make it. The program has compared it with the last signed head.
CREATE OR REPLACE FUNCTION audit.seal_mend(tenant uuid, whole bigint, edge bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO audit.frontier (tenant_id, size, nodes) VALUES (tenant, whole, edge)
    ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, nodes = excluded.nodes
$$;

-- After a full batch: rows of earlier transactions than its last are sealed. (In another cluster's numbers it says nothing.)
CREATE OR REPLACE FUNCTION audit.seal_advance(last xid8) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE audit.seal_state SET watermark = greatest(watermark, last)
    WHERE system_identifier = audit.seal_cluster()
$$;

-- Where a tenant's tree goes on, the time for its next head; and where its leaves and its last head end, which must be the
-- same place. No result row of it is missing: an empty tree has size 0 and no root.
DROP FUNCTION IF EXISTS audit.seal_frontier(uuid);
CREATE FUNCTION audit.seal_frontier(tenant uuid)
RETURNS TABLE (size bigint, nodes text, signed_at text, leaves bigint, head_size bigint, head_root text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(f.size, 0), coalesce(encode(f.nodes, 'hex'), ''), to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           coalesce(l.idx + 1, 0), coalesce(h.size, 0), coalesce(encode(h.root, 'hex'), '')
    FROM (SELECT) AS one
    LEFT JOIN audit.frontier f ON f.tenant_id = tenant
    LEFT JOIN LATERAL (SELECT x.idx FROM audit.leaf x WHERE x.tenant_id = tenant ORDER BY x.idx DESC LIMIT 1) AS l ON true
    LEFT JOIN LATERAL (SELECT x.size, x.root FROM audit.tree_head x WHERE x.tenant_id = tenant ORDER BY x.size DESC LIMIT 1) AS h ON true
$$;

-- Leaves from index first on, the tree's new right edge, and its head.
CREATE OR REPLACE FUNCTION audit.seal_put(tenant uuid, first bigint, ats timestamptz[], ids uuid[], hashes bytea[], edge bytea, head_root bytea,
    head_time timestamptz, head_key text, head_signature bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    whole bigint := first + cardinality(ids);
BEGIN
    INSERT INTO audit.frontier AS f (tenant_id, size, nodes) VALUES (tenant, whole, edge)
    ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, nodes = excluded.nodes WHERE f.size = first;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the tree does not end at %', first USING ERRCODE = '40001';
    END IF;
    INSERT INTO audit.leaf (tenant_id, idx, at, id, hash)
    SELECT tenant, first + u.n - 1, u.at, u.id, u.hash FROM unnest(ats, ids, hashes) WITH ORDINALITY AS u (at, id, hash, n);
    INSERT INTO audit.tree_head (tenant_id, size, root, signed_at, key_id, signature)
    VALUES (tenant, whole, head_root, head_time, head_key, head_signature);
END $$;

-- All tenants that are or ever were sealed; slug '' when the tenant is gone.
CREATE OR REPLACE FUNCTION audit.seal_tenants() RETURNS TABLE (tenant_id text, slug text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT known.id::text, coalesce(t.slug, '')
    FROM (SELECT id FROM app.tenant UNION SELECT f.tenant_id FROM audit.frontier f UNION SELECT h.tenant_id FROM audit.tree_head h) AS known
    LEFT JOIN app.tenant t ON t.id = known.id
    ORDER BY 2, 1
$$;

-- A tenant's leaves from an index on, each after the row that it seals (all NULL when that is gone, or older than since).
CREATE OR REPLACE FUNCTION audit.seal_leaves(tenant uuid, first bigint, most int, since timestamptz)
RETURNS TABLE (tenant_id text, at text, id text, xid text, actor_kind text, actor_id text, session_id text, link_id text, ip text, agent text,
    action text, object_kind text, object_id text, client_ids text, fields text, outcome text, reason text, request_id text,
    idx bigint, hash text, leaf_at text, leaf_id text, is_compared boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.*, l.idx, encode(l.hash, 'hex'), to_char(l.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), l.id::text, l.at >= since
    FROM (SELECT * FROM audit.leaf WHERE leaf.tenant_id = tenant AND leaf.idx >= first ORDER BY leaf.idx LIMIT most) AS l
    LEFT JOIN audit.event e ON e.tenant_id = tenant AND e.at = l.at AND e.id = l.id AND l.at >= since
    LEFT JOIN LATERAL audit.seal_fields(e.tenant_id, e.at, e.id, e.xid, e.actor_kind, e.actor_id, e.session_id, e.link_id, e.ip, e.agent, e.action,
        e.object_kind, e.object_id, e.client_ids, e.fields, e.outcome, e.reason, e.request_id) AS f ON true
    ORDER BY l.idx
$$;

CREATE OR REPLACE FUNCTION audit.seal_heads(tenant uuid) RETURNS TABLE (size bigint, root text, signed_at text, key_id text, signature text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT h.size, encode(h.root, 'hex'), to_char(h.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.key_id, encode(h.signature, 'hex')
    FROM audit.tree_head h WHERE h.tenant_id = tenant ORDER BY h.size
$$;

-- Rows without a leaf. is_late: the sealer has passed them, or will never come to them, so they were not written as rows
-- are; otherwise they wait for the sealer, as all do of a tenant that stands still.
CREATE OR REPLACE FUNCTION audit.seal_strays(tenant uuid, since timestamptz) RETURNS TABLE (tenant_id text, at text, id text, is_late boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT e.tenant_id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.id::text,
           s.system_identifier = audit.seal_cluster() AND (e.xid < s.watermark OR e.xid >= pg_snapshot_xmax(pg_current_snapshot()))
           AND NOT EXISTS (SELECT FROM audit.seal_trouble t WHERE t.tenant_id = e.tenant_id)
    FROM audit.event e CROSS JOIN audit.seal_state s
    WHERE (tenant IS NULL OR e.tenant_id = tenant) AND e.at >= since
      AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.id = e.id AND l.at = e.at)
    ORDER BY 1, 2, 3
$$;

-- The leaf of an event, and the first head over it.
CREATE OR REPLACE FUNCTION audit.seal_find(event uuid)
RETURNS TABLE (tenant_id text, idx bigint, size bigint, root text, signed_at text, key_id text, signature text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.tenant_id::text, l.idx, h.size, encode(h.root, 'hex'), to_char(h.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.key_id,
           encode(h.signature, 'hex')
    FROM audit.frontier f JOIN audit.leaf l ON l.tenant_id = f.tenant_id AND l.id = event
    JOIN LATERAL (SELECT * FROM audit.tree_head t WHERE t.tenant_id = l.tenant_id AND t.size > l.idx ORDER BY t.size LIMIT 1) AS h ON true
    ORDER BY l.idx LIMIT 1
$$;

-- Months that have a partition, as YYYY-MM.
CREATE OR REPLACE FUNCTION audit.seal_months() RETURNS TABLE (month text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT replace(substr(c.relname, 7), '_', '-')
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'audit.event'::regclass AND c.relname ~ '^event_[0-9]{4}_[0-9]{2}$'
    ORDER BY 1
$$;

-- What was retired of a tenant's trail.
CREATE OR REPLACE FUNCTION audit.seal_retired(tenant uuid)
RETURNS TABLE (month text, leaves bigint, root text, retired_at text, key_id text, signature text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(r.month, 'YYYY-MM'), r.leaves, encode(r.root, 'hex'), to_char(r.retired_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           r.key_id, encode(r.signature, 'hex')
    FROM audit.retired r WHERE r.tenant_id = tenant ORDER BY r.month
$$;

REVOKE ALL ON FUNCTION audit.seal_fields(uuid, timestamptz, uuid, xid8, text, uuid, uuid, uuid, inet, text, text, text, uuid, uuid[], text[], text, text, uuid),
    audit.seal_cluster(), audit.seal_take(int), audit.seal_take_stopped(uuid, int), audit.seal_stop(uuid, text), audit.seal_stopped(),
    audit.seal_mend(uuid, bigint, bytea), audit.seal_months(), audit.seal_retired(uuid), audit.seal_advance(xid8), audit.seal_frontier(uuid),
    audit.seal_put(uuid, bigint, timestamptz[], uuid[], bytea[], bytea, bytea, timestamptz, text, bytea), audit.seal_tenants(),
    audit.seal_leaves(uuid, bigint, int, timestamptz), audit.seal_heads(uuid), audit.seal_strays(uuid, timestamptz), audit.seal_find(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.seal_take(int), audit.seal_take_stopped(uuid, int), audit.seal_stop(uuid, text), audit.seal_stopped(),
    audit.seal_mend(uuid, bigint, bytea), audit.seal_months(), audit.seal_retired(uuid), audit.seal_advance(xid8), audit.seal_frontier(uuid),
    audit.seal_put(uuid, bigint, timestamptz[], uuid[], bytea[], bytea, bytea, timestamptz, text, bytea), audit.seal_tenants(),
    audit.seal_leaves(uuid, bigint, int, timestamptz), audit.seal_heads(uuid), audit.seal_strays(uuid, timestamptz), audit.seal_find(uuid) TO foyer_sealer;
