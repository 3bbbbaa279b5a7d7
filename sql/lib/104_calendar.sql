-- 104_calendar: what the pages of the calendar share. Rights and rows of the caller.

SET LOCAL ROLE foyer_owner;

-- The hue of a colour (#rrggbb) in OKLCH, where hues are as far apart as they look, in steps of 15 degrees: '15' to '360'; 'grey'
-- for what has next to none. Lightness and strength are the page's, so that words stay legible on any of them.
CREATE OR REPLACE FUNCTION app.hue_of(color text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part double precision;
    lin double precision[] := '{}';
    l double precision;
    m double precision;
    s double precision;
    a double precision;
    b double precision;
    hue int;
BEGIN
    FOR i IN 0..2 LOOP
        part := get_byte(decode(substr(color, 2, 6), 'hex'), i) / 255.0;
        lin := lin || CASE WHEN part <= 0.04045 THEN part / 12.92 ELSE power((part + 0.055) / 1.055, 2.4) END;
    END LOOP;
    l := cbrt(0.4122214708 * lin[1] + 0.5363325363 * lin[2] + 0.0514459929 * lin[3]);
    m := cbrt(0.2119034982 * lin[1] + 0.6806995451 * lin[2] + 0.1073969566 * lin[3]);
    s := cbrt(0.0883024619 * lin[1] + 0.2817188376 * lin[2] + 0.6299787005 * lin[3]);
    a := 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    b := 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
    IF a * a + b * b < 0.0004 THEN
        RETURN 'grey';
    END IF;
    hue := (round(degrees(atan2(b, a)) / 15)::int * 15 + 360) % 360;
    RETURN CASE hue WHEN 0 THEN 360 ELSE hue END;
END $$;

-- Who works at a place on a day, and when: an exception of that day instead of the week, within the hours in which the place is
-- open. A place without hours is open whenever somebody works there.
CREATE OR REPLACE FUNCTION app.works(location uuid, day date) RETURNS TABLE (staff_id uuid, starts time, ends time)
LANGUAGE sql STABLE
AS $$
    SELECT w.staff_id, greatest(w.starts, o.opens), least(w.ends, o.closes)
    FROM (SELECT s.staff_id, s.starts, s.ends
          FROM app.shift s
          WHERE s.location_id = works.location AND s.weekday = date_part('dow', works.day)::smallint
            AND s.valid_from <= works.day AND (s.valid_to IS NULL OR s.valid_to >= works.day)
            AND NOT EXISTS (SELECT FROM app.shift_day x WHERE x.staff_id = s.staff_id AND x.day = works.day)
          UNION ALL
          SELECT x.staff_id, x.starts, x.ends
          FROM app.shift_day x
          WHERE x.location_id = works.location AND x.day = works.day) AS w
    JOIN (SELECT h.opens, h.closes
          FROM app.location_hours h
          WHERE h.location_id = works.location AND h.weekday = date_part('dow', works.day)::smallint
          UNION ALL
          SELECT '00:00'::time, '24:00'::time
          WHERE NOT EXISTS (SELECT FROM app.location_hours h WHERE h.location_id = works.location)) AS o
      ON w.starts < o.closes AND w.ends > o.opens
$$;

-- The same for each of some days, both included: one look at the week's shifts for all of them.
CREATE OR REPLACE FUNCTION app.works_days(location uuid, from_day date, to_day date) RETURNS TABLE (day date, staff_id uuid, starts time, ends time)
LANGUAGE sql STABLE
AS $$
    WITH days AS MATERIALIZED (
        SELECT g::date AS day, date_part('dow', g)::smallint AS weekday
        FROM generate_series(from_day::timestamp, to_day::timestamp, interval '1 day') AS g
    ), unlike AS MATERIALIZED (
        SELECT x.staff_id, x.day, x.location_id, x.starts, x.ends FROM app.shift_day x WHERE x.day BETWEEN from_day AND to_day
    ), week AS MATERIALIZED (
        SELECT s.staff_id, s.weekday, s.starts, s.ends, s.valid_from, s.valid_to FROM app.shift s WHERE s.location_id = works_days.location
    ), hours AS MATERIALIZED (
        SELECT h.weekday, h.opens, h.closes FROM app.location_hours h WHERE h.location_id = works_days.location
    )
    SELECT w.day, w.staff_id, greatest(w.starts, o.opens), least(w.ends, o.closes)
    FROM (SELECT d.day, d.weekday, s.staff_id, s.starts, s.ends
          FROM days d
          JOIN week s ON s.weekday = d.weekday AND s.valid_from <= d.day AND (s.valid_to IS NULL OR s.valid_to >= d.day)
          WHERE NOT EXISTS (SELECT FROM unlike x WHERE x.staff_id = s.staff_id AND x.day = d.day)
          UNION ALL
          SELECT d.day, d.weekday, x.staff_id, x.starts, x.ends
          FROM days d
          JOIN unlike x ON x.day = d.day AND x.location_id = works_days.location) AS w
    JOIN (SELECT h.weekday, h.opens, h.closes FROM hours h
          UNION ALL
          SELECT g, '00:00'::time, '24:00'::time FROM generate_series(0, 6) AS g WHERE NOT EXISTS (SELECT FROM hours)) AS o
      ON o.weekday = w.weekday AND w.starts < o.closes AND w.ends > o.opens
$$;

DROP FUNCTION IF EXISTS app.works(uuid, uuid, date);

-- Visits of a period of each place's own wall time (from_day NULL: today; to_day NULL: six days on; a year and a day at most), narrowed
-- down by place, status ('on': that take place), service, provider and words of the client's name (NULL: by none).
CREATE OR REPLACE FUNCTION app.visits_found(from_day date, to_day date, place uuid, wanted text, service uuid, provider uuid, words text)
RETURNS SETOF app.appointment
LANGUAGE sql STABLE
AS $$
    SELECT a.*
    FROM (SELECT p.first, least(greatest(coalesce(visits_found.to_day, p.first + 6), p.first), p.first + 366) AS last
          FROM (SELECT coalesce(visits_found.from_day, app.today()) AS first) AS p) AS q
    JOIN app.location l ON visits_found.place IS NULL OR l.id = visits_found.place
    CROSS JOIN LATERAL (SELECT q.first::timestamp AT TIME ZONE l.zone AS opens, (q.last + 1)::timestamp AT TIME ZONE l.zone AS closes OFFSET 0) AS b
    JOIN app.appointment a ON a.location_id = l.id AND a.starts_at >= b.opens AND a.starts_at < b.closes
    WHERE a.status NOT IN ('expired', 'held')
      AND (visits_found.wanted IS NULL OR a.status = visits_found.wanted COLLATE "C" OR (visits_found.wanted = 'on' AND a.status NOT IN ('cancelled', 'no_show')))
      AND (visits_found.service IS NULL OR a.service_id = visits_found.service)
      AND (visits_found.provider IS NULL OR a.staff_id = visits_found.provider)
      AND (visits_found.words IS NULL OR a.client_id IN (SELECT w.client_id FROM app.client_find(visits_found.words, 1000) AS w))
$$;

-- What there is to say of a visit at a glance besides its status; NULL: nothing. addons: whether it has any.
CREATE OR REPLACE FUNCTION app.visit_marks(status text, over_reason text, look text, in_group uuid, in_series uuid, deposit bigint, addons boolean)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    RETURN nullif(concat_ws(' · ',
        CASE WHEN over_reason IS NOT NULL THEN 'Overbooked' END,
        CASE look WHEN 'due_date' THEN 'Look again: the due date changed' END,
        CASE WHEN in_group IS NOT NULL THEN 'One of several' END,
        CASE WHEN in_series IS NOT NULL THEN 'Repeats' END,
        CASE WHEN addons THEN 'Add-ons' END,
        CASE WHEN deposit > 0 AND status IN ('booked', 'confirmed', 'arrived', 'in_room') THEN 'Deposit due' END), '');
END $$;

REVOKE ALL ON FUNCTION app.hue_of(text), app.works(uuid, date), app.works_days(uuid, date, date), app.visits_found(date, date, uuid, text, uuid, uuid, text),
    app.visit_marks(text, text, text, uuid, uuid, bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.hue_of(text), app.works(uuid, date), app.works_days(uuid, date, date), app.visits_found(date, date, uuid, text, uuid, uuid, text),
    app.visit_marks(text, text, text, uuid, uuid, bigint, boolean) TO foyer_staff;
RESET ROLE;
