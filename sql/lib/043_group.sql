-- 043_group: several services in one visit, one after the other, with one provider or several: all of them or none. Owner: foyer_booking.
-- Between two of them lie the minutes after the one and those before the other. Each is an appointment of its own; they share
-- group_id and have their places in group_position. Errors as in 041_booking.

SET LOCAL ROLE foyer_booking;

DROP FUNCTION IF EXISTS app.group_gaps(uuid[]);
DROP FUNCTION IF EXISTS app.free_group_starts(uuid[], uuid, uuid[], date, date, uuid, date);
DROP FUNCTION IF EXISTS app.put_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid, timestamptz, uuid);
DROP FUNCTION IF EXISTS app.hold_group(uuid[], uuid, uuid[], timestamptz, int, uuid);
DROP FUNCTION IF EXISTS app.book_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid);
DROP FUNCTION IF EXISTS app.group_move(uuid, uuid[], timestamptz);

-- Minutes between the end of each service and the start of the next; the last has none. FY422 unless there are two to six; of
-- a visit that is moved one may be left. Internal.
CREATE OR REPLACE FUNCTION app.group_gaps(p_services uuid[], p_least int DEFAULT 2) RETURNS interval[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gaps interval[];
BEGIN
    IF cardinality(p_services) IS NULL OR cardinality(p_services) NOT BETWEEN p_least AND 6 THEN
        RAISE EXCEPTION 'Choose two to six services for one visit.' USING ERRCODE = 'FY422', COLUMN = 'services';
    END IF;
    SELECT array_agg(make_interval(mins => q.after_min + coalesce(q.next_min, 0)) ORDER BY q.o) INTO gaps
    FROM (SELECT w.o, v.after_min, lead(v.before_min) OVER (ORDER BY w.o) AS next_min
          FROM unnest(p_services) WITH ORDINALITY AS w (id, o) JOIN app.service v ON v.id = w.id) AS q;
    IF cardinality(gaps) IS DISTINCT FROM cardinality(p_services) THEN
        RAISE EXCEPTION 'no such service' USING ERRCODE = 'FY404';
    END IF;
    RETURN gaps;
END $$;

-- The add-ons of each part: addons[k] goes with part addon_at[k]. Internal.
CREATE OR REPLACE FUNCTION app.group_addons(p_addons uuid[], p_addon_at int[], p_part int) RETURNS uuid[]
LANGUAGE sql IMMUTABLE
AS $$ SELECT coalesce(array_agg(x.id), '{}') FROM unnest(p_addons, p_addon_at) AS x (id, part) WHERE x.part = p_part $$;

-- Starts at which all of these services can be done in this order; p_extra: minutes of each one's add-ons; p_minutes: the whole length of
-- one that was stretched by hand; p_skip: visits whose own time does not count. Internal.
CREATE OR REPLACE FUNCTION app.group_starts(p_services uuid[], p_location uuid, p_staff uuid[], p_gaps interval[], p_from date, p_to date, p_client uuid, p_due date,
    p_skip uuid[], p_extra int[], p_minutes int[]) RETURNS timestamptz[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    firsts timestamptz[];
    nexts timestamptz[];
BEGIN
    SELECT array_agg(q.first), array_agg(q.next) INTO firsts, nexts
    FROM (SELECT DISTINCT f.starts_at AS first, f.ends_at + p_gaps[1] AS next
          FROM app.free_starts(p_services[1], p_location, p_staff[1], p_from, p_to, p_skip, p_client, p_due, coalesce(p_extra[1], 0), p_minutes[1]) AS f) AS q;
    FOR i IN 2..cardinality(p_services) LOOP
        EXIT WHEN firsts IS NULL;
        SELECT array_agg(q.first), array_agg(q.next) INTO firsts, nexts
        FROM (SELECT DISTINCT o.first, f.ends_at + p_gaps[i] AS next
              FROM unnest(firsts, nexts) AS o (first, next)
              JOIN app.free_starts(p_services[i], p_location, p_staff[i], NULL, NULL, p_skip, p_client, p_due, coalesce(p_extra[i], 0), p_minutes[i],
                       ARRAY(SELECT DISTINCT u FROM unnest(nexts) AS u), p_services[1:i - 1]) AS f
                ON f.starts_at = o.next) AS q;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT u FROM unnest(firsts) AS u ORDER BY u);
END $$;

-- The same by the days of the place's wall time; at most 62 days. staff: for each service a provider, NULL for any.
CREATE OR REPLACE FUNCTION app.free_group_starts(services uuid[], location uuid, staff uuid[], from_day date, to_day date,
    client uuid DEFAULT NULL, due date DEFAULT NULL, addons uuid[] DEFAULT '{}', addon_at int[] DEFAULT '{}')
RETURNS TABLE (starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    gaps interval[] := app.group_gaps(services);
    extra int[];
BEGIN
    PERFORM app.check_may_look(NULL);
    FOR i IN 1..cardinality(services) LOOP
        extra[i] := app.addon_minutes(services[i], app.group_addons(addons, addon_at, i));
    END LOOP;
    RETURN QUERY
    SELECT u, u AT TIME ZONE l.zone
    FROM unnest(app.group_starts(services, location, staff, gaps, from_day, to_day, client, due, '{}', extra, '{}')) AS u, app.location l
    WHERE l.id = location ORDER BY 1;
END $$;

-- The parts of a visit that the actor can still move, in their order, with what each is and takes. Internal.
CREATE OR REPLACE FUNCTION app.group_parts(p_together uuid, OUT parts uuid[], OUT services uuid[], OUT staff uuid[], OUT extra int[], OUT fixed int[],
    OUT place uuid, OUT client uuid, OUT starts timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a record;
    c record;
    is_client boolean := app.actor_kind() NOT IN ('staff', 'job', 'system');
    i int := 0;
BEGIN
    parts := '{}';
    FOR a IN SELECT p.* FROM app.appointment p
             WHERE p.tenant_id = app.tenant() AND p.group_id = p_together AND p.status IN ('booked', 'confirmed') AND (NOT is_client OR p.starts_at > now())
             ORDER BY p.group_position LOOP
        i := i + 1;
        c := app.visit_length(a.service_id, '{}', a.id);
        parts[i] := a.id;
        services[i] := a.service_id;
        staff[i] := a.staff_id;
        extra[i] := c.extra;
        fixed[i] := c.fixed;
        place := a.location_id;
        client := a.client_id;
        starts := coalesce(starts, a.starts_at);
    END LOOP;
END $$;

-- Providers of a visit's parts when it is moved: the same for each, or with any_staff whoever is free. Internal.
CREATE OR REPLACE FUNCTION app.group_staff(p_staff uuid[], p_any boolean) RETURNS uuid[]
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN p_any THEN array_fill(NULL::uuid, ARRAY[cardinality(p_staff)]) ELSE p_staff END $$;

-- Starts to which a whole visit of several services can be moved.
CREATE OR REPLACE FUNCTION app.group_move_starts(together uuid, any_staff boolean, from_day date, to_day date)
RETURNS TABLE (starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    g record := app.group_parts(together);
BEGIN
    IF cardinality(g.parts) = 0 THEN
        RETURN;
    END IF;
    PERFORM app.check_may_look(p) FROM unnest(g.parts) AS p;
    RETURN QUERY
    SELECT u, u AT TIME ZONE l.zone
    FROM unnest(app.group_starts(g.services, g.place, app.group_staff(g.staff, any_staff), app.group_gaps(g.services, 1), from_day, to_day, g.client, NULL, g.parts,
                    g.extra, g.fixed)) AS u, app.location l
    WHERE l.id = g.place AND u <> g.starts
    ORDER BY 1;
END $$;

-- Why a whole visit cannot be moved so that its first part starts at an instant, in words for the staff; NULL: it can.
CREATE OR REPLACE FUNCTION app.group_why_not(together uuid, any_staff boolean, starts_at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    g record := app.group_parts(together);
BEGIN
    IF cardinality(g.parts) = 0 THEN
        RETURN 'No part of this visit can be moved any more.';
    END IF;
    PERFORM app.check_may_look(p) FROM unnest(g.parts) AS p;
    RETURN CASE WHEN NOT isfinite(starts_at) OR NOT app.on_grid(g.services[1], g.place, starts_at) THEN 'Visits start at full five minutes.'
                WHEN app.plan_group(g.services, g.place, app.group_staff(g.staff, any_staff), app.group_gaps(g.services, 1), 1, starts_at, NULL, g.client, g.parts,
                         g.extra, g.fixed) IS NULL
                THEN 'The parts of this visit cannot be done one after the other at this time' || CASE WHEN any_staff THEN '.' ELSE ' by the same people.' END END;
END $$;

-- Who does each service when the first of them starts at an instant: staff from service i on, or NULL when it cannot be done. One
-- provider goes on with the next service where she can; else the one with the least to do. Internal.
CREATE OR REPLACE FUNCTION app.plan_group(p_services uuid[], p_location uuid, p_staff uuid[], p_gaps interval[], i int, p_at timestamptz,
    p_last uuid, p_client uuid, p_skip uuid[], p_extra int[], p_minutes int[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r record;
    rest uuid[];
BEGIN
    FOR r IN
        SELECT f.staff_id, f.ends_at
        FROM app.free_starts(p_services[i], p_location, p_staff[i], NULL, NULL, p_skip, p_client, NULL, coalesce(p_extra[i], 0), p_minutes[i],
                 ARRAY[p_at], p_services[1:i - 1]) AS f
        JOIN app.staff s ON s.id = f.staff_id
        JOIN app.location l ON l.id = p_location
        CROSS JOIN LATERAL app.load_of(f.staff_id, (p_at AT TIME ZONE l.zone)::date, l.zone) AS w
        ORDER BY f.staff_id IS NOT DISTINCT FROM p_last DESC, w.of_day, w.of_week, s.position, f.staff_id
    LOOP
        IF i = cardinality(p_services) THEN
            RETURN ARRAY[r.staff_id];
        END IF;
        rest := app.plan_group(p_services, p_location, p_staff, p_gaps, i + 1, r.ends_at + p_gaps[i], r.staff_id, p_client, p_skip, p_extra, p_minutes);
        IF rest IS NOT NULL THEN
            RETURN r.staff_id || rest;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- The providers of each service, their time locked: nobody else can take it until the transaction ends. FY409 when it is taken. Internal.
CREATE OR REPLACE FUNCTION app.claim_group(p_services uuid[], p_location uuid, p_staff uuid[], p_gaps interval[], p_at timestamptz, p_client uuid,
    p_skip uuid[], p_extra int[], p_minutes int[]) RETURNS uuid[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted uuid[] := ARRAY(SELECT app.bookable_staff(p_staff[o], p_location) FROM generate_subscripts(p_services, 1) AS o ORDER BY o);
    plan uuid[];
BEGIN
    IF app.tenant() IS NULL THEN
        RAISE EXCEPTION 'no tenant was entered' USING ERRCODE = 'FY403';
    END IF;
    FOR i IN 1..cardinality(p_services) LOOP
        PERFORM app.hold_to_rules(p_services[i], p_location, p_at, p_client, p_skip, p_services[1:i - 1]);
    END LOOP;
    IF isfinite(p_at) AND app.on_grid(p_services[1], p_location, p_at) THEN
        plan := app.plan_group(p_services, p_location, wanted, p_gaps, 1, p_at, NULL, p_client, p_skip, p_extra, p_minutes);
    END IF;
    IF plan IS NOT NULL THEN
        PERFORM app.lock_time(p_services, p_location, wanted, p_skip, tstzrange(p_at - interval '2 hours', p_at + interval '36 hours'));
        plan := app.plan_group(p_services, p_location, wanted, p_gaps, 1, p_at, NULL, p_client, p_skip, p_extra, p_minutes);
    END IF;
    IF plan IS NULL THEN
        RAISE EXCEPTION '%', CASE WHEN app.actor_kind() = 'staff' THEN 'These services cannot be done one after the other at this time.'
                                  ELSE 'This time has just been taken.' END USING ERRCODE = 'FY409', COLUMN = 'starts_at';
    END IF;
    RETURN plan;
END $$;

-- Takes the time of all of them, held or booked. Internal.
CREATE OR REPLACE FUNCTION app.put_group(p_services uuid[], p_location uuid, p_staff uuid[], p_starts timestamptz, p_client uuid, p_policy uuid,
    p_until timestamptz, p_rules_of uuid, p_addons uuid[], p_addon_at int[]) RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gaps interval[] := app.group_gaps(p_services);
    extra int[];
    plan uuid[];
    together uuid := gen_random_uuid();
    at timestamptz := p_starts;
    a app.appointment;
BEGIN
    FOR i IN 1..cardinality(p_services) LOOP
        extra[i] := app.addon_minutes(p_services[i], app.group_addons(p_addons, p_addon_at, i));
    END LOOP;
    plan := app.claim_group(p_services, p_location, p_staff, gaps, p_starts, p_rules_of, '{}', extra, '{}');
    FOR i IN 1..cardinality(p_services) LOOP
        a := app.put_visit(p_services[i], p_location, plan[i], at, p_client, p_policy, app.group_addons(p_addons, p_addon_at, i), NULL, p_until, p_rules_of, p_services[1:i - 1], together, i);
        at := a.ends_at + gaps[i];
    END LOOP;
    RETURN together;
END $$;

-- Keeps the time of several services while the visitor fills in the form: the id of the group, a secret of hers. staff: for each
-- service a provider, NULL for any; addons[k] goes with service addon_at[k].
CREATE OR REPLACE FUNCTION app.hold_group(services uuid[], location uuid, staff uuid[], starts_at timestamptz, minutes int, client uuid DEFAULT NULL,
    addons uuid[] DEFAULT '{}', addon_at int[] DEFAULT '{}') RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN app.put_group(services, location, staff, starts_at, NULL, NULL, app.hold_end(minutes), client, addons, addon_at);
END $$;

-- Books several services in one go.
CREATE OR REPLACE FUNCTION app.book_group(services uuid[], location uuid, staff uuid[], starts_at timestamptz, client uuid, policy_version uuid,
    addons uuid[] DEFAULT '{}', addon_at int[] DEFAULT '{}') RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN app.put_group(services, location, staff, starts_at, client, policy_version, NULL, client, addons, addon_at);
END $$;

-- Turns the holds of a group into bookings, all or none.
CREATE OR REPLACE FUNCTION app.book_confirm_group(together uuid, client uuid, policy_version uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hold record;
    services uuid[];
    n int := 0;
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    -- those that ran out are claimed anew: the rows first, then all locks in one order
    PERFORM 1 FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.group_id = together ORDER BY p.group_position FOR UPDATE;
    SELECT array_agg(p.service_id), min(p.location_id::text)::uuid AS place, min(p.starts_at) AS starts INTO hold
    FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.group_id = together;
    services := hold.array_agg;
    IF services IS NULL THEN
        RAISE EXCEPTION 'no such hold' USING ERRCODE = 'FY404';
    END IF;
    PERFORM app.lock_time(services, hold.place, array_fill(NULL::uuid, ARRAY[cardinality(services)]),
        ARRAY(SELECT p.id FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.group_id = together),
        tstzrange(hold.starts - interval '2 hours', hold.starts + interval '36 hours'));
    FOR hold IN SELECT p.id FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.group_id = together ORDER BY p.group_position LOOP
        PERFORM app.book_confirm(hold.id, client, policy_version);
        n := n + 1;
    END LOOP;
    RETURN together;
END $$;

-- Moves all of a group's visits that can still be moved, so that the first of them starts at an instant; staff: for each a provider,
-- NULL for any. Add-ons and lengths stay. part, expected_version: one of them as it was when the page was shown.
CREATE OR REPLACE FUNCTION app.group_move(together uuid, staff uuid[], starts_at timestamptz, part uuid DEFAULT NULL, expected_version int DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    g record := app.group_parts(together);
    gaps interval[];
    plan uuid[];
    at timestamptz := starts_at;
    a app.appointment;
    c record;
    is_client boolean := app.actor_kind() NOT IN ('staff', 'job', 'system');
BEGIN
    IF cardinality(g.parts) = 0 THEN
        RAISE EXCEPTION 'no such visit' USING ERRCODE = 'FY404';
    END IF;
    FOR i IN 1..cardinality(g.parts) LOOP
        a := app.appointment_lock(g.parts[i], CASE WHEN g.parts[i] = part THEN expected_version END);
        IF a.status NOT IN ('booked', 'confirmed') THEN
            RAISE EXCEPTION 'Somebody else has changed this appointment. Look at it again.' USING ERRCODE = 'FY409', COLUMN = 'version';
        END IF;
        PERFORM app.check_rule(a, 'move');
    END LOOP;
    g := app.group_parts(together); -- as it is under these locks
    gaps := app.group_gaps(g.services, 1);
    plan := app.claim_group(g.services, g.place, staff, gaps, starts_at, g.client, g.parts, g.extra, g.fixed);
    UPDATE app.slot t SET state = 'released', hold_until = NULL
    WHERE t.tenant_id = app.tenant() AND t.appointment_id = ANY (g.parts) AND t.state <> 'released';
    FOR i IN 1..cardinality(g.parts) LOOP
        c := app.claim(g.services[i], g.place, plan[i], at, g.parts[i:i], g.client, g.extra[i], g.fixed[i], false, g.services[1:i - 1]);
        PERFORM app.take_slots(g.parts[i], c.resources, c.over, c.during, NULL);
        UPDATE app.appointment p SET staff_id = c.staff_id, room_id = c.room_id, starts_at = at, ends_at = c.ends_at,
            overbook_reason = NULL, n_moves = p.n_moves + CASE WHEN is_client THEN 1 ELSE 0 END
        WHERE p.tenant_id = app.tenant() AND p.id = g.parts[i];
        UPDATE app.form_assignment f SET due_by = at WHERE f.tenant_id = app.tenant() AND f.appointment_id = g.parts[i] AND f.revoked_at IS NULL AND f.state = 'due';
        PERFORM app.look_again(g.client, g.parts[i]);
        at := c.ends_at + gaps[i];
    END LOOP;
END $$;

-- The same with the people that each part has, or with whoever is free.
CREATE OR REPLACE FUNCTION app.group_move_as(together uuid, any_staff boolean, starts_at timestamptz, part uuid, expected_version int) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.group_move(together, ARRAY(SELECT CASE WHEN any_staff THEN NULL ELSE p.staff_id END FROM app.appointment p
        WHERE p.group_id = together AND p.status IN ('booked', 'confirmed') AND (app.actor_kind() = 'staff' OR p.starts_at > now()) ORDER BY p.group_position),
        starts_at, part, expected_version);
END $$;

-- What a page offers, whatever is booked or moved: of one service (moving: a visit of it that is moved), of several, also besides the
-- first, or of a whole visit that is moved (together; who NULL: by whoever is free). Each start once. Rights of the functions that it asks.
CREATE OR REPLACE FUNCTION app.visit_starts(service uuid, also uuid[], place uuid, who uuid, addons uuid[], addon_at int[], moving uuid, together uuid, due date,
    from_day date, to_day date) RETURNS TABLE (starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF together IS NOT NULL THEN
        RETURN QUERY SELECT g.starts_at, g.starts_local FROM app.group_move_starts(together, who IS NULL, from_day, to_day) AS g;
    ELSIF cardinality(also) > 0 THEN
        RETURN QUERY SELECT g.starts_at, g.starts_local
            FROM app.free_group_starts(service || also, place, array_fill(NULL::uuid, ARRAY[1 + cardinality(also)]), from_day, to_day, NULL, due,
                     coalesce(addons, '{}'), coalesce(addon_at, '{}')) AS g;
    ELSE
        RETURN QUERY SELECT DISTINCT f.starts_at, f.starts_local
            FROM app.offered_times(service, place, who, from_day, to_day, moving, NULL, coalesce(addons, '{}'), due) AS f;
    END IF;
END $$;

-- The first of them from a day on, within 62 days; no row when there is none. It looks near before it looks far.
CREATE OR REPLACE FUNCTION app.visit_first(service uuid, also uuid[], place uuid, who uuid, addons uuid[], addon_at int[], moving uuid, together uuid, due date,
    from_day date) RETURNS TABLE (starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    a int := 0;
    b int;
BEGIN
    FOREACH b IN ARRAY ARRAY[3, 10, 31, 62] LOOP
        RETURN QUERY SELECT v.starts_at, v.starts_local
            FROM app.visit_starts(service, also, place, who, addons, addon_at, moving, together, due, from_day + a, from_day + b) AS v
            ORDER BY v.starts_at LIMIT 1;
        EXIT WHEN FOUND;
        a := b;
    END LOOP;
END $$;

-- The n of them nearest to an instant, from three days before to two weeks after; when those days have none, the first ones after them.
CREATE OR REPLACE FUNCTION app.visit_nearest(service uuid, also uuid[], place uuid, who uuid, addons uuid[], addon_at int[], moving uuid, together uuid, due date,
    around timestamptz, n int) RETURNS TABLE (starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    day date := (around AT TIME ZONE (SELECT l.zone FROM app.location l WHERE l.id = place))::date;
    a int := -3;
    b int;
BEGIN
    FOREACH b IN ARRAY ARRAY[15, 59] LOOP
        RETURN QUERY SELECT v.starts_at, v.starts_local
            FROM app.visit_starts(service, also, place, who, addons, addon_at, moving, together, due, day + a, day + b) AS v
            ORDER BY abs(extract(epoch FROM v.starts_at - around)), v.starts_at LIMIT least(greatest(n, 0), 50);
        EXIT WHEN FOUND;
        a := b;
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION app.visit_starts(uuid, uuid[], uuid, uuid, uuid[], int[], uuid, uuid, date, date, date),
    app.visit_first(uuid, uuid[], uuid, uuid, uuid[], int[], uuid, uuid, date, date),
    app.visit_nearest(uuid, uuid[], uuid, uuid, uuid[], int[], uuid, uuid, date, timestamptz, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visit_starts(uuid, uuid[], uuid, uuid, uuid[], int[], uuid, uuid, date, date, date),
    app.visit_first(uuid, uuid[], uuid, uuid, uuid[], int[], uuid, uuid, date, date),
    app.visit_nearest(uuid, uuid[], uuid, uuid, uuid[], int[], uuid, uuid, date, timestamptz, int) TO foyer_public, foyer_staff;

REVOKE ALL ON FUNCTION app.group_gaps(uuid[], int), app.group_addons(uuid[], int[], int),
    app.group_starts(uuid[], uuid, uuid[], interval[], date, date, uuid, date, uuid[], int[], int[]),
    app.free_group_starts(uuid[], uuid, uuid[], date, date, uuid, date, uuid[], int[]), app.group_parts(uuid), app.group_staff(uuid[], boolean),
    app.group_move_starts(uuid, boolean, date, date), app.group_why_not(uuid, boolean, timestamptz),
    app.plan_group(uuid[], uuid, uuid[], interval[], int, timestamptz, uuid, uuid, uuid[], int[], int[]),
    app.claim_group(uuid[], uuid, uuid[], interval[], timestamptz, uuid, uuid[], int[], int[]),
    app.put_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid, timestamptz, uuid, uuid[], int[]),
    app.hold_group(uuid[], uuid, uuid[], timestamptz, int, uuid, uuid[], int[]),
    app.book_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid, uuid[], int[]), app.book_confirm_group(uuid, uuid, uuid),
    app.group_move(uuid, uuid[], timestamptz, uuid, int), app.group_move_as(uuid, boolean, timestamptz, uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.free_group_starts(uuid[], uuid, uuid[], date, date, uuid, date, uuid[], int[]),
    app.group_move_starts(uuid, boolean, date, date), app.hold_group(uuid[], uuid, uuid[], timestamptz, int, uuid, uuid[], int[]),
    app.book_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid, uuid[], int[]), app.book_confirm_group(uuid, uuid, uuid),
    app.group_move(uuid, uuid[], timestamptz, uuid, int), app.group_move_as(uuid, boolean, timestamptz, uuid, int) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.group_why_not(uuid, boolean, timestamptz) TO foyer_staff;
RESET ROLE;
