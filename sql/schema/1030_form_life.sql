-- 1030_form_life: how a form that was asked for ends: a signed one is taken back, one that was asked for is not needed, its visit does
-- not take place; and that it comes back when it is asked for again. A consent to a purpose ends with its form.

SET LOCAL ROLE foyer_owner;

-- is_by_rule: a rule of the form asked for it (app.assign_forms), so a rule that no longer holds takes it back; what a person asked for stays.
-- is_dropped: somebody of the staff said that it is not needed, so no rule brings it back.
-- revoked_at: what was signed was taken back; the row stays signed, and the same visit can ask for the form anew.
ALTER TABLE app.form_assignment
    ADD COLUMN is_by_rule boolean NOT NULL DEFAULT false,
    ADD COLUMN is_dropped boolean NOT NULL DEFAULT false,
    ADD COLUMN revoked_at timestamptz,
    ADD CONSTRAINT form_assignment_revoked_was_signed CHECK (revoked_at IS NULL OR state = 'signed'),
    ADD CONSTRAINT form_assignment_dropped_is_over CHECK (NOT is_dropped OR state = 'withdrawn'),
    DROP CONSTRAINT form_assignment_once_per_visit;
CREATE UNIQUE INDEX form_assignment_once_per_visit ON app.form_assignment (tenant_id, appointment_id, form_id) WHERE revoked_at IS NULL;
CREATE INDEX form_assignment_revoked ON app.form_assignment (tenant_id, client_id, form_id) WHERE revoked_at IS NOT NULL;
GRANT INSERT (is_by_rule), UPDATE (state) ON app.form_assignment TO foyer_booking;

-- What was taken back, by whom and why: a signed form (signature_id), or one that was asked for and is not needed. Written once.
-- client_id: the record on which it was said, under whose key the reason is; of joined records it may be another than the form's.
CREATE TABLE app.form_withdrawal (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    client_id     uuid NOT NULL,
    assignment_id uuid NOT NULL,
    signature_id  uuid,
    reason_sealed bytea,
    at            timestamptz NOT NULL DEFAULT now(),
    by_kind       text COLLATE "C" NOT NULL CHECK (by_kind IN ('client', 'staff', 'restore')),
    by_staff      uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT form_withdrawal_once_per_signature UNIQUE (tenant_id, signature_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES app.client (tenant_id, id),
    FOREIGN KEY (tenant_id, assignment_id) REFERENCES app.form_assignment (tenant_id, id),
    FOREIGN KEY (tenant_id, signature_id) REFERENCES app.signature (tenant_id, id),
    FOREIGN KEY (tenant_id, by_staff) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT form_withdrawal_by_somebody CHECK ((by_kind = 'staff') = (by_staff IS NOT NULL))
);
COMMENT ON CONSTRAINT form_withdrawal_once_per_signature ON app.form_withdrawal IS 'form: This form is taken back already.';
CREATE INDEX form_withdrawal_by_client ON app.form_withdrawal (tenant_id, client_id, at);
CREATE INDEX form_withdrawal_by_form ON app.form_withdrawal (tenant_id, assignment_id, at);
CREATE INDEX form_withdrawal_by_staff ON app.form_withdrawal (tenant_id, by_staff);
SELECT app.guard_table('app.form_withdrawal');
CREATE TRIGGER form_withdrawal_never_changes BEFORE UPDATE OR DELETE ON app.form_withdrawal FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER form_withdrawal_never_truncated BEFORE TRUNCATE ON app.form_withdrawal FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
GRANT SELECT ON app.form_withdrawal TO foyer_staff, foyer_slow, foyer_public, foyer_jobs;
CREATE POLICY staff_may_see ON app.form_withdrawal AS RESTRICTIVE FOR SELECT TO foyer_staff, foyer_slow
    USING ((SELECT app.may('chart_read')) OR ((SELECT app.may_some('chart_read')) AND app.reaches('chart_read', client_id)));
CREATE POLICY own_client ON app.form_withdrawal AS RESTRICTIVE TO foyer_public USING (client_id = (SELECT app.own_client()));

-- Until when what a signed form allows may be used; NULL: until it is taken back.
ALTER TABLE app.consent ADD COLUMN until timestamptz;

-- The visits to come that are still to be looked at anew for a form, after its rules or wording changed: from that moment on, after that one
-- of those that begin then. A job goes on there.
ALTER TABLE app.form
    ADD COLUMN looks_from timestamptz,
    ADD COLUMN looks_after uuid;

-- That look is work that takes long, so it lets what somebody waits for go first (860_patient_jobs).
DROP INDEX app.job_open_by_turn;
ALTER TABLE app.job DROP COLUMN is_patient;
ALTER TABLE app.job ADD COLUMN is_patient boolean NOT NULL GENERATED ALWAYS AS
    (kind IN ('form.pdf', 'form.pdfs', 'client.import.check', 'client.import.add', 'client.import.undo', 'outside.read', 'media.remove', 'media.sweep', 'form.look')) STORED;
CREATE UNIQUE INDEX job_open_by_turn ON app.job (is_patient, run_at, tenant_id, id) WHERE state IN ('ready', 'running');

RESET ROLE;
-- (A superuser's step: no policy applies.) Forms of visits that do not take place are not asked for any more. What was allowed by a form that
-- stands for so many days ends with them.
UPDATE app.form_assignment t SET state = 'withdrawn'
FROM app.appointment a
WHERE a.tenant_id = t.tenant_id AND a.id = t.appointment_id AND t.state = 'due' AND a.status IN ('cancelled', 'no_show', 'expired');
ALTER TABLE app.consent DISABLE TRIGGER consent_only_ends;
UPDATE app.consent c SET until = s.signed_at + make_interval(days => f.valid_days)
FROM app.signature s
JOIN app.form_version v ON v.tenant_id = s.tenant_id AND v.id = s.form_version_id
JOIN app.form f ON f.tenant_id = v.tenant_id AND f.id = v.form_id AND f.validity = 'days'
WHERE s.tenant_id = c.tenant_id AND s.id = c.signature_id;
ALTER TABLE app.consent ENABLE TRIGGER consent_only_ends;
