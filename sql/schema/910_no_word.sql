-- 910_no_word: a client whose name has no word in it ("&") has no words to be found by; she could not be entered since 880.

SET LOCAL ROLE foyer_owner;

CREATE OR REPLACE FUNCTION app.client_beside(words text[], kinds text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    line text := '';
BEGIN
    FOR i IN 1..coalesce(cardinality(words), 0) LOOP
        IF NOT starts_with(words[i], '@') AND strpos(line, CASE kinds[i] WHEN 'phone' THEN '' ELSE ' ' END || words[i]) = 0 THEN
            line := line || ' ' || words[i];
        END IF;
    END LOOP;
    RETURN CASE WHEN octet_length(line) <= 900 THEN line END;
END $$;

RESET ROLE;
