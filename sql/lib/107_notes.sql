-- 107_notes: drafts that two windows write; treatments that are signed as they were seen.

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
        -- A draft that a window was shown, and that is there no more, is not made anew under its eyes. (A signed note says so itself.)
        IF seen IS NOT NULL AND NOT EXISTS (SELECT FROM app.chart_note n WHERE n.id = note) THEN
            RAISE EXCEPTION 'This draft was discarded in another window meanwhile. Your text is below.' USING ERRCODE = 'FY422', COLUMN = 'version';
        END IF;
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

-- In which state a treatment is: changes with each line that comes to it, is moved or is marked.
CREATE OR REPLACE FUNCTION app.encounter_state(client uuid, encounter uuid) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT encode(sha256(convert_to(coalesce(string_agg(x.id || CASE WHEN x.is_void THEN '-' ELSE '+' END, '' ORDER BY x.id), ''), 'UTF8')), 'hex')
    FROM (SELECT p.id, p.void_at IS NOT NULL AS is_void FROM app.encounter_product p WHERE p.client_id = client AND p.encounter_id = encounter
          UNION ALL SELECT d.id, d.void_at IS NOT NULL FROM app.encounter_device d WHERE d.client_id = client AND d.encounter_id = encounter
          UNION ALL SELECT a.id, a.void_at IS NOT NULL FROM app.encounter_advice a WHERE a.client_id = client AND a.encounter_id = encounter
          UNION ALL SELECT b.id, b.void_at IS NOT NULL FROM app.body_point b WHERE b.client_id = client AND b.encounter_id = encounter) AS x
$$;

-- Signs a treatment as it was seen; no row: it is not there. FY422: something came to it since, or it is signed already.
CREATE OR REPLACE FUNCTION app.encounter_sign(client uuid, encounter uuid, seen text) RETURNS TABLE (client_id uuid)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM app.encounter e WHERE e.id = encounter AND e.client_id = client FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF app.encounter_state(client, encounter) IS DISTINCT FROM seen THEN
        RAISE EXCEPTION 'Something was noted of this treatment meanwhile. It is below: look through it once more, then sign.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    RETURN QUERY UPDATE app.encounter e SET signed_at = now() WHERE e.id = encounter AND e.client_id = client RETURNING e.client_id;
END $$;
REVOKE ALL ON FUNCTION app.encounter_state(uuid, uuid), app.encounter_sign(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.encounter_state(uuid, uuid), app.encounter_sign(uuid, uuid, text) TO foyer_staff;

RESET ROLE;
