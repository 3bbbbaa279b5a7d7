-- 880_search: several common words are looked for among a million clients without looking at each who has one of them.

SET LOCAL ROLE foyer_owner;

-- beside: all words of the client, a space before each; a phone number once and whole. By it a row of the index says whether the other
-- words that were typed can be there. NULL: it does not say (rows of phone numbers, which would be most of the space; of whole addresses,
-- which are looked for alone; of who has too many words). It holds words that the row's own kind may not show, so no pool may select it.
ALTER TABLE app.client_word ADD COLUMN beside text COLLATE "C" CONSTRAINT client_word_fits_the_index CHECK (octet_length(beside) <= 900);
REVOKE SELECT ON app.client_word FROM foyer_staff;
GRANT SELECT (tenant_id, word, client_id, kind) ON app.client_word TO foyer_staff, foyer_disclosure;

-- As before, but for the whole e-mail address: it has an @ before it, so that it does not lie among the names that begin as it does.
CREATE OR REPLACE FUNCTION app.client_words(name text, preferred_name text, email text, phone text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words text[] := string_to_array(app.norm(concat_ws(' ', name, preferred_name, split_part(email, '@', 1))), ' ');
    digits text := regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g');
BEGIN
    IF email <> '' THEN
        words := words || ('@' || lower(btrim(email)));
    END IF;
    FOR n IN 4..length(digits) LOOP
        words := words || right(digits, n);
    END LOOP;
    RETURN words;
END $$;

-- What stands beside a client's words, which come the longest first, with their kinds. A word that begins a longer one, or a number that
-- ends one, stands there already.
CREATE FUNCTION app.client_beside(words text[], kinds text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    line text := '';
BEGIN
    FOR i IN 1..cardinality(words) LOOP
        IF NOT starts_with(words[i], '@') AND strpos(line, CASE kinds[i] WHEN 'phone' THEN '' ELSE ' ' END || words[i]) = 0 THEN
            line := line || ' ' || words[i];
        END IF;
    END LOOP;
    RETURN CASE WHEN octet_length(line) <= 900 THEN line END;
END $$;
REVOKE ALL ON FUNCTION app.client_beside(text[], text[]) FROM PUBLIC;

-- A client's words as they are kept.
CREATE FUNCTION app.client_words_kept(words text[], kinds text[]) RETURNS TABLE (word text, kind text, beside text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    line text := app.client_beside(words, kinds);
BEGIN
    RETURN QUERY SELECT x.w, x.k, CASE WHEN x.k <> 'phone' AND NOT starts_with(x.w, '@') THEN line END FROM unnest(words, kinds) AS x (w, k);
END $$;
REVOKE ALL ON FUNCTION app.client_words_kept(text[], text[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION app.client_words_again(t uuid, client uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words text[];
    kinds text[];
BEGIN
    WITH every AS (
        SELECT k.word, k.kind
        FROM app.client c CROSS JOIN LATERAL app.client_words_by_kind(c.name, c.preferred_name, c.email, c.phone) AS k
        WHERE c.tenant_id = t AND c.id = client
        UNION ALL
        SELECT k.word, k.kind
        FROM app.client_contact x CROSS JOIN LATERAL app.client_words_by_kind(NULL, NULL, CASE x.kind WHEN 'email' THEN x.value END, CASE x.kind WHEN 'phone' THEN x.value END) AS k
        WHERE x.tenant_id = t AND x.client_id = client
        UNION ALL
        SELECT k.word, k.kind
        FROM app.client_guardian g CROSS JOIN LATERAL app.client_words_by_kind(g.name, NULL, g.email, g.phone) AS k
        WHERE g.tenant_id = t AND g.client_id = client AND g.ended_at IS NULL
    ), wanted AS (
        SELECT e.word, CASE WHEN bool_or(e.kind = 'name') THEN 'name' WHEN bool_or(e.kind = 'email') THEN 'email' ELSE 'phone' END AS kind
        FROM every e GROUP BY e.word
    )
    SELECT coalesce(array_agg(y.word ORDER BY length(y.word) DESC), '{}'), coalesce(array_agg(y.kind ORDER BY length(y.word) DESC), '{}') INTO words, kinds FROM wanted y;
    DELETE FROM app.client_word w WHERE w.tenant_id = t AND w.client_id = client AND w.word <> ALL (words);
    INSERT INTO app.client_word AS w (tenant_id, word, client_id, kind, beside)
    SELECT t, k.word, client, k.kind, k.beside FROM app.client_words_kept(words, kinds) AS k
    ON CONFLICT (tenant_id, word, client_id) DO UPDATE SET kind = excluded.kind, beside = excluded.beside
        WHERE w.kind <> excluded.kind OR w.beside IS DISTINCT FROM excluded.beside;
END $$;

CREATE OR REPLACE FUNCTION app.client_keep_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words text[];
    kinds text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(k.word ORDER BY length(k.word) DESC), array_agg(k.kind ORDER BY length(k.word) DESC) INTO words, kinds
        FROM app.client_words_by_kind(NEW.name, NEW.preferred_name, NEW.email, NEW.phone) AS k;
        INSERT INTO app.client_word (tenant_id, word, client_id, kind, beside)
        SELECT NEW.tenant_id, k.word, NEW.id, k.kind, k.beside FROM app.client_words_kept(words, kinds) AS k
        ON CONFLICT DO NOTHING;
    ELSE
        PERFORM app.client_words_again(NEW.tenant_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;

-- The search is carried out by who answers for reach: under the policy of the staff, from candidates that she alone is given.
ALTER POLICY staff_may_read ON app.client_word TO foyer_staff, foyer_disclosure;

RESET ROLE;
DO $$
BEGIN
    IF to_regprocedure('app.client_find(text, int)') IS NOT NULL THEN
        ALTER FUNCTION app.client_find(text, int) OWNER TO foyer_disclosure;
    END IF;
END $$;

-- The words that are there already. (A superuser's step: no policy applies. The table is written anew, once, without its indexes: two
-- minutes a million clients.)
ALTER TABLE app.client_word DROP CONSTRAINT client_word_pkey;
DROP INDEX app.client_word_by_client;
CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT x.client_id, x.tenant_id, app.client_beside(array_agg(x.word ORDER BY length(x.word) DESC), array_agg(x.kind ORDER BY length(x.word) DESC)) AS line
FROM (SELECT x.client_id, x.tenant_id, x.kind, CASE WHEN strpos(x.word, '@') > 0 THEN '@' ELSE '' END || x.word AS word FROM app.client_word x) AS x GROUP BY 1, 2;
CREATE UNIQUE INDEX ON line (client_id, tenant_id) INCLUDE (line);
ANALYZE line;
CREATE FUNCTION pg_temp.line_of(t uuid, client uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT l.line FROM line l WHERE l.client_id = client AND l.tenant_id = t); END $$;
ALTER TABLE app.client_word
    ALTER word TYPE text COLLATE "C" USING (CASE WHEN strpos(word, '@') > 0 THEN '@' ELSE '' END || word),
    ALTER beside TYPE text COLLATE "C" USING (CASE WHEN kind <> 'phone' AND strpos(word, '@') = 0 THEN pg_temp.line_of(tenant_id, client_id) END);
DROP FUNCTION pg_temp.line_of(uuid, uuid);
ALTER TABLE app.client_word ADD CONSTRAINT client_word_pkey PRIMARY KEY (tenant_id, word, client_id) INCLUDE (kind, beside);
CREATE INDEX client_word_by_client ON app.client_word (tenant_id, client_id, word) INCLUDE (kind);
