-- 098_support: an operator changes a business, asks for support access, enters by a grant; the business decides and ends it (B19).
-- Each step stands in both trails: of the business and of the operator. Owner: foyer_auth, who alone may step from one business into
-- another, and who steps back at once.

SET LOCAL ROLE foyer_owner;
GRANT EXECUTE ON FUNCTION app.message_try_held() TO foyer_auth;

SET LOCAL ROLE foyer_auth;

-- The studio of a slug, asked for by an operator who holds the permission. Internal.
CREATE OR REPLACE FUNCTION sec.business(wanted text, permission text) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    found_id uuid;
BEGIN
    IF NOT app.is_operator(permission) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT s.tenant INTO found_id FROM sec.site s WHERE s.slug = wanted COLLATE "C" AND NOT s.is_apex AND s.tenant <> app.tenant();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such business' USING ERRCODE = 'FY404';
    END IF;
    RETURN found_id;
END $$;

-- Steps into another business for the statements that follow, and back. Internal.
CREATE OR REPLACE FUNCTION sec.step_into(other uuid) RETURNS void
LANGUAGE sql
AS $$ SELECT set_config('foyer.tenant_id', other::text, true) $$;

-- A row of the trail of another business. who: NULL, or whom its trail knows by that id. The address goes with the operator's acts, which
-- the business may know, and not with the business's own. Internal.
CREATE OR REPLACE FUNCTION sec.note_in(other uuid, kind text, who uuid, action text, reason text, object_kind text, object uuid) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    here uuid := app.tenant();
BEGIN
    PERFORM sec.step_into(other);
    INSERT INTO audit.event (tenant_id, actor_kind, actor_id, ip, agent, action, object_kind, object_id, client_ids, outcome, reason, request_id)
    VALUES (other, kind, who, CASE WHEN kind <> 'studio' THEN nullif(current_setting('foyer.ip', true), '')::inet END,
            CASE WHEN kind <> 'studio' THEN nullif(current_setting('foyer.agent', true), '') END,
            action, object_kind, object, '{}', 'ok', reason, nullif(current_setting('foyer.request_id', true), '')::uuid);
    PERFORM sec.step_into(here);
END $$;

-- The operator's own business. Internal.
CREATE OR REPLACE FUNCTION sec.operator_tenant() RETURNS uuid
LANGUAGE sql STABLE
AS $$ SELECT s.tenant FROM sec.site s WHERE s.is_apex $$;

-- ---- what an operator may change of a business ----

CREATE OR REPLACE FUNCTION sec.business_messages(business text, per_day int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here uuid := app.tenant();
    other uuid := sec.business(business, 'settings_write');
BEGIN
    PERFORM sec.step_into(other);
    UPDATE app.tenant t SET messages_per_day = per_day WHERE t.id = other;
    PERFORM app.message_try_held();
    PERFORM sec.step_into(here);
    PERFORM sec.note_in(other, 'operator', NULL, 'tenant.messages', per_day::text, 'tenant', other);
    PERFORM sec.note('tenant.messages', 'ok', per_day::text, '{}', 'tenant', other);
END $$;

-- Closes a business's pages, or opens them again (why NULL). Nothing of it is changed, its sessions stay as they are.
CREATE OR REPLACE FUNCTION sec.business_suspend(business text, why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here uuid := app.tenant();
    other uuid := sec.business(business, 'settings_write');
    words text := nullif(btrim(why), '');
    act text := CASE WHEN words IS NULL THEN 'tenant.resume' ELSE 'tenant.suspend' END;
    changed boolean;
BEGIN
    PERFORM sec.step_into(other);
    UPDATE app.tenant t SET suspended_at = CASE WHEN words IS NOT NULL THEN now() END, suspended_why = words
    WHERE t.id = other AND (t.suspended_at IS NULL) = (words IS NOT NULL);
    changed := FOUND;
    IF changed AND words IS NULL THEN
        PERFORM app.message_try_held();
    END IF;
    PERFORM sec.step_into(here);
    IF NOT changed THEN
        RETURN;  -- it is so already
    END IF;
    UPDATE sec.site s SET is_suspended = words IS NOT NULL WHERE s.tenant = other AND NOT s.is_apex;
    PERFORM sec.note_in(other, 'operator', NULL, act, words, 'tenant', other);
    PERFORM sec.note(act, 'ok', words, '{}', 'tenant', other);
END $$;

-- ---- support: the operator's side ----

-- A request, and with it the row of the staff that it will be: not active, so nobody yet.
CREATE OR REPLACE FUNCTION sec.support_ask(business text, grant_id uuid, why text, for_hours int, wanted text[]) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here uuid := app.tenant();
    other uuid := sec.business(business, 'tenant_read');
    -- A chart stands in a client's page.
    sees text[] := ARRAY(SELECT DISTINCT p FROM unnest(wanted || CASE WHEN 'chart_read' = ANY (wanted) THEN ARRAY['client_read'] ELSE '{}' END) AS p
                         WHERE p IS NOT NULL ORDER BY p);
    me record;
BEGIN
    SELECT f.id, f.name, f.email INTO me FROM app.staff f WHERE f.tenant_id = here AND f.id = app.actor();
    IF cardinality(sees) = 0 THEN
        RAISE EXCEPTION 'Choose what you need to see.' USING ERRCODE = 'FY422', COLUMN = 'see_calendar';
    END IF;
    PERFORM sec.step_into(other);
    UPDATE app.support_grant g SET state = 'lapsed' WHERE g.tenant_id = other AND g.state = 'asked' AND g.asked_at < now() - interval '7 days';
    IF EXISTS (SELECT FROM app.support_grant g WHERE g.tenant_id = other AND g.state = 'asked') THEN
        RAISE EXCEPTION 'A request waits there already. Let its owner answer it, or take it back first.' USING ERRCODE = 'FY409';
    END IF;
    INSERT INTO app.staff (id, name, email, title, is_active, is_support, perms, role_names, masks)
    VALUES (grant_id, left('Support: ' || me.name, 109) || ' (operator)', grant_id || '@support.invalid', 'Support', false, true,
            ',' || array_to_string(sees || CASE WHEN 'chart_read' = ANY (sees) THEN ARRAY['show_notes'] ELSE '{}' END, ',') || ',', 'Support of the operator',
            CASE WHEN 'chart_read' = ANY (sees) THEN ARRAY['phone', 'email'] ELSE ARRAY['phone', 'email', 'notes'] END);
    INSERT INTO app.support_grant (id, asked_by, asked_name, asked_email, reason, hours, permissions)
    VALUES (grant_id, me.id, me.name, me.email, btrim(why), for_hours, sees);
    PERFORM sec.step_into(here);
    PERFORM sec.note_in(other, 'staff', grant_id, 'support.ask', btrim(why), 'support_grant', grant_id);
    PERFORM sec.note('support.ask', 'ok', btrim(why), '{}', 'support_grant', grant_id);
    RETURN grant_id;
END $$;

-- Nobody is in the entered business by this grant any more. Internal.
CREATE OR REPLACE FUNCTION sec.support_close(grant_id uuid, by_whom text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE app.support_grant g SET state = 'ended', ended_at = now(), ended_by = by_whom WHERE g.tenant_id = app.tenant() AND g.id = grant_id;
    UPDATE app.staff f SET is_active = false, deactivated_at = now() WHERE f.tenant_id = app.tenant() AND f.id = grant_id AND f.is_support;
    UPDATE sec.session e SET revoked_at = now() WHERE e.tenant_id = app.tenant() AND e.staff_id = grant_id AND e.revoked_at IS NULL;
    DELETE FROM sec.support_ticket k WHERE k.tenant_id = app.tenant() AND k.grant_id = support_close.grant_id;
    UPDATE app.tenant t
    SET support_until = (SELECT max(g.ends_at) FROM app.support_grant g WHERE g.tenant_id = t.id AND g.state = 'approved' AND g.ends_at > now())
    WHERE t.id = app.tenant();
END $$;

-- Who was here by a grant that has run out is nobody any more: the row of the staff is closed, as when somebody ends it. (No page let her
-- in since that moment.) In the entered business, by what tidies up. Internal.
CREATE OR REPLACE FUNCTION sec.support_run_out() RETURNS void
LANGUAGE sql
AS $$
    UPDATE sec.session e SET revoked_at = now()
    WHERE e.tenant_id = app.tenant() AND e.revoked_at IS NULL AND e.how = 'support'
      AND NOT EXISTS (SELECT FROM app.support_grant g WHERE g.tenant_id = e.tenant_id AND g.id = e.staff_id AND g.state = 'approved' AND g.ends_at > now());
    UPDATE app.staff f SET is_active = false, deactivated_at = now()
    WHERE f.tenant_id = app.tenant() AND f.is_support AND f.is_active
      AND NOT EXISTS (SELECT FROM app.support_grant g WHERE g.tenant_id = f.tenant_id AND g.id = f.id AND g.state = 'approved' AND g.ends_at > now())
$$;

-- The operator gives it back, or takes back what she asked.
CREATE OR REPLACE FUNCTION sec.support_give_back(business text, grant_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here uuid := app.tenant();
    other uuid := sec.business(business, 'tenant_read');
BEGIN
    PERFORM sec.step_into(other);
    PERFORM FROM app.support_grant g WHERE g.tenant_id = other AND g.id = grant_id AND g.state IN ('asked', 'approved') FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such grant' USING ERRCODE = 'FY404';
    END IF;
    PERFORM sec.support_close(grant_id, 'operator');
    PERFORM sec.step_into(here);
    PERFORM sec.note_in(other, 'staff', grant_id, 'support.give_back', NULL, 'support_grant', grant_id);
    PERFORM sec.note('support.give_back', 'ok', business, '{}', 'support_grant', grant_id);
END $$;

-- A way in, for a minute: for her alone who asked, with a session that a second factor opened.
CREATE OR REPLACE FUNCTION sec.support_ticket(business text, grant_id uuid, token bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here uuid := app.tenant();
    other uuid := sec.business(business, 'tenant_read');
BEGIN
    IF NOT EXISTS (SELECT FROM sec.session e WHERE e.tenant_id = here AND e.id = nullif(current_setting('foyer.session_id', true), '')::uuid AND e.how <> 'password') THEN
        RAISE EXCEPTION 'set up a second factor first' USING ERRCODE = 'FY428';
    END IF;
    IF coalesce(length(token), 0) < 32 THEN
        RAISE EXCEPTION 'a token has 32 bytes' USING ERRCODE = 'FY400';
    END IF;
    PERFORM sec.step_into(other);
    IF NOT EXISTS (SELECT FROM app.support_grant g WHERE g.tenant_id = other AND g.id = grant_id AND g.asked_by = app.actor()
                   AND g.state = 'approved' AND g.ends_at > now()) THEN
        RAISE EXCEPTION 'no such grant' USING ERRCODE = 'FY404';
    END IF;
    DELETE FROM sec.support_ticket k WHERE k.tenant_id = other AND k.grant_id = support_ticket.grant_id;
    INSERT INTO sec.support_ticket (tenant_id, token_hash, grant_id) VALUES (other, sha256(token), grant_id);
    PERFORM sec.step_into(here);
    PERFORM sec.note('support.ticket', 'ok', business, '{}', 'support_grant', grant_id);
END $$;

-- ---- support: the business's side ----

-- An owner says yes or no. Never who asked herself, should she have an account here too.
CREATE OR REPLACE FUNCTION sec.support_decide(grant_id uuid, is_yes boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    g record;
    act text := CASE WHEN is_yes THEN 'support.approve' ELSE 'support.refuse' END;
BEGIN
    SELECT x.* INTO g FROM app.support_grant x WHERE x.tenant_id = app.tenant() AND x.id = grant_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such request' USING ERRCODE = 'FY404';
    END IF;
    IF app.actor_kind() <> 'staff' OR NOT EXISTS (
        SELECT FROM app.staff f
        JOIN app.staff_role q ON q.tenant_id = f.tenant_id AND q.staff_id = f.id AND q.location_id IS NULL
        JOIN app.role r ON r.tenant_id = q.tenant_id AND r.id = q.role_id AND r.slug = 'owner'
        WHERE f.tenant_id = app.tenant() AND f.id = app.actor() AND f.is_active AND NOT f.is_support AND f.email_norm <> lower(btrim(g.asked_email))) THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    IF app.support_state(g.state, g.asked_at, g.ends_at) <> 'asked' THEN
        RAISE EXCEPTION 'This request does not wait for an answer any more.' USING ERRCODE = 'FY409';
    END IF;
    UPDATE app.support_grant x
    SET state = CASE WHEN is_yes THEN 'approved' ELSE 'refused' END, decided_at = now(), decided_by = app.actor(),
        ends_at = CASE WHEN is_yes THEN now() + make_interval(hours => x.hours) END
    WHERE x.tenant_id = app.tenant() AND x.id = grant_id;
    IF is_yes THEN
        UPDATE app.staff f SET is_active = true WHERE f.tenant_id = app.tenant() AND f.id = grant_id AND f.is_support;
        UPDATE app.tenant t SET support_until = greatest(t.support_until, now() + make_interval(hours => g.hours)) WHERE t.id = app.tenant();
    END IF;
    PERFORM sec.note(act, 'ok', NULL, '{}', 'support_grant', grant_id);
    PERFORM sec.note_in(sec.operator_tenant(), 'studio', NULL, act, (SELECT t.slug FROM app.tenant t), 'support_grant', grant_id);
END $$;

-- Whoever runs the business ends it, at any moment: the next page of who is inside is refused.
CREATE OR REPLACE FUNCTION sec.support_end(grant_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT app.may('settings_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    PERFORM FROM app.support_grant g WHERE g.tenant_id = app.tenant() AND g.id = grant_id AND g.state = 'approved' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such grant' USING ERRCODE = 'FY404';
    END IF;
    PERFORM sec.support_close(grant_id, 'studio');
    PERFORM sec.note('support.end', 'ok', NULL, '{}', 'support_grant', grant_id);
    PERFORM sec.note_in(sec.operator_tenant(), 'studio', NULL, 'support.end', (SELECT t.slug FROM app.tenant t), 'support_grant', grant_id);
END $$;

-- ---- entering ----

-- What a way in is good for, for the page with the button; no row when it is good for nothing. Uses nothing up. The host was entered.
CREATE OR REPLACE FUNCTION sec.support_look(token bytea) RETURNS TABLE (asked_name text, reason text, permissions text[], ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT g.asked_name, g.reason, g.permissions, g.ends_at
    FROM sec.support_ticket k
    JOIN app.support_grant g ON g.tenant_id = k.tenant_id AND g.id = k.grant_id
    WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(token) AND k.used_at IS NULL AND k.expires_at > now()
      AND g.state = 'approved' AND g.ends_at > now()
$$;

-- Uses a way in up, and opens a session that ends with the grant. session_id NULL: it was good for nothing, and the try is in the trail.
-- The host was entered.
CREATE OR REPLACE FUNCTION sec.support_enter(token bytea, new_token bytea) RETURNS TABLE (session_id uuid, lands text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    g record;
    made uuid;
BEGIN
    UPDATE sec.support_ticket k SET used_at = now()
    WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(support_enter.token) AND k.used_at IS NULL AND k.expires_at > now();
    IF FOUND THEN
        SELECT x.id, x.ends_at, x.permissions, x.asked_by, x.reason INTO g
        FROM sec.support_ticket k
        JOIN app.support_grant x ON x.tenant_id = k.tenant_id AND x.id = k.grant_id
        JOIN app.staff f ON f.tenant_id = x.tenant_id AND f.id = x.id AND f.is_support AND f.is_active
        WHERE k.tenant_id = app.tenant() AND k.token_hash = sha256(support_enter.token) AND x.state = 'approved' AND x.ends_at > now()
        FOR UPDATE OF x;
    END IF;
    IF NOT FOUND OR coalesce(length(new_token), 0) < 32 THEN
        PERFORM sec.note('support.enter', 'failed', 'no such way in', '{}', NULL, NULL);
        RETURN QUERY SELECT NULL::uuid, NULL::text;
        RETURN;
    END IF;
    made := sec.session_new(g.id, 'support', new_token, nullif(current_setting('foyer.ip', true), '')::inet, nullif(current_setting('foyer.agent', true), ''));
    UPDATE sec.session e SET absolute_until = least(e.absolute_until, g.ends_at) WHERE e.tenant_id = app.tenant() AND e.id = made;
    UPDATE app.support_grant x SET entered_at = coalesce(x.entered_at, now()) WHERE x.tenant_id = app.tenant() AND x.id = g.id;
    PERFORM sec.note('support.enter', 'ok', g.reason, '{}', 'support_grant', g.id);
    PERFORM sec.note_in(sec.operator_tenant(), 'staff', g.asked_by, 'support.enter', (SELECT t.slug FROM app.tenant t), 'support_grant', g.id);
    RETURN QUERY SELECT made, CASE WHEN 'calendar_read' = ANY (g.permissions) THEN '/' WHEN 'client_read' = ANY (g.permissions) THEN '/clients' ELSE '/audit' END;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.business_messages(text, int), sec.business_suspend(text, text), sec.support_ask(text, uuid, text, int, text[]),
    sec.support_give_back(text, uuid), sec.support_ticket(text, uuid, bytea), sec.support_decide(uuid, boolean), sec.support_end(uuid) TO foyer_staff;
GRANT EXECUTE ON FUNCTION sec.support_look(bytea), sec.support_enter(bytea, bytea) TO foyer_slow;
RESET ROLE;
