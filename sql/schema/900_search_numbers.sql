-- 900_search_numbers: rows of numbers say what stands beside them, too: a name with the last four digits is found without looking at each who
-- has these digits (ten times as long, a row, among a million clients).

SET LOCAL ROLE foyer_owner;

CREATE OR REPLACE FUNCTION app.client_words_kept(words text[], kinds text[]) RETURNS TABLE (word text, kind text, beside text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    line text := app.client_beside(words, kinds);
BEGIN
    RETURN QUERY SELECT x.w, x.k, CASE WHEN NOT starts_with(x.w, '@') THEN line END FROM unnest(words, kinds) AS x (w, k);
END $$;

-- The numbers that are there already, as in 880.
RESET ROLE;
ALTER TABLE app.client_word DROP CONSTRAINT client_word_pkey;
DROP INDEX app.client_word_by_client;
CREATE TEMP TABLE line ON COMMIT DROP AS SELECT x.client_id, x.tenant_id, min(x.beside) AS line FROM app.client_word x WHERE x.beside IS NOT NULL GROUP BY 1, 2;
CREATE UNIQUE INDEX ON line (client_id, tenant_id) INCLUDE (line);
ANALYZE line;
CREATE FUNCTION pg_temp.line_of(t uuid, client uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT l.line FROM line l WHERE l.client_id = client AND l.tenant_id = t); END $$;
ALTER TABLE app.client_word ALTER beside TYPE text COLLATE "C" USING (CASE kind WHEN 'phone' THEN pg_temp.line_of(tenant_id, client_id) ELSE beside END);
DROP FUNCTION pg_temp.line_of(uuid, uuid);
ALTER TABLE app.client_word ADD CONSTRAINT client_word_pkey PRIMARY KEY (tenant_id, word, client_id) INCLUDE (kind, beside);
CREATE INDEX client_word_by_client ON app.client_word (tenant_id, client_id, word) INCLUDE (kind);
