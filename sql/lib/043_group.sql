-- 043_group: several services in one visit, one after the other, with one provider or several: all of them or none. Owner: foyer_booking.
-- Between two of them lie the minutes after the one and those before the other. Each is an appointment of its own; they share
-- group_id and have their places in group_position. Errors as in 041_booking.

SET LOCAL ROLE foyer_booking;

-- Minutes between the end of each service and the start of the next; the last has none. FY422 unless there are two to six. Internal.
CREATE OR REPLACE FUNCTION app.group_gaps(p_services uuid[]) RETURNS interval[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gaps interval[];
BEGIN
    IF cardinality(p_services) IS NULL OR cardinality(p_services) NOT BETWEEN 2 AND 6 THEN
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

-- Starts at which all of these services can be done in this order, by the days of the place's wall time; at most 62 days. staff: for
-- each service a provider, NULL for any.
CREATE OR REPLACE FUNCTION app.free_group_starts(services uuid[], location uuid, staff uuid[], from_day date, to_day date,
    client uuid DEFAULT NULL, due date DEFAULT NULL)
RETURNS TABLE (starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    gaps interval[] := app.group_gaps(services);
    firsts timestamptz[];
    nexts timestamptz[];
BEGIN
    PERFORM app.check_may_look(NULL);
    SELECT array_agg(q.first), array_agg(q.next) INTO firsts, nexts
    FROM (SELECT DISTINCT f.starts_at AS first, f.ends_at + gaps[1] AS next
          FROM app.free_starts(services[1], location, staff[1], from_day, to_day, '{}', client, due) AS f) AS q;
    FOR i IN 2..cardinality(services) LOOP
        EXIT WHEN firsts IS NULL;
        SELECT array_agg(q.first), array_agg(q.next) INTO firsts, nexts
        FROM (SELECT DISTINCT o.first, f.ends_at + gaps[i] AS next
              FROM unnest(firsts, nexts) AS o (first, next)
              JOIN app.free_starts(services[i], location, staff[i], NULL, NULL, '{}', client, due, 0, NULL,
                       ARRAY(SELECT DISTINCT u FROM unnest(nexts) AS u), services[1:i - 1]) AS f
                ON f.starts_at = o.next) AS q;
    END LOOP;
    RETURN QUERY
    SELECT DISTINCT u, u AT TIME ZONE l.zone FROM unnest(firsts) AS u, app.location l WHERE l.id = location ORDER BY 1;
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
    p_until timestamptz, p_rules_of uuid) RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gaps interval[] := app.group_gaps(p_services);
    plan uuid[] := app.claim_group(p_services, p_location, p_staff, gaps, p_starts, p_rules_of, '{}', '{}', '{}');
    together uuid := gen_random_uuid();
    at timestamptz := p_starts;
    a app.appointment;
BEGIN
    FOR i IN 1..cardinality(p_services) LOOP
        a := app.put_visit(p_services[i], p_location, plan[i], at, p_client, p_policy, '{}', NULL, p_until, p_rules_of, p_services[1:i - 1], together, i);
        at := a.ends_at + gaps[i];
    END LOOP;
    RETURN together;
END $$;

-- Keeps the time of several services while the visitor fills in the form: the id of the group, a secret of hers. staff: for each
-- service a provider, NULL for any.
CREATE OR REPLACE FUNCTION app.hold_group(services uuid[], location uuid, staff uuid[], starts_at timestamptz, minutes int, client uuid DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN app.put_group(services, location, staff, starts_at, NULL, NULL, app.hold_end(minutes), client);
END $$;

-- Books several services in one go.
CREATE OR REPLACE FUNCTION app.book_group(services uuid[], location uuid, staff uuid[], starts_at timestamptz, client uuid, policy_version uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN app.put_group(services, location, staff, starts_at, client, policy_version, NULL, client);
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
-- NULL for any. Add-ons and lengths stay.
CREATE OR REPLACE FUNCTION app.group_move(together uuid, staff uuid[], starts_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    parts uuid[];
    services uuid[];
    extra int[];
    fixed int[];
    place uuid;
    client uuid;
    gaps interval[];
    plan uuid[];
    at timestamptz := starts_at;
    a app.appointment;
    c record;
    is_client boolean := app.actor_kind() NOT IN ('staff', 'job', 'system');
BEGIN
    parts := ARRAY(SELECT p.id FROM app.appointment p
                   WHERE p.tenant_id = app.tenant() AND p.group_id = together AND p.status IN ('booked', 'confirmed')
                     AND (NOT is_client OR p.starts_at > now())
                   ORDER BY p.group_position);
    FOR i IN 1..cardinality(parts) LOOP
        a := app.appointment_lock(parts[i], NULL);
        PERFORM app.check_rule(a, 'move');
        services[i] := a.service_id;
        c := app.visit_length(a.service_id, '{}', a.id);
        extra[i] := c.extra;
        fixed[i] := c.fixed;
        place := a.location_id;
        client := a.client_id;
    END LOOP;
    IF cardinality(parts) = 0 THEN
        RAISE EXCEPTION 'no such visit' USING ERRCODE = 'FY404';
    END IF;
    gaps := app.group_gaps(services);
    plan := app.claim_group(services, place, staff, gaps, starts_at, client, parts, extra, fixed);
    UPDATE app.slot t SET state = 'released', hold_until = NULL
    WHERE t.tenant_id = app.tenant() AND t.appointment_id = ANY (parts) AND t.state <> 'released';
    FOR i IN 1..cardinality(parts) LOOP
        c := app.claim(services[i], place, plan[i], at, parts[i:i], client, extra[i], fixed[i], false, services[1:i - 1]);
        PERFORM app.take_slots(parts[i], c.resources, c.over, c.during, NULL);
        UPDATE app.appointment p SET staff_id = c.staff_id, room_id = c.room_id, starts_at = at, ends_at = c.ends_at,
            overbook_reason = NULL, n_moves = p.n_moves + CASE WHEN is_client THEN 1 ELSE 0 END
        WHERE p.tenant_id = app.tenant() AND p.id = parts[i];
        UPDATE app.form_assignment f SET due_by = at WHERE f.tenant_id = app.tenant() AND f.appointment_id = parts[i] AND f.state = 'due';
        PERFORM app.look_again(client, parts[i]);
        at := c.ends_at + gaps[i];
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION app.group_gaps(uuid[]), app.free_group_starts(uuid[], uuid, uuid[], date, date, uuid, date),
    app.plan_group(uuid[], uuid, uuid[], interval[], int, timestamptz, uuid, uuid, uuid[], int[], int[]),
    app.claim_group(uuid[], uuid, uuid[], interval[], timestamptz, uuid, uuid[], int[], int[]),
    app.put_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid, timestamptz, uuid), app.hold_group(uuid[], uuid, uuid[], timestamptz, int, uuid),
    app.book_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid), app.book_confirm_group(uuid, uuid, uuid),
    app.group_move(uuid, uuid[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.free_group_starts(uuid[], uuid, uuid[], date, date, uuid, date), app.hold_group(uuid[], uuid, uuid[], timestamptz, int, uuid),
    app.book_group(uuid[], uuid, uuid[], timestamptz, uuid, uuid), app.book_confirm_group(uuid, uuid, uuid),
    app.group_move(uuid, uuid[], timestamptz) TO foyer_staff, foyer_public;
