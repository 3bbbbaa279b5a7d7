-- 030_people: permissions, roles, staff; their passwords and sessions (schema sec, closed to the pools).

SET LOCAL ROLE foyer_owner;

-- What a role may allow. The same list stands in include/perm.h.
CREATE TABLE app.permission (
    name    text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z]+_[a-z]+$'),
    meaning text NOT NULL
);
COMMENT ON TABLE app.permission IS '@global names of permissions, the same for all';
INSERT INTO app.permission (name, meaning) VALUES
    ('calendar_read',  'see the calendar and appointments'),
    ('booking_write',  'book, move, check in and cancel appointments'),
    ('client_read',    'see clients'' contact details, allergies and forms due'),
    ('client_write',   'add clients and change their contact details'),
    ('chart_read',     'read charts: notes, answers, signed consents'),
    ('chart_write',    'write notes and allergies'),
    ('message_read',   'read messages to clients and open their links'),
    ('message_write',  'send messages and form links'),
    ('audit_read',     'read the audit trail'),
    ('settings_write', 'change the studio''s texts and settings'),
    ('demo_read',      'operator: read and work on demo requests');

CREATE TABLE app.role (
    tenant_id  uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    slug       text COLLATE "C" NOT NULL CHECK (slug ~ '^[a-z0-9-]{1,40}$'),
    name       text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 60),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT role_slug_is_used_once UNIQUE (tenant_id, slug)
);
SELECT app.guard_table('app.role');

CREATE TABLE app.role_permission (
    tenant_id  uuid NOT NULL DEFAULT app.tenant(),
    role_id    uuid NOT NULL,
    permission text COLLATE "C" NOT NULL REFERENCES app.permission (name),
    PRIMARY KEY (tenant_id, role_id, permission),
    FOREIGN KEY (tenant_id, role_id) REFERENCES app.role (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX role_permission_by_permission ON app.role_permission (permission, tenant_id, role_id);
SELECT app.guard_table('app.role_permission');

CREATE TABLE app.staff (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    name        text NOT NULL CONSTRAINT staff_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    email       text COLLATE "C" NOT NULL,
    email_norm  text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(btrim(email))) STORED,
    title       text NOT NULL DEFAULT '',
    is_provider boolean NOT NULL DEFAULT false,
    is_active   boolean NOT NULL DEFAULT true,
    color       text COLLATE "C" NOT NULL DEFAULT '#8a7a6a' CHECK (color ~ '^#[0-9a-f]{6}$'),
    position    int NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Kept by triggers from the roles, so that a request reads one row instead of three tables.
    perms       text COLLATE "C" NOT NULL DEFAULT ',',
    role_names  text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT staff_email_is_used_once UNIQUE (tenant_id, email_norm)
);
COMMENT ON CONSTRAINT staff_email_is_used_once ON app.staff IS 'email: Somebody here has this e-mail address already.';
COMMENT ON CONSTRAINT staff_has_a_name ON app.staff IS 'name: Give a name.';
SELECT app.guard_table('app.staff');

-- Which roles a person has; at one location only, or everywhere (NULL).
CREATE TABLE app.staff_role (
    tenant_id   uuid NOT NULL DEFAULT app.tenant(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id    uuid NOT NULL,
    role_id     uuid NOT NULL,
    location_id uuid,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, role_id) REFERENCES app.role (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, location_id) REFERENCES app.location (tenant_id, id),
    CONSTRAINT staff_role_is_given_once UNIQUE NULLS NOT DISTINCT (tenant_id, staff_id, role_id, location_id)
);
CREATE INDEX staff_role_by_role ON app.staff_role (tenant_id, role_id);
CREATE INDEX staff_role_by_location ON app.staff_role (tenant_id, location_id);
SELECT app.guard_table('app.staff_role');

-- Writes staff.perms and staff.role_names anew for the people concerned.
CREATE FUNCTION app.staff_refresh_perms(people uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.staff f
    SET perms = coalesce((SELECT ',' || string_agg(DISTINCT rp.permission, ',') || ','
                          FROM app.staff_role sr
                          JOIN app.role_permission rp ON rp.tenant_id = sr.tenant_id AND rp.role_id = sr.role_id
                          WHERE sr.tenant_id = f.tenant_id AND sr.staff_id = f.id), ','),
        role_names = coalesce((SELECT string_agg(DISTINCT r.name, ', ')
                               FROM app.staff_role sr
                               JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
                               WHERE sr.tenant_id = f.tenant_id AND sr.staff_id = f.id), '')
    WHERE f.id = ANY (people);
$$;

CREATE FUNCTION app.staff_roles_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'staff_role' THEN
            IF TG_OP <> 'INSERT' THEN
                PERFORM app.staff_refresh_perms(ARRAY[OLD.staff_id]);
            END IF;
            IF TG_OP <> 'DELETE' THEN
                PERFORM app.staff_refresh_perms(ARRAY[NEW.staff_id]);
            END IF;
        WHEN 'role_permission' THEN
            IF TG_OP <> 'INSERT' THEN
                PERFORM app.staff_refresh_perms(ARRAY(SELECT sr.staff_id FROM app.staff_role sr WHERE sr.role_id = OLD.role_id));
            END IF;
            IF TG_OP <> 'DELETE' THEN
                PERFORM app.staff_refresh_perms(ARRAY(SELECT sr.staff_id FROM app.staff_role sr WHERE sr.role_id = NEW.role_id));
            END IF;
        WHEN 'role' THEN
            PERFORM app.staff_refresh_perms(ARRAY(SELECT sr.staff_id FROM app.staff_role sr WHERE sr.role_id = NEW.id));
    END CASE;
    RETURN NULL;
END $$;
CREATE TRIGGER staff_role_changes_perms AFTER INSERT OR UPDATE OR DELETE ON app.staff_role
    FOR EACH ROW EXECUTE FUNCTION app.staff_roles_changed();
CREATE TRIGGER role_permission_changes_perms AFTER INSERT OR UPDATE OR DELETE ON app.role_permission
    FOR EACH ROW EXECUTE FUNCTION app.staff_roles_changed();
CREATE TRIGGER role_name_changes_perms AFTER UPDATE OF name ON app.role
    FOR EACH ROW EXECUTE FUNCTION app.staff_roles_changed();

GRANT SELECT ON app.permission, app.role, app.role_permission, app.staff_role TO foyer_staff, foyer_auth;
GRANT SELECT (tenant_id, id, name, email, title, is_provider, is_active, color, position, role_names, created_at) ON app.staff
    TO foyer_staff, foyer_slow;
GRANT SELECT (tenant_id, id, name, title, is_provider, is_active, color, position) ON app.staff TO foyer_public, foyer_jobs;
GRANT SELECT ON app.staff TO foyer_auth, foyer_booking, foyer_audit_reader;
-- Who entered a tenant as a visitor sees nothing of its staff but the providers.
CREATE POLICY staff_see_each_other ON app.staff AS RESTRICTIVE TO foyer_staff, foyer_slow USING ((SELECT app.actor()) IS NOT NULL);
CREATE POLICY staff_see_each_other ON app.role AS RESTRICTIVE TO foyer_staff USING ((SELECT app.actor()) IS NOT NULL);
CREATE POLICY staff_see_each_other ON app.role_permission AS RESTRICTIVE TO foyer_staff USING ((SELECT app.actor()) IS NOT NULL);
CREATE POLICY staff_see_each_other ON app.staff_role AS RESTRICTIVE TO foyer_staff USING ((SELECT app.actor()) IS NOT NULL);
CREATE POLICY only_providers ON app.staff AS RESTRICTIVE TO foyer_public USING (is_provider AND is_active);

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- Argon2id strings. Nobody but the functions of sec reads them.
CREATE TABLE sec.credential (
    tenant_id  uuid NOT NULL,
    staff_id   uuid NOT NULL,
    phc        text COLLATE "C" NOT NULL CHECK (phc LIKE '$argon2id$%'),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, staff_id)
);

-- A session belongs to one tenant's host; its token is known only by its hash.
CREATE TABLE sec.session (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL DEFAULT gen_random_uuid(),
    staff_id       uuid NOT NULL,
    token_hash     bytea NOT NULL CHECK (length(token_hash) = 32),
    created_at     timestamptz NOT NULL DEFAULT now(),
    last_seen_at   timestamptz NOT NULL DEFAULT now(),
    absolute_until timestamptz NOT NULL,
    revoked_at     timestamptz,
    ip             inet,
    agent          text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT session_token_is_used_once UNIQUE (tenant_id, token_hash)
) WITH (fillfactor = 80);
CREATE INDEX session_by_staff ON sec.session (tenant_id, staff_id, created_at);

-- Failed attempts by account and by address; the delay doubles.
CREATE TABLE sec.throttle (
    key     bytea PRIMARY KEY,
    fails   int NOT NULL,
    last_at timestamptz NOT NULL
);
COMMENT ON TABLE sec.throttle IS '@global counters by hash of what was tried and from where';

RESET ROLE;
ALTER TABLE sec.credential ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sec.session ADD FOREIGN KEY (tenant_id, staff_id) REFERENCES app.staff (tenant_id, id) ON DELETE CASCADE;
SELECT app.guard_table('sec.credential');
SELECT app.guard_table('sec.session');
