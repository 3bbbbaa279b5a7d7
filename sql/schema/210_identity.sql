-- 210_identity: what accounts, roles, sessions and their proofs have in common: new permissions, the scope of a permission, what a
-- role asks and hides, how long a session lasts and how it came about, and mail to the staff.

SET LOCAL ROLE foyer_owner;

INSERT INTO app.permission (name, meaning) VALUES
    ('staff_write',     'invite people, change and end accounts, give roles'),
    ('chart_emergency', 'open a chart in an emergency, with a reason, for half an hour'),
    ('tenant_read',     'operator: see the businesses and ask for support access');

-- ---- roles ----

-- is_builtin: came with the business; it may be changed but not removed. needs_mfa: whoever holds it logs in with a second factor.
-- masks: what of a client is not shown to who holds no role that shows it.
ALTER TABLE app.role ADD COLUMN is_builtin boolean NOT NULL DEFAULT false,
    ADD COLUMN needs_mfa boolean NOT NULL DEFAULT false,
    ADD COLUMN masks text[] NOT NULL DEFAULT '{}'
        CONSTRAINT role_masks_are_known CHECK (masks <@ ARRAY['phone', 'email', 'notes']);

-- How far a permission reaches: clients and visits of the whole business, of the location that the role is given for, or the
-- person's own. A role given for one location never reaches further than that.
ALTER TABLE app.role_permission ADD COLUMN scope text COLLATE "C" NOT NULL DEFAULT 'tenant'
    CONSTRAINT role_permission_scope_is_known CHECK (scope IN ('tenant', 'location', 'own'));

-- ---- people ----

-- needs_mfa, has_mfa, masks: kept by triggers from the roles and from what is enrolled, as perms are, so that a request reads one row.
ALTER TABLE app.staff ADD COLUMN phone text COLLATE "C" CONSTRAINT staff_phone_is_e164 CHECK (phone ~ '^\+[1-9][0-9]{7,14}$'),
    ADD COLUMN email_verified_at timestamptz,
    ADD COLUMN deactivated_at timestamptz,
    ADD COLUMN needs_mfa boolean NOT NULL DEFAULT false,
    ADD COLUMN has_mfa boolean NOT NULL DEFAULT false,
    ADD COLUMN masks text[] NOT NULL DEFAULT '{}';
COMMENT ON CONSTRAINT staff_phone_is_e164 ON app.staff IS 'phone: This does not look like a phone number.';
GRANT SELECT (phone, email_verified_at, deactivated_at, needs_mfa, has_mfa, masks) ON app.staff TO foyer_staff, foyer_slow;
GRANT UPDATE (has_mfa) ON app.staff TO foyer_auth;

-- ---- the business's own rules of entry ----

ALTER TABLE app.tenant ADD COLUMN idle_minutes int NOT NULL DEFAULT 15
        CONSTRAINT tenant_idle_is_5_to_30_minutes CHECK (idle_minutes BETWEEN 5 AND 30),
    ADD COLUMN absolute_hours int NOT NULL DEFAULT 12
        CONSTRAINT tenant_session_is_1_to_12_hours CHECK (absolute_hours BETWEEN 1 AND 12);
COMMENT ON CONSTRAINT tenant_idle_is_5_to_30_minutes ON app.tenant IS 'idle_minutes: Choose 5 to 30 minutes.';
COMMENT ON CONSTRAINT tenant_session_is_1_to_12_hours ON app.tenant IS 'absolute_hours: Choose 1 to 12 hours.';
GRANT UPDATE (idle_minutes, absolute_hours) ON app.tenant TO foyer_staff;

-- ---- mail to the staff ----

-- A message to a person of the staff about her account (kind account_...): sealed by the business's key, for it may hold a link that
-- opens the account, and shown to nobody.
ALTER TABLE app.message ADD COLUMN to_staff uuid,
    ADD FOREIGN KEY (tenant_id, to_staff) REFERENCES app.staff (tenant_id, id),
    DROP CONSTRAINT message_to_a_client_is_sealed,
    ADD CONSTRAINT message_to_a_client_is_sealed CHECK (client_id IS NULL OR (body IS NULL AND body_sealed IS NOT NULL)),
    ADD CONSTRAINT message_has_a_text CHECK ((body IS NULL) <> (body_sealed IS NULL)),
    ADD CONSTRAINT message_about_an_account_is_sealed CHECK (NOT starts_with(kind, 'account_') OR (client_id IS NULL AND body_sealed IS NOT NULL));
CREATE INDEX message_by_recipient ON app.message (tenant_id, to_staff) WHERE to_staff IS NOT NULL;
CREATE POLICY accounts_are_nobody_elses ON app.message AS RESTRICTIVE FOR SELECT TO foyer_staff USING (NOT starts_with(kind, 'account_'));
GRANT INSERT (id, kind, channel, to_address, to_staff, subject, body_sealed, dedupe_key) ON app.message TO foyer_auth;
GRANT INSERT (kind, subject_id, dedupe_key) ON app.job TO foyer_auth;

-- ---- the roles that exist already ----

RESET ROLE;
DO $$
BEGIN
    UPDATE app.role SET is_builtin = true
    WHERE slug IN ('owner', 'manager', 'front-desk', 'provider', 'biller', 'auditor', 'operator');
    INSERT INTO app.role_permission (tenant_id, role_id, permission)
    SELECT r.tenant_id, r.id, p.permission
    FROM (VALUES ('owner', 'staff_write'), ('manager', 'staff_write'), ('provider', 'chart_emergency'), ('operator', 'staff_write'), ('operator', 'tenant_read'))
         AS p (slug, permission)
    JOIN app.role r ON r.slug = p.slug
    ON CONFLICT DO NOTHING;
END $$;

SET LOCAL ROLE foyer_auth;

-- ---- sessions ----

-- how: what opened it. proved_at: when the person last proved who she is (log-in with all her factors, or /confirm).
ALTER TABLE sec.session ADD COLUMN how text COLLATE "C" NOT NULL DEFAULT 'password'
        CONSTRAINT session_how_is_known CHECK (how IN ('password', 'totp', 'recovery', 'passkey', 'sso', 'support')),
    ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now();

ALTER TYPE sec.entered ADD ATTRIBUTE idle_seconds int, ADD ATTRIBUTE must_enrol boolean;

RESET ROLE;
