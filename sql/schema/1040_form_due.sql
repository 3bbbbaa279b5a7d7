-- 1040_form_due: since when a form is due, and reminders of those that are due for a client's record, without a visit.

SET LOCAL ROLE foyer_owner;

-- When a form that was over was asked for once more; NULL: it is due since it was asked for.
-- due_order: when its visit is; for the record, after all visits.
ALTER TABLE app.form_assignment ADD COLUMN due_again_at timestamptz,
    ADD COLUMN due_order timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(due_by, 'infinity'::timestamptz)) STORED;
CREATE FUNCTION app.form_due_again() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.due_again_at := now();
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION app.form_due_again() FROM PUBLIC;
CREATE TRIGGER form_assignment_due_again BEFORE UPDATE OF state ON app.form_assignment FOR EACH ROW
    WHEN (NEW.state = 'due' AND OLD.state <> 'due') EXECUTE FUNCTION app.form_due_again();
-- All that is due, in the order of the visits; and what is due for a record.
CREATE INDEX form_assignment_due_in_turn ON app.form_assignment (tenant_id, due_order, created_at, client_id, id) WHERE state = 'due';
CREATE INDEX form_assignment_due_for_record ON app.form_assignment (tenant_id, created_at, client_id) WHERE state = 'due' AND appointment_id IS NULL;

-- So many days after a form became due for her record a client is reminded of it, and after as many days once more; NULL: never. A
-- reminder is written down before it is sent, so that it is sent once; letter: which message it was, for all her forms of that day.
ALTER TABLE app.tenant ADD COLUMN form_reminder_days int CONSTRAINT tenant_reminder_days_are_possible CHECK (form_reminder_days BETWEEN 1 AND 90);
COMMENT ON CONSTRAINT tenant_reminder_days_are_possible ON app.tenant IS 'form_reminder_days: Give 1 to 90 days, or nothing for no reminder.';
GRANT UPDATE (form_reminder_days) ON app.tenant TO foyer_staff;
CREATE TABLE app.form_record_reminder (
    tenant_id     uuid NOT NULL DEFAULT app.tenant(),
    assignment_id uuid NOT NULL,
    due_since     timestamptz NOT NULL,
    nth           int NOT NULL CHECK (nth IN (1, 2)),
    client_id     uuid NOT NULL,
    letter        uuid NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, assignment_id, due_since, nth),
    FOREIGN KEY (tenant_id, client_id, assignment_id) REFERENCES app.form_assignment (tenant_id, client_id, id)
);
CREATE INDEX form_record_reminder_by_client ON app.form_record_reminder (tenant_id, client_id, assignment_id);
CREATE INDEX form_record_reminder_by_letter ON app.form_record_reminder (tenant_id, letter);
SELECT app.guard_table('app.form_record_reminder');
GRANT SELECT, INSERT (assignment_id, due_since, nth, client_id, letter) ON app.form_record_reminder TO foyer_jobs;

RESET ROLE;
