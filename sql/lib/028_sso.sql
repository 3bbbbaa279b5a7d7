-- 028_sso: single sign-on: a log-in on its way, and who it turns out to be. Owner: foyer_auth.

SET LOCAL ROLE foyer_auth;

-- Whether somebody may log in here with a password, a passkey or the like: not where the business leaves that to its provider, except
-- owners, or nobody could come in while the provider is away. Internal.
CREATE OR REPLACE FUNCTION sec.local_allowed(staff uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT NOT EXISTS (SELECT FROM app.sso s WHERE s.tenant_id = app.tenant() AND s.is_on AND s.is_alone AND s.found_at IS NOT NULL)
        OR EXISTS (SELECT FROM app.staff_role sr JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
                   WHERE sr.tenant_id = app.tenant() AND sr.staff_id = staff AND r.slug = 'owner')
$$;

-- A log-in begins. token: raw bytes, which the browser keeps. FY404: there is no provider to go to. FY429: too many from there.
CREATE OR REPLACE FUNCTION sec.sso_begin(token bytea, next_path text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    here inet := nullif(current_setting('foyer.ip', true), '')::inet;
    made uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM app.sso s WHERE s.tenant_id = app.tenant() AND s.is_on AND s.found_at IS NOT NULL) OR coalesce(length(token), 0) <> 32 THEN
        RAISE EXCEPTION 'no single sign-on' USING ERRCODE = 'FY404';
    END IF;
    PERFORM sec.count_try('sso', here, 60);
    INSERT INTO sec.sso_try (tenant_id, token_hash, next_path, ip) VALUES (app.tenant(), sha256(token), coalesce(left(next_path, 600), ''), here)
    RETURNING id INTO made;
    RETURN made;
END $$;

-- Where a log-in stands, for the browser that began it; no row: there is none, or its ten minutes are over. is_slow: it takes longer
-- than people wait.
CREATE OR REPLACE FUNCTION sec.sso_seen(token bytea) RETURNS TABLE (try_id uuid, state text, problem text, next_path text, is_slow boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT y.id, y.state, y.problem, y.next_path, coalesce(y.asked_at < now() - interval '20 seconds', false)
    FROM sec.sso_try y
    WHERE y.tenant_id = app.tenant() AND y.token_hash = sha256(token) AND y.made_at > now() - interval '10 minutes'
$$;

-- The provider sent her back with a code, once: the job takes it from here. asked_sealed: code, verifier and the like under the
-- business's key. FY410: this log-in is over, or was answered before.
CREATE OR REPLACE FUNCTION sec.sso_ask(token bytea, asked_sealed bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    asked uuid;
BEGIN
    UPDATE sec.sso_try y SET state = 'asked', asked_sealed = asked_sealed, asked_at = now()
    WHERE y.tenant_id = app.tenant() AND y.token_hash = sha256(token) AND y.state = 'begun' AND y.made_at > now() - interval '10 minutes'
    RETURNING y.id INTO asked;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this log-in is over' USING ERRCODE = 'FY410';
    END IF;
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('sso.exchange', asked, asked::text);
END $$;

-- The provider sent her back without one: she, or it, said no.
CREATE OR REPLACE FUNCTION sec.sso_refused(token bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE sec.sso_try y SET state = 'failed', problem = 'refused'
    WHERE y.tenant_id = app.tenant() AND y.token_hash = sha256(token) AND y.state = 'begun';
    PERFORM sec.note('login', 'failed', 'sso: refused', '{}', NULL, NULL);
END $$;

-- A job takes a code, once: a code that was given away and whose answer was lost is worth nothing any more. No row: somebody took it.
CREATE OR REPLACE FUNCTION sec.sso_take(try uuid) RETURNS TABLE (asked_sealed bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE sec.sso_try y SET state = 'working'
    WHERE y.tenant_id = app.tenant() AND y.id = try AND y.state = 'asked' AND app.actor_kind() = 'job'
    RETURNING y.asked_sealed
$$;

-- It failed. problem: a word that the waiting page knows.
CREATE OR REPLACE FUNCTION sec.sso_fail(try uuid, problem text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE sec.sso_try y SET state = 'failed', problem = problem, asked_sealed = NULL
    WHERE y.tenant_id = app.tenant() AND y.id = try AND y.state IN ('asked', 'working') AND app.actor_kind() = 'job';
    IF FOUND THEN
        PERFORM sec.note('login', 'failed', 'sso: ' || problem, '{}', NULL, NULL);
    END IF;
END $$;

-- The provider's word, checked, on who somebody is. Whose account that is follows from (issuer, subject); the first time from an e-mail
-- that the provider has verified, when an active account of this business has it and is nobody's at this provider yet. Gives 'known'
-- or the problem's word.
CREATE OR REPLACE FUNCTION sec.sso_settle(try uuid, issuer text, subject text, email text, is_verified boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    whose uuid;
    trouble text;
    s record;
    address text := lower(btrim(coalesce(email, '')));
BEGIN
    IF app.actor_kind() <> 'job' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT c.is_on, c.domains INTO s FROM app.sso c WHERE c.tenant_id = app.tenant() AND c.issuer = issuer COLLATE "C";
    SELECT i.staff_id INTO whose FROM sec.sso_identity i
    WHERE i.tenant_id = app.tenant() AND i.issuer = issuer COLLATE "C" AND i.subject = subject COLLATE "C";
    trouble := CASE
        WHEN s.is_on IS NOT TRUE THEN 'off'
        WHEN whose IS NOT NULL THEN NULL
        WHEN address = '' OR is_verified IS NOT TRUE THEN 'unverified'
        WHEN cardinality(s.domains) > 0 AND NOT split_part(address, '@', 2) = ANY (s.domains) THEN 'domain'
    END;
    IF trouble IS NULL AND whose IS NULL THEN
        SELECT f.id INTO whose FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.email_norm = address COLLATE "C" AND f.is_active AND NOT f.is_support;
        trouble := CASE
            WHEN whose IS NULL THEN 'unknown'
            -- Her address has become somebody else's at the provider.
            WHEN EXISTS (SELECT FROM sec.sso_identity i WHERE i.tenant_id = app.tenant() AND i.staff_id = whose AND i.issuer = issuer COLLATE "C") THEN 'other'
        END;
        IF trouble IS NULL THEN
            INSERT INTO sec.sso_identity (tenant_id, issuer, subject, staff_id) VALUES (app.tenant(), issuer, subject, whose)
            ON CONFLICT DO NOTHING;
            PERFORM sec.note('sso.bind', 'ok', NULL, '{}', 'staff', whose);
        END IF;
    END IF;
    IF trouble IS NULL AND NOT EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = whose AND f.is_active) THEN
        trouble := 'unknown';  -- a closed account is told from none by nobody
    END IF;
    IF trouble IS NOT NULL THEN
        PERFORM sec.sso_fail(try, trouble);
        RETURN trouble;
    END IF;
    UPDATE sec.sso_identity i SET last_at = now()
    WHERE i.tenant_id = app.tenant() AND i.issuer = issuer COLLATE "C" AND i.subject = subject COLLATE "C";
    UPDATE sec.sso_try y SET state = 'known', staff_id = whose, asked_sealed = NULL
    WHERE y.tenant_id = app.tenant() AND y.id = try AND y.state = 'working';
    RETURN 'known';
END $$;

-- Opens the session, once, for the browser that began it. session_id NULL: not known, used before, or closed meanwhile.
CREATE OR REPLACE FUNCTION sec.sso_enter(token bytea, new_token bytea) RETURNS TABLE (session_id uuid, next_path text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    y record;
BEGIN
    UPDATE sec.sso_try t SET state = 'used'
    WHERE t.tenant_id = app.tenant() AND t.token_hash = sha256(token) AND t.state = 'known' AND t.made_at > now() - interval '10 minutes'
    RETURNING t.staff_id, t.next_path INTO y;
    IF FOUND AND length(new_token) = 32
       AND EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = y.staff_id AND f.is_active)
       AND EXISTS (SELECT FROM app.sso s WHERE s.tenant_id = app.tenant() AND s.is_on) THEN
        session_id := sec.session_new(y.staff_id, 'sso', new_token, nullif(current_setting('foyer.ip', true), '')::inet,
                                      nullif(current_setting('foyer.agent', true), ''));
        next_path := y.next_path;
    END IF;
    RETURN NEXT;
END $$;

-- Who of the staff is bound to the provider, for who looks after it.
CREATE OR REPLACE FUNCTION sec.sso_people() RETURNS TABLE (person_id uuid, person_name text, made_local timestamp, last_local timestamp)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN QUERY
    SELECT f.id, f.name, i.made_at AT TIME ZONE t.zone, i.last_at AT TIME ZONE t.zone
    FROM sec.sso_identity i
    JOIN app.sso s ON s.tenant_id = i.tenant_id AND s.issuer = i.issuer
    JOIN app.staff f ON f.tenant_id = i.tenant_id AND f.id = i.staff_id
    JOIN app.tenant t ON t.id = i.tenant_id
    WHERE i.tenant_id = app.tenant()
    ORDER BY f.name, f.id;
END $$;

-- She is bound no more, says an owner; her sessions that came about by it end.
CREATE OR REPLACE FUNCTION sec.sso_unbind(staff uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT app.may('settings_write') OR NOT sec.owns(app.actor()) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    DELETE FROM sec.sso_identity i WHERE i.tenant_id = app.tenant() AND i.staff_id = staff;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nobody is bound' USING ERRCODE = 'FY404';
    END IF;
    UPDATE sec.session e SET revoked_at = now() WHERE e.tenant_id = app.tenant() AND e.staff_id = staff AND e.how = 'sso' AND e.revoked_at IS NULL;
    PERFORM sec.note('sso.unbind', 'ok', NULL, '{}', 'staff', staff);
END $$;

REVOKE ALL ON FUNCTION sec.local_allowed(uuid), sec.sso_begin(bytea, text), sec.sso_seen(bytea), sec.sso_ask(bytea, bytea), sec.sso_refused(bytea),
    sec.sso_take(uuid), sec.sso_fail(uuid, text), sec.sso_settle(uuid, text, text, text, boolean), sec.sso_enter(bytea, bytea), sec.sso_people(),
    sec.sso_unbind(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.sso_begin(bytea, text), sec.sso_seen(bytea), sec.sso_ask(bytea, bytea), sec.sso_refused(bytea), sec.sso_enter(bytea, bytea) TO foyer_slow;
GRANT EXECUTE ON FUNCTION sec.sso_take(uuid), sec.sso_fail(uuid, text), sec.sso_settle(uuid, text, text, text, boolean) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION sec.sso_people(), sec.sso_unbind(uuid) TO foyer_staff;

RESET ROLE;
