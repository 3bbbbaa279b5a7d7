-- 025_device: browsers that have come in before. Owner: foyer_auth.

SET LOCAL ROLE foyer_auth;

-- Whether somebody has logged in to this account from the browser with this cookie (raw bytes; NULL or another length: no). Inside
-- the entered business. Internal: what guesses in such a browser cost is for the log-in to decide.
CREATE OR REPLACE FUNCTION sec.device_known(staff uuid, device bytea) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (SELECT FROM sec.device d
                   WHERE d.tenant_id = app.tenant() AND d.staff_id = staff AND length(device) = 32 AND d.token_hash = sha256(device))
$$;

-- The last step of every way in, in the transaction in which sec.session_new was: remembers the browser that the session was opened
-- in. is_new: it had not been seen with this account before, and the account had been opened before; she is to be told.
CREATE OR REPLACE FUNCTION sec.device_seen(device bytea)
RETURNS TABLE (is_new boolean, staff_id uuid, session_id uuid, staff_name text, to_address text, how text, agent text, address text, seen_local timestamp, zone text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    known uuid;
BEGIN
    SELECT e.staff_id, e.id, f.name, f.email, e.how, coalesce(e.agent, ''), coalesce(host(e.ip), ''), e.created_at AT TIME ZONE t.zone, t.zone
    INTO staff_id, session_id, staff_name, to_address, how, agent, address, seen_local, zone
    FROM sec.session e
    JOIN app.staff f ON f.tenant_id = e.tenant_id AND f.id = e.staff_id
    JOIN app.tenant t ON t.id = e.tenant_id
    WHERE e.tenant_id = app.tenant() AND e.id = nullif(current_setting('foyer.session_id', true), '')::uuid AND e.created_at = now();
    IF NOT FOUND OR coalesce(length(device), 0) <> 32 THEN
        RAISE EXCEPTION 'no session was opened' USING ERRCODE = 'FY403';
    END IF;
    SELECT d.id INTO known FROM sec.device d
    WHERE d.tenant_id = app.tenant() AND d.staff_id = staff_id AND d.token_hash = sha256(device);
    is_new := known IS NULL AND EXISTS (SELECT FROM sec.session e WHERE e.tenant_id = app.tenant() AND e.staff_id = staff_id AND e.id <> session_id);
    INSERT INTO sec.device AS d (tenant_id, staff_id, token_hash) VALUES (app.tenant(), staff_id, sha256(device))
    ON CONFLICT ON CONSTRAINT device_is_known_once DO UPDATE SET last_seen_at = now()
    RETURNING d.id INTO known;
    UPDATE sec.session e SET device_id = known WHERE e.tenant_id = app.tenant() AND e.id = session_id;
    RETURN NEXT;
END $$;

-- No browser is known any more: after a password was lost, what came in before may not have been her. Internal.
CREATE OR REPLACE FUNCTION sec.device_forget(staff uuid) RETURNS void
LANGUAGE sql
AS $$ DELETE FROM sec.device d WHERE d.tenant_id = app.tenant() AND d.staff_id = staff $$;

REVOKE ALL ON FUNCTION sec.device_known(uuid, bytea), sec.device_seen(bytea), sec.device_forget(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.device_seen(bytea) TO foyer_slow, foyer_staff;

RESET ROLE;
