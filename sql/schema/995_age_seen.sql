-- 995_age_seen: where staff is there when somebody signs, her age is known: by the date of birth, or because a member of staff has seen that
-- she is of age.

SET LOCAL ROLE foyer_owner;

ALTER TABLE app.client
    ADD COLUMN adult_seen_at timestamptz,
    ADD COLUMN adult_seen_by uuid,
    ADD CONSTRAINT client_adult_seen_by_somebody CHECK ((adult_seen_at IS NULL) = (adult_seen_by IS NULL)),
    ADD CONSTRAINT client_adult_seen_by_staff FOREIGN KEY (tenant_id, adult_seen_by) REFERENCES app.staff (tenant_id, id);
CREATE INDEX client_by_adult_seen ON app.client (tenant_id, adult_seen_by) WHERE adult_seen_by IS NOT NULL;
GRANT SELECT (adult_seen_at, adult_seen_by) ON app.client TO foyer_staff;

RESET ROLE;
