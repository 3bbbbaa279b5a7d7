-- 090_audit: the trail. Rows are inserted and never change; a month is a partition; sealing follows the columns.

SET LOCAL ROLE foyer_audit_owner;

CREATE TABLE audit.event (
    tenant_id   uuid NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    actor_kind  text COLLATE "C" NOT NULL,
    actor_id    uuid,
    session_id  uuid,
    link_id     uuid,
    ip          inet,
    agent       text,
    action      text COLLATE "C" NOT NULL,
    object_kind text COLLATE "C",
    object_id   uuid,
    client_ids  uuid[] NOT NULL DEFAULT '{}',
    client_id   uuid GENERATED ALWAYS AS (CASE WHEN cardinality(client_ids) = 1 THEN client_ids[1] END) STORED,
    fields      text[],
    outcome     text COLLATE "C" NOT NULL DEFAULT 'ok' CHECK (outcome IN ('ok', 'refused', 'failed')),
    reason      text,
    request_id  uuid,
    PRIMARY KEY (tenant_id, at, id),
    CONSTRAINT event_of_staff_names_her CHECK (actor_kind <> 'staff' OR actor_id IS NOT NULL)
) PARTITION BY RANGE (at);
CREATE INDEX event_by_actor ON audit.event (tenant_id, actor_id, at);
CREATE INDEX event_by_client ON audit.event (tenant_id, client_id, at) WHERE client_id IS NOT NULL;
-- A list of clients is one row. Only the reports use this index, as a role to which no policy applies and which names the
-- tenant itself; rows of one client stay out of it, for it would cost them 35 of 110 microseconds.
CREATE INDEX event_by_clients ON audit.event USING gin (tenant_id, client_ids) WHERE cardinality(client_ids) > 1;
COMMENT ON INDEX audit.event_by_clients IS '@definer used by audit.by_client';

ALTER TABLE audit.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.event FORCE ROW LEVEL SECURITY;
CREATE POLICY rows_of_the_tenant ON audit.event USING (tenant_id = nullif(current_setting('foyer.tenant_id', true), '')::uuid);

CREATE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % is refused', lower(TG_OP) USING ERRCODE = '42501';
END $$;
CREATE TRIGGER event_never_changes BEFORE UPDATE OR DELETE ON audit.event
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER event_never_truncated BEFORE TRUNCATE ON audit.event
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

-- Puts a partition under the same guard as the whole.
CREATE FUNCTION audit.guard_partition(part regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gin regclass;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('CREATE POLICY rows_of_the_tenant ON %s USING (tenant_id = nullif(current_setting(''foyer.tenant_id'', true), '''')::uuid)', part);
    EXECUTE format('CREATE TRIGGER event_never_truncated BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', part);
    SELECT i.indexrelid INTO gin FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
    WHERE i.indrelid = part AND m.amname = 'gin';
    EXECUTE format('COMMENT ON INDEX %s IS %L', gin, '@definer used by audit.by_client');
END $$;

-- Makes the partitions of this month and the next ones, where missing. The rest partition keeps the trail going when
-- nobody called this in time; it should be empty.
CREATE FUNCTION audit.make_partitions(months int DEFAULT 3) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first date;
    name text;
    made int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('audit.make_partitions', 0));
    FOR i IN 0..least(greatest(months, 0), 36) LOOP
        first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
        name := 'event_' || to_char(first, 'YYYY_MM');
        CONTINUE WHEN to_regclass('audit.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE audit.%I PARTITION OF audit.event FOR VALUES FROM (%L) TO (%L)', name,
            first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
        PERFORM audit.guard_partition(('audit.' || name)::regclass);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE TABLE audit.event_rest PARTITION OF audit.event DEFAULT;
SELECT audit.guard_partition('audit.event_rest');
SELECT audit.make_partitions(3);

-- Insertion only, and only through the functions of these two; time, id and transaction are the server's.
GRANT INSERT (tenant_id, actor_kind, actor_id, session_id, link_id, ip, agent, action, object_kind, object_id, client_ids, fields, outcome, reason, request_id)
    ON audit.event TO foyer_auth, foyer_disclosure;
GRANT SELECT ON audit.event TO foyer_audit_reader, foyer_sealer, foyer_auditor, foyer_backfill;
GRANT EXECUTE ON FUNCTION audit.make_partitions(int) TO foyer_jobs;

RESET ROLE;

-- Not even the owner drops or detaches a part of the trail. The guards stand in a schema of the superuser's, so that they
-- do not go with what they guard.
CREATE SCHEMA guard;
CREATE FUNCTION guard.refuse_drop() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d
               WHERE (d.schema_name = 'audit' OR d.object_identity = 'audit' OR d.object_identity LIKE '% on audit.%')
                 AND d.object_type IN ('table', 'schema', 'trigger', 'policy', 'table column', 'table constraint', 'index')) THEN
        RAISE EXCEPTION 'the audit trail is append-only: % is refused', lower(tg_tag) USING ERRCODE = '42501';
    END IF;
END $$;
CREATE EVENT TRIGGER audit_is_never_dropped ON sql_drop EXECUTE FUNCTION guard.refuse_drop();

-- A trail that was moved aside or whose triggers were put to sleep could be rewritten: ALTER TABLE is the makers' only.
CREATE FUNCTION guard.refuse_alter() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' AND schema_name = 'audit' LOOP
        IF EXISTS (SELECT FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
                   WHERE r.relnamespace = 'audit'::regnamespace AND t.tgname LIKE 'event\_never\_%' AND t.tgenabled NOT IN ('O', 'A'))
           OR EXISTS (SELECT FROM pg_class r WHERE r.relnamespace = 'audit'::regnamespace AND r.relname LIKE 'event\_%'
                      AND r.relkind = 'r' AND NOT r.relispartition) THEN
            RAISE EXCEPTION 'the audit trail is append-only: % is refused', lower(tg_tag) USING ERRCODE = '42501';
        END IF;
    END LOOP;
END $$;
CREATE EVENT TRIGGER audit_is_never_put_to_sleep ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION guard.refuse_alter();
