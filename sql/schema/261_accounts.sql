-- 261_accounts: links that are mailed to the staff, people who are invited, businesses that sign up.

SET LOCAL ROLE foyer_owner;

-- invited_at: she has an invitation and has not accepted it yet; then she is not active, and was not before.
ALTER TABLE app.staff ADD COLUMN invited_at timestamptz,
    ADD CONSTRAINT staff_invited_is_not_active CHECK (invited_at IS NULL OR NOT is_active);
GRANT SELECT (invited_at) ON app.staff TO foyer_staff, foyer_slow;
GRANT INSERT (id, name, email, title, is_provider, is_active, invited_at, email_verified_at, phone),
    UPDATE (name, email, title, is_provider, is_active, phone, invited_at, email_verified_at, deactivated_at),
    DELETE ON app.staff TO foyer_auth;
GRANT INSERT (staff_id, role_id, location_id), DELETE ON app.staff_role TO foyer_auth;
GRANT UPDATE (needs_mfa) ON app.role TO foyer_auth;
GRANT INSERT (id, name, street, city, region, postal_code, zone, phone, position) ON app.location TO foyer_auth;
GRANT UPDATE (phone) ON app.tenant TO foyer_auth;
COMMENT ON CONSTRAINT staff_email_is_used_once ON app.staff IS 'email: Somebody here has this e-mail address already. Look for her in the list of people.';

ALTER TABLE app.location
    ADD CONSTRAINT location_street_is_short CHECK (length(street) <= 200),
    ADD CONSTRAINT location_city_is_short CHECK (length(city) <= 120);

-- Somebody owns each business, and runs the installation: the last active person with that role everywhere stays. The lock makes
-- two who go at the same time wait for one another; what the second then sees is without the first.
CREATE FUNCTION app.keep_an_owner() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was_owner boolean;
BEGIN
    IF TG_TABLE_NAME = 'staff' THEN
        was_owner := OLD.is_active AND EXISTS (
            SELECT FROM app.staff_role sr JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
            WHERE sr.tenant_id = OLD.tenant_id AND sr.staff_id = OLD.id AND sr.location_id IS NULL AND r.slug IN ('owner', 'operator'));
    ELSE
        was_owner := OLD.location_id IS NULL AND EXISTS (
            SELECT FROM app.role r WHERE r.tenant_id = OLD.tenant_id AND r.id = OLD.role_id AND r.slug IN ('owner', 'operator'));
    END IF;
    IF NOT was_owner THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('owner of ' || OLD.tenant_id, 0));
    IF NOT EXISTS (SELECT FROM app.staff f
                   JOIN app.staff_role sr ON sr.tenant_id = f.tenant_id AND sr.staff_id = f.id AND sr.location_id IS NULL
                   JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id AND r.slug IN ('owner', 'operator')
                   WHERE f.tenant_id = OLD.tenant_id AND f.is_active) THEN
        RAISE EXCEPTION 'This is the last owner. Make somebody else an owner first.' USING ERRCODE = 'FY422', COLUMN = 'given';
    END IF;
    RETURN NULL;
END $$;
-- (Who is deleted loses her roles with it, and so comes past here too.)
CREATE TRIGGER staff_keeps_an_owner AFTER UPDATE OF is_active ON app.staff
    FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION app.keep_an_owner();
CREATE CONSTRAINT TRIGGER staff_role_keeps_an_owner AFTER UPDATE OR DELETE ON app.staff_role
    DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION app.keep_an_owner();

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- A token that was mailed, known only by its hash: used once, and only by a form that is sent, for programs that check mail follow
-- links too. It is bound to an address and a person; subject_id: the change of address that it belongs to.
CREATE TABLE sec.account_token (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    kind       text COLLATE "C" NOT NULL
        CONSTRAINT account_token_kind_is_known CHECK (kind IN ('invite', 'verify', 'reset', 'email_old', 'email_new', 'signup')),
    staff_id   uuid,
    subject_id uuid,
    email      text COLLATE "C" NOT NULL,
    new_email  text COLLATE "C",
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT account_token_is_given_once UNIQUE (tenant_id, token_hash),
    CONSTRAINT account_token_has_somebody CHECK (num_nonnulls(staff_id, subject_id) > 0)
);
CREATE INDEX account_token_by_staff ON sec.account_token (tenant_id, staff_id, kind);

-- Somebody asks for a link to a new password. Kept for a job, so that asking takes the same time whether there is such an account.
CREATE TABLE sec.reset_request (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    email      text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);

-- A business that wants to come (PROMISES B03): the operator's, until its address is confirmed and a job has made it. Its id is that of
-- the business that comes of it.
CREATE TABLE sec.signup (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    name         text NOT NULL,
    email        text COLLATE "C" NOT NULL,
    phc          text COLLATE "C" CHECK (phc LIKE '$argon2id$%'),
    business     text NOT NULL,
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('medspa', 'ultrasound')),
    street       text NOT NULL,
    city         text NOT NULL,
    region       text NOT NULL,
    postal_code  text NOT NULL,
    country      text COLLATE "C" NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    zone         text COLLATE "C" NOT NULL,
    phone        text COLLATE "C" NOT NULL,
    slug         text COLLATE "C",
    created_at   timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    made_at      timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT signup_slug_is_wanted_once UNIQUE (tenant_id, slug)
);

DROP FUNCTION IF EXISTS sec.login_lookup(text, text, inet);
DROP FUNCTION IF EXISTS sec.login_done(text, text, uuid, boolean, bytea, text, inet, text, uuid);

RESET ROLE;
ALTER TABLE sec.account_token ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.account_token');
SELECT app.guard_table('sec.reset_request');
SELECT app.guard_table('sec.signup');
