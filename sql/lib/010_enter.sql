-- 010_enter: the functions with which every request begins. They alone set the context of a transaction (foyer.*, LOCAL),
-- after they have seen for themselves whose request it is. The request's id is the connection's name meanwhile, so that the
-- server's log tells it (log_line_prefix). Owner: foyer_auth, to whom row security applies as to all.
-- Errors: FY401 no session, FY403 not allowed, FY404 unknown host or link, FY410 link over, FY428 a second factor must be set up
-- first, FY438 she must prove once more who she is, FY503 the business is suspended.

SET LOCAL ROLE foyer_auth;

-- Tenant of a host name: no row for an unknown one.
CREATE OR REPLACE FUNCTION sec.tenant_host(host text) RETURNS TABLE (tenant_id uuid, tenant_slug text, realm_site boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.tenant, s.slug, s.is_apex FROM sec.site s WHERE s.host = tenant_host.host COLLATE "C";
END $$;

-- Enters the tenant of a host: sets the whole context, with nobody in it yet. Internal.
CREATE OR REPLACE FUNCTION sec.enter_host(wanted text, kind text, action text, ip inet, agent text, request_id uuid, OUT tenant uuid, OUT is_apex boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    closed boolean;
BEGIN
    SELECT s.tenant, s.is_apex, s.is_suspended INTO tenant, is_apex, closed FROM sec.site s WHERE s.host = wanted COLLATE "C";
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such host' USING ERRCODE = 'FY404';
    END IF;
    IF closed THEN
        RAISE EXCEPTION 'the business is suspended' USING ERRCODE = 'FY503';
    END IF;
    -- One person in one transaction: who entered before, if anybody, leaves nothing behind.
    IF current_setting('foyer.tenant_id', true) <> '' THEN
        PERFORM set_config('foyer.actor', '', true),
            set_config('foyer.perms', '', true),
            set_config('foyer.client_id', '', true),
            set_config('foyer.link_id', '', true),
            set_config('foyer.session_id', '', true);
    END IF;
    PERFORM set_config('foyer.tenant_id', tenant::text, true),
        set_config('foyer.actor_kind', kind, true),
        set_config('foyer.action', coalesce(action, ''), true),
        set_config('foyer.ip', coalesce(host(ip), ''), true),
        set_config('foyer.agent', coalesce(left(agent, 300), ''), true),
        set_config('foyer.request_id', coalesce(request_id::text, ''), true),
        set_config('application_name', coalesce(request_id::text, ''), true);
END $$;

-- A member of staff: her session's token, and the permission that the page asks for ('' or 'none': any session).
-- It runs before every page, so it is flat: two look-ups by index, no other function. quiet: her page asks by itself (for what
-- colleagues have changed), so it is no sign of her: the session ends as if nothing had been asked.
DROP FUNCTION IF EXISTS sec.begin_staff(text, bytea, text, text, inet, text, uuid);
CREATE OR REPLACE FUNCTION sec.begin_staff(host text, token bytea, perm text, action text, ip inet, agent text, request_id uuid,
    quiet boolean DEFAULT false)
RETURNS sec.entered
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    tenant uuid;
    closed boolean;
    s record;
    done text;
BEGIN
    SELECT w.tenant, w.is_suspended INTO tenant, closed FROM sec.site w WHERE w.host = host COLLATE "C" AND NOT w.is_apex;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no session' USING ERRCODE = CASE WHEN EXISTS (SELECT FROM sec.site w WHERE w.host = host COLLATE "C") THEN 'FY401' ELSE 'FY404' END;
    END IF;
    IF closed THEN
        RAISE EXCEPTION 'the business is suspended' USING ERRCODE = 'FY503';
    END IF;
    -- Assigned, not performed: an assignment is evaluated without starting a query. Who entered before in this transaction,
    -- if anybody, leaves nothing behind.
    IF app.tenant() IS NOT NULL THEN
        done := set_config('foyer.perms', '', true);
        done := set_config('foyer.client_id', '', true);
        done := set_config('foyer.link_id', '', true);
    END IF;
    done := set_config('foyer.tenant_id', tenant::text, true);
    done := set_config('foyer.actor_kind', 'staff', true);
    done := set_config('foyer.action', coalesce(action, ''), true);
    done := set_config('foyer.ip', coalesce(host(ip), ''), true);
    done := set_config('foyer.agent', coalesce(left(agent, 300), ''), true);
    done := set_config('foyer.request_id', coalesce(request_id::text, ''), true);
    done := set_config('application_name', coalesce(request_id::text, ''), true);
    SELECT e.id, e.last_seen_at, f.id AS staff_id, f.name AS staff_name, f.role_names, f.perms,
           f.needs_mfa AND NOT f.has_mfa AND e.how NOT IN ('sso', 'support') AS must_enrol, t.idle_minutes * 60 AS idle_seconds, f.is_support,
           CASE WHEN f.is_support THEN e.absolute_until WHEN t.support_until > now() THEN t.support_until END AT TIME ZONE t.zone AS support_until,
           ceil(extract(epoch FROM least(e.absolute_until, e.created_at + make_interval(hours => t.absolute_hours)) - now()))::int AS left_seconds,
           t.slug, t.name, t.kind, t.realm, t.accent, t.country, t.locale, t.zone, t.reference_version
    INTO s
    FROM sec.session e
    JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.staff_id
    JOIN app.tenant t ON t.id = tenant
    WHERE e.tenant_id = tenant
      AND e.token_hash = sha256(token)
      AND e.revoked_at IS NULL
      AND e.absolute_until > now()
      AND e.created_at > now() - make_interval(hours => t.absolute_hours)
      AND e.last_seen_at > now() - make_interval(mins => t.idle_minutes)
      AND e.last_seen_at < now() + interval '5 minutes' -- the clock went back: minutes cannot be counted
      AND f.is_active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no session' USING ERRCODE = 'FY401';
    END IF;
    done := set_config('foyer.actor', s.staff_id::text, true);
    done := set_config('foyer.session_id', s.id::text, true);
    done := set_config('foyer.perms', s.perms, true);
    IF s.must_enrol AND perm <> 'self' THEN
        RAISE EXCEPTION 'set up a second factor first' USING ERRCODE = 'FY428';
    END IF;
    -- ",name," or, of narrower reach, ",name@own," and ",name@LOCATION,".
    IF perm NOT IN ('', 'none', 'self') AND strpos(s.perms, ',' || perm || ',') = 0 AND strpos(s.perms, ',' || perm || '@') = 0 THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403', DETAIL = perm;
    END IF;
    -- Written at most once a minute: a page that only reads writes nothing but the trail.
    IF s.last_seen_at < now() - interval '1 minute' AND NOT quiet THEN
        UPDATE sec.session e SET last_seen_at = now() WHERE e.tenant_id = tenant AND e.id = s.id;
    END IF;
    RETURN ROW(tenant, s.slug, s.name, s.kind, s.realm, s.accent, s.country, s.locale, s.zone,
               s.staff_id, s.staff_name, s.role_names, s.id, NULL, NULL, NULL, NULL, false, s.perms, s.reference_version,
               s.idle_seconds, s.must_enrol, s.left_seconds, s.is_support, s.support_until, NULL)::sec.entered;
END $$;

-- For pages that ask for more than a session: whether she proved within the last five minutes who she is (S-07). begin_staff came first.
CREATE OR REPLACE FUNCTION sec.step_up_check() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sec.session e
                   WHERE e.tenant_id = app.tenant() AND e.id = nullif(current_setting('foyer.session_id', true), '')::uuid
                     AND e.proved_at > now() - interval '5 minutes') THEN
        RAISE EXCEPTION 'prove who you are' USING ERRCODE = 'FY438';
    END IF;
END $$;

-- The row of somebody who is not of the staff. Internal.
CREATE OR REPLACE FUNCTION sec.entered_row(tenant uuid, is_apex boolean) RETURNS sec.entered
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    r sec.entered;
BEGIN
    SELECT tenant, t.slug, t.name, t.kind, CASE WHEN is_apex THEN 'site' ELSE t.realm END, CASE WHEN NOT is_apex THEN t.accent END, t.country, t.locale, t.zone,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, '', t.reference_version, NULL, false, NULL, false, NULL, NULL
    INTO r
    FROM app.tenant t WHERE t.id = tenant;
    RETURN r;
END $$;

-- A visitor: she may see what is public of this tenant.
CREATE OR REPLACE FUNCTION sec.begin_public(host text, action text, ip inet, agent text, request_id uuid)
RETURNS sec.entered
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here record;
BEGIN
    here := sec.enter_host(host, 'visitor', action, ip, agent, request_id);
    RETURN sec.entered_row(here.tenant, here.is_apex);
END $$;

-- Somebody with a token link. token: the link's own, or, when proven, that of the session that link_prove made. Only a
-- proven link stands for the client (foyer.client_id); a link without a second factor is proven by its token.
CREATE OR REPLACE FUNCTION sec.begin_link(host text, link_id uuid, token bytea, purpose text, proven boolean, action text, ip inet, agent text, request_id uuid)
RETURNS sec.entered
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    here record;
    l record;
    r sec.entered;
BEGIN
    here := sec.enter_host(host, 'visitor', action, ip, agent, request_id);
    SELECT k.id, k.purpose, k.client_id, k.appointment_id, k.second_factor, k.place, coalesce(k.language, c.preferred_language) AS reader_language,
           k.revoked_at IS NOT NULL OR k.locked_at IS NOT NULL OR k.expires_at <= now() OR coalesce(k.uses_left = 0, false) AS is_over,
           coalesce(k.token_hash = sha256(token), false) AS is_own_token,
           EXISTS (SELECT FROM sec.link_session e
                   WHERE e.tenant_id = here.tenant AND e.token_hash = sha256(token) AND e.link_id = k.id AND e.expires_at > now()) AS is_session
    INTO l
    FROM app.link k
    JOIN app.client c ON c.tenant_id = k.tenant_id AND c.id = k.client_id
    WHERE k.tenant_id = here.tenant AND k.id = link_id AND (coalesce(purpose, '') = '' OR k.purpose = purpose);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such link' USING ERRCODE = 'FY404';
    END IF;
    IF proven AND NOT l.is_session AND NOT (l.is_own_token AND l.second_factor = 'none') THEN
        RAISE EXCEPTION 'not proven' USING ERRCODE = 'FY401';
    END IF;
    -- A browser that has proven itself may come back to the door. One without a cookie, or whose proof has ended meanwhile, is
    -- asked to open its link again; so is who shows the cookie of another link.
    IF NOT proven AND NOT l.is_own_token AND NOT l.is_session THEN
        RAISE EXCEPTION 'not proven' USING ERRCODE = 'FY401';
    END IF;
    IF l.is_over THEN
        RAISE EXCEPTION 'link is over' USING ERRCODE = 'FY410';
    END IF;
    -- The studio's tablet is locked to the forms: the pages that any link of hers opens are not for it.
    IF l.place = 'kiosk' AND proven AND coalesce(purpose, '') = '' THEN
        RAISE EXCEPTION 'no such link' USING ERRCODE = 'FY404';
    END IF;
    -- On the studio's tablet ten minutes without a request end it.
    IF l.place = 'kiosk' AND l.is_session THEN
        UPDATE sec.link_session e SET expires_at = now() + interval '10 minutes'
        WHERE e.tenant_id = here.tenant AND e.token_hash = sha256(token) AND e.expires_at < now() + interval '9 minutes';
    END IF;
    r := sec.entered_row(here.tenant, here.is_apex);
    r.link_id := l.id;
    r.link_purpose := l.purpose;
    r.link_subject := l.appointment_id;
    r.reader_language := l.reader_language;
    r.is_proven := l.is_session OR (l.is_own_token AND l.second_factor = 'none');
    PERFORM set_config('foyer.link_id', l.id::text, true);
    IF r.is_proven THEN
        r.client_id := l.client_id;
        PERFORM set_config('foyer.actor_kind', 'client', true), set_config('foyer.client_id', l.client_id::text, true);
    END IF;
    RETURN r;
END $$;

-- A job of one tenant. There must be a job of hers in work: sec.job_claim leases it.
CREATE OR REPLACE FUNCTION sec.begin_job(tenant uuid, action text, request_id uuid)
RETURNS sec.entered
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    slug text;
BEGIN
    IF NOT EXISTS (SELECT FROM app.job j WHERE j.tenant_id = tenant AND j.state = 'running' AND j.lease_until > now()) THEN
        RAISE EXCEPTION 'no job of this tenant is in work' USING ERRCODE = 'FY403';
    END IF;
    PERFORM sec.enter_tenant(tenant, 'job', action, request_id);
    RETURN sec.entered_row(tenant, false);
END $$;

-- Enters a tenant by id. Internal; for operators' commands see sec.enter_slug.
CREATE OR REPLACE FUNCTION sec.enter_tenant(tenant uuid, kind text, action text, request_id uuid) RETURNS void
LANGUAGE sql
AS $$
    SELECT set_config('foyer.tenant_id', tenant::text, true),
        set_config('foyer.actor_kind', kind, true),
        set_config('foyer.actor', '', true),
        set_config('foyer.perms', '', true),
        set_config('foyer.client_id', '', true),
        set_config('foyer.link_id', '', true),
        set_config('foyer.session_id', '', true),
        set_config('foyer.action', coalesce(action, ''), true),
        set_config('foyer.ip', '', true),
        set_config('foyer.agent', '', true),
        set_config('foyer.request_id', coalesce(request_id::text, ''), true),
        set_config('application_name', coalesce(request_id::text, ''), true)
$$;

-- For the operator's command line, which connects as foyer_migrator: enters a tenant for this transaction.
CREATE OR REPLACE FUNCTION sec.enter_slug(wanted text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid;
BEGIN
    SELECT s.tenant INTO tenant FROM sec.site s WHERE s.slug = wanted COLLATE "C" AND NOT s.is_apex;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no tenant is called %', wanted USING ERRCODE = 'FY404';
    END IF;
    PERFORM sec.enter_tenant(tenant, 'system', 'operator.command', NULL);
    RETURN tenant;
END $$;

-- Whose session a token was, also when it is over: for a form that comes too late and is given back to whoever typed it. It opens nothing.
CREATE OR REPLACE FUNCTION sec.session_was(host text, token bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    tenant uuid := (SELECT w.tenant FROM sec.site w WHERE w.host = host COLLATE "C" AND NOT w.is_apex AND NOT w.is_suspended);
    staff uuid;
    before text := current_setting('foyer.tenant_id', true);
BEGIN
    PERFORM set_config('foyer.tenant_id', tenant::text, true);
    SELECT f.id INTO staff FROM sec.session e JOIN app.staff f ON f.tenant_id = e.tenant_id AND f.id = e.staff_id AND f.is_active AND NOT f.is_support
    WHERE e.tenant_id = tenant AND e.token_hash = sha256(token);
    PERFORM set_config('foyer.tenant_id', coalesce(before, ''), true);
    RETURN staff;
END $$;

-- Writes down that a request was refused; in a transaction of its own, for the refused one left nothing behind.
-- token: of the session, if one came with the request.
CREATE OR REPLACE FUNCTION sec.refused(host text, token bytea, action text, outcome text, ip inet, agent text, request_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here record;
    s record;
BEGIN
    IF NOT EXISTS (SELECT FROM sec.site w WHERE w.host = refused.host COLLATE "C") THEN
        RETURN;  -- nobody's host: nobody's trail
    END IF;
    here := sec.enter_host(host, 'visitor', action, ip, agent, request_id);
    SELECT e.id, e.staff_id INTO s
    FROM sec.session e
    WHERE e.tenant_id = here.tenant AND e.token_hash = sha256(token) AND e.revoked_at IS NULL AND e.absolute_until > now();
    IF FOUND THEN
        PERFORM set_config('foyer.actor_kind', 'staff', true), set_config('foyer.actor', s.staff_id::text, true),
            set_config('foyer.session_id', s.id::text, true);
    END IF;
    PERFORM sec.note(action, 'refused', outcome, '{}', NULL, NULL);
END $$;

-- Writes one row of the trail from the context. Internal.
CREATE OR REPLACE FUNCTION sec.note(action text, outcome text, reason text, clients uuid[], object_kind text, object_id uuid) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO audit.event (tenant_id, actor_kind, actor_id, session_id, link_id, ip, agent, action, object_kind, object_id,
                             client_ids, outcome, reason, request_id)
    VALUES (app.tenant(), app.actor_kind(), app.actor(),
            nullif(current_setting('foyer.session_id', true), '')::uuid, nullif(current_setting('foyer.link_id', true), '')::uuid,
            nullif(current_setting('foyer.ip', true), '')::inet, nullif(current_setting('foyer.agent', true), ''),
            action, object_kind, object_id, clients, outcome, reason,
            nullif(current_setting('foyer.request_id', true), '')::uuid);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.begin_staff(text, bytea, text, text, inet, text, uuid, boolean) TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION sec.session_was(text, bytea) TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION sec.step_up_check() TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION sec.begin_public(text, text, inet, text, uuid) TO foyer_public, foyer_slow, foyer_staff;
-- She picks a language on a page of the link that this transaction began with; it holds for all pages of that link.
CREATE OR REPLACE FUNCTION sec.link_language(language text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE app.link k SET language = link_language.language
    WHERE k.tenant_id = app.tenant() AND k.id = nullif(current_setting('foyer.link_id', true), '')::uuid
      AND k.language IS DISTINCT FROM link_language.language;
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION sec.link_language(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.link_language(text) TO foyer_public;

GRANT EXECUTE ON FUNCTION sec.begin_link(text, uuid, bytea, text, boolean, text, inet, text, uuid) TO foyer_public, foyer_slow;
GRANT EXECUTE ON FUNCTION sec.begin_job(uuid, text, uuid) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION sec.tenant_host(text) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION sec.refused(text, bytea, text, text, inet, text, uuid) TO foyer_staff, foyer_public, foyer_slow;
GRANT EXECUTE ON FUNCTION sec.enter_slug(text) TO foyer_migrator, foyer_backfill;
