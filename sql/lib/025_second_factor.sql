-- 025_second_factor: the second stage of a log-in, what a person has enrolled, and proving once more who she is (S-04, S-05, S-07).
-- The program compares codes and checks signatures, for it alone has the keys; what may count once is counted here. Owner: foyer_auth.

SET LOCAL ROLE foyer_auth;

-- ---- the ticket between the stages ----

-- Internal. token: raw bytes, which the browser holds in a cookie. staff NULL: somebody who is about to show a passkey.
CREATE OR REPLACE FUNCTION sec.ticket_new(staff uuid, token bytea) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    made uuid;
BEGIN
    IF coalesce(length(token), 0) < 32 THEN
        RAISE EXCEPTION 'a token has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    -- One log-in at a time: an older ticket of hers is over.
    UPDATE sec.login_ticket k SET ended_at = now() WHERE k.tenant_id = app.tenant() AND k.staff_id = staff AND k.ended_at IS NULL;
    INSERT INTO sec.login_ticket (tenant_id, staff_id, token_hash) VALUES (app.tenant(), staff, sha256(token)) RETURNING id INTO made;
    RETURN made;
END $$;

-- Internal: the ticket of a token, locked; no row when it is over, or its person is no longer active.
CREATE OR REPLACE FUNCTION sec.ticket_of(token bytea) RETURNS SETOF sec.login_ticket
LANGUAGE sql
AS $$
    SELECT k.* FROM sec.login_ticket k
    WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(token) AND k.ended_at IS NULL AND k.expires_at > now()
      AND (k.staff_id IS NULL OR EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id AND f.is_active))
    FOR UPDATE OF k
$$;

-- Internal: seconds to wait for codes of this person (NULL: of nobody), or from this address. A person's own count is only that of who knew
-- her password: nobody else can make her wait.
CREATE OR REPLACE FUNCTION sec.second_wait(staff uuid, ip inet) RETURNS int
LANGUAGE sql STABLE
AS $$
    SELECT greatest(CASE WHEN staff IS NOT NULL THEN sec.throttle_wait(sec.throttle_key('second', app.tenant() || '|' || staff), 5) ELSE 0 END,
                    sec.throttle_wait(sec.throttle_key('login-from', sec.throttle_net(ip)), 20))
$$;

-- What the second page needs: no row when there is no ticket (begin_public came first). The secret is sealed.
CREATE OR REPLACE FUNCTION sec.second_lookup(token bytea, ip inet)
RETURNS TABLE (staff_id uuid, staff_name text, totp_id uuid, secret_box bytea, has_app boolean, has_passkeys boolean, has_codes boolean, wait_seconds int)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.id, f.name, k.id, k.secret_sealed, k.id IS NOT NULL,
           EXISTS (SELECT FROM sec.passkey p WHERE p.tenant_id = f.tenant_id AND p.staff_id = f.id),
           EXISTS (SELECT FROM sec.recovery_code c WHERE c.tenant_id = f.tenant_id AND c.staff_id = f.id AND c.used_at IS NULL),
           sec.second_wait(f.id, ip)
    FROM sec.ticket_of(token) t
    JOIN app.staff f ON f.tenant_id = t.tenant_id AND f.id = t.staff_id
    LEFT JOIN sec.totp k ON k.tenant_id = f.tenant_id AND k.staff_id = f.id AND k.confirmed_at IS NOT NULL
$$;

-- A challenge for a passkey: kept with the ticket, or, where there is none or alone is asked for, with a new one (new_token) that stands
-- for nobody yet. At least one row: is_new, and which passkeys may answer (NULL: any).
CREATE OR REPLACE FUNCTION sec.second_challenge(token bytea, alone boolean, challenge bytea, new_token bytea, ip inet)
RETURNS TABLE (is_new boolean, credential_id bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t sec.login_ticket;
    made uuid;
BEGIN
    IF coalesce(length(challenge), 0) < 32 THEN
        RAISE EXCEPTION 'a challenge has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    PERFORM sec.count_try('passkey', ip, 600); -- a whole studio may come from one address
    IF alone IS NOT TRUE THEN
        SELECT * INTO t FROM sec.ticket_of(token);
    END IF;
    is_new := t.id IS NULL;
    made := coalesce(t.id, sec.ticket_new(NULL, new_token));
    UPDATE sec.login_ticket k SET challenge = challenge WHERE k.tenant_id = app.tenant() AND k.id = made;
    RETURN QUERY SELECT is_new, p.credential_id
                 FROM (SELECT 1) AS one (n)
                 LEFT JOIN sec.passkey p ON p.tenant_id = app.tenant() AND p.staff_id = t.staff_id;
END $$;

-- The passkey that answered and what it had to sign, which is taken: no challenge is answered twice. One row always; passkey_id NULL
-- when it is nobody's here, or not of the person whose password was given. is_alone: no password was given.
CREATE OR REPLACE FUNCTION sec.second_passkey(token bytea, credential_id bytea)
RETURNS TABLE (passkey_id uuid, staff_id uuid, algorithm int, public_key bytea, challenge bytea, is_alone boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t sec.login_ticket;
BEGIN
    SELECT * INTO t FROM sec.ticket_of(token);
    challenge := t.challenge;
    is_alone := t.staff_id IS NULL;
    UPDATE sec.login_ticket k SET challenge = NULL WHERE k.tenant_id = app.tenant() AND k.id = t.id;
    SELECT p.id, p.staff_id, p.algorithm, p.public_key INTO passkey_id, staff_id, algorithm, public_key
    FROM sec.passkey p
    JOIN app.staff f ON f.tenant_id = p.tenant_id AND f.id = p.staff_id AND f.is_active
    WHERE p.tenant_id = app.tenant() AND p.credential_id = credential_id AND t.id IS NOT NULL AND p.staff_id = coalesce(t.staff_id, p.staff_id);
    RETURN NEXT;
END $$;

-- ---- what counts once. Internal; each says what was wrong, or NULL when it counts now. ----

CREATE OR REPLACE FUNCTION sec.use_totp(staff uuid, is_right boolean, step bigint) RETURNS text
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    IF is_right IS NOT TRUE OR step IS NULL THEN
        RETURN 'wrong';
    END IF;
    UPDATE sec.totp k SET last_step = step, last_used_at = now()
    WHERE k.tenant_id = app.tenant() AND k.staff_id = staff AND k.confirmed_at IS NOT NULL AND k.last_step < step;
    RETURN CASE WHEN NOT FOUND THEN 'used before' END;
END $$;

CREATE OR REPLACE FUNCTION sec.use_code(staff uuid, code_hash bytea) RETURNS text
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE sec.recovery_code c SET used_at = now()
    WHERE c.tenant_id = app.tenant() AND c.staff_id = staff AND c.code_hash = code_hash AND c.used_at IS NULL;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN CASE WHEN EXISTS (SELECT FROM sec.recovery_code c WHERE c.tenant_id = app.tenant() AND c.staff_id = staff AND c.code_hash = code_hash)
                THEN 'used before' ELSE 'wrong' END;
END $$;

-- The counter must grow, unless the passkey has none (0 before and now): one that went back may be a copy.
CREATE OR REPLACE FUNCTION sec.use_passkey(staff uuid, passkey uuid, is_right boolean, sign_count bigint) RETURNS text
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    IF is_right IS NOT TRUE OR passkey IS NULL THEN
        RETURN 'wrong';
    END IF;
    UPDATE sec.passkey p SET sign_count = sign_count, last_used_at = now()
    WHERE p.tenant_id = app.tenant() AND p.staff_id = staff AND p.id = passkey
      AND (p.sign_count < sign_count OR (p.sign_count = 0 AND sign_count = 0));
    RETURN CASE WHEN NOT FOUND THEN 'counter' END;
END $$;

-- The second stage. kind: totp, recovery or passkey. One row always; session_id NULL when it failed, problem says how. A failure is counted
-- and noted, so the transaction must be committed either way. After five failures a ticket is over: the password is asked for again.
CREATE OR REPLACE FUNCTION sec.second_done(token bytea, kind text, is_right boolean, step bigint, code_hash bytea, passkey uuid, sign_count bigint,
                                           new_token bytea, ip inet, agent text)
RETURNS TABLE (session_id uuid, staff_id uuid, staff_name text, email text, codes_left int, wait_seconds int, problem text, is_over boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t sec.login_ticket;
    by_account bytea;
BEGIN
    SELECT * INTO t FROM sec.ticket_of(token);
    staff_id := t.staff_id;
    IF t.id IS NOT NULL AND staff_id IS NULL AND kind = 'passkey' THEN
        SELECT p.staff_id INTO staff_id FROM sec.passkey p JOIN app.staff f ON f.tenant_id = p.tenant_id AND f.id = p.staff_id AND f.is_active
        WHERE p.tenant_id = app.tenant() AND p.id = passkey;
    END IF;
    is_over := t.id IS NULL;
    -- A signature cannot be guessed, and needs no password before it: it is counted by address alone.
    IF kind <> 'passkey' THEN
        by_account := sec.throttle_key('second', app.tenant() || '|' || staff_id);
    END IF;
    wait_seconds := sec.second_wait(CASE WHEN kind <> 'passkey' THEN staff_id END, ip);
    SELECT f.name, f.email INTO staff_name, email FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff_id;
    problem := CASE WHEN is_over THEN 'over'
                    WHEN wait_seconds > 0 THEN 'throttled'
                    WHEN staff_id IS NULL THEN 'wrong'
                    WHEN kind = 'totp' THEN sec.use_totp(staff_id, is_right, step)
                    WHEN kind = 'recovery' THEN sec.use_code(staff_id, code_hash)
                    WHEN kind = 'passkey' THEN sec.use_passkey(staff_id, passkey, is_right, sign_count)
                    ELSE 'wrong' END;
    IF problem IS NOT NULL THEN
        IF problem <> 'throttled' THEN
            PERFORM sec.throttle_fail(sec.throttle_key('login-from', sec.throttle_net(ip)));
            IF by_account IS NOT NULL THEN
                PERFORM sec.throttle_fail(by_account);
            END IF;
            UPDATE sec.login_ticket k SET fails = k.fails + 1, ended_at = CASE WHEN k.fails >= 4 THEN now() END
            WHERE k.tenant_id = app.tenant() AND k.id = t.id
            RETURNING k.ended_at IS NOT NULL INTO is_over;
            is_over := coalesce(is_over, true);
        END IF;
        PERFORM sec.note('login.second', 'failed', kind || ': ' || problem, '{}', 'staff', staff_id);
        RETURN NEXT;
        RETURN;
    END IF;
    DELETE FROM sec.throttle x WHERE x.key = by_account;
    UPDATE sec.login_ticket k SET ended_at = now() WHERE k.tenant_id = app.tenant() AND k.id = t.id;
    codes_left := (SELECT count(*) FROM sec.recovery_code c WHERE c.tenant_id = app.tenant() AND c.staff_id = staff_id AND c.used_at IS NULL);
    session_id := sec.session_new(staff_id, kind, new_token, ip, agent);
    RETURN NEXT;
END $$;

-- ---- proving once more who she is, within a session (begin_staff came first) ----

-- Internal: who is logged in.
CREATE OR REPLACE FUNCTION sec.me() RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF app.actor_kind() IS DISTINCT FROM 'staff' OR app.actor() IS NULL THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN app.actor();
END $$;

-- What she can show, with what it is compared with. One row. Who has a second factor shows that: her password alone proves no more than
-- a screen left open beside a password that was looked off (R-03). phc '': her password counts for nothing here, or she has none.
CREATE OR REPLACE FUNCTION sec.confirm_lookup()
RETURNS TABLE (phc text, has_password boolean, totp_id uuid, secret_box bytea, has_app boolean, has_passkeys boolean, wait_seconds int)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN f.has_mfa THEN '' ELSE coalesce(c.phc, '') END, c.phc IS NOT NULL AND NOT f.has_mfa, k.id, k.secret_sealed, k.id IS NOT NULL,
           EXISTS (SELECT FROM sec.passkey p WHERE p.tenant_id = f.tenant_id AND p.staff_id = f.id),
           sec.throttle_wait(sec.throttle_key('confirm', app.tenant() || '|' || f.id), 5)
    FROM app.staff f
    LEFT JOIN sec.credential c ON c.tenant_id = f.tenant_id AND c.staff_id = f.id
    LEFT JOIN sec.totp k ON k.tenant_id = f.tenant_id AND k.staff_id = f.id AND k.confirmed_at IS NOT NULL
    WHERE f.tenant_id = app.tenant() AND f.id = sec.me()
$$;

-- Internal: the session of this transaction gets a new token (raw bytes); who has the old one has nothing.
CREATE OR REPLACE FUNCTION sec.session_turn(new_token bytea) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF coalesce(length(new_token), 0) < 32 THEN
        RAISE EXCEPTION 'a token has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    UPDATE sec.session e SET token_hash = sha256(new_token)
    WHERE e.tenant_id = app.tenant() AND e.id = nullif(current_setting('foyer.session_id', true), '')::uuid AND e.revoked_at IS NULL;
END $$;

-- kind: password, totp or passkey; the first only of who has none of the others. Counts a failure, or notes the proof and gives the session its new token; commit either way.
CREATE OR REPLACE FUNCTION sec.confirm_done(kind text, is_right boolean, step bigint, passkey uuid, sign_count bigint, new_token bytea)
RETURNS TABLE (is_ok boolean, problem text, wait_seconds int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    who uuid := sec.me();
    by_account bytea := sec.throttle_key('confirm', app.tenant() || '|' || who);
BEGIN
    wait_seconds := sec.throttle_wait(by_account, 5);
    problem := CASE WHEN wait_seconds > 0 THEN 'throttled'
                    -- (nothing was compared, so nothing is counted)
                    WHEN kind = 'password' AND (SELECT f.has_mfa FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = who) THEN 'not enough'
                    WHEN kind = 'password' THEN CASE WHEN is_right IS NOT TRUE THEN 'wrong' END
                    WHEN kind = 'totp' THEN sec.use_totp(who, is_right, step)
                    WHEN kind = 'passkey' THEN sec.use_passkey(who, passkey, is_right, sign_count)
                    ELSE 'wrong' END;
    is_ok := problem IS NULL;
    IF NOT is_ok THEN
        IF problem NOT IN ('throttled', 'not enough') THEN
            PERFORM sec.throttle_fail(by_account);
        END IF;
        PERFORM sec.note('confirm', 'failed', kind || ': ' || problem, '{}', NULL, NULL);
        RETURN NEXT;
        RETURN;
    END IF;
    DELETE FROM sec.throttle x WHERE x.key = by_account;
    UPDATE sec.session e SET proved_at = now()
    WHERE e.tenant_id = app.tenant() AND e.id = nullif(current_setting('foyer.session_id', true), '')::uuid;
    PERFORM sec.session_turn(new_token);
    PERFORM sec.note('confirm', 'ok', kind, '{}', NULL, NULL);
    RETURN NEXT;
END $$;

-- A challenge for a passkey of somebody who is logged in; then the passkeys she has (no row: none).
CREATE OR REPLACE FUNCTION sec.passkey_challenge_new(purpose text, challenge bytea) RETURNS TABLE (credential_id bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    who uuid := sec.me();
BEGIN
    IF coalesce(length(challenge), 0) < 32 THEN
        RAISE EXCEPTION 'a challenge has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    INSERT INTO sec.passkey_challenge AS c (tenant_id, session_id, purpose, challenge)
    VALUES (app.tenant(), current_setting('foyer.session_id')::uuid, purpose, challenge)
    ON CONFLICT ON CONSTRAINT passkey_challenge_pkey DO UPDATE SET challenge = excluded.challenge, made_at = now();
    RETURN QUERY SELECT p.credential_id FROM sec.passkey p WHERE p.tenant_id = app.tenant() AND p.staff_id = who ORDER BY p.made_at;
END $$;

-- Takes it: no row when there is none, or it is older than ten minutes.
CREATE OR REPLACE FUNCTION sec.passkey_challenge_take(purpose text) RETURNS TABLE (challenge bytea)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH taken AS (
        DELETE FROM sec.passkey_challenge c
        WHERE c.tenant_id = app.tenant() AND c.session_id = nullif(current_setting('foyer.session_id', true), '')::uuid
          AND c.purpose = passkey_challenge_take.purpose
        RETURNING c.challenge, c.made_at)
    SELECT t.challenge FROM taken t WHERE t.made_at > now() - interval '10 minutes'
$$;

-- A passkey of her own by what it calls itself; no row: not hers.
CREATE OR REPLACE FUNCTION sec.passkey_own(credential_id bytea) RETURNS TABLE (passkey_id uuid, algorithm int, public_key bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.id, p.algorithm, p.public_key FROM sec.passkey p
    WHERE p.tenant_id = app.tenant() AND p.staff_id = sec.me() AND p.credential_id = passkey_own.credential_id
$$;

-- ---- what she has enrolled, and changing it ----

CREATE OR REPLACE FUNCTION sec.factors_mine()
RETURNS TABLE (staff_name text, staff_email text, staff_handle bytea, has_app boolean, app_since timestamptz, app_used_at timestamptz,
               passkeys int, has_codes boolean, codes_left int, has_mfa boolean, needs_mfa boolean, has_password boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.name, f.email, decode(replace(f.id::text, '-', ''), 'hex'), k.id IS NOT NULL, k.confirmed_at, k.last_used_at,
           (SELECT count(*)::int FROM sec.passkey p WHERE p.tenant_id = f.tenant_id AND p.staff_id = f.id),
           EXISTS (SELECT FROM sec.recovery_code c WHERE c.tenant_id = f.tenant_id AND c.staff_id = f.id),
           (SELECT count(*)::int FROM sec.recovery_code c WHERE c.tenant_id = f.tenant_id AND c.staff_id = f.id AND c.used_at IS NULL),
           f.has_mfa, f.needs_mfa, EXISTS (SELECT FROM sec.credential c WHERE c.tenant_id = f.tenant_id AND c.staff_id = f.id)
    FROM app.staff f
    LEFT JOIN sec.totp k ON k.tenant_id = f.tenant_id AND k.staff_id = f.id AND k.confirmed_at IS NOT NULL
    WHERE f.tenant_id = app.tenant() AND f.id = sec.me()
$$;

CREATE OR REPLACE FUNCTION sec.passkeys_mine()
RETURNS TABLE (passkey_id uuid, passkey_name text, made_at timestamptz, last_used_at timestamptz, is_synced boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.id, p.name, p.made_at, p.last_used_at, p.is_synced FROM sec.passkey p
    WHERE p.tenant_id = app.tenant() AND p.staff_id = sec.me() ORDER BY p.made_at, p.id
$$;

-- Begins to set up codes of an app; what was begun before is forgotten.
CREATE OR REPLACE FUNCTION sec.totp_begin(totp uuid, secret_box bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who uuid := sec.me();
BEGIN
    PERFORM sec.step_up_check();
    DELETE FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.staff_id = who AND k.confirmed_at IS NULL;
    INSERT INTO sec.totp (tenant_id, id, staff_id, secret_sealed) VALUES (app.tenant(), totp, who, secret_box);
    PERFORM sec.note('mfa.app_begin', 'ok', NULL, '{}', 'totp', totp);
    RETURN totp;
END $$;

-- What is being set up, for half an hour; no row: nothing.
CREATE OR REPLACE FUNCTION sec.totp_pending() RETURNS TABLE (totp_id uuid, secret_box bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.id, k.secret_sealed FROM sec.totp k
    WHERE k.tenant_id = app.tenant() AND k.staff_id = sec.me() AND k.confirmed_at IS NULL AND k.made_at > now() - interval '30 minutes'
$$;

-- Internal: a factor was added. Sessions of hers that came in by the password alone end, but this one, which gets a new token.
CREATE OR REPLACE FUNCTION sec.factor_added(who uuid, new_token bytea) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE sec.session e SET revoked_at = now()
    WHERE e.tenant_id = app.tenant() AND e.staff_id = who AND e.revoked_at IS NULL AND e.how = 'password'
      AND e.id <> nullif(current_setting('foyer.session_id', true), '')::uuid;
    PERFORM sec.session_turn(new_token);
END $$;

-- It counts from now on, in place of the one before. step: whose code she typed.
CREATE OR REPLACE FUNCTION sec.totp_confirm(totp uuid, step bigint, new_token bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    who uuid := sec.me();
BEGIN
    PERFORM sec.step_up_check();
    PERFORM FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.id = totp AND k.staff_id = who AND k.confirmed_at IS NULL FOR UPDATE;
    IF NOT FOUND OR step IS NULL THEN
        RAISE EXCEPTION 'nothing is being set up' USING ERRCODE = 'FY404';
    END IF;
    DELETE FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.staff_id = who AND k.confirmed_at IS NOT NULL;
    UPDATE sec.totp k SET confirmed_at = now(), last_step = step, last_used_at = now() WHERE k.tenant_id = app.tenant() AND k.id = totp;
    PERFORM sec.factor_added(who, new_token);
    PERFORM sec.note('mfa.app', 'ok', NULL, '{}', 'totp', totp);
    RETURN totp;
END $$;

-- Internal: before one of her factors goes. FY422 when it is the last and a role of hers asks for one.
CREATE OR REPLACE FUNCTION sec.factor_may_go(who uuid) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    n int;
BEGIN
    PERFORM FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = who FOR NO KEY UPDATE; -- one after the other: not two that are each not the last
    n := (SELECT count(*) FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.staff_id = who AND k.confirmed_at IS NOT NULL)
       + (SELECT count(*) FROM sec.passkey k WHERE k.tenant_id = app.tenant() AND k.staff_id = who);
    IF n < 2 AND (SELECT f.needs_mfa FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = who) THEN
        RAISE EXCEPTION 'Your role asks for a second step at log-in, and this is your only one. Add another first, then remove this.' USING ERRCODE = 'FY422';
    END IF;
    IF n < 2 THEN
        DELETE FROM sec.recovery_code c WHERE c.tenant_id = app.tenant() AND c.staff_id = who;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.totp_remove() RETURNS TABLE (totp_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    who uuid := sec.me();
BEGIN
    PERFORM sec.step_up_check();
    SELECT k.id INTO totp_id FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.staff_id = who AND k.confirmed_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM sec.factor_may_go(who);
    DELETE FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.staff_id = who;
    PERFORM sec.note('mfa.app_remove', 'ok', NULL, '{}', 'totp', totp_id);
    RETURN NEXT;
END $$;

CREATE OR REPLACE FUNCTION sec.passkey_add(passkey uuid, credential_id bytea, algorithm int, public_key bytea, sign_count bigint, name text, is_synced boolean,
                                           new_token bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    who uuid := sec.me();
BEGIN
    PERFORM sec.step_up_check();
    PERFORM FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = who FOR NO KEY UPDATE;
    IF (SELECT count(*) FROM sec.passkey p WHERE p.tenant_id = app.tenant() AND p.staff_id = who) >= 20 THEN
        RAISE EXCEPTION 'You have twenty passkeys. Remove one that you no longer use.' USING ERRCODE = 'FY422', COLUMN = 'name';
    END IF;
    INSERT INTO sec.passkey (tenant_id, id, staff_id, credential_id, algorithm, public_key, sign_count, name, is_synced)
    VALUES (app.tenant(), passkey, who, credential_id, algorithm, public_key, sign_count, btrim(name), is_synced);
    PERFORM sec.factor_added(who, new_token);
    PERFORM sec.note('mfa.passkey', 'ok', NULL, '{}', 'passkey', passkey);
    RETURN passkey;
END $$;

CREATE OR REPLACE FUNCTION sec.passkey_rename(passkey uuid, name text) RETURNS TABLE (passkey_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.step_up_check();
    UPDATE sec.passkey p SET name = btrim(name) WHERE p.tenant_id = app.tenant() AND p.id = passkey AND p.staff_id = sec.me() RETURNING p.id INTO passkey_id;
    IF FOUND THEN
        PERFORM sec.note('mfa.passkey_rename', 'ok', NULL, '{}', 'passkey', passkey);
        RETURN NEXT;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION sec.passkey_remove(passkey uuid) RETURNS TABLE (passkey_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    who uuid := sec.me();
BEGIN
    PERFORM sec.step_up_check();
    SELECT p.id INTO passkey_id FROM sec.passkey p WHERE p.tenant_id = app.tenant() AND p.id = passkey AND p.staff_id = who;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM sec.factor_may_go(who);
    DELETE FROM sec.passkey p WHERE p.tenant_id = app.tenant() AND p.id = passkey;
    PERFORM sec.note('mfa.passkey_remove', 'ok', NULL, '{}', 'passkey', passkey);
    RETURN NEXT;
END $$;

-- A new set of recovery codes in place of the old. FY422 for who has nothing that they could stand in for.
CREATE OR REPLACE FUNCTION sec.codes_make(hashes bytea[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who uuid := sec.me();
BEGIN
    PERFORM sec.step_up_check();
    IF NOT (SELECT f.has_mfa FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = who FOR NO KEY UPDATE) THEN
        RAISE EXCEPTION 'Set up an app or a passkey first; recovery codes stand in for it.' USING ERRCODE = 'FY422';
    END IF;
    DELETE FROM sec.recovery_code c WHERE c.tenant_id = app.tenant() AND c.staff_id = who;
    INSERT INTO sec.recovery_code (tenant_id, staff_id, code_hash) SELECT app.tenant(), who, h FROM unnest(hashes) AS h;
    PERFORM sec.note('mfa.codes', 'ok', NULL, '{}', NULL, NULL);
    RETURN cardinality(hashes);
END $$;

-- How many of these are codes of hers that still work: she is given back as a file what she holds, and nothing else.
CREATE OR REPLACE FUNCTION sec.codes_known(hashes bytea[]) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*)::int FROM sec.recovery_code c
    WHERE c.tenant_id = app.tenant() AND c.staff_id = sec.me() AND c.code_hash = ANY (hashes) AND c.used_at IS NULL
$$;

-- ---- a colleague who has lost hers ----

-- Internal: FY403 unless the caller may do this to that person: staff_write for the whole business, not herself, and nobody who may more than
-- she (S-12): whoever could take a stronger account's protection away would be on the way to being it.
CREATE OR REPLACE FUNCTION sec.reset_allowed(staff uuid) RETURNS void
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    hers text;
BEGIN
    SELECT f.perms INTO hers FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nobody' USING ERRCODE = 'FY404';
    END IF;
    IF NOT app.may('staff_write') OR staff = sec.me() THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF (sec.owns(staff) AND NOT sec.owns(sec.me())) OR strpos(hers, ',staff_write,') > 0 AND EXISTS (
        SELECT FROM unnest(string_to_array(btrim(hers, ','), ',')) AS p
        WHERE strpos(current_setting('foyer.perms', true), ',' || split_part(p, '@', 1) || ',') = 0) THEN
        RAISE EXCEPTION 'This person may do more here than you. Somebody who may at least as much has to do it.' USING ERRCODE = 'FY422';
    END IF;
END $$;

-- Internal: all that she has goes, and her sessions end.
CREATE OR REPLACE FUNCTION sec.factors_clear(staff uuid, why text) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    DELETE FROM sec.totp k WHERE k.tenant_id = app.tenant() AND k.staff_id = staff;
    DELETE FROM sec.passkey k WHERE k.tenant_id = app.tenant() AND k.staff_id = staff;
    DELETE FROM sec.recovery_code k WHERE k.tenant_id = app.tenant() AND k.staff_id = staff;
    UPDATE sec.login_ticket k SET ended_at = now() WHERE k.tenant_id = app.tenant() AND k.staff_id = staff AND k.ended_at IS NULL;
    UPDATE sec.session e SET revoked_at = now() WHERE e.tenant_id = app.tenant() AND e.staff_id = staff AND e.revoked_at IS NULL;
    PERFORM sec.note('mfa.reset', 'ok', why, '{}', 'staff', staff);
END $$;

-- What stands about a colleague: who she is, what she has, and who has asked.
CREATE OR REPLACE FUNCTION sec.factors_of(staff uuid)
RETURNS TABLE (staff_id uuid, staff_name text, staff_email text, role_names text, has_mfa boolean, has_app boolean, passkeys int, codes_left int,
               reset_id uuid, asked_by text, asked_at timestamptz, expires_at timestamptz, reason text, is_mine boolean, others int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.id, f.name, f.email, f.role_names, f.has_mfa,
           EXISTS (SELECT FROM sec.totp k WHERE k.tenant_id = f.tenant_id AND k.staff_id = f.id AND k.confirmed_at IS NOT NULL),
           (SELECT count(*)::int FROM sec.passkey p WHERE p.tenant_id = f.tenant_id AND p.staff_id = f.id),
           (SELECT count(*)::int FROM sec.recovery_code c WHERE c.tenant_id = f.tenant_id AND c.staff_id = f.id AND c.used_at IS NULL),
           q.id, a.name, q.asked_at, q.expires_at, q.reason, q.asked_by = sec.me(),
           (SELECT count(*)::int FROM app.staff o WHERE o.tenant_id = f.tenant_id AND o.is_active AND o.id NOT IN (f.id, sec.me()) AND strpos(o.perms, ',staff_write,') > 0)
    FROM app.staff f
    LEFT JOIN sec.factor_reset q ON q.tenant_id = f.tenant_id AND q.staff_id = f.id AND q.ended_at IS NULL AND q.expires_at > now()
    LEFT JOIN app.staff a ON a.tenant_id = q.tenant_id AND a.id = q.asked_by
    WHERE f.tenant_id = app.tenant() AND f.id = factors_of.staff AND f.is_active AND app.may('staff_write')
$$;

-- Asks that a colleague's factors go. is_done: there was no second person of the staff to ask, so it is done.
CREATE OR REPLACE FUNCTION sec.reset_ask(staff uuid, reason text) RETURNS TABLE (reset_id uuid, is_done boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.step_up_check();
    PERFORM sec.reset_allowed(staff);
    PERFORM FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff AND f.is_active FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nobody' USING ERRCODE = 'FY404';
    END IF;
    UPDATE sec.factor_reset q SET ended_at = now() WHERE q.tenant_id = app.tenant() AND q.staff_id = staff AND q.ended_at IS NULL AND q.expires_at <= now();
    IF EXISTS (SELECT FROM sec.factor_reset q WHERE q.tenant_id = app.tenant() AND q.staff_id = staff AND q.ended_at IS NULL) THEN
        RAISE EXCEPTION 'Somebody has asked for this already.' USING ERRCODE = 'FY422';
    END IF;
    INSERT INTO sec.factor_reset AS q (tenant_id, staff_id, asked_by, reason) VALUES (app.tenant(), staff, sec.me(), reason) RETURNING q.id INTO reset_id;
    PERFORM sec.note('mfa.reset_ask', 'ok', btrim(reason), '{}', 'staff', staff);
    is_done := NOT EXISTS (SELECT FROM app.staff o WHERE o.tenant_id = app.tenant() AND o.is_active AND o.id NOT IN (staff, sec.me())
                           AND strpos(o.perms, ',staff_write,') > 0);
    IF is_done THEN
        UPDATE sec.factor_reset q SET ended_at = now(), done_by = sec.me() WHERE q.tenant_id = app.tenant() AND q.id = reset_id;
        PERFORM sec.factors_clear(staff, 'alone: there is no second person who could confirm');
    END IF;
    RETURN NEXT;
END $$;

-- The second person does it; no row: nothing is asked for. She is neither who asked nor whom it is about.
CREATE OR REPLACE FUNCTION sec.reset_confirm(staff uuid) RETURNS TABLE (reset_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    asker uuid;
BEGIN
    PERFORM sec.step_up_check();
    PERFORM sec.reset_allowed(staff);
    SELECT q.id, q.asked_by INTO reset_id, asker FROM sec.factor_reset q
    WHERE q.tenant_id = app.tenant() AND q.staff_id = staff AND q.ended_at IS NULL AND q.expires_at > now() FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF asker = sec.me() THEN
        RAISE EXCEPTION 'A second person has to confirm what you asked for.' USING ERRCODE = 'FY422';
    END IF;
    UPDATE sec.factor_reset q SET ended_at = now(), done_by = sec.me() WHERE q.tenant_id = app.tenant() AND q.id = reset_id;
    PERFORM sec.factors_clear(staff, 'confirmed by a second person');
    RETURN NEXT;
END $$;

CREATE OR REPLACE FUNCTION sec.reset_drop(staff uuid) RETURNS TABLE (reset_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF NOT app.may('staff_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    UPDATE sec.factor_reset q SET ended_at = now() WHERE q.tenant_id = app.tenant() AND q.staff_id = staff AND q.ended_at IS NULL RETURNING q.id INTO reset_id;
    IF FOUND THEN
        PERFORM sec.note('mfa.reset_drop', 'ok', NULL, '{}', 'staff', staff);
        RETURN NEXT;
    END IF;
END $$;

-- Whom a mail about a colleague's reset goes to: the others who could confirm it.
CREATE OR REPLACE FUNCTION sec.reset_others(staff uuid) RETURNS TABLE (other_id uuid, other_name text, other_email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT o.id, o.name, o.email FROM app.staff o
    WHERE o.tenant_id = app.tenant() AND o.is_active AND o.id NOT IN (reset_others.staff, sec.me()) AND strpos(o.perms, ',staff_write,') > 0
      AND app.may('staff_write')
    ORDER BY o.position, o.name LIMIT 20
$$;

-- For the operator's command: who has lost everything and has nobody to ask (enter_slug came first).
CREATE OR REPLACE FUNCTION sec.factors_forget(staff uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT sec.factors_clear(staff, 'by the operator''s command') $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.second_lookup(bytea, inet), sec.second_challenge(bytea, boolean, bytea, bytea, inet), sec.second_passkey(bytea, bytea),
    sec.second_done(bytea, text, boolean, bigint, bytea, uuid, bigint, bytea, inet, text), sec.confirm_lookup(),
    sec.confirm_done(text, boolean, bigint, uuid, bigint, bytea), sec.passkey_challenge_new(text, bytea), sec.passkey_challenge_take(text), sec.passkey_own(bytea),
    sec.factors_mine(), sec.passkeys_mine(), sec.totp_begin(uuid, bytea), sec.totp_pending(), sec.totp_confirm(uuid, bigint, bytea), sec.totp_remove(),
    sec.passkey_add(uuid, bytea, int, bytea, bigint, text, boolean, bytea), sec.passkey_rename(uuid, text), sec.passkey_remove(uuid),
    sec.codes_make(bytea[]), sec.codes_known(bytea[]), sec.factors_of(uuid), sec.reset_ask(uuid, text), sec.reset_confirm(uuid), sec.reset_drop(uuid),
    sec.reset_others(uuid) TO foyer_slow;
GRANT EXECUTE ON FUNCTION sec.factors_mine(), sec.passkeys_mine() TO foyer_staff;
GRANT EXECUTE ON FUNCTION sec.factors_forget(uuid) TO foyer_migrator, foyer_backfill;
RESET ROLE;
