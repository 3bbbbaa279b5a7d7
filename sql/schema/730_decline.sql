-- 730_decline: a client who does not want to sign a form says so.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.form_assignment DROP CONSTRAINT form_assignment_state_check,
    ADD CONSTRAINT form_assignment_state_check CHECK (state IN ('due', 'signed', 'withdrawn', 'declined'));

-- Each time that she declined, with her reason if she gave one. Written once; the form can be asked for again.
CREATE TABLE app.form_decline (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    assignment_id uuid NOT NULL,
    client_id     uuid NOT NULL,
    reason_sealed bytea,
    at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id, assignment_id) REFERENCES app.form_assignment (tenant_id, client_id, id)
);
CREATE INDEX form_decline_by_form ON app.form_decline (tenant_id, client_id, assignment_id);
SELECT app.guard_table('app.form_decline');

-- Only what is due can be declined; then it is.
CREATE FUNCTION app.form_decline_take() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.form_assignment a SET state = 'declined'
    WHERE a.tenant_id = NEW.tenant_id AND a.client_id = NEW.client_id AND a.id = NEW.assignment_id AND a.state = 'due';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This form is no longer due.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    INSERT INTO app.form_event (assignment_id, client_id, kind) VALUES (NEW.assignment_id, NEW.client_id, 'declined');
    RETURN NEW;
END $$;
CREATE TRIGGER form_decline_ends_what_is_due BEFORE INSERT ON app.form_decline FOR EACH ROW EXECUTE FUNCTION app.form_decline_take();
CREATE TRIGGER form_decline_never_changes BEFORE UPDATE OR DELETE ON app.form_decline FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER form_decline_never_truncated BEFORE TRUNCATE ON app.form_decline FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT, INSERT (id, assignment_id, client_id, reason_sealed) ON app.form_decline TO foyer_public;
GRANT SELECT ON app.form_decline TO foyer_staff, foyer_slow, foyer_jobs;
CREATE POLICY staff_may_see ON app.form_decline AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow USING ((SELECT app.may('chart_read')));
CREATE POLICY own_client ON app.form_decline AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

RESET ROLE;
