-- 026_account: links that are mailed to the staff, and what a person does with her own account: accept an invitation, choose a
-- password, change her address. Owner: foyer_auth.
-- Errors: FY403 not allowed, FY410 the link is over, FY422 with words for people, FY429 too many tries.

SET LOCAL ROLE foyer_auth;

-- A new link of a kind for a person; earlier ones of that kind end. token: raw bytes, kept as a hash only. Internal.
CREATE OR REPLACE FUNCTION sec.account_token_new(kind text, staff uuid, email text, token bytea, life interval, subject uuid, new_email text) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    IF coalesce(length(token), 0) < 32 THEN
        RAISE EXCEPTION 'a token has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    UPDATE sec.account_token k SET used_at = now()
    WHERE k.tenant_id = app.tenant() AND k.staff_id = staff AND k.kind = kind AND k.used_at IS NULL;
    INSERT INTO sec.account_token (tenant_id, kind, staff_id, subject_id, email, new_email, token_hash, expires_at, made_by)
    VALUES (app.tenant(), kind, staff, subject, email, new_email, sha256(token), now() + life, CASE WHEN app.actor_kind() = 'staff' THEN app.actor() END);
END $$;

-- Whether an invitation is still worth something: who made it works here, may still invite, and may still give those roles (S-12).
-- inviter NULL: the operator's command. Internal.
CREATE OR REPLACE FUNCTION sec.invite_stands(inviter uuid, invited uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT inviter IS NULL OR (
        EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = inviter AND f.is_active AND strpos(f.perms, ',staff_write,') > 0
                AND NOT EXISTS (SELECT FROM app.staff_role sr WHERE sr.tenant_id = f.tenant_id AND sr.staff_id = invited
                                AND NOT sec.perms_cover(f.perms, sec.role_reach(sr.role_id, sr.location_id))))
        AND (sec.owns(inviter) OR NOT sec.owns(invited)))
$$;

-- The live link of a token, or FY410. for_use: whoever comes second with the same one waits, and finds it used. A link ends with
-- what it was bound to: an account that was closed, an address that is not hers any more. Internal.
CREATE OR REPLACE FUNCTION sec.account_token_live(token bytea, kinds text[], for_use boolean) RETURNS sec.account_token
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    k sec.account_token;
BEGIN
    IF for_use THEN
        PERFORM FROM sec.account_token t WHERE t.tenant_id = app.tenant() AND t.token_hash = sha256(token) FOR UPDATE;
    END IF;
    SELECT t.* INTO k FROM sec.account_token t
    WHERE t.tenant_id = app.tenant() AND t.token_hash = sha256(token) AND t.kind = ANY (kinds) AND t.used_at IS NULL AND t.expires_at > now()
      AND (t.staff_id IS NULL OR EXISTS (
            SELECT FROM app.staff f WHERE f.tenant_id = t.tenant_id AND f.id = t.staff_id
              AND CASE WHEN t.kind = 'invite' THEN f.invited_at IS NOT NULL AND sec.invite_stands(t.made_by, f.id) ELSE f.is_active END
              AND (t.kind = 'email_new' OR f.email_norm = lower(btrim(t.email)))));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'link is over' USING ERRCODE = 'FY410';
    END IF;
    IF for_use THEN
        UPDATE sec.account_token t SET used_at = now() WHERE t.tenant_id = k.tenant_id AND t.id = k.id;
    END IF;
    RETURN k;
END $$;

-- Whoever holds a link that was mailed to a person acts as her for the rest of this transaction, in the trail. Internal.
CREATE OR REPLACE FUNCTION sec.act_as(staff uuid) RETURNS void
LANGUAGE sql
AS $$ SELECT set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', staff::text, true) $$;

-- What the page of a link may say before anything is done: whom it was mailed to, and for which name. Uses nothing up.
CREATE OR REPLACE FUNCTION sec.account_link(token bytea, wanted text)
RETURNS TABLE (kind text, person text, email text, new_email text, role_names text, other_is_open boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    k sec.account_token;
BEGIN
    k := sec.account_token_live(token, string_to_array(wanted, ','), false);
    kind := k.kind;
    email := k.email;
    new_email := k.new_email;
    SELECT f.name, f.role_names INTO person, role_names FROM app.staff f WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id;
    other_is_open := EXISTS (SELECT FROM sec.account_token t WHERE t.tenant_id = k.tenant_id AND t.staff_id = k.staff_id
                             AND t.subject_id = k.subject_id AND t.id <> k.id AND t.used_at IS NULL AND t.expires_at > now());
    RETURN NEXT;
END $$;

-- ---- an invitation ----

-- She accepts, with a password of her own. It makes nobody's password anew: an account that has one has no invitation.
CREATE OR REPLACE FUNCTION sec.invite_accept(token bytea, phc text) RETURNS TABLE (staff_id uuid, email text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    k sec.account_token;
BEGIN
    k := sec.account_token_live(token, ARRAY['invite'], true);
    INSERT INTO sec.credential (tenant_id, staff_id, phc) VALUES (k.tenant_id, k.staff_id, phc);
    UPDATE app.staff f SET is_active = true, invited_at = NULL, email_verified_at = now()
    WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id;
    PERFORM sec.act_as(k.staff_id);
    PERFORM sec.note('account.join', 'ok', NULL, '{}', 'staff', k.staff_id);
    staff_id := k.staff_id;
    email := k.email;
    RETURN NEXT;
END $$;

-- ---- a lost password ----

-- Somebody asks for a link to a new one. The same row and the same job whoever it is: a job finds out whether there is such an
-- account, out of sight. Three an hour for an address, ten for a connection; what is over the first is taken and forgotten.
CREATE OR REPLACE FUNCTION sec.reset_ask(email text, ip inet) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    address text := lower(btrim(email));
    by_address bytea := sec.throttle_key('reset', app.tenant() || '|' || address);
    made uuid := gen_random_uuid();
BEGIN
    PERFORM sec.count_try('reset', ip, 10);
    PERFORM sec.note('password.reset_asked', 'ok', NULL, '{}', NULL, NULL);
    IF sec.throttle_wait(by_address, 3) > 0 THEN
        RETURN;
    END IF;
    PERFORM sec.throttle_fail(by_address);
    INSERT INTO sec.reset_request (tenant_id, id, email) VALUES (app.tenant(), made, address);
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('account.reset', made, 'reset-' || made);
END $$;

-- The job: the account of that address, if there is one that may be reset, gets a link. No row: nobody is written to.
CREATE OR REPLACE FUNCTION sec.reset_answer(request uuid, token bytea) RETURNS TABLE (staff_id uuid, person text, to_address text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    asked text;
BEGIN
    IF app.actor_kind() <> 'job' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    DELETE FROM sec.reset_request q WHERE q.tenant_id = app.tenant() AND q.id = request RETURNING q.email INTO asked;
    SELECT f.id, f.name, f.email INTO staff_id, person, to_address
    FROM app.staff f
    WHERE f.tenant_id = app.tenant() AND f.email_norm = asked AND f.is_active AND NOT f.is_support;
    IF FOUND THEN
        PERFORM sec.account_token_new('reset', staff_id, to_address, token, interval '30 minutes', NULL, NULL);
        RETURN NEXT;
    END IF;
END $$;

-- A new password by link: her sessions end, her browsers are strangers again but the one she does this in, and nobody is logged in
-- by it: her second factor is still asked for.
CREATE OR REPLACE FUNCTION sec.reset_done(token bytea, phc text, device bytea) RETURNS TABLE (staff_id uuid, person text, to_address text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    k sec.account_token;
BEGIN
    k := sec.account_token_live(token, ARRAY['reset'], true);
    PERFORM sec.act_as(k.staff_id);
    PERFORM sec.password_change(k.staff_id, phc, NULL);
    IF length(device) = 32 THEN
        INSERT INTO sec.device (tenant_id, staff_id, token_hash) VALUES (k.tenant_id, k.staff_id, sha256(device));
    END IF;
    UPDATE app.staff f SET email_verified_at = coalesce(f.email_verified_at, now()) WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id
    RETURNING f.id, f.name, f.email INTO staff_id, person, to_address;
    PERFORM sec.note('password.reset', 'ok', NULL, '{}', 'staff', k.staff_id);
    RETURN NEXT;
END $$;

-- A password is another one now; all sessions but one end, and with them what the old one had opened or could: links to a new password,
-- log-ins half way, and the trust in every browser but the one of that session. Internal.
CREATE OR REPLACE FUNCTION sec.password_change(staff uuid, phc text, but_session uuid) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO sec.credential AS c (tenant_id, staff_id, phc) VALUES (app.tenant(), staff, phc)
    ON CONFLICT (tenant_id, staff_id) DO UPDATE SET phc = excluded.phc, changed_at = now();
    UPDATE sec.session e SET revoked_at = now()
    WHERE e.tenant_id = app.tenant() AND e.staff_id = staff AND e.revoked_at IS NULL AND e.id IS DISTINCT FROM but_session;
    UPDATE sec.account_token k SET used_at = now()
    WHERE k.tenant_id = app.tenant() AND k.staff_id = staff AND k.kind = 'reset' AND k.used_at IS NULL;
    UPDATE sec.login_ticket k SET ended_at = now() WHERE k.tenant_id = app.tenant() AND k.staff_id = staff AND k.ended_at IS NULL;
    DELETE FROM sec.device d
    WHERE d.tenant_id = app.tenant() AND d.staff_id = staff
      AND d.id IS DISTINCT FROM (SELECT e.device_id FROM sec.session e WHERE e.tenant_id = app.tenant() AND e.id = but_session);
END $$;

-- ---- her own account ----

-- Her own row; also what of her address waits for a confirmation.
CREATE OR REPLACE FUNCTION sec.own_account()
RETURNS TABLE (staff_id uuid, name text, email text, title text, phone text, role_names text, is_verified boolean, new_email text, old_is_open boolean, new_is_open boolean, changed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT f.id, f.name, f.email, f.title, f.phone, f.role_names, f.email_verified_at IS NOT NULL,
           w.new_email, coalesce(w.old_is_open, false), coalesce(w.new_is_open, false), c.changed_at
    FROM app.staff f
    LEFT JOIN sec.credential c ON c.tenant_id = f.tenant_id AND c.staff_id = f.id
    LEFT JOIN LATERAL (
        SELECT max(k.new_email) AS new_email, bool_or(k.kind = 'email_old' AND k.used_at IS NULL) AS old_is_open,
               bool_or(k.kind = 'email_new' AND k.used_at IS NULL) AS new_is_open
        FROM sec.account_token k
        WHERE k.tenant_id = f.tenant_id AND k.staff_id = f.id AND k.kind IN ('email_old', 'email_new') AND k.expires_at > now()
          AND k.subject_id = (SELECT o.subject_id FROM sec.account_token o
                              WHERE o.tenant_id = f.tenant_id AND o.staff_id = f.id AND o.kind IN ('email_old', 'email_new') AND o.used_at IS NULL
                                AND o.expires_at > now() ORDER BY o.created_at DESC LIMIT 1)) w ON true
    WHERE f.tenant_id = app.tenant() AND f.id = app.actor();
END $$;

CREATE OR REPLACE FUNCTION sec.own_change(name text, phone text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    number text := app.phone_e164(nullif(btrim(phone), ''), (SELECT t.country FROM app.tenant t WHERE t.id = app.tenant()));
BEGIN
    IF app.actor() IS NULL THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF btrim(phone) <> '' AND number IS NULL THEN
        RAISE EXCEPTION 'Please check this phone number; use digits, with the area code.' USING ERRCODE = 'FY422', COLUMN = 'phone';
    END IF;
    UPDATE app.staff f SET name = btrim(name), phone = number WHERE f.tenant_id = app.tenant() AND f.id = app.actor();
    PERFORM sec.note('account.change', 'ok', NULL, '{}', 'staff', app.actor());
END $$;

-- What her own password is compared with, and how long to wait before it may be tried: somebody at her open desk guesses no faster
-- than somebody at the door. Then what the comparison said, counted when it was wrong.
CREATE OR REPLACE FUNCTION sec.own_password() RETURNS TABLE (phc text, wait_seconds int, name text, email text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT coalesce(c.phc, ''), sec.throttle_wait(sec.throttle_key('own-password', app.tenant() || '|' || f.id), 5), f.name, f.email
    FROM app.staff f LEFT JOIN sec.credential c ON c.tenant_id = f.tenant_id AND c.staff_id = f.id
    WHERE f.tenant_id = app.tenant() AND f.id = app.actor();
END $$;

CREATE OR REPLACE FUNCTION sec.own_password_wrong() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM sec.throttle_fail(sec.throttle_key('own-password', app.tenant() || '|' || app.actor()));
    PERFORM sec.note('password.change', 'failed', 'wrong', '{}', 'staff', app.actor());
END $$;

-- A password of her own choice: her other sessions end, this one goes on.
CREATE OR REPLACE FUNCTION sec.own_password_set(phc text) RETURNS TABLE (staff_id uuid, person text, to_address text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF app.actor() IS NULL OR app.actor_kind() <> 'staff' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM sec.password_change(app.actor(), phc, nullif(current_setting('foyer.session_id', true), '')::uuid);
    PERFORM sec.note('password.change', 'ok', NULL, '{}', 'staff', app.actor());
    SELECT f.id, f.name, f.email INTO staff_id, person, to_address FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = app.actor();
    RETURN NEXT;
END $$;

-- ---- her address ----

-- She wants another address: both must say so, each by a link of its own, within a day. The answer is the same when somebody here has
-- that address; then only the first mail goes out, for the second would be a stranger's.
CREATE OR REPLACE FUNCTION sec.email_ask(new_email text, old_token bytea, new_token bytea, OUT staff_id uuid, OUT person text, OUT old_address text, OUT is_taken boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    change uuid := gen_random_uuid();
    address text := btrim(new_email);
BEGIN
    SELECT f.id, f.name, f.email INTO staff_id, person, old_address FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = app.actor();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF lower(address) = lower(btrim(old_address)) THEN
        RAISE EXCEPTION 'This is your address already.' USING ERRCODE = 'FY422', COLUMN = 'email';
    END IF;
    is_taken := EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.email_norm = lower(address));
    PERFORM sec.account_token_new('email_old', staff_id, old_address, old_token, interval '1 day', change, address);
    PERFORM sec.account_token_new('email_new', staff_id, address, new_token, interval '1 day', change, address);
    PERFORM sec.note('account.email_asked', 'ok', NULL, '{}', 'staff', staff_id);
END $$;

CREATE OR REPLACE FUNCTION sec.email_stop() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE sec.account_token k SET used_at = now(), expires_at = now()
    WHERE k.tenant_id = app.tenant() AND k.staff_id = app.actor() AND k.kind IN ('email_old', 'email_new') AND k.expires_at > now();
    PERFORM sec.note('account.email_stopped', 'ok', NULL, '{}', 'staff', app.actor());
END $$;

-- Her address as it is now is verified by a link: for accounts that were made without one.
CREATE OR REPLACE FUNCTION sec.verify_ask(token bytea) RETURNS TABLE (staff_id uuid, person text, to_address text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    SELECT f.id, f.name, f.email INTO staff_id, person, to_address
    FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = app.actor() AND f.email_verified_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM sec.account_token_new('verify', staff_id, to_address, token, interval '1 day', NULL, NULL);
    RETURN NEXT;
END $$;

-- One of the two links, or that of a verification, was followed and confirmed. is_changed: both were, and the address is another now.
CREATE OR REPLACE FUNCTION sec.email_confirm(token bytea, OUT is_changed boolean, OUT is_verified boolean, OUT staff_id uuid, OUT person text, OUT old_address text, OUT new_address text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    k sec.account_token;
    other sec.account_token;
BEGIN
    -- The two links of a change are used one after the other, so that the second sees the first.
    PERFORM FROM app.staff f WHERE f.tenant_id = app.tenant()
        AND f.id = (SELECT t.staff_id FROM sec.account_token t WHERE t.tenant_id = app.tenant() AND t.token_hash = sha256(token)) FOR UPDATE;
    k := sec.account_token_live(token, ARRAY['verify', 'email_old', 'email_new'], true);
    PERFORM sec.act_as(k.staff_id);
    SELECT f.id, f.name, f.email INTO staff_id, person, old_address FROM app.staff f WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id;
    is_changed := false;
    is_verified := k.kind = 'verify';
    IF is_verified THEN
        UPDATE app.staff f SET email_verified_at = now() WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id;
        PERFORM sec.note('account.verified', 'ok', NULL, '{}', 'staff', k.staff_id);
        RETURN;
    END IF;
    SELECT t.* INTO other FROM sec.account_token t
    WHERE t.tenant_id = k.tenant_id AND t.staff_id = k.staff_id AND t.subject_id = k.subject_id AND t.id <> k.id;
    is_changed := other.used_at IS NOT NULL AND other.expires_at > now();
    IF is_changed THEN
        new_address := k.new_email;
        UPDATE app.staff f SET email = k.new_email, email_verified_at = now() WHERE f.tenant_id = k.tenant_id AND f.id = k.staff_id;
        -- What was mailed to the old address is worth nothing any more.
        UPDATE sec.account_token t SET used_at = now() WHERE t.tenant_id = k.tenant_id AND t.staff_id = k.staff_id AND t.used_at IS NULL;
        PERFORM sec.note('account.email_changed', 'ok', NULL, '{}', 'staff', k.staff_id);
    END IF;
END $$;

-- Who owns the business, for mails about its safety. For jobs.
CREATE OR REPLACE FUNCTION sec.owners() RETURNS TABLE (staff_id uuid, person text, to_address text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT f.id, f.name, f.email
    FROM app.staff f
    JOIN app.staff_role sr ON sr.tenant_id = f.tenant_id AND sr.staff_id = f.id AND sr.location_id IS NULL
    JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id AND r.slug IN ('owner', 'operator')
    WHERE f.tenant_id = app.tenant() AND f.is_active AND app.actor_kind() = 'job'
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.account_link(bytea, text), sec.invite_accept(bytea, text), sec.reset_ask(text, inet), sec.reset_done(bytea, text, bytea),
    sec.own_password(), sec.own_password_wrong(), sec.own_password_set(text), sec.email_confirm(bytea) TO foyer_slow;
GRANT EXECUTE ON FUNCTION sec.own_account(), sec.own_change(text, text), sec.email_ask(text, bytea, bytea), sec.email_stop(), sec.verify_ask(bytea) TO foyer_staff;
GRANT EXECUTE ON FUNCTION sec.reset_answer(uuid, bytea), sec.owners() TO foyer_jobs;
RESET ROLE;
