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

REVOKE ALL ON FUNCTION audit.proof_tenant(), audit.proof_head(), audit.proof_leaves(bigint, int), audit.proof_row(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.proof_head(), audit.proof_leaves(bigint, int) TO foyer_staff, foyer_jobs;
GRANT EXECUTE ON FUNCTION audit.proof_row(uuid) TO foyer_staff;
