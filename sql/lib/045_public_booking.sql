-- 045_public_booking: what keeps the public booking pages from machines (owner: foyer_auth), and what a visitor sees of the time that
-- she holds (owner: foyer_booking). Errors: FY404 no such hold; FY429 too often.

SET LOCAL ROLE foyer_auth;

-- Counts a booking by its phone number, as sec.count_try does by the network: who types it has not proven that it is hers, so it is
-- counted for this business alone, and she is told to call.
CREATE OR REPLACE FUNCTION sec.count_phone(phone text, free int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    by_phone bytea := sec.throttle_key('book-phone', app.tenant() || '|' || phone);
BEGIN
    IF sec.throttle_wait(by_phone, free) > 0 THEN
        RAISE EXCEPTION 'too many bookings of one phone number' USING ERRCODE = 'FY429';
    END IF;
    PERFORM sec.throttle_fail(by_phone);
END $$;

-- What is asked before a hold becomes a booking: a code by e-mail (needs_code), and whether the address has one on its way that
-- still counts (is_sent: ten minutes, five tries).
CREATE OR REPLACE FUNCTION sec.booking_code_state(hold uuid, email text, OUT needs_code boolean, OUT is_sent boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT t.booking_code INTO needs_code FROM app.tenant t WHERE t.id = app.tenant();
    is_sent := EXISTS (SELECT FROM sec.booking_code k
                       WHERE k.tenant_id = app.tenant() AND k.hold_id = hold AND k.email_hash = sha256(convert_to(lower(btrim(email)), 'UTF8'))
                         AND k.tries < 5 AND k.made_at > now() - interval '10 minutes');
END $$;

-- A new code for a hold, and the mail that carries it: sealed by the business's key, shown to nobody. Three an hour to one address, and 12 from one network.
CREATE OR REPLACE FUNCTION sec.booking_code_new(hold uuid, email text, code_mac bytea, ip inet, message_id uuid, subject text, body_sealed bytea, dedupe_key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    address text := lower(btrim(email));
    by_address bytea := sec.throttle_key('book-code', app.tenant() || '|' || address);
BEGIN
    IF app.tenant() IS NULL OR app.actor_kind() <> 'visitor' THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF app.hold_seconds(hold) IS NULL THEN
        RAISE EXCEPTION 'no such hold' USING ERRCODE = 'FY404';
    END IF;
    PERFORM sec.count_try('book-code', ip, 12);
    IF sec.throttle_wait(by_address, 3) > 0 THEN
        RAISE EXCEPTION 'too many codes to one address' USING ERRCODE = 'FY429';
    END IF;
    PERFORM sec.throttle_fail(by_address);
    INSERT INTO sec.booking_code AS k (tenant_id, hold_id, code_mac, email_hash)
    VALUES (app.tenant(), hold, code_mac, sha256(convert_to(address, 'UTF8')))
    ON CONFLICT (tenant_id, hold_id) DO UPDATE SET code_mac = excluded.code_mac, email_hash = excluded.email_hash, tries = 0, made_at = now();
    INSERT INTO app.message (id, kind, channel, to_address, subject, body_sealed, dedupe_key)
    VALUES (message_id, 'account_booking_code', 'email', btrim(email), subject, body_sealed, dedupe_key);
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('message.send', message_id, dedupe_key);
END $$;

-- Whether a code is the one that was sent. A wrong one is counted, so the transaction must be committed whatever comes of it.
CREATE OR REPLACE FUNCTION sec.booking_code_try(hold uuid, mac bytea, OUT is_right boolean, OUT tries_left int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    k record;
BEGIN
    SELECT c.code_mac, c.tries INTO k FROM sec.booking_code c
    WHERE c.tenant_id = app.tenant() AND c.hold_id = hold AND c.tries < 5 AND c.made_at > now() - interval '10 minutes'
    FOR UPDATE;
    is_right := FOUND AND k.code_mac = mac;
    tries_left := CASE WHEN k.tries IS NULL THEN 0 WHEN is_right THEN 5 - k.tries ELSE 4 - k.tries END;
    UPDATE sec.booking_code c SET tries = c.tries + 1
    WHERE c.tenant_id = app.tenant() AND c.hold_id = hold AND NOT is_right;
END $$;

-- A client tells her due date, by her link or in a form that she signs: her coming visits whose weeks no longer fit then ask for a look
-- (app.look_again). NULL: she says that there is none any more.
CREATE OR REPLACE FUNCTION sec.due_date_told(due date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    today date := (SELECT (now() AT TIME ZONE t.zone)::date FROM app.tenant t WHERE t.id = app.tenant());
BEGIN
    IF app.own_client() IS NULL THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF due NOT BETWEEN today - 21 AND today + 287 THEN
        RAISE EXCEPTION 'Please look again: a due date lies at most 41 weeks ahead.' USING ERRCODE = 'FY422', COLUMN = 'due_date';
    END IF;
    UPDATE app.client c SET due_date = due WHERE c.tenant_id = app.tenant() AND c.id = app.own_client();
END $$;

REVOKE ALL ON FUNCTION sec.count_phone(text, int), sec.booking_code_state(uuid, text), sec.booking_code_try(uuid, bytea),
    sec.booking_code_new(uuid, text, bytea, inet, uuid, text, bytea, text), sec.due_date_told(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.count_phone(text, int), sec.booking_code_state(uuid, text), sec.booking_code_try(uuid, bytea),
    sec.booking_code_new(uuid, text, bytea, inet, uuid, text, bytea, text), sec.due_date_told(date) TO foyer_public;

RESET ROLE;
SET LOCAL ROLE foyer_booking;

-- Seconds since a time was kept for a visitor; hold: of one service, or of a visit of several.
CREATE OR REPLACE FUNCTION app.hold_seconds(hold uuid) RETURNS double precision
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT extract(epoch FROM clock_timestamp() - min(a.created_at))
            FROM app.appointment a WHERE a.tenant_id = app.tenant() AND (a.id = hold OR a.group_id = hold));
END $$;

-- Keeps a hold that is not over yet for so many minutes from now; never longer than 40 minutes after it was made.
CREATE OR REPLACE FUNCTION app.hold_longer(hold uuid, minutes int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.slot t
    SET hold_until = greatest(t.hold_until, least(now() + make_interval(mins => least(hold_longer.minutes, 20)), a.created_at + interval '40 minutes'))
    FROM app.appointment a
    WHERE a.tenant_id = app.tenant() AND (a.id = hold OR a.group_id = hold) AND a.status = 'held'
      AND t.tenant_id = a.tenant_id AND t.appointment_id = a.id AND t.state = 'hold' AND t.hold_until >= now();
END $$;

-- What a visitor holds: each part of the visit in its order; hold: of one service, or of a group. No row when there is none, or it
-- was booked. The id is a secret of hers, so nobody else's is shown.
CREATE OR REPLACE FUNCTION app.hold_parts(hold uuid)
RETURNS TABLE (hold_id uuid, is_group boolean, service_id uuid, service_name text, minutes int, price_cents bigint, deposit_cents bigint, addons uuid[], addon_names text,
    location_id uuid, location_name text, zone text, staff_name text, starts_at timestamptz, starts_local timestamp, hold_until timestamptz, is_expired boolean,
    week_from smallint, week_to smallint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.id, a.group_id IS NOT NULL, a.service_id, v.name, (extract(epoch FROM a.ends_at - a.starts_at) / 60)::int, a.price_cents, a.deposit_cents,
           x.addons, x.names, a.location_id, l.name, l.zone, f.name, a.starts_at, a.starts_at AT TIME ZONE l.zone, t.hold_until,
           a.status = 'expired' OR coalesce(t.hold_until < now(), true), v.week_from, v.week_to
    FROM app.appointment a
    JOIN app.service v ON v.id = a.service_id
    JOIN app.location l ON l.id = a.location_id
    JOIN app.staff f ON f.id = a.staff_id
    LEFT JOIN LATERAL (SELECT s.hold_until FROM app.slot s WHERE s.appointment_id = a.id AND s.state = 'hold' LIMIT 1) AS t ON true
    CROSS JOIN LATERAL (SELECT coalesce(array_agg(n.id ORDER BY n.position, n.name), '{}'), coalesce(string_agg(n.name, ', ' ORDER BY n.position, n.name), '')
                        FROM app.appointment_addon d JOIN app.addon n ON n.id = d.addon_id WHERE d.appointment_id = a.id) AS x (addons, names)
    WHERE a.tenant_id = app.tenant() AND (a.id = hold OR a.group_id = hold) AND a.status IN ('held', 'expired')
    ORDER BY a.group_position;
END $$;

-- The days on which all of these services' weeks of pregnancy lie, counted from a due date, and the weeks themselves; NULLs where
-- none of them asks for weeks, or no due date is given.
CREATE OR REPLACE FUNCTION app.weeks_window(services uuid[], due date, OUT week_from int, OUT week_to int, OUT first_day date, OUT last_day date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT max(v.week_from), min(v.week_to), max(due - 280 + v.week_from * 7), min(due - 280 + v.week_to * 7 + 6)
    INTO week_from, week_to, first_day, last_day
    FROM app.service v
    WHERE v.tenant_id = app.tenant() AND v.id = ANY (services) AND v.week_from IS NOT NULL;
END $$;

-- The rules of booking that a visit was booked under, in one line, for a message.
CREATE OR REPLACE FUNCTION app.rule_words(rule uuid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT string_agg(w.words, ' ' ORDER BY w.n)
        FROM app.booking_rule r
        CROSS JOIN LATERAL app.rule_words(r.cancel_hours, r.move_hours, r.max_moves, r.late_minutes, r.late_cancel_cents, r.no_show_cents, r.max_no_shows)
            WITH ORDINALITY AS w (words, n)
        WHERE r.id = rule);
END $$;

REVOKE ALL ON FUNCTION app.hold_seconds(uuid), app.hold_longer(uuid, int), app.hold_parts(uuid), app.weeks_window(uuid[], date),
    app.rule_words(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.hold_seconds(uuid), app.hold_longer(uuid, int), app.hold_parts(uuid), app.weeks_window(uuid[], date) TO foyer_public;
GRANT EXECUTE ON FUNCTION app.rule_words(uuid) TO foyer_public, foyer_staff, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.hold_seconds(uuid) TO foyer_auth;
RESET ROLE;
