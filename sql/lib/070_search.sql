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
            THEN ARRAY[regexp_replace(CASE WHEN btrim(typed) LIKE '+%' THEN typed ELSE typed END, '[^0-9]', '', 'g')]
        ELSE ARRAY(SELECT w FROM regexp_split_to_table(app.norm(left(typed, 200)), ' ') AS w WHERE w <> '' ORDER BY length(w) DESC, w LIMIT 5)
    END
$$;

-- Clients in whom every typed word begins some word of hers; at most lim (ask for one more than is shown). Each word is a
-- range over the index, so that it is used under row security and with a generic plan.
CREATE OR REPLACE FUNCTION app.client_find(typed text, lim int DEFAULT 51) RETURNS TABLE (client_id uuid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    words text[] := app.search_words(typed);
    w1 text COLLATE "C" := words[1];
    w2 text COLLATE "C" := words[2];
    w3 text COLLATE "C" := words[3];
    w4 text COLLATE "C" := words[4];
    w5 text COLLATE "C" := words[5];
    top text := chr(1114111);
    t uuid := app.tenant();
    how_many int := least(greatest(coalesce(lim, 51), 0), 1000);
BEGIN
    IF w1 IS NULL THEN
        RETURN;
    END IF;
    IF w2 IS NULL THEN
        RETURN QUERY
        SELECT DISTINCT q.client_id FROM (
            SELECT a.client_id FROM app.client_word a
            WHERE a.tenant_id = t AND a.word >= w1 AND a.word < (w1 || top) COLLATE "C"
            ORDER BY a.word, a.client_id
            LIMIT how_many * 4
        ) AS q LIMIT how_many;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT DISTINCT q.client_id FROM (
        SELECT a.client_id FROM app.client_word a
        WHERE a.tenant_id = t AND a.word >= w1 AND a.word < (w1 || top) COLLATE "C"
          AND EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w2 AND b.word < (w2 || top) COLLATE "C")
          AND (w3 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w3 AND b.word < (w3 || top) COLLATE "C"))
          AND (w4 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w4 AND b.word < (w4 || top) COLLATE "C"))
          AND (w5 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w5 AND b.word < (w5 || top) COLLATE "C"))
        ORDER BY a.word, a.client_id
        LIMIT how_many * 4
    ) AS q LIMIT how_many;
END $$;

REVOKE ALL ON FUNCTION app.search_words(text), app.client_find(text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_words(text), app.client_find(text, int) TO foyer_staff;
