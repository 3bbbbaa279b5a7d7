-- 043_outside: times that a calendar elsewhere or a holiday file gives, as instants: what the program read of it knows wall times
-- and names of zones, and the database knows the zones. They run with the rights of who calls them.

SET LOCAL ROLE foyer_owner;

-- found: JSON of cgi-src/features/ics_read.c. here: the zone of times without one, and of zones that nobody knows.
-- A zone is the tz database's of that name, or of the name's end ("/mozilla.org/1/Europe/Berlin"); else as the file describes it.
CREATE OR REPLACE FUNCTION app.ics_times(found jsonb, here text)
RETURNS TABLE (uid text, words text, starts_at timestamptz, ends_at timestamptz, starts_local timestamp, ends_local timestamp)
LANGUAGE sql STABLE
AS $$
    WITH f AS MATERIALIZED (
        SELECT x.*, coalesce(x.z, '') AS zone
        FROM jsonb_to_recordset(found) AS x (u text, l text, s timestamp, z text, n bigint, t timestamp, o int, d boolean, e boolean, x boolean)
    ), known AS MATERIALIZED (
        SELECT DISTINCT ON (q.zone) q.zone, k.name
        FROM (SELECT DISTINCT f.zone FROM f WHERE f.zone LIKE '%/%') AS q
        JOIN pg_timezone_names k ON k.name = q.zone OR k.name = substring(q.zone FROM '([A-Za-z_]+/[A-Za-z_+-]+)$')
        WHERE k.name !~ '^(Etc|posix|right|SystemV)/'
        ORDER BY q.zone, k.name <> q.zone
    ), named AS MATERIALIZED (
        SELECT f.*, k.name,
               CASE WHEN f.d OR f.zone = '' THEN here WHEN f.zone = 'UTC' THEN 'UTC' WHEN k.name IS NOT NULL THEN k.name WHEN f.o IS NOT NULL THEN NULL ELSE here END AS real_zone
        FROM f LEFT JOIN known k ON k.zone = f.zone
    ), at AS MATERIALIZED (
        SELECT m.*,
               CASE WHEN m.real_zone IS NULL THEN (m.s - make_interval(secs => m.o)) AT TIME ZONE 'UTC' ELSE m.s AT TIME ZONE m.real_zone END AS begins,
               CASE WHEN m.x THEN NULL
                    WHEN m.real_zone IS NULL THEN (m.s - make_interval(secs => m.o) + make_interval(secs => m.n)) AT TIME ZONE 'UTC'
                    WHEN m.e THEN m.s AT TIME ZONE m.real_zone + make_interval(secs => m.n)
                    ELSE (m.s + make_interval(secs => m.n)) AT TIME ZONE m.real_zone END AS ends
        FROM named m
    )
    SELECT a.u, a.l, a.begins, a.ends, a.begins AT TIME ZONE here, a.ends AT TIME ZONE here
    FROM at a
    WHERE NOT a.x AND a.ends > a.begins
      AND (a.t IS NULL OR a.begins <= a.t AT TIME ZONE 'UTC')
      AND NOT EXISTS (SELECT FROM at w WHERE w.x AND w.u = a.u AND w.begins = a.begins)
      AND NOT EXISTS (SELECT FROM at w WHERE w.x AND w.d AND NOT a.d AND w.u = a.u AND w.s = a.s::date)
$$;

-- What a calendar elsewhere says now, instead of what it said before; by the job.
CREATE OR REPLACE FUNCTION app.outside_store(calendar uuid, times jsonb, sha bytea, new_etag text) RETURNS int
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    n int;
BEGIN
    DELETE FROM app.outside_busy b WHERE b.calendar_id = calendar;
    INSERT INTO app.outside_busy (calendar_id, staff_id, starts_at, ends_at)
    SELECT DISTINCT o.id, o.staff_id, t.starts_at, t.ends_at
    FROM app.outside_calendar o, app.ics_times(times, app.zone()) t
    WHERE o.id = calendar AND t.ends_at > now() - interval '1 day';
    GET DIAGNOSTICS n = ROW_COUNT;
    UPDATE app.outside_calendar o
    SET n_busy = n, read_at = now(), stored_at = now(), tried_at = now(), next_at = now() + interval '15 minutes', content_sha = sha, etag = nullif(new_etag, ''), problem = NULL
    WHERE o.id = calendar;
    RETURN n;
END $$;

-- What of a holiday file is not closed yet; those that ended before today are left out.
CREATE OR REPLACE FUNCTION app.closures_of(times jsonb, location uuid)
RETURNS TABLE (uid text, reason text, starts_local timestamp, ends_local timestamp, is_new boolean)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    here text := coalesce((SELECT l.zone FROM app.location l WHERE l.id = closures_of.location), app.zone());
BEGIN
    IF jsonb_typeof(times) <> 'array' OR jsonb_array_length(times) > 3000 THEN
        RAISE EXCEPTION 'too many' USING ERRCODE = 'FY400';
    END IF;
    RETURN QUERY
    SELECT DISTINCT ON (t.starts_local, t.uid) left(coalesce(t.uid, ''), 255), left(btrim(coalesce(t.words, '')), 120), t.starts_local, t.ends_local,
           NOT EXISTS (SELECT FROM app.closure c WHERE c.location_id IS NOT DISTINCT FROM closures_of.location AND c.uid = left(coalesce(t.uid, ''), 255) AND c.starts_local = t.starts_local)
    FROM app.ics_times(times, here) t
    WHERE t.ends_at > now() AND t.starts_at < now() + interval '2 years' AND t.ends_at < t.starts_at + interval '60 days'
    ORDER BY t.starts_local, t.uid;
END $$;

CREATE OR REPLACE FUNCTION app.closures_import(times jsonb, location uuid) RETURNS int
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    n int;
BEGIN
    INSERT INTO app.closure (location_id, starts_local, ends_local, reason, uid)
    SELECT location, c.starts_local, c.ends_local, c.reason, c.uid FROM app.closures_of(times, location) c WHERE c.is_new
    ON CONFLICT (tenant_id, location_id, uid, starts_local) WHERE uid IS NOT NULL DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;

REVOKE ALL ON FUNCTION app.ics_times(jsonb, text), app.outside_store(uuid, jsonb, bytea, text), app.closures_of(jsonb, uuid), app.closures_import(jsonb, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.ics_times(jsonb, text) TO foyer_staff, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.outside_store(uuid, jsonb, bytea, text) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION app.closures_of(jsonb, uuid), app.closures_import(jsonb, uuid) TO foyer_staff;
RESET ROLE;
