-- 110_seal: what proves the trail. Each row of audit.event becomes a leaf of its tenant's Merkle tree (RFC 6962), each
-- growth of a tree a signed head. Leaves and heads are append-only as the trail is; what they mean is said in sql/lib/061_seal.sql.

-- Owns the functions of sealing, to whom no policy applies: a sealer works on all tenants. Nobody logs in as it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'foyer_seal_owner') THEN
        BEGIN
            CREATE ROLE foyer_seal_owner NOLOGIN BYPASSRLS NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- made by another database's migration a moment ago
        END;
    END IF;
END $$;
GRANT foyer_seal_owner TO foyer_migrator;
ALTER DEFAULT PRIVILEGES FOR ROLE foyer_seal_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO foyer_seal_owner;
GRANT USAGE, CREATE ON SCHEMA audit TO foyer_seal_owner;

SET LOCAL ROLE foyer_owner;
GRANT SELECT (id, slug) ON app.tenant TO foyer_seal_owner;
RESET ROLE;

SET LOCAL ROLE foyer_audit_owner;

-- By transaction, over all tenants: only the sealer asks so. Unique because the primary key is in it, which makes it the
-- order of sealing as well.
CREATE UNIQUE INDEX event_by_xid ON audit.event (xid, tenant_id, at, id);

CREATE TABLE audit.leaf (
    tenant_id uuid NOT NULL,
    idx       bigint NOT NULL CHECK (idx >= 0),
    at        timestamptz NOT NULL,
    id        uuid NOT NULL,
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (tenant_id, idx),
    CONSTRAINT leaf_of_a_row_once UNIQUE (tenant_id, id, at)
);
COMMENT ON TABLE audit.leaf IS 'hashes of the rows of the trail, in the order of sealing';

CREATE TABLE audit.tree_head (
    tenant_id uuid NOT NULL,
    size      bigint NOT NULL CHECK (size > 0),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    signed_at timestamptz(0) NOT NULL,
    key_id    text COLLATE "C" NOT NULL CHECK (key_id ~ '^[0-9a-f]{16}$'),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (tenant_id, size)
);
COMMENT ON TABLE audit.tree_head IS 'what the tree was at a size, signed';

-- The right edge of each tree, so that it grows without being read: the roots of its perfect subtrees, largest first.
CREATE TABLE audit.frontier (
    tenant_id uuid PRIMARY KEY,
    size      bigint NOT NULL CHECK (size >= 0),
    nodes     bytea NOT NULL CHECK (octet_length(nodes) = 32 * bit_count(int8send(size)))
);

-- All rows of transactions before the watermark are sealed. Transactions are numbered by the cluster, so the number says
-- nothing in another one (a logical restore): then the rows without a leaf are looked for.
CREATE TABLE audit.seal_state (
    only_one          boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    system_identifier bigint NOT NULL,
    watermark         xid8 NOT NULL,
    sealed_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE audit.seal_state IS '@global how far the sealer has come, over all tenants';
INSERT INTO audit.seal_state (system_identifier, watermark)
SELECT system_identifier, '0' FROM pg_control_system();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['leaf', 'tree_head', 'frontier'] LOOP
        EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY rows_of_the_tenant ON audit.%I USING (tenant_id = nullif(current_setting(''foyer.tenant_id'', true), '''')::uuid)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['leaf', 'tree_head'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON audit.%I FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', t || '_never_changes', t);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON audit.%I FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', t || '_never_truncated', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['frontier', 'seal_state'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON audit.%I FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', t || '_never_deleted', t);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON audit.%I FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', t || '_never_truncated', t);
    END LOOP;
END $$;

GRANT SELECT ON audit.event TO foyer_seal_owner;
GRANT SELECT, INSERT ON audit.leaf, audit.tree_head TO foyer_seal_owner;
GRANT SELECT, INSERT, UPDATE ON audit.frontier TO foyer_seal_owner;
GRANT SELECT, UPDATE ON audit.seal_state TO foyer_seal_owner;

RESET ROLE;

-- The guard of 090, for every table of the trail and not only its first.
CREATE OR REPLACE FUNCTION guard.refuse_alter() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' AND schema_name = 'audit' LOOP
        IF EXISTS (SELECT FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
                   WHERE r.relnamespace = 'audit'::regnamespace AND t.tgname LIKE '%\_never\_%' AND t.tgenabled NOT IN ('O', 'A'))
           OR EXISTS (SELECT FROM pg_class r WHERE r.relnamespace = 'audit'::regnamespace AND r.relname LIKE 'event\_%'
                      AND r.relkind = 'r' AND NOT r.relispartition) THEN
            RAISE EXCEPTION 'the audit trail is append-only: % is refused', lower(tg_tag) USING ERRCODE = '42501';
        END IF;
    END LOOP;
END $$;
