-- 045_waitlist: who waits for a time, and to whom one is offered that becomes free. Owner: foyer_booking. An offer is a hold like any
-- other, so nobody else can take its time, and two offers of one time cannot be. The jobs offer in the order in which people joined.
-- Errors: FY404 no such entry, offer, client; FY409 taken; FY422 against a rule, or over; FY403.

SET LOCAL ROLE foyer_booking;

-- Until when an offer that is made now stands: the business's minutes; by night (9 in the evening to 8 in the morning at the place) they
-- are counted from 8 on; never nearer to the visit than half an hour. Internal.
CREATE OR REPLACE FUNCTION app.waitlist_until(location uuid, starts_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    z text := (SELECT l.zone FROM app.location l WHERE l.id = location);
    local timestamp := now() AT TIME ZONE z;
    opens timestamptz := now();
BEGIN
    IF local::time >= '21:00' THEN
        opens := (local::date + 1 + time '08:00') AT TIME ZONE z;
    ELSIF local::time < '08:00' THEN
        opens := (local::date + time '08:00') AT TIME ZONE z;
    END IF;
    RETURN least(opens + make_interval(mins => (SELECT t.waitlist_minutes FROM app.tenant t WHERE t.id = app.tenant())), starts_at - interval '30 minutes');
END $$;

-- The free starts at a place, with a provider (NULL: anyone), on these days, that suit an entry: in its windows, not sooner than in 40
-- minutes (10 to answer in and half an hour to come, as app.waitlist_hold wants it; clients who book themselves may be held to more), not
-- while she is here anyway, and not one that she was offered before. Internal.
CREATE OR REPLACE FUNCTION app.waitlist_starts(entry uuid, location uuid, staff uuid, from_day date, to_day date)
RETURNS TABLE (staff_id uuid, starts_at timestamptz, starts_local timestamp, ends_at timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    e app.waitlist_entry;
BEGIN
    SELECT x.* INTO e FROM app.waitlist_entry x WHERE x.tenant_id = app.tenant() AND x.id = entry;
    RETURN QUERY
    SELECT f.staff_id, f.starts_at, f.starts_local, f.ends_at
    FROM (SELECT o.staff_id, o.starts_at, o.starts_local,
                 o.starts_at + make_interval(mins => coalesce((SELECT x.duration_min FROM app.service_staff x WHERE x.service_id = e.service_id AND x.staff_id = o.staff_id), v.duration_min)) AS ends_at
          FROM app.service v
          CROSS JOIN LATERAL app.offered_times(e.service_id, location, staff, greatest(from_day, e.from_day), least(to_day, e.to_day + 1), NULL, e.client_id) AS o
          WHERE v.id = e.service_id) AS f
    WHERE f.starts_at >= now() + interval '40 minutes'
      AND (e.providers = '{}' OR f.staff_id = ANY (e.providers))
      AND EXISTS (SELECT FROM app.waitlist_window w
                  WHERE w.tenant_id = e.tenant_id AND w.entry_id = e.id AND extract(dow FROM f.starts_local)::smallint = ANY (w.weekdays)
                    AND f.starts_local::time BETWEEN w.from_time AND w.to_time)
      AND NOT EXISTS (SELECT FROM app.waitlist_offer q JOIN app.appointment h ON h.tenant_id = q.tenant_id AND h.id = q.appointment_id
                      WHERE q.tenant_id = e.tenant_id AND q.entry_id = e.id AND h.starts_at = f.starts_at AND h.staff_id = f.staff_id)
      AND NOT EXISTS (SELECT FROM app.appointment a
                      WHERE a.tenant_id = e.tenant_id AND a.client_id = e.client_id AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room')
                        AND a.starts_at < f.ends_at AND a.ends_at > f.starts_at)
    ORDER BY f.starts_at, f.staff_id;
END $$;

-- Holds a time for an entry and writes the offer. FY409 when it is not free any more; NULL when there would be no time left to answer. Internal.
CREATE OR REPLACE FUNCTION app.waitlist_hold(entry uuid, location uuid, staff uuid, starts_at timestamptz) RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    e app.waitlist_entry;
    until timestamptz := app.waitlist_until(location, starts_at);
    held uuid;
    offer uuid := gen_random_uuid();
BEGIN
    IF until < now() + interval '10 minutes' THEN
        RETURN NULL;
    END IF;
    SELECT x.* INTO e FROM app.waitlist_entry x WHERE x.tenant_id = app.tenant() AND x.id = entry;
    held := app.hold(e.service_id, location, staff, starts_at, 60, '{}', e.client_id);
    UPDATE app.slot t SET hold_until = until WHERE t.tenant_id = app.tenant() AND t.appointment_id = held AND t.state = 'hold';
    INSERT INTO app.waitlist_offer (id, entry_id, appointment_id, until) VALUES (offer, entry, held, until);
    INSERT INTO app.job (kind, subject_id, dedupe_key, run_at) VALUES ('waitlist.lapse', offer, offer::text, until + interval '1 second');
    RETURN offer;
END $$;

-- Holds the first time at one place that suits an entry, of the `most` first: with one provider or any; freed: one that lies, with its
-- buffers, over that time. NULL: there is none, or who books was faster. Internal.
CREATE OR REPLACE FUNCTION app.waitlist_hold_first(entry uuid, place uuid, provider uuid, from_day date, to_day date, freed tstzrange, most int) RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
    made uuid;
BEGIN
    FOR t IN
        SELECT f.staff_id, f.starts_at
        FROM app.waitlist_starts(entry, place, provider, from_day, to_day) AS f
        JOIN app.waitlist_entry w ON w.tenant_id = app.tenant() AND w.id = entry
        JOIN app.service v ON v.tenant_id = w.tenant_id AND v.id = w.service_id
        WHERE freed IS NULL OR tstzrange(f.starts_at - make_interval(mins => v.before_min), f.ends_at + make_interval(mins => v.after_min)) && freed
        ORDER BY f.starts_at, f.staff_id
        LIMIT most
    LOOP
        BEGIN
            made := app.waitlist_hold(entry, place, t.staff_id, t.starts_at);
        EXCEPTION WHEN SQLSTATE 'FY409' OR SQLSTATE 'FY422' OR exclusion_violation THEN
            made := NULL; -- somebody who books was faster
        END;
        EXIT WHEN made IS NOT NULL;
    END LOOP;
    RETURN made;
END $$;

-- A provider's time became free: offers it to those whom it suits, in the order in which they joined, as far as it reaches; one who has an
-- open offer is passed over. Run by the jobs; what it offers is returned, so that each of them is told.
CREATE OR REPLACE FUNCTION app.waitlist_fill(freed uuid) RETURNS TABLE (offer_id uuid, client_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    s record;
    e record;
    place record;
    made uuid;
BEGIN
    SELECT x.resource_id, x.during INTO s FROM app.slot x WHERE x.tenant_id = app.tenant() AND x.id = freed;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOR e IN
        SELECT w.id, w.client_id, w.places
        FROM app.waitlist_entry w
        JOIN app.service v ON v.tenant_id = w.tenant_id AND v.id = w.service_id AND v.is_active
        JOIN app.service_staff x ON x.tenant_id = w.tenant_id AND x.service_id = w.service_id AND x.staff_id = s.resource_id
        JOIN app.client c ON c.tenant_id = w.tenant_id AND c.id = w.client_id AND c.is_active
        WHERE w.tenant_id = app.tenant() AND w.state = 'waiting' AND (w.providers = '{}' OR s.resource_id = ANY (w.providers))
          AND w.from_day <= upper(s.during)::date + 1 AND w.to_day >= lower(s.during)::date - 1
          AND NOT EXISTS (SELECT FROM app.waitlist_offer o WHERE o.tenant_id = w.tenant_id AND o.entry_id = w.id AND o.state = 'open')
          AND app.mail_address(w.client_id) IS NOT NULL -- whom no mail reaches, somebody calls: the offer is made by hand
        ORDER BY w.joined_at, w.id
        FOR UPDATE OF w
    LOOP
        made := NULL;
        FOR place IN SELECT l.id, l.zone FROM unnest(e.places) WITH ORDINALITY AS p (id, o) JOIN app.location l ON l.id = p.id ORDER BY p.o LOOP
            made := app.waitlist_hold_first(e.id, place.id, s.resource_id, (lower(s.during) AT TIME ZONE place.zone)::date,
                                            (upper(s.during) AT TIME ZONE place.zone)::date + 1, s.during, 1);
            EXIT WHEN made IS NOT NULL;
        END LOOP;
        IF made IS NOT NULL THEN
            offer_id := made;
            client_id := e.client_id;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- More time may be free than before (app.time_opens): offers to each who waits and has no open offer the first time that suits her within
-- the next 31 days, in the order in which they joined. Run by the jobs; what it offers is returned, so that each of them is told.
CREATE OR REPLACE FUNCTION app.waitlist_look() RETURNS TABLE (offer_id uuid, client_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    e record;
    place record;
    made uuid;
BEGIN
    FOR e IN
        SELECT w.id, w.client_id, w.places, w.from_day, w.to_day
        FROM app.waitlist_entry w
        JOIN app.service v ON v.tenant_id = w.tenant_id AND v.id = w.service_id AND v.is_active
        JOIN app.client c ON c.tenant_id = w.tenant_id AND c.id = w.client_id AND c.is_active
        WHERE w.tenant_id = app.tenant() AND w.state = 'waiting' AND w.to_day >= current_date - 1
          AND NOT EXISTS (SELECT FROM app.waitlist_offer o WHERE o.tenant_id = w.tenant_id AND o.entry_id = w.id AND o.state = 'open')
          AND app.mail_address(w.client_id) IS NOT NULL
        ORDER BY w.joined_at, w.id
        FOR UPDATE OF w
    LOOP
        made := NULL;
        FOR place IN SELECT l.id, greatest(e.from_day, (now() AT TIME ZONE l.zone)::date) AS day
                     FROM unnest(e.places) WITH ORDINALITY AS p (id, o) JOIN app.location l ON l.id = p.id ORDER BY p.o LOOP
            made := app.waitlist_hold_first(e.id, place.id, NULL, place.day, least(e.to_day + 1, place.day + 31), NULL, 3);
            EXIT WHEN made IS NOT NULL;
        END LOOP;
        IF made IS NOT NULL THEN
            offer_id := made;
            client_id := e.client_id;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- An offer and its entry, locked in the one order that all keep. Internal.
CREATE OR REPLACE FUNCTION app.waitlist_lock(offer uuid, OUT o app.waitlist_offer, OUT client uuid)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    SELECT e.client_id INTO client
    FROM app.waitlist_entry e
    WHERE e.tenant_id = app.tenant() AND e.id = (SELECT x.entry_id FROM app.waitlist_offer x WHERE x.tenant_id = app.tenant() AND x.id = offer)
    FOR UPDATE;
    IF NOT FOUND OR NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'no such offer' USING ERRCODE = CASE WHEN app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN 'FY403' ELSE 'FY404' END;
    END IF;
    SELECT x.* INTO o FROM app.waitlist_offer x WHERE x.tenant_id = app.tenant() AND x.id = offer FOR UPDATE;
END $$;

-- Ends an open offer without a booking; its time is free again, and the next one gets it. Internal.
CREATE OR REPLACE FUNCTION app.waitlist_close(offer uuid, how text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    held uuid;
BEGIN
    UPDATE app.waitlist_offer q SET state = how, decided_at = now()
    WHERE q.tenant_id = app.tenant() AND q.id = offer AND q.state = 'open'
    RETURNING q.appointment_id INTO held;
    IF held IS NULL THEN
        RETURN;
    END IF;
    UPDATE app.slot t SET state = 'released', hold_until = NULL WHERE t.tenant_id = app.tenant() AND t.appointment_id = held AND t.state = 'hold';
    UPDATE app.appointment a SET status = 'expired' WHERE a.tenant_id = app.tenant() AND a.id = held AND a.status = 'held';
END $$;

-- She takes it, or somebody of the staff says so for her. Twice is once: the same visit is returned, and is_new says which was the first.
CREATE OR REPLACE FUNCTION app.waitlist_accept(offer uuid, OUT appointment uuid, OUT is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    l record := app.waitlist_lock(offer);
BEGIN
    appointment := (l.o).appointment_id;
    is_new := (l.o).state <> 'accepted';
    IF NOT is_new THEN
        RETURN;
    END IF;
    IF (l.o).state <> 'open' OR (l.o).until < now() THEN
        RAISE EXCEPTION 'This offer is over; the time went on to somebody else. You still have your place on the waitlist.' USING ERRCODE = 'FY422', COLUMN = 'offer_id';
    END IF;
    PERFORM app.book_confirm((l.o).appointment_id, l.client, NULL);
    UPDATE app.waitlist_offer q SET state = 'accepted', decided_at = now() WHERE q.tenant_id = app.tenant() AND q.id = offer;
    UPDATE app.waitlist_entry e SET state = 'booked', left_at = now() WHERE e.tenant_id = app.tenant() AND e.id = (l.o).entry_id;
END $$;

-- She does not want it (declined), or the studio takes it back (withdrawn). She keeps her place.
CREATE OR REPLACE FUNCTION app.waitlist_refuse(offer uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    l record := app.waitlist_lock(offer);
BEGIN
    IF (l.o).state = 'accepted' THEN
        RAISE EXCEPTION 'This time is booked already.' USING ERRCODE = 'FY422', COLUMN = 'offer_id';
    END IF;
    PERFORM app.waitlist_close(offer, CASE app.actor_kind() WHEN 'staff' THEN 'withdrawn' ELSE 'declined' END);
    RETURN l.client;
END $$;

-- Nobody answered in time. Run by the jobs; before its time, or when it was answered, nothing happens.
CREATE OR REPLACE FUNCTION app.waitlist_lapse(offer uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    l record;
BEGIN
    IF EXISTS (SELECT FROM app.waitlist_offer q WHERE q.tenant_id = app.tenant() AND q.id = offer) THEN
        l := app.waitlist_lock(offer);
        IF (l.o).until < now() THEN
            PERFORM app.waitlist_close(offer, 'lapsed');
        END IF;
    END IF;
END $$;

-- Puts somebody on the list. windows: 'DAYS|FROM|TO' each, as '1,2,5|09:00|12:00' (0 is Sunday). providers empty: anyone.
CREATE OR REPLACE FUNCTION app.waitlist_join(client uuid, service uuid, places uuid[], providers uuid[], from_day date, to_day date, windows text[]) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    entry uuid := gen_random_uuid();
    is_staff boolean := app.actor_kind() = 'staff';
BEGIN
    IF NOT app.may_book_for(client) THEN
        RAISE EXCEPTION 'no such client' USING ERRCODE = CASE WHEN is_staff AND NOT app.may_some('booking_write') THEN 'FY403' ELSE 'FY404' END;
    END IF;
    PERFORM FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client AND c.is_active;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM app.service v WHERE v.id = service AND v.is_active AND (v.is_online OR is_staff)) THEN
        RAISE EXCEPTION 'no such client or service' USING ERRCODE = 'FY404';
    END IF;
    IF cardinality(places) = 0 OR (SELECT count(*) FROM app.location l WHERE l.id = ANY (places) AND l.is_active) <> cardinality(places) THEN
        RAISE EXCEPTION 'Choose at least one place.' USING ERRCODE = 'FY422', COLUMN = 'place';
    END IF;
    IF (SELECT count(*) FROM app.service_staff x JOIN app.staff f ON f.id = x.staff_id
        WHERE x.service_id = service AND x.staff_id = ANY (providers) AND f.is_active AND f.is_provider) <> cardinality(providers) THEN
        RAISE EXCEPTION 'Choose somebody who does this.' USING ERRCODE = 'FY422', COLUMN = 'provider';
    END IF;
    IF to_day < (now() AT TIME ZONE (SELECT t.zone FROM app.tenant t WHERE t.id = app.tenant()))::date THEN
        RAISE EXCEPTION 'This day is over.' USING ERRCODE = 'FY422', COLUMN = 'to_day';
    END IF;
    IF cardinality(windows) = 0 THEN
        RAISE EXCEPTION 'Choose at least one day of the week.' USING ERRCODE = 'FY422', COLUMN = 'weekday';
    END IF;
    IF EXISTS (SELECT FROM app.waitlist_entry e WHERE e.tenant_id = app.tenant() AND e.client_id = client AND e.service_id = service AND e.state = 'waiting') THEN
        RAISE EXCEPTION '%', CASE WHEN is_staff THEN 'The client waits for this already.' ELSE 'You wait for this already.' END USING ERRCODE = 'FY422', COLUMN = 'service_id';
    END IF;
    IF (SELECT count(*) FROM app.waitlist_entry e WHERE e.tenant_id = app.tenant() AND e.client_id = client AND e.state = 'waiting') >= 5 THEN
        RAISE EXCEPTION 'Nobody waits for more than five things at once.' USING ERRCODE = 'FY422', COLUMN = 'service_id';
    END IF;
    INSERT INTO app.waitlist_entry (id, client_id, service_id, places, providers, from_day, to_day)
    VALUES (entry, client, service, places, providers, from_day, to_day);
    INSERT INTO app.waitlist_window (entry_id, position, weekdays, from_time, to_time)
    SELECT entry, w.o, string_to_array(split_part(w.words, '|', 1), ',')::smallint[], split_part(w.words, '|', 2)::time, split_part(w.words, '|', 3)::time
    FROM unnest(windows) WITH ORDINALITY AS w (words, o);
    RETURN entry;
END $$;

-- Takes somebody off the list; an open offer ends with it.
CREATE OR REPLACE FUNCTION app.waitlist_leave(entry uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    e record;
    offer uuid;
BEGIN
    SELECT x.client_id, x.state INTO e FROM app.waitlist_entry x WHERE x.tenant_id = app.tenant() AND x.id = entry FOR UPDATE;
    IF NOT FOUND OR NOT app.may_book_for(e.client_id) THEN
        RAISE EXCEPTION 'no such entry' USING ERRCODE = CASE WHEN app.actor_kind() = 'staff' AND NOT app.may_some('booking_write') THEN 'FY403' ELSE 'FY404' END;
    END IF;
    IF e.state = 'waiting' THEN
        -- first off the list, or the time that this frees would be offered to her again
        UPDATE app.waitlist_entry x SET state = 'left', left_at = now() WHERE x.tenant_id = app.tenant() AND x.id = entry;
        FOR offer IN SELECT q.id FROM app.waitlist_offer q WHERE q.tenant_id = app.tenant() AND q.entry_id = entry AND q.state = 'open' LOOP
            PERFORM app.waitlist_close(offer, CASE app.actor_kind() WHEN 'staff' THEN 'withdrawn' ELSE 'declined' END);
        END LOOP;
    END IF;
    RETURN e.client_id;
END $$;

-- Offers a chosen start to a chosen entry, by somebody of the staff; whether it lies in her windows is hers to weigh.
CREATE OR REPLACE FUNCTION app.waitlist_offer_by_hand(entry uuid, location uuid, staff uuid, starts_at timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    e record;
    made uuid;
BEGIN
    SELECT x.client_id, x.state INTO e FROM app.waitlist_entry x WHERE x.tenant_id = app.tenant() AND x.id = entry FOR UPDATE;
    IF NOT FOUND OR app.actor_kind() <> 'staff' OR NOT app.may_book_for(e.client_id) THEN
        RAISE EXCEPTION 'no such entry' USING ERRCODE = CASE WHEN app.may_some('booking_write') THEN 'FY404' ELSE 'FY403' END;
    END IF;
    IF e.state <> 'waiting' THEN
        RAISE EXCEPTION 'The client does not wait any more.' USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
    IF EXISTS (SELECT FROM app.waitlist_offer q WHERE q.tenant_id = app.tenant() AND q.entry_id = entry AND q.state = 'open') THEN
        RAISE EXCEPTION 'There is an offer already. Take it back first.' USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
    made := app.waitlist_hold(entry, location, staff, starts_at);
    IF made IS NULL THEN
        RAISE EXCEPTION 'This is too soon: there would be no time to answer. Call the client and book it.' USING ERRCODE = 'FY422', COLUMN = 'starts_at';
    END IF;
    RETURN made;
END $$;

-- Times that suit an entry and are free now, for the page on which one is offered by hand: the first n, at most four of a day, with
-- five minutes to choose in, so that none is refused as too soon while the page is read.
CREATE OR REPLACE FUNCTION app.waitlist_choices(entry uuid, n int)
RETURNS TABLE (location_id uuid, staff_id uuid, starts_at timestamptz, starts_local timestamp)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    e record;
BEGIN
    SELECT x.client_id, x.places, x.from_day, x.to_day INTO e FROM app.waitlist_entry x WHERE x.tenant_id = app.tenant() AND x.id = entry AND x.state = 'waiting';
    IF NOT FOUND OR NOT app.may_book_for(e.client_id) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT q.place, q.staff_id, q.starts_at, q.starts_local
    FROM (SELECT p.id AS place, f.staff_id, f.starts_at, f.starts_local, row_number() OVER (PARTITION BY f.starts_local::date ORDER BY f.starts_at, f.staff_id) AS nth
    FROM unnest(e.places) AS p (id)
    JOIN app.location l ON l.id = p.id
    CROSS JOIN LATERAL (SELECT greatest(e.from_day, (now() AT TIME ZONE l.zone)::date) AS day) AS d
    CROSS JOIN LATERAL app.waitlist_starts(entry, p.id, NULL, d.day, least(e.to_day + 1, d.day + 31)) AS f
    WHERE f.starts_at >= now() + interval '45 minutes') AS q
    WHERE q.nth <= 4
    ORDER BY q.starts_at, q.staff_id
    LIMIT least(greatest(n, 0), 50);
END $$;

-- The open offers of a client, with what is held for her: for her own page, and for whoever may book for her.
CREATE OR REPLACE FUNCTION app.waitlist_offered(client uuid)
RETURNS TABLE (offer_id uuid, entry_id uuid, service_id uuid, staff_id uuid, location_id uuid, zone text, starts_at timestamptz, ends_at timestamptz, price_cents bigint, until timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    IF NOT app.may_book_for(client) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT q.id, e.id, a.service_id, a.staff_id, a.location_id, l.zone, a.starts_at, a.ends_at, a.price_cents, q.until
    FROM app.waitlist_entry e
    JOIN app.waitlist_offer q ON q.tenant_id = e.tenant_id AND q.entry_id = e.id AND q.state = 'open' AND q.until >= now()
    JOIN app.appointment a ON a.tenant_id = q.tenant_id AND a.id = q.appointment_id
    JOIN app.location l ON l.tenant_id = a.tenant_id AND l.id = a.location_id
    WHERE e.tenant_id = app.tenant() AND e.client_id = client
    ORDER BY a.starts_at;
END $$;

-- An erased client leaves the list, and what was held for her is free. Internal.
CREATE OR REPLACE FUNCTION app.waitlist_forget(client uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    offer uuid;
BEGIN
    UPDATE app.waitlist_entry e SET state = 'left', left_at = now() WHERE e.tenant_id = app.tenant() AND e.client_id = client AND e.state = 'waiting';
    FOR offer IN SELECT q.id FROM app.waitlist_offer q JOIN app.waitlist_entry e ON e.tenant_id = q.tenant_id AND e.id = q.entry_id
                 WHERE q.tenant_id = app.tenant() AND q.state = 'open' AND e.client_id = client LOOP
        PERFORM app.waitlist_close(offer, 'withdrawn');
    END LOOP;
    DELETE FROM app.waitlist_entry e WHERE e.tenant_id = app.tenant() AND e.client_id = client;
END $$;

-- When somebody could come, in words.
CREATE OR REPLACE FUNCTION app.waitlist_window_words(entry uuid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT string_agg(d.words || CASE WHEN w.from_time <= '00:00' AND w.to_time >= '23:59' THEN '' ELSE
                   ', ' || to_char(date '2000-01-01' + w.from_time, 'FMHH12:MI am') || ' to ' || to_char(date '2000-01-01' + w.to_time, 'FMHH12:MI am') END,
                   '; ' ORDER BY w.position)
        FROM app.waitlist_window w
        CROSS JOIN LATERAL (
            SELECT CASE cardinality(w.weekdays) WHEN 7 THEN 'Any day'
                   ELSE string_agg(to_char(date '2023-01-01' + x::int, 'Dy'), ' ' ORDER BY (x + 6) % 7) END AS words
            FROM unnest(w.weekdays) AS x) AS d
        WHERE w.entry_id = entry);
END $$;

REVOKE ALL ON FUNCTION app.waitlist_window_words(uuid), app.waitlist_until(uuid, timestamptz), app.waitlist_starts(uuid, uuid, uuid, date, date),
    app.waitlist_hold(uuid, uuid, uuid, timestamptz), app.waitlist_hold_first(uuid, uuid, uuid, date, date, tstzrange, int), app.waitlist_fill(uuid), app.waitlist_look(), app.waitlist_lock(uuid), app.waitlist_close(uuid, text),
    app.waitlist_accept(uuid), app.waitlist_refuse(uuid), app.waitlist_lapse(uuid),
    app.waitlist_join(uuid, uuid, uuid[], uuid[], date, date, text[]), app.waitlist_leave(uuid),
    app.waitlist_offer_by_hand(uuid, uuid, uuid, timestamptz), app.waitlist_choices(uuid, int), app.waitlist_offered(uuid), app.waitlist_forget(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.waitlist_fill(uuid), app.waitlist_look(), app.waitlist_lapse(uuid) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION app.waitlist_accept(uuid), app.waitlist_refuse(uuid), app.waitlist_join(uuid, uuid, uuid[], uuid[], date, date, text[]),
    app.waitlist_leave(uuid), app.waitlist_offered(uuid) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.waitlist_window_words(uuid) TO foyer_staff, foyer_public;
GRANT EXECUTE ON FUNCTION app.waitlist_offer_by_hand(uuid, uuid, uuid, timestamptz), app.waitlist_choices(uuid, int) TO foyer_staff;
RESET ROLE;
