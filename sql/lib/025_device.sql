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

-- How a session was opened, to be read after "logged in".
CREATE OR REPLACE FUNCTION sec.how_words(how text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE how
        WHEN 'password' THEN 'with a password'
        WHEN 'totp' THEN 'with a password and a code'
        WHEN 'recovery' THEN 'with a password and a recovery code'
        WHEN 'passkey' THEN 'with a passkey'
        WHEN 'sso' THEN 'by single sign-on'
        WHEN 'support' THEN 'as support'
        ELSE how
    END
$$;

-- The sessions of a person, the last one first: her own, or, for who looks after accounts, anybody's of the business.
-- is_open: it would let her in now.
CREATE OR REPLACE FUNCTION sec.sessions_of(staff uuid)
RETURNS TABLE (session_id uuid, is_this boolean, is_open boolean, how_words text, agent text, address text, is_here boolean,
               first_local timestamp, last_local timestamp, ended_words text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor() IS NULL OR NOT (staff = app.actor() OR app.may('staff_write')) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN QUERY
    SELECT e.id, e.id = nullif(current_setting('foyer.session_id', true), '')::uuid, o.is_open, sec.how_words(e.how), coalesce(e.agent, ''),
           coalesce(host(e.ip), ''), coalesce(host(e.ip) = nullif(current_setting('foyer.ip', true), ''), false),
           e.created_at AT TIME ZONE t.zone, e.last_seen_at AT TIME ZONE t.zone,
           CASE WHEN o.is_open THEN NULL WHEN e.revoked_at IS NOT NULL THEN 'Over: logged out, or ended by somebody.' ELSE 'Over: ended by itself.' END
    FROM sec.session e
    JOIN app.tenant t ON t.id = e.tenant_id
    CROSS JOIN LATERAL (SELECT e.revoked_at IS NULL AND e.absolute_until > now() AND e.created_at > now() - make_interval(hours => t.absolute_hours)
                               AND e.last_seen_at > now() - make_interval(mins => t.idle_minutes) AS is_open) o
    WHERE e.tenant_id = app.tenant() AND e.staff_id = sessions_of.staff
    ORDER BY o.is_open DESC, e.last_seen_at DESC, e.id
    LIMIT 60;
END $$;

-- Ends sessions: one by its id, or, with one = NULL, all of a person but the one of this transaction. One's own, or anybody's for
-- who looks after accounts; an owner's only by an owner (S-12). The browsers that they were opened in are new again. FY404: no such session, or not hers to end.
CREATE OR REPLACE FUNCTION sec.session_end(staff uuid, one uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    this uuid := nullif(current_setting('foyer.session_id', true), '')::uuid;
    ended uuid[];
BEGIN
    IF app.actor() IS NULL OR NOT (staff = app.actor() OR app.may('staff_write') AND (sec.owns(app.actor()) OR NOT sec.owns(staff))) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF NOT EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = session_end.staff) THEN
        RAISE EXCEPTION 'no such person' USING ERRCODE = 'FY404';
    END IF;
    WITH gone AS (
        UPDATE sec.session e SET revoked_at = now()
        WHERE e.tenant_id = app.tenant() AND e.staff_id = session_end.staff AND e.revoked_at IS NULL
          AND CASE WHEN one IS NULL THEN e.id IS DISTINCT FROM this ELSE e.id = one END
        RETURNING e.id, e.device_id)
    SELECT array_agg(g.id) INTO ended FROM gone g;
    IF one IS NOT NULL AND NOT EXISTS (SELECT FROM sec.session e WHERE e.tenant_id = app.tenant() AND e.staff_id = session_end.staff AND e.id = one) THEN
        RAISE EXCEPTION 'no such session' USING ERRCODE = 'FY404';
    END IF;
    -- (not the one that she ends them with)
    DELETE FROM sec.device d
    WHERE d.tenant_id = app.tenant() AND d.staff_id = session_end.staff
      AND d.id IN (SELECT e.device_id FROM sec.session e WHERE e.tenant_id = app.tenant() AND e.id = ANY (ended))
      AND d.id IS DISTINCT FROM (SELECT e.device_id FROM sec.session e WHERE e.tenant_id = app.tenant() AND e.id = this);
    PERFORM sec.note('session.end', 'ok', CASE WHEN one IS NULL THEN 'all' END, '{}', CASE WHEN one IS NULL THEN 'staff' ELSE 'session' END, coalesce(one, staff));
END $$;

REVOKE ALL ON FUNCTION sec.how_words(text), sec.sessions_of(uuid), sec.session_end(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.sessions_of(uuid), sec.session_end(uuid, uuid) TO foyer_staff;
DROP FUNCTION IF EXISTS sec.device_forget(uuid);
REVOKE ALL ON FUNCTION sec.device_known(uuid, bytea), sec.device_seen(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.device_seen(bytea) TO foyer_slow, foyer_staff;

RESET ROLE;
