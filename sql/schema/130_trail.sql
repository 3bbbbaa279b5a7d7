-- 130_trail: a damaged tree stands still alone, heads leave the host, and old months retire.

-- foyer_retire_owner owns the functions of retirement: the guard lets nobody else drop a month. It has the rights of the
-- trail's owner, and no policy applies to it. foyer_retirer is the login of the operator's command, and may call them.
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM (VALUES
        ('foyer_retire_owner', 'NOLOGIN BYPASSRLS INHERIT'),
        ('foyer_retirer',      'LOGIN NOINHERIT')
    ) AS wanted(name, attributes)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', r.name, r.attributes);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- made by another database's migration a moment ago
            END;
        END IF;
    END LOOP;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO foyer_retirer', current_database());
END $$;
ALTER ROLE foyer_retirer SET timezone = 'UTC';
ALTER ROLE foyer_retirer SET lock_timeout = '3s';
ALTER ROLE foyer_retirer SET statement_timeout = '10min';
ALTER ROLE foyer_retirer SET search_path = app, pg_temp;
GRANT foyer_audit_owner TO foyer_retire_owner;
GRANT foyer_retire_owner TO foyer_migrator;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_retire_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO foyer_retire_owner;
GRANT USAGE ON SCHEMA audit TO foyer_retirer;

SET LOCAL ROLE foyer_owner;
GRANT SELECT (id, slug) ON app.tenant TO foyer_retire_owner;
-- Heads go out as mail of the operator's tenant, and old ones are cleared away.
GRANT SELECT (id, realm) ON app.tenant TO foyer_seal_owner;
GRANT SELECT (tenant_id, id, kind, state, created_at, sent_at), INSERT (tenant_id, id, kind, channel, to_address, subject, body, dedupe_key), DELETE
    ON app.message TO foyer_seal_owner;
GRANT SELECT (tenant_id, kind, subject_id, state), INSERT (tenant_id, kind, subject_id, dedupe_key), DELETE ON app.job TO foyer_seal_owner;
RESET ROLE;

SET LOCAL ROLE foyer_audit_owner;

-- Tenants whose tree does not go on where its last head ended: they are not sealed until somebody looked, the others are.
CREATE TABLE audit.seal_trouble (
    tenant_id uuid PRIMARY KEY,
    since     timestamptz NOT NULL DEFAULT now(),
    why       text NOT NULL
);
COMMENT ON TABLE audit.seal_trouble IS 'trees that stand still, and why';

-- Where heads go outside: a mail address, or "file". message_id: under way.
CREATE TABLE audit.head_outside (
    destination    text COLLATE "C" PRIMARY KEY,
    sent_at        timestamptz,
    failed_since   timestamptz,
    why            text,
    queued_at      timestamptz,
    message_tenant uuid,
    message_id     uuid,
    message_sizes  jsonb
);
COMMENT ON TABLE audit.head_outside IS '@global destinations of signed heads, over all tenants';

-- The greatest head of each tree that arrived there.
CREATE TABLE audit.head_arrived (
    tenant_id   uuid NOT NULL,
    destination text COLLATE "C" NOT NULL,
    size        bigint NOT NULL CHECK (size > 0),
    PRIMARY KEY (tenant_id, destination)
);
COMMENT ON TABLE audit.head_arrived IS 'how far the heads of a tree have come outside';

-- How long a tenant's trail is kept, when longer than the installation's, and whether it may go at all.
CREATE TABLE audit.retention (
    tenant_id    uuid PRIMARY KEY,
    years        int NOT NULL DEFAULT 6 CHECK (years BETWEEN 6 AND 100),
    held_because text CHECK (length(btrim(held_because)) BETWEEN 3 AND 500),
    changed_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE audit.retention IS 'longer terms and legal holds';

-- A month whose rows are gone by right: how many of the tenant's leaves it had, the root of a tree of just these, signed.
CREATE TABLE audit.retired (
    tenant_id  uuid NOT NULL,
    month      date NOT NULL CHECK (extract(day FROM month) = 1),
    leaves     bigint NOT NULL CHECK (leaves > 0),
    root       bytea NOT NULL CHECK (octet_length(root) = 32),
    retired_at timestamptz(0) NOT NULL,
    key_id     text COLLATE "C" NOT NULL CHECK (key_id ~ '^[0-9a-f]{16}$'),
    signature  bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (tenant_id, month)
);
COMMENT ON TABLE audit.retired IS 'months of the trail that were retired, signed';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['seal_trouble', 'head_arrived', 'retention', 'retired'] LOOP
        EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY rows_of_the_tenant ON audit.%I USING (tenant_id = nullif(current_setting(''foyer.tenant_id'', true), '''')::uuid)', t);
    END LOOP;
    CREATE TRIGGER retired_never_changes BEFORE UPDATE OR DELETE ON audit.retired FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
    CREATE TRIGGER retired_never_truncated BEFORE TRUNCATE ON audit.retired FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON audit.seal_trouble, audit.head_outside, audit.head_arrived TO foyer_seal_owner;
GRANT SELECT ON audit.retired TO foyer_seal_owner;

RESET ROLE;

-- The guard of 090, with the one exception: a month, by the functions of retirement.
CREATE OR REPLACE FUNCTION guard.refuse_drop() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d
               WHERE (d.schema_name = 'audit' OR d.object_identity = 'audit' OR d.object_identity LIKE '% on audit.%')
                 AND d.object_type IN ('table', 'schema', 'trigger', 'policy', 'table column', 'table constraint', 'index')
                 AND NOT (current_user = 'foyer_retire_owner' AND d.object_identity ~ '(^| on )audit\.event_[0-9]{4}_[0-9]{2}[a-z0-9_]*$')) THEN
        RAISE EXCEPTION 'the audit trail is append-only: % is refused', lower(tg_tag) USING ERRCODE = '42501';
    END IF;
END $$;
