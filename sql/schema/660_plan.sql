-- 660_plan: what is intended over several visits.

SET LOCAL ROLE foyer_owner;

CREATE TABLE app.treatment_plan (
    tenant_id    uuid NOT NULL DEFAULT app.tenant(),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id    uuid NOT NULL,
    title_sealed bytea NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    made_by      uuid NOT NULL DEFAULT app.actor(),
    ended_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, made_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX treatment_plan_by_client ON app.treatment_plan (tenant_id, client_id, made_at);
CREATE INDEX treatment_plan_by_staff ON app.treatment_plan (tenant_id, made_by);
SELECT app.guard_table('app.treatment_plan');

-- after_days: how long after the step before, or after the plan was made. The first open one in order is the next.
CREATE TABLE app.plan_step (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id  uuid NOT NULL,
    plan_id    uuid NOT NULL,
    position   int NOT NULL,
    service_id uuid NOT NULL,
    after_days int NOT NULL CHECK (after_days BETWEEN 0 AND 730),
    state      text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'dropped')),
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by uuid DEFAULT app.actor(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, plan_id) REFERENCES app.treatment_plan (tenant_id, client_id, id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES app.service (tenant_id, id),
    FOREIGN KEY (tenant_id, changed_by) REFERENCES app.staff (tenant_id, id)
);
CREATE INDEX plan_step_by_plan ON app.plan_step (tenant_id, client_id, plan_id, position);
CREATE INDEX plan_step_by_service ON app.plan_step (tenant_id, service_id);
CREATE INDEX plan_step_by_staff ON app.plan_step (tenant_id, changed_by);
SELECT app.guard_table('app.plan_step');

GRANT SELECT ON app.treatment_plan, app.plan_step TO foyer_staff, foyer_slow, foyer_jobs;
GRANT INSERT (id, client_id, title_sealed), UPDATE (ended_at) ON app.treatment_plan TO foyer_staff;
GRANT INSERT (client_id, plan_id, position, service_id, after_days), UPDATE (state, changed_at, changed_by) ON app.plan_step TO foyer_staff;
DO $$
DECLARE
    t text;
    reads text := '(SELECT app.may(''chart_read'')) OR ((SELECT app.may_some(''chart_read'')) AND app.reaches(''chart_read'', client_id))';
    writes text := '(SELECT app.may(''chart_write'')) OR ((SELECT app.may_some(''chart_write'')) AND app.reaches(''chart_write'', client_id))';
BEGIN
    FOREACH t IN ARRAY ARRAY['app.treatment_plan', 'app.plan_step'] LOOP
        EXECUTE format('CREATE POLICY staff_may_read ON %s AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow USING (%s)', t, reads);
        EXECUTE format('CREATE POLICY staff_may_add ON %s AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK (%s)', t, writes);
        EXECUTE format('CREATE POLICY staff_may_write ON %s AS RESTRICTIVE FOR UPDATE TO foyer_staff USING (%s)', t, writes);
    END LOOP;
END $$;

RESET ROLE;
