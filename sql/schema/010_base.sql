-- 010_base: roles, schemas, extensions, the instance, and the small functions that all tables use.
-- Runs as a superuser (roles, extensions and parameter grants need one), in one transaction.

-- Without the server module anybody could set the context, so nothing may be built without it.
DO $$
BEGIN
    IF (SELECT context FROM pg_settings WHERE name = 'foyer.tenant_id') IS DISTINCT FROM 'superuser' THEN
        RAISE EXCEPTION 'the server module foyerctx is not loaded'
            USING HINT = 'Add foyerctx.so to shared_preload_libraries and restart PostgreSQL.';
    END IF;
END $$;

-- Roles belong to the whole cluster: another database may have made them already.
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM (VALUES
        ('foyer_owner',        'NOLOGIN'),             -- owns the tables of schema app
        ('foyer_auth',         'NOLOGIN'),             -- owns schema sec; alone may set the context
        ('foyer_booking',      'NOLOGIN'),             -- owns the booking functions
        ('foyer_disclosure',   'NOLOGIN'),             -- owns app.disclose; alone reads wrapped keys
        ('foyer_audit_owner',  'NOLOGIN'),             -- owns the trail
        ('foyer_audit_reader', 'NOLOGIN BYPASSRLS'),   -- owns the reports on the trail, which name the tenant themselves
        ('foyer_migrator',     'LOGIN'),               -- at deployment
        ('foyer_backfill',     'LOGIN BYPASSRLS'),     -- data steps of migrations, backups
        ('foyer_staff',        'LOGIN'),               -- pool of the staff's pages
        ('foyer_public',       'LOGIN'),               -- pool of booking pages and token links
        ('foyer_slow',         'LOGIN'),               -- pool of log-in, uploads, downloads
        ('foyer_jobs',         'LOGIN'),               -- jobs
        ('foyer_sealer',       'LOGIN'),               -- seals the trail
        ('foyer_auditor',      'LOGIN')                -- reads the trail only
    ) AS wanted(name, attributes)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', r.name, r.attributes);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- made by another database's migration a moment ago
            END;
        END IF;
    END LOOP;
END $$;

GRANT foyer_owner, foyer_auth, foyer_booking, foyer_disclosure, foyer_audit_owner, foyer_audit_reader
    TO foyer_migrator;

-- How the login roles work: one planned statement each, no waiting for ever.
DO $$
DECLARE
    r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['foyer_staff', 'foyer_public', 'foyer_slow', 'foyer_jobs', 'foyer_sealer', 'foyer_auditor'] LOOP
        EXECUTE format('ALTER ROLE %I SET plan_cache_mode = force_generic_plan', r);
        EXECUTE format('ALTER ROLE %I SET jit = off', r);
        EXECUTE format('ALTER ROLE %I SET timezone = %L', r, 'UTC');
        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', r, '10s');
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', r, '3s');
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', r, '30s');
        EXECUTE format('ALTER ROLE %I SET client_connection_check_interval = %L', r, '1s');
        EXECUTE format('ALTER ROLE %I SET search_path = app, pg_temp', r);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO foyer_migrator, foyer_backfill, foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_sealer, foyer_auditor', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- The context: only the session functions' owner may set it.
GRANT SET ON PARAMETER "foyer.tenant_id", "foyer.actor_kind", "foyer.actor", "foyer.perms",
    "foyer.client_id", "foyer.link_id", "foyer.session_id", "foyer.action", "foyer.ip",
    "foyer.agent", "foyer.request_id" TO foyer_auth;

-- A function is nobody's until it is granted.
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_auth REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_booking REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_disclosure REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_audit_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_audit_reader REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA ext;
CREATE EXTENSION btree_gist SCHEMA ext;
CREATE EXTENSION btree_gin SCHEMA ext;
CREATE EXTENSION unaccent SCHEMA ext;

CREATE SCHEMA app AUTHORIZATION foyer_owner;
CREATE SCHEMA sec AUTHORIZATION foyer_auth;
CREATE SCHEMA audit AUTHORIZATION foyer_audit_owner;
GRANT USAGE ON SCHEMA ext TO PUBLIC;
GRANT USAGE ON SCHEMA app, sec TO foyer_owner, foyer_auth, foyer_booking, foyer_disclosure, foyer_audit_owner,
    foyer_audit_reader, foyer_backfill, foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_migrator;
GRANT USAGE ON SCHEMA app, audit TO foyer_sealer, foyer_auditor;
GRANT USAGE ON SCHEMA audit TO foyer_auth, foyer_disclosure, foyer_audit_reader, foyer_backfill, foyer_staff, foyer_jobs;
GRANT CREATE ON SCHEMA app TO foyer_booking, foyer_disclosure, foyer_auth;
GRANT CREATE ON SCHEMA audit TO foyer_audit_reader;

SET LOCAL ROLE foyer_owner;

-- Tenant of this transaction; NULL when none was entered. A setting that was local once reads '' afterwards.
CREATE FUNCTION app.tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('foyer.tenant_id', true), '')::uuid $$;

-- Whether the actor of this transaction holds a permission.
CREATE FUNCTION app.may(permission text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(strpos(current_setting('foyer.perms', true), ',' || permission || ',') > 0, false) $$;

-- Client that the actor stands for (a proven link, a booking just made); NULL for anybody else.
CREATE FUNCTION app.own_client() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('foyer.client_id', true), '')::uuid $$;

CREATE FUNCTION app.actor() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('foyer.actor', true), '')::uuid $$;

CREATE FUNCTION app.actor_kind() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('foyer.actor_kind', true), ''), 'system') $$;

-- Text for searching: one case, no accents, apostrophes gone, other punctuation blank.
CREATE FUNCTION app.norm(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$
    SELECT btrim(regexp_replace(
        regexp_replace(
            lower(ext.unaccent('ext.unaccent'::regdictionary, normalize(words, NFKC)) COLLATE "und-x-icu"),
            '[''’ʼ`´]', '', 'g'),
        '[^[:alnum:]]+', ' ', 'g'))
$$;

-- A phone number as E.164, read as somebody in that country would write it; NULL when it is none.
CREATE FUNCTION app.phone_e164(phone text, country text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
AS $$
DECLARE
    plus boolean := btrim(phone) LIKE '+%';
    digits text := regexp_replace(phone, '[^0-9]', '', 'g');
    nanp boolean := country IN ('US', 'CA', 'PR');
BEGIN
    IF phone ~ '[[:alpha:]]' THEN
        RETURN NULL;
    END IF;
    IF NOT plus AND nanp AND digits LIKE '011%' THEN
        plus := true;
        digits := substr(digits, 4);
    ELSIF NOT plus AND NOT nanp AND digits LIKE '00%' THEN
        plus := true;
        digits := substr(digits, 3);
    END IF;
    IF NOT plus THEN
        CASE
            WHEN nanp AND length(digits) = 10 THEN digits := '1' || digits;
            WHEN nanp AND length(digits) = 11 AND digits LIKE '1%' THEN NULL;
            WHEN country = 'GB' AND digits LIKE '0%' THEN digits := '44' || substr(digits, 2);
            WHEN country = 'IE' AND digits LIKE '0%' THEN digits := '353' || substr(digits, 2);
            WHEN country = 'AU' AND digits LIKE '0%' THEN digits := '61' || substr(digits, 2);
            WHEN country = 'NZ' AND digits LIKE '0%' THEN digits := '64' || substr(digits, 2);
            WHEN country = 'DE' AND digits LIKE '0%' THEN digits := '49' || substr(digits, 2);
            WHEN country = 'FR' AND digits LIKE '0%' THEN digits := '33' || substr(digits, 2);
            ELSE RETURN NULL;
        END CASE;
    END IF;
    IF digits LIKE '1%' AND digits !~ '^1[2-9][0-9]{2}[2-9][0-9]{6}$' THEN
        RETURN NULL;
    END IF;
    IF digits !~ '^[1-9][0-9]{7,14}$' THEN
        RETURN NULL;
    END IF;
    RETURN '+' || digits;
END $$;

-- SHA-256 of a text's UTF-8 bytes (the database is UTF8, which convert_to cannot know when it is marked stable).
CREATE FUNCTION app.sha256_of(words text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT sha256(convert_to(words, 'UTF8')) $$;

-- Puts a table of tenants' rows under guard: row security forced, only the rows of the transaction's tenant.
-- Who may do what with these rows is said by grants, and by restrictive policies of single roles.
CREATE FUNCTION app.guard_table(guarded regclass) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY rows_of_the_tenant ON %s USING (tenant_id = nullif(current_setting(''foyer.tenant_id'', true), '''')::uuid)', guarded);
END $$;

-- Refuses what a row must never suffer; for triggers on rows that are written once.
CREATE FUNCTION app.refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '%.% is written once: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = '42501';
END $$;

GRANT EXECUTE ON FUNCTION app.tenant(), app.may(text), app.own_client(), app.actor(), app.actor_kind(),
    app.norm(text), app.phone_e164(text, text), app.sha256_of(text) TO PUBLIC;

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- What every session function tells the program about the request that it let in.
CREATE TYPE sec.entered AS (
    tenant_id    uuid,
    tenant_slug  text,
    tenant_name  text,
    tenant_kind  text,
    realm        text,   -- studio, operator; site at the apex
    accent       text,
    country      text,
    locale       text,
    zone         text,   -- of the first location
    actor_id     uuid,
    actor_name   text,
    role_names   text,
    session_id   uuid,
    client_id    uuid,
    link_id      uuid,
    link_purpose text,
    link_subject uuid,   -- the link's appointment
    is_proven    boolean,
    perms        text
);

-- The installation itself: one row.
CREATE TABLE sec.instance (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    domain   text COLLATE "C" NOT NULL CHECK (domain = lower(domain) AND domain !~ '[^a-z0-9.-]')
);
COMMENT ON TABLE sec.instance IS '@global the installation''s own settings';
INSERT INTO sec.instance (domain) VALUES ('foyer.localhost');

-- Host names to tenants: SLUG.DOMAIN for each, and the bare domain for the operator's. Read before any tenant is known.
CREATE TABLE sec.site (
    host    text COLLATE "C" PRIMARY KEY,
    tenant  uuid NOT NULL,
    slug    text COLLATE "C" NOT NULL,
    is_apex boolean NOT NULL DEFAULT false,
    CONSTRAINT site_one_host_per_tenant UNIQUE (tenant, is_apex)
);
COMMENT ON TABLE sec.site IS '@global host names to tenants, read before any tenant is entered';

RESET ROLE;
