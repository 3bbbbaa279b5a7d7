-- 067_signature: where in the trail a signature stands, for the copy that the jobs make of it. Owner: foyer_seal_owner, to whom no
-- policy applies; so the function names the tenant itself.

SET LOCAL ROLE foyer_seal_owner;

-- The row that was written when somebody signed (form.sealed, which holds its digest; of before there was one, that of the page), and the newest signed head above it (NULL: not sealed yet). For a job.
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
    ORDER BY e.action <> 'form.sealed', e.at, e.id
    LIMIT 1
$$;
REVOKE ALL ON FUNCTION audit.signature_row(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.signature_row(uuid, timestamptz) TO foyer_jobs;

-- Signatures that are not what the trail says was signed; for `foyer audit verify`, as audit.seal_notes is.
CREATE OR REPLACE FUNCTION audit.seal_forms(tenant uuid) RETURNS TABLE (signature_id uuid, client_id uuid, what text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH said AS (
        SELECT e.object_id, count(*) AS n, min(e.reason) AS digest, min(e.client_ids[1]::text)::uuid AS client
        FROM audit.event e
        WHERE e.tenant_id = seal_forms.tenant AND e.action = 'form.sealed' AND e.outcome = 'ok'
        GROUP BY e.object_id
    ), signed AS (
        SELECT s.id, s.client_id, s.signed_at, encode(app.signature_digest(s), 'hex') AS digest
        FROM app.signature s
        WHERE s.tenant_id = seal_forms.tenant
    )
    SELECT coalesce(s.id, t.object_id), coalesce(s.client_id, t.client),
           CASE WHEN s.id IS NULL THEN 'was signed, and is gone'
                WHEN t.object_id IS NULL THEN 'stands as signed, and the trail does not know of it'
                WHEN t.n > 1 THEN 'was signed more than once'
                ELSE 'is not what was signed' END
    FROM signed s
    FULL JOIN said t ON t.object_id = s.id
    WHERE s.id IS NULL OR t.n > 1 OR t.digest IS DISTINCT FROM s.digest
      AND NOT (t.object_id IS NULL AND s.signed_at < coalesce((SELECT (max(r.month) + interval '1 month')::timestamptz FROM audit.retired r
                                                               WHERE r.tenant_id = seal_forms.tenant), '-infinity'))
    ORDER BY 1
$$;
REVOKE ALL ON FUNCTION audit.seal_forms(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.seal_forms(uuid) TO foyer_sealer;

RESET ROLE;
