-- 065_review: what is unusual in a week of the trail (R-04, A-15), and who has looked at that. Owner: foyer_audit_reader, to whom
-- no policy applies; so each function names the tenant itself.

SET LOCAL ROLE foyer_audit_reader;

-- What is always a finding, however often it happens; NULL: not by itself. Internal.
DROP FUNCTION IF EXISTS audit.review_kind(text, text);
CREATE OR REPLACE FUNCTION audit.review_kind(action text, object_kind text, reason text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN action = 'emergency.open' OR (object_kind = 'emergency' AND action NOT LIKE 'emergency.%') THEN 'emergency'
                WHEN action ~ '(^|[._])export(\.|$)' AND action !~ '\.(read|list)$' THEN 'export'
                WHEN action ~ '^mfa\.reset($|_done)' THEN 'factor'
                WHEN action ~ '^role\.' AND action !~ '\.(read|list|review)$' THEN 'rights'
                -- (the words of these two say which roles, when roles were given)
                WHEN (action = 'person.change' AND reason IS NOT NULL) OR (action = 'person.invite' AND reason <> 'again') OR action = 'person.reactivate' THEN 'rights' END
$$;

-- The parts of a surname: of the last word before a comma, without accents. Internal.
CREATE OR REPLACE FUNCTION audit.review_surnames(full_name text) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT ARRAY(SELECT w FROM regexp_split_to_table(app.norm(regexp_replace(btrim(split_part(full_name, ',', 1)), '^.*\s', '')), ' ') AS w WHERE length(w) >= 2)
$$;

-- Everything unusual between two instants. Internal; the same rows always give the same findings.
--   volume   as many clients as the business says opened by one person within an hour (times: how many)
--   hours    outside her own shift of that day, or the opening hours where she has none, by more than two hours; a business without
--            any hours has no such finding
--   surname  a record of somebody of the same surname; watched: of somebody under watch
--   refused  five refusals within an hour; login: five failed log-ins into one account within an hour
--   export emergency rights factor: as above
CREATE OR REPLACE FUNCTION audit.review_find(tenant uuid, from_at timestamptz, to_at timestamptz, zone text)
RETURNS TABLE (kind text, staff_id uuid, day date, client_id uuid, times int, first_event uuid, first_at timestamptz)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH ev AS MATERIALIZED (
        SELECT e.id, e.at, (e.at AT TIME ZONE zone)::date AS day, e.actor_kind, e.actor_id, e.action, e.object_kind, e.object_id, e.client_id, e.reason,
               cardinality(e.client_ids) AS n_clients, e.outcome
        FROM audit.event e
        WHERE e.tenant_id = tenant AND e.at >= from_at AND e.at < to_at
    ), opened AS MATERIALIZED (
        SELECT e.*, count(*) OVER (PARTITION BY e.actor_id ORDER BY e.at RANGE BETWEEN CURRENT ROW AND '1 hour' FOLLOWING) AS in_hour
        FROM ev e WHERE e.actor_kind = 'staff' AND e.outcome = 'ok' AND e.action IN ('client.read', 'chart.read', 'consent.read') AND e.client_id IS NOT NULL
    ), volume AS (
        SELECT o.actor_id, o.day, o.id, o.at, w.n
        FROM opened o
        JOIN app.tenant t ON t.id = tenant AND o.in_hour >= t.review_charts_hour
        CROSS JOIN LATERAL (SELECT count(DISTINCT p.client_id)::int AS n FROM audit.event p
                            WHERE p.tenant_id = tenant AND p.actor_id = o.actor_id AND p.at >= o.at AND p.at < o.at + interval '1 hour' AND p.at < to_at
                              AND p.outcome = 'ok' AND p.action IN ('client.read', 'chart.read', 'consent.read') AND p.client_id IS NOT NULL) AS w
        WHERE w.n >= t.review_charts_hour
    ), days AS (
        SELECT d::date AS day FROM generate_series((from_at AT TIME ZONE zone)::date - 1, (to_at AT TIME ZONE zone)::date + 1, interval '1 day') AS d
    ), shifts AS MATERIALIZED (
        SELECT s.staff_id, s.location_id, d.day, (d.day + s.starts) AT TIME ZONE l.zone AS starts, (d.day + s.ends) AT TIME ZONE l.zone AS ends
        FROM days d
        JOIN app.shift s ON s.tenant_id = tenant AND s.weekday = extract(dow FROM d.day) AND s.valid_from <= d.day AND coalesce(s.valid_to, d.day) >= d.day
        JOIN app.location l ON l.tenant_id = tenant AND l.id = s.location_id
    ), open AS MATERIALIZED (
        SELECT s.location_id, s.day, min(s.starts) AS starts, max(s.ends) AS ends FROM shifts s GROUP BY s.location_id, s.day
    ), late AS (
        SELECT e.* FROM ev e
        WHERE e.actor_kind = 'staff' AND e.outcome = 'ok' AND e.n_clients > 0 AND e.action NOT LIKE 'audit.%' AND EXISTS (SELECT FROM shifts)
          AND NOT EXISTS (SELECT FROM shifts s WHERE s.staff_id = e.actor_id AND e.at >= s.starts - interval '2 hours' AND e.at < s.ends + interval '2 hours')
          AND (EXISTS (SELECT FROM shifts s WHERE s.staff_id = e.actor_id AND s.day = e.day)
               OR NOT EXISTS (SELECT FROM open o WHERE e.at >= o.starts - interval '2 hours' AND e.at < o.ends + interval '2 hours'))
    ), hers AS (
        SELECT e.*, f.name AS staff_name, c.name AS client_name
        FROM ev e
        JOIN app.staff f ON f.tenant_id = tenant AND f.id = e.actor_id
        JOIN app.client c ON c.tenant_id = tenant AND c.id = e.client_id
        WHERE e.actor_kind = 'staff' AND e.outcome = 'ok' AND e.action !~ '^(audit\.|client\.(un)?watch)'
    ), refused AS (
        SELECT e.id, e.at, e.day, CASE WHEN e.action ~ '^login' THEN e.object_id ELSE e.actor_id END AS who, CASE WHEN e.action ~ '^login' THEN 'login' ELSE 'refused' END AS kind
        FROM ev e
        WHERE (e.actor_kind = 'staff' AND e.outcome = 'refused') OR (e.action ~ '^login' AND e.outcome = 'failed' AND e.object_kind = 'staff' AND e.object_id IS NOT NULL)
    ), in_row AS (
        SELECT r.*, count(*) OVER (PARTITION BY r.kind, r.who ORDER BY r.at RANGE BETWEEN CURRENT ROW AND '1 hour' FOLLOWING) AS n FROM refused r
    ), found (kind, staff_id, day, client_id, times, id, at) AS (
        SELECT 'volume', v.actor_id, v.day, NULL::uuid, v.n, v.id, v.at FROM volume v
        UNION ALL SELECT 'hours', l.actor_id, l.day, NULL, NULL, l.id, l.at FROM late l
        UNION ALL SELECT 'surname', h.actor_id, h.day, h.client_id, NULL, h.id, h.at FROM hers h
            WHERE audit.review_surnames(h.staff_name) && audit.review_surnames(h.client_name)
        UNION ALL SELECT 'watched', h.actor_id, h.day, h.client_id, NULL, h.id, h.at FROM hers h
            WHERE EXISTS (SELECT FROM app.client_watch w WHERE w.tenant_id = tenant AND w.client_id = h.client_id)
        UNION ALL SELECT r.kind, r.who, r.day, NULL, r.n::int, r.id, r.at FROM in_row r WHERE r.n >= 5
        UNION ALL SELECT audit.review_kind(e.action, e.object_kind, e.reason), CASE WHEN e.actor_kind = 'staff' THEN e.actor_id END, e.day, NULL, NULL, e.id, e.at
            FROM ev e WHERE e.outcome = 'ok' AND audit.review_kind(e.action, e.object_kind, e.reason) IS NOT NULL
    )
    SELECT f.kind, s.id, f.day, f.client_id, coalesce(max(f.times), count(*))::int,
           (array_agg(f.id ORDER BY f.times DESC NULLS LAST, f.at, f.id))[1], (array_agg(f.at ORDER BY f.times DESC NULLS LAST, f.at, f.id))[1]
    FROM found f
    LEFT JOIN app.staff s ON s.tenant_id = tenant AND s.id = f.staff_id
    GROUP BY f.kind, s.id, f.day, f.client_id
$$;

-- Gathers a week (any of its days), for a job or for somebody who may read the trail; says how many findings there are. A week that was
-- signed stays as it is. Done again it gives the same, so whoever is killed meanwhile leaves nothing behind.
CREATE OR REPLACE FUNCTION audit.review_gather(any_day date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    tenant uuid := CASE WHEN app.actor_kind() = 'job' THEN app.tenant() ELSE audit.readable_tenant() END;
    zone text := (SELECT t.zone FROM app.tenant t WHERE t.id = tenant);
    monday date := date_trunc('week', any_day::timestamp)::date;
    from_at timestamptz := monday::timestamp AT TIME ZONE zone;
    to_at timestamptz := (monday + 7)::timestamp AT TIME ZONE zone;
    was_signed boolean;
    n int;
BEGIN
    IF tenant IS NULL OR from_at > now() THEN
        RAISE EXCEPTION 'this week has not begun' USING ERRCODE = 'FY404';
    END IF;
    INSERT INTO app.review_week AS w (tenant_id, week) VALUES (tenant, monday) ON CONFLICT DO NOTHING;
    SELECT w.signed_at IS NOT NULL INTO was_signed FROM app.review_week w WHERE w.tenant_id = tenant AND w.week = monday FOR UPDATE;
    IF NOT was_signed THEN
        UPDATE app.review_week w SET gathered_at = now(), is_whole = now() >= to_at WHERE w.tenant_id = tenant AND w.week = monday;
        DELETE FROM app.review_finding f WHERE f.tenant_id = tenant AND f.week = monday;
        INSERT INTO app.review_finding (tenant_id, id, week, kind, staff_id, day, client_id, times, first_event, first_at)
        SELECT tenant, md5(concat_ws('|', tenant, monday, f.kind, coalesce(f.staff_id::text, '-'), f.day, f.client_id))::uuid, monday,
               f.kind, f.staff_id, f.day, f.client_id, f.times, f.first_event, f.first_at
        FROM audit.review_find(tenant, from_at, least(to_at, now()), zone) f;
    END IF;
    SELECT count(*) INTO n FROM app.review_finding f WHERE f.tenant_id = tenant AND f.week = monday;
    RETURN n;
END $$;

-- The daily look of the job: gathers each week that is over and was not gathered since (of the last ten), and says whether one waits
-- to be signed, since when, and how much stands in it.
CREATE OR REPLACE FUNCTION audit.review_due() RETURNS TABLE (n_weeks int, n_findings int, oldest date, this_week date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := app.tenant();
    monday date;
    w date;
BEGIN
    IF app.actor_kind() <> 'job' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT date_trunc('week', now() AT TIME ZONE t.zone)::date INTO monday FROM app.tenant t WHERE t.id = tenant;
    FOR w IN SELECT d::date FROM generate_series(monday - 70, monday - 7, interval '7 days') AS d
             WHERE NOT EXISTS (SELECT FROM app.review_week r WHERE r.tenant_id = tenant AND r.week = d::date AND r.is_whole)
               AND EXISTS (SELECT FROM audit.event e, app.tenant t WHERE t.id = tenant AND e.tenant_id = tenant AND e.at < (d + interval '7 days') AT TIME ZONE t.zone)
             ORDER BY d LOOP
        PERFORM audit.review_gather(w);
    END LOOP;
    RETURN QUERY
    SELECT count(DISTINCT r.week)::int, count(f.id)::int, min(r.week), monday
    FROM app.review_week r JOIN app.review_finding f ON f.tenant_id = r.tenant_id AND f.week = r.week
    WHERE r.tenant_id = tenant AND r.is_whole AND r.signed_at IS NULL;
END $$;

-- Somebody has looked at all of a week, and says what came of it.
CREATE OR REPLACE FUNCTION audit.review_sign(monday date, words text) RETURNS date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    tenant uuid := audit.readable_tenant();
    r record;
BEGIN
    SELECT w.is_whole, w.signed_at INTO r FROM app.review_week w WHERE w.tenant_id = tenant AND w.week = monday FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such week' USING ERRCODE = 'FY404';
    ELSIF r.signed_at IS NOT NULL THEN
        RAISE EXCEPTION 'Somebody has signed this week already.' USING ERRCODE = 'FY409', COLUMN = 'note';
    ELSIF NOT r.is_whole THEN
        RAISE EXCEPTION 'This week is not over, or was not gathered since. Gather it again once it is.' USING ERRCODE = 'FY422', COLUMN = 'note';
    END IF;
    UPDATE app.review_week w SET signed_at = now(), signed_by = app.actor(), note = btrim(words) WHERE w.tenant_id = tenant AND w.week = monday;
    RETURN monday;
END $$;

REVOKE ALL ON FUNCTION audit.review_kind(text, text, text), audit.review_surnames(text), audit.review_find(uuid, timestamptz, timestamptz, text),
    audit.review_gather(date), audit.review_due(), audit.review_sign(date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.review_gather(date) TO foyer_staff, foyer_jobs;
GRANT EXECUTE ON FUNCTION audit.review_due() TO foyer_jobs;
GRANT EXECUTE ON FUNCTION audit.review_sign(date, text) TO foyer_staff;

RESET ROLE;
SET LOCAL ROLE foyer_owner;

-- What a kind of finding means, for people. times: how often, or how many.
CREATE OR REPLACE FUNCTION app.finding_words(kind text, times int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE kind
        WHEN 'volume' THEN 'opened ' || times || ' clients within an hour'
        WHEN 'hours' THEN 'worked with clients'' data outside of the hours, ' || n.often
        WHEN 'surname' THEN 'opened the record of somebody of the same surname, ' || n.often
        WHEN 'watched' THEN 'opened the record of somebody under watch, ' || n.often
        WHEN 'refused' THEN 'was refused ' || times || ' times within an hour'
        WHEN 'login' THEN 'had ' || times || ' failed log-ins within an hour'
        WHEN 'export' THEN 'exported data, ' || n.often
        WHEN 'emergency' THEN 'opened charts in an emergency, ' || n.often
        WHEN 'rights' THEN 'gave or changed roles, ' || n.often
        WHEN 'factor' THEN 'reset somebody''s second factor, ' || n.often
    END
    FROM (SELECT CASE times WHEN 1 THEN 'once' WHEN 2 THEN 'twice' ELSE times || ' times' END AS often) n
$$;
REVOKE ALL ON FUNCTION app.finding_words(text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.finding_words(text, int) TO foyer_staff;

-- The owners who have not got the mail of this key yet; the key of each is the prefix and her id.
CREATE OR REPLACE FUNCTION app.owners_to_tell(prefix text) RETURNS TABLE (staff_id uuid, staff_name text, email text, dedupe_key text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.id, f.name, f.email, prefix || f.id
    FROM app.staff f
    WHERE f.tenant_id = app.tenant() AND f.is_active
      AND EXISTS (SELECT FROM app.staff_role sr JOIN app.role r ON r.tenant_id = sr.tenant_id AND r.id = sr.role_id
                  WHERE sr.tenant_id = f.tenant_id AND sr.staff_id = f.id AND r.slug = 'owner')
      AND NOT EXISTS (SELECT FROM app.message m WHERE m.tenant_id = f.tenant_id AND m.dedupe_key = prefix || f.id)
    ORDER BY f.id
$$;
REVOKE ALL ON FUNCTION app.owners_to_tell(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.owners_to_tell(text) TO foyer_jobs;

RESET ROLE;
SET LOCAL ROLE foyer_auth;

-- What each business has done once on each of its own days: a job that exists already is not written again. Called every few
-- minutes.
CREATE OR REPLACE FUNCTION sec.daily_jobs() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t uuid;
    before text := current_setting('foyer.tenant_id', true);
BEGIN
    FOR t IN SELECT s.tenant FROM sec.site s WHERE NOT s.is_apex ORDER BY 1 LOOP
        PERFORM set_config('foyer.tenant_id', t::text, true);
        INSERT INTO app.job (kind, dedupe_key)
        SELECT k.kind, (now() AT TIME ZONE n.zone)::date::text
        FROM app.tenant n, (VALUES ('trail.digest'), ('trail.review'), ('form.pdfs'), ('media.sweep'), ('key.rewrap')) AS k (kind)
        WHERE n.id = t
        ON CONFLICT DO NOTHING;
    END LOOP;
    PERFORM set_config('foyer.tenant_id', coalesce(before, ''), true);
END $$;
REVOKE ALL ON FUNCTION sec.daily_jobs() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.daily_jobs() TO foyer_jobs;
