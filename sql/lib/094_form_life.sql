-- 094_form_life: from when on a form is due, until when, what brings it back, and how what was signed is taken back. Errors: FY404 not
-- there, FY403, FY422 with words.

SET LOCAL ROLE foyer_owner;

-- What was due before then is due no more.
CREATE OR REPLACE FUNCTION app.form_due_from() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT now() - interval '3 days' $$;

-- Whether a form that was asked for can be signed now: for a visit until three days after its beginning, for the record always. The one
-- condition of whoever shows it: her link, the desk, the tablet, calendar, board, chart, reminders. (Made part of the statement that asks.)
CREATE OR REPLACE FUNCTION app.form_is_due(state text, due_by timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT state = 'due' AND (due_by IS NULL OR due_by > app.form_due_from()) $$;

-- ---- looking again ----

-- Looks again at what one visit asks for: what no rule asks for any more is taken back, what is asked for and is not there, or was taken back
-- by a rule, is due. What a person asked for stays; what a person said is not needed does not come back. Her row is locked first, so that
-- two who look at her visits in another order do not wait for one another. Internal.
CREATE OR REPLACE FUNCTION app.visit_forms(appointment uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked uuid[];
BEGIN
    PERFORM FROM app.client c JOIN app.appointment a ON a.tenant_id = c.tenant_id AND a.client_id = c.id
    WHERE a.tenant_id = app.tenant() AND a.id = visit_forms.appointment FOR NO KEY UPDATE OF c;
    asked := ARRAY(SELECT x.form_id FROM app.forms_asked(appointment) x);
    WITH over AS (
        UPDATE app.form_assignment t SET state = 'withdrawn'
        FROM app.form f
        WHERE t.tenant_id = app.tenant() AND t.appointment_id = visit_forms.appointment AND t.revoked_at IS NULL AND t.state = 'due' AND t.is_by_rule AND t.form_id <> ALL (asked)
          AND f.tenant_id = t.tenant_id AND f.id = t.form_id AND f.is_active  -- of one that is put away, what is due stays due
        RETURNING t.id, t.client_id)
    INSERT INTO app.form_event (assignment_id, client_id, kind, detail) SELECT o.id, o.client_id, 'withdrawn', 'the rule' FROM over o;
    PERFORM app.assign_forms(appointment);
END $$;

-- The same for her visits to come, a hundred at most: her date of birth, a guardian, or what she signed has changed. Internal.
CREATE OR REPLACE FUNCTION app.forms_recheck(client uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.visit_forms(v.id)
    FROM (SELECT a.id FROM app.appointment a
          WHERE a.tenant_id = app.tenant() AND a.client_id = client AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room') AND a.ends_at > now()
          ORDER BY a.starts_at, a.id LIMIT 100) AS v;
END $$;

-- A visit that does not take place asks for nothing; one that is moved, or takes place after all, is looked at again. Either way another one
-- may now be her first.
CREATE OR REPLACE FUNCTION app.appointment_forms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    next uuid;
BEGIN
    PERFORM FROM app.client c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.client_id FOR NO KEY UPDATE;
    IF NEW.status IN ('cancelled', 'no_show') THEN
        WITH over AS (
            UPDATE app.form_assignment t SET state = 'withdrawn'
            WHERE t.tenant_id = NEW.tenant_id AND t.client_id = NEW.client_id AND t.appointment_id = NEW.id AND t.state = 'due'
            RETURNING t.id, t.client_id)
        INSERT INTO app.form_event (assignment_id, client_id, kind, detail) SELECT o.id, o.client_id, 'withdrawn', 'the visit' FROM over o;
    ELSE
        IF OLD.status = 'no_show' THEN  -- what a person asked for comes back with it; the rest by its rule
            UPDATE app.form_assignment t SET state = 'due'
            WHERE t.tenant_id = NEW.tenant_id AND t.client_id = NEW.client_id AND t.appointment_id = NEW.id AND t.state = 'withdrawn'
              AND NOT t.is_by_rule AND NOT t.is_dropped AND app.form_in_force(t.form_id) IS NOT NULL AND NOT app.form_stands(t.client_id, t.form_id, NEW.starts_at);
        END IF;
        PERFORM app.visit_forms(NEW.id);
    END IF;
    next := (SELECT a.id FROM app.appointment a
             WHERE a.tenant_id = NEW.tenant_id AND a.client_id = NEW.client_id AND a.id <> NEW.id AND a.status IN ('booked', 'confirmed') AND a.starts_at > now()
               AND (NEW.group_id IS NULL OR a.group_id IS DISTINCT FROM NEW.group_id)
             ORDER BY a.starts_at, a.id LIMIT 1);
    IF next IS NOT NULL THEN
        PERFORM app.visit_forms(next);
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS appointment_forms_follow ON app.appointment;
CREATE TRIGGER appointment_forms_follow AFTER UPDATE OF status, starts_at ON app.appointment FOR EACH ROW
    WHEN (NEW.client_id IS NOT NULL AND (NEW.status <> OLD.status AND (NEW.status IN ('cancelled', 'no_show') OR OLD.status = 'no_show')
                                         OR NEW.starts_at <> OLD.starts_at AND NEW.status IN ('booked', 'confirmed')))
    EXECUTE FUNCTION app.appointment_forms();

CREATE OR REPLACE FUNCTION app.client_forms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.forms_recheck(CASE TG_TABLE_NAME WHEN 'client' THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'client_id')::uuid END);
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS client_age_changes_forms ON app.client;
CREATE TRIGGER client_age_changes_forms AFTER UPDATE OF birth_date ON app.client FOR EACH ROW
    WHEN (NEW.birth_date IS DISTINCT FROM OLD.birth_date) EXECUTE FUNCTION app.client_forms();
DROP TRIGGER IF EXISTS guardian_added_changes_forms ON app.client_guardian;
CREATE TRIGGER guardian_added_changes_forms AFTER INSERT ON app.client_guardian FOR EACH ROW EXECUTE FUNCTION app.client_forms();
DROP TRIGGER IF EXISTS guardian_changes_forms ON app.client_guardian;
CREATE TRIGGER guardian_changes_forms AFTER UPDATE OF may_sign, ended_at ON app.client_guardian FOR EACH ROW
    WHEN (NEW.may_sign IS DISTINCT FROM OLD.may_sign OR (NEW.ended_at IS NULL) <> (OLD.ended_at IS NULL)) EXECUTE FUNCTION app.client_forms();

-- A form's rules or its wording have changed: all visits to come are looked at again, by a job, for there may be thousands.
CREATE OR REPLACE FUNCTION app.form_look_again(form uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() = 'staff' AND NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    UPDATE app.form f SET looks_from = now(), looks_after = NULL WHERE f.tenant_id = app.tenant() AND f.id = form;
    INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('form.look', form, gen_random_uuid()::text);
END $$;

-- Puts a form away, or brings it back. What is due stays due.
CREATE OR REPLACE FUNCTION app.form_put(form uuid, is_back boolean) RETURNS uuid
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE app.form f SET is_active = is_back WHERE f.id = form;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    IF is_back THEN
        PERFORM app.form_look_again(form);
    END IF;
    RETURN form;
END $$;

-- What that job does: the next hundred visits of which the form is asked now and that do not have it, or have it by a rule; another job goes
-- on behind them. How many it looked at.
CREATE OR REPLACE FUNCTION app.form_look(form uuid) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f record;
    v record;
    n int := 0;
BEGIN
    SELECT x.looks_from, x.looks_after, x.is_active, x.asked_with <> 'services' AS is_everywhere INTO f FROM app.form x WHERE x.tenant_id = app.tenant() AND x.id = form FOR NO KEY UPDATE;
    IF f.looks_from IS NULL THEN
        RETURN 0;
    END IF;
    FOR v IN SELECT a.id, a.starts_at FROM app.appointment a
             WHERE a.tenant_id = app.tenant() AND a.client_id IS NOT NULL AND a.status IN ('booked', 'confirmed')
               AND a.starts_at >= f.looks_from AND (f.looks_after IS NULL OR (a.starts_at, a.id) > (f.looks_from, f.looks_after))
               AND CASE WHEN f.is_active AND (f.is_everywhere OR EXISTS (SELECT FROM app.service_form y WHERE y.tenant_id = a.tenant_id AND y.service_id = a.service_id AND y.form_id = form))
                        THEN NOT EXISTS (SELECT FROM app.form_assignment t WHERE t.client_id = a.client_id AND t.appointment_id = a.id AND t.form_id = form
                                           AND t.revoked_at IS NULL AND (t.state IN ('signed', 'declined') OR t.is_dropped OR t.state = 'due' AND NOT t.is_by_rule))
                        ELSE EXISTS (SELECT FROM app.form_assignment t WHERE t.client_id = a.client_id AND t.appointment_id = a.id AND t.form_id = form
                                       AND t.state = 'due' AND t.is_by_rule) END
             ORDER BY a.starts_at, a.id LIMIT 100 LOOP
        PERFORM app.visit_forms(v.id);
        f.looks_from := v.starts_at;
        f.looks_after := v.id;
        n := n + 1;
    END LOOP;
    UPDATE app.form x SET looks_from = CASE n WHEN 100 THEN f.looks_from END, looks_after = CASE n WHEN 100 THEN f.looks_after END
    WHERE x.tenant_id = app.tenant() AND x.id = form;
    IF n = 100 THEN
        INSERT INTO app.job (kind, subject_id, dedupe_key) VALUES ('form.look', form, gen_random_uuid()::text);
    END IF;
    RETURN n;
END $$;

-- ---- asking by hand ----

-- Whether the staff that asks may ask this client for forms. Internal.
CREATE OR REPLACE FUNCTION app.may_ask_forms(client uuid) RETURNS void
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF NOT (app.actor_kind() = 'staff' AND (app.may('booking_write') OR app.may_some('booking_write'))) IS TRUE THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    ELSIF NOT (app.may('booking_write') OR app.reaches('booking_write', client)) IS TRUE THEN
        RAISE EXCEPTION 'no such client' USING ERRCODE = 'FY404'; -- beyond her reach
    END IF;
END $$;

-- Asks her for a form, with one of her visits or for her record (NULL).
CREATE OR REPLACE FUNCTION app.form_ask(client uuid, form uuid, appointment uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    at timestamptz;
    was record;
BEGIN
    PERFORM app.may_ask_forms(client);
    IF NOT EXISTS (SELECT FROM app.client c WHERE c.tenant_id = app.tenant() AND c.id = client) THEN
        RAISE EXCEPTION 'no such client' USING ERRCODE = 'FY404';
    END IF;
    IF app.form_in_force(form) IS NULL OR NOT EXISTS (SELECT FROM app.form f WHERE f.tenant_id = app.tenant() AND f.id = form AND f.is_active) THEN
        RAISE EXCEPTION 'Choose one of the forms that are in use.' USING ERRCODE = 'FY422', COLUMN = 'form_id';
    END IF;
    IF appointment IS NOT NULL THEN
        SELECT a.starts_at INTO at FROM app.appointment a
        WHERE a.tenant_id = app.tenant() AND a.id = form_ask.appointment AND a.client_id = client
          AND a.status IN ('booked', 'confirmed', 'arrived', 'in_room', 'done') AND a.starts_at > now() - interval '2 days'
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Choose a visit to come, or of the last two days.' USING ERRCODE = 'FY422', COLUMN = 'appointment_id';
        END IF;
    END IF;
    SELECT t.id, t.state INTO was FROM app.form_assignment t
    WHERE t.tenant_id = app.tenant() AND t.client_id = client AND t.form_id = form AND t.revoked_at IS NULL
      AND CASE WHEN form_ask.appointment IS NULL THEN t.appointment_id IS NULL AND t.state = 'due' ELSE t.appointment_id = form_ask.appointment END
    FOR UPDATE;
    IF was.state IN ('due', 'signed') THEN
        RAISE EXCEPTION '%', CASE was.state WHEN 'due' THEN 'This form is asked for already.' ELSE 'This form is signed for that visit.' END
            USING ERRCODE = 'FY422', COLUMN = 'form_id';
    ELSIF was.id IS NOT NULL THEN
        UPDATE app.form_assignment t SET state = 'due', is_by_rule = false, is_dropped = false, due_by = at WHERE t.tenant_id = app.tenant() AND t.id = was.id;
    ELSE
        INSERT INTO app.form_assignment (client_id, appointment_id, form_id, due_by, position) VALUES (client, appointment, form, at, 200);
    END IF;
    RETURN client;
END $$;

-- Asks once more for a form that she declined; not while no version of it is in force, for nothing could be signed.
CREATE OR REPLACE FUNCTION app.form_ask_declined(client uuid, assignment uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was record;
BEGIN
    PERFORM app.may_ask_forms(client);
    SELECT t.form_id, t.due_by INTO was FROM app.form_assignment t
    WHERE t.tenant_id = app.tenant() AND t.id = assignment AND t.client_id = client AND t.state = 'declined'
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    IF app.form_in_force(was.form_id) IS NULL THEN
        RAISE EXCEPTION 'This form is out of use, so it cannot be signed. It can be asked for again when a new version is published.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    IF was.due_by < now() - interval '3 days' THEN
        RAISE EXCEPTION 'That visit is over. Ask for the form with another visit, or for the record.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    UPDATE app.form_assignment t SET state = 'due' WHERE t.tenant_id = app.tenant() AND t.id = assignment;
    RETURN client;
END $$;

-- A form that was asked for is not needed; reason: sealed for the row withdrawal of app.form_withdrawal.
CREATE OR REPLACE FUNCTION app.form_drop(withdrawal uuid, client uuid, assignment uuid, reason bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.may_ask_forms(client);
    UPDATE app.form_assignment t SET state = 'withdrawn', is_dropped = true
    WHERE t.tenant_id = app.tenant() AND t.id = assignment AND t.client_id = client AND t.state IN ('due', 'declined');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    INSERT INTO app.form_withdrawal (id, client_id, assignment_id, reason_sealed, by_kind, by_staff) VALUES (withdrawal, client, assignment, reason, 'staff', app.actor());
    INSERT INTO app.form_event (assignment_id, client_id, kind, detail) VALUES (assignment, client, 'withdrawn', 'not needed');
    RETURN client;
END $$;

-- ---- taking back what was signed ----

-- A signed form stands no more, from now on: by the client on any of her records, or by staff at her request. What it allowed ends, by
-- purpose and by way of messages, unless she said something else since; the form is due again where a visit to come asks for it. The
-- signed text and its copy stay. reason: sealed for the row withdrawal; may be NULL.
CREATE OR REPLACE FUNCTION app.signature_withdraw(withdrawal uuid, client uuid, signature uuid, reason bytea) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    by_kind text := app.actor_kind();
BEGIN
    IF NOT (CASE by_kind WHEN 'client' THEN client = app.own_client()
                         WHEN 'staff' THEN app.may('chart_write') OR app.reaches('chart_write', client)
                         ELSE false END) IS TRUE THEN
        -- (whose role writes the charts of some: there is no such client for her)
        RAISE EXCEPTION 'not allowed' USING ERRCODE = CASE WHEN by_kind = 'staff' AND app.may_some('chart_write') THEN 'FY404' ELSE 'FY403' END;
    END IF;
    IF NOT app.signature_end(withdrawal, client, signature, reason, by_kind, now()) THEN
        RAISE EXCEPTION 'This form is taken back already.' USING ERRCODE = 'FY422', COLUMN = 'form';
    END IF;
    RETURN client;
END $$;

-- What a client signed, on any of her records: the newest first, with the title in the language that was signed; when it was taken back, and whether the
-- staff noted that.
CREATE OR REPLACE FUNCTION app.signed_of(client uuid)
RETURNS TABLE (signature_id uuid, client_id uuid, title text, title_language text, signed_at timestamptz, revoked_at timestamptz, zone text, by_staff boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF app.may_ask_consent(client) THEN
        RETURN QUERY
        SELECT s.id, s.client_id, coalesce(x.title, v.title), coalesce(x.language, v.language), s.signed_at, a.revoked_at, s.zone, w.by_kind = 'staff'
        FROM app.signature s
        JOIN app.form_assignment a ON a.tenant_id = s.tenant_id AND a.client_id = s.client_id AND a.id = s.assignment_id
        JOIN app.form_version v ON v.tenant_id = s.tenant_id AND v.id = s.form_version_id
        LEFT JOIN app.form_translation x ON x.tenant_id = v.tenant_id AND x.form_version_id = v.id AND x.language = s.language
        LEFT JOIN app.form_withdrawal w ON w.tenant_id = s.tenant_id AND w.signature_id = s.id
        WHERE s.tenant_id = app.tenant() AND s.client_id = ANY (app.person_ids(client))
        ORDER BY s.signed_at DESC, s.id
        LIMIT 100;
    END IF;
END $$;
REVOKE ALL ON FUNCTION app.signed_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.signed_of(uuid) TO foyer_public;

-- What taking back does; false: it is done already. Internal.
CREATE OR REPLACE FUNCTION app.signature_end(withdrawal uuid, client uuid, signature uuid, reason bytea, by_kind text, ended timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    s record;
BEGIN
    SELECT x.client_id, x.assignment_id, t.revoked_at INTO s
    FROM app.signature x JOIN app.form_assignment t ON t.tenant_id = x.tenant_id AND t.id = x.assignment_id
    WHERE x.tenant_id = app.tenant() AND x.id = signature AND x.client_id = ANY (app.person_ids(client))
    FOR UPDATE OF t;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such form' USING ERRCODE = 'FY404';
    END IF;
    IF s.revoked_at IS NOT NULL THEN
        RETURN false;
    END IF;
    INSERT INTO app.form_withdrawal (id, client_id, assignment_id, signature_id, reason_sealed, at, by_kind, by_staff)
    VALUES (withdrawal, client, s.assignment_id, signature, reason, ended, by_kind, CASE by_kind WHEN 'staff' THEN app.actor() END);
    UPDATE app.form_assignment t SET revoked_at = ended WHERE t.tenant_id = app.tenant() AND t.id = s.assignment_id;
    INSERT INTO app.form_event (assignment_id, client_id, kind, detail) VALUES (s.assignment_id, s.client_id, 'withdrawn', 'the signature');
    UPDATE app.consent c SET withdrawn_at = ended, withdrawn_kind = by_kind, withdrawn_by = CASE by_kind WHEN 'staff' THEN app.actor() END
    WHERE c.tenant_id = app.tenant() AND c.signature_id = signature AND c.is_given AND c.withdrawn_at IS NULL;
    INSERT INTO app.messaging_consent (client_id, channel, purpose, is_given, source, signature_id)
    SELECT s.client_id, m.channel, m.purpose, false, 'form', signature
    FROM (SELECT DISTINCT ON (k.channel, k.purpose) k.channel, k.purpose, k.is_given, k.signature_id
          FROM app.messaging_consent k WHERE k.tenant_id = app.tenant() AND k.client_id = ANY (app.person_ids(client))
          ORDER BY k.channel, k.purpose, k.at DESC, k.id DESC) AS m
    WHERE m.is_given AND m.signature_id = signature;
    PERFORM app.forms_recheck(s.client_id);
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION app.form_due_from(), app.form_is_due(text, timestamptz), app.visit_forms(uuid), app.forms_recheck(uuid), app.appointment_forms(), app.client_forms(),
    app.form_look_again(uuid), app.form_put(uuid, boolean), app.form_look(uuid), app.may_ask_forms(uuid), app.form_ask(uuid, uuid, uuid), app.form_ask_declined(uuid, uuid),
    app.form_drop(uuid, uuid, uuid, bytea), app.signature_withdraw(uuid, uuid, uuid, bytea), app.signature_end(uuid, uuid, uuid, bytea, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.form_due_from(), app.form_is_due(text, timestamptz) TO foyer_staff, foyer_public, foyer_slow, foyer_jobs, foyer_booking, foyer_auth;
GRANT EXECUTE ON FUNCTION app.form_look_again(uuid), app.form_put(uuid, boolean), app.form_ask(uuid, uuid, uuid), app.form_ask_declined(uuid, uuid), app.form_drop(uuid, uuid, uuid, bytea) TO foyer_staff;
GRANT EXECUTE ON FUNCTION app.form_look(uuid) TO foyer_jobs;
GRANT EXECUTE ON FUNCTION app.signature_withdraw(uuid, uuid, uuid, bytea) TO foyer_staff, foyer_public;

RESET ROLE;
