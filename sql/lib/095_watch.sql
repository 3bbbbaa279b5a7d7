-- 095_watch: numbers for whoever watches the house (/metrics, /health/ready), over all tenants. Counts only: no row, no name
-- and no id leaves it. Owner: foyer_audit_reader, to whom no policy applies.

SET LOCAL ROLE foyer_owner;
GRANT SELECT (tenant_id, state, run_at, created_at) ON app.job TO foyer_audit_reader;
GRANT SELECT (tenant_id, state, created_at, problem) ON app.message TO foyer_audit_reader;
SET LOCAL ROLE foyer_audit_owner;
DO $$
BEGIN
    IF to_regclass('audit.seal_state') IS NOT NULL THEN
        GRANT SELECT (sealed_at) ON audit.seal_state TO foyer_audit_reader;
    END IF;
END $$;

SET LOCAL ROLE foyer_audit_reader;

-- Seconds since the sealer last came round; -1: nothing is sealed here. Internal.
CREATE OR REPLACE FUNCTION audit.sealing_lag() RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lag bigint := -1;
BEGIN
    IF to_regclass('audit.tree_head') IS NOT NULL AND to_regclass('audit.seal_state') IS NOT NULL THEN
        EXECUTE 'SELECT greatest(0, extract(epoch FROM clock_timestamp() - max(s.sealed_at)))::bigint FROM audit.seal_state s' INTO lag;
    END IF;
    RETURN coalesce(lag, -1);
END $$;

CREATE OR REPLACE FUNCTION audit.watch()
RETURNS TABLE (jobs_ready bigint, jobs_due bigint, jobs_running bigint, jobs_dead bigint, oldest_due_seconds bigint,
    messages_failed bigint, sealing_lag_seconds bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT o.ready, o.due, o.running, d.n, o.oldest, m.n, audit.sealing_lag()
    FROM (
        SELECT count(*) FILTER (WHERE j.state = 'ready') AS ready,
               count(*) FILTER (WHERE j.state = 'ready' AND j.run_at <= now()) AS due,
               count(*) FILTER (WHERE j.state = 'running') AS running,
               coalesce(greatest(extract(epoch FROM now() - min(j.run_at) FILTER (WHERE j.state = 'ready')), 0), 0)::bigint AS oldest
        FROM app.job j WHERE j.state IN ('ready', 'running')
    ) AS o,
    -- by tenant, for so both are found by index
    (SELECT count(*) AS n FROM app.tenant t JOIN app.job j ON j.tenant_id = t.id AND j.state = 'dead') AS d,
    (SELECT count(*) AS n FROM app.tenant t
     JOIN app.message x ON x.tenant_id = t.id AND x.created_at > now() - interval '7 days' AND x.state IN ('failed', 'unknown')) AS m
$$;

-- Messages that wait for tomorrow, as their businesses have sent as many today as they may.
CREATE OR REPLACE FUNCTION audit.house_held() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*) FROM app.tenant t JOIN app.message x ON x.tenant_id = t.id AND x.state = 'queued' AND x.problem = 'budget'
$$;

-- Seconds since the newest backup and the newest drill ended, -1: never; NULL where nothing takes backups.
CREATE OR REPLACE FUNCTION audit.house_backups() RETURNS TABLE (backup_age bigint, drill_age bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('sec.backup_run') IS NULL THEN
        RETURN QUERY SELECT NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE 'SELECT coalesce(extract(epoch FROM clock_timestamp() - max(r.ended_at) FILTER (WHERE r.kind = ''backup'')), -1)::bigint,
        coalesce(extract(epoch FROM clock_timestamp() - max(r.ended_at) FILTER (WHERE r.kind = ''drill'')), -1)::bigint FROM sec.backup_run r';
END $$;

REVOKE ALL ON FUNCTION audit.watch(), audit.sealing_lag(), audit.house_backups(), audit.house_held() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.watch(), audit.house_backups(), audit.house_held() TO foyer_jobs;
