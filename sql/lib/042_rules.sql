-- 042_rules: what the studio asks of those who book: weeks of pregnancy, a visit that comes first, new or known clients, hours until
-- which a visit may be moved or cancelled, how often; why a time is not free. Owner: foyer_booking.
-- The rules bind visitors and clients, and a job that acts for a client. Staff are free, and what they let pass can be written down.

SET LOCAL ROLE foyer_booking;

-- What a client's own rules make of a service. code, words: why she cannot have it at all (NULL: she can). first_day, last_day: the
-- days that they leave (NULL: all). allowed: the instants that a visit before it leaves (NULL: all). Nothing for staff, and of a
-- visitor whom nobody knows yet only what her due date says. Internal.
CREATE OR REPLACE FUNCTION app.client_rules(p_service uuid, p_location uuid, p_client uuid, p_due date, p_skip uuid[], p_before uuid[],
    OUT code text, OUT words text, OUT first_day date, OUT last_day date, OUT allowed tstzmultirange)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind text := app.actor_kind();
    client uuid := CASE WHEN kind IN ('staff', 'job', 'system') THEN p_client ELSE app.own_client() END;
    due date;
    s record;
    z text;
    been boolean;
BEGIN
    IF kind IN ('staff', 'system') OR (kind = 'job' AND client IS NULL) THEN
        RETURN;
    END IF;
    SELECT v.new_client_rule, v.prerequisite_id, v.prerequisite_days, v.week_from, v.week_to INTO s FROM app.service v WHERE v.id = p_service;
    due := coalesce((SELECT c.due_date FROM app.client c WHERE c.id = client), p_due);
    IF s.week_from IS NOT NULL AND due IS NOT NULL THEN
        first_day := due - 280 + s.week_from * 7;
        last_day := due - 280 + s.week_to * 7 + 6;
    END IF;
    IF client IS NULL THEN
        RETURN;
    END IF;
    IF s.week_from IS NOT NULL AND due IS NULL THEN
        code := 'due_date';
        words := 'For this visit we need to know your due date. Tell us, and we offer the days that fit.';
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM app.appointment a WHERE a.id = ANY (p_skip) AND a.client_id IS NOT NULL) AND EXISTS (
        SELECT FROM (SELECT r.max_no_shows FROM app.booking_rule r ORDER BY r.version DESC LIMIT 1) AS r
        WHERE r.max_no_shows <= (SELECT count(*) FROM app.appointment a WHERE a.client_id = ANY (app.person_ids(client)) AND a.status = 'no_show')) THEN
        code := 'no_shows';
        words := 'Please call us to book. We would like to arrange your next visit with you in person.';
        RETURN;
    END IF;
    IF s.new_client_rule <> 'any' THEN
        been := EXISTS (SELECT FROM app.appointment a WHERE a.client_id = ANY (app.person_ids(client)) AND a.status IN ('arrived', 'in_room', 'done'));
        IF s.new_client_rule = 'new' AND been THEN
            code := 'new';
            words := 'This visit is for people who are with us for the first time. Choose another service, or call us.';
        ELSIF s.new_client_rule = 'known' AND NOT been THEN
            code := 'known';
            words := 'This visit is for people who have been with us before. Choose another service, or call us.';
        END IF;
        IF code IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    IF s.prerequisite_id IS NOT NULL AND s.prerequisite_id <> ALL (p_before) THEN
        SELECT l.zone INTO z FROM app.location l WHERE l.id = p_location;
        SELECT range_agg(tstzrange(a.ends_at, greatest(a.ends_at,
                   ((a.starts_at AT TIME ZONE z)::date + s.prerequisite_days + 1)::timestamp AT TIME ZONE z)))
        INTO allowed
        FROM app.appointment a
        WHERE a.client_id = ANY (app.person_ids(client)) AND a.service_id = s.prerequisite_id AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done')
          AND a.id <> ALL (p_skip);
        IF allowed IS NULL THEN
            code := 'prerequisite';
            words := app.prerequisite_words(p_service);
        END IF;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION app.prerequisite_words(p_service uuid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT format('Before this visit comes another: “%s”, at most %s earlier. Please book that first.', o.name,
                          CASE v.prerequisite_days WHEN 1 THEN 'one day' ELSE v.prerequisite_days || ' days' END)
            FROM app.service v JOIN app.service o ON o.id = v.prerequisite_id WHERE v.id = p_service);
END $$;

-- Why the rules refuse a start: code and words, or NULLs when they do not. Internal.
CREATE OR REPLACE FUNCTION app.rule_against(p_service uuid, p_location uuid, p_starts timestamptz, p_client uuid, p_due date, p_skip uuid[],
    p_before uuid[], OUT code text, OUT words text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule record := app.client_rules(p_service, p_location, p_client, p_due, p_skip, p_before);
    day date;
BEGIN
    code := rule.code;
    words := rule.words;
    IF code IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT (p_starts AT TIME ZONE l.zone)::date INTO day FROM app.location l WHERE l.id = p_location;
    IF day < rule.first_day OR day > rule.last_day THEN
        code := 'weeks';
        words := (SELECT format('This visit is for weeks %s to %s of a pregnancy, and by your due date this day is not one of them. Please look at other days: only those that fit are offered there.',
                                v.week_from, v.week_to)
                  FROM app.service v WHERE v.id = p_service);
    ELSIF NOT rule.allowed @> p_starts THEN
        code := 'prerequisite';
        words := app.prerequisite_words(p_service);
    END IF;
END $$;

-- Refuses a start that a client's rules do not allow, in words for her (FY422). Internal.
CREATE OR REPLACE FUNCTION app.hold_to_rules(p_service uuid, p_location uuid, p_starts timestamptz, p_client uuid, p_skip uuid[], p_before uuid[]) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    against record := app.rule_against(p_service, p_location, p_starts, p_client, NULL, p_skip, p_before);
BEGIN
    IF against.code IS NOT NULL THEN
        RAISE EXCEPTION '%', against.words USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
END $$;

-- What a start would not keep of the rules that bind clients, for staff, who may book it all the same: notice, horizon, the client's
-- weeks, new or known, the visit before. No row: it keeps them all.
CREATE OR REPLACE FUNCTION app.booking_warnings(service uuid, location uuid, starts_at timestamptz, client uuid, moving uuid DEFAULT NULL)
RETURNS TABLE (code text, words text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    s record;
    day date;
    due date;
    been boolean;
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT app.may_some('booking_write') OR NOT app.may_book_for(client) THEN
        RETURN;
    END IF;
    SELECT v.*, o.name AS prerequisite, (starts_at AT TIME ZONE l.zone)::date AS day, (now() AT TIME ZONE l.zone)::date AS today INTO s
    FROM app.service v JOIN app.location l ON l.id = location LEFT JOIN app.service o ON o.id = v.prerequisite_id
    WHERE v.id = service;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    day := s.day;
    SELECT c.due_date INTO due FROM app.client c WHERE c.id = client;
    IF starts_at < now() + make_interval(mins => s.min_notice_min) THEN
        RETURN QUERY SELECT 'notice', 'Clients book this service earlier than that.';
    END IF;
    IF day > s.today + s.horizon_days THEN
        RETURN QUERY SELECT 'horizon', format('Clients book this service at most %s days ahead.', s.horizon_days);
    END IF;
    IF s.week_from IS NOT NULL AND due IS NULL THEN
        RETURN QUERY SELECT 'due_date', format('This service is for weeks %s to %s; the due date is not known.', s.week_from, s.week_to);
    ELSIF s.week_from IS NOT NULL AND (day < due - 280 + s.week_from * 7 OR day > due - 280 + s.week_to * 7 + 6) THEN
        RETURN QUERY SELECT 'weeks', format('This service is for weeks %s to %s; on this day it is week %s.', s.week_from, s.week_to,
                                            greatest((280 - (due - day)) / 7, 0));
    END IF;
    been := EXISTS (SELECT FROM app.appointment a WHERE a.client_id = ANY (app.person_ids(client)) AND a.status IN ('arrived', 'in_room', 'done'));
    IF s.new_client_rule = 'new' AND been THEN
        RETURN QUERY SELECT 'new', 'This service is for new clients; this one has been here before.';
    ELSIF s.new_client_rule = 'known' AND NOT been THEN
        RETURN QUERY SELECT 'known', 'This service is for clients who have been here before; this one has not.';
    END IF;
    IF s.prerequisite_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM app.appointment a
        WHERE a.client_id = ANY (app.person_ids(client)) AND a.service_id = s.prerequisite_id AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done')
          AND a.ends_at <= starts_at AND a.id IS DISTINCT FROM moving
          AND day <= (a.starts_at AT TIME ZONE (SELECT l.zone FROM app.location l WHERE l.id = location))::date + s.prerequisite_days) THEN
        RETURN QUERY SELECT 'prerequisite', format('This service comes after another, %s, within %s days; none is booked.', s.prerequisite, s.prerequisite_days);
    END IF;
END $$;

-- Why a start is not free: a row for each reason, none when it is free. Staff are told what stands in the way, never whose visit it
-- is; visitors and clients only that the time is taken, or what their own rules say.
DROP FUNCTION IF EXISTS app.why_not(uuid, uuid, uuid, timestamptz, uuid, uuid[], uuid, int);
CREATE OR REPLACE FUNCTION app.why_not(service uuid, location uuid, staff uuid, starts_at timestamptz, client uuid DEFAULT NULL,
    addons uuid[] DEFAULT '{}', moving uuid DEFAULT NULL, minutes int DEFAULT NULL, unit uuid DEFAULT NULL)
RETURNS TABLE (code text, words text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    is_staff boolean := app.actor_kind() IN ('staff', 'job', 'system');
    skip uuid[] := array_remove(ARRAY[moving], NULL);
    long record;
    s record;
    p record;
    z text;
    during tstzrange;
    wall timestamp;
    who text;
    against record;
    n_found int := 0;
    until timestamptz;
    unfit text;
    is_unit_busy boolean := false;
BEGIN
    PERFORM app.check_may_look(moving);
    long := app.visit_length(service, addons, moving);
    SELECT v.* INTO s FROM app.service v WHERE v.id = service AND v.is_active AND (v.is_online OR is_staff OR app.own_client() IS NOT NULL);
    IF unit IS NOT NULL THEN
        unfit := app.unit_unfit(service, location, unit);
    END IF;
    SELECT f.ends_at INTO until
    FROM app.free_starts(service, location, staff, NULL, NULL, skip, client, NULL, long.extra, coalesce(minutes, long.fixed), ARRAY[starts_at]) AS f
    ORDER BY f.ends_at LIMIT 1;
    IF until IS NOT NULL AND unit IS NOT NULL THEN
        is_unit_busy := app.is_busy(unit, tstzrange(starts_at - make_interval(mins => s.before_min), until + make_interval(mins => s.after_min)), skip);
    END IF;
    IF until IS NOT NULL AND app.on_grid(service, location, starts_at) AND unfit IS NULL AND NOT is_unit_busy THEN
        RETURN;
    END IF;
    SELECT l.zone INTO z FROM app.location l WHERE l.id = location AND l.is_active;
    IF s.id IS NULL OR z IS NULL THEN
        RETURN QUERY SELECT 'service', 'This service is not offered here.';
        RETURN;
    END IF;
    wall := starts_at AT TIME ZONE z;
    IF NOT is_staff THEN
        against := app.rule_against(service, location, starts_at, client, NULL, skip, '{}');
        IF against.code IS NOT NULL THEN
            RETURN QUERY SELECT against.code, against.words;
        ELSIF starts_at < now() + make_interval(mins => s.min_notice_min) THEN
            RETURN QUERY SELECT 'notice', 'This is too soon to book online. Please choose a later time, or call us.';
        ELSIF wall::date > (now() AT TIME ZONE z)::date + s.horizon_days THEN
            RETURN QUERY SELECT 'horizon', format('This can be booked at most %s days ahead.', s.horizon_days);
        ELSE
            RETURN QUERY SELECT 'taken', 'This time has just been taken.';
        END IF;
        RETURN;
    END IF;
    IF starts_at < now() - interval '1 hour' THEN
        n_found := n_found + 1;
        RETURN QUERY SELECT 'past', 'This time is over.';
    END IF;
    IF NOT app.on_grid(service, location, starts_at) THEN
        n_found := n_found + 1;
        RETURN QUERY SELECT 'grid', 'Visits start at full five minutes.';
    END IF;
    IF staff IS NULL THEN
        n_found := n_found + 1;
        RETURN QUERY SELECT 'nobody', 'Nobody who does this service is free at this time.';
    END IF;
    SELECT f.name, f.is_provider AND f.is_active AS works, x.staff_id IS NOT NULL AS does_it, x.duration_min,
           NOT EXISTS (SELECT FROM app.service_staff_place y WHERE y.service_id = service AND y.staff_id = f.id)
           OR EXISTS (SELECT FROM app.service_staff_place y WHERE y.service_id = service AND y.staff_id = f.id AND y.location_id = location) AS does_it_here,
           s.licence IS NULL OR EXISTS (SELECT FROM app.staff_licence c WHERE c.staff_id = f.id AND c.kind = s.licence
                                        AND (c.location_id IS NULL OR c.location_id = location) AND c.valid_to >= wall::date) AS is_licensed
    INTO p
    FROM app.staff f LEFT JOIN app.service_staff x ON x.service_id = service AND x.staff_id = f.id
    WHERE f.id = staff;
    who := coalesce(p.name, 'This person');
    during := tstzrange(starts_at - make_interval(mins => s.before_min),
        starts_at + make_interval(mins => s.after_min + coalesce(minutes, long.fixed, coalesce(p.duration_min, s.duration_min) + long.extra)));
    -- the place
    IF EXISTS (SELECT FROM app.closure c WHERE (c.location_id IS NULL OR c.location_id = location)
               AND c.starts_local AT TIME ZONE z < upper(during) AND c.ends_local AT TIME ZONE z > lower(during)) THEN
        n_found := n_found + 1;
        RETURN QUERY SELECT 'closed', 'The place is closed at this time.';
    ELSIF EXISTS (SELECT FROM app.location_hours o WHERE o.location_id = location)
          AND NOT coalesce((SELECT range_agg(tstzrange((d + o.opens) AT TIME ZONE z, (d + o.closes) AT TIME ZONE z)) @> during
                            FROM app.location_hours o JOIN (VALUES (wall::date - 1), (wall::date), (wall::date + 1)) AS v (d) ON o.weekday = extract(dow FROM d)
                            WHERE o.location_id = location AND (d + o.opens) AT TIME ZONE z < (d + o.closes) AT TIME ZONE z), false) THEN
        n_found := n_found + 1;
        RETURN QUERY SELECT 'closed', 'The place is not open for all of this time.';
    END IF;
    -- rooms and devices
    IF unfit IS NOT NULL THEN
        n_found := n_found + 1;
        RETURN QUERY SELECT 'unit', unfit;
    ELSIF unit IS NOT NULL AND (is_unit_busy OR app.is_busy(unit, during, skip)) THEN
        n_found := n_found + 1;
        RETURN QUERY SELECT 'no_room', format('%s is taken at this time.', (SELECT r.name FROM app.resource r WHERE r.id = unit));
    END IF;
    FOR against IN
        SELECT u.grp, bool_or(u.is_room) AS is_room
        FROM app.units_for(service, location) AS u
        GROUP BY u.grp
        HAVING NOT bool_or(u.id IS NOT NULL AND NOT app.is_busy(u.id, during, skip))
    LOOP
        n_found := n_found + 1;
        RETURN QUERY SELECT CASE WHEN against.is_room THEN 'no_room' ELSE 'no_device' END,
            CASE WHEN against.is_room THEN 'No room for this service is free.'
                 WHEN against.grp LIKE 'kind %' THEN format('No unit of "%s" is free.', substr(against.grp, 6))
                 WHEN against.grp LIKE 'unit %' THEN format('"%s" is not free.', (SELECT r.name FROM app.resource r WHERE r.id = substr(against.grp, 6)::uuid))
                 ELSE 'The device that it needs is not at this place.' END;
    END LOOP;
    -- the provider
    IF staff IS NOT NULL THEN
        IF p.works IS NOT TRUE OR NOT p.does_it OR NOT p.does_it_here THEN
            n_found := n_found + 1;
            RETURN QUERY SELECT 'provider', format('%s does not do this service at this place.', who);
        ELSIF NOT p.is_licensed THEN
            n_found := n_found + 1;
            RETURN QUERY SELECT 'licence', format('%s has no valid licence "%s" for this day.', who, s.licence);
        END IF;
        IF EXISTS (SELECT FROM app.time_off o WHERE o.staff_id = staff AND o.state = 'approved' AND o.starts_at < upper(during) AND o.ends_at > lower(during)) THEN
            n_found := n_found + 1;
            RETURN QUERY SELECT 'away', format('%s is away at this time.', who);
        ELSIF NOT app.is_working(staff, location, during) THEN
            n_found := n_found + 1;
            RETURN QUERY SELECT 'not_working', format('%s does not work here for all of this time.', who);
        END IF;
        IF EXISTS (SELECT FROM app.outside_busy o WHERE o.staff_id = staff AND o.starts_at < upper(during) AND o.ends_at > lower(during)) THEN
            n_found := n_found + 1;
            RETURN QUERY SELECT 'outside', format('%s has something else in another calendar.', who);
        END IF;
        IF app.is_busy(staff, during, skip) THEN
            n_found := n_found + 1;
            RETURN QUERY SELECT 'taken', format('%s has another visit at this time.', who);
        END IF;
    END IF;
    IF n_found = 0 THEN
        RETURN QUERY SELECT 'taken', 'This time is not free.';
    END IF;
END $$;

-- Whether a visit takes a person, room or device at some time of a range; holds that ran out do not. Internal.
CREATE OR REPLACE FUNCTION app.is_busy(p_resource uuid, p_during tstzrange, p_skip uuid[]) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM app.slot t
        WHERE t.resource_id = p_resource AND t.starts_at >= lower(p_during) - interval '12 hours' AND t.starts_at < upper(p_during)
          AND t.during && p_during AND (t.state = 'booked' OR (t.state = 'hold' AND t.hold_until >= now())) AND t.appointment_id <> ALL (p_skip));
END $$;

-- Whether a person's hours at a place hold all of a range. Internal.
CREATE OR REPLACE FUNCTION app.is_working(p_staff uuid, p_location uuid, p_during tstzrange) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    z text := (SELECT l.zone FROM app.location l WHERE l.id = p_location);
    first_day date := (lower(p_during) AT TIME ZONE z)::date - 1;
    last_day date := (upper(p_during) AT TIME ZONE z)::date + 1;
BEGIN
    RETURN coalesce((
        SELECT range_agg(tstzrange(q.a, q.b)) @> p_during
        FROM (SELECT (d + h.starts) AT TIME ZONE z AS a, (d + h.ends) AT TIME ZONE z AS b
              FROM app.shift h JOIN (SELECT g::date AS d FROM generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') AS g) AS v
                ON h.weekday = extract(dow FROM d) AND d >= h.valid_from AND (h.valid_to IS NULL OR d <= h.valid_to)
              WHERE h.staff_id = p_staff AND h.location_id = p_location
                AND NOT EXISTS (SELECT FROM app.shift_day e WHERE e.staff_id = p_staff AND e.day = d)
              UNION ALL
              SELECT (e.day + e.starts) AT TIME ZONE z, (e.day + e.ends) AT TIME ZONE z
              FROM app.shift_day e
              WHERE e.staff_id = p_staff AND e.location_id = p_location AND e.day BETWEEN first_day AND last_day) AS q
        WHERE q.a < q.b), false);
END $$;

-- Whether a start lies on the grid: the service's for visitors and clients, five minutes for staff; and it must be a time that the
-- clock on the wall shows once, or the second time that it does. Internal.
CREATE OR REPLACE FUNCTION app.on_grid(p_service uuid, p_location uuid, p_starts timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT wall = date_bin(CASE WHEN app.actor_kind() IN ('staff', 'system') THEN interval '5 minutes' ELSE make_interval(mins => v.step_min) END,
                                   wall, timestamp '2000-01-01') AND wall AT TIME ZONE l.zone = p_starts
            FROM app.service v, app.location l, LATERAL (SELECT p_starts AT TIME ZONE l.zone AS wall) AS w
            WHERE v.id = p_service AND l.id = p_location);
END $$;

-- The instant of a wall time in a zone; FY422 when the clock leaves it out on that night. Of one that it shows twice, the second.
CREATE OR REPLACE FUNCTION app.wall_instant(wall timestamp, zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (wall AT TIME ZONE zone) AT TIME ZONE zone <> wall THEN
        RAISE EXCEPTION 'There is no % on this day: the clock goes forward. Choose another time.', to_char(wall, 'FMHH12:MI am')
            USING ERRCODE = 'FY422', COLUMN = 'time';
    END IF;
    RETURN wall AT TIME ZONE zone;
END $$;

-- The studio's newest rules of booking; NULL when it has made none. Internal.
CREATE OR REPLACE FUNCTION app.booking_rule_now() RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT r.id FROM app.booking_rule r ORDER BY r.version DESC LIMIT 1);
END $$;

-- Holds a client to the rules that she accepted with a visit, unless staff have waived them for it. what: 'cancel' or 'move'. FY422.
-- Internal.
CREATE OR REPLACE FUNCTION app.check_rule(a app.appointment, what text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    r record;
    hours int;
BEGIN
    IF app.actor_kind() IN ('staff', 'job', 'system')
       OR EXISTS (SELECT FROM app.booking_waiver w WHERE w.appointment_id = a.id AND w.what IN (check_rule.what, 'rule')) THEN
        RETURN;
    END IF;
    SELECT b.cancel_hours, b.move_hours, b.max_moves INTO r FROM app.booking_rule b WHERE b.id = a.booking_rule_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    hours := CASE what WHEN 'cancel' THEN r.cancel_hours ELSE r.move_hours END;
    IF hours > 0 AND now() > a.starts_at - make_interval(hours => hours) THEN
        RAISE EXCEPTION 'This visit could be % here until % before it starts. Please call us, and we will find a way.',
            CASE what WHEN 'cancel' THEN 'cancelled' ELSE 'moved' END, CASE hours WHEN 1 THEN 'one hour' ELSE hours || ' hours' END
            USING ERRCODE = 'FY422', COLUMN = CASE what WHEN 'cancel' THEN 'status' ELSE 'starts_at' END;
    END IF;
    IF what = 'move' AND a.n_moves >= r.max_moves THEN
        RAISE EXCEPTION 'This visit has been moved as often as it can be here. Please call us, and we will find a time together.'
            USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
END $$;

-- What a client may still do with a visit herself, for the page that shows it: whether she may cancel and move it, and until when.
CREATE OR REPLACE FUNCTION app.visit_limits(appointment uuid,
    OUT can_cancel boolean, OUT can_move boolean, OUT cancel_until timestamptz, OUT move_until timestamptz, OUT moves_left int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a app.appointment;
    r record;
    waived text[];
BEGIN
    SELECT p.* INTO a FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.id = appointment;
    IF NOT FOUND OR NOT app.may_change(a.client_id, a.staff_id, a.location_id) THEN
        RETURN;
    END IF;
    SELECT b.cancel_hours, b.move_hours, b.max_moves INTO r FROM app.booking_rule b WHERE b.id = a.booking_rule_id;
    waived := ARRAY(SELECT w.what FROM app.booking_waiver w WHERE w.appointment_id = a.id);
    cancel_until := a.starts_at - CASE WHEN waived && ARRAY['cancel', 'rule'] THEN interval '0' ELSE make_interval(hours => coalesce(r.cancel_hours, 0)) END;
    move_until := a.starts_at - CASE WHEN waived && ARRAY['move', 'rule'] THEN interval '0' ELSE make_interval(hours => coalesce(r.move_hours, 0)) END;
    moves_left := CASE WHEN r.max_moves IS NOT NULL AND NOT waived && ARRAY['move', 'rule'] THEN greatest(r.max_moves - a.n_moves, 0) END;
    can_cancel := a.status IN ('booked', 'confirmed') AND now() < a.starts_at AND now() <= cancel_until;
    can_move := a.status IN ('booked', 'confirmed') AND now() < a.starts_at AND now() <= move_until AND coalesce(moves_left > 0, true);
END $$;

-- Staff let a rule pass for one visit, and it is written down: what ('cancel', 'move', 'late', 'no_show', 'deposit', 'rule'), why.
-- A waived deposit is no longer due.
CREATE OR REPLACE FUNCTION app.booking_waive(appointment uuid, what text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    a app.appointment := app.appointment_lock(appointment, NULL);
BEGIN
    IF app.actor_kind() <> 'staff' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    INSERT INTO app.booking_waiver (appointment_id, what, reason) VALUES (a.id, what, btrim(reason));
    IF what = 'deposit' THEN
        UPDATE app.appointment p SET deposit_cents = 0 WHERE p.tenant_id = app.tenant() AND p.id = a.id;
    END IF;
END $$;

-- Marks the future visits of a client (or one visit) whose weeks of pregnancy no longer fit, and unmarks those that fit. Internal.
CREATE OR REPLACE FUNCTION app.look_again(p_client uuid, p_appointment uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    due date;
    r record;
BEGIN
    IF p_appointment IS NOT NULL AND NOT EXISTS (
        SELECT FROM app.service s WHERE s.id = (SELECT v.service_id FROM app.appointment v WHERE v.id = p_appointment) AND s.week_from IS NOT NULL) THEN
        RETURN;
    END IF;
    SELECT c.due_date INTO due FROM app.client c WHERE c.id = p_client;
    FOR r IN
        SELECT v.id, v.asks_look, CASE WHEN due IS NULL OR (v.starts_at AT TIME ZONE l.zone)::date
                   NOT BETWEEN due - 280 + s.week_from * 7 AND due - 280 + s.week_to * 7 + 6 THEN 'due_date' END AS asks
        FROM (SELECT x.id, x.service_id, x.location_id, x.starts_at, x.asks_look FROM app.appointment x
              WHERE x.client_id = p_client AND x.starts_at > now() AND x.status IN ('booked', 'confirmed') OFFSET 0) AS v
        JOIN app.service s ON s.id = v.service_id
        JOIN app.location l ON l.id = v.location_id
        WHERE s.week_from IS NOT NULL AND (p_appointment IS NULL OR v.id = p_appointment)
    LOOP
        IF r.asks IS DISTINCT FROM r.asks_look THEN
            UPDATE app.appointment a SET asks_look = r.asks WHERE a.tenant_id = app.tenant() AND a.id = r.id;
        END IF;
    END LOOP;
END $$;

-- Somebody of the staff has looked at a visit that asked for it, and leaves it as it is.
CREATE OR REPLACE FUNCTION app.appointment_looked(appointment uuid, expected_version int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    a app.appointment := app.appointment_lock(appointment, expected_version);
    now_at int;
BEGIN
    IF app.actor_kind() <> 'staff' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    UPDATE app.appointment p SET asks_look = NULL WHERE p.tenant_id = app.tenant() AND p.id = a.id
    RETURNING p.version INTO now_at;
    RETURN now_at;
END $$;

REVOKE ALL ON FUNCTION app.wall_instant(timestamp, text), app.client_rules(uuid, uuid, uuid, date, uuid[], uuid[]), app.prerequisite_words(uuid),
    app.rule_against(uuid, uuid, timestamptz, uuid, date, uuid[], uuid[]), app.hold_to_rules(uuid, uuid, timestamptz, uuid, uuid[], uuid[]),
    app.booking_warnings(uuid, uuid, timestamptz, uuid, uuid), app.why_not(uuid, uuid, uuid, timestamptz, uuid, uuid[], uuid, int, uuid),
    app.is_busy(uuid, tstzrange, uuid[]), app.is_working(uuid, uuid, tstzrange), app.on_grid(uuid, uuid, timestamptz),
    app.booking_rule_now(), app.check_rule(app.appointment, text), app.visit_limits(uuid), app.booking_waive(uuid, text, text),
    app.look_again(uuid, uuid), app.appointment_looked(uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.why_not(uuid, uuid, uuid, timestamptz, uuid, uuid[], uuid, int, uuid), app.visit_limits(uuid),
    app.wall_instant(timestamp, text) TO foyer_staff, foyer_public, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.booking_warnings(uuid, uuid, timestamptz, uuid, uuid), app.booking_waive(uuid, text, text),
    app.appointment_looked(uuid, int) TO foyer_staff;
