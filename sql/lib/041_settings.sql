-- 041_settings: what the pages of settings save: services, rooms, hours. They run with the rights of who calls them (foyer_staff
-- and its policies), but for the last part, which looks at visits whoever may see them. Errors: FY404 not there, FY422 with words.

SET LOCAL ROLE foyer_owner;

-- A price as typed ("120", "120.50", "$1,200") in cents. The field's name goes with the refusal.
CREATE OR REPLACE FUNCTION app.cents_or_refuse(typed text, field text) RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    plain text := regexp_replace(coalesce(typed, ''), '^\s*\$?\s*|,(?=[0-9]{3}(\D|$))|\s+$', '', 'g');
BEGIN
    IF plain = '' THEN
        RETURN 0;
    END IF;
    IF plain !~ '^[0-9]{1,7}([.][0-9]{1,2})?$' THEN
        RAISE EXCEPTION 'Write an amount such as 120 or 120.50.' USING ERRCODE = 'FY422', COLUMN = field;
    END IF;
    RETURN (plain::numeric * 100)::bigint;
END $$;

-- The same back as it is typed: 12050 is "120.50", 12000 is "120".
CREATE OR REPLACE FUNCTION app.cents_typed(cents bigint) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN cents % 100 = 0 THEN (cents / 100)::text ELSE to_char(cents / 100.0, 'FM9999999990.00') END $$;

-- A colour that can be told from the ground of the calendar in both themes: 3:1 at least on #fffefc and on #211f1c (WCAG 2.2, 1.4.11).
CREATE OR REPLACE FUNCTION app.color_or_refuse(color text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    light double precision := 0;
    part double precision;
BEGIN
    IF color !~ '^#[0-9a-fA-F]{6}$' THEN
        RAISE EXCEPTION 'Choose a colour.' USING ERRCODE = 'FY422', COLUMN = 'color';
    END IF;
    FOR i IN 0..2 LOOP
        part := get_byte(decode(substr(color, 2), 'hex'), i) / 255.0;
        part := CASE WHEN part <= 0.04045 THEN part / 12.92 ELSE ((part + 0.055) / 1.055) ^ 2.4 END;
        light := light + part * (ARRAY[0.2126, 0.7152, 0.0722])[i + 1];
    END LOOP;
    IF 1.05 / (light + 0.05) < 3 THEN
        RAISE EXCEPTION 'This colour is too light to be seen on white. Choose a darker one.' USING ERRCODE = 'FY422', COLUMN = 'color';
    ELSIF (light + 0.05) / 0.0637 < 3 THEN
        RAISE EXCEPTION 'This colour is too dark to be seen in the dark theme. Choose a lighter one.' USING ERRCODE = 'FY422', COLUMN = 'color';
    END IF;
    RETURN lower(color);
END $$;

-- A service as its form says, with who does it, where, with which forms and add-ons. service NULL: a new one, with the id new_id.
CREATE OR REPLACE FUNCTION app.service_save(service uuid, new_id uuid, name text, category text, description text, duration_min int, before_min int, after_min int,
    price text, deposit text, is_online boolean, new_client_rule text, notice_hours numeric, horizon_days int, step_min int, prerequisite uuid, prerequisite_days int,
    week_from int, week_to int, licence text, color text, place_in_list int, people uuid[], units uuid[], forms uuid[], addons uuid[]) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    s uuid := coalesce(service, new_id);
    cents bigint := app.cents_or_refuse(price, 'price');
    due bigint := app.cents_or_refuse(deposit, 'deposit');
    hue text := (SELECT v.color FROM app.service v WHERE v.id = service);
BEGIN
    IF hue IS DISTINCT FROM lower(color) THEN
        hue := app.color_or_refuse(color);
    END IF;
    IF service IS NULL THEN
        INSERT INTO app.service (id, name, duration_min, color) VALUES (s, btrim(name), duration_min, hue);
    END IF;
    UPDATE app.service v
    SET name = btrim(name), category = btrim(coalesce(category, '')), description = btrim(coalesce(description, '')), duration_min = duration_min,
        before_min = coalesce(before_min, 0), after_min = coalesce(after_min, 0), price_cents = cents, deposit_cents = due,
        is_online = is_online, new_client_rule = new_client_rule, min_notice_min = coalesce(notice_hours * 60, 60)::int,
        horizon_days = horizon_days, step_min = step_min, prerequisite_id = prerequisite, prerequisite_days = prerequisite_days,
        week_from = week_from, week_to = week_to, licence = nullif(btrim(coalesce(licence, '')), ''), color = hue, position = coalesce(place_in_list, 1)
    WHERE v.id = s;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such service' USING ERRCODE = 'FY404';
    END IF;
    DELETE FROM app.service_staff x WHERE x.service_id = s AND x.staff_id <> ALL (people);
    INSERT INTO app.service_staff (service_id, staff_id) SELECT s, p FROM unnest(people) AS p ON CONFLICT DO NOTHING;
    DELETE FROM app.service_room x WHERE x.service_id = s AND x.resource_id <> ALL (units);
    INSERT INTO app.service_room (service_id, resource_id) SELECT s, u FROM unnest(units) AS u JOIN app.resource r ON r.id = u AND r.kind <> 'staff' ON CONFLICT DO NOTHING;
    DELETE FROM app.service_form x WHERE x.service_id = s AND x.form_id <> ALL (forms);
    INSERT INTO app.service_form (service_id, form_id, position) SELECT s, f, n FROM unnest(forms) WITH ORDINALITY AS f (f, n) ON CONFLICT DO NOTHING;
    DELETE FROM app.service_addon x WHERE x.service_id = s AND x.addon_id <> ALL (addons);
    INSERT INTO app.service_addon (service_id, addon_id) SELECT s, a FROM unnest(addons) AS a ON CONFLICT DO NOTHING;
    RETURN s;
END $$;

-- One provider's own time for a service and the places where she does it; no place: wherever she works.
CREATE OR REPLACE FUNCTION app.service_person_save(service uuid, staff uuid, minutes int, places uuid[]) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE app.service_staff x SET duration_min = minutes WHERE x.service_id = service AND x.staff_id = staff;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'she does not do it' USING ERRCODE = 'FY404';
    END IF;
    DELETE FROM app.service_staff_place x WHERE x.service_id = service AND x.staff_id = staff AND x.location_id <> ALL (places);
    INSERT INTO app.service_staff_place (service_id, staff_id, location_id) SELECT service, staff, l FROM unnest(places) AS l ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION app.addon_save(addon uuid, new_id uuid, name text, minutes int, price text, is_online boolean, place_in_list int, services uuid[]) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    a uuid := coalesce(addon, new_id);
    cents bigint := app.cents_or_refuse(price, 'price');
BEGIN
    IF addon IS NULL THEN
        INSERT INTO app.addon (id, name) VALUES (a, btrim(name));
    END IF;
    UPDATE app.addon x SET name = btrim(name), minutes = coalesce(minutes, 0), price_cents = cents, is_online = is_online, position = coalesce(place_in_list, 1)
    WHERE x.id = a;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such add-on' USING ERRCODE = 'FY404';
    END IF;
    DELETE FROM app.service_addon x WHERE x.addon_id = a AND x.service_id <> ALL (services);
    INSERT INTO app.service_addon (service_id, addon_id) SELECT s, a FROM unnest(services) AS s ON CONFLICT DO NOTHING;
    RETURN a;
END $$;

-- Kind and place of a unit stay as they are once it was booked: what was booked there took place there.
CREATE OR REPLACE FUNCTION app.unit_save(unit uuid, new_id uuid, kind text, name text, location uuid, unit_group text, place_in_list int) RETURNS uuid
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    u uuid := coalesce(unit, new_id);
    old record;
BEGIN
    IF unit IS NULL THEN
        INSERT INTO app.resource (id, kind, name, location_id) VALUES (u, kind, btrim(name), location);
    END IF;
    SELECT r.kind, r.location_id INTO old FROM app.resource r WHERE r.id = u AND r.kind <> 'staff';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such room or device' USING ERRCODE = 'FY404';
    END IF;
    IF old.location_id <> location AND app.unit_is_booked(u) THEN
        RAISE EXCEPTION 'There are visits booked with it where it is now. Put it away here and make a new one there.' USING ERRCODE = 'FY422', COLUMN = 'location_id';
    END IF;
    UPDATE app.resource r SET kind = kind, name = btrim(name), location_id = location, unit_group = btrim(coalesce(unit_group, '')), position = coalesce(place_in_list, 1)
    WHERE r.id = u;
    RETURN u;
END $$;

-- ---- hours as they are typed: "9-13, 14:00-18:00", "9 am - 1 pm, 2 - 6 pm"; nothing, "off" or "closed": none ----

CREATE OR REPLACE FUNCTION app.clock(typed text, is_end boolean, half text) RETURNS time
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    m text[] := regexp_match(lower(typed), '^(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a|p)?$');
    hour int := m[1]::int;
    minute int := coalesce(m[2], '0')::int;
    part text := left(coalesce(m[3], half), 1);
BEGIN
    IF m IS NULL OR minute > 59 OR (part IS NOT NULL AND hour NOT BETWEEN 1 AND 12) OR hour > 24 OR (hour = 24 AND (minute > 0 OR NOT is_end)) THEN
        RETURN NULL;
    END IF;
    IF part IS NOT NULL THEN
        hour := hour % 12 + CASE part WHEN 'p' THEN 12 ELSE 0 END;
    END IF;
    RETURN CASE WHEN hour IN (0, 24) AND minute = 0 AND is_end THEN time '24:00' ELSE make_time(hour, minute, 0) END;
END $$;

CREATE OR REPLACE FUNCTION app.spans_or_refuse(typed text, field text) RETURNS TABLE (starts time, ends time)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    piece text;
    m text[];
    first time;
    last time;
    before time := NULL;
    plain text := regexp_replace(replace(replace(lower(btrim(coalesce(typed, ''))), '–', '-'), '—', '-'), '\s+(to|until)\s+', '-', 'g');
BEGIN
    IF plain IN ('', 'off', 'closed', '-') THEN
        RETURN;
    END IF;
    FOREACH piece IN ARRAY regexp_split_to_array(plain, '\s*(?:,|;|\mand\M)\s*') LOOP
        m := regexp_match(piece, '^([0-9:.h]+)\s*(am|pm|a|p)?\s*-\s*([0-9:.h]+)\s*(am|pm|a|p)?$');
        IF m IS NULL THEN
            RAISE EXCEPTION 'Write hours such as 9-13, 14-18 or 9 am - 1 pm.' USING ERRCODE = 'FY422', COLUMN = field;
        END IF;
        last := app.clock(m[3], true, m[4]);
        -- "2 - 6 pm": the first is of the same half of the day, unless it would come after the last ("9 - 1 pm")
        first := app.clock(m[1], false, coalesce(m[2], CASE WHEN m[4] IS NOT NULL AND m[1] ~ '^(1[0-2]|[1-9])([:.h]|$)' THEN m[4] END));
        IF m[2] IS NULL AND m[4] IN ('pm', 'p') AND first >= last THEN
            first := app.clock(m[1], false, 'am');
        END IF;
        IF first IS NULL OR last IS NULL THEN
            RAISE EXCEPTION 'Write hours such as 9-13, 14-18 or 9 am - 1 pm.' USING ERRCODE = 'FY422', COLUMN = field;
        END IF;
        IF last <= first OR (before IS NOT NULL AND first < before) THEN
            RAISE EXCEPTION 'Hours begin before they end, one after the other.' USING ERRCODE = 'FY422', COLUMN = field;
        END IF;
        before := last;
        starts := first;
        ends := last;
        RETURN NEXT;
    END LOOP;
END $$;

-- The same back: "9 am - 1 pm". An end at midnight is 12 am.
CREATE OR REPLACE FUNCTION app.span_words(starts time, ends time) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT replace(to_char(date '2000-01-01' + starts, 'FMHH12:MI am') || ' - ' || to_char(timestamp '2000-01-01' + (ends - time '00:00'), 'FMHH12:MI am'), ':00', '')
$$;

-- The seven days of a week as typed, Sunday first, as spans; the fields are d0 to d6.
CREATE OR REPLACE FUNCTION app.week_or_refuse(week text[]) RETURNS TABLE (weekday smallint, starts time, ends time)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    FOR d IN 0..6 LOOP
        RETURN QUERY SELECT d::smallint, s.starts, s.ends FROM app.spans_or_refuse(week[d + 1], 'd' || d) s;
    END LOOP;
END $$;

-- Whether that can be read at all.
CREATE OR REPLACE FUNCTION app.week_is_good(week text[]) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    PERFORM app.spans_or_refuse(d, '') FROM unnest(week) AS d;
    RETURN true;
EXCEPTION WHEN SQLSTATE 'FY422' THEN
    RETURN false;
END $$;

CREATE OR REPLACE FUNCTION app.opening_save(location uuid, week text[]) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    IF NOT EXISTS (SELECT FROM app.location l WHERE l.id = location) THEN
        RAISE EXCEPTION 'no such place' USING ERRCODE = 'FY404';
    END IF;
    DELETE FROM app.location_hours h WHERE h.location_id = location;
    INSERT INTO app.location_hours (location_id, weekday, opens, closes) SELECT location, w.weekday, w.starts, w.ends FROM app.week_or_refuse(week) w;
END $$;

-- Hours are of somebody and some place that are there, from today there on, two years ahead; field: which one the day was typed in.
-- Internal.
CREATE OR REPLACE FUNCTION app.refuse_other_days(staff uuid, location uuid, day date, field text) RETURNS void
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_variable
DECLARE
    here date := (SELECT (now() AT TIME ZONE l.zone)::date FROM app.location l WHERE l.id = location);
BEGIN
    IF here IS NULL OR NOT EXISTS (SELECT FROM app.staff f WHERE f.id = staff) THEN
        RAISE EXCEPTION 'no such person or place' USING ERRCODE = 'FY404';
    END IF;
    IF day < here OR day > here + 730 THEN
        RAISE EXCEPTION 'Choose today or a later day, within two years.' USING ERRCODE = 'FY422', COLUMN = field;
    END IF;
END $$;

-- Visits that new hours would leave outside must have been seen first. Internal.
CREATE OR REPLACE FUNCTION app.refuse_unseen(n bigint, is_seen boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF n > 0 AND NOT coalesce(is_seen, false) THEN
        RAISE EXCEPTION '%', CASE n WHEN 1 THEN 'One visit that is booked would fall outside these hours. It is listed below; nothing is cancelled by saving.'
                                  ELSE n || ' visits that are booked would fall outside these hours. They are listed below; nothing is cancelled by saving.' END
            USING ERRCODE = 'FY422', COLUMN = 'is_seen';
    END IF;
END $$;

-- Her week at one place from a day on: what held until then ends the day before, what was planned for later at that place goes.
CREATE OR REPLACE FUNCTION app.week_save(staff uuid, location uuid, since date, week text[], is_seen boolean) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM app.refuse_other_days(staff, location, since, 'since');
    IF EXISTS (SELECT FROM app.week_or_refuse(week) w
               JOIN app.shift h ON h.staff_id = staff AND h.location_id <> location AND h.weekday = w.weekday AND (h.valid_to IS NULL OR h.valid_to >= since)
                    AND h.starts < w.ends AND w.starts < h.ends) THEN
        RAISE EXCEPTION 'At some of these hours this person works at another place already. Change the week there first.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    PERFORM app.refuse_unseen((SELECT count(*) FROM app.visits_outside_week(staff, location, since, week)), is_seen);
    DELETE FROM app.shift h WHERE h.staff_id = staff AND h.location_id = location AND h.valid_from >= since;
    UPDATE app.shift h SET valid_to = since - 1 WHERE h.staff_id = staff AND h.location_id = location AND (h.valid_to IS NULL OR h.valid_to >= since);
    INSERT INTO app.shift (staff_id, location_id, weekday, starts, ends, valid_from)
    SELECT staff, location, w.weekday, w.starts, w.ends, since FROM app.week_or_refuse(week) w;
END $$;

-- One day instead of her week: hours at a place, or, when nothing is typed, a day on which she does not work.
CREATE OR REPLACE FUNCTION app.shift_day_save(staff uuid, day date, location uuid, hours text, is_seen boolean) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM app.refuse_other_days(staff, location, day, 'day');
    PERFORM app.refuse_unseen((SELECT count(*) FROM app.visits_outside_day(staff, location, day, hours)), is_seen);
    DELETE FROM app.shift_day h WHERE h.staff_id = staff AND h.day = day;
    INSERT INTO app.shift_day (staff_id, day, location_id, starts, ends) SELECT staff, day, location, s.starts, s.ends FROM app.spans_or_refuse(hours, 'hours') s;
    IF NOT FOUND THEN
        INSERT INTO app.shift_day (staff_id, day) VALUES (staff, day);
    END IF;
END $$;

-- A closure from a day to a day (both closed), or for some hours of one day. location NULL: all places.
CREATE OR REPLACE FUNCTION app.closure_save(location uuid, from_day date, to_day date, hours text, reason text) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    last date := coalesce(to_day, from_day);
BEGIN
    IF NOT (isfinite(from_day) AND isfinite(last)) OR from_day < current_date - 366 OR last > current_date + 1830 OR last < from_day THEN
        RAISE EXCEPTION 'Give a first and a last day, in this order and within five years.' USING ERRCODE = 'FY422', COLUMN = 'to_day';
    END IF;
    IF btrim(coalesce(hours, '')) = '' THEN
        INSERT INTO app.closure (location_id, starts_local, ends_local, reason) VALUES (location, from_day, last + 1, btrim(coalesce(reason, '')));
    ELSIF last > from_day THEN
        RAISE EXCEPTION 'Hours go with one day alone.' USING ERRCODE = 'FY422', COLUMN = 'hours';
    ELSE
        INSERT INTO app.closure (location_id, starts_local, ends_local, reason)
        SELECT location, from_day + s.starts, from_day + (s.ends - time '00:00'), btrim(coalesce(reason, '')) FROM app.spans_or_refuse(hours, 'hours') s;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Write hours such as 14-18.' USING ERRCODE = 'FY422', COLUMN = 'hours';
        END IF;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION app.closure_drop(closure uuid) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM app.closure c WHERE c.id = closure;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such closure' USING ERRCODE = 'FY404';
    END IF;
END $$;

-- What a client reads of the rules of booking, a sentence a row: before she books, with her visit, in mails, and where they are set.
CREATE OR REPLACE FUNCTION app.rule_words(cancel_hours int, move_hours int, max_moves int, late_minutes int, late_cancel_cents bigint, no_show_cents bigint, max_no_shows int)
RETURNS SETOF text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT w.words FROM (VALUES
        (1, CASE WHEN cancel_hours = 0 THEN 'You can cancel online until your visit begins.'
                 ELSE format('You can cancel online until %s before your visit. After that, please call us.', CASE WHEN cancel_hours = 1 THEN 'an hour' WHEN cancel_hours % 24 = 0 AND cancel_hours > 48 THEN cancel_hours / 24 || ' days' ELSE cancel_hours || ' hours' END) END),
        (2, CASE WHEN max_moves = 0 THEN 'To move your visit, please call us.'
                 WHEN move_hours = 0 THEN 'You can move it online until it begins'
                      || CASE WHEN max_moves IS NULL THEN '.' WHEN max_moves = 1 THEN ', once.' ELSE format(', %s times at most.', max_moves) END
                 ELSE format('You can move it online until %s before it', CASE WHEN move_hours = 1 THEN 'an hour' WHEN move_hours % 24 = 0 AND move_hours > 48 THEN move_hours / 24 || ' days' ELSE move_hours || ' hours' END)
                      || CASE WHEN max_moves IS NULL THEN '.' WHEN max_moves = 1 THEN ', once.' ELSE format(', %s times at most.', max_moves) END END),
        (3, CASE WHEN late_minutes > 0 THEN format('If you are more than %s minutes late, we may have to shorten or move your visit.', late_minutes) END),
        (4, CASE WHEN late_cancel_cents > 0 THEN format('A later cancellation may cost $%s.', app.cents_typed(late_cancel_cents)) END),
        (5, CASE WHEN no_show_cents > 0 THEN format('If you do not come and do not tell us, it may cost $%s.', app.cents_typed(no_show_cents)) END),
        (6, CASE WHEN max_no_shows IS NOT NULL THEN format('After %s missed %s, please call us to book.', max_no_shows, CASE max_no_shows WHEN 1 THEN 'visit' ELSE 'visits' END) END)
    ) AS w (n, words)
    WHERE w.words IS NOT NULL
    ORDER BY w.n
$$;

-- The next version of the rules of booking. seen_version: the one that the form began with.
CREATE OR REPLACE FUNCTION app.booking_rule_publish(seen_version int, cancel_hours int, move_hours int, max_moves int, late_minutes int,
    late_cancel text, no_show text, max_no_shows int) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
BEGIN
    IF seen_version IS DISTINCT FROM coalesce((SELECT max(b.version) FROM app.booking_rule b), 0) THEN
        RAISE EXCEPTION 'Somebody else has just changed these rules. Look at them again.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    INSERT INTO app.booking_rule (version, cancel_hours, move_hours, max_moves, late_minutes, late_cancel_cents, no_show_cents, max_no_shows)
    VALUES (seen_version + 1, cancel_hours, move_hours, max_moves, late_minutes, app.cents_or_refuse(late_cancel, 'late_cancel'), app.cents_or_refuse(no_show, 'no_show'), max_no_shows);
END $$;

REVOKE ALL ON FUNCTION app.cents_or_refuse(text, text), app.cents_typed(bigint), app.color_or_refuse(text),
    app.service_save(uuid, uuid, text, text, text, int, int, int, text, text, boolean, text, numeric, int, int, uuid, int, int, int, text, text, int, uuid[], uuid[], uuid[], uuid[]),
    app.service_person_save(uuid, uuid, int, uuid[]), app.addon_save(uuid, uuid, text, int, text, boolean, int, uuid[]),
    app.unit_save(uuid, uuid, text, text, uuid, text, int), app.clock(text, boolean, text), app.spans_or_refuse(text, text), app.span_words(time, time),
    app.week_or_refuse(text[]), app.week_is_good(text[]), app.opening_save(uuid, text[]), app.refuse_other_days(uuid, uuid, date, text), app.refuse_unseen(bigint, boolean), app.week_save(uuid, uuid, date, text[], boolean), app.shift_day_save(uuid, date, uuid, text, boolean),
    app.closure_save(uuid, date, date, text, text), app.closure_drop(uuid), app.booking_rule_publish(int, int, int, int, int, text, text, int),
    app.rule_words(int, int, int, int, bigint, bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.cents_or_refuse(text, text), app.cents_typed(bigint), app.color_or_refuse(text),
    app.service_save(uuid, uuid, text, text, text, int, int, int, text, text, boolean, text, numeric, int, int, uuid, int, int, int, text, text, int, uuid[], uuid[], uuid[], uuid[]),
    app.service_person_save(uuid, uuid, int, uuid[]), app.addon_save(uuid, uuid, text, int, text, boolean, int, uuid[]),
    app.unit_save(uuid, uuid, text, text, uuid, text, int), app.clock(text, boolean, text), app.spans_or_refuse(text, text), app.span_words(time, time),
    app.week_or_refuse(text[]), app.week_is_good(text[]), app.opening_save(uuid, text[]), app.refuse_other_days(uuid, uuid, date, text), app.refuse_unseen(bigint, boolean), app.week_save(uuid, uuid, date, text[], boolean), app.shift_day_save(uuid, date, uuid, text, boolean),
    app.closure_save(uuid, date, date, text, text), app.closure_drop(uuid), app.booking_rule_publish(int, int, int, int, int, text, text, int),
    app.rule_words(int, int, int, int, bigint, bigint, int) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.clock(text, boolean, text), app.spans_or_refuse(text, text), app.week_or_refuse(text[]) TO foyer_booking;
GRANT EXECUTE ON FUNCTION app.cents_typed(bigint), app.rule_words(int, int, int, int, bigint, bigint, int) TO foyer_public, foyer_slow, foyer_jobs;
RESET ROLE;

-- ---- what looks at visits, for who may change the hours whatever of the calendar she sees; never whose visit it is ----

SET LOCAL ROLE foyer_booking;

CREATE OR REPLACE FUNCTION app.unit_is_booked(unit uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM app.slot t WHERE t.tenant_id = app.tenant() AND t.resource_id = unit AND t.state <> 'released' AND upper(t.during) > now());
END $$;

-- Visits to come of one provider in a range; staff NULL: of everybody; location NULL: at any place.
CREATE OR REPLACE FUNCTION app.visits_between(staff uuid, location uuid, since timestamptz, until timestamptz)
RETURNS TABLE (appointment_id uuid, starts_local timestamp, ends_local timestamp, service_name text, staff_name text, place_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    RETURN QUERY
    SELECT a.id, a.starts_at AT TIME ZONE l.zone, a.ends_at AT TIME ZONE l.zone, v.name, f.name, l.name
    FROM app.appointment a
    JOIN app.location l ON l.id = a.location_id
    JOIN app.service v ON v.id = a.service_id
    JOIN app.staff f ON f.id = a.staff_id
    WHERE a.tenant_id = app.tenant() AND a.starts_at < until AND a.starts_at >= since - interval '12 hours' AND a.ends_at > greatest(since, now())
      AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room')
      AND (staff IS NULL OR a.staff_id = staff) AND (location IS NULL OR a.location_id = location)
    ORDER BY a.starts_at, a.id
    LIMIT 200;
END $$;

-- Her visits at a place that a new week of hers would leave outside; days that have hours of their own are not of the week.
CREATE OR REPLACE FUNCTION app.visits_outside_week(staff uuid, location uuid, since date, week text[])
RETURNS TABLE (appointment_id uuid, starts_local timestamp, ends_local timestamp, service_name text, staff_name text, place_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT b.* FROM app.visits_between(staff, location, since::timestamp AT TIME ZONE (SELECT l.zone FROM app.location l WHERE l.id = location), 'infinity') b
    WHERE b.starts_local::date >= since
      AND NOT EXISTS (SELECT FROM app.shift_day d WHERE d.staff_id = visits_outside_week.staff AND d.day = b.starts_local::date)
      AND NOT EXISTS (SELECT FROM app.week_or_refuse(week) w
                      WHERE w.weekday = date_part('dow', b.starts_local) AND b.starts_local >= b.starts_local::date + w.starts
                        AND b.ends_local <= b.starts_local::date + (w.ends - time '00:00'));
END $$;

CREATE OR REPLACE FUNCTION app.visits_outside_day(staff uuid, location uuid, day date, hours text)
RETURNS TABLE (appointment_id uuid, starts_local timestamp, ends_local timestamp, service_name text, staff_name text, place_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT b.* FROM app.visits_between(staff, NULL, (day - 1)::timestamp AT TIME ZONE 'UTC', (day + 3)::timestamp AT TIME ZONE 'UTC') b
    WHERE b.starts_local::date = day
      AND NOT EXISTS (SELECT FROM app.spans_or_refuse(hours, 'hours') s, app.location l
                      WHERE l.id = location AND l.name = b.place_name AND b.starts_local >= day + s.starts AND b.ends_local <= day + (s.ends - time '00:00'));
END $$;

REVOKE ALL ON FUNCTION app.unit_is_booked(uuid), app.visits_between(uuid, uuid, timestamptz, timestamptz), app.visits_outside_week(uuid, uuid, date, text[]),
    app.visits_outside_day(uuid, uuid, date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.unit_is_booked(uuid), app.visits_between(uuid, uuid, timestamptz, timestamptz), app.visits_outside_week(uuid, uuid, date, text[]),
    app.visits_outside_day(uuid, uuid, date, text) TO foyer_staff;
RESET ROLE;
