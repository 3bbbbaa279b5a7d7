-- 095_kiosk: forms signed in the studio, at the desk before a witness or on the tablet. Owner: foyer_auth.

SET LOCAL ROLE foyer_auth;

DROP FUNCTION IF EXISTS sec.kiosk_begin(uuid, uuid, bytea, bytea);
DROP FUNCTION IF EXISTS sec.spot_open(uuid, uuid, text, bytea);

-- A link for a client who is there, opened at once in this browser: place 'desk' or 'kiosk'. Who opens it has seen who she is, and is named
-- by the link; at the desk she is the witness. token: raw bytes of the browser's. Two hours; on the tablet ten minutes without a request end it.
-- born, is_adult: what the staff has found out of an age that nobody knew (app.age_note).
CREATE OR REPLACE FUNCTION sec.spot_open(made uuid, client uuid, place text, token bytea, born date, is_adult boolean) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF NOT EXISTS (SELECT FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client) THEN
        RAISE EXCEPTION 'no such client' USING ERRCODE = 'FY404';
    END IF;
    IF app.actor_kind() <> 'staff' OR NOT (app.may('booking_write') OR app.reaches('booking_write', client)) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF coalesce(length(token), 0) < 32 THEN
        RAISE EXCEPTION 'a token has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    PERFORM app.age_note(client, born, is_adult);
    -- Nobody holds the token of the link itself.
    INSERT INTO app.link (id, purpose, client_id, token_hash, second_factor, expires_at, place)
    VALUES (made, 'form', client, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'staff', now() + interval '2 hours', place);
    INSERT INTO sec.link_session (tenant_id, link_id, token_hash, expires_at, ip, agent)
    VALUES (app.tenant(), made, sha256(token), now() + CASE place WHEN 'kiosk' THEN interval '10 minutes' ELSE interval '2 hours' END,
            nullif(current_setting('foyer.ip', true), '')::inet, nullif(current_setting('foyer.agent', true), ''));
    RETURN client;
END $$;

-- Hands over the tablet: the session of this transaction is set aside, so that no cookie opens a page of the staff until leave.
CREATE OR REPLACE FUNCTION sec.kiosk_begin(made uuid, client uuid, token bytea, kiosk_token bytea, born date, is_adult boolean) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    mine uuid := nullif(current_setting('foyer.session_id', true), '')::uuid;
BEGIN
    -- Of two at once the second waits here, before it holds anything, and finds the session set aside.
    PERFORM FROM sec.session e WHERE e.tenant_id = app.tenant() AND e.id = mine FOR UPDATE;
    IF EXISTS (SELECT FROM sec.kiosk k WHERE k.tenant_id = app.tenant() AND k.session_id = mine AND k.ended_at IS NULL AND k.ends_at > now()) THEN
        RAISE EXCEPTION 'the tablet is handed over already' USING ERRCODE = 'FY401';
    END IF;
    PERFORM sec.spot_open(made, client, 'kiosk', token, born, is_adult);
    INSERT INTO sec.kiosk (tenant_id, token_hash, staff_id, session_id, link_id, client_id, ends_at)
    VALUES (app.tenant(), sha256(kiosk_token), app.actor(), mine, made, client, now() + interval '2 hours');
    UPDATE sec.session e SET token_hash = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    WHERE e.tenant_id = app.tenant() AND e.id = mine;
    RETURN client;
END $$;

-- What the neutral page shows: who takes the tablet back, and how. No row: this browser is no tablet that was handed over.
CREATE OR REPLACE FUNCTION sec.kiosk_state(token bytea) RETURNS TABLE (staff_name text, has_pin boolean, tries_left int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.name, EXISTS (SELECT FROM sec.kiosk_pin p WHERE p.tenant_id = k.tenant_id AND p.staff_id = k.staff_id), greatest(0, 5 - k.failures)
    FROM sec.kiosk k JOIN app.staff f ON f.tenant_id = k.tenant_id AND f.id = k.staff_id
    WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(token) AND k.ended_at IS NULL AND k.ends_at > now()
$$;

-- A link that was opened in the studio is over, in this browser and everywhere. Internal.
CREATE OR REPLACE FUNCTION sec.spot_close(l uuid) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    DELETE FROM sec.link_session e WHERE e.tenant_id = app.tenant() AND e.link_id = l;
    UPDATE app.link x SET revoked_at = coalesce(x.revoked_at, now()) WHERE x.tenant_id = app.tenant() AND x.id = l AND x.place <> 'link';
END $$;

-- The client at the tablet is done, or went away.
CREATE OR REPLACE FUNCTION sec.spot_done() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT sec.spot_close(nullif(current_setting('foyer.link_id', true), '')::uuid) $$;

-- What a PIN or password is compared with. No row as above.
CREATE OR REPLACE FUNCTION sec.kiosk_lookup(token bytea) RETURNS TABLE (pin_phc text, password_phc text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(p.phc, ''), coalesce(c.phc, '')
    FROM sec.kiosk k
    LEFT JOIN sec.kiosk_pin p ON p.tenant_id = k.tenant_id AND p.staff_id = k.staff_id
    LEFT JOIN sec.credential c ON c.tenant_id = k.tenant_id AND c.staff_id = k.staff_id AND sec.local_allowed(k.staff_id)
    WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(token) AND k.ended_at IS NULL AND k.ends_at > now() AND k.failures < 5
$$;

-- Takes the tablet back: the session that was set aside goes on with a new token, if it still may. A wrong try is counted, so the transaction
-- must be committed either way; after five the session is over too, and she logs in anew. One row always.
CREATE OR REPLACE FUNCTION sec.kiosk_leave(token bytea, is_right boolean, new_token bytea, OUT is_ok boolean, OUT is_over boolean, OUT tries_left int,
                                           OUT client_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    k record;
BEGIN
    is_ok := false;
    is_over := true;
    tries_left := 0;
    SELECT x.id, x.staff_id, x.session_id, x.link_id, x.client_id, x.failures INTO k FROM sec.kiosk x
    WHERE x.tenant_id = app.tenant() AND x.token_hash = sha256(token) AND x.ended_at IS NULL AND x.ends_at > now() AND x.failures < 5
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', k.staff_id::text, true), set_config('foyer.session_id', k.session_id::text, true);
    PERFORM sec.spot_close(k.link_id);
    IF is_right IS NOT TRUE THEN
        tries_left := 4 - k.failures;
        is_over := tries_left = 0;
        UPDATE sec.kiosk x SET failures = x.failures + 1, ended_at = CASE WHEN is_over THEN now() END WHERE x.tenant_id = app.tenant() AND x.id = k.id;
        UPDATE sec.session e SET revoked_at = now() WHERE is_over AND e.tenant_id = app.tenant() AND e.id = k.session_id AND e.revoked_at IS NULL;
        PERFORM sec.note('kiosk.leave', 'failed', CASE WHEN is_over THEN 'locked' ELSE 'wrong' END, '{}', 'session', k.session_id);
        RETURN;
    END IF;
    UPDATE sec.kiosk x SET ended_at = now() WHERE x.tenant_id = app.tenant() AND x.id = k.id;
    UPDATE sec.session e SET token_hash = sha256(new_token), last_seen_at = now()
    WHERE e.tenant_id = app.tenant() AND e.id = k.session_id AND e.revoked_at IS NULL AND e.absolute_until > now();
    is_ok := FOUND;
    client_id := k.client_id;
    PERFORM sec.note('kiosk.leave', CASE WHEN is_ok THEN 'ok' ELSE 'failed' END, CASE WHEN NOT is_ok THEN 'over' END, '{}', 'session', k.session_id);
END $$;

-- Sets the PIN of who is logged in.
CREATE OR REPLACE FUNCTION sec.kiosk_pin_set(phc text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF app.actor() IS NULL THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    INSERT INTO sec.kiosk_pin AS p (tenant_id, staff_id, phc) VALUES (app.tenant(), app.actor(), phc)
    ON CONFLICT (tenant_id, staff_id) DO UPDATE SET phc = excluded.phc, set_at = now();
    PERFORM sec.note('kiosk.pin', 'ok', NULL, '{}', 'staff', app.actor());
END $$;

CREATE OR REPLACE FUNCTION sec.kiosk_pin_since() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT p.set_at FROM sec.kiosk_pin p WHERE p.tenant_id = app.tenant() AND p.staff_id = app.actor() $$;

REVOKE ALL ON FUNCTION sec.spot_open(uuid, uuid, text, bytea, date, boolean), sec.kiosk_begin(uuid, uuid, bytea, bytea, date, boolean), sec.kiosk_state(bytea), sec.spot_close(uuid), sec.spot_done(),
    sec.kiosk_lookup(bytea), sec.kiosk_leave(bytea, boolean, bytea), sec.kiosk_pin_set(text), sec.kiosk_pin_since() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.spot_open(uuid, uuid, text, bytea, date, boolean), sec.kiosk_begin(uuid, uuid, bytea, bytea, date, boolean) TO foyer_staff;
GRANT EXECUTE ON FUNCTION sec.spot_done() TO foyer_public;
GRANT EXECUTE ON FUNCTION sec.kiosk_state(bytea), sec.kiosk_lookup(bytea), sec.kiosk_leave(bytea, boolean, bytea),
    sec.kiosk_pin_set(text), sec.kiosk_pin_since() TO foyer_slow;
GRANT EXECUTE ON FUNCTION app.may(text), app.reaches(text, uuid) TO foyer_auth;

RESET ROLE;
