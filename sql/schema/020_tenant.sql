-- 020_tenant: businesses, their locations, their policies.

SET LOCAL ROLE foyer_owner;

-- A business, or the operator of the installation itself (realm 'operator', slug 'ops').
CREATE TABLE app.tenant (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug        text COLLATE "C" NOT NULL,
    name        text NOT NULL CONSTRAINT tenant_has_a_name CHECK (length(btrim(name)) BETWEEN 1 AND 120),
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('medspa', 'ultrasound', 'operator')),
    realm       text COLLATE "C" NOT NULL DEFAULT 'studio' CHECK (realm IN ('studio', 'operator')),
    accent      text COLLATE "C" NOT NULL DEFAULT '#7a5c48' CONSTRAINT tenant_accent_is_a_colour CHECK (accent ~ '^#[0-9a-f]{6}$'),
    country     text COLLATE "C" NOT NULL DEFAULT 'US' CHECK (country ~ '^[A-Z]{2}$'),
    locale      text COLLATE "C" NOT NULL DEFAULT 'en-US',
    currency    text COLLATE "C" NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    region      text NOT NULL DEFAULT 'us',
    zone        text COLLATE "C" NOT NULL DEFAULT 'UTC',  -- of the first location, kept by a trigger: read with every request
    phone       text COLLATE "C" CHECK (phone ~ '^\+[1-9][0-9]{7,14}$'),
    email       text COLLATE "C",
    tagline     text NOT NULL DEFAULT '',
    hold_minutes int NOT NULL DEFAULT 10 CHECK (hold_minutes BETWEEN 1 AND 60),
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_slug_is_a_host_label CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$' AND slug NOT IN ('www', 'static', 'api')),
    CONSTRAINT tenant_operator_is_ops CHECK ((realm = 'operator') = (slug = 'ops'))
);
COMMENT ON TABLE app.tenant IS '@global one row per business; its own policy shows each business only itself';
COMMENT ON CONSTRAINT tenant_slug_is_a_host_label ON app.tenant IS 'slug: Use small letters, digits and hyphens, as in a web address.';
COMMENT ON CONSTRAINT tenant_has_a_name ON app.tenant IS 'name: Give the business a name.';
COMMENT ON CONSTRAINT tenant_accent_is_a_colour ON app.tenant IS 'accent: Write the colour as # and six digits, such as #7a5c48.';
ALTER TABLE app.tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY its_own_row ON app.tenant USING (id = nullif(current_setting('foyer.tenant_id', true), '')::uuid);

CREATE TABLE app.location (
    tenant_id   uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    name        text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 80),
    street      text NOT NULL DEFAULT '',
    city        text NOT NULL DEFAULT '',
    region      text NOT NULL DEFAULT '',
    postal_code text NOT NULL DEFAULT '',
    zone        text COLLATE "C" NOT NULL,
    phone       text COLLATE "C" CHECK (phone ~ '^\+[1-9][0-9]{7,14}$'),
    position    int NOT NULL DEFAULT 1,
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
SELECT app.guard_table('app.location');

-- A zone is a place's name of the tz database ('America/New_York'): an abbreviation such as EST never changes its clock.
CREATE FUNCTION app.location_check_zone() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = NEW.zone)
        OR (NEW.zone !~ '/' AND NEW.zone <> 'UTC') OR NEW.zone ~ '^(Etc|posix|right|SystemV)/' THEN
        RAISE EXCEPTION 'This is not a time zone we know. Write it like America/New_York.'
            USING ERRCODE = 'FY422', COLUMN = 'zone';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER location_zone_is_known BEFORE INSERT OR UPDATE OF zone ON app.location
    FOR EACH ROW EXECUTE FUNCTION app.location_check_zone();

CREATE FUNCTION app.location_gives_zone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.tenant t
    SET zone = coalesce((SELECT l.zone FROM app.location l WHERE l.tenant_id = t.id ORDER BY NOT l.is_active, l.position, l.name LIMIT 1), 'UTC')
    WHERE t.id = app.tenant();
    RETURN NULL;
END $$;
CREATE TRIGGER location_gives_the_tenant_a_zone AFTER INSERT OR DELETE OR UPDATE OF zone, position, is_active, name ON app.location
    FOR EACH STATEMENT EXECUTE FUNCTION app.location_gives_zone();

-- Texts such as the privacy policy: each version stays as it was published.
CREATE TABLE app.policy_version (
    tenant_id    uuid NOT NULL DEFAULT app.tenant() REFERENCES app.tenant (id),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('privacy', 'booking', 'cancellation', 'terms')),
    version      int NOT NULL CHECK (version > 0),
    title        text NOT NULL CHECK (length(btrim(title)) > 0),
    body         text NOT NULL CHECK (length(btrim(body)) > 0),
    effective_on date NOT NULL,
    sha256       bytea NOT NULL GENERATED ALWAYS AS (app.sha256_of(title || chr(10) || body)) STORED,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT policy_version_is_numbered_once UNIQUE (tenant_id, kind, version)
);
COMMENT ON CONSTRAINT policy_version_is_numbered_once ON app.policy_version IS 'version: This version exists already; publish the next one.';
SELECT app.guard_table('app.policy_version');
CREATE TRIGGER policy_version_never_changes BEFORE UPDATE OR DELETE ON app.policy_version
    FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER policy_version_never_truncated BEFORE TRUNCATE ON app.policy_version
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

GRANT SELECT ON app.tenant, app.location, app.policy_version
    TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_auth, foyer_booking, foyer_audit_reader;
GRANT UPDATE (name, accent, phone, email, tagline, hold_minutes) ON app.tenant TO foyer_staff;
GRANT INSERT (name, street, city, region, postal_code, zone, phone, position, is_active),
    UPDATE (name, street, city, region, postal_code, zone, phone, position, is_active) ON app.location TO foyer_staff;
GRANT INSERT (kind, version, title, body, effective_on) ON app.policy_version TO foyer_staff;
CREATE POLICY staff_with_settings ON app.tenant AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY staff_with_settings ON app.location AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));
CREATE POLICY staff_with_settings_change ON app.location AS RESTRICTIVE FOR UPDATE TO foyer_staff USING ((SELECT app.may('settings_write')));
CREATE POLICY staff_with_settings ON app.policy_version AS RESTRICTIVE FOR INSERT TO foyer_staff WITH CHECK ((SELECT app.may('settings_write')));

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- Keeps sec.site in step with the tenants' slugs.
CREATE FUNCTION sec.tenant_to_site() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO sec.site (host, tenant, slug, is_apex)
    SELECT NEW.slug || '.' || i.domain, NEW.id, NEW.slug, false FROM sec.instance i
    UNION ALL
    SELECT i.domain, NEW.id, NEW.slug, true FROM sec.instance i WHERE NEW.realm = 'operator'
    ON CONFLICT ON CONSTRAINT site_one_host_per_tenant DO UPDATE SET host = excluded.host, slug = excluded.slug;
    RETURN NULL;
END $$;
GRANT EXECUTE ON FUNCTION sec.tenant_to_site() TO foyer_owner, foyer_migrator, foyer_backfill;

RESET ROLE;
CREATE TRIGGER tenant_has_a_site AFTER INSERT OR UPDATE OF slug ON app.tenant
    FOR EACH ROW EXECUTE FUNCTION sec.tenant_to_site();
ALTER TABLE sec.site ADD CONSTRAINT site_belongs_to_a_tenant FOREIGN KEY (tenant) REFERENCES app.tenant (id) ON DELETE CASCADE;
GRANT INSERT (id, slug, name, kind, realm, country) ON app.tenant TO foyer_auth;
