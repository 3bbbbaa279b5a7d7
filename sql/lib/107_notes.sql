-- 107_notes: drafts that two windows write, and whether signed notes are what was signed.

SET LOCAL ROLE foyer_owner;

-- The version that saving a draft makes of it; 1 for a new one. seen: the version that the window was shown; editor: the window, which
-- need not look again after its own savings. FY422 (field version): another window has saved meanwhile, and nothing is overwritten.
CREATE OR REPLACE FUNCTION app.note_turn(note uuid, seen int, editor uuid) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
    was record;
BEGIN
    SELECT n.version, n.editor INTO was FROM app.chart_note n WHERE n.id = note AND n.state = 'draft' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF was.version IS DISTINCT FROM seen AND was.editor IS DISTINCT FROM note_turn.editor THEN
        RAISE EXCEPTION 'This draft was changed in another window meanwhile. Both texts are here: yours below, the other among the notes.'
            USING ERRCODE = 'FY422', COLUMN = 'version';
    END IF;
    RETURN was.version + 1;
END $$;
REVOKE ALL ON FUNCTION app.note_turn(uuid, int, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.note_turn(uuid, int, uuid) TO foyer_staff;

RESET ROLE;
SET LOCAL ROLE foyer_seal_owner;

-- Signed notes that are not what the trail says was signed; for `foyer audit verify`, which proves the trail itself. A month of the trail
-- that was retired takes its rows along, and what was signed in it is no longer compared.
CREATE OR REPLACE FUNCTION audit.seal_notes(tenant uuid) RETURNS TABLE (note_id uuid, client_id uuid, what text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH said AS (
        SELECT e.object_id, count(*) AS n, min(e.reason) AS digest, min(e.client_ids[1]::text)::uuid AS client
        FROM audit.event e
        WHERE e.tenant_id = seal_notes.tenant AND e.action = 'note.sealed' AND e.outcome = 'ok'
        GROUP BY e.object_id
    ), signed AS (
        SELECT c.id, c.client_id, c.signed_at, encode(app.note_digest(c), 'hex') AS digest
        FROM app.chart_note c
        WHERE c.tenant_id = seal_notes.tenant AND c.state = 'signed'
    )
    SELECT coalesce(s.id, t.object_id), coalesce(s.client_id, t.client),
           CASE WHEN s.id IS NULL THEN 'was signed, and is gone or no longer signed'
                WHEN t.object_id IS NULL THEN 'stands as signed, and the trail does not know of it'
                WHEN t.n > 1 THEN 'was signed more than once'
                ELSE 'is not what was signed' END
    FROM signed s
    FULL JOIN said t ON t.object_id = s.id
    WHERE s.id IS NULL OR t.n > 1 OR t.digest IS DISTINCT FROM s.digest
      AND NOT (t.object_id IS NULL AND s.signed_at < coalesce((SELECT (max(r.month) + interval '1 month')::timestamptz FROM audit.retired r
                                                               WHERE r.tenant_id = seal_notes.tenant), '-infinity'))
    ORDER BY 1
$$;
REVOKE ALL ON FUNCTION audit.seal_notes(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.seal_notes(uuid) TO foyer_sealer;

RESET ROLE;
