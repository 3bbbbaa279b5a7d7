-- 040_booking: which times are free, and how one is taken. Owner: foyer_booking, for the public may see starts but never
-- who is busy; row security of the tenant applies here as everywhere.
-- Order inside a transaction: the form's key (app.idem_take), locks of the resources in ascending order, expired holds freed,
-- check, insert. The constraint slot_not_double_booked is the net, never the queue.
-- Errors: FY404 no such service, place, appointment; FY409 taken, or changed by somebody else; FY422 against a rule; FY403.

SET LOCAL ROLE foyer_booking;

-- Free starts of a service at a location, from a day (inclusive) to a day (exclusive), in the location's wall time; at most 62
-- days. wanted NULL: any provider. skip: an appointment whose own slots do not count (it is being moved). Internal.
-- A start lies on the service's grid of wall time; wall times that a change of the clock leaves out are not offered, and of
-- those that it repeats, the second is. Visitors and clients keep notice and horizon; staff may book from an hour ago on.
CREATE OR REPLACE FUNCTION app.free_starts(p_service uuid, p_location uuid, wanted uuid, p_from date, p_to date, skip uuid)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    s record;
    z text;
    is_staff boolean := app.actor_kind() IN ('staff', 'job', 'system');
    first_day date := p_from;
    last_day date := least(p_to, p_from + 62);
    lo timestamptz;
    hi timestamptz;
    not_before timestamptz;
    not_after timestamptz;
    before interval;
    after interval;
    length interval;
    step interval;
    people uuid[];
    rooms uuid[];
    needs_room boolean;
BEGIN
    -- PostgreSQL knows a day 'infinity', and would look at each day up to it.
    IF NOT (isfinite(p_from) AND isfinite(p_to)) THEN
        RETURN;
    END IF;
    SELECT v.duration_min, v.before_min, v.after_min, v.step_min, v.min_notice_min, v.horizon_days INTO s
    FROM app.service v WHERE v.id = p_service AND v.is_active AND (v.is_online OR is_staff OR app.own_client() IS NOT NULL);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT l.zone INTO z FROM app.location l WHERE l.id = p_location AND l.is_active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    before := make_interval(mins => s.before_min);
    after := make_interval(mins => s.after_min);
    length := make_interval(mins => s.duration_min);
    step := make_interval(mins => s.step_min);
    IF is_staff THEN
        not_before := now() - interval '1 hour';
        not_after := 'infinity';
    ELSE
        not_before := now() + make_interval(mins => s.min_notice_min);
        not_after := ((now() AT TIME ZONE z)::date + s.horizon_days + 1)::timestamp AT TIME ZONE z;
    END IF;
    lo := first_day::timestamp AT TIME ZONE z;
    hi := last_day::timestamp AT TIME ZONE z;
    people := ARRAY(SELECT x.staff_id FROM app.service_staff x JOIN app.staff f ON f.id = x.staff_id
                    WHERE x.service_id = p_service AND f.is_provider AND f.is_active AND (wanted IS NULL OR x.staff_id = wanted)
                      AND EXISTS (SELECT FROM app.shift h WHERE h.staff_id = x.staff_id AND h.location_id = p_location));
    needs_room := EXISTS (SELECT FROM app.service_room x WHERE x.service_id = p_service);
    rooms := ARRAY(SELECT r.id FROM app.service_room x JOIN app.resource r ON r.id = x.resource_id
                   WHERE x.service_id = p_service AND r.location_id = p_location AND r.is_active
                   ORDER BY r.position, r.name, r.id);
    RETURN QUERY
    WITH day AS (
        SELECT g::date AS d, extract(dow FROM g)::smallint AS weekday
        FROM generate_series(first_day::timestamp, last_day::timestamp - interval '1 day', interval '1 day') AS g
    ), work AS (
        SELECT h.staff_id, range_agg(tstzrange((d.d + h.starts) AT TIME ZONE z, (d.d + h.ends) AT TIME ZONE z)) AS m
        FROM app.shift h
        JOIN day d ON d.weekday = h.weekday AND d.d >= h.valid_from AND (h.valid_to IS NULL OR d.d <= h.valid_to)
        WHERE h.staff_id = ANY (people) AND h.location_id = p_location
          AND (d.d + h.starts) AT TIME ZONE z < (d.d + h.ends) AT TIME ZONE z
        GROUP BY h.staff_id
    ), busy AS MATERIALIZED (
        SELECT b.id, range_agg(b.during) AS m
        FROM (
            -- a slot is at most 12 hours long, and a buffer may reach past midnight; for each by itself, or the whole index of
            -- the tenant's slots would be read through
            SELECT who.id, taken.during
            FROM unnest(people || rooms) AS who (id)
            CROSS JOIN LATERAL (
                SELECT t.during
                FROM app.slot t
                WHERE t.resource_id = who.id
                  AND t.starts_at >= lo - interval '15 hours' AND t.starts_at < hi + interval '12 hours'
                  AND (t.state = 'booked' OR (t.state = 'hold' AND t.hold_until >= now()))
                  AND (skip IS NULL OR t.appointment_id <> skip)
                OFFSET 0) AS taken
            UNION ALL
            SELECT o.staff_id, tstzrange(o.starts_at, o.ends_at)
            FROM app.time_off o
            WHERE o.staff_id = ANY (people) AND o.ends_at > lo AND o.starts_at < hi + interval '12 hours'
        ) AS b
        GROUP BY b.id
    ), shut AS (
        SELECT range_agg(tstzrange(c.starts_local AT TIME ZONE z, greatest(c.starts_local AT TIME ZONE z, c.ends_local AT TIME ZONE z))) AS m
        FROM app.closure c
        WHERE (c.location_id IS NULL OR c.location_id = p_location)
          AND c.ends_local > first_day AND c.starts_local < last_day + 1
    ), room AS MATERIALIZED (
        SELECT r.id, r.o, coalesce(b.m, '{}'::tstzmultirange) AS m
        FROM unnest(rooms) WITH ORDINALITY AS r (id, o) LEFT JOIN busy b ON b.id = r.id
    ), free AS (
        SELECT w.staff_id, u.r, lower(u.r) + before AS first, upper(u.r) - length - after AS last
        FROM work w
        LEFT JOIN busy b ON b.id = w.staff_id
        CROSS JOIN shut
        CROSS JOIN LATERAL unnest(w.m - coalesce(b.m, '{}'::tstzmultirange) - coalesce(shut.m, '{}'::tstzmultirange)) AS u (r)
    ), bound AS (
        -- where the clock changes inside the range, look an hour further on both sides
        SELECT f.staff_id, f.first, f.last, f.first AT TIME ZONE z AS first_local, f.last AT TIME ZONE z AS last_local,
               CASE WHEN (f.last AT TIME ZONE z) - (f.first AT TIME ZONE z) = f.last - f.first THEN interval '0' ELSE interval '1 hour' END AS slack
        FROM free f
        WHERE f.first <= f.last
    ), candidate AS (
        SELECT b.staff_id, g AS starts_local, g AT TIME ZONE z AS starts_at
        FROM bound b
        CROSS JOIN LATERAL generate_series(
            date_bin(step, b.first_local - b.slack + step - interval '1 microsecond', timestamp '2000-01-01'),
            b.last_local + b.slack, step) AS g
        WHERE g AT TIME ZONE z BETWEEN b.first AND b.last
          AND (b.slack = interval '0' OR (g AT TIME ZONE z) AT TIME ZONE z = g)
    )
    SELECT c.staff_id, c.starts_at, c.starts_local, place.id
    FROM candidate c
    LEFT JOIN LATERAL (
        SELECT r.id FROM room r WHERE NOT r.m && tstzrange(c.starts_at - before, c.starts_at + length + after)
        ORDER BY r.o LIMIT 1
    ) AS place ON true
    WHERE c.starts_at >= not_before AND c.starts_at < not_after
      AND (NOT needs_room OR place.id IS NOT NULL)
    ORDER BY c.starts_at, c.staff_id;
END $$;

-- The same for everybody: starts only, never who is busy or why.
CREATE OR REPLACE FUNCTION app.availability(service uuid, location uuid, staff uuid, from_day date, to_day date)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND NOT app.may_some('calendar_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN QUERY SELECT f.staff_id, f.starts_at, f.starts_local, f.room_id
        FROM app.free_starts(service, location, staff, from_day, to_day, NULL) AS f;
END $$;

-- The same for a page that offers times. moving: an appointment whose own time does not stand in its way, or NULL.
CREATE OR REPLACE FUNCTION app.offered_times(service uuid, location uuid, staff uuid, from_day date, to_day date, moving uuid)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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
    RETURN QUERY SELECT f.staff_id, f.starts_at, f.starts_local, f.room_id
        FROM app.free_starts(service, location, staff, from_day, to_day, moving) AS f
        WHERE f.starts_at IS DISTINCT FROM (SELECT p.starts_at FROM app.appointment p WHERE p.id = moving);
END $$;

-- Who does a service where, now or later: what a visitor may choose from. Says nothing of hours. (plpgsql: its plan
-- is kept; as a function in SQL it was planned at each call. Shifts are many, pairs few: those first.)
CREATE OR REPLACE FUNCTION app.offered_by(service uuid) RETURNS TABLE (location_id uuid, staff_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT h.location_id, h.staff_id
    FROM (SELECT DISTINCT t.location_id, t.staff_id FROM app.shift t
          WHERE t.valid_to IS NULL OR t.valid_to >= (now() AT TIME ZONE 'UTC')::date - 1) AS h
    WHERE h.staff_id IN (SELECT x.staff_id FROM app.service_staff x JOIN app.staff f ON f.id = x.staff_id
                         WHERE x.service_id = offered_by.service AND f.is_provider AND f.is_active)
      AND h.location_id IN (SELECT l.id FROM app.location l WHERE l.is_active);
END $$;

-- The version of a text that is in force today where the business is; NULL when it has published none.
CREATE OR REPLACE FUNCTION app.policy_in_force(kind text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.id
    FROM app.policy_version v
    JOIN app.tenant t ON t.id = v.tenant_id
    WHERE v.kind = policy_in_force.kind COLLATE "C" AND v.effective_on <= (now() AT TIME ZONE t.zone)::date
    ORDER BY v.version DESC
    LIMIT 1
$$;

-- The n free starts nearest to an instant, from three days before to two weeks after; one provider for each.
CREATE OR REPLACE FUNCTION app.nearest_free(service uuid, location uuid, staff uuid, around timestamptz, n int)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, room_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date;
BEGIN
    SELECT (around AT TIME ZONE l.zone)::date INTO day FROM app.location l WHERE l.id = location;
    RETURN QUERY
    SELECT q.staff_id, q.starts_at, q.starts_local, q.room_id
    FROM (
        SELECT DISTINCT ON (f.starts_at) f.staff_id, f.starts_at, f.starts_local, f.room_id
        FROM app.free_starts(service, location, staff, day - 3, day + 15, NULL) AS f
        ORDER BY f.starts_at, f.staff_id
    ) AS q
    ORDER BY abs(extract(epoch FROM q.starts_at - around)), q.starts_at
    LIMIT least(greatest(n, 0), 50);
END $$;

-- Finds a provider and a room for this start and locks them: on return nobody else can take them. Internal.
CREATE OR REPLACE FUNCTION app.claim(p_service uuid, p_location uuid, wanted uuid, p_starts timestamptz, skip uuid,
    OUT staff_id uuid, OUT room_id uuid, OUT during tstzrange, OUT ends_at timestamptz, OUT price_cents bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := app.tenant();
    s record;
    day date;
    resources uuid[];
    one uuid;
    expired uuid[];
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'no tenant was entered' USING ERRCODE = 'FY403';
    END IF;
    SELECT v.duration_min, v.before_min, v.after_min, v.price_cents, l.zone INTO s
    FROM app.service v, app.location l
    WHERE v.id = p_service AND v.is_active AND l.id = p_location AND l.is_active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such service or place' USING ERRCODE = 'FY404';
    END IF;
    ends_at := p_starts + make_interval(mins => s.duration_min);
    price_cents := s.price_cents;
    during := tstzrange(p_starts - make_interval(mins => s.before_min), ends_at + make_interval(mins => s.after_min));
    day := (p_starts AT TIME ZONE s.zone)::date;

    -- Most who come too late are told so here, without waiting for anybody.
    IF NOT EXISTS (SELECT FROM app.free_starts(p_service, p_location, wanted, day, day + 1, skip) AS f WHERE f.starts_at = p_starts) THEN
        RAISE EXCEPTION '%', CASE WHEN app.actor_kind() = 'staff' THEN 'Nobody is free at this time.' ELSE 'This time has just been taken.' END
            USING ERRCODE = 'FY409', COLUMN = 'starts_at';
    END IF;

    resources := ARRAY(
        SELECT x.staff_id FROM app.service_staff x WHERE x.service_id = p_service AND (wanted IS NULL OR x.staff_id = wanted)
        UNION
        SELECT r.id FROM app.service_room x JOIN app.resource r ON r.id = x.resource_id
        WHERE x.service_id = p_service AND r.location_id = p_location
        UNION
        SELECT t.resource_id FROM app.slot t WHERE t.appointment_id = skip AND t.state <> 'released'
        ORDER BY 1);
    FOREACH one IN ARRAY resources LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(tenant || ':' || one, 0));
    END LOOP;

    -- A hold whose time is over is shown as free, so it must give way here too. (claim.during: a slot has a during as well, and
    -- with that all slots that these resources ever had were looked through.)
    expired := ARRAY(
        SELECT a.id FROM app.appointment a
        WHERE a.status = 'held' AND a.id IN (
            SELECT t.appointment_id FROM app.slot t
            WHERE t.resource_id = ANY (resources) AND t.state = 'hold' AND t.hold_until < now()
              AND t.starts_at >= lower(claim.during) - interval '12 hours' AND t.starts_at < upper(claim.during))
        FOR UPDATE SKIP LOCKED);
    IF cardinality(expired) > 0 THEN
        UPDATE app.slot t SET state = 'released', hold_until = NULL WHERE t.appointment_id = ANY (expired) AND t.state = 'hold';
        UPDATE app.appointment a SET status = 'expired' WHERE a.id = ANY (expired);
    END IF;

    -- Among those who are free, the one with the least to do that day.
    SELECT f.staff_id, f.room_id INTO staff_id, room_id
    FROM app.free_starts(p_service, p_location, wanted, day, day + 1, skip) AS f
    JOIN app.staff p ON p.id = f.staff_id
    WHERE f.starts_at = p_starts
    ORDER BY (SELECT count(*) FROM app.slot t
              WHERE t.resource_id = f.staff_id AND t.state IN ('hold', 'booked')
                AND t.starts_at >= day::timestamp AT TIME ZONE s.zone AND t.starts_at < (day + 1)::timestamp AT TIME ZONE s.zone),
             p.position, f.staff_id
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This time has just been taken.' USING ERRCODE = 'FY409', COLUMN = 'starts_at';
    END IF;
END $$;

-- The rows that take the time from provider and room. Internal.
CREATE OR REPLACE FUNCTION app.take_slots(appointment uuid, staff uuid, room uuid, during tstzrange, until timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.slot (appointment_id, resource_id, during, state, hold_until)
    SELECT appointment, r.id, take_slots.during, CASE WHEN until IS NULL THEN 'booked' ELSE 'hold' END, until
    FROM unnest(ARRAY[staff, room]) AS r (id)
    WHERE r.id IS NOT NULL
    ORDER BY r.id;
END $$;

-- Forms that this visit asks for. A consent signed before stands for the visit it was given for, so each visit asks anew.
-- (plpgsql, like take_slots: its plans are kept. A function in SQL is planned at each call, 7 ms here instead of one.)
CREATE OR REPLACE FUNCTION app.assign_forms(appointment uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.form_assignment (client_id, appointment_id, form_id, due_by, position)
    SELECT a.client_id, a.id, x.form_id, a.starts_at, x.position
    FROM app.appointment a
    JOIN app.service_form x ON x.service_id = a.service_id
    JOIN app.form f ON f.id = x.form_id AND f.is_active
    WHERE a.id = appointment
      AND EXISTS (SELECT FROM app.form_version v WHERE v.form_id = f.id AND v.published_at IS NOT NULL)
    ON CONFLICT (tenant_id, appointment_id, form_id) DO NOTHING;
END $$;

-- Whether the actor may deal with an appointment of this client. Internal.
CREATE OR REPLACE FUNCTION app.may_book_for(client uuid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE app.actor_kind()
        WHEN 'staff' THEN app.may('booking_write') OR coalesce(app.reaches('booking_write', client), false)
        WHEN 'job' THEN true
        ELSE coalesce(client = app.own_client(), false)
    END
$$;

-- Whether she may change a visit: staff by its provider and place, others when it is their own. Internal.
CREATE OR REPLACE FUNCTION app.may_change(client uuid, staff uuid, location uuid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE app.actor_kind() WHEN 'staff' THEN app.may_visit('booking_write', staff, location) ELSE app.may_book_for(client) END
$$;

-- Whom a time is asked of: who may book for herself alone asks for herself. Staff whose permission does not reach this provider or
-- place is refused. Internal.
CREATE OR REPLACE FUNCTION app.bookable_staff(wanted uuid, location uuid) RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() <> 'staff' OR app.may_at('booking_write', location) THEN
        RETURN wanted;
    END IF;
    IF NOT app.may_visit('booking_write', coalesce(wanted, app.actor()), location) THEN
        RAISE EXCEPTION 'You may not book with this provider at this place.' USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
    RETURN coalesce(wanted, app.actor());
END $$;

-- Keeps a slot while the visitor fills in the form. staff NULL: any provider. The id is a secret of the visitor's.
CREATE OR REPLACE FUNCTION app.hold(service uuid, location uuid, staff uuid, starts_at timestamptz, minutes int) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    c record;
    hold uuid := gen_random_uuid();
BEGIN
    IF app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    c := app.claim(service, location, app.bookable_staff(staff, location), starts_at, NULL);
    INSERT INTO app.appointment (id, service_id, staff_id, room_id, location_id, starts_at, ends_at, status, source, price_cents)
    VALUES (hold, service, c.staff_id, c.room_id, location, starts_at, c.ends_at, 'held',
            CASE app.actor_kind() WHEN 'staff' THEN 'staff' ELSE 'online' END, c.price_cents);
    PERFORM app.take_slots(hold, c.staff_id, c.room_id, c.during,
        now() + make_interval(mins => least(greatest(coalesce(minutes, 10), 1), 60)));
    RETURN hold;
END $$;

-- What a hold holds, for the form that the visitor fills in; no row when there is none, or it was booked.
CREATE OR REPLACE FUNCTION app.hold_show(hold uuid)
RETURNS TABLE (hold_id uuid, service_id uuid, service_name text, duration_min int, price_cents bigint, location_id uuid, location_name text,
    zone text, staff_id uuid, staff_name text, starts_at timestamptz, starts_local timestamp, hold_until timestamptz, is_expired boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.id, a.service_id, v.name, v.duration_min, a.price_cents, a.location_id, l.name, l.zone, a.staff_id, f.name, a.starts_at,
           a.starts_at AT TIME ZONE l.zone, t.hold_until, a.status = 'expired' OR coalesce(t.hold_until < now(), true)
    FROM app.appointment a
    JOIN app.service v ON v.id = a.service_id
    JOIN app.location l ON l.id = a.location_id
    JOIN app.staff f ON f.id = a.staff_id
    LEFT JOIN LATERAL (SELECT x.hold_until FROM app.slot x WHERE x.appointment_id = a.id AND x.state = 'hold' LIMIT 1) AS t ON true
    WHERE a.id = hold AND a.status IN ('held', 'expired');
END $$;

-- Turns a hold into a booking. An expired hold still counts if nobody took the time in between (FY409 otherwise).
CREATE OR REPLACE FUNCTION app.book_confirm(hold uuid, client uuid, policy_version uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    a record;
    c record;
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT p.id, p.status, p.service_id, p.location_id, p.staff_id, p.room_id, p.starts_at INTO a
    FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.id = hold
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such hold' USING ERRCODE = 'FY404';
    END IF;
    IF a.status NOT IN ('held', 'expired') THEN
        RAISE EXCEPTION 'This time has just been taken.' USING ERRCODE = 'FY409', COLUMN = 'starts_at';
    END IF;
    IF policy_version IS NOT NULL AND policy_version IS DISTINCT FROM (
        SELECT app.policy_in_force(mine.kind) FROM app.policy_version mine WHERE mine.id = policy_version) THEN
        RAISE EXCEPTION 'Our terms have changed since you opened this page. Please read them again.' USING ERRCODE = 'FY422', COLUMN = 'policy';
    END IF;
    IF a.status = 'held' THEN
        UPDATE app.slot t SET state = 'booked', hold_until = NULL WHERE t.tenant_id = app.tenant() AND t.appointment_id = hold AND t.state = 'hold';
    ELSE
        c := app.claim(a.service_id, a.location_id, a.staff_id, a.starts_at, hold);
        PERFORM app.take_slots(hold, c.staff_id, c.room_id, c.during, NULL);
        a.room_id := c.room_id;
    END IF;
    UPDATE app.appointment p SET status = 'booked', client_id = client, policy_version_id = policy_version, room_id = a.room_id, booked_by = app.actor()
    WHERE p.tenant_id = app.tenant() AND p.id = hold;
    PERFORM app.assign_forms(hold);
    RETURN hold;
END $$;

-- A booking in one go, by staff or by a client for herself. staff NULL: any provider.
CREATE OR REPLACE FUNCTION app.book(service uuid, location uuid, staff uuid, starts_at timestamptz, client uuid, policy_version uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    c record;
    booking uuid := gen_random_uuid();
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    c := app.claim(service, location, app.bookable_staff(staff, location), starts_at, NULL);
    INSERT INTO app.appointment (id, client_id, service_id, staff_id, room_id, location_id, starts_at, ends_at, status, source, price_cents, policy_version_id, booked_by)
    VALUES (booking, client, service, c.staff_id, c.room_id, location, starts_at, c.ends_at, 'booked',
            CASE app.actor_kind() WHEN 'staff' THEN 'staff' ELSE 'online' END, c.price_cents, policy_version, app.actor());
    PERFORM app.take_slots(booking, c.staff_id, c.room_id, c.during, NULL);
    PERFORM app.assign_forms(booking);
    RETURN booking;
END $$;

-- Locks an appointment that the actor may change, at the version she saw (NULL: any). Internal.
CREATE OR REPLACE FUNCTION app.appointment_lock(appointment uuid, expected_version int) RETURNS app.appointment
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a app.appointment;
BEGIN
    SELECT p.* INTO a FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.id = appointment FOR UPDATE;
    IF NOT FOUND OR NOT app.may_change(a.client_id, a.staff_id, a.location_id) THEN
        -- what is not hers looks as if it did not exist
        RAISE EXCEPTION 'no such appointment' USING ERRCODE = CASE WHEN app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN 'FY403' ELSE 'FY404' END;
    END IF;
    IF expected_version IS NOT NULL AND a.version <> expected_version THEN
        RAISE EXCEPTION 'Somebody else has changed this appointment. Look at it again.' USING ERRCODE = 'FY409', COLUMN = 'version';
    END IF;
    RETURN a;
END $$;

-- Moves an appointment to another start, or another provider (NULL: any who is free). The new version is returned.
CREATE OR REPLACE FUNCTION app.appointment_move(appointment uuid, staff uuid, starts_at timestamptz, expected_version int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    a app.appointment := app.appointment_lock(appointment, expected_version);
    c record;
    now_at int;
BEGIN
    IF a.status NOT IN ('booked', 'confirmed') OR (app.actor_kind() <> 'staff' AND a.starts_at <= now()) THEN
        RAISE EXCEPTION 'This appointment can no longer be moved.' USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
    c := app.claim(a.service_id, a.location_id, app.bookable_staff(staff, a.location_id), starts_at, appointment);
    UPDATE app.slot t SET state = 'released', hold_until = NULL
    WHERE t.tenant_id = app.tenant() AND t.appointment_id = appointment AND t.state <> 'released';
    PERFORM app.take_slots(appointment, c.staff_id, c.room_id, c.during, NULL);
    UPDATE app.appointment p SET staff_id = c.staff_id, room_id = c.room_id, starts_at = starts_at, ends_at = c.ends_at
    WHERE p.tenant_id = app.tenant() AND p.id = appointment
    RETURNING p.version INTO now_at;
    UPDATE app.form_assignment f SET due_by = starts_at WHERE f.tenant_id = app.tenant() AND f.appointment_id = appointment AND f.state = 'due';
    RETURN now_at;
END $$;

-- Changes the status by the rules of app.appointment_may_become. A client may confirm or cancel her own before it starts.
-- reason: why it is cancelled, one of the codes of app.appointment.cancel_reason; kept for nothing else.
CREATE OR REPLACE FUNCTION app.appointment_set_status(appointment uuid, status text, expected_version int, reason text DEFAULT NULL) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    a app.appointment := app.appointment_lock(appointment, expected_version);
    now_at int;
BEGIN
    IF app.actor_kind() <> 'staff' AND (status NOT IN ('confirmed', 'cancelled') OR a.starts_at <= now()) THEN
        RAISE EXCEPTION 'This appointment can no longer be changed here. Please call us.' USING ERRCODE = 'FY422', COLUMN = 'status';
    END IF;
    IF status = a.status THEN
        RETURN a.version;
    END IF;
    IF NOT app.appointment_may_become(a.status, status) OR (a.client_id IS NULL AND status <> 'cancelled') THEN
        RAISE EXCEPTION 'An appointment that is % cannot become %.', replace(a.status, '_', ' '), replace(status, '_', ' ')
            USING ERRCODE = 'FY422', COLUMN = 'status';
    END IF;
    IF status = 'cancelled' THEN
        UPDATE app.slot t SET state = 'released', hold_until = NULL
        WHERE t.tenant_id = app.tenant() AND t.appointment_id = appointment AND t.state <> 'released';
    END IF;
    UPDATE app.appointment p SET status = status, cancel_reason = CASE status WHEN 'cancelled' THEN reason END
    WHERE p.tenant_id = app.tenant() AND p.id = appointment
    RETURNING p.version INTO now_at;
    RETURN now_at;
END $$;

-- Housekeeping within a tenant: frees what expired. Bookings do not depend on it.
CREATE OR REPLACE FUNCTION app.free_expired_holds() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    expired uuid[];
BEGIN
    expired := ARRAY(SELECT a.id FROM app.appointment a
        WHERE a.status = 'held' AND NOT EXISTS (SELECT FROM app.slot t WHERE t.appointment_id = a.id AND t.state = 'hold' AND t.hold_until >= now())
        FOR UPDATE SKIP LOCKED);
    UPDATE app.slot t SET state = 'released', hold_until = NULL WHERE t.appointment_id = ANY (expired) AND t.state = 'hold';
    UPDATE app.appointment a SET status = 'expired' WHERE a.id = ANY (expired);
    RETURN cardinality(expired);
END $$;

REVOKE ALL ON FUNCTION app.free_starts(uuid, uuid, uuid, date, date, uuid), app.claim(uuid, uuid, uuid, timestamptz, uuid),
    app.take_slots(uuid, uuid, uuid, tstzrange, timestamptz), app.assign_forms(uuid), app.may_book_for(uuid),
    app.may_change(uuid, uuid, uuid), app.bookable_staff(uuid, uuid),
    app.appointment_lock(uuid, int), app.availability(uuid, uuid, uuid, date, date), app.nearest_free(uuid, uuid, uuid, timestamptz, int),
    app.offered_times(uuid, uuid, uuid, date, date, uuid), app.offered_by(uuid), app.policy_in_force(text),
    app.hold(uuid, uuid, uuid, timestamptz, int), app.hold_show(uuid), app.book_confirm(uuid, uuid, uuid),
    app.book(uuid, uuid, uuid, timestamptz, uuid, uuid), app.appointment_move(uuid, uuid, timestamptz, int),
    app.appointment_set_status(uuid, text, int, text), app.free_expired_holds() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.availability(uuid, uuid, uuid, date, date), app.offered_times(uuid, uuid, uuid, date, date, uuid),
    app.offered_by(uuid), app.policy_in_force(text), app.nearest_free(uuid, uuid, uuid, timestamptz, int),
    app.hold(uuid, uuid, uuid, timestamptz, int), app.hold_show(uuid), app.book_confirm(uuid, uuid, uuid),
    app.book(uuid, uuid, uuid, timestamptz, uuid, uuid), app.appointment_move(uuid, uuid, timestamptz, int),
    app.appointment_set_status(uuid, text, int, text) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.free_expired_holds() TO foyer_jobs;
