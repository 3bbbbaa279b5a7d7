-- 067_signature: where in the trail a signature stands, for the copy that the jobs make of it. Owner: foyer_seal_owner, to whom no
-- policy applies; so the function names the tenant itself.

SET LOCAL ROLE foyer_seal_owner;

-- The row that was written when somebody signed, and the newest signed head above it (NULL: not sealed yet). For a job.
CREATE OR REPLACE FUNCTION audit.signature_row(request uuid, signed timestamptz)
RETURNS TABLE (event_id uuid, idx bigint, size bigint, root text, signed_at text, key_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT e.id, CASE WHEN l.idx < h.size THEN l.idx END, CASE WHEN l.idx < h.size THEN h.size END, CASE WHEN l.idx < h.size THEN h.root END,
           CASE WHEN l.idx < h.size THEN h.signed_at END, CASE WHEN l.idx < h.size THEN h.key_id END
    FROM audit.event e
    LEFT JOIN audit.leaf l ON l.tenant_id = e.tenant_id AND l.at = e.at AND l.id = e.id
    LEFT JOIN audit.proof_head() AS h ON true
    WHERE app.actor_kind() = 'job' AND e.tenant_id = audit.proof_tenant() AND e.request_id = request AND e.outcome = 'ok'
      AND e.at BETWEEN signed - interval '1 minute' AND signed + interval '5 minutes'
    ORDER BY e.at, e.id
    LIMIT 1
$$;
REVOKE ALL ON FUNCTION audit.signature_row(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.signature_row(uuid, timestamptz) TO foyer_jobs;

RESET ROLE;
