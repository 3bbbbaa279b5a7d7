-- 105_report: what the reports count, before they add it up. Rights and rows of the caller: who sees a part of the calendar counts
-- that part. (A place's bounds are worked out before its visits are looked for: under row security an index takes no AT TIME ZONE.)
-- place NULL: all of them; both days belong to the period, and are of each place's own wall time.

SET LOCAL ROLE foyer_owner;

-- Of each provider (or, units: of each room and device), place and day: minutes that could be booked, that are, and what those take
-- besides as buffers. A provider's minutes are those of her shifts, or of that day's exception, while the place is open, without
-- closures and approved time off; a unit's those in which the place is open, or, at a place without hours, in which somebody works
-- there. A visit counts on the day on which it begins, unless it did not take place.
CREATE OR REPLACE FUNCTION app.report_use(place uuid, from_day date, to_day date, units boolean)
RETURNS TABLE (resource_id uuid, location_id uuid, day date, available int, booked int, buffer int)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH here AS MATERIALIZED (
        SELECT l.id, l.zone, EXISTS (SELECT FROM app.location_hours o WHERE o.location_id = l.id) AS has_hours,
               from_day::timestamp AT TIME ZONE l.zone AS lo, (to_day + 1)::timestamp AT TIME ZONE l.zone AS hi
        FROM app.location l
        WHERE place IS NULL OR l.id = place
    ), date AS MATERIALIZED (
        SELECT g::date AS d, extract(dow FROM g)::smallint AS weekday
        FROM generate_series(from_day::timestamp, to_day::timestamp, interval '1 day') AS g
    ), special AS MATERIALIZED (
        SELECT e.staff_id, e.day, e.location_id, e.starts, e.ends
        FROM app.shift_day e
        WHERE e.day >= from_day AND e.day <= to_day
    ), hour AS MATERIALIZED ( -- once, and not again for each of the staff
        SELECT s.staff_id, h.id AS place_id, h.zone, t.d, (t.d + s.starts) AT TIME ZONE h.zone AS a, (t.d + s.ends) AT TIME ZONE h.zone AS b
        FROM here h
        JOIN app.shift s ON s.location_id = h.id
        JOIN date t ON t.weekday = s.weekday AND t.d >= s.valid_from AND (s.valid_to IS NULL OR t.d <= s.valid_to)
        WHERE NOT EXISTS (SELECT FROM special e WHERE e.staff_id = s.staff_id AND e.day = t.d)
        UNION ALL
        SELECT e.staff_id, h.id, h.zone, e.day, (e.day + e.starts) AT TIME ZONE h.zone, (e.day + e.ends) AT TIME ZONE h.zone
        FROM here h
        JOIN special e ON e.location_id = h.id
    ), work AS (
        SELECT q.staff_id, q.place_id, q.d, range_agg(tstzrange(q.a, q.b)) AS m
        FROM hour q
        JOIN app.staff f ON f.id = q.staff_id AND f.is_provider AND (f.is_active OR q.d < (f.deactivated_at AT TIME ZONE q.zone)::date)
        WHERE q.a < q.b
        GROUP BY q.staff_id, q.place_id, q.d
    ), open AS MATERIALIZED (
        SELECT h.id AS place_id, h.has_hours, t.d,
               CASE WHEN h.has_hours
                    THEN coalesce((SELECT range_agg(tstzrange((t.d + o.opens) AT TIME ZONE h.zone, (t.d + o.closes) AT TIME ZONE h.zone))
                                   FROM app.location_hours o
                                   WHERE o.location_id = h.id AND o.weekday = t.weekday
                                     AND (t.d + o.opens) AT TIME ZONE h.zone < (t.d + o.closes) AT TIME ZONE h.zone), '{}'::tstzmultirange)
                    ELSE '{(,)}'::tstzmultirange END
               - coalesce((SELECT range_agg(tstzrange(c.starts_local AT TIME ZONE h.zone,
                                                      greatest(c.starts_local AT TIME ZONE h.zone, c.ends_local AT TIME ZONE h.zone)))
                           FROM app.closure c
                           WHERE (c.location_id IS NULL OR c.location_id = h.id) AND c.ends_local > t.d AND c.starts_local < t.d + 1),
                          '{}'::tstzmultirange) AS m
        FROM here h
        CROSS JOIN date t
    ), away AS MATERIALIZED (
        SELECT o.staff_id, range_agg(tstzrange(o.starts_at, o.ends_at)) AS m
        FROM app.time_off o
        WHERE o.state = 'approved'
          AND o.ends_at > (SELECT min(h.lo) FROM here h) AND o.starts_at < (SELECT max(h.hi) FROM here h)
        GROUP BY o.staff_id
    ), present AS MATERIALIZED (
        SELECT w.staff_id, w.place_id, w.d, w.m * o.m - coalesce(y.m, '{}'::tstzmultirange) AS m
        FROM work w
        JOIN open o ON o.place_id = w.place_id AND o.d = w.d
        LEFT JOIN away y ON y.staff_id = w.staff_id
    ), staffed AS MATERIALIZED ( -- once, and not again for each room and day: half a minute for a year
        SELECT p.place_id, p.d, range_agg(p.m) AS m
        FROM present p
        WHERE units AND p.place_id IN (SELECT h.id FROM here h WHERE NOT h.has_hours)
        GROUP BY p.place_id, p.d
    ), offered AS (
        SELECT p.staff_id AS id, p.place_id, p.d, p.m
        FROM present p
        WHERE NOT units
        UNION ALL
        SELECT r.id, o.place_id, o.d, CASE WHEN o.has_hours THEN o.m ELSE s.m END
        FROM app.resource r
        JOIN open o ON o.place_id = r.location_id
        LEFT JOIN staffed s ON s.place_id = o.place_id AND s.d = o.d
        WHERE units AND r.kind IN ('room', 'device') AND r.is_active
    ), taken AS (
        SELECT t.resource_id AS id, h.id AS place_id, (a.starts_at AT TIME ZONE h.zone)::date AS d,
               extract(epoch FROM sum(a.ends_at - a.starts_at)) AS visit,
               extract(epoch FROM sum(upper(t.during) - lower(t.during))) AS whole
        FROM here h
        CROSS JOIN LATERAL (
            SELECT v.id, v.staff_id, v.starts_at, v.ends_at
            FROM app.appointment v
            WHERE v.location_id = h.id AND v.starts_at >= h.lo AND v.starts_at < h.hi
              AND v.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done')
            OFFSET 0) AS a
        JOIN app.slot t ON t.appointment_id = a.id AND t.state = 'booked' AND (t.resource_id = a.staff_id) <> units
        GROUP BY 1, 2, 3
    )
    SELECT q.id, q.place_id, q.d, (sum(q.offered) / 60)::int, (sum(q.visit) / 60)::int, (sum(q.whole - q.visit) / 60)::int
    FROM (
        SELECT o.id, o.place_id, o.d, coalesce((SELECT sum(extract(epoch FROM upper(u) - lower(u))) FROM unnest(o.m) AS u), 0) AS offered,
               0 AS visit, 0 AS whole
        FROM offered o
        UNION ALL
        SELECT t.id, t.place_id, t.d, 0, t.visit, t.whole FROM taken t
    ) AS q
    GROUP BY q.id, q.place_id, q.d
    HAVING sum(q.offered) > 0 OR sum(q.visit) > 0;
END $$;

-- Visits of the period by service, provider and weekday (1 is Monday): how many were booked, are still to come, did not come, were
-- called off, and of those within the hours that the rule accepted with them leaves; what the rule then asks for, and what the staff
-- let go. Nothing is charged by it.
CREATE OR REPLACE FUNCTION app.report_missed(place uuid, from_day date, to_day date)
RETURNS TABLE (service_id uuid, staff_id uuid, weekday int, planned bigint, coming bigint, came bigint, missed bigint, cancelled bigint,
    late bigint, due_cents bigint, waived bigint, waived_cents bigint)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH visit AS (
        SELECT a.id, a.service_id, a.staff_id, extract(isodow FROM a.starts_at AT TIME ZONE l.zone)::int AS weekday, a.status,
               a.status = 'cancelled' AND a.cancel_reason IN ('client_asked', 'client_ill') AND r.cancel_hours > 0
               AND (SELECT max(e.at) FROM app.appointment_event e WHERE e.appointment_id = a.id AND e.what = 'status' AND e.status = 'cancelled')
                   > a.starts_at - make_interval(hours => r.cancel_hours) AS is_late,
               r.late_cancel_cents, r.no_show_cents
        FROM (SELECT p.id, p.zone, from_day::timestamp AT TIME ZONE p.zone AS lo, (to_day + 1)::timestamp AT TIME ZONE p.zone AS hi
              FROM app.location p WHERE place IS NULL OR p.id = place OFFSET 0) AS l
        CROSS JOIN LATERAL (
            SELECT v.id, v.service_id, v.staff_id, v.starts_at, v.status, v.cancel_reason, v.booking_rule_id
            FROM app.appointment v
            WHERE v.location_id = l.id AND v.starts_at >= l.lo AND v.starts_at < l.hi
              AND v.status NOT IN ('held', 'expired')
              AND NOT (v.status = 'cancelled' AND v.cancel_reason IS NOT DISTINCT FROM 'mistake')
            OFFSET 0) AS a
        LEFT JOIN app.booking_rule r ON r.id = a.booking_rule_id
    ), owed AS (
        SELECT v.*, CASE WHEN v.status = 'no_show' THEN v.no_show_cents WHEN v.is_late THEN v.late_cancel_cents ELSE 0 END AS cents,
               (v.status = 'no_show' OR v.is_late)
               AND EXISTS (SELECT FROM app.booking_waiver w
                           WHERE w.appointment_id = v.id AND w.what IN (CASE v.status WHEN 'no_show' THEN 'no_show' ELSE 'cancel' END, 'rule')) AS is_waived
        FROM visit v
    )
    SELECT o.service_id, o.staff_id, o.weekday, count(*), count(*) FILTER (WHERE o.status IN ('booked', 'confirmed')),
           count(*) FILTER (WHERE o.status IN ('arrived', 'in_room', 'done')), count(*) FILTER (WHERE o.status = 'no_show'),
           count(*) FILTER (WHERE o.status = 'cancelled'), count(*) FILTER (WHERE o.is_late),
           coalesce(sum(o.cents) FILTER (WHERE NOT o.is_waived), 0)::bigint, count(*) FILTER (WHERE o.is_waived),
           coalesce(sum(o.cents) FILTER (WHERE o.is_waived), 0)::bigint
    FROM owed o
    GROUP BY o.service_id, o.staff_id, o.weekday;
END $$;

-- The visits of the period that the time ahead of them is counted of: how many minutes before they began they were booked, and
-- whether online. What was taken over from elsewhere does not say when it was booked.
CREATE OR REPLACE FUNCTION app.report_ahead(place uuid, from_day date, to_day date) RETURNS TABLE (is_online boolean, minutes double precision)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT a.source = 'online', greatest(extract(epoch FROM a.starts_at - a.created_at) / 60, 0)::double precision
    FROM (SELECT p.id, p.zone, from_day::timestamp AT TIME ZONE p.zone AS lo, (to_day + 1)::timestamp AT TIME ZONE p.zone AS hi
          FROM app.location p WHERE place IS NULL OR p.id = place OFFSET 0) AS l
    JOIN app.appointment a ON a.location_id = l.id AND a.starts_at >= l.lo AND a.starts_at < l.hi
    WHERE a.status NOT IN ('held', 'expired') AND a.source IN ('online', 'staff');
END $$;

-- How many visits were on at some time of each hour of the wall clock, by weekday (1 is Monday).
CREATE OR REPLACE FUNCTION app.report_busy(place uuid, from_day date, to_day date) RETURNS TABLE (weekday int, hour int, visits bigint)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT extract(isodow FROM h)::int, extract(hour FROM h)::int, count(*)
    FROM (SELECT p.id, p.zone, from_day::timestamp AT TIME ZONE p.zone AS lo, (to_day + 1)::timestamp AT TIME ZONE p.zone AS hi
          FROM app.location p WHERE place IS NULL OR p.id = place OFFSET 0) AS l
    JOIN app.appointment a ON a.location_id = l.id AND a.starts_at >= l.lo AND a.starts_at < l.hi
    CROSS JOIN LATERAL generate_series(date_trunc('hour', a.starts_at AT TIME ZONE l.zone),
                                       greatest((a.ends_at - interval '1 microsecond') AT TIME ZONE l.zone, a.starts_at AT TIME ZONE l.zone),
                                       interval '1 hour') AS h
    WHERE a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done')
    GROUP BY 1, 2;
END $$;

-- Minutes as hours and minutes, or from a day on as days and hours.
CREATE OR REPLACE FUNCTION app.ahead_words(minutes double precision) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN minutes < 60 THEN round(minutes) || ' min'
                WHEN minutes < 1440 THEN floor(minutes / 60) || ' h'
                ELSE floor(minutes / 1440) || CASE WHEN minutes < 2880 THEN ' day ' ELSE ' days ' END || floor((minutes::numeric % 1440) / 60) || ' h' END
$$;

-- Reports are a business's one after the other (D-26), so that twenty of them at once cost the others what one does; who waits too long
-- is told to come back (lock_timeout). Always true.
CREATE OR REPLACE FUNCTION app.report_turn() RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('report of ' || app.tenant(), 0));
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION app.report_use(uuid, date, date, boolean), app.report_missed(uuid, date, date), app.report_ahead(uuid, date, date),
    app.report_busy(uuid, date, date), app.report_turn(), app.ahead_words(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.report_use(uuid, date, date, boolean), app.report_missed(uuid, date, date), app.report_ahead(uuid, date, date),
    app.report_busy(uuid, date, date), app.report_turn(), app.ahead_words(double precision) TO foyer_slow;
RESET ROLE;
