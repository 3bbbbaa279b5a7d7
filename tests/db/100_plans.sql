-- D-02: how every named statement of the product would be carried out, as its pool's role under row security, with the generic plan
-- that the roles are set to, in a studio of 12,000 clients beside one of four: no large table is read from end to end, and what the
-- pages ask most throws little away. The numbers are of plans and rows, not of time.
\set statements `perl statements.pl`
BEGIN;
SELECT no_plan();
SET LOCAL client_min_messages = error;

-- Beta grows; alpha stays small, which is what misleads a planner.
SELECT set_config('foyer.tenant_id', fx.id('b', 'tenant', 1)::text, true), set_config('foyer.actor_kind', 'system', true), set_config('foyer.actor', fx.id('b', 'staff', 1)::text, true);
INSERT INTO app.client (id, name, email, phone, birth_date)
SELECT ('c0000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, (ARRAY['Anna', 'Maria', 'Ines', 'Olga', 'Ruth', 'Wanda'])[1 + i % 6] || ' Person' || i, 'p' || i || '@example.com', '+1212' || (2000000 + i), date '1960-01-01' + i % 15000
FROM generate_series(1, 12000) AS i;
-- 12 appointments a day of each of two providers over some years, each with its slot; the rules of changing them are not asked here
SET LOCAL session_replication_role = replica;
INSERT INTO app.appointment (tenant_id, id, client_id, service_id, staff_id, location_id, starts_at, ends_at, status, source)
SELECT fx.id('b', 'tenant', 1), ('d0000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, ('c0000000-0000-4000-8000-' || lpad((1 + i % 12000)::text, 12, '0'))::uuid, fx.id('b', 'service', 2), fx.id('b', 'staff', 4 + i % 2), fx.id('b', 'location', 1),
       at, at + interval '30 minutes', CASE WHEN at < now() THEN 'done' ELSE 'booked' END, 'import'
FROM (SELECT i, date_trunc('day', now()) - interval '900 days' + (i / 24) * interval '1 day' + interval '13 hours' + (i % 24 / 2) * interval '35 minutes' AS at FROM generate_series(1, 24000) AS i) AS v;
INSERT INTO app.slot (tenant_id, appointment_id, resource_id, during, state)
SELECT a.tenant_id, a.id, a.staff_id, tstzrange(a.starts_at, a.ends_at), 'booked' FROM app.appointment a WHERE a.id::text LIKE 'd0000000%';
INSERT INTO app.appointment_event (tenant_id, appointment_id, what, status, at)
SELECT a.tenant_id, a.id, 'status', 'booked', a.starts_at - interval '3 days' FROM app.appointment a WHERE a.id::text LIKE 'd0000000%';
INSERT INTO app.message (tenant_id, id, client_id, kind, channel, to_address, body_sealed, dedupe_key, state, sent_at, created_at)
SELECT fx.id('b', 'tenant', 1), gen_random_uuid(), c.id, 'booked', 'email', 'x@example.com', '\x00', c.id::text, 'sent', now(), now() - random() * interval '900 days' FROM app.client c WHERE c.id::text LIKE 'c0000000%';
INSERT INTO app.job (tenant_id, kind, subject_id, dedupe_key, state) SELECT m.tenant_id, 'message.send', m.id, m.dedupe_key, 'done' FROM app.message m WHERE m.dedupe_key LIKE 'c0000000%';
INSERT INTO app.link (tenant_id, purpose, client_id, token_hash, expires_at) SELECT c.tenant_id, 'manage', c.id, sha256(convert_to(c.id::text, 'UTF8')), now() + interval '9 days' FROM app.client c WHERE c.id::text LIKE 'c0000000%';
INSERT INTO app.form_assignment (tenant_id, client_id, appointment_id, form_id) SELECT a.tenant_id, a.client_id, a.id, fx.id('b', 'form', 1) FROM app.appointment a WHERE a.id::text LIKE 'd0000000%';
INSERT INTO app.chart_note (tenant_id, client_id, body_sealed, author_id) SELECT c.tenant_id, c.id, '\x00', fx.id('b', 'staff', 4) FROM app.client c WHERE c.id::text LIKE 'c0000000%';
INSERT INTO app.allergy (tenant_id, client_id, substance_sealed) SELECT c.tenant_id, c.id, '\x00' FROM app.client c WHERE c.id::text LIKE 'c0000000%';
INSERT INTO app.client_field (tenant_id, id, name, kind) VALUES (fx.id('b', 'tenant', 1), fx.id('b', 'own_field', 1), 'Size', 'text');
INSERT INTO app.client_field_value (tenant_id, client_id, field_id, value_sealed) SELECT c.tenant_id, c.id, fx.id('b', 'own_field', 1), '\x00' FROM app.client c WHERE c.id::text LIKE 'c0000000%';
INSERT INTO app.correction (tenant_id, id, client_id, field, words_sealed, decision, reason_sealed, decided_at, decided_by)
SELECT c.tenant_id, c.id, c.id, 'name', '\x00', 'refused', '\x00', now(), fx.id('b', 'staff', 1) FROM app.client c WHERE c.id::text LIKE 'c0000000%';
INSERT INTO app.correction_statement (tenant_id, client_id, correction_id, kind, statement_sealed) SELECT c.tenant_id, c.id, c.id, 'disagreement', '\x00' FROM app.client c WHERE c.id::text LIKE 'c0000000%';
INSERT INTO audit.event (tenant_id, at, actor_kind, actor_id, action, client_ids)
SELECT fx.id('b', 'tenant', 1), now() - i * interval '20 seconds', 'staff', fx.id('b', 'staff', 1), 'client.read', ARRAY[('c0000000-0000-4000-8000-' || lpad((1 + i % 12000)::text, 12, '0'))::uuid] FROM generate_series(1, 20000) AS i;
SET LOCAL session_replication_role = origin;
ANALYZE;

CREATE TEMP TABLE large AS SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind = 'r' AND c.reltuples > 3000;
SELECT cmp_ok((SELECT count(*) FROM large), '>=', 9::bigint, 'the tables are large enough to matter: ' || (SELECT string_agg(name, ' ') FROM large));

-- What a page would put in: values of beta by the names of parameters.
CREATE TEMP TABLE given (name text PRIMARY KEY, value text);
INSERT INTO given VALUES ('client_id', 'c0000000-0000-4000-8000-000000000017'), ('appointment_id', 'd0000000-0000-4000-8000-000000021610'), ('day', current_date::text), ('week', current_date::text),
    ('location', fx.id('b', 'location', 1)::text), ('location_id', fx.id('b', 'location', 1)::text), ('place', fx.id('b', 'location', 1)::text), ('staff_id', fx.id('b', 'staff', 4)::text), ('service_id', fx.id('b', 'service', 2)::text), ('who', NULL),
    ('q', 'person17 anna'), ('page_limit', '50'), ('page_offset', '0'), ('kind', 'privacy'), ('version', '1'), ('message_id', fx.id('b', 'message', 1)::text), ('host', 'beta.foyer.localhost'),
    ('link_id', fx.id('b', 'link', 1)::text), ('assignment_id', fx.id('b', 'assignment', 1)::text), ('note_id', fx.id('b', 'note', 1)::text), ('signature_id', gen_random_uuid()::text), ('time', '10:00'), ('slot', '1796137200'),
    ('hold_id', 'd0000000-0000-4000-8000-000000021610'), ('demo_request_id', gen_random_uuid()::text), ('allergy_id', fx.id('b', 'allergy', 1)::text);
GRANT SELECT ON given TO PUBLIC;

CREATE FUNCTION pg_temp.plan_of(name text, sql text, params jsonb, is_run boolean, OUT role text, OUT plan jsonb, OUT error text) LANGUAGE plpgsql SET search_path = app, pg_temp AS $fx$
DECLARE
    text_plan json;
    n int;
    list text;
BEGIN
    -- plan_cache_mode comes with a log-in; here with SET
    PERFORM set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true),
        set_config('foyer.tenant_id', fx.id('b', 'tenant', 1)::text, true), set_config('foyer.perms', (SELECT s.perms FROM app.staff s WHERE s.id = fx.id('b', 'staff', 1)), true),
        set_config('foyer.actor', fx.id('b', 'staff', 1)::text, true);
    FOREACH role IN ARRAY ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs'] LOOP
        PERFORM set_config('foyer.actor_kind', CASE role WHEN 'foyer_staff' THEN 'staff' WHEN 'foyer_jobs' THEN 'job' ELSE 'client' END, true),
            set_config('foyer.client_id', CASE WHEN role = 'foyer_public' THEN 'c0000000-0000-4000-8000-000000000017' ELSE '' END, true);
        BEGIN
            EXECUTE format('SET LOCAL ROLE %I', role);
            EXECUTE 'PREPARE planned AS ' || sql;
            SELECT string_agg(coalesce((SELECT quote_literal(g.value) FROM given g WHERE g.name = p), 'NULL'), ', ' ORDER BY o) INTO list FROM jsonb_array_elements_text(params) WITH ORDINALITY AS e (p, o);
            EXECUTE format('EXPLAIN (FORMAT JSON%s) EXECUTE planned%s', CASE WHEN is_run THEN ', ANALYZE, TIMING OFF' ELSE '' END, CASE WHEN list <> '' THEN '(' || list || ')' ELSE '' END) INTO text_plan;
            plan := text_plan::jsonb;
            error := NULL;
            -- what running it may have changed, and the prepared statement's role, go with this
            RAISE EXCEPTION 'enough' USING ERRCODE = 'FY999';
        EXCEPTION
            WHEN SQLSTATE 'FY999' THEN
                EXECUTE 'DEALLOCATE planned';
                RETURN;
            WHEN OTHERS THEN
                error := SQLSTATE || ' ' || SQLERRM;
                plan := NULL;
                BEGIN EXECUTE 'DEALLOCATE planned'; EXCEPTION WHEN OTHERS THEN NULL; END;
        END;
    END LOOP;
    role := NULL;
END $fx$;

CREATE TEMP TABLE planned AS
SELECT s.name, p.role, p.plan, p.error FROM jsonb_to_recordset(:'statements'::jsonb) AS s (name text, params jsonb, sql text), pg_temp.plan_of(s.name, s.sql, s.params, false) AS p;
SELECT cmp_ok((SELECT count(*) FROM planned WHERE plan IS NOT NULL), '>=', 100::bigint, 'D-02: there are plans to look at');
SELECT is_empty($$ SELECT name, error FROM planned WHERE plan IS NULL $$, 'D-02: every statement can be planned by one of the pools');
SELECT is_empty($$ SELECT p.name, p.role, node ->> 'Relation Name' FROM planned p, jsonb_path_query(p.plan, '$.** ? (@."Node Type" == "Seq Scan")') AS node
    WHERE node ->> 'Relation Name' IN (SELECT l.name FROM large l)
      AND p.name <> 'client_field_list' -- (in the settings: of how many clients something is kept in each field)
    $$, 'D-02: no statement reads a large table from end to end');

-- The pages that only look, with values: what they throw away.
CREATE TEMP TABLE ran AS
SELECT s.name, p.role, p.plan, p.error FROM jsonb_to_recordset(:'statements'::jsonb) AS s (name text, params jsonb, sql text), pg_temp.plan_of(s.name, s.sql, s.params, true) AS p
WHERE s.sql ~* '^\s*(SELECT|WITH)' AND s.name !~ '_(new|done|logout|lookup|prove|take|count)$';
SELECT cmp_ok((SELECT count(*) FROM ran WHERE plan IS NOT NULL), '>=', 50::bigint, 'D-02: there are pages that were asked: ' || (SELECT count(*) FROM ran WHERE plan IS NOT NULL));
SELECT is_empty($$ SELECT DISTINCT p.name, p.role, node ->> 'Relation Name', node ->> 'Rows Removed by Filter', node ->> 'Actual Loops' FROM ran p, jsonb_path_query(p.plan, '$.** ? (@."Rows Removed by Filter" > 0)') AS node
    WHERE (node ->> 'Rows Removed by Filter')::numeric * (node ->> 'Actual Loops')::numeric > 1000
      AND p.name <> 'client_list_export' -- (all clients as a file: a few rows of a small table, once for each)
    $$, 'D-02: no statement throws away more than a thousand rows');
SELECT is_empty($$ SELECT p.name, p.role FROM ran p, jsonb_path_query(p.plan, '$.** ? (@."Node Type" == "Index Scan" || @."Node Type" == "Bitmap Heap Scan")') AS node
    WHERE (node ->> 'Actual Rows')::numeric * (node ->> 'Actual Loops')::numeric > 5000
      AND p.name <> 'client_list_export' -- (all clients as a file)
    $$, 'D-02: nor reads more than five thousand');

-- (a statement that does both is found out)
CREATE TEMP TABLE planted AS SELECT (pg_temp.plan_of('planted', 'SELECT count(*) FROM app.client WHERE preferred_name = $1', '["q"]', true)).*;
SELECT isnt_empty($$ SELECT 1 FROM planted, jsonb_path_query(plan, '$.** ? (@."Rows Removed by Filter" > 1000)') $$, 'a statement without an index is found out');

SELECT * FROM finish();
ROLLBACK;
