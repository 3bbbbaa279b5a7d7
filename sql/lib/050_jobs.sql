-- 050_jobs: handing out work. Owner: foyer_auth. A job is claimed in one short transaction (leased), done in others, each of
-- them inside the job's tenant only.

SET LOCAL ROLE foyer_auth;

-- Takes one due job of any tenant and enters its tenant; no row: nothing to do. Patient ones (860_patient_jobs) come when no other
-- is due. A lease that ran out is handed out again with was_lost: its runner died, and what it did outside is unknown.
CREATE OR REPLACE FUNCTION sec.job_claim(lease_seconds int DEFAULT 120)
RETURNS TABLE (job_id uuid, tenant_id uuid, kind text, subject_id uuid, attempts int, was_lost boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    j record;
    patient boolean;
BEGIN
    FOREACH patient IN ARRAY ARRAY[false, true] LOOP
        SELECT q.tenant_id, q.id, q.state = 'running' AS lost INTO j
        FROM app.job q
        WHERE q.is_patient = patient AND q.state IN ('ready', 'running') AND q.run_at <= now() AND (q.state = 'ready' OR q.lease_until < now())
        ORDER BY q.run_at, q.tenant_id, q.id
        LIMIT 1
        FOR UPDATE SKIP LOCKED;
        EXIT WHEN FOUND;
    END LOOP;
    IF j.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM sec.enter_tenant(j.tenant_id, 'job', 'job.claim', NULL);
    RETURN QUERY
    UPDATE app.job q
    SET state = 'running', attempts = q.attempts + 1, lease_until = now() + make_interval(secs => least(greatest(lease_seconds, 5), 3600))
    WHERE q.tenant_id = j.tenant_id AND q.id = j.id
    RETURNING q.id, q.tenant_id, q.kind, q.subject_id, q.attempts, j.lost;
END $$;

-- The job of the entered tenant is done.
CREATE OR REPLACE FUNCTION sec.job_done(job uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.job q SET state = 'done', lease_until = NULL, finished_at = now(), last_error = NULL
    WHERE q.tenant_id = app.tenant() AND q.id = job AND q.state = 'running';
END $$;

-- It failed: again later, each time twice as late, and dead after eight attempts or when it cannot succeed. error: for
-- operators, never with a client's data. true: dead.
CREATE OR REPLACE FUNCTION sec.job_failed(job uuid, error text, is_hopeless boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dead boolean;
BEGIN
    UPDATE app.job q
    SET state = CASE WHEN q.attempts >= 8 OR is_hopeless THEN 'dead' ELSE 'ready' END,
        lease_until = NULL,
        finished_at = CASE WHEN q.attempts >= 8 OR is_hopeless THEN now() END,
        run_at = now() + least(interval '1 hour', interval '10 seconds' * 2 ^ (q.attempts - 1)),
        last_error = left(error, 500)
    WHERE q.tenant_id = app.tenant() AND q.id = job AND q.state = 'running'
    RETURNING q.state = 'dead' INTO dead;
    RETURN coalesce(dead, false);
END $$;

-- It waits for the business's next day, and that was no attempt.
CREATE OR REPLACE FUNCTION sec.job_hold(job uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.job q
    SET state = 'ready', lease_until = NULL, attempts = q.attempts - 1, last_error = NULL,
        run_at = (date_trunc('day', now() AT TIME ZONE t.zone) + interval '1 day') AT TIME ZONE t.zone
    FROM app.tenant t
    WHERE t.id = app.tenant() AND q.tenant_id = app.tenant() AND q.id = job AND q.state = 'running';
END $$;

-- It is one that is done again and again: in a quarter of an hour, and this was no attempt that failed.
CREATE OR REPLACE FUNCTION sec.job_again(job uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.job q
    SET state = 'ready', lease_until = NULL, attempts = 0, last_error = NULL, run_at = now() + interval '15 minutes'
    WHERE q.tenant_id = app.tenant() AND q.id = job AND q.state = 'running';
END $$;

DROP FUNCTION IF EXISTS sec.job_next_in();

-- What nobody needs any more: form keys after 48 hours, counters and sessions that are long over, requests for a demo after
-- 24 months unless they became customers (PROMISES L23).
CREATE OR REPLACE FUNCTION sec.tidy() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t uuid;
    before text := current_setting('foyer.tenant_id', true);
BEGIN
    DELETE FROM sec.throttle x WHERE x.last_at < now() - interval '1 day';
    FOR t IN SELECT s.tenant FROM sec.site s WHERE NOT s.is_apex LOOP
        PERFORM set_config('foyer.tenant_id', t::text, true);
        DELETE FROM app.idem i WHERE i.tenant_id = t AND i.at < now() - interval '48 hours';
        DELETE FROM app.demo_request d WHERE d.tenant_id = t AND d.state <> 'won' AND d.created_at < now() - interval '24 months';
        DELETE FROM sec.account_token k WHERE k.tenant_id = t AND k.expires_at < now() - interval '30 days';
        DELETE FROM sec.signup g WHERE g.tenant_id = t AND g.confirmed_at IS NULL AND g.created_at < now() - interval '2 days';
        DELETE FROM sec.reset_request q WHERE q.tenant_id = t AND q.created_at < now() - interval '1 day';
        DELETE FROM sec.sso_try y WHERE y.tenant_id = t AND y.made_at < now() - interval '1 day';
        DELETE FROM sec.link_session e WHERE e.tenant_id = t AND e.expires_at < now() - interval '1 day';
        -- What a business sees of its people's sessions, and for how long, it says itself (PROMISES B12).
        DELETE FROM sec.session e USING app.tenant b WHERE b.id = t AND e.tenant_id = t AND e.absolute_until < now() - make_interval(days => b.session_days);
        DELETE FROM sec.device d WHERE d.tenant_id = t AND d.last_seen_at < now() - interval '400 days'
            AND NOT EXISTS (SELECT FROM sec.session e WHERE e.tenant_id = t AND e.device_id = d.id AND e.revoked_at IS NULL AND e.absolute_until > now());
        DELETE FROM sec.login_ticket k WHERE k.tenant_id = t AND k.expires_at < now() - interval '1 day';
        DELETE FROM sec.booking_code k WHERE k.tenant_id = t AND k.made_at < now() - interval '1 day';
        DELETE FROM sec.form_code k WHERE k.tenant_id = t AND k.made_at < now() - interval '1 day';
        DELETE FROM sec.passkey_challenge c WHERE c.tenant_id = t AND c.made_at < now() - interval '1 day';
        PERFORM sec.support_run_out();
        PERFORM app.client_import_expire();
        DELETE FROM sec.totp k WHERE k.tenant_id = t AND k.confirmed_at IS NULL AND k.made_at < now() - interval '1 day';
    END LOOP;
    PERFORM set_config('foyer.tenant_id', coalesce(before, ''), true);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.job_claim(int), sec.job_done(uuid), sec.job_failed(uuid, text, boolean), sec.job_hold(uuid), sec.job_again(uuid), sec.tidy() TO foyer_jobs;
