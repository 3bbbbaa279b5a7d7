-- 044_series: visits that repeat (SECURITY.md B-06, B-07). Owner: foyer_booking. The rule is wall time and zone of the place; each time
-- that it gives is a visit with slots of its own, booked, moved and cancelled by the same functions as every other.
-- Errors: FY404 no such series, visit, client; FY409 not free, or changed by somebody else; FY422 against a rule; FY403.

SET LOCAL ROLE foyer_booking;

-- The times that a rule gives, in order. starts_at NULL: a change of the clock leaves this wall time out; of one that it repeats, the
-- second is meant, as everywhere. Internal.
CREATE OR REPLACE FUNCTION app.series_times(first_day date, at time, every_weeks int, n_times int, until date, zone text)
RETURNS TABLE (n int, rule_at timestamp, starts_at timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    RETURN QUERY
    SELECT k + 1, w.wall, CASE WHEN (w.wall AT TIME ZONE zone) AT TIME ZONE zone = w.wall THEN w.wall AT TIME ZONE zone END
    FROM generate_series(0, least(coalesce(n_times, 80), 80) - 1) AS k
    CROSS JOIN LATERAL (SELECT (first_day + k * 7 * every_weeks) + at AS wall) AS w
    WHERE (until IS NULL OR w.wall::date <= until) AND w.wall::date <= first_day + interval '18 months'
    ORDER BY k;
END $$;

DROP FUNCTION IF EXISTS app.is_series_exception(timestamp, int, uuid, text, timestamptz, timestamptz, uuid);
-- Whether a visit is no longer as its rule placed it: rule_starts, then. One that stands where it was placed is none, also when the
-- zone's rules have changed since and the clock there shows another hour by now (a new tz database). Internal.
CREATE OR REPLACE FUNCTION app.is_series_exception(rule_at timestamp, rule_starts timestamptz, minutes int, rule_staff uuid, zone text, starts_at timestamptz,
    ends_at timestamptz, staff uuid) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (starts_at AT TIME ZONE zone <> rule_at AND starts_at IS DISTINCT FROM rule_starts) OR (rule_staff IS NOT NULL AND staff <> rule_staff)
        OR (minutes IS NOT NULL AND ends_at - starts_at <> make_interval(mins => minutes))
$$;

-- What is wrong with a rule, beside which field; NULL when nothing is.
CREATE OR REPLACE FUNCTION app.series_problem(location uuid, first_day date, every_weeks int, n_times int, until date, OUT field text, OUT words text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    today date;
BEGIN
    SELECT (now() AT TIME ZONE l.zone)::date INTO today FROM app.location l WHERE l.id = location;
    CASE
        WHEN NOT isfinite(first_day) OR first_day < today OR first_day > today + 731 THEN
            field := 'day'; words := 'Begin today or later, within two years.';
        WHEN every_weeks IS NULL OR every_weeks NOT BETWEEN 1 AND 26 THEN
            field := 'every'; words := 'Give 1 to 26 weeks.';
        WHEN (n_times IS NULL) = (until IS NULL) THEN
            field := 'times'; words := 'Say how many times, or until which day; one of them.';
        WHEN n_times NOT BETWEEN 1 AND 80 THEN
            field := 'times'; words := 'Give 1 to 80 times.';
        WHEN until < first_day THEN
            field := 'until'; words := 'This is before the first visit.';
        WHEN coalesce(until, first_day + (n_times - 1) * 7 * every_weeks) > first_day + interval '18 months' THEN
            field := CASE WHEN until IS NULL THEN 'times' ELSE 'until' END;
            words := 'A series lasts at most 18 months. Begin another one after it.';
        ELSE
            NULL;
    END CASE;
END $$;

-- What a new series would be, before anything is booked. what: free, taken (why says why), clock (the wall time does not exist on that
-- day), adopted (the visit that the series begins with is there already).
CREATE OR REPLACE FUNCTION app.series_preview(service uuid, location uuid, staff uuid, first_day date, at time, every_weeks int, n_times int, until date,
    client uuid, adopted uuid)
RETURNS TABLE (n int, rule_at timestamp, starts_at timestamptz, what text, why text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    z text;
    addons uuid[];
    t record;
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = CASE WHEN app.may_some('booking_write') THEN 'FY404' ELSE 'FY403' END;
    END IF;
    SELECT l.zone INTO z FROM app.location l WHERE l.id = location;
    addons := ARRAY(SELECT x.addon_id FROM app.appointment_addon x WHERE x.tenant_id = app.tenant() AND x.appointment_id = adopted);
    FOR t IN SELECT s.n, s.rule_at, s.starts_at FROM app.series_times(first_day, at, every_weeks, n_times, until, z) AS s LOOP
        n := t.n;
        rule_at := t.rule_at;
        starts_at := t.starts_at;
        why := NULL;
        IF t.starts_at IS NULL THEN
            what := 'clock';
            why := 'The clock is changed in this night, and this time does not exist.';
        ELSIF app.series_adopts(adopted, client, service, location, staff, t.starts_at) THEN
            what := 'adopted';
        ELSE
            SELECT string_agg(w.words, ' ') INTO why FROM app.why_not(service, location, staff, t.starts_at, client, addons, NULL, NULL) AS w;
            what := CASE WHEN why IS NULL THEN 'free' ELSE 'taken' END;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

-- Whether the visit that somebody wants to repeat is the one that a rule gives at this start. Internal.
CREATE OR REPLACE FUNCTION app.series_adopts(adopted uuid, client uuid, service uuid, location uuid, staff uuid, starts timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN adopted IS NOT NULL AND EXISTS (
        SELECT FROM app.appointment a
        WHERE a.tenant_id = app.tenant() AND a.id = adopted AND a.client_id = client AND a.service_id = service AND a.location_id = location
          AND (staff IS NULL OR a.staff_id = staff) AND a.starts_at = starts AND a.series_id IS NULL
          AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done'));
END $$;

-- One transaction books many visits: all that any of them may need is locked at once and in order, or two series could wait for one
-- another. Internal.
CREATE OR REPLACE FUNCTION app.series_lock_resources(service uuid, location uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one uuid;
BEGIN
    FOR one IN
        SELECT x.staff_id FROM app.service_staff x WHERE x.service_id = service
        UNION
        SELECT r.id FROM app.service_room x JOIN app.resource r ON r.id = x.resource_id WHERE x.service_id = service AND r.location_id = location
        ORDER BY 1
    LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(app.tenant() || ':' || one, 0));
    END LOOP;
END $$;

-- What was chosen for a time of the rule: RULE, RULE=out, RULE=keep, or RULE=START=STAFF. No row: as the rule says. Internal.
CREATE OR REPLACE FUNCTION app.series_pick(picks text[], wanted timestamp, OUT word text, OUT starts timestamp, OUT staff uuid)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p text;
BEGIN
    FOREACH p IN ARRAY coalesce(picks, '{}') LOOP
        IF split_part(p, '=', 1)::timestamp = wanted THEN
            word := split_part(p, '=', 2);
            IF word NOT IN ('', 'out', 'keep') THEN
                starts := word::timestamp;
                staff := nullif(split_part(p, '=', 3), '')::uuid;
                word := 'other';
            END IF;
        END IF;
    END LOOP;
END $$;

-- Books a series: each time of the rule at its own start or the one that was chosen instead, and says for each that is left out why.
-- all_or_none: when one cannot be booked, none is (FY409). adopted: the visit that it begins with, or NULL.
CREATE OR REPLACE FUNCTION app.series_book(service uuid, location uuid, staff uuid, first_day date, at time, every_weeks int, n_times int, until date,
    client uuid, adopted uuid, picks text[], all_or_none boolean) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    made uuid := gen_random_uuid();
    z text;
    addons uuid[];
    problem record;
    t record;
    pick record;
    visit uuid;
    words text;
    reason text;
    n_booked int := 0;
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = CASE WHEN app.may_some('booking_write') THEN 'FY404' ELSE 'FY403' END;
    END IF;
    SELECT l.zone INTO z FROM app.location l WHERE l.id = location AND l.is_active;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM app.service v WHERE v.id = service AND v.is_active) THEN
        RAISE EXCEPTION 'no such service or place' USING ERRCODE = 'FY404';
    END IF;
    problem := app.series_problem(location, first_day, every_weeks, n_times, until);
    IF problem.words IS NOT NULL THEN
        RAISE EXCEPTION '%', problem.words USING ERRCODE = 'FY422', COLUMN = problem.field;
    END IF;
    addons := ARRAY(SELECT x.addon_id FROM app.appointment_addon x WHERE x.tenant_id = app.tenant() AND x.appointment_id = adopted);
    INSERT INTO app.series (id, client_id, service_id, location_id, staff_id, addons, first_day, at, every_weeks, n_times, until, zone)
    VALUES (made, client, service, location, staff, addons, first_day, at, every_weeks, n_times, until, z);
    PERFORM app.series_lock_resources(service, location);
    FOR t IN SELECT s.n, s.rule_at, s.starts_at FROM app.series_times(first_day, at, every_weeks, n_times, until, z) AS s LOOP
        pick := app.series_pick(picks, t.rule_at);
        visit := NULL;
        words := '';
        reason := NULL;
        IF pick.word = 'out' THEN
            -- what could not have been anyway says why
            SELECT string_agg(w.words, ' ') INTO words FROM app.why_not(service, location, staff, t.starts_at, client, addons, NULL, NULL) AS w WHERE t.starts_at IS NOT NULL;
            reason := CASE WHEN t.starts_at IS NULL THEN 'clock' WHEN words IS NULL THEN 'chosen' ELSE 'taken' END;
        ELSIF t.starts_at IS NULL AND pick.starts IS NULL THEN
            reason := 'clock';
        ELSIF pick.starts IS NULL AND app.series_adopts(adopted, client, service, location, staff, t.starts_at) THEN
            visit := adopted;
        ELSE
            BEGIN
                visit := app.book(service, location, CASE WHEN pick.starts IS NULL THEN staff ELSE coalesce(pick.staff, staff) END,
                                  coalesce(pick.starts AT TIME ZONE z, t.starts_at), client, NULL, addons);
            EXCEPTION WHEN SQLSTATE 'FY409' OR SQLSTATE 'FY422' OR exclusion_violation THEN
                GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
                reason := 'taken';
            END;
        END IF;
        IF visit IS NULL AND all_or_none THEN
            RAISE EXCEPTION 'Nothing is booked: % cannot be. %', to_char(t.rule_at, 'FMDay FMDD Month YYYY'),
                CASE reason WHEN 'clock' THEN 'The clock is changed in this night, and this time does not exist.' WHEN 'chosen' THEN 'It is to be left out.' ELSE words END
                USING ERRCODE = 'FY409', COLUMN = 'mode';
        END IF;
        IF visit IS NOT NULL THEN
            n_booked := n_booked + 1;
            UPDATE app.appointment p SET series_id = made WHERE p.tenant_id = app.tenant() AND p.id = visit;
        END IF;
        INSERT INTO app.series_visit (series_id, rule_at, rule_starts_at, appointment_id, left_out, why, minutes)
        VALUES (made, t.rule_at, t.starts_at, visit, reason, left(coalesce(words, ''), 300),
                (SELECT extract(epoch FROM p.ends_at - p.starts_at)::int / 60 FROM app.appointment p WHERE p.tenant_id = app.tenant() AND p.id = visit));
    END LOOP;
    IF n_booked = 0 THEN
        RAISE EXCEPTION 'Nothing is booked: none of these times is free.' USING ERRCODE = 'FY409', COLUMN = 'mode';
    END IF;
    RETURN made;
END $$;

-- The series, locked, at the version that was seen (NULL: any). Internal.
CREATE OR REPLACE FUNCTION app.series_lock(series uuid, expected_version int) RETURNS app.series
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    s app.series;
BEGIN
    SELECT x.* INTO s FROM app.series x WHERE x.tenant_id = app.tenant() AND x.id = series FOR UPDATE;
    IF NOT FOUND OR NOT app.may_book_for(s.client_id) THEN
        RAISE EXCEPTION 'no such series' USING ERRCODE = CASE WHEN app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN 'FY403' ELSE 'FY404' END;
    END IF;
    IF expected_version IS NOT NULL AND s.version <> expected_version THEN
        RAISE EXCEPTION 'Somebody else has changed this series. Look at it again.' USING ERRCODE = 'FY409', COLUMN = 'version';
    END IF;
    RETURN s;
END $$;

-- What a change would do with each visit to come that it is for. scope: one (the visit), later (it and those after it), all. shift: days;
-- for later and all at most six either way. new_at NULL: the hour stays. who: '' stays, 'any', or a provider's id. new_minutes NULL: the
-- length stays. Those that were changed singly stay as they are, unless it is just that one. Internal.
CREATE OR REPLACE FUNCTION app.series_plan(series uuid, visit uuid, scope text, shift int, new_at time, who text, new_minutes int)
RETURNS TABLE (appointment_id uuid, rule_at timestamp, new_rule timestamp, new_starts timestamptz, wanted uuid, length int, is_exception boolean, is_same boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    RETURN QUERY
    SELECT v.appointment_id, v.rule_at, r.wall, r.instant, r.staff, new_minutes, r.is_exception,
           NOT r.is_exception AND r.instant = a.starts_at AND (r.staff IS NULL OR r.staff = a.staff_id)
               AND (new_minutes IS NULL OR a.ends_at - a.starts_at = make_interval(mins => new_minutes))
    FROM app.series s
    JOIN app.series_visit v ON v.tenant_id = s.tenant_id AND v.series_id = s.id
    JOIN app.appointment a ON a.tenant_id = v.tenant_id AND a.id = v.appointment_id
    JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
    CROSS JOIN LATERAL (SELECT CASE WHEN scope = 'one' THEN a.starts_at AT TIME ZONE l.zone ELSE v.rule_at END AS base) AS b
    CROSS JOIN LATERAL (
        SELECT w.wall, CASE WHEN (w.wall AT TIME ZONE l.zone) AT TIME ZONE l.zone = w.wall THEN w.wall AT TIME ZONE l.zone END AS instant,
               CASE coalesce(who, '') WHEN '' THEN a.staff_id WHEN 'any' THEN NULL ELSE who::uuid END AS staff,
               scope <> 'one' AND app.is_series_exception(v.rule_at, v.rule_starts_at, v.minutes, s.staff_id, l.zone, a.starts_at, a.ends_at, a.staff_id) AS is_exception
        FROM (SELECT (b.base::date + shift) + coalesce(new_at, b.base::time) AS wall) AS w
    ) AS r
    WHERE s.tenant_id = app.tenant() AND s.id = series AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()
      AND (scope = 'all' OR v.appointment_id = visit
           OR (scope = 'later' AND v.rule_at >= (SELECT x.rule_at FROM app.series_visit x WHERE x.tenant_id = app.tenant() AND x.appointment_id = visit)))
    ORDER BY v.rule_at;
END $$;

-- The same with what stands in the way of each. what: free, taken, clock, exception (stays as it is), same.
CREATE OR REPLACE FUNCTION app.series_change_preview(series uuid, visit uuid, scope text, shift int, new_at time, who text, new_minutes int)
RETURNS TABLE (appointment_id uuid, rule_at timestamp, new_rule timestamp, new_starts timestamptz, wanted uuid, what text, why text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    s record;
    t record;
BEGIN
    SELECT x.client_id, x.service_id, x.location_id INTO s FROM app.series x WHERE x.tenant_id = app.tenant() AND x.id = series;
    IF NOT FOUND OR NOT app.may_book_for(s.client_id) THEN
        RAISE EXCEPTION 'no such series' USING ERRCODE = CASE WHEN app.may_some('booking_write') THEN 'FY404' ELSE 'FY403' END;
    END IF;
    FOR t IN SELECT p.* FROM app.series_plan(series, visit, scope, shift, new_at, who, new_minutes) AS p LOOP
        appointment_id := t.appointment_id;
        rule_at := t.rule_at;
        new_rule := t.new_rule;
        new_starts := t.new_starts;
        wanted := t.wanted;
        why := NULL;
        IF t.is_exception THEN
            what := 'exception';
        ELSIF t.new_starts IS NULL THEN
            what := 'clock';
            why := 'The clock is changed in this night, and this time does not exist.';
        ELSIF t.is_same THEN
            what := 'same';
        ELSE
            SELECT string_agg(w.words, ' ') INTO why
            FROM app.why_not(s.service_id, s.location_id, t.wanted, t.new_starts, s.client_id,
                ARRAY(SELECT x.addon_id FROM app.appointment_addon x WHERE x.tenant_id = app.tenant() AND x.appointment_id = t.appointment_id),
                t.appointment_id, t.length) AS w;
            what := CASE WHEN why IS NULL THEN 'free' ELSE 'taken' END;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

-- Carries a change out. Each visit goes to its new time, to another one that was chosen, or stays ('keep', and whatever cannot be moved);
-- with all_or_none nothing changes unless all can. For later and all the rule changes with it: what is over or comes before keeps the old
-- one, and a series that follows has the new. The series that the changed visits are in is returned.
CREATE OR REPLACE FUNCTION app.series_change(series uuid, visit uuid, scope text, shift int, new_at time, who text, new_minutes int,
    expected_version int, picks text[], all_or_none boolean) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    s app.series := app.series_lock(series, expected_version);
    t record;
    pick record;
    first_rule timestamp;
    words text;
    n_moved int := 0;
BEGIN
    IF scope <> 'one' AND abs(shift) > 6 THEN
        RAISE EXCEPTION 'A whole series moves by at most six days. For more, end it and begin another.' USING ERRCODE = 'FY422', COLUMN = 'day';
    END IF;
    PERFORM app.series_lock_resources(s.service_id, s.location_id);
    FOR t IN SELECT p.* FROM app.series_plan(series, visit, scope, shift, new_at, who, new_minutes) AS p LOOP
        first_rule := coalesce(first_rule, t.rule_at);
        pick := app.series_pick(picks, t.rule_at);
        words := NULL;
        CONTINUE WHEN t.is_exception OR t.is_same AND pick.starts IS NULL;
        IF pick.word = 'keep' THEN
            words := 'It is to stay as it is.';
        ELSIF t.new_starts IS NULL AND pick.starts IS NULL THEN
            words := 'The clock is changed in this night, and this time does not exist.';
        ELSE
            BEGIN
                PERFORM app.appointment_move(t.appointment_id, CASE WHEN pick.starts IS NULL THEN t.wanted ELSE coalesce(pick.staff, t.wanted) END,
                    coalesce(pick.starts AT TIME ZONE s.zone, t.new_starts), NULL, t.length);
                n_moved := n_moved + 1;
                IF t.length IS NOT NULL AND scope <> 'one' THEN
                    UPDATE app.series_visit v SET minutes = t.length WHERE v.tenant_id = app.tenant() AND v.appointment_id = t.appointment_id;
                END IF;
            EXCEPTION WHEN SQLSTATE 'FY409' OR SQLSTATE 'FY422' OR exclusion_violation THEN
                GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
            END;
        END IF;
        IF words IS NOT NULL AND (all_or_none OR scope = 'one') THEN
            RAISE EXCEPTION 'Nothing is changed: % cannot be moved. %', to_char(t.rule_at, 'FMDay FMDD Month YYYY'), words USING ERRCODE = 'FY409', COLUMN = 'mode';
        END IF;
    END LOOP;
    IF first_rule IS NULL THEN
        RAISE EXCEPTION 'There is no visit to come that this could change.' USING ERRCODE = 'FY422', COLUMN = 'scope';
    END IF;
    IF n_moved = 0 THEN
        RAISE EXCEPTION 'This changes nothing.' USING ERRCODE = 'FY409', COLUMN = 'mode';
    END IF;
    IF scope = 'one' THEN
        UPDATE app.series x SET version = x.version + 1 WHERE x.tenant_id = app.tenant() AND x.id = series;
        RETURN series;
    END IF;
    IF shift = 0 AND coalesce(new_at, s.at) = s.at AND coalesce(who, '') = '' AND new_minutes IS NULL THEN
        -- The rule is the same, and the clock's were others: it goes on, and its visits stand where it places them now.
        UPDATE app.series_visit v SET rule_starts_at = CASE WHEN (v.rule_at AT TIME ZONE s.zone) AT TIME ZONE s.zone = v.rule_at THEN v.rule_at AT TIME ZONE s.zone END
        FROM app.appointment a
        WHERE v.tenant_id = app.tenant() AND v.series_id = series AND v.rule_at >= first_rule
          AND a.tenant_id = v.tenant_id AND a.id = v.appointment_id AND a.starts_at IS DISTINCT FROM v.rule_starts_at;
        UPDATE app.series x SET version = x.version + 1 WHERE x.tenant_id = app.tenant() AND x.id = series;
        RETURN series;
    END IF;
    RETURN app.series_split(s, first_rule, shift, new_at, who, new_minutes);
END $$;

-- From this time of the rule on another rule holds. When nothing comes before it, the series itself is changed. Internal.
CREATE OR REPLACE FUNCTION app.series_split(s app.series, first_rule timestamp, shift int, new_at time, who text, new_minutes int) RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n_before int;
    n_after int;
    target uuid := s.id;
    day date := first_rule::date + shift;
    staff uuid := CASE coalesce(who, '') WHEN '' THEN s.staff_id WHEN 'any' THEN NULL ELSE who::uuid END;
    row record;
BEGIN
    SELECT count(*) FILTER (WHERE v.rule_at < first_rule), count(*) FILTER (WHERE v.rule_at >= first_rule) INTO n_before, n_after
    FROM app.series_visit v WHERE v.tenant_id = app.tenant() AND v.series_id = s.id;
    IF n_before > 0 THEN
        target := gen_random_uuid();
        INSERT INTO app.series (id, client_id, service_id, location_id, staff_id, addons, minutes, first_day, at, every_weeks, n_times, until, zone, follows_id)
        VALUES (target, s.client_id, s.service_id, s.location_id, staff, s.addons, coalesce(new_minutes, s.minutes), day, coalesce(new_at, s.at), s.every_weeks,
                CASE WHEN s.until IS NULL THEN n_after END, CASE WHEN s.until IS NOT NULL THEN greatest(s.until + shift, day) END, s.zone, s.id);
        UPDATE app.series x
        SET version = x.version + 1, n_times = CASE WHEN s.until IS NULL THEN n_before END,
            until = CASE WHEN s.until IS NOT NULL THEN (SELECT max(v.rule_at)::date FROM app.series_visit v WHERE v.tenant_id = app.tenant() AND v.series_id = s.id AND v.rule_at < first_rule) END
        WHERE x.tenant_id = app.tenant() AND x.id = s.id;
    ELSE
        UPDATE app.series x
        SET version = x.version + 1, staff_id = staff, minutes = coalesce(new_minutes, x.minutes), first_day = day, at = coalesce(new_at, x.at),
            until = CASE WHEN x.until IS NOT NULL THEN greatest(x.until + shift, day) END
        WHERE x.tenant_id = app.tenant() AND x.id = s.id;
    END IF;
    -- In the order in which none meets one that has not gone on yet.
    FOR row IN SELECT v.rule_at, w.wall FROM app.series_visit v
               CROSS JOIN LATERAL (SELECT (v.rule_at::date + shift) + coalesce(new_at, s.at) AS wall) AS w
               WHERE v.tenant_id = app.tenant() AND v.series_id = s.id AND v.rule_at >= first_rule
               ORDER BY CASE WHEN w.wall > v.rule_at THEN v.rule_at END DESC, v.rule_at LOOP
        UPDATE app.series_visit v
        SET series_id = target, rule_at = row.wall,
            rule_starts_at = CASE WHEN (row.wall AT TIME ZONE s.zone) AT TIME ZONE s.zone = row.wall THEN row.wall AT TIME ZONE s.zone END
        WHERE v.tenant_id = app.tenant() AND v.series_id = s.id AND v.rule_at = row.rule_at;
    END LOOP;
    IF target <> s.id THEN
        UPDATE app.appointment a SET series_id = target
        WHERE a.tenant_id = app.tenant() AND a.series_id = s.id
          AND EXISTS (SELECT FROM app.series_visit v WHERE v.tenant_id = a.tenant_id AND v.appointment_id = a.id AND v.series_id = target);
    END IF;
    RETURN target;
END $$;

-- Cancels the visits to come of a scope, also those that were changed singly. How many is returned.
CREATE OR REPLACE FUNCTION app.series_cancel(series uuid, visit uuid, scope text, reason text, expected_version int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    s app.series := app.series_lock(series, expected_version);
    one uuid;
    n int := 0;
BEGIN
    PERFORM app.series_lock_resources(s.service_id, s.location_id);
    FOR one IN SELECT p.appointment_id FROM app.series_plan(series, visit, scope, 0, NULL, '', NULL) AS p LOOP
        PERFORM app.appointment_set_status(one, 'cancelled', NULL, reason);
        n := n + 1;
    END LOOP;
    IF n = 0 THEN
        RAISE EXCEPTION 'There is no visit to come that this could cancel.' USING ERRCODE = 'FY422', COLUMN = 'scope';
    END IF;
    UPDATE app.series x SET version = x.version + 1,
        ended_at = CASE WHEN EXISTS (SELECT FROM app.appointment a WHERE a.tenant_id = app.tenant() AND a.series_id = series
                                     AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()) THEN x.ended_at ELSE now() END
    WHERE x.tenant_id = app.tenant() AND x.id = series;
    RETURN n;
END $$;

REVOKE ALL ON FUNCTION app.series_times(date, time, int, int, date, text), app.series_problem(uuid, date, int, int, date),
    app.is_series_exception(timestamp, timestamptz, int, uuid, text, timestamptz, timestamptz, uuid),
    app.series_preview(uuid, uuid, uuid, date, time, int, int, date, uuid, uuid), app.series_adopts(uuid, uuid, uuid, uuid, uuid, timestamptz),
    app.series_lock_resources(uuid, uuid), app.series_pick(text[], timestamp),
    app.series_book(uuid, uuid, uuid, date, time, int, int, date, uuid, uuid, text[], boolean), app.series_lock(uuid, int),
    app.series_plan(uuid, uuid, text, int, time, text, int), app.series_change_preview(uuid, uuid, text, int, time, text, int),
    app.series_change(uuid, uuid, text, int, time, text, int, int, text[], boolean), app.series_split(app.series, timestamp, int, time, text, int),
    app.series_cancel(uuid, uuid, text, text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.series_problem(uuid, date, int, int, date),
    app.is_series_exception(timestamp, timestamptz, int, uuid, text, timestamptz, timestamptz, uuid),
    app.series_preview(uuid, uuid, uuid, date, time, int, int, date, uuid, uuid),
    app.series_book(uuid, uuid, uuid, date, time, int, int, date, uuid, uuid, text[], boolean),
    app.series_change_preview(uuid, uuid, text, int, time, text, int),
    app.series_change(uuid, uuid, text, int, time, text, int, int, text[], boolean),
    app.series_cancel(uuid, uuid, text, text, int) TO foyer_staff;
RESET ROLE;
