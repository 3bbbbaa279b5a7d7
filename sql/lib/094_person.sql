-- 094_person: weeks of a pregnancy, which records are the same person's, which ones may be, and how she is reached.

SET LOCAL ROLE foyer_owner;

-- Days of pregnancy on that day, counted from the day 280 days before the due date; NULL before it, and past 44 weeks.
CREATE OR REPLACE FUNCTION app.gestation_days(due date, day date) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN day - (due - 280) BETWEEN 0 AND 308 THEN day - (due - 280) END $$;

-- The same in words: "24 weeks 3 days".
CREATE OR REPLACE FUNCTION app.gestation_words(due date, day date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT d / 7 || CASE d / 7 WHEN 1 THEN ' week' ELSE ' weeks' END
        || CASE d % 7 WHEN 0 THEN '' WHEN 1 THEN ' 1 day' ELSE ' ' || d % 7 || ' days' END
    FROM app.gestation_days(due, day) AS d WHERE d IS NOT NULL
$$;

-- The latest due date that can be, 287 days from today at the business: what sec.due_date_told says to a client.
CREATE OR REPLACE FUNCTION app.last_due_date() RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT (now() AT TIME ZONE app.zone())::date + 287 $$;

-- A form holds what stood in each field when it was opened (was). What somebody typed over something else than what stands there now is
-- unseen: it is refused, with both values. What she left as it was stays as it is now. Empty and NULL are one.
CREATE OR REPLACE FUNCTION app.is_unseen(was text, typed text, is_now text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT coalesce(is_now, '') NOT IN (coalesce(was, ''), coalesce(typed, '')) AND coalesce(was, '') <> coalesce(typed, '') $$;
CREATE OR REPLACE FUNCTION app.typed_over(was text, typed text, is_now text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT nullif(CASE WHEN coalesce(was, '') = coalesce(typed, '') THEN is_now ELSE typed END, '') $$;

-- Her record and those that were joined to it: what is read of a person is read over all of these. What is written goes to the record
-- that the page is about. Rights and rows of the caller.
CREATE OR REPLACE FUNCTION app.record_ids(client uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM app.client_merged m WHERE m.into_id = client AND m.undone_at IS NULL) THEN
        RETURN ARRAY[client];
    END IF;
    RETURN ARRAY(
        WITH RECURSIVE one (id) AS (
            SELECT client
            UNION
            SELECT m.client_id FROM one JOIN app.client_merged m ON m.into_id = one.id AND m.undone_at IS NULL)
        SELECT one.id FROM one);
END $$;

-- The record into which this one was joined, or itself.
CREATE OR REPLACE FUNCTION app.record_of(client uuid) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    up uuid;
BEGIN
    LOOP
        SELECT m.into_id INTO up FROM app.client_merged m WHERE m.client_id = record_of.client AND m.undone_at IS NULL;
        IF NOT FOUND THEN
            RETURN client;
        END IF;
        client := up;
    END LOOP;
END $$;

-- All records of the person whose record this is, whichever of them it is.
CREATE OR REPLACE FUNCTION app.person_ids(client uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN app.record_ids(app.record_of(client));
END $$;

-- The clients whom a list of all of them has, or of those with a tag; of records that are joined the one that stays, with the tags of all. Rights
-- of the caller. (By the index of the business's clients: the table has those of all.)
CREATE OR REPLACE FUNCTION app.clients_listed(tag uuid) RETURNS TABLE (id uuid, name_norm text)
LANGUAGE sql STABLE SET enable_seqscan = off
AS $$
    SELECT c.id, c.name_norm FROM app.client c
    WHERE c.is_active AND NOT EXISTS (SELECT FROM app.client_merged m WHERE m.client_id = c.id AND m.undone_at IS NULL)
      AND (tag IS NULL OR c.id IN (SELECT app.record_of(x.client_id) FROM app.client_tag x WHERE x.tag_id = tag))
$$;
DROP FUNCTION IF EXISTS app.client_list_total(uuid);
REVOKE ALL ON FUNCTION app.clients_listed(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.clients_listed(uuid) TO foyer_staff, foyer_slow;

-- One of her further phones or e-mails becomes the one that counts; the one before stays as a further one. Each keeps its label. Rights of
-- the caller.
CREATE OR REPLACE FUNCTION app.contact_first(client uuid, contact uuid) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    x record;
    was text;
    was_label text;
BEGIN
    DELETE FROM app.client_contact k WHERE k.id = contact AND k.client_id = client RETURNING k.kind, k.value, k.label INTO x;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT CASE x.kind WHEN 'phone' THEN k.phone ELSE k.email END INTO was FROM app.contact(client) AS k;
    SELECT CASE x.kind WHEN 'phone' THEN c.phone_label ELSE c.email_label END INTO was_label FROM app.client c WHERE c.id = client;
    -- (a new number loses the label of the one before: app.client_label_follows)
    IF x.kind = 'phone' THEN
        UPDATE app.client c SET phone = x.value WHERE c.id = client;
        UPDATE app.client c SET phone_label = x.label WHERE c.id = client;
    ELSE
        UPDATE app.client c SET email = x.value WHERE c.id = client;
        UPDATE app.client c SET email_label = x.label WHERE c.id = client;
    END IF;
    IF was <> '' AND was <> x.value THEN
        INSERT INTO app.client_contact (client_id, kind, value, label) VALUES (client, x.kind, was, was_label) ON CONFLICT DO NOTHING;
    END IF;
    RETURN client;
END $$;

-- What is changed, in words.
CREATE OR REPLACE FUNCTION app.change_words(field text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE field
        WHEN 'preferred_name' THEN 'Called'
        WHEN 'email' THEN 'E-mail'
        WHEN 'further_phone' THEN 'Further phone'
        WHEN 'further_email' THEN 'Further e-mail'
        WHEN 'guardian_email' THEN 'Guardian: e-mail'
        WHEN 'guardian_ended_at' THEN 'Guardian: ended'
        ELSE CASE WHEN starts_with(field, 'guardian_') THEN 'Guardian: ' || replace(substr(field, 10), '_', ' ') ELSE app.in_words(field) END
    END
$$;

-- What a field of a business's own holds.
CREATE OR REPLACE FUNCTION app.client_field_kind_words(kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE kind WHEN 'text' THEN 'A line of text' WHEN 'long' THEN 'Several lines' WHEN 'number' THEN 'A number' WHEN 'date' THEN 'A date'
                     WHEN 'yes_no' THEN 'Yes or no' WHEN 'choice' THEN 'A choice' END
$$;

DROP FUNCTION IF EXISTS app.lines_kept(text);
REVOKE ALL ON FUNCTION app.client_field_kind_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.client_field_kind_words(text) TO foyer_staff;

REVOKE ALL ON FUNCTION app.last_due_date(), app.is_unseen(text, text, text), app.typed_over(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.last_due_date() TO foyer_disclosure;
GRANT EXECUTE ON FUNCTION app.is_unseen(text, text, text), app.typed_over(text, text, text) TO foyer_staff;
REVOKE ALL ON FUNCTION app.gestation_days(date, date), app.gestation_words(date, date), app.record_ids(uuid), app.record_of(uuid), app.person_ids(uuid),
    app.contact_first(uuid, uuid), app.change_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.gestation_days(date, date), app.gestation_words(date, date), app.record_ids(uuid), app.record_of(uuid), app.person_ids(uuid)
    TO foyer_staff, foyer_slow, foyer_public, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.record_ids(uuid), app.record_of(uuid), app.person_ids(uuid) TO foyer_booking, foyer_disclosure;

-- What was asked to be corrected in any of the person's records is seen from a link of any of them; asked is of the link's own, and a
-- statement is about what was refused in any.
ALTER POLICY own_client ON app.correction USING (client_id = ANY (app.person_ids((SELECT app.own_client())))) WITH CHECK (client_id = (SELECT app.own_client()));
ALTER POLICY own_client ON app.correction_statement USING (client_id = ANY (app.person_ids((SELECT app.own_client()))))
    WITH CHECK (client_id = ANY (app.person_ids((SELECT app.own_client()))) AND kind = 'disagreement');
GRANT EXECUTE ON FUNCTION app.contact_first(uuid, uuid), app.change_words(text) TO foyer_staff;

-- ---- as far as a role shows it, and who may be the same person: as 100_reach ----

SET LOCAL ROLE foyer_disclosure;

-- The phone of whom to call in an emergency, as far as a role of the reader shows phones.
CREATE OR REPLACE FUNCTION app.emergency_phone(client uuid) RETURNS text
LANGUAGE plpgsql STABLE STRICT COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT app.shown('phone', c.id, c.emergency_contact_phone)
            FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = emergency_phone.client);
END $$;

-- How to reach many clients, and whom to call for each, as app.contact and app.emergency_phone say it of one: for a file, where a call for each
-- takes most of its time.
CREATE OR REPLACE FUNCTION app.contacts(clients uuid[]) RETURNS TABLE (of_client uuid, phone text, email text, emergency_phone text)
LANGUAGE plpgsql STABLE STRICT ROWS 1000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.id, CASE WHEN s.phone THEN c.phone END, CASE WHEN s.email THEN c.email END, CASE WHEN s.phone THEN c.emergency_contact_phone END
    FROM unnest(clients) AS u (id)
    JOIN app.client c ON c.tenant_id = app.tenant() AND c.id = u.id
    CROSS JOIN LATERAL (SELECT app.may('show_phone') OR app.reaches('show_phone', c.id) AS phone, app.may('show_email') OR app.reaches('show_email', c.id) AS email) AS s;
END $$;

-- How to reach a guardian, as far as a role of the reader shows it of his ward.
CREATE OR REPLACE FUNCTION app.guardian_contact(guardian uuid, OUT phone text, OUT email text)
LANGUAGE plpgsql STABLE STRICT COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT app.shown('phone', g.client_id, g.phone), app.shown('email', g.client_id, g.email) INTO phone, email
    FROM app.client_guardian g WHERE g.tenant_id = app.tenant() AND g.id = guardian_contact.guardian;
END $$;

-- Where a message to a guardian goes, as app.mail_address.
CREATE OR REPLACE FUNCTION app.guardian_mail(guardian uuid) RETURNS text
LANGUAGE plpgsql STABLE STRICT COST 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT CASE WHEN app.may_mail(g.client_id) THEN g.email END
            FROM app.client_guardian g WHERE g.tenant_id = app.tenant() AND g.id = guardian_mail.guardian);
END $$;

-- Whether two names (as app.norm gives them) are nearly the same: most of their trigrams are, and words of them begin with the same four
-- letters. Internal.
CREATE OR REPLACE FUNCTION app.name_starts(name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT left(x, 4) FROM unnest(string_to_array(name, ' ')) AS x);
END $$;
CREATE OR REPLACE FUNCTION app.names_near(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT ext.similarity(one, other) >= 0.5 $$;
CREATE OR REPLACE FUNCTION app.names_alike(one text, other text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
AS $$
BEGIN
    RETURN app.names_near(one, other) AND app.name_starts(one) && app.name_starts(other);
END $$;

CREATE OR REPLACE FUNCTION app.way_words(is_phone boolean, of_guardian boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN of_guardian THEN 'a guardian’s ' ELSE 'same ' END || CASE WHEN is_phone THEN 'phone' ELSE 'e-mail' END $$;

-- Whether all clients' names can be compared in the time of a page: up to fifty thousand clients.
CREATE OR REPLACE FUNCTION app.duplicates_by_name() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM app.client c WHERE c.tenant_id = app.tenant() LIMIT 50001) AS n) <= 50000;
END $$;

-- What reaches a client: her own phones and e-mails, further ones, her guardians'. of_guardian: it is his, which brothers and sisters share.
-- wanted: of these clients alone who have it; NULL: all. Internal.
CREATE OR REPLACE FUNCTION app.client_ways(wanted text) RETURNS TABLE (client_id uuid, is_phone boolean, value text, of_guardian boolean)
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t uuid := app.tenant();
BEGIN
    IF wanted IS NOT NULL THEN
        RETURN QUERY
        SELECT c.id, true, c.phone, false FROM app.client c WHERE c.tenant_id = t AND c.phone = wanted
        UNION ALL SELECT c.id, false, c.email_norm, false FROM app.client c WHERE c.tenant_id = t AND c.email_norm = wanted
        UNION ALL SELECT x.client_id, x.kind = 'phone', x.value, false FROM app.client_contact x WHERE x.tenant_id = t AND x.kind IN ('phone', 'email') AND x.value = wanted
        UNION ALL SELECT g.client_id, true, g.phone, true FROM app.client_guardian g WHERE g.tenant_id = t AND g.phone = wanted AND g.ended_at IS NULL
        UNION ALL SELECT g.client_id, false, g.email, true FROM app.client_guardian g WHERE g.tenant_id = t AND g.email = wanted AND g.ended_at IS NULL;
    ELSE
        RETURN QUERY
        SELECT c.id, true, c.phone, false FROM app.client c WHERE c.tenant_id = t AND c.phone IS NOT NULL
        UNION ALL SELECT c.id, false, c.email_norm, false FROM app.client c WHERE c.tenant_id = t AND c.email_norm IS NOT NULL
        UNION ALL SELECT x.client_id, x.kind = 'phone', x.value, false FROM app.client_contact x WHERE x.tenant_id = t
        UNION ALL SELECT g.client_id, true, g.phone, true FROM app.client_guardian g WHERE g.tenant_id = t AND g.phone IS NOT NULL AND g.ended_at IS NULL
        UNION ALL SELECT g.client_id, false, g.email, true FROM app.client_guardian g WHERE g.tenant_id = t AND g.email IS NOT NULL AND g.ended_at IS NULL;
    END IF;
END $$;
REVOKE ALL ON FUNCTION app.client_ways(text) FROM PUBLIC;

-- Pairs of records that may be the same person's, with the reasons, the surest first, from the skip-th on; of one client, or of all. Those that are joined
-- already or were found to be two people are left out. For who may join them alone. Of all: a phone or an address that more than twenty
-- have is a house's and no reason, and a guardian's is none for two whose dates of birth differ; similar names are compared as far as app.duplicates_by_name says.
DROP FUNCTION IF EXISTS app.duplicates(uuid, int);
CREATE OR REPLACE FUNCTION app.duplicates(client uuid, how_many int, skip int DEFAULT 0)
RETURNS TABLE (one_id uuid, other_id uuid, reasons text, score int)
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t uuid := app.tenant();
    me record;
    ones uuid[];
    others uuid[];
    words text[];
    weights int[];
    pair record;
    skipped int := least(greatest(coalesce(skip, 0), 0), 100000);
    n int := 0;
    found_ones uuid[] := '{}';
    found_others uuid[] := '{}';
    scores int[] := '{}';
BEGIN
    IF NOT app.may('client_lists') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF client IS NOT NULL THEN
        SELECT c.id, c.phone, c.email_norm, c.name_norm, c.birth_date INTO me FROM app.client c WHERE c.tenant_id = t AND c.id = duplicates.client AND c.is_active;
        SELECT array_agg(least(me.id, r.id)), array_agg(greatest(me.id, r.id)), array_agg(r.words), array_agg(r.weight) INTO ones, others, words, weights
        FROM (SELECT b.client_id AS id, app.way_words(b.is_phone, bool_and(a.of_guardian OR b.of_guardian)) AS words, CASE WHEN bool_and(a.of_guardian OR b.of_guardian) THEN 2 ELSE 3 END AS weight
              FROM (SELECT true AS is_phone, me.phone AS value, false AS of_guardian UNION ALL SELECT false, me.email_norm, false
                    UNION ALL SELECT x.kind = 'phone', x.value, false FROM app.client_contact x WHERE x.tenant_id = t AND x.client_id = me.id
                    UNION ALL SELECT v.is_phone, v.value, true FROM app.client_guardian g CROSS JOIN LATERAL (VALUES (true, g.phone), (false, g.email)) AS v (is_phone, value)
                              WHERE g.tenant_id = t AND g.client_id = me.id AND g.ended_at IS NULL) AS a
              CROSS JOIN LATERAL app.client_ways(a.value) AS b
              WHERE a.value <> '' AND b.is_phone = a.is_phone
              GROUP BY b.client_id, b.is_phone
              UNION ALL
              SELECT b.id, CASE WHEN b.name_norm = me.name_norm THEN 'same name and date of birth' ELSE 'similar name, same date of birth' END, CASE WHEN b.name_norm = me.name_norm THEN 5 ELSE 4 END
              FROM app.client b
              WHERE b.tenant_id = t AND b.birth_date = me.birth_date
                AND (b.name_norm = me.name_norm OR app.names_alike(b.name_norm, me.name_norm))) AS r
        WHERE r.id <> me.id;
    ELSE
        SELECT array_agg(r.one), array_agg(r.other), array_agg(r.words), array_agg(r.weight) INTO ones, others, words, weights
        FROM (SELECT a.id AS one, b.id AS other, app.way_words(k.is_phone, bool_and(a.of_guardian OR b.of_guardian)) AS words, CASE WHEN bool_and(a.of_guardian OR b.of_guardian) THEN 2 ELSE 3 END AS weight
              FROM (SELECT w.is_phone, array_agg(w.client_id) AS ids, array_agg(w.of_guardian) AS are_guardians FROM app.client_ways(NULL) AS w GROUP BY w.value, w.is_phone HAVING count(*) > 1) AS k
              CROSS JOIN LATERAL unnest(k.ids, k.are_guardians) AS a (id, of_guardian)
              CROSS JOIN LATERAL unnest(k.ids, k.are_guardians) AS b (id, of_guardian)
              WHERE b.id > a.id AND CASE WHEN cardinality(k.ids) > 20 THEN (SELECT count(DISTINCT x) FROM unnest(k.ids) AS x) <= 20 ELSE true END
              GROUP BY a.id, b.id, k.is_phone
              UNION ALL
              SELECT a.id, b.id, 'same name and date of birth', 5
              FROM (SELECT array_agg(c.id) AS ids FROM app.client c WHERE c.tenant_id = t AND c.birth_date IS NOT NULL GROUP BY c.birth_date, c.name_norm HAVING count(*) > 1) AS k
              CROSS JOIN LATERAL unnest(k.ids) AS a (id)
              CROSS JOIN LATERAL unnest(k.ids) AS b (id)
              WHERE b.id > a.id) AS r;
        IF app.duplicates_by_name() THEN
            SELECT ones || array_agg(r.one), others || array_agg(r.other), words || array_agg('similar name, same date of birth'::text), weights || array_agg(4) INTO ones, others, words, weights
            FROM (WITH key AS MATERIALIZED ( -- app.names_alike, whose pairs are found by the beginnings of their words
                      SELECT w.id, w.birth_date, x.start, w.name_norm FROM app.client w CROSS JOIN LATERAL unnest(app.name_starts(w.name_norm)) AS x (start)
                      WHERE w.tenant_id = t AND w.is_active AND w.birth_date IS NOT NULL)
                  SELECT DISTINCT a.id AS one, b.id AS other
                  FROM key a JOIN key b ON b.birth_date = a.birth_date AND b.start = a.start AND b.id > a.id AND b.name_norm <> a.name_norm
                  WHERE app.names_near(a.name_norm, b.name_norm)) AS r;
        END IF;
    END IF;
    -- The surest first, and no more of them looked at than are asked for: there may be hundreds of thousands. (A weight above two is not a
    -- guardian's alone.)
    FOR pair IN SELECT r.one, r.other, sum(r.weight)::int AS points, max(r.weight) > 2 AS is_own FROM unnest(ones, others, weights) AS r (one, other, weight) GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LOOP
        EXIT WHEN n = skipped + least(how_many, 200);
        CONTINUE WHEN NOT EXISTS (SELECT FROM app.client a JOIN app.client b ON b.tenant_id = t AND b.id = pair.other AND b.is_active
                                  WHERE a.tenant_id = t AND a.id = pair.one AND a.is_active
                                    AND (pair.is_own OR a.birth_date = b.birth_date OR a.birth_date IS NULL OR b.birth_date IS NULL))
            OR EXISTS (SELECT FROM app.client_apart x WHERE x.tenant_id = t AND x.one_id = pair.one AND x.other_id = pair.other)
            OR EXISTS (SELECT FROM app.client_merged m WHERE m.tenant_id = t AND m.client_id IN (pair.one, pair.other) AND m.undone_at IS NULL);
        n := n + 1;
        CONTINUE WHEN n <= skipped;
        found_ones := found_ones || pair.one;
        found_others := found_others || pair.other;
        scores := scores || pair.points;
    END LOOP;
    RETURN QUERY
    SELECT f.one, f.other, string_agg(r.words, ', ' ORDER BY r.weight DESC, r.words), f.points
    FROM unnest(found_ones, found_others, scores) AS f (one, other, points)
    JOIN unnest(ones, others, words, weights) AS r (one, other, words, weight) ON r.one = f.one AND r.other = f.other
    GROUP BY f.one, f.other, f.points
    ORDER BY f.points DESC, f.one, f.other;
END $$;

REVOKE ALL ON FUNCTION app.name_starts(text), app.contacts(uuid[]), app.names_near(text, text), app.names_alike(text, text), app.way_words(boolean, boolean), app.duplicates_by_name(), app.emergency_phone(uuid), app.duplicates(uuid, int, int), app.guardian_contact(uuid), app.guardian_mail(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.guardian_contact(uuid) TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION app.guardian_mail(uuid) TO foyer_staff, foyer_slow, foyer_jobs;
GRANT EXECUTE ON FUNCTION app.emergency_phone(uuid), app.contacts(uuid[]) TO foyer_staff, foyer_slow;
GRANT EXECUTE ON FUNCTION app.duplicates(uuid, int, int), app.duplicates_by_name() TO foyer_slow, foyer_staff;
RESET ROLE;
