-- 107_notes: drafts that two windows write.

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

RESET ROLE;
