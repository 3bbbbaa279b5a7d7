-- 860_patient_jobs: work that takes long lets what somebody waits for go first.

SET LOCAL ROLE foyer_owner;

-- A code by e-mail does not wait behind a thousand copies of forms. Which kinds are patient is said here and nowhere else; among
-- themselves, and so among the others, it goes by time (sec.job_claim).
ALTER TABLE app.job ADD COLUMN is_patient boolean NOT NULL GENERATED ALWAYS AS
    (kind IN ('form.pdf', 'form.pdfs', 'client.import.check', 'client.import.add', 'client.import.undo', 'outside.read', 'media.remove', 'media.sweep')) STORED;
CREATE UNIQUE INDEX job_open_by_turn ON app.job (is_patient, run_at, tenant_id, id) WHERE state IN ('ready', 'running');
DROP INDEX app.job_open_by_time;

RESET ROLE;
