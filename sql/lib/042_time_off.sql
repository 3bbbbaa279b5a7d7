-- 042_time_off: time off is asked for by herself, decided by who may change settings, and counts once it is approved. Owner:
-- foyer_booking, so that she sees and asks whatever of the calendar she may see.

SET LOCAL ROLE foyer_booking;

-- The range of days, or of some hours of one, where she works. Internal.
CREATE OR REPLACE FUNCTION app.time_off_range(staff uuid, from_day date, to_day date, hours text) RETURNS tstzrange
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    last date := coalesce(to_day, from_day);
    z text := coalesce((SELECT l.zone FROM app.shift h JOIN app.location l ON l.id = h.location_id WHERE h.staff_id = staff ORDER BY h.valid_to DESC NULLS FIRST, h.valid_from DESC LIMIT 1),
                       (SELECT t.zone FROM app.tenant t WHERE t.id = app.tenant()));
    span record;

BEGIN
    IF from_day < current_date - 31 OR last > current_date + 1100 OR last < from_day OR last > from_day + 400 THEN
        RAISE EXCEPTION 'Give a first and a last day, in this order and within three years.' USING ERRCODE = 'FY422', COLUMN = 'to_day';
    END IF;
    IF btrim(coalesce(hours, '')) = '' THEN
        RETURN tstzrange(from_day::timestamp AT TIME ZONE z, (last + 1)::timestamp AT TIME ZONE z);
    END IF;
    SELECT count(*), min(s.starts) AS starts, max(s.ends) AS ends INTO span FROM app.spans_or_refuse(hours, 'hours') s;
    IF last > from_day OR span.count <> 1 THEN
        RAISE EXCEPTION 'Hours go with one day alone, such as 14-18.' USING ERRCODE = 'FY422', COLUMN = 'hours';
    END IF;
    RETURN tstzrange((from_day + span.starts) AT TIME ZONE z, (from_day + (span.ends - time '00:00')) AT TIME ZONE z);
END $$;

CREATE OR REPLACE FUNCTION app.time_off_ask(new_id uuid, from_day date, to_day date, hours text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r tstzrange;
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT app.may_some('calendar_read') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    r := app.time_off_range(app.actor(), from_day, to_day, hours);
    IF (SELECT count(*) FROM app.time_off o WHERE o.staff_id = app.actor() AND o.state = 'asked') >= 50 THEN
        RAISE EXCEPTION 'There are fifty questions open already. Withdraw some first.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    INSERT INTO app.time_off (id, staff_id, starts_at, ends_at, reason, state) VALUES (new_id, app.actor(), lower(r), upper(r), btrim(coalesce(reason, '')), 'asked');
END $$;

-- Entered for somebody by who decides: approved at once.
CREATE OR REPLACE FUNCTION app.time_off_enter(new_id uuid, staff uuid, from_day date, to_day date, hours text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    r tstzrange;
BEGIN
    IF NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF NOT EXISTS (SELECT FROM app.staff f WHERE f.id = staff) THEN
        RAISE EXCEPTION 'Please choose one of the list.' USING ERRCODE = 'FY422', COLUMN = 'person_id';
    END IF;
    r := app.time_off_range(staff, from_day, to_day, hours);
    INSERT INTO app.time_off (id, staff_id, starts_at, ends_at, reason, state) VALUES (new_id, staff, lower(r), upper(r), btrim(coalesce(reason, '')), 'approved');
    UPDATE app.time_off o SET decided_by = app.actor(), decided_at = now() WHERE o.id = new_id;
END $$;

-- Her own, from a month ago on.
CREATE OR REPLACE FUNCTION app.own_time_off() RETURNS TABLE (time_off_id uuid, starts_at timestamptz, ends_at timestamptz, reason text, state text, decided_at timestamptz, decider text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT o.id, o.starts_at, o.ends_at, o.reason, o.state, o.decided_at, f.name
    FROM app.time_off o LEFT JOIN app.staff f ON f.id = o.decided_by
    WHERE o.staff_id = app.actor() AND o.ends_at > now() - interval '31 days'
    ORDER BY o.starts_at DESC, o.id
    LIMIT 200;
END $$;

CREATE OR REPLACE FUNCTION app.time_off_withdraw(time_off uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.time_off o SET state = 'withdrawn'
    WHERE o.id = time_off AND o.staff_id = app.actor() AND o.state IN ('asked', 'approved') AND o.ends_at > now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such time off' USING ERRCODE = 'FY404';
    END IF;
END $$;

-- Says yes or no; what was approved can be taken back while it is not over. Gives who is to be told.
CREATE OR REPLACE FUNCTION app.time_off_decide(time_off uuid, new_state text)
RETURNS TABLE (time_off_id uuid, staff_id uuid, person text, to_address text, starts_local timestamp, ends_local timestamp, is_approved boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    o record;
BEGIN
    IF NOT app.may('settings_write') OR new_state NOT IN ('approved', 'refused') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT t.* INTO o FROM app.time_off t WHERE t.id = time_off FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such time off' USING ERRCODE = 'FY404';
    END IF;
    IF o.state = new_state OR o.state NOT IN ('asked', 'approved') OR (o.state = 'approved' AND o.ends_at < now()) THEN
        RAISE EXCEPTION 'This was decided or withdrawn meanwhile. Please look again.' USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    UPDATE app.time_off t SET state = new_state, decided_by = app.actor(), decided_at = now() WHERE t.id = time_off;
    RETURN QUERY
    SELECT o.id, f.id, f.name, f.email, o.starts_at AT TIME ZONE n.zone, o.ends_at AT TIME ZONE n.zone, new_state = 'approved'
    FROM app.staff f, app.tenant n
    WHERE f.id = o.staff_id AND n.id = app.tenant();
END $$;

REVOKE ALL ON FUNCTION app.time_off_range(uuid, date, date, text), app.time_off_ask(uuid, date, date, text, text), app.time_off_enter(uuid, uuid, date, date, text, text),
    app.own_time_off(), app.time_off_withdraw(uuid), app.time_off_decide(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.time_off_ask(uuid, date, date, text, text), app.time_off_enter(uuid, uuid, date, date, text, text), app.own_time_off(),
    app.time_off_withdraw(uuid), app.time_off_decide(uuid, text) TO foyer_staff;
RESET ROLE;
