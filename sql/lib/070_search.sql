-- 070_search: finding a client by parts of her name, e-mail address or phone number. Rights and rows of the caller.
--
-- Each word is a range of the index of words. Several words: the range of the rarest is read in the order of the index, each row saying
-- by what stands beside it whether the others can be there, until a page is full. For whom they can be, row security is asked. So what is
-- read is bounded by the rarest word, and by how soon fifty are found (docs/performance.md).

SET LOCAL ROLE foyer_owner;

-- The words of what somebody typed into the search field, the longest first; at most five.
CREATE OR REPLACE FUNCTION app.search_words(typed text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN typed LIKE '%@%' THEN ARRAY['@' || lower(btrim(typed))]
        WHEN typed ~ '^[-+(). /0-9]+$' AND typed ~ '[0-9]'
            THEN ARRAY[regexp_replace(typed, '[^0-9]', '', 'g')]
        ELSE ARRAY(SELECT w FROM regexp_split_to_table(app.norm(left(typed, 200)), ' ') AS w WHERE w <> '' ORDER BY length(w) DESC, w LIMIT 5)
    END
$$;

-- Typed words, the one with the fewest rows first; none when nobody at all has one of them. What begins a word that was typed as well says
-- nothing more and is left out. Internal: over all words of the business, whoever asks.
CREATE OR REPLACE FUNCTION app.client_word_order(typed text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t uuid := app.tenant();
    top text := chr(1114111);  -- sorts behind every word that begins with what stands before it
    w text COLLATE "C";
    words text[] := '{}';
    costs float8[] := '{}';
    few int := 300;
    n int;
BEGIN
    FOREACH w IN ARRAY typed LOOP
        IF NOT EXISTS (SELECT FROM unnest(words) AS x WHERE starts_with(x, w)) THEN
            words := words || w::text;
        END IF;
    END LOOP;
    IF cardinality(words) < 2 THEN
        RETURN words;
    END IF;
    FOREACH w IN ARRAY words LOOP
        SELECT count(*) INTO n FROM (
            SELECT FROM app.client_word a WHERE a.tenant_id = t AND a.word >= w AND a.word < (w || top) COLLATE "C" LIMIT few) AS q;
        IF n = 0 THEN
            RETURN '{}';
        END IF;
        costs := costs || CASE WHEN n < few THEN n ELSE 'infinity'::float8 END;
    END LOOP;
    IF 'infinity' = ALL (costs) THEN
        -- Ids are random, so the rows of the first clients are a sample of all. Rows of phone numbers say nothing of other words: to look at
        -- the client takes twenty times as long.
        SELECT ARRAY[count(*) FILTER (WHERE starts_with(s.word, words[1])), count(*) FILTER (WHERE starts_with(s.word, words[2])), count(*) FILTER (WHERE starts_with(s.word, words[3])),
                     count(*) FILTER (WHERE starts_with(s.word, words[4])), count(*) FILTER (WHERE starts_with(s.word, words[5]))]
        INTO costs FROM (SELECT b.word FROM app.client_word b WHERE b.tenant_id = t ORDER BY b.client_id, b.word LIMIT 3000) AS s;
        costs := ARRAY(SELECT (0.5 + x.hits) * CASE WHEN x.word ~ '^[0-9]+$' THEN 20 ELSE 1 END FROM unnest(words, costs) WITH ORDINALITY AS x (word, hits, i) WHERE x.word IS NOT NULL ORDER BY x.i);
    END IF;
    RETURN ARRAY(SELECT x.word FROM unnest(words, costs) AS x (word, cost) ORDER BY x.cost, length(x.word) DESC, x.word);
END $$;

-- Rows of words that begin with the first of these, behind a given one in the order of the index, at most n: of clients who can have the
-- other words too, of kinds that are asked for. Internal: over all words of the business, whoever asks; who is told looks at each.
CREATE OR REPLACE FUNCTION app.client_word_near(words text[], kinds text[], INOUT word text, INOUT client_id uuid, n int) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    last text COLLATE "C" := words[1] || chr(1114111);
    after_word text COLLATE "C" := client_word_near.word;
    after_client uuid := client_word_near.client_id;
    -- a number may stand within a longer one
    likes text[] := ARRAY(SELECT CASE WHEN o.word ~ '^[0-9]+$' THEN '%' ELSE '% ' END || o.word || '%' FROM unnest(words[2:]) WITH ORDINALITY AS o (word, i) ORDER BY o.i);
    one text := likes[1];
    two text := likes[2];
    three text := likes[3];
    four text := likes[4];
    of_all boolean := cardinality(kinds) = 3;
BEGIN
    IF one IS NULL THEN
        RETURN QUERY
        SELECT a.word, a.client_id FROM app.client_word a
        WHERE a.tenant_id = t AND (a.word, a.client_id) > (after_word, after_client) AND a.word < last AND (of_all OR a.kind = ANY (kinds))
        ORDER BY a.word, a.client_id LIMIT n;
    ELSE
        RETURN QUERY
        SELECT a.word, a.client_id FROM app.client_word a
        WHERE a.tenant_id = t AND (a.word, a.client_id) > (after_word, after_client) AND a.word < last
          AND (a.beside IS NULL OR (a.beside LIKE one AND (two IS NULL OR a.beside LIKE two) AND (three IS NULL OR a.beside LIKE three) AND (four IS NULL OR a.beside LIKE four)))
          AND (of_all OR a.kind = ANY (kinds))
        ORDER BY a.word, a.client_id LIMIT n;
    END IF;
END $$;

REVOKE ALL ON FUNCTION app.search_words(text), app.client_word_order(text[]), app.client_word_near(text[], text[], text, uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_words(text) TO foyer_staff, foyer_disclosure;
GRANT EXECUTE ON FUNCTION app.client_word_order(text[]), app.client_word_near(text[], text[], text, uuid, int) TO foyer_disclosure;

SET LOCAL ROLE foyer_disclosure;

-- Clients in whom every typed word begins some word of hers; at most lim (ask for one more than is shown). Under the same policies as
-- the caller's own reading: of app.client_word each word again, of app.client whether she is seen yet.
CREATE OR REPLACE FUNCTION app.client_find(typed text, lim int DEFAULT 51) RETURNS TABLE (client_id uuid)
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    top text := chr(1114111);
    how_many int := least(greatest(coalesce(lim, 51), 0), 1000);
    words text[];
    kinds text[] := ARRAY['name'] || CASE WHEN app.may_some('show_email') THEN ARRAY['email'] ELSE '{}' END || CASE WHEN app.may_some('show_phone') THEN ARRAY['phone'] ELSE '{}' END;
    n int := how_many + 13;  -- a client may stand there twice
    missing int;
    at_word text;
    at_client uuid := '00000000-0000-0000-0000-000000000000';
    near uuid[];
    near_words text[];
    found uuid[] := '{}';
BEGIN
    IF how_many = 0 OR NOT app.may_some('client_read') THEN
        RETURN;
    END IF;
    words := app.client_word_order(app.search_words(typed));
    at_word := words[1];
    WHILE at_word IS NOT NULL LOOP
        missing := how_many - cardinality(found);
        SELECT array_agg(q.client_id), array_agg(q.word) INTO near, near_words
        FROM app.client_word_near(words, kinds, at_word, at_client, n) AS q;
        found := found || ARRAY(
            SELECT l.id FROM (SELECT DISTINCT x.id FROM unnest(near) AS x (id)) AS l
            WHERE l.id <> ALL (found)
              AND NOT EXISTS (SELECT FROM unnest(words[2:] || words[1]) AS o (word)
                              WHERE NOT EXISTS (SELECT FROM app.client_word b
                                                WHERE b.tenant_id = t AND b.client_id = l.id AND b.word >= o.word COLLATE "C" AND b.word < (o.word || top) COLLATE "C" OFFSET 0))
              AND EXISTS (SELECT FROM app.client c WHERE c.tenant_id = t AND c.id = l.id OFFSET 0)
            LIMIT missing);
        EXIT WHEN cardinality(found) >= how_many OR cardinality(near) < n;
        at_word := near_words[n];
        at_client := near[n];
        -- as many as it takes when as many of them are right as of these, and some more; at most twenty times as many
        missing := missing - (how_many - cardinality(found));
        n := least(20000, 13 + (how_many - cardinality(found)) * n * 5 / 4 / greatest(missing, n / 16, 1));
    END LOOP;
    RETURN QUERY SELECT f.id FROM unnest(found) AS f (id);
END $$;

REVOKE ALL ON FUNCTION app.client_find(text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_find(text, int) TO foyer_staff;
RESET ROLE;
