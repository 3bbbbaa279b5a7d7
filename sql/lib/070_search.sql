-- 070_search: finding a client by parts of her name, e-mail address or phone number. Rights and rows of the caller.

SET LOCAL ROLE foyer_owner;

-- The words of what somebody typed into the search field, the longest first; at most five.
CREATE OR REPLACE FUNCTION app.search_words(typed text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN typed LIKE '%@%' THEN ARRAY[lower(btrim(typed))]
        WHEN typed ~ '^[-+(). /0-9]+$' AND typed ~ '[0-9]'
            THEN ARRAY[regexp_replace(typed, '[^0-9]', '', 'g')]
        ELSE ARRAY(SELECT w FROM regexp_split_to_table(app.norm(left(typed, 200)), ' ') AS w WHERE w <> '' ORDER BY length(w) DESC, w LIMIT 5)
    END
$$;

-- Clients in whom every typed word begins some word of hers; at most lim (ask for one more than is shown). Each word is a
-- range over the index, so that it is used under row security and with a generic plan. The rarest word leads.
CREATE OR REPLACE FUNCTION app.client_find(typed text, lim int DEFAULT 51) RETURNS TABLE (client_id uuid)
LANGUAGE plpgsql STABLE ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    top text := chr(1114111);  -- sorts behind every word that begins with what stands before it
    how_many int := least(greatest(coalesce(lim, 51), 0), 1000);
    w text COLLATE "C";
    lead text COLLATE "C";
    others text[] := '{}';
    n int;
    fewest int := 2000;
    w1 text COLLATE "C";
    w2 text COLLATE "C";
    w3 text COLLATE "C";
    w4 text COLLATE "C";
BEGIN
    FOREACH w IN ARRAY app.search_words(typed) LOOP
        SELECT count(*) INTO n FROM (
            SELECT FROM app.client_word a WHERE a.tenant_id = t AND a.word >= w AND a.word < (w || top) COLLATE "C" LIMIT 2000) AS q;
        IF n = 0 THEN
            RETURN;
        END IF;
        IF lead IS NULL OR n < fewest THEN
            others := CASE WHEN lead IS NULL THEN others ELSE others || lead::text END;
            lead := w;
            fewest := n;
        ELSE
            others := others || w::text;
        END IF;
    END LOOP;
    IF lead IS NULL THEN
        RETURN;
    END IF;
    w1 := others[1];
    w2 := others[2];
    w3 := others[3];
    w4 := others[4];
    RETURN QUERY
    SELECT DISTINCT q.client_id FROM (
        SELECT a.client_id FROM app.client_word a
        WHERE a.tenant_id = t AND a.word >= lead AND a.word < (lead || top) COLLATE "C"
          AND (w1 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w1 AND b.word < (w1 || top) COLLATE "C"))
          AND (w2 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w2 AND b.word < (w2 || top) COLLATE "C"))
          AND (w3 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w3 AND b.word < (w3 || top) COLLATE "C"))
          AND (w4 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w4 AND b.word < (w4 || top) COLLATE "C"))
        ORDER BY a.word, a.client_id
        LIMIT how_many * 4
    ) AS q LIMIT how_many;
END $$;

REVOKE ALL ON FUNCTION app.search_words(text), app.client_find(text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_words(text), app.client_find(text, int) TO foyer_staff;
