-- 030_disclose: the door. Nobody reads a client's key without the row that says so.

SET LOCAL ROLE foyer_disclosure;

-- Writes the row of the trail that names these clients (none is a row as well). Who is not of the staff may name only the
-- client she stands for, in whichever of the records that are joined; anybody else is FY403, and so no page. Internal. Says whether this actor may have their keys: one
-- who may read nothing of clients gets none, but leaves her trace. Staff whose permissions do not reach one of them: FY404, as
-- if she did not exist; only who reads the trail may name any. What happens in an emergency is marked with it.
CREATE OR REPLACE FUNCTION app.write_disclosure(clients uuid[]) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    tenant uuid := app.tenant();
    kind text := current_setting('foyer.actor_kind', true);
    own uuid := nullif(current_setting('foyer.client_id', true), '')::uuid;
    may_have boolean := cardinality(clients) > 0;
    emergency uuid;
BEGIN
    IF tenant IS NULL OR kind = '' THEN
        RAISE EXCEPTION 'no tenant was entered' USING ERRCODE = 'FY403';
    END IF;
    IF kind NOT IN ('staff', 'job') AND cardinality(clients) > 0 AND (own IS NULL OR clients <> ARRAY[own] AND NOT clients <@ app.person_ids(own)) THEN
        RAISE EXCEPTION 'not her own client' USING ERRCODE = 'FY403';
    END IF;
    IF kind = 'staff' AND cardinality(clients) > 0 AND NOT (
        app.may('client_read') OR app.may('client_write') OR app.may('chart_read') OR app.may('chart_write')
        OR app.may('message_read') OR app.may('message_write') OR app.may('booking_write')) THEN
        may_have := app.reaches_all(clients);
        IF NOT may_have AND NOT app.may('audit_read') THEN
            RAISE EXCEPTION 'out of reach' USING ERRCODE = 'FY404';
        END IF;
    END IF;
    IF kind = 'staff' AND cardinality(clients) > 0 AND app.may_some('chart_emergency') THEN
        SELECT e.id INTO emergency FROM app.emergency e
        WHERE e.tenant_id = tenant AND e.staff_id = app.actor() AND e.client_id = ANY (clients) AND e.until > now() AND e.ended_at IS NULL
        LIMIT 1;
    END IF;
    INSERT INTO audit.event (tenant_id, actor_kind, actor_id, session_id, link_id, ip, agent, action, object_kind, object_id, client_ids, reason, request_id)
    VALUES (tenant, kind,
            nullif(current_setting('foyer.actor', true), '')::uuid,
            nullif(current_setting('foyer.session_id', true), '')::uuid,
            nullif(current_setting('foyer.link_id', true), '')::uuid,
            nullif(current_setting('foyer.ip', true), '')::inet,
            nullif(current_setting('foyer.agent', true), ''),
            current_setting('foyer.action', true),
            CASE WHEN emergency IS NOT NULL THEN 'emergency' END, emergency, coalesce(clients, '{}'),
            CASE WHEN emergency IS NOT NULL THEN 'in an emergency' END,
            nullif(current_setting('foyer.request_id', true), '')::uuid);
    RETURN may_have;
END $$;

-- Whether each of these clients is reached by some permission that shows of her. Internal.
CREATE OR REPLACE FUNCTION app.reaches_all(clients uuid[]) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT NOT EXISTS (
        SELECT FROM unnest(clients) AS c (id)
        WHERE NOT (app.reaches('client_read', c.id) OR app.reaches('chart_read', c.id) OR app.reaches('client_write', c.id)
                   OR app.reaches('chart_write', c.id) OR app.reaches('message_read', c.id) OR app.reaches('message_write', c.id)
                   OR app.reaches('booking_write', c.id)))
$$;

-- Writes the row and hands out the clients' wrapped keys. A destroyed key gives no row.
CREATE OR REPLACE FUNCTION app.disclose(clients uuid[]) RETURNS TABLE (client_id uuid, wrapped_key bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    may_have boolean := app.write_disclosure(clients);
BEGIN
    IF may_have THEN
        RETURN QUERY
        SELECT k.client_id, k.wrapped_key
        FROM app.client_key k
        WHERE k.tenant_id = app.tenant() AND k.client_id = ANY (clients) AND k.destroyed_at IS NULL;
    END IF;
END $$;

-- The same for the clients that this transaction has seen (app.seen): a row for each, with her key where there is one for
-- this actor. The program compares: a page that shows somebody else is not sent.
CREATE OR REPLACE FUNCTION app.disclose_seen() RETURNS TABLE (client_id uuid, wrapped_key bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    clients uuid[] := app.seen_clients();
    may_have boolean := app.write_disclosure(clients);
BEGIN
    RETURN QUERY
    SELECT c.id, k.wrapped_key
    FROM unnest(clients) AS c (id)
    LEFT JOIN app.client_key k ON may_have AND k.tenant_id = app.tenant() AND k.client_id = c.id AND k.destroyed_at IS NULL;
END $$;

REVOKE ALL ON FUNCTION app.reaches_all(uuid[]), app.write_disclosure(uuid[]), app.disclose(uuid[]), app.disclose_seen() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.disclose(uuid[]), app.disclose_seen() TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
