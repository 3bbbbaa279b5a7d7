-- 260_operator: what the operator sees of the businesses (facts and counts), and support access that a business grants her.

-- Owns the functions that read over all businesses for the operator's pages. No policy applies to it, so its rights are columns, and
-- none of them says anything of a client. Nobody logs in as it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'foyer_tenants') THEN
        BEGIN
            CREATE ROLE foyer_tenants NOLOGIN BYPASSRLS NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- made by another database's migration a moment ago
        END;
    END IF;
END $$;
GRANT foyer_tenants TO foyer_migrator;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_tenants REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA app TO foyer_tenants;
GRANT USAGE ON SCHEMA sec, audit TO foyer_tenants;

SET LOCAL ROLE foyer_owner;

-- ---- the business ----

-- suspended_at: its people and its clients find a page that says so; nothing of it is changed. support_until: the latest end of the
-- support that is open, kept with the grants, so that every page can say it.
ALTER TABLE app.tenant ADD COLUMN plan text COLLATE "C" NOT NULL DEFAULT 'standard'
        CONSTRAINT tenant_plan_is_a_word CHECK (plan ~ '^[a-z][a-z0-9-]{0,39}$'),
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN suspended_why text CONSTRAINT tenant_suspension_has_a_reason CHECK (length(btrim(suspended_why)) BETWEEN 10 AND 500),
    ADD COLUMN support_until timestamptz,
    ADD CONSTRAINT tenant_operator_is_never_suspended CHECK (realm <> 'operator' OR suspended_at IS NULL),
    ADD CONSTRAINT tenant_suspended_says_why CHECK ((suspended_at IS NULL) = (suspended_why IS NULL));
COMMENT ON CONSTRAINT tenant_suspension_has_a_reason ON app.tenant IS 'why: Say in ten letters or more why.';
GRANT UPDATE (suspended_at, suspended_why, support_until) ON app.tenant TO foyer_auth;

-- ---- somebody who is here for support ----

-- A row of the staff with the id of its grant: so the trail names the grant with every look. It holds no role, no password and no
-- other way in; what it may is what was granted, and never more than reading, without phones and e-mail addresses. sql/lib/098_support.sql makes it.
ALTER TABLE app.staff ADD COLUMN is_support boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT staff_support_only_reads CHECK (NOT is_support
        OR (NOT is_provider AND perms ~ '^,((calendar_read|client_read|chart_read|audit_read|show_notes),)+$'));
GRANT SELECT (is_support) ON app.staff TO foyer_staff, foyer_slow;
GRANT INSERT (id, name, email, title, is_active, is_support, perms, role_names, masks), UPDATE (is_active, deactivated_at) ON app.staff TO foyer_auth;

CREATE FUNCTION app.staff_support_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.is_support <> OLD.is_support THEN
        RAISE EXCEPTION 'whoever is here for support stays that, and nobody becomes it' USING ERRCODE = '42501';
    END IF;
    IF OLD.is_support THEN
        NEW.perms := OLD.perms;
        NEW.role_names := OLD.role_names;
        NEW.masks := OLD.masks;
        NEW.needs_mfa := OLD.needs_mfa;
        NEW.name := OLD.name;
        NEW.email := OLD.email;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_support_stays_what_it_is BEFORE UPDATE ON app.staff FOR EACH ROW EXECUTE FUNCTION app.staff_support_stays();

-- Nobody is booked with her, so she is no resource.
DROP TRIGGER staff_is_a_resource ON app.staff;
CREATE TRIGGER staff_is_a_resource AFTER INSERT OR UPDATE OF name, position, is_active ON app.staff
    FOR EACH ROW WHEN (NOT NEW.is_support) EXECUTE FUNCTION app.staff_is_a_resource();

-- For tables that give somebody of the staff a role, or a way in.
CREATE FUNCTION app.refuse_support() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = NEW.tenant_id AND f.id = NEW.staff_id AND f.is_support) THEN
        RAISE EXCEPTION 'whoever is here for support gets no role and no way in' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER staff_role_not_for_support BEFORE INSERT OR UPDATE ON app.staff_role FOR EACH ROW EXECUTE FUNCTION app.refuse_support();
GRANT EXECUTE ON FUNCTION app.refuse_support() TO foyer_auth;

-- ---- grants ----

-- What an operator asked for, and what the business said. Permissions are out of a list of what only reads; messages are not in it, for
-- they hold links with which one could act for a client. asked_by: of the operator's own business, so no key points there.
CREATE TABLE app.support_grant (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL,
    asked_by    uuid NOT NULL,
    asked_name  text NOT NULL,
    asked_email text NOT NULL,
    reason      text NOT NULL CONSTRAINT support_grant_has_a_reason CHECK (length(btrim(reason)) BETWEEN 10 AND 500),
    hours       int NOT NULL CONSTRAINT support_grant_is_1_to_24_hours CHECK (hours BETWEEN 1 AND 24),
    permissions text[] COLLATE "C" NOT NULL
        CONSTRAINT support_grant_only_reads CHECK (permissions <@ ARRAY['calendar_read', 'client_read', 'chart_read', 'audit_read'] AND cardinality(permissions) > 0),
    state       text COLLATE "C" NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'approved', 'refused', 'ended', 'lapsed')),
    asked_at    timestamptz NOT NULL DEFAULT now(),
    decided_at  timestamptz,
    decided_by  uuid,
    ends_at     timestamptz,
    entered_at  timestamptz,
    ended_at    timestamptz,
    ended_by    text COLLATE "C" CHECK (ended_by IN ('studio', 'operator')),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, id) REFERENCES app.staff (tenant_id, id),
    FOREIGN KEY (tenant_id, decided_by) REFERENCES app.staff (tenant_id, id),
    CONSTRAINT support_grant_decided_by_somebody CHECK ((decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NOT NULL OR state IN ('asked', 'ended', 'lapsed'))),
    CONSTRAINT support_grant_approved_has_an_end CHECK (state <> 'approved' OR ends_at <= decided_at + interval '24 hours'),
    CONSTRAINT support_grant_ended_by_somebody CHECK ((state = 'ended') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_by IS NULL))
);
COMMENT ON CONSTRAINT support_grant_has_a_reason ON app.support_grant IS 'reason: Say in ten letters or more what you need it for.';
COMMENT ON CONSTRAINT support_grant_is_1_to_24_hours ON app.support_grant IS 'hours: Choose 1 to 24 hours.';
COMMENT ON CONSTRAINT support_grant_only_reads ON app.support_grant IS 'see_calendar: Choose what you need to see.';
CREATE UNIQUE INDEX support_grant_one_waits ON app.support_grant (tenant_id) WHERE state = 'asked';
CREATE INDEX support_grant_by_time ON app.support_grant (tenant_id, asked_at);
CREATE INDEX support_grant_by_decider ON app.support_grant (tenant_id, decided_by);
SELECT app.guard_table('app.support_grant');
GRANT SELECT ON app.support_grant TO foyer_staff, foyer_auth;
GRANT INSERT (id, asked_by, asked_name, asked_email, reason, hours, permissions), UPDATE (state, decided_at, decided_by, ends_at, entered_at, ended_at, ended_by)
    ON app.support_grant TO foyer_auth;
CREATE POLICY staff_with_settings ON app.support_grant AS RESTRICTIVE FOR SELECT TO foyer_staff USING ((SELECT app.may('settings_write')));

GRANT SELECT (id, slug, name, kind, realm, country, zone, created_at, messages_per_day, plan, suspended_at, suspended_why, support_until) ON app.tenant TO foyer_tenants;
GRANT SELECT (tenant_id, id, name, email, is_active, is_support) ON app.staff TO foyer_tenants;
GRANT SELECT (tenant_id, staff_id, role_id, location_id) ON app.staff_role TO foyer_tenants;
GRANT SELECT (tenant_id, id, slug) ON app.role TO foyer_tenants;
GRANT SELECT (tenant_id, id, is_active) ON app.location TO foyer_tenants;
GRANT SELECT (tenant_id, state, problem, created_at) ON app.message TO foyer_tenants;
GRANT SELECT (tenant_id, day, n) ON app.message_day TO foyer_tenants;
GRANT SELECT (tenant_id, state, created_at) ON app.job TO foyer_tenants;
GRANT SELECT ON app.support_grant TO foyer_tenants;

RESET ROLE;
SET LOCAL ROLE foyer_audit_owner;
GRANT SELECT (sealed_at) ON audit.seal_state TO foyer_tenants;
GRANT SELECT (tenant_id, since) ON audit.seal_trouble TO foyer_tenants;

RESET ROLE;
SET LOCAL ROLE foyer_auth;

GRANT SELECT (tenant_id, staff_id, last_seen_at, how) ON sec.session TO foyer_tenants;
CREATE TRIGGER credential_not_for_support BEFORE INSERT OR UPDATE ON sec.credential FOR EACH ROW EXECUTE FUNCTION app.refuse_support();
CREATE TRIGGER totp_not_for_support BEFORE INSERT OR UPDATE ON sec.totp FOR EACH ROW EXECUTE FUNCTION app.refuse_support();
CREATE TRIGGER passkey_not_for_support BEFORE INSERT OR UPDATE ON sec.passkey FOR EACH ROW EXECUTE FUNCTION app.refuse_support();

-- Known where a host is looked up, before anything else is.
ALTER TABLE sec.site ADD COLUMN is_suspended boolean NOT NULL DEFAULT false;

-- A way in for one minute, used up by its first use; known by its hash.
CREATE TABLE sec.support_ticket (
    tenant_id  uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    grant_id   uuid NOT NULL,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '60 seconds',
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, token_hash)
);
CREATE INDEX support_ticket_by_grant ON sec.support_ticket (tenant_id, grant_id);

-- is_support: whoever entered is here for support. support_until: until when somebody is, by the business's clock.
ALTER TYPE sec.entered ADD ATTRIBUTE is_support boolean, ADD ATTRIBUTE support_until timestamp;

RESET ROLE;
ALTER TABLE sec.support_ticket ADD FOREIGN KEY (tenant_id, grant_id) REFERENCES app.support_grant (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.support_ticket');
