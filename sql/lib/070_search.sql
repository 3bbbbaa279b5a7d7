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
-- range over the index, so that it is used under row security and with a generic plan.
-- Several words: the first thousand clients of the rarest are looked at one by one; where the words go together that is enough. If not,
-- rows of the rarest are kept in a hash and rows of the next one are run through it: of each some thousands, and where that is not enough either,
-- sixteen times as many, and then all. (Of a million clients: to look at one takes ten times as long as to run a row through the hash. docs/performance.md.)
CREATE OR REPLACE FUNCTION app.client_find(typed text, lim int DEFAULT 51) RETURNS TABLE (client_id uuid)
LANGUAGE plpgsql STABLE ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    top text := chr(1114111);  -- sorts behind every word that begins with what stands before it
    how_many int := least(greatest(coalesce(lim, 51), 0), 1000);
    enough int := 2000;  -- rows that are counted to find the rarest word
    looked int := 1000;  -- clients that are looked at one by one
    keep int := 7000;    -- rows of the rarest word in the hash, at first
    run int := 20000;    -- rows of the next one that are run through it, at first
    w text COLLATE "C";
    words text[] := '{}';
    counts int[] := '{}';
    lead text COLLATE "C";
    second text COLLATE "C";
    others text[];
    n int;
    kept uuid[];
    found uuid[];
BEGIN
    FOREACH w IN ARRAY app.search_words(typed) LOOP
        -- what begins a word that was typed as well says nothing more
        CONTINUE WHEN EXISTS (SELECT FROM unnest(words) AS x WHERE starts_with(x, w));
        SELECT count(*) INTO n FROM (
            SELECT FROM app.client_word a WHERE a.tenant_id = t AND a.word >= w AND a.word < (w || top) COLLATE "C" LIMIT enough) AS q;
        IF n = 0 THEN
            RETURN;
        END IF;
        words := words || w::text;
        counts := counts || n;
    END LOOP;
    IF cardinality(words) = 0 THEN
        RETURN;
    END IF;
    SELECT array_agg(x.word ORDER BY x.n, length(x.word) DESC, x.word), min(x.n) INTO words, n FROM unnest(words, counts) AS x (word, n);
    lead := words[1];
    IF cardinality(words) = 1 THEN
        RETURN QUERY
        SELECT DISTINCT q.client_id FROM (
            SELECT a.client_id FROM app.client_word a
            WHERE a.tenant_id = t AND a.word >= lead AND a.word < (lead || top) COLLATE "C"
            ORDER BY a.word, a.client_id
            LIMIT how_many * 4
        ) AS q LIMIT how_many;
        RETURN;
    END IF;
    others := words[2:];
    found := ARRAY(SELECT DISTINCT q.client_id FROM (
        SELECT l.client_id FROM (
            SELECT a.client_id FROM app.client_word a
            WHERE a.tenant_id = t AND a.word >= lead AND a.word < (lead || top) COLLATE "C"
            LIMIT looked) AS l
        WHERE NOT EXISTS (SELECT FROM unnest(others) AS o (word)
                          WHERE NOT EXISTS (SELECT FROM app.client_word b
                                            WHERE b.tenant_id = t AND b.client_id = l.client_id AND b.word >= o.word COLLATE "C" AND b.word < (o.word || top) COLLATE "C" OFFSET 0))
        LIMIT how_many * 4) AS q LIMIT how_many);
    IF cardinality(found) < how_many AND n >= looked THEN
        second := words[2];
        others := words[3:];
        LOOP
            kept := ARRAY(SELECT a.client_id FROM app.client_word a
                          WHERE a.tenant_id = t AND a.word >= lead AND a.word < (lead || top) COLLATE "C" LIMIT keep);
            found := ARRAY(SELECT DISTINCT q.client_id FROM (
                SELECT l.client_id FROM (
                    SELECT a.client_id FROM app.client_word a
                    WHERE a.tenant_id = t AND a.word >= second AND a.word < (second || top) COLLATE "C"
                    LIMIT run) AS l
                WHERE (l.client_id IN (SELECT unnest(kept))) IS TRUE
                  AND (cardinality(others) = 0
                       OR NOT EXISTS (SELECT FROM unnest(others) AS o (word)
                                      WHERE NOT EXISTS (SELECT FROM app.client_word b
                                                        WHERE b.tenant_id = t AND b.client_id = l.client_id AND b.word >= o.word COLLATE "C" AND b.word < (o.word || top) COLLATE "C" OFFSET 0)))
                LIMIT how_many * 4) AS q LIMIT how_many);
            EXIT WHEN cardinality(found) >= how_many OR run > 20000000;
            run := CASE WHEN cardinality(kept) < keep THEN 100000000 ELSE run * 16 END;
            keep := keep * 16;
        END LOOP;
    END IF;
    RETURN QUERY SELECT f.id FROM unnest(found) AS f (id);
END $$;

REVOKE ALL ON FUNCTION app.search_words(text), app.client_find(text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_words(text), app.client_find(text, int) TO foyer_staff;
