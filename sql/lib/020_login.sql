-- 020_login: logging in and out, throttling, second factors of links, links themselves. Owner: foyer_auth.

SET LOCAL ROLE foyer_auth;

-- Key of a counter: what is tried, hashed, so that the table holds no addresses.
CREATE OR REPLACE FUNCTION sec.throttle_key(kind text, what text) RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$ SELECT sha256(convert_to(kind || '|' || coalesce(what, ''), 'UTF8')) $$;

-- An address as a throttle counts it: IPv6 by its /48.
CREATE OR REPLACE FUNCTION sec.throttle_net(ip inet) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN family(ip) = 6 THEN network(set_masklen(ip, 48))::text ELSE host(ip) END $$;

-- Seconds to wait: none for the first `free` failures, then 30 doubling to 15 minutes, from the last failure on. An hour
-- without a failure forgives all: never a lock for ever.
CREATE OR REPLACE FUNCTION sec.throttle_wait(wanted bytea, free int) RETURNS int
LANGUAGE sql STABLE
AS $$
    SELECT coalesce((
        SELECT CASE WHEN t.fails < free OR t.last_at < now() - interval '1 hour' THEN 0
                    ELSE greatest(0, ceil(least(900, 30 * 2 ^ least(t.fails - free, 10)) - extract(epoch FROM clock_timestamp() - t.last_at)))::int END
        FROM sec.throttle t WHERE t.key = wanted), 0)
$$;

CREATE OR REPLACE FUNCTION sec.throttle_fail(wanted bytea) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO sec.throttle AS t (key, fails, last_at) VALUES (wanted, 1, clock_timestamp())
    ON CONFLICT (key) DO UPDATE
    SET fails = CASE WHEN t.last_at < now() - interval '1 hour' THEN 1 ELSE t.fails + 1 END, last_at = clock_timestamp()
$$;

-- Who has to wait before a password may be compared (S-03), as three counters and one more:
--   login         one account, tried from anywhere
--   login-from    one network
--   login-studio  all of a business, in this hour of the clock and the one before: many accounts, tried from many networks (T05)
--   login-device  one account, tried in a browser that she has logged in with before
-- In a browser that is known to the account only the last one counts: nobody elsewhere can lock her out, however hard she tries.
-- known: staff id of the account when the browser is known to it, or NULL. Internal.
CREATE OR REPLACE FUNCTION sec.login_counters(address text, ip inet, known uuid) RETURNS TABLE (key bytea, free int)
LANGUAGE sql STABLE
AS $$
    SELECT sec.throttle_key('login-device', app.tenant() || '|' || known), 5 WHERE known IS NOT NULL
    UNION ALL
    SELECT v.key, v.free
    FROM (VALUES (sec.throttle_key('login', app.tenant() || '|' || address), 5),
                 (sec.throttle_key('login-from', sec.throttle_net(ip)), 20)) AS v (key, free)
    WHERE known IS NULL
$$;
-- So many failures of strangers a business bears in two hours of the clock before all strangers wait. With the waits between, the most that
-- can be tried within any hour is seven more: 27 of T05's 30,000.
CREATE OR REPLACE FUNCTION sec.login_studio_free() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 20 $$;
CREATE OR REPLACE FUNCTION sec.login_studio_key(at timestamptz) RETURNS bytea
LANGUAGE sql STABLE
AS $$ SELECT sec.throttle_key('login-studio', app.tenant() || '|' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')) $$;
-- As sec.throttle_wait, over both hours.
CREATE OR REPLACE FUNCTION sec.login_studio_wait() RETURNS int
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN t.fails < sec.login_studio_free() THEN 0
                ELSE greatest(0, ceil(least(900, 30 * 2 ^ least(t.fails - sec.login_studio_free(), 10)) - extract(epoch FROM clock_timestamp() - t.last_at)))::int END
    FROM (SELECT coalesce(sum(o.fails), 0)::int AS fails, max(o.last_at) AS last_at
          FROM sec.throttle o WHERE o.key IN (sec.login_studio_key(now()), sec.login_studio_key(now() - interval '1 hour'))) t
$$;

CREATE OR REPLACE FUNCTION sec.login_wait(address text, ip inet, known uuid) RETURNS int
LANGUAGE sql STABLE
AS $$
    SELECT greatest(max(sec.throttle_wait(c.key, c.free)), CASE WHEN known IS NULL THEN sec.login_studio_wait() END)
    FROM sec.login_counters(address, ip, known) c
$$;

-- The account of an address when the browser with this cookie is known to it.
CREATE OR REPLACE FUNCTION sec.login_known(address text, device bytea) RETURNS uuid
LANGUAGE sql STABLE
AS $$
    SELECT f.id FROM app.staff f
    WHERE f.tenant_id = app.tenant() AND f.email_norm = address COLLATE "C" AND f.is_active AND sec.device_known(f.id, device)
$$;

-- First half of a log-in. Always exactly one row: an unknown address has staff_id NULL and phc '' (the program then spends
-- the same time on a password that cannot be right). wait_seconds > 0: do not try now, whoever it is. device: the browser's cookie,
-- raw, or NULL.
CREATE OR REPLACE FUNCTION sec.login_lookup(host text, email text, ip inet, device bytea DEFAULT NULL) RETURNS TABLE (staff_id uuid, phc text, wait_seconds int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here record;
    address text := lower(btrim(coalesce(email, '')));
BEGIN
    here := sec.enter_host(host, 'visitor', 'login', ip, NULL, NULL);
    wait_seconds := sec.login_wait(address, ip, sec.login_known(address, device));
    SELECT f.id, c.phc INTO staff_id, phc
    FROM app.staff f
    JOIN sec.credential c ON c.tenant_id = f.tenant_id AND c.staff_id = f.id
    WHERE f.tenant_id = here.tenant AND f.email_norm = address COLLATE "C" AND f.is_active AND NOT here.is_apex
      AND sec.local_allowed(f.id);
    IF wait_seconds > 0 OR NOT FOUND THEN
        staff_id := NULL;
        phc := '';
    END IF;
    RETURN NEXT;
END $$;

-- A new session of somebody who has proven who she is, and the row that says so. new_token: raw bytes. Internal: every way in ends here.
CREATE OR REPLACE FUNCTION sec.session_new(staff uuid, how text, new_token bytea, ip inet, agent text) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    made uuid;
BEGIN
    -- Whoever is here for support has that one way in, and nobody else has it.
    IF (how = 'support') <> (SELECT f.is_support FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = staff) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    -- Where the business leaves that to its provider, no other way in ends well, whatever it has checked.
    IF how NOT IN ('sso', 'support') AND NOT sec.local_allowed(staff) THEN
        RAISE EXCEPTION 'by single sign-on only' USING ERRCODE = 'FY403';
    END IF;
    -- At most five sessions: the oldest give way.
    UPDATE sec.session e SET revoked_at = now()
    WHERE e.tenant_id = app.tenant() AND e.id IN (
        SELECT o.id FROM sec.session o
        WHERE o.tenant_id = app.tenant() AND o.staff_id = staff AND o.revoked_at IS NULL AND o.absolute_until > now()
        ORDER BY o.created_at DESC OFFSET 4);
    INSERT INTO sec.session (tenant_id, staff_id, token_hash, absolute_until, ip, agent, how)
    SELECT t.id, staff, sha256(new_token), now() + make_interval(hours => t.absolute_hours), ip, left(agent, 300), how
    FROM app.tenant t WHERE t.id = app.tenant()
    RETURNING id INTO made;
    PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', staff::text, true),
        set_config('foyer.session_id', made::text, true);
    PERFORM sec.note('login', 'ok', how, '{}', 'session', made);
    RETURN made;
END $$;

-- Second half: what the comparison said. One row always; session_id and ticket_id NULL when it failed. Who has a second factor
-- gets a ticket for the second stage (sql/lib/025_second_factor.sql) and no session. A failure is counted and noted, so
-- the transaction must be committed either way. new_token: raw bytes of the session's, or ticket's, token. new_phc: a stronger hash, or NULL.
CREATE OR REPLACE FUNCTION sec.login_done(host text, email text, staff_id uuid, is_right boolean, new_token bytea, new_phc text, ip inet, agent text, request_id uuid,
                                          device bytea DEFAULT NULL)
RETURNS TABLE (session_id uuid, actor_name text, wait_seconds int, ticket_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here record;
    who record;
    address text := lower(btrim(coalesce(email, '')));
    known uuid;
BEGIN
    here := sec.enter_host(host, 'visitor', 'login', ip, agent, request_id);
    known := sec.login_known(address, device);
    IF known IS NULL THEN
        -- One after the other, so that of many that were compared at the same moment none counts that came too late.
        PERFORM pg_advisory_xact_lock(hashtextextended('login-studio|' || here.tenant, 0));
    END IF;
    wait_seconds := sec.login_wait(address, ip, known);
    SELECT f.id, f.name, f.has_mfa INTO who FROM app.staff f
    WHERE f.tenant_id = here.tenant AND f.id = login_done.staff_id AND f.is_active
      AND f.email_norm = address COLLATE "C" AND NOT here.is_apex;
    IF NOT FOUND OR is_right IS NOT TRUE OR wait_seconds > 0 OR coalesce(length(new_token), 0) < 16 THEN
        IF wait_seconds = 0 THEN
            wait_seconds := sec.login_failed(address, ip, known);
        END IF;
        PERFORM sec.note('login', 'failed', CASE WHEN wait_seconds > 0 THEN 'throttled' ELSE 'wrong' END, '{}', 'staff', who.id);
        RETURN NEXT;
        RETURN;
    END IF;
    DELETE FROM sec.throttle t
    WHERE t.key IN (sec.throttle_key('login', here.tenant || '|' || address), sec.throttle_key('login-device', here.tenant || '|' || known));
    IF new_phc IS NOT NULL THEN
        UPDATE sec.credential c SET phc = new_phc WHERE c.tenant_id = here.tenant AND c.staff_id = who.id;
    END IF;
    actor_name := who.name;
    IF who.has_mfa THEN
        ticket_id := sec.ticket_new(who.id, new_token);
        PERFORM sec.note('login.password', 'ok', NULL, '{}', 'staff', who.id);
    ELSE
        session_id := sec.session_new(who.id, 'password', new_token, ip, agent);
    END IF;
    RETURN NEXT;
END $$;

-- Counts a failed log-in; how long to wait now. While strangers have to wait, the owners are written to, once an hour. Internal.
CREATE OR REPLACE FUNCTION sec.login_failed(address text, ip inet, known uuid) RETURNS int
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.throttle_fail(c.key) FROM sec.login_counters(address, ip, known) c;
    IF known IS NULL THEN
        PERFORM sec.throttle_fail(sec.login_studio_key(now()));
        IF sec.login_studio_wait() > 0 THEN
            INSERT INTO app.job (kind, subject_id, dedupe_key)
            VALUES ('account.flood', app.tenant(), 'flood-' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24'))
            ON CONFLICT DO NOTHING;
            IF FOUND THEN
                PERFORM sec.note('login.flood', 'ok', NULL, '{}', NULL, NULL);
            END IF;
        END IF;
    END IF;
    RETURN sec.login_wait(address, ip, known);
END $$;

-- Ends the session of this transaction (begin_staff came first).
CREATE OR REPLACE FUNCTION sec.logout() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mine uuid := nullif(current_setting('foyer.session_id', true), '')::uuid;
BEGIN
    UPDATE sec.session e SET revoked_at = now() WHERE e.tenant_id = app.tenant() AND e.id = mine AND e.revoked_at IS NULL;
    PERFORM sec.note('logout', 'ok', NULL, '{}', 'session', mine);
END $$;

-- A member of staff gets a password; what the one before had opened ends. For the operator's command.
CREATE OR REPLACE FUNCTION sec.password_set(staff uuid, phc text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM sec.password_change(staff, phc, NULL);
    PERFORM sec.note('password.set', 'ok', NULL, '{}', 'staff', staff);
END $$;

-- A mail to a person of the staff about her account, or to whom she invites (staff NULL), and the job that sends it. body_sealed: under
-- the business's key. The same dedupe_key twice is an error.
CREATE OR REPLACE FUNCTION sec.staff_mail(message_id uuid, kind text, staff uuid, to_address text, subject text, body_sealed bytea, dedupe_key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF kind IS NULL OR NOT starts_with(kind, 'account_') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    INSERT INTO app.message (id, kind, channel, to_address, to_staff, subject, body_sealed, dedupe_key)
    VALUES (message_id, kind, 'email', to_address, staff, subject, body_sealed, dedupe_key);
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('message.send', message_id, dedupe_key);
END $$;

-- Counts something that anybody may do but not without end, by address: FY429 after `free` times in an hour, for a while
-- that doubles.
CREATE OR REPLACE FUNCTION sec.count_try(kind text, ip inet, free int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    by_address bytea := sec.throttle_key('try-' || kind, sec.throttle_net(ip));
BEGIN
    IF sec.throttle_wait(by_address, free) > 0 THEN
        RAISE EXCEPTION 'too many tries' USING ERRCODE = 'FY429';
    END IF;
    PERFORM sec.throttle_fail(by_address);
END $$;
REVOKE ALL ON FUNCTION sec.count_try(text, inet, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.count_try(text, inet, int) TO foyer_public, foyer_slow;

-- A new link for a client. token: raw bytes, kept as a hash only. Who may: staff that may send or book, the client herself
-- (a visitor who has just booked included), a job. guardian_id: it goes to a guardian of hers, whose date of birth opens it.
DROP FUNCTION IF EXISTS sec.link_new(uuid, text, uuid, uuid, bytea, text, timestamptz);
CREATE OR REPLACE FUNCTION sec.link_new(link_id uuid, purpose text, client_id uuid, appointment_id uuid, token bytea, second_factor text, expires_at timestamptz,
    guardian_id uuid DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    factor text := coalesce(nullif(second_factor, ''), 'birth_date');
BEGIN
    IF NOT (CASE app.actor_kind()
            WHEN 'staff' THEN app.may('message_write') OR app.may('booking_write')
                              OR app.reaches('message_write', client_id) OR app.reaches('booking_write', client_id)
            WHEN 'job' THEN true
            ELSE client_id = app.own_client() END) IS TRUE THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF coalesce(length(token), 0) < 32 THEN
        RAISE EXCEPTION 'a token has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    INSERT INTO app.link (id, purpose, client_id, appointment_id, token_hash, second_factor, expires_at, guardian_id)
    VALUES (coalesce(link_id, gen_random_uuid()), purpose, client_id, appointment_id, sha256(token), factor,
            least(coalesce(expires_at, now() + interval '14 days'), now() + interval '190 days'), guardian_id)
    RETURNING id INTO link_id;
    RETURN link_id;
END $$;

-- The link of a token, for the address in a message: FY410 when it is over. Uses nothing up. NULL: there is none like it, which is counted by
-- address (so the transaction must be committed); after a hundred in an hour FY429 for a while, also for one that would be right.
DROP FUNCTION IF EXISTS sec.link_find(bytea);
CREATE OR REPLACE FUNCTION sec.link_find(token bytea, ip inet) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    l record;
BEGIN
    IF sec.throttle_wait(sec.throttle_key('try-link', sec.throttle_net(ip)), 100) > 0 THEN
        RAISE EXCEPTION 'too many tries' USING ERRCODE = 'FY429';
    END IF;
    SELECT k.id, k.revoked_at IS NULL AND k.locked_at IS NULL AND k.expires_at > now() AND k.uses_left IS DISTINCT FROM 0 AS is_open INTO l
    FROM app.link k
    WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(token);
    IF NOT FOUND THEN
        PERFORM sec.count_try('link', ip, 100);
        RETURN NULL;
    ELSIF NOT l.is_open THEN
        RAISE EXCEPTION 'link is over' USING ERRCODE = 'FY410';
    END IF;
    RETURN l.id;
END $$;

-- A way in by a link whose holder has proven herself, for two hours. Internal.
CREATE OR REPLACE FUNCTION sec.link_session_new(link_id uuid, new_token bytea) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    session_id uuid;
BEGIN
    IF coalesce(length(new_token), 0) < 32 THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    INSERT INTO sec.link_session (tenant_id, link_id, token_hash, expires_at, ip, agent)
    VALUES (app.tenant(), link_id, sha256(new_token), now() + interval '2 hours',
            nullif(current_setting('foyer.ip', true), '')::inet, nullif(current_setting('foyer.agent', true), ''))
    RETURNING id INTO session_id;
    RETURN session_id;
END $$;

-- A visitor who has just booked is let in by the link made in this very transaction: she need not prove what she has typed.
CREATE OR REPLACE FUNCTION sec.link_open(link_id uuid, new_token bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF NOT EXISTS (SELECT FROM app.link k WHERE k.tenant_id = app.tenant() AND k.id = link_id
                   AND k.made_in = pg_current_xact_id() AND k.client_id = app.own_client()) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN sec.link_session_new(link_id, new_token);
END $$;

-- The same form again, because its first answer was lost on the way: whoever knows the form's key made the booking, and is let
-- in once more by the link that was made with it (both have the time of that transaction). NULL after a quarter of an hour.
CREATE OR REPLACE FUNCTION sec.link_open_again(key text, link_id uuid, new_token bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    RETURN (
        SELECT sec.link_session_new(k.id, new_token)
        FROM app.idem i
        JOIN app.link k ON k.tenant_id = i.tenant_id AND k.created_at = i.at
        WHERE i.tenant_id = app.tenant() AND i.key = key AND i.at > now() - interval '15 minutes'
          AND k.id = link_id AND i.location = '/v/' || link_id || '/booked'
          AND k.revoked_at IS NULL AND k.locked_at IS NULL);
END $$;

-- The second factor of a link. One row always, never an error about the answer itself, for the count must stay:
-- is_ok, tries_left (5 in all), is_over (expired, withdrawn or locked), wait_seconds (too many from this address).
-- When ok, a session with new_token is made, which begin_link takes as proven.
CREATE OR REPLACE FUNCTION sec.link_prove(host text, link_id uuid, token bytea, birth_date date, new_token bytea, ip inet, agent text, request_id uuid)
RETURNS TABLE (is_ok boolean, tries_left int, is_over boolean, wait_seconds int, session_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    here record;
    l record;
    by_address bytea := sec.throttle_key('link-from', sec.throttle_net(ip));
BEGIN
    is_ok := false;
    tries_left := 0;
    is_over := true;
    here := sec.enter_host(host, 'visitor', 'link.prove', ip, agent, request_id);
    wait_seconds := sec.throttle_wait(by_address, 20);
    SELECT k.id, k.client_id, k.second_factor, k.failures, k.token_hash = sha256(token) AS is_own_token,
           k.revoked_at IS NOT NULL OR k.locked_at IS NOT NULL OR k.expires_at <= now() OR coalesce(k.uses_left = 0, false) AS is_over,
           CASE WHEN k.guardian_id IS NULL THEN (SELECT c.birth_date FROM app.client c WHERE c.tenant_id = here.tenant AND c.id = k.client_id)
                ELSE (SELECT g.birth_date FROM app.guardians_of(k.client_id) g WHERE g.guardian_id = k.guardian_id) END AS born
    INTO l
    FROM app.link k WHERE k.tenant_id = here.tenant AND k.id = link_id
    FOR UPDATE OF k;
    IF NOT FOUND OR NOT l.is_own_token THEN
        IF wait_seconds = 0 THEN
            PERFORM sec.throttle_fail(by_address);
        END IF;
        PERFORM sec.note('link.prove', 'failed', 'no such link', '{}', NULL, NULL);
        RETURN NEXT;
        RETURN;
    END IF;
    PERFORM set_config('foyer.link_id', l.id::text, true);
    is_over := l.is_over;
    tries_left := greatest(0, 5 - l.failures);
    IF is_over OR wait_seconds > 0 THEN
        PERFORM sec.note('link.prove', 'failed', CASE WHEN is_over THEN 'over' ELSE 'throttled' END, '{}', 'link', l.id);
        RETURN NEXT;
        RETURN;
    END IF;
    IF l.second_factor = 'none' OR (l.born IS NOT NULL AND l.born = birth_date) THEN
        is_ok := true;
        UPDATE app.link k SET failures = 0 WHERE k.tenant_id = here.tenant AND k.id = l.id AND k.failures > 0;
        session_id := sec.link_session_new(l.id, new_token);
        PERFORM set_config('foyer.actor_kind', 'client', true), set_config('foyer.client_id', l.client_id::text, true);
        PERFORM sec.note('link.prove', 'ok', NULL, ARRAY[l.client_id], 'link', l.id);
    ELSE
        PERFORM sec.throttle_fail(by_address);
        UPDATE app.link k SET failures = k.failures + 1, locked_at = CASE WHEN k.failures + 1 >= 5 THEN now() END
        WHERE k.tenant_id = here.tenant AND k.id = l.id;
        tries_left := greatest(0, tries_left - 1);
        is_over := tries_left = 0;
        PERFORM sec.note('link.prove', 'failed', CASE WHEN is_over THEN 'locked' ELSE 'wrong' END, ARRAY[l.client_id], 'link', l.id);
    END IF;
    RETURN NEXT;
END $$;

-- A new client with her wrapped key. A visitor who makes one stands for this client for the rest of the transaction: she
-- may then book, sign and receive for her, and no one else. (That the business has its agreement is asked by a trigger of app.client.)
DROP FUNCTION IF EXISTS app.client_new(uuid, text, text, text, text, date, date, boolean, bytea);
CREATE OR REPLACE FUNCTION app.client_new(client_id uuid, name text, preferred_name text, email text, phone text, birth_date date, due_date date, is_adult boolean, wrapped_key bytea, language text DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    kind text := app.actor_kind();
BEGIN
    IF app.tenant() IS NULL OR NOT (kind = 'visitor' AND app.own_client() IS NULL OR kind = 'staff' AND app.may_own('client_write')) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF kind = 'visitor' AND is_adult IS NOT TRUE THEN
        RAISE EXCEPTION 'Please confirm that you are an adult.' USING ERRCODE = 'FY422', COLUMN = 'is_adult';
    END IF;
    INSERT INTO app.client (id, name, preferred_name, email, phone, birth_date, due_date, adult_attested_at, source, preferred_language)
    VALUES (client_id, btrim(name), nullif(btrim(preferred_name), ''), nullif(btrim(email), ''), nullif(phone, ''), birth_date, due_date,
            CASE WHEN is_adult THEN now() END, CASE kind WHEN 'visitor' THEN 'online' ELSE 'staff' END, nullif(language, ''));
    INSERT INTO app.client_key (client_id, wrapped_key) VALUES (client_id, wrapped_key);
    IF kind = 'visitor' THEN
        PERFORM set_config('foyer.client_id', client_id::text, true);
    END IF;
    RETURN client_id;
END $$;

-- A form's key: true when this is the first time. The same key with the same body gives the place where the first one went.
CREATE OR REPLACE FUNCTION app.idem_take(key text, body_sha bytea, route text) RETURNS TABLE (is_new boolean, location text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    was record;
BEGIN
    INSERT INTO app.idem (key, body_sha, route) VALUES (key, body_sha, route) ON CONFLICT ON CONSTRAINT idem_pkey DO NOTHING;
    is_new := FOUND;
    IF NOT is_new THEN
        SELECT i.body_sha, i.route, i.location INTO was FROM app.idem i WHERE i.tenant_id = app.tenant() AND i.key = key;
        IF was.body_sha IS DISTINCT FROM body_sha OR was.route IS DISTINCT FROM route THEN
            RAISE EXCEPTION 'This form was already sent with other content. Open it again to send something new.'
                USING ERRCODE = 'FY422', COLUMN = 'idem';
        END IF;
        location := was.location;
    END IF;
    RETURN NEXT;
END $$;

-- Where the first one went; in the same transaction as idem_take.
CREATE OR REPLACE FUNCTION app.idem_done(key text, location text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE app.idem i SET location = location WHERE i.tenant_id = app.tenant() AND i.key = key AND i.location IS NULL AND i.at = now();
END $$;

REVOKE ALL ON FUNCTION app.client_new(uuid, text, text, text, text, date, date, boolean, bytea, text), app.idem_take(text, bytea, text), app.idem_done(text, text) FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.login_lookup(text, text, inet, bytea), sec.login_done(text, text, uuid, boolean, bytea, text, inet, text, uuid, bytea) TO foyer_slow;
GRANT EXECUTE ON FUNCTION sec.logout() TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION sec.staff_mail(uuid, text, uuid, text, text, bytea, text) TO foyer_staff, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION sec.password_set(uuid, text) TO foyer_migrator, foyer_backfill;
GRANT EXECUTE ON FUNCTION sec.link_new(uuid, text, uuid, uuid, bytea, text, timestamptz, uuid) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION sec.link_find(bytea, inet), sec.link_open(uuid, bytea), sec.link_open_again(text, uuid, bytea) TO foyer_public;
GRANT EXECUTE ON FUNCTION sec.link_prove(text, uuid, bytea, date, bytea, inet, text, uuid) TO foyer_public, foyer_slow;
GRANT EXECUTE ON FUNCTION app.client_new(uuid, text, text, text, text, date, date, boolean, bytea, text) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.idem_take(text, bytea, text), app.idem_done(text, text) TO foyer_staff, foyer_public, foyer_slow;
