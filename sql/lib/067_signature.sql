-- 067_signature: where in the trail a signature stands, for the copy that the jobs make of it; and whether what is signed is what the trail
-- says. Owner: foyer_seal_owner, to whom no policy applies; so the functions name the tenant themselves.

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

-- What was signed, notes, treatments with what was added to them or marked in them, forms and what is attached to these, and is not what the trail says of it; for `foyer audit verify`, which proves the trail itself. A month of
-- the trail that was retired takes its rows along, and what was signed in it is no longer compared.
CREATE OR REPLACE FUNCTION audit.seal_signed(tenant uuid) RETURNS TABLE (kind text, id uuid, client_id uuid, what text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH said AS (
        SELECT e.action, e.object_id, count(*) AS n, min(e.reason) AS digest, min(e.client_ids[1]::text)::uuid AS client
        FROM audit.event e
        WHERE e.tenant_id = seal_signed.tenant AND e.action IN ('note.sealed', 'encounter.sealed', 'encounter.added', 'encounter.marked', 'form.sealed', 'form.files') AND e.outcome = 'ok'
        GROUP BY e.action, e.object_id
    ), signed AS (
        SELECT 'note.sealed' AS action, c.id, c.client_id, c.signed_at, encode(app.note_digest(c), 'hex') AS digest
        FROM app.chart_note c
        WHERE c.tenant_id = seal_signed.tenant AND c.state = 'signed'
        UNION ALL
        SELECT 'encounter.sealed', e.id, e.client_id, e.signed_at, encode(app.encounter_digest(e), 'hex')
        FROM app.encounter e
        WHERE e.tenant_id = seal_signed.tenant AND e.signed_at IS NOT NULL
        UNION ALL
        SELECT 'encounter.added', a.id, a.client_id, a.signed_at, encode(app.addendum_digest(a), 'hex')
        FROM app.encounter_addendum a
        WHERE a.tenant_id = seal_signed.tenant
        UNION ALL  -- (what was marked before it was signed is part of what was signed)
        SELECT 'encounter.marked', m.id, e.client_id, m.void_at, encode(app.error_digest(e.tenant_id, e.id, m.id, m.void_at, m.void_by, m.void_reason_sealed), 'hex')
        FROM app.encounter e
        CROSS JOIN LATERAL (
            SELECT e.id, e.void_at, e.void_by, e.void_reason_sealed
            UNION ALL SELECT x.id, x.void_at, x.void_by, x.void_reason_sealed FROM app.encounter_product x WHERE x.tenant_id = e.tenant_id AND x.client_id = e.client_id AND x.encounter_id = e.id
            UNION ALL SELECT x.id, x.void_at, x.void_by, x.void_reason_sealed FROM app.encounter_device x WHERE x.tenant_id = e.tenant_id AND x.client_id = e.client_id AND x.encounter_id = e.id
            UNION ALL SELECT x.id, x.void_at, x.void_by, x.void_reason_sealed FROM app.encounter_advice x WHERE x.tenant_id = e.tenant_id AND x.client_id = e.client_id AND x.encounter_id = e.id
            UNION ALL SELECT x.id, x.void_at, x.void_by, x.void_reason_sealed FROM app.body_point x WHERE x.tenant_id = e.tenant_id AND x.client_id = e.client_id AND x.encounter_id = e.id) AS m
        WHERE e.tenant_id = seal_signed.tenant AND e.signed_at IS NOT NULL AND m.void_at > e.signed_at
        UNION ALL
        SELECT 'form.sealed', s.id, s.client_id, s.signed_at, encode(app.signature_digest(s), 'hex')
        FROM app.signature s
        WHERE s.tenant_id = seal_signed.tenant
        UNION ALL  -- (what she took away before is not in the text; of who was erased the rows stay)
        SELECT 'form.files', s.id, s.client_id, s.signed_at,
               app.form_files_digest(s.tenant_id, s.id, array_agg(f.id || ':' || encode(f.stored_sha256, 'hex') ORDER BY f.id))
        FROM app.form_file f
        JOIN app.media m ON m.tenant_id = f.tenant_id AND m.id = f.id
        JOIN app.signature s ON s.tenant_id = f.tenant_id AND s.client_id = f.client_id AND s.assignment_id = f.assignment_id
        WHERE f.tenant_id = seal_signed.tenant AND (m.removed_at IS NULL OR m.removed_at > s.signed_at)
        GROUP BY s.tenant_id, s.id, s.client_id, s.signed_at
    )
    SELECT CASE coalesce(s.action, t.action) WHEN 'note.sealed' THEN 'note' WHEN 'encounter.sealed' THEN 'treatment' WHEN 'encounter.added' THEN 'addendum to a treatment'
                                            WHEN 'encounter.marked' THEN 'error in a signed treatment' WHEN 'form.files' THEN 'list of files of signed form' ELSE 'signed form' END, coalesce(s.id, t.object_id), coalesce(s.client_id, t.client),
           CASE WHEN s.id IS NULL THEN 'was signed, and is gone or no longer signed'
                WHEN t.object_id IS NULL THEN 'stands as signed, and the trail does not know of it'
                WHEN t.n > 1 THEN 'was signed more than once'
                ELSE 'is not what was signed' END
    FROM signed s
    FULL JOIN said t ON t.action = s.action AND t.object_id = s.id
    WHERE s.id IS NULL OR t.n > 1 OR t.digest IS DISTINCT FROM s.digest
      -- (a treatment that was signed before the hash held what its lots are called)
      AND NOT (s.action = 'encounter.sealed' AND EXISTS (SELECT FROM app.encounter e WHERE e.tenant_id = seal_signed.tenant AND e.id = s.id
                                                             AND encode(app.encounter_digest_1(e), 'hex') = t.digest))
      AND NOT (t.object_id IS NULL AND s.signed_at < coalesce((SELECT (max(r.month) + interval '1 month')::timestamptz FROM audit.retired r
                                                               WHERE r.tenant_id = seal_signed.tenant), '-infinity'))
    ORDER BY 1, 2
$$;
REVOKE ALL ON FUNCTION audit.seal_signed(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.seal_signed(uuid) TO foyer_sealer;
DROP FUNCTION IF EXISTS audit.seal_notes(uuid);
DROP FUNCTION IF EXISTS audit.seal_forms(uuid);

-- What must lie in the store because somebody signed it, and the hash of the sealed object. Not of who was erased, for hers is gone.
CREATE OR REPLACE FUNCTION audit.seal_files(tenant uuid) RETURNS TABLE (signature_id uuid, client_id uuid, media_id uuid, stored_sha256 text, is_removed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.id, s.client_id, f.id, encode(f.stored_sha256, 'hex'), m.removed_at IS NOT NULL
    FROM app.form_file f
    JOIN app.media m ON m.tenant_id = f.tenant_id AND m.id = f.id
    JOIN app.signature s ON s.tenant_id = f.tenant_id AND s.client_id = f.client_id AND s.assignment_id = f.assignment_id
    JOIN app.client_key k ON k.tenant_id = f.tenant_id AND k.client_id = f.client_id AND k.destroyed_at IS NULL
    WHERE f.tenant_id = seal_files.tenant AND (m.removed_at IS NULL OR m.removed_at > s.signed_at)
    ORDER BY s.id, f.id
$$;
REVOKE ALL ON FUNCTION audit.seal_files(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.seal_files(uuid) TO foyer_sealer;

RESET ROLE;
