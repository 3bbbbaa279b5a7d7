-- words.sql -- the words of the clients that data.sql made, without triggers and indexes, which are made afterwards.
\set ON_ERROR_STOP on
SET max_parallel_workers_per_gather = 0;
SET maintenance_work_mem = '1GB';
BEGIN;
SET LOCAL session_replication_role = replica;
ALTER TABLE app.client_word DROP CONSTRAINT client_word_pkey;
DROP INDEX app.client_word_by_client;
INSERT INTO app.client_word (tenant_id, word, client_id, kind, beside)
SELECT c.tenant_id, k.word, c.id, k.kind, k.beside
FROM app.client c,
     LATERAL (SELECT array_agg(w.word ORDER BY length(w.word) DESC) AS words, array_agg(w.kind ORDER BY length(w.word) DESC) AS kinds
              FROM app.client_words_by_kind(c.name, c.preferred_name, c.email, c.phone) AS w) AS a,
     app.client_words_kept(a.words, a.kinds) AS k
WHERE c.tenant_id IN ('be000000-0000-4000-8000-000000000001', 'be000000-0000-4000-8000-000000000002', 'be000000-0000-4000-8000-000000000003');
ALTER TABLE app.client_word ADD CONSTRAINT client_word_pkey PRIMARY KEY (tenant_id, word, client_id) INCLUDE (kind, beside);
CREATE INDEX client_word_by_client ON app.client_word (tenant_id, client_id, word) INCLUDE (kind);
COMMIT;
VACUUM ANALYZE app.client_word;
