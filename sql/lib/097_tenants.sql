-- 097_tenants: the businesses as their operator sees them: facts and counts, nothing of any client. Owner: foyer_tenants, to whom no
-- policy applies and who has no right on anything of a client's; each function asks who calls it.

SET LOCAL ROLE foyer_owner;

-- Whether the actor is of the operator's own staff and holds the permission: a role of a studio may be given any name of a
-- permission, but is none of the operator's by it.
CREATE OR REPLACE FUNCTION app.is_operator(permission text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.actor_kind() = 'staff' AND app.may(permission) AND EXISTS (SELECT FROM app.tenant t WHERE t.id = app.tenant() AND t.realm = 'operator')
$$;

-- How a grant stands now: asked, lapsed (nobody answered for a week), open, over (its hours went by), refused, ended.
CREATE OR REPLACE FUNCTION app.support_state(state text, asked_at timestamptz, ends_at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN state = 'asked' AND asked_at < now() - interval '7 days' THEN 'lapsed'
                WHEN state = 'approved' AND ends_at > now() THEN 'open'
                WHEN state = 'approved' THEN 'over'
                ELSE state END
$$;

CREATE OR REPLACE FUNCTION app.support_state_words(state text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE state WHEN 'asked' THEN 'waiting' WHEN 'lapsed' THEN 'lapsed' WHEN 'open' THEN 'open'
                      WHEN 'over' THEN 'over' WHEN 'refused' THEN 'refused' ELSE 'ended' END
$$;

-- What a grant lets its holder see, in words.
CREATE OR REPLACE FUNCTION app.support_sees_words(permissions text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT regexp_replace(string_agg(w.words, ', ' ORDER BY w.n), ', ([^,]*)$', ' and \1')
    FROM (VALUES (1, 'calendar_read', 'the calendar'), (2, 'client_read', 'clients without their contact details'), (3, 'chart_read', 'charts'), (4, 'audit_read', 'the audit trail')) AS w (n, name, words)
    WHERE w.name = ANY (permissions)
$$;

REVOKE ALL ON FUNCTION app.is_operator(text), app.support_state(text, timestamptz, timestamptz), app.support_state_words(text), app.support_sees_words(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_operator(text) TO foyer_tenants, foyer_auth, foyer_staff;
GRANT EXECUTE ON FUNCTION app.support_state(text, timestamptz, timestamptz), app.support_state_words(text), app.support_sees_words(text[]) TO foyer_tenants, foyer_auth, foyer_staff, foyer_slow;

SET LOCAL ROLE foyer_tenants;

-- One business by its slug, or all (NULL). sealing_lag: seconds since the sealer last came round, or since this one's tree stands still.
CREATE OR REPLACE FUNCTION app.businesses(wanted text, lim int, off int)
RETURNS TABLE (slug text, name text, kind text, country text, zone text, plan text, created_at timestamptz, suspended_at timestamptz, suspended_why text,
    people bigint, locations bigint, messages_today int, messages_per_day int, last_active_at timestamptz,
    sealing_lag bigint, is_stopped boolean, jobs_dead bigint, messages_held bigint, messages_failed bigint, support_waits boolean, support_until timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.is_operator('tenant_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN QUERY
    SELECT t.slug, t.name, t.kind, t.country, t.zone, t.plan, t.created_at, t.suspended_at, t.suspended_why,
           (SELECT count(*) FROM app.staff f WHERE f.tenant_id = t.id AND f.is_active AND NOT f.is_support),
           (SELECT count(*) FROM app.location l WHERE l.tenant_id = t.id AND l.is_active),
           coalesce((SELECT d.n FROM app.message_day d WHERE d.tenant_id = t.id AND d.day = (now() AT TIME ZONE t.zone)::date), 0),
           t.messages_per_day,
           (SELECT max(e.last_seen_at) FROM sec.session e WHERE e.tenant_id = t.id AND e.how <> 'support'),
           greatest(0, extract(epoch FROM clock_timestamp() - coalesce(s.since, w.sealed_at)))::bigint, s.since IS NOT NULL,
           (SELECT count(*) FROM app.job j WHERE j.tenant_id = t.id AND j.state = 'dead'),
           (SELECT count(*) FROM app.message m WHERE m.tenant_id = t.id AND m.state = 'queued' AND m.problem = 'budget'),
           (SELECT count(*) FROM app.message m WHERE m.tenant_id = t.id AND m.created_at > now() - interval '7 days' AND m.state IN ('failed', 'unknown')),
           EXISTS (SELECT FROM app.support_grant g WHERE g.tenant_id = t.id AND app.support_state(g.state, g.asked_at, g.ends_at) = 'asked'),
           CASE WHEN t.support_until > now() THEN t.support_until END
    FROM app.tenant t
    CROSS JOIN (SELECT max(x.sealed_at) AS sealed_at FROM audit.seal_state x) w
    LEFT JOIN audit.seal_trouble s ON s.tenant_id = t.id
    WHERE t.realm = 'studio' AND (wanted IS NULL OR t.slug = wanted COLLATE "C")
    ORDER BY t.name, t.slug
    LIMIT lim OFFSET off;
END $$;

-- Who owns a business: an operator must be able to reach them.
CREATE OR REPLACE FUNCTION app.business_owners(wanted text) RETURNS TABLE (name text, email text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.is_operator('tenant_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN QUERY
    SELECT f.name, f.email
    FROM app.tenant t
    JOIN app.role r ON r.tenant_id = t.id AND r.slug = 'owner'
    JOIN app.staff_role q ON q.tenant_id = t.id AND q.role_id = r.id AND q.location_id IS NULL
    JOIN app.staff f ON f.tenant_id = t.id AND f.id = q.staff_id AND f.is_active
    WHERE t.realm = 'studio' AND t.slug = wanted COLLATE "C"
    ORDER BY f.name;
END $$;

-- What support was asked for at a business, the newest first.
CREATE OR REPLACE FUNCTION app.business_support(wanted text)
RETURNS TABLE (id uuid, asked_by uuid, asked_name text, reason text, hours int, permissions text[], state text, asked_at timestamptz, decided_at timestamptz,
    ends_at timestamptz, entered_at timestamptz, ended_at timestamptz, ended_by text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.is_operator('tenant_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN QUERY
    SELECT g.id, g.asked_by, g.asked_name, g.reason, g.hours, g.permissions, app.support_state(g.state, g.asked_at, g.ends_at), g.asked_at, g.decided_at,
           g.ends_at, g.entered_at, g.ended_at, g.ended_by
    FROM app.tenant t
    JOIN app.support_grant g ON g.tenant_id = t.id
    WHERE t.realm = 'studio' AND t.slug = wanted COLLATE "C"
    ORDER BY g.asked_at DESC
    LIMIT 50;
END $$;

REVOKE ALL ON FUNCTION app.businesses(text, int, int), app.business_owners(text), app.business_support(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.businesses(text, int, int), app.business_owners(text), app.business_support(text) TO foyer_staff;
RESET ROLE;
