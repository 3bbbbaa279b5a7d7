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
        ELSE ARRAY(SELECT w FROM regexp_split_to_table(app.search_norm(left(typed, 200)), ' ') AS w WHERE w <> '' ORDER BY length(w) DESC, w LIMIT 5)
    END
$$;

-- What somebody typed, in the forms in which it may stand in the index. A number as people of that country dial it is kept without what is
-- dialled before it: "030 90 18 20" and "0049 30 90 18 20" are +4930901820. As the digits of a part of it are looked for too, both count.
CREATE OR REPLACE FUNCTION app.search_forms(typed text, country text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    digits text := regexp_replace(replace(typed, '(0)', ''), '[^0-9]', '', 'g');
    is_nanp boolean := country IN ('US', 'CA', 'PR');
    rest text;
BEGIN
    IF typed !~ '^[-+(). /0-9]+$' OR digits = '' THEN
        RETURN ARRAY[typed];
    END IF;
    IF btrim(typed) NOT LIKE '+%' THEN
        rest := substr(digits, 1 + length(CASE
            WHEN is_nanp THEN substring(digits FROM '^011')
            WHEN digits LIKE '00%' THEN '00'
            WHEN country = 'HU' THEN substring(digits FROM '^06')
            WHEN country IN ('RU', 'KZ') THEN substring(digits FROM '^8')
            ELSE substring(digits FROM '^0') END));
    END IF;
    RETURN CASE WHEN length(rest) >= 2 THEN ARRAY[digits, rest] ELSE ARRAY[digits] END;
END $$;

-- Typed words, the one with the fewest rows first; none when nobody at all has one of them. What begins a word that was typed as well says
-- nothing more and is left out. n_first: about how many rows that one has, when they are many. Internal: over all words of the business,
-- whoever asks.
DROP FUNCTION IF EXISTS app.client_word_order(text[]);
CREATE OR REPLACE FUNCTION app.client_word_order(INOUT words text[], OUT n_first float8)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t uuid := app.tenant();
    top text := chr(1114111);  -- sorts behind every word that begins with what stands before it
    w text COLLATE "C";
    typed text[] := words;
    costs float8[] := '{}';
    few int := 300;
    sample int := 2000;
    n int;
BEGIN
    words := '{}';
    n_first := 0;
    FOREACH w IN ARRAY typed LOOP
        IF NOT EXISTS (SELECT FROM unnest(words) AS x WHERE starts_with(x, w)) THEN
            words := words || w::text;
        END IF;
    END LOOP;
    IF cardinality(words) < 2 THEN
        RETURN;
    END IF;
    FOREACH w IN ARRAY words LOOP
        SELECT count(*) INTO n FROM (
            SELECT FROM app.client_word a WHERE a.tenant_id = t AND a.word >= w AND a.word < (w || top) COLLATE "C" LIMIT few) AS q;
        IF n = 0 THEN
            words := '{}';
            RETURN;
        END IF;
        costs := costs || CASE WHEN n < few THEN n ELSE 'infinity'::float8 END;
    END LOOP;
    IF 'infinity' = ALL (costs) THEN
        -- Ids are random, so the rows of the first clients are a sample of all.
        SELECT ARRAY[count(*) FILTER (WHERE starts_with(s.word, words[1])), count(*) FILTER (WHERE starts_with(s.word, words[2])), count(*) FILTER (WHERE starts_with(s.word, words[3])),
                     count(*) FILTER (WHERE starts_with(s.word, words[4])), count(*) FILTER (WHERE starts_with(s.word, words[5]))]
        INTO costs FROM (SELECT b.word FROM app.client_word b WHERE b.tenant_id = t ORDER BY b.client_id, b.word LIMIT sample) AS s;
        -- of all businesses, so at most
        n_first := (SELECT min(x) FROM unnest(costs[:cardinality(words)]) AS x) / sample * (SELECT c.reltuples FROM pg_class c WHERE c.oid = 'app.client_word'::regclass);
    END IF;
    words := ARRAY(SELECT x.word FROM unnest(words, costs[:cardinality(words)]) AS x (word, cost) ORDER BY x.cost, length(x.word) DESC, x.word);
END $$;

-- Rows of words that begin with the first of these, behind a given one in the order of the index: at most n, of clients who can have the
-- other words too, of kinds that are asked for, among the first `most` (NULL: all). Internal: over all words of the business, whoever asks;
-- who is told looks at each.
DROP FUNCTION IF EXISTS app.client_word_near(text[], text[], text, uuid, int);
CREATE OR REPLACE FUNCTION app.client_word_near(words text[], kinds text[], INOUT word text, INOUT client_id uuid, n int, most int) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    top text := chr(1114111);  -- sorts behind every word that begins with what stands before it
    last text COLLATE "C" := words[1] || top;
    after_word text COLLATE "C" := client_word_near.word;
    after_client uuid := client_word_near.client_id;
    w1 text COLLATE "C" := words[2];
    w2 text COLLATE "C" := words[3];
    w3 text COLLATE "C" := words[4];
    w4 text COLLATE "C" := words[5];
    -- a number may stand within a longer one
    likes text[] := ARRAY(SELECT CASE WHEN o.word ~ '^[0-9]+$' THEN '%' ELSE '% ' END || o.word || '%' FROM unnest(words[2:]) WITH ORDINALITY AS o (word, i) ORDER BY o.i);
    p1 text := likes[1];
    p2 text := likes[2];
    p3 text := likes[3];
    p4 text := likes[4];
    of_all boolean := cardinality(kinds) = 3;
BEGIN
    IF w1 IS NULL THEN
        RETURN QUERY
        SELECT a.word, a.client_id FROM app.client_word a
        WHERE a.tenant_id = t AND (a.word, a.client_id) > (after_word, after_client) AND a.word < last AND (of_all OR a.kind = ANY (kinds))
        ORDER BY a.word, a.client_id LIMIT n;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT a.word, a.client_id
    FROM (SELECT x.word, x.client_id, x.kind, x.beside FROM app.client_word x
          WHERE x.tenant_id = t AND (x.word, x.client_id) > (after_word, after_client) AND x.word < last
          ORDER BY x.word, x.client_id LIMIT most) AS a
    WHERE (of_all OR a.kind = ANY (kinds))
      AND CASE WHEN a.beside IS NOT NULL THEN a.beside LIKE p1 AND (p2 IS NULL OR a.beside LIKE p2) AND (p3 IS NULL OR a.beside LIKE p3) AND (p4 IS NULL OR a.beside LIKE p4)
          ELSE EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w1 AND b.word < (w1 || top) COLLATE "C" OFFSET 0)
           AND (w2 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w2 AND b.word < (w2 || top) COLLATE "C" OFFSET 0))
           AND (w3 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w3 AND b.word < (w3 || top) COLLATE "C" OFFSET 0))
           AND (w4 IS NULL OR EXISTS (SELECT FROM app.client_word b WHERE b.tenant_id = t AND b.client_id = a.client_id AND b.word >= w4 AND b.word < (w4 || top) COLLATE "C" OFFSET 0)) END
    LIMIT n;
END $$;

REVOKE ALL ON FUNCTION app.search_forms(text, text), app.search_words(text), app.client_word_order(text[]), app.client_word_near(text[], text[], text, uuid, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_words(text), app.search_norm(text) TO foyer_staff, foyer_disclosure;
GRANT EXECUTE ON FUNCTION app.search_forms(text, text) TO foyer_disclosure;
GRANT EXECUTE ON FUNCTION app.client_word_order(text[]), app.client_word_near(text[], text[], text, uuid, int, int) TO foyer_disclosure;

SET LOCAL ROLE foyer_disclosure;

-- Clients in whom every typed word begins some word of hers; at most lim (ask for one more than is shown). Under the same policies as
-- the caller's own reading: of app.client_word each word again, of app.client whether she is seen yet.
-- most: of a word that begins far more rows so many are read; what was found then, if it is five, is given as it is, with a row of NULL behind
-- it: there may be others. NULL: all are read. tag: of those alone who have it, on any of their records.
DROP FUNCTION IF EXISTS app.client_find(text, int);
DROP FUNCTION IF EXISTS app.client_find(text, int, int);
CREATE OR REPLACE FUNCTION app.client_find(typed text, lim int DEFAULT 51, most int DEFAULT NULL, tag uuid DEFAULT NULL) RETURNS TABLE (client_id uuid)
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
    form text;
    reads int;
    n int;
    n_first float8;
    missing int;
    at_word text;
    at_client uuid;
    near uuid[];
    near_words text[];
    got int;
    found uuid[] := '{}';
    is_cut boolean := false;
    was_cut boolean := false;
BEGIN
    IF how_many = 0 OR NOT app.may_some('client_read') THEN
        RETURN;
    END IF;
    FOREACH form IN ARRAY app.search_forms(typed, (SELECT b.country FROM app.tenant b WHERE b.id = t)) LOOP
        EXIT WHEN cardinality(found) >= how_many;
        SELECT o.words, o.n_first INTO words, n_first FROM app.client_word_order(app.search_words(form)) AS o;
        reads := CASE WHEN n_first < 2.0 * most THEN NULL ELSE most END;
        n := how_many + 13;  -- a client may stand there twice
        at_word := words[1];
        at_client := '00000000-0000-0000-0000-000000000000';
        WHILE at_word IS NOT NULL LOOP
            missing := how_many - cardinality(found);
            SELECT array_agg(q.client_id), array_agg(q.word) INTO near, near_words FROM app.client_word_near(words, kinds, at_word, at_client, n, reads) AS q;
            found := found || ARRAY(
                SELECT l.id FROM (SELECT DISTINCT x.id FROM unnest(near) AS x (id)) AS l
                WHERE l.id <> ALL (found)
                  AND (tag IS NULL OR EXISTS (SELECT FROM app.client_tag g WHERE g.tenant_id = t AND g.tag_id = tag AND g.client_id = l.id)
                       OR (EXISTS (SELECT FROM app.client_merged m WHERE m.tenant_id = t AND (m.client_id = l.id OR m.into_id = l.id) AND m.undone_at IS NULL)
                           AND EXISTS (SELECT FROM app.client_tag g WHERE g.tenant_id = t AND g.tag_id = tag AND g.client_id = ANY (app.person_ids(l.id)))))
                  AND NOT EXISTS (SELECT FROM unnest(words[2:] || words[1]) AS o (word)
                                  WHERE NOT EXISTS (SELECT FROM app.client_word b
                                                    WHERE b.tenant_id = t AND b.client_id = l.id AND b.word >= o.word COLLATE "C" AND b.word < (o.word || top) COLLATE "C" OFFSET 0))
                  AND EXISTS (SELECT FROM app.client c WHERE c.tenant_id = t AND c.id = l.id OFFSET 0)
                LIMIT missing);
            got := coalesce(cardinality(near), 0);
            EXIT WHEN cardinality(found) >= how_many;
            is_cut := got < n AND reads IS NOT NULL AND cardinality(found) >= 5;
            EXIT WHEN is_cut OR (got < n AND reads IS NULL);
            IF got < n THEN
                reads := NULL;  -- too few to be shown as they are: all are read after all
            END IF;
            IF got > 0 THEN
                at_word := near_words[got];
                at_client := near[got];
            END IF;
            -- as many as it takes when as many of them are right as of these, and some more; at most twenty times as many
            missing := missing - (how_many - cardinality(found));
            n := least(20000, 13 + (how_many - cardinality(found)) * n * 5 / 4 / greatest(missing, n / 16, 1));
        END LOOP;
        was_cut := was_cut OR is_cut;
    END LOOP;
    RETURN QUERY SELECT f.id FROM unnest(found) AS f (id) UNION ALL SELECT NULL WHERE was_cut;
END $$;

REVOKE ALL ON FUNCTION app.client_find(text, int, int, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_find(text, int, int, uuid) TO foyer_staff;
RESET ROLE;
