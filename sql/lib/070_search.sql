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
-- range over the index, so that it is used under row security and with a generic plan. The rarest word leads, and the others
-- are looked up client by client: as scalar subqueries, for an EXISTS would be turned into reading all their matches. The
-- settings keep to the order of the index, so that a frequent word ends as soon as there are enough.
CREATE OR REPLACE FUNCTION app.client_find(typed text, lim int DEFAULT 51) RETURNS TABLE (client_id uuid)
LANGUAGE plpgsql STABLE ROWS 50
SET search_path = pg_catalog, pg_temp
SET enable_bitmapscan = off
SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
    words text[] := app.search_words(typed);
    top text := chr(1114111);
    t uuid := app.tenant();
    how_many int := least(greatest(coalesce(lim, 51), 0), 1000);
    w text COLLATE "C";
    lead text COLLATE "C" := words[1];
    fewest int := 2000;
    n int;
    w2 text COLLATE "C";
    w3 text COLLATE "C";
    w4 text COLLATE "C";
    w5 text COLLATE "C";
BEGIN
    IF lead IS NULL THEN
        RETURN;
    END IF;
    IF cardinality(words) > 1 THEN
        FOREACH w IN ARRAY words LOOP
            SELECT count(*) INTO n FROM (
                SELECT FROM app.client_word a WHERE a.tenant_id = t AND a.word >= w AND a.word < (w || top) COLLATE "C" LIMIT fewest
            ) AS counted;
            IF n < fewest THEN
                lead := w;
                fewest := n;
            END IF;
        END LOOP;
        words := array_remove(words, lead::text);
        w2 := words[1];
        w3 := words[2];
        w4 := words[3];
        w5 := words[4];
    END IF;
    RETURN QUERY
    SELECT DISTINCT q.client_id FROM (
        SELECT a.client_id FROM app.client_word a
        WHERE a.tenant_id = t AND a.word >= lead AND a.word < (lead || top) COLLATE "C"
          AND (w2 IS NULL OR (SELECT true FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w2 AND b.word < (w2 || top) COLLATE "C" LIMIT 1))
          AND (w3 IS NULL OR (SELECT true FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w3 AND b.word < (w3 || top) COLLATE "C" LIMIT 1))
          AND (w4 IS NULL OR (SELECT true FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w4 AND b.word < (w4 || top) COLLATE "C" LIMIT 1))
          AND (w5 IS NULL OR (SELECT true FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w5 AND b.word < (w5 || top) COLLATE "C" LIMIT 1))
        ORDER BY a.word, a.client_id
        LIMIT how_many * 2
    ) AS q LIMIT how_many;
END $$;

REVOKE ALL ON FUNCTION app.search_words(text), app.client_find(text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_words(text), app.client_find(text, int) TO foyer_staff;
