-- 040_free: which times are free. Owner: foyer_booking, for the public may see starts but never who is busy; row security of the
-- tenant applies here as everywhere.
-- A start is free when everything from the minutes before it to the minutes after it lies in the hours of a provider and of the
-- place, no closure, time off, outside calendar or other visit touches it, and of each kind of room and device that the service
-- needs one unit is free as long. Visitors and clients also keep the studio's rules (042_rules); staff do not have to.

SET LOCAL ROLE foyer_booking;

DROP FUNCTION IF EXISTS app.free_starts(uuid, uuid, uuid, date, date, uuid);
DROP FUNCTION IF EXISTS app.offered_times(uuid, uuid, uuid, date, date, uuid);
DROP FUNCTION IF EXISTS app.nearest_free(uuid, uuid, uuid, timestamptz, int);

-- The rooms and devices that suit a service at a place, each with its group: of every group one unit is needed. Rooms are one
-- group; devices share theirs by name, and one without a name is a group of its own where it stands. A group that has no unit here
-- is a row without an id: the service cannot be done here. Internal.
CREATE OR REPLACE FUNCTION app.units_for(p_service uuid, p_location uuid)
RETURNS TABLE (grp text, id uuid, is_room boolean, ord bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH listed AS (
        SELECT r.id, r.kind = 'room' AS is_room, r.unit_group, r.position, r.name, r.is_active, r.location_id = p_location AS is_here
        FROM app.service_room x JOIN app.resource r ON r.id = x.resource_id
        WHERE x.service_id = p_service
    )
    SELECT CASE WHEN l.is_room THEN 'room' WHEN l.unit_group <> '' THEN 'kind ' || l.unit_group
                WHEN l.is_here THEN 'unit ' || l.id ELSE 'elsewhere' END,
           CASE WHEN l.is_here AND l.is_active THEN l.id END,
           l.is_room,
           row_number() OVER (ORDER BY l.position, l.name, l.id)
    FROM listed l
    WHERE l.is_room OR l.unit_group <> '' OR l.is_here
       OR NOT EXISTS (SELECT FROM listed o WHERE NOT o.is_room AND o.unit_group = '' AND o.is_here);
END $$;

-- Minutes that add-ons of a service take; FY422 for one that is not offered with it. Internal.
CREATE OR REPLACE FUNCTION app.addon_minutes(p_service uuid, p_addons uuid[]) RETURNS int
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n bigint;
    minutes int;
BEGIN
    IF coalesce(cardinality(p_addons), 0) = 0 THEN
        RETURN 0;
    END IF;
    SELECT count(*), sum(a.minutes) INTO n, minutes
    FROM app.addon a JOIN app.service_addon x ON x.addon_id = a.id AND x.service_id = p_service
    WHERE a.id = ANY (p_addons) AND a.is_active AND (a.is_online OR app.actor_kind() IN ('staff', 'job', 'system'));
    IF n <> (SELECT count(DISTINCT u) FROM unnest(p_addons) AS u) THEN
        RAISE EXCEPTION 'This extra is not offered with this service. Choose again.' USING ERRCODE = 'FY422', COLUMN = 'addons';
    END IF;
    RETURN minutes;
END $$;

-- How long a visit will be: extra, minutes of add-ons on top of the service's own time; fixed, the whole length when a visit that is
-- moved was stretched by hand (NULL: as the service and the provider say). A visit that is moved keeps its add-ons. Internal.
CREATE OR REPLACE FUNCTION app.visit_length(p_service uuid, p_addons uuid[], p_moving uuid, OUT extra int, OUT fixed int)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_moving IS NULL THEN
        extra := app.addon_minutes(p_service, p_addons);
        RETURN;
    END IF;
    extra := coalesce((SELECT sum(x.minutes) FROM app.appointment_addon x WHERE x.appointment_id = p_moving), 0);
    SELECT CASE WHEN extract(epoch FROM a.ends_at - a.starts_at) <> 60 * (extra + coalesce(y.duration_min, v.duration_min))
                THEN ceil(extract(epoch FROM a.ends_at - a.starts_at) / 60)::int END
    INTO fixed
    FROM app.appointment a
    JOIN app.service v ON v.id = a.service_id
    LEFT JOIN app.service_staff y ON y.service_id = a.service_id AND y.staff_id = a.staff_id
    WHERE a.id = p_moving;
END $$;

-- Free starts of a service at a place, from a day (inclusive) to a day (exclusive) of the place's wall time, at most 62 days.
-- p_staff NULL: any provider. p_skip: visits whose own slots do not count, for they are being moved. p_client, p_due: whose rules
-- hold. p_extra, p_minutes: see app.visit_length. p_at: instants to look at instead of the service's grid of wall time.
-- p_before: services that the same visit does before this one. Internal.
-- Wall times that a change of the clock leaves out are not offered, and of those that it repeats, the second is. What is offered
-- does not depend on how wide one looks: the days around are looked at as well.
CREATE OR REPLACE FUNCTION app.free_starts(p_service uuid, p_location uuid, p_staff uuid, p_from date, p_to date,
    p_skip uuid[] DEFAULT '{}', p_client uuid DEFAULT NULL, p_due date DEFAULT NULL, p_extra int DEFAULT 0, p_minutes int DEFAULT NULL,
    p_at timestamptz[] DEFAULT NULL, p_before uuid[] DEFAULT '{}')
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid, ends_at timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    s record;
    rule record;
    z text;
    is_staff boolean := app.actor_kind() IN ('staff', 'job', 'system');
    first_day date := p_from;
    last_day date := least(p_to, p_from + 62);
    lo timestamptz;
    hi timestamptz;
    not_before timestamptz;
    not_after timestamptz;
    allowed tstzmultirange;
    before interval;
    after interval;
    step interval;
    people uuid[];
    lengths interval[];
    untils timestamptz[];
    units uuid[];
    unit_groups text[];
    n_groups int;
BEGIN
    SELECT v.duration_min, v.before_min, v.after_min, v.step_min, v.min_notice_min, v.horizon_days, v.licence INTO s
    FROM app.service v WHERE v.id = p_service AND v.is_active AND (v.is_online OR is_staff OR app.own_client() IS NOT NULL);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT l.zone INTO z FROM app.location l WHERE l.id = p_location AND l.is_active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF p_at IS NOT NULL THEN
        SELECT min((u AT TIME ZONE z)::date), max((u AT TIME ZONE z)::date) + 1 INTO first_day, last_day FROM unnest(p_at) AS u;
    END IF;
    -- PostgreSQL knows a day 'infinity', and would look at each day up to it.
    IF first_day IS NULL OR NOT (isfinite(first_day) AND isfinite(last_day)) THEN
        RETURN;
    END IF;
    IF is_staff THEN
        not_before := now() - interval '1 hour';
        not_after := 'infinity';
    ELSE
        not_before := now() + make_interval(mins => s.min_notice_min);
        not_after := ((now() AT TIME ZONE z)::date + s.horizon_days + 1)::timestamp AT TIME ZONE z;
    END IF;
    rule := app.client_rules(p_service, p_location, p_client, p_due, p_skip, p_before);
    IF rule.code IS NOT NULL THEN
        RETURN;
    END IF;
    first_day := greatest(first_day, rule.first_day);
    last_day := least(last_day, rule.last_day + 1);
    allowed := rule.allowed;
    IF first_day >= last_day THEN
        RETURN;
    END IF;
    before := make_interval(mins => s.before_min);
    after := make_interval(mins => s.after_min);
    step := make_interval(mins => s.step_min);
    lo := first_day::timestamp AT TIME ZONE z;
    hi := last_day::timestamp AT TIME ZONE z;

    -- who does it here, how long each takes, and up to when she is licensed
    SELECT array_agg(q.staff_id), array_agg(make_interval(mins => q.minutes)), array_agg(q.until)
    INTO people, lengths, untils
    FROM (
        SELECT x.staff_id, coalesce(p_minutes, coalesce(x.duration_min, s.duration_min) + coalesce(p_extra, 0)) AS minutes,
               CASE WHEN s.licence IS NULL THEN 'infinity'::timestamptz
                    ELSE ((SELECT max(c.valid_to) FROM app.staff_licence c
                           WHERE c.staff_id = x.staff_id AND c.kind = s.licence AND (c.location_id IS NULL OR c.location_id = p_location)) + 1)::timestamp
                         AT TIME ZONE z END AS until
        FROM app.service_staff x JOIN app.staff f ON f.id = x.staff_id
        WHERE x.service_id = p_service AND f.is_provider AND f.is_active AND (p_staff IS NULL OR x.staff_id = p_staff)
          AND (EXISTS (SELECT FROM app.shift h WHERE h.staff_id = x.staff_id AND h.location_id = p_location)
               OR EXISTS (SELECT FROM app.shift_day h WHERE h.staff_id = x.staff_id AND h.location_id = p_location))
          AND (NOT EXISTS (SELECT FROM app.service_staff_place y WHERE y.service_id = p_service AND y.staff_id = x.staff_id)
               OR EXISTS (SELECT FROM app.service_staff_place y
                          WHERE y.service_id = p_service AND y.staff_id = x.staff_id AND y.location_id = p_location))
    ) AS q
    WHERE q.until IS NOT NULL AND q.minutes + s.before_min + s.after_min BETWEEN 5 AND 720;
    IF people IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(u.id ORDER BY u.ord) FILTER (WHERE u.id IS NOT NULL), array_agg(u.grp ORDER BY u.ord) FILTER (WHERE u.id IS NOT NULL),
           count(DISTINCT u.grp)
    INTO units, unit_groups, n_groups
    FROM app.units_for(p_service, p_location) AS u;

    RETURN QUERY
    WITH person AS (
        SELECT p.id, p.length, p.until FROM unnest(people, lengths, untils) AS p (id, length, until)
    ), day AS (
        SELECT g::date AS d, extract(dow FROM g)::smallint AS weekday
        FROM generate_series(first_day::timestamp - interval '1 day', last_day::timestamp, interval '1 day') AS g
    ), special AS MATERIALIZED (
        SELECT e.staff_id, e.day, e.location_id, e.starts, e.ends
        FROM app.shift_day e
        WHERE e.staff_id = ANY (people) AND e.day >= first_day - 1 AND e.day <= last_day
    ), work AS (
        SELECT q.staff_id, range_agg(tstzrange(q.a, q.b)) AS m
        FROM (
            SELECT h.staff_id, (d.d + h.starts) AT TIME ZONE z AS a, (d.d + h.ends) AT TIME ZONE z AS b
            FROM app.shift h
            JOIN day d ON d.weekday = h.weekday AND d.d >= h.valid_from AND (h.valid_to IS NULL OR d.d <= h.valid_to)
            WHERE h.staff_id = ANY (people) AND h.location_id = p_location
              AND NOT EXISTS (SELECT FROM special e WHERE e.staff_id = h.staff_id AND e.day = d.d)
            UNION ALL
            SELECT e.staff_id, (e.day + e.starts) AT TIME ZONE z, (e.day + e.ends) AT TIME ZONE z
            FROM special e WHERE e.location_id = p_location
        ) AS q
        WHERE q.a < q.b
        GROUP BY q.staff_id
    ), busy AS MATERIALIZED (
        SELECT b.id, range_agg(b.during) AS m
        FROM (
            -- a slot is at most 12 hours long, and a buffer may reach past midnight; for each by itself, or the whole index of
            -- the tenant's slots would be read through
            SELECT who.id, taken.during
            FROM unnest(people || units) AS who (id)
            CROSS JOIN LATERAL (
                SELECT t.during
                FROM app.slot t
                WHERE t.resource_id = who.id
                  AND t.starts_at >= lo - interval '15 hours' AND t.starts_at < hi + interval '12 hours'
                  AND (t.state = 'booked' OR (t.state = 'hold' AND t.hold_until >= now()))
                  AND t.appointment_id <> ALL (p_skip)
                OFFSET 0) AS taken
            UNION ALL
            SELECT o.staff_id, tstzrange(o.starts_at, o.ends_at)
            FROM app.time_off o
            WHERE o.staff_id = ANY (people) AND o.state = 'approved'
              AND o.ends_at > lo - interval '3 hours' AND o.starts_at < hi + interval '12 hours'
            UNION ALL
            SELECT o.staff_id, tstzrange(o.starts_at, o.ends_at)
            FROM app.outside_busy o
            WHERE o.staff_id = ANY (people) AND o.ends_at > lo - interval '3 hours' AND o.starts_at < hi + interval '12 hours'
        ) AS b
        GROUP BY b.id
    ), shut AS (
        SELECT range_agg(tstzrange(c.starts_local AT TIME ZONE z, greatest(c.starts_local AT TIME ZONE z, c.ends_local AT TIME ZONE z))) AS m
        FROM app.closure c
        WHERE (c.location_id IS NULL OR c.location_id = p_location)
          AND c.ends_local > first_day - 1 AND c.starts_local < last_day + 2
    ), door AS (
        -- a place without hours is open whenever somebody works there
        SELECT CASE WHEN EXISTS (SELECT FROM app.location_hours o WHERE o.location_id = p_location)
                    THEN coalesce((SELECT range_agg(tstzrange((d.d + o.opens) AT TIME ZONE z, (d.d + o.closes) AT TIME ZONE z))
                                   FROM app.location_hours o JOIN day d ON d.weekday = o.weekday
                                   WHERE o.location_id = p_location
                                     AND (d.d + o.opens) AT TIME ZONE z < (d.d + o.closes) AT TIME ZONE z), '{}'::tstzmultirange)
                    ELSE '{(,)}'::tstzmultirange END AS m
    ), open AS (
        SELECT door.m - coalesce(shut.m, '{}'::tstzmultirange) AS m FROM door CROSS JOIN shut
    ), unit AS MATERIALIZED (
        SELECT u.id, u.grp, u.ord, coalesce(b.m, '{}'::tstzmultirange) AS m
        FROM unnest(units, unit_groups) WITH ORDINALITY AS u (id, grp, ord) LEFT JOIN busy b ON b.id = u.id
    ), free AS (
        SELECT p.id AS staff_id, p.length,
               greatest(lower(u.r) + before, not_before, lo) AS first,
               least(upper(u.r) - p.length - after, not_after - interval '1 microsecond', hi - interval '1 microsecond',
                     p.until - interval '1 microsecond') AS last
        FROM person p
        JOIN work w ON w.staff_id = p.id
        LEFT JOIN busy b ON b.id = p.id
        CROSS JOIN open
        CROSS JOIN LATERAL unnest(w.m * open.m - coalesce(b.m, '{}'::tstzmultirange)) AS u (r)
    ), bound AS (
        -- where the clock changes inside the range, look an hour further on both sides
        SELECT f.staff_id, f.length, f.first, f.last, f.first AT TIME ZONE z AS first_local, f.last AT TIME ZONE z AS last_local,
               CASE WHEN (f.last AT TIME ZONE z) - (f.first AT TIME ZONE z) = f.last - f.first THEN interval '0' ELSE interval '1 hour' END AS slack
        FROM free f
        WHERE f.first <= f.last
    ), candidate AS MATERIALIZED (
        SELECT b.staff_id, b.length, g AS starts_local, g AT TIME ZONE z AS starts_at
        FROM bound b
        CROSS JOIN LATERAL generate_series(
            date_bin(step, b.first_local - b.slack + step - interval '1 microsecond', timestamp '2000-01-01'),
            b.last_local + b.slack, step) AS g
        WHERE p_at IS NULL AND g AT TIME ZONE z BETWEEN b.first AND b.last
          AND (b.slack = interval '0' OR (g AT TIME ZONE z) AT TIME ZONE z = g)
        UNION ALL
        SELECT b.staff_id, b.length, a AT TIME ZONE z, a
        FROM bound b JOIN unnest(p_at) AS a ON a BETWEEN b.first AND b.last
        WHERE p_at IS NOT NULL
    ), spot AS MATERIALIZED (
        -- each time is looked at once, however many are free then
        SELECT q.starts_at, q.length,
               (SELECT u.id FROM unit u WHERE u.grp = 'room' AND NOT u.m && tstzrange(q.starts_at - before, q.starts_at + q.length + after)
                ORDER BY u.ord LIMIT 1) AS room_id
        FROM (SELECT DISTINCT c.starts_at, c.length FROM candidate c) AS q
        WHERE (allowed IS NULL OR allowed @> q.starts_at)
          AND (n_groups = 0 OR n_groups = (SELECT count(DISTINCT u.grp) FROM unit u
                WHERE NOT u.m && tstzrange(q.starts_at - before, q.starts_at + q.length + after)))
    )
    SELECT c.staff_id, c.starts_at, c.starts_local, t.room_id, c.starts_at + c.length
    FROM candidate c
    JOIN spot t ON t.starts_at = c.starts_at AND t.length = c.length
    ORDER BY c.starts_at, c.staff_id;
END $$;

-- Whether who asks may see free times at all; moving: an appointment whose own time does not stand in its way. Internal.
CREATE OR REPLACE FUNCTION app.check_may_look(moving uuid) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF moving IS NOT NULL AND NOT EXISTS (
        SELECT FROM app.appointment p
        WHERE p.tenant_id = app.tenant() AND p.id = moving AND app.may_change(p.client_id, p.staff_id, p.location_id)) THEN
        RAISE EXCEPTION 'no such appointment' USING ERRCODE = 'FY404';
    END IF;
    IF app.actor_kind() = 'staff' AND NOT app.may_some('calendar_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
END $$;

-- The same for everybody: starts only, never who is busy or why.
CREATE OR REPLACE FUNCTION app.availability(service uuid, location uuid, staff uuid, from_day date, to_day date)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.check_may_look(NULL);
    RETURN QUERY SELECT f.staff_id, f.starts_at, f.starts_local, f.room_id
        FROM app.free_starts(service, location, staff, from_day, to_day) AS f;
END $$;

-- The same for a page that offers times. moving: an appointment whose own time does not stand in its way, or NULL; its add-ons and
-- its length stay. due: a due date that the visitor has told; a client's own, where the studio knows it, wins.
CREATE OR REPLACE FUNCTION app.offered_times(service uuid, location uuid, staff uuid, from_day date, to_day date, moving uuid,
    client uuid DEFAULT NULL, addons uuid[] DEFAULT '{}', due date DEFAULT NULL)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    long record;
BEGIN
    PERFORM app.check_may_look(moving);
    long := app.visit_length(service, addons, moving);
    RETURN QUERY SELECT f.staff_id, f.starts_at, f.starts_local, f.room_id
        FROM app.free_starts(service, location, staff, from_day, to_day, array_remove(ARRAY[moving], NULL), client, due, long.extra, long.fixed) AS f
        WHERE f.starts_at IS DISTINCT FROM (SELECT p.starts_at FROM app.appointment p WHERE p.id = moving);
END $$;

-- How many starts each day has, for the overview of a month; days without any are left out.
CREATE OR REPLACE FUNCTION app.free_days(service uuid, location uuid, staff uuid, from_day date, to_day date,
    client uuid DEFAULT NULL, addons uuid[] DEFAULT '{}', due date DEFAULT NULL, moving uuid DEFAULT NULL)
RETURNS TABLE (day date, n_free int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    long record;
BEGIN
    PERFORM app.check_may_look(moving);
    long := app.visit_length(service, addons, moving);
    RETURN QUERY SELECT f.starts_local::date, count(DISTINCT f.starts_at)::int
        FROM app.free_starts(service, location, staff, from_day, to_day, array_remove(ARRAY[moving], NULL), client, due, long.extra, long.fixed) AS f
        GROUP BY 1 ORDER BY 1;
END $$;

-- The first free start from a day on, within 62 days; no row when there is none. It looks near before it looks far.
CREATE OR REPLACE FUNCTION app.first_free(service uuid, location uuid, staff uuid, from_day date,
    client uuid DEFAULT NULL, addons uuid[] DEFAULT '{}', due date DEFAULT NULL, moving uuid DEFAULT NULL)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    long record;
    a int := 0;
    b int;
BEGIN
    PERFORM app.check_may_look(moving);
    long := app.visit_length(service, addons, moving);
    FOREACH b IN ARRAY ARRAY[3, 10, 31, 62] LOOP
        RETURN QUERY SELECT f.staff_id, f.starts_at, f.starts_local
            FROM app.free_starts(service, location, staff, from_day + a, from_day + b, array_remove(ARRAY[moving], NULL), client, due, long.extra, long.fixed) AS f
            ORDER BY f.starts_at LIMIT 1;
        EXIT WHEN FOUND;
        a := b;
    END LOOP;
END $$;

-- Who does a service where, now or later: what a visitor may choose from. Says nothing of hours. (plpgsql: its plan
-- is kept; as a function in SQL it was planned at each call. Shifts are many, pairs few: those first.)
CREATE OR REPLACE FUNCTION app.offered_by(service uuid) RETURNS TABLE (location_id uuid, staff_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date - 1;
BEGIN
    RETURN QUERY
    SELECT h.location_id, h.staff_id
    FROM (SELECT DISTINCT t.location_id, t.staff_id FROM app.shift t
          WHERE t.valid_to IS NULL OR t.valid_to >= today
          UNION
          SELECT e.location_id, e.staff_id FROM app.shift_day e WHERE e.location_id IS NOT NULL AND e.day >= today) AS h
    WHERE h.staff_id IN (SELECT x.staff_id FROM app.service_staff x JOIN app.staff f ON f.id = x.staff_id
                         WHERE x.service_id = offered_by.service AND f.is_provider AND f.is_active)
      AND h.location_id IN (SELECT l.id FROM app.location l WHERE l.is_active)
      AND (NOT EXISTS (SELECT FROM app.service_staff_place y WHERE y.service_id = offered_by.service AND y.staff_id = h.staff_id)
           OR EXISTS (SELECT FROM app.service_staff_place y
                      WHERE y.service_id = offered_by.service AND y.staff_id = h.staff_id AND y.location_id = h.location_id))
      AND (SELECT v.licence IS NULL OR EXISTS (
               SELECT FROM app.staff_licence c
               WHERE c.staff_id = h.staff_id AND c.kind = v.licence AND c.valid_to >= today AND (c.location_id IS NULL OR c.location_id = h.location_id))
           FROM app.service v WHERE v.id = offered_by.service);
END $$;

-- The n free starts nearest to an instant, from three days before to two weeks after; one provider for each. When those days have
-- none, the first ones after them.
CREATE OR REPLACE FUNCTION app.nearest_free(service uuid, location uuid, staff uuid, around timestamptz, n int,
    client uuid DEFAULT NULL, addons uuid[] DEFAULT '{}', moving uuid DEFAULT NULL, due date DEFAULT NULL)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    long record;
    day date;
    a int := -3;
    b int;
BEGIN
    SELECT (around AT TIME ZONE l.zone)::date INTO day FROM app.location l WHERE l.id = location;
    IF moving IS NOT NULL THEN
        PERFORM app.check_may_look(moving);
    END IF;
    long := app.visit_length(service, addons, moving);
    FOREACH b IN ARRAY ARRAY[15, 59] LOOP
        RETURN QUERY
        SELECT q.staff_id, q.starts_at, q.starts_local, q.room_id
        FROM (
            SELECT DISTINCT ON (f.starts_at) f.staff_id, f.starts_at, f.starts_local, f.room_id
            FROM app.free_starts(service, location, staff, day + a, day + b, array_remove(ARRAY[moving], NULL), client, due, long.extra, long.fixed) AS f
            ORDER BY f.starts_at, f.staff_id
        ) AS q
        ORDER BY abs(extract(epoch FROM q.starts_at - around)), q.starts_at
        LIMIT least(greatest(n, 0), 50);
        EXIT WHEN FOUND;
        a := b;
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION app.units_for(uuid, uuid), app.addon_minutes(uuid, uuid[]), app.visit_length(uuid, uuid[], uuid),
    app.free_starts(uuid, uuid, uuid, date, date, uuid[], uuid, date, int, int, timestamptz[], uuid[]), app.check_may_look(uuid),
    app.availability(uuid, uuid, uuid, date, date), app.offered_times(uuid, uuid, uuid, date, date, uuid, uuid, uuid[], date),
    app.free_days(uuid, uuid, uuid, date, date, uuid, uuid[], date, uuid), app.first_free(uuid, uuid, uuid, date, uuid, uuid[], date, uuid),
    app.offered_by(uuid), app.nearest_free(uuid, uuid, uuid, timestamptz, int, uuid, uuid[], uuid, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.availability(uuid, uuid, uuid, date, date), app.offered_by(uuid) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.offered_times(uuid, uuid, uuid, date, date, uuid, uuid, uuid[], date),
    app.free_days(uuid, uuid, uuid, date, date, uuid, uuid[], date, uuid), app.first_free(uuid, uuid, uuid, date, uuid, uuid[], date, uuid),
    app.nearest_free(uuid, uuid, uuid, timestamptz, int, uuid, uuid[], uuid, date) TO foyer_staff, foyer_public, foyer_jobs;
