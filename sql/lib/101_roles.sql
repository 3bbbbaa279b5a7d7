-- 101_roles: making, changing and removing roles. Owner: foyer_auth. The rules stand here and not on the page: nobody gives what she
-- does not hold herself (S-12), the owner's role keeps its keys (a trigger), and each change says in the trail what it changed.
-- Errors: FY403 without staff_write, FY404 no such role, FY422 against a rule.

SET LOCAL ROLE foyer_auth;

-- One row of the trail with the names of what was changed. Internal.
CREATE OR REPLACE FUNCTION sec.note_fields(action text, object_kind text, object_id uuid, fields text[], reason text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO audit.event (tenant_id, actor_kind, actor_id, session_id, ip, agent, action, object_kind, object_id, fields, outcome, reason, request_id)
    VALUES (app.tenant(), app.actor_kind(), app.actor(), nullif(current_setting('foyer.session_id', true), '')::uuid,
            nullif(current_setting('foyer.ip', true), '')::inet, nullif(current_setting('foyer.agent', true), ''),
            action, object_kind, object_id, fields, 'ok', reason, nullif(current_setting('foyer.request_id', true), '')::uuid);
END $$;

-- Whether the actor may give a permission: she holds it for the whole business, or holds what contains it.
CREATE OR REPLACE FUNCTION sec.holds(permission text) RETURNS boolean
LANGUAGE sql STABLE
AS $$ SELECT app.may(permission) OR (permission = 'chart_emergency' AND app.may('chart_read')) $$;

-- Refuses who may not change people, and who lacks what this role may: it is above her; so is the owners' role for who owns nothing. Internal.
CREATE OR REPLACE FUNCTION sec.role_below(role uuid) RETURNS void
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    lacking text;
BEGIN
    IF app.actor_kind() <> 'staff' OR NOT app.may('staff_write') THEN
        RAISE EXCEPTION 'not allowed' USING ERRCODE = 'FY403';
    END IF;
    SELECT p.meaning INTO lacking
    FROM app.role_permission rp JOIN app.permission p ON p.name = rp.permission
    WHERE rp.tenant_id = app.tenant() AND rp.role_id = role_below.role AND NOT sec.holds(rp.permission)
    ORDER BY p.position LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'This role may do what you may not yourself: %. Somebody who may must change it.', lacking USING ERRCODE = 'FY422', COLUMN = 'name';
    END IF;
    IF NOT sec.owns(app.actor()) AND EXISTS (SELECT FROM app.role r WHERE r.tenant_id = app.tenant() AND r.id = role_below.role AND r.slug IN ('owner', 'operator')) THEN
        RAISE EXCEPTION 'Only somebody who has this role may change it.' USING ERRCODE = 'FY422', COLUMN = 'name';
    END IF;
END $$;

-- A new role like another. Returns its id.
CREATE OR REPLACE FUNCTION sec.role_copy(source uuid, name text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    made uuid := gen_random_uuid();
    was record;
BEGIN
    PERFORM sec.role_below(source);
    SELECT r.masks, r.needs_mfa INTO was FROM app.role r WHERE r.tenant_id = app.tenant() AND r.id = source;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such role' USING ERRCODE = 'FY404';
    END IF;
    INSERT INTO app.role (id, slug, name, masks, needs_mfa)
    VALUES (made, left('own-' || made, 40), btrim(name), was.masks, was.needs_mfa);
    INSERT INTO app.role_permission (role_id, permission, scope)
    SELECT made, rp.permission, rp.scope FROM app.role_permission rp WHERE rp.tenant_id = app.tenant() AND rp.role_id = source;
    PERFORM sec.note_fields('role.create', 'role', made, ARRAY['name', 'permissions'], NULL);
    RETURN made;
END $$;

-- The whole of a role as a form has it: permissions and scopes side by side, 'none' for one that it does not hold. Those that do not
-- belong to this realm are left alone.
CREATE OR REPLACE FUNCTION sec.role_change(role uuid, name text, masks text[], needs_mfa boolean, permissions text[], scopes text[]) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    was record;
    p record;
    changed text[] := '{}';
    field text;
    shown text := sec.role_reach(role, NULL);
BEGIN
    PERFORM sec.role_below(role);
    SELECT r.name, r.masks, r.needs_mfa, r.slug, r.is_builtin INTO was FROM app.role r WHERE r.tenant_id = app.tenant() AND r.id = role FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such role' USING ERRCODE = 'FY404';
    END IF;
    FOR p IN
        SELECT w.permission, CASE WHEN k.reach = 'client' OR w.scope = 'none' THEN w.scope ELSE 'tenant' END AS scope, rp.scope AS old_scope, k.meaning
        FROM unnest(permissions, scopes) AS w (permission, scope)
        JOIN app.permission k ON k.name = w.permission
        JOIN app.tenant t ON t.id = app.tenant() AND k.realm IN (t.realm, 'both')
        LEFT JOIN app.role_permission rp ON rp.tenant_id = t.id AND rp.role_id = role AND rp.permission = w.permission
        WHERE coalesce(rp.scope, 'none') <> coalesce(w.scope, 'none')
    LOOP
        CONTINUE WHEN p.scope = coalesce(p.old_scope, 'none');
        IF p.scope <> 'none' AND NOT sec.holds(p.permission) THEN
            RAISE EXCEPTION 'You may not do this yourself, so you cannot give it: %.', p.meaning USING ERRCODE = 'FY422', COLUMN = p.permission;
        END IF;
        IF p.scope = 'none' THEN
            DELETE FROM app.role_permission rp WHERE rp.tenant_id = app.tenant() AND rp.role_id = role AND rp.permission = p.permission;
        ELSIF p.old_scope IS NULL THEN
            INSERT INTO app.role_permission (role_id, permission, scope) VALUES (role, p.permission, p.scope);
        ELSE
            UPDATE app.role_permission rp SET scope = p.scope WHERE rp.tenant_id = app.tenant() AND rp.role_id = role AND rp.permission = p.permission;
        END IF;
        changed := changed || (p.permission || ': ' || coalesce(p.old_scope, 'none') || ' to ' || p.scope);
    END LOOP;
    FOREACH field IN ARRAY ARRAY['phone', 'email', 'notes'] LOOP
        CONTINUE WHEN (field = ANY (masks)) = (field = ANY (was.masks));
        IF field <> ALL (masks) AND NOT app.may('show_' || field) THEN
            RAISE EXCEPTION 'Your own role does not show this, so you cannot show it to others.' USING ERRCODE = 'FY422', COLUMN = 'mask_' || field;
        END IF;
        changed := changed || (field || CASE WHEN field = ANY (masks) THEN ': hidden' ELSE ': shown' END);
    END LOOP;
    IF btrim(name) <> was.name THEN
        changed := changed || 'name'::text;
    END IF;
    IF needs_mfa IS DISTINCT FROM was.needs_mfa THEN
        changed := changed || (CASE WHEN needs_mfa THEN 'second factor: asked for' ELSE 'second factor: not asked for' END);
    END IF;
    IF cardinality(changed) > 0 THEN
        UPDATE app.role r SET name = btrim(name), masks = masks, needs_mfa = coalesce(needs_mfa, false) WHERE r.tenant_id = app.tenant() AND r.id = role;
        -- A role that hides nothing shows a phone number only once it may see clients: that too is given by nobody who does not see it.
        FOREACH field IN ARRAY ARRAY['phone', 'email', 'notes'] LOOP
            IF NOT sec.perms_cover(current_setting('foyer.perms', true) || substr(shown, 2), (
                    SELECT ',' || coalesce(string_agg(e, ','), '') || ',' FROM unnest(string_to_array(btrim(sec.role_reach(role, NULL), ','), ',')) AS e
                    WHERE split_part(e, '@', 1) = 'show_' || field)) THEN
                RAISE EXCEPTION 'Your own role does not show this, so you cannot show it to others.' USING ERRCODE = 'FY422', COLUMN = 'mask_' || field;
            END IF;
        END LOOP;
        PERFORM sec.note_fields('role.change', 'role', role, changed, NULL);
    END IF;
    RETURN role;
END $$;

-- Only one that the business made, and that nobody holds.
CREATE OR REPLACE FUNCTION sec.role_remove(role uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    was record;
BEGIN
    PERFORM sec.role_below(role);
    SELECT r.is_builtin, EXISTS (SELECT FROM app.staff_role sr WHERE sr.tenant_id = r.tenant_id AND sr.role_id = r.id) AS is_held INTO was
    FROM app.role r WHERE r.tenant_id = app.tenant() AND r.id = role FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such role' USING ERRCODE = 'FY404';
    END IF;
    IF was.is_builtin OR was.is_held THEN
        RAISE EXCEPTION '%', CASE WHEN was.is_builtin THEN 'This role came with the business and stays.' ELSE 'Somebody still holds this role. Give them another one first.' END
            USING ERRCODE = 'FY422', COLUMN = '';
    END IF;
    DELETE FROM app.role r WHERE r.tenant_id = app.tenant() AND r.id = role;
    PERFORM sec.note_fields('role.remove', 'role', role, NULL, NULL);
END $$;

REVOKE ALL ON FUNCTION sec.holds(text), sec.note_fields(text, text, uuid, text[], text), sec.role_below(uuid), sec.role_copy(uuid, text),
    sec.role_change(uuid, text, text[], boolean, text[], text[]), sec.role_remove(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.holds(text), sec.role_copy(uuid, text), sec.role_change(uuid, text, text[], boolean, text[], text[]), sec.role_remove(uuid) TO foyer_staff;
RESET ROLE;
