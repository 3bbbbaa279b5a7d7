-- Who may do what at the level of SQL, as a list that somebody has looked at; what each pool's role gets of every table without a
-- tenant or with nonsense for one; how the roles are. T03, T13, T14; D-01, D-03, D-05, D-07, D-09 to D-13, D-15 to D-19, D-22.
\set rights `PGOPTIONS= psql -X -At -f rights.psql`
\set snapshot `cat rights.snapshot`
BEGIN;
SELECT no_plan();
CREATE TEMP TABLE is_right AS SELECT line FROM unnest(string_to_array(:'rights', E'\n')) AS line WHERE line <> '';
CREATE TEMP TABLE was_right AS SELECT line FROM unnest(string_to_array(:'snapshot', E'\n')) AS line WHERE line <> '';
SELECT cmp_ok((SELECT count(*) FROM is_right), '>', 400::bigint, 'there are rights to compare');
SELECT is_empty('SELECT line FROM is_right EXCEPT SELECT line FROM was_right', 'T03, D-17, D-18: no right is new, unless rights.snapshot says so (rights.psql: how to renew it)');
SELECT is_empty('SELECT line FROM was_right EXCEPT SELECT line FROM is_right', 'T03, D-17, D-18: no right is gone, unless rights.snapshot says so');

CREATE TEMP TABLE pool AS SELECT unnest(ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_sealer', 'foyer_auditor']) AS role;

-- the forms that the snapshot's contents must have, whatever somebody accepts
SELECT is_empty($$ SELECT line FROM is_right WHERE line ~ '^policy .*: permissive ' AND line !~ 'tenant' AND line !~ '^policy app\.house_' AND line !~ ' to foyer_(auth|booking|disclosure|audit_owner|audit_reader|seal_owner|migrator|backfill|owner)[:]' $$,
    'D-01: a policy for a pool names the tenant, but for the operator''s tables about the house itself');
SELECT is_empty($$ SELECT line FROM is_right WHERE line ~ '^policy ' AND line ~ '::uuid' AND line ~ 'foyer\.tenant_id' AND line !~ 'NULLIF\(current_setting\(''foyer.tenant_id''::text, true\), ''''::text\)' $$,
    'D-05: a policy that reads the setting takes its empty remains for none');
SELECT is_empty($$ SELECT line FROM is_right, pool WHERE line ~ ('^table .*: ' || role || ' .*(TRUNCATE|REFERENCES|TRIGGER|GRANT)') $$, 'D-13: no pool truncates, refers, triggers or passes on');
SELECT is_empty($$ SELECT line FROM is_right, pool WHERE line ~ ('^schema .*: (' || role || '|-) .*CREATE') $$, 'D-13: no pool, and not everybody, makes anything');
SELECT is_empty($$ SELECT role FROM pool WHERE has_database_privilege(role, current_database(), 'TEMP') $$, 'D-13: no pool makes temporary tables');
SELECT is_empty($$ SELECT line FROM is_right WHERE line ~ '^setting ' AND line !~ ': foyer_auth SET$' $$, 'D-03: only the owner of the entering functions sets the context');
SELECT is_empty($$ SELECT line FROM is_right WHERE line ~ 'with its rights' AND line ~ 'PUBLIC' $$, 'D-13: no function with rights of its own is everybody''s');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('app', 'sec', 'audit') AND p.prosecdef
    AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c ~ '^search_path=.*pg_temp"?$') $$, 'D-13: each such function fixes where it looks, temporary tables last');
SELECT is_empty($$ SELECT line FROM is_right, pool WHERE line ~ ('^role ' || role || ': may become') $$, 'D-17: no pool''s role may become another');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind = 'm' $$,
    'D-11: there is no materialised view');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind = 'v'
    AND NOT coalesce(c.reloptions::text ~ 'security_invoker=(true|on)', false) $$, 'D-11: a view shows what its reader may see');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c CROSS JOIN pool WHERE c.relispartition AND has_any_column_privilege(pool.role, c.oid, 'SELECT, INSERT, UPDATE') $$,
    'D-12: no partition is reached but through its parent');
SELECT is_empty($$ SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
    WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND (a.attidentity <> '' OR t.typname IN ('citext', 'numeric')
      OR pg_get_expr((SELECT d.adbin FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum), a.attrelid) ~ 'nextval') AND c.relname NOT IN ('migration') $$,
    'D-06, D-10: no column counts up, none is of a type that keeps an index from being used');
SELECT is_empty($$ SELECT x.indexrelid::regclass FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE n.nspname = 'app' AND (x.indisunique OR x.indisexclusion) AND NOT a.attnum = ANY (x.indkey::int2[])
      AND NOT (x.indnkeyatts = 1 AND (SELECT t.atttypid FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attnum = x.indkey[0]) = 'uuid'::regtype) $$,
    'D-09: what is unique is unique within a tenant, so that no error tells of another');
SELECT is_empty($$ SELECT k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
    WHERE k.contype = 'f' AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = f.oid AND a.attname = 'tenant_id')
      AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnum = ANY (k.conkey)) $$, 'D-08: a key between tenants'' tables holds the tenant');
-- D-07: there is no search within words; the function that finds by prefixes asks row security for each whom it gives, by its caller's policy.
SELECT is((SELECT r.rolname || r.rolbypassrls || r.rolsuper FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE p.oid = to_regproc('app.client_find')), 'foyer_disclosurefalsefalse', 'D-07: search runs under row security');
SELECT is((SELECT polroles::regrole[]::text[] @> ARRAY['foyer_staff', 'foyer_disclosure'] FROM pg_policy WHERE polrelid = 'app.client_word'::regclass AND polname = 'staff_may_read'), true, 'D-07: of words by the policy of who searches');
SELECT is((SELECT string_agg(DISTINCT a.grantee::regrole::text, ' ' ORDER BY a.grantee::regrole::text) FROM pg_proc p, aclexplode(p.proacl) AS a WHERE p.oid IN (to_regproc('app.client_word_order'), to_regproc('app.client_word_near'))), 'foyer_disclosure foyer_owner', 'D-07: and nobody else is given whom it looks at');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE proleakproof AND proname IN ('textlike', 'texticlike', 'lower', 'range_overlaps', 'similarity_op', 'ts_match_vq') $$, 'D-07: no built-in function was declared leakproof');
SELECT is_empty($$ SELECT oid::regoperator FROM pg_operator WHERE oprnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('app', 'sec', 'audit')) $$, 'D-22: no operators of our own');
SELECT cmp_ok(current_setting('server_version_num')::int, '>=', 150018, 'D-22: this server''s minor has the mended bypasses of row security known when this was written');

-- D-15, D-16: the role for steps over the data of all sees all, or fails; it never sees nothing by mistake
SELECT is((SELECT rolbypassrls FROM pg_roles WHERE rolname = 'foyer_backfill'), true, 'D-15: steps over data of all tenants have a role that sees them');
SELECT is(fx.ask('foyer_migrator', 'SET ROLE foyer_owner', 'SELECT count(*) FROM app.client'), '0', 'D-15: the owner itself sees no row: forced');
SELECT is(fx.ask('foyer_migrator', 'SET ROLE foyer_owner', 'SET row_security = off', 'SELECT count(*) FROM app.client'), '42501', 'D-15, D-16: and with row security off it fails instead of seeing nothing');

-- D-19: catalogs tell a pool nothing of the values of others
SELECT is(fx.ask(role, 'SELECT count(*) FROM pg_stats WHERE schemaname IN (''app'', ''audit'', ''sec'') AND tablename <> ''permission'''), '0', 'D-19: ' || role || ' reads no statistics of columns') FROM pool WHERE role NOT IN ('foyer_auditor', 'foyer_sealer');
SELECT is(fx.ask(role, 'SELECT rolpassword FROM pg_authid LIMIT 1'), '42501', 'D-17: ' || role || ' reads no passwords of roles') FROM pool;

-- T13: what the first list (020_injection) leaves out, for each pool's role
SELECT is(fx.ask(role, attack), wanted, 'T13: ' || role || ': ' || left(attack, 70))
FROM pool, (VALUES
    ('CREATE TEMP VIEW client AS SELECT 1', '42501'), ('CREATE VIEW app.x AS SELECT 1', '42501'), ('CREATE OPERATOR app.=== (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)', '42501'),
    ('CREATE TYPE app.x AS (a int)', '42501'), ('CREATE SEQUENCE app.x', '42501'), ('CREATE ROLE x', '42501'), ('CREATE DATABASE x', '25001'),
    ('CREATE PUBLICATION x', '42501'), ('CREATE SUBSCRIPTION x CONNECTION '''' PUBLICATION y WITH (connect = false)', '42501'), ('CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION app.x()', '42501'),
    ('CREATE SERVER x FOREIGN DATA WRAPPER postgres_fdw', '42704'), ('ALTER ROLE CURRENT_USER SUPERUSER', '42501'), ('ALTER ROLE CURRENT_USER BYPASSRLS', '42501'),
    ('ALTER SYSTEM SET log_statement = ''all''', '25001'), ('ALTER DATABASE postgres SET search_path = x', '42501'), ('LOAD ''foyerctx''', '42501'), ('COPY (SELECT 1) TO ''/tmp/x''', '42501'),
    ('COPY app.allergy FROM PROGRAM ''true''', '42501'), ('SELECT lo_export(1, ''/tmp/x'')', '42501'), ('SELECT pg_read_binary_file(''/etc/passwd'')', '42501'), ('SELECT pg_stat_file(''/etc/passwd'')', '42501'),
    ('SELECT pg_reload_conf()', '42501'), ('SELECT pg_switch_wal()', '42501'), ('SELECT pg_create_restore_point(''x'')', '42501'), ('SELECT * FROM pg_hba_file_rules', '42501'), ('SELECT pg_rotate_logfile()', '42501'),
    ('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ''postgres'' LIMIT 1', '42501'), ('SELECT set_config(''session_preload_libraries'', ''x'', false)', '42501'),
    ('SELECT set_config(''foyer.tenant_id'', '''', false)', '42501'), ('SELECT set_config(''foyer.nothing'', ''x'', false)', '42602'), ('SET foyer.client_id = ''x''', '42501'), ('SET log_statement = ''none''', '42501'),
    ('SELECT tap.dblink_connect_u(''x'', ''user=postgres'')', '42501'), ('SECURITY LABEL ON TABLE app.client IS ''x''', '22023'), ('COMMENT ON TABLE app.client IS ''x''', '42501'),
    ('REASSIGN OWNED BY foyer_owner TO CURRENT_USER', '42501'), ('ANALYZE app.client', 'ANALYZE'), ('VACUUM app.client', '25001'), ('LOCK TABLE audit.event IN ACCESS EXCLUSIVE MODE', '42501'),
    ('LOCK TABLE sec.session', '42501'), ('CLUSTER app.client', '42501'), ('REINDEX TABLE app.client', '42501'), ('REFRESH MATERIALIZED VIEW app.client', '42501')) AS a (attack, wanted);
-- Reading what others are asking just now:
SELECT is(fx.ask(role, 'SELECT count(*) FROM pg_stat_activity WHERE usename <> current_user AND query NOT IN ('''', ''<insufficient privilege>'')'), '0', 'T13: ' || role || ' does not see what others ask') FROM pool;

-- T14: every table, each pool: without a tenant, and with nonsense for one; reading gives no row, writing is refused or touches
-- nothing, and one connection goes through all of it and serves a person afterwards.
CREATE TEMP TABLE written AS
SELECT p.role, format('%I.%I', n.nspname, c.relname) AS name,
       (SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND has_column_privilege(p.role, c.oid, a.attnum, 'UPDATE') LIMIT 1) AS updatable,
       (SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(p.role, c.oid, a.attnum, 'SELECT') LIMIT 1) AS readable,
       has_table_privilege(p.role, c.oid, 'DELETE') AS deletable
FROM pool p, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('app', 'sec', 'audit') AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND p.role NOT IN ('foyer_sealer', 'foyer_auditor') AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id');
SELECT cmp_ok((SELECT count(*) FROM written), '>', 100::bigint, 'T14: there are tables to try');

-- The whole of it on one connection; what went otherwise than it must.
CREATE FUNCTION pg_temp.try_all(pool text, enter text, host text) RETURNS text LANGUAGE plpgsql AS $fx$
DECLARE
    w record;
    bad text := '';
    answer text;
    tried int := 0;
    statement text;
BEGIN
    PERFORM tap.dblink_connect('all', format('host=%s port=%s dbname=%L user=%s', current_setting('fx.host'), current_setting('port'), current_database(), pool));
    FOR w IN SELECT * FROM written WHERE role = pool ORDER BY name LOOP
        FOREACH statement IN ARRAY ARRAY[
            CASE WHEN w.readable IS NOT NULL THEN format('SELECT count(%s)::text FROM %s', w.readable, w.name) END,
            CASE WHEN w.updatable IS NOT NULL THEN format('UPDATE %s SET %s = %2$s', w.name, w.updatable) END,
            CASE WHEN w.deletable THEN 'DELETE FROM ' || w.name END, format('INSERT INTO %s DEFAULT VALUES', w.name)] LOOP
            CONTINUE WHEN statement IS NULL;
            tried := tried + 1;
            PERFORM tap.dblink_exec('all', 'BEGIN');
            BEGIN
                IF enter <> '' THEN
                    BEGIN
                        PERFORM tap.dblink_exec('all', enter);
                        answer := 'entered';
                    EXCEPTION WHEN OTHERS THEN
                        PERFORM tap.dblink_exec('all', 'ROLLBACK');
                        PERFORM tap.dblink_exec('all', 'BEGIN');
                    END;
                END IF;
                IF statement ~ '^SELECT' THEN
                    SELECT x INTO answer FROM tap.dblink('all', statement) AS t (x text);
                ELSE
                    answer := tap.dblink_exec('all', statement);
                END IF;
            EXCEPTION WHEN OTHERS THEN
                answer := SQLSTATE;
            END;
            PERFORM tap.dblink_exec('all', 'ROLLBACK');
            IF answer !~ '^(0|UPDATE 0|DELETE 0|42501|428C9|23502|FY4..)$' AND NOT (statement ~ '^SELECT' AND w.name IN ('app.permission')) THEN
                bad := bad || statement || ' -> ' || answer || '; ';
            END IF;
        END LOOP;
    END LOOP;
    -- the same connection, a person's request
    BEGIN
        SELECT x INTO answer FROM tap.dblink('all', 'SELECT tenant_slug FROM ' || host) AS t (x text);
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE;
    END;
    PERFORM tap.dblink_disconnect('all');
    RETURN CASE WHEN bad <> '' THEN bad WHEN tried < 20 THEN 'too little was tried' ELSE answer END;
END $fx$;
SELECT is(pg_temp.try_all(role, enter, 'sec.begin_public(''alpha.foyer.localhost'', '''', NULL, NULL, NULL)'), 'alpha', 'T14, D-05, D-13: ' || role || ', ' || what || ': no row read or written on any table, and the connection serves afterwards')
FROM (VALUES ('foyer_staff'), ('foyer_public'), ('foyer_slow')) AS p (role),
     (VALUES ('', 'no tenant'), ('SET LOCAL foyer.tenant_id = ''garbage''', 'nonsense for one'), ('SELECT sec.begin_staff(''alpha.foyer.localhost'', ''\x00'', '''', '''', NULL, NULL, NULL)', 'a refused entry')) AS e (enter, what);
SELECT is(pg_temp.try_all('foyer_jobs', '', 'sec.tenant_host(''alpha.foyer.localhost'')'), 'alpha', 'T14, D-05: foyer_jobs without a tenant');

-- And when the context itself is nonsense (nobody but a superuser can bring that about): an error or no row, never a row.
CREATE FUNCTION pg_temp.nonsense(pool text, value text, name text, what text) RETURNS text LANGUAGE plpgsql AS $fx$
DECLARE
    n bigint;
BEGIN
    BEGIN
        PERFORM set_config('foyer.tenant_id', value, true); -- the module takes no nonsense
    EXCEPTION WHEN invalid_parameter_value THEN
        RETURN 'not taken';
    END;
    EXECUTE format('SET LOCAL ROLE %I', pool);
    BEGIN
        EXECUTE format('SELECT count(%s) FROM %s', what, name) INTO n;
    EXCEPTION WHEN OTHERS THEN
        RESET ROLE;
        RETURN SQLSTATE;
    END;
    RESET ROLE;
    RETURN n;
END $fx$;
SELECT is_empty(format($$ SELECT role, name, answer FROM (SELECT role, name, pg_temp.nonsense(role, %L, name, readable) AS answer FROM written WHERE readable IS NOT NULL AND name NOT IN ('app.permission')) AS x
    WHERE answer NOT IN ('0', 'not taken', '22P02', '42501') $$, value), 'T14: with ' || quote_literal(value) || ' for a tenant no table gives a row')
FROM (VALUES ('garbage'), (' '), ('00000000-0000-0000-0000-000000000000'), (''' OR true --'), ('NULL')) AS v (value);
RESET ROLE;

-- D-04: two tenants by turns on one connection, five thousand times each; nobody ever sees a row of the other, nor without entering.
CREATE FUNCTION pg_temp.by_turns(times int) RETURNS text LANGUAGE plpgsql AS $fx$
DECLARE
    slug text;
    others bigint;
    own bigint;
    seen bigint := 0;
BEGIN
    PERFORM tap.dblink_connect('turns', format('host=%s port=%s dbname=%L user=foyer_staff', current_setting('fx.host'), current_setting('port'), current_database()));
    FOR i IN 1..times LOOP
        slug := CASE i % 2 WHEN 0 THEN 'alpha' ELSE 'beta' END;
        PERFORM tap.dblink_exec('turns', 'BEGIN');
        IF i % 5 > 0 THEN
            PERFORM x FROM tap.dblink('turns', format('SELECT s.tenant_slug FROM fx.as_staff(%L, ''owner'') AS s', slug)) AS t (x text);
        END IF;
        SELECT a, b INTO others, own FROM tap.dblink('turns', format('SELECT count(*) FILTER (WHERE tenant_id <> %L), count(*) FROM app.client', fx.id(left(slug, 1), 'tenant', 1))) AS t (a bigint, b bigint);
        PERFORM tap.dblink_exec('turns', CASE i % 3 WHEN 0 THEN 'ROLLBACK' ELSE 'COMMIT' END);
        IF others > 0 OR own <> (CASE WHEN i % 5 = 0 THEN 0 ELSE
               (SELECT count(*) FROM app.client c WHERE c.tenant_id = fx.id(left(slug, 1), 'tenant', 1)) END) THEN
            PERFORM tap.dblink_disconnect('turns');
            RETURN format('turn %s: %s rows, %s of others', i, own, others);
        END IF;
        seen := seen + (own > 0)::int;
    END LOOP;
    PERFORM tap.dblink_disconnect('turns');
    RETURN seen;
END $fx$;
SELECT is(pg_temp.by_turns(10000), '8000', 'D-04: ten thousand turns of two tenants on one connection, some without entering: no row of the other');

-- D-18: one row of many tenants is written under the policies at all (its cost is measured in tests/bench)
SELECT is(fx.ask('foyer_staff', 'SELECT 1 FROM fx.as_staff(''alpha'', ''owner'')', 'INSERT INTO app.allergy (client_id, substance_sealed) VALUES (fx.id(''a'', ''client'', 1), ''\x00'')'), 'INSERT 0 1', 'D-18: who may write, writes');

SELECT * FROM finish();
ROLLBACK;
