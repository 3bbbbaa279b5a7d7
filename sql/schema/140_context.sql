-- 140_context: the context read by the server module itself, clients noted as they are seen, and a number that tells when
-- what a business set up has changed.

-- ---- the context, parsed once (cgi-src/pgmodule/foyerctx.c) ----

-- The same answers as before, at a tenth of the cost: row security asks at each look-up by index.
CREATE OR REPLACE FUNCTION app.tenant() RETURNS uuid
LANGUAGE c STABLE PARALLEL SAFE AS 'foyerctx', 'foyer_tenant';
CREATE OR REPLACE FUNCTION app.may(permission text) RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE STRICT AS 'foyerctx', 'foyer_may';

CREATE OR REPLACE FUNCTION app.guard_table(guarded regclass) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY rows_of_the_tenant ON %s USING (tenant_id = app.tenant())', guarded);
END $$;

DO $$
DECLARE
    p record;
    n int := 0;
BEGIN
    FOR p IN
        SELECT c.oid::regclass AS guarded, o.polname AS name, CASE WHEN o.polname = 'its_own_row' THEN 'id' ELSE 'tenant_id' END AS key
        FROM pg_policy o
        JOIN pg_class c ON c.oid = o.polrelid
        WHERE o.polname IN ('rows_of_the_tenant', 'its_own_row') AND NOT c.relispartition
    LOOP
        EXECUTE format('ALTER POLICY %I ON %s USING (%I = app.tenant())', p.name, p.guarded, p.key);
        n := n + 1;
    END LOOP;
    ASSERT n > 25, 'the policies of the tables of tenants were not found';
END $$;

-- ---- clients seen ----

-- A statement whose rows show clients wraps their id: SELECT app.seen(a.client_id) AS client_id. The transaction remembers
-- them, so that app.disclose(app.seen_clients()) can follow in the same flight and name exactly those that were returned.
-- Nothing is given away by it: whoever calls it more often is written down with more clients.
CREATE FUNCTION app.seen(client uuid) RETURNS uuid
LANGUAGE c VOLATILE PARALLEL RESTRICTED STRICT AS 'foyerctx', 'foyer_seen';
CREATE FUNCTION app.seen_clients() RETURNS uuid[]
LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'foyerctx', 'foyer_seen_clients';
ALTER FUNCTION app.seen(uuid) OWNER TO foyer_owner;
ALTER FUNCTION app.seen_clients() OWNER TO foyer_owner;
REVOKE ALL ON FUNCTION app.seen(uuid), app.seen_clients() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.seen(uuid), app.seen_clients() TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_disclosure;

-- ---- what a worker may keep ----

-- Changes with each transaction that changes what the business set up (its places, people, hours, services, rooms). Workers
-- keep the results of statements marked "-- keeps: reference" as long as it stays the same. It holds a transaction's id, so
-- no value comes twice.
SET LOCAL ROLE foyer_owner;
ALTER TABLE app.tenant ADD COLUMN reference_version bigint NOT NULL DEFAULT 0;
GRANT UPDATE (reference_version) ON app.tenant TO foyer_auth;
RESET ROLE;

SET LOCAL ROLE foyer_auth;
ALTER TYPE sec.entered ADD ATTRIBUTE reference_version bigint;

-- For triggers on rows of what is set up. Whoever changes them without having entered the business (an operator's command)
-- enters it for this one row.
CREATE FUNCTION sec.reference_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
    entered text := current_setting('foyer.tenant_id', true);
    this bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF entered IS DISTINCT FROM changed::text THEN
        PERFORM set_config('foyer.tenant_id', changed::text, true);
    END IF;
    UPDATE app.tenant t SET reference_version = this WHERE t.id = changed AND t.reference_version <> this;
    IF entered IS DISTINCT FROM changed::text THEN
        PERFORM set_config('foyer.tenant_id', coalesce(entered, ''), true);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.reference_changed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.reference_changed() TO foyer_owner, foyer_migrator, foyer_backfill;
RESET ROLE;

SET LOCAL ROLE foyer_owner;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['location', 'closure', 'staff', 'shift', 'time_off', 'service', 'resource', 'service_staff', 'service_room'] LOOP
        EXECUTE format('CREATE TRIGGER what_is_set_up_changed AFTER INSERT OR UPDATE OR DELETE ON app.%I'
                       ' FOR EACH ROW EXECUTE FUNCTION sec.reference_changed()', name);
    END LOOP;
END $$;
RESET ROLE;

-- The forms that are due, by client and visit: few of all.
SET LOCAL ROLE foyer_owner;
CREATE INDEX form_assignment_due ON app.form_assignment (tenant_id, client_id, appointment_id) WHERE state = 'due';
RESET ROLE;
