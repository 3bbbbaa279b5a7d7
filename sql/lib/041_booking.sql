-- 041_booking: how a time is taken, given back and moved. Owner: foyer_booking; row security of the tenant applies here as everywhere.
-- Order inside a transaction: the form's key (app.idem_take), locks of the resources in ascending order, expired holds freed,
-- check, insert. The constraint slot_not_double_booked is the net, never the queue.
-- Errors: FY404 no such service, place, appointment; FY409 taken, or changed by somebody else; FY422 against a rule; FY403.

SET LOCAL ROLE foyer_booking;

DROP FUNCTION IF EXISTS app.claim(uuid, uuid, uuid, timestamptz, uuid);
DROP FUNCTION IF EXISTS app.take_slots(uuid, uuid, uuid, tstzrange, timestamptz);
DROP FUNCTION IF EXISTS app.hold(uuid, uuid, uuid, timestamptz, int);
DROP FUNCTION IF EXISTS app.book(uuid, uuid, uuid, timestamptz, uuid, uuid);
DROP FUNCTION IF EXISTS app.appointment_move(uuid, uuid, timestamptz, int);
DROP FUNCTION IF EXISTS app.take_addons(uuid, uuid[]);
DROP FUNCTION IF EXISTS app.claim(uuid, uuid, uuid, timestamptz, uuid[], uuid, int, int, boolean, uuid[]);
DROP FUNCTION IF EXISTS app.appointment_move(uuid, uuid, timestamptz, int, int, text);

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

-- Locks every person, room and device that these services could take at a place, and what the visits in skip hold now, in ascending
-- order, so that two who want the same wait for one another and never in a ring. staff: for each service a provider, or NULL for
-- any. Then expired holds that touch the range give way: they are shown as free, so they must be. Internal.
CREATE OR REPLACE FUNCTION app.lock_time(p_services uuid[], p_location uuid, p_staff uuid[], p_skip uuid[], p_during tstzrange) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    tenant uuid := app.tenant();
    resources uuid[];
    one uuid;
    expired uuid[];
BEGIN
    resources := ARRAY(
        SELECT x.staff_id FROM unnest(p_services, p_staff) AS w (service_id, staff_id)
        JOIN app.service_staff x ON x.service_id = w.service_id AND (w.staff_id IS NULL OR x.staff_id = w.staff_id)
        UNION
        SELECT r.id FROM app.service_room x JOIN app.resource r ON r.id = x.resource_id
        WHERE x.service_id = ANY (p_services) AND r.location_id = p_location
        UNION
        SELECT t.resource_id FROM app.slot t WHERE t.appointment_id = ANY (p_skip) AND t.state <> 'released'
        ORDER BY 1);
    FOREACH one IN ARRAY resources LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(tenant || ':' || one, 0));
    END LOOP;
    expired := ARRAY(
        SELECT a.id FROM app.appointment a
        WHERE a.status = 'held' AND a.id <> ALL (p_skip) AND a.id IN (
            SELECT t.appointment_id FROM app.slot t
            WHERE t.resource_id = ANY (resources) AND t.state = 'hold' AND t.hold_until < now()
              AND t.starts_at >= lower(p_during) - interval '12 hours' AND t.starts_at < upper(p_during))
        FOR UPDATE SKIP LOCKED);
    IF cardinality(expired) > 0 THEN
        UPDATE app.slot t SET state = 'released', hold_until = NULL WHERE t.appointment_id = ANY (expired) AND t.state = 'hold';
        UPDATE app.appointment a SET status = 'expired' WHERE a.id = ANY (expired);
    END IF;
END $$;

-- How many minutes of a person are taken on a day of a place, and in its week from Monday on. Internal.
CREATE OR REPLACE FUNCTION app.load_of(p_staff uuid, p_day date, p_zone text, OUT of_day numeric, OUT of_week numeric)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    monday date := date_trunc('week', p_day)::date;
    a timestamptz := p_day::timestamp AT TIME ZONE p_zone;
    b timestamptz := (p_day + 1)::timestamp AT TIME ZONE p_zone;
    from_at timestamptz := monday::timestamp AT TIME ZONE p_zone;
    to_at timestamptz := (monday + 7)::timestamp AT TIME ZONE p_zone;
BEGIN
    SELECT coalesce(sum(q.m) FILTER (WHERE q.starts_at >= a AND q.starts_at < b), 0), coalesce(sum(q.m), 0) INTO of_day, of_week
    FROM (SELECT t.starts_at, extract(epoch FROM upper(t.during) - lower(t.during)) / 60 AS m
          FROM app.slot t
          WHERE t.resource_id = p_staff AND t.starts_at >= from_at AND t.starts_at < to_at
            AND (t.state = 'booked' OR (t.state = 'hold' AND t.hold_until >= now()))) AS q;
END $$;

-- Why a service cannot be done at a place in this room or with this device, in words; NULL: it can. Internal.
CREATE OR REPLACE FUNCTION app.unit_unfit(p_service uuid, p_location uuid, p_unit uuid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_unit IS NULL OR EXISTS (SELECT FROM app.units_for(p_service, p_location) AS u WHERE u.id = p_unit) THEN
        RETURN NULL;
    END IF;
    RETURN coalesce((SELECT format(CASE WHEN r.location_id IS DISTINCT FROM p_location OR NOT r.is_active THEN '%s cannot be used here.'
                                        WHEN r.kind = 'room' THEN 'This service is not done in %s.' ELSE 'This service does not use %s.' END, r.name)
                     FROM app.resource r WHERE r.id = p_unit), 'There is no such room.');
END $$;

-- Finds provider, room and devices for this start and locks them: on return nobody else can take them. p_over: somebody who may books
-- over what is taken, or outside the hours; then over names those that were taken already. resources, in ascending order, are all
-- that is needed. p_before: the services of the same visit before this one, which need no grid. p_unit: the room or device that is wanted;
-- else a visit that is moved keeps those that it has while they are free. Internal.
CREATE OR REPLACE FUNCTION app.claim(p_service uuid, p_location uuid, p_staff uuid, p_starts timestamptz, p_skip uuid[], p_client uuid,
    p_extra int, p_minutes int, p_over boolean, p_before uuid[], p_unit uuid DEFAULT NULL,
    OUT staff_id uuid, OUT room_id uuid, OUT resources uuid[], OUT over uuid[], OUT is_over boolean, OUT during tstzrange,
    OUT ends_at timestamptz, OUT price_cents bigint, OUT deposit_cents bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    s record;
    day date;
    around tstzrange;
    is_free boolean;
    kept uuid[];
    words text;
BEGIN
    IF app.tenant() IS NULL THEN
        RAISE EXCEPTION 'no tenant was entered' USING ERRCODE = 'FY403';
    END IF;
    SELECT v.duration_min, v.before_min, v.after_min, v.price_cents, v.deposit_cents, l.zone INTO s
    FROM app.service v, app.location l
    WHERE v.id = p_service AND v.is_active AND l.id = p_location AND l.is_active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such service or place' USING ERRCODE = 'FY404';
    END IF;
    IF NOT isfinite(p_starts) OR p_starts IS NULL THEN
        RAISE EXCEPTION 'Choose a time.' USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
    words := app.unit_unfit(p_service, p_location, p_unit);
    IF words IS NOT NULL THEN
        RAISE EXCEPTION '%', words USING ERRCODE = 'FY422', COLUMN = 'room_id';
    END IF;
    price_cents := s.price_cents;
    deposit_cents := s.deposit_cents;
    is_over := false;
    over := '{}';
    day := (p_starts AT TIME ZONE s.zone)::date;
    PERFORM app.hold_to_rules(p_service, p_location, p_starts, p_client, p_skip, p_before);

    -- Most who come too late are told so here, without waiting for anybody.
    is_free := (cardinality(p_before) > 0 OR app.on_grid(p_service, p_location, p_starts))
        AND EXISTS (SELECT FROM app.free_starts(p_service, p_location, p_staff, NULL, NULL, p_skip, p_client, NULL, p_extra, p_minutes, ARRAY[p_starts], p_before) AS f);
    IF NOT is_free AND NOT p_over THEN
        RAISE EXCEPTION '%', CASE WHEN app.actor_kind() = 'staff' THEN 'Nobody is free at this time.' ELSE 'This time has just been taken.' END
            USING ERRCODE = 'FY409', COLUMN = 'starts_at';
    END IF;
    around := tstzrange(p_starts - interval '2 hours', p_starts + interval '12 hours');
    PERFORM app.lock_time(ARRAY[p_service], p_location, ARRAY[p_staff], p_skip, around);

    -- Among those who are free, the one with the least to do that day, then that week.
    SELECT f.staff_id, f.room_id, f.ends_at INTO staff_id, room_id, ends_at
    FROM app.free_starts(p_service, p_location, p_staff, NULL, NULL, p_skip, p_client, NULL, p_extra, p_minutes, ARRAY[p_starts], p_before) AS f
    JOIN app.staff p ON p.id = f.staff_id
    CROSS JOIN LATERAL app.load_of(f.staff_id, day, s.zone) AS w
    ORDER BY w.of_day, w.of_week, p.position, f.staff_id
    LIMIT 1;
    IF NOT FOUND THEN
        IF NOT p_over THEN
            RAISE EXCEPTION 'This time has just been taken.' USING ERRCODE = 'FY409', COLUMN = 'starts_at';
        END IF;
        IF p_staff IS NULL THEN
            RAISE EXCEPTION 'Choose the provider whose time is booked over.' USING ERRCODE = 'FY422', COLUMN = 'staff_id';
        END IF;
        SELECT p_staff, p_starts + make_interval(mins => coalesce(p_minutes, coalesce(x.duration_min, s.duration_min) + coalesce(p_extra, 0)))
        INTO staff_id, ends_at
        FROM app.service_staff x JOIN app.staff f ON f.id = x.staff_id
        WHERE x.service_id = p_service AND x.staff_id = p_staff AND f.is_active AND f.is_provider;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'This provider does not do this service.' USING ERRCODE = 'FY422', COLUMN = 'staff_id';
        END IF;
        is_over := true;
    END IF;
    during := tstzrange(p_starts - make_interval(mins => s.before_min), ends_at + make_interval(mins => s.after_min));

    -- of each group the unit that is wanted, or else the one that it has, or else the first that is free; booked over, one that is not when
    -- none is
    kept := ARRAY(SELECT t.resource_id FROM app.slot t WHERE t.appointment_id = ANY (p_skip) AND t.state <> 'released');
    SELECT array_agg(q.id), array_agg(q.id) FILTER (WHERE q.is_busy), (min(q.id::text) FILTER (WHERE q.is_room))::uuid
    INTO resources, over, room_id
    FROM (
        SELECT DISTINCT ON (u.grp) u.id, u.is_room, b.is_busy
        FROM app.units_for(p_service, p_location) AS u
        CROSS JOIN LATERAL (SELECT app.is_busy(u.id, claim.during, p_skip) AS is_busy) AS b
        WHERE u.id IS NOT NULL
        ORDER BY u.grp, u.id IS DISTINCT FROM p_unit, b.is_busy, u.id <> ALL (kept), u.ord
    ) AS q;
    over := coalesce(over, '{}');
    IF p_unit = ANY (over) AND NOT p_over THEN
        RAISE EXCEPTION '% is taken at this time.', (SELECT r.name FROM app.resource r WHERE r.id = p_unit) USING ERRCODE = 'FY409', COLUMN = 'room_id';
    END IF;
    IF app.is_busy(staff_id, during, p_skip) THEN
        over := over || staff_id;
    END IF;
    resources := ARRAY(SELECT r FROM unnest(resources || staff_id) AS r ORDER BY r);
    -- A hold that ran out and could not give way is being booked at this moment: it has come first.
    IF (cardinality(over) > 0 AND NOT p_over) OR EXISTS (
        SELECT FROM app.slot t
        WHERE t.resource_id = ANY (resources) AND t.resource_id <> ALL (over) AND t.state = 'hold' AND t.hold_until < now()
          AND t.starts_at >= lower(claim.during) - interval '12 hours' AND t.starts_at < upper(claim.during)
          AND t.during && claim.during AND t.appointment_id <> ALL (p_skip)) THEN
        RAISE EXCEPTION 'This time has just been taken.' USING ERRCODE = 'FY409', COLUMN = 'starts_at';
    END IF;
END $$;

-- Whether a visit may be booked over what is taken: by whom the permission reaches it, with a reason. Internal.
CREATE OR REPLACE FUNCTION app.check_over(p_staff uuid, p_location uuid, p_reason text) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF nullif(btrim(p_reason), '') IS NULL THEN
        RETURN false;
    END IF;
    IF app.actor_kind() <> 'staff' OR NOT app.may_visit('booking_over', coalesce(p_staff, app.actor()), p_location) THEN
        RAISE EXCEPTION 'You may not book over what is taken.' USING ERRCODE = 'FY403';
    END IF;
    RETURN true;
END $$;

-- The rows that take the time from provider, room and devices. over: those that are taken knowingly a second time. Internal.
CREATE OR REPLACE FUNCTION app.take_slots(appointment uuid, resources uuid[], over uuid[], during tstzrange, until timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.slot (appointment_id, resource_id, during, state, hold_until, is_over)
    SELECT appointment, r.id, take_slots.during, CASE WHEN until IS NULL THEN 'booked' ELSE 'hold' END, until, r.id = ANY (over)
    FROM unnest(resources) AS r (id)
    ORDER BY r.id;
END $$;

-- Add-ons of a visit, each with the minutes and the price that it has today. Internal.
CREATE OR REPLACE FUNCTION app.take_addons(appointment uuid, addons uuid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.appointment_addon (appointment_id, addon_id, minutes, price_cents)
    SELECT appointment, a.id, a.minutes, a.price_cents FROM app.addon a WHERE a.id = ANY (addons);
END $$;

-- Forms that this visit asks for (app.forms_asked: by service and by rule, not while a signature stands). The parts of one visit ask for each
-- form once, in the first of them that takes place.
-- (plpgsql, like take_slots: its plans are kept. A function in SQL is planned at each call, 7 ms here instead of one.)
CREATE OR REPLACE FUNCTION app.assign_forms(appointment uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.form_assignment AS t (client_id, appointment_id, form_id, due_by, position, is_by_rule)
    SELECT a.client_id, a.id, x.form_id, a.starts_at, x.place_in_list, true
    FROM app.appointment a
    CROSS JOIN LATERAL app.forms_asked(a.id) AS x
    WHERE a.id = appointment
      AND NOT EXISTS (SELECT FROM app.appointment p JOIN app.form_assignment o ON o.client_id = p.client_id AND o.appointment_id = p.id
                      WHERE p.group_id = a.group_id AND p.id <> a.id AND o.form_id = x.form_id
                        AND (o.state = 'signed' AND o.revoked_at IS NULL OR (o.state = 'due' AND p.status IN ('booked', 'confirmed', 'arrived', 'in_room'))))
      -- what is there already is not even locked; what was taken back by a rule or with the form's version comes back, what somebody said is
      -- not needed does not
      AND NOT EXISTS (SELECT FROM app.form_assignment d WHERE d.client_id = a.client_id AND d.appointment_id = a.id AND d.form_id = x.form_id
                        AND d.revoked_at IS NULL AND (d.state <> 'withdrawn' OR d.is_dropped))
    ON CONFLICT (tenant_id, appointment_id, form_id) WHERE revoked_at IS NULL
    DO UPDATE SET state = 'due', due_by = excluded.due_by WHERE t.state = 'withdrawn' AND NOT t.is_dropped;
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

-- Minutes that a slot is kept. Internal.
CREATE OR REPLACE FUNCTION app.hold_end(minutes int) RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT now() + make_interval(mins => least(greatest(coalesce(minutes, 10), 1), 60)) $$;

-- Writes one visit and takes its time: until NULL books it for the client, else it is held. Internal.
CREATE OR REPLACE FUNCTION app.put_visit(p_service uuid, p_location uuid, p_staff uuid, p_starts timestamptz, p_client uuid, p_policy uuid,
    p_addons uuid[], p_over_reason text, p_until timestamptz, p_rules_of uuid, p_before uuid[], p_group uuid, p_position int) RETURNS app.appointment
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c record;
    a app.appointment;
    may_over boolean := app.check_over(p_staff, p_location, p_over_reason);
BEGIN
    c := app.claim(p_service, p_location, p_staff, p_starts, '{}', p_rules_of, app.addon_minutes(p_service, p_addons), NULL, may_over, p_before);
    INSERT INTO app.appointment (client_id, service_id, staff_id, room_id, location_id, starts_at, ends_at, status, source, price_cents,
        deposit_cents, policy_version_id, booked_by, booking_rule_id, overbook_reason, group_id, group_position, has_addons)
    VALUES (p_client, p_service, c.staff_id, c.room_id, p_location, p_starts, c.ends_at, CASE WHEN p_until IS NULL THEN 'booked' ELSE 'held' END,
        CASE app.actor_kind() WHEN 'staff' THEN 'staff' ELSE 'online' END,
        c.price_cents + coalesce((SELECT sum(x.price_cents) FROM app.addon x WHERE x.id = ANY (p_addons)), 0), c.deposit_cents, p_policy,
        CASE WHEN p_until IS NULL THEN app.actor() END, app.booking_rule_now(),
        CASE WHEN c.is_over OR cardinality(c.over) > 0 THEN btrim(p_over_reason) END, p_group, p_position, coalesce(cardinality(p_addons), 0) > 0)
    RETURNING * INTO a;
    PERFORM app.take_slots(a.id, c.resources, c.over, c.during, p_until);
    PERFORM app.take_addons(a.id, p_addons);
    IF p_until IS NULL THEN
        PERFORM app.assign_forms(a.id);
        PERFORM app.look_again(p_client, a.id);
    END IF;
    RETURN a;
END $$;

-- Keeps a slot while the visitor fills in the form. staff NULL: any provider. client: whose rules hold, when she is known already.
-- The id is a secret of the visitor's.
CREATE OR REPLACE FUNCTION app.hold(service uuid, location uuid, staff uuid, starts_at timestamptz, minutes int,
    addons uuid[] DEFAULT '{}', client uuid DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN (app.put_visit(service, location, app.bookable_staff(staff, location), starts_at, NULL, NULL, addons, NULL,
                          app.hold_end(minutes), client, '{}', NULL, 1)).id;
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
    SELECT a.id, a.service_id, v.name, (extract(epoch FROM a.ends_at - a.starts_at) / 60)::int, a.price_cents, a.location_id, l.name, l.zone, a.staff_id, f.name, a.starts_at,
           a.starts_at AT TIME ZONE l.zone, t.hold_until, a.status = 'expired' OR coalesce(t.hold_until < now(), true)
    FROM app.appointment a
    JOIN app.service v ON v.id = a.service_id
    JOIN app.location l ON l.id = a.location_id
    JOIN app.staff f ON f.id = a.staff_id
    LEFT JOIN LATERAL (SELECT x.hold_until FROM app.slot x WHERE x.appointment_id = a.id AND x.state = 'hold' LIMIT 1) AS t ON true
    WHERE a.id = hold AND a.status IN ('held', 'expired');
END $$;

-- Turns a hold into a booking. An expired hold still counts if nobody took the time in between (FY409 otherwise). Holds that belong
-- together are booked together, by app.book_confirm_group.
CREATE OR REPLACE FUNCTION app.book_confirm(hold uuid, client uuid, policy_version uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    a record;
    c record;
    long record;
    earlier uuid[];
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT p.id, p.status, p.service_id, p.location_id, p.staff_id, p.room_id, p.starts_at, p.group_id, p.group_position INTO a
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
    -- who takes an expired hold's time looks at it under these locks; rows are locked before them, never after
    PERFORM app.lock_time('{}', a.location_id, '{}', ARRAY[hold], tstzrange(a.starts_at, a.starts_at));
    earlier := ARRAY(SELECT p.service_id FROM app.appointment p
                     WHERE p.tenant_id = app.tenant() AND p.group_id = a.group_id AND p.group_position < a.group_position);
    -- who she is was not known when the time was held
    PERFORM app.hold_to_rules(a.service_id, a.location_id, a.starts_at, client, ARRAY[hold], earlier);
    IF a.status = 'held' THEN
        UPDATE app.slot t SET state = 'booked', hold_until = NULL WHERE t.tenant_id = app.tenant() AND t.appointment_id = hold AND t.state = 'hold';
    ELSE
        long := app.visit_length(a.service_id, '{}', hold);
        c := app.claim(a.service_id, a.location_id, a.staff_id, a.starts_at, ARRAY[hold], client, long.extra, long.fixed, false, earlier);
        PERFORM app.take_slots(hold, c.resources, c.over, c.during, NULL);
        a.room_id := c.room_id;
    END IF;
    UPDATE app.appointment p SET status = 'booked', client_id = client, policy_version_id = policy_version, room_id = a.room_id, booked_by = app.actor(),
        booking_rule_id = app.booking_rule_now()
    WHERE p.tenant_id = app.tenant() AND p.id = hold;
    PERFORM app.assign_forms(hold);
    PERFORM app.look_again(client, hold);
    RETURN hold;
END $$;

-- A booking in one go, by staff or by a client for herself. staff NULL: any provider. over_reason: why it is booked over what is
-- taken, by staff who may (booking_over); it is kept when it was needed.
CREATE OR REPLACE FUNCTION app.book(service uuid, location uuid, staff uuid, starts_at timestamptz, client uuid, policy_version uuid,
    addons uuid[] DEFAULT '{}', over_reason text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN (app.put_visit(service, location, app.bookable_staff(staff, location), starts_at, client, policy_version, addons, over_reason,
                          NULL, client, '{}', NULL, 1)).id;
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

-- Moves an appointment to another start, or another provider (NULL: any who is free); minutes: another length; unit: a room or device that
-- is chosen by the staff. Its add-ons and its group stay. The new version is returned. A client is held to the hours and counts that she accepted.
CREATE OR REPLACE FUNCTION app.appointment_move(appointment uuid, staff uuid, starts_at timestamptz, expected_version int,
    minutes int DEFAULT NULL, over_reason text DEFAULT NULL, unit uuid DEFAULT NULL) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    a app.appointment := app.appointment_lock(appointment, expected_version);
    c record;
    long record;
    is_client boolean := app.actor_kind() NOT IN ('staff', 'job', 'system');
    now_at int;
BEGIN
    IF a.status NOT IN ('booked', 'confirmed') OR (is_client AND a.starts_at <= now()) THEN
        RAISE EXCEPTION 'This appointment can no longer be moved.' USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
    PERFORM app.check_rule(a, 'move');
    IF is_client AND unit IS NOT NULL THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF minutes IS NOT NULL AND (is_client OR minutes NOT BETWEEN 5 AND 600) THEN
        RAISE EXCEPTION 'Give 5 to 600 minutes.' USING ERRCODE = 'FY422', COLUMN = 'minutes';
    END IF;
    long := app.visit_length(a.service_id, '{}', appointment);
    c := app.claim(a.service_id, a.location_id, app.bookable_staff(staff, a.location_id), starts_at, ARRAY[appointment], a.client_id,
        long.extra, coalesce(minutes, long.fixed), app.check_over(staff, a.location_id, over_reason), '{}', unit);
    UPDATE app.slot t SET state = 'released', hold_until = NULL
    WHERE t.tenant_id = app.tenant() AND t.appointment_id = appointment AND t.state <> 'released';
    PERFORM app.take_slots(appointment, c.resources, c.over, c.during, NULL);
    UPDATE app.appointment p SET staff_id = c.staff_id, room_id = c.room_id, starts_at = starts_at, ends_at = c.ends_at,
        overbook_reason = CASE WHEN c.is_over OR cardinality(c.over) > 0 THEN btrim(over_reason) END,
        n_moves = p.n_moves + CASE WHEN is_client THEN 1 ELSE 0 END
    WHERE p.tenant_id = app.tenant() AND p.id = appointment;
    UPDATE app.form_assignment f SET due_by = starts_at WHERE f.tenant_id = app.tenant() AND f.appointment_id = appointment AND f.revoked_at IS NULL AND f.state = 'due';
    PERFORM app.look_again(a.client_id, appointment);
    SELECT p.version INTO now_at FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.id = appointment;
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
        PERFORM app.check_rule(a, 'cancel');
        UPDATE app.slot t SET state = 'released', hold_until = NULL
        WHERE t.tenant_id = app.tenant() AND t.appointment_id = appointment AND t.state <> 'released';
    END IF;
    UPDATE app.appointment p SET status = status, cancel_reason = CASE status WHEN 'cancelled' THEN reason END
    WHERE p.tenant_id = app.tenant() AND p.id = appointment
    RETURNING p.version INTO now_at;
    IF status = 'cancelled' AND a.group_id IS NOT NULL THEN
        -- what this part was asked to sign for all of them, the next one asks for
        PERFORM app.assign_forms(p.id) FROM (SELECT x.id FROM app.appointment x WHERE x.tenant_id = app.tenant() AND x.group_id = a.group_id
            AND x.client_id = a.client_id AND x.status IN ('booked', 'confirmed', 'arrived', 'in_room') ORDER BY x.group_position) AS p;
    END IF;
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

REVOKE ALL ON FUNCTION app.lock_time(uuid[], uuid, uuid[], uuid[], tstzrange), app.load_of(uuid, date, text),
    app.unit_unfit(uuid, uuid, uuid), app.claim(uuid, uuid, uuid, timestamptz, uuid[], uuid, int, int, boolean, uuid[], uuid), app.check_over(uuid, uuid, text),
    app.take_slots(uuid, uuid[], uuid[], tstzrange, timestamptz), app.take_addons(uuid, uuid[]), app.hold_end(int),
    app.put_visit(uuid, uuid, uuid, timestamptz, uuid, uuid, uuid[], text, timestamptz, uuid, uuid[], uuid, int),
    app.assign_forms(uuid), app.may_book_for(uuid), app.may_change(uuid, uuid, uuid), app.bookable_staff(uuid, uuid),
    app.appointment_lock(uuid, int), app.policy_in_force(text), app.hold(uuid, uuid, uuid, timestamptz, int, uuid[], uuid),
    app.hold_show(uuid), app.book_confirm(uuid, uuid, uuid), app.book(uuid, uuid, uuid, timestamptz, uuid, uuid, uuid[], text),
    app.appointment_move(uuid, uuid, timestamptz, int, int, text, uuid), app.appointment_set_status(uuid, text, int, text),
    app.free_expired_holds() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.policy_in_force(text) TO foyer_owner;
GRANT EXECUTE ON FUNCTION app.policy_in_force(text), app.hold_show(uuid), app.book_confirm(uuid, uuid, uuid),
    app.book(uuid, uuid, uuid, timestamptz, uuid, uuid, uuid[], text), app.appointment_set_status(uuid, text, int, text) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.hold(uuid, uuid, uuid, timestamptz, int, uuid[], uuid),
    app.appointment_move(uuid, uuid, timestamptz, int, int, text, uuid) TO foyer_staff, foyer_public, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.free_expired_holds() TO foyer_jobs;
GRANT EXECUTE ON FUNCTION app.assign_forms(uuid) TO foyer_owner;
