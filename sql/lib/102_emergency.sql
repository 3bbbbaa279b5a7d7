-- 102_emergency: opening a chart that one's roles do not open, with a reason, for half an hour, to read only (R-03). Owner: foyer_auth.
-- What it opens says app.reaches (100_reach); what is disclosed meanwhile is marked by app.disclose (030). Errors: FY403, FY404,
-- FY422 against a rule, FY429 too many names that were wrong, FY438 she must prove who she is first.

SET LOCAL ROLE foyer_auth;

-- By the client's id, when she may see the client, or else by name and date of birth, both exact. One row always: is_found false
-- is counted and written down, so the caller commits before she tells it.
CREATE OR REPLACE FUNCTION sec.emergency_open(wanted uuid, name text, born date, reason text) RETURNS TABLE (is_found boolean, emergency_id uuid, client_id uuid, is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    by_person bytea := sec.throttle_key('emergency', app.tenant() || '|' || app.actor());
    found uuid[];
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT app.may_some('chart_emergency') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM sec.step_up_check();
    IF length(btrim(coalesce(emergency_open.reason, ''))) < 10 THEN
        RAISE EXCEPTION 'Say why, in ten letters or more.' USING ERRCODE = 'FY422', COLUMN = 'reason';
    END IF;
    IF sec.throttle_wait(by_person, 5) > 0 THEN
        RAISE EXCEPTION 'too many tries' USING ERRCODE = 'FY429';
    END IF;
    IF wanted IS NOT NULL THEN
        IF NOT (app.may('client_read') OR app.may('client_write') OR app.reaches('client_read', wanted) OR app.reaches('client_write', wanted)) THEN
            RAISE EXCEPTION 'out of reach' USING ERRCODE = 'FY404';
        END IF;
        found := ARRAY(SELECT c.id FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = wanted);
        IF cardinality(found) = 0 THEN
            RAISE EXCEPTION 'no such client' USING ERRCODE = 'FY404';
        END IF;
    ELSE
        found := ARRAY(SELECT c.id FROM app.client c
                       WHERE c.tenant_id = app.tenant() AND c.name_norm = app.norm(emergency_open.name) COLLATE "C" AND c.birth_date = born AND c.is_active
                       LIMIT 2);
    END IF;
    is_new := false;
    is_found := cardinality(found) = 1;
    IF NOT is_found THEN
        PERFORM sec.throttle_fail(by_person);
        PERFORM sec.note('emergency.open', 'failed', CASE WHEN cardinality(found) > 1 THEN 'several of this name' ELSE 'nobody of this name' END, '{}', NULL, NULL);
        RETURN NEXT;
        RETURN;
    END IF;
    client_id := found[1];
    SELECT e.id INTO emergency_id FROM app.emergency e
    WHERE e.tenant_id = app.tenant() AND e.staff_id = app.actor() AND e.client_id = found[1] AND e.until > now() AND e.ended_at IS NULL;
    IF emergency_id IS NULL THEN
        IF app.may('chart_read') OR app.reaches('chart_read', client_id) THEN
            RAISE EXCEPTION 'Your role opens this chart already.' USING ERRCODE = 'FY422', COLUMN = 'name';
        END IF;
        INSERT INTO app.emergency AS e (client_id, reason) VALUES (found[1], btrim(emergency_open.reason)) RETURNING e.id INTO emergency_id;
        is_new := true;
        PERFORM sec.note('emergency.open', 'ok', btrim(emergency_open.reason), found, 'emergency', emergency_id);
    END IF;
    RETURN NEXT;
END $$;

-- She needs it no longer.
CREATE OR REPLACE FUNCTION sec.emergency_end(emergency uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    client uuid;
BEGIN
    UPDATE app.emergency e SET ended_at = least(now(), e.until)
    WHERE e.tenant_id = app.tenant() AND e.id = emergency AND e.staff_id = app.actor() AND e.ended_at IS NULL
    RETURNING e.client_id INTO client;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such emergency' USING ERRCODE = 'FY404';
    END IF;
    PERFORM sec.note('emergency.end', 'ok', NULL, ARRAY[client], 'emergency', emergency);
    RETURN emergency;
END $$;

-- Whether this person looks through emergencies: the privacy officer; anybody else who reads the trail when there is none, or when it
-- was the officer's own.
CREATE OR REPLACE FUNCTION app.reviews_emergencies(opened_by uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    officer uuid := (SELECT t.privacy_officer FROM app.tenant t JOIN app.staff f ON f.tenant_id = t.id AND f.id = t.privacy_officer AND f.is_active
                     WHERE t.id = app.tenant());
BEGIN
    RETURN opened_by IS DISTINCT FROM app.actor()
       AND (officer = app.actor() OR ((officer IS NULL OR officer = opened_by) AND app.may('audit_read')));
END $$;

-- Signs one off.
CREATE OR REPLACE FUNCTION sec.emergency_review(emergency uuid, verdict text, note text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    e record;
BEGIN
    SELECT x.staff_id, x.client_id, x.verdict, x.until, x.ended_at INTO e FROM app.emergency x WHERE x.tenant_id = app.tenant() AND x.id = emergency FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such emergency' USING ERRCODE = 'FY404';
    END IF;
    IF NOT app.reviews_emergencies(e.staff_id) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF e.verdict IS NOT NULL OR (e.until > now() AND e.ended_at IS NULL) THEN
        RAISE EXCEPTION '%', CASE WHEN e.verdict IS NULL THEN 'This emergency is still open. Look at it when it is over.' ELSE 'This one is signed off already.' END
            USING ERRCODE = 'FY422', COLUMN = 'verdict';
    END IF;
    UPDATE app.emergency x SET verdict = verdict, review_note = coalesce(btrim(note), ''), reviewed_at = now(), reviewed_by = app.actor()
    WHERE x.tenant_id = app.tenant() AND x.id = emergency;
    PERFORM sec.note('emergency.review', 'ok', verdict, ARRAY[e.client_id], 'emergency', emergency);
    RETURN emergency;
END $$;

-- Who is told of emergencies, and signs them off: NULL for the owners. Owners choose: nobody makes herself the one who looks at her.
CREATE OR REPLACE FUNCTION sec.officer_set(officer uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT app.may('staff_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF NOT sec.owns(app.actor()) THEN
        RAISE EXCEPTION 'Only an owner chooses the privacy officer.' USING ERRCODE = 'FY422', COLUMN = 'officer';
    END IF;
    IF officer IS NOT NULL AND NOT EXISTS (SELECT FROM app.staff f WHERE f.tenant_id = app.tenant() AND f.id = officer AND f.is_active
                                           AND strpos(f.perms, ',audit_read,') > 0) THEN
        RAISE EXCEPTION 'The privacy officer must be able to read the audit trail.' USING ERRCODE = 'FY422', COLUMN = 'officer';
    END IF;
    UPDATE app.tenant t SET privacy_officer = officer WHERE t.id = app.tenant();
    PERFORM sec.note('emergency.officer', 'ok', NULL, '{}', 'staff', officer);
END $$;

-- The emergency in which this person has a client's chart open, for the banner; no row when there is none.
CREATE OR REPLACE FUNCTION app.emergency_of(client uuid) RETURNS TABLE (emergency_id uuid, minutes_left int)
LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.may_some('chart_emergency') THEN
        RETURN QUERY SELECT e.id, greatest(1, ceil(extract(epoch FROM e.until - now()) / 60)::int)
        FROM app.emergency e
        WHERE e.tenant_id = app.tenant() AND e.staff_id = app.actor() AND e.client_id = client AND e.until > now() AND e.ended_at IS NULL;
    END IF;
END $$;

REVOKE ALL ON FUNCTION sec.emergency_open(uuid, text, date, text), sec.emergency_end(uuid), sec.emergency_review(uuid, text, text), sec.officer_set(uuid),
    app.reviews_emergencies(uuid), app.emergency_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.emergency_open(uuid, text, date, text), sec.emergency_end(uuid), sec.emergency_review(uuid, text, text), sec.officer_set(uuid),
    app.reviews_emergencies(uuid), app.emergency_of(uuid) TO foyer_staff;
RESET ROLE;
