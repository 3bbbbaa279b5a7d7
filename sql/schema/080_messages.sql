-- 080_messages: what is to be sent (outbox) and what is to be done (jobs), written in the transaction that causes it.

SET LOCAL ROLE foyer_owner;

-- A message and what became of it. Its text is sealed when it is about a client.
CREATE TABLE app.message (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id   uuid,
    kind        text COLLATE "C" NOT NULL CHECK (kind ~ '^[a-z][a-z_.]{0,40}$'),
    channel     text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    to_address  text NOT NULL CHECK (length(to_address) BETWEEN 3 AND 320),
    subject     text NOT NULL DEFAULT '',
    body        text,
    body_sealed bytea,
    link_sealed bytea,
    ics_sealed  bytea,
    state       text COLLATE "C" NOT NULL DEFAULT 'queued' CHECK (state IN ('kept', 'queued', 'sending', 'sent', 'failed', 'unknown')),
    dedupe_key  text COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  uuid DEFAULT app.actor(),
    sent_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT message_is_written_once UNIQUE (tenant_id, dedupe_key),
    CONSTRAINT message_to_a_client_is_sealed CHECK ((client_id IS NULL) = (body_sealed IS NULL)
        AND (client_id IS NULL OR body IS NULL)),
    CONSTRAINT message_sent_has_a_time CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX message_by_client ON app.message (tenant_id, client_id, created_at);
CREATE INDEX message_by_time ON app.message (tenant_id, created_at);
CREATE INDEX message_by_creator ON app.message (tenant_id, created_by);
SELECT app.guard_table('app.message');

-- Work for foyer-jobs. last_error never holds a client's data.
CREATE TABLE app.job (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    kind        text COLLATE "C" NOT NULL CHECK (kind ~ '^[a-z][a-z_.]{0,40}$'),
    subject_id  uuid,
    dedupe_key  text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'done', 'dead')),
    attempts    int NOT NULL DEFAULT 0,
    run_at      timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    last_error  text CHECK (length(last_error) <= 500),
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT job_is_written_once UNIQUE (tenant_id, kind, dedupe_key),
    CONSTRAINT job_running_has_a_lease CHECK ((state = 'running') = (lease_until IS NOT NULL))
) WITH (fillfactor = 80);
-- Open jobs of all tenants in the order of their time: the clerk's view, see sec.job_claim.
CREATE UNIQUE INDEX job_open_by_time ON app.job (run_at, tenant_id, id) WHERE state IN ('ready', 'running');
CREATE INDEX job_by_state ON app.job (tenant_id, state, created_at);
SELECT app.guard_table('app.job');
-- The one exception to one tenant at a time: the function that hands out work sees which jobs are open. It returns no
-- client's data and enters the job's tenant at once.
CREATE POLICY open_jobs_are_handed_out ON app.job FOR ALL TO foyer_auth USING (state IN ('ready', 'running'));

CREATE FUNCTION app.job_wake() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('foyer_jobs', '');
    RETURN NULL;
END $$;
CREATE TRIGGER job_wakes_the_runner AFTER INSERT ON app.job
    FOR EACH STATEMENT EXECUTE FUNCTION app.job_wake();

GRANT SELECT ON app.message TO foyer_staff, foyer_jobs;
GRANT INSERT (id, client_id, kind, channel, to_address, subject, body, body_sealed, link_sealed, ics_sealed, state, dedupe_key) ON app.message
    TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT UPDATE (state, sent_at) ON app.message TO foyer_jobs;
GRANT SELECT ON app.job TO foyer_staff, foyer_jobs;
GRANT INSERT (id, kind, subject_id, dedupe_key, run_at) ON app.job TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT SELECT, UPDATE ON app.job TO foyer_auth;
CREATE POLICY staff_may_see ON app.message AS RESTRICTIVE FOR SELECT TO foyer_staff USING ((SELECT app.may('message_read')) OR (SELECT app.may('demo_read')));
CREATE POLICY staff_may_add ON app.message AS RESTRICTIVE FOR INSERT TO foyer_staff
    WITH CHECK ((SELECT app.may('message_write')) OR (SELECT app.may('booking_write')));
CREATE POLICY own_client ON app.message AS RESTRICTIVE TO foyer_public
    USING (client_id = (SELECT app.own_client())
           OR (client_id IS NULL AND EXISTS (SELECT FROM app.tenant t WHERE t.id = tenant_id AND t.realm = 'operator')));
CREATE POLICY staff_may_see ON app.job AS RESTRICTIVE FOR SELECT TO foyer_staff
    USING ((SELECT app.may('message_read')) OR (SELECT app.may('settings_write')) OR (SELECT app.may('demo_read')));

RESET ROLE;
