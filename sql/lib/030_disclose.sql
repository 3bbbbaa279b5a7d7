-- 030_disclose: the door. Nobody reads a client's key without the row that says so.

SET LOCAL ROLE foyer_disclosure;

-- Writes one row of the trail naming these clients (none is a row as well) and hands out their wrapped keys. Who is not
-- of the staff may name only the client she stands for; anybody else is FY403, and so no page.
-- A destroyed key gives no row; an actor who may read nothing of clients gets none, but leaves her trace.
CREATE OR REPLACE FUNCTION app.disclose(clients uuid[]) RETURNS TABLE (client_id uuid, wrapped_key bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := nullif(current_setting('foyer.tenant_id', true), '')::uuid;
    kind text := current_setting('foyer.actor_kind', true);
    perms text := current_setting('foyer.perms', true);
    own uuid := nullif(current_setting('foyer.client_id', true), '')::uuid;
BEGIN
    IF tenant IS NULL OR kind = '' THEN
        RAISE EXCEPTION 'no tenant was entered' USING ERRCODE = 'FY403';
    END IF;
    IF kind NOT IN ('staff', 'job') AND cardinality(clients) > 0 AND (own IS NULL OR clients <> ARRAY[own]) THEN
        RAISE EXCEPTION 'not her own client' USING ERRCODE = 'FY403';
    END IF;
    INSERT INTO audit.event (tenant_id, actor_kind, actor_id, session_id, link_id, ip, agent, action, client_ids, request_id)
    VALUES (tenant, kind,
            nullif(current_setting('foyer.actor', true), '')::uuid,
            nullif(current_setting('foyer.session_id', true), '')::uuid,
            nullif(current_setting('foyer.link_id', true), '')::uuid,
            nullif(current_setting('foyer.ip', true), '')::inet,
            nullif(current_setting('foyer.agent', true), ''),
            current_setting('foyer.action', true), coalesce(clients, '{}'),
            nullif(current_setting('foyer.request_id', true), '')::uuid);
    IF cardinality(clients) > 0
       AND (kind <> 'staff' OR perms ~ ',(client_read|client_write|chart_read|chart_write|message_read|message_write|booking_write),') THEN
        RETURN QUERY
        SELECT k.client_id, k.wrapped_key
        FROM app.client_key k
        WHERE k.tenant_id = tenant AND k.client_id = ANY (clients) AND k.destroyed_at IS NULL;
    END IF;
END $$;

REVOKE ALL ON FUNCTION app.disclose(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.disclose(uuid[]) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
